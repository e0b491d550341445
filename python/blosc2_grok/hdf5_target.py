# SPDX-License-Identifier: BSD-3-Clause
"""A dataset of Blosc2 frames that gets its name when it is complete."""

from __future__ import annotations

import math
import os
from contextlib import contextmanager, nullcontext
from typing import Any, Iterator

from .containers import BLOSC2_FILTER
from .recipe import ChunkRecipe
from .renaming import temporary_mark, temporary_path

GROK_CODEC = 37


@contextmanager
def new_dataset(path: Any, name: str, recipe: ChunkRecipe) -> Iterator[Any]:
    """A dataset to write chunks into; an error leaves neither it nor, where there was none, the file.

    :raises ValueError: a dataset or group of this name exists.
    """
    final = os.path.abspath(os.fspath(path))
    with nullcontext(final) if os.path.exists(final) else temporary_path(final, "x") as written:
        with _open_dataset(written, name, recipe) as dataset:
            yield dataset


@contextmanager
def _open_dataset(path: str, name: str, recipe: ChunkRecipe) -> Iterator[Any]:
    import h5py
    import hdf5plugin  # noqa: F401 (brings the filter)

    with h5py.File(path, "a") as file:
        if name in file:
            raise ValueError(f"{path} has a '{name}' already")
        temporary = f"{name}.{temporary_mark()}"
        try:
            yield _create(file, temporary, recipe)
            file.move(temporary, name)
        finally:
            if temporary in file:
                del file[temporary]


def _create(file: Any, name: str, recipe: ChunkRecipe) -> Any:
    # The filter's options serve readers and later writers; chunks from here are written past it.
    block_bytes = math.prod(recipe.blocks) * recipe.dtype.itemsize
    options = (0, block_bytes, 0, 0, 5, 0, GROK_CODEC)
    return file.create_dataset(
        name,
        shape=recipe.shape,
        dtype=recipe.dtype,
        chunks=recipe.chunks,
        compression=BLOSC2_FILTER,
        compression_opts=options,
    )
