"""Metrics as OpenMetrics text: read by a strict parser of our own and, where it is installed, by Prometheus's."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.openmetrics import Family, parse
from unisync._render.metrics import STATES, SyncMetrics
from unisync._render.openmetrics import openmetrics

MOMENT = datetime(2026, 11, 22, 18, 44, 12, 345678, UTC)
SYNC = SyncMetrics(
    "codeconnections:shop", "codeconnections", "123456789012", "eu-west-1", "FAILED", True, 90.5, MOMENT, 2
)
UNREAD = SyncMetrics("proton:web/prod", "proton", None, None, "ERROR", False, None, None, None)

_known = st.none() | st.text(st.characters(exclude_categories=["Cs"]))
_syncs = st.builds(
    SyncMetrics,
    st.text(st.characters(exclude_categories=["Cs"])),
    st.sampled_from(["codeconnections", "proton", "twinmaker"]),
    _known,
    _known,
    st.sampled_from(STATES),
    st.booleans(),
    st.none() | st.floats(0, 1e12),
    st.none() | st.datetimes(datetime(1970, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    st.none() | st.integers(0, 1000),
)


def _key(sync: SyncMetrics) -> tuple[str | None, ...]:
    return sync.ref, sync.service, sync.account or None, sync.region or None


def test_each_sync_has_its_metrics() -> None:
    families = parse(openmetrics([SYNC, UNREAD]))
    ref = SYNC.ref
    states = families["unisync_sync_state"]
    assert {state: states.value(ref=ref, state=state) for state in STATES} == {
        **dict.fromkeys(STATES, 0.0),
        "FAILED": 1.0,
    }
    others = families.keys() - {"unisync_sync_state", "unisync_search_errors"}
    assert {name: families[name].value(ref=ref) for name in others} == {
        "unisync_sync_read_success": 1,
        "unisync_sync_lag_seconds": 90.5,
        "unisync_sync_last_success_timestamp_seconds": 1795373052.346,
        "unisync_sync_blockers": 2,
    }
    labels = {"ref": ref, "service": "codeconnections", "account": "123456789012", "region": "eu-west-1"}
    assert list(families["unisync_sync_lag_seconds"].samples) == [frozenset(labels.items())]
    assert families["unisync_search_errors"].samples == {frozenset(): 0}


def test_what_is_not_known_has_no_sample() -> None:
    families = parse(openmetrics([UNREAD], search_errors=2))
    assert families["unisync_sync_state"].value(ref=UNREAD.ref, state="ERROR") == 1
    assert families["unisync_sync_read_success"].samples == {
        frozenset({("ref", "proton:web/prod"), ("service", "proton")}): 0
    }
    for name in ("lag_seconds", "last_success_timestamp_seconds", "blockers"):
        assert families[f"unisync_sync_{name}"].samples == {}
    assert families["unisync_search_errors"].samples == {frozenset(): 2}


def test_no_syncs_are_valid_text() -> None:
    assert {family.type for family in parse(openmetrics([])).values()} == {"gauge"}


def test_a_surrogate_is_replaced() -> None:
    sync = SyncMetrics("codeconnections:\udc80", "codeconnections", None, None, "ACTIVE", True, 0.0, None, 0)
    assert parse(openmetrics([sync]))["unisync_sync_lag_seconds"].value(ref="codeconnections:?") == 0


@given(st.lists(_syncs, max_size=4, unique_by=_key))
def test_any_text_is_valid(syncs: list[SyncMetrics]) -> None:
    families = parse(openmetrics(syncs))
    refs = [dict(labels)["ref"] for labels in families["unisync_sync_read_success"].samples]
    assert refs == [sync.ref for sync in syncs]


@pytest.mark.parametrize(
    "module", ["prometheus_client.openmetrics.parser", "prometheus_client.parser"], ids=["OpenMetrics", "Prometheus"]
)
def test_prometheus_reads_the_same(module: str) -> None:
    parser: Any = pytest.importorskip(module, reason="prometheus_client is not installed")
    read: Callable[[str], Any] = parser.text_string_to_metric_families

    @given(st.lists(_syncs, max_size=4, unique_by=_key))
    def check(syncs: list[SyncMetrics]) -> None:
        text = openmetrics(syncs)
        found = {
            metric.name: Family(
                metric.type,
                "" if module == "prometheus_client.parser" else metric.unit,
                metric.documentation,
                {frozenset(sample.labels.items()): sample.value for sample in metric.samples},
            )
            for metric in read(text)
        }
        expected = parse(text)
        if module == "prometheus_client.parser":
            expected = {name: family._replace(unit="") for name, family in expected.items()}
        assert found == expected

    check()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# EOF",
        "# TYPE a gauge\n# HELP a A.\n\n# EOF\n",
        "a 1\n# EOF\n",
        "# TYPE a gauge\n# HELP a A.\na 1 1795373052\n# EOF\n",
        "# TYPE a gauge\n# HELP a A.\na 1\na 2\n# EOF\n",
        '# TYPE a gauge\n# HELP a A.\na{b="\\x"} 1\n# EOF\n',
        '# TYPE a gauge\n# HELP a A.\na{b="1",b="2"} 1\n# EOF\n',
        "# TYPE a gauge\n# TYPE a gauge\n# HELP a A.\na 1\n# EOF\n",
        "# TYPE a gauge\n# UNIT a seconds\n# HELP a A.\na 1\n# EOF\n",
        "# TYPE a stateset\n# HELP a A.\n# EOF\n",
        "# TYPE a gauge\n# HELP a A.\n# TYPE b gauge\n# HELP b B.\na 1\n# EOF\n",
    ],
)
def test_the_parser_is_strict(text: str) -> None:
    with pytest.raises((AssertionError, ValueError)):
        parse(text)
