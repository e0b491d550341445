# SPDX-License-Identifier: BSD-3-Clause
"""Decoders and a header reader that share no code with the plugin: what they say of a codestream is a second opinion.

OpenJPEG 2.5.4 and OpenJPH come inside imagecodecs, FFmpeg inside av, Grok as the program grk_decompress.
"""

from __future__ import annotations

import math
import pathlib
import shutil
import struct
import subprocess
from dataclasses import dataclass, field
from typing import Any, Dict, List, Optional, Tuple

import numpy as np
from numpy.typing import NDArray

Planes = NDArray[np.int64]
"""Samples as (components, rows, columns)."""

Pair = Tuple[int, int]


class Unread(Exception):
    """The witness is not installed, or made for other streams: it has no opinion."""


# ---------------------------------------------------------------------------------------------------------------------
# Codestream markers, by ISO/IEC 15444-1 Annex A and 15444-15 Annex A.


@dataclass
class TilePart:
    tile: int
    index: int
    count: int  # parts of the tile; 0: not said
    length: int
    markers: List[int] = field(default_factory=list)  # between SOT and SOD
    packets: List[int] = field(default_factory=list)  # their lengths, by PLT
    body: int = 0  # bytes after SOD


@dataclass
class Stream:
    """What the headers of a codestream say."""

    markers: List[int]  # of the main header, in order
    rsiz: int = 0
    size: Pair = (0, 0)  # Xsiz, Ysiz
    offset: Pair = (0, 0)
    tile_size: Pair = (0, 0)
    tile_offset: Pair = (0, 0)
    components: List[Tuple[int, bool]] = field(default_factory=list)  # bits, signed
    progression: str = ""
    layers: int = 0
    mct: int = 0
    resolutions: int = 0
    codeblock_size: Pair = (0, 0)
    style: int = 0
    transform: int = 0  # 0: 9/7, 1: 5/3
    precincts: List[Pair] = field(default_factory=list)  # highest resolution first; empty: the largest
    guard_bits: int = 0
    quantization: int = 0  # 0: none, 1: derived, 2: expounded
    steps: List[int] = field(default_factory=list)  # exponent << 11 | mantissa, expounded only
    regions: Dict[int, int] = field(default_factory=dict)  # component: shift
    capabilities: Optional[Tuple[int, int]] = None  # Pcap, Ccap15
    changes: List[Tuple[int, ...]] = field(default_factory=list)  # POC: RSpoc, CSpoc, LYEpoc, REpoc, CEpoc, Ppoc
    tile_parts: List[TilePart] = field(default_factory=list)
    told_lengths: List[Pair] = field(default_factory=list)  # tile and length of each tile-part, by TLM
    length: int = 0

    @property
    def tiles(self) -> Pair:
        return (
            math.ceil((self.size[0] - self.tile_offset[0]) / self.tile_size[0]),
            math.ceil((self.size[1] - self.tile_offset[1]) / self.tile_size[1]),
        )


def codestream_of(stored: bytes) -> bytes:
    """The codestream of a JP2 file, found box by box; a bare one as it is."""
    if stored[:4] == b"\xff\x4f\xff\x51":
        return stored
    assert stored[:12] == b"\0\0\0\x0cjP  \r\n\x87\n", "neither a codestream nor a JP2 file"
    at = 0
    while at < len(stored):
        length, kind = struct.unpack_from(">I4s", stored, at)
        if length == 0:
            length = len(stored) - at
        assert length >= 8 and at + length <= len(stored), "a box leaves the file"
        if kind == b"jp2c":
            return stored[at + 8 : at + length]
        at += length
    raise AssertionError("no codestream in the file")


def boxes_of(stored: bytes) -> List[str]:
    """The names of a JP2 file's boxes, those in the header box too."""
    names = []
    at = 0
    while at < len(stored):
        length, kind = struct.unpack_from(">I4s", stored, at)
        names.append(kind.decode("latin-1"))
        at += 8 if kind == b"jp2h" else (length or len(stored) - at)
    return names


def _u16(data: bytes, at: int) -> int:
    return int(struct.unpack_from(">H", data, at)[0])


def _precinct(byte: int) -> Pair:
    return 1 << (byte & 15), 1 << (byte >> 4)


def _read_size(stream: Stream, body: bytes) -> None:
    rsiz, x1, y1, x0, y0, tw, th, tx, ty, count = struct.unpack_from(">H8IH", body, 0)
    stream.rsiz = rsiz
    stream.size, stream.offset, stream.tile_size, stream.tile_offset = (x1, y1), (x0, y0), (tw, th), (tx, ty)
    for i in range(count):
        depth, dx, dy = body[36 + 3 * i : 39 + 3 * i]
        assert (dx, dy) == (1, 1), "subsampled"
        stream.components.append(((depth & 127) + 1, depth >= 128))


def _read_coding(stream: Stream, body: bytes) -> None:
    has_precincts, order, layers, mct, levels, width, height, style, transform = struct.unpack_from(">BBHBBBBBB", body)
    stream.progression = ("LRCP", "RLCP", "RPCL", "PCRL", "CPRL")[order]
    stream.layers, stream.mct, stream.resolutions = layers, mct, levels + 1
    stream.codeblock_size, stream.style, stream.transform = (4 << width, 4 << height), style, transform
    if has_precincts & 1:
        assert len(body) == 10 + levels + 1
        stream.precincts = [_precinct(byte) for byte in reversed(body[10:])]


def _read_segment(stream: Stream, marker: int, body: bytes) -> None:
    if marker == 0xFF51:
        _read_size(stream, body)
    elif marker == 0xFF52:
        _read_coding(stream, body)
    elif marker == 0xFF5C:
        stream.guard_bits, stream.quantization = body[0] >> 5, body[0] & 31
        if stream.quantization == 2:
            stream.steps = [_u16(body, at) for at in range(1, len(body), 2)]
    elif marker == 0xFF5E:
        wide = len(stream.components) > 256
        component = _u16(body, 0) if wide else body[0]
        assert body[1 + wide] == 0, "a region of an unknown kind"
        stream.regions[component] = body[2 + wide]
    elif marker == 0xFF50:
        stream.capabilities = struct.unpack_from(">IH", body)
    elif marker == 0xFF55:
        assert body[1] in (0x50, 0x60), "TLM with other sizes than 1 or 2, and 4 bytes"
        entry = ">BI" if body[1] == 0x50 else ">HI"
        stream.told_lengths += [tuple(pair) for pair in struct.iter_unpack(entry, body[2:])]
    elif marker == 0xFF5F:
        assert len(stream.components) < 257
        stream.changes += struct.iter_unpack(">BBHBBB", body)


def _read_packet_lengths(part: TilePart, body: bytes) -> None:
    """PLT: 7 bits a byte, all but a number's last one with the top bit."""
    length = 0
    for byte in body[1:]:
        length = length << 7 | byte & 127
        if byte < 128:
            part.packets.append(length)
            length = 0
    assert length == 0, "a packet's length goes on in the next segment"


def read_stream(stored: bytes) -> Stream:
    """Every marker from SOC to EOC; AssertionError where one stands where it may not."""
    data = codestream_of(stored)
    stream = Stream([0xFF4F])
    at = 2
    while _u16(data, at) != 0xFF90:
        marker, length = _u16(data, at), _u16(data, at + 2)
        _read_segment(stream, marker, data[at + 4 : at + 2 + length])
        stream.markers.append(marker)
        at += 2 + length
    while _u16(data, at) == 0xFF90:
        tile, length, index, count = struct.unpack_from(">HIBB", data, at + 4)
        part = TilePart(tile, index, count, length)
        inside = at + 12
        while _u16(data, inside) != 0xFF93:
            part.markers.append(_u16(data, inside))
            end = inside + 2 + _u16(data, inside + 2)
            if part.markers[-1] == 0xFF58:
                _read_packet_lengths(part, data[inside + 4 : end])
            inside = end
        part.body = (length or len(data) - at - 2) - (inside + 2 - at)
        stream.tile_parts.append(part)
        at += length or len(data) - at - 2
    assert _u16(data, at) == 0xFFD9, f"{_u16(data, at):04x} where the codestream should end"
    stream.length = at + 2
    assert stream.length == len(data), "bytes after the end"
    return stream


# ---------------------------------------------------------------------------------------------------------------------
# Decoders.


def planes_of(image: NDArray[Any], has_channels: Optional[bool] = None) -> Planes:
    """An image as the plugin lays it out: a last axis of 3 or 4 is components, otherwise leading ones are."""
    wide = image.astype(np.int64) if has_channels is not None else image.astype(np.int64).squeeze()
    if has_channels is None:
        has_channels = wide.ndim > 2 and wide.shape[-1] in (3, 4)
    if has_channels:
        wide = np.moveaxis(wide, -1, -3)
    return wide.reshape((-1, *wide.shape[-2:])) if wide.ndim > 1 else wide.reshape((1, 1, -1))


def by_openjpeg(stored: bytes) -> Planes:
    return _by_imagecodecs("jpeg2k", stored)


def by_openjph(stored: bytes) -> Planes:
    """HT only, and only what the library was made for."""
    stream = read_stream(stored)
    if not stream.style & 64:
        raise Unread("Part 1")
    if len(stream.components) not in (1, 3):
        raise Unread(f"{len(stream.components)} components")
    return _by_imagecodecs("htj2k", stored)


def _by_imagecodecs(codec: str, stored: bytes) -> Planes:
    imagecodecs = _imported("imagecodecs")
    try:
        decoded = getattr(imagecodecs, codec + "_decode")(codestream_of(stored), planar=True)
    except RuntimeError as e:
        raise Unread(f"refused: {e}") from e
    return planes_of(decoded.reshape((-1, *decoded.shape[-2:])), has_channels=False)


def by_ffmpeg(stored: bytes) -> Planes:
    """Gray, RGB and XYZ of up to 16 bits, without offsets; signed samples come with the sign bit turned over."""
    av = _imported("av")
    av.logging.set_level(av.logging.PANIC)
    stream = read_stream(stored)
    if len(stream.components) not in (1, 3):
        raise Unread(f"{len(stream.components)} components")
    if stream.offset != (0, 0) or stream.tile_offset != (0, 0) or stream.regions:
        raise Unread("offsets")
    if stream.regions:
        raise Unread("a region of interest")
    if not ffmpeg_reads_it_right(stream):
        raise Unread("precincts ordered by place in several tiles")
    context = av.CodecContext.create("jpeg2000", "r")
    try:
        frames = context.decode(av.Packet(codestream_of(stored))) or context.decode(None)
    except av.error.FFmpegError as e:
        raise Unread(f"refused: {e}") from e
    if not frames:
        raise Unread("no picture")
    frame = frames[0]
    bits, is_signed = stream.components[0]
    depth = frame.format.components[0].bits
    name = frame.format.name
    if name.startswith("gray"):
        planes = [_ffmpeg_plane(frame, 0, 1, depth)[:, :, 0]]
    elif name.startswith("rgb"):
        planes = list(np.moveaxis(_ffmpeg_plane(frame, 0, 3, depth), -1, 0))
    elif name.startswith("xyz12"):  # what it takes streams of cinema for: in the upper bits of 16
        planes = [plane >> 4 for plane in np.moveaxis(_ffmpeg_plane(frame, 0, 3, depth), -1, 0)]
    else:
        raise Unread(f"pixel format {name}")
    if len(planes) != len(stream.components):
        raise Unread(f"pixel format {name}")
    samples = np.stack(planes) >> (depth - bits)
    return samples - (1 << (bits - 1)) if is_signed else samples


def _ffmpeg_plane(frame: Any, index: int, interleaved: int, depth: int) -> Planes:
    part = frame.planes[index]
    rows = np.frombuffer(bytes(part), np.uint8).reshape(part.height, part.line_size)
    samples = rows.view("<u2") if depth > 8 else rows
    return samples[:, : frame.width * interleaved].reshape(frame.height, frame.width, interleaved).astype(np.int64)


def _imported(name: str) -> Any:
    try:
        return __import__(name)
    except ImportError as e:
        raise Unread(f"{name} is not installed") from e


def has_grok() -> bool:
    return shutil.which("grk_decompress") is not None


def by_grok(streams: Dict[str, bytes], folder: pathlib.Path) -> Dict[str, Optional[Planes]]:
    """Many streams by one process, which reads a folder; None where Grok wrote no picture.

    Its decoder returns wrong samples for some tiles and offsets: ask `grok_reads_it_right` first.
    """
    into, out = folder / "in", folder / "out"
    shutil.rmtree(folder, ignore_errors=True)
    into.mkdir(parents=True)
    out.mkdir()
    for name, stored in streams.items():
        (into / f"{name}.j2k").write_bytes(codestream_of(stored))
    command = ["grk_decompress", "-y", str(into), "-a", str(out), "-O", "rawl"]
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=600, check=False)
    return {name: _raw_planes(out / f"{name}.rawl", read_stream(stored)) for name, stored in streams.items()}


def _raw_planes(path: pathlib.Path, stream: Stream) -> Optional[Planes]:
    bits, is_signed = stream.components[0]
    dtype = np.dtype(f"<{'i' if is_signed else 'u'}{1 if bits <= 8 else 2}")
    columns, rows = stream.size[0] - stream.offset[0], stream.size[1] - stream.offset[1]
    if not path.is_file() or path.stat().st_size != rows * columns * len(stream.components) * dtype.itemsize:
        return None
    return np.fromfile(path, dtype).reshape(len(stream.components), rows, columns).astype(np.int64)


def grok_reads_it_right(stream: Stream) -> bool:
    """Whether Grok's decoder is to be believed: not where a tile begins at an odd row of some resolution, nor with
    regions, nor with HT and many guard bits, nor where passes that code nothing have no bytes of their own (TERMALL in
    images of a few samples, and over several tile-parts; OpenJPEG's encoder gives them some)."""
    if stream.offset != (0, 0) or stream.tile_offset != (0, 0) or stream.regions:
        return False
    if stream.style & 64 and stream.guard_bits > 4:
        return False
    has_many_parts = len(stream.tile_parts) > stream.tiles[0] * stream.tiles[1]
    if stream.style & 4 and (stream.size[0] * stream.size[1] <= 16 or has_many_parts):
        return False
    return stream.tiles[1] == 1 or stream.tile_size[1] % (1 << (stream.resolutions - 1)) == 0


def ffmpeg_reads_it_right(stream: Stream) -> bool:
    """Not precincts in an order by place, in several tiles: it errs on OpenJPEG's, Grok's and our streams alike."""
    by_place = stream.progression in ("RPCL", "PCRL", "CPRL")
    return not (by_place and stream.precincts and stream.tiles != (1, 1))
