"""What referrals does about others' facts: keeps projections of their state, and forgets who is erased."""

import json
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import delete, text, update
from sqlmodel import SQLModel, col
from sqlmodel.ext.asyncio.session import AsyncSession

from services.referrals.commands import erase_person, tell_programs_halted
from services.referrals.models import Coverage, Message, Organization, Person, Program, School, StudentWord, Todo
from services.referrals.names import folded_words
from shared.events import agreements, notifications, people
from shared.events.vocabulary import RoleName
from shared.messaging import Event, Handlers

on = Handlers("referrals")

OrganizationNamed = agreements.OrganizationRegistered | agreements.OrganizationRenamed
TodoMoved = agreements.TodoOpened | agreements.TodoClosed


@on.many(people.SchoolChanged)
async def keep_schools(session: AsyncSession, events: Sequence[Event[people.SchoolChanged]]) -> None:
    """Know the schools' names."""
    facts = (event.fact for event in events)
    await _upsert(session, School, ({"id": f.school_id, "name": f.name, "active": f.active} for f in facts))


@on.many(people.PersonChanged)
async def keep_persons(session: AsyncSession, events: Sequence[Event[people.PersonChanged]]) -> None:
    """Know who is who, and find students by their names."""
    newest = {event.fact.person_id: event.fact for event in events}
    await _upsert(session, Person, (_person(fact) for fact in newest.values()))
    await _index(session, list(newest.values()))


def _person(fact: people.PersonChanged) -> dict[str, Any]:
    organizations = [role.scope_id for role in fact.roles if role.name == RoleName.PARTNER_STAFF and role.scope_id]
    return {
        "id": fact.person_id,
        "given_name": fact.given_name,
        "family_name": fact.family_name,
        "phone": fact.phone,
        "language": fact.language,
        "school_id": fact.school_id,
        "grade": fact.grade,
        "guardian_ids": fact.guardian_ids,
        "organization_ids": organizations,
        "active": fact.active,
    }


async def _index(session: AsyncSession, persons: Sequence[people.PersonChanged]) -> None:
    """The words of the students' names, in the place of those from before."""
    ids = [person.person_id for person in persons]
    await session.execute(delete(StudentWord).where(col(StudentWord.student_id).in_(ids)))
    rows = [
        {"student_id": person.person_id, "word": word}
        for person in persons
        if person.school_id is not None
        for word in folded_words(f"{person.given_name} {person.family_name}")
    ]
    await _upsert(session, StudentWord, rows)


@on(people.PersonErased)
async def forget_person(session: AsyncSession, event: Event[people.PersonErased]) -> None:
    """Delete what is held of a person, and end a student's referrals."""
    await erase_person(session, event.fact.person_id, now=event.time)


@on.many(agreements.ProgramChanged)
async def keep_programs(session: AsyncSession, events: Sequence[Event[agreements.ProgramChanged]]) -> None:
    """Know the programs; one that closed is passed over when its turn comes, and a job takes along what lies there."""
    await _upsert(session, Program, (_program(event.fact) for event in events))
    await session.execute(_FOLLOW, {"ids": [event.fact.program_id for event in events]})


_FOLLOW = text("""
    UPDATE attempt SET organization_id = program.organization_id FROM program
    WHERE program.id = ANY(:ids) AND attempt.program_id = program.id
      AND attempt.organization_id <> program.organization_id
""")
"""Two organizations became one: what lies with a program lies with its new one."""


@on(agreements.OrganizationHalted)
async def tell_halted(session: AsyncSession, event: Event[agreements.OrganizationHalted]) -> None:
    """Whoever has an open referral at one of its programs hears that they take no new ones."""
    fact = event.fact
    await tell_programs_halted(session, fact.organization_id, fact.halt, now=event.time)


def _program(fact: agreements.ProgramChanged) -> dict[str, Any]:
    contact = fact.contact
    return {
        "id": fact.program_id,
        "organization_id": fact.organization_id,
        "organization_name": fact.organization_name,
        "name": fact.name,
        "needs": fact.needs,
        "grades": fact.grades,
        "school_ids": fact.school_ids,
        "languages": fact.languages,
        "schedule": fact.schedule,
        "site": fact.site,
        "capacity": fact.capacity,
        "contact_name": contact.name if contact else "",
        "contact_phone": contact.phone if contact else None,
        "contact_email": contact.email if contact else None,
        "status": fact.status,
        "halt": fact.halt,
    }


@on.many(agreements.CoverageChanged)
async def keep_coverage(session: AsyncSession, events: Sequence[Event[agreements.CoverageChanged]]) -> None:
    """Know for which schools a partner takes referrals; from the first agreement of all on, one is needed."""
    await _upsert(session, Coverage, (event.fact.model_dump(mode="json") for event in events))


@on.many(agreements.OrganizationRegistered, agreements.OrganizationRenamed)
async def keep_organizations(session: AsyncSession, events: Sequence[Event[OrganizationNamed]]) -> None:
    """Know the partners' names."""
    facts = (event.fact for event in events)
    await _upsert(session, Organization, ({"id": f.organization_id, "name": f.name} for f in facts))


@on.many(agreements.TodoOpened, agreements.TodoClosed)
async def keep_todos(session: AsyncSession, events: Sequence[Event[TodoMoved]]) -> None:
    """Know what waits for whom; of each the newest word counts."""
    newest = {event.fact.todo_id: event.fact for event in events}
    done = [id for id, fact in newest.items() if isinstance(fact, agreements.TodoClosed)]
    if done:
        await session.execute(delete(Todo).where(col(Todo.id).in_(done)))
    await _upsert(session, Todo, (_todo(f) for f in newest.values() if isinstance(f, agreements.TodoOpened)))


def _todo(fact: agreements.TodoOpened) -> dict[str, Any]:
    return {"id": fact.todo_id, **fact.model_dump(mode="json", exclude={"todo_id"})}


@on.many(
    notifications.MessageWritten,
    notifications.MessageSent,
    notifications.MessageRead,
    notifications.MessageUndeliverable,
)
async def keep_messages(session: AsyncSession, events: Sequence[Event[notifications.MessageFact]]) -> None:
    """Know what became of the messages about referrals; messages about other things are left alone."""
    await session.execute(_KEEP_MESSAGES, {"rows": _json(_message(event) for event in events)})


@on(notifications.MessageQueuedAgain)
async def take_failure_back(session: AsyncSession, event: Event[notifications.MessageQueuedAgain]) -> None:
    """A message that had failed is on its way again."""
    mended = update(Message).where(col(Message.id) == event.fact.message_id)
    await session.execute(mended.values(failed_at=None, failure=None))


_MOMENT = {
    notifications.MessageWritten: "written_at",
    notifications.MessageSent: "sent_at",
    notifications.MessageRead: "read_at",
    notifications.MessageUndeliverable: "failed_at",
}


def _message(event: Event[notifications.MessageFact]) -> dict[str, Any]:
    fact = event.fact
    return {
        "id": fact.message_id,
        "referral_id": fact.about_id,
        "recipient_id": fact.recipient_id,
        "kind": fact.kind,
        "language": fact.language,
        "failure": getattr(fact, "reason", None),
        _MOMENT[type(fact)]: event.time.isoformat(),
    }


_KEEP_MESSAGES = text("""
    INSERT INTO message (id, referral_id, recipient_id, kind, language,
                         written_at, sent_at, read_at, failed_at, failure)
    SELECT m.id, m.referral_id, (array_agg(m.recipient_id))[1], min(m.kind), min(m.language),
           min(m.written_at), min(m.sent_at), min(m.read_at), min(m.failed_at), min(m.failure)
    FROM jsonb_populate_recordset(NULL::message, CAST(:rows AS jsonb)) AS m
    JOIN referral ON referral.id = m.referral_id
    GROUP BY m.id, m.referral_id
    ON CONFLICT (id) DO UPDATE SET
        written_at = coalesce(message.written_at, excluded.written_at),
        sent_at = coalesce(message.sent_at, excluded.sent_at),
        read_at = coalesce(message.read_at, excluded.read_at),
        failed_at = coalesce(message.failed_at, excluded.failed_at),
        failure = coalesce(message.failure, excluded.failure)
""")


async def _upsert(session: AsyncSession, table: type[SQLModel], rows: Iterable[dict[str, Any]]) -> None:
    """Put rows in place of those with the same primary key; of several for one key the last one counts."""
    columns = table.__table__  # type: ignore[attr-defined]
    keys = [column.name for column in columns.primary_key]
    newest = {tuple(row[key] for key in keys): row for row in rows}
    if not newest:
        return
    names = list(next(iter(newest.values())))
    others = [name for name in names if name not in keys]
    change = f"UPDATE SET {', '.join(f'{n} = excluded.{n}' for n in others)}" if others else "NOTHING"
    # The names come from the models; the values go as one parameter, whatever the number of rows.
    statement = text(f"""
        INSERT INTO {columns.name} ({", ".join(names)})
        SELECT {", ".join(names)} FROM jsonb_populate_recordset(NULL::{columns.name}, CAST(:rows AS jsonb))
        ON CONFLICT ({", ".join(keys)}) DO {change}
    """)  # noqa: S608
    await session.execute(statement, {"rows": _json(newest.values())})


def _json(rows: Iterable[dict[str, Any]]) -> str:
    return json.dumps([{name: _plain(value) for name, value in row.items()} for row in rows])


def _plain(value: Any) -> Any:
    if isinstance(value, UUID):
        return str(value)
    return [_plain(one) for one in value] if isinstance(value, list | tuple) else value
