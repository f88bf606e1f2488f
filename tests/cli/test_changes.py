"""create, delete and resolve: what they send, what they ask, and what a dry run says."""

from __future__ import annotations

import pytest

from tests.cli.runner import Run
from tests.cli.scene import ROLE
from tests.cli.terminal import terminal
from unisync.emulator import Emulator

pytestmark = pytest.mark.slow

SHOP = ("create", "codeconnections:shop", "--repository", "acme/infra", "--file", "a.yaml", "--role", ROLE)
WRITES = ("Create", "Update", "Delete")


def test_a_twinmaker_sync_job(aws: Emulator, unisync: Run) -> None:
    aws.add_workspace("factory")
    done = unisync("create", "twinmaker:factory", "--role", ROLE, "--tag", "team=ops", "--tag", "url=a=b")
    assert done.code == 0
    assert done.last_line == "Created the TwinMaker sync job. Next: unisync wait twinmaker:factory"
    (created,) = (call for call in aws.calls if call.operation == "CreateSyncJob")
    assert created.params["tags"] == {"team": "ops", "url": "a=b"}
    assert unisync("wait", "twinmaker:factory").code == 0
    assert unisync("delete", "twinmaker:factory", "-y", "-o", "json").data[0]["status"]["state"] == "DELETING"
    assert unisync("wait", "twinmaker:factory", "--for", "deleted", "-o", "json").data[0]["state"] == "DELETED"
    assert unisync("delete", "twinmaker:factory", "--yes").code == 5


def test_a_stack(aws: Emulator, unisync: Run) -> None:
    link = aws.add_repository_link("acme/infra")
    for repository in ("acme/infra", link):
        arguments = ["--repository", repository, "--branch", "main", "--file", "a.yaml", "--role", ROLE]
        done = unisync("create", "codeconnections:shop", *arguments, "--trigger", "FILE_CHANGE", "-o", "json")
        assert (done.code, done.data[0]["repository_link_id"]) == (0, link)
        assert done.data[0]["trigger_resource_update_on"] == "FILE_CHANGE"
        assert unisync("delete", "codeconnections:shop", "--yes").code == 0
    arguments = ["--repository", "acme/other", "--branch", "main", "--file", "a.yaml", "--role", ROLE]
    done = unisync("create", "codeconnections:shop", *arguments)
    assert done.code == 2
    assert "CodeConnections has no link to acme/other. Linked repositories: acme/infra." in done.err


def test_proton(aws: Emulator, unisync: Run) -> None:
    aws.add_service_instance("web", "prod")
    aws.add_template("web")
    aws.add_repository("acme/web")
    arguments = ["--repository", "acme/web", "--provider", "GITHUB", "--branch", "main"]
    assert unisync("create", "proton:web/prod", *arguments, "--file", "ops.yaml").code == 0
    assert unisync("create", "proton-template:SERVICE/web/1", *arguments, "--directory", "web").code == 0
    done = unisync("get", "proton:web/prod", "proton-template:SERVICE/web/1", "-o", "json")
    assert [row["state"] for row in done.data] == ["PENDING", "PENDING"]
    assert unisync("delete", "proton:web/prod", "--yes").code == 0
    assert unisync("delete", "proton-template:SERVICE/web/1", "--yes").code == 0


def writes(aws: Emulator) -> list[str]:
    """The operations so far that change something."""
    return [call.operation for call in aws.calls if call.operation.startswith(WRITES)]


def test_creating_again_updates_what_differs(aws: Emulator, unisync: Run) -> None:
    aws.add_repository_link("acme/infra")
    done = [unisync(*SHOP, "--branch", branch).last_line.partition(" Next")[0] for branch in ("main", "main", "dev")]
    assert done == [
        "Created the sync configuration of a stack.",
        "The sync configuration of a stack exists, and nothing differs.",
        "Updated the sync configuration of a stack.",
    ]
    assert writes(aws) == ["CreateSyncConfiguration", "UpdateSyncConfiguration"]
    assert unisync(*SHOP, "--branch", "dev", "--no-update").code == 0
    failed = unisync(*SHOP, "--branch", "main", "--no-update")
    assert (failed.code, failed.last_line) == (1, "Next: leave out --no-update to update it.")
    assert "exists and differs in --branch." in failed.err


def test_a_sync_job_cannot_be_updated(aws: Emulator, unisync: Run) -> None:
    aws.add_workspace("factory")
    for _ in range(2):
        assert unisync("create", "twinmaker:factory", "--role", ROLE).code == 0
    done = unisync("create", "twinmaker:factory", "--role", f"{ROLE}2")
    assert (done.code, done.last_line.endswith("unisync delete twinmaker:factory")) == (1, True)
    assert ROLE in done.err


def test_a_dry_run_of_create(aws: Emulator, unisync: Run) -> None:
    aws.add_repository_link("acme/infra")
    done = unisync(*SHOP, "--branch", "main", "--dry-run", "-o", "json")
    assert (done.data[0]["operation"], done.data[0]["params"]["Branch"]) == ("CreateSyncConfiguration", "main")
    assert done.last_line == "Dry run: would send codeconnections CreateSyncConfiguration. Nothing was changed."
    unisync(*SHOP, "--branch", "main")
    done = unisync(*SHOP, "--branch", "dev", "--dry-run")
    assert "It exists and differs in branch." in done.err
    assert done.last_line == "Dry run: would send codeconnections UpdateSyncConfiguration. Nothing was changed."
    assert "nothing differs" in unisync(*SHOP, "--branch", "main", "--dry-run").last_line
    assert unisync(*SHOP, "--branch", "dev", "--dry-run", "--no-update").code == 1
    assert writes(aws) == ["CreateSyncConfiguration"]


def test_a_dry_run_of_delete_and_resolve(aws: Emulator, unisync: Run) -> None:
    aws.add_stack("shop", repository="acme/infra")
    aws.block(stack="shop", reason="changed by hand")
    done = unisync("delete", "codeconnections:shop", "--dry-run")
    assert (done.code, done.out.split()) == (
        0,
        ["NAME", "VALUE", "ResourceName", "shop", "SyncType", "CFN_STACK_SYNC"],
    )
    assert done.last_line == "Dry run: would send codeconnections DeleteSyncConfiguration. Nothing was changed."
    older = ("--codeconnections-service", "codestar-connections")
    done = unisync("delete", "codeconnections:shop", "--dry-run", *older)
    assert done.last_line == "Dry run: would send codestar-connections DeleteSyncConfiguration. Nothing was changed."
    assert unisync("delete", "codeconnections:other", "--dry-run").code == 5
    done = unisync("resolve", "codeconnections:shop", "--reason", "x", "--dry-run")
    assert (done.code, "changed by hand" in done.out) == (0, True)
    assert done.last_line == "Dry run: would resolve 1 blocker with the reason 'x'. Nothing was changed."
    done = unisync("resolve", "codeconnections:shop", "--reason", "x" * 300, "--dry-run")
    assert (done.code, "resolved_reason: expected 1 to 250 characters" in done.err) == (2, True)
    assert writes(aws) == []


def test_delete_asks_first(aws: Emulator, unisync: Run) -> None:
    aws.add_stack("shop", repository="acme/infra")
    done = unisync("delete", "codeconnections:shop")
    assert (done.code, "pass --yes" in done.last_line) == (2, True)
    command = ("-m", "unisync", "delete", "codeconnections:shop")
    for answer, code in ((b"\n", 1), (b"y\n", 0)):
        with terminal(*command, environ=aws.environment()) as screen:
            screen.read_until(lambda: "[y/N]" in screen.screen())
            screen.type(answer)
            assert screen.end() == code
        assert bool(writes(aws)) is (code == 0)
