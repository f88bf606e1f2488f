"""How often waits poll, and how soon they see that a sync has ended: on the emulator, by its clock."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from datetime import timedelta
from statistics import mean
from typing import Any

import pytest

from tests.support.samples import FACTORY, MINE, STACK
from unisync import Outcome, RateLimit, StackSync, SyncRef, Unisync, WaitTimeoutError, WaitToken
from unisync.emulator import Emulator

pytestmark = pytest.mark.slow

ROLE = "arn:aws:iam::123456789012:role/sync"
STATUS_READS = ("GetResourceSyncStatus", "GetSyncJob")
MAX_READS, MAX_CALLS = 45, 90
"""For ten minutes."""

WAITS: dict[str, Callable[[Any], object]] = {
    "wait_until_active": lambda client: client.wait_until_active(STACK, revision=MINE),
    "without a revision": lambda client: client.wait_until_active(STACK),
    "wait_all": lambda client: client.wait_all([STACK], revision=MINE),
    "resume": lambda client: client.resume(WaitToken.create(STACK, revision=MINE, timeout=900)),
    "not picked up": lambda client: client.wait_until_active(STACK, revision="f" * 40, timeout=600),
    "wait_until_deleted": lambda client: client.wait_until_deleted(FACTORY, timeout=600),
}
ENDLESS = ("not picked up", "wait_until_deleted")
"""What these wait for never happens."""


@pytest.mark.parametrize("name", WAITS)
def test_a_wait_of_ten_minutes_reads_the_status_some_forty_times(aws: Emulator, either: Any, name: str) -> None:
    aws.add_stack("payments-prod", repository="acme/infra")
    aws.add_workspace("factory")
    either.twinmaker.create_sync_job("factory", sync_role=ROLE)
    aws.push(stack="payments-prod", sha=MINE, duration=600)
    before = len(aws.calls)
    if name in ENDLESS:
        with pytest.raises(WaitTimeoutError):
            WAITS[name](either)
        assert aws.clock.now() == pytest.approx(600, abs=1)
    else:
        WAITS[name](either)
        assert 600 <= aws.clock.now() < 630
    calls = aws.calls[before:]
    assert 30 <= sum(call.operation in STATUS_READS for call in calls) <= MAX_READS
    # While a commit is not picked up, the blockers and the branch are read every 15 s as well: three calls.
    assert len(calls) <= (MAX_READS + 3 * 42 if name == "not picked up" else MAX_CALLS)


def test_two_hundred_waits_keep_to_the_rate(aws: Emulator) -> None:
    rate = 10
    refs = [StackSync(f"stack-{number}") for number in range(200)]
    for ref in refs:
        aws.add_stack(ref.resource_name, repository="acme/infra")
        aws.push(stack=ref.resource_name, sha=MINE, duration=120)
    limit = RateLimit(initial=rate, maximum=rate)
    with Unisync(**aws.client_options(), rate_limit=limit) as client:
        assert all(outcome.result() for outcome in client.wait_all(refs, revision=MINE))
    times = sorted(call.time for call in aws.calls if call.operation in STATUS_READS)
    most = max(bisect_left(times, time + timedelta(seconds=1)) - index for index, time in enumerate(times))
    assert most <= rate + 1


@pytest.mark.parametrize("duration", [20, 60, 600])
def test_an_end_is_seen_soon(aws: Emulator, client: Unisync, duration: int) -> None:
    refs = [StackSync(f"stack-{number}") for number in range(30)]
    ends: dict[SyncRef[Any], float] = {}
    for number, ref in enumerate(refs):
        aws.add_stack(ref.resource_name, repository="acme/infra")
        ends[ref] = duration + number * 0.7
        aws.push(stack=ref.resource_name, sha=MINE, duration=ends[ref])
    lags: list[float] = []

    def note(outcome: Outcome[Any]) -> None:
        assert outcome.result().require_live().sha == MINE
        lags.append(aws.clock.now() - ends[outcome.ref])

    client.wait_all(refs, revision=MINE, on_outcome=note)
    assert len(lags) == len(refs)
    assert 0 <= mean(lags) <= max(duration / 5, 10)
