"""What importing unisync costs and shows, and that its arrows point down only."""

from __future__ import annotations

import ast
import inspect
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any, cast, get_origin, get_type_hints

import pytest

import unisync
import unisync.emulator
from tests.support.samples import twin_job
from unisync import (
    AsyncFleet,
    AsyncPager,
    AsyncUnisync,
    Fleet,
    Pager,
    SyncBlocker,
    SyncJobSummary,
    SyncResourceSummary,
    SyncState,
    Unisync,
    WaitToken,
)

PACKAGE = Path(unisync.__file__).parent

LAYERS = [
    {"__main__"},
    {"cli", "testing"},
    {"__init__"},
    {"interfaces"},
    {"otel"},
    {"fleet"},
    {"client", "aio"},
    {"facade"},
    {"services"},
    {"together", "outcomes", "tokens", "watching"},
    {"roles"},
    {"waiting", "session", "scheduling"},
    {"subject", "verbs", "backoff", "events", "replies", "constraints", "loading"},
    {"listing", "pacing"},
    {"transport", "remembering"},
    {"flow", "trust"},
    {"answers"},
    {"definitions", "inventory"},
    {"models"},
    {"refs", "regions"},
    {"display"},
    {"errors"},
    {"lazily"},
    {"collection"},
]
"""From the top down: a module imports only from layers below its own, or from its own package."""


def modules() -> Iterator[tuple[str, Path]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        yield path.relative_to(PACKAGE).with_suffix("").parts[0], path


def imports(path: Path, *, at_run_time: bool) -> Iterator[str]:
    """The modules that a file imports, whether at its head or within."""
    tree = ast.parse(path.read_text())
    typing_only = {
        id(node)
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and ast.unparse(block.test) == "TYPE_CHECKING"
        for statement in block.body
        for node in ast.walk(statement)
    }
    for node in ast.walk(tree):
        if at_run_time and id(node) in typing_only:
            continue
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def test_every_module_has_its_layer() -> None:
    assert {name for name, _ in modules()} == set().union(*LAYERS) | {"emulator"}


def test_arrows_point_down_only() -> None:
    rank = {name: depth for depth, layer in enumerate(LAYERS) for name in layer}
    for name, path in modules():
        if name in ("emulator", "__init__"):
            continue
        for imported in imports(path, at_run_time=True):
            below = imported.split(".")[1] if imported.startswith("unisync.") else None
            if below not in (None, name, "emulator"):
                assert rank[below] > rank[name], f"{path} imports {imported}"


def test_the_emulator_is_nobodys_mirror() -> None:
    """It imports nothing from the rest, and the rest nothing from it, but for what serves it."""
    for name, path in modules():
        for imported in imports(path, at_run_time=False):
            if name == "emulator":
                assert not imported.startswith("unisync") or imported.startswith("unisync.emulator"), path
            elif name != "testing" and path != PACKAGE / "cli" / "commands" / "trying.py":
                assert not imported.startswith("unisync.emulator"), path


@pytest.mark.parametrize(
    "name", ["models", "refs", "waiting", "subject", "flow", "backoff", "verbs", "facade", "pacing", "scheduling"]
)
def test_the_core_knows_nothing_of_boto3(name: str) -> None:
    for imported in imports(PACKAGE / f"{name}.py", at_run_time=False):
        assert not re.match(r"boto3|botocore|urllib3", imported)


def test_client_error_stands_in_two_files() -> None:
    files = {path.name for _, path in modules() if "emulator" not in path.parts and "ClientError" in path.read_text()}
    assert files == {"errors.py", "session.py"}


def test_every_module_says_its_job_in_its_first_line() -> None:
    for _, path in modules():
        first = path.read_text().splitlines()[0]
        assert re.fullmatch(r'""".+[.:](""")?', first), f"{path}: {first}"


def test_the_public_names_are_the_same_wherever_they_stand() -> None:
    """For type checkers, for `import *`, and for the lazy look-up."""
    source = (PACKAGE / "__init__.py").read_text()
    for_checkers = re.findall(r"from (unisync\.[\w.]+) import (\w+) as (\w+)", source)
    assert all(name == alias for _, name, alias in for_checkers)
    assert [name for _, name, _ in for_checkers] == [
        name for home in sorted(unisync._HOMES) for name in unisync._HOMES[home]
    ]
    assert unisync.__all__ == sorted(name for _, name, _ in for_checkers)
    for home, name, _ in for_checkers:
        assert getattr(unisync, name) is getattr(sys.modules[home], name)
    assert set(unisync.__all__) <= set(dir(unisync))
    with pytest.raises(AttributeError, match="module 'unisync' has no attribute 'Unisnyc'"):
        _ = unisync.Unisnyc  # type: ignore[attr-defined] # pyright: ignore


def python(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.strip()


def test_importing_unisync_loads_neither_boto3_nor_pydantic() -> None:
    heavy = python("import sys, unisync; dir(unisync); print({'boto3', 'botocore', 'pydantic'} & set(sys.modules))")
    assert heavy == "set()"


def test_a_client_is_made_without_boto3() -> None:
    loaded = python("import sys, unisync; unisync.Unisync(region_name='eu-west-1'); print('boto3' in sys.modules)")
    assert loaded == "False"


def test_loading_a_name_leaves_the_garbage_collector_as_it_was() -> None:
    for switch in ("enable", "disable"):
        state = python(f"import gc, unisync; gc.{switch}(); unisync.SyncState; print(gc.isenabled())")
        assert state == str(switch == "enable")


def test_every_public_name_is_documented() -> None:
    for name in unisync.__all__:
        value = getattr(unisync, name)
        if name != "AnyRef":
            assert value.__doc__, name


def test_a_generic_value_can_be_made_with_its_type_spelled_out() -> None:
    """As a user's test may do. With slots, a frozen generic dataclass cannot, up to Python 3.12."""
    assert unisync.Page[int]((1,), None).items == (1,)
    assert unisync.EnsureResult[int]("created", 1).definition == 1
    assert unisync.Progress[unisync.TwinMakerSyncJob](twin_job(SyncState.ACTIVE), 1, 1.0, 2.0).attempt == 1


def with_hints() -> Iterator[Any]:
    """Every public class, but for errors, and every public function and method."""
    values: list[object] = [getattr(module, name) for module in (unisync, unisync.emulator) for name in module.__all__]
    for value in values:
        if inspect.isroutine(value):
            yield value
        if not isinstance(value, type):
            continue
        kind = cast("type[object]", value)
        if not issubclass(kind, Exception):
            yield kind
        members: list[tuple[str, object]] = inspect.getmembers_static(kind)
        for name, member in members:
            function: object = getattr(kind, name)
            if isinstance(member, property):
                function = member.fget
            elif isinstance(member, cached_property):
                function = cast("cached_property[object]", member).func
            ours = str(getattr(function, "__module__", "")).startswith("unisync")
            if ours and inspect.isroutine(function) and (name == "__init__" or not name.startswith("_")):
                yield function


def test_whoever_reads_hints_at_run_time_finds_them() -> None:
    """As pydantic's validate_call, typer, beartype and Sphinx do."""
    unread: dict[str, str] = {}
    for value in with_hints():
        try:
            get_type_hints(value)
        except NameError as error:
            unread[value.__qualname__] = str(error)
    assert not unread


def test_the_hints_of_a_verb_are_those_of_its_client() -> None:
    def returned(verb: object) -> object:
        return get_type_hints(verb)["return"]

    blocking, awaitable = Unisync(region_name="eu-west-1"), AsyncUnisync(region_name="eu-west-1")
    assert returned(blocking.blockers) == returned(awaitable.blockers) == tuple[SyncBlocker, ...]
    assert returned(Unisync.wait_until_resources_synced) is SyncResourceSummary
    assert returned(blocking.twinmaker.list_sync_jobs) == Pager[SyncJobSummary]
    assert returned(awaitable.twinmaker.list_sync_jobs) == AsyncPager[SyncJobSummary]
    assert get_origin(returned(Fleet.watch)) is Iterator
    assert get_origin(returned(AsyncFleet.watch)) is AsyncIterator
    assert get_type_hints(Unisync.resume)["token"] == WaitToken | str
