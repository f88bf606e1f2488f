"""--or-newer: commits that contain another, by real Git repositories."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.runner import Run
from tests.support.samples import revision
from unisync.cli.ancestry import OrNewer
from unisync.cli.hints import HintedError
from unisync.emulator import Emulator

pytestmark = pytest.mark.slow

Commit = Callable[[str], str]


def git(folder: Path, *arguments: str) -> str:
    settings = ("-c", "user.name=test", "-c", "user.email=test@example.test", "-c", "commit.gpgsign=false")
    command = ["git", *settings, "-C", str(folder), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    """A repository whose branch main has the commits "one", "two" and "three"."""
    folder = tmp_path / "origin"
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch=main")
    for name in ("one", "two", "three"):
        commit(folder, name)
    return folder


def commit(folder: Path, name: str) -> str:
    git(folder, "commit", "--quiet", "--allow-empty", "--message", name)
    return git(folder, "rev-parse", "HEAD")


@pytest.fixture
def shallow(origin: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A clone of the last commit alone, as CI systems make it; the working directory."""
    folder = tmp_path / "clone"
    subprocess.run(["git", "clone", "--quiet", "--depth", "1", origin.as_uri(), str(folder)], check=True)
    monkeypatch.chdir(folder)
    return folder


@pytest.mark.usefixtures("shallow")
def test_a_newer_commit_counts_and_an_older_one_does_not(origin: Path) -> None:
    one, two, three = git(origin, "rev-list", "--reverse", "main").split()
    accepts = OrNewer(two[:7])
    assert [accepts(revision(sha)) for sha in (one, two, three)] == [False, True, True]


@pytest.mark.usefixtures("shallow")
def test_a_commit_that_is_pushed_later_is_fetched(origin: Path) -> None:
    accepts = OrNewer(git(origin, "rev-parse", "main"))
    assert accepts(revision(commit(origin, "four")))
    git(origin, "checkout", "--quiet", "-b", "other", "main~2")
    assert not accepts(revision(commit(origin, "five")))


def test_history_is_fetched_once(origin: Path, shallow: Path) -> None:
    one, _, three = git(origin, "rev-list", "--reverse", "main").split()
    accepts = OrNewer(three)
    assert not accepts(revision(one))
    git(shallow, "remote", "set-url", "origin", "/nowhere")
    assert not accepts(revision(one))
    assert accepts(revision(three))
    assert git(shallow, "rev-parse", "--is-shallow-repository") == "false"


@pytest.mark.usefixtures("shallow")
@pytest.mark.parametrize("sha", ["ab" * 20, "--upload-pack=touch x", ""])
def test_an_unknown_commit_is_an_error(origin: Path, sha: str) -> None:
    accepts = OrNewer(git(origin, "rev-parse", "main"))
    with pytest.raises(HintedError, match="cannot tell which commits are newer") as raised:
        accepts(revision(sha))
    assert raised.value.hint.startswith("Next: run this in a clone of the repository")
    assert not Path("x").exists()


def test_a_fetch_that_fails_is_an_error(origin: Path, shallow: Path) -> None:
    one, _, three = git(origin, "rev-list", "--reverse", "main").split()
    git(shallow, "remote", "set-url", "origin", "/nowhere")
    with pytest.raises(HintedError, match="'/nowhere' does not appear to be a git repository") as raised:
        OrNewer(three)(revision(one))
    assert "git fetch" in raised.value.hint
    assert "--unshallow" in raised.value.hint


def test_without_a_repository_or_git_there_is_no_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, aws: Emulator, unisync: Run
) -> None:
    aws.add_stack("live", repository="acme/infra")
    monkeypatch.chdir(tmp_path)
    done = unisync("wait", "codeconnections:live", "--revision", "ab" * 20, "--or-newer")
    assert (done.code, "not a git repository" in done.err) == (1, True)
    assert done.last_line.endswith("git rev-parse --git-dir")
    monkeypatch.setenv("PATH", "")
    done = unisync("wait", "codeconnections:live", "--revision", "ab" * 20, "--or-newer")
    assert (done.code, "git cannot be run" in done.err) == (1, True)
    assert aws.calls == []


@pytest.mark.usefixtures("shallow")
def test_a_wait_accepts_a_newer_commit(origin: Path, aws: Emulator, unisync: Run) -> None:
    one, two, three = git(origin, "rev-list", "--reverse", "main").split()
    aws.add_stack("live", repository="acme/infra")
    aws.push(stack="live", sha=one)
    aws.clock.advance(100)
    aws.push(stack="live", sha=three, detection_delay=30)
    done = unisync("wait", "codeconnections:live", "--revision", two, "--or-newer", "-o", "json")
    assert (done.code, done.data[0]["live"]) == (0, three)
    assert f"Waiting for codeconnections:live at commit {two[:12]} or newer, until" in done.err


@pytest.mark.usefixtures("shallow")
def test_the_failure_of_a_newer_commit_is_explained(origin: Path, aws: Emulator, unisync: Run) -> None:
    one, two, three = git(origin, "rev-list", "--reverse", "main").split()
    aws.add_stack("live", repository="acme/infra")
    aws.push(stack="live", sha=one)
    aws.clock.advance(100)
    aws.push(stack="live", sha=three, outcome="FAILED", failure="change_set")
    done = unisync("wait", "codeconnections:live", "--revision", two, "--or-newer")
    assert (done.code, "Likely cause: attempt (see above)." in done.err.splitlines()) == (3, True)
    assert "All checks: unisync explain codeconnections:live" in done.err.splitlines()


@pytest.mark.usefixtures("shallow")
def test_a_wait_that_cannot_tell_fails(origin: Path, aws: Emulator, unisync: Run) -> None:
    aws.add_stack("live", repository="acme/infra")
    aws.push(stack="live", sha="ab" * 20)
    aws.clock.advance(100)
    done = unisync("wait", "codeconnections:live", "--revision", git(origin, "rev-parse", "main"), "--or-newer")
    assert (done.code, done.out) == (1, "")
    assert done.last_line.endswith(f"git fetch origin {'ab' * 20}")
