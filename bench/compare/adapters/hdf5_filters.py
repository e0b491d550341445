# SPDX-License-Identifier: BSD-3-Clause
"""Filters of HDF5 by h5py and hdf5plugin: a chunk is a block; in memory, and without HDF5's cache of chunks."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import h5py
import hdf5plugin
import numpy as np

from compare.adapters.base import Adapter, Case, Refused


class Hdf5Adapter(Adapter):
    packages = ("hdf5plugin", "h5py")
    dtype: str | None = None  # what the filter works with, where it can't do with the samples' own

    def options(self) -> dict[str, Any]:
        """Of create_dataset."""
        raise NotImplementedError

    def encode(self) -> list[h5py.File]:
        parts = self.case.samples if self.case.separate else [self.case.samples]
        return [self._write(_in_memory(number), part) for number, part in enumerate(parts)]

    def decode(self, stored: list[h5py.File]) -> np.ndarray:
        parts = [self._read(file, ()) for file in stored]
        return np.stack(parts) if self.case.separate else parts[0]

    def stored_bytes(self, stored: list[h5py.File]) -> int:
        return sum(file["d"].id.get_storage_size() for file in stored)

    def save(self, folder: Path) -> list[h5py.File]:
        self.path = folder / "array.h5"
        return [self._write(h5py.File(self.path, "w", rdcc_nbytes=0), self.case.samples)]

    def read_region(self, stored: list[h5py.File]) -> np.ndarray:
        stored[0].close()
        with h5py.File(self.path, "r") as file:
            return self._read(file, self.case.key())

    def _write(self, file: h5py.File, samples: np.ndarray) -> h5py.File:
        chunks = tuple(min(n, extent) for n, extent in zip(self.case.blocks[-samples.ndim :], samples.shape))
        data = samples if self.dtype is None else samples.astype(self.dtype)
        dataset = file.create_dataset("d", data=data, chunks=chunks, **self.options())
        mask = dataset.id.get_chunk_info(0).filter_mask
        if mask:
            raise Refused("its filter gave up, and the chunk is stored raw")
        file.flush()
        return file

    def _read(self, file: h5py.File, key: tuple[slice, ...]) -> np.ndarray:
        decoded = file["d"][key]
        if self.dtype is None:
            return decoded
        info = np.iinfo(self.case.samples.dtype)
        return np.clip(np.rint(decoded, out=decoded), info.min, info.max, out=decoded).astype(self.case.samples.dtype)


def _in_memory(number: int) -> h5py.File:
    """Nothing of that name is written; HDF5 wants the names of open files to differ."""
    return h5py.File(f"in-memory-{number}", "w", driver="core", backing_store=False, rdcc_nbytes=0)


class Filter(Hdf5Adapter):
    """One of hdf5plugin's; ``by`` maps a kind of quality to the name of its argument."""

    def __init__(self, name: str, by: dict[str, str], dtype: str | None = None) -> None:
        self.make, self.by, self.dtype = getattr(hdf5plugin, name), by, dtype

    def options(self) -> dict[str, Any]:
        if self.case.quality is None:
            return dict(self.make())
        kind, value = self.case.quality
        if kind not in self.by:
            raise Refused(f"knows no {kind}")
        return dict(self.make(**{self.by[kind]: value}))


class Blosc2Filter(Hdf5Adapter):
    """A codec of Blosc2 by hdf5plugin's Blosc2 filter; lossless."""

    def __init__(self, module: str, codec_id: int, package: str, mode: str | None = None) -> None:
        plugin = importlib.import_module(module)
        if mode is not None:
            plugin.set_params_defaults(mode=getattr(plugin.GrkMode, mode))
        self.codec_id = codec_id
        self.packages = (package, "hdf5plugin", "h5py")

    def prepare(self, case: Case) -> None:
        if case.quality is not None:
            raise Refused("knows no quality")
        super().prepare(case)

    def options(self) -> dict[str, Any]:
        block_bytes = int(np.prod(self.case.blocks)) * self.case.samples.itemsize
        values = (0, block_bytes, 0, 0, 5, 0, self.codec_id)
        return {"compression": hdf5plugin.BLOSC2_ID, "compression_opts": values}
