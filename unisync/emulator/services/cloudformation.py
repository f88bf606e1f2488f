"""CloudFormation: DescribeStacks and DescribeStackEvents, for the stacks that Git sync may update."""

from __future__ import annotations

from unisync.emulator._protocol.pagination import ListResult
from unisync.emulator._protocol.serialization import Document
from unisync.emulator._state.account import AccountState
from unisync.emulator._state.stack_history import StackEvent, StackHistory
from unisync.emulator._state.stacks import StackLife
from unisync.emulator.errors import AwsError
from unisync.emulator.services.request import Handler, OperationRequest


def describe_stacks(request: OperationRequest) -> ListResult:
    """DescribeStacks. A deleted stack is found by its ARN alone. The order of the stacks is a guess: oldest first."""
    account, name = request.account, request.params.get("StackName")
    if name is None:
        found = [stack.lives[-1] for stack in account.stacks.values() if stack.exists]
    else:
        found = [_find(account, name, f"Stack with id {name} does not exist")]
    return ListResult("Stacks", {life.number: _stack(account, account.stack_history(life)) for life in found})


def describe_stack_events(request: OperationRequest) -> ListResult:
    """DescribeStackEvents, newest first. A deleted stack is found by its ARN alone."""
    account, name = request.account, request.params.get("StackName", "")
    life = _find(account, name, f"Stack [{name}] does not exist")
    events = account.stack_history(life).events()
    # Numbered from the oldest on, so that a page starts at the same event when there are newer ones.
    return ListResult("StackEvents", {-number: _event(account, life, each) for number, each in enumerate(events)})


def _find(account: AccountState, name_or_arn: str, message: str) -> StackLife:
    for stack in account.stacks.values():
        for life in stack.lives:
            if name_or_arn == life.arn or (name_or_arn == life.name and life.deleted is None):
                return life
    raise AwsError("ValidationError", message)


def _stack(account: AccountState, history: StackHistory) -> Document:
    life, latest = history.life, history.latest
    return {
        "StackId": life.arn,
        "StackName": life.name,
        "CreationTime": account.date(life.created[0]),
        "LastUpdatedTime": _date(account, history.updated_at),
        "DeletionTime": _date(account, history.deleted_at),
        "RollbackConfiguration": {},
        "StackStatus": latest.status,
        "StackStatusReason": latest.reason,
        "DisableRollback": False,
        "NotificationARNs": [],
        "Tags": [],
        "EnableTerminationProtection": False,
        "DriftInformation": {"StackDriftStatus": "NOT_CHECKED"},
    }


def _event(account: AccountState, life: StackLife, event: StackEvent) -> Document:
    step = event.step
    return {
        "StackId": life.arn,
        "EventId": event.id,
        "StackName": life.name,
        "LogicalResourceId": step.logical_id,
        "PhysicalResourceId": event.physical_id,
        "ResourceType": step.type,
        "Timestamp": account.date(step.time),
        "ResourceStatus": step.status,
        "ResourceStatusReason": step.reason,
    }


def _date(account: AccountState, moment: float | None) -> float | None:
    return None if moment is None else account.date(moment)


HANDLERS: dict[str, Handler] = {"DescribeStacks": describe_stacks, "DescribeStackEvents": describe_stack_events}
