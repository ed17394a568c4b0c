"""How the machinery of a service does, in figures: outbox, consumer, parked events, brakes, workers."""

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.messaging.parked_list import Standing, counts
from shared.messaging.state import State
from shared.observability.figures import Figure

More = Callable[[AsyncSession, datetime], Awaitable[list[Figure]]]
"""What a service adds of its own."""

LATE = 60.0
"""Seconds that a fact may wait in the outbox before somebody should look."""
OFTEN = 20
"""Restarts of parts of one worker from which on somebody should look."""

_OUTBOX = text("""
    SELECT count(*) AS n, coalesce(extract(epoch FROM :now - min(created_at)), 0) AS age
    FROM outbox WHERE published_at IS NULL
""")


_INVARIANTS = text("SELECT name, breaches, checked_at FROM invariants ORDER BY name")


async def of_database(session: AsyncSession, service: str, now: datetime) -> list[Figure]:
    """What the service's own tables say."""
    waiting = (await session.execute(_OUTBOX, {"now": now})).one()
    parked = await counts(session)
    held = (await session.execute(text("SELECT count(*) FROM brakes WHERE let_go_at IS NULL"))).scalar_one()
    system = f"/{service}/system"
    person, others = parked[Standing.PERSON], sum(parked.values()) - parked[Standing.PERSON]
    return [
        *_outbox(waiting.n, max(0.0, float(waiting.age))),
        *_invariants((await session.execute(_INVARIANTS)).all(), service, now),
        Figure(
            "parked_for_a_person", person, "Parked events that wait for a person", f"{person:,}", person == 0,
            "Look why, mend it, and try them again; or give up what is no event of ours.", f"{system}/parked",
        ),
        Figure(
            "parked_by_itself", others, "Parked events that go on by themselves", f"{others:,}",
            href=f"{system}/parked",
        ),
        Figure(
            "held_topics", held, "Topics held because everything of them fails", f"{held:,}", held == 0,
            "See below which, and why. They go on by themselves when the cause is mended.",
        ),
    ]  # fmt: skip


def _outbox(depth: int, age: float) -> list[Figure]:
    return [
        Figure("outbox_unpublished", depth, "Facts that wait to be published", f"{depth:,}"),
        Figure(
            "outbox_oldest_seconds", age, "Age of the oldest of them, in seconds", f"{age:.0f} s", age < LATE,
            "Nothing is lost. See whether the broker answers and the worker runs; then they are published at once.",
        ),
    ]  # fmt: skip


def _invariants(rows: Sequence[Any], service: str, now: datetime) -> list[Figure]:
    broken = [f"{row.name.replace('_', ' ')} ({row.breaches:,})" for row in rows if row.breaches]
    words = ", ".join(broken) if broken else f"none of {len(rows)}" if rows else "not looked at yet"
    to_do = f"crosswalk invariants {service} names the things, and says what to do about each."
    age = max(((now - row.checked_at).total_seconds() for row in rows), default=0.0)
    return [
        Figure("invariants_broken", len(broken), "What must always hold and does not", words, not broken, to_do),
        Figure("invariants_age_seconds", age, "Seconds since it was last looked at what must always hold"),
        *(
            Figure(
                "invariant_breaches", row.breaches, "With how many things it does not", labels={"invariant": row.name}
            )
            for row in rows
        ),
    ]


def of_workers(states: Sequence[State], service: str) -> list[Figure]:
    """What worker processes say of themselves."""
    lag, still = sum(s.lag for s in states), max((s.still_for for s in states), default=0.0)
    restarts: Counter[str] = Counter()
    for state in states:
        restarts.update(state.restarts)
    run = f"Start it: crosswalk up, or crosswalk serve {service} worker."
    away = [state for state in states if not state.kafka]
    return [
        Figure("workers", len(states), "Workers that run", f"{len(states)}", bool(states), run),
        Figure(
            "broker_answers", int(bool(states) and not away), "The broker answers", "no" if away else "yes", not away,
            "Start the broker, or see whether the network lets the workers reach it. Nothing is lost meanwhile.",
        ),
        Figure("consumer_lag", lag, "Events on topics that were not heard yet", f"{lag:,}"),
        Figure(
            "consumer_still_seconds", still, "Seconds in which the consumer had work and did not move",
            f"{still:.0f} s", not any(s.stalled for s in states),
            "It is made anew by itself. If it stays, see the worker's log, and whether the database hangs.",
        ),
        Figure(
            "consumers_stalled", sum(s.stalled for s in states), "Consumers that have work and do not move",
        ),
        Figure(
            "consumers_braked", sum(bool(s.held) for s in states), "Consumers that hold a topic back",
        ),
        Figure(
            "restarts", restarts.total(), "Restarts of parts of the workers", f"{restarts.total():,}",
            restarts.total() < OFTEN * max(1, len(states)), "See the worker's log for part_failed.",
        ),
        *(
            Figure("part_restarts_total", count, "Restarts of a part of a worker", labels={"part": part})
            for part, count in sorted(restarts.items())
        ),
    ]  # fmt: skip
