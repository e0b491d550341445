# SPDX-License-Identifier: BSD-3-Clause
"""Blosc2's filters before the codec: a lone shuffle does no harm; others only as long as nothing is lost."""

from __future__ import annotations

from typing import Any, Dict, List

import blosc2
import numpy as np
import pytest

import blosc2_grok
import images
import witnesses
from cases import Case, store

Filter = blosc2.Filter
SOURCES = [("xray", "uint16"), ("ct", "int16"), ("photo", "uint8"), ("photo", ">u2")]
OTHERS: List[Dict[str, Any]] = [
    {"filters": [Filter.BITSHUFFLE]},
    {"filters": [Filter.DELTA]},
    {"filters": [Filter.SHUFFLE, Filter.DELTA]},
    {"filters": [Filter.DELTA, Filter.SHUFFLE]},
    {"filters": [Filter.BYTEDELTA], "filters_meta": [2]},
    {"filters": [Filter.SHUFFLE, Filter.BYTEDELTA], "filters_meta": [0, 2]},
    {"filters": [Filter.SHUFFLE, Filter.SHUFFLE]},
    {"filters": [], "splitmode": blosc2.SplitMode.ALWAYS_SPLIT},
    {"filters": [Filter.SHUFFLE], "splitmode": blosc2.SplitMode.ALWAYS_SPLIT},
]


@pytest.mark.parametrize("kind, dtype", SOURCES)
@pytest.mark.parametrize(
    "shape, blocks", [((100, 150), (100, 150)), ((130, 150), (64, 64)), ((4, 50, 60), (1, 50, 60))], ids=str
)
def test_a_lone_shuffle_is_undone(kind: str, dtype: str, shape: Any, blocks: Any) -> None:
    case = Case("", kind, dtype, shape, shape, blocks)
    image = case.image()
    plain = store(case, image)
    shuffled = store(case, image, cparams={"filters": [Filter.SHUFFLE]})
    np.testing.assert_array_equal(shuffled[:], image)
    assert shuffled.schunk.cbytes <= plain.schunk.cbytes * 1.02 + 100


@pytest.mark.parametrize("kind, dtype", SOURCES)
@pytest.mark.parametrize("codec_meta", [40, 100])
def test_a_lone_shuffle_with_loss(kind: str, dtype: str, codec_meta: int) -> None:
    case = Case("", kind, dtype, (200, 150), codec_meta=codec_meta)
    image = case.image()
    plain = store(case, image)
    shuffled = store(case, image, cparams={"filters": [Filter.SHUFFLE]})
    # The segment tells of the filter: a few bytes less are left for the image, and a pass or two of it.
    bits = 8 * image.dtype.itemsize
    assert abs(images.psnr(image, shuffled[:], bits) - images.psnr(image, plain[:], bits)) < 0.01
    stream = next(blosc2_grok.codestreams(shuffled)).data
    # OpenJPEG knows of no shuffle: it reads the picture itself, and 5/3 exactly.
    np.testing.assert_array_equal(witnesses.planes_of(shuffled[:]), witnesses.by_openjpeg(stream))
    assert len(stream) <= image.nbytes * 10 / codec_meta


def test_the_newcomers_call() -> None:
    """Only the codec is named: Blosc2's default filters stay on."""
    image = images.make("xray", "uint16", (200, 150))
    for cparams in ({"codec": blosc2.Codec.GROK}, {"codec": blosc2.Codec.GROK, "clevel": 9}):
        np.testing.assert_array_equal(blosc2.asarray(image, cparams=cparams)[:], image)
    cparams = {"codec": blosc2.Codec.GROK, "codec_meta": 50}
    lossy = blosc2.asarray(image, chunks=image.shape, blocks=image.shape, cparams=cparams)
    assert lossy.schunk.cratio > 4.5
    assert images.psnr(image, lossy[:], 16) > 45


def test_a_picture_even_so() -> None:
    imagecodecs = pytest.importorskip("imagecodecs")
    case = Case("", "xray", "uint16", (100, 300))
    array = store(case, case.image(), cparams={"filters": [Filter.SHUFFLE]})
    (block,) = blosc2_grok.codestreams(array)
    np.testing.assert_array_equal(imagecodecs.jpeg2k_decode(block.data), case.image())


@pytest.mark.parametrize("cparams", OTHERS, ids=str)
@pytest.mark.parametrize("kind, dtype", SOURCES)
def test_other_filters_are_lossless(kind: str, dtype: str, cparams: Dict[str, Any]) -> None:
    case = Case("", kind, dtype, (100, 150), blocks=(50, 75))
    # One thread: the delta filter's own race gives wrong data with any codec, once in some hundred times.
    array = store(case, case.image(), cparams={**cparams, "nthreads": 1}, dparams={"nthreads": 1})
    np.testing.assert_array_equal(array[:], case.image())


@pytest.mark.parametrize("cparams", OTHERS, ids=str)
@pytest.mark.parametrize("kind, dtype", [("xray", "uint16"), ("ct", "int16")])
def test_other_filters_with_loss_are_refused(kind: str, dtype: str, cparams: Dict[str, Any]) -> None:
    case = Case("", kind, dtype, (100, 150), codec_meta=50)
    serial = blosc2_grok.message_serial()
    with pytest.raises(RuntimeError):
        store(case, case.image(), cparams=cparams)
    reason = blosc2_grok.last_error(serial)
    assert reason is not None
    assert "filter" in reason.text or "split" in reason.text


def test_on_disk_and_through_a_frame(tmp_path: Any) -> None:
    case = Case("", "xray", "uint16", (130, 150), (130, 150), (64, 64))
    path = str(tmp_path / "image.b2nd")
    array = store(case, case.image(), cparams={"filters": [Filter.SHUFFLE]}, urlpath=path, mode="w")
    np.testing.assert_array_equal(blosc2.open(path)[:], case.image())
    again = blosc2.ndarray_from_cframe(array.to_cframe())
    np.testing.assert_array_equal(again[:], case.image())
