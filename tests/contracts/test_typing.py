"""Users' programs under mypy, pyright and pyrefly, each strict, without stubs for boto3.

Every line that a checker complains of is marked in the samples: as `wrong`, or as `unknown` where the program is right
and the checker cannot tell. Some marks name the checkers that they are for.

pyrefly loses a method's own type variable if a decorator turns the method into an object, as ours do. Of the methods
that are generic in their job (`get`, `get_many`, `wait_until_active`, `wait_all`, `watch`) it infers all but the job.
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
from tests.support.checkers import CHECKERS, SAMPLES, copy_samples, unexpected


@pytest.mark.slow
@pytest.mark.parametrize("checker", CHECKERS)
def test_each_checker_reports_the_marked_lines_and_no_others(checker: str, tmp_path: Path) -> None:
    pytest.importorskip(checker, reason="the type checkers are installed in .venv alone")
    copy_samples(tmp_path)
    found = unexpected(checker, CHECKERS[checker](tmp_path, sys.executable))
    assert not found, "\n".join(found)


PUBLIC: dict[str, type] = {
    name: value
    for module in (unisync, unisync.emulator, unisync.testing)
    for name in module.__all__
    if isinstance(value := getattr(module, name), type)
}


def attributes(kind: type) -> Iterator[tuple[str, set[str]]]:
    """The public attributes of a class, each with the classes a sample of which counts."""
    lower: set[str] = set()
    seen: set[str] = {"model_config"}  # pydantic's
    if typing_extensions.is_typeddict(kind):
        return  # it has keys
    for base in kind.__mro__:
        lower.add(base.__name__)
        if base.__module__.split(".")[0] == "unisync":
            names = {name for name in {*vars(base), *inspect.get_annotations(base)} if not name.startswith("_")} - seen
            yield from ((name, set(lower)) for name in names)
            seen |= names
    for error in EXAMPLES:
        if type(error) is kind:
            yield from ((name, lower) for name in vars(error).keys() - seen if not name.startswith("_"))


def sampled() -> Mapping[str, set[str]]:
    """The attributes that samples use of an argument `it`, by the name of its class."""
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


def test_every_public_attribute_has_a_sample() -> None:
    samples = sampled()
    missing = {
        f"{name}.{attribute}"
        for name, kind in PUBLIC.items()
        for attribute, kinds in attributes(kind)
        if not any(attribute in samples[each] for each in kinds)
    }
    assert not missing


def test_every_public_name_has_a_sample() -> None:
    text = "\n".join(sample.read_text() for sample in SAMPLES.glob("*.py") if sample.name != "wrong.py")
    names = {name for module in (unisync, unisync.emulator, unisync.testing) for name in module.__all__}
    assert {name for name in names if not re.search(rf"\b{name}\b", text)} == set()
