# SPDX-License-Identifier: BSD-3-Clause
"""The processes of one run, the arrays they share, and rounds with judgement."""

from __future__ import annotations

import time
from pathlib import Path
from typing import IO, Any, Callable, Mapping, Sequence

import numpy as np

from compare import judge, machine, process
from compare.cells import Budget, Entry, take_turns
from compare.data import Item
from compare.failures import PeerFailed
from compare.peers import OURS_HT, OURS_PART1, Peer

Quality = list[Any] | None
Check = Callable[[np.ndarray, np.ndarray], None]


class Session:
    def __init__(self, folder: Path, log: IO[bytes], budget: Budget, is_quick: bool) -> None:
        self.folder, self.log, self.budget, self.is_quick = folder, log, budget, is_quick
        self.threads = 1
        self.processes: dict[Peer, process.Process] = {}
        self.versions: dict[str, list[str]] = {}
        self.started = time.monotonic()

    def use_threads(self, count: int) -> None:
        """Ends all processes: the next are pinned to so many cores."""
        self.close()
        self.threads = count

    def close(self) -> None:
        for one in self.processes.values():
            one.close()
        self.processes.clear()

    def ask(self, peer: Peer, order: str, **arguments: Any) -> dict[str, Any]:
        if peer not in self.processes:
            self.processes[peer] = process.start(peer, machine.cores()[: self.threads], self.log)
            if peer.name not in self.versions:
                self.versions[peer.name] = self.ask(peer, "describe")["versions"]
        return self.processes[peer].ask(order, self.budget.limit_seconds, **arguments)

    def prepare(self, peer: Peer, item: Item, quality: Quality = None, **more: Any) -> None:
        path = self.folder / "samples.npy"
        if getattr(self, "item", None) is not item:
            np.save(path, item.samples)
            self.item = item
        self.ask(peer, "prepare", samples=str(path), chunks=item.chunks, blocks=item.blocks, threads=self.threads,
                 quality=quality, separate=item.separate, **more)  # fmt: skip

    def decoded(self, peer: Peer, how: str = "decode") -> tuple[np.ndarray, dict[str, Any]]:
        path = self.folder / "decoded.npy"
        path.unlink(missing_ok=True)
        answer = self.ask(peer, "decode", result=str(path), how=how)
        return np.load(path), answer

    def once(self, peer: Peer, item: Item, quality: Quality) -> tuple[int, np.ndarray]:
        """Bytes stored and samples as decoded, untimed."""
        self.prepare(peer, item, quality)
        stored = self.ask(peer, "encode")["stored_bytes"]
        decoded, _ = self.decoded(peer)
        judge.check_form(item.samples, decoded)
        return stored, decoded

    def compare(self, item: Item, qualities: Mapping[Peer, Quality], check: Check,
                operations: Sequence[str] = ("encode", "decode")) -> dict[Peer, Entry]:  # fmt: skip
        """A row of encoding and decoding by turns. The first encoding and decoding of each peer are not timed."""
        failed: dict[Peer, Entry] = {}
        for peer, quality in qualities.items():
            try:
                self.prepare(peer, item, quality)
                self._turn(peer, item, check, "encode")
                self._turn(peer, item, check, "decode")
            except PeerFailed as failure:
                failed[peer] = Entry(failure=str(failure))
        able = [peer for peer in qualities if peer not in failed]
        turns = take_turns(able, operations, lambda p, o: self._turn(p, item, check, o), self.budget,
                           [peer for peer in (OURS_PART1, OURS_HT) if peer in able])  # fmt: skip
        return {peer: failed.get(peer) or turns[peer] for peer in qualities}

    def _turn(self, peer: Peer, item: Item, check: Check, operation: str) -> dict[str, Any]:
        if operation == "encode":
            return self.ask(peer, "encode")
        decoded, answer = self.decoded(peer, operation)
        check(item.samples, decoded)
        return answer

    def peak_memory(self, peer: Peer, item: Item) -> dict[str, float]:
        """Of encoding and decoding once, in a new process, as multiples of the array's bytes."""
        old = self.processes.pop(peer, None)
        if old:
            old.close()
        self.prepare(peer, item)
        peak = self.ask(peer, "peak", result=str(self.folder / "decoded.npy"))
        return {name: peak[name] / item.samples.nbytes for name in ("encode", "decode")}

    def minutes(self) -> float:
        return (time.monotonic() - self.started) / 60

    def say(self, text: str) -> None:
        print(f"{60 * self.minutes():6.0f} s  {text}, {self.threads} thread{'s' * (self.threads > 1)}", flush=True)
