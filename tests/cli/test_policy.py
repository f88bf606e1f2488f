"""The policies allow what the commands call on the emulator, and no more."""

from __future__ import annotations

import io
import json
from collections import defaultdict
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any, cast

import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel
from typing_extensions import override

from tests.cli.scene import MINE, NEWER, OLD, ROLE
from unisync import (
    ServiceInstanceSync,
    StackSync,
    SyncRef,
    TemplateSync,
    TwinMakerSync,
    Unisync,
    WaitToken,
    parse_ref,
)
from unisync.cli.app import app, run
from unisync.cli.exit_codes import Exit
from unisync.cli.iam import policy_for
from unisync.cli.operations import COMMANDS, SEARCHES
from unisync.emulator import Emulator, EmulatorClock

pytestmark = pytest.mark.slow

NO_CALLS = {"policy", "tape", "demo", "emulator", "completion"}
"""The commands that do not call AWS themselves."""
WITHOUT_REFS = {"links", "connections"}
"""The commands that take no reference."""
NOT_OPERATIONS = {"iam:PassRole", "codeconnections:PassRepository", "codestar-connections:PassRepository"}
"""Actions that no operation has: AWS checks them within others."""

TWINMAKER = ("twinmaker:factory", "twinmaker:empty")
STACK = tuple(f"codeconnections:{name}" for name in ("live", "never", "failed", "blocked", "desired", "nothing"))
INSTANCE = tuple(f"proton:web/{name}" for name in ("live", "never", "desired", "nothing"))
TEMPLATE = tuple(f"proton-template:SERVICE/{name}/1" for name in ("live", "never", "nothing"))
KINDS: dict[type[Any], tuple[str, ...]] = {
    TwinMakerSync: TWINMAKER,
    StackSync: STACK,
    ServiceInstanceSync: INSTANCE,
    TemplateSync: TEMPLATE,
}

FOLLOW = ("--repository", "acme/infra", "--branch", "dev")
PROVIDER = ("--provider", "GITHUB")
CREATE: dict[type[Any], list[tuple[str, ...]]] = {
    TwinMakerSync: [
        ("twinmaker:empty", "--role", ROLE),
        ("twinmaker:factory", "--role", ROLE, "--tag", "team=ops"),
    ],
    StackSync: [
        ("codeconnections:live", *FOLLOW, "--file", "a.yaml", "--role", ROLE),
        ("codeconnections:nothing", *FOLLOW, "--file", "a.yaml", "--role", ROLE),
    ],
    ServiceInstanceSync: [
        ("proton:web/live", *FOLLOW, *PROVIDER, "--file", "a.yaml"),
        ("proton:api/live", *FOLLOW, *PROVIDER, "--file", "a.yaml"),
    ],
    TemplateSync: [
        ("proton-template:SERVICE/live/1", *FOLLOW, *PROVIDER),
        ("proton-template:SERVICE/api/1", *FOLLOW, *PROVIDER),
    ],
}
"""The arguments of `create`: for syncs that exist, and for others."""


class Interrupting(io.StringIO):
    """Ctrl-C, at the first output after some emulated seconds."""

    def __init__(self, clock: EmulatorClock, seconds: float) -> None:
        super().__init__()
        self._clock = clock
        self._end = clock.now() + seconds

    @override
    def write(self, text: str) -> int:
        if self._clock.now() > self._end:
            raise KeyboardInterrupt
        return super().write(text)


def load(aws: Emulator) -> None:
    """Add syncs of every kind in every situation that changes what a command reads."""
    for workspace in ("factory", "empty"):
        aws.add_workspace(workspace)
    aws.add_sync_resource("factory", "boiler", outcome="ERROR", reason="The asset has no model")
    with Unisync(**aws.client_options(in_process=True)) as client:
        client.twinmaker.create_sync_job("factory", sync_role=ROLE)
    for name in ("live", "never", "failed", "blocked", "desired"):
        aws.add_stack(name, repository="acme/infra")
    add_link_without_connection(aws)
    for name in ("live", "never", "desired"):
        aws.add_service_instance("web", name, repository="acme/infra")
    for name in ("live", "never"):
        aws.add_template(name, repository="acme/infra")
    aws.add_template("environment", template_type="ENVIRONMENT", repository="acme/infra")
    aws.add_service_instance("api", "live")
    aws.add_template("api")
    for name in ("live", "failed", "blocked", "desired"):
        aws.push(stack=name, sha=OLD)
    for name in ("live", "desired"):
        aws.push(service="web", instance=name, sha=OLD)
    aws.push(template="live", sha=OLD)
    aws.clock.advance(100)
    aws.push(stack="failed", sha=MINE, outcome="FAILED")
    aws.block(stack="blocked")
    aws.block(service="web", instance="live")
    for sync in ({"stack": "blocked"}, {"stack": "desired"}, {"service": "web", "instance": "desired"}):
        aws.push(**cast("Any", sync), sha=MINE, start_delay=1e6)
    aws.push(template="live", sha=MINE, start_delay=1e6)
    aws.clock.advance(100)


def add_link_without_connection(aws: Emulator) -> None:
    """Add a repository link whose connection was deleted: no list of connections has it."""
    connection = aws.add_connection("GitLab")
    aws.add_repository_link("acme/gone", provider="GitLab")
    options = aws.client_options()
    boto: Any = options["session"].client("codeconnections", endpoint_url=aws.url, config=options["config"])
    boto.delete_connection(ConnectionArn=connection)


def change_later(aws: Emulator, kind: type[Any] | None) -> Interrupting:
    """Let a sync change while it is watched, once all of them have been read."""
    if kind is TwinMakerSync:
        with Unisync(**aws.client_options(in_process=True)) as client:
            client.twinmaker.delete_sync_job("factory")
        return Interrupting(aws.clock, 1)
    if kind is ServiceInstanceSync:
        aws.push(service="web", instance="never", sha=OLD, detection_delay=60)
    elif kind is TemplateSync:
        aws.push(template="never", sha=OLD, detection_delay=60)
    else:
        aws.push(stack="never" if kind else "live", sha=NEWER, detection_delay=60)
    return Interrupting(aws.clock, 30)


def situations(command: str, kind: type[Any] | None, folder: Path) -> Iterable[tuple[str, ...]]:
    """The arguments of a command for references of a kind, or without any, so that all that it may call is called."""
    refs = () if kind is None else KINDS[kind]
    match command:
        case "get" | "watch":
            yield refs
        case "report":
            yield (*refs, "--to", "-")
        case "status":
            listed = folder / "refs.txt"
            listed.write_text("\n".join(refs))
            yield ("--max-lag", "1s", *(("--file", str(listed)) if refs else ()))
        case "wait" if kind is None:
            yield ("--repository", "acme/infra", "--timeout", "20s")
        case "wait":
            yield (*refs, "--timeout", "20s")
            yield from ((ref, "--timeout", "20s") for ref in refs)  # ends with the explanation of a failure
            yield (*refs, "--for", "deleted", "--timeout", "5s")
            if kind is TwinMakerSync:
                yield ("twinmaker:factory", "--for", "resources", "--timeout", "5s")
            else:
                yield (*refs, "--revision", NEWER, "--timeout", "20s")
        case "resume":
            for number, tokens in enumerate(waits_to_resume([parse_ref(ref) for ref in refs])):
                path = folder / f"{number}.jsonl"
                path.write_text("\n".join(map(str, tokens)))
                yield (str(path),)
        case "events":
            yield from ((ref, "--repository") for ref in refs)
        case "explain" | "blockers":
            yield from ((ref,) for ref in refs)
        case "resolve":
            yield from ((ref, "--reason", "checked", *dry_run) for ref in refs for dry_run in (("--dry-run",), ()))
        case "create":
            yield from CREATE[kind or StackSync]
        case "links":
            yield ()
        case "connections":
            yield ()
            yield ("GitHub",)
            yield ("arn:aws:codeconnections:us-east-1:123456789012:connection/0a1b2c3d-0000-0000-0000-000000000000",)
        case "delete":
            yield from ((ref, *option) for ref in refs for option in (("--dry-run",), ("--yes",)))
        case _:
            raise AssertionError(command)


def waits_to_resume(refs: list[SyncRef[Any]]) -> Iterable[list[WaitToken]]:
    """The waits of files, as those of `wait`."""
    create = partial(WaitToken.create, timeout=20)
    yield [create(ref) for ref in refs]
    yield from ([create(ref)] for ref in refs)
    yield [create(ref, condition="deleted") for ref in refs]
    for ref in refs:
        is_job = isinstance(ref, TwinMakerSync)
        yield [create(ref, condition="resources") if is_job else create(ref, revision=NEWER)]


def actions(policy: dict[str, Any]) -> set[str]:
    """The actions that a policy allows."""
    return {action for statement in policy["Statement"] for action in statement["Action"]}


def calls_of(aws: Emulator, *arguments: str, stdout: io.StringIO | None = None) -> set[str]:
    """Run a command; the operations that it called, as actions."""
    before = len(aws.calls)
    err = io.StringIO()
    code = run(arguments, aws.client_options(in_process=True), stdout or io.StringIO(), err)
    assert code != Exit.USAGE or "does not follow" in err.getvalue(), err.getvalue()
    return {f"{call.service}:{call.operation}" for call in aws.calls[before:]}


def printed(*arguments: str) -> dict[str, Any]:
    """What `unisync policy` prints."""
    out, err = io.StringIO(), io.StringIO()
    assert run(["policy", *arguments], None, out, err) == 0, err.getvalue()
    return cast("dict[str, Any]", json.loads(out.getvalue()))


def test_every_command_is_known() -> None:
    assert set(COMMANDS) | NO_CALLS == set(app.commands)
    for command in NO_CALLS:
        err = io.StringIO()
        assert run(["policy", command], None, io.StringIO(), err) == Exit.USAGE
        assert f"Invalid value for 'COMMAND': '{command}' is not one of 'get', " in err.getvalue()


@pytest.mark.parametrize("service", ["codeconnections", "codestar-connections"])
@pytest.mark.parametrize("command", COMMANDS)
def test_a_policy_allows_what_the_command_calls_and_no_more(command: str, service: str, tmp_path: Path) -> None:
    option = ("--codeconnections-service", service)
    called: dict[type[Any] | None, set[str]] = defaultdict(set)
    with Emulator(clock="manual") as aws:
        load(aws)
        kinds = () if command in WITHOUT_REFS else KINDS
        for kind in [None, *kinds] if command in SEARCHES else kinds:
            allowed = actions(printed(command, *(() if kind is None else KINDS[kind]), *option))
            for arguments in situations(command, kind, tmp_path):
                stdout = change_later(aws, kind) if command == "watch" else None
                calls = calls_of(aws, command, *arguments, *option, stdout=stdout)
                assert calls <= allowed, arguments
                called[kind] |= calls
            if kind is not None:
                assert unused(allowed, called[kind]) == set(), kind
    assert unused(actions(printed(command, *option)), set[str]().union(*called.values())) == set()


@pytest.mark.parametrize("command", ["create", "resolve", "delete"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_policy_allows_what_follows_a_lost_response(command: str, kind: type[Any], tmp_path: Path) -> None:
    allowed = actions(printed(command, *KINDS[kind]))
    for arguments in situations(command, kind, tmp_path):
        with Emulator(clock="manual") as aws:
            load(aws)
            for operation in {action.partition(":")[2] for action in allowed - NOT_OPERATIONS}:
                if operation.startswith(("Create", "Update", "Delete", "Tag")):
                    aws.fault(operation, "drop-answer")
            assert calls_of(aws, command, *arguments) <= allowed, arguments


def unused(allowed: set[str], called: set[str]) -> set[str]:
    """The actions that were allowed and not called. The older name also allows the actions of the new one."""
    under_both = {name.replace("codestar-connections:", "codeconnections:") for name in called}
    return allowed - called - under_both - NOT_OPERATIONS


@pytest.mark.parametrize("command", sorted(WITHOUT_REFS))
def test_a_command_without_references_has_no_policy_for_one(command: str) -> None:
    err = io.StringIO()
    assert run(["policy", command, "twinmaker:factory"], None, io.StringIO(), err) == Exit.USAGE
    assert f"{command} takes no REF." in err.getvalue()


def test_waiting_for_a_connection_calls_what_connections_calls(aws: Emulator) -> None:
    arn = aws.add_connection(name="acme")
    allowed = actions(printed("connections"))
    for name in ("acme", arn):
        assert calls_of(aws, "wait", name, "--for", "connection", "--timeout", "5s") <= allowed


def test_resources_are_those_of_the_references() -> None:
    policy = printed("wait", "twinmaker:factory", "codeconnections:shop", "--region", "eu-west-1")
    assert [(statement["Action"], statement["Resource"]) for statement in policy["Statement"]] == [
        (
            ["cloudformation:DescribeStackEvents", "cloudformation:DescribeStacks"],
            "arn:aws:cloudformation:eu-west-1:*:stack/*",
        ),
        (["codeconnections:GetConnection"], "arn:aws:codeconnections:eu-west-1:*:connection/*"),
        (
            ["codeconnections:GetRepositoryLink", "codeconnections:GetRepositorySyncStatus"],
            "arn:aws:codeconnections:eu-west-1:*:repository-link/*",
        ),
        (
            [
                "codeconnections:GetResourceSyncStatus",
                "codeconnections:GetSyncBlockerSummary",
                "codeconnections:GetSyncConfiguration",
                "sts:GetCallerIdentity",
            ],
            "*",
        ),
        (
            ["iottwinmaker:GetSyncJob", "iottwinmaker:GetWorkspace", "iottwinmaker:ListSyncResources"],
            [
                "arn:aws:iottwinmaker:eu-west-1:*:workspace/factory",
                "arn:aws:iottwinmaker:eu-west-1:*:workspace/factory/*",
            ],
        ),
    ]
    assert policy["Version"] == "2012-10-17"
    assert {(statement["Effect"], *statement) for statement in policy["Statement"]} == {
        ("Allow", "Effect", "Action", "Resource")
    }


def test_without_a_region_resources_are_in_all_of_them() -> None:
    (statement,) = printed("events", "twinmaker:factory")["Statement"]
    assert statement["Resource"][0] == "arn:*:iottwinmaker:*:*:workspace/factory"


@pytest.mark.parametrize(
    ("region", "partition"),
    [("us-east-1", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov"), ("us-iso-east-1", "*")],
)
def test_the_partition_is_that_of_the_region(region: str, partition: str) -> None:
    (statement,) = printed("events", "twinmaker:factory", "--region", region)["Statement"]
    assert statement["Resource"][0] == f"arn:{partition}:iottwinmaker:{region}:*:workspace/factory"


def test_a_reference_of_a_fleet_names_its_account_and_region() -> None:
    (statement,) = printed("events", "111111111111/cn-north-1/twinmaker:a", "--region", "eu-west-1")["Statement"]
    assert statement["Resource"][1] == "arn:aws-cn:iottwinmaker:cn-north-1:111111111111:workspace/a/*"


def test_passing_a_role_is_limited_to_the_service() -> None:
    passing = [each for each in printed("create")["Statement"] if each["Action"] == ["iam:PassRole"]]
    assert [(each["Resource"], each["Condition"]) for each in passing] == [
        ("arn:*:iam::*:role/*", {"StringEquals": {"iam:PassedToService": service}})
        for service in ("cloudformation.sync.codeconnections.amazonaws.com", "iottwinmaker.amazonaws.com")
    ]
    assert "iam:PassRole" not in actions(printed("create", "proton:web/prod"))
    assert "codeconnections:PassRepository" in actions(printed("create", "codeconnections:shop"))


def test_the_older_name_allows_the_actions_of_both_names() -> None:
    policy = printed("status", "codeconnections:shop", "--codeconnections-service", "codestar-connections")
    older = {name for name in actions(policy) if name.startswith("codestar-connections:")}
    newer = {name.replace("codestar-connections:", "codeconnections:") for name in older}
    assert older | newer == actions(policy)
    assert newer == actions(printed("status", "codeconnections:shop"))
    assert "arn:*:codestar-connections:*:*:repository-link/*" in [each["Resource"] for each in policy["Statement"]]


def test_roles_are_assumed(aws: Emulator) -> None:
    roles = [f"arn:aws:iam::{account}:role/reader" for account in ("111111111111", "222222222222")]
    options = [f"--role-arn={role}" for role in roles]
    out, err = io.StringIO(), io.StringIO()
    assert run(["policy", "get", "twinmaker:factory", *options], None, out, err) == 0
    assert err.getvalue().startswith("Allow sts:AssumeRole to the credentials that assume the roles")
    policy = json.loads(out.getvalue())
    assert policy["Statement"][-1] == {"Effect": "Allow", "Action": ["sts:AssumeRole"], "Resource": roles}
    assert policy["Statement"][0]["Resource"][0] == "arn:aws:iottwinmaker:*:111111111111:workspace/factory"

    for role in roles:
        aws.add_role(role)
    run(["get", "twinmaker:factory", *options], aws.client_options(), io.StringIO(), io.StringIO())
    called = {f"{call.service}:{call.operation}" for call in aws.calls}
    assert called == {"sts:AssumeRole", "iottwinmaker:GetSyncJob"}
    assert called <= actions(policy)


@pytest.mark.parametrize("arn", ["me", "arn:aws:iam::123456789012:user/me", "arn:aws:iam:::role/me"])
def test_a_role_must_be_the_arn_of_a_role(arn: str) -> None:
    err = io.StringIO()
    assert run(["policy", "get", "--role-arn", arn], None, io.StringIO(), err) == Exit.USAGE
    assert f"got {arn!r}" in err.getvalue()


def test_actions_exist_in_the_services() -> None:
    found: dict[str, set[str]] = defaultdict(set)
    for command in COMMANDS:
        for action in actions(policy_for(command)) - NOT_OPERATIONS:
            service, _, operation = action.partition(":")
            found[service].add(operation)
    for service, operations in found.items():
        model = ServiceModel(Loader().load_service_model(service, "service-2"))
        assert operations <= set(model.operation_names)
