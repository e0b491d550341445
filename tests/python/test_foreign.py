# SPDX-License-Identifier: BSD-3-Clause
"""Streams of other encoders through our own decoder, by name and alone: what OpenJPEG makes of them, or a reason.

``build/*/tests/decode_stream`` is that decoder behind the plugin's header check; OpenJPEG comes with imagecodecs.
Lossless ones are equal, 9/7 differs by a count at most. Every stream of a source stands in one of the tables below.
"""

from __future__ import annotations

import pathlib
import subprocess
import warnings
from typing import Any, Dict, List, NamedTuple

import foreign
import numpy as np
import pytest
from numpy.typing import NDArray

READ: Dict[str, List[str]] = {
    "glymur": [
        "goodstuff.j2k", "heliov.jpx", "nemo.jp2", "oj-ht-byte.jph", "p0_02.j2k", "p0_03.j2k", "p1_06.j2k",
        "text_GBR.jp2", "uint16.j2k",
    ],
    "pillow": [
        "16bit.cropped.j2k", "16bit.cropped.jp2", "9bit.j2k", "balloon.jpf", "comment.jp2",
        "crash-d2c93af851d3ab9a19e34503626368b2ecde9c03.j2k", "expected_to_read.jp2",
        "invalid_header_length.jp2", "issue_6194.j2k", "rgb_trns_ycbc.j2k", "rgb_trns_ycbc.jp2",
        "test-card-lossless.jp2", "test-card-lossy-tiled.jp2", "zero_dpi.jp2",
    ],
    "jpylyzer": ["balloon.jp2"],
    "sunpy": [
        "2013_05_13__16_54_06_137__SOHO_LASCO_C3_white-light.jp2",
        "2013_06_24__17_31_30_84__SDO_AIA_AIA_193.jp2",
        "2022_04_01__00_00_45__SOLO-EUI-FSI_EUI_FSI_174.jp2",
        "2023_01_31__03_39_23_200__SDO_HMI_HMI_continuum.jp2",
    ],
    "pydicom": [
        "GDCMJ2K_TextGBR.dcm", "J2K_pixelrep_mismatch.dcm", "JPEG2000.dcm", "MR_small_jp2klossless.dcm",
        "SC_rgb_gdcm_KY.dcm", "examples_jpeg2k.dcm", "693_J2KI.dcm",
    ],
    "pydicom_data": [
        "693_J2KR.dcm", *(f"{name}_J2K{kind}.dcm" for name in ("MR2", "RG1", "RG3", "US1") for kind in "IR")
    ],
}  # fmt: skip
"""By source: what is decoded."""

ONE_GRID = r"components of unlike sampling .* \d+ x \d+"
"""Samples that Blosc2's blocks, which have one grid, can't hold."""

REFUSED: Dict[str, Dict[str, str]] = {
    "glymur": {
        "p0_06.j2k": "RGN|" + ONE_GRID,
        "p1_07.j2k": ONE_GRID,
        "issue142.j2k": ONE_GRID,  # chroma of half the width
        "issue982.j2k": "2 bits, .* 1 are wanted",  # components of unlike depths
        # Broken ones.
        "edf_c2_1178956.jp2": "header: .*SIZ, COD or QCD is missing",
        "issue392.jp2": ONE_GRID,
        "issue396.jp2": "header: .*no tile-part in 285 bytes",
        "issue438.jp2": "ends early: 2986344460 bytes wanted",
        "issue626.j2k": "header: .*announces 57054 bytes of 32",
        "no_jp2c.jp2": "ends early: 27240 bytes wanted",
    },
    "pillow": {
        # Broken ones.
        "00r0_gray_l.jp2": "ends early: 1784 bytes wanted at 121, 493 left",
        "00r1_graya_la.jp2": ONE_GRID,
        "balloon_eciRGBv2_aware.jp2": "header: .*no tile-part in 140 bytes",
        "crash-4fb027452e6988530aa5dabee76eecacb3b79f8a.j2k": "signed samples of 25 bits, .* 8 are wanted",
        "crash-7d4c83eb92150fb8f1653a697703ae06ae7c4998.j2k": "8 bits, .* 24 are wanted",
        "crash-ccca68ff40171fdae983d924e127a721cab2bd50.j2k": "8 bits, .* 25 are wanted",
        "not_enough_data.jp2": "ends early: 2934675428 bytes wanted",
        "unbound_variable.jp2": "ends early: 4 bytes wanted at 77, 3 left",
        "unknown_mode.j2k": "header: .*SIZ announces 5 components in 3 bytes",
        "zero_height.j2k": "header: .*is empty",
    },
    "jpylyzer": {
        # Cut somewhere.
        "balloon_trunc2.jp2": "header: .*5004 packets announced in 1944 bytes",
        "balloon_trunc3.jp2": "a tile-part of 38428 bytes where 38408 are left",
    },
    # A delimiter inside its pixel data, where pydicom's frames end.
    "pydicom": {"JPEG2000-embedded-sequence-delimiter.dcm": "header: .*14540801 tiles announced in 138 bytes"},
}
"""By source and name: what is not decoded, and how the reason reads."""

TOLD_APART = {"jpylyzer": ["balloon_trunc1.jp2"]}
"""What has a test of its own."""

SOURCES = [*READ]


class Decoded(NamedTuple):
    samples: NDArray[Any]  # components, rows, columns
    is_reversible: bool


class Refusal(Exception):
    """Why our decoder does not take a stream."""


def _tool() -> pathlib.Path:
    for preset in ("release", "bare", "dev"):
        tool = foreign.ROOT / "build" / preset / "tests" / "decode_stream"
        if tool.is_file():
            return tool
    pytest.skip("no build/*/tests/decode_stream: build the tests first (cmake --build --preset release)")


def decode(stored: bytes, folder: pathlib.Path, threads: int = 1) -> Decoded:
    path = folder / "stream"
    path.write_bytes(stored)
    result = subprocess.run([_tool(), path, str(threads)], capture_output=True, check=False)
    if result.returncode != 0:
        assert result.returncode == 1, f"decode_stream ended with {result.returncode}"
        raise Refusal(result.stderr.decode().strip())
    head, _, samples = result.stdout.partition(b"\n")
    rows, columns, components, reversible = map(int, head.split())
    return Decoded(np.frombuffer(samples, "i4").reshape(components, rows, columns), reversible == 1)


def decode_by_openjpeg(stored: bytes, folder: pathlib.Path) -> NDArray[Any]:
    """The codestream alone: palettes and the like of a JP2 file don't count."""
    codestream = stored[stored.index(b"\xff\x4f\xff\x51") :]
    imagecodecs = pytest.importorskip("imagecodecs")
    try:
        samples = imagecodecs.jpeg2k_decode(codestream, planar=True)
    except RuntimeError as e:
        if "subsampling" not in str(e):
            raise
        glymur = pytest.importorskip("glymur")  # OpenJPEG, too
        (folder / "stream.j2k").write_bytes(codestream)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a marker that p0_02.j2k has
            samples = np.stack(glymur.Jp2k(folder / "stream.j2k").read_bands())
    return np.asarray(samples).astype("i8").reshape(-1, *samples.shape[-2:])


@pytest.mark.parametrize("source", SOURCES)
def test_every_stream_is_in_a_table(source: str) -> None:
    known = [*READ[source], *REFUSED.get(source, {}), *TOLD_APART.get(source, [])]
    assert sorted(known) == sorted(foreign.streams(source))


@pytest.mark.parametrize("source, name", [(source, name) for source in SOURCES for name in READ[source]])
def test_a_stream_is_what_openjpeg_makes_of_it(source: str, name: str, tmp_path: pathlib.Path) -> None:
    stored = foreign.streams(source)[name]
    ours = decode(stored, tmp_path)
    difference = np.abs(ours.samples - decode_by_openjpeg(stored, tmp_path))
    assert difference.max() <= (0 if ours.is_reversible else 1)
    # A count is rare: what is rounded elsewhere, not what is reconstructed elsewhere.
    assert np.count_nonzero(difference) < difference.size / 50
    if ours.samples.size < 1 << 21:
        np.testing.assert_array_equal(decode(stored, tmp_path, threads=3).samples, ours.samples)


@pytest.mark.parametrize(
    "source, name, reason", [(source, *row) for source, rows in REFUSED.items() for row in rows.items()]
)
def test_a_refusal_has_its_reason(source: str, name: str, reason: str, tmp_path: pathlib.Path) -> None:
    with pytest.raises(Refusal, match=reason):
        decode(foreign.streams(source)[name], tmp_path)


def test_lossless_dicom_streams_are_their_originals(tmp_path: pathlib.Path) -> None:
    """What the files beside them hold uncompressed."""
    pydicom = pytest.importorskip("pydicom")
    streams = foreign.streams("pydicom_data")
    folder = foreign.folder_of("data_store", "data")
    assert folder is not None
    for name in ("693", "MR2", "RG1", "RG3"):
        original = pydicom.dcmread(folder / f"{name}_UNCR.dcm").pixel_array
        np.testing.assert_array_equal(decode(streams[f"{name}_J2KR.dcm"], tmp_path).samples[0], original)


def test_half_an_end_marker_costs_no_sample(tmp_path: pathlib.Path) -> None:
    """balloon_trunc1.jp2 lacks its last byte, which OpenJPEG takes amiss."""
    streams = foreign.streams("jpylyzer")
    whole, cut = (streams[name] for name in ("balloon.jp2", "balloon_trunc1.jp2"))
    assert cut == whole[:-1]
    np.testing.assert_array_equal(decode(cut, tmp_path).samples, decode(whole, tmp_path).samples)
