"""A OneRoster bundle becomes schools, persons and roles, or a report of every line that is wrong."""

import random
from pathlib import Path

import phonenumbers
import pytest

from services.people.roster import (
    Known,
    Report,
    open_bundle,
    person_id,
    read_roster,
    school_id,
)
from services.people.roster.records import Kind
from services.people.roster.values import email, grade, language, phone
from shared.events.vocabulary import RoleName
from shared.spreadsheets import harmless
from tests.people.bundles import (
    MOTHER,
    ORGS,
    a_bundle,
    a_user,
    bundle_files,
    read_whole,
)
from tests.people.reading import errors_of, persons_of, warnings_of

# What a sound bundle comes to


def test_a_bundle_of_version_1_1_gives_schools_persons_and_roles(tmp_path: Path) -> None:
    reading, persons = read_whole(a_bundle(tmp_path))

    assert [school.name for school in reading.schools] == ["North Elementary", "South Elementary"]
    assert persons == ["jean", "lea", "mother", "ms-lee"]
    assert reading.counts == {Kind.STUDENT: 2, Kind.GUARDIAN: 1, Kind.STAFF: 1}
    roles = {(r.person_id, r.name, r.scope_id) for r in reading.roles}
    north = school_id("north")
    assert roles == {
        (person_id("jean"), RoleName.STUDENT, north),
        (person_id("lea"), RoleName.STUDENT, north),
        (person_id("mother"), RoleName.GUARDIAN, person_id("jean")),
        (person_id("mother"), RoleName.GUARDIAN, person_id("lea")),
        (person_id("ms-lee"), RoleName.SCHOOL_STAFF, north),
    }


def test_a_bundle_of_version_1_2_takes_its_roles_from_roles_csv(tmp_path: Path) -> None:
    users = [
        a_user("jean", preferredGivenName="Jay"),
        a_user("mother", "parent"),
        a_user("ms-lee", "teacher"),
    ]
    for user in users:
        del user["orgSourcedIds"], user["role"]
    roles = [
        {"userSourcedId": "jean", "roleType": "secondary", "role": "student", "orgSourcedId": "south"},
        {"userSourcedId": "jean", "roleType": "primary", "role": "student", "orgSourcedId": "north"},
        {"userSourcedId": "mother", "roleType": "primary", "role": "parent", "orgSourcedId": "north"},
        {"userSourcedId": "ms-lee", "roleType": "primary", "role": "counselor", "orgSourcedId": "south"},
    ]
    numbered = [row | {"sourcedId": f"role-{place}"} for place, row in enumerate(roles)]
    path = a_bundle(tmp_path, bundle_files(users, ORGS, numbered))

    reading, _ = read_whole(path)

    assert reading.report.errors == 0
    of_jean = [r for r in reading.roles if r.person_id == person_id("jean")]
    assert [r.scope_id for r in sorted(of_jean, key=lambda r: r.place)] == [school_id("north"), school_id("south")]
    assert persons_of(path)["jean"].given_name == "Jay"


def test_somebody_without_a_line_in_roles_csv_is_a_warning(tmp_path: Path) -> None:
    user = {k: v for k, v in a_user("ms-lee", "teacher").items() if k not in ("role", "orgSourcedIds")}
    role = {
        "sourcedId": "r",
        "userSourcedId": "ms-lee",
        "roleType": "primary",
        "role": "teacher",
        "orgSourcedId": "north",
    }
    nobody = user | {"sourcedId": "mr-no"}

    (problem,) = warnings_of(a_bundle(tmp_path, bundle_files([user, nobody], ORGS, [role])))

    assert (problem.line, problem.value) == (3, "mr-no")
    assert "no line in roles.csv" in problem.reason


def test_guardians_keep_the_order_in_which_they_are_named(tmp_path: Path) -> None:
    father = a_user("father", "parent")
    users = [a_user("jean", agentSourcedIds="father, mother,father"), father, MOTHER]

    reading, _ = read_whole(a_bundle(tmp_path, bundle_files(users)))

    guardians = [r for r in reading.roles if r.name is RoleName.GUARDIAN]
    assert [(r.person_id, r.place) for r in guardians] == [(person_id("father"), 0), (person_id("mother"), 1)]


def test_a_folder_reads_like_a_zip_also_one_level_down(tmp_path: Path) -> None:
    inner = tmp_path / "roster" / "export"
    inner.mkdir(parents=True)
    for name, content in bundle_files().items():
        (inner / name).write_bytes(content)

    assert read_whole(inner)[1] == read_whole(inner.parent)[1] == ["jean", "lea", "mother", "ms-lee"]


def test_a_zip_made_on_a_mac_with_a_folder_inside_is_read(tmp_path: Path) -> None:
    files = {f"export/{name}": content for name, content in bundle_files().items()}
    files |= {"__MACOSX/export/._manifest.csv": b"\0", "export/.DS_Store": b"\0"}

    assert len(read_whole(a_bundle(tmp_path, files))[1]) == 4


def test_a_byte_order_mark_is_not_part_of_the_first_column(tmp_path: Path) -> None:
    files = {name: b"\xef\xbb\xbf" + content for name, content in bundle_files().items()}

    reading, persons = read_whole(a_bundle(tmp_path, files))

    assert reading.report.errors == 0
    assert len(persons) == 4


@pytest.mark.parametrize("written", ["6175550123", "(617) 555-0123", "+1 617 555 0123", "617.555.0123"])
def test_phone_numbers_become_e_164(written: str) -> None:
    assert phone(written) == "+16175550123"


def test_numbers_read_the_short_way_are_what_the_library_makes_of_them() -> None:
    rng = random.Random(7)
    forms = ("{}{}{}", "({}) {}-{}", "+1{}{}{}", "1-{}-{}-{}", "{}.{}.{}", "+1 ({}) {}-{}")
    for area in range(200, 1000):
        number = (f"{area}", f"{rng.randrange(200, 1000)}", f"{rng.randrange(10_000):04d}")
        written = rng.choice(forms).format(*number)

        parsed = phonenumbers.parse(written, "US")
        expected = "+1" + "".join(number) if phonenumbers.is_valid_number(parsed) else None

        assert (written, phone(written)) == (written, expected)


@pytest.mark.parametrize("written", ["555-0123", "12", "none", "+999 1234", "0000000000"])
def test_what_nobody_can_dial_is_no_phone_number(written: str) -> None:
    assert phone(written) is None


@pytest.mark.parametrize(
    ("written", "tag"),
    [("ht", "ht"), ("kea", "kea"), ("pt_br", "pt-BR"), ("ZH-hant", "zh-Hant"), ("spa", "es"), ("es-419", "es-419")],
)
def test_languages_become_bcp_47_tags(written: str, tag: str) -> None:
    assert language(written) == (tag, True)


@pytest.mark.parametrize("written", ["Spanish", "xx", "e", "x-klingon"])
def test_an_unknown_language_is_kept_as_it_came(written: str) -> None:
    assert language(written) == (written, False)


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("4", "04"),
        ("04", "04"),
        ("K", "KG"),
        ("0K", "KG"),
        ("K1", "PK"),
        ("pk", "PK"),
        ("other", "Other"),
        ("13", "13"),
    ],
)
def test_grades_become_ceds_codes(written: str, code: str) -> None:
    assert grade(written) == code


def test_a_word_or_a_number_past_13_is_no_grade() -> None:
    assert grade("fourth") is None
    assert grade("14") is None


def test_an_address_without_a_domain_or_with_a_comma_is_no_e_mail_address() -> None:
    assert email("dana@example.org") == "dana@example.org"
    assert email("dana@example") is None
    assert email("dana@example.org,lee@example.org") is None


# Delta


def test_a_delta_may_refer_to_what_is_stored(tmp_path: Path) -> None:
    users = [a_user("kim", status="active", agentSourcedIds="father")]
    path = a_bundle(tmp_path, bundle_files(users, (), mode="delta"))

    known = Known(frozenset({"north"}), {"father": Kind.GUARDIAN})

    assert errors_of(path, known) == []
    assert [p.reason for p in errors_of(path)] == [
        "There is no such school in orgs.csv.",
        "There is no such guardian in users.csv.",
    ]


def test_a_delta_must_say_whether_somebody_comes_or_goes(tmp_path: Path) -> None:
    path = a_bundle(tmp_path, bundle_files([a_user("kim", status="")], (), mode="delta"))

    problem = errors_of(path, Known(frozenset({"north"}), {"mother": Kind.GUARDIAN}))[0]

    assert (problem.column, problem.reason) == (
        "status",
        "In a delta file the status must be active or tobedeleted.",
    )


def test_somebody_who_goes_needs_no_more_than_an_id(tmp_path: Path) -> None:
    path = a_bundle(tmp_path, bundle_files([{"sourcedId": "jean", "status": "tobedeleted"}], (), mode="delta"))

    with open_bundle(path) as bundle:
        (person,) = read_roster(bundle, Known(frozenset(), {"jean": Kind.STUDENT})).persons()

    assert (person.id, person.gone) == (person_id("jean"), True)


# The report


@pytest.mark.parametrize("value", ["=1+1", "+1617", "-2", "@SUM(A1)", "\t=1", "＝1"])
def test_no_value_of_the_report_is_a_formula_to_a_spreadsheet(value: str) -> None:
    assert harmless(value) == f"'{value}"


def test_long_values_are_cut_and_controls_replaced_in_the_report() -> None:
    report = Report()

    report.error("users.csv", 2, "email", "a\u202eb" + "x" * 500, "…")

    assert len(report.problems[0].value) == 201
    assert "\u202e" not in report.problems[0].value


def test_the_roster_of_a_real_city_reads_whole(sample_data: Path) -> None:
    reading, persons = read_whole(sample_data / "boston_roster.zip")

    assert reading.report.errors == 0
    assert len(set(persons)) == 50_665
    assert len(reading.schools) == 137
    assert reading.counts == {Kind.STUDENT: 22_420, Kind.GUARDIAN: 26_986, Kind.STAFF: 1_259}
