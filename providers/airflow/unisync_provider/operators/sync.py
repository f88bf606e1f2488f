"""Operators: create and delete sync jobs, ensure sync configurations, and resolve blockers."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from airflow.sdk import BaseOperator, BaseOperatorLink

from unisync import (
    FleetSync,
    InvalidArgumentError,
    NotFoundError,
    SyncJob,
    SyncRef,
    TwinMakerSync,
    UnisyncError,
    WaitCondition,
    WaitToken,
    parse_any_ref,
)
from unisync_provider._compat import AirflowException, AirflowFailException
from unisync_provider._connection import WithConnection
from unisync_provider._results import Result, result_of
from unisync_provider._waiting import (
    LINKS,
    check_ref,
    default_deferrable,
    deferral_timeout,
    poll_in_worker,
    token_of,
    verdict,
)
from unisync_provider.links.sync import push_links
from unisync_provider.triggers.sync import SyncTrigger

if TYPE_CHECKING:
    from airflow.sdk import Context


def exception_for(error: UnisyncError) -> AirflowException:
    """
    Return the exception that makes Airflow retry the task, or not.

    :param error: The error of an operation.
    """
    return (AirflowException if error.retryable else AirflowFailException)(str(error))


class _SyncOperator(BaseOperator, WithConnection):
    """An operator with a connection."""

    ui_color = "#dbe9f6"

    def __init__(
        self,
        *,
        aws_conn_id: str | None = "aws_default",
        region_name: str | None = None,
        verify: bool | str | None = None,
        botocore_config: dict[str, Any] | None = None,
        codeconnections_service: Literal["codeconnections", "codestar-connections"] = "codeconnections",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.set_connection(aws_conn_id, region_name, verify, botocore_config, codeconnections_service)


class _SyncJobOperator(_SyncOperator):
    """An operator that changes a sync job, and may wait for the result."""

    template_fields: Collection[str] = ("workspace_id", "aws_conn_id", "region_name")
    operator_extra_links: Collection[BaseOperatorLink] = LINKS[1:]
    condition: WaitCondition

    def __init__(
        self,
        *,
        workspace_id: str,
        sync_source: str = "SITEWISE",
        wait_for_completion: bool = True,
        timeout: float = 3600.0,
        poke_interval: float = 20.0,
        deferrable: bool | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.workspace_id = workspace_id
        self.sync_source = sync_source
        self.wait_for_completion = wait_for_completion
        self.timeout = timeout
        self.poke_interval = poke_interval
        self.deferrable = default_deferrable() if deferrable is None else deferrable

    @property
    def ref(self) -> TwinMakerSync:
        """The sync job."""
        return TwinMakerSync(self.workspace_id, self.sync_source)

    def wait(self, context: Context) -> dict[str, Any]:
        """Wait until the sync job is as it should be, here or in the triggerer."""
        push_links(context, self.ref, None, self.hook.region_name)
        if not self.wait_for_completion:
            return {"ref": str(self.ref)}
        token = token_of(self.ref, self.poke_interval, condition=self.condition, timeout=self.timeout)
        if not self.deferrable:
            return verdict([self._resumed(token)], "fail")
        (poll,) = poll_in_worker(self, context, [token])
        if poll.done:
            return verdict([result_of(poll)], "fail")
        trigger = SyncTrigger(token=str(poll.token), **self.connection())
        self.defer(trigger=trigger, method_name="execute_complete", timeout=deferral_timeout([poll.token]))
        raise AssertionError  # defer raises

    def execute_complete(self, context: Context, event: Result) -> dict[str, Any]:
        """
        Conclude the wait with the trigger's event.

        :param context: The context of the task.
        :param event: The event.
        :return: The XCom.
        """
        self.log.info("%s: %s", event["status"], event["message"])
        return verdict([event], "fail")

    def _resumed(self, token: WaitToken) -> Result:
        """Poll until the wait has ended."""
        client = self.hook.client
        poll = client.poll(token)
        while not poll.done:
            self.log.info("%s", result_of(poll)["message"])
            time.sleep(poll.next_delay or 0)
            poll = client.poll(poll.token)
        return result_of(poll)


class CreateSyncJobOperator(_SyncJobOperator):
    """
    Ensure that a TwinMaker workspace has a sync job, and wait until it is active.

    A sync job with the same role is left as it is, so that the task may be retried. Its XCom has ``ref``, and after the
    wait ``state``, ``polls`` and ``elapsed``. AWS operation: GetSyncJob and CreateSyncJob.

    :param workspace_id: The workspace to import the assets into. (templated)
    :param sync_role: The ARN of the role with which TwinMaker reads the source. (templated)
    :param sync_source: The source of the assets, such as "SITEWISE".
    :param tags: Tags that the job must have, up to 50. (templated)
    :param wait_for_completion: Whether to wait until the job is active.
    :param timeout: Seconds that the wait may take.
    :param poke_interval: Seconds between two polls at most; the first ones come sooner.
    :param deferrable: Whether the triggerer waits. By default Airflow's setting ``[operators] default_deferrable``.
    :param aws_conn_id: The Airflow connection used for AWS credentials. (templated)
    :param region_name: The AWS region; by default that of the connection. (templated)
    :param verify: Whether to verify TLS certificates, or the path of a file with certificates to trust.
    :param botocore_config: Settings of botocore's client.
    """

    template_fields: Collection[str] = ("workspace_id", "sync_role", "tags", "aws_conn_id", "region_name")
    condition: WaitCondition = "active"

    def __init__(self, *, sync_role: str, tags: Mapping[str, str] | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.sync_role = sync_role
        self.tags = tags

    def execute(self, context: Context) -> dict[str, Any]:
        """
        Create the sync job, and wait.

        :param context: The context of the task.
        :return: The XCom.
        """
        try:
            ensured = self.hook.client.twinmaker.ensure_sync_job(
                self.workspace_id, sync_role=self.sync_role, sync_source=self.sync_source, tags=self.tags
            )
        except UnisyncError as error:
            raise exception_for(error) from error
        self.log.info("The sync job of %s is %s", self.workspace_id, ensured.action)
        return self.wait(context)


class DeleteSyncJobOperator(_SyncJobOperator):
    """
    Delete a TwinMaker sync job with the resources that it synced, and wait until it is deleted.

    A sync job that does not exist counts as deleted, so that the task may be retried. Its XCom has ``ref``, and after
    the wait ``polls`` and ``elapsed``. AWS operation: DeleteSyncJob.

    :param workspace_id: The workspace that the job belongs to. (templated)
    :param sync_source: The source of its assets, such as "SITEWISE".
    :param wait_for_completion: Whether to wait until the job is deleted.
    :param timeout: Seconds that the wait may take.
    :param poke_interval: Seconds between two polls at most; the first ones come sooner.
    :param deferrable: Whether the triggerer waits. By default Airflow's setting ``[operators] default_deferrable``.
    :param aws_conn_id: The Airflow connection used for AWS credentials. (templated)
    :param region_name: The AWS region; by default that of the connection. (templated)
    :param verify: Whether to verify TLS certificates, or the path of a file with certificates to trust.
    :param botocore_config: Settings of botocore's client.
    """

    condition: WaitCondition = "deleted"

    def execute(self, context: Context) -> dict[str, Any]:
        """
        Delete the sync job, and wait.

        :param context: The context of the task.
        :return: The XCom.
        """
        try:
            self.hook.client.twinmaker.delete_sync_job(self.workspace_id, self.sync_source)
        except NotFoundError:
            self.log.info("The sync job of %s does not exist", self.workspace_id)
        except UnisyncError as error:
            raise exception_for(error) from error
        return self.wait(context)


class EnsureSyncConfigurationOperator(_SyncOperator):
    """
    Ensure that a stack follows a file of a branch: create the sync configuration, or update what differs.

    Its XCom has ``ref``, ``action`` ("created", "updated" or "unchanged") and ``changed``, the parameters that were
    updated. AWS operation: GetSyncConfiguration; CreateSyncConfiguration or UpdateSyncConfiguration.

    :param resource_name: The stack's name. (templated)
    :param repository_link_id: The id of the link to the repository. (templated)
    :param branch: The branch. (templated)
    :param config_file: The path of the deployment file in the repository. (templated)
    :param role_arn: The ARN of the role with which AWS updates the stack. (templated)
    :param publish_deployment_status: "ENABLED" or "DISABLED"; None leaves it unchanged.
    :param trigger_resource_update_on: "ANY_CHANGE" or "FILE_CHANGE"; None leaves it unchanged.
    :param pull_request_comment: "ENABLED" or "DISABLED"; None leaves it unchanged.
    :param aws_conn_id: The Airflow connection used for AWS credentials. (templated)
    :param region_name: The AWS region; by default that of the connection. (templated)
    :param verify: Whether to verify TLS certificates, or the path of a file with certificates to trust.
    :param botocore_config: Settings of botocore's client.
    :param codeconnections_service: boto3's name for CodeConnections: "codeconnections" or "codestar-connections".
    """

    template_fields: Collection[str] = (
        "resource_name",
        "repository_link_id",
        "branch",
        "config_file",
        "role_arn",
        "aws_conn_id",
        "region_name",
    )

    def __init__(
        self,
        *,
        resource_name: str,
        repository_link_id: str,
        branch: str,
        config_file: str,
        role_arn: str,
        publish_deployment_status: Literal["ENABLED", "DISABLED"] | None = None,
        trigger_resource_update_on: Literal["ANY_CHANGE", "FILE_CHANGE"] | None = None,
        pull_request_comment: Literal["ENABLED", "DISABLED"] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.resource_name = resource_name
        self.repository_link_id = repository_link_id
        self.branch = branch
        self.config_file = config_file
        self.role_arn = role_arn
        self.publish_deployment_status = publish_deployment_status
        self.trigger_resource_update_on = trigger_resource_update_on
        self.pull_request_comment = pull_request_comment

    def execute(self, context: Context) -> dict[str, Any]:
        """
        Ensure the sync configuration.

        :param context: The context of the task.
        :return: The XCom.
        """
        try:
            ensured = self.hook.client.codeconnections.ensure_sync_configuration(
                self.resource_name,
                repository_link_id=self.repository_link_id,
                branch=self.branch,
                config_file=self.config_file,
                role_arn=self.role_arn,
                publish_deployment_status=self.publish_deployment_status,
                trigger_resource_update_on=self.trigger_resource_update_on,
                pull_request_comment=self.pull_request_comment,
            )
        except UnisyncError as error:
            raise exception_for(error) from error
        self.log.info("The sync configuration of %s is %s", self.resource_name, ensured.action)
        return {
            "ref": f"codeconnections:{self.resource_name}",
            "action": ensured.action,
            "changed": list(ensured.changed),
        }


class ResolveBlockerOperator(_SyncOperator):
    """
    Resolve what blocks a Git sync, so that AWS attempts its latest commit again.

    Its XCom is the list of the ids of the blockers that were resolved; it is empty if nothing blocks the sync. AWS
    operation: GetSyncBlockerSummary and UpdateSyncBlocker, or Proton's operations of that kind.

    :param ref: The sync, such as ``"codeconnections:payments-prod"``, or a reference object. (templated)
    :param reason: Why the blockers are resolved, for AWS's records. (templated)
    :param blocker_id: The id of the blocker to resolve; None resolves all of the sync. (templated)
    :param role_arns: The ARNs of the roles of a fleet, for a reference with an account and region.
    :param aws_conn_id: The Airflow connection used for AWS credentials. (templated)
    :param region_name: The AWS region; by default that of the connection. (templated)
    :param verify: Whether to verify TLS certificates, or the path of a file with certificates to trust.
    :param botocore_config: Settings of botocore's client.
    :param codeconnections_service: boto3's name for CodeConnections: "codeconnections" or "codestar-connections".
    """

    template_fields: Collection[str] = ("ref", "reason", "blocker_id", "aws_conn_id", "region_name")

    def __init__(
        self,
        *,
        ref: SyncRef[SyncJob] | str,
        reason: str,
        blocker_id: str | None = None,
        role_arns: Sequence[str] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        check_ref(ref)
        self.ref = str(ref) if isinstance(ref, SyncRef) else ref
        self.reason = reason
        self.blocker_id = blocker_id
        self.role_arns = role_arns

    def execute(self, context: Context) -> list[str]:
        """
        Resolve the blockers.

        :param context: The context of the task.
        :return: The XCom.
        """
        client = self.client
        try:
            ref: Any = parse_any_ref(self.ref)
            if not isinstance(ref, FleetSync) and isinstance(ref, TwinMakerSync):
                raise InvalidArgumentError.expected("ref", "a Git sync, since nothing blocks a sync job", self.ref)
            ids = [self.blocker_id] if self.blocker_id else [each.id for each in client.blockers(ref)]
            for each in ids:
                client.resolve_blocker(ref, each, self.reason)
                self.log.info("Resolved %s of %s", each, self.ref)
        except UnisyncError as error:
            raise exception_for(error) from error
        return ids
