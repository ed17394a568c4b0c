"""Who is told what at which fact, and when mail is tried again."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from services.notifications.rules import (
    IF_UNREACHABLE,
    RETRY_AFTER,
    WHO_IS_TOLD_WHAT,
    Audience,
    Email,
    Kind,
    People,
    Planned,
    Reach,
    may_concern,
    next_try,
    parameters,
    plan,
)
from services.notifications.samples import HAPPENINGS, who_is_told_what
from services.notifications.texts import TEXTS
from shared.clock import new_id
from shared.events import referrals
from shared.events.vocabulary import DeclineReason, Need, Outcome, Urgency

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
MOTHER, FATHER = Reach(new_id(), "ht", has_address=True), Reach(new_id(), "fr", has_address=True)
REFERRER = Reach(new_id(), "en", has_address=True)
PARTNER = Reach(new_id(), "en", has_address=True)
PEOPLE = People(guardians=(MOTHER, FATHER), referrer=REFERRER, partner=(PARTNER,), actor="system:referrals")

ABOUT: dict[str, Any] = {
    "referral_id": new_id(),
    "student_id": new_id(),
    "school_id": new_id(),
    "referrer_id": REFERRER.person_id,
}
ATTEMPT: dict[str, Any] = ABOUT | {"attempt_id": new_id(), "program_id": new_id(), "organization_id": new_id()}
SENT = referrals.ReferralSent(**ATTEMPT, need=Need.HOUSING, urgency=Urgency.URGENT, answer_by=NOW)
DECLINED = referrals.ReferralDeclined(**ATTEMPT, reason=DeclineReason.NO_CAPACITY, next_program_id=new_id())


def who(planned: list[Planned]) -> dict[Kind, list[Reach]]:
    """To whom each kind goes."""
    told: dict[Kind, list[Reach]] = {}
    for one in planned:
        told.setdefault(one.kind, []).append(one.to)
    return told


def without_address(*reach: Reach) -> tuple[Reach, ...]:
    """The same people without an address."""
    return tuple(Reach(r.person_id, r.language, has_address=False) for r in reach)


FAMILY = [MOTHER, FATHER]
CASES: list[tuple[str, Any, dict[Kind, list[Reach]]]] = [
    (
        "consent asked",
        referrals.ConsentRequested(**ABOUT, guardian_ids=(MOTHER.person_id,), need=Need.FOOD),
        {Kind.FAMILY_CONSENT_ASKED: [MOTHER]},
    ),
    (
        "consent given",
        referrals.ConsentGiven(
            **ABOUT, consent_id=new_id(), guardian_id=MOTHER.person_id, method="online", purpose="food",
            given_on=date(2026, 11, 20), valid_until=date(2027, 6, 30),
        ),
        {Kind.STAFF_CONSENT_GIVEN: [REFERRER]},
    ),
    (
        "consent refused",
        referrals.ConsentRefused(**ABOUT, guardian_id=None),
        {Kind.FAMILY_CONSENT_REFUSED: FAMILY, Kind.STAFF_CONSENT_REFUSED: [REFERRER]},
    ),
    ("sent", SENT, {Kind.PARTNER_NEW: [PARTNER], Kind.FAMILY_SENT: FAMILY, Kind.STAFF_SENT: [REFERRER]}),
    ("acknowledged", referrals.ReferralAcknowledged(**ATTEMPT), {Kind.STAFF_ACKNOWLEDGED: [REFERRER]}),
    (
        "accepted",
        referrals.ReferralAccepted(**ATTEMPT),
        {Kind.FAMILY_ACCEPTED: FAMILY, Kind.STAFF_ACCEPTED: [REFERRER]},
    ),
    (
        "waitlisted",
        referrals.ReferralWaitlisted(**ATTEMPT),
        {Kind.FAMILY_WAITLISTED: FAMILY, Kind.STAFF_WAITLISTED: [REFERRER]},
    ),
    ("declined", DECLINED, {Kind.FAMILY_DECLINED_NEXT: FAMILY, Kind.STAFF_DECLINED_NEXT: [REFERRER]}),
    (
        "declined, and the family is asked again",
        referrals.ReferralDeclined(**ATTEMPT, reason=DeclineReason.OTHER, asks_family=True),
        {Kind.STAFF_DECLINED_ASKED: [REFERRER]},
    ),
    ("declined at the end", referrals.ReferralDeclined(**ATTEMPT, reason=DeclineReason.OTHER), {}),
    ("returned", referrals.ReferralReturned(**ABOUT), {Kind.FAMILY_RETURNED: FAMILY, Kind.STAFF_RETURNED: [REFERRER]}),
    (
        "a consent is waited for",
        referrals.ReminderDue(**ABOUT, reminder="consent_waiting", due_at=NOW, program_ids=(new_id(),)),
        {Kind.FAMILY_CONSENT_WAITING: FAMILY},
    ),
    (
        "a consent is missing",
        referrals.ReminderDue(**ABOUT, reminder="consent_missing", due_at=NOW),
        {Kind.STAFF_CONSENT_MISSING: [REFERRER]},
    ),
    (
        "an answer is due",
        referrals.ReminderDue(**ATTEMPT, reminder="answer_due", due_at=NOW, answer_by=NOW),
        {Kind.PARTNER_ANSWER_DUE: [PARTNER]},
    ),
    (
        "an answer is overdue",
        referrals.ReminderDue(**ATTEMPT, reminder="answer_overdue", due_at=NOW, answer_by=NOW),
        {Kind.PARTNER_ANSWER_OVERDUE: [PARTNER]},
    ),
    (
        "an answer is missing",
        referrals.ReminderDue(**ATTEMPT, reminder="answer_missing", due_at=NOW, answer_by=NOW),
        {Kind.STAFF_ANSWER_MISSING: [REFERRER]},
    ),
    (
        "a reminder of a later release",
        referrals.ReminderDue(**ABOUT, reminder="invented_later", due_at=NOW),
        {},
    ),
    (
        "withdrawn by the family before it went out",
        referrals.ReferralWithdrawn(**ABOUT, by="family"),
        {Kind.FAMILY_WITHDRAWN: FAMILY, Kind.STAFF_WITHDRAWN_BY_FAMILY: [REFERRER]},
    ),
    (
        "withdrawn by the school from a partner",
        referrals.ReferralWithdrawn(**ATTEMPT, by="school"),
        {
            Kind.FAMILY_WITHDRAWN: FAMILY,
            Kind.PARTNER_WITHDRAWN: [PARTNER],
            Kind.STAFF_WITHDRAWN_BY_SCHOOL: [REFERRER],
        },
    ),
    (
        "enrolled",
        referrals.ReferralCompleted(**ATTEMPT, outcome=Outcome.ENROLLED),
        {Kind.FAMILY_ENROLLED: FAMILY, Kind.STAFF_COMPLETED: [REFERRER]},
    ),
    (
        "not contacted",
        referrals.ReferralCompleted(**ATTEMPT, outcome=Outcome.COULD_NOT_CONTACT),
        {Kind.FAMILY_NOT_CONTACTED: FAMILY, Kind.STAFF_COMPLETED: [REFERRER]},
    ),
    (
        "served",
        referrals.ReferralCompleted(**ATTEMPT, outcome=Outcome.SERVED),
        {Kind.FAMILY_COMPLETED: FAMILY, Kind.STAFF_COMPLETED: [REFERRER]},
    ),
]  # fmt: skip


@pytest.mark.parametrize(("name", "fact", "told"), CASES, ids=[case[0] for case in CASES])
def test_each_fact_is_told_to_those_whom_it_concerns(name: str, fact: Any, told: dict[Kind, list[Reach]]) -> None:
    assert who(plan(fact, PEOPLE)) == told


def test_every_message_has_its_words_and_its_place_in_the_table() -> None:
    kinds = {told.kind for told in who_is_told_what()}

    assert kinds == set(Kind) == set(TEXTS)
    assert set(HAPPENINGS) == set(WHO_IS_TOLD_WHAT)


def test_every_end_of_a_referral_has_exactly_one_message_for_the_family() -> None:
    ends = [
        *(referrals.ReferralCompleted(**ATTEMPT, outcome=outcome) for outcome in Outcome),
        *(referrals.ReferralWithdrawn(**ATTEMPT, by=who) for who in ("family", "school")),
        referrals.ConsentRefused(**ABOUT, guardian_id=None),
    ]

    for end in ends:
        planned = plan(end, PEOPLE)
        kinds = {one.kind for one in planned if one.kind.audience is Audience.FAMILY}
        assert len(kinds) == 1, end
        assert [one.to for one in planned if one.kind in kinds] == FAMILY


def test_a_program_that_was_announced_as_the_next_choice_is_not_announced_again() -> None:
    planned = plan(SENT, replace(PEOPLE, announced=True))

    assert who(planned) == {Kind.PARTNER_NEW: [PARTNER]}


def test_nobody_at_work_gets_mail_about_what_they_did_themselves() -> None:
    people = replace(PEOPLE, actor=f"person:{REFERRER.person_id}")

    planned = plan(referrals.ReferralWithdrawn(**ABOUT, by="school"), people)

    emails = {one.kind: one.email for one in planned}
    assert emails[Kind.STAFF_WITHDRAWN_BY_SCHOOL] is Email.NOT_WANTED
    assert emails[Kind.FAMILY_WITHDRAWN] is Email.SEND


def test_a_referrer_who_wrote_down_the_familys_answer_is_not_told_of_it() -> None:
    answers = [fact for name, fact, _ in CASES if name in ("consent given", "consent refused")]
    referrer, colleague = f"person:{REFERRER.person_id}", f"person:{new_id()}"

    own = [one.to for fact in answers for one in plan(fact, replace(PEOPLE, actor=referrer))]
    others = [
        one.kind for fact in answers for one in plan(fact, replace(PEOPLE, actor=colleague)) if one.to == REFERRER
    ]

    assert REFERRER not in own
    assert others == [Kind.STAFF_CONSENT_GIVEN, Kind.STAFF_CONSENT_REFUSED]


@pytest.mark.parametrize("actor", ["system:referrals", f"person:{REFERRER.person_id}"])
def test_what_may_concern_nobody_is_told_to_nobody(actor: str) -> None:
    left_alone = [fact for _, fact, _ in CASES if not may_concern(fact, actor)]

    assert [plan(fact, replace(PEOPLE, actor=actor)) for fact in left_alone] == [[]] * len(left_alone)


def test_a_family_gets_mail_about_its_own_doing_as_a_receipt() -> None:
    people = replace(PEOPLE, actor=f"person:{MOTHER.person_id}")

    planned = plan(referrals.ReferralWithdrawn(**ABOUT, by="family"), people)

    assert [one.email for one in planned if one.to == MOTHER] == [Email.SEND]


def test_who_wants_no_mail_gets_the_message_in_the_app_only() -> None:
    quiet = Reach(MOTHER.person_id, "ht", has_address=True, wants_email=False)

    planned = plan(referrals.ReferralReturned(**ABOUT), People(guardians=(quiet,), referrer=REFERRER))

    assert [one.email for one in planned if one.to == quiet] == [Email.NOT_WANTED]
    assert Kind.STAFF_FAMILY_UNREACHABLE not in who(planned)


def test_the_referrer_hears_when_no_guardian_has_an_address() -> None:
    people = People(guardians=without_address(MOTHER, FATHER), referrer=REFERRER, partner=(PARTNER,))

    planned = plan(referrals.ReferralAccepted(**ATTEMPT), people)

    assert {one.email for one in planned if one.kind is Kind.FAMILY_ACCEPTED} == {Email.NO_ADDRESS}
    assert who(planned)[Kind.STAFF_FAMILY_UNREACHABLE] == [REFERRER]


def test_one_guardian_with_an_address_is_enough() -> None:
    people = People(guardians=(MOTHER, *without_address(FATHER)), referrer=REFERRER)

    assert Kind.STAFF_FAMILY_UNREACHABLE not in who(plan(referrals.ReferralReturned(**ABOUT), people))


def test_a_family_without_any_guardian_is_unreachable() -> None:
    planned = plan(referrals.ReferralReturned(**ABOUT), People(referrer=REFERRER))

    assert who(planned)[Kind.STAFF_FAMILY_UNREACHABLE] == [REFERRER]


def test_the_referrer_hears_of_it_once_per_referral() -> None:
    people = People(referrer=REFERRER, told=frozenset({Kind.STAFF_FAMILY_UNREACHABLE}))

    assert who(plan(referrals.ReferralReturned(**ABOUT), people)) == {Kind.STAFF_RETURNED: [REFERRER]}


def test_an_erased_student_has_no_family_to_miss() -> None:
    people = People(referrer=REFERRER, partner=(PARTNER,), student_erased=True)

    planned = plan(referrals.ReferralWithdrawn(**ATTEMPT, by="school"), people)

    assert who(planned) == {Kind.PARTNER_WITHDRAWN: [PARTNER], Kind.STAFF_WITHDRAWN_BY_SCHOOL: [REFERRER]}


@pytest.mark.parametrize("partner", [(), without_address(PARTNER)], ids=["nobody", "no address"])
def test_the_referrer_hears_when_nobody_at_the_partner_can_be_reached(partner: tuple[Reach, ...]) -> None:
    planned = plan(SENT, People(guardians=(MOTHER,), referrer=REFERRER, partner=partner))

    assert who(planned)[Kind.STAFF_PARTNER_UNREACHABLE] == [REFERRER]


def test_a_withdrawal_that_reaches_no_partner_alarms_nobody() -> None:
    planned = plan(referrals.ReferralWithdrawn(**ATTEMPT, by="school"), People(guardians=(MOTHER,), referrer=REFERRER))

    assert set(who(planned)) == {Kind.FAMILY_WITHDRAWN, Kind.STAFF_WITHDRAWN_BY_SCHOOL}


def test_only_families_and_new_referrals_raise_an_alarm() -> None:
    assert {kind for kind in Kind if kind.audience is Audience.FAMILY} | {Kind.PARTNER_NEW} == set(IF_UNREACHABLE)


def test_parameters_are_ids_and_codes() -> None:
    assert parameters(DECLINED) == {
        "student_id": str(ABOUT["student_id"]),
        "school_id": str(ABOUT["school_id"]),
        "referrer_id": str(REFERRER.person_id),
        "program_id": str(ATTEMPT["program_id"]),
        "next_program_id": str(DECLINED.next_program_id),
        "reason": "no_capacity",
    }


def test_mail_is_tried_for_three_days_at_least_and_then_no_more() -> None:
    at, tries = NOW, 1
    while (following := next_try(tries, at, jitter=0.0)) is not None:
        at, tries = following, tries + 1

    assert at - NOW >= timedelta(hours=72)
    assert tries == len(RETRY_AFTER) + 1


def test_jitter_only_ever_lengthens_a_pause_and_by_a_tenth_at_most() -> None:
    for attempts, pause in enumerate(RETRY_AFTER, start=1):
        earliest, latest = next_try(attempts, NOW, jitter=0.0), next_try(attempts, NOW, jitter=1.0)

        assert earliest is not None
        assert latest is not None
        assert earliest == NOW + pause
        assert timedelta(0) < latest - earliest <= pause * 0.1
