"""Every sync operation of Proton."""

from __future__ import annotations

from tools.foreign.checks import ACCOUNT, CONNECTION, KEY, REGION, Checks, Like
from tools.foreign.client import Document
from tools.foreign.git_syncs import BLOCKED, RESOLVED, live, repository_status

INVALID, NOT_FOUND = "ValidationException", "ResourceNotFoundException"
WEB = "90aa21b7c4d3e2f1a0b9c8d7e6f5a4b3c2d1e0f9"
PAGE = "c3d2e1f090aa21b7c4d3e2f1a0b9c8d7e6f5a4b3"


def check_proton(see: Checks) -> None:
    check_proton_repositories(see)
    check_proton_statuses(see)
    check_proton_blockers(see)
    check_proton_configs(see, "Service", {"serviceName": "api"}, "filePath")
    check_proton_configs(see, "Template", {"templateName": "queue", "templateType": "ENVIRONMENT"}, "subdirectory")


def check_proton_repositories(see: Checks) -> None:
    new = {"name": "acme/new", "provider": "GITHUB"}
    wanted = {**new, "connectionArn": CONNECTION, "encryptionKey": KEY, "tags": [{"key": "team", "value": "web"}]}
    arn = f"arn:aws:proton:{REGION}:{ACCOUNT}:repository/github:"
    made = {"repository": {**new, "connectionArn": CONNECTION, "encryptionKey": KEY, "arn": f"{arn}acme/new"}}
    see.gives("CreateRepository", wanted, made)
    see.gives("CreateRepository", wanted, made, " once more")
    see.refuses("CreateRepository", {**wanted, "tags": []}, "ConflictException", "with other tags")
    see.refuses("CreateRepository", {**wanted, "name": "acme"}, INVALID, "with a malformed name")
    see.gives("GetRepository", new, made)

    summaries = [
        {"name": name, "provider": "GITHUB", "arn": f"{arn}{name}", "connectionArn": Like("arn:.*:connection/.*")}
        for name in ("acme/web", "acme/templates", "acme/new")
    ]
    see.lists("ListRepositories", {}, "repositories", summaries)

    see.refuses("DeleteRepository", {**new, "name": "acme/web"}, "ConflictException", "of what is followed")
    see.gives("DeleteRepository", new, made)
    see.refuses("GetRepository", new, NOT_FOUND, "of what is gone")


def check_proton_statuses(see: Checks) -> None:
    web = {"repositoryName": "acme/web", "repositoryProvider": "GITHUB"}
    templates = {**web, "repositoryName": "acme/templates"}
    arn = f"arn:aws:proton:{REGION}:{ACCOUNT}:"
    service, template = f"{arn}service/web", f"{arn}service-template/page"
    instance, version = f"{service}/service-instance/prod", f"{template}:1"
    main, page = {"branch": "main", "directory": "proton-ops.yaml"}, {"branch": "main", "directory": "page"}

    status, prod = "GetServiceInstanceSyncStatus", {"serviceName": "web", "serviceInstanceName": "prod"}
    see.gives(status, prod, live(instance, {**main, **web}, WEB))
    see.gives(status, {"serviceName": "api", "serviceInstanceName": "test"}, {}, " of what was never synced")
    see.refuses(status, {**prod, "serviceInstanceName": "nothing"}, NOT_FOUND, "of nothing")
    see.refuses(status, {**prod, "serviceInstanceName": "not a name"}, INVALID, "with a malformed name")
    see.distrusts(status, prod)

    status, first = "GetTemplateSyncStatus", {"templateName": "page", "templateType": "SERVICE", "templateVersion": "1"}
    see.gives(status, first, live(version, {**page, **templates}, PAGE))
    never = {**first, "templateName": "queue", "templateType": "ENVIRONMENT"}
    see.gives(status, never, {}, " of what was never synced")
    see.refuses(status, {**first, "templateVersion": "2"}, NOT_FOUND, "of no such version")
    see.refuses(status, {**first, "templateVersion": "1.0"}, INVALID, "with a malformed version")

    for sync_type, repository, sha, definition in [
        ("SERVICE_SYNC", web, WEB, {**main, "parent": service, "target": instance}),
        ("TEMPLATE_SYNC", templates, PAGE, {**page, "parent": template, "target": version}),
    ]:
        asked = {**repository, "syncType": sync_type}
        ending = f" of {sync_type}"
        see.gives("ListRepositorySyncDefinitions", asked, {"syncDefinitions": [definition]}, ending)
        see.gives("GetRepositorySyncStatus", {**asked, "branch": "main"}, repository_status(sha), ending)
        see.gives("GetRepositorySyncStatus", {**asked, "branch": "next"}, {}, f"{ending}, of a branch without a push")
    nowhere = {**web, "repositoryName": "acme/nowhere", "syncType": "SERVICE_SYNC"}
    see.refuses("GetRepositorySyncStatus", {**nowhere, "branch": "main"}, NOT_FOUND, "of no repository")
    see.refuses("ListRepositorySyncDefinitions", nowhere, INVALID, "of no repository")


def check_proton_blockers(see: Checks) -> None:
    web = {"serviceName": "web"}
    for whose in (web, {**web, "serviceInstanceName": "prod"}):
        ending = f" of {' and '.join(whose)}"
        blocked = {"serviceSyncBlockerSummary": {**whose, "latestBlockers": [BLOCKED]}}
        summary = see.gives("GetServiceSyncBlockerSummary", whose, blocked, ending)
        resolve = {
            "id": summary["serviceSyncBlockerSummary"]["latestBlockers"][0]["id"],
            "resolvedReason": "changed back",
        }
        see.gives("UpdateServiceSyncBlocker", resolve, {**whose, "serviceSyncBlocker": RESOLVED}, ending)
        resolved = {"serviceSyncBlockerSummary": {**whose, "latestBlockers": [RESOLVED]}}
        see.gives("GetServiceSyncBlockerSummary", whose, resolved, f"{ending}, once it is resolved")
    see.refuses("GetServiceSyncBlockerSummary", {"serviceName": "nothing"}, NOT_FOUND, "of nothing")
    see.refuses("UpdateServiceSyncBlocker", {"id": "none", "resolvedReason": "x"}, NOT_FOUND, "of no blocker")


def check_proton_configs(see: Checks, kind: str, whose: Document, directory: str) -> None:
    """The four operations on the sync config of a service, or of a template, that has none yet."""
    config = {
        **whose,
        "branch": "main",
        "repositoryName": "acme/web",
        "repositoryProvider": "GITHUB",
        directory: "here",
    }
    moved = {**config, "branch": "next", "repositoryName": "acme/templates", directory: "there"}
    create, get, update, delete = (f"{verb}{kind}SyncConfig" for verb in ("Create", "Get", "Update", "Delete"))
    member = f"{kind.lower()}SyncConfig"
    see.refuses(update, config, NOT_FOUND, "of what has none")
    see.gives(create, config, {member: config})
    see.gives(create, config, {member: config}, " once more")
    see.refuses(create, moved, "ConflictException", "of another")
    see.gives(get, whose, {member: config})
    see.gives(update, moved, {member: moved})
    see.refuses(update, {**moved, "repositoryName": "acme/nowhere"}, NOT_FOUND, "to no repository")
    see.gives(delete, whose, {member: moved})
    see.refuses(get, whose, NOT_FOUND, "of what is gone")
