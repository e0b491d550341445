# SPDX-License-Identifier: BSD-3-Clause
"""The run itself, in the driver's environment: started by __main__.py."""

from __future__ import annotations

import argparse
import shutil
import tempfile
from pathlib import Path

from compare import machine, summary, venvs
from compare.cells import Budget
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
time, whatever the threads."""


def parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench/compare", description="Measures blosc2_grok beside its alternatives.")
    parser.add_argument("--quick", action="store_true", help="smaller arrays and fewer rounds: under 5 minutes")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS), metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--output", type=Path, default=RESULTS, help="default: bench/results")
    parser.add_argument("--wheel", type=Path, help="of blosc2-grok; default: one is built from this tree")
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> None:
    options = parse(arguments)
    options.output.mkdir(parents=True, exist_ok=True)
    memory = "/dev/shm" if shutil.disk_usage("/dev/shm").free > 1 << 30 else None
    head = ["# Side by side", *_list(machine.describe())]
    report = Report(options.output)
    with tempfile.TemporaryDirectory(dir=memory) as folder, open(venvs.FOLDER / "workers.log", "wb") as log:
        session = Session(Path(folder), log, QUICK if options.quick else FULL, options.quick)
        try:
            _run_parts(session, report, options.only)
        finally:
            session.close()
    if options.quick:
        head.append("**A quick run**: small arrays and few rounds, to see that everything works. Not for citing.")
    head += _list([f"load after the run {machine.load():.2f}; it took {session.minutes():.0f} minutes"])
    versions = _list(f"{name}: {', '.join(found)}" for name, found in sorted(session.versions.items()))
    page = report.write("README.md", [*head, *summary.text(report.rows), "## Method", METHOD, "## Versions", *versions])
    print(f"written: {page}")


def _list(lines: object) -> list[str]:
    return ["\n".join(f"- {line}" for line in lines)]  # type: ignore[attr-defined]


def _run_parts(session: Session, report: Report, parts: list[str]) -> None:
    for name in parts:
        if name == "lossless" and len(machine.cores()) > 1:
            session.use_threads(2)
            PARTS[name](session, report)
            session.use_threads(1)
        PARTS[name](session, report)


if __name__ == "__main__":
    main()
