"""HTML for jobs, attempts and outcomes: `card` for notebooks, and the parts that cards and the report share."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from unisync._models.blockers import SyncBlocker
from unisync._models.jobs import ResourceSyncAttempt, Revision, SyncAttempt, SyncEvent, SyncJob
from unisync._models.outcome import Outcome
from unisync._models.refs import SyncRef
from unisync._models.resources import SyncResourceSummary
from unisync._models.text import duration, in_utc, sanitize, short_sha
from unisync._render.icons import badge, state_class
from unisync._render.markup import MAX_NAME, SPACE, Markup, join, style, tag, text
from unisync._render.summary import Summary, blockers_of, summarize, summarize_job
from unisync._render.timeline import lane, timeline

MAX_ROWS = 300
"""Rows of a table that are shown: the newest events, the first resources."""
_SCROLL_FROM = 12
"""A table with more rows than this may scroll."""


class NamedAttempt(NamedTuple):
    """An attempt with the name that it is shown under."""

    name: str
    attempt: SyncAttempt
    sha: str | None = None
    """The target commit, if there is one."""


def card(value: object) -> str:
    """A job, an attempt or an outcome as HTML for a notebook."""
    match value:
        case SyncJob():
            attempts = attempts_of(value)
            return _card(str(value.ref), summarize_job(value), job_facts(value), history(attempts))
        case ResourceSyncAttempt():
            initial, target = value.initial_revision.sha, value.target_revision.sha
            commits = facts(("From", commit(initial)), ("To", commit(target)))
            return _attempt_card(value.target, NamedAttempt(short_sha(target), value, target), commits)
        case SyncAttempt():
            return _attempt_card("Repository", NamedAttempt("Repository", value))
        case Outcome():
            outcome: Outcome[SyncJob] = value
            job, blockers = outcome.job, blockers_of(outcome)
            return _card(
                str(outcome.ref),
                summarize(outcome),
                error_details(outcome.error) if outcome.error else None,
                job_facts(job) if job else None,
                blocker_list(outcome.ref, blockers) if blockers else None,
                history(attempts_of(job)) if job else None,
            )
        case _:
            raise TypeError(f"no card for {type(value).__name__}")


def _attempt_card(name: str, attempt: NamedAttempt, *details: Markup | None) -> str:
    status = attempt.attempt.status
    return _card(name, Summary(status.state, str(status.error or "")), *details, history([attempt]))


def _card(name: str, summary: Summary, *details: Markup | None) -> str:
    return tag(
        "div",
        style("style.css"),
        tag("div", tag("code", text(name, MAX_NAME)), badge(summary.state), class_="head"),
        tag("p", summary.headline, class_="headline") if summary.headline else None,
        *details,
        class_=f"unisync card {state_class(summary.state)}",
    )


def timestamp(time: datetime) -> Markup:
    """A date and time."""
    return tag("time", in_utc(time), datetime=time.astimezone(UTC).isoformat())


def code(value: str) -> Markup:
    """A name, an id or a reference."""
    return tag("code", text(value, MAX_NAME))


def commit(sha: str) -> Markup:
    """A whole sha, with its abbreviation highlighted."""
    short = short_sha(sha)
    return tag("code", tag("b", short), sanitize(sha, MAX_NAME)[len(short) :], class_="sha")


def facts(*pairs: tuple[str, Markup | None]) -> Markup | None:
    """A list of names and values, without those whose value is None."""
    items = [tag("div", tag("dt", name), tag("dd", value)) for name, value in pairs if value is not None]
    return tag("dl", *items, class_="facts") if items else None


def table(label: str, columns: Sequence[str], rows: Sequence[Sequence[Markup | None]], note: str = "") -> Markup:
    """A table, with a note above it that says what it leaves out."""
    head = tag("thead", tag("tr", *(tag("th", name, scope="col") for name in columns)))
    body = tag("tbody", *(tag("tr", *(tag("td", cell) for cell in row)) for row in rows))
    # What scrolls must be reachable by keyboard, and then needs a name.
    focus = {"tabindex": "0", "role": "region", "aria_label": label} if len(rows) > _SCROLL_FROM else {}
    box = tag("div", tag("table", head, body), class_="box", **focus)
    return join(tag("p", note, class_="note") if note else None, box)


def job_facts(job: SyncJob) -> Markup | None:
    """The live and the desired commit, where they come from, and the details of the status."""
    live, desired = job.live_revision, job.desired_revision
    source = desired or live
    updated: object = getattr(job, "updated_at", None)
    status = job.status
    return facts(
        ("Live", _live(live, source) if source else None),
        ("Desired", commit(desired.sha) if desired else None),
        ("Repository", text(f"{source.full_name} ({source.provider})", MAX_NAME) if source else None),
        ("Branch", code(source.branch) if source else None),
        ("Directory", code(source.directory) if source and source.directory else None),
        ("AWS state", code(status.aws_state) if status.aws_state else None),
        ("Error", text(str(status.error)) if status.error and not job.attempts else None),
        ("Updated", timestamp(updated) if isinstance(updated, datetime) else None),
    )


def _live(live: Revision | None, source: Revision) -> Markup:
    if live is None:
        return text("none yet")
    pairs = ((live.full_name, source.full_name), (live.branch, source.branch))
    differences = [join(text("of"), code(old), separator=SPACE) for old, new in pairs if old != new]
    return join(commit(live.sha), *differences, separator=SPACE)


def attempts_of(job: SyncJob) -> list[NamedAttempt]:
    """The attempts of a job, each under the name of its commit."""
    shas = [attempt.target_revision.sha for attempt in job.attempts]
    return [NamedAttempt(short_sha(sha), attempt, sha) for sha, attempt in zip(shas, job.attempts, strict=True)]


def history(attempts: Sequence[NamedAttempt], as_of: datetime | None = None) -> Markup | None:
    """A timeline of attempts, and their events; None if there are no attempts.

    Args:
        attempts: The attempts.
        as_of: The end of the bars of attempts in progress; None is their last event.
    """
    if not attempts:
        return None
    drawing = timeline([lane(each.name, each.attempt, as_of) for each in attempts])
    return join(drawing, *map(_events, reversed(attempts)))


def _events(named: NamedAttempt) -> Markup:
    attempt = named.attempt
    events = sorted(attempt.events, key=lambda event: event.time)
    summary = tag(
        "summary",
        badge(attempt.status.state),
        tag("span", named.name, class_="name"),
        tag("span", _count(len(events), "event"), class_="dim"),
        tag("span", text("started"), SPACE, timestamp(attempt.started_at), class_="dim"),
    )
    if not events:
        return tag("details", summary, tag("p", "AWS reports no events.", class_="note"), open="")
    rows = [_event_row(event, named.sha) for event in events[-MAX_ROWS:]]
    note = f"The first {len(events) - MAX_ROWS} events are not shown." if len(events) > MAX_ROWS else ""
    listed = table(f"Events of {named.name}", ("Time (UTC)", "Type", "Event"), rows, note)
    return tag("details", summary, listed, open="")


def _event_row(event: SyncEvent, sha: str | None) -> tuple[Markup, ...]:
    external_id: Markup | None = None
    if event.external_id and event.external_id != sha and event.external_id not in event.event:
        external_id = join(SPACE, tag("span", text(event.external_id, MAX_NAME), class_="dim id"))
    return timestamp(event.time), code(event.type), join(tag("span", event.event), external_id)


def blocker_list(ref: SyncRef[SyncJob], blockers: Iterable[SyncBlocker], as_of: datetime | None = None) -> Markup:
    """The blockers of a sync, and the command that resolves them."""
    items: list[Markup] = []
    for blocker in blockers:
        age = (as_of - blocker.created_at).total_seconds() if as_of else 0
        ago = f"({duration(age)} ago)" if age > 0 else None
        details = facts(
            ("Created", join(timestamp(blocker.created_at), ago, separator=SPACE)),
            ("Blocker", join(code(blocker.id), text(blocker.type, MAX_NAME), separator=SPACE)),
            *((sanitize(context.key, MAX_NAME), code(context.value)) for context in blocker.contexts),
        )
        items.append(tag("li", tag("p", blocker.created_reason), details))
    command = f"unisync resolve {shlex.quote(sanitize(str(ref)))} --reason TEXT"
    advice = tag("p", text("Once the cause is fixed, resolve it:"), class_="note")
    return join(tag("ul", *items, class_="blockers"), advice, tag("pre", tag("code", command)))


def resource_list(resources: SyncResourceSummary) -> Markup:
    """The number of resources in each state, and the failed ones."""
    counts = [tag("li", badge(state, f"{count} {state}")) for state, count in resources.counts if count]
    failed = [
        (
            code(resource.external_id or resource.resource_id or "(no id)"),
            text(resource.resource_type or "", MAX_NAME),
            text(str(resource.status.error or resource.status.aws_state)),
        )
        for resource in resources.failed[:MAX_ROWS]
    ]
    more = len(resources.failed) - MAX_ROWS
    note = f"{_count(more, 'more failed resource')} not shown." if more > 0 else ""
    return join(
        tag("p", str(resources)),
        tag("ul", *counts, class_="counts") if counts else None,
        table("Failed resources", ("Resource", "Type", "Reason"), failed, note) if failed else None,
    )


def error_details(error: object) -> Markup | None:
    """What an error says after its first line, which is the headline."""
    lines = [line for line in str(error).strip().splitlines()[1:] if line.strip()]
    more = [tag("li", f"and {_count(len(lines) - MAX_ROWS, 'more line')}")] if len(lines) > MAX_ROWS else []
    return tag("ul", *(tag("li", line) for line in lines[:MAX_ROWS]), *more, class_="lines") if lines else None


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
