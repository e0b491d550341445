# SPDX-License-Identifier: BSD-3-Clause
"""Why a call failed: Blosc2 replaces the codec's reasons by its own bare error, so they are kept in a ring."""

from __future__ import annotations

from typing import TYPE_CHECKING, List, Optional

if TYPE_CHECKING:
    from ._native import Message

ERROR = 1
NOTICE = 2


class Error(RuntimeError):
    """A block could not be encoded, decoded or parsed; the text says why."""

    __module__ = "blosc2_grok"


def messages(since: int = 0, kind: int = 0) -> List[Message]:
    """The messages newer than serial number ``since``, oldest first; of any kind when ``kind`` is 0.

    The ring holds 64 messages of all threads of the process; older ones are gone.
    """
    from . import _native

    found: List[Message] = []
    message = _native.next_message(since, kind)
    while message is not None:
        found.append(message)
        message = _native.next_message(message.serial, kind)
    return found


def last_error(since: int = 0) -> Optional[Message]:
    """The newest error newer than serial number ``since``, or None.

    To learn why one call failed, take ``message_serial()`` before it::

        serial = blosc2_grok.message_serial()
        try:
            array = blosc2.asarray(data, cparams=cparams)
        except RuntimeError:
            print(blosc2_grok.last_error(serial))
    """
    found = messages(since, ERROR)
    return found[-1] if found else None


def notices(since: int = 0) -> List[Message]:
    """Notices newer than serial number ``since``, oldest first: calls that worked, but not quite as asked."""
    return messages(since, NOTICE)
