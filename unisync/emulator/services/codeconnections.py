"""CodeConnections, and codestar-connections as it was called before: Git sync of CloudFormation stacks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from unisync.emulator.errors import AwsError
from unisync.emulator.protocol import Document
from unisync.emulator.services.wording import Wording
from unisync.emulator.world import Stack, World

_WORDS = Wording(
    rename=lambda name: name[0].upper() + name[1:],
    repository=lambda repository: {
        "OwnerId": repository.owner,
        "RepositoryName": repository.name,
        "ProviderType": repository.provider,
    },
)


def get_resource_sync_status(world: World, params: Mapping[str, Any], now: float) -> Document:
    """GetResourceSyncStatus. Before the first attempt there is no status to be found."""
    stack = _find(world, params)
    status = _WORDS.sync_status(stack.sync, world, now)
    if "LatestSync" not in status:
        raise _no_status(params)
    return status


def get_sync_configuration(world: World, params: Mapping[str, Any], now: float) -> Document:
    """GetSyncConfiguration."""
    stack = _find(world, params)
    configuration = {
        **_WORDS.repository(stack.sync.repository),
        "Branch": stack.sync.repository.branch,
        "ConfigFile": stack.config_file,
        "RepositoryLinkId": stack.repository_link_id,
        "ResourceName": stack.sync.target,
        "RoleArn": stack.role_arn,
        "SyncType": params["SyncType"],
    }
    return {"SyncConfiguration": configuration}


def get_sync_blocker_summary(world: World, params: Mapping[str, Any], now: float) -> Document:
    """GetSyncBlockerSummary."""
    stack = _find(world, params)
    blockers = _WORDS.blockers(stack.sync.own_blockers, world)
    return {"SyncBlockerSummary": {"ResourceName": stack.sync.target, "LatestBlockers": blockers}}


def _find(world: World, params: Mapping[str, Any]) -> Stack:
    stack = world.stacks.get(params["ResourceName"])
    if stack is None:
        raise _no_status(params)
    return stack


def _no_status(params: Mapping[str, Any]) -> AwsError:
    return AwsError(
        "ResourceNotFoundException",
        f"Could not find a sync status for resource: {params['ResourceName']} with sync type: {params['SyncType']}",
    )


BEHAVIOURS = {
    "GetResourceSyncStatus": get_resource_sync_status,
    "GetSyncConfiguration": get_sync_configuration,
    "GetSyncBlockerSummary": get_sync_blocker_summary,
}
