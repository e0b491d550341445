# SPDX-License-Identifier: BSD-3-Clause
"""How fast Dask's workers fill one b2nd file, and where one writer becomes the limit.

    python cluster.py [--frames 24] [--turns 3] [--only SETTING]

Frames of 2048 x 2048 uint16 are made by the workers, encoded there, and written by this process. Measured are the
whole with one worker and with two (processes of one thread; turns alternate, the least counts), and the writer alone,
with all chunks encoded and waiting in the cluster. The model for n workers, each with a core of its own, and P parts:

    seconds(n) = P x max(c / n, w) + c

c: CPU seconds of a worker for a part; w: CPU seconds of the writer's process, which is the scheduler's too. So it holds
on machines that are busy with other work, where the clock's times don't. More than c / w workers don't help.
"""

import argparse
import functools
import resource
import tempfile
import time
from pathlib import Path

import blosc2
import dask.array as da
import numpy as np
from distributed import Client, LocalCluster, wait

import blosc2_grok
from blosc2_grok.dask import _list_tasks, to_b2nd
from blosc2_grok.recipe import ChunkRecipe

SIDE = 2048
FRAME_MB = SIDE * SIDE * 2 / 1e6
SETTINGS = {
    "Part 1, lossless": {},
    "HT, lossless": {"coder": "ht"},
    "HT, max_error=8": {"coder": "ht", "max_error": 8},
    "HT, rmse=8": {"coder": "ht", "rmse": 8},
}
ROW = "{:18} {:>6} {:>9} {:>10} {:>9} {:>9} {:>8} {:>6}"


@functools.lru_cache(maxsize=1)
def first_frame():
    """Broad shadows and the noise of their quanta, 16 bits."""
    y, x = np.mgrid[0:SIDE, 0:SIDE] / SIDE
    signal = 9000 + 6000 * np.sin(9 * x + 4 * y) * np.cos(7 * y) + 4000 * (np.hypot(x - 0.5, y - 0.4) < 0.3)
    return np.random.default_rng(1).poisson(signal / 4).astype(np.uint16) * 4


def make_frame(block_info=None):
    number = block_info[None]["chunk-location"][0]
    return np.roll(first_frame(), 37 * number, axis=1)[None]


def frames(count):
    return da.map_blocks(make_frame, chunks=((1,) * count, (SIDE,), (SIDE,)), dtype=np.uint16, meta=np.zeros(0, "u2"))


def cpu_of_workers(client):
    return sum(client.run(time.process_time).values())


def time_all(client, x, path, options):
    """Seconds by the clock, and CPU seconds of the workers."""
    cpu, start = cpu_of_workers(client), time.perf_counter()
    array = to_b2nd(x, path, mode="w", chunks=(1, SIDE, SIDE), blocks=(1, 512, 512), **options)
    return time.perf_counter() - start, cpu_of_workers(client) - cpu, array


def time_writer(client, x, path, like):
    """CPU seconds of fetching and writing chunks that are ready."""
    cparams, meta = blosc2_grok.cparams(), {"grok": like.schunk.meta["grok"]}
    recipe = ChunkRecipe(like.shape, like.dtype, like.chunks, like.blocks, cparams, meta)
    ready = [client.compute(task) for task in _list_tasks(x, recipe)]
    wait(ready)
    storage = {"chunks": like.chunks, "blocks": like.blocks, "cparams": cparams, "meta": meta}
    array = blosc2.empty(like.shape, dtype=like.dtype, urlpath=str(path), mode="w", **storage)
    start = time.process_time()
    for number, future in enumerate(ready):
        array.schunk.update_chunk(number, future.result().chunks[0][1])
    return time.process_time() - start


def scale(cluster, client, workers):
    cluster.scale(workers)
    client.wait_for_workers(workers)
    while len(client.ncores()) != workers:
        time.sleep(0.05)
    client.run(first_frame)


def measure(cluster, client, x, folder, options, turns):
    """Least seconds of each kind, and the ratio."""
    times = {"1 worker": [], "2 workers": [], "part": [], "writer": []}
    for _ in range(turns):
        for workers, name in ((1, "1 worker"), (2, "2 workers")):
            scale(cluster, client, workers)
            seconds, cpu, array = time_all(client, x, folder / "frames.b2nd", options)
            times[name].append(seconds)
            times["part"].append(cpu)
        times["writer"].append(time_writer(client, x, folder / "writer.b2nd", array))
    return {name: min(seconds) for name, seconds in times.items()}, array.schunk.cratio


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, default=24)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--only", choices=SETTINGS, help="one setting")
    arguments = parser.parse_args()
    count = arguments.frames
    x = frames(count)
    print(f"{count} frames of {FRAME_MB:.1f} MB, least of {arguments.turns} turns; MB/s of samples")
    print(ROW.format("", "ratio", "1 worker", "2 workers", "model: 1", "model: 2", "writer", "c / w"))
    with (
        tempfile.TemporaryDirectory() as folder,
        LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        scale(cluster, client, 2)
        time_all(client, frames(4), Path(folder) / "first.b2nd", {})
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        for name in [arguments.only] if arguments.only else SETTINGS:
            options = SETTINGS[name]
            least, ratio = measure(cluster, client, x, Path(folder), options, arguments.turns)
            c, w = least["part"] / count, least["writer"] / count
            model = [count * max(c / workers, w) + c for workers in (1, 2)]
            seconds = [least["1 worker"], least["2 workers"], *model, least["writer"]]
            shown = [f"{ratio:.2f}", *(f"{FRAME_MB * count / s:.0f}" for s in seconds), f"{c / w:.0f}"]
            print(ROW.format(name, *shown), flush=True)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 - peak
    print(f"the writer's memory grew by {grown:.0f} MiB since a first array of 4 frames, from {peak:.0f} MiB")


if __name__ == "__main__":
    main()
