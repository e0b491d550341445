# SPDX-License-Identifier: BSD-3-Clause
"""Programs written for blosc2-grok 0.3.5 find everything where it was."""

from __future__ import annotations

import inspect
import os
import subprocess
import sys
from typing import Any, Dict

import blosc2
import numpy as np
import pytest

import blosc2_grok
import images

ENUMS: Dict[str, Dict[str, int]] = {
    "GrkFileFmt": {
        "GRK_FMT_UNK": 0,
        "GRK_FMT_J2K": 1,
        "GRK_FMT_JP2": 2,
        "GRK_FMT_PXM": 3,
        "GRK_FMT_PGX": 4,
        "GRK_FMT_PAM": 5,
        "GRK_FMT_BMP": 6,
        "GRK_FMT_TIF": 7,
        "GRK_FMT_RAW": 8,
        "GRK_FMT_PNG": 9,
        "GRK_FMT_RAWL": 10,
        "GRK_FMT_JPG": 11,
    },
    "GrkProfile": {
        "GRK_PROFILE_NONE": 0,
        "GRK_PROFILE_0": 1,
        "GRK_PROFILE_1": 2,
        "GRK_PROFILE_CINEMA_2K": 3,
        "GRK_PROFILE_CINEMA_4K": 4,
        "GRK_PROFILE_CINEMA_S2K": 5,
        "GRK_PROFILE_CINEMA_S4K": 6,
        "GRK_PROFILE_CINEMA_LTS": 7,
        "GRK_PROFILE_BC_SINGLE": 256,
        "GRK_PROFILE_BC_MULTI": 512,
        "GRK_PROFILE_BC_MULTI_R": 768,
        "GRK_PROFILE_BC_MASK": 783,
        "GRK_PROFILE_IMF_2K": 1024,
        "GRK_PROFILE_IMF_4K": 1280,
        "GRK_PROFILE_IMF_8K": 1536,
        "GRK_PROFILE_IMF_2K_R": 1792,
        "GRK_PROFILE_IMF_4K_R": 2048,
        "GRK_PROFILE_IMF_8K_R": 2304,
        "GRK_PROFILE_MASK": 4095,
        "GRK_PROFILE_PART2": 32768,
        "GRK_PROFILE_PART2_EXTENSIONS_MASK": 16383,
    },
    "GrkRateControl": {"BISECT": 0, "PCRD_OPT": 1},
    "GrkMode": {
        "DEFAULT": 0,
        "LAZY": 1,
        "RESET": 2,
        "TERMALL": 4,
        "VSC": 8,
        "PTERM": 16,
        "SEGSYM": 32,
        "HT": 64,
        "HT_MIXED": 128,
        "HT_PHLD": 256,
        "JPH_RSIZ_FLAG": 16384,
    },
}

DEFAULTS: Dict[str, Any] = {
    "tile_size": (0, 0),
    "tile_offset": (0, 0),
    "quality_mode": None,
    "quality_layers": np.zeros(0, dtype=np.float64),
    "numgbits": 2,
    "progression": "LRCP",
    "num_resolutions": 6,
    "codeblock_size": (64, 64),
    "mode": blosc2_grok.GrkMode.DEFAULT,
    "irreversible": False,
    "roi_compno": -1,
    "roi_shift": 0,
    "precinct_size": (0, 0),
    "offset": (0, 0),
    "decod_format": blosc2_grok.GrkFileFmt.GRK_FMT_UNK,
    "cod_format": blosc2_grok.GrkFileFmt.GRK_FMT_JP2,
    "enableTilePartGeneration": False,
    "mct": 0,
    "max_cs_size": 0,
    "max_comp_size": 0,
    "rsiz": blosc2_grok.GrkProfile.GRK_PROFILE_NONE,
    "framerate": 0,
    "apply_icc_": False,
    "rateControlAlgorithm": blosc2_grok.GrkRateControl.BISECT,
    "num_threads": 0,
    "deviceId": 0,
    "duration": 0,
    "repeats": 1,
    "verbose": False,
}

SIGNATURES = {
    "set_params_defaults": "(**kwargs)",
    "print_libpath": "()",
    "get_libpath": "()",
    "destroy": "()",
}


def run(code: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)


@pytest.mark.parametrize("name", ENUMS)
def test_enum(name: str) -> None:
    enumeration = getattr(blosc2_grok, name)
    assert {member: value.value for member, value in enumeration.__members__.items()} == ENUMS[name]
    assert all(getattr(enumeration, member).name == member for member in ENUMS[name])


def test_modes_can_be_joined() -> None:
    assert (blosc2_grok.GrkMode.LAZY | blosc2_grok.GrkMode.RESET).value == 3


def test_defaults_in_their_order() -> None:
    assert list(blosc2_grok.params_defaults) == list(DEFAULTS)
    for name, value in DEFAULTS.items():
        found = blosc2_grok.params_defaults[name]
        assert type(found) is type(value), name
        np.testing.assert_array_equal(found, value)
    assert blosc2_grok.params_defaults["quality_layers"].dtype == np.float64


def test_params_defaults_is_one_object() -> None:
    from blosc2_grok import params_defaults

    assert params_defaults is blosc2_grok.params_defaults


@pytest.mark.parametrize("name", SIGNATURES)
def test_signature(name: str) -> None:
    signature = inspect.signature(getattr(blosc2_grok, name))
    bare = [parameter.replace(annotation=inspect.Parameter.empty) for parameter in signature.parameters.values()]
    assert str(inspect.Signature(bare)) == SIGNATURES[name]


def test_all_names_are_there() -> None:
    assert set(blosc2_grok.__all__) <= set(dir(blosc2_grok))
    for name in blosc2_grok.__all__:
        assert getattr(blosc2_grok, name) is not None
    with pytest.raises(AttributeError, match="nosuch"):
        blosc2_grok.nosuch  # noqa: B018


def test_libpath() -> None:
    assert os.path.isabs(blosc2_grok.libpath) and os.path.isfile(blosc2_grok.libpath)
    assert blosc2_grok.get_libpath() == blosc2_grok.libpath
    assert os.path.basename(blosc2_grok.libpath) == "libblosc2_grok.so"


def test_print_libpath_prints_the_path_and_nothing_else() -> None:
    done = run("import blosc2_grok; blosc2_grok.print_libpath()")
    assert done.stdout == blosc2_grok.libpath
    assert done.stderr == ""


def test_import_is_quiet_and_light() -> None:
    done = run("import sys, blosc2_grok; assert not {'blosc2', 'numpy', 'h5py'} & set(sys.modules), 'heavy'")
    assert done.stdout == "" and done.stderr == ""


def test_destroy_does_nothing() -> None:
    assert blosc2_grok.destroy() is None  # type: ignore[func-returns-value]
    test_codec_meta_sample()
    blosc2_grok.destroy()


def test_version() -> None:
    from importlib import metadata

    assert blosc2_grok.__version__ == metadata.version("blosc2-grok")
    assert tuple(int(part) for part in blosc2_grok.__version__.split(".")) > (0, 3, 5)


# The two samples of the README of 0.3.5.
def test_decibel_sample(tmp_path: Any, capsys: pytest.CaptureFixture[str]) -> None:
    Image = pytest.importorskip("PIL.Image")
    Image.fromarray(images.make("photo", "uint8", (256, 384, 3))).save(tmp_path / "photo.png")

    kwargs: Dict[str, Any] = {}
    kwargs["cod_format"] = blosc2_grok.GrkFileFmt.GRK_FMT_JP2
    kwargs["quality_mode"] = "dB"
    kwargs["quality_layers"] = np.array([5], dtype=np.float64)
    blosc2_grok.set_params_defaults(**kwargs)
    cparams = {
        "codec": blosc2.Codec.GROK,
        "filters": [],
        "splitmode": blosc2.SplitMode.NEVER_SPLIT,
    }
    np_array = np.asarray(Image.open(tmp_path / "photo.png"))
    bl_array = blosc2.asarray(
        np_array,
        chunks=np_array.shape,
        blocks=np_array.shape,
        cparams=cparams,
        urlpath=str(tmp_path / "photo.b2nd"),
        mode="w",
    )
    print(bl_array.info)
    assert "GROK" in capsys.readouterr().out
    assert bl_array.schunk.cratio > 100
    assert images.psnr(np_array, bl_array[:], 8) >= 5


def test_codec_meta_sample() -> None:
    image = images.make("photo", "uint8", (256, 384, 3))
    cparams = {
        "codec": blosc2.Codec.GROK,
        "codec_meta": 5 * 10,  # cratio will be 5
        "filters": [],
        "splitmode": blosc2.SplitMode.NEVER_SPLIT,
    }
    array = blosc2.asarray(image, chunks=image.shape, blocks=image.shape, cparams=cparams)
    assert 4.95 < array.schunk.cratio < 5.5
    assert images.psnr(image, array[:], 8) > 35


def test_diagnose() -> None:
    import json

    found = blosc2_grok.diagnose()
    json.dumps(found)
    assert found["version"] == blosc2_grok.__version__
    assert found["libpath"] == blosc2_grok.libpath
    assert found["host"]["codec_37"] is True
    assert found["packages"]["blosc2"] == blosc2.__version__
    assert {"j2k"} <= {engine["name"] for engine in found["library"]["engines"]}
    assert found["library"]["licence"]
    assert "BLOSC2_GROK_ENGINE" in found["environment"]


def test_selftest() -> None:
    for check in blosc2_grok.selftest():
        assert check.ok, check


@pytest.mark.parametrize("option", ["--diagnose", "--list", "--selftest"])
def test_module_as_program(option: str) -> None:
    done = subprocess.run([sys.executable, "-m", "blosc2_grok", option], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout and not done.stderr


def test_no_symbol_of_blosc2_is_needed() -> None:
    found = subprocess.run(["nm", "-D", "--undefined-only", blosc2_grok.libpath], capture_output=True, text=True)
    assert found.returncode == 0, found.stderr
    assert "blosc" not in found.stdout
