"""A wait for each status that it can end with, for tests of the handler and of the state machine around it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, NamedTuple

from tests.support.documents import DOCS, blocks
from tests.support.samples import MINE, NEWER, OLD
from unisync import PollStatus
from unisync.emulator import Emulator

MAX_BYTES = 2048
"""Of the handler's output as JSON."""
REASON = 'Template "format" error: 模板格式错误\n' * 100
"""A long reason, with characters that take several bytes."""


class Situation(NamedTuple):
    """Something to wait for, and how it ends."""

    name: str
    prepare: Callable[[Emulator], object]
    """Prepares an emulated stack, whose commit `OLD` is live."""
    event: dict[str, Any]
    """The input."""
    status: PollStatus
    """What the last poll returns."""
    error: str | None
    """The error that it names."""


def nothing(aws: Emulator) -> None:
    """Change nothing."""


def push(aws: Emulator) -> None:
    """Push the commit."""
    aws.push(stack="payments-prod", sha=MINE, duration=45)


def push_what_fails(aws: Emulator) -> None:
    """Push a commit that cannot be synced."""
    aws.push(stack="payments-prod", sha=MINE, outcome="FAILED", reason=REASON)


def block(aws: Emulator) -> None:
    """Block the sync."""
    aws.block(stack="payments-prod")


def supersede(aws: Emulator) -> None:
    """Push a commit, and a minute later another one."""
    aws.push(stack="payments-prod", sha=MINE, duration=600)
    aws.push(stack="payments-prod", sha=NEWER, detection_delay=60)


def deny(aws: Emulator) -> None:
    """Deny reading the status."""
    aws.fault("GetResourceSyncStatus", "AccessDeniedException", times=None)


def fail_at_first(aws: Emulator) -> None:
    """Let the first poll fail, and the commit be synced."""
    aws.fault("GetResourceSyncStatus", "InternalServerException", times=1)
    aws.push(stack="payments-prod", sha=MINE)


STACK = "codeconnections:payments-prod"
WAIT: dict[str, Any] = {"ref": STACK, "revision": MINE, "timeout": 900}

SITUATIONS = [
    Situation("synced", push, WAIT, "succeeded", None),
    Situation("synced after a failed poll", fail_at_first, WAIT, "succeeded", None),
    Situation("deleted", nothing, {"ref": "twinmaker:factory", "condition": "deleted"}, "succeeded", None),
    Situation("failed", push_what_fails, WAIT, "failed", "SyncFailedError"),
    Situation("blocked", block, WAIT, "blocked", "SyncBlockedError"),
    Situation("superseded", supersede, WAIT, "superseded", "SyncSupersededError"),
    Situation("timed out", nothing, {**WAIT, "timeout": 60}, "timed_out", "WaitTimeoutError"),
    Situation("not found", nothing, {"ref": "codeconnections:no-such-stack"}, "error", "NotFoundError"),
    Situation("denied", deny, WAIT, "error", "AccessDeniedError"),
]


def add_stack(aws: Emulator) -> None:
    """Add the stack that all situations are about."""
    aws.add_stack("payments-prod", repository="acme/infra")
    aws.push(stack="payments-prod", sha=OLD)
    aws.clock.advance(600)


def documented(field: str) -> list[dict[str, Any]]:
    """The JSON objects of the guide that have a field."""
    found = [json.loads(block.body) for block in blocks(DOCS / "howto" / "step-functions.md") if block.kind == "json"]
    return [each for each in found if field in each]


def state_machine() -> dict[str, Any]:
    """The state machine of the guide."""
    (definition,) = documented("StartAt")
    return definition
