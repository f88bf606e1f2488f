"""Which names the services take, for what a test sets up: their models know."""

from __future__ import annotations

from unisync.emulator.catalog import service_model
from unisync.emulator.constraints import problems

TWINMAKER, PROTON, CODECONNECTIONS = "iottwinmaker", "proton", "codeconnections"


def check(service: str, shape: str, /, **parameters: object) -> None:
    """Refuse a parameter whose value breaks a constraint of a shape of the service.

    Raises:
        ValueError: It names the parameter.
    """
    for name, value in parameters.items():
        broken = list(problems(service_model(service).shape_for(shape), value, name))
        if broken:
            raise ValueError(f"{name}: {'; '.join(broken)}")


def check_seconds(**parameters: float) -> None:
    """Refuse what is no length of time."""
    for name, seconds in parameters.items():
        if not seconds >= 0:
            raise ValueError(f"{name}: expected seconds, zero or more, got {seconds!r}")


def split_repository(full_name: str) -> tuple[str, str]:
    """Owner and bare name: the owner is all before the last slash, since GitLab's groups nest."""
    owner, _, name = full_name.rpartition("/")
    if not (owner and name):
        raise ValueError(f"repository: expected 'owner/name', got {full_name!r}")
    return owner, name
