"""Rules of ratings, the year's end and what ratings come to; each table of moves as a whole."""

from datetime import date
from itertools import product
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.agreements.frameworks import the_framework
from services.agreements.rules.agreements import Side
from services.agreements.rules.framework import EvidenceKind, read_framework
from services.agreements.rules.ratings import (
    SHEET_MOVES,
    Answer,
    RatingEntry,
    SheetMove,
    SheetState,
    may_see,
    missing,
    sheet_moved,
    side_of,
    valid_ratings,
)
from services.agreements.rules.school_years import Asked, refuse_closed, year_label
from services.agreements.rules.strength import Why, figures, strength
from services.agreements.rules.year_ends import (
    YEAR_END_MOVES,
    Decision,
    YearEndMove,
    YearEndState,
    decided,
    valid_year_end,
    year_end_moved,
)
from shared.events.vocabulary import RoleName
from shared.refusals import Kind, Refusal
from tests.agreements.review_support import CALENDAR, CODES, a_look_back, entries
from tests.agreements.support import the_district
from tests.support.builders import an_actor

FRAMEWORK = the_framework()


def test_the_framework_has_seven_elements_and_23_indicators() -> None:
    counts = [(element.code, len(element.indicators)) for element in FRAMEWORK.elements]

    assert counts == [("SA", 3), ("CS", 3), ("DL", 2), ("AC", 3), ("RD", 3), ("EC", 4), ("SU", 5)]
    assert len(FRAMEWORK.indicators) == 23
    assert len(FRAMEWORK.scale) == 4


def test_the_system_knows_something_about_seven_of_them() -> None:
    known = {code: one.evidence for code, one in FRAMEWORK.indicators.items() if one.evidence}

    assert known == {
        "CS3": EvidenceKind.REFERRALS,
        "DL1": EvidenceKind.CONTACTS,
        "AC1": EvidenceKind.AGREEMENTS,
        "AC2": EvidenceKind.GOALS,
        "RD1": EvidenceKind.GOALS,
        "EC1": EvidenceKind.MEETINGS,
        "EC4": EvidenceKind.MESSAGES,
    }


@pytest.mark.parametrize(
    "wrong",
    [
        {"elements": [{"code": "A", "title": "A", "indicators": {"A1": "x"}}] * 2},
        {"evidence": {"ZZ9": "goals"}},
        {"evidence": {"A1": "stars"}},
    ],
)
def test_a_framework_that_is_not_in_order_is_refused(wrong: dict[str, object]) -> None:
    whole = {
        "name": "f",
        "version": 1,
        "title": "F",
        "scale": ["a", "b", "c", "d"],
        "elements": [{"code": "A", "title": "A", "indicators": {"A1": "x"}}],
    }

    with pytest.raises(ValueError):
        read_framework(whole | wrong)


SHEET_TABLE = {
    ("not_started", "save"): "draft",
    ("draft", "save"): "draft",
    ("draft", "give"): "given",
    ("given", "take_back"): "draft",
}


@pytest.mark.parametrize(("state", "move"), list(product(SheetState, SheetMove)))
def test_ratings_move_as_the_table_says_and_in_no_other_way(state: SheetState, move: SheetMove) -> None:
    wanted = SHEET_TABLE.get((state.value, move.value))

    if wanted:
        assert sheet_moved(state, move) == wanted
    else:
        with pytest.raises(Refusal) as refused:
            sheet_moved(state, move)
        assert refused.value.kind is Kind.CONFLICT
    assert len(SHEET_MOVES) == len(SHEET_TABLE)


YEAR_END_TABLE = {
    ("school", "not_started", "save"): "draft",
    ("school", "draft", "save"): "draft",
    ("school", "draft", "decide"): "decided",
    ("school", "decided", "reopen"): "draft",
    ("partner", "not_started", "save"): "draft",
    ("partner", "draft", "save"): "draft",
}


@pytest.mark.parametrize(("side", "state", "move"), list(product(Side, YearEndState, YearEndMove)))
def test_a_look_back_moves_as_the_table_says_and_in_no_other_way(
    side: Side, state: YearEndState, move: YearEndMove
) -> None:
    wanted = YEAR_END_TABLE.get((side.value, state.value, move.value))

    if wanted:
        assert year_end_moved(side, state, move) == wanted
    else:
        with pytest.raises(Refusal) as refused:
            year_end_moved(side, state, move)
        never = side is Side.PARTNER and move is not YearEndMove.SAVE
        assert refused.value.kind is (Kind.FORBIDDEN if never else Kind.CONFLICT)
    assert len(YEAR_END_MOVES) == len(YEAR_END_TABLE)


@pytest.mark.parametrize("rating", [0, 5, -1, "3.5", "good", "１", "not known"])
def test_a_rating_that_is_none_is_refused_and_names_its_indicator(rating: object) -> None:
    with pytest.raises(Refusal) as refused:
        valid_ratings([RatingEntry(indicator="SA2", rating=rating)], FRAMEWORK)

    assert list(refused.value.fields) == ["rating-SA2"]


def test_evidence_that_is_too_long_and_a_strange_indicator_are_refused_together() -> None:
    given = [RatingEntry(indicator="SA1", evidence="x" * 2001), RatingEntry(indicator="ZZ1", rating=3)]

    with pytest.raises(Refusal) as refused:
        valid_ratings(given, FRAMEWORK)

    assert list(refused.value.fields) == ["evidence-SA1", "rating-ZZ1"]


def test_no_rating_yet_is_not_the_same_as_not_known() -> None:
    rated = valid_ratings(
        [RatingEntry(indicator="SA1", rating=""), RatingEntry(indicator="SA2", rating="not_known")], FRAMEWORK
    )

    assert (rated["SA1"].answer, rated["SA2"].answer) == (None, Answer.NOT_KNOWN)
    left = missing(FRAMEWORK, {code: one.answer for code, one in rated.items()})
    assert left == [code for code in CODES if code != "SA2"]


@pytest.mark.parametrize(
    ("viewer", "side", "school", "partner", "seen"),
    [
        ("school", "school", "draft", "not_started", True),
        ("school", "partner", "draft", "given", False),
        ("school", "partner", "given", "draft", False),
        ("school", "partner", "given", "given", True),
        ("partner", "school", "given", "not_started", False),
        ("partner", "school", "given", "given", True),
        (None, "school", "draft", "given", False),
        (None, "partner", "draft", "given", True),
    ],
)
def test_who_has_not_given_its_own_ratings_does_not_see_the_others(
    viewer: str | None, side: str, school: str, partner: str, seen: bool
) -> None:
    states = {Side.SCHOOL: SheetState(school), Side.PARTNER: SheetState(partner)}

    assert may_see(Side(viewer) if viewer else None, Side(side), states) is seen


def test_somebody_speaks_for_the_school_or_the_partner_where_they_work() -> None:
    school, partner = uuid4(), uuid4()

    assert side_of(an_actor(RoleName.SCHOOL_STAFF, school), school, partner) is Side.SCHOOL
    assert side_of(an_actor(RoleName.PARTNER_STAFF, partner), school, partner) is Side.PARTNER
    assert side_of(an_actor(RoleName.SCHOOL_STAFF, uuid4()), school, partner) is None
    assert side_of(the_district(), school, partner) is None


@pytest.mark.parametrize(
    ("day", "year"), [(date(2026, 6, 30), 2025), (date(2026, 7, 1), 2026), (date(2027, 2, 28), 2026)]
)
def test_a_school_year_begins_on_its_first_day(day: date, year: int) -> None:
    assert CALENDAR.year_of(day) == year
    assert CALENDAR.first_day(year) <= day <= CALENDAR.last_day(year)


def test_the_sides_are_asked_in_the_spring_of_the_year() -> None:
    assert CALENDAR.asked_on(2026, Asked.RATINGS) == date(2027, 4, 15)
    assert CALENDAR.asked_on(2026, Asked.YEAR_END) == date(2027, 5, 15)
    assert year_label(2026) == "2026–27"
    assert year_label(2099) == "2099–00"


@pytest.mark.parametrize(("day", "open_"), [(date(2026, 6, 30), False), (date(2026, 7, 1), True),
                                            (date(2027, 8, 29), True), (date(2027, 8, 30), False)])  # fmt: skip
def test_a_year_can_be_looked_back_on_until_its_grace_ends(day: date, open_: bool) -> None:
    assert CALENDAR.is_open(2026, day) is open_
    if not open_:
        with pytest.raises(Refusal) as refused:
            refuse_closed(CALENDAR, 2026, day)
        assert "July 1, 2026 to August 29, 2027" in refused.value.message


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"decision": ""}, ["decision"]),
        ({"reason": " "}, ["reason"]),
        ({"known_by": ""}, ["known_by"]),
        ({"decision": "explore", "known_by": "", "reason": ""}, ["reason", "known_by"]),
        ({"decision": "stop", "known_by": ""}, []),
    ],
)
def test_a_decision_says_why_and_how_it_will_be_known(changes: dict[str, str], wrong: list[str]) -> None:
    values = valid_year_end(a_look_back(**changes))

    if wrong:
        with pytest.raises(Refusal) as refused:
            decided(values)
        assert list(refused.value.fields) == wrong
    else:
        assert decided(values) is Decision.STOP


def test_a_decision_that_there_is_not_and_too_many_words_are_refused() -> None:
    with pytest.raises(Refusal) as refused:
        valid_year_end(a_look_back(decision="maybe", learnt="x" * 4001))

    assert set(refused.value.fields) == {"learnt", "decision"}


def tally(**given: list[object]) -> dict[tuple[Side, str], dict[Answer, int]]:
    """`school_SA1=[3, 4]`: the answers of the schools' people to SA1."""
    tallies: dict[tuple[Side, str], dict[Answer, int]] = {}
    for key, answers in given.items():
        side, code = key.split("_")
        counts = tallies.setdefault((Side(side), code), {})
        for answer in answers:
            counts[Answer(str(answer))] = counts.get(Answer(str(answer)), 0) + 1
    return tallies


def test_both_sides_count_the_same_however_many_rated_on_each() -> None:
    found = figures(tally(school_SA1=[4], partner_SA1=[1, 2, 3, "not_known"]), ["SA1"])

    assert (found.school, found.partner, found.mean, found.gap) == (4.0, 2.0, 3.0, 2.0)
    assert (found.lowest, found.highest, found.ratings, found.not_known) == (1, 4, 4, 1)


def test_what_nobody_rated_has_no_mean() -> None:
    found = figures(tally(school_SA1=["not_known"]), ["SA1"])

    assert (found.school, found.partner, found.mean, found.gap) == (None, None, None, None)
    assert (found.lowest, found.ratings, found.not_known) == (None, 0, 1)


def test_strengths_are_rated_high_and_next_steps_low_or_apart_or_not_known() -> None:
    tallies = tally(
        school_EC1=[4], partner_EC1=[3], school_EC2=[1], partner_EC2=[2],
        school_EC3=[4], partner_EC3=[2], school_EC4=["not_known"],
    )  # fmt: skip

    element = next(one for one in strength(FRAMEWORK, tallies) if one.code == "EC")

    assert [one.code for one in element.strengths] == ["EC1", "EC3"]
    assert [(step.code, step.why) for step in element.next_steps] == [
        ("EC2", Why.LOW),
        ("EC3", Why.APART),
        ("EC4", Why.NOT_KNOWN),
    ]


ANSWERS = st.dictionaries(
    st.tuples(st.sampled_from(list(Side)), st.sampled_from(CODES)),
    st.dictionaries(st.sampled_from(list(Answer)), st.integers(min_value=1, max_value=5), min_size=1),
)


@settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow])
@given(tallies=ANSWERS)
def test_a_mean_lies_between_the_lowest_and_the_highest_rating(
    tallies: dict[tuple[Side, str], dict[Answer, int]],
) -> None:
    for element in strength(FRAMEWORK, tallies):
        of = element.figures
        assert (of.mean is None) == (of.ratings == 0) == (of.lowest is None)
        for mean in (of.mean, of.school, of.partner):
            if mean is not None and of.lowest is not None and of.highest is not None:
                assert of.lowest <= mean <= of.highest
        assert not {one.code for one in element.strengths} & {
            step.code for step in element.next_steps if step.why is Why.LOW
        }


def test_a_whole_sheet_is_in_order() -> None:
    assert len(valid_ratings(entries(1, 2, 3, 4, "not_known", "3"), FRAMEWORK)) == 23
