"""References: they identify a sync, and can be hashed, pickled, compared and written as text."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Generic, Literal, TypeVar, cast
from urllib.parse import quote

from typing_extensions import override

from unisync.errors import InvalidArgumentError

if TYPE_CHECKING:
    from unisync._models.jobs import GitSyncJob, SyncJob, TwinMakerSyncJob  # noqa: F401  # in strings

J_co = TypeVar("J_co", bound="SyncJob", covariant=True)

TemplateType = Literal["ENVIRONMENT", "SERVICE"] | str
"""AWS Proton's kinds of template."""

CONSOLES = {"aws-cn": "console.amazonaws.cn", "aws-us-gov": "console.amazonaws-us-gov.com"}
"""The host of the AWS console, by partition, where it is not the usual one."""

_STACK_ARN = re.compile(r"arn:[^/]*:cloudformation:[^/]*:stack/(?P<name>[^/]+)(/[^/]*)?")
"""AWS writes it with the stack's id, and in some events without it."""

NAME = re.compile(r"[^\s/:\x00-\x1f\x7f]+")
"""What a part of a reference may be."""


def partition_of(region: str) -> str:
    """The partition of a region: "aws", "aws-cn" or "aws-us-gov"."""
    return "aws-cn" if region.startswith("cn-") else "aws-us-gov" if region.startswith("us-gov-") else "aws"


class SyncRef(ABC, Generic[J_co]):
    """Identifies a sync. `J_co` is the type of its job.

    `str(ref)` is its text form, which `parse_ref` reads back.
    """

    __slots__ = ()

    __match_args__: ClassVar[tuple[str, ...]]

    prefix: ClassVar[str]
    """The start of the text form."""

    def __post_init__(self) -> None:
        _check_names(self)

    def __str__(self) -> str:
        return f"{self.prefix}:{'/'.join(self.parts())}"

    @abstractmethod
    def parts(self) -> tuple[str, ...]:
        """The parts of the text form between the slashes."""

    def console_url(self, region: str) -> str:
        """The page of the AWS console where the sync, or what it syncs, is found.

        Args:
            region: The region, such as "eu-west-1".
        """
        service, page = self._console_page()
        host = CONSOLES.get(partition_of(region), "console.aws.amazon.com")
        return f"https://{quote(region)}.{host}/{service}/home?region={quote(region)}#/{page}"

    def _console_page(self) -> tuple[str, str]:
        """The service as the console names it, and the page."""
        raise NotImplementedError

    @classmethod
    @abstractmethod
    def from_parts(cls, parts: list[str]) -> SyncRef[J_co] | None:
        """The reference with these parts; None if there are too few or too many."""


@dataclass(frozen=True, slots=True)
class TwinMakerSync(SyncRef["TwinMakerSyncJob"]):
    """An IoT TwinMaker sync job: `twinmaker:factory`, or `twinmaker:factory/SITEWISE`."""

    prefix = "twinmaker"

    workspace_id: str
    """The workspace."""
    sync_source: str = "SITEWISE"
    """What the job syncs from."""

    @override
    def parts(self) -> tuple[str, ...]:
        return (self.workspace_id,) if self.sync_source == "SITEWISE" else (self.workspace_id, self.sync_source)

    @override
    def _console_page(self) -> tuple[str, str]:
        return "iottwinmaker", f"workspaces/{_quoted(self.workspace_id)}"

    @classmethod
    @override
    def from_parts(cls, parts: list[str]) -> TwinMakerSync | None:
        return cls(*parts) if len(parts) in (1, 2) else None


@dataclass(frozen=True, slots=True)
class ServiceInstanceSync(SyncRef["GitSyncJob"]):
    """The Git sync of a Proton service instance: `proton:web/prod`."""

    prefix = "proton"

    service_name: str
    """The service."""
    service_instance_name: str
    """The instance of the service."""

    @override
    def parts(self) -> tuple[str, ...]:
        return self.service_name, self.service_instance_name

    @override
    def _console_page(self) -> tuple[str, str]:
        return "proton", f"services/detail/{_quoted(self.service_name)}"

    @classmethod
    @override
    def from_parts(cls, parts: list[str]) -> ServiceInstanceSync | None:
        return cls(*parts) if len(parts) == 2 else None


@dataclass(frozen=True, slots=True)
class TemplateSync(SyncRef["GitSyncJob"]):
    """The Git sync of a Proton template's major version: `proton-template:SERVICE/web/1`."""

    prefix = "proton-template"

    template_name: str
    """The template."""
    template_type: TemplateType
    """Whether it is a template of services or of environments."""
    template_version: str
    """The major version."""

    @override
    def parts(self) -> tuple[str, ...]:
        return self.template_type, self.template_name, self.template_version

    @override
    def _console_page(self) -> tuple[str, str]:
        return "proton", f"templates/{self.template_type.lower()}s/detail/{_quoted(self.template_name)}"

    @classmethod
    @override
    def from_parts(cls, parts: list[str]) -> TemplateSync | None:
        if len(parts) != 3:
            return None
        template_type, template_name, template_version = parts
        return cls(template_name, template_type, template_version)


@dataclass(frozen=True, slots=True)
class StackSync(SyncRef["GitSyncJob"]):
    """The Git sync of a CloudFormation stack: `codeconnections:payments-prod`.

    It takes the stack's ARN as well, also in its text form, and has its name.
    """

    prefix = "codeconnections"

    resource_name: str
    """The name of the stack."""
    sync_type: str = "CFN_STACK_SYNC"
    """What is synced: a `SyncType`."""

    @override
    def __post_init__(self) -> None:
        arn = _STACK_ARN.fullmatch(str(self.resource_name))
        if arn is not None:
            object.__setattr__(self, "resource_name", arn["name"])
        _check_names(self)

    @override
    def parts(self) -> tuple[str, ...]:
        return (self.resource_name,) if self.sync_type == "CFN_STACK_SYNC" else (self.resource_name, self.sync_type)

    @override
    def _console_page(self) -> tuple[str, str]:
        return "cloudformation", f"stacks?filteringText={_quoted(self.resource_name)}"

    @classmethod
    @override
    def from_parts(cls, parts: list[str]) -> StackSync | None:
        text = "/".join(parts)
        if _STACK_ARN.fullmatch(text):
            return cls(text)
        return cls(*parts) if len(parts) in (1, 2) else None


@dataclass(frozen=True)
class FleetSync(SyncRef[J_co]):
    """A sync in one account and region of a fleet: `123456789012/eu-west-1/codeconnections:payments-prod`.

    Only a `Fleet` accepts it. `parse_fleet_ref` reads its text form.
    """

    prefix = ""

    account: str
    """The account: its id, or the name that its session has in the fleet."""
    region: str
    """The region."""
    sync: SyncRef[J_co]
    """The sync in that account and region."""

    @override
    def __post_init__(self) -> None:
        _check_name("account", self.account)
        _check_name("region", self.region)
        is_plain = isinstance(cast("object", self.sync), SyncRef) and not isinstance(self.sync, FleetSync)
        InvalidArgumentError.unless(is_plain, "sync", "a reference such as StackSync(...)", self.sync)

    @override
    def __str__(self) -> str:
        return "/".join(self.parts())

    @override
    def parts(self) -> tuple[str, ...]:
        return self.account, self.region, str(self.sync)

    @override
    def console_url(self, region: str = "") -> str:
        """The page of the AWS console where the sync, or what it syncs, is found.

        Args:
            region: The region, if it is not the reference's own.
        """
        return self.sync.console_url(region or self.region)

    @classmethod
    @override
    def from_parts(cls, parts: list[str]) -> None:
        """The parts do not show the kind of its reference: `parse_fleet_ref` reads them."""


AnyRef = TwinMakerSync | ServiceInstanceSync | TemplateSync | StackSync
"""Any reference to a sync in one account and region."""

_KINDS = (TwinMakerSync, ServiceInstanceSync, TemplateSync, StackSync)


def parse_fleet_ref(text: str) -> FleetSync[SyncJob]:
    """Read the text form of a `FleetSync`.

    Args:
        text: Such as "123456789012/eu-west-1/codeconnections:payments-prod".

    Raises:
        InvalidArgumentError: It is not the text form of a `FleetSync`.
    """
    account, _, rest = str(text).partition("/")
    region, _, sync = rest.partition("/")
    if not sync:
        expected = "ACCOUNT/REGION/REFERENCE, such as 123456789012/eu-west-1/twinmaker:factory"
        raise InvalidArgumentError(f"text: expected {expected}, got {text!r}")
    return FleetSync(account, region, parse_ref(sync))


def parse_ref(text: str) -> AnyRef:
    """Read the text form of a reference.

    Args:
        text: Such as "codeconnections:payments-prod".

    Raises:
        InvalidArgumentError: It is not the text form of a reference.
    """
    prefix, _, rest = str(text).partition(":")
    for kind in _KINDS:
        if kind.prefix == prefix:
            ref = kind.from_parts(rest.split("/"))
            if ref is not None:
                return ref
    raise InvalidArgumentError(
        "text: expected twinmaker:WORKSPACE[/SOURCE], proton:SERVICE/INSTANCE, "
        f"proton-template:TYPE/TEMPLATE/VERSION or codeconnections:RESOURCE, got {text!r}"
    )


def parse_any_ref(text: str) -> SyncRef[SyncJob]:
    """Read the text form of a reference, with or without an account and region.

    Args:
        text: Such as "codeconnections:payments-prod", or the text form of a `FleetSync`.

    Raises:
        InvalidArgumentError: It is the text form of neither.
    """
    # Only a `FleetSync` has a slash before its first colon.
    return parse_fleet_ref(text) if "/" in text.partition(":")[0] else parse_ref(text)


def _quoted(name: str) -> str:
    """A name in a URL. On the command line, bytes that are not UTF-8 become surrogates, which no URL can have."""
    return quote(name, "", errors="replace")


def _check_names(ref: SyncRef[SyncJob]) -> None:
    for name in ref.__match_args__:
        _check_name(name, getattr(ref, name))


def _check_name(parameter: str, value: object) -> None:
    is_name = isinstance(value, str) and NAME.fullmatch(value) is not None
    InvalidArgumentError.unless(is_name, parameter, "a name without spaces, slashes or colons", value)
