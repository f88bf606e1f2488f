"""Calls of every sync operation with any response, without a server."""

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

from tests.support.cbor import CborLoader
from tests.support.operations import NAMES, OPERATIONS, Known, client_argument_of, is_list, operations_of, prepare
from tests.support.samples import session_of
from unisync import ProtonDeprecationWarning, ResponseError, Unisync
from unisync._botocore.options import SessionOptions
from unisync._botocore.read import Body, read
from unisync._botocore.session import Session
from unisync._core.flow import Call, Flow, run
from unisync._core.pagination import PageCursor
from unisync._models.base import Model
from unisync.emulator import Emulator

ENDPOINT = "http://127.0.0.1:9"
"""A closed port. No request gets as far."""
_CBOR_SERVICE = "codeconnections"


class HttpResponse(NamedTuple):
    """A response of a service."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Case(NamedTuple):
    """An operation in one of its protocols."""

    service: str
    operation: str
    is_cbor: bool


CASES = tuple(
    Case(service, operation, is_cbor)
    for service, operation in NAMES
    for is_cbor in ((False, True) if service == _CBOR_SERVICE else (False,))
)


class _NoClock:
    """The clock of a single operation, which never sleeps."""

    def now(self) -> float:
        return 0.0

    def sleep(self, seconds: float) -> None:
        raise AssertionError(f"an operation sleeps for {seconds} s")

    async def async_sleep(self, seconds: float) -> None:
        self.sleep(seconds)


class _Body:
    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self) -> Iterable[bytes]:
        yield self._body


def read_body(case: Case, raw: Body) -> Any:
    """The result of an operation with this body. botocore, which takes most of the time, is left out."""

    def send(call: Call[Any]) -> Model:
        try:
            response: Model = read(call, raw, {})
        except Exception as error:  # as in Session.send
            raise ResponseError(
                call.service, call.operation, str(error), status_code=200, request_id=None, is_truncated=False
            ) from error
        return response

    return _result(case, send)


def call(case: Case, response: HttpResponse) -> Any:
    """The result of an operation with this response, through botocore; of a list, its first page."""
    session = _session(case.is_cbor)

    def send(request: AWSPreparedRequest, **_: object) -> AWSResponse:
        return AWSResponse(request.url, response.status, dict(response.headers), _Body(response.body))

    events = session.client(case.service).meta.events
    events.register("before-send", send, unique_id="fuzz")
    try:
        return _result(case, session.send)
    finally:
        events.unregister("before-send", unique_id="fuzz")


def _result(case: Case, send: Callable[[Call[Any]], Model]) -> Any:
    started = OPERATIONS[case.service][case.operation].use(operations_of(case.service), Known())
    flow: Flow[Any] = PageCursor(started).next_page() if is_list(started) else started
    return run(flow, send, _NoClock())


@cache
def _session(is_cbor: bool) -> Session:
    core = CoreSession()
    core.register_component("data_loader", CborLoader() if is_cbor else Loader())
    session = boto3.Session(
        botocore_session=core, aws_access_key_id="A", aws_secret_access_key="b", region_name="eu-west-1"
    )
    config = Config(inject_host_prefix=False, proxies={})
    return Session(session, None, None, SessionOptions(endpoint_url=ENDPOINT, config=config))


def recorded() -> Iterator[tuple[int, bytes]]:
    """The emulator's response to each case, by its index in `CASES`."""
    for index, case in enumerate(CASES):
        yield index, _record(case)


def _record(case: Case) -> bytes:
    bodies: list[bytes] = []
    with Emulator(clock="manual") as aws, warnings.catch_warnings():
        warnings.simplefilter("ignore", ProtonDeprecationWarning)
        known = prepare(aws)
        name: Any = client_argument_of(case.service)
        with Unisync(**aws.client_options(), **name) as client:
            session = session_of(client)

            def keep(response_dict: dict[str, Any], **_: object) -> None:
                bodies.append(bytes(response_dict["body"]))

            session.client(case.service).meta.events.register_first("before-parse", keep)
            started = OPERATIONS[case.service][case.operation].use(client, known)
            if OPERATIONS[case.service][case.operation].is_list:
                list(started)
    return cbor2.dumps(json.loads(bodies[-1])) if case.is_cbor else bodies[-1]
