"""What is ensured comes to be, whoever else is at work, and what cannot be read is not taken for absent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.operations import GIT, ROLE, client_argument_of, prepare
from tests.support.samples import drive
from unisync import (
    AccessDeniedError,
    AlreadyExistsError,
    ConflictError,
    InvalidRequestError,
    NotFoundError,
    ResponseError,
    ServerError,
    ServiceError,
    ThrottledError,
    TransportError,
    UnisyncError,
)
from unisync._core.flow import Flow, Sleep
from unisync._services.ensure import ROUNDS, EnsureResult, ensure
from unisync.emulator import Emulator

Make = Callable[..., Any]

CASES = ["stack", "stack under the old name", "service", "template"]


def ensuring(client: Any, case: str, aws: Emulator, known: Any, **changes: Any) -> Any:
    """Ensure a definition of something that has none yet."""
    if case.startswith("stack"):
        wanted = {"repository_link_id": known.link, "branch": "main", "config_file": "a.yaml", "role_arn": ROLE}
        return client.codeconnections.ensure_sync_configuration("orders", **{**wanted, **changes})
    if case == "service":
        return client.proton.ensure_service_sync_config("api", **{**GIT, "file_path": "ops.yaml", **changes})
    return client.proton.ensure_template_sync_config("api", "SERVICE", **{**GIT, "subdirectory": "t", **changes})


def client_for(make_either: Make, case: str) -> Any:
    return make_either(**client_argument_of("codestar-connections" if "old" in case else "codeconnections"))


def operations(aws: Emulator, since: int) -> list[str]:
    return [call.operation for call in aws.calls[since:]]


@pytest.mark.parametrize("case", CASES)
def test_created_then_unchanged_then_updated(aws: Emulator, make_either: Make, case: str) -> None:
    known, client = prepare(aws), client_for(make_either, case)
    begin = len(aws.calls)
    created = ensuring(client, case, aws, known)
    assert (created.action, created.definition.branch, created.before, created.changed) == ("created", "main", None, ())
    read, create = operations(aws, begin)
    assert read.startswith("Get")
    assert create.startswith("Create")

    again = ensuring(client, case, aws, known)
    assert (again.action, again.definition, again.before) == ("unchanged", created.definition, created.definition)
    assert operations(aws, begin)[2:] == [read]

    moved = ensuring(client, case, aws, known, branch="release")
    assert (moved.action, moved.definition.branch, moved.changed) == ("updated", "release", ("branch",))
    assert moved.before == created.definition
    assert operations(aws, begin)[4].startswith("Update")
    assert ensuring(client, case, aws, known, branch="release").action == "unchanged"


def test_what_is_not_said_stays_as_it_is(aws: Emulator, make_either: Make) -> None:
    known, client = prepare(aws), make_either()
    ensuring(client, "stack", aws, known, pull_request_comment="ENABLED")
    kept = ensuring(client, "stack", aws, known, publish_deployment_status="ENABLED")
    assert (kept.action, kept.changed) == ("updated", ("publish_deployment_status",))
    assert (kept.definition.pull_request_comment, kept.definition.publish_deployment_status) == ("ENABLED", "ENABLED")


def test_a_template_can_be_ensured_to_be_the_whole_repository(aws: Emulator, make_either: Make) -> None:
    known, client = prepare(aws), make_either()
    ensuring(client, "template", aws, known, subdirectory="templates")
    moved = ensuring(client, "template", aws, known, subdirectory=None)
    assert (moved.changed, moved.definition.subdirectory) == (("subdirectory",), None)
    assert ensuring(client, "template", aws, known, subdirectory=None).action == "unchanged"
    with pytest.raises(InvalidRequestError, match="subdirectory: expected 1 to 4096 characters and got ''"):
        ensuring(client, "template", aws, known, subdirectory="")


def test_a_repository_is_compared_in_protons_own_spelling(aws: Emulator, make_either: Make) -> None:
    known, client = prepare(aws), make_either()
    aws.add_repository("acme/moved")
    ensuring(client, "service", aws, known)
    moved = ensuring(client, "service", aws, known, repository_name="acme/moved")
    assert (moved.changed, moved.definition.full_name) == (("repository_name",), "acme/moved")


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize(
    ("code", "error"), [("AccessDeniedException", AccessDeniedError), ("ThrottlingException", ThrottledError)]
)
def test_what_cannot_be_read_is_not_taken_for_absent(
    aws: Emulator, make_either: Make, case: str, code: str, error: type[UnisyncError]
) -> None:
    known, client = prepare(aws), client_for(make_either, case)
    for read in ("GetSyncConfiguration", "GetServiceSyncConfig", "GetTemplateSyncConfig"):
        aws.fault(read, code, times=None)
    begin = len(aws.calls)
    with pytest.raises(error):
        ensuring(client, case, aws, known)
    assert all(operation.startswith("Get") for operation in operations(aws, begin))


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("fault_kind", ["drop-answer", "garble", "html", "truncate", "empty"])
def test_an_absence_that_cannot_be_read_is_no_absence(
    aws: Emulator, make_either: Make, case: str, fault_kind: str
) -> None:
    known, client = prepare(aws), client_for(make_either, case)
    for read in ("GetSyncConfiguration", "GetServiceSyncConfig", "GetTemplateSyncConfig"):
        aws.fault(read, fault_kind, times=None)
    begin = len(aws.calls)
    with pytest.raises((TransportError, ResponseError, ServiceError)) as caught:
        ensuring(client, case, aws, known)
    assert not isinstance(caught.value, NotFoundError)
    assert all(operation.startswith("Get") for operation in operations(aws, begin))


def test_what_is_missing_besides_is_no_lost_race(aws: Emulator, make_either: Make) -> None:
    known, client = prepare(aws), make_either()
    ensuring(client, "service", aws, known)
    begin = len(aws.calls)
    with pytest.raises(NotFoundError):
        ensuring(client, "service", aws, known, repository_name="acme/unregistered")
    assert [operation[:3] for operation in operations(aws, begin)] == ["Get", "Upd", "Get"]


@pytest.mark.parametrize("case", CASES)
def test_an_answer_that_was_lost_is_looked_up(aws: Emulator, make_either: Make, case: str) -> None:
    known, client = prepare(aws), client_for(make_either, case)
    for create in ("CreateSyncConfiguration", "CreateServiceSyncConfig", "CreateTemplateSyncConfig"):
        aws.fault(create, "drop-answer")
    begin = len(aws.calls)
    assert ensuring(client, case, aws, known).action == "created"
    assert sum(operation.startswith("Create") for operation in operations(aws, begin)) == 1


@pytest.mark.parametrize("case", CASES)
def test_a_parameter_that_cannot_be_is_refused_before_it_is_sent(aws: Emulator, make_either: Make, case: str) -> None:
    known, client = prepare(aws), client_for(make_either, case)
    begin = len(aws.calls)
    for wrong in ("", None, 5):
        with pytest.raises(InvalidRequestError, match="branch: expected "):
            ensuring(client, case, aws, known, branch=wrong)
    if "old" in case:
        with pytest.raises(InvalidRequestError, match="pull_request_comment: expected None"):
            ensuring(client, case, aws, known, pull_request_comment="ENABLED")
    assert operations(aws, begin) == []


# By hand: a race with somebody else, who creates, changes and deletes.


def fault(kind: type[Any]) -> Any:
    return kind({"Error": {"Code": "X", "Message": "x"}}, "Op", "proton")


@dataclass(frozen=True)
class Definition:
    value: str


class Store:
    """One definition, which the test changes behind the back of whoever ensures it."""

    def __init__(self, value: str | None) -> None:
        self.value = value
        self.before_write: list[Callable[[], None]] = []
        self.after_write: list[Callable[[], None]] = []
        self.writes: list[str] = []

    def ensure(self, wanted: str) -> EnsureResult[Definition]:
        return drive(
            ensure(
                {"value": wanted},
                read=self.read,
                create=lambda: self.write(wanted, creating=True),
                update=lambda changed: self.write(changed["value"], creating=False),
            )
        )

    def read(self) -> Flow[Definition]:
        yield Sleep(0)
        if self.value is None:
            raise fault(NotFoundError)
        return Definition(self.value)

    def write(self, value: str, *, creating: bool) -> Flow[Definition | None]:
        yield Sleep(0)
        if self.before_write:
            self.before_write.pop(0)()
        if creating != (self.value is None):
            raise fault(AlreadyExistsError if creating else NotFoundError)
        self.value = value
        self.writes.append(value)
        if self.after_write:
            self.after_write.pop(0)()
        return None  # as Proton may answer

    def becomes(self, value: str | None) -> Callable[[], None]:
        def change() -> None:
            self.value = value

        return change


@given(
    start=st.sampled_from([None, "mine", "theirs"]),
    meanwhile=st.lists(st.sampled_from([None, "mine", "theirs"]), max_size=ROUNDS - 1),
)
def test_a_lost_race_is_run_again(start: str | None, meanwhile: list[str | None]) -> None:
    store = Store(start)
    store.before_write = [store.becomes(value) for value in meanwhile]
    ensured = store.ensure("mine")
    assert store.value == ensured.definition.value == "mine"
    assert ensured.action == {0: "unchanged"}.get(len(store.writes), "created" if ensured.before is None else "updated")
    assert (ensured.changed == ("value",)) == (ensured.action == "updated")
    assert len(store.writes) <= 1


def test_a_race_that_is_always_lost_ends() -> None:
    store = Store(None)
    store.before_write = [store.becomes("theirs"), store.becomes(None)] * 20
    with pytest.raises((ConflictError, NotFoundError)):
        store.ensure("mine")
    assert len(store.before_write) == 40 - ROUNDS


def test_a_conflict_that_is_no_race_is_raised_in_the_end() -> None:
    def create() -> Flow[Definition | None]:
        yield Sleep(0)
        raise fault(ConflictError)

    store, sleeps = Store(None), list[float]()
    with pytest.raises(ConflictError):
        drive(ensure({}, read=store.read, create=create, update=lambda _: create()), sleeps=sleeps)
    assert sum(each > 0 for each in sleeps) == ROUNDS - 1


def test_another_failure_is_raised_at_once() -> None:
    store = Store(None)

    def fail() -> None:
        raise fault(ServerError)

    store.before_write = [fail, fail]
    with pytest.raises(ServerError):
        store.ensure("mine")
    assert len(store.before_write) == 1


def test_what_an_earlier_round_did_is_told_as_done() -> None:
    """The answer to an update was lost, and what it did is met again a round later."""

    def conflict() -> None:
        error = fault(ConflictError)
        error.outcome_unknown = True
        raise error

    store = Store("theirs")
    store.after_write = [conflict]
    ensured = store.ensure("mine")
    assert (ensured.action, ensured.changed, ensured.before) == ("updated", ("value",), Definition("theirs"))
    assert store.writes == ["mine"]


def test_what_was_created_is_told_as_created_though_it_is_not_found_at_once() -> None:
    store = Store(None)
    reads = iter([None, None, "mine"])

    def read() -> Flow[Definition]:
        yield Sleep(0)
        found = next(reads)
        if found is None:
            raise fault(NotFoundError)
        return Definition(found)

    ensured = drive(ensure({"value": "mine"}, read=read, create=lambda: store.write("mine", creating=True), update=_no))
    assert (ensured.action, ensured.definition, ensured.before) == ("created", Definition("mine"), None)


def _no(_: object) -> Any:
    raise AssertionError("there is nothing to update")
