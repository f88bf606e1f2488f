"""Write the table and the diagram of the states from the code, or check them.

python -m tools.generators.states            write docs/explanation/state-table.md and states.svg
python -m tools.generators.states --check    write nothing; exit with 1 if they are out of date
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from html import escape
from pathlib import Path
from typing import NamedTuple

from botocore.loaders import Loader
from botocore.model import ServiceModel

from tools.generators.pages import written_or_checked
from unisync import SyncState
from unisync._services.codeconnections import CODECONNECTIONS
from unisync._services.proton import PROTON
from unisync._services.twinmaker import TWINMAKER

FOLDER = Path(__file__).parents[2] / "docs" / "explanation"

KINDS = {
    "a TwinMaker sync job": [(TWINMAKER, "SyncJobState")],
    "a resource of a sync job": [(TWINMAKER, "SyncResourceState")],
    "an attempt of a Git sync": [(PROTON, "ResourceSyncStatus"), (CODECONNECTIONS, "ResourceSyncStatus")],
    "a branch": [(PROTON, "RepositorySyncStatus"), (CODECONNECTIONS, "RepositorySyncStatus")],
}
"""What has a state, and the enums of its values in the services' models."""


def values_of(kind: str) -> dict[SyncState, list[str]]:
    """AWS's values for each of our states; every service with this kind has the same."""
    found: list[dict[SyncState, list[str]]] = []
    for service, shape in KINDS[kind]:
        model = ServiceModel(Loader().load_service_model(service.name, "service-2"))
        values = sorted(str(value) for value in model.shape_for(shape).metadata.get("enum", ()))
        states = service.enum_map.states
        found.append({state: [value for value in values if states.get(value) is state] for state in SyncState})
        assert sum(map(len, found[-1].values())) == len(values)
    assert all(other == found[0] for other in found)
    return found[0]


def table() -> str:
    """The table of AWS's values by state."""
    lines = [f"| `SyncState` | {' | '.join(KINDS)} |", "|---|" + "---|" * len(KINDS)]
    columns = [values_of(kind) for kind in KINDS]
    for state in SyncState:
        cells = [", ".join(f"`{value}`" for value in values[state]) for values in columns]
        cells = ["any other value"] * len(KINDS) if state is SyncState.UNKNOWN else cells
        lines.append(f"| `{state}` | {' | '.join(cell or '-' for cell in cells)} |")
    return "\n".join(lines) + "\n"


class Box(NamedTuple):
    """The position of a state in the diagram."""

    left: int
    top: int


WIDTH, HEIGHT = 172, 84
BOXES = {
    SyncState.PENDING: Box(14, 92),
    SyncState.RUNNING: Box(274, 92),
    SyncState.ACTIVE: Box(534, 92),
    SyncState.FAILED: Box(274, 264),
    SyncState.DELETING: Box(534, 264),
    SyncState.UNKNOWN: Box(14, 264),
}
ARROWS = {
    "M 60 20 v 64": ("a sync configuration or a sync job is created", 70, 34),
    "M 186 126 h 80": ("AWS starts", 226, 116),
    "M 446 134 h 80": ("it succeeds", 486, 124),
    "M 360 176 v 80": ("it fails", 368, 222),
    "M 620 92 v -28 h -494 v 20": ("AWS detects a new commit", 373, 58),
    "M 274 300 h -44 v -150 h -36": ("a new commit", 236, 222),
    "M 620 176 v 80": ("deleted", 628, 222),
    "M 706 306 h 60": ("not found", 741, 296),
}
"""The transitions: the path of each arrow, its label, and where the label starts."""
BESIDE = ("a sync configuration or a sync job is created", "it fails", "a new commit", "deleted")
"""The labels to the right of their arrow, instead of above it."""

HEAD = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 784 360" role="img" aria-labelledby="states-title states-text">
<title id="states-title">The states of a sync and the transitions between them</title>
<desc id="states-text">{description}</desc>
<defs>
<marker id="states-arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto">
<path class="head" d="M 0 0 L 8 4 L 0 8 z"/>
</marker>
</defs>
"""
DESCRIPTION = (
    "PENDING becomes RUNNING when AWS starts. RUNNING becomes ACTIVE when it succeeds, and FAILED when it fails. Both "
    "become PENDING when AWS detects a new commit. After DELETING, the sync is not found. UNKNOWN is any value that "
    "AWS has added since."
)


def diagram() -> str:
    """The diagram of states."""
    return "\n".join([HEAD.format(description=DESCRIPTION), *shapes(), "</svg>", ""])


def shapes() -> Iterator[str]:
    """The boxes with AWS's values, and the arrows between them."""
    jobs, attempts = values_of("a TwinMaker sync job"), values_of("an attempt of a Git sync")
    for state, (left, top) in BOXES.items():
        dashed = ' class="dashed"' if state is SyncState.UNKNOWN else ""
        yield f'<rect{dashed} x="{left}" y="{top}" width="{WIDTH}" height="{HEIGHT}" rx="6"/>'
        middle = left + WIDTH // 2
        yield f'<text class="state" x="{middle}" y="{top + 26}">{state}</text>'
        for line, text in enumerate(lines(state, jobs, attempts)):
            yield f'<text class="native" x="{middle}" y="{top + 48 + 19 * line}">{escape(text)}</text>'
    for path, (label, x, y) in ARROWS.items():
        start = ' class="start"' if label in BESIDE else ""
        yield f'<path d="{path}" marker-end="url(#states-arrow)"/>'
        yield f'<text{start} x="{x}" y="{y}">{label}</text>'


def lines(state: SyncState, *kinds: Mapping[SyncState, list[str]]) -> list[str]:
    """The lines in a box: AWS's values."""
    if state is SyncState.UNKNOWN:
        return ["a value that AWS", "has added since"]
    named = zip(("TwinMaker", "Git"), kinds, strict=True)
    return [f"{name}: {', '.join(values[state])}" for name, values in named if values[state]]


def main() -> int:
    """Write or check both."""
    script = "python -m tools.generators.states"
    table_status = written_or_checked(FOLDER / "state-table.md", table, script, __doc__)
    return written_or_checked(FOLDER / "states.svg", diagram, script, __doc__) or table_status


if __name__ == "__main__":
    sys.exit(main())
