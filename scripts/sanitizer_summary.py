"""Sums up the reports that sanitizers left in a folder: each finding once, with the place and how often. Ends with 1 if
there are any.

    python3 scripts/sanitizer_summary.py native/build/asan/reports/20260101-120000
"""

import collections
import pathlib
import re
import sys

UNDEFINED = re.compile(r"^(?P<place>\S+:\d+):\d+: runtime error: (?P<what>.*)")
BEGIN = re.compile(r"^(==\d+==ERROR: |WARNING: )(?P<tool>\w+Sanitizer): (?P<what>.*)")
LEAK = re.compile(r"^(?P<what>(Direct|Indirect) leak of .*)")
FRAME = re.compile(r"^\s+#\d+ (0x[0-9a-f]+ in )?(?P<function>.*?) (?P<place>\S+:\d+)(:\d+)?( \(|$)")
# What a test of an allocation that is too large leaves behind: the caller was told. And what is said of a JVM's own printf.
HARMLESS = re.compile(
    r"^==\d+==(WARNING: AddressSanitizer failed to allocate 0x[0-9a-f]+ bytes"
    r"|AddressSanitizer: WARNING: unexpected format specifier in printf interceptor.*)$"
)
OURS = re.compile(r"(^|/)native/(shim|test)/")


def short(place):
    """A place without the folders of whoever built it."""
    for root in ("stable-diffusion.cpp/", "native/"):
        head, found, tail = place.partition(root)
        if found:
            return (root if root == "native/" else "") + tail
    return place


def plain(what):
    """What was found, without the numbers that differ each time."""
    what = re.sub(r"0x[0-9a-f]+|\(pid=\d+\)|\bpid \d+|of \d+ byte\(s\) in \d+ object\(s\)", "…", what)
    return re.sub(r"-?\b\d[\d.e+]*\b", "N", what)


def findings(report):
    """Pairs of what and where, where being the innermost frame whose source is the library's own."""
    lines = report.read_text(errors="replace").splitlines()
    for i, line in enumerate(lines):
        if match := UNDEFINED.match(line):
            yield "UBSan: " + plain(match["what"]), short(match["place"])
        elif (match := BEGIN.match(line)) and "LeakSanitizer: detected" not in line:
            yield match["tool"] + ": " + plain(match["what"]), innermost(lines[i + 1 :])
        elif match := LEAK.match(line):
            yield "LeakSanitizer: " + plain(match["what"]), innermost(lines[i + 1 :])


def innermost(lines):
    first = "no frame of the library's"
    for line in lines:
        if BEGIN.match(line) or LEAK.match(line) or line.startswith("SUMMARY"):
            break
        if match := FRAME.match(line):
            if "stable-diffusion.cpp/" in match["place"] or OURS.search(match["place"]):
                return short(match["place"]) + " " + match["function"].split("(")[0]
            if first.startswith("no "):
                first += " (" + match["function"] + ")"
    return first


def is_understood(report):
    lines = report.read_text(errors="replace").splitlines()
    return any(findings(report)) or all(HARMLESS.match(line) for line in lines)


def main(folder):
    reports = sorted(path for path in pathlib.Path(folder).iterdir() if path.is_file())
    counts = collections.Counter(finding for report in reports for finding in findings(report))
    # Ours first.
    for (what, where), count in sorted(counts.items(), key=lambda item: (not OURS.search(item[0][1]), item[0][1])):
        print(f"{'shim    ' if OURS.search(where) else 'upstream'}  {where}  {what}  ({count} times)")
    unknown = [report for report in reports if not is_understood(report)]
    for report in unknown:
        print(f"not understood: {report}")
    ours = sum(1 for _, where in counts if OURS.search(where))
    print(f"{len(counts)} findings in {len(reports)} reports, {ours} of them in the shim: {folder}")
    return 1 if counts or unknown else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
