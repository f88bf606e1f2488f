"""Links: to a commit and its pull requests at its provider, and to a sync in the AWS console."""

from __future__ import annotations

import pytest

from unisync import FleetSync, Revision, ServiceInstanceSync, StackSync, SyncJob, SyncRef, TemplateSync, TwinMakerSync

SHA = "4f2c9e1d6b7a80934cde51f2a6b7c8d9e0f1a2b3"


@pytest.mark.parametrize(
    ("provider", "url"),
    [
        ("GitHub", f"https://github.com/acme/infra/commit/{SHA}"),
        ("GitLab", f"https://gitlab.com/acme/infra/-/commit/{SHA}"),
        ("Bitbucket", f"https://bitbucket.org/acme/infra/commits/{SHA}"),
        ("GitHubEnterpriseServer", None),
        ("SomethingNew", None),
    ],
)
def test_the_page_of_a_commit(provider: str, url: str | None) -> None:
    revision = Revision(
        sha=SHA,
        branch="main",
        directory="/",
        owner="acme",
        repository_name="infra",
        provider=provider,
        aws_provider=provider,
    )
    assert revision.url == url
    is_github = provider == "GitHub"
    assert revision.pull_requests_url == (f"https://github.com/acme/infra/pulls?q=is%3Apr+{SHA}" if is_github else None)


STACK = StackSync("a+b")


@pytest.mark.parametrize(
    ("ref", "url"),
    [
        (STACK, "cloudformation/home?region=eu-west-1#/stacks?filteringText=a%2Bb"),
        (TwinMakerSync("factory"), "iottwinmaker/home?region=eu-west-1#/workspaces/factory"),
        (ServiceInstanceSync("web", "prod"), "proton/home?region=eu-west-1#/services/detail/web"),
        (TemplateSync("web", "SERVICE", "1"), "proton/home?region=eu-west-1#/templates/services/detail/web"),
        (
            FleetSync("123456789012", "us-east-1", STACK),
            "cloudformation/home?region=eu-west-1#/stacks?filteringText=a%2Bb",
        ),
    ],
)
def test_the_page_of_a_sync(ref: SyncRef[SyncJob], url: str) -> None:
    assert ref.console_url("eu-west-1") == f"https://eu-west-1.console.aws.amazon.com/{url}"


@pytest.mark.parametrize(
    ("region", "host"),
    [("cn-north-1", "console.amazonaws.cn"), ("us-gov-west-1", "console.amazonaws-us-gov.com")],
)
def test_the_console_of_a_partition(region: str, host: str) -> None:
    assert STACK.console_url(region).startswith(f"https://{region}.{host}/")


def test_the_page_of_a_sync_of_a_fleet() -> None:
    there = FleetSync("123456789012", "us-east-1", STACK)
    assert there.console_url() == STACK.console_url("us-east-1")
    assert there.console_url("eu-west-1") == STACK.console_url("eu-west-1")


def test_a_name_that_is_not_unicode_has_a_page() -> None:
    assert StackSync("a\udcff").console_url("eu-west-1").endswith("filteringText=a%3F")
    revision = Revision(
        sha="a\ud83d",
        branch="main",
        directory="/",
        owner="a\ud83d",
        repository_name="infra",
        provider="GitHub",
        aws_provider="GitHub",
    )
    assert revision.url == "https://github.com/a%3F/infra/commit/a%3F"
