# SPDX-License-Identifier: BSD-3-Clause
"""Files that other libraries wrote are read as stacks; what we write they read."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Callable, Dict, List

import blosc2
import h5py
import imagecodecs
import numpy as np
import pydicom
import pytest
import tifffile
from PIL import Image as Pillow
from pydicom.data import get_testdata_file

import blosc2_grok
import images
from blosc2_grok.files import Stack, open_stack, replacing, write_npy, write_plain_hdf5, write_tiff

STACK = images.make("xray", "uint16", (5, 60, 80))
RGB = images.make("photo", "uint8", (40, 50, 3))
DEEP = images.make("photo", "uint16", (40, 50, 3))

WRITERS: Dict[str, Any] = {
    "stack.npy": (STACK, np.save),
    "big-endian.npy": (STACK.astype(">u2"), np.save),
    "fortran.npy": (np.asfortranarray(STACK), np.save),
    "float.npy": (STACK.astype(np.float32), np.save),
    "one-piece.tif": (STACK, lambda path, a: tifffile.imwrite(path, a, photometric="minisblack")),
    "big.tif": (STACK, lambda path, a: tifffile.imwrite(path, a, photometric="minisblack", bigtiff=True)),
    "big-endian.tif": (STACK, lambda path, a: tifffile.imwrite(path, a, photometric="minisblack", byteorder=">")),
    "pages.tif": (STACK, lambda path, a: tifffile.imwrite(path, a, photometric="minisblack", compression="zlib")),
    "tiles.tif": (
        STACK,
        lambda path, a: tifffile.imwrite(path, a, photometric="minisblack", tile=(32, 32), compression="zlib"),
    ),
    "rgb.tif": (RGB, lambda path, a: tifffile.imwrite(path, a, photometric="rgb", compression="zlib")),
    "grey.png": (STACK[0], lambda path, a: Pillow.fromarray(a).save(path)),
    "rgb.png": (RGB, lambda path, a: Pillow.fromarray(a).save(path)),
    "deep.png": (DEEP, lambda path, a: path.write_bytes(imagecodecs.png_encode(a))),
    "stack.b2nd": (STACK, lambda path, a: blosc2.asarray(a, urlpath=str(path), mode="w")),
    "grok.b2nd": (STACK, lambda path, a: blosc2_grok.asarray(a, urlpath=path, mode="w")),
}

KEYS: List[Any] = [
    (),
    (Ellipsis, slice(3, 17)),
    (slice(1, 20, 3),),
    (-1,),
    (0, slice(7, 9)),
    (slice(2, 2),),
    (Ellipsis, 2),
]


@pytest.mark.parametrize("name", WRITERS)
def test_samples_are_those_that_were_written(tmp_path: Path, name: str) -> None:
    array, write = WRITERS[name]
    write(tmp_path / name, array)
    with open_stack(str(tmp_path / name)) as stack:
        assert (stack.shape, stack.dtype) == (array.shape, array.dtype)
        for key in KEYS:
            np.testing.assert_array_equal(stack[key], array[key])
        assert stack.why_lossy() is None


@pytest.mark.parametrize(
    "suffix, write",
    [
        (".tif", lambda path, a: tifffile.imwrite(path, a)),
        (".png", lambda path, a: Pillow.fromarray(a).save(path)),
    ],
)
def test_folders_and_patterns_are_stacks_in_the_order_of_their_numbers(
    tmp_path: Path, suffix: str, write: Callable[..., None]
) -> None:
    for number in range(12):
        write(tmp_path / f"a{number}{suffix}", STACK[number % 5] + np.uint16(number))
    expected = np.stack([STACK[n % 5] + np.uint16(n) for n in range(12)])
    for spec in (tmp_path, tmp_path / f"a*{suffix}"):
        with open_stack(str(spec)) as stack:
            np.testing.assert_array_equal(stack[...], expected)
            np.testing.assert_array_equal(stack[9:11, 4:7], expected[9:11, 4:7])


def test_a_stranger_in_a_folder_is_named_before_anything_is_read(tmp_path: Path) -> None:
    for number in range(3):
        tifffile.imwrite(tmp_path / f"a{number}.tif", STACK[0, : 60 - (number == 2)])
    with pytest.raises(blosc2_grok.Error, match=r"a2.tif is \(59, 80\) uint16, and .*a0.tif is \(60, 80\)"):
        open_stack(str(tmp_path))


def write_dicom(path: Path, samples: Any, number: int) -> None:
    data = pydicom.Dataset()
    data.file_meta = pydicom.dataset.FileMetaDataset()
    data.file_meta.MediaStorageSOPClassUID = pydicom.uid.MultiFrameGrayscaleWordSecondaryCaptureImageStorage
    data.SOPClassUID = data.file_meta.MediaStorageSOPClassUID
    data.SOPInstanceUID = data.file_meta.MediaStorageSOPInstanceUID = pydicom.uid.generate_uid()
    data.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    data.InstanceNumber = number
    data.set_pixel_data(samples, "MONOCHROME2", 16)
    data.save_as(path, enforce_file_format=True)


@pytest.mark.parametrize("name", ["CT_small.dcm", "MR_small_bigendian.dcm", "many"])
def test_frames_of_dicom_files_are_pydicoms(tmp_path: Path, name: str) -> None:
    path = tmp_path / "many"  # DICOM files often have no suffix
    if name == "many":
        write_dicom(path, STACK, 1)
    else:
        found = get_testdata_file(name, download=False)
        assert isinstance(found, str)
        path = Path(found)
    expected = pydicom.dcmread(path).pixel_array
    with open_stack(str(path)) as stack:
        assert stack.shape == expected.shape and stack.dtype.newbyteorder("=") == expected.dtype.newbyteorder("=")
        np.testing.assert_array_equal(stack[...], expected)
        assert stack.why_lossy() is None


def test_a_series_of_dicom_files_has_the_order_of_its_instances(tmp_path: Path) -> None:
    for place, number in enumerate([3, 1, 5, 2, 4]):
        write_dicom(tmp_path / f"{place}.dcm", STACK[number - 1], number)
    with open_stack(str(tmp_path)) as stack:
        np.testing.assert_array_equal(stack[...], STACK)


def test_datasets_are_found_by_name_or_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        file["entry/data"] = STACK
        file["entry/angles"] = np.arange(5.0)
    with open_stack(str(path)) as stack:
        np.testing.assert_array_equal(stack[...], STACK)
    with h5py.File(path, "a") as file:
        file["entry/darks"] = STACK[:2]
    with pytest.raises(blosc2_grok.Error, match="2 datasets of images.*/entry/darks"):
        open_stack(str(path))
    with open_stack(f"{path}::/entry/darks") as stack:
        assert stack.shape == (2, 60, 80)
    with pytest.raises(blosc2_grok.Error, match="no dataset /entry/flats"):
        open_stack(f"{path}::/entry/flats")


def test_virtual_datasets_are_read_and_missing_sources_are_an_error(tmp_path: Path) -> None:
    layout = h5py.VirtualLayout((4, 60, 80), "u2")
    for number in range(4):
        with h5py.File(tmp_path / f"part{number}.h5", "w") as file:
            file["data"] = STACK[number]
        layout[number] = h5py.VirtualSource(f"part{number}.h5", "data", (60, 80))
    with h5py.File(tmp_path / "all.h5", "w") as file:
        file.create_virtual_dataset("entry/data", layout)
    with open_stack(str(tmp_path / "all.h5")) as stack:
        np.testing.assert_array_equal(stack[...], STACK[:4])
    os.remove(tmp_path / "part2.h5")
    with pytest.raises(blosc2_grok.Error, match="1 sources are missing: part2.h5"):
        open_stack(str(tmp_path / "all.h5"))


def test_lossy_sources_say_so(tmp_path: Path) -> None:
    Pillow.fromarray(RGB).save(tmp_path / "a.jpg", quality=90)
    tifffile.imwrite(tmp_path / "a.tif", RGB, photometric="rgb", compression="jpeg")
    blosc2_grok.asarray(STACK, urlpath=tmp_path / "a.b2nd", mode="w", max_error=3)
    blosc2_grok.asarray(STACK, urlpath=tmp_path / "kept.b2nd", mode="w", max_error=0)
    reasons = {}
    for name in ("a.jpg", "a.tif", "a.b2nd", "kept.b2nd"):
        with open_stack(str(tmp_path / name)) as stack:
            reasons[name] = stack.why_lossy()
    assert reasons["a.jpg"] == "it is a JPEG file"
    assert reasons["a.tif"] == "its pages are compressed as JPEG"
    assert "errors up to 3" in reasons["a.b2nd"]
    assert reasons["kept.b2nd"] is None


@pytest.mark.parametrize(
    "name, content, match",
    [
        ("a.npy", b"nonsense", "can't be read"),
        ("a.tif", b"nonsense", "can't be read as TIFF"),
        ("a.png", b"nonsense", "can't be read as a picture"),
        ("a.h5", b"nonsense", "can't be opened as HDF5"),
        ("a.b2nd", b"nonsense", "can't be opened"),
        ("a.dcm", b"nonsense", "can't be read as DICOM"),
        ("a.xyz", b"nonsense", "format is not known"),
    ],
)
def test_what_is_no_image_is_an_error_with_its_name(tmp_path: Path, name: str, content: bytes, match: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(blosc2_grok.Error, match=f"{name}.*{match}"):
        open_stack(str(tmp_path / name))


def test_a_tiff_of_unlike_series_must_be_asked_for_one(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    with tifffile.TiffWriter(path) as writer:
        writer.write(STACK, photometric="minisblack")
        writer.write(RGB, photometric="rgb")
    with pytest.raises(blosc2_grok.Error, match="2 series"):
        open_stack(str(path))
    with open_stack(f"{path}::1") as stack:
        np.testing.assert_array_equal(stack[...], RGB)


@pytest.mark.parametrize("array", [STACK, RGB, STACK[0], STACK.astype("f4"), STACK.astype(">i2")], ids=str)
def test_what_is_written_others_read(tmp_path: Path, array: Any) -> None:
    np.save(tmp_path / "a.npy", array)
    seen: List[Any] = []
    with open_stack(str(tmp_path / "a.npy")) as stack:
        write_npy(stack, str(tmp_path / "b.npy"), lambda *counts: seen.append(counts))
        write_tiff(stack, str(tmp_path / "b.tif"))
        write_plain_hdf5(stack, str(tmp_path / "b.h5"), "/entry/data")
    assert seen[-1] == (array.nbytes, array.nbytes, array.nbytes)
    for read in (np.load(tmp_path / "b.npy"), tifffile.imread(tmp_path / "b.tif")):
        assert read.dtype.newbyteorder("=") == array.dtype.newbyteorder("=")
        np.testing.assert_array_equal(read, array)
    with h5py.File(tmp_path / "b.h5") as file:
        np.testing.assert_array_equal(file["entry/data"][...], array)


def test_images_are_loaded_once_when_they_are_asked_for_in_parts() -> None:
    from blosc2_grok.files.stack import ImageReader

    loads: List[int] = []

    def load(number: int) -> Any:
        loads.append(number)
        return STACK[number]

    stack = Stack("a", STACK.shape, STACK.dtype, ImageReader((5,), (60, 80), STACK.dtype, load))
    parts = [stack[n, row : row + 20] for n in range(5) for row in (0, 20, 40)]
    np.testing.assert_array_equal(np.concatenate(parts).reshape(STACK.shape), STACK)
    assert loads == [0, 1, 2, 3, 4]


def test_a_name_is_given_when_all_is_written_and_nothing_is_left_of_a_failure(tmp_path: Path) -> None:
    target = tmp_path / "a.npy"
    with pytest.raises(KeyboardInterrupt):
        with replacing(str(target), overwrite=False) as temporary:
            Path(temporary).write_bytes(b"half")
            raise KeyboardInterrupt
    assert os.listdir(tmp_path) == []
    with replacing(str(target), overwrite=False) as temporary:
        Path(temporary).write_bytes(b"whole")
        assert not target.exists()
    assert os.listdir(tmp_path) == ["a.npy"]
    with pytest.raises(FileExistsError):
        with replacing(str(target), overwrite=False):
            pass
    assert target.read_bytes() == b"whole"
