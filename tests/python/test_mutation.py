# SPDX-License-Identifier: BSD-3-Clause
"""Mutated blocks, decoded in processes of their own: no crash, no hang, no write outside, no great memory.

Our own blocks carry a checksum that most mutations break; blocks of earlier plugins have none, so that theirs reach the
engine.
"""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Tuple

import pytest

import mutation_worker

QUICK, LONG, BATCH = 2000, 20_000, 250


def run_batch(first: int, count: int) -> Tuple[int, str]:
    command = [sys.executable, mutation_worker.__file__, str(first), str(count)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    except subprocess.TimeoutExpired as error:
        return 1, f"hangs: {(error.stdout or b'')[-300:]!r}"
    return done.returncode, done.stdout[-1000:] + done.stderr[-2000:]


def test_mutated_blocks(is_long: bool) -> None:
    count = LONG if is_long else QUICK
    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(run_batch, range(0, count, BATCH), [BATCH] * (count // BATCH)))
    failures = [f"mutants from {BATCH * i}: exit {exit}\n{text}" for i, (exit, text) in enumerate(results) if exit]
    assert not failures, "\n\n".join(failures)


def test_seeds_decode() -> None:
    names = [seed.name for seed in mutation_worker.seeds()]
    assert len(names) > 20 and len(set(names)) == len(names)


def test_mutants_are_the_same_each_time() -> None:
    seeds = mutation_worker.seeds()
    assert [mutation_worker.mutant(seeds, n).data for n in range(50)] == [
        mutation_worker.mutant(seeds, n).data for n in range(50)
    ]


HOSTILE = sorted((Path(__file__).parents[1] / "hostile").glob("*.j[p2][2k]"))


@pytest.mark.parametrize("path", HOSTILE, ids=lambda path: path.name)
def test_hostile_file(path: Path) -> None:
    """Every crash that was fixed left its input here."""
    command = [sys.executable, mutation_worker.__file__, "--file", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
