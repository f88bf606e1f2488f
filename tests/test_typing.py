"""A user's program under mypy --strict and pyright strict, with no stubs for boto3: what holds, and what is refused."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("mypy", reason="the type checkers are installed in .venv alone")
pytest.importorskip("pyright", reason="the type checkers are installed in .venv alone")

SAMPLES = Path(__file__).parent / "typing"


def mypy(program: Path) -> dict[int, str]:
    """What mypy --strict says of a program, by line."""
    command = [sys.executable, "-m", "mypy", "--strict", "--no-incremental", "--config-file=", "--hide-error-context"]
    # Whoever has no stubs for boto3 says so in their own settings.
    command += ["--disable-error-code=import-untyped", program.name]
    said = subprocess.run(command, cwd=program.parent, capture_output=True, text=True, check=False)
    assert not said.stderr, said.stderr
    found = re.findall(r"^[\w.]+:(\d+): error: (.*)$", said.stdout, re.MULTILINE)
    return {int(line): message for line, message in found}


def pyright(program: Path) -> dict[int, str]:
    """What pyright in strict mode says of a program, by line."""
    (program.parent / "pyrightconfig.json").write_text(
        json.dumps({"typeCheckingMode": "strict", "reportMissingTypeStubs": False, "reportUnusedExpression": False})
    )
    said = subprocess.run(
        [sys.executable, "-m", "pyright", "--outputjson", "--pythonpath", sys.executable, program.name],
        cwd=program.parent,
        env={**os.environ, "PYRIGHT_PYTHON_IGNORE_WARNINGS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    diagnostics = json.loads(said.stdout)["generalDiagnostics"]
    return {each["range"]["start"]["line"] + 1: each["message"] for each in diagnostics if each["severity"] == "error"}


Checker = Callable[[Path], dict[int, str]]
EACH_CHECKER = pytest.mark.parametrize("check", [mypy, pyright])


def placed(name: str, folder: Path) -> Path:
    """A copy of a sample where no setting of this project is found."""
    program = folder / name
    program.write_text((SAMPLES / name).read_text())
    return program


@EACH_CHECKER
def test_a_users_program_is_understood(check: Checker, tmp_path: Path) -> None:
    assert check(placed("user.py", tmp_path)) == {}


@EACH_CHECKER
def test_what_is_wrong_is_refused_line_by_line(check: Checker, tmp_path: Path) -> None:
    program = placed("wrong.py", tmp_path)
    marked = {number for number, line in enumerate(program.read_text().splitlines(), 1) if line.endswith("# wrong")}
    refused = check(program)
    assert set(refused) == marked, {line: refused.get(line) for line in set(refused) ^ marked}
