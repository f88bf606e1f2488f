"""Ways to call an emulator: boto3 clients over HTTP or in process, requests signed by botocore, and bare sockets."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Generator, Iterable, Mapping
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple, Self, cast
from urllib.parse import urlsplit

import boto3
import botocore.session
import cbor2
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSPreparedRequest, AWSRequest, AWSResponse
from botocore.client import BaseClient
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from botocore.loaders import Loader

from unisync.emulator import ACCOUNT, REGION, EmulatorClock
from unisync.emulator._protocol.message import Request, Response
from unisync.emulator._protocol.operations import SERVICES, service_model
from unisync.emulator._protocol.signature import access_key_of, secret_of
from unisync.emulator.application import Application

if TYPE_CHECKING:
    from boto3.services import codeconnections, codestar_connections, iottwinmaker, proton

TARGETS = {
    "proton": "AwsProton20200720",
    "codeconnections": "com.amazonaws.codeconnections.CodeConnections_20231201",
    "codestar-connections": "com.amazonaws.codestar.connections.CodeStar_connections_20191201",
}
HAS_CBOR = "smithy-rpc-v2-cbor" in service_model("codeconnections").metadata.get("protocols", [])
"""Whether the installed botocore's model of CodeConnections has CBOR."""

CONFIG = Config(
    inject_host_prefix=False,
    proxies={},
    retries={"total_max_attempts": 1, "mode": "standard"},
    connect_timeout=5,
    read_timeout=5,
)


class BotoClients:
    """The boto3 clients of an emulator in one account and region. Each is created on first use."""

    def __init__(
        self,
        url: str,
        *,
        account: str = ACCOUNT,
        region: str = REGION,
        session: boto3.Session | None = None,
        config: Config = CONFIG,
    ) -> None:
        self._url, self._config = url, config
        self._session = session or session_with(access_key_of(account), secret_of(account), region=region)
        self._clients: dict[str, BaseClient] = {}

    def client(self, service: str) -> BaseClient:
        """The client of a service."""
        if service not in self._clients:
            self._clients[service] = self._session.client(service, endpoint_url=self._url, config=self._config)
        return self._clients[service]

    def call(self, service: str, operation: str, params: Mapping[str, object]) -> dict[str, Any]:
        """Call an operation by AWS's name."""
        return self.client(service)._make_api_call(operation, params)

    @property
    def twinmaker(self) -> iottwinmaker.Client:
        """IoT TwinMaker."""
        return cast("iottwinmaker.Client", self.client("iottwinmaker"))

    @property
    def proton(self) -> proton.Client:
        """Proton."""
        return cast("proton.Client", self.client("proton"))

    @property
    def connections(self) -> codeconnections.Client:
        """CodeConnections."""
        return cast("codeconnections.Client", self.client("codeconnections"))

    @property
    def codestar(self) -> codestar_connections.Client:
        """CodeConnections under its older name."""
        return cast("codestar_connections.Client", self.client("codestar-connections"))

    def close(self) -> None:
        """Close the clients."""
        for client in self._clients.values():
            client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@cache
def _loader() -> Loader:
    return Loader()


def new_core_session(loader: Loader | None = None) -> botocore.session.Session:
    """A botocore session. Loading the models is most of the cost of a client, so sessions share them."""
    session = botocore.session.Session()
    session.register_component("data_loader", loader or _loader())
    return session


@cache
def session_with(
    key: str, secret: str, token: str | None = None, region: str = REGION, loader: Loader | None = None
) -> boto3.Session:
    """A boto3 session with these credentials."""
    return boto3.Session(
        botocore_session=new_core_session(loader),
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        aws_session_token=token,
        region_name=region,
    )


class LocalClients:
    """boto3 clients that call an application in this process. Only the socket is missing."""

    def __init__(self, session: boto3.Session | None = None) -> None:
        self.application = Application(EmulatorClock(None))
        self._boto = BotoClients("http://127.0.0.1:9", session=session)
        for service in SERVICES:
            self._boto.client(service).meta.events.register("before-send", self._send)

    def reset(self) -> Application:
        """Start over with an empty application."""
        self.application = Application(EmulatorClock(None))
        return self.application

    def call(self, service: str, operation: str, params: Mapping[str, object]) -> dict[str, Any]:
        """Call an operation; return the reply, or the error as the only field "error"."""
        try:
            reply = self._boto.call(service, operation, params)
        except ClientError as error:
            return {"error": error.response.get("Error", {})}
        del reply["ResponseMetadata"]
        return reply

    def _send(self, request: AWSPreparedRequest, **_: object) -> AWSResponse:
        response = self.application.handle(as_received(request))
        return AWSResponse(request.url, response.status, response.headers, _Raw(response.body))


@cache
def local_clients() -> LocalClients:
    """Clients for property-based tests: boto3 clients are created once, not for every example."""
    return LocalClients()


class _Raw:
    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self) -> Iterable[bytes]:
        yield self._body


def as_received(request: AWSPreparedRequest) -> Request:
    """Convert a request that botocore has signed to what a server receives."""
    url = urlsplit(request.url)
    headers = {
        name.lower(): value.decode("latin-1") if isinstance(value, bytes) else value
        for name, value in request.headers.items()
    }
    body = request.body or b""
    if isinstance(body, str):
        body = body.encode()  # a form
    assert isinstance(body, bytes)
    target = f"{url.path}?{url.query}" if url.query else url.path
    return Request(request.method, target, {"host": url.netloc, **headers}, body)


def signed(
    service: str,
    method: str = "POST",
    target: str = "/",
    body: bytes = b"",
    headers: Mapping[str, str] | None = None,
    *,
    account: str = ACCOUNT,
    region: str = REGION,
    secret: str | None = None,
    host: str = "127.0.0.1",
) -> Request:
    """A request signed by botocore, ready for `Application.handle`."""
    credentials = Credentials(access_key_of(account), secret or secret_of(account))
    request = AWSRequest(method, f"http://{host}{target}", headers=headers or {}, data=body)
    SigV4Auth(credentials, service, region).add_auth(request)
    names = {name.lower(): str(value) for name, value in request.headers.items()}
    return Request(method, target, {"host": host, **names}, body)


def signed_json(service: str, operation: str, params: object, *, target: str | None = None) -> Request:
    """An AWS JSON 1.0 request."""
    body = params if isinstance(params, bytes) else json.dumps(params).encode()
    name = target or f"{TARGETS[service]}.{operation}"
    return signed(service, body=body, headers={"x-amz-target": name, "content-type": "application/x-amz-json-1.0"})


def signed_cbor(operation: str, params: object, *, path: str | None = None) -> Request:
    """A Smithy RPC v2 CBOR request."""
    body = params if isinstance(params, bytes) else cbor2.dumps(params)
    at = path or f"/service/{TARGETS['codeconnections']}/operation/{operation}"
    return signed(
        "codeconnections",
        target=at,
        body=body,
        headers={"smithy-protocol": "rpc-v2-cbor", "content-type": "application/cbor"},
    )


class ErrorResponse(NamedTuple):
    """An error response, parsed without botocore."""

    status: int
    code: str
    message: str


def parse_error(response: Response) -> ErrorResponse:
    """Parse an error response in JSON or CBOR."""
    cbor = response.headers["content-type"] == "application/cbor"
    document = cast("dict[str, str]", cbor2.loads(response.body) if cbor else json.loads(response.body))
    message = next(value for name, value in document.items() if name.lower() == "message")
    return ErrorResponse(response.status, document["__type"].rpartition("#")[2], message)


@contextmanager
def connect(url: str) -> Generator[http.client.HTTPConnection, None, None]:
    """Open an HTTP connection to an emulator."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=5)
    try:
        yield connection
    finally:
        connection.close()


def send(
    connection: http.client.HTTPConnection, request: Request, target: str | None = None
) -> http.client.HTTPResponse:
    """Send a signed request over a connection."""
    connection.request(request.method, target or request.target, request.body, dict(request.headers))
    return connection.getresponse()


def open_socket(url: str) -> AbstractContextManager[socket.socket]:
    """Open a bare socket to an emulator."""
    parts = urlsplit(url)
    return socket.create_connection((parts.hostname or "", parts.port or 0), timeout=5)


def as_bytes(request: Request) -> bytes:
    """The bytes of a request on the wire."""
    headers = {**request.headers, "content-length": str(len(request.body))}
    lines = [f"{request.method} {request.target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + request.body


def read_all(sock: socket.socket) -> bytes:
    """Read until the server closes the connection."""
    pieces: list[bytes] = []
    while piece := sock.recv(65536):
        pieces.append(piece)
    return b"".join(pieces)
