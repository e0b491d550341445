# SPDX-License-Identifier: BSD-3-Clause
"""The verbs of blosc2-grok do what their help says; other libraries read what they write."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, List

import blosc2
import h5py
import hdf5plugin  # noqa: F401  (registers its filters)
import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image as Pillow
from skimage.metrics import structural_similarity

import blosc2_grok
import images
from blosc2_grok import _native
from blosc2_grok.cli.bench import Outcome, recommend
from command import STACK, run

LOSSY = ["--ratio=4", "--psnr=70", "--rmse=20", "--max-error=9", "--noise=0.5"]


def names(folder: Path) -> List[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("coder", ["part1", "ht"])
@pytest.mark.parametrize("target", ["back.tif", "back.npy", "back.h5"])
def test_lossless_there_and_back(folder: Path, coder: str, target: str) -> None:
    assert "ratio" in run("compress", "scan.tif", "scan.b2nd", "--coder", coder).output
    np.testing.assert_array_equal(blosc2.open("scan.b2nd")[...], STACK)
    run("decompress", "scan.b2nd", target)
    read = {
        "back.tif": tifffile.imread,
        "back.npy": np.load,
        "back.h5": lambda path: h5py.File(path)["data"][...],
    }[target]
    np.testing.assert_array_equal(read(target), STACK)
    assert names(folder) == sorted(["scan.tif", "scan.b2nd", target])


@pytest.mark.parametrize("quality", LOSSY)
def test_a_quality_is_kept_and_carried(folder: Path, quality: str) -> None:
    run("compress", "scan.tif", "scan.b2nd", quality, "--coder", "ht", "--jobs", "1")
    array = blosc2.open("scan.b2nd")
    error = array[...].astype(float) - STACK
    assert 0 < np.abs(error).max()
    if quality == "--max-error=9":
        assert np.abs(error).max() <= 9
    if quality == "--rmse=20":
        assert np.sqrt(np.mean(error**2)) <= 20
    if quality == "--psnr=70":
        assert images.psnr(STACK, array[...], 16) >= 70
    if quality == "--ratio=4":
        assert STACK.nbytes / array.schunk.cbytes == pytest.approx(4, rel=0.05)
    run("check", "scan.b2nd", "scan.tif")


def test_parameters_go_by_their_names(folder: Path) -> None:
    run("compress", "scan.tif", "scan.b2nd", "--param", "tile_size=64,64", "--param", "progression=RLCP", "--bits=16")
    run("compress", "scan.tif", "unchecked.b2nd", "--param", "verify=none")
    assert blosc2_grok.params_of("unchecked.b2nd").verify == "none"
    params = blosc2_grok.params_of("scan.b2nd")
    assert tuple(params.tile_size) == (64, 64) and params.bits_per_sample == 16
    assert "tile_size" in run("compress", "scan.tif", "a.b2nd", "--param", "tile_size=-1,64", code=1).output


@pytest.mark.parametrize(
    "arguments",
    [
        ["compress", "scan.tif"],
        ["compress", "scan.tif", "a.b2nd", "--ratio=4", "--rmse=2"],
        ["compress", "scan.tif", "a.npy"],
        ["compress", "scan.tif", "a.b2nd", "--chunks=two"],
        ["compress", "scan.tif", "a.b2nd", "--container=htj2k"],
        ["compress", "scan.tif", "a.b2nd", "--jobs=0"],
        ["compress", "scan.tif", "a.b2nd", "--select=/entry/*"],
        ["compress", "scan.tif", "a.h5", "--blocks=1,32,32"],
        ["compress", "scan.tif", "a.b2nd", "--param=tile_size"],
        ["decompress", "scan.tif", "a.b2nd"],
        ["decompress", "scan.tif", "a.npy::/data"],
        ["preview", "scan.tif", "a.gif"],
        ["check", "scan.tif", "--rmse=3"],
        ["nonsense"],
    ],
)
def test_wrong_use_ends_with_2_and_writes_nothing(folder: Path, arguments: List[str]) -> None:
    run(*arguments, code=2)
    assert names(folder) == ["scan.tif"]


@pytest.mark.parametrize(
    "arguments, reason",
    [
        (["compress", "none.tif", "a.b2nd"], "none.tif does not exist"),
        (["compress", "scan.tif", "none/a.b2nd"], "does not exist: make it first"),
        (["compress", "scan.tif", "a.b2nd", "--psnr=20", "--bits=4"], "don't fit bits_per_sample=4"),
        (["compress", "scan.tif", "a.b2nd", "--rmse=60000"], "nothing would be left"),
        (["compress", "scan.tif::7", "a.b2nd"], "0 to 0"),
        (["info", "none.b2nd"], "none.b2nd"),
        (["extract", "scan.tif", "jp2"], "holds no blocks"),
        (["preview", "scan.tif", "a.png"], "holds no blocks"),
    ],
)
def test_what_fails_ends_with_1_a_reason_and_no_file(folder: Path, arguments: List[str], reason: str) -> None:
    result = run(*arguments, code=1)
    assert result.stderr.startswith("error: ") and reason in result.stderr
    assert names(folder) == ["scan.tif"]


def test_nothing_is_replaced_unasked(folder: Path) -> None:
    (folder / "a.b2nd").write_bytes(b"mine")
    assert "--overwrite" in run("compress", "scan.tif", "a.b2nd", code=1).stderr
    assert (folder / "a.b2nd").read_bytes() == b"mine"
    run("compress", "scan.tif", "a.b2nd", "--overwrite", "--quiet")
    np.testing.assert_array_equal(blosc2.open("a.b2nd")[...], STACK)


def test_a_lossy_source_is_recoded_only_when_that_is_said(folder: Path) -> None:
    run("compress", "scan.tif", "a.b2nd", "--max-error=4")
    result = run("compress", "a.b2nd", "b.b2nd", "--max-error=4", code=1)
    assert "lossy already" in result.stderr and "--again" in result.stderr
    assert names(folder) == ["a.b2nd", "scan.tif"]
    run("compress", "a.b2nd", "b.b2nd", "--max-error=4", "--again")
    # A second pass on the grid of max_error changes nothing.
    np.testing.assert_array_equal(blosc2.open("b.b2nd")[...], blosc2.open("a.b2nd")[...])


def test_info_tells_the_errors_that_are_there(folder: Path) -> None:
    run("compress", "scan.tif", "a.b2nd", "--rmse=12", "--coder=ht")
    told = json.loads(run("info", "a.b2nd", "--json", "--worst=6").output)
    error = blosc2.open("a.b2nd")[...].astype(float) - STACK
    assert told["shape"] == [6, 150, 170] and told["dtype"] == "uint16" and told["parameters"]["rmse"] == 12
    assert told["max_error"] == np.abs(error).max()
    assert told["rmse"] == pytest.approx(np.sqrt(np.mean(error**2)), rel=1e-6)
    assert sum(told["kinds"].values()) == told["kinds"]["lossy"]
    block = told["blocks"][0]  # images of one block have their errors together
    for one in told["worst"]:
        first = one["image"][0] // block * block
        expected = error[first : first + block]
        assert one["rmse"] == pytest.approx(np.sqrt(np.mean(expected**2)), rel=1e-6)
    assert "recorded errors" in run("info", "a.b2nd").output


@pytest.mark.parametrize("shape", [(300, 200), (120, 150, 3), (5, 90, 100)])
def test_recorded_errors_count_what_is_left_out_of_the_codestream(folder: Path, shape: Any) -> None:
    image = images.make("photo", "uint8", shape)
    image[-1 if len(shape) == 3 and shape[-1] != 3 else slice(90, None)] = 0
    np.save("a.npy", image)
    run("compress", "a.npy", "a.b2nd", "--rmse=3")
    told = json.loads(run("info", "a.b2nd", "--json").output)
    error = blosc2.open("a.b2nd")[...].astype(float) - image
    assert told["rmse"] == pytest.approx(np.sqrt(np.mean(error**2)), rel=1e-6)
    assert told["max_error"] == np.abs(error).max()


def test_info_and_check_report_damage_by_3(folder: Path) -> None:
    run("compress", "scan.tif", "a.b2nd")
    path = folder / "a.b2nd"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0x10
    path.write_bytes(data)
    assert "damaged" in run("info", "a.b2nd", code=3).output
    assert "chunk" in run("check", "a.b2nd", code=3).stderr


def test_check_measures_as_others_do(folder: Path) -> None:
    run("compress", "scan.tif", "a.b2nd", "--rmse=12", "--blocks=1,150,170")
    (found,) = json.loads(run("check", "a.b2nd", "scan.tif", "--json", "--worst=6", "--sigma=8").output)
    decoded = blosc2.open("a.b2nd")[...]
    assert len(found["images"]) == 6 and found["problems"] == []
    assert [one["rmse"] for one in found["images"]] == sorted((one["rmse"] for one in found["images"]), reverse=True)
    for one in found["images"]:
        source, image = STACK[one["image"][0]], decoded[one["image"][0]]
        error = image.astype(float) - source
        assert one["rmse"] == pytest.approx(np.sqrt(np.mean(error**2)))
        assert one["max_error"] == np.abs(error).max()
        assert one["rmse_sigma"] == pytest.approx(one["rmse"] / 8) and one["max_sigma"] == one["max_error"] / 8
        assert one["psnr"] == pytest.approx(images.psnr(source, image, 16))
        spread = float(source.max()) - float(source.min())
        expected = structural_similarity(source.astype(float), image.astype(float), data_range=spread, win_size=7)
        assert one["ssim"] == pytest.approx(expected)


def test_check_names_the_one_image_that_is_wrong(folder: Path) -> None:
    run("compress", "scan.tif", "a.b2nd")
    other = STACK.copy()
    other[4, 70, 80] += 3
    np.save("other.npy", other)
    result = run("check", "a.b2nd", "other.npy", code=3)
    assert "image [4]: max_error is 3, promised 0" in result.stderr
    assert result.stderr.count("image [") == 1
    np.save("short.npy", STACK[:5])
    assert "(5, 150, 170)" in run("check", "a.b2nd", "short.npy", code=3).stderr


@pytest.mark.parametrize("quality", ["--rmse=12", "--psnr=74.7"])
def test_check_holds_an_array_to_its_own_promise(folder: Path, quality: str) -> None:
    run("compress", "scan.tif", "a.b2nd", quality)
    other = STACK.copy()
    other[5] += np.indices(STACK[5].shape).sum(axis=0).astype(np.uint16) % 2 * 20
    np.save("other.npy", other)
    result = run("check", "a.b2nd", "other.npy", code=3)
    assert "promised 1" in result.stderr and result.stderr.count("image [") == 1


@pytest.mark.parametrize(
    "limit, code",
    [("--rmse=13", 0), ("--rmse=2", 3), ("--max-error=1", 3), ("--psnr=90", 3), ("--psnr=60", 0), ("--ssim=0.9999", 3)],
)
def test_check_keeps_the_limits_it_is_given(folder: Path, limit: str, code: int) -> None:
    run("compress", "scan.tif", "a.b2nd", "--rmse=12")
    result = run("check", "a.b2nd", "scan.tif", limit, code=code)
    assert ("allowed is" in result.stderr) == bool(code)


def test_check_without_a_source_checks_every_block(folder: Path) -> None:
    run("compress", "scan.tif", "a.b2nd")
    blocks = sum(1 for _ in blosc2_grok.codestreams("a.b2nd"))
    assert f"{blocks} blocks lossless" in run("check", "a.b2nd").output


def test_extracted_files_are_the_images_that_their_names_say(folder: Path) -> None:
    jp2 = "--param=cod_format=GRK_FMT_JP2"
    run("compress", "scan.tif", "a.b2nd", "--blocks=1,96,96", "--coder=ht", jp2)
    run("extract", "a.b2nd", "jp2")
    files = names(folder / "jp2")
    assert len(files) == 6 * 4
    assert files[0] == "a_at-0-000-000_of-1-96-96.jph" and files[-1] == "a_at-5-096-096_of-1-54-74.jph"
    seen = np.zeros(STACK.shape, bool)
    for name in files:
        at, of = (part.partition("-")[2] for part in name[:-4].split("_")[1:])
        starts, lengths = ([int(n) for n in text.split("-")] for text in (at, of))
        region = tuple(slice(a, a + n) for a, n in zip(starts, lengths))
        image = imagecodecs.jpeg2k_decode((folder / "jp2" / name).read_bytes())
        np.testing.assert_array_equal(image, STACK[region][0])
        seen[region] = True
    assert seen.all()
    run("extract", "a.b2nd", "one", "--image=3")
    assert len(names(folder / "one")) == 4 and names(folder / "one")[0].startswith("a_at-3-")
    assert "not an empty folder" in run("extract", "a.b2nd", "one", code=1).stderr


@pytest.mark.parametrize("coder, form, suffix", [("part1", "JP2", "jp2"), ("ht", "J2K", "j2k"), ("ht", "JP2", "jph")])
def test_extracted_files_are_named_by_what_they_are(folder: Path, coder: str, form: str, suffix: str) -> None:
    run("compress", "scan.tif", "a.b2nd", "--coder", coder, "--param", f"cod_format=GRK_FMT_{form}")
    run("extract", "a.b2nd", "out")
    assert {name.rpartition(".")[2] for name in names(folder / "out")} == {suffix}


def test_preview_decodes_only_a_lower_resolution(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run("compress", "scan.tif", "a.b2nd")
    decoded: List[int] = []
    reduced = _native.decode_reduced

    def count(chunk: Any, blocks: Any, out: Any, *rest: Any) -> None:
        reduced(chunk, blocks, out, *rest)
        decoded.extend(out.nbytes // len(out) for is_done in blocks[:, 2] if is_done)

    monkeypatch.setattr(_native, "decode_reduced", count)
    monkeypatch.setattr(_native, "decode_block_partly", None)
    monkeypatch.setattr(_native, "decode_block", None)
    run("preview", "a.b2nd", "a.png", "--image=4", "--reduce=2")
    block = blosc2.open("a.b2nd").blocks
    assert decoded == [-(-block[1] // 4) * -(-block[2] // 4) * block[0] * 2]
    picture = np.asarray(Pillow.open("a.png"))
    assert picture.shape == (38, 43) and picture.dtype == np.uint8
    # It shows the image: a mean of 4 x 4 samples goes with it.
    cells = STACK[4, :148, :168].astype(float).reshape(37, 4, 42, 4).mean(axis=(1, 3))
    assert np.corrcoef(picture[:37, :42].ravel(), cells.ravel())[0, 1] > 0.95
    run("preview", "a.b2nd", "small.png", "--size=50")
    assert Pillow.open("small.png").size == (43, 38)
    assert "say one number" in run("preview", "a.b2nd", "b.png", "--image=6", code=1).stderr


def test_blosc2_datasets_of_hdf5_are_checked_previewed_and_extracted(folder: Path) -> None:
    with h5py.File("a.h5", "w") as file:
        options = {"compression": 32026, "compression_opts": (0, STACK[0].nbytes, 0, 0, 5, 0, 37)}
        file.create_dataset("entry/data", data=STACK, chunks=(1, 150, 170), **options)
        file["entry/angles"] = np.arange(6.0)
    assert "6 blocks lossless" in run("check", "a.h5").output
    run("check", "a.h5", "scan.tif")
    run("preview", "a.h5", "a.png", "--image=2")
    run("extract", "a.h5::/entry/data", "jp2")
    assert len(names(folder / "jp2")) == 6
    assert json.loads(run("info", "a.h5", "--json").output)["kinds"] == {"lossless": 6}


def test_all_datasets_of_two_files_are_compared(folder: Path) -> None:
    for path in ("a.h5", "b.h5"):
        with h5py.File(path, "w") as file:
            file["entry/data"], file["entry/flats"] = STACK, STACK[:2]
    run("check", "a.h5", "b.h5")
    with h5py.File("a.h5", "a") as file:
        file["entry/flats"][1, 3, 4] += 1
    assert "/entry/flats: 2 images, rmse" in run("check", "a.h5", "b.h5", "--max-error=0", code=3).output
    with h5py.File("a.h5", "a") as file:
        del file["entry/flats"]
    assert "a.h5::/entry/flats: it is missing" in run("check", "a.h5", "b.h5", code=3).stderr


def test_bench_measures_and_draws(folder: Path) -> None:
    result = run("bench", "scan.tif", "--images=2", "--ratio=4", "--noise=0.25", "--plot=a.png", "--json")
    report = json.loads(result.output)
    by_name = {one["name"]: one for one in report["outcomes"]}
    assert set(by_name) == {
        *("bitshuffle + zstd", "--coder part1", "--coder ht"),
        *("--noise 0.25", "--ratio 4", "--ratio 4 --coder part1"),
    }
    assert report["failed"] == []
    for name in ("bitshuffle + zstd", "--coder part1", "--coder ht"):
        assert by_name[name]["max_error"] == 0
    assert by_name["--ratio 4"]["ratio"] == pytest.approx(4, rel=0.06)
    assert 0 < by_name["--noise 0.25"]["rmse_sigma"] < 0.3
    array = blosc2_grok.asarray(STACK[[0, 5]], chunks=(1, 150, 170))
    assert by_name["--coder ht"]["ratio"] == pytest.approx(STACK[:2].nbytes / array.schunk.cbytes)
    assert Pillow.open("a.png").size[0] > 1000
    assert "Lossless:" in run("bench", "scan.tif", "--images=1").output


def outcome(name: str, ratio: float, speed: float, sigma: float) -> Outcome:
    return Outcome(name, ratio, speed, speed, sigma * 10, sigma, sigma * 40, 60.0, 1.0)


def test_the_recommendation_follows_its_rule() -> None:
    zstd, part1, ht = outcome("bitshuffle + zstd", 1.4, 90, 0), outcome("--coder part1", 1.7, 15, 0), None
    ht = outcome("--coder ht", 1.65, 200, 0)
    lossy = [outcome("--noise 0.25", 3.9, 20, 0.2), outcome("--ratio 4", 4.0, 2, 0.25), outcome("--ratio 8", 8, 1, 0.7)]
    advice = recommend([zstd, part1, ht, *lossy])
    assert advice[0].startswith("Lossless: --coder ht") and advice[1].startswith("With loss: --ratio 4,")
    slow_ht = outcome("--coder ht", 1.5, 200, 0)  # smaller by more than it is worth
    assert recommend([zstd, part1, slow_ht])[0].startswith("Lossless: --coder part1")
    assert "not worth" in recommend([outcome("bitshuffle + zstd", 1.69, 90, 0), part1, ht])[0]
    assert "nothing tried" in recommend([zstd, part1, ht, lossy[2]])[1]


def test_diagnose_and_selftest() -> None:
    assert json.loads(run("diagnose").output)["version"] == blosc2_grok.__version__
    assert run("selftest").output.count("ok  ") == 4


@pytest.mark.parametrize("verb", ["compress", "decompress", "info", "preview", "extract", "check", "bench"])
def test_help_has_examples(verb: str) -> None:
    output = run(verb, "--help").output
    assert "Example" in output and f"blosc2-grok {verb} " in output
