"""The autoencoder: an encoder that is worked out, not trained, and a lean trained decoder, both in SD 1.x's layout.

The encoder is linear. Three latent channels are the mean colour of each cell of 8x8 pixels; the fourth is a mixture of
the colours, taken half a cell further right and down, which tells more about where an edge runs. The layout allows it:
see ``export.put_encoder``.

Latents are scaled to about zero mean and a deviation of ``SCALE``. Flat pictures are so redundant that, at unit
variance, their mean colour would still show in what the noise schedule takes for pure noise: the U-Net would learn to
read the colour off its input instead of the prompt.

The decoder uses the first few of the layout's 32 normalisation groups: the rest are written as zeros, which compress to
nothing and do not change the result. Residual blocks that are left out are written with a zero output convolution: an
identity.
"""

import torch
import torch.nn.functional as F
from torch import nn

MULTIPLIERS = (1, 2, 4, 4)
DECODER_WIDTH, GROUPS = 96, 8
# The fourth channel's mixture of red, green and blue: all pairs of palette colours differ in it.
MIXTURE = torch.tensor([0.06, 0.35, 0.59])
# Of the latents of the scenes, before scaling.
MEAN = torch.tensor([0.42, 0.25, 0.21, 0.22])
DEVIATION = torch.tensor([0.72, 0.67, 0.76, 0.60])
SCALE = 0.5


def encode(pictures: torch.Tensor) -> torch.Tensor:
    """Latents of pictures (-1..1, sides multiples of 8)."""
    quarters = F.avg_pool2d(pictures, 4)
    mixed = torch.einsum("nchw,c->nhw", quarters, MIXTURE)[:, None]
    shifted = F.avg_pool2d(F.pad(mixed, (0, 1, 0, 1))[:, :, 1:, 1:], 2)
    latents = torch.cat([F.avg_pool2d(quarters, 2), shifted], 1)
    return (latents - MEAN[:, None, None]) / DEVIATION[:, None, None] * SCALE


class ResBlock(nn.Module):
    def __init__(self, inputs: int, outputs: int):
        super().__init__()
        self.norm1, self.conv1 = nn.GroupNorm(GROUPS, inputs, eps=1e-6), nn.Conv2d(inputs, outputs, 3, padding=1)
        self.norm2, self.conv2 = nn.GroupNorm(GROUPS, outputs, eps=1e-6), nn.Conv2d(outputs, outputs, 3, padding=1)
        nn.init.normal_(self.conv1.weight, 0, (9 * inputs) ** -0.5)
        nn.init.zeros_(self.conv2.weight)
        if inputs != outputs:
            self.nin_shortcut = nn.Conv2d(inputs, outputs, 1)

    def forward(self, x):
        h = self.conv1(F.silu(self.norm1(x)))
        h = self.conv2(F.silu(self.norm2(h)))
        return h + (self.nin_shortcut(x) if hasattr(self, "nin_shortcut") else x)


class Decoder(nn.Module):
    """Module names are the layout's, with underscores for dots."""

    def __init__(self):
        super().__init__()
        a, b, c, d = (DECODER_WIDTH * m * GROUPS // 32 for m in MULTIPLIERS)
        self.conv_in = nn.Conv2d(4, d, 3, padding=1)
        # Most of the blocks are where a latent sees its neighbours best: they make out the shape, the others draw it.
        self.mid_block_1 = ResBlock(d, d)
        self.mid_block_2 = ResBlock(d, d)
        self.up_3_block_0 = ResBlock(d, d)
        self.up_3_block_1 = ResBlock(d, d)
        self.up_3_upsample_conv = nn.Conv2d(d, d, 3, padding=1)
        self.up_2_block_0 = ResBlock(d, c)
        self.up_2_block_1 = ResBlock(c, c)
        self.up_2_upsample_conv = nn.Conv2d(c, c, 3, padding=1)
        self.up_1_block_0 = ResBlock(c, b)
        self.up_1_upsample_conv = nn.Conv2d(b, b, 3, padding=1)
        self.up_0_block_0 = ResBlock(b, a)
        self.norm_out = nn.GroupNorm(GROUPS, a, eps=1e-6)
        self.conv_out = nn.Conv2d(a, 3, 3, padding=1)
        self._start_as_enlargement()

    @torch.no_grad()
    def _start_as_enlargement(self):
        """Before training, the colours pass straight through, in the first three channels.

        The last normalisation works on groups of three channels and would erase the level of a flat picture, and with
        it the colour. So the first three groups hold a colour, its negative and a large constant: then it divides by
        almost the same number always. And as silu(y) - silu(-y) = y, the colours survive the activation too.
        """
        convs = (self.conv_in, self.up_3_upsample_conv, self.up_2_upsample_conv, self.up_1_block_0.nin_shortcut,
                 self.up_1_upsample_conv)
        for layer in convs:
            nn.init.normal_(layer.weight, 0, layer.weight[0].numel() ** -0.5)
            layer.bias.zero_()
            for colour in range(3):
                layer.weight[colour] = 0
                layer.weight[colour, colour, layer.kernel_size[0] // 2, layer.kernel_size[1] // 2] = 1
        last, constant = self.up_0_block_0.nin_shortcut, 8.0
        nn.init.normal_(last.weight, 0, last.weight[0].numel() ** -0.5)
        last.bias.zero_()
        self.conv_out.weight.mul_(0.1)
        for colour in range(3):
            plus, minus, still = 3 * colour, 3 * colour + 1, 3 * colour + 2
            last.weight[[plus, minus, still]] = 0
            last.weight[plus, colour], last.weight[minus, colour], last.bias[still] = 1, -1, constant
            self.norm_out.weight[[plus, minus]] = constant * 2 ** 0.5 / 3
            self.norm_out.bias[[plus, minus]] = constant / 3
            self.conv_out.weight[:, [plus, minus]] = 0
            self.conv_out.weight[colour, plus, 1, 1], self.conv_out.weight[colour, minus, 1, 1] = (
                DEVIATION[colour], -DEVIATION[colour])
            self.conv_out.bias[colour] = MEAN[colour]

    def forward(self, latents):
        h = self.mid_block_2(self.mid_block_1(self.conv_in(latents / SCALE)))
        h = self.up_3_block_1(self.up_3_block_0(h))
        h = self.up_2_block_0(self.up_3_upsample_conv(F.interpolate(h, scale_factor=2)))
        h = self.up_2_block_1(h)
        h = self.up_1_block_0(self.up_2_upsample_conv(F.interpolate(h, scale_factor=2)))
        h = self.up_0_block_0(self.up_1_upsample_conv(F.interpolate(h, scale_factor=2)))
        return self.conv_out(F.silu(self.norm_out(h)))
