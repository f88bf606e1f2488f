"""`make mutants`: breaks the code in small ways, one at a time, and tells which of these mutants no test notices.

The work is mutmut's, but for what it leaves out: functions that have a decorator, as most operations and validators do.
A stop, by Ctrl-C or since the time is up, loses nothing: the next run goes on from there.
"""

from __future__ import annotations

import argparse
import importlib
import math
import os
import resource
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from operator import itemgetter
from pathlib import Path
from typing import Any
from zlib import crc32

ENOUGH = 0.9
"""The part of the mutants that has to be noticed."""
MEMORY = 4 << 30
"""Bytes that a mutant may take: some never stop to collect."""

cst: Any = importlib.import_module("libcst")
mutating: Any = importlib.import_module("mutmut.mutation.file_mutation")
isolation: Any = importlib.import_module("mutmut.workers.isolation")
mutmut: Any = importlib.import_module("mutmut.__main__")

AT_IMPORT = (
    "unisync.errors.xǁServiceErrorǁ__init_subclass__",
    "unisync._models.jobs.x_both",
    "unisync._models.jobs.x_wire",
    "unisync._models.jobs.xǁAsRefǁ__get_pydantic_core_schema__",
    "unisync._models.jobs.xǁAsRefǁ__init__",
)
"""What has run when a process is forked to try a mutant in."""
SEEN_BY = ("tests/contracts/test_errors.py", "tests/models/test_jobs.py")
"""The tests of these."""

FEW = 25
"""Tests of a mutant that are run before the others are even collected."""
QUICK = 0.01
"""Seconds in which no test asks an emulator."""
MOST = 60
"""Slower tests that are run for a mutant. Hundreds come by what every call comes by, and are alike to it."""
FIRST = ("unisync.errors.", "unisync._models.jobs.", "unisync._waiters.waiters.", "unisync.")
"""The modules, by which is tried first."""

skips = mutating.MutationVisitor._skip_node_and_children
arranged = mutating.function_trampoline_arrangement
submitted = isolation.ForkServerRunner.submit
ran = isolation.PytestRunner.run_tests


def name_of(decorator: Any) -> str:
    expression = decorator.decorator
    if isinstance(expression, cst.Call):
        expression = expression.func
    return str(expression.value) if isinstance(expression, cst.Name) else ""


def skips_but_decorated(self: Any, node: Any) -> bool:
    """Whether nothing in a node is mutated. A decorator is no reason, unless the function has no code of its own."""
    if isinstance(node, cst.FunctionDef) and "overload" not in map(name_of, node.decorators):
        node = node.with_changes(decorators=[])
    elif isinstance(node, cst.Decorator):
        return True
    return bool(skips(self, node))


def arranged_in_decorators(function: Any, mutants: Any, class_name: str | None) -> Any:
    """A function and its mutants, with what chooses between them inside of its decorators: these are applied once.

    `cache` goes: what it kept of the function would be told of each mutant.
    """
    bound = [each for each in function.decorators if name_of(each) in ("classmethod", "staticmethod")]
    others = [each for each in function.decorators if each not in bound and name_of(each) != "cache"]
    before, (chooser, *copies), after, names = arranged(
        function.with_changes(decorators=bound), mutants, class_name=class_name
    )
    chooser = chooser.with_changes(decorators=[*others, *chooser.decorators])
    return before, [chooser, *copies], after, names


def turn(mutant: str) -> tuple[int, int]:
    """When a mutant has its turn: module by module, and within these by lot, so that a part tells of the whole."""
    return next(place for place, module in enumerate(FIRST) if mutant.startswith(module)), crc32(mutant.encode())


def in_order(tests: Iterable[str]) -> list[str]:
    """The tests for a mutant: all that are quick, then one case of each of the others, then as many as there may be."""
    durations = mutmut.state().duration_by_test
    cases: Counter[str] = Counter()
    quick: list[str] = []
    slow: list[tuple[int, str]] = []
    for test in sorted(tests, key=durations.__getitem__):
        if durations[test] < QUICK:
            quick.append(test)
        else:
            function = test.partition("[")[0]
            slow.append((cases[function], test))
            cases[function] += 1
    return quick + [test for _, test in sorted(slow, key=itemgetter(0))][:MOST]


def submit(self: Any, mutant: str, tests: Iterable[str], cpu_limit: int, estimate: float) -> None:
    submitted(self, mutant, in_order(tests), cpu_limit, estimate)


def run_tests(self: Any, *, mutant_name: str | None, tests: Iterable[str]) -> int:
    """Run a few tests, and only if none of them fails the others: it is dear to collect many."""
    names = list(tests)
    if names:
        # By the clock of the process, which goes slowly where others have the processors.
        limit = math.ceil(time.process_time() + 20 + 3 * sum(mutmut.state().duration_by_test[test] for test in names))
        most = resource.getrlimit(resource.RLIMIT_CPU)[1]
        resource.setrlimit(resource.RLIMIT_CPU, (min(limit, most), most))
    for some in filter(None, (names[:FEW], names[FEW:])) if names else ([],):
        code = int(ran(self, mutant_name=mutant_name, tests=some))
        if code:
            return code
    return 0


def try_at_import() -> None:
    """Try the mutants of what runs at import, each in a process that begins with it."""
    for path in mutmut.walk_mutatable_files():
        data = mutmut.SourceFileMutationData(path=path)
        data.load()
        for name, code in data.exit_code_by_key.items():
            if code in (0, 33) and name.startswith(AT_IMPORT):
                environment = {**os.environ, "MUTANT_UNDER_TEST": name, "PYTHONPATH": "."}
                command = [sys.executable, "-m", "pytest", "-qx", *mutmut.config().pytest_add_cli_args, *SEEN_BY]
                tried = subprocess.run(command, cwd="mutants", env=environment, capture_output=True, timeout=120)
                data.exit_code_by_key[name] = int(tried.returncode != 0)
                data.save()


def tell() -> str | None:
    """Print how many mutants each module has, what came of them, and which survived. Gives what is wrong with that."""
    total: Counter[str] = Counter()
    rows: list[tuple[str, Counter[str]]] = []
    unnoticed: list[str] = []
    for path in sorted(mutmut.walk_mutatable_files()):
        data = mutmut.SourceFileMutationData(path=path)
        data.load()
        ends = {name: mutmut.status_by_exit_code[code] for name, code in data.exit_code_by_key.items()}
        unnoticed += [f"{end}: {name}" for name, end in ends.items() if end not in ("killed", "timeout", "not checked")]
        if ends:
            rows.append((path.stem if path.stem != "__init__" else path.parent.name, Counter(ends.values())))
            total.update(ends.values())
    print("\n".join(unnoticed))
    print("\n| module | mutants | killed | timed out | survived | no test | not tried | killed of those tried |")
    print("|---|--:|--:|--:|--:|--:|--:|--:|")
    for name, ends in [*rows, ("all", total)]:
        tried = ends.total() - ends["not checked"]
        killed = ends["killed"] + ends["timeout"]
        others = tried - killed - ends["survived"]
        share = f"{100 * killed / tried:.1f} %" if tried else ""
        print(
            f"| `{name}` | {ends.total()} | {ends['killed']} | {ends['timeout']} | {ends['survived']} | {others} "
            f"| {ends['not checked']} | {share} |"
        )
    if total["not checked"]:
        return "Not all were tried: run it again to go on."
    noticed = total["killed"] + total["timeout"]
    return None if noticed >= ENOUGH * total.total() else f"Fewer than {ENOUGH:.0%} were noticed."


def main() -> None:
    parser = argparse.ArgumentParser(description="Break the code in small ways, and see whether a test notices.")
    parser.add_argument("--minutes", type=float, default=60, help="stop after this time; 60 by default")
    parser.add_argument("--children", type=int, default=2, help="mutants that are tried at once; 2 by default")
    parser.add_argument("--tell", action="store_true", help="only tell what came of the runs until now")
    parser.add_argument(
        "names", nargs="*", help="mutants to try, with wildcards, as unisync._waiters.waiters.*; all by default"
    )
    options = parser.parse_args()

    mutating.MutationVisitor._skip_node_and_children = skips_but_decorated
    mutating.function_trampoline_arrangement = arranged_in_decorators
    mutmut.estimated_worst_case_time = turn
    isolation.ForkServerRunner.submit = submit
    isolation.PytestRunner.run_tests = run_tests
    # Errors of pytest's and mutmut's own are no test's.
    mutmut.status_by_exit_code |= {3: "suspicious", 255: "suspicious"}
    if not options.tell:
        os.environ["CI"] = "1"  # hypothesis takes the same examples each time
        os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        signal.signal(signal.SIGALRM, signal.default_int_handler)
        signal.setitimer(signal.ITIMER_REAL, options.minutes * 60)
        importlib.import_module("boto3")  # once for all
        with suppress(KeyboardInterrupt):
            mutmut._run(options.names, options.children)
            try_at_import()
        signal.setitimer(signal.ITIMER_REAL, 0)
    sys.exit(tell())


if __name__ == "__main__":
    sys.path.insert(0, str(Path.cwd()))
    main()
