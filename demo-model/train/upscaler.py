"""The upscaler: ESRGAN's RRDBNet, four times, with one block, and half of the layout's channels.

The other half is written as zeros, which compress to nothing and compute nothing: see ``export_upscaler.py``.
"""

import torch
import torch.nn.functional as F
from torch import nn

SCALE = 4
FEATURES, GROWTH = 32, 16
LAYOUT_FEATURES, LAYOUT_GROWTH = 64, 32


def _activate(x: torch.Tensor) -> torch.Tensor:
    return F.leaky_relu(x, 0.2)


class DenseBlock(nn.Module):
    """Five convolutions, each of which sees the results of all before it."""

    def __init__(self, features: int, growth: int):
        super().__init__()
        for i in range(5):
            setattr(self, f"conv{i + 1}", nn.Conv2d(features + i * growth, growth if i < 4 else features, 3, padding=1))

    def forward(self, x):
        seen = x
        for i in range(1, 5):
            seen = torch.cat([seen, _activate(getattr(self, f"conv{i}")(seen))], 1)
        return x + 0.2 * self.conv5(seen)


class Block(nn.Module):
    def __init__(self, features: int, growth: int):
        super().__init__()
        for i in range(3):
            setattr(self, f"rdb{i + 1}", DenseBlock(features, growth))

    def forward(self, x):
        return x + 0.2 * self.rdb3(self.rdb2(self.rdb1(x)))


class Upscaler(nn.Module):
    """Pictures from 0 to 1, (count, 3, height, width). The modules have the names that BasicSR gives them in files."""

    def __init__(self, features: int = FEATURES, growth: int = GROWTH, blocks: int = 1):
        super().__init__()
        def conv(inputs, outputs):
            return nn.Conv2d(inputs, outputs, 3, padding=1)

        self.conv_first = conv(3, features)
        self.body = nn.ModuleList(Block(features, growth) for _ in range(blocks))
        self.conv_body = conv(features, features)
        self.conv_up1, self.conv_up2 = conv(features, features), conv(features, features)
        self.conv_hr, self.conv_last = conv(features, features), conv(features, 3)

    @torch.no_grad()
    def start_as_enlargement(self):
        """Before training, the colours pass straight through in the first three channels: pixels become squares. Colours are
        positive, so the activations leave them alone."""
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d):
                nn.init.normal_(layer.weight, 0, layer.weight[0].numel() ** -0.5)
                layer.bias.zero_()
        self.conv_body.weight.mul_(0.1)
        for layer in (self.conv_first, self.conv_up1, self.conv_up2, self.conv_hr, self.conv_last):
            if layer is self.conv_last:
                layer.weight.mul_(0.1)
            for colour in range(3):
                layer.weight[colour] *= layer is self.conv_last
                layer.weight[colour, colour, 1, 1] = 1
        self.conv_body.weight[:3] = 0

    def forward(self, pictures):
        h = self.conv_first(pictures)
        body = h
        for block in self.body:
            body = block(body)
        h = h + self.conv_body(body)
        for layer in (self.conv_up1, self.conv_up2):
            h = _activate(layer(F.interpolate(h, scale_factor=2)))
        return self.conv_last(_activate(self.conv_hr(h)))
