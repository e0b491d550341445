# SPDX-License-Identifier: BSD-3-Clause
"""The matrix behind docs/design.md, "What was measured": settings x small images of all kinds, lossless.

Each is exact, as we read it and as three unrelated decoders do, or it is a clear error that stands in REFUSALS.
"""

from __future__ import annotations

import pathlib
import random
import re
from collections import Counter
from typing import Any, Dict, List, Tuple

import numpy as np
import pytest

import images
import witnesses
from blosc2_grok import Error, GrkMode, Params, _native
from cases import CODINGS, GROK_CODINGS, RISKY_CODINGS, has_engine
from witnesses import Planes, Unread, read_stream

Parameters = Dict[str, Any]

IMAGES: List[Tuple[str, str, Tuple[int, ...]]] = [
    ("photo", "uint8", (64, 80)),
    ("photo", "int8", (47, 61)),
    ("photo", "uint16", (90, 70)),
    ("photo", "int16", (33, 100)),
    ("xray", "uint16", (131, 93)),
    ("ct", "int16", (128, 128)),
    ("ct", "uint16", (65, 63)),
    ("text", "uint8", (50, 75)),
    ("text", "int16", (75, 50)),
    ("checkerboard", "uint8", (64, 64)),
    ("checkerboard", "uint16", (61, 67)),
    ("checkerboard", "int16", (32, 128)),
    ("noise", "uint8", (60, 60)),
    ("noise", "int8", (31, 33)),
    ("noise", "uint16", (64, 64)),
    ("noise", "int16", (45, 77)),
    ("constant", "uint8", (40, 40)),
    ("constant", "uint16", (33, 65)),
    ("photo", "uint8", (60, 90, 3)),
    ("photo", "uint16", (37, 41, 3)),
    ("noise", "int16", (32, 32, 3)),
    ("checkerboard", "uint8", (48, 40, 3)),
    ("photo", "uint8", (41, 43, 4)),
    ("xray", "uint16", (2, 50, 60)),
    ("photo", "uint8", (8, 40, 50)),
    ("xray", "uint16", (8, 33, 47)),
    ("photo", "uint8", (300, 6, 7)),
    ("xray", "uint16", (1, 1)),
    ("noise", "int8", (1, 1)),
    ("photo", "uint8", (1, 200)),
    ("xray", "uint16", (200, 1)),
    ("noise", "int16", (2, 150)),
    ("photo", "uint8", (150, 3)),
    ("photo", "uint16", (3, 150)),
    ("noise", "uint8", (2, 3)),
    ("xray", "uint16", (17, 17)),
]

SETTINGS: Dict[str, Parameters] = {
    "defaults": {},
    **CODINGS,
    **RISKY_CODINGS,
    **GROK_CODINGS,
    "resolutions-2": {"num_resolutions": 2},
    "precinct-64x16": {"precinct_size": (64, 16), "progression": "PCRL"},
    "precinct-256x128": {"precinct_size": (256, 128), "progression": "RPCL"},
    "tiles-16x16-parts": {"tile_size": (16, 16), "enableTilePartGeneration": True, "progression": "RLCP"},
    "tiles-1x64": {"tile_size": (1, 64)},
    "offset-odd": {"offset": (1, 1)},
    "tile-offset": {"tile_size": (64, 64), "tile_offset": (4, 6), "offset": (8, 10)},
    "pterm-segsym": {"mode": GrkMode.PTERM | GrkMode.SEGSYM},
    "all-styles": {"mode": 63},
    "colour-transform": {"mct": 1},
    "j2k-parts": {"cod_format": 1, "enableTilePartGeneration": True},
    "lengths": {"tile_size": (64, 64), "write_plt": True, "write_tlm": True},
}


def make(row: Tuple[str, str, Tuple[int, ...]]) -> images.Image:
    return images.make(*row)


def encode(image: images.Image, parameters: Parameters) -> bytes:
    """Whatever it takes: noise may grow."""
    plain = Params(**parameters).to_dict()
    stored = _native.encode_block(image, parameters=plain, capacity=4 * image.nbytes + 2_000_000)
    assert stored is not None
    return stored


# Who may refuse what, and with which words; anything else that is refused fails the test. HT is `mode` + 64.
IMPOSSIBLE = {"colour-transform": "^mct=1 needs three components, the block has [12]$"}
NEEDS_GROK = "openjpeg: .* comes with the Grok engine"
TOO_SMALL_BUFFER = "openjpeg: OpenJPEG could not encode: .* remaining in output buffer"
MISCODED = "it can't code a lossless block of .* with these tiles, offsets, layers or ROI"
OTHER_STYLES = "it codes HT without other code-block styles"
HT_STYLES = dict.fromkeys(["lazy", "reset", "termall", "vsc", "pterm-segsym", "all-styles"], OTHER_STYLES)
OVERRUN = "it overruns its memory with LAZY and TERMALL|it overruns its memory with TERMALL above 8 bits"
NO_LENGTHS = "it is not asked for PLT and TLM"
REFUSALS: Dict[str, Dict[str, str]] = {
    "openjpeg": {
        "lengths": NO_LENGTHS,
        "guard-bits-0": NEEDS_GROK,
        "guard-bits-4": NEEDS_GROK,
        "pcrd": NEEDS_GROK,
        "roi": "it holds 30 bit-planes",
        "termall": f"{TOO_SMALL_BUFFER}|{OVERRUN}",  # code-blocks that grow: noise
        "all-styles": f"{TOO_SMALL_BUFFER}|{OVERRUN}",
    },
    "grok": {
        "lengths": NO_LENGTHS,
        "guard-bits-0": MISCODED,
        "tiles-1": "Grok could not encode",
        **dict.fromkeys(["lazy", "termall", "all-styles"], OVERRUN),
    },
    "auto": {"guard-bits-0": MISCODED},  # by Grok; OpenJPEG can't at all
    "j2k-ht": {
        **HT_STYLES,
        "roi": "it has no region of interest in HT|it writes 30 bit-planes",
        "pcrd": "no rateControlAlgorithm but BISECT in HT",
    },
    "grok-ht": {
        "lengths": NO_LENGTHS,
        **HT_STYLES,
        "layers-20-5-1": "it has no rate or quality control in HT",
        "roi": "grok: it has no region of interest in HT",
    },
}
if has_engine("openjpeg") and not has_engine("grok"):
    REFUSALS["auto"] = {name: why for name, why in REFUSALS["openjpeg"].items() if OVERRUN not in why}
# Part 1 by our own coder, where the build has it.
REFUSALS["j2k"] = {name: why for name, why in REFUSALS["j2k-ht"].items() if why != OTHER_STYLES and name != "pcrd"}
if not has_engine("openjpeg") and not has_engine("grok"):
    REFUSALS["auto"] = REFUSALS["j2k"]
# HT as `mode=64` alone asks for it: our coder first, Grok for what it lacks.
REFUSALS["auto-ht"] = REFUSALS["grok-ht"] if has_engine("grok") else REFUSALS["j2k-ht"]

# Where FFmpeg 8 alone is wrong: OpenJPEG and OpenJPH read these HT streams as we do.
FFMPEG_ERRS = {("resolutions-2", "text"), ("guard-bits-0", "noise")}


def parameters_of(setting: str, coder: str) -> Parameters:
    engine, _, is_ht = coder.partition("-")
    parameters = {**SETTINGS[setting], "engine": engine}
    if is_ht:
        parameters["mode"] = int(parameters.get("mode", 0)) | 64
    return parameters


def needs_engine(coder: str) -> None:
    engine = coder.partition("-")[0]
    if engine != "auto" and not has_engine(engine):
        pytest.skip(f"this build has no engine {engine}")


def same(seen: Planes, image: images.Image) -> bool:
    """Trailing zeros of a block are left out of its stream: the rest is what a foreign decoder sees."""
    original = witnesses.planes_of(image)
    if any(a > b for a, b in zip(seen.shape, original.shape)):
        return False
    whole = np.zeros_like(original)
    whole[tuple(slice(0, n) for n in seen.shape)] = seen
    return bool(np.array_equal(whole, original))


def check_own(stored: bytes, image: images.Image) -> None:
    decoded = np.frombuffer(_native.decode_block(stored, image.nbytes), image.dtype).reshape(image.shape)
    np.testing.assert_array_equal(decoded, image)
    assert _native.describe_block(stored)["lossy"] is False


WITNESSES = {"openjpeg": witnesses.by_openjpeg, "openjph": witnesses.by_openjph, "ffmpeg": witnesses.by_ffmpeg}


def wrong_witnesses(stored: bytes, image: images.Image, counts: Counter[str]) -> List[str]:
    wrong = []
    for name, decode in WITNESSES.items():
        try:
            is_same = same(decode(stored), image)
        except Unread:
            continue
        counts[name] += 1
        if not is_same:
            wrong.append(name)
    return wrong


@pytest.mark.parametrize("coder", sorted(REFUSALS))
@pytest.mark.parametrize("setting", SETTINGS)
def test_matrix(setting: str, coder: str, is_long: bool, tmp_path: pathlib.Path) -> None:
    """Quick runs take one image in four, another fourth for each setting."""
    needs_engine(coder)
    reason = IMPOSSIBLE.get(setting) or REFUSALS[coder].get(setting)
    first = 0 if is_long else list(SETTINGS).index(setting) % 4
    faults = []
    counts: Counter[str] = Counter()
    for_grok: Dict[str, Tuple[bytes, images.Image]] = {}
    for number, row in enumerate(IMAGES[first :: 1 if is_long else 4]):
        image = make(row)
        try:
            stored = encode(image, parameters_of(setting, coder))
        except Error as e:
            if reason is None or not re.search(reason, str(e)):
                faults.append(f"{row}: {e}")
            continue
        check_own(stored, image)
        for witness in wrong_witnesses(stored, image, counts):
            if not (witness == "ffmpeg" and coder.endswith("-ht") and (setting, row[0]) in FFMPEG_ERRS):
                faults.append(f"{row}: {witness} reads it wrong")
        if is_long or number % 6 == 0:
            for_grok[str(number)] = stored, image
    faults += wrong_by_grok(for_grok, tmp_path)
    assert not faults, "\n".join(faults)
    if counts["openjpeg"] == 0 and reason is None:
        pytest.skip("no witness is installed")


def wrong_by_grok(streams: Dict[str, Tuple[bytes, images.Image]], folder: pathlib.Path) -> List[str]:
    if not witnesses.has_grok():
        return []
    readable = {n: stored for n, (stored, _) in streams.items() if witnesses.grok_reads_it_right(read_stream(stored))}
    decoded = witnesses.by_grok(readable, folder / "grok") if readable else {}
    return [
        f"{streams[name][1].shape} {streams[name][1].dtype}: Grok reads it wrong"
        for name, planes in decoded.items()
        if planes is not None and not same(planes, streams[name][1])
    ]


# ---------------------------------------------------------------------------------------------------------------------
# Random combinations of everything.

REASONS = [
    "LAZY and TERMALL need a precinct_size of 8 or more",
    OVERRUN,
    NEEDS_GROK,
    TOO_SMALL_BUFFER,
    MISCODED,
    OTHER_STYLES,
    "it holds 30 bit-planes",
    "Grok could not encode",
    "it has no region of interest",
    "LAZY in a region of interest",
    "it writes 30 bit-planes",
    r"makes \d+ bit-planes, 30 at most can be read by others",
    "it has no framerate",
    NO_LENGTHS,
    "no rateControlAlgorithm but BISECT",
    "can't be kept",
    "^mct=1 needs three components",
    "^tile_offset .* lies beyond the image's offset",
    "^the first tile ends before the image's offset",
    r"^roi_shift is \d+: samples of \d+ bits have up to \d+ bit-planes",
    "it can't encode HT",
    "OpenJPEG could not encode",
    "would take more than 255 tile-parts",
    "it has no rate or quality control in HT",
    "OpenJPEG could not decode",  # what was written, in the check before it leaves
    r"openjpeg: \d+ coding passes for \d+ bit-planes",  # our decoder in the same check: tile-parts with offsets
    r"openjpeg: a code-block of \d+ bytes where its tile has \d+ left",  # likewise
    r"grok: a code-block misses more than \d+ bit-planes",  # likewise
]


def random_parameters(chance: random.Random) -> Parameters:
    """Every lossless parameter, each left alone more often than not."""
    powers = [2**n for n in range(2, 11)]
    block = chance.choice([(w, h) for w in powers for h in powers if w * h <= 4096])
    choices: Parameters = {
        "progression": chance.choice(["LRCP", "RLCP", "RPCL", "PCRL", "CPRL"]),
        "num_resolutions": chance.choice([1, 2, 3, 4, 5, 7, 10, 33]),
        "codeblock_size": block,
        "precinct_size": (2 ** chance.randint(1, 9), 2 ** chance.randint(1, 9)),
        "tile_size": (chance.randint(1, 100), chance.randint(1, 100)),
        "offset": (chance.randint(0, 70), chance.randint(0, 70)),
        "tile_offset": (chance.randint(0, 40), chance.randint(0, 40)),
        "mode": 64 if chance.random() < 0.4 else chance.randint(0, 63),
        "mct": chance.choice([1, "auto"]),
        "roi_compno": chance.randint(0, 2),
        "roi_shift": chance.randint(0, 30),
        "numgbits": chance.randint(0, 7),
        "cod_format": chance.choice([1, 2]),
        "enableTilePartGeneration": True,
        "write_plt": True,
        "write_tlm": True,
        "rateControlAlgorithm": "PCRD_OPT",
        "irreversible": False,
        "num_threads": chance.choice([1, 2]),
        "engine": chance.choice(["openjpeg", "grok", "j2k", "auto"]),
    }
    layers = sorted((chance.uniform(2, 60) for _ in range(chance.randint(0, 4))), reverse=True)
    choices["quality_layers"] = [*layers, 1]
    wanted = {name: value for name, value in choices.items() if chance.random() < 0.3}
    if "quality_layers" in wanted:
        wanted["quality_mode"] = "rates"
    if wanted.get("tile_size", (9, 9)) < (4, 4) or min(wanted.get("tile_size", (9, 9))) < 4:
        wanted["tile_size"] = tuple(side + 3 for side in wanted["tile_size"])  # thousands of tiles take their time
    if wanted.get("engine", "auto") != "auto" and not has_engine(wanted["engine"]):
        del wanted["engine"]
    return wanted


@pytest.mark.parametrize("part", range(10))
def test_random_combinations(part: int, is_long: bool, tmp_path: pathlib.Path) -> None:
    """300 in all, 10,000 in a long run; the seed is printed."""
    seed = random.randrange(10**9) if is_long else 1000 + part
    print("seed:", seed)
    chance = random.Random(seed)
    faults, refused = [], 0
    for_grok: Dict[str, Tuple[bytes, images.Image]] = {}
    counts: Counter[str] = Counter()
    for number in range(1000 if is_long else 30):
        row, parameters = chance.choice(IMAGES), random_parameters(chance)
        image = make(row)
        try:
            stored = encode(image, parameters)
        except Error as e:
            refused += 1
            if not any(re.search(known, str(e)) for known in REASONS):
                faults.append(f"seed {seed}, {row}, {parameters}: {e}")
            continue
        check_own(stored, image)
        wrong = wrong_witnesses(stored, image, counts)
        if wrong and not (wrong == ["ffmpeg"] and parameters.get("mode") == 64):
            faults.append(f"seed {seed}, {row}, {parameters}: {wrong} read it wrong")
        if number % 5 == 0:
            for_grok[str(number)] = stored, image
    faults += wrong_by_grok(for_grok, tmp_path)
    print(f"{refused} refused; decoded by {dict(counts)}, {len(for_grok)} given to Grok")
    assert not faults, "\n".join(faults)
    most = 24 if has_engine("grok") else 36
    assert refused < (25 * most if is_long else most)
