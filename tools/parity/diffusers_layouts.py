"""Writes how models lie in folders of diffusers: which tensors there are, and of which of the single file's each is made. The
pictures that they draw are those of the single files, which families.py, unet_families.py and transformer_families.py write.

    pip install -r requirements.txt && python diffusers_layouts.py [PART ...]

diffusers' own converters say it: they are given numbers that tell each value's place. A line is the name, the shape, the name
in the single file, and where the values begin there, in runs of one length; "t" is a transposed matrix.
"""

import gzip
import inspect
import sys

import diffusers
import torch
from diffusers.loaders import single_file_utils

import components
import families
import transformer_families

FOLDER = families.FOLDER


def places(file, prefix="", kept=""):
    """Tensors of the file, with another prefix: each value is its place among all; and what begins where."""
    tensors, starts, place = {}, [], 0
    for line in (FOLDER / f"{file}.tsv").read_text().splitlines():
        name, shape = line.split("\t")[:2]
        if not name.startswith(prefix):
            continue
        shape = [int(size) for size in shape.split("x")]
        count = torch.Size(shape).numel()
        tensors[kept + name.removeprefix(prefix)] = torch.arange(place, place + count, dtype=torch.int32).reshape(shape)
        starts.append((place, count, name))
        place += count
    return tensors, starts


def line(name, value, starts):
    flat = value.reshape(-1)
    start, count, source = next(entry for entry in starts if entry[0] <= int(flat.min()) < entry[0] + entry[1])
    assert int(flat.max()) < start + count, name
    if value.dim() == 2 and value.shape[0] == value.shape[1] and int(value[0, 1] - value[0, 0]) != 1:
        assert torch.equal(value.T.reshape(-1), torch.arange(start, start + count, dtype=torch.int32)), name
        runs = "t"
    else:
        breaks = (torch.nonzero(flat[1:] - flat[:-1] != 1).reshape(-1) + 1).tolist()
        length = breaks[0] if breaks else len(flat)
        assert breaks == list(range(length, len(flat), length)) and len(flat) % length == 0, name
        runs = ",".join(str(int(flat[i]) - start) for i in [0, *breaks])
    return f"{name}\t{'x'.join(map(str, value.shape))}\t{source}\t{runs}\n"


def write(part, converted, starts):
    assert len({int(value.reshape(-1)[0]) for value in converted.values()}) == len(converted)
    text = "".join(line(name, value, starts) for name, value in converted.items())
    with open(FOLDER / f"diffusers.{part}.tsv.gz", "wb") as raw, gzip.GzipFile("", "wb", 9, raw, 0) as file:
        file.write(text.encode())
    print(part, len(converted), flush=True)


def vae(part, file, prefix, channels):
    tensors, starts = places(file, prefix, "first_stage_model.")
    config = {"down_block_types": [0] * 4, "up_block_types": [0] * 4, "block_out_channels": [0] * 4}
    write(part, single_file_utils.convert_ldm_vae_checkpoint(tensors, config), starts)


def clip(part, file, prefix):
    """Names that are Hugging Face's in the single file, too."""
    tensors, starts = places(file, prefix)
    write(part, tensors, starts)


class TextModel:
    """As much of a text encoder as the converter asks for."""

    dtype = torch.int64

    class text_model:
        class embeddings:
            @staticmethod
            def get_buffer(_):
                return torch.arange(77)[None]


def open_clip(part, file, prefix, left_out=()):
    tensors, starts = places(file, prefix, prefix)
    converted = single_file_utils.convert_open_clip_checkpoint(TextModel(), dict(tensors), prefix=prefix)
    kept = {name: value for name, value in converted.items() if "position_ids" not in name and name not in left_out}
    write(part, kept, starts)


def unet(part, file, config):
    tensors, starts = places(file, "model.diffusion_model.", "model.diffusion_model.")
    with torch.device("meta"):
        model = diffusers.UNet2DConditionModel(**config)
    write(part, single_file_utils.convert_ldm_unet_checkpoint(tensors, model.config), starts)


def flux(part, file):
    source = inspect.getsource(single_file_utils.convert_flux_transformer_checkpoint_to_diffusers)
    space = dict(vars(single_file_utils))
    exec(source.replace("inner_dim = 3072", f"inner_dim = {families.HIDDEN}"), space)
    tensors, starts = places(file)
    write(part, space["convert_flux_transformer_checkpoint_to_diffusers"](tensors), starts)


def sd3(part, file):
    tensors, starts = places(file, "model.diffusion_model.")
    write(part, single_file_utils.convert_sd3_transformer_checkpoint_to_diffusers(tensors), starts)


def z_image(part, file):
    tensors, starts = places(file)
    write(part, single_file_utils.convert_z_image_transformer_checkpoint_to_diffusers(tensors), starts)


def wan_vae(part, file):
    tensors, starts = places(file)
    write(part, single_file_utils.convert_wan_vae_to_diffusers(tensors), starts)


def unet_model(name, text_encoders, **config):
    """U-Net and VAE are in the original names, and so are the text encoders, if they are not Hugging Face's."""
    widths = [families.BASE * m for m in components.LEVELS]
    unet(f"{name}.unet", name, {"in_channels": 4, "out_channels": 4, "layers_per_block": 2, "block_out_channels": widths} | config)
    vae(f"{name}.vae", name, "first_stage_model.", 4)
    for part, (write_part, prefix) in text_encoders.items():
        write_part(f"{name}.{part}", name, prefix)


def sd2_text(part, file, prefix):
    # diffusers leaves out the last layer and the projection, which SD 2 does not use.
    open_clip(part, file, prefix, {"text_projection.weight"})


PARTS = {
    "flux": lambda: flux("flux-schnell.transformer", "flux-schnell"),
    "z-image": lambda: z_image("z-image.transformer", "z-image"),
    "vae16": lambda: vae("vae16", "vae16", "", 16),
    "sd3.5": lambda: sd3("sd3.5.transformer", "sd3.5"),
    "sd3.5.clip-l": lambda: clip("sd3.5.text_encoder", "sd3.5", "text_encoders.clip_l.transformer."),
    "sd3.5.clip-g": lambda: clip("sd3.5.text_encoder_2", "sd3.5", "text_encoders.clip_g.transformer."),
    "sd3.5.vae": lambda: vae("sd3.5.vae", "sd3.5", "first_stage_model.", 16),
    "qwen-image.vae": lambda: wan_vae("qwen-image.vae", "wan-vae"),
    "sd2": lambda: unet_model(
        "sd2", {"text_encoder": (sd2_text, "cond_stage_model.model.")}, cross_attention_dim=1024, use_linear_projection=True),
    "sdxl": lambda: unet_model(
        "sdxl", {
            "text_encoder": (clip, "conditioner.embedders.0.transformer."),
            "text_encoder_2": (open_clip, "conditioner.embedders.1.model.")},
        block_out_channels=[families.BASE, 2 * families.BASE, 4 * families.BASE],
        down_block_types=["DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"],
        up_block_types=["CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"], transformer_layers_per_block=[1, 2, 10],
        cross_attention_dim=2048, use_linear_projection=True, addition_embed_type="text_time",
        addition_time_embed_dim=256, projection_class_embeddings_input_dim=2816),
}


if __name__ == "__main__":
    for name in sys.argv[1:] or PARTS:
        PARTS[name]()
