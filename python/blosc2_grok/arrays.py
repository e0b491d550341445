# SPDX-License-Identifier: BSD-3-Clause
"""Arrays that carry their parameters: made with a stated quality, and asked for it later."""

from __future__ import annotations

import math
import os
import shutil
import warnings
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Dict, Iterator, List, Mapping, Optional, Sequence, Union

import blosc2
import numpy as np

from . import _native
from .calibration import correct_target
from .checked import normal_params
from .containers import METALAYER, as_dict, stored_parameters
from .errors import Error, last_error, notices
from .guard import check_only_block
from .host_faults import are_in_line
from .params import Params
from .partition import Region, iterate_grid
from .planning import Plan, Progress, check_dtype, check_names, check_single_quality, gather_params, make_plan, settle
from .recipe import ChunkRecipe, ChunkSource
from .renaming import remove, target_path, temporary_path
from .sampling import Sample

RATIO_NOTE = "grok_ratio"
"""Key of the variable-length metadata that tells the ratio asked for and got."""


def asarray(
    a: Any,
    *,
    ratio: Optional[float] = None,
    psnr: Optional[float] = None,
    rmse: Optional[float] = None,
    max_error: Optional[float] = None,
    noise: Union[float, Mapping[str, float], None] = None,
    coder: str = "auto",
    params: Union[Params, Mapping[str, Any], None] = None,
    chunks: Optional[Sequence[int]] = None,
    blocks: Optional[Sequence[int]] = None,
    calibrate: str = "sampled",
    progress: Optional[Progress] = None,
    **blosc2_kwargs: Any,
) -> blosc2.NDArray:
    """Stores ``a`` as JPEG 2000, with its parameters in the array: lossless, or with one quality.

    Give at most one quality: ``ratio``, ``psnr``, ``rmse``, ``max_error`` or ``noise``. It is the same for every block,
    and kept by later updates, since it stays in the array.

    :param a: anything with ``shape``, ``dtype`` and slices (NumPy, a memory map, h5py, Zarr, another Blosc2 array), or
        what NumPy makes an array of; it is read chunk by chunk. Up to 16 axes: the last two are rows and columns, a
        last one of 3 or 4 after two longer ones is colour. Booleans, integers of 8 to 64 bits, floats of 16 to 64,
        complex numbers of 64 and 128.
    :param max_error: no sample is changed by more; in the samples' own units, as the next one.
    :param rmse: the root-mean-square error of a block is at most this.
    :param psnr: of a block, in dB, at least this; its peak is 2^bits - 1, see ``bits_per_sample``.
    :param noise: the rmse is at most this part of the noise's standard deviation; 0.25 is good advice. The noise is
        estimated, or told:
        ``{"factor": 0.25, "gain": counts per quantum, "read_noise": counts, "offset": counts}`` or
        ``{"factor": 0.25, "sigma": counts}``.
    :param ratio: bytes of the samples over bytes stored, of the whole array. One ``rmse`` that meets it within 5 % is
        found on sampled blocks, and stored in the array; ``vlmeta["grok_ratio"]`` holds asked and got.
    :param calibrate: "sampled", or "all": the ratio is met within 2 %, by trying all blocks.
    :param coder: "ht" (high throughput, some 15 times as fast), "part1" (a few per cent smaller), or "auto": "ht", but
        where ``params`` tells a ``mode`` (a ``Params`` always does) or wants what HT lacks: several quality layers, a
        region of interest, a profile, PCRD_OPT, another engine.
    :param params: any parameters, by Grok's names: ``Params`` or a dict. In a dict, ``mct`` left out means "auto".
    :param chunks: default: several blocks, so that Blosc2's threads share the work (16, or 8 MiB).
    :param blocks: default: whole images up to 1 MiB; parts of about 512 KiB of larger ones, with sides that are
        multiples of 32; several images where one has less than 64 KiB.
    :param progress: called after each chunk with three numbers of bytes: samples done, what they take, all samples.
    :param blosc2_kwargs: for blosc2, unchanged: ``urlpath``, ``mode``, ``meta``, ``cparams``, ``dparams``... A file is
        written under a temporary name beside ``urlpath``, and renamed when it is complete.
    :returns: the array; one with ``urlpath`` is open for updates.
    :raises ValueError: a parameter, or what it means for this array, is wrong. Nothing has been created then.
    :raises TypeError: the dtype can't be stored, or a keyword is not known.
    :raises FileExistsError: there is a file of this name, and ``mode`` isn't "w".
    :raises Error: a block could not be coded, or no loss reaches the ratio. Nothing is left under ``urlpath``.

    ```python
    >>> import blosc2_grok, numpy
    >>> frames = numpy.random.default_rng(0).poisson(300, (4, 512, 640)).astype("u2")
    >>> array = blosc2_grok.asarray(frames, urlpath="frames.b2nd", mode="w")  # lossless
    >>> bool((array[2] == frames[2]).all())
    True
    >>> lossy = blosc2_grok.asarray(frames, max_error=5)
    >>> int(abs(lossy[:].astype(int) - frames).max())
    5

    ```
    """
    check_names(blosc2_kwargs)
    source = a if hasattr(a, "shape") and hasattr(a, "dtype") else np.asarray(a)
    dtype = check_dtype(np.dtype(blosc2_kwargs.pop("dtype", None) or source.dtype))
    if blosc2_kwargs.pop("copy", None) is False:
        raise ValueError("copy=False: a new array is always made")
    shape = tuple(int(n) for n in source.shape)
    wanted = gather_params(params, coder, blosc2_kwargs, {"psnr": psnr, "rmse": rmse, "max_error": max_error})
    check_single_quality(wanted, ratio, noise)
    if calibrate not in ("sampled", "all"):
        raise ValueError(f"calibrate is {calibrate!r}: it must be 'sampled' or 'all'")
    plan = replace(make_plan(shape, dtype, wanted, chunks, blocks), ratio=ratio, calibrate=calibrate, progress=progress)
    target = target_path(blosc2_kwargs)
    serial = _native.message_serial()
    with ring_as_error(serial, target):
        sample = Sample(source, plan.grid(), everything=calibrate == "all")
        sample.threads = _cparams_dict(blosc2_kwargs.get("cparams")).get("nthreads") or 0
        plan = settle(plan, sample, noise)
        sample.forget()
        serial = _native.message_serial()  # what the trials had to say is said again by the blocks themselves
        array = _write(plan, sample, target, blosc2_kwargs)
    for text in list_notices(serial) + _compare_ratio(array, plan):
        warnings.warn(text, stacklevel=2)
    return array


def _write(plan: Plan, sample: Sample, target: Optional[str], blosc2_kwargs: Dict[str, Any]) -> blosc2.NDArray:
    if target is None:
        return _fill_to_ratio(plan, sample, blosc2_kwargs)
    mode = blosc2_kwargs.get("mode", "a")
    with temporary_path(target, mode) as temporary:
        _fill_to_ratio(plan, sample, {**blosc2_kwargs, "urlpath": temporary, "mode": "w"})
    return _reopen(target, blosc2_kwargs)


def _reopen(path: str, blosc2_kwargs: Mapping[str, Any]) -> blosc2.NDArray:
    """The array under its final name, with the threads that were asked for."""
    options: Dict[str, Any] = {}
    if blosc2_kwargs.get("dparams") is not None:
        options["dparams"] = blosc2_kwargs["dparams"]
    if blosc2_kwargs.get("mmap_mode") is not None:
        options["mmap_mode"] = "r+"
        options["initial_mapping_size"] = blosc2_kwargs.get("initial_mapping_size")
    if blosc2_kwargs.get("locking"):
        options["locking"] = True
    array = blosc2.open(path, mode="a", **{name: value for name, value in options.items() if value is not None})
    threads = _cparams_dict(blosc2_kwargs.get("cparams")).get("nthreads")
    if threads is not None:
        array.schunk.cparams = type(array.schunk.cparams)(**{**as_dict(array.schunk.cparams), "nthreads": threads})
    return array


def _fill_to_ratio(plan: Plan, sample: Sample, blosc2_kwargs: Dict[str, Any]) -> blosc2.NDArray:
    """Writes the array; once more with a better target where the sampled blocks were not like the others."""
    array = _fill(plan, sample.source, blosc2_kwargs)
    if plan.ratio is None:
        return array
    got = ratio_of(array)
    target = plan.parameters.get("rmse")
    if target is not None and abs(got / plan.ratio - 1) > plan.tolerance:
        better = plan.with_parameters(rmse=correct_target(sample, target, plan.ratio, got))
        del array
        if "urlpath" in blosc2_kwargs:
            remove(blosc2_kwargs["urlpath"])
        array = _fill(better, sample.source, blosc2_kwargs)
    array.schunk.vlmeta[RATIO_NOTE] = {"asked": float(plan.ratio), "got": ratio_of(array)}
    return array


def ratio_of(array: blosc2.NDArray) -> float:
    """Bytes of the array's samples over bytes stored, headers of the chunks included, padding not counted."""
    return float(math.prod(array.shape) * array.dtype.itemsize / max(array.schunk.cbytes, 1))


def _fill(plan: Plan, source: Any, blosc2_kwargs: Mapping[str, Any]) -> blosc2.NDArray:
    options = dict(blosc2_kwargs)
    # What is left of the quality where the host drops the metalayer. Over a lossless one it would count.
    is_lossy = plan.parameters.get("rmse") is not None
    codec_meta = round(10 * plan.ratio) if is_lossy and plan.ratio is not None and plan.ratio <= 25.5 else 0
    options["cparams"] = merge_cparams(options.get("cparams"), codec_meta)
    options["meta"] = {**(options.get("meta") or {}), **meta(**plan.parameters)}
    serial = _native.message_serial()
    array = blosc2.empty(plan.shape, dtype=plan.dtype, chunks=plan.chunks, blocks=plan.blocks, **options)
    if not plan.shape:
        array[()] = np.asarray(source, dtype=plan.dtype)
        return array
    if isinstance(source, ChunkSource):
        grid = [-(-whole // part) for whole, part in zip(plan.shape, plan.chunks)]
        recipe = ChunkRecipe(plan.shape, plan.dtype, plan.chunks, plan.blocks, options["cparams"], options["meta"])
        for start, chunk in source.encoded_chunks(recipe):
            place = [n // part for n, part in zip(start, plan.chunks)]
            array.schunk.update_chunk(int(np.ravel_multi_index(place, grid)), chunk)
        return array
    done = 0
    for number, region in enumerate(iterate_grid(plan.shape, plan.chunks)):
        _put(array, number, region, np.require(source[region], dtype=plan.dtype, requirements="C"))
        if plan.progress is not None:
            done += math.prod(part.stop - part.start for part in region) * plan.dtype.itemsize
            plan.progress(done, array.schunk.cbytes, math.prod(plan.shape) * plan.dtype.itemsize)
    check_only_block(plan.grid(), serial)
    return array


def _put(array: blosc2.NDArray, number: int, region: Region, samples: np.ndarray[Any, Any]) -> None:
    """A chunk's samples: without a detour where the chunk holds them as they are, a fifth of the cost."""
    if samples.shape == array.chunks and are_in_line(array.chunks, array.blocks):
        array.schunk.update_data(number, samples, copy=False)
    else:
        array[region] = samples


@contextmanager
def ring_as_error(serial: int, target: Optional[str] = None) -> Iterator[None]:
    """Blosc2's bare errors become ours, with the reason that the codec left, or with what is known of the file."""
    try:
        yield
    except (Error, ValueError, TypeError, OSError):
        raise
    except Exception as error:
        reason = last_error(serial)
        if reason is not None:
            raise Error(reason.text) from error
        if target is not None and isinstance(error, RuntimeError):
            raise Error(_describe_lost_file(target, error)) from error
        raise


def _describe_lost_file(target: str, error: Exception) -> str:
    """Blosc2 says no more than that a write failed."""
    before = "; the array of this name is as it was" if os.path.lexists(target) else ""
    return (
        f"{target} could not be written (blosc2: {error}), and nothing of it is kept{before}. {describe_room(target)}"
    )


def describe_room(path: str) -> str:
    """A sentence for an error: how much is free where a file could not grow."""
    folder = os.path.dirname(os.path.abspath(path))
    free = shutil.disk_usage(folder).free
    return f"{folder} has {free / 1e6:.1f} MB free: is it full, or over a quota or a limit of file sizes?"


def list_notices(serial: int) -> List[str]:
    counts: Dict[str, int] = {}
    for notice in notices(serial):
        counts[notice.text] = counts.get(notice.text, 0) + 1
    return [text if count == 1 else f"{text} (and {count - 1} more blocks)" for text, count in counts.items()]


def _compare_ratio(array: blosc2.NDArray, plan: Plan) -> List[str]:
    """A sentence where a ratio was missed; a lossless array may well be smaller than was asked for."""
    if plan.ratio is None or plan.parameters.get("rmse") is None:
        return []
    got = ratio_of(array)
    is_met = abs(got / plan.ratio - 1) <= plan.tolerance
    return [] if is_met else [f"ratio={plan.ratio:g} was asked for, {got:.4g} was got"]


def cparams(*, rate: Optional[float] = None, **blosc2_cparams: Any) -> Dict[str, Any]:
    """What ``cparams=`` of Blosc2's functions needs for this codec.

    :param rate: compression ratio of each block, 1 to 25.5, as ``codec_meta``; None: as the array's or the process's
        parameters say.
    :param blosc2_cparams: others of ``blosc2.CParams``, such as ``nthreads``.
    :returns: a dict with the codec, no filters, no splitting, and what was given.
    :raises ValueError: the rate is out of range, or what was given contradicts the codec.

    ```python
    >>> import blosc2, blosc2_grok, numpy
    >>> image = numpy.random.default_rng(0).poisson(300, (256, 256)).astype("u2")
    >>> array = blosc2.asarray(image, chunks=(256, 256), blocks=(256, 256), cparams=blosc2_grok.cparams(rate=5))
    >>> bool(4.9 < array.schunk.cratio < 5.5)
    True

    ```
    """
    if rate is not None and not 1 <= rate <= 25.5:
        raise ValueError(f"rate is {rate!r}: it must be None or a number from 1 to 25.5")
    return merge_cparams(blosc2_cparams, 0 if rate is None else round(10 * rate))


def _cparams_dict(given: Any) -> Dict[str, Any]:
    """A CParams has a value for everything: what is the default counts as not said."""
    if given is None:
        return {}
    if isinstance(given, Mapping):
        return dict(given)
    defaults = blosc2.CParams()
    return {name: value for name, value in vars(given).items() if value != getattr(defaults, name)}


def merge_cparams(given: Any, codec_meta: int) -> Dict[str, Any]:
    """The caller's cparams together with what the codec needs; ValueError where they contradict it."""
    merged = _cparams_dict(given)
    codec = merged.setdefault("codec", blosc2.Codec.GROK)
    if codec not in (blosc2.Codec.GROK, 37):
        raise ValueError(f"cparams: codec is {codec!r}: it must be Codec.GROK, or left out")
    filters = merged.setdefault("filters", [])
    if any(f not in (0, blosc2.Filter.NOFILTER) for f in filters):
        raise ValueError(f"cparams: filters is {filters!r}: filters spoil images, leave them out")
    splitmode = merged.setdefault("splitmode", blosc2.SplitMode.NEVER_SPLIT)
    if splitmode != blosc2.SplitMode.NEVER_SPLIT:
        raise ValueError(f"cparams: splitmode is {splitmode!r}: it must be NEVER_SPLIT, or left out")
    if codec_meta and merged.setdefault("codec_meta", codec_meta) != codec_meta:
        raise ValueError(f"cparams: codec_meta is {merged['codec_meta']}: the ratio asked for says {codec_meta}")
    return merged


def meta(params: Optional[Params] = None, **parameters: Any) -> Dict[str, Any]:
    """What ``meta=`` of Blosc2's functions needs, so that an array carries its parameters.

    :param params: the parameters; or give them by name, as to ``Params``.
    :param parameters: the fields of ``Params``.
    :returns: a dict with the metalayer ``grok``.
    :raises ValueError: a parameter is wrong, or they are given in both ways.

    ```python
    >>> import blosc2, blosc2_grok
    >>> array = blosc2.zeros((256, 256), "u2", cparams=blosc2_grok.cparams(), meta=blosc2_grok.meta(max_error=2))
    >>> blosc2_grok.params_of(array).max_error
    2.0

    ```
    """
    if params is not None and parameters:
        raise ValueError("parameters are given twice: by params and by name")
    return {METALAYER: _as_metalayer(normal_params(parameters if params is None else params.to_dict()))}


def _as_metalayer(parameters: Mapping[str, Any]) -> Dict[str, Any]:
    """Without empty lists: Blosc2 before 4.2 can't read a metalayer that has one, and left out they mean the same."""
    return {name: value for name, value in parameters.items() if value != []}


def like(b: Any) -> Dict[str, Any]:
    """Keyword arguments that make another array with the parameters of ``b``.

    For ``asarray``, and for functions of Blosc2 that would drop them (``b.slice(key, meta=...)`` fails in Blosc2).

    :param b: a Blosc2 array, SChunk, or the path of one.
    :returns: a dict with ``cparams``, and ``meta`` where ``b`` has parameters.
    :raises ValueError: its parameters are damaged.

    ```python
    >>> import blosc2, blosc2_grok, numpy
    >>> b = blosc2_grok.asarray(numpy.arange(60_000, dtype="u2").reshape(200, 300), max_error=2)
    >>> part = blosc2_grok.asarray(b[:100], **blosc2_grok.like(b))
    >>> copy = blosc2.asarray(b, chunks=(100, 300), blocks=(100, 300), **blosc2_grok.like(b))
    >>> computed = (b + 1).compute(**blosc2_grok.like(b))
    >>> [blosc2_grok.params_of(array).max_error for array in (part, copy, computed)]
    [2.0, 2.0, 2.0]

    ```
    """
    array = open_if_path(b)
    parameters = stored_parameters(array)
    codec_meta = as_dict(getattr(array, "schunk", array).cparams)["codec_meta"]
    result: Dict[str, Any] = {"cparams": merge_cparams(None, codec_meta)}
    if parameters is not None:
        result["meta"] = {METALAYER: _as_metalayer(parameters)}
    return result


def params_of(b: Any) -> Params:
    """The parameters that an array carries.

    :param b: a Blosc2 array, SChunk, or the path of one.
    :returns: all parameters, those that nobody named with their defaults.
    :raises Error: it carries none: its blocks are coded with the process's defaults.
    """
    parameters = stored_parameters(open_if_path(b))
    if parameters is None:
        raise Error("there are no parameters in it: no metalayer 'grok'")
    return Params.from_dict(parameters)


def open_if_path(b: Any) -> Any:
    """``b``, or what is in the file of this name. It must outlive its ``schunk``."""
    return blosc2.open(os.fspath(b), mode="r") if isinstance(b, (str, os.PathLike)) else b
