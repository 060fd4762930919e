"""A lean U-Net that fits exactly into the SD 1.x layout with 64 base channels.

The layout's blocks that are missing here are written as identities: a residual block or transformer whose last
projection is zero, or a skip connection that selects one of its inputs. ``groups`` of the 32 normalisation groups are
in use; channels of the others are zeros. Names are the layout's, with underscores for dots.
"""

import math

import torch
import torch.nn.functional as F
from torch import nn

BASE, TIME = 64, 256
HEADS = 8


class ResBlock(nn.Module):
    def __init__(self, inputs: int, outputs: int, groups: int, input_groups: int | None = None, shortcut: bool = False):
        super().__init__()
        self.in_layers_0 = nn.GroupNorm(input_groups or groups, inputs, eps=1e-6)
        self.in_layers_2 = nn.Conv2d(inputs, outputs, 3, padding=1)
        self.emb_layers_1 = nn.Linear(TIME, outputs)
        self.out_layers_0 = nn.GroupNorm(groups, outputs, eps=1e-6)
        self.out_layers_3 = nn.Conv2d(outputs, outputs, 3, padding=1)
        nn.init.zeros_(self.out_layers_3.weight)
        nn.init.zeros_(self.out_layers_3.bias)
        if inputs != outputs or shortcut:
            self.skip_connection = nn.Conv2d(inputs, outputs, 1)

    def forward(self, x, emb):
        h = self.in_layers_2(F.silu(self.in_layers_0(x)))
        h = h + self.emb_layers_1(emb)[:, :, None, None]
        h = self.out_layers_3(F.silu(self.out_layers_0(h)))
        return h + (self.skip_connection(x) if hasattr(self, "skip_connection") else x)


class LayerNorm(nn.Module):
    """Layer norm over the layout's channels, of which those behind the first ``width`` are zero."""

    def __init__(self, width: int, layout_width: int):
        super().__init__()
        self.missing = layout_width - width
        self.weight, self.bias = nn.Parameter(torch.ones(width)), nn.Parameter(torch.zeros(width))

    def forward(self, x):
        if not self.missing:
            return F.layer_norm(x, x.shape[-1:], self.weight, self.bias)
        width = x.shape[-1]
        whole = F.layer_norm(F.pad(x, (0, self.missing)), (width + self.missing,))
        return whole[..., :width] * self.weight + self.bias


class Attention(nn.Module):
    def __init__(self, width: int, context: int, head_width: int):
        super().__init__()
        self.head_width = head_width
        self.to_q = nn.Linear(width, width, bias=False)
        self.to_k = nn.Linear(context, width, bias=False)
        self.to_v = nn.Linear(context, width, bias=False)
        self.to_out_0 = nn.Linear(width, width)

    def forward(self, x, context):
        q, k, v = (t.unflatten(-1, (-1, self.head_width)).transpose(1, 2)
                   for t in (self.to_q(x), self.to_k(context), self.to_v(context)))
        return self.to_out_0(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2))


class Transformer(nn.Module):
    def __init__(self, width: int, layout_width: int, context: int, groups: int, hidden: int):
        super().__init__()
        self.norm = nn.GroupNorm(groups, width, eps=1e-6)
        self.proj_in = nn.Conv2d(width, width, 1)
        self.norm1, self.norm2, self.norm3 = (LayerNorm(width, layout_width) for _ in range(3))
        self.attn1 = Attention(width, width, layout_width // HEADS)
        self.attn2 = Attention(width, context, layout_width // HEADS)
        self.ff_net_0_proj = nn.Linear(width, 2 * hidden)
        self.ff_net_2 = nn.Linear(hidden, width)
        self.proj_out = nn.Conv2d(width, width, 1)
        nn.init.zeros_(self.proj_out.weight)
        nn.init.zeros_(self.proj_out.bias)

    def forward(self, x, context):
        h = self.proj_in(self.norm(x))
        size = h.shape[2:]
        h = h.flatten(2).transpose(1, 2)
        n = self.norm1(h)
        h = h + self.attn1(n, n)
        h = h + self.attn2(self.norm2(h), context)
        value, gate = self.ff_net_0_proj(self.norm3(h)).chunk(2, -1)
        h = h + self.ff_net_2(value * F.gelu(gate, approximate="tanh"))
        return x + self.proj_out(h.transpose(1, 2).unflatten(2, size))


class UNet(nn.Module):
    def __init__(self, context: int = 128, groups: int = 32):
        super().__init__()
        a, b, c = (BASE * m * groups // 32 for m in (1, 2, 4))
        g = groups
        self.time_embed_0, self.time_embed_2 = nn.Linear(BASE, TIME), nn.Linear(TIME, TIME)
        self.input_blocks_0_0 = nn.Conv2d(4, a, 3, padding=1)
        self.input_blocks_1_0 = ResBlock(a, a, g)
        self.input_blocks_3_0_op = nn.Conv2d(a, a, 3, stride=2, padding=1)
        self.input_blocks_4_0 = ResBlock(a, b, g)
        self.input_blocks_4_1 = Transformer(b, 2 * BASE, context, g, 2 * b)
        self.input_blocks_6_0_op = nn.Conv2d(b, b, 3, stride=2, padding=1)
        self.input_blocks_7_0 = ResBlock(b, c, g)
        self.input_blocks_7_1 = Transformer(c, 4 * BASE, context, g, 2 * c)
        # The lower level is absent, so only the second half of this block's input, the skip, is anything but zero.
        self.output_blocks_3_0 = ResBlock(c, c, g, input_groups=g // 2)
        self.output_blocks_3_1 = Transformer(c, 4 * BASE, context, g, 2 * c)
        self.output_blocks_5_2_conv = nn.Conv2d(c, c, 3, padding=1)
        self.output_blocks_6_0_skip_connection = nn.Conv2d(c + b, b, 1)
        self.output_blocks_7_0 = ResBlock(b + b, b, g)
        self.output_blocks_7_1 = Transformer(b, 2 * BASE, context, g, 2 * b)
        self.output_blocks_8_2_conv = nn.Conv2d(b, b, 3, padding=1)
        self.output_blocks_9_0_skip_connection = nn.Conv2d(b + a, a, 1)
        self.output_blocks_10_0 = ResBlock(a + a, a, g)
        self.output_blocks_11_0 = ResBlock(a + a, a, g)
        self.out_0 = nn.GroupNorm(g, a, eps=1e-6)
        self.out_2 = nn.Conv2d(a, 4, 3, padding=1)
        nn.init.zeros_(self.out_2.weight)

    def forward(self, x, timesteps, context, controls=None):
        """``controls`` are a ControlNet's, by the numbers of the input blocks to whose skip connections they are added."""
        emb = _time_embedding(self, timesteps)
        h0 = self.input_blocks_0_0(x)
        h1 = self.input_blocks_1_0(h0, emb)
        h4 = self.input_blocks_4_1(self.input_blocks_4_0(self.input_blocks_3_0_op(h1), emb), context)
        h8 = self.input_blocks_7_1(self.input_blocks_7_0(self.input_blocks_6_0_op(h4), emb), context)
        # What the layout's blocks without work hand on: blocks 2, 5 and 8 repeat 1, 4 and 7.
        skips = {0: h0, 1: h1, 2: h1, 4: h4, 5: h4, 8: h8}
        if controls is not None:
            skips = {number: skip + controls[number] for number, skip in skips.items()}
        h = self.output_blocks_3_1(self.output_blocks_3_0(skips[8], emb), context)
        h = self.output_blocks_5_2_conv(F.interpolate(h, scale_factor=2))
        h = self.output_blocks_6_0_skip_connection(torch.cat([h, skips[5]], 1))
        h = self.output_blocks_7_1(self.output_blocks_7_0(torch.cat([h, skips[4]], 1), emb), context)
        h = self.output_blocks_8_2_conv(F.interpolate(h, scale_factor=2))
        h = self.output_blocks_9_0_skip_connection(torch.cat([h, skips[2]], 1))
        h = self.output_blocks_10_0(torch.cat([h, skips[1]], 1), emb)
        h = self.output_blocks_11_0(torch.cat([h, skips[0]], 1), emb)
        return self.out_2(F.silu(self.out_0(h)))


def _time_embedding(net, timesteps):
    half = BASE // 2
    angles = timesteps[:, None].float() * torch.exp(-math.log(10000) * torch.arange(half) / half)
    emb = torch.cat([angles.cos(), angles.sin()], 1)
    return F.silu(net.time_embed_2(F.silu(net.time_embed_0(emb))))


class ControlNet(nn.Module):
    """A trained copy of the U-Net's first half, which reads a control picture as well.

    Its zero convolutions are those of the skip connections that the lean U-Net reads. The encoder of the control picture has
    ``HINT`` of the layout's 16, 16, 32, 32, 96, 96 and 256 channels.
    """

    HINT = (8, 8, 16, 16, 48, 48, 96)

    def __init__(self, context: int = 128, groups: int = 32):
        super().__init__()
        a, b, c = (BASE * m * groups // 32 for m in (1, 2, 4))
        self.time_embed_0, self.time_embed_2 = nn.Linear(BASE, TIME), nn.Linear(TIME, TIME)
        self.input_blocks_0_0 = nn.Conv2d(4, a, 3, padding=1)
        self.input_blocks_1_0 = ResBlock(a, a, groups)
        self.input_blocks_3_0_op = nn.Conv2d(a, a, 3, stride=2, padding=1)
        self.input_blocks_4_0 = ResBlock(a, b, groups)
        self.input_blocks_4_1 = Transformer(b, 2 * BASE, context, groups, 2 * b)
        self.input_blocks_6_0_op = nn.Conv2d(b, b, 3, stride=2, padding=1)
        self.input_blocks_7_0 = ResBlock(b, c, groups)
        self.input_blocks_7_1 = Transformer(c, 4 * BASE, context, groups, 2 * c)
        channels = (3, *self.HINT, a)
        for i, (inputs, outputs) in enumerate(zip(channels[:-1], channels[1:])):
            layer = nn.Conv2d(inputs, outputs, 3, stride=2 if i in (2, 4, 6) else 1, padding=1)
            nn.init.kaiming_normal_(layer.weight)
            nn.init.zeros_(layer.bias)
            setattr(self, f"input_hint_block_{2 * i}", layer)
        for number, width in ((0, a), (1, a), (2, a), (4, b), (5, b), (8, c)):
            layer = nn.Conv2d(width, width, 1)
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)
            setattr(self, f"zero_convs_{number}_0", layer)

    def start_from(self, unet: UNet):
        own = self.state_dict()
        self.load_state_dict({name: value for name, value in unet.state_dict().items() if name in own}, strict=False)

    def hint(self, pictures):
        """What the control pictures (0..1) add behind the first convolution; the same in all steps of a picture."""
        h = pictures
        for i in range(8):
            h = getattr(self, f"input_hint_block_{2 * i}")(h)
            if i < 7:
                h = F.silu(h)
        return h

    def forward(self, x, hint, timesteps, context) -> dict[int, torch.Tensor]:
        emb = _time_embedding(self, timesteps)
        h0 = self.input_blocks_0_0(x) + hint
        h1 = self.input_blocks_1_0(h0, emb)
        h4 = self.input_blocks_4_1(self.input_blocks_4_0(self.input_blocks_3_0_op(h1), emb), context)
        h8 = self.input_blocks_7_1(self.input_blocks_7_0(self.input_blocks_6_0_op(h4), emb), context)
        skips = {0: h0, 1: h1, 2: h1, 4: h4, 5: h4, 8: h8}
        return {number: getattr(self, f"zero_convs_{number}_0")(skip) for number, skip in skips.items()}
