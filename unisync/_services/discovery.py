"""Finding every sync there is, service by service; one that does not answer keeps nothing of the others back."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from unisync._core.flow import Flow
from unisync._models.refs import AnyRef
from unisync._services.operations import if_found
from unisync._services.registry import Services
from unisync.errors import InvalidRequestError, ServiceError, UnisyncError

T = TypeVar("T")

logger: logging.Logger = logging.getLogger("unisync")


SERVICES = ("twinmaker", "codeconnections", "proton")
"""The services that have syncs, by what a client calls them."""


@dataclass(frozen=True, slots=True)
class Discovery:
    """The syncs that were found. Iterating over it gives their references."""

    refs: tuple[AnyRef, ...]
    errors: Mapping[str, UnisyncError]
    """What first kept a service from being looked into to its end, by what the client calls it."""

    def __iter__(self) -> Iterator[AnyRef]:
        return iter(self.refs)

    def __len__(self) -> int:
        return len(self.refs)


@dataclass(slots=True)
class Findings:
    """What one service was found to have so far."""

    service: str
    where: str = ""
    """The account and region, in a fleet."""
    refs: list[AnyRef] = field(default_factory=list[AnyRef])
    error: UnisyncError | None = None

    def trying(self, flow: Flow[T]) -> Flow[T | None]:
        """What a flow gives; None where that is gone or refused. The refusal is noted, and the search goes on."""
        try:
            return (yield from if_found(flow))
        except ServiceError as error:
            if error.retryable:
                raise
            self.note(error)
            return None

    def note(self, error: UnisyncError) -> None:
        """Note what cannot be looked into."""
        # By its code alone: no log is to show what AWS said.
        how = error.code if isinstance(error, ServiceError) else type(error).__name__
        logger.warning("%s%s was not searched for syncs to its end: %s", self.where, self.service, how)
        self.error = self.error or error


def checked_services(names: Collection[str] | None) -> tuple[str, ...]:
    """The services that are named; None is all of them.

    Raises:
        InvalidRequestError: one of them is none, or there are none.
    """
    names = SERVICES if names is None else names
    if isinstance(names, str) or not names or not set(names) <= set(SERVICES):
        expected = ", ".join(map(repr, SERVICES))
        raise InvalidRequestError.before_sending(f"services: expected some of {expected}, got {names!r}", "discover")
    return tuple(name for name in SERVICES if name in names)


def discover(services: Services, names: Collection[str] | None, where: str = "") -> Flow[Discovery]:
    """Find every sync of the services that are named; None is all of them. `where` stands in warnings.

    Raises:
        UnisyncError: nothing was found, and none of the services could be looked into.
    """
    searches = [Findings(name, where) for name in checked_services(names)]
    for findings in searches:
        search: Callable[[Findings], Flow[None]] = getattr(services, findings.service).discover
        try:
            yield from search(findings)
        except UnisyncError as error:
            findings.note(error)
    refs = tuple(ref for findings in searches for ref in findings.refs)
    errors = {findings.service: findings.error for findings in searches if findings.error is not None}
    if not refs and len(errors) == len(searches):
        raise next(iter(errors.values()))
    return Discovery(refs, errors)
