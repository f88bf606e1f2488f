"""Backoff: pauses that grow to a maximum, shortened by chance."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unisync import Backoff, InvalidArgumentError


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"initial": 0}, "initial: expected a number above 0, got 0"),
        ({"initial": float("nan")}, "initial: expected a number above 0, got nan"),
        ({"maximum": 1}, "maximum: expected at least initial, got 1"),
        ({"maximum": float("inf")}, "maximum: expected at least initial, got inf"),
        ({"factor": 0.5}, "factor: expected a number from 1, got 0.5"),
        ({"jitter": 1.5}, "jitter: expected a number from 0 to 1, got 1.5"),
    ],
)
def test_a_bad_argument_is_rejected(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        Backoff(**wrong)
    assert str(caught.value) == message


def test_pauses_grow_by_the_factor_to_the_maximum() -> None:
    backoff = Backoff(initial=2, maximum=10, factor=2, jitter=0)
    assert [backoff.delay(tries) for tries in (1, 2, 3, 4, 5, 100_000)] == [2, 4, 8, 10, 10, 10]


def test_a_small_factor_reaches_the_maximum_too() -> None:
    backoff = Backoff(initial=1, maximum=100, factor=1.01, jitter=0)
    assert backoff.delay(100) == pytest.approx(1.01**99)
    assert backoff.delay(1000) == 100


@given(tries=st.integers(1, 100_000), factor=st.floats(1, 1e6), jitter=st.floats(0, 1), drawn=st.floats(0, 1))
def test_chance_shortens_a_pause_by_at_most_the_jitter(tries: int, factor: float, jitter: float, drawn: float) -> None:
    full = Backoff(initial=1, maximum=20, factor=factor, jitter=0).delay(tries)
    pause = Backoff(initial=1, maximum=20, factor=factor, jitter=jitter).delay(tries, lambda: drawn)
    assert (1 - jitter) * full <= pause <= full <= 20


def test_the_default_draws_by_itself() -> None:
    pauses = {Backoff().delay(1) for _ in range(50)}
    assert len(pauses) > 1
    assert all(1.5 <= pause <= 2 for pause in pauses)
