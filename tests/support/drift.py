"""What AWS's models and ours do not have in common, by name: what AWS added, and what ours can no longer read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, get_args

from botocore.model import ListShape, MapShape, OperationModel, ServiceModel, Shape, StringShape, StructureShape
from pydantic import AliasChoices

from tests.support.operations import OPERATIONS, Known, is_list, operations_of
from unisync import ServiceError
from unisync._core.commands import Call, Flow
from unisync._models import resources
from unisync._models.base import Model
from unisync._models.blockers import BlockerStatus, BlockerType
from unisync._models.configurations import ConnectionStatus, Switch, Trigger
from unisync._models.envelopes import Tag
from unisync._models.jobs import ProviderType, RepositoryIdentity, SyncErrorCode, SyncJobStatus
from unisync._models.refs import TemplateType
from unisync._services import codeconnections, proton, twinmaker

# Operations belong to the sync APIs if their name matches, so those that AWS adds are found without being listed.
PATTERNS = {
    "iottwinmaker": "Sync|[Tt]ag",
    "proton": "Sync|Repositor(y|ies)|[Tt]ag",
    "codeconnections": "Sync|Repository|[Tt]ag|^(Get|List)Connections?$",
    "codestar-connections": "Sync|Repository|[Tt]ag|^(Get|List)Connections?$",
}


def operations_in(description: dict[str, Any], service: str) -> Iterator[OperationModel]:
    model = ServiceModel(description, service)
    for name in model.operation_names:
        if re.search(PATTERNS[service], name):
            yield model.operation_model(name)


def call_of(service: str, name: str) -> Call[Any]:
    """The call that an operation makes, with all of its parameters."""
    started = OPERATIONS[service][name].use(operations_of(service), Known())
    if is_list(started):
        paging = dict.fromkeys(filter(None, (started.token_field, started.size_field)))
        return started.call._replace(params={**started.call.params, **paging})
    flow: Flow[Any] = started
    call = next(flow)
    assert isinstance(call, Call)
    flow.close()
    return call


def wire_names(model: type[Model]) -> dict[str, Any]:
    """The type of each field, by each of AWS's names for it."""
    names: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        names |= dict.fromkeys(aliases_of(model, name), field.annotation)
    if issubclass(model, RepositoryIdentity):  # its validator splits these
        names |= {model._full_name_field: str, model._provider_field: str}
    return names


def aliases_of(model: type[Model], field: str) -> list[str]:
    """AWS's names for a field, one for each service."""
    alias = model.model_fields[field].validation_alias
    return [str(choice) for choice in alias.choices] if isinstance(alias, AliasChoices) else [field]


def models_in(annotation: Any) -> Iterator[type[Model]]:
    """The models in an annotation: optional, in a tuple, or bare."""
    if isinstance(annotation, type) and issubclass(annotation, Model):
        yield annotation
    for part in get_args(annotation):
        yield from models_in(part)


def enums_in(description: dict[str, Any], service: str) -> Iterator[StringShape]:
    """Every enum in the requests and responses of the sync APIs."""
    seen: set[str] = set()

    def walk(shape: Shape | None) -> Iterator[StringShape]:
        if shape is None or shape.name in seen:
            return
        seen.add(shape.name)
        if isinstance(shape, StringShape) and shape.enum:
            yield shape
        for inner in (*getattr(shape, "members", {}).values(), getattr(shape, "member", None)):
            yield from walk(inner)
        if isinstance(shape, MapShape):
            yield from walk(shape.value)

    for operation in operations_in(description, service):
        yield from walk(operation.input_shape)
        yield from walk(operation.output_shape)


def literals(annotation: Any) -> set[str]:
    """The values of a `Literal[...] | str`."""
    return set(get_args(get_args(annotation)[0]))


BLOCKERS = {"BlockerStatus": literals(BlockerStatus), "BlockerType": literals(BlockerType)}
CODECONNECTIONS = {
    **BLOCKERS,
    "ResourceSyncStatus": set(codeconnections.CODECONNECTIONS.enum_map.states),
    "RepositorySyncStatus": set(codeconnections.CODECONNECTIONS.enum_map.states),
    "ProviderType": literals(ProviderType),
    "SyncConfigurationType": literals(codeconnections.SyncType),
    "ConnectionStatus": {str(status) for status in ConnectionStatus} - {"UNKNOWN"},
    "PublishDeploymentStatus": literals(Switch),
    "PullRequestComment": literals(Switch),
    "TriggerResourceUpdateOn": literals(Trigger),
}
ENUMS: dict[str, dict[str, set[str]]] = {
    "iottwinmaker": {
        "SyncJobState": set(twinmaker.STATES),
        "SyncResourceState": set(twinmaker.STATES) & literals(resources.SyncResourceState),
        "SyncResourceType": literals(resources.SyncResourceType),
        "ErrorCode": literals(SyncErrorCode),
    },
    "proton": {
        **BLOCKERS,
        "ResourceSyncStatus": set(proton.PROTON.enum_map.states),
        "RepositorySyncStatus": set(proton.PROTON.enum_map.states),
        "RepositoryProvider": set(proton.PROTON.enum_map.providers) & literals(proton.RepositoryProvider),
        "SyncType": literals(proton.ProtonSyncType),
        "TemplateType": literals(TemplateType),
    },
    "codeconnections": CODECONNECTIONS,
    "codestar-connections": CODECONNECTIONS,
}


NOT_SENT = {
    "ListConnections.HostArnFilter": "no connection of the emulator has a host",
    "ListRepositorySyncDefinitions.nextToken": "its value must be empty",
    "ListTagsForResource.nextToken": "sent with the second page",
}
"""Parameters that the first call of an operation leaves out, with the reason."""


# What AWS may add: each of these yields the names of what AWS's model has and ours do not.


def unlisted_operations(description: dict[str, Any], service: str) -> Iterator[str]:
    yield from (each.name for each in operations_in(description, service) if each.name not in OPERATIONS[service])


def parameters_left_out(description: dict[str, Any], service: str) -> Iterator[str]:
    for operation in operations_in(description, service):
        if operation.name in OPERATIONS[service] and operation.input_shape is not None:
            yield from unsent(operation.input_shape, call_of(service, operation.name).params, operation.name)


def unsent(shape: Shape, sent: Any, path: str) -> Iterator[str]:
    """The names of the members of a request's shape that were not sent."""
    if isinstance(shape, StructureShape):
        for name, member in shape.members.items():
            if name in sent:
                yield from unsent(member, sent[name], f"{path}.{name}")
            else:
                yield f"{path}.{name}"
    elif isinstance(shape, ListShape) and sent:
        # An item may have some of the members only: a union has one.
        items: list[dict[str, Any]] = [item for item in sent if isinstance(item, dict)]
        yield from unsent(shape.member, {name: item[name] for item in items for name in item}, f"{path}[]")


def members_without_a_field(description: dict[str, Any], service: str) -> Iterator[str]:
    for operation in operations_in(description, service):
        if operation.name in OPERATIONS[service] and operation.output_shape is not None:
            yield from lost(operation.output_shape, call_of(service, operation.name).response_model, operation.name)


def lost(shape: Shape, annotation: Any, path: str) -> Iterator[str]:
    """The names of the members of a shape that no model has."""
    if isinstance(shape, ListShape):
        yield from lost(shape.member, annotation, f"{path}[]")
    if not isinstance(shape, StructureShape):
        return
    found = list(models_in(annotation))
    if not found:
        yield f"{path}: no model"
        return
    (model,) = found
    names = wire_names(model)
    for name, member in shape.members.items():
        if name not in names:
            yield f"{path}.{name}"
        elif not issubclass(model, SyncJobStatus) or name != "state":
            yield from lost(member, names[name], f"{path}.{name}")


def codes_without_a_class(description: dict[str, Any], service: str) -> Iterator[str]:
    for operation in operations_in(description, service):
        for shape in operation.error_shapes:
            if ServiceError.class_of(shape.name) is None:
                yield f"{operation.name}.{shape.name}"


def enum_values_without_a_meaning(description: dict[str, Any], service: str) -> Iterator[str]:
    for shape in enums_in(description, service):
        known = ENUMS[service].get(shape.name, ())
        yield from (f"{shape.name}.{value}" for value in shape.enum if value not in known)


# What AWS may take back: each of these yields the names of what ours need and AWS's model does not have.


def operations_gone(description: dict[str, Any], service: str) -> Iterator[str]:
    yield from sorted(OPERATIONS[service].keys() - {each.name for each in operations_in(description, service)})


def parameters_gone(description: dict[str, Any], service: str) -> Iterator[str]:
    for operation in operations_in(description, service):
        if operation.name in OPERATIONS[service] and operation.input_shape is not None:
            yield from unknown(operation.input_shape, call_of(service, operation.name).params, operation.name)


def unknown(shape: Shape, sent: Any, path: str) -> Iterator[str]:
    """The names of what was sent that a request's shape does not have."""
    if isinstance(shape, StructureShape):
        for name, value in sent.items():
            if name in shape.members:
                yield from unknown(shape.members[name], value, f"{path}.{name}")
            else:
                yield f"{path}.{name}"
    elif isinstance(shape, ListShape) and sent:
        for item in sent:
            yield from unknown(shape.member, item, f"{path}[]")


def fields_gone(description: dict[str, Any], service: str) -> Iterator[str]:
    for operation in operations_in(description, service):
        if operation.name in OPERATIONS[service] and operation.output_shape is not None:
            yield from unread(operation.output_shape, call_of(service, operation.name).response_model, operation.name)


def unread(shape: Shape, annotation: Any, path: str) -> Iterator[str]:
    """The names of the fields that a model requires and a response of this shape may lack, or has in another form."""
    if isinstance(shape, ListShape):
        yield from unread(shape.member, annotation, f"{path}[]")
        return
    models = list(models_in(annotation))
    # A model reads a structure, but for the status, which may be text, and tags, which may be a map.
    if bool(models) != isinstance(shape, StructureShape) and not {SyncJobStatus, Tag} & {*models}:
        yield f"{path}: {shape.type_name}"
    if not isinstance(shape, StructureShape) or len(models) != 1 or models == [SyncJobStatus]:
        return
    names = wire_names(models[0])
    for name, member in shape.members.items():
        if name in names:
            yield from unread(member, names[name], f"{path}.{name}")
    for field, info in models[0].model_fields.items():
        choices = required_names(models[0], field) if info.is_required() else []
        if choices and not set(choices) & set(shape.required_members):
            yield f"{path}.{next((name for name in choices if name in shape.members), choices[0])}"


def required_names(model: type[Model], field: str) -> list[str]:
    """AWS's names for a field that a model requires; none if the model derives it from others."""
    names = aliases_of(model, field)
    if issubclass(model, RepositoryIdentity):
        whole = {"repository_name": "_full_name_field", "owner": "_full_name_field", "aws_provider": "_provider_field"}
        if field == "provider":
            return []
        if field in whole:
            names.append(getattr(model, whole[field]))
    return names


Drift = Callable[[dict[str, Any], str], Iterator[str]]

ADDITIONS: dict[str, Drift] = {
    "operations": unlisted_operations,
    "parameters": parameters_left_out,
    "fields": members_without_a_field,
    "error codes": codes_without_a_class,
    "enum values": enum_values_without_a_meaning,
}
"""What a release of AWS's may add. unisync keeps working without it."""
LOSSES: dict[str, Drift] = {
    "operations": operations_gone,
    "parameters": parameters_gone,
    "fields": fields_gone,
}
"""What a release of AWS's may take back. unisync cannot send such a request, or not read such a response."""
