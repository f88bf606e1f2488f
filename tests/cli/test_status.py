"""status: its exit codes, and which syncs it shows."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import pytest

from tests.cli.runner import Run
from tests.cli.scene import MINE, OLD
from tests.support.openmetrics import parse
from unisync.cli.app import run
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


class TestOpenMetrics:
    @pytest.mark.usefixtures("scene")
    def test_it_says_what_the_table_says(self, unisync: Run) -> None:
        done = unisync("status", "-o", "openmetrics")
        families, rows = parse(done.out), unisync("status", "-o", "json").data
        states = families["unisync_sync_state"]
        assert [dict(labels)["ref"] for labels in families["unisync_sync_read_success"].samples] == [
            row["ref"] for row in rows
        ]
        for row in rows:
            assert states.value(ref=row["ref"], state=row["state"], region="eu-west-1") == 1
            blockers = families["unisync_sync_blockers"].value(ref=row["ref"])
            assert blockers == len(row["blockers"])
        assert sum(states.samples.values()) == len(rows)
        assert families["unisync_search_errors"].value() == 0
        assert (done.code, "Error" in done.err) == (0, False)

    def test_the_lag_is_that_of_max_lag(self, aws: Emulator, unisync: Run) -> None:
        for name in ("live", "attempted", "blocked", "never"):
            aws.add_stack(name, repository=f"acme/{name}")
            if name != "never":
                aws.push(stack=name, sha=OLD)
        aws.clock.advance(3_600)
        aws.push(stack="attempted", sha=MINE, duration=300)
        aws.block(stack="blocked", reason="changed by hand")
        aws.push(stack="blocked", sha=MINE)
        aws.clock.advance(60)
        done = unisync("status", "-o", "openmetrics", "--max-lag", "30s")
        assert done.code == 4
        families = parse(done.out)
        names = ("live", "attempted", "blocked", "never")
        lags = [families["unisync_sync_lag_seconds"].value(ref=f"codeconnections:{name}") for name in names]
        assert lags == [0, pytest.approx(60, abs=15), pytest.approx(60, abs=15), None]
        successes = families["unisync_sync_last_success_timestamp_seconds"]
        assert successes.value(ref="codeconnections:live") == pytest.approx(aws.clock.time() - 3_660, abs=15)
        assert successes.value(ref="codeconnections:never") is None

    def test_errors_of_single_syncs_are_metrics(self, aws: Emulator, unisync: Run, tmp_path: Path) -> None:
        aws.add_stack("shop", repository="acme/infra")
        aws.push(stack="shop", sha=OLD)
        aws.clock.advance(100)
        aws.add_workspace("factory")
        aws.fault("GetSyncJob", "AccessDeniedException", times=None)
        refs = tmp_path / "refs"
        refs.write_text('codeconnections:shop\ncodeconnections:nothing\ncodeconnections:"quoted"\ntwinmaker:factory\n')
        done = unisync("status", "-f", str(refs), "-o", "openmetrics")
        families = parse(done.out)
        found = families["unisync_sync_state"].samples.items()
        assert [
            (
                dict(labels)["ref"],
                dict(labels)["state"],
                families["unisync_sync_read_success"].value(ref=dict(labels)["ref"]),
            )
            for labels, value in found
            if value
        ] == [
            ("codeconnections:shop", "ACTIVE", 1),
            ("codeconnections:nothing", "NOT_FOUND", 0),
            ('codeconnections:"quoted"', "ERROR", 0),
            ("twinmaker:factory", "ERROR", 0),
        ]
        assert (done.code, done.code) == (unisync("status", "-f", str(refs)).code, 1)
        assert "AccessDeniedException" in done.err

    def test_failed_searches_are_counted(self, aws: Emulator, unisync: Run) -> None:
        aws.fault("ListServiceInstances", "AccessDeniedException", times=None)
        done = unisync("status", "-o", "openmetrics")
        assert parse(done.out)["unisync_search_errors"].value() == 1
        assert (done.code, "could not be searched completely" in done.err) == (1, True)

    def test_a_fleet_has_accounts_and_regions(self, aws: Emulator, unisync: Run) -> None:
        aws.add_stack("shop", repository="acme/infra")
        arguments = "status --service codeconnections --region eu-west-1 --region us-east-1 -o openmetrics"
        location = {"account": "default", "region": "eu-west-1"}
        families = parse(unisync(*arguments.split()).out)
        assert families["unisync_sync_read_success"].value(ref="codeconnections:shop", **location) == 1

    def test_it_is_utf_8_whatever_the_encoding_of_stdout(self, aws: Emulator) -> None:
        written = io.BytesIO()
        out = io.TextIOWrapper(written, encoding="ascii", newline="\r\n")
        stdin = io.StringIO("codeconnections:é")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("sys.stdin", stdin)
            run(["status", "-f", "-", "-o", "openmetrics"], aws.client_options(), out, io.StringIO())
        assert parse(written.getvalue().decode())["unisync_sync_read_success"].value(ref="codeconnections:é") == 0


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
