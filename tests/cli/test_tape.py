"""unisync tape: a tape of the demo, scrubbed, replayed and compared."""

from __future__ import annotations

import copy
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import JsonValue
from typing_extensions import override

from tests.cli.runner import Done, Run
from unisync._core.exchanges import Exchange, listening
from unisync.cli.app import run
from unisync.cli.exit_codes import Exit
from unisync.emulator import Emulator
from unisync.testing.tape.fields import Kind
from unisync.testing.tape.file import load
from unisync.testing.tape.recording import _entry, strings_of
from unisync.testing.tape.replay import replay_options
from unisync.testing.tape.scrub import MIN_SEARCHED
from unisync.testing.tape.words import IS_DATE, VOCABULARY

pytestmark = pytest.mark.slow

DEMO = ("demo", "--speed", "60")
NAMES = ("payments", "prod", "acme", "infra", "factory", "deployment.yaml", "123456789012", "role/sync", "git-sync")
SHAS = ("4f2c9e1d6b", "bad0c0de6b", "1a57c0de6b", "4f2c9e1", "bad0c0d", "1a57c0d")
TEXTS = ("Template error: instance of Fn::GetAtt references undefined resource Database", "by hand", "Reverted")
Lines = list[dict[str, Any]]
Alter = Callable[[Lines], None]


class Tape:
    """A tape of the demo, and what was on it before it was scrubbed."""

    def __init__(self, path: Path, exchanges: list[Exchange], done: Done) -> None:
        self.path = path
        self.exchanges = exchanges
        self.done = done
        self.text = path.read_text(encoding="utf-8")
        self.lines: Lines = [json.loads(line) for line in self.text.splitlines()]


def command(*arguments: str, aws: Emulator | None = None) -> Done:
    out, err = io.StringIO(), io.StringIO()
    code = run(arguments, None if aws is None else aws.client_options(), out, err)
    return Done(code, out.getvalue(), err.getvalue())


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Tape:
    path = tmp_path_factory.mktemp("tape") / "tape.jsonl"
    exchanges: list[Exchange] = []
    with listening(exchanges.append):
        done = command("tape", "record", "--output", str(path), "--yes", "--", "unisync", *DEMO)
    return Tape(path, exchanges, done)


def test_the_demo_is_recorded(demo: Tape) -> None:
    assert demo.done.code == 0
    assert "$ unisync wait codeconnections:payments-prod" in demo.done.out
    assert demo.done.last_line.startswith(f"Kept {len(demo.exchanges)} calls in {demo.path}.")
    assert len(demo.lines) == len(demo.exchanges) + 1 > 20
    states = {line["body"]["LatestSync"]["Status"] for line in demo.lines[1:] if "LatestSync" in (line["body"] or {})}
    assert {"IN_PROGRESS", "SUCCEEDED", "FAILED"} <= states


def test_nothing_of_the_original_is_left(demo: Tape) -> None:
    for original in (*NAMES, *SHAS, *TEXTS):
        assert original not in demo.text
    start = demo.exchanges[0].started_at
    raw = list(strings_of([_entry(each, start) for each in demo.exchanges]))
    names = {text for text, kind in raw if kind is Kind.NAME and len(text) >= MIN_SEARCHED}
    names = {name for name in names if not IS_DATE.fullmatch(name)} - {"SITEWISE", "GitHub", "eu-west-1"}
    assert {"payments-prod", "deployment.yaml", "Reverted by hand", "Queue"} <= names
    assert len(names) > 40
    shown = re.sub(r"AWS::\w+::\w+", "", demo.text)  # of which some resources have their names
    assert {name for name in names if name in shown} == set()
    texts = {text for text, kind in raw if kind is Kind.TEXT and any(name in text for name in NAMES)}
    assert texts
    assert {text for text in texts if text in shown} == set()


def test_what_is_kept_is_shown_and_nothing_else(demo: Tape) -> None:
    shown = demo.done.err
    assert " x codeconnections GetResourceSyncStatus: 200\n" in shown
    assert "AWS's words, kept:\n" in shown
    for text in strings_of_lines(demo.lines):
        assert text in shown
    for original in (*NAMES, *SHAS):
        assert original not in shown.partition("The tape, scrubbed:")[2].partition("Beside these")[0]


def strings_of_lines(lines: Lines) -> list[str]:
    """Every string in the replies."""

    def walk(value: JsonValue) -> list[str]:
        if isinstance(value, dict):
            return [each for item in value.values() for each in walk(item)]
        if isinstance(value, list):
            return [each for item in value for each in walk(item)]
        return [value] if isinstance(value, str) and value not in ("true", "false") else []

    return [each for line in lines[1:] for each in walk(line["body"])]


def test_the_tape_replays(demo: Tape) -> None:
    """The commands of the demo, with the names on the tape, end as they did in the demo."""
    options = replay_options(load(demo.path))
    params = {line["operation"]: line["params"] for line in demo.lines[1:]}
    bodies = [line["body"] for line in demo.lines[1:] if line["operation"] == "GetResourceSyncStatus"]
    good, bad, last = dict.fromkeys(body["DesiredState"]["Sha"][:7] for body in bodies if "DesiredState" in body)
    stack = f"codeconnections:{params['GetResourceSyncStatus']['ResourceName']}"
    job = params["CreateSyncJob"]
    commands = [
        ("wait", stack, "--revision", good),
        ("wait", stack, "--revision", bad),
        ("wait", stack, "--revision", last),
        ("resolve", stack, "--reason", params["UpdateSyncBlocker"]["ResolvedReason"]),
        ("wait", stack, "--revision", last),
        ("create", f"twinmaker:{job['workspaceId']}", "--role", job["syncRole"]),
        ("status",),
    ]
    codes = [int(code) for code in re.findall(r"\(exit code (\d+)\)", demo.done.out)]
    assert codes == [0, 3, 4, 0, 0, 0, 0]
    for arguments, code in zip(commands, codes, strict=True):
        out, err = io.StringIO(), io.StringIO()
        assert run(arguments, options, out, err) == code, err.getvalue()


def test_a_tape_of_the_emulator_does_not_differ_from_it(demo: Tape) -> None:
    done = command("tape", "compare", str(demo.path))
    assert (done.code, done.out) == (0, ""), done.out
    assert done.err == f"0 differences in {len(demo.exchanges)} calls.\n"


# Tapes that were altered by hand.


def attempt(lines: Lines) -> dict[str, Any]:
    """An attempt with its three events."""
    attempts = (line["body"]["LatestSync"] for line in lines[1:] if "LatestSync" in (line["body"] or {}))
    found: dict[str, Any] = next(each for each in attempts if len(each["Events"]) == 3)
    return found


def add_field(lines: Lines) -> None:
    attempt(lines)["Priority"] = "HIGH"


def reverse_events(lines: Lines) -> None:
    attempt(lines)["Events"].reverse()


def change_type_of_event(lines: Lines) -> None:
    attempt(lines)["Events"][1]["Type"] = "SYNC_BEGAN"


def change_text(lines: Lines) -> None:
    attempt(lines)["Events"][0]["Event"] += " again"


def change_status(lines: Lines) -> None:
    next(line for line in lines if line.get("operation") == "CreateSyncJob")["status"] = 202


ALTERATIONS: dict[Alter, str] = {
    add_field: "unknown field LatestSync.Priority: tape 'HIGH', emulator no such field",
    reverse_events: "order LatestSync.Events: tape newest first, emulator oldest first",
    change_type_of_event: "type of event LatestSync.Events[1].Type: tape SYNC_BEGAN, emulator SYNC_FAILED or ",
    change_text: "form of the text LatestSync.Events[0].Event: tape 'Sync of commit * initiated *', emulator ",
    change_status: "status: tape 202, emulator 200",
}


def differences(demo: Tape, path: Path, *alterations: Alter) -> list[str]:
    """The differences of an altered tape."""
    lines = copy.deepcopy(demo.lines)
    for alter in alterations:
        alter(lines)
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    done = command("tape", "compare", str(path))
    found = done.out.splitlines()
    assert done.code == (1 if found else 0)
    data = command("tape", "compare", str(path), "-o", "json").data
    assert len(data) == len(found)
    assert command("tape", "compare", str(path), "-o", "jsonl").out.count("\n") == len(found)
    return found


@pytest.mark.parametrize("alter", ALTERATIONS)
def test_each_alteration_is_one_difference(demo: Tape, tmp_path: Path, alter: Alter) -> None:
    (found,) = differences(demo, tmp_path / "altered.jsonl", alter)
    assert ALTERATIONS[alter] in found
    assert found.startswith("exchange ")


def test_five_alterations_are_five_differences(demo: Tape, tmp_path: Path) -> None:
    # The events are reversed last, as the others count them.
    order = [add_field, change_type_of_event, change_text, change_status, reverse_events]
    assert len(differences(demo, tmp_path / "altered.jsonl", *order)) == 5


def reply(lines: Lines, operation: str, status: int = 200) -> dict[str, Any]:
    return next(line for line in lines[1:] if (line["operation"], line["status"]) == (operation, status))


def remove_field(lines: Lines) -> None:
    del attempt(lines)["StartedAt"]


def change_type(lines: Lines) -> None:
    attempt(lines)["StartedAt"] = "2026-11-22T18:44:12Z"


def change_state(lines: Lines) -> None:
    attempt(lines)["Status"] = "PAUSED"


def change_error(lines: Lines) -> None:
    reply(lines, "GetSyncJob", 404)["body"]["__type"] = "com.amazonaws.iottwinmaker#GoneException"


def change_status_of_error(lines: Lines) -> None:
    reply(lines, "GetSyncJob", 404)["status"] = 400


def change_message(lines: Lines) -> None:
    reply(lines, "GetSyncJob", 404)["body"]["message"] = "No such job"


def add_to_error(lines: Lines) -> None:
    reply(lines, "GetSyncJob", 404)["body"]["resourceType"] = "job"


def change_code(lines: Lines) -> None:
    line = reply(lines, "GetSyncJob", 404)
    line["body"] = {"__type": "com.amazonaws.iottwinmaker#ThrottlingException", "message": "Rate exceeded"}
    line["headers"]["x-amzn-errortype"] = "ThrottlingException"


def make_unreadable(lines: Lines) -> None:
    reply(lines, "ListWorkspaces").update(body=None, is_readable=False)


def add_newer_field(lines: Lines) -> None:
    reply(lines, "DescribeStackEvents")["body"]["StackEvents"][0]["ClientRequestToken"] = "0a1b"


def reverse_stack_events(lines: Lines) -> None:
    reply(lines, "DescribeStackEvents")["body"]["StackEvents"].reverse()


@pytest.mark.parametrize(
    ("alter", "expected"),
    [
        (remove_field, "missing field LatestSync.StartedAt: tape none, emulator always sends it"),
        (change_type, "type LatestSync.StartedAt: tape string, emulator number"),
        (
            change_state,
            "unknown value LatestSync.Status: tape PAUSED, emulator FAILED or INITIATED or IN_PROGRESS and 1 more",
        ),
        (change_error, "error code: tape GoneException, emulator none of this name"),
        (change_status_of_error, "status: tape 400, emulator 404"),
        (
            change_message,
            "form of the text message: tape 'No * job', emulator 'Sync job * not found in workspace *'",
        ),
        (add_to_error, "unknown field resourceType: tape 'job', emulator no such field"),
        (change_code, "status: tape 404, emulator 429"),
        (make_unreadable, "body: tape cannot be parsed, emulator can"),
        (add_newer_field, "unexpected field StackEvents[0].ClientRequestToken: tape '0a1b', emulator never sends it"),
        (reverse_stack_events, "order StackEvents: tape oldest first, emulator newest first"),
    ],
)
def test_other_differences(demo: Tape, tmp_path: Path, alter: Alter, expected: str) -> None:
    (found,) = differences(demo, tmp_path / "altered.jsonl", alter)
    assert found.endswith(expected)


def test_a_difference_is_printed_once(demo: Tape, tmp_path: Path) -> None:
    def alter(lines: Lines) -> None:
        for line in lines[1:]:
            if line["operation"] == "GetResourceSyncStatus":
                line["body"]["Priority"] = "HIGH"

    (found,) = differences(demo, tmp_path / "altered.jsonl", alter)
    count = sum(line.get("operation") == "GetResourceSyncStatus" for line in demo.lines)
    assert found.endswith(f" (and in {count - 1} more)")


def test_what_unisync_does_not_call_is_not_compared(demo: Tape, tmp_path: Path) -> None:
    path = tmp_path / "tape.jsonl"
    line: dict[str, Any] = {**demo.lines[1], "operation": "DeleteHost", "params": {}, "body": {}}
    path.write_text(f"{json.dumps(demo.lines[0])}\n{json.dumps(line)}\n")
    done = command("tape", "compare", str(path))
    assert done.code == 0
    assert done.err == (
        "Not compared: codeconnections DeleteHost, which unisync does not call.\n0 differences in 1 calls.\n"
    )


@pytest.mark.parametrize("text", [None, "", "hello\n"])
def test_a_file_that_is_not_a_tape_is_an_error(tmp_path: Path, text: str | None) -> None:
    path = tmp_path / "tape.jsonl"
    if text is not None:
        path.write_text(text)
    done = command("tape", "compare", str(path))
    assert done.code == Exit.ERROR
    assert done.err.startswith("Error: Cannot read the tape: ")


# Keeping a tape.


class Terminal(io.StringIO):
    @override
    def isatty(self) -> bool:
        return True


RECORD = ("tape", "record", "--output")


@pytest.mark.parametrize(("answer", "code"), [("y\n", 0), ("n\n", Exit.ERROR), ("", Exit.ERROR)])
def test_the_person_is_asked(
    unisync: Run, scene: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: str, code: int
) -> None:
    path = tmp_path / "tape.jsonl"
    monkeypatch.setattr(sys, "stdin", Terminal(answer))
    done = unisync(*RECORD, str(path), "--", "get", "codeconnections:live")
    assert done.code == code
    assert path.exists() is (code == 0)
    question = done.err.partition("Keep these ")[0]
    assert "The tape, scrubbed:\n  1 x codeconnections GetResourceSyncStatus: 200\n" in question
    assert done.out.splitlines()[0].startswith("STATE")
    assert (done.last_line == "Nothing is kept." or "Nothing is kept." in done.err) is (code != 0)


def test_without_a_terminal_nothing_is_kept(
    unisync: Run, scene: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "tape.jsonl"
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    done = unisync(*RECORD, str(path), "--", "unisync", "get", "codeconnections:live")
    assert done.code == Exit.ERROR
    assert done.last_line == "Nothing is kept: there is no terminal to ask on. Pass --yes to keep the tape."
    assert not path.exists()


def test_a_file_is_only_replaced_with_force(unisync: Run, scene: None, tmp_path: Path) -> None:
    path = tmp_path / "tape.jsonl"
    path.write_text("mine")
    done = unisync(*RECORD, str(path), "--yes", "--", "get", "codeconnections:live")
    assert done.code == Exit.USAGE
    assert done.last_line == f"Error: {path} exists: pass --force to replace it."
    assert path.read_text() == "mine"
    assert unisync(*RECORD, str(path), "--yes", "--force", "--", "get", "codeconnections:live").code == 0
    assert path.read_text().startswith('{"tape": 1')


def test_the_exit_code_is_that_of_the_command(unisync: Run, scene: None, tmp_path: Path) -> None:
    path = tmp_path / "tape.jsonl"
    done = unisync(*RECORD, str(path), "--yes", "--", "wait", "codeconnections:failed")
    assert done.code == Exit.FAILED
    assert path.exists()


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--", "tape", "compare", "x"), "Pass the command to record after --."),
        (("--", "unisync"), "Pass the command to record after --."),
        ((), "Missing argument 'COMMAND...'."),
    ],
)
def test_something_must_be_recorded(unisync: Run, tmp_path: Path, arguments: tuple[str, ...], reason: str) -> None:
    done = unisync(*RECORD, str(tmp_path / "tape.jsonl"), *arguments)
    assert (done.code, done.last_line) == (Exit.USAGE, f"Error: {reason}")


def test_a_recording_records_no_tapes(unisync: Run, tmp_path: Path) -> None:
    path = tmp_path / "tape.jsonl"
    done = unisync(*RECORD, str(path), "--yes", "--", "--region", "eu-west-1", "tape", "compare", "x")
    assert (done.code, path.exists()) == (Exit.ERROR, False)
    assert "A recording is in progress: pass another command to record after --." in done.err


def test_options_before_the_command_are_not_those_of_the_recorded_one(unisync: Run, tmp_path: Path) -> None:
    done = unisync("--region", "eu-west-1", *RECORD, str(tmp_path / "tape.jsonl"), "--", "status")
    assert done.code == Exit.USAGE
    assert done.last_line == "Error: Pass the AWS options after --, with the command that is recorded."


def test_a_command_without_calls_leaves_no_tape(unisync: Run, tmp_path: Path) -> None:
    path = tmp_path / "tape.jsonl"
    done = unisync(*RECORD, str(path), "--yes", "--", "policy", "get")
    assert done.code == Exit.ERROR
    assert done.last_line == "Nothing was recorded: the command made no calls that were answered."
    assert not path.exists()


def test_the_vocabulary_has_no_names_of_the_demo() -> None:
    assert VOCABULARY.isdisjoint({"payments", "prod", "acme", "infra", "factory", "database", "hand", "reverted"})


@pytest.mark.parametrize(
    "arguments", [("compare", "tape.jsonl"), ("record", "--output", "tape.jsonl", "--", "get", "twinmaker:factory")]
)
def test_without_the_extra(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    (tmp_path / "cbor2.py").write_text("raise ImportError")
    done = subprocess.run(
        [sys.executable, "-m", "unisync", "tape", *arguments],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (
        Exit.ERROR,
        "Error: Tapes need an extra: pip install 'unisync-aws[cli,emulator]'\n",
    )
