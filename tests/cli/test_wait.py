"""wait: for which syncs and commits, and how."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.runner import Run
from tests.cli.scene import MINE, NEWER, OLD
from unisync.emulator import Emulator

pytestmark = pytest.mark.slow


@pytest.fixture
def files(aws: Emulator) -> None:
    """Two stacks that follow acme/infra, one of another branch, one of another repository, and syncs of Proton."""
    for name, repository, branch in (
        ("shop", "acme/infra", "main"),
        ("blog", "acme/infra", "main"),
        ("test", "acme/infra", "dev"),
        ("other", "acme/other", "main"),
    ):
        aws.add_stack(name, repository=repository, branch=branch, config_file=f"{name}.yaml")
        aws.push(stack=name, sha=OLD)
    aws.add_service_instance("web", "prod", repository="acme/infra")
    aws.add_service_instance("api", "prod", repository="acme/infra")
    aws.push(service="web", sha=OLD)
    aws.add_template("base", repository="acme/infra", branch="dev")
    aws.clock.advance(100)


@pytest.mark.usefixtures("files")
class TestRepository:
    def test_every_sync_that_follows_it(self, unisync: Run) -> None:
        done = unisync("wait", "--repository", "Acme/infra", "--timeout", "5s", "-o", "name")
        assert done.out.split() == [
            "codeconnections:shop",
            "codeconnections:blog",
            "codeconnections:test",
            "proton:web/prod",
            "proton:api/prod",
            "proton-template:SERVICE/base/1",
        ]

    def test_only_of_a_branch(self, unisync: Run) -> None:
        done = unisync("wait", "--repository", "acme/infra", "--branch", "dev", "--timeout", "5s", "-o", "name")
        assert done.out.split() == ["codeconnections:test", "proton-template:SERVICE/base/1"]

    def test_proton_may_be_denied_and_codeconnections_may_not(self, aws: Emulator, unisync: Run) -> None:
        aws.fault("ListServiceInstances", "AccessDeniedException", times=None)
        done = unisync("wait", "--repository", "acme/infra", "--branch", "main", "--revision", OLD, "-o", "name")
        assert (done.code, done.out.split()) == (0, ["codeconnections:shop", "codeconnections:blog"])
        assert "proton could not be searched completely: proton ListServiceInstances: AccessDenied" in done.err
        aws.fault("ListRepositoryLinks", "AccessDeniedException", times=None)
        assert unisync("wait", "--repository", "acme/infra").code == 1

    def test_no_sync_follows_it(self, unisync: Run) -> None:
        done = unisync("wait", "--repository", "acme/infra", "--branch", "nosuch")
        assert (done.code, "no sync follows acme/infra@nosuch" in done.err) == (5, True)

    def test_in_a_fleet(self, unisync: Run) -> None:
        regions = ["--region", "eu-west-1", "--region", "us-east-1"]
        done = unisync("wait", "--repository", "acme/other", *regions, "-o", "name")
        assert (done.code, done.out) == (0, "default/eu-west-1/codeconnections:other\n")


@pytest.mark.usefixtures("files")
class TestFiles:
    def test_lines_may_name_a_commit(self, aws: Emulator, unisync: Run, tmp_path: Path) -> None:
        aws.push(stack="blog", sha=MINE, detection_delay=20)
        (tmp_path / "refs").write_text(f"codeconnections:shop {OLD}\ncodeconnections:blog  # the default\n")
        done = unisync("wait", "-f", str(tmp_path / "refs"), "--revision", MINE, "-o", "json")
        assert [(row["ref"], row["live"]) for row in done.data] == [
            ("codeconnections:shop", OLD),
            ("codeconnections:blog", MINE),
        ]
        assert "for 2 syncs, until" in done.err
        assert f"codeconnections:shop at commit {OLD[:12]}, codeconnections:blog at commit {MINE[:12]}" in done.err

    @pytest.mark.parametrize(
        ("line", "message"),
        [
            ("codeconnections:shop nothex", "line 2: expected a commit's sha"),
            (f"twinmaker:factory {OLD}", "line 2: twinmaker:factory does not follow commits"),
            (f"codeconnections:shop {OLD} {MINE}", "line 2: expected a reference and a commit"),
            (f"codeconnections:other {NEWER}", "codeconnections:other is given twice, with different commits"),
        ],
    )
    def test_lines_that_are_wrong(self, unisync: Run, tmp_path: Path, line: str, message: str) -> None:
        (tmp_path / "refs").write_text(f"codeconnections:other {OLD}\n{line}\n")
        done = unisync("wait", "-f", str(tmp_path / "refs"))
        assert (done.code, message in done.err) == (2, True)

    def test_other_commands_take_no_commits(self, unisync: Run, tmp_path: Path) -> None:
        (tmp_path / "refs").write_text(f"codeconnections:shop {OLD}\n")
        done = unisync("status", "-f", str(tmp_path / "refs"))
        assert (done.code, "line 1: expected only a reference" in done.err) == (2, True)


@pytest.mark.usefixtures("files")
def test_quiet_prints_errors_and_hints_alone(unisync: Run) -> None:
    assert unisync("wait", "codeconnections:shop", "-q").err == ""
    assert unisync("-q", "wait", "codeconnections:shop").err == ""
    done = unisync("wait", "codeconnections:nothing", "-q")
    assert len(done.err.splitlines()) == 2
