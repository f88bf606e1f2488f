"""Signature Version 4, from the side of the one who checks it."""

from __future__ import annotations

import hashlib
import hmac
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote

from unisync.emulator._protocol.message import Request
from unisync.emulator.errors import CommonError

MAX_SKEW = 300.0
"""Seconds by which a signature's date may differ from ours."""

ACCESS_KEY: re.Pattern[str] = re.compile(r"AKIA(\d{12})EMUL")
"""What `access_key_of` gives, with the account as its group."""

_ALGORITHM = "AWS4-HMAC-SHA256"


def access_key_of(account: str) -> str:
    """The one access key of an emulated account. The account can be read back from it, so none needs registering."""
    return f"AKIA{account}EMUL"


def secret_of(account: str) -> str:
    """The secret that belongs to `access_key_of(account)`."""
    return hashlib.sha256(f"emulated secret of {account}".encode()).hexdigest()[:40]


@dataclass(frozen=True, slots=True)
class Identity:
    """Somebody with a key: the account, how AWS names them there, and the key's secret."""

    account: str
    arn: str
    user_id: str
    secret: str


@dataclass(frozen=True, slots=True)
class Caller:
    """Whom a checked signature speaks for, and where the request is meant to go."""

    identity: Identity
    region: str
    service: str


def check(request: Request, find: Callable[[str, str | None], Identity]) -> Caller:
    """Check the signature of a request as AWS does. `find` knows whose an access key with a session token is.

    Raises:
        CommonError: MissingAuthenticationTokenException, IncompleteSignatureException or InvalidSignatureException,
            whichever AWS would answer; or what `find` raises.
    """
    header = request.headers.get("authorization")
    if header is None:
        raise CommonError("MissingAuthenticationTokenException", "Missing Authentication Token", 403)
    parts = _authorization(header)
    access_key, *scope = parts["Credential"].split("/")
    if len(scope) != 4 or scope[3] != "aws4_request":
        raise CommonError("IncompleteSignatureException", f"Credential is not a scope: {parts['Credential']}", 403)
    day, region, service, _ = scope
    identity = find(access_key, request.headers.get("x-amz-security-token"))
    if "host" not in parts["SignedHeaders"].split(";"):
        raise CommonError(
            "InvalidSignatureException",
            "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.",
            403,
        )
    stamp = request.headers.get("x-amz-date", "")
    _check_date(stamp, day)
    to_sign = "\n".join(
        [_ALGORITHM, stamp, "/".join(scope), _sha256(_canonical(request, parts["SignedHeaders"].split(";")).encode())]
    )
    key = f"AWS4{identity.secret}".encode()
    for word in scope:
        key = hmac.digest(key, word.encode(), "sha256")
    expected = hmac.new(key, to_sign.encode(), "sha256").hexdigest()
    if not hmac.compare_digest(expected.encode(), parts["Signature"].encode()):
        raise CommonError(
            "InvalidSignatureException",
            "The request signature we calculated does not match the signature you provided. "
            "Check your AWS Secret Access Key and signing method. Consult the service documentation for details.",
            403,
        )
    return Caller(identity, region, service)


def _authorization(header: str) -> Mapping[str, str]:
    algorithm, _, rest = header.partition(" ")
    parts = {name: value for name, _, value in (part.strip().partition("=") for part in rest.split(","))}
    missing = [name for name in ("Credential", "SignedHeaders", "Signature") if not parts.get(name)]
    if algorithm != _ALGORITHM or missing:
        raise CommonError(
            "IncompleteSignatureException",
            f"Authorization header requires '{_ALGORITHM}' with {', '.join(missing) or 'that algorithm'}.",
            403,
        )
    return parts


def _check_date(stamp: str, day: str) -> None:
    try:
        signed = datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()
    except ValueError:
        raise CommonError("IncompleteSignatureException", f"X-Amz-Date is not a date: {stamp!r}", 403) from None
    ours = time.time()
    now = datetime.fromtimestamp(ours, UTC).strftime("%Y%m%dT%H%M%SZ")
    if not stamp.startswith(day):
        raise CommonError("InvalidSignatureException", f"Date in Credential scope does not match {stamp}", 403)
    if signed < ours - MAX_SKEW:
        raise CommonError("InvalidSignatureException", f"Signature expired: {stamp} is now earlier than {now}", 403)
    if signed > ours + MAX_SKEW:
        raise CommonError(
            "InvalidSignatureException", f"Signature not yet current: {stamp} is still later than {now}", 403
        )


def _canonical(request: Request, signed_headers: list[str]) -> str:
    announced = request.headers.get("x-amz-content-sha256")
    payload = _sha256(request.body)
    pairs = [pair for pair in request.query.split("&") if pair]
    if announced not in (None, payload, "UNSIGNED-PAYLOAD"):
        raise CommonError("InvalidSignatureException", "x-amz-content-sha256 does not match the body", 403)
    return "\n".join(
        [
            request.method,
            # Every service but S3 signs the path with its percent signs encoded once more.
            quote(_without_dots(request.path), safe="/~"),
            "&".join(f"{name}={value}" for name, _, value in sorted(each.partition("=") for each in pairs)),
            *(f"{name}:{' '.join(request.headers.get(name, '').split())}" for name in signed_headers),
            "",
            ";".join(signed_headers),
            announced or payload,
        ]
    )


def _without_dots(path: str) -> str:
    """The path as it is signed: without dot segments, and without slashes that follow a slash."""
    kept: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            del kept[-1:]
        elif segment not in ("", "."):
            kept.append(segment)
    return "/" + "/".join(kept) + ("/" if kept and path.endswith("/") else "")


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
