"""The judgement of branches, without a wait around it. `test_waiters.py` shows what a wait makes of it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.support.samples import NOON, OLD, attempt, branch_attempt, git_job
from unisync._core.branch import BranchStatus
from unisync._waiters.branches import BranchJudge

JOB = git_job(attempt("SUCCEEDED", OLD), attempt("SUCCEEDED", OLD), OLD)
"""Its latest attempt started at noon."""


def failed(seconds: float) -> BranchStatus:
    """A failure of the branch, some seconds after noon."""
    return BranchStatus(branch_attempt("FAILED", seconds), ())


@pytest.mark.parametrize(("seconds", "counts"), [(-1, False), (0, False), (0.001, True)])
def test_only_a_failure_that_is_newer_than_the_latest_attempt_counts(seconds: float, counts: bool) -> None:
    judge = BranchJudge()
    assert judge.failure(BranchStatus(None, ()), JOB, 0) is None
    assert (judge.failure(failed(seconds), JOB, 15) is not None) is counts


def test_a_failure_counts_without_any_attempt() -> None:
    judge = BranchJudge()
    assert judge.failure(BranchStatus(None, ()), git_job(), 0) is None
    assert judge.failure(failed(-3600), git_job(), 15) is not None


def test_the_two_minutes_count_from_the_first_read() -> None:
    judge = BranchJudge()
    there = failed(60)
    assert [judge.failure(there, JOB, elapsed) for elapsed in (50, 60, 169.9)] == [None] * 3
    assert judge.failure(there, JOB, 170) is there.attempt
    assert judge.failure(failed(90), JOB, 60) is not None, "another failure counts at once"


@pytest.mark.parametrize(("seconds", "counts"), [(29, False), (30, True), (31, True)])
def test_a_failure_before_the_moment_does_not_count(seconds: float, counts: bool) -> None:
    judge = BranchJudge(NOON + timedelta(seconds=60))
    assert judge.failure(BranchStatus(None, ()), JOB, 0) is None
    assert (judge.failure(failed(seconds), JOB, 15) is not None) is counts


STACK_NAMES = ("ops/deployment.yaml", "payments-prod", "acme/infra/ops/deployment.yaml", "acme/infra/payments-prod")
HIDDEN_NAMES = (".aws/deployment.yaml", "payments-prod", "acme/infra/.aws/deployment.yaml", "acme/infra/payments-prod")
TEMPLATE_NAMES = ("templates/web/", "web", "acme/infra/templates/web/", "acme/infra/web")


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        *(
            (STACK_NAMES, reason)
            for reason in (
                "Deployment file is broken",
                "Parameters: [Env] must have values",
                "Branch [main] cannot be read",
                "Stack [payments-prod] does not exist",
                "Unable to parse deployment.yaml",
                "Unable to parse ./ops/deployment.yaml",
                "OPS/DEPLOYMENT.YAML is broken",
                "Unable to parse acme/infra/ops/deployment.yaml",
                "Unable to parse /tmp/checkout/ops/deployment.yaml",
                "See https://github.com/acme/infra/blob/main/ops/deployment.yaml",
                "other.yaml and ops/deployment.yaml cannot be parsed",
                "arn:aws:cloudformation:eu-west-1:1:stack/payments-prod/1 failed",
            )
        ),
        (HIDDEN_NAMES, "Unable to parse .aws/deployment.yaml"),
        (HIDDEN_NAMES, "Unable to parse ./.aws/deployment.yaml"),
        (HIDDEN_NAMES, "Unable to parse /tmp/checkout/.aws/deployment.yaml"),
        (TEMPLATE_NAMES, "templates/web/v1/schema/schema.yaml is not a schema"),
        (TEMPLATE_NAMES, "/tmp/checkout/templates/web/v1/schema/schema.yaml is not a schema"),
        (TEMPLATE_NAMES, "acme/infra/templates/web/v1/manifest.yaml is broken"),
    ],
)
def test_a_failure_that_may_be_ours_counts(names: tuple[str, ...], reason: str) -> None:
    found = branch_attempt("FAILED", 60, reason)
    assert BranchJudge().failure(BranchStatus(found, names), JOB, 0) is None
    judge = BranchJudge()
    assert judge.failure(BranchStatus(None, names), JOB, 0) is None
    assert judge.failure(BranchStatus(found, names), JOB, 15) is found


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        (STACK_NAMES, "Unable to parse other.yaml"),
        (STACK_NAMES, "Unable to parse ops/other-deployment.yaml"),
        (STACK_NAMES, "Unable to parse other/deployment.yaml"),
        (STACK_NAMES, "Unable to parse /tmp/checkout/other/deployment.yaml"),
        (STACK_NAMES, "Stack [payments] does not exist"),
        (STACK_NAMES, "stack/payments-prod-2/1 failed"),
        (TEMPLATE_NAMES, "templates/web-2/v1/schema/schema.yaml is not a schema"),
        (TEMPLATE_NAMES, "other/templates/web/v1/schema/schema.yaml is not a schema"),
    ],
)
def test_a_failure_of_others_does_not_count(names: tuple[str, ...], reason: str) -> None:
    judge = BranchJudge()
    assert judge.failure(BranchStatus(None, names), JOB, 0) is None
    assert judge.failure(BranchStatus(branch_attempt("FAILED", 60, reason), names), JOB, 15) is None
