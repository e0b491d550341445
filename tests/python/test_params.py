# SPDX-License-Identifier: BSD-3-Clause
"""Every parameter by name, type and range. Python judges types, the library values; both texts end up in ValueError."""

from __future__ import annotations

import re
from typing import Any, Dict, List, Tuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import blosc2_grok
from blosc2_grok import GrkFileFmt, GrkMode, GrkProfile, GrkRateControl, Params, _native

FACTORY: Dict[str, Any] = {
    "tile_size": [0, 0],
    "tile_offset": [0, 0],
    "quality_mode": None,
    "quality_layers": [],
    "numgbits": 2,
    "progression": "LRCP",
    "num_resolutions": 6,
    "codeblock_size": [64, 64],
    "mode": 0,
    "irreversible": None,
    "roi_compno": -1,
    "roi_shift": 0,
    "precinct_size": [0, 0],
    "offset": [0, 0],
    "decod_format": 0,
    "cod_format": 2,
    "enableTilePartGeneration": False,
    "mct": 0,
    "max_cs_size": 0,
    "max_comp_size": 0,
    "rsiz": 0,
    "framerate": 0,
    "apply_icc_": False,
    "rateControlAlgorithm": 0,
    "num_threads": 0,
    "deviceId": 0,
    "duration": 0,
    "repeats": 1,
    "verbose": False,
    "bits_per_sample": None,
    "layout": None,
    "engine": "auto",
    "verify": "sampled",
    "write_plt": False,
    "write_tlm": False,
    "max_error": None,
    "rmse": None,
    "psnr": None,
    "keep": [],
}

RATES = {"quality_mode": "rates", "quality_layers": [8]}

# What a caller may write, and what is packed for it.
ACCEPTED: List[Tuple[str, Any, Any]] = [
    ("tile_size", (64, 32), [64, 32]),
    ("tile_size", [64, 32], [64, 32]),
    ("tile_size", np.array([64, 32]), [64, 32]),
    ("tile_size", (np.uint8(64), np.int64(32)), [64, 32]),
    ("tile_size", range(1, 3), [1, 2]),
    ("tile_offset", (3, 4), [3, 4]),
    ("offset", (33, 40), [33, 40]),
    ("numgbits", 7, 7),
    ("numgbits", np.int16(1), 1),
    ("numgbits", np.array(1), 1),
    ("numgbits", True, 1),
    ("progression", "RPCL", "RPCL"),
    ("progression", np.str_("CPRL"), "CPRL"),
    ("num_resolutions", 1, 1),
    ("num_resolutions", 33, 33),
    ("codeblock_size", (256, 8), [256, 8]),
    ("codeblock_size", (4, 1024), [4, 1024]),
    ("precinct_size", (32, 32), [32, 32]),
    ("mode", GrkMode.LAZY | GrkMode.RESET, 3),
    ("mode", "LAZY", 1),
    ("mode", "LAZY|RESET", 3),
    ("mode", "LAZY | SEGSYM | LAZY", 33),
    ("mode", 3, 3),
    ("mode", "DEFAULT", 0),
    ("mode", GrkMode.HT, 64),
    ("irreversible", True, True),
    ("irreversible", False, False),
    ("irreversible", None, None),
    ("irreversible", 1, True),
    ("irreversible", np.False_, False),
    ("roi_compno", 3, 3),
    ("roi_shift", 8, 8),
    ("decod_format", GrkFileFmt.GRK_FMT_PNG, 9),
    ("cod_format", GrkFileFmt.GRK_FMT_J2K, 1),
    ("cod_format", "GRK_FMT_J2K", 1),
    ("cod_format", 1, 1),
    ("cod_format", np.uint8(2), 2),
    ("cod_format", None, 2),
    ("enableTilePartGeneration", True, True),
    ("mct", 1, 1),
    ("mct", "auto", "auto"),
    ("max_cs_size", 256, 256),
    ("max_comp_size", 256, 256),
    ("rsiz", GrkProfile.GRK_PROFILE_1, 2),
    ("rsiz", "GRK_PROFILE_CINEMA_2K", 3),
    ("rsiz", 0x0400, 0x0400),
    ("framerate", 24, 24),
    ("apply_icc_", True, True),
    ("rateControlAlgorithm", GrkRateControl.PCRD_OPT, 1),
    ("rateControlAlgorithm", "BISECT", 0),
    ("num_threads", 2, 2),
    ("deviceId", 1, 1),
    ("duration", 1, 1),
    ("repeats", 0, 0),
    ("verbose", True, True),
    ("verbose", 0, False),
    ("bits_per_sample", 12, 12),
    ("bits_per_sample", None, None),
    ("layout", "planes", "planes"),
    ("layout", (0, 1), [0, 1]),
    ("layout", [1, 2, 0], [1, 2, 0]),
    ("engine", "openjpeg", "openjpeg"),
    ("verify", "all", "all"),
    ("write_plt", True, True),
    ("write_tlm", 1, True),
    ("max_error", 0, 0.0),
    ("max_error", np.float32(0.5), 0.5),
    ("rmse", 2, 2.0),
    ("psnr", 60.5, 60.5),
    ("psnr", None, None),
    ("keep", [65535], [65535]),
    ("keep", np.array([0, 65535], dtype=np.uint16), [0, 65535]),
    ("keep", 0.5, [0.5]),
]


@pytest.mark.parametrize("name, value, packed", ACCEPTED, ids=lambda v: repr(v)[:40])
def test_value_is_packed_in_its_canonical_type(name: str, value: Any, packed: Any) -> None:
    plain = Params(**{name: value}).to_dict()
    assert plain == {**FACTORY, name: packed}
    assert type(plain[name]) is type(packed)
    assert _native.normalize(plain)[name] == packed


@pytest.mark.parametrize(
    "layers, packed",
    [
        (np.array([5], dtype=np.float64), [5.0]),
        (np.array([20, 10], dtype=np.float32), [20.0, 10.0]),
        (np.array([20, 10]), [20.0, 10.0]),
        (np.array(5.5), [5.5]),
        ([20, 10.5], [20.0, 10.5]),
        ((20, 10), [20.0, 10.0]),
        (8, [8.0]),
        (2.5, [2.5]),
        (np.float32(2.5), [2.5]),
        (np.int32(8), [8.0]),
    ],
    ids=repr,
)
def test_quality_layers_are_numbers_in_any_vessel(layers: Any, packed: List[float]) -> None:
    plain = Params(quality_mode="rates", quality_layers=layers).to_dict()
    assert plain["quality_layers"] == packed
    assert all(type(layer) is float for layer in plain["quality_layers"])
    assert _native.normalize(plain)["quality_layers"] == packed


def test_no_layers() -> None:
    vessels: List[Any] = [None, [], (), np.zeros(0, dtype=np.float64)]
    for nothing in vessels:
        assert Params(quality_layers=nothing).to_dict() == FACTORY


def test_defaults() -> None:
    assert Params().to_dict() == FACTORY
    assert _native.normalize({}) == {**_native.normalize({}), **FACTORY}
    assert _native.get_defaults() == _native.normalize({})


PAIR = "a pair of integers (width, height) or (x, y)"
FILE_FORMATS = ", ".join(f"{name} ({member.value})" for name, member in GrkFileFmt.__members__.items())

# Python's own texts, in full.
WRONG_TYPE: List[Tuple[str, Any, str]] = [
    ("tile_size", (1,), f"tile_size is (1,): it must be {PAIR}"),
    ("tile_size", (1, 2, 3), f"tile_size is (1, 2, 3): it must be {PAIR}"),
    ("tile_size", 64, f"tile_size is 64: it must be {PAIR}"),
    ("tile_size", "64", f"tile_size is '64': it must be {PAIR}"),
    ("tile_size", None, f"tile_size is None: it must be {PAIR}"),
    ("tile_size", (1.5, 2), f"tile_size is (1.5, 2): it must be {PAIR}"),
    ("tile_size", {1, 2}, f"tile_size is {{1, 2}}: it must be {PAIR}"),
    ("tile_offset", (), f"tile_offset is (): it must be {PAIR}"),
    ("codeblock_size", [[1], [2]], f"codeblock_size is [[1], [2]]: it must be {PAIR}"),
    ("precinct_size", True, f"precinct_size is True: it must be {PAIR}"),
    ("offset", "xy", f"offset is 'xy': it must be {PAIR}"),
    ("numgbits", 2.0, "numgbits is 2.0: it must be an integer"),
    ("numgbits", "2", "numgbits is '2': it must be an integer"),
    ("numgbits", None, "numgbits is None: it must be an integer"),
    ("num_resolutions", [6], "num_resolutions is [6]: it must be an integer"),
    ("roi_compno", float("nan"), "roi_compno is nan: it must be an integer"),
    ("roi_shift", np.array([1, 2]), "roi_shift is array([1, 2]): it must be an integer"),
    ("repeats", 2**70, f"repeats is {2**70}: it must be an integer of at most 64 bits"),
    ("num_threads", GrkMode.LAZY, f"num_threads is {GrkMode.LAZY!r}: it must be an integer"),
    ("max_cs_size", 1e3, "max_cs_size is 1000.0: it must be an integer"),
    ("progression", 1, "progression is 1: it must be a string"),
    ("progression", b"LRCP", "progression is b'LRCP': it must be a string"),
    ("quality_mode", 1, "quality_mode is 1: it must be a string or None"),
    ("quality_layers", "8", "quality_layers is '8': it must be a number or a sequence of numbers"),
    ("quality_layers", ["8"], "quality_layers is ['8']: it must be a number or a sequence of numbers"),
    ("quality_layers", [[8]], "quality_layers is [[8]]: it must be a number or a sequence of numbers"),
    ("quality_layers", 1j, "quality_layers is 1j: it must be a number or a sequence of numbers"),
    ("quality_layers", {8}, "quality_layers is {8}: it must be a number or a sequence of numbers"),
    ("irreversible", "yes", "irreversible is 'yes': it must be True, False or None"),
    ("irreversible", 2, "irreversible is 2: it must be True, False or None"),
    ("verbose", None, "verbose is None: it must be True or False"),
    ("apply_icc_", 0.0, "apply_icc_ is 0.0: it must be True or False"),
    ("mct", 1.0, 'mct is 1.0: it must be an integer or "auto"'),
    ("mct", None, 'mct is None: it must be an integer or "auto"'),
    ("bits_per_sample", 12.0, 'bits_per_sample is 12.0: it must be None, an integer or "auto"'),
    ("engine", None, "engine is None: it must be a string"),
    (
        "layout",
        1,
        'layout is 1: it must be None, "planes", "interleaved", "row" or (row axis, column axis[, channel axis])',
    ),
    ("max_error", "small", "max_error is 'small': it must be a number or None"),
    ("psnr", [60], "psnr is [60]: it must be a number or None"),
    ("keep", "all", "keep is 'all': it must be a number or a sequence of numbers"),
    (
        "cod_format",
        "jp2",
        f"cod_format is 'jp2': it must be a GrkFileFmt, its name or its number: {FILE_FORMATS}",
    ),
    (
        "cod_format",
        GrkProfile.GRK_PROFILE_0,
        f"cod_format is {GrkProfile.GRK_PROFILE_0!r}: it must be a GrkFileFmt, its name or its number: {FILE_FORMATS}",
    ),
    (
        "rateControlAlgorithm",
        "BEST",
        "rateControlAlgorithm is 'BEST': it must be a GrkRateControl, its name or its number: BISECT (0), PCRD_OPT (1)",
    ),
    (
        "mode",
        "LAZY|QUICK",
        "mode is 'LAZY|QUICK': it must be a GrkMode, its name or its number: DEFAULT (0), LAZY (1), RESET (2), "
        "TERMALL (4), VSC (8), PTERM (16), SEGSYM (32), HT (64), HT_MIXED (128), HT_PHLD (256), JPH_RSIZ_FLAG (16384)",
    ),
]


@pytest.mark.parametrize("name, value, text", WRONG_TYPE, ids=lambda v: repr(v)[:40])
def test_wrong_type_is_named(name: str, value: Any, text: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
        Params(**{name: value})


def test_a_long_value_is_cut_in_the_message() -> None:
    with pytest.raises(ValueError) as raised:
        Params(tile_size=list(range(1000)))
    assert len(str(raised.value)) < 200


@pytest.mark.parametrize(
    "name, near",
    [
        ("tilesize", "tile_size"),
        ("Tile_Size", "tile_size"),
        ("quality_layer", "quality_layers"),
        ("num_thread", "num_threads"),
        ("apply_icc", "apply_icc_"),
        ("device_id", "deviceId"),
        ("rate_control_algorithm", "rateControlAlgorithm"),
        ("progresion", "progression"),
    ],
)
def test_unknown_name_gets_the_nearest(name: str, near: str) -> None:
    with pytest.raises(ValueError, match=f"^'{name}' is no parameter: the nearest is '{near}'$"):
        Params(**{name: 1})
    with pytest.raises(ValueError, match=near):
        blosc2_grok.set_params_defaults(**{name: 1})


# The library's judgement: the text names parameter and value, and says what is allowed.
WRONG_VALUE: List[Tuple[Dict[str, Any], str]] = [
    ({"tile_size": (-1, 64)}, "-1"),
    ({"tile_size": (0, 64)}, "0"),
    ({"tile_size": (2**40, 64)}, str(2**40)),
    ({"tile_offset": (-1, 0)}, "-1"),
    ({"offset": (0, -3)}, "-3"),
    ({"numgbits": -1}, "-1"),
    ({"numgbits": 8}, "8"),
    ({"progression": "LRCPP"}, "LRCPP"),
    ({"progression": "lrcp"}, "lrcp"),
    ({"num_resolutions": 0}, "0"),
    ({"num_resolutions": 34}, "34"),
    ({"codeblock_size": (2, 2)}, "2"),
    ({"codeblock_size": (128, 128)}, "128"),
    ({"codeblock_size": (-4, -4)}, "-4"),
    ({"codeblock_size": (48, 48)}, "48"),
    ({"codeblock_size": (2048, 1)}, "2048"),
    ({"precinct_size": (33, 32)}, "33"),
    ({"precinct_size": (65536, 65536)}, "65536"),
    ({"mode": GrkMode.HT_MIXED}, "128"),
    ({"mode": GrkMode.HT_PHLD}, "256"),
    ({"mode": GrkMode.JPH_RSIZ_FLAG}, "16384"),
    ({"mode": -1}, "-1"),
    ({"roi_compno": -2}, "-2"),
    ({"roi_shift": -1}, "-1"),
    ({"roi_shift": 38}, "38"),
    ({"decod_format": 12}, "12"),
    ({"cod_format": GrkFileFmt.GRK_FMT_PNG}, "9"),
    ({"cod_format": 99}, "99"),
    ({"mct": 2}, "2"),
    ({"mct": 99}, "99"),
    ({"mct": -1}, "-1"),
    ({"mct": "on"}, "on"),
    ({"max_cs_size": -1}, "-1"),
    ({"max_comp_size": -1}, "-1"),
    ({"rsiz": 99}, "99"),
    ({"rsiz": -1}, "-1"),
    ({"framerate": -1}, "-1"),
    ({"rateControlAlgorithm": 2}, "2"),
    ({"num_threads": -1}, "-1"),
    ({"num_threads": 100_000}, "100000"),
    ({"duration": -1}, "-1"),
    ({"repeats": -1}, "-1"),
    ({"quality_mode": "db", "quality_layers": [5]}, "db"),
    ({"quality_mode": "rates", "quality_layers": [float("nan")]}, "nan"),
    ({"quality_mode": "rates", "quality_layers": [float("inf")]}, "inf"),
    ({"quality_mode": "rates", "quality_layers": [-3]}, "-3"),
    ({"quality_mode": "dB", "quality_layers": [-3]}, "-3"),
    ({"quality_mode": "rates", "quality_layers": range(1, 5001)}, "5000"),
    ({"bits_per_sample": 0}, "0"),
    ({"bits_per_sample": 65}, "65"),
    ({"layout": "columns"}, "columns"),
    ({"layout": (0, 0)}, "0"),
    ({"layout": (0,)}, "0"),
    ({"layout": (-1, 0)}, "-1"),
    ({"layout": (0, 1, 2, 3)}, "3"),
    ({"engine": "kakadu"}, "kakadu"),
    ({"verify": "sometimes"}, "sometimes"),
    ({"max_error": -1}, "-1"),
    ({"max_error": float("nan")}, "nan"),
    ({"rmse": 0}, "0"),
    ({"psnr": float("inf")}, "inf"),
]


@pytest.mark.parametrize("parameters, value", WRONG_VALUE, ids=str)
def test_wrong_value_is_named(parameters: Dict[str, Any], value: str) -> None:
    name = list(parameters)[-1] if parameters.get("quality_mode") != "db" else "quality_mode"
    with pytest.raises(ValueError) as raised:
        Params(**parameters)
    text = str(raised.value)
    assert text.startswith(f"{name} is ")
    assert value in text and ": it must be " in text
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
        blosc2_grok.set_params_defaults(**parameters)


def test_quality_mode_and_layers_belong_together() -> None:
    with pytest.raises(ValueError, match="quality_layers.*quality_mode"):
        Params(quality_layers=[8])
    with pytest.raises(ValueError, match="quality_layers.*quality_mode"):
        Params(quality_mode="dB")


def test_a_failed_call_leaves_the_defaults() -> None:
    blosc2_grok.set_params_defaults(**RATES)
    before = _native.get_defaults()
    for bad in ({"numgbits": 99}, {"numgbits": 1.5}, {"nosuch": 1}):
        with pytest.raises(ValueError):
            blosc2_grok.set_params_defaults(**bad)
    assert _native.get_defaults() == before


def test_every_call_starts_from_the_factory_defaults() -> None:
    blosc2_grok.set_params_defaults(num_resolutions=3)
    blosc2_grok.set_params_defaults(numgbits=1)
    assert _native.get_defaults() == _native.normalize({"numgbits": 1})


def test_params_is_a_value() -> None:
    params = Params(mode="LAZY", **RATES)
    assert params == Params(mode=1, quality_mode="rates", quality_layers=8)
    assert hash(params) == hash(Params(mode=GrkMode.LAZY, quality_mode="rates", quality_layers=(8.0,)))
    assert params != Params()
    assert Params.from_dict(params.to_dict()) == params
    assert params.mode is GrkMode.LAZY and params.cod_format is GrkFileFmt.GRK_FMT_JP2
    with pytest.raises(AttributeError):
        params.numgbits = 3  # type: ignore[misc]


def test_unset_and_false_differ() -> None:
    assert Params().irreversible is None
    assert Params(irreversible=False).irreversible is False
    assert Params() != Params(irreversible=False)


def test_only_one_quality() -> None:
    for other in ({"max_error": 1}, {"rmse": 1}, {"psnr": 60}):
        with pytest.raises(ValueError, match="only one of quality_mode, max_error, rmse and psnr"):
            Params(**RATES, **other)
    with pytest.raises(ValueError, match="max_error.*irreversible"):
        Params(max_error=1, irreversible=True)


def test_canonical_form_is_a_fixed_point() -> None:
    normal = _native.normalize(Params(tile_size=(64, 64), mct="auto", layout=(1, 0), **RATES).to_dict())
    assert _native.normalize(normal) == normal
    assert Params.from_dict(normal).to_dict() == normal


def test_the_library_refuses_other_maps() -> None:
    for parameters in ({"nosuch": 1}, {"numgbits": "2"}, {"tile_size": [1]}, {"tile_size": None}, {"keep": "x"}):
        with pytest.raises(ValueError, match=next(iter(parameters))):
            _native.normalize(parameters)


# What the tests of blosc2-grok 0.3 call with.
@pytest.mark.parametrize(
    "parameters",
    [
        {"repeats": 0},
        {"duration": 1},
        {"deviceId": 1},
        {"roi_compno": 3},
        {"roi_shift": 8},
        {"roi_compno": 3, "roi_shift": 8},
        {"max_cs_size": 256},
        {"max_comp_size": 256},
        {"codeblock_size": (256, 8)},
        {"precinct_size": (32, 32)},
        {"offset": (33, 40)},
        {"apply_icc_": True},
        {"verbose": True},
        {"framerate": 24},
        {"rsiz": GrkProfile.GRK_PROFILE_0},
        {"rsiz": GrkProfile.GRK_PROFILE_1},
        {"quality_mode": "dB", "quality_layers": np.array([5], dtype=np.float64)},
        {"quality_mode": "rates", "quality_layers": np.array([5], dtype=np.float64)},
        {"decod_format": GrkFileFmt.GRK_FMT_JP2},
        dict(blosc2_grok.params_defaults),
        {**blosc2_grok.params_defaults, "irreversible": True},
    ],
    ids=lambda p: str(p)[:60],
)
def test_calls_of_the_old_tests_run(parameters: Dict[str, Any]) -> None:
    blosc2_grok.set_params_defaults(**parameters)


ANYTHING = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(-5, 70),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(["auto", "rates", "dB", "RPCL", "planes", "openjpeg", "HT", "GRK_FMT_J2K"]),
    st.lists(st.integers(-5, 5000), max_size=4),
    st.lists(st.floats(), max_size=4),
    st.tuples(st.sampled_from([4, 8, 16, 32, 64]), st.sampled_from([4, 8, 16, 32, 64])),
    st.sampled_from([*GrkMode, *GrkFileFmt, *GrkProfile, *GrkRateControl]),
)


@given(st.dictionaries(st.sampled_from(sorted(FACTORY)), ANYTHING, max_size=4))
def test_anything_is_packed_or_refused(parameters: Dict[str, Any]) -> None:
    try:
        params = Params(**parameters)
    except ValueError as error:
        assert any(name in str(error) for name in parameters)
        return
    plain = params.to_dict()
    if plain["bits_per_sample"] == "auto":
        plain["bits_per_sample"] = 8  # asarray makes a number of it
    normal = _native.normalize(plain)
    assert _native.pack(_native.normalize(normal)) == _native.pack(normal)  # as bytes, in which NaN is NaN
    for name, value in plain.items():
        if name == "cod_format":
            assert normal[name] == (value or 2)
        else:
            np.testing.assert_array_equal(normal[name], value)
