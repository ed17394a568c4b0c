"""Health: alive says that the process answers, ready says that it can serve; neither ever hangs."""

import asyncio
import contextlib

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from sqlalchemy import text

from shared.db import Database

router = APIRouter(include_in_schema=False)

ANSWER = 0.4
"""Seconds within which the database must answer."""
GIVEN_UP = 3.0
"""Seconds after which a question is given up and asked anew."""


class DatabaseCheck:
    """Whether the database answers. One question at a time, however many want to know, and nobody waits for its end."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self._question: asyncio.Task[None] | None = None
        self._asked_at = 0.0

    async def __call__(self) -> bool:
        """Whether it answers within a moment."""
        now = asyncio.get_running_loop().time()
        if self._question is None or self._question.done() or now - self._asked_at > GIVEN_UP:
            if self._question is not None:
                self._question.cancel()
            self._question, self._asked_at = asyncio.create_task(self._ask()), now
            self._question.add_done_callback(_heard)
        await asyncio.wait({self._question}, timeout=ANSWER)
        return self._question.done() and not self._question.cancelled() and self._question.exception() is None

    async def _ask(self) -> None:
        async with self.db.transaction() as session:
            await session.execute(text("SELECT 1"))


def _heard(question: "asyncio.Task[None]") -> None:
    with contextlib.suppress(asyncio.CancelledError):
        question.exception()


@router.get("/livez")
async def alive() -> dict[str, str]:
    """The process answers."""
    return {"status": "alive"}


@router.get("/readyz")
async def ready(request: Request) -> JSONResponse:
    """The database answers within a second."""
    if await request.app.state.database_check():
        return JSONResponse({"status": "ready"})
    return JSONResponse({"status": "unavailable", "database": "away"}, status_code=503)
