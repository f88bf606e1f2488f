"""One account and region: its clients of botocore's, created late and once; calls sent, errors translated.

A call has three steps: `prepare` makes a signed request of it, a sender carries the request to AWS and the response
back, and `read` makes a model or an error of that. `_steps` has their order, with what surrounds them.
"""

from __future__ import annotations

import json
import logging
import math
import threading
import time
from collections.abc import Callable, Hashable, Mapping
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeVar, cast
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, EndpointConnectionError, NoRegionError

from unisync._botocore import helper_threads
from unisync._botocore.connection_settings import ConnectionSettings
from unisync._botocore.environment import environment_region
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
from unisync._botocore.prepare import Prepared, Preparer
from unisync._botocore.read import Reader, Received, http_response, model_of
from unisync._botocore.regions import is_known_to_be_offered
from unisync._botocore.senders import Senders
from unisync._botocore.steps import Blocking, Hanging, Step, Steps, run, run_async
from unisync._botocore.types import Boto3Session
from unisync._core.commands import AccountRegion, Call, ConcurrencyLimit, RawResponse
from unisync._core.deadline import Deadline
from unisync._core.events import CallEnded, log_call, notify
from unisync._core.exchanges import report
from unisync._core.transport import ClosedError, HttpRequest, HttpResponse, InThread, UnreadableResponseError
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
CREDENTIALS_TIMEOUT = 60.0
"""Seconds that a call for credentials may take; a call that waits for them may have a shorter timeout."""
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


class _Service(NamedTuple):
    """One service, once its client exists."""

    client: BaseClient
    preparer: Preparer
    reader: Reader


class Session:
    """The clients of one account and region. The transport of a client.

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
        self._services: dict[str, _Service] = {}
        self._senders = Senders(self._connection_settings)
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
        own = self._botocore if self._session is None else self._session
        return own.get_credentials()

    @property
    def region(self) -> str | None:
        """The region of calls, if there is one."""
        try:
            return self._find_region()
        except BotoCoreError as error:  # a missing profile, for example
            raise InvalidArgumentError(f"region_name: expected a region, as none can be read: {error}") from error

    def _find_region(self) -> str | None:
        """The region: the user's, the config's, that of the environment under either name, or the profile's."""
        own = self._region_name
        if own is None:
            own = cast("str | None", getattr(self._options.config, "region_name", None))
        if own is not None:
            return own
        environment = environment_region()
        if self._session is not None:
            return self._session.region_name or environment
        return environment or self._botocore.get_config_variable("region")

    def region_of(self, location: AccountRegion | None) -> str | None:  # noqa: ARG002
        """The region of calls; None if there is none."""
        return self.region

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
            client = self._services[service].client
            credentials = self.credentials
            if credentials is None or _is_refresh_due(credentials):
                return
            frozen = credentials.get_frozen_credentials()
        except Exception:  # whatever it is, the call was answered or has reported it
            return
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
        deadline = Deadline.after(call.timeout, call.stop)
        return run(self._steps(call), lambda step: self._senders.take(step, deadline))

    async def send_async(
        self, call: Call[R], deadline: Deadline, in_thread: InThread, on_sending: Callable[[], object]
    ) -> R:
        """The same, awaited.

        Args:
            call: The call.
            deadline: Its deadline. What ends an awaited call is its cancellation; this one ends what is in a thread.
            in_thread: What runs that which blocks.
            on_sending: Called before something is sent, after which the outcome of the call is unknown for a while.
        """

        async def take(step: Step) -> object:
            if isinstance(step, HttpRequest):
                on_sending()
            return await self._senders.take_async(step, deadline, in_thread)

        return await run_async(self._steps(call), take)

    def _connection_settings(self) -> ConnectionSettings:
        client = next(iter(self._services.values())).client
        return ConnectionSettings.of(client, self._botocore, self._options.verify)

    def _steps(self, call: Call[R]) -> Steps[R]:
        """A call, and once more if its credentials have expired and there are others; reported to the listener."""
        started_at, began = datetime.now(UTC), time.monotonic()
        try:
            try:
                response, request_id = yield from self._attempt(call)
            except AccessDeniedError as error:
                if error.service != call.service or error.code not in EXPIRED:
                    raise
                if not self.refresh_credentials(since=began):
                    raise
                self._notify(call, started_at, began, error.request_id, error)
                started_at, began = datetime.now(UTC), time.monotonic()
                response, request_id = yield from self._attempt(call)
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
        found = self._services.get(service)  # None if it could not be created, or was closed meanwhile
        return None if found is None else found.client.meta.region_name

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
                self._services.clear()
                vars(self).pop("_botocore", None)
            return True

    def _attempt(self, call: Call[R]) -> Steps[tuple[R, str | None]]:
        """The response, and the request id."""
        service = yield from self._found_service(call)
        if call.validate_only:
            service.preparer.validated(call.operation, call.params)
            return call.response_model.model_construct(), None
        is_prepared = is_answered = False
        try:
            began = time.monotonic()
            prepared = yield from self._prepared(service, call.operation, call.params, call.retries, call.invocation_id)
            is_prepared = True
            response = yield from _exchanged(service, prepared)
            is_answered = True
            if response is not None:
                report(call, self._client_region(call.service), began, time.monotonic(), response)
            received = self._received(service, prepared, response, parse=call.on_response is not None)
        except UnisyncError:
            raise
        except ClientError as error:
            if error.operation_name != call.operation:
                raise credentials_client_error(error, call) from without_frames(error)
            raise client_error(error, call.operation, call.service) from without_frames(error)
        except EndpointConnectionError as error:
            raise self._connection_error(error, call) from without_frames(error)
        except BotoCoreError as error:
            raise translate_error(error, call) from without_frames(error)
        except UnreadableResponseError as error:
            raise response_error(error, call, {}) from without_frames(error)
        except ClosedError as error:
            raise transport_error(error, call, outcome_unknown=True) from error
        except Exception as error:
            if isinstance(error, TimeoutError) and not is_prepared:  # what hung is where the credentials come from
                raise transport_error(error, call, retryable=True) from error
            if is_answered:  # botocore's parsers, at a response that no service should send
                raise response_error(error, call, {}) from without_frames(error)
            raise transport_error(error, call) from error  # a credential provider or a handler of the user's failed
        reader = service.reader
        try:
            model = model_of(call, received, is_bytes=reader.is_bytes, is_cbor=reader.is_cbor)
        except Exception as error:
            metadata = {"HTTPStatusCode": received.http.status, "RequestId": received.request_id}
            raise response_error(error, call, metadata) from error
        if call.on_response is not None:
            http = received.http
            call.on_response(RawResponse(received.parsed or {}, http.status, http.headers, received.request_id))
        return model, received.request_id

    def _found_service(self, call: Call[Any]) -> Steps[_Service]:
        found = self._services.get(call.service)
        if found is not None:
            return found
        try:
            # It looks for credentials: in files, from a program, in the metadata of a machine.
            return cast("_Service", (yield self._once(call.service, lambda: self._service(call.service))))
        except BotoCoreError as error:
            raise translate_error(error, call) from error
        except TimeoutError as error:
            raise transport_error(error, call, retryable=True) from error
        except (OSError, json.JSONDecodeError) as error:  # a program or a file that credentials were to come from
            raise CredentialsError(call.service, call.operation, str(error) or type(error).__name__) from error
        except ValueError as error:  # an endpoint that is not a URL, a setting that is not a number
            if "@" not in str(error):
                raise InvalidArgumentError(f"{call.service} {call.operation}: {error}") from error
        # Raised out here, so that it does not lead to botocore's error, which quotes the endpoint.
        raise InvalidArgumentError(NO_PASSWORD)

    def _prepared(
        self,
        service: _Service,
        operation: str,
        params: Mapping[str, object],
        retries: int = 0,
        invocation_id: str | None = None,
    ) -> Steps[Prepared]:
        credentials = self.credentials
        if credentials is not None and _is_refresh_due(credentials):
            yield self._once("credentials", credentials.get_frozen_credentials)

        def prepare() -> Prepared:
            return service.preparer.prepare(operation, params, retries, invocation_id)

        if service.preparer.may_block(operation):
            return cast("Prepared", (yield Blocking(prepare)))
        return prepare()

    def _once(self, name: str, work: Callable[[], object]) -> Hanging:
        """Work in a helper thread that all calls which need it wait for."""
        return Hanging(helper_threads.shared((id(self), name), work))

    def _received(
        self, service: _Service, prepared: Prepared, response: HttpResponse | None, *, parse: bool
    ) -> Received:
        if response is None:
            return service.reader.receive_parsed(prepared)
        return service.reader.receive(prepared, response, parse=parse)

    def call_for_credentials(
        self, service: str, operation: str, params: Mapping[str, object], region: str | None
    ) -> dict[str, Any]:
        """What botocore would return for a call of a service that credentials come from.

        Args:
            service: boto3's name of the service.
            operation: AWS's name of the operation.
            params: The parameters, under AWS's names.
            region: The region, where the session has none.

        Raises:
            botocore.exceptions.ClientError: AWS answered with an error.
            botocore.exceptions.BotoCoreError: There was no response.
        """
        found = self._services.get(service) or self._service(service, region)

        def steps() -> Steps[dict[str, Any]]:
            prepared = yield from self._prepared(found, operation, params)
            response = yield from _exchanged(found, prepared)
            return self._received(found, prepared, response, parse=True).parsed or {}

        deadline = Deadline.after(CREDENTIALS_TIMEOUT)
        return run(steps(), lambda step: self._senders.take(step, deadline))

    def _connection_error(self, error: Exception, call: Call[Any]) -> UnisyncError:
        """Our error for a failed connection: transient, unless AWS does not offer the service in the region."""
        region = self._client_region(call.service)
        is_aws = self._options.url_of(call.service) is None
        if not is_aws or region is None or is_known_to_be_offered(call.service, region):
            return translate_error(error, call)
        reason = f"{error} (AWS is not known to offer {call.service} in {region})"
        return TransportError(call.service, call.operation, reason, retryable=False, outcome_unknown=False)

    def client(self, service: str) -> BaseClient:
        """The client of botocore's that the calls of a service are prepared with."""
        return (self._services.get(service) or self._service(service)).client

    def _service(self, service: str, region: str | None = None) -> _Service:
        # Not under this session's lock: creating a client may run a program, and `close` does not wait for it.
        with _creating(self._botocore):
            client = self._create(service, self._find_region() or region)
        preparer = Preparer(
            client, self._endpoint_parameters(service), allow_unknown_values=self._options.allow_unknown_values
        )
        with self._lock:
            return self._services.setdefault(service, _Service(client, preparer, Reader(client)))

    def _endpoint_parameters(self, service: str) -> list[Mapping[str, Any]]:
        """The parameters of a service's endpoint rules."""
        loader: Any = self._botocore.get_component("data_loader")
        rules: dict[str, Any] = loader.load_service_model(service, "endpoint-rule-set-1")
        return list(rules["parameters"].values())

    def close(self) -> None:
        """Close all connections, except those of event loops."""
        with self._lock:
            self._services.clear()
        self._senders.close()

    async def close_async(self) -> None:
        """Close all connections, those of this event loop among them."""
        with self._lock:
            self._services.clear()
        await self._senders.close_async()

    @cached_property
    def _botocore(self) -> botocore.session.Session:
        """What settings are read from and clients are made by: the boto3 session's own, or one that starts faster."""
        with self._lock:
            own = getattr(self._session, "_session", None)  # boto3's session has one of botocore's
            if own is not None:
                if self._loaders is not None:
                    share_loader(own, self._loaders)
                return cast("botocore.session.Session", own)
            if self._session is not None:
                # It says "default" where no profile is named.
                profile = self._session.profile_name
                return fast_session(None if profile == "default" else profile)
            return self._role.session() if self._role is not None else fast_session(self._profile_name)

    def _create(self, service: str, region: str | None) -> BaseClient:
        """Create a client of botocore's, which sends nothing."""
        options = self._options
        timeouts = {"connect_timeout": options.connect_timeout, "read_timeout": options.read_timeout}
        settings: dict[str, Any] = {name: seconds for name, seconds in timeouts.items() if seconds is not None}
        own = self._botocore
        if not region and own.get_config_variable("region") == "":  # a variable that is set and empty
            raise NoRegionError
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
        user_options = getattr(options.config, "_user_provided_options", {})
        is_aws = (urlsplit(client.meta.endpoint_url).hostname or "").startswith(service)
        if "inject_host_prefix" not in user_options and not is_aws:
            # A user's own endpoint: with AWS's host prefix ("api.") its name would not exist.
            client.meta.config.inject_host_prefix = False
        return client


_creation_locks: WeakKeyDictionary[botocore.session.Session, threading.Lock] = WeakKeyDictionary()
_locks_lock = threading.Lock()


def _creating(session: botocore.session.Session) -> threading.Lock:
    """The lock of a session of botocore's, which must not create two clients at once."""
    with _locks_lock:
        return _creation_locks.setdefault(session, threading.Lock())


def _is_refresh_due(credentials: Credentials) -> bool:
    """Whether reading the credentials would fetch new ones."""
    is_due: Callable[[], bool] | None = getattr(credentials, "refresh_needed", None)
    return is_due is not None and is_due()


def _exchanged(service: _Service, prepared: Prepared) -> Steps[HttpResponse | None]:
    """The response to a call; None if a handler for `before-call` answered in its place."""
    if prepared.parsed is not None:
        return None
    if prepared.response is not None:
        return http_response(prepared.response)
    assert prepared.request is not None
    try:
        return cast("HttpResponse", (yield prepared.request))
    except Exception as error:
        service.reader.fail(prepared, error)
        raise
