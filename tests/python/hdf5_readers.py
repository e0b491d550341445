# SPDX-License-Identifier: BSD-3-Clause
"""HDF5 datasets as other processes read them: with this package in reach, or with nothing of ours."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

_READ = """
import sys
import h5py, hdf5plugin, numpy
for name in sys.argv[4:]:
    try:
        __import__(name)
    except ImportError:
        continue
    sys.exit(name + " can be imported")
with h5py.File(sys.argv[1], "r") as file:
    samples = file[sys.argv[2]][()]
assert not any(name.startswith("blosc2") for name in sys.modules)
numpy.save(sys.argv[3], samples)
"""


def read_in_environment(path: Path, name: str) -> NDArray[Any]:
    """By h5py and hdf5plugin, which find the package by the environment's ``python``; it is not imported."""
    environment = {**os.environ, "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])}
    return _read([sys.executable], environment, path, name)


def read_without_us(path: Path, name: str, folder: Path) -> NDArray[Any]:
    """By h5py and hdf5plugin in a process that sees only them and NumPy, and has no ``python`` to ask for the rest."""
    packages = folder / "packages"
    packages.mkdir(exist_ok=True)
    for package in ("numpy", "h5py", "hdf5plugin"):
        spec = importlib.util.find_spec(package)
        assert spec is not None and spec.origin is not None
        home = Path(spec.origin).parent
        for needed in (home, home.parent / f"{package}.libs"):
            if needed.is_dir() and not (packages / needed.name).exists():
                (packages / needed.name).symlink_to(needed)
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "BLOSC", "HDF5", "LD_"))}
    environment = {**kept, "PATH": str(folder), "PYTHONPATH": str(packages)}
    # -S: no site-packages, and no files in it that would add folders.
    return _read([sys.executable, "-S"], environment, path, name, "blosc2", "blosc2_grok")


def _read(python: Any, environment: Any, path: Path, name: str, *absent: str) -> NDArray[Any]:
    target = path.parent / f"{path.stem}.read.npy"
    command = [*python, "-c", _READ, str(path), name, str(target), *absent]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return np.asarray(np.load(target))
