"""Every emulated operation through unmodified boto3, and every form of a request."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta

import cbor2
import pytest

from tests.emulator.clients import (
    HAS_CBOR,
    TARGETS,
    BotoClients,
    connect,
    parse_error,
    send,
    session_with,
    signed,
    signed_cbor,
    signed_json,
)
from tests.emulator.resources import OPERATIONS, REQUESTS, ROLE, add_blockers, populate
from unisync.emulator import ACCOUNT, REGION, Emulator, Setup
from unisync.emulator._protocol.message import Request
from unisync.emulator._protocol.operations import SERVICES, service_model
from unisync.emulator._protocol.signature import access_key_of, secret_of
from unisync.emulator.application import Application
from unisync.emulator.services import HANDLERS

STACK = {"ResourceName": "payments-prod", "SyncType": "CFN_STACK_SYNC"}
needs_cbor = pytest.mark.skipif(not HAS_CBOR, reason="the installed botocore's model has no CBOR")


def add_resources(application: Application) -> None:
    setup = Setup(application.account(ACCOUNT, REGION))
    setup.add_workspace("factory")
    setup.add_stack("payments-prod", repository="acme/infra")


@pytest.mark.parametrize(("service", "operation"), OPERATIONS)
def test_every_emulated_operation_works_in_boto3(
    populated: Emulator, boto: BotoClients, service: str, operation: str
) -> None:
    if operation in ("GetSyncJob", "DeleteSyncJob", "ListSyncResources"):
        boto.twinmaker.create_sync_job(workspaceId="factory", syncSource="SITEWISE", syncRole=ROLE)
    if "UpdateS" in operation and operation.endswith("Blocker"):
        add_blockers(populated)
    reply = boto.call(service, operation, REQUESTS[service, operation])
    metadata = reply.pop("ResponseMetadata")
    assert metadata["HTTPStatusCode"] == 200
    assert metadata["RequestId"]
    shape = service_model(service).operation_model(operation).output_shape
    assert shape is not None
    assert set(shape.required_members) <= reply.keys() <= shape.members.keys()
    last = populated.calls[-1]
    assert (last.service, last.operation, last.params) == (service, operation, REQUESTS[service, operation])
    assert (last.account, last.region) == (ACCOUNT, REGION)
    assert last.time == datetime.fromtimestamp(populated.clock.time(), UTC)


@pytest.mark.parametrize("service", SERVICES)
def test_every_operation_about_syncs_is_emulated(service: str) -> None:
    family = {name for name in service_model(service).operation_names if re.search("Sync|Repositor", name)}
    assert family <= HANDLERS[service].keys() <= set(service_model(service).operation_names)


@pytest.mark.parametrize(
    "operation",
    [name for service, name in OPERATIONS if service == "codeconnections" and name.startswith(("Get", "List"))],
)
def test_codeconnections_replies_the_same_in_cbor(
    populated: Emulator, boto: BotoClients, cbor: BotoClients, operation: str
) -> None:
    populated.block(stack="payments-prod", reason="by hand")
    in_json = boto.call("codeconnections", operation, REQUESTS["codeconnections", operation])
    in_cbor = cbor.call("codeconnections", operation, REQUESTS["codeconnections", operation])
    assert in_cbor["ResponseMetadata"]["HTTPHeaders"]["content-type"] == "application/cbor"
    assert in_cbor["ResponseMetadata"]["HTTPHeaders"]["smithy-protocol"] == "rpc-v2-cbor"
    assert in_json["ResponseMetadata"]["HTTPHeaders"]["content-type"] == "application/x-amz-json-1.0"
    del in_json["ResponseMetadata"], in_cbor["ResponseMetadata"]
    assert in_cbor == in_json


def test_the_reply_of_get_sync_job(aws: Emulator, boto: BotoClients) -> None:
    aws.add_workspace("factory")
    aws.clock.advance(100)
    now = datetime.fromtimestamp(aws.clock.time(), UTC)
    created = boto.twinmaker.create_sync_job(
        workspaceId="factory", syncSource="SITEWISE", syncRole=ROLE, tags={"team": "twins"}
    )
    aws.clock.advance(30)
    job = boto.twinmaker.get_sync_job(workspaceId="factory", syncSource="SITEWISE")
    assert created["arn"] == f"arn:aws:iottwinmaker:{REGION}:{ACCOUNT}:workspace/factory/sync-job/SITEWISE-default"
    assert created["state"] == "CREATING"
    assert abs(created["creationDateTime"] - now) < timedelta(milliseconds=2)
    assert job["arn"] == created["arn"]
    assert (job["workspaceId"], job["syncSource"], job["syncRole"]) == ("factory", "SITEWISE", ROLE)
    assert job["creationDateTime"] == created["creationDateTime"]
    assert job["updateDateTime"] - job["creationDateTime"] == timedelta(seconds=25)
    assert job["status"] == {"state": "ACTIVE"}
    assert job["ResponseMetadata"]["HTTPHeaders"]["content-type"] == "application/json"


def test_codeconnections_has_the_owner_and_the_name_in_two_fields(aws: Emulator, boto: BotoClients) -> None:
    aws.add_stack(
        "payments-prod", repository="acme/team/infra", branch="live", config_file="deploy/prod.yaml", provider="GitLab"
    )
    aws.push(stack="payments-prod", sha="4f2c9e1d")
    repository = {"OwnerId": "acme/team", "RepositoryName": "infra", "ProviderType": "GitLab"}
    status = boto.connections.get_resource_sync_status(ResourceName="payments-prod", SyncType="CFN_STACK_SYNC")
    revision = {**repository, "Branch": "live", "Directory": "deploy/prod.yaml", "Sha": "4f2c9e1d"}
    assert status.get("DesiredState") == revision
    assert status["LatestSync"]["TargetRevision"] == revision
    assert status["LatestSync"]["Target"] == "payments-prod"
    assert "LatestSuccessfulSync" not in status
    found = boto.codestar.get_sync_configuration(ResourceName="payments-prod", SyncType="CFN_STACK_SYNC")
    configuration = {**found["SyncConfiguration"]}
    assert configuration.pop("RepositoryLinkId")
    assert configuration == {
        **repository,
        "Branch": "live",
        "ConfigFile": "deploy/prod.yaml",
        "ResourceName": "payments-prod",
        "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/git-sync",
        "SyncType": "CFN_STACK_SYNC",
    }


def test_proton_has_the_owner_and_the_name_in_one_field(aws: Emulator, boto: BotoClients) -> None:
    aws.add_service_instance(
        "web", "prod", repository="acme/web", branch="live", file_path="ops.yaml", provider="GitHubEnterpriseServer"
    )
    aws.add_template("net", repository="acme/net", template_type="ENVIRONMENT", version="3", subdirectory="nets")
    aws.push(service="web", instance="prod", sha="90aa21b7")
    source = {"repositoryName": "acme/web", "repositoryProvider": "GITHUB_ENTERPRISE", "branch": "live"}
    status = boto.proton.get_service_instance_sync_status(serviceName="web", serviceInstanceName="prod")
    assert status.get("desiredState") == {**source, "directory": "ops.yaml", "sha": "90aa21b7"}
    assert status.get("latestSync", {}).get("target") == (
        f"arn:aws:proton:{REGION}:{ACCOUNT}:service/web/service-instance/prod"
    )
    config = boto.proton.get_service_sync_config(serviceName="web")
    assert config.get("serviceSyncConfig") == {**source, "filePath": "ops.yaml", "serviceName": "web"}
    template = boto.proton.get_template_sync_config(templateName="net", templateType="ENVIRONMENT")
    assert template.get("templateSyncConfig") == {
        "branch": "main",
        "repositoryName": "acme/net",
        "repositoryProvider": "GITHUB",
        "subdirectory": "nets",
        "templateName": "net",
        "templateType": "ENVIRONMENT",
    }


def test_a_template_without_a_subdirectory_lacks_the_field(populated: Emulator, boto: BotoClients) -> None:
    config = boto.proton.get_template_sync_config(templateName="web", templateType="SERVICE")
    assert "subdirectory" not in config.get("templateSyncConfig", {})


@pytest.mark.parametrize("service", ["codeconnections", "codestar-connections"])
def test_a_target_may_lack_its_namespace(application: Application, service: str) -> None:
    add_resources(application)
    short = TARGETS[service].rpartition(".")[2]
    for target in (f"{TARGETS[service]}.GetSyncConfiguration", f"{short}.GetSyncConfiguration"):
        response = application.handle(signed_json(service, "", STACK, target=target))
        assert response.status == 200
    assert [call.service for call in application.calls] == [service, service]


@needs_cbor
@pytest.mark.parametrize("namespace", [TARGETS["codeconnections"], "CodeConnections_20231201"])
def test_a_cbor_path_may_lack_its_namespace(application: Application, namespace: str) -> None:
    add_resources(application)
    request = signed_cbor("", STACK, path=f"/service/{namespace}/operation/GetSyncConfiguration")
    response = application.handle(request)
    assert response.status == 200
    assert cbor2.loads(response.body)["SyncConfiguration"]["ResourceName"] == "payments-prod"


def test_requests_through_a_proxy_have_an_absolute_target(aws: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    populate(aws)
    monkeypatch.setenv("HTTP_PROXY", aws.url)
    session = session_with(access_key_of(ACCOUNT), secret_of(ACCOUNT))
    client = session.client("iottwinmaker", endpoint_url="http://some.name")
    try:
        created = client.create_sync_job(workspaceId="factory", syncSource="SITEWISE", syncRole=ROLE)
        found = client.get_sync_job(workspaceId="factory", syncSource="SITEWISE")
    finally:
        client.close()
    assert created["arn"] == found["arn"]


def test_the_host_of_an_absolute_target_is_ignored(aws: Emulator) -> None:
    populate(aws)
    request = signed("iottwinmaker", "GET", "/sync-jobs/SITEWISE?workspace=factory", host="api.some.name")
    with connect(aws.url) as connection:
        response = send(connection, request, "http://api.some.name/sync-jobs/SITEWISE?workspace=factory")
        assert response.status == 404
        assert response.headers["x-amzn-errortype"] == "ResourceNotFoundException"
        response.read()


def test_an_absolute_target_without_a_path_is_the_root(application: Application) -> None:
    add_resources(application)
    request = signed_json("codeconnections", "GetSyncConfiguration", STACK)
    absolute = Request(request.method, "http://127.0.0.1", request.headers, request.body)
    assert application.handle(absolute).status == 200


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        pytest.param(signed_json("proton", "NoSuchOperation", {}), 400, id="operation"),
        pytest.param(signed_json("proton", "", {}, target="NoSuchService.GetSyncJob"), 400, id="service"),
        pytest.param(signed_json("proton", "", {}, target="GetSyncJob"), 400, id="no service"),
        pytest.param(signed_json("proton", "", {}, target=""), 400, id="empty target"),
        pytest.param(signed_json("proton", "", {}, target="AwsProton20200720.GetSyncJob"), 400, id="other service"),
        pytest.param(signed("iottwinmaker", "GET", "/nothing/here"), 404, id="path"),
        pytest.param(signed("iottwinmaker", "GET", "//x/sync-jobs/SITEWISE"), 404, id="repeated slash"),
        pytest.param(signed("iottwinmaker", "PATCH", "/sync-jobs/SITEWISE"), 404, id="method"),
        pytest.param(signed_cbor("", {}, path="/service/NoSuchService/operation/GetSyncJob"), 400, id="cbor service"),
        pytest.param(signed_cbor("NoSuchOperation", {}), 400, id="cbor operation"),
        pytest.param(signed_cbor("", {}, path="/"), 404, id="cbor path"),
        pytest.param(
            signed_cbor("", {}, path=f"/service/{TARGETS['proton']}/operation/GetServiceSyncConfig"),
            400,
            id="protocol",
        ),
    ],
)
def test_an_unknown_operation_is_rejected(application: Application, request_: Request, status: int) -> None:
    error = parse_error(application.handle(request_))
    assert (error.status, error.code) == (status, "UnknownOperationException")


def test_an_error_without_a_service_is_in_the_common_namespace(application: Application) -> None:
    response = application.handle(signed_json("proton", "", {}, target="NoSuchService.GetSyncJob"))
    assert json.loads(response.body)["__type"] == "com.amazon.coral.service#UnknownOperationException"


def test_an_operation_that_is_not_emulated_is_an_error(boto: BotoClients) -> None:
    with pytest.raises(boto.proton.exceptions.ClientError, match="ListComponents is not emulated") as raised:
        boto.call("proton", "ListComponents", {})
    assert raised.value.response.get("Error", {}).get("Code") == "UnknownOperationException"
    assert raised.value.response.get("ResponseMetadata", {}).get("HTTPStatusCode") == 501


NOT_OBJECTS = [b"[]", b"null", b'"text"', b"3", b"{", b"\xff\xfe", b"", b"[" * 100_000, b"{} {}"]


@pytest.mark.parametrize("body", NOT_OBJECTS, ids=lambda body: repr(body[:9]))
def test_a_body_that_is_not_a_json_object_is_rejected(application: Application, body: bytes) -> None:
    add_resources(application)
    expected = "ValidationException" if body == b"" else "SerializationException"
    error = parse_error(application.handle(signed_json("codeconnections", "GetSyncConfiguration", body)))
    assert (error.status, error.code) == (400, expected)


@needs_cbor
@pytest.mark.parametrize(
    "body",
    [
        b"\x80",
        b"\xf6",
        b"\xff",
        b"\xa1\x61",
        b"\x5b\x20\x00\x00\x00\x00\x00\x00\x00",
        b"\xbb\x20\x00\x00\x00\x00\x00\x00\x00",
        b"\x9b\xff\xff\xff\xff\xff\xff\xff\xff",
        b"\x81" * 100_000,
        b"\xc0\x61x",
    ],
    ids=lambda body: body[:9].hex(),
)
def test_a_body_that_is_not_a_cbor_map_is_rejected(application: Application, body: bytes) -> None:
    error = parse_error(application.handle(signed_cbor("GetSyncConfiguration", body)))
    assert (error.status, error.code) == (400, "SerializationException")


def test_a_bug_of_the_emulator_is_an_internal_failure(
    application: Application, caplog: pytest.LogCaptureFixture
) -> None:
    add_resources(application)
    # No request leads to an invalid reply, but an invalid state does.
    application.account(ACCOUNT, REGION).configurations["payments-prod"].role_arn = None  # type: ignore[assignment]  # pyright: ignore[reportAttributeAccessIssue]
    response = application.handle(signed_json("codeconnections", "GetSyncConfiguration", STACK))
    assert parse_error(response)[:2] == (500, "InternalFailure")
    assert "RoleArn" in caplog.text


def test_every_reply_has_its_own_request_id(application: Application) -> None:
    add_resources(application)
    request = signed_json("codeconnections", "GetSyncConfiguration", STACK)
    ids = {application.handle(request).headers["x-amzn-requestid"] for _ in range(5)}
    assert len(ids) == 5
