"""What stands before every route: forged form posts are refused, answers carry security headers, a trace begins."""

import re
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.observability.spans import span
from shared.observability.trace import Trace, traced

SAFE = {"GET", "HEAD", "OPTIONS"}
TRACEPARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data:; style-src 'self'; script-src 'self'; object-src 'none';"
        " base-uri 'none'; form-action 'self'; frame-ancestors 'self'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


class Guard:
    """ASGI middleware around a service's app."""

    def __init__(self, app: ASGIApp, *, https: bool) -> None:
        self.app = app
        self.headers = dict(HEADERS)
        if https:
            self.headers["Strict-Transport-Security"] = "max-age=63072000; includeSubDomains"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse a forged post, or go on inside a trace."""
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        headers = Headers(scope=scope)
        if scope["method"] not in SAFE and forged(headers):
            refusal = PlainTextResponse("This form was sent from another site and was not taken.", 403)
            return await refusal(scope, receive, self._with_headers(send))
        parent = headers.get("traceparent", "")
        method, known = scope["method"], parent if TRACEPARENT.fullmatch(parent) else None
        with span(method, "SERVER", known) as opened, traced(Trace(traceparent=opened.traceparent)):
            await self.app(scope, receive, self._with_headers(send))
            # What was asked for by its pattern: a path has ids, and there would be as many names as things.
            opened.rename(f"{method} {getattr(scope.get('route'), 'path', '')}".rstrip())
        return None

    def _with_headers(self, send: Send) -> Callable[[Message], Awaitable[None]]:
        async def add(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self.headers.items():
                    headers.setdefault(name, value)
                # Pages show people's data: no shared cache may keep them.
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        return add


def only_by_tls(public_url: str) -> bool:
    """Whether browsers are told to come by TLS for ever. Not on a name of this machine: others serve there, too."""
    address = urlsplit(public_url)
    return address.scheme == "https" and address.hostname not in {"localhost", "127.0.0.1", "::1"}


def forged(headers: Headers) -> bool:
    """Whether a state-changing request comes from another site (Fetch Metadata; Origin for older browsers).

    Without a cookie, too: another site could sign somebody in as somebody else. Programs send neither header.
    """
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site not in {"same-origin", "none"}
    origin = headers.get("origin")
    return origin is not None and urlsplit(origin).netloc != headers.get("host")
