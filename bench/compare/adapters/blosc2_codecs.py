# SPDX-License-Identifier: BSD-3-Clause
"""Codecs that live in Blosc2: ours, the plugins of others, and Blosc2's own bitshuffle."""

from __future__ import annotations

import importlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Callable, Iterable

import blosc2
import numpy as np

from compare.adapters.base import Adapter, Case, Refused


class Blosc2Adapter(Adapter):
    packages = ("blosc2",)

    def cparams(self) -> dict[str, Any]:
        raise NotImplementedError

    def store(self, samples: np.ndarray, chunks: Any, blocks: Any, **storage: Any) -> Any:
        cparams = {**self.cparams(), "nthreads": self.case.threads}
        dparams = {"nthreads": self.case.threads}
        return blosc2.asarray(samples, chunks=chunks, blocks=blocks, cparams=cparams, dparams=dparams, **storage)

    def encode(self) -> Any:
        case = self.case
        if not case.separate:
            return self.store(case.samples, tuple(case.chunks), tuple(case.blocks))
        shape = tuple(case.blocks[1:])
        return self.each(lambda one: self.store(one, shape, shape), case.samples)

    def each(self, call: Callable[[Any], Any], arrays: Iterable[Any]) -> list[Any]:
        return [call(one) for one in arrays]

    def decode(self, stored: Any) -> Any:
        return np.stack([one[...] for one in stored]) if isinstance(stored, list) else stored[...]

    def stored_bytes(self, stored: Any) -> int:
        return sum(one.schunk.cbytes for one in (stored if isinstance(stored, list) else [stored]))

    def save(self, folder: Path) -> Any:
        case = self.case
        self.path = str(folder / "array.b2nd")
        return self.store(case.samples, tuple(case.chunks), tuple(case.blocks), urlpath=self.path, mode="w")

    def read_region(self, stored: Any) -> Any:
        return blosc2.open(self.path, dparams={"nthreads": self.case.threads})[self.case.key()]


class Ours(Blosc2Adapter):
    """blosc2_grok.asarray; lossy by the 9/7 wavelet, as all Part 1 peers are.

    ``shares_arrays``: threads share small arrays. Coding one must take longer than Python's part in it.
    """

    packages = ("blosc2-grok", "blosc2")

    def __init__(self, coder: str, shares_arrays: bool) -> None:
        import blosc2_grok

        self.plugin = blosc2_grok
        self.coder, self.shares_arrays = coder, shares_arrays

    def versions(self) -> list[str]:
        engines = self.plugin.diagnose()["library"]["engines"]
        return super().versions() + [f"{engine['name']} {engine['version']}" for engine in engines]

    def prepare(self, case: Case) -> None:
        super().prepare(case)
        is_shared = self.shares_arrays and case.separate and case.threads > 1
        self.pool = ThreadPoolExecutor(case.threads) if is_shared else None
        blosc2.set_releasegil(is_shared)
        kind, value = case.quality or (None, None)
        self.quality = {kind: value} if kind in ("psnr", "max_error", "rmse") else {}
        self.params: dict[str, Any] = {"mct": "auto"}
        if kind == "rate":
            self.params |= {"quality_mode": "rates", "quality_layers": [value]}
        if kind not in (None, "max_error"):
            self.params["irreversible"] = True

    def cparams(self) -> dict[str, Any]:
        return {}

    def store(self, samples: np.ndarray, chunks: Any, blocks: Any, **storage: Any) -> Any:
        threads = {"nthreads": 1 if self.pool else self.case.threads}
        return self.plugin.asarray(samples, chunks=chunks, blocks=blocks, coder=self.coder, params=self.params,
                                   cparams=threads, dparams=threads, **self.quality, **storage)  # fmt: skip

    def each(self, call: Callable[[Any], Any], arrays: Iterable[Any]) -> list[Any]:
        return list(self.pool.map(call, arrays)) if self.pool else super().each(call, arrays)

    def decode(self, stored: Any) -> Any:
        """By our own function where threads share arrays or chunks: Blosc2's share the blocks of a chunk."""
        if self.pool:
            return np.stack(self.each(self.plugin.read, stored))
        return super().decode(stored) if isinstance(stored, list) else self.plugin.read(stored)

    def decode_reduced(self, stored: Any) -> Any:
        return self.plugin.read(stored, reduce=3)


class Plugin(Blosc2Adapter):
    """Another project's plugin, as its README says."""

    def __init__(self, module: str, codec: str, package: str, ht_quality: bool = False) -> None:
        self.plugin = importlib.import_module(module)
        self.codec = getattr(blosc2.Codec, codec)
        self.packages = (package, "blosc2")
        self.ht_quality = ht_quality

    def prepare(self, case: Case) -> None:
        super().prepare(case)
        kind, value = case.quality or (None, None)
        self.meta = 0
        if kind is None:
            self.plugin.set_params_defaults()
        elif self.ht_quality:
            self.meta = round(value)
        elif kind == "rate":
            layers = np.array([value], dtype=np.float64)
            self.plugin.set_params_defaults(quality_mode="rates", quality_layers=layers, irreversible=True)
        else:
            raise Refused(f"knows no {kind}")

    def cparams(self) -> dict[str, Any]:
        never = blosc2.SplitMode.NEVER_SPLIT
        return {"codec": self.codec, "codec_meta": self.meta, "filters": [], "splitmode": never}


class Bitshuffle(Blosc2Adapter):
    """Blosc2's bitshuffle before Zstandard or LZ4; lossless."""

    def __init__(self, codec: str, level: int) -> None:
        self.codec, self.level = getattr(blosc2.Codec, codec), level

    def cparams(self) -> dict[str, Any]:
        return {"codec": self.codec, "clevel": self.level, "filters": [blosc2.Filter.BITSHUFFLE]}
