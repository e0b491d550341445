# SPDX-License-Identifier: BSD-3-Clause
"""Parameters: from what a caller writes to the plain map that the library and the ``grok`` metalayer take.

Types are converted here; values are judged in one place, the library, whose sentence becomes the ValueError.
"""

from __future__ import annotations

import difflib
import enum
import math
import operator
from dataclasses import dataclass, fields
from typing import Any, Callable, Dict, List, Mapping, Optional, Tuple, Type, TypeVar, Union

from . import _native
from .enums import GrkFileFmt, GrkMode, GrkProfile, GrkRateControl

Pair = Tuple[int, int]
_E = TypeVar("_E", bound=enum.Enum)
_T = TypeVar("_T")


class _Wrong(Exception):
    """The value has not the type whose description is the text."""


def _integer(value: object) -> int:
    if isinstance(value, enum.Enum) or not hasattr(value, "__index__"):
        raise _Wrong("an integer")
    try:
        number = int(operator.index(value))  # Python 3.9 gives a bool back as it is
    except TypeError:  # a NumPy array of several numbers has __index__, too
        raise _Wrong("an integer") from None
    if not -(2**63) <= number < 2**63:
        raise _Wrong("an integer of at most 64 bits")
    return number


def _number(value: object) -> float:
    if isinstance(value, (str, bytes, enum.Enum)) or not hasattr(value, "__float__"):
        if hasattr(value, "__index__"):
            return float(_integer(value))
        raise _Wrong("a number")
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        raise _Wrong("a number") from None


def _items(value: object, allowed: str) -> List[object]:
    """The items of a list, tuple, range or array."""
    if hasattr(value, "tolist"):  # NumPy: gives a plain number for an array without axes
        value = value.tolist()
    if isinstance(value, (str, bytes, bytearray, dict, set, frozenset)) or not hasattr(value, "__iter__"):
        raise _Wrong(allowed)
    return list(value)


def _boolean(value: object) -> bool:
    if type(value).__name__ in ("bool", "bool_"):  # NumPy's is called bool_ or bool, by version
        return bool(value)
    try:
        number = _integer(value)
    except _Wrong:
        number = -1
    if number not in (0, 1):
        raise _Wrong("True or False")
    return bool(number)


def _boolean_or_none(value: object) -> Optional[bool]:
    try:
        return None if value is None else _boolean(value)
    except _Wrong:
        raise _Wrong("True, False or None") from None


def _pair(value: object) -> Pair:
    allowed = "a pair of integers (width, height) or (x, y)"
    try:
        first, second = [_integer(item) for item in _items(value, allowed)]
    except (ValueError, _Wrong):
        raise _Wrong(allowed) from None
    return first, second


def _number_or_none(value: object) -> Optional[float]:
    try:
        return None if value is None else _number(value)
    except _Wrong:
        raise _Wrong("a number or None") from None


def _bound_or_none(value: object) -> Optional[float]:
    """Like _number_or_none, but an integer without an exact float is rounded down: a bound must not grow."""
    number = _number_or_none(value)
    if number is not None and isinstance(value, int) and number > value:
        return math.nextafter(number, 0)
    return number


def _numbers(value: object) -> Tuple[float, ...]:
    if value is None:
        return ()
    allowed = "a number or a sequence of numbers"
    try:
        if getattr(value, "ndim", None) == 0 or not hasattr(value, "__iter__"):
            return (_number(value),)
        return tuple(_number(item) for item in _items(value, allowed))
    except _Wrong:
        raise _Wrong(allowed) from None


def _kept_values(value: object) -> Tuple[Union[int, float], ...]:
    """Like _numbers, but integers stay integers: a 64-bit one has no exact float."""
    allowed = "a number or a sequence of numbers"
    if value is None:
        return ()
    single = getattr(value, "ndim", None) == 0 or not hasattr(value, "__iter__")
    try:
        return tuple(
            _integer(item) if hasattr(item, "__index__") else _number(item)
            for item in ([value] if single else _items(value, allowed))
        )
    except _Wrong:
        raise _Wrong(allowed) from None


def _text(value: object) -> str:
    if not isinstance(value, str) or isinstance(value, enum.Enum):
        raise _Wrong("a string")
    return str(value)


def _text_or_none(value: object) -> Optional[str]:
    try:
        return None if value is None else _text(value)
    except _Wrong:
        raise _Wrong("a string or None") from None


def _number_or_auto(value: object) -> Union[int, str]:
    try:
        return _text(value) if isinstance(value, str) else _integer(value)
    except _Wrong:
        raise _Wrong('an integer or "auto"') from None


def _number_auto_or_none(value: object) -> Union[int, str, None]:
    try:
        return None if value is None else _number_or_auto(value)
    except _Wrong:
        raise _Wrong('None, an integer or "auto"') from None


def _layout(value: object) -> Union[str, Tuple[int, ...], None]:
    if value is None or isinstance(value, str):
        return value
    allowed = 'None, "planes", "interleaved", "row" or (row axis, column axis[, channel axis])'
    try:
        return tuple(_integer(item) for item in _items(value, allowed))
    except _Wrong:
        raise _Wrong(allowed) from None


def _member(enumeration: Type[_E], flags: bool = False) -> Callable[[object], Union[_E, int]]:
    """A converter to a member of ``enumeration``; a number that none has is left for the library to judge."""

    def convert(value: object) -> Union[_E, int]:
        if isinstance(value, enumeration):
            return value
        try:
            if isinstance(value, str):
                names = [name.strip() for name in value.split("|")] if flags else [value]
                return enumeration(sum(enumeration[name].value for name in set(names)))
            number = _integer(value)
        except (KeyError, _Wrong):
            known = ", ".join(f"{name} ({member.value})" for name, member in enumeration.__members__.items())
            raise _Wrong(f"a {enumeration.__name__}, its name or its number: {known}") from None
        if flags and number < 0:  # a flag enumeration would take it for a complement
            return number
        try:
            return enumeration(number)
        except ValueError:
            return number

    return convert


def _file_format(value: object) -> Union[GrkFileFmt, int]:
    return GrkFileFmt.GRK_FMT_JP2 if value is None else _member(GrkFileFmt)(value)


@dataclass(frozen=True, init=False)
class Params:
    """A checked set of parameters, which doesn't change any more.

    Values may be given as NumPy scalars and arrays, enumerations also by name or number, pairs as any sequence of two.
    Pairs are (width, height) or (x, y), as in Pillow.

    :param parameters: any of the fields below; the others have their defaults.
    :raises ValueError: names parameter, value and what is allowed.

    ```python
    >>> from blosc2_grok import Params
    >>> Params(quality_mode="dB", quality_layers=60, bits_per_sample=12).quality_layers
    (60.0,)
    >>> Params(codeblock_size=(100, 100))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    ValueError: codeblock_size is ...

    ```
    """

    tile_size: Pair = (0, 0)
    """Size of the tiles; (0, 0): one tile."""
    tile_offset: Pair = (0, 0)
    """Where the grid of tiles begins."""
    quality_mode: Optional[str] = None
    """"rates": layers are compression ratios of each block; "dB": they are peak signal-to-noise ratios."""
    quality_layers: Tuple[float, ...] = ()
    """One number per quality layer, the best last."""
    numgbits: int = 2
    """Guard bits."""
    progression: str = "LRCP"
    """Order of the packets: LRCP, RLCP, RPCL, PCRL or CPRL."""
    num_resolutions: int = 6
    """Resolutions, one more than wavelet decompositions; fewer where the block is too small for so many."""
    codeblock_size: Pair = (64, 64)
    """Size of code-blocks."""
    mode: Union[GrkMode, int] = GrkMode.DEFAULT
    """Code-block style."""
    irreversible: Optional[bool] = None
    """True: 9/7 wavelet; False: 5/3; None: as fits the quality asked for."""
    roi_compno: int = -1
    """Component that ``roi_shift`` is for; -1: none."""
    roi_shift: int = 0
    """Bit-planes by which the region of interest is shifted up."""
    precinct_size: Pair = (0, 0)
    """Size of the precincts; (0, 0): the greatest."""
    offset: Pair = (0, 0)
    """Where the image lies on the reference grid."""
    decod_format: Union[GrkFileFmt, int] = GrkFileFmt.GRK_FMT_UNK
    """Accepted, without effect: the stored block says what it is."""
    cod_format: Union[GrkFileFmt, int] = GrkFileFmt.GRK_FMT_JP2
    """``GRK_FMT_JP2``: each block is a JP2 file; ``GRK_FMT_J2K``: a bare codestream."""
    enableTilePartGeneration: bool = False
    """Tile-parts, see grok.h."""
    mct: Union[int, str] = 0
    """1: colour transform on the first three components; 0: none; "auto": on colour images."""
    max_cs_size: int = 0
    """Greatest size of a codestream in bytes; 0: none."""
    max_comp_size: int = 0
    """Greatest size of a component in bytes; 0: none."""
    rsiz: Union[GrkProfile, int] = GrkProfile.GRK_PROFILE_NONE
    """Profile."""
    framerate: int = 0
    """Frames a second, for the cinema and IMF profiles."""
    apply_icc_: bool = False
    """Accepted, without effect: blocks have no colour profile."""
    rateControlAlgorithm: Union[GrkRateControl, int] = GrkRateControl.BISECT
    """How rates are met."""
    num_threads: int = 0
    """Threads inside a block; 0: Blosc2's number for a chunk of one block, else 1."""
    deviceId: int = 0
    """Accepted, without effect."""
    duration: int = 0
    """Accepted, without effect."""
    repeats: int = 1
    """Accepted, without effect."""
    verbose: bool = False
    """Prints a line about each block that is encoded to standard error."""
    bits_per_sample: Union[int, str, None] = None
    """Bits that samples use; None: all of the dtype's; "auto": the most that the array uses."""
    layout: Union[str, Tuple[int, ...], None] = None
    """"planes", "interleaved", "row" or (row axis, column axis[, channel axis]); None: by the array's shape."""
    engine: str = "auto"
    """"auto", "openjpeg", "grok" or "j2k"."""
    verify: str = "sampled"
    """HT blocks decoded again before they leave: "sampled" (one in 64), "all" (of Part 1, too) or "none"."""
    write_plt: bool = False
    """PLT marker segments: the length of each packet, so that readers find one without reading those before it."""
    write_tlm: bool = False
    """TLM marker segments: the length of each tile-part, in the main header."""
    max_error: Optional[float] = None
    """No sample is changed by more than this, in the samples' own units."""
    rmse: Optional[float] = None
    """Root-mean-square error of each block at most this, in the samples' own units."""
    psnr: Optional[float] = None
    """Peak signal-to-noise ratio of each block at least this, in dB."""
    keep: Tuple[Union[int, float], ...] = ()
    """Values that stay exact in lossy blocks."""

    def __init__(self, **parameters: Any) -> None:
        for name in parameters:
            if name not in _CONVERTERS:
                raise ValueError(_unknown(name))
        for name, value in _DEFAULTS.items():
            object.__setattr__(self, name, _convert(name, parameters[name]) if name in parameters else value)
        checked = self.to_dict()
        if checked["bits_per_sample"] == "auto":  # asarray makes a number of it, which only it can
            checked["bits_per_sample"] = None
        _native.normalize(checked)

    def to_dict(self) -> Dict[str, Any]:
        """The map that is packed for the library: numbers, strings, None and lists of them only."""
        return {name: _plain(getattr(self, name)) for name in _DEFAULTS}

    @classmethod
    def from_dict(cls, parameters: Mapping[str, Any]) -> Params:
        """The inverse of ``to_dict``; names left out have their defaults."""
        return cls(**parameters)


_DEFAULTS: Dict[str, Any] = {field.name: field.default for field in fields(Params)}


def _plain(value: Any) -> Any:
    if isinstance(value, enum.Enum):
        return int(value.value)
    return list(value) if isinstance(value, tuple) else value


_CONVERTERS: Dict[str, Callable[[object], Any]] = {
    "tile_size": _pair,
    "tile_offset": _pair,
    "quality_mode": _text_or_none,
    "quality_layers": _numbers,
    "numgbits": _integer,
    "progression": _text,
    "num_resolutions": _integer,
    "codeblock_size": _pair,
    "mode": _member(GrkMode, flags=True),
    "irreversible": _boolean_or_none,
    "roi_compno": _integer,
    "roi_shift": _integer,
    "precinct_size": _pair,
    "offset": _pair,
    "decod_format": _member(GrkFileFmt),
    "cod_format": _file_format,
    "enableTilePartGeneration": _boolean,
    "mct": _number_or_auto,
    "max_cs_size": _integer,
    "max_comp_size": _integer,
    "rsiz": _member(GrkProfile),
    "framerate": _integer,
    "apply_icc_": _boolean,
    "rateControlAlgorithm": _member(GrkRateControl),
    "num_threads": _integer,
    "deviceId": _integer,
    "duration": _integer,
    "repeats": _integer,
    "verbose": _boolean,
    "bits_per_sample": _number_auto_or_none,
    "layout": _layout,
    "engine": _text,
    "verify": _text,
    "write_plt": _boolean,
    "write_tlm": _boolean,
    "max_error": _bound_or_none,
    "rmse": _number_or_none,
    "psnr": _number_or_none,
    "keep": _kept_values,
}


def _convert(name: str, value: object) -> Any:
    try:
        return _CONVERTERS[name](value)
    except _Wrong as wrong:
        shown = repr(value)
        shown = shown if len(shown) <= 80 else shown[:77] + "..."
        raise ValueError(f"{name} is {shown}: it must be {wrong}") from None


def _unknown(name: str) -> str:
    folded = {known.lower(): known for known in _CONVERTERS}
    near = difflib.get_close_matches(name.lower(), folded, n=1, cutoff=0.0)
    return f"'{name}' is no parameter: the nearest is '{folded[near[0]]}'"


def factory_defaults() -> Dict[str, Any]:
    """The parameters of blosc2-grok 0.3.5 with their defaults, for ``params_defaults``."""
    import numpy

    new = {"bits_per_sample", "layout", "engine", "verify", "write_plt", "write_tlm"}
    new |= {"max_error", "rmse", "psnr", "keep"}
    defaults = {field.name: field.default for field in fields(Params) if field.name not in new}
    defaults["quality_layers"] = numpy.zeros(0, dtype=numpy.float64)
    defaults["irreversible"] = False
    return defaults
