"""What the operations of all services are made of: calls, envelopes, lists, tags, and creating or deleting once."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, Protocol, TypeVar, cast

from unisync._core.bridge import MethodsBase, operation, write_operation
from unisync._core.commands import AccountRegion
from unisync._core.flow import Call, Flow, request
from unisync._core.lazy import lazy_module
from unisync._core.pagination import PageEnvelope, PageRequest
from unisync._models.base import EnumMapping, Model, with_extra
from unisync._models.jobs import SyncJob
from unisync._models.refs import FleetSync, SyncRef
from unisync.errors import ConflictError, InvalidArgumentError, NotFoundError, UnisyncError

if TYPE_CHECKING:
    from unisync._models import configurations, envelopes
else:
    configurations = lazy_module("unisync._models.configurations")
    envelopes = lazy_module("unisync._models.envelopes")

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
    tag_fields: tuple[str, str] | None = None
    """AWS's names for the key and the value of a tag; None if it passes tags as a map."""
    tags_per_page: int | None = None
    """The largest page of tags; None if it lists all of them at once."""


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


class Tagging(NamedTuple, Generic[T]):
    """The tags that a resource must have, besides others."""

    missing: Callable[[T], Flow[dict[str, str]]]
    """Reads which of them it does not have, or has with another value."""
    add: Callable[[T, Mapping[str, str]], Flow[None]]
    """Sets tags."""


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

    # Tags.

    @operation
    def list_tags_for_resource(self, resource_arn: str) -> Flow[dict[str, str]]:
        """Read the tags of a resource (ListTagsForResource).

        Args:
            resource_arn: The ARN of a resource of this service.

        Returns:
            The values of the tags, by key.

        Raises:
            InvalidArgumentError: An argument is not what is expected.
            InvalidRequestError: AWS rejects a parameter.
            NotFoundError: There is no such resource.
            UnisyncError: Any other error in `unisync.errors`.
        """
        size = self._service.tags_per_page
        pages = self._pages(
            "ListTagsForResource",
            {"resource_arn": resource_arn},
            envelopes.TagsPage,
            size,
            accepts_token=size is not None,
        )
        return {tag.key: tag.value for tag in (yield from pages.collect())}

    @write_operation
    def tag_resource(self, resource_arn: str, tags: Mapping[str, str]) -> Flow[configurations.TagResult]:
        """Set tags of a resource (TagResource). Its other tags stay unchanged.

        Args:
            resource_arn: The ARN of a resource of this service.
            tags: The values of the tags, by key. A resource has up to 50 tags; in CodeConnections, 200.
            dry_run: True validates the arguments and returns the request as a `DryRun`, without sending it.

        Returns:
            AWS's response, which has no fields so far.

        Raises:
            InvalidArgumentError: An argument is not what is expected.
            InvalidRequestError: AWS rejects a parameter.
            NotFoundError: There is no such resource.
            QuotaExceededError: It would have too many tags.
            UnisyncError: Any other error in `unisync.errors`.
        """
        params = {"resource_arn": resource_arn, "tags": self._tags(tags)}
        return self._request("TagResource", params, configurations.TagResult)

    @write_operation
    def untag_resource(self, resource_arn: str, tag_keys: Collection[str]) -> Flow[configurations.TagResult]:
        """Remove tags of a resource (UntagResource).

        Args:
            resource_arn: The ARN of a resource of this service.
            tag_keys: The keys of the tags to remove. Those that the resource does not have are ignored.
            dry_run: True validates the arguments and returns the request as a `DryRun`, without sending it.

        Returns:
            AWS's response, which has no fields so far.

        Raises:
            InvalidArgumentError: An argument is not what is expected.
            InvalidRequestError: AWS rejects a parameter.
            NotFoundError: There is no such resource.
            UnisyncError: Any other error in `unisync.errors`.
        """
        is_several = isinstance(cast("object", tag_keys), Collection) and not isinstance(tag_keys, str)
        InvalidArgumentError.unless(is_several, "tag_keys", "several keys, such as a list", tag_keys)
        params = {"resource_arn": resource_arn, "tag_keys": list(tag_keys)}
        return self._request("UntagResource", params, configurations.TagResult)

    def _tags(self, tags: Mapping[str, str] | None) -> object:
        """Tags as this service expects them; None if there are none to send."""
        if tags is None:
            return None
        mapping = checked_tags(tags)
        if self._service.tag_fields is None:
            return mapping
        key, value = self._service.tag_fields
        return [{key: name, value: text} for name, text in mapping.items()]

    def _tagging(self, tags: Mapping[str, str] | None, arn: Callable[[T], str]) -> Tagging[T] | None:
        """The tags that a resource must have; None if it need not have any."""
        if not tags:
            return None
        desired = checked_tags(tags)

        def missing(resource: T) -> Flow[dict[str, str]]:
            actual = yield from self.list_tags_for_resource(arn(resource))
            return {key: value for key, value in desired.items() if actual.get(key) != value}

        def add(resource: T, missing: Mapping[str, str]) -> Flow[None]:
            yield from self.tag_resource(arn(resource), missing)

        return Tagging(missing, add)

    def _cannot_update(self, operation: str, what: str, changed: Params, current: object, advice: str) -> ConflictError:
        """The error for something that exists, differs from what is desired, and cannot be updated."""
        differ = ", ".join(f"{name} is {getattr(current, name)!r}, not {value!r}" for name, value in changed.items())
        return self._conflict(operation, f"{what} exists, and its {differ}. AWS cannot update it: {advice}")

    def _conflict(self, operation: str, message: str) -> ConflictError:
        """The error for a conflict that AWS need not be asked about."""
        return ConflictError({"Error": {"Code": "ConflictException", "Message": message}}, operation, self.service_name)

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


def checked_tags(tags: object) -> dict[str, str]:
    """Tags as a dictionary.

    Raises:
        InvalidArgumentError: They are no mapping.
    """
    if not isinstance(tags, Mapping):
        raise InvalidArgumentError.expected("tags", "a mapping of keys to values", tags)
    return dict(cast("Mapping[str, str]", tags))


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
