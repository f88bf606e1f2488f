"""Unisync: the blocking client."""

from __future__ import annotations

from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeVar, cast

from typing_extensions import deprecated

import unisync
from unisync._client.methods import CommonVerbs, Facade
from unisync._core.bridge import BlockingVerbs
from unisync._core.flow import Flow, Together, run
from unisync._core.retry import retrying
from unisync._models.jobs import Model

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping

    from unisync.errors import UnisyncError

T = TypeVar("T")
R = TypeVar("R", bound=Model)


class BlockingClient(BlockingVerbs, CommonVerbs):
    """What runs the flows of the common verbs in the thread that asks for them."""

    def close(self) -> None:
        """Close all connections. The client can be used again after that; it connects anew."""
        self._session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _run(self, flow: Flow[T]) -> T:
        return run(flow, self._session.send, self._clock, self._run_together)

    def _run_together(self, together: Together[T]) -> Mapping[int, T | UnisyncError]:
        steps = self._steps(together)
        try:
            while True:
                next(steps)
        except StopIteration as stop:
            return cast("Mapping[int, T | UnisyncError]", stop.value)
        finally:
            steps.close()

    def _stream(self, together: Together[T]) -> Iterator[T]:
        yield from cast("Iterator[T]", self._steps(together))

    def _steps(self, together: Together[T]) -> Generator[object, None, Mapping[int, T | UnisyncError]]:
        from unisync._core.gather import run_together

        return run_together(together, self._session.send, self._clock, self._bucket_of, self._session.at_once)

    def _run_retrying(self, flow: Flow[T]) -> T:
        return self._run(retrying(flow, self._session.attempts))


class Unisync(BlockingClient, Facade):
    """The sync APIs of IoT TwinMaker, Proton and CodeConnections in one account and region.

    It can be shared by threads. Nothing is looked up or connected before the first call.

    Args:
        session: The boto3 session whose credentials and settings are used; by default one is made.
        region_name: The region; by default the session's.
        profile_name: The profile that the session is made from, where none is given.
        endpoint_url: Where to connect to instead of AWS.
        config: A botocore `Config`, all of whose settings hold. How often a call is made is decided here, by its
            `retries` too: by `total_max_attempts` or `max_attempts`, but for the retry mode.
        codeconnections_service: The name under which CodeConnections is asked; "codestar-connections" is its older one,
            for accounts whose permissions speak of that.
        allow_unknown_words: Whether a request may hold a word that is not among those that AWS's model lists, such as a
            provider that AWS has added since the installed botocore was made.
        pace: What is assumed of the rate that AWS allows waits, until it is found out.
        clock: Where time comes from.
        on_event: Called with each `CallEnded`, `WaitStarted` and `WaitEnded`, in whatever thread that happens, so it is
            to be quick. What it raises is logged, and disturbs nothing.
    """

    _proton: unisync.BlockingProton | None = None

    @cached_property
    def twinmaker(self) -> unisync.BlockingTwinMaker:
        """The sync operations of IoT TwinMaker."""
        from unisync._services.twinmaker import BlockingTwinMaker

        return BlockingTwinMaker(self._services.twinmaker, self._run_retrying)

    @property
    @deprecated("AWS ended its support of Proton on 2026-10-07", category=None)
    def proton(self) -> unisync.BlockingProton:
        """The sync operations of Proton, whose support AWS ended on 2026-10-07: the first use warns of that."""
        if self._proton is None:
            from unisync._services.proton import BlockingProton, warn_of_end

            warn_of_end(stacklevel=3)
            self._proton = BlockingProton(self._services.proton, self._run_retrying)
        return self._proton

    @cached_property
    def codeconnections(self) -> unisync.BlockingCodeConnections:
        """The sync operations of CodeConnections."""
        from unisync._services.codeconnections import BlockingCodeConnections

        return BlockingCodeConnections(self._services.codeconnections, self._run_retrying)
