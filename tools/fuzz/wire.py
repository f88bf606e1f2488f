"""Answers that never travelled: what a service said, and any bytes in its place, to each operation of the family."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

import boto3
import cbor2
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.config import Config
from botocore.loaders import Loader
from botocore.session import Session as CoreSession
from typing_extensions import override

from tests.support.operations import NAMES, OPERATIONS, Known, is_list, operations_of, prepare
from tests.support.samples import session_of
from unisync import ProtonDeprecationWarning, ResponseError, Unisync
from unisync._botocore.response import RawReply
from unisync._botocore.session import Session, read
from unisync._core.flow import Call, Flow, run
from unisync._core.pagination import Walk
from unisync._models.base import Model
from unisync.emulator import Emulator

ENDPOINT = "http://127.0.0.1:9"
"""Where nothing listens: no request gets as far."""
_CBOR_MODEL = "codeconnections"


class Answer(NamedTuple):
    """What a service answers."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Use(NamedTuple):
    """A use of an operation, in one of its protocols."""

    service: str
    operation: str
    is_cbor: bool


USES = tuple(
    Use(service, operation, is_cbor)
    for service, operation in NAMES
    for is_cbor in ((False, True) if service == _CBOR_MODEL else (False,))
)


class _NoTime:
    """The clock of what never has to wait."""

    def now(self) -> float:
        return 0.0

    def sleep(self, seconds: float) -> None:
        raise AssertionError(f"one operation has nothing to wait for, and waits for {seconds} s")

    async def async_sleep(self, seconds: float) -> None:
        self.sleep(seconds)


class _Body:
    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self) -> Iterable[bytes]:
        yield self._body


def read_from(use: Use, raw: RawReply) -> Any:
    """What an operation makes of the bytes of an answer, without botocore, which is what takes most of the time."""

    def send(call: Call[Any]) -> Model:
        try:
            reply: Model = read(call, raw, {})
        except Exception as error:  # as a session takes it
            raise ResponseError(
                call.service, call.operation, str(error), status_code=200, request_id=None, cut_short=False
            ) from error
        return reply

    return _result(use, send)


def answered(use: Use, answer: Answer) -> Any:
    """What an operation makes of an answer, on the way that every answer goes; the page, of a list."""
    session = _session(use.is_cbor)

    def send(request: AWSPreparedRequest, **_: object) -> AWSResponse:
        return AWSResponse(request.url, answer.status, dict(answer.headers), _Body(answer.body))

    events = session.client(use.service).meta.events
    events.register("before-send", send, unique_id="fuzz")
    try:
        return _result(use, session.send)
    finally:
        events.unregister("before-send", unique_id="fuzz")


def _result(use: Use, send: Callable[[Call[Any]], Model]) -> Any:
    started = OPERATIONS[use.service][use.operation].use(operations_of(use.service), Known())
    flow: Flow[Any] = Walk(started).next_page() if is_list(started) else started
    return run(flow, send, _NoTime())


@cache
def _session(is_cbor: bool) -> Session:
    core = CoreSession()
    core.register_component("data_loader", _CborLoader() if is_cbor else Loader())
    session = boto3.Session(
        botocore_session=core, aws_access_key_id="A", aws_secret_access_key="b", region_name="eu-west-1"
    )
    config = Config(inject_host_prefix=False, proxies={})
    return Session(session, None, None, ENDPOINT, config)


class _CborLoader(Loader):
    """Loads AWS's own model of CodeConnections without JSON, which is struck off its list of protocols."""

    @override
    def load_service_model(self, service_name: str, type_name: str, api_version: str | None = None) -> dict[str, Any]:
        model: dict[str, Any] = super().load_service_model(service_name, type_name, api_version)
        if (service_name, type_name) != (_CBOR_MODEL, "service-2"):
            return model
        return {**model, "metadata": {**model["metadata"], "protocols": ["smithy-rpc-v2-cbor"]}}


def recorded() -> Iterator[tuple[int, bytes]]:
    """What the emulator answers to each use, by its place in `USES`."""
    for place, use in enumerate(USES):
        yield place, _recorded(use)


def _recorded(use: Use) -> bytes:
    bodies: list[bytes] = []
    with Emulator(clock="manual") as aws, warnings.catch_warnings():
        warnings.simplefilter("ignore", ProtonDeprecationWarning)
        known = prepare(aws)
        old_name: Any = {"codeconnections_service": use.service} if use.service.startswith("code") else {}
        with Unisync(**aws.client_options(), **old_name) as client:
            session = session_of(client)

            def keep(response_dict: dict[str, Any], **_: object) -> None:
                bodies.append(bytes(response_dict["body"]))

            session.client(use.service).meta.events.register_first("before-parse", keep)
            started = OPERATIONS[use.service][use.operation].use(client, known)
            if OPERATIONS[use.service][use.operation].is_list:
                list(started)
    return cbor2.dumps(json.loads(bodies[-1])) if use.is_cbor else bodies[-1]
