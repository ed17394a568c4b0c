"""Who may move what from where to where, whole: every allowed move is listed here, every other refused."""

from itertools import product

import pytest

from services.referrals.rules import (
    AttemptState,
    Mover,
    ReferralState,
    Standing,
    Verb,
    can,
    decide,
    sight,
    why_not,
)
from shared.refusals import Kind, Refusal

# verb: movers | standing -> standing; a standing is "referral" or "referral/attempt", "-" is none.
ALLOWED = """
submit          school district        | - -> awaiting_consent
give_consent    school district family | awaiting_consent -> open
refuse_consent  school district family | awaiting_consent -> consent_refused
ask_consent     system                 | open -> awaiting_consent
send            system                 | open/queued -> open/sent
skip            system                 | open/queued -> open/skipped
return          system                 | open -> returned
acknowledge     partner caller         | open/sent -> open/acknowledged
accept          partner caller         | open/sent -> accepted/accepted
accept          partner caller         | open/acknowledged -> accepted/accepted
accept          partner caller         | waitlisted/waitlisted -> accepted/accepted
waitlist        partner caller         | open/sent -> waitlisted/waitlisted
waitlist        partner caller         | open/acknowledged -> waitlisted/waitlisted
decline         partner caller system  | open/sent -> open/declined
decline         partner caller system  | open/acknowledged -> open/declined
decline         partner caller system  | waitlisted/waitlisted -> open/declined
add_choices     school district        | returned -> open
withdraw        school district family system | awaiting_consent -> withdrawn
withdraw        school district family system | returned -> withdrawn
withdraw        school district family system | open/sent -> withdrawn/withdrawn
withdraw        school district family system | open/acknowledged -> withdrawn/withdrawn
withdraw        school district family system | waitlisted/waitlisted -> withdrawn/withdrawn
withdraw        school district family system | accepted/accepted -> withdrawn/withdrawn
complete        partner caller         | accepted/accepted -> completed/completed
"""


def standing(words: str) -> Standing:
    referral, _, attempt = words.partition("/")
    return Standing(None if referral == "-" else ReferralState(referral), AttemptState(attempt) if attempt else None)


def allowed_moves() -> dict[tuple[Mover, Verb, Standing], Standing]:
    moves: dict[tuple[Mover, Verb, Standing], Standing] = {}
    for line in ALLOWED.strip().splitlines():
        left, right = line.split("|")
        verb, *movers = left.split()
        before, after = (standing(part.strip()) for part in right.split("->"))
        moves |= {(Mover(mover), Verb(verb), before): after for mover in movers}
    return moves


EVERYTHING = [
    (mover, verb, Standing(referral, attempt))
    for mover, verb, referral, attempt in product(Mover, Verb, [None, *ReferralState], [None, *AttemptState])
]


def test_the_table_of_allowed_moves_names_every_verb() -> None:
    named = {verb for _, verb, _ in allowed_moves()}

    assert named == set(Verb)


def test_every_allowed_move_leads_where_the_table_says() -> None:
    moves = allowed_moves()

    reached = {(mover, verb, at): decide(verb, {mover: at}) for mover, verb, at in moves}

    assert {key: decision.after for key, decision in reached.items()} == moves
    assert all(decision.mover is key[0] for key, decision in reached.items())


def test_every_other_move_of_the_full_product_is_refused_with_a_reason() -> None:
    moves = allowed_moves()
    movers_of_verb = {(mover, verb) for mover, verb, _ in moves}

    for mover, verb, at in EVERYTHING:
        if (mover, verb, at) in moves:
            continue
        with pytest.raises(Refusal) as refused:
            decide(verb, {mover: at})
        expected = Kind.CONFLICT if (mover, verb) in movers_of_verb else Kind.FORBIDDEN
        assert refused.value.kind is expected, (mover, verb, at)
        assert refused.value.message.endswith("."), (mover, verb, at)


def test_what_is_shown_as_open_is_exactly_what_would_be_allowed() -> None:
    moves = allowed_moves()

    shown = {(mover, verb, at) for mover, verb, at in EVERYTHING if can(verb, {mover: at})}

    assert shown == set(moves)


def test_nobody_at_all_may_do_nothing() -> None:
    with pytest.raises(Refusal) as refused:
        decide(Verb.WITHDRAW, {})

    assert refused.value.kind is Kind.FORBIDDEN


def test_who_is_both_staff_and_guardian_moves_as_the_one_who_may() -> None:
    both = {Mover.PARTNER: standing("open/sent"), Mover.FAMILY: standing("open/sent")}

    assert decide(Verb.ACCEPT, both).mover is Mover.PARTNER
    assert decide(Verb.WITHDRAW, both).mover is Mover.FAMILY


@pytest.mark.parametrize(
    ("verb", "at", "code"),
    [
        (Verb.ACCEPT, "withdrawn/withdrawn", "ended"),
        (Verb.DECLINE, "accepted/accepted", "already_answered"),
        (Verb.ACCEPT, "returned/declined", "already_answered"),
        (Verb.GIVE_CONSENT, "open/sent", "consent_answered"),
        (Verb.ADD_CHOICES, "open/sent", "not_returned"),
        (Verb.COMPLETE, "open/acknowledged", "not_accepted"),
        (Verb.ACKNOWLEDGE, "awaiting_consent", "consent_missing"),
    ],
)
def test_a_closed_move_says_why(verb: Verb, at: str, code: str) -> None:
    assert why_not(verb, standing(at))[0] == code


def test_telephone_numbers_are_shown_to_a_partner_that_has_accepted_and_to_no_other() -> None:
    shown = {state for state in AttemptState if sight(state).contacts}

    assert shown == {AttemptState.ACCEPTED}


def test_a_partner_that_was_not_asked_or_has_declined_does_not_see_who_the_student_is() -> None:
    hidden = {state for state in AttemptState if not sight(state).student}

    assert hidden == {
        AttemptState.QUEUED,
        AttemptState.SKIPPED,
        AttemptState.DECLINED,
        AttemptState.WITHDRAWN,
    }
