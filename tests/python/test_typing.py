# SPDX-License-Identifier: BSD-3-Clause
"""Type hints: complete in the package, and seen by those who import it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("mypy", reason="needs PyPI's mypy")

ROOT = Path(__file__).parents[2]
USER = Path(__file__).with_name("typed_user.py")


def run_mypy(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([sys.executable, "-m", "mypy", *arguments], cwd=folder, capture_output=True, text=True)


def test_the_package_is_fully_typed() -> None:
    done = run_mypy(ROOT)  # as pyproject.toml says
    assert done.returncode == 0, done.stdout + done.stderr


def test_users_see_the_types_of_the_installed_package(tmp_path: Path) -> None:
    # No configuration and another folder: the package is found where it is installed, or not at all.
    done = run_mypy(tmp_path, "--strict", "--config-file=", f"--cache-dir={tmp_path}", str(USER))
    assert done.returncode == 0, done.stdout + done.stderr


def test_style() -> None:
    """As pyproject.toml says, all Python of the project."""
    folders = ("python", "tests", "bench", "tools")
    done = subprocess.run([sys.executable, "-m", "ruff", "check", *folders], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
