"""One address for all services: the first segment of the path says which one answers."""

from collections.abc import Mapping
from contextlib import AsyncExitStack

from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send


class Gateway:
    """Dispatches `/<name>` and `/<name>/...` to the application of that name and everything else to `otherwise`.

    The applications start and stop with the gateway.
    """

    def __init__(self, applications: Mapping[str, Starlette], *, otherwise: str) -> None:
        self.applications = dict(applications)
        self.otherwise = self.applications[otherwise]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        else:
            await self.find(scope["path"])(scope, receive, send)

    def find(self, path: str) -> ASGIApp:
        """The application that answers at a path."""
        return self.applications.get(path.split("/", 2)[1] if "/" in path else "", self.otherwise)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        async with AsyncExitStack() as stack:
            try:
                for application in self.applications.values():
                    await stack.enter_async_context(application.router.lifespan_context(application))
            except Exception as error:
                await send({"type": "lifespan.startup.failed", "message": str(error)})
                raise
            await send({"type": "lifespan.startup.complete"})
            await receive()
        await send({"type": "lifespan.shutdown.complete"})
