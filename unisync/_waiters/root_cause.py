"""The root cause of a failed wait: which resource of the stack failed first, if that can be read in time."""

from __future__ import annotations

from typing import TypeVar

from unisync._core.flow import Flow
from unisync._core.retry import with_retries
from unisync._core.target import SyncTarget
from unisync._models.jobs import GitSyncJob, SyncJob
from unisync.errors import SyncFailedError, UnisyncError

T = TypeVar("T")
J = TypeVar("J", bound=SyncJob)

ROOT_CAUSE_TIMEOUT = 10.0
"""Seconds that the read may take, if the wait has as many left."""


def with_root_cause(flow: Flow[T], target: SyncTarget[J], timeout: float) -> Flow[T]:
    """The same wait, whose failure says what failed first in the resource itself.

    If that cannot be read, or there is no time left for it, the failure is raised as it is.

    Args:
        flow: The wait.
        target: The sync.
        timeout: Seconds that the wait may take.
    """
    try:
        return (yield from flow)
    except SyncFailedError as error:
        remaining = min(timeout - error.elapsed, ROOT_CAUSE_TIMEOUT)
        attempt = error.job.latest_sync if isinstance(error.job, GitSyncJob) else None
        # Where the branch failed, no attempt at the resource followed.
        if attempt is None or error.branch is not None or remaining <= 0:
            raise
        try:
            cause = yield from with_retries(target.root_cause(attempt), 1, timeout=remaining)
        except UnisyncError:
            cause = None
        if cause is not None:
            error.cause = cause
            error.args = (f"{error}\n  {cause}",)
        raise
