"""A fleet in which something fails in most accounts: what is told of each, and how the others fare."""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import boto3

from tools.bench.figures import Aim, Section, Table
from unisync import Fleet, Outcome, StackSync
from unisync.emulator import Emulator

STACKS = 20
SHA = "a" * 40
GOOD, THROTTLED, EXPIRED, NOWHERE, DENIED = (digit * 12 for digit in "12345")


def section(quick: bool) -> Section:  # noqa: ARG001  # it takes seconds
    """Five accounts, four of which have a trouble each."""
    with tempfile.TemporaryDirectory() as folder, Emulator() as aws:
        outcomes = _outcomes(aws, Path(folder, "config"))
    by_account: dict[str, list[Outcome[Any]]] = {}
    for outcome in outcomes:
        by_account.setdefault(outcome.account or "", []).append(outcome)
    rows = [(TROUBLES[account], each[0].region or "", _told(each)) for account, each in by_account.items()]
    failed = {account: [outcome.error is not None for outcome in each] for account, each in by_account.items()}
    told = all(all(failed[account]) for account in (EXPIRED, NOWHERE, DENIED))
    fine = [not error for account in (GOOD, THROTTLED) for error in failed[account]]
    how = f"""
        `Fleet.wait_all` for {STACKS} stacks, which take from 1 to 5 s, in each of five accounts: on the emulator, in
        real time, but for the account in a region that AWS does not have, whose host is looked up. The deadline is
        60 s.
    """
    aims = [
        Aim("what fails is told where it fails", "an error for each of its stacks" if told else "not so", told),
        Aim("all others come to their end", f"{sum(fine)} of {len(fine)}", all(fine)),
    ]
    return Section("A fleet in which some fail", how, [Table(("account", "region", "outcomes"), rows)], aims, rows)


def _outcomes(aws: Emulator, config: Path) -> list[Outcome[Any]]:
    refs = [StackSync(f"stack-{number}") for number in range(STACKS)]
    for account in (GOOD, THROTTLED, EXPIRED, DENIED):
        world = aws.account(account=account)
        for number, ref in enumerate(refs):
            world.add_stack(ref.resource_name, repository="acme/infra")
            world.push(stack=ref.resource_name, sha=SHA, duration=1 + 4 * number / STACKS)
    aws.throttle("GetResourceSyncStatus", rate=3, burst=3, account=THROTTLED)
    # Where each session finds its account is said by its profile, as it may be for users.
    os.environ["AWS_CONFIG_FILE"] = str(config)
    config.write_text("".join(_profile(aws, account) for account in (GOOD, THROTTLED, EXPIRED, NOWHERE, DENIED)))
    aws.add_role(f"arn:aws:iam::{EXPIRED}:role/reader")
    sts: Any = boto3.Session(profile_name=DENIED).client("sts")
    given = sts.assume_role(RoleArn=f"arn:aws:iam::{EXPIRED}:role/reader", RoleSessionName="once")["Credentials"]
    aws.expire_credentials()
    sessions = {account: boto3.Session(profile_name=account) for account in (GOOD, THROTTLED, NOWHERE)}
    sessions[EXPIRED] = boto3.Session(
        given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"], profile_name=EXPIRED
    )
    denied = f"arn:aws:iam::{DENIED}:role/reader"
    try:
        with Fleet([denied], sessions=sessions, profile_name=DENIED) as fleet:
            return fleet.wait_all(refs, revision=SHA, timeout=60)
    finally:
        os.environ["AWS_CONFIG_FILE"] = os.devnull


def _profile(aws: Emulator, account: str) -> str:
    keys = aws.environment(account=account)
    region, url = ("mars-north-1", "") if account == NOWHERE else ("eu-west-1", f"endpoint_url = {aws.url}\n")
    return (
        f"[profile {account}]\nregion = {region}\n{url}"
        f"aws_access_key_id = {keys['AWS_ACCESS_KEY_ID']}\naws_secret_access_key = {keys['AWS_SECRET_ACCESS_KEY']}\n"
    )


TROUBLES = {
    GOOD: "no trouble",
    THROTTLED: "it allows 3 calls a second",
    EXPIRED: "its session has an expired token",
    NOWHERE: "a region without the service",
    DENIED: "its role cannot be assumed",
}


def _told(outcomes: list[Outcome[Any]]) -> str:
    kinds = Counter(
        str(outcome.job.status) if outcome.error is None and outcome.job else type(outcome.error).__name__
        for outcome in outcomes
    )
    return ", ".join(f"{count} {kind}" for kind, count in kinds.items())
