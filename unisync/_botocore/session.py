"""The boto3 clients of one account and region: created late and once, calls sent, errors translated."""

from __future__ import annotations

import json
import logging
import math
import os
import re
import threading
import time
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeVar, cast
from urllib.parse import urlsplit

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, EndpointConnectionError

from unisync._botocore.caching import cache_endpoints, cache_signing, cache_user_agent, disable_retries
from unisync._botocore.deadline import enforce_deadlines, time_limit, was_answered
from unisync._botocore.errors import (
    EXPIRED,
    client_error,
    credentials_client_error,
    response_error,
    translate_error,
    transport_error,
    without_frames,
)
from unisync._botocore.loader import Loaders, fast_session, share_loader
from unisync._botocore.regions import is_known_to_be_offered
from unisync._botocore.response import keep_bodies, read, take_body
from unisync._botocore.types import Boto3Session
from unisync._botocore.validation import violations
from unisync._core.commands import AccountRegion, Call, ConcurrencyLimit
from unisync._core.events import CallEnded, OnEvent, checked_callback, log_call, notify
from unisync._models.base import Model
from unisync.errors import (
    AccessDeniedError,
    CredentialsError,
    InvalidArgumentError,
    ServiceError,
    TransportError,
    UnisyncError,
)

if TYPE_CHECKING:
    import boto3
    import botocore.session
    from botocore.client import BaseClient
    from botocore.credentials import Credentials

R = TypeVar("R", bound=Model)

MIN_REFRESH_INTERVAL = 5.0
"""Seconds for which refreshed credentials are not refreshed again."""
SERVICE_COUNT = 3
DEFAULT_MAX_ATTEMPTS = 3
"""How often a call is sent where the user's settings do not say: as in botocore's standard mode."""

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
_NO_PASSWORD = "endpoint_url: expected a URL without a user name and password"

logger: logging.Logger = logging.getLogger("unisync")


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
        if any(_has_password(url) for url in (endpoint_url, *urls.values())):
            raise InvalidArgumentError(_NO_PASSWORD)
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


class AssumedRole(Protocol):
    """A role that is assumed."""

    def session(self) -> botocore.session.Session:
        """The role's botocore session."""
        ...

    def expire(self) -> None:
        """Have the credentials fetched again."""
        ...


class Session:
    """The boto3 clients of one account and region. The transport of a client.

    Args:
        session: The user's boto3 session, if there is one.
        region_name: The region; by default the session's.
        profile_name: The profile to make a session from.
        options: How to connect.
        role: The role to assume, where there is no session.
        loaders: botocore sessions whose data files this one may share; it is added to them otherwise.
        account: The account's name in a fleet.
    """

    def __init__(
        self,
        session: Boto3Session | None,
        region_name: str | None,
        profile_name: str | None,
        options: SessionOptions,
        role: AssumedRole | None = None,
        loaders: Loaders | None = None,
        account: str | None = None,
    ) -> None:
        if session is not None and profile_name is not None:
            raise InvalidArgumentError("profile_name: expected None, as the session has a profile")
        self._session = cast("boto3.Session | None", session)
        self._region_name = region_name
        self._profile_name = profile_name
        self._options = options
        self._role = role
        self._loaders = loaders
        self._account = account
        self._refreshed_at = -math.inf
        self._quota_key: tuple[Hashable, ...] | None = None
        self._clients: dict[str, BaseClient] = {}
        self._lock = threading.RLock()

    def __repr__(self) -> str:
        region = self._region_name or (self._session.region_name if self._session else None) or "default region"
        return f"{region}, {self._options.endpoint_url or 'AWS'}"

    @property
    def max_attempts(self) -> int:
        """How often a call is sent at most, as the user's config, the environment or the profile say."""
        return self._max_attempts

    @cached_property
    def _max_attempts(self) -> int:
        if self._options.max_attempts is not None:
            return self._options.max_attempts
        retries: dict[str, Any] = getattr(self._options.config, "retries", None) or {}
        if "total_max_attempts" in retries:
            return int(retries["total_max_attempts"])
        if "max_attempts" in retries:
            return int(retries["max_attempts"]) + 1
        try:
            return int(self._botocore.get_config_variable("max_attempts") or DEFAULT_MAX_ATTEMPTS)
        except ValueError as error:
            raise InvalidArgumentError(f"max_attempts: expected a number: {error}") from error
        except BotoCoreError:  # a missing profile, for example: creating a client reports it
            return DEFAULT_MAX_ATTEMPTS

    @property
    def profile_name(self) -> str | None:
        """The profile that settings come from, if one is named."""
        return self._botocore.profile

    @property
    def credentials(self) -> Credentials | None:
        """The credentials of calls, if there are any."""
        return self._botocore.get_credentials()

    @property
    def region(self) -> str | None:
        """The region of calls, if there is one."""
        try:
            return self._find_region()
        except BotoCoreError as error:  # a missing profile, for example
            raise InvalidArgumentError(f"region_name: expected a region, as none can be read: {error}") from error

    def _find_region(self) -> str | None:
        """The region: the user's, that of the environment under either name, or the profile's."""
        if self._region_name is not None:
            return self._region_name
        # botocore itself knows one of the two names; AWS's other SDKs know the other.
        environment = None if os.environ.get("AWS_DEFAULT_REGION") else os.environ.get("AWS_REGION") or None
        if self._session is not None:
            return self._session.region_name or environment
        return environment or self._botocore.get_config_variable("region")

    @property
    def account(self) -> str | None:
        """The account of calls: its name in a fleet, or its number once the credentials tell it."""
        return self._account

    def quota_key(self, location: AccountRegion | None) -> tuple[Hashable, ...]:
        """The account and the region; before the first call, only the settings are known."""
        return self._quota_key or self.provisional_quota_key(location)

    def provisional_quota_key(self, location: AccountRegion | None) -> tuple[Hashable, ...]:  # noqa: ARG002
        """The settings."""
        owner = id(self._role) if self._session is None else id(self._session)
        return self._options.endpoint_url, self._region_name, self._profile_name, owner

    def _find_quota_key(self, service: str) -> None:
        """Note the account once there was a call: by then its credentials have been fetched."""
        if self._quota_key is not None:
            return
        try:
            client = self._clients[service]
            credentials = client._get_credentials()
            frozen = None if credentials is None else credentials.get_frozen_credentials()
        except Exception:  # whatever it is, the call was answered or has reported it
            return
        if frozen is not None:
            self._account = self._account or getattr(frozen, "account_id", None)
            account = getattr(frozen, "account_id", None) or frozen.access_key
            self._quota_key = self._options.endpoint_url, client.meta.region_name, account

    @property
    def concurrency(self) -> ConcurrencyLimit:
        """How many calls may be in flight: as many as there are connections for."""
        per_service = int(getattr(self._options.config, "max_pool_connections", None) or 10)
        return ConcurrencyLimit(per_service, SERVICE_COUNT * per_service)

    def send(self, call: Call[R]) -> R:
        """Send a call and read its response.

        Raises:
            InvalidArgumentError: The call cannot be sent as it is.
            CredentialsError: There are no credentials, or they could not be refreshed.
            ServiceError: AWS answered with an error.
            TransportError: There was no response.
            ResponseError: The response cannot be read.
        """
        started_at, began = datetime.now(UTC), time.monotonic()
        try:
            try:
                response, request_id = self._send(call)
            except AccessDeniedError as error:
                if error.service != call.service or error.code not in EXPIRED:
                    raise
                if not self.refresh_credentials(since=began):
                    raise
                self._notify(call, started_at, began, error.request_id, error)
                started_at, began = datetime.now(UTC), time.monotonic()
                response, request_id = self._send(call)
        except UnisyncError as error:
            if isinstance(error, ServiceError):
                self._find_quota_key(call.service)
                error.region, error.account = self._client_region(call.service), self._account
            self._notify(call, started_at, began, getattr(error, "request_id", None), error)
            raise
        finally:
            self._find_quota_key(call.service)
        self._notify(call, started_at, began, request_id, None)
        return response

    def _notify(
        self, call: Call[Any], started_at: datetime, began: float, request_id: str | None, error: UnisyncError | None
    ) -> None:
        """Report how a call ended to the log and to the listener, without any text of AWS's."""
        if call.validate_only:  # and never sent
            return
        ended = CallEnded(
            service=call.service,
            operation=call.operation,
            region=self._client_region(call.service),
            account=self._account,
            retries=call.retries,
            delay=call.delay,
            started_at=started_at,
            duration=time.monotonic() - began,
            request_id=request_id,
            error=error,
            wait_id=call.wait_id,
        )
        log_call(ended)
        notify(self._options.on_event, ended)

    def _client_region(self, service: str) -> str | None:
        client = self._clients.get(service)  # None if it could not be created, or was closed meanwhile
        return None if client is None else client.meta.region_name

    def refresh_credentials(self, since: float) -> bool:
        """Have expired credentials read again, unless they are the user's own.

        Returns:
            Whether there may be other credentials now than at the moment `since`.
        """
        with self._lock:
            if self._session is not None:
                return False
            if self._refreshed_at > since:  # by another thread
                return True
            if time.monotonic() - self._refreshed_at < MIN_REFRESH_INTERVAL:
                return False
            self._refreshed_at = time.monotonic()
            if self._role is not None:
                self._role.expire()
            else:
                self._clients.clear()
                vars(self).pop("_botocore", None)
            return True

    def _send(self, call: Call[R]) -> tuple[R, str | None]:
        """The response, and the request id."""
        client = None
        try:
            client = self.client(call.service)
        except BotoCoreError as error:
            raise translate_error(error, call) from error
        except (OSError, json.JSONDecodeError) as error:  # a program or a file that credentials were to come from
            raise CredentialsError(call.service, call.operation, str(error) or type(error).__name__) from error
        except ValueError as error:  # an endpoint that is not a URL, a setting that is not a number
            if "@" not in str(error):
                raise InvalidArgumentError(f"{call.service} {call.operation}: {error}") from error
        if client is None:  # raised out here, so that it does not lead to botocore's error, which quotes the endpoint
            raise InvalidArgumentError(_NO_PASSWORD)
        operation = client.meta.service_model.operation_model(call.operation)
        found = "; ".join(violations(operation, call.params, allow_unknown_values=self._options.allow_unknown_values))
        if found:
            raise InvalidArgumentError(f"{call.service} {call.operation}: {found}")
        if call.validate_only:
            return call.response_model.model_construct(), None
        try:
            with time_limit(call.timeout, call.stop):
                parsed = client._make_api_call(call.operation, dict(call.params))
        except ClientError as error:
            if error.operation_name != call.operation:
                raise credentials_client_error(error, call) from without_frames(error)
            raise client_error(error, call.operation, call.service) from without_frames(error)
        except EndpointConnectionError as error:
            raise self._connection_error(error, call) from without_frames(error)
        except BotoCoreError as error:
            raise translate_error(error, call) from without_frames(error)
        except Exception as error:
            if was_answered():  # botocore's parsers, at a response that no service should send
                raise response_error(error, call, {}) from without_frames(error)
            raise transport_error(error, call) from error  # a credential provider or a handler of the user's failed
        metadata: dict[str, Any] = parsed.get("ResponseMetadata", {})
        try:
            return read(call, take_body(parsed), parsed), metadata.get("RequestId")
        except Exception as error:
            raise response_error(error, call, metadata) from error

    def _connection_error(self, error: Exception, call: Call[Any]) -> UnisyncError:
        """Our error for a failed connection: transient, unless AWS does not offer the service in the region."""
        region = self._client_region(call.service)
        is_aws = self._options.url_of(call.service) is None
        if not is_aws or region is None or is_known_to_be_offered(call.service, region):
            return translate_error(error, call)
        reason = f"{error} (AWS is not known to offer {call.service} in {region})"
        return TransportError(call.service, call.operation, reason, retryable=False, outcome_unknown=False)

    def client(self, service: str) -> BaseClient:
        """The client of a service."""
        return self._clients.get(service) or self._cached(service, self._make)

    def credentials_client(self, service: str, region: str | None) -> BaseClient:
        """The client of a service that credentials come from, in `region` where the session has none."""
        return self._clients.get(service) or self._cached(
            service, lambda name: self._create(name, self._find_region() or region)
        )

    def _cached(self, service: str, make: Callable[[str], BaseClient]) -> BaseClient:
        with self._lock:
            client = self._clients.get(service) or make(service)
            self._clients[service] = client
            return client

    def close(self) -> None:
        """Close all connections."""
        with self._lock:
            for client in self._clients.values():
                client.close()
            self._clients.clear()

    @cached_property
    def _botocore(self) -> botocore.session.Session:
        """What settings are read from and clients are made by: the boto3 session's own, or one that starts faster."""
        with self._lock:
            if self._session is not None:
                if self._loaders is not None:
                    share_loader(self._session._session, self._loaders)
                return self._session._session
            return self._role.session() if self._role is not None else fast_session(self._profile_name)

    def _make(self, service: str) -> BaseClient:
        client = self._create(service, self._find_region())
        user_options = getattr(self._options.config, "_user_provided_options", {})
        is_aws = (urlsplit(client.meta.endpoint_url).hostname or "").startswith(service)
        if "inject_host_prefix" not in user_options and not is_aws:
            # A user's own endpoint: with AWS's host prefix ("api.") its name would not exist.
            client.meta.config.inject_host_prefix = False
        keep_bodies(client)
        return client

    def _create(self, service: str, region: str | None) -> BaseClient:
        """Create a client whose calls keep their deadline and are sent once."""
        # Retries are ours, so that they are the same with every botocore.
        options = self._options
        timeouts = {"connect_timeout": options.connect_timeout, "read_timeout": options.read_timeout}
        settings: dict[str, Any] = {name: seconds for name, seconds in timeouts.items() if seconds is not None}
        settings["retries"] = {"total_max_attempts": 1, "mode": "standard"}
        own = self._botocore
        make = own.create_client if self._session is None else self._session.client
        client = make(
            service,
            region_name=region,
            endpoint_url=options.url_of(service),
            verify=options.verify,
            config=(options.config or Config()).merge(Config(**settings)),
        )
        if _has_password(client.meta.endpoint_url):
            raise InvalidArgumentError(_NO_PASSWORD)
        cache_user_agent(client)
        cache_endpoints(client)
        cache_signing(client)
        disable_retries(client)
        if not enforce_deadlines(client):
            logger.warning("This botocore keeps its HTTP session elsewhere: deadlines hold only between calls.")
        return client


def _has_password(url: object) -> bool:
    """Whether an endpoint has a user name or a password: AWS ignores them, and every message would show them."""
    return isinstance(url, str) and "@" in url and re.match(_PLAIN_AUTHORITY, url) is None
