"""`model_dump` of what a user gets apart from models: all of it can be written as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

import unisync
from tests.support.samples import MINE, STACK
from unisync import AccessDeniedError, Fleet, FleetDiscovery, Outcome, StackSync, Unisync, WaitToken
from unisync._models.dumping import Dumpable
from unisync.emulator import Emulator


@pytest.fixture(scope="module")
def results() -> Iterator[dict[str, Any]]:
    """An object of each type."""
    found: list[Any] = []
    with Emulator(clock="manual") as aws, Unisync(**aws.client_options(), on_event=found.append) as client:
        aws.add_stack("payments-prod", repository="acme/infra")
        aws.push(stack="payments-prod", sha=MINE)
        client.wait_until_active(STACK, revision=MINE, on_progress=found.append)
        found += client.wait_all([STACK, StackSync("missing")])
        found += [client.poll(WaitToken.create(STACK)), next(iter(client.watch([STACK])))]
        found += next(iter(client.codeconnections.list_connections().pages())), client.with_raw_response.get(STACK)
        found += [
            client.codeconnections.ensure_sync_configuration(
                "new", repository_link_id=link.repository_link_id, branch="main", config_file="n.yaml", role_arn=ROLE
            )
            for link in client.codeconnections.list_repository_links()
        ]
        aws.fault("ListWorkspaces", "AccessDeniedException", times=None)
        found.append(client.discover(services=["twinmaker", "codeconnections"]))
        options: Any = dict(aws.client_options())
        with Fleet(sessions={"123456789012": options.pop("session")}, regions=["eu-west-1"], **options) as fleet:
            found.append(fleet.discover(services=["twinmaker", "codeconnections"]))
        yield {type(each).__name__: each for each in found}


ROLE = "arn:aws:iam::123456789012:role/sync"
PUBLIC = {name: getattr(unisync, name) for name in unisync.__all__}
TYPES = [name for name, value in PUBLIC.items() if isinstance(value, type) and issubclass(value, Dumpable)]


@pytest.mark.parametrize("name", TYPES)
def test_all_of_it_can_be_json(name: str, results: dict[str, Any]) -> None:
    dumped = results[name].model_dump(mode="json")
    assert json.loads(json.dumps(dumped)) == dumped
    assert list(results[name].model_dump()) == list(dumped)
    assert "object at 0x" not in json.dumps(dumped)


def test_what_json_has(results: dict[str, Any]) -> None:
    outcome: Outcome[Any] = results["Outcome"]
    dumped: Any = outcome.model_dump(mode="json")
    assert (dumped["ref"], dumped["job"]) == ("codeconnections:missing", None)
    assert dumped["error"] == {"type": "NotFoundError", "message": str(outcome.error)}
    assert outcome.model_dump()["error"] is outcome.error
    change = results["Change"]
    assert change.model_dump(mode="json")["after"] == change.after.model_dump(mode="json")
    found: FleetDiscovery = results["FleetDiscovery"]
    dumped = found.model_dump(mode="json")
    assert dumped["refs"] == [f"123456789012/eu-west-1/codeconnections:{name}" for name in ("payments-prod", "new")]
    assert dumped["errors"]["123456789012/eu-west-1/twinmaker"]["type"] == AccessDeniedError.__name__
    assert found.model_dump()["errors"] == dict(found.errors)
    assert results["EnsureResult"].model_dump(mode="json")["definition"]["resource_name"] == "new"
    assert results["RawResult"].model_dump(mode="json")["response"]["LatestSync"]["StartedAt"].endswith("Z")
