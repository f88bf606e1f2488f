"""What AWS says, in our words: frozen models with snake_case fields, in which nothing that AWS said is lost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Literal, NamedTuple, TypeVar, cast

from pydantic import (
    AliasChoices,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import CoreSchema, core_schema

from unisync._models.refs import ServiceInstanceSync, StackSync, SyncRef, TemplateSync, TwinMakerSync, parse_ref

Date = Annotated[AwareDatetime, Field(ge=datetime.min.replace(tzinfo=UTC), le=datetime.max.replace(tzinfo=UTC))]
"""A date of the years 1 to 9999 in UTC: one with another offset may lie outside of them."""

ProviderType = (
    Literal["AzureDevOps", "Bitbucket", "GitHub", "GitHubEnterpriseServer", "GitLab", "GitLabSelfManaged"] | str
)
"""Where a repository lives, in CodeConnections' spelling."""

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
"""TwinMaker's codes. Of a Git sync, it is the type of the last event."""


class SyncState(StrEnum):
    """How a sync stands, in one word for all services."""

    PENDING = "PENDING"
    """Asked for, not begun."""
    RUNNING = "RUNNING"
    """Under way."""
    ACTIVE = "ACTIVE"
    """In place."""
    FAILED = "FAILED"
    """Ended without success; AWS does not go on by itself."""
    DELETING = "DELETING"
    """On its way out; of a synced resource, also gone."""
    UNKNOWN = "UNKNOWN"
    """In a state that AWS did not have when this version of unisync was made. `native` has its word."""


class Vocabulary(NamedTuple):
    """The words of one service: what each means in ours. Passed to pydantic as the context of a validation."""

    states: Mapping[str, SyncState]
    providers: Mapping[str, str] = {}


_NO_WORDS = Vocabulary({})


def _vocabulary(info: ValidationInfo, members: Mapping[str, Any], ours: str) -> Vocabulary | None:
    """The words in which `members` are written; None if they are ours already, as a field that AWS has not says."""
    if isinstance(info.context, Vocabulary):
        return info.context
    return None if ours in members else _NO_WORDS


def _aside(members: Mapping[str, Any], *taken: str) -> dict[str, Any]:
    """AWS's members, those whose names are taken with an underscore behind them: they are kept, and not ours."""
    kept: dict[str, Any] = {}
    for name, value in members.items():
        free = name
        while free in taken or (free != name and free in members):
            free += "_"
        kept[free] = value
    return kept


def wire(*names: str, default: Any = ...) -> Any:
    """A field that AWS calls by these names, one a service."""
    return Field(default, validation_alias=AliasChoices(*names))


def both(name: str, default: Any = ...) -> Any:
    """A field that Proton calls `name`, and CodeConnections the same with a capital."""
    return wire(name, name[0].upper() + name[1:], default=default)


class Model(BaseModel, frozen=True):
    """What all models have in common: frozen, and AWS's newer members kept in `model_extra`."""

    model_config: ClassVar[ConfigDict] = ConfigDict(
        extra="allow",
        # A program meets few of the models: each is built when it is first met.
        defer_build=True,
        validate_by_name=True,
        validate_by_alias=True,
        val_temporal_unit="seconds",
        # CBOR has bytes, which may be no text, and a member that nobody knows may be of any kind.
        ser_json_bytes="base64",
    )


M = TypeVar("M", bound=Model)


T = TypeVar("T")
Several = Annotated[tuple[T, ...], BeforeValidator(lambda told: () if told is None else told)]
"""A list that AWS may leave out, or say null for."""


class SyncError(Model, frozen=True):
    """Why a sync failed, in the service's own words."""

    code: SyncErrorCode | None = None
    message: str | None = None

    def __str__(self) -> str:
        return ": ".join(filter(None, (self.code, self.message))) or "no reason given"


class SyncJobStatus(Model, frozen=True):
    """How a sync stands: our word, AWS's word, and the reason if it failed."""

    state: SyncState
    native: str
    """AWS's own word; empty where AWS gave none, as for a sync that has never run."""
    error: SyncError | None = None

    @model_validator(mode="before")
    @classmethod
    def _from_aws(cls, data: Any, info: ValidationInfo) -> Any:
        """Give the state our word, keeping AWS's. Some operations say it in a structure, others bare."""
        if not isinstance(data, (dict, str)):
            return data
        members = {"state": data} if isinstance(data, str) else cast("dict[str, Any]", data)
        vocabulary = _vocabulary(info, members, "native")
        if vocabulary is None:
            return members
        told: object = members.get("state")
        native = "" if told is None else told
        state = vocabulary.states.get(native, SyncState.UNKNOWN) if isinstance(native, str) else SyncState.UNKNOWN
        return {**_aside(members, "native"), "native": native, "state": state}

    def __str__(self) -> str:
        return f"{self.state} ({self.native})" if self.native not in ("", self.state) else str(self.state)


class RepositoryIdentity(Model, frozen=True):
    """A repository, named the same way for all services."""

    repository_name: str = wire("RepositoryName")
    """The bare name, without its owner."""
    owner: str = wire("OwnerId")
    provider: ProviderType
    """Where the repository lives, in one spelling for all services."""
    native_provider: str = wire("ProviderType")
    """The same in the service's own spelling, which its own operations take."""

    _full_name_member: ClassVar[str] = "repositoryName"
    _provider_member: ClassVar[str] = "repositoryProvider"

    @model_validator(mode="before")
    @classmethod
    def _from_aws(cls, data: Any, info: ValidationInfo) -> Any:
        """Split Proton's "owner/name", and give the provider one spelling, keeping AWS's."""
        if not isinstance(data, dict):
            return data
        members = dict(cast("dict[str, Any]", data))
        vocabulary = _vocabulary(info, members, "native_provider")
        if vocabulary is None:
            return members
        full_name = members.get(cls._full_name_member)
        if "RepositoryName" in members or not isinstance(full_name, str):
            full_name = None
        else:
            del members[cls._full_name_member]
        native = members.pop("ProviderType" if "ProviderType" in members else cls._provider_member, None)
        members = _aside(members, "repository_name", "owner", "provider", "native_provider")
        if native is not None:
            members["ProviderType"] = native
            members["provider"] = vocabulary.providers.get(str(native), native)
        if full_name is not None:
            members["OwnerId"], _, members["RepositoryName"] = full_name.rpartition("/")
        return members

    @property
    def full_name(self) -> str:
        """Owner and bare name, as in "acme/infra": what Proton's own operations take."""
        return f"{self.owner}/{self.repository_name}"


class RepositoryPlace(RepositoryIdentity, frozen=True):
    """A branch of a repository: what a sync takes its commits from."""

    branch: str = both("branch")


class Revision(RepositoryPlace, frozen=True):
    """A commit, and where it is: repository, branch and directory."""

    directory: str = both("directory")
    sha: str = both("sha")


class SyncEvent(Model, frozen=True):
    """A line in the history of an attempt."""

    type: str = both("type")
    event: str = both("event")
    """What happened, in the service's own sentence."""
    time: Date = both("time")
    external_id: str | None = both("externalId", default=None)


class SyncAttempt(Model, frozen=True):
    """One try to bring something to a commit."""

    # Before the status, which takes the reason of a failure from the events.
    events: tuple[SyncEvent, ...] = both("events")
    status: SyncJobStatus = both("status")
    started_at: Date = both("startedAt")

    @field_validator("status", mode="after")
    @classmethod
    def _with_reason(cls, status: SyncJobStatus, info: ValidationInfo) -> SyncJobStatus:
        """A failed attempt says why in its last event, and nowhere else."""
        events: tuple[SyncEvent, ...] = info.data.get("events", ())
        if status.state is not SyncState.FAILED or status.error is not None or not events:
            return status
        error = SyncError(code=events[-1].type, message=events[-1].event)
        return status.model_copy(update={"error": error})

    def __rich_repr__(self) -> Iterable[Any]:
        from unisync._render.pretty import attempt_fields

        return attempt_fields(self)

    def _repr_html_(self) -> str:
        from unisync._render.cards import attempt_card

        return attempt_card(self)


class ResourceSyncAttempt(SyncAttempt, frozen=True):
    """One try to bring a resource to a commit."""

    target: str = both("target")
    """What is brought to the commit: the resource's name or ARN."""
    initial_revision: Revision = both("initialRevision")
    """Where the resource was."""
    target_revision: Revision = both("targetRevision")
    """Where the attempt takes it."""

    def __rich_repr__(self) -> Iterable[Any]:
        from unisync._render.pretty import attempt_fields

        return attempt_fields(self, self.target, self.target_revision)

    def _repr_html_(self) -> str:
        from unisync._render.cards import attempt_card

        return attempt_card(self, self.target, self.initial_revision, self.target_revision)


class AsRef:
    """Has pydantic take a reference of some kinds, or its text, and write its text."""

    def __init__(self, *kinds: type[SyncRef[Any]]) -> None:
        self._kinds = kinds

    def __get_pydantic_core_schema__(self, source: object, handler: object) -> CoreSchema:
        text = core_schema.str_schema()
        return core_schema.no_info_plain_validator_function(
            self._read,
            json_schema_input_schema=text,
            serialization=core_schema.plain_serializer_function_ser_schema(str, return_schema=text),
        )

    def _read(self, value: object) -> object:
        ref: object = parse_ref(value) if isinstance(value, str) else value
        if not isinstance(ref, self._kinds):
            kinds = ", ".join(kind.__name__ for kind in self._kinds)
            raise ValueError(f"expected a reference or its text ({kinds}), got {value!r}")
        return ref  # pyright: ignore[reportUnknownVariableType]


def with_ref(model: type[M], ref: SyncRef[Any], reply: Model, **more: object) -> M:
    """The model that says of a reply, in which AWS does not name it, which sync it is about."""
    # Nothing is validated again, nor a validator built for it: the reply was, and its model is the base of this one.
    members: dict[str, Any] = {name: getattr(reply, name) for name in type(reply).model_fields}
    return with_more(model.model_construct(None, **{**members, **more, "ref": ref}), reply.model_extra or {})


def with_more(model: M, members: Mapping[str, Any]) -> M:
    """The model with members of AWS's that stood around it in the answer, and are no model's."""
    if not members:
        return model
    return model.model_copy(update=_aside(members, *type(model).model_fields, *(model.model_extra or {})))


class SyncJob(Model, frozen=True):
    """A sync and how it stands."""

    ref: Annotated[SyncRef[SyncJob], AsRef(SyncRef)]
    """Which sync this is."""
    status: SyncJobStatus

    @property
    def is_in_place(self) -> bool:
        """Whether it is ACTIVE, and nothing newer is to come as far as AWS has noticed."""
        return self.status.state is SyncState.ACTIVE

    @property
    def attempts(self) -> tuple[ResourceSyncAttempt, ...]:
        """What is told of its attempts, oldest first; none of a sync that follows no commits."""
        return ()

    @property
    def live_revision(self) -> Revision | None:
        """The commit that is live; None if none is, or if it follows no commits."""
        return None

    @property
    def wanted_revision(self) -> Revision | None:
        """The commit that is to be live, as far as AWS has noticed; None if it follows no commits."""
        return None

    def __rich_repr__(self) -> Iterable[Any]:
        from unisync._render.pretty import job_fields

        return job_fields(self)

    def _repr_html_(self) -> str:
        from unisync._render.cards import job_card

        return job_card(self)


class TwinMakerSyncReply(Model, frozen=True):
    """GetSyncJob's answer."""

    arn: str
    workspace_id: str = wire("workspaceId")
    sync_source: str = wire("syncSource")
    sync_role: str = wire("syncRole")
    """The ARN of the role with which TwinMaker reads the source."""
    status: SyncJobStatus
    created_at: Date = wire("creationDateTime")
    updated_at: Date = wire("updateDateTime")


class TwinMakerSyncJob(TwinMakerSyncReply, SyncJob, frozen=True):
    """An IoT TwinMaker sync job (GetSyncJob)."""

    ref: Annotated[TwinMakerSync, AsRef(TwinMakerSync)]


class GitSyncReply(Model, frozen=True):
    """The answer of the three operations that tell how a Git sync stands."""

    desired_state: Revision | None = both("desiredState", default=None)
    """The commit that AWS wants to be live."""
    latest_sync: ResourceSyncAttempt | None = both("latestSync", default=None)
    """The newest attempt, whatever came of it. None if there was none yet."""
    latest_successful_sync: ResourceSyncAttempt | None = both("latestSuccessfulSync", default=None)
    """The newest attempt that succeeded: its target is the commit that is live."""


class GitSyncJob(GitSyncReply, SyncJob, frozen=True):
    """The Git sync of a resource (GetServiceInstanceSyncStatus, GetTemplateSyncStatus, GetResourceSyncStatus).

    Its status is that of the latest attempt; PENDING, without a word of AWS's, if there was none yet.
    """

    ref: Annotated[StackSync | ServiceInstanceSync | TemplateSync, AsRef(StackSync, ServiceInstanceSync, TemplateSync)]

    @property
    def attempts(self) -> tuple[ResourceSyncAttempt, ...]:
        """The latest that succeeded and the latest of all, oldest first; one if these are the same."""
        latest, successful = self.latest_sync, self.latest_successful_sync
        if latest is None or successful is None:
            return tuple(filter(None, (successful, latest)))
        if (latest.started_at, latest.target_revision) == (successful.started_at, successful.target_revision):
            return (latest,)
        return successful, latest

    @property
    def live_revision(self) -> Revision | None:
        """The commit that the latest success took the resource to; None if there was none yet."""
        latest = self.latest_sync
        # A latest attempt that succeeded is the latest success, whether AWS repeats it there yet or not.
        is_success = latest is not None and latest.status.state is SyncState.ACTIVE
        live = latest if is_success else self.latest_successful_sync
        return live.target_revision if live is not None else None

    @property
    def wanted_revision(self) -> Revision | None:
        """The commit that AWS wants to be live; where it does not say, that of the latest attempt."""
        if self.desired_state is None and self.latest_sync is not None:
            return self.latest_sync.target_revision
        return self.desired_state

    @property
    def is_in_place(self) -> bool:
        """Whether the latest attempt succeeded, and AWS wants no newer commit than it brought."""
        live, wanted = self.live_revision, self.wanted_revision
        return super().is_in_place and live is not None and wanted is not None and live.sha == wanted.sha
