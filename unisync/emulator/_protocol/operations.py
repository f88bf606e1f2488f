"""Finds the operation of a request in botocore's service models."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from urllib.parse import unquote

from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel

from unisync.emulator._protocol.message import Request
from unisync.emulator._protocol.query import CONTENT_TYPE, read_form
from unisync.emulator.errors import AwsError

QUERY_SERVICES = ("sts", "cloudformation")
"""The services with the query protocol. Their models are read on their first call: CloudFormation's is large."""
SERVICES = ("iottwinmaker", "proton", "codeconnections", "codestar-connections", *QUERY_SERVICES)


class Protocol(StrEnum):
    """The wire protocols of the services."""

    JSON = "json"
    REST_JSON = "rest-json"
    CBOR = "smithy-rpc-v2-cbor"
    QUERY = "query"


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation of a service, and the protocol of the request."""

    service: str
    name: str
    protocol: Protocol
    model: OperationModel
    labels: dict[str, str]
    """The values of the path's `{labels}`."""


def protocol_of(request: Request) -> Protocol:
    """The protocol of a request, whether it names a known operation or not."""
    if request.headers.get("smithy-protocol") == "rpc-v2-cbor":
        return Protocol.CBOR
    if "x-amz-target" in request.headers:
        return Protocol.JSON
    # Some tools label every body as a form. Only a real form is posted to the root without a target.
    form = request.headers.get("content-type", "").startswith(CONTENT_TYPE)
    return Protocol.QUERY if form and (request.method, request.path) == ("POST", "/") else Protocol.REST_JSON


def find_operation(request: Request) -> Operation:
    """Find the operation of a request by its path, `X-Amz-Target`, Smithy RPC path or `Action`.

    Raises:
        AwsError: UnknownOperationException, or in the query protocol, InvalidAction or MalformedInput.
    """
    protocol = protocol_of(request)
    if protocol is Protocol.REST_JSON:
        for method, pattern, owner, operation in _routes():
            found = pattern.fullmatch(request.path)
            if found and method == request.method:
                labels = {label: unquote(value) for label, value in found.groupdict().items()}
                return Operation(owner, operation, protocol, service_model(owner).operation_model(operation), labels)
        raise AwsError("UnknownOperationException", f"No operation at {request.method} {request.path}", 404)
    if protocol is Protocol.QUERY:
        return _find_by_action(read_form(request.body))
    if protocol is Protocol.CBOR:
        namespace, name = _parse_rpc_path(request.path)
    else:
        namespace, _, name = request.headers["x-amz-target"].rpartition(".")
    service = _find_service(namespace)
    if service is None or name not in service_model(service).operation_names:
        raise AwsError("UnknownOperationException", f"No operation {name!r} in {namespace!r}", 400)
    if protocol not in service_model(service).metadata.get("protocols", [Protocol.JSON]):
        raise AwsError("UnknownOperationException", f"{service} does not speak {protocol}", 400)
    return Operation(service, name, protocol, service_model(service).operation_model(name), {})


@cache
def service_model(service: str) -> ServiceModel:
    """The model of a service in the installed botocore."""
    return ServiceModel(_loader().load_service_model(service, "service-2"), service)


@cache
def is_server_fault(service: str, code: str) -> bool:
    """Whether the model declares an error to be the service's fault. botocore's shapes do not have that trait."""
    return bool(_loader().load_service_model(service, "service-2")["shapes"].get(code, {}).get("fault"))


@cache
def _loader() -> Loader:
    # Without the models in ~/.aws/models: those change a user's client, not AWS.
    return Loader([Loader.BUILTIN_DATA_PATH], include_default_search_paths=False)


@cache
def _find_service(namespace: str) -> str | None:
    """The service of a namespace. Some clients send all of it, others only its last part."""
    for service in _other_services():
        prefix = service_model(service).metadata.get("targetPrefix", "")
        if namespace and namespace in (prefix, prefix.rpartition(".")[2]):
            return service
    return None


def _find_by_action(form: Mapping[str, str]) -> Operation:
    action, version = form.get("Action", ""), form.get("Version", "NO_VERSION_SPECIFIED")
    for service in QUERY_SERVICES:
        model = service_model(service)
        if model.api_version == version and action in model.operation_names:
            return Operation(service, action, Protocol.QUERY, model.operation_model(action), {})
    raise AwsError("InvalidAction", f"Could not find operation {action} for version {version}", 400)


def _other_services() -> list[str]:
    return [service for service in SERVICES if service not in QUERY_SERVICES]


def _parse_rpc_path(path: str) -> tuple[str, str]:
    found = re.fullmatch(r"/service/([^/]+)/operation/([^/]+)", path)
    if found is None:
        raise AwsError("UnknownOperationException", f"No operation at {path}", 404)
    return found[1], found[2]


@cache
def _routes() -> list[tuple[str, re.Pattern[str], str, str]]:
    routes: list[tuple[str, re.Pattern[str], str, str]] = []
    for service in _other_services():
        model = service_model(service)
        if model.metadata["protocol"] != Protocol.REST_JSON:
            continue
        for name in model.operation_names:
            http = model.operation_model(name).http
            path = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(http["requestUri"].partition("?")[0]))
            routes.append((http["method"], re.compile(path), service, name))
    return routes
