# SPDX-License-Identifier: BSD-3-Clause
"""The engines beside each other, in turns: the tables of docs/performance.md.

    cmake -S . -B build/bench -DCMAKE_BUILD_TYPE=Release -DBLOSC2_GROK_BUILD_BENCH=ON
    cmake --build build/bench --target engine_bench
    chrt -f 10 python bench/engines.py --write docs/performance.md --record build/engines.json
    python tools/validate.py add build/engines.json

It needs pydicom, pydicom_data, scikit-image and imagecodecs.

Ours, Grok, OpenJPEG and OpenJPH 0.9.0 run in engine_bench, OpenJPH 0.26.3 (in imagecodecs) here; in each turn every
one codes the same blocks once. MB/s in / out are medians over the turns, by the clock, of samples that lie in memory
already. One thread has one core to itself, two have two. Without loss, all samples must come back.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Dict, List, Optional, Tuple

import imagecodecs
import numpy as np
from numpy.typing import NDArray

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "demo")]
import radiograph  # noqa: E402, I001
import images as demo_images  # noqa: E402
from compare import machine  # noqa: E402

Image = NDArray[Any]
Times = Tuple[float, float, int, bool]  # seconds in and out, bytes, all samples came back
NEW_OPENJPH = "OpenJPH 0.26.3"
HEADINGS = {"j2k": "src/j2k", "grok": "Grok 10.0.5", "openjpeg": "OpenJPEG 2.5.0"}
START, END = "<!-- bench/engines.py: begin -->", "<!-- bench/engines.py: end -->"


def detector(rows: int = 1024, columns: int = 1024) -> Image:
    """Photons on a detector of 16 bits: a smooth beam, its noise, and the read-out's."""
    rng = np.random.default_rng(3)
    y, x = np.mgrid[0:rows, 0:columns]
    beam = 200 + 1800 * np.exp(-((y - rows * 0.45) ** 2 + (x - columns * 0.55) ** 2) / (2 * (0.3 * rows) ** 2))
    return np.clip(rng.poisson(beam) + rng.normal(100, 4, (rows, columns)), 0, 65535).astype(np.uint16)


def ct_stack() -> Image:
    frame = demo_images.ct_slice()
    return np.stack([frame, frame[::-1], frame[:, ::-1], frame[::-1, ::-1]])


def mr() -> Image:
    return demo_images._dicom("MR2_UNCR.dcm")


HT_IMAGES = {
    "X-ray, 1900 x 1008, uint16": lambda: radiograph.crop(1900, 1008)[None],
    "CT, 4 x 512 x 512, int16": ct_stack,
    "photo, 512 x 512 x 3, uint8": lambda: demo_images.photo()[None],
    "detector, 1024 x 1024, uint16": lambda: detector()[None],
}
PART1_IMAGES = {
    "radiograph, 1900 x 1008, uint16": lambda: radiograph.crop(1900, 1008)[None],
    "CT, 512 x 512, int16": lambda: demo_images.ct_slice()[None],
    "MR, 1024 x 1024, uint16": lambda: mr()[None],
    "photo, 512 x 512 x 3, uint8": lambda: demo_images.photo()[None],
}


@dataclass
class Case:
    image: str
    frames: Image
    coder: str
    rate: float  # 0: without loss
    side: int  # 0: whole frames
    threads: int

    @property
    def is_colour(self) -> bool:
        return self.frames.ndim == 4

    def blocks(self) -> List[Image]:
        if self.side == 0:
            return [np.ascontiguousarray(frame) for frame in self.frames]
        rows, columns = self.frames.shape[1:3]
        return [
            np.ascontiguousarray(frame[y : y + self.side, x : x + self.side])
            for frame in self.frames
            for y in range(0, rows, self.side)
            for x in range(0, columns, self.side)
        ]


class Program:
    """engine_bench: a turn on request."""

    def __init__(self, program: Path, case: Case, raw: Path) -> None:
        frames = case.frames
        frames.tofile(raw)
        channels = frames.shape[3] if case.is_colour else 1
        sign = "s" if frames.dtype.kind == "i" else "u"
        arguments = [*frames.shape[1:3], channels, 8 * frames.dtype.itemsize, sign]
        arguments += [case.coder, case.rate, case.side, case.threads]
        command = [str(program), str(raw), *map(str, arguments)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def turn(self) -> Dict[str, Times]:
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write("turn\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError(f"{self._process.args} ended")
        return {name: (times[0], times[1], times[2], bool(times[3])) for name, times in json.loads(answer).items()}

    def close(self) -> None:
        self._process.communicate()


class NewOpenJph:
    """OpenJPH's present release, as imagecodecs calls it: its threads are those of the blocks."""

    def __init__(self, case: Case) -> None:
        self._blocks = case.blocks()
        self._pool = ThreadPoolExecutor(case.threads) if case.threads > 1 else None
        self._options: Dict[str, Any] = {"reversible": case.rate == 0, "rgb": case.is_colour or None}
        if case.rate > 0:
            self._options["level"] = self._find_level(case.frames.nbytes / case.rate)

    def _find_level(self, budget: float) -> float:
        """It has no rate, but a step: the one that takes the budget."""
        low, high = -17.0, -3.0
        for _ in range(10):
            middle = (low + high) / 2
            self._options["level"] = 2.0**middle
            size = sum(map(len, self._all(self._encode, self._blocks)))
            low, high = (middle, high) if size > budget else (low, middle)
        return float(2.0**high)

    def _encode(self, block: Image) -> bytes:
        return bytes(imagecodecs.htj2k_encode(block, **self._options))

    def _all(self, code: Any, blocks: List[Any]) -> List[Any]:
        return list(self._pool.map(code, blocks)) if self._pool else [code(block) for block in blocks]

    def turn(self) -> Times:
        start = time.perf_counter()
        streams = self._all(self._encode, self._blocks)
        middle = time.perf_counter()
        decoded = self._all(imagecodecs.htj2k_decode, streams)
        end = time.perf_counter()
        same = all(np.array_equal(a.reshape(b.shape), b) for a, b in zip(decoded, self._blocks))
        return middle - start, end - middle, sum(map(len, streams)), same


def peer_for(case: Case) -> Optional[NewOpenJph]:
    is_inside = case.threads > 1 and len(case.blocks()) == 1
    return NewOpenJph(case) if case.coder == "ht" and not is_inside else None


def measure(case: Case, program: Path, turns: int, raw: Path) -> Dict[str, List[Times]]:
    cores = machine.cores()
    os.sched_setaffinity(0, cores[: case.threads])
    worker = Program(program, case, raw)
    peer = peer_for(case)
    runs: Dict[str, List[Times]] = {}
    for turn in range(turns + 1):
        found = worker.turn()
        if peer:
            found[NEW_OPENJPH] = peer.turn()
        for name, times in found.items():
            if turn > 0:  # the first warms memory up
                runs.setdefault(name, []).append(times)
    worker.close()
    os.sched_setaffinity(0, cores)
    return runs


def medians(runs: List[Times]) -> Tuple[float, float]:
    return statistics.median(run[0] for run in runs), statistics.median(run[1] for run in runs)


def record(case: Case, runs: Dict[str, List[Times]]) -> Dict[str, Any]:
    """For tools/validate.py."""
    head = {"image": case.image, "coder": case.coder, "rate": case.rate, "side": case.side, "threads": case.threads}
    found = {name: [*medians(runs[name]), runs[name][0][2]] for name in runs}
    return {**head, "bytes": case.frames.nbytes, "engines": found}


def row(case: Case, runs: Dict[str, List[Times]], names: List[str]) -> str:
    blocks = f"{case.side} x {case.side}" if case.side else "whole"
    quality = f"rate {case.rate:g}" if case.rate else "lossless"
    ours = medians(runs["j2k"])
    cells = [case.image, quality, blocks]
    for name in names:
        if name not in runs:
            cells.append("")
            continue
        seconds_in, seconds_out = medians(runs[name])
        megabytes = case.frames.nbytes / 1e6
        cell = f"{megabytes / seconds_in:.0f} / {megabytes / seconds_out:.0f}"
        if name != "j2k":
            cell += f" ({seconds_in / ours[0]:.2f} / {seconds_out / ours[1]:.2f})"
        if case.rate == 0 and not all(run[3] for run in runs[name]):
            cell += " wrong"
        cells.append(cell)
    cells.append(" / ".join(f"{case.frames.nbytes / runs[name][0][2]:.3f}" for name in names if name in runs))
    return "| " + " | ".join(cells) + " |"


def table(cases: List[Case], arguments: argparse.Namespace, raw: Path, records: List[Dict[str, Any]]) -> List[str]:
    coder = cases[0].coder
    names = ["j2k", "grok", *(["OpenJPH 0.9.0", NEW_OPENJPH] if coder == "ht" else ["openjpeg"])]
    heads = ["image", "quality", "blocks", *(HEADINGS.get(name, name) for name in names), "ratios"]
    lines = ["| " + " | ".join(heads) + " |", "|" + " --- |" * len(heads)]
    for case in cases:
        runs = measure(case, arguments.program, arguments.turns, raw)
        records.append(record(case, runs))
        lines.append(row(case, runs, names))
        print(lines[-1], flush=True)
    return lines


def cases_of(coder: str, threads: int, is_quick: bool) -> List[Case]:
    images, rates, sides = (HT_IMAGES, (0, 8), (0, 256, 64)) if coder == "ht" else (PART1_IMAGES, (0, 8, 16), (0, 64))
    made = {name: np.ascontiguousarray(make()) for name, make in images.items()}
    cases = [
        Case(name, frames, coder, rate, side, threads)
        for name, frames in made.items()
        for rate in rates
        for side in sides
    ]
    return cases[:1] if is_quick else cases


def report(arguments: argparse.Namespace, records: List[Dict[str, Any]]) -> str:
    lines = ["; ".join(machine.describe()) + ".", ""]
    with tempfile.TemporaryDirectory() as folder:
        for coder, title in (("ht", "High throughput"), ("part1", "Part 1")):
            for threads in arguments.threads:
                lines += [f"**{title}, {'one thread' if threads == 1 else 'two threads'}**", ""]
                lines += table(cases_of(coder, threads, arguments.quick), arguments, Path(folder) / "raw", records)
                lines.append("")
    return "\n".join(lines)


def write_between(path: Path, text: str) -> None:
    """Replaces what stands between the two comments of a page."""
    page = path.read_text()
    before, after = page.index(START) + len(START), page.index(END)
    path.write_text(page[:before] + "\n" + text + page[after:])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--quick", action="store_true", help="the first row of each table")
    parser.add_argument("--program", type=Path, default=HERE.parent / "build/bench/bench/engine_bench")
    parser.add_argument("--write", type=Path, help="a page whose tables are to be replaced")
    parser.add_argument("--record", type=Path, help="a JSON file of all rows, for tools/validate.py add")
    arguments = parser.parse_args()
    records: List[Dict[str, Any]] = []
    text = report(arguments, records)
    if arguments.record:
        head = {
            "kind": "engines",
            "date": f"{datetime.now(timezone.utc):%Y-%m-%d}",
            "commit": machine.describe_commit(),
        }
        arguments.record.write_text(json.dumps({**head, "command": " ".join(sys.argv), "rows": records}, indent=0))
    if arguments.write:
        write_between(arguments.write, text)


if __name__ == "__main__":
    main()
