# SPDX-License-Identifier: BSD-3-Clause
"""Writes chunks of a dataset, says so, and waits to be killed. Arguments: file, libver, seconds between flushes."""

from __future__ import annotations

import sys

import h5py

import images
from blosc2_grok.hdf5 import write_dataset, writing

WRITTEN = 20
STACK = images.make("xray", "uint16", (40, 64, 80))


def report(done: int, stored: int, total: int) -> None:
    if done == STACK[:WRITTEN].nbytes:
        print(WRITTEN, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    writing.FLUSHED_SECONDS = float(sys.argv[3])
    with h5py.File(sys.argv[1], "w", libver=sys.argv[2]) as file:
        write_dataset(file, "entry/data", STACK, progress=report)
