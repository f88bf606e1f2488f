"""A program that used boto3, in the middle of its migration to unisync.

    python from_boto3.py STACK SHA

What was there before stays as it is: the boto3 session with its event handlers, the functions that take the dictionary
of a response, and the `except ClientError`. The polling loop is gone.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping
from typing import Any

import boto3
from botocore.exceptions import ClientError

from unisync import StackSync, SyncSupersededError, Unisync, WaitError

logger = logging.getLogger("deploy")


def log_call(model: Any, **_: object) -> None:
    """From before: a handler of botocore's events."""
    logger.info("calling %s", model.name)


def summary(response: Mapping[str, Any]) -> str:
    """From before: it reads the dictionary that boto3 returned."""
    latest: Mapping[str, Any] = response["LatestSync"]
    return f"{latest['Target']}: {latest['Status']} at {latest['TargetRevision']['Sha'][:7]}"


def wait(client: Unisync, stack: str, sha: str) -> bool:
    """New: before, this was a loop over `get_resource_sync_status`. Whether the commit is live."""
    try:
        client.wait_until_active(StackSync(stack), revision=sha, timeout=900)
    except SyncSupersededError as error:
        logger.info("superseded by %s", error.superseded_by.sha)
        return False
    except WaitError as error:
        logger.error("%s", error)
        return False
    return True


def main() -> int:
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    logging.getLogger("botocore").setLevel(logging.WARNING)
    stack, sha = sys.argv[1:]
    session: Any = boto3.Session()  # from before: the whole program shares it
    session.events.register("before-call", log_call)
    with Unisync(session) as client:
        try:
            is_live = wait(client, stack, sha)
            # The dictionary that boto3 would have returned, for what has not been migrated yet.
            print(summary(client.with_raw_response.get(StackSync(stack)).response))
        except ClientError as error:  # from before: unisync's errors of AWS are ClientErrors as well
            print(error, file=sys.stderr)
            return 2
    return 0 if is_live else 1


if __name__ == "__main__":
    sys.exit(main())
