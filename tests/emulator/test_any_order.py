"""Random operations in any order: every error is declared, and lists agree with the operations for single resources."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from botocore.model import Shape
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.emulator.clients import local_clients
from tests.emulator.resources import (
    BLOCKER,
    CONNECTION,
    LINK,
    LINK_ARN,
    OPERATIONS,
    REPOSITORY_ARN,
    SPARE_LINK,
    WORKSPACE_ARN,
    add_blockers,
    populate,
)
from tests.emulator.strategies import Params, in_query, values
from unisync.emulator import ACCOUNT, REGION, Setup
from unisync.emulator._protocol.operations import service_model
from unisync.emulator._state.sync_jobs import SyncJob, SyncResource

pytestmark = pytest.mark.slow

POOLS: Mapping[str, list[object]] = {
    "RepositoryLinkId": [LINK, SPARE_LINK, "ffffffff-ffff-4fff-8fff-ffffffffffff"],
    "ResourceName": ["payments-prod", "payments-test", "unknown"],
    "ConnectionArn": [CONNECTION, f"{CONNECTION}2"],
    "OwnerId": ["acme", "other"],
    "RepositoryName": ["infra", "spare"],
    "Branch": ["main", "live"],
    "ConfigFile": ["a.yaml", "b.yaml"],
    "Id": [BLOCKER, "nothing"],
    "workspaceId": ["factory", "unknown"],
    "syncSource": ["SITEWISE", "OTHER"],
    "name": ["acme/web", "acme/spare", "acme/templates"],
    "repositoryName": ["acme/web", "acme/spare", "acme/unknown"],
    "connectionArn": [CONNECTION, f"{CONNECTION}2"],
    "branch": ["main", "live"],
    "filePath": ["a.yaml", "b.yaml"],
    "subdirectory": ["a", "b"],
    "serviceName": ["web", "new", "unknown"],
    "serviceInstanceName": ["prod", "unknown"],
    "templateName": ["web", "new", "net", "unknown"],
    "templateVersion": ["1", "2"],
    "majorVersion": ["1", "2"],
    "id": [BLOCKER, "nothing"],
    "resourceARN": [WORKSPACE_ARN, f"{WORKSPACE_ARN}/sync-job/SITEWISE-default", f"{WORKSPACE_ARN}2"],
    "resourceArn": [REPOSITORY_ARN, f"{REPOSITORY_ARN}2"],
    "ResourceArn": [LINK_ARN, CONNECTION, f"{CONNECTION}2"],
}
"""A few values for each parameter, so that most requests concern an existing resource."""
OMITTED = (  # unless required
    "nextToken",
    "NextToken",
    "maxResults",
    "MaxResults",
    "tags",
    "Tags",
    "sortBy",
    "sortOrder",
)
ORDER = ["INITIALIZING", "PROCESSING", "IN_SYNC", "DELETED"]

Step = tuple[str, str, Params, float]
"""Service, operation, parameters, and seconds to wait afterwards."""


def params_of(service: str, operation: str) -> st.SearchStrategy[Params]:
    shape = service_model(service).operation_model(operation).input_shape
    assert shape is not None
    needed = shape.required_members
    drawn = {
        name: values_of(name, member) for name, member in shape.members.items() if name in needed or name not in OMITTED
    }
    required = {name: each for name, each in drawn.items() if name in shape.required_members}
    optional = {name: each for name, each in drawn.items() if name not in shape.required_members}
    lists = [name for name, member in shape.members.items() if in_query(member) and member.type_name == "list"]
    # A query string cannot contain an empty list.
    strategy = st.fixed_dictionaries(required, optional=optional)
    return strategy.filter(lambda params: all(params.get(name, True) for name in lists))


def values_of(name: str, shape: Shape) -> st.SearchStrategy[Any]:
    return st.sampled_from(POOLS[name]) if name in POOLS else values(shape)


def step_lists() -> st.SearchStrategy[list[Step]]:
    step = st.sampled_from(OPERATIONS).flatmap(
        lambda each: st.tuples(
            st.just(each[0]), st.just(each[1]), params_of(*each), st.sampled_from([0.0, 1.0, 6.0, 30.0])
        )
    )
    return st.lists(step, min_size=10, max_size=30)


def call(service: str, operation: str, params: Mapping[str, object]) -> dict[str, Any]:
    """The reply, or the error as the only field "error"."""
    return local_clients().call(service, operation, params)


@settings(
    max_examples=max(1, settings().max_examples // 10),
    phases=[Phase.generate],
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(steps=step_lists())
def test_every_error_is_declared_and_the_lists_agree(steps: list[Step]) -> None:
    application = local_clients().reset()
    setup = Setup(application.account(ACCOUNT, REGION))
    populate(setup)
    add_blockers(setup)
    for service, operation, params, pause in steps:
        model = service_model(service).operation_model(operation)
        reply = call(service, operation, params)
        assert model.output_shape is not None
        if "error" in reply:
            # CreateConnection needs one of two parameters, and declares no error about parameters.
            common = {"ValidationException"} if operation == "CreateConnection" else set[str]()
            assert reply["error"]["Code"] in common.union(shape.name for shape in model.error_shapes)
        else:
            assert set(model.output_shape.required_members) <= reply.keys()
        application.clock.advance(pause)
    check_connections()
    check_proton()


def check_connections() -> None:
    sync = {"SyncType": "CFN_STACK_SYNC"}
    for link in call("codeconnections", "ListRepositoryLinks", {})["RepositoryLinks"]:
        params = {"RepositoryLinkId": link["RepositoryLinkId"]}
        assert call("codeconnections", "GetRepositoryLink", params) == {"RepositoryLinkInfo": link}
        listed = call("codeconnections", "ListSyncConfigurations", {**params, **sync})["SyncConfigurations"]
        definitions = call("codeconnections", "ListRepositorySyncDefinitions", {**params, **sync})
        targets = [each["Target"] for each in definitions["RepositorySyncDefinitions"]]
        assert targets == [each["ResourceName"] for each in listed]
        for configuration in listed:
            assert configuration.items() >= {**params, "RepositoryName": link["RepositoryName"]}.items()
            name = {"ResourceName": configuration["ResourceName"], **sync}
            found = call("codeconnections", "GetSyncConfiguration", name)
            assert found == {"SyncConfiguration": configuration}


def check_proton() -> None:
    registered = call("proton", "ListRepositories", {})["repositories"]
    repositories = {(each["name"], each["provider"]) for each in registered}
    assert len(repositories) == len(registered)
    configs = [
        ("GetServiceSyncConfig", "serviceSyncConfig", {"serviceName": service["name"]})
        for service in call("proton", "ListServices", {})["services"]
    ] + [
        ("GetTemplateSyncConfig", "templateSyncConfig", {"templateName": each["name"], "templateType": kind.upper()})
        for kind in ("Service", "Environment")
        for each in call("proton", f"List{kind}Templates", {})["templates"]
    ]
    for operation, field, params in configs:
        found = call("proton", operation, params)
        if "error" in found:
            assert "has no sync config" in found["error"]["Message"]
        else:
            followed = (found[field]["repositoryName"], found[field]["repositoryProvider"])
            assert followed in repositories, "a followed repository is registered"


times = st.floats(0, 100)


@settings(max_examples=settings().max_examples * 2, deadline=None, database=None)
@given(
    created=times,
    added=times,
    duration=st.sampled_from([0.0, 1.0, 10.0, 50.0]),
    removed=st.none() | times,
    deleted=st.none() | times,
    reads=st.lists(times, min_size=1, max_size=10),
)
def test_the_state_of_a_resource_never_goes_back(
    created: float, added: float, duration: float, removed: float | None, deleted: float | None, reads: list[float]
) -> None:
    job = SyncJob("SITEWISE", "role", created_at=created)
    resource = SyncResource("SITEWISE", "ENTITY", "a1", None, duration, None, created_at=added)
    seen: list[tuple[str, float]] = []
    for now in sorted(reads):
        # Removal and deletion are recorded only when they happen.
        resource.removed_at = removed if removed is not None and max(added, removed) <= now else None
        job.deleted_at = deleted if deleted is not None and max(created, deleted) <= now else None
        current = resource.state(job, now)
        if current is None:
            assert not seen, "a listed resource stays listed"
            continue
        state, since = current
        assert job.initializing_at <= since <= now
        assert (state == "DELETED") == (resource.removed_at is not None or job.deleted_at is not None)
        if seen:
            assert ORDER.index(state) >= ORDER.index(seen[-1][0])
            assert since >= seen[-1][1]
            assert (since == seen[-1][1]) or state != seen[-1][0]
        seen.append(current)
