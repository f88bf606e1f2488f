"""Jobs and what they consist of: both casings, one spelling, aware dates, and unknown fields kept."""

from __future__ import annotations

import copy
import json
import pickle
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

import unisync
from tests.support.samples import MINE, NEWER, OLD, STACK, attempt, blocker, git_job, revision, twin_job
from unisync import (
    FleetSync,
    GitSyncJob,
    ResourceSyncAttempt,
    Revision,
    SyncBlocker,
    SyncError,
    SyncEvent,
    SyncJobStatus,
    SyncState,
    TwinMakerSyncJob,
)
from unisync._botocore.read import Body, read
from unisync._core.flow import Call
from unisync._models.base import EnumMapping, with_extra
from unisync._models.jobs import GitSyncResponse, TwinMakerSyncResponse
from unisync._services.codeconnections import CODECONNECTIONS
from unisync._services.git_sync import git_job as git_job_of
from unisync._services.proton import PROTON
from unisync._services.twinmaker import TWINMAKER

PROTON_REVISION = {
    "repositoryName": "acme/web",
    "repositoryProvider": "GITHUB_ENTERPRISE",
    "branch": "main",
    "directory": "ops",
    "sha": MINE,
}
CODECONNECTIONS_REVISION = {
    "RepositoryName": "web",
    "OwnerId": "acme",
    "ProviderType": "GitHubEnterpriseServer",
    "Branch": "main",
    "Directory": "ops",
    "Sha": MINE,
}


def test_a_revision_is_the_same_for_both_services() -> None:
    proton = Revision.model_validate(PROTON_REVISION, context=PROTON.enum_map)
    codeconnections = Revision.model_validate(CODECONNECTIONS_REVISION, context=CODECONNECTIONS.enum_map)
    for one in (proton, codeconnections):
        assert (one.owner, one.repository_name, one.full_name) == ("acme", "web", "acme/web")
        assert (one.provider, one.branch, one.directory, one.sha) == ("GitHubEnterpriseServer", "main", "ops", MINE)
    assert (proton.aws_provider, codeconnections.aws_provider) == ("GITHUB_ENTERPRISE", "GitHubEnterpriseServer")
    assert not proton.model_extra
    assert not codeconnections.model_extra


def test_an_unknown_provider_keeps_its_value() -> None:
    new = Revision.model_validate({**PROTON_REVISION, "repositoryProvider": "FORGEJO"}, context=PROTON.enum_map)
    assert (new.provider, new.aws_provider) == ("FORGEJO", "FORGEJO")


def test_an_owner_may_be_a_nested_group() -> None:
    joined = Revision.model_validate({**CODECONNECTIONS_REVISION, "OwnerId": "acme/platform"})
    assert joined.full_name == "acme/platform/web"
    for enum_map in (None, PROTON.enum_map):
        split = Revision.model_validate({**PROTON_REVISION, "repositoryName": "acme/platform/web"}, context=enum_map)
        assert (split.full_name, split.owner, split.repository_name) == (joined.full_name, "acme/platform", "web")


@pytest.mark.parametrize(
    ("enum_map", "aws_state", "state"),
    [
        (TWINMAKER.enum_map, "CREATING", SyncState.PENDING),
        (TWINMAKER.enum_map, "INITIALIZING", SyncState.RUNNING),
        (TWINMAKER.enum_map, "ACTIVE", SyncState.ACTIVE),
        (TWINMAKER.enum_map, "ERROR", SyncState.FAILED),
        (TWINMAKER.enum_map, "DELETING", SyncState.DELETING),
        (TWINMAKER.enum_map, "SUCCEEDED", SyncState.UNKNOWN),
        (PROTON.enum_map, "INITIATED", SyncState.PENDING),
        (PROTON.enum_map, "QUEUED", SyncState.PENDING),
        (CODECONNECTIONS.enum_map, "IN_PROGRESS", SyncState.RUNNING),
        (CODECONNECTIONS.enum_map, "SUCCEEDED", SyncState.ACTIVE),
        (CODECONNECTIONS.enum_map, "FAILED", SyncState.FAILED),
        (CODECONNECTIONS.enum_map, "REIMAGINED", SyncState.UNKNOWN),
        (None, "SUCCEEDED", SyncState.UNKNOWN),
    ],
)
def test_a_state_of_awss_is_mapped_to_ours_and_kept(
    enum_map: EnumMapping | None, aws_state: str, state: SyncState
) -> None:
    status = SyncJobStatus.model_validate(aws_state, context=enum_map)
    assert (status.state, status.aws_state, status.error) == (state, aws_state, None)
    assert str(status) == (f"{state} ({aws_state})" if aws_state != state else aws_state)


def test_a_status_may_lack_its_state() -> None:
    status = SyncJobStatus.model_validate({}, context=TWINMAKER.enum_map)
    assert (status.state, status.aws_state, str(status)) == (SyncState.UNKNOWN, "", "UNKNOWN")


def test_an_error_may_lack_its_fields() -> None:
    for fields, text in (
        ({}, "no reason given"),
        ({"code": "A"}, "A"),
        ({"message": "b"}, "b"),
        ({"code": "A", "message": "b"}, "A: b"),
    ):
        status = SyncJobStatus.model_validate({"state": "ERROR", "error": fields}, context=TWINMAKER.enum_map)
        assert str(status.error) == text


TWIN = {
    "arn": "arn:aws:iottwinmaker:eu-west-1:123456789012:workspace/factory/sync-job/SITEWISE-default",
    "workspaceId": "factory",
    "syncSource": "SITEWISE",
    "syncRole": "arn:aws:iam::123456789012:role/sync",
    "status": {"state": "ACTIVE"},
    "creationDateTime": 1700000000.25,
    "updateDateTime": 1700000001,
}


def test_dates_are_aware_and_in_utc() -> None:
    response = TwinMakerSyncResponse.model_validate_json(json.dumps(TWIN))
    assert response.created_at == datetime(2023, 11, 14, 22, 13, 20, 250000, tzinfo=UTC)
    assert response.created_at.utcoffset() == timedelta(0)
    assert response.created_at.tzinfo == UTC


@pytest.mark.parametrize("date", [5, 253402300799, 0.5, -5])
def test_a_number_is_a_date_in_seconds(date: float) -> None:
    event = SyncEvent.model_validate({"type": "A", "event": "b", "time": date})
    assert event.time == datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=date)


def test_a_date_with_another_offset_is_the_same_moment_in_utc() -> None:
    event = SyncEvent.model_validate({"type": "STARTED", "event": "", "time": "2026-08-02T14:00:00+02:00"})
    assert event.time.isoformat() == "2026-08-02T12:00:00+00:00"


@pytest.mark.parametrize("missing", sorted(TWIN))
def test_a_required_field_is_required(missing: str) -> None:
    with pytest.raises(ValidationError, match="Field required"):
        TwinMakerSyncResponse.model_validate({name: value for name, value in TWIN.items() if name != missing})


def proton_response(status: str = "FAILED") -> dict[str, Any]:
    event = {"type": "A", "event": "started", "time": 1700000000, "unknownInEvent": 1}
    last = {"type": "B", "event": "no such template", "time": 1700000001, "externalId": "e-1"}
    sync = {
        "events": [event, last],
        "initialRevision": {**PROTON_REVISION, "sha": OLD},
        "startedAt": 1700000000,
        "status": status,
        "target": "arn",
        "targetRevision": PROTON_REVISION,
        "unknownInAttempt": [1, {"deep": None}],
    }
    return {"desiredState": {**PROTON_REVISION, "unknownInRevision": "x"}, "latestSync": sync, "unknown": {"a": 1}}


def test_unknown_fields_are_kept_where_they_were() -> None:
    response = GitSyncResponse.model_validate(proton_response(), context=PROTON.enum_map)
    assert response.model_extra == {"unknown": {"a": 1}}
    assert response.desired_state is not None
    assert response.desired_state.model_extra == {"unknownInRevision": "x"}
    assert response.latest_sync is not None
    assert response.latest_sync.model_extra == {"unknownInAttempt": [1, {"deep": None}]}
    assert response.latest_sync.events[0].model_extra == {"unknownInEvent": 1}


def test_a_field_of_awss_with_a_name_of_ours_is_kept() -> None:
    fields = {"state": "ERROR", "aws_state": 1, "aws_state_": 2}
    status = SyncJobStatus.model_validate(fields, context=TWINMAKER.enum_map)
    assert (status.state, status.aws_state) == (SyncState.FAILED, "ERROR")
    assert sorted((status.model_extra or {}).values()) == [1, 2]
    ours = {"repository_name": 1, "owner": 2, "provider": 3, "aws_provider": 4}
    for aws, enum_map in ((PROTON_REVISION, PROTON.enum_map), (CODECONNECTIONS_REVISION, EnumMapping({}))):
        commit = Revision.model_validate({**aws, **ours}, context=enum_map)
        assert (commit.full_name, commit.provider) == ("acme/web", "GitHubEnterpriseServer")
        assert commit.model_extra == {f"{name}_": value for name, value in ours.items()}


@pytest.mark.parametrize("value", ["globex/other", {}, 5])
def test_a_field_named_as_in_the_other_service_is_unknown(value: object) -> None:
    fields = {**CODECONNECTIONS_REVISION, "repositoryName": value}
    commit = Revision.model_validate(fields, context=CODECONNECTIONS.enum_map)
    assert commit.full_name == "acme/web"
    assert commit.model_extra == {"repositoryName": value}


@pytest.mark.parametrize("value", [{}, [], 0, {"": None}, ["ACTIVE"], 5, True])
def test_a_state_must_be_text(value: object) -> None:
    enum_map = TWINMAKER.enum_map
    with pytest.raises(ValidationError, match="aws_state"):
        SyncJobStatus.model_validate({"state": value}, context=enum_map)
    none = SyncJobStatus.model_validate({"state": None}, context=enum_map)
    assert (none.state, none.aws_state) == (SyncState.UNKNOWN, "")


def test_bytes_of_an_unknown_field_can_be_dumped_as_json() -> None:
    commit = Revision.model_validate({**CODECONNECTIONS_REVISION, "unknown": b"\xfb\xff"}, context=EnumMapping({}))
    assert json.loads(commit.model_dump_json())["unknown"] == "-_8="


def test_unknown_fields_around_a_model_are_kept_in_it() -> None:
    commit = Revision.model_validate({**PROTON_REVISION, "unknown": 0}, context=PROTON.enum_map)
    more = with_extra(commit, {"unknown": 1, "branch": 2})
    assert (more.branch, more.sha) == ("main", MINE)
    assert more.model_extra == {"unknown": 0, "unknown_": 1, "branch_": 2}
    assert with_extra(commit, {}) is commit


def test_the_reason_of_a_failed_attempt_is_its_last_event() -> None:
    failed = GitSyncResponse.model_validate(proton_response(), context=PROTON.enum_map).latest_sync
    assert failed is not None
    assert failed.status.error == SyncError(code="B", message="no such template")
    done = GitSyncResponse.model_validate(proton_response("SUCCEEDED"), context=PROTON.enum_map).latest_sync
    assert done is not None
    assert done.status.error is None
    silent: dict[str, Any] = {**proton_response()["latestSync"], "events": []}
    assert ResourceSyncAttempt.model_validate(silent, context=PROTON.enum_map).status.error is None


def test_jobs_share_the_names_of_their_fields_only_where_they_have_the_same() -> None:
    def read_models(*unknown: str) -> list[BaseModel]:
        body = proton_response("SUCCEEDED")
        del body["unknown"], body["desiredState"]["unknownInRevision"], body["latestSync"]["unknownInAttempt"]
        del body["latestSync"]["events"][0]["unknownInEvent"]
        body["desiredState"] |= dict.fromkeys(unknown, 1)
        job = git_job_of(STACK, GitSyncResponse.model_validate(body, context=PROTON.enum_map))
        latest = job.latest_sync
        assert latest is not None
        assert job.desired_state is not None
        return [job.desired_state, latest.target_revision, *latest.events, latest.status, latest, job]

    first, second, other = read_models(), read_models(), read_models("new")
    pairs = list(zip(first, second, strict=True))
    assert [one.model_fields_set is another.model_fields_set for one, another in pairs] == [True] * 7
    revision_names, _, some_event_names, event_names, status, latest, job = (model.model_fields_set for model in second)
    assert revision_names == Revision.model_fields.keys()
    assert other[0].model_fields_set == {*revision_names, "new"}
    assert first[0].model_copy(update={"extra": 1}).model_fields_set == {*revision_names, "extra"}
    assert (event_names, some_event_names) == (set(SyncEvent.model_fields), event_names - {"external_id"})
    assert (status, latest) == ({"state", "aws_state"}, set(ResourceSyncAttempt.model_fields))
    assert job == {"ref", "status", "desired_state", "latest_sync", "latest_successful_sync"}


MODELS = [
    revision(MINE),
    attempt("FAILED", MINE, reason="bad"),
    git_job(attempt("IN_PROGRESS", MINE), attempt("SUCCEEDED", OLD), MINE),
    git_job(),
    twin_job(SyncState.FAILED, "ERROR", error=SyncError(code="A", message="b")),
    blocker(),
    SyncBlocker.model_validate({**blocker().model_dump(), "unknown": 1}),
]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: type(model).__name__)
def test_a_model_round_trips_through_pickle_copy_and_dumps(model: Any) -> None:
    kind: Any = model.__class__
    assert pickle.loads(pickle.dumps(model)) == model
    assert copy.deepcopy(model) == model
    assert kind.model_validate(model.model_dump()) == model
    assert kind.model_validate_json(model.model_dump_json()) == model
    assert repr(model).startswith(kind.__name__)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: type(model).__name__)
def test_a_model_cannot_be_changed(model: Any) -> None:
    kind: Any = model.__class__
    name: str = next(iter(kind.model_fields))
    with pytest.raises(ValidationError, match="frozen"):
        setattr(model, name, None)


def test_a_job_dumps_its_reference_as_text() -> None:
    assert git_job().model_dump(mode="json")["ref"] == "codeconnections:payments-prod"
    assert GitSyncJob.model_validate({**git_job().model_dump(), "ref": "codeconnections:payments-prod"}).ref == STACK
    with pytest.raises(ValidationError, match="expected a reference or its text"):
        GitSyncJob.model_validate({**git_job().model_dump(), "ref": 7})


@pytest.mark.parametrize("job", [git_job(attempt("SUCCEEDED", MINE)), twin_job(SyncState.ACTIVE)])
def test_the_reference_of_a_job_may_be_of_a_fleet(job: Any) -> None:
    ref = FleetSync("111111111111", "eu-west-1", job.ref)
    kind: Any = job.__class__
    for located in (job.model_copy(update={"ref": ref}), kind.model_validate({**job.model_dump(), "ref": str(ref)})):
        assert json.loads(located.model_dump_json())["ref"] == f"111111111111/eu-west-1/{job.ref}"
        copies = kind.model_validate_json(located.model_dump_json()), kind.model_validate(located.model_dump())
        assert all(copy == located and copy.ref == ref for copy in copies)


def test_the_reference_of_a_fleet_must_lead_to_a_job_of_that_kind() -> None:
    ref = FleetSync("111111111111", "eu-west-1", STACK)
    with pytest.raises(ValidationError, match=r"expected a reference or its text \(TwinMakerSync\)"):
        TwinMakerSyncJob.model_validate({**twin_job(SyncState.ACTIVE).model_dump(), "ref": ref})


@pytest.mark.parametrize("kind", [GitSyncJob, TwinMakerSyncJob])
def test_a_job_requires_a_reference(kind: Any) -> None:
    with pytest.raises(ValidationError, match="ref"):
        kind.model_validate({"status": "ACTIVE"})


@pytest.mark.parametrize(("status", "active"), [("ACTIVE", True), ("RESOLVED", False), ("NEW", True)])
def test_a_blocker_blocks_until_it_is_resolved(status: str, active: bool) -> None:
    assert blocker(status).is_active is active


@pytest.mark.parametrize(
    "data",
    [
        5,
        None,
        [],
        {**PROTON_REVISION, "repositoryName": 5},
        {**PROTON_REVISION, "repositoryProvider": None},
        *({name: value for name, value in PROTON_REVISION.items() if name != missing} for missing in PROTON_REVISION),
    ],
)
def test_an_incomplete_revision_is_rejected(data: Any) -> None:
    with pytest.raises(ValidationError):
        Revision.model_validate(data, context=PROTON.enum_map)


def test_a_job_requires_a_reference_of_its_own_kind() -> None:
    with pytest.raises(ValidationError, match=r"expected a reference or its text \(TwinMakerSync\)"):
        TwinMakerSyncJob.model_validate({**twin_job(SyncState.ACTIVE).model_dump(), "ref": "codeconnections:stack"})
    with pytest.raises(ValidationError, match="StackSync, ServiceInstanceSync, TemplateSync"):
        GitSyncJob.model_validate({**git_job().model_dump(), "ref": "twinmaker:factory"})


@pytest.mark.parametrize("mode", ["validation", "serialization"])
def test_every_public_model_has_a_json_schema(mode: Any) -> None:
    for name in unisync.__all__:
        kind = getattr(unisync, name)
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            assert kind.model_json_schema(mode=mode)["type"] == "object"
    assert GitSyncJob.model_json_schema()["properties"]["ref"]["type"] == "string"


def test_text_truncated_within_an_emoji_is_read() -> None:
    body = json.dumps({**TWIN, "status": {"state": "ERROR", "error": {"message": "broken \ud83d"}}}).encode()
    call = Call("iottwinmaker", "GetSyncJob", {}, TwinMakerSyncResponse, TWINMAKER.enum_map)
    response = read(call, Body(body, is_cbor=False, content_length=None), {})
    assert (response.status.aws_state, str(response.status.error)) == ("ERROR", "broken \ufffd")
    assert response.created_at.utcoffset() == timedelta(0)
    for broken in (b'{"arn": "\\ud83d', b'"\\ud83d"'):
        with pytest.raises(ValueError, match=r"JSON|escape|valid dictionary"):
            read(call, Body(broken, is_cbor=False, content_length=None), {})


def test_the_rich_repr_is_short() -> None:
    running = attempt("IN_PROGRESS", MINE)
    assert dict(running.__rich_repr__()) == {
        "status": "RUNNING (IN_PROGRESS)",
        "started_at": "2026-11-22 12:00:00Z",
        "target": "payments-prod",
        "sha": MINE[:7],
        "events": 1,
    }
    assert dict(git_job(running, attempt("SUCCEEDED", OLD)).__rich_repr__()) == {
        "ref": "codeconnections:payments-prod",
        "status": "RUNNING (IN_PROGRESS)",
        "live": OLD[:7],
        "desired": MINE[:7],
    }
    failed = twin_job(SyncState.FAILED, "ERROR", error=SyncError(code="A", message="b"))
    assert dict(failed.__rich_repr__()) == {"ref": "twinmaker:factory", "status": "FAILED (ERROR)", "error": "A: b"}


def test_live_and_desired_revision_and_attempts() -> None:
    old, mine = attempt("SUCCEEDED", OLD), attempt("SUCCEEDED", MINE)
    failed, running = attempt("FAILED", MINE, reason="no"), attempt("IN_PROGRESS", MINE)
    for job, live, desired, is_synced, attempts in [
        (git_job(), None, None, False, ()),
        (git_job(desired=MINE), None, MINE, False, ()),
        (git_job(mine, mine), MINE, MINE, True, (mine,)),
        (git_job(mine, old), MINE, MINE, True, (old, mine)),  # AWS has not repeated it there yet
        (git_job(mine, mine, desired=NEWER), MINE, NEWER, False, (mine,)),
        (git_job(failed, old), OLD, MINE, False, (old, failed)),
        (git_job(running, old, desired=NEWER), OLD, NEWER, False, (old, running)),
        (git_job(failed), None, MINE, False, (failed,)),
    ]:
        shas = [each.sha if each else None for each in (job.live_revision, job.desired_revision)]
        assert (shas, job.is_synced, job.attempts) == ([live, desired], is_synced, attempts)
    assert twin_job(SyncState.ACTIVE).is_synced
    assert not twin_job(SyncState.FAILED).is_synced
    factory = twin_job(SyncState.ACTIVE)
    assert (factory.live_revision, factory.desired_revision, factory.attempts) == (None, None, ())
