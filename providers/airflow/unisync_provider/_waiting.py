"""What sensors and operators that wait have in common: the token, the first poll, deferral, and the verdict."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from unisync import (
    Backoff,
    FleetSync,
    InvalidArgumentError,
    SyncJob,
    SyncRef,
    TwinMakerSync,
    WaitToken,
    parse_any_ref,
)
from unisync_provider._compat import AirflowFailException, conf
from unisync_provider._connection import WithConnection
from unisync_provider._results import OnSuperseded, Result, raise_unless_succeeded, xcom_of
from unisync_provider.links.sync import CommitLink, ConsoleLink, push_links

if TYPE_CHECKING:
    from airflow.sdk import Context

    from unisync import Poll

EXTRA_TIMEOUT = timedelta(minutes=2)
"""How much later than the wait a deferral times out: the wait's own error, which says why, comes first."""
MAX_THREADS = 8
"""Threads that poll many syncs in a worker."""

LINKS = (CommitLink(), ConsoleLink())


def default_deferrable() -> bool:
    """Whether tasks are deferred unless they say otherwise: Airflow's setting ``[operators] default_deferrable``."""
    return bool(conf.getboolean("operators", "default_deferrable", fallback=False))


def check_ref(ref: object) -> None:
    """
    Check a reference when the DAG is parsed, unless it is a template or another task's result.

    :param ref: A reference, or its text.
    :raises InvalidArgumentError: It is neither.
    """
    if isinstance(ref, str) and "{" not in ref:
        parse_any_ref(ref)


def token_of(ref: SyncRef[SyncJob] | str, poke_interval: float, **options: Any) -> WaitToken:
    """
    Return the token of a wait that begins now.

    :param ref: The reference, or its text.
    :param poke_interval: Seconds between two polls; the first ones come sooner.
    :param options: Arguments of ``WaitToken.create``.
    :raises AirflowFailException: An argument is not what is expected.
    """
    with lasting():
        return WaitToken.create(ref_of(ref), backoff=backoff_of(poke_interval), **options)


def ref_of(ref: SyncRef[SyncJob] | str) -> SyncRef[SyncJob]:
    """
    Return a reference.

    :param ref: The reference, or its text.
    :raises AirflowFailException: It is neither.
    """
    with lasting():
        return parse_any_ref(ref) if isinstance(ref, str) else ref


def follows_commits(ref: SyncRef[SyncJob]) -> bool:
    """
    Tell whether a sync follows commits: all but TwinMaker's do.

    :param ref: The reference.
    """
    return not isinstance(ref.sync if isinstance(ref, FleetSync) else ref, TwinMakerSync)


@contextmanager
def lasting() -> Generator[None]:
    """Raise AirflowFailException for an argument that is not what is expected: a retry would not help."""
    try:
        yield
    except InvalidArgumentError as error:
        raise AirflowFailException(str(error)) from error


def backoff_of(poke_interval: float) -> Backoff:
    """
    Return pauses that grow to an interval.

    :param poke_interval: Seconds.
    """
    longest = max(poke_interval, 1.0)
    return Backoff(initial=min(Backoff().initial, longest), maximum=longest)


def poll_in_worker(task: WithConnection, context: Context, tokens: Sequence[WaitToken]) -> list[Poll[SyncJob]]:
    """
    Poll once for each wait, and push the links of the first.

    :param task: The sensor or operator.
    :param context: Its context.
    :param tokens: The waits, at least one.
    :raises AirflowFailException: A wait cannot be right.
    """
    with lasting(), ThreadPoolExecutor(max_workers=min(MAX_THREADS, len(tokens))) as threads:
        polls = list(threads.map(task.client.poll, tokens))
    push_links(context, tokens[0].ref, polls[0].job, task.hook.region_name)
    return polls


def deferral_timeout(tokens: Sequence[WaitToken]) -> timedelta | None:
    """
    Return after which time a deferral times out.

    :param tokens: The waits, which have begun.
    """
    remaining = [token.remaining for token in tokens]
    if any(each is None for each in remaining):
        return None
    return timedelta(seconds=max((each for each in remaining if each is not None), default=0.0)) + EXTRA_TIMEOUT


def verdict(results: Sequence[Result], on_superseded: OnSuperseded) -> dict[str, Any]:
    """
    Return the XCom of a wait for one sync, or raise the exception for its result.

    :param results: Its result, alone.
    :param on_superseded: What to do if its commit was superseded.
    """
    raise_unless_succeeded(results, on_superseded)
    return xcom_of(results[0])
