"""Completes the metadata of the distribution: its URLs, and a README whose links work outside the repository."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

_LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^()\s]+)\)")
_PICTURE = re.compile(r"\.(gif|jpe?g|png|svg)$")


def urls(repository: str, version: str) -> dict[str, str]:
    """The URLs of a release, by their names in the metadata."""
    return {
        "Source": repository,
        "Documentation": f"{repository}/tree/v{version}/docs",
        "Changelog": f"{repository}/blob/v{version}/CHANGELOG.md",
        "Issues": f"{repository}/issues",
    }


def absolute_links(text: str, repository: str, version: str) -> str:
    """Markdown whose relative links and images point to the files of a release."""

    def link(found: re.Match[str]) -> str:
        kind = "raw" if _PICTURE.search(found[1]) else "blob"
        return f"]({repository}/{kind}/v{version}/{found[1]})"

    return _LINK.sub(link, text)


class Metadata(MetadataHookInterface):
    """The hook that hatchling calls for every build."""

    def update(self, metadata: dict[str, Any]) -> None:
        config: dict[str, str] = self.config  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        repository, version = config["repository"], metadata["version"]
        readme = Path(self.root, "README.md").read_text("utf-8")
        metadata["urls"] = urls(repository, version)
        text = absolute_links(readme, repository, version)
        metadata["readme"] = {"content-type": "text/markdown", "text": text}
