"""Stateful tests: after any operations at any time, AWS's replies agree with the reference model."""

from __future__ import annotations

from typing import Any, cast

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.emulator.clients import local_clients
from tests.emulator.reference_model import (
    Blocker,
    Branch,
    Commit,
    GitResource,
    Job,
    Resource,
    active,
    camel_case,
    check_blockers,
)
from tests.emulator.resources import ROLE
from unisync.emulator import ACCOUNT, REGION, Setup

pytestmark = pytest.mark.slow

# Sums of these are exact in floating point, so the emulator and the model agree on what is due at a given time.
STEPS = st.sampled_from([0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 60.0])
DELAYS = st.sampled_from([0.0, 0.0, 0.0, 1.0, 7.0, 30.0])
DURATIONS = st.sampled_from([30.0, 0.0, 2.0, 5.0, 8.0])
OUTCOMES = st.sampled_from(["SUCCEEDED", "SUCCEEDED", "FAILED"])
DENIED_ROLE = f"{ROLE}-denied"
SYNC = {"SyncType": "CFN_STACK_SYNC"}

WORKSPACES, SOURCES, NAMES = ("factory", "plant"), ("SITEWISE", "OTHER"), ("a1", "b2")
# One of each is drawn more often, so that much happens to the same resource.
workspaces = st.sampled_from(["factory", "factory", "factory", "plant", "unknown"])
sources, names = st.sampled_from(["SITEWISE", "SITEWISE", *SOURCES]), st.sampled_from(["a1", *NAMES])

SETTINGS = settings(
    max_examples=max(1, settings().max_examples // 20),
    stateful_step_count=25,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


class AccountMachine(RuleBasedStateMachine):
    """An empty emulated account with a manual clock, and boto3 clients of it."""

    def __init__(self) -> None:
        super().__init__()
        application = local_clients().reset()
        self.setup = Setup(application.account(ACCOUNT, REGION))
        self.clock = application.clock
        self.epoch = self.clock.date(0.0)
        self.pushes = 0

    @property
    def now(self) -> float:
        return self.clock.now()

    def call(self, service: str, operation: str, **params: object) -> dict[str, Any]:
        """The reply, or the error as the only field "error"."""
        return local_clients().call(service, operation, params)

    def error_code(self, service: str, operation: str, **params: object) -> str | None:
        """The code of the error; None if the call succeeds."""
        return cast("dict[str, str]", self.call(service, operation, **params).get("error", {})).get("Code")

    def new_commit(self, delay: float, duration: float, outcome: str) -> Commit:
        self.pushes += 1
        return Commit(f"{self.pushes:040x}", self.now + delay, outcome, duration)

    def push_arguments(self, commit: Commit, delay: float) -> dict[str, Any]:
        return {"sha": commit.sha, "outcome": commit.outcome, "detection_delay": delay, "duration": commit.duration}


class SyncJobs(AccountMachine):
    """TwinMaker's sync jobs, in two workspaces with two sources."""

    def __init__(self) -> None:
        super().__init__()
        for workspace in WORKSPACES:
            self.setup.add_workspace(workspace)
        self.setup.deny_role(DENIED_ROLE, "denied")
        self.jobs: dict[tuple[str, str], Job] = {}
        self.resources: dict[tuple[str, str, str], Resource] = {}

    def existing_job(self, workspace: str, source: str) -> Job | None:
        job = self.jobs.get((workspace, source))
        return None if job is None or job.state(self.now) is None else job

    @rule(workspace=workspaces, source=sources, role_denied=st.booleans())
    def create_job(self, workspace: str, source: str, role_denied: bool) -> None:
        params = {"workspaceId": workspace, "syncSource": source, "syncRole": DENIED_ROLE if role_denied else ROLE}
        reply = self.call("iottwinmaker", "CreateSyncJob", **params)
        if workspace not in WORKSPACES:
            assert reply["error"]["Code"] == "ValidationException"
        elif self.existing_job(workspace, source) is not None:
            assert reply["error"]["Code"] == "ConflictException"
        else:
            self.jobs[workspace, source] = Job(self.now, role_denied)
            assert reply["state"] == "CREATING"

    @rule(workspace=workspaces, source=sources)
    def delete_job(self, workspace: str, source: str) -> None:
        reply = self.call("iottwinmaker", "DeleteSyncJob", workspaceId=workspace, syncSource=source)
        job = self.existing_job(workspace, source)
        if job is None:
            assert reply["error"]["Code"] == "ResourceNotFoundException"
        else:
            job.deleted = self.now if job.deleted is None else job.deleted
            assert reply == {"state": "DELETING"}

    @rule(workspace=st.sampled_from(WORKSPACES), source=sources, name=names, duration=DURATIONS, fails=st.booleans())
    def add_resource(self, workspace: str, source: str, name: str, duration: float, fails: bool) -> None:
        outcome: Any = "ERROR" if fails else "IN_SYNC"
        self.setup.add_sync_resource(workspace, name, sync_source=source, duration=duration, outcome=outcome)
        self.resources[workspace, source, name] = Resource(self.now, duration, fails)

    @precondition(lambda self: any(each.removed is None for each in self.resources.values()))
    @rule(data=st.data())
    def remove_resource(self, data: st.DataObject) -> None:
        existing = [key for key, each in self.resources.items() if each.removed is None]
        workspace, source, name = key = data.draw(st.sampled_from(existing))
        self.setup.remove_sync_resource(workspace, name, sync_source=source)
        self.resources[key].removed = self.now

    @rule(step=STEPS)
    def advance(self, step: float) -> None:
        self.clock.advance(step)

    @invariant()
    def agrees_with_the_model(self) -> None:
        for workspace in WORKSPACES:
            summaries = self.call("iottwinmaker", "ListSyncJobs", workspaceId=workspace)["syncJobSummaries"]
            listed = {each["syncSource"]: each["status"]["state"] for each in summaries}
            jobs = {source: self.existing_job(workspace, source) for source in SOURCES}
            assert listed == {source: job.state(self.now) for source, job in jobs.items() if job is not None}
            for source, job in jobs.items():
                params = {"workspaceId": workspace, "syncSource": source}
                if job is None:
                    assert self.error_code("iottwinmaker", "GetSyncJob", **params) == "ResourceNotFoundException"
                    assert self.error_code("iottwinmaker", "ListSyncResources", **params) == "ValidationException"
                else:
                    self.check_job(job, params)

    def check_job(self, job: Job, params: dict[str, str]) -> None:
        reply, state = self.call("iottwinmaker", "GetSyncJob", **params), job.state(self.now)
        assert reply["status"]["state"] == state
        assert ("error" in reply["status"]) == (state == "ERROR")
        created, updated = (reply[f"{kind}DateTime"].timestamp() - self.epoch for kind in ("creation", "update"))
        assert abs(created - job.created) < 0.01
        assert created - 0.01 <= updated <= self.now + 0.01
        expected = {
            name: resource.state(job, self.now)
            for (workspace, source, name), resource in self.resources.items()
            if (workspace, source) == (params["workspaceId"], params["syncSource"])
        }
        resources = self.call("iottwinmaker", "ListSyncResources", **params)["syncResources"]
        listed = {each["externalId"]: each["status"]["state"] for each in resources}
        assert listed == {name: state for name, state in expected.items() if state is not None}


class Connections(AccountMachine):
    """CodeConnections, with two repositories, two stacks and two branches."""

    REPOSITORIES = ("infra", "spare")
    BRANCHES = ("main", "live")

    def __init__(self) -> None:
        super().__init__()
        self.connection = self.setup.add_connection()
        for name in NAMES:
            self.setup.add_stack(name)
        self.links: dict[str, str] = {}
        self.branches: dict[tuple[str, str], Branch] = {}
        """By the id of the link and the name of the branch."""
        self.stacks: dict[str, GitResource] = {}
        self.sources: dict[str, tuple[str, str]] = {}
        """The link and the branch that each stack follows."""
        self.blockers: dict[str, list[Blocker]] = {}
        self.deleted: set[str] = set()
        """The stacks that were deleted by hand, and do not exist."""

    @initialize()
    def begin(self) -> None:
        self.create_link("infra")
        self.create_configuration("a1", "infra", "main")

    @rule(
        action=st.sampled_from(["create", "create link", "delete", "delete link", "change branch"]),
        name=names,
        repository=st.sampled_from(REPOSITORIES),
        branch=st.sampled_from(BRANCHES),
    )
    def configure(self, action: str, name: str, repository: str, branch: str) -> None:
        match action:
            case "create":
                self.create_configuration(name, repository, branch)
            case "create link":
                self.create_link(repository)
            case "delete":
                self.delete_configuration(name)
            case "delete link":
                self.delete_link(repository)
            case _:
                self.change_branch(name, branch)

    def create_link(self, repository: str) -> None:
        params = {"ConnectionArn": self.connection, "OwnerId": "acme", "RepositoryName": repository}
        reply = self.call("codeconnections", "CreateRepositoryLink", **params)
        if repository in self.links:
            assert reply["error"]["Code"] == "ResourceAlreadyExistsException"
        else:
            self.links[repository] = reply["RepositoryLinkInfo"]["RepositoryLinkId"]

    def delete_link(self, repository: str) -> None:
        link = self.links.get(repository)
        if link is None:
            return
        code = self.error_code("codeconnections", "DeleteRepositoryLink", RepositoryLinkId=link)
        if any(followed == link for followed, _ in self.sources.values()):
            assert code == "SyncConfigurationStillExistsException"
        else:
            assert code is None
            del self.links[repository]
            code = self.error_code("codeconnections", "GetRepositoryLink", RepositoryLinkId=link)
            assert code == "ResourceNotFoundException"

    def create_configuration(self, name: str, repository: str, branch: str) -> None:
        link = self.links.get(repository, "ffffffff-ffff-4fff-8fff-ffffffffffff")
        params = {"RepositoryLinkId": link, "Branch": branch, "ConfigFile": f"{name}.yaml", "RoleArn": ROLE}
        code = self.error_code("codeconnections", "CreateSyncConfiguration", ResourceName=name, **params, **SYNC)
        if name in self.stacks:
            assert code == "ResourceAlreadyExistsException"
        elif repository not in self.links:
            assert code == "InvalidInputException"
        else:
            assert code is None
            blockers: list[Blocker] = []
            self.blockers[name] = blockers
            self.stacks[name] = GitResource(
                self.now,
                is_blocked=lambda: any(active(blockers)),
                block=lambda: blockers.append(Blocker()),
                exists=name not in self.deleted,
            )
            self.sources[name] = link, branch

    def change_branch(self, name: str, branch: str) -> None:
        params = {"ResourceName": name, "Branch": branch, **SYNC}
        code = self.error_code("codeconnections", "UpdateSyncConfiguration", **params)
        assert code == (None if name in self.stacks else "ResourceNotFoundException")
        if name in self.stacks:
            self.sources[name] = self.sources[name][0], branch

    def delete_configuration(self, name: str) -> None:
        assert self.error_code("codeconnections", "DeleteSyncConfiguration", ResourceName=name, **SYNC) is None
        self.stacks.pop(name, None)
        self.sources.pop(name, None)
        self.blockers.pop(name, None)

    @precondition(lambda self: self.stacks)
    @rule(data=st.data(), delay=DELAYS, duration=DURATIONS, outcome=OUTCOMES)
    def push(self, data: st.DataObject, delay: float, duration: float, outcome: str) -> None:
        name, commit = data.draw(st.sampled_from(sorted(self.stacks))), self.new_commit(delay, duration, outcome)
        self.setup.push(stack=name, **self.push_arguments(commit, delay))
        self.stacks[name].push(commit)
        self.branches.setdefault(self.sources[name], Branch()).detected.append(commit.detected)

    @precondition(lambda self: any(stack.desired for stack in self.stacks.values()))
    @rule(data=st.data(), duration=DURATIONS)
    def retry(self, data: st.DataObject, duration: float) -> None:
        name = data.draw(st.sampled_from(sorted(name for name, stack in self.stacks.items() if stack.desired)))
        self.setup.retry(stack=name, duration=duration)
        stack = self.stacks[name]
        stack.push(Commit(stack.desired or "", self.now, "SUCCEEDED", duration))

    @precondition(lambda self: self.stacks)
    @rule(data=st.data())
    def change_by_hand(self, data: st.DataObject) -> None:
        """A change while a blocker is active is not another one."""
        name = data.draw(st.sampled_from(sorted(self.stacks)))
        if name in self.deleted:
            self.setup.add_stack(name)
            self.deleted.remove(name)
            self.stacks[name].exists = True
        else:
            self.setup.modify(stack=name)
            self.stacks[name].changed |= not any(active(self.blockers[name]))

    @precondition(lambda self: self.stacks.keys() - self.deleted)
    @rule(data=st.data())
    def delete_by_hand(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(sorted(self.stacks.keys() - self.deleted)))
        self.setup.delete_stack_by_hand(name)
        self.deleted.add(name)
        self.stacks[name].exists = self.stacks[name].changed = False
        self.blockers[name].append(Blocker())

    @precondition(lambda self: self.stacks)
    @rule(data=st.data())
    def block(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(sorted(self.stacks)))
        blocker = self.setup.block(stack=name, reason="by hand")
        self.blockers[name].append(Blocker(blocker, "by hand"))

    @precondition(lambda self: any(self.blockers.values()))
    @rule(data=st.data())
    def resolve(self, data: st.DataObject) -> None:
        """A resolved blocker keeps its first reason."""
        name = data.draw(st.sampled_from(sorted(name for name, some in self.blockers.items() if some)))
        blocker = data.draw(st.sampled_from(self.blockers[name]))
        reason = f"at {self.now}"
        params = {"Id": blocker.id, "ResourceName": name, "ResolvedReason": reason, **SYNC}
        reply = self.call("codeconnections", "UpdateSyncBlocker", **params)
        blocker.resolved = blocker.resolved or reason
        check_blockers([reply["SyncBlocker"]], [blocker])
        self.stacks[name].update()

    @rule(step=STEPS)
    def advance(self, step: float) -> None:
        self.clock.advance(step)
        for stack in self.stacks.values():
            stack.advance(self.now)

    @invariant()
    def agrees_with_the_model(self) -> None:
        for name in NAMES:
            params = {"ResourceName": name, **SYNC}
            stack = self.stacks.get(name)
            status = self.call("codeconnections", "GetResourceSyncStatus", **params)
            if stack is None or not stack.attempts:
                assert status["error"]["Code"] == "ResourceNotFoundException"
            else:
                stack.check(status, self.epoch)
            if stack is None:
                for operation in ("GetSyncConfiguration", "GetSyncBlockerSummary"):
                    assert self.error_code("codeconnections", operation, **params) == "ResourceNotFoundException"
                continue
            found = self.call("codeconnections", "GetSyncConfiguration", **params)["SyncConfiguration"]
            assert (found["RepositoryLinkId"], found["Branch"]) == self.sources[name]
            summary = self.call("codeconnections", "GetSyncBlockerSummary", **params)["SyncBlockerSummary"]
            check_blockers(summary["LatestBlockers"], self.blockers[name])
        for link in self.links.values():
            reply = self.call("codeconnections", "ListSyncConfigurations", RepositoryLinkId=link, **SYNC)
            listed = {each["ResourceName"] for each in reply["SyncConfigurations"]}
            assert listed == {name for name, (followed, _) in self.sources.items() if followed == link}
            for branch in self.BRANCHES:
                self.check_branch(link, branch)

    def check_branch(self, link: str, branch: str) -> None:
        params = {"RepositoryLinkId": link, "Branch": branch, **SYNC}
        reply = self.call("codeconnections", "GetRepositorySyncStatus", **params)
        status = self.branches.get((link, branch), Branch()).status(self.now)
        if status is None:
            assert reply["error"]["Code"] == "ResourceNotFoundException"
        else:
            assert reply["LatestSync"]["Status"] == status


class Proton(AccountMachine):
    """Proton, with a service that has two instances, a template, and two branches."""

    INSTANCES = ("prod", "test")
    REPOSITORY = {"repositoryName": "acme/web", "repositoryProvider": "GITHUB"}  # noqa: RUF012

    def __init__(self) -> None:
        super().__init__()
        self.setup.add_repository("acme/web")
        for name in self.INSTANCES:
            self.setup.add_service_instance("web", name)
        self.setup.add_template("web")
        self.blockers: dict[str | None, list[Blocker]] = {None: [], "prod": [], "test": []}
        """Those of the service (None) and of its instances."""
        self.instances = {name: self.new_instance(name) for name in self.INSTANCES}
        self.template = GitResource(0.0, lambda: False)
        self.service_branch: str | None = None
        self.template_branch: str | None = None
        self.branches: dict[tuple[str, str], Branch] = {}
        """By sync type and branch."""

    def new_instance(self, name: str) -> GitResource:
        return GitResource(0.0, lambda: any(active(self.blockers[None], self.blockers[name])))

    @initialize()
    def begin(self) -> None:
        self.create_service_config("main")
        self.create_template_config("main")

    @rule(
        action=st.sampled_from(["create", "update", "delete", "create template's", "delete template's"]),
        branch=st.sampled_from(["main", "live"]),
    )
    def configure(self, action: str, branch: str) -> None:
        match action:
            case "create":
                self.create_service_config(branch)
            case "update":
                self.update_service_config(branch)
            case "delete":
                self.delete_service_config()
            case "create template's":
                self.create_template_config(branch)
            case _:
                self.delete_template_config()

    def create_service_config(self, branch: str) -> None:
        """Creating an identical config again succeeds."""
        params = {"serviceName": "web", "branch": branch, "filePath": "a.yaml", **self.REPOSITORY}
        code = self.error_code("proton", "CreateServiceSyncConfig", **params)
        assert code == (None if self.service_branch in (None, branch) else "ConflictException")
        self.service_branch = self.service_branch or branch

    def update_service_config(self, branch: str) -> None:
        params = {"serviceName": "web", "branch": branch, "filePath": "a.yaml", **self.REPOSITORY}
        code = self.error_code("proton", "UpdateServiceSyncConfig", **params)
        assert code == (None if self.service_branch else "ResourceNotFoundException")
        self.service_branch = branch if self.service_branch else None

    def delete_service_config(self) -> None:
        """The instances keep their sync status."""
        code = self.error_code("proton", "DeleteServiceSyncConfig", serviceName="web")
        assert code == (None if self.service_branch else "ResourceNotFoundException")
        self.service_branch = None

    def create_template_config(self, branch: str) -> None:
        params = {"templateName": "web", "templateType": "SERVICE", "branch": branch, **self.REPOSITORY}
        code = self.error_code("proton", "CreateTemplateSyncConfig", **params)
        assert code == (None if self.template_branch in (None, branch) else "ConflictException")
        self.template_branch = self.template_branch or branch

    def delete_template_config(self) -> None:
        code = self.error_code("proton", "DeleteTemplateSyncConfig", templateName="web", templateType="SERVICE")
        assert code == (None if self.template_branch else "ResourceNotFoundException")
        self.template_branch = None

    @precondition(lambda self: self.service_branch)
    @rule(instance=st.sampled_from([None, *INSTANCES]), delay=DELAYS, duration=DURATIONS, outcome=OUTCOMES)
    def push_to_service(self, instance: str | None, delay: float, duration: float, outcome: str) -> None:
        commit = self.new_commit(delay, duration, outcome)
        self.setup.push(service="web", instance=instance, **self.push_arguments(commit, delay))
        for name in self.INSTANCES if instance is None else (instance,):
            self.instances[name].push(commit)
        self.record_push(commit, "SERVICE_SYNC", self.service_branch)

    @precondition(lambda self: self.template_branch)
    @rule(delay=DELAYS, duration=DURATIONS, outcome=OUTCOMES)
    def push_to_template(self, delay: float, duration: float, outcome: str) -> None:
        commit = self.new_commit(delay, duration, outcome)
        self.setup.push(template="web", **self.push_arguments(commit, delay))
        self.template.push(commit)
        self.record_push(commit, "TEMPLATE_SYNC", self.template_branch)

    def record_push(self, commit: Commit, sync_type: str, branch: str | None) -> None:
        assert branch is not None
        self.branches.setdefault((sync_type, branch), Branch()).detected.append(commit.detected)

    @rule(instance=st.sampled_from([None, *INSTANCES]))
    def block(self, instance: str | None) -> None:
        blocker = self.setup.block(service="web", instance=instance, reason="by hand")
        self.blockers[instance].append(Blocker(blocker, "by hand"))

    @precondition(lambda self: any(self.blockers.values()))
    @rule(data=st.data())
    def resolve(self, data: st.DataObject) -> None:
        """The id alone identifies the blocker, of the service or of an instance."""
        blocker = data.draw(st.sampled_from([each for some in self.blockers.values() for each in some]))
        reason = f"at {self.now}"
        reply = self.call("proton", "UpdateServiceSyncBlocker", id=blocker.id, resolvedReason=reason)
        blocker.resolved = blocker.resolved or reason
        check_blockers([reply["serviceSyncBlocker"]], [blocker])
        for instance in self.instances.values():
            instance.update()

    @rule(step=STEPS)
    def advance(self, step: float) -> None:
        self.clock.advance(step)
        for each in (*self.instances.values(), self.template):
            each.advance(self.now)

    @invariant()
    def agrees_with_the_model(self) -> None:
        for name, instance in self.instances.items():
            params = {"serviceName": "web", "serviceInstanceName": name}
            instance.check(self.call("proton", "GetServiceInstanceSyncStatus", **params), self.epoch)
        for owner, blockers in self.blockers.items():
            params = {"serviceName": "web"} if owner is None else {"serviceName": "web", "serviceInstanceName": owner}
            summary = self.call("proton", "GetServiceSyncBlockerSummary", **params)["serviceSyncBlockerSummary"]
            check_blockers(summary["latestBlockers"], blockers)
        params = {"templateName": "web", "templateType": "SERVICE"}
        status = self.call("proton", "GetTemplateSyncStatus", **params, templateVersion="1")
        self.template.check(status, self.epoch)
        config = self.call("proton", "GetServiceSyncConfig", serviceName="web")
        assert camel_case(config.get("serviceSyncConfig")).get("branch") == self.service_branch
        template = self.call("proton", "GetTemplateSyncConfig", **params)
        assert camel_case(template.get("templateSyncConfig")).get("branch") == self.template_branch
        for sync_type in ("SERVICE_SYNC", "TEMPLATE_SYNC"):
            for branch in ("main", "live"):
                params = {**self.REPOSITORY, "branch": branch, "syncType": sync_type}
                reply = self.call("proton", "GetRepositorySyncStatus", **params)
                found = camel_case(reply.get("latestSync")).get("status")
                assert found == self.branches.get((sync_type, branch), Branch()).status(self.now)


TestSyncJobs, TestConnections, TestProton = SyncJobs.TestCase, Connections.TestCase, Proton.TestCase
TestSyncJobs.settings = TestConnections.settings = TestProton.settings = SETTINGS
