"""Faults and rate limits: each has the documented effect, for the requested number of calls."""

from __future__ import annotations

import contextlib
import http.client
import json
import time
from typing import Any

import cbor2
import pytest
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError
from botocore.model import ListShape, Shape, StructureShape

from tests.emulator.clients import (
    CONFIG,
    HAS_CBOR,
    BotoClients,
    as_bytes,
    connect,
    open_socket,
    read_all,
    send,
    signed,
    signed_cbor,
    signed_json,
)
from tests.emulator.resources import OPERATIONS, REQUESTS, ROLE, add_blockers
from unisync.emulator import FAULTS, Emulator
from unisync.emulator._protocol.message import Request
from unisync.emulator._protocol.operations import SERVICES, Operation, Protocol, service_model
from unisync.emulator.faults import Fault

pytestmark = pytest.mark.slow

OPERATION = "GetResourceSyncStatus"
STACK = REQUESTS["codeconnections", OPERATION]


def new_request(cbor: bool = False) -> Request:
    return signed_cbor(OPERATION, STACK) if cbor else signed_json("codeconnections", OPERATION, STACK)


def exchange(aws: Emulator, request: Request | None = None) -> tuple[http.client.HTTPResponse, bytes]:
    """Send a request over a new connection; return the response and its body."""
    with connect(aws.url) as connection:
        response = send(connection, request or new_request())
        return response, response.read()


def body_of(aws: Emulator) -> bytes:
    return exchange(aws)[1]


both_protocols = pytest.mark.parametrize(
    "cbor",
    [
        pytest.param(False, id="json"),
        pytest.param(True, id="cbor", marks=pytest.mark.skipif(not HAS_CBOR, reason="no CBOR in this botocore")),
    ],
)


def test_every_kind_is_documented() -> None:
    assert set(FAULTS) == {
        "drop",
        "drop-answer",
        "stall",
        "slow",
        "truncate",
        "short",
        "garble",
        "empty",
        "html",
        "unknown-member",
        "unknown-state",
        "missing-member",
    }
    assert all(FAULTS.values())


def create_job(boto: BotoClients) -> None:
    boto.twinmaker.create_sync_job(workspaceId="factory", syncSource="SITEWISE", syncRole=ROLE)


def test_drop_closes_the_connection_before_the_operation_runs(populated: Emulator, boto: BotoClients) -> None:
    populated.fault("CreateSyncJob", "drop")
    with pytest.raises(ConnectionClosedError):
        create_job(boto)
    assert [call.operation for call in populated.calls] == ["CreateSyncJob"]
    create_job(boto)


def test_drop_answer_closes_the_connection_after_the_operation_ran(populated: Emulator, boto: BotoClients) -> None:
    populated.fault("CreateSyncJob", "drop-answer")
    with pytest.raises(ConnectionClosedError):
        create_job(boto)
    with pytest.raises(boto.twinmaker.exceptions.ConflictException):
        create_job(boto)


@pytest.mark.parametrize("kind", ["drop", "drop-answer"])
def test_a_dropped_connection_receives_nothing(populated: Emulator, kind: str) -> None:
    populated.fault(OPERATION, kind)
    with open_socket(populated.url) as sock:
        sock.sendall(as_bytes(new_request()))
        with contextlib.suppress(ConnectionResetError):
            assert read_all(sock) == b""


@both_protocols
def test_truncate_keeps_the_content_length_of_the_whole_body(populated: Emulator, cbor: bool) -> None:
    full = exchange(populated, new_request(cbor))[1]
    populated.fault(OPERATION, "truncate")
    with connect(populated.url) as connection:
        response = send(connection, new_request(cbor))
        assert response.status == 200
        assert response.headers["content-length"] == str(len(full))
        with pytest.raises(http.client.IncompleteRead) as raised:
            response.read()
    assert raised.value.partial == full[: len(full) // 2]


@both_protocols
def test_short_has_the_content_length_of_the_short_body(populated: Emulator, cbor: bool) -> None:
    full = exchange(populated, new_request(cbor))[1]
    populated.fault(OPERATION, "short")
    response, body = exchange(populated, new_request(cbor))
    assert (response.status, body) == (200, full[: len(full) // 2])
    assert response.headers["content-length"] == str(len(body))
    with pytest.raises((ValueError, cbor2.CBORDecodeError)):
        (cbor2.loads if cbor else json.loads)(body)


@both_protocols
def test_garble_keeps_the_length_of_the_body(populated: Emulator, cbor: bool) -> None:
    full = exchange(populated, new_request(cbor))[1]
    populated.fault(OPERATION, "garble")
    response, body = exchange(populated, new_request(cbor))
    assert (response.status, len(body)) == (200, len(full))
    assert response.headers["content-type"] == ("application/cbor" if cbor else "application/x-amz-json-1.0")
    if cbor:
        assert not isinstance(cbor2.loads(body), dict)
    else:
        with pytest.raises(ValueError, match="decode"):
            json.loads(body)


@both_protocols
def test_empty_has_status_200_and_no_body(populated: Emulator, cbor: bool) -> None:
    populated.fault(OPERATION, "empty")
    response, body = exchange(populated, new_request(cbor))
    assert (response.status, body, response.headers["content-length"]) == (200, b"", "0")


def test_html_has_status_200_and_a_page(populated: Emulator) -> None:
    populated.fault(OPERATION, "html")
    response, body = exchange(populated)
    assert (response.status, response.headers["content-type"]) == (200, "text/html")
    assert body.startswith(b"<!DOCTYPE html>")


def test_stall_delays_the_whole_response(populated: Emulator, boto: BotoClients) -> None:
    full = body_of(populated)
    populated.fault(OPERATION, "stall", seconds=0.12)
    with open_socket(populated.url) as sock:
        sock.settimeout(0.05)
        sock.sendall(as_bytes(new_request()))
        with pytest.raises(TimeoutError):
            sock.recv(1)
        sock.settimeout(5)
        assert sock.recv(1) == b"H"
    assert body_of(populated) == full


def test_stall_is_a_read_timeout_in_boto3(populated: Emulator) -> None:
    populated.fault(OPERATION, "stall")
    with (
        BotoClients(populated.url, config=CONFIG.merge(Config(read_timeout=0.1))) as boto,
        pytest.raises(ReadTimeoutError),
    ):
        boto.call("codeconnections", OPERATION, STACK)


@pytest.mark.parametrize("small", [False, True])
def test_slow_sends_the_body_in_pieces(populated: Emulator, small: bool) -> None:
    """Also a body with fewer bytes than pieces."""
    operation, request = OPERATION, new_request()
    if small:
        populated.add_service_instance("quiet", "prod", repository="acme/web")
        operation = "GetServiceInstanceSyncStatus"
        request = signed_json("proton", operation, {"serviceName": "quiet", "serviceInstanceName": "prod"})
    full = exchange(populated, request)[1]
    populated.fault(operation, "slow", seconds=0.12)
    began = time.monotonic()
    assert exchange(populated, request)[1] == full
    assert time.monotonic() - began >= 0.1


def test_requests_sent_during_a_slow_response_are_handled_after_it(
    populated: Emulator,
) -> None:
    full = body_of(populated)
    populated.fault(OPERATION, "slow", seconds=0.05)
    with open_socket(populated.url) as sock:
        sock.sendall(as_bytes(new_request()) + as_bytes(new_request()))
        time.sleep(0.02)
        sock.sendall(as_bytes(new_request()))
        received = b""
        while received.count(full) < 3:
            received += sock.recv(65536)
    assert received.count(b"HTTP/1.1 200") == 3


def test_a_client_may_disconnect_during_a_stall(populated: Emulator) -> None:
    populated.fault(OPERATION, "stall", seconds=0.03)
    with open_socket(populated.url) as sock:
        sock.sendall(as_bytes(new_request()))
    time.sleep(0.06)
    assert body_of(populated)


def test_a_slow_response_closes_the_connection_on_request(populated: Emulator) -> None:
    populated.fault(OPERATION, "slow", seconds=0.02)
    request = new_request()
    closing = Request(request.method, request.target, {**request.headers, "connection": "close"}, request.body)
    with open_socket(populated.url) as sock:
        sock.sendall(as_bytes(closing))
        assert b"LatestSync" in read_all(sock)


@pytest.mark.parametrize("kind", ["unknown-member", "unknown-state", "missing-member"])
def test_faults_in_the_reply_affect_every_operation(populated: Emulator, boto: BotoClients, kind: str) -> None:
    """But those that create and delete: their replies have the same structures. Parsed without botocore."""
    nothing_required = {"ListSyncJobs", "ListSyncResources", "GetConnection", "ListConnections"}
    create_job(boto)
    populated.clock.advance(100)
    add_blockers(populated)
    bodies: list[bytes] = []

    def keep(http_response: AWSResponse, **_: object) -> None:
        bodies.append(http_response.content)

    for service in SERVICES:
        boto.client(service).meta.events.register("after-call", keep)
    for service, operation in OPERATIONS:
        if not operation.startswith(("Get", "List", "UpdateS")):
            continue
        populated.fault(operation, kind, service=service)
        boto.call(service, operation, REQUESTS[service, operation])
        reply, shape = json.loads(bodies[-1]), service_model(service).operation_model(operation).output_shape
        assert shape is not None
        match kind:
            case "unknown-member":
                reply.pop("tags", None)  # of TwinMaker a map
                assert all(each["addedByAws"] == "something new" for each in structures(reply))
            case "unknown-state":
                assert ("REIMAGINED" in bodies[-1].decode()) == has_state(shape), operation
            case _:
                is_list_of_tags = operation == "ListTagsForResource" and service != "proton"
                assert lacks_required(shape, reply) != (operation in nothing_required or is_list_of_tags), operation


def lacks_required(shape: Shape, value: Any) -> bool:
    """Whether a required field is missing anywhere."""
    if isinstance(shape, ListShape):
        return any(lacks_required(shape.member, item) for item in value)
    if not isinstance(shape, StructureShape):
        return False
    if set(shape.required_members) - value.keys():
        return True
    return any(lacks_required(shape.members[name], item) for name, item in value.items())


def has_state(shape: Shape) -> bool:
    """Whether the model has a state anywhere in a shape."""
    if isinstance(shape, ListShape):
        return has_state(shape.member)
    if not isinstance(shape, StructureShape):
        return False
    return any(
        (name.lower() in ("state", "status") and member.type_name == "string") or has_state(member)
        for name, member in shape.members.items()
    )


def structures(document: object) -> list[dict[str, Any]]:
    """Every structure in a reply."""
    match document:
        case dict():
            found: dict[str, Any] = document  # pyright: ignore[reportUnknownVariableType]
            return [found, *(inner for item in found.values() for inner in structures(item))]
        case list():
            items: list[Any] = document  # pyright: ignore[reportUnknownVariableType]
            return [inner for item in items for inner in structures(item)]
        case _:
            return []


def test_unknown_member_adds_a_field_to_every_structure(populated: Emulator) -> None:
    populated.clock.advance(100)
    populated.fault(OPERATION, "unknown-member")
    found = structures(json.loads(body_of(populated)))
    # The reply, the desired state, and two attempts with two revisions and three events each.
    assert len(found) == 14
    assert all(each.get("addedByAws") == "something new" for each in found)
    assert not any("addedByAws" in each for each in structures(json.loads(body_of(populated))))


def test_unknown_member_adds_a_field_to_blockers(populated: Emulator, boto: BotoClients) -> None:
    populated.block(stack="payments-prod", reason="by hand")
    populated.fault("GetSyncBlockerSummary", "unknown-member")
    reply = exchange(populated, signed_json("codeconnections", "GetSyncBlockerSummary", STACK))[1]
    assert [each.get("addedByAws") for each in structures(json.loads(reply))] == ["something new"] * 4


def test_unknown_state_replaces_the_states_but_not_those_of_the_past(populated: Emulator, boto: BotoClients) -> None:
    populated.clock.advance(100)
    create_job(boto)
    populated.fault("GetSyncJob", "unknown-state")
    populated.fault(OPERATION, "unknown-state")
    populated.fault("GetServiceInstanceSyncStatus", "unknown-state")
    job = boto.twinmaker.get_sync_job(workspaceId="factory", syncSource="SITEWISE")
    assert job["status"] == {"state": "REIMAGINED"}
    stack = boto.connections.get_resource_sync_status(ResourceName="payments-prod", SyncType="CFN_STACK_SYNC")
    assert stack["LatestSync"]["Status"] == "REIMAGINED"
    assert stack["LatestSync"]["TargetRevision"]["Sha"] == "4f2c9e1d"
    # The state of a past success was known then.
    assert stack.get("LatestSuccessfulSync", {}).get("Status") == "SUCCEEDED"
    web = boto.proton.get_service_instance_sync_status(serviceName="web", serviceInstanceName="prod")
    assert web.get("latestSync", {}).get("status") == "REIMAGINED"


@pytest.mark.parametrize(
    ("service", "operation"),
    [
        ("iottwinmaker", "GetSyncJob"),
        ("codeconnections", OPERATION),
        ("codeconnections", "GetSyncConfiguration"),
        ("proton", "GetServiceInstanceSyncStatus"),
        ("proton", "GetServiceSyncConfig"),
    ],
)
def test_missing_member_removes_a_required_field(
    populated: Emulator, boto: BotoClients, service: str, operation: str
) -> None:
    create_job(boto)
    before = boto.call(service, operation, REQUESTS[service, operation])
    populated.fault(operation, "missing-member")
    after = boto.call(service, operation, REQUESTS[service, operation])
    del before["ResponseMetadata"], after["ResponseMetadata"]
    assert after != before
    assert sum(map(len, structures(after))) < sum(map(len, structures(before)))


def test_missing_member_keeps_a_reply_without_fields(populated: Emulator) -> None:
    populated.add_service_instance("quiet", "prod", repository="acme/web")
    populated.fault("GetServiceInstanceSyncStatus", "missing-member")
    params = {"serviceName": "quiet", "serviceInstanceName": "prod"}
    request = signed_json("proton", "GetServiceInstanceSyncStatus", params)
    assert exchange(populated, request)[1] == b"{}"


def test_missing_member_keeps_a_reply_without_required_fields() -> None:
    model = service_model("iottwinmaker").operation_model("ListSyncJobs")
    operation = Operation("iottwinmaker", "ListSyncJobs", Protocol.REST_JSON, model, {})
    reply = {"nextToken": "t", "syncJobSummaries": [{"arn": "a"}]}
    assert Fault("ListSyncJobs", "missing-member", 1, 0.0, "").apply_to_reply(operation, reply) == reply


@pytest.mark.parametrize("status", [200, 204, 301, 304, 404, 418, 500, 503, 599])
def test_an_http_status(populated: Emulator, status: int) -> None:
    populated.fault(OPERATION, f"http-{status}")
    with connect(populated.url) as connection:
        response = send(connection, new_request())
        body = response.read()
        assert response.status == status
        assert body == (b"" if status in (204, 304) else f"<html><h1>{status}</h1></html>".encode())
        assert response.headers["content-type"] == "text/html"
        # The connection still works.
        assert send(connection, new_request()).status == 200


def test_an_http_status_is_a_client_error_in_boto3(populated: Emulator, boto: BotoClients) -> None:
    populated.fault(OPERATION, "http-503")
    with pytest.raises(ClientError) as raised:
        boto.call("codeconnections", OPERATION, STACK)
    assert raised.value.response.get("ResponseMetadata", {}).get("HTTPStatusCode") == 503


def codes(aws: Emulator, times: int) -> list[str]:
    """Call the operation several times; return the codes of the errors, or "ok"."""
    found: list[str] = []
    for _ in range(times):
        document = json.loads(body_of(aws))
        found.append(document.get("__type", "#ok").rpartition("#")[2])
    return found


def test_faults_apply_in_order_and_as_often_as_requested(populated: Emulator) -> None:
    populated.fault(OPERATION, "ThrottlingException", times=2)
    populated.fault("GetSyncConfiguration", "AccessDeniedException")
    populated.fault(OPERATION, "InternalServerException")
    assert codes(populated, 5) == [
        "ThrottlingException",
        "ThrottlingException",
        "InternalServerException",
        "ok",
        "ok",
    ]


def test_a_fault_may_last_until_it_is_cleared(populated: Emulator) -> None:
    populated.fault(OPERATION, "ThrottlingException", times=None)
    populated.fault(OPERATION, "InternalServerException")
    assert codes(populated, 4) == ["ThrottlingException"] * 4
    populated.clear_faults()
    assert codes(populated, 2) == ["ok", "ok"]


def test_an_invalid_request_does_not_use_up_a_fault(populated: Emulator) -> None:
    populated.fault(OPERATION, "ThrottlingException")
    exchange(populated, signed_json("codeconnections", OPERATION, {}))
    assert codes(populated, 2) == ["ThrottlingException", "ok"]


def test_an_operation_that_fails_keeps_its_own_error(populated: Emulator, boto: BotoClients) -> None:
    populated.fault("GetSyncJob", "unknown-state")
    with pytest.raises(boto.twinmaker.exceptions.ResourceNotFoundException):
        boto.twinmaker.get_sync_job(workspaceId="factory", syncSource="SITEWISE")


def test_rate_limits_count_in_emulated_time(populated: Emulator) -> None:
    populated.throttle(OPERATION, rate=0.5, burst=2)
    assert codes(populated, 4) == ["ok", "ok", "ThrottlingException", "ThrottlingException"]
    populated.clock.advance(1.9)
    assert codes(populated, 1) == ["ThrottlingException"]
    populated.clock.advance(0.1)
    assert codes(populated, 2) == ["ok", "ThrottlingException"]
    populated.clock.advance(1000)
    assert codes(populated, 3) == ["ok", "ok", "ThrottlingException"]
    assert exchange(populated, signed_json("codeconnections", "GetSyncConfiguration", STACK))[0].status == 200
    populated.clear_faults()
    assert codes(populated, 3) == ["ok"] * 3


def test_a_rate_limit_is_a_throttling_exception_in_boto3(populated: Emulator, boto: BotoClients) -> None:
    populated.throttle("GetSyncJob", rate=1)
    create_job(boto)
    boto.twinmaker.get_sync_job(workspaceId="factory", syncSource="SITEWISE")
    with pytest.raises(boto.twinmaker.exceptions.ThrottlingException, match="Rate exceeded") as raised:
        boto.twinmaker.get_sync_job(workspaceId="factory", syncSource="SITEWISE")
    assert raised.value.response.get("ResponseMetadata", {}).get("HTTPStatusCode") == 429


def error_of(raised: ClientError) -> tuple[int, str]:
    """The HTTP status and the code of an error."""
    response = raised.response
    return response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0), response.get("Error", {}).get("Code", "")


@pytest.mark.parametrize("kind", ["http-501", "InternalFailure"])
def test_an_api_may_be_missing(populated: Emulator, boto: BotoClients, kind: str) -> None:
    """As behind a proxy or an emulator that lacks it."""
    populated.fault(OPERATION, kind, status=None if kind == "http-501" else 501)
    with pytest.raises(ClientError) as raised:
        boto.call("codeconnections", OPERATION, STACK)
    assert error_of(raised.value) == (501, "501" if kind == "http-501" else "InternalFailure")
    assert boto.call("codeconnections", OPERATION, STACK)


@pytest.mark.parametrize("service", ["iottwinmaker", "codeconnections", "proton"])
def test_an_error_may_have_another_status_than_its_model_declares(
    populated: Emulator, boto: BotoClients, service: str
) -> None:
    operation = {"iottwinmaker": "ListWorkspaces", "codeconnections": OPERATION, "proton": "ListServices"}[service]
    populated.fault(operation, "ThrottlingException", status=503, service=service)
    with pytest.raises(boto.client(service).exceptions.from_code("ThrottlingException")) as raised:
        boto.call(service, operation, REQUESTS[service, operation])
    assert error_of(raised.value)[0] == 503


def test_a_fault_may_apply_to_every_operation(populated: Emulator, boto: BotoClients) -> None:
    populated.fault("*", "AccessDeniedException", times=2)
    populated.fault("*", "ThrottlingException", times=None, service="proton")
    for service, operation in (("codeconnections", OPERATION), ("iottwinmaker", "ListWorkspaces")):
        with pytest.raises(boto.client(service).exceptions.from_code("AccessDeniedException")):
            boto.call(service, operation, REQUESTS[service, operation])
    assert boto.call("iottwinmaker", "ListWorkspaces", {})
    for operation in ("ListServices", "GetRepository"):
        with pytest.raises(boto.proton.exceptions.ThrottlingException):
            boto.call("proton", operation, REQUESTS["proton", operation])


def test_a_named_field_may_be_missing(populated: Emulator, boto: BotoClients) -> None:
    """Proton has once returned a repository without `connectionArn`, which its model requires today."""
    populated.fault("GetRepository", "missing-member", member="connectionArn")
    populated.fault("ListRepositories", "missing-member", member="connectionArn")
    found = boto.call("proton", "GetRepository", REQUESTS["proton", "GetRepository"])["repository"]
    assert found.keys() == {"arn", "name", "provider"}
    listed = boto.call("proton", "ListRepositories", {})["repositories"]
    assert len(listed) == 3
    assert not any("connectionArn" in each for each in listed)
    found = boto.call("proton", "GetRepository", REQUESTS["proton", "GetRepository"])["repository"]
    assert "connectionArn" in found


@pytest.mark.parametrize(
    ("operation", "kind", "options", "about"),
    [
        ("GetSyncJob", "http-501", {"status": 501}, "status"),
        ("GetSyncJob", "truncate", {"status": 501}, "status"),
        ("GetSyncJob", "InternalFailure", {"status": 200}, "status"),
        ("GetSyncJob", "InternalFailure", {"status": 600}, "status"),
        ("GetSyncJob", "missing-member", {"member": "connectionArn"}, "member"),
        ("GetRepository", "missing-member", {"member": "connectionArn", "service": "iottwinmaker"}, "operation"),
        ("GetRepository", "unknown-member", {"member": "connectionArn"}, "member"),
        ("*", "missing-member", {"member": "connectionArn"}, "member"),
        ("*", "drop", {"service": "s3"}, "service"),
    ],
)
def test_invalid_options_of_a_fault_are_rejected(
    aws: Emulator, operation: str, kind: str, options: dict[str, Any], about: str
) -> None:
    with pytest.raises(ValueError, match=f"^{about}: "):
        aws.fault(operation, kind, **options)


@pytest.mark.parametrize(
    ("arguments", "about"),
    [
        (("NoSuchOperation", "drop"), "operation"),
        (("GetSyncJob", "drop", 1, "s3"), "service"),
        (("GetSyncJob", "drop", 1, "proton"), "operation"),
        (("GetSyncJob", "explode"), "kind"),
        (("GetSyncJob", ""), "kind"),
        (("GetSyncJob", "http-99"), "kind"),
        (("GetSyncJob", "http-600"), "kind"),
        # Not a final status: the client would wait for one.
        (("GetSyncJob", "http-100"), "kind"),
        (("GetSyncJob", "Throttling Exception"), "kind"),
        (("GetSyncJob", "Thröttling"), "kind"),
        (("GetSyncJob", "drop", 0), "times"),
        (("GetSyncJob", "drop", -1), "times"),
    ],
)
def test_an_invalid_fault_is_rejected(aws: Emulator, arguments: tuple[Any, ...], about: str) -> None:
    with pytest.raises(ValueError, match=f"^{about}: "):
        aws.fault(*arguments[:3], service=arguments[3] if len(arguments) > 3 else None)


def definitions(boto: BotoClients, service: str) -> str:
    """The code of the error, or "ok"."""
    operation = "ListRepositorySyncDefinitions"
    try:
        boto.call(service, operation, REQUESTS[service, operation])
    except ClientError as error:
        return error.response.get("Error", {}).get("Code", "")
    return "ok"


def test_a_fault_may_apply_to_one_service(populated: Emulator, boto: BotoClients) -> None:
    operation = "ListRepositorySyncDefinitions"
    populated.fault(operation, "ThrottlingException", service="proton")
    populated.fault(operation, "AccessDeniedException", times=2)
    populated.fault(operation, "InternalServerException", service="codestar-connections")
    assert definitions(boto, "codeconnections") == "AccessDeniedException"
    assert definitions(boto, "proton") == "ThrottlingException"
    assert definitions(boto, "proton") == "AccessDeniedException"
    assert definitions(boto, "codeconnections") == "ok"
    assert definitions(boto, "codestar-connections") == "InternalServerException"
    assert definitions(boto, "codestar-connections") == definitions(boto, "proton") == "ok"


def test_a_rate_limit_may_apply_to_one_service(populated: Emulator, boto: BotoClients) -> None:
    operation = "ListRepositorySyncDefinitions"
    populated.throttle(operation, rate=1, service="proton")
    assert [definitions(boto, "proton") for _ in range(2)] == ["ok", "ThrottlingException"]
    assert [definitions(boto, "codeconnections") for _ in range(3)] == ["ok"] * 3
    populated.throttle(operation, rate=1, burst=2)
    populated.clock.advance(1)
    # Calls that the limit of one service rejects do not count against the limit of all services.
    assert [definitions(boto, "proton") for _ in range(2)] == ["ok", "ThrottlingException"]
    assert [definitions(boto, "codeconnections") for _ in range(2)] == ["ok", "ThrottlingException"]


@pytest.mark.parametrize(("operation", "service"), [("GetSyncJob", "s3"), ("GetSyncJob", "proton"), ("Get", None)])
def test_a_rate_limit_needs_an_existing_operation(aws: Emulator, operation: str, service: str | None) -> None:
    with pytest.raises(ValueError, match=r"^(operation|service): "):
        aws.throttle(operation, rate=1, service=service)


@pytest.mark.parametrize("seconds", [-1.0, float("nan"), float("inf")])
def test_a_fault_needs_a_finite_duration(aws: Emulator, seconds: float) -> None:
    with pytest.raises(ValueError, match=r"^seconds: "):
        aws.fault("GetSyncJob", "slow", seconds=seconds)


@pytest.mark.parametrize(
    ("operation", "rate", "burst"),
    [("NoSuchOperation", 1, 1), ("GetSyncJob", 0, 1), ("GetSyncJob", -1, 1), ("GetSyncJob", 1, 0.5)],
)
def test_an_invalid_rate_limit_is_rejected(aws: Emulator, operation: str, rate: float, burst: float) -> None:
    with pytest.raises(ValueError, match=r"^operation: |^rate, burst: "):
        aws.throttle(operation, rate=rate, burst=burst)


def test_a_fault_applies_to_the_rest_protocol_too(populated: Emulator) -> None:
    populated.fault("GetSyncJob", "http-500")
    response, body = exchange(populated, signed("iottwinmaker", "GET", "/sync-jobs/SITEWISE"))
    assert (response.status, body) == (500, b"<html><h1>500</h1></html>")
