"""Tags of Proton's repositories, services, service instances, templates and template versions."""

from __future__ import annotations

from collections.abc import Iterator

from unisync.emulator._protocol.pagination import ListResult
from unisync.emulator._protocol.serialization import Document
from unisync.emulator._state.entity import Entity
from unisync.emulator.errors import AwsError
from unisync.emulator.services.proton.common import INVALID, NOT_FOUND, repository_arn
from unisync.emulator.services.request import Handler, OperationRequest
from unisync.emulator.services.tags import add_tags, list_tags, remove_tags, to_dict

MAX_TAGS = 50
"""The most tags of a resource."""


def tag_resource(request: OperationRequest) -> Document:
    """TagResource. The error for too many tags is a guess."""
    add_tags(_find(request), to_dict(request.params["tags"], "key", "value"), MAX_TAGS, INVALID)
    return {}


def untag_resource(request: OperationRequest) -> Document:
    """UntagResource."""
    remove_tags(_find(request), request.params["tagKeys"])
    return {}


def list_tags_for_resource(request: OperationRequest) -> ListResult:
    """ListTagsForResource."""
    return list_tags(_find(request), "tags", "key", "value")


def _find(request: OperationRequest) -> Entity:
    arn = request.params["resourceArn"]
    found = next((entity for each, entity in _resources(request) if each == arn), None)
    if found is None:
        raise AwsError(NOT_FOUND, f"Resource {arn} not found.")
    return found


def _resources(request: OperationRequest) -> Iterator[tuple[str, Entity]]:
    """Everything that can be tagged, by ARN."""
    account = request.account
    for repository in account.repositories.values():
        yield repository_arn(request, repository), repository
    for name, service in account.services.items():
        yield account.arn("proton", f"service/{name}"), service
        for instance in service.instances.values():
            yield instance.target, instance
    for (name, kind), template in account.templates.items():
        yield account.arn("proton", f"{kind.lower()}-template/{name}"), template
        for version in template.versions.values():
            yield version.target, version


HANDLERS: dict[str, Handler] = {
    "TagResource": tag_resource,
    "UntagResource": untag_resource,
    "ListTagsForResource": list_tags_for_resource,
}
