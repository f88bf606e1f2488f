"""Checks every sync operation of IoT TwinMaker."""

from __future__ import annotations

import time

from tools.foreign.checks import ACCOUNT, DATE, REGION, ROLE, Checks

INVALID, NOT_FOUND = "ValidationException", "ResourceNotFoundException"


def check_twinmaker(checks: Checks) -> None:
    factory = {"workspaceId": "factory"}
    job, other = {**factory, "syncSource": "SITEWISE"}, {**factory, "syncSource": "OTHER"}
    params = {**job, "syncRole": ROLE}
    arn = f"arn:aws:iottwinmaker:{REGION}:{ACCOUNT}:workspace/factory/sync-job/"
    created = {"creationDateTime": DATE, "state": "CREATING"}
    checks.returns("CreateSyncJob", {**params, "tags": {"team": "plant"}}, {**created, "arn": f"{arn}SITEWISE-default"})
    checks.returns(
        "CreateSyncJob", {**params, **other}, {**created, "arn": f"{arn}OTHER-default"}, " with another source"
    )
    checks.rejects("CreateSyncJob", params, "ConflictException", "that exists")
    checks.rejects_constraint("CreateSyncJob", {**params, "syncRole": "not the ARN of a role"}, "with a malformed role")
    checks.rejects_constraint("CreateSyncJob", {**params, "tags": {"team": "x" * 257}}, "with a tag that is too long")
    checks.rejects_signature("CreateSyncJob", params)

    time.sleep(0.1)  # a minute of the emulator's clock
    dates = {"creationDateTime": DATE, "updateDateTime": DATE}
    summary = {**job, **dates, "arn": f"{arn}SITEWISE-default", "status": {"state": "ACTIVE"}}
    checks.returns("GetSyncJob", job, {**summary, "syncRole": ROLE})
    checks.returns("GetSyncJob", {"syncSource": "SITEWISE"}, {**summary, "syncRole": ROLE}, " without a workspace")
    checks.rejects("GetSyncJob", {**job, "syncSource": "NOTHING"}, NOT_FOUND, "that does not exist")
    checks.rejects_signature("GetSyncJob", job)

    checks.lists(
        "ListSyncJobs", factory, "syncJobSummaries", [summary, {**summary, **other, "arn": f"{arn}OTHER-default"}]
    )
    checks.rejects("ListSyncJobs", {"workspaceId": "nothing"}, INVALID, "of a missing workspace")

    error = {"code": "SYNC_PROCESSING_ERROR", "message": "The asset has no model"}
    entity = {"resourceType": "ENTITY", "updateDateTime": DATE}
    good = {**entity, "externalId": "boiler-1", "resourceId": "entity-1", "status": {"state": "IN_SYNC"}}
    bad = {**entity, "externalId": "boiler-2", "status": {"state": "ERROR", "error": error}}
    component_type = {**good, "resourceType": "COMPONENT_TYPE", "externalId": "boiler", "resourceId": "type-1"}
    for filters, resources in [
        ([{"state": "ERROR"}], [bad]),
        ([{"resourceType": "ENTITY"}, {"resourceId": "entity-1"}], [good]),
        ([{"resourceType": "COMPONENT_TYPE"}, {"externalId": "boiler"}], [component_type]),
    ]:
        description = "".join(f" by {name}" for each in filters for name in each)
        checks.returns("ListSyncResources", {**job, "filters": filters}, {"syncResources": resources}, description)
    checks.lists("ListSyncResources", job, "syncResources", [good, bad, component_type])
    checks.rejects_constraint("ListSyncResources", {**job, "filters": [{"state": "GOOD"}]}, "in an unknown state")

    checks.returns("DeleteSyncJob", job, {"state": "DELETING"})
    time.sleep(0.1)
    checks.rejects("DeleteSyncJob", job, NOT_FOUND, "that was deleted")
