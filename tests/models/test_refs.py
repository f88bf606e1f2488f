"""References: text that round-trips, equality, pickling, and invalid names."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unisync import (
    FleetSync,
    InvalidArgumentError,
    ServiceInstanceSync,
    StackSync,
    SyncRef,
    TemplateSync,
    TwinMakerSync,
    UnisyncError,
    parse_fleet_ref,
    parse_ref,
)

TEXTS = [
    (TwinMakerSync("factory"), "twinmaker:factory"),
    (TwinMakerSync("factory", "OTHER"), "twinmaker:factory/OTHER"),
    (ServiceInstanceSync("web", "prod"), "proton:web/prod"),
    (TemplateSync("web", "SERVICE", "1"), "proton-template:SERVICE/web/1"),
    (StackSync("payments-prod"), "codeconnections:payments-prod"),
    (StackSync("payments-prod", "OTHER_SYNC"), "codeconnections:payments-prod/OTHER_SYNC"),
]


@pytest.mark.parametrize(("ref", "text"), TEXTS)
def test_a_reference_round_trips_through_its_text(ref: SyncRef[Any], text: str) -> None:
    assert str(ref) == text
    assert parse_ref(text) == ref


@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws:cloudformation:eu-west-1:123456789012:stack/payments-prod/6a1b2c3d-0000-11ee-8c99-0242ac120002",
        "arn:aws-cn:cloudformation:cn-north-1:123456789012:stack/payments-prod/6a1b2c3d",
        "arn:aws:aws:cloudformation:eu-west-1:123456789012:stack/payments-prod",
    ],
)
def test_a_stack_may_be_named_by_its_arn(arn: str) -> None:
    assert StackSync(arn) == StackSync("payments-prod") == parse_ref(f"codeconnections:{arn}")
    there = FleetSync("123456789012", "eu-west-1", StackSync(arn))
    assert parse_fleet_ref(f"123456789012/eu-west-1/codeconnections:{arn}") == there
    assert str(there).endswith("/codeconnections:payments-prod")


@pytest.mark.parametrize("arn", ["arn:aws:s3:::bucket/key", "arn:aws:cloudformation:eu-west-1:1:changeSet/a/b"])
def test_another_arn_is_rejected(arn: str) -> None:
    with pytest.raises(InvalidArgumentError, match="resource_name"):
        StackSync(arn)


def test_a_text_may_contain_the_default() -> None:
    assert parse_ref("twinmaker:factory/SITEWISE") == TwinMakerSync("factory")
    assert parse_ref("codeconnections:stack/CFN_STACK_SYNC") == StackSync("stack")


names = st.text(
    st.characters(blacklist_categories=["Zs", "Zl", "Zp", "Cc", "Cs"], blacklist_characters="/:"), min_size=1
)


@given(
    st.one_of(
        st.builds(TwinMakerSync, names, names),
        st.builds(ServiceInstanceSync, names, names),
        st.builds(TemplateSync, names, names, names),
        st.builds(StackSync, names, names),
    )
)
def test_every_reference_round_trips_through_text_pickle_and_copy(ref: SyncRef[Any]) -> None:
    for twin in (parse_ref(str(ref)), pickle.loads(pickle.dumps(ref)), copy.deepcopy(ref)):
        assert twin == ref
        assert hash(twin) == hash(ref)
        assert type(twin) is type(ref)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "factory",
        "twinmaker",
        "twinmaker:",
        "twinmaker:a/b/c",
        "proton:web",
        "proton:web/",
        "proton:/prod",
        "proton:web/prod/more",
        "proton-template:SERVICE/web",
        "codeconnections:",
        "codeconnections:a b",
        "codeconnections:a:b",
        "lambda:f",
        "TWINMAKER:factory",
    ],
)
def test_an_invalid_text_is_rejected(text: str) -> None:
    with pytest.raises(InvalidArgumentError, match="expected") as caught:
        parse_ref(text)
    assert isinstance(caught.value, ValueError)
    assert isinstance(caught.value, UnisyncError)


def test_the_error_for_an_invalid_text_names_the_forms() -> None:
    expected = "twinmaker:WORKSPACE[/SOURCE], proton:SERVICE/INSTANCE, proton-template:TYPE/TEMPLATE/VERSION"
    with pytest.raises(InvalidArgumentError) as caught:
        parse_ref("lambda:f")
    assert str(caught.value) == f"text: expected {expected} or codeconnections:RESOURCE, got 'lambda:f'"


def test_a_reference_of_a_fleet_round_trips_through_its_text() -> None:
    ref = FleetSync("111111111111", "eu-west-1", TwinMakerSync("factory", "OTHER"))
    assert str(ref) == "111111111111/eu-west-1/twinmaker:factory/OTHER"
    for twin in (parse_fleet_ref(str(ref)), pickle.loads(pickle.dumps(ref)), copy.deepcopy(ref)):
        assert twin == ref
        assert hash(twin) == hash(ref)


@pytest.mark.parametrize("text", ["", "twinmaker:factory", "111111111111/eu-west-1", "111111111111/eu-west-1/"])
def test_an_invalid_text_of_a_fleet_is_rejected(text: str) -> None:
    expected = "ACCOUNT/REGION/REFERENCE, such as 123456789012/eu-west-1/twinmaker:factory"
    with pytest.raises(InvalidArgumentError, match=f"^text: expected {expected}, got {text!r}$"):
        parse_fleet_ref(text)


def test_the_parts_of_a_reference_of_a_fleet_are_checked() -> None:
    wrong_syncs: list[Any] = [FleetSync("111111111111", "eu-west-1", StackSync("a")), "codeconnections:a"]
    with pytest.raises(InvalidArgumentError, match="account: expected a name"):
        FleetSync("1/1", "eu-west-1", StackSync("a"))
    with pytest.raises(InvalidArgumentError, match="region: expected a name"):
        FleetSync("111111111111", "", StackSync("a"))
    for wrong in wrong_syncs:
        with pytest.raises(InvalidArgumentError, match=r"sync: expected a reference such as StackSync\(\.\.\.\), got"):
            FleetSync("111111111111", "eu-west-1", wrong)


@pytest.mark.parametrize("name", ["", " ", "a b", "a/b", "a:b", "a\n", "\x00", 7, None])
def test_an_ambiguous_name_is_rejected(name: Any) -> None:
    with pytest.raises(InvalidArgumentError, match="service_instance_name: expected a name"):
        ServiceInstanceSync("web", name)


def test_a_reference_cannot_be_changed() -> None:
    ref: Any = StackSync("payments-prod")
    with pytest.raises(AttributeError):
        ref.resource_name = "other"
    with pytest.raises((AttributeError, TypeError)):
        ref.nonsense = 1


def test_references_of_different_kinds_differ() -> None:
    assert len({StackSync("a"), TwinMakerSync("a"), StackSync("a"), StackSync("a", "B")}) == 3
