"""The targets of `make fuzz`: the results of well-formed inputs, and the figures in RELIABILITY.md."""

from __future__ import annotations

import random
from itertools import islice
from pathlib import Path

import pytest

from tools.fuzz import errors, references, responses, run, texts

pytestmark = pytest.mark.slow


def test_references() -> None:
    kinds = {references.check(seed) for seed in references.seeds()}
    assert kinds == {"TwinMakerSync", "ServiceInstanceSync", "TemplateSync", "StackSync", "FleetSync", "WaitToken"}
    assert references.check(b"\x00nonsense") == "InvalidArgumentError"


def test_responses() -> None:
    kinds = {responses.check(seed) for seed in islice(responses.seeds(), 28)}
    assert kinds == {"CreatedSyncJob", "TwinMakerSyncJob", "DeletedSyncJob", "Page", "ResponseError"}


def test_errors() -> None:
    kinds = {errors.check(seed) for seed in islice(errors.seeds(), 48)}
    assert kinds == {"InvalidRequestError", "NotFoundError", "ThrottledError"}


def test_texts() -> None:
    assert {texts.check(seed) for seed in texts.seeds()} == {"line", "page", "card", "files", "terminal"}


def test_mutations_stay_well_formed() -> None:
    draw = random.Random(7)
    seed = next(errors.seeds())
    mutated = [errors.mutate(seed, draw) for _ in range(50)]
    assert all(each is not None and each[:3] == seed[:3] and each[3:4] in b'{["ntf-0123456789NI' for each in mutated)
    assert len(set(mutated)) > 20
    assert errors.mutate(b"\x00\x00\x00no document", draw) is None


@pytest.mark.parametrize("before", [None, "# Reliability\n\nOne\n<!-- fuzz -->\nold\n<!-- /fuzz -->\nTwo\n"])
def test_the_figures_are_written_between_the_markers(tmp_path: Path, before: str | None) -> None:
    page = tmp_path / "RELIABILITY.md"
    if before is not None:
        page.write_text(before)
    figures = run.Figures("texts", 60.4, 12_345, 404, 780, 16, {"page": 12_000, "line": 345}, {})
    run.write(list(run.table([figures], run.Deep(80.0, 6, 0))), page)
    text = page.read_text()
    assert "<!-- fuzz -->\n| target |" in text
    assert "| texts | 60 | 12,345 | 404 | 780 | 16 | 0 | page 12,000, line 345 |" in text
    assert "6 passed and 0 failed in 80 s.\n<!-- /fuzz -->" in text
    assert (before is None) or (text.startswith("# Reliability\n\nOne\n") and text.endswith("<!-- /fuzz -->\nTwo\n"))
    assert "old" not in text


def test_a_page_without_markers_is_unchanged(tmp_path: Path) -> None:
    page = tmp_path / "RELIABILITY.md"
    page.write_text("# Reliability\n")
    with pytest.raises(SystemExit, match="expected the lines"):
        run.write(["figures"], page)
    assert page.read_text() == "# Reliability\n"
