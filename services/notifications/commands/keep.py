"""What is kept of others' state: persons, schools and programs, thousands at a time."""

import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.events.agreements import MeetingChanged, OrganizationRegistered, OrganizationRenamed, ProgramChanged
from shared.events.people import PersonChanged, SchoolChanged
from shared.events.vocabulary import RoleName

_PERSONS = text("""
    INSERT INTO recipient (person_id, given_name, family_name, email, phone, language, organization_ids, school_ids,
                           is_district, guardian_ids, active, erased)
    SELECT person_id, given_name, family_name, email, phone, language, organization_ids, school_ids,
           is_district, guardian_ids, active, false
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS person
         (person_id uuid, given_name text, family_name text, email text, phone text, language text,
          organization_ids uuid[], school_ids uuid[], is_district boolean, guardian_ids uuid[], active boolean)
    ON CONFLICT (person_id) DO UPDATE
    SET (given_name, family_name, email, phone, language, organization_ids, school_ids,
         is_district, guardian_ids, active, erased)
      = (EXCLUDED.given_name, EXCLUDED.family_name, EXCLUDED.email, EXCLUDED.phone, EXCLUDED.language,
         EXCLUDED.organization_ids, EXCLUDED.school_ids, EXCLUDED.is_district, EXCLUDED.guardian_ids,
         EXCLUDED.active, false)
""")

_SCHOOLS = text("""
    INSERT INTO school (school_id, name)
    SELECT school_id, name FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS school (school_id uuid, name text)
    ON CONFLICT (school_id) DO UPDATE SET name = EXCLUDED.name
""")

_ORGANIZATIONS = text("""
    INSERT INTO organization (organization_id, name)
    SELECT * FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS organization (organization_id uuid, name text)
    ON CONFLICT (organization_id) DO UPDATE SET name = EXCLUDED.name
""")

_PROGRAMS = text("""
    INSERT INTO program (program_id, organization_id, organization_name, name, contact_email)
    SELECT * FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS program
         (program_id uuid, organization_id uuid, organization_name text, name text, contact_email text)
    ON CONFLICT (program_id) DO UPDATE
    SET (organization_id, organization_name, name, contact_email)
      = (EXCLUDED.organization_id, EXCLUDED.organization_name, EXCLUDED.name, EXCLUDED.contact_email)
""")


async def keep_persons(session: AsyncSession, facts: Sequence[PersonChanged]) -> None:
    """Keep the newest state of each person, in one statement."""
    newest = {fact.person_id: _person(fact) for fact in facts}
    await session.execute(_PERSONS, {"rows": json.dumps(list(newest.values()))})


def _person(fact: PersonChanged) -> dict[str, Any]:
    return {
        "person_id": str(fact.person_id),
        "given_name": fact.given_name,
        "family_name": fact.family_name,
        "email": fact.email,
        "phone": fact.phone,
        "language": fact.language,
        "organization_ids": _scopes(fact, RoleName.PARTNER_STAFF),
        "school_ids": _scopes(fact, RoleName.SCHOOL_STAFF),
        "is_district": any(role.name == RoleName.DISTRICT_OFFICE for role in fact.roles),
        "guardian_ids": [str(id) for id in fact.guardian_ids],
        "active": fact.active,
    }


def _scopes(fact: PersonChanged, name: RoleName) -> list[str]:
    return [str(role.scope_id) for role in fact.roles if role.name == name and role.scope_id]


async def keep_schools(session: AsyncSession, facts: Sequence[SchoolChanged]) -> None:
    """Keep the newest name of each school."""
    newest = {str(fact.school_id): {"school_id": str(fact.school_id), "name": fact.name} for fact in facts}
    await session.execute(_SCHOOLS, {"rows": json.dumps(list(newest.values()))})


async def keep_organizations(
    session: AsyncSession, facts: Sequence[OrganizationRegistered | OrganizationRenamed]
) -> None:
    """Keep the newest name of each partner organization."""
    newest = {str(f.organization_id): {"organization_id": str(f.organization_id), "name": f.name} for f in facts}
    await session.execute(_ORGANIZATIONS, {"rows": json.dumps(list(newest.values()))})


async def keep_programs(session: AsyncSession, facts: Sequence[ProgramChanged]) -> None:
    """Keep the newest state of each program."""
    newest = {fact.program_id: _program(fact) for fact in facts}
    await session.execute(_PROGRAMS, {"rows": json.dumps(list(newest.values()))})


def _program(fact: ProgramChanged) -> dict[str, Any]:
    return {
        "program_id": str(fact.program_id),
        "organization_id": str(fact.organization_id),
        "organization_name": fact.organization_name,
        "name": fact.name,
        "contact_email": fact.contact.email if fact.contact else None,
    }


_MEETINGS = text("""
    INSERT INTO meeting (meeting_id, version, state)
    SELECT * FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS meeting (meeting_id uuid, version int, state jsonb)
    ON CONFLICT (meeting_id) DO UPDATE SET (version, state) = (EXCLUDED.version, EXCLUDED.state)
    WHERE meeting.version < EXCLUDED.version
""")


async def keep_meetings(session: AsyncSession, facts: Sequence[MeetingChanged]) -> None:
    """Keep the newest state of each meeting."""
    newest = {fact.meeting_id: fact.data() for fact in facts}
    rows = [{"meeting_id": str(id), "version": state["version"], "state": state} for id, state in newest.items()]
    await session.execute(_MEETINGS, {"rows": json.dumps(rows)})


_ERASE = (
    text("""
        INSERT INTO recipient (person_id, given_name, family_name, email, phone, language, organization_ids,
                               guardian_ids, active, erased)
        VALUES (:person_id, '', '', NULL, NULL, 'en', '{}', '{}', false, true)
        ON CONFLICT (person_id) DO UPDATE
        SET (given_name, family_name, email, phone, language, organization_ids, school_ids,
             is_district, guardian_ids, active, erased)
          = ('', '', NULL, NULL, 'en', '{}', '{}', false, '{}', false, true)
    """),
    text("DELETE FROM preference WHERE person_id = :person_id"),
    text("""
        UPDATE delivery
        SET address = NULL, lease_token = NULL,
            status = CASE WHEN status IN ('queued', 'sending', 'uncertain') THEN 'failed' ELSE status END,
            last_error = CASE WHEN status IN ('queued', 'sending', 'uncertain') THEN 'erased' ELSE last_error END
        FROM message WHERE message.id = delivery.message_id AND message.recipient_id = :person_id
    """),
    text("UPDATE message SET params = '{}' WHERE recipient_id = :person_id"),
)


async def erase_person(session: AsyncSession, person_id: UUID) -> None:
    """Delete what is held of a person, but not that there was one: facts on their way may still name the id.

    Names in messages about the person go with it, since messages keep ids only; mail that waits is not sent.
    """
    for statement in _ERASE:
        await session.execute(statement, {"person_id": person_id})
