"""completion: what makes a shell complete the command."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

_HELP = """\
Print what makes a shell complete commands and options.

\b
    bash:  eval "$(unisync completion bash)"  # in ~/.bashrc
    zsh:   eval "$(unisync completion zsh)"   # in ~/.zshrc
    fish:  unisync completion fish | source   # in ~/.config/fish/config.fish
"""


@click.command(help=_HELP)
@click.argument("shell", type=click.Choice(["bash", "fish", "zsh"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> int:
    """Print what makes a shell complete the command."""
    found = get_completion_class(shell)
    assert found is not None
    click.echo(found(context.find_root().command, {}, "unisync", "_UNISYNC_COMPLETE").source())
    return 0
