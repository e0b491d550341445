# SPDX-License-Identifier: BSD-3-Clause
"""Compares what export_cases wrote with FFmpeg's decoder (PyPI av and numpy): ffmpeg_witness.py DIRECTORY."""

import collections
import pathlib
import sys

import av
import numpy as np


def decode(data):
    """The first frame of a codestream."""
    context = av.CodecContext.create("jpeg2000", "r")
    frames = context.decode(av.Packet(data)) or context.decode(None)
    return frames[0]


def plane(frame, index, interleaved, wide):
    """One plane of a frame as (height, width, interleaved)."""
    part = frame.planes[index]
    rows = np.frombuffer(bytes(part), np.uint8).reshape(part.height, part.line_size)
    rows = rows.view("<u2") if wide else rows
    return rows[:, : frame.width * interleaved].reshape(frame.height, frame.width, interleaved).astype(int)


def samples(frame, bits):
    """(components, height, width), shifted down to the depth of the stream."""
    depth = frame.format.components[0].bits
    name, wide = frame.format.name, depth > 8
    if name.startswith("gray"):
        image = plane(frame, 0, 1, wide).transpose(2, 0, 1)
    elif name.startswith("rgb"):
        image = plane(frame, 0, 3, wide).transpose(2, 0, 1)
    elif name.startswith("yuv444"):
        image = np.stack([plane(frame, i, 1, wide)[:, :, 0] for i in range(3)])
    else:
        raise ValueError(f"pixel format {name}")
    return image >> (depth - bits)


def difference(case):
    """Largest difference and the one allowed."""
    width, height, components, bits, signed, reversible = map(int, case.read_text().split("\n")[0].split())
    ours = np.fromfile(case.with_suffix(".raw"), "<i4").reshape(components, height, width)
    theirs = samples(decode(case.with_suffix(".j2k").read_bytes()), bits) - (signed << (bits - 1))
    return abs(ours - theirs).max(), 0 if reversible else 1


def main():
    av.logging.set_level(av.logging.PANIC)
    counts = collections.Counter()
    for case in sorted(pathlib.Path(sys.argv[1]).glob("*.txt")):
        try:
            found, allowed = difference(case)
            verdict = "same" if found <= allowed else "different"
        except Exception as error:  # refused: av raises many kinds
            found, verdict = f"{type(error).__name__} {error}", "refused"
        counts[verdict] += 1
        if verdict != "same":
            print(case.stem, verdict, found, case.read_text().split("\n")[1])
    print(dict(counts))


main()
