"""The reminders that a minute's tick finds due among those of 50,000 meetings, handed out by four worker processes."""

import asyncio
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter

import asyncpg

from bench.figures import Figure
from bench.roster import database
from bench.scheduler import replicas
from services.agreements.commands import settle_meeting_reminders
from shared.db import Database

MEETINGS, GUESTS, BEFORE, MOST = 50_000, 4, (10080, 1440, 120), 1.0
TICK = datetime(2027, 4, 1, 13, 0, 30, tzinfo=UTC)
"""Nine in the morning in Boston, half a minute past."""

# Meetings begin on the hour, eight hours of each school day, the year round: many at the same time, as in life.
_FILL = """
    WITH made AS (
        INSERT INTO meeting (id, title, agenda, place, link, zone, first, length, repeat, until, round, sequence,
                             version, organizer_id, scheduled_at, changed_at, changed_by)
        SELECT gen_random_uuid(), 'Fall', '', 'Room ' || n, '', 'America/New_York', '2027-04-01T09:00', 45, 'once', '',
               1, 0, 1, gen_random_uuid(), now(), now(), 'bench'
        FROM generate_series(1, $1) AS n RETURNING id
    ), dated AS (
        INSERT INTO occurrence (id, meeting_id, round, rule_at, starts_at, ends_at, status, reason, minutes,
                                asked_for_minutes)
        SELECT gen_random_uuid(), id, 1, at, at, at + interval '45 minutes', 'planned', '', '', false
        FROM (SELECT id, $2::timestamptz - interval '30 seconds' - interval '90 days'
                     + (row_number() OVER () % 180) * interval '1 day'
                     + (row_number() OVER () % 8) * interval '1 hour' AS at FROM made) AS placed
        RETURNING id, meeting_id, starts_at
    ), people AS (
        INSERT INTO person (id, given_name, family_name, language, school_ids, organization_ids, is_district, active)
        SELECT gen_random_uuid(), 'Ana', 'Reis', 'en', '{}', '{}', true, true FROM generate_series(1, 2000)
        RETURNING id
    ), guests AS (
        SELECT meeting_id, dated.id AS occurrence_id, starts_at,
               (array(SELECT id FROM people))[1 + (row_number() OVER (ORDER BY dated.id) % 2000)] AS person_id
        FROM dated, generate_series(1, $3)
    ), invited AS (
        INSERT INTO invitee (meeting_id, person_id, answer, sequence) SELECT meeting_id, person_id, 'yes', 0 FROM guests
    )
    INSERT INTO meeting_reminder (occurrence_id, person_id, minutes_before, starts_at, meeting_id, due_at)
    SELECT occurrence_id, person_id, before, starts_at, meeting_id, starts_at - before * interval '1 minute'
    FROM guests, unnest($4::int[]) AS before
    WHERE starts_at - before * interval '1 minute' > $2::timestamptz - interval '1 minute'
"""


async def run() -> list[Figure]:
    """From the word to the last commit; the floor is one statement that marks the same rows as settled."""
    with tempfile.TemporaryDirectory() as folder:
        async with database(Path(folder) / "data") as url, replicas(url, "bench.meetings") as waiting:
            connection = await asyncpg.connect(url.replace("{service}", "agreements"))
            await connection.execute(_FILL, MEETINGS, TICK, GUESTS, list(BEFORE))
            await connection.execute("ANALYZE")
            due = await connection.fetchval("SELECT count(*) FROM meeting_reminder WHERE due_at <= $1", TICK)
            floor = await _bare(connection)
            began = perf_counter()
            for replica in waiting:
                replica.stdin.write(b"go\n")  # type: ignore[union-attr]
            counts = [int(await replica.stdout.readline()) for replica in waiting]  # type: ignore[union-attr]
            seconds = perf_counter() - began
            await _check(connection, due, sum(counts))
            await connection.close()
    print(f"reminders of meetings due at once: {due}; nothing said twice")
    return [Figure("scheduler meetings", seconds, "s", floor, MOST)]


async def _bare(connection: asyncpg.Connection) -> float:
    began = perf_counter()
    async with connection.transaction():
        await connection.execute("UPDATE meeting_reminder SET settled_at = $1 WHERE due_at <= $1", TICK)
        seconds = perf_counter() - began
        await connection.execute("UPDATE meeting_reminder SET settled_at = NULL WHERE due_at <= $1", TICK)
    await connection.execute("VACUUM ANALYZE meeting_reminder")
    return seconds


async def _check(connection: asyncpg.Connection, due: int, done: int) -> None:
    """Everything that was due was handed out, and nothing twice."""
    told = await connection.fetch(
        "SELECT key, value FROM outbox WHERE headers ->> 'ce_type' = 'meeting.reminder_due.v1'"
    )
    left = await connection.fetchval(
        "SELECT count(*) FROM meeting_reminder WHERE settled_at IS NULL AND due_at <= $1", TICK
    )
    twice = len(told) - len({(row["key"], row["value"]) for row in told})
    if left or twice or done != due or not due:
        raise RuntimeError(f"{left} left, {twice} twice, {done} of {due} done")


async def _replica(dsn: str, now: datetime) -> None:
    """One worker: after the word it settles until nothing is left, and says how much it was."""
    db, count = Database(dsn, pool_size=2), 0
    async with db.transaction() as session:
        await settle_meeting_reminders(session, now=now - timedelta(days=1000))
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    while True:
        async with db.transaction() as session:
            settled = await settle_meeting_reminders(session, now=now)
        count += settled
        if not settled:
            break
    print(count, flush=True)
    await db.close()


if __name__ == "__main__":
    asyncio.run(_replica(sys.argv[1], datetime.fromisoformat(sys.argv[2])))
