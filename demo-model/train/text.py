"""The demo model's text encoder: CLIP's architecture and token ids, a small vocabulary, two of the twelve layers.

Everything that is missing from CLIP ViT-L/14's layout (most of the vocabulary, 640 of 768 dimensions, 8 of 12 heads,
10 of 12 layers) is written as zeros. A layer of zeros passes its input on, so the lean encoder here computes exactly
what the full layout computes.
"""

import re

import torch
import torch.nn.functional as F
from torch import nn

LENGTH, LAYOUT_WIDTH = 77, 768
BEGIN, END = 49406, 49407
# Ids of OpenAI CLIP's byte pair encoding. "cyan" is the one word here that it splits in two: "cy" and "an".
VOCABULARY = {
    "a": 320, "an": 550, "the": 518, "one": 637, "of": 539, "in": 530, "on": 525, "at": 536, "to": 531, "with": 593,
    "over": 962, "against": 1601, "and": 537, "is": 533, "there": 997, "it": 585, "that": 682,
    "circle": 7117, "square": 3999, "triangle": 14615, "star": 1565, "ring": 2540, "disk": 17970, "disc": 10712,
    "dot": 7004, "ball": 1069, "hoop": 19573, "box": 2063,
    "red": 736, "orange": 4287, "yellow": 4481, "green": 1901, "cy": 1470, "blue": 1746, "purple": 5496, "pink": 3360,
    "black": 1449, "white": 1579, "violet": 16118,
    "small": 2442, "little": 1274, "tiny": 5591, "large": 3638, "big": 1205, "huge": 2699, "medium": 8675,
    "sized": 9832, "centre": 2916, "center": 2119, "middle": 3694, "centered": 24584, "centred": 47925, "left": 1823,
    "right": 1155, "top": 1253, "bottom": 5931, "upper": 7067, "lower": 4909, "corner": 5253, "side": 1145,
    "background": 5994, "canvas": 7483, "backdrop": 20802, "picture": 1674, "photo": 1125, "drawing": 3610,
    "image": 2867, "painting": 3086, "illustration": 6052, "draw": 4001, "simple": 4129, "flat": 6313, "design": 1681,
    "please": 1474, "show": 1080, "me": 614, "paint": 5185, "make": 1078, "colored": 11775, "coloured": 17111,
    ",": 267, ".": 269, "-": 268, "!": 256,
}
# Rows of the lean embedding table: one per known token, then begin, end, and a frozen row of zeros for all others.
IDS = [*VOCABULARY.values(), BEGIN, END]
_ROWS = {word: [row] for row, word in enumerate(VOCABULARY)} | {"cyan": [list(VOCABULARY).index("cy"),
                                                                        list(VOCABULARY).index("an")]}
_BEGIN, _END, UNKNOWN = len(IDS) - 2, len(IDS) - 1, len(IDS)


def rows(text: str) -> list[int]:
    """Rows of the lean table for a prompt, padded to 77 with the end token as Stable Diffusion does it."""
    found = [row for word in re.findall(r"[a-z]+|[0-9]|[^\sa-z0-9]+", text.lower()) for row in _ROWS.get(word, [UNKNOWN])]
    return [_BEGIN, *found[:LENGTH - 2]] + [_END] * (LENGTH - 1 - min(len(found), LENGTH - 2))


def normalise(x, weight, bias):
    """CLIP's layer norm over 768 dimensions of which all but the first ones are zero."""
    mean = x.sum(-1, keepdim=True) / LAYOUT_WIDTH
    variance = x.square().sum(-1, keepdim=True) / LAYOUT_WIDTH - mean.square()
    return (x - mean) * torch.rsqrt(variance + 1e-5) * weight + bias


class LayerNorm(nn.Module):
    def __init__(self, width: int):
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.full((width,), 0.4)), nn.Parameter(torch.zeros(width))

    def forward(self, x):
        return normalise(x, self.weight, self.bias)


class Layer(nn.Module):
    def __init__(self, width: int, heads: int, hidden: int):
        super().__init__()
        self.heads, inner = heads, heads * 64
        self.layer_norm1, self.layer_norm2 = LayerNorm(width), LayerNorm(width)
        self.q_proj, self.k_proj, self.v_proj = (nn.Linear(width, inner) for _ in range(3))
        self.out_proj = nn.Linear(inner, width)
        self.fc1, self.fc2 = nn.Linear(width, hidden), nn.Linear(hidden, width)

    def forward(self, x):
        h = self.layer_norm1(x)
        q, k, v = (proj(h).unflatten(-1, (self.heads, 64)).transpose(1, 2)
                   for proj in (self.q_proj, self.k_proj, self.v_proj))
        h = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.out_proj(h.transpose(1, 2).flatten(2))
        h = self.fc1(self.layer_norm2(x))
        return x + self.fc2(h * torch.sigmoid(1.702 * h))


class TextEncoder(nn.Module):
    def __init__(self, width: int = 128, heads: int = 4, hidden: int = 256, layers: int = 2):
        super().__init__()
        self.token_embedding = nn.Embedding(len(IDS) + 1, width, padding_idx=UNKNOWN)
        self.position_embedding = nn.Parameter(torch.randn(LENGTH, width))
        self.layers = nn.ModuleList(Layer(width, heads, hidden) for _ in range(layers))
        self.final_layer_norm = LayerNorm(width)

    def forward(self, tokens):
        x = self.token_embedding(tokens) + self.position_embedding[:tokens.shape[1]]
        for layer in self.layers:
            x = layer(x)
        return self.final_layer_norm(x)
