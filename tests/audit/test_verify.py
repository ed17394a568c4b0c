"""Whoever changes the log behind its back is found out, and the first entry that does not fit is named."""

from typing import Any

import pytest

from services.audit.merkle import EMPTY_ROOT, tree
from services.audit.rules import leaf
from services.audit.verify import Flaw, Verdict, verify
from shared.db import Database
from tests.audit.support import a_log, a_tombstone, an_event, append, entries, spoil
from tests.support.builders import a_person

SIZE = 12


async def test_an_untouched_log_fits(db_audit: Database) -> None:
    await a_log(db_audit, SIZE)
    person = a_person()
    await append(db_audit, an_event(person), an_event(type="unknown.v1"), a_tombstone(person.person_id))

    verdict = await verify(db_audit)

    async with db_audit.transaction() as session:
        root = tree([entry.leaf for entry in await entries(session)]).root
    assert verdict == Verdict(SIZE + 3, root, size=SIZE + 3)
    assert verdict.fits
    assert verdict.words == f"All {SIZE + 3} entries fit. Root of the tree: {root.hex()}"


async def test_an_empty_log_fits(db_audit: Database) -> None:
    assert await verify(db_audit) == Verdict(0, EMPTY_ROOT)


async def test_progress_is_told(db_audit: Database) -> None:
    await a_log(db_audit, SIZE)
    told: list[tuple[int, int]] = []

    await verify(db_audit, lambda done, size: told.append((done, size)))

    assert told[-1] == (SIZE, SIZE)


CONTENT = {
    "event_id": "gen_random_uuid()",
    "type": "'referral.declined.v1'",
    "source": "'/services/people'",
    "subject": "'another'",
    "topic": "'people.events.v1'",
    "partition": "partition + 1",
    '"offset"': '"offset" + 100',
    "time": "time + interval '1 microsecond'",
    "received_at": "received_at - interval '1 day'",
    "actor": "'system:referrals'",
    "correlation_id": "NULL",
    "causation_id": "gen_random_uuid()",
    "digest": "sha256('x')",
}


@pytest.mark.parametrize("column", CONTENT)
async def test_changed_content_is_found(db_audit: Database, column: str) -> None:
    await a_log(db_audit, SIZE)

    await spoil(db_audit, f"UPDATE entry SET {column} = {CONTENT[column]} WHERE seq IN (5, 9)")

    verdict = await verify(db_audit)
    assert (verdict.flaw, verdict.first, verdict.entries) == (Flaw.CHANGED, 5, 5)
    assert verdict.words == "Entry 5 was changed: its content does not give the hash that it was logged with."


@pytest.mark.parametrize("data", ["data || ' '", "replace(data, 'food', 'arts')", "NULL"])
async def test_changed_data_are_found(db_audit: Database, data: str) -> None:
    await a_log(db_audit, SIZE)

    await spoil(db_audit, f"UPDATE entry SET data = {data} WHERE seq = 7")

    verdict = await verify(db_audit)
    assert (verdict.flaw, verdict.first) == (Flaw.DATA_CHANGED, 7)


async def test_data_slipped_into_a_sealed_entry_are_found(db_audit: Database) -> None:
    await append(db_audit, an_event(), an_event(a_person()))

    await spoil(db_audit, "UPDATE entry SET data = '{}' WHERE seq = 1")

    verdict = await verify(db_audit)
    assert (verdict.flaw, verdict.first) == (Flaw.DATA_CHANGED, 1)


async def test_a_changed_search_index_is_found(db_audit: Database) -> None:
    await a_log(db_audit, SIZE)

    await spoil(db_audit, "UPDATE entry SET things = '{}' WHERE seq = 3")

    verdict = await verify(db_audit)
    assert (verdict.flaw, verdict.first) == (Flaw.INDEX_CHANGED, 3)


async def test_a_changed_leaf_is_found(db_audit: Database) -> None:
    await a_log(db_audit, SIZE)

    await spoil(db_audit, "UPDATE entry SET leaf = sha256('x') WHERE seq = 4")

    verdict = await verify(db_audit)
    assert (verdict.flaw, verdict.first) == (Flaw.LEAF_CHANGED, 4)


async def test_an_entry_replaced_together_with_its_leaf_is_found(db_audit: Database) -> None:
    await a_log(db_audit, SIZE)
    [(seq, forged)] = await _forged(db_audit, 6)

    await spoil(db_audit, "UPDATE entry SET actor = 'person:x', leaf = :leaf WHERE seq = :seq", leaf=forged, seq=seq)

    verdict = await verify(db_audit)
    assert (verdict.flaw, verdict.first) == (Flaw.REPLACED, 6)


async def _forged(db: Database, seq: int) -> list[tuple[int, bytes]]:
    """The leaf that the entry would have, had another person acted."""
    from services.audit.rules import Content

    async with db.transaction() as session:
        entry = (await entries(session))[seq]
    values = {name: getattr(entry, name) for name in Content._fields}
    return [(seq, leaf(seq, Content(**(values | {"actor": "person:x"}))))]


async def test_a_forger_who_rewrites_everything_after_is_caught_by_the_head(db_audit: Database) -> None:
    await a_log(db_audit, SIZE)
    [(seq, forged)] = await _forged(db_audit, 6)
    async with db_audit.transaction() as session:
        leaves = [entry.leaf for entry in await entries(session)]
    leaves[seq] = forged

    await spoil(db_audit, "UPDATE entry SET actor = 'person:x', leaf = :leaf WHERE seq = :seq", leaf=forged, seq=seq)
    for place in range(seq, SIZE):
        root = tree(leaves[: place + 1]).root
        await spoil(db_audit, "UPDATE entry SET root = :root WHERE seq = :seq", root=root, seq=place)

    verdict = await verify(db_audit)
    assert (verdict.flaw, verdict.first) == (Flaw.HEAD_CHANGED, None)


@pytest.mark.parametrize("seq", [0, 5])
async def test_a_missing_entry_is_found(db_audit: Database, seq: int) -> None:
    await a_log(db_audit, SIZE)

    await spoil(db_audit, "DELETE FROM entry WHERE seq = :seq", seq=seq)

    verdict = await verify(db_audit)
    assert (verdict.flaw, verdict.first) == (Flaw.MISSING, seq)


async def test_a_missing_entry_is_found_though_the_rest_moved_up(db_audit: Database) -> None:
    await a_log(db_audit, SIZE)

    await spoil(db_audit, "DELETE FROM entry WHERE seq = 5")
    for seq in range(6, SIZE):
        await spoil(db_audit, "UPDATE entry SET seq = seq - 1 WHERE seq = :seq", seq=seq)

    verdict = await verify(db_audit)
    assert (verdict.flaw, verdict.first) == (Flaw.CHANGED, 5)


async def test_two_entries_in_each_others_place_are_found(db_audit: Database) -> None:
    await a_log(db_audit, SIZE)

    for before, after in ((4, -1), (8, 4), (-1, 8)):
        await spoil(db_audit, "UPDATE entry SET seq = :after WHERE seq = :before", before=before, after=after)

    verdict = await verify(db_audit)
    assert (verdict.flaw, verdict.first) == (Flaw.CHANGED, 4)


@pytest.mark.parametrize("left", [0, 9])
async def test_a_cut_off_end_is_found(db_audit: Database, left: int) -> None:
    await a_log(db_audit, SIZE)

    await spoil(db_audit, "DELETE FROM entry WHERE seq >= :left", left=left)

    verdict = await verify(db_audit)
    assert (verdict.flaw, verdict.first) == (Flaw.TRUNCATED, left)
    assert verdict.words == f"Entry {left} is missing, with all after it: the log had 12 entries."


async def test_an_entry_put_in_at_the_end_is_found(db_audit: Database) -> None:
    await a_log(db_audit, SIZE)
    columns = 'type, source, subject, topic, partition, "offset", time, received_at, actor, digest, data, things, leaf'

    await spoil(
        db_audit,
        f"INSERT INTO entry (seq, event_id, {columns}, root) SELECT 12, gen_random_uuid(), {columns}, root"
        " FROM entry WHERE seq = 11",
    )

    verdict = await verify(db_audit)
    assert (verdict.flaw, verdict.first) == (Flaw.UNCOUNTED, 12)


@pytest.mark.parametrize("change", ["root = sha256('x')", "peaks = sha256('x')"])
async def test_a_changed_head_is_found(db_audit: Database, change: str) -> None:
    await a_log(db_audit, SIZE)

    await spoil(db_audit, f"UPDATE head SET {change}")

    verdict = await verify(db_audit)
    assert (verdict.flaw, verdict.first) == (Flaw.HEAD_CHANGED, None)


@pytest.mark.parametrize(("size", "flaw", "first"), [(9, Flaw.UNCOUNTED, 9), (15, Flaw.TRUNCATED, 12)])
async def test_a_head_that_counts_wrong_is_found(db_audit: Database, size: int, flaw: Flaw, first: int) -> None:
    await a_log(db_audit, SIZE)

    await spoil(db_audit, "UPDATE head SET size = :size", size=size)

    verdict = await verify(db_audit)
    assert (verdict.flaw, verdict.first) == (flaw, first)


async def test_a_lost_head_is_found(db_audit: Database) -> None:
    await a_log(db_audit, SIZE)

    await spoil(db_audit, "DELETE FROM head")

    verdict = await verify(db_audit)
    assert (verdict.flaw, verdict.first) == (Flaw.UNCOUNTED, 0)


async def test_what_is_appended_to_a_spoilt_log_does_not_hide_it(db_audit: Database) -> None:
    await a_log(db_audit, SIZE)
    await spoil(db_audit, "UPDATE entry SET subject = 'x' WHERE seq = 2")

    await a_log(db_audit, SIZE)

    assert (await verify(db_audit)).first == 2


async def test_checking_changes_nothing(db_audit: Database) -> None:
    await a_log(db_audit, 3)
    before: list[Any] = []
    async with db_audit.transaction() as session:
        before = [entry.model_dump() for entry in await entries(session)]

    await verify(db_audit)

    async with db_audit.transaction() as session:
        assert [entry.model_dump() for entry in await entries(session)] == before
