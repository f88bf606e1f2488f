"""The models: both casings, one spelling, aware dates, and nothing that AWS said lost."""

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
from unisync._botocore.response import RawReply
from unisync._botocore.session import read
from unisync._core.flow import Call
from unisync._models.base import EnumMapping
from unisync._models.jobs import GitSyncReply, TwinMakerSyncReply, with_more
from unisync._services import codeconnections, proton, twinmaker

PROTON = {
    "repositoryName": "acme/web",
    "repositoryProvider": "GITHUB_ENTERPRISE",
    "branch": "main",
    "directory": "ops",
    "sha": MINE,
}
CODECONNECTIONS = {
    "RepositoryName": "web",
    "OwnerId": "acme",
    "ProviderType": "GitHubEnterpriseServer",
    "Branch": "main",
    "Directory": "ops",
    "Sha": MINE,
}


def test_a_revision_has_one_form_for_both_services() -> None:
    ours = Revision.model_validate(PROTON, context=proton.PROTON.vocabulary)
    theirs = Revision.model_validate(CODECONNECTIONS, context=codeconnections.CODECONNECTIONS.vocabulary)
    for one in (ours, theirs):
        assert (one.owner, one.repository_name, one.full_name) == ("acme", "web", "acme/web")
        assert (one.provider, one.branch, one.directory, one.sha) == ("GitHubEnterpriseServer", "main", "ops", MINE)
    assert (ours.aws_provider, theirs.aws_provider) == ("GITHUB_ENTERPRISE", "GitHubEnterpriseServer")
    assert not ours.model_extra
    assert not theirs.model_extra


def test_a_provider_that_is_new_keeps_its_word() -> None:
    new = Revision.model_validate({**PROTON, "repositoryProvider": "FORGEJO"}, context=proton.PROTON.vocabulary)
    assert (new.provider, new.aws_provider) == ("FORGEJO", "FORGEJO")


def test_an_owner_may_be_a_group_within_a_group() -> None:
    nested = Revision.model_validate({**CODECONNECTIONS, "OwnerId": "acme/platform"}, context=None)
    assert nested.full_name == "acme/platform/web"
    assert Revision.model_validate({**PROTON, "repositoryName": "acme/platform/web"}).full_name == nested.full_name
    for words in (None, proton.PROTON.vocabulary):
        told = Revision.model_validate({**PROTON, "repositoryName": "acme/platform/web"}, context=words)
        assert (told.owner, told.repository_name) == ("acme/platform", "web")


@pytest.mark.parametrize(
    ("vocabulary", "aws_state", "state"),
    [
        (twinmaker.TWINMAKER.vocabulary, "CREATING", SyncState.PENDING),
        (twinmaker.TWINMAKER.vocabulary, "INITIALIZING", SyncState.RUNNING),
        (twinmaker.TWINMAKER.vocabulary, "ACTIVE", SyncState.ACTIVE),
        (twinmaker.TWINMAKER.vocabulary, "ERROR", SyncState.FAILED),
        (twinmaker.TWINMAKER.vocabulary, "DELETING", SyncState.DELETING),
        (twinmaker.TWINMAKER.vocabulary, "SUCCEEDED", SyncState.UNKNOWN),
        (proton.PROTON.vocabulary, "INITIATED", SyncState.PENDING),
        (proton.PROTON.vocabulary, "QUEUED", SyncState.PENDING),
        (codeconnections.CODECONNECTIONS.vocabulary, "IN_PROGRESS", SyncState.RUNNING),
        (codeconnections.CODECONNECTIONS.vocabulary, "SUCCEEDED", SyncState.ACTIVE),
        (codeconnections.CODECONNECTIONS.vocabulary, "FAILED", SyncState.FAILED),
        (codeconnections.CODECONNECTIONS.vocabulary, "REIMAGINED", SyncState.UNKNOWN),
        (None, "SUCCEEDED", SyncState.UNKNOWN),
    ],
)
def test_a_native_word_becomes_one_of_ours_and_is_kept(
    vocabulary: EnumMapping | None, aws_state: str, state: SyncState
) -> None:
    status = SyncJobStatus.model_validate(native, context=vocabulary)
    assert (status.state, status.aws_state, status.error) == (state, native, None)
    assert str(status) == (f"{state} ({native})" if native != state else native)


def test_a_status_may_lack_its_state() -> None:
    status = SyncJobStatus.model_validate({}, context=twinmaker.TWINMAKER.vocabulary)
    assert (status.state, status.aws_state, str(status)) == (SyncState.UNKNOWN, "", "UNKNOWN")


def test_an_error_may_lack_its_members() -> None:
    for members, text in (
        ({}, "no reason given"),
        ({"code": "A"}, "A"),
        ({"message": "b"}, "b"),
        ({"code": "A", "message": "b"}, "A: b"),
    ):
        status = SyncJobStatus.model_validate(
            {"state": "ERROR", "error": members}, context=twinmaker.TWINMAKER.vocabulary
        )
        assert str(status.error) == text


TWIN = {
    "arn": "arn:aws:iottwinmaker:eu-west-1:123456789012:workspace/factory/sync-job/SITEWISE",
    "workspaceId": "factory",
    "syncSource": "SITEWISE",
    "syncRole": "arn:aws:iam::123456789012:role/sync",
    "status": {"state": "ACTIVE"},
    "creationDateTime": 1700000000.25,
    "updateDateTime": 1700000001,
}


def test_dates_are_aware_and_in_utc() -> None:
    reply = TwinMakerSyncReply.model_validate_json(json.dumps(TWIN))
    assert reply.created_at == datetime(2023, 11, 14, 22, 13, 20, 250000, tzinfo=UTC)
    assert reply.created_at.utcoffset() == timedelta(0)
    assert reply.created_at.tzinfo == UTC


@pytest.mark.parametrize("date", [5, 253402300799, 0.5, -5])
def test_seconds_are_seconds_however_few_or_many(date: float) -> None:
    event = SyncEvent.model_validate({"type": "A", "event": "b", "time": date})
    assert event.time == datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=date)


@pytest.mark.parametrize("missing", sorted(TWIN))
def test_a_required_member_is_required(missing: str) -> None:
    with pytest.raises(ValidationError, match="Field required"):
        TwinMakerSyncReply.model_validate({name: value for name, value in TWIN.items() if name != missing})


def proton_reply(status: str = "FAILED") -> dict[str, Any]:
    event = {"type": "A", "event": "began", "time": 1700000000, "novelInEvent": 1}
    last = {"type": "B", "event": "no such template", "time": 1700000001, "externalId": "e-1"}
    sync = {
        "events": [event, last],
        "initialRevision": {**PROTON, "sha": OLD},
        "startedAt": 1700000000,
        "status": status,
        "target": "arn",
        "targetRevision": PROTON,
        "novelInAttempt": [1, {"deep": None}],
    }
    return {"desiredState": {**PROTON, "novelInRevision": "x"}, "latestSync": sync, "novel": {"a": 1}}


def test_every_unknown_member_is_kept_where_it_stood() -> None:
    reply = GitSyncReply.model_validate(proton_reply(), context=proton.PROTON.vocabulary)
    assert reply.model_extra == {"novel": {"a": 1}}
    assert reply.desired_state is not None
    assert reply.desired_state.model_extra == {"novelInRevision": "x"}
    assert reply.latest_sync is not None
    assert reply.latest_sync.model_extra == {"novelInAttempt": [1, {"deep": None}]}
    assert reply.latest_sync.events[0].model_extra == {"novelInEvent": 1}


def test_a_member_of_awss_is_kept_though_a_field_of_ours_has_its_name() -> None:
    words = twinmaker.TWINMAKER.vocabulary
    status = SyncJobStatus.model_validate({"state": "ERROR", "aws_state": 1, "native_": 2}, context=words)
    assert (status.state, status.aws_state) == (SyncState.FAILED, "ERROR")
    assert sorted((status.model_extra or {}).values()) == [1, 2]
    ours = {"repository_name": 1, "owner": 2, "provider": 3, "aws_provider": 4}
    for aws, vocabulary in ((PROTON, proton.PROTON.vocabulary), (CODECONNECTIONS, EnumMapping({}))):
        place = Revision.model_validate({**aws, **ours}, context=vocabulary)
        assert (place.full_name, place.provider) == ("acme/web", "GitHubEnterpriseServer")
        assert place.model_extra == {f"{name}_": value for name, value in ours.items()}


@pytest.mark.parametrize("theirs", ["globex/other", {}, 5])
def test_a_name_as_in_the_other_service_is_a_member_like_any_new_one(theirs: object) -> None:
    members = {**CODECONNECTIONS, "repositoryName": theirs}
    place = Revision.model_validate(members, context=codeconnections.CODECONNECTIONS.vocabulary)
    assert place.full_name == "acme/web"
    assert place.model_extra == {"repositoryName": theirs}


@pytest.mark.parametrize("word", [{}, [], 0, {"": None}, ["ACTIVE"], 5, True])
def test_a_state_that_is_no_word_is_none(word: object) -> None:
    words = twinmaker.TWINMAKER.vocabulary
    with pytest.raises(ValidationError, match="aws_state"):
        SyncJobStatus.model_validate({"state": word}, context=words)
    told_nothing = SyncJobStatus.model_validate({"state": None}, context=words)
    assert (told_nothing.state, told_nothing.aws_state) == (SyncState.UNKNOWN, "")


def test_bytes_of_a_member_that_no_model_has_can_be_written_as_json() -> None:
    place = Revision.model_validate({**CODECONNECTIONS, "novel": b"\xfb\xff"}, context=EnumMapping({}))
    assert json.loads(place.model_dump_json())["novel"] == "-_8="


def test_what_stood_around_a_model_is_kept_in_it() -> None:
    place = Revision.model_validate({**PROTON, "novel": 0}, context=proton.PROTON.vocabulary)
    more = with_more(place, {"novel": 1, "branch": 2})
    assert (more.branch, more.sha) == ("main", MINE)
    assert more.model_extra == {"novel": 0, "novel_": 1, "branch_": 2}
    assert with_more(place, {}) is place


def test_a_failed_attempt_takes_its_reason_from_its_last_event() -> None:
    failed = GitSyncReply.model_validate(proton_reply(), context=proton.PROTON.vocabulary).latest_sync
    assert failed is not None
    assert failed.status.error == SyncError(code="B", message="no such template")
    done = GitSyncReply.model_validate(proton_reply("SUCCEEDED"), context=proton.PROTON.vocabulary).latest_sync
    assert done is not None
    assert done.status.error is None
    silent: dict[str, Any] = {**proton_reply()["latestSync"], "events": []}
    assert ResourceSyncAttempt.model_validate(silent, context=proton.PROTON.vocabulary).status.error is None


MODELS = [
    revision(MINE),
    attempt("FAILED", MINE, reason="bad"),
    git_job(attempt("IN_PROGRESS", MINE), attempt("SUCCEEDED", OLD), MINE),
    git_job(),
    twin_job(SyncState.FAILED, "ERROR", error=SyncError(code="A", message="b")),
    blocker(),
    SyncBlocker.model_validate({**blocker().model_dump(), "novel": 1}),
]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: type(model).__name__)
def test_a_model_survives_pickle_copy_and_both_kinds_of_dump(model: Any) -> None:
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


def test_a_job_is_dumped_with_the_text_of_its_reference() -> None:
    assert git_job().model_dump(mode="json")["ref"] == "codeconnections:payments-prod"
    assert GitSyncJob.model_validate({**git_job().model_dump(), "ref": "codeconnections:payments-prod"}).ref == STACK
    with pytest.raises(ValidationError, match="expected a reference or its text"):
        GitSyncJob.model_validate({**git_job().model_dump(), "ref": 7})


@pytest.mark.parametrize("kind", [GitSyncJob, TwinMakerSyncJob])
def test_a_job_wants_a_reference(kind: Any) -> None:
    with pytest.raises(ValidationError, match="ref"):
        kind.model_validate({"status": "ACTIVE"})


@pytest.mark.parametrize(("status", "active"), [("ACTIVE", True), ("RESOLVED", False), ("NOVEL", True)])
def test_a_blocker_blocks_until_it_is_resolved(status: str, active: bool) -> None:
    assert blocker(status).is_active is active


@pytest.mark.parametrize(
    "data",
    [
        5,
        None,
        [],
        {**PROTON, "repositoryName": 5},
        {**PROTON, "repositoryProvider": None},
        *({name: value for name, value in PROTON.items() if name != left_out} for left_out in PROTON),
    ],
)
def test_a_revision_that_is_none_is_refused(data: Any) -> None:
    with pytest.raises(ValidationError):
        Revision.model_validate(data, context=proton.PROTON.vocabulary)


def test_a_job_wants_a_reference_of_its_own_kind() -> None:
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


def test_a_text_that_was_cut_within_an_emoji_is_read_all_the_same() -> None:
    body = json.dumps({**TWIN, "status": {"state": "ERROR", "error": {"message": "broken \ud83d"}}}).encode()
    call = Call("iottwinmaker", "GetSyncJob", {}, TwinMakerSyncReply, twinmaker.TWINMAKER.vocabulary)
    reply = read(call, RawReply(body, is_cbor=False, announced=None), {})
    assert (reply.status.aws_state, str(reply.status.error)) == ("ERROR", "broken \ufffd")
    assert reply.created_at.utcoffset() == timedelta(0)
    for broken in (b'{"arn": "\\ud83d', b'"\\ud83d"'):
        with pytest.raises(ValueError, match=r"JSON|escape|valid dictionary"):
            read(call, RawReply(broken, is_cbor=False, announced=None), {})


def test_what_is_live_and_what_is_wanted() -> None:
    """And which attempts are told of, oldest first."""
    old, mine = attempt("SUCCEEDED", OLD), attempt("SUCCEEDED", MINE)
    failed, running = attempt("FAILED", MINE, reason="no"), attempt("IN_PROGRESS", MINE)
    for job, live, wanted, in_place, attempts in [
        (git_job(), None, None, False, ()),
        (git_job(desired=MINE), None, MINE, False, ()),
        (git_job(mine, mine), MINE, MINE, True, (mine,)),
        (git_job(mine, old), MINE, MINE, True, (old, mine)),  # AWS has not repeated it there yet
        (git_job(mine, mine, desired=NEWER), MINE, NEWER, False, (mine,)),
        (git_job(failed, old), OLD, MINE, False, (old, failed)),
        (git_job(running, old, desired=NEWER), OLD, NEWER, False, (old, running)),
        (git_job(failed), None, MINE, False, (failed,)),
    ]:
        shas = [place.sha if place else None for place in (job.live_revision, job.desired_revision)]
        assert (shas, job.is_synced, job.attempts) == ([live, wanted], in_place, attempts)
    assert twin_job(SyncState.ACTIVE).is_synced
    assert not twin_job(SyncState.FAILED).is_synced
    factory = twin_job(SyncState.ACTIVE)
    assert (factory.live_revision, factory.desired_revision, factory.attempts) == (None, None, ())
