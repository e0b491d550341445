# SPDX-License-Identifier: BSD-3-Clause
"""Makes the golden files: blocks as the packages blosc2-grok 0.3.5 and 0.3.4 store them, and what is known of each.

    python3.11 make_golden.py FOLDER [VERSION ...]

FOLDER gets one virtual environment a version (made once, then reused) and one of a witness, OpenJPEG in imagecodecs.
The files go beside this script, in v0.3.5/ and v0.3.4/. Every case runs in a process of its own, because the old
plugin keeps parameters from call to call. `images` and `CASES` below are also what the tests import.
"""
import hashlib
import json
import os
import struct
import subprocess
import sys
from pathlib import Path

try:
    import numpy as np
except ImportError:  # a bare Python: main() goes on in the witness's environment, which has it
    np = None

HERE = Path(__file__).resolve().parent
HOST = ["blosc2==4.1.2", "numpy==2.2.6"]
WITNESS = ["imagecodecs==2026.3.6", "numpy==2.2.6"]


def image(shape, dtype, seed):
    """An image from integers alone: two triangle waves, a step and a little hashed noise, over the dtype's whole range.

    Sample (r, c, k), all arithmetic in integers and // rounding down, with tri(x, p) = |x mod 2p - p|:

        wave  = 6 tri(3r + c + 11 seed, 97) + 4 tri(5c - 2r + 7k, 61) + 40 [r > rows / 3 and c > columns / 2]  (0..866)
        hash  = (((73856093 r) xor (19349663 c) xor (83492791 (seed + 31 k))) mod 2^32) * 2654435761 mod 2^32
        noise = hash >> 30                                                                                      (0..3)
        value = lowest + wave * (highest - lowest - 4) // 866 + noise

    r, c, k count along the last two axes of an image, or the last three when the last has length 3 or 4; a longer
    first axis counts pictures, which have the seeds seed, seed + 1, ...
    """
    if len(shape) == 3 and shape[-1] not in (3, 4):
        return np.stack([image(shape[1:], dtype, seed + n) for n in range(shape[0])])
    rows, columns = shape[:2]
    r, c = np.meshgrid(np.arange(rows), np.arange(columns), indexing="ij")

    def tri(x, p):
        return np.abs(x % (2 * p) - p)

    planes = []
    for k in range(shape[2] if len(shape) == 3 else 1):
        wave = 6 * tri(3 * r + c + 11 * seed, 97) + 4 * tri(5 * c - 2 * r + 7 * k, 61)
        wave = wave + 40 * ((r > rows // 3) & (c > columns // 2))
        hashed = (((r * 73856093) ^ (c * 19349663) ^ (83492791 * (seed + 31 * k))) % 2**32 * 2654435761) % 2**32
        limits = np.iinfo(dtype)
        planes.append(int(limits.min) + wave * (int(limits.max) - int(limits.min) - 4) // 866 + (hashed >> 30))
    return np.stack(planes, axis=-1).reshape(shape).astype(dtype)


# name: (shape, dtype, codec_meta, parameters of set_params_defaults; enums as "Enum.NAME")
CASES = {
    "u1-square": ((96, 96), "|u1", 0, {}),
    "u1-wide": ((100, 300), "|u1", 0, {}),
    "u1-tall": ((300, 100), "|u1", 0, {}),
    "u1-leading-1": ((1, 60, 90), "|u1", 0, {}),
    "u1-rgb": ((60, 90, 3), "|u1", 0, {}),
    "u1-rgba": ((40, 60, 4), "|u1", 0, {}),
    "i1-wide": ((60, 90), "|i1", 0, {}),
    "u2-square": ((96, 96), "<u2", 0, {}),
    "u2-wide": ((100, 300), "<u2", 0, {}),
    "u2-tall": ((300, 100), "<u2", 0, {}),
    "u2-rgb": ((60, 90, 3), "<u2", 0, {}),
    "u2-stack": ((5, 40, 30), "<u2", 0, {}),
    "i2-square": ((96, 96), "<i2", 0, {}),
    "i2-wide": ((60, 90), "<i2", 0, {}),
    "u2-wide-j2k": ((60, 90), "<u2", 0, {"cod_format": "GrkFileFmt.GRK_FMT_J2K"}),
    "u1-rgb-j2k": ((60, 90, 3), "|u1", 0, {"cod_format": "GrkFileFmt.GRK_FMT_J2K"}),
    "u2-wide-ht": ((60, 90), "<u2", 0, {"mode": "GrkMode.HT"}),
    "u1-tall-ht": ((90, 60), "|u1", 0, {"mode": "GrkMode.HT"}),
    "u2-wide-tiles-64": ((100, 130), "<u2", 0, {"tile_size": [64, 64]}),
    "u2-tall-tiles-50": ((130, 90), "<u2", 0, {"tile_size": [50, 50]}),
    "u2-wide-tiles-100x37": ((80, 150), "<u2", 0, {"tile_size": [100, 37]}),
    "u2-wide-rpcl": ((60, 90), "<u2", 0, {"progression": "RPCL", "num_resolutions": 3, "codeblock_size": [32, 16]}),
    "u2-wide-meta40": ((100, 150), "<u2", 40, {}),
    "u1-tall-meta40": ((150, 100), "|u1", 40, {}),
    "u1-rgb-meta40": ((60, 90, 3), "|u1", 40, {}),
    "i2-wide-meta20": ((60, 90), "<i2", 20, {}),
    "u2-tall-rates8": ((150, 100), "<u2", 0, {"quality_mode": "rates", "quality_layers": [8]}),
    "u2-wide-rates-3-layers": ((100, 150), "<u2", 0, {"quality_mode": "rates", "quality_layers": [20, 10, 4]}),
    "u2-wide-dB40": ((100, 300), "<u2", 0, {"quality_mode": "dB", "quality_layers": [40]}),
    "u1-wide-dB40-irreversible": ((100, 300), "|u1", 0,
                                  {"quality_mode": "dB", "quality_layers": [40], "irreversible": True}),
}
VERSIONS = {
    "0.3.5": list(CASES),
    "0.3.4": ["u1-wide", "u1-tall", "u1-leading-1", "u1-rgb", "u2-stack", "i2-wide", "u2-wide-j2k", "u2-wide-ht",
              "u2-wide-tiles-64", "u2-wide-meta40", "u2-tall-rates8"],
}


def case_image(name):
    shape, dtype, _, _ = CASES[name]
    return image(shape, np.dtype(dtype), sum(name.encode()))


def is_lossless(name):
    _, _, codec_meta, parameters = CASES[name]
    return codec_meta == 0 and not parameters.get("quality_mode") and not parameters.get("irreversible")


def stored_block(chunk):
    """The bytes of the only block in a Blosc2 chunk, as the codec wrote them."""
    flags, block_bytes, special = chunk[2], struct.unpack_from("<i", chunk, 8)[0], chunk[31] >> 4 & 7
    start, = struct.unpack_from("<i", chunk, 32)
    size, = struct.unpack_from("<i", chunk, start)
    if flags & 2 or special or size <= 0 or size == block_bytes:
        raise SystemExit("the block is stored raw")
    return chunk[start + 4:start + 4 + size]


def codestream_size(block):
    """Width, height, components, bits and sign from the SIZ marker segment."""
    siz = block.index(b"\xff\x4f\xff\x51") + 8
    x1, y1, x0, y0 = struct.unpack_from(">4I", block, siz)
    components, ssiz = struct.unpack_from(">HB", block, siz + 32)
    return {"width": x1 - x0, "height": y1 - y0, "components": components,
            "bits": (ssiz & 127) + 1, "signed": bool(ssiz & 128)}


def write(name, block_path, decoded_path):
    """In the old package's environment: encodes one case and decodes it again."""
    import blosc2

    import blosc2_grok
    shape, _, codec_meta, parameters = CASES[name]
    arguments = {}
    for key, value in parameters.items():
        if isinstance(value, str) and "." in value:
            enum, member = value.split(".")
            value = getattr(blosc2_grok, enum)[member]
        elif key == "quality_layers":
            value = np.array(value, dtype=np.float64)
        elif isinstance(value, list):
            value = tuple(value)
        arguments[key] = value
    blosc2_grok.set_params_defaults(**arguments)
    cparams = {"codec": blosc2.Codec.GROK, "codec_meta": codec_meta, "filters": [], "nthreads": 1,
               "splitmode": blosc2.SplitMode.NEVER_SPLIT}
    array = blosc2.asarray(case_image(name), chunks=shape, blocks=shape, cparams=cparams)
    Path(block_path).write_bytes(stored_block(array.schunk.get_chunk(0)))
    Path(decoded_path).write_bytes(array[...].tobytes())
    os._exit(0)  # the old plugin's exit handlers are not what this is about


def witness(name, block_path, decoded_path):
    """In the witness's environment: decodes the block with OpenJPEG, components interleaved."""
    import imagecodecs
    decoded = imagecodecs.jpeg2k_decode(Path(block_path).read_bytes())
    Path(decoded_path).write_bytes(np.ascontiguousarray(decoded).tobytes())


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def errors(decoded, original):
    """Largest and root-mean-square difference; None where the bytes are not as many as the original's."""
    if len(decoded) != original.nbytes:
        return None
    difference = np.frombuffer(decoded, original.dtype).reshape(original.shape).astype(np.int64) - original
    return {"max_error": int(np.abs(difference).max()), "rmse": round(float(np.sqrt((difference ** 2).mean())), 4)}


def describe(name, block, decoded, witnessed):
    shape, dtype, codec_meta, parameters = CASES[name]
    original = case_image(name)
    codestream = codestream_size(block)
    rows, columns = [n for n in shape if n > 1][:2]
    swapped = rows != columns and (codestream["width"], codestream["height"]) == (rows, columns)
    case = {"shape": shape, "dtype": dtype, "codec_meta": codec_meta, "parameters": parameters,
            "lossless": is_lossless(name), "block_bytes": len(block), "block_sha256": sha256(block),
            "codestream": codestream, "rows_and_columns_swapped": swapped,
            "original_sha256": sha256(original.tobytes())}
    if is_lossless(name):
        case["samples_sha256"] = case["original_sha256"]
        case["old_decoder_wrong"] = decoded != original.tobytes()
        case["openjpeg_wrong"] = witnessed != original.tobytes()
    else:
        case["samples_sha256"] = sha256(decoded)
        case["old_decoder"] = errors(decoded, original)
        case["openjpeg"] = errors(witnessed, original)
        case["openjpeg_differs_by"] = errors(witnessed, np.frombuffer(decoded, original.dtype))["max_error"]
    return case


def environment(folder, name, requirements):
    """The environment's python; made when missing."""
    python = folder / name / "bin" / "python"
    done = folder / name / "requirements"
    if not done.exists() or done.read_text() != "\n".join(requirements):
        subprocess.run([sys.executable, "-m", "venv", folder / name], check=True)
        subprocess.run([python, "-m", "pip", "install", "-q", "--only-binary=:all:", *requirements], check=True)
        done.write_text("\n".join(requirements))
    return python


def main(folder, versions):
    folder.mkdir(parents=True, exist_ok=True)
    witness_python = environment(folder, "witness", WITNESS)
    if np is None:
        os.execv(witness_python, [witness_python, __file__, folder, *versions])
    for version in versions:
        python = environment(folder, f"v{version}", [f"blosc2-grok=={version}", *HOST])
        output = HERE / f"v{version}"
        output.mkdir(exist_ok=True)
        cases = {}
        for name in VERSIONS[version]:
            block, decoded, witnessed = (folder / f"{version}-{name}.{kind}" for kind in ("block", "old", "openjpeg"))
            for interpreter, verb, result in (python, "--write", decoded), (witness_python, "--witness", witnessed):
                subprocess.run([interpreter, __file__, verb, name, block, result], check=True, timeout=60,
                               env={**os.environ, "PATH": f"{python.parent}:{os.environ['PATH']}"})
            data = block.read_bytes()
            suffix = "jp2" if data[4:8] == b"jP  " else "j2k"
            (output / f"{name}.{suffix}").write_bytes(data)
            cases[name] = {"file": f"{name}.{suffix}",
                           **describe(name, data, decoded.read_bytes(), witnessed.read_bytes())}
        made_by = {"blosc2-grok": version, "host": HOST, "witness": WITNESS, "python": sys.version.split()[0]}
        lines = ",\n".join(f" {json.dumps(name)}: {json.dumps(case)}" for name, case in cases.items())
        text = f'{{"made_by": {json.dumps(made_by)},\n"cases": {{\n{lines}\n}}}}\n'
        (output / "cases.json").write_text(text)


if __name__ == "__main__":
    if sys.argv[1] in ("--write", "--witness"):
        {"--write": write, "--witness": witness}[sys.argv[1]](*sys.argv[2:])
    else:
        main(Path(sys.argv[1]).resolve(), sys.argv[2:] or list(VERSIONS))
