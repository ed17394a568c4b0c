"""One process of one service, as a deployment runs it: on its own, in any order, waiting for what is not there yet."""

import asyncio
import fcntl
import os
import signal
import threading
from importlib import import_module
from pathlib import Path
from types import FrameType

import uvicorn

from deploy.schema import PATIENCE, bring_up_to_date
from deploy.trouble import Trouble
from shared.identity.keys import make_keys
from shared.messaging import topics
from shared.messaging.worker import Worker
from shared.observability.logs import configure_logging
from shared.observability.spans import export_spans
from shared.settings import ServiceSettings
from shared.web.monitor import monitored, of_web, of_worker

GRACE = 5
"""Seconds that requests under way get when the process stops."""
LAST = 9.0
"""Seconds from the wish to stop until the process ends in any case."""


async def serve_web(service: str, host: str, port: int) -> None:
    """The service's pages and API until a signal asks to stop."""
    configure_logging(service)
    application = import_module(f"services.{service}.app").create_app()
    state = application.state
    export_spans(f"{service}-web", state.settings.otlp_endpoint)
    config = uvicorn.Config(
        application, host=host, port=port, log_config=None, access_log=False, server_header=False,
        timeout_graceful_shutdown=GRACE,
    )  # fmt: skip
    server = _Server(config)
    monitor = of_web(service, state.db, state.database_check, lambda: server.started, state.figures)
    async with monitored(state.settings, monitor):
        await _prepare(state.settings)
        await server.serve()


class _Server(uvicorn.Server):
    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """A signal asks to stop; whatever hangs does not keep the process."""
        end_for_sure()
        super().handle_exit(sig, frame)


def end_for_sure() -> None:
    """From now on this process has `LAST` seconds, whatever hangs: what is committed is safe, the rest comes again."""
    last = threading.Timer(LAST, os._exit, (0,))
    last.daemon = True
    last.start()


async def serve_worker(service: str) -> None:
    """The service's consumer, relay and jobs until a signal asks to stop."""
    configure_logging(service)
    worker: Worker = import_module(f"services.{service}.worker").worker()
    export_spans(f"{service}-worker", worker.settings.otlp_endpoint)
    # It answers from the start: waiting for what is not there yet is being alive.
    async with monitored(worker.settings, of_worker(worker)):
        await _prepare(worker.settings)
        await _topics(worker.settings)
        await worker.run(_stopped())


async def _topics(settings: ServiceSettings) -> None:
    try:
        await topics.create(settings, deadline=PATIENCE)
    except TimeoutError as error:
        raise Trouble(
            f"{error} See that the brokers are there, have the topics, and let this user in "
            "(CROSSWALK_KAFKA_BOOTSTRAP_SERVERS, CROSSWALK_KAFKA_SECURITY_PROTOCOL and what belongs to it)."
        ) from None


def _stopped() -> asyncio.Event:
    """Set when a signal asks to stop."""
    stop = asyncio.Event()

    def end() -> None:
        end_for_sure()
        stop.set()

    for wanted in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(wanted, end)
    return stop


async def _prepare(settings: ServiceSettings) -> None:
    """Keys and tables, each made by whoever comes first."""
    try:
        _make_keys(settings.keys_dir)
    except OSError as error:
        raise Trouble(f"The keys in {settings.keys_dir} cannot be read or made: {error.strerror}.") from None
    await bring_up_to_date(settings.service, settings.dsn)


def _make_keys(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        make_keys(folder)
    finally:
        os.close(lock)
