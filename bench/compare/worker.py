# SPDX-License-Identifier: BSD-3-Clause
"""One codec in a process and environment of its own: orders come as JSON, one a line, and so do the answers.

    python -m compare.worker MODULE CLASS [JSON of the adapter's options]

What a call returned is written as .npy for the driver to judge: this process may be the one that is wrong. What
libraries print goes to stderr, so that it can't be taken for an answer.
"""

from __future__ import annotations

import ctypes
import gc
import importlib
import json
import os
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, Callable

import numpy as np

from compare.adapters.base import Case, Refused


class Worker:
    def __init__(self, module: str, name: str, options: dict[str, Any]) -> None:
        adapter = getattr(importlib.import_module(module), name)
        self.adapter = adapter(**options)
        self.stored: Any = None

    def describe(self) -> dict[str, Any]:
        return {"versions": self.adapter.versions()}

    def prepare(self, samples: str, **case: Any) -> dict[str, Any]:
        self.stored = None
        self.case = Case(samples=np.load(samples), **case)
        self.adapter.prepare(self.case)
        return {}

    def encode(self) -> dict[str, Any]:
        """Seconds by the clock and of all threads' work, and the bytes stored."""
        self.stored = None
        clock, work = time.perf_counter(), time.process_time()
        self.stored = self.adapter.encode()
        seconds = time.perf_counter() - clock, time.process_time() - work
        return {"seconds": seconds[0], "work": seconds[1], "stored_bytes": self.adapter.stored_bytes(self.stored)}

    def decode(self, result: str, how: str = "decode") -> dict[str, Any]:
        """``how`` is "decode", or another of the adapter's ways to read."""
        read: Callable[[Any], Any] = getattr(self.adapter, how)
        clock, work = time.perf_counter(), time.process_time()
        decoded = read(self.stored)
        seconds = time.perf_counter() - clock, time.process_time() - work
        decoded = np.asarray(decoded)
        np.save(result, decoded)
        return {"seconds": seconds[0], "work": seconds[1]}

    def save(self, folder: str) -> dict[str, Any]:
        """Into a file, for ``read_region``."""
        self.stored = self.adapter.save(Path(folder))
        return {"stored_bytes": self.adapter.stored_bytes(self.stored)}

    def peak(self, result: str) -> dict[str, Any]:
        """The most memory that encoding and decoding held beyond what the process had, in bytes; once a process."""
        self._warm_up()
        encode = _peak_of(self.encode)
        decode = _peak_of(lambda: self.decode(result))
        return {"encode": encode, "decode": decode}

    def _warm_up(self) -> None:
        """With a corner of the array, so that what a library loads once doesn't count."""
        whole = self.case
        corner = np.ascontiguousarray(whole.samples[tuple(slice(0, 64) for _ in whole.samples.shape)])
        chunks, blocks = ([min(n, 64) for n in sides] for sides in (whole.chunks, whole.blocks))
        self.adapter.prepare(replace(whole, samples=corner, chunks=chunks, blocks=blocks))
        self.adapter.decode(self.adapter.encode())
        self.adapter.prepare(whole)


def _peak_of(call: Callable[[], Any]) -> int:
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)  # what was freed and kept would be taken again unseen
    Path("/proc/self/clear_refs").write_text("5")  # VmHWM starts from the present VmRSS
    before = _status("VmRSS")
    call()
    return _status("VmHWM") - before


def _status(name: str) -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1]) * 1024
    raise OSError(f"/proc/self/status has no {name}")


def main() -> None:
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    worker: Worker | None = None
    for line in sys.stdin:
        order, arguments = json.loads(line)
        try:
            worker = worker or Worker(sys.argv[1], sys.argv[2], json.loads(sys.argv[3]))
            answer = getattr(worker, order)(**arguments)
        except Refused as error:
            answer = {"refused": str(error)}
        except Exception as error:  # the driver writes it into the peer's cell
            answer = {"error": f"{type(error).__name__}: {error}"}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
