"""Checks every sync operation of CodeConnections, whose API codestar-connections shares."""

from __future__ import annotations

from tools.foreign.checks import ACCOUNT, CONNECTION, ID, KEY, REGION, ROLE, Checks, Matching
from tools.foreign.client import Document
from tools.foreign.git_syncs import BLOCKED, RESOLVED, attempt, event, pascal_case, repository_status

NOT_FOUND = "ResourceNotFoundException"
LIVE = "4f2c9e1d6b7a80934cde51f2a6b7c8d9e0f1a2b3"
BROKEN = "b10c6e55a1f04d7c9e8b2a3d4c5f60718293a4b5"

SYNC = {"SyncType": "CFN_STACK_SYNC"}
PROD = {**SYNC, "ResourceName": "payments-prod"}
TEST = {**SYNC, "ResourceName": "payments-test"}
INFRA = {"OwnerId": "acme", "RepositoryName": "infra", "ProviderType": "GitHub"}
WEBSITE = {**INFRA, "RepositoryName": "website"}


def check_connections(checks: Checks) -> None:
    website = check_links(checks)
    infra = check_configurations(checks, website)
    check_deletions(checks, website)
    check_statuses(checks, infra)
    check_blockers(checks)


def check_links(checks: Checks) -> Document:
    """Create a repository link, and return the parameter that names it."""
    params = {"OwnerId": "acme", "RepositoryName": "website", "ConnectionArn": CONNECTION, "EncryptionKeyArn": KEY}
    arn = f"arn:aws:{checks.service}:{REGION}:{ACCOUNT}:repository-link/"
    created: Document = {**WEBSITE, **params, "RepositoryLinkArn": Matching(arn + ID.pattern), "RepositoryLinkId": ID}
    tags = [{"Key": "team", "Value": "web"}]
    response = checks.returns("CreateRepositoryLink", {**params, "Tags": tags}, {"RepositoryLinkInfo": created})
    checks.rejects("CreateRepositoryLink", params, "ResourceAlreadyExistsException", "that exists")
    tags[0]["Value"] = "x" * 257
    checks.rejects_constraint("CreateRepositoryLink", {**params, "Tags": tags}, "with a tag that is too long")

    link = {"RepositoryLinkId": response["RepositoryLinkInfo"]["RepositoryLinkId"]}
    created |= {**link, "RepositoryLinkArn": arn + link["RepositoryLinkId"]}
    checks.returns("GetRepositoryLink", link, {"RepositoryLinkInfo": created})
    created["ConnectionArn"] += "4e"
    change = {**link, "ConnectionArn": created["ConnectionArn"]}
    checks.returns("UpdateRepositoryLink", change, {"RepositoryLinkInfo": created})

    first = {**INFRA, "ConnectionArn": Matching("arn:.*:connection/.*")}
    first |= {"RepositoryLinkArn": Matching(arn + ID.pattern), "RepositoryLinkId": ID}
    checks.lists("ListRepositoryLinks", {}, "RepositoryLinks", [first, created])
    return link


def check_configurations(checks: Checks, website: Document) -> Document:
    """Create a sync configuration on one link, and return the parameter that names the other link."""
    source = {"Branch": "main", "ConfigFile": "deployment.yaml"}
    prod = {**PROD, **INFRA, **source, "RepositoryLinkId": ID, "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/git-sync"}
    response = checks.returns("GetSyncConfiguration", PROD, {"SyncConfiguration": prod})
    infra = {"RepositoryLinkId": response["SyncConfiguration"]["RepositoryLinkId"]}

    settings = {"PublishDeploymentStatus": "ENABLED", "TriggerResourceUpdateOn": "FILE_CHANGE"}
    if checks.client.model == "codeconnections":
        settings["PullRequestComment"] = "ENABLED"
    params = {**TEST, **infra, **source, **settings, "RoleArn": ROLE}
    checks.returns("CreateSyncConfiguration", params, {"SyncConfiguration": {**params, **INFRA}})
    checks.rejects("CreateSyncConfiguration", params, "ResourceAlreadyExistsException", "that exists")
    checks.rejects_constraint("CreateSyncConfiguration", {**params, "SyncType": "OTHER"}, "of an unknown type")

    checks.lists("ListSyncConfigurations", {**infra, **SYNC}, "SyncConfigurations", [prod, {**params, **INFRA}])

    change = {**website, "Branch": "next", "TriggerResourceUpdateOn": "ANY_CHANGE"}
    changed = {"SyncConfiguration": {**params, **WEBSITE, **change}}
    checks.returns("UpdateSyncConfiguration", {**TEST, **change}, changed)
    missing = {**SYNC, "ResourceName": "nothing"}
    checks.rejects("UpdateSyncConfiguration", missing, NOT_FOUND, "that does not exist")

    for link, name, branch in [(infra, "payments-prod", "main"), (website, "payments-test", "next")]:
        definition = {"Branch": branch, "Directory": "deployment.yaml", "Parent": name, "Target": name}
        definitions = {"RepositorySyncDefinitions": [definition]}
        checks.returns("ListRepositorySyncDefinitions", {**link, **SYNC}, definitions, f" of the repository of {name}")
    return infra


def check_deletions(checks: Checks, website: Document) -> None:
    checks.rejects("DeleteRepositoryLink", website, "SyncConfigurationStillExistsException", "that a sync uses")
    checks.returns("DeleteSyncConfiguration", TEST, {})
    checks.returns("DeleteSyncConfiguration", TEST, {}, " again")
    checks.rejects("GetSyncConfiguration", TEST, NOT_FOUND, "that was deleted")
    checks.returns("DeleteRepositoryLink", website, {})
    checks.rejects("GetRepositoryLink", website, NOT_FOUND, "that was deleted")


def check_statuses(checks: Checks, infra: Document) -> None:
    source = {"branch": "main", "directory": "deployment.yaml", "ownerId": "acme", "repositoryName": "infra"}
    source["providerType"] = "GitHub"
    failure = event("SYNC_FAILED", text="Template error: no such parameter")
    status = {
        "desiredState": {**source, "sha": BROKEN},
        "latestSync": attempt("payments-prod", source, BROKEN, LIVE, failure),
        "latestSuccessfulSync": attempt("payments-prod", source, LIVE, LIVE),
    }
    checks.returns("GetResourceSyncStatus", PROD, pascal_case(status))
    checks.rejects("GetResourceSyncStatus", {**PROD, "ResourceName": "nothing"}, NOT_FOUND, "of a missing stack")
    checks.rejects_constraint("GetResourceSyncStatus", {**PROD, "ResourceName": "?"}, "with a malformed name")
    checks.rejects_signature("GetResourceSyncStatus", PROD)
    branch = {**infra, **SYNC, "Branch": "main"}
    checks.returns("GetRepositorySyncStatus", branch, pascal_case(repository_status(BROKEN)))
    checks.rejects("GetRepositorySyncStatus", {**branch, "Branch": "next"}, NOT_FOUND, "of a branch without a push")


def check_blockers(checks: Checks) -> None:
    stack = {"ResourceName": "payments-prod"}
    blocked = {"SyncBlockerSummary": {**stack, "LatestBlockers": [pascal_case(BLOCKED)]}}
    summary = checks.returns("GetSyncBlockerSummary", PROD, blocked)
    resolve = {**PROD, "Id": summary["SyncBlockerSummary"]["LatestBlockers"][0]["Id"], "ResolvedReason": "reverted"}
    missing = {**resolve, "Id": "none"}
    checks.rejects("UpdateSyncBlocker", missing, "SyncBlockerDoesNotExistException", "that does not exist")
    checks.returns("UpdateSyncBlocker", resolve, {**stack, "SyncBlocker": pascal_case(RESOLVED)})
    resolved = {"SyncBlockerSummary": {**stack, "LatestBlockers": [pascal_case(RESOLVED)]}}
    checks.returns("GetSyncBlockerSummary", PROD, resolved, ", after resolving")
