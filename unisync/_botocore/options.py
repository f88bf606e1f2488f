"""The options of sessions: where a client connects to, for how long it waits, and how often it tries."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self, cast

from botocore.config import Config

from unisync._core.events import OnEvent, checked_callback
from unisync.errors import InvalidArgumentError

_SERVICE_IDS = {
    "iottwinmaker": "IOTTWINMAKER",
    "proton": "PROTON",
    "codeconnections": "CODECONNECTIONS",
    "codestar-connections": "CODESTAR_CONNECTIONS",
    "sts": "STS",
    "cloudformation": "CLOUDFORMATION",
}
"""The services that may have an endpoint of their own, and what AWS_ENDPOINT_URL_ is followed by for each."""
_PLAIN_AUTHORITY = r"https?://(\[[0-9a-fA-F:.]+\]|[\w.-]+)(:\d+)?(/|$)"
NO_PASSWORD = "endpoint_url: expected a URL without a user name and password"


@dataclass(frozen=True)
class SessionOptions:
    """How the sessions of a client connect and report, the same for all accounts and regions."""

    endpoint_url: str | None = None
    """Where to connect to instead of AWS."""
    endpoint_urls: Mapping[str, str] | None = None
    """The same for single services, by boto3's names."""
    config: Config | None = None
    connect_timeout: float | None = None
    read_timeout: float | None = None
    """Seconds; None leaves it to `config`."""
    max_attempts: int | None = None
    verify: bool | str | None = None
    """Whether to verify TLS certificates, or the path of a file with certificates to trust."""
    allow_unknown_values: bool = False
    """Whether a request may hold enum values that AWS's model does not list."""
    on_event: OnEvent | None = None
    """Receives each `CallEnded`."""

    @classmethod
    def checked(
        cls,
        *,
        endpoint_url: object,
        endpoint_urls: object,
        config: object,
        connect_timeout: object,
        read_timeout: object,
        max_attempts: object,
        verify: object,
        allow_unknown_values: bool,
        on_event: OnEvent | None,
    ) -> Self:
        """The options as a user passed them.

        Raises:
            InvalidArgumentError: One of them is not what is expected.
        """
        expect = InvalidArgumentError.unless
        expect(isinstance(endpoint_url, str | None), "endpoint_url", "a URL", endpoint_url)
        is_mapping = isinstance(endpoint_urls, Mapping | None)
        expect(is_mapping, "endpoint_urls", "URLs by boto3's name of the service", endpoint_urls)
        urls = dict(cast("Mapping[str, object]", endpoint_urls or {}))
        for service, url in urls.items():
            expect(service in _SERVICE_IDS, "endpoint_urls", f"some of {', '.join(_SERVICE_IDS)}", service)
            expect(isinstance(url, str), f"endpoint_urls[{service!r}]", "a URL", url)
        if any(has_password(url) for url in (endpoint_url, *urls.values())):
            raise InvalidArgumentError(NO_PASSWORD)
        for name, value in (("connect_timeout", connect_timeout), ("read_timeout", read_timeout)):
            is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
            is_seconds = value is None or (is_number and 0 < cast("float", value) < math.inf)
            expect(is_seconds, name, "a number of seconds above 0", value)
        expect(isinstance(verify, bool | str | None), "verify", "True, False or the path of a file", verify)
        return cls(
            cast("str | None", endpoint_url),
            cast("Mapping[str, str]", urls),
            cast("Config | None", config),
            cast("float | None", connect_timeout),
            cast("float | None", read_timeout),
            checked_max_attempts(max_attempts),
            cast("bool | str | None", verify),
            allow_unknown_values,
            checked_callback("on_event", on_event),
        )

    def url_of(self, service: str) -> str | None:
        """Where to connect to for a service; None for where botocore's own settings say, or AWS."""
        own = (self.endpoint_urls or {}).get(service)
        if own is not None or self.endpoint_url is None:
            return own
        is_ignored = getattr(self.config, "ignore_configured_endpoint_urls", None)
        if is_ignored is None:
            is_ignored = os.environ.get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "").lower() == "true"
        is_set = bool(os.environ.get(f"AWS_ENDPOINT_URL_{_SERVICE_IDS[service]}"))
        return None if is_set and not is_ignored else self.endpoint_url


def checked_max_attempts(max_attempts: object) -> int | None:
    """How often a call is sent at most; None leaves it to other settings.

    Raises:
        InvalidArgumentError: It is not a number from 1.
    """
    is_count = isinstance(max_attempts, int) and not isinstance(max_attempts, bool) and max_attempts >= 1
    InvalidArgumentError.unless(max_attempts is None or is_count, "max_attempts", "a number from 1", max_attempts)
    return cast("int | None", max_attempts)


def has_password(url: object) -> bool:
    """Whether an endpoint has a user name or a password: AWS ignores them, and every message would show them."""
    return isinstance(url, str) and "@" in url and re.match(_PLAIN_AUTHORITY, url) is None
