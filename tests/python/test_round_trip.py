# SPDX-License-Identifier: BSD-3-Clause
"""Every row of the table of cases, stored in a Blosc2 array and read back."""

from __future__ import annotations

import dataclasses
from typing import Any, Iterator, List, Tuple

import blosc2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import blosc2_grok
import images
from blosc2_grok import _native
from cases import CASES, Case, has_engine, store

SURE = [case for case in CASES if not case.needs_grok and not case.is_risky]
LOSSLESS = [case for case in SURE if case.is_lossless]
LOSSY = [case for case in SURE if not case.is_lossless]
GROK_ONLY = [case for case in CASES if case.needs_grok]
RISKY = [case for case in CASES if case.is_risky]


def stored_blocks(array: Any) -> List[blosc2_grok.StoredBlock]:
    return list(blosc2_grok.codestreams(array, all=True))


def parts(image: images.Image, array: Any) -> Iterator[Tuple[blosc2_grok.StoredBlock, Tuple[slice, ...]]]:
    """The JPEG 2000 blocks, and where their samples are in the image."""
    for block in blosc2_grok.codestreams(array):
        yield block, tuple(slice(start, start + size) for start, size in zip(block.start, block.shape))


@pytest.mark.parametrize("case", LOSSLESS, ids=str)
def test_lossless_is_exact(case: Case) -> None:
    image = case.image()
    array = store(case, image)
    assert array.dtype == image.dtype
    np.testing.assert_array_equal(array[:], image)
    kinds = {block.kind for block in stored_blocks(array)}
    assert kinds <= {"jp2", "j2k", "raw", "zero", "run"}
    assert array.schunk.cbytes <= array.schunk.nbytes + 100 * array.schunk.nchunks * (1 + len(stored_blocks(array)))


BIG = [case for case in LOSSLESS if case.kind in ("photo", "xray", "ct") and np.prod(case.shape) > 20_000]


@pytest.mark.parametrize("case", BIG, ids=str)
def test_images_get_smaller(case: Case) -> None:
    array = store(case, case.image())
    blocks = stored_blocks(array)
    assert any(block.kind in ("jp2", "j2k") for block in blocks)
    assert sum(len(block.data) for block in blocks) < case.image().nbytes


@pytest.mark.parametrize("case", LOSSY, ids=str)
def test_lossy_keeps_what_was_asked(case: Case) -> None:
    image = case.image()
    array = store(case, image)
    decoded = array[:]
    bits = 8 * image.dtype.itemsize
    blocks = list(parts(image, array))
    assert blocks, "nothing was stored as JPEG 2000"
    for block, where in blocks:
        if case.rate is not None:
            assert len(block.data) <= block.nbytes / case.rate
        if case.decibels is not None:
            assert images.psnr(image[where], decoded[where], bits) >= case.decibels
    # Whatever is lost, it is still the image.
    assert images.psnr(image, decoded, bits) > (case.decibels or 20)


@pytest.mark.parametrize("case", [c for c in LOSSY if c.rate and c.rate <= 10 and not c.blocks], ids=str)
def test_a_rate_is_not_missed_by_much(case: Case) -> None:
    image = case.image()
    lossless = store(Case("lossless", case.kind, case.dtype, case.shape), image)
    budget = image.nbytes / (case.rate or 1)
    if lossless.schunk.cbytes < budget:
        pytest.skip("lossless is smaller than the rate asks")
    (block,) = blosc2_grok.codestreams(store(case, image))
    # Truncation goes by coding passes, of some 500 bytes for a code-block of 64 x 64.
    assert len(block.data) > 0.95 * budget - 512


@pytest.mark.parametrize("case", [c for c in LOSSY if c.decibels and c.decibels >= 30 and not c.blocks], ids=str)
def test_decibels_are_not_exceeded_by_much(case: Case) -> None:
    image = case.image()
    array = store(case, image)
    lossless = store(Case("lossless", case.kind, case.dtype, case.shape), image)
    assert array.schunk.cbytes <= lossless.schunk.cbytes * 1.02 + 200
    reached = images.psnr(image, array[:], 8 * image.dtype.itemsize)
    if reached != float("inf") and array.schunk.cbytes > 2000:  # below that, headers are what is measured
        assert reached < (case.decibels or 0) + 3


@pytest.mark.parametrize("case", GROK_ONLY, ids=str)
def test_what_openjpeg_lacks_works_or_names_grok(case: Case) -> None:
    image = case.image()
    serial = blosc2_grok.message_serial()
    try:
        array = store(case, image)
    except (RuntimeError, ValueError) as e:
        assert not has_engine("grok")
        assert "grok" in str(blosc2_grok.last_error(serial) or e).lower()
        return
    np.testing.assert_array_equal(array[:], image)


@pytest.mark.parametrize("case", RISKY, ids=str)
def test_where_engines_err_it_is_exact_or_an_error(case: Case) -> None:
    image = case.image()
    serial = blosc2_grok.message_serial()
    try:
        array = store(case, image)
    except RuntimeError:
        reason = blosc2_grok.last_error(serial)
        assert reason is not None and reason.text
        return
    np.testing.assert_array_equal(array[:], image)


@pytest.mark.parametrize("case", SURE[::7], ids=str)
def test_storing_twice_gives_the_same_bytes(case: Case) -> None:
    image = case.image()
    assert stored_blocks(store(case, image)) == stored_blocks(store(case, image))


@pytest.mark.parametrize("case", [c for c in SURE if c.blocks][::3], ids=str)
def test_threads_of_blosc2_change_no_byte(case: Case) -> None:
    image = case.image()
    one = store(case, image, cparams={"nthreads": 1})
    four = store(case, image, cparams={"nthreads": 4})
    assert stored_blocks(one) == stored_blocks(four)
    np.testing.assert_array_equal(one[:], four[:])


def test_noise_is_stored_as_it_is() -> None:
    array = store(Case("", "noise", "uint16", (128, 128)), images.make("noise", "uint16", (128, 128)))
    assert [block.kind for block in stored_blocks(array)] == ["raw"]
    assert array.schunk.cbytes <= array.schunk.nbytes + 100


@pytest.mark.parametrize("shape", [(1, 1), (2, 2), (3, 7), (8, 8), (8, 8, 3), (10, 10), (13, 17), (17, 17)], ids=str)
def test_tiny_blocks_are_never_an_error(shape: Tuple[int, ...]) -> None:
    image = images.make("photo", "uint8", shape)
    for codec_meta in (0, 40, 250):
        case = Case("", "photo", "uint8", shape, codec_meta=codec_meta)
        serial = blosc2_grok.message_serial()
        decoded = store(case, image)[:]
        assert decoded.shape == shape
        assert blosc2_grok.last_error(serial) is None
        if codec_meta == 0:
            np.testing.assert_array_equal(decoded, image)


@pytest.mark.parametrize("codec_meta", range(1, 11))
def test_codec_meta_up_to_10_is_lossless(codec_meta: int) -> None:
    case = Case("", "photo", "uint8", (100, 120), codec_meta=codec_meta)
    np.testing.assert_array_equal(store(case, case.image())[:], case.image())


def test_codec_meta_goes_before_the_rate_that_was_set() -> None:
    parameters = {"quality_mode": "rates", "quality_layers": [50]}
    case = Case("", "photo", "uint8", (200, 300), parameters=parameters, codec_meta=40)
    (block,) = blosc2_grok.codestreams(store(case, case.image()))
    assert case.image().nbytes / 50 * 2 < len(block.data) <= case.image().nbytes / 4


def test_max_cs_size_bounds_the_block() -> None:
    case = Case("", "photo", "uint8", (200, 300), parameters={"max_cs_size": 5000})
    (block,) = blosc2_grok.codestreams(store(case, case.image()))
    assert len(block.data) <= 5000 + 200  # JP2's boxes are no part of the codestream


def test_a_zero_array_needs_no_codec() -> None:
    case = Case("", "photo", "uint16", (200, 300))
    array = store(case, np.zeros(case.shape, dtype=np.uint16))
    assert not list(blosc2_grok.codestreams(array))
    assert not array[:].any()


def test_updates_and_resizes() -> None:
    case = Case("", "xray", "uint16", (200, 300), (128, 128), (64, 128))
    image = case.image()
    array = store(case, image)
    array[30:90, 100:200] = image[:60, :100].copy()
    expected = image.copy()
    expected[30:90, 100:200] = image[:60, :100]
    np.testing.assert_array_equal(array[:], expected)
    array.resize((250, 300))
    array[200:] = np.ascontiguousarray(image[:50])
    np.testing.assert_array_equal(array[:], np.vstack([expected, image[:50]]))


def test_slices() -> None:
    case = Case("", "xray", "uint16", (200, 300), (128, 256), (64, 64))
    image = case.image()
    array = store(case, image)
    for key in ((slice(10, 20), slice(100, 290)), (5,), (slice(None), 299), (slice(150, 200), slice(0, 1))):
        np.testing.assert_array_equal(array[key], image[key])


def test_on_disk(tmp_path: Any) -> None:
    case = Case("", "ct", "int16", (200, 300), (128, 256), (64, 64))
    image = case.image()
    path = str(tmp_path / "image.b2nd")
    store(case, image, urlpath=path, mode="w")
    opened = blosc2.open(path)
    np.testing.assert_array_equal(opened[:], image)
    assert all(block.kind == "jp2" for block in blosc2_grok.codestreams(opened))


def test_plain_schunk_is_one_row_of_samples() -> None:
    image = images.make("xray", "uint16", (60, 200))
    cparams = {"codec": blosc2.Codec.GROK, "typesize": 2, "filters": [], "splitmode": blosc2.SplitMode.NEVER_SPLIT}
    schunk = blosc2.SChunk(chunksize=image.nbytes // 3, data=image, cparams=cparams)
    assert schunk[:] == image.tobytes()


def test_compress2_without_an_array() -> None:
    data = images.make("photo", "uint8", (100, 100)).tobytes()
    never = blosc2.SplitMode.NEVER_SPLIT
    packed = blosc2.compress2(data, codec=blosc2.Codec.GROK, typesize=1, filters=[], splitmode=never)
    assert blosc2.decompress2(packed) == data


@st.composite
def arrays(draw: st.DrawFn) -> Case:
    """Any shape of up to four axes, cut any way."""
    shape = draw(st.lists(st.integers(1, 50), min_size=1, max_size=4).filter(lambda s: np.prod(s) <= 100_000))
    chunks = [draw(st.integers(1, side)) for side in shape]
    blocks = [draw(st.integers(1, side)) for side in chunks]
    if np.prod([-(-a // b) for a, b in zip(shape, blocks)]) > 200:
        chunks = blocks = shape
    dtype = draw(st.sampled_from(["|u1", "|i1", "<u2", "<i2", ">u2", ">i2"]))
    kind = draw(st.sampled_from(sorted(images.KINDS)))
    return Case("", kind, dtype, tuple(shape), tuple(chunks), tuple(blocks))


@given(arrays())
def test_any_array_is_lossless(case: Case) -> None:
    image = case.image()
    np.testing.assert_array_equal(store(case, image)[:], image)


@given(arrays(), st.integers(11, 255))
def test_any_array_takes_a_rate(case: Case, codec_meta: int) -> None:
    image = case.image()
    array = store(dataclasses.replace(case, codec_meta=codec_meta), image)
    assert array[:].shape == image.shape
    headers = 600 + 15 * int(np.prod((case.blocks or ())[:-2], initial=1)) * (4 if len(case.shape) > 2 else 1)
    for block in blosc2_grok.codestreams(array):
        assert len(block.data) <= max(block.nbytes / (codec_meta / 10), headers)


def test_colour_transform_needs_colours() -> None:
    image = images.make("photo", "uint8", (60, 90))
    with pytest.raises(blosc2_grok.Error, match="^mct=1 needs three components, the block has 1$"):
        _native.encode_block(image, parameters=blosc2_grok.Params(mct=1).to_dict())
