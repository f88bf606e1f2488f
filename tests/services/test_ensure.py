"""Ensuring a configuration: created, updated or unchanged, also in races with other clients."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.operations import GIT, ROLE, Known, client_argument_of, prepare
from tests.support.samples import drive
from unisync import (
    AccessDeniedError,
    AlreadyExistsError,
    ConflictError,
    InvalidArgumentError,
    NotFoundError,
    ServerError,
    ThrottledError,
    TransportError,
    Unisync,
    UnisyncError,
)
from unisync._core.flow import Flow, Sleep
from unisync._services.ensure import MAX_ROUNDS, EnsureResult, ensure
from unisync.emulator import Emulator

pytestmark = pytest.mark.slow

CASES = ["codeconnections", "codestar-connections", "service", "template"]
"""The configurations: that of a stack, under both names of the service, of a Proton service and of a template."""


@pytest.fixture
def case() -> str:
    """The configuration of a test that has no parameter for it."""
    return "codeconnections"


@pytest.fixture
def client(aws: Emulator, case: str) -> Iterator[Unisync]:
    options: dict[str, Any] = client_argument_of(case)
    with Unisync(**aws.client_options(), **options) as client:
        yield client


@pytest.fixture
def known(aws: Emulator, client: Unisync) -> Known:
    return prepare(aws, client)


def ensuring(client: Any, case: str, known: Known, **changes: Any) -> Any:
    """Ensure the configuration of something that has none at first."""
    if case.startswith("code"):
        desired = {"repository_link_id": known.link, "branch": "main", "config_file": "a.yaml", "role_arn": ROLE}
        return client.codeconnections.ensure_sync_configuration("orders", **{**desired, **changes})
    if case == "service":
        return client.proton.ensure_service_sync_config("api", **{**GIT, "file_path": "ops.yaml", **changes})
    return client.proton.ensure_template_sync_config("api", "SERVICE", **{**GIT, "subdirectory": "t", **changes})


def verbs(aws: Emulator, since: int) -> list[str]:
    """The first letters of each operation since a call: Get, Cre or Upd."""
    return [call.operation[:3] for call in aws.calls[since:]]


@pytest.mark.parametrize("case", CASES)
def test_created_then_unchanged_then_updated(aws: Emulator, make_either: Callable[..., Any], case: str) -> None:
    client, known = make_either(**client_argument_of(case)), prepare(aws)
    start = len(aws.calls)
    created = ensuring(client, case, known)
    assert (created.action, created.definition.branch, created.before, created.changed) == ("created", "main", None, ())
    assert verbs(aws, start) == ["Get", "Cre"]

    again = ensuring(client, case, known)
    assert (again.action, again.definition, again.before) == ("unchanged", created.definition, created.definition)
    assert verbs(aws, start)[2:] == ["Get"]

    moved = ensuring(client, case, known, branch="release")
    assert (moved.action, moved.definition.branch, moved.changed) == ("updated", "release", ("branch",))
    assert moved.before == created.definition
    assert verbs(aws, start)[3:] == ["Get", "Upd"]
    assert ensuring(client, case, known, branch="release").action == "unchanged"


def test_parameters_that_are_none_stay_unchanged(known: Known, client: Unisync) -> None:
    ensuring(client, "codeconnections", known, pull_request_comment="ENABLED")
    kept = ensuring(client, "codeconnections", known, publish_deployment_status="ENABLED")
    assert (kept.action, kept.changed) == ("updated", ("publish_deployment_status",))
    assert (kept.definition.pull_request_comment, kept.definition.publish_deployment_status) == ("ENABLED", "ENABLED")


def test_a_template_may_be_the_root_of_the_repository(known: Known, client: Unisync) -> None:
    ensuring(client, "template", known, subdirectory="templates")
    moved = ensuring(client, "template", known, subdirectory=None)
    assert (moved.changed, moved.definition.subdirectory) == (("subdirectory",), None)
    assert ensuring(client, "template", known, subdirectory=None).action == "unchanged"
    with pytest.raises(InvalidArgumentError, match="subdirectory: expected 1 to 4096 characters"):
        ensuring(client, "template", known, subdirectory="")


def test_a_repository_is_compared_in_protons_spelling(aws: Emulator, known: Known, client: Unisync) -> None:
    aws.add_repository("acme/moved")
    ensuring(client, "service", known)
    moved = ensuring(client, "service", known, repository_name="acme/moved")
    assert (moved.changed, moved.definition.full_name) == (("repository_name",), "acme/moved")


READ_FAULTS = {
    "AccessDeniedException": AccessDeniedError,
    "ThrottlingException": ThrottledError,
    "drop-answer": TransportError,
    "truncate": UnisyncError,
    "garble": UnisyncError,
    "html": UnisyncError,
    "empty": UnisyncError,
}


@pytest.mark.parametrize(
    ("case", "fault"),
    [("codeconnections", fault) for fault in READ_FAULTS] + [(case, "AccessDeniedException") for case in CASES[1:]],
)
def test_a_failed_read_does_not_count_as_not_found(
    aws: Emulator, client: Unisync, known: Known, case: str, fault: str
) -> None:
    for read in ("GetSyncConfiguration", "GetServiceSyncConfig", "GetTemplateSyncConfig"):
        aws.fault(read, fault, times=None)
    start = len(aws.calls)
    with pytest.raises(READ_FAULTS[fault]) as caught:
        ensuring(client, case, known)
    assert not isinstance(caught.value, NotFoundError)
    assert set(verbs(aws, start)) == {"Get"}


def test_another_missing_resource_is_not_a_lost_race(aws: Emulator, known: Known, client: Unisync) -> None:
    ensuring(client, "service", known)
    start = len(aws.calls)
    with pytest.raises(NotFoundError):
        ensuring(client, "service", known, repository_name="acme/unregistered")
    assert verbs(aws, start) == ["Get", "Upd", "Get"]


@pytest.mark.parametrize("case", CASES)
def test_a_creation_with_a_lost_response_is_looked_up(aws: Emulator, client: Unisync, known: Known, case: str) -> None:
    for create in ("CreateSyncConfiguration", "CreateServiceSyncConfig", "CreateTemplateSyncConfig"):
        aws.fault(create, "drop-answer")
    start = len(aws.calls)
    assert ensuring(client, case, known).action == "created"
    assert verbs(aws, start).count("Cre") == 1


@pytest.mark.parametrize("case", CASES)
def test_an_invalid_parameter_is_rejected_before_anything_is_sent(
    aws: Emulator, client: Unisync, known: Known, case: str
) -> None:
    start = len(aws.calls)
    for wrong in ("", None, 5):
        with pytest.raises(InvalidArgumentError, match="branch: expected "):
            ensuring(client, case, known, branch=wrong)
    if case == "codestar-connections":
        with pytest.raises(InvalidArgumentError, match="pull_request_comment: expected None"):
            ensuring(client, case, known, pull_request_comment="ENABLED")
    assert verbs(aws, start) == []


# Flows driven by hand: races with another client.


def error_of(kind: type[Any]) -> Any:
    return kind({"Error": {"Code": "X", "Message": "x"}}, "Op", "proton")


@dataclass(frozen=True)
class Configuration:
    value: str


class Store:
    """A configuration that another client changes before and after the writes of `ensure`."""

    def __init__(self, value: str | None) -> None:
        self.value = value
        self.before_write: list[Callable[[], None]] = []
        self.after_write: list[Callable[[], None]] = []
        self.writes: list[str] = []

    def ensure(self, desired: str) -> EnsureResult[Configuration]:
        return drive(
            ensure(
                {"value": desired},
                read=self.read,
                create=lambda: self.write(desired, creating=True),
                update=lambda changed: self.write(changed["value"], creating=False),
            )
        )

    def read(self) -> Flow[Configuration]:
        yield Sleep(0)
        if self.value is None:
            raise error_of(NotFoundError)
        return Configuration(self.value)

    def write(self, value: str, *, creating: bool) -> Flow[Configuration | None]:
        yield Sleep(0)
        if self.before_write:
            self.before_write.pop(0)()
        if creating != (self.value is None):
            raise error_of(AlreadyExistsError if creating else NotFoundError)
        self.value = value
        self.writes.append(value)
        if self.after_write:
            self.after_write.pop(0)()
        return None  # as Proton may

    def set_to(self, value: str | None) -> Callable[[], None]:
        def change() -> None:
            self.value = value

        return change


@given(
    start=st.sampled_from([None, "mine", "theirs"]),
    meanwhile=st.lists(st.sampled_from([None, "mine", "theirs"]), max_size=MAX_ROUNDS - 1),
)
def test_a_lost_race_is_retried(start: str | None, meanwhile: list[str | None]) -> None:
    store = Store(start)
    store.before_write = [store.set_to(value) for value in meanwhile]
    result = store.ensure("mine")
    assert store.value == result.definition.value == "mine"
    assert result.action == {0: "unchanged"}.get(len(store.writes), "created" if result.before is None else "updated")
    assert (result.changed == ("value",)) == (result.action == "updated")
    assert len(store.writes) <= 1


def test_lost_races_are_retried_up_to_a_limit() -> None:
    store = Store(None)
    store.before_write = [store.set_to("theirs"), store.set_to(None)] * 20
    with pytest.raises((ConflictError, NotFoundError)):
        store.ensure("mine")
    assert len(store.before_write) == 40 - MAX_ROUNDS


def test_a_lasting_conflict_is_raised() -> None:
    def create() -> Flow[Configuration | None]:
        yield Sleep(0)
        raise error_of(ConflictError)

    store, sleeps = Store(None), list[float]()
    with pytest.raises(ConflictError):
        drive(ensure({}, read=store.read, create=create, update=lambda _: create()), sleeps=sleeps)
    assert sum(each > 0 for each in sleeps) == MAX_ROUNDS - 1


def test_any_other_error_is_raised_at_once() -> None:
    store = Store(None)

    def fail() -> None:
        raise error_of(ServerError)

    store.before_write = [fail, fail]
    with pytest.raises(ServerError):
        store.ensure("mine")
    assert len(store.before_write) == 1


def test_the_update_of_an_earlier_round_counts_as_updated() -> None:
    """The response to the update was lost; the next round finds its result."""

    def conflict() -> None:
        error = error_of(ConflictError)
        error.outcome_unknown = True
        raise error

    store = Store("theirs")
    store.after_write = [conflict]
    result = store.ensure("mine")
    assert (result.action, result.changed, result.before) == ("updated", ("value",), Configuration("theirs"))
    assert store.writes == ["mine"]


def test_a_creation_that_is_visible_late_counts_as_created() -> None:
    store = Store(None)
    reads = iter([None, None, "mine"])

    def read() -> Flow[Configuration]:
        yield Sleep(0)
        found = next(reads)
        if found is None:
            raise error_of(NotFoundError)
        return Configuration(found)

    result = drive(ensure({"value": "mine"}, read=read, create=lambda: store.write("mine", creating=True), update=_no))
    assert (result.action, result.definition, result.before) == ("created", Configuration("mine"), None)


def _no(_: object) -> Any:
    raise AssertionError("there is nothing to update")
