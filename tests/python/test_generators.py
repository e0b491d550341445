# SPDX-License-Identifier: BSD-3-Clause
"""First of all: the images are what they were, so that a drifting generator is never blamed on the codec."""

from __future__ import annotations

import numpy as np
import pytest

import images

CHECKSUMS = {
    "photo uint8 100x300": "c69f9ade9bfc2a76",
    "photo int8 100x300": "7ad54479a01d4b77",
    "photo uint16 100x300": "3a6c2cab091b2132",
    "photo int16 100x300": "db99631aa2787395",
    "xray uint8 100x300": "6398958245534edd",
    "xray int8 100x300": "787763d961fbcb20",
    "xray uint16 100x300": "49752470f60330fb",
    "xray int16 100x300": "8a0f6af6f56f0860",
    "ct uint8 100x300": "f168ed51a635bf43",
    "ct int8 100x300": "88d9e36ec7a560ef",
    "ct uint16 100x300": "37acc9dbefafafa6",
    "ct int16 100x300": "12857139236f11c0",
    "text uint8 100x300": "016f7ed2a50bae16",
    "text int8 100x300": "8351878ee374e124",
    "text uint16 100x300": "b723039a1dbe6dba",
    "text int16 100x300": "0dc4f61bf004fbc5",
    "checkerboard uint8 100x300": "ff549fcda48c5c1e",
    "checkerboard int8 100x300": "ffe920e9bb5a91dd",
    "checkerboard uint16 100x300": "7dddb8acad8d8932",
    "checkerboard int16 100x300": "013d9ee659678635",
    "noise uint8 100x300": "5f4bf791a92c1760",
    "noise int8 100x300": "5a2e9937d3a007d4",
    "noise uint16 100x300": "b0d63885b9c7f33f",
    "noise int16 100x300": "f63ca70263e6b318",
    "constant uint8 100x300": "5ea83461665f728f",
    "constant int8 100x300": "1ffefab7613ee498",
    "constant uint16 100x300": "4cc318a7655932d3",
    "constant int16 100x300": "3fb45ac9910167e0",
    "photo uint8 90x120x3": "05d91c18d4ea0cc3",
    "photo uint16 90x120x4": "7ab2c1dc374646a0",
    "xray uint16 5x90x120": "a4de1af2a2d9f5c6",
    "photo int16 5000": "232cfd283985303a",
    "ct int16 2x3x4x50x60": "7e16c93a35d2c17b",
    "photo >u2 128x128": "23ff4e3cb211c684",
}


@pytest.mark.parametrize("name", CHECKSUMS)
def test_image_is_what_it_always_was(name: str) -> None:
    kind, dtype, sides = name.split(" ")
    shape = tuple(int(n) for n in sides.split("x"))
    assert images.checksum(images.make(kind, dtype, shape)) == CHECKSUMS[name]


def test_another_seed_gives_another_image() -> None:
    assert not np.array_equal(images.make("photo", "uint8", (40, 50)), images.make("photo", "uint8", (40, 50), seed=2))


def test_byte_order_changes_no_value() -> None:
    big = images.make("photo", ">u2", (40, 50))
    assert big.dtype == np.dtype(">u2")
    assert np.array_equal(big, images.make("photo", "<u2", (40, 50)))


def test_noise_has_the_sigma_asked_for() -> None:
    noise = images.bell((1000, 1000), 100, 3)
    assert abs(noise.std() - 100) < 1 and abs(noise.mean()) < 1


def test_psnr_of_an_error_of_one_count_everywhere() -> None:
    image = np.zeros((10, 10), dtype=np.uint16)
    assert images.psnr(image, image + 1, 16) == pytest.approx(96.3295, abs=1e-3)
    assert images.psnr(image, image, 16) == float("inf")
