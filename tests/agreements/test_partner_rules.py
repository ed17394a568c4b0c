"""The life of a partner, whole; the rubric; what runs out and when somebody hears; what makes two organizations one."""

from datetime import UTC, date, datetime, timedelta
from itertools import product
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.agreements.rules.documents import MAX_BYTES, DocumentKind, check_end, file_name, media_type
from services.agreements.rules.duplicates import Traits, address_key, agreements_of, domain, tax_key, web_address
from services.agreements.rules.registration import RegistrationEntry, missing, valid_registration
from services.agreements.rules.standing import Expiring, Halt, due_between, halt_of, next_due
from services.agreements.rules.vetting import (
    CRITERIA,
    MOVERS,
    DeclineCause,
    Grade,
    Mover,
    PartnerStatus,
    Review,
    Standing,
    Verb,
    check_causes,
    check_rubric,
    check_words,
    decide,
    next_certification,
    open_moves,
)
from shared.refusals import Refusal

BOSTON = ZoneInfo("America/New_York")
REGISTERING, APPROVED, CONDITIONAL, DECLINED, SUSPENDED, MERGED = PartnerStatus
NONE, DRAFT, WAITING, ASKED = Review

EXPECTED: dict[tuple[PartnerStatus, Review], dict[Verb, tuple[PartnerStatus, Review]]] = {
    (REGISTERING, DRAFT): {Verb.SUBMIT: (REGISTERING, WAITING)},
    (REGISTERING, WAITING): {
        Verb.ASK: (REGISTERING, ASKED),
        Verb.APPROVE: (APPROVED, NONE),
        Verb.APPROVE_WITH_CONDITIONS: (CONDITIONAL, NONE),
        Verb.DECLINE: (DECLINED, NONE),
    },
    (REGISTERING, ASKED): {Verb.SUBMIT: (REGISTERING, WAITING), Verb.DECLINE: (DECLINED, NONE)},
    (DECLINED, NONE): {Verb.SUBMIT: (REGISTERING, WAITING)},
    (APPROVED, NONE): {Verb.SUBMIT: (APPROVED, WAITING), Verb.ASK: (APPROVED, ASKED), Verb.SUSPEND: (SUSPENDED, NONE)},
    (APPROVED, WAITING): {
        Verb.ASK: (APPROVED, ASKED),
        Verb.APPROVE: (APPROVED, NONE),
        Verb.APPROVE_WITH_CONDITIONS: (CONDITIONAL, NONE),
        Verb.SUSPEND: (SUSPENDED, WAITING),
    },
    (APPROVED, ASKED): {Verb.SUBMIT: (APPROVED, WAITING), Verb.SUSPEND: (SUSPENDED, ASKED)},
    (CONDITIONAL, NONE): {
        Verb.SUBMIT: (CONDITIONAL, WAITING),
        Verb.ASK: (CONDITIONAL, ASKED),
        Verb.APPROVE: (APPROVED, NONE),
        Verb.SUSPEND: (SUSPENDED, NONE),
    },
    (CONDITIONAL, WAITING): {
        Verb.ASK: (CONDITIONAL, ASKED),
        Verb.APPROVE: (APPROVED, NONE),
        Verb.APPROVE_WITH_CONDITIONS: (CONDITIONAL, NONE),
        Verb.SUSPEND: (SUSPENDED, WAITING),
    },
    (CONDITIONAL, ASKED): {Verb.SUBMIT: (CONDITIONAL, WAITING), Verb.SUSPEND: (SUSPENDED, ASKED)},
    (SUSPENDED, NONE): {
        Verb.SUBMIT: (SUSPENDED, WAITING),
        Verb.ASK: (SUSPENDED, ASKED),
        Verb.REINSTATE: (APPROVED, NONE),
        Verb.APPROVE_WITH_CONDITIONS: (CONDITIONAL, NONE),
    },
    (SUSPENDED, WAITING): {
        Verb.ASK: (SUSPENDED, ASKED),
        Verb.APPROVE: (APPROVED, NONE),
        Verb.APPROVE_WITH_CONDITIONS: (CONDITIONAL, NONE),
        Verb.REINSTATE: (APPROVED, WAITING),
    },
    (SUSPENDED, ASKED): {Verb.SUBMIT: (SUSPENDED, WAITING), Verb.REINSTATE: (APPROVED, ASKED)},
}
"""Written down a second time, by hand: every standing that there is, and all that leads on from it but merging."""


@pytest.mark.parametrize(("status", "review", "verb"), list(product(PartnerStatus, Review, Verb)))
def test_every_move_of_a_partner_is_allowed_or_refused_as_the_table_says(
    status: PartnerStatus, review: Review, verb: Verb
) -> None:
    standing, mover = Standing(status, review), MOVERS[verb]
    wanted = EXPECTED.get((status, review), {}).get(verb)
    if verb is Verb.MERGE and (status, review) in EXPECTED:
        wanted = (MERGED, NONE)

    if wanted is not None:
        assert decide(standing, verb, mover) == wanted
        return
    with pytest.raises(Refusal) as refused:
        decide(standing, verb, mover)
    assert refused.value.code == "move_not_possible"


@pytest.mark.parametrize(("verb", "mover"), list(product(Verb, Mover)))
def test_a_partner_only_sends_and_only_the_district_decides(verb: Verb, mover: Mover) -> None:
    if mover is (Mover.PARTNER if verb is Verb.SUBMIT else Mover.DISTRICT):
        assert any(verb in open_moves(Standing(*standing), mover) for standing in EXPECTED)
        return
    with pytest.raises(Refusal) as refused:
        decide(Standing(REGISTERING, WAITING), verb, mover)
    assert refused.value.code == "not_your_move"


@pytest.mark.parametrize("verb", [Verb.ASK, Verb.APPROVE_WITH_CONDITIONS, Verb.DECLINE, Verb.SUSPEND])
def test_what_a_partner_must_understand_needs_words(verb: Verb) -> None:
    check_words(verb, "Because.")
    check_words(Verb.APPROVE, "")

    with pytest.raises(Refusal):
        check_words(verb, "")
    with pytest.raises(Refusal):
        check_words(verb, "x" * 4001)


def test_declining_needs_a_reason_from_the_list() -> None:
    check_causes((DeclineCause.NO_FIT,))

    with pytest.raises(Refusal):
        check_causes(())


def test_nothing_is_approved_before_every_criterion_is_rated_and_none_fails_without_a_condition() -> None:
    met = dict.fromkeys(CRITERIA, Grade.MET)
    one_missing = {code: grade for code, grade in met.items() if code != "fit"}
    one_failed = met | {"fit": Grade.NOT_MET}

    check_rubric(met, with_conditions=False)
    check_rubric(one_failed, with_conditions=True)
    with pytest.raises(Refusal, match="Still to rate: Fit"):
        check_rubric(one_missing, with_conditions=True)
    with pytest.raises(Refusal, match="Not met: Fit"):
        check_rubric(one_failed, with_conditions=False)


def test_an_approval_holds_for_a_year_also_when_given_on_a_leap_day() -> None:
    assert next_certification(date(2026, 11, 22)) == date(2027, 11, 22)
    assert next_certification(date(2028, 2, 29)) == date(2029, 2, 28)


TODAY = date(2027, 3, 10)
YESTERDAY = TODAY - timedelta(days=1)


@pytest.mark.parametrize(
    ("status", "ends", "halt"),
    [
        (APPROVED, {}, None),
        (CONDITIONAL, {Expiring.INSURANCE: TODAY, Expiring.CHECKS: TODAY}, None),
        (APPROVED, {Expiring.CERTIFICATION: YESTERDAY}, None),
        (APPROVED, {Expiring.INSURANCE: YESTERDAY}, Halt.INSURANCE_EXPIRED),
        (CONDITIONAL, {Expiring.CHECKS: YESTERDAY}, Halt.CHECKS_EXPIRED),
        (SUSPENDED, {Expiring.CHECKS: YESTERDAY}, Halt.SUSPENDED),
        (REGISTERING, {}, Halt.NOT_APPROVED),
        (DECLINED, {}, Halt.NOT_APPROVED),
        (MERGED, {}, Halt.NOT_APPROVED),
    ],
)
def test_programs_take_referrals_while_the_partner_is_approved_insured_and_checked(
    status: PartnerStatus, ends: dict[Expiring, date], halt: Halt | None
) -> None:
    assert halt_of(status, ends, TODAY) == halt


def test_what_runs_out_is_said_60_30_and_7_days_before_in_the_morning_and_when_it_has() -> None:
    ends = {Expiring.INSURANCE: date(2027, 3, 31)}
    at, said = datetime(2027, 1, 1, tzinfo=UTC), []

    while (due := next_due(ends, at, BOSTON)) is not None:
        said += [(one.days, one.at.isoformat()) for one in due_between(ends, at, due, BOSTON)]
        at = due

    # The clocks change on March 14: nine o'clock stays nine o'clock.
    assert said == [
        (60, "2027-01-30T09:00:00-05:00"),
        (30, "2027-03-01T09:00:00-05:00"),
        (7, "2027-03-24T09:00:00-04:00"),
        (0, "2027-04-01T00:00:00-04:00"),
    ]


def test_what_was_said_at_its_very_moment_is_not_said_again() -> None:
    ends, moment = {Expiring.INSURANCE: date(2027, 3, 31)}, datetime(2027, 3, 1, 9, tzinfo=BOSTON)

    said = due_between(ends, moment - timedelta(hours=1), moment, BOSTON)
    again = due_between(ends, moment, moment + timedelta(hours=1), BOSTON)

    assert ([one.days for one in said], again) == ([30], [])


def test_a_worker_that_slept_over_several_reminders_sends_the_last_one() -> None:
    ends = {Expiring.INSURANCE: date(2027, 3, 31)}

    found = due_between(ends, datetime(2027, 1, 1, tzinfo=UTC), datetime(2027, 3, 30, tzinfo=UTC), BOSTON)

    assert [one.days for one in found] == [7]


days = st.dates(min_value=date(2026, 1, 1), max_value=date(2030, 1, 1))


@given(on=days, hour=st.integers(0, 700), steps=st.lists(st.integers(1, 40)))
def test_however_often_somebody_looks_nothing_is_said_twice_and_the_end_is_never_missed(
    on: date, hour: int, steps: list[int]
) -> None:
    ends, said = {Expiring.CHECKS: on}, []
    at = datetime(2025, 10, 1, tzinfo=UTC) + timedelta(hours=hour)

    for step in [*steps, 2000]:
        until = at + timedelta(days=step)
        said += [one.days for one in due_between(ends, at, until, BOSTON)]
        at = until

    assert said == sorted(set(said), reverse=True)
    assert said[-1] == 0


def test_spellings_of_a_tax_id_an_address_and_a_web_address_are_one() -> None:
    assert tax_key("04-2103580") == tax_key("04 2103580")
    assert address_key("12 Main Street, Suite 4") == address_key("12 main st. ste 4")
    assert domain(web_address("www.CityYear.org/boston")) == domain("https://cityyear.org") == "cityyear.org"
    assert domain("https://www.facebook.com/cityyear") == ""
    assert [web_address(bad) for bad in ("", "city year", "javascript:alert(1)", "http://", "http://[")] == [""] * 5


@pytest.mark.parametrize(
    ("other", "same"),
    [
        (Traits("city year", tax_key="042103580"), ["tax id", "name"]),
        (Traits("something else", tax_key="042103580"), ["tax id"]),
        (Traits("something else", address_key="12 main st"), ["address"]),
        (Traits("something else", domain="cityyear.org"), ["web address"]),
        (Traits("city years"), ["name"]),
        (Traits("year of the city"), ["name"]),
        (Traits("city choir"), []),
        (Traits(""), []),
    ],
)
def test_organizations_agree_in_what_tells_them_from_others(other: Traits, same: list[str]) -> None:
    one = Traits("city year", "042103580", "12 main st", "cityyear.org")

    assert agreements_of(one, other) == same


def test_what_is_missing_may_be_saved_and_what_is_wrong_may_not() -> None:
    assert valid_registration(RegistrationEntry()).tax_id == ""

    wrong = RegistrationEntry(
        tax_id="1", website="no page", contact_email="ana", contact_phone="12", capacity="many", needs=["cello"],
        languages=["xx"], about="x" * 2001, address="x" * 301,
    )  # fmt: skip
    with pytest.raises(Refusal) as refused:
        valid_registration(wrong)
    assert set(refused.value.fields) == {
        "tax_id", "website", "contact_email", "contact_phone", "capacity", "needs", "languages", "about", "address",
    }  # fmt: skip


def test_what_is_missing_before_it_can_be_sent_is_named_field_by_field() -> None:
    lacking = missing(valid_registration(RegistrationEntry(tax_id="04-2103580")), {DocumentKind.CHECKS})

    assert "tax_id" not in lacking
    assert {"address", "about", "needs", "references", "insurance"} <= set(lacking)
    assert "checks" not in lacking


PDF, PNG, JPEG = b"%PDF-1.7\n%", b"\x89PNG\r\n\x1a\n" + b"\0" * 16, b"\xff\xd8\xff\xe0\0\x10JFIF\0" + b"\0" * 16


def test_a_file_is_what_its_content_says_and_only_three_types_are_taken() -> None:
    assert [media_type(one) for one in (PDF, PNG, JPEG)] == ["application/pdf", "image/png", "image/jpeg"]

    for other in (b"", b"hello", b"<html><script>", b"PK\3\4" + b"\0" * 60, b"GIF89a" + b"\0" * 20, b" " + PDF):
        with pytest.raises(Refusal) as refused:
            media_type(other)
        assert refused.value.code == "document_type"
    with pytest.raises(Refusal) as large:
        media_type(PDF + b"\0" * MAX_BYTES)
    assert int(large.value.kind) == 413


def test_the_name_of_a_download_is_harmless_and_ends_as_its_content_says() -> None:
    assert file_name("policy 2027.pdf", "application/pdf") == "policy 2027.pdf"
    assert file_name("C:\\papers\\policy.exe", "application/pdf") == "policy.pdf"
    assert file_name("../../etc/passwd", "image/png") == "passwd.png"
    assert file_name('a"b;c\r\nX: y.html', "image/jpeg") == "abc X y.jpg"
    assert file_name("", "image/jpeg") == "document.jpg"


def test_insurance_and_checks_say_their_last_day_and_have_not_run_out() -> None:
    check_end(DocumentKind.EVIDENCE, None, TODAY)
    check_end(DocumentKind.INSURANCE, TODAY, TODAY)

    for until in (None, YESTERDAY, date(2127, 1, 1)):
        with pytest.raises(Refusal):
            check_end(DocumentKind.CHECKS, until, TODAY)
