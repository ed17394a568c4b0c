"""What partners do with a referral, themselves or by telephone: acknowledge it, answer it, say how it ended."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.referrals.commands.case import Case, begin, load, publish, tell
from services.referrals.commands.route import asks_family, go_on, plan
from services.referrals.models import Attempt, Referral
from services.referrals.rules import AttemptState, BusinessCalendar, Decision, Verb, check_decline, check_words
from shared.events.referrals import (
    ReferralAccepted,
    ReferralAcknowledged,
    ReferralCompleted,
    ReferralDeclined,
    ReferralWaitlisted,
)
from shared.events.vocabulary import DeclineReason, Outcome
from shared.identity import Actor
from shared.refusals import Kind, Refusal


@dataclass(frozen=True, slots=True)
class Answer:
    """A partner's answer: `verb` is accept, waitlist or decline (with a reason; `words` are for the school)."""

    verb: Verb
    reason: DeclineReason | None = None
    words: str = ""


async def acknowledge(
    session: AsyncSession,
    referral_id: UUID,
    *,
    version: int | None,
    actor: Actor,
    now: datetime,
    calendar: BusinessCalendar,
) -> Referral:
    """The partner has seen the referral and will answer."""
    case = await load(session, referral_id, actor=actor, now=now, calendar=calendar)
    if decision := await begin(session, case, Verb.ACKNOWLEDGE, version):
        attempt = case.own(decision)
        case.stand(decision.after, attempt)
        tell(case, _seen(case, attempt))
    return await publish(session, case)


async def give_answer(
    session: AsyncSession,
    referral_id: UUID,
    answer: Answer,
    *,
    version: int | None,
    actor: Actor,
    now: datetime,
    calendar: BusinessCalendar,
) -> Referral:
    """Accept, put on the waiting list, or decline; a declined referral goes to the next choice by itself."""
    words = _checked(answer)
    case = await load(session, referral_id, actor=actor, now=now, calendar=calendar)
    decision = await begin(session, case, answer.verb, version)
    if decision is None:
        return case.referral
    attempt = case.own(decision)
    if answer.verb is Verb.DECLINE:
        assert answer.reason is not None
        _answered(case, attempt)
        await decline(session, case, attempt, decision, answer.reason, words)
    else:
        _take(case, attempt, decision, words)
    return await publish(session, case)


def _checked(answer: Answer) -> str:
    if answer.verb is not Verb.DECLINE:
        return check_words(answer.words)
    if answer.reason is None:
        message = "Choose why you cannot take this referral."
        raise Refusal(Kind.INVALID, "reason_missing", message, fields={"reason": message})
    return check_decline(answer.reason, answer.words)


def _take(case: Case, attempt: Attempt, decision: Decision, words: str) -> None:
    """Accept or put on the waiting list; whoever answers has also seen it."""
    if attempt.state is AttemptState.SENT:
        tell(case, _seen(case, attempt))
    case.stand(decision.after, attempt)
    _answered(case, attempt)
    fact = ReferralAccepted if attempt.state is AttemptState.ACCEPTED else ReferralWaitlisted
    tell(case, fact(**case.about_attempt(attempt)), words=words)


async def decline(
    session: AsyncSession, case: Case, attempt: Attempt, decision: Decision, reason: DeclineReason, words: str = ""
) -> None:
    """End an attempt whose decline is decided; the referral goes to the next choice, or back."""
    case.stand(decision.after, attempt)
    attempt.reason = reason
    planned = await plan(session, case)
    asks = await asks_family(session, case, planned)
    declined = ReferralDeclined(
        **case.about_attempt(attempt),
        reason=reason,
        next_program_id=planned.next.program_id if planned.next and not asks else None,
        asks_family=asks,
    )
    tell(case, declined, words=words)
    # The database allows one live attempt: the closed one must be written before the next goes live.
    await session.flush()
    await go_on(session, case, planned)


def _seen(case: Case, attempt: Attempt) -> ReferralAcknowledged:
    attempt.acknowledged_at = case.now
    return ReferralAcknowledged(**case.about_attempt(attempt))


def _answered(case: Case, attempt: Attempt) -> None:
    attempt.answered_at = attempt.answered_at or case.now
    attempt.answered_by = case.actor.person_id


async def answer_many(
    session: AsyncSession,
    referrals: Sequence[tuple[UUID, int | None]],
    answer: Answer,
    *,
    actor: Actor,
    now: datetime,
    calendar: BusinessCalendar,
) -> dict[UUID, Refusal | None]:
    """The same answer (or acknowledgement) to several, each by itself: what each was refused for, or None."""
    became: dict[UUID, Refusal | None] = {}
    # Always in the same order, so that two people who answer the same ones cannot wait for each other.
    for referral_id, version in sorted(referrals, key=lambda one: one[0]):
        try:
            async with session.begin_nested():
                if answer.verb is Verb.ACKNOWLEDGE:
                    await acknowledge(session, referral_id, version=version, actor=actor, now=now, calendar=calendar)
                else:
                    await give_answer(
                        session, referral_id, answer, version=version, actor=actor, now=now, calendar=calendar
                    )
            became[referral_id] = None
        except Refusal as refusal:
            became[referral_id] = refusal
    return became


async def complete(
    session: AsyncSession,
    referral_id: UUID,
    outcome: Outcome,
    words: str,
    *,
    version: int | None,
    actor: Actor,
    now: datetime,
    calendar: BusinessCalendar,
) -> Referral:
    """The partner says how an accepted referral ended."""
    words = check_words(words)
    case = await load(session, referral_id, actor=actor, now=now, calendar=calendar)
    if decision := await begin(session, case, Verb.COMPLETE, version):
        attempt = case.own(decision)
        case.stand(decision.after, attempt)
        attempt.outcome = outcome
        fact = ReferralCompleted(**case.about_attempt(attempt), outcome=outcome)
        tell(case, fact, words=words)
    return await publish(session, case)
