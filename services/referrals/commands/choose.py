"""Naming further programs for a referral that came back."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.referrals.commands.case import begin, load, publish, tell
from services.referrals.commands.route import go_on
from services.referrals.models import Program, Referral
from services.referrals.records import under_agreement
from services.referrals.rules import AttemptState, BusinessCalendar, Offer, Verb, check_choices
from shared.events.referrals import ChoicesAdded
from shared.identity import Actor


async def chosen_programs(
    session: AsyncSession, choices: Sequence[UUID], school_id: UUID, *, again: frozenset[UUID] = frozenset()
) -> list[Program]:
    """The programs that were chosen, in the order of choice; refuses those that this school cannot send to."""
    chosen = select(Program, under_agreement(school_id)).where(col(Program.id).in_(choices))
    found = (await session.exec(chosen)).all()
    check_choices(choices, [_offer(program, agreed) for program, agreed in found], again=again)
    by_id = {program.id: program for program, _ in found}
    return [by_id[choice] for choice in choices]


def _offer(program: Program, under_agreement: bool) -> Offer:
    return Offer(
        program_id=program.id,
        organization_id=program.organization_id,
        name=program.name,
        organization_name=program.organization_name,
        status=program.status,
        under_agreement=under_agreement,
        halt=program.halt,
    )


async def add_choices(
    session: AsyncSession,
    referral_id: UUID,
    choices: Sequence[UUID],
    *,
    version: int | None,
    actor: Actor,
    now: datetime,
    calendar: BusinessCalendar,
) -> Referral:
    """Queue further programs and send the referral to the first of them."""
    case = await load(session, referral_id, actor=actor, now=now, calendar=calendar)
    decision = await begin(session, case, Verb.ADD_CHOICES, version)
    if decision is None:
        return case.referral
    declined = [a.program_id for a in case.attempts if a.state is not AttemptState.SKIPPED]
    programs = await chosen_programs(session, choices, case.referral.school_id, again=frozenset(declined))
    case.stand(decision.after)
    session.add_all(case.queue(programs))
    tell(case, ChoicesAdded(**case.about(), program_ids=tuple(choices)))
    await go_on(session, case)
    return await publish(session, case)
