"""The emulator as Python sees it: set up a world, push commits, move the time, ask what was called."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from types import TracebackType
from typing import Literal, Protocol, Self, TypedDict

from botocore.loaders import Loader

from unisync.emulator.application import Application, Call
from unisync.emulator.clock import EmulatorClock
from unisync.emulator.faults import Fault, TokenBucket, known_operation
from unisync.emulator.gitsync import ATTEMPT_TAKES, Blocker, GitSync, Push, Repository
from unisync.emulator.server import Server
from unisync.emulator.services.proton import PROVIDERS
from unisync.emulator.signature import access_key_of, secret_of
from unisync.emulator.world import Blockable, ProtonService, Stack, Template, Workspace, World

ACCOUNT = "123456789012"
"""The account that everything happens in unless another is named."""
REGION = "eu-west-1"
"""The region, likewise."""


class Boto3Session(Protocol):
    """A `boto3.Session`, for those who have no type stubs for it."""

    @property
    def region_name(self) -> str | None:
        """The region that its clients speak to."""
        ...

    @property
    def profile_name(self) -> str:
        """The profile that its settings come from."""
        ...

    @property
    def client(self) -> Callable[..., object]:
        """Makes a client."""
        ...


class BotocoreConfig(Protocol):
    """A `botocore.config.Config`, likewise."""

    @property
    def merge(self) -> Callable[..., object]:
        """Gives a config that another one's settings were added to."""
        ...


class ClientOptions(TypedDict):
    """What `Unisync` and `AsyncUnisync` take to speak to an emulator."""

    session: Boto3Session
    endpoint_url: str
    config: BotocoreConfig
    clock: EmulatorClock


class Setup:
    """What a test puts into one account and region, and what it makes happen there."""

    def __init__(self, world: World) -> None:
        self._world = world

    def add_workspace(self, workspace_id: str) -> None:
        """Make a TwinMaker workspace, in which sync jobs can be created."""
        with self._world.lock:
            self._world.workspaces.setdefault(workspace_id, Workspace())

    def refuse_role(self, role_arn: str, reason: str | None = None) -> None:
        """Let no service assume a role: sync jobs created with it from now on end up in ERROR, saying `reason`."""
        with self._world.lock:
            self._world.refused_roles[role_arn] = reason or f"Unable to assume role {role_arn}"

    def add_stack(
        self,
        name: str,
        *,
        repository: str,
        branch: str = "main",
        config_file: str = "deployment.yaml",
        provider: str = "GitHub",
    ) -> None:
        """Make a CloudFormation stack with a sync configuration that follows `repository` ("owner/name")."""
        sync = GitSync(name, _repository(repository, branch, config_file, provider))
        with self._world.lock:
            role = f"arn:aws:iam::{self._world.account}:role/git-sync"
            self._world.stacks[name] = Stack(sync, config_file, role)

    def remove_stack(self, name: str) -> None:
        """Take the stack and its sync configuration away."""
        with self._world.lock:
            if self._world.stacks.pop(name, None) is None:
                raise ValueError(f"name: there is no stack {name!r}")

    def add_service_instance(
        self,
        service: str,
        instance: str,
        *,
        repository: str,
        branch: str = "main",
        file_path: str = "proton-ops.yaml",
        provider: str = "GitHub",
    ) -> None:
        """Make a Proton service instance. The service, with its sync configuration, comes with its first instance."""
        with self._world.lock:
            world = self._world
            place = _proton_repository(repository, branch, file_path, provider)
            owner = world.services.setdefault(service, ProtonService(place))
            target = world.arn("proton", f"service/{service}/service-instance/{instance}")
            owner.instances[instance] = GitSync(target, owner.repository, shared_blockers=owner.blockers)

    def remove_service(self, service: str) -> None:
        """Take a Proton service, its instances and its sync configuration away."""
        with self._world.lock:
            if self._world.services.pop(service, None) is None:
                raise ValueError(f"service: there is no service {service!r}")

    def add_template(
        self,
        name: str,
        *,
        repository: str,
        template_type: Literal["SERVICE", "ENVIRONMENT"] = "SERVICE",
        version: str = "1",
        branch: str = "main",
        subdirectory: str = "",
        provider: str = "GitHub",
    ) -> None:
        """Make a major version of a Proton template, with its sync configuration."""
        with self._world.lock:
            world, place = self._world, _proton_repository(repository, branch, subdirectory, provider)
            template = world.templates.setdefault((name, template_type), Template(place))
            target = world.arn("proton", f"{template_type.lower()}-template/{name}:{version}")
            template.versions[version] = GitSync(target, template.repository)

    def push(
        self,
        *,
        sha: str,
        stack: str | None = None,
        service: str | None = None,
        instance: str | None = None,
        template: str | None = None,
        outcome: Literal["SUCCEEDED", "FAILED"] = "SUCCEEDED",
        reason: str | None = None,
        noticed_after: float = 0.0,
        takes: float = ATTEMPT_TAKES,
    ) -> None:
        """Push a commit to the branch that a stack, a service instance or a template follows.

        Args:
            sha: The commit.
            stack: The stack that follows the branch; or
            service: the Proton service, and
            instance: its instance (without one, every instance of the service); or
            template: the Proton template (every version of it).
            outcome: What the sync of this commit comes to.
            reason: For a failure, what its last event says.
            noticed_after: Emulated seconds before AWS knows of the push.
            takes: Emulated seconds from the start of the attempt to its end.
        """
        if outcome not in ("SUCCEEDED", "FAILED"):
            raise ValueError(f"outcome: expected 'SUCCEEDED' or 'FAILED', got {outcome!r}")
        if not sha:
            raise ValueError("sha: expected the id of a commit, got an empty string")
        for name, seconds in (("noticed_after", noticed_after), ("takes", takes)):
            if not seconds >= 0:
                raise ValueError(f"{name}: expected seconds, zero or more, got {seconds!r}")
        with self._world.lock:
            now = self._world.clock.now()
            for sync in self._followers(stack, service, instance, template):
                sync.pushes.append(Push(sha, now, outcome, reason, noticed_after, takes))

    def block(
        self,
        *,
        reason: str,
        stack: str | None = None,
        service: str | None = None,
        instance: str | None = None,
        contexts: Mapping[str, str] | None = None,
    ) -> str:
        """Block the sync of a stack, of a Proton service, or of one instance; return the blocker's id.

        Nothing moves until `unblock`: what is under way stands still, and a push starts nothing.
        """
        with self._world.lock:
            blockable = self._blockable(stack, service, instance)
            blocker = Blocker(reason, self._world.clock.now(), dict(contexts or {"target": blockable.target}))
            blockable.blockers.append(blocker)
            return blocker.id

    def unblock(
        self,
        *,
        stack: str | None = None,
        service: str | None = None,
        instance: str | None = None,
        reason: str = "resolved",
    ) -> None:
        """Resolve every active blocker of a stack, of a Proton service, or of one instance."""
        with self._world.lock:
            for blocker in self._blockable(stack, service, instance).blockers:
                if blocker.resolved_at is None:
                    blocker.resolve(self._world.clock.now(), reason)

    def _followers(
        self, stack: str | None, service: str | None, instance: str | None, template: str | None
    ) -> Sequence[GitSync]:
        world = self._world
        match stack, service, instance, template:
            case str(), None, None, None if stack in world.stacks:
                return [world.stacks[stack].sync]
            case None, str(), None, None if service in world.services:
                return list(world.services[service].instances.values())
            case None, str(), str(), None if service in world.services:
                if instance in world.services[service].instances:
                    return [world.services[service].instances[instance]]
            case None, None, None, str():
                found = [each for (name, _), each in world.templates.items() if name == template]
                if found:
                    return [version for each in found for version in each.versions.values()]
            case _:
                pass
        raise ValueError(
            f"expected an existing stack, service (and instance) or template; got {stack=}, {service=}, "
            f"{instance=}, {template=}"
        )

    def _blockable(self, stack: str | None, service: str | None, instance: str | None) -> Blockable:
        if service is not None and instance is None and stack is None and service in self._world.services:
            target = self._world.arn("proton", f"service/{service}")
            return Blockable(self._world.services[service].blockers, target)
        (sync,) = self._followers(stack, service, instance, None)
        return Blockable(sync.own_blockers, sync.target)


class Emulator(Setup):
    """A local AWS for the three services: a context manager, blocking or async, that serves on loopback.

    Its own methods set up the default account and region; `world` gives those of another.

    Args:
        clock: "manual" for a time that only `clock.advance` and the clients' sleeps move. By default it is real.
        speed: How many emulated seconds pass in a real one.
        host: The address to serve on.
        port: The port; 0 takes a free one.
    """

    def __init__(
        self, *, clock: Literal["real", "manual"] = "real", speed: float = 1.0, host: str = "127.0.0.1", port: int = 0
    ) -> None:
        if clock not in ("real", "manual"):
            raise ValueError(f"clock: expected 'real' or 'manual', got {clock!r}")
        if clock == "manual" and speed != 1.0:
            raise ValueError("speed: a clock moved by hand has none")
        self.clock: EmulatorClock = EmulatorClock(None if clock == "manual" else speed)
        self._application = Application(self.clock)
        self._host, self._port = host, port
        self._server: Server | None = None
        super().__init__(self._application.world(ACCOUNT, REGION))

    @property
    def calls(self) -> list[Call]:
        """What was asked of the emulator so far, in order: service, operation, params, time."""
        with self._application.lock:
            return list(self._application.calls)

    @property
    def url(self) -> str:
        """Where it serves."""
        if self._server is None:
            raise RuntimeError("the emulator serves only inside its with-block")
        host, port = self._server.address
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    def world(self, *, account: str = ACCOUNT, region: str = REGION) -> Setup:
        """Another account or region, to be set up like the default one."""
        return Setup(self._application.world(_account_id(account), region))

    def client_options(self, *, account: str = ACCOUNT, region: str = REGION) -> ClientOptions:
        """The arguments with which `Unisync` or `AsyncUnisync` speaks to this emulator, in this world."""
        import boto3
        from botocore.config import Config
        from botocore.session import Session

        core = Session()
        if core.get_config_variable("data_path") is None:
            # Reading the models anew is most of what a client costs: the emulator's clients share them.
            core.register_component("data_loader", _model_loader())
        session = boto3.Session(
            botocore_session=core,
            aws_access_key_id=access_key_of(_account_id(account)),
            aws_secret_access_key=secret_of(account),
            region_name=region,
        )
        config = Config(inject_host_prefix=False, proxies={})
        return ClientOptions(session=session, endpoint_url=self.url, config=config, clock=self.clock)

    def environment(self, *, account: str = ACCOUNT, region: str = REGION) -> dict[str, str]:
        """The environment variables that point any AWS client at this emulator."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": access_key_of(_account_id(account)),
            "AWS_SECRET_ACCESS_KEY": secret_of(account),
            "AWS_REGION": region,
            "AWS_DEFAULT_REGION": region,
            "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
        }

    def fault(
        self, operation: str, kind: str, times: int | None = 1, *, seconds: float = 10.0, message: str | None = None
    ) -> None:
        """Let the next calls of an operation go wrong. Several faults of one operation come in the order set.

        Args:
            operation: AWS's name, such as "GetSyncJob".
            kind: An error code ("ThrottlingException"), a bare status ("http-503"), or a kind of
                `unisync.emulator.FAULTS`.
            times: For how many calls; None is for all, until `clear_faults`.
            seconds: For "slow" and "stall": how long, in real seconds.
            message: For an error code: what the error says.
        """
        fault = Fault(operation, kind, times, seconds, message or f"{kind} on demand")
        with self._application.lock:
            self._application.faults.append(fault)

    def clear_faults(self) -> None:
        """Let all go well again."""
        with self._application.lock:
            self._application.faults.clear()
            self._application.buckets.clear()

    def throttle(self, operation: str, *, rate: float, burst: float = 1.0) -> None:
        """Allow an operation `rate` calls an emulated second, `burst` at once; the others get ThrottlingException."""
        known_operation(operation)
        with self._application.lock:
            self._application.buckets[operation] = TokenBucket(rate, burst, self.clock)

    def start(self) -> None:
        """Serve. `with` does this, and `stop`."""
        if self._server is None:
            self._server = Server(self._application, self._host, self._port)

    def stop(self) -> None:
        """Free the port and the thread."""
        if self._server is not None:
            self._server.close()
            self._server = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    async def __aenter__(self) -> Self:
        self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


@cache
def _model_loader() -> Loader:
    return Loader()


def _account_id(account: str) -> str:
    if not (len(account) == 12 and account.isascii() and account.isdecimal()):
        raise ValueError(f"account: expected twelve digits, got {account!r}")
    return account


def _proton_repository(full_name: str, branch: str, directory: str, provider: str) -> Repository:
    if provider not in PROVIDERS:
        raise ValueError(f"provider: expected one that Proton knows, {', '.join(PROVIDERS)}; got {provider!r}")
    return _repository(full_name, branch, directory, provider)


def _repository(full_name: str, branch: str, directory: str, provider: str) -> Repository:
    if not all(full_name.rpartition("/")):
        raise ValueError(f"repository: expected 'owner/name', got {full_name!r}")
    return Repository(full_name, branch, directory, provider)
