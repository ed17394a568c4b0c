"""Appending to the log."""

import asyncio
from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlmodel.ext.asyncio.session import AsyncSession

from services.audit import commands, queries
from services.audit.merkle import EMPTY_ROOT, tree
from services.audit.models import salts
from services.audit.rules import sealed_digest
from shared.clock import new_id
from shared.db import Database
from shared.events import people
from shared.messaging import Unreadable
from tests.audit.support import NOON, a_log, a_tombstone, an_event, append, entries
from tests.support.builders import a_person


async def test_an_empty_log_has_the_root_of_an_empty_tree(session_audit: AsyncSession) -> None:
    assert await queries.tree(session_audit) == queries.Tree(0, EMPTY_ROOT)


async def test_an_event_is_kept_as_it_was_published(session_audit: AsyncSession) -> None:
    event = an_event(causation_id=new_id(), partition=3, offset=99)

    await commands.append(session_audit, [event])

    [entry] = await entries(session_audit)
    same = ("type", "source", "subject", "time", "actor", "correlation_id", "causation_id", "topic", "partition")
    assert [getattr(entry, name) for name in same] == [getattr(event, name) for name in same]
    assert (entry.seq, entry.event_id, entry.offset, entry.received_at) == (0, event.id, 99, event.received_at)
    assert entry.data is not None
    assert entry.data.encode() == event.value


async def test_entries_stand_in_order_of_arrival_without_gaps(db_audit: Database) -> None:
    first, second, third = [an_event() for _ in range(3)]

    await append(db_audit, second, first)
    await append(db_audit, third)

    async with db_audit.transaction() as session:
        log = await entries(session)
    assert [(entry.seq, entry.event_id) for entry in log] == [(0, second.id), (1, first.id), (2, third.id)]


async def test_the_head_is_the_root_of_all_leaves_however_they_came(db_audit: Database) -> None:
    for run in (1, 5, 2, 8):
        await a_log(db_audit, run)

    async with db_audit.transaction() as session:
        log, head = await entries(session), await queries.tree(session)
    leaves = [entry.leaf for entry in log]
    assert head == queries.Tree(16, tree(leaves).root)
    assert [entry.root for entry in log] == [tree(leaves[:size]).root for size in range(1, 17)]


async def test_an_event_that_comes_again_is_one_entry(db_audit: Database) -> None:
    event, other = an_event(), an_event()

    await append(db_audit, event, event)
    await append(db_audit, other, event)

    async with db_audit.transaction() as session:
        assert [entry.event_id for entry in await entries(session)] == [event.id, other.id]


async def test_an_event_of_unknown_type_is_logged(session_audit: AsyncSession) -> None:
    event = an_event(type="tea.served.v7", subject="the staff room", value=b'{"cups": 4}')

    await commands.append(session_audit, [event])

    [entry] = await entries(session_audit)
    assert (entry.type, entry.subject, entry.data, entry.things) == (
        "tea.served.v7",
        "the staff room",
        '{"cups": 4}',
        [],
    )


async def test_what_is_said_of_a_person_is_kept_as_a_salted_digest(session_audit: AsyncSession) -> None:
    event = an_event(a_person(given_name="Zebulon"))

    await commands.append(session_audit, [event])

    [entry] = await entries(session_audit)
    salt = (await session_audit.execute(select(salts.c.salt).where(salts.c.seq == entry.seq))).scalar_one()
    assert entry.data is None
    assert event.value is not None
    assert entry.digest == sealed_digest(salt, event.value)


async def test_no_name_stands_anywhere_in_the_database(session_audit: AsyncSession) -> None:
    person = a_person(given_name="Zebulon", family_name="Quartz", email="zq@example.org", phone="+16175550199")

    await commands.append(session_audit, [an_event(person)])

    for table in ("entry", "salt", "head"):
        rows = (await session_audit.execute(text(f"SELECT CAST({table} AS text) FROM {table}"))).scalars().all()
        hexed = [word.encode().hex() for word in ("Zebulon", "Quartz", "zq@", "6175550199")]
        assert not any(word in row for row in rows for word in ("Zebulon", "Quartz", "zq@", "6175550199", *hexed))


async def test_two_records_that_say_the_same_of_a_person_have_different_digests(session_audit: AsyncSession) -> None:
    person = a_person()

    await commands.append(session_audit, [an_event(person), an_event(person)])

    first, second = await entries(session_audit)
    assert first.digest != second.digest


async def test_erasing_a_person_ends_the_meaning_of_what_was_logged_before(session_audit: AsyncSession) -> None:
    erased, other = a_person(), a_person()
    await commands.append(session_audit, [an_event(erased), an_event(other)])

    await commands.append(session_audit, [a_tombstone(erased.person_id), an_event(erased)])

    kept = (await session_audit.execute(select(salts.c.seq).order_by(salts.c.seq))).scalars().all()
    log = await entries(session_audit)
    assert kept == [1, 3]
    assert (log[2].type, log[2].digest, log[2].data) == (people.PersonErased.type, None, None)


@pytest.mark.parametrize("value", [b'{"name": "\xe9"}', b'{"a": "\x00"}'])
async def test_data_that_are_no_text_are_refused(session_audit: AsyncSession, value: bytes) -> None:
    with pytest.raises(Unreadable):
        await commands.append(session_audit, [an_event(value=value)])


async def test_two_who_append_at_once_come_one_after_the_other(db_audit: Database) -> None:
    runs = [[an_event() for _ in range(3)] for _ in range(6)]

    await asyncio.gather(*(append(db_audit, *run) for run in runs))

    async with db_audit.transaction() as session:
        log, head = await entries(session), await queries.tree(session)
    found = [entry.event_id for entry in log]
    assert [entry.seq for entry in log] == list(range(18))
    assert head == queries.Tree(18, tree([entry.leaf for entry in log]).root)
    assert all(_stand_together([event.id for event in run], found) for run in runs)


def _stand_together(run: list[UUID], found: list[UUID]) -> bool:
    start = found.index(run[0])
    return found[start : start + len(run)] == run


async def test_an_append_that_fails_leaves_no_trace(db_audit: Database) -> None:
    await a_log(db_audit, 2)

    with pytest.raises(Unreadable):
        await append(db_audit, an_event(), an_event(value=b"\xff"))

    async with db_audit.transaction() as session:
        assert len(await entries(session)) == (await queries.tree(session)).size == 2


async def test_times_keep_their_microseconds(session_audit: AsyncSession) -> None:
    event = an_event(time=NOON.replace(microsecond=123456))

    await commands.append(session_audit, [event])

    [entry] = await entries(session_audit)
    assert entry.time == event.time
