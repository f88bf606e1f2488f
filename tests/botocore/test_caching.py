"""What is remembered from call to call: it is the same as botocore would work out, and given up where it may not be."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import boto3
import botocore.session
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest, AWSResponse
from botocore.config import Config
from botocore.credentials import ReadOnlyCredentials

from tests.support.samples import session_of
from unisync import Unisync
from unisync._botocore import caching
from unisync._botocore.caching import remember_endpoints, remember_signing, remember_user_agent
from unisync.emulator import Emulator

SERVICES = ("iottwinmaker", "proton", "codeconnections", "codestar-connections")


@pytest.fixture
def options(aws: Emulator) -> Any:
    return aws.client_options()


def client_of(service: str, **config: Any) -> Any:
    session = botocore.session.Session()
    session.set_credentials("key", "secret")
    return session.create_client(service, region_name="eu-west-1", config=Config(**config))


def sent(client: Any, operation: str, params: dict[str, object]) -> tuple[str, dict[str, str]]:
    """The URL of a request and its headers, as they would be sent."""
    requests: list[Any] = []
    body: Any = SimpleNamespace(stream=lambda: [b"{}"])

    def keep(request: Any, **_: object) -> AWSResponse:
        requests.append(request)
        return AWSResponse(request.url, 200, {}, body)

    client.meta.events.register("before-send", keep)
    client._make_api_call(operation, params)
    client.meta.events.unregister("before-send", keep)
    return requests[0].url, {name: str(value) for name, value in requests[0].headers.items()}


@pytest.mark.parametrize("config", [{}, {"use_fips_endpoint": True}, {"use_dualstack_endpoint": True}], ids=str)
@pytest.mark.parametrize("service", SERVICES)
def test_the_endpoint_is_the_one_that_botocore_finds(service: str, config: Any) -> None:
    usual, remembering_it = client_of(service, **config), client_of(service, **config)
    assert remember_endpoints(remembering_it)
    operation, params = {
        "iottwinmaker": ("GetSyncJob", {"workspaceId": "factory", "syncSource": "SITEWISE"}),
        "proton": ("GetServiceSyncConfig", {"serviceName": "web"}),
    }.get(service, ("ListRepositoryLinks", {}))
    expected, _ = sent(usual, operation, dict(params))
    assert [sent(remembering_it, operation, dict(params))[0] for _ in range(3)] == [expected] * 3


def test_a_handler_may_still_choose_another_endpoint_for_a_call() -> None:
    client = client_of("codeconnections")
    assert remember_endpoints(client)
    regions = iter(["eu-west-1", "eu-west-2", "eu-west-1"])

    def elsewhere(builtins: dict[str, object], **_: object) -> None:
        builtins["AWS::Region"] = region

    client.meta.events.register("before-endpoint-resolution", elsewhere)
    for region in regions:
        url, _ = sent(client, "ListRepositoryLinks", {})
        assert f".{region}." in url


def test_rules_that_look_at_more_than_settings_are_asked_for_each_call() -> None:
    assert not remember_endpoints(client_of("s3"))
    assert not remember_endpoints(client_of("dynamodb"))


def test_an_operation_that_bears_on_its_endpoint_is_asked_about_for_each_call() -> None:
    client = client_of("codeconnections")
    operation = client.meta.service_model.operation_model("ListRepositoryLinks")
    operation.__dict__["context_parameters"] = [SimpleNamespace(name="Region", member_name="NextToken")]
    resolver = client._ruleset_resolver
    assert remember_endpoints(client)
    found = {resolver.construct_endpoint(operation, {"NextToken": region}, {}).url for region in ("a-b-1", "c-d-2")}
    assert len(found) == 2


def authorization(kind: type[SigV4Auth], secret: str, url: str, at: str) -> str:
    request = AWSRequest("POST", url, {"X-Amz-Target": "Do"}, b"{}")
    signer: Any = kind(ReadOnlyCredentials("key", secret, None), "proton", "eu-west-1")
    request.context["timestamp"] = at
    signature = signer.signature(signer.string_to_sign(request, signer.canonical_request(request)), request)
    signer._inject_signature_to_request(request, signature)
    return str(request.headers["Authorization"])


def test_a_signature_follows_the_day_the_secret_and_the_request() -> None:
    quick = caching._quick_signature()
    assert quick is not None
    cases = [
        (secret, url, at)
        for secret in ("one", "another")
        for url in ("https://example.com/", "https://example.com/a?b=c")
        for at in ("20260101T000000Z", "20260101T235959Z", "20260102T000000Z")
    ]
    assert [authorization(quick, *case) for case in cases] == [authorization(SigV4Auth, *case) for case in cases]


def test_a_signer_that_is_used_twice_looks_at_each_request() -> None:
    quick = caching._quick_signature()
    assert quick is not None
    for kind in (quick, SigV4Auth):
        signer = kind(ReadOnlyCredentials("key", "secret", None), "proton", "eu-west-1")
        requests = [AWSRequest("GET", f"https://{host}/", {}, b"") for host in ("one.example", "two.example")]
        assert [signer.headers_to_sign(request)["host"] for request in requests] == ["one.example", "two.example"]


def test_a_request_is_signed_as_before(aws: Emulator, options: Any) -> None:
    """The emulator checks each signature."""
    aws.add_stack("payments-prod", repository="acme/infra")
    with Unisync(**options) as client:
        read = client.codeconnections.get_sync_configuration
        assert read("payments-prod") == read("payments-prod")
        signer: Any = vars(session_of(client).client("codeconnections"))["_request_signer"]
        assert type(signer.get_auth_instance("codeconnections", "eu-west-1")) is caching._quick_signature()


@pytest.mark.parametrize("method", ["_sign", "headers_to_sign"])
def test_a_botocore_that_signs_otherwise_signs_itself(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    caching._quick_signature.cache_clear()

    def otherwise(self: Any, *args: object) -> object:
        return str(self.credentials) + str(datetime.now(UTC))

    monkeypatch.setattr(SigV4Auth, method, otherwise)
    client = client_of("proton")
    try:
        assert not remember_signing(client)
        assert "get_auth_instance" not in vars(client._request_signer)
    finally:
        caching._quick_signature.cache_clear()


@pytest.mark.parametrize("strange", [SimpleNamespace(), SimpleNamespace(_ruleset_resolver=SimpleNamespace())])
def test_a_botocore_that_keeps_things_elsewhere_is_left_alone(strange: Any) -> None:
    assert not remember_endpoints(strange)
    assert not remember_signing(strange)
    assert not remember_user_agent(strange)


def test_a_user_agent_that_is_made_otherwise_is_left_alone() -> None:
    changing = iter(range(9))
    creator = SimpleNamespace(to_string=lambda: str(next(changing)))
    strange: Any = SimpleNamespace(_user_agent_creator=creator)
    assert not remember_user_agent(strange)
    assert creator.to_string() == "2"


def test_other_signatures_are_left_to_botocore(options: Any) -> None:
    client = client_of("codeconnections", signature_version="bearer")
    assert remember_signing(client)
    with pytest.raises(Exception, match="oken"):
        sent(client, "ListRepositoryLinks", {})


def test_a_pool_is_found_again_and_forgotten_when_the_client_is_closed(aws: Emulator, options: Any) -> None:
    aws.add_stack("payments-prod", repository="acme/infra")
    with Unisync(**options) as client:

        def pool() -> object:
            client.codeconnections.get_sync_configuration("payments-prod")
            http: Any = session_of(client).client("codeconnections")._endpoint.http_session
            manager = http._manager
            found = manager.connection_from_url(f"{aws.url}/")
            assert found is manager.connection_from_url(f"{aws.url}/other?path")
            assert found is not manager.connection_from_url("http://localhost:1/")
            assert found.num_connections == 1
            http.close()
            assert found is not manager.connection_from_url(f"{aws.url}/")
            return found

        assert pool() is not pool()


def test_boto3s_own_clients_of_the_same_session_are_untouched(options: Any) -> None:
    session: boto3.Session = options["session"]
    with Unisync(**options) as client:
        session_of(client).client("proton")
        other: Any = session.client("proton")
        assert "construct_endpoint" not in vars(other._ruleset_resolver)
        assert "get_auth_instance" not in vars(other._request_signer)
