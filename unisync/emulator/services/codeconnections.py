"""CodeConnections, also under its older name codestar-connections: connections, and Git sync of stacks."""

from __future__ import annotations

from botocore.model import StructureShape

from unisync.emulator._protocol.operations import service_model
from unisync.emulator._protocol.pagination import ListResult
from unisync.emulator._protocol.serialization import Document
from unisync.emulator._state.connections import Connection
from unisync.emulator._state.entity import Entity
from unisync.emulator._state.git_sync import GitSync
from unisync.emulator._state.repository import Repository, SourceLocation
from unisync.emulator._state.sync_configurations import SYNC_TYPE, SyncConfiguration
from unisync.emulator.errors import AwsError
from unisync.emulator.services.git_sync_serializer import GitSyncSerializer
from unisync.emulator.services.request import Handler, OperationRequest
from unisync.emulator.services.tags import add_tags, list_tags, remove_tags, to_dict

MAX_CONNECTIONS = 250
"""The quota of connections per account."""
MAX_LINKS = 100
"""The quota of repository links per account."""
MAX_CONFIGURATIONS = 100
"""The quota of sync configurations per account. The quota per link is the same number, so it needs no check."""
MAX_CONFIGURATIONS_PER_BRANCH = 50
"""The quota of sync configurations per branch."""
MAX_TAGS = 200
"""The most tags of a resource."""

_SERVICES = ("codeconnections", "codestar-connections")
_OPTIONAL_SETTINGS = ("PublishDeploymentStatus", "TriggerResourceUpdateOn", "PullRequestComment")


def _repository(repository: Repository) -> Document:
    return {
        "OwnerId": repository.owner,
        "RepositoryName": repository.name,
        "ProviderType": repository.provider,
    }


_SERIALIZER = GitSyncSerializer(rename=lambda name: name[0].upper() + name[1:], repository=_repository)


def create_connection(request: OperationRequest) -> Document:
    """CreateConnection. The connection is PENDING: no API confirms it, only the console. Hosts are not emulated."""
    params, account = request.params, request.account
    if "HostArn" in params:
        raise AwsError("ResourceNotFoundException", f"Host {params['HostArn']} not found")
    if "ProviderType" not in params:
        raise AwsError("ValidationException", "Either ProviderType or HostArn is required")
    if len(account.connections) >= MAX_CONNECTIONS:
        raise AwsError("LimitExceededException", f"This account has {MAX_CONNECTIONS} connections already")
    connection = account.add_connection(
        params["ProviderType"], name=params["ConnectionName"], status="PENDING", service=request.service
    )
    connection.tags = to_dict(params.get("Tags", []), "Key", "Value")
    return {"ConnectionArn": connection.arn, "Tags": params.get("Tags")}


def get_connection(request: OperationRequest) -> Document:
    """GetConnection."""
    return {"Connection": _connection(request, _find_connection(request))}


def list_connections(request: OperationRequest) -> ListResult:
    """ListConnections."""
    provider: str | None = request.params.get("ProviderTypeFilter")
    found: dict[int, Document] = {}
    for connection in request.account.connections.values():
        if "HostArnFilter" not in request.params and provider in (None, connection.provider):
            found[connection.number] = _connection(request, connection)
    return ListResult("Connections", found)


def delete_connection(request: OperationRequest) -> Document:
    """DeleteConnection. Repository links keep its ARN, and can no longer be read."""
    request.account.delete_connection(_find_connection(request))
    return {}


def create_repository_link(request: OperationRequest) -> Document:
    """CreateRepositoryLink. The connection determines the provider. An unknown one counts as available."""
    owner, name, connection = (
        request.params["OwnerId"],
        request.params["RepositoryName"],
        request.params["ConnectionArn"],
    )
    provider = _provider(request, connection, "GitHub")
    if request.account.find_link(owner, name, provider) is not None:
        raise AwsError("ResourceAlreadyExistsException", f"A repository link to {owner}/{name} already exists")
    if len(request.account.links) >= MAX_LINKS:
        raise AwsError("LimitExceededException", f"This account has {MAX_LINKS} repository links already")
    key, tags = request.params.get("EncryptionKeyArn"), to_dict(request.params.get("Tags", []), "Key", "Value")
    link = Repository(owner, name, provider, connection, key, created_at=request.now, tags=tags)
    request.account.links[link.id] = link
    return {"RepositoryLinkInfo": _link_info(request, link)}


def get_repository_link(request: OperationRequest) -> Document:
    """GetRepositoryLink."""
    return {"RepositoryLinkInfo": _link_info(request, _find_link(request))}


def update_repository_link(request: OperationRequest) -> Document:
    """UpdateRepositoryLink. Parameters that are absent change nothing."""
    link = _find_link(request)
    connection = request.params.get("ConnectionArn", link.connection_arn)
    if _provider(request, connection, link.provider) != link.provider:
        raise AwsError("InvalidInputException", f"{connection} does not lead to {link.provider}")
    link.connection_arn = connection
    link.encryption_key = request.params.get("EncryptionKeyArn", link.encryption_key)
    return {"RepositoryLinkInfo": _link_info(request, link)}


def delete_repository_link(request: OperationRequest) -> Document:
    """DeleteRepositoryLink."""
    link = _find_link(request)
    if any(each.source.repository is link for each in request.account.configurations.values()):
        raise AwsError("SyncConfigurationStillExistsException", f"Repository link {link.id} has sync configurations")
    del request.account.links[link.id]
    return {}


def list_repository_links(request: OperationRequest) -> ListResult:
    """ListRepositoryLinks."""
    return ListResult(
        "RepositoryLinks", {link.number: _link_info(request, link) for link in request.account.links.values()}
    )


def create_sync_configuration(request: OperationRequest) -> Document:
    """CreateSyncConfiguration. The stack need not exist, but each attempt to sync it fails until it does."""
    params, name, account = request.params, request.params["ResourceName"], request.account
    if name in account.configurations:
        raise AwsError("ResourceAlreadyExistsException", f"A sync configuration already exists for resource: {name}")
    source = SourceLocation(_find_link(request, "InvalidInputException"), params["Branch"], params["ConfigFile"])
    if len(account.configurations) >= MAX_CONFIGURATIONS:
        raise AwsError("LimitExceededException", f"This account has {MAX_CONFIGURATIONS} sync configurations already")
    _check_branch_quota(request, source, "LimitExceededException")
    stack = account.stack(name)
    sync = GitSync(name, stack, created_at=request.now)
    configuration = SyncConfiguration(
        sync, stack, source, params["RoleArn"], _settings(request), created_at=request.now
    )
    account.set_configuration(configuration)
    return {"SyncConfiguration": _configuration(request, configuration)}


def get_sync_configuration(request: OperationRequest) -> Document:
    """GetSyncConfiguration."""
    return {"SyncConfiguration": _configuration(request, _find_configuration(request))}


def update_sync_configuration(request: OperationRequest) -> Document:
    """UpdateSyncConfiguration. Parameters that are absent change nothing. A dormant configuration wakes up."""
    configuration, params = _find_configuration(request), request.params
    old = configuration.source
    link = _find_link(request) if "RepositoryLinkId" in params else old.repository
    source = SourceLocation(link, params.get("Branch", old.branch), params.get("ConfigFile", old.directory))
    if (source.repository, source.branch) != (old.repository, old.branch):
        _check_branch_quota(request, source, "InvalidInputException")
    configuration.update(request.now, source)
    configuration.role_arn = params.get("RoleArn", configuration.role_arn)
    configuration.settings |= _settings(request)
    return {"SyncConfiguration": _configuration(request, configuration)}


def delete_sync_configuration(request: OperationRequest) -> Document:
    """DeleteSyncConfiguration. It has no error for a missing configuration, and leaves the stack as it is."""
    request.account.delete_configuration(request.params["ResourceName"])
    return {}


def list_sync_configurations(request: OperationRequest) -> ListResult:
    """ListSyncConfigurations."""
    configurations = _configurations_of(request, _find_link(request))
    return ListResult("SyncConfigurations", {each.number: _configuration(request, each) for each in configurations})


def list_repository_sync_definitions(request: OperationRequest) -> ListResult:
    """ListRepositorySyncDefinitions. The parent of a stack is the stack itself."""
    definitions = {
        each.number: _SERIALIZER.definition(each.source, each.sync.target, each.sync.target)
        for each in _configurations_of(request, _find_link(request))
    }
    return ListResult("RepositorySyncDefinitions", definitions)


def get_repository_sync_status(request: OperationRequest) -> Document:
    """GetRepositorySyncStatus. Before the first push to a branch it is not found."""
    link = _find_link(request)
    attempt = link.attempt(request.params["SyncType"], request.params["Branch"], request.now)
    if attempt is None:
        raise AwsError("ResourceNotFoundException", f"Could not find a sync status for repository link:{link.id}")
    return _SERIALIZER.repository_status(attempt, request.account)


def get_resource_sync_status(request: OperationRequest) -> Document:
    """GetResourceSyncStatus. Before the first attempt it is not found."""
    status = _SERIALIZER.sync_status(_find_configuration(request).sync, request.account, request.now)
    if "LatestSync" not in status:
        raise _status_not_found(request)
    return status


def get_sync_blocker_summary(request: OperationRequest) -> Document:
    """GetSyncBlockerSummary."""
    sync = _find_configuration(request).sync
    blockers = _SERIALIZER.blockers(sync.blockers(request.now), request.account)
    return {"SyncBlockerSummary": {"ResourceName": sync.target, "LatestBlockers": blockers}}


def update_sync_blocker(request: OperationRequest) -> Document:
    """UpdateSyncBlocker: resolves the blocker, and starts the sync of the newest commit that waits for that."""
    sync, blocker_id = _find_configuration(request).sync, request.params["Id"]
    blocker = next((each for each in sync.blockers(request.now) if each.id == blocker_id), None)
    if blocker is None:
        raise AwsError("SyncBlockerDoesNotExistException", f"{sync.target} has no sync blocker {blocker_id}")
    if blocker.resolve(request.now, request.params["ResolvedReason"]) and blocker.retry_fails:
        raise AwsError("RetryLatestCommitFailedException", f"Retrying the latest commit of {sync.target} failed")
    return {"ResourceName": sync.target, "SyncBlocker": _SERIALIZER.blocker(blocker, request.account)}


def tag_resource(request: OperationRequest) -> Document:
    """TagResource."""
    tags = to_dict(request.params["Tags"], "Key", "Value")
    add_tags(_find_by_arn(request), tags, MAX_TAGS, "LimitExceededException")
    return {}


def untag_resource(request: OperationRequest) -> Document:
    """UntagResource."""
    remove_tags(_find_by_arn(request), request.params["TagKeys"])
    return {}


def list_tags_for_resource(request: OperationRequest) -> ListResult:
    """ListTagsForResource."""
    return list_tags(_find_by_arn(request), "Tags", "Key", "Value")


def _find_by_arn(request: OperationRequest) -> Entity:
    """The connection or the repository link with an ARN. A link has one under each name of the service."""
    arn, account = request.params["ResourceArn"], request.account
    connection = account.connections.get(arn)
    if connection is not None:
        return connection
    for link in account.links.values():
        if arn in (account.arn(service, f"repository-link/{link.id}") for service in _SERVICES):
            return link
    raise AwsError("ResourceNotFoundException", f"Resource {arn} not found")


def _find_connection(request: OperationRequest) -> Connection:
    arn = request.params["ConnectionArn"]
    connection = request.account.connections.get(arn)
    if connection is None:
        raise AwsError("ResourceNotFoundException", f"Connection {arn} not found")
    return connection


def _connection(request: OperationRequest, connection: Connection) -> Document:
    return {
        "ConnectionName": connection.name,
        "ConnectionArn": connection.arn,
        "ProviderType": connection.provider,
        "OwnerAccountId": request.account.account,
        "ConnectionStatus": connection.status,
    }


def _provider(request: OperationRequest, connection_arn: str, unknown: str) -> str:
    """The provider of a connection; `unknown` if there is no such connection."""
    connection = request.account.connections.get(connection_arn)
    return unknown if connection is None else connection.provider


def _find_link(request: OperationRequest, error_code: str = "ResourceNotFoundException") -> Repository:
    link = request.account.links.get(request.params["RepositoryLinkId"])
    if link is None:
        raise AwsError(error_code, f"Could not find repository link:{request.params['RepositoryLinkId']}")
    return link


def _link_info(request: OperationRequest, link: Repository) -> Document:
    return {
        **_repository(link),
        "ConnectionArn": link.connection_arn,
        "EncryptionKeyArn": link.encryption_key,
        "RepositoryLinkArn": request.account.arn(request.service, f"repository-link/{link.id}"),
        "RepositoryLinkId": link.id,
    }


def _find_configuration(request: OperationRequest) -> SyncConfiguration:
    configuration = request.account.configurations.get(request.params["ResourceName"])
    if configuration is None:
        raise _status_not_found(request)
    return configuration


def _status_not_found(request: OperationRequest) -> AwsError:
    name, kind = request.params["ResourceName"], request.params["SyncType"]
    return AwsError(
        "ResourceNotFoundException", f"Could not find a sync status for resource: {name} with sync type: {kind}"
    )


def _configurations_of(request: OperationRequest, link: Repository) -> list[SyncConfiguration]:
    return [each for each in request.account.configurations.values() if each.source.repository is link]


def _check_branch_quota(request: OperationRequest, source: SourceLocation, error_code: str) -> None:
    configurations = _configurations_of(request, source.repository)
    if sum(each.source.branch == source.branch for each in configurations) >= MAX_CONFIGURATIONS_PER_BRANCH:
        message = f"Branch {source.branch} has {MAX_CONFIGURATIONS_PER_BRANCH} sync configurations already"
        raise AwsError(error_code, message)


def _settings(request: OperationRequest) -> dict[str, str]:
    return {name: request.params[name] for name in _OPTIONAL_SETTINGS if name in request.params}


def _configuration(request: OperationRequest, configuration: SyncConfiguration) -> Document:
    # The models of the two service names differ: a setting of one may be no field of the other.
    shape = service_model(request.service).shape_for("SyncConfiguration")
    fields = shape.members if isinstance(shape, StructureShape) else {}
    return {
        **_repository(configuration.source.repository),
        "Branch": configuration.source.branch,
        "ConfigFile": configuration.source.directory,
        "RepositoryLinkId": configuration.source.repository.id,
        "ResourceName": configuration.sync.target,
        "RoleArn": configuration.role_arn,
        "SyncType": SYNC_TYPE,
        **{name: value for name, value in configuration.settings.items() if name in fields},
    }


HANDLERS: dict[str, Handler] = {
    "CreateConnection": create_connection,
    "GetConnection": get_connection,
    "ListConnections": list_connections,
    "DeleteConnection": delete_connection,
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
    "TagResource": tag_resource,
    "UntagResource": untag_resource,
    "ListTagsForResource": list_tags_for_resource,
}
