# SPDX-License-Identifier: BSD-3-Clause
"""JPEG 2000 for Blosc2: importing this package makes codec 37, ``blosc2.Codec.GROK``, work in this process.

The import loads the plugin's library, so that Blosc2 finds it by name; it imports neither blosc2 nor NumPy.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any, Dict, List

from . import _native
from ._native import Message, libpath, message_serial
from .blocks import StoredBlock, codestreams
from .diagnosis import check_host, diagnose, selftest
from .enums import GrkFileFmt, GrkMode, GrkProfile, GrkRateControl
from .errors import Error, last_error, notices
from .params import Params, factory_defaults
from .siblings import convert, load_readers

if TYPE_CHECKING:
    from .arrays import asarray, cparams, like, meta, params_of
    from .calibration import calibrate
    from .reading import Verification, read, verify

__all__ = [
    "Error",
    "GrkFileFmt",
    "GrkMode",
    "GrkProfile",
    "GrkRateControl",
    "Message",
    "Params",
    "StoredBlock",
    "Verification",
    "asarray",
    "calibrate",
    "codestreams",
    "convert",
    "cparams",
    "destroy",
    "diagnose",
    "get_libpath",
    "last_error",
    "libpath",
    "like",
    "message_serial",
    "meta",
    "notices",
    "params_defaults",
    "params_of",
    "print_libpath",
    "read",
    "selftest",
    "set_params_defaults",
    "verify",
]

# These need NumPy and blosc2, which programs that only look for the library don't wait for: imported on first use.
_LATER = {
    "Verification": "reading",
    "asarray": "arrays",
    "calibrate": "calibration",
    "cparams": "arrays",
    "like": "arrays",
    "meta": "arrays",
    "params_of": "arrays",
    "read": "reading",
    "verify": "reading",
}

__version__: str = _native.version()

load_readers()

params_defaults: Dict[str, Any]
"""The factory defaults, by parameter name; changing this dict has no effect."""


if not TYPE_CHECKING:  # a type checker would take any misspelt name for one of these

    def __getattr__(name: str) -> Any:
        if name in _LATER:
            check_host()
            return globals().setdefault(name, getattr(import_module(f".{_LATER[name]}", __name__), name))
        # Made on first use, too, since it holds a NumPy array.
        if name == "params_defaults":
            return globals().setdefault(name, factory_defaults())
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> List[str]:
    return sorted({*globals(), *__all__})


def set_params_defaults(**kwargs: Any) -> None:
    """Sets the parameters of blocks that are encoded from now on in this process.

    Every call starts from the factory defaults, not from the last call; without arguments it restores them. They serve
    arrays that have no parameters of their own; ``cparams["codec_meta"]`` replaces their quality.

    :param kwargs: the fields of ``Params``.
    :raises ValueError: names parameter, value and what is allowed; the parameters stay as they were.

    ```python
    >>> import blosc2_grok
    >>> blosc2_grok.set_params_defaults(quality_mode="rates", quality_layers=[8])  # each block 8 times smaller
    >>> blosc2_grok.set_params_defaults()  # lossless again

    ```
    """
    _native.set_defaults(Params(**kwargs).to_dict())


def get_libpath() -> str:
    """Where the plugin's library is; the same as ``libpath``.

    :returns: the absolute path of ``libblosc2_grok.so``.
    """
    return libpath


def print_libpath() -> None:
    """Prints the path of the plugin's library, without a newline: C-Blosc2 asks for it in this way."""
    sys.stdout.write(libpath)
    sys.stdout.flush()


def destroy() -> None:
    """Does nothing: the library keeps nothing that has to be given back. Kept for programs that call it."""
