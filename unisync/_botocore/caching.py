"""Caches of what botocore computes anew for each call although it is the same each time.

Each hook gives up, and leaves everything as botocore has it, if this botocore is not the one it knows.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, lru_cache
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import ReadOnlyCredentials

if TYPE_CHECKING:
    from botocore.client import BaseClient
    from botocore.model import OperationModel
    from urllib3 import PoolManager
    from urllib3.connectionpool import HTTPConnectionPool

_FIXED_BUILTINS = frozenset({"AWS::Region", "AWS::UseDualStack", "AWS::UseFIPS", "SDK::Endpoint"})
"""What an endpoint may depend on and still be the same for each call of an operation."""


def cache_user_agent(client: BaseClient) -> bool:
    """Have a client compose its User-Agent once for each set of features; botocore does so twice a call.

    Returns:
        False if this botocore composes it otherwise.
    """
    creator = getattr(client, "_user_agent_creator", None)
    build = getattr(creator, "to_string", None)
    try:
        from botocore.context import get_context
    except ImportError:
        return False
    if creator is None or build is None or build() != build():
        return False
    known: dict[frozenset[str], str] = {}

    def to_string() -> str:
        context = get_context()
        features = frozenset(context.features) if context else frozenset[str]()
        if features not in known:
            known[features] = build()
        return known[features]

    creator.to_string = to_string
    return True


def cache_endpoints(client: BaseClient) -> bool:
    """Have a client evaluate its endpoint rules once for each operation; botocore prepares to for each call.

    Returns:
        False if this botocore has its rules elsewhere, or if they depend on more than the client's settings.
    """
    resolver = getattr(client, "_ruleset_resolver", None)
    construct = getattr(resolver, "construct_endpoint", None)
    customized = getattr(resolver, "_get_customized_builtins", None)
    parameters: dict[str, Any] = getattr(resolver, "_param_definitions", None) or {}
    names = [getattr(parameter, "builtin", None) for parameter in parameters.values()]
    if (
        resolver is None
        or construct is None
        or customized is None
        or not names
        or not _FIXED_BUILTINS.issuperset(names)
    ):
        return False
    known: dict[str, tuple[list[object], object]] = {}

    def construct_endpoint(operation_model: OperationModel, call_args: object, request_context: object) -> object:
        # A handler of the user's may change each of them for each call.
        builtins = customized(operation_model, call_args, request_context)
        values = [builtins.get(name) for name in names]
        before, endpoint = known.get(operation_model.name, (None, None))
        if values != before:
            endpoint = construct(operation_model, call_args, request_context)
            if not _has_parameters(operation_model):
                known[operation_model.name] = values, endpoint
        return endpoint

    resolver.construct_endpoint = construct_endpoint
    return True


def _has_parameters(operation: OperationModel) -> bool:
    """Whether the endpoint depends on the operation or its parameters."""
    kinds = ("static_context_parameters", "context_parameters", "operation_context_parameters")
    return any(getattr(operation, kind, True) for kind in kinds)


def cache_signing(client: BaseClient) -> bool:
    """Have a client derive its signing key once a day, and choose the headers to sign once a call.

    Returns:
        False if this botocore signs otherwise.
    """
    signer = getattr(client, "_request_signer", None)
    make = getattr(signer, "get_auth_instance", None)
    signer_class = _caching_signer()
    if signer is None or make is None or signer_class is None:
        return False

    def get_auth_instance(*args: object, **kwargs: object) -> object:
        auth = make(*args, **kwargs)
        if type(auth) is SigV4Auth:
            auth.__class__ = signer_class
        return auth

    signer.get_auth_instance = get_auth_instance
    return True


@cache
def _caching_signer() -> type[SigV4Auth] | None:
    """A SigV4Auth that caches; None if its signatures differ from botocore's own."""
    plain: Any = SigV4Auth

    @lru_cache(maxsize=64)
    def derived(key: bytes, msg: str) -> object:
        return plain._sign(None, key, msg)

    class CachingSigV4Auth(SigV4Auth):
        _chosen: tuple[AWSRequest | None, Any] = (None, None)

        def headers_to_sign(self, request: AWSRequest) -> dict[str, str]:
            if self._chosen[0] is not request:
                self._chosen = request, super().headers_to_sign(request)
            return cast("dict[str, str]", self._chosen[1])

        def payload(self, request: AWSRequest) -> object:
            # To read the body, botocore prepares the whole request as if to send it.
            data = request.data
            if isinstance(data, bytes):
                return plain.payload(self, SimpleNamespace(url=request.url, context=request.context, body=data))
            return plain.payload(self, request)

        def _sign(self, key: bytes, msg: str, hex: bool = False) -> object:
            return plain._sign(self, key, msg, hex) if hex else derived(key, msg)

    try:
        # Twice, as the clock may have reached the next second in between.
        return CachingSigV4Auth if any(_signed(CachingSigV4Auth) == _signed(SigV4Auth) for _ in range(2)) else None
    except Exception:  # whatever that botocore raises
        return None


def _signed(kind: type[SigV4Auth]) -> list[tuple[str, str]]:
    request = AWSRequest("POST", "https://example.com/a?b=c", {"X-Amz-Target": "Do", "User-Agent": "self-test"}, b"{}")
    kind(ReadOnlyCredentials("key", "secret", "token"), "service", "region").add_auth(request)
    return request.headers.items()


def cache_pools(manager: PoolManager) -> Callable[[], None]:
    """Have a pool manager find a host's pool by its name; urllib3 makes a key of all settings for each request.

    Returns:
        A function that clears the cache.
    """
    find = manager.connection_from_url
    pools: dict[tuple[str, str], HTTPConnectionPool] = {}

    def connection_from_url(url: str, *settings: Any) -> HTTPConnectionPool:
        scheme, host, *_ = urlsplit(url)
        pool = None if settings else pools.get((scheme, host))
        if pool is None:
            pool = find(url, *settings)
            if not settings:
                pools[scheme, host] = pool
        return pool

    vars(manager)["connection_from_url"] = connection_from_url
    return pools.clear


def disable_retries(client: BaseClient) -> None:
    """Remove botocore's retry handler, which would never retry: retries are ours."""
    service = client.meta.service_model.service_id.hyphenize()
    client.meta.events.unregister(f"needs-retry.{service}", unique_id=f"retry-config-{service}")
