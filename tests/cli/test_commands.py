"""The commands, in this process: what they ask of AWS, print, and end with."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree

import pytest

from tests.cli.scene import MINE, NASTY, NEWER, OLD, ROLE, STACKS, furnish
from unisync.cli.app import run
from unisync.emulator import Emulator
from unisync.emulator._scenario import sample

ROLES = [f"arn:aws:iam::{account}:role/reader" for account in ("111111111111", "222222222222")]


class Done(NamedTuple):
    """What came of a command."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        return json.loads(self.out)

    @property
    def last_line(self) -> str:
        return self.err.splitlines()[-1]


Run = Callable[..., Done]


@pytest.fixture
def unisync(aws: Emulator, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs the command on the emulator."""
    for name in ("GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY"):
        monkeypatch.delenv(name, raising=False)

    def command(*words: str) -> Done:
        out, err = io.StringIO(), io.StringIO()
        code = run(words, aws.client_options(), out, err)
        return Done(code, out.getvalue(), err.getvalue())

    return command


@pytest.fixture
def scene(aws: Emulator) -> None:
    furnish(aws)


@pytest.mark.usefixtures("scene")
class TestLooking:
    def test_get_has_a_row_for_each(self, unisync: Run) -> None:
        done = unisync("get", "codeconnections:live", "codeconnections:blocked", "-o", "json")
        live, blocked = done.data
        assert done.code == 0
        assert (live["ref"], live["state"], live["live"], live["wanted"]) == (
            "codeconnections:live",
            "ACTIVE",
            OLD,
            OLD,
        )
        assert (live["why"], live["error"], live["blockers"], live["account"]) == (None, None, [], None)
        assert live["job"]["latest_sync"]["events"][0]["type"] == "SYNC_INITIATED"
        assert (blocked["state"], blocked["live"], blocked["wanted"]) == ("BLOCKED", OLD, MINE)
        assert blocked["why"] == blocked["blockers"][0]["created_reason"] == "The stack was updated by hand"

    def test_what_is_not_there_is_told_and_the_rest_is_shown(self, unisync: Run) -> None:
        done = unisync("get", "codeconnections:nothing", "codeconnections:live", "-o", "jsonl")
        nothing, live = (json.loads(line) for line in done.out.splitlines())
        assert (done.code, nothing["state"], live["state"]) == (5, "NOT_FOUND", "ACTIVE")
        assert nothing["error"]["type"] == "NotFoundError"

    def test_what_is_denied_is_an_error(self, aws: Emulator, unisync: Run) -> None:
        aws.fault("GetResourceSyncStatus", "AccessDeniedException", times=None)
        done = unisync("get", "codeconnections:live")
        assert done.code == 1
        assert "ERROR" in done.out
        assert "AccessDeniedException" in done.out

    def test_status_finds_everything(self, unisync: Run) -> None:
        done = unisync("status", "-o", "json")
        assert {row["ref"] for row in done.data} == {
            "twinmaker:factory",
            "proton:web/prod",
            *(f"codeconnections:{name}" for name in STACKS),
        }
        assert (done.code, done.err) == (0, "")

    def test_status_tells_what_could_not_be_looked_into(self, aws: Emulator, unisync: Run) -> None:
        aws.fault("ListServiceInstances", "AccessDeniedException", times=None)
        done = unisync("status")
        assert done.code == 0
        assert "Could not look into proton to its end: proton ListServiceInstances: AccessDeniedException" in done.err
        assert "twinmaker:factory" in done.out

    def test_a_status_that_could_see_nothing_has_failed(self, aws: Emulator, unisync: Run) -> None:
        for operation in ("ListServiceInstances", "ListWorkspaces", "ListServiceTemplates", "ListEnvironmentTemplates"):
            aws.fault(operation, "AccessDeniedException", times=None)
        aws.fault("ListRepositoryLinks", "AccessDeniedException", times=None)
        done = unisync("status", "--region", "eu-west-1", "--region", "us-east-1")
        assert (done.code, done.out) == (1, "")
        assert "No syncs were found" not in done.err

    def test_status_of_a_list(self, unisync: Run, tmp_path: Path) -> None:
        listed = tmp_path / "refs.txt"
        listed.write_text("# what matters\ncodeconnections:live  # the shop\n\n  twinmaker:factory\n")
        done = unisync("status", "--file", str(listed), "-o", "json")
        assert [row["ref"] for row in done.data] == ["codeconnections:live", "twinmaker:factory"]
        listed.write_text("codeconnections:live\nnonsense\n")
        done = unisync("status", "-f", str(listed))
        assert done.code == 2
        assert "got 'nonsense'" in done.err
        assert "line 2: expected twinmaker:" in done.err
        listed.write_text("\ufefftwinmaker:factory\n")
        assert unisync("status", "-f", str(listed)).code == 0
        listed.write_bytes(b"\xff\xfe\x00")
        assert unisync("status", "-f", str(listed)).code == 2
        assert unisync("status", "-f", str(tmp_path / "missing")).code == 2

    def test_the_same_columns_everywhere(self, unisync: Run) -> None:
        rows = [unisync(*words, "-o", "json").data[0] for words in (["get", "twinmaker:factory"], ["status"])]
        rows += unisync("wait", "twinmaker:factory", "-o", "json").data
        assert [list(row) for row in rows] == [list(rows[0])] * 3


def test_nothing_to_find(unisync: Run) -> None:
    assert unisync("status") == (0, "", "No syncs were found.\n")
    assert unisync("status", "-o", "json").out == "[]\n"


@pytest.mark.usefixtures("scene")
class TestExitCodes:
    @pytest.mark.parametrize(
        ("words", "code", "advice"),
        [
            (["codeconnections:live", "--revision", OLD[:7]], 0, None),
            (["twinmaker:factory"], 0, None),
            (["codeconnections:failed", "--revision", MINE], 3, "unisync events codeconnections:failed"),
            (["codeconnections:blocked"], 4, "unisync resolve codeconnections:blocked --reason TEXT"),
            (["codeconnections:nothing"], 5, "unisync status"),
            (
                ["codeconnections:superseded", "--revision", MINE],
                6,
                f"unisync wait codeconnections:superseded --revision {NEWER}",
            ),
            (
                ["codeconnections:live", "--revision", MINE, "--timeout", "20s"],
                124,
                f"unisync wait codeconnections:live --revision {MINE} --timeout 30m",
            ),
            (["twinmaker:factory", "--for", "resources"], 3, "unisync wait twinmaker:factory --for resources"),
            (["twinmaker:factory", "--for", "resources", "max_failures", "1"], 0, None),
            (["twinmaker:empty", "--for", "deleted"], 0, None),
            (["twinmaker:factory", "--for", "deleted", "--timeout", "1s"], 124, "--for deleted"),
        ],
    )
    def test_of_a_wait(self, unisync: Run, words: list[str], code: int, advice: str | None) -> None:
        done = unisync("wait", *words)
        assert done.code == code
        if advice is None:
            assert "Next" not in done.err
        else:
            assert done.last_line.startswith("Next: ")
            assert done.last_line.endswith(advice) or advice in done.last_line

    def test_an_error(self, aws: Emulator, unisync: Run) -> None:
        aws.fault("GetResourceSyncStatus", "AccessDeniedException", times=None)
        done = unisync("wait", "codeconnections:live")
        assert (done.code, done.last_line) == (
            1,
            "Next: check whose credentials these are, and whether they are allowed codeconnections "
            "GetResourceSyncStatus.",
        )

    def test_of_many_the_gravest(self, unisync: Run) -> None:
        done = unisync("wait", "codeconnections:live", "codeconnections:blocked", "codeconnections:failed")
        assert done.code == 3
        done = unisync("wait", "codeconnections:blocked", "codeconnections:nothing")
        assert (done.code, "unisync status" in done.last_line) == (5, True)

    @pytest.mark.parametrize(
        ("words", "said"),
        [
            ([], "Usage: unisync [OPTIONS] COMMAND"),
            (["nonsense"], "No such command 'nonsense'"),
            (["wait"], "Nothing to wait for"),
            (["wait", "stack:live"], "got 'stack:live'"),
            (["wait", "codeconnections:live", "--revision", ""], "expected a commit's sha"),
            (["wait", "codeconnections:live", "--revision", "main"], "expected a commit's sha"),
            (["wait", "twinmaker:factory", "--revision", OLD], "--revision: twinmaker:factory follows no commits"),
            (["wait", "codeconnections:live", "--timeout", "soon"], "expected such as 90s, 15m or 1h30m"),
            (["wait", "codeconnections:live", "--timeout", "-5"], "expected such as 90s, 15m or 1h30m"),
            (["wait", "codeconnections:live", "--for", "resources"], "is no TwinMaker sync job"),
            (["wait", "twinmaker:a", "--for", "deleted", "--revision", OLD], "--revision goes with --for active"),
            (["wait", "111111111111/eu-west-1/twinmaker:a"], "give the role of its account with --role-arn"),
            (["watch", "codeconnections:live", "--interval", "0"], "--interval"),
            (["get", "codeconnections:live", "-o", "yaml"], "'yaml' is not one of"),
            (["resolve", "codeconnections:live"], "Missing option '--reason'"),
            (["resolve", "codeconnections:live", "--reason", " "], "--reason"),
            (["create", "codeconnections:live", "--role", ROLE], "--repository is needed for the sync configuration"),
            (["create", "twinmaker:empty", "--role", ROLE, "--file", "x"], "--file is not for a TwinMaker sync job"),
            (["create", "twinmaker:empty", "--role", ROLE, "--tag", "x"], "expected KEY=VALUE, got 'x'"),
            (["report", "codeconnections:live"], "Missing option '--output'"),
            (["get", "codeconnections:live", "--role-arn", "me"], "role_arns: expected such as arn:aws:iam::"),
            (["get", "codeconnections:live", "--region", ""], "'--region': expected such as eu-west-1, got ''"),
            (["get", "codeconnections:live", "--region", "eu west"], "got 'eu west'"),
            (
                ["get", "codeconnections:live", "--endpoint-url", "foo"],
                "'--endpoint-url': expected such as https://host",
            ),
            (["get", "codeconnections:live", "--external-id", "x"], "--external-id goes with --role-arn"),
            (["wait", "codeconnections:live", "max_failures", "1"], "max_failures goes with --for resources"),
            (["wait", "codeconnections:live", "--timeout", "9" * 400 + "s"], "ten years at the most"),
            (["watch", "codeconnections:live", "--interval", "99999999999999h"], "ten years at the most"),
            (["watch", "codeconnections:live", "--interval", "none"], "'--interval': expected such as 90s"),
            (["watch", "codeconnections:live", "-o", "json"], "'json' is not one of 'table', 'jsonl'"),
            (["emulator", "--speed", "nan"], "--speed: expected a number above zero"),
            (["demo", "--speed", "inf"], "--speed: expected a number above zero"),
            (["create", "twinmaker:empty", "--role", "me"], "--role: expected"),
            (
                [
                    *("create", "proton:web/prod", "--repository", "acme/web", "--branch", "main", "--file", "a"),
                    *("--provider", "x"),
                ],
                "--provider: expected",
            ),
        ],
    )
    def test_of_what_is_not_understood(self, aws: Emulator, unisync: Run, words: list[str], said: str) -> None:
        asked = len(aws.calls)
        done = unisync(*words)
        assert (done.code, done.out) == (2, "")
        assert said in done.err
        assert len(aws.calls) == asked


@pytest.mark.usefixtures("scene")
class TestWaiting:
    def test_progress_has_a_line_for_each_change(self, unisync: Run) -> None:
        done = unisync("wait", "codeconnections:running", "codeconnections:live")
        lines = [line.split()[2:4] for line in done.err.splitlines()]
        assert lines == [["ACTIVE", "codeconnections:live"], ["RUNNING", "codeconnections:running"]] or lines == [
            ["RUNNING", "codeconnections:running"],
            ["ACTIVE", "codeconnections:live"],
        ]

    def test_with_a_revision_what_follows_no_commits_is_waited_for_too(self, unisync: Run) -> None:
        done = unisync("wait", "codeconnections:live", "twinmaker:factory", "--revision", OLD, "-o", "json")
        assert [(row["state"], row["live"]) for row in done.data] == [("ACTIVE", OLD), ("ACTIVE", None)]

    def test_one_after_the_other_they_share_a_deadline(self, aws: Emulator, unisync: Run) -> None:
        before = aws.clock.now()
        done = unisync("wait", "twinmaker:factory", "codeconnections:live", "--for", "deleted", "--timeout", "30s")
        assert done.code == 124
        assert aws.clock.now() - before == pytest.approx(30, abs=1)

    def test_what_never_was_is_gone_and_said_so(self, unisync: Run) -> None:
        done = unisync("wait", "twinmaker:nothing", "--for", "deleted")
        assert (done.code, "it was not there at the first look" in done.out) == (0, True)

    def test_a_wait_that_no_look_was_answered_for(self, aws: Emulator, unisync: Run) -> None:
        aws.fault("GetResourceSyncStatus", "http-503", times=None)
        done = unisync("wait", "codeconnections:live", "--timeout", "30s")
        assert done.code == 124
        assert done.last_line.startswith("Next: no look was answered; try again in a minute")

    def test_what_is_being_deleted_cannot_come_to_be(self, unisync: Run) -> None:
        unisync("delete", "twinmaker:factory")
        done = unisync("wait", "twinmaker:factory")
        assert done.code == 3
        assert done.last_line.endswith("unisync wait twinmaker:factory --for deleted")

    def test_no_limit(self, unisync: Run) -> None:
        assert unisync("wait", "codeconnections:running", "--timeout", "none").code == 0

    def test_a_repeated_reference_is_waited_for_once(self, unisync: Run) -> None:
        assert len(unisync("wait", "codeconnections:live", "codeconnections:live", "-o", "json").data) == 1

    def test_the_advice_repeats_no_external_id(self, aws: Emulator, unisync: Run) -> None:
        aws.add_role(ROLES[0], external_id="swordfish")
        done = unisync(
            *("wait", "codeconnections:gone", "--role-arn", ROLES[0], "--external-id", "swordfish", "--timeout", "1s")
        )
        assert done.code == 5
        assert "--external-id ..." in done.err
        assert "swordfish" not in done.out + done.err

    def test_the_advice_repeats_where_aws_is(self, aws: Emulator, unisync: Run) -> None:
        options = ["--region", "eu-west-1", "--endpoint-url", aws.url, "--codeconnections-service", "codeconnections"]
        for words in ([*options, "wait", "codeconnections:blocked"], ["wait", "codeconnections:blocked", *options]):
            assert unisync(*words).last_line.endswith(
                f"unisync resolve codeconnections:blocked --reason TEXT --region eu-west-1 --endpoint-url {aws.url} "
                "--codeconnections-service codeconnections"
            )

    def test_a_junit_report(self, unisync: Run, tmp_path: Path) -> None:
        file = tmp_path / "report.xml"
        refs = ["live", "failed", "nasty", "nothing"]
        unisync("wait", *(f"codeconnections:{name}" for name in refs), "--junit", str(file))
        suite = ElementTree.parse(file).getroot()[0]
        assert [suite.get(name) for name in ("tests", "failures", "errors")] == ["4", "2", "1"]
        live, failed, nasty, nothing = suite
        assert [case.get("name") for case in suite] == [f"codeconnections:{name}" for name in refs]
        assert [child.tag for child in live] == ["system-out"]
        assert failed[0].tag == "failure"
        assert failed[0].get("message") == (
            "FAILED: SYNC_FAILED: Template error: instance of Fn::GetAtt references undefined resource Database"
        )
        assert "SYNC_STARTED: Applying failed.yaml to failed" in (failed[0].text or "")
        assert "<script>alert(1)</script>" in (nasty[0].text or "")
        assert (nothing[0].tag, nothing[0].get("type")) == ("error", "NotFoundError")

    def test_no_sha_breaks_a_junit_report(self, aws: Emulator, unisync: Run, tmp_path: Path) -> None:
        aws.push(stack="live", sha="4f2c9e1\x00\x1b[31m\uffff<![CDATA[")
        file = tmp_path / "report.xml"
        assert unisync("wait", "codeconnections:live", "--junit", str(file)).code == 0
        (told,) = ElementTree.parse(file).getroot().iter("system-out")
        assert told.text == "live: 4f2c9e1<![CDATA[\nwanted: 4f2c9e1<![CDATA["

    def test_a_junit_report_that_cannot_be_written(self, unisync: Run, tmp_path: Path) -> None:
        for path in (tmp_path / "missing" / "report.xml", tmp_path):
            done = unisync("wait", "codeconnections:live", "--junit", str(path))
            assert done.code == 2
            assert "'--junit': expected a file that can be written" in done.err
        for ref, code in (("codeconnections:live", 1), ("codeconnections:failed", 3)):
            done = unisync("wait", ref, "--junit", "/dev/full")
            assert done.code == code
            assert "/dev/full could not be written" in done.err


@pytest.mark.usefixtures("scene")
class TestGitHub:
    def test_annotations_and_a_summary(self, unisync: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        summary = tmp_path / "summary.md"
        summary.write_text("before\n")
        monkeypatch.setenv("GITHUB_ACTIONS", "true")
        monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
        done = unisync("wait", *(f"codeconnections:{name}" for name in ("live", "failed", "nasty")))
        orders = [line for line in done.err.splitlines() if line.startswith("::")]
        assert orders == [
            "::error title=codeconnections%3Afailed is FAILED::SYNC_FAILED: Template error: instance of Fn::GetAtt "
            "references undefined resource Database",
            "::error title=codeconnections%3Anasty is FAILED::SYNC_FAILED: <script>alert(1)</script> "
            '::error::injected ##[error]injected gnp.exe | `code` [link](javascript:x) & "quotes" é 日本',
        ]
        others = [line for line in (done.out + done.err).splitlines() if not line.startswith("::")]
        assert not any("##[" in line for line in others)
        before, _, heading, _, live, failed, nasty = [line for line in summary.read_text().splitlines() if line]
        assert (before, heading) == ("before", "| State | Sync | Live | Wanted | Since | Why |")
        assert live.startswith("| ✔ ACTIVE | codeconnections&#58;live | a1a1a1a | a1a1a1a |")
        assert failed.startswith("| ✘ FAILED |")
        assert "&lt;script&gt;" in nasty
        assert "javascript" in nasty
        assert nasty.count("|") == 7
        assert "](" not in nasty

    def test_what_is_typed_gives_no_orders_either(self, unisync: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("GITHUB_ACTIONS", "true")
        for words in (["wait", "x##[error]y"], ["wait", "x\n::error::y"], ["get", "a:b", "--profile", "x\n::error::y"]):
            done = unisync(*words)
            assert done.code == 2
            assert "##[" not in done.err
            assert not any(line.startswith("::") for line in done.err.splitlines())

    def test_elsewhere_there_are_none(self, unisync: Run) -> None:
        assert "::error title" not in unisync("wait", "codeconnections:failed").err

    def test_a_summary_that_cannot_be_written_changes_nothing(
        self, unisync: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("GITHUB_ACTIONS", "true")
        monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path))
        done = unisync("wait", "codeconnections:live")
        assert done.code == 0
        assert "The step summary could not be written" in done.err


@pytest.mark.usefixtures("scene")
class TestTelling:
    def test_events_for_programs(self, unisync: Run) -> None:
        events = unisync("events", "codeconnections:nasty", "-o", "json").data
        assert [event["sha"] for event in events] == [OLD] * 3 + [MINE] * 3
        assert events[-1]["event"] == NASTY  # whole, in JSON's escapes
        assert (events[-1]["attempt"]["state"], events[-1]["attempt"]["aws_state"]) == ("FAILED", "FAILED")

    def test_json_is_ascii(self, unisync: Run) -> None:
        assert unisync("events", "codeconnections:nasty", "-o", "json").out.isascii()

    def test_nothing_is_told(self, unisync: Run) -> None:
        assert unisync("events", "codeconnections:never") == (0, "", "Nothing is told of codeconnections:never.\n")
        assert unisync("events", "codeconnections:never", "-o", "json").out == "[]\n"

    def test_the_resources_that_failed(self, unisync: Run) -> None:
        (event,) = unisync("events", "twinmaker:factory", "-o", "json").data
        assert event["external_id"] == "boiler-2"

    def test_a_blocker_is_released(self, unisync: Run) -> None:
        (blocker,) = unisync("blockers", "codeconnections:blocked", "-o", "json").data
        (resolved,) = unisync("resolve", "codeconnections:blocked", "--reason", "as it was", "-o", "json").data
        assert (resolved["id"], resolved["status"], resolved["resolved_reason"]) == (
            blocker["id"],
            "RESOLVED",
            "as it was",
        )
        done = unisync("resolve", "codeconnections:blocked", "--reason", "as it was")
        assert (done.code, done.err) == (0, "Nothing blocks codeconnections:blocked.\n")

    def test_one_blocker_is_released(self, unisync: Run) -> None:
        done = unisync(
            "resolve", "codeconnections:blocked", "--reason", "x", "--id", "01234567-89ab-cdef-0123-456789abcdef"
        )
        assert done.code == 5
        (blocker,) = unisync("blockers", "codeconnections:blocked", "-o", "json").data
        assert unisync("resolve", "codeconnections:blocked", "--reason", "x", "--id", blocker["id"]).code == 0

    def test_what_nothing_can_block(self, unisync: Run) -> None:
        assert unisync("resolve", "twinmaker:factory", "--reason", "x").code == 0
        for ref in ("twinmaker:nothing", "proton-template:SERVICE/nothing/1", "codeconnections:nothing"):
            assert unisync("blockers", ref).code == 5
            assert unisync("resolve", ref, "--reason", "x").code == 5

    def test_what_was_released_is_told_though_the_next_one_was_not(self, aws: Emulator, unisync: Run) -> None:
        aws.block(stack="blocked", reason="Another")
        aws.fault("UpdateSyncBlocker", "SyncBlockerDoesNotExistException")
        done = unisync("resolve", "codeconnections:blocked", "--reason", "x", "-o", "json")
        assert (done.code, len(done.data)) == (0, 1)
        assert "was released by somebody else." in done.err
        aws.block(stack="blocked", reason="One more")
        aws.block(stack="blocked", reason="And one")
        assert len(unisync("blockers", "codeconnections:blocked", "-o", "json").data) == 3
        aws.throttle("UpdateSyncBlocker", rate=1e-9, burst=2)
        done = unisync("resolve", "codeconnections:blocked", "--reason", "x", "-o", "json")
        assert (done.code, len(done.data)) == (1, 2)


class TestDefining:
    def test_a_sync_job(self, aws: Emulator, unisync: Run) -> None:
        aws.add_workspace("factory")
        done = unisync("create", "twinmaker:factory", "--role", ROLE, "--tag", "team=ops", "--tag", "url=a=b")
        assert done.code == 0
        assert done.last_line == "Created a TwinMaker sync job. Next: unisync wait twinmaker:factory"
        assert aws.calls[-1].params["tags"] == {"team": "ops", "url": "a=b"}
        assert unisync("wait", "twinmaker:factory").code == 0
        assert unisync("create", "twinmaker:factory", "--role", ROLE).code == 1
        assert unisync("delete", "twinmaker:factory", "-o", "json").data[0]["status"]["state"] == "DELETING"
        assert unisync("wait", "twinmaker:factory", "--for", "deleted", "-o", "json").data[0]["state"] == "GONE"
        assert unisync("delete", "twinmaker:factory").code == 5

    def test_a_stack(self, aws: Emulator, unisync: Run) -> None:
        link = aws.add_repository_link("acme/infra")
        for repository in ("acme/infra", link):
            words = ["--repository", repository, "--branch", "main", "--file", "a.yaml", "--role", ROLE]
            done = unisync("create", "codeconnections:shop", *words, "--trigger", "FILE_CHANGE", "-o", "json")
            assert (done.code, done.data[0]["repository_link_id"]) == (0, link)
            assert done.data[0]["trigger_resource_update_on"] == "FILE_CHANGE"
            assert unisync("delete", "codeconnections:shop").code == 0
        words = ["--repository", "acme/other", "--branch", "main", "--file", "a.yaml", "--role", ROLE]
        done = unisync("create", "codeconnections:shop", *words)
        assert done.code == 2
        assert "CodeConnections has no link to acme/other; it has links to: acme/infra." in done.err

    def test_proton(self, aws: Emulator, unisync: Run) -> None:
        aws.add_service_instance("web", "prod")
        aws.add_template("web")
        aws.add_repository("acme/web")
        words = ["--repository", "acme/web", "--provider", "GITHUB", "--branch", "main"]
        assert unisync("create", "proton:web/prod", *words, "--file", "ops.yaml").code == 0
        assert unisync("create", "proton-template:SERVICE/web/1", *words, "--directory", "web").code == 0
        done = unisync("get", "proton:web/prod", "proton-template:SERVICE/web/1", "-o", "json")
        assert [row["state"] for row in done.data] == ["PENDING", "PENDING"]
        assert unisync("delete", "proton:web/prod").code == 0
        assert unisync("delete", "proton-template:SERVICE/web/1").code == 0


class TestFleets:
    @pytest.fixture(autouse=True)
    def accounts(self, aws: Emulator) -> None:
        for role in ROLES:
            aws.add_role(role)
            for region in ("eu-west-1", "us-east-1"):
                world = aws.account(account=role[13:25], region=region)
                world.add_stack("payments-prod", repository="acme/infra")
                world.push(stack="payments-prod", sha=OLD)
        aws.clock.advance(100)

    def test_roles_and_regions(self, unisync: Run) -> None:
        options = [f"--role-arn={role}" for role in ROLES] + ["--region", "eu-west-1", "--region", "us-east-1"]
        wanted = {(role[13:25], region) for role in ROLES for region in ("eu-west-1", "us-east-1")}
        for words in (["get", "codeconnections:payments-prod"], ["status"], ["wait", "codeconnections:payments-prod"]):
            done = unisync(*words, *options, "-o", "json")
            assert done.code == 0
            assert {(row["account"], row["region"]) for row in done.data} == wanted
            assert {row["ref"] for row in done.data} == {"codeconnections:payments-prod"}

    def test_progress_names_the_account_and_the_region(self, aws: Emulator, unisync: Run) -> None:
        aws.account(account="111111111111").push(stack="payments-prod", sha=MINE)
        done = unisync("wait", "codeconnections:payments-prod", *(f"--role-arn={role}" for role in ROLES))
        assert "PENDING     111111111111/eu-west-1/codeconnections:payments-prod" in done.err

    def test_one_of_a_fleet(self, unisync: Run) -> None:
        ref = "222222222222/us-east-1/codeconnections:payments-prod"
        options = [f"--role-arn={role}" for role in ROLES]
        assert unisync("get", ref, *options, "-o", "json").data[0]["region"] == "us-east-1"
        assert len(unisync("events", ref, *options, "-o", "json").data) == 3
        done = unisync("events", "codeconnections:payments-prod", *options)
        assert done.code == 2
        assert "could be in 2 places: write such as 111111111111/eu-west-1/codeconnections:payments-prod" in done.err

    def test_regions_of_one_account(self, aws: Emulator, unisync: Run) -> None:
        aws.add_stack("payments-prod", repository="acme/infra")
        done = unisync(
            "get", "codeconnections:payments-prod", "--region", "eu-west-1", "--region", "us-east-1", "-o", "json"
        )
        assert [(row["account"], row["region"], row["state"]) for row in done.data] == [
            ("default", "eu-west-1", "PENDING"),
            ("default", "us-east-1", "NOT_FOUND"),
        ]

    def test_a_role_that_is_refused_is_told(self, aws: Emulator, unisync: Run) -> None:
        aws.remove_role(ROLES[0])
        done = unisync("status", *(f"--role-arn={role}" for role in ROLES))
        assert done.code == 0
        assert "Could not look into 111111111111/eu-west-1/codeconnections to its end" in done.err
        assert "222222222222/eu-west-1/codeconnections:payments-prod" in done.out


@pytest.mark.usefixtures("scene")
class TestReports:
    def test_a_page(self, unisync: Run, tmp_path: Path) -> None:
        file = tmp_path / "report.html"
        done = unisync("report", "-o", str(file), "--title", "All of <it>")
        page = file.read_text()
        assert (done.code, done.err) == (0, f"Wrote {file}: 9 syncs.\n")
        assert page.startswith("<!doctype html>")
        assert "All of &lt;it&gt;" in page
        for text in ("codeconnections:failed", "The stack was updated by hand", "The asset has no model", OLD):
            assert text in page
        assert "<script" not in page

    def test_of_some_on_stdout(self, unisync: Run) -> None:
        done = unisync("report", "codeconnections:live", "codeconnections:nothing", "-o", "-")
        assert done.code == 5
        assert "codeconnections:nothing" in done.out
        assert "codeconnections:failed" not in done.out

    def test_what_cannot_be_read_is_on_the_page(self, aws: Emulator, unisync: Run) -> None:
        aws.fault("GetRepositorySyncStatus", "AccessDeniedException", times=None)
        done = unisync("report", "codeconnections:live", "-o", "-")
        assert done.code == 0
        assert "GetRepositorySyncStatus: AccessDeniedException" in done.out

    def test_what_could_not_be_looked_into_is_on_the_page(self, aws: Emulator, unisync: Run) -> None:
        aws.fault("ListRepositoryLinks", "AccessDeniedException", times=None)
        done = unisync("report", "-o", "-")
        assert done.code == 0
        assert "Could not look into codeconnections to its end: codeconnections ListRepositoryLinks" in done.out

    def test_where_it_cannot_be_written(self, unisync: Run, tmp_path: Path) -> None:
        done = unisync("report", "codeconnections:live", "-o", str(tmp_path / "missing" / "report.html"))
        assert done.code == 2
        assert "'--output' / '-o': expected a file that can be written" in done.err


def test_a_megabyte_of_text_is_cut_down(aws: Emulator, unisync: Run) -> None:
    aws.add_stack("big", repository="acme/infra")
    aws.push(stack="big", sha=MINE, outcome="FAILED", reason="\x1b[31m" + "x" * 1_000_000 + "\x07")
    aws.clock.advance(100)
    for words in (["get", "codeconnections:big"], ["wait", "codeconnections:big"], ["events", "codeconnections:big"]):
        done = unisync(*words)
        assert len(done.out) + len(done.err) < 8_000
        assert "(1000000 characters)" in done.out or "(1000013 characters)" in done.out
        assert "\x1b" not in done.out + done.err
    assert len(unisync("events", "codeconnections:big", "-o", "json").data[-1]["event"]) == 1_000_006
    assert len(unisync("report", "codeconnections:big", "-o", "-").out) < 100_000


@pytest.mark.parametrize(
    ("redirection", "words", "code"),
    [
        (">&-", ["wait", "codeconnections:orders-prod"], 3),
        ("2>&-", ["wait", "codeconnections:orders-prod"], 3),
        ("2>&-", ["wait", "codeconnections:payments-prod"], 0),
        (">/dev/full", ["wait", "codeconnections:orders-prod"], 3),
        (">/dev/full", ["wait", "codeconnections:payments-prod"], 1),
        ("2>/dev/full", ["wait", "codeconnections:orders-prod"], 3),
        ("2>/dev/full", ["get", "nonsense"], 2),
        ("| true", ["wait", "codeconnections:orders-prod"], 3),
        ("<&-", ["status", "-f", "-"], 2),
    ],
)
def test_streams_that_nobody_reads(redirection: str, words: list[str], code: int) -> None:
    with Emulator(speed=1e6) as aws:
        sample.load_sample(aws)
        done = subprocess.run(
            ["bash", "-c", f'set -o pipefail; "$0" -m unisync "$@" {redirection}', sys.executable, *words],
            env={**os.environ, **aws.environment()},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == code
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
    if code == 3 and redirection[0] != "2":
        assert done.stderr.splitlines()[-1].startswith("Next: ")


def test_a_profile_that_does_not_exist(tmp_path: Path) -> None:
    for options in ([], ["--region", "eu-west-1", "--region", "us-east-1"], ["--role-arn", ROLES[0]]):
        done = subprocess.run(
            [sys.executable, "-m", "unisync", "get", "codeconnections:live", "--profile", "nosuch", *options],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode in (1, 2)
        assert "nosuch" in done.stdout + done.stderr
        assert "Traceback" not in done.stderr


def test_completion(unisync: Run, capsys: pytest.CaptureFixture[str]) -> None:
    for shell in ("bash", "zsh", "fish"):
        assert unisync("completion", shell).code == 0
        assert "_UNISYNC_COMPLETE" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("unisync w", ["wait", "watch"]),
        ("unisync wait --fo", ["--for"]),
        ("unisync wait --for ", ["active", "deleted", "resources"]),
        ("unisync get --region eu-south", ["eu-south-1"]),
    ],
)
def test_what_a_shell_is_offered(words: str, offered: list[str]) -> None:
    typed = words.split(" ")
    environ = {"_UNISYNC_COMPLETE": "fish_complete", "COMP_WORDS": " ".join(typed[:-1]), "COMP_CWORD": typed[-1]}
    done = subprocess.run(
        [sys.executable, "-m", "unisync"], env=environ, capture_output=True, text=True, timeout=60, check=True
    )
    assert [line.partition(",")[2].split("\t")[0] for line in done.stdout.splitlines()] == offered


def test_help_loads_neither_boto3_nor_rich_nor_pydantic() -> None:
    code = (
        "import sys; from unisync.cli.app import run; run(['wait', '--help']); "
        "print({'boto3', 'rich', 'pydantic', 'asyncio'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.splitlines()[-1] == "set()"


def test_what_it_is_called(unisync: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert unisync("--version").code == 0
    assert capsys.readouterr().out.startswith("unisync 0.")


def test_without_the_extra(tmp_path: Path) -> None:
    (tmp_path / "click.py").write_text("raise ImportError")
    done = subprocess.run(
        [sys.executable, "-m", "unisync", "--help"],
        env={"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (1, "The command needs an extra: pip install 'unisync-aws[cli]'\n")
