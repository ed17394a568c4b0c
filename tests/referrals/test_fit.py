"""Which programs fit a student's need, best first, and why."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from services.referrals.rules import Offer, Wanted, check_choices, check_decline, check_words, fit, rank
from shared.events.vocabulary import DeclineReason, Need
from shared.refusals import Kind, Refusal

SCHOOL = uuid4()
WANTED = Wanted(need=Need.ACADEMIC, school_id=SCHOOL, grade="04", languages=("ht", "en"))
PLAIN = Offer(
    program_id=uuid4(),
    organization_id=uuid4(),
    name="Homework Help",
    organization_name="City Year",
    needs=frozenset({Need.ACADEMIC}),
)


def test_a_program_that_serves_the_need_and_leaves_all_else_open_fits() -> None:
    assert fit(WANTED, PLAIN).fits


@pytest.mark.parametrize(
    ("offer", "against"),
    [
        (replace(PLAIN, needs=frozenset({Need.FOOD})), "Does not offer: Help with school work"),
        (replace(PLAIN, status="paused"), "Takes no referrals for now"),
        (replace(PLAIN, status="closed"), "Is closed"),
        (replace(PLAIN, grades=frozenset({"05", "06"})), "Does not take grade 4"),
        (replace(PLAIN, school_ids=frozenset({uuid4()})), "Does not work with your school"),
    ],
)
def test_a_program_that_misses_a_must_does_not_fit_and_says_why(offer: Offer, against: str) -> None:
    found = fit(WANTED, offer)

    assert not found.fits
    assert found.against == (against,)


@pytest.mark.parametrize(
    ("offer", "reason"),
    [
        (replace(PLAIN, grades=frozenset({"04"})), "Takes grade 4"),
        (replace(PLAIN, school_ids=frozenset({SCHOOL})), "Works with your school"),
        (replace(PLAIN, languages=("es", "ht")), "Speaks Haitian Creole, the family's language"),
        (replace(PLAIN, capacity=10, taken=7), "3 places free"),
        (replace(PLAIN, capacity=10, taken=9), "1 place free"),
        (replace(PLAIN, answers_within=timedelta(hours=3)), "Answers within a day"),
    ],
)
def test_what_speaks_for_a_program_is_said_and_lifts_it(offer: Offer, reason: str) -> None:
    found = fit(WANTED, offer)

    assert found.reasons == (reason,)
    assert found.score > fit(WANTED, PLAIN).score


def test_a_full_program_still_fits_but_comes_after_one_with_places() -> None:
    full = replace(PLAIN, program_id=uuid4(), name="A full one", capacity=5, taken=9)

    ranked = rank(WANTED, [full, PLAIN])

    assert [found.offer for found in ranked] == [PLAIN, full]
    assert ranked[1].reasons == ("No place free now; there may be a waiting list",)


def test_programs_that_do_not_fit_come_last_however_good_they_are() -> None:
    closed = replace(
        PLAIN,
        status="closed",
        languages=("ht",),
        capacity=9,
        grades=frozenset({"04"}),
        school_ids=frozenset({SCHOOL}),
    )

    assert [found.offer for found in rank(WANTED, [closed, PLAIN])] == [PLAIN, closed]


def test_a_student_without_a_grade_fits_where_grades_are_asked() -> None:
    assert fit(replace(WANTED, grade=None), replace(PLAIN, grades=frozenset({"05"}))).fits


def test_both_scripts_of_chinese_are_one_language_to_speak() -> None:
    found = fit(replace(WANTED, languages=("zh-Hant",)), replace(PLAIN, languages=("zh-Hans",)))

    assert found.reasons == ("Speaks Chinese (traditional), the family's language",)


def refusal_of(choices: list[Offer], offers: list[Offer], **more: frozenset[object]) -> Refusal:
    with pytest.raises(Refusal) as refused:
        check_choices([choice.program_id for choice in choices], offers, **more)  # type: ignore[arg-type]
    return refused.value


def test_choices_that_cannot_be_sent_are_refused_with_what_to_do() -> None:
    others = [replace(PLAIN, program_id=uuid4()) for _ in range(6)]
    closed = replace(PLAIN, status="closed")

    assert refusal_of([], [PLAIN]).code == "no_program"
    assert refusal_of([PLAIN, PLAIN], [PLAIN]).code == "program_twice"
    assert refusal_of([PLAIN], []).code == "program_unknown"
    assert refusal_of(others, others).code == "too_many_programs"
    assert refusal_of([PLAIN], [PLAIN], again=frozenset({PLAIN.program_id})).code == "program_asked"
    assert refusal_of([closed], [closed]).code == "program_closed"
    assert refusal_of([closed], [closed]).kind is Kind.CONFLICT


def test_the_reason_other_needs_words_and_the_rest_do_not() -> None:
    with pytest.raises(Refusal) as refused:
        check_decline(DeclineReason.OTHER, "  ")

    assert set(refused.value.fields) == {"words"}
    assert check_decline(DeclineReason.OTHER, " Our van is broken. ") == "Our van is broken."
    assert check_decline(DeclineReason.NO_CAPACITY, "") == ""


def test_words_that_are_too_long_or_unreadable_are_refused() -> None:
    for words in ("x" * 4001, "bell \x07"):
        with pytest.raises(Refusal) as refused:
            check_words(words)
        assert set(refused.value.fields) == {"words"}
    assert check_words("two\r\nlines ") == "two\nlines"
