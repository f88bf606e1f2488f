"""Whatever goes astray, a call comes to the answer or to a named error, in time, and the next call goes well.

`make soak` tries every operation with every fault. Here, every operation meets a fault of each class, and every fault
some operations.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any

import pytest

from tests.robustness.kinds import FAULTS
from tests.robustness.stage import Stage
from tests.robustness.verdict import surprises
from tests.support.operations import NAMES
from unisync import ResponseError

CLASSES = (
    "ThrottlingException",
    "http-503",
    "drop",
    "drop-answer",
    "truncate",
    "missing-member",
    "reset in the body",
    "a length too short",
    "chunks cut short",
    "a page",
    "null",
    "elsewhere",
)
"""One fault of each class."""
SOME = 2
"""How many operations meet any other fault."""


@pytest.mark.parametrize("fault", CLASSES)
def test_every_operation_meets_a_fault_of_each_class(stage: Stage, client: Any, old_name: Any, fault: str) -> None:
    said: list[str] = []
    for number, (service, name) in enumerate(NAMES):
        asked = old_name if service == "codestar-connections" else client
        said += surprises(stage, asked, service, name, FAULTS[fault], lasts=number % 2 == 0)
    assert said == []


@pytest.mark.parametrize("fault", [name for name in FAULTS if name not in CLASSES])
def test_every_fault_meets_some_operations(
    stage: Stage, client: Any, old_name: Any, impatient: Any, fault: str
) -> None:
    first = list(FAULTS).index(fault)
    kind = FAULTS[fault]
    said: list[str] = []
    for number in range(1 if kind.is_silent or kind.is_heavy else SOME):
        service, name = NAMES[(first * 7 + number * 18) % len(NAMES)]
        asked = impatient if kind.is_silent else old_name if service == "codestar-connections" else client
        if kind.is_silent and service == "codestar-connections":
            service = "codeconnections"
        for lasts in (False,) if kind.is_silent or kind.is_heavy else (False, True):
            said += surprises(stage, asked, service, name, kind, lasts=lasts)
    assert said == []


def test_silence_without_end_is_given_up(stage: Stage, impatient: Any) -> None:
    assert surprises(stage, impatient, "iottwinmaker", "GetSyncJob", FAULTS["silence"], lasts=True) == []
    assert surprises(stage, impatient, "proton", "CreateRepository", FAULTS["silence"], lasts=True) == []


LATER = ("ThrottlingException", "http-503", "drop", "reset in the body", "truncate", "a page")


@pytest.fixture
def short_pages(stage: Stage) -> Iterator[None]:
    stage.reset()
    stage.aws.page_size = 1
    yield
    stage.aws.page_size = None
    stage.disarm()


@pytest.mark.usefixtures("short_pages")
@pytest.mark.parametrize("fault", LATER)
def test_a_later_page_that_goes_astray_loses_nothing_and_repeats_nothing(stage: Stage, client: Any, fault: str) -> None:
    whole = [each.full_name for each in client.proton.list_repositories()]
    assert len(whole) > 1
    listing = iter(client.proton.list_repositories())
    listed = [next(listing).full_name]
    stage.arm(FAULTS[fault], "proton", "ListRepositories", 1)
    with pytest.raises(ResponseError) if FAULTS[fault].gives is ResponseError else nullcontext():
        listed += [each.full_name for each in listing]
        assert listed == whole
