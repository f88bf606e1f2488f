"""The commands, run in this process: their calls, their output and their exit codes."""

from __future__ import annotations

import io
import itertools
import json
import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.shell_completion import ShellComplete

from tests.cli.runner import Done, Run
from tests.cli.scene import MINE, NASTY, OLD, ROLE, STACKS
from unisync.cli.app import app, run
from unisync.emulator import Emulator
from unisync.emulator._scenario import sample

pytestmark = pytest.mark.slow

ROLES = [f"arn:aws:iam::{account}:role/reader" for account in ("111111111111", "222222222222")]


@pytest.mark.usefixtures("scene")
class TestReading:
    def test_get_prints_a_row_for_each_sync(self, unisync: Run) -> None:
        done = unisync("get", "codeconnections:live", "codeconnections:blocked", "-o", "json")
        live, blocked = done.data
        assert done.code == 0
        assert (live["ref"], live["state"], live["live"], live["desired"]) == (
            "codeconnections:live",
            "ACTIVE",
            OLD,
            OLD,
        )
        assert (live["reason"], live["error"], live["blockers"], live["account"]) == (None, None, [], None)
        assert live["job"]["latest_sync"]["events"][0]["type"] == "SYNC_INITIATED"
        assert (blocked["state"], blocked["live"], blocked["desired"]) == ("BLOCKED", OLD, MINE)
        assert blocked["reason"] == blocked["blockers"][0]["created_reason"] == "The stack was updated by hand"

    def test_a_missing_sync_does_not_hide_the_others(self, unisync: Run) -> None:
        done = unisync("get", "codeconnections:nothing", "codeconnections:live", "-o", "jsonl")
        nothing, live = (json.loads(line) for line in done.out.splitlines())
        assert (done.code, nothing["state"], live["state"]) == (5, "NOT_FOUND", "ACTIVE")
        assert nothing["error"]["type"] == "NotFoundError"

    def test_denied_access_is_an_error(self, aws: Emulator, unisync: Run) -> None:
        aws.fault("GetResourceSyncStatus", "AccessDeniedException", times=None)
        done = unisync("get", "codeconnections:live")
        assert done.code == 1
        assert "ERROR" in done.out
        assert "AccessDeniedException" in done.out

    def test_status_shows_every_sync(self, unisync: Run) -> None:
        done = unisync("status", "-o", "json")
        assert {row["ref"] for row in done.data} == {
            "twinmaker:factory",
            "proton:web/prod",
            *(f"codeconnections:{name}" for name in STACKS),
        }
        assert (done.code, done.err) == (0, "")

    def test_status_reports_a_failed_search(self, aws: Emulator, unisync: Run) -> None:
        aws.fault("ListServiceInstances", "AccessDeniedException", times=None)
        done = unisync("status")
        assert done.code == 0
        assert "proton could not be searched completely: proton ListServiceInstances: AccessDeniedException" in done.err
        assert "twinmaker:factory" in done.out

    def test_status_fails_if_every_search_fails(self, aws: Emulator, unisync: Run) -> None:
        for operation in ("ListServiceInstances", "ListWorkspaces", "ListServiceTemplates", "ListEnvironmentTemplates"):
            aws.fault(operation, "AccessDeniedException", times=None)
        aws.fault("ListRepositoryLinks", "AccessDeniedException", times=None)
        done = unisync("status", "--region", "eu-west-1", "--region", "us-east-1")
        assert (done.code, done.out) == (1, "")
        assert "No syncs found" not in done.err

    def test_status_reads_references_from_a_file(self, unisync: Run, tmp_path: Path) -> None:
        listed = tmp_path / "refs.txt"
        listed.write_text("# a comment\ncodeconnections:live  # the shop\n\n  twinmaker:factory\n")
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

    def test_all_commands_print_the_same_fields(self, unisync: Run) -> None:
        rows = [unisync(*arguments, "-o", "json").data[0] for arguments in (["get", "twinmaker:factory"], ["status"])]
        rows += unisync("wait", "twinmaker:factory", "-o", "json").data
        assert [list(row) for row in rows] == [list(rows[0])] * 3


def test_status_without_any_sync(unisync: Run) -> None:
    assert unisync("status") == (0, "", "No syncs found.\n")
    assert unisync("status", "-o", "json").out == "[]\n"


INVALID: list[tuple[list[str], str]] = [
    ([], "Usage: unisync [OPTIONS] COMMAND"),
    (["nonsense"], "No such command 'nonsense'"),
    (["wait"], "No syncs to wait for"),
    (["wait", "stack:live"], "got 'stack:live'"),
    (["wait", "codeconnections:live", "--revision", ""], "expected a commit's sha"),
    (["wait", "twinmaker:factory", "--revision", OLD], "twinmaker:factory does not follow commits"),
    (["wait", "codeconnections:live", "--timeout", "soon"], "invalid duration 'soon': use e.g. 90s, 15m, 1h30m"),
    (["wait", "codeconnections:live", "--timeout", "-5"], "invalid duration '-5'"),
    (["wait", "codeconnections:live", "--timeout", "9" * 400 + "s"], "use at most 10 years"),
    (["wait", "codeconnections:live", "--for", "resources"], "is not a TwinMaker sync job"),
    (["wait", "twinmaker:a", "--for", "deleted", "--revision", OLD], "--revision cannot be used with --for deleted"),
    (["wait", "111111111111/eu-west-1/twinmaker:a"], "pass the role of its account with --role-arn"),
    (["wait", "codeconnections:live", "--max-failures", "1"], "--max-failures requires --for resources"),
    (["watch", "codeconnections:live", "--interval", "0"], "'--interval': must be above zero"),
    (["watch", "codeconnections:live", "--interval", "none"], "'--interval': invalid duration 'none'"),
    (["watch", "codeconnections:live", "-o", "json"], "'json' is not one of 'table', 'jsonl'"),
    (["resolve", "codeconnections:live"], "Missing option '--reason'"),
    (["resolve", "codeconnections:live", "--reason", " "], "--reason must not be empty"),
    (["create", "codeconnections:live", "--role", ROLE], "--repository is required for codeconnections:live"),
    (["create", "twinmaker:empty", "--role", ROLE, "--file", "x"], "--file does not apply to twinmaker:empty"),
    (["create", "twinmaker:empty", "--role", ROLE, "--tag", "x"], "expected KEY=VALUE, got 'x'"),
    (["create", "twinmaker:empty", "--role", "me"], "Error: --role: expected"),
    (
        [
            *("create", "proton:web/prod", "--repository", "acme/web", "--branch", "main", "--file", "a"),
            *("--provider", "x"),
        ],
        "Error: --provider: expected",
    ),
    (["report", "codeconnections:live"], "Missing option '--to'"),
    (["get", "codeconnections:live", "--role-arn", "me"], "role_arns: expected ARNs such as arn:aws:iam::"),
    (["get", "codeconnections:live", "--region", "eu west"], "'--region': invalid region 'eu west'"),
    (["get", "codeconnections:live", "--endpoint-url", "foo"], "'--endpoint-url': invalid URL 'foo'"),
    (["get", "codeconnections:live", "--external-id", "x"], "--external-id requires --role-arn"),
    (["emulator", "--speed", "nan"], "--speed: "),
]
"""Commands that end with 2, and a part of their message."""


@pytest.mark.usefixtures("scene")
class TestExitCodes:
    @pytest.mark.parametrize(
        ("arguments", "code", "hint"),
        [
            (["codeconnections:live", "--revision", OLD[:7]], 0, None),
            (["twinmaker:factory", "--for", "resources", "--max-failures", "1"], 0, None),
            (["twinmaker:empty", "--for", "deleted"], 0, None),
            (["codeconnections:failed", "--revision", MINE], 3, "unisync events codeconnections:failed"),
            (["twinmaker:factory", "--for", "resources"], 3, "unisync wait twinmaker:factory --for resources"),
            (["codeconnections:blocked"], 4, "unisync resolve codeconnections:blocked --reason TEXT"),
            (["codeconnections:nothing"], 5, "unisync status"),
            (
                ["codeconnections:superseded", "--revision", MINE],
                6,
                "unisync events codeconnections:superseded --repository",
            ),
            (
                ["codeconnections:live", "--revision", MINE, "--timeout", "20s"],
                124,
                "unisync events codeconnections:live --repository",
            ),
            (
                ["twinmaker:factory", "--for", "deleted", "--timeout", "1s"],
                124,
                "unisync delete twinmaker:factory",
            ),
            (
                ["codeconnections:running", "--revision", MINE, "--timeout", "20s"],
                124,
                f"unisync wait codeconnections:running --revision {MINE} --timeout 30m",
            ),
        ],
    )
    def test_of_a_wait(self, unisync: Run, arguments: list[str], code: int, hint: str | None) -> None:
        done = unisync("wait", *arguments)
        assert done.code == code
        if hint is None:
            assert "Next" not in done.err
        else:
            assert done.last_line.startswith("Next: ")
            assert done.last_line.endswith(hint)

    def test_of_denied_access(self, aws: Emulator, unisync: Run) -> None:
        aws.fault("GetResourceSyncStatus", "AccessDeniedException", times=None)
        done = unisync("wait", "codeconnections:live")
        assert (done.code, done.last_line) == (
            1,
            "Next: check which credentials are in use, and that they allow codeconnections:GetResourceSyncStatus.",
        )

    def test_of_expired_credentials(self, aws: Emulator, unisync: Run) -> None:
        aws.fault("GetResourceSyncStatus", "ExpiredTokenException", times=None)
        done = unisync("wait", "codeconnections:live")
        assert (done.code, "aws sso login" in done.last_line) == (1, True)

    def test_of_several_syncs_is_the_most_severe(self, unisync: Run) -> None:
        done = unisync("wait", "codeconnections:live", "codeconnections:blocked", "codeconnections:failed")
        assert done.code == 3
        done = unisync("wait", "codeconnections:blocked", "codeconnections:nothing")
        assert (done.code, "unisync status" in done.last_line) == (5, True)

    def test_of_invalid_arguments(self, aws: Emulator, unisync: Run) -> None:
        calls = len(aws.calls)
        for arguments, message in INVALID:
            done = unisync(*arguments)
            assert (done.code, done.out) == (2, ""), arguments
            assert message in done.err
        assert len(aws.calls) == calls


@pytest.mark.usefixtures("scene")
class TestWaiting:
    def test_progress_prints_a_line_for_each_change(self, unisync: Run) -> None:
        done = unisync("wait", "codeconnections:running", "codeconnections:live")
        goal, *others = done.err.splitlines()
        assert goal.endswith(" (15 min): codeconnections:running, codeconnections:live")
        lines = [line.split()[2:4] for line in others if "still waiting" not in line]
        assert lines == [["ACTIVE", "codeconnections:live"], ["RUNNING", "codeconnections:running"]] or lines == [
            ["RUNNING", "codeconnections:running"],
            ["ACTIVE", "codeconnections:live"],
        ]

    def test_a_line_is_printed_at_least_every_half_minute(self, unisync: Run) -> None:
        lines = unisync("wait", "codeconnections:running", "codeconnections:live").err.splitlines()
        beats = [line for line in lines if line.endswith("still waiting for 1 of 2: codeconnections:running RUNNING")]
        seconds = [float(line.split()[0]) for line in beats]
        assert len(beats) > 5
        assert all(later - earlier < 60 for earlier, later in itertools.pairwise(seconds))
        assert "aiting" not in unisync("wait", "codeconnections:running", "-q").err

    def test_a_revision_does_not_concern_a_twinmaker_sync_job(self, unisync: Run) -> None:
        done = unisync("wait", "codeconnections:live", "twinmaker:factory", "--revision", OLD, "-o", "json")
        assert [(row["state"], row["live"]) for row in done.data] == [("ACTIVE", OLD), ("ACTIVE", None)]

    def test_waits_for_deletion_share_a_deadline(self, aws: Emulator, unisync: Run) -> None:
        before = aws.clock.now()
        done = unisync("wait", "twinmaker:factory", "codeconnections:live", "--for", "deleted", "--timeout", "30s")
        assert done.code == 124
        assert aws.clock.now() - before == pytest.approx(30, abs=1)

    def test_a_sync_that_never_existed_counts_as_deleted(self, unisync: Run) -> None:
        done = unisync("wait", "twinmaker:nothing", "--for", "deleted")
        assert (done.code, "it did not exist at the first poll" in done.out) == (0, True)

    def test_a_wait_without_a_successful_poll(self, aws: Emulator, unisync: Run) -> None:
        aws.fault("GetResourceSyncStatus", "http-503", times=None)
        done = unisync("wait", "codeconnections:live", "--timeout", "30s")
        assert done.code == 124
        assert done.last_line.startswith("Next: no poll succeeded; try again in a minute.")

    def test_a_sync_that_is_being_deleted_fails(self, unisync: Run) -> None:
        unisync("delete", "twinmaker:factory", "--yes")
        done = unisync("wait", "twinmaker:factory")
        assert done.code == 3
        assert done.last_line.endswith("unisync wait twinmaker:factory --for deleted")

    def test_a_wait_without_a_timeout(self, unisync: Run) -> None:
        assert unisync("wait", "codeconnections:running", "--timeout", "none").code == 0

    def test_duplicate_references_count_once(self, unisync: Run) -> None:
        assert len(unisync("wait", "codeconnections:live", "codeconnections:live", "-o", "json").data) == 1

    def test_the_hint_hides_the_external_id(self, aws: Emulator, unisync: Run) -> None:
        aws.add_role(ROLES[0], external_id="swordfish")
        done = unisync("wait", "codeconnections:nothing", "--role-arn", ROLES[0], "--external-id", "swordfish")
        assert done.code == 5
        assert "--external-id ..." in done.err
        assert "swordfish" not in done.out + done.err

    def test_the_hint_repeats_the_connection_options(self, aws: Emulator, unisync: Run) -> None:
        options = ["--region", "eu-west-1", "--endpoint-url", aws.url, "--codeconnections-service", "codeconnections"]
        for arguments in ([*options, "wait", "codeconnections:blocked"], ["wait", "codeconnections:blocked", *options]):
            assert unisync(*arguments).last_line.endswith(
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

    def test_a_hostile_sha_does_not_break_a_junit_report(self, aws: Emulator, unisync: Run, tmp_path: Path) -> None:
        aws.push(stack="live", sha="4f2c9e1\x00\x1b[31m\uffff<![CDATA[")
        file = tmp_path / "report.xml"
        assert unisync("wait", "codeconnections:live", "--junit", str(file)).code == 0
        (output,) = ElementTree.parse(file).getroot().iter("system-out")
        assert output.text == "live: 4f2c9e1<![CDATA[\ndesired: 4f2c9e1<![CDATA["

    def test_a_junit_report_that_cannot_be_written(self, unisync: Run, tmp_path: Path) -> None:
        for path in (tmp_path / "missing" / "report.xml", tmp_path):
            done = unisync("wait", "codeconnections:live", "--junit", str(path))
            assert done.code == 2
            assert "'--junit': cannot write to" in done.err
        for ref, code in (("codeconnections:live", 1), ("codeconnections:failed", 3)):
            done = unisync("wait", ref, "--junit", "/dev/full")
            assert done.code == code
            assert "Could not write /dev/full: " in done.err


@pytest.mark.usefixtures("scene")
class TestGitHub:
    def test_annotations_and_a_summary(self, unisync: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        summary = tmp_path / "summary.md"
        summary.write_text("before\n")
        monkeypatch.setenv("GITHUB_ACTIONS", "true")
        monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
        done = unisync("wait", *(f"codeconnections:{name}" for name in ("live", "failed", "nasty")))
        commands = [line for line in done.err.splitlines() if line.startswith("::")]
        assert commands == [
            "::error title=codeconnections%3Afailed is FAILED::SYNC_FAILED: Template error: instance of Fn::GetAtt "
            "references undefined resource Database",
            "::error title=codeconnections%3Anasty is FAILED::SYNC_FAILED: <script>alert(1)</script> "
            '::error::injected ##[error]injected gnp.exe | `code` [link](javascript:x) & "quotes" é 日本',
        ]
        others = [line for line in (done.out + done.err).splitlines() if not line.startswith("::")]
        assert not any("##[" in line for line in others)
        before, _, heading, _, live, failed, nasty = [line for line in summary.read_text().splitlines() if line]
        assert (before, heading) == ("before", "| State | Sync | Live | Desired | Started | Reason |")
        assert live.startswith("| ✔ ACTIVE | codeconnections&#58;live | a1a1a1a | a1a1a1a |")
        assert failed.startswith("| ✘ FAILED |")
        assert "&lt;script&gt;" in nasty
        assert "javascript" in nasty
        assert nasty.count("|") == 7
        assert "](" not in nasty

    def test_arguments_cannot_inject_workflow_commands(self, unisync: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("GITHUB_ACTIONS", "true")
        for arguments in (
            ["wait", "x##[error]y"],
            ["wait", "x\n::error::y"],
            ["get", "a:b", "--profile", "x\n::error::y"],
        ):
            done = unisync(*arguments)
            assert done.code == 2
            assert "##[" not in done.err
            assert not any(line.startswith("::") for line in done.err.splitlines())

    def test_no_annotations_outside_of_github(self, unisync: Run) -> None:
        assert "::error title" not in unisync("wait", "codeconnections:failed").err

    def test_the_exit_code_ignores_a_summary_that_cannot_be_written(
        self, unisync: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("GITHUB_ACTIONS", "true")
        monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path))
        done = unisync("wait", "codeconnections:live")
        assert done.code == 0
        assert "Could not write the step summary" in done.err


@pytest.mark.usefixtures("scene")
class TestEventsAndBlockers:
    def test_events_as_json(self, unisync: Run) -> None:
        events = unisync("events", "codeconnections:nasty", "-o", "json").data
        assert [event["sha"] for event in events] == [OLD] * 3 + [MINE] * 3
        assert events[-1]["event"] == NASTY  # whole, in JSON's escapes
        assert (events[-1]["attempt"]["state"], events[-1]["attempt"]["aws_state"]) == ("FAILED", "FAILED")

    def test_json_is_ascii(self, unisync: Run) -> None:
        assert unisync("events", "codeconnections:nasty", "-o", "json").out.isascii()

    def test_no_events(self, unisync: Run) -> None:
        assert unisync("events", "codeconnections:never") == (0, "", "No events for codeconnections:never.\n")
        assert unisync("events", "codeconnections:never", "-o", "json").out == "[]\n"

    def test_events_of_a_twinmaker_sync_job_are_its_failed_resources(self, unisync: Run) -> None:
        (event,) = unisync("events", "twinmaker:factory", "-o", "json").data
        assert event["external_id"] == "boiler-2"

    @pytest.mark.parametrize("ref", ["codeconnections:nothing", "twinmaker:nothing"])
    def test_events_of_what_does_not_exist(self, unisync: Run, ref: str) -> None:
        assert unisync("events", ref).code == 5

    def test_explain_names_the_cause(self, unisync: Run) -> None:
        done = unisync("explain", "codeconnections:blocked")
        assert (done.code, done.err) == (0, "")
        assert "Likely cause: blockers: The stack was updated by hand" in done.out
        explanation = unisync("explain", "codeconnections:blocked", "--revision", MINE, "-o", "json").data
        assert explanation["cause"]["name"] == "blockers"
        assert [check["name"] for check in explanation["checks"]][:3] == ["identity", "definition", "link"]

    def test_explain_ends_well_whatever_it_finds(self, aws: Emulator, unisync: Run) -> None:
        aws.fault("GetSyncConfiguration", "AccessDeniedException", times=None)
        assert unisync("explain", "codeconnections:nothing").code == 0
        assert unisync("explain", "codeconnections:live", "--revision", "HEAD").code == 2
        assert unisync("explain", "twinmaker:factory", "--revision", MINE).code == 2

    def test_an_explanation_says_where_the_sync_is(self, unisync: Run) -> None:
        regions = ("--region", "eu-west-1", "--region", "us-east-1")
        ref = "default/us-east-1/codeconnections:live"
        explanation = unisync("explain", ref, *regions, "-o", "json").data
        assert (explanation["ref"], explanation["region"]) == ("codeconnections:live", "us-east-1")
        assert unisync("explain", ref, *regions).out.startswith(f"{ref}\n")
        assert unisync("explain", "codeconnections:live", "-o", "json").data["region"] == "eu-west-1"

    def test_an_explanation_without_a_region(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
            monkeypatch.delenv(name, raising=False)
        done = run_without_emulator("explain", "codeconnections:live")
        assert done.code == 2
        assert done.err.endswith("Next: set the region with --region, AWS_REGION or AWS_DEFAULT_REGION.\n")

    def test_explain_of_untrusted_text(self, unisync: Run) -> None:
        assert "\x1b" not in unisync("explain", "codeconnections:nasty").out

    def test_resolve_resolves_all_blockers(self, unisync: Run) -> None:
        (blocker,) = unisync("blockers", "codeconnections:blocked", "-o", "json").data
        (resolved,) = unisync("resolve", "codeconnections:blocked", "--reason", "as it was", "-o", "json").data
        assert (resolved["id"], resolved["status"], resolved["resolved_reason"]) == (
            blocker["id"],
            "RESOLVED",
            "as it was",
        )
        done = unisync("resolve", "codeconnections:blocked", "--reason", "as it was")
        assert (done.code, done.err) == (0, "Nothing blocks codeconnections:blocked.\n")

    def test_resolve_resolves_one_blocker(self, unisync: Run) -> None:
        done = unisync(
            "resolve", "codeconnections:blocked", "--reason", "x", "--id", "01234567-89ab-cdef-0123-456789abcdef"
        )
        assert done.code == 5
        (blocker,) = unisync("blockers", "codeconnections:blocked", "-o", "json").data
        assert unisync("resolve", "codeconnections:blocked", "--reason", "x", "--id", blocker["id"]).code == 0

    def test_blockers_and_resolve_without_any_blocker(self, unisync: Run) -> None:
        assert unisync("resolve", "twinmaker:factory", "--reason", "x").code == 0
        for ref in ("twinmaker:nothing", "proton-template:SERVICE/nothing/1", "codeconnections:nothing"):
            assert unisync("blockers", ref).code == 5
            assert unisync("resolve", ref, "--reason", "x").code == 5

    def test_resolved_blockers_are_printed_if_another_fails(self, aws: Emulator, unisync: Run) -> None:
        aws.block(stack="blocked", reason="Another")
        aws.fault("UpdateSyncBlocker", "SyncBlockerDoesNotExistException")
        done = unisync("resolve", "codeconnections:blocked", "--reason", "x", "-o", "json")
        assert (done.code, len(done.data)) == (0, 1)
        assert "was already resolved." in done.err
        aws.block(stack="blocked", reason="One more")
        aws.block(stack="blocked", reason="And one")
        assert len(unisync("blockers", "codeconnections:blocked", "-o", "json").data) == 3
        aws.throttle("UpdateSyncBlocker", rate=1e-9, burst=2)
        done = unisync("resolve", "codeconnections:blocked", "--reason", "x", "-o", "json")
        assert (done.code, len(done.data)) == (1, 2)


class TestFleets:
    @pytest.fixture(autouse=True)
    def accounts(self, aws: Emulator) -> None:
        for role in ROLES:
            aws.add_role(role)
            for region in ("eu-west-1", "us-east-1"):
                account = aws.account(account=role[13:25], region=region)
                account.add_stack("payments-prod", repository="acme/infra")
                account.push(stack="payments-prod", sha=OLD)
        aws.clock.advance(100)

    def test_roles_and_regions(self, unisync: Run) -> None:
        options = [f"--role-arn={role}" for role in ROLES] + ["--region", "eu-west-1", "--region", "us-east-1"]
        expected = {(role[13:25], region) for role in ROLES for region in ("eu-west-1", "us-east-1")}
        for arguments in (
            ["get", "codeconnections:payments-prod"],
            ["status"],
            ["wait", "codeconnections:payments-prod"],
        ):
            done = unisync(*arguments, *options, "-o", "json")
            assert done.code == 0
            assert {(row["account"], row["region"]) for row in done.data} == expected
            assert {row["ref"] for row in done.data} == {"codeconnections:payments-prod"}

    def test_progress_names_the_account_and_the_region(self, aws: Emulator, unisync: Run) -> None:
        aws.account(account="111111111111").push(stack="payments-prod", sha=MINE)
        done = unisync("wait", "codeconnections:payments-prod", *(f"--role-arn={role}" for role in ROLES))
        assert "PENDING     111111111111/eu-west-1/codeconnections:payments-prod" in done.err

    def test_one_sync_of_a_fleet(self, unisync: Run) -> None:
        ref = "222222222222/us-east-1/codeconnections:payments-prod"
        options = [f"--role-arn={role}" for role in ROLES]
        assert unisync("get", ref, *options, "-o", "json").data[0]["region"] == "us-east-1"
        assert len(unisync("events", ref, *options, "-o", "json").data) == 3
        done = unisync("events", "codeconnections:payments-prod", *options)
        assert done.code == 2
        assert "matches 2 accounts and regions: pass one, such as 111111111111/eu-west-1/codeconn" in done.err

    def test_regions_of_one_account(self, aws: Emulator, unisync: Run) -> None:
        aws.add_stack("payments-prod", repository="acme/infra")
        done = unisync(
            "get", "codeconnections:payments-prod", "--region", "eu-west-1", "--region", "us-east-1", "-o", "json"
        )
        assert [(row["account"], row["region"], row["state"]) for row in done.data] == [
            ("default", "eu-west-1", "PENDING"),
            ("default", "us-east-1", "NOT_FOUND"),
        ]

    def test_a_role_that_cannot_be_assumed_does_not_hide_the_others(self, aws: Emulator, unisync: Run) -> None:
        aws.remove_role(ROLES[0])
        done = unisync("status", *(f"--role-arn={role}" for role in ROLES))
        assert done.code == 0
        assert "111111111111/eu-west-1/codeconnections could not be searched completely" in done.err
        assert "222222222222/eu-west-1/codeconnections:payments-prod" in done.out


@pytest.mark.usefixtures("scene")
class TestReports:
    def test_a_page(self, unisync: Run, tmp_path: Path) -> None:
        file = tmp_path / "report.html"
        done = unisync("report", "--to", str(file), "--title", "All of <it>")
        page = file.read_text()
        assert (done.code, done.err) == (0, f"Wrote {file}: 9 syncs.\n")
        assert unisync("report", "-q", "--to", str(file)).err == ""
        assert page.startswith("<!doctype html>")
        assert "All of &lt;it&gt;" in page
        for text in ("codeconnections:failed", "The stack was updated by hand", "The asset has no model", OLD):
            assert text in page
        assert "<script" not in page

    def test_a_page_on_stdout(self, unisync: Run) -> None:
        done = unisync("report", "codeconnections:live", "codeconnections:nothing", "--to", "-")
        assert done.code == 5
        assert "codeconnections:nothing" in done.out
        assert "codeconnections:failed" not in done.out

    def test_the_page_shows_what_could_not_be_read(self, aws: Emulator, unisync: Run) -> None:
        aws.fault("GetRepositorySyncStatus", "AccessDeniedException", times=None)
        done = unisync("report", "codeconnections:live", "--to", "-")
        assert done.code == 0
        assert "GetRepositorySyncStatus: AccessDeniedException" in done.out

    def test_the_page_shows_a_failed_search(self, aws: Emulator, unisync: Run) -> None:
        aws.fault("ListRepositoryLinks", "AccessDeniedException", times=None)
        done = unisync("report", "--to", "-")
        assert done.code == 0
        assert "codeconnections could not be searched completely: codeconnections ListRepositoryLinks" in done.out

    def test_a_page_that_cannot_be_written(self, unisync: Run, tmp_path: Path) -> None:
        done = unisync("report", "codeconnections:live", "--to", str(tmp_path / "missing" / "report.html"))
        assert done.code == 2
        assert "'--to': cannot write to" in done.err


def test_long_texts_are_truncated(aws: Emulator, unisync: Run) -> None:
    aws.add_stack("big", repository="acme/infra")
    aws.push(stack="big", sha=MINE, outcome="FAILED", reason="\x1b[31m" + "x" * 100_000 + "\x07")
    aws.clock.advance(100)
    for arguments in (
        ["get", "codeconnections:big"],
        ["wait", "codeconnections:big"],
        ["events", "codeconnections:big"],
    ):
        done = unisync(*arguments)
        assert len(done.out) + len(done.err) < 16_000
        assert "(100000 characters)" in done.out or "(100013 characters)" in done.out
        assert "\x1b" not in done.out + done.err
    assert len(unisync("events", "codeconnections:big", "-o", "json").data[-1]["event"]) == 100_006
    assert len(unisync("report", "codeconnections:big", "--to", "-").out) < 100_000


@pytest.mark.parametrize(
    ("redirection", "arguments", "code"),
    [
        (">&-", ["wait", "codeconnections:orders-prod"], 3),
        ("2>&-", ["wait", "codeconnections:orders-prod"], 3),
        (">/dev/full", ["wait", "codeconnections:orders-prod"], 3),
        (">/dev/full", ["wait", "codeconnections:payments-prod"], 1),
        (">/dev/full", ["--version"], 1),
        (">/dev/full", ["wait", "--help"], 1),
        ("2>/dev/full", ["wait", "codeconnections:orders-prod"], 3),
        ("| true", ["wait", "codeconnections:orders-prod"], 3),
        ("<&-", ["status", "-f", "-"], 2),
    ],
)
def test_streams_that_are_closed_or_full(redirection: str, arguments: list[str], code: int) -> None:
    with Emulator(speed=1e6) as aws:
        sample.load_sample(aws)
        done = subprocess.run(
            ["bash", "-c", f'set -o pipefail; "$0" -m unisync "$@" {redirection}', sys.executable, *arguments],
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


@pytest.mark.parametrize(
    "options",
    [[], ["--region", "eu-west-1", "--region", "us-east-1"], ["--role-arn", ROLES[0], "--region", "eu-west-1"]],
)
def test_a_profile_that_does_not_exist(options: list[str]) -> None:
    done = run_without_emulator("get", "codeconnections:live", "--profile", "nosuch", *options)
    assert (done.code, "The config profile (nosuch) could not be found" in done.out + done.err) == (1, True)


def run_without_emulator(*arguments: str) -> Done:
    out, err = io.StringIO(), io.StringIO()
    return Done(run(arguments, None, out, err), out.getvalue(), err.getvalue())


def test_completion_scripts(unisync: Run, capsys: pytest.CaptureFixture[str]) -> None:
    for shell in ("bash", "zsh", "fish"):
        assert unisync("completion", shell).code == 0
        assert "_UNISYNC_COMPLETE" in capsys.readouterr().out


def test_shell_completion() -> None:
    complete = ShellComplete(app, {}, "unisync", "_UNISYNC_COMPLETE").get_completions
    for arguments, offered in (
        ("w", ["wait", "watch"]),
        ("wait --fo", ["--for"]),
        ("wait --for ", ["active", "deleted", "resources", "connection"]),
        ("get --region eu-south", ["eu-south-1"]),
    ):
        *typed, last = arguments.split(" ")
        assert [item.value for item in complete(typed, last)] == offered


def test_shell_completion_of_the_command() -> None:
    environ = {"_UNISYNC_COMPLETE": "fish_complete", "COMP_WORDS": "unisync", "COMP_CWORD": "w"}
    done = subprocess.run(
        [sys.executable, "-m", "unisync"], env=environ, capture_output=True, text=True, timeout=60, check=True
    )
    assert [line.partition(",")[2].split("\t")[0] for line in done.stdout.splitlines()] == ["wait", "watch"]


def test_help_imports_neither_boto3_nor_rich_nor_pydantic() -> None:
    code = (
        "import sys; from unisync.cli.app import run; run(['wait', '--help']); "
        "print({'boto3', 'rich', 'pydantic', 'asyncio'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.splitlines()[-1] == "set()"


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
    assert (done.returncode, done.stderr) == (1, "The command unisync needs an extra: pip install 'unisync-aws[cli]'\n")
