"""Proton: Git sync of service instances and templates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from unisync.errors import NotFoundError
from unisync.flow import Call, Flow, ask
from unisync.models import GitSyncJob, GitSyncReply, Vocabulary
from unisync.refs import ServiceInstanceSync, TemplateSync, TemplateType
from unisync.services.git import STATES, active_blockers, git_job, git_subject, required
from unisync.subject import Subject
from unisync.verbs import AwaitableOperations, BlockingOperations, Verbs, verb

if TYPE_CHECKING:
    from boto3.services import proton as requests

    from unisync.definitions import ServiceSyncBlockerSummary, ServiceSyncConfig, SyncBlocker, TemplateSyncConfig

SERVICE = "proton"

VOCABULARY = Vocabulary(
    STATES,
    providers={"GITHUB": "GitHub", "GITHUB_ENTERPRISE": "GitHubEnterpriseServer", "BITBUCKET": "Bitbucket"},
)


class Proton(Verbs):
    """The sync operations of Proton, under boto3's names."""

    @verb
    def get_service_instance_sync_status(self, service_name: str, service_instance_name: str) -> Flow[GitSyncJob]:
        """Read how the Git sync of a service instance stands (GetServiceInstanceSyncStatus).

        Args:
            service_name: The service.
            service_instance_name: Its instance.

        Returns:
            The sync, with its latest and its latest successful attempt, as far as there are any.

        Raises:
            NotFoundError: There is no such service instance.
            UnisyncError: Another of the tree in `unisync.errors`.
        """
        ref = ServiceInstanceSync(service_name, service_instance_name)
        params: requests.GetServiceInstanceSyncStatusRequest = {
            "serviceName": service_name,
            "serviceInstanceName": service_instance_name,
        }
        reply = yield from ask(Call(SERVICE, "GetServiceInstanceSyncStatus", params, GitSyncReply, VOCABULARY))
        return git_job(ref, reply)

    @verb
    def get_template_sync_status(
        self, template_name: str, template_type: TemplateType, template_version: str
    ) -> Flow[GitSyncJob]:
        """Read how the Git sync of a template stands (GetTemplateSyncStatus).

        Args:
            template_name: The template.
            template_type: "ENVIRONMENT" or "SERVICE".
            template_version: The major version.

        Returns:
            The sync, with its latest and its latest successful attempt, as far as there are any.

        Raises:
            NotFoundError: There is no such version of the template.
            UnisyncError: Another of the tree in `unisync.errors`.
        """
        ref = TemplateSync(template_name, template_type, template_version)
        params = {"templateName": template_name, "templateType": template_type, "templateVersion": template_version}
        reply = yield from ask(Call(SERVICE, "GetTemplateSyncStatus", params, GitSyncReply, VOCABULARY))
        return git_job(ref, reply)

    @verb
    def get_service_sync_config(self, service_name: str) -> Flow[ServiceSyncConfig | None]:
        """Read which file of which branch a service follows (GetServiceSyncConfig).

        Args:
            service_name: The service.

        Returns:
            The sync configuration; None where AWS answers without one.

        Raises:
            NotFoundError: There is no such service, or it has none.
            UnisyncError: Another of the tree in `unisync.errors`.
        """
        from unisync.definitions import ServiceSyncConfigReply

        params: requests.GetServiceSyncConfigRequest = {"serviceName": service_name}
        reply = yield from ask(Call(SERVICE, "GetServiceSyncConfig", params, ServiceSyncConfigReply, VOCABULARY))
        return reply.service_sync_config

    @verb
    def get_template_sync_config(
        self, template_name: str, template_type: TemplateType
    ) -> Flow[TemplateSyncConfig | None]:
        """Read which directory of which branch a template follows (GetTemplateSyncConfig).

        Args:
            template_name: The template.
            template_type: "ENVIRONMENT" or "SERVICE".

        Returns:
            The sync configuration; None where AWS answers without one.

        Raises:
            NotFoundError: There is no such template, or it has none.
            UnisyncError: Another of the tree in `unisync.errors`.
        """
        from unisync.definitions import TemplateSyncConfigReply

        params = {"templateName": template_name, "templateType": template_type}
        reply = yield from ask(Call(SERVICE, "GetTemplateSyncConfig", params, TemplateSyncConfigReply, VOCABULARY))
        return reply.template_sync_config

    @verb
    def get_service_sync_blocker_summary(
        self, service_name: str, service_instance_name: str | None = None
    ) -> Flow[ServiceSyncBlockerSummary | None]:
        """Read what has blocked the sync of a service, or of one of its instances (GetServiceSyncBlockerSummary).

        Args:
            service_name: The service.
            service_instance_name: Its instance. The blockers of the service and of each instance are kept apart:
                neither summary has the other's.

        Returns:
            The latest blockers, active and resolved; None where AWS answers without a summary.

        Raises:
            NotFoundError: There is no such service or instance.
            UnisyncError: Another of the tree in `unisync.errors`.
        """
        from unisync.definitions import ServiceSyncBlockerSummaryReply

        params: requests.GetServiceSyncBlockerSummaryRequest = {"serviceName": service_name}
        if service_instance_name is not None:
            params["serviceInstanceName"] = service_instance_name
        call = Call(SERVICE, "GetServiceSyncBlockerSummary", params, ServiceSyncBlockerSummaryReply, VOCABULARY)
        reply = yield from ask(call)
        return reply.summary


class BlockingProton(BlockingOperations, Proton):
    """The sync operations of Proton, under boto3's names."""


class AsyncProton(AwaitableOperations, Proton):
    """The sync operations of Proton, under boto3's names, awaited."""


_FLOWS = Proton()


def service_instance_subject(ref: ServiceInstanceSync) -> Subject[GitSyncJob]:
    """The sync of a service instance as something to wait for."""
    service, instance = ref.service_name, ref.service_instance_name

    def blockers() -> Flow[tuple[SyncBlocker, ...]]:
        found: list[SyncBlocker] = []
        for scope in (instance, None):
            try:
                summary = yield from _FLOWS.get_service_sync_blocker_summary(service, scope)
            except NotFoundError:
                continue
            found += active_blockers(summary)
        return tuple(found)

    return git_subject(
        ref,
        status=lambda: _FLOWS.get_service_instance_sync_status(service, instance),
        definition=lambda: required(
            _FLOWS.get_service_sync_config(service), SERVICE, "GetServiceSyncConfig", f"service {service}"
        ),
        blockers=blockers,
        release="aws proton update-service-sync-blocker --id {id} --resolved-reason REASON",
        owns_definition=False,
    )


def template_subject(ref: TemplateSync) -> Subject[GitSyncJob]:
    """The sync of a template as something to wait for."""
    name, kind, version = ref.template_name, ref.template_type, ref.template_version
    return git_subject(
        ref,
        status=lambda: _FLOWS.get_template_sync_status(name, kind, version),
        definition=lambda: required(
            _FLOWS.get_template_sync_config(name, kind), SERVICE, "GetTemplateSyncConfig", f"template {name}"
        ),
        owns_definition=False,
    )
