# SPDX-License-Identifier: BSD-3-Clause
"""A stored block is a picture the right way round: decoders that know nothing of us see what the array holds."""

from __future__ import annotations

import os
import tempfile
from typing import Any, Callable, Dict, List, Tuple

import numpy as np
import pytest

import blosc2_grok
import images
from cases import Case, store

av = pytest.importorskip("av")
glymur = pytest.importorskip("glymur")
imagecodecs = pytest.importorskip("imagecodecs")


def by_imagecodecs(data: bytes) -> images.Image:
    return np.asarray(imagecodecs.jpeg2k_decode(data))


def by_openjpeg(data: bytes) -> images.Image:
    suffix = ".jp2" if data.startswith(b"\0\0\0\x0c") else ".j2k"
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "block" + suffix)
        with open(path, "wb") as file:
            file.write(data)
        return np.asarray(glymur.Jp2k(path)[:])


def by_ffmpeg(data: bytes) -> images.Image:
    decoder = av.CodecContext.create("jpeg2000", "r")
    frames = decoder.decode(av.Packet(data)) + decoder.decode(None)
    return np.asarray(frames[0].to_ndarray())


DECODERS: Dict[str, Callable[[bytes], images.Image]] = {
    "imagecodecs": by_imagecodecs,
    "openjpeg": by_openjpeg,
    "ffmpeg": by_ffmpeg,
}


def only_block(case: Case, image: images.Image) -> blosc2_grok.StoredBlock:
    (block,) = blosc2_grok.codestreams(store(case, image))
    return block


SHAPES: List[Tuple[str, Tuple[int, ...]]] = [
    ("uint8", (100, 300)),
    ("uint16", (100, 300)),
    ("uint16", (300, 100)),
    ("int16", (100, 300)),
    ("int8", (300, 100)),
    ("uint8", (100, 300, 3)),
    ("uint16", (300, 100, 3)),
    ("uint8", (100, 300, 4)),
    ("uint16", (1, 100, 300)),
    ("uint16", (1, 100, 1, 300, 1)),
    ("uint16", (1, 5000)),
    ("uint16", (5000, 1)),
]
PICTURES = [  # FFmpeg's frames have no signed samples
    (decoder, dtype, shape)
    for decoder in DECODERS
    for dtype, shape in SHAPES
    if not (decoder == "ffmpeg" and dtype.startswith("int"))
]


@pytest.mark.parametrize("cod_format", ["GRK_FMT_JP2", "GRK_FMT_J2K"])
@pytest.mark.parametrize("decoder, dtype, shape", PICTURES, ids=str)
def test_a_block_is_a_picture(decoder: str, cod_format: str, dtype: str, shape: Tuple[int, ...]) -> None:
    image = images.make("photo", dtype, shape)
    block = only_block(Case("", "photo", dtype, shape, parameters={"cod_format": cod_format}), image)
    assert block.kind == cod_format[-3:].lower()
    assert block.shape == block.block_shape == shape
    picture = DECODERS[decoder](block.data)
    np.testing.assert_array_equal(np.squeeze(picture), np.squeeze(image))
    assert picture.dtype == image.dtype


@pytest.mark.parametrize("decoder", ["imagecodecs", "openjpeg", "ffmpeg"])
def test_colour_transform(decoder: str) -> None:
    image = images.make("photo", "uint8", (100, 300, 3))
    plain = only_block(Case("", "photo", "uint8", image.shape, parameters={"mct": 0}), image)
    block = only_block(Case("", "photo", "uint8", image.shape, parameters={"mct": 1}), image)
    assert len(block.data) < len(plain.data)
    np.testing.assert_array_equal(DECODERS[decoder](block.data), image)


@pytest.mark.parametrize("decoder", ["imagecodecs", "openjpeg"])
def test_a_stack_has_a_component_for_each_plane(decoder: str) -> None:
    image = images.make("photo", "uint16", (5, 100, 300))
    block = only_block(Case("", "photo", "uint16", image.shape), image)
    np.testing.assert_array_equal(DECODERS[decoder](block.data), np.moveaxis(image, 0, -1))


def test_blocks_of_one_channel_are_gray_pictures() -> None:
    image = images.make("photo", "uint8", (100, 120, 3))
    for block in blosc2_grok.codestreams(store(Case("", "", "uint8", image.shape, blocks=(100, 120, 1)), image)):
        np.testing.assert_array_equal(by_imagecodecs(block.data), image[..., block.start[-1]])


def test_a_block_of_3_columns_is_no_colour_picture() -> None:
    image = images.make("photo", "uint8", (100, 300, 30))
    array = store(Case("", "", "uint8", image.shape, blocks=(10, 30, 3)), image)
    block = next(iter(blosc2_grok.codestreams(array)))
    np.testing.assert_array_equal(by_imagecodecs(block.data), np.moveaxis(image[:10, :30, :3], 0, -1))


@pytest.mark.parametrize("layout", ["planes", "interleaved", (1, 0), (0, 2), (0, 1, 2)], ids=str)
def test_layout_said_by_the_user(layout: Any) -> None:
    image = images.make("photo", "uint8", (40, 5, 50) if layout == (0, 2) else (40, 50, 3))
    block = only_block(Case("", "", "uint8", image.shape, parameters={"layout": layout}), image)
    expected = {
        "planes": lambda: np.moveaxis(image, 0, -1),
        "interleaved": lambda: image,
        (1, 0): lambda: np.swapaxes(image, 0, 1),
        (0, 2): lambda: np.moveaxis(image, 1, -1),
        (0, 1, 2): lambda: image,
    }[layout]()
    np.testing.assert_array_equal(np.squeeze(by_imagecodecs(block.data)), np.squeeze(expected))


@pytest.mark.parametrize("layout", ["planes", "interleaved", "row", (1, 0), (0, 2), (2, 1), (0, 1, 2)], ids=str)
def test_any_layout_is_lossless(layout: Any) -> None:
    case = Case("", "photo", "uint8", (40, 50, 3), parameters={"layout": layout})
    np.testing.assert_array_equal(store(case, case.image())[:], case.image())


@pytest.mark.parametrize("decoder", DECODERS)
@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_padding_is_left_out_of_the_picture(decoder: str, dtype: str) -> None:
    image = images.make("photo", dtype, (190, 310))
    array = store(Case("", "photo", dtype, image.shape, (128, 256), (64, 128)), image)
    blocks = list(blosc2_grok.codestreams(array))
    assert sum(block.shape != block.block_shape for block in blocks) >= 5
    for block in blocks:
        where = tuple(slice(start, start + size) for start, size in zip(block.start, block.shape))
        np.testing.assert_array_equal(DECODERS[decoder](block.data), image[where])


def test_padding_of_a_stack_is_left_out() -> None:
    image = images.make("photo", "uint16", (5, 90, 120))
    array = store(Case("", "photo", "uint16", image.shape, (4, 64, 128), (4, 64, 128)), image)
    for block in blosc2_grok.codestreams(array):
        where = tuple(slice(start, start + size) for start, size in zip(block.start, block.shape))
        picture = by_imagecodecs(block.data)
        np.testing.assert_array_equal(picture.reshape(*block.shape[1:], -1), np.moveaxis(image[where], 0, -1))


def test_zeros_of_the_image_come_back_too() -> None:
    image = images.make("photo", "uint8", (100, 120))
    image[60:] = 0
    image[:, 100:] = 0
    array = store(Case("", "photo", "uint8", image.shape), image)
    np.testing.assert_array_equal(array[:], image)


def test_big_endian_samples_give_the_same_picture() -> None:
    image = images.make("photo", ">u2", (100, 300))
    block = only_block(Case("", "photo", ">u2", image.shape), image)
    np.testing.assert_array_equal(by_imagecodecs(block.data), image)


def test_lossy_decoders_agree() -> None:
    image = images.make("xray", "uint16", (200, 300))
    case = Case("", "xray", "uint16", image.shape, codec_meta=100)
    array = store(case, image)
    (block,) = blosc2_grok.codestreams(array)
    for decode in DECODERS.values():
        np.testing.assert_array_equal(decode(block.data), array[:])
