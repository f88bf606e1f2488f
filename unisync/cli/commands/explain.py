"""explain: why a sync is as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from unisync.cli.options import Cli, Command, connected, follows_commits, ref_argument
from unisync.cli.tables import GAP, wrapped_message

if TYPE_CHECKING:
    from unisync._models.explanation import Explanation
    from unisync._models.jobs import SyncJob
    from unisync._models.refs import SyncRef


_PLAIN_SIGNS = {"✓": "+", "✗": "!", "→": "->"}
"""What stands for a sign where it cannot be written."""
_COLOURS = {"✓": "green", "+": "green", "✗": "red", "!": "red", "?": "yellow"}
"""The colours of checks, by their signs."""
_CAUSE = "Likely cause: "
MIN_WIDTH = 60
"""The width of a terminal that has room for texts beside the names of checks."""


@click.command(
    cls=Command,
    examples=("explain codeconnections:payments-prod", "explain twinmaker:factory -o json"),
)
@ref_argument
@click.option("--revision", metavar="SHA", help="The commit in question; by default, the one that AWS desires.")
@connected()
def explain(cli: Cli, ref: SyncRef[SyncJob], revision: str | None) -> int:
    """Say why a sync is as it is.

    Checks everything between the commit and the resource, and names the likely cause. What may not be read is unknown,
    and changes no other check. Ends with 0, whatever it finds.
    """
    sync = cli.connection.only(ref)
    if revision is not None and not follows_commits(sync):
        raise click.UsageError(f"--revision cannot be used: {ref} does not follow commits.")
    print_explanation(cli, cli.connection.client.explain(sync, revision=revision))
    return 0


def print_explanation(cli: Cli, explanation: Explanation) -> None:
    """Print an explanation."""
    from unisync._models.explanation import lines_of
    from unisync._models.refs import FleetSync

    output = cli.output
    if output.form != "table":
        account, region = cli.connection.location_of(explanation.ref)
        ref = explanation.ref.sync if isinstance(explanation.ref, FleetSync) else explanation.ref
        place = {"ref": str(ref), "account": account, "region": region}
        output.record({**place, **explanation.model_dump(mode="json", exclude={"ref"})})
        return
    for head, text in lines_of(explanation):
        if not output.has_unicode:
            head, text = _plain(head), _plain(text)
        if output.is_terminal:
            _print_wrapped(cli, head, text)
        else:
            output.write(f"{head}{output.sanitize(text)}\n")


def _plain(text: str) -> str:
    """A part of a line with another sign at its start."""
    return _PLAIN_SIGNS[text[0]] + text[1:] if text[:1] in _PLAIN_SIGNS else text


def _print_wrapped(cli: Cli, head: str, text: str) -> None:
    """Print a line on a terminal; its further lines begin where its text does."""
    from rich.text import Text

    output, width = cli.output, cli.output.out.width
    indent = len(head) if width >= MIN_WIDTH else min(len(head), GAP)
    first, *others = wrapped_message(output.sanitize(text), max(1, width - max(len(head), indent)))
    style = "bold" if first.startswith(_CAUSE) else "default"
    begin = Text(head, _COLOURS.get(head[:1], "")).append(first, style)
    for line in (begin, *(Text(" " * indent + other, style) for other in others)):
        output.out.print(line, soft_wrap=True)
