# SPDX-License-Identifier: BSD-3-Clause
"""HDF5 datasets against hdf5plugin's own HTJ2K filter (32033): speed and ratio of writing and reading.

    python hdf5.py [--turns 9] [--frames 16] [--side 1024]

All ways take turns on the same frames, in one process: every time stands beside a time of hdf5plugin's filter taken a
moment earlier or later, and "x" is the median of those quotients: above 1, the way is faster than the filter. CPU time
is the work of all threads; it tells more than the clock where other programs run beside. Read beside hdf5plugin's
filter: "h5py" decodes by hdf5plugin, "read" by this package.
"""

import argparse
import os
import platform
import statistics
import tempfile
import time
from pathlib import Path

import h5py
import hdf5plugin
import numpy as np
from radiograph import stack

import blosc2_grok
from blosc2_grok.hdf5 import hdf5_options, write_dataset

ROW = "{:34} {:>6} {:>7}  {:>7} {:>5} {:>7} {:>5}"
THEIRS = "hdf5plugin Htj2k, lossless"


def writers(frames):
    """Name, and what makes a dataset of the frames in an open file."""
    chunk = (1, *frames.shape[1:])

    def by_filter(options):
        return lambda file: file.create_dataset("a", data=frames, chunks=chunk, **options)

    def by_us(**options):
        return lambda file: write_dataset(file, "a", frames, **options)

    plain = {name: value for name, value in hdf5_options(chunk, frames.dtype).items() if name != "chunks"}
    return {
        THEIRS: by_filter(hdf5plugin.Htj2k()),
        "htj2k, lossless, 1 job": by_us(jobs=1),
        "htj2k, lossless, 2 jobs": by_us(jobs=2),
        "htj2k, rmse=20, 2 jobs": by_us(jobs=2, rmse=20),
        "htj2k, ratio=6, 2 jobs": by_us(jobs=2, ratio=6),
        "blosc2, ht, lossless, 2 jobs": by_us(jobs=2, container="blosc2", coder="ht"),
        "blosc2, part1, lossless, 2 jobs": by_us(jobs=2, container="blosc2"),
        "hdf5_options, lossless": by_filter(plain),
    }


def clock(function):
    wall, cpu = time.perf_counter(), time.process_time()
    function()
    return time.perf_counter() - wall, time.process_time() - cpu


def write(path, writer):
    with h5py.File(path, "w") as file:
        writer(file)


def read_by(path, reader):
    with h5py.File(path) as file:
        reader(file["a"])


def take_turns(turns, actions):
    """Times of all actions, wall and CPU; who is first changes."""
    times = {name: [] for name in actions}
    names = list(actions)
    for turn in range(turns + 1):
        for name in names if turn % 2 else names[::-1]:
            measured = clock(actions[name])
            if turn:  # the first one warms up
                times[name].append(measured)
    return times


def print_table(title, times, nbytes, base, ratios):
    print(ROW.format(title, "ratio", "rmse", "MB/s", "x", "CPU", "x"))
    for name, measured in times.items():
        walls, cpus = zip(*measured)
        quotients = [[theirs[kind] / ours[kind] for theirs, ours in zip(times[base], measured)] for kind in (0, 1)]
        ratio, rmse = ratios[name]
        print(ROW.format(name, f"{ratio:.3f}", f"{rmse:.2f}", f"{nbytes / statistics.median(walls) / 1e6:.0f}",
                         f"{statistics.median(quotients[0]):.2f}", f"{nbytes / statistics.median(cpus) / 1e6:.0f}",
                         f"{statistics.median(quotients[1]):.2f}"))  # fmt: skip
    print()


def measure(path, frames):
    with h5py.File(path) as file:
        error = file["a"][()].astype(np.float64) - frames
        return frames.nbytes / file["a"].id.get_storage_size(), float(np.sqrt(np.mean(error**2)))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--turns", type=int, default=9)
    parser.add_argument("--frames", type=int, default=16)
    parser.add_argument("--side", type=int, default=1024)
    options = parser.parse_args()
    frames = stack(options.frames, options.side)
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores; Python {platform.python_version()}, "
          f"h5py {h5py.__version__}, HDF5 {h5py.version.hdf5_version}, hdf5plugin {hdf5plugin.version}, blosc2_grok "
          f"{blosc2_grok.__version__}")  # fmt: skip
    print(f"{len(frames)} frames of {options.side} x {options.side} {frames.dtype}, {options.turns} turns; medians\n")
    with tempfile.TemporaryDirectory() as folder:
        ways = writers(frames)
        paths = {name: Path(folder) / f"{number}.h5" for number, name in enumerate(ways)}
        times = take_turns(options.turns, {name: lambda n=name: write(paths[n], ways[n]) for name in ways})
        ratios = {name: measure(path, frames) for name, path in paths.items()}
        print_table("writing", times, frames.nbytes, THEIRS, ratios)
        actions = {}
        for name, path in paths.items():
            if "1 job" in name:
                continue
            actions[f"h5py: {name.removesuffix(', 2 jobs')}"] = lambda p=path: read_by(p, lambda dataset: dataset[()])
            actions[f"read: {name.removesuffix(', 2 jobs')}"] = lambda p=path: read_by(p, blosc2_grok.read)
            for reader in ("h5py", "read"):
                ratios[f"{reader}: {name.removesuffix(', 2 jobs')}"] = ratios[name]
        print_table("reading", take_turns(options.turns, actions), frames.nbytes, f"h5py: {THEIRS}", ratios)


if __name__ == "__main__":
    main()
