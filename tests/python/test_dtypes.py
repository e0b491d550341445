# SPDX-License-Identifier: BSD-3-Clause
"""Every dtype: exact without a loss; within the bound that was said with one."""

from __future__ import annotations

from typing import Any, List

import blosc2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import blosc2_grok
import images
from blosc2_grok import Params, _native
from cases import Case, store

INTEGERS = ["|u1", "|i1", "<u2", "<i2", "<u4", "<i4", "<u8", "<i8", ">u2", ">i2", ">u4", ">i8"]
FLOATS = ["<f2", "<f4", "<f8", ">f4", ">f8"]
OTHERS = ["|b1", "<c8", "<c16"]


def image_of(dtype: str, shape: Any = (60, 90)) -> images.Image:
    """A picture in any dtype, with low bits in the wide ones."""
    base = images.make("xray", "<i2", shape).astype(np.int64)
    kind, size = np.dtype(dtype).kind, np.dtype(dtype).itemsize
    if kind == "b":
        return base > 15_000
    if kind in "ui":
        wide = base >> 8 if size == 1 else base if size == 2 else base * 977 - (0 if kind == "u" else 10**7)
        return wide.astype(dtype)
    if kind == "c":
        return (base / 7.0 - 1j * base[::-1] / 3.0).astype(dtype)
    return (base / 977.0 - 10).astype(dtype)


def same_bytes(a: images.Image, b: images.Image) -> bool:
    return a.dtype == b.dtype and a.tobytes() == b.tobytes()


@pytest.mark.parametrize("shape, blocks", [((60, 90), (60, 90)), ((70, 100), (32, 64)), ((3, 40, 50), (1, 40, 50))])
@pytest.mark.parametrize("dtype", INTEGERS + FLOATS + OTHERS)
def test_lossless_is_exact(dtype: str, shape: Any, blocks: Any) -> None:
    image = image_of(dtype, shape)
    array = store(Case("", "", dtype, shape, shape, blocks), image)
    assert same_bytes(array[:], image)


@pytest.mark.parametrize("bits", [20, 24, 26, 28, 31])
@pytest.mark.parametrize("mode", [0, 64])
def test_others_read_wide_integers_as_one_component(mode: int, bits: int) -> None:
    """OpenJPH reads up to 31 bits, OpenJPEG up to 28: samples less the smallest one."""
    imagecodecs = pytest.importorskip("imagecodecs")
    slope = np.arange(5400, dtype=np.int64).reshape(60, 90) ** 2
    noise = images.make("xray", "<i2", (60, 90)).astype(np.int64) % 64
    image = (slope * ((2**bits - 100) // slope.max()) + noise + 77).astype("<u4")
    block = _native.encode_block(image, parameters=Params(mode=mode).to_dict())
    assert block is not None
    assert same_bytes(np.frombuffer(_native.decode_block(block, image.nbytes), "<u4").reshape(image.shape), image)
    codestream = block[block.index(b"\xff\x4f\xff\x51") :]
    if mode == 0 and bits > 28:
        with pytest.raises(Exception, match="failed"):
            imagecodecs.jpeg2k_decode(codestream)
        return
    decoded = imagecodecs.htj2k_decode(codestream) if mode else imagecodecs.jpeg2k_decode(codestream)
    np.testing.assert_array_equal(np.asarray(decoded, np.int64), image.astype(np.int64) - int(image.min()))


@given(
    arrays.arrays(
        st.sampled_from(INTEGERS + FLOATS + OTHERS),
        st.tuples(st.integers(1, 12), st.integers(1, 12)),
        fill=st.nothing(),
    )
)
def test_any_value_is_exact(image: images.Image) -> None:
    """Infinities, NaN with payloads, negative zeros, denormals, the ends of the range."""
    large = np.ascontiguousarray(np.tile(image, (8, 8)))
    array = store(Case("", "", image.dtype.str, large.shape), large)
    assert same_bytes(array[:], large)


@pytest.mark.parametrize("dtype", ["|b1", "|u1", "|i1", "<u4", "<f4"])
@pytest.mark.parametrize("bits", [None, 1])
def test_patterns_of_two_values_are_exact(dtype: str, bits: Any) -> None:
    """Their wavelet coefficients outgrew the guard bits of a 1-bit image, in OpenJPEG and Grok alike."""
    rows = "000011001 101010100 001001101 000101000 000100110 101101110 001100001 100110011 011111111".split()
    pattern = np.tile(np.array([[character == "1" for character in row] for row in rows]), (8, 8))
    rng = np.random.default_rng(0)
    for number in range(50):
        image = np.tile(rng.random((number % 13 + 2, number % 7 + 3)) < 0.5, (9, 9)) if number else pattern
        samples = image.astype(dtype) if dtype != "|i1" else -image.astype(dtype)
        parameters = {} if bits is None or dtype not in ("|u1", "|i1") else {"bits_per_sample": bits}
        block = _native.encode_block(samples, parameters=Params(**parameters).to_dict(), capacity=10**5)
        assert block is not None
        assert bytes(_native.decode_block(block, samples.nbytes)) == samples.tobytes()


@pytest.mark.parametrize("max_error", [0, 1, 3, 10, 100])
@pytest.mark.parametrize("dtype", INTEGERS)
def test_max_error_of_integers(dtype: str, max_error: int) -> None:
    image = image_of(dtype)
    array = store(Case("", "", dtype, image.shape, parameters={"max_error": max_error}), image)
    decoded = array[:]
    errors = [abs(int(a) - int(b)) for a, b in zip(image.ravel(), decoded.ravel())]
    assert max(errors) <= max_error
    if max_error >= 3 and np.dtype(dtype).itemsize == 2:
        lossless = store(Case("", "", dtype, image.shape), image)
        assert array.schunk.cbytes < lossless.schunk.cbytes


@pytest.mark.parametrize("max_error", [1e-6, 0.001, 0.01, 0.5])
@pytest.mark.parametrize("dtype", FLOATS)
def test_max_error_of_floats(dtype: str, max_error: float) -> None:
    image = image_of(dtype)
    array = store(Case("", "", dtype, image.shape, parameters={"max_error": max_error}), image)
    wide = np.longdouble
    assert np.abs(array[:].astype(wide) - image.astype(wide)).max() <= wide(max_error)


@pytest.mark.parametrize("dtype, max_error", [("<u2", 5), ("<i4", 20), ("<f4", 0.01), ("<f8", 0.01), (">f4", 0.3)])
def test_recoding_what_was_decoded_changes_nothing(dtype: str, max_error: float) -> None:
    image = image_of(dtype)
    case = Case("", "", dtype, image.shape, parameters={"max_error": max_error})
    once = store(case, image)[:]
    assert same_bytes(store(case, once)[:], once)


def test_a_partial_write_keeps_the_bound() -> None:
    image = image_of("<u2", (100, 100))
    array = store(Case("", "", "<u2", image.shape, parameters={"max_error": 4}), image)
    for row in range(0, 100, 10):
        array[row : row + 2] = np.ascontiguousarray(image[row : row + 2])
    assert np.abs(array[:].astype(int) - image).max() <= 4


def special(dtype: str) -> images.Image:
    image = image_of(dtype)
    image[3:9, 5:40] = np.nan
    image[20, :] = np.inf
    image[:, 70] = -np.inf
    image[0, 0] = -0.0
    return image


@pytest.mark.parametrize(
    "parameters",
    [{"max_error": 0.01}, {"rmse": 0.05}, {"psnr": 60}, {"quality_mode": "dB", "quality_layers": [60]}],
    ids=str,
)
@pytest.mark.parametrize("dtype", ["<f4", "<f8"])
def test_nan_and_infinity_stay_beside_a_loss(dtype: str, parameters: Any) -> None:
    image = special(dtype)
    decoded = store(Case("", "", dtype, image.shape, parameters=parameters), image)[:]
    finite = np.isfinite(image)
    assert same_bytes(decoded[~finite], image[~finite])
    assert np.isfinite(decoded[finite]).all()
    error = np.abs(decoded[finite].astype(np.float64) - image[finite])
    assert error.max() < 1
    if "max_error" in parameters:
        assert error.max() <= 0.01
    if "rmse" in parameters:
        assert np.sqrt((error**2).mean()) <= 0.05


@pytest.mark.parametrize("dtype", ["<u2", "<i4", "<f4"])
@pytest.mark.parametrize("parameters", [{"max_error": 4}, {"rmse": 5}], ids=str)
def test_kept_values_are_exact(dtype: str, parameters: Any) -> None:
    image = image_of(dtype)
    image[10:20, 30:50] = 65535
    image[::7, ::5] = 0
    parameters = {**parameters, "keep": [0, 65535]}
    decoded = store(Case("", "", dtype, image.shape, parameters=parameters), image)[:]
    kept = np.isin(image, [0, 65535])
    assert same_bytes(decoded[kept], image[kept])
    assert not np.array_equal(decoded, image)


@pytest.mark.parametrize("rmse", [1, 5, 20])
@pytest.mark.parametrize("dtype", ["<u2", "<i2", "<i4"])
def test_rmse(dtype: str, rmse: float) -> None:
    image = image_of(dtype, (200, 200))
    array = store(Case("", "", dtype, image.shape, blocks=(100, 100), parameters={"rmse": rmse}), image)
    error = array[:].astype(np.float64) - image
    for rows in (slice(0, 100), slice(100, 200)):
        for columns in (slice(0, 100), slice(100, 200)):
            assert np.sqrt((error[rows, columns] ** 2).mean()) <= rmse


@pytest.mark.parametrize("psnr", [40, 60, 80])
@pytest.mark.parametrize("dtype", ["|u1", "<u2", "<i2"])
def test_psnr(dtype: str, psnr: float) -> None:
    image = image_of(dtype, (200, 200))
    decoded = store(Case("", "", dtype, image.shape, blocks=(100, 200), parameters={"psnr": psnr}), image)[:]
    for rows in (slice(0, 100), slice(100, 200)):
        assert images.psnr(image[rows], decoded[rows], 8 * image.dtype.itemsize) >= psnr


def test_codec_meta_against_a_bound_is_an_error() -> None:
    image = image_of("<u2")
    with pytest.raises(blosc2_grok.Error, match="max_error"):
        _native.encode_block(image, parameters=Params(max_error=3).to_dict(), codec_meta=50)


@pytest.mark.parametrize("dtype", ["|V1", "|V2", "|V4", "|V8"])
def test_unknown_dtype(dtype: str) -> None:
    """As HDF5's Blosc2 filter hands them over: lossless only."""
    size = np.dtype(dtype).itemsize
    for known in [d for d in INTEGERS + FLOATS if np.dtype(d).itemsize == size]:
        image = image_of(known)
        block = _native.encode_block(image, dtype=dtype, capacity=4 * image.nbytes)
        if block is not None:
            assert bytes(_native.decode_block(block, image.nbytes)) == image.tobytes()
        with pytest.raises(blosc2_grok.Error, match="dtype"):
            _native.encode_block(image, dtype=dtype, codec_meta=40)


def test_sign_and_byte_order_are_found() -> None:
    """An opaque block takes no more room than one whose dtype is known."""
    for dtype in ("<u2", "<i2", ">u2", ">i2"):
        image = images.make("ct", dtype, (100, 150))
        known, opaque = _native.encode_block(image), _native.encode_block(image, dtype="|V2")
        assert known is not None and opaque is not None
        assert len(opaque) <= len(known) * 1.01 + 20


def test_bits_per_sample() -> None:
    image = images.make("ct", "uint16", (100, 150))  # 12 bits
    sizes: List[int] = []
    for bits in (None, 12, 16):
        block = _native.encode_block(image, parameters=Params(bits_per_sample=bits).to_dict())
        assert block is not None
        assert bytes(_native.decode_block(block, image.nbytes)) == image.tobytes()
        sizes.append(len(block))
    assert sizes[1] <= sizes[0] == sizes[2]
    with pytest.raises(blosc2_grok.Error, match="bits_per_sample"):
        _native.encode_block(image, parameters=Params(bits_per_sample=8).to_dict())


def test_lossy_without_a_known_dtype_through_the_host() -> None:
    data = images.make("xray", "uint16", (60, 200))
    cparams = {
        "codec": blosc2.Codec.GROK,
        "codec_meta": 50,
        "typesize": 2,
        "filters": [],
        "splitmode": blosc2.SplitMode.NEVER_SPLIT,
    }
    serial = blosc2_grok.message_serial()
    with pytest.raises(RuntimeError):
        blosc2.SChunk(chunksize=data.nbytes, data=data, cparams=cparams)
    reason = blosc2_grok.last_error(serial)
    assert reason is not None and "dtype" in reason.text
