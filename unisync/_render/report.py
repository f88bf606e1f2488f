"""The HTML report on many syncs: one self-contained page without scripts, for a screen, a phone or print."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from unisync._models.consoles import connections_url
from unisync._render.cards import (
    NamedAttempt,
    attempts_of,
    blocker_list,
    cause_of,
    check_list,
    code,
    error_details,
    facts,
    history,
    job_facts,
    resource_list,
    timestamp,
)
from unisync._render.icons import badge, known, label, state_class
from unisync._render.markup import MAX_NAME, SPACE, Markup, join, link, style, tag, text, with_console_links
from unisync._render.metrics import service_of, sync_of
from unisync._render.summary import blockers_of, summarize
from unisync._render.symbols import BY_URGENCY, DONE, urgency

if TYPE_CHECKING:
    from unisync._models.configurations import RepositorySyncAttempt
    from unisync._models.explanation import Explanation
    from unisync._models.jobs import SyncJob
    from unisync._models.outcome import Outcome
    from unisync._models.resources import SyncResourceSummary

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"

MAX_LISTED = 10
"""Accounts, and regions, that the header names."""
_REGION = re.compile(r"[a-z0-9-]{1,40}")
"""What may become a part of a link's host."""
_RESOURCES = {
    "twinmaker": "Workspace",
    "proton": "Service",
    "proton-template": "Template",
    "codeconnections": "Stack",
}
"""What the console shows of a sync, by the prefix of its reference."""


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
    explanation: Explanation | None = None
    """Why the sync is not synced; None if it was not explained."""
    account: str | None = None
    """The account, if it is known."""
    region: str | None = None
    """The region, if it is known; without it, nothing links to AWS's consoles."""


def report(
    entries: Sequence[ReportEntry], *, as_of: datetime, title: str = "Syncs", warnings: Sequence[str] = ()
) -> str:
    """The report: which commits are live, and if not, why not. What needs a person comes first.

    Args:
        entries: The syncs.
        as_of: When they were read, with a time zone.
        title: The title of the page.
        warnings: What is missing: syncs whose search failed, or explanations.
    """
    summarized = [(entry, summarize(entry.outcome, entry.resources)) for entry in entries]
    items = [
        _Item(number, entry, known(summary.state), summary.headline)
        for number, (entry, summary) in enumerate(sorted(summarized, key=lambda pair: urgency(pair[1].state)), 1)
    ]
    counts = Counter(item.state for item in items)
    states = [state for state in BY_URGENCY if counts[state]]
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
        tag("style", Markup("".join(map(_filter_rule, states)))),
    )
    header = tag(
        "header",
        tag("h1", text(title, MAX_NAME)),
        _scope(entries, as_of),
        tag("p", _result(counts["ACTIVE"], len(items)), class_="result"),
        tag("ul", *(tag("li", warning) for warning in warnings), class_="lines") if warnings else None,
        _filter(states, counts) if items else None,
        _navigation([item for item in items if item.state not in DONE]),
    )
    body = tag("body", header, tag("main", *(_section(item, as_of) for item in items)), class_="unisync page")
    return f"<!doctype html>\n{tag('html', head, body, lang='en')}\n"


class _Item(NamedTuple):
    """A sync in the report."""

    number: int
    entry: ReportEntry
    state: str
    """A key of `SYMBOLS`."""
    headline: str

    @property
    def name(self) -> Markup:
        """The reference."""
        return text(str(self.entry.outcome.ref), MAX_NAME)


def _scope(entries: Sequence[ReportEntry], as_of: datetime) -> Markup | None:
    """What the report covers, and when it was made."""
    return facts(
        ("Account", _names(entry.account for entry in entries)),
        ("Region", _names(entry.region for entry in entries)),
        ("Made", timestamp(as_of)),
    )


def _names(found: Iterable[str | None]) -> Markup | None:
    names = sorted({name for name in found if name})
    more = [f"and {len(names) - MAX_LISTED} more"] if len(names) > MAX_LISTED else []
    return join(*map(code, names[:MAX_LISTED]), *more, separator=SPACE) if names else None


def _result(synced: int, total: int) -> str:
    return f"{synced} of {total} {'is' if synced == 1 else 'are'} synced." if total else "No syncs were found."


def _filter(states: Sequence[str], counts: Counter[str]) -> Markup:
    """The number of syncs in each state; choosing one hides the others, by `_filter_rule`."""
    choices = [_choice("all", tag("span", f"All {counts.total()}", class_="badge"), checked="")]
    choices += [_choice(state.lower(), badge(state, f"{counts[state]} {label(state)}")) for state in states]
    return tag("fieldset", tag("legend", "Show"), *choices, class_="filter")


def _choice(name: str, content: Markup, **attributes: str) -> Markup:
    # Without autocomplete=off, some browsers keep the choice when the page is loaded again.
    button = tag("input", type="radio", name="show", id=f"show-{name}", autocomplete="off", **attributes)
    return tag("span", button, tag("label", content, for_=f"show-{name}"))


def _filter_rule(state: str) -> str:
    """The rule by which a choice hides the syncs in all other states. It needs no script."""
    others = "nav" if state in DONE else f"nav li:not(.{state_class(state)})"
    chosen = f".page:has(#show-{state.lower()}:checked)"
    return f"@media screen{{{chosen} :is(section:not(.{state_class(state)}),{others}){{display:none}}}}"


def _navigation(items: Sequence[_Item]) -> Markup | None:
    """Links to the syncs that are not done."""
    links = [
        tag(
            "li",
            badge(item.state),
            tag("a", item.name, href=f"#sync-{item.number}"),
            tag("span", item.headline, class_="dim"),
            class_=state_class(item.state),
        )
        for item in items
    ]
    return tag("nav", tag("ol", *links), aria_label="Syncs") if links else None


def _section(item: _Item, as_of: datetime) -> Markup:
    heading = f"sync-{item.number}-name"
    summary = tag(
        "summary",
        tag("h2", tag("code", item.name), id=heading),
        badge(item.state),
        tag("p", item.headline, class_="headline"),
        class_="head",
    )
    return tag(
        "section",
        tag("details", summary, *_details(item.entry, as_of), open=None if item.state in DONE else ""),
        id=f"sync-{item.number}",
        class_=f"card {state_class(item.state)}",
        aria_labelledby=heading,
    )


def _details(entry: ReportEntry, as_of: datetime) -> Iterator[Markup | None]:
    outcome, blockers = entry.outcome, blockers_of(entry.outcome)
    if outcome.error is not None:
        yield error_details(outcome.error)
    if entry.explanation is not None:
        yield from _explanation(entry.explanation)
    if blockers:
        yield _part("Blockers", blocker_list(outcome.ref, blockers, as_of))
    yield _part("Sync", join(_console_links(entry), job_facts(outcome.job, as_of) if outcome.job else None))
    attempts = attempts_of(outcome.job) if outcome.job is not None else []
    if entry.repository is not None:
        attempts.insert(0, NamedAttempt("Repository", entry.repository))
    if attempts:
        yield _part("Attempts", history(attempts, as_of))
    if entry.resources is not None:
        yield _part("Resources", resource_list(entry.resources))
    if entry.notes:
        yield _part("Could not be read", tag("ul", *(tag("li", note) for note in entry.notes), class_="lines"))


def _console_links(entry: ReportEntry) -> Markup | None:
    """Links to the sync, and to what it reads its repository with, in the AWS console of its region."""
    ref, region = entry.outcome.ref, entry.region or ""
    if not _REGION.fullmatch(region):
        return None
    links = [link(ref.console_url(region), f"{_RESOURCES.get(sync_of(ref).prefix, 'Sync')} in the AWS console")]
    if service_of(ref) == "codeconnections":
        links.append(link(connections_url(region), "Connections in the AWS console"))
    return tag("ul", *(tag("li", each) for each in links), class_="links")


def _explanation(explanation: Explanation) -> Iterator[Markup | None]:
    """The likely cause, what to do, and all checks, which are folded."""
    cause = explanation.cause
    if cause is None:
        yield _part("Explanation", tag("p", "No cause was found.", class_="cause"))
    else:
        parts = [tag("p", cause_of(explanation), class_="cause")]
        if cause.action is not None:
            parts.append(tag("p", with_console_links(f"→ {cause.action}"), class_="action"))
        yield _part("Likely cause", join(*parts))
    summary = tag("summary", tag("span", f"All {len(explanation.checks)} checks", class_="dim"))
    yield tag("details", summary, check_list(explanation))


def _part(heading: str, content: Markup | None) -> Markup | None:
    return join(tag("h3", heading), content) if content else None
