# SPDX-License-Identifier: BSD-3-Clause
"""codestreams(): the stored blocks of an array, and chunks that were tampered with."""

from __future__ import annotations

from typing import Any, List

import blosc2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import blosc2_grok
import images
from blosc2_grok import _native, blocks
from cases import Case, store


class Chunks:
    """As much of an SChunk as codestreams() needs."""

    def __init__(self, *chunks: bytes, typesize: int = 1) -> None:
        self.chunks = chunks
        self.nchunks = len(chunks)
        self.typesize = typesize
        self.chunksize = 1000

    def get_chunk(self, number: int) -> bytes:
        return self.chunks[number]


def read(*chunks: bytes) -> List[blosc2_grok.StoredBlock]:
    return list(blosc2_grok.codestreams(Chunks(*chunks), all=True))


@pytest.mark.parametrize(
    "shape, chunks, parts",
    [
        ((190, 310), (128, 256), (64, 128)),
        ((100, 130), (70, 130), (40, 50)),
        ((5, 90, 120), (2, 64, 64), (1, 64, 64)),
        ((90, 120, 3), (64, 64, 3), (64, 32, 3)),
        ((5000,), (2000,), (700,)),
    ],
    ids=str,
)
def test_blocks_lie_where_they_say(shape: Any, chunks: Any, parts: Any) -> None:
    image = images.make("photo", "uint16", shape)
    array = store(Case("", "", "uint16", shape, chunks, parts), image)
    covered = np.zeros(shape, dtype=int)
    for block in blosc2_grok.codestreams(array, all=True):
        where = tuple(slice(start, start + size) for start, size in zip(block.start, block.shape))
        covered[where] += 1
        assert block.block_shape == parts and block.nbytes == 2 * int(np.prod(parts))
        if block.kind in ("jp2", "j2k"):
            samples = np.frombuffer(_native.decode_block(block.data, block.nbytes), image.dtype).reshape(parts)
            np.testing.assert_array_equal(samples[tuple(slice(size) for size in block.shape)], image[where])
    assert (covered == 1).all()


def test_all_says_how_other_blocks_are_stored() -> None:
    image = np.zeros((128, 128), dtype=np.uint16)
    image[:64, :64] = images.make("xray", "uint16", (64, 64))
    image[:64, 64:] = images.make("noise", "uint16", (64, 64))
    array = store(Case("", "", "uint16", image.shape, blocks=(64, 64)), image)
    assert [block.kind for block in blosc2_grok.codestreams(array, all=True)] == ["jp2", "raw", "zero", "zero"]
    assert [block.start for block in blosc2_grok.codestreams(array)] == [(0, 0)]


def test_blocks_of_other_codecs_are_other() -> None:
    image = images.make("xray", "uint16", (64, 64))
    array = blosc2.asarray(image, cparams={"codec": blosc2.Codec.ZSTD})
    assert not list(blosc2_grok.codestreams(array))
    assert {block.kind for block in blosc2_grok.codestreams(array, all=True)} <= {"other", "raw"}


def test_special_chunks() -> None:
    cut = {"dtype": np.float32, "chunks": (50, 100), "blocks": (50, 50)}
    arrays = {
        "zero": blosc2.zeros((100, 100), **cut),
        "value": blosc2.full((100, 100), 7, **cut),
        "nan": blosc2.nans((100, 100), **cut),
        "uninitialized": blosc2.uninit((100, 100), **cut),
    }
    for kind, array in arrays.items():
        assert [block.kind for block in blosc2_grok.codestreams(array, all=True)] == [kind] * 4
        assert list(blosc2_grok.codestreams(array)) == []


def test_arrays_of_nothing() -> None:
    array = blosc2.zeros((0, 10), dtype=np.uint8)
    assert list(blosc2_grok.codestreams(array, all=True)) == []
    assert list(blosc2_grok.codestreams(blosc2.SChunk(), all=True)) == []


def test_plain_schunk() -> None:
    image = images.make("xray", "uint16", (100, 100))
    cparams = {"codec": blosc2.Codec.GROK, "typesize": 2, "filters": [], "splitmode": blosc2.SplitMode.NEVER_SPLIT}
    schunk = blosc2.SChunk(chunksize=8000, data=image, cparams=cparams)
    found = list(blosc2_grok.codestreams(schunk, all=True))
    assert sum(block.shape[0] for block in found) == image.size
    flat = image.reshape(-1)
    for block in found:
        if block.kind == "jp2":
            samples = np.frombuffer(_native.decode_block(block.data, block.nbytes), image.dtype)
            np.testing.assert_array_equal(samples, flat[block.start[0] : block.start[0] + block.shape[0]])


ARRAY = store(Case("", "", "uint8", (128, 128), blocks=(64, 64)), images.make("photo", "uint8", (128, 128)))
CHUNK = bytes(ARRAY.schunk.get_chunk(0))


def change(position: int, *values: int) -> bytes:
    return CHUNK[:position] + bytes(values) + CHUNK[position + len(values) :]


@pytest.mark.parametrize(
    "chunk, text",
    [
        (b"", "0 bytes, where its header alone has 32"),
        (CHUNK[:31], "31 bytes"),
        (CHUNK[:-1], "its header says"),
        (CHUNK + b"\0", "its header says"),
        (change(4, 0xFF, 0xFF, 0xFF, 0xFF), "-1 bytes in blocks of 4096"),
        (change(8, 0, 0, 0, 0), "in blocks of 0"),
        (change(8, 1, 0, 0, 0), "16384 block offsets don't fit"),
        (change(31, 0x70), "special value 7"),
        (change(2, CHUNK[2] | 2), "stored as they are"),
        (change(32, 0, 0, 0, 0), "block 0 begins at 0"),
        (change(36, 0xFF, 0xFF, 0xFF, 0x7F), "block 1 begins at 2147483647"),
        (change(48, 0xFF, 0xFF, 0xFF, 0x7F), "block [0-3] has 2147483647 bytes"),
    ],
    ids=lambda v: v if isinstance(v, str) else "",
)
def test_damaged_chunks_say_where(chunk: bytes, text: str) -> None:
    with pytest.raises(blosc2_grok.Error, match=f"^chunk 0 is damaged: .*{text}"):
        read(chunk)


@given(
    flips=st.lists(st.tuples(st.integers(0, 60), st.integers(0, 255)), min_size=1, max_size=6),
    length=st.one_of(st.none(), st.integers(0, len(CHUNK))),
)
def test_a_tampered_chunk_never_breaks_the_parser(flips: Any, length: Any) -> None:
    chunk = bytearray(CHUNK)
    for position, value in flips:
        chunk[position] = value
    try:
        for block in read(bytes(chunk[:length])):
            assert len(block.data) <= len(CHUNK)
    except blosc2_grok.Error as error:
        assert "chunk 0" in str(error)


def test_damaged_block_is_unknown_but_not_hidden() -> None:
    start = int.from_bytes(CHUNK[32:36], "little") + 4
    found = list(blosc2_grok.codestreams(Chunks(change(start, 1, 2, 3, 4))))
    assert [block.kind for block in found] == ["unknown", "jp2", "jp2", "jp2"]


def test_signatures() -> None:
    assert blocks.JP2_SIGNATURE.startswith(b"\0\0\0\x0cjP  ") and len(blocks.JP2_SIGNATURE) == 12
    assert blocks.J2K_SIGNATURE == b"\xff\x4f\xff\x51"
