# SPDX-License-Identifier: BSD-3-Clause
"""The arrays: real images out of PyPI packages, a simulated tomographic scan and generated images of any size."""

from __future__ import annotations

import gzip
import importlib.util
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from compare.venvs import ROOT

sys.path.insert(0, str(ROOT / "tests" / "python"))  # the tests' generators: images, tomography


@dataclass(frozen=True)
class Facts:
    """What the report tells of an array."""

    name: str
    ndim: int
    nbytes: int
    is_stack: bool


@dataclass(frozen=True)
class Item:
    """An array and how it is to be stored."""

    name: str
    samples: np.ndarray
    blocks: tuple[int, ...]
    chunks: tuple[int, ...]
    separate: bool = False

    @property
    def is_stack(self) -> bool:
        return self.chunks != self.blocks or self.samples.shape != self.chunks

    @property
    def facts(self) -> Facts:
        return Facts(self.name, self.samples.ndim, self.samples.nbytes, self.is_stack)


def one_block(name: str, samples: np.ndarray) -> Item:
    return Item(name, samples, samples.shape, samples.shape)


def one_chunk(name: str, samples: np.ndarray, blocks: tuple[int, ...]) -> Item:
    return Item(name, samples, blocks, samples.shape)


def frames(name: str, samples: np.ndarray) -> Item:
    """A frame is a block is a chunk: as detectors' clients write them."""
    frame = (1, *samples.shape[1:])
    return Item(name, samples, frame, frame)


def _inside(package: str, *path: str) -> Path:
    """A file that comes with an installed package, which is not imported."""
    spec = importlib.util.find_spec(package)
    assert spec and spec.submodule_search_locations
    return Path(spec.submodule_search_locations[0]).joinpath(*path)


@cache
def dicom(name: str) -> np.ndarray:
    import pydicom

    return np.ascontiguousarray(pydicom.dcmread(_inside("data_store", "data", name)).pixel_array)


def photo() -> np.ndarray:
    """NASA's portrait of Eileen Collins, 512 x 512 x 3, uint8."""
    import skimage.io

    return np.ascontiguousarray(skimage.io.imread(_inside("skimage", "data", "astronaut.png"))[..., :3])


def gray_photo() -> np.ndarray:
    import skimage.io

    return np.ascontiguousarray(skimage.io.imread(_inside("skimage", "data", "camera.png")))


def series() -> np.ndarray:
    """MR volumes in time, (2, 24, 96, 128) int16."""
    import nibabel

    data = gzip.decompress(_inside("nibabel", "tests", "data", "example4d.nii.gz").read_bytes())
    image = nibabel.Nifti1Image.from_bytes(data)
    return np.ascontiguousarray(image.dataobj.get_unscaled().T.astype(np.int16))


@cache
def projections(count: int) -> tuple[np.ndarray, float]:
    """(count, 64, 256) uint16 of a simulated scan, and the median sigma of their noise in counts."""
    import tomography

    scan = tomography.measure(rows=64, side=256, angles=count)
    return scan.projections, float(np.median(scan.sigma))


def attenuation(count: int) -> np.ndarray:
    """The projections as what reconstruction takes: -log of their part of the beam, float32."""
    counts = np.maximum(projections(count)[0], 1)
    return -np.log(counts.astype(np.float32) / np.float32(65535))


@cache
def generated(kind: str, rows: int, columns: int) -> np.ndarray:
    import images

    image: np.ndarray = images.make(kind, "uint16", (rows, columns))
    return image


def middle(image: np.ndarray, rows: int, columns: int) -> np.ndarray:
    top, left = (max(extent - wanted, 0) // 2 for extent, wanted in zip(image.shape, (rows, columns)))
    return np.ascontiguousarray(image[top : top + rows, left : left + columns])


def squares(count: int, side: int) -> np.ndarray:
    """From all over the radiograph; they overlap where it can't hold so many."""
    image = dicom("RG1_UNCR.dcm")
    per_side = int(np.ceil(np.sqrt(count)))
    tops, lefts = (np.linspace(0, extent - side, per_side).astype(int) for extent in image.shape)
    return np.stack([image[top : top + side, left : left + side] for top in tops for left in lefts][:count])


def development_set(is_quick: bool) -> list[Item]:
    """One row each in the lossless table."""
    side = 512 if is_quick else 4096
    radiograph = middle(dicom("RG1_UNCR.dcm"), side, side)
    stack = squares(4, 256) if is_quick else squares(16, 512)
    series_ = series()
    return [
        one_block("radiograph, 15 bits, one block", radiograph),
        one_chunk("radiograph, 15 bits, blocks of 256 x 256", radiograph, (256, 256)),
        one_block("radiograph, 10 bits, one block", middle(dicom("RG3_UNCR.dcm"), side, side)),
        one_block("MR, 10 bits, one block", middle(dicom("MR2_UNCR.dcm"), side, side)),
        one_block("CT, signed, one block", dicom("693_UNCR.dcm")),
        one_block("ultrasound, RGB", dicom("US1_UNCR.dcm")),
        one_block("photo, RGB", photo()),
        one_block("photo, gray", gray_photo()),
        one_chunk("MR series, 4-D", series_, (1, 1, *series_.shape[2:])),
        one_chunk("stack of radiographs, one chunk", stack, (1, *stack.shape[1:])),
        frames("stack of radiographs, a chunk a frame", stack),
        frames("projections, a chunk a frame", projections(16 if is_quick else 64)[0]),
        frames("attenuation, float32, a chunk a frame", attenuation(16 if is_quick else 64)),
        one_block("noise", generated("noise", 512, 512)),
    ]


def small_blocks(is_quick: bool) -> list[Item]:
    counts = {32: 64, 64: 32, 128: 16} if is_quick else {32: 512, 64: 256, 128: 64}
    return [one_chunk(f"{n} blocks of {s} x {s}", squares(n, s), (1, s, s)) for s, n in counts.items()]


def small_arrays(is_quick: bool) -> Item:
    count = 32 if is_quick else 500
    return Item(f"{count} arrays of 64 x 64", squares(count, 64), (1, 64, 64), (1, 64, 64), separate=True)
