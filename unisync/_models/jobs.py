"""Sync jobs: how a sync stands, its attempts, their events and commits."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from itertools import chain
from operator import attrgetter
from typing import Annotated, Any, ClassVar, Literal, cast
from urllib.parse import quote

from pydantic import ValidationInfo, field_validator, model_validator
from typing_extensions import override

from unisync._models.base import (
    AsRef,
    Date,
    Displayable,
    Model,
    SyncState,
    alias,
    dual_case_alias,
    keep_aside,
    mapping_for,
)
from unisync._models.blockers import SyncBlocker
from unisync._models.refs import FleetSync, ServiceInstanceSync, StackSync, SyncRef, TemplateSync, TwinMakerSync
from unisync._models.text import in_utc, short_sha
from unisync.errors import InvalidArgumentError

ProviderType = (
    Literal[
        "AzureDevOps",
        "Bitbucket",
        "GitHub",
        "GitHubEnterpriseCloudDataResidency",
        "GitHubEnterpriseServer",
        "GitLab",
        "GitLabSelfManaged",
    ]
    | str
)
"""The provider that hosts a repository, in CodeConnections' spelling."""

SyncErrorCode = (
    Literal[
        "COMPOSITE_COMPONENT_FAILURE",
        "INTERNAL_FAILURE",
        "PROCESSING_ERROR",
        "SYNC_CREATING_ERROR",
        "SYNC_DELETING_ERROR",
        "SYNC_INITIALIZING_ERROR",
        "SYNC_PROCESSING_ERROR",
        "VALIDATION_ERROR",
    ]
    | str
)
"""TwinMaker's codes. For a Git sync, it is the type of the event that says why the attempt failed."""


_COMMIT_PAGES = {
    "GitHub": "https://github.com/{}/commit/{}",
    "GitLab": "https://gitlab.com/{}/-/commit/{}",
    "Bitbucket": "https://bitbucket.org/{}/commits/{}",
}
_PULL_REQUEST_SEARCHES = {"GitHub": "https://github.com/{}/pulls?q=is%3Apr+{}"}

_FAILURE = re.compile(r"fail|error|reject|denied|invalid|abort|unable|cannot|could not|does not exist", re.IGNORECASE)
"""What events of a failure say. AWS documents neither their types nor their texts."""


class SyncError(Model, frozen=True):
    """Why a sync failed, as the service says it."""

    code: SyncErrorCode | None = None
    """The code of the error; None if the service gave none."""
    message: str | None = None
    """The reason in the service's own sentence; None if the service gave none."""

    def __str__(self) -> str:
        return ": ".join(filter(None, (self.code, self.message))) or "no reason given"


class SyncJobStatus(Model, frozen=True):
    """The status of a sync: our state, AWS's state, and the reason if it failed.

    Fields: `state`, `aws_state`, `error`.
    """

    state: SyncState
    """The state, with the same values for all services."""
    aws_state: str
    """AWS's own value; empty if AWS returned none, as for a sync that has never run."""
    error: SyncError | None = None
    """Why it failed; None if it did not, or if the service does not say."""

    @model_validator(mode="before")
    @classmethod
    def _from_aws(cls, data: Any, info: ValidationInfo) -> Any:
        """Map the state, keeping AWS's. Some operations return it in a structure, others as a bare string."""
        if not isinstance(data, (dict, str)):
            return data
        fields = {"state": data} if isinstance(data, str) else cast("dict[str, Any]", data)
        mapping = mapping_for(info, fields, "aws_state")
        if mapping is None:
            return fields
        value: object = fields.get("state")
        aws_state = "" if value is None else value
        state = mapping.states.get(aws_state, SyncState.UNKNOWN) if isinstance(aws_state, str) else SyncState.UNKNOWN
        return {**keep_aside(fields, "aws_state"), "aws_state": aws_state, "state": state}

    def __str__(self) -> str:
        return f"{self.state} ({self.aws_state})" if self.aws_state not in ("", self.state) else str(self.state)


class RepositoryIdentity(Model, frozen=True):
    """A repository, named the same way for all services."""

    repository_name: str = alias("RepositoryName")
    """The bare name, without its owner."""
    owner: str = alias("OwnerId")
    """The owner of the repository: a user, an organization or a group."""
    provider: ProviderType
    """The provider that hosts it, in one spelling for all services."""
    aws_provider: str = alias("ProviderType")
    """The provider in the service's own spelling, which its operations accept."""

    _full_name_field: ClassVar[str] = "repositoryName"
    _provider_field: ClassVar[str] = "repositoryProvider"

    @model_validator(mode="before")
    @classmethod
    def _from_aws(cls, data: Any, info: ValidationInfo) -> Any:
        """Split Proton's "owner/name", and map the provider, keeping AWS's."""
        if not isinstance(data, dict):
            return data
        fields = dict(cast("dict[str, Any]", data))
        mapping = mapping_for(info, fields, "aws_provider")
        if mapping is None:
            return fields
        full_name = fields.get(cls._full_name_field)
        if "RepositoryName" in fields or not isinstance(full_name, str):
            full_name = None
        else:
            del fields[cls._full_name_field]
        aws_provider = fields.pop("ProviderType" if "ProviderType" in fields else cls._provider_field, None)
        fields = keep_aside(fields, "repository_name", "owner", "provider", "aws_provider")
        if aws_provider is not None:
            fields["ProviderType"] = aws_provider
            fields["provider"] = mapping.providers.get(str(aws_provider), aws_provider)
        if full_name is not None:
            fields["OwnerId"], _, fields["RepositoryName"] = full_name.rpartition("/")
        return fields

    @property
    def full_name(self) -> str:
        """Owner and bare name, as in "acme/infra": what Proton's operations accept."""
        return f"{self.owner}/{self.repository_name}"


class RepositoryBranch(RepositoryIdentity, frozen=True):
    """A branch of a repository, which a sync follows."""

    branch: str = dual_case_alias("branch")
    """The name of the branch."""


class Revision(RepositoryBranch, frozen=True):
    """A commit, with its repository, branch and directory.

    Fields: `sha`, `branch`, `directory`, `owner`, `repository_name`, `provider`, `aws_provider`.
    """

    directory: str = dual_case_alias("directory")
    """The directory of the repository, as AWS reports it."""
    sha: str = dual_case_alias("sha")
    """The full sha of the commit."""

    @property
    def url(self) -> str | None:
        """The page of the commit at its provider; None where the host is the customer's own, or not known."""
        return self._page(_COMMIT_PAGES)

    @property
    def pull_requests_url(self) -> str | None:
        """A search for the pull requests that contain the commit, as AWS does not name them; None but at GitHub.

        GitLab and Bitbucket name them on the page of the commit.
        """
        return self._page(_PULL_REQUEST_SEARCHES)

    def _page(self, pages: dict[str, str]) -> str | None:
        page = pages.get(self.provider)
        if page is None:
            return None
        return page.format(quote(self.full_name, errors="replace"), quote(self.sha, "", errors="replace"))


class SyncEvent(Model, frozen=True):
    """An event of an attempt."""

    type: str = dual_case_alias("type")
    """What kind of event it is. AWS does not document the values."""
    event: str = dual_case_alias("event")
    """What happened, in the service's own sentence."""
    time: Date = dual_case_alias("time")
    """When it happened, in UTC."""
    external_id: str | None = dual_case_alias("externalId", default=None)
    """An id outside of the service, such as the sha of a commit; None if there is none."""


class SyncAttempt(Displayable, Model, frozen=True):
    """One attempt to sync something to a commit."""

    # Before the status, which takes the reason of a failure from the events.
    events: tuple[SyncEvent, ...] = dual_case_alias("events")
    """What happened, in order of time."""
    status: SyncJobStatus = dual_case_alias("status")
    """The status of this attempt."""
    started_at: Date = dual_case_alias("startedAt")
    """When it started, in UTC."""

    @field_validator("events", mode="after")
    @classmethod
    def _in_order(cls, events: tuple[SyncEvent, ...]) -> tuple[SyncEvent, ...]:
        """AWS does not document the order of events."""
        return tuple(sorted(events, key=attrgetter("time")))

    @field_validator("status", mode="after")
    @classmethod
    def _with_reason(cls, status: SyncJobStatus, info: ValidationInfo) -> SyncJobStatus:
        """Only the events of a failed attempt say why it failed."""
        events: tuple[SyncEvent, ...] = info.data.get("events", ())
        if status.state is not SyncState.FAILED or status.error is not None or not events:
            return status
        reason = _failure_among(events)
        error = SyncError(code=reason.type, message=reason.event)
        return status.model_copy(update={"error": error})

    def __rich_repr__(self) -> Iterable[Any]:
        yield "status", str(self.status)
        yield "started_at", in_utc(self.started_at)
        yield from self._extra_repr()
        yield "events", len(self.events)

    def _extra_repr(self) -> Iterable[tuple[str, object]]:
        return ()


def _failure_among(events: tuple[SyncEvent, ...]) -> SyncEvent:
    """The first event whose type, else whose text, says that something failed; else the last: a clean-up may follow."""
    by_type = (event for event in events if _FAILURE.search(event.type))
    by_text = (event for event in events if _FAILURE.search(event.event))
    return next(chain(by_type, by_text), events[-1])


class ResourceSyncAttempt(SyncAttempt, frozen=True):
    """One attempt to sync a resource to a commit.

    Fields: `status`, `started_at`, `events`, `target`, `initial_revision`, `target_revision`.
    """

    target: str = dual_case_alias("target")
    """The resource's name or ARN."""
    initial_revision: Revision = dual_case_alias("initialRevision")
    """The commit that the resource was at."""
    target_revision: Revision = dual_case_alias("targetRevision")
    """The commit that the attempt syncs it to."""

    @override
    def _extra_repr(self) -> Iterable[tuple[str, object]]:
        return ("target", self.target), ("sha", short_sha(self.target_revision.sha))


class SyncJob(Displayable, Model, frozen=True):
    """A sync and its status."""

    ref: Annotated[SyncRef[SyncJob], AsRef(SyncRef)]
    """The sync; from a fleet, a `FleetSync` with its account and region."""
    status: SyncJobStatus
    """The status; for a Git sync, that of its latest attempt."""
    blockers: tuple[SyncBlocker, ...] | None = None
    """The active blockers, newest first; None if they were not read, as by `get` without `include_blockers`."""

    @property
    def is_synced(self) -> bool:
        """Whether it is ACTIVE and AWS has not detected anything newer."""
        return self.status.state is SyncState.ACTIVE

    @property
    def attempts(self) -> tuple[ResourceSyncAttempt, ...]:
        """The attempts that AWS reports, oldest first; none for a sync that follows no commits."""
        return ()

    @property
    def live_revision(self) -> Revision | None:
        """The commit that is live; None if there is none, or if the sync follows no commits."""
        return None

    @property
    def desired_revision(self) -> Revision | None:
        """The commit that AWS has detected and is to make live; None if the sync follows no commits."""
        return None

    def require_live(self) -> Revision:
        """The commit that is live.

        Raises:
            InvalidArgumentError: There is none, or the sync follows no commits.
        """
        if self.live_revision is None:
            raise InvalidArgumentError(f"{self.ref} has no live commit: it is {self.status}")
        return self.live_revision

    def __rich_repr__(self) -> Iterable[Any]:
        yield "ref", str(self.ref)
        yield "status", str(self.status)
        if self.status.error is not None:
            yield "error", str(self.status.error)
        if self.live_revision is not None:
            yield "live", short_sha(self.live_revision.sha)
        if self.desired_revision is not None:
            yield "desired", short_sha(self.desired_revision.sha)
        if self.blockers:
            yield "blockers", [blocker.created_reason for blocker in self.blockers]


class TwinMakerSyncResponse(Model, frozen=True):
    """GetSyncJob's response."""

    arn: str
    """The ARN of the sync job."""
    workspace_id: str = alias("workspaceId")
    """The workspace that the job syncs to."""
    sync_source: str = alias("syncSource")
    """What the job syncs from: "SITEWISE"."""
    sync_role: str = alias("syncRole")
    """The ARN of the role with which TwinMaker reads the source."""
    status: SyncJobStatus
    """The status of the job itself; its resources have states of their own."""
    created_at: Date = alias("creationDateTime")
    """When the job was created, in UTC."""
    updated_at: Date = alias("updateDateTime")
    """When the job last changed, in UTC."""


class TwinMakerSyncJob(TwinMakerSyncResponse, SyncJob, frozen=True):
    """An IoT TwinMaker sync job (GetSyncJob).

    Fields: `ref`, `status`, `blockers`, `arn`, `workspace_id`, `sync_source`, `sync_role`, `created_at`, `updated_at`.
    """

    ref: Annotated[TwinMakerSync | FleetSync[TwinMakerSyncJob], AsRef(TwinMakerSync)]
    """The sync; from a fleet, a `FleetSync` with its account and region."""


class GitSyncResponse(Model, frozen=True):
    """The response of the three operations that read the status of a Git sync."""

    desired_state: Revision | None = dual_case_alias("desiredState", default=None)
    """The commit that AWS is to make live."""
    latest_sync: ResourceSyncAttempt | None = dual_case_alias("latestSync", default=None)
    """The newest attempt, whatever its result. None if there was none yet."""
    latest_successful_sync: ResourceSyncAttempt | None = dual_case_alias("latestSuccessfulSync", default=None)
    """The newest attempt that succeeded: its target is the live commit."""


class GitSyncJob(GitSyncResponse, SyncJob, frozen=True):
    """The Git sync of a resource (GetServiceInstanceSyncStatus, GetTemplateSyncStatus, GetResourceSyncStatus).

    Its status is that of the latest attempt; PENDING, with an empty `aws_state`, if there was none yet.

    Fields: `ref`, `status`, `blockers`, `desired_state`, `latest_sync`, `latest_successful_sync`.
    """

    ref: Annotated[
        StackSync | ServiceInstanceSync | TemplateSync | FleetSync[GitSyncJob],
        AsRef(StackSync, ServiceInstanceSync, TemplateSync),
    ]
    """The sync; from a fleet, a `FleetSync` with its account and region."""

    @property
    @override
    def attempts(self) -> tuple[ResourceSyncAttempt, ...]:
        """The latest attempt that succeeded and the latest of all, oldest first; one if they are the same."""
        latest, successful = self.latest_sync, self.latest_successful_sync
        if latest is None or successful is None:
            return tuple(filter(None, (successful, latest)))
        if (latest.started_at, latest.target_revision) == (successful.started_at, successful.target_revision):
            return (latest,)
        return successful, latest

    @property
    @override
    def live_revision(self) -> Revision | None:
        """The commit of the latest success; None if there was none yet."""
        latest = self.latest_sync
        # A latest attempt that succeeded is the latest success, whether or not AWS repeats it there yet.
        is_success = latest is not None and latest.status.state is SyncState.ACTIVE
        live = latest if is_success else self.latest_successful_sync
        return live.target_revision if live is not None else None

    @property
    @override
    def desired_revision(self) -> Revision | None:
        """The commit that AWS is to make live; if AWS does not say, that of the latest attempt."""
        if self.desired_state is None and self.latest_sync is not None:
            return self.latest_sync.target_revision
        return self.desired_state

    @property
    @override
    def is_synced(self) -> bool:
        """Whether the latest attempt succeeded, and AWS has not detected a newer commit."""
        live, desired = self.live_revision, self.desired_revision
        return super().is_synced and live is not None and desired is not None and live.sha == desired.sha


def replacement_of(job: GitSyncJob, is_ours: Callable[[Revision], bool]) -> Revision | None:
    """The commit that replaced another one, which was live; None if no attempt that AWS reports says so.

    Args:
        job: The sync.
        is_ours: Whether a commit is the one that may have been replaced.
    """
    if any(is_ours(attempt.target_revision) for attempt in job.attempts):
        return None
    setting_out = [attempt.target_revision for attempt in job.attempts if is_ours(attempt.initial_revision)]
    return setting_out[-1] if setting_out else None
