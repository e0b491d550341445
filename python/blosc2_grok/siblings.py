# SPDX-License-Identifier: BSD-3-Clause
"""Arrays of blosc2-j2k (codec 39) and blosc2-htj2k (codec 40): read where they are, or made arrays of this codec.

Their blocks are such as blosc2-grok 0.3.5 wrote, which this package reads.
"""

from __future__ import annotations

import ctypes
import functools
import os
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Dict

from . import _native
from .blocks import codestreams
from .containers import GROK_CODEC, METALAYER, as_dict
from .errors import Error, last_error

if TYPE_CHECKING:
    import blosc2

CODECS = {"j2k": 39, "htj2k": 40}
"""Names and ids of the siblings' codecs."""
FLOAT_SIGNATURE = b"B2JPF32\x00"
"""Before the codestream in blocks of their float mode."""

_OTHER_CODEC_FORMAT = 6


def load_readers() -> Dict[str, str]:
    """Makes codecs 39 and 40 readable in this process, where the packages they belong to are not installed.

    :returns: who serves each: "package" (the real one), "blosc2_grok", or "nobody" (the library is not there).
    """
    return {name: _load_reader(name) for name in CODECS}


@functools.lru_cache(maxsize=None)
def _load_reader(name: str) -> str:
    if find_spec(f"blosc2_{name}") is not None:
        return "package"
    library = os.path.join(os.path.dirname(_native.libpath), f"libblosc2_{name}.so")
    if not os.path.isfile(library):
        return "nobody"
    ctypes.CDLL(library)  # never unloaded; C-Blosc2 then finds it by its bare name
    return "blosc2_grok"


def convert(path: Any, target: Any, *, mode: str = "x") -> blosc2.NDArray:
    """Copies an array of codec 39 or 40 into one of this codec; the stored blocks stay as they are, byte for byte.

    Only the codec's id changes in each chunk, so nothing is lost and nothing is coded again. Before the copy gets its
    name, all of it is decoded once. Metadata come along. The copy has no parameters of its own: what is written into it
    later is coded by the process's defaults, with the rate of ``codec_meta`` where codec 39 had one. Codec 40 meant
    something else by that number: it becomes 0, lossless.

    :param path: of the array.
    :param target: of the copy; ``path`` itself with ``mode="w"``.
    :param mode: "x": ``target`` must not exist; "w": it is replaced, by a rename.
    :returns: the copy, opened.
    :raises ValueError: the array is of another codec; or it is in an HDF5 file, which
        :func:`blosc2_grok.hdf5.convert_file` is for.
    :raises Error: a block is no codestream, such as those of the packages' float mode, or can't be decoded.
    """
    import blosc2

    from . import arrays, renaming

    if _is_hdf5(os.fspath(path)):
        raise ValueError(f"{path} is an HDF5 file: blosc2_grok.hdf5.convert_file converts what is in it")
    source = arrays.open_if_path(os.fspath(path))
    if not hasattr(source, "chunks"):
        raise TypeError(f"{path} holds a plain SChunk, which blosc2-j2k and blosc2-htj2k never wrote")
    options = {"urlpath": os.fspath(target), "mode": mode}
    final = renaming.target_path(options)
    if final is None:
        raise ValueError(f"{target}: only files can be written")
    copied = _copy_options(source)
    _refuse_other_blocks(source)
    with renaming.temporary_path(final, mode) as temporary:
        _fill_copy(source, copied, urlpath=temporary, mode="w")
        check_readable(blosc2.open(temporary, mode="r"))
    return blosc2.open(final, mode="a")


def rename_codec(source: Any) -> Any:
    """A copy in memory of an array in memory.

    :raises ValueError: the array is of another codec.
    :raises Error: a block is no codestream.
    """
    copied = _copy_options(source)
    _refuse_other_blocks(source)
    return _fill_copy(source, {**copied, "contiguous": True})


def _fill_copy(source: Any, copied: Dict[str, Any], **place: Any) -> Any:
    import blosc2

    options = {**copied, **place}
    copy = blosc2.empty(source.shape, dtype=source.dtype, chunks=source.chunks, blocks=source.blocks, **options)
    codec_meta = copied["cparams"]["codec_meta"]
    for number in range(source.schunk.nchunks):
        copy.schunk.update_chunk(number, rename_in_chunk(source.schunk.get_chunk(number), number, codec_meta))
    for name, value in source.schunk.vlmeta.getall().items():
        copy.schunk.vlmeta[name] = value
    return copy


def codec_of(schunk: Any) -> int:
    """The id of a schunk's codec."""
    codec = as_dict(schunk.cparams)["codec"]
    return int(getattr(codec, "value", codec))


def _is_hdf5(path: Any) -> bool:
    if not os.path.isfile(path):
        return False
    with open(path, "rb") as file:
        return file.read(8) == b"\x89HDF\r\n\x1a\n"


def _copy_options(source: Any) -> Dict[str, Any]:
    """What makes an array like this one, but for its codec."""
    schunk = source.schunk
    codec = codec_of(schunk)
    if codec not in CODECS.values():
        raise ValueError(f"{schunk.urlpath} is of codec {codec}: only 39 (j2k) and 40 (htj2k) can be converted")
    if METALAYER in schunk.meta:
        raise Error(f"{schunk.urlpath} has a metalayer '{METALAYER}', by which its blocks would be taken for ours")
    kept = as_dict(schunk.cparams)
    cparams = {name: kept[name] for name in ("clevel", "filters", "filters_meta", "splitmode")}
    cparams.update(codec=GROK_CODEC, codec_meta=kept["codec_meta"] if codec == CODECS["j2k"] else 0)
    layers = {name: schunk.meta[name] for name in schunk.meta if name != "b2nd"}
    return {"cparams": cparams, "meta": layers, "contiguous": schunk.contiguous}


def _refuse_other_blocks(source: Any) -> None:
    for block in codestreams(source):
        if block.kind != "unknown":
            continue
        what = "is damaged, or no codestream"
        if block.data.startswith(FLOAT_SIGNATURE):
            what = "was written in float mode, which is no JPEG 2000: read it with the package that wrote it"
        raise Error(f"chunk {block.chunk}, block {block.block} at {block.start} {what}")


def rename_in_chunk(chunk: bytes, number: int, codec_meta: int) -> bytes:
    """The chunk with our id in its header; one that no codec was needed for, as it is."""
    if chunk[2] >> 5 != _OTHER_CODEC_FORMAT:
        return chunk
    if chunk[22] not in CODECS.values():
        raise Error(f"chunk {number} is of codec {chunk[22]}: only 39 (j2k) and 40 (htj2k) can be converted")
    return chunk[:22] + bytes([GROK_CODEC, codec_meta]) + chunk[24:]


def check_readable(copy: Any) -> None:
    """:raises Error: a chunk can't be decoded."""
    for number in range(copy.schunk.nchunks):
        serial = _native.message_serial()
        try:
            copy.schunk.decompress_chunk(number)
        except RuntimeError as error:
            raise Error(f"chunk {number} can't be decoded: {last_error(serial) or error}") from error
