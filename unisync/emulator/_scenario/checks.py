"""Checks of the arguments of `Setup`: a test cannot set up what the services would reject."""

from __future__ import annotations

import re

from unisync.emulator._protocol.operations import service_model
from unisync.emulator._protocol.validation import violations
from unisync.emulator._state.stack_operations import FailedResource

TWINMAKER, PROTON, CODECONNECTIONS = "iottwinmaker", "proton", "codeconnections"


_LOGICAL_ID = re.compile("[A-Za-z0-9]{1,255}")
_TYPE = re.compile("[A-Za-z0-9]+(::[A-Za-z0-9]+){1,3}")


def check(service: str, shape: str, /, **parameters: str | None) -> None:
    """Check parameters against the constraints of a shape in the service's model. None passes.

    Raises:
        ValueError: A constraint is broken. The message begins with the parameter's name, as in all checks here.
    """
    for name, value in parameters.items():
        broken = list(violations(service_model(service).shape_for(shape), value, name))
        if broken:
            raise ValueError(f"{name}: {'; '.join(broken)}")


def check_one_of(*allowed: str, **parameters: str) -> None:
    """Check that each parameter has one of the allowed values."""
    for name, value in parameters.items():
        if value not in allowed:
            raise ValueError(f"{name}: expected {' or '.join(map(repr, allowed))}, got {value!r}")


def check_seconds(**parameters: float) -> None:
    """Check that each parameter is a duration: zero or more, or infinite."""
    for name, seconds in parameters.items():
        if not seconds >= 0:
            raise ValueError(f"{name}: expected seconds, zero or more, got {seconds!r}")


def check_failed_resource(**parameters: tuple[str, str, str] | None) -> FailedResource | None:
    """The failed resource that a parameter names: its logical id, its type and the reason. None passes."""
    for name, value in parameters.items():
        match value:
            case None:
                continue
            case (logical_id, kind, reason) if _LOGICAL_ID.fullmatch(logical_id) and _TYPE.fullmatch(kind) and reason:
                return FailedResource(logical_id, kind, reason)
            case _:
                expected = (
                    "a logical id, a type and a reason, such as ('Queue', 'AWS::SQS::Queue', 'The name is taken')"
                )
                raise ValueError(f"{name}: expected {expected}; got {value!r}")
    return None


def split_repository(parameter: str, full_name: str) -> tuple[str, str]:
    """The owner and the bare name. The owner is everything before the last slash: GitLab's groups nest."""
    owner, _, name = full_name.rpartition("/")
    if not (owner and name):
        raise ValueError(f"{parameter}: expected 'owner/name', got {full_name!r}")
    return owner, name
