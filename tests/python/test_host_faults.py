# SPDX-License-Identifier: BSD-3-Clause
"""Chunks that Blosc2 2.7.0 to 3.7.2 mixes up; tests/hosts shows it with those versions themselves."""

from __future__ import annotations

import itertools
from typing import Tuple

import blosc2
import numpy as np
import pytest

import blosc2_grok
from blosc2_grok.host_faults import are_in_line, mixes_up


def in_block_order(chunks: Tuple[int, ...], blocks: Tuple[int, ...]) -> np.ndarray:  # type: ignore[type-arg]
    """Numbers of a chunk's samples as Blosc2 stores them: block after block."""
    numbers = np.arange(np.prod(chunks)).reshape(chunks)
    grid = itertools.product(*(range(0, chunk, block) for chunk, block in zip(chunks, blocks)))
    parts = [numbers[tuple(slice(n, n + block) for n, block in zip(start, blocks))] for start in grid]
    return np.concatenate([part.ravel() for part in parts])


def test_blocks_in_line_are_those_that_keep_the_order() -> None:
    chunks = (4, 6, 2)
    for blocks in itertools.product((1, 2, 3, 4), (1, 2, 3, 6), (1, 2)):
        divide = all(chunk % block == 0 for chunk, block in zip(chunks, blocks))
        order = in_block_order(chunks, blocks)
        keeps = divide and bool((order == np.arange(48)).all())
        assert are_in_line(chunks, blocks) == keeps, blocks


def test_a_faulty_host_is_kept_from_such_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    frames = np.arange(8 * 32 * 40, dtype="u2").reshape(8, 32, 40)
    assert not mixes_up((4, 32, 40), (2, 16, 40))
    for version in ("2.7.1", "3.7.2"):
        monkeypatch.setattr(blosc2, "__version__", version)
        assert mixes_up((4, 32, 40), (2, 16, 40))
        with pytest.raises(ValueError, match=f"blosc2 {version} mixes up the samples of blocks .* take chunks="):
            blosc2_grok.asarray(frames, chunks=(4, 32, 40), blocks=(2, 16, 40))
        array = blosc2_grok.asarray(frames, blocks=(2, 16, 40))
        assert array.chunks == array.blocks == (2, 16, 40)
        assert blosc2_grok.asarray(frames, chunks=(4, 32, 40)).chunks == (4, 32, 40)
    for version in ("2.6.2", "3.8.0", "4.14.1"):
        monkeypatch.setattr(blosc2, "__version__", version)
        assert not mixes_up((4, 32, 40), (2, 16, 40))
