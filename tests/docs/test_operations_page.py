"""The generated pages are up to date, and the table of operations lists what each method calls."""

from __future__ import annotations

import contextlib
import itertools
import re
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from tests.support.documents import DOCS, ROOT
from tests.support.operations import GIT, KEY, NAMES, OPERATIONS, ROLE, Known, prepare
from tests.support.samples import FACTORY, MINE, NEWER, STACK
from unisync import ServiceInstanceSync, StackSync, SyncJob, SyncRef, TemplateSync, Unisync, UnisyncError, WaitToken
from unisync.emulator import Emulator

pytestmark = pytest.mark.slow

INSTANCE, TEMPLATE = ServiceInstanceSync("web", "prod"), TemplateSync("web", "SERVICE", "1")
REFS = (FACTORY, STACK, INSTANCE, TEMPLATE)
WAITED = [*REFS, StackSync("unblocked")]

Operation = tuple[str, str]
"""The attribute of the client, such as "proton", and AWS's name of the operation."""


def table() -> dict[Operation, set[str]]:
    """The common methods that call each operation, as the page says."""
    page = (DOCS / "operations.md").read_text()
    rows = re.findall(r"^\| (\w+) \| `(\w+)\.\w+` \| `.*` \|(.*)\|$", page, re.MULTILINE)
    return {(service, operation): set(re.findall(r"`([\w.]+)`", methods)) for operation, service, methods in rows}


@pytest.mark.parametrize("script", ["operations", "cli", "states", "policies"])
def test_generated_pages_are_up_to_date(script: str) -> None:
    command = [sys.executable, "-m", f"tools.generators.{script}", "--check"]
    checked = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")


def test_the_table_has_every_operation() -> None:
    services = {"iottwinmaker": "twinmaker", "proton": "proton", "codeconnections": "codeconnections"}
    expected = {(services[service], name) for service in services for name in OPERATIONS[service]}
    assert set(table()) == expected


def never(ref: SyncRef[SyncJob]) -> str | None:
    """A commit that is never pushed: the branch is read too while it is not attempted."""
    return None if ref == FACTORY else NEWER


def uses(client: Unisync, known: Known) -> dict[str, list[Callable[[], object]]]:
    """Uses of each common method, with every kind of argument."""
    return {
        "get": [partial(client.get, ref) for ref in REFS],
        "wait_until_resources_synced": [partial(client.wait_until_resources_synced, FACTORY, timeout=5)],
        "resume": [partial(client.resume, WaitToken.create(ref, revision=never(ref), timeout=5)) for ref in WAITED],
        "watch": [lambda: list(itertools.islice(client.watch(REFS), 4 if known == Known() else 20))],
        "get_many": [lambda: client.get_many(REFS, include_blockers=True)],
        "wait_all": [lambda: client.wait_all(WAITED, revision=NEWER, timeout=5)],
        "wait_until_active": [partial(client.wait_until_active, ref, revision=never(ref), timeout=5) for ref in WAITED],
        "wait_until_deleted": [partial(client.wait_until_deleted, ref, timeout=5) for ref in REFS],
        "blockers": [partial(client.blockers, ref) for ref in REFS],
        "resolve_blocker": [
            partial(client.resolve_blocker, STACK, known.stack_blocker, "fixed"),
            partial(client.resolve_blocker, INSTANCE, known.service_blocker, "fixed"),
        ],
        "repository_status": [partial(client.repository_status, ref) for ref in (STACK, INSTANCE, TEMPLATE)],
        "discover": [client.discover, partial(client.discover, tags={"team": "a"})],
        "twinmaker.summarize_sync_resources": [partial(client.twinmaker.summarize_sync_resources, "factory")],
    }


@pytest.mark.parametrize("method", uses(Unisync(), Known()))
@pytest.mark.parametrize("synced", [True, False])
def test_the_table_lists_what_a_method_calls(aws: Emulator, client: Unisync, method: str, synced: bool) -> None:
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
    aws.add_stack("unblocked", repository="acme/infra")
    before = len(aws.calls)
    for use in uses(client, known)[method]:
        with contextlib.suppress(UnisyncError):
            use()
    services = {"iottwinmaker": "twinmaker"}
    called = {(services.get(call.service, call.service), call.operation) for call in aws.calls[before:]}
    listed = {operation for operation, methods in table().items() if method in methods}
    assert called & set(table()) <= listed, "it calls nothing else"
    if synced:
        emulated = {(services.get(service, service), name) for service, name in NAMES}
        expected = {operation for operation in listed & emulated if "Config" not in operation[1]}
        assert expected <= called, "and nothing less"


def test_the_table_lists_what_ensuring_calls(aws: Emulator, client: Unisync) -> None:
    known = prepare(aws)
    git = {**GIT, "file_path": "ops.yaml"}
    stack = {"repository_link_id": known.link, "config_file": "a.yaml", "role_arn": ROLE}
    link = {"connection_arn": known.connection, "owner_id": "acme", "repository_name": "new"}
    codeconnections: Any = client.codeconnections
    proton: Any = client.proton  # pyright: ignore[reportDeprecated]
    ensuring: dict[str, list[Callable[[], object]]] = {
        "twinmaker.ensure_sync_job": [partial(client.twinmaker.ensure_sync_job, "plant", sync_role=ROLE)],
        "codeconnections.ensure_sync_configuration": [
            partial(codeconnections.ensure_sync_configuration, "orders", branch=branch, **stack)
            for branch in ("main", "release")
        ],
        "codeconnections.ensure_repository_link": [
            *(
                partial(codeconnections.ensure_repository_link, encryption_key_arn=key, **link)
                for key in (KEY, f"{KEY}-2")
            ),
            partial(codeconnections.ensure_repository_link, **{**link, "connection_arn": aws.add_connection()}),
        ],
        "proton.ensure_repository": [
            partial(proton.ensure_repository, "acme/new", "GITHUB", connection_arn=known.connection)
        ],
        "proton.ensure_service_sync_config": [
            partial(proton.ensure_service_sync_config, "api", **{**git, "branch": branch})
            for branch in ("main", "release")
        ],
    }
    for method, uses in ensuring.items():
        before = len(aws.calls)
        for use in uses:
            use()
        services = {"iottwinmaker": "twinmaker"}
        called = {(services.get(call.service, call.service), call.operation) for call in aws.calls[before:]}
        listed = {operation for operation, methods in table().items() if method in methods}
        assert called == {operation for operation in listed if "Tag" not in operation[1]}, method
