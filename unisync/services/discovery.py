"""Finding every sync there is, service by service; one that does not answer keeps nothing of the others back."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from unisync.errors import UnisyncError
from unisync.flow import Flow
from unisync.refs import AnyRef
from unisync.services import Services

logger: logging.Logger = logging.getLogger("unisync")


@dataclass(frozen=True, slots=True)
class Discovery:
    """The syncs that were found. Iterating over it gives their references."""

    refs: tuple[AnyRef, ...]
    errors: Mapping[str, UnisyncError]
    """Why a service was not looked into to its end, by boto3's name of it."""

    def __iter__(self) -> Iterator[AnyRef]:
        return iter(self.refs)

    def __len__(self) -> int:
        return len(self.refs)


def discover(services: Services) -> Flow[Discovery]:
    """Find every sync.

    Raises:
        UnisyncError: none of the services could be looked into.
    """
    refs: list[AnyRef] = []
    errors: dict[str, UnisyncError] = {}
    searched = (services.twinmaker, services.codeconnections, services.proton)
    for service in searched:
        try:
            yield from service.discover(refs.append)
        except UnisyncError as error:
            logger.warning("%s was not searched for syncs to its end: %s", service.service_name, error)
            errors[service.service_name] = error
    if len(errors) == len(searched):
        raise errors[services.twinmaker.service_name]
    return Discovery(tuple(refs), errors)
