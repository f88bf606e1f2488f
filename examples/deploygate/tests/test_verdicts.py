"""The same without a server: for the many small tests of what is said."""

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


def test_in_place(client: FakeUnisync) -> None:
    client.aws.push(stack="payments", sha=COMMIT)
    assert deploygate.gate(["payments"], COMMIT, client) == [
        deploygate.Verdict(True, "codeconnections:payments is in place")
    ]


def test_a_commit_that_was_overtaken(client: FakeUnisync) -> None:
    client.aws.push(stack="payments", sha=COMMIT)
    client.aws.clock.advance(600)
    client.aws.push(stack="payments", sha="90aa21b" + COMMIT[7:])
    client.aws.clock.advance(600)
    (verdict,) = deploygate.gate(["payments"], COMMIT, client)
    assert verdict.goes_on
    assert verdict.said == "codeconnections:payments is past it: 90aa21b took its place"


def test_an_unknown_stack(client: FakeUnisync) -> None:
    (verdict,) = deploygate.gate(["paymnets"], COMMIT, client)
    assert not verdict.goes_on
    assert "ResourceNotFoundException" in verdict.said


def test_what_was_asked(client: FakeUnisync) -> None:
    client.aws.push(stack="payments", sha=COMMIT)
    deploygate.gate(["payments"], COMMIT, client)
    assert {call.operation for call in client.aws.calls} >= {"GetResourceSyncStatus"}


def test_nothing_of_aws_is_left_by_other_tests() -> None:
    assert not [name for name in os.environ if name.startswith("AWS_")]
