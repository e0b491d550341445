# SPDX-License-Identifier: BSD-3-Clause
"""What fails around the package: no room, the process killed, libraries missing or old, no home: what is left, said."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, List

import blosc2
import numpy as np
import pytest

import blosc2_grok
import images
from blosc2_grok import _native

STACK = np.stack([images.make("xray", "uint16", (100, 120)) for _ in range(6)])


def write(path: Path, image: Any = STACK, **options: Any) -> Any:
    shape = (1, *image.shape[1:])
    return blosc2_grok.asarray(image, urlpath=path, mode="w", chunks=shape, blocks=shape, **options)


def write_with_limit(path: Path, limit: int) -> str:
    """In a forked child whose files can't grow beyond ``limit`` bytes; the error's text, or "" where it read back."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        text = "no answer"
        try:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
            array = write(path, cparams={"nthreads": 1}, dparams={"nthreads": 1})
            text = "" if np.array_equal(array[...], STACK) else "wrong samples"
        except blosc2_grok.Error as error:
            text = f"Error: {error}"
        except BaseException as error:
            text = repr(error)
        finally:
            os.write(writer, text.encode())
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as answer:
        text = answer.read().decode()
    os.waitpid(child, 0)
    return text


@pytest.mark.filterwarnings("ignore:This process.*multi-threaded:DeprecationWarning")
def test_a_full_disk_at_any_byte(tmp_path: Path, is_long: bool) -> None:
    """Never a file that is not complete, wherever the room ends: in a chunk, the index or the trailer."""
    path = tmp_path / "a.b2nd"
    size = len(write(path).to_cframe())
    path.unlink()
    limits = list(range(0, size - 700, 97 if is_long else 4001)) + list(range(size - 700, size, 1 if is_long else 45))
    for limit in limits:
        text = write_with_limit(path, limit)
        assert text.startswith("Error: ") and "MB free: is it full" in text and str(path) in text, (limit, text)
        assert os.listdir(tmp_path) == [], limit
    assert write_with_limit(path, size + 4096) == ""


def test_a_full_disk_leaves_the_array_of_this_name(tmp_path: Path) -> None:
    path = tmp_path / "a.b2nd"
    write(path, STACK[:1])
    assert "the array of this name is as it was" in write_with_limit(path, 40_000)
    assert os.listdir(tmp_path) == ["a.b2nd"]
    assert np.array_equal(blosc2.open(str(path))[...], STACK[:1])


KILLED = """
import os, sys
import numpy as np, blosc2_grok

class Source:
    shape, dtype = (6, 100, 120), np.dtype("u2")
    read = 0
    def __getitem__(self, key):
        Source.read += 1
        if Source.read == int(sys.argv[2]):
            os.kill(os.getpid(), 9)
        return np.load(sys.argv[3])[key]

blosc2_grok.asarray(Source(), urlpath=sys.argv[1], mode="w", chunks=(1, 100, 120), blocks=(1, 100, 120))
"""


@pytest.mark.parametrize("is_there_before", [False, True])
def test_killed_in_the_middle(tmp_path: Path, is_there_before: bool) -> None:
    """What is under the name is complete or not there; what is left has another name that says what it is."""
    path = tmp_path / "a.b2nd"
    samples = tmp_path / "samples.npy"
    np.save(samples, STACK)
    if is_there_before:
        write(path, STACK[:1])
    remains = 0
    for reads in range(1, 30):
        done = subprocess.run([sys.executable, "-c", KILLED, path, str(reads), samples], capture_output=True, text=True)
        left = sorted(set(os.listdir(tmp_path)) - {"a.b2nd", "samples.npy"})
        if done.returncode == 0:
            break
        assert done.returncode == -signal.SIGKILL, done.stderr
        assert path.exists() == is_there_before
        assert all(name.startswith(".a.b2nd.") and name.endswith(".tmp") for name in left)
        remains += len(left)
        for name in left:
            (tmp_path / name).unlink()
    assert remains >= 3 and left == []  # it was killed while writing, too; and in the end it was not killed
    assert np.array_equal(blosc2.open(str(path))[...], STACK)


def load(tmp_path: Path, library: bytes) -> str:
    path = tmp_path / "libblosc2_grok.so"
    path.write_bytes(library)
    with pytest.raises(ImportError) as caught:
        _native._load(str(path))
    return str(caught.value)


def test_a_missing_or_wrong_library_is_named(tmp_path: Path) -> None:
    library = Path(_native.libpath).read_bytes()
    needed = [name for name in (b"libgrokj2k.so.1", b"libopenjp2.so.7") if name in library]
    assert needed
    for name in needed:
        text = load(tmp_path, library.replace(name, name[:-1] + b"9"))
        assert f"{name[:-1].decode()}9" in text and "apt-get install" in text
        # A library of this name that is another one: here the one for arithmetic.
        text = load(tmp_path, library.replace(name, b"libm.so.6".ljust(len(name), b"\0")))
        assert "undefined symbol" in text and "apt-get install" in text


OLD_HOST = """
import enum, sys, types
blosc2 = types.ModuleType("blosc2")
blosc2.__version__, blosc2.Codec = "2.5.1", enum.Enum("Codec", ["ZSTD"])
sys.modules["blosc2"] = blosc2
import blosc2_grok
assert blosc2_grok.diagnose()["host"]["codec_37"] in (None, False)
blosc2_grok.asarray
"""


def run(program: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command: List[str] = [sys.executable, "-c", program, *arguments]
    return subprocess.run(command, capture_output=True, text=True, env={**os.environ, **environment}, timeout=60)


def test_an_old_blosc2_is_told_to_be_replaced() -> None:
    done = run(OLD_HOST)
    assert done.returncode == 1
    assert "blosc2 2.5.1 does not know codec 37: blosc2 2.7.1 or later is needed" in done.stderr


ROUND_TRIP = """
import os, sys
os.chdir(sys.argv[1])
import numpy as np, blosc2, blosc2_grok
image = (np.arange(90 * 100) % 1021).astype("u2").reshape(90, 100)
assert np.array_equal(blosc2_grok.asarray(image, coder="ht")[...], image)
assert all(check.ok for check in blosc2_grok.selftest())
"""


def test_a_home_that_can_not_be_written() -> None:
    """Nobody, root included, can make a file in /proc: neither home nor the working folder is needed."""
    done = run(ROUND_TRIP, "/proc", HOME="/proc", TMPDIR="/proc", XDG_CACHE_HOME="/proc", PYTHONDONTWRITEBYTECODE="1")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
