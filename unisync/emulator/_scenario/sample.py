"""Sample resources for demos: one of every kind, some of them failed or blocked."""

from __future__ import annotations

from unisync.emulator.emulator import Emulator


def load_sample(aws: Emulator) -> None:
    """Add a workspace, stacks, a service instance and templates. One stack fails, one is blocked."""
    aws.add_workspace("factory")
    aws.add_sync_resource("factory", "boiler-1", resource_id="entity-1")
    aws.add_sync_resource("factory", "boiler-2", outcome="ERROR", reason="The asset has no model")
    aws.add_sync_resource("factory", "boiler", resource_id="type-1", resource_type="COMPONENT_TYPE")
    aws.add_stack("payments-prod", repository="acme/infra")
    aws.add_repository_link("acme/website")
    aws.add_service_instance("web", "prod", repository="acme/web")
    aws.add_template("web")
    aws.add_repository("acme/templates")
    aws.push(stack="payments-prod", sha="4f2c9e1d6b7a80934cde51f2a6b7c8d9e0f1a2b3")
    aws.push(service="web", instance="prod", sha="90aa21b7c4d3e2f1a0b9c8d7e6f5a4b3c2d1e0f9")
    aws.add_stack("orders-prod", repository="acme/infra", config_file="orders.yaml")
    aws.push(
        stack="orders-prod",
        sha="bad0c0de6b7a80934cde51f2a6b7c8d9e0f1a2b3",
        outcome="FAILED",
        reason="Template error: instance of Fn::GetAtt references undefined resource Database",
        failure="change_set",
    )
    aws.add_stack("search-prod", repository="acme/infra", config_file="search.yaml")
    aws.push(stack="search-prod", sha="0a1b2c3d6b7a80934cde51f2a6b7c8d9e0f1a2b3", duration=0)
    aws.block(stack="search-prod", reason="The stack was updated by hand")
    aws.push(stack="search-prod", sha="1a57c0de6b7a80934cde51f2a6b7c8d9e0f1a2b3")
