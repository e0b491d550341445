# SPDX-License-Identifier: BSD-3-Clause
"""Every parameter that has a place in the codestream is read back from there by a reader of our own (witnesses.py);
the others are proven by what they do. What an engine can't keep is an error that names it."""

from __future__ import annotations

import re
from typing import Any, Callable, Dict, List, Tuple

import numpy as np
import pytest

import blosc2_grok
import images
import witnesses
from blosc2_grok import Error, GrkMode, GrkProfile, Params, _native
from cases import has_engine
from witnesses import Stream, codestream_of, read_stream

Parameters = Dict[str, Any]
PHOTO = images.make("photo", "uint8", (150, 200))
COLOURS = images.make("photo", "uint8", (96, 130, 3))
XRAY = images.make("xray", "uint16", (150, 200))

CODERS = ["openjpeg", "grok", "j2k"]


def encode(image: images.Image, coder: str, **parameters: Any) -> bytes:
    """With j2k, as HT."""
    if coder != "auto" and not has_engine(coder):
        pytest.skip(f"this build has no engine {coder}")
    if coder == "j2k":
        parameters["mode"] = 64
    plain = Params(engine=coder, **parameters).to_dict()
    stored = _native.encode_block(image, parameters=plain, capacity=4 * image.nbytes + 100_000)
    assert stored is not None
    return stored


def decode(stored: bytes, image: images.Image) -> images.Image:
    return np.frombuffer(_native.decode_block(stored, image.nbytes), image.dtype).reshape(image.shape)


# What is asked, and what the headers then say.
Said = Callable[[Stream], Any]
IN_BYTES: List[Tuple[Parameters, Said, Any]] = [
    *[({"progression": p}, lambda s: s.progression, p) for p in ("LRCP", "RLCP", "RPCL", "PCRL", "CPRL")],
    *[({"num_resolutions": n}, lambda s: s.resolutions, n) for n in (1, 2, 5, 6, 7)],
    ({"num_resolutions": 33}, lambda s: s.resolutions, 8),  # 150 rows are halved seven times
    *[
        ({"codeblock_size": size}, lambda s: s.codeblock_size, size)
        for size in ((64, 64), (32, 16), (4, 4), (1024, 4), (4, 1024), (256, 8))
    ],
    ({"tile_size": (64, 32)}, lambda s: (s.tile_size, s.tiles), ((64, 32), (4, 5))),
    ({"tile_size": (100, 37)}, lambda s: (s.tile_size, s.tiles), ((100, 37), (2, 5))),
    ({}, lambda s: (s.tile_size, s.tiles), ((200, 150), (1, 1))),
    ({"offset": (33, 40)}, lambda s: (s.offset, s.size), ((33, 40), (233, 190))),
    (
        {"offset": (10, 12), "tile_offset": (5, 6), "tile_size": (64, 64)},
        lambda s: (s.offset, s.tile_offset, s.tile_size, s.tiles),
        ((10, 12), (5, 6), (64, 64), (4, 3)),
    ),
    ({}, lambda s: s.precincts, []),
    (
        {"precinct_size": (32, 32)},
        lambda s: s.precincts,
        [(32, 32), (16, 16), (8, 8), (4, 4), (2, 2), (2, 2)],
    ),
    (
        {"precinct_size": (256, 128), "num_resolutions": 3},
        lambda s: s.precincts,
        [(256, 128), (128, 64), (64, 32)],
    ),
    ({}, lambda s: s.guard_bits >= 2, True),
    ({}, lambda s: (s.transform, s.quantization), (1, 0)),
    ({"irreversible": False}, lambda s: s.transform, 1),
    ({"irreversible": True}, lambda s: (s.transform, s.quantization), (0, 2)),
    ({}, lambda s: s.layers, 1),
    ({}, lambda s: s.regions, {}),
    ({}, lambda s: s.components, [(8, False)]),
    ({"bits_per_sample": 8}, lambda s: s.components, [(8, False)]),
]


@pytest.mark.parametrize("coder", CODERS)
@pytest.mark.parametrize("parameters, said, value", IN_BYTES, ids=lambda v: re.sub(r"\W+", "-", str(v))[:50])
def test_parameter_stands_in_the_bytes(coder: str, parameters: Parameters, said: Said, value: Any) -> None:
    stored = encode(PHOTO, coder, **parameters)
    stream = read_stream(stored)
    assert said(stream) == value
    assert bool(stream.style & 64) == (coder == "j2k") == (stream.capabilities is not None)
    if parameters.get("irreversible") is not True:
        np.testing.assert_array_equal(decode(stored, PHOTO), PHOTO)


@pytest.mark.parametrize("coder", ["openjpeg", "grok", "auto"])
@pytest.mark.parametrize("mode", [1, 2, 4, 8, 16, 32, 33, 63])
def test_code_block_styles(coder: str, mode: int) -> None:
    if coder == "grok" and mode & (GrkMode.LAZY | GrkMode.TERMALL):
        with pytest.raises(Error, match="grok: it overruns its memory with LAZY and TERMALL"):
            encode(PHOTO, coder, mode=GrkMode(mode))
        return
    assert read_stream(encode(PHOTO, coder, mode=GrkMode(mode))).style == mode


@pytest.mark.parametrize("mode", [GrkMode.TERMALL, GrkMode.TERMALL | GrkMode.LAZY])
def test_openjpeg_is_kept_from_what_overruns_it(mode: GrkMode) -> None:
    assert read_stream(encode(XRAY, "auto", mode=mode)).style == mode  # ours
    with pytest.raises(Error, match="it overruns its memory with TERMALL above 8 bits, the image has 16"):
        encode(XRAY, "openjpeg", mode=mode)


@pytest.mark.parametrize("coder", ["grok", "j2k"])
def test_ht(coder: str) -> None:
    stream = read_stream(encode(XRAY, coder, mode=GrkMode.HT))
    assert stream.style == 64 and stream.rsiz & 0x4000 and stream.markers[1:3] == [0xFF51, 0xFF50]
    assert stream.capabilities is not None and stream.capabilities[0] == 1 << 17  # Part 15 and no other


@pytest.mark.parametrize("coder", ["openjpeg", "grok"])
@pytest.mark.parametrize("layers", [[20, 10], [40, 20, 10, 5, 1]])
def test_layers(coder: str, layers: List[float]) -> None:
    stored = encode(PHOTO, coder, quality_mode="rates", quality_layers=layers)
    assert read_stream(stored).layers == len(layers)
    if layers[-1] == 1:
        np.testing.assert_array_equal(decode(stored, PHOTO), PHOTO)


@pytest.mark.parametrize("coder", CODERS)
def test_colour_transform(coder: str) -> None:
    for mct, value in ((1, 1), (0, 0), ("auto", 1)):
        stored = encode(COLOURS, coder, mct=mct)
        assert read_stream(stored).mct == value
        np.testing.assert_array_equal(decode(stored, COLOURS), COLOURS)
    assert read_stream(encode(PHOTO, coder, mct="auto")).mct == 0


@pytest.mark.parametrize("coder", ["openjpeg", "grok", "auto"])
@pytest.mark.parametrize("component", [0, 2])
def test_region_of_interest(coder: str, component: int) -> None:
    stored = encode(COLOURS, coder, roi_compno=component, roi_shift=14)
    assert read_stream(stored).regions == {component: 14}
    assert _native.describe_block(stored)["engine"] == ("j2k" if coder == "auto" else coder)
    np.testing.assert_array_equal(decode(stored, COLOURS), COLOURS)
    seen = witnesses.by_openjpeg(stored)
    np.testing.assert_array_equal(seen, witnesses.planes_of(COLOURS))


@pytest.mark.parametrize("irreversible", [False, True])
def test_region_of_interest_comes_first_in_a_rate_of_our_coder(irreversible: bool) -> None:
    quality: Parameters = {"quality_mode": "rates", "quality_layers": [6], "irreversible": irreversible, "mct": 0}

    def errors(**region: int) -> List[float]:
        stored = encode(COLOURS, "auto", **quality, **region)
        assert len(stored) <= COLOURS.nbytes / 6
        error = (decode(stored, COLOURS).astype(float) - COLOURS) ** 2
        return [float(error[..., c].mean()) for c in range(3)]

    without, within = errors(), errors(roi_compno=1, roi_shift=14)
    assert within[1] < without[1] / 4 and within[0] > without[0] and within[2] > without[2]


@pytest.mark.parametrize("extra", [{"roi_compno": 1, "roi_shift": 14}, {"rateControlAlgorithm": "PCRD_OPT"}], ids=str)
@pytest.mark.parametrize("irreversible", [False, True])
def test_decibels_are_kept_whatever_truncates(extra: Parameters, irreversible: bool) -> None:
    for decibels in (38, 55):
        stored = encode(COLOURS, "auto", psnr=decibels, irreversible=irreversible, **extra)
        error = (decode(stored, COLOURS).astype(float) - COLOURS) ** 2
        assert 10 * np.log10(255**2 / error.mean()) >= decibels
        assert _native.describe_block(stored)["engine"] == "j2k"


@pytest.mark.parametrize("coder", ["openjpeg", "auto"])
def test_region_of_interest_has_no_lazy_blocks(coder: str) -> None:
    with pytest.raises(Error, match="LAZY in a region of interest"):
        encode(COLOURS, coder, roi_compno=0, roi_shift=14, mode=GrkMode.LAZY)


def test_region_of_a_component_that_is_not_there_is_said() -> None:
    serial = blosc2_grok.message_serial()
    assert read_stream(encode(COLOURS, "auto", roi_compno=3, roi_shift=14)).regions == {}
    message = _native.next_message(serial)
    assert message is not None and message.text == "roi_compno=3 has no effect on 3 components"


@pytest.mark.parametrize("coder", ["grok", "j2k"])
@pytest.mark.parametrize("bits", [1, 3, 4, 7])
def test_guard_bits(coder: str, bits: int) -> None:
    written = read_stream(encode(PHOTO, coder, numgbits=bits)).guard_bits
    assert written == bits


def test_guard_bits_that_do_not_hold_the_wavelet_are_raised_in_ht_and_said() -> None:
    """9/7 can reach nearly twice the range of its samples, without a guard bit it would overflow."""
    serial = blosc2_grok.message_serial()
    assert read_stream(encode(PHOTO, "j2k", numgbits=0)).guard_bits == 0  # 5/3: the exponents make room
    assert _native.next_message(serial) is None
    assert read_stream(encode(PHOTO, "j2k", numgbits=0, irreversible=True)).guard_bits == 1
    message = _native.next_message(serial)
    assert message is not None and message.text == "numgbits=0: this wavelet needs 1, which were written"
    with pytest.raises(Error, match="j2k: numgbits can't be kept: 0 was asked for, 1 would be written"):
        plain = Params(engine="j2k", numgbits=0, irreversible=True).to_dict()
        _native.encode_block(PHOTO, parameters=plain)


@pytest.mark.parametrize("coder", CODERS)
def test_tile_parts(coder: str) -> None:
    parameters: Parameters = {"tile_size": (100, 100), "num_resolutions": 4, "progression": "RLCP"}
    one = read_stream(encode(PHOTO, coder, **parameters)).tile_parts
    several = read_stream(encode(PHOTO, coder, **parameters, enableTilePartGeneration=True)).tile_parts
    assert [part.index for part in one] == [0, 0, 0, 0]
    assert sorted((p.tile, p.index) for p in several) == [(tile, r) for tile in range(4) for r in range(4)]
    assert {p.count for p in several} <= ({4} if coder == "j2k" else {0, 4})


@pytest.mark.parametrize("coder", ["auto", "j2k"])
@pytest.mark.parametrize("several", [False, True])
def test_lengths_are_told(coder: str, several: bool) -> None:
    parameters: Parameters = {"tile_size": (100, 100), "num_resolutions": 4, "progression": "RLCP"}
    parameters["enableTilePartGeneration"] = several
    plain = read_stream(encode(PHOTO, coder, **parameters))
    stored = encode(PHOTO, coder, **parameters, write_plt=True, write_tlm=True)
    stream = read_stream(stored)
    assert stream.told_lengths == [(part.tile, part.length) for part in stream.tile_parts]
    assert [sum(part.packets) for part in stream.tile_parts] == [part.body for part in stream.tile_parts]
    assert [part.body for part in stream.tile_parts] == [part.body for part in plain.tile_parts]
    assert sum(len(part.packets) for part in stream.tile_parts) == 4 * 4  # tiles and resolutions
    assert not plain.told_lengths and not any(part.packets for part in plain.tile_parts)
    np.testing.assert_array_equal(decode(stored, PHOTO), PHOTO)


@pytest.mark.parametrize("coder", ["openjpeg", "grok"])
@pytest.mark.parametrize("name", ["write_plt", "write_tlm"])
def test_lengths_are_told_by_our_coder_only(coder: str, name: str) -> None:
    with pytest.raises(Error, match=f"^no engine can do this: {coder}: it is not asked for PLT and TLM$"):
        encode(PHOTO, coder, **{name: True})


@pytest.mark.parametrize("coder", CODERS)
def test_more_tile_parts_than_their_number_holds_are_refused(coder: str) -> None:
    planes = images.make("photo", "uint8", (300, 6, 7))
    with pytest.raises(Error, match=coder + ": .*(more than 255 tile-parts|exceeds maximum number of tile parts 255)"):
        encode(planes, coder, enableTilePartGeneration=True, progression="CPRL")


PROFILES = [("openjpeg", GrkProfile.GRK_PROFILE_0), ("openjpeg", GrkProfile.GRK_PROFILE_1)]
PROFILES += [("grok", GrkProfile.GRK_PROFILE_0), ("grok", GrkProfile.GRK_PROFILE_1)]
PROFILES += [("auto", GrkProfile.GRK_PROFILE_0), ("auto", GrkProfile.GRK_PROFILE_1)]


@pytest.mark.parametrize("coder, profile", PROFILES, ids=str)
def test_profile(coder: str, profile: GrkProfile) -> None:
    stored = encode(PHOTO, coder, rsiz=profile)
    assert read_stream(stored).rsiz == profile.value
    assert _native.describe_block(stored)["lossy"]
    assert _native.describe_block(stored)["engine"] == ("j2k" if coder == "auto" else coder)
    np.testing.assert_array_equal(decode(stored, PHOTO), PHOTO)


WITHIN: List[Parameters] = [
    {"rsiz": 1, "tile_size": (128, 128), "codeblock_size": (32, 32), "mode": GrkMode.SEGSYM},
    {"rsiz": 1, "tile_size": (200, 150)},
    {"rsiz": 2, "tile_size": (100, 100), "offset": (5, 6), "codeblock_size": (64, 4), "mode": GrkMode.RESET},
    {"rsiz": 2, "num_resolutions": 2, "tile_offset": (3, 3), "offset": (5, 6)},
]
WITHOUT: List[Tuple[Parameters, str]] = [
    ({"rsiz": 1, "tile_size": (100, 100)}, r"has one tile or tiles of \(128, 128\), tile_size is \(100, 100\)$"),
    ({"rsiz": 1, "codeblock_size": (64, 32)}, r"has code-blocks of \(32, 32\) or \(64, 64\), codeblock_size is"),
    ({"rsiz": 1, "offset": (5, 6)}, r"has no offsets, offset is \(5, 6\)$"),
    ({"rsiz": 1, "mode": GrkMode.VSC}, r"has neither RESET nor VSC, mode is 8$"),
    ({"rsiz": 1, "num_resolutions": 1}, r"128 samples at most a side, num_resolutions=1 leaves 200$"),
    ({"rsiz": 2, "num_resolutions": 1}, r"128 samples at most a side, num_resolutions=1 leaves 200$"),
    ({"rsiz": 2, "tile_size": (100, 50)}, r"has one tile or square ones of 1024 at most, tile_size is \(100, 50\)$"),
    ({"rsiz": 2, "codeblock_size": (4, 256)}, r"has code-blocks of 64 at most a side, codeblock_size is \(4, 256\)$"),
]


@pytest.mark.parametrize("parameters", WITHIN, ids=str)
def test_what_a_profile_allows(parameters: Parameters) -> None:
    stored = encode(PHOTO, "auto", **parameters)
    assert read_stream(stored).rsiz == parameters["rsiz"]
    np.testing.assert_array_equal(decode(stored, PHOTO), PHOTO)


@pytest.mark.parametrize("coder", ["auto", "openjpeg"])
@pytest.mark.parametrize("parameters, reason", WITHOUT, ids=str)
def test_what_a_profile_forbids_is_named(coder: str, parameters: Parameters, reason: str) -> None:
    with pytest.raises(Error, match=rf"^profile {parameters['rsiz'] - 1} \(rsiz={parameters['rsiz']}\) .*{reason}"):
        encode(PHOTO, coder, **parameters)


@pytest.mark.parametrize("coder", CODERS)
def test_file_format(coder: str) -> None:
    file, bare, unknown = (encode(PHOTO, coder, cod_format=n) for n in (2, 1, 0))
    assert bare[:4] == b"\xff\x4f\xff\x51"
    assert file == unknown and file[4:8] == b"jP  "
    names = witnesses.boxes_of(file)
    assert names[:4] == ["jP  ", "ftyp", "jp2h", "ihdr"] and names[-1] == "jp2c"
    assert len(file) - len(bare) == 85
    # The same streams but for the checksum in our comment.
    assert sum(a != b for a, b in zip(codestream_of(file), bare)) <= 8


@pytest.mark.parametrize("dtype, component", [("uint8", (8, False)), ("int8", (8, True)), ("uint16", (16, False)),
                                              ("int16", (16, True)), (">u2", (16, False))])  # fmt: skip
@pytest.mark.parametrize("coder", CODERS)
def test_depth_and_sign(coder: str, dtype: str, component: Tuple[int, bool]) -> None:
    assert read_stream(encode(images.make("photo", dtype, (40, 50)), coder)).components == [component]


def test_bits_per_sample() -> None:
    assert read_stream(encode(XRAY >> 4, "auto", bits_per_sample=12)).components == [(12, False)]


# ---------------------------------------------------------------------------------------------------------------------
# By effect.


@pytest.mark.parametrize("coder", CODERS)
@pytest.mark.parametrize("size", [1000, 5000])
def test_max_cs_size_bounds_the_codestream(coder: str, size: int) -> None:
    if coder == "grok":
        parameters: Parameters = {"max_cs_size": size}
    else:
        parameters = {"max_cs_size": size, "irreversible": True}
    stored = encode(PHOTO, coder, **parameters)
    assert 0.8 * size <= len(codestream_of(stored)) <= size


@pytest.mark.parametrize("coder", CODERS)
def test_max_comp_size_bounds_the_one_component(coder: str) -> None:
    assert len(codestream_of(encode(PHOTO, coder, max_comp_size=3000))) <= 3000


@pytest.mark.parametrize("coder", CODERS)
@pytest.mark.parametrize(
    "parameters", [{}, {"quality_mode": "rates", "quality_layers": [8]}], ids=["lossless", "lossy"]
)
def test_threads_change_no_byte(coder: str, parameters: Parameters) -> None:
    one, two = (encode(XRAY, coder, num_threads=n, **parameters) for n in (1, 2))
    assert one == two


@pytest.mark.parametrize("name, value", [("deviceId", 1), ("duration", 1), ("repeats", 0), ("apply_icc_", True),
                                         ("decod_format", 3), ("verbose", True)])  # fmt: skip
def test_parameters_without_effect(name: str, value: Any, capfd: pytest.CaptureFixture[str]) -> None:
    assert encode(PHOTO, "auto", **{name: value}) == encode(PHOTO, "auto")
    assert ("blosc2_grok: 150 x 200" in capfd.readouterr().err) == (name == "verbose")


@pytest.mark.parametrize("coder", ["grok", "auto"])
@pytest.mark.parametrize("irreversible", [False, True])
def test_rate_control_algorithm_is_handed_on(coder: str, irreversible: bool) -> None:
    quality = {"quality_mode": "rates", "quality_layers": [10], "irreversible": irreversible}
    for name in ("BISECT", "PCRD_OPT"):
        stored = encode(PHOTO, coder, rateControlAlgorithm=name, **quality)
        assert 0.9 * PHOTO.nbytes / 10 < len(stored) <= PHOTO.nbytes / 10
        assert _native.describe_block(stored)["engine"] == ("j2k" if coder == "auto" else coder)


def test_truncation_asked_for_is_truncation() -> None:
    """9/7 to a rate: PCRD_OPT cuts passes off finely quantized code-blocks, else the quantizer's step is coarse."""
    quality = {"quality_mode": "rates", "quality_layers": [10], "irreversible": True}
    steps = [
        read_stream(encode(PHOTO, "auto", rateControlAlgorithm=name, **quality)).steps[0]
        for name in ("BISECT", "PCRD_OPT")
    ]
    assert steps[0] >> 11 < steps[1] >> 11  # a larger exponent is a finer step


ODD_CALLS: List[Parameters] = [
    {"repeats": 0},
    {"duration": 1},
    {"roi_compno": 3},
    {"roi_shift": 8},
    {"max_cs_size": 256},
    {"codeblock_size": (256, 8)},
    {"precinct_size": (32, 32)},
    {"offset": (33, 40)},
    {"apply_icc_": True},
    {"rsiz": GrkProfile.GRK_PROFILE_0},
    {"rsiz": GrkProfile.GRK_PROFILE_1},
    {"quality_mode": "dB", "quality_layers": [5]},
]


@pytest.mark.parametrize("parameters", ODD_CALLS, ids=lambda p: "-".join(p))
@pytest.mark.parametrize("image", [PHOTO, COLOURS], ids=["gray", "colours"])
def test_calls_of_the_old_tests_run(image: images.Image, parameters: Parameters) -> None:
    stored = encode(image, "auto", **parameters)
    decoded = decode(stored, image)
    if not _native.describe_block(stored)["lossy"]:
        np.testing.assert_array_equal(decoded, image)


# ---------------------------------------------------------------------------------------------------------------------
# What can't be kept is said, by the engine's name and with the parameter's.

CODED = "no engine can do this: "
REFUSED: List[Tuple[str, Parameters, str]] = [
    ("openjpeg", {"mode": 64}, CODED + "openjpeg: it can't encode HT"),
    ("openjpeg", {"numgbits": 3}, CODED + "openjpeg: it writes 2 guard bits; numgbits=3 comes with the Grok engine"),
    ("openjpeg", {"rateControlAlgorithm": 1}, CODED + "openjpeg: its rateControlAlgorithm is BISECT"),
    ("openjpeg", {"framerate": 24}, CODED + "openjpeg: it has no framerate"),
    ("openjpeg", {"roi_compno": 0, "roi_shift": 25}, CODED + "openjpeg: it holds 30 bit-planes, too few for roi_shift"),
    ("openjpeg", {"roi_compno": 0, "roi_shift": 11}, "roi_shift is 11: samples of 8 bits have up to 12 bit-planes"),
    ("openjpeg", {"mct": 1}, "mct=1 needs three components, the block has 1"),
    ("openjpeg", {"tile_offset": (5, 5)}, r"tile_offset \(5, 5\) lies beyond the image's offset \(0, 0\)"),
    ("openjpeg", {"tile_size": (8, 8), "offset": (9, 9)}, "the first tile ends before the image's offset"),
    ("grok", {"mode": 65}, CODED + "grok: it codes HT without other code-block styles"),
    ("grok", {"mode": 64, "quality_mode": "rates", "quality_layers": [8]}, CODED + "grok: it has no rate or quality"),
    ("grok", {"mode": 64, "max_cs_size": 999}, CODED + "grok: it can't limit sizes in HT mode"),
    ("j2k", {"roi_compno": 0, "roi_shift": 20}, CODED + "j2k: it has no region of interest in HT mode"),
    ("j2k", {"rsiz": 2}, CODED + "j2k: it has no profiles in HT mode"),
    ("j2k", {"rsiz": 3}, CODED + "j2k: it has no profiles in HT mode"),
    ("j2k", {"framerate": 24}, CODED + "j2k: it has no framerate"),
    ("j2k", {"rateControlAlgorithm": 1}, CODED + "j2k: it has no rateControlAlgorithm but BISECT in HT mode"),
]


@pytest.mark.parametrize("coder, parameters, reason", REFUSED, ids=lambda v: re.sub(r"\W+", "-", str(v))[:40])
def test_refusal_names_engine_and_parameter(coder: str, parameters: Parameters, reason: str) -> None:
    with pytest.raises(Error, match="^" + reason):
        encode(PHOTO, coder, **parameters)


@pytest.mark.parametrize("coder", ["openjpeg", "grok", "j2k"])
def test_single_components_are_not_limited(coder: str) -> None:
    with pytest.raises(Error, match=f"^no engine can do this: {coder}: it can't limit single components$"):
        encode(COLOURS, coder, max_comp_size=3000)


def test_style_besides_ht_is_refused_by_our_coder() -> None:
    with pytest.raises(Error, match="j2k: it codes HT without other code-block styles"):
        plain = Params(engine="j2k", mode=GrkMode.HT | GrkMode.VSC).to_dict()
        _native.encode_block(PHOTO, parameters=plain)
