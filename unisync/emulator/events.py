"""The events of Git sync that CodeConnections sends to EventBridge, emitted as the emulated time passes.

Nothing happens in the emulator at the moment when a sync changes its status: statuses are computed when something asks
for them. So the emitter asks each time that the clock was moved and, if it runs by itself, in short intervals. It emits
every change up to then that it has not emitted yet.

The events are those of AWS's examples. AWS's pages contradict each other about them: the type of the one begins with
"Git Sync" and that of the other with "GitSync", and `previousStatus` is also called `previousSync`. There is none for a
branch that is QUEUED, a status that the pages do not name.
"""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from unisync.emulator._state.account import AccountState
from unisync.emulator._state.git_sync import GitSync
from unisync.emulator._state.repository import QUEUED, Push, Repository, StatusChange
from unisync.emulator._state.sync_configurations import SYNC_TYPE
from unisync.emulator.application import Application

logger: logging.Logger = logging.getLogger(__name__)

INTERVAL = 0.05
"""Real seconds between the checks for changes, if the clock runs by itself."""

_PROVIDERS = {"Bitbucket": "BitBucket", "GitHubEnterpriseServer": "GitHub Enterprise"}
"""The providers that the events name in another way than the API."""


@dataclass(frozen=True, slots=True)
class _Change:
    """A change of the status of a sync: of a resource, or of a branch of a repository."""

    account: AccountState
    subject: GitSync | Repository
    push: Push
    sync_type: str
    at: float
    status: str

    @property
    def sync(self) -> tuple[int, str, str]:
        """Identifies the sync."""
        return self.subject.number, self.sync_type, self.push.source.branch if self._is_of_branch else ""

    @property
    def order(self) -> tuple[float, int]:
        """Orders the changes. What one push leads to at the same time stays in the order in which it is found."""
        return self.at, self.push.number

    @property
    def key(self) -> tuple[int, int, str]:
        """Identifies the change."""
        return self.subject.number, self.push.number, self.status

    def event(self, previous: str | None) -> dict[str, object]:
        """The event. `previous` is the status before; None for the first one."""
        repository, detail_type, resource, fields = self._specifics()
        return {
            "version": "0",
            "id": str(uuid.uuid4()),
            "detail-type": detail_type,
            "source": "aws.codeconnections",
            "account": self.account.account,
            "time": datetime.fromtimestamp(self.account.date(self.at), UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "region": self.account.region,
            "resources": [resource],
            "detail": {
                "providerType": _PROVIDERS.get(repository.provider, repository.provider),
                "commit": self.push.sha,
                "repositoryName": repository.name,
                "branch": self.push.source.branch,
                "syncType": self.sync_type,
                **fields,
                "status": self.status,
                **({} if previous is None else {"previousStatus": previous}),
            },
        }

    @property
    def _is_of_branch(self) -> bool:
        return isinstance(self.subject, Repository)

    def _specifics(self) -> tuple[Repository, str, str, dict[str, str]]:
        """What differs between the two kinds: the repository, the type, the ARN, and more fields."""
        if not isinstance(self.subject, Repository):
            arn = self.subject.arn
            return self.push.source.repository, "Git Sync Resource Sync Status Change", arn, {"syncTarget": arn}
        arn = self.account.arn("codeconnections", f"repository-link/{self.subject.id}")
        fields = {
            "connectionArn": self.subject.connection_arn,
            "repositoryArn": arn,
            "repositoryLinkId": self.subject.id,
            "ownerId": self.subject.owner,
        }
        return self.subject, "GitSync Repository Sync Status Change", arn, fields


class EventEmitter:
    """Emits each change of each sync once, in the order of the emulated time.

    Args:
        application: The accounts.
        on_event: Receives the events: in the thread that moved the clock, or in that of the emitter.
    """

    def __init__(self, application: Application, on_event: Callable[[dict[str, object]], object]) -> None:
        self._application = application
        self._on_event = on_event
        self._lock = threading.RLock()
        self._is_emitting = False
        self._emitted: set[tuple[int, int, str]] = set()
        self._statuses: dict[tuple[int, str, str], str] = {}
        """The status that was emitted last, by sync."""
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        application.clock.on_advance(self.emit)

    def emit(self) -> None:
        """Emit what has changed. An exception of `on_event` ends it; the other events are emitted the next time."""
        with self._lock:
            if self._is_emitting:  # `on_event` moved the clock: the loop below continues with what follows
                return
            self._is_emitting = True
            try:
                while changes := self._new_changes():
                    for change in changes:
                        self._emitted.add(change.key)
                        previous = self._statuses.get(change.sync)
                        self._statuses[change.sync] = change.status
                        self._on_event(change.event(previous))
            finally:
                self._is_emitting = False

    def start(self) -> None:
        """Emit from a thread from now on, if the clock runs by itself."""
        if not self._application.clock.is_manual:
            self._stopped.clear()
            self._thread = threading.Thread(target=self._run, name="unisync-emulator-events", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Emit what is left, and end the thread."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _run(self) -> None:
        is_last = False
        while not is_last:
            is_last = self._stopped.wait(INTERVAL)
            try:
                self.emit()
            except Exception:
                logger.exception("on_event failed")

    def _new_changes(self) -> list[_Change]:
        with self._application.lock:
            now = self._application.clock.now()
            changes = [each for account in self._application.accounts() for each in _changes(account, now)]
        new = [each for each in changes if each.status != QUEUED and each.key not in self._emitted]
        return sorted(new, key=lambda change: change.order)


def _changes(account: AccountState, now: float) -> Iterator[_Change]:
    """Every change up to `now`; those of branches first, since they lead to those of resources."""

    def of(
        subject: GitSync | Repository, push: Push, kind: str, changes: tuple[StatusChange, ...]
    ) -> Iterator[_Change]:
        return (_Change(account, subject, push, kind, *change) for change in changes)

    for link in account.links.values():
        for sync_type, branch in link.pushes:
            for each in link.attempts(sync_type, branch, now):
                yield from of(link, each.push, sync_type, each.changes)
    for sync in (*account.ended_syncs, *(configuration.sync for configuration in account.configurations.values())):
        for attempt in sync.attempts(now):
            if sync.ended is None or attempt.start < sync.ended:
                yield from of(sync, attempt.push, SYNC_TYPE, attempt.changes)
