"""Makes Markdown and plots of what benchmarks/run measured.

    python report.py machine <repository> <machine.json> --mode M --threads N --java VERSION
    python report.py report <folder of results> <report.md> [--readme README.md --pictures <folder>]
"""

import argparse
import json
import math
import os
import platform
import re
import statistics
import subprocess
import time
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

BEGIN, END = "<!-- results: written by benchmarks/run -->", "<!-- end of results -->"
DJL = "djl-pytorch"
MODELS = {"full": "Stable Diffusion 1.5's size", "demo": "the demo model"}


# ---- the machine ----


def first_line(*command, cwd=None):
    try:
        return subprocess.run(command, capture_output=True, text=True, cwd=cwd, check=True).stdout.strip().split("\n")[0]
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def field(path, name):
    found = re.search(rf"^{name}\s*:\s*(.+)$", Path(path).read_text(), re.MULTILINE)
    return found[1] if found else "unknown"


def write_machine(args):
    root = args.repository
    cache = dict(
        line.split(":", 1)[0:1] + [line.split("=", 1)[1]]
        for line in (root / "native/build/cpu/CMakeCache.txt").read_text().split("\n")
        if re.match(r"(GGML_(NATIVE|OPENMP|LLAMAFILE|BLAS)|CMAKE_CXX_COMPILER|CMAKE_BUILD_TYPE):", line))
    pom = (root / "benchmarks/pom.xml").read_text()
    versions = dict(re.findall(r"<(\w+)\.version>([^<]+)<", pom))
    commit = first_line("git", "rev-parse", "--short", "HEAD", cwd=root)
    changed = first_line("git", "status", "--porcelain", "--untracked-files=no", cwd=root)
    flags = field("/proc/cpuinfo", "flags").split()
    wanted = [f for f in ("avx", "avx2", "fma", "f16c", "avx512f", "avx512_bf16", "avx512_vnni", "amx_bf16") if f in flags]
    machine = {
        "Settings": f"`{args.mode}`, {args.threads} threads, waiting as each backend's own ({os.environ.get('OMP_WAIT_POLICY', 'no `OMP_WAIT_POLICY` set')})",
        "Date": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
        "Commit": commit + (", changed" if changed not in ("", "unknown") else ""),
        "Processor": f"{field('/proc/cpuinfo', 'model name')}, {os.cpu_count()} cores ({', '.join(wanted)})",
        "Memory": f"{int(field('/proc/meminfo', 'MemTotal').split()[0]) / 2**20:.0f} GiB",
        "System": f"{platform.system()} {platform.release()}",
        "Load when it began": Path("/proc/loadavg").read_text().split()[0],
        "Java": args.java,
        "Native build": ", ".join(f"{key}={value}" for key, value in sorted(cache.items()))
        + "; " + first_line(cache.get("CMAKE_CXX_COMPILER", "c++"), "--version"),
        "Peers": f"DJL {versions['djl']} with PyTorch {versions['pytorch']}, ONNX Runtime {versions['onnxruntime']}, "
        f"Hugging Face tokenizers of DJL {versions['djl']}; float32",
    }
    args.output.write_text(json.dumps(machine, indent=1))


# ---- reading ----


def read_jmh(folder):
    """Rows by benchmark class: dicts of parameters, method, score, error and unit."""
    rows = {}
    for path in sorted(folder.glob("*.json")):
        if path.name == "machine.json":
            continue
        for result in json.loads(path.read_text()):
            *_, name, method = result["benchmark"].split(".")
            metric = result["primaryMetric"]
            samples = [value for fork in metric["rawData"] for value in fork]
            error = metric["scoreError"]
            # The least of the iterations: what else runs in the JVM, such as its compilers' bookkeeping, only adds to it.
            allocated = result.get("secondaryMetrics", {}).get("gc.alloc.rate.norm")
            rows.setdefault(name.removesuffix("Benchmark"), []).append({
                "file": path.stem, "method": method, **result.get("params", {}), "score": metric["score"],
                "error": error if isinstance(error, (int, float)) and not math.isnan(error) else None,
                "samples": samples, "unit": metric["scoreUnit"].split("/")[0],
                "allocated": allocated and min(value for fork in allocated["rawData"] for value in fork)})
    return rows


def read_lines(path):
    return [json.loads(line) for line in path.read_text().split("\n") if line] if path.exists() else []


def read_agreement(folder):
    found = {}
    for path in folder.glob("*.log"):
        for what, backend, error in re.findall(r"^agreement (\S+) (\S+) (\S+)$", path.read_text(), re.MULTILINE):
            found[what, backend] = float(error)
    return found


# ---- writing ----


def number(value):
    if value is None:
        return ""
    if value == 0:
        return "0"
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    return f"{value:,.{digits}f}"


def measured(row):
    error = f" ± {number(row['error'])}" if row["error"] else ""
    return f"{number(row['score'])}{error}"


def table(header, rows):
    lines = [header, ["---"] + ["--:"] * (len(header) - 1), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines) + "\n"


def section(title, *parts):
    return f"### {title}\n\n" + "\n".join(part for part in parts if part) + "\n"


CALLS = {
    ("Downcall", "empty"): "call into native code",
    ("Downcall", "binding"): "the same, jextract's binding with a result",
    ("Downcall", "onModelThread"): "call on the model's thread and back",
    ("Progress", "upcall"): "call into native code and from there into Java",
    ("Progress", "event"): "the same, with the progress event of a step",
}


def calls(rows):
    lines = []
    for (name, method), text in CALLS.items():
        by_method = {row["method"]: row for row in rows.get(name, [])}
        if method in by_method:
            row, bound = by_method[method], by_method["bound"]
            lines.append([text, measured(row), number(bound["score"]), number(round(row["allocated"] or 0))])
    return lines and section(
        "Calls", table(["", "ns", "least possible, ns", "allocated, bytes"], lines),
        "The least possible: a critical downcall, which leaves the thread's state alone; a call through a pointer within C.\n")


COPIES = {
    ("PictureCopy", "toBufferedImage", "side"): "picture of {}² to a BufferedImage",
    ("TensorTransfer", "copyIn", "shape"): "array into a tensor of {}",
    ("TensorTransfer", "copyOut", "shape"): "tensor of {} into an array",
    ("TensorTransfer", "newTensor", "shape"): "new tensor of {} from an array",
}


def copies(rows):
    lines = []
    for (name, method, key), text in COPIES.items():
        bounds = {row[key]: row for row in rows.get(name, []) if row["method"] == "bound"}
        for row in rows.get(name, []):
            if row["method"] == method:
                bound = bounds[row[key]]["score"]
                lines.append([text.format(row[key]), measured(row), number(bound), f"{row['score'] / bound:.2f}"])
    return lines and section("Copies", table(["", "µs", "plain copy, µs", "ratio"], lines))


def tokenizer(rows):
    by_key = {(row["prompt"], row["method"]): row for row in rows.get("Tokenizer", [])}
    lines = [
        [prompt, measured(by_key[prompt, "diffusion4j"]), measured(by_key[prompt, "djl"]),
         f"{by_key[prompt, 'djl']['score'] / by_key[prompt, 'diffusion4j']['score']:.2f}"]
        for prompt in dict.fromkeys(prompt for prompt, _ in by_key)]
    return lines and section("Tokenizer", table(["prompt", "Diffusion4J, µs", "DJL, µs", "times as fast"], lines))


def compare(title, what, rows, agreement, pictures):
    """A table over backends with ratios to DJL, and bars."""
    if not rows:
        return ""
    reference = next((row["score"] for row in rows if row["backend"] == DJL), None)
    lines = []
    for row in rows:
        off = agreement.get((what, row["backend"]))
        lines.append([
            row["backend"], measured(row), f"{reference / row['score']:.2f}" if reference else "",
            "" if off is None else f"{off:.0e}"])
    name = re.sub(r"\W+", "-", what).lower()
    figure, axes = plt.subplots(figsize=(6, 0.45 * len(rows) + 0.9))
    colours = ["tab:blue" if row["backend"].startswith("diffusion4j") else "tab:gray" for row in rows]
    axes.barh([row["backend"] for row in rows], [row["score"] for row in rows], xerr=[row["error"] or 0 for row in rows],
              color=colours, capsize=3)
    axes.invert_yaxis()
    axes.set_xlabel("ms (less is better)")
    axes.set_title(title)
    save(figure, pictures / f"{name}.png")
    return section(title, table(["backend", "ms", "times as fast as DJL PyTorch", "off by"], lines),
                   f"![{title}](results/{name}.png)\n")


def save(figure, path):
    figure.tight_layout()
    figure.savefig(path, dpi=100, metadata={"Software": None})
    plt.close(figure)


def parts(rows, agreement, pictures):
    sections = [compare("Text encoder, 77 tokens", "TextEncoder", rows.get("TextEncoder", []), agreement, pictures)]
    for subject in ("full-32", "full-64", "demo-16"):
        model, side = subject.split("-")
        chosen = [row for row in rows.get("UNet", []) if row["subject"] == subject]
        sections.append(compare(
            f"U-Net step, {MODELS[model]}, latents {side}x{side}", f"UNet:{subject}", chosen, agreement, pictures))
    for subject in ("full-32", "full-64", "demo-16"):
        model, side = subject.split("-")
        chosen = [row for row in rows.get("VaeDecode", []) if row["subject"] == subject]
        pixels = 8 * int(side)
        sections.append(compare(
            f"VAE decode, {MODELS[model]}, {pixels}x{pixels}", f"VaeDecode:{subject}", chosen, agreement, pictures))
    demo = [row for row in rows.get("TextToImage", []) if row["file"] == "TextToImage-demo"]
    sections.append(compare(
        "Whole picture of the demo model, 128x128, 20 steps with guidance, warm", "TextToImage", demo, {}, pictures))
    return "".join(filter(None, sections))


def whole_runs(runs, pictures):
    sections = []
    for model in MODELS:
        chosen = [run for run in runs if run["model"] == model]
        if not chosen:
            continue

        def median(backend, key):
            return statistics.median(float(run[key]) for run in chosen if run["backend"] == backend)

        backends = list(dict.fromkeys(run["backend"] for run in chosen))
        keys = ("firstStepMillis", "pictureMillis", "peakKilobytes")
        lines = []
        for backend in backends:
            cells = [backend]
            for key, unit in zip(keys, (1000, 1000, 2**20)):
                value = median(backend, key)
                ratio = f" ({value / median(DJL, key):.2f})" if DJL in backends else ""
                cells.append(f"{value / unit:.2f}{ratio}")
            decibels = median(backend, "psnr")
            cells.append("equal" if math.isinf(decibels) else f"{decibels:.0f}")
            lines.append(cells)
        figure, axes = plt.subplots(1, 2, figsize=(9, 0.45 * len(backends) + 0.9), sharey=True)
        for axis, key, unit, label in zip(
                axes, ("firstStepMillis", "peakKilobytes"), (1000, 2**20), ("s to the first step", "peak memory, GiB")):
            colours = ["tab:blue" if backend.startswith("diffusion4j") else "tab:gray" for backend in backends]
            axis.barh(backends, [median(backend, key) / unit for backend in backends], color=colours)
            axis.set_xlabel(label)
        axes[0].invert_yaxis()
        save(figure, pictures / f"processes-{model}.png")
        first = chosen[0]
        rounds = len(chosen) // len(backends)
        sections.append(section(
            f"A process of its own, {MODELS[model]}, {first['pixels']}x{first['pixels']}, {first['steps']} steps",
            table(["backend", "JVM start to first step, s", "to picture, s", "peak memory, GiB", "PSNR, dB"], lines),
            f"Medians of {rounds}; in brackets the ratio to DJL PyTorch. PSNR is to diffusers' picture in float32. Files "
            "are in the page cache.\n",
            f"![Time to the first step and peak memory](results/processes-{model}.png)\n"))
    return "".join(sections)


def more(processes, one, other):
    """How much more of that column is, in percent: the median over all rounds, and its 95 % interval over processes."""
    ratios = [[100 * (times[one] / times[other] - 1) for times in rounds] for rounds in processes]
    random = np.random.default_rng(1)
    count = len(ratios)
    medians = [np.median(np.concatenate([random.choice(ratios[i], len(ratios[i])) for i in random.integers(0, count, count)]))
               for _ in range(4_000)]
    low, high = np.percentile(medians, [2.5, 97.5])
    return f"{np.median(np.concatenate(ratios)):+.2f} % ({low:+.2f} to {high:+.2f})"


def paired_runs(runs):
    lines = []
    for model, pixels, steps in dict.fromkeys((run["model"], run["pixels"], run["steps"]) for run in runs):
        processes = [run["rounds"] for run in runs if (run["model"], run["pixels"], run["steps"]) == (model, pixels, steps)]
        rounds = [times for process in processes for times in process]
        lines.append([
            f"{MODELS[model]}, {pixels}x{pixels}, {steps} step{'s' if steps > 1 else ''}", f"{len(processes)} x {len(processes[0])}",
            number(statistics.median(c for _, c, _ in rounds)), more(processes, 0, 1), more(processes, 2, 1)])
    return lines and section(
        "Java against the bare C program",
        table(["picture", "processes x rounds", "C, s", "Java more than C", "C more than C"], lines),
        "Medians, with their 95 % intervals in brackets. The pictures are equal, byte by byte. The C program runs twice: by how "
        "much it differs from itself is what these processes can tell. What Java does for a step is timed above, with the calls.\n")


def growth(rows, pictures):
    chosen = rows.get("TextToImage", [])
    sizes = [row for row in chosen if row["file"] == "TextToImage-sizes"]
    steps = [row for row in chosen if row["file"] == "TextToImage-steps"]
    if not sizes or not steps:
        return ""
    figure, axes = plt.subplots(1, 2, figsize=(9, 3.6))
    lines = []
    for axis, points, key, scale in ((axes[0], sizes, "pixels", "log"), (axes[1], steps, "steps", "linear")):
        for backend in dict.fromkeys(row["backend"] for row in points):
            own = sorted((row for row in points if row["backend"] == backend), key=lambda row: int(row[key]))
            x = np.array([int(row[key]) for row in own], float)
            y = np.array([row["score"] for row in own])
            if key == "pixels":
                slope, offset = np.polyfit(np.log(x**2), np.log(y), 1)
                fitted, label = np.exp(offset + slope * np.log(x**2)), f"{backend}: slope {slope:.2f}"
                lines.append(f"- {backend}, from {x[0]:.0f}² to {x[-1]:.0f}²: time grows as (width x height)^{slope:.2f}.")
                xs = x**2
            else:
                slope, offset = np.polyfit(x, y, 1)
                fitted, label = offset + slope * x, f"{backend}: {slope:.0f} ms a step"
                lines.append(f"- {backend}, from {x[0]:.0f} to {x[-1]:.0f} steps: {number(slope)} ms a step and "
                             f"{number(offset)} ms besides.")
                if own[0]["allocated"]:
                    each = np.polyfit(x, [row["allocated"] for row in own], 1)[0]
                    lines.append(f"- {backend}: a further step allocates {each:.0f} bytes on the heap.")
                xs = x
            axis.errorbar(xs, y, yerr=[row["error"] or 0 for row in own], fmt="o", capsize=3)
            axis.plot(xs, fitted, "-", label=label)
        axis.set_xscale(scale)
        axis.set_yscale(scale)
        axis.set_xlabel("pixels" if key == "pixels" else "steps")
        axis.set_ylabel("ms a picture")
        axis.legend()
    save(figure, pictures / "growth.png")
    return section("How cost grows, demo model", "\n".join(lines) + "\n", "![Cost over size and steps](results/growth.png)\n")


def write_report(args):
    folder = args.results
    pictures = args.pictures or folder / "results"
    pictures.mkdir(parents=True, exist_ok=True)
    rows, agreement = read_jmh(folder), read_agreement(folder)
    runs, pairs = read_lines(folder / "WholeRun.jsonl"), read_lines(folder / "PairedRun.jsonl")
    machine = json.loads((folder / "machine.json").read_text())
    text = "\n".join([
        table(["", ""], [[key, value] for key, value in machine.items()]).replace("--:", "---"),
        "Errors are JMH's, 99.9 % confidence, where there are two measurements or more.\n",
        calls(rows) or "", copies(rows) or "", tokenizer(rows) or "", parts(rows, agreement, pictures),
        whole_runs(runs, pictures), paired_runs(pairs) or "", growth(rows, pictures)])
    text = re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"
    args.report.write_text(text)
    if args.readme:
        readme = args.readme.read_text()
        before, after = readme.split(BEGIN)[0], readme.split(END)[1]
        args.readme.write_text(f"{before}{BEGIN}\n\n{text}\n{END}{after}")
        everything = {"machine": machine, "jmh": rows, "wholeRuns": runs, "pairedRuns": pairs,
                      "agreement": {" ".join(key): value for key, value in sorted(agreement.items())}}
        (pictures / "results.json").write_text(json.dumps(everything, indent=1) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    machine = commands.add_parser("machine")
    machine.add_argument("repository", type=Path)
    machine.add_argument("output", type=Path)
    for option in ("--mode", "--threads", "--java"):
        machine.add_argument(option, required=True)
    machine.set_defaults(run=write_machine)
    report = commands.add_parser("report")
    report.add_argument("results", type=Path)
    report.add_argument("report", type=Path)
    report.add_argument("--readme", type=Path)
    report.add_argument("--pictures", type=Path)
    report.set_defaults(run=write_report)
    args = parser.parse_args()
    args.run(args)


if __name__ == "__main__":
    main()
