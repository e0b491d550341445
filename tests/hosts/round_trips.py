# SPDX-License-Identifier: BSD-3-Clause
"""The same round trips on every host: one line a check, and a non-zero exit status when one fails.

    python round_trips.py [--exchange FOLDER] [CHECK ...]

Needs NumPy and blosc2_grok; uses blosc2, h5py and hdf5plugin where they are. Each check runs in a process of its own,
so that a crash is one failed check. FOLDER holds files that other hosts have written: they are read, and this host's
are added.
"""
import argparse
import importlib.util
import os
import struct
import subprocess
import sys
import tempfile
import traceback
from pathlib import Path

import numpy as np

HAS_BLOSC2 = importlib.util.find_spec("blosc2") is not None
HAS_HDF5 = all(importlib.util.find_spec(name) is not None for name in ("h5py", "hdf5plugin"))
GROK = 37
FILTER_BLOSC2 = 32026
DTYPES = ["|u1", "|i1", "<u2", "<i2"]

# name: (shape, chunks, blocks)
SHAPES = {
    "square": ((128, 128),) * 3,
    "wide": ((100, 300),) * 3,
    "tall": ((300, 100),) * 3,
    "odd": ((61, 97),) * 3,
    "leading ones": ((1, 1, 90, 120),) * 3,
    "stack": ((6, 90, 120), (2, 90, 120), (1, 90, 120)),
    "RGB": ((60, 90, 3),) * 3,
    "RGBA": ((40, 70, 4),) * 3,
    "RGB stack": ((3, 60, 90, 3), (2, 60, 90, 3), (1, 60, 90, 3)),
    "padded edges": ((300, 500), (256, 256), (128, 128)),
    "padded RGB": ((70, 100, 3), (64, 64, 3), (32, 64, 3)),
    "one row": ((1, 3000),) * 3,
    "one column": ((3000, 1),) * 3,
    "one axis": ((5000,),) * 3,
    "8 x 8": ((8, 8),) * 3,
    "3 x 5": ((3, 5),) * 3,
    "tiny blocks": ((50, 70), (24, 40), (8, 10)),
}


def image(shape, dtype, seed=0):
    """Waves and a little noise over three quarters of the dtype's range; what a detector might give."""
    axes = [n for n in shape if n > 1] or [1]
    if len(axes) > 2 and axes[-1] not in (3, 4):
        frames = [image(axes[1:], dtype, seed + n) for n in range(axes[0])]
        return np.stack(frames).reshape(shape)
    grid = np.meshgrid(*(np.arange(n) for n in axes), indexing="ij")
    wave = sum(np.sin((7 + 4 * k) * g / max(60, len(g)) + seed + k) for k, g in enumerate(grid)) / len(grid)
    limits = np.iinfo(dtype)
    scale = (float(limits.max) - float(limits.min)) * 0.375
    middle = (float(limits.max) + float(limits.min)) / 2
    noise = np.random.default_rng(seed).normal(0, 1.2, axes)
    return np.clip(np.rint(middle + scale * wave + noise), limits.min, limits.max).astype(dtype).reshape(shape)


def store(array, chunks=None, blocks=None, codec_meta=0, filters=(), **arguments):
    import blosc2
    cparams = {"codec": blosc2.Codec.GROK, "codec_meta": codec_meta, "splitmode": blosc2.SplitMode.NEVER_SPLIT}
    if filters is not None:
        cparams["filters"] = list(filters)
    cparams.update(arguments.pop("cparams", {}))
    return blosc2.asarray(array, chunks=chunks or array.shape, blocks=blocks or array.shape, cparams=cparams,
                          **arguments)


def stored_bytes(stored):
    """Bytes of the only block in an array's only chunk: without chunk header, offset and size."""
    return stored.schunk.cbytes - 32 - 4 - 4


def blocks_of(chunk):
    """The stored blocks of a Blosc2 chunk, in the order of their samples."""
    nbytes, block_bytes = struct.unpack_from("<ii", chunk, 4)
    starts = struct.unpack_from(f"<{-(-nbytes // block_bytes)}i", chunk, 32)
    return [chunk[start + 4:start + 4 + struct.unpack_from("<i", chunk, start)[0]] for start in starts]


def require_equal(got, expected, what):
    if got.shape != expected.shape or got.dtype != expected.dtype:
        raise AssertionError(f"{what}: {got.dtype}{got.shape} instead of {expected.dtype}{expected.shape}")
    wrong = int((got != expected).sum())
    if wrong:
        raise AssertionError(f"{what}: {wrong} of {got.size} samples are wrong")


def require(condition, what):
    if not condition:
        raise AssertionError(what)


def psnr(got, expected):
    error = ((got.astype(float) - expected.astype(float)) ** 2).mean()
    peak = float(np.iinfo(expected.dtype).max) - float(np.iinfo(expected.dtype).min)
    return 10 * np.log10(peak ** 2 / error) if error else np.inf


def every(cases, body):
    """Runs `body` for every case and raises what went wrong in all of them together."""
    failures = []
    for case in cases:
        try:
            body(case)
        except Exception as error:
            failures.append(f"{case}: {type(error).__name__}: {error}")
    if failures:
        shown = "\n  ".join(failures[:6] + [f"and {len(failures) - 6} more"] * (len(failures) > 6))
        raise AssertionError(f"{len(failures)} of {len(list(cases))} cases\n  {shown}")


def in_second_process(code, *arguments):
    """Runs Python code in a process that does not import blosc2_grok: the host must find the plugin by itself."""
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    done = subprocess.run([sys.executable, "-c", code, *map(str, arguments)], env=environment, text=True,
                          capture_output=True, timeout=120)
    if done.returncode:
        last = (done.stderr.strip() or "nothing on stderr").splitlines()[-1]
        raise AssertionError(f"second process: exit status {done.returncode}: {last}")
    return done.stdout


READ_B2ND = """
import sys, numpy, blosc2
for path in sys.argv[1:]:
    got, expected = blosc2.open(path, mode="r")[...], numpy.load(path + ".npy")
    assert got.dtype == expected.dtype and numpy.array_equal(got, expected), f"{path} is read wrong"
assert "blosc2_grok" not in sys.modules
"""

READ_HDF5 = """
import sys, numpy, h5py, hdf5plugin
with h5py.File(sys.argv[1], "r") as file:
    for name in file:
        expected = numpy.load(f"{sys.argv[1]}.{name}.npy")
        assert numpy.array_equal(file[name][()], expected), f"{name} is read wrong"
assert "blosc2_grok" not in sys.modules
"""


# Without blosc2

def check_package(folder):
    import blosc2_grok
    for name in ("set_params_defaults", "params_defaults", "print_libpath", "get_libpath", "libpath", "GrkFileFmt",
                 "GrkProfile", "GrkRateControl", "GrkMode", "Error", "last_error", "notices", "message_serial"):
        require(hasattr(blosc2_grok, name), f"blosc2_grok.{name} is missing")
    require(issubclass(blosc2_grok.Error, RuntimeError), "Error is no RuntimeError")


def check_print_libpath(folder):
    done = subprocess.run([sys.executable, "-c", "import blosc2_grok; blosc2_grok.print_libpath()"],
                          capture_output=True, text=True, timeout=60)
    require(done.returncode == 0, f"exit status {done.returncode}: {done.stderr[-300:]}")
    require(not done.stderr, f"on stderr: {done.stderr[-300:]}")
    require(Path(done.stdout).is_file(), f"no such file: {done.stdout!r}")


# With blosc2

def check_lossless(folder):
    def body(case):
        shape, chunks, blocks = SHAPES[case[0]]
        array = image(shape, np.dtype(case[1]))
        stored = store(array, chunks, blocks)
        require_equal(stored[...], array, "read back")
        if np.prod(blocks) * array.itemsize > 8000:
            require(stored.schunk.cratio > 1.2, f"ratio {stored.schunk.cratio:.3f}")
    every([(shape, dtype) for shape in SHAPES for dtype in DTYPES], body)


def check_whole_chunks(folder):
    """Blocks that cut an axis, under an axis of which they hold several: Blosc2 2.7 to 3.7 mixes up their samples."""
    import blosc2

    import blosc2_grok
    frames = image((8, 32, 40), "<u2")
    faulty = (2, 7) <= tuple(int(part) for part in blosc2.__version__.split(".")[:2]) < (3, 8)
    chosen = blosc2_grok.asarray(frames, blocks=(2, 16, 40))
    require_equal(chosen[...], frames, "blocks chosen")
    require_equal(chosen[:4], frames[:4], "blocks chosen, one chunk")
    require_equal(blosc2_grok.read(chosen, (slice(4, 8),)), frames[4:], "read")
    try:
        both = blosc2_grok.asarray(frames, chunks=(4, 32, 40), blocks=(2, 16, 40))
    except ValueError as error:
        require(faulty and "mixes up" in str(error), f"refused: {error}")
        both = None
    require((both is None) == faulty, "refused where the host is at fault, and only there")
    if both is not None:
        require_equal(both[...], frames, "chunks and blocks chosen")
    # By the host, whole and at once, as other programs write it.
    foreign = store(frames, chunks=(4, 32, 40), blocks=(2, 16, 40))
    require_equal(blosc2_grok.read(foreign), frames, "read of a foreign array")
    require_equal(blosc2_grok.read(foreign, (slice(0, 4),)), frames[:4], "read of its first chunk")


def check_parameters(folder):
    """They come along with an array: in its file, in the host's copy of it, and to arrays like it."""
    import blosc2

    import blosc2_grok
    frames = image((4, 100, 140), np.dtype("<u2"))
    path = str(folder / "lossy.b2nd")
    written = blosc2_grok.asarray(frames, max_error=9, urlpath=path, mode="w", cparams={"nthreads": 2})
    opened = blosc2.open(path, mode="r")
    require(opened.schunk.meta["grok"]["max_error"] == 9, "the host reads other parameters")
    again = blosc2_grok.asarray(frames, **blosc2_grok.like(path))
    for array in (written, again, written.copy(), blosc2.ndarray_from_cframe(written.to_cframe(), copy=True)):
        require(blosc2_grok.params_of(array).max_error == 9, "max_error is not in it")
        array[1] = frames[2]
        worst = int(np.abs(array[1].astype(int) - frames[2]).max())
        require(0 < worst <= 9, f"max_error=9 gave {worst} in what was assigned")


def check_reading(folder):
    """By our own reader: chunks shared by threads, after filters, previews."""
    import blosc2_grok
    frames = image((5, 300, 400), np.dtype("<u2"))
    arguments = {"chunks": (1, 300, 400), "blocks": (1, 300, 400), "dparams": {"nthreads": 2}}
    plain, shuffled = (store(frames, filters=filters, **arguments) for filters in ((), None))
    for array in (plain, shuffled):
        require_equal(blosc2_grok.read(array), frames, "all")
        require_equal(blosc2_grok.read(array, (slice(1, 4), slice(30, 90))), frames[1:4, 30:90], "a region")
    preview = blosc2_grok.read(plain, 2, reduce=2)
    means = frames[2].reshape(75, 4, 100, 4).mean(axis=(1, 3))
    worst = np.abs(preview - means).max()
    require(worst < 1500, f"the preview is another picture: {worst:.0f} from the means")
    require_equal(blosc2_grok.read(shuffled, 2, reduce=2), preview, "preview after a shuffle")
    for block in blosc2_grok.codestreams(shuffled):
        require(block.kind == "jp2", f"a block is {block.kind}")
    require(blosc2_grok.verify(plain).ok, "verify")


def check_siblings(folder):
    """Arrays of codecs 39 and 40, which not all hosts know."""
    import blosc2_grok
    for path in sorted((Path(__file__).parents[1] / "golden" / "siblings").glob("*.b2nd")):
        converted = blosc2_grok.convert(path, folder / path.name)
        require_equal(blosc2_grok.read(str(path)), converted[...], path.name)
        reduced = blosc2_grok.read(converted, reduce=1)
        require_equal(blosc2_grok.read(str(path), reduce=1), reduced, f"{path.name} at half the resolution")


def check_noise(folder):
    """Blocks that JPEG 2000 can't make smaller are stored raw."""
    def body(case):
        shape, dtype = case
        array = np.random.default_rng(1).integers(0, 256, (*shape, np.dtype(dtype).itemsize), np.uint8)
        array = array.view(dtype).reshape(shape)
        require_equal(store(array)[...], array, "read back")
    every([(shape, dtype) for dtype in DTYPES for shape in [(64, 64), (300, 200), (40, 50, 3)]], body)


def check_extremes(folder):
    """Lowest and highest value side by side; constant images; zero planes."""
    def body(case):
        dtype = np.dtype(case)
        limits = np.iinfo(dtype)
        checkerboard = np.where(np.indices((64, 80)).sum(0) % 2, limits.min, limits.max).astype(dtype)
        for array in (checkerboard, np.full((64, 80), limits.max, dtype), np.zeros((64, 80), dtype)):
            require_equal(store(array)[...], array, "read back")
    every(DTYPES, body)


def check_codec_meta(folder):
    """codec_meta=40 is a ratio of 4 for this array, and nothing for the next."""
    def body(dtype):
        noise = np.random.default_rng(2).integers(0, 9, (200, 300)).astype(dtype)
        array = image((200, 300), np.dtype(dtype), 3) + noise
        stored = store(array, codec_meta=40)
        ratio = array.nbytes / stored_bytes(stored)
        # The block keeps the rate; Blosc2's chunk header comes on top.
        require(3.98 <= ratio < 4.6, f"ratio {ratio:.3f}")
        got = stored[...]
        require(0 < np.abs(got.astype(int) - array).max() <= (40 if array.itemsize == 1 else 400), "far off")
        require_equal(store(array)[...], array, "lossless after lossy")
    every(DTYPES, body)


def check_rates_and_dB(folder):
    import blosc2_grok
    noise = np.random.default_rng(4).integers(0, 9, (256, 256)).astype("<u2")
    array = image((256, 256), np.dtype("<u2"), 4) + noise
    try:
        blosc2_grok.set_params_defaults(cod_format=blosc2_grok.GrkFileFmt.GRK_FMT_JP2, quality_mode="rates",
                                        quality_layers=np.array([8], dtype=np.float64))
        stored = store(array)
        ratio = array.nbytes / stored_bytes(stored)
        require(7.95 <= ratio < 9, f"rates 8 gives a ratio of {ratio:.3f}")
        require(psnr(stored[...], array) > 60, f"rates 8 gives {psnr(stored[...], array):.1f} dB")
        blosc2_grok.set_params_defaults(quality_mode="dB", quality_layers=np.array([70], dtype=np.float64))
        reached = psnr(store(array)[...], array)
        require(70 <= reached < 76, f"70 dB gives {reached:.1f} dB")
    finally:
        blosc2_grok.set_params_defaults()
    require_equal(store(array)[...], array, "lossless after lossy")


def check_filters(folder):
    """A lone shuffle, Blosc2's default, does no harm, lossless or lossy; a bitshuffle none when lossless."""
    import blosc2

    def body(dtype):
        array = image((100, 140), np.dtype(dtype))
        stored = store(array, filters=None)
        require_equal(stored[...], array, "shuffle")
        require(stored.schunk.cratio > 1.2, f"shuffle: ratio {stored.schunk.cratio:.3f}")
        reached = psnr(store(array, codec_meta=40, filters=None)[...], array)
        require(reached > (30 if array.itemsize == 1 else 70), f"shuffle, codec_meta=40: {reached:.1f} dB")
        require_equal(store(array, filters=[blosc2.Filter.BITSHUFFLE])[...], array, "bitshuffle")
    every(DTYPES, body)


def check_threads(folder):
    """The same bytes and samples with one and with four of the host's threads."""
    array = image((12, 90, 120), np.dtype("<u2"))
    arguments = {"chunks": (6, 90, 120), "blocks": (1, 90, 120)}
    one, four = (store(array, **arguments, cparams={"nthreads": n}, dparams={"nthreads": n}) for n in (1, 4))
    require_equal(four[...], array, "read back")
    for n in range(2):  # the order of a chunk's blocks is the threads' choice
        require(blocks_of(one.schunk.get_chunk(n)) == blocks_of(four.schunk.get_chunk(n)), f"chunk {n} differs")


def check_updates(folder):
    """Assignment, resize and copies keep the codec working."""
    import blosc2
    array = image((200, 260), np.dtype("<i2"))
    stored = store(array, (128, 128), (64, 64), urlpath=str(folder / "updated.b2nd"), mode="w")
    array = array.copy()
    array[30:150, 70:200] = changed = image((120, 130), np.dtype("<i2"), 9)
    stored[30:150, 70:200] = changed
    require_equal(stored[...], array, "after assignment")
    require_equal(stored[10:90, 100:101], array[10:90, 100:101], "slice")
    stored.resize((220, 300))
    grown = np.zeros((220, 300), "<i2")
    grown[:200, :260] = array
    require_equal(stored[...], grown, "after resize")
    require_equal(blosc2.ndarray_from_cframe(stored.to_cframe(), copy=True)[...], grown, "from a cframe")
    require_equal(stored.copy()[...], grown, "copied")


def check_flipped_byte(folder):
    """One flipped byte anywhere in a stored block is an error with a reason, for lossless and lossy blocks."""
    import blosc2

    import blosc2_grok
    array = image((120, 160), np.dtype("<u2"))

    def body(case):
        codec_meta, where = case
        frame = bytearray(store(array, codec_meta=codec_meta).to_cframe())
        start = frame.index(b"jP  \r\n\x87\n") - 4
        end = frame.rindex(b"\xff\xd9") + 2
        frame[start + int(where * (end - 1 - start))] ^= 0x10
        serial = blosc2_grok.message_serial()
        damaged = blosc2.ndarray_from_cframe(bytes(frame), copy=True)
        try:
            damaged[...]
        except Exception as error:
            require(isinstance(error, RuntimeError), f"raises {error!r}")
        else:
            raise AssertionError("no error")
        require(blosc2_grok.last_error(since=serial) is not None, "no reason is kept")
    places = (0, 0.002, 0.005, 0.01, 0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 1)
    every([(codec_meta, where) for codec_meta in (0, 40) for where in places], body)


def check_files(folder):
    """Files on disk, contiguous and sparse, are read in a process that did not import blosc2_grok."""
    paths = []
    for name, contiguous in ("wide", True), ("RGB", True), ("padded edges", False):
        shape, chunks, blocks = SHAPES[name]
        array = image(shape, np.dtype("<u2"))
        path = folder / f"{name}.b2nd"
        store(array, chunks, blocks, urlpath=str(path), mode="w", contiguous=contiguous)
        np.save(f"{path}.npy", array)
        paths.append(path)
    in_second_process(READ_B2ND, *paths)


# With h5py and hdf5plugin

# name: (shape, chunk, dtype)
DATASETS = {
    "one_chunk": ((700, 1000), (700, 1000), "<u2"),
    "wide": ((100, 300), (100, 300), "|u1"),
    "tall_signed": ((300, 100), (300, 100), "<i2"),
    "stack": ((4, 100, 150), (1, 100, 150), "<u2"),
    "padded": ((300, 500), (128, 256), "<i2"),
    "rgb": ((2, 60, 90, 3), (1, 60, 90, 3), "|u1"),
}


def cd_values(chunk, dtype):
    """Client data of HDF5's Blosc2 filter: the whole chunk as one block, no shuffle, codec grok."""
    chunk_bytes = int(np.prod(chunk)) * np.dtype(dtype).itemsize
    return (0, chunk_bytes, 0, 0, 5, 0, GROK)


def require_compressed(dataset):
    for n in range(dataset.id.get_num_chunks()):
        info = dataset.id.get_chunk_info(n)
        raw = int(np.prod(dataset.chunks)) * dataset.dtype.itemsize
        require(info.filter_mask == 0, f"{dataset.name}: chunk {n} was stored unfiltered")
        require(info.size < 0.9 * raw, f"{dataset.name}: chunk {n} takes {info.size} of {raw} bytes")


def check_hdf5_filter(folder):
    """Written through the filter, read back in this process and in one that did not import blosc2_grok."""
    import h5py
    import hdf5plugin  # noqa: F401  registers the filter
    path = folder / "filter.h5"
    with h5py.File(path, "w") as file:
        for name, (shape, chunk, dtype) in DATASETS.items():
            array = image(shape, np.dtype(dtype))
            file.create_dataset(name, data=array, chunks=chunk, compression=FILTER_BLOSC2,
                                compression_opts=cd_values(chunk, dtype))
            np.save(f"{path}.{name}.npy", array)

    def body(name):
        with h5py.File(path, "r") as file:
            require_compressed(file[name])
            require_equal(file[name][()], np.load(f"{path}.{name}.npy"), name)
    every(DATASETS, body)
    in_second_process(READ_HDF5, path)


WRITE_HDF5 = """
import sys, numpy, h5py, hdf5plugin
if sys.argv[2] == "import": import blosc2_grok
array = numpy.load(sys.argv[1] + ".data.npy")
with h5py.File(sys.argv[1], "w") as file:
    dataset = file.create_dataset("data", data=array, chunks=array.shape, compression=32026,
                                  compression_opts=(0, array.nbytes, 0, 0, 5, 0, 37))
    file.flush()
    info = dataset.id.get_chunk_info(0)
    assert info.filter_mask == 0 and info.size < 0.9 * array.nbytes, "the chunk was stored unfiltered"
"""


def write_in_second_process(path, what):
    np.save(f"{path}.data.npy", image((200, 300), np.dtype("<u2")))
    in_second_process(WRITE_HDF5, path, what)
    in_second_process(READ_HDF5, path)


def check_hdf5_filter_alone(folder):
    """Written through the filter in a process that did not import blosc2_grok."""
    write_in_second_process(folder / "alone.h5", "nothing")


def check_hdf5_filter_first(folder):
    """Written through the filter in a process that imported blosc2_grok after h5py and hdf5plugin."""
    write_in_second_process(folder / "first.h5", "import")


def check_hdf5_noise(folder):
    """What can't be made smaller is stored, somehow, and read back."""
    import h5py
    import hdf5plugin  # noqa: F401  registers the filter
    array = np.random.default_rng(1).integers(0, 65536, (64, 64), np.uint16)
    with h5py.File(folder / "noise.h5", "w") as file:
        file.create_dataset("noise", data=array, chunks=(64, 64), compression=FILTER_BLOSC2,
                            compression_opts=cd_values((64, 64), "<u2"))
    with h5py.File(folder / "noise.h5", "r") as file:
        require_equal(file["noise"][()], array, "read back")


def check_hdf5_direct_chunks(folder):
    """Frames of Blosc2 put into HDF5 as they are, lossless and lossy: what ESRF's client and tomocompress do."""
    import h5py
    import hdf5plugin  # noqa: F401  registers the filter
    path = folder / "direct.h5"
    with h5py.File(path, "w") as file:
        for name, codec_meta in (("lossless", 0), ("lossy", 40)):
            array = image((3, 120, 160), np.dtype("<u2"), 5)
            dataset = file.create_dataset(name, array.shape, array.dtype, chunks=(1, 120, 160),
                                          compression=FILTER_BLOSC2)
            expected = []
            for n, frame in enumerate(array):
                stored = store(frame[np.newaxis], codec_meta=codec_meta)
                dataset.id.write_direct_chunk((n, 0, 0), stored.schunk.to_cframe())
                expected.append(stored[...][0])
            np.save(f"{path}.{name}.npy", np.stack(expected))
            if not codec_meta:
                require_equal(np.stack(expected), array, name)
        for name in file:
            require_equal(file[name][()], np.load(f"{path}.{name}.npy"), name)
    in_second_process(READ_HDF5, path)


# Between hosts

def check_exchange(folder):
    """Reads what the other hosts left in the folder, then leaves files of its own there."""
    for path in sorted(folder.glob("*/*.b2nd")) if HAS_BLOSC2 else []:
        in_second_process(READ_B2ND, path)
    for path in sorted(folder.glob("*/*.h5")) if HAS_HDF5 else []:
        in_second_process(READ_HDF5, path)
    own = folder / Path(sys.prefix).name
    if own.exists():
        return
    with tempfile.TemporaryDirectory(dir=folder, prefix=".") as unfinished:
        written = Path(unfinished) / "files"
        written.mkdir()
        for check in [check_files] * HAS_BLOSC2 + [check_hdf5_filter] * HAS_HDF5:
            check(written)
        if HAS_BLOSC2 and HAS_HDF5:
            check_hdf5_direct_chunks(written)
        written.rename(own)


PLAIN = [check_package, check_print_libpath]
BLOSC2 = [check_lossless, check_parameters, check_reading, check_siblings, check_noise, check_extremes,
          check_codec_meta, check_rates_and_dB, check_filters, check_threads, check_updates, check_whole_chunks,
          check_flipped_byte, check_files]
HDF5 = [check_hdf5_filter, check_hdf5_filter_alone, check_hdf5_filter_first, check_hdf5_noise]
BOTH = [check_hdf5_direct_chunks]


def name_of(check):
    return check.__name__[len("check_"):]


def run_one(name, folder):
    """In the check's own process."""
    try:
        import blosc2_grok  # noqa: F401  makes the codec work in this process
        globals()[f"check_{name}"](Path(folder))
    except BaseException as error:
        if not isinstance(error, AssertionError):
            traceback.print_exc(file=sys.stderr)
        print(f"{'' if isinstance(error, AssertionError) else type(error).__name__ + ': '}{error}")
        return 1
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--exchange", type=Path, metavar="FOLDER", help="where hosts leave files for each other")
    parser.add_argument("--one", nargs=2, metavar=("CHECK", "FOLDER"), help=argparse.SUPPRESS)
    parser.add_argument("checks", nargs="*", metavar="CHECK", help="only these")
    options = parser.parse_args()
    if options.one:
        return run_one(*options.one)
    checks = PLAIN + BLOSC2 * HAS_BLOSC2 + HDF5 * HAS_HDF5 + BOTH * (HAS_BLOSC2 and HAS_HDF5)
    names = [name_of(check) for check in checks] + ["exchange"] * (options.exchange is not None)
    failed = 0
    for name in options.checks or names:
        with tempfile.TemporaryDirectory() as folder:
            where = options.exchange if name == "exchange" else folder
            try:
                done = subprocess.run([sys.executable, __file__, "--one", name, str(where)], text=True,
                                      capture_output=True, timeout=300)
                status, output = done.returncode, done.stdout.strip() or done.stderr.strip()[-600:]
            except subprocess.TimeoutExpired:
                status, output = 1, "no end after 300 s"
        failed += status != 0
        died = f"died of signal {-status}; " if status < 0 else ""
        print(f"FAIL {name}: {died}{output}" if status else f"ok   {name}", flush=True)
    print(f"{len(options.checks or names) - failed} passed, {failed} failed")
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
