"""What waits in partnerships: each sees their own on the first page, and it goes when it is done."""

from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from services.referrals import consumers, todo_words
from services.referrals.queries import TodoLine
from shared.clock import new_id, utc_now
from shared.db import Database
from shared.events.agreements import OrganizationRegistered, TodoClosed, TodoOpened
from shared.events.vocabulary import RoleName, TodoAudience, TodoKind
from tests.referrals.world import World
from tests.support.builders import an_actor
from tests.support.clients import Client, app_of
from tests.support.events import deliver


def a_signature(world: World, audience: TodoAudience, **changes: object) -> TodoOpened:
    """An agreement that waits to be signed."""
    ids = {
        TodoAudience.SCHOOL: world.school.school_id,
        TodoAudience.ORGANIZATION: world.program.organization_id,
        TodoAudience.PERSON: world.staff.person_id,
    }
    values: dict[str, object] = {
        "todo_id": new_id(),
        "kind": TodoKind.AGREEMENT_SIGN,
        "about_id": new_id(),
        "audience": audience,
        "audience_id": ids.get(audience),
        "school_id": world.school.school_id,
        "organization_id": world.program.organization_id,
    }
    return TodoOpened(**(values | changes))


def named(world: World) -> OrganizationRegistered:
    """The partner, as agreements tells its name."""
    return OrganizationRegistered(organization_id=world.program.organization_id, name="City Steps, Inc.")


async def test_each_side_sees_what_waits_for_it_with_the_other_sides_name(
    world: World, client_referrals: Client, db_referrals: Database
) -> None:
    school, partner, office = (
        a_signature(world, audience)
        for audience in (TodoAudience.SCHOOL, TodoAudience.ORGANIZATION, TodoAudience.DISTRICT)
    )

    await deliver(db_referrals, consumers.on, named(world), school, partner, office, twice=True)

    today = (await client_referrals(world.staff).get("/referrals/today")).text
    inbox = (await client_referrals(world.partner).get("/referrals/inbox")).text
    overview = (await client_referrals(an_actor(RoleName.DISTRICT_OFFICE)).get("/referrals/overview")).text
    assert f'<a href="/agreements/agreements/{school.about_id}">Sign the agreement with City Steps, Inc.</a>' in today
    assert f"Sign the agreement with {world.school.name}</a>" in inbox
    assert f"Sign the agreement with City Steps, Inc. and {world.school.name}</a>" in overview
    assert str(partner.about_id) not in today + overview
    assert all('<a href="/agreements/meetings?mine=true">' in page for page in (today, inbox, overview))


async def test_it_goes_when_it_is_done_even_where_both_arrive_together(
    world: World, client_referrals: Client, db_referrals: Database
) -> None:
    first, second = (a_signature(world, TodoAudience.PERSON) for _ in range(2))

    await deliver(db_referrals, consumers.on, first)
    await deliver(
        db_referrals, consumers.on, TodoClosed(todo_id=first.todo_id), second, TodoClosed(todo_id=second.todo_id)
    )

    page = (await client_referrals(world.staff).get("/referrals/todos")).text
    assert "Nothing waits" in page


async def test_the_nearest_date_comes_first_and_a_moved_one_counts(
    world: World, client_referrals: Client, db_referrals: Database
) -> None:
    today = utc_now().date()
    overdue = a_signature(world, TodoAudience.PERSON, due_on=today - timedelta(days=2))
    someday = a_signature(world, TodoAudience.SCHOOL)
    moved = a_signature(world, TodoAudience.SCHOOL, due_on=today + timedelta(days=9))

    await deliver(
        db_referrals, consumers.on, someday, moved, overdue,
        moved.model_copy(update={"due_on": today - timedelta(days=5)}),
    )  # fmt: skip

    found = (await client_referrals(world.staff).get("/referrals/api/v1/todos")).json()
    ids = [str(todo.todo_id) for todo in (moved, overdue, someday)]
    assert (found["total"], [item["id"] for item in found["items"]]) == (3, ids)
    page = (await client_referrals(world.staff).get("/referrals/todos")).text
    assert page.count("Overdue") == 2


@pytest.mark.parametrize("zone", ["Etc/GMT+12", "Pacific/Kiritimati"])
async def test_what_is_due_today_is_overdue_once_the_day_is_over_in_the_district(
    world: World, client_referrals: Client, db_referrals: Database, postgres: str, data_dir: Path, zone: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    state = app_of("referrals", postgres, data_dir).state
    monkeypatch.setitem(state._state, "settings", state.settings.model_copy(update={"time_zone": zone}))
    today = utc_now().astimezone(ZoneInfo(zone)).date()
    todos = [a_signature(world, TodoAudience.PERSON, due_on=today - timedelta(days=days)) for days in (0, 1)]

    await deliver(db_referrals, consumers.on, *todos)

    page = (await client_referrals(world.staff).get("/referrals/today")).text
    assert page.count("Overdue") == 1


@pytest.mark.parametrize("kind", TodoKind)
@pytest.mark.parametrize("audience", TodoAudience)
def test_every_kind_has_words_for_everybody(kind: TodoKind, audience: TodoAudience) -> None:
    line = TodoLine(
        id=new_id(),
        kind=kind,
        about_id=new_id(),
        audience=audience,
        school=None,
        partner=None,
        program=None,
        due_on=None,
    )

    words = todo_words.says(line)

    assert words
    assert "None" not in words
    assert todo_words.href(line).startswith("/agreements/")
