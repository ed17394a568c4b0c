"""Who is concerned by a fact, how to reach them, and the names that messages need."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, text
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.notifications.letters import Known
from services.notifications.models import Message, Organization, Preference, Program, Recipient, School
from services.notifications.rules import Kind, People, Reach, parameters
from shared.events.base import Fact
from shared.events.referrals import ReferralFact, ReferralSent
from shared.identity import Actor
from shared.messaging import NotYet
from shared.translations import best_language

ANNOUNCEMENTS = (Kind.FAMILY_DECLINED_NEXT, Kind.STAFF_DECLINED_NEXT)
ALARMS = (Kind.STAFF_FAMILY_UNREACHABLE, Kind.STAFF_PARTNER_UNREACHABLE)


async def people_for(session: AsyncSession, fact: ReferralFact, actor: str) -> People:
    """Everybody whom the fact may concern; raises `NotYet` while somebody or some program is not known here."""
    student = await session.get(Recipient, fact.student_id)
    if student is None:
        raise NotYet(f"person {fact.student_id}")
    found, known = await reach(session, [*student.guardian_ids, fact.referrer_id])
    if missing := [id for id in (*student.guardian_ids, fact.referrer_id) if id not in known]:
        raise NotYet(f"person {missing[0]}")
    guardians = tuple(found[id] for id in student.guardian_ids if id in found)
    partner = await _contacts(session, fact)
    asked = partner or getattr(fact, "organization_id", None) is None
    certain = guardians and asked and all(person.has_address for person in (*guardians, *partner))
    return People(
        guardians=guardians,
        referrer=found.get(fact.referrer_id),
        partner=partner,
        actor=actor,
        announced=await _announced(session, fact),
        # Asked only where somebody may turn out unreachable.
        told=frozenset() if certain else await _told(session, fact.referral_id),
        student_erased=student.erased,
    )


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


async def _contacts(session: AsyncSession, fact: Fact) -> tuple[Reach, ...]:
    """The person behind the program's contact address, else everybody of the partner."""
    programs = await _programs(session, fact)
    organization_id = getattr(fact, "organization_id", None)
    if organization_id is None:
        return ()
    staff = await _staff(session, organization_id)
    contact = programs[fact.program_id].contact_email  # type: ignore[attr-defined]
    named = [s for s in staff if contact and s.email and s.email.casefold() == contact.casefold()]
    return tuple(reach for person in named or staff if (reach := _as_reach(person)))


async def _programs(session: AsyncSession, fact: Fact) -> Mapping[UUID, Program]:
    """The programs that a fact names."""
    params = parameters(fact)
    named = [params.get("program_id"), params.get("next_program_id"), *params.get("program_ids", "").split()]
    ids = [UUID(id) for id in named if id]
    if not ids:
        return {}
    found = {p.program_id: p for p in await session.exec(select(Program).where(col(Program.program_id).in_(ids)))}
    if missing := [id for id in ids if id not in found]:
        raise NotYet(f"program {missing[0]}")
    return found


async def _staff(session: AsyncSession, organization_id: UUID) -> Sequence[Recipient]:
    # The first condition is that of the index.
    found = await session.exec(
        select(Recipient)
        .where(text("organization_ids <> '{}'"), col(Recipient.organization_ids).contains([organization_id]))
        .where(col(Recipient.active), ~col(Recipient.erased))
        .order_by(col(Recipient.person_id))
    )
    return found.all()


async def _announced(session: AsyncSession, fact: ReferralFact) -> bool:
    if not isinstance(fact, ReferralSent):
        return False
    found = await session.exec(
        select(Message.id)
        .where(Message.about_id == fact.referral_id, col(Message.kind).in_(ANNOUNCEMENTS))
        .where(col(Message.params)["next_program_id"].astext == str(fact.program_id))
        .limit(1)
    )
    return found.first() is not None


async def _told(session: AsyncSession, referral_id: UUID) -> frozenset[Kind]:
    found = await session.exec(
        select(Message.kind).where(Message.about_id == referral_id, col(Message.kind).in_(ALARMS)).distinct()
    )
    return frozenset(Kind(kind) for kind in found)


async def look_up(session: AsyncSession, params: Sequence[Mapping[str, str]]) -> Known:
    """The names that messages with these parameters need."""
    people = await session.exec(
        select(Recipient.person_id, Recipient.given_name, Recipient.family_name)
        .where(col(Recipient.person_id).in_({UUID(p["student_id"]) for p in params if "student_id" in p}))
        .where(~col(Recipient.erased))
    )
    programs = {UUID(id) for p in params for id in _program_ids(p)}
    offers = await session.exec(
        select(Program.program_id, Program.name, Program.organization_name).where(col(Program.program_id).in_(programs))
    )
    # Only messages about partnerships name schools, and partners by themselves.
    work = [p for p in params if "place" in p]
    return Known(
        {str(id): (first, last) for id, first, last in people},
        {str(id): (name, partner) for id, name, partner in offers},
        await schools_of(session, work) if work else {},
        await _organizations(session, work) if work else {},
    )


async def _organizations(session: AsyncSession, params: Sequence[Mapping[str, str]]) -> Mapping[str, str]:
    ids = {UUID(p["organization_id"]) for p in params if "organization_id" in p}
    named = select(Organization.organization_id, Organization.name).where(col(Organization.organization_id).in_(ids))
    return {str(id): name for id, name in await session.exec(named)}


async def schools_of(session: AsyncSession, params: Sequence[Mapping[str, str]]) -> Mapping[str, str]:
    """The names of the schools that messages with these parameters come from, by id."""
    ids = {UUID(p["school_id"]) for p in params if "school_id" in p}
    found = await session.exec(select(School.school_id, School.name).where(col(School.school_id).in_(ids)))
    return {str(id): name for id, name in found}


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
    )
