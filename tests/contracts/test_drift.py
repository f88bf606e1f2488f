"""Drift: when AWS changes an operation, a shape, an error or an enum of the sync APIs, these tests name it."""

from __future__ import annotations

import copy
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from botocore.model import ListShape, MapShape, OperationModel, ServiceModel, Shape, StringShape, StructureShape
from pydantic import AliasChoices

from tests.support.operations import OPERATIONS, Known, is_list, models_of_botocore, operations_of
from unisync import ServiceError
from unisync._core.commands import Call, Flow
from unisync._models import resources
from unisync._models.base import Model
from unisync._models.blockers import BlockerStatus, BlockerType
from unisync._models.configurations import Switch, Trigger
from unisync._models.jobs import ProviderType, RepositoryIdentity, SyncErrorCode, SyncJobStatus
from unisync._models.refs import TemplateType
from unisync._services import codeconnections, proton, twinmaker

ROOT = Path(__file__).parents[2]

# Operations belong to the sync APIs if their name matches, so those that AWS adds are found without being listed.
PATTERNS = {
    "iottwinmaker": "Sync",
    "proton": "Sync|Repositor(y|ies)",
    "codeconnections": "Sync|Repository",
    "codestar-connections": "Sync|Repository",
}
DESCRIPTIONS = dict(models_of_botocore())


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


# What may drift: each of these yields the names of what AWS's model has and we do not.


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


def codes_without_a_class(description: dict[str, Any], service: str) -> Iterator[str]:
    for operation in operations_in(description, service):
        for shape in operation.error_shapes:
            if ServiceError.class_of(shape.name) is None:
                yield f"{operation.name}.{shape.name}"


def enum_values_without_a_meaning(description: dict[str, Any], service: str) -> Iterator[str]:
    for shape in enums_in(description, service):
        known = ENUMS[service].get(shape.name, ())
        yield from (f"{shape.name}.{value}" for value in shape.enum if value not in known)


DRIFTS: list[Callable[[dict[str, Any], str], Iterator[str]]] = [
    unlisted_operations,
    parameters_left_out,
    members_without_a_field,
    codes_without_a_class,
    enum_values_without_a_meaning,
]

UNUSABLE = {"ListRepositorySyncDefinitions.nextToken"}
"""Proton's operation has this parameter, whose value must be empty."""


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


def wire_names(model: type[Model]) -> dict[str, Any]:
    """The type of each field, by each of AWS's names for it."""
    names: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        alias = field.validation_alias
        choices = [str(choice) for choice in alias.choices] if isinstance(alias, AliasChoices) else [name]
        names |= dict.fromkeys(choices, field.annotation)
    if issubclass(model, RepositoryIdentity):  # its validator splits these
        names |= {model._full_name_field: str, model._provider_field: str}
    return names


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


@pytest.mark.parametrize("service", PATTERNS)
@pytest.mark.parametrize("drift", DRIFTS)
def test_nothing_has_drifted(drift: Callable[[dict[str, Any], str], Iterator[str]], service: str) -> None:
    assert set(drift(DESCRIPTIONS[service], service)) - UNUSABLE == set()


def test_every_operation_of_ours_is_one_of_the_sync_apis() -> None:
    for service, description in DESCRIPTIONS.items():
        assert set(OPERATIONS[service]) == {operation.name for operation in operations_in(description, service)}


def test_the_providers_of_proton_map_to_those_of_codeconnections() -> None:
    assert set(proton.PROVIDERS.values()) <= literals(ProviderType)


# Changes of AWS's models, and whether the tests above name them.


def changed(service: str, change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    description: dict[str, Any] = copy.deepcopy(DESCRIPTIONS[service])
    change(description)
    return description


def text(description: dict[str, Any]) -> dict[str, Any]:
    return {"shape": next(name for name, shape in description["shapes"].items() if shape == {"type": "string"})}


def new_member(shape: str) -> Callable[[dict[str, Any]], object]:
    return lambda model: model["shapes"][shape]["members"].update(severity=text(model))


def new_value(shape: str) -> Callable[[dict[str, Any]], object]:
    return lambda model: model["shapes"][shape]["enum"].append("REIMAGINED")


def new_code(operation: str) -> Callable[[dict[str, Any]], object]:
    def change(model: dict[str, Any]) -> None:
        model["shapes"]["LunchBreakException"] = {"type": "structure", "members": {}, "exception": True}
        model["operations"][operation].setdefault("errors", []).append({"shape": "LunchBreakException"})

    return change


def new_operation(name: str) -> Callable[[dict[str, Any]], object]:
    return lambda model: model["operations"].update(
        {name: {"name": name, "http": {"method": "POST", "requestUri": "/"}}}
    )


CHANGES = [
    ("proton", new_member("ResourceSyncEvent"), "GetServiceInstanceSyncStatus.latestSync.events[].severity"),
    ("codeconnections", new_member("SyncConfiguration"), "ListSyncConfigurations.SyncConfigurations[].severity"),
    ("codeconnections", new_member("ListRepositoryLinksOutput"), "ListRepositoryLinks.severity"),
    ("codestar-connections", new_member("SyncBlocker"), "UpdateSyncBlocker.SyncBlocker.severity"),
    ("iottwinmaker", new_member("SyncResourceStatus"), "ListSyncResources.syncResources[].status.severity"),
    ("iottwinmaker", new_member("CreateSyncJobRequest"), "CreateSyncJob.severity"),
    ("iottwinmaker", new_member("SyncResourceFilter"), "ListSyncResources.filters[].severity"),
    ("proton", new_member("Tag"), "CreateRepository.tags[].severity"),
    ("codeconnections", new_member("Tag"), "CreateRepositoryLink.Tags[].severity"),
    ("codeconnections", new_member("DeleteSyncConfigurationOutput"), "DeleteSyncConfiguration.severity"),
    ("iottwinmaker", new_value("SyncResourceState"), "SyncResourceState.REIMAGINED"),
    ("iottwinmaker", new_value("ErrorCode"), "ErrorCode.REIMAGINED"),
    ("proton", new_value("RepositorySyncStatus"), "RepositorySyncStatus.REIMAGINED"),
    ("codeconnections", new_value("TriggerResourceUpdateOn"), "TriggerResourceUpdateOn.REIMAGINED"),
    ("codeconnections", new_code("GetRepositoryLink"), "GetRepositoryLink.LunchBreakException"),
    ("proton", new_operation("PauseServiceSync"), "PauseServiceSync"),
]


@pytest.mark.parametrize(("service", "change", "named"), CHANGES, ids=[named for *_, named in CHANGES])
def test_a_change_of_aws_is_named(service: str, change: Callable[[dict[str, Any]], object], named: str) -> None:
    model = changed(service, change)
    assert named in [each for drift in DRIFTS for each in drift(model, service)]


@pytest.mark.slow
def test_the_stubs_are_those_of_the_installed_botocore() -> None:
    checked = subprocess.run(
        [sys.executable, "tools/generators/stubs.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (checked.returncode, checked.stdout) == (0, "")
