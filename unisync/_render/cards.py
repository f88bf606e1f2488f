"""HTML for jobs, attempts and outcomes: `card` for notebooks, and the parts that cards and the report share."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from unisync._models.base import SyncState
from unisync._models.blockers import SyncBlocker
from unisync._models.explanation import Explanation
from unisync._models.jobs import ResourceSyncAttempt, Revision, SyncAttempt, SyncEvent, SyncJob
from unisync._models.outcome import Outcome
from unisync._models.refs import SyncRef
from unisync._models.resources import SyncResourceSummary
from unisync._models.text import duration, in_utc, sanitize, short_sha
from unisync._render.icons import badge, state_class
from unisync._render.markup import MAX_NAME, SPACE, Markup, join, link, style, tag, text, with_console_links
from unisync._render.summary import Summary, blockers_of, summarize, summarize_job
from unisync._render.timeline import lane, timeline

MAX_ROWS = 300
"""Rows of a table that are shown: the newest events, the first resources."""
_SCROLL_FROM = 12
"""A table with more rows than this may scroll."""
_CHECK_STATES = {"ok": "ACTIVE", "problem": "FAILED", "unknown": "UNKNOWN"}
"""The state whose symbol a check has, by its status."""
MINUS = "\N{MINUS SIGN}"
_LINE_END = "\n"


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
            commits = facts(("From", commit(value.initial_revision)), ("To", commit(value.target_revision)))
            target = value.target_revision.sha
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
        case Explanation():
            has_problem = any(check.status == "problem" for check in value.checks)
            state = SyncState.FAILED if has_problem else SyncState.ACTIVE
            return _card(str(value.ref), Summary(state, cause_of(value)), check_list(value))
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
    return tag("time", in_utc(time), datetime=_iso(time))


def age(time: datetime, as_of: datetime | None) -> Markup:
    """How long before the report something happened; its tooltip has the date and time.

    Without a report, and for what a report could not know yet, it is the date and time.
    """
    seconds = -1 if as_of is None else (as_of - time).total_seconds()
    return timestamp(time) if seconds < 0 else _relative(time, f"{duration(seconds)} before this report")


def _after(time: datetime, start: datetime) -> Markup:
    """How long after the start of an attempt something happened; its tooltip has the date and time."""
    seconds = (time - start).total_seconds()
    return _relative(time, f"{'+' if seconds >= 0 else MINUS}{duration(abs(seconds))}")


def _relative(time: datetime, shown: str) -> Markup:
    return tag("time", shown, datetime=_iso(time), title=in_utc(time))


def _iso(time: datetime) -> str:
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z")


def code(value: str) -> Markup:
    """A name, an id or a reference."""
    return tag("code", text(value, MAX_NAME))


def commit(revision: Revision) -> Markup:
    """A whole sha, with its abbreviation highlighted; it links to the page of the commit, if that is known."""
    short = short_sha(revision.sha)
    sha = tag("code", tag("b", short), sanitize(revision.sha, MAX_NAME)[len(short) :], class_="sha")
    return link(revision.url, sha)


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


def job_facts(job: SyncJob, as_of: datetime | None = None) -> Markup | None:
    """The live and the desired commit, where they come from, and the details of the status."""
    live, desired = job.live_revision, job.desired_revision
    source = desired or live
    updated: object = getattr(job, "updated_at", None)
    status = job.status
    return facts(
        ("Live", _live(live, source) if source else None),
        ("Desired", _desired(desired, live) if desired else None),
        ("Pull requests", _pull_requests(source) if source else None),
        ("Repository", text(f"{source.full_name} ({source.provider})", MAX_NAME) if source else None),
        ("Branch", code(source.branch) if source else None),
        ("Directory", code(source.directory) if source and source.directory else None),
        ("AWS state", code(status.aws_state) if status.aws_state else None),
        ("Error", text(str(status.error)) if status.error and not job.attempts else None),
        ("Updated", age(updated, as_of) if isinstance(updated, datetime) else None),
    )


def _desired(desired: Revision, live: Revision | None) -> Markup:
    return text("the same commit") if live is not None and live.sha == desired.sha else commit(desired)


def _pull_requests(source: Revision) -> Markup | None:
    url = source.pull_requests_url
    return None if url is None else link(url, f"search {source.provider} for {short_sha(source.sha)}")


def _live(live: Revision | None, source: Revision) -> Markup:
    if live is None:
        return text("none yet")
    pairs = ((live.full_name, source.full_name), (live.branch, source.branch))
    differences = [join(text("of"), code(old), separator=SPACE) for old, new in pairs if old != new]
    return join(commit(live), *differences, separator=SPACE)


def attempts_of(job: SyncJob) -> list[NamedAttempt]:
    """The attempts of a job, each under the name of its commit."""
    shas = [attempt.target_revision.sha for attempt in job.attempts]
    return [NamedAttempt(short_sha(sha), attempt, sha) for sha, attempt in zip(shas, job.attempts, strict=True)]


def history(attempts: Sequence[NamedAttempt], as_of: datetime | None = None) -> Markup | None:
    """A timeline of attempts, and their events; None if there are no attempts.

    Args:
        attempts: The attempts.
        as_of: When they were read. Bars of attempts in progress end then, and times are relative; None is for bars
            that end with the last event, and for dates.
    """
    if not attempts:
        return None
    drawing = timeline([lane(each.name, each.attempt, as_of) for each in attempts])
    return join(drawing, *(_events(each, as_of, is_only=len(attempts) == 1) for each in reversed(attempts)))


def _events(named: NamedAttempt, as_of: datetime | None, *, is_only: bool) -> Markup:
    """The events of an attempt; those of a successful one are folded if there are others."""
    attempt = named.attempt
    unfolded = "" if is_only or attempt.status.state is not SyncState.ACTIVE else None
    events = sorted(attempt.events, key=lambda event: event.time)
    summary = tag(
        "summary",
        badge(attempt.status.state),
        tag("span", named.name, class_="name"),
        tag("span", _count(len(events), "event"), class_="dim"),
        tag("span", text("started"), SPACE, age(attempt.started_at, as_of), class_="dim"),
    )
    if not events:
        return tag("details", summary, tag("p", "AWS reports no events.", class_="note"), open=unfolded)
    start = None if as_of is None else attempt.started_at
    rows = [_event_row(event, named.sha, start) for event in events[-MAX_ROWS:]]
    note = f"The first {len(events) - MAX_ROWS} events are not shown." if len(events) > MAX_ROWS else ""
    time = "Time (UTC)" if start is None else "After start"
    listed = table(f"Events of {named.name}", (time, "Type", "Event"), rows, note)
    return tag("details", summary, listed, open=unfolded)


def _event_row(event: SyncEvent, sha: str | None, start: datetime | None) -> tuple[Markup, ...]:
    external_id: Markup | None = None
    if event.external_id and event.external_id != sha and event.external_id not in event.event:
        external_id = join(SPACE, tag("span", text(event.external_id, MAX_NAME), class_="dim id"))
    time = timestamp(event.time) if start is None else _after(event.time, start)
    return time, code(event.type), join(tag("span", event.event), external_id)


def blocker_list(ref: SyncRef[SyncJob], blockers: Iterable[SyncBlocker], as_of: datetime | None = None) -> Markup:
    """The blockers of a sync, and the command that resolves them."""
    items: list[Markup] = []
    for blocker in blockers:
        details = facts(
            ("Created", age(blocker.created_at, as_of)),
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


def cause_of(explanation: Explanation) -> str:
    """The likely cause in one line; empty if there is none."""
    cause = explanation.cause
    return "" if cause is None else f"{cause.name}: {cause.message.partition(_LINE_END)[0]}"


def check_list(explanation: Explanation) -> Markup:
    """All checks of an explanation, with what each found and what to do."""
    rows = [
        (
            badge(_CHECK_STATES[check.status], check.status),
            text(check.name),
            join(
                *(tag("div", with_console_links(line)) for line in check.message.split(_LINE_END)[:MAX_ROWS]),
                tag("div", with_console_links(f"→ {check.action}")) if check.action is not None else None,
            ),
        )
        for check in explanation.checks
    ]
    return table("Checks", ("Status", "Check", "Found"), rows)


def error_details(error: object) -> Markup | None:
    """What an error says after its first line, which is the headline."""
    lines = [line for line in str(error).strip().splitlines()[1:] if line.strip()]
    more = [tag("li", f"and {_count(len(lines) - MAX_ROWS, 'more line')}")] if len(lines) > MAX_ROWS else []
    return tag("ul", *(tag("li", line) for line in lines[:MAX_ROWS]), *more, class_="lines") if lines else None


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
