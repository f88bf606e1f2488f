"""boto3: clients made late and once, one call sent, its answer read, its error translated."""

from __future__ import annotations

import json
import logging
import math
import re
import threading
import time
from collections.abc import Callable, Hashable, Mapping
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast
from urllib.parse import urlsplit

from unisync._botocore.caching import forget_retries, remember_endpoints, remember_signing, remember_user_agent
from unisync._botocore.deadline import end_in_time, time_limit, was_answered
from unisync._botocore.response import RawReply, in_utc, keep_bodies, take_body
from unisync._botocore.validation import broken_constraints
from unisync._core.events import CallEnded, OnEvent, log_call, tell
from unisync._core.flow import AtOnce
from unisync._models.jobs import Model
from unisync.collection import NoCollection
from unisync.errors import (
    AccessDeniedError,
    InvalidRequestError,
    ResponseError,
    ServiceError,
    TransportError,
    UnisyncError,
)

if TYPE_CHECKING:
    import boto3
    import botocore.session
    from botocore.client import BaseClient
    from botocore.config import Config
    from botocore.credentials import Credentials
    from botocore.exceptions import ClientError

    from unisync._core.clock import Boto3Session, BotocoreConfig
    from unisync._core.flow import Call, Location

R = TypeVar("R", bound=Model)

EXPIRED = ("ExpiredToken", "ExpiredTokenException")
"""What AWS says of credentials whose time is up."""
RENEWED_FOR = 5.0
"""Seconds for which credentials that were read anew are not read once more."""
SERVICES = 3
"""How many there are."""
ATTEMPTS = 3
"""How often a call is made at the most, where the caller's settings do not say: as botocore's standard mode does."""

logger: logging.Logger = logging.getLogger("unisync")


class Sender(Protocol):
    """What makes calls: the clients of one account and region, or of many."""

    @property
    def attempts(self) -> int:
        """How often a call is made at the most."""
        ...

    @property
    def at_once(self) -> AtOnce:
        """How many calls can be under way."""
        ...

    def identity_of(self, location: Location | None) -> tuple[Hashable, ...]:
        """What is the same for all whose calls count towards the same limits, as far as it is known."""
        ...

    def former_identity_of(self, location: Location | None) -> tuple[Hashable, ...]:
        """What was taken for that before it was known."""
        ...

    def send(self, call: Call[R]) -> R:
        """Make one call, and read its answer."""
        ...

    def close(self) -> None:
        """Close all connections."""
        ...


class Assumed(Protocol):
    """A role that is assumed."""

    def session(self) -> botocore.session.Session:
        """Botocore's session of the role."""
        ...

    def expire(self) -> None:
        """Have its credentials fetched anew."""
        ...


class Session:
    """The boto3 clients of one account and region.

    The arguments are those of `Unisync`; a role that is assumed, where no session of boto3 is given; and sessions whose
    data files are read by those that are given too; who is told of each call; and the account's name in a fleet.
    """

    def __init__(
        self,
        session: Boto3Session | None,
        region_name: str | None,
        profile_name: str | None,
        endpoint_url: str | None,
        config: BotocoreConfig | None,
        allow_unknown_words: bool = False,
        role: Assumed | None = None,
        readers: list[botocore.session.Session] | None = None,
        on_event: OnEvent | None = None,
        account: str | None = None,
    ) -> None:
        if session is not None and profile_name is not None:
            raise InvalidRequestError.before_sending("profile_name: expected None, as the session has a profile")
        if _has_password(endpoint_url):
            raise InvalidRequestError.before_sending(_NO_PASSWORD)
        self._session = cast("boto3.Session | None", session)
        self._region_name = region_name
        self._profile_name = profile_name
        self._endpoint_url = endpoint_url
        self._config = cast("Config | None", config)
        self._any_word = allow_unknown_words
        self._role = role
        self._readers = readers
        self._on_event = on_event
        self._account = account
        self._renewed_at = -math.inf
        self._identity: tuple[Hashable, ...] | None = None
        self._clients: dict[str, BaseClient] = {}
        self._lock = threading.RLock()

    def __repr__(self) -> str:
        region = self._region_name or (self._session.region_name if self._session else None) or "default region"
        return f"{region}, {self._endpoint_url or 'AWS'}"

    @property
    def attempts(self) -> int:
        """How often a call is made at the most."""
        return self._attempts

    @cached_property
    def _attempts(self) -> int:
        """As the caller's config, the environment or the profile say."""
        retries: dict[str, Any] = getattr(self._config, "retries", None) or {}
        if "total_max_attempts" in retries:
            return int(retries["total_max_attempts"])
        if "max_attempts" in retries:
            return int(retries["max_attempts"]) + 1
        from botocore.exceptions import BotoCoreError

        try:
            return int(self._botocore.get_config_variable("max_attempts") or ATTEMPTS)
        except ValueError as error:
            raise InvalidRequestError.before_sending(f"max_attempts: expected a number: {error}") from error
        except BotoCoreError:  # as for a profile that does not exist: making a client says so
            return ATTEMPTS

    @property
    def profile_name(self) -> str | None:
        """The profile that settings come from, where one is named."""
        return self._botocore.profile

    @property
    def credentials(self) -> Credentials | None:
        """Whom calls speak for, if that is known."""
        return self._botocore.get_credentials()

    @property
    def region(self) -> str | None:
        """The region that calls are made in, if there is one."""
        if self._region_name is not None:
            return self._region_name
        if self._session is not None:
            return self._session.region_name
        from botocore.exceptions import BotoCoreError

        try:
            return self._botocore.get_config_variable("region")
        except BotoCoreError as error:  # as for a profile that does not exist
            raise InvalidRequestError.before_sending(
                f"region_name: expected one, as none can be read: {error}"
            ) from error

    def identity_of(self, location: Location | None) -> tuple[Hashable, ...]:
        """The account and the region; before a call was made, all that is known are the settings."""
        return self._identity or self.former_identity_of(location)

    def former_identity_of(self, location: Location | None) -> tuple[Hashable, ...]:  # noqa: ARG002
        """The settings."""
        whose = id(self._role) if self._session is None else id(self._session)
        return self._endpoint_url, self._region_name, self._profile_name, whose

    def _identify(self, service: str) -> None:
        """Note whose calls these are, once there was one: by then its credentials have been fetched."""
        try:
            client = self._clients[service]
            credentials = client._get_credentials()
            frozen = None if credentials is None else credentials.get_frozen_credentials()
        except Exception:  # whatever it is, the call has been answered or has said so
            return
        if frozen is not None:
            account = getattr(frozen, "account_id", None) or frozen.access_key
            self._identity = self._endpoint_url, client.meta.region_name, account

    @property
    def at_once(self) -> AtOnce:
        """How many calls can be under way: as many as there are connections for."""
        each = int(getattr(self._config, "max_pool_connections", None) or 10)
        return AtOnce(each, SERVICES * each)

    def send(self, call: Call[R]) -> R:
        """Make one call, and read its answer.

        Raises:
            ServiceError: AWS answered with an error, or the request cannot be sent as it is.
            TransportError: no answer came.
            ResponseError: the answer cannot be read.
        """
        started_at, began = datetime.now(UTC), time.monotonic()
        try:
            try:
                reply, request_id = self._send(call)
            except AccessDeniedError as error:
                if error.code not in EXPIRED or not self.renewed(since=began):
                    raise
                self._tell(call, started_at, began, error.request_id, error)
                started_at, began = datetime.now(UTC), time.monotonic()
                reply, request_id = self._send(call)
        except UnisyncError as error:
            self._tell(call, started_at, began, getattr(error, "request_id", None), error)
            raise
        finally:
            if self._identity is None:
                self._identify(call.service)
        self._tell(call, started_at, began, request_id, None)
        return reply

    def _tell(
        self, call: Call[Any], started_at: datetime, began: float, request_id: str | None, error: UnisyncError | None
    ) -> None:
        """Tell what became of a call, to the log and to whoever else listens: who was asked what, and nothing said."""
        if call.is_check:  # and never sent
            return
        client = self._clients.get(call.service)
        ended = CallEnded(
            service=call.service,
            operation=call.operation,
            region=None if client is None else client.meta.region_name,
            account=self._account,
            attempt=call.attempt,
            delay=call.delay,
            started_at=started_at,
            duration=time.monotonic() - began,
            request_id=request_id,
            error=error,
            wait_id=call.wait_id,
        )
        log_call(ended)
        tell(self._on_event, ended)

    def renewed(self, since: float) -> bool:
        """Whether there may be other credentials than some that have expired: what is our own is read anew."""
        with self._lock:
            if self._session is not None:
                return False
            if self._renewed_at > since:  # by another thread
                return True
            if time.monotonic() - self._renewed_at < RENEWED_FOR:
                return False
            self._renewed_at = time.monotonic()
            if self._role is not None:
                self._role.expire()
            else:
                self._clients.clear()
                vars(self).pop("_botocore", None)
            return True

    def _send(self, call: Call[R]) -> tuple[R, str | None]:
        """The answer, and the id of the request."""
        from botocore.exceptions import BotoCoreError, ClientError, EndpointConnectionError

        client = None
        try:
            client = self.client(call.service)
        except BotoCoreError as error:
            raise _translated(error, call) from error
        except (OSError, json.JSONDecodeError) as error:  # a program or a file that credentials were to come from
            raise _no_answer(error, call) from error
        except ValueError as error:  # an endpoint that is no URL, a setting that is no number
            if "@" not in str(error):
                raise InvalidRequestError.before_sending(str(error), call.operation, call.service) from error
        if client is None:  # out here, so that the error does not lead to botocore's, which quotes the endpoint
            raise InvalidRequestError.before_sending(_NO_PASSWORD, call.operation, call.service)
        operation = client.meta.service_model.operation_model(call.operation)
        broken = "; ".join(broken_constraints(operation, call.params, any_word=self._any_word))
        if broken:
            raise InvalidRequestError.before_sending(broken, call.operation, call.service)
        if call.is_check:
            return call.reply.model_construct(), None
        try:
            with time_limit(call.timeout, call.stop):
                parsed = client._make_api_call(call.operation, dict(call.params))
        except ClientError as error:
            answered = _answered(error, call.operation, call.service)
            if error.operation_name != call.operation:  # the answer of a service that credentials come from
                raise _no_answer(error, call, retryable=answered.retryable) from _without_frames(error)
            raise answered from _without_frames(error)
        except EndpointConnectionError as error:
            raise self._unconnected(error, call) from _without_frames(error)
        except BotoCoreError as error:
            raise _translated(error, call) from _without_frames(error)
        except Exception as error:
            if was_answered():  # botocore's parsers, meeting what no service should have answered
                raise _unreadable(error, call, {}) from _without_frames(error)
            raise _no_answer(error, call) from error  # no credentials to be had, a handler of the caller's that failed
        metadata: dict[str, Any] = parsed.get("ResponseMetadata", {})
        try:
            return read(call, take_body(parsed), parsed), metadata.get("RequestId")
        except Exception as error:
            raise _unreadable(error, call, metadata) from error

    def _unconnected(self, error: Exception, call: Call[Any]) -> UnisyncError:
        """Our error for a connection that was not made: that comes right by itself, unless nothing is there."""
        from unisync._botocore.regions import is_known_to_be_offered

        client = self._clients.get(call.service)  # none if somebody has closed them in the meantime
        region = None if client is None else client.meta.region_name
        if self._endpoint_url is not None or region is None or is_known_to_be_offered(call.service, region):
            return _translated(error, call)
        reason = f"{error} (AWS is not known to offer {call.service} in {region})"
        return TransportError(call.service, call.operation, reason, retryable=False, outcome_unknown=False)

    def client(self, service: str) -> BaseClient:
        """The one client of a service."""
        return self._clients.get(service) or self._kept(service, self._make)

    def plain_client(self, service: str, region: str | None) -> BaseClient:
        """The one client of a service that credentials come from, in a region where the session has none."""
        return self._clients.get(service) or self._kept(service, lambda name: self._create(name, self.region or region))

    def _kept(self, service: str, make: Callable[[str], BaseClient]) -> BaseClient:
        with self._lock, NoCollection():
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
        """What settings are read from and clients made by: the boto3 session's own, or one that starts faster."""
        with self._lock, NoCollection():
            if self._session is not None:
                if self._readers is not None:
                    from unisync._botocore.loader import share_loader

                    share_loader(self._session._session, self._readers)
                return self._session._session
            if self._role is not None:
                return self._role.session()
            from unisync._botocore.loader import fast_session

            return fast_session(self._profile_name)

    def _make(self, service: str) -> BaseClient:
        client = self._create(service, self._region_name)
        asked = getattr(self._config, "_user_provided_options", {})
        if "inject_host_prefix" not in asked and not (urlsplit(client.meta.endpoint_url).hostname or "").startswith(
            service
        ):
            # An endpoint of the user's own: AWS's host prefix ("api.") would make a name of it that does not exist.
            client.meta.config.inject_host_prefix = False
        keep_bodies(client)
        return client

    def _create(self, service: str, region: str | None) -> BaseClient:
        """Create a client whose calls end in time, and are made once."""
        from botocore.config import Config

        # The waits and the verbs decide themselves what is tried again, and when, on every botocore alike.
        settings: dict[str, Any] = {"retries": {"total_max_attempts": 1, "mode": "standard"}}
        own = self._botocore
        make = own.create_client if self._session is None else self._session.client
        client = make(
            service,
            region_name=region,
            endpoint_url=self._endpoint_url,
            config=(self._config or Config()).merge(Config(**settings)),
        )
        if _has_password(client.meta.endpoint_url):
            raise InvalidRequestError.before_sending(_NO_PASSWORD)
        remember_user_agent(client)
        remember_endpoints(client)
        remember_signing(client)
        forget_retries(client)
        if not end_in_time(client):
            logger.warning("This botocore keeps its HTTP session elsewhere: deadlines hold only between calls.")
        return client


def read(call: Call[R], raw: RawReply | None, parsed: dict[str, Any]) -> R:
    """The answer to a call: from its bytes, or where they were not set aside, from what botocore made of them.

    Raises:
        EOFError: it is cut short.
        ValueError: it is no such answer.
    """
    if raw is not None and raw.is_cut_short():
        raise EOFError(f"{len(raw.body)} of {raw.announced} bytes came")
    # By AWS's names alone: a member that it adds may have the name of a field of ours.
    if raw is not None and not raw.is_cbor:
        try:
            return call.reply.model_validate_json(raw.body, context=call.vocabulary, by_alias=True, by_name=False)
        except ValueError:
            if not raw.has_half_characters():
                raise
        members: object = raw.decoded_json()
    elif raw is not None:
        members = raw.decoded_cbor()
    else:
        members = {name: value for name, value in parsed.items() if name != "ResponseMetadata"}
    return call.reply.model_validate(in_utc(members), context=call.vocabulary, by_alias=True, by_name=False)


def is_refusal(error: Exception) -> bool:
    """Whether a service that credentials come from refused them for a reason that stays."""
    from botocore.exceptions import ClientError, NoCredentialsError

    if isinstance(error, ClientError):
        return not (_answered(error, "", "").retryable or is_expired(error))
    return isinstance(error, NoCredentialsError)


def is_expired(error: Exception) -> bool:
    """Whether a service that credentials come from says that those have expired by which it is asked."""
    from botocore.exceptions import ClientError

    return isinstance(error, ClientError) and _answered(error, "", "").code in EXPIRED


def _has_password(url: str | None) -> bool:
    """Whether an endpoint has a user name or a password: AWS knows of none, and each message would show it."""
    return isinstance(url, str) and "@" in url and re.match(_PLAIN_AUTHORITY, url) is None


_PLAIN_AUTHORITY = r"https?://(\[[0-9a-fA-F:.]+\]|[\w.-]+)(:\d+)?(/|$)"
_NO_PASSWORD = "endpoint_url: expected a URL without a user name and password"


def _without_frames(error: Exception) -> Exception:
    """An error of botocore's, without its way there: in those frames stand tokens, and what roles ask to be told."""
    each: BaseException | None = error
    while each is not None:
        each = each.with_traceback(None).__context__
    return error


def _answered(error: ClientError, operation: str, service: str) -> ServiceError:
    return ServiceError.of(cast("dict[str, Any]", error.response), operation, service)


def _translated(error: Exception, call: Call[Any]) -> UnisyncError:
    """Our error for one of botocore's that is no answer of AWS's."""
    from botocore import exceptions
    from botocore.parsers import ResponseParserError

    if isinstance(error, (exceptions.ParamValidationError, exceptions.NoRegionError, exceptions.UnknownServiceError)):
        return InvalidRequestError.before_sending(str(error), call.operation, call.service)
    if isinstance(error, ResponseParserError):
        return _unreadable(error, call, {})
    if not isinstance(error, (exceptions.HTTPClientError, exceptions.ConnectionError)) or _is_lasting(error):
        return _no_answer(error, call)
    unsent = (exceptions.EndpointConnectionError, exceptions.ConnectTimeoutError, exceptions.ProxyConnectionError)
    return _no_answer(error, call, retryable=True, outcome_unknown=not isinstance(error, unsent))


def _no_answer(
    error: Exception, call: Call[Any], *, retryable: bool = False, outcome_unknown: bool = False
) -> TransportError:
    # An endpoint may carry a password, and the message names the endpoint.
    reason = re.sub(r"//[^/@\s]+@", "//***@", str(error) or type(error).__name__)
    if retryable and call.unanswered:
        reason += f" ({call.unanswered})"
    return TransportError(call.service, call.operation, reason, retryable=retryable, outcome_unknown=outcome_unknown)


def _unreadable(error: Exception, call: Call[Any], metadata: Mapping[str, Any]) -> ResponseError:
    return ResponseError(
        call.service,
        call.operation,
        _reason(error),
        status_code=metadata.get("HTTPStatusCode"),
        request_id=metadata.get("RequestId"),
        cut_short=isinstance(error, EOFError),
    )


def _is_lasting(error: Exception) -> bool:
    """Whether a connection failed for a reason that stays: a certificate, a missing file, a proxy's password."""
    cause = getattr(error, "kwargs", {}).get("error")
    causes = (cause, *getattr(cause, "args", ()))
    lasting = any(isinstance(each, (FileNotFoundError, ValueError)) for each in causes)
    said = f"{error} {cause}"
    return lasting or any(word in said for word in ("CERTIFICATE_VERIFY_FAILED", "[X509", "connection failed: 407"))


def _reason(error: Exception) -> str:
    """What is wrong with an answer, without the answer: it may hold what nobody should log."""
    from pydantic import ValidationError

    if isinstance(error, ValidationError):
        found = error.errors(include_url=False, include_input=False, include_context=False)
        return "; ".join(f"{'.'.join(map(str, each['loc'])) or 'body'}: {each['msg']}" for each in found[:5])
    return str(error) or type(error).__name__
