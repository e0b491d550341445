# SPDX-License-Identifier: BSD-3-Clause
"""What a caller says of how data shall be stored."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Mapping, Optional, Sequence, TypedDict, Union

from ..params import Params

QUALITY_NAMES = ("psnr", "rmse", "max_error", "quality_mode", "quality_layers", "keep")
"""Parameters that state a loss, or what it spares."""

_BOUNDS = ("psnr", "rmse", "max_error")


class Quality(TypedDict, total=False):
    """Arguments that mean the same as those of :func:`blosc2_grok.asarray`."""

    ratio: Optional[float]
    psnr: Optional[float]
    rmse: Optional[float]
    max_error: Optional[float]
    noise: Union[float, Mapping[str, float], None]
    coder: str
    params: Union[Params, Mapping[str, Any], None]
    calibrate: str


def states_loss(parameters: Mapping[str, Any]) -> bool:
    """Whether parameters name a quality."""
    return any(parameters.get(name) is not None for name in (*_BOUNDS, "quality_mode"))


@dataclass(frozen=True)
class Wanted:
    """All that was said, not yet looked at."""

    container: Optional[str] = None
    chunks: Optional[Sequence[int]] = None
    bounds: Mapping[str, Optional[float]] = field(default_factory=dict)
    ratio: Optional[float] = None
    noise: Union[float, Mapping[str, float], None] = None
    coder: str = "auto"
    params: Union[Params, Mapping[str, Any], None] = None
    calibrate: str = "sampled"

    @classmethod
    def of(cls, container: Optional[str], chunks: Optional[Sequence[int]], quality: Quality) -> Wanted:
        unknown = sorted(set(quality) - set(Quality.__annotations__))
        if unknown:
            hint = ": parameters go into params={...}" if unknown[0] in Params().to_dict() else ""
            raise TypeError(f"'{unknown[0]}' is no quality{hint}")
        told: Any = dict(quality)
        bounds = {name: told.pop(name) for name in _BOUNDS if name in told}
        return cls(container=container, chunks=chunks, bounds=bounds, **told)

    def parameters(self) -> Mapping[str, Any]:
        """Those of ``params``, by name."""
        if isinstance(self.params, Params):
            return self.params.to_dict()
        return {} if self.params is None else self.params

    def has_loss(self) -> bool:
        told = [self.ratio, self.noise, *self.bounds.values()]
        return any(value is not None for value in told) or states_loss(self.parameters())

    def without_loss(self) -> Wanted:
        params = {name: value for name, value in self.parameters().items() if name not in QUALITY_NAMES}
        return replace(self, ratio=None, noise=None, bounds={}, params=params)
