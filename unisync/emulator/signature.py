"""Signature Version 4, from the side of the one who checks it."""

from __future__ import annotations

import hashlib
import hmac
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote

from unisync.emulator.errors import AwsError
from unisync.emulator.message import Request

MAX_SKEW = 300.0
"""Seconds by which a signature's date may differ from ours."""

_ALGORITHM = "AWS4-HMAC-SHA256"
_ACCESS_KEY = re.compile(r"AKIA(\d{12})EMUL")


def access_key_of(account: str) -> str:
    """The one access key of an emulated account. The account can be read back from it, so none needs registering."""
    return f"AKIA{account}EMUL"


def secret_of(account: str) -> str:
    """The secret that belongs to `access_key_of(account)`."""
    return hashlib.sha256(f"emulated secret of {account}".encode()).hexdigest()[:40]


@dataclass(frozen=True, slots=True)
class Caller:
    """Whom a checked signature speaks for: the account, and where the request is meant to go."""

    account: str
    region: str
    service: str


def check(request: Request) -> Caller:
    """Check the signature of a request as AWS does.

    Raises:
        AwsError: MissingAuthenticationTokenException, IncompleteSignatureException, UnrecognizedClientException or
            InvalidSignatureException, whichever AWS would answer.
    """
    header = request.headers.get("authorization")
    if header is None:
        raise AwsError("MissingAuthenticationTokenException", "Missing Authentication Token", 403)
    parts = _authorization(header)
    access_key, *scope = parts["Credential"].split("/")
    if len(scope) != 4 or scope[3] != "aws4_request":
        raise AwsError("IncompleteSignatureException", f"Credential is not a scope: {parts['Credential']}", 403)
    day, region, service, _ = scope
    known = _ACCESS_KEY.fullmatch(access_key)
    if known is None:
        raise AwsError("UnrecognizedClientException", "The security token included in the request is invalid.", 403)
    account = known[1]
    if "host" not in parts["SignedHeaders"].split(";"):
        raise AwsError(
            "InvalidSignatureException",
            "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.",
            403,
        )
    stamp = request.headers.get("x-amz-date", "")
    _check_date(stamp, day)
    to_sign = "\n".join(
        [_ALGORITHM, stamp, "/".join(scope), _sha256(_canonical(request, parts["SignedHeaders"].split(";")).encode())]
    )
    key = f"AWS4{secret_of(account)}".encode()
    for word in scope:
        key = hmac.digest(key, word.encode(), "sha256")
    expected = hmac.new(key, to_sign.encode(), "sha256").hexdigest()
    if not hmac.compare_digest(expected.encode(), parts["Signature"].encode()):
        raise AwsError(
            "InvalidSignatureException",
            "The request signature we calculated does not match the signature you provided. "
            "Check your AWS Secret Access Key and signing method. Consult the service documentation for details.",
            403,
        )
    return Caller(account, region, service)


def _authorization(header: str) -> Mapping[str, str]:
    algorithm, _, rest = header.partition(" ")
    parts = {name: value for name, _, value in (part.strip().partition("=") for part in rest.split(","))}
    missing = [name for name in ("Credential", "SignedHeaders", "Signature") if not parts.get(name)]
    if algorithm != _ALGORITHM or missing:
        raise AwsError(
            "IncompleteSignatureException",
            f"Authorization header requires '{_ALGORITHM}' with {', '.join(missing) or 'that algorithm'}.",
            403,
        )
    return parts


def _check_date(stamp: str, day: str) -> None:
    try:
        signed = datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()
    except ValueError:
        raise AwsError("IncompleteSignatureException", f"X-Amz-Date is not a date: {stamp!r}", 403) from None
    ours = time.time()
    now = datetime.fromtimestamp(ours, UTC).strftime("%Y%m%dT%H%M%SZ")
    if not stamp.startswith(day):
        raise AwsError("InvalidSignatureException", f"Date in Credential scope does not match {stamp}", 403)
    if signed < ours - MAX_SKEW:
        raise AwsError("InvalidSignatureException", f"Signature expired: {stamp} is now earlier than {now}", 403)
    if signed > ours + MAX_SKEW:
        raise AwsError(
            "InvalidSignatureException", f"Signature not yet current: {stamp} is still later than {now}", 403
        )


def _canonical(request: Request, signed_headers: list[str]) -> str:
    announced = request.headers.get("x-amz-content-sha256")
    payload = _sha256(request.body)
    pairs = [pair for pair in request.query.split("&") if pair]
    if announced not in (None, payload, "UNSIGNED-PAYLOAD"):
        raise AwsError("InvalidSignatureException", "x-amz-content-sha256 does not match the body", 403)
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
