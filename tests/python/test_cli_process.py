# SPDX-License-Identifier: BSD-3-Clause
"""blosc2-grok as a process: exit codes, signals, memory, and an environment without its libraries."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Iterator, List

import blosc2
import h5py
import numpy as np
import pytest

import blosc2_grok
import images

COMMAND = [sys.executable, "-m", "blosc2_grok"]
CHUNK_BYTES = 2048 * 2048 * 2

# Frames of a ramp and noise, made when they are asked for, never on disk. The file `where` tells that writing goes on.
GENERATED = """
import os, resource, signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # which a shell takes from what runs in the background
import numpy as np
import blosc2_grok.files, blosc2_grok.files.inputs
from blosc2_grok.cli import main
from blosc2_grok.files import Stack

frames, delay, where = int(sys.argv[1]), float(sys.argv[2]), sys.argv[3]
ramp = np.add.outer(np.arange(2048, dtype=np.uint16) * 7, np.arange(2048, dtype=np.uint16) * 3)
noise = np.random.default_rng(0).integers(0, 16, (2048 + 64, 2048), dtype=np.uint16)

def read(region):
    out = np.empty([part.stop - part.start for part in region], np.uint16)
    for place, frame in enumerate(range(region[0].start, region[0].stop)):
        shifted = noise[frame % 64 : frame % 64 + 2048]
        np.add(ramp[region[1:]], shifted[region[1:]], out=out[place])
        time.sleep(delay)
    if region[0].start == 2:
        open(where, "w").close()
    return out

def peak():
    return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

def generated(spec):
    count = 4 if spec == "warm-up" else frames  # as many as there are threads to warm up
    side = 256 if spec == "warm-up" else 2048
    return Stack(spec, (count, side, side), np.uint16, read)

blosc2_grok.files.open_stack = generated
"""

MEASURED = """
import contextlib
with contextlib.redirect_stdout(None):
    # Imports and threads are there before the count begins.
    main(["compress", "warm-up", "warm" + os.path.splitext(sys.argv[4])[1], *sys.argv[5:]])
before = peak()
code = main(["compress", "generated", *sys.argv[4:]])
print(peak() - before)
sys.exit(code)
"""


def run(arguments: List[str], folder: Path, **more: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(COMMAND + arguments, cwd=folder, capture_output=True, text=True, timeout=300, **more)


def run_generated(tail: str, arguments: List[str], folder: Path) -> subprocess.Popen[str]:
    script = [sys.executable, "-c", GENERATED + tail, *arguments]
    return subprocess.Popen(script, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_exit_codes_reach_the_shell(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", images.make("xray", "uint16", (3, 60, 80)))
    assert run(["compress", "a.npy", "a.b2nd"], tmp_path).returncode == 0
    again = run(["compress", "a.npy", "a.b2nd"], tmp_path)
    assert (again.returncode, again.stdout) == (1, "") and again.stderr.startswith("error: a.b2nd exists")
    assert run(["compress", "a.npy"], tmp_path).returncode == 2
    np.save(tmp_path / "b.npy", images.make("xray", "uint16", (3, 60, 80), seed=2))
    assert run(["check", "a.b2nd", "b.npy"], tmp_path).returncode == 3
    assert run(["--version"], tmp_path).stdout.startswith("blosc2-grok, version")


@pytest.mark.parametrize("number, code", [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_leaves_nothing_behind(tmp_path: Path, number: signal.Signals, code: int) -> None:
    tail = 'sys.exit(main(["compress", "generated", "a.b2nd", "--coder", "ht"]))'
    process = run_generated(tail, ["1000", "0.05", "begun"], tmp_path)
    deadline = time.monotonic() + 60
    while not (tmp_path / "begun").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert any(path.suffix == ".tmp" for path in tmp_path.iterdir())  # the array under way
    process.send_signal(number)
    output, errors = process.communicate(timeout=60)
    assert process.returncode == code, errors
    assert sorted(path.name for path in tmp_path.iterdir()) == ["begun"]
    assert output == "" and "Traceback" not in errors


@pytest.mark.parametrize("target", ["a.b2nd", "a.h5"])
@pytest.mark.parametrize(
    "quality", [[], ["--ratio", "6"], ["--max-error", "3"], ["--noise", "0.25"]], ids=lambda quality: "".join(quality)
)
def test_memory_stays_below_four_chunks(tmp_path: Path, is_long: bool, quality: List[str], target: str) -> None:
    """Of 8 MiB each, an image: beyond what the process takes with everything imported. 20 GB in long runs."""
    if not is_long and quality and quality[0] != "--ratio":
        pytest.skip("needs --long")
    frames = (500 if quality else 2400) if is_long else 10
    arguments = [str(frames), "0", "begun", target, "--coder", "ht", "--jobs", "2", *quality]
    process = run_generated(MEASURED, arguments, tmp_path)
    output, errors = process.communicate(timeout=3600)
    assert process.returncode == 0, errors
    with open_array(tmp_path / target) as array:
        assert array.shape == (frames, 2048, 2048) and array.chunks == (1, 2048, 2048)
    growth = int(output.splitlines()[-1])
    assert growth < 4 * CHUNK_BYTES, f"{growth / CHUNK_BYTES:.2f} chunks"


@contextmanager
def open_array(path: Path) -> Iterator[Any]:
    if path.suffix == ".b2nd":
        yield blosc2.open(str(path), mode="r")
        return
    with h5py.File(path) as file:
        yield file["data"]


READ_BACK = """
import contextlib, resource, sys
from blosc2_grok.cli import main

def peak():
    return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

with contextlib.redirect_stdout(None):
    main(["decompress", "warm.b2nd", "warm" + sys.argv[1], "-j", "2"])
before = peak()
code = main(["decompress", "a.b2nd", "b" + sys.argv[1], "-q", "-j", "2"])
print(peak() - before)
sys.exit(code)
"""


@pytest.mark.parametrize("suffix", [".npy", ".tif", ".h5"])
def test_decompression_streams_too(tmp_path: Path, suffix: str) -> None:
    frame = images.make("xray", "uint16", (2048, 2048))
    for name, frames in (("warm", frame[None, :256, :256]), ("a", np.broadcast_to(frame, (8, 2048, 2048)))):
        chunks = (1, *frames.shape[1:])
        blosc2_grok.asarray(frames, urlpath=tmp_path / f"{name}.b2nd", mode="w", chunks=chunks, coder="ht")
    script = [sys.executable, "-c", READ_BACK, suffix]
    done = subprocess.run(script, cwd=tmp_path, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / f"b{suffix}").stat().st_size > 8 * CHUNK_BYTES - 1
    growth = int(done.stdout.splitlines()[-1])
    assert growth < 4 * CHUNK_BYTES, f"{growth / CHUNK_BYTES:.2f} chunks"


WITHOUT = """
import sys
sys.modules["click"] = None
sys.argv = ["blosc2_grok"] + sys.argv[1:]
import runpy
runpy.run_module("blosc2_grok", run_name="__main__")
"""


def test_without_click_it_says_what_to_install_and_still_diagnoses(tmp_path: Path) -> None:
    def run_without(*arguments: str) -> subprocess.CompletedProcess[str]:
        script = [sys.executable, "-c", WITHOUT, *arguments]
        return subprocess.run(script, cwd=tmp_path, capture_output=True, text=True, timeout=120)

    refused = run_without("compress", "a.npy", "a.b2nd")
    assert refused.returncode == 1 and "pip install 'blosc2-grok[cli]'" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert json.loads(run_without("--diagnose").stdout)["libpath"]
    assert run_without("--selftest").stdout.count("ok  ") == 4
    assert run_without().returncode == 0


def test_nothing_of_the_terminal_reaches_a_pipe(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", images.make("xray", "uint16", (3, 60, 80)))
    done = run(["compress", "a.npy", "a.b2nd"], tmp_path, env={**os.environ, "TERM": "xterm-256color"})
    assert done.stderr == "" and "\x1b" not in done.stdout and len(done.stdout.splitlines()) == 1


def test_a_terminal_sees_speed_and_ratio(tmp_path: Path) -> None:
    script = [sys.executable, "-c", GENERATED + 'sys.exit(main(["compress", "generated", "a.b2nd", "--coder", "ht"]))']
    ours, theirs = pty.openpty()
    script += ["12", "0.2", "begun"]
    with subprocess.Popen(script, cwd=tmp_path, stdout=subprocess.PIPE, stderr=theirs) as done:
        os.close(theirs)
        seen = b""
        try:
            while part := os.read(ours, 4096):
                seen += part
        except OSError:  # Linux's way to say that nobody writes any more
            pass
        os.close(ours)
    assert done.returncode == 0
    assert b"compress" in seen and b"MB/s, ratio" in seen
