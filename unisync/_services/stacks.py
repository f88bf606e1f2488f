"""CloudFormation and STS, as far as an explanation reads them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from unisync._core.commands import AccountRegion
from unisync._core.flow import Flow
from unisync._models.base import EnumMapping
from unisync._models.jobs import SyncAttempt
from unisync._models.root_cause import RootCause
from unisync._models.stacks import CallerIdentity, StackDescription, StackEvent, StackEventsPage, StacksPage
from unisync._services.operations import Service, ServiceOperations, pascal

_CANCELLED = "cancelled"
_BEGINS = ("CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "DELETE_IN_PROGRESS", "IMPORT_IN_PROGRESS")
_STACK = "AWS::CloudFormation::Stack"
_TOLERANCE = timedelta(seconds=1)
_MAX_PAGES = 50
"""Pages of events that are read at most, of a hundred each."""


class CloudFormation(ServiceOperations):
    """The stacks of CloudFormation."""

    _service = Service("cloudformation", EnumMapping({}), pascal)

    def describe_stack(self, name: str) -> Flow[StackDescription | None]:
        """Read a stack, by its name or ARN (DescribeStacks).

        Raises:
            InvalidRequestError: There is no such stack: CloudFormation has no code of its own for that.
        """
        page = yield from self._request("DescribeStacks", {"stack_name": name}, StacksPage)
        return page.stacks[0] if page.stacks else None

    def latest_events(self, name: str, since: datetime | None = None) -> Flow[tuple[StackEvent, ...]]:
        """The newest events of a stack, newest first (DescribeStackEvents).

        Args:
            name: The stack's name.
            since: How far to go back; None for the begin of the latest operation.
        """
        events: list[StackEvent] = []
        params: dict[str, object] = {"stack_name": name}
        for _ in range(_MAX_PAGES):
            page = yield from self._request("DescribeStackEvents", params, StackEventsPage)
            events += page.events
            is_there = (
                any(_begins(event, name) for event in page.events)
                if since is None
                else any(event.time < since for event in page.events)
            )
            if is_there or page.next_token is None:
                break
            params["next_token"] = page.next_token
        return tuple(events)


class SecurityTokens(ServiceOperations):
    """STS."""

    _service = Service("sts", EnumMapping({}), pascal)

    def caller_identity(self) -> Flow[CallerIdentity]:
        """Read who calls (GetCallerIdentity)."""
        return self._request("GetCallerIdentity", {}, CallerIdentity)


def read_root_cause(stack_name: str, attempt: SyncAttempt, location: AccountRegion | None) -> Flow[RootCause | None]:
    """Read which resource of a stack failed first in an attempt; None if none did."""
    events = yield from CloudFormation(location).latest_events(stack_name, attempt.started_at)
    failure = first_failure(events, stack_name, attempt)
    if failure is None or failure.logical_id is None:
        return None
    return RootCause(
        logical_id=failure.logical_id, type=failure.resource_type, aws_status=failure.aws_status, reason=failure.reason
    )


def first_failure(
    events: Sequence[StackEvent], stack_name: str, attempt: SyncAttempt | None = None
) -> StackEvent | None:
    """The event of the resource that failed first in one operation on a stack; None if none did.

    Resources that failed only since another one did ("Resource update cancelled") do not count.

    Args:
        events: The newest events, newest first.
        stack_name: The stack's name.
        attempt: The attempt whose operation it is. An attempt can fail before it reaches the stack; what failed before
            is then of an earlier one. None for the latest operation.
    """
    ordered = [event for event in reversed(events) if attempt is None or _is_during(attempt, event.time)]
    begin = next((index for index in reversed(range(len(ordered))) if _begins(ordered[index], stack_name)), 0)
    failed = [event for event in ordered[begin:] if (event.aws_status or "").endswith("_FAILED")]
    own = [event for event in failed if not _is_of_stack(event, stack_name)]
    genuine = [event for event in own if _CANCELLED not in (event.reason or "").lower()]
    return next(iter([*genuine, *own, *failed]), None)


def _is_during(attempt: SyncAttempt, time: datetime) -> bool:
    """Whether something happened from the start of an attempt to its last event: a later update is not its own."""
    # Two services date these times, not all of them to the microsecond.
    if time < attempt.started_at.replace(microsecond=0):
        return False
    ends = [event.time for event in attempt.events]
    return not ends or time <= max(ends) + _TOLERANCE


def _begins(event: StackEvent, stack_name: str) -> bool:
    return _is_of_stack(event, stack_name) and event.aws_status in _BEGINS


def _is_of_stack(event: StackEvent, stack_name: str) -> bool:
    """Whether an event is of the stack itself, and not of a resource."""
    return event.resource_type == _STACK and event.logical_id == stack_name
