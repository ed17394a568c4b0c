"""One address for all services: the first segment of the path says which one answers."""

import asyncio
from collections.abc import Iterable
from contextlib import AsyncExitStack

from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send


class Gateway:
    """Dispatches `/<name>` and `/<name>/...` to the application of that name and everything else to `otherwise`.

    Applications may join while it serves: requests for the `names` that are still missing wait for them. They start
    when they join and stop with the gateway.
    """

    def __init__(self, names: Iterable[str], *, otherwise: str) -> None:
        self.otherwise = otherwise
        self._joined = {name: asyncio.Event() for name in (*names, otherwise)}
        self._applications: dict[str, Starlette] = {}
        self._living = AsyncExitStack()

    async def join(self, name: str, application: Starlette) -> None:
        """From now on this application answers for its name."""
        await self._living.enter_async_context(application.router.lifespan_context(application))
        self._applications[name] = application
        self._joined[name].set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        else:
            application = await self.find(scope["path"])
            await application(scope, receive, send)

    async def find(self, path: str) -> ASGIApp:
        """The application that answers at a path."""
        first = path.split("/", 2)[1] if path.startswith("/") else ""
        name = first if first in self._joined else self.otherwise
        await self._joined[name].wait()
        return self._applications[name]

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._living.aclose()
        await send({"type": "lifespan.shutdown.complete"})
