"""STS: roles of other accounts are assumed, and what was given out for them is good for a while."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from functools import partial
from typing import Any
from xml.etree import ElementTree

import boto3
import botocore.session
import pytest
from botocore.config import Config
from botocore.credentials import AssumeRoleCredentialFetcher, Credentials, DeferredRefreshableCredentials
from botocore.exceptions import ClientError, ConnectionClosedError
from botocore.parsers import ResponseParserError

from tests.emulator.clients import CONFIG, REQUESTS, Clients, furnish, session_with, signed
from unisync.emulator import ACCOUNT, REGION, Emulator
from unisync.emulator._protocol.message import Request, Response
from unisync.emulator._protocol.operations import Operation, Protocol, service_model
from unisync.emulator._protocol.serialization import read_params
from unisync.emulator._protocol.signature import access_key_of, secret_of
from unisync.emulator._state.identities import Role
from unisync.emulator.application import Application

OTHER = "111122223333"
ROLE = f"arn:aws:iam::{OTHER}:role/reader"
ASK = {"RoleArn": ROLE, "RoleSessionName": "me"}
NAMESPACE = "https://sts.amazonaws.com/doc/2011-06-15/"
READS = [
    ("codeconnections", "GetSyncConfiguration"),
    ("codestar-connections", "GetSyncConfiguration"),
    ("proton", "GetServiceSyncConfig"),
    ("iottwinmaker", "ListSyncJobs"),
]
"""One operation of each service that anything can be asked of in a world that `furnish` made."""


@pytest.fixture
def role(aws: Emulator) -> Emulator:
    """The emulator with a role in an account that has one of everything."""
    furnish(aws.account(account=OTHER))
    aws.add_role(ROLE)
    return aws


def assume(boto: Clients, **changes: object) -> dict[str, Any]:
    return boto.call("sts", "AssumeRole", {**ASK, **changes})


def as_given(aws: Emulator, given: Mapping[str, Any], region: str = REGION) -> Clients:
    """Clients with what AssumeRole gave out."""
    credentials = given["Credentials"]
    session = session_with(
        credentials["AccessKeyId"], credentials["SecretAccessKey"], credentials["SessionToken"], region
    )
    return Clients(aws.url, session=session)


def message_of(raised: pytest.ExceptionInfo[ClientError]) -> str:
    return raised.value.response.get("Error", {}).get("Message", "")


def refused(status: int, code: str) -> AbstractContextManager[pytest.ExceptionInfo[ClientError]]:
    def is_it(error: ClientError) -> bool:
        metadata = error.response.get("ResponseMetadata", {})
        found = metadata.get("HTTPStatusCode"), error.response.get("Error", {}).get("Code")
        return found == (status, code) and bool(metadata.get("RequestId"))

    return pytest.raises(ClientError, check=is_it)


def form(body: bytes, **options: Any) -> Request:
    """A signed request of the query protocol."""
    headers = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}
    return signed("sts", body=body, headers=headers, **options)


def without(request: Request, header: str) -> Request:
    kept = {name: value for name, value in request.headers.items() if name != header}
    return Request(request.method, request.target, kept, request.body)


def in_xml(response: Response) -> ElementTree.Element:
    assert response.headers["content-type"] == "text/xml"
    return ElementTree.fromstring(response.body)


def xml_error(response: Response) -> tuple[int, str | None, str | None]:
    """Status, code and message of an error, read without botocore."""
    root = in_xml(response)
    # One whose operation was not found is in no service's namespace.
    prefix = f"{{{NAMESPACE}}}" if root.tag.startswith("{") else ""
    assert root.tag == f"{prefix}ErrorResponse"
    assert root.findtext(f"{prefix}Error/{prefix}Type") == ("Sender" if response.status < 500 else "Receiver")
    assert root.findtext(f"{prefix}RequestId") == response.headers["x-amzn-requestid"]
    code, message = (root.findtext(f"{prefix}Error/{prefix}{name}") for name in ("Code", "Message"))
    return response.status, code, message


def test_a_role_is_assumed(role: Emulator, boto: Clients) -> None:
    role.clock.advance(100)
    given = assume(boto)
    credentials, user = given["Credentials"], given["AssumedRoleUser"]
    assert credentials["AccessKeyId"].startswith("ASIA")
    assert (len(credentials["AccessKeyId"]), len(credentials["SecretAccessKey"])) == (20, 40)
    assert credentials["Expiration"] == datetime.fromtimestamp(int(role.clock.time()) + 3600, UTC)
    assert user["Arn"] == f"arn:aws:sts::{OTHER}:assumed-role/reader/me"
    assert user["AssumedRoleId"].startswith("AROA")
    assert user["AssumedRoleId"].endswith(":me")
    assert "SourceIdentity" not in given
    (call,) = role.calls
    assert (call.service, call.operation, call.params) == ("sts", "AssumeRole", ASK)
    assert (call.account, call.region) == (ACCOUNT, REGION)
    assert call.time == datetime.fromtimestamp(role.clock.time(), UTC)


def test_the_answer_is_xml_as_aws_writes_it(application: Application) -> None:
    application.identities.roles[ROLE] = Role(ROLE, None)
    body = f"Action=AssumeRole&Version=2011-06-15&RoleArn={ROLE}&RoleSessionName=me&DurationSeconds=900"
    response = application.handle(form(body.encode()))
    assert response.status == 200
    root = in_xml(response)
    names = {"": NAMESPACE}
    assert root.tag == f"{{{NAMESPACE}}}AssumeRoleResponse"
    expiration = root.findtext("AssumeRoleResult/Credentials/Expiration", namespaces=names)
    assert expiration == datetime.fromtimestamp(application.clock.time() + 900, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    request_id = root.findtext("ResponseMetadata/RequestId", namespaces=names)
    assert request_id == response.headers["x-amzn-requestid"]


def test_each_time_something_else_is_given_out(role: Emulator, boto: Clients) -> None:
    first, second = assume(boto), assume(boto)
    for member in ("AccessKeyId", "SecretAccessKey", "SessionToken"):
        assert first["Credentials"][member] != second["Credentials"][member]
    assert first["AssumedRoleUser"] == second["AssumedRoleUser"]
    for given in (first, second):
        with as_given(role, given) as theirs:
            theirs.call("sts", "GetCallerIdentity", {})


def test_what_a_request_may_hold_besides_is_taken(role: Emulator, boto: Clients) -> None:
    more = {
        "PolicyArns": [{"arn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}],
        "Policy": '{"Version": "2012-10-17", "Statement": []}',
        "DurationSeconds": 43200,
        "Tags": [{"Key": "team", "Value": "tüins + more="}, {"Key": "empty", "Value": ""}],
        "TransitiveTagKeys": ["team"],
        "ExternalId": "unasked-for",
        "SourceIdentity": "someone",
    }
    given = assume(boto, **more)
    assert given["SourceIdentity"] == "someone"
    assert given["Credentials"]["Expiration"] == datetime.fromtimestamp(int(role.clock.time()) + 43200, UTC)
    assert role.calls[-1].params == {**ASK, **more}


@pytest.mark.parametrize(("service", "operation"), READS)
def test_what_was_given_out_acts_in_the_roles_account(
    role: Emulator, boto: Clients, service: str, operation: str
) -> None:
    with as_given(role, assume(boto)) as theirs:
        theirs.call(service, operation, REQUESTS[service, operation])
    assert (role.calls[-1].service, role.calls[-1].account, role.calls[-1].region) == (service, OTHER, REGION)
    with pytest.raises(ClientError):
        boto.call(service, operation, REQUESTS[service, operation])


def test_it_acts_in_cbor_too(role: Emulator, boto: Clients, cbor_session: boto3.Session) -> None:
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
        with refused(403, "ExpiredTokenException"):
            client.get_sync_configuration(**REQUESTS["codeconnections", "GetSyncConfiguration"])
    finally:
        client.close()


def test_it_acts_in_the_region_that_is_asked(role: Emulator, boto: Clients) -> None:
    role.account(account=OTHER, region="us-west-2").add_stack("orders", repository="acme/infra")
    with as_given(role, assume(boto), region="us-west-2") as theirs:
        found = theirs.connections.get_sync_configuration(ResourceName="orders", SyncType="CFN_STACK_SYNC")
    assert found["SyncConfiguration"]["RoleArn"] == f"arn:aws:iam::{OTHER}:role/git-sync"


@pytest.mark.parametrize("region", ["us-east-1", "aws-global", "ap-southeast-2"])
def test_every_region_and_the_global_endpoint_assume(role: Emulator, region: str) -> None:
    with Clients(role.url, region=region) as boto, as_given(role, assume(boto)) as theirs:
        theirs.connections.get_sync_configuration(ResourceName="payments-prod", SyncType="CFN_STACK_SYNC")
    assert [call.account for call in role.calls] == [ACCOUNT, OTHER]


def test_every_account_assumes_and_from_role_to_role_too(role: Emulator) -> None:
    role.add_role("arn:aws:iam::444455556666:role/team/deep/second")
    with Clients(role.url, account="210987654321") as boto, as_given(role, assume(boto)) as theirs:
        given = assume(theirs, RoleArn="arn:aws:iam::444455556666:role/team/deep/second")
    assert given["AssumedRoleUser"]["Arn"] == "arn:aws:sts::444455556666:assumed-role/second/me"
    assert [call.account for call in role.calls] == ["210987654321", OTHER]


def test_many_accounts_are_apart(aws: Emulator, boto: Clients) -> None:
    accounts = [f"{number:012}" for number in range(1, 21)]
    for account in accounts:
        aws.add_role(f"arn:aws:iam::{account}:role/reader")
        aws.account(account=account).add_stack(f"stack-{account}", repository="acme/infra")
    given = [assume(boto, RoleArn=f"arn:aws:iam::{account}:role/reader") for account in accounts]
    for account, each in zip(accounts, given, strict=True):
        with as_given(aws, each) as theirs:
            theirs.connections.get_sync_configuration(ResourceName=f"stack-{account}", SyncType="CFN_STACK_SYNC")


def test_one_is_told_who_one_is(role: Emulator, boto: Clients) -> None:
    own = boto.call("sts", "GetCallerIdentity", {})
    assert (own["Account"], own["Arn"]) == (ACCOUNT, f"arn:aws:iam::{ACCOUNT}:user/emulated")
    assert own["UserId"].startswith("AIDA")
    given = assume(boto)
    with as_given(role, given) as theirs:
        found = theirs.call("sts", "GetCallerIdentity", {})
    user = given["AssumedRoleUser"]
    assert (found["Account"], found["Arn"], found["UserId"]) == (OTHER, user["Arn"], user["AssumedRoleId"])
    assert [call.operation for call in role.calls] == ["GetCallerIdentity", "AssumeRole", "GetCallerIdentity"]


def denied(who: str, role: str = ROLE) -> str:
    return f"User: {who} is not authorized to perform: sts:AssumeRole on resource: {role}"


def test_a_role_that_is_not_there_is_denied(aws: Emulator, boto: Clients) -> None:
    with refused(403, "AccessDenied") as raised:
        assume(boto)
    assert message_of(raised) == denied(f"arn:aws:iam::{ACCOUNT}:user/emulated")
    assert raised.value.response.get("Error", {}).get("Type") == "Sender"
    assert [call.operation for call in aws.calls] == ["AssumeRole"]


def test_who_acts_as_a_role_is_denied_by_that_name(role: Emulator, boto: Clients) -> None:
    with as_given(role, assume(boto)) as theirs, refused(403, "AccessDenied") as raised:
        assume(theirs, RoleArn=f"{ROLE}-2")
    assert message_of(raised) == denied(f"arn:aws:sts::{OTHER}:assumed-role/reader/me", f"{ROLE}-2")


@pytest.mark.parametrize("sent", [{}, {"ExternalId": "another"}, {"ExternalId": "OURS"}])
def test_another_external_id_or_none_is_denied(aws: Emulator, boto: Clients, sent: Mapping[str, str]) -> None:
    aws.add_role(ROLE, external_id="ours")
    with refused(403, "AccessDenied") as raised:
        assume(boto, **sent)
    assert message_of(raised) == denied(f"arn:aws:iam::{ACCOUNT}:user/emulated")
    assert assume(boto, ExternalId="ours")["Credentials"]


def test_a_role_that_was_removed_is_denied_and_what_it_gave_is_good(role: Emulator, boto: Clients) -> None:
    given = assume(boto)
    role.remove_role(ROLE)
    with refused(403, "AccessDenied"):
        assume(boto)
    with as_given(role, given) as theirs:
        theirs.call("sts", "GetCallerIdentity", {})
    role.add_role(ROLE)
    assert assume(boto)["Credentials"]


def test_a_role_added_again_is_as_it_was_added_last(role: Emulator, boto: Clients) -> None:
    role.add_role(ROLE, external_id="ours")
    with refused(403, "AccessDenied"):
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
def test_a_role_has_a_roles_arn(aws: Emulator, arn: str) -> None:
    with pytest.raises(ValueError, match=r"^arn: expected a role's"):
        aws.add_role(arn)


def test_what_is_set_up_is_checked(aws: Emulator) -> None:
    with pytest.raises(ValueError, match=r"^arn: .* less than or equal to 2048"):
        aws.add_role(f"arn:aws:iam::111122223333:role/{'x' * 2048}/reader")
    with pytest.raises(ValueError, match=r"^external_id: "):
        aws.add_role(ROLE, external_id="x")
    with pytest.raises(ValueError, match=r"^arn: there is no role"):
        aws.remove_role(ROLE)
    with pytest.raises(ValueError, match=r"^account: expected twelve digits"):
        aws.expire_credentials(account="12")


def test_roles_of_other_partitions_stay_there(aws: Emulator, boto: Clients) -> None:
    aws.add_role("arn:aws-cn:iam::111122223333:role/reader")
    given = assume(boto, RoleArn="arn:aws-cn:iam::111122223333:role/reader")
    assert given["AssumedRoleUser"]["Arn"] == "arn:aws-cn:sts::111122223333:assumed-role/reader/me"


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"RoleSessionName": "m"}, "at 'RoleSessionName' .* length greater than or equal to 2"),
        ({"RoleSessionName": "m" * 65}, "at 'RoleSessionName' .* length less than or equal to 64"),
        ({"RoleSessionName": "m e"}, r"at 'RoleSessionName' .* pattern: \[\\w\+=,\.@-\]\*"),
        ({"RoleSessionName": "m\x00é<&"}, "'m\N{REPLACEMENT CHARACTER}é<&' at 'RoleSessionName' .* pattern"),
        ({"RoleArn": "arn:aws:iam::1"}, "at 'RoleArn' .* length greater than or equal to 20"),
        ({"RoleArn": "not-the-arn-of-anything"}, "Request ARN is invalid"),
        ({"RoleArn": "arn:aws:iam::111122223333:user/reader"}, "Request ARN is invalid"),
        ({"DurationSeconds": 899}, "at 'DurationSeconds' .* value greater than or equal to 900"),
        ({"DurationSeconds": 43201}, "at 'DurationSeconds' .* value less than or equal to 43200"),
        ({"ExternalId": "x"}, "at 'ExternalId' .* length greater than or equal to 2"),
        ({"ExternalId": "a b"}, "at 'ExternalId' .* pattern"),
        ({"TokenCode": "12345"}, "at 'TokenCode' .* length"),
        ({"Tags": [{"Key": "a", "Value": "b"}, {"Key": "é" * 129, "Value": ""}]}, "at 'Tags.2.member.Key' .* length"),
        ({"Tags": [{"Key": "a", "Value": "b"}] * 51}, "at 'Tags' .* length less than or equal to 50"),
        ({"RoleSessionName": "m", "DurationSeconds": 1}, "2 validation errors detected: "),
    ],
)
def test_a_broken_constraint_is_named(role: Emulator, changes: Mapping[str, object], rule: str) -> None:
    unchecked = CONFIG.merge(Config(parameter_validation=False))  # botocore itself would refuse some of these
    with Clients(role.url, config=unchecked) as boto, refused(400, "ValidationError") as raised:
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
            "2 validation errors detected: Value null at 'RoleArn' failed to satisfy constraint: Member must not be "
            "null; Value null at 'RoleSessionName' failed to satisfy constraint: Member must not be null",
        ),
        (
            b"Action=AssumeRole&Version=2011-06-15&DurationSeconds=1_000",
            "MalformedInput",
            "'1_000' at 'DurationSeconds' is no integer",
        ),
    ],
)
def test_a_form_that_says_nothing_known_is_refused(
    application: Application, body: bytes, code: str, message: str | None
) -> None:
    status, found, said = xml_error(application.handle(form(body)))
    assert (status, found) == (400, code)
    assert said
    assert message in (None, said)
    assert not application.calls


def read(operation: str, body: bytes) -> dict[str, object]:
    """What the emulator makes of a form, whether it emulates the operation or not."""
    model = service_model("sts").operation_model(operation)
    return read_params(Operation("sts", operation, Protocol.QUERY, model, {}), Request("POST", "/", {}, body))


def test_lists_are_read_by_their_numbers() -> None:
    need = f"RoleArn={ROLE}&RoleSessionName=me"
    tags = "&Tags.member.10.Key=c&Tags.member.10.Value=3&Tags.member.2.Value=%C3%BC+2&Tags.member.2.Key=b"
    keys = "&TransitiveTagKeys.member.1=b&TransitiveTagKeys.member.3=c&TransitiveTagKeys.member.x=d&Nothing=known"
    assert read("AssumeRole", f"{need}{tags}{keys}&PolicyArns=".encode()) == {
        **ASK,
        "Tags": [{"Key": "b", "Value": "ü 2"}, {"Key": "c", "Value": "3"}],
        "TransitiveTagKeys": ["b", "c"],
        "PolicyArns": [],
    }
    assert read("AssumeRole", f"{need}&PolicyArns.member.1.x=1&TransitiveTagKeys.member.1.x=1".encode()) == ASK


def test_what_is_modelled_but_not_emulated_says_so(boto: Clients) -> None:
    with refused(501, "UnknownOperationException") as raised:
        boto.call("sts", "GetSessionToken", {})
    assert message_of(raised) == "GetSessionToken is not emulated"


# What a request is signed with


def broken(request: Request, old: str, new: str) -> Request:
    authorization = request.headers["authorization"]
    assert old in authorization
    return Request(
        request.method,
        request.target,
        {**request.headers, "authorization": authorization.replace(old, new)},
        request.body,
    )


WHO = b"Action=GetCallerIdentity&Version=2011-06-15"


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        pytest.param(lambda: without(form(WHO), "authorization"), "MissingAuthenticationToken", id="unsigned"),
        pytest.param(lambda: broken(form(WHO), "Signature=", "S="), "IncompleteSignature", id="half"),
        pytest.param(lambda: form(WHO, secret="wrong"), "SignatureDoesNotMatch", id="secret"),
        pytest.param(lambda: broken(form(WHO), "AKIA", "ASIA"), "InvalidClientTokenId", id="key"),
        pytest.param(lambda: broken(form(WHO), "/sts/", "/proton/"), "SignatureDoesNotMatch", id="scope"),
    ],
)
def test_the_signature_is_checked_and_refused_in_the_words_of_sts(
    application: Application, request_: Callable[[], Request], code: str
) -> None:
    assert xml_error(application.handle(request_()))[:2] == (403, code)
    assert not application.calls


def test_a_signature_for_another_service_is_refused(application: Application) -> None:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    response = application.handle(signed("proton", body=WHO, headers=headers))
    assert xml_error(response) == (
        403,
        "SignatureDoesNotMatch",
        "Credential should be scoped to correct service: 'sts'.",
    )


def test_only_the_root_takes_a_form(application: Application) -> None:
    """curl announces every body as a form."""
    headers = {"content-type": "application/x-www-form-urlencoded"}
    request = signed("iottwinmaker", target="/workspaces-list", body=b"{}", headers=headers)
    assert application.handle(request).status == 200


@pytest.mark.parametrize("token", [None, "another", "of another key"])
@pytest.mark.parametrize("service", ["sts", "proton", "iottwinmaker", "codeconnections"])
def test_a_temporary_key_needs_its_own_token(role: Emulator, boto: Clients, service: str, token: str | None) -> None:
    credentials = assume(boto)["Credentials"]
    if token == "of another key":
        token = assume(boto)["Credentials"]["SessionToken"]
    session = session_with(credentials["AccessKeyId"], credentials["SecretAccessKey"], token)
    operation = {**dict(READS), "sts": "GetCallerIdentity"}[service]
    expected = "InvalidClientTokenId" if service == "sts" else "UnrecognizedClientException"
    with Clients(role.url, session=session) as theirs, refused(403, expected) as raised:
        theirs.call(service, operation, REQUESTS.get((service, operation), {}))
    assert message_of(raised) == "The security token included in the request is invalid."


def test_a_temporary_key_needs_its_own_secret(role: Emulator, boto: Clients) -> None:
    first, second = assume(boto)["Credentials"], assume(boto)["Credentials"]
    session = session_with(first["AccessKeyId"], second["SecretAccessKey"], first["SessionToken"])
    with Clients(role.url, session=session) as theirs, refused(403, "InvalidSignatureException"):
        theirs.call("proton", "ListServices", {})


# The end of it

IS_EXPIRED = "The security token included in the request is expired"


def check_expired(clients: Clients) -> None:
    for service, operation in READS:
        with refused(403, "ExpiredTokenException") as raised:
            clients.call(service, operation, REQUESTS[service, operation])
        assert message_of(raised) == IS_EXPIRED
    for operation, params in (("AssumeRole", ASK), ("GetCallerIdentity", {})):
        with refused(403, "ExpiredToken") as raised:
            clients.call("sts", operation, params)
        assert message_of(raised) == IS_EXPIRED


@pytest.mark.parametrize(("asked", "lasts"), [({}, 3600), ({"DurationSeconds": 900}, 900)])
def test_what_was_given_out_expires(role: Emulator, boto: Clients, asked: Mapping[str, int], lasts: float) -> None:
    role.clock.advance(50)
    with as_given(role, assume(boto, **asked)) as theirs:
        role.clock.advance(lasts - 1)
        theirs.call("sts", "GetCallerIdentity", {})
        role.clock.advance(1)
        before = len(role.calls)
        check_expired(theirs)
    assert len(role.calls) == before
    with as_given(role, assume(boto)) as theirs:
        theirs.call("sts", "GetCallerIdentity", {})


def test_all_of_an_account_expires_on_demand(role: Emulator, boto: Clients) -> None:
    role.add_role("arn:aws:iam::444455556666:role/reader")
    with (
        as_given(role, assume(boto)) as first,
        as_given(role, assume(boto)) as second,
        as_given(role, assume(boto, RoleArn="arn:aws:iam::444455556666:role/reader")) as other,
    ):
        role.expire_credentials(account=OTHER)
        check_expired(first)
        check_expired(second)
        other.call("sts", "GetCallerIdentity", {})
        with as_given(role, assume(boto)) as fresh:
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
def test_any_error_on_demand(role: Emulator, boto: Clients, code: str, status: int, kind: str) -> None:
    role.fault("AssumeRole", code, message=f"{code}, because a test <wants> it")
    with refused(status, code) as raised:
        assume(boto)
    assert message_of(raised) == f"{code}, because a test <wants> it"
    assert raised.value.response.get("Error", {}).get("Type") == kind
    assert type(raised.value) is boto.of("sts").exceptions.from_code(code)
    assert assume(boto)["Credentials"]
    assert [call.operation for call in role.calls] == ["AssumeRole"] * 2


def test_trouble_on_the_wire(role: Emulator, boto: Clients) -> None:
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
    with pytest.raises(KeyError, match="AssumeRoleResult"):  # well-formed, and all that botocore makes of it
        assume(boto)
    role.fault("AssumeRole", "missing-member")
    assert set(assume(boto)["Credentials"]) == {"SecretAccessKey", "SessionToken", "Expiration"}
    role.fault("AssumeRole", "unknown-member")
    assert set(assume(boto)["Credentials"]) == {"AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration"}


def test_an_error_too_has_its_way_to_go(aws: Emulator, boto: Clients) -> None:
    aws.fault("AssumeRole", "slow", seconds=0.02)
    with refused(403, "AccessDenied"):
        assume(boto)


def test_a_rate_limit(role: Emulator, boto: Clients) -> None:
    role.throttle("AssumeRole", rate=1, burst=2, service="sts")
    for _ in range(2):
        assume(boto)
    with refused(400, "Throttling") as raised:
        assume(boto)
    assert message_of(raised) == "Rate exceeded"
    role.clock.advance(1)
    assert assume(boto)["Credentials"]


def test_a_service_has_its_own_operations(aws: Emulator) -> None:
    with pytest.raises(ValueError, match="proton has none named 'AssumeRole'"):
        aws.fault("AssumeRole", "drop", service="proton")


# As a program has it


def test_boto3_as_it_comes(role: Emulator) -> None:
    session = session_with(access_key_of(ACCOUNT), secret_of(ACCOUNT))
    sts: Any = session.client("sts", endpoint_url=role.url)
    credentials = sts.assume_role(RoleArn=ROLE, RoleSessionName="me")["Credentials"]
    sts.close()
    theirs = session_with(credentials["AccessKeyId"], credentials["SecretAccessKey"], credentials["SessionToken"])
    with Clients(role.url, session=theirs) as boto:
        assert boto.connections.list_repository_links()["RepositoryLinks"]
        assert boto.proton.get_service_sync_config(serviceName="web")
        created = boto.twinmaker.create_sync_job(workspaceId="factory", syncSource="SITEWISE", syncRole=ROLE)
    assert created["arn"].split(":")[4] == OTHER


def fetcher(aws: Emulator, **extra: object) -> AssumeRoleCredentialFetcher:
    """What botocore itself fetches a role's credentials with."""
    creator = partial(botocore.session.Session().create_client, endpoint_url=aws.url, region_name=REGION)
    own = Credentials(access_key_of(ACCOUNT), secret_of(ACCOUNT))
    return AssumeRoleCredentialFetcher(creator, own, ROLE, {"RoleSessionName": "me", **extra})


def refreshing(aws: Emulator, credentials: Credentials) -> Clients:
    """Clients that ask these credentials each time."""
    core: Any = botocore.session.Session()
    core._credentials = credentials
    return Clients(aws.url, session=boto3.Session(botocore_session=core, region_name=REGION))


def test_botocore_fetches_credentials_when_they_are_needed(role: Emulator) -> None:
    fetch = fetcher(role, DurationSeconds=7200).fetch_credentials
    with refreshing(role, DeferredRefreshableCredentials(fetch, "assume-role")) as boto:
        assert not role.calls
        for _ in range(2):
            assert boto.connections.list_repository_links()["RepositoryLinks"]
    asked = [(call.operation, call.account) for call in role.calls]
    assert asked == [("AssumeRole", ACCOUNT), *[("ListRepositoryLinks", OTHER)] * 2]
    assert role.calls[0].params == {**ASK, "DurationSeconds": 7200}


def test_botocore_refreshes_what_is_about_to_expire_until_the_role_is_gone(role: Emulator) -> None:
    """In emulated time: a fetcher remembers by real time what it was given, so each refresh has a new one."""
    credentials = DeferredRefreshableCredentials(
        lambda: fetcher(role).fetch_credentials(),
        "assume-role",
        time_fetcher=lambda: datetime.fromtimestamp(role.clock.time(), UTC),
    )
    with refreshing(role, credentials) as boto:
        for _ in range(2):
            boto.connections.list_repository_links()
            role.clock.advance(3600)
        role.remove_role(ROLE)
        with refused(403, "AccessDenied"):
            boto.connections.list_repository_links()
    assert [call.operation for call in role.calls] == [*["AssumeRole", "ListRepositoryLinks"] * 2, "AssumeRole"]


def test_botocore_does_not_know_that_the_emulated_time_has_moved(role: Emulator) -> None:
    fetch = fetcher(role).fetch_credentials
    with refreshing(role, DeferredRefreshableCredentials(fetch, "assume-role")) as boto:
        boto.connections.list_repository_links()
        role.clock.advance(3600)
        with refused(403, "ExpiredTokenException"):
            boto.connections.list_repository_links()


def test_botocore_meets_a_region_that_is_off(role: Emulator) -> None:
    role.fault("AssumeRole", "RegionDisabledException")
    with refused(403, "RegionDisabledException"):
        fetcher(role).fetch_credentials()
