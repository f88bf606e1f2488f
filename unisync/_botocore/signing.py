"""Signing: with botocore's own signer and events, its work done once where botocore does it twice or for each call.

A client of botocore's signs each request in a handler for `request-created`. `Signer` takes the place of that handler
on our clients: it emits the same events and asks botocore's signer for what the request is to be signed with. Where
that is Signature Version 4, `_CachingSigV4Auth` chooses the headers once, and derives the key once a day; both are
results that botocore's class computes as well. Any other kind of signature is botocore's.
"""

from __future__ import annotations

import hmac
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import botocore
from botocore.auth import SIGNED_HEADERS_BLACKLIST, SigV4Auth
from typing_extensions import override

from unisync._botocore.connection_settings import host_header

if TYPE_CHECKING:
    from botocore.awsrequest import AWSRequest
    from botocore.client import BaseClient
    from botocore.hooks import EventAliaser
    from botocore.signers import RequestSigner

_Chosen = dict[str, list[str]]
"""The headers that are signed, by their names in lower case."""


def sign_with_caches(client: BaseClient) -> bool:
    """Have a client sign its requests with a `Signer`.

    Returns:
        False if this botocore has its signer elsewhere: then it signs as it always does.
    """
    signer: RequestSigner | None = getattr(client, "_request_signer", None)
    if signer is None or not hasattr(signer, "get_auth_instance"):
        return False
    service = client.meta.service_model.service_id.hyphenize()
    events = client.meta.events
    events.unregister(f"request-created.{service}", signer.handler)
    events.register_first(f"request-created.{service}", Signer(signer, events, service).handler)
    return True


class Signer:
    """Signs requests. It follows `botocore.signers.RequestSigner.sign`."""

    def __init__(self, signer: RequestSigner, events: EventAliaser, service: str) -> None:
        self._signer = signer
        self._events = events
        self._service = service

    def handler(self, request: AWSRequest, operation_name: str, **_: object) -> None:
        """Sign a request that was created."""
        signer, context = self._signer, request.context
        signing: dict[str, Any] = context.get("signing", {})
        version: Any = context.get("auth_type") or signer.signature_version
        chosen: Any = self._events.emit_until_response(
            f"choose-signer.{self._service}.{operation_name}",
            signing_name=signing.get("signing_name", signer.signing_name),
            region_name=signing.get("region", signer.region_name),
            signature_version=version,
            context=context,
        )[1]
        version = version if chosen is None else chosen
        self._events.emit(
            f"before-sign.{self._service}.{operation_name}",
            request=request,
            signing_name=signer.signing_name,
            region_name=signer.region_name,
            signature_version=version,
            request_signer=signer,
            operation_name=operation_name,
        )
        if version is botocore.UNSIGNED:
            return
        name = signing.get("signing_name") or signer.signing_name
        region = signing.get("region") or signer.region_name
        options = {"request_credentials": signing["request_credentials"]} if "request_credentials" in signing else {}
        auth = signer.get_auth_instance(name, region, version, **options)
        if type(auth) is SigV4Auth:
            auth = _CachingSigV4Auth(auth.credentials, name, region)
        auth.add_auth(request)


class _CachingSigV4Auth(SigV4Auth):
    """Signature Version 4 for one request."""

    def __init__(self, credentials: Any, service_name: str, region_name: str) -> None:
        super().__init__(credentials, service_name, region_name)
        self._scope = region_name, service_name
        self._chosen: _Chosen | None = None
        self._names = ""

    @override
    def headers_to_sign(self, request: AWSRequest) -> Any:
        if self._chosen is None:
            chosen: _Chosen = {}
            for name, value in request.headers.items():
                key = name.lower()
                if key not in SIGNED_HEADERS_BLACKLIST:
                    chosen.setdefault(key, []).append(value)
            if "host" not in chosen:
                chosen["host"] = [host_header(request.url or "")]
            self._chosen = {name: chosen[name] for name in sorted(chosen)}
            self._names = ";".join(self._chosen)
        return self._chosen

    @override
    def canonical_headers(self, headers_to_sign: Any) -> str:
        chosen: _Chosen = headers_to_sign
        return "\n".join(
            [f"{name}:{','.join([' '.join(value.split()) for value in values])}" for name, values in chosen.items()]
        )

    @override
    def signed_headers(self, headers_to_sign: Any) -> str:
        return self._names

    @override
    def signature(self, string_to_sign: str, request: AWSRequest) -> str:
        assert self.credentials is not None, "add_auth has looked"
        key = _signing_key(self.credentials.secret_key, request.context["timestamp"][:8], *self._scope)
        return hmac.digest(key, string_to_sign.encode(), "sha256").hex()


@lru_cache(maxsize=64)
def _signing_key(secret: str, date: str, region: str, service: str) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in (date, region, service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key
