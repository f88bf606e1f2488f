"""Every sync operation of IoT TwinMaker."""

from __future__ import annotations

import time

from tools.foreign.checks import ACCOUNT, DATE, REGION, ROLE, Checks

INVALID, NOT_FOUND = "ValidationException", "ResourceNotFoundException"


def check_twinmaker(see: Checks) -> None:
    factory = {"workspaceId": "factory"}
    job, other = {**factory, "syncSource": "SITEWISE"}, {**factory, "syncSource": "OTHER"}
    wanted = {**job, "syncRole": ROLE}
    arn = f"arn:aws:iottwinmaker:{REGION}:{ACCOUNT}:workspace/factory/sync-job/"
    created = {"creationDateTime": DATE, "state": "CREATING"}
    see.gives("CreateSyncJob", {**wanted, "tags": {"team": "plant"}}, {**created, "arn": f"{arn}SITEWISE"})
    see.gives("CreateSyncJob", {**wanted, **other}, {**created, "arn": f"{arn}OTHER"}, " of another source")
    see.refuses("CreateSyncJob", wanted, "ConflictException", "of what exists")
    see.refuses("CreateSyncJob", {**wanted, "syncRole": "nobody in particular"}, INVALID, "with a malformed role")
    see.refuses("CreateSyncJob", {**wanted, "tags": {"team": "x" * 257}}, INVALID, "with too long a tag")
    see.distrusts("CreateSyncJob", wanted)

    time.sleep(0.1)  # a minute to the emulator
    dates = {"creationDateTime": DATE, "updateDateTime": DATE}
    summary = {**job, **dates, "arn": f"{arn}SITEWISE", "status": {"state": "ACTIVE"}}
    see.gives("GetSyncJob", job, {**summary, "syncRole": ROLE})
    see.gives("GetSyncJob", {"syncSource": "SITEWISE"}, {**summary, "syncRole": ROLE}, " wherever it is")
    see.refuses("GetSyncJob", {**job, "syncSource": "NOTHING"}, NOT_FOUND, "of nothing")
    see.distrusts("GetSyncJob", job)

    see.lists("ListSyncJobs", factory, "syncJobSummaries", [summary, {**summary, **other, "arn": f"{arn}OTHER"}])
    see.refuses("ListSyncJobs", {"workspaceId": "nothing"}, INVALID, "of no workspace")

    error = {"code": "SYNC_PROCESSING_ERROR", "message": "The asset has no model"}
    entity = {"resourceType": "ENTITY", "updateDateTime": DATE}
    good = {**entity, "externalId": "boiler-1", "resourceId": "entity-1", "status": {"state": "IN_SYNC"}}
    bad = {**entity, "externalId": "boiler-2", "status": {"state": "ERROR", "error": error}}
    kind = {**good, "resourceType": "COMPONENT_TYPE", "externalId": "boiler", "resourceId": "type-1"}
    for filters, found in [
        ([{"state": "ERROR"}], [bad]),
        ([{"resourceType": "ENTITY"}, {"resourceId": "entity-1"}], [good]),
        ([{"resourceType": "COMPONENT_TYPE"}, {"externalId": "boiler"}], [kind]),
    ]:
        by = "".join(f" by {name}" for each in filters for name in each)
        see.gives("ListSyncResources", {**job, "filters": filters}, {"syncResources": found}, by)
    see.lists("ListSyncResources", job, "syncResources", [good, bad, kind])
    see.refuses("ListSyncResources", {**job, "filters": [{"state": "GOOD"}]}, INVALID, "in no known state")

    see.gives("DeleteSyncJob", job, {"state": "DELETING"})
    time.sleep(0.1)
    see.refuses("DeleteSyncJob", job, NOT_FOUND, "of what is gone")
