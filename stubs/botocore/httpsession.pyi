from collections.abc import Mapping
from ssl import SSLContext

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from urllib3 import PoolManager, ProxyManager, Timeout

DEFAULT_TIMEOUT: int
MAX_POOL_CONNECTIONS: int

def get_cert_path(verify: bool | str) -> bool | str: ...
def create_urllib3_context() -> SSLContext: ...
def mask_proxy_url(proxy_url: str) -> str: ...

class ProxyConfiguration:
    def __init__(
        self, proxies: Mapping[str, str] | None = None, proxies_settings: Mapping[str, object] | None = None
    ) -> None: ...
    def proxy_url_for(self, url: str) -> str | None: ...
    def proxy_headers_for(self, proxy_url: str) -> dict[str, str]: ...

class URLLib3Session:
    _verify: bool | str | None
    _timeout: Timeout | float
    _max_pool_connections: int
    _manager: PoolManager
    _proxy_managers: dict[str, ProxyManager]
    def __init__(
        self,
        verify: bool | str | None = True,
        proxies: Mapping[str, str] | None = None,
        timeout: float | tuple[float | None, float | None] | None = None,
        max_pool_connections: int = 10,
        socket_options: list[tuple[int, int, int | bytes]] | None = None,
        client_cert: str | tuple[str, str] | None = None,
        proxies_config: Mapping[str, object] | None = None,
    ) -> None: ...
    def close(self) -> None: ...
    def send(self, request: AWSPreparedRequest) -> AWSResponse: ...
