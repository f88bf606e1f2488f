"""Whatever goes wrong, a call succeeds or raises the right error in time, and the next call succeeds.

`make soak` tries every operation with every fault. Here, every operation has a fault of each class, and every fault
is tried with some operations.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any

import pytest

from tests.robustness.calls import find_problems
from tests.robustness.faults import FAULT_CLASSES, FAULTS
from tests.robustness.relayed_emulator import RelayedEmulator
from tests.support.operations import NAMES
from unisync import ResponseError

pytestmark = pytest.mark.slow

OPERATIONS_PER_FAULT = 2
"""How many operations any other fault is tried with."""


@pytest.mark.parametrize("fault", FAULT_CLASSES)
def test_every_operation_with_a_fault_of_each_class(
    relayed: RelayedEmulator, client: Any, old_name_client: Any, fault: str
) -> None:
    problems: list[str] = []
    for number, (service, name) in enumerate(NAMES):
        used = old_name_client if service == "codestar-connections" else client
        problems += find_problems(relayed, used, service, name, FAULTS[fault], every_time=number % 2 == 0)
    assert problems == []


@pytest.mark.parametrize("name", [name for name in FAULTS if name not in FAULT_CLASSES])
def test_every_fault_with_some_operations(
    relayed: RelayedEmulator, client: Any, old_name_client: Any, short_timeout_client: Any, name: str
) -> None:
    first = list(FAULTS).index(name)
    fault = FAULTS[name]
    is_costly = fault.times_out or fault.is_large
    problems: list[str] = []
    for number in range(1 if is_costly else OPERATIONS_PER_FAULT):
        service, operation = NAMES[(first * 7 + number * 18) % len(NAMES)]
        if fault.times_out:
            used = short_timeout_client
            service = "codeconnections" if service == "codestar-connections" else service
        else:
            used = old_name_client if service == "codestar-connections" else client
        for every_time in (False,) if is_costly else (False, True):
            problems += find_problems(relayed, used, service, operation, fault, every_time=every_time)
    assert problems == []


def test_an_endpoint_that_never_responds_times_out(relayed: RelayedEmulator, short_timeout_client: Any) -> None:
    for service, operation in (("iottwinmaker", "GetSyncJob"), ("proton", "CreateRepository")):
        silence = FAULTS["silence"]
        assert find_problems(relayed, short_timeout_client, service, operation, silence, every_time=True) == []


LATER = ("ThrottlingException", "http-503", "drop", "reset in the body", "truncate", "HTML page")


@pytest.fixture
def short_pages(relayed: RelayedEmulator) -> Iterator[None]:
    relayed.reset()
    relayed.aws.page_size = 1
    yield
    relayed.aws.page_size = None
    relayed.clear_faults()


@pytest.mark.usefixtures("short_pages")
@pytest.mark.parametrize("fault", LATER)
def test_a_fault_on_a_later_page_loses_and_repeats_no_item(relayed: RelayedEmulator, client: Any, fault: str) -> None:
    expected = [each.full_name for each in client.proton.list_repositories()]
    assert len(expected) > 1
    items = iter(client.proton.list_repositories())
    listed = [next(items).full_name]
    relayed.set_fault(FAULTS[fault], "proton", "ListRepositories", 1)
    with pytest.raises(ResponseError) if FAULTS[fault].result is ResponseError else nullcontext():
        listed += [each.full_name for each in items]
        assert listed == expected
