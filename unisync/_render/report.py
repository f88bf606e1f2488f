"""The HTML report on many syncs: one self-contained page without scripts, for a screen or for print."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from unisync._render.cards import (
    NamedAttempt,
    attempts_of,
    blocker_list,
    error_details,
    history,
    job_facts,
    resource_list,
    timestamp,
)
from unisync._render.icons import badge, known, label, state_class
from unisync._render.markup import MAX_NAME, SPACE, Markup, join, style, tag, text
from unisync._render.summary import Summary, blockers_of, summarize
from unisync._render.symbols import SYMBOLS

if TYPE_CHECKING:
    from unisync._models.configurations import RepositorySyncAttempt
    from unisync._models.jobs import SyncJob
    from unisync._models.outcome import Outcome
    from unisync._models.resources import SyncResourceSummary

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


@dataclass(frozen=True)
class ReportEntry:
    """What the report shows of one sync."""

    outcome: Outcome[SyncJob]
    repository: RepositorySyncAttempt | None = None
    """The latest sync of the branch that a Git sync follows."""
    resources: SyncResourceSummary | None = None
    """The resources of a TwinMaker sync job."""
    notes: tuple[str, ...] = ()
    """What could not be read, and why."""


def report(
    entries: Sequence[ReportEntry], *, as_of: datetime, title: str = "Syncs", warnings: Sequence[str] = ()
) -> str:
    """The report: which commits are live, and if not, why not.

    Args:
        entries: The syncs.
        as_of: When they were read, with a time zone.
        title: The title of the page.
        warnings: Which searches for syncs failed, so that syncs may be missing.
    """
    summaries = [summarize(entry.outcome, entry.resources) for entry in entries]
    sections = [
        _section(number, entry, summary, as_of)
        for number, (entry, summary) in enumerate(zip(entries, summaries, strict=True), 1)
    ]
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=Markup(_POLICY)),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("link", rel="icon", href="data:,"),  # without it, browsers request one
        tag("title", text(title, MAX_NAME)),
        style("style.css"),
        style("page.css"),
    )
    header = _header(title, as_of, entries, summaries, warnings)
    body = tag("body", header, tag("main", *sections), class_="unisync page")
    return f"<!doctype html>\n{tag('html', head, body, lang='en')}\n"


def _header(
    title: str,
    as_of: datetime,
    entries: Sequence[ReportEntry],
    summaries: Sequence[Summary],
    warnings: Sequence[str],
) -> Markup:
    counts = Counter(known(summary.state) for summary in summaries)
    synced, total = counts["ACTIVE"], len(entries)
    states = [tag("li", badge(state, f"{counts[state]} {label(state)}")) for state in SYMBOLS if counts[state]]
    links = [
        tag(
            "li",
            badge(summary.state),
            tag("a", text(str(entry.outcome.ref), MAX_NAME), href=f"#sync-{number}"),
            tag("span", summary.headline, class_="dim"),
        )
        for number, (entry, summary) in enumerate(zip(entries, summaries, strict=True), 1)
    ]
    result = f"{synced} of {total} {'is' if synced == 1 else 'are'} synced." if total else "No syncs were found."
    return tag(
        "header",
        tag("h1", text(title, MAX_NAME)),
        tag("p", text("As of"), SPACE, timestamp(as_of), class_="dim"),
        tag("p", result, class_="result"),
        tag("ul", *(tag("li", warning) for warning in warnings), class_="lines") if warnings else None,
        tag("ul", *states, class_="counts") if total else None,
        tag("nav", tag("ol", *links), aria_label="Syncs") if total else None,
    )


def _section(number: int, entry: ReportEntry, summary: Summary, as_of: datetime) -> Markup:
    heading = f"sync-{number}-name"
    return tag(
        "section",
        tag(
            "div",
            tag("h2", tag("code", text(str(entry.outcome.ref), MAX_NAME)), id=heading),
            badge(summary.state),
            class_="head",
        ),
        tag("p", summary.headline, class_="headline"),
        *_details(entry, as_of),
        id=f"sync-{number}",
        class_=f"card {state_class(summary.state)}",
        aria_labelledby=heading,
    )


def _details(entry: ReportEntry, as_of: datetime) -> Iterator[Markup | None]:
    outcome, blockers = entry.outcome, blockers_of(entry.outcome)
    if outcome.error is not None:
        yield error_details(outcome.error)
    if outcome.job is not None:
        yield job_facts(outcome.job)
    if blockers:
        yield _part("Blockers", blocker_list(outcome.ref, blockers, as_of))
    attempts = attempts_of(outcome.job) if outcome.job is not None else []
    if entry.repository is not None:
        attempts.insert(0, NamedAttempt("Repository", entry.repository))
    if attempts:
        yield _part("Attempts", history(attempts, as_of))
    if entry.resources is not None:
        yield _part("Resources", resource_list(entry.resources))
    if entry.notes:
        yield _part("Could not be read", tag("ul", *(tag("li", note) for note in entry.notes), class_="lines"))


def _part(heading: str, content: Markup | None) -> Markup:
    return join(tag("h3", heading), content)
