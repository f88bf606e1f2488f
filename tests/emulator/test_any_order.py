"""Operations in any order: every refusal is a modelled one, and the lists agree with the single things."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError
from botocore.model import Shape
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.emulator.clients import BLOCKER, CONNECTION, IMPLEMENTED, LINK, SPARE_LINK, block, furnish
from tests.emulator.test_round_trip import Loop, Params, values
from unisync.emulator import ACCOUNT, REGION, Setup
from unisync.emulator._protocol.operations import service_model
from unisync.emulator._state.sync_jobs import SyncJob, SyncResource

POOLS: Mapping[str, list[object]] = {
    "RepositoryLinkId": [LINK, SPARE_LINK, "ffffffff-ffff-4fff-8fff-ffffffffffff"],
    "ResourceName": ["payments-prod", "payments-test", "nowhere"],
    "ConnectionArn": [CONNECTION, f"{CONNECTION}2"],
    "OwnerId": ["acme", "other"],
    "RepositoryName": ["infra", "spare"],
    "Branch": ["main", "live"],
    "ConfigFile": ["a.yaml", "b.yaml"],
    "Id": [BLOCKER, "nothing"],
    "workspaceId": ["factory", "nowhere"],
    "syncSource": ["SITEWISE", "OTHER"],
    "name": ["acme/web", "acme/spare", "acme/templates"],
    "repositoryName": ["acme/web", "acme/spare", "acme/nowhere"],
    "connectionArn": [CONNECTION, f"{CONNECTION}2"],
    "branch": ["main", "live"],
    "filePath": ["a.yaml", "b.yaml"],
    "subdirectory": ["a", "b"],
    "serviceName": ["web", "new", "nowhere"],
    "serviceInstanceName": ["prod", "nowhere"],
    "templateName": ["web", "new", "net", "nowhere"],
    "templateVersion": ["1", "2"],
    "majorVersion": ["1", "2"],
    "id": [BLOCKER, "nothing"],
}
"""So few names that most requests meet something."""
LEFT_OUT = ("nextToken", "NextToken", "maxResults", "MaxResults", "tags", "Tags", "sortBy", "sortOrder")
ORDER = ["INITIALIZING", "PROCESSING", "IN_SYNC", "DELETED"]

Step = tuple[str, str, Params, float]


def choices(name: str, shape: Shape) -> st.SearchStrategy[Any]:
    if name in POOLS:
        return st.sampled_from(POOLS[name])
    return values(shape)


def params_of(service: str, operation: str) -> st.SearchStrategy[Params]:
    shape = service_model(service).operation_model(operation).input_shape
    assert shape is not None
    drawn = {name: choices(name, member) for name, member in shape.members.items() if name not in LEFT_OUT}
    required = {name: each for name, each in drawn.items() if name in shape.required_members}
    optional = {name: each for name, each in drawn.items() if name not in shape.required_members}
    return st.fixed_dictionaries(required, optional=optional)


def steps() -> st.SearchStrategy[list[Step]]:
    one = st.sampled_from(IMPLEMENTED).flatmap(
        lambda asked: st.tuples(
            st.just(asked[0]), st.just(asked[1]), params_of(*asked), st.sampled_from([0.0, 1.0, 6.0, 30.0])
        )
    )
    return st.lists(one, min_size=10, max_size=30)


def world() -> Loop:
    loop = Loop()
    setup = Setup(loop.application.world(ACCOUNT, REGION))
    furnish(setup)
    block(setup)
    return loop


def ask(loop: Loop, service: str, operation: str, params: Mapping[str, object]) -> dict[str, Any]:
    """The reply without what botocore adds; or the error, alone under "refusal"."""
    try:
        reply = loop.clients.call(service, operation, params)
    except ClientError as error:
        return {"refusal": error.response.get("Error", {})}
    del reply["ResponseMetadata"]
    return reply


@settings(
    max_examples=25,
    phases=[Phase.generate],
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(asked=steps())
def test_every_refusal_is_modelled_and_the_lists_agree(asked: list[Step]) -> None:
    loop = world()
    for service, operation, params, pause in asked:
        model = service_model(service).operation_model(operation)
        reply = ask(loop, service, operation, params)
        assert model.output_shape is not None
        if "refusal" in reply:
            assert reply["refusal"]["Code"] in {shape.name for shape in model.error_shapes}
        else:
            assert set(model.output_shape.required_members) <= reply.keys()
        loop.application.clock.advance(pause)
    check_connections(loop)
    check_proton(loop)


def check_connections(loop: Loop) -> None:
    sync = {"SyncType": "CFN_STACK_SYNC"}
    for link in ask(loop, "codeconnections", "ListRepositoryLinks", {})["RepositoryLinks"]:
        which = {"RepositoryLinkId": link["RepositoryLinkId"]}
        assert ask(loop, "codeconnections", "GetRepositoryLink", which) == {"RepositoryLinkInfo": link}
        listed = ask(loop, "codeconnections", "ListSyncConfigurations", {**which, **sync})["SyncConfigurations"]
        definitions = ask(loop, "codeconnections", "ListRepositorySyncDefinitions", {**which, **sync})
        targets = [each["Target"] for each in definitions["RepositorySyncDefinitions"]]
        assert targets == [each["ResourceName"] for each in listed]
        for configuration in listed:
            assert configuration.items() >= {**which, "RepositoryName": link["RepositoryName"]}.items()
            name = {"ResourceName": configuration["ResourceName"], **sync}
            found = ask(loop, "codeconnections", "GetSyncConfiguration", name)
            assert found == {"SyncConfiguration": configuration}


def check_proton(loop: Loop) -> None:
    registered = ask(loop, "proton", "ListRepositories", {})["repositories"]
    names = {(each["name"], each["provider"]) for each in registered}
    assert len(names) == len(registered)
    configs = [
        ("GetServiceSyncConfig", "serviceSyncConfig", {"serviceName": service["name"]})
        for service in ask(loop, "proton", "ListServices", {})["services"]
    ] + [
        ("GetTemplateSyncConfig", "templateSyncConfig", {"templateName": each["name"], "templateType": kind.upper()})
        for kind in ("Service", "Environment")
        for each in ask(loop, "proton", f"List{kind}Templates", {})["templates"]
    ]
    for operation, member, params in configs:
        found = ask(loop, "proton", operation, params)
        if "refusal" in found:
            assert "has no sync config" in found["refusal"]["Message"]
        else:
            followed = (found[member]["repositoryName"], found[member]["repositoryProvider"])
            assert followed in names, "what is followed is registered"


moments = st.floats(0, 100)


@settings(max_examples=300, deadline=None, database=None)
@given(
    created=moments,
    added=moments,
    duration=st.sampled_from([0.0, 1.0, 10.0, 50.0]),
    removed=st.none() | moments,
    deleted=st.none() | moments,
    looks=st.lists(moments, min_size=1, max_size=10),
)
def test_a_resource_only_goes_on(
    created: float, added: float, duration: float, removed: float | None, deleted: float | None, looks: list[float]
) -> None:
    job = SyncJob("SITEWISE", "role", {}, created_at=created)
    resource = SyncResource("SITEWISE", "ENTITY", "a1", None, duration, None, created_at=added)
    seen: list[tuple[str, float]] = []
    for now in sorted(looks):
        # Nothing is known of what is yet to come.
        resource.removed_at = removed if removed is not None and max(added, removed) <= now else None
        job.deleted_at = deleted if deleted is not None and max(created, deleted) <= now else None
        stage = resource.stage(job, now)
        if stage is None:
            assert not seen, "what was once seen stays listed"
            continue
        state, since = stage
        assert job.loaded_at <= since <= now
        assert (state == "DELETED") == (resource.removed_at is not None or job.deleted_at is not None)
        if seen:
            assert ORDER.index(state) >= ORDER.index(seen[-1][0])
            assert since >= seen[-1][1]
            assert (since == seen[-1][1]) or state != seen[-1][0]
        seen.append(stage)
