"""Type aliases: those in public signatures can be imported from unisync."""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Callable, Iterator
from types import UnionType
from typing import Any, Literal, Union, get_origin

import unisync

ALIASES = {
    "AnyRef",
    "BlockerStatus",
    "BlockerType",
    "ChangeKind",
    "CheckName",
    "CheckStatus",
    "EnsureAction",
    "Event",
    "OnEvent",
    "OnOutcome",
    "OnProgress",
    "ProtonSyncType",
    "ProviderType",
    "RepositoryProvider",
    "Switch",
    "SyncErrorCode",
    "SyncResourceState",
    "SyncResourceType",
    "SyncType",
    "TemplateType",
    "Trigger",
    "WaitCondition",
    "WantedRevision",
}


def is_alias(value: object) -> bool:
    return get_origin(value) in (Literal, Union, UnionType, get_origin(Callable[[], None]))


def aliases_in(annotation: object, names: dict[str, Any]) -> Iterator[tuple[str, object]]:
    """The aliases that an annotation contains, as a bare name or as an attribute of a module."""
    for node in ast.walk(ast.parse(str(annotation), mode="eval")):
        if isinstance(node, ast.Name) and is_alias(names.get(node.id)):
            yield node.id, names[node.id]
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            value: object = getattr(names.get(node.value.id), node.attr, None)
            if is_alias(value):
                yield node.attr, value


def aliases_of(public: type[Any]) -> Iterator[tuple[str, object]]:
    """The aliases in the fields and the methods of a class."""
    for base in public.__mro__:
        if base.__module__.startswith("unisync"):
            for annotation in inspect.get_annotations(base).values():
                yield from aliases_in(annotation, vars(sys.modules.get(base.__module__, unisync)))
    for _, function in inspect.getmembers(public, inspect.isfunction):
        names = inspect.unwrap(function).__globals__
        if names["__name__"].startswith("unisync"):
            for annotation in inspect.get_annotations(function).values():
                yield from aliases_in(annotation, names)


def test_the_aliases_are_importable_from_unisync() -> None:
    assert set(unisync.__all__) >= ALIASES
    assert {name for name in ALIASES if not is_alias(getattr(unisync, name))} == set()


def test_every_alias_in_a_public_signature_is_importable() -> None:
    public: list[Any] = [getattr(unisync, name) for name in unisync.__all__]
    classes: list[type[Any]] = [each for each in public if inspect.isclass(each) and not issubclass(each, Exception)]
    found = dict(pair for each in classes for pair in aliases_of(each))
    del found["Random"]  # the source of jitter in Backoff.delay, for tests
    assert found.keys() == ALIASES - {"Event"}, "Event is in the signature of OnEvent alone"
    assert {name for name, value in found.items() if getattr(unisync, name) is not value} == set()
