"""What can be looked at and waited for, as its service makes it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from unisync._core.flow import Flow
from unisync._models.jobs import SyncJob
from unisync._models.refs import SyncRef

if TYPE_CHECKING:
    from unisync._models.configurations import RepositorySyncAttempt, SyncBlocker
    from unisync._models.resources import SyncResources

J = TypeVar("J", bound=SyncJob)


class Subject(NamedTuple, Generic[J]):
    """A sync, by the calls that tell of it."""

    ref: SyncRef[J]
    look: Callable[[], Flow[J]]
    """How it stands; NotFoundError where there is no such sync."""
    blockers: Callable[[], Flow[tuple[SyncBlocker, ...]]]
    """What blocks it now."""
    remains: Callable[[], Flow[J]]
    """How it stands as long as it is not gone; NotFoundError from then on."""
    resolve: Callable[[str, str], Flow[SyncBlocker]] | None = None
    """Resolves the blocker of an id for a reason; None where nothing can block."""
    repository_status: Callable[[], Flow[RepositorySyncAttempt | None]] | None = None
    """The latest attempt to sync its branch, None if there was none; None where it follows no branch."""
    resources: Callable[[], Flow[SyncResources]] | None = None
    """What it keeps in sync; None where it is one thing."""
    release: str = ""
    """The AWS CLI's command that resolves a blocker, with "{id}" for its id."""
    has_revisions: bool = True
    """Whether it follows commits, so that a wait can be for one of them."""


def no_blockers() -> Flow[tuple[SyncBlocker, ...]]:
    """What blocks a sync that nothing can block."""
    yield from ()
    return ()
