"""The emulator stands alone: nothing of the library in it, and nothing of the user's own models."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from botocore.loaders import Loader

import unisync.emulator

HERE = Path(unisync.emulator.__file__).parent
MODULES = sorted(HERE.rglob("*.py"))


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.Import():
                names |= {alias.name for alias in node.names}
            case ast.ImportFrom():
                assert node.level == 0, "a relative import hides what it reaches"
                names |= {f"{node.module}.{alias.name}" for alias in node.names} | {node.module or ""}
            case _:
                pass
    return names


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(HERE)))
def test_the_emulator_imports_nothing_of_the_library(path: Path) -> None:
    ours = {name for name in imported(path) if name.partition(".")[0] == "unisync"}
    assert all(name.startswith("unisync.emulator") for name in ours)


def test_the_library_imports_nothing_of_the_emulator() -> None:
    for path in sorted(HERE.parent.rglob("*.py")):
        if HERE not in path.parents and not {"cli", "testing"} & set(path.parts):
            assert not any(name.startswith("unisync.emulator") for name in imported(path)), path


def run(program: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, **environment},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_emulator_brings_none_of_the_library_with_it() -> None:
    program = (
        "import sys, unisync; before = set(sys.modules); import unisync.emulator\n"
        "print(*[name for name in sys.modules if name.startswith('unisync.') and name not in before])"
    )
    loaded = run(program).split()
    assert loaded
    assert all(name.startswith("unisync.emulator") for name in loaded)


def test_without_its_extra_the_emulator_says_what_to_install() -> None:
    program = (
        "import sys; sys.modules['h11'] = None\ntry: import unisync.emulator\nexcept ImportError as error: print(error)"
    )
    assert run(program) == "unisync.emulator needs its extra: pip install 'unisync-aws[emulator]'"


def test_models_in_the_users_home_do_not_change_aws(tmp_path: Path) -> None:
    model = Loader().load_service_model("proton", "service-2")
    path = tmp_path / ".aws" / "models" / "proton" / "2999-01-01" / "service-2.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({**model, "operations": {}}))
    program = (
        "from unisync.emulator._protocol.operations import service_model\n"
        "print('GetServiceSyncConfig' in service_model('proton').operation_names)"
    )
    assert run(program, HOME=str(tmp_path)) == "True"
