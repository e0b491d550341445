# SPDX-License-Identifier: BSD-3-Clause
"""Mutated blocks, decoded in processes of their own: no crash, no hang, no write outside, no great memory.

Our own blocks carry a checksum that most mutations break; blocks of earlier plugins have none, so that theirs reach the
engine.
"""

from __future__ import annotations

from pathlib import Path

import pytest

import mutation_worker
from processes import run_batches, run_worker


def test_mutated_blocks(is_long: bool) -> None:
    failures = run_batches(mutation_worker.__file__, 20_000 if is_long else 2000)
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
    exit, text = run_worker(mutation_worker.__file__, "--file", path, timeout=60)
    assert exit == 0, text
