"""Unisync: the blocking client."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeVar, cast

from typing_extensions import override

from unisync._client.methods import ClientMethods, CommonMethods
from unisync._core.bridge import SyncBase
from unisync._core.commands import Flow, Gather
from unisync._core.flow import run
from unisync._core.gather import gather
from unisync._core.lazy import lazy_module
from unisync.errors import UnisyncError

if TYPE_CHECKING:
    from unisync._client import raw
else:
    raw = lazy_module("unisync._client.raw")

T = TypeVar("T")


class SyncClient(SyncBase, CommonMethods):
    """Runs the flows of the common methods in the calling thread."""

    def close(self) -> None:
        """Close all connections. The client can be used again after that; it connects anew."""
        self._settings.transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @override
    def _run(self, flow: Flow[T]) -> T:
        return run(flow, self._settings.send, self._settings.clock, self._gather)

    def _gather(self, command: Gather[T]) -> Mapping[int, T | UnisyncError]:
        steps = self._steps(command)
        try:
            while True:
                next(steps)
        except StopIteration as stop:
            return cast("Mapping[int, T | UnisyncError]", stop.value)
        finally:
            steps.close()

    @override
    def _stream(self, command: Gather[T]) -> Iterator[T]:
        yield from cast("Iterator[T]", self._steps(command))

    def _steps(self, command: Gather[T]) -> Generator[object, None, Mapping[int, T | UnisyncError]]:
        settings = self._settings
        concurrency = settings.transport.concurrency
        return gather(command, settings.send, settings.clock, settings.limiter_for, concurrency)


class Unisync(SyncClient, ClientMethods):
    """The sync APIs of IoT TwinMaker, Proton and CodeConnections in one account and region.

    Thread-safe. Nothing is read or connected before the first call. As a context manager it closes its connections.

    Args:
        session: The boto3 session whose credentials and settings are used; by default one is made.
        region_name: The region; by default that of `config`, the session's, that of AWS_DEFAULT_REGION or AWS_REGION,
            or the profile's.
        profile_name: The profile to make the session from, if none is passed.
        endpoint_url: Where to connect to instead of AWS, for every service; `endpoint_urls` and the environment
            variables AWS_ENDPOINT_URL_<SERVICE> come first.
        config: A botocore `Config`, all of whose settings hold. Its `retries` set the number of attempts of a call, as
            `total_max_attempts` or `max_attempts`; the retry mode is unisync's own.
        connect_timeout: Seconds to wait for a connection; None leaves it to `config`, whose default is 60.
        read_timeout: Seconds to wait for the next bytes of a response; None leaves it to `config`, whose default is 60.
        max_attempts: How often a call is sent at most, from 1; None leaves it to `config`, the environment or the
            profile, and is 3 where they say nothing.
        call_timeout: Seconds, or a timedelta, that a single operation may take with its retries, and each call of a
            wait; None is for no limit.
        verify: False not to verify TLS certificates, or the path of a file with certificates to trust; None leaves it
            to the environment and the profile.
        endpoint_urls: Where to connect to for single services, by boto3's names: "iottwinmaker", "proton",
            "codeconnections", "codestar-connections", "sts", "cloudformation".
        codeconnections_service: boto3's name for CodeConnections; "codestar-connections" is the older one, for accounts
            whose permissions use it.
        allow_unknown_values: Whether a request may hold enum values that the installed botocore does not list, such as
            a provider that AWS has added since.
        rate_limit: What to assume of AWS's rate limits for waits, until they are found out.
        clock: The source of time.
        on_event: Called with each `CallEnded`, `WaitStarted` and `WaitEnded`, in the thread where it happens, so it
            must be quick. What it raises is logged and changes nothing.
        hints: Ends the pauses of waits early when it is notified that their sync may have changed; see `Hints`.

    Raises:
        InvalidArgumentError: An argument is not what is expected.
    """

    @property
    def with_raw_response(self) -> raw.RawUnisync:
        """The same client, whose methods return AWS's response as well: a `RawResult`."""
        return raw.RawUnisync(self._settings, self._run)
