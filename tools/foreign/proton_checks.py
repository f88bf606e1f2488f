"""Checks every sync operation of Proton."""

from __future__ import annotations

from tools.foreign.checks import ACCOUNT, CONNECTION, KEY, REGION, Checks, Matching
from tools.foreign.client import Document
from tools.foreign.git_syncs import BLOCKED, RESOLVED, repository_status, synced

INVALID, NOT_FOUND = "ValidationException", "ResourceNotFoundException"
WEB = "90aa21b7c4d3e2f1a0b9c8d7e6f5a4b3c2d1e0f9"
PAGE = "c3d2e1f090aa21b7c4d3e2f1a0b9c8d7e6f5a4b3"


def check_proton(checks: Checks) -> None:
    check_repositories(checks)
    check_statuses(checks)
    check_blockers(checks)
    check_configs(checks, "Service", {"serviceName": "api"}, "filePath")
    check_configs(checks, "Template", {"templateName": "queue", "templateType": "ENVIRONMENT"}, "subdirectory")


def check_repositories(checks: Checks) -> None:
    new = {"name": "acme/new", "provider": "GITHUB"}
    params = {**new, "connectionArn": CONNECTION, "encryptionKey": KEY, "tags": [{"key": "team", "value": "web"}]}
    arn = f"arn:aws:proton:{REGION}:{ACCOUNT}:repository/github:"
    created = {"repository": {**new, "connectionArn": CONNECTION, "encryptionKey": KEY, "arn": f"{arn}acme/new"}}
    checks.returns("CreateRepository", params, created)
    checks.returns("CreateRepository", params, created, " again")
    checks.rejects("CreateRepository", {**params, "tags": []}, "ConflictException", "again with other tags")
    checks.rejects_constraint("CreateRepository", {**params, "name": "acme"}, "with a malformed name")
    checks.returns("GetRepository", new, created)

    summaries = [
        {"name": name, "provider": "GITHUB", "arn": f"{arn}{name}", "connectionArn": Matching("arn:.*:connection/.*")}
        for name in ("acme/web", "acme/templates", "acme/new")
    ]
    checks.lists("ListRepositories", {}, "repositories", summaries)

    checks.rejects("DeleteRepository", {**new, "name": "acme/web"}, "ConflictException", "that a sync uses")
    checks.returns("DeleteRepository", new, created)
    checks.rejects("GetRepository", new, NOT_FOUND, "that was deleted")


def check_statuses(checks: Checks) -> None:
    web = {"repositoryName": "acme/web", "repositoryProvider": "GITHUB"}
    templates = {**web, "repositoryName": "acme/templates"}
    arn = f"arn:aws:proton:{REGION}:{ACCOUNT}:"
    service, template = f"{arn}service/web", f"{arn}service-template/page"
    instance, version = f"{service}/service-instance/prod", f"{template}:1"
    main, page = {"branch": "main", "directory": "proton-ops.yaml"}, {"branch": "main", "directory": "page"}

    status, prod = "GetServiceInstanceSyncStatus", {"serviceName": "web", "serviceInstanceName": "prod"}
    checks.returns(status, prod, synced(instance, {**main, **web}, WEB))
    checks.returns(status, {"serviceName": "api", "serviceInstanceName": "test"}, {}, " that was never synced")
    checks.rejects(status, {**prod, "serviceInstanceName": "nothing"}, NOT_FOUND, "of a missing instance")
    checks.rejects_constraint(status, {**prod, "serviceInstanceName": "not a name"}, "with a malformed name")
    checks.rejects_signature(status, prod)

    status, first = "GetTemplateSyncStatus", {"templateName": "page", "templateType": "SERVICE", "templateVersion": "1"}
    checks.returns(status, first, synced(version, {**page, **templates}, PAGE))
    never_synced = {**first, "templateName": "queue", "templateType": "ENVIRONMENT"}
    checks.returns(status, never_synced, {}, " that was never synced")
    checks.rejects(status, {**first, "templateVersion": "2"}, NOT_FOUND, "of a missing version")
    checks.rejects_constraint(status, {**first, "templateVersion": "1.0"}, "with a malformed version")

    for sync_type, repository, sha, definition in [
        ("SERVICE_SYNC", web, WEB, {**main, "parent": service, "target": instance}),
        ("TEMPLATE_SYNC", templates, PAGE, {**page, "parent": template, "target": version}),
    ]:
        params = {**repository, "syncType": sync_type}
        suffix = f" of {sync_type}"
        checks.returns("ListRepositorySyncDefinitions", params, {"syncDefinitions": [definition]}, suffix)
        checks.returns("GetRepositorySyncStatus", {**params, "branch": "main"}, repository_status(sha), suffix)
        checks.returns("GetRepositorySyncStatus", {**params, "branch": "next"}, {}, f"{suffix}, branch without a push")
    missing = {**web, "repositoryName": "acme/nowhere", "syncType": "SERVICE_SYNC"}
    checks.rejects("GetRepositorySyncStatus", {**missing, "branch": "main"}, NOT_FOUND, "of a missing repository")
    checks.rejects("ListRepositorySyncDefinitions", missing, INVALID, "of a missing repository")


def check_blockers(checks: Checks) -> None:
    web = {"serviceName": "web"}
    for target in (web, {**web, "serviceInstanceName": "prod"}):
        suffix = f" of {' and '.join(target)}"
        blocked = {"serviceSyncBlockerSummary": {**target, "latestBlockers": [BLOCKED]}}
        summary = checks.returns("GetServiceSyncBlockerSummary", target, blocked, suffix)
        resolve = {"id": summary["serviceSyncBlockerSummary"]["latestBlockers"][0]["id"], "resolvedReason": "reverted"}
        checks.returns("UpdateServiceSyncBlocker", resolve, {**target, "serviceSyncBlocker": RESOLVED}, suffix)
        resolved = {"serviceSyncBlockerSummary": {**target, "latestBlockers": [RESOLVED]}}
        checks.returns("GetServiceSyncBlockerSummary", target, resolved, f"{suffix}, after resolving")
    checks.rejects("GetServiceSyncBlockerSummary", {"serviceName": "nothing"}, NOT_FOUND, "of a missing service")
    checks.rejects("UpdateServiceSyncBlocker", {"id": "none", "resolvedReason": "x"}, NOT_FOUND, "that does not exist")


def check_configs(checks: Checks, kind: str, target: Document, directory: str) -> None:
    """Check the four operations on the sync config of a service or a template that has none yet."""
    config = {
        **target,
        "branch": "main",
        "repositoryName": "acme/web",
        "repositoryProvider": "GITHUB",
        directory: "here",
    }
    changed = {**config, "branch": "next", "repositoryName": "acme/templates", directory: "there"}
    create, get, update, delete = (f"{verb}{kind}SyncConfig" for verb in ("Create", "Get", "Update", "Delete"))
    field = f"{kind.lower()}SyncConfig"
    checks.rejects(update, config, NOT_FOUND, "that does not exist")
    checks.returns(create, config, {field: config})
    checks.returns(create, config, {field: config}, " again")
    checks.rejects(create, changed, "ConflictException", "again with other values")
    checks.returns(get, target, {field: config})
    checks.returns(update, changed, {field: changed})
    checks.rejects(update, {**changed, "repositoryName": "acme/nowhere"}, NOT_FOUND, "to a missing repository")
    checks.returns(delete, target, {field: changed})
    checks.rejects(get, target, NOT_FOUND, "that was deleted")
