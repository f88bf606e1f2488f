"""IAM policies for the operations of a command.

What an action is allowed on, and which other actions an operation needs, are from AWS's Service Authorization
Reference. None of it was compared with AWS itself: where the reference names no resource type, the resource is "*".
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import product
from typing import TYPE_CHECKING, Any, NamedTuple

from unisync._models.refs import FleetSync, TwinMakerSync
from unisync.cli.operations import COMMANDS, SEARCHES
from unisync.errors import InvalidArgumentError

if TYPE_CHECKING:
    from unisync._models.jobs import SyncJob
    from unisync._models.refs import SyncRef

Policy = dict[str, Any]
"""A policy document."""

CODECONNECTIONS, OLD_NAME = "codeconnections", "codestar-connections"

RESOURCE_TYPES: Mapping[str, str] = {
    "cloudformation:DescribeStackEvents": "stack/*",
    "cloudformation:DescribeStacks": "stack/*",
    "codeconnections:CreateSyncConfiguration": "repository-link/*",
    "codeconnections:GetConnection": "connection/*",
    "codeconnections:GetRepositoryLink": "repository-link/*",
    "codeconnections:GetRepositorySyncStatus": "repository-link/*",
    "codeconnections:PassRepository": "repository-link/*",
    "proton:ListEnvironmentTemplateVersions": "environment-template/*",
    "proton:ListServiceTemplateVersions": "service-template/*",
}
"""What an action is allowed on, by the last part of an ARN. A reference does not show the ID of a repository link."""
ON_ANYTHING = "iottwinmaker:ListWorkspaces"
"""The only action of TwinMaker here that is not on a workspace, or a sync job in it."""

PASSES_REPOSITORY = ("codeconnections:CreateSyncConfiguration", "codeconnections:UpdateSyncConfiguration")
"""The operations that need the permission to pass a repository link as well."""
PASSES_ROLE: Mapping[str, str] = {
    "codeconnections:CreateSyncConfiguration": "cloudformation.sync.codeconnections.amazonaws.com",
    "codeconnections:UpdateSyncConfiguration": "cloudformation.sync.codeconnections.amazonaws.com",
    "iottwinmaker:CreateSyncJob": "iottwinmaker.amazonaws.com",
}
"""The operations that pass a role, and the service that they pass it to."""


class _Place(NamedTuple):
    """Where resources are, as in their ARNs."""

    partition: str
    account: str
    region: str

    def arn(self, service: str, resource: str) -> str:
        """The ARN of a resource in this place."""
        region = "" if service == "iam" else self.region
        return f"arn:{self.partition}:{service}:{region}:{self.account}:{resource}"


class _Permission(NamedTuple):
    """An action on a resource."""

    action: str
    resource: str
    passed_to: str | None = None
    """The service that a role is passed to."""


def policy_for(
    command: str,
    refs: Sequence[SyncRef[SyncJob]] = (),
    *,
    regions: Collection[str] = (),
    role_arns: Collection[str] = (),
    codeconnections_service: str | None = None,
) -> Policy:
    """The policy that allows what a command may call, and no more.

    Args:
        command: One of `COMMANDS`.
        refs: The syncs; without any, the policy is for all syncs, and for finding them.
        regions: The regions; without any, all of them.
        role_arns: The roles that the command assumes; without any, the account is not named.
        codeconnections_service: boto3's name for CodeConnections. The older one allows the actions of both names.

    Raises:
        InvalidArgumentError: One of the roles is not the ARN of a role.
    """
    places = list(_places(role_arns, regions))
    found: set[_Permission] = {_Permission("sts:AssumeRole", arn) for arn in role_arns}
    if not refs:
        operations = {name for names in COMMANDS[command].values() for name in names} | {*SEARCHES.get(command, ())}
        found.update(permission for place in places for permission in _permissions(operations, place, "*"))
    for ref in refs:
        sync = ref.sync if isinstance(ref, FleetSync) else ref
        located = [_Place(_partition(ref.region), ref.account, ref.region)] if isinstance(ref, FleetSync) else places
        workspace = sync.workspace_id if isinstance(sync, TwinMakerSync) else "*"
        for place in located:
            found.update(_permissions(COMMANDS[command][type(sync)], place, workspace))
    if codeconnections_service == OLD_NAME:
        found |= {_under_old_name(permission) for permission in found}
    return {"Version": "2012-10-17", "Statement": _statements(found)}


def _places(role_arns: Iterable[str], regions: Collection[str]) -> Iterator[_Place]:
    """The account of each role, or any account, in each region, or in any region."""
    accounts = [_partition_and_account(arn) for arn in role_arns] or [("*", "*")]
    for (partition, account), region in product(accounts, regions or ["*"]):
        yield _Place(_partition(region) if partition == "*" else partition, account, region)


def _partition_and_account(role_arn: str) -> tuple[str, str]:
    start, partition, service, _, account, name, *_ = [*role_arn.split(":"), *[""] * 6]
    is_role = start == "arn" and service == "iam" and account and name.startswith("role/")
    InvalidArgumentError.unless(
        bool(is_role), "role_arns", "ARNs such as arn:aws:iam::123456789012:role/name", role_arn
    )
    return partition, account


def _permissions(operations: Iterable[str], place: _Place, workspace: str) -> Iterator[_Permission]:
    """The permissions that operations need in one place."""
    for operation in operations:
        yield from (_Permission(operation, resource) for resource in _resources(operation, place, workspace))
        if operation in PASSES_REPOSITORY:
            passing = "codeconnections:PassRepository"
            yield from (_Permission(passing, resource) for resource in _resources(passing, place, workspace))
        if operation in PASSES_ROLE:
            yield _Permission("iam:PassRole", place.arn("iam", "role/*"), PASSES_ROLE[operation])


def _resources(action: str, place: _Place, workspace: str) -> list[str]:
    """What an action is allowed on."""
    service = action.partition(":")[0]
    if action in RESOURCE_TYPES:
        return [place.arn(service, RESOURCE_TYPES[action])]
    if service != "iottwinmaker" or action == ON_ANYTHING:
        return ["*"]
    if workspace == "*":
        return [place.arn(service, "workspace/*")]
    return [place.arn(service, f"workspace/{workspace}"), place.arn(service, f"workspace/{workspace}/*")]


def _under_old_name(permission: _Permission) -> _Permission:
    """The same permission with the older name of CodeConnections, in the action and in the ARN."""
    if not permission.action.startswith(f"{CODECONNECTIONS}:"):
        return permission
    action, resource = (
        text.replace(f"{CODECONNECTIONS}:", f"{OLD_NAME}:") for text in (permission.action, permission.resource)
    )
    return _Permission(action, resource)


def _statements(permissions: Iterable[_Permission]) -> list[dict[str, Any]]:
    """The fewest statements that allow each action on its own resources."""
    resources: dict[tuple[str, str | None], list[str]] = {}
    for action, resource, passed_to in sorted(permissions, key=lambda each: (each.action, each.passed_to or "", each)):
        resources.setdefault((action, passed_to), []).append(resource)
    actions: dict[tuple[tuple[str, ...], str | None], list[str]] = {}
    for (action, passed_to), found in resources.items():
        actions.setdefault((tuple(found), passed_to), []).append(action)
    return [
        {
            "Effect": "Allow",
            "Action": names,
            "Resource": found[0] if len(found) == 1 else list(found),
            **({"Condition": {"StringEquals": {"iam:PassedToService": passed_to}}} if passed_to else {}),
        }
        for (found, passed_to), names in actions.items()
    ]


def _partition(region: str) -> str:
    """The partition of a region; "*" if it is not known."""
    if region == "*" or "-iso" in region:
        return "*"
    return {"cn": "aws-cn", "us-gov": "aws-us-gov"}.get(region.rsplit("-", 2)[0], "aws")
