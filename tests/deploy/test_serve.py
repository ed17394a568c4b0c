"""One process of one service by itself, as a deployment runs it."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest_asyncio

from deploy.broker import free_port
from tests.support.kafka import Broker

COMMAND = Path(sys.executable).with_name("crosswalk")


@pytest_asyncio.fixture
async def environment(postgres: str, broker: Broker, tmp_path: Path) -> AsyncIterator[dict[str, str]]:
    """Settings as a deployment gives them, with an empty database."""
    admin = await asyncpg.connect(postgres.replace("{service}", "postgres"))
    await admin.execute("DROP DATABASE IF EXISTS serve_audit WITH (FORCE)")
    await admin.execute("CREATE DATABASE serve_audit")
    await admin.close()
    yield {
        **os.environ,
        "CROSSWALK_DATABASE_URL": postgres.replace("{service}", "serve_{service}"),
        "CROSSWALK_KAFKA_BOOTSTRAP_SERVERS": broker.address,
        "CROSSWALK_KAFKA_IDEMPOTENT": "false",
        "CROSSWALK_DATA_DIR": str(tmp_path),
    }


def serve(environment: dict[str, str], *arguments: Any) -> subprocess.Popen[bytes]:
    return subprocess.Popen([COMMAND, "serve", *map(str, arguments)], env=environment)


async def test_web_and_worker_of_a_service_start_together_on_an_empty_database(environment: dict[str, str]) -> None:
    port = free_port()
    web, worker = serve(environment, "audit", "web", "--port", port), serve(environment, "audit", "worker")
    try:
        async with asyncio.timeout(120), httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
            while not await _is_ready(client):
                assert (web.poll(), worker.poll()) == (None, None)
                await asyncio.sleep(0.1)
            while await _committed(environment) is None:
                await asyncio.sleep(0.1)
    finally:
        web.terminate()
        worker.terminate()
        codes = await asyncio.to_thread(web.wait), await asyncio.to_thread(worker.wait)
    assert codes[1] == 0


async def _is_ready(client: httpx.AsyncClient) -> bool:
    try:
        return (await client.get("/readyz")).status_code == 200
    except httpx.HTTPError:
        return False


async def _committed(environment: dict[str, str]) -> str | None:
    """The cluster that the consumer has met: it is at work then."""
    connection = await asyncpg.connect(environment["CROSSWALK_DATABASE_URL"].replace("{service}", "audit"))
    try:
        found: str | None = await connection.fetchval("SELECT cluster_id FROM consumed_cluster")
        return found
    except asyncpg.exceptions.UndefinedTableError:
        return None
    finally:
        await connection.close()
