"""Notices: what an event of AWS's says about a sync."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import field_validator
from typing_extensions import override

from unisync._models.base import AsRef, Date, Model, SyncState
from unisync._models.jobs import ProviderType, SyncJob
from unisync._models.refs import AnyRef, FleetSync, ServiceInstanceSync, StackSync, TemplateSync, TwinMakerSync

NoticeKind = Literal["sync", "repository", "resource", "call"]
"""What a notice is about.

- "sync": the sync of a resource, so its state is that of an attempt.
- "repository": the sync of a branch of a repository, which starts the syncs of resources; there is no `ref`.
- "resource": the resource that a sync deploys, also if it was changed in another way.
- "call": an API call, as CloudTrail recorded it.
"""


class SyncNotice(Model, frozen=True):
    """What an event says about a sync: a reason to read the sync, not a verdict on it.

    EventBridge delivers events late, twice, out of order, or not at all. `client.get(notice.ref)` reads the state now.

    Fields that AWS sends around `detail` and no field below has, such as `resources`, are in `model_extra`.

    Fields: `kind`, `ref`, `state`, `aws_state`, `previous_state`, `previous_aws_state`, `revision`, `repository_name`,
    `owner`, `branch`, `provider`, `aws_provider`, `connection_arn`, `repository_link_id`, `sync_type`, `time`,
    `event_id`, `source`, `detail_type`, `account`, `region`, `detail`.
    """

    kind: NoticeKind
    """What the event is about, and so what its state is the state of."""
    ref: Annotated[AnyRef, AsRef(TwinMakerSync, ServiceInstanceSync, TemplateSync, StackSync)] | None = None
    """The sync; None if the event is about a branch, or about a type of sync that unisync does not know."""
    state: SyncState
    """The state, with the same values for all services; UNKNOWN if the event has none."""
    aws_state: str
    """AWS's own value; empty if the event has none."""
    previous_state: SyncState | None = None
    """The state before; None if the event does not say."""
    previous_aws_state: str | None = None
    """AWS's own value of the state before."""
    revision: str | None = None
    """The sha of the commit; None if the event names none."""
    repository_name: str | None = None
    """The bare name of the repository; None if the event names none."""
    owner: str | None = None
    """The owner of the repository; None if the event names none."""
    branch: str | None = None
    """The branch; None if the event names none."""
    provider: ProviderType | None = None
    """The provider that hosts the repository, in one spelling for all services."""
    aws_provider: str | None = None
    """The provider in the event's own spelling."""
    connection_arn: str | None = None
    """The ARN of the connection to the provider; None if the event names none."""
    repository_link_id: str | None = None
    """The link to the repository; None if the event names none."""
    sync_type: str | None = None
    """What is synced: a `SyncType`; None if the event does not say."""
    time: Date | None = None
    """When it happened, in UTC."""
    event_id: str | None = None
    """The same for each delivery of the same event."""
    source: str
    """The service as the event names it, such as "aws.codeconnections"."""
    detail_type: str
    """The type of the event, as EventBridge's rules match it."""
    account: str | None = None
    """The account that the event is from; None if it does not say."""
    region: str | None = None
    """The region that the event is from; None if it does not say."""
    detail: dict[str, Any]
    """The event's detail, as AWS sent it."""

    @field_validator("time", mode="after")
    @classmethod
    def _in_utc(cls, time: datetime | None) -> datetime | None:
        return None if time is None else time.astimezone(UTC)

    @override
    def __hash__(self) -> int:
        # Without the detail, which is a dictionary.
        return hash((self.source, self.detail_type, self.event_id, self.time, self.ref, self.aws_state))

    @property
    def fleet_ref(self) -> FleetSync[SyncJob] | None:
        """The sync as a `Fleet` takes it; None if the event lacks the sync, its account or its region."""
        if self.ref is None or not self.account or not self.region:
            return None
        return FleetSync(self.account, self.region, self.ref)
