"""Run every command, one after the other, on an emulated AWS with a manual clock: python -m tests.cli.scene."""

from __future__ import annotations

import shlex
import sys

from unisync import Unisync
from unisync.cli.app import run
from unisync.emulator import Emulator

ROLE = "arn:aws:iam::123456789012:role/sync"
OLD, MINE, NEWER = "a1" * 20, "b2" * 20, "c3" * 20
NASTY = (
    "\x1b]0;owned\x07\x1b[2J\x1b[31m<script>alert(1)</script>\r\n::error::injected ##[error]injected "
    '\u202egnp.exe\x9b5m\x00\x08 | `code` [link](javascript:x) & "quotes" é 日本'
)
"""A hostile message: events quote Git commits and templates."""
STACKS = ("live", "failed", "blocked", "running", "superseded", "never", "nasty")

TRANSCRIPT = (
    "get codeconnections:live codeconnections:failed twinmaker:factory",
    "status",
    "wait codeconnections:live --revision a1a1a1a",
    "wait codeconnections:failed --revision b2b2b2b",
    "wait codeconnections:blocked",
    "wait codeconnections:superseded --revision b2b2b2b",
    "wait codeconnections:nothing",
    "wait codeconnections:live --revision ffffffff --timeout 10s",
    "wait codeconnections:live codeconnections:running codeconnections:nasty twinmaker:factory",
    "wait twinmaker:factory --for resources",
    "wait twinmaker:factory --for resources --max-failures 1",
    "events codeconnections:failed --repository",
    "events codeconnections:nasty",
    "events twinmaker:factory",
    "blockers codeconnections:blocked",
    "blockers codeconnections:live",
    "resolve codeconnections:blocked --reason 'Reverted by hand'",
    "create codeconnections:new --repository acme/infra --branch main --file new.yaml --role " + ROLE,
    "create proton:web/prod --file ops.yaml",
    "create twinmaker:empty --role " + ROLE,
    "delete twinmaker:empty --yes",
    "wait twinmaker:empty --for deleted",
    "get nonsense",
    "wait codeconnections:live --revision ''",
)


def load_scene(aws: Emulator) -> None:
    """Add a synced sync of every service, and a stack for each way to be not synced."""
    aws.add_workspace("factory")
    aws.add_workspace("empty")
    aws.add_sync_resource("factory", "boiler-1", resource_id="entity-1")
    aws.add_sync_resource("factory", "boiler-2", outcome="ERROR", reason="The asset has no model")
    with Unisync(**aws.client_options()) as client:
        client.twinmaker.create_sync_job("factory", sync_role=ROLE)
    for name in STACKS:
        aws.add_stack(name, repository="acme/infra", config_file=f"{name}.yaml")
    aws.add_service_instance("web", "prod", repository="acme/web")
    aws.push(service="web", instance="prod", sha=OLD)
    for name in STACKS:
        if name != "never":
            aws.push(stack=name, sha=OLD)
    if aws.clock.now() < 1:
        aws.clock.advance(600)
    reason = "Template error: instance of Fn::GetAtt references undefined resource Database"
    aws.push(stack="failed", sha=MINE, outcome="FAILED", reason=reason, failure="change_set")
    aws.push(stack="nasty", sha=MINE, outcome="FAILED", reason=NASTY)
    aws.push(stack="superseded", sha=MINE)
    aws.block(stack="blocked", reason="The stack was updated by hand")
    aws.push(stack="blocked", sha=MINE)
    aws.clock.advance(10)
    aws.push(stack="superseded", sha=NEWER)
    aws.clock.advance(90)
    aws.push(stack="running", sha=MINE, duration=300)
    aws.clock.advance(20)


def main() -> int:
    """Run all commands, and print their command lines and exit codes."""
    with Emulator(clock="manual") as aws:
        load_scene(aws)
        for command in TRANSCRIPT:
            print(f"$ unisync {command}", flush=True)
            code = run(shlex.split(command), aws.client_options())
            print(f"[{code}]\n", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
