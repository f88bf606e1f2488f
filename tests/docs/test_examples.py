"""The programs and shell sessions of the README and the docs, run and compared with what the pages show.

`tests/support/documents.py` says how their blocks are written.
"""

from __future__ import annotations

import contextlib
import io
import json
import logging
import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Generator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

import pytest
import yaml

from tests.support.documents import DOCS, ROOT, Block, Command, assert_output, blocks, commands, pages
from tests.support.processes import unmeasured

pytestmark = pytest.mark.slow

PAGES = {name: blocks(page) for name, page in pages().items()}
PROGRAMS = [
    pytest.param(block, after, id=f"{name}:{block.line}")
    for name, found in PAGES.items()
    for block, after in zip(found, [*found[1:], None], strict=False)
    if block.kind == "python" and not block.caption and not block.not_run
]
SESSIONS = [name for name, found in PAGES.items() if any(each.kind == "console" and not each.not_run for each in found)]
KINDS = {"python", "text", "console", "bash", "yaml", "toml", "html", "json", "groovy"}
SETUP = re.compile("mkdir|pip install|python3 -m venv|unisync emulator --")
"""Commands that are not run: the tests have their own folder, environment and emulator."""
END = "\x01"
"""Separates the outputs of the commands of a session."""


@pytest.mark.parametrize(("program", "after"), PROGRAMS)
def test_program(program: Block, after: Block | None) -> None:
    # In this process, since importing boto3 in a new one takes longer than most programs.
    with unconfigured_logging(), contextlib.redirect_stdout(io.StringIO()) as stdout:
        exec(compile(program.body, "program.py", "exec", dont_inherit=True), {"__name__": "__main__"})
    expected = after.body if after is not None and after.kind == "text" else ""
    assert_output(expected, stdout.getvalue())


@contextmanager
def unconfigured_logging() -> Generator[None]:
    """Logging as in a new process, and afterwards as before."""
    root, library = logging.getLogger(), logging.getLogger("unisync")
    handlers, levels = root.handlers[:], (root.level, library.level)
    root.handlers.clear()
    try:
        yield
    finally:
        root.handlers[:] = handlers
        root.setLevel(levels[0])
        library.setLevel(levels[1])


@pytest.mark.parametrize("name", SESSIONS)
@pytest.mark.skipif(os.name == "nt", reason="needs bash")
def test_session(name: str, tmp_path: Path) -> None:
    folder, tools = tmp_path / "empty", tmp_path / "tools"
    folder.mkdir()
    tools.mkdir()
    for tool, arguments in {"python": "", "unisync": "-m unisync"}.items():
        (tools / tool).write_text(f'#!/bin/sh\nexec {sys.executable} {arguments} "$@"\n')
        (tools / tool).chmod(0o700)
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "GITHUB_"))}
    environment |= {"PATH": f"{tools}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT), "HOME": str(folder)}
    session: list[Command] = []
    with serving(name, environment) as exported:
        for block in PAGES[name]:
            if block.caption:
                path = folder / block.caption
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(block.body)
            if block.kind == "console" and not block.not_run:
                session += [each for each in commands(block) if not SETUP.match(each.text)]
        lines = [f"eval {shlex.quote(each.text)}; code=$?; printf '\\001'; (exit $code)" for each in session]
        (tmp_path / "session").write_text("\n".join(lines) + "\n")
        done = subprocess.run(
            ["bash", tmp_path / "session"],
            cwd=folder,
            env={**environment, **exported},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=240,
            check=False,
        )
    outputs = done.stdout.split(END)
    assert len(outputs) == len(session) + 1
    for command, output in zip(session, outputs, strict=False):
        print(f"$ {command.text}")
        assert_output(command.output, output)


@contextmanager
def serving(name: str, environment: dict[str, str]) -> Generator[dict[str, str]]:
    """Serve the emulator that a page starts, if it starts one. Yields the variables that it says to export."""
    starts = [each for block in PAGES[name] if block.kind == "console" for each in commands(block)]
    starts = [each for each in starts if each.text.startswith("unisync emulator --")]
    if not starts:
        yield {}
        return
    (start,) = starts
    arguments = start.text.split()[1:]
    if not {"--speed", "--clock"} & set(arguments):
        arguments += ["--speed", "20"]
    command = [sys.executable, "-m", "unisync", *arguments, "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=unmeasured(environment)) as server:
        try:
            assert server.stdout is not None
            printed: list[str] = []
            while not (printed and printed[-1].startswith("#")):
                printed.append(server.stdout.readline())
                assert printed[-1], "the emulator ended"
            assert_output(start.output, "".join(printed))
            yield dict(re.findall(r"^export (\w+)=(.*)$", "".join(printed), re.MULTILINE))
        finally:
            server.terminate()


def test_every_block_of_a_page_is_read() -> None:
    for name, page in pages().items():
        assert len(PAGES[name]) == len(re.findall(r"^```\S", page.read_text("utf-8"), re.MULTILINE)), name


@pytest.mark.parametrize("name", PAGES)
def test_every_block_is_run_or_says_why_not(name: str) -> None:
    extras = set(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"])
    session = "\n".join(each.text for block in PAGES[name] if block.kind == "console" for each in commands(block))
    for number, block in enumerate(PAGES[name]):
        if block.kind.startswith("{"):
            continue
        assert block.kind in KINDS, block
        if block.kind == "text":
            assert PAGES[name][number - 1].kind == "python" or block.not_run, f"what prints this? {block.body}"
        if block.kind == "python" and block.caption:
            others = [other.body for other in PAGES[name] if other != block]
            is_imported = f"from {Path(block.caption).stem} import" in "\n".join(others)
            assert is_imported or block.caption in session, block.caption
        if block.kind == "bash":
            subprocess.run(["bash", "-n"], input=block.body, text=True, check=True)
        if block.kind == "yaml":
            assert yaml.safe_load(block.body)
        if block.kind == "json":
            assert json.loads(block.body)
    for names in re.findall(r"unisync-aws\[([\w,]+)\]", session):
        assert set(names.split(",")) <= extras


def test_every_page_is_in_a_table_of_contents() -> None:
    listed = {"README.md", "docs/index.md"}
    for name, page in pages().items():
        for block in PAGES[name]:
            entries: list[str] = []
            if block.kind == "{toctree}":
                entries = [f"{entry}.md" for entry in re.findall(r"^(?:.*<)?([\w./-]+?)>?$", block.body, re.MULTILINE)]
            elif block.kind.startswith("{include} "):
                entries = [block.kind.removeprefix("{include} ")]
            listed |= {os.path.relpath(page.parent / entry, ROOT) for entry in entries}
    missing = {*PAGES, "docs/cli.md", "docs/operations.md"} - listed
    assert not missing


@pytest.mark.parametrize(
    "name",
    ["unisync", "unisync.aws_events", "unisync.emulator", "unisync.otel", "unisync.stepfunctions", "unisync.testing"],
)
def test_the_reference_has_every_public_name(name: str) -> None:
    described: dict[str, list[str]] = {}
    for page in sorted((DOCS / "reference").glob("*.md")):
        module = ""
        for directive, argument in re.findall(
            r"^\.\. (currentmodule|auto\w+):: (\S+)$", page.read_text(), re.MULTILINE
        ):
            if directive == "currentmodule":
                module = argument
            else:
                described.setdefault(module, []).append(argument.removesuffix("()"))  # no signature
    assert sorted(described[name]) == sorted(import_module(name).__all__)


def test_the_first_program_of_the_readme_has_at_most_ten_lines() -> None:
    first = next(block for block in PAGES["README.md"] if block.kind == "python")
    assert len([line for line in first.body.splitlines() if line.strip()]) <= 10


@pytest.mark.parametrize(
    "name",
    [
        "README.md",
        *(
            f"docs/{name}.md"
            for name in ("index", "howto/events", "howto/permissions", "howto/step-functions", "howto/testing")
        ),
    ],
)
def test_the_first_screen_says_that_nothing_was_compared_with_aws(name: str) -> None:
    screen = " ".join((ROOT / name).read_text("utf-8").splitlines()[:24])
    assert "never been compared with AWS" in screen


def test_the_links_of_the_readme_lead_somewhere() -> None:
    for link in re.findall(r"\]\((?!http)([^)#]+)\)", (ROOT / "README.md").read_text()):
        assert (ROOT / link).exists(), link
