# SPDX-License-Identifier: BSD-3-Clause
"""Whether samples have been through a loss already: to lose more of them must be a decision."""

from __future__ import annotations

from typing import Iterable, Optional

from .. import _native
from ..blocks import StoredBlock

HDF5_FILTERS = {
    32012: "vbz",
    32013: "ZFP",
    32017: "SZ",
    32019: "JPEG",
    32022: "BitGroom",
    32023: "Granular BitRound",
    32024: "SZ3",
    32028: "SPERR",
}
"""HDF5 filters that may lose samples, by their registered number."""


def loss_of_blocks(blocks: Iterable[StoredBlock]) -> Optional[str]:
    """What the first lossy block says of itself; None where all blocks are lossless."""
    for block in blocks:
        description = _native.describe_block(block.data)
        reason = loss_of_codestream(description)
        if reason is not None:
            return f"block {block.block} of chunk {block.chunk} is lossy ({reason})"
    return None


def loss_of_codestream(description: dict[str, object]) -> Optional[str]:
    """By what ``describe_block`` tells; a foreign stream is lossy for certain where its wavelet is irreversible."""
    if not description["legacy"]:
        # What was coded with a loss may have kept every sample all the same.
        error = description["max_error"] if description["lossy"] else 0
        return f"errors up to {error:g} in units of the samples" if error else None
    codestream = description["codestream"]
    assert isinstance(codestream, dict)
    return "coded by the irreversible wavelet" if codestream["irreversible"] else None
