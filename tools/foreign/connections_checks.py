"""Every sync operation of CodeConnections, which codestar-connections has as well."""

from __future__ import annotations

from tools.foreign.checks import ACCOUNT, CONNECTION, ID, KEY, REGION, ROLE, Checks, Like
from tools.foreign.client import Document
from tools.foreign.git_syncs import BLOCKED, RESOLVED, attempt, event, pascal, repository_status

INVALID, NOT_FOUND = "InvalidInputException", "ResourceNotFoundException"
LIVE = "4f2c9e1d6b7a80934cde51f2a6b7c8d9e0f1a2b3"
BROKEN = "b10c6e55a1f04d7c9e8b2a3d4c5f60718293a4b5"

SYNC = {"SyncType": "CFN_STACK_SYNC"}
PROD = {**SYNC, "ResourceName": "payments-prod"}
TEST = {**SYNC, "ResourceName": "payments-test"}
INFRA = {"OwnerId": "acme", "RepositoryName": "infra", "ProviderType": "GitHub"}
WEBSITE = {**INFRA, "RepositoryName": "website"}


def check_connections(see: Checks) -> None:
    website = check_creation_of_links(see)
    infra = check_configurations(see, website)
    check_deletions(see, website)
    check_statuses(see, infra)
    check_blockers(see)


def check_creation_of_links(see: Checks) -> Document:
    """Leaves a repository link behind, and returns the parameter that names it."""
    wanted = {"OwnerId": "acme", "RepositoryName": "website", "ConnectionArn": CONNECTION, "EncryptionKeyArn": KEY}
    arn = f"arn:aws:{see.service}:{REGION}:{ACCOUNT}:repository-link/"
    made: Document = {**WEBSITE, **wanted, "RepositoryLinkArn": Like(arn + ID.pattern), "RepositoryLinkId": ID}
    tags = [{"Key": "team", "Value": "web"}]
    answer = see.gives("CreateRepositoryLink", {**wanted, "Tags": tags}, {"RepositoryLinkInfo": made})
    see.refuses("CreateRepositoryLink", wanted, "ResourceAlreadyExistsException", "of what exists")
    tags[0]["Value"] = "x" * 257
    see.refuses("CreateRepositoryLink", {**wanted, "Tags": tags}, INVALID, "with too long a tag")

    link = {"RepositoryLinkId": answer["RepositoryLinkInfo"]["RepositoryLinkId"]}
    made |= {**link, "RepositoryLinkArn": arn + link["RepositoryLinkId"]}
    see.gives("GetRepositoryLink", link, {"RepositoryLinkInfo": made})
    made["ConnectionArn"] += "4e"
    change = {**link, "ConnectionArn": made["ConnectionArn"]}
    see.gives("UpdateRepositoryLink", change, {"RepositoryLinkInfo": made})

    first = {**INFRA, "ConnectionArn": Like("arn:.*:connection/.*")}
    first |= {"RepositoryLinkArn": Like(arn + ID.pattern), "RepositoryLinkId": ID}
    see.lists("ListRepositoryLinks", {}, "RepositoryLinks", [first, made])
    return link


def check_configurations(see: Checks, website: Document) -> Document:
    """Leaves a sync configuration on a link, and returns the parameter that names the other link."""
    place = {"Branch": "main", "ConfigFile": "deployment.yaml"}
    prod = {**PROD, **INFRA, **place, "RepositoryLinkId": ID, "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/git-sync"}
    answer = see.gives("GetSyncConfiguration", PROD, {"SyncConfiguration": prod})
    infra = {"RepositoryLinkId": answer["SyncConfiguration"]["RepositoryLinkId"]}

    settings = {"PublishDeploymentStatus": "ENABLED", "TriggerResourceUpdateOn": "FILE_CHANGE"}
    if see.client.model == "codeconnections":
        settings["PullRequestComment"] = "ENABLED"
    wanted = {**TEST, **infra, **place, **settings, "RoleArn": ROLE}
    see.gives("CreateSyncConfiguration", wanted, {"SyncConfiguration": {**wanted, **INFRA}})
    see.refuses("CreateSyncConfiguration", wanted, "ResourceAlreadyExistsException", "of what exists")
    see.refuses("CreateSyncConfiguration", {**wanted, "SyncType": "OTHER"}, INVALID, "of no known type")

    see.lists("ListSyncConfigurations", {**infra, **SYNC}, "SyncConfigurations", [prod, {**wanted, **INFRA}])

    change = {**website, "Branch": "next", "TriggerResourceUpdateOn": "ANY_CHANGE"}
    changed = {"SyncConfiguration": {**wanted, **WEBSITE, **change}}
    see.gives("UpdateSyncConfiguration", {**TEST, **change}, changed)
    see.refuses("UpdateSyncConfiguration", {**SYNC, "ResourceName": "nothing"}, NOT_FOUND, "of nothing")

    for link, name, branch in [(infra, "payments-prod", "main"), (website, "payments-test", "next")]:
        definition = {"Branch": branch, "Directory": "deployment.yaml", "Parent": name, "Target": name}
        definitions = {"RepositorySyncDefinitions": [definition]}
        see.gives("ListRepositorySyncDefinitions", {**link, **SYNC}, definitions, f" of {name}'s repository")
    return infra


def check_deletions(see: Checks, website: Document) -> None:
    see.refuses("DeleteRepositoryLink", website, "SyncConfigurationStillExistsException", "of what is followed")
    see.gives("DeleteSyncConfiguration", TEST, {})
    see.gives("DeleteSyncConfiguration", TEST, {}, " once more")
    see.refuses("GetSyncConfiguration", TEST, NOT_FOUND, "of what is gone")
    see.gives("DeleteRepositoryLink", website, {})
    see.refuses("GetRepositoryLink", website, NOT_FOUND, "of what is gone")


def check_statuses(see: Checks, infra: Document) -> None:
    place = {"branch": "main", "directory": "deployment.yaml", "ownerId": "acme", "repositoryName": "infra"}
    place["providerType"] = "GitHub"
    failed = event("SYNC_FAILED", text="Template error: no such parameter")
    status = {
        "desiredState": {**place, "sha": BROKEN},
        "latestSync": attempt("payments-prod", place, BROKEN, LIVE, failed),
        "latestSuccessfulSync": attempt("payments-prod", place, LIVE, LIVE),
    }
    see.gives("GetResourceSyncStatus", PROD, pascal(status))
    see.refuses("GetResourceSyncStatus", {**PROD, "ResourceName": "nothing"}, NOT_FOUND, "of nothing")
    see.refuses("GetResourceSyncStatus", {**PROD, "ResourceName": "?"}, INVALID, "with a malformed name")
    see.distrusts("GetResourceSyncStatus", PROD)
    branch = {**infra, **SYNC, "Branch": "main"}
    see.gives("GetRepositorySyncStatus", branch, pascal(repository_status(BROKEN)))
    see.refuses("GetRepositorySyncStatus", {**branch, "Branch": "next"}, NOT_FOUND, "of a branch without a push")


def check_blockers(see: Checks) -> None:
    stack = {"ResourceName": "payments-prod"}
    blocked = {"SyncBlockerSummary": {**stack, "LatestBlockers": [pascal(BLOCKED)]}}
    summary = see.gives("GetSyncBlockerSummary", PROD, blocked)
    resolve = {**PROD, "Id": summary["SyncBlockerSummary"]["LatestBlockers"][0]["Id"], "ResolvedReason": "changed back"}
    see.refuses("UpdateSyncBlocker", {**resolve, "Id": "none"}, "SyncBlockerDoesNotExistException", "of no blocker")
    see.gives("UpdateSyncBlocker", resolve, {**stack, "SyncBlocker": pascal(RESOLVED)})
    resolved = {"SyncBlockerSummary": {**stack, "LatestBlockers": [pascal(RESOLVED)]}}
    see.gives("GetSyncBlockerSummary", PROD, resolved, ", once it is resolved")
