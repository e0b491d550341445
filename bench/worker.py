# SPDX-License-Identifier: BSD-3-Clause
"""One codec under test, in a process and environment of its own; against_j2k.py gives the orders.

    python worker.py PLUGIN CODEC       the module to import, the name in blosc2.Codec

Reads orders as JSON, one a line, and answers each with a line of JSON. Times are taken around the Blosc2 call alone;
what came out is compared first with what must come out, and a time is told only when it is right.
"""

import importlib
import json
import os
import re
import sys
import time

import blosc2
import numpy as np


def now():
    """Seconds by the clock, and of work by all threads of the process."""
    return time.perf_counter(), time.process_time()


def since(start):
    return [after - before for after, before in zip(now(), start)]


class Worker:
    def __init__(self, plugin, codec):
        self.plugin = importlib.import_module(plugin)
        self.codec = getattr(blosc2.Codec, codec)
        self.cores = sorted(os.sched_getaffinity(0))

    def describe(self):
        library = open(self.plugin.libpath, "rb").read()
        found = re.findall(rb"(?:GCC: \([^)]*\)|clang version) [\d.]+", library)
        compilers = sorted({match.decode() for match in found})
        about = {
            "name": self.plugin.__name__,
            "version": self.plugin.__version__,
            "compilers": compilers,
            "blosc2": blosc2.__version__,
            "c_blosc2": blosc2.blosclib_version,
            "numpy": np.__version__,
        }
        if self.plugin.__name__ == "blosc2_grok":
            about["engines"] = self.plugin.diagnose()["library"]["engines"]
        return about

    def prepare(self, array, blocks, threads, num_threads=0):
        """Takes a case over and verifies it once; answers how many bytes it takes."""
        os.sched_setaffinity(0, self.cores[:threads])
        self.plugin.set_params_defaults(num_threads=num_threads)
        self.samples = np.load(array)
        self.blocks = blocks
        self.threads = threads
        self.stored = self._store()
        self._require_equal(self.stored[...])
        return self.stored.schunk.cbytes

    def encode(self):
        start = now()
        stored = self._store()
        times = since(start)
        self._require_equal(stored[...])
        return times

    def decode(self):
        start = now()
        decoded = self.stored[...]
        times = since(start)
        self._require_equal(decoded)
        return times

    def _store(self):
        return blosc2.asarray(
            self.samples,
            chunks=self.samples.shape,
            blocks=tuple(self.blocks),
            cparams={
                "codec": self.codec,
                "filters": [],
                "splitmode": blosc2.SplitMode.NEVER_SPLIT,
                "nthreads": self.threads,
            },
            dparams={"nthreads": self.threads},
        )

    def _require_equal(self, decoded):
        if not np.array_equal(decoded, self.samples):
            raise AssertionError("what was decoded differs from the original")


def main(plugin, codec):
    worker = Worker(plugin, codec)
    for line in sys.stdin:
        order, arguments = json.loads(line)
        print(json.dumps(getattr(worker, order)(**arguments)), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
