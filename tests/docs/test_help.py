"""help() shows what a user looks for: the fields of the models, and the results of the methods."""

from __future__ import annotations

import pydoc
import re

import pytest
from pydantic import BaseModel

from unisync import GitSyncJob, ResourceSyncAttempt, Revision, SyncJobStatus, TwinMakerSyncJob, Unisync


@pytest.mark.parametrize("model", [GitSyncJob, TwinMakerSyncJob, ResourceSyncAttempt, Revision, SyncJobStatus])
def test_the_docstring_of_a_model_lists_its_fields(model: type[BaseModel]) -> None:
    # pydantic keeps fields out of the class, so help() does not list them.
    _, _, listed = (model.__doc__ or "").partition("Fields: ")
    assert set(re.findall(r"`(\w+)`", listed)) == set(model.model_fields)


def test_help_shows_the_results_of_methods() -> None:
    # Newer Pythons show each parameter of a long signature on a line of its own.
    text = re.sub(r"\s*\n \|\s*", " ", pydoc.plain(pydoc.render_doc(Unisync)))
    for name, result in (("get", "'J'"), ("wait_until_active", "'J'"), ("wait_all", "'list[Outcome[J]]'")):
        found = re.search(rf" {name}\( ?self, (?:(?!\) ->).)*\) -> (\S+)", text)
        assert found is not None
        assert found[1] == result
    assert "Flow[" not in text
