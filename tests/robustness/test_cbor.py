"""Faults in responses of CBOR, which is decoded by other code than JSON."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.robustness.calls import find_problems
from tests.robustness.faults import FAULTS
from tests.robustness.fields import FIELD_FAULTS
from tests.robustness.relayed_emulator import RelayedEmulator
from tests.support.cbor import NO_CBOR, use_cbor

pytestmark = [pytest.mark.slow, pytest.mark.skipif(NO_CBOR, reason="no CBOR in this botocore")]

OPERATIONS = ("GetResourceSyncStatus", "CreateSyncConfiguration", "ListSyncConfigurations", "GetSyncBlockerSummary")
RELAY_FAULTS = [name for name, fault in FAULTS.items() if not isinstance(fault.cause, str) and not fault.times_out]
EMULATOR_FAULTS = ["truncate", "short", "garble", "empty", "html", "missing-member", "http-503"]
"""The emulator's own faults of the body."""


@pytest.fixture(scope="module")
def cbor_client(make_client: Callable[..., Any]) -> Any:
    """A client of either kind, which uses CBOR with CodeConnections."""
    with pytest.MonkeyPatch.context() as patch:
        use_cbor(patch)
        return make_client()


@pytest.mark.parametrize("fault", [*RELAY_FAULTS, *EMULATOR_FAULTS])
def test_a_fault(relayed: RelayedEmulator, cbor_client: Any, fault: str) -> None:
    problems: list[str] = []
    first = list(FAULTS).index(fault) % 2
    for name in OPERATIONS[:1] if FAULTS[fault].is_large else OPERATIONS[first::2]:
        is_read = name.startswith("Get")
        problems += find_problems(relayed, cbor_client, "codeconnections", name, FAULTS[fault], every_time=is_read)
    assert problems == []


@pytest.mark.parametrize("fault", FIELD_FAULTS)
def test_a_wrong_field(relayed: RelayedEmulator, cbor_client: Any, fault: str) -> None:
    name = OPERATIONS[list(FIELD_FAULTS).index(fault) % len(OPERATIONS)]
    found = find_problems(relayed, cbor_client, "codeconnections", name, FIELD_FAULTS[fault], every_time=True)
    assert found == []
