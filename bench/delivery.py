"""From a referral submitted to the partner's mail accepted, against the same commits, round trip and hand-over bare."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from time import perf_counter

import aiosmtplib
import asyncpg
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from bench.figures import Figure, p50, p99, spread
from bench.loaded import Caller, Loaded, at_rest

ROUNDS, WARM = 200, 20
TIMES_P50, TIMES_P99 = 5.0, 20.0
COMMITS = 3
"""The referral with its outbox; the message with its inbox; the claim of the delivery."""
PATIENCE = 60.0
TOPIC = "bench.round-trip"


async def run(loaded: Loaded) -> list[Figure]:
    """Referrals one after another, each after everyone rested; between them the same steps bare."""
    staff = loaded.caller(loaded.staff)
    delivered, bare = [], []
    await at_rest(loaded.running)
    async with _steps(loaded) as steps:
        for turn in range(WARM + ROUNDS):
            taken, floor = await _deliver(loaded, staff), await steps.once()
            if turn >= WARM:
                delivered.append(taken)
                bare.append(floor)
    for name, values in (("delivery", delivered), ("delivery bare", bare)):
        print(spread(name, values), "ms", flush=True)
    return [
        Figure("delivery p50", p50(delivered), "ms", p50(bare), TIMES_P50, by_ratio=True),
        Figure("delivery p99", p99(delivered), "ms", p50(bare), TIMES_P99, by_ratio=True),
    ]


async def _deliver(loaded: Loaded, staff: Caller) -> float:
    """Milliseconds from the request to the partner's mail."""
    body, address = loaded.next_referral()
    taken = loaded.mail.expect(address)
    began = perf_counter()
    await asyncio.to_thread(staff.post, "/referrals/api/v1/referrals", body)
    milliseconds = (await asyncio.wait_for(taken, PATIENCE) - began) * 1000
    # The other mails of this referral must not be in the way of the next.
    await asyncio.sleep(0.1)
    return milliseconds


@dataclass(frozen=True, slots=True)
class _Steps:
    """Connections to the same database, broker and mail server that the system uses."""

    database: asyncpg.Connection
    producer: AIOKafkaProducer
    consumer: AIOKafkaConsumer
    smtp: aiosmtplib.SMTP

    async def once(self) -> float:
        """Milliseconds of commits, a round trip through the broker and a mail, one after another."""
        began = perf_counter()
        for _ in range(COMMITS):
            await self.database.execute("INSERT INTO bench (body) VALUES ($1)", b"x" * 500)
        await self.producer.send_and_wait(TOPIC, b"x" * 500)
        await self.consumer.getone()
        await self.smtp.send_message(_mail())
        return (perf_counter() - began) * 1000


@asynccontextmanager
async def _steps(loaded: Loaded) -> AsyncIterator[_Steps]:
    state = loaded.running.state
    database = await asyncpg.connect(loaded.running.dsn("referrals"))
    await database.execute("CREATE TABLE bench (id bigint GENERATED ALWAYS AS IDENTITY, body bytea)")
    await _make_topic(state["kafka"])
    producer = AIOKafkaProducer(bootstrap_servers=state["kafka"], acks="all")
    consumer = AIOKafkaConsumer(bootstrap_servers=state["kafka"], fetch_max_wait_ms=20)
    smtp = aiosmtplib.SMTP(hostname="127.0.0.1", port=loaded.mail.port)
    await producer.start()
    await consumer.start()
    await smtp.connect()
    consumer.assign([TopicPartition(TOPIC, 0)])
    try:
        yield _Steps(database, producer, consumer, smtp)
    finally:
        await smtp.quit()
        await consumer.stop()
        await producer.stop()
        await database.execute("DROP TABLE bench")
        await database.close()


async def _make_topic(servers: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=servers)
    await admin.start()
    await admin.create_topics([NewTopic(TOPIC, 1, 1)])
    await admin.close()


def _mail() -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "bench@example.org", "nobody@example.org", "A referral waits for you"
    mail.set_content("x" * 70 + "\n")
    mail.add_alternative("<p>" + ("x" * 70 + "\n") * 40 + "</p>", subtype="html")
    return mail
