"""The same over CBOR, as far as it is another way to read an answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.robustness.kinds import FAULTS
from tests.robustness.members import MANGLED
from tests.robustness.stage import Stage
from tests.robustness.verdict import surprises
from tests.support.cbor import NO_CBOR, leave_only_cbor

pytestmark = pytest.mark.skipif(NO_CBOR, reason="no CBOR in this botocore")

OPERATIONS = ("GetResourceSyncStatus", "CreateSyncConfiguration", "ListSyncConfigurations", "GetSyncBlockerSummary")
BODIES = [name for name, fault in FAULTS.items() if not isinstance(fault.cause, str) and not fault.is_silent]
OWN = ["truncate", "short", "garble", "empty", "html", "missing-member", "http-503"]
"""Those of the emulator's own faults that are about the body."""


@pytest.fixture(scope="module")
def client(make: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Either client, which speaks CBOR to CodeConnections."""
    folder = tmp_path_factory.mktemp("models")
    leave_only_cbor(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_DATA_PATH", str(folder))
        made = make()
        (repository, *_) = made.codeconnections.list_repository_links()
        assert repository.owner == "acme"
        return made


@pytest.mark.parametrize("fault", [*BODIES, *OWN])
def test_a_fault(stage: Stage, client: Any, fault: str) -> None:
    kind = FAULTS[fault]
    said: list[str] = []
    first = list(FAULTS).index(fault) % 2
    for name in OPERATIONS[:1] if kind.is_heavy else OPERATIONS[first::2]:
        said += surprises(stage, client, "codeconnections", name, kind, lasts=name.startswith("Get"))
    assert said == []


@pytest.mark.parametrize("fault", MANGLED)
def test_members_that_are_not_what_the_model_says(stage: Stage, client: Any, fault: str) -> None:
    name = OPERATIONS[list(MANGLED).index(fault) % len(OPERATIONS)]
    assert surprises(stage, client, "codeconnections", name, MANGLED[fault], lasts=True) == []
