"""Write the table of operations from the methods' docstrings and signatures, or check it.

python -m tools.generators.operations            write docs/operations.md
python -m tools.generators.operations --check    write nothing; exit with 1 if the page is out of date
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from botocore.loaders import Loader
from botocore.model import ServiceModel

from tools.generators.pages import written_or_checked
from unisync import Unisync
from unisync._services.codeconnections import CodeConnectionsClient
from unisync._services.proton import ProtonClient
from unisync._services.twinmaker import TwinMakerClient

TABLE = Path(__file__).parents[2] / "docs" / "operations.md"

SERVICES: dict[str, tuple[str, str, type[object]]] = {
    "iottwinmaker": ("IoT TwinMaker", "twinmaker", TwinMakerClient),
    "proton": ("Proton", "proton", ProtonClient),
    "codeconnections": ("CodeConnections, and codestar-connections", "codeconnections", CodeConnectionsClient),
}

HEAD = """\
# Operations

Every operation of the sync APIs: the method that calls it, the type that the method returns, and the other methods
that use it. Iterate over a `Pager`. `AsyncUnisync` has the same methods, awaited, and returns an `AsyncPager`. With
`dry_run=True`, those that change something return a `DryRun`.

`python -m tools.generators.operations` generates this page from the methods' docstrings and signatures.
"""


class Row(NamedTuple):
    operation: str
    method: str
    returns: str
    users: str


def rows(service: str) -> Iterator[Row]:
    """A row for each operation with a method of its own, in alphabetical order."""
    _, namespace, operations = SERVICES[service]
    methods = {operation: name for name in public(operations) for operation in named(first_line(operations, name))}
    uses = list(users(Unisync, "")) + list(users(operations, f"{namespace}."))
    model = ServiceModel(Loader().load_service_model(service, "service-2"))
    for operation in sorted(model.operation_names):
        if operation in methods:
            method = methods[operation]
            others = [f"`{name}`" for name, used in uses if operation in used and name != f"{namespace}.{method}"]
            returns = result(getattr(operations, method))
            yield Row(operation, f"`{namespace}.{method}`", f"`{returns}`", ", ".join(others))


def users(owner: type[object], prefix: str) -> Iterator[tuple[str, set[str]]]:
    """The methods whose docstrings list the operations that they use, with those operations."""
    for name in public(owner):
        yield f"{prefix}{name}", operations_of(owner, name)


def operations_of(owner: type[object], name: str) -> set[str]:
    """The operations that a method's docstring lists: by name, or as "those of" another method."""
    _, _, text = (inspect.getdoc(getattr(owner, name)) or "").partition("\nAWS operation: ")
    others = [operations_of(owner, other) for other in re.findall(r"those of `(\w+)`", text)]
    return set(re.findall(r"\b[A-Z]\w+", text)).union(*others)


def public(owner: type[object]) -> list[str]:
    return [name for name in dir(owner) if not name.startswith("_") and callable(getattr(owner, name))]


def first_line(owner: type[object], name: str) -> str:
    return (inspect.getdoc(getattr(owner, name)) or "").partition("\n")[0]


def named(line: str) -> list[str]:
    return re.findall(r"\((\w+)\)", line)


def result(method: Callable[..., object]) -> str:
    """The type that a method returns, without module names."""
    annotation = str(inspect.signature(method).return_annotation)
    return re.sub(r"\b[a-z_]+\.", "", annotation).replace("|", "\\|")


def page() -> str:
    parts = [HEAD]
    for service, (title, _, _) in SERVICES.items():
        lines = [f"\n## {title}\n", "| operation | method | returns | also used by |", "|---|---|---|---|"]
        lines += [f"| {' | '.join(row)} |".replace("|  |", "| |") for row in rows(service)]
        parts.append("\n".join(lines) + "\n")
    return "".join(parts)


if __name__ == "__main__":
    sys.exit(written_or_checked(TABLE, page, "python -m tools.generators.operations", __doc__))
