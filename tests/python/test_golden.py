# SPDX-License-Identifier: BSD-3-Clause
"""Blocks of earlier releases decode for ever: lossless ones to their samples, lossy ones within the error on record."""

from __future__ import annotations

import hashlib
import importlib.util
import json
from pathlib import Path
from typing import Any, Iterator

import numpy as np
import pytest

from blosc2_grok import _native

GOLDEN = Path(__file__).parents[1] / "golden"


def cases() -> Iterator[Any]:
    for table in sorted(GOLDEN.glob("v*/cases.json")):
        for name, case in json.loads(table.read_text())["cases"].items():
            yield pytest.param(table.parent, name, case, id=f"{table.parent.name}-{name}")


def original(name: str) -> Any:
    spec = importlib.util.spec_from_file_location("make_golden", GOLDEN / "make_golden.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.case_image(name)


def test_there_are_golden_blocks_of_both_releases() -> None:
    assert {path.parent.name for path in GOLDEN.glob("v*/cases.json")} >= {"v0.3.4", "v0.3.5"}


@pytest.mark.parametrize("folder, name, case", list(cases()))
def test_golden_block(folder: Path, name: str, case: Any) -> None:
    block = (folder / case["file"]).read_bytes()
    assert hashlib.sha256(block).hexdigest() == case["block_sha256"]
    size = int(np.prod(case["shape"])) * np.dtype(case["dtype"]).itemsize
    decoded = np.frombuffer(_native.decode_block(block, size), case["dtype"]).reshape(case["shape"])
    if case["lossless"]:
        assert hashlib.sha256(decoded.tobytes()).hexdigest() == case["samples_sha256"]
        return
    image = original(name)
    assert hashlib.sha256(image.tobytes()).hexdigest() == case["original_sha256"]
    error = np.abs(decoded.astype(np.int64) - image)
    # The old decoder's own error, and a count for another decoder's rounding.
    assert error.max() <= case["old_decoder"]["max_error"] + 1
    assert np.sqrt((error.astype(float) ** 2).mean()) <= case["old_decoder"]["rmse"] + 0.5
