"""The Python API of the emulator: set up accounts, push commits, advance the clock, inspect the calls."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from functools import cache
from ipaddress import ip_address
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self

from botocore.loaders import Loader
from typing_extensions import TypedDict

from unisync.emulator._http.in_process import URL, handle_in_process
from unisync.emulator._http.in_process import Application as InProcess
from unisync.emulator._http.server import Server
from unisync.emulator._protocol.signature import access_key_of, secret_of
from unisync.emulator._scenario.checks import check
from unisync.emulator._scenario.setup import Setup
from unisync.emulator._state.identities import Role, split_role_arn
from unisync.emulator.application import Application, RecordedCall
from unisync.emulator.clock import EmulatorClock
from unisync.emulator.events import EventEmitter
from unisync.emulator.faults import Fault, TokenBucket, check_operation

if TYPE_CHECKING:
    from botocore.session import Session

    from unisync._botocore.types import Boto3Session, BotocoreConfig
    from unisync.emulator.control import Control

logger: logging.Logger = logging.getLogger(__name__)

ACCOUNT = "123456789012"
"""The default account."""
REGION = "eu-west-1"
"""The default region."""


class ClientOptions(TypedDict, closed=True):
    """The arguments with which `Unisync` and `AsyncUnisync` connect to an emulator."""

    session: Boto3Session
    endpoint_url: str
    config: BotocoreConfig
    clock: EmulatorClock


class Emulator(Setup):
    """A local AWS with IoT TwinMaker, Proton, CodeConnections, and parts of CloudFormation and STS.

    CloudFormation's DescribeStacks and DescribeStackEvents show the stacks as the attempts to sync them leave them. The
    errors and the events' order and texts are those that people report. How a stack's resources, and the time of an
    attempt, are divided among the events is a guess, and so is that the roll-back ends with the attempt.

    It serves on this machine while it is used as a context manager, blocking or async. Its own methods set up the
    default account and region; `account` returns another.

    Args:
        clock: "manual" for a clock that only `clock.advance` and the clients' sleeps move. By default, time is real.
        speed: Emulated seconds per real second.
        host: The address to listen on.
        port: The port; 0 picks a free one.
        control: Whether requests to /_unisync/ may do what the methods do, for tests in other processes. Then any
            program that can connect may.
        on_event: Receives the events of Git sync that CodeConnections sends to EventBridge, as a target of a rule
            receives them, in the order of the emulated time. With a manual clock, `clock.advance` and the clients'
            sleeps emit them before they return; otherwise a thread does while the emulator runs, within about 50
            milliseconds. An exception on a manual clock is raised where the clock is moved; in the thread, it is
            logged.
    """

    def __init__(
        self,
        *,
        clock: Literal["real", "manual"] = "real",
        speed: float = 1.0,
        host: str = "127.0.0.1",
        port: int = 0,
        control: bool = False,
        on_event: Callable[[dict[str, object]], object] | None = None,
    ) -> None:
        if clock not in ("real", "manual"):
            raise ValueError(f"clock: expected 'real' or 'manual', got {clock!r}")
        if clock == "manual" and speed != 1.0:
            raise ValueError("speed: a manual clock has none")
        self.clock: EmulatorClock = EmulatorClock(None if clock == "manual" else speed)
        self._application = Application(self.clock)
        self._host, self._port, self._is_controlled = host, port, control
        self._server: Server | None = None
        self._emitter = None if on_event is None else EventEmitter(self._application, on_event)
        super().__init__(self._application.account(ACCOUNT, REGION))

    @property
    def calls(self) -> list[RecordedCall]:
        """Every valid request so far, in order."""
        with self._application.lock:
            return list(self._application.calls)

    @property
    def page_size(self) -> int | None:
        """The most items on any page of a list. None, the default, leaves the number to the request.

        Proton's ListRepositorySyncDefinitions is never paginated: its model allows only an empty token.
        """
        return self._application.page_size

    @page_size.setter
    def page_size(self, size: int | None) -> None:
        if size is not None and size < 1:
            raise ValueError(f"page_size: expected one or more, or None, got {size!r}")
        self._application.page_size = size

    @property
    def url(self) -> str:
        """The endpoint URL."""
        if self._server is None:
            raise RuntimeError("the emulator is not running: use it in a with block, or call start()")
        host, port = self._server.address
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    @property
    def accepts_remote(self) -> bool:
        """Whether other machines can connect."""
        return self._server is not None and not ip_address(self._server.address[0]).is_loopback

    def account(self, *, account: str = ACCOUNT, region: str = REGION) -> Setup:
        """Return an account in a region, to set it up like the default one."""
        return Setup(self._application.account(_account_id(account), region))

    def add_role(self, arn: str, *, external_id: str | None = None) -> None:
        """Add a role that every account can assume with STS's AssumeRole. Its calls act in the role's account.

        The credentials expire by the emulated clock, but botocore refreshes them by real time. On a manual clock the
        emulator may therefore reject credentials as expired that botocore does not refresh.

        Args:
            arn: The ARN of the role. Its account needs no other setup.
            external_id: The external ID that AssumeRole must send; None accepts any.
        """
        split_role_arn(arn)
        check("sts", "arnType", arn=arn)
        check("sts", "externalIdType", external_id=external_id)
        with self._application.lock:
            self._application.identities.roles[arn] = Role(arn, external_id)

    def remove_role(self, arn: str) -> None:
        """Remove a role. Credentials already issued for it work until they expire."""
        with self._application.lock:
            if self._application.identities.roles.pop(arn, None) is None:
                raise ValueError(f"arn: there is no role {arn!r}")

    def expire_credentials(self, *, account: str | None = None) -> None:
        """Expire all credentials that AssumeRole has issued: for the roles of one account, or for all roles."""
        self._application.identities.expire(None if account is None else _account_id(account))

    def client_options(
        self, *, account: str = ACCOUNT, region: str = REGION, in_process: bool = False
    ) -> ClientOptions:
        """The arguments with which `Unisync` or `AsyncUnisync` connects to this emulator.

        Args:
            account: The account that calls act in.
            region: The region that calls act in.
            in_process: Handle calls in this process, without a socket. The emulator need not be running. Faults that
                take time then take emulated time and ignore the client's timeouts, and roles cannot be assumed.
        """
        if in_process:
            return in_process_options(self._application, account, region)
        return _options(_session(), self.url, self.clock, account, region)

    def environment(self, *, account: str = ACCOUNT, region: str = REGION) -> dict[str, str]:
        """The environment variables with which any AWS client connects to this emulator."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": access_key_of(_account_id(account)),
            "AWS_SECRET_ACCESS_KEY": secret_of(account),
            "AWS_REGION": region,
            "AWS_DEFAULT_REGION": region,
            "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
        }

    def fault(
        self,
        operation: str,
        kind: str,
        times: int | None = 1,
        *,
        service: str | None = None,
        seconds: float = 10.0,
        message: str | None = None,
        status: int | None = None,
        member: str | None = None,
    ) -> None:
        """Make the next calls of an operation fail. Several faults for one operation apply in the order of these calls.

        Args:
            operation: AWS's name, such as "GetSyncJob"; "*" is every operation.
            kind: An error code ("ThrottlingException"), an HTTP status ("http-503"), or a kind of
                `unisync.emulator.FAULTS`.
            times: The number of calls that fail; None is all of them, until `clear_faults`.
            service: The one service that it applies to, by boto3's name, since Proton and CodeConnections share names
                of operations. None is every service.
            seconds: The duration of "slow" and "stall", in real seconds.
            message: The error message, if `kind` is an error code.
            status: The HTTP status, if `kind` is an error code; by default, the one that the service's model declares.
                A proxy or an emulator that lacks an API sends InternalFailure with 501.
            member: The field that "missing-member" removes, wherever the reply has it; by default, a required one.
        """
        fault = Fault(operation, kind, times, seconds, message or f"{kind} on demand", service, status, member)
        with self._application.lock:
            self._application.faults.append(fault)

    def clear_faults(self) -> None:
        """Remove all faults and rate limits."""
        with self._application.lock:
            self._application.faults.clear()
            self._application.buckets.clear()

    def throttle(
        self, operation: str, *, rate: float, burst: float = 1.0, service: str | None = None, account: str | None = None
    ) -> None:
        """Limit the rate of an operation, in each account and region separately. Calls above it are throttled.

        Args:
            operation: AWS's name, such as "GetSyncJob".
            rate: Calls per emulated second.
            burst: Calls that are allowed at once.
            service: The one service that it applies to, by boto3's name; None is every service.
            account: The one account that it applies to; None is every account.
        """
        check_operation(operation, service)
        with self._application.lock:
            self._application.buckets[service, account, operation] = TokenBucket(rate, burst, self.clock)

    def start(self) -> None:
        """Start the server. A `with` block does this, and calls `stop` at its end."""
        if self._server is None:
            self._server = Server(self._application, self._host, self._port, self._control())
            if self._emitter is not None:
                self._emitter.start()
            if self.accepts_remote:
                logger.warning("The emulator listens on %s: other machines can connect", self._host)

    def _control(self) -> Control | None:
        if not self._is_controlled:
            return None
        from unisync.emulator.control import Control  # it imports this module

        return Control(self)

    def stop(self) -> None:
        """Stop the server: emit the last events, close the connections, free the port and end the threads."""
        if self._server is not None:
            if self._emitter is not None:
                self._emitter.stop()
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


def in_process_options(application: InProcess, account: str, region: str) -> ClientOptions:
    """The arguments of a client whose requests something in this process answers.

    Args:
        application: What answers them.
        account: The account that calls act in.
        region: The region that calls act in.
    """
    core = _session()
    # Ignore the machine's own AWS settings.
    settings: Any = core.get_component("config_store")
    for name, value in (("profile", None), ("config_file", os.devnull), ("max_attempts", None)):
        settings.set_config_variable(name, value)
    handle_in_process(core, application)
    return _options(core, URL, application.clock, account, region)


def _session() -> Session:
    from botocore.session import Session

    return Session()


def _options(core: Session, url: str, clock: EmulatorClock, account: str, region: str) -> ClientOptions:
    import boto3
    from botocore.config import Config

    if core.get_config_variable("data_path") is None:
        # Loading the models is most of the cost of a client: the emulator's clients share them.
        core.register_component("data_loader", _model_loader())
    session = boto3.Session(
        botocore_session=core,
        aws_access_key_id=access_key_of(_account_id(account)),
        aws_secret_access_key=secret_of(account),
        region_name=region,
    )
    config = Config(inject_host_prefix=False, proxies={})
    return ClientOptions(session=session, endpoint_url=url, config=config, clock=clock)


@cache
def _model_loader() -> Loader:
    return Loader()


def _account_id(account: str) -> str:
    if not (len(account) == 12 and account.isascii() and account.isdecimal()):
        raise ValueError(f"account: expected twelve digits, got {account!r}")
    return account
