from collections.abc import Mapping
from typing import Any, Literal, TypedDict

from botocore import UnsignedType

# Exists in these stubs only: import it under TYPE_CHECKING.
class RetryOptions(TypedDict, total=False):
    total_max_attempts: int
    max_attempts: int
    mode: Literal["legacy", "standard", "adaptive"]

class Config:
    region_name: str | None
    signature_version: str | UnsignedType | None
    user_agent: str | None
    user_agent_extra: str | None
    user_agent_appid: str | None
    connect_timeout: float | None
    read_timeout: float | None
    parameter_validation: bool
    max_pool_connections: int
    proxies: Mapping[str, str] | None
    proxies_config: Mapping[str, object] | None
    s3: Mapping[str, object] | None
    s3_disable_express_session_auth: bool | None
    retries: RetryOptions | None
    client_cert: str | tuple[str, str] | None
    endpoint_discovery_enabled: bool | str | None
    use_dualstack_endpoint: bool | None
    use_fips_endpoint: bool | None
    ignore_configured_endpoint_urls: bool | None
    defaults_mode: str | None
    tcp_keepalive: bool | None
    request_min_compression_size_bytes: int | None
    disable_request_compression: bool | None
    client_context_params: Mapping[str, object] | None
    sigv4a_signing_region_set: str | None
    request_checksum_calculation: str | None
    response_checksum_validation: str | None
    account_id_endpoint_mode: str | None
    auth_scheme_preference: str | None
    _user_provided_options: dict[str, Any]

    @property
    def inject_host_prefix(self) -> bool | None: ...
    @inject_host_prefix.setter
    def inject_host_prefix(self, value: bool | None) -> None: ...
    def __init__(
        self,
        region_name: str | None = None,
        signature_version: str | UnsignedType | None = None,
        user_agent: str | None = None,
        user_agent_extra: str | None = None,
        user_agent_appid: str | None = None,
        connect_timeout: float | None = 60,
        read_timeout: float | None = 60,
        parameter_validation: bool = True,
        max_pool_connections: int = 10,
        proxies: Mapping[str, str] | None = None,
        proxies_config: Mapping[str, object] | None = None,
        s3: Mapping[str, object] | None = None,
        s3_disable_express_session_auth: bool | None = None,
        retries: RetryOptions | None = None,
        client_cert: str | tuple[str, str] | None = None,
        inject_host_prefix: bool | None = None,
        endpoint_discovery_enabled: bool | str | None = None,
        use_dualstack_endpoint: bool | None = None,
        use_fips_endpoint: bool | None = None,
        ignore_configured_endpoint_urls: bool | None = None,
        defaults_mode: str | None = None,
        tcp_keepalive: bool | None = None,
        request_min_compression_size_bytes: int | None = None,
        disable_request_compression: bool | None = None,
        client_context_params: Mapping[str, object] | None = None,
        sigv4a_signing_region_set: str | None = None,
        request_checksum_calculation: str | None = None,
        response_checksum_validation: str | None = None,
        account_id_endpoint_mode: str | None = None,
        auth_scheme_preference: str | None = None,
    ) -> None: ...
    def merge(self, other_config: Config) -> Config: ...
