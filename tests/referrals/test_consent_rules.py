"""A family's consent: what may stand on record, and for how long it holds."""

from dataclasses import replace
from datetime import date, timedelta
from uuid import uuid4

import pytest

from services.referrals.rules import ConsentMethod, GivenConsent, check_consent, covers, default_until
from shared.events.vocabulary import Need
from shared.refusals import Refusal

TODAY = date(2026, 11, 20)
MOTHER = uuid4()
STUDENT = uuid4()
STAFF = uuid4()
CONSENT = GivenConsent(
    student_id=STUDENT,
    purpose=Need.ACADEMIC,
    method=ConsentMethod.PHONE,
    given_on=TODAY,
    valid_until=date(2027, 6, 30),
    guardian_id=MOTHER,
)


def wrong_fields(consent: GivenConsent) -> set[str]:
    with pytest.raises(Refusal) as refused:
        check_consent(consent, (MOTHER,), TODAY, recorded_by=STAFF)
    return set(refused.value.fields)


@pytest.mark.parametrize(
    ("given_on", "until"),
    [
        (date(2026, 11, 20), date(2027, 6, 30)),
        (date(2027, 6, 30), date(2027, 6, 30)),
        (date(2027, 7, 1), date(2028, 6, 30)),
    ],
)
def test_a_consent_holds_until_the_end_of_the_school_year(given_on: date, until: date) -> None:
    assert default_until(given_on) == until


def test_a_consent_of_a_guardian_on_the_roster_stands() -> None:
    assert check_consent(CONSENT, (MOTHER,), TODAY, recorded_by=STAFF) is CONSENT


def test_a_consent_of_somebody_who_is_named_stands() -> None:
    named = replace(CONSENT, guardian_id=None, guardian_name="Aunt Rosa")

    assert check_consent(named, (MOTHER,), TODAY, recorded_by=STAFF) is named


def test_a_consent_of_nobody_is_refused() -> None:
    assert wrong_fields(replace(CONSENT, guardian_id=None, guardian_name="  ")) == {"guardian_name"}


def test_a_consent_of_another_child_s_guardian_is_refused() -> None:
    assert wrong_fields(replace(CONSENT, guardian_id=uuid4())) == {"guardian"}


def test_a_consent_of_tomorrow_is_refused() -> None:
    assert wrong_fields(replace(CONSENT, given_on=TODAY + timedelta(days=1))) == {"given_on"}


def test_a_consent_that_is_over_is_refused() -> None:
    over = replace(CONSENT, given_on=date(2026, 1, 1), valid_until=date(2026, 6, 30))

    assert wrong_fields(over) == {"valid_until"}


def test_a_consent_for_more_than_a_year_is_refused() -> None:
    assert wrong_fields(replace(CONSENT, valid_until=TODAY + timedelta(days=367))) == {"valid_until"}
    assert check_consent(replace(CONSENT, valid_until=date(2027, 11, 20)), (MOTHER,), TODAY, recorded_by=STAFF)


def test_a_consent_covers_its_student_its_purpose_and_its_days_and_nothing_else() -> None:
    last = CONSENT.valid_until

    assert covers(CONSENT, STUDENT, Need.ACADEMIC, TODAY)
    assert covers(CONSENT, STUDENT, Need.ACADEMIC, last)
    assert not covers(CONSENT, STUDENT, Need.ACADEMIC, last + timedelta(days=1))
    assert not covers(CONSENT, STUDENT, Need.ACADEMIC, TODAY - timedelta(days=1))
    assert not covers(CONSENT, STUDENT, Need.HOUSING, TODAY)
    assert not covers(CONSENT, uuid4(), Need.ACADEMIC, TODAY)
    assert not covers(replace(CONSENT, ended=True), STUDENT, Need.ACADEMIC, TODAY)


def test_only_a_guardian_agrees_online() -> None:
    online = replace(CONSENT, method=ConsentMethod.ONLINE)

    assert wrong_fields(online) == {"method"}
    assert check_consent(online, (MOTHER,), TODAY, recorded_by=MOTHER) is online


def test_the_last_year_of_the_calendar_has_an_end_too() -> None:
    assert default_until(date(9999, 12, 31)) == date(9999, 6, 30)
