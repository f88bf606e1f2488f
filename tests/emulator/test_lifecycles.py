"""Whatever is created, pushed, blocked, resolved and deleted, and whenever: AWS says what a plain model says."""

from __future__ import annotations

from typing import Any, cast

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.emulator.clients import ROLE
from tests.emulator.lifecycles import (
    Blocker,
    Branch,
    Commit,
    GitResource,
    Job,
    Resource,
    active,
    check_blockers,
    lowered,
)
from tests.emulator.test_any_order import ask
from tests.emulator.test_round_trip import Loop
from unisync.emulator import ACCOUNT, REGION, Setup

# Sums of these are exact, so that what is due at a moment is due at that moment.
STEPS = st.sampled_from([0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 60.0])
LATER = st.sampled_from([0.0, 0.0, 0.0, 1.0, 7.0, 30.0])
TAKES = st.sampled_from([30.0, 0.0, 2.0, 5.0, 8.0])
OUTCOMES = st.sampled_from(["SUCCEEDED", "SUCCEEDED", "FAILED"])
REFUSED = f"{ROLE}-refused"
SYNC = {"SyncType": "CFN_STACK_SYNC"}

WORKSPACES, SOURCES, NAMES = ("factory", "plant"), ("SITEWISE", "OTHER"), ("a1", "b2")
# Most of it happens in one place, where much then happens.
workspaces = st.sampled_from(["factory", "factory", "factory", "plant", "nowhere"])
sources, names = st.sampled_from(["SITEWISE", "SITEWISE", *SOURCES]), st.sampled_from(["a1", *NAMES])

LIVES = settings(
    max_examples=settings().max_examples // 15,
    stateful_step_count=25,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


class World(RuleBasedStateMachine):
    """boto3's own clients of an emulator in this process, and its time."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = Loop()
        self.setup = Setup(self.loop.application.world(ACCOUNT, REGION))
        self.clock = self.loop.application.clock
        self.epoch = self.clock.date(0.0)
        self.pushed = 0

    @property
    def now(self) -> float:
        return self.clock.now()

    def asked(self, service: str, operation: str, **params: object) -> dict[str, Any]:
        """The reply to a request; under "refusal", an error."""
        return ask(self.loop, service, operation, params)

    def code(self, service: str, operation: str, **params: object) -> str | None:
        """The code of the error that a request ends with; None if it ends well."""
        return cast("dict[str, str]", self.asked(service, operation, **params).get("refusal", {})).get("Code")

    def commit(self, later: float, duration: float, outcome: str) -> Commit:
        """A new one."""
        self.pushed += 1
        return Commit(f"{self.pushed:040x}", self.now + later, outcome, duration)

    def how(self, commit: Commit, later: float) -> dict[str, Any]:
        """The arguments with which it is pushed."""
        return {"sha": commit.sha, "outcome": commit.outcome, "detection_delay": later, "duration": commit.duration}


class SyncJobs(World):
    """TwinMaker's: two workspaces, two sources."""

    def __init__(self) -> None:
        super().__init__()
        for workspace in WORKSPACES:
            self.setup.add_workspace(workspace)
        self.setup.deny_role(REFUSED, "not to be assumed")
        self.jobs: dict[tuple[str, str], Job] = {}
        self.resources: dict[tuple[str, str, str], Resource] = {}

    def alive(self, workspace: str, source: str) -> Job | None:
        job = self.jobs.get((workspace, source))
        return None if job is None or job.state(self.now) is None else job

    @rule(workspace=workspaces, source=sources, is_refused=st.booleans())
    def create(self, workspace: str, source: str, is_refused: bool) -> None:
        which = {"workspaceId": workspace, "syncSource": source}
        reply = self.asked("iottwinmaker", "CreateSyncJob", **which, syncRole=REFUSED if is_refused else ROLE)
        if workspace not in WORKSPACES:
            assert reply["refusal"]["Code"] == "ValidationException"
        elif self.alive(workspace, source) is not None:
            assert reply["refusal"]["Code"] == "ConflictException"
        else:
            self.jobs[workspace, source] = Job(self.now, is_refused)
            assert reply["state"] == "CREATING"

    @rule(workspace=workspaces, source=sources)
    def delete(self, workspace: str, source: str) -> None:
        reply = self.asked("iottwinmaker", "DeleteSyncJob", workspaceId=workspace, syncSource=source)
        job = self.alive(workspace, source)
        if job is None:
            assert reply["refusal"]["Code"] == "ResourceNotFoundException"
        else:
            job.deleted = self.now if job.deleted is None else job.deleted
            assert reply == {"state": "DELETING"}

    @rule(workspace=st.sampled_from(WORKSPACES), source=sources, name=names, duration=TAKES, fails=st.booleans())
    def add(self, workspace: str, source: str, name: str, duration: float, fails: bool) -> None:
        outcome: Any = "ERROR" if fails else "IN_SYNC"
        self.setup.add_sync_resource(workspace, name, sync_source=source, duration=duration, outcome=outcome)
        self.resources[workspace, source, name] = Resource(self.now, duration, fails)

    @precondition(lambda self: any(each.removed is None for each in self.resources.values()))
    @rule(data=st.data())
    def remove(self, data: st.DataObject) -> None:
        there = [which for which, each in self.resources.items() if each.removed is None]
        workspace, source, name = which = data.draw(st.sampled_from(there))
        self.setup.remove_sync_resource(workspace, name, sync_source=source)
        self.resources[which].removed = self.now

    @rule(step=STEPS)
    def advance(self, step: float) -> None:
        self.clock.advance(step)

    @invariant()
    def says_what_the_model_says(self) -> None:
        for workspace in WORKSPACES:
            told = self.asked("iottwinmaker", "ListSyncJobs", workspaceId=workspace)["syncJobSummaries"]
            listed = {each["syncSource"]: each["status"]["state"] for each in told}
            lives = {source: self.alive(workspace, source) for source in SOURCES}
            assert listed == {source: job.state(self.now) for source, job in lives.items() if job is not None}
            for source, job in lives.items():
                which = {"workspaceId": workspace, "syncSource": source}
                if job is None:
                    assert self.code("iottwinmaker", "GetSyncJob", **which) == "ResourceNotFoundException"
                    assert self.code("iottwinmaker", "ListSyncResources", **which) == "ValidationException"
                else:
                    self.check(job, which)

    def check(self, job: Job, which: dict[str, str]) -> None:
        reply, state = self.asked("iottwinmaker", "GetSyncJob", **which), job.state(self.now)
        assert reply["status"]["state"] == state
        assert ("error" in reply["status"]) == (state == "ERROR")
        created, updated = (reply[f"{word}DateTime"].timestamp() - self.epoch for word in ("creation", "update"))
        assert abs(created - job.created) < 0.01
        assert created - 0.01 <= updated <= self.now + 0.01
        told = self.asked("iottwinmaker", "ListSyncResources", **which)["syncResources"]
        known = {
            name: resource.state(job, self.now)
            for (workspace, source, name), resource in self.resources.items()
            if (workspace, source) == (which["workspaceId"], which["syncSource"])
        }
        listed = {each["externalId"]: each["status"]["state"] for each in told}
        assert listed == {name: state for name, state in known.items() if state is not None}


class Connections(World):
    """CodeConnections': two repositories, two stacks, two branches."""

    REPOSITORIES = ("infra", "spare")
    BRANCHES = ("main", "live")

    def __init__(self) -> None:
        super().__init__()
        self.connection = self.setup.add_connection()
        self.links: dict[str, str] = {}
        self.branches: dict[tuple[str, str], Branch] = {}
        """By the link's id, and name."""
        self.stacks: dict[str, GitResource] = {}
        self.places: dict[str, tuple[str, str]] = {}
        self.blockers: dict[str, list[Blocker]] = {}

    @initialize()
    def begin(self) -> None:
        self.create_link("infra")
        self.create("a1", "infra", "main")

    @rule(
        what=st.sampled_from(["create", "create link", "delete", "delete link", "follow"]),
        name=names,
        repository=st.sampled_from(REPOSITORIES),
        branch=st.sampled_from(BRANCHES),
    )
    def configure(self, what: str, name: str, repository: str, branch: str) -> None:
        match what:
            case "create":
                self.create(name, repository, branch)
            case "create link":
                self.create_link(repository)
            case "delete":
                self.delete(name)
            case "delete link":
                self.delete_link(repository)
            case _:
                self.follow(name, branch)

    def create_link(self, repository: str) -> None:
        params = {"ConnectionArn": self.connection, "OwnerId": "acme", "RepositoryName": repository}
        reply = self.asked("codeconnections", "CreateRepositoryLink", **params)
        if repository in self.links:
            assert reply["refusal"]["Code"] == "ResourceAlreadyExistsException"
        else:
            self.links[repository] = reply["RepositoryLinkInfo"]["RepositoryLinkId"]

    def delete_link(self, repository: str) -> None:
        link = self.links.get(repository)
        if link is None:
            return
        code = self.code("codeconnections", "DeleteRepositoryLink", RepositoryLinkId=link)
        if any(followed == link for followed, _ in self.places.values()):
            assert code == "SyncConfigurationStillExistsException"
        else:
            assert code is None
            del self.links[repository]
            assert self.code("codeconnections", "GetRepositoryLink", RepositoryLinkId=link) == (
                "ResourceNotFoundException"
            )

    def create(self, name: str, repository: str, branch: str) -> None:
        link = self.links.get(repository, "ffffffff-ffff-4fff-8fff-ffffffffffff")
        params = {"RepositoryLinkId": link, "Branch": branch, "ConfigFile": f"{name}.yaml", "RoleArn": ROLE}
        code = self.code("codeconnections", "CreateSyncConfiguration", ResourceName=name, **params, **SYNC)
        if name in self.stacks:
            assert code == "ResourceAlreadyExistsException"
        elif repository not in self.links:
            assert code == "InvalidInputException"
        else:
            assert code is None
            blockers = self.blockers[name] = []
            self.stacks[name] = GitResource(self.now, lambda: any(active(blockers)))
            self.places[name] = link, branch

    def follow(self, name: str, branch: str) -> None:
        code = self.code("codeconnections", "UpdateSyncConfiguration", ResourceName=name, Branch=branch, **SYNC)
        assert code == (None if name in self.stacks else "ResourceNotFoundException")
        if name in self.stacks:
            self.places[name] = self.places[name][0], branch

    def delete(self, name: str) -> None:
        assert self.code("codeconnections", "DeleteSyncConfiguration", ResourceName=name, **SYNC) is None
        for kept in (self.stacks, self.places, self.blockers):
            cast("dict[str, object]", kept).pop(name, None)

    @precondition(lambda self: self.stacks)
    @rule(data=st.data(), later=LATER, duration=TAKES, outcome=OUTCOMES)
    def push(self, data: st.DataObject, later: float, duration: float, outcome: str) -> None:
        name, commit = data.draw(st.sampled_from(sorted(self.stacks))), self.commit(later, duration, outcome)
        self.setup.push(stack=name, **self.how(commit, later))
        self.stacks[name].push(commit)
        self.branches.setdefault(self.places[name], Branch()).noticed.append(commit.noticed)

    @precondition(lambda self: self.stacks)
    @rule(data=st.data())
    def block(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(sorted(self.stacks)))
        blocker = self.setup.block(stack=name, reason="by hand")
        self.blockers[name].append(Blocker(blocker, "by hand"))

    @precondition(lambda self: any(self.blockers.values()))
    @rule(data=st.data())
    def resolve(self, data: st.DataObject) -> None:
        """Once is for ever: what is resolved keeps its first reason."""
        name = data.draw(st.sampled_from(sorted(name for name, some in self.blockers.items() if some)))
        blocker = data.draw(st.sampled_from(self.blockers[name]))
        reason = f"at {self.now}"
        params = {"Id": blocker.id, "ResourceName": name, "ResolvedReason": reason}
        reply = self.asked("codeconnections", "UpdateSyncBlocker", **params, **SYNC)
        blocker.resolved = blocker.resolved or reason
        check_blockers([reply["SyncBlocker"]], [blocker])
        self.stacks[name].settle()

    @rule(step=STEPS)
    def advance(self, step: float) -> None:
        self.clock.advance(step)
        for stack in self.stacks.values():
            stack.advance(self.now)

    @invariant()
    def says_what_the_model_says(self) -> None:
        for name in NAMES:
            which = {"ResourceName": name, **SYNC}
            stack = self.stacks.get(name)
            status = self.asked("codeconnections", "GetResourceSyncStatus", **which)
            if stack is None or not stack.attempts:
                assert status["refusal"]["Code"] == "ResourceNotFoundException"
            else:
                stack.check(status, self.epoch)
            if stack is None:
                assert self.code("codeconnections", "GetSyncConfiguration", **which) == "ResourceNotFoundException"
                assert self.code("codeconnections", "GetSyncBlockerSummary", **which) == "ResourceNotFoundException"
                continue
            told = self.asked("codeconnections", "GetSyncConfiguration", **which)["SyncConfiguration"]
            assert (told["RepositoryLinkId"], told["Branch"]) == self.places[name]
            summary = self.asked("codeconnections", "GetSyncBlockerSummary", **which)["SyncBlockerSummary"]
            check_blockers(summary["LatestBlockers"], self.blockers[name])
        for link in self.links.values():
            followers = self.asked("codeconnections", "ListSyncConfigurations", RepositoryLinkId=link, **SYNC)
            listed = {each["ResourceName"] for each in followers["SyncConfigurations"]}
            assert listed == {name for name, (followed, _) in self.places.items() if followed == link}
            for branch in self.BRANCHES:
                self.check_branch(link, branch)

    def check_branch(self, link: str, branch: str) -> None:
        params = {"RepositoryLinkId": link, "Branch": branch, **SYNC}
        reply = self.asked("codeconnections", "GetRepositorySyncStatus", **params)
        status = self.branches.get((link, branch), Branch()).status(self.now)
        if status is None:
            assert reply["refusal"]["Code"] == "ResourceNotFoundException"
        else:
            assert reply["LatestSync"]["Status"] == status


class Proton(World):
    """A service with two instances and a template, and a repository for each branch that they follow."""

    INSTANCES = ("prod", "test")
    REPOSITORY = {"repositoryName": "acme/web", "repositoryProvider": "GITHUB"}  # noqa: RUF012

    def __init__(self) -> None:
        super().__init__()
        self.setup.add_repository("acme/web")
        for name in self.INSTANCES:
            self.setup.add_service_instance("web", name)
        self.setup.add_template("web")
        self.blockers: dict[str | None, list[Blocker]] = {None: [], "prod": [], "test": []}
        self.instances = {name: GitResource(0.0, self.blocks(name)) for name in self.INSTANCES}
        self.template = GitResource(0.0, lambda: False)
        self.service_branch: str | None = None
        self.template_branch: str | None = None
        self.branches: dict[tuple[str, str], Branch] = {}

    def blocks(self, instance: str) -> Any:
        return lambda: any(active(self.blockers[None], self.blockers[instance]))

    @initialize()
    def begin(self) -> None:
        self.create_config("main")
        self.create_template_config("main")

    @rule(
        what=st.sampled_from(["create", "update", "delete", "create template's", "delete template's"]),
        branch=st.sampled_from(["main", "live"]),
    )
    def configure(self, what: str, branch: str) -> None:
        match what:
            case "create":
                self.create_config(branch)
            case "update":
                self.update_config(branch)
            case "delete":
                self.delete_config()
            case "create template's":
                self.create_template_config(branch)
            case _:
                self.delete_template_config()

    def create_config(self, branch: str) -> None:
        """What is there already may be created again as it is."""
        params = {"serviceName": "web", "branch": branch, "filePath": "a.yaml", **self.REPOSITORY}
        code = self.code("proton", "CreateServiceSyncConfig", **params)
        assert code == (None if self.service_branch in (None, branch) else "ConflictException")
        self.service_branch = self.service_branch or branch

    def update_config(self, branch: str) -> None:
        params = {"serviceName": "web", "branch": branch, "filePath": "a.yaml", **self.REPOSITORY}
        code = self.code("proton", "UpdateServiceSyncConfig", **params)
        assert code == (None if self.service_branch else "ResourceNotFoundException")
        self.service_branch = branch if self.service_branch else None

    def delete_config(self) -> None:
        """What was synced stays as it is."""
        code = self.code("proton", "DeleteServiceSyncConfig", serviceName="web")
        assert code == (None if self.service_branch else "ResourceNotFoundException")
        self.service_branch = None

    def create_template_config(self, branch: str) -> None:
        params = {"templateName": "web", "templateType": "SERVICE", "branch": branch, **self.REPOSITORY}
        code = self.code("proton", "CreateTemplateSyncConfig", **params)
        assert code == (None if self.template_branch in (None, branch) else "ConflictException")
        self.template_branch = self.template_branch or branch

    def delete_template_config(self) -> None:
        code = self.code("proton", "DeleteTemplateSyncConfig", templateName="web", templateType="SERVICE")
        assert code == (None if self.template_branch else "ResourceNotFoundException")
        self.template_branch = None

    @precondition(lambda self: self.service_branch)
    @rule(instance=st.sampled_from([None, *INSTANCES]), later=LATER, duration=TAKES, outcome=OUTCOMES)
    def push(self, instance: str | None, later: float, duration: float, outcome: str) -> None:
        commit = self.commit(later, duration, outcome)
        self.setup.push(service="web", instance=instance, **self.how(commit, later))
        for name in self.INSTANCES if instance is None else (instance,):
            self.instances[name].push(commit)
        self.note(commit, "SERVICE_SYNC", self.service_branch)

    @precondition(lambda self: self.template_branch)
    @rule(later=LATER, duration=TAKES, outcome=OUTCOMES)
    def push_template(self, later: float, duration: float, outcome: str) -> None:
        commit = self.commit(later, duration, outcome)
        self.setup.push(template="web", **self.how(commit, later))
        self.template.push(commit)
        self.note(commit, "TEMPLATE_SYNC", self.template_branch)

    def note(self, commit: Commit, kind: str, branch: str | None) -> None:
        assert branch is not None
        self.branches.setdefault((kind, branch), Branch()).noticed.append(commit.noticed)

    @rule(instance=st.sampled_from([None, *INSTANCES]))
    def block(self, instance: str | None) -> None:
        blocker = self.setup.block(service="web", instance=instance, reason="by hand")
        self.blockers[instance].append(Blocker(blocker, "by hand"))

    @precondition(lambda self: any(self.blockers.values()))
    @rule(data=st.data())
    def resolve(self, data: st.DataObject) -> None:
        """By its id alone, whosever it is."""
        blocker = data.draw(st.sampled_from([each for some in self.blockers.values() for each in some]))
        reason = f"at {self.now}"
        reply = self.asked("proton", "UpdateServiceSyncBlocker", id=blocker.id, resolvedReason=reason)
        blocker.resolved = blocker.resolved or reason
        check_blockers([reply["serviceSyncBlocker"]], [blocker])
        for instance in self.instances.values():
            instance.settle()

    @rule(step=STEPS)
    def advance(self, step: float) -> None:
        self.clock.advance(step)
        for each in (*self.instances.values(), self.template):
            each.advance(self.now)

    @invariant()
    def says_what_the_model_says(self) -> None:
        for name, instance in self.instances.items():
            which = {"serviceName": "web", "serviceInstanceName": name}
            instance.check(self.asked("proton", "GetServiceInstanceSyncStatus", **which), self.epoch)
        for of, blockers in self.blockers.items():
            which = {"serviceName": "web"} if of is None else {"serviceName": "web", "serviceInstanceName": of}
            summary = self.asked("proton", "GetServiceSyncBlockerSummary", **which)["serviceSyncBlockerSummary"]
            check_blockers(summary["latestBlockers"], blockers)
        which = {"templateName": "web", "templateType": "SERVICE"}
        status = self.asked("proton", "GetTemplateSyncStatus", **which, templateVersion="1")
        self.template.check(status, self.epoch)
        config = self.asked("proton", "GetServiceSyncConfig", serviceName="web")
        assert lowered(config.get("serviceSyncConfig")).get("branch") == self.service_branch
        template = self.asked("proton", "GetTemplateSyncConfig", **which)
        assert lowered(template.get("templateSyncConfig")).get("branch") == self.template_branch
        for kind in ("SERVICE_SYNC", "TEMPLATE_SYNC"):
            for branch in ("main", "live"):
                params = {**self.REPOSITORY, "branch": branch, "syncType": kind}
                reply = self.asked("proton", "GetRepositorySyncStatus", **params)
                told = lowered(reply.get("latestSync")).get("status")
                assert told == self.branches.get((kind, branch), Branch()).status(self.now)


TestSyncJobs, TestConnections, TestProton = SyncJobs.TestCase, Connections.TestCase, Proton.TestCase
TestSyncJobs.settings = TestConnections.settings = TestProton.settings = LIVES
