"""The boto3 clients of one account and region: created late and once, calls sent, errors translated."""

from __future__ import annotations

import json
import logging
import math
import os
import threading
import time
from collections.abc import Callable, Hashable
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast
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
from unisync._botocore.options import NO_PASSWORD, SessionOptions, has_password
from unisync._botocore.regions import is_known_to_be_offered
from unisync._botocore.response import keep_bodies, read, take_body
from unisync._botocore.types import Boto3Session
from unisync._botocore.validation import violations
from unisync._core.commands import AccountRegion, Call, ConcurrencyLimit
from unisync._core.events import CallEnded, log_call, notify
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

logger: logging.Logger = logging.getLogger("unisync")


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
            raise InvalidArgumentError(NO_PASSWORD)
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
        if has_password(client.meta.endpoint_url):
            raise InvalidArgumentError(NO_PASSWORD)
        cache_user_agent(client)
        cache_endpoints(client)
        cache_signing(client)
        disable_retries(client)
        if not enforce_deadlines(client):
            logger.warning("This botocore keeps its HTTP session elsewhere: deadlines hold only between calls.")
        return client
