"""Each fault on demand: what is on the wire is what its name says, for as many calls as were asked for."""

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
    IMPLEMENTED,
    REQUESTS,
    ROLE,
    SPEAKS_CBOR,
    Clients,
    as_bytes,
    block,
    connection,
    raw,
    read_all,
    send,
    signed,
    signed_cbor,
    signed_json,
)
from unisync.emulator import FAULTS, Emulator
from unisync.emulator._protocol.message import Request
from unisync.emulator._protocol.operations import SERVICES, Operation, Protocol, service_model
from unisync.emulator.faults import Fault

OPERATION = "GetResourceSyncStatus"
STACK = REQUESTS["codeconnections", OPERATION]


def request(cbor: bool = False) -> Request:
    return signed_cbor(OPERATION, STACK) if cbor else signed_json("codeconnections", OPERATION, STACK)


def ask(aws: Emulator, sent: Request | None = None) -> tuple[http.client.HTTPResponse, bytes]:
    with connection(aws.url) as opened:
        response = send(opened, sent or request())
        return response, response.read()


def whole(aws: Emulator) -> bytes:
    return ask(aws)[1]


both_protocols = pytest.mark.parametrize(
    "cbor",
    [
        pytest.param(False, id="json"),
        pytest.param(True, id="cbor", marks=pytest.mark.skipif(not SPEAKS_CBOR, reason="no CBOR in this botocore")),
    ],
)


def test_every_kind_is_explained() -> None:
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


def create(boto: Clients) -> None:
    boto.twinmaker.create_sync_job(workspaceId="factory", syncSource="SITEWISE", syncRole=ROLE)


def test_a_drop_closes_before_the_operation_runs(furnished: Emulator, boto: Clients) -> None:
    furnished.fault("CreateSyncJob", "drop")
    with pytest.raises(ConnectionClosedError):
        create(boto)
    assert [call.operation for call in furnished.calls] == ["CreateSyncJob"]
    create(boto)


def test_a_dropped_answer_was_acted_upon(furnished: Emulator, boto: Clients) -> None:
    furnished.fault("CreateSyncJob", "drop-answer")
    with pytest.raises(ConnectionClosedError):
        create(boto)
    with pytest.raises(boto.twinmaker.exceptions.ConflictException):
        create(boto)


@pytest.mark.parametrize("kind", ["drop", "drop-answer"])
def test_nothing_is_sent_over_a_dropped_connection(furnished: Emulator, kind: str) -> None:
    furnished.fault(OPERATION, kind)
    with raw(furnished.url) as opened:
        opened.sendall(as_bytes(request()))
        with contextlib.suppress(ConnectionResetError):
            assert read_all(opened) == b""


@both_protocols
def test_a_truncated_body_is_announced_whole(furnished: Emulator, cbor: bool) -> None:
    full = ask(furnished, request(cbor))[1]
    furnished.fault(OPERATION, "truncate")
    with connection(furnished.url) as opened:
        response = send(opened, request(cbor))
        assert response.status == 200
        assert response.headers["content-length"] == str(len(full))
        with pytest.raises(http.client.IncompleteRead) as raised:
            response.read()
    assert raised.value.partial == full[: len(full) // 2]


@both_protocols
def test_a_short_body_is_announced_as_it_is(furnished: Emulator, cbor: bool) -> None:
    full = ask(furnished, request(cbor))[1]
    furnished.fault(OPERATION, "short")
    response, body = ask(furnished, request(cbor))
    assert (response.status, body) == (200, full[: len(full) // 2])
    assert response.headers["content-length"] == str(len(body))
    with pytest.raises((ValueError, cbor2.CBORDecodeError)):
        (cbor2.loads if cbor else json.loads)(body)


@both_protocols
def test_a_garbled_body_has_the_length_of_the_real_one(furnished: Emulator, cbor: bool) -> None:
    full = ask(furnished, request(cbor))[1]
    furnished.fault(OPERATION, "garble")
    response, body = ask(furnished, request(cbor))
    assert (response.status, len(body)) == (200, len(full))
    assert response.headers["content-type"] == ("application/cbor" if cbor else "application/x-amz-json-1.0")
    if cbor:
        assert not isinstance(cbor2.loads(body), dict)
    else:
        with pytest.raises(ValueError, match="decode"):
            json.loads(body)


@both_protocols
def test_an_empty_body_has_status_200(furnished: Emulator, cbor: bool) -> None:
    furnished.fault(OPERATION, "empty")
    response, body = ask(furnished, request(cbor))
    assert (response.status, body, response.headers["content-length"]) == (200, b"", "0")


def test_an_html_page_has_status_200(furnished: Emulator) -> None:
    furnished.fault(OPERATION, "html")
    response, body = ask(furnished)
    assert (response.status, response.headers["content-type"]) == (200, "text/html")
    assert body.startswith(b"<!DOCTYPE html>")


def test_a_stalled_answer_is_silent_and_then_whole(furnished: Emulator, boto: Clients) -> None:
    full = whole(furnished)
    furnished.fault(OPERATION, "stall", seconds=0.12)
    with raw(furnished.url) as opened:
        opened.settimeout(0.05)
        opened.sendall(as_bytes(request()))
        with pytest.raises(TimeoutError):
            opened.recv(1)
        opened.settimeout(5)
        assert opened.recv(1) == b"H"
    assert whole(furnished) == full


def test_a_stall_is_a_read_timeout_to_boto3(furnished: Emulator) -> None:
    furnished.fault(OPERATION, "stall")
    with (
        Clients(furnished.url, config=CONFIG.merge(Config(read_timeout=0.1))) as boto,
        pytest.raises(ReadTimeoutError),
    ):
        boto.call("codeconnections", OPERATION, STACK)


@pytest.mark.parametrize("small", [False, True])
def test_a_slow_body_drips(furnished: Emulator, small: bool) -> None:
    """Also one with fewer bytes than pieces."""
    operation, sent = OPERATION, request()
    if small:
        furnished.add_service_instance("quiet", "prod", repository="acme/web")
        operation = "GetServiceInstanceSyncStatus"
        sent = signed_json("proton", operation, {"serviceName": "quiet", "serviceInstanceName": "prod"})
    full = ask(furnished, sent)[1]
    furnished.fault(operation, "slow", seconds=0.12)
    began = time.monotonic()
    assert ask(furnished, sent)[1] == full
    assert time.monotonic() - began >= 0.1


def test_a_connection_outlives_a_slow_answer_and_what_was_asked_meanwhile_is_answered_after(
    furnished: Emulator,
) -> None:
    full = whole(furnished)
    furnished.fault(OPERATION, "slow", seconds=0.05)
    with raw(furnished.url) as opened:
        opened.sendall(as_bytes(request()) + as_bytes(request()))
        time.sleep(0.02)
        opened.sendall(as_bytes(request()))
        received = b""
        while received.count(full) < 3:
            received += opened.recv(65536)
    assert received.count(b"HTTP/1.1 200") == 3


def test_a_client_that_leaves_during_a_stall_harms_nobody(furnished: Emulator) -> None:
    furnished.fault(OPERATION, "stall", seconds=0.03)
    with raw(furnished.url) as opened:
        opened.sendall(as_bytes(request()))
    time.sleep(0.06)
    assert whole(furnished)


def test_a_slow_answer_to_a_client_that_wants_to_close_closes(furnished: Emulator) -> None:
    furnished.fault(OPERATION, "slow", seconds=0.02)
    sent = request()
    closing = Request(sent.method, sent.target, {**sent.headers, "connection": "close"}, sent.body)
    with raw(furnished.url) as opened:
        opened.sendall(as_bytes(closing))
        assert b"LatestSync" in read_all(opened)


class Replies:
    """What the clients were sent, as it was sent."""

    def __init__(self, boto: Clients) -> None:
        self.bodies: list[bytes] = []
        for service in SERVICES:
            boto.of(service).meta.events.register("after-call", self._keep)

    def _keep(self, http_response: AWSResponse, **_: object) -> None:
        self.bodies.append(http_response.content)


def answer(aws: Emulator, boto: Clients, service: str, operation: str, kind: str) -> Any:
    """The reply of any emulated operation with a fault, read without botocore."""
    create(boto)
    aws.clock.advance(100)
    block(aws)
    params = dict(REQUESTS[service, operation])
    if operation == "CreateSyncJob":
        aws.add_workspace("harbour")
        params["workspaceId"] = "harbour"
    replies = Replies(boto)
    aws.fault(operation, kind, service=service)
    boto.call(service, operation, params)
    return json.loads(replies.bodies[-1])


def lacks(shape: Shape, value: Any) -> bool:
    """Whether a required member is missing somewhere."""
    if isinstance(shape, ListShape):
        return any(lacks(shape.member, item) for item in value)
    if not isinstance(shape, StructureShape):
        return False
    if set(shape.required_members) - value.keys():
        return True
    return any(lacks(shape.members[name], item) for name, item in value.items())


def has_state(shape: Shape) -> bool:
    """Whether a state stands somewhere in what the model describes."""
    if isinstance(shape, ListShape):
        return has_state(shape.member)
    if not isinstance(shape, StructureShape):
        return False
    return any(
        (name.lower() in ("state", "status") and member.type_name == "string") or has_state(member)
        for name, member in shape.members.items()
    )


@pytest.mark.parametrize(("service", "operation"), IMPLEMENTED)
def test_every_operation_may_have_an_unknown_member(
    furnished: Emulator, boto: Clients, service: str, operation: str
) -> None:
    found = answer(furnished, boto, service, operation, "unknown-member")
    assert all(each["addedByAws"] == "something new" for each in structures(found))


@pytest.mark.parametrize(("service", "operation"), IMPLEMENTED)
def test_every_operation_may_lack_a_member(furnished: Emulator, boto: Clients, service: str, operation: str) -> None:
    found = answer(furnished, boto, service, operation, "missing-member")
    shape = service_model(service).operation_model(operation).output_shape
    assert shape is not None
    nothing_required = {"ListSyncJobs", "ListSyncResources", "DeleteRepositoryLink", "DeleteSyncConfiguration"}
    assert lacks(shape, found) == (operation not in nothing_required)


@pytest.mark.parametrize(("service", "operation"), IMPLEMENTED)
def test_every_operation_with_a_state_may_have_an_unknown_one(
    furnished: Emulator, boto: Clients, service: str, operation: str
) -> None:
    found = answer(furnished, boto, service, operation, "unknown-state")
    shape = service_model(service).operation_model(operation).output_shape
    assert shape is not None
    assert ("REIMAGINED" in json.dumps(found)) == has_state(shape)


def structures(document: object) -> list[dict[str, Any]]:
    match document:
        case dict():
            found: dict[str, Any] = document  # pyright: ignore[reportUnknownVariableType]
            return [found, *(inner for item in found.values() for inner in structures(item))]
        case list():
            items: list[Any] = document  # pyright: ignore[reportUnknownVariableType]
            return [inner for item in items for inner in structures(item)]
        case _:
            return []


def test_an_unknown_member_is_in_every_structure(furnished: Emulator) -> None:
    furnished.clock.advance(100)
    furnished.fault(OPERATION, "unknown-member")
    found = structures(json.loads(whole(furnished)))
    # The reply, the desired state, and two attempts with their two revisions and three events.
    assert len(found) == 14
    assert all(each.get("addedByAws") == "something new" for each in found)
    assert not any("addedByAws" in each for each in structures(json.loads(whole(furnished))))


def test_an_unknown_member_of_a_blocker(furnished: Emulator, boto: Clients) -> None:
    furnished.block(stack="payments-prod", reason="by hand")
    furnished.fault("GetSyncBlockerSummary", "unknown-member")
    reply = ask(furnished, signed_json("codeconnections", "GetSyncBlockerSummary", STACK))[1]
    assert [each.get("addedByAws") for each in structures(json.loads(reply))] == ["something new"] * 4


def test_an_unknown_state_is_where_the_state_stands(furnished: Emulator, boto: Clients) -> None:
    furnished.clock.advance(100)
    create(boto)
    furnished.fault("GetSyncJob", "unknown-state")
    furnished.fault(OPERATION, "unknown-state")
    furnished.fault("GetServiceInstanceSyncStatus", "unknown-state")
    job = boto.twinmaker.get_sync_job(workspaceId="factory", syncSource="SITEWISE")
    assert job["status"] == {"state": "REIMAGINED"}
    stack = boto.connections.get_resource_sync_status(ResourceName="payments-prod", SyncType="CFN_STACK_SYNC")
    assert stack["LatestSync"]["Status"] == "REIMAGINED"
    assert stack["LatestSync"]["TargetRevision"]["Sha"] == "4f2c9e1d"
    # What once succeeded was understood then.
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
def test_a_missing_member_is_a_required_one(furnished: Emulator, boto: Clients, service: str, operation: str) -> None:
    create(boto)
    before = boto.call(service, operation, REQUESTS[service, operation])
    furnished.fault(operation, "missing-member")
    after = boto.call(service, operation, REQUESTS[service, operation])
    del before["ResponseMetadata"], after["ResponseMetadata"]
    assert after != before
    assert sum(map(len, structures(after))) < sum(map(len, structures(before)))


def test_where_nothing_is_required_nothing_is_missing(furnished: Emulator) -> None:
    furnished.add_service_instance("quiet", "prod", repository="acme/web")
    furnished.fault("GetServiceInstanceSyncStatus", "missing-member")
    sent = signed_json(
        "proton", "GetServiceInstanceSyncStatus", {"serviceName": "quiet", "serviceInstanceName": "prod"}
    )
    assert ask(furnished, sent)[1] == b"{}"


def test_a_reply_without_required_members_is_left_as_it_is() -> None:
    model = service_model("iottwinmaker").operation_model("ListSyncJobs")
    operation = Operation("iottwinmaker", "ListSyncJobs", Protocol.REST_JSON, model, {})
    reply = {"nextToken": "t", "syncJobSummaries": [{"arn": "a"}]}
    assert Fault("ListSyncJobs", "missing-member", 1, 0.0, "").reshape(operation, reply) == reply


@pytest.mark.parametrize("status", [200, 204, 301, 304, 404, 418, 500, 503, 599])
def test_a_bare_status(furnished: Emulator, status: int) -> None:
    furnished.fault(OPERATION, f"http-{status}")
    with connection(furnished.url) as opened:
        response = send(opened, request())
        body = response.read()
        assert response.status == status
        assert body == (b"" if status in (204, 304) else f"<html><h1>{status}</h1></html>".encode())
        assert response.headers["content-type"] == "text/html"
        # The connection is as good as before.
        assert send(opened, request()).status == 200


def test_a_bare_status_is_a_client_error_to_boto3(furnished: Emulator, boto: Clients) -> None:
    furnished.fault(OPERATION, "http-503")
    with pytest.raises(ClientError) as raised:
        boto.call("codeconnections", OPERATION, STACK)
    assert raised.value.response.get("ResponseMetadata", {}).get("HTTPStatusCode") == 503


def codes(aws: Emulator, times: int) -> list[str]:
    found: list[str] = []
    for _ in range(times):
        document = json.loads(whole(aws))
        found.append(document.get("__type", "#fine").rpartition("#")[2])
    return found


def test_a_fault_comes_as_often_as_asked_for_and_in_order(furnished: Emulator) -> None:
    furnished.fault(OPERATION, "ThrottlingException", times=2)
    furnished.fault("GetSyncConfiguration", "AccessDeniedException")
    furnished.fault(OPERATION, "InternalServerException")
    assert codes(furnished, 5) == [
        "ThrottlingException",
        "ThrottlingException",
        "InternalServerException",
        "fine",
        "fine",
    ]


def test_a_fault_may_last_until_it_is_cleared(furnished: Emulator) -> None:
    furnished.fault(OPERATION, "ThrottlingException", times=None)
    furnished.fault(OPERATION, "InternalServerException")
    assert codes(furnished, 4) == ["ThrottlingException"] * 4
    furnished.clear_faults()
    assert codes(furnished, 2) == ["fine", "fine"]


def test_what_aws_refuses_does_not_use_up_a_fault(furnished: Emulator) -> None:
    furnished.fault(OPERATION, "ThrottlingException")
    ask(furnished, signed_json("codeconnections", OPERATION, {}))
    assert codes(furnished, 2) == ["ThrottlingException", "fine"]


def test_an_operation_that_fails_anyway_fails_its_own_way(furnished: Emulator, boto: Clients) -> None:
    furnished.fault("GetSyncJob", "unknown-state")
    with pytest.raises(boto.twinmaker.exceptions.ResourceNotFoundException):
        boto.twinmaker.get_sync_job(workspaceId="factory", syncSource="SITEWISE")


def test_throttling_counts_in_emulated_time(furnished: Emulator) -> None:
    furnished.throttle(OPERATION, rate=0.5, burst=2)
    assert codes(furnished, 4) == ["fine", "fine", "ThrottlingException", "ThrottlingException"]
    furnished.clock.advance(1.9)
    assert codes(furnished, 1) == ["ThrottlingException"]
    furnished.clock.advance(0.1)
    assert codes(furnished, 2) == ["fine", "ThrottlingException"]
    furnished.clock.advance(1000)
    assert codes(furnished, 3) == ["fine", "fine", "ThrottlingException"]
    assert ask(furnished, signed_json("codeconnections", "GetSyncConfiguration", STACK))[0].status == 200
    furnished.clear_faults()
    assert codes(furnished, 3) == ["fine"] * 3


def test_throttling_is_throttling_to_boto3(furnished: Emulator, boto: Clients) -> None:
    furnished.throttle("GetSyncJob", rate=1)
    create(boto)
    boto.twinmaker.get_sync_job(workspaceId="factory", syncSource="SITEWISE")
    with pytest.raises(boto.twinmaker.exceptions.ThrottlingException, match="Rate exceeded") as raised:
        boto.twinmaker.get_sync_job(workspaceId="factory", syncSource="SITEWISE")
    assert raised.value.response.get("ResponseMetadata", {}).get("HTTPStatusCode") == 429


@pytest.mark.parametrize(
    ("arguments", "about"),
    [
        (("GetEverything", "drop"), "operation"),
        (("GetSyncJob", "drop", 1, "s3"), "service"),
        (("GetSyncJob", "drop", 1, "proton"), "operation"),
        (("GetSyncJob", "explode"), "kind"),
        (("GetSyncJob", ""), "kind"),
        (("GetSyncJob", "http-99"), "kind"),
        (("GetSyncJob", "http-600"), "kind"),
        # No final status, and HTTP would have the client wait for one.
        (("GetSyncJob", "http-100"), "kind"),
        (("GetSyncJob", "Throttling Exception"), "kind"),
        (("GetSyncJob", "Thröttling"), "kind"),
        (("GetSyncJob", "drop", 0), "times"),
        (("GetSyncJob", "drop", -1), "times"),
    ],
)
def test_a_fault_that_cannot_be_is_refused(aws: Emulator, arguments: tuple[Any, ...], about: str) -> None:
    with pytest.raises(ValueError, match=f"^{about}: "):
        aws.fault(*arguments[:3], service=arguments[3] if len(arguments) > 3 else None)


def definitions(boto: Clients, service: str) -> str:
    """ "fine", or the error's code."""
    operation = "ListRepositorySyncDefinitions"
    try:
        boto.call(service, operation, REQUESTS[service, operation])
    except ClientError as error:
        return error.response.get("Error", {}).get("Code", "")
    return "fine"


def test_a_fault_may_be_for_one_service(furnished: Emulator, boto: Clients) -> None:
    operation = "ListRepositorySyncDefinitions"
    furnished.fault(operation, "ThrottlingException", service="proton")
    furnished.fault(operation, "AccessDeniedException", times=2)
    furnished.fault(operation, "InternalServerException", service="codestar-connections")
    assert definitions(boto, "codeconnections") == "AccessDeniedException"
    assert definitions(boto, "proton") == "ThrottlingException"
    assert definitions(boto, "proton") == "AccessDeniedException"
    assert definitions(boto, "codeconnections") == "fine"
    assert definitions(boto, "codestar-connections") == "InternalServerException"
    assert definitions(boto, "codestar-connections") == definitions(boto, "proton") == "fine"


def test_a_limit_may_be_for_one_service(furnished: Emulator, boto: Clients) -> None:
    operation = "ListRepositorySyncDefinitions"
    furnished.throttle(operation, rate=1, service="proton")
    assert [definitions(boto, "proton") for _ in range(2)] == ["fine", "ThrottlingException"]
    assert [definitions(boto, "codeconnections") for _ in range(3)] == ["fine"] * 3
    furnished.throttle(operation, rate=1, burst=2)
    furnished.clock.advance(1)
    # What the service's own limit holds back does not count against that of all.
    assert [definitions(boto, "proton") for _ in range(2)] == ["fine", "ThrottlingException"]
    assert [definitions(boto, "codeconnections") for _ in range(2)] == ["fine", "ThrottlingException"]


@pytest.mark.parametrize(("operation", "service"), [("GetSyncJob", "s3"), ("GetSyncJob", "proton"), ("Get", None)])
def test_a_limit_is_for_an_operation_that_exists(aws: Emulator, operation: str, service: str | None) -> None:
    with pytest.raises(ValueError, match=r"^(operation|service): "):
        aws.throttle(operation, rate=1, service=service)


@pytest.mark.parametrize("seconds", [-1.0, float("nan"), float("inf")])
def test_a_fault_takes_a_time(aws: Emulator, seconds: float) -> None:
    with pytest.raises(ValueError, match=r"^seconds: "):
        aws.fault("GetSyncJob", "slow", seconds=seconds)


@pytest.mark.parametrize(
    ("operation", "rate", "burst"),
    [("GetEverything", 1, 1), ("GetSyncJob", 0, 1), ("GetSyncJob", -1, 1), ("GetSyncJob", 1, 0.5)],
)
def test_a_limit_that_cannot_be_is_refused(aws: Emulator, operation: str, rate: float, burst: float) -> None:
    with pytest.raises(ValueError, match=r"^operation: |^rate, burst: "):
        aws.throttle(operation, rate=rate, burst=burst)


def test_a_fault_of_a_request_by_path(furnished: Emulator) -> None:
    furnished.fault("GetSyncJob", "http-500")
    response, body = ask(furnished, signed("iottwinmaker", "GET", "/sync-jobs/SITEWISE"))
    assert (response.status, body) == (500, b"<html><h1>500</h1></html>")
