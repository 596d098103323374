#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""
report - how much of the module was run, by source file

    report.py ANYGATE_KO COVERAGE UNCOVERED

COVERAGE has lines "section NAME ADDRESS" of the loaded module, after each of
which come addresses that were run. All blocks there are, are the calls in the
module's code; into UNCOVERED go those that were not run.
"""

import bisect
import collections
import os
import re
import subprocess
import sys

CALL = "__sanitizer_cov_trace_pc"
# Run once and freed, or run when nobody can ask any more.
LEFT_OUT = (".init.text", ".exit.text")


def blocks(ko):
    """Section and offset of what follows each call."""
    found = set()
    section = None
    last = 0
    text = subprocess.run(["objdump", "-dr", "--no-show-raw-insn", ko], check=True,
                          capture_output=True, text=True).stdout
    for line in text.splitlines():
        if line.startswith("Disassembly of section "):
            section = line.split()[-1].rstrip(":")
            continue
        m = re.match(r"\s+([0-9a-f]+):\s+call", line)
        if m:
            last = int(m.group(1), 16)
            if f"<{CALL}>" in line:
                found.add((section, last + 5))
        elif "R_X86_64" in line and CALL in line:
            found.add((section, last + 5))
    return {f for f in found if f[0] not in LEFT_OUT}


def lines_of(ko, wanted):
    """Of each: its function, its file and its line."""
    result = {}
    for section in {s for s, _ in wanted}:
        offsets = sorted(o for s, o in wanted if s == section)
        # The call itself, not what comes after it.
        out = subprocess.run(["addr2line", "-f", "-e", ko, "-j", section],
                             input="".join(f"{o - 1:x}\n" for o in offsets), check=True,
                             capture_output=True, text=True).stdout.splitlines()
        for i, offset in enumerate(offsets):
            where = out[2 * i + 1].split(" ")[0]
            path, _, number = where.rpartition(":")
            path = os.path.normpath(path)
            if "/kmod/" in path:
                path = "kmod/" + path.rpartition("/kmod/")[2]
            else:
                # an inline function of the kernel's
                path = "include/" + path.rpartition("/include/")[2]
            result[section, offset] = (path, int(number) if number.isdigit() else 0, out[2 * i])
    return result


def main():
    ko, coverage, uncovered = sys.argv[1:]
    every = blocks(ko)
    seen = set()
    sections = []
    # Of the loading that the addresses after them belong to.
    starts, names = [], []
    fresh = True
    with open(coverage, encoding="utf-8", errors="replace") as f:
        for line in f:
            words = line.split()
            if len(words) == 3 and words[0] == "section":
                if fresh:
                    sections = []
                fresh = False
                sections.append((int(words[2], 16), words[1]))
                continue
            if not sections or not re.fullmatch(r"[0-9a-f]{16}", line.strip()):
                continue
            if not fresh:
                sections.sort()
                starts, names = zip(*sections)
                fresh = True
            address = int(line, 16)
            at = bisect.bisect_right(starts, address) - 1
            if at >= 0:
                seen.add((names[at], address - starts[at]))
    if not seen & every:
        print("nothing was counted")
        return 1
    where = lines_of(ko, every)
    total, run = collections.Counter(), collections.Counter()
    missing = collections.defaultdict(set)
    for block in every:
        path, number, function = where[block]
        if path == "kmod/coverage.c":
            continue
        total[path] += 1
        if block in seen:
            run[path] += 1
        else:
            missing[path].add((number, function))
    print(f"{'file':<28} {'blocks':>6} {'run':>6} {'share':>6}")
    ours = sorted(p for p in total if p.startswith("kmod/"))
    for path in ours:
        print(f"{path:<28} {total[path]:>6} {run[path]:>6} {100 * run[path] // total[path]:>5}%")
    for name, paths in (("kmod/", ours), ("inline functions of the kernel",
                                          [p for p in total if p not in ours])):
        all_of, run_of = sum(total[p] for p in paths), sum(run[p] for p in paths)
        print(f"{name:<28} {all_of:>6} {run_of:>6} {100 * run_of // max(all_of, 1):>5}%")
    with open(uncovered, "w", encoding="utf-8") as f:
        for path in ours:
            for number, function in sorted(missing[path]):
                print(f"{path}:{number}: {function}", file=f)
    return 0


if __name__ == "__main__":
    sys.exit(main())
