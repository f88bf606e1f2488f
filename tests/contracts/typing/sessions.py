"""boto3's sessions and configs, with and without type stubs; without them, mypy has Any for all of boto3."""
# mypy: no-disallow-any-expr

from __future__ import annotations

from typing import assert_type

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from unisync import AsyncFleet, AsyncUnisync, Fleet, ServiceError, StackSync, Unisync

CONFIG = Config(read_timeout=5, retries={"total_max_attempts": 3})

Unisync(boto3.Session())
Unisync(session=boto3.Session(region_name="eu-west-1"), config=CONFIG)
AsyncUnisync(boto3.Session(), config=CONFIG)
Fleet(["arn:aws:iam::123456789012:role/reader"], session=boto3.Session(), config=CONFIG)
AsyncFleet(sessions={"123456789012": boto3.Session()})


def code_of(client: Unisync) -> str:
    try:
        client.blockers(StackSync("payments-prod"))
    except ClientError as error:
        if isinstance(error, ServiceError):
            assert_type(error.code, str)
            return error.code
    return ""
