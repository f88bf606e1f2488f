"""STS: assuming roles in other accounts, and the lifetime of the temporary credentials."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from functools import partial
from typing import Any
from xml.etree import ElementTree

import boto3
import pytest
from botocore.config import Config
from botocore.credentials import AssumeRoleCredentialFetcher, Credentials, DeferredRefreshableCredentials
from botocore.exceptions import ClientError, ConnectionClosedError
from botocore.parsers import ResponseParserError

from tests.emulator.clients import CONFIG, BotoClients, new_core_session, session_with, signed
from tests.emulator.resources import REQUESTS, populate
from unisync.emulator import ACCOUNT, REGION, Emulator
from unisync.emulator._protocol.message import Request, Response
from unisync.emulator._protocol.operations import Operation, Protocol, service_model
from unisync.emulator._protocol.serialization import read_params
from unisync.emulator._protocol.signature import access_key_of, secret_of
from unisync.emulator._state.identities import Role
from unisync.emulator.application import Application

pytestmark = pytest.mark.slow

OTHER = "111122223333"
ROLE = f"arn:aws:iam::{OTHER}:role/reader"
PARAMS = {"RoleArn": ROLE, "RoleSessionName": "me"}
NAMESPACE = "https://sts.amazonaws.com/doc/2011-06-15/"
READS = [
    ("codeconnections", "GetSyncConfiguration"),
    ("codestar-connections", "GetSyncConfiguration"),
    ("proton", "GetServiceSyncConfig"),
    ("iottwinmaker", "ListSyncJobs"),
]
"""One read operation of each service that works after `populate`."""


@pytest.fixture
def role(aws: Emulator) -> Emulator:
    """The emulator with a role in another account, and resources of every kind in that account."""
    populate(aws.account(account=OTHER))
    aws.add_role(ROLE)
    return aws


def assume(boto: BotoClients, **changes: object) -> dict[str, Any]:
    return boto.call("sts", "AssumeRole", {**PARAMS, **changes})


def clients_with(aws: Emulator, reply: Mapping[str, Any], region: str = REGION) -> BotoClients:
    """Clients with the credentials in a reply of AssumeRole."""
    credentials = reply["Credentials"]
    session = session_with(
        credentials["AccessKeyId"], credentials["SecretAccessKey"], credentials["SessionToken"], region
    )
    return BotoClients(aws.url, session=session)


def message_of(raised: pytest.ExceptionInfo[ClientError]) -> str:
    return raised.value.response.get("Error", {}).get("Message", "")


def raises(status: int, code: str) -> AbstractContextManager[pytest.ExceptionInfo[ClientError]]:
    def matches(error: ClientError) -> bool:
        metadata = error.response.get("ResponseMetadata", {})
        found = metadata.get("HTTPStatusCode"), error.response.get("Error", {}).get("Code")
        return found == (status, code) and bool(metadata.get("RequestId"))

    return pytest.raises(ClientError, check=matches)


def form(body: bytes, **options: Any) -> Request:
    """A signed request in the query protocol."""
    headers = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}
    return signed("sts", body=body, headers=headers, **options)


def without(request: Request, header: str) -> Request:
    kept = {name: value for name, value in request.headers.items() if name != header}
    return Request(request.method, request.target, kept, request.body)


def parse_xml(response: Response) -> ElementTree.Element:
    assert response.headers["content-type"] == "text/xml"
    return ElementTree.fromstring(response.body)


def parse_xml_error(response: Response) -> tuple[int, str | None, str | None]:
    """Status, code and message of an error, parsed without botocore."""
    root = parse_xml(response)
    # Without a known operation there is no namespace of a service.
    prefix = f"{{{NAMESPACE}}}" if root.tag.startswith("{") else ""
    assert root.tag == f"{prefix}ErrorResponse"
    assert root.findtext(f"{prefix}Error/{prefix}Type") == ("Sender" if response.status < 500 else "Receiver")
    assert root.findtext(f"{prefix}RequestId") == response.headers["x-amzn-requestid"]
    code, message = (root.findtext(f"{prefix}Error/{prefix}{name}") for name in ("Code", "Message"))
    return response.status, code, message


def test_a_role_can_be_assumed(role: Emulator, boto: BotoClients) -> None:
    role.clock.advance(100)
    reply = assume(boto)
    credentials, user = reply["Credentials"], reply["AssumedRoleUser"]
    assert credentials["AccessKeyId"].startswith("ASIA")
    assert (len(credentials["AccessKeyId"]), len(credentials["SecretAccessKey"])) == (20, 40)
    assert credentials["Expiration"] == datetime.fromtimestamp(int(role.clock.time()) + 3600, UTC)
    assert user["Arn"] == f"arn:aws:sts::{OTHER}:assumed-role/reader/me"
    assert user["AssumedRoleId"].startswith("AROA")
    assert user["AssumedRoleId"].endswith(":me")
    assert "SourceIdentity" not in reply
    (call,) = role.calls
    assert (call.service, call.operation, call.params) == ("sts", "AssumeRole", PARAMS)
    assert (call.account, call.region) == (ACCOUNT, REGION)
    assert call.time == datetime.fromtimestamp(role.clock.time(), UTC)


def test_the_reply_is_xml(application: Application) -> None:
    application.identities.roles[ROLE] = Role(ROLE, None)
    body = f"Action=AssumeRole&Version=2011-06-15&RoleArn={ROLE}&RoleSessionName=me&DurationSeconds=900"
    response = application.handle(form(body.encode()))
    assert response.status == 200
    root = parse_xml(response)
    names = {"": NAMESPACE}
    assert root.tag == f"{{{NAMESPACE}}}AssumeRoleResponse"
    expiration = root.findtext("AssumeRoleResult/Credentials/Expiration", namespaces=names)
    assert expiration == datetime.fromtimestamp(application.clock.time() + 900, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    request_id = root.findtext("ResponseMetadata/RequestId", namespaces=names)
    assert request_id == response.headers["x-amzn-requestid"]


def test_every_call_issues_new_credentials(role: Emulator, boto: BotoClients) -> None:
    first, second = assume(boto), assume(boto)
    for field in ("AccessKeyId", "SecretAccessKey", "SessionToken"):
        assert first["Credentials"][field] != second["Credentials"][field]
    assert first["AssumedRoleUser"] == second["AssumedRoleUser"]
    for reply in (first, second):
        with clients_with(role, reply) as assumed:
            assumed.call("sts", "GetCallerIdentity", {})


def test_optional_parameters_are_accepted(role: Emulator, boto: BotoClients) -> None:
    more = {
        "PolicyArns": [{"arn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}],
        "Policy": '{"Version": "2012-10-17", "Statement": []}',
        "DurationSeconds": 43200,
        "Tags": [{"Key": "team", "Value": "tüins + more="}, {"Key": "empty", "Value": ""}],
        "TransitiveTagKeys": ["team"],
        "ExternalId": "not-required",
        "SourceIdentity": "someone",
    }
    reply = assume(boto, **more)
    assert reply["SourceIdentity"] == "someone"
    assert reply["Credentials"]["Expiration"] == datetime.fromtimestamp(int(role.clock.time()) + 43200, UTC)
    assert role.calls[-1].params == {**PARAMS, **more}


@pytest.mark.parametrize(("service", "operation"), READS)
def test_the_credentials_act_in_the_account_of_the_role(
    role: Emulator, boto: BotoClients, service: str, operation: str
) -> None:
    with clients_with(role, assume(boto)) as assumed:
        assumed.call(service, operation, REQUESTS[service, operation])
    assert (role.calls[-1].service, role.calls[-1].account, role.calls[-1].region) == (service, OTHER, REGION)
    with pytest.raises(ClientError):
        boto.call(service, operation, REQUESTS[service, operation])


def test_the_credentials_work_in_cbor(role: Emulator, boto: BotoClients, cbor_session: boto3.Session) -> None:
    credentials = assume(boto)["Credentials"]
    client: Any = cbor_session.client(
        "codeconnections",
        endpoint_url=role.url,
        aws_access_key_id=credentials["AccessKeyId"],
        aws_secret_access_key=credentials["SecretAccessKey"],
        aws_session_token=credentials["SessionToken"],
    )
    try:
        assert client.get_sync_configuration(**REQUESTS["codeconnections", "GetSyncConfiguration"])
        role.expire_credentials()
        with raises(403, "ExpiredTokenException"):
            client.get_sync_configuration(**REQUESTS["codeconnections", "GetSyncConfiguration"])
    finally:
        client.close()


def test_the_credentials_work_in_every_region(role: Emulator, boto: BotoClients) -> None:
    role.account(account=OTHER, region="us-west-2").add_stack("orders", repository="acme/infra")
    with clients_with(role, assume(boto), region="us-west-2") as assumed:
        found = assumed.connections.get_sync_configuration(ResourceName="orders", SyncType="CFN_STACK_SYNC")
    assert found["SyncConfiguration"]["RoleArn"] == f"arn:aws:iam::{OTHER}:role/git-sync"


@pytest.mark.parametrize("region", ["us-east-1", "aws-global", "ap-southeast-2"])
def test_a_role_can_be_assumed_from_every_region(role: Emulator, region: str) -> None:
    with BotoClients(role.url, region=region) as boto, clients_with(role, assume(boto)) as assumed:
        assumed.connections.get_sync_configuration(ResourceName="payments-prod", SyncType="CFN_STACK_SYNC")
    assert [call.account for call in role.calls] == [ACCOUNT, OTHER]


def test_a_role_can_be_assumed_from_another_account_and_another_role(role: Emulator) -> None:
    role.add_role("arn:aws:iam::444455556666:role/team/deep/second")
    with BotoClients(role.url, account="210987654321") as boto, clients_with(role, assume(boto)) as assumed:
        reply = assume(assumed, RoleArn="arn:aws:iam::444455556666:role/team/deep/second")
    assert reply["AssumedRoleUser"]["Arn"] == "arn:aws:sts::444455556666:assumed-role/second/me"
    assert [call.account for call in role.calls] == ["210987654321", OTHER]


def test_roles_of_several_accounts_act_in_their_own_account(aws: Emulator, boto: BotoClients) -> None:
    accounts = [f"{number:012}" for number in range(1, 6)]
    for account in accounts:
        aws.add_role(f"arn:aws:iam::{account}:role/reader")
        aws.account(account=account).add_stack(f"stack-{account}", repository="acme/infra")
    replies = [assume(boto, RoleArn=f"arn:aws:iam::{account}:role/reader") for account in accounts]
    for account, reply in zip(accounts, replies, strict=True):
        with clients_with(aws, reply) as assumed:
            assumed.connections.get_sync_configuration(ResourceName=f"stack-{account}", SyncType="CFN_STACK_SYNC")


def test_get_caller_identity(role: Emulator, boto: BotoClients) -> None:
    own = boto.call("sts", "GetCallerIdentity", {})
    assert (own["Account"], own["Arn"]) == (ACCOUNT, f"arn:aws:iam::{ACCOUNT}:user/emulated")
    assert own["UserId"].startswith("AIDA")
    reply = assume(boto)
    with clients_with(role, reply) as assumed:
        found = assumed.call("sts", "GetCallerIdentity", {})
    user = reply["AssumedRoleUser"]
    assert (found["Account"], found["Arn"], found["UserId"]) == (OTHER, user["Arn"], user["AssumedRoleId"])
    assert [call.operation for call in role.calls] == ["GetCallerIdentity", "AssumeRole", "GetCallerIdentity"]


def denial(caller: str, role: str = ROLE) -> str:
    return f"User: {caller} is not authorized to perform: sts:AssumeRole on resource: {role}"


def test_a_missing_role_is_denied(aws: Emulator, boto: BotoClients) -> None:
    with raises(403, "AccessDenied") as raised:
        assume(boto)
    assert message_of(raised) == denial(f"arn:aws:iam::{ACCOUNT}:user/emulated")
    assert raised.value.response.get("Error", {}).get("Type") == "Sender"
    assert [call.operation for call in aws.calls] == ["AssumeRole"]


def test_a_denial_names_the_assumed_role(role: Emulator, boto: BotoClients) -> None:
    with clients_with(role, assume(boto)) as assumed, raises(403, "AccessDenied") as raised:
        assume(assumed, RoleArn=f"{ROLE}-2")
    assert message_of(raised) == denial(f"arn:aws:sts::{OTHER}:assumed-role/reader/me", f"{ROLE}-2")


@pytest.mark.parametrize("sent", [{}, {"ExternalId": "another"}, {"ExternalId": "OURS"}])
def test_a_wrong_or_missing_external_id_is_denied(aws: Emulator, boto: BotoClients, sent: Mapping[str, str]) -> None:
    aws.add_role(ROLE, external_id="ours")
    with raises(403, "AccessDenied") as raised:
        assume(boto, **sent)
    assert message_of(raised) == denial(f"arn:aws:iam::{ACCOUNT}:user/emulated")
    assert assume(boto, ExternalId="ours")["Credentials"]


def test_a_removed_role_is_denied_but_its_credentials_still_work(role: Emulator, boto: BotoClients) -> None:
    reply = assume(boto)
    role.remove_role(ROLE)
    with raises(403, "AccessDenied"):
        assume(boto)
    with clients_with(role, reply) as assumed:
        assumed.call("sts", "GetCallerIdentity", {})
    role.add_role(ROLE)
    assert assume(boto)["Credentials"]


def test_adding_a_role_again_replaces_it(role: Emulator, boto: BotoClients) -> None:
    role.add_role(ROLE, external_id="ours")
    with raises(403, "AccessDenied"):
        assume(boto)
    role.add_role(ROLE)
    assert assume(boto)["Credentials"]


@pytest.mark.parametrize(
    "arn",
    [
        "",
        "reader",
        "arn:aws:iam::12345:role/reader",
        "arn:aws:iam::111122223333:user/reader",
        "arn:aws:iam:eu-west-1:111122223333:role/reader",
        "arn:aws:iam::111122223333:role/",
        "arn:aws:iam::111122223333:role/a b",
        f"arn:aws:iam::111122223333:role/{'x' * 65}",
    ],
)
def test_a_role_needs_the_arn_of_a_role(aws: Emulator, arn: str) -> None:
    with pytest.raises(ValueError, match=r"^arn: expected a role's"):
        aws.add_role(arn)


def test_invalid_roles_are_rejected(aws: Emulator) -> None:
    with pytest.raises(ValueError, match=r"^arn: .* less than or equal to 2048"):
        aws.add_role(f"arn:aws:iam::111122223333:role/{'x' * 2048}/reader")
    with pytest.raises(ValueError, match=r"^external_id: "):
        aws.add_role(ROLE, external_id="x")
    with pytest.raises(ValueError, match=r"^arn: there is no role"):
        aws.remove_role(ROLE)
    with pytest.raises(ValueError, match=r"^account: expected twelve digits"):
        aws.expire_credentials(account="12")


def test_a_role_may_be_in_another_partition(aws: Emulator, boto: BotoClients) -> None:
    aws.add_role("arn:aws-cn:iam::111122223333:role/reader")
    reply = assume(boto, RoleArn="arn:aws-cn:iam::111122223333:role/reader")
    assert reply["AssumedRoleUser"]["Arn"] == "arn:aws-cn:sts::111122223333:assumed-role/reader/me"


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"RoleSessionName": "m"}, "at 'roleSessionName' .* length greater than or equal to 2"),
        ({"RoleSessionName": "m" * 65}, "at 'roleSessionName' .* length less than or equal to 64"),
        ({"RoleSessionName": "m e"}, r"at 'roleSessionName' .* pattern: \[\\w\+=,\.@-\]\*"),
        ({"RoleSessionName": "m\x00é<&"}, "'m\N{REPLACEMENT CHARACTER}é<&' at 'roleSessionName' .* pattern"),
        ({"RoleArn": "arn:aws:iam::1"}, "at 'roleArn' .* length greater than or equal to 20"),
        ({"RoleArn": "not-the-arn-of-anything"}, "Request ARN is invalid"),
        ({"RoleArn": "arn:aws:iam::111122223333:user/reader"}, "Request ARN is invalid"),
        ({"DurationSeconds": 899}, "at 'durationSeconds' .* value greater than or equal to 900"),
        ({"DurationSeconds": 43201}, "at 'durationSeconds' .* value less than or equal to 43200"),
        ({"ExternalId": "x"}, "at 'externalId' .* length greater than or equal to 2"),
        ({"ExternalId": "a b"}, "at 'externalId' .* pattern"),
        ({"TokenCode": "12345"}, "at 'tokenCode' .* length"),
        ({"Tags": [{"Key": "a", "Value": "b"}, {"Key": "é" * 129, "Value": ""}]}, "at 'tags.2.member.key' .* length"),
        ({"Tags": [{"Key": "a", "Value": "b"}] * 51}, "at 'tags' .* length less than or equal to 50"),
        ({"RoleSessionName": "m", "DurationSeconds": 1}, "2 validation errors detected: "),
    ],
)
def test_a_violated_constraint_is_named(role: Emulator, changes: Mapping[str, object], rule: str) -> None:
    unchecked = CONFIG.merge(Config(parameter_validation=False))  # botocore itself rejects some of these
    with BotoClients(role.url, config=unchecked) as boto, raises(400, "ValidationError") as raised:
        assume(boto, **changes)
    assert re.match(f"(1 validation error detected: Value .*)?{rule}", message_of(raised), re.DOTALL)
    assert not role.calls or "is invalid" in rule


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        (b"", "InvalidAction", "Could not find operation  for version NO_VERSION_SPECIFIED"),
        (
            b"Action=GetCallerIdentity",
            "InvalidAction",
            "Could not find operation GetCallerIdentity for version NO_VERSION_SPECIFIED",
        ),
        (
            b"Action=GetCallerIdentity&Version=2010-01-01",
            "InvalidAction",
            "Could not find operation GetCallerIdentity for version 2010-01-01",
        ),
        (
            b"Action=GetSyncJob&Version=2011-06-15",
            "InvalidAction",
            "Could not find operation GetSyncJob for version 2011-06-15",
        ),
        (b"Action=%FF", "MalformedInput", None),
        (b"\xff", "MalformedInput", None),
        (
            b"Action=AssumeRole&Version=2011-06-15",
            "ValidationError",
            "2 validation errors detected: Value null at 'roleArn' failed to satisfy constraint: Member must not be "
            "null; Value null at 'roleSessionName' failed to satisfy constraint: Member must not be null",
        ),
        (
            b"Action=AssumeRole&Version=2011-06-15&DurationSeconds=1_000",
            "MalformedInput",
            "'1_000' at 'DurationSeconds' is not of type integer",
        ),
    ],
)
def test_an_invalid_form_is_rejected(application: Application, body: bytes, code: str, message: str | None) -> None:
    status, found, text = parse_xml_error(application.handle(form(body)))
    assert (status, found) == (400, code)
    assert text
    assert message in (None, text)
    assert not application.calls


def parse(operation: str, body: bytes) -> dict[str, object]:
    """The parameters that the emulator parses from a form, also of operations that it does not emulate."""
    model = service_model("sts").operation_model(operation)
    return read_params(Operation("sts", operation, Protocol.QUERY, model, {}), Request("POST", "/", {}, body))


def test_lists_are_ordered_by_their_numbers() -> None:
    required = f"RoleArn={ROLE}&RoleSessionName=me"
    tags = "&Tags.member.10.Key=c&Tags.member.10.Value=3&Tags.member.2.Value=%C3%BC+2&Tags.member.2.Key=b"
    keys = "&TransitiveTagKeys.member.1=b&TransitiveTagKeys.member.3=c&TransitiveTagKeys.member.x=d&Nothing=known"
    assert parse("AssumeRole", f"{required}{tags}{keys}&PolicyArns=".encode()) == {
        **PARAMS,
        "Tags": [{"Key": "b", "Value": "ü 2"}, {"Key": "c", "Value": "3"}],
        "TransitiveTagKeys": ["b", "c"],
        "PolicyArns": [],
    }
    assert parse("AssumeRole", f"{required}&PolicyArns.member.1.x=1&TransitiveTagKeys.member.1.x=1".encode()) == PARAMS


def test_an_operation_that_is_not_emulated_is_an_error(boto: BotoClients) -> None:
    with raises(501, "UnknownOperationException") as raised:
        boto.call("sts", "GetSessionToken", {})
    assert message_of(raised) == "GetSessionToken is not emulated"


# Signatures


def tampered(request: Request, old: str, new: str) -> Request:
    authorization = request.headers["authorization"]
    assert old in authorization
    return Request(
        request.method,
        request.target,
        {**request.headers, "authorization": authorization.replace(old, new)},
        request.body,
    )


WHOAMI = b"Action=GetCallerIdentity&Version=2011-06-15"


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        pytest.param(lambda: without(form(WHOAMI), "authorization"), "MissingAuthenticationToken", id="unsigned"),
        pytest.param(lambda: tampered(form(WHOAMI), "Signature=", "S="), "IncompleteSignature", id="incomplete"),
        pytest.param(lambda: form(WHOAMI, secret="wrong"), "SignatureDoesNotMatch", id="secret"),
        pytest.param(lambda: tampered(form(WHOAMI), "AKIA", "ASIA"), "InvalidClientTokenId", id="key"),
        pytest.param(lambda: tampered(form(WHOAMI), "/sts/", "/proton/"), "SignatureDoesNotMatch", id="scope"),
    ],
)
def test_a_wrong_signature_has_the_error_codes_of_sts(
    application: Application, request_: Callable[[], Request], code: str
) -> None:
    assert parse_xml_error(application.handle(request_()))[:2] == (403, code)
    assert not application.calls


def test_a_signature_for_another_service_is_rejected(application: Application) -> None:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    response = application.handle(signed("proton", body=WHOAMI, headers=headers))
    assert parse_xml_error(response) == (
        403,
        "SignatureDoesNotMatch",
        "Credential should be scoped to correct service: 'sts'.",
    )


def test_a_form_is_a_query_request_only_at_the_root(application: Application) -> None:
    """curl labels every body as a form."""
    headers = {"content-type": "application/x-www-form-urlencoded"}
    request = signed("iottwinmaker", target="/workspaces-list", body=b"{}", headers=headers)
    assert application.handle(request).status == 200


@pytest.mark.parametrize("service", ["sts", "proton"])  # one of each protocol family
def test_a_temporary_key_needs_its_own_token(role: Emulator, boto: BotoClients, service: str) -> None:
    credentials, other = assume(boto)["Credentials"], assume(boto)["Credentials"]
    operation = {**dict(READS), "sts": "GetCallerIdentity"}[service]
    expected = "InvalidClientTokenId" if service == "sts" else "UnrecognizedClientException"
    for token in (None, "another", other["SessionToken"]):
        session = session_with(credentials["AccessKeyId"], credentials["SecretAccessKey"], token)
        with BotoClients(role.url, session=session) as assumed, raises(403, expected) as raised:
            assumed.call(service, operation, REQUESTS.get((service, operation), {}))
        assert message_of(raised) == "The security token included in the request is invalid."


def test_a_temporary_key_needs_its_own_secret(role: Emulator, boto: BotoClients) -> None:
    first, second = assume(boto)["Credentials"], assume(boto)["Credentials"]
    session = session_with(first["AccessKeyId"], second["SecretAccessKey"], first["SessionToken"])
    with BotoClients(role.url, session=session) as assumed, raises(403, "InvalidSignatureException"):
        assumed.call("proton", "ListServices", {})


# Expiry

IS_EXPIRED = "The security token included in the request is expired"


def check_expired(clients: BotoClients) -> None:
    for service, operation in READS:
        with raises(403, "ExpiredTokenException") as raised:
            clients.call(service, operation, REQUESTS[service, operation])
        assert message_of(raised) == IS_EXPIRED
    for operation, params in (("AssumeRole", PARAMS), ("GetCallerIdentity", {})):
        with raises(403, "ExpiredToken") as raised:
            clients.call("sts", operation, params)
        assert message_of(raised) == IS_EXPIRED


@pytest.mark.parametrize(("requested", "lifetime"), [({}, 3600), ({"DurationSeconds": 900}, 900)])
def test_credentials_expire(role: Emulator, boto: BotoClients, requested: Mapping[str, int], lifetime: float) -> None:
    role.clock.advance(50)
    with clients_with(role, assume(boto, **requested)) as assumed:
        role.clock.advance(lifetime - 1)
        assumed.call("sts", "GetCallerIdentity", {})
        role.clock.advance(1)
        before = len(role.calls)
        check_expired(assumed)
    assert len(role.calls) == before
    with clients_with(role, assume(boto)) as assumed:
        assumed.call("sts", "GetCallerIdentity", {})


def test_credentials_can_be_expired_on_demand(role: Emulator, boto: BotoClients) -> None:
    role.add_role("arn:aws:iam::444455556666:role/reader")
    with (
        clients_with(role, assume(boto)) as first,
        clients_with(role, assume(boto)) as second,
        clients_with(role, assume(boto, RoleArn="arn:aws:iam::444455556666:role/reader")) as other,
    ):
        role.expire_credentials(account=OTHER)
        check_expired(first)
        check_expired(second)
        other.call("sts", "GetCallerIdentity", {})
        with clients_with(role, assume(boto)) as fresh:
            fresh.call("sts", "GetCallerIdentity", {})
            role.expire_credentials()
            check_expired(fresh)
            check_expired(other)
    boto.call("sts", "GetCallerIdentity", {})


# Faults


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        ("AccessDenied", 403, "Sender"),
        ("ExpiredToken", 403, "Sender"),
        ("ExpiredTokenException", 400, "Sender"),
        ("InvalidClientTokenId", 403, "Sender"),
        ("MalformedPolicyDocument", 400, "Sender"),
        ("RegionDisabledException", 403, "Sender"),
        ("Throttling", 400, "Sender"),
        ("InternalFailure", 500, "Receiver"),
        ("ServiceUnavailable", 503, "Receiver"),
    ],
)
def test_an_error_has_its_status_and_type(role: Emulator, boto: BotoClients, code: str, status: int, kind: str) -> None:
    role.fault("AssumeRole", code, message=f"{code}: <test>")
    with raises(status, code) as raised:
        assume(boto)
    assert message_of(raised) == f"{code}: <test>"
    assert raised.value.response.get("Error", {}).get("Type") == kind
    assert type(raised.value) is boto.client("sts").exceptions.from_code(code)
    assert assume(boto)["Credentials"]
    assert [call.operation for call in role.calls] == ["AssumeRole"] * 2


def test_wire_faults(role: Emulator, boto: BotoClients) -> None:
    role.fault("AssumeRole", "drop", service="sts")
    with pytest.raises(ConnectionClosedError):
        assume(boto)
    role.fault("AssumeRole", "http-503")
    with pytest.raises(ClientError, match="Service Unavailable"):
        assume(boto)
    for kind in ("short", "garble", "empty"):
        role.fault("AssumeRole", kind)
        with pytest.raises(ResponseParserError):
            assume(boto)
    role.fault("AssumeRole", "html")
    with pytest.raises(KeyError, match="AssumeRoleResult"):  # HTML is well-formed XML to botocore
        assume(boto)
    role.fault("AssumeRole", "missing-member")
    assert set(assume(boto)["Credentials"]) == {"SecretAccessKey", "SessionToken", "Expiration"}
    role.fault("AssumeRole", "unknown-member")
    assert set(assume(boto)["Credentials"]) == {"AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration"}


def test_a_delivery_fault_applies_to_errors_too(aws: Emulator, boto: BotoClients) -> None:
    aws.fault("AssumeRole", "slow", seconds=0.02)
    with raises(403, "AccessDenied"):
        assume(boto)


def test_a_rate_limit(role: Emulator, boto: BotoClients) -> None:
    role.throttle("AssumeRole", rate=1, burst=2, service="sts")
    for _ in range(2):
        assume(boto)
    with raises(400, "Throttling") as raised:
        assume(boto)
    assert message_of(raised) == "Rate exceeded"
    role.clock.advance(1)
    assert assume(boto)["Credentials"]


def test_a_fault_needs_an_operation_of_its_service(aws: Emulator) -> None:
    with pytest.raises(ValueError, match="there is no 'AssumeRole' in proton"):
        aws.fault("AssumeRole", "drop", service="proton")


# In botocore


def test_assume_role_with_plain_boto3(role: Emulator) -> None:
    session = session_with(access_key_of(ACCOUNT), secret_of(ACCOUNT))
    sts: Any = session.client("sts", endpoint_url=role.url)
    credentials = sts.assume_role(RoleArn=ROLE, RoleSessionName="me")["Credentials"]
    sts.close()
    assumed = session_with(credentials["AccessKeyId"], credentials["SecretAccessKey"], credentials["SessionToken"])
    with BotoClients(role.url, session=assumed) as boto:
        assert boto.connections.list_repository_links()["RepositoryLinks"]
        assert boto.proton.get_service_sync_config(serviceName="web")
        created = boto.twinmaker.create_sync_job(workspaceId="factory", syncSource="SITEWISE", syncRole=ROLE)
    assert created["arn"].split(":")[4] == OTHER


def fetcher(aws: Emulator, **extra: object) -> AssumeRoleCredentialFetcher:
    """botocore's own AssumeRole provider."""
    creator = partial(new_core_session().create_client, endpoint_url=aws.url, region_name=REGION)
    own = Credentials(access_key_of(ACCOUNT), secret_of(ACCOUNT))
    return AssumeRoleCredentialFetcher(creator, own, ROLE, {"RoleSessionName": "me", **extra})


def refreshing_clients(aws: Emulator, credentials: Credentials) -> BotoClients:
    """Clients that get their keys from refreshable credentials."""
    core: Any = new_core_session()
    core._credentials = credentials
    return BotoClients(aws.url, session=boto3.Session(botocore_session=core, region_name=REGION))


def test_botocore_fetches_credentials_lazily(role: Emulator) -> None:
    fetch = fetcher(role, DurationSeconds=7200).fetch_credentials
    with refreshing_clients(role, DeferredRefreshableCredentials(fetch, "assume-role")) as boto:
        assert not role.calls
        for _ in range(2):
            assert boto.connections.list_repository_links()["RepositoryLinks"]
    calls = [(call.operation, call.account) for call in role.calls]
    assert calls == [("AssumeRole", ACCOUNT), *[("ListRepositoryLinks", OTHER)] * 2]
    assert role.calls[0].params == {**PARAMS, "DurationSeconds": 7200}


def test_botocore_refreshes_credentials_until_the_role_is_removed(role: Emulator) -> None:
    """In emulated time. A fetcher caches by real time, so each refresh uses a new one."""
    credentials = DeferredRefreshableCredentials(
        lambda: fetcher(role).fetch_credentials(),
        "assume-role",
        time_fetcher=lambda: datetime.fromtimestamp(role.clock.time(), UTC),
    )
    with refreshing_clients(role, credentials) as boto:
        for _ in range(2):
            boto.connections.list_repository_links()
            role.clock.advance(3600)
        role.remove_role(ROLE)
        with raises(403, "AccessDenied"):
            boto.connections.list_repository_links()
    assert [call.operation for call in role.calls] == [*["AssumeRole", "ListRepositoryLinks"] * 2, "AssumeRole"]


def test_botocore_does_not_refresh_by_emulated_time(role: Emulator) -> None:
    fetch = fetcher(role).fetch_credentials
    with refreshing_clients(role, DeferredRefreshableCredentials(fetch, "assume-role")) as boto:
        boto.connections.list_repository_links()
        role.clock.advance(3600)
        with raises(403, "ExpiredTokenException"):
            boto.connections.list_repository_links()


def test_botocore_raises_for_a_disabled_region(role: Emulator) -> None:
    role.fault("AssumeRole", "RegionDisabledException")
    with raises(403, "RegionDisabledException"):
        fetcher(role).fetch_credentials()
