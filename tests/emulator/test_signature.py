"""Signatures: those of botocore are accepted, and wrong ones are rejected with AWS's errors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from tests.emulator.clients import BotoClients, parse_error, session_with, signed, signed_json
from tests.emulator.resources import REQUESTS, ROLE, populate
from tests.support.signing_clock import shift_signing_time
from unisync.emulator import ACCOUNT, REGION, Emulator
from unisync.emulator._protocol.message import Request
from unisync.emulator._protocol.signature import access_key_of, secret_of
from unisync.emulator.application import Application

STACK = REQUESTS["codeconnections", "GetSyncConfiguration"]
KEY, SECRET = access_key_of(ACCOUNT), secret_of(ACCOUNT)
SERVICES = {
    "iottwinmaker": ("GetSyncJob", "ResourceNotFoundException"),
    "proton": ("GetServiceSyncConfig", "ResourceNotFoundException"),
    "codeconnections": ("GetSyncConfiguration", "ResourceNotFoundException"),
    "codestar-connections": ("GetSyncConfiguration", "ResourceNotFoundException"),
}


def new_request() -> Request:
    return signed_json("codeconnections", "GetSyncConfiguration", STACK)


def with_headers(request: Request, headers: Mapping[str, str | None]) -> Request:
    kept = {**request.headers, **headers}
    return replace(request, headers={name: value for name, value in kept.items() if value is not None})


def with_authorization(old: str, new: str) -> Request:
    request = new_request()
    assert old in request.headers["authorization"]
    return with_headers(request, {"authorization": request.headers["authorization"].replace(old, new)})


@pytest.mark.parametrize(("service", "expected"), list(SERVICES.items()))
def test_every_service_accepts_botocores_signatures(boto: BotoClients, service: str, expected: tuple[str, str]) -> None:
    operation, code = expected
    with pytest.raises(boto.client(service).exceptions.from_code(code)):
        boto.call(service, operation, REQUESTS[service, operation])


def test_a_session_token_is_signed(aws: Emulator) -> None:
    populate(aws)
    with BotoClients(aws.url, session=session_with(KEY, SECRET, "a-token/with=signs")) as boto:
        assert boto.connections.get_sync_configuration(ResourceName="payments-prod", SyncType="CFN_STACK_SYNC")
        boto.twinmaker.create_sync_job(workspaceId="factory", syncSource="SITEWISE", syncRole=ROLE)
        assert boto.twinmaker.get_sync_job(workspaceId="factory", syncSource="SITEWISE")


@pytest.mark.parametrize("odd", ["a b", "ü", "a%2Fb", "a/b", "~x*", "a+b", "a&b=c", "a?b#c", "a:b", "x'()!"])
def test_special_characters_in_paths_and_queries_are_signed(boto: BotoClients, odd: str) -> None:
    with pytest.raises(boto.twinmaker.exceptions.ValidationException, match="2 validation errors") as raised:
        boto.twinmaker.get_sync_job(workspaceId=odd, syncSource=odd)
    assert f"Value '{odd}' at 'syncSource'" in str(raised.value)


@pytest.mark.parametrize("query", ["b=2&a=1", "a-b=1&a=2", "a1=1&a=2", "a=2&a=1", "flag&a=1", "a=%C3%BC&workspace=x1"])
def test_a_query_is_sorted_before_signing(application: Application, query: str) -> None:
    error = parse_error(application.handle(signed("iottwinmaker", "GET", f"/sync-jobs/SITEWISE?{query}")))
    assert error.code == "ResourceNotFoundException"


def test_a_wrong_secret_is_rejected(aws: Emulator) -> None:
    with (
        BotoClients(aws.url, session=session_with(KEY, "not-the-secret")) as boto,
        pytest.raises(ClientError, match="The request signature we calculated does not match") as raised,
    ):
        boto.proton.get_service_sync_config(serviceName="web")
    assert raised.value.response.get("Error", {}).get("Code") == "InvalidSignatureException"
    assert raised.value.response.get("ResponseMetadata", {}).get("HTTPStatusCode") == 403
    assert not aws.calls


@pytest.mark.parametrize("key", ["AKIAIOSFODNN7EXAMPLE", "AKIA12345678901EMUL", "AKIA123456789012EMULX"])
def test_an_unknown_key_is_rejected(aws: Emulator, key: str) -> None:
    with (
        BotoClients(aws.url, session=session_with(key, SECRET)) as boto,
        pytest.raises(ClientError, match="The security token included in the request is invalid") as raised,
    ):
        boto.twinmaker.get_sync_job(workspaceId="factory", syncSource="SITEWISE")
    assert raised.value.response.get("Error", {}).get("Code") == "UnrecognizedClientException"
    assert raised.value.response.get("ResponseMetadata", {}).get("HTTPStatusCode") == 403


@pytest.mark.parametrize(
    ("seconds", "message"), [(-302, "Signature expired: "), (302, "Signature not yet current: "), (-86400, "expired: ")]
)
def test_a_signature_more_than_five_minutes_off_is_rejected(
    boto: BotoClients, monkeypatch: pytest.MonkeyPatch, seconds: float, message: str
) -> None:
    shift_signing_time(monkeypatch, seconds)
    with pytest.raises(ClientError, match=message) as raised:
        boto.proton.get_service_sync_config(serviceName="web")
    assert raised.value.response.get("Error", {}).get("Code") == "InvalidSignatureException"
    assert raised.value.response.get("ResponseMetadata", {}).get("HTTPStatusCode") == 403


@pytest.mark.parametrize("seconds", [-290, 290])
def test_a_signature_less_than_five_minutes_off_is_accepted(
    boto: BotoClients, monkeypatch: pytest.MonkeyPatch, seconds: float
) -> None:
    shift_signing_time(monkeypatch, seconds)
    with pytest.raises(boto.proton.exceptions.ResourceNotFoundException):
        boto.proton.get_service_sync_config(serviceName="web")


def test_a_signature_does_not_expire_by_emulated_time(aws: Emulator, boto: BotoClients) -> None:
    populate(aws)
    aws.clock.advance(86400)
    assert boto.proton.get_service_sync_config(serviceName="web")


def test_a_tampered_body_is_rejected(application: Application) -> None:
    request = new_request()
    tampered = replace(request, body=request.body.replace(b"payments", b"invoices"))
    assert parse_error(application.handle(tampered))[:2] == (403, "InvalidSignatureException")


@pytest.mark.parametrize(
    "headers",
    [
        {"x-amz-target": "com.amazonaws.codeconnections.CodeConnections_20231201.GetResourceSyncStatus"},
        {"host": "evil"},
    ],
)
def test_a_tampered_header_is_rejected(application: Application, headers: Mapping[str, str]) -> None:
    assert parse_error(application.handle(with_headers(new_request(), headers)))[:2] == (
        403,
        "InvalidSignatureException",
    )


def test_a_tampered_query_is_rejected(application: Application) -> None:
    request = signed("iottwinmaker", "GET", "/sync-jobs/SITEWISE?workspace=factory")
    tampered = replace(request, target="/sync-jobs/SITEWISE?workspace=faktory")
    assert parse_error(application.handle(tampered))[:2] == (403, "InvalidSignatureException")


def test_a_wrong_content_hash_is_rejected(application: Application) -> None:
    request = signed("iottwinmaker", "GET", "/sync-jobs/SITEWISE", headers={"x-amz-content-sha256": "0" * 64})
    assert parse_error(application.handle(request))[:2] == (403, "InvalidSignatureException")


def test_an_unsigned_payload_is_accepted(application: Application) -> None:
    headers = {"x-amz-content-sha256": "UNSIGNED-PAYLOAD"}
    request = replace(signed("iottwinmaker", "GET", "/sync-jobs/SITEWISE", headers=headers), body=b'{"a": 1}')
    assert parse_error(application.handle(request)).code == "ResourceNotFoundException"


def test_an_unsigned_request_is_rejected(application: Application) -> None:
    request = with_headers(new_request(), {"authorization": None})
    assert parse_error(application.handle(request)) == (
        403,
        "MissingAuthenticationTokenException",
        "Missing Authentication Token",
    )


@pytest.mark.parametrize(
    "authorization",
    [
        "Bearer token",
        "",
        "AWS4-HMAC-SHA256",
        "AWS4-HMAC-SHA256 Credential=a/b/c/d/aws4_request, SignedHeaders=host",
        "AWS4-HMAC-SHA256 SignedHeaders=host, Signature=00",
        "AWS4-HMAC-SHA1 Credential=a/b/c/d/aws4_request, SignedHeaders=host, Signature=00",
        "AWS4-HMAC-SHA256 Credential=a/b/c/aws4_request, SignedHeaders=host, Signature=00",
        "AWS4-HMAC-SHA256 Credential=a/b/c/d/aws5_request, SignedHeaders=host, Signature=00",
    ],
)
def test_an_incomplete_signature_is_rejected(application: Application, authorization: str) -> None:
    request = with_headers(new_request(), {"authorization": authorization})
    assert parse_error(application.handle(request)).code == "IncompleteSignatureException"


@pytest.mark.parametrize("stamp", [None, "", "yesterday", "2026-11-22T08:00:00Z"])
def test_an_invalid_date_is_rejected(application: Application, stamp: str | None) -> None:
    request = with_headers(new_request(), {"x-amz-date": stamp})
    assert parse_error(application.handle(request)).code == "IncompleteSignatureException"


def test_the_scope_needs_the_day_of_the_date(application: Application) -> None:
    today = new_request().headers["x-amz-date"][:8]
    error = parse_error(application.handle(with_authorization(f"/{today}/", "/20200101/")))
    assert error.code == "InvalidSignatureException"
    assert "Date in Credential scope" in error.message


@pytest.mark.parametrize("signature", ["0" * 64, "short", "\xe9" * 64])
def test_a_forged_signature_is_rejected(application: Application, signature: str) -> None:
    request = new_request()
    head = request.headers["authorization"].rpartition("=")[0]
    forged = with_headers(request, {"authorization": f"{head}={signature}"})
    assert parse_error(application.handle(forged))[:2] == (403, "InvalidSignatureException")


class SignerWithoutHost(SigV4Auth):
    """A signer that leaves out the host."""

    def headers_to_sign(self, request: AWSRequest) -> dict[str, str]:
        headers = super().headers_to_sign(request)
        del headers["host"]
        return headers


def test_the_host_must_be_signed(application: Application) -> None:
    """Otherwise a request could be replayed to another service."""
    request = AWSRequest("GET", "http://127.0.0.1/sync-jobs/SITEWISE")
    SignerWithoutHost(Credentials(KEY, SECRET), "iottwinmaker", REGION).add_auth(request)
    headers = {name.lower(): str(value) for name, value in request.headers.items()}
    error = parse_error(application.handle(Request("GET", "/sync-jobs/SITEWISE", {"host": "127.0.0.1", **headers})))
    assert error == (
        403,
        "InvalidSignatureException",
        "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.",
    )


def test_a_signature_for_another_service_is_rejected(application: Application) -> None:
    request = signed("proton", "GET", "/sync-jobs/SITEWISE?workspace=factory")
    assert parse_error(application.handle(request)) == (
        403,
        "InvalidSignatureException",
        "Credential should be scoped to correct service: 'iottwinmaker'.",
    )
    assert not application.calls


def test_a_signature_determines_the_account_and_the_region(application: Application) -> None:
    application.handle(signed_json("proton", "GetServiceSyncConfig", {"serviceName": "web"}))
    request = signed("iottwinmaker", "GET", "/sync-jobs/SITEWISE", region="us-west-2", account="210987654321")
    application.handle(request)
    assert [(call.account, call.region) for call in application.calls] == [
        (ACCOUNT, REGION),
        ("210987654321", "us-west-2"),
    ]


@pytest.mark.parametrize("path", ["/sync-jobs/.", "/sync-jobs/..", "/./sync-jobs//x/", "/", "/a/../b/.", "/../a"])
def test_dot_segments_are_removed_before_signing(application: Application, path: str) -> None:
    error = parse_error(application.handle(signed("iottwinmaker", "GET", path)))
    assert error.code != "InvalidSignatureException"
    wrong = parse_error(application.handle(signed("iottwinmaker", "GET", "/sync-jobs/.", secret="wrong")))
    assert wrong.code == "InvalidSignatureException"
