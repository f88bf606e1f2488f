"""The package as a whole: its layers and imports, and what the public names cost, show and document."""

from __future__ import annotations

import ast
import inspect
import re
import subprocess
import sys
import tomllib
from collections.abc import AsyncIterator, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple, cast, get_origin, get_type_hints

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
FILES = {str(path.relative_to(PACKAGE)): path for path in sorted(PACKAGE.rglob("*.py"))}

# Layers.

LAYERS = [
    {"__main__"},
    {"cli"},
    {"testing"},
    {"__init__"},
    {"aws_events", "otel", "stepfunctions"},
    {"_client"},
    {"_services", "_waiters", "_botocore"},
    {"_render"},
    {"_core"},
    {"_models"},
    {"errors"},
]
"""From the top down: a package imports only from rows below its own. `emulator` stands apart."""

UPWARD = {"_models/base.py": "unisync._render.cards"}
"""The one import that points up: models show themselves in notebooks."""

LATE: dict[str, str] = {
    "__init__.py": "importing unisync costs next to nothing",
    "cli/": "the command starts fast: it imports what it runs",
    "testing/": "pytest loads the plugin in every run",
    "_core/clock.py": "only asynchronous clients need asyncio",
    "_models/base.py": "the import that points up",
    "_botocore/queue.py": "boto3 is slow to import, and a program that parses events needs no queue",
    "_botocore/senders.py": "aiohttp is an extra, and only asynchronous clients need it",
    "_client/": "a first read needs no waits, no search, no raw responses and one service",
    "_services/registry.py": "a first read needs one service",
    "_services/operations.py": "a first read needs no configurations and no envelopes",
    "_services/codeconnections.py": "a first read needs no configurations and no envelopes",
}
"""Files, and folders, that import within functions or through `lazy_module`, with the reason."""


class Import(NamedTuple):
    """An import, wherever it stands in a file."""

    file: str
    module: str
    """The imported module; of the package itself where a name is imported from it that is no module."""
    is_typing_only: bool
    is_at_head: bool

    @property
    def package(self) -> str:
        """The first part of the file's path within the package."""
        return Path(self.file).with_suffix("").parts[0]

    @property
    def target(self) -> str | None:
        """The same of the imported module; None if it is of another distribution."""
        root, *rest = self.module.split(".")
        return None if root != "unisync" else rest[0] if rest else "__init__"


def imports_of(file: str) -> Iterator[Import]:
    tree = ast.parse(FILES[file].read_text())
    typing_only = {
        id(node)
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and ast.unparse(block.test) == "TYPE_CHECKING"
        for statement in block.body
        for node in ast.walk(statement)
    }
    functions = (node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)))
    late = {id(node) for function in functions for node in ast.walk(function)}
    for node in ast.walk(tree):
        modules: list[str] = []
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: imports are absolute"
            assert node.module is not None
            inner = [f"{node.module}.{alias.name}" for alias in node.names]
            modules = [each if is_module(each) else node.module for each in inner]
        for module in modules:
            yield Import(file, module, id(node) in typing_only, id(node) not in late)


def is_module(name: str) -> bool:
    path = Path(*name.split(".")[1:])
    return name.startswith("unisync.") and (f"{path}.py" in FILES or f"{path / '__init__'}.py" in FILES)


IMPORTS = [each for file in FILES for each in imports_of(file)]


def test_every_package_has_its_layer() -> None:
    assert {Path(file).with_suffix("").parts[0] for file in FILES} == set().union(*LAYERS) | {"emulator"}
    assert len([path for path in PACKAGE.iterdir() if path.name != "__pycache__"]) <= 17


@pytest.mark.parametrize("package", [package for layer in LAYERS for package in sorted(layer)])
def test_imports_point_down_only(package: str) -> None:
    depth = next(depth for depth, layer in enumerate(LAYERS) if package in layer)
    below = {name for layer in LAYERS[depth + 1 :] for name in layer}
    for each in IMPORTS:
        if each.package != package or each.target in {None, package, "emulator"} | below:
            continue
        is_errors_typing = package == "errors" and each.is_typing_only
        assert is_errors_typing or UPWARD.get(each.file) == each.module, each


def test_the_emulator_shares_no_code_with_the_rest() -> None:
    for each in IMPORTS:
        if each.package == "emulator":
            is_type = each.is_typing_only and each.module == "unisync._botocore.types"
            assert each.target in (None, "emulator") or is_type, each
        elif each.target == "emulator":
            is_user = each.package == "testing" or each.file.startswith("cli/commands/")
            assert is_user or (each.package == "cli" and each.is_typing_only), each


def test_botocore_stays_in_its_package() -> None:
    """And what it sends with: urllib3, over http.client."""
    for each in IMPORTS:
        if re.match(r"(boto3|botocore|urllib3|http\.client)\b", each.module):
            is_client_error = each.file == "errors.py" and each.module == "botocore.exceptions"
            assert each.package in ("_botocore", "cli", "emulator", "testing") or is_client_error, each
    named = {file for file, path in FILES.items() if re.search(r"\bClientError\b", path.read_text())}
    assert {file for file in named if not file.startswith("_botocore/")} == {"errors.py"}


def test_imports_stand_at_the_head() -> None:
    late = {each.file for each in IMPORTS if not each.is_at_head and each.package != "emulator"} | set(lazy_modules())
    unexpected = {file for file in late if not any(file.startswith(known) for known in LATE)}
    assert not unexpected
    assert all(any(file.startswith(known) for file in (*late, "__init__.py")) for known in LATE)


def lazy_modules() -> dict[str, set[str]]:
    """The modules that each file imports through `lazy_module`."""
    found = {file: re.findall(r' lazy_module\("([\w.]+)"\)', path.read_text()) for file, path in FILES.items()}
    return {file: set(modules) for file, modules in found.items() if modules}


def test_type_checkers_see_a_usual_import_of_each_lazy_module() -> None:
    for file, modules in lazy_modules().items():
        seen = {each.module for each in IMPORTS if each.file == file and each.is_typing_only}
        imported = {each.module for each in IMPORTS if each.file == file and not each.is_typing_only}
        assert modules <= seen, file
        assert not modules & imported, file


def test_the_first_line_of_a_module_says_its_job() -> None:
    for file, path in FILES.items():
        first = path.read_text().splitlines()[0]
        assert re.fullmatch(r'""".+[.:?](""")?', first), f"{file}: {first}"


# Public names.


def test_the_public_names_are_the_same_in_each_place() -> None:
    """For type checkers, for `import *`, and for the late imports."""
    source = FILES["__init__.py"].read_text()
    for_checkers = re.findall(r"from (unisync\.[\w.]+) import (\w+) as (\w+)", source)
    assert all(name == alias for _, name, alias in for_checkers)
    assert [(home, name) for home, name, _ in for_checkers] == [
        (f"unisync.{home}", name) for home in sorted(unisync._HOMES) for name in unisync._HOMES[home]
    ]
    assert unisync.__all__ == sorted(name for _, name, _ in for_checkers)
    for home, name, _ in for_checkers:
        assert getattr(unisync, name) is getattr(sys.modules[home], name)
    assert set(unisync.__all__) <= set(dir(unisync))
    with pytest.raises(AttributeError, match="module 'unisync' has no attribute 'Unisnyc'"):
        _ = unisync.Unisnyc  # type: ignore[attr-defined] # pyright: ignore


def test_the_distribution_takes_its_version_from_the_package() -> None:
    project = tomllib.loads((PACKAGE.parent / "pyproject.toml").read_text())
    assert "version" not in project["project"]
    assert project["tool"]["hatch"]["version"]["path"] == "unisync/__init__.py"
    assert re.fullmatch(r"\d+\.\d+\.\d+", unisync.__version__)


def python(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.strip()


def test_importing_unisync_loads_neither_boto3_nor_pydantic() -> None:
    heavy = python("import sys, unisync; dir(unisync); print({'boto3', 'botocore', 'pydantic'} & set(sys.modules))")
    assert heavy == "set()"


def test_a_client_is_created_without_boto3() -> None:
    loaded = python("import sys, unisync; unisync.Unisync(region_name='eu-west-1'); print('boto3' in sys.modules)")
    assert loaded == "False"


def test_a_sync_is_read_without_what_only_other_methods_need() -> None:
    loaded = python(
        "import sys\n"
        "from unisync import StackSync, Unisync\n"
        "from unisync.emulator import Emulator\n"
        "with Emulator() as aws:\n"
        "    aws.add_stack('payments', repository='acme/infra')\n"
        "    aws.push(stack='payments', sha='4' * 40)\n"
        "    Unisync(**aws.client_options()).get(StackSync('payments'))\n"
        "print(*sys.modules)"
    ).split()
    assert "unisync._services.codeconnections" in loaded
    others = ("unisync._waiters.waiters", "unisync._models.resources", "unisync._models.configurations")
    services = ("unisync._services.discovery", "unisync._services.proton", "unisync._services.twinmaker")
    assert not {*others, *services} & set(loaded)


def is_alias(value: object) -> bool:
    """Whether it is a type alias, which has no docstring of its own at run time."""
    return not isinstance(value, type) and not inspect.isroutine(value)


def test_every_public_class_and_function_is_documented() -> None:
    values = {name: getattr(unisync, name) for name in unisync.__all__}
    assert [name for name, value in values.items() if not is_alias(value) and not value.__doc__] == []


def test_every_public_alias_is_documented_where_it_is_defined() -> None:
    undocumented: set[str] = set()
    for home, names in unisync._HOMES.items():
        tree = ast.parse(FILES[f"{home.replace('.', '/')}.py"].read_text())
        documented = {
            ast.unparse(one.targets[0])
            for one, following in zip(tree.body, tree.body[1:], strict=False)
            if isinstance(one, ast.Assign) and isinstance(following, ast.Expr)
        }
        aliases = {name for name in names if is_alias(getattr(unisync, name))}
        undocumented |= aliases - documented
    assert undocumented == set()


def test_generic_values_are_created_with_their_type_arguments() -> None:
    """With slots, a frozen generic dataclass cannot be, up to Python 3.12."""
    assert unisync.Page[int]((1,), None).items == (1,)
    assert unisync.EnsureResult[int]("created", 1).definition == 1
    assert unisync.Progress[unisync.TwinMakerSyncJob](twin_job(SyncState.ACTIVE), 1, 1.0, 2.0).polls == 1


# Annotations.


UNRESOLVED = {
    "parse_any_ref": "the module of jobs imports that of references",
    "parse_fleet_ref": "the module of jobs imports that of references",
    "ClientOptions": "the emulator imports nothing from the rest at run time",
}
"""What has a type in its annotations that is known to type checkers alone."""


def with_hints() -> Iterator[Any]:
    """Every public class, function and method, but for errors: what they hold is known to type checkers alone."""
    values: list[object] = [getattr(module, name) for module in (unisync, unisync.emulator) for name in module.__all__]
    for value in values:
        if inspect.isroutine(value):
            yield value
        if not isinstance(value, type):
            continue
        kind = cast("type[object]", value)
        if issubclass(kind, Exception):
            continue
        yield kind
        members: list[tuple[str, object]] = inspect.getmembers_static(kind)
        for name, member in members:
            function: object = getattr(kind, name)
            if isinstance(member, property):
                function = member.fget
            elif isinstance(member, cached_property):
                function = cast("cached_property[object]", member).func
            ours = str(getattr(function, "__module__", "")).startswith("unisync")
            is_method = inspect.isfunction(function) or inspect.ismethod(function)
            if ours and is_method and (name == "__init__" or not name.startswith("_")):
                yield function


def test_annotations_can_be_resolved_at_run_time() -> None:
    """As pydantic's validate_call, typer, beartype and Sphinx do."""
    unresolved: dict[str, str] = {}
    for value in with_hints():
        try:
            get_type_hints(value)
        except NameError as error:
            unresolved[value.__qualname__] = str(error)
    assert unresolved.keys() == UNRESOLVED.keys(), unresolved


def test_the_annotations_of_a_method_are_those_of_its_client() -> None:
    def returned(method: object) -> object:
        return get_type_hints(method)["return"]

    blocking, awaitable = Unisync(region_name="eu-west-1"), AsyncUnisync(region_name="eu-west-1")
    assert returned(blocking.blockers) == returned(awaitable.blockers) == tuple[SyncBlocker, ...]
    assert returned(Unisync.wait_until_resources_synced) is SyncResourceSummary
    assert returned(blocking.twinmaker.list_sync_jobs) == Pager[SyncJobSummary]
    assert returned(awaitable.twinmaker.list_sync_jobs) == AsyncPager[SyncJobSummary]
    assert get_origin(returned(Fleet.watch)) is Iterator
    assert get_origin(returned(AsyncFleet.watch)) is AsyncIterator
    assert get_type_hints(Unisync.resume)["token"] == WaitToken | str
