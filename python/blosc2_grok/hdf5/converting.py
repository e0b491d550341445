# SPDX-License-Identifier: BSD-3-Clause
"""HDF5 files of blosc2-j2k and blosc2-htj2k made such of this package: other ids, the same codestreams."""

from __future__ import annotations

from typing import Any, List, Sequence

import blosc2

from ..containers import BLOSC2_FILTER, HTJ2K_FILTER, chunk_infos, list_filters
from ..errors import Error
from ..siblings import CODECS, check_readable, codec_of, rename_codec
from .copying import CopiedDataset, Copier
from .frames import blosc2_filter_options
from .objects import creation_of
from .wishes import Wanted


def convert_file(source_path: Any, target_path: Any, *, overwrite: bool = False) -> List[CopiedDataset]:
    """Copies an HDF5 file; datasets of codecs 39 (j2k) and 40 (htj2k) in it become such of this codec.

    As :func:`blosc2_grok.convert` does it for b2nd files: stored blocks stay as they are, byte for byte, and each chunk
    is decoded once before it is written. Everything else is carried over as :func:`copy_file` does.

    :param source_path: of the file; it is only read.
    :param target_path: of the new file, which appears there when it is complete.
    :param overwrite: whether ``target_path`` may exist; it is replaced.
    :returns: what became of each dataset: "converted" or "copied".
    :raises FileExistsError: ``target_path`` exists.
    :raises ValueError: no dataset is of these codecs.
    :raises Error: a block is no codestream, or can't be decoded. ``target_path`` is as it was.
    """
    return _Converter(Wanted()).run(source_path, target_path, overwrite)


class _Converter(Copier):
    def decide(self, dataset: Any, names: Sequence[str]) -> str:
        return "converted" if is_siblings(dataset) else "copied"

    def copy(self, source: Any, target: Any, final_path: str) -> List[CopiedDataset]:
        copied = super().copy(source, target, final_path)
        if not any(one.treatment == "converted" for one in copied):
            others = [one.name for one in copied if list_filters(source[one.name]) == [HTJ2K_FILTER]]
            hint = f"; {others[0]} is of filter {HTJ2K_FILTER}, which is read as it is" if others else ""
            raise ValueError(f"{source.filename} has no dataset of codec 39 (j2k) or 40 (htj2k){hint}")
        return copied

    def compress(self, source: Any, target: Any, name: str, treatment: str) -> int:
        """Chunk by chunk; returns 0."""
        options = blosc2_filter_options(_blocks_of(source), source.dtype)
        maxshape, fillvalue = creation_of(source)
        made = target.create_dataset(
            name,
            shape=source.shape,
            dtype=source.dtype,
            chunks=source.chunks,
            compression=BLOSC2_FILTER,
            compression_opts=options,
            maxshape=maxshape,
            fillvalue=fillvalue,
        )
        for info in chunk_infos(source):
            mask, frame = source.id.read_direct_chunk(info.chunk_offset)
            try:
                stored = frame if mask else _converted(frame)
            except (Error, ValueError) as error:
                raise Error(f"{source.name}, chunk at {tuple(info.chunk_offset)}: {error}") from error
            made.id.write_direct_chunk(info.chunk_offset, stored, filter_mask=mask)
        return 0


def is_siblings(dataset: Any) -> bool:
    """Whether the first chunk that is a frame, or where there is none the filter's option, says codec 39 or 40."""
    if dataset.is_virtual or list_filters(dataset) != [BLOSC2_FILTER]:
        return False
    for info in chunk_infos(dataset):
        if not info.filter_mask:
            _, frame = dataset.id.read_direct_chunk(info.chunk_offset)
            return codec_of(blosc2.schunk_from_cframe(frame)) in CODECS.values()
    options = dataset.id.get_create_plist().get_filter(0)[2]
    return len(options) > 6 and options[6] in CODECS.values()


def _blocks_of(dataset: Any) -> Sequence[int]:
    for info in chunk_infos(dataset):
        if not info.filter_mask:
            _, frame = dataset.id.read_direct_chunk(info.chunk_offset)
            return tuple(_array_in(frame).blocks)
    return tuple(dataset.chunks)


def _array_in(frame: bytes) -> Any:
    if "b2nd" not in blosc2.schunk_from_cframe(frame).meta:
        raise Error("it was written without its shape: read it with h5py, and store the samples")
    return blosc2.ndarray_from_cframe(frame)


def _converted(frame: bytes) -> bytes:
    array = _array_in(frame)
    if codec_of(array.schunk) not in CODECS.values():
        return frame  # by another program, of a codec of its own
    made = rename_codec(array)
    check_readable(made)
    return bytes(made.to_cframe())
