# SPDX-License-Identifier: BSD-3-Clause
"""What is left of a file whose writer was killed, or whose disk is full."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

h5py = pytest.importorskip("h5py")
pytest.importorskip("hdf5plugin")

from hdf5_crash_worker import STACK, WRITTEN  # noqa: E402

WORKER = Path(__file__).with_name("hdf5_crash_worker.py")
OFTEN, NEVER = "-1", "1e9"


def kill_writer(path: Path, libver: str, seconds: str) -> None:
    command = [sys.executable, str(WORKER), str(path), libver, seconds]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == str(WRITTEN)
        process.kill()


def check_what_is_there(path: Path, images_there: int) -> None:
    with h5py.File(path) as file:
        dataset = file["entry/data"]
        assert dataset.shape == STACK.shape and dataset.id.get_num_chunks() == images_there
        np.testing.assert_array_equal(dataset[:images_there], STACK[:images_there])
        assert not dataset[images_there:].any()


def test_images_up_to_the_last_flush_are_there(tmp_path: Path) -> None:
    kill_writer(tmp_path / "a.h5", "earliest", OFTEN)
    check_what_is_there(tmp_path / "a.h5", WRITTEN)


def test_a_file_opens_before_the_next_flush(tmp_path: Path) -> None:
    kill_writer(tmp_path / "a.h5", "earliest", NEVER)
    check_what_is_there(tmp_path / "a.h5", 0)


def test_the_latest_format_wants_h5clear(tmp_path: Path) -> None:
    kill_writer(tmp_path / "a.h5", "latest", OFTEN)
    with pytest.raises(OSError, match="h5clear"):
        h5py.File(tmp_path / "a.h5")
    if shutil.which("h5clear") is None:
        pytest.skip("h5clear is not there: Debian has it in hdf5-tools")
    subprocess.run(["h5clear", "-s", str(tmp_path / "a.h5")], check=True)
    check_what_is_there(tmp_path / "a.h5", WRITTEN)


FULL = """
import resource, signal, sys
import h5py, numpy as np
import hdf5_crash_worker
from blosc2_grok import Error
from blosc2_grok.hdf5 import copy_file, write_dataset

what, path, limit = sys.argv[1], sys.argv[2], int(sys.argv[3])
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
with h5py.File(path, "w") as file:
    file["before"] = np.arange(10)
    if what == "copy":
        file["stack"] = hdf5_crash_worker.STACK
    file.flush()
    if what == "write":
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        try:
            write_dataset(file, "entry/data", hdf5_crash_worker.STACK)
        except Error as error:
            print(error)
if what == "copy":
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    try:
        copy_file(path, path + "-copy")
    except Error as error:
        print(error)
"""
MARGIN = 1 << 20


def run_out_of_room(what: str, path: Path, limit: int) -> str:
    command = [sys.executable, "-c", FULL, what, str(path), str(limit)]
    done = subprocess.run(command, cwd=WORKER.parent, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0 and not done.stderr, done.stderr
    return done.stdout


@pytest.mark.parametrize("limit", [3000, MARGIN + 3000, MARGIN + 20_000, MARGIN + 70_000])
def test_a_full_disk_leaves_what_the_file_had(tmp_path: Path, limit: int) -> None:
    """HDF5, let alone, leaves a file that can't be opened."""
    text = run_out_of_room("write", tmp_path / "a.h5", limit)
    assert "a.h5 can't grow by" in text and "MB free: is it full" in text
    assert (tmp_path / "a.h5").stat().st_size <= limit
    with h5py.File(tmp_path / "a.h5") as file:
        assert list(file) == ["before"] and list(file["before"]) == list(range(10))


def test_room_that_was_not_needed_is_given_back(tmp_path: Path) -> None:
    assert run_out_of_room("write", tmp_path / "a.h5", 2 * MARGIN) == ""
    with h5py.File(tmp_path / "a.h5") as file:
        np.testing.assert_array_equal(file["entry/data"], STACK)
    assert (tmp_path / "a.h5").stat().st_size < STACK.nbytes


@pytest.mark.parametrize("limit", [3000, MARGIN + 20_000])
def test_a_copy_on_a_full_disk_is_not_there(tmp_path: Path, limit: int) -> None:
    text = run_out_of_room("copy", tmp_path / "a.h5", limit)
    assert "MB free: is it full" in text
    assert [path.name for path in tmp_path.iterdir()] == ["a.h5"]
