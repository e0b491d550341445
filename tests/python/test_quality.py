# SPDX-License-Identifier: BSD-3-Clause
"""Quality that is kept: rates and decibels on a photo, a radiograph, a CT and an MR slice, Part 1 and HT.

The pictures are those of PyPI's pydicom_data and scikit-image where installed, else generated; crops,
whole in long runs.
"""

from __future__ import annotations

import importlib.util
import pathlib
from typing import Any, Dict, List, Optional

import numpy as np
import pytest

import blosc2_grok
import images
from blosc2_grok import Params, _native
from cases import has_engine
from images import Image, psnr

CROP = 256
RATES = [1.5, 2, 4, 8, 16, 30, 50]
DECIBELS = [30, 40, 50, 60, 70, 80, 90, 100]
SOURCES = ["photo", "rgb", "xray", "ct", "mr"]


def _inside(package: str, *path: str) -> Optional[pathlib.Path]:
    """A file that comes with an installed package, which is not imported."""
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        return None
    file = pathlib.Path(spec.submodule_search_locations[0]).joinpath(*path)
    return file if file.is_file() else None


def _dicom(name: str) -> Optional[Image]:
    path = _inside("data_store", "data", name)
    if path is None or importlib.util.find_spec("pydicom") is None:
        return None
    import pydicom

    image = pydicom.dcmread(path).pixel_array
    # Without zeros at its end, which count as padding of a block (docs/design.md).
    rows, columns = (np.flatnonzero(image.any(axis=axis))[-1] + 1 for axis in (1, 0))
    return np.ascontiguousarray(image[:rows, :columns])


def _portrait() -> Optional[Image]:
    path = _inside("skimage", "data", "astronaut.png")
    if path is None or importlib.util.find_spec("PIL") is None:
        return None
    from PIL import Image as Pillow

    return np.asarray(Pillow.open(path).convert("RGB"))


def _whole(name: str) -> Image:
    if name == "xray":
        found = _dicom("RG1_UNCR.dcm")
        return images.make("xray", "uint16", (1008, 1900)) if found is None else found
    if name == "ct":
        found = _dicom("693_UNCR.dcm")
        return images.make("ct", "int16", (512, 512)) if found is None else found
    if name == "mr":
        found = _dicom("MR2_UNCR.dcm")
        return images.make("photo", "uint16", (512, 512)) >> 4 if found is None else found
    found = _portrait()
    colours = images.make("photo", "uint8", (512, 512, 3)) if found is None else found
    return colours if name == "rgb" else np.ascontiguousarray(colours[:, :, 1])


def picture(name: str, is_long: bool) -> Image:
    whole = _whole(name)
    if is_long:
        return whole
    rows, columns = (whole.shape[0] - CROP) // 2, (whole.shape[1] - CROP) // 2
    return np.ascontiguousarray(whole[rows : rows + CROP, columns : columns + CROP])


class Coded:
    def __init__(self, image: Image, coder: str, layers: List[float], mode: Optional[str], **parameters: Any) -> None:
        if mode is not None:
            parameters.update(quality_mode=mode, quality_layers=layers)
        if coder.startswith("ht"):
            parameters["mode"] = 64
        if coder == "ht-5/3":
            parameters["irreversible"] = False
        stored = _native.encode_block(
            image, parameters=Params(**parameters).to_dict(), capacity=2 * image.nbytes + 100_000
        )
        assert stored is not None
        self.image, self.stored = image, stored
        self.described: Dict[str, Any] = _native.describe_block(stored)

    @property
    def size(self) -> int:
        return len(self.stored)

    def psnr(self, layers: int = 0) -> float:
        """By our own sum over the samples, not the library's."""
        size = self.image.nbytes
        raw = (
            _native.decode_block_partly(self.stored, size, 0, layers)
            if layers
            else _native.decode_block(self.stored, size)
        )
        decoded = np.frombuffer(raw, self.image.dtype).reshape(self.image.shape)
        return psnr(self.image, decoded, 8 * self.image.dtype.itemsize)


CODERS = ["part1", "ht", "ht-5/3"]
# What a quality may be above what was asked, dB; the last leaves out whole bit-planes of code-blocks.
MARGINS = {"part1": 0.5, "ht": 0.5, "ht-5/3": 1.0}
HEADERS: Dict[str, int] = {}


def smallest(name: str, image: Image, coder: str) -> int:
    """What headers take: hardly anything is left at 1 dB."""
    key = f"{name}-{coder}"
    if key not in HEADERS:
        HEADERS[key] = Coded(image, coder, [1], "dB").size
    return HEADERS[key]


@pytest.mark.parametrize("coder", CODERS)
@pytest.mark.parametrize("name", SOURCES)
def test_rates_are_met_from_below(name: str, coder: str, is_long: bool) -> None:
    image = picture(name, is_long)
    least = 0.97 if coder == "ht" else 0.9
    last = np.inf
    for rate in RATES:
        coded = Coded(image, coder, [rate], "rates")
        budget, reached = image.nbytes / rate, coded.psnr()
        assert coded.size <= budget, f"rate {rate}"
        if budget > 4096 and np.isfinite(reached):
            assert coded.size >= least * budget, f"rate {rate}"
        assert reached <= last + 0.1, f"rate {rate}"
        last = reached


@pytest.mark.parametrize("coder", CODERS)
@pytest.mark.parametrize("name", SOURCES)
def test_decibels_are_met_from_above(name: str, coder: str, is_long: bool) -> None:
    image = picture(name, is_long)
    lossless = Coded(image, coder, [], None)
    assert np.isinf(lossless.psnr())
    for decibels in DECIBELS:
        coded = Coded(image, coder, [decibels], "dB")
        reached = coded.psnr()
        assert reached >= decibels, f"{decibels} dB"
        assert coded.size <= 1.02 * lossless.size + 100, f"{decibels} dB"
        assert coded.described["psnr"] == pytest.approx(reached) or np.isinf(reached)
        # Near the last bit, the ends of Part 1's coding passes are more than half a dB apart.
        is_nearly_lossless = coder == "part1" and coded.size > 0.94 * lossless.size
        # And in streams of a 2,500th of the image, a pass or a bit-plane of a code-block is much.
        is_tiny = coded.size <= smallest(name, image, coder) + max(200, image.nbytes // 2500)
        if np.isfinite(reached) and not is_nearly_lossless and not is_tiny:
            assert reached <= decibels + MARGINS[coder], f"{decibels} dB"


@pytest.mark.parametrize("coder", CODERS)
@pytest.mark.parametrize("key, value", [("psnr", 62.5), ("rmse", 1.5), ("rmse", 20)])
def test_constant_quality_is_the_same_search(key: str, value: float, coder: str, is_long: bool) -> None:
    image = picture("xray", is_long)
    coded = Coded(image, coder, [], None, **{key: value})
    wanted = value if key == "psnr" else 20 * np.log10(65535 / value)
    assert wanted <= coded.psnr() <= wanted + MARGINS[coder]


@pytest.mark.parametrize("engine", ["openjpeg", "grok"])
@pytest.mark.parametrize("name", SOURCES)
def test_each_layer_meets_its_decibels(name: str, engine: str, is_long: bool) -> None:
    if not has_engine(engine):
        pytest.skip(f"this build has no engine {engine}")
    image = picture(name, is_long)
    layers = [35.0, 42.0, 48.0] if image.dtype.itemsize == 1 else [55.0, 65.0, 75.0]
    coded = Coded(image, "part1", layers, "dB", engine=engine)
    reached = [coded.psnr(n) for n in (1, 2, 3)]
    assert all(got >= asked for got, asked in zip(reached, layers)), reached
    assert reached == sorted(reached) and reached[2] == coded.psnr()


@pytest.mark.parametrize("engine", ["openjpeg", "grok"])
@pytest.mark.parametrize("name", SOURCES)
def test_each_layer_of_rates_adds_quality(name: str, engine: str, is_long: bool) -> None:
    if not has_engine(engine):
        pytest.skip(f"this build has no engine {engine}")
    image = picture(name, is_long)
    coded = Coded(image, "part1", [40, 20, 10], "rates", engine=engine)
    reached = [coded.psnr(n) for n in (1, 2, 3)]
    assert reached[0] < reached[1] < reached[2] == coded.psnr()
    assert coded.size <= image.nbytes / 10
    # A layer's own budget: a stream of that rate alone is hardly better than the layers up to it.
    for layer, rate in ((1, 40), (2, 20)):
        alone = Coded(image, "part1", [rate], "rates", engine=engine).psnr()
        assert alone - 1.5 <= reached[layer - 1] <= alone + 1.0, f"layer {layer}"


def test_grok_meets_rates_and_decibels(is_long: bool) -> None:
    if not has_engine("grok"):
        pytest.skip("this build has no engine grok")
    for name in SOURCES:
        image = picture(name, is_long)
        for rate in (4, 16):
            coded = Coded(image, "part1", [rate], "rates", engine="grok")
            assert coded.size <= image.nbytes / rate
            assert coded.size >= 0.9 * image.nbytes / rate or np.isinf(coded.psnr()) or image.nbytes / rate <= 4096
        for decibels in (45, 70):
            assert Coded(image, "part1", [decibels], "dB", engine="grok").psnr() >= decibels


def test_a_budget_below_the_headers_gives_the_smallest_stream_and_a_notice() -> None:
    image = picture("photo", False)
    serial = _native.message_serial()
    coded = Coded(image, "part1", [500], "rates")
    message = _native.next_message(serial)
    assert message is not None and message.text.startswith("a budget of 131 bytes is below what headers take")
    assert coded.size < 400


def test_nine_seven_is_given_up_only_where_nobody_asked_for_it() -> None:
    image = picture("photo", False)
    assert np.isinf(Coded(image, "ht", [70], "dB").psnr())  # 5/3: smaller, and exact
    assert np.isfinite(Coded(image, "ht", [70], "dB", irreversible=True).psnr())


def test_a_profile_loses_nothing_unless_it_says_so(recwarn: pytest.WarningsRecorder) -> None:
    stack = np.random.default_rng(0).poisson(300, (256, 256)).astype(np.uint16)
    for coder in ("ht", "part1") if has_engine("grok") else ("part1",):  # profiles in HT are Grok's
        array = blosc2_grok.asarray(stack, coder=coder, params={"rsiz": 1})
        np.testing.assert_array_equal(array[...], stack)
    assert not recwarn.list
    with pytest.warns(UserWarning, match="rsiz=1024: this profile changed samples, by up to 1,"):
        array = blosc2_grok.asarray(stack, params={"rsiz": 1024})
    assert np.any(array[...] != stack)


def test_a_profile_with_a_quality_keeps_the_quality(recwarn: pytest.WarningsRecorder) -> None:
    stack = np.random.default_rng(0).poisson(300, (256, 256)).astype(np.uint16)
    array = blosc2_grok.asarray(stack, params={"rsiz": 1}, rmse=4)
    assert 0 < float(np.sqrt(np.mean((array[...].astype(float) - stack) ** 2))) <= 4
    assert not recwarn.list
