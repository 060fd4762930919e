"""Writes what the Java tensors are compared with: torch's noise on the CPU, and arrays as numpy saves them.

    pip install -r requirements.txt && python tensor.py
"""

import pathlib

import numpy as np
import torch

OUT = pathlib.Path(__file__).resolve().parents[2] / "api/src/test/resources/dev/diffusion4j/tensor"

# Draws of one generator in a row: whole blocks of 16, pairs with a value left over, and a last block drawn again.
DRAWS = (256, 5, 3, 100, 15, 17, 2, 64)


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    for seed in (0, 42, 2**32 - 1):
        generator = torch.Generator("cpu").manual_seed(seed)
        draws = [torch.randn(count, generator=generator).numpy() for count in DRAWS]
        np.save(OUT / f"randn_cpu_{seed}.npy", np.concatenate(draws))

    values = np.arange(6).reshape(2, 3) / 4 - 0.5
    np.save(OUT / "float32.npy", values.astype("<f4"))
    np.save(OUT / "float64.npy", values.astype("<f8") * (1 + 1e-12))
    np.save(OUT / "scalar.npy", np.float32(1.5))
    np.save(OUT / "fortran.npy", np.asfortranarray(values.astype("<f4")))
    np.save(OUT / "int64.npy", np.arange(6))
    np.save(OUT / "big_endian.npy", values.astype(">f4"))
    np.save(OUT / "empty.npy", np.zeros((0, 3), "<f4"))
    np.save(OUT / "record.npy", np.zeros(2, [("a", "<f4")]))
    np.save(OUT / "object.npy", np.array([None]), allow_pickle=True)
    for version in ((2, 0), (3, 0)):
        with open(OUT / f"version{version[0]}.npy", "wb") as file:
            np.lib.format.write_array(file, values.astype("<f4"), version=version)


if __name__ == "__main__":
    main()
