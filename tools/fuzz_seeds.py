#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Gets other people's JPEG 2000 files, sound and broken ones, for fuzzers to start from: ``fuzz_seeds.py FOLDER``.

Conformance streams and hostile files from the tests of glymur, cut files from jpylyzer, what once crashed Pillow. They
are taken out of the source distributions on PyPI and put into FOLDER, flat; nothing of them is part of this repository.
"""

from __future__ import annotations

import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path, PurePosixPath
from typing import Iterator, List, Tuple

PACKAGES = ("glymur==0.14.8", "jpylyzer==2.2.1", "pillow==13.0.0")
ENDINGS = (".j2k", ".jp2", ".jpc", ".jpf", ".jph", ".jpx")
MOST_BYTES = 19_997
"""tools/fuzz.sh has inputs of 20,000 bytes, three of them options. What is longer is cut: one more broken file."""


def download(package: str, folder: Path) -> Path:
    """The source distribution of a pinned package; CalledProcessError where pip can't get it."""
    name = package.partition("==")[0]
    pip = [sys.executable, "-m", "pip", "download", "-q", "--disable-pip-version-check", "--no-deps"]
    subprocess.run([*pip, "--no-binary", name, "-d", str(folder), package], check=True)
    return next(folder.glob(f"{name}-*.tar.gz"))


def images(archive: Path, most_bytes: int = MOST_BYTES) -> Iterator[Tuple[str, bytes]]:
    """Names and first bytes (-1: all) of the JPEG 2000 files in a source distribution."""
    with tarfile.open(archive) as files:
        for member in files:
            if member.isfile() and member.name.endswith(ENDINGS):
                content = files.extractfile(member)
                assert content is not None  # as it is for every regular file
                yield PurePosixPath(member.name).name, content.read(most_bytes)


def main(arguments: List[str]) -> int:
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    folder = Path(arguments[0])
    folder.mkdir(parents=True, exist_ok=True)
    for package in PACKAGES:
        count = 0
        with tempfile.TemporaryDirectory() as work:
            archive = download(package, Path(work))
            for name, content in images(archive):
                (folder / f"{archive.name.partition('-')[0]}-{name}").write_bytes(content)
                count += 1
        print(f"{package}: {count} files")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
