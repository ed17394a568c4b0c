"""The life of an agreement as properties: whatever people and the calendar do, what must hold holds."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from services.agreements.rules.agreements import (
    ENDED,
    IN_FORCE,
    SIGNED,
    AgreementState,
    EditionState,
    Mover,
    Side,
    Standing,
    Term,
    Verb,
    decide,
    is_open,
    next_turn,
)
from services.agreements.rules.calendar import REMINDED, DueKind, a_term_on, dues
from services.agreements.rules.drafting import changes_between, joined, undone
from services.agreements.rules.signing import Parties, digest_of, text_of
from services.agreements.rules.terms import TEXTS, Terms
from tests.agreements.agreeing import ZONE

DAYS = st.dates(date(2020, 1, 1), date(2030, 12, 31))
WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=30)


@st.composite
def terms(draw: st.DrawFn) -> Terms:
    starts_on = draw(DAYS)
    fields: dict[str, Any] = {name: draw(WORDS) for name in TEXTS}
    return Terms(
        title=draw(WORDS.filter(str.strip)),
        kind=draw(st.sampled_from(["no_cost_mou", "paid_contract", "space_alignment"])),
        starts_on=starts_on,
        ends_on=starts_on + timedelta(days=draw(st.integers(0, 1500))),
        notice_days=draw(st.integers(0, 365)),
        **fields,
    )


class Life(RuleBasedStateMachine):
    """People move it, days pass; signatures are counted as the commands count them."""

    @initialize(starts_on=DAYS, days=st.integers(0, 800), notice=st.integers(0, 365))
    def start(self, starts_on: date, days: int, notice: int) -> None:
        self.term = Term(starts_on, starts_on + timedelta(days=days), notice)
        self.today = starts_on - timedelta(days=30)
        self.at = decide(Verb.START, Standing(None), Mover.SCHOOL)
        self.signed: set[Side] = set()
        self.concluded = False

    def move(self, verb: Verb, mover: Mover = Mover.SCHOOL) -> None:
        if is_open(verb, self.at):
            self.at = decide(verb, self.at, mover)

    @rule(verb=st.sampled_from([Verb.EDIT, Verb.COMMENT, Verb.AMEND, Verb.DISCARD, Verb.TERMINATE, Verb.RENEW]))
    def people_move_it(self, verb: Verb) -> None:
        self.move(verb)

    @rule()
    def it_is_sent(self) -> None:
        if is_open(Verb.SEND, self.at):
            self.signed = set()
            self.move(Verb.SEND)

    @rule()
    def it_is_taken_back(self) -> None:
        if is_open(Verb.TAKE_BACK, self.at):
            self.signed = set()
            self.move(Verb.TAKE_BACK)

    @rule(side=st.sampled_from(Side))
    def a_side_signs(self, side: Side) -> None:
        if not is_open(Verb.SIGN, self.at):
            return
        self.move(Verb.SIGN, Mover.PARTNER if side is Side.PARTNER else Mover.SCHOOL)
        self.signed.add(side)
        if self.signed == set(Side):
            self.at = decide(Verb.CONCLUDE, self.at, Mover.SYSTEM)
            self.concluded = True
            self.turn()

    @rule(days=st.integers(1, 200))
    def days_pass(self, days: int) -> None:
        self.today += timedelta(days=days)
        self.turn()

    @precondition(lambda self: self.at.agreement in SIGNED)
    @rule(days=st.integers(-300, 600))
    def an_amendment_moves_the_end(self, days: int) -> None:
        ends_on = max(self.term.ends_on + timedelta(days=days), self.term.starts_on)
        self.term = Term(self.term.starts_on, ends_on, self.term.notice_days)
        self.turn()

    def turn(self) -> None:
        steps = 0
        while self.at.agreement and (verb := next_turn(self.at.agreement, self.term, self.today)):
            self.at = decide(verb, self.at, Mover.SYSTEM)
            steps += 1
            assert steps <= 3, "the calendar goes in circles"

    @invariant()
    def nothing_holds_before_both_have_signed(self) -> None:
        if self.at.agreement in SIGNED | {AgreementState.EXPIRED, AgreementState.TERMINATED}:
            assert self.concluded

    @invariant()
    def it_is_in_force_on_the_days_of_its_term_only(self) -> None:
        within = self.term.starts_on <= self.today <= self.term.ends_on
        if self.at.agreement in SIGNED:
            assert (self.at.agreement in IN_FORCE) == within
            due = within and self.today >= self.term.due_on
            assert (self.at.agreement is AgreementState.RENEWAL_DUE) == due

    @invariant()
    def what_has_ended_is_never_moved_again_but_renewed(self) -> None:
        if self.at.agreement in ENDED:
            moves = {verb for verb in Verb if is_open(verb, self.at)}
            assert moves <= {Verb.RENEW, Verb.MEASURE}

    @invariant()
    def only_a_signed_agreement_has_an_amendment(self) -> None:
        if self.at.amendment is not None:
            assert self.at.agreement in SIGNED
            assert self.at.amendment in (EditionState.DRAFT, EditionState.SIGNING)


TestLife = Life.TestCase


@given(terms(), terms())
def test_undoing_what_changed_gives_the_text_from_before(before: Terms, after: Terms) -> None:
    assert undone(after, changes_between(before, after)) == before


@given(terms(), terms(), terms())
def test_changes_to_different_fields_are_joined_whoever_saves_first(base: Terms, one: Terms, two: Terms) -> None:
    halves = TEXTS[:5], TEXTS[5:]
    mine = base.model_copy(update={name: getattr(one, name) for name in halves[0]})
    theirs = base.model_copy(update={name: getattr(two, name) for name in halves[1]})

    first = joined(theirs, changes_between(base, theirs), mine)
    second = joined(mine, changes_between(base, mine), theirs)

    assert first == second
    assert all(getattr(first, name) == getattr(one, name) for name in halves[0])


@given(terms())
def test_the_exact_text_is_the_same_each_time_and_different_for_different_terms(some: Terms) -> None:
    parties = Parties("Lincoln", "City Year", (), "Ada", "Rosa")
    text = text_of(UUID(int=1), 1, some, parties, "USD")

    other = some.model_copy(update={"notice_days": some.notice_days + 1})

    assert digest_of(text) == digest_of(text_of(UUID(int=1), 1, some, parties, "USD"))
    assert digest_of(text) != digest_of(text_of(UUID(int=1), 1, other, parties, "USD"))
    assert "\r" not in text


@given(terms())
def test_the_next_term_begins_after_the_last_day_and_is_as_long(some: Terms) -> None:
    following = a_term_on(some, UUID(int=1), {})

    assert following.starts_on > some.ends_on
    before, after = (one.ends_on - one.starts_on for one in (some, following))
    assert abs(before - after) <= timedelta(days=1)


@given(terms())
def test_what_the_calendar_brings_lies_before_the_end_in_the_districts_morning(some: Terms) -> None:
    term = Term(some.starts_on, some.ends_on, some.notice_days)
    brought = list(dues(term, some.review_on, ZONE))

    reminders = [one for one in brought if one.kind is DueKind.RENEWAL]
    falls_due = (some.ends_on - term.due_on).days
    assert [one.days_before for one in reminders] == sorted({*REMINDED, falls_due} - {0}, reverse=True)
    for one in reminders:
        local = one.at.astimezone(ZONE)
        assert (local.hour, local.date()) == (9, some.ends_on - timedelta(days=one.days_before))
