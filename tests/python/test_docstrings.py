# SPDX-License-Identifier: BSD-3-Clause
"""Docstrings of the public names: complete, true to the signature, and their examples run."""

from __future__ import annotations

import ast
import builtins
import dataclasses
import doctest
import enum
import inspect
import re
import sys
from pathlib import Path
from typing import Any, Dict, Iterator, List, Set

import pytest

import blosc2_grok

# These have no error to name.
CANNOT_FAIL = {
    *("destroy", "diagnose", "get_libpath", "last_error", "message_serial", "notices", "print_libpath", "selftest"),
}
CONSTANTS = {name for name in blosc2_grok.__all__ if not callable(getattr(blosc2_grok, name))}
FUNCTIONS = [name for name in blosc2_grok.__all__ if inspect.isfunction(getattr(blosc2_grok, name))]
CLASSES = [name for name in blosc2_grok.__all__ if inspect.isclass(getattr(blosc2_grok, name))]


def names_in(doc: str, field: str) -> Set[str]:
    """`:param NAME:` or `:raises NAME:`."""
    return set(re.findall(rf"^ *:{field} (\w+):", doc, re.MULTILINE))


def documented_assignments(source: str) -> Set[str]:
    """Names that are assigned and followed by a string, at any level."""
    found: Set[str] = set()
    for node in ast.walk(ast.parse(source)):
        body: List[ast.stmt] = getattr(node, "body", [])
        for statement, following in zip(body, body[1:]) if isinstance(body, list) else ():
            if not (isinstance(following, ast.Expr) and isinstance(following.value, ast.Constant)):
                continue
            if isinstance(following.value.value, str) and isinstance(statement, (ast.Assign, ast.AnnAssign)):
                targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
                found.update(target.id for target in targets if isinstance(target, ast.Name))
    return found


def test_each_public_name_is_of_a_known_kind() -> None:
    assert len(CONSTANTS) + len(FUNCTIONS) + len(CLASSES) == len(blosc2_grok.__all__)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_names_parameters_results_and_errors(name: str) -> None:
    function = getattr(blosc2_grok, name)
    doc = inspect.getdoc(function) or ""
    signature = inspect.signature(function)
    assert doc and doc.split("\n")[0].endswith((".", ":")), "the first line is a sentence"
    assert names_in(doc, "param") == set(signature.parameters)
    assert (":returns:" in doc) == (signature.return_annotation not in (None, "None"))
    raised = names_in(doc, "raises")
    assert bool(raised) == (name not in CANNOT_FAIL)
    for error in raised:
        kind = getattr(blosc2_grok, error, None) or getattr(builtins, error)
        assert issubclass(kind, Exception)


@pytest.mark.parametrize("name", CLASSES)
def test_a_class_tells_what_its_fields_and_methods_are(name: str) -> None:
    kind = getattr(blosc2_grok, name)
    assert kind.__doc__ and not kind.__doc__.startswith(f"{name}("), "not what dataclasses or enum would write"
    if issubclass(kind, enum.Enum):
        return
    if dataclasses.is_dataclass(kind):
        source = Path(inspect.getfile(kind)).read_text()
        missing = {field.name for field in dataclasses.fields(kind)} - documented_assignments(source)
        assert not missing
    for method, member in vars(kind).items():
        if not method.startswith("_") and (callable(member) or isinstance(member, (property, classmethod))):
            assert inspect.getdoc(member), method


@pytest.mark.parametrize("name", sorted(CONSTANTS))
def test_a_constant_has_a_sentence(name: str) -> None:
    folder = Path(blosc2_grok.__file__).parent
    assert any(name in documented_assignments(path.read_text()) for path in folder.glob("*.py"))


def examples() -> Iterator[Any]:
    for name in blosc2_grok.__all__:
        value = getattr(blosc2_grok, name)
        if name not in CONSTANTS:
            for test in doctest.DocTestFinder().find(value, name, module=sys.modules[value.__module__], globs={}):
                if test.examples:
                    yield pytest.param(test, id=test.name)


@pytest.mark.parametrize("test", list(examples()))
def test_examples_run(test: doctest.DocTest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    said: List[str] = []
    result = doctest.DocTestRunner().run(test, out=said.append)
    assert result.attempted and not result.failed, "".join(said)


def test_the_ways_in_have_examples() -> None:
    found: Dict[str, Any] = {case.id.split(".")[0]: case for case in examples()}
    assert {"asarray", "read", "verify", "calibrate", "codestreams", "like", "set_params_defaults"} <= set(found)
