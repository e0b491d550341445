# SPDX-License-Identifier: BSD-3-Clause
"""The run itself, in the driver's environment: started by __main__.py."""

from __future__ import annotations

import argparse
import shutil
import tempfile
from pathlib import Path
from typing import Iterable

from compare import front, machine, summary, venvs
from compare.cells import Budget
from compare.kept import Kept, Part
from compare.report import Report
from compare.sections import lossless, lossy, reading, scaling
from compare.session import Session

RESULTS = venvs.ROOT / "bench" / "results"
QUICK = Budget(rounds=3, seconds=0.2, limit_seconds=20)
FULL = Budget(rounds=5, seconds=1.5, limit_seconds=120)
PARTS = {
    "lossless": lossless.run,
    "lossy": lossy.run,
    "reading": reading.run,
    "sizes": scaling.run_sizes,
    "threads": scaling.run_threads,
}
METHOD = """Each codec is a process of its own, pinned before it starts to as many cores as it may use threads. All take
turns: a round is one encoding and one decoding of each, whoever begins changes from round to round, and a ratio of two
speeds is the median of the ratios within rounds. The first encoding and decoding aren't timed. What was decoded is
compared with the original by the driver before a time counts. Speeds are MB (10^6 bytes) of samples a second: by the
median time, and by the least one in brackets. "ours / it" is how many times as fast ours is: Part 1 against Part 1, HT
against all others. Memory is the most that a call held beyond what the process had before, in multiples of the array.
Lossy Part 1 is the 9/7 wavelet in all codecs. The peak of a PSNR is that of the dtype. SZ3, SPERR and ZFP get the
samples as float32, and what they return is rounded, both within their times. HDF5's filters work on one chunk at a
time, whatever the threads. Of many small arrays, codecs of images share the images among the threads, and
so does blosc2_grok's Part 1 with arrays, after `blosc2.set_releasegil(True)` and with `read`. The other plugins gain
nothing by that, and faster codecs lose: passing Python's lock to and fro takes longer than coding."""


def parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench/compare", description="Measures blosc2_grok beside its alternatives.")
    parser.add_argument("--quick", action="store_true", help="smaller arrays and fewer rounds: under 5 minutes")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS), metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--resume", action="store_true", help="take what a run of this tree has, and do the rest")
    parser.add_argument("--output", type=Path, default=RESULTS, help="default: bench/results")
    parser.add_argument("--wheel", type=Path, help="of blosc2-grok; default: one is built from this tree")
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> None:
    options = parse(arguments)
    options.output.mkdir(parents=True, exist_ok=True)
    kept = Kept(venvs.FOLDER / "parts", f"{options.quick} {machine.cores()} {venvs.stamp_of('ours')}")
    if not options.resume:
        kept.clear()
        (venvs.FOLDER / "workers.log").unlink(missing_ok=True)
    parts: dict[str, Part] = {}
    steps = _steps(options.only)
    for name, threads in steps:
        label = f"{name}-{threads}"
        parts[label] = kept.load(label) or _run_part(options, name, threads)
        kept.save(label, parts[label])
        missing = [f"{n} with {t} thread(s)" for n, t in steps if f"{n}-{t}" not in parts]
        page = _write(options, list(parts.values()), missing)
    print(f"written: {page}")


def _steps(parts: list[str]) -> list[tuple[str, int]]:
    """Parts and threads; the last one uses 1, 2 and more by itself."""
    steps = [("lossless", 2)] if "lossless" in parts and len(machine.cores()) > 1 else []
    return steps + [(name, 1) for name in parts]


def _run_part(options: argparse.Namespace, name: str, threads: int) -> Part:
    memory = "/dev/shm" if shutil.disk_usage("/dev/shm").free > 1 << 30 else None
    described, report = machine.describe(), Report(options.output)
    with tempfile.TemporaryDirectory(dir=memory) as folder, open(venvs.FOLDER / "workers.log", "ab") as log:
        session = Session(Path(folder), log, QUICK if options.quick else FULL, options.quick)
        try:
            session.use_threads(threads)
            PARTS[name](session, report)
        finally:
            session.close()
    return Part(report.texts, report.rows, session.versions, session.minutes(), described)


def _write(options: argparse.Namespace, parts: list[Part], missing: list[str]) -> Path:
    """The pages, of the parts that there are: a run that is cut leaves them."""
    report = Report(options.output, [text for p in parts for text in p.texts], [row for p in parts for row in p.rows])
    head = ["# Side by side", *_list(parts[0].machine)]
    if options.quick:
        head.append("**A quick run**: small arrays and few rounds, to see that everything works. Not for citing.")
    if missing:
        head.append(f"**Not finished**: {', '.join(missing)} are missing; `--resume` goes on.")
    minutes = sum(part.minutes for part in parts)
    loads = ", ".join(part.machine[-1].rsplit(" ", 1)[1] for part in parts)
    head += _list([f"load before each part: {loads}; after the last {machine.load():.2f}; {minutes:.0f} minutes"])
    found = {name: told for part in parts for name, told in part.versions.items()}
    versions = _list(f"{name}: {', '.join(told)}" for name, told in sorted(found.items()))
    if not missing and not options.quick:
        report.write_summary(front.text(report.rows, parts[0].machine[:2]))
    return report.write("README.md", [*head, *summary.text(report.rows), "## Method", METHOD, "## Versions", *versions])


def _list(lines: Iterable[str]) -> list[str]:
    return ["\n".join(f"- {line}" for line in lines)]


if __name__ == "__main__":
    main()
