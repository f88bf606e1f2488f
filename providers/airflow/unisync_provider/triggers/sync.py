"""Triggers: waits that the triggerer carries, with the whole wait in their arguments."""

from __future__ import annotations

import asyncio
import json
import time
from abc import abstractmethod
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

from unisync import SyncJob, UnisyncError, WaitToken
from unisync_provider._clients import shared_client
from unisync_provider._connection import WithConnection
from unisync_provider._results import Result, result_of, result_of_error, result_without_poll

if TYPE_CHECKING:
    from unisync import AsyncFleet, AsyncUnisync, Poll

LOG_INTERVAL = 60.0
"""Seconds between two lines of the log while nothing changes."""


class _WaitTrigger(BaseTrigger, WithConnection):
    """A trigger with a connection, whose client it shares."""

    def __init__(self, **connection: Any) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.set_connection(**connection)

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return the class and the arguments with which another triggerer continues the wait."""
        return f"{type(self).__module__}.{type(self).__qualname__}", {**self._wait(), **self.connection()}

    @abstractmethod
    def _wait(self) -> dict[str, Any]:
        """The arguments beside the connection."""

    def _client(self) -> AbstractAsyncContextManager[AsyncUnisync | AsyncFleet]:
        return shared_client(self.hook, self.role_arns, json.dumps(self.connection(), sort_keys=True))

    async def _until_done(self, client: AsyncUnisync | AsyncFleet, token: WaitToken) -> Result:
        """Poll until a wait ends, with a line in the log at each change and one a minute."""
        logged, logged_at = "", 0.0
        while True:
            poll: Poll[SyncJob] = await client.poll(token)
            found, now = result_of(poll), time.monotonic()
            if poll.done or found["message"] != logged or now - logged_at >= LOG_INTERVAL:
                self.log.info("%s (%d polls, %.0f s)", found["message"], found["polls"], found["elapsed"])
                logged, logged_at = found["message"], now
            if poll.done:
                return found
            token = poll.token
            await asyncio.sleep(poll.next_delay or 0)


class SyncTrigger(_WaitTrigger):
    """
    Wait for one sync.

    Its event is a dictionary: ``ref``, ``status`` ("succeeded", "failed", "blocked", "superseded", "timed_out" or
    "error"), ``state``, ``live_revision``, ``message``, ``error``, ``retryable``, ``polls`` and ``elapsed``.

    :param token: The wait, as the text of a ``WaitToken``.
    :param aws_conn_id: The Airflow connection used for AWS credentials.
    :param region_name: The AWS region.
    :param verify: Whether to verify TLS certificates, or the path of a file with certificates to trust.
    :param botocore_config: Settings of botocore's client.
    :param codeconnections_service: boto3's name for CodeConnections.
    :param role_arns: The ARNs of the roles of a fleet, for a reference with an account and region.
    """

    def __init__(self, *, token: str, **connection: Any) -> None:
        super().__init__(**connection)
        self.token = token

    def _wait(self) -> dict[str, Any]:
        return {"token": self.token}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Poll until the wait ends."""
        token = WaitToken.parse(self.token)
        try:
            async with self._client() as client:
                found = await self._until_done(client, token)
        except Exception as error:  # the connection does not exist, or the role cannot be assumed
            self.log.warning("The wait for %s cannot begin", token.ref, exc_info=not isinstance(error, UnisyncError))
            found = result_of_error(str(token.ref), error)
        yield TriggerEvent({**found})


class SyncsTrigger(_WaitTrigger):
    """
    Wait for many syncs.

    Its event is a dictionary with ``results``: for each sync what a ``SyncTrigger``'s event has. Those whose wait has
    not ended are "waiting".

    :param tokens: The waits, as the texts of ``WaitToken`` objects.
    :param return_when: "all" when all waits have ended, "first" when the first has, and "first_failure" when the first
        has failed or all have ended.
    :param max_failures: How many failures do not count as one.
    :param earlier: The results of waits that have ended before; they are part of the event.
    :param aws_conn_id: The Airflow connection used for AWS credentials.
    :param region_name: The AWS region.
    :param verify: Whether to verify TLS certificates, or the path of a file with certificates to trust.
    :param botocore_config: Settings of botocore's client.
    :param codeconnections_service: boto3's name for CodeConnections.
    :param role_arns: The ARNs of the roles of a fleet, for references with an account and region.
    """

    def __init__(
        self,
        *,
        tokens: Sequence[str],
        return_when: str = "all",
        max_failures: int = 0,
        earlier: Sequence[Result] = (),
        **connection: Any,
    ) -> None:
        super().__init__(**connection)
        self.tokens = list(tokens)
        self.return_when = return_when
        self.max_failures = max_failures
        self.earlier = list(earlier)

    def _wait(self) -> dict[str, Any]:
        return {
            "tokens": self.tokens,
            "return_when": self.return_when,
            "max_failures": self.max_failures,
            "earlier": self.earlier,
        }

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Poll until as many waits have ended as ``return_when`` says."""
        tokens = [WaitToken.parse(text) for text in self.tokens]
        try:
            async with self._client() as client:
                results = await self._until_enough(client, tokens)
        except Exception as error:
            self.log.warning("The waits cannot begin", exc_info=not isinstance(error, UnisyncError))
            results = [result_of_error(str(token.ref), error) for token in tokens]
        yield TriggerEvent({"results": [*self.earlier, *results]})

    async def _until_enough(self, client: AsyncUnisync | AsyncFleet, tokens: Sequence[WaitToken]) -> list[Result]:
        tasks = [asyncio.ensure_future(self._until_ended(client, token)) for token in tokens]
        statuses: list[str] = [each["status"] for each in self.earlier]
        try:
            for ended in asyncio.as_completed(tasks):
                statuses.append((await ended)["status"])
                if is_enough(statuses, self.return_when, self.max_failures):
                    break
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        unfinished = "was not waited for any longer"
        return [
            result_without_poll(str(token.ref), "waiting", f"{token.ref} {unfinished}")
            if task.cancelled()
            else task.result()
            for task, token in zip(tasks, tokens, strict=True)
        ]

    async def _until_ended(self, client: AsyncUnisync | AsyncFleet, token: WaitToken) -> Result:
        """Poll until a wait ends. One that cannot begin ends no other."""
        try:
            return await self._until_done(client, token)
        except UnisyncError as error:
            return result_of_error(str(token.ref), error)


def is_enough(statuses: Collection[str], return_when: str, max_failures: int) -> bool:
    """
    Tell whether the others need not be waited for.

    :param statuses: The statuses of the waits that have ended.
    :param return_when: "all", "first" or "first_failure".
    :param max_failures: How many failures do not count as one.
    """
    successes = sum(status == "succeeded" for status in statuses)
    if len(statuses) - successes > max_failures:
        return return_when != "all"
    return return_when == "first" and successes > 0
