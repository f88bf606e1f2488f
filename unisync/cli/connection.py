"""Where AWS is, as the options say: one account and region, or a fleet of them."""

from __future__ import annotations

import shlex
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, cast

import click
from typing_extensions import ReadOnly, TypedDict

from unisync._models.refs import FleetSync, SyncRef

if TYPE_CHECKING:
    from unisync._botocore.types import Boto3Session, BotocoreConfig
    from unisync._client.client import Unisync
    from unisync._client.fleet import Fleet
    from unisync._core.clock import Clock
    from unisync._models.jobs import SyncJob

Service = Literal["codeconnections", "codestar-connections"]


class ClientOptions(TypedDict):
    """What a program that runs the command in its own process may have it use, as `Emulator.client_options` tells."""

    session: ReadOnly[Boto3Session]
    endpoint_url: ReadOnly[str]
    config: ReadOnly[BotocoreConfig]
    clock: ReadOnly[Clock]


@dataclass(frozen=True)
class Settings:
    """What the options say."""

    profile: str | None = None
    regions: tuple[str, ...] = ()
    endpoint_url: str | None = None
    role_arns: tuple[str, ...] = ()
    external_id: str | None = field(default=None, repr=False)
    codeconnections_service: Service | None = None

    def over(self, others: Settings) -> Settings:
        """These, and of the others what these leave open."""
        return Settings(
            self.profile or others.profile,
            self.regions or others.regions,
            self.endpoint_url or others.endpoint_url,
            self.role_arns or others.role_arns,
            self.external_id or others.external_id,
            self.codeconnections_service or others.codeconnections_service,
        )

    def command(self, *words: str) -> str:
        """A command line that does something else in the same place."""
        options: list[str] = []
        for name, value in (
            ("profile", self.profile),
            *(("region", region) for region in self.regions),
            ("endpoint-url", self.endpoint_url),
            *(("role-arn", arn) for arn in self.role_arns),
            ("external-id", self.external_id and "..."),  # no log is to show it
            ("codeconnections-service", self.codeconnections_service),
        ):
            if value is not None:
                options += [f"--{name}", value]
        return shlex.join(["unisync", *words, *options])


class Connection:
    """The client of what the options say."""

    def __init__(self, settings: Settings, own: ClientOptions | None = None) -> None:
        self.settings = settings
        self._own = own

    @cached_property
    def client(self) -> Unisync | Fleet:
        """The client."""
        settings, own = self.settings, self._own
        shared: dict[str, Any] = {
            "endpoint_url": settings.endpoint_url or (own["endpoint_url"] if own else None),
            "codeconnections_service": settings.codeconnections_service or "codeconnections",
            "config": own["config"] if own else None,
            "clock": own["clock"] if own else None,
        }
        session = own["session"] if own else None
        if not self.is_fleet:
            from unisync._client.client import Unisync

            region = settings.regions[0] if settings.regions else None
            return Unisync(session, region_name=region, profile_name=settings.profile, **shared)
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
    def is_fleet(self) -> bool:
        """Whether it is of several accounts or regions, or of a role's."""
        return bool(self.settings.role_arns) or len(self.settings.regions) > 1

    def targets(self, refs: Iterable[SyncRef[SyncJob]]) -> list[SyncRef[SyncJob]]:
        """What references mean here: in a fleet, a plain one is meant in every account and region. None comes twice."""
        client = self.client
        found: list[SyncRef[SyncJob]] = []
        for ref in refs:
            if not self.is_fleet and isinstance(ref, FleetSync):
                raise click.UsageError(f"{ref} is of a fleet: give the role of its account with --role-arn.")
            if self.is_fleet and not isinstance(ref, FleetSync):
                found += [FleetSync(*location, ref) for location in cast("Fleet", client).locations]
            else:
                found.append(ref)
        return list(dict.fromkeys(found))

    def alone(self, ref: SyncRef[SyncJob]) -> tuple[Unisync, SyncRef[SyncJob]]:
        """The client of the one account and region that a reference is in, and the reference there."""
        targets = self.targets([ref])
        if len(targets) > 1:
            raise click.UsageError(f"{ref} could be in {len(targets)} places: write such as {targets[0]}.")
        (target,) = targets
        if isinstance(target, FleetSync):
            return cast("Fleet", self.client).client(target.account, target.region), target.sync
        return cast("Unisync", self.client), target

    def now(self) -> float:
        """Seconds, by the clock that waits go by."""
        return self._own["clock"].now() if self._own else time.monotonic()

    def close(self) -> None:
        """Close what was opened."""
        if "client" in self.__dict__:
            self.client.close()

    def _session(self) -> Boto3Session:
        import boto3
        from botocore.exceptions import BotoCoreError

        try:
            return boto3.Session(profile_name=self.settings.profile)
        except BotoCoreError as error:
            raise click.UsageError(str(error)) from error
