"""The demo district: whole, plausible, always the same, and readable by the importers that users have."""

from collections import Counter
from pathlib import Path

from deploy.demo_district import programs, roster
from services.agreements.mappings import mapping_named
from services.agreements.programs_csv.read import read_programs
from services.people.roster import Kind, Known, Reading, open_bundle
from shared.events.vocabulary import LANGUAGES, Need


def test_the_roster_is_read_without_an_error(tmp_path: Path) -> None:
    with open_bundle(roster.write(tmp_path / "roster")) as bundle:
        reading = Reading(bundle, Known())
        persons = list(reading.persons())

    assert reading.report.errors == 0
    assert len(reading.schools) == 12
    assert Counter(person.kind for person in persons) == {Kind.STUDENT: 300, Kind.GUARDIAN: 363, Kind.STAFF: 36}


def test_families_speak_all_languages_and_reach_from_both_parents_to_none() -> None:
    families = roster.families()

    assert {family.language for family in families} == set(LANGUAGES)
    assert {len(family.guardians) for family in families} == {1, 2}
    assert any(not guardian["email"] and not guardian["sms"] for family in families for guardian in family.guardians)


def test_no_two_people_share_a_name_or_an_address_and_all_numbers_are_for_fiction() -> None:
    everyone = [
        *roster.staff(),
        *(person for family in roster.families() for person in family.guardians + family.children),
    ]
    addresses = [person["email"] for person in everyone if person["email"]]
    numbers = [person["sms"] for person in everyone if person["sms"]]

    assert len({(person["givenName"], person["familyName"]) for person in everyone}) == len(everyone)
    assert len(set(addresses)) == len(addresses)
    assert all(address.endswith("example.org") and address.isascii() for address in addresses)
    assert len(set(numbers)) == len(numbers)
    assert all(" 555-01" in number for number in numbers)


def test_the_programs_are_read_without_a_doubt(tmp_path: Path) -> None:
    content = programs.write(tmp_path / "programs.csv").read_bytes()

    reading = read_programs(content, mapping_named(programs.MAPPING), {})

    assert reading.report.lines == ()
    assert (len(reading.organizations), len(reading.programs)) == (20, 40)
    assert {need for program in reading.programs for need in program.values.needs} == set(Need)


def test_the_district_is_the_same_every_time(tmp_path: Path) -> None:
    first, second = roster.write(tmp_path / "first"), roster.write(tmp_path / "second")

    assert [path.read_bytes() for path in sorted(first.iterdir())] == [
        path.read_bytes() for path in sorted(second.iterdir())
    ]
