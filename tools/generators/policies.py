"""Write the IAM policies of the commands as `unisync policy` prints them, or check them.

python -m tools.generators.policies            write docs/howto/policies.md
python -m tools.generators.policies --check    write nothing; exit with 1 if the page is out of date
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from tools.generators.pages import written_or_checked
from unisync._models.refs import ServiceInstanceSync, StackSync, TemplateSync, TwinMakerSync
from unisync.cli.iam import policy_for
from unisync.cli.operations import COMMANDS, SEARCHES

PAGE = Path(__file__).parents[2] / "docs" / "howto" / "policies.md"

KINDS = {
    StackSync: "codeconnections:STACK",
    ServiceInstanceSync: "proton:SERVICE/INSTANCE",
    TemplateSync: "proton-template:TYPE/TEMPLATE/VERSION",
    TwinMakerSync: "twinmaker:WORKSPACE",
}
HEAD = """\
<!-- `python -m tools.generators.policies` generates this from the code. -->
"""


def page() -> str:
    """The page."""
    return "\n".join([HEAD, *(line for command in COMMANDS for line in section(command))])


def section(command: str) -> Iterator[str]:
    """The operations of a command, by the kind of the reference, and its policy for all syncs."""
    yield f"### unisync {command}"
    yield ""
    yield "| for | operations |"
    yield "|---|---|"
    assert set(COMMANDS[command]) == set(KINDS)
    by_kind = COMMANDS[command]
    for kind, text in KINDS.items():
        if by_kind[kind]:
            yield f"| `{text}` | {listed(by_kind[kind])} |"
    if command in SEARCHES:
        yield f"| {'the search for syncs' if any(by_kind.values()) else 'all'} | {listed(SEARCHES[command])} |"
    yield ""
    yield "```json"
    yield json.dumps(policy_for(command), indent=2)
    yield "```"
    yield ""


def listed(actions: tuple[str, ...]) -> str:
    return ", ".join(f"`{action}`" for action in sorted(actions))


if __name__ == "__main__":
    sys.exit(written_or_checked(PAGE, page, "python -m tools.generators.policies", __doc__))
