# SPDX-License-Identifier: BSD-3-Clause
"""Loss that is stated is kept: for any samples, any bound, and however often an array is written to."""

from __future__ import annotations

from typing import Any, Tuple

import blosc2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import blosc2_grok
import images
from blosc2_grok import Params, _native, asarray

INTEGERS = ["|u1", "|i1", "<u2", "<i2", "<u4", "<i4", "<u8", "<i8", ">u2", ">i4"]
FLOATS = ["<f2", "<f4", "<f8", ">f4"]


def recode(image: images.Image, max_error: float, **parameters: Any) -> images.Image:
    """What an image is after it was stored; repeated, so that a block is larger than its headers."""
    tiled = np.ascontiguousarray(np.tile(image, (16, 16)))
    params = Params(max_error=max_error, **parameters).to_dict()
    stored = _native.encode_block(tiled, parameters=params, capacity=4 * tiled.nbytes + 4096)
    assert stored is not None
    decoded = np.frombuffer(_native.decode_block(stored, tiled.nbytes), image.dtype).reshape(tiled.shape)
    if decoded.tobytes() != tiled.tobytes():
        assert _native.describe_block(stored)["lossy"]
    return decoded[: image.shape[0], : image.shape[1]]


def check_integers(image: images.Image, max_error: float) -> None:
    decoded = recode(image, max_error)
    errors = [abs(int(a) - int(b)) for a, b in zip(image.ravel(), decoded.ravel())]
    assert max(errors) <= max_error
    assert recode(decoded, max_error).tobytes() == decoded.tobytes()


def check_floats(image: images.Image, max_error: float) -> None:
    decoded = recode(image, max_error)
    finite = np.isfinite(image)
    assert decoded[~finite].tobytes() == image[~finite].tobytes()
    wide = np.longdouble
    with np.errstate(over="ignore"):
        error = np.abs(decoded[finite].astype(wide) - image[finite].astype(wide))
    assert error.size == 0 or error.max() <= wide(max_error)
    assert recode(decoded, max_error).tobytes() == decoded.tobytes()


SMALL = st.tuples(st.integers(1, 6), st.integers(1, 6))


@given(st.data(), st.sampled_from(INTEGERS), SMALL)
def test_max_error_of_any_integers(data: Any, dtype: str, shape: Tuple[int, int]) -> None:
    image = data.draw(arrays.arrays(dtype, shape, fill=st.nothing()))
    most = int(np.iinfo(dtype).max)
    check_integers(image, data.draw(st.one_of(st.integers(0, 20), st.integers(0, most), st.floats(0, float(most)))))


@given(st.data(), st.sampled_from(FLOATS), SMALL)
def test_max_error_of_any_floats(data: Any, dtype: str, shape: Tuple[int, int]) -> None:
    image = data.draw(arrays.arrays(dtype, shape, fill=st.nothing()))
    greatest = float(np.finfo(dtype).max)
    bounds = st.one_of(st.floats(0, 1000), st.floats(0, greatest), st.floats(0, float(np.finfo(dtype).tiny)))
    check_floats(image, data.draw(bounds))


@pytest.mark.parametrize("dtype", INTEGERS)
def test_the_ends_of_integers_and_ties(dtype: str) -> None:
    info = np.iinfo(dtype)
    ends = [info.min, info.min + 1, info.max, info.max - 1, 0, 1]
    for max_error in (1, 2, 3, 7, 100, 127, info.max // 2, info.max):
        step = 2 * max_error + 1
        ties = [k * step + offset for k in (-1, 0, 1, 2) for offset in (max_error, max_error + 1, -max_error)]
        values = [value for value in ends + ties if info.min <= value <= info.max]
        check_integers(np.array(values * 2, dtype=dtype).reshape(2, -1), max_error)


@pytest.mark.parametrize("dtype", FLOATS)
def test_the_ends_of_floats_and_ties(dtype: str) -> None:
    info = np.finfo(dtype)
    tiny, small = float(info.smallest_subnormal), float(info.tiny)
    ends = [0.0, -0.0, tiny, -tiny, small, float(info.max), float(info.min), np.inf, -np.inf, np.nan]
    for max_error in (tiny, 3 * tiny, small, 0.1, 0.5, 1.0, 1e3, float(info.max)):
        ties = [k * 2 * max_error + offset for k in (-1.0, 0.0, 1.0, 2.0) for offset in (max_error, -max_error)]
        with np.errstate(over="ignore", invalid="ignore"):
            values = np.array([*ends, *ties], dtype=dtype)
        check_floats(np.stack([values, values[::-1]]), max_error)


@pytest.mark.parametrize("coder", ["part1", "ht"])
def test_max_error_in_both_coders(coder: str) -> None:
    image = images.make("xray", "uint16", (200, 300))
    array = asarray(image, max_error=9, coder=coder)
    assert np.abs(array[:].astype(int) - image).max() <= 9
    assert array.schunk.cbytes < asarray(image, coder=coder).schunk.cbytes


@given(st.data(), st.sampled_from(["<u2", "<i4", "<f4", "<f8"]))
def test_partial_writes_change_nothing_else(data: Any, dtype: str) -> None:
    """Blosc2 decodes and codes a whole chunk for every write to a part of it."""
    image = (images.make("xray", "<i2", (64, 64)).astype(np.float64) / (7 if dtype[1] == "f" else 1)).astype(dtype)
    max_error = data.draw(st.sampled_from([1, 4, 33]))
    array = asarray(image, max_error=max_error, chunks=(64, 64), blocks=(32, 64))
    expected = array[:]
    for _ in range(5):
        row, column = data.draw(st.integers(0, 60)), data.draw(st.integers(0, 60))
        part = np.ascontiguousarray(expected[row : row + 4, column : column + 4])
        array[row : row + 4, column : column + 4] = part
    assert array[:].tobytes() == expected.tobytes()


def test_a_hundred_partial_writes() -> None:
    image = images.make("xray", "uint16", (64, 64))
    array = asarray(image, max_error=5, chunks=(64, 64), blocks=(32, 64))
    expected = array[:]
    for number in range(100):
        array[number % 64, number % 50] = image[number % 64, number % 50]
    assert np.array_equal(array[:], expected)


@pytest.mark.parametrize("quality", [{"max_error": 5}, {"rmse": 5}, {"psnr": 70}, {"ratio": 6}], ids=str)
def test_kept_values(quality: Any) -> None:
    image = images.make("xray", "uint16", (200, 300))
    image[50:60, 20:200] = 65535
    image[::9, ::7] = 0
    decoded = asarray(image, params={"keep": [0, 65535]}, **quality)[:]
    kept = (image == 0) | (image == 65535)
    assert np.array_equal(decoded[kept], image[kept])
    assert not np.array_equal(decoded, image)


@pytest.mark.parametrize("quality", [{"max_error": 0.5}, {"rmse": 0.5}, {"psnr": 50}, {"ratio": 6}], ids=str)
@pytest.mark.parametrize("dtype", ["f4", "f8", ">f4"])
def test_nan_and_infinity(dtype: str, quality: Any) -> None:
    image = images.make("xray", "uint16", (200, 300)).astype(dtype) / 7
    image[50:60, 20:200] = np.nan
    image[0, :50], image[1, :50], image[2, 3] = np.inf, -np.inf, -0.0
    decoded = asarray(image, **quality)[:]
    finite = np.isfinite(image)
    assert decoded[~finite].tobytes() == image[~finite].tobytes()
    assert np.isfinite(decoded[finite]).all()


@pytest.mark.parametrize("dtype", ["u1", "i1", "u2", "i2", ">u2", "u4", "i8", "f2", "f4", "f8", "c8"])
@pytest.mark.parametrize("scale", [0.05, 0.3, 1.0])
def test_rmse_is_kept_by_every_block(dtype: str, scale: float) -> None:
    image = images.make("photo", "int8", (200, 300)).astype(np.float64)
    image = image + 128 if np.dtype(dtype).kind == "u" else image
    image = image.astype(dtype)
    rmse = scale * 8
    array = asarray(image, rmse=rmse, blocks=(96, 160))
    decoded = array[:]
    for block in blosc2_grok.codestreams(array):
        region = tuple(slice(n, n + length) for n, length in zip(block.start, block.shape))
        error = np.abs(decoded[region].astype("c16") - image[region])
        parts = 2 if np.dtype(dtype).kind == "c" else 1
        assert np.sqrt((error**2).mean() / parts) <= rmse * (1 + 1e-9)


@pytest.mark.parametrize("psnr", [35, 45, 60])
@pytest.mark.parametrize("dtype", ["uint8", "int16"])
def test_psnr_is_kept_and_not_far_exceeded(dtype: str, psnr: float) -> None:
    image = images.make("photo", dtype, (256, 256))
    decoded = asarray(image, psnr=psnr)[:]
    reached = images.psnr(image, decoded, np.dtype(dtype).itemsize * 8)
    assert psnr <= reached
    if np.isfinite(reached):  # else the lossless stream was the smaller one
        assert reached <= psnr + 1


def test_what_a_lossy_array_says_of_itself() -> None:
    image = images.make("xray", "uint16", (200, 300))
    array = asarray(image, max_error=7)
    found = blosc2_grok.verify(array)
    assert found.ok and found.lossy == 1
    assert found.max_error == np.abs(array[:].astype(int) - image).max() == 7


def test_lossless_in_name_and_fact() -> None:
    for parameters in ({}, {"max_error": 0}, {"max_error": 0.5}):
        array = asarray(images.make("xray", "uint16", (100, 100)), **parameters)
        assert blosc2_grok.verify(array).lossless == 1


def test_booleans_are_never_lossy() -> None:
    image = images.make("photo", "uint8", (100, 100)) > 100
    with pytest.warns(UserWarning, match="booleans"):
        array = asarray(image, rmse=1)
    assert array.dtype == bool and np.array_equal(array[:], image)
    assert isinstance(array, blosc2.NDArray)
