"""One operation of each protocol with one fault of each class. The other modules here try all of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.robustness.calls import find_problems
from tests.robustness.faults import FAULT_CLASSES, FAULTS, scripted
from tests.robustness.fields import WRONG_VALUES, wrong_field
from tests.robustness.relayed_emulator import RelayedEmulator
from tests.support.cbor import NO_CBOR, use_cbor

pytestmark = pytest.mark.slow

OPERATIONS = {
    "REST": ("iottwinmaker", "GetSyncJob"),
    "JSON": ("proton", "CreateRepository"),
    "CBOR": ("codeconnections", "GetResourceSyncStatus"),
}
SMOKE_FAULTS = {
    **{name: FAULTS[name] for name in (*FAULT_CLASSES, "half an emoji", "nested", "103 first", "error that is a list")},
    **{
        f"field: {label}": scripted("either", wrong_field(number, value), changes_reply=True)
        for number, (label, value) in enumerate(WRONG_VALUES.items())
    },
}


@pytest.fixture(params=OPERATIONS, scope="module")
def operation(request: pytest.FixtureRequest) -> tuple[str, str]:
    """An operation of each protocol."""
    if request.param == "CBOR" and NO_CBOR:
        pytest.skip("no CBOR in this botocore")
    return OPERATIONS[request.param]


@pytest.fixture(scope="module")
def smoke_client(make_client: Callable[..., Any], operation: tuple[str, str]) -> Any:
    """A client of either kind, which uses CBOR with CodeConnections where the operation does."""
    with pytest.MonkeyPatch.context() as patch:
        if operation == OPERATIONS["CBOR"]:
            use_cbor(patch)
        return make_client()


@pytest.mark.parametrize("fault", SMOKE_FAULTS)
def test_a_fault(relayed: RelayedEmulator, smoke_client: Any, operation: tuple[str, str], fault: str) -> None:
    every_time = list(SMOKE_FAULTS).index(fault) % 2 == 0
    assert find_problems(relayed, smoke_client, *operation, SMOKE_FAULTS[fault], every_time=every_time) == []


def test_silence(relayed: RelayedEmulator, short_timeout_client: Any) -> None:
    silence = FAULTS["silence in the body"]
    assert find_problems(relayed, short_timeout_client, *OPERATIONS["REST"], silence, every_time=False) == []
