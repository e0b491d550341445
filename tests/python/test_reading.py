# SPDX-License-Identifier: BSD-3-Clause
"""Regions and lower resolutions are what slices and independent decoders give; damage is found."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path
from typing import Any, Dict, List

import blosc2
import numpy as np
import pytest

import blosc2_grok
import images
from blosc2_grok import _native, asarray, codestreams, read, reading, verify
from blosc2_grok.blocks import locate_streams
from blosc2_grok.containers import Blosc2Container, Container

SHAPES: Dict[str, Any] = {
    "image": ((300, 500), {}),
    "blocks": ((300, 500), {"chunks": (192, 320), "blocks": (96, 160)}),
    "odd-blocks": ((101, 203), {"chunks": (60, 90), "blocks": (33, 47)}),
    "stack": ((5, 120, 150), {"chunks": (2, 120, 150), "blocks": (1, 64, 96)}),
    "planes": ((6, 90, 100), {"blocks": (3, 90, 100)}),
    "rgb": ((120, 150, 3), {"blocks": (64, 96, 3)}),
    "row": ((20_000,), {"blocks": (4096,)}),
    "4-d": ((2, 3, 60, 70), {}),
}
KEYS: Dict[str, Any] = {
    "all": (),
    "ellipsis": (Ellipsis,),
    "first": (0,),
    "last": (-1,),
    "part": (slice(1, None),),
    "inside": (Ellipsis, slice(33, 61)),
    "empty": (slice(5, 5),),
    "steps": (slice(0, None, 2),),
}


@pytest.mark.parametrize("where", ["memory", "file"])
@pytest.mark.parametrize("key", KEYS.values(), ids=list(KEYS))
@pytest.mark.parametrize("shape, cut", SHAPES.values(), ids=list(SHAPES))
def test_regions_equal_slices(tmp_path: Path, shape: Any, cut: Any, key: Any, where: str) -> None:
    image = images.make("xray", "uint16", shape)
    path = tmp_path / "a.b2nd"
    array = asarray(image, urlpath=path if where == "file" else None, **cut)
    given = path if where == "file" else array
    expected = image[key]
    np.testing.assert_array_equal(read(given, key), expected)
    np.testing.assert_array_equal(read(given, key, layers=1), expected)


@pytest.mark.parametrize("dtype", ["?", "u1", "i2", ">u2", "u4", "f4", ">f8", "c16"])
def test_every_dtype_is_read(dtype: str) -> None:
    image = images.make("xray", "int16", (150, 170)).astype(dtype)
    array = asarray(image, blocks=(64, 96))
    for reduce in (0, 1, 3):
        whole = read(array, reduce=reduce, layers=1)
        assert whole.dtype == image.dtype and whole.shape == (-(-150 >> reduce), -(-170 >> reduce))
    assert read(array, layers=1).tobytes() == image.tobytes()


@pytest.mark.parametrize("reduce", [1, 2, 3, 5])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16"])
def test_lower_resolutions_are_those_of_other_decoders(dtype: str, reduce: int) -> None:
    pytest.importorskip("glymur")
    image = images.make("photo", dtype, (300, 420))
    array = asarray(image, chunks=(192, 320), blocks=(96, 160))
    for block in blosc2_grok.codestreams(array):
        if _native.describe_block(block.data)["codestream"]["resolutions"] <= reduce:
            continue  # at the array's edge, where little is left of a block
        region = tuple(slice(n, n + length) for n, length in zip(block.start, block.shape))
        expected = decode_reduced(block.data, reduce)
        np.testing.assert_array_equal(read(array, region, reduce=reduce), expected)


def decode_reduced(data: bytes, reduce: int) -> images.Image:
    """By OpenJPEG."""
    import glymur

    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "a" + (".jp2" if data[:4] == b"\0\0\0\x0c" else ".j2k"))
        Path(path).write_bytes(data)
        step = 1 << reduce
        return np.asarray(glymur.Jp2k(path)[::step, ::step])


@pytest.mark.parametrize("reduce", [1, 2, 3])
@pytest.mark.parametrize("name", ["image", "blocks", "stack", "planes", "rgb", "4-d"])
def test_a_reduced_region_is_a_part_of_the_reduced_whole(name: str, reduce: int) -> None:
    shape, cut = SHAPES[name]
    image = images.make("photo", "uint16", shape)
    array = asarray(image, **cut)
    whole = read(array, reduce=reduce)
    row = len(shape) - (3 if name == "rgb" else 2)
    at = [slice(None)] * len(shape)
    small = [slice(None)] * len(shape)
    for axis, (start, stop) in ((row, (17, 55)), (row + 1, (8, 59))):
        at[axis] = slice(start, stop)
        small[axis] = slice(-(-start >> reduce), -(-stop >> reduce))
    np.testing.assert_array_equal(read(array, tuple(at), reduce=reduce), whole[tuple(small)])
    # It looks like the means of cells.
    rows = shape[row] >> reduce << reduce
    means = image[(slice(None),) * row + (slice(0, rows),)].astype(float)
    assert abs(whole.mean() - means.mean()) < 0.02 * means.mean()


def test_mapped_samples_are_averaged() -> None:
    image = images.make("xray", "uint16", (128, 192)).astype("f4") / 3
    array = asarray(image, blocks=(64, 96))
    expected = image.reshape(32, 4, 48, 4).mean(axis=(1, 3))
    np.testing.assert_allclose(read(array, reduce=2), expected, rtol=1e-5)


def test_raw_and_constant_blocks() -> None:
    image = np.zeros((256, 256), "u2")
    image[:128, :128] = images.make("noise", "uint16", (128, 128))
    image[128:, 128:] = 7
    for array in (
        asarray(image, chunks=(128, 128), blocks=(64, 64)),
        blosc2.asarray(image, chunks=(128, 128), blocks=(64, 64)),  # Zstandard and shuffle
        blosc2.asarray(image, chunks=(128, 128), blocks=(64, 64), cparams={"codec": blosc2.Codec.GROK}),  # shuffle
    ):
        np.testing.assert_array_equal(read(array, layers=1), image)
        assert read(array, reduce=2).shape == (64, 64)
        assert (read(array, reduce=2)[32:, 32:] == 7).all()


def test_old_resolutions_beyond_what_a_block_has() -> None:
    image = images.make("photo", "uint8", (100, 120))
    array = asarray(image, params={"num_resolutions": 2})
    assert read(array, reduce=4).shape == (7, 8)


def test_layers() -> None:
    image = images.make("photo", "uint8", (200, 300))
    params = {"quality_mode": "rates", "quality_layers": [40, 10, 2]}
    array = asarray(image, params=params)
    errors = [float(np.abs(read(array, layers=n).astype(int) - image).mean()) for n in (1, 2, 3)]
    assert errors[0] > errors[1] > errors[2]


@pytest.mark.parametrize(
    "key, keywords, error",
    [
        ((0, 0, 0), {}, IndexError),
        ((500,), {}, IndexError),
        ((slice(0, 10, 2),), {"reduce": 1}, ValueError),
        ((slice(None, None, -1),), {}, ValueError),
        (("a",), {}, TypeError),
        ((), {"reduce": -1}, ValueError),
        ((), {"layers": 0}, ValueError),
    ],
    ids=str,
)
def test_wrong_keys(key: Any, keywords: Any, error: Any) -> None:
    with pytest.raises(error):
        read(asarray(np.ones((100, 100), "u2")), key, **keywords)


def test_what_has_no_blocks() -> None:
    with pytest.raises(TypeError, match="ndarray holds no blocks"):
        read(np.ones((3, 3)))
    with pytest.raises(TypeError, match="SChunk"):
        read(blosc2.SChunk(chunksize=100, data=b"0" * 100))


@pytest.mark.parametrize("shape, chunks", [((3, 100, 120), (1, 100, 120)), ((70, 90), (50, 60)), ((40_000,), (9000,))])
def test_hdf5(tmp_path: Path, shape: Any, chunks: Any) -> None:
    h5py = pytest.importorskip("h5py")
    pytest.importorskip("hdf5plugin")
    image = images.make("xray", "uint16", shape)
    nbytes = int(np.prod(chunks)) * 2
    options = (0, nbytes, 2, nbytes, 5, 0, 37, len(chunks), *chunks)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("a", data=image, chunks=chunks, compression=32026, compression_opts=options)
        file.create_dataset("zlib", data=image, chunks=chunks, compression="gzip")
    with h5py.File(tmp_path / "a.h5") as file:
        dataset = file["a"]
        np.testing.assert_array_equal(read(dataset), image)
        np.testing.assert_array_equal(read(dataset, (slice(1, 3),)), image[1:3])
        assert verify(dataset).ok
        array = asarray(image, chunks=chunks, blocks=chunks)
        np.testing.assert_array_equal(read(dataset, reduce=2), read(array, reduce=2))
        for block in blosc2_grok.codestreams(dataset):
            assert block.block_shape == chunks and block.kind == "jp2"
        with pytest.raises(blosc2_grok.Error, match="filters"):
            read(file["zlib"])


def test_codestreams_of_a_path(tmp_path: Path) -> None:
    image = images.make("photo", "uint8", (100, 120))
    array = asarray(image, urlpath=tmp_path / "a.b2nd")
    assert list(blosc2_grok.codestreams(tmp_path / "a.b2nd")) == list(blosc2_grok.codestreams(array))


def test_a_flipped_bit_is_found(tmp_path: Path) -> None:
    image = images.make("photo", "uint8", (2, 100, 120))
    path = tmp_path / "a.b2nd"
    asarray(image, urlpath=path, chunks=(1, 100, 120), blocks=(1, 100, 120))
    assert verify(path) == blosc2_grok.Verification(lossless=2)
    (_, block) = blosc2_grok.codestreams(path)
    data = path.read_bytes()
    at = data.index(block.data) + len(block.data) // 2
    path.write_bytes(data[:at] + bytes([data[at] ^ 16]) + data[at + 1 :])
    found = verify(path)
    assert not found.ok and found.lossless == 1
    assert "chunk 1, block 0 at (1, 0, 0)" in found.problems[0] and "checksum" in found.problems[0]
    with pytest.raises(blosc2_grok.Error, match="checksum"):
        read(path, (1,))
    with pytest.raises(blosc2_grok.Error, match="chunk 1, block 0 .*checksum"):
        read(path, (1,), reduce=1)
    np.testing.assert_array_equal(read(path, (0,)), image[0])


@pytest.mark.parametrize("reduce", [0, 1, 3])
def test_only_chunks_that_are_touched_are_looked_for(reduce: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that a search of all of them finds, without one."""
    random = np.random.default_rng(7)
    for _ in range(200):
        shape = tuple(int(n) for n in random.integers(1, 40, 3))
        chunks = tuple(int(random.integers(1, n + 1)) for n in shape)
        container = Blosc2Container(blosc2.empty(shape, dtype="u2", chunks=chunks, blocks=chunks))
        ends = [sorted(int(n) for n in random.integers(0, extent + 1, 2)) for extent in shape]
        region = reading._Region.of(tuple(slice(*end) for end in ends), container, reduce)
        with monkeypatch.context() as patch:
            patch.setattr(Blosc2Container, "numbers_beginning", Container.numbers_beginning)
            expected = list(reading._touched_chunks(container, region))
        assert list(reading._touched_chunks(container, region)) == expected, (shape, chunks, ends)


def test_a_frame_of_many_costs_no_search(monkeypatch: pytest.MonkeyPatch) -> None:
    array = blosc2.zeros((5000, 300, 300), dtype="u2", chunks=(1, 300, 300), blocks=(1, 300, 300))
    array.schunk.dparams = blosc2.DParams(nthreads=2)
    asked: List[int] = []
    start = Blosc2Container.start
    monkeypatch.setattr(Blosc2Container, "start", lambda self, number: (asked.append(number), start(self, number))[1])
    for reduce in (0, 2):
        assert not read(array, 4900, reduce=reduce).any()
    assert len(asked) < 40


def test_a_low_resolution_is_cheap() -> None:
    image = images.make("xray", "uint16", (1024, 1024))
    array = asarray(image, coder="part1")  # HT decodes faster than Python can ask for blocks

    def seconds(reduce: int) -> float:
        times = []
        for _ in range(3):
            start = time.perf_counter()
            read(array, reduce=reduce, layers=1)
            times.append(time.perf_counter() - start)
        return min(times)

    assert seconds(3) < seconds(0) / 8


def test_verification_tells_its_progress() -> None:
    array = asarray(images.make("xray", "uint16", (4, 60, 80)), chunks=(1, 60, 80), blocks=(1, 60, 80))
    seen: Any = []
    assert verify(array, progress=lambda *counts: seen.append(counts)).ok
    frame = 60 * 80 * 2
    assert [done for done, _, _ in seen] == [frame, 2 * frame, 3 * frame, 4 * frame]
    assert seen[-1][2] == 4 * frame


@pytest.mark.parametrize("coder", ["part1", "ht"])
def test_many_blocks_by_one_call_are_what_each_is_by_its_own(coder: str) -> None:
    """Damaged ones keep their zero in the third column, and reading tells where they are."""
    image = np.random.default_rng(6).poisson(900, (3, 70, 90)).astype("u2")
    array = blosc2_grok.asarray(image, chunks=(3, 70, 90), blocks=(1, 32, 48), coder=coder)
    chunk = bytearray(array.schunk.get_chunk(0))
    blocks = list(codestreams(array, all=True))
    streams = locate_streams(bytes(chunk))
    assert streams is not None and len(streams) == len(blocks) == 18
    chunk[int(streams[7, 0] + streams[7, 1]) - 9] ^= 1
    out = np.empty((18, 1, 8, 12), dtype="u2")
    _native.decode_reduced(bytes(chunk), streams, out, (1, 32, 48), 2)
    assert streams[:, 2].tolist() == [number != 7 for number in range(18)]
    for number in {*range(18)} - {7}:
        alone = _native.decode_block_partly(blocks[number].data, 8 * 12 * 2, 2)
        assert out[number].tobytes() == bytes(alone)
    array.schunk.update_chunk(0, bytes(chunk))
    with pytest.raises(blosc2_grok.Error, match=r"chunk 0, block 7 at .*damaged"):
        blosc2_grok.read(array, reduce=2)


def test_a_chunk_of_other_blocks_is_an_error() -> None:
    image = images.make("xray", "uint16", (128, 128))
    array, other = (asarray(image, chunks=(128, 128), blocks=blocks) for blocks in ((64, 64), (128, 64)))
    array.schunk.update_chunk(0, other.schunk.get_chunk(0))
    with pytest.raises(blosc2_grok.Error, match="chunk 0 is damaged: it has no block 3"):
        read(array, (slice(64, None), slice(64, None)), reduce=1)


@pytest.mark.parametrize("dtype", ["?", "u1", "i2", ">u2", "u4", "f4", "c16"])
def test_a_lone_block_is_what_blosc2_reads(dtype: str) -> None:
    image = images.make("xray", "int16", (64, 80)).astype(dtype)
    shuffled = blosc2.asarray(image, chunks=(64, 80), blocks=(64, 80), cparams={"codec": blosc2.Codec.GROK})
    for array in (asarray(image), shuffled, asarray(np.zeros_like(image)), blosc2.asarray(image)):
        for key in ((), 3, (slice(2, 60, 3), -1)):
            np.testing.assert_array_equal(read(array, key), array[key])


def test_a_damaged_lone_block_is_an_error() -> None:
    array = asarray(images.make("xray", "uint16", (64, 80)))
    chunk = bytearray(array.schunk.get_chunk(0))
    chunk[-20] ^= 1
    array.schunk.update_chunk(0, bytes(chunk))
    with pytest.raises(blosc2_grok.Error, match="checksum"):
        read(array)
