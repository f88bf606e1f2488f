"""The settings of connections, as botocore's config, the environment and the profile say; the same for every sender."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, cast
from urllib.parse import SplitResult, urlsplit

from botocore.httpsession import ProxyConfiguration, mask_proxy_url
from botocore.utils import get_environ_proxies

from unisync._botocore.tls import ClientCertificate

if TYPE_CHECKING:
    from botocore.client import BaseClient
    from botocore.session import Session

_PORTS = {"http": 80, "https": 443}


class Proxy(NamedTuple):
    """A proxy."""

    url: str
    headers: Mapping[str, str]
    """What authenticates the client."""

    def __repr__(self) -> str:
        return f"Proxy({mask_proxy_url(self.url)})"


class ConnectionSettings(NamedTuple):
    """How to connect."""

    verify: bool | str = True
    """Whether to verify TLS certificates, or the path of a file with those to trust."""
    client_certificate: ClientCertificate = None
    connect_timeout: float | None = 60.0
    read_timeout: float | None = 60.0
    """Seconds; None for no limit."""
    max_connections: int = 10
    """Connections that are kept for each host."""
    socket_options: tuple[tuple[int, int, int], ...] = ()
    proxies: Mapping[str, str] | None = None
    """The proxy of each scheme; None for those of the environment."""
    proxies_config: Mapping[str, Any] = {}
    """botocore's settings of proxies."""

    @classmethod
    def of(cls, client: BaseClient, session: Session, verify: bool | str | None) -> ConnectionSettings:
        """The settings of a client of botocore's.

        Args:
            client: The client.
            session: The session that it was created by.
            verify: What the user passed; None leaves it to the environment and the profile.
        """
        config: Any = client.meta.config
        options = [(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)]
        if _is_kept_alive(config, session):
            options.append((socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1))
        if verify is None:
            verify = cast("bool | str | None", session.get_config_variable("ca_bundle"))
        if verify is None:
            verify = os.environ.get("REQUESTS_CA_BUNDLE", True)
        return cls(
            verify,
            config.client_cert,
            config.connect_timeout,
            config.read_timeout,
            config.max_pool_connections,
            tuple(options),
            config.proxies,
            config.proxies_config or {},
        )

    def proxy_for(self, url: str) -> Proxy | None:
        """The proxy of a URL, if it has one."""
        proxies = get_environ_proxies(url) if self.proxies is None else self.proxies
        configuration = ProxyConfiguration(proxies, self.proxies_config)
        proxy = configuration.proxy_url_for(url)
        return Proxy(proxy, configuration.proxy_headers_for(proxy)) if proxy else None

    @property
    def proxy_verify(self) -> bool | str:
        """What certificates of proxies to trust."""
        return cast("bool | str", self.proxies_config.get("proxy_ca_bundle") or self.verify)

    @property
    def proxy_certificate(self) -> ClientCertificate:
        """The client's own certificate, for proxies."""
        return cast("ClientCertificate", self.proxies_config.get("proxy_client_cert"))

    @property
    def is_forwarded_by_tls_proxies(self) -> bool:
        """Whether a proxy with TLS gets requests to https URLs itself, instead of a tunnel."""
        return bool(self.proxies_config.get("proxy_use_forwarding_for_https"))


def _is_kept_alive(config: Any, session: Session) -> bool:
    """Whether TCP's keepalive is on: as the config, the environment or the profile says."""
    own = config.tcp_keepalive
    if own is None:
        own = session.get_config_variable("tcp_keepalive")
    if own is None:
        own = session.get_scoped_config().get("tcp_keepalive")
    return str(own).lower() == "true"


def port_of(url: SplitResult) -> int:
    """The port of a URL."""
    return url.port or _PORTS[url.scheme]


def host_header(url: str) -> str:
    """The `Host` of requests to a URL."""
    scheme, netloc, *_ = urlsplit(url)
    return _host_header(scheme, netloc)


@lru_cache(maxsize=256)
def _host_header(scheme: str, netloc: str) -> str:
    parts = SplitResult(scheme, netloc, "", "", "")
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    return host if parts.port in (None, _PORTS.get(parts.scheme)) else f"{host}:{parts.port}"
