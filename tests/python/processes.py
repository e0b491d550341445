# SPDX-License-Identifier: BSD-3-Clause
"""Workers in processes of their own, so that a crash or a hang is a failure and not the end of the tests."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import List, Tuple

BATCH = 250
TIMEOUT = 300.0


def run_worker(path: str, *arguments: object, timeout: float = TIMEOUT) -> Tuple[int, str]:
    """Exit status and the ends of both outputs."""
    command = [sys.executable, path, *map(str, arguments)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout)
    except subprocess.TimeoutExpired as error:
        return 1, f"hangs: {(error.stdout or b'')[-300:]!r}"
    return done.returncode, done.stdout[-1000:] + done.stderr[-2000:]


def run_batches(path: str, count: int) -> List[str]:
    """``path FIRST COUNT`` over numbers up to ``count``, two at a time; what failed, with its output."""
    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(lambda first: run_worker(path, first, BATCH), range(0, count, BATCH)))
    return [f"from {BATCH * i}: exit {exit}\n{text}" for i, (exit, text) in enumerate(results) if exit]
