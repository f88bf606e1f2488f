"""Discovery: find every sync, service by service; a service that fails does not keep the others back."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import cast

from unisync._core.flow import Flow
from unisync._models.dumping import Dumpable
from unisync._models.refs import AnyRef
from unisync._services.findings import Findings
from unisync._services.operations import checked_tags
from unisync._services.registry import Services
from unisync.errors import InvalidArgumentError, UnisyncError

SERVICES = ("twinmaker", "codeconnections", "proton")
"""The services that have syncs, under the names that a client has for them."""


@dataclass(frozen=True, slots=True)
class Discovery(Dumpable):
    """The syncs that were found. Iterating over it yields their references."""

    refs: tuple[AnyRef, ...]
    """The references of the syncs."""
    errors: Mapping[str, UnisyncError]
    """The first error of each service whose search is incomplete."""

    def __iter__(self) -> Iterator[AnyRef]:
        return iter(self.refs)

    def __len__(self) -> int:
        return len(self.refs)


def checked_services(names: Collection[str] | None) -> tuple[str, ...]:
    """The services to search; None is all of them.

    Raises:
        InvalidArgumentError: One of them is unknown, or there are none.
    """
    names = SERVICES if names is None else names
    if isinstance(names, str) or not names or not set(names) <= set(SERVICES):
        expected = "some of " + ", ".join(map(repr, SERVICES))
        raise InvalidArgumentError.expected("services", expected, names)
    return tuple(name for name in SERVICES if name in names)


def checked_search_tags(tags: Mapping[str, str] | None) -> dict[str, str]:
    """The tags to search for; None is none.

    Raises:
        InvalidArgumentError: They are no mapping of text to text.
    """
    found = checked_tags({} if tags is None else tags)
    is_text = all(isinstance(cast("object", text), str) for pair in found.items() for text in pair)
    InvalidArgumentError.unless(is_text, "tags", "text as keys and values", tags)
    return found


def discover(
    services: Services, names: Collection[str] | None, where: str = "", tags: Mapping[str, str] | None = None
) -> Flow[Discovery]:
    """Find every sync of some services.

    Args:
        services: The services of one account and region.
        names: The services to search; None is all of them.
        where: The start of warnings.
        tags: Only syncs whose resource carries all of these tags; None is all syncs.

    Raises:
        InvalidArgumentError: One of the services is unknown, or the tags are no mapping of text to text.
        UnisyncError: Nothing was found, and the search of every service is incomplete.
    """
    wanted = checked_search_tags(tags)
    searches = [Findings(name, where, wanted) for name in checked_services(names)]
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
