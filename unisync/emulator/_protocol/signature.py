"""Verifies AWS Signature Version 4."""

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
"""Seconds that a signature's date may differ from the real time."""

ACCESS_KEY: re.Pattern[str] = re.compile(r"AKIA(\d{12})EMUL")
"""Matches the keys of `access_key_of`. The group is the account."""

_ALGORITHM = "AWS4-HMAC-SHA256"


def access_key_of(account: str) -> str:
    """The access key of an account. It contains the account, so accounts need no registration."""
    return f"AKIA{account}EMUL"


def secret_of(account: str) -> str:
    """The secret key that belongs to `access_key_of(account)`."""
    return hashlib.sha256(f"emulated secret of {account}".encode()).hexdigest()[:40]


@dataclass(frozen=True, slots=True)
class Identity:
    """The owner of an access key: the account, AWS's names for the owner, and the secret key."""

    account: str
    arn: str
    user_id: str
    secret: str


@dataclass(frozen=True, slots=True)
class Caller:
    """The result of a verified signature: who sent the request, and the region and service it was signed for."""

    identity: Identity
    region: str
    service: str


def verify(request: Request, find: Callable[[str, str | None], Identity]) -> Caller:
    """Verify the signature of a request. `find` returns the owner of an access key and session token.

    Raises:
        CommonError: MissingAuthenticationTokenException, IncompleteSignatureException or InvalidSignatureException, as
            AWS would respond; or an error of `find`.
    """
    header = request.headers.get("authorization")
    if header is None:
        raise CommonError("MissingAuthenticationTokenException", "Missing Authentication Token", 403)
    parts = _parse_authorization(header)
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
    date = request.headers.get("x-amz-date", "")
    _check_date(date, day)
    to_sign = "\n".join(
        [
            _ALGORITHM,
            date,
            "/".join(scope),
            _sha256(_canonical_request(request, parts["SignedHeaders"].split(";")).encode()),
        ]
    )
    key = f"AWS4{identity.secret}".encode()
    for part in scope:
        key = hmac.digest(key, part.encode(), "sha256")
    expected = hmac.new(key, to_sign.encode(), "sha256").hexdigest()
    if not hmac.compare_digest(expected.encode(), parts["Signature"].encode()):
        raise CommonError(
            "InvalidSignatureException",
            "The request signature we calculated does not match the signature you provided. "
            "Check your AWS Secret Access Key and signing method. Consult the service documentation for details.",
            403,
        )
    return Caller(identity, region, service)


def _parse_authorization(header: str) -> Mapping[str, str]:
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


def _check_date(date: str, day: str) -> None:
    try:
        signed_at = datetime.strptime(date, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()
    except ValueError:
        raise CommonError("IncompleteSignatureException", f"X-Amz-Date is not a date: {date!r}", 403) from None
    real_time = time.time()
    now = datetime.fromtimestamp(real_time, UTC).strftime("%Y%m%dT%H%M%SZ")
    if not date.startswith(day):
        raise CommonError("InvalidSignatureException", f"Date in Credential scope does not match {date}", 403)
    if signed_at < real_time - MAX_SKEW:
        raise CommonError("InvalidSignatureException", f"Signature expired: {date} is now earlier than {now}", 403)
    if signed_at > real_time + MAX_SKEW:
        raise CommonError(
            "InvalidSignatureException", f"Signature not yet current: {date} is still later than {now}", 403
        )


def _canonical_request(request: Request, signed_headers: list[str]) -> str:
    declared = request.headers.get("x-amz-content-sha256")
    payload = _sha256(request.body)
    pairs = [pair for pair in request.query.split("&") if pair]
    if declared not in (None, payload, "UNSIGNED-PAYLOAD"):
        raise CommonError("InvalidSignatureException", "x-amz-content-sha256 does not match the body", 403)
    return "\n".join(
        [
            request.method,
            # Every service but S3 signs the path with its percent signs encoded again.
            quote(_normalize_path(request.path), safe="/~"),
            "&".join(f"{name}={value}" for name, _, value in sorted(each.partition("=") for each in pairs)),
            *(f"{name}:{' '.join(request.headers.get(name, '').split())}" for name in signed_headers),
            "",
            ";".join(signed_headers),
            declared or payload,
        ]
    )


def _normalize_path(path: str) -> str:
    """The path as it is signed: without dot segments and repeated slashes."""
    kept: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            del kept[-1:]
        elif segment not in ("", "."):
            kept.append(segment)
    return "/" + "/".join(kept) + ("/" if kept and path.endswith("/") else "")


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
