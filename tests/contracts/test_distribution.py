"""What a release is made of: its metadata, its changelog, and the names that it has in several files."""

from __future__ import annotations

import re
import tomllib
from typing import Any

import pytest

from tests.support.documents import ROOT, pages
from tools.release.changelog import cut, section
from tools.release.metadata import absolute_links, urls

PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
REPOSITORY: str = PROJECT["tool"]["hatch"]["metadata"]["hooks"]["custom"]["repository"]

CHANGELOG = """\
# Changelog

## [Unreleased]

### Fixed

- One.
- Two,
  on two lines.

### Added

- Three.

## [0.1.0] - 2026-01-01

The first release.
"""
FRAGMENTS = """\
## [0.2.0] - 2026-02-02

### Added

- Four. (#17)

### Security

- Five.

"""


class TestChangelog:
    def test_fragments_join_the_unreleased_entries_of_their_kind(self) -> None:
        expected = """\
# Changelog

## [Unreleased]

## [0.2.0] - 2026-02-02

### Added

- Three.
- Four. (#17)

### Fixed

- One.
- Two,
  on two lines.

### Security

- Five.

## [0.1.0] - 2026-01-01

The first release.
"""
        assert cut(CHANGELOG, FRAGMENTS, "0.2.0", "2026-02-02") == expected

    def test_the_text_before_the_entries_is_kept(self) -> None:
        text = "## [Unreleased]\n\nThe first release.\n\n### Added\n\n- One.\n"
        assert cut(text, "", "0.1.0", "2026-01-01") == (
            "## [Unreleased]\n\n## [0.1.0] - 2026-01-01\n\nThe first release.\n\n### Added\n\n- One.\n"
        )

    def test_two_releases_in_a_row(self) -> None:
        once = cut(CHANGELOG, FRAGMENTS, "0.2.0", "2026-02-02")
        twice = cut(once, "### Fixed\n\n- Six.\n", "0.2.1", "2026-03-03")
        assert section(twice, "Unreleased") == ""
        assert section(twice, "0.2.1") == "### Fixed\n\n- Six."
        assert section(twice, "0.2.0") == section(once, "0.2.0")

    @pytest.mark.parametrize(
        ("changelog", "fragments", "message"),
        [
            (CHANGELOG.replace("0.1.0", "0.2.0"), FRAGMENTS, "has a section for 0.2.0 already"),
            ("## [Unreleased]\n", "", "nothing to release"),
            ("# Changelog\n", FRAGMENTS, "no section for Unreleased"),
            (CHANGELOG.replace("Fixed", "Repaired"), FRAGMENTS, "entries under Repaired"),
        ],
    )
    def test_what_cannot_be_released(self, changelog: str, fragments: str, message: str) -> None:
        with pytest.raises(ValueError, match=message):
            cut(changelog, fragments, "0.2.0", "2026-02-02")

    def test_the_unreleased_section_can_be_cut(self) -> None:
        text = (ROOT / "CHANGELOG.md").read_text("utf-8")
        fragments = "### Security\n\n- An entry.\n"
        assert section(cut(text, fragments, "99.0.0", "2099-01-01"), "99.0.0").endswith("- An entry.")


class TestMetadata:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("[a](docs/a.md#b)", "[a](https://example.com/u/blob/v1.2.3/docs/a.md#b)"),
            ("![a](docs/a.png)", "![a](https://example.com/u/raw/v1.2.3/docs/a.png)"),
            (
                "[![a](docs/a.svg)](docs/a.md)",
                "[![a](https://example.com/u/raw/v1.2.3/docs/a.svg)](https://example.com/u/blob/v1.2.3/docs/a.md)",
            ),
            ("[a](#b) [c](https://d) [e](mailto:f)", "[a](#b) [c](https://d) [e](mailto:f)"),
        ],
    )
    def test_relative_links_point_to_the_release(self, text: str, expected: str) -> None:
        assert absolute_links(text, "https://example.com/u", "1.2.3") == expected

    def test_the_readme_of_the_package_has_absolute_links_only(self) -> None:
        text = absolute_links((ROOT / "README.md").read_text("utf-8"), REPOSITORY, "1.2.3")
        links = re.findall(r"\]\(([^)]*)\)", text)
        assert links
        assert all(link.startswith((f"{REPOSITORY}/", "https://", "#")) for link in links)
        assert not re.search(r"<img|^\[[^\]]+\]:", text, re.MULTILINE)

    def test_every_release_has_urls(self) -> None:
        found = urls(REPOSITORY, "1.2.3")
        assert found.keys() == {"Source", "Documentation", "Changelog", "Issues"}
        assert all(url.startswith(REPOSITORY) for url in found.values())


def test_the_organisation_is_the_same_in_each_place() -> None:
    organisation = REPOSITORY.split("/")[3]
    texts = [page.read_text("utf-8") for page in (*pages().values(), ROOT / ".github/actions/unisync-wait/README.md")]
    used = re.findall(r"([\w-]+)/unisync@", "".join(texts))
    owners = ROOT / ".github" / "CODEOWNERS"
    if owners.exists():  # not in an sdist
        used += re.findall(r"@([\w-]+)/", owners.read_text("utf-8"))
    assert set(used) == {organisation}
