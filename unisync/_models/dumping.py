"""Dumping objects that are not pydantic models in the way of pydantic."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, ClassVar, Literal, cast

from pydantic import BaseModel
from pydantic_core import to_jsonable_python

from unisync._models.refs import SyncRef


class Dumpable:
    """A dataclass with the method `model_dump`, as models have it."""

    __slots__ = ()
    __dataclass_fields__: ClassVar[dict[str, Any]]

    def model_dump(self, *, mode: Literal["python", "json"] = "python") -> dict[str, object]:
        """The fields as a dictionary, with the models among them as dictionaries and the references as their texts.

        Args:
            mode: "json" for what JSON can hold: dates are texts, and an error is its type and message. "python" keeps
                both as they are.

        Returns:
            The values by the names of the fields.
        """
        return {field.name.removeprefix("_"): _dumped(getattr(self, field.name), mode) for field in fields(self)}


def _dumped(value: object, mode: Literal["python", "json"]) -> object:
    match value:
        case BaseModel() | Dumpable():
            return value.model_dump(mode=mode)
        case SyncRef():
            return str(cast("object", value))
        case Mapping():
            items = cast("Mapping[object, object]", value).items()
            return {_key(key, mode): _dumped(item, mode) for key, item in items}
        case tuple() | list():
            dumped = [_dumped(item, mode) for item in cast("list[object]", value)]
            return tuple(dumped) if isinstance(value, tuple) and mode == "python" else dumped
        case Exception() if mode == "json":
            return {"type": type(value).__name__, "message": str(value)}
        case _:
            return to_jsonable_python(value, fallback=str, bytes_mode="base64") if mode == "json" else value


def _key(key: object, mode: Literal["python", "json"]) -> object:
    """A key; in JSON, that of an account, region and service is their text."""
    if mode == "python" or isinstance(key, str):
        return key
    return "/".join(map(str, cast("tuple[object, ...]", key))) if isinstance(key, tuple) else str(key)
