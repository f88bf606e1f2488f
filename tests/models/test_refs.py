"""References: text that round-trips, equality, pickling, and invalid names."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unisync import (
    InvalidArgumentError,
    ServiceInstanceSync,
    StackSync,
    SyncRef,
    TemplateSync,
    TwinMakerSync,
    UnisyncError,
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
