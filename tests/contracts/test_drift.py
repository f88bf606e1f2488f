"""Drift: when AWS changes an operation, a shape, an error or an enum of the sync APIs, these tests name it.

`python -m tools.drift` names the same for the newest boto3.
"""

from __future__ import annotations

import copy
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import botocore
import pytest

from tests.support.drift import ADDITIONS, LOSSES, NOT_SENT, PATTERNS, Drift, literals, operations_in
from tests.support.operations import OPERATIONS, models_of_botocore
from unisync._models.jobs import ProviderType
from unisync._services import proton

ROOT = Path(__file__).parents[2]
PINS = (ROOT / "requirements/test.txt").read_text()
DESCRIPTIONS = dict(models_of_botocore())
DRIFTS: list[Drift] = [*ADDITIONS.values(), *LOSSES.values()]


@pytest.mark.parametrize("service", PATTERNS)
@pytest.mark.parametrize("drift", DRIFTS)
def test_nothing_has_drifted(drift: Drift, service: str) -> None:
    assert set(drift(DESCRIPTIONS[service], service)) - NOT_SENT.keys() == set()


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


def no_operation(name: str) -> Callable[[dict[str, Any]], object]:
    return lambda model: model["operations"].pop(name)


def no_member(shape: str, member: str) -> Callable[[dict[str, Any]], object]:
    return lambda model: model["shapes"][shape]["members"].pop(member)


def optional(shape: str, member: str) -> Callable[[dict[str, Any]], object]:
    return lambda model: model["shapes"][shape]["required"].remove(member)


def of_shape(shape: str, member: str, other: str) -> Callable[[dict[str, Any]], object]:
    return lambda model: model["shapes"][shape]["members"].update({member: {"shape": other}})


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
    ("iottwinmaker", new_operation("TagSyncJob"), "TagSyncJob"),
    ("codeconnections", new_member("Tag"), "ListTagsForResource.Tags[].severity"),
]
TAKEN_BACK = [
    ("codeconnections", no_operation("UpdateSyncBlocker"), "UpdateSyncBlocker"),
    ("iottwinmaker", no_member("CreateSyncJobRequest", "tags"), "CreateSyncJob.tags"),
    ("iottwinmaker", no_member("SyncResourceFilter", "state"), "ListSyncResources.filters[].state"),
    ("proton", optional("Revision", "sha"), "GetServiceInstanceSyncStatus.latestSync.initialRevision.sha"),
    ("proton", optional("RepositorySummary", "name"), "ListRepositories.repositories[].name"),
    ("proton", optional("ListRepositoriesOutput", "repositories"), "ListRepositories.repositories"),
    ("codeconnections", optional("RepositoryLinkInfo", "OwnerId"), "GetRepositoryLink.RepositoryLinkInfo.OwnerId"),
    ("codeconnections", of_shape("SyncBlocker", "Id", "Tag"), "UpdateSyncBlocker.SyncBlocker.Id: structure"),
    (
        "codeconnections",
        of_shape("ResourceSyncAttempt", "TargetRevision", "SHA"),
        "GetResourceSyncStatus.LatestSync.TargetRevision: string",
    ),
]


@pytest.mark.parametrize(("service", "change", "named"), CHANGES, ids=[named for *_, named in CHANGES])
def test_a_change_of_aws_is_named(service: str, change: Callable[[dict[str, Any]], object], named: str) -> None:
    model = changed(service, change)
    assert named in [each for drift in ADDITIONS.values() for each in drift(model, service)]


@pytest.mark.parametrize(("service", "change", "named"), TAKEN_BACK, ids=[named for *_, named in TAKEN_BACK])
def test_what_unisync_needs_and_aws_takes_back_is_named(
    service: str, change: Callable[[dict[str, Any]], object], named: str
) -> None:
    model = changed(service, change)
    assert named in [each for drift in LOSSES.values() for each in drift(model, service)]


@pytest.mark.slow
@pytest.mark.skipif(
    f"botocore=={botocore.__version__} " not in PINS, reason="the stubs are those of the pinned botocore"
)
def test_the_stubs_are_those_of_the_installed_botocore() -> None:
    checked = subprocess.run(
        [sys.executable, "tools/generators/stubs.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (checked.returncode, checked.stdout) == (0, "")
