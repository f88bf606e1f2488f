"""The emulator and the rest of the package do not import each other, and the user's own models do not affect it."""

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

pytestmark = pytest.mark.slow

EMULATOR = Path(unisync.emulator.__file__).parent


def imports_of(path: Path, *, type_checking: bool) -> set[str]:
    """What a module imports. `type_checking` includes the imports under `if TYPE_CHECKING:`."""
    names: set[str] = set()
    nodes: list[ast.AST] = [ast.parse(path.read_text())]
    while nodes:
        match node := nodes.pop():
            case ast.If(test=ast.Name(id="TYPE_CHECKING")) if not type_checking:
                nodes += node.orelse
                continue
            case ast.Import():
                names |= {alias.name for alias in node.names}
            case ast.ImportFrom():
                assert node.level == 0, "a relative import"
                names |= {f"{node.module}.{alias.name}" for alias in node.names} | {node.module or ""}
            case _:
                pass
        nodes += ast.iter_child_nodes(node)
    return names


def test_the_emulator_does_not_import_the_rest_of_the_package() -> None:
    for path in sorted(EMULATOR.rglob("*.py")):
        own = {name for name in imports_of(path, type_checking=False) if name.partition(".")[0] == "unisync"}
        assert all(name.startswith("unisync.emulator") for name in own), path


def test_the_rest_of_the_package_does_not_import_the_emulator() -> None:
    for path in sorted(EMULATOR.parent.rglob("*.py")):
        if EMULATOR not in path.parents and not {"cli", "testing"} & set(path.parts):
            assert not any(name.startswith("unisync.emulator") for name in imports_of(path, type_checking=True)), path


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


def test_importing_the_emulator_loads_nothing_else_of_the_package() -> None:
    program = (
        "import sys, unisync; before = set(sys.modules); import unisync.emulator\n"
        "print(*[name for name in sys.modules if name.startswith('unisync.') and name not in before])"
    )
    loaded = run(program).split()
    assert loaded
    assert all(name.startswith("unisync.emulator") for name in loaded)


def test_without_the_extra_the_error_says_what_to_install() -> None:
    program = (
        "import sys; sys.modules['h11'] = None\ntry: import unisync.emulator\nexcept ImportError as error: print(error)"
    )
    assert run(program) == "unisync.emulator needs its extra: pip install 'unisync-aws[emulator]'"


def test_models_in_the_home_directory_do_not_affect_the_emulator(tmp_path: Path) -> None:
    model = Loader().load_service_model("proton", "service-2")
    path = tmp_path / ".aws" / "models" / "proton" / "2999-01-01" / "service-2.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({**model, "operations": {}}))
    program = (
        "from unisync.emulator._protocol.operations import service_model\n"
        "print('GetServiceSyncConfig' in service_model('proton').operation_names)"
    )
    assert run(program, HOME=str(tmp_path)) == "True"
