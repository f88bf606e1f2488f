"""The table of operations is what the code says, and what the code says is what it does."""

from __future__ import annotations

import contextlib
import itertools
import re
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from tests.support.operations import OPERATIONS, ROLE, Known, prepare
from tests.support.samples import FACTORY, MINE, STACK
from unisync import ServiceInstanceSync, TemplateSync, Unisync, UnisyncError, WaitToken
from unisync.emulator import Emulator

ROOT = Path(__file__).parents[2]
INSTANCE, TEMPLATE = ServiceInstanceSync("web", "prod"), TemplateSync("web", "SERVICE", "1")
REFS = (FACTORY, STACK, INSTANCE, TEMPLATE)


def table() -> dict[tuple[str, str], set[str]]:
    """The common verbs of each operation, by namespace and operation, as the page has them."""
    page = (ROOT / "docs" / "operations.md").read_text()
    rows = re.findall(r"^\| (\w+) \| `(\w+)\.\w+` \| `.*` \|(.*)\|$", page, re.MULTILINE)
    return {(namespace, operation): set(re.findall(r"`([\w.]+)`", verbs)) for operation, namespace, verbs in rows}


@pytest.mark.parametrize(
    "script", ["tools/generators/operations.py", "tools/generators/cli.py", "tools/generators/states.py"]
)
def test_what_is_written_from_the_code_is_what_the_code_says(script: str) -> None:
    checked = subprocess.run([sys.executable, script, "--check"], cwd=ROOT, capture_output=True, text=True)
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")


def test_the_table_has_every_operation() -> None:
    namespaces = {"iottwinmaker": "twinmaker", "proton": "proton", "codeconnections": "codeconnections"}
    family = {(namespaces[service], name) for service in namespaces for name in OPERATIONS[service]}
    assert set(table()) == family


def uses(client: Unisync, known: Known) -> dict[str, list[Callable[[], object]]]:
    """Each common verb, with whatever it takes."""
    return {
        "get": [partial(client.get, ref) for ref in REFS],
        "wait_until_resources_synced": [partial(client.wait_until_resources_synced, FACTORY, timeout=5)],
        "resume": [partial(client.resume, WaitToken.create(ref, timeout=5)) for ref in REFS],
        "watch": [partial(list, itertools.islice(client.watch(REFS), 4 if known == Known() else 20))],
        "get_many": [partial(client.get_many, REFS, blockers=True)],
        "wait_all": [partial(client.wait_all, REFS, timeout=5)],
        "wait_until_active": [partial(client.wait_until_active, ref, timeout=5) for ref in REFS],
        "wait_until_deleted": [partial(client.wait_until_deleted, ref, timeout=5) for ref in REFS],
        "blockers": [partial(client.blockers, ref) for ref in REFS],
        "resolve_blocker": [
            partial(client.resolve_blocker, STACK, known.stack_blocker, "put right"),
            partial(client.resolve_blocker, INSTANCE, known.service_blocker, "put right"),
        ],
        "repository_status": [partial(client.repository_status, ref) for ref in (STACK, INSTANCE, TEMPLATE)],
        "discover": [client.discover],
        "twinmaker.summarize_sync_resources": [partial(client.twinmaker.summarize_sync_resources, "factory")],
    }


@pytest.mark.parametrize("verb", uses(Unisync(), Known()))
@pytest.mark.parametrize("synced", [True, False])
def test_the_table_tells_what_a_verb_asks_for(aws: Emulator, client: Unisync, verb: str, synced: bool) -> None:
    if synced:
        known = prepare(aws)
        # Something to wait for.
        aws.push(sha=MINE, stack="payments-prod")
        aws.push(sha=MINE, service="web")
        aws.push(sha=MINE, template="web")
    else:
        aws.add_stack("payments-prod", repository="acme/infra")
        aws.add_service_instance("web", "prod", repository="acme/web")
        aws.add_template("web", repository="acme/web")
        known = Known()
    begin = len(aws.calls)
    for use in uses(client, known)[verb]:
        with contextlib.suppress(UnisyncError):
            use()
    namespaces = {"iottwinmaker": "twinmaker"}
    used = {(namespaces.get(call.service, call.service), call.operation) for call in aws.calls[begin:]}
    said = {key for key, verbs in table().items() if verb in verbs}
    assert used & set(table()) <= said, "it asks for no more than the table says"
    if synced:
        assert {key for key in said if "Config" not in key[1]} <= used, "and for no less"


def test_the_table_tells_what_ensuring_asks_for(aws: Emulator, client: Unisync) -> None:
    known = prepare(aws)
    begin = len(aws.calls)
    for branch in ("main", "release"):
        client.codeconnections.ensure_sync_configuration(
            "orders", repository_link_id=known.link, branch=branch, config_file="a.yaml", role_arn=ROLE
        )
    used = {("codeconnections", call.operation) for call in aws.calls[begin:]}
    assert used == {key for key, verbs in table().items() if "codeconnections.ensure_sync_configuration" in verbs}
