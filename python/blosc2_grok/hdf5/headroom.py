# SPDX-License-Identifier: BSD-3-Clause
"""Room at the top of the samples' range: what hdf5plugin's HT decoder finds above it, it reads as the lowest value.

A lossy image with samples at the top of its dtype comes back from any decoder with some a little above; ours, OpenJPEG
and Grok clip them.
"""

from __future__ import annotations

import math
from typing import Callable, Optional, Tuple

import numpy as np
from numpy.typing import NDArray

from .. import _native
from .differences import largest_and_rms

Encode = Callable[[NDArray[np.integer], float], Optional[bytes]]
"""Of an image, with a part of the mean squared error that it may have."""

_LEAST_PART = 0.25
_MARGIN = 0.95


class NoRoomError(Exception):
    """Samples can't be lowered within the error that is allowed."""


def encode_below_top(
    encode: Encode, samples: NDArray[np.integer], rmse: Optional[float]
) -> Tuple[Optional[bytes], int]:
    """What ``encode`` makes of the samples, with the topmost ones lowered until none is decoded to the very top.

    :param rmse: what is allowed, in counts, the lowering included; None: any.
    :returns: the codestream, and by how many counts samples at the top were lowered; 0: none had to be.
    :raises NoRoomError: the lowering alone takes most of it.
    """
    info = np.iinfo(samples.dtype)
    lowered, coded = 0, samples
    stored = encode(samples, 1.0)
    while stored is not None and _reaches_top(stored, coded):
        lowered = 2 * lowered if lowered else max(1, math.ceil(_native.describe_block(stored)["max_error"] / 2))
        if 2 * lowered > int(info.max) - int(info.min):
            raise NoRoomError
        coded = np.minimum(samples, info.max - lowered).astype(samples.dtype)
        part = 1.0 if rmse is None else _MARGIN * (1 - (largest_and_rms(coded, samples)[1] / rmse) ** 2)
        if part < _LEAST_PART:
            raise NoRoomError
        stored = encode(coded, part)
    if (
        stored is not None
        and lowered
        and rmse is not None
        and largest_and_rms(_decode(stored, samples), samples)[1] > rmse
    ):
        raise NoRoomError
    return stored, lowered


def _reaches_top(stored: bytes, coded: NDArray[np.integer]) -> bool:
    """Whether a sample is decoded to the top of the dtype, where it may have been above."""
    described = _native.describe_block(stored)
    top = int(np.iinfo(coded.dtype).max)
    if not described["codestream"]["irreversible"] or int(coded.max()) + described.get("max_error", 0) < top:
        return False
    return int(_decode(stored, coded).max()) == top


def _decode(stored: bytes, like: NDArray[np.integer]) -> NDArray[np.integer]:
    return np.frombuffer(_native.decode_block(stored, like.nbytes), like.dtype).reshape(like.shape)
