# SPDX-License-Identifier: BSD-3-Clause
"""What versions of Blosc2 get wrong with any codec, or can't do."""

from __future__ import annotations

import re
from typing import Sequence, Tuple

import blosc2

FIRST_FAULTY, FIRST_RIGHT = (2, 7), (3, 8)
FIRST_WITH_SIBLINGS = (4, 4)


def mixes_up(chunks: Sequence[int], blocks: Sequence[int]) -> bool:
    """Whether this Blosc2 takes the samples of such a chunk for its blocks in a row, where they are not.

    Versions 2.7.0 to 3.7.2 do when a whole chunk is written or read: other versions then read wrong samples, and they
    misread what others wrote. Seen with Zstandard, too.
    """
    if are_in_line(chunks, blocks) or not _looks_in_line(chunks, blocks):
        return False
    return FIRST_FAULTY <= _version() < FIRST_RIGHT


def knows_siblings() -> bool:
    """Whether this Blosc2 looks for libraries of codecs 39 and 40; earlier ones can't decode such chunks."""
    return _version() >= FIRST_WITH_SIBLINGS


def _version() -> Tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", blosc2.__version__)[:2])


def are_in_line(chunks: Sequence[int], blocks: Sequence[int]) -> bool:
    """Whether blocks follow each other in a chunk's memory: their first sides are 1, one divides the chunk's, and the
    others are the chunk's."""
    sides = zip(chunks, blocks)
    for chunk, block in sides:
        if block != 1:
            return chunk % block == 0 and all(c == b for c, b in sides)
    return True


def _looks_in_line(chunks: Sequence[int], blocks: Sequence[int]) -> bool:
    """What those versions look at: the last axis that is cut must not be the array's last, and all divide."""
    return chunks[-1:] == blocks[-1:] and all(chunk % block == 0 for chunk, block in zip(chunks, blocks))
