# SPDX-License-Identifier: BSD-3-Clause
"""Whole files carried over by copy_file: compared with their sources object by object."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Dict, List

import numpy as np
import pytest

import images
from blosc2_grok import Error
from hdf5_readers import read_without_us

h5py = pytest.importorskip("h5py")
pytest.importorskip("hdf5plugin")

from blosc2_grok.hdf5 import copy_file  # noqa: E402
from blosc2_grok.hdf5.writing import DatasetWriter  # noqa: E402

KEYS = np.array([2, 1, 0, 0, 0, 0, 1, 3, 0, 0], dtype=np.uint8)


def frames(count: int = 10, dtype: str = "uint16") -> Any:
    return images.make("xray", dtype, (count, 64, 80))


def make_nexus(path: Path) -> None:
    """A tomography scan in NeXus' form, with every kind of object that HDF5 knows."""
    with h5py.File(path, "w") as file:
        file.attrs["default"] = "entry"
        entry = file.create_group("entry", track_order=True)
        entry.attrs["NX_class"] = np.bytes_("NXentry")
        detector = entry.create_group("instrument/detector")
        data = detector.create_dataset("data", data=frames(), chunks=(2, 64, 80), compression="gzip")
        data.attrs.update({"units": "counts", "gains": np.arange(3.0), "empty": h5py.Empty("f4"), "list": ["a", "bc"]})
        data.attrs["target"] = entry.ref
        data.attrs["part"] = data.regionref[2:4, 5:9]
        detector["image_key"] = KEYS
        detector["flat_field"] = frames(2)
        detector["mask"] = np.zeros((64, 80), dtype=bool)
        entry["data/data"] = data
        entry["data/soft"] = h5py.SoftLink("/entry/instrument/detector/data")
        entry["data/lost"] = h5py.SoftLink("/entry/nothing")
        entry["data/outside"] = h5py.ExternalLink("other.h5", "/there")
        entry["data/again"] = entry["instrument"]
        entry["title"] = "a scan"
        entry["names"] = np.array(["x", "yy"], dtype=h5py.string_dtype())
        entry["table"] = np.array([(1, 2.5)], dtype=[("a", "i4"), ("b", "f8")])
        entry["enum"] = np.array([1, 0], dtype=h5py.enum_dtype({"ON": 1, "OFF": 0}, "i2"))
        entry["type"] = np.dtype("f4")
        entry["matrices"] = np.arange(90.0).reshape(10, 3, 3)
        entry["volume"] = images.make("ct", "int16", (3, 40, 50)).astype(np.float32)
        entry["none"] = h5py.Empty("i4")
        entry["pointers"] = np.array([entry.ref, data.ref], dtype=h5py.ref_dtype)
        entry["angle"] = np.linspace(0, 180, 10)
        entry["angle"].make_scale("rotation angle")
        data.dims[0].attach_scale(entry["angle"])
        data.dims[1].label = "y"
        grows = entry.create_dataset("grows", data=frames(3), maxshape=(None, 64, 80), chunks=True, fillvalue=7)
        grows.dims[0].attach_scale(entry["angle"])  # lies elsewhere in the new file
        layout = h5py.VirtualLayout((2, 64, 80), "u2")
        layout[:] = h5py.VirtualSource(".", grows.name, (3, 64, 80))[1:]
        entry.create_virtual_dataset("inside", layout)


def walk(file: Any) -> Dict[str, Any]:
    """All objects by every hard link that leads to them, cycles left out; links by what they say."""
    found: Dict[str, Any] = {"/": file}

    def visit(group: Any, path: str, above: List[Any]) -> None:
        for name in group:
            link = group.get(name, getlink=True)
            here = f"{path}/{name}"
            if not isinstance(link, h5py.HardLink):
                found[here] = (type(link).__name__, link.path, getattr(link, "filename", ""))
                continue
            found[here] = group[name]
            if isinstance(group[name], h5py.Group) and group[name] not in above:
                visit(group[name], here, [*above, group[name]])

    visit(file, "", [file])
    return found


def describe_attributes(item: Any) -> Dict[str, Any]:
    described = {}
    for name in item.attrs:
        attribute = item.attrs.get_id(name)
        value = item.attrs[name]
        if name == "target":
            value = item.file[value].name
        elif name == "part":
            value = item.file[value].name, item.regionref.selection(value), item[value].shape
        elif name == "DIMENSION_LIST":
            value = [[item.file[ref].name for ref in axis] for axis in value]
        elif name == "REFERENCE_LIST":
            value = [(item.file[ref].name, axis) for ref, axis in value]
        described[name] = (attribute.get_type().dtype.str, attribute.shape, repr(value))
    return described


def test_everything_is_carried_over(tmp_path: Path) -> None:
    make_nexus(tmp_path / "in.nxs")
    with h5py.File(tmp_path / "other.h5", "w") as other:
        other["there"] = 5
    (tmp_path / "out").mkdir()
    copied = copy_file(tmp_path / "in.nxs", tmp_path / "out" / "out.nxs")
    treatments = {found.name: found.treatment for found in copied if found.treatment != "copied"}
    detector = "/entry/instrument/detector"
    assert treatments == dict.fromkeys([f"{detector}/data", f"{detector}/flat_field", "/entry/grows"], "lossless")
    with h5py.File(tmp_path / "in.nxs") as before, h5py.File(tmp_path / "out" / "out.nxs") as after:
        olds, news = walk(before), walk(after)
        assert list(olds) == list(news)
        for path, old in olds.items():
            new = news[path]
            if isinstance(old, tuple):
                assert new[:2] == old[:2]
                continue
            assert type(new) is type(old) and describe_attributes(new) == describe_attributes(old), path
            if isinstance(old, h5py.Dataset):
                assert (new.shape, new.dtype, new.maxshape) == (old.shape, old.dtype, old.maxshape)
                if path != "/entry/pointers" and old.shape is not None:
                    np.testing.assert_array_equal(new[()], old[()])
        assert [after[ref].name for ref in after["entry/pointers"][()]] == ["/entry", f"{detector}/data"]
        assert after["entry/data/data"] == after[f"{detector}/data"] == after["entry/data/soft"]
        assert after["entry/data/again"] == after["entry/instrument"]
        assert after["entry/data/outside"][()] == 5
        assert after["entry/inside"].is_virtual and after["entry/grows"].fillvalue == 7
        assert list(after["entry/data/data"].dims[0]) == ["rotation angle"]
        assert isinstance(after["entry/type"], h5py.Datatype)


def test_flats_and_darks_stay_lossless(tmp_path: Path) -> None:
    make_nexus(tmp_path / "in.nxs")
    copied = {found.name: found for found in copy_file(tmp_path / "in.nxs", tmp_path / "out.nxs", rmse=6)}
    data, flat = copied["/entry/instrument/detector/data"], copied["/entry/instrument/detector/flat_field"]
    assert (data.treatment, data.lossless_images, flat.treatment) == ("quality", 4, "lossless")
    decoded = read_without_us(tmp_path / "out.nxs", "entry/data/data", tmp_path).astype(float)
    for image, before, key in zip(decoded, frames().astype(float), KEYS):
        error = np.sqrt(np.mean((image - before) ** 2))
        assert error == 0 if key else 3 < error <= 6.1
    np.testing.assert_array_equal(
        read_without_us(tmp_path / "out.nxs", "entry/instrument/detector/flat_field", tmp_path), frames(2)
    )
    copied = {
        found.name: found
        for found in copy_file(tmp_path / "in.nxs", tmp_path / "out2.nxs", rmse=6, references="quality")
    }
    assert copied["/entry/instrument/detector/flat_field"].treatment == "quality"
    assert copied["/entry/instrument/detector/data"].lossless_images == 0


@pytest.mark.parametrize(
    "name, spared",
    [
        ("flats", True),
        ("dark_current", True),
        ("exchange/data_white", True),
        ("reduced_darks/0", True),
        ("FlatField", True),
        ("dataDark", True),
        ("ref0", True),
        ("reflections", False),
        ("data", False),
        ("inflated", False),
        ("scan/data", False),
    ],
)
def test_names_of_flats_and_darks(tmp_path: Path, name: str, spared: bool) -> None:
    with h5py.File(tmp_path / "in.h5", "w") as file:
        file[name] = frames(2)
    (found,) = copy_file(tmp_path / "in.h5", tmp_path / "out.h5", psnr=70)
    assert found.treatment == ("lossless" if spared else "quality")


def test_a_ratio_is_that_of_the_images_with_loss(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "in.h5", "w") as file:
        file["data"] = images.make("xray", "uint16", (10, 200, 240))
        file["image_key"] = KEYS
    copy_file(tmp_path / "in.h5", tmp_path / "out.h5", ratio=6)
    with h5py.File(tmp_path / "out.h5") as file:
        sizes = np.array([file["data"].id.get_chunk_info(n).size for n in range(10)])
    assert 200 * 240 * 2 / sizes[KEYS == 0].mean() == pytest.approx(6, rel=0.05)
    assert 200 * 240 * 2 / sizes[KEYS != 0].mean() < 3


def test_the_depth_is_that_of_flats_too(tmp_path: Path) -> None:
    image = frames() >> 6
    image[1] = frames(1)[0]
    with h5py.File(tmp_path / "in.h5", "w") as file:
        file["data"], file["image_key"] = image, KEYS
    copy_file(tmp_path / "in.h5", tmp_path / "out.h5", rmse=2, params={"bits_per_sample": "auto"})
    decoded = read_without_us(tmp_path / "out.h5", "data", tmp_path)
    np.testing.assert_array_equal(decoded[KEYS != 0], image[KEYS != 0])
    assert np.abs(decoded.astype(int) - image).max() > 0


def test_notices_are_passed_on(tmp_path: Path, monkeypatch: Any) -> None:
    with h5py.File(tmp_path / "in.h5", "w") as file:
        file["data"] = frames(2)
    write = DatasetWriter.write
    monkeypatch.setattr(DatasetWriter, "write", lambda self, progress: (write(self, progress)[0], ["not quite"]))
    with pytest.warns(UserWarning, match="/data: not quite"):
        copy_file(tmp_path / "in.h5", tmp_path / "out.h5", ratio=6)


def test_the_image_key_of_any_place_counts(tmp_path: Path) -> None:
    """NeXus links a detector's stack into a group of its own, not always with the key."""
    with h5py.File(tmp_path / "in.h5", "w") as file:
        file["entry/instrument/detector/data"] = frames()
        file["entry/instrument/detector/image_key"] = KEYS
        file["entry/data/data"] = file["entry/instrument/detector/data"]
        file["entry/data/flat"] = file["entry/data/stack"] = frames(2)[::-1]
        file["entry/data/stack_too"] = file["entry/data/flat"]
    copied = {found.name: found for found in copy_file(tmp_path / "in.h5", tmp_path / "out.h5", rmse=6)}
    assert copied["/entry/data/data"].lossless_images == 4
    assert copied["/entry/data/flat"].treatment == "lossless" and "/entry/data/stack_too" not in copied


def test_virtual_datasets_of_other_files_become_datasets(tmp_path: Path) -> None:
    stack = frames(6)
    for number in range(3):
        with h5py.File(tmp_path / f"part{number}.h5", "w") as file:
            file["data"] = stack[2 * number : 2 * number + 2]
            file["value"] = float(number)
    layout = h5py.VirtualLayout((6, 64, 80), "u2")
    values = h5py.VirtualLayout((3,), "f8")
    for number in range(3):
        layout[2 * number : 2 * number + 2] = h5py.VirtualSource(f"part{number}.h5", "data", (2, 64, 80))
        values[number] = h5py.VirtualSource(f"part{number}.h5", "value", ())
    with h5py.File(tmp_path / "master.h5", "w") as file:
        file.create_virtual_dataset("data", layout)
        file.create_virtual_dataset("values", values)
    (tmp_path / "out").mkdir()
    copied = copy_file(tmp_path / "master.h5", tmp_path / "out" / "out.h5")
    assert [found.treatment for found in copied] == ["lossless", "copied"]
    np.testing.assert_array_equal(read_without_us(tmp_path / "out" / "out.h5", "data", tmp_path), stack)
    np.testing.assert_array_equal(read_without_us(tmp_path / "out" / "out.h5", "values", tmp_path), [0, 1, 2])
    os.remove(tmp_path / "part1.h5")
    with pytest.raises(Error, match=r"virtual dataset /data has no source part1.h5::data"):
        copy_file(tmp_path / "master.h5", tmp_path / "out" / "more.h5")
    assert sorted(os.listdir(tmp_path / "out")) == ["out.h5", "out.read.npy"]


def test_select(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "in.h5", "w") as file:
        file["a/one"], file["a/two"], file["b/one"] = frames(2), frames(2), frames(2)

    def treatments(select: Any, **options: Any) -> List[str]:
        copied = copy_file(tmp_path / "in.h5", tmp_path / "o.h5", select=select, overwrite=True, **options)
        return [found.treatment for found in copied]

    assert treatments("/a/*", rmse=5) == ["quality", "quality", "copied"]
    assert treatments("/a/*") == ["lossless", "lossless", "copied"]
    assert treatments(["a/one", "/b/one"], rmse=5) == ["quality", "copied", "quality"]
    assert treatments(lambda dataset: dataset.name.endswith("two"), rmse=5) == ["copied", "quality", "copied"]
    with pytest.raises(ValueError, match="matches no dataset"):
        treatments("/c/*", rmse=5)


def test_stacks_with_loss_are_not_coded_again(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "in.h5", "w") as file:
        file["data"] = frames(3)
        file["floats"] = frames(3).astype("f4")
    copy_file(tmp_path / "in.h5", tmp_path / "once.h5", rmse=5)
    copied = copy_file(tmp_path / "once.h5", tmp_path / "twice.h5", rmse=5)
    assert [found.treatment for found in copied] == ["copied", "copied"]
    with h5py.File(tmp_path / "once.h5") as once, h5py.File(tmp_path / "twice.h5") as twice:
        for name in ("data", "floats"):
            assert once[name].id.read_direct_chunk((0, 0, 0)) == twice[name].id.read_direct_chunk((0, 0, 0))


def test_a_failure_leaves_nothing(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "in.h5", "w") as file:
        file["data"] = frames(3)
    with pytest.raises((Error, ValueError), match="/data: ratio=4000"):
        copy_file(tmp_path / "in.h5", tmp_path / "out.h5", ratio=4000)
    with pytest.raises(KeyboardInterrupt):

        def interrupt(done: int, stored: int, total: int) -> None:
            raise KeyboardInterrupt

        copy_file(tmp_path / "in.h5", tmp_path / "out.h5", progress=interrupt)
    assert os.listdir(tmp_path) == ["in.h5"]
    (tmp_path / "out.h5").write_text("mine")
    with pytest.raises(FileExistsError):
        copy_file(tmp_path / "in.h5", tmp_path / "out.h5")
    with pytest.raises(ValueError, match="file to be copied"):
        copy_file(tmp_path / "in.h5", tmp_path / "in.h5", overwrite=True)
    assert (tmp_path / "out.h5").read_text() == "mine"


def test_progress_counts_all_stacks(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "in.h5", "w") as file:
        file["a"], file["b"] = frames(3), frames(2)
    reports: List[Any] = []
    copied = copy_file(tmp_path / "in.h5", tmp_path / "out.h5", progress=lambda *report: reports.append(report))
    total = sum(found.nbytes for found in copied)
    assert [report[0] for report in reports] == [total * n // 5 for n in range(1, 6)]
    assert reports[-1] == (total, sum(found.stored_bytes for found in copied), total)
