"""Health: alive says that the process answers, ready says that it can serve; neither ever hangs."""

import asyncio

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from sqlalchemy import text

router = APIRouter(include_in_schema=False)


@router.get("/livez")
async def alive() -> dict[str, str]:
    """The process answers."""
    return {"status": "alive"}


@router.get("/readyz")
async def ready(request: Request) -> JSONResponse:
    """The database answers within a second."""
    try:
        async with asyncio.timeout(0.8), request.app.state.db.transaction() as session:
            await session.execute(text("SELECT 1"))
    except Exception:
        return JSONResponse({"status": "unavailable", "database": "away"}, status_code=503)
    return JSONResponse({"status": "ready"})
