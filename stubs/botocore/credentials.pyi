from collections.abc import Callable, MutableMapping
from datetime import datetime
from typing import Any, NamedTuple, NotRequired, TypedDict

from botocore.client import BaseClient

class ReadOnlyCredentials(NamedTuple):
    access_key: str
    secret_key: str
    token: str | None
    account_id: str | None = None

# Exists in these stubs only: import it under TYPE_CHECKING.
class CredentialMetadata(TypedDict):
    access_key: str
    secret_key: str
    token: str | None
    expiry_time: str
    account_id: NotRequired[str | None]

class Credentials:
    access_key: str
    secret_key: str
    token: str | None
    method: str
    account_id: str | None
    def __init__(
        self,
        access_key: str,
        secret_key: str,
        token: str | None = None,
        method: str | None = None,
        account_id: str | None = None,
    ) -> None: ...
    def get_frozen_credentials(self) -> ReadOnlyCredentials: ...
    def get_deferred_property(self, property_name: str) -> Callable[[], str | None]: ...

class RefreshableCredentials(Credentials):
    def __init__(
        self,
        access_key: str,
        secret_key: str,
        token: str | None,
        expiry_time: datetime,
        refresh_using: Callable[[], CredentialMetadata],
        method: str,
        time_fetcher: Callable[[], datetime] = ...,
        advisory_timeout: int | None = None,
        mandatory_timeout: int | None = None,
        account_id: str | None = None,
    ) -> None: ...
    @classmethod
    def create_from_metadata(
        cls,
        metadata: CredentialMetadata,
        refresh_using: Callable[[], CredentialMetadata],
        method: str,
        advisory_timeout: int | None = None,
        mandatory_timeout: int | None = None,
    ) -> RefreshableCredentials: ...
    def refresh_needed(self, refresh_in: int | None = None) -> bool: ...

class DeferredRefreshableCredentials(RefreshableCredentials):
    def __init__(
        self,
        refresh_using: Callable[[], CredentialMetadata],
        method: str,
        time_fetcher: Callable[[], datetime] = ...,
    ) -> None: ...

class AssumeRoleCredentialFetcher:
    def __init__(
        self,
        client_creator: Callable[..., BaseClient],
        source_credentials: Credentials,
        role_arn: str,
        extra_args: dict[str, Any] | None = None,
        mfa_prompter: Callable[[str], str] | None = None,
        cache: MutableMapping[str, Any] | None = None,
        expiry_window_seconds: int | None = None,
    ) -> None: ...
    def fetch_credentials(self) -> CredentialMetadata: ...

class CredentialResolver:
    def load_credentials(self) -> Credentials | None: ...
