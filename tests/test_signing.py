"""The fast signatures: botocore's to the letter, or botocore's own."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from botocore import auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from tests.samples import STACK
from unisync import Unisync
from unisync.emulator import Emulator
from unisync.signing import _fast_auth, _signed, sign_fast

TEXT = st.text(st.characters(min_codepoint=32, max_codepoint=126))
NAMES = st.sampled_from(["X-Amz-Date", "Content-Type", "x-amz-target", "User-Agent", "Expect", "X-More", "Host"])


@given(
    method=st.sampled_from(["GET", "POST", "DELETE"]),
    host=st.sampled_from(["http://127.0.0.1:4566", "https://EXAMPLE.com:443", "http://[::1]:80", "https://a:b@c.d"]),
    path=st.sampled_from(["/", "/sync-jobs/SITEWISE?workspace=a%20b", "/a/../b//c?z=1&a=2"]),
    headers=st.dictionaries(NAMES, TEXT),
    data=st.one_of(st.binary(), st.text(max_size=9)),
)
def test_a_signature_is_botocores(method: str, host: str, path: str, headers: Any, data: Any) -> None:
    fast: Any = _fast_auth()
    sample = (method, host + path, headers, data)
    assert _signed(fast, *sample) == _signed(auth.SigV4Auth, *sample)


def test_headers_that_are_given_twice_are_signed_as_botocore_does() -> None:
    fast: Any = _fast_auth()
    signed: list[str] = []
    for kind in (fast, auth.SigV4Auth):
        request: Any = AWSRequest("POST", "http://127.0.0.1/", {"X-More": "one"}, b"{}")
        request.headers.add_header("X-More", "two")
        request.context["timestamp"] = "20260102T030405Z"
        signed.append(kind(Credentials("id", "secret"), "proton", "eu-west-1").canonical_request(request))
    assert signed[0] == signed[1]
    assert "one,two" in signed[0]


def test_each_request_is_signed_anew() -> None:
    fast: Any = _fast_auth()
    signer = fast(Credentials("id", "secret", "token"), "proton", "eu-west-1")
    headers = [AWSRequest("POST", f"http://{host}/", {}, b"{}") for host in ("first", "second")]
    for request in headers:
        signer.add_auth(request)
    assert headers[0].headers["Authorization"] != headers[1].headers["Authorization"]


def test_a_client_signs_fast_and_its_service_believes_it(aws: Emulator) -> None:
    aws.add_stack("payments-prod", repository="acme/infra")
    with Unisync(**aws.client_options()) as client:
        client.get(STACK)
        made: Any = client._session.client("codeconnections")
        signer = made._request_signer
        assert type(signer.get_auth_instance("proton", "eu-west-1", "v4")) is _fast_auth()
        assert type(signer.get_auth_instance("proton", "eu-west-1", "v4-query")).__name__ == "SigV4QueryAuth"


@pytest.mark.parametrize("broken", ["SIGNED_HEADERS_BLACKLIST", "_host_from_url", "SigV4Auth"])
def test_a_botocore_that_signs_otherwise_is_left_alone(broken: str, monkeypatch: pytest.MonkeyPatch) -> None:
    _fast_auth.cache_clear()
    with monkeypatch.context() as patched:
        patched.delattr(auth, broken)
        assert _fast_auth() is None
        signer = SimpleNamespace(get_auth_instance=None)
        client: Any = SimpleNamespace(_request_signer=signer)
        assert not sign_fast(client)
    _fast_auth.cache_clear()
    nothing: Any = SimpleNamespace()
    assert not sign_fast(nothing)


def test_so_is_one_that_signs_other_headers(monkeypatch: pytest.MonkeyPatch) -> None:
    def signed_headers(*_: object) -> str:
        return "none"

    def canonical_headers(*_: object) -> str:
        return "others"

    _fast_auth.cache_clear()
    with monkeypatch.context() as patched:
        patched.setattr(auth.SigV4Auth, "signed_headers", signed_headers)
        patched.setattr(auth.SigV4Auth, "canonical_headers", canonical_headers)
        assert _fast_auth() is None
    _fast_auth.cache_clear()
