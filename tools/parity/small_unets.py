"""Writes what pictures of U-Nets with fewer blocks are compared with: the small U-Net of SD 1.x, SDXS-512, and SSD-1B and Vega,
which were distilled from SDXL. As families.py does it, whose folder and cases.json this one adds to.

These models are published in folders of diffusers, so the U-Nets have its names here, and their configurations but for widths.

    pip install -r requirements.txt && python small_unets.py [CASE ...]
"""

import diffusers
import torch

import components
import families
from components import END
from families import BASE, HEIGHT, IDS, WIDTH, padded, picture, save, unet_picture
from tiny_autoencoders import filled
from transformer_families import clip_g_shapes, clip_l_file

SMALL = {
    "in_channels": 4, "out_channels": 4, "layers_per_block": 1, "block_out_channels": [BASE, 2 * BASE, 4 * BASE],
    "mid_block_type": None, "cross_attention_dim": 768, "attention_head_dim": 8}
DISTILLED = {
    "in_channels": 4, "out_channels": 4, "layers_per_block": 2, "block_out_channels": [BASE, 2 * BASE, 4 * BASE],
    "mid_block_type": "UNetMidBlock2D", "cross_attention_dim": 2048, "attention_head_dim": [1, 2, 4],
    "use_linear_projection": True, "addition_embed_type": "text_time", "addition_time_embed_dim": 256,
    "projection_class_embeddings_input_dim": 2816}


def block_types(*attends):
    down = [("CrossAttn" if attends_here else "") + "DownBlock2D" for attends_here in attends]
    up = [("CrossAttn" if attends_here else "") + "UpBlock2D" for attends_here in reversed(attends)]
    return {"down_block_types": down, "up_block_types": up}


def unet(name, **config):
    """Written to a list, too."""
    with torch.device("meta"):
        model = diffusers.UNet2DConditionModel(**config)
    file = families.file_of({name: tuple(value.shape) for name, value in model.state_dict().items()})
    file.write(name)
    model.load_state_dict(file.tensors, assign=True)
    return model.eval()


def stable_diffusion_1(name, attends, decode):
    context = families.clip_l(clip_l_file().tensors, "text_model")(input_ids=padded(IDS, END)).last_hidden_state
    model = unet(name, **SMALL, **block_types(*attends))
    save(name, unet_picture(lambda x, t: model(x, t, context).sample, decode))


def decoder(scale):
    weights, _ = components.make_weights("narrow")
    vae = components.vae(weights, components.DECODER_WIDTH["narrow"])
    return lambda x: vae.decode(x / scale).sample


def small():
    stable_diffusion_1("sd1-tiny", (True, True, True), decoder(0.18215))


def sdxs():
    tiny = filled(diffusers.AutoencoderTiny(latent_channels=4), "taesd")
    stable_diffusion_1("sdxs-512", (False, True, True), lambda x: tiny.decode(x).sample)


def stable_diffusion_xl(name, down, up):
    text = families.file_of(clip_g_shapes("text_model") | {"text_projection.weight": (1280, 1280)})
    text.write("clip-g")
    first, second = families.clip_l(clip_l_file().tensors, "text_model"), families.clip(text.tensors, 1280, 32, 20)
    ids = padded(IDS, END)
    one = first(input_ids=ids, output_hidden_states=True).hidden_states[-2]
    two = second(input_ids=padded(IDS, 0), output_hidden_states=True)
    context, pooled = torch.cat([one, two.hidden_states[-2]], -1), two.text_embeds
    sizes = torch.tensor([[HEIGHT, WIDTH, 0, 0, HEIGHT, WIDTH]], dtype=torch.float32)
    model = unet(
        name, **DISTILLED, **block_types(False, True, True), transformer_layers_per_block=down,
        reverse_transformer_layers_per_block=up)

    def predict(x, time):
        return model(x, time, context, added_cond_kwargs={"text_embeds": pooled, "time_ids": sizes}).sample

    save(name, unet_picture(predict, decoder(0.13025)))


def ssd_1b():
    stable_diffusion_xl("ssd-1b", [1, [2, 2], [4, 4]], [[4, 4, 10], [2, 1, 1], 1])


def vega():
    stable_diffusion_xl("vega", [1, [1, 1], [2, 2]], [[2, 2, 2], [1, 1, 1], 1])


ALL = {"sd1-tiny": small, "sdxs-512": sdxs, "ssd-1b": ssd_1b, "vega": vega}


if __name__ == "__main__":
    families.run(ALL)
