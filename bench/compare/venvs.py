# SPDX-License-Identifier: BSD-3-Clause
"""Virtual environments under build/compare, one for each set of packages; made once, and again when the set changes."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "build" / "compare"
WHEEL = "our wheel"

PACKAGES = {
    "driver": [
        "numpy",
        "scikit-image==0.26.0",
        "matplotlib",
        "pydicom==3.0.2",
        "pydicom_data==1.0.0",
        "nibabel==5.4.2",
    ],
    "ours": [WHEEL, "blosc2==4.14.1", "h5py==3.16.0", "hdf5plugin==7.1.0"],
    "grok035": ["blosc2-grok==0.3.5", "blosc2==4.1.2", "h5py==3.16.0", "hdf5plugin==7.1.0"],
    "j2k": ["blosc2-j2k==0.4.0", "blosc2==4.14.1", "h5py==3.16.0", "hdf5plugin==7.1.0"],
    "htj2k": ["blosc2-htj2k==0.4.2", "blosc2==4.14.1", "h5py==3.16.0", "hdf5plugin==7.1.0"],
    "hdf5plugin": ["hdf5plugin==7.1.0", "h5py==3.16.0"],
    "imagecodecs": ["imagecodecs==2026.3.6"],
    "pillow": ["pillow==13.0.0", "numpy"],
}


def python_of(name: str) -> Path:
    return FOLDER / name / "bin" / "python"


def stamp_of(name: str) -> str:
    """What the environment was made of."""
    return (FOLDER / name / "made_of").read_text()


def make_all(wheel: Path | None) -> None:
    """Every environment, with ``wheel`` or one built from this tree as ours."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    wheel = wheel or _build_wheel()
    for name, packages in PACKAGES.items():
        _make(name, [str(wheel) if package == WHEEL else package for package in packages], wheel)


def _make(name: str, packages: list[str], wheel: Path) -> None:
    folder = FOLDER / name
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest() if str(wheel) in packages else ""
    made_of = "\n".join([sys.version, *packages, digest])
    stamp = folder / "made_of"
    if stamp.exists() and stamp.read_text() == made_of:
        return
    print(f"making {folder.relative_to(ROOT)}: {', '.join(packages)}", flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    _run(sys.executable, "-m", "venv", folder)
    _run(python_of(name), "-m", "pip", "install", "-q", "--disable-pip-version-check", "--prefer-binary", *packages)
    stamp.write_text(made_of)


def _build_wheel() -> Path:
    """Our wheel, kept as long as what goes into it stays the same."""
    folder = FOLDER / "wheel"
    digest = _digest_of_sources()
    stamp = folder / "made_of"
    if not (stamp.exists() and stamp.read_text() == digest):
        print("building our wheel", flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        _run(sys.executable, "-m", "pip", "wheel", "-q", "--disable-pip-version-check", "--no-deps", "-w", folder, ROOT)
        stamp.write_text(digest)
    return next(folder.glob("blosc2_grok-*.whl"))


def _digest_of_sources() -> str:
    digest = hashlib.sha256()
    folders = ("src", "include", "python", "cmake", "LICENSES")
    files = [path for folder in folders for path in (ROOT / folder).rglob("*") if path.suffix not in (".pyc", ".so")]
    files += [ROOT / name for name in ("CMakeLists.txt", "pyproject.toml", "README.md", "LICENSE")]
    for path in sorted(files):
        if path.is_file():
            digest.update(str(path.relative_to(ROOT)).encode() + path.read_bytes())
    return digest.hexdigest()


def _run(*command: object) -> None:
    subprocess.run([str(word) for word in command], check=True)
