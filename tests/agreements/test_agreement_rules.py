"""Who may move an agreement from where to where, whole: every allowed move is listed here, every other refused."""

from datetime import date, timedelta
from itertools import product

import pytest

from services.agreements.rules.agreements import (
    AgreementState,
    EditionState,
    Mover,
    Standing,
    Term,
    Verb,
    decide,
    is_open,
    next_turn,
)
from shared.refusals import Kind, Refusal

# verb: movers | standing -> standing; a standing is "agreement" or "agreement/amendment", "-" is none,
# "signed" each of upcoming, active, renewal_due.
ALLOWED = """
start            both        | - -> draft
edit             both        | draft -> draft
edit             both        | signed/draft -> signed/draft
comment          both        | draft -> draft
comment          both        | signing -> signing
comment          both        | signed -> signed
comment          both        | signed/draft -> signed/draft
comment          both        | signed/signing -> signed/signing
send             both        | draft -> signing
send             both        | signed/draft -> signed/signing
take_back        both        | signing -> draft
take_back        both        | signed/signing -> signed/draft
sign             both        | signing -> signing
sign             both        | signed/signing -> signed/signing
conclude         system      | signing -> upcoming
conclude         system      | signed/signing -> signed
discard          both        | draft -> discarded
discard          both        | signed/draft -> signed
amend            both        | signed -> signed/draft
renew            both        | signed -> signed
renew            both        | signed/draft -> signed/draft
renew            both        | signed/signing -> signed/signing
renew            both        | expired -> expired
terminate        both        | signed -> terminated
terminate        both        | signed/draft -> terminated
terminate        both        | signed/signing -> terminated
measure          both        | signed -> signed
measure          both        | signed/draft -> signed/draft
measure          both        | signed/signing -> signed/signing
measure          both        | expired -> expired
replace_contact  both system | draft -> draft
replace_contact  both system | signing -> signing
replace_contact  both system | signed -> signed
replace_contact  both system | signed/draft -> signed/draft
replace_contact  both system | signed/signing -> signed/signing
begin            system      | upcoming -> active
begin            system      | upcoming/draft -> active/draft
begin            system      | upcoming/signing -> active/signing
fall_due         system      | active -> renewal_due
fall_due         system      | active/draft -> renewal_due/draft
fall_due         system      | active/signing -> renewal_due/signing
prolong          system      | renewal_due -> active
prolong          system      | renewal_due/draft -> active/draft
prolong          system      | renewal_due/signing -> active/signing
expire           system      | signed -> expired
expire           system      | signed/draft -> expired
expire           system      | signed/signing -> expired
"""
SIGNED = ("upcoming", "active", "renewal_due")


def standing(words: str) -> Standing:
    agreement, _, amendment = words.partition("/")
    return Standing(
        None if agreement == "-" else AgreementState(agreement), EditionState(amendment) if amendment else None
    )


def allowed_moves() -> dict[tuple[Mover, Verb, Standing], Standing]:
    moves: dict[tuple[Mover, Verb, Standing], Standing] = {}
    for line in ALLOWED.strip().splitlines():
        left, right = line.split("|")
        verb, *movers = left.replace("both", "school district partner").split()
        for signed in SIGNED:
            before, after = (standing(part.strip().replace("signed", signed)) for part in right.split("->"))
            moves |= {(Mover(mover), Verb(verb), before): after for mover in movers}
    return moves


EVERYTHING = [
    (mover, verb, Standing(agreement, amendment))
    for mover, verb, agreement, amendment in product(Mover, Verb, [None, *AgreementState], [None, *EditionState])
]


def test_the_table_of_allowed_moves_names_every_verb() -> None:
    assert {verb for _, verb, _ in allowed_moves()} == set(Verb)


def test_every_allowed_move_leads_where_the_table_says() -> None:
    moves = allowed_moves()

    assert {(mover, verb, at): decide(verb, at, mover) for mover, verb, at in moves} == moves


def test_every_other_move_is_refused_in_words() -> None:
    allowed = allowed_moves()
    movers = {(mover, verb) for mover, verb, _ in allowed}

    for mover, verb, at in EVERYTHING:
        if (mover, verb, at) in allowed:
            continue
        with pytest.raises(Refusal) as refused:
            decide(verb, at, mover)
        assert refused.value.kind is (Kind.CONFLICT if (mover, verb) in movers else Kind.FORBIDDEN)
        assert refused.value.message.endswith(".")


def test_a_page_offers_exactly_what_people_may_do() -> None:
    allowed = {(verb, at) for mover, verb, at in allowed_moves() if mover is not Mover.SYSTEM}

    assert {(verb, at) for _, verb, at in EVERYTHING if is_open(verb, at)} == allowed


TERM = Term(starts_on=date(2026, 9, 1), ends_on=date(2027, 6, 30), notice_days=60)
DUE = date(2027, 5, 1)
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("state", "today", "turn"),
    [
        ("upcoming", TERM.starts_on - DAY, None),
        ("upcoming", TERM.starts_on, "begin"),
        ("active", DUE - DAY, None),
        ("active", DUE, "fall_due"),
        ("renewal_due", DUE, None),
        ("renewal_due", DUE - DAY, "prolong"),
        ("renewal_due", TERM.ends_on, None),
        ("renewal_due", TERM.ends_on + DAY, "expire"),
        ("active", TERM.ends_on + DAY, "expire"),
        ("upcoming", TERM.ends_on + DAY, "expire"),
        ("draft", TERM.ends_on + DAY, None),
        ("signing", TERM.ends_on + DAY, None),
        ("expired", DUE, None),
        ("terminated", DUE, None),
        ("discarded", DUE, None),
    ],
)
def test_the_calendar_turns_only_what_is_signed_and_on_the_right_day(state: str, today: date, turn: str | None) -> None:
    assert next_turn(AgreementState(state), TERM, today) == turn


def test_renewal_is_never_due_before_the_first_day() -> None:
    assert Term(TERM.starts_on, TERM.ends_on, 900).due_on == TERM.starts_on
