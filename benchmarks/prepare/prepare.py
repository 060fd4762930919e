"""Makes what the benchmarks run on: weights of one model in every form that a backend reads, and what each part of it
answers to fixed inputs, computed by transformers and diffusers in float32.

    python prepare.py --library <libdiffusion4j.so> --demo <shapes-v1.safetensors.gz> <folder>

Per model ("full": the sizes of Stable Diffusion 1.5 with random weights, "demo": the demo model) the folder gets

    NAME/f16.safetensors, f32.safetensors, q8_0.gguf, q4_0.gguf   for Diffusion4J
    NAME/text_encoder.pt, unet.pt, vae_decoder.pt                 TorchScript traces for DJL, float32
    NAME/text_encoder.onnx, unet.onnx, vae_decoder.onnx           for ONNX Runtime, float32, weights in *.data
    NAME/*.npy                                                    inputs and the references' outputs

and beside them tokenizer.json for DJL's Hugging Face tokenizers. All weights are rounded to f16 first, so that the f16
and f32 files, the traces and the references are one model. A part that is there already is not made again.
"""

import argparse
import ctypes
import gc
import gzip
import shutil
import sys
import time
from pathlib import Path
from typing import NamedTuple

import diffusers
import gguf
import numpy as np
import onnx
import torch
from safetensors.numpy import load_file, save_file

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools/parity"))
import components
import tokenizer

PROMPT = "circle"
TIMESTEP = 500.0
GUIDED_BATCH = 2
SEED = 42
VAE_SCALING = 0.18215


class Model(NamedTuple):
    unet_width: int
    decoder_width: int
    sides: tuple  # of the latents that the benchmarks use; whole pictures are drawn at the first
    steps: int  # of a whole picture, as guidance
    guidance: float


MODELS = {
    "full": Model(320, 128, (32, 64), 4, 3.0),
    "demo": Model(64, 96, (16, 32), 20, 2.0),
}
QUANTIZED = {"q8_0": gguf.GGMLQuantizationType.Q8_0, "q4_0": gguf.GGMLQuantizationType.Q4_0}


def step(text):
    print(f"[{time.strftime('%H:%M:%S')}] {text}", flush=True)


def make(path, write):
    """Calls write with a temporary path, unless the file is there."""
    if not path.exists():
        step(f"writing {path.parent.name}/{path.name}")
        temporary = path.with_name(f"part-{path.name}")
        write(temporary)
        temporary.rename(path)
        gc.collect()


# ---- the model files ----


def weights_of(name, demo):
    """The tensors of a Stable Diffusion 1.x file, as float32 numbers that f16 holds exactly."""
    if name == "full":
        tensors, _ = components.make_weights(name)
        return {key: value.numpy() for key, value in tensors.items()}
    unpacked = demo.with_suffix("")
    with gzip.open(demo) as source, open(unpacked, "wb") as target:
        shutil.copyfileobj(source, target, 1 << 20)
    tensors = {key: value.astype(np.float32) for key, value in load_file(unpacked).items()}
    unpacked.unlink()
    return tensors


def is_quantized(name, value, kind):
    """The tensors that the runtime itself would convert (ModelLoader::tensor_should_be_converted)."""
    block = gguf.GGML_QUANT_SIZES[kind][0]
    kept = name.endswith(".bias") or "time_embed." in name or "embedding" in name
    return not kept and value.ndim > 1 and value.shape[-1] % block == 0


def write_gguf(path, tensors, kind):
    writer = gguf.GGUFWriter(path, "sd1")
    for name, value in tensors.items():
        if is_quantized(name, value, kind):
            writer.add_tensor(name, gguf.quantize(value, kind), raw_dtype=kind)
        else:
            writer.add_tensor(name, value.astype(np.float16))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


# ---- the references ----


class Text(torch.nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, ids):
        return self.model(input_ids=ids).last_hidden_state


class Unet(torch.nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, latents, timestep, context):
        return self.model(latents, timestep, context, return_dict=False)[0]


class VaeDecoder(torch.nn.Module):
    """Without the VAE's encoder, which the other backends shall not load for nothing."""

    def __init__(self, model):
        super().__init__()
        self.post_quant_conv, self.decoder = model.post_quant_conv, model.decoder

    def forward(self, latents):
        return self.decoder(self.post_quant_conv(latents))


def write_trace(path, module, inputs):
    traced = torch.jit.trace(module, inputs, check_trace=False)
    torch.jit.save(traced, str(path))


def write_onnx(path, module, inputs, names, axes):
    """Weights go into one file of their own beside the model: more than 2 GB do not fit into it."""
    folder = path.parent / "onnx-parts"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    torch.onnx.export(
        module, inputs, str(folder / "model.onnx"), input_names=names, output_names=["output"], dynamic_axes=axes,
        opset_version=17, do_constant_folding=False, dynamo=False)
    model = onnx.load(folder / "model.onnx")
    data = path.name.removeprefix("part-").replace(".onnx", ".data")
    (path.parent / data).unlink(missing_ok=True)
    onnx.save_model(model, path, save_as_external_data=True, location=data, size_threshold=1024)
    shutil.rmtree(folder)


def write_part(folder, part, module, inputs, names, axes):
    make(folder / f"{part}.pt", lambda path: write_trace(path, module, inputs))
    make(folder / f"{part}.onnx", lambda path: write_onnx(path, module, inputs, names, axes))


def write_array(path, value):
    def save(temporary):
        with open(temporary, "wb") as file:
            np.save(file, value().float().contiguous().numpy())

    make(path, save)


def drawn_latents(unet, context, unconditional, model):
    """Euler's method over diffusers' default noise levels, with guidance, from torch's noise on the CPU."""
    scheduler = diffusers.EulerDiscreteScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", timestep_spacing="linspace")
    scheduler.set_timesteps(model.steps)
    side = model.sides[0]
    latents = torch.randn((1, 4, side, side), generator=torch.Generator("cpu").manual_seed(SEED))
    latents = latents * scheduler.init_noise_sigma
    for timestep in scheduler.timesteps:
        scaled = scheduler.scale_model_input(latents, timestep)
        negative, positive = (unet(scaled, timestep, text) for text in (unconditional, context))
        guided = negative + model.guidance * (positive - negative)
        latents = scheduler.step(guided, timestep, latents, return_dict=False)[0]
    return latents


def write_references(folder, weights, model):
    """Traces, exports, inputs and outputs of the three parts, one part in memory after the other."""
    def tensors_of(prefix):
        return {name: torch.from_numpy(value) for name, value in weights.items() if name.startswith(prefix)}

    ids = torch.tensor([components.prompt_ids(components.PROMPTS[PROMPT][1])])
    write_array(folder / "ids.npy", lambda: ids)
    module = Text(components.text_encoder(tensors_of(components.TEXT)))
    write_part(folder, "text_encoder", module, (ids,), ["ids"], {})
    context = module(ids)
    unconditional = module(torch.tensor([components.prompt_ids([])]))
    write_array(folder / "context.npy", lambda: context)
    del module

    sides = model.sides
    for side in sides:
        write_array(folder / f"latents-{side}.npy", lambda: components.latents(1, 4, side, side))
    grid = {0: "batch", 2: "height", 3: "width"}

    module = Unet(components.unet(tensors_of(components.UNET), model.unet_width))
    example = components.latents(GUIDED_BATCH, 4, sides[0], sides[0])
    inputs = (example, torch.tensor(TIMESTEP), context.expand(GUIDED_BATCH, -1, -1).contiguous())
    axes = {"latents": grid, "context": {0: "batch"}, "output": grid}
    write_part(folder, "unet", module, inputs, ["latents", "timestep", "context"], axes)
    for side in sides:
        latents = components.latents(1, 4, side, side)
        write_array(folder / f"noise-{side}.npy", lambda: module(latents, torch.tensor(TIMESTEP), context))
    write_array(folder / "drawn-latents.npy", lambda: drawn_latents(module, context, unconditional, model))
    del module, inputs

    module = VaeDecoder(components.vae(tensors_of(components.VAE), model.decoder_width))
    write_part(folder, "vae_decoder", module, (components.latents(1, 4, sides[0], sides[0]),), ["latents"],
               {"latents": grid, "output": grid})
    for side in sides:
        write_array(folder / f"picture-{side}.npy", lambda: module(components.latents(1, 4, side, side)))
    finished = torch.from_numpy(np.load(folder / "drawn-latents.npy"))
    write_array(folder / "drawn.npy", lambda: module(finished / VAE_SCALING))


# ---- the tokenizer ----


def write_tokenizer(path, library):
    """DJL's tokenizer file, from the merges that the native library carries."""
    native = ctypes.CDLL(str(library))
    text, length = ctypes.c_char_p(), ctypes.c_int64()
    native.d4j_initialize()
    assert native.d4j_clip_merges(ctypes.byref(text), ctypes.byref(length)) == 0
    merges = ctypes.string_at(text, length.value).decode().split("\n")[1:tokenizer.MERGE_COUNT + 1]
    tokenizer.reference(merges).backend_tokenizer.save(str(path))


@torch.inference_mode()
def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--library", type=Path, required=True, help="the native library, whose merges are used")
    parser.add_argument("--demo", type=Path, required=True, help="the packed demo model")
    parser.add_argument("--model", choices=MODELS, action="append", help="only this model")
    args = parser.parse_args()

    args.folder.mkdir(parents=True, exist_ok=True)
    make(args.folder / "tokenizer.json", lambda path: write_tokenizer(path, args.library))
    for name in args.model or MODELS:
        folder = args.folder / name
        if (folder / "complete").exists():
            continue
        folder.mkdir(exist_ok=True)
        step(f"weights of the {name} model")
        weights = weights_of(name, args.demo)
        make(folder / "f16.safetensors",
             lambda path: save_file({key: value.astype(np.float16) for key, value in weights.items()}, path))
        make(folder / "f32.safetensors", lambda path: save_file(weights, path))
        for kind, code in QUANTIZED.items():
            make(folder / f"{kind}.gguf", lambda path: write_gguf(path, weights, code))
        write_references(folder, weights, MODELS[name])
        (folder / "complete").touch()
        del weights
        gc.collect()
    step("prepared")


if __name__ == "__main__":
    main()
