"""The GitHub Action: its script runs as on GitHub, with an emulated AWS."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from tests.cli.scene import MINE, NASTY, OLD, load_scene
from tests.cli.terminal import ROOT
from unisync.cli.app import run
from unisync.cli.commands.wait import wait
from unisync.cli.exit_codes import Exit
from unisync.emulator import Emulator

FOLDER = ROOT / ".github" / "actions" / "unisync-wait"
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text())
(STEP,) = ACTION["runs"]["steps"]
REVISION = "${{ github.event.pull_request.head.sha || github.sha }}"

bash = shutil.which("bash")
pytestmark = [pytest.mark.slow, pytest.mark.skipif(bash is None or os.name == "nt", reason="needs bash")]


class Done(NamedTuple):
    """The result of a run of the action."""

    code: int
    log: str
    outputs: dict[str, str]
    summary: str

    @property
    def result(self) -> str:
        return self.outputs["result"]

    @property
    def rows(self) -> Any:
        return json.loads(self.outputs["json"])


Act = Callable[..., Done]


@pytest.fixture
def runner(tmp_path: Path, aws: Emulator) -> dict[str, str]:
    """The environment of GitHub's runner, with the emulator's variables."""
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    return {
        **os.environ,
        **aws.environment(),
        "PYTHONPATH": str(ROOT),
        "RUNNER_TEMP": str(tmp_path),
        "GITHUB_ACTIONS": "true",
        "GITHUB_ACTION_PATH": str(ROOT),
        "GITHUB_OUTPUT": str(tmp_path / "output"),
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md"),
        "GITHUB_WORKSPACE": str(workspace),
    }


@pytest.fixture
def act(runner: dict[str, str], tmp_path: Path) -> Act:
    """Runs the action's step with some inputs; the others have the defaults of action.yml, with OLD as the commit."""

    def step(**inputs: str) -> Done:
        given = {name: str(item.get("default", "")) for name, item in ACTION["inputs"].items()}
        given |= {name.removesuffix("_").replace("_", "-"): value for name, value in inputs.items()}
        assert given.keys() == ACTION["inputs"].keys()
        given = {name: OLD if value == REVISION else value for name, value in given.items()}
        script = tmp_path / "step.sh"
        script.write_text(STEP["run"])
        for name in ("output", "summary.md"):
            (tmp_path / name).write_text("")
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", str(script)],
            cwd=runner["GITHUB_WORKSPACE"],
            env={**runner, **{name: filled(value, given) for name, value in STEP["env"].items()}},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            timeout=60,
            check=False,
        )
        written = parsed((tmp_path / "output").read_text())
        outputs = {name: written[output_of_step(item["value"])] for name, item in ACTION["outputs"].items()}
        assert written.keys() == outputs.keys()
        return Done(done.returncode, done.stdout, outputs, (tmp_path / "summary.md").read_text())

    return step


@pytest.fixture
def installed(tmp_path: Path) -> None:
    """The state after an earlier use in the same job, so that nothing is downloaded."""
    make_venv(tmp_path / "unisync-wait")
    (tmp_path / "unisync-wait" / "installed").write_text("unisync-aws[cli]")


def make_venv(folder: Path) -> None:
    """Create a virtual environment whose command unisync is this Python's."""
    (folder / "bin").mkdir(parents=True)
    # Like an installed script, it does not import modules from the working directory.
    start = f"{sys.executable} -c 'import sys; sys.path.remove(\"\"); from unisync.cli import main; sys.exit(main())'"
    executable(folder / "bin" / "unisync", f'exec {start} "$@"')


def executable(file: Path, script: str) -> None:
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)


def filled(value: str, inputs: dict[str, str]) -> str:
    """The value of an expression that names an input."""
    found = re.fullmatch(r"\$\{\{ inputs\.([a-z-]+) \}\}", value)
    assert found, value
    return inputs[found[1]]


def output_of_step(value: str) -> str:
    """The step's output in the expression of an output of the action."""
    found = re.fullmatch(r"\$\{\{ steps\.([a-z]+)\.outputs\.([a-z-]+) \}\}", value)
    assert found, value
    assert found[1] == STEP["id"]
    return found[2]


def parsed(text: str) -> dict[str, str]:
    """The outputs of a file, in the format of GitHub's runner: NAME=VALUE, or NAME<<END, lines, END."""
    outputs: dict[str, str] = {}
    lines = iter(text.splitlines())
    for line in lines:
        head = re.match(r"([^=<]+)(=|<<)(.*)", line)
        assert head, line
        name, sign, rest = head.groups()
        assert name not in outputs
        outputs[name] = rest
        if sign == "<<":
            value: list[str] = []
            while (line := next(lines)) != rest:
                value.append(line)
            outputs[name] = "\n".join(value)
    return outputs


class TestDefinition:
    def test_every_input_is_used_and_documented(self) -> None:
        used = [filled(value, {name: name for name in ACTION["inputs"]}) for value in STEP["env"].values()]
        script = (FOLDER / "wait.sh").read_text()
        assert used == list(ACTION["inputs"])
        assert all(f"${name}" in script for name in STEP["env"])
        assert all(item["description"] for item in [*ACTION["inputs"].values(), *ACTION["outputs"].values()])

    def test_scripts_contain_no_expressions(self) -> None:
        assert "${{" not in STEP["run"] + (FOLDER / "wait.sh").read_text()

    def test_the_defaults_are_those_of_the_command(self) -> None:
        options = {option.name: option.default for option in wait.params}
        defaults = {name: item.get("default") for name, item in ACTION["inputs"].items()}
        assert defaults["revision"] == REVISION
        assert (defaults["timeout"], defaults["for"], int(defaults["max-failures"])) == (
            options["timeout"],
            options["condition"],
            options["max_failures"],
        )

    def test_the_result_of_every_exit_code_is_documented(self) -> None:
        script = (FOLDER / "wait.sh").read_text()
        results = {
            int(code): result
            for codes, result in re.findall(r"^([\d |]+)\) result=(.*) ;;$", script, re.M)
            for code in codes.split("|")
        }
        assert results.keys() == {int(code) for code in Exit} - {Exit.ERROR, Exit.LAGGING}
        assert all(result in ACTION["outputs"]["result"]["description"] for result in [*results.values(), "error"])

    def test_the_examples_of_the_readme_use_this_action(self) -> None:
        readme = (FOLDER / "README.md").read_text()
        (github,) = (yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", readme, re.DOTALL))
        (job,) = github["jobs"].values()
        (step,) = (step for step in job["steps"] if "/unisync@" in step.get("uses", ""))
        assert step["with"].keys() <= ACTION["inputs"].keys()
        assert set(re.findall(r"outputs\.([a-z-]+)", readme)) <= ACTION["outputs"].keys()

    def test_the_permissions_of_the_readme_are_what_waits_call(
        self, aws: Emulator, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
        load_scene(aws)
        aws.add_service_instance("new", "prod")
        aws.add_template("new")
        before = len(aws.calls)
        others = "codeconnections:never", "codeconnections:nothing", "proton:new/prod", "proton-template:SERVICE/new/1"
        for arguments in (
            ["codeconnections:blocked", "proton:web/prod", "twinmaker:factory", *others, "--timeout", "5s"],
            ["proton:web/prod", "--revision", MINE, "--timeout", "5s"],
            ["twinmaker:factory", "--for", "resources", "--timeout", "5s"],
            ["--repository", "acme/infra", "--timeout", "5s"],
            ["codeconnections:live", "proton:web/prod", "twinmaker:factory", "--for", "deleted", "--timeout", "5s"],
        ):
            run(["wait", *arguments, "-o", "json"], aws.client_options(), io.StringIO(), io.StringIO())
        called = {f"{call.service}:{call.operation}" for call in aws.calls[before:]}
        called = {name for name in called if not name.startswith("proton:List")}  # a search that may be denied
        assert called == set(re.findall(r"`(\w+:(?:Get|List|Describe)\w+)`", (FOLDER / "README.md").read_text()))

    def test_the_script_is_valid(self) -> None:
        subprocess.run(["bash", "-n", str(FOLDER / "wait.sh")], check=True, timeout=10)
        if shutil.which("shellcheck"):
            subprocess.run(["shellcheck", str(FOLDER / "wait.sh")], check=True, timeout=30)


@pytest.mark.usefixtures("installed")
class TestWaiting:
    @pytest.fixture(autouse=True)
    def scene(self, aws: Emulator) -> None:
        load_scene(aws)

    @pytest.mark.parametrize(
        ("inputs", "code", "result", "errors"),
        [
            ({"refs": "codeconnections:live twinmaker:factory"}, 0, "synced", [None, None]),
            ({"refs": "codeconnections:failed", "revision": MINE}, 3, "failed", ["SyncFailedError"]),
            ({"refs": "codeconnections:blocked", "revision": ""}, 4, "blocked", ["SyncBlockedError"]),
            ({"refs": "\n  codeconnections:nothing\n"}, 5, "not-found", ["NotFoundError"]),
            (
                {"refs": "codeconnections:live", "revision": MINE, "timeout": "1s"},
                124,
                "timed-out",
                ["WaitTimeoutError"],
            ),
            ({"refs": "twinmaker:factory"}, 2, "usage", []),
            (
                {"refs": "twinmaker:factory", "revision": "", "for_": "resources", "timeout": "1s"},
                3,
                "failed",
                ["SyncFailedError"],
            ),
            (
                {"repository": "acme/web", "branch": "main", "timeout": "1s", "grace": "1s", "refs": ""},
                0,
                "synced",
                [None],
            ),
            ({"refs": "codeconnections:live", "or_newer": "true"}, 1, "error", []),
            (
                {"refs": "twinmaker:factory", "revision": "", "for_": "resources", "max_failures": "1"},
                0,
                "synced",
                [None],
            ),
            ({"refs": "twinmaker:empty", "revision": "", "for_": "deleted"}, 0, "synced", [None]),
            ({"refs": " "}, 2, "usage", []),
            (
                {"refs": "codeconnections:live", "endpoint_url": "http://127.0.0.1:1", "timeout": "1s"},
                124,
                "timed-out",
                ["WaitTimeoutError"],
            ),
        ],
    )
    def test_outputs_and_exit_code(
        self, act: Act, inputs: dict[str, str], code: int, result: str, errors: list[str | None]
    ) -> None:
        done = act(**inputs)
        assert (done.code, done.outputs["exit-code"], done.result) == (code, str(code), result)
        assert [row["error"] and row["error"]["type"] for row in done.rows] == errors
        assert "\n" not in done.outputs["json"]
        assert done.log.splitlines()[-1] == f"unisync wait: {result}"

    def test_denied_access(self, aws: Emulator, act: Act) -> None:
        aws.fault("GetResourceSyncStatus", "AccessDeniedException", times=None)
        done = act(refs="codeconnections:live")
        assert (done.code, done.result, done.rows[0]["error"]["type"]) == (1, "error", "AccessDeniedError")

    def test_the_output_has_each_sync_once(self, act: Act) -> None:
        done = act(refs="codeconnections:live\ncodeconnections:failed codeconnections:live", revision="")
        assert done.code == 3
        assert [(row["ref"], row["live"]) for row in done.rows] == [
            ("codeconnections:live", OLD),
            ("codeconnections:failed", OLD),
        ]

    def test_log_annotations_and_summary(self, act: Act) -> None:
        done = act(refs="codeconnections:live codeconnections:failed", revision=MINE, timeout="1s")
        assert "::error title=codeconnections%3Afailed is FAILED::SYNC_FAILED: Template error" in done.log
        assert re.search(r"^Next: push a fix", done.log, re.MULTILINE)
        assert "| State | Sync | Live | Desired | Started | Reason |" in done.summary
        assert done.summary.count("\n| ✘ FAILED |") == 1

    def test_a_junit_report(self, act: Act, runner: dict[str, str]) -> None:
        act(refs="codeconnections:live", junit="report of it.xml")
        assert 'name="codeconnections:live"' in (Path(runner["GITHUB_WORKSPACE"]) / "report of it.xml").read_text()

    def test_roles_and_regions(self, aws: Emulator, act: Act) -> None:
        roles = [f"arn:aws:iam::{account}:role/reader" for account in ("111111111111", "222222222222")]
        for role in roles:
            aws.add_role(role)
        done = act(refs="codeconnections:nothing", role_arn="\n".join(roles), region="eu-west-1 us-east-1")
        locations = [(account, region) for account in ("1" * 12, "2" * 12) for region in ("eu-west-1", "us-east-1")]
        assert (done.code, sorted((row["account"], row["region"]) for row in done.rows)) == (5, locations)

    @pytest.mark.parametrize(
        "ref",
        [
            "--help",
            "-o",
            "--revision=",
            "-",
            "*",
            "$(touch x)",
            "`touch x`",
            "; touch x",
            "&& touch x",
            "' \" \\",
            "a\r\n",
        ],
    )
    def test_a_hostile_reference_is_rejected(self, act: Act, runner: dict[str, str], ref: str) -> None:
        done = act(refs=ref)
        assert (done.code, done.result, done.rows) == (2, "usage", [])
        assert list(Path(runner["GITHUB_WORKSPACE"]).iterdir()) == []

    @pytest.mark.parametrize("name", ["revision", "timeout", "for_", "max_failures", "region", "profile", "role_arn"])
    @pytest.mark.parametrize("value", ["--help", "'\"\njson<<x\n$(touch x)`touch x`; touch x\n"])
    def test_a_hostile_input_is_rejected(self, act: Act, runner: dict[str, str], name: str, value: str) -> None:
        done = act(**{"refs": "codeconnections:live", name: value})
        assert done.code in (1, 2)
        assert list(Path(runner["GITHUB_WORKSPACE"]).iterdir()) == []

    def test_a_hostile_message_sets_no_output(self, aws: Emulator, act: Act) -> None:
        reason = f"{NASTY}\nend-\nresult=synced\njson<<EOF\n[]\nEOF\u2028exit-code=0\x85result=synced"
        aws.add_stack("hostile", repository="acme/infra")
        aws.push(stack="hostile", sha=MINE, outcome="FAILED", reason=reason)
        aws.clock.advance(100)
        done = act(refs="codeconnections:hostile", revision=MINE)
        assert (done.code, done.outputs["exit-code"], done.result) == (3, "3", "failed")
        assert done.rows[0]["job"]["latest_sync"]["events"][-1]["event"] == reason
        assert not re.search(r"^(?!::error title=codeconnections%3Ahostile is FAILED::).*(^::|##\[)", done.log, re.M)

    def test_the_delimiter_of_an_output_is_random(self, act: Act, tmp_path: Path) -> None:
        ends = set[str]()
        for _ in range(2):
            act(refs="")
            ends |= set(re.findall(r"<<(end-[0-9a-f]{32})$", (tmp_path / "output").read_text(), re.MULTILINE))
        assert len(ends) == 2

    def test_a_json_output_that_is_too_long_is_empty(self, aws: Emulator, act: Act) -> None:
        aws.add_stack("big", repository="acme/infra")
        aws.push(stack="big", sha=MINE, outcome="FAILED", reason="x" * 600_000)
        aws.clock.advance(100)
        done = act(refs="codeconnections:big", revision=MINE)
        assert (done.code, done.result, done.outputs["json"]) == (3, "failed", "")
        assert "::warning title=unisync wait::The output json is empty" in done.log

    def test_modules_of_the_repository_are_not_imported(self, act: Act, runner: dict[str, str]) -> None:
        for name in ("unisync", "click", "json", "venv"):
            (Path(runner["GITHUB_WORKSPACE"]) / f"{name}.py").write_text("raise SystemExit(99)")
        assert act(refs="codeconnections:live").code == 0


class TestInstalling:
    """With a fake Python that only records its arguments."""

    @pytest.fixture
    def python(self, tmp_path: Path) -> str:
        make_venv(tmp_path / "template")
        for file in (tmp_path / "python", tmp_path / "template" / "bin" / "python"):
            executable(file, f"printf '<%s>' \"$@\" >>'{tmp_path}/recorded'; echo >>'{tmp_path}/recorded'\n")
        with (tmp_path / "python").open("a") as maker:
            maker.write(f'rm -rf "$5"; cp -r "{tmp_path}/template" "$5"\n')
        return str(tmp_path / "python")

    def recorded(self, folder: Path) -> list[str]:
        return (folder / "recorded").read_text().splitlines()

    def test_each_version_is_installed_once(self, aws: Emulator, act: Act, python: str, tmp_path: Path) -> None:
        load_scene(aws)
        for version in ("", "", "==0.1.0", "==0.1.0", " ; touch x"):
            assert act(refs="codeconnections:live", python=python, version=version).code == 0
        made = f"<-I><-m><venv><--clear><{tmp_path}/unisync-wait>"
        pip = "<-I><-m><pip><install><--quiet><--disable-pip-version-check>"
        assert self.recorded(tmp_path) == [
            line for version in ("", "==0.1.0", " ; touch x") for line in (made, f"{pip}<unisync-aws[cli]{version}>")
        ]

    def test_a_failed_installation_is_an_error_and_tried_again(self, act: Act, python: str, tmp_path: Path) -> None:
        executable(tmp_path / "template" / "bin" / "python", "exit 2")
        for _ in range(2):
            done = act(refs="codeconnections:live", python=python)
            assert (done.code, done.outputs) == (1, {"exit-code": "1", "result": "error", "json": "[]"})
            assert "::error title=unisync wait::unisync could not be installed" in done.log
        assert len(self.recorded(tmp_path)) == 2

    def test_a_missing_python(self, act: Act) -> None:
        assert act(refs="codeconnections:live", python="no-such-python").result == "error"
