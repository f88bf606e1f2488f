"""The pages of the documentation, as what can be run of them.

- ```python is a program. It is run by itself, in an empty folder. A ```text that follows is what it prints.
- ```{code-block} with a `:caption:` is a file of that name, in a folder that the page's blocks share.
- ```console is a shell in that folder. A line that begins with "$ " is run; those below it are what it prints. `…`
  stands for anything in a line, and alone on one for any lines. Times and ids may differ. `unisync emulator` is served
  until the page ends, on a free port, and what it prints is exported, as the page tells its reader to do.
- <!-- not run: REASON --> above a block says that it is not, and why.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"

_BLOCK = re.compile(
    r"^(?:<!-- not run: (?P<excuse>.+) -->\n)?```(?P<info>[^\n`]*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL
)
_VARYING = {
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?( UTC|Z)": "<time>",
    r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b": "<id>",
    r"127\.0\.0\.1:\d+": "127.0.0.1:<port>",
    r"(?m)^( *)\d+ s  ": "<elapsed>",
}


class Block(NamedTuple):
    """A fenced block of a page."""

    kind: str
    """The language, or what a directive is called."""
    body: str
    line: int
    caption: str
    excuse: str
    """Why it is not run; empty if it is."""


class Command(NamedTuple):
    """What is typed into a shell, and what it prints."""

    text: str
    shown: str


def pages() -> list[Path]:
    """The sources that somebody wrote by hand."""
    generated = {DOCS / "cli.md", DOCS / "operations.md"}
    return sorted(set(DOCS.rglob("*.md")) - generated - set(DOCS.glob("_build/**/*")))


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
        found.append(Block(info, body, text.count("\n", 0, match.start()) + 1, caption, match["excuse"] or ""))
    return found


def commands(block: Block) -> list[Command]:
    """What a console block has somebody type. A line that ends with a backslash goes on in the next."""
    found: list[Command] = []
    goes_on = False
    for line in block.body.splitlines():
        if goes_on:
            found[-1] = Command(f"{found[-1].text}\n{line}", "")
        elif line.startswith("$ "):
            found.append(Command(line.removeprefix("$ "), ""))
        else:
            found[-1] = Command(found[-1].text, f"{found[-1].shown}{line}\n")
        goes_on = (line.startswith("$ ") or goes_on) and line.endswith("\\")
    return found


def assert_shown(shown: str, printed: str) -> None:
    """What was printed is what is shown, but for what varies."""
    for pattern, name in _VARYING.items():
        shown, printed = re.sub(pattern, name, shown), re.sub(pattern, name, printed)
    wanted = ["(.*\n)*" if line == "…" else f"{_loosely(line)} *\n" for line in shown.splitlines()]
    if not re.fullmatch("".join(wanted), printed if printed.endswith("\n") or not printed else f"{printed}\n"):
        assert printed == shown


def _loosely(line: str) -> str:
    return ".*".join(re.escape(part) for part in line.rstrip().split("…"))
