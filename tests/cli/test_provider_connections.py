"""connections, links, and wait --for connection."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cli.runner import Run
from unisync import Connection, ConnectionStatus
from unisync._core.backoff import Backoff
from unisync._models.consoles import console_url
from unisync.cli.connection_waits import Waited, wait_until_available
from unisync.cli.provider_connections import ConnectionRow, Target
from unisync.emulator import ACCOUNT, REGION, Emulator
from unisync.errors import NotFoundError, ResponseError, TransportError, UnisyncError

pytestmark = pytest.mark.slow

URL = f"https://console.aws.amazon.com/codesuite/settings/connections?region={REGION}"
MISSING = f"arn:aws:codeconnections:{REGION}:{ACCOUNT}:connection/0a1b2c3d"


class TestConnections:
    def test_all_of_them_with_the_step_for_a_person(self, aws: Emulator, unisync: Run) -> None:
        arns = [
            aws.add_connection(name="acme"),
            aws.add_connection("GitLab", name="waits", status="PENDING"),
            aws.add_connection(name="broken", status="ERROR"),
        ]
        done = unisync("connections")
        assert [line.split() for line in done.out.splitlines()] == [
            ["STATE", "NAME", "PROVIDER", "ARN"],
            ["AVAILABLE", "acme", "GitHub", arns[0]],
            ["PENDING", "waits", "GitLab", arns[1]],
            ["ERROR", "broken", "GitHub", arns[2]],
        ]
        assert (done.code, done.err.splitlines()) == (
            0,
            [
                f"waits is PENDING: complete the pending connection at {URL}",
                f"broken is ERROR: check the connection and its access to the provider at {URL}",
            ],
        )
        assert unisync("connections", "-o", "name").out.split() == arns
        assert aws.calls[-1].operation == "ListConnections"

    def test_one_by_its_arn_and_one_by_its_name(self, aws: Emulator, unisync: Run) -> None:
        first, second = aws.add_connection(name="acme"), aws.add_connection("GitLab", name="other", status="PENDING")
        done = unisync("connections", second, "acme", second, "-o", "json")
        assert [(row["arn"], row["name"], row["state"]) for row in done.data] == [
            (second, "other", "PENDING"),
            (first, "acme", "AVAILABLE"),
        ]
        row = done.data[0]
        assert (row["account"], row["region"], row["provider"], row["error"]) == (ACCOUNT, REGION, "GitLab", None)
        assert row["action"] == f"complete the pending connection at {URL}"
        assert row["connection"]["aws_status"] == "PENDING"
        assert [call.operation for call in aws.calls] == ["GetConnection", "ListConnections"]

    def test_a_missing_one_does_not_hide_the_others(self, aws: Emulator, unisync: Run) -> None:
        aws.add_connection(name="acme")
        done = unisync("connections", "nothing", MISSING, "acme")
        assert done.code == 5
        assert [line.split()[:2] for line in done.out.splitlines()[1:]] == [
            ["NOT_FOUND", "nothing"],
            ["NOT_FOUND", "-"],
            ["AVAILABLE", "acme"],
        ]
        assert "there is no connection named 'nothing'" in done.err
        assert done.last_line.endswith("All connections: unisync connections")

    def test_a_name_of_several_is_a_wrong_argument(self, aws: Emulator, unisync: Run) -> None:
        first, _ = aws.add_connection(name="acme"), aws.add_connection(name="acme")
        done = unisync("connections", "acme")
        assert (done.code, done.last_line) == (2, f"Error: 'acme' names 2 connections: pass an ARN, such as {first}.")

    def test_denied_access_is_an_error(self, aws: Emulator, unisync: Run) -> None:
        for operation in ("ListConnections", "GetConnection"):
            aws.fault(operation, "AccessDeniedException", times=None)
        assert (unisync("connections").code, unisync("connections", MISSING).code) == (1, 1)
        assert "AccessDeniedException" in unisync("connections", MISSING).err

    def test_none(self, unisync: Run) -> None:
        assert unisync("connections") == (0, "", "No connections found.\n")
        assert unisync("connections", "-o", "json").out == "[]\n"

    def test_in_a_fleet(self, aws: Emulator, unisync: Run) -> None:
        arn = aws.add_connection(name="acme")
        regions = ["--region", REGION, "--region", "us-east-1"]
        assert unisync("connections", *regions, "-o", "name").out.split() == [arn]
        assert unisync("connections", arn, *regions, "-o", "name").out.split() == [arn]
        assert unisync("connections", "acme", *regions, "-o", "name").out.split() == [arn]
        elsewhere = unisync("connections", MISSING.replace(REGION, "eu-north-1"), *regions)
        assert (elsewhere.code, "is in none of the given accounts and regions" in elsewhere.err) == (2, True)
        aws.fault("ListConnections", "AccessDeniedException")
        partly = unisync("connections", *regions)
        assert partly.code == 1
        assert f"default/{REGION}: codeconnections ListConnections: AccessDenied" in partly.err


class TestLinks:
    def test_each_with_its_connection_and_syncs(self, aws: Emulator, unisync: Run) -> None:
        arn = aws.add_connection(name="acme", status="PENDING")
        for name in ("shop", "blog"):
            aws.add_stack(name, repository="acme/infra", config_file=f"{name}.yaml")
        spare = aws.add_repository_link("acme/spare")
        before = len(aws.calls)
        done = unisync("links")
        assert [line.split()[:5] for line in done.out.splitlines()] == [
            ["STATE", "REPOSITORY", "PROVIDER", "CONNECTION", "SYNCS"],
            ["PENDING", "acme/infra", "GitHub", "acme", "2"],
            ["PENDING", "acme/spare", "GitHub", "acme", "0"],
        ]
        assert (done.code, done.err) == (0, f"acme is PENDING: complete the pending connection at {URL}\n")
        assert [call.operation for call in aws.calls[before:]] == [
            "ListRepositoryLinks",
            "ListConnections",
            "ListSyncConfigurations",
            "ListSyncConfigurations",
        ]
        row = unisync("links", "-o", "json").data[1]
        assert (row["repository"], row["region"], row["state"], row["syncs"]) == ("acme/spare", REGION, "PENDING", 0)
        assert row["action"] == f"complete the pending connection at {URL}"
        assert (row["link"]["repository_link_id"], row["connection"]["arn"]) == (spare, arn)
        before = len(aws.calls)
        assert unisync("links", "-o", "name").out.split()[1] == spare
        assert [call.operation for call in aws.calls[before:]] == ["ListRepositoryLinks"]

    def test_a_connection_that_was_deleted(self, aws: Emulator, unisync: Run) -> None:
        arn = aws.add_connection()
        aws.add_repository_link("acme/infra")
        boto: Any = aws.client_options()["session"].client("codeconnections", endpoint_url=aws.url)
        boto.delete_connection(ConnectionArn=arn)
        done = unisync("links")
        assert done.out.splitlines()[1].split()[:2] == ["NOT_FOUND", "acme/infra"]
        assert (done.code, f"The connection {arn} does not exist" in done.err) == (0, True)

    @pytest.mark.parametrize(
        ("operation", "note"),
        [
            ("ListConnections", "the connections could not be read: "),
            ("ListSyncConfigurations", "the syncs of acme/infra could not be counted: "),
        ],
    )
    def test_what_may_not_be_read_beside_them(self, aws: Emulator, unisync: Run, operation: str, note: str) -> None:
        aws.add_repository_link("acme/infra")
        aws.add_repository_link("acme/spare")
        aws.fault(operation, "AccessDeniedException", times=None)
        done = unisync("links")
        assert (done.code, done.err.count(note), len(done.out.splitlines())) == (0, 1, 3)
        assert [call.operation for call in aws.calls].count(operation) == 1
        assert done.out.splitlines()[1].split().count("-") == (2 if operation == "ListConnections" else 1)

    def test_without_any(self, aws: Emulator, unisync: Run) -> None:
        assert unisync("links") == (0, "", "No repository links found.\n")
        aws.fault("ListRepositoryLinks", "AccessDeniedException")
        assert unisync("links").code == 1


class TestWaiting:
    def wait(self, unisync: Run, *arguments: str) -> Any:
        return unisync("wait", "--for", "connection", *arguments)

    def test_an_available_one_returns_at_once(self, aws: Emulator, unisync: Run) -> None:
        arn = aws.add_connection(name="acme")
        for name in (arn, "acme"):
            done = self.wait(unisync, name, "-o", "json")
            assert (done.code, done.data[0]["state"], done.data[0]["arn"]) == (0, "AVAILABLE", arn)
            assert done.err.startswith(f"Waiting for connection {name} to be AVAILABLE, until ")
        assert [call.operation for call in aws.calls] == ["GetConnection", "ListConnections"]

    def test_a_pending_one_times_out_with_the_step(self, aws: Emulator, unisync: Run) -> None:
        arn = aws.add_connection(name="acme", status="PENDING")
        done = self.wait(unisync, "acme", "--timeout", "100s")
        assert done.code == 124
        assert aws.clock.now() == pytest.approx(100, abs=0.1)
        assert done.out.splitlines()[1].split() == ["TIMED_OUT", "acme", "GitHub", arn]
        assert f"    0 s  acme is PENDING; complete the pending connection at {URL}" in done.err
        assert 3 <= done.err.count("acme is PENDING; ") <= 4, "a heartbeat"
        assert "acme: timed out after 1 min 40 s (" in done.err
        assert done.last_line == (
            f"Next: complete the pending connection at {URL}, then wait again: "
            "unisync wait --for connection acme --timeout 30m"
        )
        quiet = self.wait(unisync, "acme", "--timeout", "100s", "-q")
        assert len(quiet.err.splitlines()) == 2

    def test_an_error_fails_at_once(self, aws: Emulator, unisync: Run) -> None:
        arn = aws.add_connection(name="acme", status="ERROR")
        done = self.wait(unisync, arn)
        assert (done.code, aws.clock.now()) == (3, 0)
        assert "the connection is in ERROR" in done.err
        assert done.last_line.startswith(f"Next: check the connection and its access to the provider at {URL}.")

    def test_a_missing_one_fails_at_once(self, aws: Emulator, unisync: Run) -> None:
        for name in (MISSING, "nothing"):
            done = self.wait(unisync, name)
            assert (done.code, done.out.splitlines()[1].split()[0], aws.clock.now()) == (5, "NOT_FOUND", 0)
            assert done.last_line.endswith("All connections: unisync connections")

    def test_several_have_one_deadline(self, aws: Emulator, unisync: Run) -> None:
        for name in ("one", "two"):
            aws.add_connection(name=name, status="PENDING")
        aws.add_connection(name="three")
        done = self.wait(unisync, "one", "two", "three", "--timeout", "30s", "-o", "json")
        assert [row["state"] for row in done.data] == ["TIMED_OUT", "TIMED_OUT", "AVAILABLE"]
        assert done.code == 124
        assert aws.clock.now() == pytest.approx(30, abs=0.1)

    def test_transient_errors_are_retried_and_others_are_not(self, aws: Emulator, unisync: Run) -> None:
        arn = aws.add_connection(name="acme")
        aws.fault("GetConnection", "ThrottlingException", times=20)
        done = self.wait(unisync, arn)
        assert (done.code, "the last poll failed: codeconnections GetConnection: Throttling" in done.err) == (0, True)
        aws.fault("GetConnection", "AccessDeniedException", times=None)
        done = self.wait(unisync, arn)
        assert (done.code, done.out.splitlines()[1].split()[0]) == (1, "ERROR")
        aws.fault("GetConnection", "ThrottlingException", times=None)

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ([], "No connections to wait for"),
            (["acme", "--revision", "a1" * 20], "--revision cannot be used with --for connection"),
            (["acme", "--or-newer"], "--or-newer cannot be used with --for connection"),
            (["acme", "--grace", "5s"], "--grace cannot be used with --for connection"),
            (["acme", "--max-failures", "1"], "--max-failures cannot be used with --for connection"),
            (["acme", "--repository", "acme/infra"], "--repository cannot be used with --for connection"),
            (["acme", "--junit", "/tmp/x.xml"], "--junit cannot be used with --for connection"),
        ],
    )
    def test_options_about_syncs_are_rejected(self, unisync: Run, arguments: list[str], message: str) -> None:
        done = self.wait(unisync, *arguments)
        assert (done.code, message in done.err) == (2, True)

    def test_the_condition_may_come_after_the_names(self, aws: Emulator, unisync: Run) -> None:
        aws.add_connection(name="acme")
        assert unisync("wait", "acme", "--for", "connection").code == 0


# The loop, driven by hand.


class Scripted(Target):
    """A connection whose reads are scripted."""

    def __init__(self, *results: Connection | UnisyncError) -> None:
        self.text = "acme"
        self.bounds: list[float] = []
        self._results = list(results)

    def read(self, max_seconds: float = 0) -> Connection:
        self.bounds.append(max_seconds)
        result = self._results.pop(0) if len(self._results) > 1 else self._results[0]
        if isinstance(result, UnisyncError):
            raise result
        return result


def connection(status: str) -> Connection:
    known = ConnectionStatus.UNKNOWN if status == "SOON" else ConnectionStatus(status)
    return Connection(name="acme", arn=MISSING, status=known, aws_status=status)


LOST = TransportError("codeconnections", "GetConnection", "lost", retryable=True, outcome_unknown=True)


def waited(target: Scripted, timeout: float, reading: float = 0.0) -> tuple[Waited, list[float]]:
    """How a wait ends, and the pauses it makes, if each read takes some seconds."""
    pauses: list[float] = []

    def remaining() -> float:
        return timeout - sum(pauses) - reading * len(target.bounds)

    backoff = Backoff(initial=10, maximum=10, factor=1, jitter=0)
    return wait_until_available(target, remaining, backoff, pauses.append, lambda _: None), pauses


def test_it_polls_until_it_is_available() -> None:
    target = Scripted(connection("PENDING"), LOST, connection("SOON"), connection("AVAILABLE"))
    ended, pauses = waited(target, 100)
    assert (ended.code, ended.status, ended.polls, pauses) == (0, "AVAILABLE", 4, [10, 10, 10])
    assert target.bounds == [100, 90, 80, 70], "no call outlasts the deadline"


def test_the_last_poll_is_at_the_deadline() -> None:
    target = Scripted(connection("PENDING"))
    ended, pauses = waited(target, 25)
    assert (ended.code, ended.is_timed_out, pauses, target.bounds) == (124, True, [10, 10, 5], [25, 15, 5, 1])
    ended, pauses = waited(Scripted(connection("PENDING")), 0)
    assert (ended.code, ended.polls, pauses) == (124, 1, [])


@pytest.mark.parametrize(("results", "kept"), [([connection("PENDING"), LOST], None), ([LOST], LOST)])
def test_a_read_that_the_deadline_cuts_off_leaves_the_last_status(results: list[Any], kept: object) -> None:
    ended, _ = waited(Scripted(*results), 15, reading=10)
    assert (ended.code, ended.error) == (124, kept)


def test_unreadable_responses_end_it_if_there_are_several_in_a_row() -> None:
    garbled = ResponseError("codeconnections", "GetConnection", "not JSON", status_code=200, request_id=None)
    ended, _ = waited(Scripted(garbled, garbled, connection("PENDING"), connection("AVAILABLE")), 100)
    assert ended.code == 0
    ended, _ = waited(Scripted(garbled), 100)
    assert (ended.code, ended.polls, ended.error) == (1, 3, garbled)


@pytest.mark.parametrize(
    ("arn", "url"),
    [
        (MISSING, URL),
        (
            "arn:aws-us-gov:codeconnections:us-gov-west-1:1:connection/a",
            "https://console.amazonaws-us-gov.com/codesuite/settings/connections?region=us-gov-west-1",
        ),
        (None, "https://console.aws.amazon.com/codesuite/settings/connections"),
    ],
)
def test_the_console_of_a_region(arn: str | None, url: str) -> None:
    assert console_url(arn) == url


@pytest.mark.parametrize(
    ("row", "state", "cells"),
    [
        (ConnectionRow.of(connection("SOON")), "UNKNOWN", ("acme", "-", MISSING)),
        (ConnectionRow(MISSING, None, LOST), "ERROR", ("-", "-", MISSING)),
        (ConnectionRow("acme", None, NotFoundError({}, "ListConnections", "x")), "NOT_FOUND", ("acme", "-", "")),
        (ConnectionRow.of(Connection(aws_status="")), "UNKNOWN", ("-", "-", "")),
    ],
)
def test_a_row(row: ConnectionRow, state: str, cells: tuple[str, ...]) -> None:
    assert row.cells() == (state, *cells)
    assert row.data()["state"] == state
