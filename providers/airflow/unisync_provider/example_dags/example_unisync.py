"""Wait for the deployments of a commit, and for a TwinMaker sync job."""

from __future__ import annotations

from datetime import UTC, datetime

from airflow.sdk import DAG, Param

from unisync_provider.operators.sync import CreateSyncJobOperator, DeleteSyncJobOperator, ResolveBlockerOperator
from unisync_provider.sensors.sync import SyncActiveSensor, SyncResourcesSensor, SyncsActiveSensor

with DAG(
    "example_unisync_release",
    schedule=None,
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    params={"sha": Param(type="string", minLength=7, description="The commit that was pushed.")},
    tags=["example", "unisync"],
) as release:
    network = SyncActiveSensor(
        task_id="network_is_live",
        ref="codeconnections:network",
        revision="{{ params.sha }}",
        timeout=3600,
        on_superseded="skip",
        deferrable=True,
    )
    services = SyncsActiveSensor(
        task_id="services_are_live",
        refs=["codeconnections:payments", "codeconnections:orders"],
        revision="{{ params.sha }}",
        return_when="first_failure",
        timeout=3600,
        deferrable=True,
    )
    network >> services

with DAG(
    "example_unisync_twinmaker",
    schedule=None,
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    tags=["example", "unisync"],
) as twinmaker:
    create = CreateSyncJobOperator(
        task_id="create_sync_job",
        workspace_id="factory",
        sync_role="arn:aws:iam::123456789012:role/twinmaker-sync",
        deferrable=True,
    )
    resources = SyncResourcesSensor(task_id="resources_are_synced", ref="twinmaker:factory", max_failures=3)
    delete = DeleteSyncJobOperator(task_id="delete_sync_job", workspace_id="factory", deferrable=True)
    create >> resources >> delete

with DAG(
    "example_unisync_resolve",
    schedule=None,
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    tags=["example", "unisync"],
) as resolve:
    ResolveBlockerOperator(task_id="resolve", ref="codeconnections:payments", reason="The change by hand was reverted")
