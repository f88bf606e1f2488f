"""An Airflow of its own, with a database in a temporary folder, and an emulated AWS."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest

HOME = tempfile.TemporaryDirectory(prefix="airflow-")
# Airflow reads its settings when it is imported.
os.environ |= {
    "AIRFLOW_HOME": HOME.name,
    "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    "AIRFLOW__CORE__DAGS_FOLDER": str(Path(HOME.name) / "dags"),
    "AIRFLOW__CORE__UNIT_TEST_MODE": "False",
    "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{HOME.name}/airflow.db",
    "AIRFLOW__LOGGING__LOGGING_LEVEL": "INFO",
    "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
    "NO_PROXY": "*",
}
(Path(HOME.name) / "dags").mkdir()

from unisync.emulator import Emulator  # noqa: E402  # after the settings

OLD, NEW = "01d01d01d6b7a80934cde51f2a6b7c8d9e0f1a2b", "4f2c9e1d6b7a80934cde51f2a6b7c8d9e0f1a2b3"


@pytest.fixture(scope="session", autouse=True)
def database() -> Iterator[Path]:
    """Airflow's database."""
    subprocess.run([sys.executable, "-m", "airflow", "db", "migrate"], check=True, capture_output=True)
    yield Path(HOME.name)
    HOME.cleanup()


def connection_to(aws: Emulator) -> str:
    """An AWS connection to the emulator, as the environment variable of a connection holds it."""
    environ = aws.environment()
    return json.dumps(
        {
            "conn_type": "aws",
            "login": environ["AWS_ACCESS_KEY_ID"],
            "password": environ["AWS_SECRET_ACCESS_KEY"],
            "extra": {"region_name": "eu-west-1", "endpoint_url": aws.url, "fleet_external_id": "unisync"},
        }
    )


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulator]:
    """An emulated AWS, ten times as fast as real time, to which the default connection leads."""
    with Emulator(speed=10) as emulator:
        emulator.add_workspace("factory")
        for name in ("shop", "orders"):
            emulator.add_stack(name, repository="acme/infra", config_file=f"{name}.yaml")
        monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", connection_to(emulator))
        yield emulator


class Run(Protocol):
    """Runs one task."""

    def __call__(self, operator: type[Any], **arguments: Any) -> Any: ...


@pytest.fixture
def run() -> Run:
    """Run a DAG with one task by `dag.test()`, which runs its triggers too. Returns the instance of the task."""

    def run_task(operator: type[Any], **arguments: Any) -> Any:
        name = f"dag_{os.urandom(6).hex()}"
        path = Path(HOME.name) / "dags" / f"{name}.py"
        path.write_text(_DAG.format(name=name, module=operator.__module__, kind=operator.__name__, arguments=arguments))
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        try:
            (instance,) = module.dag.test().get_task_instances()
        finally:
            path.unlink()
        return instance

    return run_task


_DAG = """
from airflow.sdk import DAG
from {module} import {kind}

with DAG("{name}", schedule=None) as dag:
    {kind}(task_id="task", **{arguments!r})
"""
