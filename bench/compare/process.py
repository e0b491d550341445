# SPDX-License-Identifier: BSD-3-Clause
"""A peer's process as the driver sees it: orders with a time limit, and its ends told apart."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
from pathlib import Path
from typing import IO, Any, Sequence

from compare import venvs
from compare.failures import PeerFailed
from compare.peers import Peer


class Process:
    """Started by the first order, and again by the next one after it ended."""

    def __init__(
        self, command: Sequence[str], environment: dict[str, str], cores: Sequence[int], log: IO[bytes]
    ) -> None:
        self.command, self.environment, self.cores, self.log = list(command), environment, list(cores), log
        self.pipe: subprocess.Popen[bytes] | None = None

    def ask(self, order: str, limit_seconds: float, **arguments: Any) -> dict[str, Any]:
        """The answer; :class:`PeerFailed` when there is none, or one that is an error."""
        pipe = self.pipe = self.pipe or self._start()
        assert pipe.stdin and pipe.stdout
        try:
            pipe.stdin.write(json.dumps([order, arguments]).encode() + b"\n")
            pipe.stdin.flush()
        except BrokenPipeError:
            raise PeerFailed(self._how_it_ended()) from None
        if not select.select([pipe.stdout], [], [], limit_seconds)[0]:
            self.close()
            raise PeerFailed(f"hangs: no end after {limit_seconds:.0f} s")
        line = pipe.stdout.readline()
        if not line:
            raise PeerFailed(self._how_it_ended())
        answer: dict[str, Any] = json.loads(line)
        for name, text in (("refused", "{}"), ("error", "fails: {}")):
            if name in answer:
                raise PeerFailed(text.format(" ".join(answer[name].split())[:160]))
        return answer

    def close(self) -> None:
        if self.pipe:
            self.pipe.kill()
            self.pipe.wait()
            self.pipe = None

    def _start(self) -> subprocess.Popen[bytes]:
        # Affinity is set before anything can start threads, which inherit it.
        return subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log,
                                env=self.environment, preexec_fn=self._pin)  # fmt: skip

    def _pin(self) -> None:
        os.sched_setaffinity(0, self.cores)

    def _how_it_ended(self) -> str:
        assert self.pipe
        try:
            status = self.pipe.wait(10)
        except subprocess.TimeoutExpired:
            self.close()
            return "hangs: closed its pipe, but does not end"
        self.pipe = None
        return f"crashes ({signal.Signals(-status).name})" if status < 0 else f"ends with status {status}"


def start(peer: Peer, cores: Sequence[int], log: IO[bytes]) -> Process:
    """The peer in its environment, with as many threads as cores."""
    python = venvs.python_of(peer.venv)
    environment = {
        **os.environ,
        "PATH": f"{python.parent}{os.pathsep}{os.environ['PATH']}",  # Blosc2 asks the `python` on it for plugins
        "PYTHONPATH": str(Path(__file__).resolve().parents[1]),
        "OMP_NUM_THREADS": str(len(cores)),
        "BLOSC_NTHREADS": str(len(cores)),
    }
    adapter = [f"compare.adapters.{peer.module}", peer.adapter, json.dumps(peer.options)]
    command = [str(python), "-m", "compare.worker", *adapter]
    return Process(command, environment, cores, log)
