"""The exit codes, and which error leads to which."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum

from unisync.errors import (
    InvalidArgumentError,
    NotFoundError,
    SyncBlockedError,
    SyncFailedError,
    SyncSupersededError,
    UnisyncError,
    WaitTimeoutError,
)


class Exit(IntEnum):
    """The exit codes."""

    SYNCED = 0
    ERROR = 1
    USAGE = 2
    FAILED = 3
    BLOCKED = 4
    NOT_FOUND = 5
    SUPERSEDED = 6
    LAGGING = 7
    TIMED_OUT = 124
    INTERRUPTED = 130
    TERMINATED = 143


MEANINGS: dict[Exit, str] = {
    Exit.SYNCED: "Synced, or the command succeeded.",
    Exit.ERROR: "An error: AWS refused a call or could not be reached, there are no credentials, or a write failed.",
    Exit.USAGE: "Invalid arguments. Nothing was changed.",
    Exit.FAILED: "The sync failed, or the connection is in ERROR.",
    Exit.BLOCKED: "The sync is blocked until its blockers are resolved.",
    Exit.NOT_FOUND: "The sync, or the connection, does not exist.",
    Exit.SUPERSEDED: "Another commit superseded the requested one.",
    Exit.LAGGING: "The desired commit has not been live for longer than `status --max-lag` allows.",
    Exit.TIMED_OUT: "The wait timed out. This does not stop the sync.",
    Exit.INTERRUPTED: "Interrupted by Ctrl-C.",
    Exit.TERMINATED: "Terminated by SIGTERM.",
}

EXIT_CODES = (
    "Exit codes: 0 synced, 1 error, 2 usage, 3 failed, 4 blocked, 5 not found, 6 superseded, 7 lagging, 124 timed out, "
    "130 interrupted."
)

_CODES: dict[type[UnisyncError], Exit] = {
    InvalidArgumentError: Exit.USAGE,
    SyncFailedError: Exit.FAILED,
    SyncBlockedError: Exit.BLOCKED,
    SyncSupersededError: Exit.SUPERSEDED,
    WaitTimeoutError: Exit.TIMED_OUT,
    NotFoundError: Exit.NOT_FOUND,
}

_MOST_SEVERE_FIRST = (
    Exit.ERROR,
    Exit.USAGE,
    Exit.NOT_FOUND,
    Exit.FAILED,
    Exit.BLOCKED,
    Exit.SUPERSEDED,
    Exit.LAGGING,
    Exit.TIMED_OUT,
    Exit.SYNCED,
)
"""What needs a person comes before what time may settle."""


def exit_code_for(error: UnisyncError | None) -> Exit:
    """The exit code of an error, or of None."""
    if error is None:
        return Exit.SYNCED
    return next((code for kind, code in _CODES.items() if isinstance(error, kind)), Exit.ERROR)


def most_severe(codes: Iterable[Exit]) -> Exit:
    """The exit code of several results."""
    return min(codes, key=_MOST_SEVERE_FIRST.index, default=Exit.SYNCED)
