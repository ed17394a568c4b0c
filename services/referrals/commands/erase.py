"""What an erased person takes along: names, words about the person, and referrals that are under way."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.referrals.commands.case import NO_DEADLINES, SYSTEM, fetch, publish
from services.referrals.commands.withdraw import end
from services.referrals.models import Consent, Entry, Message, Person, Referral
from services.referrals.rules import CLOSED, Mover, Standing, Verb, decide


async def erase_person(session: AsyncSession, person_id: UUID, *, now: datetime) -> None:
    """Delete what is held of a person; a student's open referrals end, and the words in them go."""
    about = (await session.exec(select(Referral.id).where(Referral.student_id == person_id))).all()
    for referral_id in about:
        await _end(session, referral_id, now)
    await session.flush()
    await session.execute(update(Referral).where(col(Referral.id).in_(about)).values(words=""))
    await session.execute(update(Entry).where(col(Entry.referral_id).in_(about)).values(words=""))
    of_student, to_person = col(Consent.student_id) == person_id, col(Message.recipient_id) == person_id
    await session.execute(update(Consent).where(of_student).values(guardian_name=""))
    await session.execute(delete(Message).where(to_person))
    await session.execute(delete(Person).where(col(Person.id) == person_id))


async def _end(session: AsyncSession, referral_id: UUID, now: datetime) -> None:
    case = await fetch(session, referral_id, actor=SYSTEM, now=now, calendar=NO_DEADLINES)
    if case is None or case.referral.state in CLOSED:
        return
    standing = Standing(case.referral.state, case.live.state if case.live else None)
    decision = decide(Verb.WITHDRAW, {Mover.SYSTEM: standing})
    case.referral.version += 1
    await end(session, case, decision)
    await publish(session, case)
