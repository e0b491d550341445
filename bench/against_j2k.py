# SPDX-License-Identifier: BSD-3-Clause
"""Speed against blosc2-j2k, lossless, on the same arrays, blocks and threads: run by run.sh.

    python against_j2k.py --ours PYTHON --theirs PYTHON [--turns 15]

The two codecs live in processes of their own, pinned to as many cores as they have threads, and take turns: every time
of one stands beside a time of the other taken a moment later. Figures are speeds; a ratio above 1 means that
blosc2_grok is faster. Each ratio is given of the least times, of the medians, and of the medians of CPU time (the work
of all threads: it tells more than the clock where other programs run beside).
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import tempfile
from pathlib import Path

import numpy as np
from radiograph import crop, stack

HERE = Path(__file__).resolve().parent
ROW = "{:26} {:>7} {:>7}  {:>9} {:>9}   {:>6} {:>7} {:>6}   {:>6}"
CASES = [  # name, array, blocks, the least ratio wanted by threads
    ("1 block of 1900 x 1008", lambda: crop(1900, 1008), (1900, 1008), {1: 0.95, 2: 0.95}),
    ("64 blocks of 256 x 256", lambda: stack(64, 256), (1, 256, 256), {1: 0.95, 2: 0.95}),
    ("64 blocks of 64 x 64", lambda: stack(64, 64), (1, 64, 64), {1: 0.95, 2: 1.7}),
]


class Process:
    """A worker.py in another environment."""

    def __init__(self, python, plugin, codec):
        environment = {**os.environ, "PATH": f"{Path(python).parent}{os.pathsep}{os.environ['PATH']}"}
        self.pipe = subprocess.Popen([python, HERE / "worker.py", plugin, codec], stdin=subprocess.PIPE,
                                     stdout=subprocess.PIPE, text=True, env=environment)  # fmt: skip

    def __call__(self, order, **arguments):
        self.pipe.stdin.write(json.dumps([order, arguments]) + "\n")
        self.pipe.stdin.flush()
        answer = self.pipe.stdout.readline()
        if not answer:
            raise SystemExit(f"{self.pipe.args[2]} ended with status {self.pipe.wait()}")
        return json.loads(answer)


def take_turns(turns, *workers):
    """The workers' times of encoding and decoding; who is first changes from turn to turn."""
    times = {(worker, order): [] for worker in workers for order in ("encode", "decode")}
    for turn in range(turns):
        for order in ("encode", "decode"):
            for worker in workers if turn % 2 == 0 else reversed(workers):
                times[worker, order].append(worker(order))
    return times


def ratios(ours, theirs):
    """How much faster ours is: by the least times, the medians, and the medians of CPU time."""
    (our_clock, our_work), (their_clock, their_work) = zip(*ours), zip(*theirs)
    median = statistics.median
    least = min(their_clock) / min(our_clock)
    return least, median(their_clock) / median(our_clock), median(their_work) / median(our_work)


def print_cpu():
    with open("/proc/cpuinfo") as info:
        model = next((line.split(":")[1].strip() for line in info if line.startswith("model name")), "unknown")
    load = os.getloadavg()[0]
    print(f"{model}, {len(os.sched_getaffinity(0))} cores, {platform.platform()}; load before the run {load:.2f}")


def print_worker(worker):
    about = worker("describe")
    engines = "".join(f", {e['name']} {e['version']}" for e in about.get("engines", []))
    print(f"{about['name']} {about['version']}{engines}; {', '.join(about['compilers'])};",
          f"blosc2 {about['blosc2']} (C-Blosc2 {about['c_blosc2']}), NumPy {about['numpy']}")  # fmt: skip


def compare(ours, theirs, turns, folder):
    """Prints a row for each case, thread count and direction; returns ratios by thread count."""
    titles = "lossless uint16", "threads", "", "ours MB/s", "j2k MB/s", "least", "median", "CPU", "wanted"
    print("\n" + ROW.format(*titles))
    found = {}
    for number, (name, make, blocks, wanted) in enumerate(CASES):
        samples = make()
        path = str(Path(folder) / f"case{number}.npy")
        np.save(path, samples)
        for threads in wanted:
            if threads > len(os.sched_getaffinity(0)):
                continue
            sizes = [worker("prepare", array=path, blocks=blocks, threads=threads) for worker in (ours, theirs)]
            times = take_turns(turns, ours, theirs)
            for order in ("encode", "decode"):
                pair = times[ours, order], times[theirs, order]
                speeds = [f"{samples.nbytes / 1e6 / statistics.median(clock for clock, _ in one):.1f}" for one in pair]
                least, median, work = ratios(*pair)
                found.setdefault(threads, []).append(least)
                mark = "" if least >= wanted[threads] else " !"
                print(ROW.format(name, threads, order, *speeds, f"{least:.2f}", f"{median:.2f}", f"{work:.2f}",
                                 f"{wanted[threads]}{mark}"), flush=True)  # fmt: skip
        our_ratio, their_ratio = (samples.nbytes / size for size in sizes)
        print(f"{'':26} ratio of compression: ours {our_ratio:.3f}, j2k {their_ratio:.3f}")
    return found


def compare_inner_threads(python, turns, folder):
    """num_threads=2 against 1 in a chunk that is one block."""
    samples = crop(1900, 1008)
    path = str(Path(folder) / "inner.npy")
    np.save(path, samples)
    workers = {}
    for num_threads in (1, 2):
        workers[num_threads] = Process(python, "blosc2_grok", "GROK")
        workers[num_threads]("prepare", array=path, blocks=samples.shape, threads=2, num_threads=num_threads)
    times = take_turns(turns, *workers.values())
    for order in ("encode", "decode"):
        two, one = times[workers[2], order], times[workers[1], order]
        least, median, _ = ratios(two, one)
        print(f"num_threads=2 against 1 within one block, {order}: {least:.2f} (median {median:.2f}; wanted 1.8)")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ours", required=True, metavar="PYTHON", help="of the environment with blosc2-grok")
    parser.add_argument("--theirs", required=True, metavar="PYTHON", help="of the environment with blosc2-j2k")
    parser.add_argument("--turns", type=int, default=15)
    options = parser.parse_args()
    print_cpu()
    ours = Process(options.ours, "blosc2_grok", "GROK")
    theirs = Process(options.theirs, "blosc2_j2k", "J2K")
    for worker in (ours, theirs):
        print_worker(worker)
    with tempfile.TemporaryDirectory() as folder:
        for threads, values in compare(ours, theirs, options.turns, folder).items():
            print(f"geometric mean with {threads} thread(s): {statistics.geometric_mean(values):.2f}",
                  "(wanted 1.0)" if threads == 1 else "")  # fmt: skip
        if len(os.sched_getaffinity(0)) > 1:
            compare_inner_threads(options.ours, options.turns, folder)


if __name__ == "__main__":
    main()
