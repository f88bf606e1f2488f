"""Caches: each returns what botocore would compute, and is disabled where botocore might compute something else."""

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
from botocore.loaders import Loader

from tests.support.samples import session_of
from unisync import Unisync
from unisync._botocore import caching
from unisync._botocore.caching import cache_endpoints, cache_signing, cache_user_agent
from unisync.emulator import Emulator

SERVICES = ("iottwinmaker", "proton", "codeconnections", "codestar-connections")
LOADER = Loader()
"""Reads each model once for all tests."""


@pytest.fixture
def options(aws: Emulator) -> Any:
    return aws.client_options()


def client_of(service: str, **config: Any) -> Any:
    session = botocore.session.Session()
    session.register_component("data_loader", LOADER)
    session.set_credentials("key", "secret")
    return session.create_client(service, region_name="eu-west-1", config=Config(**config))


def sent_url(client: Any, operation: str, params: dict[str, object]) -> str:
    """The URL that a request would be sent to."""
    requests: list[Any] = []
    body: Any = SimpleNamespace(stream=lambda: [b"{}"])

    def keep(request: Any, **_: object) -> AWSResponse:
        requests.append(request)
        return AWSResponse(request.url, 200, {}, body)

    client.meta.events.register("before-send", keep)
    client._make_api_call(operation, params)
    client.meta.events.unregister("before-send", keep)
    return str(requests[0].url)


@pytest.mark.parametrize("config", [{}, {"use_fips_endpoint": True}, {"use_dualstack_endpoint": True}], ids=str)
@pytest.mark.parametrize("service", SERVICES)
def test_a_cached_endpoint_is_botocores(service: str, config: Any) -> None:
    plain, caching_one = client_of(service, **config), client_of(service, **config)
    assert cache_endpoints(caching_one)
    operation, params = {
        "iottwinmaker": ("GetSyncJob", {"workspaceId": "factory", "syncSource": "SITEWISE"}),
        "proton": ("GetServiceSyncConfig", {"serviceName": "web"}),
    }.get(service, ("ListRepositoryLinks", {}))
    expected = sent_url(plain, operation, dict(params))
    assert [sent_url(caching_one, operation, dict(params)) for _ in range(3)] == [expected] * 3


def test_a_handler_can_change_the_endpoint_of_a_call() -> None:
    client = client_of("codeconnections")
    assert cache_endpoints(client)
    regions = iter(["eu-west-1", "eu-west-2", "eu-west-1"])

    def change_region(builtins: dict[str, object], **_: object) -> None:
        builtins["AWS::Region"] = region

    client.meta.events.register("before-endpoint-resolution", change_region)
    for region in regions:
        assert f".{region}." in sent_url(client, "ListRepositoryLinks", {})


def test_endpoints_that_depend_on_more_than_settings_are_not_cached() -> None:
    assert not cache_endpoints(client_of("s3"))
    assert not cache_endpoints(client_of("dynamodb"))


def test_an_endpoint_that_depends_on_the_operation_is_not_cached() -> None:
    client = client_of("codeconnections")
    operation = client.meta.service_model.operation_model("ListRepositoryLinks")
    operation.__dict__["context_parameters"] = [SimpleNamespace(name="Region", member_name="NextToken")]
    resolver = client._ruleset_resolver
    assert cache_endpoints(client)
    found = {resolver.construct_endpoint(operation, {"NextToken": region}, {}).url for region in ("a-b-1", "c-d-2")}
    assert len(found) == 2


def authorization(kind: type[SigV4Auth], secret: str, url: str, at: str) -> str:
    request = AWSRequest("POST", url, {"X-Amz-Target": "Do"}, b"{}")
    signer: Any = kind(ReadOnlyCredentials("key", secret, None), "proton", "eu-west-1")
    request.context["timestamp"] = at
    signature = signer.signature(signer.string_to_sign(request, signer.canonical_request(request)), request)
    signer._inject_signature_to_request(request, signature)
    return str(request.headers["Authorization"])


def test_a_cached_signing_key_gives_botocores_signatures() -> None:
    signer_class = caching._caching_signer()
    assert signer_class is not None
    cases = [
        (secret, url, at)
        for secret in ("one", "another")
        for url in ("https://example.com/", "https://example.com/a?b=c")
        for at in ("20260101T000000Z", "20260101T235959Z", "20260102T000000Z")
    ]
    assert [authorization(signer_class, *case) for case in cases] == [authorization(SigV4Auth, *case) for case in cases]


def test_a_signer_that_is_used_twice_signs_the_headers_of_each_request() -> None:
    signer_class = caching._caching_signer()
    assert signer_class is not None
    for kind in (signer_class, SigV4Auth):
        signer = kind(ReadOnlyCredentials("key", "secret", None), "proton", "eu-west-1")
        requests = [AWSRequest("GET", f"https://{host}/", {}, b"") for host in ("one.example", "two.example")]
        assert [signer.headers_to_sign(request)["host"] for request in requests] == ["one.example", "two.example"]


def test_the_emulator_accepts_the_signatures(aws: Emulator, options: Any) -> None:
    aws.add_stack("payments-prod", repository="acme/infra")
    with Unisync(**options) as client:
        read = client.codeconnections.get_sync_configuration
        assert read("payments-prod") == read("payments-prod")
        signer: Any = vars(session_of(client).client("codeconnections"))["_request_signer"]
        assert type(signer.get_auth_instance("codeconnections", "eu-west-1")) is caching._caching_signer()


@pytest.mark.parametrize("method", ["_sign", "headers_to_sign"])
def test_signing_is_not_cached_if_botocore_signs_differently(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    caching._caching_signer.cache_clear()

    def sign_differently(self: Any, *args: object) -> object:
        return str(self.credentials) + str(datetime.now(UTC))

    monkeypatch.setattr(SigV4Auth, method, sign_differently)
    client = client_of("proton")
    try:
        assert not cache_signing(client)
        assert "get_auth_instance" not in vars(client._request_signer)
    finally:
        caching._caching_signer.cache_clear()


@pytest.mark.parametrize("changed_client", [SimpleNamespace(), SimpleNamespace(_ruleset_resolver=SimpleNamespace())])
def test_nothing_is_cached_if_botocores_internals_have_moved(changed_client: Any) -> None:
    assert not cache_endpoints(changed_client)
    assert not cache_signing(changed_client)
    assert not cache_user_agent(changed_client)


def test_a_user_agent_that_changes_is_not_cached() -> None:
    numbers = iter(range(9))
    creator = SimpleNamespace(to_string=lambda: str(next(numbers)))
    changed_client: Any = SimpleNamespace(_user_agent_creator=creator)
    assert not cache_user_agent(changed_client)
    assert creator.to_string() == "2"


def test_other_signature_versions_are_left_to_botocore() -> None:
    client = client_of("codeconnections", signature_version="bearer")
    assert cache_signing(client)
    with pytest.raises(Exception, match="oken"):
        sent_url(client, "ListRepositoryLinks", {})


def test_a_pool_is_cached_until_the_client_is_closed(aws: Emulator, options: Any) -> None:
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


def test_clients_that_boto3_creates_are_unchanged(options: Any) -> None:
    session: boto3.Session = options["session"]
    with Unisync(**options) as client:
        session_of(client).client("proton")
        other: Any = session.client("proton")
        assert "construct_endpoint" not in vars(other._ruleset_resolver)
        assert "get_auth_instance" not in vars(other._request_signer)
