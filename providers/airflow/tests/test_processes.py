"""Airflow's own four processes, with SQLite and the LocalExecutor: what dag.test() does not show."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import HOME, NEW, OLD, connection_to
from unisync.emulator import Emulator

pytestmark = pytest.mark.processes

THRESHOLD = 10
"""Seconds after which a triggerer without a heartbeat counts as dead."""
TIMEOUT = 75.0
"""Of the wait that times out, in seconds."""
_DAG = """
from airflow.sdk import DAG
from unisync_provider.sensors.sync import SyncActiveSensor, SyncsActiveSensor

with DAG("real", schedule=None) as dag:
    common = dict(revision="{new}", deferrable=True, poke_interval=1, retries=2)
    for name in ("good", "bad", "blocked", "late", "marked"):
        SyncActiveSensor(
            task_id=name, ref=f"codeconnections:{{name}}", timeout={timeout} if name == "late" else 600, **common
        )
    superseded = {{**common, "revision": "{old}"}}
    SyncActiveSensor(
        task_id="superseded", ref="codeconnections:superseded", on_superseded="skip", timeout=600, **superseded
    )
    SyncsActiveSensor(task_id="many", refs=["codeconnections:good", "codeconnections:slow"], timeout=600, **common)
"""
STACKS = ("good", "bad", "blocked", "late", "marked", "superseded", "slow")


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


class Airflow:
    """The processes."""

    def __init__(self, environ: dict[str, str], logs: Path) -> None:
        self._environ = {**os.environ, **environ}
        self._logs = logs
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, *names: str) -> None:
        """Start processes."""
        for name in names:
            options = ["--skip-serve-logs"] if name in ("scheduler", "triggerer") else []
            with (self._logs / f"{name}.log").open("ab") as log:
                self._running[name] = subprocess.Popen(
                    [sys.executable, "-m", "airflow", name, *options],
                    env=self._environ,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )

    def kill(self, name: str, number: signal.Signals) -> None:
        """Send a signal to a process and its children, and wait for its end."""
        process = self._running.pop(name)
        os.killpg(process.pid, number)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            return

    def close(self) -> None:
        """End all processes."""
        for name in list(self._running):
            self.kill(name, signal.SIGTERM)

    def log(self, name: str) -> str:
        """What a process has logged."""
        return (self._logs / f"{name}.log").read_text(errors="replace")


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator() as aws:
        for name in STACKS:
            aws.add_stack(name, repository=f"acme/{name}", config_file=f"{name}.yaml")
        yield aws


@pytest.fixture(scope="module")
def api_port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def airflow(emulator: Emulator, api_port: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Airflow]:
    (Path(HOME.name) / "dags" / "real.py").write_text(_DAG.format(new=NEW, old=OLD, timeout=TIMEOUT))
    port = str(api_port)
    environ = {
        "AIRFLOW_CONN_AWS_DEFAULT": connection_to(emulator),
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": port,
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__API__SECRET_KEY": "for tests on loopback only",
        "AIRFLOW__API_AUTH__JWT_SECRET": "for tests on loopback only, long enough for its algorithm: HS512, 64 bytes",
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__PARALLELISM": "8",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
        "AIRFLOW__TRIGGERER__JOB_HEARTBEAT_SEC": "2",
        "AIRFLOW__TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD": str(THRESHOLD),
    }
    running = Airflow(environ, tmp_path_factory.mktemp("logs"))
    with ExitStack() as stack:
        stack.callback(running.close)
        running.start("api-server", "scheduler", "dag-processor", "triggerer")
        yield running


def eventually(condition: Callable[[], bool], seconds: float, explain: Callable[[], str] = str) -> None:
    """Wait until a condition holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() >= deadline:
            pytest.fail(f"It did not happen within {seconds} s:\n{explain()}")
        time.sleep(0.1)


def rows(query: str) -> list[tuple[Any, ...]]:
    """Read from Airflow's database."""
    with closing(sqlite3.connect(f"file:{HOME.name}/airflow.db?mode=ro", uri=True, timeout=30)) as database:
        return database.execute(query).fetchall()


def states() -> dict[str, str | None]:
    """The states of the tasks."""
    return dict(rows("SELECT task_id, state FROM task_instance WHERE dag_id = 'real'"))


class Api:
    """Airflow's REST API."""

    def __init__(self, port: int) -> None:
        self._url = f"http://127.0.0.1:{port}"
        self._token = ""

    def request(self, method: str, path: str, body: object = None) -> Any:
        """Send a request."""
        request = urllib.request.Request(
            self._url + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json", "Authorization": f"Bearer {self._token}"},
        )
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=30) as response:
            return json.load(response)

    def is_ready(self) -> bool:
        """Whether it has answered, and knows the DAG."""
        try:
            self._token = self._token or self.request("GET", "/auth/token")["access_token"]
            self.request("GET", "/api/v2/dags/real")
        except OSError:
            return False
        return True


def polls(aws: Emulator, stack: str) -> int:
    """How often a stack's status was read."""
    return len(times(aws, stack))


def times(aws: Emulator, stack: str) -> list[datetime]:
    """When a stack's status was read."""
    return [
        call.time
        for call in aws.calls
        if call.operation == "GetResourceSyncStatus" and call.params.get("ResourceName") == stack
    ]


def test_waits_in_real_processes(airflow: Airflow, emulator: Emulator, api_port: int) -> None:
    aws, api = emulator, Api(api_port)
    for name in ("late", "marked", "slow"):
        aws.push(stack=name, sha=NEW, duration=6_000)
    aws.push(stack="superseded", sha=OLD, duration=6_000)
    aws.push(stack="blocked", sha=OLD, duration=0)
    eventually(api.is_ready, 120, lambda: airflow.log("api-server")[-3_000:] + airflow.log("dag-processor")[-3_000:])
    run = api.request("POST", "/api/v2/dags/real/dagRuns", {"logical_date": None})["dag_run_id"]

    def describe() -> str:
        logs = [path.read_text()[-3_000:] for path in Path(HOME.name).glob("logs/dag_id=real/**/*.log*")]
        logs += [airflow.log(name)[-3_000:] for name in ("scheduler", "triggerer")]
        return "\n\n".join([str(states()), *logs])

    eventually(lambda: list(states().values()).count("deferred") == len(STACKS), 120, describe)
    eventually(lambda: all(polls(aws, name) >= 2 for name in STACKS), 60, describe)
    # A scheduler that learns of a task's deferral only after its trigger has fired takes it for a failure.
    eventually(lambda: airflow.log("scheduler").count("Received executor event") >= len(STACKS), 60, describe)

    # Each way that a wait can end, in the triggerer.
    aws.push(stack="good", sha=NEW, duration=0)
    aws.push(stack="bad", sha=NEW, duration=0, outcome="FAILED", reason="no such bucket")
    aws.block(stack="blocked", reason="changed by hand")
    aws.push(stack="superseded", sha=NEW, duration=0)
    expected = {"good": "success", "bad": "failed", "blocked": "failed", "superseded": "skipped"}
    eventually(lambda: expected.items() <= states().items(), 60, describe)
    tries = dict(rows("SELECT task_id, try_number FROM task_instance WHERE dag_id = 'real'"))
    assert (tries["bad"], tries["blocked"]) == (1, 1)

    # A task that is marked as failed: its calls end.
    api.request("PATCH", f"/api/v2/dags/real/dagRuns/{run}/taskInstances/marked", {"new_state": "failed"})
    eventually(lambda: states()["marked"] == "failed", 10, describe)
    time.sleep(5)
    seen = polls(aws, "marked")
    time.sleep(3)
    assert polls(aws, "marked") == seen

    # A triggerer that is killed: another one goes on.
    airflow.kill("triggerer", signal.SIGKILL)
    seen = polls(aws, "slow")
    airflow.start("triggerer")
    eventually(lambda: polls(aws, "slow") > seen, THRESHOLD + 10 + 15, describe)  # and it has to start
    eventually(lambda: states()["late"] == "failed", TIMEOUT + 30, describe)
    read = times(aws, "late")
    # The wait begins before its first call, for which the worker still has to load botocore's models.
    assert -20 < (read[-1] - read[0]).total_seconds() - TIMEOUT < 2
    aws.push(stack="slow", sha=NEW, duration=0)
    aws.clock.advance(6_000)
    eventually(lambda: states()["many"] == "success", 60, describe)

    airflow.kill("triggerer", signal.SIGTERM)
    log = airflow.log("triggerer")
    # Airflow's own component for signals and shutdown may log what it likes.
    assert not [
        line for line in log.splitlines() if re.search(r"unisync", line) and re.search(r"\[(error|critical)", line)
    ]
    assert "Traceback" not in log
    assert "Unclosed" not in log
