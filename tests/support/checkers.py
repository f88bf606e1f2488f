"""The type checkers, strict, as users run them on their own programs, and the complaints that are expected."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

SAMPLES = Path(__file__).parents[1] / "contracts" / "typing"

Place = tuple[str, int]
"""A file and a line."""
Complaints = dict[Place, str]
"""What a checker reports, by where."""
Checker = Callable[[Path, str], Complaints]
"""Checks the programs in a folder, with the packages of a Python interpreter."""

_MARK = re.compile(r"  # (?:wrong|unknown)(?:: ([\w, ]+))?$")


def copy_samples(folder: Path) -> None:
    """Copy the samples to a folder where the checkers find no settings of this project."""
    for sample in SAMPLES.glob("*.py"):
        (folder / sample.name).write_text(sample.read_text())


def expected(checker: str) -> set[Place]:
    """The lines that a checker must report: those marked as wrong or as unknown, for all checkers or for this one."""
    return {
        (sample.name, number)
        for sample in SAMPLES.glob("*.py")
        for number, line in enumerate(sample.read_text().splitlines(), 1)
        if (mark := _MARK.search(line)) and checker in (mark[1] or checker).split(", ")
    }


def unexpected(checker: str, complaints: Complaints) -> list[str]:
    """The lines that a checker reports although they are not marked, or does not report although they are."""
    return [
        f"{checker} {name}:{line}: {complaints.get((name, line), 'marked, but not reported')}"
        for name, line in sorted(expected(checker) ^ complaints.keys())
    ]


def _output(folder: Path, *command: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=folder,
        env={**os.environ, "PYRIGHT_PYTHON_IGNORE_WARNINGS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (0, 1), done.stdout + done.stderr
    return done.stdout


def mypy(folder: Path, python: str, *options: str) -> Complaints:
    """mypy --strict."""
    strict = ["--strict", *options, "--config-file=", f"--cache-dir={os.devnull}"]
    # Users without stubs for boto3 have this in their own settings.
    strict += ["--disable-error-code=import-untyped", "--hide-error-context", f"--python-executable={python}"]
    output = _output(folder, "mypy", *strict, *(path.name for path in sorted(folder.glob("*.py"))))
    found = re.findall(r"^([\w.]+):(\d+): error: (.*)$", output, re.MULTILINE)
    return {(name, int(line)): message for name, line, message in found}


def mypy_without_any(folder: Path, python: str) -> Complaints:
    """mypy --strict, in which no expression may be Any either."""
    return mypy(folder, python, "--disallow-any-expr")


def pyright(folder: Path, python: str) -> Complaints:
    """pyright in strict mode."""
    (folder / "pyrightconfig.json").write_text(
        json.dumps({"typeCheckingMode": "strict", "reportMissingTypeStubs": False, "reportUnusedExpression": False})
    )
    diagnostics = json.loads(_output(folder, "pyright", "--outputjson", "--pythonpath", python))["generalDiagnostics"]
    return {
        (Path(each["file"]).name, each["range"]["start"]["line"] + 1): each["message"]
        for each in diagnostics
        if each["severity"] == "error"
    }


def pyrefly(folder: Path, python: str) -> Complaints:
    """pyrefly's strict preset, in which a correct program may not use what is unknown either."""
    unknown = ("unknown-argument-type", "unknown-attribute-access", "unknown-variable-type")
    (folder / "pyrefly.toml").write_text('preset = "strict"\n')
    command = ["check", "--output-format=json", f"--error={','.join(unknown)}", f"--python-interpreter-path={python}"]
    errors = json.loads(_output(folder, "pyrefly", *command, *(path.name for path in sorted(folder.glob("*.py")))))
    return {
        (Path(each["path"]).name, each["line"]): f"{each['description']} [{each['name']}]"
        for each in errors["errors"]
        if each["severity"] == "error" and not (each["name"] in unknown and Path(each["path"]).name == "wrong.py")
    }


CHECKERS: dict[str, Checker] = {"mypy": mypy_without_any, "pyright": pyright, "pyrefly": pyrefly}
PROGRAM_CHECKERS: dict[str, Checker] = {"mypy": mypy, "pyright": pyright}
"""For the programs that the documentation shows."""
