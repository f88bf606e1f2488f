"""boto3's own clients for an emulator, over its socket or past it, and requests signed by botocore's signer."""

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
import cbor2
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSPreparedRequest, AWSRequest, AWSResponse
from botocore.client import BaseClient
from botocore.config import Config
from botocore.credentials import Credentials

from unisync.emulator import ACCOUNT, REGION, Setup
from unisync.emulator._protocol.message import Request, Response
from unisync.emulator._protocol.operations import SERVICES, service_model
from unisync.emulator._protocol.signature import access_key_of, secret_of
from unisync.emulator.application import Application
from unisync.emulator.services import BEHAVIOURS

if TYPE_CHECKING:
    from boto3.services import codeconnections, codestar_connections, iottwinmaker, proton

ROLE = "arn:aws:iam::123456789012:role/sync"
TARGETS = {
    "proton": "AwsProton20200720",
    "codeconnections": "com.amazonaws.codeconnections.CodeConnections_20231201",
    "codestar-connections": "com.amazonaws.codestar.connections.CodeStar_connections_20191201",
}
SPEAKS_CBOR = "smithy-rpc-v2-cbor" in service_model("codeconnections").metadata.get("protocols", [])
"""Whether the installed botocore's model of CodeConnections has CBOR: an older one has not."""

CONFIG = Config(
    inject_host_prefix=False,
    proxies={},
    retries={"total_max_attempts": 1, "mode": "standard"},
    connect_timeout=5,
    read_timeout=5,
)

LINK, SPARE_LINK, BLOCKER = (f"00000000-0000-4000-8000-00000000000{number}" for number in range(3))
"""Ids that AWS makes up, and `furnish` instead: a link that a stack follows, one that none does, a stack's blocker."""
CONNECTION = "arn:aws:codeconnections:eu-west-1:123456789012:connection/aaaaaaaa"

_STACK = {"ResourceName": "payments-prod", "SyncType": "CFN_STACK_SYNC"}
_NEW_STACK = {"ResourceName": "payments-test", "SyncType": "CFN_STACK_SYNC"}
_FOLLOWED = {"RepositoryLinkId": LINK, "SyncType": "CFN_STACK_SYNC"}
_JOB = {"workspaceId": "factory", "syncSource": "SITEWISE"}
_TEMPLATE = {"templateName": "web", "templateType": "SERVICE"}
_SPARE = {"name": "acme/spare", "provider": "GITHUB"}
_WEB = {"repositoryName": "acme/web", "repositoryProvider": "GITHUB"}
_TEMPLATES = {"repositoryName": "acme/templates", "repositoryProvider": "GITHUB"}
_SYNCED = {
    "iottwinmaker": {
        "CreateSyncJob": {**_JOB, "syncRole": ROLE},
        "GetSyncJob": _JOB,
        "DeleteSyncJob": _JOB,
        "ListSyncJobs": {"workspaceId": "factory"},
        "ListSyncResources": _JOB,
        "ListWorkspaces": {},
    },
    "proton": {
        "CreateRepository": {"name": "acme/new", "provider": "GITHUB", "connectionArn": CONNECTION},
        "GetRepository": _SPARE,
        "DeleteRepository": _SPARE,
        "ListRepositories": {},
        "GetRepositorySyncStatus": {**_WEB, "branch": "main", "syncType": "SERVICE_SYNC"},
        "ListRepositorySyncDefinitions": {**_TEMPLATES, "syncType": "TEMPLATE_SYNC"},
        "CreateServiceSyncConfig": {**_WEB, "serviceName": "new", "branch": "main", "filePath": "ops.yaml"},
        "GetServiceSyncConfig": {"serviceName": "web"},
        "UpdateServiceSyncConfig": {**_WEB, "serviceName": "web", "branch": "live", "filePath": "ops.yaml"},
        "DeleteServiceSyncConfig": {"serviceName": "web"},
        "CreateTemplateSyncConfig": {**_TEMPLATES, "templateName": "new", "templateType": "SERVICE", "branch": "main"},
        "GetTemplateSyncConfig": _TEMPLATE,
        "UpdateTemplateSyncConfig": {**_TEMPLATES, **_TEMPLATE, "branch": "live"},
        "DeleteTemplateSyncConfig": _TEMPLATE,
        "GetServiceInstanceSyncStatus": {"serviceName": "web", "serviceInstanceName": "prod"},
        "GetTemplateSyncStatus": {**_TEMPLATE, "templateVersion": "1"},
        "GetServiceSyncBlockerSummary": {"serviceName": "web"},
        "UpdateServiceSyncBlocker": {"id": BLOCKER, "resolvedReason": "looked at"},
        "ListServices": {},
        "ListServiceInstances": {"serviceName": "web"},
        "ListServiceTemplates": {},
        "ListEnvironmentTemplates": {},
        "ListServiceTemplateVersions": {"templateName": "web"},
        "ListEnvironmentTemplateVersions": {"templateName": "net"},
    },
    "codeconnections": {
        "CreateRepositoryLink": {"ConnectionArn": CONNECTION, "OwnerId": "acme", "RepositoryName": "new"},
        "GetRepositoryLink": {"RepositoryLinkId": LINK},
        "UpdateRepositoryLink": {"RepositoryLinkId": LINK, "ConnectionArn": CONNECTION},
        "DeleteRepositoryLink": {"RepositoryLinkId": SPARE_LINK},
        "ListRepositoryLinks": {},
        "CreateSyncConfiguration": {
            **_NEW_STACK,
            "RepositoryLinkId": LINK,
            "Branch": "main",
            "ConfigFile": "deploy.yaml",
            "RoleArn": ROLE,
        },
        "GetSyncConfiguration": _STACK,
        "UpdateSyncConfiguration": {**_STACK, "Branch": "live"},
        "DeleteSyncConfiguration": _STACK,
        "ListSyncConfigurations": _FOLLOWED,
        "ListRepositorySyncDefinitions": _FOLLOWED,
        "GetRepositorySyncStatus": {**_FOLLOWED, "Branch": "main"},
        "GetResourceSyncStatus": _STACK,
        "GetSyncBlockerSummary": _STACK,
        "UpdateSyncBlocker": {**_STACK, "Id": BLOCKER, "ResolvedReason": "looked at"},
    },
}
_SYNCED["codestar-connections"] = _SYNCED["codeconnections"]
REQUESTS: Mapping[tuple[str, str], Mapping[str, object]] = {
    (service, operation): params for service, operations in _SYNCED.items() for operation, params in operations.items()
}
"""Parameters with which each emulated operation succeeds, in a world that `furnish` made."""

IMPLEMENTED = [(service, operation) for service in _SYNCED for operation in BEHAVIOURS[service]]
"""Each emulated operation of the sync services. STS is another matter, with a test module of its own."""


def furnish(aws: Setup) -> None:
    """Put one of everything into a world, each synced once."""
    aws.add_workspace("factory")
    aws.add_sync_resource("factory", "asset-1")
    aws.add_stack("payments-prod", repository="acme/infra")
    aws.add_repository_link("acme/spare")
    aws.add_service_instance("web", "prod", repository="acme/web")
    aws.add_service("new")
    aws.add_template("web", repository="acme/templates")
    aws.add_template("new")
    aws.add_template("net", template_type="ENVIRONMENT")
    aws.add_repository("acme/spare")
    aws.push(stack="payments-prod", sha="4f2c9e1d")
    aws.push(service="web", sha="90aa21b7")
    aws.push(template="web", sha="77aa21b7")
    world = aws._world
    for link, name in zip(list(world.links.values()), (LINK, SPARE_LINK), strict=True):
        world.links[name] = world.links.pop(link.id)
        link.id = name


def block(aws: Setup) -> None:
    """Put the blocker that REQUESTS speak of on the stack and on the service that `furnish` made."""
    aws.block(stack="payments-prod", reason="by hand")
    aws.block(service="web", reason="by hand")
    for blockers in (aws._world.stacks["payments-prod"].sync.own_blockers, aws._world.services["web"].blockers):
        blockers[-1].id = BLOCKER


class Clients:
    """The clients of an emulator in one world, made when asked for and closed together."""

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
        self._session = session or _session(account, region)
        self._made: dict[str, BaseClient] = {}

    def of(self, service: str) -> BaseClient:
        """The client of a service."""
        if service not in self._made:
            self._made[service] = self._session.client(service, endpoint_url=self._url, config=self._config)
        return self._made[service]

    def call(self, service: str, operation: str, params: Mapping[str, object]) -> dict[str, Any]:
        """Any operation by its name in the model."""
        return self.of(service)._make_api_call(operation, params)

    @property
    def twinmaker(self) -> iottwinmaker.Client:
        """IoT TwinMaker."""
        return cast("iottwinmaker.Client", self.of("iottwinmaker"))

    @property
    def proton(self) -> proton.Client:
        """Proton."""
        return cast("proton.Client", self.of("proton"))

    @property
    def connections(self) -> codeconnections.Client:
        """CodeConnections."""
        return cast("codeconnections.Client", self.of("codeconnections"))

    @property
    def codestar(self) -> codestar_connections.Client:
        """CodeConnections under its older name."""
        return cast("codestar_connections.Client", self.of("codestar-connections"))

    def close(self) -> None:
        """Close every connection."""
        for client in self._made.values():
            client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@cache
def _session(account: str, region: str) -> boto3.Session:
    # A session of one's own for each client would read the models anew each time.
    return session_with(access_key_of(account), secret_of(account), region=region)


def session_with(key: str, secret: str, token: str | None = None, region: str = REGION) -> boto3.Session:
    """A session with credentials of any kind."""
    return boto3.Session(
        aws_access_key_id=key, aws_secret_access_key=secret, aws_session_token=token, region_name=region
    )


class _Raw:
    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self) -> Iterable[bytes]:
        yield self._body


def short_circuit(clients: Clients, application: Application) -> None:
    """Let the clients made from now on reach `application` in this process; all but the socket is botocore's own."""

    def send(request: AWSPreparedRequest, **_: object) -> AWSResponse:
        response = application.handle(as_received(request))
        return AWSResponse(request.url, response.status, response.headers, _Raw(response.body))

    for service in SERVICES:
        clients.of(service).meta.events.register("before-send", send)


def as_received(request: AWSPreparedRequest) -> Request:
    """What a server is given of a request that botocore has signed."""
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


class Refusal(NamedTuple):
    """What an error response says, read without botocore."""

    status: int
    code: str
    message: str


def refusal(response: Response) -> Refusal:
    """Read an error response of any protocol."""
    cbor = response.headers["content-type"] == "application/cbor"
    document = cast("dict[str, str]", cbor2.loads(response.body) if cbor else json.loads(response.body))
    message = next(value for name, value in document.items() if name.lower() == "message")
    return Refusal(response.status, document["__type"].rpartition("#")[2], message)


@contextmanager
def connection(url: str) -> Generator[http.client.HTTPConnection, None, None]:
    """One HTTP connection to an emulator."""
    opened = http.client.HTTPConnection(urlsplit(url).netloc, timeout=5)
    try:
        yield opened
    finally:
        opened.close()


def send(opened: http.client.HTTPConnection, request: Request, target: str | None = None) -> http.client.HTTPResponse:
    """Send a signed request over a connection."""
    opened.request(request.method, target or request.target, request.body, dict(request.headers))
    return opened.getresponse()


def raw(url: str) -> AbstractContextManager[socket.socket]:
    """A bare socket to an emulator."""
    at = urlsplit(url)
    return socket.create_connection((at.hostname or "", at.port or 0), timeout=5)


def as_bytes(request: Request) -> bytes:
    """A request as it travels."""
    headers = {**request.headers, "content-length": str(len(request.body))}
    lines = [f"{request.method} {request.target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + request.body


def read_all(opened: socket.socket) -> bytes:
    """Everything until the peer closes."""
    pieces: list[bytes] = []
    while piece := opened.recv(65536):
        pieces.append(piece)
    return b"".join(pieces)
