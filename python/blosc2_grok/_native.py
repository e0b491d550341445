# SPDX-License-Identifier: BSD-3-Clause
"""The C API of include/blosc2_grok.h as Python functions: the only module that touches the library.

ctypes gives up the interpreter's lock during each call, so threads encode and decode at the same time.
"""

from __future__ import annotations

import ctypes
import functools
import mmap
import os
import sys
import threading
from ctypes import (
    POINTER,
    byref,
    c_char,
    c_char_p,
    c_double,
    c_int,
    c_int32,
    c_int64,
    c_size_t,
    c_uint8,
    c_uint32,
    c_uint64,
    c_void_p,
)
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Callable, Dict, Mapping, Optional, Sequence, Tuple, Union

import msgpack

from .errors import ERROR, Error

if TYPE_CHECKING:
    import numpy

LIBRARY_NAME = "libblosc2_grok.so"
MAX_DIMENSIONS = 16
_USUAL_MAP_BYTES = 2048
_LARGE = 1 << 20

Bytes = Union[bytes, bytearray, memoryview, "numpy.ndarray[Any, Any]"]


class _CMessage(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("kind", c_int32),
        ("serial", c_uint64),
        ("seconds", c_double),
        ("thread", c_uint64),
        ("block_shape", c_char * 64),
        ("text", c_char * 400),
    ]


class _CBlock(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("ndim", c_int32),
        ("array_shape", c_int64 * MAX_DIMENSIONS),
        ("block_shape", c_int32 * MAX_DIMENSIONS),
        ("dtype", c_char * 32),
        ("is_whole", c_int32),
    ]


@dataclass(frozen=True)
class Message:
    """One error or notice of the ring; ``str()`` gives its text."""

    serial: int
    """Counts from 1 over the life of the process."""
    kind: str
    """"error" or "notice"."""
    time: float
    """Seconds since 1970-01-01 UTC."""
    thread: int
    """The operating system's id of the thread that it happened on, often one of Blosc2's own."""
    block_shape: str
    """Shape of the block in samples, "1 x 256 x 256"; empty when not known."""
    text: str
    """What happened, a sentence with the numbers in it."""

    def __str__(self) -> str:
        return self.text


def _find_library() -> str:
    # An editable installation has the Python files and the library in two folders of one package path.
    folders = list(sys.modules[__package__].__path__) if __package__ else []
    folders.append(os.path.dirname(os.path.abspath(__file__)))
    for folder in folders:
        path = os.path.join(folder, LIBRARY_NAME)
        if os.path.isfile(path):
            return path
    raise ImportError(f"{LIBRARY_NAME} is not beside the package blosc2_grok; looked in: {', '.join(folders)}")


def _load(path: str) -> ctypes.CDLL:
    try:
        lib = ctypes.CDLL(path)
    except OSError as error:  # the linker's words name the library that is missing, or lacks something
        raise ImportError(
            f"{path} can't be loaded: {error}. It needs the JPEG 2000 libraries that it was built with: on Debian "
            "apt-get install libopenjp2-7 libhwy1, and libgrokj2k1 where it was built with Grok; or build blosc2-grok "
            "anew where it is to run (pip install --force-reinstall --no-binary blosc2-grok blosc2-grok)"
        ) from error
    signatures: Dict[str, Tuple[Any, Sequence[Any]]] = {
        "version": (c_char_p, ()),
        "build_info": (c_int64, (c_void_p, c_size_t)),
        "set_defaults": (c_int, (c_char_p, c_size_t, c_char_p, c_size_t)),
        "normalize": (c_int64, (c_void_p, c_size_t, c_char_p, c_size_t, c_char_p, c_size_t)),
        "get_defaults": (c_int64, (c_void_p, c_size_t)),
        "message_serial": (c_uint64, ()),
        "next_message": (c_int, (c_uint64, c_int, POINTER(_CMessage))),
        "encode": (
            c_int64,
            (c_void_p, c_size_t, c_void_p, c_size_t, POINTER(_CBlock), c_char_p, c_size_t, c_uint8),
        ),
        "decode": (c_int64, (c_void_p, c_size_t, c_void_p, c_size_t, c_int32)),
        "decode_partly": (c_int64, (c_void_p, c_size_t, c_void_p, c_size_t, c_uint32, c_uint32, c_int32)),
        "decode_reduced": (
            c_int64,
            (
                c_void_p,
                c_size_t,
                c_void_p,
                c_size_t,
                c_void_p,
                c_int32,
                c_int32,
                c_void_p,
                c_void_p,
                c_uint32,
                c_uint32,
            ),
        ),
        "checksum": (c_uint64, (c_void_p, c_size_t)),
        "describe": (c_int64, (c_void_p, c_size_t, c_void_p, c_size_t)),
    }
    for name, (result, arguments) in signatures.items():
        function = getattr(lib, "blosc2_grok_" + name)
        function.restype = result
        function.argtypes = list(arguments)
    return lib


libpath: str = _find_library()
"""The absolute path of the plugin's library, ``libblosc2_grok.so``."""

_lib = _load(libpath)


def _address(data: Any) -> Tuple[int, int, object]:
    """Address and size in bytes of a contiguous buffer, and an object that keeps it alive."""
    interface = getattr(data, "__array_interface__", None)  # NumPy's, whose dtypes outnumber those of a memoryview
    if interface is not None:
        if interface["strides"] is not None:
            raise ValueError("the array must be contiguous, in C order")
        return int(interface["data"][0]), memoryview(data).nbytes, data
    if isinstance(data, bytes):
        return ctypes.cast(c_char_p(data), c_void_p).value or 0, len(data), data
    view = memoryview(data)
    if view.readonly:
        return _address(view.tobytes())
    if view.nbytes == 0:
        return 0, 0, data
    held = (c_char * view.nbytes).from_buffer(view)
    return ctypes.addressof(held), view.nbytes, held


def _read_map(call: Callable[[Optional[ctypes.Array[c_char]], int], int]) -> Dict[str, Any]:
    return _unpack(_read_bytes(call))


def _read_bytes(call: Callable[[Optional[ctypes.Array[c_char]], int], int]) -> bytes:
    """Asks again where the map has more than the usual bytes, or has grown."""
    size = _USUAL_MAP_BYTES
    while size >= 0:
        capacity = size
        buffer = ctypes.create_string_buffer(max(capacity, 1))
        size = call(buffer, capacity)
        if 0 <= size <= capacity:
            return buffer.raw[:size]
    raise _failure(0, f"the library returned {size}")


def _unpack(packed: bytes) -> Dict[str, Any]:
    unpacked = msgpack.unpackb(packed, raw=False, strict_map_key=False)
    if not isinstance(unpacked, dict):
        raise Error(f"the library returned a {type(unpacked).__name__} where a map was expected")
    return unpacked


def pack(parameters: Mapping[str, Any]) -> bytes:
    """Parameters as the MessagePack map that the library and the ``grok`` metalayer take."""
    packed = msgpack.packb(dict(parameters), use_bin_type=True)
    assert isinstance(packed, bytes)
    return packed


def _failure(since: int, otherwise: str) -> Error:
    """The reason that this thread left in the ring after ``since``."""
    text = otherwise
    thread = threading.get_native_id()
    message = next_message(since, ERROR)
    while message is not None:
        if message.thread == thread:
            text = message.text
        message = next_message(message.serial, ERROR)
    return Error(text)


def version() -> str:
    """The library's version, "major.minor.patch"."""
    text = _lib.blosc2_grok_version()
    assert isinstance(text, bytes)
    return text.decode()


def build_info() -> Dict[str, Any]:
    """What the library is made of: its version, engines and licence."""
    return _read_map(lambda buffer, capacity: int(_lib.blosc2_grok_build_info(buffer, capacity)))


def set_defaults(parameters: Mapping[str, Any]) -> None:
    """Replaces the process's default parameters; what is left out gets its factory default."""
    packed = pack(parameters)
    reason = ctypes.create_string_buffer(1024)
    if _lib.blosc2_grok_set_defaults(packed, len(packed), reason, len(reason)) < 0:
        raise ValueError(reason.value.decode("utf-8", "replace"))


def get_defaults() -> Dict[str, Any]:
    """The process's default parameters, all of them, in canonical form."""
    return _read_map(lambda buffer, capacity: int(_lib.blosc2_grok_get_defaults(buffer, capacity)))


def normalize(parameters: Mapping[str, Any]) -> Dict[str, Any]:
    """Checks parameters and gives the whole set back in canonical form; ValueError says what is wrong."""
    return _unpack(_normalized(pack(parameters)))


@functools.lru_cache(maxsize=64)
def _normalized(packed: bytes) -> bytes:
    """Packed, too: an array is made with the same parameters several times over, and many arrays with the same."""
    reason = ctypes.create_string_buffer(1024)

    def call(buffer: Optional[ctypes.Array[c_char]], capacity: int) -> int:
        size = int(_lib.blosc2_grok_normalize(buffer, capacity, packed, len(packed), reason, len(reason)))
        if size < 0:
            raise ValueError(reason.value.decode("utf-8", "replace"))
        return size

    return _read_bytes(call)


def message_serial() -> int:
    """The serial number of the newest message of this process, to be given to ``last_error`` or ``notices`` later.

    :returns: a number that grows with every message; 0 when there has been none.
    """
    return int(_lib.blosc2_grok_message_serial())


def next_message(since: int, kind: int = 0) -> Optional[Message]:
    """The oldest message newer than ``since`` and of kind ``kind`` (0: any), or None."""
    raw = _CMessage(struct_size=ctypes.sizeof(_CMessage))
    found = int(_lib.blosc2_grok_next_message(since, kind, byref(raw)))
    if found < 0:
        raise Error(f"the message structure of {libpath} differs from this package's: mixed versions?")
    if found == 0:
        return None
    return Message(
        serial=raw.serial,
        kind="error" if raw.kind == ERROR else "notice",
        time=raw.seconds,
        thread=raw.thread,
        block_shape=raw.block_shape.decode("utf-8", "replace"),
        text=raw.text.decode("utf-8", "replace"),
    )


def _describe_array(dtype: str, block_shape: Sequence[int], array_shape: Sequence[int]) -> _CBlock:
    if len(block_shape) != len(array_shape) or not 1 <= len(block_shape) <= MAX_DIMENSIONS:
        raise ValueError(
            f"block_shape {tuple(block_shape)} and array_shape {tuple(array_shape)} must have the same length, "
            f"1 to {MAX_DIMENSIONS}"
        )
    block = _CBlock(struct_size=ctypes.sizeof(_CBlock), ndim=len(block_shape), dtype=dtype.encode())
    block.block_shape[: len(block_shape)] = [int(n) for n in block_shape]
    block.array_shape[: len(array_shape)] = [int(n) for n in array_shape]
    return block


def encode_block(
    samples: Bytes,
    *,
    dtype: Optional[str] = None,
    block_shape: Optional[Sequence[int]] = None,
    array_shape: Optional[Sequence[int]] = None,
    parameters: Optional[Mapping[str, Any]] = None,
    codec_meta: int = 0,
    capacity: Optional[int] = None,
    is_whole: bool = False,
) -> Optional[bytes]:
    """Encodes one block as Blosc2 would store it; None when it takes more than ``capacity`` bytes.

    :param samples: a NumPy array, or bytes together with ``dtype`` (NumPy's type string) and ``block_shape``.
    :param array_shape: shape of the whole array, which decides the axes of rows and columns; default: the block's.
    :param parameters: as of ``Params.to_dict()``; None: the process's defaults.
    :param capacity: default: the block's size, as in Blosc2.
    :param is_whole: the codestream holds all samples; else zeros at the block's end count as padding.
    """
    buffer: Any = samples
    interface = getattr(samples, "__array_interface__", None)
    if interface is not None:
        dtype = str(interface["typestr"]) if dtype is None else dtype
        block_shape = interface["shape"] if block_shape is None else block_shape
        if interface["strides"] is not None:
            buffer = buffer.tobytes()
    if dtype is None or block_shape is None:
        raise ValueError("dtype and block_shape are needed where samples is not a NumPy array")
    block = _describe_array(dtype, block_shape, block_shape if array_shape is None else array_shape)
    block.is_whole = int(is_whole)
    address, size, held = _address(buffer)
    capacity = size if capacity is None else capacity
    out = _room(max(capacity, 1))
    packed = None if parameters is None else pack(parameters)
    serial = message_serial()
    written = int(
        _lib.blosc2_grok_encode(out, capacity, address, size, byref(block), packed, len(packed or b""), codec_meta)
    )
    del held
    if written < 0:
        raise _failure(serial, f"encoding failed with {written}")
    return ctypes.string_at(out, written) if written else None


def _room(size: int) -> Any:
    """Memory to write to. Of a large one only what is written to becomes real: most blocks get a good deal smaller."""
    if size < _LARGE:
        return ctypes.create_string_buffer(size)
    return (c_char * size).from_buffer(mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS))


def decode_block(data: Bytes, size: int, threads: int = 1) -> bytearray:
    """Decodes one stored block, which must be of exactly ``size`` bytes; wrap it with ``numpy.frombuffer``."""
    out = bytearray(size)
    out_address, _, out_held = _address(out)
    address, data_size, held = _address(data)
    serial = message_serial()
    written = int(_lib.blosc2_grok_decode(out_address, size, address, data_size, threads))
    del out_held, held
    if written < 0:
        raise _failure(serial, f"decoding failed with {written}")
    if written != size:
        raise Error(f"decoding returned {written} bytes where the block has {size}")
    return out


def decode_block_partly(data: Bytes, size: int, reduce: int, layers: int = 0, threads: int = 1) -> bytearray:
    """Decodes a block at 1 / 2^reduce of its resolution; ``size`` is what its samples then take.

    :param layers: quality layers to use; 0: all.
    """
    out = bytearray(size)
    out_address, _, out_held = _address(out)
    address, data_size, held = _address(data)
    serial = message_serial()
    written = int(_lib.blosc2_grok_decode_partly(out_address, size, address, data_size, reduce, layers, threads))
    del out_held, held
    if written != size:
        raise _failure(serial, f"decoding returned {written} where the block has {size} bytes")
    return out


def decode_reduced(
    chunk: bytes,
    blocks: numpy.ndarray[Any, Any],
    out: numpy.ndarray[Any, Any],
    block_shape: Sequence[int],
    reduce: int,
    layers: int = 0,
) -> None:
    """Decodes many blocks of a chunk at 1 / 2^reduce of their resolution, by one call.

    :param blocks: (n, 3) int32: first byte in ``chunk``, bytes, and 0, which becomes 1 for a block that is done. Others
        are to be decoded by themselves: in full only, or to learn what is wrong.
    :param out: (n, ...), the blocks' reduced shape, and the array's dtype.
    """
    shapes = [(c_int32 * len(block_shape))(*shape) for shape in (block_shape, out.shape[1:])]
    address, size, held = _address(chunk)
    serial = message_serial()
    done = int(
        _lib.blosc2_grok_decode_reduced(
            *(out.ctypes.data, out.nbytes, address, size, blocks.ctypes.data, len(blocks), len(block_shape)),
            *(*shapes, reduce, layers),
        )
    )
    del held
    if done < 0:
        raise _failure(serial, f"decoding failed with {done}")


def checksum(data: Bytes) -> int:
    """The checksum of a lossless block's samples, to compare with what ``describe_block`` tells."""
    address, size, held = _address(data)
    result = int(_lib.blosc2_grok_checksum(address, size))
    del held
    return result


def describe_block(data: Bytes) -> Dict[str, Any]:
    """What a stored block is, without decoding it (docs/format.md, "describe")."""
    address, size, held = _address(data)
    serial = message_serial()

    def call(buffer: Optional[ctypes.Array[c_char]], capacity: int) -> int:
        written = int(_lib.blosc2_grok_describe(buffer, capacity, address, size))
        if written < 0:
            raise _failure(serial, f"describing failed with {written}")
        return written

    described = _read_map(call)
    del held
    return described
