"""Writes what pictures made from pictures are compared with: those of FLUX.1 Fill, of SDXL's inpainting model, of FLUX.1 schnell
and of SD 3.5. As families.py does it, whose folder and cases.json this one adds to.

What is shown to the first two is what diffusers' pipelines show them. All but the mask and a margin of one latent stays as it
was, in each step, as web user interfaces do it and those pipelines do not.

    pip install -r requirements.txt && python inpainting_families.py [CASE ...]
"""

import diffusers
import numpy as np
import torch

import components
import families
import transformer_families
from components import END
from families import HEIGHT, IDS, WIDTH, encoded, flux_packed, flux_places, flux_unpacked, given_picture, noise, padded, picture, save
from transformer_families import SIGMAS, file_of, reference_vae, sd35_decoded, vae_file

DISTILLED_GUIDANCE = 30.0
SDXL_SCALE = 0.13025
REDRAWING_STEPS, STRENGTH = 5, 0.7


def blocks(pixels):
    """(64, height / 8, width / 8): the 8x8 pixels that each latent stands for, as channels."""
    return torch.from_numpy(pixels).float().reshape(HEIGHT // 8, 8, WIDTH // 8, 8).permute(1, 3, 0, 2).reshape(1, 64, HEIGHT // 8, -1)


def drawn(mask):
    """Latents that are not to stay: those that the mask touches, and their neighbours."""
    return torch.nn.functional.max_pool2d(blocks(mask).amax(1, keepdim=True), 3, 1, 1)


def left(mask):
    """The picture with grey in place of the mask."""
    return np.where(mask[..., None] == 1, 127.5, given_picture())


def flux_fill():
    """Into the transformer go the latents, those of what the mask leaves, and the mask's own pixels."""
    layout = components.Layout()
    families.flux_transformer(layout)
    layout.layer(f"{components.UNET}.img_in", families.HIDDEN, 384)
    bare = components.Layout()
    bare.shapes = families.without(f"{components.UNET}.", layout.shapes)
    file, text, vae = file_of(bare), transformer_families.clip_l_file(), vae_file(16, quantised=False)
    file.write("flux-fill")
    pooled = families.clip_l(text.tensors, "text_model")(input_ids=padded(IDS, END)).pooler_output
    transformer = families.flux_reference_transformer(
        {f"{components.UNET}.{name}": value for name, value in file.tensors.items()}, inputs=384)
    autoencoder = reference_vae(vae.tensors, 16, False)

    def scaled(pixels):
        return (encoded(autoencoder, pixels) - 0.1159) * 0.3611

    mask = np.zeros((HEIGHT, WIDTH))
    mask[13:45, 37:91] = 1  # beside the sides of latents
    start, free = scaled(given_picture()), drawn(mask)
    seen = torch.cat([flux_packed(scaled(left(mask))), flux_packed(blocks(mask))], -1)
    x, text = noise(16), families.no_text(DISTILLED_GUIDANCE)
    for sigma, following in SIGMAS:
        velocity = flux_unpacked(transformer(
            hidden_states=torch.cat([flux_packed(x), seen], -1), timestep=torch.tensor([sigma]),
            guidance=torch.tensor([DISTILLED_GUIDANCE]), pooled_projections=pooled, encoder_hidden_states=text,
            txt_ids=torch.zeros(text.shape[1], 3), img_ids=flux_places(0)).sample)
        denoised = x - sigma * velocity
        denoised = denoised * free + start * (1 - free)
        x = x + (x - denoised) / sigma * (following - sigma)
    save("flux-fill", picture(autoencoder.decode(x / 0.3611 + 0.1159).sample))


def sdxl_inpainting():
    """SDXL, but for the tensors that are listed. Guidance without a negative prompt."""
    first, certain = f"{components.UNET}.input_blocks.0.0.weight", f"{components.VAE}.quant_conv.bias"
    file = families.sdxl_file(9, [certain])
    file.lines = [line for line in file.lines if line.startswith((first, certain))]
    file.write("sdxl-inpaint")
    _, _, encode = families.sdxl_text(file.tensors)
    predict = families.sdxl_prediction(families.sdxl_reference_unet(file.tensors, 9))
    autoencoder = components.vae(file.tensors, components.DECODER_WIDTH["narrow"])
    text = encode(IDS)
    nothing = tuple(torch.zeros_like(part) for part in text)
    pixels = np.zeros((HEIGHT, WIDTH))
    pixels[16:48, 32:96] = 1
    small, free = torch.from_numpy(pixels[::8, ::8]).float()[None, None], drawn(pixels)
    start = encoded(autoencoder, given_picture()) * SDXL_SCALE
    seen = torch.cat([small, encoded(autoencoder, left(pixels)) * SDXL_SCALE], 1)
    save("sdxl-inpaint", families.unet_picture(
        families.guided(lambda x, t, condition: predict(torch.cat([x, seen], 1), t, condition), text, nothing),
        lambda x: autoencoder.decode(x / SDXL_SCALE).sample,
        start=start, keep=lambda denoised: denoised * free + start * (1 - free)))


def flux_schnell():
    file = transformer_families.flux_file(guided=False)
    pooled = families.clip_l(transformer_families.clip_l_file().tensors, "text_model")(input_ids=padded(IDS, END)).pooler_output
    transformer = families.flux_reference_transformer(
        {f"{components.UNET}.{name}": value for name, value in file.tensors.items()}, guidance=False)
    autoencoder = reference_vae(vae_file(16, quantised=False).tensors, 16, False)
    text = families.no_text(None)

    def predict(x, time):
        return flux_unpacked(transformer(
            hidden_states=flux_packed(x), timestep=time[None] / 1000, pooled_projections=pooled, guidance=None,
            encoder_hidden_states=text, txt_ids=torch.zeros(text.shape[1], 3), img_ids=flux_places(0)).sample)

    scheduler = diffusers.FlowMatchEulerDiscreteScheduler()
    sigmas = {"sigmas": np.linspace(1.0, 1 / REDRAWING_STEPS, REDRAWING_STEPS)}
    redrawn(
        "flux-schnell", autoencoder, (0.3611, 0.1159), predict, scheduler, sigmas,
        lambda x: picture(autoencoder.decode(x / 0.3611 + 0.1159).sample))


def sd35():
    file = transformer_families.sd35_file()
    _, encode, predict, autoencoder = transformer_families.sd35_reference(file)
    text = encode(IDS)
    redrawn(
        "sd3.5", autoencoder, (1.5305, 0.0609), lambda x, time: predict(x, *text, time / 1000),
        diffusers.FlowMatchEulerDiscreteScheduler(shift=3.0), {"num_inference_steps": REDRAWING_STEPS},
        lambda x: sd35_decoded(autoencoder, x))


def redrawn(name, autoencoder, scaling, predict, scheduler, times, decode):
    """Image to image and inpainting by a model that is not made for it, as diffusers' pipelines and their scheduler do it: the
    encoder's sample is drawn before the noise, and after each step the noised picture comes back where the mask has none. The
    native sampler begins anew with its numbers when it has encoded the picture."""
    generator = torch.Generator("cpu").manual_seed(families.SEED)
    distribution = families.distribution_of(autoencoder, given_picture())
    start = (distribution.sample(generator) - scaling[1]) * scaling[0]
    fresh, everything = torch.randn(start.shape, generator=generator), torch.ones_like(start)
    pixels = np.zeros((HEIGHT, WIDTH))
    pixels[16:48, 32:96] = 1
    mask = torch.from_numpy(pixels[::8, ::8]).float().expand_as(start)
    cases = {"img2img": (everything, fresh), "inpaint": (mask, fresh), "img2img.native": (everything, noise(16))}
    for case, (drawn, added) in cases.items():
        scheduler.set_timesteps(**times)
        first = int(max(REDRAWING_STEPS - min(REDRAWING_STEPS * STRENGTH, REDRAWING_STEPS), 0))
        left = scheduler.timesteps[first:]
        scheduler.set_begin_index(first)
        x = scheduler.scale_noise(start, left[:1], added)
        for i, time in enumerate(left):
            x = scheduler.step(predict(x, time), time, x, return_dict=False)[0]
            kept = scheduler.scale_noise(start, left[i + 1:i + 2], added) if i + 1 < len(left) else start
            x = drawn * x + (1 - drawn) * kept
        save(f"{name}.{case}", decode(x))


ALL = {"flux-schnell": flux_schnell, "sd3.5": sd35, "flux-fill": flux_fill, "sdxl-inpaint": sdxl_inpainting}


if __name__ == "__main__":
    families.run(ALL)
