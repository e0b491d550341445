# SPDX-License-Identifier: BSD-3-Clause
"""How far two images are apart, piece by piece: never all of an image in wider samples."""

from __future__ import annotations

import math
from typing import Any, Tuple

import numpy as np
from numpy.typing import NDArray

_SAMPLES_AT_ONCE = 1 << 16


def largest_and_rms(a: NDArray[Any], b: NDArray[Any]) -> Tuple[int, float]:
    """Of the differences of two arrays of integers up to 16 bits, of one shape; in counts."""
    flat_a, flat_b = a.reshape(-1), b.reshape(-1)
    largest, squares = 0, 0.0
    for start in range(0, flat_a.size, _SAMPLES_AT_ONCE):
        part = slice(start, start + _SAMPLES_AT_ONCE)
        difference = flat_a[part].astype(np.int32) - flat_b[part]
        largest = max(largest, int(np.abs(difference).max()))
        squares += float(np.sum(difference.astype(np.float64) ** 2))
    return largest, math.sqrt(squares / max(flat_a.size, 1))
