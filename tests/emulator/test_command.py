"""`python -m unisync.emulator`: it prints the environment, serves, and stops on a signal."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import IO

import pytest

from tests.emulator.clients import BotoClients, session_with
from tests.emulator.resources import ROLE
from tests.support.processes import unmeasured
from unisync.emulator import Emulator
from unisync.emulator.__main__ import main
from unisync.emulator._http.server import Server

pytestmark = pytest.mark.slow


@contextmanager
def running(*arguments: str) -> Generator[tuple[subprocess.Popen[str], dict[str, str]], None, None]:
    """Run the command; yield the process and the environment that it prints."""
    command = [sys.executable, "-m", "unisync.emulator", "--port", "0", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=unmeasured())
    try:
        yield process, parse_environment(process.stdout)
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def parse_environment(output: IO[str] | None) -> dict[str, str]:
    environment: dict[str, str] = {}
    for line in output or ():
        if line.startswith("#"):
            break
        assert line.startswith("export ")
        name, _, value = line.removeprefix("export ").strip().partition("=")
        environment[name] = value
    return environment


def test_it_prints_the_environment_and_stops_on_sigint() -> None:
    with running("--sample", "--speed", "1000") as (process, environment):
        assert set(environment) == {
            "AWS_ENDPOINT_URL",
            "AWS_ACCESS_KEY_ID",
            "AWS_SECRET_ACCESS_KEY",
            "AWS_REGION",
            "AWS_DEFAULT_REGION",
            "AWS_DISABLE_HOST_PREFIX_INJECTION",
        }
        session = session_with(
            environment["AWS_ACCESS_KEY_ID"],
            environment["AWS_SECRET_ACCESS_KEY"],
            region=environment["AWS_REGION"],
        )
        with BotoClients(environment["AWS_ENDPOINT_URL"], session=session) as boto:
            status = boto.connections.get_resource_sync_status(ResourceName="payments-prod", SyncType="CFN_STACK_SYNC")
            assert status["LatestSync"]["Target"] == "payments-prod"
            assert boto.proton.get_service_instance_sync_status(serviceName="web", serviceInstanceName="prod")
            links = boto.connections.list_repository_links()["RepositoryLinks"]
            assert [link["RepositoryName"] for link in links] == ["infra", "website"]
            registered = boto.proton.list_repositories()["repositories"]
            assert [repository["name"] for repository in registered] == ["acme/web", "acme/templates"]
            boto.twinmaker.create_sync_job(workspaceId="factory", syncSource="SITEWISE", syncRole=ROLE)
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=20)
        assert (process.returncode, stderr) == (0, "")


def test_without_the_sample_it_is_empty_and_it_stops_on_sigterm() -> None:
    with running() as (process, environment):
        boto = BotoClients(environment["AWS_ENDPOINT_URL"])
        with boto, pytest.raises(boto.connections.exceptions.ResourceNotFoundException):
            boto.connections.get_sync_configuration(ResourceName="payments-prod", SyncType="CFN_STACK_SYNC")
        process.send_signal(signal.SIGTERM)
        _, stderr = process.communicate(timeout=20)
        assert (process.returncode, stderr) == (0, "")


def test_invalid_arguments_are_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as raised:
        main(["--port", "many"])
    assert raised.value.code == 2
    assert "--port" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["--clock", "manual", "--speed", "2"])
    assert "--speed: a manual clock has none" in capsys.readouterr().err


def test_it_may_be_controlled() -> None:
    with running("--clock", "manual") as (_, environment):
        url = f"{environment['AWS_ENDPOINT_URL']}/_unisync/advance"
        request = urllib.request.Request(url, b'{"seconds": 60}', {"content-type": "application/json"})
        with urllib.request.urlopen(request, timeout=20) as response:
            assert set(json.load(response)) == {"result"}


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.0.0.2", "::1"])
def test_loopback_hosts_do_not_accept_remote_connections(host: str) -> None:
    try:
        with Emulator(host=host) as aws:
            assert not aws.accepts_remote
        assert not Emulator(host=host).accepts_remote
    except OSError:
        pytest.skip(f"this machine has no {host}")


def test_accepting_remote_connections_is_a_warning(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    # Only the reported address is another: no test opens a port to other machines.
    monkeypatch.setattr(Server, "address", ("0.0.0.0", 4577))
    threading = SimpleNamespace(Event=lambda: SimpleNamespace(wait=lambda: True, set=lambda: None))
    monkeypatch.setattr("unisync.emulator.__main__.threading", threading)
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        assert main(["--port", "0"]) == 0
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    assert "other machines can connect" in caplog.text
    assert "anyone who can reach this machine can use the emulator" in capsys.readouterr().out
