"""`python -m tools.foreign CLIENT SERVICE`: what the client finds there, in a region that scenario.py furnished."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping

from tools.foreign.checks import Checks
from tools.foreign.client import Client
from tools.foreign.connections_checks import check_connections
from tools.foreign.proton_checks import check_proton
from tools.foreign.twinmaker_checks import check_twinmaker

CHECKS: dict[str, Callable[[Checks], None]] = {
    "iottwinmaker": check_twinmaker,
    "proton": check_proton,
    "codeconnections": check_connections,
    "codestar-connections": check_connections,
}


def maker(kind: str) -> Callable[[str, Mapping[str, str]], Client]:
    """What makes a client. Where one is installed the others need not be."""
    if kind == "boto3":
        from tools.foreign.boto3_client import Boto3

        return Boto3
    if kind == "awscli":
        from tools.foreign.awscli_client import AwsCli

        return AwsCli
    from tools.foreign.javascript_client import JavaScript

    return JavaScript


def main(kind: str, service: str) -> None:
    make = maker(kind)
    see = Checks(service, make(service, os.environ), make(service, {**os.environ, "AWS_SECRET_ACCESS_KEY": "a guess"}))
    CHECKS[service](see)
    see.end()


main(*sys.argv[1:])
