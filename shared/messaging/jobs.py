"""Scheduled verbs: the tick only asks what is due; what is due is a row, so any number of replicas is harmless."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog

from shared.clock import utc_now
from shared.db import Database
from shared.messaging.supervise import quiet, within
from shared.observability.trace import Trace, traced

log = structlog.get_logger()

Run = Callable[[Database, Any, datetime], Awaitable[int]]


@dataclass(slots=True)
class Job:
    """One scheduled verb; returns how many it did, and is called again at once while there is more."""

    run: Run
    every: float
    """Seconds between two looks."""
    woken: bool
    """Whether it also looks whenever somebody says that there is work."""
    last: float = float("-inf")
    busy: bool = False
    again: bool = False
    """Woken while it ran: what was announced may have come too late for the look under way."""


class Jobs:
    """A service's jobs."""

    def __init__(self) -> None:
        self.runs: list[tuple[Run, float, bool]] = []

    def every(self, *, seconds: float, woken: bool = True) -> Callable[[Run], Run]:
        """Register a job that looks for work this often, and whenever it is woken."""

        def register(run: Run) -> Run:
            self.runs.append((run, seconds, woken))
            return run

        return register


class Clockwork:
    """Runs a service's jobs in one process."""

    def __init__(self, jobs: Jobs, db: Database, settings: Any) -> None:
        self.jobs = [Job(*registered) for registered in jobs.runs]
        self.db, self.settings = db, settings
        self._running: set[asyncio.Task[None]] = set()

    def tick(self) -> None:
        """Start every job whose time has come."""
        now = asyncio.get_running_loop().time()
        for job in self.jobs:
            if now - job.last >= job.every:
                self._start(job)

    def wake(self) -> None:
        """Start the jobs that can be woken at once: somebody said that there is work."""
        for job in self.jobs:
            if job.woken:
                self._start(job)

    def _start(self, job: Job) -> None:
        job.again = True
        if job.busy:
            return
        job.busy = True
        job.last = asyncio.get_running_loop().time()
        task = asyncio.create_task(self._run(job))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _run(self, job: Job) -> None:
        try:
            while job.again:
                job.again = False
                with traced(Trace()):
                    while await job.run(self.db, self.settings, utc_now()):
                        pass
        except Exception as error:
            log.error("job_failed", job=getattr(job.run, "__name__", "job"), exc_info=error)
        finally:
            job.busy = False

    async def stop(self) -> None:
        """Wait for the jobs under way, briefly; a job is safe to cut off, since what is due is a row."""
        if self._running:
            await asyncio.wait(self._running, timeout=3)
        left = tuple(self._running)
        for task in left:
            task.cancel()
        await asyncio.gather(*(within(1, quiet(task), "job") for task in left))
