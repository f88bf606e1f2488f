"""Explaining a sync: what to read, and what it says of the way from a commit to the resource.

The reads that need no other go out together; those that follow from the definition go out together after it. What
cannot be read is "unknown", and changes no other check; only if the first reads could not even be sent, the error is
raised. The cause is the problem that lies deepest: what is missing at the start of the way explains whatever is missing
after it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeVar, get_args

from unisync._core.branch import BranchStatus
from unisync._core.commands import Flow
from unisync._core.target import SyncTarget
from unisync._models.base import SyncState
from unisync._models.blockers import SyncBlocker
from unisync._models.configurations import SyncConfiguration
from unisync._models.consoles import console_step
from unisync._models.explanation import Check, CheckName, CheckStatus, Explanation
from unisync._models.jobs import GitSyncJob, Revision, SyncAttempt, TwinMakerSyncJob, replacement_of
from unisync._models.refs import FleetSync, StackSync, SyncRef, TwinMakerSync
from unisync._models.resources import SyncResourceSummary
from unisync._models.stacks import CallerIdentity, StackDescription, StackEvent
from unisync._models.text import in_utc
from unisync._services.stacks import CloudFormation, SecurityTokens, first_failure
from unisync.errors import (
    AccessDeniedError,
    CredentialsError,
    InvalidArgumentError,
    InvalidRequestError,
    NotFoundError,
    ServiceError,
    UnisyncError,
)

if TYPE_CHECKING:
    from unisync._models.configurations import Connection, RepositoryLink
    from unisync._services.registry import Services

T = TypeVar("T")

_DEPTH: tuple[CheckName, ...] = (
    "definition",
    "role",
    "link",
    "connection",
    "blockers",
    "resource",
    "attempt",
    "branch",
    "commit",
)
"""The checks, from the one whose problem explains all others."""
_ORDER: tuple[CheckName, ...] = get_args(CheckName)
"""The order in which checks are shown."""
_RUNNING = (SyncState.PENDING, SyncState.RUNNING)
_ROLE_WORDS = ("assume role", "assumerole", "sts:assumerole", "passrole", "not authorized to perform: sts")
MAX_REASONS = 5
"""Different reasons of failed resources that a message lists."""
_CHECK_PUSH = (
    "check that the commit is on the branch that the sync follows, that it changes a file that triggers an update, "
    "and that it is not an empty commit"
)

_CREATE_STACK = "create the stack, since Git sync by API updates stacks and creates none"
_FIX = "once that is fixed,"
_CREATE_AGAIN = "fix the cause, delete the stack, create it again, and push a commit"
_STUCK = {
    "CREATE_FAILED": _CREATE_AGAIN,
    "ROLLBACK_FAILED": _CREATE_AGAIN,
    "ROLLBACK_COMPLETE": _CREATE_AGAIN,
    "DELETE_FAILED": "delete the stack again, or continue without what cannot be deleted; then create it again",
    "UPDATE_ROLLBACK_FAILED": "fix the cause, continue the roll-back, and push a commit",
}
"""What to do about a stack that CloudFormation does not update, by its status."""
_DORMANT = "after a failure, AWS has been seen to pick up nothing until the sync configuration was updated"


_NOT_ALLOWED = (
    "AccessDenied",
    "AccessDeniedException",
    "NotAuthorized",
    "OptInRequired",
    "UnauthorizedException",
    "UnauthorizedOperation",
)
"""AWS's codes for a caller that it knows; the other codes of an `AccessDeniedError` are about the credentials."""


class Wanted(Protocol):
    """The commit in question."""

    def matches(self, revision: Revision) -> bool:
        """Whether a commit is that one."""
        ...


class _Unread(NamedTuple):
    """What could not be read, and why."""

    error: UnisyncError | None

    def check(self, name: CheckName) -> Check:
        if self.error is None:
            return Check(name=name, status="unknown", message="Not read, since what it follows from could not be read.")
        reason = "it could not be read"
        if isinstance(self.error, AccessDeniedError):
            is_known = self.error.code in _NOT_ALLOWED
            reason = "access is denied" if is_known else "AWS does not accept the credentials"
        return Check(name=name, status="unknown", message=f"Unknown: {reason}: {self.error}")


_NOT_READ = _Unread(None)

Gathering = Callable[[list[Flow[Any]]], Flow[Mapping[int, object]]]
"""Runs flows at once; the errors stand among the results."""


def explain(
    services: Services,
    target: SyncTarget[Any],
    ref: SyncRef[Any],
    wanted: Wanted | None,
    gather: Gathering,
    region: str | None,
) -> Flow[Explanation]:
    """Explain a sync.

    Args:
        services: The services in its account and region.
        target: The sync.
        ref: Its reference as the client knows it.
        wanted: The commit in question; None for the one that AWS desires.
        gather: Runs flows at once.
        region: Where it reads.
    """
    here = ref.sync if isinstance(ref, FleetSync) else ref
    if isinstance(here, TwinMakerSync):
        checks = yield from _twinmaker(services, target, here, gather, region)
    elif isinstance(here, StackSync):
        checks = yield from _stack(services, target, here, wanted, gather, region)
    else:
        checks = yield from _git(services, target, wanted, gather, region)
    shown = tuple(sorted(checks, key=lambda check: _ORDER.index(check.name)))
    return Explanation(ref=ref, checks=shown, cause=_cause(shown))


def _cause(checks: tuple[Check, ...]) -> Check | None:
    """The deepest problem. That the desired commit is not live is none by itself."""
    problems = {check.name: check for check in checks if check.status == "problem"}
    commit = problems.get("commit")
    if commit is not None and commit.action is None:
        del problems["commit"]
    return next((problems[name] for name in _DEPTH if name in problems), None)


def _results(found: Mapping[int, object], count: int) -> list[Any]:
    """The results in order, what failed or is missing as `_Unread`."""
    results = [found.get(index, _NOT_READ) for index in range(count)]
    return [_Unread(each) if isinstance(each, UnisyncError) else each for each in results]


def _first_results(gather: Gathering, flows: list[Flow[Any]], region: str | None) -> Flow[list[Any]]:
    """The results of the reads that need no other; who calls is the first.

    Raises:
        InvalidArgumentError, CredentialsError, AccessDeniedError: None of the others could be sent: there is no region,
            there are no credentials, or the role may not be assumed.
    """
    results = _results((yield from gather(flows)), len(flows))
    errors = [each.error for each in results[1:] if isinstance(each, _Unread)]
    if len(errors) == len(results) - 1 and all(_was_not_sent(each, region) for each in errors) and errors[0]:
        raise errors[0]
    return results


def _was_not_sent(error: UnisyncError | None, region: str | None) -> bool:
    """Whether a read failed before its own request was sent."""
    is_role = isinstance(error, ServiceError) and error.operation == "AssumeRole"
    has_no_region = isinstance(error, InvalidArgumentError) and region is None
    return is_role or has_no_region or isinstance(error, CredentialsError)


def _stack(
    services: Services,
    target: SyncTarget[Any],
    ref: StackSync,
    wanted: Wanted | None,
    gather: Gathering,
    region: str | None,
) -> Flow[list[Check]]:
    git = services.codeconnections
    stacks, tokens = CloudFormation(services.location), SecurityTokens(services.location)
    kind = ref.sync_type
    first: list[Flow[Any]] = [
        tokens.caller_identity(),
        git.get_sync_configuration(ref.resource_name, kind),
        git.get_resource_sync_status(ref.resource_name, kind),
        target.blockers(),
        stacks.describe_stack(ref.resource_name),
        stacks.latest_events(ref.resource_name),
    ]
    identity, definition, job, blockers, stack, events = yield from _first_results(gather, first, region)
    link: Any = _NOT_READ
    connection: Any = _NOT_READ
    branch: Any = _NOT_READ
    if not isinstance(definition, _Unread):
        second: list[Flow[Any]] = [
            _link_and_connection(git.get_repository_link(definition.repository_link_id), git.get_connection),
            git.get_repository_sync_status(definition.repository_link_id, definition.branch, ref.sync_type),
        ]
        chain, attempt = _results((yield from gather(second)), len(second))
        link, connection = (chain, _NOT_READ) if isinstance(chain, _Unread) else chain
        names = definition.config_file, ref.resource_name
        branch = attempt if isinstance(attempt, _Unread) else BranchStatus.of(attempt, definition, names)
    return [
        _identity(identity, region),
        _definition(
            definition,
            "sync configuration",
            f"check the name, the account and the region, or create it: unisync create {ref}, or the console",
        ),
        _link(link),
        _connection(connection),
        _branch(branch, job, wanted),
        _commit(job, wanted),
        _blockers(blockers, target.resolve_command, f"{_CREATE_STACK}, then" if _is_missing(stack) else _FIX),
        _attempt(job, wanted),
        _resource_of_stack(stack, events, ref.resource_name, job, wanted),
    ]


def _link_and_connection(
    link: Flow[RepositoryLink], connection: Callable[[str], Flow[Connection]]
) -> Flow[tuple[RepositoryLink, object]]:
    found = yield from link
    try:
        return found, (yield from connection(found.connection_arn))
    except UnisyncError as error:
        return found, _Unread(error)


def _git(
    services: Services, target: SyncTarget[Any], wanted: Wanted | None, gather: Gathering, region: str | None
) -> Flow[list[Check]]:
    """A sync of Proton: what the shared code reads."""
    first: list[Flow[Any]] = [
        SecurityTokens(services.location).caller_identity(),
        target.fetch(),
    ]
    if target.resolve_command:  # else nothing can block it
        first.append(target.blockers())
    identity, job, *blockers = yield from _first_results(gather, first, region)
    branch: Any = _NOT_READ
    if not isinstance(job, _Unread):
        (branch,) = _results((yield from gather([_branch_of(target, job)])), 1)
    return [
        _identity(identity, region),
        _definition(
            job, "sync configuration", "check the name, the account and the region, or configure the sync in Proton"
        ),
        _branch(branch, job, wanted),
        _commit(job, wanted),
        *(_blockers(found, target.resolve_command) for found in blockers),
        _attempt(job, wanted),
    ]


def _branch_of(target: SyncTarget[Any], job: GitSyncJob) -> Flow[BranchStatus]:
    """The branch that a sync follows; where no commit says which, that of its configuration."""
    found = yield from target.branch_status(job)
    return found if found is not None else BranchStatus((yield from target.repository_status()), ())


def _twinmaker(
    services: Services, target: SyncTarget[Any], ref: TwinMakerSync, gather: Gathering, region: str | None
) -> Flow[list[Check]]:
    first: list[Flow[Any]] = [
        SecurityTokens(services.location).caller_identity(),
        target.fetch(),
        target.resources(),
        services.twinmaker.read_workspace(ref.workspace_id),
    ]
    identity, job, resources, workspace = yield from _first_results(gather, first, region)
    definition = _definition(job, "sync job", "create it: client.twinmaker.create_sync_job(...)")
    if isinstance(workspace, _Unread) and isinstance(workspace.error, (NotFoundError, InvalidRequestError)):
        action = "check the id, the account and the region, or create the workspace and then the sync job"
        definition = _check("definition", "problem", f"There is no workspace {ref.workspace_id}.", action)
    return [
        _identity(identity, region),
        definition,
        _role(job),
        _job(job),
        _failed_resources(resources),
    ]


def _check(name: CheckName, status: CheckStatus, message: str, action: str | None = None) -> Check:
    return Check(name=name, status=status, message=message, action=action)


def _identity(found: CallerIdentity | _Unread, region: str | None) -> Check:
    if isinstance(found, _Unread):
        return found.check("identity")
    return _check("identity", "ok", f"Account {found.account}, region {region}, as {found.arn}.")


def _definition(found: object, what: str, action: str) -> Check:
    if isinstance(found, _Unread):
        if isinstance(found.error, NotFoundError):
            return _check("definition", "problem", f"There is no {what}.", action)
        return found.check("definition")
    if not isinstance(found, SyncConfiguration):
        return _check("definition", "ok", f"The {what} exists.")
    message = f"It follows {found.config_file} on branch {found.branch} of {found.full_name}."
    return _check("definition", "ok", message)


def _link(found: RepositoryLink | _Unread) -> Check:
    if isinstance(found, _Unread):
        if isinstance(found.error, NotFoundError):
            action = "link the repository again, and update the sync configuration with the new link"
            return _check("link", "problem", "The repository link is gone.", action)
        return found.check("link")
    return _check("link", "ok", f"The link to {found.full_name} exists.")


def _connection(found: Connection | _Unread) -> Check:
    if isinstance(found, _Unread):
        if isinstance(found.error, NotFoundError):
            action = "create a connection, and update the repository link with it"
            return _check("connection", "problem", "The connection is gone.", action)
        return found.check("connection")
    message = f"The connection {found.name} to {found.provider} is {found.aws_status or found.status}."
    match found.status:
        case "AVAILABLE":
            return _check("connection", "ok", message)
        case "PENDING" | "ERROR":
            return _check("connection", "problem", message, console_step(found))
        case _:
            return _check("connection", "unknown", message)


def _branch(found: BranchStatus | _Unread, job: GitSyncJob | _Unread, wanted: Wanted | None) -> Check:
    if isinstance(found, _Unread):
        if isinstance(found.error, NotFoundError):
            return _check("branch", "unknown", "AWS has never read the branch.")
        return found.check("branch")
    attempt = found.attempt
    if attempt is None:
        return _check("branch", "unknown", "AWS has never read the branch.")
    since = f"It was read at {in_utc(attempt.started_at)}: {attempt.status}"
    if attempt.status.state is not SyncState.FAILED:
        return _check("branch", "ok", f"{since}.")
    if not isinstance(job, _Unread):
        live, latest = job.live_revision, job.latest_sync
        if latest is not None and latest.started_at >= attempt.started_at:
            return _check("branch", "ok", f"{since}; an attempt at the resource followed.{_events(attempt)}")
        if wanted is not None and live is not None and wanted.matches(live):
            return _check("branch", "ok", f"{since}, which is about a later commit.{_events(attempt)}")
    text = f"{since}: {_reason(attempt)}{_events(attempt)}"
    if found.names_others:
        return _check("branch", "ok", f"{text}\nIt names none of this sync's files.")
    what = "the file that it names" if found.names_files else "what it says"
    return _check("branch", "problem", text, f"fix {what}, and push a commit")


def _commit(found: GitSyncJob | _Unread, wanted: Wanted | None) -> Check:
    if isinstance(found, _Unread):
        if isinstance(found.error, NotFoundError):
            return _check("commit", "problem", "No commit was ever picked up.", _CHECK_PUSH)
        return found.check("commit")
    live, desired, latest = found.live_revision, found.desired_revision, found.latest_sync
    goal = desired if wanted is None else None
    shown = f"{_commit_text(live)} is live" if live is not None else "No commit is live"

    def is_it(revision: Revision | None) -> bool:
        if revision is None:
            return False
        return wanted.matches(revision) if wanted is not None else goal is not None and goal.sha == revision.sha

    if is_it(live):
        return _check("commit", "ok", f"{shown}{'' if wanted is not None else ', and it is the desired one'}.")
    if wanted is None and goal is None:
        status: CheckStatus = "problem" if live is None else "ok"
        return _check("commit", status, f"{shown}, and AWS desires none.", _CHECK_PUSH if live is None else None)
    name = str(wanted) if wanted is not None else _commit_text(goal)
    if latest is not None and is_it(latest.target_revision):
        if latest.status.state in _RUNNING:
            return _check("commit", "ok", f"{shown}; {name} is being synced since {in_utc(latest.started_at)}.")
        return _check("commit", "problem", f"{shown}; the attempt at {name} is {latest.status}.")
    if is_it(desired):
        action = "wait for it; if no attempt follows, touch the deployment file or update the sync configuration"
        return _check("commit", "problem", f"{shown}; AWS desires {name} and has not attempted it.", action)
    replacement = None if wanted is None else replacement_of(found, wanted.matches)
    if replacement is not None:
        text = f"{name} was not picked up again: it was live until {_commit_text(replacement)} replaced it"
        return _check("commit", "problem", f"{shown}; {text}.", "push it again to make it live")
    has_failed = latest is not None and latest.status.state is SyncState.FAILED
    action = f"{_CHECK_PUSH}; {_DORMANT}" if has_failed else _CHECK_PUSH
    # AWS reports the desired, the latest and the live commit, and no others.
    text = f"{name} was not picked up" if latest is None else f"{name} was not picked up, or others have followed it"
    return _check("commit", "problem", f"{shown}; {text}.", action)


def _blockers(found: tuple[SyncBlocker, ...] | _Unread, command: str, first: str = _FIX) -> Check:
    if isinstance(found, _Unread):
        if isinstance(found.error, NotFoundError):
            return _check("blockers", "unknown", "There are none to read without a definition.")
        return found.check("blockers")
    if not found:
        return _check("blockers", "ok", "Nothing blocks it.")
    lines = [f"{each.created_reason} (since {in_utc(each.created_at)})" for each in found]
    action = f"{first} resolve it: {command.format(id=found[0].id)}" if command else None
    return _check("blockers", "problem", "\n".join(lines), action)


def _attempt(found: GitSyncJob | _Unread, wanted: Wanted | None) -> Check:
    if isinstance(found, _Unread):
        if isinstance(found.error, NotFoundError):
            return _check("attempt", "unknown", "There was no attempt yet.")
        return found.check("attempt")
    latest = found.latest_sync
    if latest is None:
        return _check("attempt", "unknown", "There was no attempt yet.")
    goal = _commit_text(latest.target_revision)
    text = f"The latest attempt, at {goal}, began at {in_utc(latest.started_at)} and is {latest.status}"
    if latest.status.state is SyncState.UNKNOWN:
        return _check("attempt", "unknown", f"{text}, a state that AWS has added.{_events(latest)}")
    if latest.status.state is not SyncState.FAILED:
        return _check("attempt", "ok", f"{text}.{_events(latest)}")
    text = f"{text}: {_reason(latest)}{_events(latest)}"
    if _is_for_another(found, wanted):
        return _check("attempt", "ok", f"{text}\nIt was for another commit.")
    return _check("attempt", "problem", text, "fix what it names, and push a commit")


def _is_for_another(found: GitSyncJob | _Unread, wanted: Wanted | None) -> bool:
    """Whether the latest attempt is known to be for another commit than the one in question."""
    latest = None if isinstance(found, _Unread) else found.latest_sync
    return wanted is not None and latest is not None and not wanted.matches(latest.target_revision)


def _is_missing(stack: StackDescription | _Unread | None) -> bool:
    """Whether a stack is known not to exist."""
    error = stack.error if isinstance(stack, _Unread) else None
    return isinstance(error, NotFoundError) or (
        isinstance(error, InvalidRequestError) and "does not exist" in str(error)
    )


def _resource_of_stack(
    stack: StackDescription | _Unread | None,
    events: tuple[StackEvent, ...] | _Unread,
    name: str,
    job: GitSyncJob | _Unread,
    wanted: Wanted | None,
) -> Check:
    if isinstance(stack, _Unread):
        if not _is_missing(stack):
            return _resource_by_events(stack, events, name, job, wanted)
        return _check("resource", "problem", f"The stack {name} does not exist.", _CREATE_STACK)
    if stack is None:
        return _check("resource", "unknown", f"CloudFormation does not describe the stack {name}.")
    text = f"The stack {name} is {stack.aws_status}"
    is_bad = "ROLLBACK" in stack.aws_status or stack.aws_status.endswith("_FAILED")
    if not is_bad:
        return _check("resource", "ok", f"{text}.")
    known = () if isinstance(events, _Unread) else events
    stuck = _STUCK.get(stack.aws_status)
    if stuck is not None:
        failure = first_failure(known, name)
        return _check("resource", "problem", f"{text}, so nothing can update it.{_because(failure)}", stuck)
    if _is_for_another(job, wanted):
        return _check("resource", "ok", f"{text}, since an attempt at another commit.")
    latest = None if isinstance(job, _Unread) else job.latest_sync
    has_failed = latest is None or latest.status.state is SyncState.FAILED
    if isinstance(events, _Unread) and not has_failed:
        message = f"{text}; since when, could not be read: {events.error}"
        return _check("resource", "unknown", message)
    is_earlier = latest is not None and bool(known) and known[0].time < latest.started_at
    if is_earlier and stack.aws_status == "UPDATE_ROLLBACK_COMPLETE":
        # Such a stack can be updated, so the failure of an earlier attempt holds nothing up.
        return _check("resource", "ok", f"{text}, since before the latest attempt.")
    failure = first_failure(known, name, latest)
    if failure is None:
        reason = f": {stack.status_reason}" if stack.status_reason else ""
        unread = f" (its events could not be read: {events.error})" if isinstance(events, _Unread) else ""
        return _check("resource", "problem", f"{text}{reason}{unread}.", "read the stack's events in CloudFormation")
    return _failed_resource(text, failure)


def _resource_by_events(
    stack: _Unread,
    events: tuple[StackEvent, ...] | _Unread,
    name: str,
    job: GitSyncJob | _Unread,
    wanted: Wanted | None,
) -> Check:
    """The stack could not be described, and its events may say which resource failed in the latest attempt."""
    latest = None if isinstance(job, _Unread) else job.latest_sync
    has_failed = latest is not None and latest.status.state is SyncState.FAILED
    if isinstance(events, _Unread) or not has_failed or _is_for_another(job, wanted):
        return stack.check("resource")
    failure = first_failure(events, name, latest)
    return stack.check("resource") if failure is None else _failed_resource(f"The stack {name} failed", failure)


def _failed_resource(text: str, failure: StackEvent) -> Check:
    action = f"fix {failure.logical_id}, and push a commit"
    return _check("resource", "problem", f"{text}.{_because(failure)}", action)


def _because(failure: StackEvent | None) -> str:
    if failure is None:
        return ""
    return f" {failure.logical_id} ({failure.resource_type}) is {failure.aws_status}: {failure.reason}"


def _role(found: TwinMakerSyncJob | _Unread) -> Check:
    if isinstance(found, _Unread):
        return _NOT_READ.check("role") if isinstance(found.error, NotFoundError) else found.check("role")
    error = found.status.error
    text = str(error) if error is not None else ""
    if found.status.state is SyncState.FAILED and any(word in text.lower() for word in _ROLE_WORDS):
        action = f"let iottwinmaker.amazonaws.com assume {found.sync_role}, and create the job again"
        return _check("role", "problem", f"TwinMaker cannot assume the role {found.sync_role}: {text}", action)
    is_role = found.sync_role.startswith("arn:") and ":role/" in found.sync_role
    if not is_role:
        return _check("role", "problem", f"{found.sync_role} is not the ARN of a role.", "create the job with a role")
    return _check("role", "ok", f"The job uses {found.sync_role}; whether it has the permissions was not checked.")


def _job(found: TwinMakerSyncJob | _Unread) -> Check:
    if isinstance(found, _Unread):
        return _NOT_READ.check("attempt") if isinstance(found.error, NotFoundError) else found.check("attempt")
    status = found.status
    if status.state is not SyncState.FAILED:
        known: CheckStatus = "unknown" if status.state is SyncState.UNKNOWN else "ok"
        return _check("attempt", known, f"The job is {status} since {in_utc(found.updated_at)}.")
    action = "fix the cause, delete the job, and create it again"
    return _check("attempt", "problem", f"The job is {status}: {status.error or 'no reason given'}", action)


def _failed_resources(found: SyncResourceSummary | _Unread) -> Check:
    if isinstance(found, _Unread):
        is_missing = isinstance(found.error, (NotFoundError, InvalidRequestError))
        return _NOT_READ.check("resource") if is_missing else found.check("resource")
    if not found.failed:
        return _check("resource", "ok", f"{found}.")
    reasons = Counter(str(resource.status.error or "no reason given") for resource in found.failed)
    first, *others = (f"{count} times {reason}" for reason, count in reasons.most_common(MAX_REASONS))
    if len(reasons) > MAX_REASONS:
        others.append(f"and {len(reasons) - MAX_REASONS} more reasons")
    action = "fix the reasons; AWS retries most errors by itself"
    return _check("resource", "problem", "\n".join([f"{found}: {first}", *others]), action)


def _reason(attempt: SyncAttempt) -> str:
    return str(attempt.status.error or "no reason given")


def _events(attempt: SyncAttempt) -> str:
    return "".join(f"\n{in_utc(event.time)} {event.type}: {event.event}" for event in attempt.events)


def _commit_text(revision: Revision | None) -> str:
    return f"commit {revision.sha[:12]}" if revision is not None else "no commit"
