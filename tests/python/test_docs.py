# SPDX-License-Identifier: BSD-3-Clause
"""The code blocks of README.md and docs/*.md, run page by page as a reader would.

A page's blocks run in order in one empty folder; Python's share their names, and each starts from the factory defaults.
`python`, `bash` and `sh` are run, `pycon` is compared as a doctest; other fences are only shown. A block that can't be
run has a comment before it: `<!-- not run: the reason -->`. A comment in Python, `# ValueError: ...` at the end of a
line, is no test: use `assert`.
"""

from __future__ import annotations

import doctest
import json
import os
import re
import subprocess
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, List

import pytest

import blosc2_grok

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
SHELLS = ("bash", "sh")
INSTALLS = re.compile(r"\b(pip|apt|apt-get|conda) +(un)?install|\bsudo\b")
FENCE = re.compile(
    r"(?:^[ ]*<!-- not run: (?P<reason>[^\n]*?) -->[ ]*\n\n?)?"
    r"^(?P<indent>[ ]*)```[ ]?(?P<language>\w*)[^\n]*\n(?P<code>.*?)^(?P=indent)```[ ]*$",
    re.MULTILINE | re.DOTALL,
)


@dataclass
class Block:
    """A fenced block."""

    page: Path
    line: int
    language: str
    code: str
    reason: str  # why it isn't run; empty: it is

    def run(self, names: Dict[str, Any]) -> None:
        where = f"{self.page.name}:{self.line}"
        if self.language == "python":
            # Lines are counted as in the page, for the traceback.
            exec(compile("\n" * self.line + self.code, str(self.page), "exec"), names)
        elif self.language in SHELLS:
            assert not INSTALLS.search(self.code), f"{where}: tests install nothing, say `not run`"
            folders = [str(Path(sys.executable).parent), os.environ.get("PATH", "")]
            done = subprocess.run(
                ["bash", "-euo", "pipefail", "-c", self.code],
                capture_output=True,
                text=True,
                env={**os.environ, "PATH": os.pathsep.join(folders)},
            )
            assert done.returncode == 0, f"{where}:\n{done.stdout}{done.stderr}"
        elif self.language == "pycon":
            said: List[str] = []
            test = doctest.DocTestParser().get_doctest(self.code, names, where, str(self.page), self.line)
            assert not doctest.DocTestRunner().run(test, out=said.append, clear_globs=False).failed, "".join(said)
            names.update(test.globs)


def blocks_of(page: Path) -> List[Block]:
    text = page.read_text()
    return [
        Block(
            page,
            text.count("\n", 0, found.start("code")),
            found["language"],
            textwrap.dedent(found["code"]),
            found["reason"] or "",
        )
        for found in FENCE.finditer(text)
    ]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_code_blocks_run(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names: Dict[str, Any] = {"__name__": "__main__"}
    for block in blocks_of(page):
        if not block.reason:
            blosc2_grok.set_params_defaults()
            block.run(names)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_fences_and_comments_are_understood(page: Path) -> None:
    text = page.read_text()
    blocks = blocks_of(page)
    # An odd fence would make prose of code.
    assert len(re.findall(r"^ *```", text, re.MULTILINE)) == 2 * len(blocks)
    assert text.count("<!-- not run") == sum(bool(block.reason) for block in blocks)


def test_blocks_are_found_and_fail(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "```python\na = 1\n```\n\n- item\n\n  ```sh\n  exit 3\n  ```\n\n"
        "<!-- not run: no such host -->\n```bash\nfalse\n```\n\n```pycon\n>>> a\n2\n\n```\n"
        "```sh\n: pip install nothing\n```\n"
    )
    first, second, third, fourth, fifth = blocks_of(page)
    assert (first.line, second.language, third.reason) == (1, "sh", "no such host")
    names: Dict[str, Any] = {}
    first.run(names)
    assert names["a"] == 1
    for block in (second, third, fourth, fifth):
        with pytest.raises(AssertionError):
            block.run(names)


@pytest.mark.parametrize("path", sorted((ROOT / "examples").glob("*.ipynb")), ids=lambda path: path.name)
def test_notebooks_run(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    matplotlib = pytest.importorskip("matplotlib", reason="notebooks draw")
    matplotlib.use("Agg")
    monkeypatch.chdir(tmp_path)
    cells = [cell for cell in json.loads(path.read_text())["cells"] if cell["cell_type"] == "code"]
    assert cells and not any(cell["outputs"] for cell in cells)  # they are committed without their output
    names: Dict[str, Any] = {"__name__": "__main__"}
    for number, cell in enumerate(cells):
        exec(compile("".join(cell["source"]), f"{path.name}, cell {number}", "exec"), names)
    assert matplotlib.pyplot.get_fignums()
    matplotlib.pyplot.close("all")


def test_the_site_builds(tmp_path: Path) -> None:
    """Links and anchors included, and nothing that the API page names is missing."""
    pytest.importorskip("mkdocs", reason="needs PyPI's mkdocs-material")
    pytest.importorskip("mkdocstrings_handlers.python", reason="needs PyPI's mkdocstrings-python")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path / "site")],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "site" / "api.html").read_text()
    assert [name for name in blosc2_grok.__all__ if f'id="blosc2_grok.{name}"' not in page] == []


def test_the_api_page_names_everything_public() -> None:
    named = re.findall(r"^::: blosc2_grok\.(\w+)$", (ROOT / "docs" / "api.md").read_text(), re.MULTILINE)
    assert sorted(named) == sorted(blosc2_grok.__all__)
