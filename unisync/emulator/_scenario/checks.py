"""What a test may not set up, since no service would take it: the services' models know."""

from __future__ import annotations

from unisync.emulator._protocol.operations import service_model
from unisync.emulator._protocol.validation import problems

TWINMAKER, PROTON, CODECONNECTIONS = "iottwinmaker", "proton", "codeconnections"


def check(service: str, shape: str, /, **parameters: str | None) -> None:
    """Refuse a parameter whose value breaks a constraint of a shape of the service. None is always fine.

    Raises:
        ValueError: It names the parameter, as do those of the other checks.
    """
    for name, value in parameters.items():
        broken = list(problems(service_model(service).shape_for(shape), value, name))
        if broken:
            raise ValueError(f"{name}: {'; '.join(broken)}")


def check_one_of(*allowed: str, **parameters: str) -> None:
    """Refuse a parameter that is none of the words allowed."""
    for name, value in parameters.items():
        if value not in allowed:
            raise ValueError(f"{name}: expected {' or '.join(map(repr, allowed))}, got {value!r}")


def check_seconds(**parameters: float) -> None:
    """Refuse what is no length of time."""
    for name, seconds in parameters.items():
        if not seconds >= 0:
            raise ValueError(f"{name}: expected seconds, zero or more, got {seconds!r}")


def split_repository(parameter: str, full_name: str) -> tuple[str, str]:
    """Owner and bare name: the owner is all before the last slash, since GitLab's groups nest."""
    owner, _, name = full_name.rpartition("/")
    if not (owner and name):
        raise ValueError(f"{parameter}: expected 'owner/name', got {full_name!r}")
    return owner, name
