"""What makes a program valid, how it opens and closes, who may keep it; names and numbers in one spelling."""

from itertools import product
from uuid import UUID

import pytest

from services.agreements.rules import (
    MOVES,
    Move,
    ProgramEntry,
    ProgramStatus,
    keeps,
    moved,
    organization_name,
    valid_program,
)
from services.agreements.words import is_email, line, lines, name_key, phones_in
from shared.events.base import Role
from shared.events.vocabulary import Need, RoleName
from shared.identity.actor import Actor
from shared.refusals import Kind, Refusal

LINCOLN = UUID("11111111-1111-4111-8111-111111111111")
YMCA = UUID("22222222-2222-4222-8222-222222222222")
CITY_YEAR = UUID("33333333-3333-4333-8333-333333333333")


def entry(**changes: object) -> ProgramEntry:
    """A program that is in order, with some fields changed."""
    fields: dict[str, object] = {
        "name": "Homework club",
        "needs": ["academic"],
        "contact_name": "Rosa Lima",
        "contact_email": "rosa@example.org",
    }
    return ProgramEntry.model_validate(fields | changes)


def wrong_with(**changes: object) -> dict[str, str]:
    with pytest.raises(Refusal) as refused:
        valid_program(entry(**changes), {LINCOLN})
    assert refused.value.kind is Kind.INVALID
    return refused.value.fields


def test_a_program_needs_a_name_a_need_and_a_contact() -> None:
    wrong = wrong_with(name=" ", needs=[], contact_name="", contact_email="")

    assert list(wrong) == ["name", "needs", "contact_name", "contact_email"]
    assert "nobody could answer" in wrong["contact_email"]


def test_a_telephone_number_alone_is_a_contact_and_becomes_e164() -> None:
    values = valid_program(entry(contact_email="", contact_phone="(617) 555-0123 ext. 45"), ())

    assert (values.contact_phone, values.contact_extension) == ("+16175550123", "45")
    assert values.has_contact


def test_codes_are_kept_in_the_order_of_the_vocabulary_whatever_the_order_of_the_form() -> None:
    values = valid_program(
        entry(needs=["sports", "academic"], grades=["03", "KG"], languages=["ht", "es"], school_ids=[str(LINCOLN)]),
        {LINCOLN},
    )

    assert values.needs == (Need.ACADEMIC, Need.SPORTS)
    assert values.grades == ("KG", "03")
    assert values.languages == ("es", "ht")
    assert values.school_ids == (LINCOLN,)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("needs", ["magic"]),
        ("grades", ["14"]),
        ("languages", ["tlh"]),
        ("school_ids", [str(YMCA)]),
        ("school_ids", ["no id at all"]),
        ("capacity", "many"),
        ("capacity", "0"),
        ("capacity", "-3"),
        ("capacity", "9" * 30),
        ("contact_email", "rosa at example.org"),
        ("contact_email", "rosa@example.org, ana@example.org"),
        ("contact_phone", "call me"),
        ("contact_phone", "617-555-0123 or 617-555-0124"),
        ("name", "x" * 201),
        ("description", "x" * 4001),
    ],
)
def test_a_value_that_cannot_be_is_refused_beside_its_field(field: str, value: object) -> None:
    assert set(wrong_with(**{field: value})) == {field}


def test_an_empty_capacity_is_not_known() -> None:
    assert valid_program(entry(capacity=""), ()).capacity is None
    assert valid_program(entry(capacity=" 25 "), ()).capacity == 25


def test_control_characters_never_reach_the_database() -> None:
    values = valid_program(entry(name="Home\x00work\tclub\r\n", description="One\r\n\x00two"), ())

    assert values.name == "Home work club"
    assert values.description == "One\n two"


ALLOWED = {
    (ProgramStatus.OPEN, Move.PAUSE, ProgramStatus.PAUSED),
    (ProgramStatus.OPEN, Move.CLOSE, ProgramStatus.CLOSED),
    (ProgramStatus.PAUSED, Move.CLOSE, ProgramStatus.CLOSED),
    (ProgramStatus.PAUSED, Move.REOPEN, ProgramStatus.OPEN),
    (ProgramStatus.CLOSED, Move.REOPEN, ProgramStatus.OPEN),
}


@pytest.mark.parametrize(("status", "move"), list(product(ProgramStatus, Move)))
def test_every_move_is_allowed_by_the_table_or_refused(status: ProgramStatus, move: Move) -> None:
    after = {to for begin, done, to in ALLOWED if (begin, done) == (status, move)}

    if after:
        assert {moved(status, move, has_contact=True)} == after
    else:
        with pytest.raises(Refusal) as refused:
            moved(status, move, has_contact=True)
        assert (refused.value.kind, refused.value.code) == (Kind.CONFLICT, "move_not_possible")


def test_the_table_of_moves_has_no_other_entry() -> None:
    assert {(status, move, to) for (status, move), to in MOVES.items()} == ALLOWED


def test_a_program_without_a_contact_cannot_open() -> None:
    with pytest.raises(Refusal) as refused:
        moved(ProgramStatus.PAUSED, Move.REOPEN, has_contact=False)

    assert refused.value.code == "program_without_contact"


def test_the_district_keeps_every_program_and_partner_staff_their_own() -> None:
    district = Actor(None, "", roles=(Role(name=RoleName.DISTRICT_OFFICE),))
    partner = Actor(None, "", roles=(Role(name=RoleName.PARTNER_STAFF, scope_id=YMCA),))
    school = Actor(None, "", roles=(Role(name=RoleName.SCHOOL_STAFF, scope_id=LINCOLN),))

    assert keeps(district, YMCA)
    assert keeps(partner, YMCA)
    assert not keeps(partner, CITY_YEAR)
    assert not keeps(school, YMCA)
    assert not keeps(None, YMCA)


@pytest.mark.parametrize("name", ["", "  ", "x" * 201])
def test_an_organization_needs_a_name_of_reasonable_length(name: str) -> None:
    with pytest.raises(Refusal) as refused:
        organization_name(name)

    assert "name" in refused.value.fields


@pytest.mark.parametrize(
    "name",
    [
        "The Children's Aid Society",
        "Childrens Aid Society, Inc.",
        "CHILDREN’S  AID SOCIETY INC",
        "The Children's Aid Society, LLC",
    ],
)
def test_spellings_of_one_name_have_one_key(name: str) -> None:
    assert name_key(name) == "childrens aid society"


def test_different_organizations_have_different_keys() -> None:
    assert name_key("YMCA of Queens") != name_key("YWCA of Queens")
    assert name_key("The Inc.") == "the"
    assert name_key("Sports & Arts") == name_key("Sports and Arts")


def test_telephone_numbers_are_found_among_other_words() -> None:
    found = phones_in("718.451.2200 ext.107 or 973.896.1246")

    assert [(phone.number, phone.extension) for phone in found] == [("+17184512200", "107"), ("+19738961246", "")]
    assert phones_in("(64) 686-6102") == []


def test_one_line_and_several_lines() -> None:
    assert line("  a\u00a0 b\n c ") == "a b c"
    assert lines(" a\r\nb\rc ") == "a\nb\nc"


@pytest.mark.parametrize("text", ["a@b.org", "a.b+c@d-e.example.org"])
def test_an_email_address_has_a_name_and_a_domain(text: str) -> None:
    assert is_email(text)


NO_ADDRESSES = ["a@b", "@b.org", "a b@c.org", "a@b.org\nBcc: x@y.org", "a@b..org.", "x" * 250 + "@b.org"]


@pytest.mark.parametrize("text", NO_ADDRESSES)
def test_what_is_no_email_address_is_refused(text: str) -> None:
    assert not is_email(text)
