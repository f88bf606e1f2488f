"""Where the services are offered, as far as is known: by botocore, and for CodeConnections by ourselves."""

from __future__ import annotations

from functools import cache
from typing import Literal

import botocore.session

from unisync.errors import InvalidArgumentError

CODECONNECTIONS: dict[str, tuple[str, ...]] = {
    "aws": (
        "ap-northeast-1",
        "ap-northeast-2",
        "ap-south-1",
        "ap-southeast-1",
        "ap-southeast-2",
        "ca-central-1",
        "eu-central-1",
        "eu-north-1",
        "eu-south-1",
        "eu-west-1",
        "eu-west-2",
        "eu-west-3",
        "sa-east-1",
        "us-east-1",
        "us-east-2",
        "us-west-1",
        "us-west-2",
    ),
    "aws-us-gov": ("us-gov-east-1", "us-gov-west-1"),
}
"""The regions of CodeConnections, by partition. botocore lists only those of its old name, which are the same."""


_OURS = {
    "iottwinmaker": "twinmaker",
    "proton": "proton",
    "codeconnections": "codeconnections",
    "codestar-connections": "codeconnections",
}
"""The names of the services: boto3's, and ours."""


def is_known_to_be_offered(boto3_name: str, region: str) -> bool:
    """Whether a service is known to be offered in a region."""
    name = _OURS[boto3_name]
    return any(region in _regions(name, partition) for partition in ("aws", "aws-cn", "aws-us-gov"))


def available_regions(
    service: Literal["twinmaker", "codeconnections", "proton"], partition: str = "aws"
) -> tuple[str, ...]:
    """The regions in which a service is known to be offered. AWS may have added others.

    Args:
        service: The service.
        partition: A group of regions: "aws", "aws-cn" or "aws-us-gov".

    Raises:
        InvalidArgumentError: There is no such service.
    """
    if service not in _OURS.values():
        raise InvalidArgumentError.expected("service", ", ".join(map(repr, dict.fromkeys(_OURS.values()))), service)
    return _regions(service, partition)


@cache
def _regions(service: str, partition: str) -> tuple[str, ...]:
    if service == "codeconnections":
        return CODECONNECTIONS.get(partition, ())
    boto3_name = next(boto3_name for boto3_name, ours in _OURS.items() if ours == service)
    return tuple(sorted(botocore.session.Session().get_available_regions(boto3_name, partition)))
