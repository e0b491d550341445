# SPDX-License-Identifier: BSD-3-Clause
"""Checked parameters, kept: many arrays are made with the same ones, and each several times over."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Dict, Mapping

from . import _native
from .params import Params

_MOST_KEPT = 64


@dataclass
class _Checked:
    params: Params
    plain: Dict[str, Any]

    @cached_property
    def normal(self) -> Dict[str, Any]:
        return _native.normalize(self.plain)


_kept: Dict[bytes, _Checked] = {}


def checked_params(parameters: Mapping[str, Any]) -> Params:
    """``Params(**parameters)``.

    :raises ValueError: a parameter is wrong.
    """
    return _check(parameters).params


def plain_params(parameters: Mapping[str, Any]) -> Dict[str, Any]:
    """``Params(**parameters).to_dict()``; its lists are not to be changed.

    :raises ValueError: a parameter is wrong.
    """
    return dict(_check(parameters).plain)


def normal_params(parameters: Mapping[str, Any]) -> Dict[str, Any]:
    """The whole set in canonical form, as the metalayer has it; its lists are not to be changed.

    :raises ValueError: a parameter is wrong.
    """
    return dict(_check(parameters).normal)


def _check(parameters: Mapping[str, Any]) -> _Checked:
    try:
        key = _native.pack(parameters)
    except (TypeError, ValueError, OverflowError):  # NumPy's numbers and arrays, and what is refused below
        key = b""
    found = _kept.get(key)
    if found is None:
        params = Params(**parameters)
        found = _Checked(params, params.to_dict())
        if len(_kept) >= _MOST_KEPT:
            _kept.clear()
        if key:
            _kept[key] = found
    return found
