# SPDX-License-Identifier: BSD-3-Clause
"""Cost against the size of the image, and against threads."""

from __future__ import annotations

import math

import numpy as np

from compare import data, judge, machine, plots
from compare.cells import Budget
from compare.report import Report, Row
from compare.sections.lossless import LOSSLESS
from compare.session import Session
from compare.tables import number, table

BLOCKS = 64  # of the array that threads share
MODEL = f"""Beyond the cores of this machine the times are a model's: T(n) = s + p ceil({BLOCKS} / n) / {BLOCKS}, where
s is the part that one thread does alone and p the part that is shared, both solved from the measured times of 1 and 2
threads. It assumes that blocks cost the same, that memory and level 3 cache serve n cores as well as 2, that all cores
keep their clock, and that no lock is met more often with more threads."""


def run_sizes(session: Session, report: Report) -> None:
    """One block an image, from 64 x 64 on; the largest is done in one round."""
    sides = [64, 128, 256, 512] if session.is_quick else [64, 128, 256, 512, 1024, 2048, 4096]
    lines: dict[str, dict[str, list[tuple[float, float]]]] = {"encode": {}, "decode": {}}
    budget = session.budget
    for side in sides:
        item = data.one_block(f"{side} x {side}", data.generated("xray", side, side))
        session.budget = Budget(1, 0, budget.limit_seconds) if side == 4096 else budget
        entries = session.compare(item, LOSSLESS, judge.check_lossless)
        report.rows.append(Row("Sizes", item.facts, session.threads, entries))
        for peer, entry in entries.items():
            for operation in lines if not entry.failure else ():
                cost = 1e9 * entry.median(operation) / item.samples.size
                lines[operation].setdefault(peer.name, []).append((side, cost))
        session.say(f"sizes: {item.name}")
    session.budget = budget
    report.add("## Cost against the size of the image", "A simulated radiograph of n x n, one block, lossless.")
    for operation, curves in lines.items():
        name = f"size-{operation}.svg"
        plots.curves(report.folder / name, f"lossless, {operation}", "n of n x n", "ns a sample", curves, "xy")
        rows = [[codec, *_columns(points, sides), number(_slope(points))] for codec, points in curves.items()]
        report.add(f"![ns a sample, {operation}]({name})")
        report.add(table([operation, *map(str, sides), "exponent"], rows))
    report.add("The exponent is that of time against samples from n = 256 on: 1 is linear.")


def _columns(points: list[tuple[float, float]], sides: list[int]) -> list[str]:
    found = dict(points)
    return [number(found.get(side)) for side in sides]


def _slope(points: list[tuple[float, float]]) -> float | None:
    """Of log time over log samples."""
    large = [(side, cost) for side, cost in points if side >= 256]
    if len(large) < 2:
        return None
    samples = [2 * math.log(side) for side, _ in large]
    return float(np.polyfit(samples, [n + math.log(cost) for n, (_, cost) in zip(samples, large)], 1)[0])


def run_threads(session: Session, report: Report) -> None:
    """Measured up to the machine's cores, and told by a model beyond."""
    counts = [n for n in (1, 2, 4, 8, 16) if n <= len(machine.cores())]
    side = 128 if session.is_quick else 256
    item = data.one_chunk(f"{BLOCKS} blocks of {side} x {side}", data.squares(BLOCKS, side), (1, side, side))
    peers = {peer: None for peer in LOSSLESS if peer.is_jpeg2000 and peer.threads}
    seconds: dict[tuple[str, str], dict[int, float]] = {}
    for count in counts:
        session.use_threads(count)
        entries = session.compare(item, peers, judge.check_lossless)
        report.rows.append(Row("Threads", item.facts, count, entries))
        for peer, entry in entries.items():
            for operation in ("encode", "decode") if not entry.failure else ():
                seconds.setdefault((peer.name, operation), {})[count] = entry.median(operation)
    session.use_threads(1)
    shown = [*counts, *(n for n in (4, 8, 16, 32) if n > counts[-1])] if len(counts) > 1 else counts
    rows = [[f"{name}, {operation}", *_speedups(times, shown)] for (name, operation), times in seconds.items()]
    header = ["times as fast as one thread", *(str(n) if n in counts else f"{n} (model)" for n in shown)]
    report.add(f"## Threads: {item.name}, lossless", table(header, rows), MODEL)
    lines = {name: [(n, float(value)) for n, value in zip(shown, _speedups(times, shown))]
             for (name, operation), times in seconds.items() if operation == "encode"}  # fmt: skip
    title = "encode: measured, then the model"
    plots.curves(report.folder / "threads.svg", title, "threads", "times as fast", lines, "xy")
    report.add("![threads](threads.svg)")
    session.say("threads")


def _speedups(times: dict[int, float], shown: list[int]) -> list[str]:
    return [number(times[1] / (times[n] if n in times else model(times[1], times[2], n))) for n in shown]


def model(one: float, two: float, threads: int, blocks: int = BLOCKS) -> float:
    """Seconds by the model of MODEL; the part of one thread can't be negative."""
    shared = min(2 * (one - two), one)
    return one - shared + shared * math.ceil(blocks / threads) / blocks
