# SPDX-License-Identifier: BSD-3-Clause
"""Introduces: codestreams(), each block of an array as a JP2 file that other programs open.

    python extract_jp2.py [ARRAY.b2nd] [FOLDER]         an array is made when none is given
"""

import sys
from pathlib import Path

import blosc2
import numpy as np

import blosc2_grok


def make_array(path):
    """A picture of 600 x 800 in blocks of 256 x 256."""
    rows, columns = np.mgrid[0:600, 0:800]
    picture = (120 + 80 * np.sin(np.hypot(rows - 300, columns - 400) / 20)).astype(np.uint8)
    cparams = {"codec": blosc2.Codec.GROK, "filters": [], "splitmode": blosc2.SplitMode.NEVER_SPLIT}
    blosc2.asarray(picture, chunks=(512, 512), blocks=(256, 256), cparams=cparams, urlpath=str(path), mode="w")


def extract(path, folder):
    folder.mkdir(parents=True, exist_ok=True)
    for block in blosc2_grok.codestreams(blosc2.open(str(path), mode="r")):
        place = "-".join(str(first) for first in block.start)
        name = folder / f"{path.stem}-{place}.{block.kind}"
        name.write_bytes(block.data)
        print(f"{name}: {' x '.join(map(str, block.shape))} samples, {len(block.data)} bytes")


if __name__ == "__main__":
    path = Path(sys.argv[1] if len(sys.argv) > 1 else "rings.b2nd")
    if len(sys.argv) < 2:
        make_array(path)
    extract(path, Path(sys.argv[2] if len(sys.argv) > 2 else "extracted"))
