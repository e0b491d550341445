# SPDX-License-Identifier: BSD-3-Clause
"""Why a call failed: Blosc2 replaces the codec's reasons by its own bare error, so they are kept in a ring."""

from __future__ import annotations

from typing import TYPE_CHECKING, List, Optional

if TYPE_CHECKING:
    from ._native import Message

ERROR = 1
NOTICE = 2


class Error(RuntimeError):
    """A block could not be encoded, decoded or parsed; the text says why, with the numbers.

    It is a ``RuntimeError``, as Blosc2's own errors are, so one ``except`` clause serves both. Arguments that no array
    could make right are a ``ValueError`` or ``TypeError`` instead.
    """

    __module__ = "blosc2_grok"


def messages(since: int = 0, kind: int = 0) -> List[Message]:
    """The messages newer than serial number ``since``, oldest first; of any kind when ``kind`` is 0.

    The ring holds 64 messages of all threads of the process; older ones are gone.
    """
    from . import _native

    if _native.message_serial() <= since:
        return []
    found: List[Message] = []
    message = _native.next_message(since, kind)
    while message is not None:
        found.append(message)
        message = _native.next_message(message.serial, kind)
    return found


def last_error(since: int = 0) -> Optional[Message]:
    """The newest error newer than serial number ``since``, or None.

    Functions of this package raise ``Error`` with the reason. Blosc2's functions raise an error that lacks it: then
    ask here. The ring holds 64 messages of all threads of the process.

    :param since: only messages newer than this; 0: all that are left. Take ``message_serial()`` before the call.
    :returns: the newest error, or None where there has been none; its ``text`` is the reason.

    ```python
    >>> import blosc2, blosc2_grok, numpy
    >>> serial = blosc2_grok.message_serial()
    >>> try:
    ...     array = blosc2.asarray(numpy.full((64, 64), "text"), cparams=blosc2_grok.cparams())
    ... except RuntimeError:
    ...     print(blosc2_grok.last_error(serial))  # doctest: +ELLIPSIS
    dtype '<U4' of 16 bytes can't be coded...

    ```
    """
    found = messages(since, ERROR)
    return found[-1] if found else None


def notices(since: int = 0) -> List[Message]:
    """What worked, but not quite as asked: a budget smaller than the headers, say. ``asarray`` warns of its own.

    :param since: only messages newer than this; 0: all that are left of the ring's 64.
    :returns: the notices, the oldest first; empty where all went as asked.

    ```python
    >>> import blosc2_grok
    >>> [notice.text for notice in blosc2_grok.notices(blosc2_grok.message_serial())]
    []

    ```
    """
    return messages(since, NOTICE)
