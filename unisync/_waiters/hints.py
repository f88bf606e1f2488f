"""Hints: reports from elsewhere that a sync may have changed, which end the pauses of the waits for it.

A hint is not a verdict. Events come late, twice, out of order or not at all, so a wait that gets one polls, as it would
have done later, and a wait that gets none loses nothing. `Hints.listener` gives each wait a `Listener`, a signal that
is set by each hint for its sync and that a pause (`Sleep.signal`) ends with. A signal calls back instead of being
polled, so that an event loop wakes at once and no thread polls a flag.
"""

from __future__ import annotations

import re
import threading
from typing import Any, NamedTuple, cast
from weakref import WeakSet

from unisync._core.signals import Signal
from unisync._models.notices import SyncNotice
from unisync._models.refs import FleetSync, SyncRef
from unisync.errors import InvalidArgumentError

_ACCOUNT_ID = re.compile(r"\d{12}")


class Branch(NamedTuple):
    """A branch of a repository, as both events and jobs name it."""

    owner: str | None
    repository_name: str | None
    name: str | None


class Listener(Signal):
    """What one wait hears: it is set by each hint for its sync, or for the branch that its sync follows."""

    def __init__(self, ref: SyncRef[Any]) -> None:
        super().__init__()
        self.ref = ref
        self.branch: Branch | None = None
        """The branch, once it is known."""


class Hints:
    """Passes hints to waits. It is handed to clients as `hints=`, and may be shared by several of them. Thread-safe.

    A hint ends the pause of each wait for that sync: it polls at once, though not within a second of its last poll, and
    its pauses begin to grow anew. A hint never replaces a poll: those that are lost, late, doubled or wrong change
    nothing but the moment of a poll.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._listeners: WeakSet[Listener] = WeakSet()

    def notify(self, hint: SyncRef[Any] | SyncNotice | None) -> None:
        """Pass on that a sync may have changed.

        Args:
            hint: Its reference; or what `aws_events.parse_event` made of an event. A notice of a branch is for each
                sync that follows the branch. None, for an event about something else, is ignored.

        Raises:
            InvalidArgumentError: It is neither.
        """
        if hint is None:
            return
        branch: Branch | None = None
        ref: SyncRef[Any] | None
        if isinstance(hint, SyncRef):
            ref = hint
        else:
            InvalidArgumentError.unless(
                isinstance(cast("object", hint), SyncNotice), "hint", "a reference or a SyncNotice", hint
            )
            ref = hint.fleet_ref or hint.ref
            if ref is None:
                branch = Branch(hint.owner, hint.repository_name, hint.branch)
        with self._lock:
            listeners = list(self._listeners)
        for listener in listeners:
            if (branch is not None and listener.branch == branch) or (ref is not None and _concerns(ref, listener.ref)):
                listener.set()

    @property
    def is_listened_to(self) -> bool:
        """Whether there is a wait."""
        with self._lock:
            return len(self._listeners) > 0

    def listener(self, ref: SyncRef[Any]) -> Listener:
        """What a wait for a sync hears from now on, for as long as it is kept."""
        listener = Listener(ref)
        with self._lock:
            self._listeners.add(listener)
        return listener


def checked_hints(hints: Hints) -> Hints:
    """The hints that were passed as the parameter `hints`.

    Raises:
        InvalidArgumentError: It is something else.
    """
    InvalidArgumentError.unless(isinstance(cast("object", hints), Hints), "hints", "a Hints object", hints)
    return hints


def _concerns(hint: SyncRef[Any], ref: SyncRef[Any]) -> bool:
    """Whether a hint is for a sync. Where one of them names no account or region, any is meant."""
    if not (isinstance(hint, FleetSync) and isinstance(ref, FleetSync)):
        return _inner(hint) == _inner(ref)
    # A fleet may know its accounts by names of the user's, which no event has.
    is_account = hint.account == ref.account or not _ACCOUNT_ID.fullmatch(ref.account)
    return is_account and hint.region == ref.region and hint.sync == ref.sync


def _inner(ref: SyncRef[Any]) -> SyncRef[Any]:
    return ref.sync if isinstance(ref, FleetSync) else ref
