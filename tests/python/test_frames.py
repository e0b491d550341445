# SPDX-License-Identifier: BSD-3-Clause
"""Whole Blosc2 frames, mutated and read through the host in other processes: no crash, no hang, no change unnoticed."""

from __future__ import annotations

import frame_worker
from processes import BATCH, run_batches


def test_mutated_frames(is_long: bool) -> None:
    failures = run_batches(frame_worker.__file__, 20_000 if is_long else 2000)
    assert not failures, "\n\n".join(failures)


def test_every_frame_is_as_it_was_made() -> None:
    frames = frame_worker.frames()
    assert all(frame_worker.is_readable(frame.data) for frame in frames)
    assert len({frame.name for frame in frames}) == len(frames) <= BATCH // 2
