"""Which AWS operations each command may call, by the kind of the reference. `unisync policy` and its docs read this.

An operation is written as its IAM action, "service:Operation". tests/cli/test_policy.py compares this with the calls of
the commands.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from unisync._models.refs import ServiceInstanceSync, StackSync, TemplateSync, TwinMakerSync

Operations = Mapping[type[Any], tuple[str, ...]]
"""By the class of the reference."""

_STATUS: Operations = {
    TwinMakerSync: ("iottwinmaker:GetSyncJob",),
    StackSync: ("codeconnections:GetResourceSyncStatus", "codeconnections:GetSyncConfiguration"),
    ServiceInstanceSync: ("proton:GetServiceInstanceSyncStatus", "proton:GetServiceSyncConfig"),
    TemplateSync: ("proton:GetTemplateSyncStatus", "proton:GetTemplateSyncConfig"),
}
"""The configuration is read if there is no status."""
_BLOCKERS: Operations = {
    StackSync: ("codeconnections:GetSyncBlockerSummary",),
    ServiceInstanceSync: ("proton:GetServiceSyncBlockerSummary",),
}
_BRANCH: Operations = {
    StackSync: ("codeconnections:GetRepositorySyncStatus",),
    ServiceInstanceSync: ("proton:GetRepositorySyncStatus",),
    TemplateSync: ("proton:GetRepositorySyncStatus",),
}
_RESOURCES: Operations = {TwinMakerSync: ("iottwinmaker:ListSyncResources",)}
_RESOLVE: Operations = {
    StackSync: ("codeconnections:UpdateSyncBlocker",),
    ServiceInstanceSync: ("proton:UpdateServiceSyncBlocker",),
}
_CREATE: Operations = {
    TwinMakerSync: (
        "iottwinmaker:CreateSyncJob",
        "iottwinmaker:GetSyncJob",
        "iottwinmaker:ListTagsForResource",
        "iottwinmaker:TagResource",
    ),
    StackSync: (
        "codeconnections:CreateSyncConfiguration",
        "codeconnections:GetSyncConfiguration",
        "codeconnections:ListRepositoryLinks",
        "codeconnections:UpdateSyncConfiguration",
    ),
    ServiceInstanceSync: (
        "proton:CreateServiceSyncConfig",
        "proton:GetServiceSyncConfig",
        "proton:UpdateServiceSyncConfig",
    ),
    TemplateSync: (
        "proton:CreateTemplateSyncConfig",
        "proton:GetTemplateSyncConfig",
        "proton:UpdateTemplateSyncConfig",
    ),
}
_DELETE: Operations = {
    TwinMakerSync: ("iottwinmaker:DeleteSyncJob",),
    StackSync: ("codeconnections:DeleteSyncConfiguration",),
    ServiceInstanceSync: ("proton:DeleteServiceSyncConfig",),
    TemplateSync: ("proton:DeleteTemplateSyncConfig",),
}
_EXPLAIN: Operations = {
    TwinMakerSync: ("iottwinmaker:GetWorkspace", "sts:GetCallerIdentity"),
    StackSync: (
        "cloudformation:DescribeStackEvents",
        "cloudformation:DescribeStacks",
        "codeconnections:GetConnection",
        "codeconnections:GetRepositoryLink",
        "sts:GetCallerIdentity",
    ),
    ServiceInstanceSync: ("sts:GetCallerIdentity",),
    TemplateSync: ("sts:GetCallerIdentity",),
}

_COMMANDS: Mapping[str, tuple[Operations, ...]] = {
    "get": (_STATUS, _BLOCKERS, _RESOURCES),
    "status": (_STATUS, _BLOCKERS, _RESOURCES, _BRANCH),
    "wait": (_STATUS, _BLOCKERS, _RESOURCES, _BRANCH, _EXPLAIN),
    "resume": (_STATUS, _BLOCKERS, _RESOURCES, _BRANCH, _EXPLAIN),
    "explain": (_STATUS, _BLOCKERS, _RESOURCES, _BRANCH, _EXPLAIN),
    "watch": (_STATUS, _BLOCKERS, _RESOURCES),
    "events": (_STATUS, _RESOURCES, _BRANCH),
    "blockers": (_STATUS, _BLOCKERS),
    "resolve": (_STATUS, _BLOCKERS, _RESOLVE),
    "report": (_STATUS, _BLOCKERS, _RESOURCES, _BRANCH, _EXPLAIN),
    "create": (_CREATE,),
    "delete": (_STATUS, _DELETE),
    "links": (),
    "connections": (),
}

COMMANDS: Mapping[str, Operations] = {
    command: {kind: tuple(sorted({name for part in parts for name in part.get(kind, ())})) for kind in _STATUS}
    for command, parts in _COMMANDS.items()
}
"""What each command that calls AWS may call for a reference; nothing if it takes none."""

_SEARCH_CODECONNECTIONS = ("codeconnections:ListRepositoryLinks", "codeconnections:ListSyncConfigurations")
_SEARCH_PROTON = (
    "proton:GetServiceSyncConfig",
    "proton:GetTemplateSyncConfig",
    "proton:ListEnvironmentTemplateVersions",
    "proton:ListEnvironmentTemplates",
    "proton:ListServiceInstances",
    "proton:ListServiceTemplateVersions",
    "proton:ListServiceTemplates",
)
_SEARCH_TWINMAKER = ("iottwinmaker:ListSyncJobs", "iottwinmaker:ListWorkspaces")
_CONNECTIONS = ("codeconnections:GetConnection", "codeconnections:ListConnections")
_SEARCH_ALL = (*_SEARCH_CODECONNECTIONS, *_SEARCH_TWINMAKER, *_SEARCH_PROTON)

SEARCHES: Mapping[str, tuple[str, ...]] = {
    "status": _SEARCH_ALL,
    "wait": (*_SEARCH_CODECONNECTIONS, *_SEARCH_PROTON),  # --repository
    "watch": _SEARCH_ALL,
    "report": _SEARCH_ALL,
    "links": (*_SEARCH_CODECONNECTIONS, *_CONNECTIONS),
    "connections": _CONNECTIONS,
}
"""What a command may call to find syncs if it gets no reference, or what it calls at all if it takes none."""
