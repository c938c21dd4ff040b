"""`Realtime` and `AsyncRealtime`: what all calls share, and the sending itself."""

from __future__ import annotations

import contextlib
import functools
import os
import re
import ssl
import time
from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

from msgspec import UNSET, UnsetType

from rtproto import __version__
from rtproto.credentials import is_secret

from .exchange import Call, Exchange, Failure, Payload
from .namespaces import (
    AsyncBeta,
    AsyncCalls,
    AsyncClientSecrets,
    AsyncTranslations,
    Beta,
    Calls,
    ClientSecrets,
    Translations,
)
from .params import Options
from .retries import MAX_RETRIES

if TYPE_CHECKING:
    import httpx2

BASE_URL = "https://api.openai.com/v1"
TIMEOUT = 600.0
"""Seconds without a byte, in sending or receiving, as the vendor's client has it."""
CONNECT_TIMEOUT = 5.0
"""Seconds until there is a connection."""
HTTPX_TIMEOUT = 5.0
"""What the HTTP library takes where nobody says anything; an `http_client` with it has no timeout of its own."""

_T = TypeVar("_T")
_Http = TypeVar("_Http", "httpx2.Client", "httpx2.AsyncClient")

_KEY = re.compile(r"[\x21-\x7e]+")


class _Secret:
    """The key.  Not a `str`, so that no repr of what holds it shows it."""

    __slots__ = ("bearer", "value")

    def __init__(self, value: str) -> None:
        self.value = value
        self.bearer = f"Bearer {value}"

    def __repr__(self) -> str:
        return "[masked]"


class _Client(Generic[_Http]):
    """What both clients are: everything but the sending."""

    _http: _Http

    def __init__(
        self,
        *,
        api_key: str | None = None,
        organization: str | None = None,
        project: str | None = None,
        base_url: str | httpx2.URL | None = None,
        timeout: float | httpx2.Timeout | UnsetType | None = UNSET,
        max_retries: int = MAX_RETRIES,
        default_headers: Mapping[str, str | None] | None = None,
        default_query: Mapping[str, str | int | float | bool] | None = None,
        http_client: _Http | None = None,
    ) -> None:
        """What is None comes from the environment: `OPENAI_API_KEY`, `OPENAI_BASE_URL`, `OPENAI_ORG_ID` and
        `OPENAI_PROJECT_ID`.

        `timeout` is in seconds.  An `http_client` is the caller's, who closes it; its timeout, where it has one of its
        own, is taken over.  Raises `ValueError` without a key, and `ImportError` without the extra `live`.
        """
        try:
            import httpx2
        except ImportError:
            raise ImportError("rtproto.resources needs httpx2: pip install 'rtproto[live]'") from None

        self._key = _Secret(api_key or os.environ.get("OPENAI_API_KEY", ""))
        if not self._key.value:
            raise ValueError("no API key: pass api_key or set OPENAI_API_KEY")
        if not _KEY.fullmatch(self._key.value):
            raise ValueError("the API key holds a space, a line break or another character that no key has")
        if max_retries < 0:
            raise ValueError(f"max_retries is {max_retries}; 0 turns retries off")
        self._base_url = _address(base_url or os.environ.get("OPENAI_BASE_URL") or BASE_URL)
        self._is_ours = http_client is None
        self._http = self._take(http_client)
        if isinstance(timeout, UnsetType):
            own = self._http.timeout
            timeout = _usual_timeout() if own == httpx2.Timeout(HTTPX_TIMEOUT) else own
        self._timeout = timeout
        self._max_retries = max_retries
        self._headers: Mapping[str, str | None] = {
            "User-Agent": f"rtproto/{__version__}",
            "OpenAI-Organization": organization or os.environ.get("OPENAI_ORG_ID") or None,
            "OpenAI-Project": project or os.environ.get("OPENAI_PROJECT_ID") or None,
            **(default_headers or {}),
        }
        self._query = dict(default_query or {})

    def _take(self, http_client: object) -> _Http:
        """The HTTP client that was given, or for None a new one with the vendor's limits."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return f"{type(self).__name__}(base_url={self.base_url!r})"

    @property
    def base_url(self) -> str:
        """Where the calls go, without user, password and query."""
        url = self._base_url
        return str(url.copy_with(userinfo=b"", query=None))

    @property
    def is_closed(self) -> bool:
        """Whether no more calls can be made."""
        return self._http.is_closed

    def _exchange(
        self, call: Call[_T], payload: Payload, options: Options, call_id: str
    ) -> tuple[Exchange[_T], httpx2.Request]:
        """The call, and the request that is sent for it, once or, with its retries, several times."""
        unknown = options.keys() - Options.__optional_keys__
        if unknown:
            raise TypeError(f"unknown: {', '.join(sorted(unknown))}")
        headers = _merged(
            {"Accept": "application/json", "Content-Type": "application/json"},
            self._headers,
            call.headers,
            options.get("extra_headers", {}),
        )
        if payload.type != "application/json":
            headers["content-type"] = ("Content-Type", payload.type)
        exchange = Exchange(
            call,
            payload,
            call_id=call_id,
            max_retries=self._max_retries,
            validate=options.get("validate", True),
            hide=_Hider(self._key, headers),
        )
        base, _, query = self._base_url.raw_path.partition(b"?")
        path = base.rstrip(b"/") + exchange.path.encode() + (b"?" + query if query else b"")
        url = self._base_url.copy_with(raw_path=path)
        parameters = {**self._query, **options.get("extra_query", {})}
        request = self._http.build_request(
            "POST",
            url.copy_merge_params(parameters) if parameters else url,
            headers=[(name, value) for name, value in headers.values() if value is not None],
            content=payload.content,
            files=payload.parts or None,
            timeout=options.get("timeout", self._timeout),
        )
        if "authorization" not in headers:
            request.headers["Authorization"] = self._key.bearer
        return exchange, request


class Realtime(_Client["httpx2.Client"]):
    """A client of the REST API; use it in a `with`, or close it."""

    def _take(self, http_client: object) -> httpx2.Client:
        import httpx2

        if http_client is None:
            return httpx2.Client(timeout=_usual_timeout(), limits=_usual_limits(), follow_redirects=True)
        if not isinstance(http_client, httpx2.Client):
            raise TypeError(f"http_client is a {type(http_client).__name__}; an httpx2.Client is needed")
        return http_client

    @functools.cached_property
    def beta(self) -> Beta:
        """The beta's sessions, which are deprecated."""
        return Beta(self._post)

    @functools.cached_property
    def calls(self) -> Calls:
        """Calls over WebRTC and SIP."""
        return Calls(self._post)

    @functools.cached_property
    def client_secrets(self) -> ClientSecrets:
        """Short-lived keys for clients."""
        return ClientSecrets(self._post)

    @functools.cached_property
    def translations(self) -> Translations:
        """Sessions that translate speech."""
        return Translations(self._post)

    def _post(self, call: Call[_T], payload: Payload, options: Options, call_id: str = "") -> _T:
        exchange, request = self._exchange(call, payload, options, call_id)
        while True:
            reply = self._send(request, exchange)
            delay = exchange.retry_in(reply)
            if delay is None:
                return exchange.read(reply)
            time.sleep(delay)

    def _send(self, request: httpx2.Request, exchange: Exchange[Any]) -> httpx2.Response | Failure:
        try:
            return self._http.send(request)
        except _failures() as error:
            return exchange.failure(error)

    def close(self) -> None:
        """Close the connections; an `http_client` that was given stays open."""
        if self._is_ours:
            self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class AsyncRealtime(_Client["httpx2.AsyncClient"]):
    """As `Realtime`, with methods to be awaited, under asyncio or trio; use it in an `async with`, or close it."""

    def _take(self, http_client: object) -> httpx2.AsyncClient:
        import httpx2

        if http_client is None:
            return httpx2.AsyncClient(timeout=_usual_timeout(), limits=_usual_limits(), follow_redirects=True)
        if not isinstance(http_client, httpx2.AsyncClient):
            raise TypeError(f"http_client is a {type(http_client).__name__}; an httpx2.AsyncClient is needed")
        return http_client

    @functools.cached_property
    def beta(self) -> AsyncBeta:
        """The beta's sessions, which are deprecated."""
        return AsyncBeta(self._post)

    @functools.cached_property
    def calls(self) -> AsyncCalls:
        """Calls over WebRTC and SIP."""
        return AsyncCalls(self._post)

    @functools.cached_property
    def client_secrets(self) -> AsyncClientSecrets:
        """Short-lived keys for clients."""
        return AsyncClientSecrets(self._post)

    @functools.cached_property
    def translations(self) -> AsyncTranslations:
        """Sessions that translate speech."""
        return AsyncTranslations(self._post)

    async def _post(self, call: Call[_T], payload: Payload, options: Options, call_id: str = "") -> _T:
        import anyio

        exchange, request = self._exchange(call, payload, options, call_id)
        while True:
            reply = await self._send(request, exchange)
            delay = exchange.retry_in(reply)
            if delay is None:
                return exchange.read(reply)
            await anyio.sleep(delay)

    async def _send(self, request: httpx2.Request, exchange: Exchange[Any]) -> httpx2.Response | Failure:
        try:
            return await self._http.send(request)
        except _failures() as error:
            return exchange.failure(error)

    async def close(self) -> None:
        """Close the connections; an `http_client` that was given stays open."""
        if self._is_ours:
            await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


class _Hider:
    """Takes secrets out of a text; its repr shows none."""

    __slots__ = ("_secrets",)

    def __init__(self, key: _Secret, headers: Mapping[str, tuple[str, str | None]]) -> None:
        secrets = {key.value}
        for name, (_, value) in headers.items():
            if value and is_secret(name):
                secrets.update(value.split()[-1:])  # what stands after `Bearer`
        self._secrets = [_Secret(value) for value in sorted(secrets, key=len, reverse=True)]

    def __call__(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret.value, "[masked]")
        return text


def _merged(*layers: Mapping[str, str | None]) -> dict[str, tuple[str, str | None]]:
    """Headers by their name in lower case; a later layer wins, and its None takes the header out."""
    return {name.lower(): (name, value) for layer in layers for name, value in layer.items()}


def _address(url: str | httpx2.URL) -> httpx2.URL:
    """That URL.  Raises `ValueError` where no API can be there."""
    import httpx2

    with contextlib.suppress(httpx2.InvalidURL):
        address = httpx2.URL(url)
        if address.scheme in ("http", "https") and address.host:
            return address
    raise ValueError(f"base_url is not the URL of an API, such as {BASE_URL}")


def _usual_timeout() -> httpx2.Timeout:
    import httpx2

    return httpx2.Timeout(TIMEOUT, connect=CONNECT_TIMEOUT)


def _usual_limits() -> httpx2.Limits:
    import httpx2

    return httpx2.Limits(max_connections=1000, max_keepalive_connections=100)


def _failures() -> tuple[type[Exception], ...]:
    """What the HTTP library raises when there is no response; of TLS some comes through as it is."""
    import anyio
    import httpx2

    return (httpx2.RequestError, ssl.SSLError, anyio.EndOfStream)
