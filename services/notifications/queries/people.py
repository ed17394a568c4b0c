"""Who is concerned by a fact, how to reach them, and the names that messages need."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, text
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.notifications.letters import Known
from services.notifications.models import Message, Preference, Recipient
from services.notifications.rules import Kind, People, Reach, parameters
from shared.events.agreements import MeetingChanged
from shared.events.referrals import ReferralFact, ReferralSent
from shared.events.vocabulary import REMIND_BEFORE_UNSAID
from shared.identity import Actor
from shared.messaging import NotYet
from shared.translations import best_language

ANNOUNCEMENTS = (Kind.FAMILY_DECLINED_NEXT, Kind.STAFF_DECLINED_NEXT)
ALARMS = (Kind.STAFF_FAMILY_UNREACHABLE, Kind.STAFF_PARTNER_UNREACHABLE)


_CONCERNED = text("""
    WITH student AS (SELECT guardian_ids, erased FROM recipient WHERE person_id = :student),
    reach AS NOT MATERIALIZED (
        SELECT person_id, recipient.email, active AND NOT erased AS there, recipient.language, organization_ids,
               preference.language AS wish, coalesce(preference.email, true) AS wants
        FROM recipient LEFT JOIN preference USING (person_id)
    ),
    named AS (
        SELECT * FROM reach WHERE person_id IN (SELECT unnest(guardian_ids) FROM student UNION ALL SELECT :referrer)
    ),
    partner AS (
        SELECT * FROM reach WHERE organization_ids <> '{}' AND organization_ids @> ARRAY[CAST(:organization AS uuid)]
        ORDER BY person_id
    )
    SELECT json_build_object(
        'student', (SELECT to_json(student) FROM student),
        'named', (SELECT coalesce(json_object_agg(person_id, to_json(named)), '{}') FROM named),
        'partner', (SELECT coalesce(json_agg(partner), '[]') FROM partner WHERE there),
        'programs', (SELECT coalesce(json_object_agg(program_id, contact_email), '{}')
                     FROM program WHERE program_id = ANY(:programs)),
        'announced', EXISTS (SELECT FROM message WHERE about_id = :referral AND kind = ANY(:announcements)
                             AND params ->> 'next_program_id' = :sent_to),
        'told', (SELECT coalesce(json_agg(DISTINCT kind), '[]')
                 FROM message WHERE about_id = :referral AND kind = ANY(:alarms)))
""")
"""All in one answer: between a referral and the partner's mail every question to the database is waited for."""


async def people_for(session: AsyncSession, fact: ReferralFact, actor: str) -> People:
    """Everybody whom the fact may concern; raises `NotYet` while somebody or some program is not known here."""
    programs = _program_ids(parameters(fact))
    asked = {
        "student": fact.student_id,
        "referrer": fact.referrer_id,
        "organization": getattr(fact, "organization_id", None),
        "programs": [UUID(id) for id in programs],
        "referral": fact.referral_id,
        "sent_to": str(fact.program_id) if isinstance(fact, ReferralSent) else None,
        "announcements": list(ANNOUNCEMENTS),
        "alarms": list(ALARMS),
    }
    found = (await session.execute(_CONCERNED, asked)).scalar_one()
    student, named = found["student"], found["named"]
    if student is None:
        raise NotYet(f"person {fact.student_id}")
    if missing := [id for id in (*student["guardian_ids"], str(fact.referrer_id)) if id not in named]:
        raise NotYet(f"person {missing[0]}")
    if missing := [id for id in programs if id not in found["programs"]]:
        raise NotYet(f"program {missing[0]}")
    contact = found["programs"].get(str(getattr(fact, "program_id", None)))
    return People(
        guardians=tuple(_reach(named[id]) for id in student["guardian_ids"] if named[id]["there"]),
        referrer=_reach(named[str(fact.referrer_id)]) if named[str(fact.referrer_id)]["there"] else None,
        partner=_contacts(found["partner"], contact),
        actor=actor,
        announced=found["announced"],
        told=frozenset(map(Kind, found["told"])),
        student_erased=student["erased"],
    )


def _contacts(staff: Sequence[Mapping[str, Any]], contact: str | None) -> tuple[Reach, ...]:
    """The person behind the program's contact address, else everybody of the partner."""
    named = [one for one in staff if contact and one["email"] and one["email"].casefold() == contact.casefold()]
    return tuple(map(_reach, named or staff))


def _reach(row: Mapping[str, Any]) -> Reach:
    language = best_language(row["wish"] or row["language"])
    return Reach(UUID(row["person_id"]), language, has_address=bool(row["email"]), wants_email=row["wants"])


async def referrer_of(session: AsyncSession, message: Message) -> People:
    """Whom to tell that a message could not be delivered, and what this person was told before."""
    referrer_id = message.params.get("referrer_id")
    person = await session.get(Recipient, UUID(referrer_id)) if referrer_id else None
    return People(
        referrer=_as_reach(person) if person else None,
        told=await _told(session, message.about_id),
    )


async def reach(session: AsyncSession, ids: Sequence[UUID]) -> tuple[Mapping[UUID, Reach], set[UUID]]:
    """How to reach these people, without those who left or were erased; and who of them is known here."""
    rows = await session.exec(
        select(Recipient, Preference)
        .outerjoin(Preference, col(Preference.person_id) == col(Recipient.person_id))
        .where(col(Recipient.person_id).in_(ids))
    )
    found = {person.person_id: _as_reach(person, wish) for person, wish in rows}
    return {id: reach for id, reach in found.items() if reach}, set(found)


async def reach_where(session: AsyncSession, *fits: ColumnElement[bool]) -> Sequence[Reach]:
    """How to reach everybody of whom this is true, without those who left or were erased."""
    rows = await session.exec(
        select(Recipient, Preference)
        .outerjoin(Preference, col(Preference.person_id) == col(Recipient.person_id))
        .where(*fits)
        .order_by(col(Recipient.person_id))
    )
    return [one for person, wish in rows if (one := _as_reach(person, wish))]


async def wishes(session: AsyncSession, ids: Sequence[UUID]) -> Mapping[UUID, Preference]:
    """How these people want to be reached, as far as they said so."""
    if not ids:
        return {}
    found = await session.exec(select(Preference).where(col(Preference.person_id).in_(ids)))
    return {row.person_id: row for row in found}


def _as_reach(person: Recipient, wish: Preference | None = None) -> Reach | None:
    """How to reach a person; None for who left or was erased."""
    if not person.active or person.erased:
        return None
    return Reach(
        person_id=person.person_id,
        language=best_language((wish and wish.language) or person.language),
        has_address=bool(person.email),
        wants_email=wish.email if wish else True,
    )


async def _told(session: AsyncSession, referral_id: UUID) -> frozenset[Kind]:
    found = await session.exec(
        select(Message.kind).where(Message.about_id == referral_id, col(Message.kind).in_(ALARMS)).distinct()
    )
    return frozenset(Kind(kind) for kind in found)


NAMES = """
    json_build_object(
        'students', (SELECT coalesce(json_object_agg(person_id, json_build_array(given_name, family_name)), '{}')
                     FROM recipient WHERE NOT erased
                     AND person_id = ANY(ARRAY(SELECT CAST(params ->> 'student_id' AS uuid) FROM said))),
        'programs', (SELECT coalesce(json_object_agg(program_id, json_build_array(name, organization_name)), '{}')
                     FROM program WHERE program_id = ANY(ARRAY(
                         SELECT CAST(id AS uuid) FROM said, unnest(
                             ARRAY[params ->> 'program_id', params ->> 'next_program_id']
                             || string_to_array(params ->> 'program_ids', ' ')) AS id))),
        'schools', (SELECT coalesce(json_object_agg(school_id, name), '{}')
                    FROM school WHERE school_id = ANY(ARRAY(SELECT CAST(params ->> 'school_id' AS uuid) FROM said))),
        'organizations', (SELECT coalesce(json_object_agg(organization_id, name), '{}')
                          FROM organization WHERE organization_id = ANY(ARRAY(
                              SELECT CAST(params ->> 'organization_id' AS uuid) FROM said))),
        'meetings', (SELECT coalesce(json_object_agg(meeting_id, state), '{}')
                     FROM meeting WHERE meeting_id = ANY(ARRAY(
                         SELECT CAST(params ->> 'meeting_id' AS uuid) FROM said))))
"""
"""The names that the messages with the parameters in `said` need, in one value that `known_of` reads."""

_LOOK_UP = text(
    f"WITH said AS (SELECT params FROM jsonb_array_elements(CAST(:params AS jsonb)) AS params) SELECT {NAMES}"  # noqa: S608
)


async def look_up(session: AsyncSession, params: Sequence[Mapping[str, str]]) -> Known:
    """The names that messages with these parameters need."""
    return known_of((await session.execute(_LOOK_UP, {"params": json.dumps(list(params))})).scalar_one())


def known_of(found: Mapping[str, Any]) -> Known:
    """What `NAMES` came to."""
    pairs = {
        part: {id: (first, last) for id, (first, last) in found[part].items()} for part in ("students", "programs")
    }
    meetings = {id: MeetingChanged.model_validate(state) for id, state in found["meetings"].items()}
    return Known(**pairs, schools=found["schools"], organizations=found["organizations"], meetings=meetings)


def _program_ids(params: Mapping[str, str]) -> list[str]:
    one_by_one = (params.get("program_id"), params.get("next_program_id"))
    return [*(id for id in one_by_one if id), *params.get("program_ids", "").split()]


async def recipient(session: AsyncSession, person_id: UUID) -> Recipient | None:
    """What is known of a person; None for nobody, and for who was erased."""
    found = await session.get(Recipient, person_id)
    return None if found is None or found.erased else found


@dataclass(frozen=True, slots=True)
class Wishes:
    """How somebody is reached now: wished for, or else what the roster says."""

    language: str
    email: bool
    address: str | None
    phone: str | None
    remind_before: tuple[int, ...] = REMIND_BEFORE_UNSAID
    """Minutes before a meeting."""
    time_zone: str | None = None
    """IANA; None: the district's."""


async def preferences(session: AsyncSession, actor: Actor) -> Wishes:
    """How we reach the actor."""
    assert actor.person_id is not None
    person = await recipient(session, actor.person_id)
    wish = (await wishes(session, [actor.person_id])).get(actor.person_id)
    language = (wish and wish.language) or (person.language if person else actor.language)
    return Wishes(
        language=best_language(language),
        email=wish.email if wish else True,
        address=person.email if person else None,
        phone=person.phone if person else None,
        remind_before=REMIND_BEFORE_UNSAID if wish is None or wish.remind_before is None else tuple(wish.remind_before),
        time_zone=wish.time_zone if wish else None,
    )


async def clock_of(session: AsyncSession, actor: Actor, zone: ZoneInfo) -> ZoneInfo:
    """The zone of the actor's clock; `zone` is the district's."""
    wish = await session.get(Preference, actor.person_id)
    return ZoneInfo(wish.time_zone) if wish and wish.time_zone else zone
