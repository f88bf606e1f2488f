"""status: its exit codes, and which syncs it shows."""

from __future__ import annotations

import json
import re

import pytest

from tests.cli.runner import Run
from tests.cli.scene import MINE, OLD
from unisync.emulator import Emulator

pytestmark = pytest.mark.slow


def test_the_exit_code_says_what_is_not_synced(aws: Emulator, unisync: Run) -> None:
    aws.add_stack("shop", repository="acme/infra")
    aws.push(stack="shop", sha=OLD)
    aws.clock.advance(100)
    assert unisync("status", "--exit-code", "--max-lag", "10s").code == 0
    aws.push(stack="shop", sha=MINE, duration=300)
    aws.clock.advance(60)
    assert unisync("status", "--exit-code").code == 0
    assert unisync("status", "--max-lag", "2m").code == 0
    done = unisync("status", "--max-lag", "30s")
    assert (done.code, "codeconnections:shop has not been synced since" in done.err) == (7, True)
    aws.block(stack="shop", reason="changed by hand")
    assert unisync("status", "--max-lag", "30s").code == 4
    aws.add_stack("other", repository="acme/infra")
    aws.push(stack="other", sha=OLD, outcome="FAILED")
    aws.clock.advance(100)
    assert unisync("status", "--exit-code").code == 3
    assert unisync("status").code == 0


def test_the_lag_of_a_commit_that_is_not_attempted_is_that_of_its_branch(aws: Emulator, unisync: Run) -> None:
    aws.add_stack("shop", repository="acme/infra")
    aws.add_stack("never", repository="acme/other")
    aws.push(stack="shop", sha=OLD)
    aws.clock.advance(3_600)
    aws.block(stack="shop", reason="changed by hand")
    aws.push(stack="shop", sha=MINE)
    aws.clock.advance(60)
    aws.fault("GetSyncBlockerSummary", "AccessDeniedException", times=None)
    done = unisync("status", "--max-lag", "2m")
    assert (done.code, "codeconnections:never is not synced, and it is not known since when." in done.err) == (0, True)
    done = unisync("status", "--max-lag", "30s")
    assert (done.code, "codeconnections:shop has not been synced since" in done.err) == (7, True)


def test_an_incomplete_search_is_an_error_if_the_exit_code_counts(aws: Emulator, unisync: Run) -> None:
    aws.add_stack("shop", repository="acme/infra")
    aws.fault("ListServiceInstances", "AccessDeniedException", times=None)
    assert [unisync("status").code, unisync("status", "--exit-code").code] == [0, 1]
    assert unisync("status", "--exit-code", "--service", "codeconnections").code == 0


@pytest.mark.usefixtures("scene")
class TestFilters:
    def test_by_state(self, unisync: Run) -> None:
        done = unisync("status", "--state", "BLOCKED", "--state", "RUNNING", "-o", "name")
        assert done.out.split() == ["codeconnections:blocked", "codeconnections:running"]

    def test_by_service(self, unisync: Run) -> None:
        done = unisync("status", "--service", "twinmaker", "--service", "proton", "-o", "name")
        assert done.out.split() == ["twinmaker:factory", "proton:web/prod"]

    def test_the_verdicts_are_those_of_the_report(self, unisync: Run) -> None:
        page = unisync("report", "--to", "-").out
        for row in unisync("status", "-o", "json").data:
            (shown,) = re.findall(rf'<code>{row["ref"]}</code></h2><span class="badge ([\w-]+)', page)
            assert shown == f"s-{row['state'].lower().replace('_', '-')}"

    def test_all_json_has_the_account_the_region_and_one_date_format(self, unisync: Run) -> None:
        rows = unisync("status", "-o", "json").data
        assert {row["region"] for row in rows} == {"eu-west-1"}
        assert rows[0]["account"] == "123456789012"  # in the ARN of the job
        texts = [json.dumps(rows), unisync("events", "codeconnections:failed", "-o", "json").out]
        texts += [unisync("blockers", "codeconnections:blocked", "-o", "json").out]
        dates = re.findall(r'"(\d{4}-\d\d-\d\dT[^"]*)"', "".join(texts))
        assert len(dates) > 20
        assert all(re.fullmatch(r"[\d-]{10}T[\d:]{8}(\.\d+)?Z", date) for date in dates)
