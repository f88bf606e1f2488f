"""The report: one page that tells of many syncs, on a screen or on paper; it loads nothing and runs nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from unisync._render.cards import Try, blocked, counted, history, job_facts, lines, moment, tries_of
from unisync._render.icons import badge, known, state_class, word
from unisync._render.markup import NAME, SPACE, Markup, style, tag, text, together
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
    """What a report tells of one sync."""

    outcome: Outcome[SyncJob]
    """What came of looking at it."""
    repository: RepositorySyncAttempt | None = None
    """How the branch stands that it follows."""
    resources: SyncResourceSummary | None = None
    """What it keeps in sync, if it is one of TwinMaker's."""
    notes: tuple[str, ...] = ()
    """What could not be read, and why."""


def report(
    entries: Sequence[ReportEntry], *, made_at: datetime, title: str = "Syncs", unseen: Sequence[str] = ()
) -> str:
    """A page of HTML that tells which commits are live, and if not, why not.

    Args:
        entries: The syncs.
        made_at: When they were looked at, with a time zone.
        title: The page's.
        unseen: What could not be looked into, so that syncs may be missing.
    """
    verdicts = [summarize(entry.outcome, entry.resources) for entry in entries]
    sections = [
        _section(number, entry, told, made_at)
        for number, (entry, told) in enumerate(zip(entries, verdicts, strict=True), 1)
    ]
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=Markup(_POLICY)),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("link", rel="icon", href="data:,"),  # else a browser asks for one
        tag("title", text(title, NAME)),
        style("style.css"),
        style("page.css"),
    )
    body = tag(
        "body", _summary(title, made_at, entries, verdicts, unseen), tag("main", *sections), class_="unisync page"
    )
    return f"<!doctype html>\n{tag('html', head, body, lang='en')}\n"


def _summary(
    title: str,
    made_at: datetime,
    entries: Sequence[ReportEntry],
    verdicts: Sequence[Summary],
    unseen: Sequence[str],
) -> Markup:
    counts = Counter(known(told.state) for told in verdicts)
    in_place, total = counts["ACTIVE"], len(entries)
    answer = (
        ("No sync was found." if unseen else "There are no syncs.")
        if not total
        else f"{in_place} of {total} {'is' if in_place == 1 else 'are'} in place."
    )
    listed = [
        tag(
            "li",
            badge(told.state),
            tag("a", text(str(entry.outcome.ref), NAME), href=f"#sync-{number}"),
            tag("span", told.headline, class_="dim"),
        )
        for number, (entry, told) in enumerate(zip(entries, verdicts, strict=True), 1)
    ]
    return tag(
        "header",
        tag("h1", text(title, NAME)),
        tag("p", text("As of"), SPACE, moment(made_at), class_="dim"),
        tag("p", answer, class_="answer"),
        tag("ul", *(tag("li", text(told)) for told in unseen), class_="lines unseen") if unseen else None,
        tag(
            "ul",
            *(tag("li", badge(state, f"{counts[state]} {word(state)}")) for state in SYMBOLS if counts[state]),
            class_="counts",
        )
        if total
        else None,
        tag("nav", tag("ol", *listed), aria_label="Syncs") if total else None,
    )


def _section(number: int, entry: ReportEntry, told: Summary, made_at: datetime) -> Markup:
    outcome, name = entry.outcome, f"sync-{number}-name"
    heading = tag("h2", tag("code", text(str(outcome.ref), NAME)), id=name)
    return tag(
        "section",
        tag("div", heading, badge(told.state), class_="head"),
        tag("p", told.headline, class_="headline"),
        *_parts(entry, made_at),
        id=f"sync-{number}",
        class_=f"card {state_class(told.state)}",
        aria_labelledby=name,
    )


def _parts(entry: ReportEntry, made_at: datetime) -> Iterator[Markup]:
    outcome, blockers = entry.outcome, blockers_of(entry.outcome)
    if outcome.error is not None:
        yield from filter(None, [lines(outcome.error)])
    if outcome.job is not None:
        yield from filter(None, [job_facts(outcome.job)])
    if blockers:
        yield _part("What blocks it", blocked(outcome.ref, blockers, made_at))
    tries = tries_of(outcome.job) if outcome.job is not None else []
    if entry.repository is not None:
        tries.insert(0, Try("Repository", entry.repository))
    if tries:
        yield _part("Attempts", history(tries, made_at))
    if entry.resources is not None:
        yield _part("Resources", counted(entry.resources))
    if entry.notes:
        yield _part("Could not be read", tag("ul", *(tag("li", note) for note in entry.notes), class_="lines"))


def _part(heading: str, inner: Markup) -> Markup:
    return together(tag("h3", heading), inner)
