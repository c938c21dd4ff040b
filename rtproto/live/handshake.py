"""The opening handshake between a client, the recorder and the server behind it.

The request goes on as it came, but for what names the recorder: the host, the path where the upstream has one, and
extensions that the recorder could not read along.  The response goes back untouched, so that the two sides agree on the
subprotocol, the compression and the key with each other.
"""

from __future__ import annotations

import ssl
from collections.abc import Generator
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from msgspec import Struct

if TYPE_CHECKING:
    from websockets.extensions import Extension
    from websockets.http11 import Request, Response

MAX_HEAD_BYTES = 64 * 1024
"""Longest request or response head that is read."""
MAX_BODY_BYTES = 64 * 1024
"""Longest body of a refusal that is waited for."""
_DEFLATE = "permessage-deflate"
_PORTS = {"ws": 80, "wss": 443}
_SCHEMES = {"ws": "ws", "wss": "wss", "http": "ws", "https": "wss"}

T = TypeVar("T")


class Upstream(Struct, frozen=True):
    """The server that clients are connected to."""

    scheme: str
    """`ws` or `wss`."""
    host: str
    port: int
    path: str = ""
    """Takes the place of the client's path, where it is not empty."""
    query: str = ""
    """Comes before the client's query."""

    @property
    def authority(self) -> str:
        """Host and port as the `Host` header has them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """The address, without its query, which may hold a key."""
        return f"{self.scheme}://{self.authority}{self.path}"

    def target(self, asked: str) -> str:
        """What is asked of this server where a client asked the recorder for that path and query."""
        path, _, query = asked.partition("?")
        queries = "&".join(part for part in (self.query, query) if part)
        return (self.path or path) + (f"?{queries}" if queries else "")


def upstream_of(url: str) -> Upstream:
    """The upstream of that URL.  Raises `ValueError`, saying what is wrong, for one that cannot be."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ValueError(f"not a URL: {error}") from None
    if parts.scheme not in _SCHEMES or not parts.hostname:
        raise ValueError("an upstream is a URL like wss://api.openai.com or ws://127.0.0.1:9000/v1/realtime")
    if parts.username is not None or parts.fragment:
        raise ValueError("an upstream has no user name and no fragment; clients send their keys themselves")
    scheme = _SCHEMES[parts.scheme]
    path = "" if parts.path == "/" else parts.path
    return Upstream(scheme, parts.hostname, _PORTS[scheme] if port is None else port, path, parts.query)


def tls_context(ca: str | None = None) -> ssl.SSLContext:
    """How the upstream is verified: by the machine's certificates, or those in the file `ca`.

    Raises `OSError` (`ssl.SSLError` is one) for a file that cannot be read.
    """
    return ssl.create_default_context(cafile=ca)


def server_tls_context(certificate: str) -> ssl.SSLContext:
    """What the recorder shows to its clients: a certificate and its key, in one PEM file.

    Raises `OSError` for a file that cannot be read.
    """
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    return context


def _whole(parser: Generator[None, None, T]) -> T:
    """What a parser of `websockets` makes of bytes that are all there."""
    try:
        next(parser)
    except StopIteration as done:
        result: T = done.value
        return result
    raise EOFError("the head ends early")


def request_of(head: bytes) -> Request:
    """The request in these bytes.  Raises `ValueError` for what is none, with the reason."""
    from websockets.exceptions import SecurityError
    from websockets.http11 import Request
    from websockets.streams import StreamReader

    reader = StreamReader()
    reader.feed_data(head)
    try:
        return _whole(Request.parse(reader.read_line))
    except (EOFError, SecurityError, NotImplementedError, ValueError) as error:
        raise ValueError(str(error)) from None


def response_of(head: bytes) -> Response:
    """The status and headers in these bytes.  Raises `ValueError` for what is none, with the reason."""
    from websockets.exceptions import SecurityError
    from websockets.http11 import Response
    from websockets.streams import StreamReader

    reader = StreamReader()
    reader.feed_data(head)
    try:
        # As of a proxy's response: the body is not read.
        return _whole(Response.parse(reader.read_line, reader.read_exact, reader.read_to_eof, proxy=True))
    except (EOFError, SecurityError, LookupError, NotImplementedError, ValueError) as error:
        raise ValueError(str(error)) from None


def is_upgrade(request: Request) -> bool:
    """Whether the request asks for a WebSocket connection."""
    return request.method == "GET" and "websocket" in request.headers.get("Upgrade", "").lower()


def forwarded(request: Request, upstream: Upstream) -> bytes:
    """The request's bytes as the upstream gets them."""
    from websockets.datastructures import Headers
    from websockets.http11 import Request as HttpRequest

    headers = Headers()
    for name, value in request.headers.raw_items():
        match name.lower():
            case "host":
                value = upstream.authority
            case "sec-websocket-extensions":
                value = ", ".join(
                    offer.strip() for offer in value.split(",") if offer.strip().startswith(_DEFLATE)
                )
                if not value:
                    continue
            case _:
                pass
        headers[name] = value
    return HttpRequest(upstream.target(request.path), headers).serialize()


def extensions_of(response: Response, direction: str) -> list[Extension]:
    """What one direction's frames must be read with, by the extensions that the server took up.

    Raises `ValueError` for an extension, or one of its parameters, that cannot be read.
    """
    from websockets.exceptions import InvalidHeader, NegotiationError
    from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory, PerMessageDeflate
    from websockets.headers import parse_extension

    made: list[Extension] = []
    for header in response.headers.get_all("Sec-WebSocket-Extensions"):
        try:
            for name, parameters in parse_extension(header):
                if name != _DEFLATE:
                    raise ValueError(f"the upstream took up an extension that nobody offered: {name}")
                # As the client has it: the server is remote.
                agreed: Any = ClientPerMessageDeflateFactory(
                    client_max_window_bits=True
                ).process_response_params(parameters, [])
                theirs = (agreed.remote_no_context_takeover, agreed.remote_max_window_bits)
                ours = (agreed.local_no_context_takeover, agreed.local_max_window_bits)
                resets, bits = theirs if direction == "server" else ours
                # Nothing is ever compressed here: without a context there is no compressor to keep.
                made.append(PerMessageDeflate(resets, True, bits, 15))
        except (InvalidHeader, NegotiationError) as error:
            raise ValueError(str(error)) from None
    return made


def answer(status: int, reason: str, text: str) -> bytes:
    """A response of the recorder's own, after which it closes the connection."""
    body = text.encode() + b"\n"
    head = (
        f"HTTP/1.1 {status} {reason}\r\nContent-Type: text/plain; charset=utf-8\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body


class Refusal:
    """Reads along a response that is no 101, which the client gets as it comes; for its status and its body."""

    def __init__(self, response: Response) -> None:
        from websockets.http11 import Response as HttpResponse
        from websockets.streams import StreamReader

        self._reader = StreamReader()
        self._parser = HttpResponse.parse(
            self._reader.read_line, self._reader.read_exact, self._reader.read_to_eof
        )
        self._size = 0
        self._done = False
        self.status, self.reason = response.status_code, response.reason_phrase
        self.body = ""
        """The body as text, once the response is whole."""

    @property
    def told(self) -> tuple[int, str, str]:
        """Status, its phrase, and the body."""
        return self.status, self.reason, self.body

    def feed(self, data: bytes) -> bool:
        """Take more of the response, its head included.  True when it is whole, or longer than anybody will want to
        see."""
        self._size += len(data)
        self._reader.feed_data(data)
        self._step()
        return self._done or self._size > MAX_BODY_BYTES

    def finish(self) -> None:
        """There will be no more of it."""
        if not self._done:
            self._reader.feed_eof()
            self._step()

    def _step(self) -> None:
        try:
            next(self._parser)
        except StopIteration as done:
            response: Response = done.value
            self._done = True
            self.body = bytes(response.body).decode("utf-8", "replace")
        except Exception:  # noqa: BLE001 - the parser raises many things, and the response has been forwarded anyway
            self._done = True
