"""Dry runs: the calls that would change something, validated and not sent."""

from __future__ import annotations

from unisync._core.commands import Call, Flow
from unisync._core.flow import request
from unisync._models.dry_run import DryRun
from unisync.errors import InvalidArgumentError


def checked_dry_run(dry_run: object) -> bool:
    """The argument `dry_run`, which must be no other value: what is false by accident would be sent.

    Raises:
        InvalidArgumentError: It is neither True nor False.
    """
    if not isinstance(dry_run, bool):
        raise InvalidArgumentError.expected("dry_run", "True or False", dry_run)
    return dry_run


def planned(flow: Flow[object]) -> Flow[DryRun]:
    """The first call of a flow, validated and not sent."""
    call = next(flow)
    flow.close()
    assert isinstance(call, Call)
    yield from request(call._replace(validate_only=True))
    return DryRun(service=call.service, operation=call.operation, params=call.params)
