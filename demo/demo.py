# SPDX-License-Identifier: BSD-3-Clause
"""Stores real images by blosc2_grok, reads them back and checks what came back: run by ../demo.sh.

    python demo.py OUTPUT_FOLDER

Ends with "demo: ok", or with a non-zero status and what failed.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

import blosc2
import h5py
import images
import numpy as np

import blosc2_grok

COLUMNS = "{:34} {:32} {:>6}  {:>9}  {:>7}  {:>7}"


class CheckFailed(Exception):
    pass


def require(condition, what):
    if not condition:
        raise CheckFailed(what)


def psnr(original, decoded):
    """Peak is the dtype's whole range, signed or not: 65535 for 16 bits."""
    mse = np.mean((decoded.astype(np.float64) - original) ** 2)
    peak = 2.0 ** (8 * original.dtype.itemsize) - 1
    return np.inf if mse == 0 else 10 * np.log10(peak**2 / mse)


def quality(original, decoded):
    reached = psnr(original, decoded)
    return "lossless" if np.isinf(reached) else f"{reached:.2f} dB"


def print_row(name, parameters, original, stored_bytes, decoded, seconds_in, seconds_out):
    speeds = [f"{original.nbytes / 1e6 / seconds:.1f}" for seconds in (seconds_in, seconds_out)]
    ratio = f"{original.nbytes / stored_bytes:.2f}"
    print(COLUMNS.format(name, parameters, ratio, quality(original, decoded), *speeds), flush=True)


def store(image, path, codec_meta=0):
    """The image as one block in a .b2nd file, as the README of blosc2-grok always showed it."""
    cparams = {
        "codec": blosc2.Codec.GROK,
        "codec_meta": codec_meta,
        "filters": [],
        "splitmode": blosc2.SplitMode.NEVER_SPLIT,
    }
    return blosc2.asarray(
        image, chunks=image.shape, blocks=image.shape, cparams=cparams, urlpath=str(path), mode="w"
    )


def round_trip(name, parameters, image, path, codec_meta=0):
    """Stores an image, reads it back from the file and prints a line of the table; returns the decoded image."""
    start = time.perf_counter()
    store(image, path, codec_meta)
    written = time.perf_counter()
    array = blosc2.open(str(path))
    decoded = array[...]
    read = time.perf_counter()
    require(decoded.dtype == image.dtype and decoded.shape == image.shape, f"{path.name}: dtype or shape changed")
    print_row(name, parameters, image, array.schunk.cbytes, decoded, written - start, read - written)
    return decoded


def stored_block(path):
    """The only block of a file, as it is stored."""
    (block,) = blosc2_grok.codestreams(blosc2.open(str(path)))
    return block.data


def check_rate(image, decoded, path, rate):
    size = len(stored_block(path))
    require(size <= image.nbytes / rate, f"{path.name}: {size} bytes are more than 1/{rate}")
    is_full = size >= 0.9 * image.nbytes / rate
    require(is_full or np.array_equal(decoded, image), f"{path.name}: {size} bytes are far less than 1/{rate}")


def show_radiology(output):
    """The radiograph and the signed CT slice: lossless, and at rates 4 and 10."""
    decoded = {}
    for name, image, stem in [
        ("X-ray, 1955 x 1841 uint16", images.radiograph(), "xray"),
        ("CT, 512 x 512 int16 (signed)", images.ct_slice(), "ct"),
    ]:
        lossless = round_trip(name, "lossless", image, output / f"{stem}-lossless.b2nd")
        require(np.array_equal(lossless, image), f"{stem}: lossless differs")
        for rate in (4, 10):
            path = output / f"{stem}-rate{rate}.b2nd"
            decoded[stem, rate] = round_trip(name, f"codec_meta={10 * rate} (rate {rate})", image, path, 10 * rate)
            check_rate(image, decoded[stem, rate], path, rate)
    return decoded


def show_photo(output):
    """The example of blosc2-grok's README: a colour photo with quality_mode="dB", and again with codec_meta."""
    image = images.photo()
    name = "photo, 512 x 512 x 3 uint8"
    decoded = {}
    for decibels in (5, 40):
        kwargs = {
            "cod_format": blosc2_grok.GrkFileFmt.GRK_FMT_JP2,
            "quality_mode": "dB",
            "quality_layers": np.array([decibels], dtype=np.float64),
        }
        blosc2_grok.set_params_defaults(**kwargs)
        decoded[decibels] = round_trip(name, f'quality_mode="dB", [{decibels}]', image, output / f"photo-dB{decibels}.b2nd")
        reached = psnr(image, decoded[decibels])
        require(reached >= decibels, f"{reached:.2f} dB where {decibels} were asked for")
    blosc2_grok.set_params_defaults()
    path = output / "photo-rate5.b2nd"
    check_rate(image, round_trip(name, "codec_meta=50 (rate 5)", image, path, 50), path, 5)
    lossless = round_trip(name, "lossless", image, output / "photo-lossless.b2nd")
    require(np.array_equal(lossless, image), "photo: lossless differs")
    return decoded[40]


READ_STACK = """
import sys, time, numpy, h5py, hdf5plugin
with h5py.File(sys.argv[1], "r") as file:
    start = time.perf_counter()
    stack = file["entry/data"][()]
    print(time.perf_counter() - start)
assert "blosc2_grok" not in sys.modules
numpy.save(sys.argv[2], stack)
"""


def run(*command):
    """Runs a program, with the environment's `python` on the PATH: HDF5's Blosc2 asks it where the plugin is."""
    environment = {**os.environ, "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])}
    done = subprocess.run([str(word) for word in command], text=True, capture_output=True, env=environment)
    require(done.returncode == 0, f"{command[0]}: status {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout + done.stderr


def show_esrf_client(output, rate=10):
    """ESRF's program compress-hdf5, unchanged, on an HDF5 stack; then h5py reads its file back in a fresh process."""
    stack = images.stack()
    source, report = output / "stack.h5", output / "stack.txt"
    with h5py.File(source, "w") as file:
        file.create_dataset("entry/data", data=stack, chunks=(1, *stack.shape[1:]))
    report.write_text(f"## TO COMPRESS ##\n{source}\n\n## REMAINING ##\n")
    client = Path(sys.executable).parent / "compress-hdf5"
    start = time.perf_counter()
    said = run(client, "compress", "--input", report, "--cratio", rate, "--layout", "sibling")
    seconds_in = time.perf_counter() - start
    compressed = output / "stack_jp2k.h5"
    require(compressed.exists(), f"compress-hdf5 left no file:\n{said}")

    seconds_out = float(run(sys.executable, "-c", READ_STACK, compressed, output / "stack.npy").split()[-1])
    decoded = np.load(output / "stack.npy")
    os.remove(output / "stack.npy")
    stored_bytes = check_chunks(compressed, stack, rate)
    print_row("HDF5 stack, 8 x 512 x 640 uint16", f"compress-hdf5 --cratio {rate}", stack, stored_bytes, decoded,
              seconds_in, seconds_out)
    require(decoded.shape == stack.shape and decoded.dtype == stack.dtype, "the HDF5 stack's shape or dtype changed")
    require(min(psnr(*pair) for pair in zip(stack, decoded)) > 50, "the HDF5 stack is below 50 dB")
    run(client, "check", "--input", report, "--layout", "sibling")  # its own comparison, by SSIM
    return (output / "stack_jp2k_ssim_report.txt").read_text()


def check_chunks(path, stack, rate):
    """Each chunk of the file is a Blosc2 frame with one block of ours in it; returns the bytes of all."""
    total = 0
    with h5py.File(path, "r") as file:
        dataset = file["entry/data"]
        require(dataset.id.get_num_chunks() == len(stack), f"{path.name}: {dataset.id.get_num_chunks()} chunks")
        for number in range(len(stack)):
            _, frame = dataset.id.read_direct_chunk((number, 0, 0))
            (block,) = blosc2_grok.codestreams(blosc2.ndarray_from_cframe(frame))
            require(len(block.data) <= stack[number].nbytes / rate, f"chunk {number}: {len(block.data)} bytes")
            require(b"B2GROK" in block.data, f"chunk {number} was not written by this plugin")
            total += len(frame)
    return total


def show_extraction(output):
    """The block of a .b2nd file is a JP2 file: taken out, and read by Pillow's own decoder."""
    from PIL import Image

    jp2 = output / "xray-lossless.jp2"
    jp2.write_bytes(stored_block(output / "xray-lossless.b2nd"))
    require(np.array_equal(np.asarray(Image.open(jp2)), images.radiograph()), f"Pillow reads {jp2.name} otherwise")
    print(f"{jp2.name}: taken out of the .b2nd file, {jp2.stat().st_size} bytes; Pillow reads the same samples")


def show_damage(output):
    """One byte of a file changed, deep in the compressed samples: reading it is an error with a reason."""
    path = output / "xray-damaged.b2nd"
    frame = bytearray((output / "xray-lossless.b2nd").read_bytes())
    block = stored_block(output / "xray-lossless.b2nd")
    position = frame.index(block[:4096]) + len(block) // 2
    frame[position] ^= 0x10
    path.write_bytes(frame)
    serial = blosc2_grok.message_serial()
    try:
        blosc2.open(str(path))[...]
    except RuntimeError:
        print(f"{path.name}: byte {position} of {len(frame)} changed; noticed: {blosc2_grok.last_error(serial)}")
        return
    raise CheckFailed(f"{path.name}: nothing was noticed")


def draw_picture(output, radiology, photo):
    from picture import draw

    xray, ct = images.radiograph(), images.ct_slice()
    lung, skull = np.s_[800:1100, 600:900], np.s_[90:340, 130:380]
    draw(output / "differences.png", [
        ("X-ray (detail)", "decoded, rate 4", xray[lung], radiology["xray", 4][lung], (3000, 14000)),
        ("X-ray (same detail)", "decoded, rate 10", xray[lung], radiology["xray", 10][lung], (3000, 14000)),
        ("CT (detail)", "decoded, rate 10", ct[skull], radiology["ct", 10][skull], (960, 1140)),
        ("photo", "decoded, 40 dB", images.photo(), photo, None),
    ])  # fmt: skip


def main(folder):
    output = Path(folder).resolve()
    output.mkdir(parents=True, exist_ok=True)
    engines = ", ".join(f"{e['name']} {e['version']}" for e in blosc2_grok.diagnose()["library"]["engines"])
    print(f"blosc2_grok {blosc2_grok.__version__} (engines: {engines}), blosc2 {blosc2.__version__},",
          f"{blosc2.nthreads} threads\n")
    print(COLUMNS.format("array", "parameters", "ratio", "PSNR", "MB/s in", "MB/s out"))
    print("-" * 104)
    radiology = show_radiology(output)
    photo = show_photo(output)
    report = show_esrf_client(output)
    print("PSNR: peak 65535 for 16 bits, 255 for 8. A quality is searched, so MB/s in counts several encodes; that of")
    print("compress-hdf5 counts the start of its processes, too.\n")
    print("compress-hdf5's own check:", ", ".join(word for word in report.split() if word.startswith("SSIM")))
    show_extraction(output)
    show_damage(output)
    draw_picture(output, radiology, photo)
    print(f"{output.name}/differences.png: originals, decoded images and amplified differences")


if __name__ == "__main__":
    try:
        main(sys.argv[1])
    except CheckFailed as failure:
        sys.exit(f"demo: FAILED: {failure}")
    print("demo: ok")
