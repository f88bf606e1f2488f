"""The findings of a search for syncs, while it runs."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

from unisync._core.flow import Flow
from unisync._models.refs import AnyRef, FleetSync, SyncRef
from unisync._services.operations import none_if_not_found
from unisync.errors import ServiceError, UnisyncError

T = TypeVar("T")

logger: logging.Logger = logging.getLogger("unisync")


@dataclass(slots=True)
class Findings:
    """What a search of one service has found so far."""

    service: str
    where: str = ""
    """The account and region, in a fleet; it stands at the start of warnings."""
    tags: Mapping[str, str] = field(default_factory=dict[str, str])
    """The tags to search for."""
    refs: list[AnyRef] = field(default_factory=list[AnyRef])
    error: UnisyncError | None = None
    """The first error that left the search incomplete."""

    def add(self, refs: Iterable[SyncRef[Any]]) -> None:
        """Add the references of syncs."""
        self.refs += [cast("AnyRef", ref.sync if isinstance(ref, FleetSync) else ref) for ref in refs]

    def attempt(self, flow: Flow[T]) -> Flow[T | None]:
        """The result of a flow; None if it found nothing or was denied. The error is noted, and the search goes on."""
        try:
            return (yield from none_if_not_found(flow))
        except ServiceError as error:
            if error.retryable:
                raise
            self.note(error)
            return None

    def match(self, tags: Callable[[], Flow[Mapping[str, str]]]) -> Flow[bool]:
        """Whether a resource carries all the tags to search for. Its tags are read only if there are any."""
        if not self.tags:
            return True
        found = yield from self.attempt(tags())
        return found is not None and self.tags.items() <= found.items()

    def note(self, error: UnisyncError) -> None:
        """Note an error that leaves the search incomplete."""
        # Only its code: no log may show AWS's messages.
        code = error.code if isinstance(error, ServiceError) else type(error).__name__
        logger.warning("%sthe search of %s for syncs is incomplete: %s", self.where, self.service, code)
        self.error = self.error or error
