"""Writes what pictures of SD 2.x, and of SD 1.x models for inpainting and for instructions, are compared with. As families.py
does it, whose folder and cases.json this one adds to.

    pip install -r requirements.txt && python unet_families.py [CASE ...]
"""

import diffusers
import numpy as np
import torch
from diffusers.loaders import single_file_utils

import components
import families
from components import BEGIN, END, LENGTH, given
from families import (
    BASE, HEIGHT, IDS, TIME, WIDTH, draw_loras, encoded, given_picture, guided, noise, padded, picture, save, save_part, save_vae,
    unet_picture)
from lora_families import sd2_loras

LATENT_SCALE = 0.18215


def layout(inputs=4, context=768):
    """The names of SD 1.x; SD 2.x has another width of its text and linear layers around its transformers."""
    result = components.Layout()
    result.unet(BASE)
    result.vae(components.ENCODER_WIDTH, components.DECODER_WIDTH["narrow"])
    result.layer(f"{components.UNET}.input_blocks.0.0", BASE, inputs, 3, 3)
    for name, shape in result.shapes.items():
        if name.endswith(("attn2.to_k.weight", "attn2.to_v.weight")):
            result.shapes[name] = (shape[0], context)
        if context != 768 and name.endswith((".proj_in.weight", ".proj_out.weight")) and name.startswith(components.UNET):
            result.shapes[name] = shape[:2]
    return result


def file_of(layout):
    return families.file_of(layout.shapes, certain=[f"{components.VAE}.quant_conv.bias"])


def reference_unet(tensors, inputs=4, context=768):
    widths = [BASE * m for m in components.LEVELS]
    heads = 8 if context == 768 else [width // 64 for width in widths]
    with torch.device("meta"):
        model = diffusers.UNet2DConditionModel(
            in_channels=inputs, out_channels=4, layers_per_block=2, block_out_channels=widths, cross_attention_dim=context,
            attention_head_dim=heads, use_linear_projection=context != 768)
    model.load_state_dict(single_file_utils.convert_ldm_unet_checkpoint(dict(tensors), model.config), assign=True)
    return model.eval()


def reference_vae(tensors):
    return components.vae(tensors, components.DECODER_WIDTH["narrow"])


def sd1(inputs):
    shapes = layout(inputs)
    shapes.text()
    file = file_of(shapes)
    text = components.text_encoder(file.tensors)(input_ids=padded(IDS, END)).last_hidden_state
    return file, text, reference_unet(file.tensors, inputs), reference_vae(file.tensors)


def inpainting():
    """The U-Net sees the mask and what it leaves. Unlike diffusers' pipeline, but as web user interfaces do it, all but the mask
    and a margin of one latent stays as it was, in each step, and noise is added to the picture."""
    file, text, unet, vae = sd1(9)
    file.write("sd1-inpaint")
    mask = np.zeros((HEIGHT, WIDTH, 1))
    mask[16:48, 32:96] = 1
    seen = encoded(vae, np.where(mask == 1, 127.5, given_picture())) * LATENT_SCALE
    small = torch.from_numpy(mask[::8, ::8, 0]).float()[None, None]
    start, drawn = encoded(vae, given_picture()) * LATENT_SCALE, torch.nn.functional.max_pool2d(small, 3, 1, 1)
    save("sd1-inpaint", unet_picture(
        lambda x, t: unet(torch.cat([x, small, seen], 1), t, text).sample, lambda x: vae.decode(x / LATENT_SCALE).sample,
        start=start, keep=lambda denoised: denoised * drawn + start * (1 - drawn)))


def instructions():
    """InstructPix2Pix without guidance."""
    file, text, unet, vae = sd1(8)
    file.write("sd1-pix2pix")
    seen = encoded(vae, given_picture())
    save("sd1-pix2pix", unet_picture(
        lambda x, t: unet(torch.cat([x, seen], 1), t, text).sample, lambda x: vae.decode(x / LATENT_SCALE).sample))


def sd2():
    prefix = "cond_stage_model.model"
    shapes = layout(context=1024)
    families.open_clip(shapes, prefix, 1024, 24)
    file = file_of(shapes)
    file.write("sd2")

    def converted(model):
        # diffusers leaves out the last layer and the projection, which SD 2 does not use.
        kept = single_file_utils.convert_open_clip_checkpoint(model, dict(file.tensors), prefix=f"{prefix}.")
        return kept | {"text_projection.weight": torch.zeros(1024, 1024)}

    encoder = families.clip(converted, 1024, 23, 16)

    def encode(ids):
        return encoder(input_ids=padded(ids, 0)).last_hidden_state

    text, nothing = encode(IDS), encode([BEGIN, END])
    unet, vae = reference_unet(file.tensors, context=1024), reference_vae(file.tensors)

    def predict(x, time, context):
        return unet(x, time, context).sample

    def decode(x):
        return vae.decode(x / LATENT_SCALE).sample

    save_part("sd2.text", text)
    save_part("sd2.prediction", predict(noise(4), TIME, given("context", 1, LENGTH, 1024)))
    save_vae("sd2", vae, 4)
    base = save("sd2", unet_picture(lambda x, t: predict(x, t, text), decode))
    save("sd2.v", unet_picture(lambda x, t: predict(x, t, text), decode, "v"))
    save("sd2.guided", unet_picture(guided(predict, text, nothing), decode))
    draw_loras("sd2", sd2_loras(unet, encoder), (unet, encoder), base, lambda: (
        unet_picture(lambda x, t, context=encode(IDS): predict(x, t, context), decode)))
    families.inversion("sd2", emb_params=encoder)
    learned = encode(families.LEARNED_IDS)
    save("sd2.inversion", unet_picture(lambda x, t: predict(x, t, learned), decode), base)


def folder():
    """The model of families.py's sd1 in the names of diffusers: the same picture."""
    weights, lines = components.make_weights("narrow")
    lines = {line.split("\t", 1)[0]: line for line in lines}
    at = {value.data_ptr(): name for name, value in weights.items()}
    text = components.text_encoder(weights).state_dict()
    parts = {
        "unet": reference_unet(weights).state_dict(),
        "vae": reference_vae(weights).state_dict(),
        "text_encoder": {name if name.startswith("text_model.") else f"text_model.{name}": value for name, value in text.items()}}
    for part, tensors in parts.items():
        written = []
        for name, value in tensors.items():
            if "position_ids" in name:
                continue
            origin = at[value.data_ptr()]
            assert weights[origin].numel() == value.numel(), name
            fields = lines[origin].rstrip("\n").split("\t")
            fields += [""] * (6 - len(fields)) + [origin]
            fields[0], fields[1] = name, "x".join(map(str, value.shape))
            written.append("\t".join(fields) + "\n")
        (families.FOLDER / f"sd1.{part}.tsv").write_text("".join(written))


ALL = {"folder": folder, "sd2": sd2, "inpainting": inpainting, "instructions": instructions}


if __name__ == "__main__":
    families.run(ALL)
