"""What the system itself knows of a partnership: counted from others' facts and from agreements, never a rating."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements import review_words
from services.agreements.consumers import on
from services.agreements.models import (
    AgreementEntry,
    Goal,
    Measurement,
    Meeting,
    Occurrence,
    ReferralAttempt,
    ReferralNeed,
)
from services.agreements.queries.evidence import Evidence, evidence
from services.agreements.rules.agreements import AgreementState, Side
from services.agreements.rules.framework import EvidenceKind
from services.agreements.rules.meetings import OccurrenceStatus
from shared.clock import new_id
from shared.db import Database
from shared.events import referrals
from shared.events.vocabulary import DeclineReason, Need, Outcome, Urgency
from tests.agreements.review_support import CALENDAR, SPRING, YEAR, a_pair, a_referral, an_agreement
from tests.agreements.support import an_organization
from tests.support.events import deliver

SENT = datetime(2026, 11, 3, 15, tzinfo=UTC)


class Story:
    """Facts about one referral to one partner."""

    def __init__(self, school_id: UUID | None = None) -> None:
        self.referral: dict[str, Any] = {
            "referral_id": new_id(),
            "student_id": new_id(),
            "school_id": school_id or new_id(),
            "referrer_id": new_id(),
        }
        self.attempt = self.referral | {
            "attempt_id": new_id(),
            "program_id": new_id(),
            "organization_id": new_id(),
        }

    @property
    def submitted(self) -> referrals.ReferralSubmitted:
        return referrals.ReferralSubmitted(
            **self.referral, need=Need.FOOD, urgency=Urgency.ROUTINE, program_ids=(self.attempt["program_id"],)
        )

    @property
    def sent(self) -> referrals.ReferralSent:
        return referrals.ReferralSent(
            **self.attempt, need=Need.FOOD, urgency=Urgency.ROUTINE, answer_by=SENT + timedelta(days=2)
        )


async def attempts(db: Database) -> list[ReferralAttempt]:
    async with db.transaction() as session:
        return list(await session.exec(select(ReferralAttempt)))


async def test_a_referral_is_kept_without_the_student_however_often_it_is_told(db_agreements: Database) -> None:
    story = Story()
    accepted = referrals.ReferralAccepted(**story.attempt)
    completed = referrals.ReferralCompleted(**story.attempt, outcome=Outcome.SERVED)

    await deliver(db_agreements, on, story.submitted, story.sent, accepted, completed, now=SENT, twice=True)

    (attempt,) = await attempts(db_agreements)
    assert (attempt.attempt_id, attempt.sent_at, attempt.answered_at) == (story.attempt["attempt_id"], SENT, SENT)
    assert (attempt.taken, attempt.closed_at, attempt.outcome) == (True, SENT, Outcome.SERVED)
    assert str(story.referral["student_id"]) not in attempt.model_dump_json()
    async with db_agreements.transaction() as session:
        (need,) = (await session.exec(select(ReferralNeed))).all()
    assert (need.need, need.school_id) == (Need.FOOD, story.referral["school_id"])


async def test_an_answer_counts_from_when_it_was_given_first(db_agreements: Database) -> None:
    story = Story()

    await deliver(db_agreements, on, story.sent, now=SENT)
    await deliver(db_agreements, on, referrals.ReferralWaitlisted(**story.attempt), now=SENT + timedelta(days=1))
    await deliver(db_agreements, on, referrals.ReferralAccepted(**story.attempt), now=SENT + timedelta(days=9))

    (attempt,) = await attempts(db_agreements)
    assert (attempt.answered_at, attempt.taken) == (SENT + timedelta(days=1), True)


async def test_a_program_that_closed_did_not_answer_and_a_decline_is_an_answer(db_agreements: Database) -> None:
    closed, declined, withdrawn = Story(), Story(), Story()
    for story in (closed, declined, withdrawn):
        await deliver(db_agreements, on, story.sent, now=SENT)

    await deliver(
        db_agreements,
        on,
        referrals.ReferralDeclined(**closed.attempt, reason=DeclineReason.PROGRAM_CLOSED),
        referrals.ReferralDeclined(**declined.attempt, reason=DeclineReason.NO_CAPACITY),
        referrals.ReferralWithdrawn(**withdrawn.referral, by="school", attempt_id=withdrawn.attempt["attempt_id"]),
        referrals.ReferralWithdrawn(**Story().referral, by="school"),
        now=SENT,
    )

    answered = {one.attempt_id: one.answered_at for one in await attempts(db_agreements)}
    assert answered == {
        closed.attempt["attempt_id"]: None,
        declined.attempt["attempt_id"]: SENT,
        withdrawn.attempt["attempt_id"]: None,
    }
    assert all(one.closed_at == SENT for one in await attempts(db_agreements))


async def known(session: AsyncSession, school_id: UUID, organization_id: UUID | None = None) -> Evidence:
    return await evidence(session, school_id, organization_id, calendar=CALENDAR, year=YEAR, now=SPRING)


async def test_referrals_are_counted_for_the_pair_and_the_year(session_agreements: AsyncSession) -> None:
    pair = await a_pair(session_agreements)
    day = timedelta(days=1)
    ids = (pair.school_id, pair.organization_id)
    done: dict[str, Any] = {"taken": True, "closed_at": SENT + 9 * day, "outcome": Outcome.SERVED}
    await a_referral(session_agreements, *ids, answered_at=SENT + day, **done)
    await a_referral(session_agreements, *ids, answered_at=SENT + 5 * day, taken=True)
    await a_referral(session_agreements, *ids)
    await a_referral(session_agreements, *ids, closed_at=SENT + day)
    await a_referral(session_agreements, *ids, answer_by=SPRING + day)
    await a_referral(session_agreements, *ids, sent_at=datetime(2026, 6, 1, tzinfo=UTC), answered_at=SENT)
    await a_referral(session_agreements, new_id(), pair.organization_id)
    other = await an_organization(session_agreements, "Another")
    await a_referral(session_agreements, pair.school_id, other.id)

    found = await known(session_agreements, *ids)
    school = await known(session_agreements, pair.school_id)

    assert (found.referrals, found.answers_due, found.answered_in_time) == (5, 3, 1)
    assert (found.taken, found.closed_with_outcome) == (2, 1)
    assert (school.referrals, school.partners, found.partners) == (6, 2, 1)


async def a_goal(session: AsyncSession, agreement_id: UUID, target: float, baseline: float | None = None) -> UUID:
    goal = Goal(
        id=new_id(), agreement_id=agreement_id, position=1, title="G", measure="M", baseline=baseline, target=target
    )
    session.add(goal)
    await session.flush()
    return goal.id


async def measured(session: AsyncSession, goal_id: UUID, value: float, day: date, **changes: Any) -> None:
    session.add(
        Measurement(
            goal_id=goal_id, measured_on=day, value=value, side=Side.SCHOOL, recorded_by=new_id(), recorded_at=SPRING,
            **changes,
        )
    )  # fmt: skip
    await session.flush()


async def test_goals_count_as_measured_in_the_year_and_as_met_by_the_newest_measurement(
    session_agreements: AsyncSession,
) -> None:
    pair = await a_pair(session_agreements)
    agreement = await an_agreement(session_agreements, pair.organization_id, pair.school_id)
    up = await a_goal(session_agreements, agreement.id, 90, baseline=70)
    down = await a_goal(session_agreements, agreement.id, 5, baseline=20)
    slipped = await a_goal(session_agreements, agreement.id, 90)
    wrong = await a_goal(session_agreements, agreement.id, 90)
    before = await a_goal(session_agreements, agreement.id, 90)
    await measured(session_agreements, up, 91, date(2027, 1, 1))
    await measured(session_agreements, down, 4, date(2027, 1, 1))
    await measured(session_agreements, slipped, 95, date(2026, 10, 1))
    await measured(session_agreements, slipped, 80, date(2027, 3, 1))
    await measured(session_agreements, wrong, 99, date(2027, 3, 1), void_at=SPRING)
    await measured(session_agreements, before, 99, date(2026, 5, 1))

    found = await known(session_agreements, pair.school_id, pair.organization_id)

    assert (found.goals, found.goals_measured, found.goals_met) == (5, 3, 2)


async def test_meetings_count_as_held_of_those_planned_so_far(session_agreements: AsyncSession) -> None:
    pair = await a_pair(session_agreements)
    meeting = Meeting(
        id=new_id(), title="Looking at goals", school_id=pair.school_id, organization_id=pair.organization_id,
        zone="America/New_York", first="2026-10-01T15:00", length=60, organizer_id=new_id(), scheduled_at=SENT,
        changed_at=SENT, changed_by="system:tests",
    )  # fmt: skip
    session_agreements.add(meeting)
    await session_agreements.flush()
    for status, starts in (
        (OccurrenceStatus.HELD, SENT),
        (OccurrenceStatus.PLANNED, SENT),
        (OccurrenceStatus.CANCELLED, SENT),
        (OccurrenceStatus.PLANNED, SPRING + timedelta(days=1)),
        (OccurrenceStatus.HELD, datetime(2026, 6, 1, tzinfo=UTC)),
    ):
        session_agreements.add(
            Occurrence(
                meeting_id=meeting.id, round=1, rule_at=starts, starts_at=starts, ends_at=starts + timedelta(hours=1),
                status=status,
            )
        )  # fmt: skip
    await session_agreements.flush()

    found = await known(session_agreements, pair.school_id, pair.organization_id)
    elsewhere = await known(session_agreements, pair.school_id, new_id())

    assert (found.meetings_planned, found.meetings_held) == (2, 1)
    assert elsewhere.meetings_planned == 0
    assert review_words.known(EvidenceKind.MEETINGS, found) == (
        "1 of 2 meetings planned so far this year held, with minutes."
    )


async def test_agreements_contacts_and_comments_are_counted_per_partner(session_agreements: AsyncSession) -> None:
    pair = await a_pair(session_agreements)
    other = await an_organization(session_agreements, "Another")
    third = await an_organization(session_agreements, "Third")
    first = await an_agreement(
        session_agreements, pair.organization_id, pair.school_id, school_contact_id=new_id(), school_id=pair.school_id
    )
    await an_agreement(session_agreements, pair.organization_id, pair.school_id)
    await an_agreement(session_agreements, other.id, partner_contact_id=new_id())
    await an_agreement(session_agreements, third.id, pair.school_id, state=AgreementState.DRAFT, concluded_at=None)
    for side, what in ((Side.SCHOOL, "comment"), (Side.PARTNER, "comment"), (Side.PARTNER, "sign")):
        session_agreements.add(
            AgreementEntry(
                agreement_id=first.id, version=1, edition=1, at=SPRING, side=side, by_label="x", what=what, changes=[]
            )
        )
    await session_agreements.flush()

    school = await known(session_agreements, pair.school_id)
    found = await known(session_agreements, pair.school_id, pair.organization_id)

    assert (school.with_agreement, school.with_school_contact, school.with_partner_contact) == (2, 1, 1)
    assert (found.with_agreement, found.words_of_school, found.words_of_partner) == (1, 1, 1)
