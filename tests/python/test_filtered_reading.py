# SPDX-License-Identifier: BSD-3-Clause
"""Reading where Blosc2's filters were on: what they made of the samples is undone, and never taken for an image."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, Tuple

import blosc2
import h5py
import hdf5plugin
import numpy as np
import pytest
from test_filters import OTHERS, Filter

import blosc2_grok
import images
from blosc2_grok import reading
from images import means_of_cells

FILTERED: Dict[str, Dict[str, Any]] = {
    "default": {},
    "shuffle": {"filters": [Filter.SHUFFLE], "splitmode": blosc2.SplitMode.NEVER_SPLIT},
    **{f"{cparams}": cparams for cparams in OTHERS},
}
BY_WAY = pytest.mark.parametrize("cparams", FILTERED.values(), ids=list(FILTERED))
DTYPES = ["u1", "i2", ">u2", "u4", "f4"]
SHAPES: Dict[str, Tuple[Tuple[int, ...], Tuple[int, ...], Tuple[int, ...]]] = {
    "one block": ((61, 90), (61, 90), (61, 90)),
    "padded blocks": ((61, 90), (61, 90), (32, 48)),
    "shared": ((4, 300, 300), (1, 300, 300), (1, 300, 300)),
    "one axis": ((4000,), (4000,), (4000,)),
}


def store(image: images.Image, chunks: Any, blocks: Any, cparams: Dict[str, Any]) -> blosc2.NDArray:
    """One thread for several blocks: the delta filter's own race gives wrong data with any codec."""
    threads = 2 if chunks == blocks else 1
    cparams = {"codec": blosc2.Codec.GROK, "nthreads": 1, **cparams}
    return blosc2.asarray(image, chunks=chunks, blocks=blocks, cparams=cparams, dparams={"nthreads": threads})


def picture(shape: Tuple[int, ...], dtype: str) -> images.Image:
    """Smooth enough for blocks to be codestreams after most filters, too."""
    if len(shape) == 1:
        samples = np.repeat(images.make("photo", "uint16", (1, shape[0] // 16)).ravel(), 16)
    else:
        samples = np.broadcast_to(images.make("photo", "uint16", shape[-2:]), shape)
    return (samples // (256 if dtype == "u1" else 1) - (32768.0 if dtype == "i2" else 0)).astype(dtype)


@BY_WAY
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape, chunks, blocks", SHAPES.values(), ids=list(SHAPES))
def test_samples_are_those_that_were_stored(
    shape: Any, chunks: Any, blocks: Any, dtype: str, cparams: Dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    image = picture(shape, dtype)
    array = store(image, chunks, blocks, cparams)
    keys = [(), (slice(2, None, 3),), (Ellipsis, slice(7, 50))]
    for key in keys:
        np.testing.assert_array_equal(blosc2_grok.read(array, key), image[key])
    monkeypatch.setattr(reading, "_can_host_read", lambda container: False)
    for key in keys:
        np.testing.assert_array_equal(blosc2_grok.read(array, key), image[key])


@BY_WAY
@pytest.mark.parametrize("dtype", DTYPES)
def test_previews_show_the_picture(dtype: str, cparams: Dict[str, Any]) -> None:
    """After a lone shuffle the wavelet's, otherwise the samples' means."""
    image = picture((61, 90), dtype)
    got = blosc2_grok.read(store(image, image.shape, image.shape, cparams), reduce=1)
    plain = store(image, image.shape, image.shape, {**FILTERED["shuffle"], "filters": []})
    of_wavelet, of_means = blosc2_grok.read(plain, reduce=1), means_of_cells(image)
    assert got.dtype == image.dtype
    assert np.array_equal(got, of_wavelet) or np.allclose(got, of_means, rtol=1e-6)
    if cparams == FILTERED["shuffle"]:
        np.testing.assert_array_equal(got, of_wavelet)


@BY_WAY
def test_a_row_of_bytes_is_no_row_of_samples(cparams: Dict[str, Any]) -> None:
    """Its extents are the array's, whatever a filter did to them."""
    row = picture((4000,), "u1")
    got = blosc2_grok.read(store(row, row.shape, row.shape, cparams), reduce=1)
    plain = blosc2_grok.read(store(row, row.shape, row.shape, {"filters": []}), reduce=1)
    means = np.rint(row.reshape(-1, 2).mean(axis=1)).astype("u1")
    assert np.array_equal(got, plain) or np.array_equal(got, means)


@pytest.mark.parametrize("shuffle", [0, 1, 2])
@pytest.mark.parametrize("dtype", DTYPES)
def test_in_hdf5(tmp_path: Path, dtype: str, shuffle: int) -> None:
    """Written by hdf5plugin, which tells the codec nothing but the size of elements."""
    frames = picture((4, 60, 80), dtype)
    options = (0, frames[0].nbytes, 0, 0, 5, shuffle, 37)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        filter_id = hdf5plugin.Blosc2.filter_id
        file.create_dataset("a", data=frames, chunks=(2, 60, 80), compression=filter_id, compression_opts=options)
        np.testing.assert_array_equal(blosc2_grok.read(file["a"]), frames)
        previews = blosc2_grok.read(file["a"], reduce=1)
        blocks = next(blosc2_grok.codestreams(file["a"], all=True)).block_shape
    of_wavelet = blosc2_grok.read(blosc2_grok.asarray(frames, chunks=(2, 60, 80), blocks=blocks), reduce=1)
    of_means = np.array([means_of_cells(frame) for frame in frames])
    assert np.array_equal(previews, of_wavelet) or np.allclose(previews, of_means, rtol=1e-6)
