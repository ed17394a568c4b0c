"""A rolling upgrade from the release before: its processes on our tables and events, ours on its data and events."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import asyncpg
import httpx
import pytest

from deploy.broker import free_port
from deploy.environment import variables
from deploy.folder import DataFolder
from deploy.kafka.server import KafkaServer
from deploy.postgres import SERVICES, Postgres
from shared.migrations import head
from tests.journeys.system import COMMAND, RunningSystem, until
from tests.wiring.releases import ROOT, releases

pytestmark = pytest.mark.skipif("CROSSWALK_LONG" not in os.environ, reason="takes minutes: CROSSWALK_LONG=1")

OLD = [sys.executable, "-c", "from deploy.cli import main; main()"]


@pytest.fixture(scope="module")
def old_tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The code of the release before, as it was."""
    commit, folder = releases()[-1].commit, tmp_path_factory.mktemp("old")
    packed = subprocess.run(["git", "-C", ROOT, "archive", commit], capture_output=True, check=False)
    if packed.returncode:
        pytest.skip(f"this checkout has no commit {commit[:12]} of the release before (git fetch --unshallow)")
    subprocess.run(["tar", "-x", "-C", folder], input=packed.stdout, check=True)
    return folder


class OldSystem(RunningSystem):
    """The release before, with the libraries of this one."""

    def __init__(self, tree: Path) -> None:
        super().__init__()
        self.tree = tree

    def launch(self, *options: str) -> None:
        """Its `crosswalk up`."""
        with self.output.open("wb") as output:
            self._runner = subprocess.Popen(
                [*OLD, "up", "--data", self.data, "--port", str(self.port), *options],
                stdout=output, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, cwd=self.tree,
                env={**os.environ, "PYTHONPATH": str(self.tree)},
            )  # fmt: skip

    async def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Its command on its data folder."""
        environment = {**os.environ, "PYTHONPATH": str(self.tree)}
        return await asyncio.to_thread(
            subprocess.run, [*OLD, *arguments, "--data", str(self.data)],
            capture_output=True, text=True, check=False, cwd=self.tree, env=environment,
        )  # fmt: skip


@asynccontextmanager
async def new_workers(system: RunningSystem, kafka: str) -> AsyncIterator[str]:
    """Our workers beside, on the same databases and in the same groups."""
    environment = environment_beside(system, kafka)
    workers = [
        await asyncio.create_subprocess_exec(COMMAND, "serve", name, "worker", env=environment) for name in SERVICES
    ]
    try:
        yield environment["CROSSWALK_DATABASE_URL"]
        assert [worker.returncode for worker in workers] == [None] * len(workers)
    finally:
        for worker in workers:
            worker.send_signal(signal.SIGTERM)
        for worker in workers:
            await worker.wait()


@asynccontextmanager
async def new_pages(system: RunningSystem, kafka: str) -> AsyncIterator[str]:
    """Our pages beside, at the address that is given, on the same databases."""
    port = free_port()
    pages = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.support.pages", str(port), env=environment_beside(system, kafka), cwd=ROOT
    )
    try:
        yield f"http://127.0.0.1:{port}"
        assert pages.returncode is None
    finally:
        pages.send_signal(signal.SIGTERM)
        await pages.wait()


def environment_beside(system: RunningSystem, kafka: str) -> dict[str, str]:
    """What a process of ours is told that runs beside those of a system."""
    folder = DataFolder(system.data)
    given = {**variables(folder, system.state()), "CROSSWALK_KAFKA_BOOTSTRAP_SERVERS": kafka}
    return {**os.environ, **given, "CROSSWALK_DATABASE_URL": Postgres(folder).url}


async def play(pages: str, mail: str) -> subprocess.CompletedProcess[str]:
    """Our `crosswalk demo` on pages that `crosswalk up` did not start, once they answer."""
    await until(lambda: answers(pages), "the new release's pages")
    return await asyncio.to_thread(
        subprocess.run, [str(COMMAND), "demo", "--url", pages, "--mail", mail],
        capture_output=True, text=True, check=False,
    )  # fmt: skip


async def answers(url: str) -> bool:
    async with httpx.AsyncClient() as client:
        with suppress(httpx.HTTPError):
            return (await client.get(f"{url}/sign-in")).is_success
    return False


async def stand_at_our_revisions(url: str) -> bool:
    for service in SERVICES:
        connection = await asyncpg.connect(url.replace("{service}", service))
        try:
            if await connection.fetchval("SELECT version_num FROM alembic_version") != head(service):
                return False
        finally:
            await connection.close()
    return True


@pytest.fixture
def broker_of_all(own_kafka: KafkaServer, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", own_kafka.address)
    return own_kafka.address


async def test_the_release_before_and_this_one_do_the_main_job_side_by_side(old_tree: Path, broker_of_all: str) -> None:
    system = OldSystem(old_tree)
    new = RunningSystem()
    try:
        await system.start()
        alone = await system.run("demo")
        assert not await stand_at_our_revisions(Postgres(DataFolder(system.data)).url)
        async with new_workers(system, broker_of_all) as url:
            await until(lambda: stand_at_our_revisions(url), "our migrations beside the old processes")
            beside = await system.run("demo")
        async with new_pages(system, broker_of_all) as pages:
            before_workers = await play(pages, system.url)
        stopped = await system.stop()

        new.data = system.data
        await new.start()
        due = await new.run("refill")
        after = await new.run("demo")
    finally:
        await new.remove()
        await system.remove()

    assert alone.returncode == 0, alone.stdout + alone.stderr
    assert beside.returncode == 0, beside.stdout + beside.stderr
    assert before_workers.returncode == 0, before_workers.stdout + before_workers.stderr
    assert "Stopped" in stopped
    assert "Nothing is due." in due.stdout, due.stdout + due.stderr
    assert after.returncode == 0, after.stdout + after.stderr
