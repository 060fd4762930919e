#!/usr/bin/env python3
"""Writes the small PyTorch checkpoints that the tests of dev.diffusion4j.modelfile read.

Usage: make_checkpoint_fixtures.py [FOLDER]   (default: api/src/test/resources/dev/diffusion4j/modelfile)

Made with torch 2.x on the CPU; any version writes the same tensors, though not the same bytes.
"""

import collections
import pathlib
import sys

import torch

FOLDER = pathlib.Path(__file__).parents[2] / "api/src/test/resources/dev/diffusion4j/modelfile"


def tensors():
    base = torch.arange(24, dtype=torch.float32)
    state = collections.OrderedDict()
    state["block.0.weight"] = torch.arange(6, dtype=torch.float32).reshape(2, 3)
    state["block.0.bias"] = torch.tensor([1.0, 2.0], dtype=torch.float16)
    state["block.1.weight"] = torch.ones(4, 1, 3, 3, dtype=torch.bfloat16)
    state["wide"] = torch.zeros(3, dtype=torch.float64)
    state["view.first"] = base[:8].reshape(2, 4)
    state["view.last"] = base[16:].reshape(4, 2)
    state["counter"] = torch.tensor(7, dtype=torch.int64)
    state["ids"] = torch.arange(5, dtype=torch.int32)
    return state


def main():
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    plain = dict(tensors())
    training = {
        "epoch": 6,
        "global_step": 470000,
        "loss": 0.25,
        "done": False,
        "note": "made by make_checkpoint_fixtures.py",
        "schedule": [1, 2.5, None, ("a", 3)],
        "state_dict": tensors(),
    }
    torch.save(plain, folder / "zip.pt")
    torch.save(training, folder / "training.ckpt")
    torch.save(plain, folder / "legacy.pt", _use_new_zipfile_serialization=False)
    torch.save(training, folder / "training-legacy.ckpt", _use_new_zipfile_serialization=False)
    # Not tables of tensors: a whole module, a transposed view, booleans.
    torch.save(torch.nn.Linear(2, 2), folder / "module.pt")
    torch.save({"transposed": torch.zeros(2, 3).t()}, folder / "transposed.pt")
    torch.save({"mask": torch.zeros(3, dtype=torch.bool)}, folder / "boolean.pt")
    torch.save(
        {"string_to_token": {"*": 265}, "string_to_param": {"*": torch.zeros(2, 768)}, "name": "puppy", "step": 500},
        folder / "embedding.pt",
    )


if __name__ == "__main__":
    main()
