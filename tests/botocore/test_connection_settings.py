"""Connections are made as boto3 would make them: its own settings, whichever place they come from."""

from __future__ import annotations

from typing import Any, NamedTuple

import boto3
import botocore.session
import pytest
from botocore.config import Config

from tests.botocore.test_prepare import session_with
from tests.support.samples import session_of
from unisync import Unisync
from unisync._botocore.connection_settings import ConnectionSettings

URL = "https://aws.example.com"
PROXY = "http://user:password@proxy.example.com:3128"


class Case(NamedTuple):
    """Where a setting is made."""

    config: Config = Config()
    environ: dict[str, str] = {}  # noqa: RUF012
    profile: str = ""
    verify: bool | str | None = None


CASES = {
    "defaults": Case(),
    "timeouts": Case(Config(connect_timeout=3, read_timeout=7)),
    "no timeout": Case(Config(read_timeout=None)),
    "connect_timeout of defaults_mode": Case(Config(defaults_mode="in-region")),
    "max_pool_connections": Case(Config(max_pool_connections=23)),
    "verify off": Case(verify=False),
    "verify": Case(verify="/some/bundle.pem", environ={"AWS_CA_BUNDLE": "/another.pem"}),
    "AWS_CA_BUNDLE": Case(environ={"AWS_CA_BUNDLE": "/aws.pem", "REQUESTS_CA_BUNDLE": "/requests.pem"}),
    "ca_bundle": Case(profile="ca_bundle = /profile.pem"),
    "REQUESTS_CA_BUNDLE": Case(environ={"REQUESTS_CA_BUNDLE": "/requests.pem"}),
    "client_cert": Case(Config(client_cert="/client.pem")),
    "client_cert and key": Case(Config(client_cert=("/client.pem", "/client.key"))),
    "tcp_keepalive": Case(Config(tcp_keepalive=True)),
    "tcp_keepalive of the profile": Case(profile="tcp_keepalive = true"),
    "proxies": Case(Config(proxies={"https": PROXY})),
    "no proxies": Case(Config(proxies={}), environ={"HTTPS_PROXY": PROXY}),
    "HTTPS_PROXY": Case(environ={"HTTPS_PROXY": PROXY, "HTTP_PROXY": "http://another:1"}),
    "https_proxy": Case(environ={"https_proxy": PROXY}),
    "NO_PROXY": Case(environ={"HTTPS_PROXY": PROXY, "NO_PROXY": "example.com"}),
    "proxies_config": Case(
        Config(
            proxies={"https": "https://proxy.example.com"},
            proxies_config={"proxy_ca_bundle": "/proxy.pem", "proxy_use_forwarding_for_https": True},
        )
    ),
}


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Case:
    return prepared(CASES[request.param], monkeypatch, tmp_path)


def prepared(case: Case, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Case:
    for name, value in case.environ.items():
        monkeypatch.setenv(name, value)
    if case.profile:
        (tmp_path / "config").write_text(f"[default]\n{case.profile}\n")
        monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    return case


def settings_of(session: boto3.Session, case: Case) -> ConnectionSettings:
    with Unisync(session, endpoint_url=URL, config=case.config, verify=case.verify) as client:
        session_of(client).client("proton")
        return session_of(client)._connection_settings()


def boto3s_http_session(session: boto3.Session, case: Case) -> Any:
    client: Any = session.client("proton", endpoint_url=URL, config=case.config, verify=case.verify)
    return client._endpoint.http_session


def test_connections_have_the_settings_of_boto3s(case: Case) -> None:
    session = session_with()
    ours, theirs = settings_of(session, case), boto3s_http_session(session, case)
    timeout = theirs._timeout
    assert (ours.connect_timeout, ours.read_timeout) == (timeout.connect_timeout, timeout.read_timeout)
    assert ours.max_connections == theirs._max_pool_connections
    assert ours.verify == theirs._verify
    certificate = ours.client_certificate
    assert (certificate if isinstance(certificate, tuple) else (certificate, None)) == (
        theirs._cert_file,
        theirs._key_file,
    )
    assert list(ours.socket_options) == theirs._socket_options
    proxy, expected = ours.proxy_for(URL), theirs._proxy_config.proxy_url_for(URL)
    assert (proxy and proxy.url) == expected
    if proxy is not None:
        assert proxy.headers == theirs._proxy_config.proxy_headers_for(expected)
    assert ours.proxies_config == (case.config.proxies_config or {})


_botocore_session: Any = botocore.session.Session
HAS_VARIABLE = "tcp_keepalive" in _botocore_session.SESSION_VARIABLES
KEEPALIVE = {
    "off": Case(Config(tcp_keepalive=False), profile="tcp_keepalive = true"),
    "variable": Case(environ={"BOTOCORE_TCP_KEEPALIVE": "true"}),
}


@pytest.mark.skipif(not HAS_VARIABLE, reason="no variable in this botocore")
@pytest.mark.parametrize("name", KEEPALIVE)
def test_keepalive_follows_botocore(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    case = prepared(KEEPALIVE[name], monkeypatch, tmp_path)
    session = session_with()
    assert list(settings_of(session, case).socket_options) == boto3s_http_session(session, case)._socket_options


def test_a_config_that_ignores_urls_leaves_the_argument(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_PROTON", "http://127.0.0.1:9")
    case = Case(Config(ignore_configured_endpoint_urls=True))
    with Unisync(session_with(), endpoint_url=URL, config=case.config) as client:
        assert session_of(client).client("proton").meta.endpoint_url == URL
