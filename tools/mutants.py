"""`make mutants`: breaks the code in small ways, one at a time, and reports which of these mutants no test notices.

mutmut does the work. This adds mutants of functions with a decorator, such as most operations and validators, which
mutmut leaves out. Ctrl-C and the time limit lose nothing: the next run continues from there.
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

MIN_SHARE = 0.9
"""The share of mutants that tests must notice."""
MEMORY = 4 << 30
"""Bytes of memory that a mutant may use: some collect values without end."""

cst: Any = importlib.import_module("libcst")
mutating: Any = importlib.import_module("mutmut.mutation.file_mutation")
isolation: Any = importlib.import_module("mutmut.workers.isolation")
mutmut: Any = importlib.import_module("mutmut.__main__")

AT_IMPORT = (
    "unisync.errors.xǁServiceErrorǁ__init_subclass__",
    "unisync.errors.xǁInvalidArgumentErrorǁunless",
    "unisync._models.base.x_alias",
    "unisync._models.base.x_dual_case_alias",
    "unisync._models.base.xǁAsRefǁ__get_pydantic_core_schema__",
    "unisync._models.base.xǁAsRefǁ__init__",
    "unisync._models.envelopes.x__envelope",
    "unisync._models.envelopes.x__optional_envelope",
    "unisync._models.envelopes.x__page",
)
"""Functions that run at import, before a process is forked to try a mutant."""
SEEN_BY = ("tests/contracts/test_errors.py", "tests/models", "tests/services/test_services.py")
"""The tests of these functions."""

FIRST_TESTS = 25
"""Tests of a mutant that run before the others are collected."""
QUICK = 0.01
"""Seconds that a test takes at most which uses no emulator."""
MAX_SLOW_TESTS = 60
"""Slower tests that run for a mutant. Hundreds execute the code of every call, and all alike."""
FIRST = ("unisync.errors.", "unisync._models.", "unisync._waiters.", "unisync.")
"""The packages in the order in which they are tried."""

original_skip = mutating.MutationVisitor._skip_node_and_children
original_arrangement = mutating.function_trampoline_arrangement
original_submit = isolation.ForkServerRunner.submit
original_run_tests = isolation.PytestRunner.run_tests


def name_of(decorator: Any) -> str:
    expression = decorator.decorator
    if isinstance(expression, cst.Call):
        expression = expression.func
    return str(expression.value) if isinstance(expression, cst.Name) else ""


def skip_node(self: Any, node: Any) -> bool:
    """Whether a node is not mutated. Functions with decorators are, except for overloads."""
    if isinstance(node, cst.FunctionDef) and "overload" not in map(name_of, node.decorators):
        node = node.with_changes(decorators=[])
    elif isinstance(node, cst.Decorator):
        return True
    return bool(original_skip(self, node))


def arrange_trampoline(function: Any, mutants: Any, class_name: str | None) -> Any:
    """A function and its mutants, with the trampoline inside the decorators, which are applied once.

    `cache` is removed: it would return the results of the original for every mutant.
    """
    bound = [each for each in function.decorators if name_of(each) in ("classmethod", "staticmethod")]
    others = [each for each in function.decorators if each not in bound and name_of(each) != "cache"]
    before, (trampoline, *copies), after, names = original_arrangement(
        function.with_changes(decorators=bound), mutants, class_name=class_name
    )
    trampoline = trampoline.with_changes(decorators=[*others, *trampoline.decorators])
    return before, [trampoline, *copies], after, names


def priority(mutant: str) -> tuple[int, int]:
    """The sort key of a mutant: by package, and random within it, so that a part of the run is a fair sample."""
    return next(index for index, module in enumerate(FIRST) if mutant.startswith(module)), crc32(mutant.encode())


def in_order(tests: Iterable[str]) -> list[str]:
    """The tests of a mutant: all quick ones, then one case of each slow test, then more cases up to the maximum."""
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
    return quick + [test for _, test in sorted(slow, key=itemgetter(0))][:MAX_SLOW_TESTS]


def submit(self: Any, mutant: str, tests: Iterable[str], cpu_limit: int, estimate: float) -> None:
    original_submit(self, mutant, in_order(tests), cpu_limit, estimate)


def run_tests(self: Any, *, mutant_name: str | None, tests: Iterable[str]) -> int:
    """Run a few tests, and the others only if none of these fails: collecting many is expensive."""
    if mutant_name is not None and mutant_name.startswith(AT_IMPORT):
        return 0  # it "survives", and `try_at_import` tries it
    names = list(tests)
    if names:
        # In CPU time, which does not depend on the load of the machine.
        limit = math.ceil(time.process_time() + 20 + 3 * sum(mutmut.state().duration_by_test[test] for test in names))
        most = resource.getrlimit(resource.RLIMIT_CPU)[1]
        resource.setrlimit(resource.RLIMIT_CPU, (min(limit, most), most))
    for some in filter(None, (names[:FIRST_TESTS], names[FIRST_TESTS:])) if names else ([],):
        code = int(original_run_tests(self, mutant_name=mutant_name, tests=some))
        if code:
            return code
    return 0


def try_at_import() -> None:
    """Try the mutants of functions that run at import, each in a new process."""
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


def module_of(path: Path) -> str:
    """A module as the report names it, such as "errors" and "_models/jobs"."""
    return path.with_suffix("").relative_to("unisync").as_posix()


def report() -> str | None:
    """Print the results of each module, and the mutants that survived. Returns the reason to fail, if there is one."""
    total: Counter[str] = Counter()
    rows: list[tuple[str, Counter[str]]] = []
    unnoticed: list[str] = []
    for path in sorted(mutmut.walk_mutatable_files()):
        data = mutmut.SourceFileMutationData(path=path)
        data.load()
        results = {name: mutmut.status_by_exit_code[code] for name, code in data.exit_code_by_key.items()}
        for name, result in results.items():
            if result not in ("killed", "timeout", "not checked"):
                unnoticed.append(f"{result}: {name}")
        if results:
            rows.append((module_of(path), Counter(results.values())))
            total.update(results.values())
    print("\n".join(unnoticed))
    print("\n| module | mutants | killed | timed out | survived | other | not tried | noticed |")
    print("|---|--:|--:|--:|--:|--:|--:|--:|")
    for name, results in [*rows, ("all", total)]:
        tried = results.total() - results["not checked"]
        noticed = results["killed"] + results["timeout"]
        other = tried - noticed - results["survived"]
        share = f"{100 * noticed / tried:.1f} %" if tried else ""
        cells = results.total(), results["killed"], results["timeout"], results["survived"], other
        print(f"| `{name}` | {' | '.join(map(str, cells))} | {results['not checked']} | {share} |")
    if total["not checked"]:
        return "Not all were tried: run it again to continue."
    noticed = total["killed"] + total["timeout"]
    return None if noticed >= MIN_SHARE * total.total() else f"Fewer than {MIN_SHARE:.0%} were noticed."


def main() -> None:
    parser = argparse.ArgumentParser(description="Break the code in small ways, and see whether a test notices.")
    parser.add_argument("--minutes", type=float, default=60, help="time limit (default: %(default)s)")
    parser.add_argument("--children", type=int, default=2, help="mutants to try in parallel (default: %(default)s)")
    parser.add_argument("--report", action="store_true", help="only print the results of earlier runs")
    parser.add_argument("names", nargs="*", help="mutants to try, such as unisync._waiters.waiters.*; all by default")
    options = parser.parse_args()

    mutating.MutationVisitor._skip_node_and_children = skip_node
    mutating.function_trampoline_arrangement = arrange_trampoline
    mutmut.estimated_worst_case_time = priority
    isolation.ForkServerRunner.submit = submit
    isolation.PytestRunner.run_tests = run_tests
    # Internal errors of pytest and mutmut are no test failures.
    mutmut.status_by_exit_code |= {3: "suspicious", 255: "suspicious"}
    if not options.report:
        os.environ["CI"] = "1"  # hypothesis uses the same examples each time
        os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        signal.signal(signal.SIGALRM, signal.default_int_handler)
        signal.setitimer(signal.ITIMER_REAL, options.minutes * 60)
        importlib.import_module("boto3")  # before the processes are forked
        with suppress(KeyboardInterrupt):
            mutmut._run(options.names, options.children)
            try_at_import()
        signal.setitimer(signal.ITIMER_REAL, 0)
    sys.exit(report())


if __name__ == "__main__":
    sys.path.insert(0, str(Path.cwd()))
    main()
