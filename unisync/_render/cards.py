"""Pieces of HTML for people's eyes: what a page or a notebook shows of a job, an attempt or an outcome."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import NamedTuple, cast

from unisync._models.configurations import SyncBlocker
from unisync._models.jobs import ResourceSyncAttempt, Revision, SyncAttempt, SyncEvent, SyncJob
from unisync._models.outcome import Outcome
from unisync._models.refs import SyncRef
from unisync._models.resources import SyncResourceSummary
from unisync._models.text import in_utc, sanitize, short_sha
from unisync._render.icons import badge, state_class
from unisync._render.markup import NAME, SPACE, Markup, style, tag, text, together
from unisync._render.summary import Summary, blockers_of, summarize, summarize_job
from unisync._render.timeline import how_long, lane, timeline

ROWS = 300
"""As many rows of a table are shown: the newest events, the first resources."""
_SCROLLS = 12
"""A table of more rows scrolls in a box of its own."""


class Try(NamedTuple):
    """An attempt, and what it is called."""

    name: str
    attempt: SyncAttempt
    sha: str | None = None
    """What it brings, if that is a commit."""


def moment(time: datetime) -> Markup:
    """A date."""
    return tag("time", in_utc(time), datetime=time.astimezone(UTC).isoformat())


def code(words: str) -> Markup:
    """A name, an id, a reference."""
    return tag("code", text(words, NAME))


def commit(sha: str) -> Markup:
    """The whole of a commit's id, with the part that people say standing out."""
    short = short_sha(sha)
    return tag("code", tag("b", short), sanitize(sha, NAME)[len(short) :], class_="sha")


def facts(*pairs: tuple[str, Markup | None]) -> Markup | None:
    """Names and what they stand for; those that stand for nothing are left out."""
    told = [tag("div", tag("dt", name), tag("dd", value)) for name, value in pairs if value is not None]
    return tag("dl", *told, class_="facts") if told else None


def table(label: str, heads: Sequence[str], rows: Sequence[Sequence[Markup | None]], left_out: str) -> Markup:
    """A table in a box. `left_out` says what it lacks; it may be empty."""
    head = tag("thead", tag("tr", *(tag("th", name, scope="col") for name in heads)))
    body = tag("tbody", *(tag("tr", *(tag("td", cell) for cell in row)) for row in rows))
    # What scrolls has to be reachable by the keyboard, and then needs a name.
    reach = {"tabindex": "0", "role": "region", "aria_label": label} if len(rows) > _SCROLLS else {}
    note = tag("p", left_out, class_="note") if left_out else None
    return together(note, tag("div", tag("table", head, body), class_="box", **reach))


def job_facts(job: SyncJob) -> Markup | None:
    """Where its commits come from, which is live and which is wanted."""
    live, wanted = job.live_revision, job.desired_revision
    place = wanted or live
    updated: object = getattr(job, "updated_at", None)
    native = job.status.aws_state
    return facts(
        ("Live", _live(live, place) if place else None),
        ("Wanted", commit(wanted.sha) if wanted else None),
        ("Repository", text(f"{place.full_name} ({place.provider})", NAME) if place else None),
        ("Branch", code(place.branch) if place else None),
        ("Directory", code(place.directory) if place and place.directory else None),
        ("Native state", code(native) if native else None),
        ("Error", text(str(job.status.error)) if job.status.error and not job.attempts else None),
        ("Updated", moment(updated) if isinstance(updated, datetime) else None),
    )


def _live(live: Revision | None, place: Revision) -> Markup:
    if live is None:
        return text("none yet")
    places = ((live.full_name, place.full_name), (live.branch, place.branch))
    elsewhere = [together(text("of"), code(there), between=SPACE) for there, here in places if there != here]
    return together(commit(live.sha), *elsewhere, between=SPACE)


def tries_of(job: SyncJob) -> list[Try]:
    """The attempts of a job, by their commits."""
    return [
        Try(short_sha(attempt.target_revision.sha), attempt, attempt.target_revision.sha) for attempt in job.attempts
    ]


def history(tries: Sequence[Try], made_at: datetime | None = None) -> Markup:
    """A timeline of attempts, and their events.

    Args:
        tries: The attempts.
        made_at: Until when those that are under way are drawn; without, until their last event.
    """
    drawn = timeline([lane(each.name, each.attempt, made_at) for each in tries])
    return together(drawn, *(_events(each) for each in reversed(tries)))


def _events(told: Try) -> Markup:
    attempt = told.attempt
    events = sorted(attempt.events, key=lambda event: event.time)
    summary = tag(
        "summary",
        badge(attempt.status.state),
        tag("span", told.name, class_="name"),
        tag("span", _count(len(events), "event"), class_="dim"),
        tag("span", text("started"), SPACE, moment(attempt.started_at), class_="dim"),
    )
    shown = events[-ROWS:]
    left_out = f"The first {len(events) - ROWS} events are left out." if len(events) > ROWS else ""
    listed = table(
        f"Events of {told.name}",
        ("Time (UTC)", "Type", "Event"),
        [_event(event, told.sha) for event in shown],
        left_out,
    )
    return tag("details", summary, listed if events else tag("p", "AWS tells no events.", class_="note"), open="")


def _event(event: SyncEvent, sha: str | None) -> tuple[Markup, ...]:
    about: Markup | None = None
    if event.external_id and event.external_id != sha and event.external_id not in event.event:
        about = together(SPACE, tag("span", text(event.external_id, NAME), class_="dim id"))
    return moment(event.time), code(event.type), together(tag("span", event.event), about)


def blocked(ref: SyncRef[SyncJob], blockers: Iterable[SyncBlocker], made_at: datetime | None = None) -> Markup:
    """What blocks a sync, and how it is released."""
    told: list[Markup] = []
    for blocker in blockers:
        seconds = (made_at - blocker.created_at).total_seconds() if made_at else 0
        ago = f"({how_long(seconds)} ago)" if seconds > 0 else None
        told.append(
            tag(
                "li",
                tag("p", blocker.created_reason),
                facts(
                    ("Since", together(moment(blocker.created_at), ago, between=SPACE)),
                    ("Blocker", together(code(blocker.id), text(blocker.type, NAME), between=SPACE)),
                    *((sanitize(context.key, NAME), code(context.value)) for context in blocker.contexts),
                ),
            )
        )
    command = f"unisync resolve {shlex.quote(sanitize(str(ref)))} --reason TEXT"
    release = tag("p", text("Once that is settled, release it:"), class_="note")
    return together(tag("ul", *told, class_="blockers"), release, tag("pre", tag("code", command)))


def counted(resources: SyncResourceSummary) -> Markup:
    """What TwinMaker keeps in sync: how many of each state, and those that failed."""
    counts = [tag("li", badge(state, f"{count} {state}")) for state, count in resources.counts if count]
    failed = [
        (
            together(code(failed.external_id or failed.resource_id or "(no id)")),
            text(failed.resource_type or "", NAME),
            text(str(failed.status.error) if failed.status.error else failed.status.aws_state),
        )
        for failed in resources.failed[:ROWS]
    ]
    more = len(resources.failed) - ROWS
    left_out = f"{_count(more, 'failed resource')} more, not listed here." if more > 0 else ""
    return together(
        tag("p", str(resources)),
        tag("ul", *counts, class_="counts") if counts else None,
        table("Failed resources", ("Resource", "Kind", "Why"), failed, left_out) if failed else None,
    )


def lines(error: object) -> Markup | None:
    """What an error says behind its first line."""
    rest = [line for line in str(error).strip().splitlines()[1:] if line.strip()]
    more = [tag("li", f"and {_count(len(rest) - ROWS, 'line')} more")] if len(rest) > ROWS else []
    return tag("ul", *(tag("li", line) for line in rest[:ROWS]), *more, class_="lines") if rest else None


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"


def _card(name: str, told: Summary, *inner: Markup | None) -> str:
    return tag(
        "div",
        style("style.css"),
        tag("div", tag("code", text(name, NAME), class_="ref"), badge(told.state), class_="head"),
        tag("p", told.headline, class_="headline") if told.headline else None,
        *inner,
        class_=f"unisync card {state_class(told.state)}",
    )


def _job_card(job: SyncJob) -> str:
    """A job for a notebook."""
    tries = tries_of(job)
    return _card(str(job.ref), summarize_job(job), job_facts(job), history(tries) if tries else None)


def _attempt_card(attempt: SyncAttempt, target: str = "", *revisions: Revision) -> str:
    """An attempt for a notebook.

    Args:
        attempt: The attempt.
        target: What it brings to a commit, if it is one resource's.
        revisions: From which commit, and to which, likewise.
    """
    names = dict(zip(("From", "To"), (commit(revision.sha) for revision in revisions), strict=False))
    sha = revisions[-1].sha if revisions else None
    name = short_sha(sha) if sha else "Repository"
    told = Summary(attempt.status.state, str(attempt.status.error or ""))
    return _card(target or name, told, facts(*names.items()), history([Try(name, attempt, sha)]))


def _outcome_card(outcome: Outcome[SyncJob]) -> str:
    """An outcome for a notebook."""
    job, blockers = outcome.job, blockers_of(outcome)
    tries = tries_of(job) if job else []
    return _card(
        str(outcome.ref),
        summarize(outcome),
        lines(outcome.error) if outcome.error else None,
        job_facts(job) if job else None,
        blocked(outcome.ref, blockers) if blockers else None,
        history(tries) if tries else None,
    )


def card(value: object) -> str:
    """A job, an attempt or an outcome for a notebook."""
    match value:
        case SyncJob():
            return _job_card(value)
        case ResourceSyncAttempt():
            return _attempt_card(value, value.target, value.initial_revision, value.target_revision)
        case SyncAttempt():
            return _attempt_card(value)
        case Outcome():
            return _outcome_card(cast("Outcome[SyncJob]", value))
        case _:
            raise TypeError(f"no card for {type(value).__name__}")
