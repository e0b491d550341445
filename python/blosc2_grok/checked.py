# SPDX-License-Identifier: BSD-3-Clause
"""Checked parameters, kept: many arrays are made with the same ones, and each several times over."""

from __future__ import annotations

from typing import Any, Dict, Mapping, NamedTuple

from . import _native
from .params import Params

_MOST_KEPT = 64


class _Checked(NamedTuple):
    params: Params
    plain: Dict[str, Any]


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
