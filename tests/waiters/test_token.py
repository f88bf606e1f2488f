"""Tokens: a wait as text, and the wait that resumes it."""

from __future__ import annotations

import base64
import pickle
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.samples import FACTORY, MINE, STACK
from unisync import (
    InvalidArgumentError,
    ServiceInstanceSync,
    SyncState,
    TemplateSync,
    WaitTimeoutError,
    WaitToken,
    parse_ref,
)
from unisync.emulator import Emulator

REFS = [STACK, FACTORY, ServiceInstanceSync("web", "prod"), TemplateSync("web", "SERVICE", "1")]


@given(
    ref=st.sampled_from(REFS),
    revision=st.none() | st.text("0123456789abcdef", min_size=7, max_size=64),
    timeout=st.none() | st.floats(0, 1e9),
)
def test_a_token_survives_its_text(ref: Any, revision: str | None, timeout: float | None) -> None:
    token = WaitToken.create(ref, revision=revision, timeout=timeout)
    read = WaitToken.parse(str(token))
    assert (read.ref, read.revision) == (ref, revision)
    assert parse_ref(str(read.ref)) == ref
    assert (read.deadline is None) == (token.deadline is None)
    if token.deadline is not None and read.deadline is not None:
        assert abs(read.deadline - token.deadline) < timedelta(milliseconds=2)
    assert str(read) == str(token)
    assert pickle.loads(pickle.dumps(token)) == token
    assert len(str(token)) < 200
    assert set(str(token)) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=.")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "codeconnections:payments-prod",
        "unisync1.",
        "unisync1.?",
        "unisync1.bm9uc2Vuc2U=",
        "unisync2." + base64.urlsafe_b64encode(b'["twinmaker:x",null,null]').decode(),
        "unisync1." + base64.urlsafe_b64encode(b'["twinmaker:x",null]').decode(),
        "unisync1." + base64.urlsafe_b64encode(b'["elsewhere:x",null,null]').decode(),
        "unisync1." + base64.urlsafe_b64encode(b'["twinmaker:x","zz",null]').decode(),
        "unisync1." + base64.urlsafe_b64encode(b'["twinmaker:x",null,1e99]').decode(),
        "unisync1." + base64.urlsafe_b64encode(b'["twinmaker:x",null,"soon"]').decode(),
        5,
        None,
    ],
)
def test_bad_text_is_rejected(text: Any) -> None:
    with pytest.raises(InvalidArgumentError, match=r"^token: expected the text of a WaitToken, got "):
        WaitToken.parse(text)


def test_bad_arguments_are_rejected() -> None:
    wrong: Any = "codeconnections:payments"
    with pytest.raises(InvalidArgumentError, match="ref: expected a reference"):
        WaitToken.create(wrong)
    with pytest.raises(InvalidArgumentError, match="revision: expected a commit's sha"):
        WaitToken.create(STACK, revision="abc")
    with pytest.raises(InvalidArgumentError, match="timeout: expected seconds"):
        WaitToken.create(STACK, timeout=-1)


def test_a_token_knows_the_remaining_time() -> None:
    assert WaitToken.create(STACK, timeout=None).remaining is None
    remaining = WaitToken.create(STACK, timeout=timedelta(minutes=1)).remaining
    assert remaining is not None
    assert 59 < remaining <= 60
    assert WaitToken(STACK, None, datetime(2020, 1, 1, tzinfo=UTC)).remaining == 0.0
    assert WaitToken.create(STACK, timeout=1e300).remaining is None, "later than any date"


def test_a_resumed_wait_keeps_its_commit_and_its_deadline(aws: Emulator, either: Any) -> None:
    aws.add_stack("payments-prod", repository="acme/infra")
    aws.push(stack="payments-prod", sha="a" * 40)
    aws.clock.advance(60)
    text = str(WaitToken.create(STACK, revision=MINE[:7], timeout=600))
    aws.push(stack="payments-prod", sha=MINE, detection_delay=10)
    job = either.resume(text)
    assert (job.ref, job.status.state) == (STACK, SyncState.ACTIVE)
    assert job.latest_successful_sync.target_revision.sha == MINE
    assert either.resume(WaitToken.parse(text)) == job
    expired = WaitToken(STACK, "f" * 40, datetime(2020, 1, 1, tzinfo=UTC))
    with pytest.raises(WaitTimeoutError):
        either.resume(expired)
    before = len(aws.calls)
    with pytest.raises(InvalidArgumentError, match="token: expected the text of a WaitToken"):
        either.resume("codeconnections:payments-prod")
    assert len(aws.calls) == before
