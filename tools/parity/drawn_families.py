"""Writes the layouts of models that the tests open and draw, of families that have no reference: what tensors their files have, in
the names that people have them in, and a formula for each. As families.py does it, whose folder this one adds to.

    pip install -r requirements.txt && python drawn_families.py [CASE ...]
"""

import components
import families
import t5_families
from families import HIDDEN
from transformer_families import distribution, flux_file

NERF, PATCH, FREQUENCIES = 64, 16, 64


def chroma_radiance():
    """Chroma's transformer, which here makes weights for small networks that draw the pixels of a patch."""
    layout = t5_families.chroma_layout()
    for name in [name for name in layout.shapes if name.startswith(("img_in.", "final_layer."))]:
        del layout.shapes[name]
    layout.layer("img_in_patch", HIDDEN, 3, PATCH, PATCH)
    layout.layer("nerf_image_embedder.embedder.0", NERF, 3 + FREQUENCIES)
    for i in range(4):
        layout.layer(f"nerf_blocks.{i}.param_generator", 3 * 4 * NERF * NERF, HIDDEN)
        layout.shapes[f"nerf_blocks.{i}.norm.scale"] = (NERF,)
    layout.shapes["nerf_final_layer_conv.norm.scale"] = (NERF,)
    layout.layer("nerf_final_layer_conv.conv", 3, NERF, 3, 3)
    families.file_of(layout.shapes, t5_families.chroma_distribution).write("chroma-radiance")


def flux_of(name, inputs):
    """FLUX.1 dev, but for what its first layer is told."""
    layout = components.Layout()
    layout.shapes = {name: tuple(value.shape) for name, value in flux_file(guided=True).tensors.items()}
    layout.layer("img_in", HIDDEN, inputs)
    families.file_of(layout.shapes, distribution).write(name)


def flux_control():
    flux_of("flux-control", 128)


def flex_2():
    flux_of("flex-2", 196)


ALL = {"chroma-radiance": chroma_radiance, "flux-control": flux_control, "flex-2": flex_2}


if __name__ == "__main__":
    import sys

    families.FOLDER.mkdir(parents=True, exist_ok=True)
    for name in sys.argv[1:] or ALL:
        ALL[name]()
