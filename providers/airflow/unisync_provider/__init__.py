"""Airflow's provider for unisync: is my commit live, and if not, why not?"""

from __future__ import annotations

from typing import Any

__version__ = "0.1.0"
"""The version of this package, which its distribution takes from here."""


def get_provider_info() -> dict[str, Any]:
    """What Airflow lists of this provider."""
    integration = "unisync"
    return {
        "package-name": "airflow-provider-unisync",
        "name": "unisync",
        "description": "The sync APIs of AWS IoT TwinMaker, AWS Proton and AWS CodeConnections.",
        "versions": [__version__],
        "integrations": [{"integration-name": integration, "external-doc-url": "", "tags": ["aws"]}],
        "hooks": [{"integration-name": integration, "python-modules": ["unisync_provider.hooks.unisync"]}],
        "sensors": [{"integration-name": integration, "python-modules": ["unisync_provider.sensors.sync"]}],
        "triggers": [{"integration-name": integration, "python-modules": ["unisync_provider.triggers.sync"]}],
        "operators": [{"integration-name": integration, "python-modules": ["unisync_provider.operators.sync"]}],
        "extra-links": ["unisync_provider.links.sync.CommitLink", "unisync_provider.links.sync.ConsoleLink"],
    }
