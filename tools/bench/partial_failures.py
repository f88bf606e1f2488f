"""A fleet in which most accounts have a problem: the error of each, and whether the others still succeed."""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import boto3

from tools.bench.results import Section, Table, Target
from unisync import Fleet, Outcome, StackSync
from unisync.emulator import Emulator

STACKS = 20
SHA = "a" * 40
HEALTHY, THROTTLED, EXPIRED, NO_ENDPOINT, DENIED = (digit * 12 for digit in "12345")
ACCOUNTS = {
    HEALTHY: "no problem",
    THROTTLED: "it allows only 3 calls per second",
    EXPIRED: "its session token has expired",
    NO_ENDPOINT: "its region does not exist",
    DENIED: "its role may not be assumed",
}


def section(quick: bool) -> Section:  # noqa: ARG001  # it takes only seconds
    """Wait for the stacks of five accounts, four of which have a problem."""
    with tempfile.TemporaryDirectory() as folder, Emulator() as aws:
        outcomes = _outcomes(aws, Path(folder, "config"))
    by_account: dict[str, list[Outcome[Any]]] = {}
    for outcome in outcomes:
        by_account.setdefault(outcome.account or "", []).append(outcome)
    rows = [(ACCOUNTS[account], each[0].region or "", _summary(each)) for account, each in by_account.items()]
    failed = {account: [outcome.error is not None for outcome in each] for account, each in by_account.items()}
    reported = all(all(failed[account]) for account in (EXPIRED, NO_ENDPOINT, DENIED))
    succeeded = [not error for account in (HEALTHY, THROTTLED) for error in failed[account]]
    method = f"""
        `Fleet.wait_all` for {STACKS} stacks, which take 1 to 5 s, in each of five accounts. All run on the emulator in
        real time, except the account whose region does not exist: unisync looks up its host name. The timeout is 60 s.
    """
    targets = [
        Target(
            "each stack of a failing account has an error",
            "an error for each" if reported else "some have no error",
            reported,
        ),
        Target("all other waits succeed", f"{sum(succeeded)} of {len(succeeded)}", all(succeeded)),
    ]
    return Section(
        "A fleet with failing accounts", method, [Table(("account", "region", "outcomes"), rows)], targets, rows
    )


def _outcomes(aws: Emulator, config: Path) -> list[Outcome[Any]]:
    refs = [StackSync(f"stack-{number}") for number in range(STACKS)]
    for account in (HEALTHY, THROTTLED, EXPIRED, DENIED):
        setup = aws.account(account=account)
        for number, ref in enumerate(refs):
            setup.add_stack(ref.resource_name, repository="acme/infra")
            setup.push(stack=ref.resource_name, sha=SHA, duration=1 + 4 * number / STACKS)
    aws.throttle("GetResourceSyncStatus", rate=3, burst=3, account=THROTTLED)
    # Each session gets its endpoint from its profile, as it may for users.
    os.environ["AWS_CONFIG_FILE"] = str(config)
    config.write_text("".join(_profile(aws, account) for account in ACCOUNTS))
    aws.add_role(f"arn:aws:iam::{EXPIRED}:role/reader")
    sts: Any = boto3.Session(profile_name=DENIED).client("sts")
    assumed = sts.assume_role(RoleArn=f"arn:aws:iam::{EXPIRED}:role/reader", RoleSessionName="once")["Credentials"]
    aws.expire_credentials()
    sessions = {account: boto3.Session(profile_name=account) for account in (HEALTHY, THROTTLED, NO_ENDPOINT)}
    sessions[EXPIRED] = boto3.Session(
        assumed["AccessKeyId"], assumed["SecretAccessKey"], assumed["SessionToken"], profile_name=EXPIRED
    )
    # The emulator does not know this role, so it denies AssumeRole.
    role = f"arn:aws:iam::{DENIED}:role/reader"
    try:
        with Fleet([role], sessions=sessions, profile_name=DENIED) as fleet:
            return fleet.wait_all(refs, revision=SHA, timeout=60)
    finally:
        os.environ["AWS_CONFIG_FILE"] = os.devnull


def _profile(aws: Emulator, account: str) -> str:
    keys = aws.environment(account=account)
    region, url = ("mars-north-1", "") if account == NO_ENDPOINT else ("eu-west-1", f"endpoint_url = {aws.url}\n")
    return (
        f"[profile {account}]\nregion = {region}\n{url}"
        f"aws_access_key_id = {keys['AWS_ACCESS_KEY_ID']}\naws_secret_access_key = {keys['AWS_SECRET_ACCESS_KEY']}\n"
    )


def _summary(outcomes: list[Outcome[Any]]) -> str:
    counts = Counter(
        str(outcome.job.status) if outcome.error is None and outcome.job else type(outcome.error).__name__
        for outcome in outcomes
    )
    return ", ".join(f"{count} {result}" for result, count in counts.items())
