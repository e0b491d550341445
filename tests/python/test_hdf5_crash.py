# SPDX-License-Identifier: BSD-3-Clause
"""What is left of a dataset whose writer was killed."""

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
