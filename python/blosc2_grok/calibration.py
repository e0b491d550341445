# SPDX-License-Identifier: BSD-3-Clause
"""From a wish for a whole array (a ratio, a part of the noise) to one target for every block, by trying a few."""

from __future__ import annotations

import math
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Callable, Dict, Iterable, Iterator, List, Mapping, Optional, Sequence, Tuple, Union

import numpy as np
from numpy.typing import NDArray

from . import _native
from .errors import Error, notices
from .params import Params
from .partition import LEAST_BLOCK_BYTES, Region, Roles, Shape, block_starts, pick_blocks, pick_chunks, resolve_roles

SAMPLED_BLOCKS = 16
SAMPLED_BYTES = 16 * 1024 * 1024
CACHED_BYTES = 256 * 1024 * 1024
MOST_TRIALS = 10
NOISE_FACTOR = 0.25

_CHUNK_HEADER_BYTES = 32
_BLOCK_OVERHEAD_BYTES = 8  # its place in the chunk and its size
_GAUSS_OF_MAD = 1.4826022185056018  # sigma of a normal distribution over the median of its absolute values


@dataclass(frozen=True)
class Grid:
    """How an array is cut into blocks."""

    shape: Shape
    dtype: np.dtype[Any]
    chunks: Shape
    blocks: Shape

    def starts(self) -> List[List[int]]:
        return block_starts(self.shape, self.chunks, self.blocks)

    def region(self, start: Sequence[int]) -> Region:
        """What a block holds of the array."""
        ends = [
            min(n + block, n - n % max(chunk, 1) + chunk, whole)
            for n, block, chunk, whole in zip(start, self.blocks, self.chunks, self.shape)
        ]
        return tuple(slice(n, end) for n, end in zip(start, ends))

    def raw_bytes(self) -> int:
        return math.prod(self.shape) * self.dtype.itemsize

    def chunk_overhead(self) -> float:
        """Bytes of Blosc2's own for each block, its share of the chunk's header included."""
        per_chunk = math.prod(-(-c // max(b, 1)) for c, b in zip(self.chunks, self.blocks))
        return _BLOCK_OVERHEAD_BYTES + _CHUNK_HEADER_BYTES / max(per_chunk, 1)


@dataclass
class Trial:
    """What became of one block."""

    raw_bytes: int
    stored_bytes: float
    mse: float


@dataclass
class Sample:
    """Blocks of a source, as Blosc2 would hand them to the codec."""

    source: Any
    grid: Grid
    positions: List[Tuple[int, ...]]
    slope: float = 0.7  # of log(ratio) over log(rmse), as last seen
    threads: int = field(default_factory=lambda: os.cpu_count() or 1)
    _cache: List[Tuple[NDArray[Any], Region]] = field(default_factory=list)

    @classmethod
    def of(cls, source: Any, grid: Grid, everything: bool = False) -> Sample:
        """All blocks, or SAMPLED_BLOCKS of them: spread evenly, each at random within its part (seeded)."""
        starts = grid.starts()
        count = math.prod(len(axis) for axis in starts)
        block_bytes = math.prod(grid.blocks) * grid.dtype.itemsize
        wanted = max(min(SAMPLED_BLOCKS, SAMPLED_BYTES // max(block_bytes, 1)), 4)
        if everything or count <= wanted:
            numbers: Iterable[int] = range(count)
        else:
            edges = np.linspace(0, count, wanted + 1).astype(np.int64)
            numbers = np.random.default_rng(0).integers(edges[:-1], edges[1:]).tolist()
        lengths = [len(axis) for axis in starts]
        positions = [
            tuple(axis[int(i)] for axis, i in zip(starts, np.unravel_index(number, lengths))) if lengths else ()
            for number in numbers
        ]
        return cls(source, grid, positions)

    def forget(self) -> None:
        """Gives the memory of blocks back; they would be read again."""
        self._cache = []

    def blocks(self) -> Iterator[Tuple[NDArray[Any], Region]]:
        """Each with its padding, and the region of the array that it holds."""
        if self._cache:
            yield from self._cache
            return
        cached: List[Tuple[NDArray[Any], Region]] = []
        keeps = len(self.positions) * math.prod(self.grid.blocks) * self.grid.dtype.itemsize <= CACHED_BYTES
        for position in self.positions:
            region = self.grid.region(position)
            block = np.zeros(self.grid.blocks, dtype=self.grid.dtype)
            part = np.asarray(self.source[region] if self.grid.shape else self.source)
            block[tuple(slice(0, n) for n in part.shape)] = part
            if keeps:
                cached.append((block, region))
            yield block, region
        self._cache = cached

    def images(self) -> Iterator[NDArray[Any]]:
        """The samples of the array in each block, without padding."""
        for block, region in self.blocks():
            yield block[tuple(slice(0, r.stop - r.start) for r in region)]

    def try_parameters(self, parameters: Mapping[str, Any], most_blocks: Optional[int] = None) -> List[Trial]:
        """Encodes the blocks, several at a time; Error says what can't be done."""
        pairs = list(_first(self.blocks(), most_blocks)) if self._cache or most_blocks else self.blocks()
        packed = _native.normalize(Params(**parameters).to_dict())
        with ThreadPoolExecutor(max_workers=self.threads) as executor:
            return list(_map_bounded(executor, lambda pair: self._try_block(pair, packed), pairs))

    def _try_block(self, pair: Tuple[NDArray[Any], Region], parameters: Mapping[str, Any]) -> Trial:
        block, region = pair
        raw = math.prod(r.stop - r.start for r in region) * self.grid.dtype.itemsize
        if not block.any():
            return Trial(raw, self.grid.chunk_overhead(), 0.0)
        stored = encode(block, self.grid, parameters)
        if stored is None:
            return Trial(raw, block.nbytes + self.grid.chunk_overhead(), 0.0)
        mse = float(_native.describe_block(stored).get("mse", 0.0))
        return Trial(raw, len(stored) + self.grid.chunk_overhead(), mse)


def _first(pairs: Iterator[Any], most: Optional[int]) -> Iterator[Any]:
    for count, pair in enumerate(pairs):
        if most is None or count < most:
            yield pair


def _map_bounded(executor: ThreadPoolExecutor, function: Callable[[Any], Any], items: Iterable[Any]) -> Iterator[Any]:
    """Like executor.map, which would read all items at once."""
    pending: List[Any] = []
    for item in items:
        pending.append(executor.submit(function, item))
        if len(pending) >= 2 * (os.cpu_count() or 1):
            yield pending.pop(0).result()
    for future in pending:
        yield future.result()


def encode(block: NDArray[Any], grid: Grid, parameters: Mapping[str, Any]) -> Optional[bytes]:
    """One block as it would be stored; None: raw."""
    shape = grid.shape or (1,)
    samples = np.ascontiguousarray(block).reshape(grid.blocks or (1,))
    return _native.encode_block(
        samples.view(np.uint8).reshape(-1) if samples.size else samples,
        dtype=grid.dtype.str,
        block_shape=samples.shape,
        array_shape=shape,
        parameters=parameters,
    )


def ratio_of_trials(trials: Sequence[Trial]) -> float:
    return sum(trial.raw_bytes for trial in trials) / max(sum(trial.stored_bytes for trial in trials), 1)


# What blocks depend on, beyond quality; anything else can't fail.
_IMAGE_FREE = {"mct", "mode", "layout", "cod_format", "num_threads", "verbose", "keep", "max_error", "rmse", "psnr"}


def check_trial_block(sample: Sample, parameters: Mapping[str, Any]) -> None:
    """Encodes one block where parameters might not suit it: the error then comes before anything is created.

    Not the only block of an array: it is encoded anyway before the array gets its name.

    :raises Error: the codec's reason; also where a block's budget is below what headers take.
    """
    defaults = Params().to_dict()
    plain = Params(**parameters).to_dict()
    telling = [name for name, value in plain.items() if value != defaults[name] and name not in _IMAGE_FREE]
    is_lossy = any(plain[name] is not None for name in ("max_error", "rmse", "psnr", "quality_mode"))
    has_odd_mode = plain["mode"] not in (0, 64) or (plain["mode"] == 64 and is_lossy) or plain["mct"] == 1
    if not telling and not has_odd_mode:
        return
    if _has_one_block(sample.grid) and plain["tile_size"] == [0, 0]:
        return
    for block, _ in sample.blocks():
        if not block.any():
            continue
        serial = _native.message_serial()
        stored = encode(block, sample.grid, plain)
        _refuse_tiny_budget(sample.grid, serial)
        if stored is not None and plain["tile_size"] != [0, 0]:
            _check_tiles(plain["tile_size"], _native.describe_block(stored)["codestream"])
        return


def check_only_block(grid: Grid, serial: int) -> None:
    """What the trial block would have told of an array's only block, once that has been encoded after ``serial``."""
    if _has_one_block(grid):
        _refuse_tiny_budget(grid, serial)


def _has_one_block(grid: Grid) -> bool:
    return all(extent <= min(sides) for extent, *sides in zip(grid.shape, grid.chunks, grid.blocks))


def _refuse_tiny_budget(grid: Grid, serial: int) -> None:
    for notice in notices(serial):
        if "below what headers take" in notice.text:
            raise Error(f"{notice.text}: choose larger blocks than {grid.blocks}, or a lower rate")


def _check_tiles(tile_size: Sequence[int], codestream: Mapping[str, Any]) -> None:
    if tile_size[0] > codestream["columns"] or tile_size[1] > codestream["rows"]:
        raise ValueError(
            f"tile_size {tuple(tile_size)} is larger than a block's image of {codestream['columns']} x "
            f"{codestream['rows']} (width x height)"
        )


def find_depth(source: Any, grid: Grid) -> Optional[int]:
    """The most bits that a sample of the array needs; None for dtypes whose depth is found block by block."""
    if grid.dtype.kind not in "ui" or grid.dtype.itemsize > 2 or math.prod(grid.shape) == 0:
        return None
    least = greatest = 0
    for image in Sample.of(source, grid, everything=True).images():
        least, greatest = min(least, int(image.min())), max(greatest, int(image.max()))
    if grid.dtype.kind == "u":
        return max(greatest.bit_length(), 1)
    return max(greatest.bit_length(), (-least - 1).bit_length() if least < 0 else 0) + 1


# Noise


def estimate_noise(image: NDArray[Any], following: Optional[NDArray[Any]] = None) -> float:
    """The standard deviation of the noise in an image, whatever its content.

    With the next image of a stack it is estimated from the difference of both, divided by the root of 2: what stays
    from image to image (edges, the pattern of a detector's pixels) is no noise. The lower of both estimates counts,
    since either errs upwards only.

    The second difference along both axes (for one row: along it) takes out what is locally linear::

        h[r, c] = sum of k[i, j] x[r + i, c + j] over i, j in -1..1,   k = [ 1 -2  1]
                                                                          [-2  4 -2]
                                                                          [ 1 -2  1]
        sigma = 1.4826 median(|h|) / 6

    6 is the root of the sum of k's squares (one row: k = [1 -2 1], root 6), and 1.4826 the sigma of a normal
    distribution over the median of its absolute values, which edges, hot pixels and lines hardly move.
    """
    x = np.asarray(image, dtype=np.float64)
    if following is not None:
        alone = estimate_noise(image)
        between = estimate_noise(np.asarray(following, dtype=np.float64) - x) / math.sqrt(2)
        return min(alone, between) if between > 0 else alone
    for axis in range(x.ndim):
        if x.shape[axis] >= 3:
            x = np.diff(x, n=2, axis=axis)
    kept = x[np.isfinite(x)]
    if kept.size == 0:
        return 0.0
    norm = math.sqrt(6) ** sum(extent >= 3 for extent in np.shape(image))
    return float(_GAUSS_OF_MAD * np.median(np.abs(kept)) / norm)


def rmse_of_noise(noise: Union[float, Mapping[str, float]], sample: Sample, roles: Roles) -> float:
    """The rmse that ``noise=`` of asarray allows: a part of the least noise of any sampled block that has some."""
    told: Mapping[str, float] = {} if isinstance(noise, (int, float)) else noise
    unknown = set(told) - {"factor", "sigma", "gain", "read_noise", "offset"}
    if unknown:
        raise ValueError(f"noise has {sorted(unknown)}: it may have factor, sigma, gain, read_noise and offset")
    factor = float(told.get("factor", NOISE_FACTOR)) if told else float(noise)  # type: ignore[arg-type]
    if not (math.isfinite(factor) and factor > 0):
        raise ValueError(f"noise is {noise!r}: the part of the noise must be a number above 0")
    if "sigma" in told:
        sigma = float(told["sigma"])
    elif "gain" in told or "read_noise" in told:
        sigma = _least(_told_sigma(image, told) for image in sample.images())
    else:
        sigma = _least(_block_noise(sample, block, region, roles) for block, region in sample.blocks())
    if not sigma > 0:
        raise ValueError('noise: none was found in the sampled blocks: say it, {"gain": ..., "read_noise": ...}')
    return factor * sigma


def _least(sigmas: Iterable[float]) -> float:
    return min((sigma for sigma in sigmas if sigma > 0), default=0.0)


def _told_sigma(image: NDArray[Any], told: Mapping[str, float]) -> float:
    signal = float(np.median(image)) - told.get("offset", 0.0)
    return math.sqrt(told.get("gain", 0.0) * max(signal, 0.0) + told.get("read_noise", 0.0) ** 2)


def _block_noise(sample: Sample, block: NDArray[Any], region: Region, roles: Roles) -> float:
    """The least of a block's planes that have noise; of up to 8 of them."""
    image = block[tuple(slice(0, r.stop - r.start) for r in region)]
    planes = _list_planes(image, roles)
    following = _following_images(sample, image, region, roles)
    others = planes if following is None else _list_planes(following, roles)
    step = max(len(planes) // 8, 1)
    pairs = zip(planes[::step], others[::step])
    return _least(estimate_noise(a, None if following is None else b) for a, b in pairs)


def _list_planes(image: NDArray[Any], roles: Roles) -> NDArray[Any]:
    sides = [axis for axis in (roles.row, roles.column) if axis is not None]
    planes = np.moveaxis(image, sides, range(-len(sides), 0)) if sides else image
    flat = planes.reshape((-1, *planes.shape[planes.ndim - len(sides) :]))
    return np.concatenate([flat.real, flat.imag]) if flat.dtype.kind == "c" else flat


def _following_images(sample: Sample, image: NDArray[Any], region: Region, roles: Roles) -> Optional[NDArray[Any]]:
    """The same part of the neighbouring images in a stack, one for each; None where there are none."""
    shape = sample.grid.shape
    axes = [axis for axis in roles.planes(len(shape)) if shape[axis] > 1]
    if not axes:
        return None
    axis = axes[-1]
    if image.shape[axis] > 1:
        return np.roll(image, -1, axis)
    start = region[axis].start
    neighbour = start + 1 if start + 1 < shape[axis] else start - 1
    beside = (*region[:axis], slice(neighbour, neighbour + 1), *region[axis + 1 :])
    return np.asarray(sample.source[beside])


# Ratio


def find_target(sample: Sample, parameters: Mapping[str, Any], ratio: float, tolerance: float) -> Optional[float]:
    """The rmse at which the sampled blocks together reach the ratio; None when they do without any loss.

    :raises Error: no rmse reaches it.
    """
    if not sample.positions:
        return None
    target = _first_target(sample, parameters, ratio)
    if target is None:
        return None
    low: Optional[Tuple[float, float]] = None  # (log of rmse, log of ratio) below the ratio asked for
    high: Optional[Tuple[float, float]] = None
    best = (math.inf, target)
    wanted = math.log(ratio)
    for _ in range(MOST_TRIALS):
        reached = math.log(ratio_of_trials(sample.try_parameters({**parameters, "rmse": target})))
        best = min(best, (abs(reached - wanted), target))
        if best[0] <= tolerance:
            break
        here = (math.log(target), reached)
        if reached < wanted:
            low = here if low is None or here[0] > low[0] else low
        else:
            high = here if high is None or here[0] < high[0] else high
        following = _next_target(sample, here, wanted, low, high)
        if following is None or abs(following - here[0]) < 1e-4:
            break
        target = math.exp(following)
    if best[0] > 0.3 and high is None:
        smallest = math.exp(wanted - best[0])
        raise Error(f"ratio={ratio:g} can't be met: sampled blocks of {sample.grid.blocks} reach {smallest:.3g}")
    return best[1]


def _first_target(sample: Sample, parameters: Mapping[str, Any], ratio: float) -> Optional[float]:
    """The rmse that a few blocks have at this rate each; None when all blocks reach it without loss."""
    rates = {**parameters, "quality_mode": "rates", "quality_layers": [ratio]}
    trials = sample.try_parameters(rates, most_blocks=4)
    weight = sum(trial.raw_bytes for trial in trials)
    mse = sum(trial.mse * trial.raw_bytes for trial in trials) / max(weight, 1)
    if mse < 0.5 or ratio < 4:
        if ratio_of_trials(sample.try_parameters(parameters)) >= ratio:
            return None
    return math.sqrt(mse) if mse > 0 else _smallest_step(sample)


def _smallest_step(sample: Sample) -> float:
    if sample.grid.dtype.kind in "uib":
        return 0.25
    spread = max((float(np.nanmax(np.abs(image))) for image in sample.images() if image.size), default=1.0)
    return spread * 1e-6 if math.isfinite(spread) and spread > 0 else 1e-6


def _next_target(
    sample: Sample,
    here: Tuple[float, float],
    wanted: float,
    low: Optional[Tuple[float, float]],
    high: Optional[Tuple[float, float]],
) -> Optional[float]:
    """Log of the next rmse: on the line between the nearest points on both sides, else along the slope."""
    if low is not None and high is not None:
        if high[0] - low[0] < 1e-4:
            return None
        sample.slope = min(max((high[1] - low[1]) / (high[0] - low[0]), 0.1), 2.0)
        part = (wanted - low[1]) / (high[1] - low[1])
        return low[0] + min(max(part, 0.1), 0.9) * (high[0] - low[0])
    return here[0] + min(max(1.1 * (wanted - here[1]) / sample.slope, -3.0), 3.0)


def correct_target(sample: Sample, target: float, ratio: float, got: float) -> float:
    """Where the whole array turned out unlike the sampled blocks."""
    return float(target * (ratio / got) ** (1 / sample.slope))


def calibrate(
    sample: Any,
    ratio: float = 8,
    *,
    cap: Optional[int] = None,
    params: Union[Params, Mapping[str, Any], None] = None,
    chunks: Optional[Sequence[int]] = None,
    blocks: Optional[Sequence[int]] = None,
) -> Params:
    """Parameters for images that are still to come: those at which ``sample`` reaches the ratio.

    For live acquisition and other sources that are read once: later images have the same quality, and a ratio like the
    sample's as far as they are alike. Give them to ``asarray`` or ``meta``, with the same blocks.

    :param sample: frames as they will be stored, darks and flats among them if those will be; any shape and dtype that
        ``asarray`` takes.
    :param ratio: bytes of the samples over bytes stored, above 1.
    :param cap: bytes that no block's codestream may exceed, whatever its quality then: a hard limit for the line.
    :param params: other parameters, without a quality.
    :param chunks: as in ``asarray``.
    :param blocks: as in ``asarray``.
    :returns: parameters with the ``rmse`` found, in the samples' own units; without one where the sample reaches the
        ratio losslessly.
    :raises Error: no ``rmse`` reaches the ratio, or a block could not be coded.
    :raises ValueError: a parameter is wrong, or nothing would be left of the sample.

    ```python
    >>> import blosc2_grok, numpy
    >>> frames = numpy.random.default_rng(0).poisson(300, (8, 256, 256)).astype("u2")
    >>> params = blosc2_grok.calibrate(frames[:2], ratio=4)
    >>> array = blosc2_grok.asarray(frames, params=params, blocks=(1, 256, 256))
    >>> bool(3.8 < array.schunk.cratio < 4.2)
    True

    ```
    """
    samples = np.asarray(sample)
    given = params.to_dict() if isinstance(params, Params) else {"mct": "auto", **(params or {})}
    element_bytes = samples.dtype.itemsize // (2 if samples.dtype.kind == "c" else 1)
    roles = resolve_roles(samples.shape, given.get("layout"), element_bytes)
    part = tuple(blocks) if blocks is not None else pick_blocks(samples.shape, roles, samples.dtype.itemsize)
    whole = tuple(chunks) if chunks is not None else pick_chunks(samples.shape, part, roles, samples.dtype.itemsize)
    drawn = Sample.of(samples, Grid(samples.shape, samples.dtype, whole, part))
    target = find_target(drawn, given, ratio, tolerance=0.01)
    found: Dict[str, Any] = {**given, "rmse": target}
    if cap is not None:
        found["max_cs_size"] = int(cap)
    if not isinstance(params, Params) and math.prod(part) * samples.dtype.itemsize < LEAST_BLOCK_BYTES:
        found.setdefault("cod_format", "GRK_FMT_J2K")
    check_not_collapsed(drawn, found)
    return Params(**found)


# The guard


def check_not_collapsed(sample: Sample, parameters: Mapping[str, Any]) -> None:
    """Refuses a loss as large as what there is to see: users have lost arrays to 16-bit PSNR of 10-bit images.

    :raises ValueError: the variance of the sampled blocks is not above the error allowed. A constant array has nothing
        to lose and passes.
    """
    params = Params(**parameters)
    if sample.grid.dtype.kind == "b" or not _has_stated_loss(params):
        return
    spread = _Spread()
    for image in sample.images():
        spread.add(_finite(image, params.keep))
    if spread.count < 2:
        return
    variance, low, high = spread.squares / spread.count, spread.low, spread.high
    allowed, told = _allowed_mse(params, sample.grid.dtype, high - low)
    if variance == 0 or variance > allowed:
        return
    raise ValueError(
        f"{told} allows a mean squared error of {allowed:.4g}, and the array's variance is {variance:.4g} (samples "
        f"from {low:g} to {high:g}{_bits_in_use(sample.grid.dtype, low, high)}): nothing would be left of it. "
        "Allow a smaller error, or say bits_per_sample where a PSNR counts from fewer bits"
    )


@dataclass
class _Spread:
    """Variance and range of values that come in parts, so that never all of them are wide floats at once."""

    count: int = 0
    mean: float = 0.0
    squares: float = 0.0  # sum of squared distances from the mean
    low: float = math.inf
    high: float = -math.inf

    def add(self, values: NDArray[np.float64]) -> None:
        if values.size == 0:
            return
        self.low, self.high = min(self.low, float(values.min())), max(self.high, float(values.max()))
        total, distance = self.count + values.size, float(values.mean()) - self.mean
        # Chan, Golub and LeVeque 1979: merges two parts without loss of digits.
        self.squares += float(values.var()) * values.size + distance**2 * self.count * values.size / total
        self.mean += distance * values.size / total
        self.count = total


def _has_stated_loss(params: Params) -> bool:
    return params.quality_mode == "dB" or any(
        value is not None for value in (params.psnr, params.rmse, params.max_error)
    )


def _finite(image: NDArray[Any], keep: Sequence[float]) -> NDArray[np.float64]:
    flat = image.reshape(-1)
    if flat.dtype.kind == "c":
        flat = np.concatenate([flat.real, flat.imag])
    if keep:
        flat = flat[~np.isin(flat, np.asarray(keep))]
    values = flat.astype(np.float64)
    return values[np.isfinite(values)]


def _allowed_mse(params: Params, dtype: np.dtype[Any], spread: float) -> Tuple[float, str]:
    """The mean squared error that a quality allows, and the quality in words."""
    if params.rmse is not None:
        return params.rmse**2, f"rmse={params.rmse:g}"
    if params.max_error is not None:
        # Errors of a grid are spread evenly over its step.
        return params.max_error**2 / 3, f"max_error={params.max_error:g}"
    decibels = params.psnr if params.psnr is not None else params.quality_layers[-1]
    if dtype.kind in "ui" and dtype.itemsize <= 2:
        depth = params.bits_per_sample or 8 * dtype.itemsize
        peak = 2.0 ** int(depth) - 1
    else:
        peak = spread
    return float(peak**2 * 10 ** (-decibels / 10)), f"a PSNR of {decibels:g} dB with its peak of {peak:g}"


def _bits_in_use(dtype: np.dtype[Any], low: float, high: float) -> str:
    if dtype.kind not in "ui":
        return ""
    bits = max(int(high).bit_length(), int(-low).bit_length() if low < 0 else 0) + (dtype.kind == "i")
    return f", {bits} of {8 * dtype.itemsize} bits in use"
