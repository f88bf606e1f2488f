"""A user's programs under mypy, pyright and pyrefly, each strict, with no stubs for boto3: what holds, what is refused.

Every line that a checker complains of is marked in the samples: as `wrong`, or as `unknown` where the program is right
and the checker does not see it. Some marks name the checkers that they are for.

pyrefly forgets a method's own type variable where a decorator makes an object of the method, as ours do: of the verbs
that are generic in their job (`get`, `get_many`, `wait_until_active`, `wait_all`, `watch`) it knows all but the job.
"""

from __future__ import annotations

import ast
import inspect
import re
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import typing_extensions

import unisync
import unisync.emulator
import unisync.testing
from tests.contracts.test_errors import EXAMPLES
from tests.support.checkers import CHECKERS, SAMPLES, place_samples, surprises


@pytest.mark.parametrize("checker", CHECKERS)
def test_the_samples_are_understood_and_refused_line_by_line(checker: str, tmp_path: Path) -> None:
    pytest.importorskip(checker, reason="the type checkers are installed in .venv alone")
    place_samples(tmp_path)
    found = surprises(checker, CHECKERS[checker](tmp_path, sys.executable))
    assert not found, "\n".join(found)


PUBLIC: dict[str, type] = {
    name: value
    for module in (unisync, unisync.emulator, unisync.testing)
    for name in module.__all__
    if isinstance(value := getattr(module, name), type)
}


def members(kind: type) -> Iterator[tuple[str, set[str]]]:
    """The public members that a class has of this project, each with the classes for which a sample of it will do."""
    lower: set[str] = set()
    told: set[str] = {"model_config"}  # pydantic's
    if typing_extensions.is_typeddict(kind):
        return  # has keys
    for base in kind.__mro__:
        lower.add(base.__name__)
        if base.__module__.split(".")[0] == "unisync":
            names = {name for name in {*vars(base), *inspect.get_annotations(base)} if not name.startswith("_")} - told
            yield from ((name, set(lower)) for name in names)
            told |= names
    for error in EXAMPLES:
        if type(error) is kind:
            yield from ((name, lower) for name in vars(error).keys() - told if not name.startswith("_"))


def sampled() -> Mapping[str, set[str]]:
    """The members that samples use, by the name of the class: that of an argument `it`."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    functions = (
        node
        for sample in SAMPLES.glob("*.py")
        for node in ast.walk(ast.parse(sample.read_text()))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    )
    for function in functions:
        for argument in function.args.args:
            if argument.arg == "it" and argument.annotation is not None:
                kind = ast.unparse(argument.annotation).partition("[")[0]
                found[kind] |= set(re.findall(rf"\b(?:it|{kind})\.(\w+)", ast.unparse(function)))
    return found


SAMPLED = sampled()


@pytest.mark.parametrize("name", sorted(PUBLIC))
def test_every_public_member_has_a_sample(name: str) -> None:
    missing = {member for member, kinds in members(PUBLIC[name]) if not any(member in SAMPLED[kind] for kind in kinds)}
    assert not missing
