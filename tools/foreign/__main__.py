"""`python -m tools.foreign CLIENT SERVICE` checks a client in a region that scenario.py has set up."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping

from tools.foreign.checks import Checks
from tools.foreign.client import Client
from tools.foreign.connections_checks import check_connections
from tools.foreign.proton_checks import check_proton
from tools.foreign.twinmaker_checks import check_twinmaker

SERVICES: dict[str, Callable[[Checks], None]] = {
    "iottwinmaker": check_twinmaker,
    "proton": check_proton,
    "codeconnections": check_connections,
    "codestar-connections": check_connections,
}


def client_class(name: str) -> Callable[[str, Mapping[str, str]], Client]:
    """The class of a client. Imports only that one, since the others need not be installed."""
    if name == "boto3":
        from tools.foreign.boto3_client import Boto3

        return Boto3
    if name == "awscli":
        from tools.foreign.awscli_client import AwsCli

        return AwsCli
    from tools.foreign.javascript_client import JavaScript

    return JavaScript


def main(client: str, service: str) -> None:
    create = client_class(client)
    impostor = create(service, {**os.environ, "AWS_SECRET_ACCESS_KEY": "wrong"})
    checks = Checks(service, create(service, os.environ), impostor)
    SERVICES[service](checks)
    checks.finish()


main(*sys.argv[1:])
