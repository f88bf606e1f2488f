"""Tokens: a whole wait as JSON, polled once at a time, or resumed."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from tests.support.samples import FACTORY, MINE, NEWER, NOON, OLD, STACK, attempt, git_job
from unisync import (
    AccessDeniedError,
    Backoff,
    Fleet,
    FleetSync,
    InvalidArgumentError,
    Poll,
    Progress,
    Revision,
    ServiceInstanceSync,
    SyncFailedError,
    SyncJob,
    SyncState,
    SyncSupersededError,
    TemplateSync,
    ThrottledError,
    Unisync,
    WaitTimeoutError,
    WaitToken,
)
from unisync._waiters.commits import CommitJudge, CommitsSeen, Superseded
from unisync._waiters.memory import WaitMemory
from unisync._waiters.polling import begun, elapsed
from unisync._waiters.wanted import Wanted
from unisync.emulator import ACCOUNT, REGION, Emulator

REFS = [STACK, FACTORY, ServiceInstanceSync("web", "prod"), TemplateSync("web", "SERVICE", "1")]
STEADY = Backoff(initial=10, maximum=10, jitter=0)


@given(
    ref=st.sampled_from([*REFS, FleetSync(ACCOUNT, REGION, STACK)]),
    condition=st.sampled_from(["active", "deleted", "resources"]),
    revision=st.none()
    | st.text("0123456789abcdef", min_size=7, max_size=64)
    | st.frozensets(st.text("0123456789abcdef", min_size=7, max_size=40), min_size=1, max_size=3),
    timeout=st.none() | st.floats(0, 1e9),
    grace=st.none() | st.floats(0, 1e6),
    started_after=st.none() | st.datetimes(timezones=st.just(UTC)),
)
def test_a_token_survives_its_text(ref: Any, revision: Any, **options: Any) -> None:
    token = WaitToken.create(ref, revision=revision, **options)
    read = WaitToken.parse(str(token))
    assert read == token
    assert (read.ref, str(read)) == (ref, str(token))
    assert pickle.loads(pickle.dumps(token)) == token
    assert hash(read) == hash(token)
    assert json.loads(str(token))["ref"] == str(ref)
    assert len(str(token)) < 500


def test_a_token_may_be_a_field_of_a_model() -> None:
    class Step(BaseModel):
        wait: WaitToken

    step = Step(wait=WaitToken.create(STACK, revision=MINE))
    assert Step.model_validate_json(step.model_dump_json()) == step
    assert "$defs" in Step.model_json_schema()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "codeconnections:payments-prod",
        "{}",
        "[]",
        '{"ref":"elsewhere:x"}',
        '{"ref":"twinmaker:x","condition":"done"}',
        '{"ref":"twinmaker:x","revision":"zz"}',
        '{"ref":"twinmaker:x","begin":"soon"}',
        '{"ref":"twinmaker:x","new":1}',
        '{"ref":"twinmaker:x","memory":{"new":1}}',
        '{"ref":"twinmaker:x","backoff":{"initial":-1}}',
        '{"ref":"twinmaker:x","timeout":-1}',
        '{"ref":"twinmaker:x","timeout":NaN}',
        '{"ref":"twinmaker:x","grace":Infinity}',
        '{"ref":"twinmaker:x","memory":{"polls":-1}}',
        '{"ref":"twinmaker:x","memory":{"commits":{"settled_since":NaN}}}',
        '{"ref":"twinmaker:x\ud800"}',
        5,
        None,
    ],
)
def test_bad_text_is_rejected(text: Any) -> None:
    with pytest.raises(InvalidArgumentError, match=r"^token: expected the text of a WaitToken, got "):
        WaitToken.parse(text)


def test_bad_arguments_are_rejected() -> None:
    wrong: Any = "codeconnections:payments"
    create: Callable[..., WaitToken] = WaitToken.create
    with pytest.raises(InvalidArgumentError, match="ref: expected a reference"):
        create(wrong)
    cases: list[tuple[dict[str, Any], str]] = [
        ({"revision": "abc"}, "revision: expected a commit's sha"),
        ({"revision": callable}, "revision: expected a commit's sha, several, or None"),
        ({"timeout": -1}, "timeout: expected seconds"),
        ({"condition": "done"}, "condition: expected 'active', 'deleted' or 'resources', got 'done'"),
        ({"backoff": 5}, "backoff: expected a Backoff"),
        ({"grace": -1}, "grace: expected seconds"),
        (
            {"started_after": datetime.now(UTC).replace(tzinfo=None)},
            "started_after: expected a datetime with a time zone",
        ),
        ({"max_failures": -1}, "max_failures: expected a number"),
    ]
    for options, message in cases:
        with pytest.raises(InvalidArgumentError, match=message):
            create(STACK, **options)
    with pytest.raises(InvalidArgumentError, match="by: expected seconds"):
        WaitToken.create(STACK).extended(-1)


def test_a_wait_has_a_deadline_once_it_has_begun() -> None:
    token = WaitToken.create(STACK, timeout=timedelta(minutes=1))
    assert (token.begin, token.deadline, token.remaining) == (None, None, 60)
    old = begun(token, datetime(2020, 1, 1, tzinfo=UTC))
    assert old.deadline == datetime(2020, 1, 1, 0, 1, tzinfo=UTC)
    assert old.remaining == 0.0
    assert begun(old, datetime.now(UTC)) == old
    assert old.extended(timedelta(minutes=1)).deadline == datetime(2020, 1, 1, 0, 2, tzinfo=UTC)
    for endless in (WaitToken.create(STACK, timeout=None), WaitToken.create(STACK, timeout=None).extended(60)):
        assert endless.remaining is None
        assert begun(endless, datetime.now(UTC)).deadline is None
    assert begun(WaitToken.create(STACK, timeout=1e300), datetime.now(UTC)).deadline is None, "later than any date"


def poll_to_the_end(client: Any, token: WaitToken, clock: Any) -> list[Poll[SyncJob]]:
    """Poll as an engine does that keeps text in between."""
    found: list[Poll[SyncJob]] = []
    text = str(token)
    while not found or not found[-1].done:
        found.append(client.poll(text))
        text = str(found[-1].token)
        clock.advance(found[-1].next_delay or 0.0)
    return found


@pytest.fixture
def stack(aws: Emulator) -> None:
    aws.add_stack("payments-prod", repository="acme/infra")
    aws.push(stack="payments-prod", sha=OLD)
    aws.clock.advance(600)


@pytest.mark.usefixtures("stack")
def test_polls_find_what_a_wait_finds(aws: Emulator, either: Any) -> None:
    aws.push(stack="payments-prod", sha=MINE, duration=45)
    *before, last = poll_to_the_end(either, WaitToken.create(STACK, revision=MINE, backoff=STEADY), aws.clock)
    assert [each.next_delay for each in before] == [10] * len(before)
    assert all(each.error is None and each.job is not None and not each.done for each in before)
    assert (last.done, last.error, last.next_delay) == (True, None, None)
    assert last.job is not None
    assert last.job.status.state is SyncState.ACTIVE
    assert last.token.memory.polls == len(before) + 1
    assert 45 <= elapsed(last.token, datetime.fromtimestamp(aws.clock.time(), UTC)) <= 65


@pytest.mark.usefixtures("stack")
def test_polls_end_with_the_error_of_the_wait(aws: Emulator, either: Any) -> None:
    aws.push(stack="payments-prod", sha=MINE, outcome="FAILED", reason="no such parameter")
    last = poll_to_the_end(either, WaitToken.create(STACK, revision=MINE), aws.clock)[-1]
    assert isinstance(last.error, SyncFailedError)
    assert "no such parameter" in str(last.error)
    assert last.error.polls == last.token.memory.polls > 1
    aws.push(stack="payments-prod", sha=NEWER, duration=10_000)
    *_, timed_out = poll_to_the_end(either, WaitToken.create(STACK, revision=NEWER, timeout=60), aws.clock)
    assert isinstance(timed_out.error, WaitTimeoutError)
    assert timed_out.error.elapsed == pytest.approx(60, abs=0.1)
    again = either.poll(timed_out.token)
    assert again.done, "a wait whose deadline has passed is polled once more"
    assert isinstance(again.error, WaitTimeoutError)


@pytest.mark.usefixtures("stack")
def test_a_wait_in_pieces_remembers_that_its_commit_was_noticed(aws: Emulator, either: Any) -> None:
    """The next commit alone would not prove that ours was superseded."""
    aws.push(stack="payments-prod", sha=MINE, duration=10_000)
    aws.clock.advance(30)
    first = either.poll(WaitToken.create(STACK, revision=MINE))
    assert not first.done
    aws.push(stack="payments-prod", sha=NEWER)
    aws.clock.advance(200)
    second = either.poll(str(first.token))
    assert isinstance(second.error, SyncSupersededError)
    with pytest.raises(SyncSupersededError):
        either.resume(str(first.token))


def test_a_commit_that_a_token_has_no_room_for_is_not_taken_for_a_new_one() -> None:
    seen = CommitsSeen(
        is_first=False, is_ours_seen=True, before_ours=" ".join(f"000{number:03}" for number in range(25))
    )
    kept = WaitMemory(commits=seen).copied().commits
    assert (len(kept.before_ours.split()), kept.has_forgotten) == (24, True)
    wanted = Wanted.checked(MINE)
    job = git_job(attempt("SUCCEEDED", "0" * 40))
    assert isinstance(CommitJudge(wanted, seen=replace(seen, before_ours="")).judge(job, 5.0), Superseded)
    assert CommitJudge(wanted, seen=seen).judge(job, 5.0) == "pending"
    assert CommitJudge(wanted, seen=kept).judge(job, 5.0) == "pending"


def test_a_wait_in_pieces_remembers_many_commits_before_its_own() -> None:
    wanted, seen = Wanted.checked(MINE), CommitsSeen()
    success = attempt("SUCCEEDED", OLD)
    for number, sha in enumerate([*(f"{other:040}" for other in range(20)), MINE]):
        judge = CommitJudge(wanted, seen=seen)
        assert judge.judge(git_job(success, success, sha), float(number)) == "pending"
        seen = WaitMemory(commits=judge.seen).copied().commits
    then = CommitJudge(wanted, seen=seen).judge(git_job(success, success, NEWER), 30.0)
    assert isinstance(then, Superseded)


def test_an_extension_is_a_duration() -> None:
    token = WaitToken.create(STACK)
    with pytest.raises(InvalidArgumentError, match="by: expected a number of seconds or a timedelta, got None"):
        token.extended(cast("float", None))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"ref":"codeconnections:a","revison":"4f2c9e1"}', "revison: Extra inputs are not permitted"),
        ('{"ref":"codeconnections:a","timeout":-1}', "timeout: Input should be greater than or equal to 0"),
        ("{", "Invalid JSON"),
    ],
)
def test_the_error_about_a_token_says_what_is_wrong_with_it(text: str, reason: str) -> None:
    with pytest.raises(InvalidArgumentError, match=f"token: expected the text of a WaitToken.*{reason}"):
        WaitToken.parse(text)


@pytest.mark.usefixtures("stack")
def test_the_error_of_a_poll_after_the_deadline_has_its_token(aws: Emulator, either: Any) -> None:
    first = either.poll(WaitToken.create(STACK, revision=MINE, timeout=60))
    aws.clock.advance(60)
    last = either.poll(first.token)
    assert isinstance(last.error, WaitTimeoutError)
    assert last.error.token is not None
    assert last.error.token.memory.polls == 2
    aws.push(stack="payments-prod", sha=MINE)
    assert either.resume(last.error.token.extended(600)).require_live().sha == MINE


@pytest.mark.usefixtures("stack")
def test_a_poll_may_fail_and_what_may_pass_is_polled_again(aws: Emulator, either: Any) -> None:
    aws.fault("GetResourceSyncStatus", "ThrottlingException")
    token = WaitToken.create(STACK, revision=MINE)
    failed = either.poll(token)
    assert (failed.job, failed.done) == (None, False)
    assert isinstance(failed.error, ThrottledError)
    assert failed.next_delay is not None
    aws.fault("GetResourceSyncStatus", "AccessDeniedException")
    denied = either.poll(failed.token)
    assert denied.done
    assert isinstance(denied.error, AccessDeniedError)


@pytest.mark.usefixtures("stack")
def test_a_token_is_not_changed_by_a_poll(either: Any) -> None:
    token = WaitToken.create(STACK, revision=MINE)
    first = either.poll(token)
    before = str(first.token)
    either.poll(first.token)
    assert (str(first.token), token.memory.polls, token.begin) == (before, 0, None)


def test_what_cannot_be_right_is_rejected_before_anything_is_sent(aws: Emulator, either: Any) -> None:
    for token in (
        "codeconnections:payments-prod",
        WaitToken.create(FACTORY, revision=MINE),
        WaitToken.create(STACK, condition="resources"),
    ):
        for method in (either.poll, either.resume):
            with pytest.raises(InvalidArgumentError):
                method(token)
    assert aws.calls == []


def test_the_conditions(aws: Emulator, either: Any) -> None:
    aws.add_workspace("factory")
    aws.add_sync_resource("factory", "asset", duration=30)
    aws.add_sync_resource("factory", "model", outcome="ERROR", reason="no such unit")
    with Unisync(**aws.client_options()) as client:
        client.twinmaker.create_sync_job("factory", sync_role="arn:aws:iam::123456789012:role/sync")
    resources = WaitToken.create(FACTORY, condition="resources", max_failures=1)
    assert poll_to_the_end(either, resources, aws.clock)[-1].error is None
    assert either.resume(resources).status.state is SyncState.ACTIVE
    failed = WaitToken.create(FACTORY, condition="resources", grace=0)
    assert isinstance(poll_to_the_end(either, failed, aws.clock)[-1].error, SyncFailedError)
    with Unisync(**aws.client_options()) as client:
        client.twinmaker.delete_sync_job("factory")
    deleted = poll_to_the_end(either, WaitToken.create(FACTORY, condition="deleted"), aws.clock)[-1]
    assert (deleted.done, deleted.error, deleted.job) == (True, None, None)
    assert either.resume(WaitToken.create(FACTORY, condition="deleted")) is None


@pytest.mark.usefixtures("stack")
def test_a_fleet_polls_too(aws: Emulator) -> None:
    options: dict[str, Any] = {**aws.client_options()}
    sessions = {ACCOUNT: options.pop("session")}
    with Fleet(sessions=sessions, regions=[REGION], **options) as fleet:
        token = WaitToken.create(FleetSync(ACCOUNT, REGION, STACK), revision=OLD)
        last = poll_to_the_end(fleet, token, aws.clock)[-1]
    assert last.job is not None
    assert (last.job.ref, last.error) == (FleetSync(ACCOUNT, REGION, STACK), None)


@pytest.mark.usefixtures("stack")
@pytest.mark.parametrize("is_many", [False, True])
def test_a_running_wait_gives_its_token(aws: Emulator, either: Any, is_many: bool) -> None:
    progress: list[Progress[Any]] = []
    options: dict[str, Any] = {"revision": MINE, "timeout": 60, "on_progress": progress.append}
    if is_many:
        error: Any = either.wait_all([STACK], **options)[0].error
    else:
        with pytest.raises(WaitTimeoutError) as caught:
            either.wait_until_active(STACK, **options)
        error = caught.value
    assert isinstance(error, WaitTimeoutError)
    assert error.token is not None
    assert pickle.loads(pickle.dumps(error)).token == error.token
    tokens = [each.token for each in progress if each.token is not None]
    assert [token.memory.polls for token in tokens] == list(range(1, len(progress) + 1))
    assert {token.begin for token in (*tokens, error.token)} == {tokens[0].begin}
    aws.push(stack="payments-prod", sha=MINE)
    with pytest.raises(WaitTimeoutError):
        either.resume(str(error.token))
    job = either.resume(error.token.extended(600))
    assert job.require_live().sha == MINE


@pytest.mark.usefixtures("stack")
def test_a_wait_for_what_a_function_accepts_has_no_token(either: Any) -> None:
    progress: list[Progress[Any]] = []

    def nothing(revision: Revision) -> bool:
        return False

    with pytest.raises(WaitTimeoutError) as caught:
        either.wait_until_active(STACK, revision=nothing, timeout=5, on_progress=progress.append)
    assert caught.value.token is None
    assert {each.token for each in progress} == {None}


def test_a_resumed_wait_keeps_its_commit_and_its_deadline(aws: Emulator, either: Any) -> None:
    aws.add_stack("payments-prod", repository="acme/infra")
    aws.push(stack="payments-prod", sha="a" * 40)
    aws.clock.advance(60)
    text = str(WaitToken.create(STACK, revision=MINE[:7], timeout=600))
    aws.push(stack="payments-prod", sha=MINE, detection_delay=10)
    job = either.resume(text)
    assert (job.ref, job.status.state) == (STACK, SyncState.ACTIVE)
    assert job.latest_successful_sync.target_revision.sha == MINE
    expired = begun(WaitToken.create(STACK, revision="f" * 40), datetime(2020, 1, 1, tzinfo=UTC))
    with pytest.raises(WaitTimeoutError) as caught:
        either.resume(expired)
    assert caught.value.polls == 1
    assert caught.value.elapsed > 1e8, "since it began"


@pytest.mark.parametrize("options", [{}, {"started_after": NOON, "backoff": Backoff(1.5, 33.3, 1.7, 0.1)}])
def test_a_token_and_a_poll_stay_small(aws: Emulator, options: dict[str, Any]) -> None:
    aws.add_stack("payments-prod", repository="acme/infra")
    sha = "f" * 40
    token = str(WaitToken.create(STACK, revision=sha, timeout=3600, grace=300, **options))
    with Unisync(**aws.client_options()) as client:
        for number in range(12):
            aws.push(stack="payments-prod", sha=f"{number * 7919 + 12345678901234567890123:040x}", duration=5)
            aws.clock.advance(10)
            token = str(client.poll(token).token)
        for _ in range(2):
            aws.push(stack="payments-prod", sha=sha, outcome="FAILED", duration=5, reason="\u00e9" * 400)
            aws.clock.advance(12)
            token = str(client.poll(token).token)
        assert len(token) < 1024
        aws.clock.advance(400)
        poll = client.poll(token)
    assert poll.status == "failed"
    assert len(json.dumps(poll.to_dict())) <= 2000
    assert poll.to_dict()["message"].startswith("codeconnections:payments-prod is FAILED")


def test_a_late_poll_of_a_new_client_gets_an_answer() -> None:
    with Emulator() as aws:
        aws.add_stack("payments-prod", repository="acme/infra")
        aws.push(stack="payments-prod", sha=MINE, duration=0)
        begin = datetime.fromtimestamp(aws.clock.time(), UTC) - timedelta(hours=1)
        token = WaitToken.create(STACK, revision=MINE, timeout=10).model_copy(update={"begin": begin})
        with Unisync(**aws.client_options()) as client:
            assert client.poll(token).status == "succeeded"
        with Unisync(**aws.client_options()) as client:
            job = client.resume(token)
        assert job is not None
        assert job.require_live().sha == MINE


EDITED: list[dict[str, Any]] = [
    {"commits": {"is_first": False, "is_ours_seen": True, "our_attempt_at": "2026-01-01T00:00:00"}},
    {"commits": {"is_first": False, "first_attempt": ["abc", "2026-01-01T00:00:00"]}},
    {"branches": {"is_first": False, "first_failed": "2026-01-01T00:00:00"}},
    {"failure": {"of": [], "since": 0, "grace": 0}},
    {"failed_since": [[[], 0]]},
]


@pytest.mark.parametrize("memory", EDITED)
def test_a_token_that_was_edited_is_rejected(memory: dict[str, Any]) -> None:
    with pytest.raises(InvalidArgumentError, match="token: expected the text of a WaitToken"):
        WaitToken.parse(json.dumps({"ref": str(STACK), "revision": MINE, "memory": memory}))
