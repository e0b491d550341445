# SPDX-License-Identifier: BSD-3-Clause
"""Which block coder ``coder="auto"`` takes, as the codestreams themselves tell it."""

from __future__ import annotations

from typing import Any, Dict

import blosc2
import pytest

import blosc2_grok
import images
from blosc2_grok import Params, asarray
from cases import has_engine

needs_grok = pytest.mark.skipif(not has_engine("grok"), reason="36 bit-planes are Grok's")
needs_openjpeg = pytest.mark.skipif(not has_engine("openjpeg"), reason="this build has no engine openjpeg")
IMAGE = images.make("xray", "uint16", (128, 160))


def is_ht(array: blosc2.NDArray) -> bool:
    """By the marker segment CAP, which only Part 15 has (ISO/IEC 15444-15 A.3): no SIZ can contain its code here."""
    streams = [block.data for block in blosc2_grok.codestreams(array)]
    heads = [data[data.index(b"\xff\x4f\xff\x51") :][:64] for data in streams]
    found = {b"\xff\x50" in head for head in heads}
    assert len(found) == 1
    return found.pop()


@pytest.mark.parametrize(
    "keywords, expected",
    [
        ({}, True),
        ({"ratio": 6}, True),
        ({"max_error": 3}, True),
        ({"noise": 0.25}, True),
        ({"coder": "ht"}, True),
        ({"coder": "part1"}, False),
        ({"params": {"quality_mode": "rates", "quality_layers": [8]}}, True),
        ({"params": {"quality_mode": "rates", "quality_layers": [30, 8]}}, False),
        ({"params": {"mode": "DEFAULT"}}, False),
        ({"params": {"mode": "RESET"}}, False),
        ({"params": {"mode": "HT"}}, True),
        ({"params": Params()}, False),
        ({"params": Params(mode="HT")}, True),
        ({"params": Params(), "coder": "ht"}, True),
        pytest.param({"params": {"engine": "openjpeg"}}, False, marks=needs_openjpeg),
        ({"params": {"engine": "j2k"}}, True),
        pytest.param({"params": {"roi_compno": 0, "roi_shift": 20}}, False, marks=needs_grok),
        ({"params": {"enableTilePartGeneration": True, "write_tlm": True}}, True),
        ({"params": {"rsiz": "GRK_PROFILE_1"}}, False),
        ({"params": {"max_comp_size": 20_000}}, False),
        ({"params": {"tile_size": (64, 64), "offset": (3, 5), "progression": "RPCL"}}, True),
        ({"meta": {"grok": {}}}, True),
    ],
    ids=str,
)
def test_auto(keywords: Dict[str, Any], expected: bool) -> None:
    assert is_ht(asarray(IMAGE, **keywords)) is expected


@pytest.mark.parametrize(
    "engine, expected", [pytest.param("openjpeg", False, marks=needs_openjpeg), ("j2k", True), ("", True)]
)
def test_the_environment_switches_back(monkeypatch: pytest.MonkeyPatch, engine: str, expected: bool) -> None:
    monkeypatch.setenv("BLOSC2_GROK_ENGINE", engine)
    assert is_ht(asarray(IMAGE)) is expected


def test_calibrated_parameters_tell_the_coder() -> None:
    assert int(blosc2_grok.calibrate(IMAGE, ratio=5).mode) == 64
    assert int(blosc2_grok.calibrate(IMAGE, ratio=5, coder="part1").mode) == 0
    assert not is_ht(asarray(IMAGE, params=blosc2_grok.calibrate(IMAGE, ratio=5, coder="part1")))


def test_an_update_keeps_the_coder() -> None:
    array = asarray(IMAGE, chunks=(64, 160), blocks=(64, 160), coder="part1")
    array[:64] = IMAGE[64:]
    assert not is_ht(array)
