# SPDX-License-Identifier: BSD-3-Clause
"""What all tests share: the factory defaults around each of them, and the long runs on demand."""

from __future__ import annotations

from pathlib import Path
from typing import Iterator

import hypothesis
import pytest

import blosc2_grok

hypothesis.settings.register_profile("quick", deadline=None, derandomize=True, max_examples=100)
hypothesis.settings.register_profile("long", deadline=None, max_examples=1000)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="more mutated blocks, more random parameters: an hour")


def pytest_configure(config: pytest.Config) -> None:
    hypothesis.settings.load_profile("long" if config.getoption("--long") else "quick")


@pytest.fixture
def is_long(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--long"))


@pytest.fixture(autouse=True)
def factory_defaults() -> Iterator[None]:
    blosc2_grok.set_params_defaults()
    yield
    blosc2_grok.set_params_defaults()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in, but for a TIFF of the stack of ``command``."""
    import tifffile

    from command import STACK

    monkeypatch.chdir(tmp_path)
    tifffile.imwrite("scan.tif", STACK, photometric="minisblack", compression="zlib")
    return tmp_path
