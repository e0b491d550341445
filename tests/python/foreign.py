# SPDX-License-Identifier: BSD-3-Clause
"""Other people's JPEG 2000 streams: conformance files, DICOM frames, solar images; sound and broken ones.

They come out of packages on PyPI, once, into ``build/foreign``; nothing of them is part of this repository.
"""

from __future__ import annotations

import functools
import importlib.util
import pathlib
import subprocess
import sys
import zipfile
from types import ModuleType
from typing import Dict, Iterator, Optional, Tuple

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
CACHE = ROOT / "build" / "foreign"
SUNPY = "sunpy==7.0.5"

Named = Iterator[Tuple[str, bytes]]


@functools.lru_cache(maxsize=None)
def _fuzz_seeds() -> ModuleType:
    spec = importlib.util.spec_from_file_location("fuzz_seeds", ROOT / "tools" / "fuzz_seeds.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _fetch(package: str) -> pathlib.Path:
    """A pinned package's archive, downloaded if it never was; the test is skipped where that fails."""
    CACHE.mkdir(parents=True, exist_ok=True)
    found = [*CACHE.glob(package.replace("==", "-") + "[.-]*")]
    if found:
        return found[0]
    try:
        if package != SUNPY:
            return pathlib.Path(_fuzz_seeds().download(package, CACHE))
        pip = [sys.executable, "-m", "pip", "download", "-q", "--disable-pip-version-check", "--no-deps"]
        subprocess.run([*pip, "--only-binary", ":all:", "-d", str(CACHE), package], check=True)
        return next(CACHE.glob("sunpy-*.whl"))
    except (subprocess.CalledProcessError, StopIteration) as e:
        pytest.skip(f"{package} can't be had: {e}")


def _of_package(name: str) -> Named:
    """The files of a source distribution that tools/fuzz_seeds.py names too, whole."""
    seeds = _fuzz_seeds()
    package = next(package for package in seeds.PACKAGES if package.startswith(name + "=="))
    yield from seeds.images(_fetch(package), most_bytes=-1)


def _of_sunpy() -> Named:
    with zipfile.ZipFile(_fetch(SUNPY)) as files:
        for name in files.namelist():
            if name.endswith(".jp2"):
                yield pathlib.PurePosixPath(name).name, files.read(name)


def _of_dicom(folder: Optional[pathlib.Path]) -> Named:
    """The first frame of each file with a JPEG 2000 transfer syntax."""
    pydicom = pytest.importorskip("pydicom")
    if folder is None:
        pytest.skip("pydicom_data is not installed")
    for path in sorted(folder.glob("*.dcm")):
        if not any(part in path.name for part in ("J2K", "JPEG2000", "jp2k", "jpeg2k", "gdcm_KY")):
            continue
        dataset = pydicom.dcmread(path)
        if str(dataset.file_meta.TransferSyntaxUID) in ("1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.91"):
            yield path.name, next(pydicom.encaps.generate_frames(dataset.PixelData, number_of_frames=1))


def folder_of(package: str, *parts: str) -> Optional[pathlib.Path]:
    """A folder inside an installed package, which is not imported."""
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        return None
    return pathlib.Path(spec.submodule_search_locations[0]).joinpath(*parts)


@functools.lru_cache(maxsize=None)
def streams(source: str) -> Dict[str, bytes]:
    """Files by name, each with a codestream somewhere in it unless it is broken."""
    if source == "sunpy":
        return dict(_of_sunpy())
    if source == "pydicom":
        return dict(_of_dicom(folder_of("pydicom", "data", "test_files")))
    if source == "pydicom_data":
        return dict(_of_dicom(folder_of("data_store", "data")))
    return dict(_of_package(source))
