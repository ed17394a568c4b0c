"""What all scenarios stand on: PostgreSQL with fsync, Apache Kafka, a breakable line before each, and the nursery."""

import asyncio
import json
import shutil
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from sqlalchemy.ext.asyncio import create_async_engine

from deploy.folder import DataFolder
from deploy.kafka.server import KafkaServer
from deploy.postgres import SOCKET, Postgres
from deploy.trouble import Trouble
from shared.db import async_url
from shared.events import people
from shared.messaging.tables import core
from tests.faults import things
from tests.faults.proxy import Proxy, to_port, to_socket
from tests.support.kafka import DOOR

ROOT = Path(__file__).parents[2]
PARTITIONS = 4


class Ground:
    """Started once for all scenarios; what a scenario broke it must mend."""

    def __init__(self, kafka: KafkaServer) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="cwf"))
        self.kafka = kafka
        self.folder = DataFolder(self.home / "data")
        self.postgres = Postgres(self.folder)
        behind, before = kafka.proxies[DOOR]
        self.kafka_line, self._kafka_door = Proxy(to_port(behind)), before
        self.postgres_line = Proxy(to_socket(str(self.postgres.sockets / SOCKET)))
        self.rigs = 0
        self._nursery: subprocess.Popen[str] | None = None

    async def start(self) -> None:
        """Everything but Kafka, which is there."""
        self.folder.prepare()
        self._nursery = subprocess.Popen(  # noqa: ASYNC220 (once, at the start)
            [sys.executable, "-m", "tests.faults.nursery"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT,
        )  # fmt: skip
        await self.postgres.start(lambda said: None)
        await self.kafka_line.start(self._kafka_door)
        await self.postgres_line.start()
        await self.make_topics()

    async def stop(self) -> None:
        """Everything but Kafka."""
        if self._nursery is not None and self._nursery.stdin is not None:
            self._nursery.stdin.close()
            await asyncio.to_thread(self._nursery.wait, 10)
        await self.kafka_line.stop()
        await self.postgres_line.stop()
        await self.postgres.stop()
        shutil.rmtree(self.home, ignore_errors=True)

    def fork(self, kind: str, config: things.Config, log: Path) -> int:
        """A new process; its number."""
        assert self._nursery is not None
        assert self._nursery.stdin is not None
        assert self._nursery.stdout is not None
        order = {"kind": kind, "config": config.as_dict(), "log": str(log)}
        self._nursery.stdin.write(json.dumps(order) + "\n")
        self._nursery.stdin.flush()
        return int(self._nursery.stdout.readline())

    def dsn(self, database: str) -> str:
        """To a database, past the breakable line."""
        return self.postgres.url.replace("{service}", database)

    async def make_database(self, name: str) -> None:
        """With the tables of messaging and of the rig's service."""
        connection = await asyncpg.connect(self.dsn("postgres"))
        await connection.execute(f'CREATE DATABASE "{name}"')
        await connection.close()
        engine = create_async_engine(async_url(self.dsn(name)))
        async with engine.begin() as made:
            await made.run_sync(core.create_all)
            for statement in things.TABLES:
                await made.exec_driver_sql(statement)
        await engine.dispose()

    async def kill_postgres(self) -> None:
        """kill -9 of the server."""
        process = self.postgres.child.process
        assert process is not None
        process.kill()
        await process.wait()

    async def start_postgres(self) -> None:
        """Start it again; what it left running of itself ends first."""
        while True:
            with suppress(Trouble):
                return await self.postgres.restart()
            await asyncio.sleep(0.2)

    async def make_topics(self, *names: str) -> None:
        """These topics and what every service hears, past the breakable line; those that there are stay as they are."""
        admin = AIOKafkaAdminClient(bootstrap_servers=self.kafka.address)
        await admin.start()
        try:
            await admin.create_topics([NewTopic(name, PARTITIONS, 1) for name in (people.EVENTS, *names)])
        finally:
            await admin.close()

    async def ends(self, topic: str) -> dict[TopicPartition, int]:
        """Where each partition ends."""
        consumer = AIOKafkaConsumer(bootstrap_servers=self.kafka.address)
        await consumer.start()
        try:
            places = [TopicPartition(topic, number) for number in range(PARTITIONS)]
            found: dict[TopicPartition, int] = await consumer.end_offsets(places)
            return found
        finally:
            # It lets the end of a task of its own escape.
            with suppress(asyncio.CancelledError):
                await consumer.stop()

    async def lag(self, group: str, topic: str) -> int:
        """Records of a topic that a group has not settled."""
        ends = await self.ends(topic)
        admin = AIOKafkaAdminClient(bootstrap_servers=self.kafka.address)
        await admin.start()
        try:
            settled = await admin.list_consumer_group_offsets(group, partitions=list(ends))
        finally:
            await admin.close()
        return sum(end - max(0, settled[place].offset) for place, end in ends.items())
