"""Tags of resources: what TagResource, UntagResource and ListTagsForResource of all services have in common."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from unisync.emulator._protocol.pagination import ListResult
from unisync.emulator._state.entity import Entity
from unisync.emulator.errors import AwsError


def add_tags(entity: Entity, tags: Mapping[str, str], limit: int, error_code: str) -> None:
    """Add tags, and replace those with the same keys. `error_code` is the error if there would be too many."""
    merged = {**entity.tags, **tags}
    if len(merged) > limit:
        raise AwsError(error_code, f"A resource can have {limit} tags at most")
    entity.tags = merged


def remove_tags(entity: Entity, keys: Iterable[str]) -> None:
    """Remove tags. Keys without a tag are ignored."""
    for key in keys:
        entity.tags.pop(key, None)


def list_tags(entity: Entity, field: str, key: str, value: str) -> ListResult:
    """The tags as a list of structures, whose fields are named `key` and `value`."""
    tags = enumerate(entity.tags.items())
    return ListResult(field, {number: {key: name, value: text} for number, (name, text) in tags})


def to_dict(tags: Iterable[Mapping[str, str]], key: str, value: str) -> dict[str, str]:
    """Tags that were sent as a list of structures."""
    return {tag[key]: tag[value] for tag in tags}
