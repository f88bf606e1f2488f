"""CloudFormation's stacks, as far as an explanation reads them, and the caller's identity."""

from __future__ import annotations

from unisync._models.base import Date, Model, NullableTuple, alias


class StackDescription(Model, frozen=True):
    """A stack (DescribeStacks)."""

    stack_name: str = alias("StackName")
    stack_id: str | None = alias("StackId", default=None)
    aws_status: str = alias("StackStatus")
    status_reason: str | None = alias("StackStatusReason", default=None)


class StacksPage(Model, frozen=True):
    """DescribeStacks's response."""

    stacks: NullableTuple[StackDescription] = alias("Stacks", default=())


class StackEvent(Model, frozen=True):
    """An event of a stack (DescribeStackEvents)."""

    logical_id: str | None = alias("LogicalResourceId", default=None)
    resource_type: str | None = alias("ResourceType", default=None)
    aws_status: str | None = alias("ResourceStatus", default=None)
    reason: str | None = alias("ResourceStatusReason", default=None)
    time: Date = alias("Timestamp")


class StackEventsPage(Model, frozen=True):
    """DescribeStackEvents's response: the newest events, newest first."""

    events: NullableTuple[StackEvent] = alias("StackEvents", default=())
    next_token: str | None = alias("NextToken", default=None)


class CallerIdentity(Model, frozen=True):
    """Who calls (GetCallerIdentity)."""

    account: str | None = alias("Account", default=None)
    arn: str | None = alias("Arn", default=None)
