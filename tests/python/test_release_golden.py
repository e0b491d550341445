# SPDX-License-Identifier: BSD-3-Clause
"""Blocks of our own releases decode to the same bytes for ever, and show every feature that docs/format.md lists.

The segments are read here once more, by docs/format.md alone.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import re
import struct
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, Iterator, Set, Tuple

import blosc2
import numpy as np
import pytest

import blosc2_grok
from blosc2_grok import _native

GOLDEN = Path(__file__).parents[1] / "golden"
TABLES = sorted(GOLDEN.glob("v*/blocks.json"))
sys.path.append(str(GOLDEN))
maker = importlib.import_module("make_release_golden")


def cases() -> Iterator[Any]:
    for table in TABLES:
        for name, case in json.loads(table.read_text())["cases"].items():
            yield pytest.param(table.parent, name, case, id=f"{table.parent.name}-{name}")


@dataclass
class Segment:
    flags: int
    fields: Dict[int, bytes]


def read_segment(data: bytes) -> Segment:
    at = data.index(b"B2GROK\x1a\x9c") - 6
    marker, length, registration = struct.unpack_from(">HHH", data, at)
    assert (marker, registration, data[at + 14]) == (0xFF64, 0, 1)
    flags, count = struct.unpack_from(">BH", data, at + 15)
    fields, place = {}, at + (27 if flags & 2 else 26)
    for _ in range(count):
        tag, size = struct.unpack_from(">BH", data, place)
        fields[tag] = data[place + 3 : place + 3 + size]
        place += 3 + size
    assert place == at + 2 + length
    return Segment(flags, fields)


@pytest.mark.parametrize("folder, name, case", list(cases()))
def test_golden_block(folder: Path, name: str, case: Any) -> None:
    data = (folder / case["file"]).read_bytes()
    assert hashlib.sha256(data).hexdigest() == case["block_sha256"]
    original = maker.expected_bytes(name)
    assert hashlib.sha256(original).hexdigest() == case["original_sha256"]
    decoded = bytes(_native.decode_block(data, len(original)))
    assert hashlib.sha256(decoded).hexdigest() == case["samples_sha256"]
    assert case["lossless"] == (decoded == original)
    if not case["lossless"]:
        check_loss(case, read_segment(data), decoded)


def check_loss(case: Any, segment: Segment, decoded: bytes) -> None:
    """The loss that the block tells is the loss it has, and within what was asked for."""
    name = Path(case["file"]).stem
    image = maker.samples(name)
    got = np.frombuffer(decoded, image.dtype).reshape(image.shape)
    is_kept = ~np.isfinite(image) if image.dtype.kind in "fc" else np.isin(image, case["parameters"].get("keep", []))
    assert got[is_kept].tobytes() == image[is_kept].tobytes()
    parts = [part.view("f8") if part.dtype.kind == "c" else part.astype("f8") for part in (got, image)]
    with np.errstate(invalid="ignore"):  # infinity less infinity: a kept sample
        difference = (parts[0] - parts[1])[~is_kept if parts[0].shape == is_kept.shape else ...]
    worst, square = struct.unpack(">dd", segment.fields[5])
    assert np.abs(difference).max() == pytest.approx(worst, rel=1e-6)
    if not is_kept.any():  # a mean over all samples
        assert np.square(difference).mean() == pytest.approx(square, rel=1e-6)
    asked = case["parameters"]
    assert np.abs(difference).max() <= asked.get("max_error", np.inf)
    assert np.sqrt(np.square(difference).mean()) <= asked.get("rmse", np.inf)
    if "quality_layers" in asked or "meta" in case["options"]:
        rate = asked["quality_layers"][-1] if "quality_layers" in asked else case["options"]["meta"] / 10
        assert case["block_bytes"] <= image.nbytes / rate


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.parent.name)
def test_every_feature_of_the_format_is_there(table: Path) -> None:
    flags, tags, engines, kinds, samples = set(), set(), set(), set(), set()
    roles: Set[Tuple[bool, ...]] = set()
    starts: Set[bytes] = set()
    for case in json.loads(table.read_text())["cases"].values():
        data = (table.parent / case["file"]).read_bytes()
        segment = read_segment(data)
        starts.add(data[20:24] if data[4:8] == b"jP  " else data[:2])
        flags.update(bit for bit in range(8) if segment.flags >> bit & 1)
        tags.update(segment.fields)
        engines.add(segment.fields[4][0])
        samples.add(segment.fields[1][0])
        roles.add(tuple(axis != 0xFF for axis in segment.fields[2][:3]))
        if 129 in segment.fields:
            kinds.add((segment.fields[129][0], segment.fields[129][1]))
    assert flags == {0, 1, 2}
    assert tags == {1, 2, 3, 4, 5, 6, 129, 130}
    assert engines == {1, 2, 3}
    assert {kind for kind, _ in kinds} == {1, 2, 3, 4}
    assert {words for _, words in kinds} == {1, 2, 3, 4}
    assert starts == {b"jp2 ", b"jph ", b"\xff\x4f"}
    assert {sample & 15 for sample in samples} == {1, 2, 4, 8}
    assert {bit for bit in (4, 5, 6) for sample in samples if sample >> bit & 1} == {4, 5, 6}
    assert roles >= {(True, True, False), (True, True, True), (False, True, False)}


@pytest.mark.parametrize("known", [pytest.param(p, id=p.parent.name) for p in sorted(GOLDEN.glob("v*/array.json"))])
def test_golden_array(known: Path) -> None:
    """A frame with the metalayer that holds every name of docs/format.md: the same parameters, the same samples."""
    told = json.loads(known.read_text())
    frame = known.with_name("array.b2nd").read_bytes()
    assert hashlib.sha256(frame).hexdigest() == told["frame_sha256"]
    array = blosc2.ndarray_from_cframe(frame)
    assert array.schunk.meta["grok"] == told["parameters"]
    page = (GOLDEN.parents[1] / "docs" / "format.md").read_text()
    table = page.partition("\n## The `grok` metalayer")[2].partition("\n## ")[0]
    assert set(told["parameters"]) <= set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE))
    if known.parent.name == f"v{_native.version()}":
        assert len(told["parameters"]) == len(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE))
    assert {name: blosc2_grok.params_of(array).to_dict()[name] for name in told["parameters"]} == told["parameters"]
    samples = maker.array_samples()
    assert hashlib.sha256(samples.tobytes()).hexdigest() == told["samples_sha256"]
    np.testing.assert_array_equal(array[...], samples)
    assert len(list(blosc2_grok.codestreams(array))) > 4  # by "Where the block lies in a Blosc2 chunk"


def test_this_release_has_golden_blocks() -> None:
    assert f"v{_native.version()}" in {table.parent.name for table in TABLES}
