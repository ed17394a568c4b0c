"""What the rules of the people service decide, on plain values."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from services.people import rules
from shared.events.base import Role
from shared.events.vocabulary import RoleName
from shared.refusals import Kind, Refusal

NOW = datetime(2026, 11, 21, 15, tzinfo=UTC)
SCHOOL = uuid4()


@pytest.mark.parametrize(
    ("roles", "home"),
    [
        ([RoleName.DISTRICT_OFFICE], "/referrals/overview"),
        ([RoleName.GUARDIAN, RoleName.SCHOOL_STAFF], "/referrals/today"),
        ([RoleName.PARTNER_STAFF, RoleName.GUARDIAN], "/referrals/inbox"),
        ([RoleName.GUARDIAN], "/referrals/family"),
        ([RoleName.STUDENT], None),
        ([], None),
    ],
)
def test_everyone_has_the_home_of_their_widest_role(roles: list[RoleName], home: str | None) -> None:
    assert rules.home_of(Role(name=name) for name in roles) == home


@pytest.mark.parametrize("asked", ["//evil.example", "https://evil.example", "/\\evil.example", "/a\nb", "", "a"])
def test_sign_in_never_leads_to_another_site(asked: str) -> None:
    assert rules.way_on(asked) == "/"


def test_sign_in_leads_back_to_where_somebody_wanted_to_go() -> None:
    assert rules.way_on("/referrals/today?page=2") == "/referrals/today?page=2"


def test_names_are_searched_without_accents_and_case() -> None:
    assert rules.search_words("Zoë", "Núñez  Vásquez", None) == "zoe nunez vasquez"
    assert rules.search_words("Ana", "Lee", "Ana@Example.org") == "ana lee ana@example.org"


@pytest.mark.parametrize(
    ("role", "known", "field"),
    [
        (Role(name="guardian", scope_id=SCHOOL), True, "role"),
        (Role(name="queen"), True, "role"),
        (Role(name="district_office", scope_id=SCHOOL), True, "scope_id"),
        (Role(name="school_staff", scope_id=SCHOOL), False, "scope_id"),
        (Role(name="partner_staff"), False, "scope_id"),
    ],
)
def test_a_role_that_cannot_be_given_is_refused_at_its_field(role: Role, known: bool, field: str) -> None:
    with pytest.raises(Refusal) as refused:
        rules.check_role(role, scope_is_known=known)

    assert (refused.value.kind, list(refused.value.fields)) == (Kind.INVALID, [field])


def test_the_last_role_of_the_district_office_stays() -> None:
    role = Role(name=RoleName.DISTRICT_OFFICE)

    rules.check_revocable(role, others_in_district_office=1, by_hand=True)
    with pytest.raises(Refusal, match="Nobody else") as refused:
        rules.check_revocable(role, others_in_district_office=0, by_hand=True)

    assert refused.value.code == "last_district_office"


def test_a_role_of_the_roster_cannot_be_taken_away_by_hand() -> None:
    with pytest.raises(Refusal, match="comes with the roster"):
        rules.check_revocable(Role(name="school_staff"), others_in_district_office=0, by_hand=False)


def test_the_sixth_code_in_a_quarter_of_an_hour_has_to_wait() -> None:
    asked = [NOW - timedelta(minutes=minutes) for minutes in (14, 10, 8, 5, 1)]

    rules.check_rate(asked[1:], most=5, now=NOW)
    rules.check_rate(asked, most=5, now=NOW + timedelta(minutes=1))
    with pytest.raises(Refusal) as refused:
        rules.check_rate(asked, most=5, now=NOW)

    assert (refused.value.kind, refused.value.retry_after) == (Kind.TOO_MANY, 61)


def test_a_way_in_is_open_once_and_in_time() -> None:
    rules.check_open(opened=False, expires_at=NOW + timedelta(seconds=1), now=NOW)
    with pytest.raises(Refusal, match="used already"):
        rules.check_open(opened=True, expires_at=NOW + timedelta(seconds=1), now=NOW)
    with pytest.raises(Refusal, match="too old"):
        rules.check_open(opened=False, expires_at=NOW, now=NOW)


def test_a_code_may_be_tried_five_times() -> None:
    rules.check_tries(4)
    with pytest.raises(Refusal, match="too often"):
        rules.check_tries(5)


def test_a_mail_is_tried_again_ever_later_but_never_after_more_than_a_minute() -> None:
    waits = [(rules.resend_at(sends, NOW) - NOW).total_seconds() for sends in (1, 2, 3, 4, 5, 9)]

    assert waits == [5, 10, 20, 40, 60, 60]


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("Ana Reis", ("Ana", "Reis")),
        ("Ana  Maria dos Reis", ("Ana Maria dos", "Reis")),
        ("Ana", ("Ana", "")),
        ("", ("", "")),
    ],
)
def test_the_last_word_of_a_contacts_name_is_the_family_name(name: str, parts: tuple[str, str]) -> None:
    assert rules.contact_name(name) == parts


@pytest.mark.parametrize("state", ["uploaded", "refused", "discarded", "failed"])
def test_only_a_checked_roster_is_applied(state: str) -> None:
    with pytest.raises(Refusal) as refused:
        rules.check_approvable(state)

    assert refused.value.kind is Kind.CONFLICT


@pytest.mark.parametrize("state", ["checked", "approved", "applied"])
def test_approving_twice_is_approving(state: str) -> None:
    rules.check_approvable(state)


def test_only_a_checked_roster_is_put_away() -> None:
    rules.check_discardable("checked")
    with pytest.raises(Refusal):
        rules.check_discardable("applied")
