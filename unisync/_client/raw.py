"""Clients whose methods return AWS's response beside the model: what `with_raw_response` is."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any, TypeVar, cast

from typing_extensions import deprecated, override

from unisync._client.settings import ClientSettings
from unisync._client.single import SingleMethods
from unisync._core.bridge import RawAsyncBase, RawSyncBase
from unisync._core.commands import Call, Flow, RawResponse
from unisync._core.flow import intercept
from unisync._models.raw_result import RawResult
from unisync._services.codeconnections import RawAsyncCodeConnectionsClient, RawCodeConnectionsClient
from unisync._services.proton import RawAsyncProtonClient, RawProtonClient, warn_of_end
from unisync._services.twinmaker import RawAsyncTwinMakerClient, RawTwinMakerClient
from unisync.errors import ServiceError

T = TypeVar("T")


class RawUnisync(RawSyncBase, SingleMethods):
    """The methods of `Unisync` that return at once, each with AWS's response as a `RawResult`.

    A list returns an iterator of its pages: the `model` of each is a `Page`. A dry run returns its `DryRun` alone.
    """

    def __init__(self, settings: ClientSettings, run: Callable[[Flow[Any]], Any]) -> None:
        self._settings = settings
        self._run_flow = run

    @override
    def _run(self, flow: Flow[T]) -> RawResult[T] | T:
        recorder = _Recorder()
        return recorder.result(cast("T", self._run_flow(recorder.recorded(flow))))

    def _run_retried(self, flow: Flow[Any]) -> Any:
        return self._run(self._retrying(flow))

    @cached_property
    def twinmaker(self) -> RawTwinMakerClient:
        """The sync operations of IoT TwinMaker."""
        return RawTwinMakerClient(self._settings.services.twinmaker, self._run_retried)

    @property
    @deprecated("AWS ended its support of Proton on 2026-10-07", category=None)
    def proton(self) -> RawProtonClient:
        """The sync operations of Proton, whose support AWS ended on 2026-10-07: the first use warns of that."""
        warn_of_end(stacklevel=3)
        return RawProtonClient(self._settings.services.proton, self._run_retried)

    @cached_property
    def codeconnections(self) -> RawCodeConnectionsClient:
        """The sync operations of CodeConnections."""
        return RawCodeConnectionsClient(self._settings.services.codeconnections, self._run_retried)


class RawAsyncUnisync(RawAsyncBase, SingleMethods):
    """The same for `AsyncUnisync`."""

    def __init__(self, settings: ClientSettings, arun: Callable[[Flow[Any]], Any]) -> None:
        self._settings = settings
        self._run_flow = arun

    @override
    async def _arun(self, flow: Flow[T]) -> RawResult[T] | T:
        recorder = _Recorder()
        return recorder.result(cast("T", await self._run_flow(recorder.recorded(flow))))

    async def _run_retried(self, flow: Flow[Any]) -> Any:
        return await self._arun(self._retrying(flow))

    @cached_property
    def twinmaker(self) -> RawAsyncTwinMakerClient:
        """The sync operations of IoT TwinMaker."""
        return RawAsyncTwinMakerClient(self._settings.services.twinmaker, self._run_retried)

    @property
    @deprecated("AWS ended its support of Proton on 2026-10-07", category=None)
    def proton(self) -> RawAsyncProtonClient:
        """The sync operations of Proton, whose support AWS ended on 2026-10-07: the first use warns of that."""
        warn_of_end(stacklevel=3)
        return RawAsyncProtonClient(self._settings.services.proton, self._run_retried)

    @cached_property
    def codeconnections(self) -> RawAsyncCodeConnectionsClient:
        """The sync operations of CodeConnections."""
        return RawAsyncCodeConnectionsClient(self._settings.services.codeconnections, self._run_retried)


class _Recorder:
    """Keeps the response to the last call of a flow."""

    def __init__(self) -> None:
        self._last: RawResponse | None = None

    def recorded(self, flow: Flow[T]) -> Flow[T]:
        """The same flow, the response to each of its calls kept."""
        return intercept(flow, self._handle)

    def result(self, model: T) -> RawResult[T] | T:
        """The result of the flow; alone where it made no call, as in a dry run."""
        return model if self._last is None else RawResult(model, *self._last)

    def _handle(self, call: Call[Any]) -> Flow[object]:
        try:
            return (yield call._replace(on_response=self._keep))
        except ServiceError as error:
            # The operation may still have a result: what is not found has been deleted.
            metadata = error.response.get("ResponseMetadata", {})
            headers = metadata.get("HTTPHeaders", {})
            self._keep(RawResponse(dict(error.response), error.status_code, headers, error.request_id))
            raise

    def _keep(self, response: RawResponse) -> None:
        self._last = response
