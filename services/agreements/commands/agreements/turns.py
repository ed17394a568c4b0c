"""What the calendar does to a signed agreement by itself: it begins, falls due for renewal, goes on, expires."""

from dataclasses import replace
from datetime import tzinfo
from typing import Any

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements.commands.agreements.case import SYSTEM, Case, note
from services.agreements.models import Agreement, AgreementDue
from services.agreements.rules.agreements import Mover, Term, Verb, next_turn
from services.agreements.rules.calendar import dues
from shared.events.agreements import AgreementBegan, AgreementExpired, AgreementFact, AgreementRenewalFellDue


def term_of(agreement: Agreement) -> Term:
    """From when to when an agreement runs."""
    return Term(agreement.starts_on, agreement.ends_on, agreement.notice_days)


def by_itself(case: Case) -> Case:
    """The same agreement in the hands of the system."""
    return replace(case, mover=Mover.SYSTEM, actor=SYSTEM)


def turn(session: AsyncSession, case: Case) -> list[AgreementFact]:
    """Put an agreement where the day says that it stands; what happened by that, in order. `case`: the system's."""
    facts: list[AgreementFact] = []
    while verb := next_turn(case.agreement.state, term_of(case.agreement), case.today):
        facts += _facts(case, verb)
        case.move(verb)
        note(session, case, verb)
    return facts


def _facts(case: Case, verb: Verb) -> list[AgreementFact]:
    one = case.agreement
    if verb is Verb.BEGIN:
        return [case.fact(AgreementBegan, on=one.starts_on)]
    if verb is Verb.FALL_DUE:
        return [case.fact(AgreementRenewalFellDue, on=one.ends_on)]
    return [case.fact(AgreementExpired, on=one.ends_on)] if verb is Verb.EXPIRE else []


async def plan(session: AsyncSession, case: Case) -> None:
    """Plan what the calendar will bring; what was planned for other dates goes."""
    agreement, zone = case.agreement, case.zone
    await session.execute(
        delete(AgreementDue).where(
            col(AgreementDue.agreement_id) == agreement.id, col(AgreementDue.settled_at).is_(None)
        )
    )
    rows = [row for row in planned(agreement, zone) if row["due_at"] > case.now]
    if rows:
        await session.execute(insert(AgreementDue).values(rows).on_conflict_do_nothing())


def planned(agreement: Agreement, zone: tzinfo) -> list[dict[str, Any]]:
    """Rows of what the calendar brings to an agreement, past or to come."""
    return [
        {
            "agreement_id": agreement.id,
            "kind": due.kind,
            "day": due.day,
            "days_before": due.days_before,
            "due_at": due.at,
        }
        for due in dues(term_of(agreement), agreement.review_on, zone)
    ]
