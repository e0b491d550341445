# SPDX-License-Identifier: BSD-3-Clause
"""A user's program, for test_typing.py: it is type-checked, never run.

Each `type: ignore` is a mistake that a checker must find: one that it doesn't find is an unused comment, an error.
"""

from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional

import numpy as np
from numpy.typing import NDArray
from typing_extensions import assert_type

import blosc2_grok
from blosc2_grok import Error, GrkMode, Message, Params, StoredBlock, Verification

frames = np.zeros((4, 512, 640), np.uint16)

# What is right.
array = blosc2_grok.asarray(frames, noise=0.25, urlpath="frames.b2nd", mode="w")
blosc2_grok.asarray(frames, noise={"factor": 0.25, "gain": 2.0}, params={"mct": 0}, chunks=(4, 512, 640))
assert_type(blosc2_grok.calibrate(frames, ratio=8, cap=100_000), Params)
assert_type(blosc2_grok.params_of(Path("frames.b2nd")), Params)
assert_type(blosc2_grok.params_of(array).rmse, Optional[float])
assert_type(blosc2_grok.read(array, (0, slice(None)), reduce=2), NDArray[Any])
assert_type(blosc2_grok.codestreams(array), Iterator[StoredBlock])
assert_type(next(blosc2_grok.codestreams(array)).data, bytes)
assert_type(blosc2_grok.verify(array), Verification)
assert_type(blosc2_grok.verify(array).problems, List[str])
assert_type(blosc2_grok.last_error(), Optional[Message])
assert_type(blosc2_grok.notices(), List[Message])
assert_type(blosc2_grok.params_defaults, Dict[str, Any])
assert_type(blosc2_grok.cparams(rate=5, nthreads=2), Dict[str, Any])
assert_type(blosc2_grok.get_libpath(), str)
blosc2_grok.set_params_defaults(mode=GrkMode.LAZY | GrkMode.RESET)
try:
    raise Error("a reason")
except RuntimeError:
    pass

# What is wrong.
blosc2_grok.asarray(frames, ratio="8")  # type: ignore[arg-type]
blosc2_grok.asarray(frames, 8)  # type: ignore[call-arg]
blosc2_grok.asaray(frames)  # type: ignore[attr-defined]
blosc2_grok.calibrate(frames, params=8)  # type: ignore[arg-type]
blosc2_grok.read(array, reduce="2")  # type: ignore[arg-type]
blosc2_grok.params_of(array).rmse = 2  # type: ignore[misc]
first: str = next(blosc2_grok.codestreams(array)).data  # type: ignore[assignment]
