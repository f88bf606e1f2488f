"""Tapes: what is recorded, and a client that answers from one."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import pytest
from pydantic import JsonValue

from tests.support.cbor import NO_CBOR, use_cbor
from unisync import (
    InvalidArgumentError,
    NotFoundError,
    ResponseError,
    StackSync,
    SyncFailedError,
    SyncState,
    TwinMakerSync,
    Unisync,
)
from unisync.testing import FakeAsyncUnisync, FakeUnisync, record, replay
from unisync.testing.tape.fields import Kind, changed, output_shape
from unisync.testing.tape.recording import _header

SHA, BAD = "4f2c9e1d6b7a80934cde51f2a6b7c8d9e0f1a2b3", "bad0c0de6b7a80934cde51f2a6b7c8d9e0f1a2b3"
STACK = StackSync("payments-prod")
ROLE = "arn:aws:iam::123456789012:role/sync"


@pytest.fixture
def client() -> FakeUnisync:
    fake = FakeUnisync()
    fake.aws.add_stack("payments-prod", repository="acme/infra")
    fake.aws.add_workspace("factory")
    return fake


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "tape.jsonl"


def lines_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def stack_on(path: Path) -> StackSync:
    """The stack, as it is called on a tape."""
    return StackSync(
        next(line["params"]["ResourceName"] for line in lines_of(path)[1:] if "ResourceName" in line["params"])
    )


def test_a_tape_has_a_header_and_a_line_for_each_call(client: FakeUnisync, path: Path) -> None:
    client.aws.push(stack="payments-prod", sha=SHA)
    with record(path):
        client.get(STACK)
        client.twinmaker.create_sync_job("factory", sync_role=ROLE)
        with pytest.raises(NotFoundError):
            client.codeconnections.get_sync_configuration("gone")
    client.get(STACK)
    header, *calls = lines_of(path)
    assert header["tape"] == 1
    assert set(header) == {"tape", "unisync", "boto3"}
    assert [(call["service"], call["operation"], call["status"] < 300) for call in calls] == [
        ("codeconnections", "GetResourceSyncStatus", True),
        ("iottwinmaker", "CreateSyncJob", True),
        ("codeconnections", "GetSyncConfiguration", False),
    ]
    first = calls[0]
    assert first["region"] == "eu-west-1"
    assert first["params"]["SyncType"] == "CFN_STACK_SYNC"
    assert first["body"]["LatestSync"]["Status"] == "INITIATED"
    assert first["body"]["LatestSync"]["Events"][0]["Type"] == "SYNC_INITIATED"
    assert first["headers"]["content-type"] == "application/x-amz-json-1.0"
    assert first["at"] == 0
    assert calls[2]["body"]["__type"] == "com.amazonaws.codeconnections#ResourceNotFoundException"
    times = [call["at"] for call in calls]
    assert times == sorted(times)


def test_nothing_secret_is_on_a_tape(client: FakeUnisync, path: Path) -> None:
    client.aws.push(stack="payments-prod", sha=SHA)
    session: Any = client.aws.client_options(in_process=True)["session"]
    credentials = session.get_credentials()
    with record(path):
        client.get(STACK)
        client.blockers(STACK)
    text = path.read_text()
    for secret in ("payments", "acme", "infra", SHA, SHA[:7], "123456789012", "deployment.yaml", "uthorization"):
        assert secret not in text
    assert credentials.access_key not in text
    assert credentials.secret_key not in text


def test_a_tape_is_written_after_an_exception_too(client: FakeUnisync, path: Path) -> None:
    def record_and_fail() -> None:
        with record(path):
            client.blockers(STACK)
            raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        record_and_fail()
    assert len(lines_of(path)) == 2


def test_a_file_is_only_replaced_on_request(client: FakeUnisync, path: Path) -> None:
    path.write_text("mine")
    for parent, error in (("nowhere", FileNotFoundError), (path.name, FileNotFoundError), ("..", IsADirectoryError)):
        nowhere = path.parent / parent / ("tape.jsonl" if parent != ".." else ".")
        with pytest.raises(error, match=r"is (not )?a folder"), record(nowhere, overwrite=True):
            raise AssertionError
    with pytest.raises(FileExistsError, match="overwrite=True"), record(path):
        raise AssertionError
    assert path.read_text() == "mine"
    with record(path, overwrite=True):
        client.blockers(STACK)
    assert len(lines_of(path)) == 2


def test_the_body_of_an_error_is_scrubbed_with_its_keys() -> None:
    body: JsonValue = {
        "__type": "AccessDenied",
        "message": "no",
        "AccountId": 123456789012,
        "details": [123456789012.0, {"payments-prod": "acme"}, 10**320],
    }
    assert changed(body, None, lambda text, _: text[::-1], is_error=True) == {
        "__type": "deineDsseccA",
        "message": "on",
        "dItnuoccA": 210987654321,
        "sliated": [210987654321, {"dorp-stnemyap": "emca"}, 10**320],
    }


@pytest.mark.parametrize(
    ("name", "text", "is_kept"),
    [
        ("content-type", "application/x-amz-json-1.0", True),
        ("content-type", "text/html; charset=utf-8", True),
        ("content-type", "application/json; boundary=acme", False),
        ("retry-after", "30", True),
        ("retry-after", "acme", False),
        ("x-amzn-requestid", "0a1b", False),
    ],
)
def test_headers_are_kept_if_they_look_like_those_of_aws(name: str, text: str, is_kept: bool) -> None:
    scrubbed = _header(name, text, lambda text, _: text[::-1])
    assert scrubbed == (text if is_kept else text[::-1])


def test_what_no_model_has_is_scrubbed_with_its_keys() -> None:
    known: dict[str, JsonValue] = {"LatestSync": {"Status": "SUCCEEDED", "StartedAt": 1795000000.5}}
    new: dict[str, JsonValue] = {
        "labels": {"team": "payments"},
        "account": 123456789012,
        "since": 1795000000,
        "open": True,
        "rate": 0.5,
    }
    shape = output_shape("codeconnections", "GetResourceSyncStatus")
    body: Any = changed({**known, "Added": new}, shape, lambda text, kind: text if kind is Kind.FIELD else text[::-1])
    assert body == {
        "LatestSync": {"Status": "DEDEECCUS", "StartedAt": 1795000000.5},
        "Added": {
            "slebal": {"maet": "stnemyap"},
            "tnuocca": 210987654321,
            "ecnis": 1795000000,
            "nepo": True,
            "etar": 0.5,
        },
    }


def test_async_clients_are_recorded(path: Path) -> None:
    async def use() -> None:
        async with FakeAsyncUnisync() as client:
            client.aws.add_stack("payments-prod", repository="acme/infra")
            await asyncio.gather(client.blockers(STACK), client.blockers(STACK))

    with record(path):
        asyncio.run(use())
    assert len(lines_of(path)) == 3


def test_a_wait_is_replayed_poll_by_poll_without_taking_time(client: FakeUnisync, path: Path) -> None:
    client.aws.push(stack="payments-prod", sha=SHA, duration=600)
    with record(path):
        client.wait_until_active(STACK, revision=SHA)
    ref, calls = stack_on(path), lines_of(path)[1:]
    sha = calls[-1]["body"]["DesiredState"]["Sha"]
    polls: list[str] = []
    started = time.monotonic()
    with replay(path) as again:
        job = again.wait_until_active(
            ref, revision=sha[:7], on_progress=lambda each: polls.append(str(each.job.status.state))
        )
        assert job.is_synced
        assert again.get(ref).is_synced  # the last reply, again
    assert time.monotonic() - started < 30
    assert set(polls) >= {"RUNNING"}
    assert len(sha) == 40


def test_errors_and_xml_are_replayed(client: FakeUnisync, path: Path) -> None:
    client.aws.push(
        stack="payments-prod", sha=BAD, outcome="FAILED", failed_resource=("Queue", "AWS::SQS::Queue", "Taken")
    )
    with record(path):
        with pytest.raises(SyncFailedError) as failed:
            client.wait_until_active(STACK)
        explained = client.explain(STACK)
    ref = stack_on(path)
    with replay(path) as again:
        with pytest.raises(SyncFailedError) as replayed:
            again.wait_until_active(ref)
        assert [check.status for check in again.explain(ref).checks] == [check.status for check in explained.checks]
    cause, original = replayed.value.cause, failed.value.cause
    assert cause is not None
    assert original is not None
    assert (
        (cause.type, cause.aws_status) == (original.type, original.aws_status) == ("AWS::SQS::Queue", "UPDATE_FAILED")
    )
    assert cause.logical_id != original.logical_id


def test_the_older_name_of_codeconnections_is_replayed(path: Path) -> None:
    client = FakeUnisync(codeconnections_service="codestar-connections")
    client.aws.add_stack("payments-prod", repository="acme/infra")
    with record(path):
        client.blockers(STACK)
    assert lines_of(path)[1]["service"] == "codestar-connections"
    with replay(path) as again:
        assert again.blockers(stack_on(path)) == ()


def test_throttling_is_replayed_in_order(client: FakeUnisync, path: Path) -> None:
    client.aws.fault("GetSyncBlockerSummary", "ThrottlingException")
    with record(path):
        client.blockers(STACK)
    assert [call["status"] < 300 for call in lines_of(path)[1:]] == [False, True]
    with replay(path) as again:
        assert again.blockers(stack_on(path)) == ()


def test_an_unreadable_reply_is_replayed_as_one(client: FakeUnisync, path: Path) -> None:
    client.twinmaker.create_sync_job("factory", sync_role=ROLE)
    client.aws.fault("GetSyncJob", "html", times=None)
    with record(path), pytest.raises(ResponseError):
        client.get(TwinMakerSync("factory"))
    call = lines_of(path)[1]
    assert call["is_readable"] is False
    assert call["body"] is None
    with replay(path) as again, pytest.raises(ResponseError):
        again.get(TwinMakerSync(call["params"]["workspaceId"]))


def test_a_call_that_is_not_on_the_tape_is_an_error(client: FakeUnisync, path: Path) -> None:
    client.aws.push(stack="payments-prod", sha=SHA)
    with record(path):
        client.get(STACK)
    with replay(path) as again:
        for call in (again.get, again.wait_until_active, again.blockers):
            with pytest.raises(InvalidArgumentError, match=r"expected a call that is on the tape, got .*other"):
                call(StackSync("other"))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "line 1: expected a line of a tape"),
        ('{"tape": 2, "unisync": "9", "boto3": "9"}\n', "line 1: expected a line of a tape: tape "),
        (
            '{"tape": 1, "unisync": "0", "boto3": "1"}\n{"service": "sts"}\n',
            "line 2: expected a line of a tape: operation ",
        ),
    ],
)
def test_another_file_is_rejected(path: Path, text: str, reason: str) -> None:
    path.write_text(text)
    with pytest.raises(InvalidArgumentError, match=reason):
        replay(path)


@pytest.mark.skipif(NO_CBOR, reason="no CBOR in this botocore")
def test_cbor_is_recorded_as_json_and_replayed(monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    use_cbor(monkeypatch)
    client = FakeUnisync()
    client.aws.add_stack("payments-prod", repository="acme/infra")
    client.aws.push(stack="payments-prod", sha=SHA)
    client.aws.clock.advance(60)
    with record(path):
        client.get(STACK)
    assert "cbor" in lines_of(path)[1]["headers"]["content-type"]
    with replay(path) as again:
        assert again.get(stack_on(path)).status.state is SyncState.ACTIVE
    monkeypatch.undo()
    with replay(path) as again:
        assert again.get(stack_on(path)).attempts[0].started_at == client.get(STACK).attempts[0].started_at


def test_a_replaying_client_is_a_client_like_others(client: FakeUnisync, path: Path) -> None:
    client.aws.push(stack="payments-prod", sha=SHA)
    with record(path):
        client.get(STACK)
    with replay(str(path)) as again:
        assert type(again) is Unisync
        raw = again.with_raw_response.get(stack_on(path))
        assert raw.status_code == 200
        assert raw.request_id == lines_of(path)[1]["headers"]["x-amzn-requestid"]
