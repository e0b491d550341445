# SPDX-License-Identifier: BSD-3-Clause
"""What an adapter is: the few things that the worker asks of a codec, whatever stands behind it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.metadata import version
from itertools import product
from pathlib import Path
from typing import Any, Iterator

import numpy as np


class Refused(Exception):
    """The peer has no such thing: said by the adapter, not by the peer."""


@dataclass
class Case:
    """One thing to be stored."""

    samples: np.ndarray
    chunks: list[int]
    blocks: list[int]
    threads: int
    quality: list[Any] | None = None  # None: lossless; or [kind, value], of the adapter's `direct` kinds or its "knob"
    separate: bool = False  # each of the first axis is an array of its own
    region: list[list[int]] | None = None  # [start, stop] along each axis

    def key(self) -> tuple[slice, ...]:
        return tuple(slice(start, stop) for start, stop in self.region or [])


class Adapter:
    """Takes the case in `prepare`; `encode` returns anything that `decode` and `stored_bytes` understand."""

    packages: tuple[str, ...] = ()

    def versions(self) -> list[str]:
        return [f"{name} {version(name)}" for name in self.packages]

    def prepare(self, case: Case) -> None:
        self.case = case

    def encode(self) -> Any:
        raise NotImplementedError

    def decode(self, stored: Any) -> Any:
        raise NotImplementedError

    def stored_bytes(self, stored: Any) -> int:
        raise NotImplementedError

    def decode_reduced(self, stored: Any) -> Any:
        """At an eighth of the resolution."""
        raise Refused("has no preview: reads in full")

    def save(self, folder: Path) -> Any:
        raise Refused("keeps no arrays in files")

    def read_region(self, stored: Any) -> Any:
        raise Refused("reads no regions")


class BlockAdapter(Adapter):
    """For codecs of single images: cuts the array into blocks and shares them among threads."""

    def encode_image(self, image: np.ndarray) -> bytes:
        raise NotImplementedError

    def decode_image(self, data: bytes) -> np.ndarray:
        raise NotImplementedError

    def prepare(self, case: Case) -> None:
        super().prepare(case)
        self.keys = [(n,) for n in range(len(case.samples))] if case.separate else list(keys_of_blocks(case))
        self.pool = ThreadPoolExecutor(case.threads) if case.threads > 1 and len(self.keys) > 1 else None

    def inner_threads(self) -> int:
        """Threads inside a codec's call, where there is nothing to share."""
        return self.case.threads if self.pool is None else 1

    def encode(self) -> list[bytes]:
        return self._map(lambda key: self.encode_image(image_of(self.case.samples[key])), self.keys)

    def decode(self, stored: list[bytes]) -> np.ndarray:
        return self._put(stored, self.decode_image)

    def stored_bytes(self, stored: list[bytes]) -> int:
        return sum(len(data) for data in stored)

    def _put(self, stored: list[bytes], decode: Any) -> np.ndarray:
        out = np.empty_like(self.case.samples)

        def put(pair: tuple[Any, bytes]) -> None:
            image = decode(pair[1])
            if image.dtype.itemsize != out.dtype.itemsize:
                raise ValueError(f"{out.dtype} came back as {image.dtype}")
            out[pair[0]] = image.view(out.dtype).reshape(out[pair[0]].shape)

        self._map(put, list(zip(self.keys, stored)))
        return out

    def _map(self, call: Any, items: list[Any]) -> list[Any]:
        return list((self.pool.map if self.pool else map)(call, items))


def keys_of_blocks(case: Case) -> Iterator[tuple[slice, ...]]:
    """Slices of all blocks, in raster order."""
    axes = [
        [slice(start, min(start + block, extent)) for start in range(0, extent, block)]
        for extent, block in zip(case.samples.shape, case.blocks)
    ]
    return product(*axes)


def image_of(block: np.ndarray) -> np.ndarray:
    """Contiguous, without axes of length 1; what is left is (rows, columns), (rows, columns, channels) or a stack."""
    return np.ascontiguousarray(block.squeeze())
