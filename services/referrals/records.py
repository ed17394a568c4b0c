"""What commands and queries both look up: consents that hold, open referrals for a need, who can answer here."""

from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, literal_column, or_
from sqlalchemy.dialects.postgresql import array
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.referrals.models import Attempt, Consent, Coverage, Person, Program, Referral
from services.referrals.rules import CLOSED, GivenConsent, covers
from shared.events.vocabulary import Need

ANSWERS_HERE = or_(
    col(Program.contact_email).is_not(None),
    exists().where(
        # The first condition is that of the index.
        and_(
            literal_column("person.organization_ids <> '{}'"),
            col(Person.organization_ids).contains(array([col(Program.organization_id)])),
            col(Person.active),
        )
    ),
)
"""Of a program: somebody gets the referral by e-mail, or can sign in and find it."""


def under_agreement(school_id: UUID) -> ColumnElement[bool]:
    """Of a program: an agreement of its partner covers the school, or the district keeps no agreements here (yet)."""
    covers_it = or_(col(Coverage.everywhere), col(Coverage.school_ids).contains([school_id]))
    covered = exists().where(and_(col(Coverage.organization_id) == col(Program.organization_id), covers_it))
    return or_(~exists(select(Coverage.organization_id)), covered)


async def to_call(session: AsyncSession, attempt: Attempt | None) -> bool:
    """Whether an attempt is with a program where nobody can answer here."""
    if attempt is None:
        return False
    found = await session.exec(select(Program.id).where(Program.id == attempt.program_id, ~ANSWERS_HERE))
    return found.first() is not None


def as_given(consent: Consent) -> GivenConsent:
    """A consent on record, as the rules judge it."""
    return GivenConsent(
        student_id=consent.student_id,
        purpose=consent.purpose,
        method=consent.method,
        given_on=consent.given_on,
        valid_until=consent.valid_until,
        guardian_id=consent.guardian_id,
        guardian_name=consent.guardian_name,
        ended=consent.ended_at is not None,
    )


async def valid_consent(session: AsyncSession, student_id: UUID, purpose: Need, today: date) -> Consent | None:
    """A consent on record that allows this student's need to be shared today; the longest one."""
    found = await session.exec(
        select(Consent)
        .where(Consent.student_id == student_id, Consent.purpose == purpose)
        .order_by(col(Consent.valid_until).desc())
    )
    return next((c for c in found if covers(as_given(c), student_id, purpose, today)), None)


def is_open_for(student_id: UUID, need: Need) -> ColumnElement[bool]:
    """Of a referral: it is of this student and for this need, and has not ended."""
    return and_(col(Referral.student_id) == student_id, col(Referral.need) == need, col(Referral.state).not_in(CLOSED))
