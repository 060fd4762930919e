"""What GpuBenchmark.java measures, by PyTorch: diffusers' U-Net and VAE decoder with random weights in f16.

A picture is the U-Net's steps, with both predictions of guidance in one batch as pipelines do, and one decoding; text
encoders, which take a few milliseconds, are left out. Every figure is a line of JSON in --results, written at once.
"""

import argparse
import gc
import json
import statistics
import sys
import time

try:
    import torch
    from diffusers import AutoencoderKL, UNet2DConditionModel
except ImportError as e:
    print(e)
    sys.exit(75)

SD15 = {"cross_attention_dim": 768, "block_out_channels": (320, 640, 1280, 1280), "attention_head_dim": 8}
SDXL = {
    "cross_attention_dim": 2048,
    "block_out_channels": (320, 640, 1280),
    "attention_head_dim": (5, 10, 20),
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
    "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
    "transformer_layers_per_block": (1, 2, 10),
    "use_linear_projection": True,
    "addition_embed_type": "text_time",
    "addition_time_embed_dim": 256,
    "projection_class_embeddings_input_dim": 2816,
}
# The last one shows that this program works where there is no GPU.
MODELS = {"full": SD15, "sdxl": SDXL, "narrow": SD15 | {"block_out_channels": (32, 32, 64, 64)}}
VAE_BLOCKS = 4


def make_models(name, device, dtype):
    torch.set_default_dtype(dtype)
    widths = (32, 32, 64, 64) if name == "narrow" else (128, 256, 512, 512)
    with torch.device(device):
        unet = UNet2DConditionModel(**MODELS[name])
        vae = AutoencoderKL(
            block_out_channels=widths,
            down_block_types=("DownEncoderBlock2D",) * VAE_BLOCKS,
            up_block_types=("UpDecoderBlock2D",) * VAE_BLOCKS,
            layers_per_block=2,
        )
    torch.set_default_dtype(torch.float32)
    return unet.to(dtype).eval(), vae.to(dtype).eval()


def synchronize(device):
    if device == "cuda":
        torch.cuda.synchronize()


class Drawing:
    """One picture after the other, of one size."""

    def __init__(self, name, unet, decode, size, device, dtype):
        self.unet, self.decode, self.device = unet, decode, device
        side, batch = size // 8, 2
        context = MODELS[name]["cross_attention_dim"]
        self.latents = torch.randn(1, 4, side, side, device=device, dtype=dtype)
        self.context = torch.randn(batch, 77, context, device=device, dtype=dtype)
        self.conditions = None
        if name == "sdxl":
            self.conditions = {
                "text_embeds": torch.randn(batch, 1280, device=device, dtype=dtype),
                "time_ids": torch.tensor([[size, size, 0, 0, size, size]] * batch, device=device, dtype=dtype),
            }

    def step(self, latents, timestep):
        noise = self.unet(
            latents.expand(2, -1, -1, -1),
            timestep,
            self.context,
            added_cond_kwargs=self.conditions,
            return_dict=False,
        )[0]
        without, given = noise.chunk(2)
        return latents - 0.05 * (without + 7 * (given - without))

    def draw(self, steps):
        """The seconds of each step, of decoding and of all."""
        synchronize(self.device)
        began = before = time.perf_counter()
        latents, each = self.latents, []
        for timestep in torch.linspace(999, 0, steps, device=self.device):
            latents = self.step(latents, timestep)
            synchronize(self.device)
            now = time.perf_counter()
            each.append(now - before)
            before = now
        self.decode(latents).to("cpu")
        ended = time.perf_counter()
        return each, ended - before, ended - began


def measure(drawing, steps, pictures, figures, write):
    began = time.perf_counter()
    drawing.draw(min(steps, 3))
    figures["seconds_of_the_first"] = time.perf_counter() - began
    drawn = [drawing.draw(steps) for _ in range(pictures)]
    whole = statistics.median(seconds for _, _, seconds in drawn)
    figures |= {
        "pictures_a_second": 1 / whole,
        "seconds_a_picture": whole,
        "seconds_a_step": statistics.median(second for each, _, _ in drawn for second in each),
        "seconds_to_decode": statistics.median(decoding for _, decoding, _ in drawn),
    }
    if drawing.device == "cuda":
        free, total = torch.cuda.mem_get_info()
        figures["device_mib_in_use_at_most"] = (total - free) / 2**20  # PyTorch keeps what it has once taken
        figures["allocated_mib_at_most"] = torch.cuda.max_memory_allocated() / 2**20
    write(figures)


@torch.inference_mode()
def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--results", required=True)
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    parser.add_argument("--models", default="full,sdxl")
    parser.add_argument("--sizes", default="512,1024")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--pictures", type=int, default=3)
    parser.add_argument("--compile", choices=("no", "yes"), default="yes", help="torch.compile after all that is eager")
    args = parser.parse_args()
    if args.device == "cuda" and not torch.cuda.is_available():
        sys.exit("PyTorch sees no GPU")
    dtype = torch.float16 if args.device == "cuda" else torch.float32

    def write(figures):
        with open(args.results, "a", encoding="utf-8") as results:
            results.write(json.dumps(figures) + "\n")
        print(figures, flush=True)

    for mode in ("eager", "compile") if args.compile == "yes" else ("eager",):
        for name in args.models.split(","):
            unet, vae = make_models(name, args.device, dtype)
            decode = lambda latents: vae.decode(latents, return_dict=False)[0]  # noqa: E731
            if mode == "compile":
                unet, decode = torch.compile(unet), torch.compile(decode)
            for size in map(int, args.sizes.split(",")):
                if args.device == "cuda":
                    torch.cuda.empty_cache()
                    torch.cuda.reset_peak_memory_stats()
                figures = {
                    "kind": "drawing by PyTorch",
                    "model": name,
                    "mode": mode,
                    "type": str(dtype).removeprefix("torch."),
                    "torch": torch.__version__,
                    "size": size,
                    "steps": args.steps,
                    "pictures": args.pictures,
                }
                drawing = Drawing(name, unet, decode, size, args.device, dtype)
                measure(drawing, args.steps, args.pictures, figures, write)
            del unet, vae, decode, drawing
            gc.collect()


if __name__ == "__main__":
    main()
