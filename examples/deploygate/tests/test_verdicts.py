"""Tests with a fake client, which needs no server: for the many small tests of verdicts."""

from __future__ import annotations

import os

import deploygate
import pytest

from unisync.testing import FakeUnisync

COMMIT = "4f2c9e1d6b7a80934cde51f2a6b7c8d9e0f1a2b3"


@pytest.fixture
def client() -> FakeUnisync:
    fake = FakeUnisync()
    fake.aws.add_stack("payments", repository="acme/infra")
    return fake


def test_synced(client: FakeUnisync) -> None:
    client.aws.push(stack="payments", sha=COMMIT)
    assert deploygate.gate(["payments"], COMMIT, client) == [
        deploygate.Verdict(True, "codeconnections:payments is synced")
    ]


def test_superseded(client: FakeUnisync) -> None:
    client.aws.push(stack="payments", sha=COMMIT)
    client.aws.clock.advance(600)
    client.aws.push(stack="payments", sha="90aa21b" + COMMIT[7:])
    client.aws.clock.advance(600)
    (verdict,) = deploygate.gate(["payments"], COMMIT, client)
    assert verdict.passed
    assert verdict.message == "codeconnections:payments was superseded by 90aa21b"


def test_an_unknown_stack(client: FakeUnisync) -> None:
    (verdict,) = deploygate.gate(["paymnets"], COMMIT, client)
    assert not verdict.passed
    assert "ResourceNotFoundException" in verdict.message


def test_the_calls(client: FakeUnisync) -> None:
    client.aws.push(stack="payments", sha=COMMIT)
    deploygate.gate(["payments"], COMMIT, client)
    assert {call.operation for call in client.aws.calls} >= {"GetResourceSyncStatus"}


def test_the_fixtures_leave_no_aws_settings() -> None:
    assert not [name for name in os.environ if name.startswith("AWS_")]
