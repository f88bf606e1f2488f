"""GitHub Actions: an annotation for each sync that failed, and a summary of the step."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from unisync._models.text import sanitize
from unisync._render.symbols import symbol_of
from unisync.cli.rows import COLUMNS, Row

if TYPE_CHECKING:
    from unisync.cli.output import Output

MAX_TEXT = 2_000
"""Characters of a reason."""


def publish(rows: Sequence[Row], environ: Mapping[str, str], output: Output) -> None:
    """Print annotations and write the step's summary, if this runs in GitHub Actions."""
    if environ.get("GITHUB_ACTIONS") != "true":
        return
    for row in rows:
        if row.error is not None:
            output.echo_lines(annotation(row))
    path = environ.get("GITHUB_STEP_SUMMARY")
    if path:
        try:
            with open(path, "a", encoding="utf-8") as file:
                file.write(summary(rows))
        except OSError as error:
            output.echo(f"Could not write the step summary: {error}")


def annotation(row: Row) -> str:
    """The workflow command that annotates the run with an error."""
    title = sanitize(f"{row.ref} is {row.state}").replace("%", "%25").replace(":", "%3A").replace(",", "%2C")
    message = sanitize(row.reason or str(row.error), MAX_TEXT).replace("%", "%25")
    return f"::error title={title}::{message}"


def summary(rows: Sequence[Row]) -> str:
    """The rows as a table in Markdown."""
    lines = [
        "### Syncs",
        "",
        "| " + " | ".join(name.capitalize() for name in COLUMNS) + " |",
        "|" + " --- |" * len(COLUMNS),
    ]
    for row in rows:
        state, *others = (_cell(cell) for cell in row.cells())
        lines.append("| " + " | ".join([f"{symbol_of(row.state).icon} {state}", *others]) + " |")
    return "\n".join(lines) + "\n\n"


def _cell(text: str) -> str:
    """Text as a table cell, with all Markdown and HTML escaped."""
    shown = html.escape(sanitize(text, MAX_TEXT))
    return "".join(f"&#{ord(character)};" if character in "\\`*_{}[]()#+!|~@:$" else character for character in shown)
