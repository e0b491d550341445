# SPDX-License-Identifier: BSD-3-Clause
"""Arrays whose chunks are one block each: threads share the chunks, and read what Blosc2 alone reads."""

from __future__ import annotations

from typing import Any, Dict

import blosc2
import numpy as np
import pytest

import blosc2_grok
import images
from blosc2_grok import asarray, reading

SIDE = 300
WAYS: Dict[str, Dict[str, Any]] = {
    "lossless": {},
    "part1": {"coder": "part1"},
    "ratio": {"ratio": 6},
    "max_error": {"max_error": 3},
    "jp2": {"params": {"cod_format": 1}},
    "uncompressed": {"cparams": {"clevel": 0}},
}


def stack(dtype: str) -> images.Image:
    """Images, and between them frames of one byte value, zeros, another constant, and noise."""
    samples = np.array([images.make("xray", "uint16", (2 * SIDE, SIDE), seed=seed) for seed in range(9)])
    samples = (samples >> (8 if dtype == "u1" else 0)).astype(dtype)
    samples.reshape(9, -1).view("u1")[2] = 1
    samples[3] = 0
    samples[4] = 70
    samples[5] = np.random.default_rng(1).permutation(samples[6].reshape(-1)).reshape(samples[5].shape)
    return samples


def write(samples: images.Image, threads: int, **keywords: Any) -> blosc2.NDArray:
    shape = (1, *samples.shape[1:])
    return asarray(samples, chunks=shape, blocks=shape, dparams={"nthreads": threads}, **keywords)


@pytest.mark.parametrize("way", WAYS.values(), ids=list(WAYS))
def test_regions(way: Dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    array = write(stack("u2"), 2, **way)
    expected = array[:]
    monkeypatch.setattr(reading, "_read_by_host", None)
    for key in [(), (slice(1, 8, 3),), (Ellipsis, slice(5, 50)), (slice(None), 7), (slice(2, 4), -1, -1)]:
        np.testing.assert_array_equal(blosc2_grok.read(array, key), expected[key])


@pytest.mark.parametrize("dtype", ["u1", "i2", ">u2", "i4", "f4", "c8"])
def test_every_dtype(dtype: str, monkeypatch: pytest.MonkeyPatch) -> None:
    samples = stack(dtype)
    array = write(samples, 3)
    monkeypatch.setattr(reading, "_read_by_host", None)
    back = blosc2_grok.read(array)
    assert back.dtype == samples.dtype
    assert back.tobytes() == samples.tobytes()


def test_blocks_beyond_the_edge(monkeypatch: pytest.MonkeyPatch) -> None:
    image = images.make("xray", "uint16", (1000, 900))
    array = asarray(image, chunks=(256, 320), blocks=(256, 320), dparams={"nthreads": 2})
    monkeypatch.setattr(reading, "_read_by_host", None)
    for key in [(), (slice(100, 900), slice(3, 700)), (5,), (slice(0, None, 3),), (slice(250, 260), 319)]:
        np.testing.assert_array_equal(blosc2_grok.read(array, key), image[key])


@pytest.mark.parametrize("coder, other", [("part1", "_read_by_host"), ("ht", "_read_blocks")])
def test_small_blocks_are_shared_where_they_take_long(coder: str, other: str, monkeypatch: pytest.MonkeyPatch) -> None:
    samples = stack("u2")[:, :64, :64]
    array = write(samples, 2, coder=coder)
    monkeypatch.setattr(reading, other, None)
    np.testing.assert_array_equal(blosc2_grok.read(array), samples)


def test_one_thread_reads_by_blosc2(monkeypatch: pytest.MonkeyPatch) -> None:
    array = write(stack("u2"), 1)
    monkeypatch.setattr(reading, "_read_blocks", None)
    np.testing.assert_array_equal(blosc2_grok.read(array), stack("u2"))


def test_damage_is_told_with_its_place() -> None:
    samples = stack("u2")
    array = write(samples, 2)
    chunk = bytearray(array.schunk.get_chunk(6))
    chunk[60:64] = b"\xff\xff\xff\xff"
    array.schunk.update_chunk(6, bytes(chunk))
    with pytest.raises(blosc2_grok.Error, match=r"chunk 6, block 0 at \(6, 0, 0\)"):
        blosc2_grok.read(array)
    np.testing.assert_array_equal(blosc2_grok.read(array, slice(0, 6)), samples[:6])
