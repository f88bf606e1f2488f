"""Sensors: wait until syncs are synced, or deleted."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Collection, Generator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal, cast

from airflow.sdk import BaseOperatorLink, BaseSensorOperator, PokeReturnValue

from unisync import SyncJob, SyncRef, WaitCondition, WaitToken
from unisync_provider._compat import AirflowException, AirflowFailException, AirflowSkipException
from unisync_provider._connection import WithConnection
from unisync_provider._results import OnSuperseded, Result, raise_unless_succeeded, result_of
from unisync_provider._waiting import (
    LINKS,
    check_ref,
    default_deferrable,
    deferral_timeout,
    follows_commits,
    poll_in_worker,
    ref_of,
    token_of,
    verdict,
)
from unisync_provider.triggers.sync import SyncsTrigger, SyncTrigger, is_enough

if TYPE_CHECKING:
    from airflow.sdk import Context
    from airflow.triggers.base import BaseTrigger

ReturnWhen = Literal["all", "first", "first_failure"]
"""When the wait for many syncs ends."""


class _SyncSensorBase(BaseSensorOperator, WithConnection):
    """A sensor of one sync or several: how it polls, and how it is deferred."""

    ui_color = "#dbe9f6"
    operator_extra_links: Collection[BaseOperatorLink] = LINKS

    def __init__(
        self,
        *,
        aws_conn_id: str | None = "aws_default",
        region_name: str | None = None,
        verify: bool | str | None = None,
        botocore_config: dict[str, Any] | None = None,
        codeconnections_service: Literal["codeconnections", "codestar-connections"] = "codeconnections",
        role_arns: Sequence[str] = (),
        on_superseded: OnSuperseded = "fail",
        deferrable: bool | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if on_superseded not in ("fail", "skip"):
            raise ValueError(f"on_superseded: expected 'fail' or 'skip', got {on_superseded!r}")
        self.set_connection(aws_conn_id, region_name, verify, botocore_config, codeconnections_service, role_arns)
        self.on_superseded: OnSuperseded = on_superseded
        self.deferrable = default_deferrable() if deferrable is None else deferrable
        self._waits: dict[str, WaitToken] = {}
        self._ended: dict[str, Result] = {}

    @abstractmethod
    def tokens(self) -> list[WaitToken]:
        """Return the waits, which begin with their first poll."""

    @abstractmethod
    def trigger(self, tokens: Sequence[WaitToken]) -> BaseTrigger:
        """Return the trigger that continues the waits."""

    @abstractmethod
    def conclude(self, results: Sequence[Result]) -> Any:
        """Return the XCom, or raise the exception for the results."""

    def is_enough(self, statuses: Collection[str]) -> bool:
        """Tell whether waits that have ended end the others."""
        return False

    def execute(self, context: Context) -> Any:
        """
        Poll once, and defer if the wait has not ended; without ``deferrable``, poll until it has.

        :param context: The context of the task.
        :return: The XCom.
        """
        self._begin(context)
        if not self.deferrable:
            return super().execute(context)
        with self._skipped_if_soft():
            if self._poll(context):
                return self.conclude(list(self._ended.values()))
        waits = list(self._waits.values())
        self.defer(trigger=self.trigger(waits), method_name="execute_complete", timeout=deferral_timeout(waits))
        raise AssertionError  # defer raises

    def poke(self, context: Context) -> PokeReturnValue:
        """
        Poll once.

        :param context: The context of the task.
        :return: Whether the wait has ended with success, and the XCom.
        """
        if not self._waits:
            self._begin(context)
        is_done = self._poll(context)
        if not is_done and all(token.remaining == 0 for token in self._waits.values()):
            is_done = self._poll(context)  # the deadline came during the poll: this one says why
        return PokeReturnValue(is_done, self.conclude(list(self._ended.values())) if is_done else None)

    def execute_complete(self, context: Context, event: dict[str, Any]) -> Any:
        """
        Conclude the wait with the trigger's event.

        :param context: The context of the task.
        :param event: The event.
        :return: The XCom.
        """
        results: list[Result] = event["results"] if "results" in event else [cast("Result", event)]
        for each in results:
            self.log.info("%s: %s", each["status"], each["message"])
        return self.conclude(results)

    def _begin(self, context: Context) -> None:
        """Start the waits. One that is deferred begins with its first poll; others have the base class's deadline."""
        began = None if self.deferrable else datetime.now(UTC)
        if self.reschedule and not self.deferrable:
            began = context["ti"].get_first_reschedule_date(context) or began
        self._waits = {str(token.ref): token.model_copy(update={"begin": began}) for token in self.tokens()}
        self._ended = {}

    def _poll(self, context: Context) -> bool:
        """Poll for all waits that have not ended. Returns whether enough of them have."""
        polls = poll_in_worker(self, context, list(self._waits.values()))
        for poll in polls:
            ref, found = str(poll.token.ref), result_of(poll)
            self.log.info("%s (%d polls)", found["message"], found["polls"])
            if poll.done:
                self._ended[ref] = found
                del self._waits[ref]
            else:
                self._waits[ref] = poll.token
        return not self._waits or self.is_enough([each["status"] for each in self._ended.values()])

    @contextmanager
    def _skipped_if_soft(self) -> Generator[None]:
        """Do with an error what the base class does with one of `poke`."""
        try:
            yield
        except AirflowSkipException:
            raise
        except AirflowException as error:
            if self.soft_fail or self.never_fail:
                raise AirflowSkipException(str(error)) from error
            raise


class _OneSyncSensor(_SyncSensorBase):
    """A sensor of one sync."""

    condition: WaitCondition

    def __init__(self, *, ref: SyncRef[SyncJob] | str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        check_ref(ref)
        self.ref = str(ref) if isinstance(ref, SyncRef) else ref

    def options(self) -> dict[str, Any]:
        """Return more arguments of ``WaitToken.create``."""
        return {}

    def tokens(self) -> list[WaitToken]:
        """Return the wait."""
        options = {"condition": self.condition, "timeout": self.timeout, **self.options()}
        return [token_of(self.ref, self.poke_interval, **options)]

    def trigger(self, tokens: Sequence[WaitToken]) -> BaseTrigger:
        """Return the trigger that continues the wait."""
        return SyncTrigger(token=str(tokens[0]), **self.connection())

    def conclude(self, results: Sequence[Result]) -> dict[str, Any]:
        """Return the XCom, or raise the exception for the result."""
        return verdict(results, self.on_superseded)


class SyncActiveSensor(_OneSyncSensor):
    """
    Wait until a sync is synced: until AWS has deployed the commit, or imported the assets.

    It fails at once, without a retry of the task, if the sync fails, is blocked, or its commit is superseded; the error
    says why. Its XCom has ``ref``, ``state``, ``live_revision``, ``polls`` and ``elapsed``. AWS operation: those of
    unisync's ``wait_until_active``.

    .. seealso::
        For more information, see the guide "Airflow" of unisync's documentation.

    :param ref: The sync, such as ``"codeconnections:payments-prod"``, or a reference object. (templated)
    :param revision: The commit to wait for, for a Git sync; or several, of which any counts. None waits for the one
        that AWS desires. (templated)
    :param timeout: Seconds that the wait may take.
    :param poke_interval: Seconds between two polls at most; the first ones come sooner if the sensor is deferred.
    :param grace: Seconds for which a failure may pass.
    :param started_after: Ignore attempts that began earlier, to wait for a retry of the same commit.
    :param on_superseded: "fail" or "skip": what the task does if another commit superseded this one.
    :param soft_fail: Whether to mark the task as skipped if it fails.
    :param deferrable: Whether the triggerer waits. By default Airflow's setting ``[operators] default_deferrable``.
    :param aws_conn_id: The Airflow connection used for AWS credentials. (templated)
    :param region_name: The AWS region; by default that of the connection. (templated)
    :param verify: Whether to verify TLS certificates, or the path of a file with certificates to trust.
    :param botocore_config: Settings of botocore's client.
    :param codeconnections_service: boto3's name for CodeConnections: "codeconnections" or "codestar-connections".
    :param role_arns: The ARNs of the roles of a fleet, for a reference such as
        ``"123456789012/eu-west-1/codeconnections:payments-prod"``.
    """

    template_fields: Collection[str] = ("ref", "revision", "aws_conn_id", "region_name")
    condition: WaitCondition = "active"

    def __init__(
        self,
        *,
        ref: SyncRef[SyncJob] | str,
        revision: str | Collection[str] | None = None,
        grace: float | None = None,
        started_after: datetime | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(ref=ref, **kwargs)
        self.revision = revision
        self.grace = grace
        self.started_after = started_after

    def options(self) -> dict[str, Any]:
        """Return more arguments of ``WaitToken.create``."""
        return {"revision": self.revision, "grace": self.grace, "started_after": self.started_after}


class SyncDeletedSensor(_OneSyncSensor):
    """
    Wait until a sync is deleted.

    AWS operation: those of unisync's ``wait_until_deleted``. The parameters are those of ``SyncActiveSensor`` that
    concern the connection and the wait.

    :param ref: The sync, such as ``"twinmaker:factory"``, or a reference object. (templated)
    :param timeout: Seconds that the wait may take.
    :param poke_interval: Seconds between two polls at most; the first ones come sooner if the sensor is deferred.
    :param deferrable: Whether the triggerer waits. By default Airflow's setting ``[operators] default_deferrable``.
    """

    template_fields: Collection[str] = ("ref", "aws_conn_id", "region_name")
    condition: WaitCondition = "deleted"


class SyncResourcesSensor(_OneSyncSensor):
    """
    Wait until the resources of a TwinMaker sync job are synced.

    AWS operation: those of unisync's ``wait_until_resources_synced``. The parameters are those of ``SyncActiveSensor``
    that concern the connection and the wait.

    :param ref: The sync job, such as ``"twinmaker:factory"``, or a reference object. (templated)
    :param max_failures: How many resources may fail.
    :param timeout: Seconds that the wait may take.
    :param poke_interval: Seconds between two polls at most; the first ones come sooner if the sensor is deferred.
    :param grace: Seconds for which a failure may pass.
    :param deferrable: Whether the triggerer waits. By default Airflow's setting ``[operators] default_deferrable``.
    """

    template_fields: Collection[str] = ("ref", "aws_conn_id", "region_name")
    condition: WaitCondition = "resources"

    def __init__(
        self, *, ref: SyncRef[SyncJob] | str, max_failures: int = 0, grace: float | None = None, **kwargs: Any
    ) -> None:
        super().__init__(ref=ref, **kwargs)
        self.max_failures = max_failures
        self.grace = grace

    def options(self) -> dict[str, Any]:
        """Return more arguments of ``WaitToken.create``."""
        return {"max_failures": self.max_failures, "grace": self.grace}


class SyncsActiveSensor(_SyncSensorBase):
    """
    Wait until many syncs are synced, with one trigger for all of them.

    Its XCom has, for each reference, the sha of the live commit, or the state where there is none. AWS operation: those
    of unisync's ``wait_all``. The other parameters are those of ``SyncActiveSensor``.

    :param refs: The syncs; or a mapping that has for each of them the commit to wait for. (templated)
    :param revision: The commit to wait for, for Git syncs; not with a mapping. (templated)
    :param return_when: "all" when all waits have ended, "first" when the first has, and "first_failure" when the first
        has failed or all have ended.
    :param max_failures: How many syncs may fail, be blocked, superseded or late without failing the task; with them,
        ``return_when`` goes on.
    :param role_arns: The ARNs of the roles of a fleet, for references with an account and region.
    """

    template_fields: Collection[str] = ("refs", "revision", "aws_conn_id", "region_name")

    def __init__(
        self,
        *,
        refs: Collection[SyncRef[SyncJob] | str] | Mapping[Any, str],
        revision: str | None = None,
        return_when: ReturnWhen = "all",
        max_failures: int = 0,
        grace: float | None = None,
        started_after: datetime | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if return_when not in ("all", "first", "first_failure"):
            raise ValueError(f"return_when: expected 'all', 'first' or 'first_failure', got {return_when!r}")
        if revision is not None and isinstance(refs, Mapping):
            raise ValueError(f"revision: expected None, as refs has the commits, got {revision!r}")
        if isinstance(refs, Mapping):
            self.refs: Any = {str(ref) if isinstance(ref, SyncRef) else ref: sha for ref, sha in refs.items()}
        else:
            is_known = isinstance(refs, (list, tuple, set, frozenset))
            self.refs = [str(ref) if isinstance(ref, SyncRef) else ref for ref in refs] if is_known else refs
        if isinstance(self.refs, (dict, list)):
            for ref in self.refs:
                check_ref(ref)
        self.revision = revision
        self.return_when: ReturnWhen = return_when
        self.max_failures = max_failures
        self.grace = grace
        self.started_after = started_after

    def tokens(self) -> list[WaitToken]:
        """Return the waits."""
        if isinstance(self.refs, str):
            raise AirflowFailException(f"refs: expected a list or a mapping, got the text {self.refs!r}")
        wanted = self.refs if isinstance(self.refs, Mapping) else dict.fromkeys(self.refs, self.revision)
        if not wanted:
            raise AirflowFailException("refs: expected one or more syncs, got none")
        tokens: dict[SyncRef[Any], WaitToken] = {}
        for text, sha in wanted.items():
            ref = ref_of(text)
            commits = {"revision": sha, "started_after": self.started_after} if follows_commits(ref) else {}
            token = token_of(ref, self.poke_interval, timeout=self.timeout, grace=self.grace, **commits)
            if tokens.setdefault(ref, token).revision != token.revision:
                raise AirflowFailException(f"refs: {ref} is given twice, with different commits")
        return list(tokens.values())

    def is_enough(self, statuses: Collection[str]) -> bool:
        """Tell whether waits that have ended end the others."""
        return is_enough(statuses, self.return_when, self.max_failures)

    def trigger(self, tokens: Sequence[WaitToken]) -> BaseTrigger:
        """Return the trigger that continues the waits."""
        earlier = list(self._ended.values())
        return SyncsTrigger(
            tokens=list(map(str, tokens)),
            return_when=self.return_when,
            max_failures=self.max_failures,
            earlier=earlier,
            **self.connection(),
        )

    def conclude(self, results: Sequence[Result]) -> dict[str, str | None]:
        """Return the XCom, or raise the exception for the results."""
        failed = [each for each in results if each["status"] not in ("waiting", "succeeded")]
        is_first_missing = self.return_when == "first" and not any(each["status"] == "succeeded" for each in results)
        if len(failed) > self.max_failures or is_first_missing:
            raise_unless_succeeded(results, self.on_superseded)
        for each in failed:
            self.log.warning("Not synced: %s", each["message"])
        return {each["ref"]: each["live_revision"] or each["state"] for each in results if each not in failed}
