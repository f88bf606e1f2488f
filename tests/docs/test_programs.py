"""The programs in `examples/`, as a user runs and checks them: with the emulator as AWS, and without our stubs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.checkers import PROGRAM_CHECKERS
from tests.support.processes import unmeasured
from unisync.emulator import Emulator

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name == "nt", reason="a program handles signals")]

EXAMPLES = Path(__file__).parents[2] / "examples"
GOOD = "4f2c9e1d6b7a80934cde51f2a6b7c8d9e0f1a2b3"
BAD = "bad0c0de6b7a80934cde51f2a6b7c8d9e0f1a2b3"
NEXT = "90aa21b7c4d3e2f1a0b9c8d7e6f5a4b3c2d1e0f9"
STACKS = ("payments-prod", "orders-prod", "search-prod")


@pytest.fixture
def aws() -> Iterator[Emulator]:
    with Emulator(speed=60) as emulator:
        for stack in STACKS:
            emulator.add_stack(stack, repository="acme/infra")
        yield emulator


def environment(aws: Emulator) -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "GITHUB_"))}
    return {**own, **aws.environment()}


def run(aws: Emulator, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", str(EXAMPLES / program), *arguments],
        env=environment(aws),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("checker", PROGRAM_CHECKERS)
def test_every_program_passes_the_strict_checkers(checker: str, tmp_path: Path) -> None:
    pytest.importorskip(checker, reason="the type checkers are installed in .venv alone")
    programs = [*EXAMPLES.glob("*.py"), EXAMPLES / "deploygate" / "deploygate.py"]
    for program in [*programs, *(EXAMPLES / "deploygate" / "tests").glob("*.py")]:
        (tmp_path / program.name).write_text(program.read_text())
    assert len(programs) >= 5
    assert not PROGRAM_CHECKERS[checker](tmp_path, sys.executable)


def test_the_gate_of_three_stacks(aws: Emulator) -> None:
    for stack in STACKS:
        aws.push(stack=stack, sha=GOOD, outcome="FAILED" if stack == "orders-prod" else "SUCCEEDED", reason="no role")
    done = run(aws, "deploygate/deploygate.py", GOOD, *STACKS)
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.splitlines() == [
        "codeconnections:payments-prod is synced",
        "codeconnections:orders-prod failed: no role",
        "codeconnections:search-prod is synced",
    ]
    assert run(aws, "deploygate/deploygate.py", GOOD, "payments-prod", "search-prod").returncode == 0


def test_the_suite_of_tests_passes(tmp_path: Path) -> None:
    # As a project of its own: nothing of this repository's conftest.py and settings is found.
    for file in (EXAMPLES / "deploygate").rglob("*"):
        if file.suffix in (".py", ".toml"):
            copy = tmp_path / file.relative_to(EXAMPLES / "deploygate")
            copy.parent.mkdir(exist_ok=True)
            copy.write_text(file.read_text())
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"]
    own = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PYTEST_"))}
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env={**own, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "passed" in done.stdout


def test_the_service_cancels_waits(aws: Emulator) -> None:
    aws.push(stack="payments-prod", sha=GOOD, detection_delay=36_000)
    aws.push(stack="orders-prod", sha=BAD, outcome="FAILED", reason="no such parameter")
    with subprocess.Popen(
        [sys.executable, "-W", "error", str(EXAMPLES / "service.py")],
        env=unmeasured(environment(aws)),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as service:
        assert service.stdin is not None
        assert service.stdout is not None
        assert service.stderr is not None
        try:
            service.stdin.write(f"payments-prod {GOOD}\norders-prod {BAD}\n")
            service.stdin.flush()
            assert service.stdout.readline().startswith(f"orders-prod {BAD}: SyncFailedError: ")
            aws.push(stack="payments-prod", sha=NEXT, detection_delay=36_000)
            service.stdin.write(f"payments-prod {NEXT}\nsearch-prod {GOOD}\n")
            service.stdin.flush()
            assert service.stdout.readline() == f"payments-prod {GOOD}: cancelled\n"
            aws.push(stack="search-prod", sha=GOOD)
            assert service.stdout.readline().startswith(f"search-prod {GOOD}: live since ")
            service.send_signal(signal.SIGTERM)
            assert service.stdout.read() == f"stopped\npayments-prod {NEXT}: cancelled\n"
            assert service.wait(10) == 0
            assert service.stderr.read() == ""
        finally:
            service.kill()


def test_the_drift_report_of_a_fleet(aws: Emulator) -> None:
    roles = [f"arn:aws:iam::{account}:role/reader" for account in ("111111111111", "222222222222")]
    for role in roles:
        aws.add_role(role)
        account = aws.account(account=role.split(":")[4])
        for stack in STACKS:
            account.add_stack(stack, repository="acme/infra")
            account.push(stack=stack, sha=GOOD)
    aws.clock.advance(600)
    assert run(aws, "drift_report.py", "--region", "eu-west-1", *roles).returncode == 0

    second = aws.account(account="222222222222")
    second.push(stack="orders-prod", sha=BAD, outcome="FAILED", reason="no such parameter")
    second.modify(stack="search-prod")
    second.push(stack="search-prod", sha=NEXT)
    aws.clock.advance(600)
    done = run(aws, "drift_report.py", "--region", "eu-west-1", *roles)
    assert (done.returncode, done.stderr) == (1, "")
    head, failed, blocked = sorted(done.stdout.splitlines(), key=lambda line: (line[0] != "a", line))
    assert head == "account,region,sync,reason,live,desired"
    where = "222222222222,eu-west-1,codeconnections"
    assert failed == f"{where}:orders-prod,failed: SYNC_FAILED: no such parameter,4f2c9e1,bad0c0d"
    assert blocked.startswith(f"{where}:search-prod,")
    assert "by something besides StackSync" in blocked

    done = run(aws, "drift_report.py", "--region", "eu-west-1", *roles, "arn:aws:iam::333333333333:role/reader")
    assert done.returncode == 2
    assert "333333333333/eu-west-1 could not be searched: sts AssumeRole: AccessDenied" in done.stderr


def test_the_program_that_migrates_from_boto3(aws: Emulator) -> None:
    aws.push(stack="payments-prod", sha=GOOD)
    done = run(aws, "from_boto3.py", "payments-prod", GOOD)
    assert (done.returncode, done.stdout) == (0, "payments-prod: SUCCEEDED at 4f2c9e1\n")
    assert "calling GetResourceSyncStatus" in done.stderr

    aws.push(stack="payments-prod", sha=BAD, outcome="FAILED", reason="no such parameter")
    done = run(aws, "from_boto3.py", "payments-prod", BAD)
    assert (done.returncode, done.stdout) == (1, "payments-prod: FAILED at bad0c0d\n")
    assert "no such parameter" in done.stderr

    done = run(aws, "from_boto3.py", "no-such-stack", GOOD)
    assert done.returncode == 2
    assert "codeconnections GetResourceSyncStatus: ResourceNotFoundException: " in done.stderr
