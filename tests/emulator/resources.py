"""One resource of every kind, and a valid request for every emulated operation."""

from __future__ import annotations

from collections.abc import Mapping

from unisync.emulator import Setup
from unisync.emulator.services import HANDLERS

ROLE = "arn:aws:iam::123456789012:role/sync"
LINK, SPARE_LINK, BLOCKER = (f"00000000-0000-4000-8000-00000000000{number}" for number in range(3))
"""Fixed ids instead of random ones: a link that a stack follows, a link without stacks, and a blocker."""
CONNECTION = "arn:aws:codeconnections:eu-west-1:123456789012:connection/aaaaaaaa"

WORKSPACE_ARN = "arn:aws:iottwinmaker:eu-west-1:123456789012:workspace/factory"
REPOSITORY_ARN = "arn:aws:proton:eu-west-1:123456789012:repository/github:acme/spare"
LINK_ARN = f"arn:aws:codeconnections:eu-west-1:123456789012:repository-link/{LINK}"

_STACK = {"ResourceName": "payments-prod", "SyncType": "CFN_STACK_SYNC"}
_NEW_STACK = {"ResourceName": "payments-test", "SyncType": "CFN_STACK_SYNC"}
_FOLLOWED = {"RepositoryLinkId": LINK, "SyncType": "CFN_STACK_SYNC"}
_JOB = {"workspaceId": "factory", "syncSource": "SITEWISE"}
_TEMPLATE = {"templateName": "web", "templateType": "SERVICE"}
_SPARE = {"name": "acme/spare", "provider": "GITHUB"}
_WEB = {"repositoryName": "acme/web", "repositoryProvider": "GITHUB"}
_TEMPLATES = {"repositoryName": "acme/templates", "repositoryProvider": "GITHUB"}
_PARAMS: dict[str, dict[str, Mapping[str, object]]] = {
    "iottwinmaker": {
        "CreateSyncJob": {**_JOB, "syncRole": ROLE},
        "GetSyncJob": _JOB,
        "DeleteSyncJob": _JOB,
        "ListSyncJobs": {"workspaceId": "factory"},
        "ListSyncResources": _JOB,
        "GetWorkspace": {"workspaceId": "factory"},
        "ListWorkspaces": {},
        "TagResource": {"resourceARN": WORKSPACE_ARN, "tags": {"team": "twins"}},
        "UntagResource": {"resourceARN": WORKSPACE_ARN, "tagKeys": ["team"]},
        "ListTagsForResource": {"resourceARN": WORKSPACE_ARN},
    },
    "proton": {
        "CreateRepository": {"name": "acme/new", "provider": "GITHUB", "connectionArn": CONNECTION},
        "GetRepository": _SPARE,
        "DeleteRepository": _SPARE,
        "ListRepositories": {},
        "GetRepositorySyncStatus": {**_WEB, "branch": "main", "syncType": "SERVICE_SYNC"},
        "ListRepositorySyncDefinitions": {**_TEMPLATES, "syncType": "TEMPLATE_SYNC"},
        "CreateServiceSyncConfig": {**_WEB, "serviceName": "new", "branch": "main", "filePath": "ops.yaml"},
        "GetServiceSyncConfig": {"serviceName": "web"},
        "UpdateServiceSyncConfig": {**_WEB, "serviceName": "web", "branch": "live", "filePath": "ops.yaml"},
        "DeleteServiceSyncConfig": {"serviceName": "web"},
        "CreateTemplateSyncConfig": {**_TEMPLATES, "templateName": "new", "templateType": "SERVICE", "branch": "main"},
        "GetTemplateSyncConfig": _TEMPLATE,
        "UpdateTemplateSyncConfig": {**_TEMPLATES, **_TEMPLATE, "branch": "live"},
        "DeleteTemplateSyncConfig": _TEMPLATE,
        "GetServiceInstanceSyncStatus": {"serviceName": "web", "serviceInstanceName": "prod"},
        "GetTemplateSyncStatus": {**_TEMPLATE, "templateVersion": "1"},
        "GetServiceSyncBlockerSummary": {"serviceName": "web"},
        "UpdateServiceSyncBlocker": {"id": BLOCKER, "resolvedReason": "checked"},
        "ListServices": {},
        "ListServiceInstances": {"serviceName": "web"},
        "ListServiceTemplates": {},
        "ListEnvironmentTemplates": {},
        "ListServiceTemplateVersions": {"templateName": "web"},
        "ListEnvironmentTemplateVersions": {"templateName": "net"},
        "TagResource": {"resourceArn": REPOSITORY_ARN, "tags": [{"key": "team", "value": "web"}]},
        "UntagResource": {"resourceArn": REPOSITORY_ARN, "tagKeys": ["team"]},
        "ListTagsForResource": {"resourceArn": REPOSITORY_ARN},
    },
    "codeconnections": {
        "CreateConnection": {"ConnectionName": "new", "ProviderType": "GitHub"},
        "GetConnection": {"ConnectionArn": CONNECTION},
        "ListConnections": {},
        "DeleteConnection": {"ConnectionArn": CONNECTION},
        "CreateRepositoryLink": {"ConnectionArn": CONNECTION, "OwnerId": "acme", "RepositoryName": "new"},
        "GetRepositoryLink": {"RepositoryLinkId": LINK},
        "UpdateRepositoryLink": {"RepositoryLinkId": LINK, "ConnectionArn": CONNECTION},
        "DeleteRepositoryLink": {"RepositoryLinkId": SPARE_LINK},
        "ListRepositoryLinks": {},
        "CreateSyncConfiguration": {
            **_NEW_STACK,
            "RepositoryLinkId": LINK,
            "Branch": "main",
            "ConfigFile": "deploy.yaml",
            "RoleArn": ROLE,
        },
        "GetSyncConfiguration": _STACK,
        "UpdateSyncConfiguration": {**_STACK, "Branch": "live"},
        "DeleteSyncConfiguration": _STACK,
        "ListSyncConfigurations": _FOLLOWED,
        "ListRepositorySyncDefinitions": _FOLLOWED,
        "GetRepositorySyncStatus": {**_FOLLOWED, "Branch": "main"},
        "GetResourceSyncStatus": _STACK,
        "GetSyncBlockerSummary": _STACK,
        "UpdateSyncBlocker": {**_STACK, "Id": BLOCKER, "ResolvedReason": "checked"},
        "TagResource": {"ResourceArn": LINK_ARN, "Tags": [{"Key": "team", "Value": "payments"}]},
        "UntagResource": {"ResourceArn": LINK_ARN, "TagKeys": ["team"]},
        "ListTagsForResource": {"ResourceArn": LINK_ARN},
    },
}
_PARAMS["codestar-connections"] = _PARAMS["codeconnections"]
REQUESTS: Mapping[tuple[str, str], Mapping[str, object]] = {
    (service, operation): params for service, operations in _PARAMS.items() for operation, params in operations.items()
}
"""Parameters with which each emulated operation succeeds after `populate`."""

OPERATIONS = [(service, operation) for service in _PARAMS for operation in HANDLERS[service]]
"""Every emulated operation of the sync services. STS has its own test module."""


def populate(aws: Setup) -> None:
    """Add one resource of every kind, and push a commit to each."""
    connections = aws._account.connections
    connection = connections.pop(aws.add_connection())
    connection.arn = CONNECTION
    connections[CONNECTION] = connection
    aws.add_workspace("factory")
    aws.add_sync_resource("factory", "asset-1")
    aws.add_stack("payments-prod", repository="acme/infra")
    aws.add_repository_link("acme/spare")
    aws.add_service_instance("web", "prod", repository="acme/web")
    aws.add_service("new")
    aws.add_template("web", repository="acme/templates")
    aws.add_template("new")
    aws.add_template("net", template_type="ENVIRONMENT")
    aws.add_repository("acme/spare")
    aws.push(stack="payments-prod", sha="4f2c9e1d")
    aws.push(service="web", sha="90aa21b7")
    aws.push(template="web", sha="77aa21b7")
    links = aws._account.links
    for link, new_id in zip(list(links.values()), (LINK, SPARE_LINK), strict=True):
        links[new_id] = links.pop(link.id)
        link.id = new_id


def add_blockers(aws: Setup) -> None:
    """Block the stack and the service of `populate`, with the blocker id in REQUESTS."""
    aws.block(stack="payments-prod", reason="by hand")
    aws.block(service="web", reason="by hand")
    stack, service = aws._account.configurations["payments-prod"], aws._account.services["web"]
    for blockers in (stack.sync.blockers(0.0), service.blockers):
        blockers[-1].id = BLOCKER
