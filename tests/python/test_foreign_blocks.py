# SPDX-License-Identifier: BSD-3-Clause
"""Blocks that got into an array from elsewhere: every way of reading finds them, as Blosc2's own does."""

from __future__ import annotations

import struct
from typing import Any, Callable, Dict, List

import blosc2
import numpy as np
import pytest

import blosc2_grok
import images
from blosc2_grok import _native, asarray, read

FRAMES = np.array([images.make("xray", "uint16", (300, 400), seed) for seed in range(3)])
WAYS: Dict[str, Callable[[Any], Any]] = {
    "Blosc2": lambda array: array[:],
    "whole": read,
    "one": lambda array: read(array, 1),
    "region": lambda array: read(array, (slice(None), slice(5, 9))),
    "preview": lambda array: read(array, reduce=1),
    "means": lambda array: read(array, reduce=8),
}


def store(frames: images.Image, **options: Any) -> blosc2.NDArray:
    shape = (1, *frames.shape[1:])
    return asarray(frames, chunks=shape, blocks=shape, dparams={"nthreads": 2}, **options)


def with_block(chunk: bytes, stored: bytes) -> bytes:
    """A chunk of one block with another one in it."""
    (start,) = struct.unpack_from("<i", chunk, 32)
    changed = bytearray(chunk[:start] + struct.pack("<i", len(stored)) + stored)
    struct.pack_into("<i", changed, 12, len(changed))
    return bytes(changed)


def refused_by(array: blosc2.NDArray) -> List[str]:
    """Which ways fail; samples that are right don't count as read wrong, nor do those of other frames."""
    refused = []
    for name, way in WAYS.items():
        try:
            way(array)
        except RuntimeError:
            refused.append(name)
    return refused


@pytest.mark.parametrize("coder", ["part1", "ht"])
def test_blocks_of_another_shape(coder: str) -> None:
    """As many samples, in other rows: 400 x 300 in an array of 300 x 400."""
    array, other = (store(frames, coder=coder) for frames in (FRAMES, FRAMES.reshape(3, 400, 300)))
    array.schunk.update_chunk(1, other.schunk.get_chunk(1))
    assert refused_by(array) == list(WAYS)
    with pytest.raises(blosc2_grok.Error, match="chunk 1, .* has 400 x 300 samples, the array's blocks have 300 x 400"):
        read(array)
    found = blosc2_grok.verify(array)
    assert len(found.problems) == 1 and "400 x 300" in found.problems[0] and found.lossless == 2


def test_codestreams_of_others() -> None:
    """In an array of ours each block has a checksum, so one without was not written here."""
    array = store(FRAMES, coder="part1")
    imagecodecs = pytest.importorskip("imagecodecs")
    foreign = imagecodecs.jpeg2k_encode(FRAMES[1], level=0, reversible=True, codecformat="jp2")
    array.schunk.update_chunk(1, with_block(array.schunk.get_chunk(1), foreign))
    assert refused_by(array) == list(WAYS)
    with pytest.raises(blosc2_grok.Error, match="chunk 1, .* no segment of ours, but its array has parameters"):
        read(array)
    assert [("no segment of ours" in problem) for problem in blosc2_grok.verify(array).problems] == [True]
    assert bytes(_native.decode_block(foreign, FRAMES[1].nbytes)) == FRAMES[1].tobytes()


def test_complex_numbers_and_single_samples_belong() -> None:
    for image in (FRAMES[:, :90, :90].astype("c8"), FRAMES[:, :64, 0].reshape(3, 1, 64), FRAMES[:, :64, :1]):
        array = store(image)
        np.testing.assert_array_equal(read(array), image)
        read(array, reduce=1)
        assert blosc2_grok.verify(array).ok
