# SPDX-License-Identifier: BSD-3-Clause
"""What goes into a peer's cell instead of figures."""


class PeerFailed(Exception):
    """It crashed, hung, refused, failed or was wrong: the text says so."""
