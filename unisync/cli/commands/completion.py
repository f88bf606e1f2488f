"""completion: the completion scripts of shells."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from unisync.cli.options import Command

_HELP = """\
Print the completion script of a shell.

\b
    bash:  eval "$(unisync completion bash)"  # in ~/.bashrc
    zsh:   eval "$(unisync completion zsh)"   # in ~/.zshrc
    fish:  unisync completion fish | source   # in ~/.config/fish/config.fish
"""


@click.command(
    cls=Command,
    help=_HELP,
    examples=("completion bash >>~/.bashrc", "completion fish >~/.config/fish/completions/unisync.fish"),
)
@click.argument("shell", type=click.Choice(["bash", "fish", "zsh"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> int:
    """Print the completion script of a shell."""
    found = get_completion_class(shell)
    assert found is not None
    click.echo(found(context.find_root().command, {}, "unisync", "_UNISYNC_COMPLETE").source())
    return 0
