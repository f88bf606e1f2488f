"""The emulator as Python sees it: set up a world, push commits, move the time, ask what was called."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from functools import cache
from ipaddress import ip_address
from types import TracebackType
from typing import Any, Literal, Protocol, Self

from botocore.loaders import Loader
from typing_extensions import TypedDict

from unisync.emulator._http.in_process import URL, answer_in_process
from unisync.emulator._http.server import Server
from unisync.emulator._protocol.signature import access_key_of, secret_of
from unisync.emulator._scenario.checks import check
from unisync.emulator._scenario.setup import Setup
from unisync.emulator._state.identities import Role, split_role_arn
from unisync.emulator.application import Application, RecordedCall
from unisync.emulator.clock import EmulatorClock
from unisync.emulator.faults import Fault, TokenBucket, known_operation

logger: logging.Logger = logging.getLogger(__name__)

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


class ClientOptions(TypedDict, closed=True):
    """What `Unisync` and `AsyncUnisync` take to speak to an emulator."""

    session: Boto3Session
    endpoint_url: str
    config: BotocoreConfig
    clock: EmulatorClock


class Emulator(Setup):
    """A local AWS for the three services, and STS: a context manager, blocking or async, that serves on loopback.

    Its own methods set up the default account and region; `account` gives those of another.

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
    def calls(self) -> list[RecordedCall]:
        """What was asked of the emulator so far, in order: service, operation, params, time."""
        with self._application.lock:
            return list(self._application.calls)

    @property
    def page_size(self) -> int | None:
        """The most items on a page of a list; None, to begin with, leaves it to the request.

        Proton's ListRepositorySyncDefinitions comes whole all the same: its token has no room for anything.
        """
        return self._application.page_size

    @page_size.setter
    def page_size(self, size: int | None) -> None:
        if size is not None and size < 1:
            raise ValueError(f"page_size: expected one or more, or None, got {size!r}")
        self._application.page_size = size

    @property
    def url(self) -> str:
        """Where it serves."""
        if self._server is None:
            raise RuntimeError("the emulator serves only inside its with-block")
        host, port = self._server.address
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    @property
    def accepts_remote(self) -> bool:
        """Whether it serves other machines than this one too."""
        return self._server is not None and not ip_address(self._server.address[0]).is_loopback

    def account(self, *, account: str = ACCOUNT, region: str = REGION) -> Setup:
        """Another account or region, to be set up like the default one."""
        return Setup(self._application.world(_account_id(account), region))

    def add_role(self, arn: str, *, external_id: str | None = None) -> None:
        """Let every account assume a role, by STS's AssumeRole; what is done as the role is done in the role's account.

        What is given out expires by the emulator's clock. botocore refreshes by real time: on a clock moved by hand,
        `Expiration` may be hours ahead of that, and what the emulator refuses as expired is not refreshed by itself.

        Args:
            arn: The role's. The account need not have been set up.
            external_id: What has to be asked with, word for word; None takes anything.
        """
        split_role_arn(arn)
        check("sts", "arnType", arn=arn)
        check("sts", "externalIdType", external_id=external_id)
        with self._application.lock:
            self._application.identities.roles[arn] = Role(arn, external_id)

    def remove_role(self, arn: str) -> None:
        """Let nobody assume a role any longer. What was given out for it is good until it expires."""
        with self._application.lock:
            if self._application.identities.roles.pop(arn, None) is None:
                raise ValueError(f"arn: there is no role {arn!r}")

    def expire_credentials(self, *, account: str | None = None) -> None:
        """Let what AssumeRole gave out so far expire now: for the roles of an account, or for all."""
        self._application.identities.expire(None if account is None else _account_id(account))

    def client_options(
        self, *, account: str = ACCOUNT, region: str = REGION, in_process: bool = False
    ) -> ClientOptions:
        """The arguments with which `Unisync` or `AsyncUnisync` speaks to this emulator, in this world.

        Args:
            account: The account that calls are made in.
            region: The region, likewise.
            in_process: Whether calls are answered without a socket, which needs no `with`: nothing is served. Faults
                that take time then take emulated time, whatever time-outs say, and no role can be assumed.
        """
        import boto3
        from botocore.config import Config
        from botocore.session import Session

        core = Session()
        if in_process:  # nothing of the machine's own settings
            settings: Any = core.get_component("config_store")
            for name, value in (("profile", None), ("config_file", os.devnull), ("max_attempts", None)):
                settings.set_config_variable(name, value)
        if core.get_config_variable("data_path") is None:
            # Reading the models anew is most of what a client costs: the emulator's clients share them.
            core.register_component("data_loader", _model_loader())
        session = boto3.Session(
            botocore_session=core,
            aws_access_key_id=access_key_of(_account_id(account)),
            aws_secret_access_key=secret_of(account),
            region_name=region,
        )
        if in_process:
            answer_in_process(core, self._application)
        config = Config(inject_host_prefix=False, proxies={})
        url = URL if in_process else self.url
        return ClientOptions(session=session, endpoint_url=url, config=config, clock=self.clock)

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
        self,
        operation: str,
        kind: str,
        times: int | None = 1,
        *,
        service: str | None = None,
        seconds: float = 10.0,
        message: str | None = None,
    ) -> None:
        """Let the next calls of an operation go wrong. Several faults of one operation come in the order set.

        Args:
            operation: AWS's name, such as "GetSyncJob".
            kind: An error code ("ThrottlingException"), a bare status ("http-503"), or a kind of
                `unisync.emulator.FAULTS`.
            times: For how many calls; None is for all, until `clear_faults`.
            service: The one service that it is for, by boto3's name: Proton and CodeConnections share names of
                operations. None is every service.
            seconds: For "slow" and "stall": how long, in real seconds.
            message: For an error code: what the error says.
        """
        fault = Fault(operation, kind, times, seconds, message or f"{kind} on demand", service)
        with self._application.lock:
            self._application.faults.append(fault)

    def clear_faults(self) -> None:
        """Let all go well again."""
        with self._application.lock:
            self._application.faults.clear()
            self._application.buckets.clear()

    def throttle(
        self, operation: str, *, rate: float, burst: float = 1.0, service: str | None = None, account: str | None = None
    ) -> None:
        """Allow an operation `rate` calls an emulated second in each account and region; others are throttled.

        Args:
            operation: AWS's name, such as "GetSyncJob".
            rate: Calls an emulated second.
            burst: Calls at once.
            service: The one service that it is for, by boto3's name; None is every service.
            account: The one account that it is for; None is every account.
        """
        known_operation(operation, service)
        with self._application.lock:
            self._application.buckets[service, account, operation] = TokenBucket(rate, burst, self.clock)

    def start(self) -> None:
        """Serve. `with` does this, and `stop`."""
        if self._server is None:
            self._server = Server(self._application, self._host, self._port)
            if self.accepts_remote:
                logger.warning("The emulator serves other machines too, as it was told: on %s", self._host)

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
