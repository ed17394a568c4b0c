"""What is wrong with a roster is reported, line by line, and never guessed."""

from pathlib import Path

import pytest

from services.people.roster import (
    Report,
    open_bundle,
    person_id,
    read_roster,
)
from tests.people.bundles import (
    MOTHER,
    ORG,
    ORGS,
    USER_11,
    USERS,
    a_bundle,
    a_user,
    as_csv,
    bundle_files,
    manifest,
    read_whole,
)
from tests.people.reading import errors_of, persons_of, warnings_of, why_unusable


@pytest.mark.parametrize(
    ("user", "column", "value", "words"),
    [
        (a_user("kim", givenName=""), "givenName", "", "needed"),
        (a_user("kim", role="pupil"), "role", "pupil", "not known"),
        (a_user("kim", agentSourcedIds="mother,nobody"), "agentSourcedIds", "nobody", "no such guardian"),
        (a_user("kim", agentSourcedIds="jean"), "agentSourcedIds", "jean", "student"),
        (a_user("kim", agentSourcedIds="kim"), "agentSourcedIds", "kim", "own guardian"),
        (a_user("kim", orgSourcedIds="west"), "orgSourcedIds", "west", "no such school"),
        (a_user("kim", orgSourcedIds="district"), "orgSourcedIds", "district", "must attend a school"),
        (a_user("kim", "teacher", orgSourcedIds="west"), "orgSourcedIds", "west", "no such school"),
        (a_user("kim", grades="fourth"), "grades", "fourth", "no grade"),
        (a_user("kim", status="gone"), "status", "gone", "active or tobedeleted"),
        (a_user("kim", enabledUser="maybe"), "enabledUser", "maybe", "true or false"),
        (a_user("kim", "parent", email="", sms="12"), "sms", "12", "Nobody could reach"),
        (a_user("jean"), "sourcedId", "jean", "twice; first on line 2"),
    ],
)
def test_a_wrong_value_is_reported_with_its_place(
    tmp_path: Path, user: dict[str, str], column: str, value: str, words: str
) -> None:
    path = a_bundle(tmp_path, bundle_files([*USERS, user]))

    (problem,) = errors_of(path)

    assert (problem.file, problem.line, problem.column, problem.value) == ("users.csv", 6, column, value)
    assert words in problem.reason


def test_every_bad_line_is_reported_not_only_the_first(tmp_path: Path) -> None:
    users = [*USERS, a_user("kim", grades="fourth"), a_user("", "teacher", givenName="Bo"), a_user("sam", role="")]

    found = [(p.line, p.column) for p in errors_of(a_bundle(tmp_path, bundle_files(users)))]

    assert found == [(6, "grades"), (7, "sourcedId"), (8, "role")]


def test_a_line_break_inside_quotation_marks_does_not_shift_line_numbers(tmp_path: Path) -> None:
    users = [a_user("ann", middleName="Ann\nMarie"), *USERS, a_user("kim", grades="fourth")]

    (problem,) = errors_of(a_bundle(tmp_path, bundle_files(users)))

    assert problem.line == 8


def test_a_school_that_is_there_twice_is_reported(tmp_path: Path) -> None:
    orgs = [*ORGS, {"sourcedId": "north", "name": "North Again", "type": "school"}]

    (problem,) = errors_of(a_bundle(tmp_path, bundle_files(orgs=orgs)))

    assert (problem.file, problem.line, problem.value) == ("orgs.csv", 5, "north")
    assert "first on line 3" in problem.reason


def test_ids_that_a_spreadsheet_spoilt_are_told_apart_by_name_with_a_warning(tmp_path: Path) -> None:
    orgs = [*ORGS, *({"sourcedId": "org-#N/A", "name": name, "type": "school"} for name in ("East", "West"))]
    staff = [a_user("stf-#N/A", "teacher", username=name, orgSourcedIds="org-#N/A") for name in ("ann", "bo")]
    path = a_bundle(tmp_path, bundle_files([*USERS, *staff], orgs))

    reading, persons = read_whole(path)

    assert [school.name for school in reading.schools][2:] == ["East", "West"]
    assert len(set(persons)) == 6
    assert not [r for r in reading.roles if r.person_id == person_id("stf-#N/A ann")]
    assert {p.column for p in warnings_of(path)} == {"sourcedId", "orgSourcedIds"}


def test_a_student_in_a_school_whose_id_means_two_schools_is_an_error(tmp_path: Path) -> None:
    orgs = [*ORGS, *({"sourcedId": "org-#N/A", "name": name, "type": "school"} for name in ("East", "West"))]

    (problem,) = errors_of(a_bundle(tmp_path, bundle_files([*USERS, a_user("kim", orgSourcedIds="org-#N/A")], orgs)))

    assert "Several schools" in problem.reason


@pytest.mark.parametrize(
    ("user", "column", "words"),
    [
        (a_user("kim", agentSourcedIds=""), "agentSourcedIds", "no guardian"),
        (a_user("kim", homeLanguage="Klingon"), "metadata.homeLanguage", "kept as it came"),
        (a_user("kim", agentSourcedIds="kin"), "", ""),
        (a_user("kim", "teacher", email=""), "email", "cannot sign in"),
        (a_user("kim", "teacher", orgSourcedIds="district"), "role", "without a role"),
        (a_user("kim", "districtAdministrator"), "role", "without a role"),
        (a_user("kim", phone="12"), "phone", "left out"),
    ],
)
def test_what_a_person_may_wave_through_is_a_warning(
    tmp_path: Path, user: dict[str, str], column: str, words: str
) -> None:
    kin = a_user("kin", "relative", email="", agentSourcedIds="")
    users = [*USERS, a_user("other", agentSourcedIds="kin"), kin, user]

    found = warnings_of(a_bundle(tmp_path, bundle_files(users)))

    assert "no e-mail address and no number" in found[0].reason
    assert [p.column for p in found[1:]] == ([column] if column else [])
    assert all(words in p.reason for p in found[1:])


def test_an_unreadable_number_of_a_guardian_with_an_address_is_a_warning(tmp_path: Path) -> None:
    users = [*USERS[:2], {**MOTHER, "sms": "ask at school", "phone": "617 555 0199"}]
    path = a_bundle(tmp_path, bundle_files(users))

    (problem,) = warnings_of(path)

    assert (problem.column, problem.value) == ("sms", "ask at school")
    assert persons_of(path)["mother"].phone == "+16175550199"


def test_a_line_with_too_few_values_is_reported(tmp_path: Path) -> None:
    files = bundle_files()
    files["users.csv"] += b"kim,,,true\r\n"

    (problem,) = errors_of(a_bundle(tmp_path, files))

    assert (problem.line, problem.reason) == (6, "The line has 4 values, the first line names 19 columns.")


def test_a_quotation_mark_that_is_never_closed_is_reported_where_it_opens(tmp_path: Path) -> None:
    files = bundle_files()
    files["users.csv"] += b'"kim,,,true\r\nlee,,,true\r\n'

    found = errors_of(a_bundle(tmp_path, files))

    assert found[0].line == 6
    assert "quotation mark" in found[0].reason


def test_latin_1_text_is_reported_by_line_and_column_and_never_garbled(tmp_path: Path) -> None:
    files = bundle_files([*USERS, a_user("kim", givenName="José"), a_user("bo", familyName="Núñez")])
    files["users.csv"] = files["users.csv"].decode().encode("latin-1")

    found = errors_of(a_bundle(tmp_path, files))

    assert [(p.line, p.column, p.value) for p in found] == [(6, "givenName", "José"), (7, "familyName", "Núñez")]
    assert "not UTF-8" in found[0].reason


def test_a_file_in_utf_16_says_so(tmp_path: Path) -> None:
    files = bundle_files()
    files["users.csv"] = files["users.csv"].decode().encode("utf-16")

    assert "UTF-16" in why_unusable(a_bundle(tmp_path, files))


def test_a_control_character_is_reported(tmp_path: Path) -> None:
    (problem,) = errors_of(a_bundle(tmp_path, bundle_files([*USERS, a_user("kim", givenName="K\0m")])))

    assert (problem.line, problem.column, problem.value) == (6, "givenName", "K�m")


# What is wrong with files


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    files = bundle_files()
    files["users.csv"] = as_csv([c for c in USER_11 if c != "role"], [{k: v for k, v in MOTHER.items() if k != "role"}])

    (problem,) = errors_of(a_bundle(tmp_path, files))

    assert (problem.file, problem.line, problem.column) == ("users.csv", 1, "role")


def test_a_column_that_is_there_twice_is_an_error(tmp_path: Path) -> None:
    files = bundle_files()
    files["orgs.csv"] = files["orgs.csv"].replace(b"identifier", b"name", 1)

    assert "there twice" in errors_of(a_bundle(tmp_path, files))[0].reason


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"users.csv": None}, "announces users.csv, but it is not there"),
        ({"manifest.csv": manifest("1.3", orgs="bulk", users="bulk")}, "1.1 or 1.2"),
        ({"manifest.csv": manifest(orgs="bulk", users="whole")}, "bulk, delta or absent"),
        ({"manifest.csv": manifest(users="bulk")}, "needs orgs.csv as well"),
        ({"manifest.csv": manifest()}, "nothing that could be read"),
        ({"manifest.csv": b""}, "empty"),
        ({"users.csv": as_csv(USER_11, [])}, "nobody in the file"),
        ({"orgs.csv": as_csv(ORG, ORGS[:1])}, "no school in the file"),
    ],
)
def test_a_bundle_that_is_not_whole_says_what_is_missing(
    tmp_path: Path, change: dict[str, bytes | None], words: str
) -> None:
    files = {name: content for name, content in (bundle_files() | change).items() if content is not None}

    assert any(words in p.reason for p in errors_of(a_bundle(tmp_path, files)))


def test_reading_stops_at_a_hundred_thousand_errors(tmp_path: Path) -> None:
    report = Report(most=3)
    files = bundle_files([a_user(f"kim-{n}", grades="fourth") for n in range(10)] + [MOTHER])
    with open_bundle(a_bundle(tmp_path, files)) as bundle:
        reading = read_roster(bundle)
        reading.report = report
        list(reading.persons())

    assert report.errors == 3
    assert "reading stopped" in report.problems[-1].reason
