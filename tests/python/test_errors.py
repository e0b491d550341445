# SPDX-License-Identifier: BSD-3-Clause
"""What goes wrong is noticed, said with its reason, kept in the ring, and printed nowhere."""

from __future__ import annotations

import os
import pickle
import threading
import time
from typing import Any, Dict, Iterator, List

import blosc2
import numpy as np
import pytest

import blosc2_grok
import images
from blosc2_grok import _native
from cases import Case, store


@pytest.fixture(autouse=True)
def nothing_is_printed(capfd: pytest.CaptureFixture[str]) -> Iterator[None]:
    yield
    out, err = capfd.readouterr()
    assert out == "" and err == ""


def encoded(image: images.Image, **parameters: Any) -> bytes:
    block = _native.encode_block(image, parameters=blosc2_grok.Params(**parameters).to_dict())
    assert block is not None
    return block


def refuse(data: bytes, size: int) -> str:
    """Decoding must fail; its reason, which must be the newest in the ring, too."""
    serial = blosc2_grok.message_serial()
    with pytest.raises(blosc2_grok.Error) as raised:
        _native.decode_block(data, size)
    message = blosc2_grok.last_error(serial)
    assert message is not None and message.text == str(raised.value) and message.text
    return message.text


IMAGE = images.make("photo", "uint8", (60, 90))
IMAGES: Dict[str, images.Image] = {
    "gray": IMAGE,
    "rgb": images.make("photo", "uint8", (40, 60, 3)),
    "int16": images.make("ct", "int16", (60, 90)),
    "stack": images.make("xray", "uint16", (4, 40, 60)),
}


# The ring.


def test_message_of_a_failure() -> None:
    serial = blosc2_grok.message_serial()
    before = time.time()
    refuse(b"nonsense", 100)
    message = blosc2_grok.last_error(serial)
    assert message is not None
    assert message.serial == serial + 1 == blosc2_grok.message_serial()
    assert message.kind == "error"
    assert before - 1 <= message.time <= time.time() + 1
    assert message.thread == threading.get_native_id()
    assert str(message) == message.text
    assert blosc2_grok.last_error(message.serial) is None


def test_messages_come_oldest_first_and_by_kind() -> None:
    serial = blosc2_grok.message_serial()
    for data in (b"first", b"\xff\x4f\xff\x51", b""):
        refuse(data, 100)
    first = _native.next_message(serial)
    assert first is not None and first.serial == serial + 1
    assert _native.next_message(serial + 2).serial == serial + 3  # type: ignore[union-attr]
    assert _native.next_message(serial + 3) is None
    assert blosc2_grok.notices(serial) == []


def test_the_ring_keeps_64() -> None:
    serial = blosc2_grok.message_serial()
    for _ in range(100):
        refuse(b"nonsense", 100)
    first = _native.next_message(0)
    assert first is not None and first.serial == serial + 100 - 63
    assert blosc2_grok.last_error().serial == serial + 100  # type: ignore[union-attr]
    assert blosc2_grok.last_error(serial + 100) is None


def test_each_thread_finds_its_own_reason() -> None:
    block = encoded(IMAGE)
    wrong: List[str] = []

    def decode(size: int) -> None:
        for _ in range(15):  # fewer in all than the ring holds, however long a thread is kept waiting
            try:
                _native.decode_block(block, size)
            except blosc2_grok.Error as error:
                if str(size) not in str(error):
                    wrong.append(f"{size}: {error}")

    for _ in range(10):
        threads = [threading.Thread(target=decode, args=(size,)) for size in (1001, 2003, 3007, 4001)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert not wrong


def test_a_budget_below_the_headers_is_a_notice() -> None:
    serial = blosc2_grok.message_serial()
    image = images.make("photo", "uint8", (64, 64))
    block = encoded(image, quality_mode="rates", quality_layers=[1000])
    assert len(block) < image.nbytes / 4
    notices = blosc2_grok.notices(serial)
    assert notices and notices[-1].kind == "notice"
    assert blosc2_grok.last_error(serial) is None


def test_error_is_a_runtime_error_that_can_be_pickled() -> None:
    assert issubclass(blosc2_grok.Error, RuntimeError)
    error = pickle.loads(pickle.dumps(blosc2_grok.Error("reason")))
    assert type(error) is blosc2_grok.Error and str(error) == "reason"


# Damaged blocks.


@pytest.mark.parametrize("cod_format", ["GRK_FMT_JP2", "GRK_FMT_J2K"])
@pytest.mark.parametrize("name", IMAGES)
def test_any_flipped_byte_is_noticed(name: str, cod_format: str) -> None:
    image = IMAGES[name]
    block = encoded(image, cod_format=cod_format)
    headers = block.index(b"\xff\x93") + 2  # up to the first SOD: boxes, main header, our segment, tile-part header
    positions = list(range(headers)) + list(range(headers, len(block), 97)) + list(range(len(block) - 16, len(block)))
    unnoticed = []
    for position in positions:
        for flip in (0x01, 0x80, 0xFF):
            damaged = bytearray(block)
            damaged[position] ^= flip
            try:
                decoded = _native.decode_block(bytes(damaged), image.nbytes)
            except blosc2_grok.Error as error:
                assert str(error)
            else:
                unnoticed.append((position, flip, decoded == image.tobytes()))
    assert not unnoticed


@pytest.mark.parametrize(
    "parameters", [{}, {"quality_mode": "rates", "quality_layers": [10]}, {"tile_size": (32, 32)}], ids=str
)
@pytest.mark.parametrize("name", IMAGES)
def test_any_truncation_is_noticed(name: str, parameters: Dict[str, Any]) -> None:
    image = IMAGES[name]
    block = encoded(image, **parameters)
    lengths = {*range(0, min(len(block), 300)), *range(0, len(block), 61), *range(len(block) - 20, len(block))}
    for length in sorted(lengths):
        refuse(block[:length], image.nbytes)


def test_bytes_after_the_end_are_noticed() -> None:
    refuse(encoded(IMAGE) + b"\0", IMAGE.nbytes)


def test_two_blocks_mixed() -> None:
    one, two = encoded(IMAGE), encoded(images.make("photo", "uint8", (60, 90), seed=2))
    half = min(len(one), len(two)) // 2
    refuse(one[:half] + two[half:], IMAGE.nbytes)


@pytest.mark.parametrize("size", [1, 60 * 90 - 1, 60 * 90 + 1, 60 * 90 * 2, 60 * 90 * 3, 30 * 90, 10**6])
def test_a_block_of_another_size_is_refused(size: int) -> None:
    text = refuse(encoded(IMAGE), size)
    assert str(size) in text


def test_a_block_of_no_bytes_is_refused() -> None:
    refuse(encoded(IMAGE), 0)


@pytest.mark.parametrize(
    "other",
    [(61, 90), (59, 90), (60, 91), (60, 89), (31, 90), (600, 900), (60, 90, 3), (60, 90, 4), (2, 60, 90), (90, 61)],
    ids=str,
)
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16"])
def test_a_block_of_other_dimensions_in_an_array(other: Any, dtype: str) -> None:
    """A valid block of ours, but of another image: into the buffer of a 60 x 90 one."""
    foreign = images.make("photo", dtype, other)
    block = _native.encode_block(foreign)
    assert block is not None
    text = refuse(block, IMAGE.nbytes)
    assert str(IMAGE.nbytes) in text


@pytest.mark.parametrize(
    "shape, dtype",
    [((61, 90), "uint8"), ((600, 900), "uint8"), ((60, 90, 3), "uint8"), ((60, 90), "uint16"), ((9, 60), "uint8")],
    ids=str,
)
def test_a_foreign_codestream_of_other_dimensions(shape: Any, dtype: str) -> None:
    imagecodecs = pytest.importorskip("imagecodecs")
    foreign = images.make("photo", dtype, shape)
    for codecformat in ("jp2", "j2k"):
        data = imagecodecs.jpeg2k_encode(foreign, level=0, reversible=True, codecformat=codecformat)
        refuse(data, IMAGE.nbytes)


@pytest.mark.parametrize("codecformat", ["jp2", "j2k"])
@pytest.mark.parametrize("dtype, shape", [("uint8", (60, 90)), ("uint16", (90, 60)), ("uint8", (60, 90, 3))], ids=str)
def test_a_foreign_codestream_that_fits_is_decoded(codecformat: str, dtype: str, shape: Any) -> None:
    """As earlier plugins wrote them: no segment of ours, samples in raster order."""
    imagecodecs = pytest.importorskip("imagecodecs")
    image = images.make("photo", dtype, shape)
    data = imagecodecs.jpeg2k_encode(image, level=0, reversible=True, codecformat=codecformat)
    assert bytes(_native.decode_block(data, image.nbytes)) == image.tobytes()


def test_a_huge_header_in_a_small_block_costs_no_memory() -> None:
    import resource

    imagecodecs = pytest.importorskip("imagecodecs")
    small = imagecodecs.jpeg2k_encode(IMAGE, level=0, reversible=True, codecformat="j2k")
    at = small.index(b"\xff\x51") + 2
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for side in (60_000, 2**31 - 1):
        huge = bytearray(small)
        for field in (4, 8, 20, 24):  # Xsiz, Ysiz, XTsiz, YTsiz, from the segment's length on
            huge[at + field : at + field + 4] = side.to_bytes(4, "big")
        refuse(bytes(huge), IMAGE.nbytes)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1024


def test_describe_doubts_every_byte() -> None:
    block = encoded(IMAGE)
    assert _native.describe_block(block)
    for length in (0, 1, 11, 12, 40, 100):
        with pytest.raises(blosc2_grok.Error):
            _native.describe_block(block[:length])


# Through the host, which has only its own bare error.


def test_a_damaged_file_says_why(tmp_path: Any) -> None:
    case = Case("", "xray", "uint16", (100, 150))
    path = str(tmp_path / "image.b2nd")
    array = store(case, case.image(), urlpath=path, mode="w")
    (block,) = blosc2_grok.codestreams(array)
    del array
    with open(path, "r+b") as file:
        content = file.read()
        file.seek(content.index(block.data) + len(block.data) // 2)
        byte = file.read(1)
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte[0] ^ 0x10]))
    serial = blosc2_grok.message_serial()
    opened = blosc2.open(path)
    with pytest.raises(RuntimeError):
        opened[:]
    reason = blosc2_grok.last_error(serial)
    assert reason is not None
    assert reason.block_shape == "100 x 150"


@pytest.mark.parametrize("other", [(90, 60), (30, 180), (2, 30, 90), (5400,), (30, 60, 3)], ids=str)
def test_a_chunk_of_an_array_of_another_shape(other: Any) -> None:
    """As many bytes, but another picture: what Blosc2's metadata and ours say of it must agree."""
    array = store(Case("", "", "uint8", IMAGE.shape), IMAGE)
    foreign = store(Case("", "", "uint8", other), images.make("photo", "uint8", other))
    array.schunk.update_chunk(0, foreign.schunk.get_chunk(0))
    serial = blosc2_grok.message_serial()
    with pytest.raises(RuntimeError):
        array[:]
    reason = blosc2_grok.last_error(serial)
    assert reason is not None and reason.text


@pytest.mark.parametrize("dtype", ["S4", "U3", "M8[s]", "u1,u2", "u4,u4,u4"])
def test_dtype_that_is_not_coded_is_named(dtype: str) -> None:
    image = np.zeros((100, 120), dtype=dtype)
    image.view("u1")[...] = np.arange(image.nbytes).reshape(100, -1) % 120
    serial = blosc2_grok.message_serial()
    with pytest.raises((RuntimeError, ValueError)):
        store(Case("", "", dtype, image.shape), image)
    reason = blosc2_grok.last_error(serial)
    assert reason is not None and reason.text.startswith("dtype '")


def test_encode_block_names_the_dtype() -> None:
    with pytest.raises(blosc2_grok.Error, match="^dtype '<U3' of 12 bytes can't be coded"):
        _native.encode_block(np.full((60, 90), "abc"))


def test_more_components_than_the_standard_allows() -> None:
    image = images.make("photo", "uint8", (1, 20_000, 2, 3))[0]
    with pytest.raises(blosc2_grok.Error, match="16384"):
        _native.encode_block(image)


@pytest.mark.parametrize(
    "keywords",
    [
        {"block_shape": (60, 91)},
        {"block_shape": (60,)},
        {"block_shape": (0, 90), "array_shape": (60, 90)},
        {"block_shape": (-60, -90), "array_shape": (60, 90)},
        {"block_shape": (2**31 - 1, 2**31 - 1), "array_shape": (60, 90)},
    ],
    ids=str,
)
def test_a_block_that_does_not_fit_its_description(keywords: Dict[str, Any]) -> None:
    with pytest.raises(blosc2_grok.Error):
        _native.encode_block(IMAGE, **keywords)


@pytest.mark.parametrize("shapes", [((60, 90), (90,)), ((), ()), ((1,) * 17, (1,) * 17)], ids=str)
def test_shapes_must_match(shapes: Any) -> None:
    with pytest.raises(ValueError, match="block_shape"):
        _native.encode_block(IMAGE, block_shape=shapes[0], array_shape=shapes[1])


def test_a_block_that_does_not_fit_is_no_error() -> None:
    serial = blosc2_grok.message_serial()
    block = encoded(IMAGE)
    for capacity in (0, 1, 100, len(block) // 2, len(block) - 1):
        assert _native.encode_block(IMAGE, capacity=capacity) is None
    assert _native.encode_block(IMAGE, capacity=len(block)) == block
    assert blosc2_grok.last_error(serial) is None


def test_engine_that_is_not_there() -> None:
    from cases import has_engine

    for name in ("grok", "openjpeg"):
        if has_engine(name):
            continue
        reason = f"^engine '{name}' is not in this build: it was made without BLOSC2_GROK_WITH_{name.upper()}"
        with pytest.raises(blosc2_grok.Error, match=reason):
            encoded(IMAGE, engine=name)
