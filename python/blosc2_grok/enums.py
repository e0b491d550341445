# SPDX-License-Identifier: BSD-3-Clause
"""The enumerations that parameters take, with the member names and numbers of grok.h."""

from __future__ import annotations

import enum


class GrkFileFmt(enum.Enum):
    """File formats; blocks are written as ``GRK_FMT_J2K`` or ``GRK_FMT_JP2``."""

    GRK_FMT_UNK = 0
    GRK_FMT_J2K = 1
    GRK_FMT_JP2 = 2
    GRK_FMT_PXM = 3
    GRK_FMT_PGX = 4
    GRK_FMT_PAM = 5
    GRK_FMT_BMP = 6
    GRK_FMT_TIF = 7
    GRK_FMT_RAW = 8
    GRK_FMT_PNG = 9
    GRK_FMT_RAWL = 10
    GRK_FMT_JPG = 11


class GrkProfile(enum.Enum):
    """Values of the codestream's capability field (Rsiz)."""

    GRK_PROFILE_NONE = 0x0000
    GRK_PROFILE_0 = 0x0001
    GRK_PROFILE_1 = 0x0002
    GRK_PROFILE_CINEMA_2K = 0x0003
    GRK_PROFILE_CINEMA_4K = 0x0004
    GRK_PROFILE_CINEMA_S2K = 0x0005
    GRK_PROFILE_CINEMA_S4K = 0x0006
    GRK_PROFILE_CINEMA_LTS = 0x0007
    GRK_PROFILE_BC_SINGLE = 0x0100
    GRK_PROFILE_BC_MULTI = 0x0200
    GRK_PROFILE_BC_MULTI_R = 0x0300
    GRK_PROFILE_BC_MASK = 0x030F
    GRK_PROFILE_IMF_2K = 0x0400
    GRK_PROFILE_IMF_4K = 0x0500
    GRK_PROFILE_IMF_8K = 0x0600
    GRK_PROFILE_IMF_2K_R = 0x0700
    GRK_PROFILE_IMF_4K_R = 0x0800
    GRK_PROFILE_IMF_8K_R = 0x0900
    GRK_PROFILE_MASK = 0x0FFF
    GRK_PROFILE_PART2 = 0x8000
    GRK_PROFILE_PART2_EXTENSIONS_MASK = 0x3FFF


class GrkRateControl(enum.Enum):
    """How a rate is met: by bisection over truncation points, or by post-compression rate-distortion optimization."""

    BISECT = 0
    PCRD_OPT = 1


class GrkMode(enum.IntFlag):
    """Code-block style; flags may be joined, as in ``GrkMode.LAZY | GrkMode.RESET``.

    ``HT_MIXED``, ``HT_PHLD`` and ``JPH_RSIZ_FLAG`` have names only: streams with them can't be written.
    """

    DEFAULT = 0
    LAZY = 1
    RESET = 2
    TERMALL = 4
    VSC = 8
    PTERM = 16
    SEGSYM = 32
    HT = 64
    HT_MIXED = 128
    HT_PHLD = 256
    JPH_RSIZ_FLAG = 1 << 14
