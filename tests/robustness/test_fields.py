"""A response with wrong fields is read or raises a ResponseError; what was read can be shown, dumped and pickled."""

from __future__ import annotations

import contextlib
import pickle
from typing import Any

import pytest

from tests.robustness.calls import find_problems
from tests.robustness.faults import scripted
from tests.robustness.fields import WRONG_DATES, WRONG_VALUES, wrong_field
from tests.robustness.relayed_emulator import RelayedEmulator
from tests.support.operations import NAMES
from unisync import ServiceInstanceSync, StackSync, TemplateSync, TwinMakerSync, UnisyncError

pytestmark = pytest.mark.slow

STATUS_OPERATIONS = {
    TwinMakerSync("factory"): ("iottwinmaker", "GetSyncJob"),
    ServiceInstanceSync("web", "prod"): ("proton", "GetServiceInstanceSyncStatus"),
    TemplateSync("web", "SERVICE", "1"): ("proton", "GetTemplateSyncStatus"),
    StackSync("payments-prod"): ("codeconnections", "GetResourceSyncStatus"),
}
CASES = [("field", label, value) for label, value in WRONG_VALUES.items()] + [
    ("date", label, value) for label, value in WRONG_DATES.items()
]


def use_every_method(client: Any, ref: Any) -> None:
    """Get a sync, wait for it in every way, and show what was read."""
    (outcome,) = client.get_many([ref])
    if outcome.error is None:
        job = outcome.job
        assert pickle.loads(pickle.dumps(job)) == job
        assert all((repr(job), str(job.status), job._repr_html_(), job.model_dump_json()))
    else:
        assert isinstance(outcome.error, UnisyncError)
    for wait in (client.wait_until_active, client.wait_until_deleted):
        with contextlib.suppress(UnisyncError):
            wait(ref, timeout=3)
    (outcome,) = client.wait_all([ref], timeout=3)
    assert outcome.error is None or isinstance(outcome.error, UnisyncError)


@pytest.mark.parametrize(("kind", "label", "value"), CASES, ids=lambda value: value if isinstance(value, str) else "")
def test_a_sync_with_a_wrong_field(relayed: RelayedEmulator, client: Any, kind: str, label: str, value: object) -> None:
    for number, (ref, (service, operation)) in enumerate(STATUS_OPERATIONS.items()):
        relayed.reset()
        # A step of seven fields from one value to the next, so that each field is covered.
        script = wrong_field(7 * CASES.index((kind, label, value)) + number, value, dates=kind == "date")
        relayed.set_fault(scripted("either", script), service, operation)
        use_every_method(client, ref)
        relayed.clear_faults()
        assert client.get(ref)


@pytest.mark.parametrize("label", WRONG_VALUES)
def test_an_operation_with_a_wrong_field(
    relayed: RelayedEmulator, client: Any, old_name_client: Any, label: str
) -> None:
    shift = 5 * list(WRONG_VALUES).index(label)
    problems: list[str] = []
    for number, (service, name) in list(enumerate(NAMES))[shift % 3 :: 3]:
        used = old_name_client if service == "codestar-connections" else client
        fault = scripted("either", wrong_field(shift + number, WRONG_VALUES[label]), changes_reply=True)
        problems += find_problems(relayed, used, service, name, fault, every_time=True)
    assert problems == []
