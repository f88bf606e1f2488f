"""What the pages of the documentation show is what happens. How their blocks are run is told in documents.py."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Generator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

import pytest
import yaml

from tests.support.documents import DOCS, ROOT, Block, Command, assert_shown, blocks, commands, pages

PAGES = {str(page.relative_to(DOCS)): blocks(page) for page in pages()}
PROGRAMS = [
    pytest.param(block, after, id=f"{name}:{block.line}")
    for name, found in PAGES.items()
    for block, after in zip(found, [*found[1:], None], strict=False)
    if block.kind == "python" and not block.caption and not block.excuse
]
SESSIONS = [name for name, found in PAGES.items() if any(each.kind == "console" and not each.excuse for each in found)]
KINDS = {"python", "text", "console", "bash", "yaml", "toml", "html"}
SET_UP = re.compile("mkdir|pip install|python3 -m venv|unisync emulator")
"""What a session does not run: the tests have their own folder, environment and emulator."""
END = "\x01"
"""Separates what the commands of a session print."""


@pytest.mark.parametrize(("program", "after"), PROGRAMS)
def test_a_program_prints_what_is_shown(program: Block, after: Block | None, tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(program.body)
    done = subprocess.run(
        [sys.executable, "-W", "error", "program.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    if after is not None and after.kind == "text":
        assert_shown(after.body, done.stdout)
    else:
        assert done.stdout == "", "what a program prints is shown"


@pytest.mark.parametrize("name", SESSIONS)
@pytest.mark.skipif(os.name == "nt", reason="needs bash")
def test_a_session_prints_what_is_shown(name: str, tmp_path: Path) -> None:
    folder, tools = tmp_path / "empty", tmp_path / "tools"
    folder.mkdir()
    tools.mkdir()
    for tool, words in {"python": "", "unisync": "-m unisync"}.items():
        (tools / tool).write_text(f'#!/bin/sh\nexec {sys.executable} {words} "$@"\n')
        (tools / tool).chmod(0o700)
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "GITHUB_"))}
    environment |= {"PATH": f"{tools}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT), "HOME": str(folder)}
    typed: list[Command] = []
    with serving(name, environment) as exported:
        for block in PAGES[name]:
            if block.caption:
                path = folder / block.caption
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(block.body)
            if block.kind == "console" and not block.excuse:
                typed += [each for each in commands(block) if not SET_UP.match(each.text)]
        lines = [f"eval {quoted(each.text)}; code=$?; printf '\\001'; (exit $code)" for each in typed]
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
    printed = done.stdout.split(END)
    assert len(printed) == len(typed) + 1
    for command, output in zip(typed, printed, strict=False):
        print(f"$ {command.text}")
        assert_shown(command.shown, output)


@contextmanager
def serving(name: str, environment: dict[str, str]) -> Generator[dict[str, str]]:
    """Serve the emulator that a page starts, if it does; the variables that it says to export."""
    starts = [each for block in PAGES[name] if block.kind == "console" for each in commands(block)]
    starts = [each for each in starts if each.text.startswith("unisync emulator")]
    if not starts:
        yield {}
        return
    (start,) = starts
    words = start.text.split()[1:]
    if "--speed" not in words:
        words += ["--speed", "20"]
    with subprocess.Popen(
        [sys.executable, "-m", "unisync", *words, "--port", "0"], stdout=subprocess.PIPE, text=True, env=environment
    ) as server:
        try:
            assert server.stdout is not None
            printed: list[str] = []
            while not (printed and printed[-1].startswith("#")):
                printed.append(server.stdout.readline())
                assert printed[-1], "the emulator ended"
            assert_shown(start.shown, "".join(printed))
            yield dict(re.findall(r"^export (\w+)=(.*)$", "".join(printed), re.MULTILINE))
        finally:
            server.terminate()


def quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


@pytest.mark.parametrize("name", PAGES)
def test_every_block_is_run_or_says_why_not(name: str) -> None:
    extras = set(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"])
    run = "\n".join(each.text for block in PAGES[name] if block.kind == "console" for each in commands(block))
    for number, block in enumerate(PAGES[name]):
        if block.kind.startswith("{"):
            continue
        assert block.kind in KINDS, block
        if block.kind == "text":
            assert PAGES[name][number - 1].kind == "python" or block.excuse, f"what shows this? {block.body}"
        if block.kind == "python" and block.caption:
            others = [other.body for other in PAGES[name] if other != block]
            assert block.caption in run or f"from {Path(block.caption).stem} import" in "\n".join(others), block.caption
        if block.kind == "bash":
            subprocess.run(["bash", "-n"], input=block.body, text=True, check=True)
        if block.kind == "yaml":
            assert yaml.safe_load(block.body)
    for wanted in re.findall(r"unisync-aws\[([\w,]+)\]", run):
        assert set(wanted.split(",")) <= extras


def test_every_page_is_in_a_table_of_contents() -> None:
    listed = {"index.md"}
    for page in pages():
        for tree in (block.body for block in blocks(page) if block.kind == "{toctree}"):
            for entry in re.findall(r"^(?:.*<)?([\w./-]+?)>?$", tree, re.MULTILINE):
                listed.add(str((page.parent / f"{entry}.md").resolve().relative_to(DOCS)))
    included = {"explanation/words.md"}
    assert set(PAGES) | {"cli.md", "operations.md"} == listed | included


@pytest.mark.parametrize("name", ["unisync", "unisync.emulator", "unisync.otel", "unisync.testing"])
def test_the_reference_has_every_public_name(name: str) -> None:
    described: dict[str, list[str]] = {}
    for page in sorted((DOCS / "reference").glob("*.md")):
        module = ""
        for directive, what in re.findall(r"^\.\. (currentmodule|auto\w+):: (\S+)$", page.read_text(), re.MULTILINE):
            if directive == "currentmodule":
                module = what
            else:
                described.setdefault(module, []).append(what)
    assert sorted(described[name]) == sorted(import_module(name).__all__)
