"""The bar on top shows everybody their own places, and where they are."""

from uuid import uuid4

from shared.events.base import Role
from shared.events.vocabulary import RoleName
from shared.identity.actor import Actor
from shared.web.nav import Item, navigation


def somebody(*roles: RoleName, only: bool = False) -> Actor:
    return Actor(uuid4(), "Somebody", roles=tuple(Role(name=r) for r in roles), only=uuid4() if only else None)


def labels(items: list[Item]) -> list[str]:
    return [item.label for item in items]


def test_everybody_has_places_of_their_own() -> None:
    firsts = [navigation(somebody(role), "/")[0] for role in list(RoleName)[:4]]

    assert len({item.href for item in firsts}) == 4


def test_who_is_not_signed_in_finds_what_is_public() -> None:
    assert labels(navigation(None, "/")) == ["Find a program"]


def test_a_message_link_does_not_lead_to_pages_that_ask_to_sign_in() -> None:
    assert navigation(somebody(RoleName.GUARDIAN, only=True), "/") == navigation(None, "/")


def test_somebody_with_two_roles_finds_every_place_once() -> None:
    both = navigation(somebody(RoleName.DISTRICT_OFFICE, RoleName.SCHOOL_STAFF), "/")

    assert len({item.href for item in both}) == len(both)
    assert {"Overview", "Refer a student"} <= set(labels(both))


def test_the_closest_place_is_marked_as_where_one_is() -> None:
    staff = somebody(RoleName.SCHOOL_STAFF)

    assert [i.label for i in navigation(staff, "/referrals/new") if i.current] == ["Refer a student"]
    assert [i.label for i in navigation(staff, "/referrals/0199-1") if i.current] == ["Referrals"]
    assert [i.label for i in navigation(staff, "/elsewhere") if i.current] == []
