"""Each request that unisync sends is the one that boto3's own client sends, with every kind of setting."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from copy import deepcopy
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import boto3
import botocore.session
import pytest
from botocore import UNSIGNED
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.loaders import Loader
from botocore.parsers import ResponseParserError

from tests.support.cbor import NO_CBOR, CborLoader
from tests.support.operations import ALL_NAMES, OPERATIONS, Known, client_argument_of
from tests.support.recorder import Recorder, WireRequest, response, serve
from tests.support.samples import session_of
from unisync import AccessDeniedError, AsyncUnisync, Fleet, StackSync, Unisync, UnisyncError
from unisync._botocore.senders import is_installed
from unisync._core.deadline import Deadline
from unisync._core.transport import HttpRequest, HttpResponse

LOADER = Loader()
"""Reads each model once for all tests."""
HAS_AIOHTTP = is_installed("aiohttp")
ROLE = "arn:aws:iam::210987654321:role/reader"
REGION = "eu-west-1"
SOME = [
    ("iottwinmaker", "ListSyncResources"),
    ("iottwinmaker", "UntagResource"),
    ("proton", "GetTemplateSyncStatus"),
    ("codeconnections", "CreateSyncConfiguration"),
    ("codestar-connections", "GetRepositorySyncStatus"),
]
"""At least one operation of each service: with a query, a path, a body."""


def session_with(loader: Loader = LOADER, *, token: str | None = None) -> boto3.Session:
    core = botocore.session.Session()
    core.register_component("data_loader", loader)
    return boto3.Session("AKIAIOSFODNN7EXAMPLE", "secret", token, region_name=REGION, botocore_session=core)


def named(service: str) -> dict[str, Any]:
    """The argument for CodeConnections under this name."""
    return {**client_argument_of(service)}


class Asked(NamedTuple):
    """A call as unisync asks botocore's parts for it."""

    service: str
    operation: str
    params: dict[str, Any]


def record_params(session: boto3.Session) -> list[Asked]:
    """What calls of a session's clients ask for from now on."""
    found: list[Asked] = []

    def note(params: dict[str, Any], model: Any, **_: object) -> None:
        found.append(Asked(model.service_model.service_name, model.name, deepcopy(params)))

    session.events.register("provide-client-params", note)
    return found


def use(client: Any, service: str, name: str) -> None:
    """Use an operation once. The response is not one that can be read."""
    operation = OPERATIONS[service][name]
    with suppress(UnisyncError):
        result = operation.use(client, Known())
        _ = list(result) if operation.is_list else result


def call_boto3(session: boto3.Session, asked: Asked, url: str | None, config: Config | None) -> None:
    """Have boto3's own client make the same call."""
    client: Any = session.client(asked.service, endpoint_url=url, config=config)
    with suppress(ClientError):
        client._make_api_call(asked.operation, asked.params)
    client.close()


# What differs from one call to the next, whoever makes it.

_MASKED = (
    ("authorization", re.compile(r"/\d{8}/"), "/DATE/"),
    ("authorization", re.compile(r"Signature=[0-9a-f]{64}"), "Signature=SIGNATURE"),
    ("x-amz-date", re.compile(r"^\d{8}T\d{6}Z$"), "DATE"),
    ("amz-sdk-invocation-id", re.compile(r"^[0-9a-f-]{36}$"), "ID"),
)
_FEATURES = re.compile(r"(?<= m/)[^ ]+")
"""What the call used, in the user agent: botocore writes a set, in any order."""


def masked(headers: Iterable[tuple[str, Any]]) -> list[tuple[str, str]]:
    """Headers without date, signature and invocation id."""
    found: list[tuple[str, str]] = []
    for name, raw in headers:
        value = raw.decode() if isinstance(raw, bytes) else str(raw)
        for header, pattern, text in _MASKED:
            if name.lower() == header:
                value = pattern.sub(text, value)
        if name.lower() == "user-agent":
            value = _FEATURES.sub(lambda match: ",".join(sorted(match[0].split(","))), value)
        found.append((name, value))
    return found


def plain(request: WireRequest) -> tuple[object, ...]:
    return request.method, request.target, masked(request.headers), request.body


# On the wire.


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    with serve() as running:
        yield running


QUICK = Config(retries={"total_max_attempts": 1}, inject_host_prefix=False, proxies={})
"""One attempt. boto3 would add TwinMaker's host prefix to an address, which then has no host."""


@pytest.mark.slow
@pytest.mark.parametrize("service", OPERATIONS)
def test_every_request_has_the_bytes_of_boto3s(recorder: Recorder, service: str, subtests: pytest.Subtests) -> None:
    session = session_with()
    asked = record_params(session)
    with Unisync(session, endpoint_url=recorder.url, config=QUICK, **named(service)) as client:
        for name in (name for each, name in ALL_NAMES if each == service):
            with subtests.test(name):
                use(client, service, name)
                ours = plain(recorder.take())
                ((asked_service, operation, _),) = asked
                assert (asked_service, operation) == (service, name)
                call_boto3(session, asked.pop(), recorder.url, QUICK)
                assert ours == plain(recorder.take())
                asked.clear()


@pytest.mark.slow
@pytest.mark.skipif(not HAS_AIOHTTP, reason="no aiohttp")
@pytest.mark.parametrize(("service", "name"), SOME)
def test_requests_of_event_loops_are_the_same_but_for_the_order_of_headers(
    recorder: Recorder, service: str, name: str
) -> None:
    """aiohttp sends Host and Content-Length where it chooses, and in other case; HTTP takes both alike."""
    session = session_with()
    asked = record_params(session)

    async def use_once() -> None:
        async with AsyncUnisync(session, endpoint_url=recorder.url, config=QUICK, **named(service)) as client:
            operation = OPERATIONS[service][name]
            with suppress(UnisyncError):
                result = operation.use(client, Known())
                _ = [each async for each in result] if operation.is_list else await result

    asyncio.run(use_once())
    ours = recorder.take()
    call_boto3(session, asked.pop(), recorder.url, QUICK)
    theirs = recorder.take()
    assert (ours.method, ours.target, ours.body) == (theirs.method, theirs.target, theirs.body)
    assert sorted(masked(ours.headers), key=_in_any_case) == sorted(masked(theirs.headers), key=_in_any_case)


def _in_any_case(header: tuple[str, str]) -> tuple[str, str]:
    return header[0].lower(), header[1]


@pytest.mark.slow
def test_the_request_for_a_role_has_the_bytes_of_boto3s() -> None:
    session = session_with(token="token")
    asked = record_params(session)
    denied = b"<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>"
    with serve(response(403, denied)) as recorder:
        with Fleet(
            [ROLE], session=session, regions=[REGION], endpoint_url=recorder.url, config=QUICK, external_id="external"
        ) as fleet:
            (outcome,) = fleet.get_many([StackSync("payments-prod")])
            assert isinstance(outcome.error, AccessDeniedError)
        ours = recorder.take()
        (role,) = asked
        assert (role.service, role.operation) == ("sts", "AssumeRole")
        assert sorted(role.params) == ["ExternalId", "RoleArn", "RoleSessionName"]
        call_boto3(session, role, recorder.url, QUICK)
        assert plain(ours) == plain(recorder.take())


@pytest.mark.slow
def test_an_endpoint_with_a_path(recorder: Recorder) -> None:
    session = session_with()
    asked = record_params(session)
    for path in ("/aws", "/aws/", "/aws/eu-west-1", "/a%20b", "/?x=y"):
        for service, name in SOME:
            with Unisync(session, endpoint_url=recorder.url + path, config=QUICK, **named(service)) as client:
                use(client, service, name)
            ours = recorder.take()
            call_boto3(session, asked[0], recorder.url + path, QUICK)
            assert plain(ours) == plain(recorder.take()), path
            asked.clear()


# With other settings: requests to AWS, which neither client sends.


class Variant(NamedTuple):
    """Settings of both clients."""

    shows: str = ""
    """What the request shows of the settings: in its URL or a header."""
    config: Config = Config()
    environ: dict[str, str] = {}  # noqa: RUF012
    profile: str = ""
    """The lines of the profile, which is then the default one."""
    endpoint_url: str | None = None
    token: str | None = None
    uses_cbor: bool = False
    is_elsewhere: bool = False
    """Whether requests go to an endpoint that is not AWS's."""
    has_prefix: bool = True
    is_signed: bool = True


ELSEWHERE = "https://aws.example.com:8443"
SERVICES_SECTION = f"""services = local
[services local]
iottwinmaker =
  endpoint_url = {ELSEWHERE}/own-twinmaker
proton =
  endpoint_url = {ELSEWHERE}/own-proton
codeconnections =
  endpoint_url = {ELSEWHERE}/own-code
codestar_connections =
  endpoint_url = {ELSEWHERE}/own-star
"""
URL_VARIABLES = {
    f"AWS_ENDPOINT_URL_{name}": f"{ELSEWHERE}/own-{name.lower()}"
    for name in ("IOTTWINMAKER", "PROTON", "CODECONNECTIONS", "CODESTAR_CONNECTIONS")
}
VARIANTS = {
    "defaults": Variant("eu-west-1.amazonaws.com"),
    "session token": Variant("X-Amz-Security-Token", token="token"),
    "user_agent_extra": Variant("deploy/1.0 (acme)", Config(user_agent_extra="deploy/1.0 (acme)")),
    "user_agent": Variant("deploy/2.0", Config(user_agent="deploy/2.0")),
    "user_agent_appid": Variant("app/payments-1", Config(user_agent_appid="payments/1")),
    "AWS_SDK_UA_APP_ID": Variant("app/payments", environ={"AWS_SDK_UA_APP_ID": "payments"}),
    "sdk_ua_app_id": Variant("app/payments", profile="sdk_ua_app_id = payments"),
    "AWS_EXECUTION_ENV": Variant("exec-env/AWS_Lambda", environ={"AWS_EXECUTION_ENV": "AWS_Lambda_python3.13"}),
    "trace of Lambda": Variant(
        "Root=1-5759e988;a%20b", environ={"AWS_LAMBDA_FUNCTION_NAME": "f", "_X_AMZN_TRACE_ID": "Root=1-5759e988;a b"}
    ),
    "FIPS": Variant("-fips.", Config(use_fips_endpoint=True)),
    "AWS_USE_FIPS_ENDPOINT": Variant("-fips.", environ={"AWS_USE_FIPS_ENDPOINT": "true"}),
    "dual-stack": Variant(".api.aws", Config(use_dualstack_endpoint=True)),
    "dual-stack in the profile": Variant(".api.aws", profile="use_dualstack_endpoint = true"),
    "FIPS and dual-stack": Variant("-fips.", Config(use_fips_endpoint=True, use_dualstack_endpoint=True)),
    "AWS_ENDPOINT_URL": Variant(ELSEWHERE, environ={"AWS_ENDPOINT_URL": ELSEWHERE}, is_elsewhere=True),
    "AWS_ENDPOINT_URL_<SERVICE>": Variant(f"{ELSEWHERE}/own-", environ=URL_VARIABLES, is_elsewhere=True),
    "AWS_ENDPOINT_URL_<SERVICE>, ignored": Variant(
        "amazonaws.com", environ={**URL_VARIABLES, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"}
    ),
    "ignore_configured_endpoint_urls": Variant(
        "amazonaws.com", Config(ignore_configured_endpoint_urls=True), environ=URL_VARIABLES
    ),
    "endpoint_url of the profile": Variant(
        f"{ELSEWHERE}/all", profile=f"endpoint_url = {ELSEWHERE}/all", is_elsewhere=True
    ),
    "services of the profile": Variant(f"{ELSEWHERE}/own-", profile=SERVICES_SECTION, is_elsewhere=True),
    "endpoint_url": Variant(f"{ELSEWHERE}/base", endpoint_url=f"{ELSEWHERE}/base", is_elsewhere=True),
    "endpoint_url, IPv6": Variant("//[::1]:8080", endpoint_url="http://[::1]:8080", is_elsewhere=True),
    "endpoint_url, standard port": Variant(
        "//aws.example.com", endpoint_url="https://aws.example.com:443", is_elsewhere=True
    ),
    "inject_host_prefix off": Variant("://", Config(inject_host_prefix=False), has_prefix=False),
    "host prefix off in the profile": Variant("://", profile="disable_host_prefix_injection = true", has_prefix=False),
    "AWS_DISABLE_HOST_PREFIX_INJECTION": Variant(
        "://", environ={"AWS_DISABLE_HOST_PREFIX_INJECTION": "true"}, has_prefix=False
    ),
    "unsigned": Variant("://", Config(signature_version=UNSIGNED), is_signed=False),
    "signature_version": Variant("AWS4-HMAC-SHA256", Config(signature_version="v4")),
    "retry mode": Variant("retry-mode#adaptive", Config(retries={"mode": "adaptive", "total_max_attempts": 5})),
    "AWS_RETRY_MODE": Variant("retry-mode#standard", environ={"AWS_RETRY_MODE": "standard", "AWS_MAX_ATTEMPTS": "4"}),
    "CBOR": Variant("/operation/", uses_cbor=True),
    # These change nothing in a request to these services, here as there.
    "account_id_endpoint_mode": Variant(config=Config(account_id_endpoint_mode="disabled")),
    "AWS_ACCOUNT_ID_ENDPOINT_MODE": Variant(environ={"AWS_ACCOUNT_ID_ENDPOINT_MODE": "preferred"}),
    "auth_scheme_preference": Variant(environ={"AWS_AUTH_SCHEME_PREFERENCE": "sigv4a,sigv4"}),
    "sigv4a_signing_region_set": Variant(config=Config(sigv4a_signing_region_set="*")),
    "checksums": Variant(config=Config(request_checksum_calculation="when_required")),
    "compression": Variant(config=Config(request_min_compression_size_bytes=1)),
    "defaults_mode": Variant(config=Config(defaults_mode="in-region")),
}


class Unsent:
    """A sender that keeps each request instead of sending it."""

    def __init__(self) -> None:
        self.requests: list[HttpRequest] = []

    def send(self, request: HttpRequest, deadline: Deadline) -> HttpResponse:
        self.requests.append(request)
        return HttpResponse(400, {}, b"{}")

    def close(self) -> None:
        """Nothing is open."""


class Unread:
    """A body without bytes."""

    def stream(self, **_: object) -> Iterator[bytes]:
        yield b"{}"


def boto3s_request(session: boto3.Session, asked: Asked, variant: Variant) -> AWSPreparedRequest:
    found: list[AWSPreparedRequest] = []

    def keep(request: AWSPreparedRequest, **_: object) -> AWSResponse:
        found.append(request)
        body: Any = Unread()
        return AWSResponse(request.url, 400, {}, body)

    client: Any = session.client(asked.service, endpoint_url=variant.endpoint_url, config=variant.config)
    client.meta.events.register("before-send", keep)
    with suppress(ClientError, ResponseParserError):
        client._make_api_call(asked.operation, asked.params)
    client.close()
    return found[0]


@pytest.fixture(params=VARIANTS)
def variant(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Variant:
    found = VARIANTS[request.param]
    if found.uses_cbor and NO_CBOR:
        pytest.skip("no CBOR in this botocore")
    for name, value in found.environ.items():
        monkeypatch.setenv(name, value)
    if found.profile:
        (tmp_path / "config").write_text(f"[default]\n{found.profile}")
        monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    return found


@pytest.mark.parametrize(("service", "name"), SOME)
def test_every_setting_has_the_same_effect_as_in_boto3(variant: Variant, service: str, name: str) -> None:
    session = session_with(CborLoader() if variant.uses_cbor else LOADER, token=variant.token)
    asked = record_params(session)
    unsent: Any = Unsent()
    with Unisync(
        session,
        endpoint_url=variant.endpoint_url,
        config=variant.config,
        max_attempts=1,
        **named(service),
    ) as client:
        session_of(client)._senders._blocking = unsent
        use(client, service, name)
    ours: HttpRequest = unsent.requests.pop()
    (call,) = asked
    theirs = boto3s_request(session, call, variant)
    theirs_url = theirs.url
    if variant.is_elsewhere and service == "iottwinmaker":
        # Intended: the name of an endpoint that is not AWS's would not exist with AWS's host prefix in front of it.
        assert "://api." in theirs_url
        theirs_url = theirs_url.replace("://api.", "://")
    assert (ours.method, ours.url, ours.body) == (theirs.method, theirs_url, theirs.body or b"")
    (host, *rest) = masked(ours.headers)
    assert rest == [("Accept-Encoding", "identity"), *masked(theirs.headers.items())]
    parts = urlsplit(ours.url)
    assert host == ("Host", parts.netloc.removesuffix(":443"))
    if not (variant.uses_cbor and service != "codeconnections"):
        assert variant.shows in f"{ours.url} {ours.headers}"
    assert ("Authorization" in dict(ours.headers)) is variant.is_signed
    has_prefix = variant.has_prefix and not variant.is_elsewhere and service == "iottwinmaker"
    assert (parts.hostname or "").startswith("api.") is has_prefix


# Where credentials come from: the user agent says so.

PROFILE = """[default]
region = eu-west-1
credential_process = echo '{"Version":1,"AccessKeyId":"AKIAIOSFODNN7EXAMPLE","SecretAccessKey":"secret"}'
"""


@pytest.mark.slow
@pytest.mark.parametrize("has_session", [True, False])
@pytest.mark.parametrize("source", ["variables", "a process"])
def test_credentials_of_the_environment_and_of_a_profile(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch, tmp_path: Any, source: str, has_session: bool
) -> None:
    if source == "variables":
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
        monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    else:
        (tmp_path / "config").write_text(PROFILE)
        monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    call = Asked("proton", "GetServiceSyncConfig", {"serviceName": "web"})
    theirs = boto3.Session().client("proton", endpoint_url=recorder.url, config=QUICK)
    session = boto3.Session() if has_session else None
    with Unisync(session, endpoint_url=recorder.url, config=QUICK) as client:
        for _ in range(2):
            use(client, *call[:2])
            ours = plain(recorder.take())
            with suppress(ClientError):
                theirs.get_service_sync_config(**call.params)
            expected = recorder.take()
            headers = expected.headers
            if session is None:
                # Intended: no boto3 is involved, so that the user agent begins with botocore's own name.
                headers = tuple(
                    (name, value if name != "User-Agent" else without_boto3(value)) for name, value in headers
                )
            assert ours == plain(expected._replace(headers=headers))
    theirs.close()


def without_boto3(user_agent: str) -> str:
    """A user agent of boto3's as botocore alone would write it; other headers as they are."""
    version = f"Botocore/{botocore.__version__}"
    return user_agent.replace(f"Boto3/{boto3.__version__} md/Botocore#{botocore.__version__}", version).removesuffix(
        f" {version}"
    )


# What is encoded.


@pytest.mark.slow
@pytest.mark.parametrize("name", ["Jos\u00e9", "\u0141ukasz"])
def test_text_beyond_ascii_in_a_header_is_utf_8(recorder: Recorder, name: str) -> None:
    config = QUICK.merge(Config(user_agent_extra=name))
    session = session_with()
    asked = record_params(session)
    with Unisync(session, endpoint_url=recorder.url, config=config) as client:
        use(client, "proton", "GetServiceSyncConfig")
    ours = plain(recorder.take())
    call_boto3(session, asked.pop(), recorder.url, config)
    assert ours == plain(recorder.take())


@pytest.mark.slow
@pytest.mark.parametrize("path", ["/a b", "/\u00e4", "/?x=y z"])
def test_an_endpoint_that_needs_percent_encoding(recorder: Recorder, path: str) -> None:
    session = session_with()
    asked = record_params(session)
    with Unisync(session, endpoint_url=recorder.url + path, config=QUICK) as client:
        use(client, "proton", "GetServiceSyncConfig")
    ours = plain(recorder.take())
    call_boto3(session, asked.pop(), recorder.url + path, QUICK)
    assert ours == plain(recorder.take())
