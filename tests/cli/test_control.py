"""unisync emulator COMMAND: acting on a running emulator, and what is said where there is none."""

from __future__ import annotations

import http.server
import io
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from typing_extensions import override

from tests.cli.runner import Done, Run
from tests.support.processes import unmeasured
from unisync import StackSync, SyncState, Unisync
from unisync.aws_events import parse_event, parse_events
from unisync.cli.app import run
from unisync.emulator import Emulator

SHA = "4f2c9e1d6b7a80934cde51f2a6b7c8d9e0f1a2b3"
STACK = "codeconnections:payments"


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulator]:
    """An emulator that may be controlled."""
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    with Emulator(clock="manual", control=True) as aws:
        yield aws


def act(unisync: Run, *arguments: str) -> Done:
    done: Done = unisync("emulator", *arguments)
    assert (done.code, done.err) == (0, "")
    return done


def test_a_commit_fails(unisync: Run, aws: Emulator) -> None:
    act(unisync, "add-stack", "payments", "--repository", "acme/infra", "--creation-duration", "5s")
    act(unisync, "advance", "1m")
    failed = ("--failed-resource", "Queue", "AWS::SQS::Queue", "Queue name is taken")
    clean_up = ("--events", "CLEAN_UP", "Deleted the change set", "--events", "DONE", "Done", "--newest-first")
    act(unisync, "push", STACK, "--sha", SHA, "--outcome", "FAILED", *failed, *clean_up, "--duration", "10m")
    said = act(unisync, "advance", "1h").out
    assert said.startswith("20")
    assert aws.clock.now() == 3660
    with Unisync(**aws.client_options()) as client:
        assert client.get(StackSync("payments")).status.state is SyncState.FAILED
    events = unisync("events", STACK).out
    assert events.index("SYNC_FAILED") < events.index("CLEAN_UP") < events.index("DONE")


def test_a_blocker_is_printed_and_resolved(unisync: Run, aws: Emulator) -> None:
    aws.add_stack("payments", repository="acme/infra")
    blocker = act(unisync, "block", STACK, "--reason", "by hand", "--contexts", "WHO", "me").out.strip()
    with Unisync(**aws.client_options()) as client:
        (found,) = client.blockers(StackSync("payments"))
        assert (found.id, found.created_reason) == (blocker, "by hand")
        act(unisync, "unblock", STACK)
        assert not client.blockers(StackSync("payments"))


def test_instances_of_proton(unisync: Run, aws: Emulator) -> None:
    act(unisync, "add-service-instance", "web", "prod", "--repository", "acme/web")
    act(unisync, "push", "proton:web/prod", "--sha", SHA)
    act(unisync, "modify", "proton:web/prod")
    act(unisync, "retry", "proton:web/prod")
    assert unisync("emulator", "push", "proton:web/test", "--sha", SHA).code == 2


def test_faults_and_calls(unisync: Run, aws: Emulator) -> None:
    act(unisync, "add-workspace", "factory")
    act(unisync, "fault", "GetSyncJob", "ValidationException", "--times", "none", "--message", "no")
    for _ in range(2):
        assert "no" in unisync("get", "twinmaker:factory").err
    act(unisync, "clear-faults")
    act(unisync, "throttle", "GetSyncJob", "--rate", "0.5", "--burst", "2")
    assert unisync("get", "twinmaker:factory").code == 5
    lines = [json.loads(line) for line in act(unisync, "calls").out.splitlines()]
    assert [line["operation"] for line in lines] == ["GetSyncJob"] * 3


def test_a_reference_may_name_the_account_and_the_region(unisync: Run, aws: Emulator) -> None:
    other = aws.account(account="210987654321", region="us-east-1")
    other.add_stack("payments", repository="acme/infra")
    act(unisync, "push", f"210987654321/us-east-1/{STACK}", "--sha", SHA)
    assert unisync("emulator", "push", STACK, "--sha", SHA).code == 2


def test_the_region_is_that_of_other_commands(unisync: Run, aws: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    act(unisync, "add-stack", "one", "--repository", "acme/infra", "--region", "us-east-1")
    monkeypatch.setenv("AWS_REGION", "us-east-2")
    act(unisync, "add-stack", "two", "--repository", "acme/infra")
    aws.account(region="us-east-1").remove_stack("one")
    aws.account(region="us-east-2").remove_stack("two")
    done = unisync("emulator", "add-stack", "x", "--region", "us-east-1", "--region", "us-east-2")
    assert (done.code, done.last_line) == (2, "Error: --region: pass one region.")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["push", STACK], "Missing option '--sha'"),
        (["push", "payments", "--sha", SHA], "Error: Invalid value for 'REF'"),
        (["push", STACK, "--sha", SHA, "--duration", "long"], "invalid duration 'long'"),
        (["push", STACK, "--sha", SHA, "--outcome", "GOOD"], "'GOOD' is not one of 'SUCCEEDED', 'FAILED'"),
        (["push", "codeconnections:unknown", "--sha", SHA], "Error: expected an existing stack"),
        (["push", "twinmaker:factory", "--sha", SHA], "push does not apply to twinmaker:factory."),
        (["modify", "proton-template:SERVICE/web/1"], "modify does not apply to proton-template:SERVICE/web/1."),
        (["fault", "GetNothing", "drop"], "Error: operation: there is no 'GetNothing' in any service"),
        (["fault", "GetSyncJob", "drop", "--times", "some"], "Error: times: expected a valid integer"),
        (["--port", "0", "calls"], "--port starts an emulator, and takes no COMMAND."),
        (["--clock", "manual", "--speed", "2"], "Error: --speed: a manual clock has none"),
        (["--events", "/no/such/folder/events"], "cannot write to '/no/such/folder/events'"),
    ],
)
def test_wrong_arguments(unisync: Run, aws: Emulator, arguments: list[str], message: str) -> None:
    aws.add_stack("payments", repository="acme/infra")
    done = unisync("emulator", *arguments)
    assert done.code == 2
    assert message in done.err


def test_nothing_listens(unisync: Run, aws: Emulator) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    done = unisync("emulator", "calls", "--endpoint-url", url)
    assert done.code == 1
    assert done.err.startswith(f"Error: No emulator answers at {url}: ")
    assert done.last_line.startswith("Next: start one with unisync emulator, or pass the URL of another")


def test_the_environment_names_the_endpoint(aws: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", aws.url)
    out = io.StringIO()
    assert run(["emulator", "advance", "7s"], stdout=out) == 0
    assert aws.clock.now() == 7


class Receiver(http.server.BaseHTTPRequestHandler):
    """Keeps what is sent to it, and answers with a status."""

    received: list[bytes]
    status = 200

    def do_POST(self) -> None:
        self.received.append(self.rfile.read(int(self.headers["content-length"])))
        self.send_response(self.status)
        self.end_headers()
        self.wfile.write(b"{}" if self.status == 200 else b"<html>")

    @override
    def log_message(self, format: str, *args: Any) -> None:
        pass


@contextmanager
def receiving(status: int = 200) -> Generator[tuple[str, list[bytes]]]:
    """A server that answers with a status; yields its URL, and what it received."""
    received: list[bytes] = []
    handler = type("Handler", (Receiver,), {"received": received, "status": status})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", received
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize("status", [200, 500])
def test_something_else_listens(unisync: Run, aws: Emulator, status: int) -> None:
    with receiving(status) as (url, _):
        done = unisync("emulator", "calls", "--endpoint-url", f"{url}/")
    assert done.code == 1
    assert "is not an emulator of unisync that requests may control" in done.err
    assert done.last_line.endswith("in Python, pass control=True to Emulator.")


def test_an_emulator_without_control(unisync: Run, aws: Emulator) -> None:
    with Emulator() as other:
        done = unisync("emulator", "calls", "--endpoint-url", other.url)
    assert "is not an emulator of unisync that requests may control" in done.err


# In a process of its own.


@contextmanager
def serving(*arguments: str) -> Generator[tuple[subprocess.Popen[str], dict[str, str]]]:
    """Run `unisync emulator`; yield the process, and the environment with what it says to export."""
    command = [sys.executable, "-c", _IN_FOREGROUND, "emulator", "--port", "0", *arguments]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, env=unmeasured()) as process:
        try:
            environ = dict(os.environ)
            lines = process.stderr if "-" in arguments else process.stdout
            assert lines is not None
            for line in lines:
                if line.startswith("#"):
                    break
                name, _, value = line.removeprefix("export ").strip().partition("=")
                environ[name] = value
            yield process, environ
        finally:
            process.kill()


_IN_FOREGROUND = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # it is ignored in a shell's background job
from unisync.cli import main
sys.exit(main())
"""


def command(environ: dict[str, str], *arguments: str) -> str:
    line = [sys.executable, "-m", "unisync", *arguments]
    done = subprocess.run(line, env=environ, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done
    return done.stdout


@pytest.mark.slow
def test_two_processes_and_a_file_of_events(tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    with serving("--clock", "manual", "--events", str(file)) as (process, environ):
        command(environ, "emulator", "add-stack", "payments", "--repository", "acme/infra")
        command(environ, "emulator", "push", STACK, "--sha", SHA, "--duration", "10m")
        command(environ, "emulator", "advance", "10m")
        assert "ACTIVE" in command(environ, "get", STACK)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=20)
        assert (process.returncode, said.strip()) == (130, "Interrupted.")
    notices = [parse_event(line) for line in file.read_text().splitlines()]
    states = [each.aws_state for each in notices if each is not None and each.ref == StackSync("payments")]
    assert states == ["INITIATED", "IN_PROGRESS", "SUCCEEDED"]


@pytest.mark.slow
def test_events_on_stdout() -> None:
    with serving("--speed", "1000", "--sample", "--events", "-") as (process, _):
        assert process.stdout is not None
        events = [process.stdout.readline() for _ in range(6)]
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)
        assert process.returncode == 143
    assert len(parse_events(events)) == 6


@pytest.mark.slow
@pytest.mark.parametrize("status", [200, 500])
def test_events_to_a_url(status: int) -> None:
    with (
        receiving(status) as (url, received),
        serving("--clock", "manual", "--events", f"{url}/events?a=b") as (process, environ),
    ):
        command(environ, "emulator", "add-stack", "payments", "--repository", "acme/infra")
        command(environ, "emulator", "push", STACK, "--sha", SHA)
        command(environ, "emulator", "advance", "10m")
        assert len(parse_events(received)) == 6
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=20)
    failures = [line for line in said.splitlines() if f"was not sent to {url}/events?a=b: status 500" in line]
    assert len(failures) == (0 if status == 200 else 6)
