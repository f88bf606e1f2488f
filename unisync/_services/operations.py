"""What the operations of all services are made of: a call, its envelope, a list, and creating or deleting once."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, NamedTuple, Protocol, TypeVar, cast

from unisync._core.bridge import MethodsBase
from unisync._core.commands import AccountRegion
from unisync._core.flow import Call, Flow, request
from unisync._core.pagination import PageEnvelope, PageRequest
from unisync._models.base import EnumMapping, Model, with_extra
from unisync._models.jobs import SyncJob
from unisync._models.refs import FleetSync, SyncRef
from unisync.errors import ConflictError, InvalidArgumentError, NotFoundError, UnisyncError

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
R = TypeVar("R", bound=Model)
J = TypeVar("J", bound=SyncJob)

Params = Mapping[str, object]
"""AWS's parameters, under our names. None stands for a parameter that is not passed."""

logger: logging.Logger = logging.getLogger("unisync")


class Service(NamedTuple):
    """What all calls to a service have in common."""

    name: str
    """boto3's name of the service."""
    enum_map: EnumMapping
    to_wire_name: Callable[[str], str]
    """AWS's name of a parameter, from ours."""
    connection_hint: str = ""
    """What to add to the error if its endpoint does not answer."""


class EnvelopeOf(Protocol[T_co]):
    """A response with one field that counts."""

    @property
    def value(self) -> T_co:
        """That field."""
        ...

    @property
    def model_extra(self) -> dict[str, Any] | None:
        """Fields that no model has."""
        ...


class ServiceOperations(MethodsBase):
    """The operations of one service.

    Args:
        location: The account and region to call, in a fleet.
    """

    _service: Service
    _location: AccountRegion | None = None

    def __init__(self, location: AccountRegion | None = None) -> None:
        self._location = location

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.service_name}>"

    @property
    def service_name(self) -> str:
        """boto3's name of the service."""
        return self._flows._service.name

    def _ref(self, ref: SyncRef[J]) -> SyncRef[J]:
        """A reference as this client's user knows it: in a fleet, with its account and region."""
        return ref if self._location is None else FleetSync(*self._location, ref)

    def _call(self, operation: str, params: Params, response_model: type[R], *, idempotent: bool = True) -> Call[R]:
        service = self._service
        return Call(
            service.name,
            operation,
            {service.to_wire_name(name): value for name, value in drop_none(params).items()},
            response_model,
            service.enum_map,
            idempotent,
            connection_hint=service.connection_hint,
            location=self._location,
        )

    def _validate(self, operation: str, params: Params) -> Flow[object]:
        """Reject invalid parameters before anything is sent."""
        return request(self._call(operation, params, Model)._replace(validate_only=True))

    def _request(self, operation: str, params: Params, response_model: type[R], *, idempotent: bool = True) -> Flow[R]:
        """Make a call and return its response."""
        return request(self._call(operation, params, response_model, idempotent=idempotent))

    def _request_enveloped(
        self, operation: str, params: Params, envelope: type[EnvelopeOf[T]], *, idempotent: bool = True
    ) -> Flow[T]:
        """Make a call and return the one field of its response that counts."""
        call = self._call(operation, params, cast("type[Model]", envelope), idempotent=idempotent)
        response = cast("EnvelopeOf[T]", (yield from request(call)))
        value, extra = response.value, response.model_extra
        if extra and isinstance(value, Model):
            return cast("T", with_extra(value, extra))
        if extra:
            logger.warning("%s %s: dropped %s from an empty response", call.service, operation, ", ".join(extra))
        return value

    def _pages(
        self,
        operation: str,
        params: Params,
        page: type[PageEnvelope[T]],
        page_size: int | None = None,
        limit: int | None = None,
        next_token: str | None = None,
        *,
        accepts_token: bool = True,
    ) -> PageRequest[T]:
        """The list that an operation returns page by page."""
        return PageRequest(
            self._call(operation, params, cast("type[Model]", page)),
            token_field=self._service.to_wire_name("next_token") if accepts_token else None,
            size_field=self._service.to_wire_name("max_results") if accepts_token else None,
            page_size=page_size,
            limit=limit,
            next_token=next_token,
        )


@cache
def camel(name: str) -> str:
    """A name in camelCase."""
    first, *others = name.split("_")
    return first + "".join(map(str.capitalize, others))


@cache
def pascal(name: str) -> str:
    """A name in PascalCase."""
    return "".join(map(str.capitalize, name.split("_")))


def drop_none(params: Params) -> dict[str, Any]:
    """The parameters that are not None."""
    return {name: value for name, value in params.items() if value is not None}


def tag_list(tags: object, key: str, value: str) -> list[dict[str, object]] | None:
    """Tags as a list of structures whose fields have these names."""
    mapping = tag_mapping(tags)
    return None if mapping is None else [{key: name, value: text} for name, text in mapping.items()]


def tag_mapping(tags: object) -> dict[str, object] | None:
    """Tags as a dictionary.

    Raises:
        InvalidArgumentError: They are no mapping.
    """
    if tags is None:
        return None
    if not isinstance(tags, Mapping):
        raise InvalidArgumentError.expected("tags", "a mapping of keys to values", tags)
    return dict(cast("Mapping[str, object]", tags))


def differences(desired: Params, current: object, field_names: Mapping[str, str]) -> dict[str, Any]:
    """The desired parameters that differ from the current configuration.

    Args:
        desired: The parameters that count.
        current: A model whose fields have the names of the parameters,
        field_names: except for these.
    """
    return {name: value for name, value in desired.items() if value != getattr(current, field_names.get(name, name))}


def create_once(create: Callable[[], Flow[T]], lookup: Callable[[], Flow[T | None]]) -> Flow[T]:
    """Create at most once: if the response is lost, look the resource up before retrying.

    Args:
        create: Requests the creation, by a call that is not idempotent.
        lookup: The resource, if it exists as requested; else None.
    """
    lost: UnisyncError | None = None
    while True:
        try:
            return (yield from create())
        except UnisyncError as error:
            # On the retry, an error may be due to what the first request created, visible only a moment later.
            is_late = lost is not None and isinstance(error, (ConflictError, NotFoundError))
            if not (error.outcome_unknown or is_late):
                raise
            found = yield from _look_up(lookup(), error)
            if found is not None:
                return found
            if lost is not None:
                raise
            lost = error


def _look_up(flow: Flow[T | None], lost: UnisyncError) -> Flow[T | None]:
    """The result of a request whose response was lost. If the lookup fails, that loss is the error to report."""
    try:
        return (yield from flow)
    except UnisyncError as error:
        lost.add_note(f"Its result could not be looked up: {error}")
        raise lost from lost.__cause__


def delete_idempotent(delete: Flow[T], deleted: T) -> Flow[T]:
    """Delete something. Not finding it is a success if the response to an earlier attempt was lost."""
    try:
        return (yield from delete)
    except NotFoundError as error:
        if not error.outcome_unknown:
            raise
        return deleted


def none_if_not_found(flow: Flow[T]) -> Flow[T | None]:
    """The result of a flow; None if it found nothing."""
    try:
        return (yield from flow)
    except NotFoundError:
        return None


SAME_NAMES: Mapping[str, str] = {}


def if_as_requested(
    read: Flow[T | None], params: Params, field_names: Mapping[str, str] = SAME_NAMES
) -> Flow[T | None]:
    """What exists, if it is as requested; else None. `field_names` is as for `differences`."""
    found = yield from none_if_not_found(read)
    return None if found is None or differences(params, found, field_names) else found
