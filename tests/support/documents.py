"""Reads the documentation, so that tests can run what it shows.

- ```python is a program, run by itself. A ```text block after it is what it prints. It passes mypy and pyright, strict.
- ```{code-block} with a `:caption:` is a file of that name, in a folder that all blocks of the page share.
- ```console is a shell session in that folder. Lines that begin with "$ " are run; the lines below them are their
  output. `…` stands for anything within a line, and alone on a line for any number of lines. Times and ids may differ.
  `unisync emulator` is served on a free port until the end of the page, and the variables that it prints are exported.
- <!-- not run: REASON --> above a block excludes it.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"

_BLOCK = re.compile(
    r"^(?:<!-- not run: (?P<reason>[^\n]+) -->\n)?```(?P<info>[^\n`]*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL
)
_VARYING = {
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?( UTC|Z)": "<time>",
    r"[A-Z][a-z]{2} [A-Z][a-z]{2} \d\d \d\d:\d\d:\d\d UTC \d{4}": "<Java time>",
    r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b": "<id>",
    r"127\.0\.0\.1:\d+": "127.0.0.1:<port>",
    r"(?m)^( *)\d+ s  ": "<elapsed>",
}


class Block(NamedTuple):
    """A fenced block of a page."""

    kind: str
    """The language, or the name of the directive."""
    body: str
    line: int
    caption: str
    not_run: str
    """Why it is not run; empty if it is."""


class Command(NamedTuple):
    """A command of a shell session, and its output."""

    text: str
    output: str


def pages() -> dict[str, Path]:
    """The pages written by hand, by their path in the repository."""
    generated = {DOCS / "cli.md", DOCS / "operations.md", *DOCS.glob("_build/**/*")}
    found = [ROOT / "README.md", *sorted(set(DOCS.rglob("*.md")) - generated)]
    return {page.relative_to(ROOT).as_posix(): page for page in found}


def blocks(page: Path) -> list[Block]:
    """The blocks of a page, in order."""
    text = page.read_text("utf-8")
    found: list[Block] = []
    for match in _BLOCK.finditer(text):
        info, body, caption = match["info"].strip(), match["body"], ""
        if info.startswith("{code-block}"):
            info = info.removeprefix("{code-block}").strip()
            options = re.match(r"(?::[^\n]*\n)*", body)
            body = body[options.end() :].lstrip("\n") if options else body
            named = re.search(r"^:caption: (.*)$", options[0], re.MULTILINE) if options else None
            caption = named[1] if named else ""
        line = text.count("\n", 0, match.start()) + 1
        found.append(Block(info, body, line, caption, match["reason"] or ""))
    return found


def commands(block: Block) -> list[Command]:
    """The commands of a console block. A line that ends with a backslash continues on the next."""
    found: list[Command] = []
    continues = False
    for line in block.body.splitlines():
        if continues:
            found[-1] = Command(f"{found[-1].text}\n{line}", "")
        elif line.startswith("$ "):
            found.append(Command(line.removeprefix("$ "), ""))
        else:
            found[-1] = Command(found[-1].text, f"{found[-1].output}{line}\n")
        continues = (line.startswith("$ ") or continues) and line.endswith("\\")
    return found


def assert_output(expected: str, actual: str) -> None:
    """Check that a page shows what was printed, except for what varies."""
    for pattern, name in _VARYING.items():
        expected, actual = re.sub(pattern, name, expected), re.sub(pattern, name, actual)
    lines = ["(.*\n)*" if line == "…" else f"{_line_pattern(line)} *\n" for line in expected.splitlines()]
    if not re.fullmatch("".join(lines), actual if actual.endswith("\n") or not actual else f"{actual}\n"):
        assert actual == expected


def _line_pattern(line: str) -> str:
    return ".*".join(re.escape(part) for part in line.rstrip().split("…"))
