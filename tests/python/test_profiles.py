# SPDX-License-Identifier: BSD-3-Clause
"""Profiles that prescribe how to code: cinema, broadcast and IMF. What each asks of a codestream (ISO/IEC 15444-1
A.10) stands here as rules, and what our coder writes is held against them, marker by marker; OpenJPEG and FFmpeg
decode it."""

from __future__ import annotations

from typing import Any, Dict, List, NamedTuple, Optional, Tuple

import numpy as np
import pytest

import blosc2_grok
import images
import witnesses
from blosc2_grok import Error, GrkMode, GrkProfile, Params, _native
from witnesses import Stream, read_stream

Parameters = Dict[str, Any]
SOD, TLM, COM = 0xFF93, 0xFF55, 0xFF64
SIZ, COD, QCD, POC = 0xFF51, 0xFF52, 0xFF5C, 0xFF5F


class Rules(NamedTuple):
    size: Optional[Tuple[int, int]]  # of the image, at most
    components: range
    bits: range
    levels: range  # decompositions
    transform: int  # 0: 9/7
    blocks: Tuple[Tuple[int, int], ...]  # code-blocks
    guard_bits: Optional[int] = None
    mct: Optional[int] = None
    poc: bool = False


ONLY_32 = ((32, 32),)
BROADCAST = tuple((w, h) for w in (32, 64, 128) for h in (32, 64) if w * h <= 4096)
RULES: Dict[int, Rules] = {
    0x0003: Rules((2048, 1080), range(3, 4), range(12, 13), range(0, 6), 0, ONLY_32, 1, 1),
    0x0004: Rules((4096, 2160), range(3, 4), range(12, 13), range(1, 7), 0, ONLY_32, 2, 1, True),
    0x0100: Rules(None, range(1, 5), range(8, 13), range(1, 6), 0, BROADCAST),
    0x0200: Rules(None, range(1, 5), range(8, 13), range(1, 6), 0, BROADCAST),
    0x0300: Rules(None, range(1, 5), range(8, 13), range(1, 6), 1, BROADCAST),
    0x0400: Rules((2048, 1556), range(1, 4), range(8, 17), range(1, 6), 0, ONLY_32),
    0x0500: Rules((4096, 3112), range(1, 4), range(8, 17), range(1, 7), 0, ONLY_32),
    0x0600: Rules((8192, 6224), range(1, 4), range(8, 17), range(1, 8), 0, ONLY_32),
    0x0700: Rules((2048, 1556), range(1, 4), range(8, 17), range(1, 6), 1, ONLY_32),
    0x0800: Rules((4096, 3112), range(1, 4), range(8, 17), range(1, 7), 1, ONLY_32),
    0x0900: Rules((8192, 6224), range(1, 4), range(8, 17), range(1, 8), 1, ONLY_32),
}


def rules_of(rsiz: int) -> Rules:
    return RULES[rsiz if rsiz < 0x100 else rsiz & 0xFF00]


def picture(rows: int, columns: int, channels: int = 3, bits: int = 12, noise: float = 8) -> images.Image:
    """Waves and noise, the channels alike but for some noise of their own."""
    y, x = np.mgrid[0:rows, 0:columns]
    random = np.random.default_rng(rows * columns + channels)
    waves = (1 + np.sin(x / 17) * np.cos(y / 23)) / 2 + random.normal(0, noise / 4096, (rows, columns))
    each = [waves * (1 - 0.1 * c) + random.normal(0, noise / 8192, waves.shape) for c in range(channels)]
    samples = np.clip(np.stack(each, -1) * (2**bits - 1), 0, 2**bits - 1)
    typed: images.Image = samples.astype(np.uint8 if bits == 8 else np.uint16)
    return typed if channels > 1 else typed[..., 0]


def encode(image: images.Image, **parameters: Any) -> bytes:
    parameters.setdefault("layout", "interleaved" if image.ndim == 3 else None)
    plain = Params(**parameters).to_dict()
    stored = _native.encode_block(image, parameters=plain, capacity=4 * image.nbytes + 100_000)
    assert stored is not None
    assert _native.describe_block(stored)["engine"] == "j2k"
    return stored


def expected_parts(stream: Stream, poc: bool) -> List[Tuple[int, int, int]]:
    """A tile-part for each component; with POC, of all resolutions but the highest, and then of that."""
    count = len(stream.components) * (2 if poc else 1)
    tiles = stream.tiles[0] * stream.tiles[1]
    return [(tile, part, count) for tile in range(tiles) for part in range(count)]


def check_markers(stored: bytes, rsiz: int) -> Stream:
    rules, stream = rules_of(rsiz), read_stream(stored)
    assert stream.rsiz == rsiz
    assert rules.size is None or all(side <= most for side, most in zip(stream.size, rules.size))
    assert stream.offset == stream.tile_offset == (0, 0)
    assert len(stream.components) in rules.components
    assert all(bits in rules.bits and not is_signed for bits, is_signed in stream.components)
    assert stream.progression == "CPRL" and stream.layers == 1 and stream.style == 0
    assert stream.resolutions - 1 in rules.levels
    assert stream.precincts == [(256, 256)] * (stream.resolutions - 1) + [(128, 128)]
    assert stream.codeblock_size in rules.blocks and stream.transform == rules.transform
    assert rules.guard_bits in (None, stream.guard_bits) and rules.mct in (None, stream.mct)
    assert stream.markers == [0xFF4F, SIZ, COD, QCD, *([POC] if rules.poc else []), TLM, COM]
    highest = stream.resolutions - 1
    changes = [(0, 0, 1, highest, 3, 4), (highest, 0, 1, highest + 1, 3, 4)]
    assert stream.changes == (changes if rules.poc else [])
    assert [(p.tile, p.index, p.count) for p in stream.tile_parts] == expected_parts(stream, rules.poc)
    assert all(part.markers == [] for part in stream.tile_parts)
    assert stream.told_lengths == [(part.tile, part.length) for part in stream.tile_parts]
    return stream


def check_witnesses(stored: bytes, image: images.Image) -> int:
    """Decoders of others agree with ours within the rounding of 9/7, and exactly in 5/3; how many there were."""
    decoded = np.frombuffer(_native.decode_block(stored, image.nbytes), image.dtype).reshape(image.shape)
    stream = read_stream(stored)
    is_reversible = stream.transform == 1
    most = 0 if is_reversible else 1 if stream.components[0][0] <= 12 else 2
    if is_reversible:
        np.testing.assert_array_equal(decoded, image)
    agreed = 0
    for witness in (witnesses.by_openjpeg, witnesses.by_ffmpeg):
        try:
            seen = witness(stored)
        except witnesses.Unread:
            continue
        difference = np.abs(seen - witnesses.planes_of(decoded, image.ndim == 3))
        assert difference.max() <= most, witness.__name__
        agreed += 1
    return agreed


IMAGES: List[Tuple[int, Tuple[int, int, int, int], Parameters]] = [  # rows, columns, channels, bits
    (3, (270, 512, 3, 12), {}),
    (3, (1080, 2048, 3, 12), {"num_resolutions": 4, "framerate": 48}),
    (3, (33, 2, 3, 12), {"num_resolutions": 1}),
    (4, (300, 4096, 3, 12), {"num_resolutions": 7, "framerate": 30}),
    (4, (90, 75, 3, 12), {"rateControlAlgorithm": "PCRD_OPT", "quality_mode": "rates", "quality_layers": [8]}),
    (0x100, (150, 200, 1, 8), {}),
    (0x101, (96, 130, 3, 10), {"mct": 1, "codeblock_size": (128, 32)}),
    (0x10B, (96, 130, 4, 12), {"codeblock_size": (32, 32), "numgbits": 3}),
    (0x204, (150, 200, 3, 8), {"tile_size": (100, 75), "psnr": 40}),
    (0x300, (150, 200, 3, 12), {}),
    (0x306, (150, 200, 1, 12), {"tile_size": (200, 38)}),
    (0x307, (150, 201, 4, 8), {"tile_size": (101, 75), "mct": 1}),
    (0x400, (150, 200, 1, 16), {}),
    (0x415, (150, 200, 3, 10), {"mct": 1, "rmse": 4}),
    (0x535, (150, 200, 3, 12), {"num_resolutions": 7, "framerate": 24}),
    (0x600, (200, 150, 3, 16), {"num_resolutions": 8}),
    (0x700, (150, 200, 2, 16), {}),
    (0x711, (1100, 1300, 1, 12), {"tile_size": (1024, 1024)}),
    (0x800, (64, 2100, 3, 8), {"tile_size": (2048, 2048), "mct": 1}),
    (0x98B, (150, 200, 3, 16), {"num_resolutions": 3}),
]


@pytest.mark.parametrize("rsiz, kind, parameters", IMAGES, ids=str)
def test_what_is_written_keeps_the_profile(rsiz: int, kind: Tuple[int, ...], parameters: Parameters) -> None:
    image = picture(*kind)
    stored = encode(image, rsiz=rsiz, bits_per_sample=kind[3], **parameters)
    stream = check_markers(stored, rsiz)
    for name, said in (("num_resolutions", stream.resolutions), ("codeblock_size", stream.codeblock_size)):
        assert parameters.get(name, said) == said
    assert parameters.get("mct", stream.mct) == stream.mct and parameters.get("numgbits", 2) in (2, stream.guard_bits)
    assert parameters.get("tile_size", (kind[1], kind[0])) == stream.tile_size
    assert check_witnesses(stored, image) >= (1 if kind[2] in (1, 3) else 0)


WIDTHS = [(0x700, 1024, 5), (0x700, 2048, 6), (0x800, 1025, 5), (0x900, 4096, 6), (0x400, 1024, 6), (3, 1024, 6)]


@pytest.mark.parametrize("rsiz, width, resolutions", [*WIDTHS, (0x100, 1024, 5)])
def test_resolutions_left_alone_are_as_many_as_the_profile_has(rsiz: int, width: int, resolutions: int) -> None:
    assert check_markers(encode(picture(40, width), rsiz=rsiz, bits_per_sample=12), rsiz).resolutions == resolutions


@pytest.mark.parametrize("rsiz", [3, 4, 0x900])
@pytest.mark.parametrize("rows, columns, resolutions", [(2, 3, 2), (2, 500, 2), (17, 5, 3)])
def test_small_images_have_as_many_resolutions_as_they_allow(
    rows: int, columns: int, resolutions: int, rsiz: int
) -> None:
    image = picture(rows, columns)
    stored = encode(image, rsiz=rsiz, bits_per_sample=12)
    assert check_markers(stored, rsiz).resolutions == resolutions
    assert check_witnesses(stored, image) >= 1


# ---------------------------------------------------------------------------------------------------------------------
# Bytes of a frame: 250 Mbit/s in cinema, 200 of them for a component at the size of 2K; IMF by its sub-level.

@pytest.mark.parametrize("rsiz, framerate, is_gray", [(3, 0, True), (3, 24, False), (3, 48, True), (3, 60, False),
                                                      (4, 24, False), (4, 30, True)])  # fmt: skip
def test_a_cinema_frame_has_at_most_its_share_of_a_second(rsiz: int, framerate: int, is_gray: bool) -> None:
    image = picture(540, 2048, noise=900)
    if is_gray:
        image = np.repeat(image[..., :1], 3, axis=2)  # nearly all of it in the first component
    stored = encode(image, rsiz=rsiz, framerate=framerate, bits_per_sample=12, num_threads=2)
    stream = check_markers(stored, rsiz)
    most = 250_000_000 // 8 // (framerate or 24)
    largest = max(part.length for part in stream.tile_parts[:3])
    assert stream.length <= most and largest <= most * 4 // 5
    # One of the two is nearly reached, or nothing is left to say.
    assert stream.length > 0.95 * most or largest > 0.95 * most * 4 // 5
    check_witnesses(stored, image)


@pytest.mark.parametrize("rate, whole, component", [(0, 1302083, 1041666), (24, 1302083, 1041666),
                                                    (25, 1250000, 1000000), (48, 651041, 520833),
                                                    (60, 520833, 416666)])  # fmt: skip
def test_limits_are_those_of_the_norm(rate: int, whole: int, component: int) -> None:
    """The numbers of 24 and 48 frames a second are in OpenJPEG's header, too; the others are as many times less."""
    image = picture(20, 30)
    for name, value in (("max_cs_size", whole), ("max_comp_size", component)):
        encode(image, rsiz=3, framerate=rate, bits_per_sample=12, **{name: value})
        with pytest.raises(Error, match=rf"has {value} bytes a (frame|component) at most, {name} is {value + 1}$"):
            encode(image, rsiz=3, framerate=rate, bits_per_sample=12, **{name: value + 1})


def test_a_smaller_limit_of_a_component_holds() -> None:
    image = picture(270, 512, noise=300)
    stream = check_markers(encode(image, rsiz=3, bits_per_sample=12, max_comp_size=30_000), 3)
    assert 25_000 < max(part.length for part in stream.tile_parts) <= 30_000


def test_a_sub_level_of_imf_bounds_a_frame() -> None:
    image = picture(540, 1920, noise=900)
    assert read_stream(encode(image, rsiz=0x415, bits_per_sample=12)).length > 1_100_000  # without a rate: unbounded
    stream = check_markers(encode(image, rsiz=0x415, framerate=25, bits_per_sample=12), 0x415)
    assert 0.95 * 1_000_000 < stream.length <= 1_000_000


@pytest.mark.parametrize("quality", [{"psnr": 80}, {"rmse": 0.3}, {"quality_mode": "dB", "quality_layers": [80]}])
def test_a_quality_beyond_the_limit_is_said(quality: Parameters) -> None:
    image = picture(540, 2048, noise=900)
    serial = blosc2_grok.message_serial()
    stream = check_markers(encode(image, rsiz=3, bits_per_sample=12, num_threads=2, **quality), 3)
    assert stream.length <= 1302083
    message = _native.next_message(serial)
    assert message is not None
    assert message.text.startswith("rsiz=3: a frame of the quality asked for would exceed 1302083 bytes")


def test_a_quality_within_the_limit_is_kept() -> None:
    image = picture(270, 512)
    serial = blosc2_grok.message_serial()
    stored = encode(image, rsiz=4, psnr=50, bits_per_sample=12)
    check_markers(stored, 4)
    decoded = np.frombuffer(_native.decode_block(stored, image.nbytes), image.dtype).reshape(image.shape)
    assert 50 <= images.psnr(image, decoded, 12) < 50.6
    assert _native.next_message(serial) is None


def test_near_the_last_bit_the_profile_keeps_its_wavelet() -> None:
    """Where nothing is prescribed, 5/3 takes the place of 9/7 that comes to no less."""
    image = picture(64, 80, channels=1, bits=8)
    assert check_markers(encode(image, rsiz=0x400, psnr=54), 0x400).transform == 0


# ---------------------------------------------------------------------------------------------------------------------
# What a profile forbids is said, with the parameter's name, and nothing is written in its stead.

FORBIDDEN: List[Tuple[int, Tuple[int, int, int, int], Parameters, str]] = [
    (3, (30, 40, 1, 12), {}, "3 components, the block has 1"),
    (3, (30, 40, 4, 12), {}, "3 components, the block has 4"),
    (3, (30, 40, 3, 8), {}, "unsigned samples of 12 bits, the block has unsigned ones of 8"),
    (3, (30, 40, 3, 16), {}, "unsigned samples of 12 bits, the block has unsigned ones of 16: bits_per_sample says"),
    (3, (1081, 40, 3, 12), {}, "images of 2048 x 1080 at most, the block has 40 x 1081"),
    (4, (8, 4097, 3, 12), {}, "images of 4096 x 2160 at most, the block has 4097 x 8"),
    (3, (130, 140, 3, 12), {"num_resolutions": 7}, "1 to 6 resolutions here, 7 would be written"),
    (3, (30, 40, 3, 12), {"codeblock_size": (16, 16)}, r"code-blocks of \(32, 32\), codeblock_size is \(16, 16\)"),
    (3, (30, 40, 3, 12), {"precinct_size": (256, 256)}, r"precincts of 256 and 128, precinct_size is \(256, 256\)"),
    (3, (30, 40, 3, 12), {"progression": "RPCL"}, "the progression CPRL, progression is RPCL"),
    (3, (30, 40, 3, 12), {"numgbits": 3}, "1 guard bits, numgbits is 3"),
    (4, (30, 40, 3, 12), {"num_resolutions": 1}, "2 to 7 resolutions here, 1 would be written"),
    (4, (30, 40, 3, 12), {"numgbits": 1}, "2 guard bits, numgbits is 1"),
    (3, (30, 40, 3, 12), {"mode": GrkMode.RESET}, "code-blocks without a style, mode is 2"),
    (3, (30, 40, 3, 12), {"irreversible": False}, "the 9/7 wavelet, irreversible is False"),
    (0x400, (30, 40, 3, 12), {"max_error": 3}, "the 9/7 wavelet, which can't keep a max_error"),
    (3, (30, 40, 3, 12), {"offset": (1, 0)}, r"no offsets, offset is \(1, 0\)"),
    (3, (30, 40, 3, 12), {"tile_size": (32, 32)}, r"one tile, tile_size is \(32, 32\)"),
    (3, (30, 40, 3, 12), {"enableTilePartGeneration": True}, "a tile-part for each component, enableTilePart"),
    (3, (30, 40, 3, 12), {"roi_compno": 1, "roi_shift": 18}, "no region of interest, roi_compno is 1"),
    (3, (30, 40, 3, 12), {"quality_mode": "rates", "quality_layers": [9, 4]}, "one quality layer, 2 are asked for"),
    (3, (30, 40, 3, 12), {"framerate": 23}, "24, 25, 30, 48, 50 or 60 frames a second, framerate is 23"),
    (4, (30, 40, 3, 12), {"framerate": 48}, "24, 25 or 30 frames a second, framerate is 48"),
    (0x100, (30, 40, 3, 16), {}, "unsigned samples of 8 to 12 bits, the block has unsigned ones of 16"),
    (0x100, (30, 40, 3, 8), {"tile_size": (20, 15)}, r"one tile, tile_size is \(20, 15\)"),
    (0x200, (30, 40, 3, 8), {"tile_size": (40, 15)}, r"one tile, 2 x 2 or 4 in a column, .* \(40, 15\) makes 1 x 2"),
    (0x200, (30, 40, 3, 8), {"tile_size": (10, 30)}, r"one tile, 2 x 2 or 4 in a column, .* \(10, 30\) makes 4 x 1"),
    (0x100, (30, 40, 3, 8), {"codeblock_size": (16, 64)}, "code-blocks of 32 to 128 in width and 32 or 64 in height"),
    (0x300, (30, 40, 3, 8), {"irreversible": True}, "the 5/3 wavelet, irreversible is True"),
    (0x100, (30, 40, 3, 8), {"num_resolutions": 1}, "2 to 6 resolutions here, 1 would be written"),
    (0x100, (30, 40, 3, 8), {"framerate": 24}, "no frame rate, framerate is 24"),
    (0x400, (30, 40, 4, 8), {}, "1 to 3 components, the block has 4"),
    (0x400, (1557, 4, 1, 8), {}, "images of 2048 x 1556 at most, the block has 4 x 1557"),
    (0x700, (30, 4000, 1, 8), {}, "images of 2048 x 1556 at most"),
    (0x700, (30, 1500, 1, 8), {"tile_size": (512, 512)}, "one tile or square ones of a power of 2 from 1024 to 1024"),
    (0x800, (30, 1500, 1, 8), {"tile_size": (1024, 2048)}, "one tile or square ones of a power of 2 from 1024 to 2048"),
    (0x700, (40, 1500, 1, 8), {"num_resolutions": 7}, "2 to 5 resolutions here, 6 would be written"),
    (0x421, (30, 40, 1, 8), {}, "sub-levels up to 1 with main level 1, this is 2"),
    (0x40C, (30, 40, 1, 8), {}, "main levels up to 11 in the low 4 bits, this is 12"),
    (0x411, (1080, 1920, 3, 8), {"framerate": 24}, "65 million samples a second in main level 1, framerate=24 makes"),
    (0x400, (30, 40, 1, 8), {"framerate": 24}, "no level that framerate=24 could mean"),
]


@pytest.mark.parametrize("rsiz, kind, parameters, reason", FORBIDDEN, ids=lambda v: str(v)[:40])
def test_what_is_forbidden_is_named(rsiz: int, kind: Tuple[int, ...], parameters: Parameters, reason: str) -> None:
    name = {3: "CINEMA_2K", 4: "CINEMA_4K"}.get(rsiz) or GrkProfile(rsiz & 0xFF00).name.replace("GRK_PROFILE_", "")
    with pytest.raises(Error, match=rf"^profile {name} \(rsiz={rsiz}\) has {reason}"):
        encode(picture(*kind), rsiz=rsiz, **({} if kind[3] == 8 else {"bits_per_sample": kind[3]}), **parameters)


def test_signed_samples_are_forbidden() -> None:
    with pytest.raises(Error, match="unsigned samples of 8 to 16 bits, the block has signed ones of 16$"):
        encode(picture(30, 40, 1).astype("i2"), rsiz=0x400)


@pytest.mark.parametrize("rsiz, name", [(5, "scalable cinema"), (6, "scalable cinema"), (7, "long-term storage"),
                                        (0x8000, "Part 2")])  # fmt: skip
def test_profiles_that_nobody_here_writes_are_named(rsiz: int, name: str) -> None:
    with pytest.raises(Error, match=f"^rsiz={rsiz}: no engine writes the profile of {name}$"):
        encode(picture(30, 40), rsiz=rsiz, bits_per_sample=12)


@pytest.mark.parametrize("rsiz", [3, 4, 0x100, 0x204, 0x300, 0x415, 0x700])
def test_threads_change_no_byte(rsiz: int) -> None:
    image = picture(200, 300)
    one, three = (encode(image, rsiz=rsiz, bits_per_sample=12, num_threads=n) for n in (1, 3))
    assert one == three


@pytest.mark.parametrize("rsiz", [4, 0x415])
def test_half_the_size_is_read(rsiz: int) -> None:
    """A low-pass sample of the wavelet lies on every second of a smooth picture."""
    image = picture(200, 300, noise=0)
    stored = encode(image, rsiz=rsiz, bits_per_sample=12, cod_format=1)
    half = _native.decode_block_partly(stored, 100 * 150 * 3 * 2, reduce=1)
    samples = np.frombuffer(half, "u2").reshape(100, 150, 3).astype(int)
    assert np.abs(samples - image[::2, ::2])[2:-2, 2:-2].max() < 10
