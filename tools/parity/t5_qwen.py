#!/usr/bin/env python3
"""Writes what Diffusion4J's T5 and Qwen tokenizers are measured against, from Hugging Face's T5Tokenizer and Qwen2Tokenizer.

    python t5_qwen.py --source stable-diffusion.cpp tables  > GraphemeTables.java
    python t5_qwen.py --source stable-diffusion.cpp goldens <folder of test resources>

Both are built from the vocabularies that the runtime's source carries, so --source is the folder of the pinned version, which
the native build unpacks. Versions are in requirements.txt beside this file. Runs are repeatable.

`tables` asks the reference itself how it cuts texts into clusters of characters: T5's normaliser treats short clusters in
another way than their characters.
"""

import argparse
import base64
import gzip
import json
import random
import re
import tempfile
from pathlib import Path

from tokenizer import CODE_POINTS, BLOCK, MARKS, SCRIPTS, base36, byte_symbols, java_constant, numbered_crc, write_gzip
from tokenizers import AddedToken, normalizers
from transformers import Qwen2Tokenizer, T5Tokenizer

SEED = 20261128
T5_SIZE = 32100
QWEN_SIZE = 151643

QWEN2_SPECIAL = [
    f"<|{name}|>"
    for name in (
        "endoftext im_start im_end object_ref_start object_ref_end box_start box_end quad_start quad_end vision_start "
        "vision_end vision_pad image_pad video_pad"
    ).split()
]
# Not special to the reference: they stay when special tokens are skipped.
QWEN2_OTHER = ["<tool_call>", "</tool_call>"]
QWEN2_OTHER += [f"<|{name}|>" for name in "fim_prefix fim_middle fim_suffix fim_pad repo_name file_sep".split()]
QWEN3_OTHER = [*QWEN2_OTHER, "<tool_response>", "</tool_response>", "<think>", "</think>"]

TEMPLATES = [
    "<|im_start|>user\n{}<|im_end|>\n<|im_start|>assistant\n",
    "<|im_start|>user\n{}<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n",
    "<|im_start|>system\nDescribe the image by detailing the color, shape, size, texture, quantity, text, spatial "
    "relationships of the objects and background:<|im_end|>\n<|im_start|>user\n{}<|im_end|>\n<|im_start|>assistant\n",
]


def embedded(source, file):
    """The bytes of a C array of the runtime's source."""
    text = (Path(source) / "src/tokenizers/vocab" / file).read_text()
    return bytes(int(digits, 16) for digits in re.findall(r"0x([0-9a-f]{2})", text))


def t5(source):
    text = embedded(source, "t5.hpp")
    config = {"tokenizer_class": "T5Tokenizer", "extra_ids": 100, "clean_up_tokenization_spaces": False}
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "tokenizer.json").write_bytes(text)
        (Path(folder) / "tokenizer_config.json").write_text(json.dumps(config))
        tokenizer = T5Tokenizer.from_pretrained(folder)
    # What t5-v1_1-xxl gives according to transformers' own documentation of T5.
    assert tokenizer("The <extra_id_0> walks in <extra_id_1> park")["input_ids"] == [37, 32099, 10681, 16, 32098, 2447, 1]
    assert len(tokenizer) == T5_SIZE
    return tokenizer


def qwen(source, others):
    merges = [tuple(m.split(" ")) for m in embedded(source, "qwen_merges.hpp").decode("utf-8").split("\n") if m]
    vocabulary = byte_symbols() + ["".join(m) for m in merges]
    assert len(vocabulary) == len(set(vocabulary)) == QWEN_SIZE
    tokenizer = Qwen2Tokenizer(
        vocab={token: number for number, token in enumerate(vocabulary)},
        merges=merges,
        clean_up_tokenization_spaces=False,
    )
    tokenizer.add_tokens([AddedToken(t, special=True, normalized=False) for t in QWEN2_SPECIAL], special_tokens=True)
    tokenizer.add_tokens([AddedToken(t, special=False, normalized=False) for t in others])
    assert tokenizer("<|im_start|>user\n<|im_end|>")["input_ids"] == [151644, 872, 198, 151645]
    assert len(tokenizer) == QWEN_SIZE + len(QWEN2_SPECIAL) + len(others)
    return tokenizer


# --- tables ---------------------------------------------------------------------------------------------------------


def charsmap(source):
    steps = json.loads(embedded(source, "t5.hpp"))["normalizer"]["normalizers"]
    return normalizers.Precompiled(base64.b64decode(steps[0]["precompiled_charsmap"])).normalize_str


def cluster_classes(normalize):
    """The class of each code point that is joined to others or parts them.

    The normaliser looks a cluster of less than 6 bytes up as a whole and takes the result of its shortest beginning that has
    one, so that U+00AA and a mark become "a" alone. In longer ones each character is by itself, and the mark stays.
    """
    mark = "\u0334"
    assert normalize("\u00aa" + mark) == "a" and normalize("\u00aa" + mark * 2) == "a" + mark * 2

    def stays(before, after):
        """Code points that make a cluster longer, so that the mark at its end stays."""
        return {c for c in CODE_POINTS if normalize(before + chr(c) + after).endswith(mark)}

    joined = {c for c in CODE_POINTS if normalize("\u00aa" + mark + chr(c)).startswith("a" + mark)}
    prepended = stays("", "\u00aa" + mark)
    # An ASCII letter may be one with its mark; of ASCII, control characters are what they are everywhere.
    control = {*range(0x20), 0x7F} | {c for c in set(CODE_POINTS) - stays("", "\u0340" + mark) if c >= 0x80}
    pictographs = stays("", "\u200d\u2122" + mark) - prepended
    consonants = stays("", "\u094d\u0958" + mark) - prepended
    linkers = stays("\u0915", "\u0958" + mark) - prepended
    within_consonants = stays("\u0915", "\u094d\u0958" + mark) - prepended - consonants
    within_pictographs = stays("\u00a9", "\u200d\u2122" + mark) - prepended - pictographs

    classes = {}
    for letter, points in (("c", control), ("p", prepended), ("i", pictographs), ("k", consonants)):
        assert not points & classes.keys() and not points & joined
        classes.update(dict.fromkeys(points, letter))
    kinds = {(True, True, True): "l", (False, True, True): "e", (False, False, False): "s"}
    kinds |= {(False, False, True): "n", (False, True, False): "j"}
    for c in joined:
        classes[c] = kinds[c in linkers, c in within_consonants, c in within_pictographs]
    assert [c for c in classes if classes[c] in "nj"] == [0x200C, 0x200D]
    return classes


def write_tables(source):
    classes = cluster_classes(charsmap(source))
    runs = []
    for c in sorted(classes):
        if runs and runs[-1][1] == c and runs[-1][2] == classes[c]:
            runs[-1][1] = c + 1
        else:
            runs.append([c, c + 1, classes[c]])
    words, end = [], 0
    for first, last, letter in runs:
        words += [base36(first - end), base36(last - first), letter]
        end = last
    print("package dev.diffusion4j.tokenizer;\n")
    print("/**")
    print(" * How the reference tokenizer cuts texts into clusters of characters, read out of it by tools/parity/t5_qwen.py; not")
    print(" * edited by hand.")
    print(" */")
    print("final class GraphemeTables {\n")
    print(java_constant("CLASSES", "Runs of gap and length, in base 36, and class.", words))
    print("    private GraphemeTables() {}\n}")


# --- goldens --------------------------------------------------------------------------------------------------------

CODE = """
for (int i = 0; i < n; i++) {\n\tsum += a[i] * 3.14f;\n}\n
def f(x):\n    return {k: v for k, v in x.items() if v != None}  # don't\n\n\n
<html>\r\n  <body class="a-b">&nbsp;</body>\r\n</html>\r\n
SELECT * FROM t WHERE a='it''s' AND b>=10;\n
{"prompt": "a cat", "seed": -1, "steps": [1, 2.5, 3e-7]}
$ curl -X POST https://example.org/v1?x=1&y=2 \\\n  -d @file.json | jq '.[0]'
""".strip("\n").split("\n\n")

LINES = [
    "a\n\n b", " \n a", "\n\n\n", " \r\n\t x", "x \n", "x\n ", "a  b   c    d", "a \n \n b", "\r\n\r\n  x", "  \n", "!\n\n!", "! \n!",
    "a\u00a0\u00a0b", "\u3000\u3000x", "a\u2028\u2029b", "\u0085\u0085", "a\t\tb", " a", "  a", "a ", "a  ", "\ta", "\u2581a\u2581\u2581b\u2581",
    "1234567890", "3.14", "1,000.50 2\u00bd \u0663\u0664 \u4e09\u5341 \u2167 \u2460", "10\n20", " 7",
    "'s 'S '\u017f 'T 'Re 'vE 'LL 'd 'D 'M it'S x'\u017f '\u212a 'l\u017f 'r\u00e9 ''s 'sx 'tt", "\u2019s", "I'll've'd",
    "\uff1cpad\uff1e \uff1c/s\uff1e \uff1cunk\uff1e \uff1cextra_id_0\uff1e \u732b\uff1cunk\uff1e\u732b",
    "\uff34\uff25\uff38\uff34 \ufb01\ufb03 \u2460 \u33a2 \u2122 \u00bc \u210c \ufdfa \u1e9b\u0323 \u00aa\u00ba",
    "\u00aa\u0301 \u00aa\u0301\u0301 \u00aa\u0334\U0001f3fb \u0600\u00aa\u0301 \u00a9\u200d\u2122\u0301 \u2122\u0301 \u0915\u094d\u0958\u0301 \u0958\u0301",
    "\uff45\u0301 e\u0301 e\u0301\u0301 e\u0323\u0301 \u212b\u0301 \u1100\u1161\u11a8 \uac00\u11a8 \uff76\uff9e \u0340\u0301 \u200b\u0340\u0301",
    "\u732b\u732b \u732b a\u732bb \u732b\U0001f436 \u0e2b\u0e21\u0e32 \u043a\u043e\u0442", "\x00\x00 a\x00b \x01\x02",
]


def t5_pieces():
    return ["<pad>", "</s>", "<unk>", "<extra_id_0>", "<extra_id_99>", "<extra_id_100>", "<extra_id_7", "<s>"]


def texts(first):
    """First those of CLIP's tests, then what these two treat in ways of their own."""
    rng = random.Random(SEED)
    found = [*first, *CODE, *LINES]
    prompts = [text for text in first if 0 < len(text) < 300]
    found += [template.format(rng.choice(prompts)) for template in TEMPLATES for _ in range(30)]
    special = [*t5_pieces(), *QWEN2_SPECIAL, *QWEN3_OTHER]
    found += special
    bits = [*special, "<", "|>", "'", "s", "S", "\u017f", "ll", "RE", " ", "  ", "\n", "\r\n", "\t", "\u00a0", "\u3000", "a", "B", "cat",
            "Photo", "7", "42", "\u0663", "!", "...", "\u732b", "\u00e9", "e\u0301", "\u00aa", "\ufb01", "\u2122", "\u200d", "\U0001f436", "\x00",
            "\u200b", "\ufeff", "\u0600", "\u0915\u094d", "\u0958", "\u0301", "\u0334", "\u2581"]
    found += ["".join(rng.choice(bits) for _ in range(rng.randint(1, 25))) for _ in range(300)]
    for _ in range(150):
        low, high = rng.choice(SCRIPTS)
        base = chr(rng.choice([c for c in (rng.randint(low, high) for _ in range(9)) if not 0xD800 <= c < 0xE000]))
        marks = "".join(chr(rng.choice(MARKS)) for _ in range(rng.randint(1, 3)))
        found.append(rng.choice(["", "\u0600", "\u0915\u094d", "\u00a9\u200d"]) + base + marks + " x")
    found += ["ab " * 3000, "\n" * 5000, " \n" * 3000, "\u732b" * 5000, "\ufb01" * 3000, "<unk>" * 1000, "<|im_end|>\n" * 1000, "'s" * 3000]
    found += ["a" * length for length in range(1, 40)]
    return list(dict.fromkeys(found))


def probe(c):
    """A text with the character after and before letters, digits, marks, and what its clusters tell."""
    around = f"a{c}b{c}\u0345\u0301{c}\u0334 1{c}! {c}{c}\n{c} "
    return around + f"\u00aa\u0334{c} {c}\u00aa\u0334 {c}\u0340\u0334 \u00a9{c}\u200d\u2122\u0334 \u0915{c}\u0958\u0334 {c}\u094d\u0958\u0334"


def in_blocks(rows):
    """One checksum per block keeps the files small and still names where a difference lies."""
    return [numbered_crc(rows[i : i + BLOCK]) for i in range(0, len(rows), BLOCK)]


def joined(ids):
    return " ".join(map(str, ids))


def write_lines(path, lines):
    write_gzip(path, "\n".join(lines) + "\n")


def sequence(number, size):
    """Ids that the test makes in the same way."""
    return [(number * 7919 + i * 104729 + i * i * 31) % size for i in range(1 + number % 12)]


def write_decoded(tokenizer, size, path):
    tokens = [f"{i} {tokenizer.convert_ids_to_tokens(i)} {tokenizer.decode([i])}" for i in range(size)]
    sequences = [sequence(number, size) for number in range(4 * BLOCK)]
    texts_of = [tokenizer.decode(s) for s in sequences]
    plain = [tokenizer.decode(s, skip_special_tokens=True) for s in sequences]
    write_lines(path, [*in_blocks(tokens), *in_blocks(texts_of), *in_blocks(plain)])


def write_goldens(source, folder):
    first = folder / "encoded.jsonl.gz"
    clip_texts = [json.loads(line)["text"] for line in gzip.decompress(first.read_bytes()).decode("utf-8").splitlines()]
    everything = texts(clip_texts)
    write_lines(folder / "texts.jsonl.gz", [json.dumps(t) for t in everything[len(clip_texts) :]])
    print(len(everything), "texts")

    tokenizers = {"t5": t5(source), "qwen2": qwen(source, QWEN2_OTHER), "qwen3": qwen(source, QWEN3_OTHER)}
    for name, tokenizer in tokenizers.items():
        ids = tokenizer(everything, add_special_tokens=False)["input_ids"]
        write_lines(folder / f"{name}.crc.gz", [f"{len(row)} {numbered_crc([joined(row)])}" for row in ids])
        write_decoded(tokenizer, len(tokenizer), folder / f"{name}-decoded.crc.gz")

    normalize = charsmap(source)
    for name, before in {"t5": lambda text: normalize(text) + " ", "qwen3": lambda text: ""}.items():
        checksums = []
        for start in range(0, 0x110000, BLOCK):
            probes = [probe(chr(c)) for c in range(start, start + BLOCK) if not 0xD800 <= c < 0xE000]
            ids = tokenizers[name](probes)["input_ids"] if probes else []
            checksums.append(numbered_crc([before(text) + joined(row) for text, row in zip(probes, ids)]))
        write_lines(folder / f"{name}-codepoints.crc.gz", checksums)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", required=True)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("tables")
    commands.add_parser("goldens").add_argument("folder", type=Path)
    ARGUMENTS = parser.parse_args()
    if ARGUMENTS.command == "tables":
        write_tables(ARGUMENTS.source)
    else:
        write_goldens(ARGUMENTS.source, ARGUMENTS.folder)
