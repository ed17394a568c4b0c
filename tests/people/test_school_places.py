"""Where schools are: read from the roster's extension columns, kept, published; nowhere is no fault."""

from pathlib import Path

import pytest

from services.people.commands import import_roster
from shared.db import Database
from shared.events.people import SchoolChanged
from tests.people.bundles import ORG, ORGS, a_bundle, as_csv, bundle_files, read_whole
from tests.people.importer import ACTOR, NOW, Importer
from tests.people.reading import warnings_of

NORTH = {"metadata.latitude": "42.3010", "metadata.longitude": "-71.0160"}


@pytest.fixture
def roster(db_people: Database, tmp_path: Path) -> Importer:
    return Importer(db_people, tmp_path)


def a_placed_bundle(folder: Path, **position: str) -> Path:
    """A bundle that says where North Elementary is."""
    rows = [dict(row) | (position if row["sourcedId"] == "north" else {}) for row in ORGS]
    files = bundle_files() | {"orgs.csv": as_csv((*ORG, *NORTH), rows)}
    return a_bundle(folder, files)


def test_a_school_is_where_the_file_says_and_another_one_nowhere(tmp_path: Path) -> None:
    reading, _ = read_whole(a_placed_bundle(tmp_path, **NORTH))

    assert [(school.latitude, school.longitude) for school in reading.schools] == [(42.301, -71.016), (None, None)]


@pytest.mark.parametrize(("latitude", "longitude"), [("91", "0"), ("42.3", ""), ("north", "west"), ("nan", "0")])
def test_what_is_no_place_on_earth_is_left_out_with_a_warning(tmp_path: Path, latitude: str, longitude: str) -> None:
    path = a_placed_bundle(tmp_path, **{"metadata.latitude": latitude, "metadata.longitude": longitude})

    reading, _ = read_whole(path)

    assert (reading.schools[0].latitude, reading.schools[0].longitude) == (None, None)
    assert [(one.file, one.line, one.value) for one in warnings_of(path) if one.file == "orgs.csv"] == [
        ("orgs.csv", 3, f"{latitude}, {longitude}")
    ]


async def test_the_place_is_published_once_and_outlives_a_file_without_it(roster: Importer, tmp_path: Path) -> None:
    await roster()
    await roster.published()

    for _ in range(2):
        await import_roster(roster.db, a_placed_bundle(tmp_path, **NORTH), actor=ACTOR, now=NOW)
    told = [fact for fact in await roster.published() if isinstance(fact, SchoolChanged)]
    await roster()

    assert [(fact.name, fact.latitude, fact.longitude) for fact in told] == [("North Elementary", 42.301, -71.016)]
    assert [fact for fact in await roster.published() if isinstance(fact, SchoolChanged)] == []
