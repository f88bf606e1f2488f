"""CodeConnections, and codestar-connections as it was called before: Git sync of CloudFormation stacks."""

from __future__ import annotations

from botocore.model import StructureShape

from unisync.emulator._protocol.operations import service_model
from unisync.emulator._protocol.pagination import Listing
from unisync.emulator._protocol.serialization import Document
from unisync.emulator._state.git_sync import GitSync
from unisync.emulator._state.repository import Place, Repository
from unisync.emulator._state.world import Stack
from unisync.emulator.errors import AwsError
from unisync.emulator.services.git_shapes import Wording
from unisync.emulator.services.request import Asked, Behaviour

LINKS = 100
"""Repository links that an account may have."""
CONFIGURATIONS = 100
"""Sync configurations that it may have: as many as one of its links may, so that this limit holds the other."""
CONFIGURATIONS_OF_A_BRANCH = 50
"""Sync configurations that may follow one branch."""

_OPTIONAL_SETTINGS = ("PublishDeploymentStatus", "TriggerResourceUpdateOn", "PullRequestComment")


def _repository(repository: Repository) -> Document:
    return {
        "OwnerId": repository.owner,
        "RepositoryName": repository.name,
        "ProviderType": repository.provider,
    }


_WORDS = Wording(rename=lambda name: name[0].upper() + name[1:], repository=_repository)


def create_repository_link(asked: Asked) -> Document:
    """CreateRepositoryLink. What its connection leads to is the provider."""
    owner, name, connection = asked.params["OwnerId"], asked.params["RepositoryName"], asked.params["ConnectionArn"]
    provider = asked.world.connections.get(connection, "GitHub")
    if asked.world.find_link(owner, name, provider) is not None:
        raise AwsError("ResourceAlreadyExistsException", f"A repository link to {owner}/{name} already exists")
    if len(asked.world.links) >= LINKS:
        raise AwsError("LimitExceededException", f"This account has {LINKS} repository links already")
    key, tags = asked.params.get("EncryptionKeyArn"), asked.params.get("Tags", [])
    link = Repository(owner, name, provider, connection, key, tags, created_at=asked.now)
    asked.world.links[link.id] = link
    return {"RepositoryLinkInfo": _link_info(asked, link)}


def get_repository_link(asked: Asked) -> Document:
    """GetRepositoryLink."""
    return {"RepositoryLinkInfo": _link_info(asked, _link(asked))}


def update_repository_link(asked: Asked) -> Document:
    """UpdateRepositoryLink: of what was given, and nothing else."""
    link = _link(asked)
    connection = asked.params.get("ConnectionArn", link.connection_arn)
    if asked.world.connections.get(connection, link.provider) != link.provider:
        raise AwsError("InvalidInputException", f"{connection} does not lead to {link.provider}")
    link.connection_arn = connection
    link.encryption_key = asked.params.get("EncryptionKeyArn", link.encryption_key)
    return {"RepositoryLinkInfo": _link_info(asked, link)}


def delete_repository_link(asked: Asked) -> Document:
    """DeleteRepositoryLink."""
    link = _link(asked)
    if any(stack.place.repository is link for stack in asked.world.stacks.values()):
        raise AwsError("SyncConfigurationStillExistsException", f"Repository link {link.id} has sync configurations")
    del asked.world.links[link.id]
    return {}


def list_repository_links(asked: Asked) -> Listing:
    """ListRepositoryLinks."""
    return Listing("RepositoryLinks", {link.number: _link_info(asked, link) for link in asked.world.links.values()})


def create_sync_configuration(asked: Asked) -> Document:
    """CreateSyncConfiguration. The stack may be made before or after it."""
    params, name = asked.params, asked.params["ResourceName"]
    if name in asked.world.stacks:
        raise AwsError("ResourceAlreadyExistsException", f"A sync configuration already exists for resource: {name}")
    place = Place(_link(asked, "InvalidInputException"), params["Branch"], params["ConfigFile"])
    if len(asked.world.stacks) >= CONFIGURATIONS:
        raise AwsError("LimitExceededException", f"This account has {CONFIGURATIONS} sync configurations already")
    _check_room(asked, place, "LimitExceededException")
    sync = GitSync(name, created_at=asked.now)
    stack = Stack(sync, place, params["RoleArn"], _settings(asked), created_at=asked.now)
    asked.world.stacks[name] = stack
    return {"SyncConfiguration": _configuration(asked, stack)}


def get_sync_configuration(asked: Asked) -> Document:
    """GetSyncConfiguration."""
    return {"SyncConfiguration": _configuration(asked, _stack(asked))}


def update_sync_configuration(asked: Asked) -> Document:
    """UpdateSyncConfiguration: of what was given, and nothing else."""
    stack, params = _stack(asked), asked.params
    link = _link(asked) if "RepositoryLinkId" in params else stack.place.repository
    branch = params.get("Branch", stack.place.branch)
    place = Place(link, branch, params.get("ConfigFile", stack.place.directory))
    if (place.repository, place.branch) != (stack.place.repository, stack.place.branch):
        _check_room(asked, place, "InvalidInputException")
    stack.place = place
    stack.role_arn = params.get("RoleArn", stack.role_arn)
    stack.settings |= _settings(asked)
    return {"SyncConfiguration": _configuration(asked, stack)}


def delete_sync_configuration(asked: Asked) -> Document:
    """DeleteSyncConfiguration. It has no error for what is not there."""
    asked.world.stacks.pop(asked.params["ResourceName"], None)
    return {}


def list_sync_configurations(asked: Asked) -> Listing:
    """ListSyncConfigurations."""
    stacks = _followers(asked, _link(asked))
    return Listing("SyncConfigurations", {stack.number: _configuration(asked, stack) for stack in stacks})


def list_repository_sync_definitions(asked: Asked) -> Listing:
    """ListRepositorySyncDefinitions. A stack is its own parent."""
    definitions = {
        stack.number: _WORDS.definition(stack.place, stack.sync.target, stack.sync.target)
        for stack in _followers(asked, _link(asked))
    }
    return Listing("RepositorySyncDefinitions", definitions)


def get_repository_sync_status(asked: Asked) -> Document:
    """GetRepositorySyncStatus. Before the first push to a branch there is no status to be found."""
    link = _link(asked)
    attempt = link.attempt(asked.params["SyncType"], asked.params["Branch"], asked.now)
    if attempt is None:
        raise AwsError("ResourceNotFoundException", f"Could not find a sync status for repository link:{link.id}")
    return _WORDS.repository_status(attempt, asked.world)


def get_resource_sync_status(asked: Asked) -> Document:
    """GetResourceSyncStatus. Before the first attempt there is no status to be found."""
    status = _WORDS.sync_status(_stack(asked).sync, asked.world, asked.now)
    if "LatestSync" not in status:
        raise _no_status(asked)
    return status


def get_sync_blocker_summary(asked: Asked) -> Document:
    """GetSyncBlockerSummary."""
    stack = _stack(asked)
    blockers = _WORDS.blockers(stack.sync.own_blockers, asked.world)
    return {"SyncBlockerSummary": {"ResourceName": stack.sync.target, "LatestBlockers": blockers}}


def update_sync_blocker(asked: Asked) -> Document:
    """UpdateSyncBlocker: resolve it."""
    stack, wanted = _stack(asked), asked.params["Id"]
    blocker = next((each for each in stack.sync.own_blockers if each.id == wanted), None)
    if blocker is None:
        raise AwsError("SyncBlockerDoesNotExistException", f"{stack.sync.target} has no sync blocker {wanted}")
    blocker.resolve(asked.now, asked.params["ResolvedReason"])
    return {"ResourceName": stack.sync.target, "SyncBlocker": _WORDS.blocker(blocker, asked.world)}


def _link(asked: Asked, otherwise: str = "ResourceNotFoundException") -> Repository:
    link = asked.world.links.get(asked.params["RepositoryLinkId"])
    if link is None:
        raise AwsError(otherwise, f"Could not find repository link:{asked.params['RepositoryLinkId']}")
    return link


def _link_info(asked: Asked, link: Repository) -> Document:
    return {
        **_repository(link),
        "ConnectionArn": link.connection_arn,
        "EncryptionKeyArn": link.encryption_key,
        "RepositoryLinkArn": asked.world.arn(asked.service, f"repository-link/{link.id}"),
        "RepositoryLinkId": link.id,
    }


def _stack(asked: Asked) -> Stack:
    stack = asked.world.stacks.get(asked.params["ResourceName"])
    if stack is None:
        raise _no_status(asked)
    return stack


def _no_status(asked: Asked) -> AwsError:
    name, kind = asked.params["ResourceName"], asked.params["SyncType"]
    return AwsError(
        "ResourceNotFoundException", f"Could not find a sync status for resource: {name} with sync type: {kind}"
    )


def _followers(asked: Asked, link: Repository) -> list[Stack]:
    return [stack for stack in asked.world.stacks.values() if stack.place.repository is link]


def _check_room(asked: Asked, place: Place, otherwise: str) -> None:
    followers = _followers(asked, place.repository)
    if sum(stack.place.branch == place.branch for stack in followers) >= CONFIGURATIONS_OF_A_BRANCH:
        message = f"Branch {place.branch} has {CONFIGURATIONS_OF_A_BRANCH} sync configurations already"
        raise AwsError(otherwise, message)


def _settings(asked: Asked) -> dict[str, str]:
    return {name: asked.params[name] for name in _OPTIONAL_SETTINGS if name in asked.params}


def _configuration(asked: Asked, stack: Stack) -> Document:
    # What one name of the service was told, the other may have no member for.
    shape = service_model(asked.service).shape_for("SyncConfiguration")
    modelled = shape.members if isinstance(shape, StructureShape) else {}
    return {
        **_repository(stack.place.repository),
        "Branch": stack.place.branch,
        "ConfigFile": stack.place.directory,
        "RepositoryLinkId": stack.place.repository.id,
        "ResourceName": stack.sync.target,
        "RoleArn": stack.role_arn,
        "SyncType": "CFN_STACK_SYNC",
        **{name: value for name, value in stack.settings.items() if name in modelled},
    }


BEHAVIOURS: dict[str, Behaviour] = {
    "CreateRepositoryLink": create_repository_link,
    "GetRepositoryLink": get_repository_link,
    "UpdateRepositoryLink": update_repository_link,
    "DeleteRepositoryLink": delete_repository_link,
    "ListRepositoryLinks": list_repository_links,
    "CreateSyncConfiguration": create_sync_configuration,
    "GetSyncConfiguration": get_sync_configuration,
    "UpdateSyncConfiguration": update_sync_configuration,
    "DeleteSyncConfiguration": delete_sync_configuration,
    "ListSyncConfigurations": list_sync_configurations,
    "ListRepositorySyncDefinitions": list_repository_sync_definitions,
    "GetRepositorySyncStatus": get_repository_sync_status,
    "GetResourceSyncStatus": get_resource_sync_status,
    "GetSyncBlockerSummary": get_sync_blocker_summary,
    "UpdateSyncBlocker": update_sync_blocker,
}
