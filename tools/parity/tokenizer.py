#!/usr/bin/env python3
"""Writes what Diffusion4J's tokenizer is measured against, from Hugging Face's CLIPTokenizer.

    python tokenizer.py --merges bpe_simple_vocab_16e6.txt.gz tables  > UnicodeTables.java
    python tokenizer.py --merges bpe_simple_vocab_16e6.txt.gz goldens <folder of test resources>
    python tokenizer.py --merges bpe_simple_vocab_16e6.txt.gz prompts > prompts.txt
    python tokenizer.py --merges bpe_simple_vocab_16e6.txt.gz weights <folder of test resources> < runtime.txt

The merges are OpenAI CLIP's, as the open_clip_torch wheel carries them (pip download --no-deps open_clip_torch).
Versions are in requirements.txt beside this file. Runs are repeatable: seeds are fixed and gzip carries no time.

`tables` asks the reference itself which code points it takes for letters, numbers and white space, how it lower-cases
them and which of them take part in its NFC, so that Java follows the reference and not its own Unicode version.
"""

import argparse
import gzip
import json
import random
import sys
import tempfile
import unicodedata
import zlib
from pathlib import Path

from tokenizers import Regex, normalizers, pre_tokenizers
from transformers import CLIPTokenizer

MERGE_COUNT = 49152 - 256 - 2
SEED = 20240917
CODE_POINTS = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]
BLOCK = 256

# What openai/clip-vit-large-patch14 and the tokenizer folders of Stable Diffusion say in tokenizer_config.json.
CONFIG = {
    "tokenizer_class": "CLIPTokenizer",
    "model_max_length": 77,
    "unk_token": "<|endoftext|>",
    "bos_token": "<|startoftext|>",
    "eos_token": "<|endoftext|>",
    "pad_token": "<|endoftext|>",
    "clean_up_tokenization_spaces": False,
    "added_tokens_decoder": {
        str(number): {
            "content": content,
            "normalized": normalized,
            "lstrip": False,
            "rstrip": False,
            "single_word": False,
            "special": True,
        }
        for number, content, normalized in ((49406, "<|startoftext|>", True), (49407, "<|endoftext|>", False))
    },
}


def read_merges(path):
    """The header line and the merges, whichever of the two shapes in circulation the file has."""
    raw = Path(path).read_bytes()
    text = (gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw).decode("utf-8")
    return text.split("\n")[1 : MERGE_COUNT + 1]


def byte_symbols():
    """The printable character that stands for each byte, in vocabulary order."""
    order = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    symbols = [chr(b) for b in order]
    rest = [b for b in range(256) if b not in order]
    return symbols + [chr(256 + i) for i in range(len(rest))]


def reference(merges):
    symbols = byte_symbols()
    vocabulary = symbols + [s + "</w>" for s in symbols] + ["".join(m.split(" ")) for m in merges]
    vocabulary += ["<|startoftext|>", "<|endoftext|>"]
    assert len(vocabulary) == len(set(vocabulary)) == 49408
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "vocab.json").write_text(json.dumps({t: i for i, t in enumerate(vocabulary)}))
        (root / "merges.txt").write_text("#version: 0.2\n" + "\n".join(merges) + "\n", encoding="utf-8")
        (root / "tokenizer_config.json").write_text(json.dumps(CONFIG))
        tokenizer = CLIPTokenizer.from_pretrained(folder)
    expected = [49406, 320, 1674, 539, 320, 6829, 49407]
    assert tokenizer("A picture of a puppy")["input_ids"] == expected
    return tokenizer


# --- tables ---------------------------------------------------------------------------------------------------------


def matched(expression):
    """The code points of which the reference's own regular-expression engine says that they match."""
    split = pre_tokenizers.Split(Regex(expression), behavior="removed", invert=True)
    found = set()
    for start in range(0, len(CODE_POINTS), 4096):
        text = "".join(map(chr, CODE_POINTS[start : start + 4096]))
        for piece, _ in split.pre_tokenize_str(text):
            found.update(map(ord, piece))
    return found


def lower_cases():
    lower = normalizers.Lowercase()
    pairs = {}
    for c in CODE_POINTS:
        text = lower.normalize_str(chr(c))
        if text == chr(c):
            continue
        if len(text) > 1:
            assert (c, text) == (0x130, "i\u0307"), hex(c)
        else:
            pairs[c] = ord(text)
    return pairs


def composing():
    """Code points that the reference's NFC moves, replaces or joins with a neighbour."""
    nfc = normalizers.NFC().normalize_str
    found = {*range(0x1100, 0x1113), *range(0x1161, 0x1176), *range(0x11A8, 0x11C3)}
    for c in CODE_POINTS:
        ch = chr(c)
        moved = nfc("Q" + ch + "\u0334") != "Q" + ch + "\u0334" or nfc("Q\u0345" + ch) != "Q\u0345" + ch
        decomposed = unicodedata.normalize("NFD", ch)
        if moved or nfc(ch) != ch or (decomposed != ch and nfc(decomposed) == ch):
            found.add(c)
        parts = unicodedata.decomposition(ch).split()
        if len(parts) == 2 and not parts[0].startswith("<"):
            first, second = (chr(int(p, 16)) for p in parts)
            if nfc(first + second) == ch:
                found.update((ord(first), ord(second)))
    return found


def base36(n):
    digits = "0123456789abcdefghijklmnopqrstuvwxyz"
    text = ""
    while True:
        n, r = divmod(n, 36)
        text = digits[r] + text
        if n == 0:
            return text


def ranges(points):
    """Gap to the previous range and length of this one, in turns."""
    found = []
    for c in sorted(points):
        if found and found[-1][1] == c:
            found[-1][1] = c + 1
        else:
            found.append([c, c + 1])
    numbers, end = [], 0
    for first, last in found:
        numbers += [first - end, last - first]
        end = last
    return [base36(n) for n in numbers]


def lower_case_runs(pairs):
    """Gap to the previous run's end, count, step and the signed distance that all of a run share."""
    runs = []
    for c in sorted(pairs):
        distance = pairs[c] - c
        if runs:
            first, last, step, shared = runs[-1]
            if shared == distance and (c - last == step or (step == 0 and c - last <= 2)):
                runs[-1] = (first, c, c - last, distance)
                continue
        runs.append((c, c, 0, distance))
    numbers, end = [], 0
    for first, last, step, distance in runs:
        step = step or 1
        sign = "-" if distance < 0 else ""
        numbers += [base36(first - end), base36((last - first) // step + 1), base36(step), sign + base36(abs(distance))]
        end = last
    return numbers


def combining_classes(points):
    """Gap to the previous run's end, length and combining class, for code points of one class in a row."""
    runs = []
    for c in sorted(points):
        number = unicodedata.combining(chr(c))
        if number == 0:
            continue
        if runs and runs[-1][1] == c and runs[-1][2] == number:
            runs[-1][1] = c + 1
        else:
            runs.append([c, c + 1, number])
    numbers, end = [], 0
    for first, last, number in runs:
        numbers += [base36(first - end), base36(last - first), base36(number)]
        end = last
    return numbers


def java_constant(name, comment, words):
    lines, line = [], ""
    for word in words:
        if len(line) + 1 + len(word) > 100:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}" if line else word
    lines.append(line)
    body = "\n".join(f"            {text}" for text in lines)
    return f'    /** {comment} */\n    static final String {name} = """\n{body}\n            """;\n'


def write_tables():
    space, composes = matched(r"\s"), composing()
    constants = [
        java_constant("LETTERS", "Letters: {@code \\p{L}}.", ranges(matched(r"\p{L}"))),
        java_constant("NUMBERS", "Numbers: {@code \\p{N}}.", ranges(matched(r"\p{N}"))),
        java_constant("WHITE_SPACE", "White space: {@code \\s}.", ranges(space)),
        java_constant("COMPOSING", "What its NFC moves, replaces or joins with a neighbour.", ranges(composes)),
        java_constant("COMBINING", "Of these, runs of gap, length and combining class.", combining_classes(composes)),
        java_constant(
            "LOWER_CASE",
            "Runs of gap, count, step and distance to the lower case; U+0130, which becomes two, is not here.",
            lower_case_runs(lower_cases()),
        ),
    ]
    print("package dev.diffusion4j.tokenizer;\n")
    print("/**")
    print(" * How the reference tokenizer sees each code point, read out of the reference by tools/parity/tokenizer.py; not")
    print(" * edited by hand. Its parts follow different Unicode versions (its NFC is years behind its lower case), and so does")
    print(" * every JDK, which is why these are data and no calls of {@link Character}.")
    print(" *")
    print(" * <p>Numbers are in base 36. Sets are gap and length in turns.")
    print(" */")
    print("final class UnicodeTables {\n")
    print("\n".join(constants))
    print("    private UnicodeTables() {}\n}")


# --- goldens --------------------------------------------------------------------------------------------------------

PLAIN = """
A picture of a puppy
a red circle on a white background
a photograph of an astronaut riding a horse
portrait of a woman with freckles, soft light, 85mm, f/1.8, bokeh
masterpiece, best quality, ultra-detailed, 8k, HDR, unreal engine 5, trending on artstation
oil painting in the style of Vincent van Gogh -- a starry night over Rotterdam
isometric low-poly render of a tiny island; octane render; volumetric lighting!!!
steampunk owl, brass & copper, intricate gears, 1/4 scale, #macro @studio
a cat/dog hybrid (cute:1.3), [blurry], {detailed|rough} sketch
logo "ACME Inc." 1984-2024, 50% off, $9.99, C++ & C#, e=mc^2
it's what they're saying: I've, we'll, he'd, I'm, don't, 'tis, rock 'n' roll, '90s, O'Neill's
IT'S WHAT THEY'RE SAYING: I'VE, WE'LL, HE'D, I'M, DON'T
it\u2019s what they\u2019re saying: I\u2019ve, we\u2019ll, he\u2019d, I\u2019m, don\u2019t, \u2018tis, \u201cquoted\u201d
''s '''t 's't're've'm'll'd 'S'T'RE'VE'M'LL'D '\u017f 's's s's 'ss 'tt 'rer
caf\u00e9 na\u00efve fa\u00e7ade \u00fcber stra\u00dfe \u00c5ngstr\u00f6m se\u00f1or \u0141\u00f3d\u017a \u010cesk\u00fd \u0219i \u021bar\u0103
cafe\u0301 nai\u0308ve fac\u0327ade u\u0308ber A\u030angstro\u0308m sen\u0303or C\u030cesky\u0301
\u1e9b\u0323 \u0061\u0315\u0300\u05ae\u0300\u0062 \u1100\u1161\u11a8 \uac00\u11a8 \u0344 \u0340\u0341 \u212b \u2126 \u212a \uf900 \u0958
\u0130stanbul I\u0307 \u0131\u0130 \u01c4\u01c5\u01c6 \u01c7\u01c8\u01c9 \u01f1\u01f2\u01f3 \u1e9e\u00df \u03a3\u03c3\u03c2 \u039f\u0394\u03a5\u03a3\u03a3\u0395\u03a5\u03a3 \u1f88\u1f80 \u1fbc\u1fb3 \ufb01\ufb02
\u10a0\u10d0\u1c90 \u13a0\uab70 \u2c00 \ua640 \uff21\uff41 \U00010400\U00010428 \U0001e900\U0001e922 \U00016e40 \U000118a0 \U00010c80 \u2160\u2170 \u24b6\u24d0
\u4e00\u53ea\u53ef\u7231\u7684\u5c0f\u72d7\u5728\u8349\u5730\u4e0a\u5954\u8dd1\uff0c\u9ad8\u6e05\u3002
\u6ca1\u6709\u4eba\u77e5\u9053\u660e\u5929\u4f1a\u600e\u4e48\u6837\uff01 \u7b2c12\u56de \u4e09\u5341\u4e8c
\u300c\u685c\u306e\u6728\u300d\u306e\u4e0b\u3067\u5bdd\u308b\u732b\u3001\u30a2\u30cb\u30e1\u98a8 \uff71\uff86\uff92 \u30cf\u309a \u304b\u3099
\uadc0\uc5ec\uc6b4 \uac15\uc544\uc9c0 \uc0ac\uc9c4 \u1100\u1165\u11bc\u110b\u1161\u110c\u1175
\u0635\u0648\u0631\u0629 \u062c\u0631\u0648 \u0644\u0637\u064a\u0641\u060c \u0645\u064e\u0643\u0652\u062a\u064e\u0628 \ufefb \u06f1\u06f2\u06f3 \u0661\u0662\u0663
\u05ea\u05de\u05d5\u05e0\u05d4 \u05e9\u05dc \u05d2\u05d5\u05e8 \u05e9\u05c1\u05b8\u05dc\u05d5\u05b9\u05dd
\u0e20\u0e32\u0e1e\u0e25\u0e39\u0e01\u0e2a\u0e38\u0e19\u0e31\u0e02\u0e19\u0e48\u0e32\u0e23\u0e31\u0e01 \u0e51\u0e52\u0e53
\u0915\u0941\u0924\u094d\u0924\u0947 \u0915\u0947 \u092c\u091a\u094d\u091a\u0947 \u0915\u0940 \u0924\u0938\u094d\u0935\u0940\u0930 \u0967\u0968\u0969 \u0958 \u0915\u093c
\u0b95\u0bca \u0b95\u0bc6\u0bbe \u0c46\u0c56 \u0d4a \u0dda\u0dca \u1026 \u1025\u102e \u0f71\u0f72\u0f74 \u0fb2\u0f71\u0f80 \u0f76
\u0424\u043e\u0442\u043e\u0433\u0440\u0430\u0444\u0438\u044f \u0429\u0415\u041d\u041a\u0410, \u0451\u0436\u0438\u043a \u0438 \u0439\u043e\u0433\u0443\u0440\u0442 \u0438\u0306
\u03a6\u03c9\u03c4\u03bf\u03b3\u03c1\u03b1\u03c6\u03af\u03b1 \u03ba\u03bf\u03c5\u03c4\u03b1\u03b2\u03b9\u03bf\u03cd \u0391\u0301\u0345 \u1fb4
\u1780\u17bc\u1793\u1786\u17d2\u1780\u17c2 \u1000\u103c\u1031\u102c\u1004\u103a \u10e1\u10e3\u10e0\u10d0\u10d7\u10d8 \u0547\u0578\u0582\u0576 \u1230\u120b\u121d \u0f56\u0f7c\u0f51
\U0001f436 \U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466 \u2764\ufe0f \u2764\ufe0e \U0001f1e9\U0001f1ea\U0001f1ef\U0001f1f5 \U0001f44d\U0001f3fd \U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f 1\ufe0f\u20e3 \U0001fae8\U0001fac6
cute\U0001f60d\U0001f60dpuppy\u2728\u2728 \u2605\u2606\u2605 \u2192\u2190 \u00a9\u00ae\u2122 \u221e\u2248\u2260 \U0001d54f\U0001d7d9\U0001d4d0
0123456789 3.14159 1,000,000 \u00bd\u00be\u2153 \u00b2\u00b3\u00b9 x\u2082 \u2167 \u2460\u2461 \u3007\u4e8c \u3220 \u0bf0 \U00010107 \U0001d7ce \U0001f100
a\u00a0b\u2003c\u2009d\u202fe\u3000f\u1680g\u2028h\u2029i\u0085j\u205fk\u200bl\u200cm\u200dn\u2060o\ufeffp\u180eq\u00adr
\ufeffbom first
 leading and trailing \t\n\r\x0b\x0c
tabs\tand\nnew\r\nlines\x0b\x0c\x1c\x1d\x1e\x1fand\x00controls\x01\x07\x08\x1b\x7f\x80\x9f\ufffd\ufffe\uffff
!!! ... ??? --- ___ *** ((( ))) [[[ ]]] {{{ }}} <<< >>> /// \\\\\\ ||| ~~~ ``` ''' \"\"\" ;:;:;: ,.,.,.
!@#$%^&*()_+-=[]{}|;':\",./<>?`~ \u00a1\u00bf\u00a7\u00b6\u2020\u2021\u2026\u2014\u2013\u2012 \u300a\u300b\u3010\u3011
<|startoftext|>a puppy<|endoftext|>
a <|endoftext|><|endoftext|> b<|startoftext|>c
<|EndOfText|> <|ENDOFTEXT|>!! !!<|ENDOFTEXT|> <|StartOfText|>!!x<|STARTOFTEXT|>
<|endoftext|!> <|endoftext| |startoftext|> <|end oftext|> < |endoftext|> '<|endoftext|>'s <|endoftext|>'s
</w> a</w> b </w></w>c <w> &lt;b&gt; &amp; &amp;amp; &#39;
""".strip("\n").split("\n")

SUBJECTS = ["a puppy", "an old lighthouse", "two astronauts", "a cyberpunk city", "the Mona Lisa", "a bowl of ramen",
            "Queen Elizabeth II", "a T-Rex", "Bob's diner", "a mecha robot", "a field of sunflowers", "NASA's rover"]
PLACES = ["in the rain", "on Mars", "at sunset", "under the sea", "in 1920s Paris", "at the North Pole", "in a library"]
STYLES = ["watercolor", "35mm photograph", "cinematic", "pixel art", "Studio Ghibli", "ukiyo-e", "claymation", "4k",
          "f/2.8", "art nouveau", "trending on ArtStation", "vaporwave", "by Greg Rutkowski", "award-winning",
          "--ar 16:9", "V-Ray"]
# Blocks from which a random letter of a script is drawn.
SCRIPTS = [(0x20, 0x7E), (0xA0, 0x17F), (0x180, 0x24F), (0x250, 0x2FF), (0x300, 0x36F), (0x370, 0x3FF), (0x400, 0x52F),
           (0x530, 0x58F), (0x590, 0x5FF), (0x600, 0x6FF), (0x900, 0x97F), (0x980, 0xDFF), (0xE00, 0xE7F), (0xF00, 0xFFF),
           (0x1000, 0x109F), (0x10A0, 0x10FF), (0x1100, 0x11FF), (0x1200, 0x137F), (0x13A0, 0x13FF), (0x1780, 0x17FF),
           (0x1AB0, 0x1AFF), (0x1C80, 0x1CBF), (0x1D00, 0x1DFF), (0x1E00, 0x1EFF), (0x1F00, 0x1FFF), (0x2000, 0x206F),
           (0x2070, 0x209F), (0x20D0, 0x20FF), (0x2100, 0x218F), (0x2190, 0x24FF), (0x2500, 0x27BF), (0x2C00, 0x2DFF),
           (0x2E80, 0x2FDF), (0x3000, 0x30FF), (0x3100, 0x33FF), (0x4E00, 0x9FFF), (0xA640, 0xA7FF), (0xAB30, 0xABBF),
           (0xAC00, 0xD7A3), (0xE000, 0xE0FF), (0xF900, 0xFAFF), (0xFB00, 0xFDFF), (0xFE00, 0xFE6F), (0xFF00, 0xFFFF),
           (0x10000, 0x101FF), (0x10400, 0x104FF), (0x10900, 0x10FFF), (0x11000, 0x11FFF), (0x12000, 0x123FF),
           (0x16A00, 0x16FFF), (0x1D100, 0x1D7FF), (0x1E000, 0x1EFFF), (0x1F100, 0x1FAFF), (0x20000, 0x2A6DF),
           (0x2F800, 0x2FA1F), (0x30000, 0x3347F), (0xE0000, 0xE01FF), (0x100000, 0x10FFFF)]
SPACES = [" ", "  ", "\t", "\n", "\r\n", "\u00a0", "\u2003", "\u200b", "\u3000", "\u0085", "\u2028", "\ufeff", "\x1f"]
PIECES = ["'s", "'S", "'t", "'re", "'ve", "'m", "'ll", "'d", "\u2019s", "'", "''", "\"", "(", ")", "...", "!!", "?!", ",",
          "-", "<|endoftext|>", "<|startoftext|>", "<|EndOfText|>", "<|StartOfText|>", "<|", "|>", "</w>", "\U0001f436",
          "\u2764\ufe0f", "\U0001f468\u200d\U0001f469\u200d\U0001f467", "\U0001f1eb\U0001f1f7", "\u0301",
          "\u0323\u0301", "\u0130", "\u1e9e", "\u03a3", "\u01c5",
          "\u00bd", "42", "\u0663", "7th", "\x00", "\ufffd", "\u00e9", "e\u0301", "\uac00\u11a8", "\u1100\u1161"]
MARKS = [c for c in CODE_POINTS if unicodedata.combining(chr(c))]


def texts():
    rng = random.Random(SEED)

    def character(low, high):
        return chr(rng.choice([c for c in (rng.randint(low, high) for _ in range(4)) if not 0xD800 <= c < 0xE000]))

    def word(low, high, length):
        return "".join(character(low, high) for _ in range(length))

    found = ["", " ", "\t\n ", "\u00a0\u2003", "\u200b", "\x00", "a", "A", "'", "\u0301"]
    found += [*PLAIN, *(t.swapcase() for t in PLAIN)]
    for form in ("NFC", "NFD", "NFKC", "NFKD"):
        found += [unicodedata.normalize(form, t) for t in PLAIN]
    for _ in range(300):
        prompt = f"{rng.choice(SUBJECTS)} {rng.choice(PLACES)}, " + ", ".join(rng.sample(STYLES, rng.randint(1, 8)))
        found.append(rng.choice([str, str.upper, str.title])(prompt))
    for low, high in SCRIPTS:
        for _ in range(8):
            found.append(" ".join(word(low, high, rng.randint(1, 12)) for _ in range(rng.randint(1, 6))))
    for _ in range(500):
        parts = []
        for _ in range(rng.randint(1, 14)):
            parts.append(rng.choice([
                lambda: rng.choice(PIECES),
                lambda: rng.choice(SPACES),
                lambda: rng.choice(SUBJECTS),
                lambda: word(*rng.choice(SCRIPTS), rng.randint(1, 6)),
            ])())
        found.append("".join(parts))
    for _ in range(300):
        found.append("".join(character(0, 0x10FFFF) for _ in range(rng.randint(1, 40))))
    for _ in range(200):
        base = character(*rng.choice(SCRIPTS))
        found.append("".join([base, *(chr(rng.choice(MARKS)) for _ in range(rng.randint(1, 12))), "x", base]))
    for _ in range(150):
        found.append("".join(rng.choice("!?.,;:-_'\"()[]{}<>|/\\@#$%^&*+=~` aZ9") for _ in range(rng.randint(1, 60))))
    letters = "abcdefghijklmnopqrstuvwxyz"
    found += [
        "a" * 10_000,
        "".join(rng.choice(letters) for _ in range(10_000)),
        ("the quick brown fox jumps over the lazy dog, " * 223)[:10_000],
        "!" * 10_000,
        " " * 10_000,
        "1" * 10_000,
        "\U0001f436" * 5_000,
        "e\u0301" * 5_000,
        "a" + "\u0301\u0323" * 5_000,
        "".join(character(*rng.choice(SCRIPTS)) for _ in range(10_000)),
    ]
    return list(dict.fromkeys(found))


# --- prompts with weights, for the runtime's own parser ---------------------------------------------------------------

WEIGHTED = r"""
a (word:1.2) b
(word) [word] ((word)) [[word]] ([word]) [(word)]
a (((house:1.3)) [on] a (hill:0.5), sun, (((sky))).
(unbalanced
unbalanced)
[unbalanced
unbalanced]
((a) b [c
(a [b) c]
)( ][ () [] (()) ([])
\(literal\) \[literal\] \\ \x \
(a\)b) (a\(b:1.3) \\(x)
(a:1.2.3) (a:+1.5) (a:-1) (a:.5) (a:5.) (a:0) (a:00.10)
(a:.) (a:+.) (a:..5) (a:-)
(a:x) (a:1.2 ) (a: 1.2) (a:1,2) (a:) (a:1e3) (a:--1) a:b a:1.2
:1.2) x :.) [a:1.2] (a:1.2] (a b:1.1:1.2)
(a:1e5) (a:99999999999999999999999999999999999999999)
(a:0.00000000000000000000000000000000000000000000000000001)
(a:340282346638528859811704183484516925440) (a:0.0000000000000000000000000000000000000117549435082228750797)
BREAK
a BREAK b
a BREAK BREAK b
aBREAK b BREAKb BREAK_ BREAKBREAK aBREAKb BREAK1 BREAK, BREAK.
(a BREAK b) (a BREAK b:1) [BREAK] (BREAK) (BREAK:1) (x:-1)BREAK
Bob's Big BBQ, AB BA Bb ABBA B
a red <|endoftext|> (circle:1.2) <|startoftext|>
""".strip("\n").split("\n")


def prompts():
    rng = random.Random(SEED + 2)
    bits = ["(", "(", "(", ")", ")", "[", "]", ":1.2)", ":0.8)", ":1)", ":1.05)", ":-0.5)", ":", "\\(", "\\)", "\\",
            " BREAK ", "BREAK", "B", " ", ", ", "a puppy", "red circle", "oil painting", "it's", "8k", "Bokeh", "!",
            "(sky:1.3)", "[fog]", "\n"]
    found = ["", " ", *WEIGHTED]
    for _ in range(400):
        found.append("".join(rng.choice(bits) for _ in range(rng.randint(1, 30))))
    for length in (74, 75, 76, 149, 150, 151, 300):
        found.append("dog " * length)
        found.append("cat " * (length // 2) + "BREAK " + "(dog:1.3) " * (length // 2))
    found += ["(" * 40 + "deep" + ")" * 40, "[" * 40 + "deep" + "]" * 40, "(a" * 60, "(a " * 30 + ":1.01)" * 30]
    others = ["\u00e9", "\u732b", "\U0001f436", "caf\u00e9 (\u732b:1.2)", "BREAK\u00e9", "\u00e9BREAK",
              "\uff08\u732b\uff1a1.2\uff09", "(\u0661:\u0661)"]
    for _ in range(100):
        found.append("".join(rng.choice(bits + others * 3) for _ in range(rng.randint(1, 20))))
    return list(dict.fromkeys(found + others))


def write_prompts():
    """One prompt a line, as the hexadecimal digits of its UTF-8."""
    for text in prompts():
        print(text.encode("utf-8").hex())


def write_weights(folder):
    """Packs what the runtime made of each prompt. A line is prompt|part:weight ...|id ...|weight ..., with texts as
    hexadecimal UTF-8 and weights as hexadecimal float bits: from parse_prompt_attention (src/core/util.cpp) and
    FrozenCLIPEmbedderWithCustomWords::tokenize(text, 77, 77, true). Where the runtime throws, the ids are "throws"."""

    def text(digits):
        return bytes.fromhex(digits).decode("utf-8")

    entries = []
    for line in sys.stdin.read().splitlines():
        prompt, parts, ids, weights = line.split("|")
        entry = {"text": text(prompt)}
        if ids != "throws":
            entry["parts"] = [[text(t), int(w, 16)] for t, w in (p.split(":") for p in parts.split())]
            if entry["text"].isascii():  # the runtime takes other letters for punctuation
                entry["ids"] = [int(i) for i in ids.split()]
                entry["weights"] = [int(w, 16) for w in weights.split()]
        entries.append(entry)
    write_gzip(folder / "weighted.jsonl.gz", "\n".join(json.dumps(e, separators=(",", ":")) for e in entries) + "\n")


def numbered_crc(lines):
    return format(zlib.crc32("\n".join(lines).encode("utf-8")), "08x")


def write_gzip(path, text):
    path.write_bytes(gzip.compress(text.encode("utf-8"), 9, mtime=0))
    print(path.name, path.stat().st_size, "bytes", file=sys.stderr)


def write_goldens(tokenizer, folder):
    encoded = [{"text": t, "ids": tokenizer(t)["input_ids"][1:-1]} for t in texts()]
    print(len(encoded), "strings", file=sys.stderr)
    write_gzip(folder / "encoded.jsonl.gz", "\n".join(json.dumps(e, separators=(",", ":")) for e in encoded) + "\n")

    rng = random.Random(SEED + 1)
    sequences = [e["ids"][:75] for e in rng.sample(encoded, 300)]
    sequences += [[rng.randrange(512) for _ in range(rng.randint(1, 12))] for _ in range(300)]
    sequences += [[rng.randrange(49408) for _ in range(rng.randint(1, 30))] for _ in range(300)]
    sequences += [[rng.choice([49406, 49407, 267, 257, 128, 384, 320, 220, 476]) for _ in range(6)] for _ in range(100)]
    decoded = [
        {"ids": ids, "text": tokenizer.decode(ids), "plain": tokenizer.decode(ids, skip_special_tokens=True)}
        for ids in sequences
    ]
    write_gzip(folder / "decoded.jsonl.gz", "\n".join(json.dumps(e, separators=(",", ":")) for e in decoded) + "\n")

    # One checksum per block keeps the files small and still names where a difference lies.
    tokens = [f"{i} {tokenizer.convert_ids_to_tokens(i)} {tokenizer.decode([i])}" for i in range(49408)]
    crcs = [numbered_crc(tokens[i : i + BLOCK]) for i in range(0, len(tokens), BLOCK)]
    write_gzip(folder / "tokens.crc.gz", "\n".join(crcs) + "\n")

    blocks = []
    for start in range(0, 0x110000, BLOCK):
        points = [c for c in range(start, start + BLOCK) if not 0xD800 <= c < 0xE000]
        # After a letter, a digit and a mark on either side: what class it has, and whether it joins or moves.
        probes = [f"a{chr(c)}b{chr(c)}\u0345\u0301{chr(c)}\u0334 1{chr(c)}!" for c in points]
        rows = tokenizer(probes)["input_ids"] if probes else []
        blocks.append(numbered_crc([" ".join(map(str, ids)) for ids in rows]))
    write_gzip(folder / "codepoints.crc.gz", "\n".join(blocks) + "\n")

    blob = "#version: 0.2\n" + "\n".join(read_merges(ARGUMENTS.merges)) + "\n"
    write_gzip(folder / "clip-merges.txt.gz", blob)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--merges", required=True)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("tables")
    commands.add_parser("prompts")
    commands.add_parser("weights").add_argument("folder", type=Path)
    commands.add_parser("goldens").add_argument("folder", type=Path)
    ARGUMENTS = parser.parse_args()
    if ARGUMENTS.command == "tables":
        write_tables()
    elif ARGUMENTS.command == "prompts":
        write_prompts()
    elif ARGUMENTS.command == "weights":
        write_weights(ARGUMENTS.folder)
    else:
        write_goldens(reference(read_merges(ARGUMENTS.merges)), ARGUMENTS.folder)
