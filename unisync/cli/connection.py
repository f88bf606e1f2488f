"""The client for the connection options: of one account and region, or of a fleet."""

from __future__ import annotations

import shlex
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, cast

import click

from unisync._models.refs import FleetSync, SyncRef

if TYPE_CHECKING:
    from unisync._botocore.types import Boto3Session
    from unisync._client.client import Unisync
    from unisync._client.fleet import Fleet
    from unisync._core.commands import AccountRegion
    from unisync._models.jobs import SyncJob
    from unisync.emulator import ClientOptions

Service = Literal["codeconnections", "codestar-connections"]


@dataclass(frozen=True)
class Settings:
    """The connection options, as given."""

    profile: str | None = None
    regions: tuple[str, ...] = ()
    endpoint_url: str | None = None
    role_arns: tuple[str, ...] = ()
    external_id: str | None = field(default=None, repr=False)
    codeconnections_service: Service | None = None
    request_timeout: float | None = None
    """Seconds."""

    @classmethod
    def take(cls, options: dict[str, Any]) -> Settings:
        """The settings of a command's options, which are removed from `options`."""
        return cls(**{each.name: options.pop(each.name) for each in fields(cls)})

    def with_fallback(self, others: Settings) -> Settings:
        """These settings, with those of `others` where an option was not given."""
        names = [each.name for each in fields(self)]
        return Settings(**{name: getattr(self, name) or getattr(others, name) for name in names})

    def command_line(self, *arguments: str) -> str:
        """A command line of `unisync` with the same connection options."""
        options: list[str] = []
        for name, value in (
            ("profile", self.profile),
            *(("region", region) for region in self.regions),
            ("endpoint-url", self.endpoint_url),
            *(("role-arn", arn) for arn in self.role_arns),
            ("external-id", self.external_id and "..."),  # a secret: it must not get into logs
            ("codeconnections-service", self.codeconnections_service),
            ("request-timeout", f"{self.request_timeout:g}s" if self.request_timeout else None),
        ):
            if value is not None:
                options += [f"--{name}", value]
        return shlex.join(["unisync", *arguments, *options])


class Connection:
    """Creates the client for the connection options, when it is first used.

    Args:
        settings: The connection options.
        client_options: The client's arguments from a caller in the same process; options that were given come first.
    """

    def __init__(self, settings: Settings, client_options: ClientOptions | None = None) -> None:
        self.settings = settings
        self._client_options = client_options
        self._called: dict[str, str | None] = {"account": None, "region": None}
        """What the calls so far have shown of a single client."""

    @cached_property
    def client(self) -> Unisync | Fleet:
        """The client."""
        settings, options = self.settings, self._client_options
        shared: dict[str, Any] = {
            "endpoint_url": self.endpoint_url,
            "codeconnections_service": settings.codeconnections_service or "codeconnections",
            "config": options["config"] if options else None,
            "clock": options["clock"] if options else None,
        }
        if settings.request_timeout is not None:
            shared["call_timeout"] = settings.request_timeout
        session: Boto3Session | None = options["session"] if options else None
        if not self.is_fleet:
            from unisync._client.client import Unisync

            region = settings.regions[0] if settings.regions else None
            return Unisync(
                session, region_name=region, profile_name=settings.profile, on_event=self._note_event, **shared
            )
        from unisync._client.fleet import Fleet

        return Fleet(
            settings.role_arns,
            sessions=None if settings.role_arns else {settings.profile or "default": session or self._session()},
            session=session if settings.role_arns else None,
            profile_name=settings.profile if settings.role_arns else None,
            regions=settings.regions or None,
            external_id=settings.external_id,
            **shared,
        )

    @property
    def endpoint_url(self) -> str | None:
        """The endpoint of an option, or of a caller in the same process; None if neither names one."""
        return self.settings.endpoint_url or (self._client_options["endpoint_url"] if self._client_options else None)

    @property
    def is_fleet(self) -> bool:
        """Whether the client is a fleet: with several regions, or with roles."""
        return bool(self.settings.role_arns) or len(self.settings.regions) > 1

    def expand(self, refs: Iterable[SyncRef[SyncJob]]) -> list[SyncRef[SyncJob]]:
        """The syncs of references, each once. In a fleet, a plain reference stands for every account and region."""
        client = self.client
        found: list[SyncRef[SyncJob]] = []
        for ref in refs:
            if not self.is_fleet and isinstance(ref, FleetSync):
                raise click.UsageError(f"{ref} belongs to a fleet: pass the role of its account with --role-arn.")
            if self.is_fleet and not isinstance(ref, FleetSync):
                found += [FleetSync(*location, ref) for location in cast("Fleet", client).locations]
            else:
                found.append(ref)
        return list(dict.fromkeys(found))

    def only(self, ref: SyncRef[SyncJob]) -> SyncRef[SyncJob]:
        """A reference with its one account and region, in a fleet."""
        targets = self.expand([ref])
        if len(targets) > 1:
            raise click.UsageError(
                f"{ref} matches {len(targets)} accounts and regions: pass one, such as {targets[0]}."
            )
        return targets[0]

    def single(self, ref: SyncRef[SyncJob]) -> tuple[Unisync, SyncRef[SyncJob]]:
        """The client of the one account and region of a reference, and the reference without them."""
        target = self.only(ref)
        if isinstance(target, FleetSync):
            return cast("Fleet", self.client).client(target.account, target.region), target.sync
        return cast("Unisync", self.client), target

    def clients(self) -> Iterator[tuple[Unisync, AccountRegion | None]]:
        """The client of each account and region; None is for the only one."""
        if self.is_fleet:
            fleet = cast("Fleet", self.client)
            for location in fleet.locations:
                yield fleet.client(*location), location
        else:
            yield cast("Unisync", self.client), None

    def location_of(self, ref: SyncRef[SyncJob]) -> tuple[str | None, str | None]:
        """The account and the region of a sync, as far as they are known."""
        if isinstance(ref, FleetSync):
            return ref.account, ref.region
        return self._called["account"], self._called["region"]

    def _note_event(self, event: object) -> None:
        """Note the account and the region of a call."""
        for name, known in self._called.items():
            self._called[name] = known or getattr(event, name, None)

    def now(self) -> float:
        """The time in seconds, by the clock of the waits."""
        return self._client_options["clock"].now() if self._client_options else time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Sleep, by the clock of the waits."""
        if self._client_options:
            self._client_options["clock"].sleep(seconds)
        else:
            time.sleep(seconds)

    def date(self) -> datetime:
        """The date and time in AWS."""
        options = self._client_options
        return datetime.fromtimestamp(options["clock"].time(), UTC) if options else datetime.now(UTC)

    def close(self) -> None:
        """Close the client, if it was created."""
        if "client" in self.__dict__:
            self.client.close()

    def _session(self) -> Boto3Session:
        import boto3
        from botocore.exceptions import BotoCoreError

        try:
            return boto3.Session(profile_name=self.settings.profile)
        except BotoCoreError as error:
            raise click.ClickException(str(error)) from error
