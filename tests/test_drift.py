"""When AWS changes a shape, an error or a word, these tests name it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from botocore.loaders import Loader
from botocore.model import ListShape, ServiceModel, Shape, StringShape, StructureShape
from pydantic import AliasChoices

from unisync import ServiceError
from unisync.definitions import BlockerStatus, BlockerType
from unisync.flow import Call, Flow
from unisync.models import Model, ProviderType, SyncJobStatus
from unisync.refs import TemplateType
from unisync.services import codeconnections, proton, twinmaker

ROOT = Path(__file__).parent.parent


def calls() -> dict[tuple[str, str], Call[Any]]:
    """The call that each operation of the adapters makes, by service and operation."""
    twin, pro, code = twinmaker.TwinMaker(), proton.Proton(), codeconnections.CodeConnections()
    flows: list[Flow[Any]] = [
        twin.create_sync_job("factory", sync_role="arn:aws:iam::123456789012:role/sync", tags={"a": "b"}),
        twin.get_sync_job("factory"),
        twin.delete_sync_job("factory"),
        pro.get_service_instance_sync_status("web", "prod"),
        pro.get_template_sync_status("web", "SERVICE", "1"),
        pro.get_service_sync_config("web"),
        pro.get_template_sync_config("web", "SERVICE"),
        pro.get_service_sync_blocker_summary("web", "prod"),
        code.get_resource_sync_status("payments"),
        code.get_sync_configuration("payments"),
        code.get_sync_blocker_summary("payments"),
    ]
    made: dict[tuple[str, str], Call[Any]] = {}
    for flow in flows:
        call = next(flow)
        assert isinstance(call, Call)
        made[call.service, call.operation] = call
        flow.close()
    return made


CALLS = calls()


def service_model(service: str) -> ServiceModel:
    return ServiceModel(Loader().load_service_model(service, "service-2"), service)


@pytest.fixture(params=sorted(CALLS), ids="-".join)
def call(request: pytest.FixtureRequest) -> Call[Any]:
    return CALLS[request.param]


def wire_names(model: type[Model]) -> dict[str, Any]:
    """The type of each field, by each of AWS's names for it."""
    names: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        alias = field.validation_alias
        choices = [str(choice) for choice in alias.choices] if isinstance(alias, AliasChoices) else [name]
        names |= dict.fromkeys(choices, field.annotation)
    # What a validator takes apart, with what it makes of it.
    if {"owner", "native_provider"} <= model.model_fields.keys():
        names |= {"repositoryName": str, "repositoryProvider": str, "ProviderType": str}
    return names


def models_in(annotation: Any) -> Iterator[type[Model]]:
    """The models that an annotation holds: in an optional member, in a tuple, or bare."""
    if isinstance(annotation, type) and issubclass(annotation, Model):
        yield annotation
    for part in get_args(annotation):
        yield from models_in(part)


def lost_members(shape: Shape, annotation: Any, path: str) -> Iterator[str]:
    """Members of `shape` that no model carries, by name."""
    if isinstance(shape, ListShape):
        yield from lost_members(shape.member, annotation, f"{path}[]")
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
            yield from lost_members(member, names[name], f"{path}.{name}")


def test_no_member_of_an_answer_is_without_a_field(call: Call[Any]) -> None:
    shape = service_model(call.service).operation_model(call.operation).output_shape
    assert shape is not None
    assert list(lost_members(shape, call.reply, call.operation)) == []


def test_a_new_member_is_named() -> None:
    model = Loader().load_service_model("proton", "service-2")
    model["shapes"]["ResourceSyncEvent"]["members"]["severity"] = {"shape": "String"}
    shape = ServiceModel(model, "proton").operation_model("GetServiceInstanceSyncStatus").output_shape
    assert shape is not None
    reply = CALLS["proton", "GetServiceInstanceSyncStatus"].reply
    assert list(lost_members(shape, reply, "Status")) == [
        "Status.latestSuccessfulSync.events[].severity",
        "Status.latestSync.events[].severity",
    ]


def test_no_parameter_of_a_request_is_left_out(call: Call[Any]) -> None:
    shape = service_model(call.service).operation_model(call.operation).input_shape
    assert shape is not None
    assert set(call.params) == set(shape.members)


def test_no_error_code_is_without_a_class(call: Call[Any]) -> None:
    codes = [shape.name for shape in service_model(call.service).operation_model(call.operation).error_shapes]
    assert [code for code in codes if ServiceError.class_of(code) is None] == []


WORDS = {
    "iottwinmaker": {"SyncJobState": set(twinmaker.VOCABULARY.states)},
    "proton": {
        "ResourceSyncStatus": set(proton.VOCABULARY.states) - {"QUEUED"},
        "RepositorySyncStatus": set(proton.VOCABULARY.states),
        "RepositoryProvider": set(proton.VOCABULARY.providers),
        "TemplateType": set(get_args(get_args(TemplateType)[0])),
        "BlockerStatus": set(get_args(get_args(BlockerStatus)[0])),
        "BlockerType": set(get_args(get_args(BlockerType)[0])),
    },
    "codeconnections": {
        "ResourceSyncStatus": set(codeconnections.VOCABULARY.states) - {"QUEUED"},
        "RepositorySyncStatus": set(codeconnections.VOCABULARY.states),
        "ProviderType": set(get_args(get_args(ProviderType)[0])),
        "BlockerStatus": set(get_args(get_args(BlockerStatus)[0])),
        "BlockerType": set(get_args(get_args(BlockerType)[0])),
        "SyncConfigurationType": {"CFN_STACK_SYNC"},
    },
}


@pytest.mark.parametrize(("service", "enum"), [(service, enum) for service in WORDS for enum in WORDS[service]])
def test_no_word_of_aws_is_without_a_meaning(service: str, enum: str) -> None:
    shape = service_model(service).shape_for(enum)
    assert isinstance(shape, StringShape)
    assert set(shape.enum) == WORDS[service][enum]


def test_the_providers_of_proton_are_those_of_codeconnections_in_other_words() -> None:
    assert set(proton.VOCABULARY.providers.values()) <= WORDS["codeconnections"]["ProviderType"]


def test_the_stubs_are_those_of_the_installed_botocore() -> None:
    checked = subprocess.run(
        [sys.executable, "stubs/generate.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (checked.returncode, checked.stdout) == (0, "")
