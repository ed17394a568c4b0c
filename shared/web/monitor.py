"""The monitor port of a process of its own: /livez, /readyz and /metrics, for operators and not for the public."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress

import structlog
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from shared.clock import utc_now
from shared.db import Database
from shared.messaging.figures import More, of_database, of_workers
from shared.messaging.state import State, workers_alive
from shared.messaging.worker import Worker
from shared.observability.figures import Figure, exposition
from shared.settings import ServiceSettings
from shared.web.health import DatabaseCheck

log = structlog.get_logger()

SCRAPE = 3.0
"""Seconds that the database gets for its figures."""
PLAIN = "text/plain; version=0.0.4; charset=utf-8"


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals belong to the process's main work."""
        yield


@asynccontextmanager
async def monitored(settings: ServiceSettings, application: Starlette) -> AsyncIterator[None]:
    """In the block, the monitor port answers, if one is set."""
    if settings.monitor_port is None:
        yield
        return
    listening = socket.create_server((settings.monitor_host, settings.monitor_port))
    log.info("monitor_listening", host=settings.monitor_host, port=listening.getsockname()[1])
    config = uvicorn.Config(application, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=1)
    server = _Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        yield
    finally:
        server.should_exit = True
        await asyncio.wait({serving}, timeout=2)
        listening.close()


def of_worker(worker: Worker) -> Starlette:
    """What a worker answers. Ready: database and broker answer, the consumer has joined its group and moves."""
    check = DatabaseCheck(worker.db)

    async def ready() -> dict[str, bool]:
        state = worker.state()
        return {
            "database": await check(),
            "broker": state.kafka,
            "consumer": state.consuming and not state.stalled and not state.held,
        }

    async def states() -> Sequence[State]:
        return [worker.state()]

    return _application(worker.settings.service, worker.db, ready, states, worker.figures)


def of_web(
    service: str, db: Database, check: DatabaseCheck, serving: Callable[[], bool], more: More | None = None
) -> Starlette:
    """What a web process answers. Ready: it takes requests, and the database answers."""

    async def ready() -> dict[str, bool]:
        return {"database": await check(), "pages": serving()}

    async def states() -> Sequence[State]:
        async with db.transaction() as session:
            return await workers_alive(session, utc_now())

    return _application(service, db, ready, states, more)


def _application(
    service: str,
    db: Database,
    ready: Callable[[], Awaitable[dict[str, bool]]],
    states: Callable[[], Awaitable[Sequence[State]]],
    more: More | None,
) -> Starlette:
    async def livez(request: Request) -> Response:
        return JSONResponse({"status": "alive"})

    async def readyz(request: Request) -> Response:
        parts = await ready()
        well = all(parts.values())
        return JSONResponse({"status": "ready" if well else "unavailable", **parts}, 200 if well else 503)

    async def metrics(request: Request) -> Response:
        known: list[Figure] = []
        asking = asyncio.create_task(_ask(service, db, states, more, known))
        done, _ = await asyncio.wait({asking}, timeout=SCRAPE)
        asking.cancel()
        answered = bool(done) and asking.exception() is None
        known.append(Figure("database_answers", int(answered), "The database answers"))
        return Response(exposition(service, known), media_type=PLAIN)

    return Starlette(routes=[Route("/livez", livez), Route("/readyz", readyz), Route("/metrics", metrics)])


async def _ask(
    service: str,
    db: Database,
    states: Callable[[], Awaitable[Sequence[State]]],
    more: More | None,
    known: list[Figure],
) -> None:
    """Put into `known` what can be known, as it becomes known."""
    with suppress(Exception):
        known += of_workers(await states(), service)
    async with db.transaction() as session:
        known += await of_database(session, service, utc_now())
        if more is not None:
            known += await more(session, utc_now())
