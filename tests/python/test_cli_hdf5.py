# SPDX-License-Identifier: BSD-3-Clause
"""blosc2-grok writes HDF5: one dataset, or a whole NeXus file; h5py and hdf5plugin read it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import h5py
import hdf5plugin  # noqa: F401  (registers its filters)
import numpy as np
import pytest

from command import STACK, run


@pytest.mark.parametrize(
    "container, number, quality, bound",
    [  # a bare codestream can't carry the map of max_error
        ("htj2k", 32033, [], 0),
        ("htj2k", 32033, ["--ratio=4"], None),
        ("blosc2", 32026, [], 0),
        ("blosc2", 32026, ["--max-error=3"], 3),
        ("blosc2", 32026, ["--ratio=4"], None),
    ],
)
def test_one_dataset_is_read_by_others(folder: Path, container: str, number: int, quality: Any, bound: Any) -> None:
    run("compress", "scan.tif", "a.h5::/entry/data", "--container", container, "--jobs=1", *quality)
    with h5py.File("a.h5") as file:
        data = file["entry/data"]
        assert data.id.get_create_plist().get_filter(0)[0] == number
        error = np.abs(data[...].astype(int) - STACK).max()
        stored = data.id.get_storage_size()
    if bound is None:
        assert error > 0 and STACK.nbytes / stored == pytest.approx(4, rel=0.05)
    else:
        assert error <= bound
    run("check", "a.h5", "scan.tif", *([f"--max-error={bound}"] if bound is not None else []))
    run("check", "a.h5")
    run("preview", "a.h5", "a.png", "--image=3")
    assert json.loads(run("info", "a.h5", "--json").output)["shape"] == [6, 150, 170]
    run("decompress", "a.h5", "back.npy")
    assert np.abs(np.load("back.npy").astype(int) - STACK).max() == error


def test_a_dataset_keeps_its_name(folder: Path) -> None:
    with h5py.File("raw.h5", "w") as file:
        file["entry/instrument/data"] = STACK
    run("compress", "raw.h5::/entry/instrument/data", "a.h5")
    with h5py.File("a.h5") as file:
        np.testing.assert_array_equal(file["entry/instrument/data"][...], STACK)


def test_a_lossy_dataset_is_recoded_only_when_that_is_said(folder: Path) -> None:
    run("compress", "scan.tif", "a.h5", "--ratio=4")
    assert "lossy already" in run("compress", "a.h5", "b.b2nd", code=1).stderr
    run("compress", "a.h5", "b.b2nd", "--again")


def test_a_whole_file_keeps_what_is_no_image(folder: Path) -> None:
    with h5py.File("raw.h5", "w") as file:
        file["entry/data"] = STACK
        file["entry/data"].attrs["units"] = "counts"
        file["entry/angles"] = np.arange(6.0)
    run("compress", "raw.h5", "out.h5", "--ratio=4", "--select=/entry/data")
    with h5py.File("out.h5") as file:
        np.testing.assert_array_equal(file["entry/angles"][...], np.arange(6.0))
        assert file["entry/data"].attrs["units"] == "counts"
        assert STACK.nbytes / file["entry/data"].id.get_storage_size() == pytest.approx(4, rel=0.05)
    run("check", "out.h5", "raw.h5")
    # What is JPEG 2000 already is carried over, not coded again.
    run("compress", "out.h5", "again.h5", "--ratio=8")
    with h5py.File("out.h5") as first, h5py.File("again.h5") as second:
        np.testing.assert_array_equal(first["entry/data"][...], second["entry/data"][...])


@pytest.mark.parametrize("target", ["a.h5", "a.h5::/entry/data"])
def test_nothing_is_left_of_a_failure(folder: Path, target: str) -> None:
    run("compress", "scan.tif", target, "--rmse=60000", code=1)
    assert [path.name for path in folder.iterdir()] == ["scan.tif"]


def test_virtual_samples_count_in_the_ratio_of_a_file(folder: Path) -> None:
    with h5py.File("part.h5", "w") as file:
        file["data"] = STACK
    layout = h5py.VirtualLayout(STACK.shape, STACK.dtype)
    layout[:] = h5py.VirtualSource("part.h5", "data", STACK.shape)
    with h5py.File("raw.nxs", "w") as file:
        file.create_virtual_dataset("entry/data", layout)
    told = run("compress", "raw.nxs", "out.h5", "--ratio=4", "--jobs=1").output
    ratio = STACK.nbytes / (folder / "out.h5").stat().st_size
    assert f"ratio {ratio:.2f}" in told and ratio > 3
    run("check", "out.h5", "raw.nxs")
