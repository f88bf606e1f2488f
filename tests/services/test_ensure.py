"""Ensuring a configuration: created, updated or unchanged, also in races with other clients."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.operations import GIT, KEY, ROLE, Known, client_argument_of, prepare
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


# What is not a sync configuration: sync jobs, repository links, and the registrations of Proton's repositories.

OTHER_ROLE, OTHER_KEY = "arn:aws:iam::123456789012:role/other", f"{KEY}-other"
OTHERS = ["job", "link", "repository"]
CHANGED = {
    "job": {"sync_role": OTHER_ROLE},
    "link": {"encryption_key_arn": OTHER_KEY},
    "repository": {"encryption_key": OTHER_KEY},
}


CONFLICTS = {
    "job": (
        f"iottwinmaker CreateSyncJob: ConflictException: twinmaker:plant exists, and its sync_role is '{ROLE}', not "
        f"'{OTHER_ROLE}'. AWS cannot update it: delete it (delete_sync_job), wait until it is deleted "
        "(wait_until_deleted), and ensure it again"
    ),
    "repository": (
        "proton CreateRepository: ConflictException: the repository acme/new exists, and its encryption_key is "
        f"'{KEY}', not '{OTHER_KEY}'. AWS cannot update it: delete the registration (delete_repository), and ensure it "
        "again"
    ),
}


def ensuring_other(client: Any, kind: str, known: Known, **changes: Any) -> Any:
    """Ensure something that does not exist at first."""
    if kind == "job":
        return client.twinmaker.ensure_sync_job("plant", **{"sync_role": ROLE, **changes})
    if kind == "link":
        desired = {"connection_arn": known.connection, "owner_id": "acme", "repository_name": "new"}
        return client.codeconnections.ensure_repository_link(**{**desired, "encryption_key_arn": KEY, **changes})
    desired = {"connection_arn": known.connection, "encryption_key": KEY}
    return client.proton.ensure_repository("acme/new", "GITHUB", **{**desired, **changes})


@pytest.mark.parametrize("kind", OTHERS)
def test_others_are_created_then_unchanged(aws: Emulator, make_either: Callable[..., Any], kind: str) -> None:
    client, known = make_either(), prepare(aws)
    start = len(aws.calls)
    created = ensuring_other(client, kind, known)
    assert (created.action, created.before, created.changed, created.requests) == ("created", None, (), ())
    again = ensuring_other(client, kind, known)
    assert (again.action, again.definition, again.before) == ("unchanged", created.definition, created.definition)
    assert [verb for verb in verbs(aws, start) if verb not in ("Get", "Lis")] == ["Cre"]


@pytest.mark.parametrize("kind", OTHERS)
def test_the_creation_of_others_with_a_lost_response_is_looked_up(
    aws: Emulator, client: Unisync, known: Known, kind: str
) -> None:
    for create in ("CreateSyncJob", "CreateRepositoryLink", "CreateRepository"):
        aws.fault(create, "drop-answer")
    start = len(aws.calls)
    assert ensuring_other(client, kind, known).action == "created"
    assert verbs(aws, start).count("Cre") == 1


def test_a_link_is_updated(aws: Emulator, client: Unisync, known: Known) -> None:
    created = ensuring_other(client, "link", known).definition
    start = len(aws.calls)
    updated = ensuring_other(client, "link", known, encryption_key_arn=OTHER_KEY)
    assert (updated.action, updated.changed, updated.before) == ("updated", ("encryption_key_arn",), created)
    assert updated.definition.encryption_key_arn == OTHER_KEY
    assert updated.definition.repository_link_id == created.repository_link_id
    assert verbs(aws, start) == ["Lis", "Upd"]
    assert ensuring_other(client, "link", known, encryption_key_arn=None).action == "unchanged"


@pytest.mark.parametrize("dry_run", [True, False])
@pytest.mark.parametrize("kind", ["job", "repository"])
def test_what_aws_cannot_update_is_a_conflict_that_says_what_differs(
    aws: Emulator, client: Unisync, known: Known, kind: str, dry_run: bool
) -> None:
    ensuring_other(client, kind, known)
    start = len(aws.calls)
    with pytest.raises(ConflictError) as caught:
        ensuring_other(client, kind, known, **CHANGED[kind], dry_run=dry_run)
    assert str(caught.value) == CONFLICTS[kind]
    assert verbs(aws, start) == ["Get"]
    assert ensuring_other(client, kind, known).action == "unchanged"


def test_a_connection_that_aws_does_not_name_does_not_mean_to_delete_the_registration(
    aws: Emulator, client: Unisync, known: Known
) -> None:
    ensuring_other(client, "repository", known)
    aws.fault("GetRepository", "missing-member", member="connectionArn")
    with pytest.raises(ConflictError, match="AWS did not say which connection it has") as caught:
        ensuring_other(client, "repository", known)
    assert "delete_repository" not in str(caught.value)


@pytest.mark.parametrize("dry_run", [True, False])
def test_a_job_that_is_being_deleted_is_a_conflict(aws: Emulator, client: Unisync, known: Known, dry_run: bool) -> None:
    ensuring_other(client, "job", known)
    aws.clock.advance(600)
    client.twinmaker.delete_sync_job("plant")
    with pytest.raises(ConflictError, match="twinmaker:plant is being deleted: wait until it is deleted"):
        ensuring_other(client, "job", known, dry_run=dry_run)
    aws.clock.advance(600)
    assert ensuring_other(client, "job", known).action == "created"


def test_the_arguments_of_others_are_rejected_before_anything_is_sent(
    aws: Emulator, client: Unisync, known: Known
) -> None:
    start = len(aws.calls)
    for kind in OTHERS:
        for name in CHANGED[kind]:
            with pytest.raises(InvalidArgumentError, match=f"{name}: expected "):
                ensuring_other(client, kind, known, **{name: 5})
        with pytest.raises(InvalidArgumentError, match="tags: expected a mapping of keys to values, got "):
            ensuring_other(client, kind, known, tags=["team"])
    assert verbs(aws, start) == []


# Dry runs.


@pytest.mark.parametrize("case", CASES)
def test_a_dry_run_says_what_is_done_otherwise(aws: Emulator, make_either: Callable[..., Any], case: str) -> None:
    client, known = make_either(**client_argument_of(case)), prepare(aws)

    def compare(**changes: Any) -> Any:
        start = len(aws.calls)
        planned = ensuring(client, case, known, **changes, dry_run=True)
        assert set(verbs(aws, start)) == {"Get"}
        start = len(aws.calls)
        done = ensuring(client, case, known, **changes)
        assert (planned.action, planned.changed, planned.before) == (done.action, done.changed, done.before)
        sent = [call for call in aws.calls[start:] if not call.operation.startswith("Get")]
        assert [(each.service, each.operation, each.params) for each in planned.requests] == [
            (call.service, call.operation, call.params) for call in sent
        ]
        return planned

    created = compare()
    assert created.action == "created"
    with pytest.raises(InvalidArgumentError, match="definition: the dry run created nothing"):
        _ = created.definition
    unchanged = compare()
    assert (unchanged.action, unchanged.definition) == ("unchanged", unchanged.before)
    updated = compare(branch="release")
    assert (updated.action, updated.changed, updated.definition.branch) == ("updated", ("branch",), "main")


@pytest.mark.parametrize("kind", OTHERS)
def test_a_dry_run_of_others_says_what_is_done_otherwise(
    aws: Emulator, client: Unisync, known: Known, kind: str
) -> None:
    start = len(aws.calls)
    planned = ensuring_other(client, kind, known, tags={"team": "a"}, dry_run=True)
    assert not {"Cre", "Upd", "Tag"} & {*verbs(aws, start)}
    start = len(aws.calls)
    ensuring_other(client, kind, known, tags={"team": "a"})
    (request,), (created,) = planned.requests, [call for call in aws.calls[start:] if call.operation.startswith("Cre")]
    assert planned.action == "created"
    assert (request.operation, request.params) == (created.operation, created.params)


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
                update=lambda _, changed: self.write(changed["value"], creating=False),
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
        drive(ensure({}, read=store.read, create=create, update=_no), sleeps=sleeps)
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


def _no(*_: object) -> Any:
    raise AssertionError("there is nothing to update")
