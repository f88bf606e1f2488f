"""The base of all models: frozen pydantic models with snake_case fields, in which nothing that AWS sent is lost.

AWS's responses are read straight into these models. Three things happen on the way, all declared here: `alias` and
`dual_case_alias` map AWS's field names, whose casing differs between the services; an `EnumMapping`, passed as
pydantic's validation context, maps a service's state and provider values to ours; and fields that no model knows stay
in `model_extra`. If AWS one day sends a field with the name of one of our own, it is kept under that name with an
underscore behind it (`keep_aside`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from operator import methodcaller
from typing import Annotated, Any, ClassVar, NamedTuple, TypeVar, cast

import pydantic
from pydantic import (
    AfterValidator,
    AliasChoices,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    ValidationInfo,
)
from pydantic_core import CoreSchema, core_schema

from unisync._models.refs import FleetSync, SyncRef, parse_any_ref


def _date_of_seconds(value: object) -> object:
    """The date of a number of seconds that pydantic before 2.12 takes for milliseconds: after the year 2603."""
    if isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) > _MAX_SECONDS:
        try:
            return datetime.fromtimestamp(value, UTC)
        except (OverflowError, OSError) as error:
            raise ValueError("a date in the years 1 to 9999 was expected") from error
    return value


_MAX_SECONDS = 2e10
_KNOWS_SECONDS = tuple(map(int, pydantic.VERSION.split(".")[:2])) >= (2, 12)
"""Whether pydantic has the setting `val_temporal_unit`."""


class _Seconds:
    """Has numbers read as seconds where pydantic has no setting for that."""

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        schema = handler(source)
        if _KNOWS_SECONDS:
            return schema
        return core_schema.no_info_before_validator_function(_date_of_seconds, schema)


Date = Annotated[
    AwareDatetime,
    Field(ge=datetime.min.replace(tzinfo=UTC), le=datetime.max.replace(tzinfo=UTC)),
    AfterValidator(methodcaller("astimezone", UTC)),
    _Seconds(),
]
"""A date in UTC, in the years 1 to 9999; with another offset it might lie outside of them.

pydantic makes a time zone for each date, which costs memory where many jobs are kept.
"""


class SyncState(StrEnum):
    """The state of a sync, with the same values for all services."""

    PENDING = "PENDING"
    """Requested, not started."""
    RUNNING = "RUNNING"
    """In progress."""
    ACTIVE = "ACTIVE"
    """Succeeded."""
    FAILED = "FAILED"
    """Ended without success; AWS does not continue by itself."""
    DELETING = "DELETING"
    """Being deleted; of a synced resource, also deleted."""
    UNKNOWN = "UNKNOWN"
    """A state that AWS added after this version of unisync was released. `aws_state` has its value."""


class EnumMapping(NamedTuple):
    """What the values of one service mean: AWS's value to ours. The validation context of a response."""

    states: Mapping[str, SyncState]
    providers: Mapping[str, str] = {}


_NO_MAPPING = EnumMapping({})


def mapping_for(info: ValidationInfo, data: Mapping[str, Any], own_field: str) -> EnumMapping | None:
    """The mapping for `data`; None if it holds our values already, as `own_field`, which AWS does not have, shows."""
    if isinstance(info.context, EnumMapping):
        return info.context
    return None if own_field in data else _NO_MAPPING


def keep_aside(data: Mapping[str, Any], *taken: str) -> dict[str, Any]:
    """AWS's fields, those with taken names under that name with an underscore behind it."""
    if data.keys().isdisjoint(taken):
        return dict(data)
    kept: dict[str, Any] = {}
    for name, value in data.items():
        free = name
        while free in taken or (free != name and free in data):
            free += "_"
        kept[free] = value
    return kept


def alias(*names: str, default: Any = ...) -> Any:
    """A field that AWS has under these names, one for each service."""
    return Field(default, validation_alias=AliasChoices(*names))


def dual_case_alias(name: str, default: Any = ...) -> Any:
    """A field that Proton calls `name`, and CodeConnections the same in PascalCase."""
    return alias(name, name[0].upper() + name[1:], default=default)


class Model(BaseModel, frozen=True):
    """The base of all models: frozen, with unknown fields of AWS's kept in `model_extra`."""

    model_config: ClassVar[ConfigDict] = ConfigDict(
        extra="allow",
        # A program uses few of the models: each validator is built when it is first needed.
        defer_build=True,
        validate_by_name=True,
        validate_by_alias=True,
        val_temporal_unit="seconds",
        # CBOR has bytes, which may be no text, and an unknown field may be of any type.
        ser_json_bytes="base64",
    )


M = TypeVar("M", bound=Model)
T = TypeVar("T")


def share_field_names(models: Iterable[Model]) -> None:
    """Have models of one class share the names of the fields that were set, where they are the same ones.

    pydantic keeps a set of them with each model, which takes as much memory as the values.
    """
    for model in models:
        names: set[str] = model.__pydantic_fields_set__
        key = type(model), len(names)
        shared = _field_names.setdefault(key, names)
        if shared is not names:
            if shared == names:
                object.__setattr__(model, "__pydantic_fields_set__", shared)
            else:
                _field_names[key] = names


_field_names: dict[tuple[type[Model], int], set[str]] = {}
"""The names that were set in the last model of a class with so many of them."""


class Displayable:
    """What notebooks show as HTML."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        from unisync._render.cards import card  # the only place where models know of HTML

        return card(self)


NullableTuple = Annotated[tuple[T, ...], BeforeValidator(lambda value: () if value is None else value)]
"""A list that AWS may leave out, or send as null."""


class AsRef:
    """Lets pydantic accept a reference of some kinds, in a fleet or not, or its text, and serialize its text."""

    def __init__(self, *kinds: type[SyncRef[Any]]) -> None:
        self._kinds = kinds

    def __get_pydantic_core_schema__(self, source: object, handler: object) -> CoreSchema:
        text = core_schema.str_schema()
        return core_schema.no_info_plain_validator_function(
            self._read,
            json_schema_input_schema=text,
            serialization=core_schema.plain_serializer_function_ser_schema(str, return_schema=text),
        )

    def _read(self, value: object) -> object:
        ref: Any = parse_any_ref(value) if isinstance(value, str) else value
        is_located = isinstance(cast("object", ref), FleetSync)
        if not isinstance(ref.sync if is_located else ref, self._kinds):
            kinds = ", ".join(kind.__name__ for kind in self._kinds)
            raise ValueError(f"expected a reference or its text ({kinds}), got {value!r}")
        return ref


def with_ref(model: type[M], ref: SyncRef[Any], response: Model, **more: object) -> M:
    """The model of a response that does not name its sync, with the reference to it."""
    # Nothing is validated again, and no validator built for it: the response was, and its model is the base class. This
    # is what `model_construct` does, which takes longer than all else that follows the validation.
    made = model.__new__(model)
    object.__setattr__(made, "__dict__", {**_defaults(model), **vars(response), **more, "ref": ref})
    object.__setattr__(made, "__pydantic_fields_set__", {*_defaults(type(response)), *more, "ref"})
    object.__setattr__(made, "__pydantic_extra__", {})
    object.__setattr__(made, "__pydantic_private__", None)
    return with_extra(made, response.model_extra or {})


@cache
def _defaults(model: type[Model]) -> dict[str, Any]:
    """The fields of a model with their defaults; None where a value is required."""
    return {name: None if field.is_required() else field.default for name, field in model.model_fields.items()}


def with_extra(model: M, extra: Mapping[str, Any]) -> M:
    """The model with unknown fields of AWS's that stood around it in the response."""
    if not extra:
        return model
    return model.model_copy(update=keep_aside(extra, *type(model).model_fields, *(model.model_extra or {})))
