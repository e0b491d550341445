# SPDX-License-Identifier: BSD-3-Clause
"""Introduces: a stack of projections, one frame a block, in a .b2nd file and in HDF5 by direct chunk write.

    python tomography.py [FOLDER]       needs h5py and hdf5plugin for the second part
"""

import sys
from pathlib import Path

import blosc2
import numpy as np

import blosc2_grok

RATE = 6


def make_projections(angles=12, rows=200, columns=320):
    """Counts behind a cylinder with a denser, eccentric rod in it, under a beam of 20,000 photons a pixel."""
    generator = np.random.default_rng(0)
    offset = np.arange(columns) - columns / 2
    frames = []
    for angle in np.linspace(0, np.pi, angles, endpoint=False):
        path = 2 * np.sqrt(np.clip(120.0**2 - offset**2, 0, None))
        rod = 2 * np.sqrt(np.clip(15.0**2 - (offset - 60 * np.cos(angle)) ** 2, 0, None))
        transmitted = 20000 * np.exp(-0.006 * path - 0.03 * rod)
        frames.append(generator.poisson(np.broadcast_to(transmitted, (rows, columns))))
    return np.stack(frames).astype(np.uint16)


def store(stack, path):
    """A chunk of four frames, each a block: reading one frame decodes one block."""
    cparams = {
        "codec": blosc2.Codec.GROK,
        "codec_meta": 10 * RATE,
        "filters": [],
        "splitmode": blosc2.SplitMode.NEVER_SPLIT,
    }
    frame = stack.shape[1:]
    return blosc2.asarray(stack, chunks=(4, *frame), blocks=(1, *frame), cparams=cparams, urlpath=str(path), mode="w")


def write_hdf5(stack, path):
    """The way of ESRF's and DESY's programs: each chunk is a Blosc2 frame, coded here and written past HDF5's filter."""
    import h5py
    import hdf5plugin

    cparams = {
        "codec": blosc2.Codec.GROK,
        "codec_meta": 10 * RATE,
        "filters": [],
        "splitmode": blosc2.SplitMode.NEVER_SPLIT,
    }
    one = (1, *stack.shape[1:])
    with h5py.File(path, "w") as file:
        dataset = file.create_dataset(
            "projections", stack.shape, stack.dtype, chunks=one, compression=hdf5plugin.Blosc2.filter_id
        )
        for number in range(len(stack)):
            frame = blosc2.asarray(stack[number : number + 1], chunks=one, blocks=one, cparams=cparams)
            dataset.id.write_direct_chunk((number, 0, 0), frame.to_cframe())
    with h5py.File(path, "r") as file:  # a plain read: the filter finds the codec
        return file["projections"][()]


def report(name, stack, decoded, stored_bytes):
    rmse = np.sqrt(np.mean((decoded.astype(float) - stack) ** 2))
    noise = np.sqrt(stack.mean())  # photon statistics
    print(f"{name}: ratio {stack.nbytes / stored_bytes:.2f}, rmse {rmse:.1f} counts, {rmse / noise:.2f} of the noise")


if __name__ == "__main__":
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    stack = make_projections()
    array = store(stack, folder / "projections.b2nd")
    report("projections.b2nd", stack, array[:], array.schunk.cbytes)
    worst = max(blosc2_grok.codestreams(array), key=lambda block: len(block.data))
    print(f"largest frame: number {worst.start[0]}, {len(worst.data)} bytes")
    try:
        decoded = write_hdf5(stack, folder / "projections.h5")
    except ImportError as missing:
        sys.exit(f"no HDF5: {missing}")
    report("projections.h5", stack, decoded, (folder / "projections.h5").stat().st_size)
