"""What drifted in many accounts: syncs that failed, that are blocked, or whose desired commit is not live.

    python drift_report.py --region eu-west-1 --region us-east-1 ROLE_ARN...

It exits with 0 if nothing drifted, with 1 if something did, and with 2 if an account or a sync could not be read.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from unisync import Fleet, Outcome, Revision, SyncJob, SyncState


class Drift(NamedTuple):
    """A row of the report."""

    account: str
    region: str
    sync: str
    reason: str
    live: str
    desired: str


def short(revision: Revision | None) -> str:
    return revision.sha[:7] if revision is not None else "-"


def reason_of(outcome: Outcome[SyncJob]) -> str | None:
    """Why a sync is in the report; None if it is not."""
    job = outcome.job
    if outcome.error is not None or job is None:
        return f"unreadable: {outcome.error}"
    if outcome.blockers:
        return f"blocked: {outcome.blockers[0].created_reason}"
    if job.status.state is SyncState.FAILED:
        return f"failed: {job.status.error}"
    if not job.is_synced:
        return f"not synced: {job.status}"
    return None


def drifts(outcomes: Iterable[Outcome[SyncJob]]) -> Iterator[Drift]:
    """The rows of the report."""
    for outcome in outcomes:
        reason = reason_of(outcome)
        if reason is not None:
            job = outcome.job
            live, desired = (job.live_revision, job.desired_revision) if job is not None else (None, None)
            sync = str(outcome.ref).rpartition("/")[2]
            yield Drift(outcome.account or "", outcome.region or "", sync, reason, short(live), short(desired))


def main() -> int:
    parser = argparse.ArgumentParser(description="Report what drifted in many accounts.")
    parser.add_argument("roles", nargs="+", metavar="ROLE_ARN")
    parser.add_argument("--region", action="append", required=True, dest="regions")
    arguments = parser.parse_args()
    with Fleet(arguments.roles, regions=arguments.regions) as fleet:
        found = fleet.discover(services=["codeconnections"])
        outcomes = fleet.get_many(found.refs, include_blockers=True, timeout=300)
    rows = list(drifts(outcomes))
    table = csv.writer(sys.stdout)
    table.writerow(Drift._fields)
    table.writerows(rows)
    for place, error in found.errors.items():
        print(f"{place.account}/{place.region} could not be searched: {error}", file=sys.stderr)
    if found.errors or any(outcome.error for outcome in outcomes):
        return 2
    return 1 if rows else 0


if __name__ == "__main__":
    sys.exit(main())
