"""The exit codes, and which of them an error comes to."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum
from typing import TYPE_CHECKING

from unisync.errors import (
    InvalidArgumentError,
    NotFoundError,
    SyncBlockedError,
    SyncFailedError,
    SyncSupersededError,
    UnisyncError,
    WaitTimeoutError,
)

if TYPE_CHECKING:
    from typing import Any

    from unisync._models.outcome import Outcome


class Exit(IntEnum):
    """What the command ends with."""

    IN_PLACE = 0
    ERROR = 1
    USAGE = 2
    FAILED = 3
    BLOCKED = 4
    NOT_FOUND = 5
    SUPERSEDED = 6
    TIMED_OUT = 124
    INTERRUPTED = 130
    TERMINATED = 143


MEANINGS: dict[Exit, str] = {
    Exit.IN_PLACE: "What was waited for is in place, or what was asked for was done.",
    Exit.ERROR: "An error: AWS refused, or could not be reached, or something broke.",
    Exit.USAGE: "The command was not understood, or asks for what cannot be; nothing was sent.",
    Exit.FAILED: "The sync failed.",
    Exit.BLOCKED: "The sync is blocked until somebody releases it.",
    Exit.NOT_FOUND: "There is no such sync.",
    Exit.SUPERSEDED: "Another commit took the place of the one that was waited for.",
    Exit.TIMED_OUT: "The time was up before the wait came to its end. The sync itself goes on in AWS.",
    Exit.INTERRUPTED: "Interrupted, as by Ctrl-C.",
    Exit.TERMINATED: "Told to end by SIGTERM.",
}

EXIT_CODES = (
    "Exit codes: 0 in place, 1 error, 2 usage, 3 sync failed, 4 blocked, 5 not found, 6 superseded, 124 timed out, "
    "130 interrupted."
)

_CODES: dict[type[UnisyncError], Exit] = {
    SyncFailedError: Exit.FAILED,
    SyncBlockedError: Exit.BLOCKED,
    SyncSupersededError: Exit.SUPERSEDED,
    WaitTimeoutError: Exit.TIMED_OUT,
    NotFoundError: Exit.NOT_FOUND,
}

_GRAVEST_FIRST = (
    Exit.ERROR,
    Exit.USAGE,
    Exit.NOT_FOUND,
    Exit.FAILED,
    Exit.BLOCKED,
    Exit.SUPERSEDED,
    Exit.TIMED_OUT,
    Exit.IN_PLACE,
)
"""Where several syncs end differently, the first of these that occurs: what needs somebody comes before what passes."""


def exit_of(error: UnisyncError | None) -> Exit:
    """The exit code that an error comes to."""
    if error is None:
        return Exit.IN_PLACE
    if isinstance(error, InvalidArgumentError) and error.status_code is None:
        return Exit.USAGE
    return next((code for kind, code in _CODES.items() if isinstance(error, kind)), Exit.ERROR)


def gravest(outcomes: Iterable[Outcome[Any]]) -> Exit:
    """The exit code of many."""
    return min((exit_of(outcome.error) for outcome in outcomes), key=_GRAVEST_FIRST.index, default=Exit.IN_PLACE)
