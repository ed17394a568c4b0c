"""Poison: it holds up only its own thing, is kept whole, and everything that arrives is accounted for."""

import asyncio
import base64
import json
from collections.abc import Callable
from random import Random
from statistics import quantiles
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer

from shared.clock import new_id
from shared.messaging.park import Policy
from tests.faults.conftest import Form
from tests.faults.rig import Rig, until
from tests.faults.things import record

FOR_EVER = 1e9
MIB = 1024 * 1024


async def test_poison_is_tried_as_the_policy_says_and_kept_whole_with_what_follows_it(rig: Rig) -> None:
    await rig.start(webs=1, workers=2)
    await rig.happen(1)
    await rig.quiet()
    # Alone, as a batch that fails is tried in halves, down to the event that does not work.
    await rig.happen(1, fails_for={0: FOR_EVER})
    await until(lambda: waits_for_a_person(rig, 1), "the poison set aside for good")
    await rig.happen(1, 3)
    await rig.load(100, things=20)

    await until(lambda: parked(rig, 4), "what is behind it")
    await until(lambda: effects_of_others(rig), "the others")

    rows = await rig.query("SELECT * FROM parked ORDER BY id")
    sent = await rig.query("SELECT event_id, key, value, headers FROM outbox WHERE key = '1' ORDER BY id")
    poison, behind = rows[0], rows[1:4]
    assert (poison["reason"], poison["detail"]) == ("RuntimeError", "thing 1 fails")
    assert poison["attempts"] == Policy().attempts == rig.failures()[2]
    assert (poison["event_id"], poison["key"], poison["value"]) == (sent[1]["event_id"], b"1", sent[1]["value"])
    headers = {name: base64.b64decode(value).decode() for name, value in json.loads(poison["headers"])}
    assert headers == json.loads(sent[1]["headers"])
    assert [row["event_id"] for row in behind] == [row["event_id"] for row in sent[2:5]]
    assert {row["reason"] for row in behind} == {"behind"}
    assert await rig.count("effects WHERE thing = 1") == 1


async def effects_of_others(rig: Rig) -> bool:
    return await rig.count("effects WHERE thing <> 1") == await rig.count("happened WHERE thing <> 1") > 0


async def test_whatever_bytes_arrive_are_accounted_for_and_hold_up_nobody(
    make_rig: Callable[..., Rig], form: Form
) -> None:
    rig, bad = make_rig(), form.of(200, 10_000)
    await rig.start(webs=0, workers=2)
    random = rig.random

    producer = AIOKafkaProducer(bootstrap_servers=rig.ground.kafka.address, max_request_size=4 * MIB)
    await producer.start()
    good = 0
    for number in range(bad):
        await producer.send(rig.config.topic, **a_bad_one(random, rig, number))
        # A brake holds a topic of which more than one in five fails.
        for _ in range(15):
            good += 1
            await producer.send(rig.config.topic, **record(rig.config, good, good % 50, good, new_id()))
    await producer.flush()
    await producer.stop()
    try:
        await until(lambda: accounted(rig, good, bad), "all accounted for", form.of(60, 900))
    finally:
        print(await rig.count("effects"), good, await rig.count("parked"), bad, await rig.query("SELECT * FROM brakes"))

    distinct = await rig.query('SELECT count(DISTINCT (partition, "offset")) FROM parked')
    assert distinct[0][0] == bad
    assert await rig.count("effects") == good
    assert await rig.count("parked WHERE reason <> 'unreadable'") == 0
    assert [part.deaths for part in rig.parts] == [0, 0]


def a_bad_one(random: Random, rig: Rig, number: int) -> dict[str, Any]:
    """A record that is no event of ours, in one of many ways."""
    whole = record(rig.config, 10**9 + number, 10_000 + number, 1, new_id())
    value, headers = whole["value"], dict(whole["headers"])
    ways: list[Callable[[], dict[str, Any]]] = [
        lambda: {"value": random.randbytes(random.randrange(1, 200))},
        lambda: {"value": value[: random.randrange(1, len(value) - 1)]},
        lambda: {"value": b'{"thing": "no number", "number": [], "intent": null}'},
        lambda: {"value": b"[" * random.randrange(2_000, 100_000)},
        lambda: {"value": b'{"thing": ' * 5_000 + b"1" + b"}" * 5_000},
        lambda: {"headers": [("ce_id", b"1")]},
        lambda: {"headers": [*headers.items(), ("ce_bad", b"\xff\xfe\x00")]},
        lambda: {"headers": [*headers.items(), ("ce_time", b"yesterday")]},
        lambda: {"headers": []},
        lambda: {"key": None, "value": random.randbytes(10)},
        lambda: {"headers": [("content-type", b"application/cloudevents+json")], "value": b'{"specversion": "1.0"}'},
    ]  # fmt: skip
    if number % 100 == 0:
        ways = [lambda: {"value": random.randbytes(MIB - 2_000)}]
    return whole | random.choice(ways)()


async def accounted(rig: Rig, good: int, bad: int) -> bool:
    return await rig.count("effects") >= good and await rig.count("parked WHERE settled_at IS NULL") >= bad


async def parked(rig: Rig, count: int) -> bool:
    return await rig.count("parked WHERE settled_at IS NULL") >= count


async def waits_for_a_person(rig: Rig, count: int) -> bool:
    return await rig.count("parked WHERE settled_at IS NULL AND next_try_at IS NULL") >= count


async def test_one_poison_event_in_a_thousand_does_not_slow_the_others(
    make_rig: Callable[..., Rig], form: Form
) -> None:
    if not form.long:
        pytest.skip("in the long form only: a percentile needs many events")
    clean, poisoned = make_rig(), make_rig()
    events, rate = 10_000, 100.0
    await clean.start(webs=1, workers=1)
    await poisoned.start(webs=1, workers=1)
    await asyncio.gather(clean.load(50), poisoned.load(50))

    # Both at the same time: whatever else this machine does, it does to both.
    await asyncio.gather(
        clean.load(events, rate=rate, things=500),
        poisoned.load(events - events // 1000, rate=rate, things=500),
        keep_poisoning(poisoned, events // 1000, every=1000 / rate),
    )
    await asyncio.gather(clean.quiet(), poisoned.quiet())
    usual, with_poison = await p99(clean), await p99(poisoned)

    print(f"p99 {usual * 1000:.0f} ms clean, {with_poison * 1000:.0f} ms with poison")
    assert await poisoned.count("parked") == events // 1000
    assert with_poison <= usual * 1.5


async def keep_poisoning(rig: Rig, count: int, every: float) -> None:
    for number in range(count):
        await rig.happen(1000 + number, fails_for={0: FOR_EVER})
        await asyncio.sleep(every)


async def p99(rig: Rig) -> float:
    """Seconds from the write to the effect; 99 of 100 took no longer."""
    rows = await rig.query(
        "SELECT extract(epoch FROM effects.at - happened.at)::float AS s FROM effects JOIN happened USING (intent)"
        " ORDER BY effects.id OFFSET 50"
    )
    return float(quantiles((row["s"] for row in rows), n=100)[98])
