"""wait --token-file and resume: waits that another process continues."""

from __future__ import annotations

import errno
import io
import os
from pathlib import Path
from typing import Any

import pytest

from tests.cli.runner import Run
from tests.cli.scene import MINE, NEWER, OLD
from unisync import FleetSync, StackSync, TwinMakerSync, WaitToken
from unisync.cli.app import run
from unisync.emulator import Emulator

pytestmark = pytest.mark.slow

SHOP, BLOG = StackSync("shop"), StackSync("blog")


@pytest.fixture(autouse=True)
def stacks(aws: Emulator) -> None:
    for name in ("shop", "blog"):
        aws.add_stack(name, repository="acme/infra")
        aws.push(stack=name, sha=OLD)
    aws.clock.advance(100)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "wait.jsonl"


def tokens(path: Path) -> list[WaitToken]:
    return [WaitToken.parse(line) for line in path.read_text().splitlines()]


class Interrupted(io.StringIO):
    """A stream that is interrupted, as by Ctrl-C, when a text is written to it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text

    def write(self, text: str, /) -> int:
        if self._text in text:
            raise KeyboardInterrupt
        return super().write(text)


def test_an_interrupted_wait_is_continued(aws: Emulator, unisync: Run, path: Path) -> None:
    aws.push(stack="shop", sha=MINE, duration=300)
    command = ["wait", str(SHOP), "--revision", MINE, "--token-file", str(path), "--timeout", "10m"]
    assert run(command, aws.client_options(), io.StringIO(), Interrupted("RUNNING")) == 130
    (token,) = tokens(path)
    assert (token.ref, token.revision, token.timeout, token.condition) == (SHOP, MINE, 600, "active")
    assert token.memory.polls > 0
    aws.clock.advance(200)
    done = unisync("resume", str(path), "-o", "json")
    assert (done.code, done.data[0]["live"]) == (0, MINE)
    assert path.read_text() == ""
    again = unisync("resume", str(path))
    assert (again.code, again.out) == (0, "")
    assert f"No waits to continue: {path} has none that have not succeeded." in again.err


def test_what_was_seen_before_counts(aws: Emulator, unisync: Run, path: Path) -> None:
    aws.push(stack="shop", sha=MINE, duration=3000)
    command = ["wait", str(SHOP), "--revision", MINE, "--token-file", str(path), "--timeout", "10m"]
    assert run(command, aws.client_options(), io.StringIO(), Interrupted("RUNNING")) == 130
    aws.push(stack="shop", sha=NEWER)
    aws.clock.advance(200)
    done = unisync("resume", str(path))
    assert done.code == 6, "superseded: ours had been noticed"


def test_a_wait_that_timed_out_is_kept_and_gets_more_time(aws: Emulator, unisync: Run, path: Path) -> None:
    aws.push(stack="shop", sha=MINE, duration=100)
    aws.push(stack="blog", sha=MINE, duration=5)
    arguments = [str(SHOP), str(BLOG), "--revision", MINE, "--token-file", str(path), "--no-explain"]
    assert unisync("wait", *arguments, "--timeout", "60s").code == 124
    assert [token.ref for token in tokens(path)] == [SHOP], "the other has ended"
    assert unisync("resume", str(path), "--no-explain").code == 124, "its deadline has passed"
    done = unisync("resume", str(path), "--timeout", "5m")
    assert done.code == 0
    assert "Waiting for codeconnections:shop at commit" in done.err


def test_a_wait_that_failed_fails_again(aws: Emulator, unisync: Run, path: Path) -> None:
    aws.push(stack="shop", sha=MINE, outcome="FAILED", reason="no such parameter")
    assert unisync("wait", str(SHOP), "--revision", MINE, "--token-file", str(path)).code == 3
    assert unisync("resume", str(path)).code == 3
    aws.push(stack="shop", sha=MINE)
    aws.clock.advance(100)
    assert unisync("resume", str(path), "--timeout", "1m").code == 0
    assert path.read_text() == ""


@pytest.mark.parametrize(
    ("code", "exit_code"),
    [("AccessDeniedException", 1), ("ResourceNotFoundException", 5), ("ExpiredTokenException", 1)],
)
def test_a_wait_that_could_not_be_continued_is_kept(
    aws: Emulator, unisync: Run, path: Path, code: str, exit_code: int
) -> None:
    aws.push(stack="shop", sha=MINE, duration=100)
    assert unisync("wait", str(SHOP), "--revision", MINE, "--timeout", "10s", "--token-file", str(path)).code == 124
    aws.fault("GetResourceSyncStatus", code)
    aws.fault("GetSyncConfiguration", code)
    assert unisync("resume", str(path), "--timeout", "5m").code == exit_code
    assert [token.ref for token in tokens(path)] == [SHOP]
    aws.clear_faults()
    assert unisync("resume", str(path), "--timeout", "5m").code == 0


def test_a_wait_of_a_fleet_is_continued_in_one(unisync: Run, path: Path) -> None:
    path.write_text(f"{WaitToken.create(FleetSync('123456789012', 'eu-west-1', SHOP))}\n")
    before = path.read_text()
    done = unisync("resume", str(path))
    assert (done.code, "belongs to a fleet: pass the role of its account with --role-arn" in done.err) == (2, True)
    assert path.read_text() == before


def test_the_deadline_of_a_continued_wait_is_shown(aws: Emulator, unisync: Run, path: Path) -> None:
    aws.push(stack="shop", sha=MINE, duration=30)
    for timeout, said in ((600, "(10 min)"), (None, "with no time limit")):
        path.write_text(f"{WaitToken.create(SHOP, revision=MINE, timeout=timeout)}\n")
        done = unisync("resume", str(path))
        assert (done.code, said in done.err) == (0, True)
    aws.push(stack="shop", sha=NEWER, duration=600)
    assert unisync("wait", str(SHOP), "--revision", NEWER, "--timeout", "5m", "--token-file", str(path)).code == 124
    done = unisync("resume", str(path))
    assert (done.code, "(0 s)" in done.err) == (124, True)


def test_a_full_disk_ends_no_wait(aws: Emulator, unisync: Run, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    aws.push(stack="shop", sha=MINE, duration=60)
    command = ["wait", str(SHOP), "--revision", MINE, "--token-file", str(path)]
    write, written = Path.write_text, list[str]()

    def write_text(file: Path, data: str, **options: Any) -> int:
        if written:
            write(file, "half", **options)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written.append(data)
        return write(file, data, **options)

    monkeypatch.setattr(Path, "write_text", write_text)
    done = unisync(*command)
    assert done.code == 0
    assert done.err.count(f"{path} could not be written, and is out of date: No space left on device") == 1
    assert len(tokens(path)) == 1, "as the wait began"
    assert list(path.parent.iterdir()) == [path]
    done = unisync(*command)
    assert (done.code, f"Error: Could not open file '{path}': No space left on device" in done.err) == (1, True)


def test_a_link_stays_one_and_a_device_is_not_replaced(aws: Emulator, unisync: Run, path: Path) -> None:
    aws.push(stack="shop", sha=MINE)
    command = ["wait", str(SHOP), "--revision", MINE, "--token-file"]
    link = path.with_name("link")
    link.symlink_to(path.name)
    assert unisync(*command, str(link)).code == 0
    assert (link.is_symlink(), path.read_text()) == (True, "")
    os.mkfifo(path.with_name("pipe"))
    done = unisync(*command, str(path.with_name("pipe")))
    assert (done.code, "expected a regular file, since it is replaced" in done.err) == (1, True)
    assert path.with_name("pipe").is_fifo()


def test_each_condition_is_continued(aws: Emulator, unisync: Run, path: Path) -> None:
    aws.add_workspace("factory")
    aws.add_sync_resource("factory", "asset", duration=30)
    factory = TwinMakerSync("factory")
    role = "arn:aws:iam::123456789012:role/sync"
    assert unisync("create", str(factory), "--role", role).code == 0
    path.write_text(
        "\n".join(
            str(token)
            for token in (
                WaitToken.create(factory, condition="resources", timeout=600),
                WaitToken.create(StackSync("gone"), condition="deleted", timeout=60),
                WaitToken.create(SHOP, revision=[OLD, MINE]),
            )
        )
    )
    done = unisync("resume", str(path), "-o", "json")
    assert done.code == 0
    states = {row["ref"]: row["state"] for row in done.data}
    assert states == {str(factory): "ACTIVE", "codeconnections:gone": "DELETED", str(SHOP): "ACTIVE"}


def test_in_a_fleet(unisync: Run, path: Path) -> None:
    command = [
        "wait",
        str(SHOP),
        "--revision",
        MINE,
        "--timeout",
        "5s",
        "--region",
        "eu-west-1",
        "--region",
        "us-east-1",
    ]
    unisync(*command, "--token-file", str(path), "--no-explain")
    assert {type(token.ref) for token in tokens(path)} == {FleetSync}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("codeconnections:shop", "line 1: expected the text of a WaitToken"),
        ('\n{"ref":"codeconnections:shop"}\n{}\n', "line 3: expected the text of a WaitToken, got '{}' (ref: "),
        (
            '{"ref":"codeconnections:shop"}\n{"ref":"codeconnections:shop","condition":"deleted"}\n',
            "line 2: there is another wait for codeconnections:shop: keep one of them.",
        ),
    ],
)
def test_another_file_is_rejected(aws: Emulator, unisync: Run, path: Path, text: str, message: str) -> None:
    path.write_text(text)
    done = unisync("resume", str(path))
    assert (done.code, message in done.err) == (2, True), done.err
    assert aws.calls == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (str(WaitToken.create(BLOG, revision=MINE)), "has a wait for codeconnections:blog, which has not succeeded"),
        ("notes of mine", "line 1: expected a token of --token-file"),
        ("[" * 100_000, "line 1: expected a token of --token-file"),
        ("[1]", "line 1: expected a token of --token-file"),
    ],
)
def test_a_file_with_anything_else_is_not_replaced(
    aws: Emulator, unisync: Run, path: Path, text: str, message: str
) -> None:
    path.write_text(text)
    done = unisync("wait", str(SHOP), "--revision", MINE, "--token-file", str(path))
    assert (done.code, message in done.err) == (2, True), done.err
    assert path.read_text() == text
    assert aws.calls == []


def test_a_wait_for_the_same_sync_is_replaced_whatever_version_wrote_it(
    aws: Emulator, unisync: Run, path: Path
) -> None:
    path.write_text('{"ref":"codeconnections:shop","format":0}\n{"ref":"codeconnections:shop"}\n')
    aws.push(stack="shop", sha=MINE)
    assert unisync("wait", str(SHOP), "--revision", MINE, "--token-file", str(path)).code == 0
    assert path.read_text() == ""


def test_a_wait_whose_polls_have_all_failed_keeps_its_deadline(aws: Emulator, unisync: Run, path: Path) -> None:
    aws.fault("GetResourceSyncStatus", "ThrottlingException", times=None)
    command = ["wait", str(SHOP), "--revision", MINE, "--token-file", str(path), "--timeout", "2m"]
    assert run(command, aws.client_options(), io.StringIO(), Interrupted("until")) == 130
    (token,) = tokens(path)
    assert token.begin is not None


def test_a_resumed_wait_may_have_no_limit(aws: Emulator, unisync: Run, path: Path) -> None:
    aws.push(stack="shop", sha=MINE, duration=3600)
    path.write_text(f"{WaitToken.create(SHOP, revision=MINE, timeout=10)}\n")
    assert unisync("resume", str(path), "--timeout", "none").code == 0


def test_options_that_do_not_go_together(aws: Emulator, unisync: Run, path: Path) -> None:
    arguments: list[Any] = ["wait", str(SHOP), "--revision", MINE, "--or-newer", "--token-file", str(path)]
    done = unisync(*arguments)
    assert (done.code, "--token-file cannot be used with --or-newer" in done.err) == (2, True)
    assert not aws.calls
