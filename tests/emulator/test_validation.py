"""What AWS refuses in a request, and in which words: constraints, types, and members it does not know."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from tests.emulator.clients import REQUESTS, ROLE, SPEAKS_CBOR, Clients, refusal, signed, signed_cbor, signed_json
from unisync.emulator import Emulator
from unisync.emulator._protocol.message import Request
from unisync.emulator._protocol.operations import Operation, Protocol, service_model
from unisync.emulator._protocol.serialization import read_params
from unisync.emulator.application import Application
from unisync.emulator.errors import AwsError

STACK = {"ResourceName": "payments-prod", "SyncType": "CFN_STACK_SYNC"}
ONE = "1 validation error detected: "


def read(service: str, operation: str, params: object) -> dict[str, object]:
    """What the emulator makes of a JSON body, whether it emulates the operation or not."""
    model = service_model(service).operation_model(operation)
    body = json.dumps(params).encode()
    return read_params(Operation(service, operation, Protocol.JSON, model, {}), Request("POST", "/", {}, body))


def complaint(service: str, operation: str, params: object) -> AwsError:
    with pytest.raises(AwsError) as raised:
        read(service, operation, params)
    assert raised.value.status == 400
    return raised.value


@pytest.mark.parametrize(
    ("operation", "change", "message"),
    [
        (
            "CreateSyncJob",
            {"syncRole": "arn:aws:iam::12345:role/sync"},
            f"{ONE}Value 'arn:aws:iam::12345:role/sync' at 'syncRole' failed to satisfy constraint: Member must "
            "satisfy regular expression pattern: arn:((aws)|(aws-cn)|(aws-us-gov)):iam::[0-9]{12}:role/.*",
        ),
        (
            "CreateSyncJob",
            {"workspaceId": "w" * 129},
            f"{ONE}Value '{'w' * 129}' at 'workspaceId' failed to satisfy constraint: Member must have length less "
            "than or equal to 128",
        ),
        (
            "GetSyncJob",
            {"syncSource": "SITE WISE/ü?&=+%"},
            f"{ONE}Value 'SITE WISE/ü?&=+%' at 'syncSource' failed to satisfy constraint: Member must satisfy regular "
            "expression pattern: [a-zA-Z_0-9]+",
        ),
        (
            "GetSyncJob",
            {"workspaceId": "a&b=c d"},
            f"{ONE}Value 'a&b=c d' at 'workspaceId' failed to satisfy constraint: Member must satisfy regular "
            r"expression pattern: [a-zA-Z_0-9][a-zA-Z_\-0-9]*[a-zA-Z0-9]+",
        ),
        (
            "CreateSyncJob",
            {"tags": {"team": "t" * 257}},
            f"{ONE}Value '{'t' * 257}' at 'tags.team' failed to satisfy constraint: Member must have length less than "
            "or equal to 256",
        ),
        (
            "CreateSyncJob",
            {"tags": {f"tag{number}": "x" for number in range(51)}},
            f"{ONE}Value '51' at 'tags' failed to satisfy constraint: Member must have length less than or equal to 50",
        ),
    ],
)
def test_twinmaker_names_the_member_and_the_constraint(
    aws: Emulator, boto: Clients, operation: str, change: Mapping[str, object], message: str
) -> None:
    with pytest.raises(boto.twinmaker.exceptions.ValidationException) as raised:
        boto.call("iottwinmaker", operation, {**REQUESTS["iottwinmaker", operation], **change})
    assert raised.value.response.get("Error", {}).get("Message") == message
    assert raised.value.response.get("ResponseMetadata", {}).get("HTTPStatusCode") == 400
    assert not aws.calls


@pytest.mark.parametrize(
    ("service", "operation", "change", "code", "rule"),
    [
        (
            "proton",
            "GetServiceInstanceSyncStatus",
            {"serviceName": "we b"},
            "ValidationException",
            "Value 'we b' at 'serviceName' failed to satisfy constraint: Member must satisfy regular expression "
            r"pattern: ^[0-9A-Za-z]+[0-9A-Za-z_\-]*$",
        ),
        (
            "proton",
            "GetTemplateSyncStatus",
            {"templateType": "PIPELINE"},
            "ValidationException",
            "Value 'PIPELINE' at 'templateType' failed to satisfy constraint: Member must satisfy enum value set: "
            "[ENVIRONMENT, SERVICE]",
        ),
        (
            "proton",
            "GetTemplateSyncStatus",
            {"templateVersion": "1.0"},
            "ValidationException",
            r"Value '1.0' at 'templateVersion' failed to satisfy constraint: Member must satisfy regular expression "
            r"pattern: ^(0|([1-9]{1}\d*))$",
        ),
        (
            "codeconnections",
            "GetResourceSyncStatus",
            {"ResourceName": "r" * 101},
            "InvalidInputException",
            f"Value '{'r' * 101}' at 'ResourceName' failed to satisfy constraint: Member must have length less than or "
            "equal to 100",
        ),
        (
            "codeconnections",
            "GetResourceSyncStatus",
            {"SyncType": "SAM_SYNC"},
            "InvalidInputException",
            "Value 'SAM_SYNC' at 'SyncType' failed to satisfy constraint: Member must satisfy enum value set: "
            "[CFN_STACK_SYNC]",
        ),
        (
            "codestar-connections",
            "GetSyncConfiguration",
            {"ResourceName": "payments\n"},
            "InvalidInputException",
            "Value 'payments\n' at 'ResourceName' failed to satisfy constraint: Member must satisfy regular expression "
            r"pattern: ^[0-9A-Za-z]+[0-9A-Za-z_\\-]*$",
        ),
    ],
)
def test_each_service_refuses_with_its_own_code(
    boto: Clients, service: str, operation: str, change: Mapping[str, object], code: str, rule: str
) -> None:
    client = boto.of(service)
    with pytest.raises(client.exceptions.from_code(code)) as raised:
        boto.call(service, operation, {**REQUESTS[service, operation], **change})
    assert raised.value.response.get("Error", {}).get("Code") == code
    assert raised.value.response.get("Error", {}).get("Message") == ONE + rule


def test_codeconnections_refuses_in_cbor_too(cbor: Clients) -> None:
    with pytest.raises(cbor.connections.exceptions.InvalidInputException, match="at 'SyncType' failed"):
        cbor.call("codeconnections", "GetSyncConfiguration", {**STACK, "SyncType": "SAM_SYNC"})


def test_a_missing_member_is_named(application: Application) -> None:
    refused = refusal(application.handle(signed_json("proton", "GetServiceInstanceSyncStatus", {})))
    assert refused == (
        400,
        "ValidationException",
        "2 validation errors detected: Value null at 'serviceInstanceName' failed to satisfy constraint: Member must "
        "not be null; Value null at 'serviceName' failed to satisfy constraint: Member must not be null",
    )


def test_null_is_as_good_as_missing(application: Application) -> None:
    params = {"ResourceName": None, "SyncType": "CFN_STACK_SYNC"}
    refused = refusal(application.handle(signed_json("codeconnections", "GetSyncConfiguration", params)))
    assert refused.code == "InvalidInputException"
    assert refused.message.endswith(
        "Value null at 'ResourceName' failed to satisfy constraint: Member must not be null"
    )


def test_a_missing_member_in_a_list_is_named_by_its_place() -> None:
    sent = {
        "ConnectionArn": "arn:aws:codeconnections:eu-west-1:123456789012:connection/1",
        "OwnerId": "acme",
        "RepositoryName": "infra",
        "Tags": [{"Key": "a", "Value": "b"}, {"Key": "c"}],
    }
    assert "Value null at 'Tags.2.member.Value'" in complaint("codeconnections", "CreateRepositoryLink", sent).message


def test_all_that_is_wrong_is_said_at_once(application: Application) -> None:
    # boto3 itself refuses what is too short.
    request = twinmaker("/workspaces/factory/sync-jobs/SITEWISE", {"syncRole": "too:short"})
    refused = refusal(application.handle(request))
    assert refused.message == (
        "2 validation errors detected: Value 'too:short' at 'syncRole' failed to satisfy constraint: Member must have "
        "length greater than or equal to 20; Value 'too:short' at 'syncRole' failed to satisfy constraint: Member must "
        "satisfy regular expression pattern: arn:((aws)|(aws-cn)|(aws-us-gov)):iam::[0-9]{12}:role/.*"
    )


def test_a_number_of_the_emulated_operations_kind_is_read(application: Application) -> None:
    application.handle(signed_json("codeconnections", "ListRepositoryLinks", {"MaxResults": 7, "NextToken": "t"}))
    assert application.calls[-1].params == {"MaxResults": 7, "NextToken": "t"}


@pytest.mark.parametrize("number", [-1, 101])
def test_a_number_out_of_range_is_refused(number: int) -> None:
    found = complaint("codeconnections", "ListRepositoryLinks", {"MaxResults": number})
    bound = "greater than or equal to 0" if number < 0 else "less than or equal to 100"
    assert found.message == (
        f"{ONE}Value '{number}' at 'MaxResults' failed to satisfy constraint: Member must have value {bound}"
    )


@pytest.mark.parametrize("number", [0, 100])
def test_a_number_at_its_bound_is_fine(number: int) -> None:
    assert read("codeconnections", "ListRepositoryLinks", {"MaxResults": number}) == {"MaxResults": number}


@pytest.mark.parametrize("filters", [{}, {"state": "IN_SYNC", "resourceId": "a1"}])
def test_a_union_has_exactly_one_member(filters: Mapping[str, str]) -> None:
    model = service_model("iottwinmaker").operation_model("ListSyncResources")
    labels = {"workspaceId": "factory", "syncSource": "SITEWISE"}
    operation = Operation("iottwinmaker", "ListSyncResources", Protocol.REST_JSON, model, labels)
    body = json.dumps({"filters": [filters]}).encode()
    with pytest.raises(AwsError, match=r"at 'filters\.1\.member' .* exactly one of"):
        read_params(operation, Request("POST", "/", {}, body))


def test_digits_and_letters_of_a_pattern_are_those_of_ascii() -> None:
    r"""Java's \d and \w are; Python's are those of every script."""
    found = complaint(
        "proton", "GetTemplateSyncStatus", {**REQUESTS["proton", "GetTemplateSyncStatus"], "templateVersion": "1٣"}
    )
    assert "at 'templateVersion'" in found.message


def test_a_tag_may_be_in_any_script(application: Application) -> None:
    body = json.dumps({"syncRole": ROLE, "tags": {"équipe 数": "jumeaux"}}).encode()
    request = signed("iottwinmaker", target="/workspaces/factory/sync-jobs/SITEWISE", body=body)
    assert refusal(application.handle(request)).message == "Workspace factory does not exist"
    body = json.dumps({"syncRole": ROLE, "tags": {"no!": "x"}}).encode()
    request = signed("iottwinmaker", target="/workspaces/factory/sync-jobs/SITEWISE", body=body)
    assert "at 'tags.key'" in refusal(application.handle(request)).message


def test_unknown_members_are_ignored(application: Application) -> None:
    params = {**STACK, "AddedByAws": {"Deep": [1, None]}}
    refused = refusal(application.handle(signed_json("codeconnections", "GetSyncConfiguration", params)))
    assert refused.code == "ResourceNotFoundException"
    assert application.calls[-1].params == STACK


WRONG = [3, 1.5, True, ["payments-prod"], {"a": 1}]


@pytest.mark.parametrize("value", WRONG, ids=repr)
def test_a_value_of_another_type_is_no_string(application: Application, value: object) -> None:
    params = {**STACK, "ResourceName": value}
    refused = refusal(application.handle(signed_json("codeconnections", "GetSyncConfiguration", params)))
    assert refused[:2] == (400, "SerializationException")
    assert "'ResourceName'" in refused.message


@pytest.mark.skipif(not SPEAKS_CBOR, reason="the installed botocore's model has no CBOR")
@pytest.mark.parametrize("value", [*WRONG, b"payments-prod"], ids=repr)
def test_a_value_of_another_type_is_no_string_in_cbor(application: Application, value: object) -> None:
    params = {**STACK, "ResourceName": value}
    refused = refusal(application.handle(signed_cbor("GetSyncConfiguration", params)))
    assert refused[:2] == (400, "SerializationException")
    assert "'ResourceName'" in refused.message


@pytest.mark.parametrize(
    ("service", "operation", "params", "where"),
    [
        ("codeconnections", "ListRepositoryLinks", {"MaxResults": "3"}, "MaxResults"),
        ("codeconnections", "ListRepositoryLinks", {"MaxResults": True}, "MaxResults"),
        ("codeconnections", "ListRepositoryLinks", {"MaxResults": 3.5}, "MaxResults"),
        ("codeconnections", "CreateRepositoryLink", {"Tags": {}}, "Tags"),
        ("codeconnections", "CreateRepositoryLink", {"Tags": ["x"]}, "Tags.1.member"),
        ("codeconnections", "CreateRepositoryLink", {"Tags": [None]}, "Tags.1.member"),
        ("proton", "UpdateServicePipeline", {"deploymentType": 1}, "deploymentType"),
        ("proton", "CancelServicePipelineDeployment", {"serviceName": None, "x": 1}, "serviceName"),
    ],
)
def test_the_place_of_a_wrong_value_is_named(service: str, operation: str, params: object, where: str) -> None:
    assert f"'{where}'" in complaint(service, operation, params).message


def twinmaker(target: str, body: object = None, method: str = "POST") -> Request:
    return signed("iottwinmaker", method, target, json.dumps(body).encode() if body is not None else b"")


@pytest.mark.parametrize("tags", [[], "x", {"a": 1}, {"a": None}], ids=repr)
def test_a_map_is_checked_entry_by_entry(application: Application, tags: object) -> None:
    request = twinmaker("/workspaces/factory/sync-jobs/SITEWISE", {"syncRole": ROLE, "tags": tags})
    refused = refusal(application.handle(request))
    assert refused.code == "SerializationException"
    assert "'tags" in refused.message


def test_what_belongs_into_the_path_or_query_is_not_read_from_the_body(application: Application) -> None:
    request = twinmaker(
        "/workspaces/factory/sync-jobs/SITEWISE",
        {"syncRole": ROLE, "workspaceId": "other", "syncSource": "OTHER"},
    )
    application.handle(request)
    assert application.calls[-1].params == {"workspaceId": "factory", "syncSource": "SITEWISE", "syncRole": ROLE}
    application.handle(twinmaker("/sync-jobs/SITEWISE", {"workspaceId": "factory"}, "GET"))
    assert application.calls[-1].params == {"syncSource": "SITEWISE"}


@pytest.mark.parametrize(("sent", "read_as"), [("true", True), ("false", False)])
def test_a_truth_value_in_a_query_is_read(application: Application, sent: str, read_as: bool) -> None:
    application.handle(twinmaker(f"/workspaces/factory/entities/e1?isRecursive={sent}", method="DELETE"))
    assert application.calls[-1].params["isRecursive"] is read_as


def test_another_word_in_a_query_is_no_truth_value(application: Application) -> None:
    request = twinmaker("/workspaces/factory/entities/e1?isRecursive=yes", method="DELETE")
    refused = refusal(application.handle(request))
    assert refused.code == "SerializationException"
    assert "'isRecursive'" in refused.message


def test_a_list_in_a_query_is_read(application: Application) -> None:
    arn = "arn:aws:iottwinmaker:eu-west-1:123456789012:workspace/factory"
    application.handle(twinmaker(f"/tags?resourceARN={arn}&tagKeys=a&tagKeys=b%20c", method="DELETE"))
    assert application.calls[-1].params["tagKeys"] == ["a", "b c"]


@pytest.mark.parametrize(
    ("sent", "read_as"), [("Infinity", float("inf")), ("-Infinity", float("-inf")), (2, 2), (0.5, 0.5)]
)
def test_a_number_that_json_lacks_is_a_word(application: Application, sent: object, read_as: float) -> None:
    entries = [{"entityPropertyReference": {"propertyName": "p"}, "propertyValues": [{"value": {"doubleValue": sent}}]}]
    application.handle(twinmaker("/workspaces/factory/entity-properties", {"entries": entries}))
    assert application.calls[-1].params["entries"][0]["propertyValues"][0]["value"] == {"doubleValue": read_as}


def test_other_words_are_no_numbers(application: Application) -> None:
    entries = [
        {"entityPropertyReference": {"propertyName": "p"}, "propertyValues": [{"value": {"doubleValue": "1.5"}}]}
    ]
    refused = refusal(application.handle(twinmaker("/workspaces/factory/entity-properties", {"entries": entries})))
    assert refused.code == "SerializationException"
