"""What a tape shows of a string: its form, and nothing of whose it is."""

from __future__ import annotations

import re
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unisync.testing.tape.fields import Kind
from unisync.testing.tape.scrub import LeakError, Scrubber, form
from unisync.testing.tape.words import VOCABULARY, WORD

SHA = "4f2c9e1d6b7a80934cde51f2a6b7c8d9e0f1a2b3"
UUID = "0a1b2c3d-0000-4000-8000-000000000001"
STACK = f"arn:aws:cloudformation:eu-west-1:123456789012:stack/payments-prod/{UUID}"

Strings = list[tuple[str, Kind]]


def scrub(*strings: str, kind: Kind = Kind.NAME) -> list[str]:
    scrubber = Scrubber([(text, kind) for text in strings])
    scrubbed = [scrubber.scrub(text, kind) for text in strings]
    scrubber.check(scrubbed)
    return scrubbed


def classes(text: str) -> str:
    """The class of each character."""
    return "".join(
        "a" if each.islower() else "A" if each.isupper() else "1" if each.isdigit() else each for each in text
    )


@pytest.mark.parametrize("name", ["payments-prod", "Web_2", "a", "boiler-01.x", "user@example.org", "x" * 200])
def test_a_name_keeps_its_form(name: str) -> None:
    (scrubbed,) = scrub(name)
    assert classes(scrubbed) == classes(name)
    assert scrubbed != name


def test_the_same_is_replaced_by_the_same_everywhere() -> None:
    name, arn, longer, upper = scrub("payments-prod", STACK, "payments-prod-Queue-1A2B3C", "PAYMENTS")
    assert f"stack/{name}/" in arn
    assert longer.startswith(f"{name}-")
    assert upper == name.partition("-")[0].upper()


def test_an_arn_keeps_what_is_public() -> None:
    (arn,) = scrub(STACK)
    assert re.fullmatch(
        r"arn:aws:cloudformation:eu-west-1:\d{12}:stack/[a-z]{8}-[a-z]{4}/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
        arn,
    )
    assert "123456789012" not in arn
    assert scrub("arn:aws:proton:us-east-1:123456789012:service/service/service-instance/prod")[0].startswith(
        "arn:aws:proton:us-east-1:"
    )


def test_a_name_that_is_the_name_of_a_type_is_replaced() -> None:
    (arn,) = scrub("arn:aws:proton:us-east-1:123456789012:service/service/service-instance/connection")
    assert re.search(r":service/(?!service/)[a-z]{7}/service-instance/(?!connection)[a-z]{10}$", arn)


def test_a_short_sha_stays_the_beginning_of_the_long_one() -> None:
    long, short, other = scrub(SHA, SHA[:7], "90aa21b7c4d3e2f1a0b9c8d7e6f5a4b3c2d1e0f9")
    assert re.fullmatch("[0-9a-f]{40}", long)
    assert long.startswith(short)
    assert len(short) == 7
    assert other != long


def test_a_text_keeps_the_words_of_aws() -> None:
    texts = [
        f"Target {STACK} was modified at time Sun Nov 22 18:44:12 UTC 2026 by something besides StackSync.",
        f"payments-prod is at commit {SHA[:7]}",
        "Template error: instance of Fn::GetAtt references undefined resource Database",
        "The following resource(s) failed to update: [Queue, Table]. ",
    ]
    modified, live, template, failed = scrub(*texts, kind=Kind.TEXT)
    assert " was modified at time Sun Nov 22 18:44:12 UTC 2026 by something besides StackSync." in modified
    assert re.fullmatch(r"[a-z]{8}-[a-z]{4} is at commit [0-9a-f]{7}", live)
    assert re.fullmatch(r"Template error: instance of Fn::GetAtt references undefined resource [A-Z][a-z]{7}", template)
    assert re.fullmatch(r"The following resource\(s\) failed to update: \[[A-Z][a-z]{4}, [A-Z][a-z]{4}\]\. ", failed)
    assert [form(text) for text in (modified, live, template, failed)] == [
        "Target arn:* was modified at time <date> by something besides StackSync.",
        "* is at commit *",
        "Template error: instance of Fn::GetAtt references undefined resource *",
        "The following resource(s) failed to update: [*]. ",
    ]


def test_a_name_made_of_words_of_aws_is_replaced_in_texts_too() -> None:
    strings: Strings = [("update-stack", Kind.NAME), ("The update of update-stack failed", Kind.TEXT)]
    scrubber = Scrubber(strings)
    name, text = (scrubber.scrub(*each) for each in strings)
    assert text == f"The update of {name} failed"
    assert "update-stack" not in text
    scrubber.check([name, text])


def test_words_of_aws_stay_and_others_in_their_place_do_not() -> None:
    strings: Strings = [
        ("SYNC_FAILED", Kind.WORD),
        ("AWS::SQS::Queue", Kind.WORD),
        ("ResourceNotFoundException", Kind.WORD),
        ("com.amazonaws.proton#ConflictException", Kind.WORD),
        ("2026-11-22T18:44:12.5Z", Kind.DATE),
    ]
    scrubber = Scrubber(strings)
    assert [scrubber.scrub(*each) for each in strings] == [text for text, _ in strings]
    assert scrub("Custom::Payments", kind=Kind.WORD) != ["Custom::Payments"]
    assert scrub("the day of the launch", kind=Kind.DATE) != ["the day of the launch"]


def test_regions_stay_where_they_are_regions() -> None:
    for kind in (Kind.REGION, Kind.TEXT):
        assert scrub("eu-west-1", "us-gov-east-1", kind=kind) == ["eu-west-1", "us-gov-east-1"]
    (arn,) = scrub("arn:aws:sns:eu-west-1:123456789012:eu-west-1")
    assert re.fullmatch(r"arn:aws:sns:eu-west-1:\d{12}:(?!eu-west)[a-z]{2}-[a-z]{4}-\d", arn)


@pytest.mark.parametrize(
    ("name", "pattern"),
    [
        ("eu-west-1", r"(?!eu-west)[a-z]{2}-[a-z]{4}-\d"),
        ("release-2026-11-01", r"(?!release)[a-z]{7}-(?!2026)\d{4}-\d\d-\d\d"),
        (
            "feature/AWS::Acme::Billing",
            r"(?!feature)[a-z]{7}/[A-Z]{3}::(?!Acme)[A-Z][a-z]{3}::(?!Billing)[A-Z][a-z]{6}",
        ),
    ],
)
def test_names_that_look_public_are_replaced_also_in_texts(name: str, pattern: str) -> None:
    strings: Strings = [(name, Kind.NAME), (f"The update of {name} failed", Kind.TEXT)]
    scrubber = Scrubber(strings)
    scrubbed, text = (scrubber.scrub(*each) for each in strings)
    assert re.fullmatch(pattern, scrubbed), scrubbed
    assert text == f"The update of {scrubbed} failed"


def test_short_words_get_distinct_replacements_until_there_are_no_more() -> None:
    letters = [chr(ord("a") + index) for index in range(26)]
    assert len(set(scrub(*letters))) == 26


def test_letters_that_are_the_same_in_lower_case_stay_apart() -> None:
    kelvin, letter, small = scrub("\N{KELVIN SIGN}", "K", "k")
    assert kelvin != letter
    assert letter == small.upper()


def test_what_is_left_is_found() -> None:
    scrubber = Scrubber([("payments-prod", Kind.NAME), ("acme", Kind.NAME)])
    scrubber.check(["nothing of it"])
    for left in ("payments-prod", "so acme said", "ACME", "x/payments/y"):
        with pytest.raises(LeakError, match="would be left on the tape"):
            scrubber.check([left])


PARTS = st.one_of(
    st.sampled_from(sorted(VOCABULARY)),
    st.text("abcXYZ019", min_size=1, max_size=9),
    st.text(max_size=5),
    st.sampled_from(
        [STACK, SHA, SHA[:7], UUID, "2026-11-22T18:44:12Z", "eu-west-1", "AWS::SQS::Queue", "123456789012"]
    ),
)


@st.composite
def texts(draw: st.DrawFn) -> str:
    return draw(st.sampled_from([" ", "-", "/", "_", ", "])).join(draw(st.lists(PARTS, min_size=1, max_size=5)))


def passing(strings: Iterable[tuple[str, Kind]]) -> Scrubber:
    """A scrubber whose replacements are not by chance other originals, as `record` tries it."""
    for attempt in range(6):
        scrubber = Scrubber(strings)
        try:
            scrubber.check([scrubber.scrub(*each) for each in strings])
        except LeakError:
            if attempt == 5:
                raise
        else:
            return scrubber
    raise AssertionError


@given(st.lists(st.tuples(texts(), st.sampled_from(Kind)), min_size=1, max_size=8))
def test_nothing_of_the_original_is_left(strings: Strings) -> None:
    scrubber = passing(strings)
    names = {text for text, kind in strings if kind is Kind.NAME}
    assert len({scrubber.scrub(name, Kind.NAME) for name in names}) == len(names)
    for text, kind in strings:
        scrubbed = scrubber.scrub(text, kind)
        assert scrubbed == scrubber.scrub(text, kind)
        assert re.sub(WORD, "", scrubbed) == re.sub(WORD, "", text)  # the punctuation


@given(st.lists(st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=4), min_size=1, max_size=5))
def test_a_name_of_any_letters_and_digits_keeps_its_form(names: list[str]) -> None:
    scrubber = passing([(name, Kind.NAME) for name in names])
    for name in names:
        scrubbed = scrubber.scrub(name, Kind.NAME)
        assert len(scrubbed) == len(name)
        if len(name) < 7:  # longer ones may be commits
            assert classes(scrubbed) == classes(name)
