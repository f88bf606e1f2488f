"""Validation of requests in AWS's wording: constraints, types and unknown fields."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest
from botocore.exceptions import ClientError

from tests.emulator.clients import HAS_CBOR, BotoClients, parse_error, signed, signed_cbor, signed_json
from tests.emulator.resources import REQUESTS, ROLE
from unisync.emulator import Emulator
from unisync.emulator._protocol.message import Request
from unisync.emulator._protocol.operations import Operation, Protocol, service_model
from unisync.emulator._protocol.serialization import read_params
from unisync.emulator.application import Application
from unisync.emulator.errors import AwsError

STACK = {"ResourceName": "payments-prod", "SyncType": "CFN_STACK_SYNC"}
ONE = "1 validation error detected: "


def parse(service: str, operation: str, params: object) -> dict[str, object]:
    """The parameters that the emulator parses from a JSON body, also of operations that it does not emulate."""
    model = service_model(service).operation_model(operation)
    body = json.dumps(params).encode()
    return read_params(Operation(service, operation, Protocol.JSON, model, {}), Request("POST", "/", {}, body))


def error_of(service: str, operation: str, params: object) -> AwsError:
    with pytest.raises(AwsError) as raised:
        parse(service, operation, params)
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
def test_a_message_names_the_field_and_the_constraint(
    aws: Emulator, boto: BotoClients, operation: str, change: Mapping[str, object], message: str
) -> None:
    with pytest.raises(boto.twinmaker.exceptions.ValidationException) as raised:
        boto.call("iottwinmaker", operation, {**REQUESTS["iottwinmaker", operation], **change})
    assert raised.value.response.get("Error", {}).get("Message") == message
    assert raised.value.response.get("ResponseMetadata", {}).get("HTTPStatusCode") == 400
    assert not aws.calls


@pytest.mark.parametrize(
    ("service", "operation", "change", "rule"),
    [
        (
            "proton",
            "GetServiceInstanceSyncStatus",
            {"serviceName": "we b"},
            "Value 'we b' at 'serviceName' failed to satisfy constraint: Member must satisfy regular expression "
            r"pattern: ^[0-9A-Za-z]+[0-9A-Za-z_\-]*$",
        ),
        (
            "proton",
            "GetTemplateSyncStatus",
            {"templateType": "PIPELINE"},
            "Value 'PIPELINE' at 'templateType' failed to satisfy constraint: Member must satisfy enum value set: "
            "[ENVIRONMENT, SERVICE]",
        ),
        (
            "proton",
            "GetTemplateSyncStatus",
            {"templateVersion": "1.0"},
            r"Value '1.0' at 'templateVersion' failed to satisfy constraint: Member must satisfy regular expression "
            r"pattern: ^(0|([1-9]{1}\d*))$",
        ),
        (
            "codeconnections",
            "GetResourceSyncStatus",
            {"ResourceName": "r" * 101},
            f"Value '{'r' * 101}' at 'resourceName' failed to satisfy constraint: Member must have length less than or "
            "equal to 100",
        ),
        (
            "codeconnections",
            "GetResourceSyncStatus",
            {"SyncType": "SAM_SYNC"},
            "Value 'SAM_SYNC' at 'syncType' failed to satisfy constraint: Member must satisfy enum value set: "
            "[CFN_STACK_SYNC]",
        ),
        (
            "codestar-connections",
            "GetSyncConfiguration",
            {"ResourceName": "payments\n"},
            "Value 'payments\n' at 'resourceName' failed to satisfy constraint: Member must satisfy regular expression "
            r"pattern: ^[0-9A-Za-z]+[0-9A-Za-z_\\-]*$",
        ),
    ],
)
def test_every_service_has_the_same_error_code(
    boto: BotoClients, service: str, operation: str, change: Mapping[str, object], rule: str
) -> None:
    """CodeConnections models InvalidInputException, but a constraint is checked before the service sees the request."""
    with pytest.raises(ClientError) as raised:
        boto.call(service, operation, {**REQUESTS[service, operation], **change})
    assert raised.value.response.get("Error", {}).get("Code") == "ValidationException"
    assert raised.value.response.get("Error", {}).get("Message") == ONE + rule


def test_a_violation_in_cbor(cbor: BotoClients) -> None:
    with pytest.raises(ClientError, match=r"\(ValidationException\) .* at 'syncType' failed"):
        cbor.call("codeconnections", "GetSyncConfiguration", {**STACK, "SyncType": "SAM_SYNC"})


def test_missing_fields_are_named(application: Application) -> None:
    error = parse_error(application.handle(signed_json("proton", "GetServiceInstanceSyncStatus", {})))
    assert error == (
        400,
        "ValidationException",
        "2 validation errors detected: Value null at 'serviceInstanceName' failed to satisfy constraint: Member must "
        "not be null; Value null at 'serviceName' failed to satisfy constraint: Member must not be null",
    )


def test_null_counts_as_missing(application: Application) -> None:
    params = {"ResourceName": None, "SyncType": "CFN_STACK_SYNC"}
    error = parse_error(application.handle(signed_json("codeconnections", "GetSyncConfiguration", params)))
    assert error.code == "ValidationException"
    assert error.message.endswith("Value null at 'resourceName' failed to satisfy constraint: Member must not be null")


def test_a_missing_field_in_a_list_is_named_with_its_index() -> None:
    sent = {
        "ConnectionArn": "arn:aws:codeconnections:eu-west-1:123456789012:connection/1",
        "OwnerId": "acme",
        "RepositoryName": "infra",
        "Tags": [{"Key": "a", "Value": "b"}, {"Key": "c"}],
    }
    assert "Value null at 'tags.2.member.value'" in error_of("codeconnections", "CreateRepositoryLink", sent).message


def test_all_violations_are_reported_together(application: Application) -> None:
    # boto3 itself rejects strings that are too short.
    request = twinmaker("/workspaces/factory/sync-jobs/SITEWISE", {"syncRole": "too:short"})
    error = parse_error(application.handle(request))
    assert error.message == (
        "2 validation errors detected: Value 'too:short' at 'syncRole' failed to satisfy constraint: Member must have "
        "length greater than or equal to 20; Value 'too:short' at 'syncRole' failed to satisfy constraint: Member must "
        "satisfy regular expression pattern: arn:((aws)|(aws-cn)|(aws-us-gov)):iam::[0-9]{12}:role/.*"
    )


def test_numbers_are_parsed(application: Application) -> None:
    application.handle(signed_json("codeconnections", "ListRepositoryLinks", {"MaxResults": 7, "NextToken": "t"}))
    assert application.calls[-1].params == {"MaxResults": 7, "NextToken": "t"}


@pytest.mark.parametrize("number", [-1, 101])
def test_a_number_out_of_range_is_rejected(number: int) -> None:
    error = error_of("codeconnections", "ListRepositoryLinks", {"MaxResults": number})
    bound = "greater than or equal to 0" if number < 0 else "less than or equal to 100"
    assert error.message == (
        f"{ONE}Value '{number}' at 'maxResults' failed to satisfy constraint: Member must have value {bound}"
    )


@pytest.mark.parametrize("number", [0, 100])
def test_a_number_at_its_bound_is_accepted(number: int) -> None:
    assert parse("codeconnections", "ListRepositoryLinks", {"MaxResults": number}) == {"MaxResults": number}


@pytest.mark.parametrize("filters", [{}, {"state": "IN_SYNC", "resourceId": "a1"}])
def test_a_union_has_exactly_one_field(filters: Mapping[str, str]) -> None:
    model = service_model("iottwinmaker").operation_model("ListSyncResources")
    labels = {"workspaceId": "factory", "syncSource": "SITEWISE"}
    operation = Operation("iottwinmaker", "ListSyncResources", Protocol.REST_JSON, model, labels)
    body = json.dumps({"filters": [filters]}).encode()
    with pytest.raises(AwsError, match=r"at 'filters\.1\.member' .* exactly one of"):
        read_params(operation, Request("POST", "/", {}, body))


def test_digits_and_letters_in_patterns_are_ascii() -> None:
    r"""In Java, \d and \w match ASCII only. In Python, they match every script."""
    error = error_of(
        "proton", "GetTemplateSyncStatus", {**REQUESTS["proton", "GetTemplateSyncStatus"], "templateVersion": "1٣"}
    )
    assert "at 'templateVersion'" in error.message


def test_a_tag_may_be_in_any_script(application: Application) -> None:
    body = json.dumps({"syncRole": ROLE, "tags": {"équipe 数": "jumeaux"}}).encode()
    request = signed("iottwinmaker", target="/workspaces/factory/sync-jobs/SITEWISE", body=body)
    assert parse_error(application.handle(request)).message == "Workspace factory does not exist"
    body = json.dumps({"syncRole": ROLE, "tags": {"no!": "x"}}).encode()
    request = signed("iottwinmaker", target="/workspaces/factory/sync-jobs/SITEWISE", body=body)
    assert "at 'tags.key'" in parse_error(application.handle(request)).message


def test_unknown_fields_are_ignored(application: Application) -> None:
    params = {**STACK, "AddedByAws": {"Deep": [1, None]}}
    error = parse_error(application.handle(signed_json("codeconnections", "GetSyncConfiguration", params)))
    assert error.code == "ResourceNotFoundException"
    assert application.calls[-1].params == STACK


NOT_STRINGS = [3, 1.5, True, ["payments-prod"], {"a": 1}]


@pytest.mark.parametrize("value", NOT_STRINGS, ids=repr)
def test_a_value_of_another_type_is_rejected_for_a_string(application: Application, value: object) -> None:
    params = {**STACK, "ResourceName": value}
    error = parse_error(application.handle(signed_json("codeconnections", "GetSyncConfiguration", params)))
    assert error[:2] == (400, "SerializationException")
    assert "'ResourceName'" in error.message


@pytest.mark.skipif(not HAS_CBOR, reason="the installed botocore's model has no CBOR")
@pytest.mark.parametrize("value", [*NOT_STRINGS, b"payments-prod"], ids=repr)
def test_a_value_of_another_type_is_rejected_for_a_string_in_cbor(application: Application, value: object) -> None:
    params = {**STACK, "ResourceName": value}
    error = parse_error(application.handle(signed_cbor("GetSyncConfiguration", params)))
    assert error[:2] == (400, "SerializationException")
    assert "'ResourceName'" in error.message


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
def test_the_path_of_a_wrong_value_is_named(service: str, operation: str, params: object, where: str) -> None:
    assert f"'{where}'" in error_of(service, operation, params).message


def twinmaker(target: str, body: object = None, method: str = "POST") -> Request:
    return signed("iottwinmaker", method, target, json.dumps(body).encode() if body is not None else b"")


@pytest.mark.parametrize("tags", [[], "x", {"a": 1}, {"a": None}], ids=repr)
def test_a_value_of_another_type_is_rejected_for_a_map(application: Application, tags: object) -> None:
    request = twinmaker("/workspaces/factory/sync-jobs/SITEWISE", {"syncRole": ROLE, "tags": tags})
    error = parse_error(application.handle(request))
    assert error.code == "SerializationException"
    assert "'tags" in error.message


def test_parameters_of_the_path_and_query_are_not_read_from_the_body(application: Application) -> None:
    request = twinmaker(
        "/workspaces/factory/sync-jobs/SITEWISE",
        {"syncRole": ROLE, "workspaceId": "other", "syncSource": "OTHER"},
    )
    application.handle(request)
    assert application.calls[-1].params == {"workspaceId": "factory", "syncSource": "SITEWISE", "syncRole": ROLE}
    application.handle(twinmaker("/sync-jobs/SITEWISE", {"workspaceId": "factory"}, "GET"))
    assert application.calls[-1].params == {"syncSource": "SITEWISE"}


@pytest.mark.parametrize(("sent", "parsed"), [("true", True), ("false", False)])
def test_a_boolean_in_a_query_is_parsed(application: Application, sent: str, parsed: bool) -> None:
    application.handle(twinmaker(f"/workspaces/factory/entities/e1?isRecursive={sent}", method="DELETE"))
    assert application.calls[-1].params["isRecursive"] is parsed


def test_an_invalid_boolean_in_a_query_is_rejected(application: Application) -> None:
    request = twinmaker("/workspaces/factory/entities/e1?isRecursive=yes", method="DELETE")
    error = parse_error(application.handle(request))
    assert error.code == "SerializationException"
    assert "'isRecursive'" in error.message


def test_a_list_in_a_query_is_parsed(application: Application) -> None:
    arn = "arn:aws:iottwinmaker:eu-west-1:123456789012:workspace/factory"
    application.handle(twinmaker(f"/tags?resourceARN={arn}&tagKeys=a&tagKeys=b%20c", method="DELETE"))
    assert application.calls[-1].params["tagKeys"] == ["a", "b c"]


@pytest.mark.parametrize(
    ("sent", "parsed"), [("Infinity", float("inf")), ("-Infinity", float("-inf")), (2, 2), (0.5, 0.5)]
)
def test_numbers_that_json_lacks_are_strings(application: Application, sent: object, parsed: float) -> None:
    entries = [{"entityPropertyReference": {"propertyName": "p"}, "propertyValues": [{"value": {"doubleValue": sent}}]}]
    application.handle(twinmaker("/workspaces/factory/entity-properties", {"entries": entries}))
    assert application.calls[-1].params["entries"][0]["propertyValues"][0]["value"] == {"doubleValue": parsed}


def test_other_strings_are_rejected_for_a_number(application: Application) -> None:
    entries = [
        {"entityPropertyReference": {"propertyName": "p"}, "propertyValues": [{"value": {"doubleValue": "1.5"}}]}
    ]
    error = parse_error(application.handle(twinmaker("/workspaces/factory/entity-properties", {"entries": entries})))
    assert error.code == "SerializationException"
