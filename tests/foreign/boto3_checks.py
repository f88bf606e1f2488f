"""Plain boto3, new or old: `boto3_checks.py WORKSPACE`. Only environment variables lead it to the emulator."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import boto3
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from boto3.services import codeconnections, codestar_connections

ROLE = "arn:aws:iam::123456789012:role/sync"
LIVE = "4f2c9e1d6b7a80934cde51f2a6b7c8d9e0f1a2b3"
BROKEN = "b10c6e55a1f04d7c9e8b2a3d4c5f60718293a4b5"
WEB = "90aa21b7c4d3e2f1a0b9c8d7e6f5a4b3c2d1e0f9"

CBOR = "AWS_DATA_PATH" in os.environ  # which run sets for nothing else
CLIENT = f"boto3 {boto3.__version__}{', CBOR' if CBOR else ''}"
GUESS = boto3.Session(os.environ["AWS_ACCESS_KEY_ID"], "a wrong secret")


def check(what: str, expected: object, found: object) -> None:
    if found == expected:
        print(f"ok      {CLIENT}: {what}")
    else:
        print(f"FAILED  {CLIENT}: {what}: expected {expected!r}, found {found!r}")


def check_refusal(what: str, modelled: type[ClientError], call: Callable[[], object]) -> None:
    """Whether `call` raises the very class that botocore made of the error in AWS's model."""
    try:
        found = call()
    except ClientError as error:
        found = type(error)
    check(f"{what}: {modelled.__name__}", modelled, found)


def check_wrong_secret(what: str, call: Callable[[], object]) -> None:
    """Whether `call` is refused for its signature. No model has this error, so it has no class of its own."""
    try:
        found = call()
    except ClientError as error:
        found = error.response.get("Error", {}).get("Code")
    check(f"{what} with a wrong secret", "InvalidSignatureException", found)


def is_date(value: object) -> bool:
    """Whether it is one of these days: the emulator's time flies."""
    return isinstance(value, datetime) and abs(value - datetime.now(UTC)) < timedelta(days=30)


def check_twinmaker(workspace: str) -> None:
    client, guess = boto3.client("iottwinmaker"), GUESS.client("iottwinmaker")
    created = client.create_sync_job(workspaceId=workspace, syncSource="SITEWISE", syncRole=ROLE)
    check("CreateSyncJob", ("CREATING", True), (created["state"], is_date(created["creationDateTime"])))
    time.sleep(0.1)  # a minute to the emulator
    job = client.get_sync_job(workspaceId=workspace, syncSource="SITEWISE")
    check(
        "GetSyncJob",
        (created["arn"], ROLE, {"state": "ACTIVE"}, True),
        (job["arn"], job["syncRole"], job["status"], is_date(job["updateDateTime"])),
    )
    check_refusal(
        "CreateSyncJob of what exists",
        client.exceptions.ConflictException,
        lambda: client.create_sync_job(workspaceId=workspace, syncSource="SITEWISE", syncRole=ROLE),
    )
    check_refusal(
        "CreateSyncJob with a malformed role",
        client.exceptions.ValidationException,
        lambda: client.create_sync_job(workspaceId=workspace, syncSource="OTHER", syncRole="nobody in particular"),
    )
    check_refusal(
        "GetSyncJob of nothing",
        client.exceptions.ResourceNotFoundException,
        lambda: client.get_sync_job(workspaceId=workspace, syncSource="NOTHING"),
    )
    check_wrong_secret(
        "CreateSyncJob",
        lambda: guess.create_sync_job(workspaceId=workspace, syncSource="SITEWISE", syncRole=ROLE),
    )
    check_wrong_secret("GetSyncJob", lambda: guess.get_sync_job(workspaceId=workspace, syncSource="SITEWISE"))


def check_proton() -> None:
    client, guess = boto3.client("proton"), GUESS.client("proton")
    answer = client.get_service_instance_sync_status(serviceName="web", serviceInstanceName="prod")
    desired, latest = answer.get("desiredState"), answer.get("latestSync")
    assert desired
    assert latest
    check(
        "GetServiceInstanceSyncStatus",
        (WEB, "acme/web", "SUCCEEDED", True),
        (desired["sha"], desired["repositoryName"], latest["status"], is_date(latest["startedAt"])),
    )
    check_refusal(
        "GetServiceInstanceSyncStatus of nothing",
        client.exceptions.ResourceNotFoundException,
        lambda: client.get_service_instance_sync_status(serviceName="web", serviceInstanceName="nothing"),
    )
    check_refusal(
        "GetServiceInstanceSyncStatus with a malformed name",
        client.exceptions.ValidationException,
        lambda: client.get_service_instance_sync_status(serviceName="web", serviceInstanceName="not a name"),
    )
    check_wrong_secret(
        "GetServiceInstanceSyncStatus",
        lambda: guess.get_service_instance_sync_status(serviceName="web", serviceInstanceName="prod"),
    )


def check_connections(
    service: str,
    client: codeconnections.Client | codestar_connections.Client,
    guess: codeconnections.Client | codestar_connections.Client,
) -> None:
    what = f"{service} GetResourceSyncStatus"
    answer = client.get_resource_sync_status(ResourceName="payments-prod", SyncType="CFN_STACK_SYNC")
    latest, success = answer["LatestSync"], answer.get("LatestSuccessfulSync")
    assert success
    check(
        what,
        ("FAILED", BROKEN, "SUCCEEDED", LIVE),
        (latest["Status"], latest["TargetRevision"]["Sha"], success["Status"], success["TargetRevision"]["Sha"]),
    )
    event = latest["Events"][-1]
    check(
        f"{what}, its last event",
        ("Template error: no such parameter", True),
        (event["Event"], is_date(event["Time"])),
    )
    check(
        f"{what}, its protocol",
        "application/cbor" if CBOR else "application/x-amz-json-1.0",
        answer["ResponseMetadata"]["HTTPHeaders"]["content-type"],
    )
    check_refusal(
        f"{what} of nothing",
        client.exceptions.ResourceNotFoundException,
        lambda: client.get_resource_sync_status(ResourceName="nothing", SyncType="CFN_STACK_SYNC"),
    )
    check_refusal(
        f"{what} with a malformed name",
        client.exceptions.InvalidInputException,
        lambda: client.get_resource_sync_status(ResourceName="?", SyncType="CFN_STACK_SYNC"),
    )
    check_wrong_secret(
        what, lambda: guess.get_resource_sync_status(ResourceName="payments-prod", SyncType="CFN_STACK_SYNC")
    )


check_connections("codeconnections", boto3.client("codeconnections"), GUESS.client("codeconnections"))
if not CBOR:  # which the others do not speak
    check_connections(
        "codestar-connections", boto3.client("codestar-connections"), GUESS.client("codestar-connections")
    )
    check_proton()
    check_twinmaker(sys.argv[1])
