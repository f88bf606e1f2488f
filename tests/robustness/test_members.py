"""Answers whose members are not what AWS's model says are read or refused; what was read can be told and kept."""

from __future__ import annotations

import contextlib
import pickle
from typing import Any

import pytest

from tests.robustness.kinds import scripted
from tests.robustness.members import DATES, WRONG, mangled
from tests.robustness.stage import Stage
from tests.robustness.verdict import surprises
from tests.support.operations import NAMES
from unisync import ServiceInstanceSync, StackSync, TemplateSync, TwinMakerSync, UnisyncError

LOOKS = {
    TwinMakerSync("factory"): ("iottwinmaker", "GetSyncJob"),
    ServiceInstanceSync("web", "prod"): ("proton", "GetServiceInstanceSyncStatus"),
    TemplateSync("web", "SERVICE", "1"): ("proton", "GetTemplateSyncStatus"),
    StackSync("payments-prod"): ("codeconnections", "GetResourceSyncStatus"),
}
ONES = [("a member", label, value) for label, value in WRONG.items()] + [
    ("a date", label, value) for label, value in DATES.items()
]


def each_way(client: Any, ref: Any) -> None:
    """Look at a sync and wait for it in each way, and tell what there is to tell of it."""
    (seen,) = client.get_many([ref])
    if seen.error is None:
        job = seen.job
        assert pickle.loads(pickle.dumps(job)) == job
        assert all((repr(job), str(job.status), job._repr_html_(), job.model_dump_json()))
    else:
        assert isinstance(seen.error, UnisyncError)
    for wait in (client.wait_until_active, client.wait_until_deleted):
        with contextlib.suppress(UnisyncError):
            wait(ref, timeout=3)
    (waited,) = client.wait_all([ref], timeout=3)
    assert waited.error is None or isinstance(waited.error, UnisyncError)


@pytest.mark.parametrize(("what", "label", "value"), ONES, ids=lambda value: value if isinstance(value, str) else "")
def test_a_sync_is_looked_at_and_waited_for(stage: Stage, client: Any, what: str, label: str, value: object) -> None:
    for number, (ref, (service, operation)) in enumerate(LOOKS.items()):
        stage.reset()
        # A prime step from one value to the next: each member has its turn.
        script = mangled(7 * ONES.index((what, label, value)) + number, value, dates=what == "a date")
        stage.arm(scripted("either", script), service, operation)
        each_way(client, ref)
        stage.disarm()
        assert client.get(ref)


@pytest.mark.parametrize("label", WRONG)
def test_each_operation_reads_or_refuses(stage: Stage, client: Any, old_name: Any, label: str) -> None:
    shift = 5 * list(WRONG).index(label)
    said: list[str] = []
    for number, (service, name) in list(enumerate(NAMES))[shift % 3 :: 3]:
        asked = old_name if service == "codestar-connections" else client
        fault = scripted("either", mangled(shift + number, WRONG[label]), alters=True)
        said += surprises(stage, asked, service, name, fault, lasts=True)
    assert said == []
