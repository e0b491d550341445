# SPDX-License-Identifier: BSD-3-Clause
"""What is installed here, and whether it works: the first thing to ask for in a bug report."""

from __future__ import annotations

import os
import platform
from typing import TYPE_CHECKING, Any, Callable, Dict, List, NamedTuple, Optional

from . import _native
from .errors import last_error
from .siblings import load_readers

if TYPE_CHECKING:
    import numpy

CODEC_ID = 37
_PACKAGES = ("numpy", "msgpack", "blosc2", "h5py", "hdf5plugin", "blosc2-j2k", "blosc2-htj2k")


class Check(NamedTuple):
    """One line of ``selftest()``."""

    name: str
    ok: bool
    detail: str


def diagnose() -> Dict[str, Any]:
    """Versions, the library's engines and path, the environment, and whether this blosc2 knows the codec.

    Other packages' versions are read from their metadata; of these only blosc2 is imported. It never fails: what can't
    be found out is None, or told under ``error``.

    :returns: a dict that ``json`` can write, with the keys ``version``, ``python``, ``platform``, ``packages``,
        ``library`` (engines, licence), ``libpath``, ``environment``, ``defaults`` and ``host``.
    """
    return {
        "version": _native.version(),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "packages": {name: _installed_version(name) for name in _PACKAGES},
        "library": _native.build_info(),
        "libpath": _native.libpath,
        "environment": {"BLOSC2_GROK_ENGINE": os.environ.get("BLOSC2_GROK_ENGINE")},
        "defaults": _native.get_defaults(),
        "host": _host(),
        "siblings": load_readers(),
    }


def _installed_version(name: str) -> Optional[str]:
    from importlib import metadata

    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def check_host() -> None:
    """ImportError where the installed blosc2 is older than the codec's id."""
    import blosc2

    if not hasattr(blosc2.Codec, "GROK"):
        raise ImportError(
            f"blosc2 {blosc2.__version__} does not know codec {CODEC_ID}: blosc2 2.7.1 or later is needed "
            "(pip install --upgrade blosc2)"
        )


def _host() -> Dict[str, Any]:
    try:
        import blosc2
    except Exception as error:  # a mixture of versions fails in other ways than ImportError
        return {"codec_37": None, "error": str(error)}
    codec = getattr(blosc2.Codec, "GROK", None)
    return {
        "codec_37": codec is not None and codec.value == CODEC_ID,
        "c_blosc2": getattr(blosc2, "blosclib_version", None),
    }


def selftest() -> List[Check]:
    """Stores small images losslessly and with loss through blosc2, and reads them back. It never fails itself.

    :returns: one ``Check`` a case: ``name``, ``ok``, and in ``detail`` the ratio reached or the reason of the failure.

    ```python
    >>> import blosc2_grok
    >>> all(check.ok for check in blosc2_grok.selftest())
    True

    ```
    """
    checks = [
        ("lossless uint8", lambda: _round_trip("uint8", 0)),
        ("lossless uint16", lambda: _round_trip("uint16", 0)),
        ("lossless int16", lambda: _round_trip("int16", 0)),
        ("lossy uint16, rate 4", lambda: _round_trip("uint16", 40)),
    ]
    return [_run(name, check) for name, check in checks]


def _run(name: str, check: Callable[[], str]) -> Check:
    serial = _native.message_serial()
    try:
        return Check(name, True, check())
    except Exception as error:  # whatever fails is what is to be reported
        reason = last_error(serial)
        return Check(name, False, f"{error}" + (f" ({reason})" if reason else ""))


CHUNK_BYTES = 32 + 4 + 4
"""What Blosc2 adds to a chunk's only block: header, offset and size."""


def _picture(dtype: str) -> numpy.ndarray[Any, Any]:
    """Soft waves with fine noise over the upper half of the type's range, 96 rows of 160."""
    import numpy as np

    rows, columns = np.mgrid[0:96, 0:160]
    waves = 0.5 + 0.2 * np.sin(rows / 11.0) + 0.2 * np.cos(columns / 17.0 + rows / 40.0)
    noise = (rows * 7919 + columns * 104729) * 2654435761 % 4096 / 4096.0 * 0.02
    kind = np.iinfo(dtype)
    picture: numpy.ndarray[Any, Any] = np.rint((waves + noise) * kind.max).astype(dtype)
    return picture


def _round_trip(dtype: str, codec_meta: int) -> str:
    import blosc2
    import numpy as np

    original = _picture(dtype)
    stored = blosc2.asarray(
        original,
        chunks=original.shape,
        blocks=original.shape,
        cparams={
            "codec": blosc2.Codec.GROK,
            "codec_meta": codec_meta,
            "filters": [],
            "splitmode": blosc2.SplitMode.NEVER_SPLIT,
        },
    )
    decoded = stored[:]
    ratio = original.nbytes / (len(stored.schunk.get_chunk(0)) - CHUNK_BYTES)
    if codec_meta:
        error = float(np.abs(decoded.astype(np.int64) - original).max())
        if ratio < codec_meta / 10:
            raise AssertionError(f"ratio {ratio:.2f} where {codec_meta / 10} was asked for")
        if error > np.iinfo(dtype).max / 10:
            raise AssertionError(f"largest error {error:.0f}")
        return f"ratio {ratio:.2f}, largest error {error:.0f}"
    if not np.array_equal(decoded, original):
        raise AssertionError(f"{int((decoded != original).sum())} of {original.size} samples differ")
    return f"ratio {ratio:.2f}"
