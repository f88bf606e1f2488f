"""Links of a task: to the commit, and to the sync in the AWS console."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperatorLink
from airflow.sdk.execution_time.xcom import XCom

from unisync import FleetSync, GitSyncJob, SyncJob, SyncRef

if TYPE_CHECKING:
    from airflow.sdk import BaseOperator, Context


class _Link(BaseOperatorLink):
    """A link that the task pushes as soon as it is known, so that it is there while the task is deferred."""

    def get_link(self, operator: BaseOperator, *, ti_key: Any) -> str:
        """
        Return the URL that the task has pushed.

        :param operator: The operator.
        :param ti_key: The key of the task instance.
        :return: The URL; empty if there is none.
        """
        return XCom.get_value(ti_key=ti_key, key=self.xcom_key) or ""

    def push(self, context: Context, url: str | None) -> None:
        """
        Store the URL.

        :param context: The context of the task.
        :param url: The URL; None changes nothing.
        """
        if url:
            context["ti"].xcom_push(key=self.xcom_key, value=url)


class CommitLink(_Link):
    """The page of the commit at its provider."""

    name = "Commit"


class ConsoleLink(_Link):
    """The page of the AWS console where the sync is found."""

    name = "AWS console"


def push_links(context: Context, ref: SyncRef[SyncJob], job: SyncJob | None, region: str | None) -> None:
    """
    Store the links of a sync.

    :param context: The context of the task.
    :param ref: The sync.
    :param job: The job as it was read, if it was.
    :param region: The region of the sync, if it is known.
    """
    commit = job.desired_revision or job.live_revision if isinstance(job, GitSyncJob) else None
    CommitLink().push(context, None if commit is None else commit.url)
    if isinstance(ref, FleetSync):
        ConsoleLink().push(context, ref.console_url())
    elif region:
        ConsoleLink().push(context, ref.console_url(region))
