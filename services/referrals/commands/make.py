"""One door to all moves: what a form or a program asks for, handed to its command."""

from datetime import date, datetime
from enum import StrEnum
from typing import TypedDict
from uuid import UUID

from pydantic import BaseModel, Field
from sqlmodel.ext.asyncio.session import AsyncSession

from services.referrals.commands.answer import Answer, acknowledge, complete, give_answer
from services.referrals.commands.choose import add_choices
from services.referrals.commands.consent import StatedConsent, give_consent, refuse_consent
from services.referrals.commands.withdraw import withdraw
from services.referrals.models import Referral
from services.referrals.rules import BusinessCalendar, ConsentMethod, Verb
from shared.events.vocabulary import DeclineReason, Outcome
from shared.identity import Actor
from shared.refusals import Kind, Refusal


class Making(StrEnum):
    """The verbs that people use on a referral that exists."""

    GIVE_CONSENT = "give_consent"
    REFUSE_CONSENT = "refuse_consent"
    ACKNOWLEDGE = "acknowledge"
    ACCEPT = "accept"
    WAITLIST = "waitlist"
    DECLINE = "decline"
    ADD_CHOICES = "add_choices"
    WITHDRAW = "withdraw"
    COMPLETE = "complete"


class ConsentBody(BaseModel):
    """A consent as the school states it."""

    method: ConsentMethod
    given_on: date
    guardian_id: UUID | None = None
    guardian_name: str = Field(default="", max_length=200)
    """Who agreed, where the roster does not know the person."""
    valid_until: date | None = None
    """None: the end of the school year."""

    def stated(self) -> StatedConsent:
        """As commands take it."""
        return StatedConsent(**dict(self))


class Move(BaseModel):
    """What is done with a referral. Which of the other fields count depends on the verb."""

    verb: Making
    version: int | None = None
    """The version that was looked at; a move on an older one is refused with what happened meanwhile."""
    words: str = ""
    """For the other side: with decline, withdraw, complete, refuse_consent."""
    reason: DeclineReason | None = None
    """With decline."""
    outcome: Outcome | None = None
    """With complete."""
    program_ids: tuple[UUID, ...] = ()
    """With add_choices, first choice first."""
    consent: ConsentBody | None = None
    """With give_consent by the school; a guardian's own answer needs none."""


class _Who(TypedDict):
    version: int | None
    actor: Actor
    now: datetime
    calendar: BusinessCalendar


async def make_move(
    session: AsyncSession,
    referral_id: UUID,
    move: Move,
    *,
    actor: Actor,
    now: datetime,
    calendar: BusinessCalendar,
) -> Referral:
    """Make a move; the refusals are those of its command."""
    who = _Who(version=move.version, actor=actor, now=now, calendar=calendar)
    match move.verb:
        case Making.GIVE_CONSENT:
            stated = move.consent.stated() if move.consent else None
            return await give_consent(session, referral_id, stated, **who)
        case Making.REFUSE_CONSENT:
            return await refuse_consent(session, referral_id, move.words, **who)
        case Making.ACKNOWLEDGE:
            return await acknowledge(session, referral_id, **who)
        case Making.ADD_CHOICES:
            return await add_choices(session, referral_id, move.program_ids, **who)
        case Making.WITHDRAW:
            return await withdraw(session, referral_id, move.words, **who)
        case Making.COMPLETE:
            return await complete(session, referral_id, _outcome(move), move.words, **who)
        case _:
            return await give_answer(session, referral_id, as_answer(move), **who)


def as_answer(move: Move) -> Answer:
    """The partner's answer in a move."""
    return Answer(Verb(move.verb), move.reason, move.words)


def _outcome(move: Move) -> Outcome:
    if move.outcome is None:
        message = "Choose how it ended."
        raise Refusal(Kind.INVALID, "outcome_missing", message, fields={"outcome": message})
    return move.outcome
