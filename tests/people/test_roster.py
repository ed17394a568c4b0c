"""A OneRoster bundle becomes schools, persons and roles, or a report of every line that is wrong."""

import os
import random
import zipfile
from pathlib import Path

import phonenumbers
import pytest

from services.people.roster import (
    Known,
    Limits,
    PersonRow,
    Problem,
    Report,
    Severity,
    Unusable,
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
    write_zip,
)


def errors_of(path: Path, known: Known | None = None) -> list[Problem]:
    reading, _ = read_whole(path, known)
    return [p for p in reading.report.problems if p.severity is Severity.ERROR]


def warnings_of(path: Path) -> list[Problem]:
    reading, _ = read_whole(path)
    assert reading.report.errors == 0
    return [p for p in reading.report.problems if p.severity is Severity.WARNING]


def persons_of(path: Path) -> dict[str, PersonRow]:
    with open_bundle(path) as bundle:
        return {person.source_id: person for person in read_roster(bundle).persons()}


def why_unusable(path: Path, limits: Limits | None = None) -> str:
    with pytest.raises(Unusable) as refused, open_bundle(path, limits) as bundle:
        list(read_roster(bundle).persons())
    return str(refused.value)


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


# What is wrong with rows


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


# Bundles that are not opened


def test_a_file_that_is_no_zip_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "roster.zip"
    path.write_bytes(b"sourcedId,name\n" * 100)

    assert "not a zip" in why_unusable(path)


def test_a_zip_cut_short_is_refused(tmp_path: Path) -> None:
    path = a_bundle(tmp_path)
    path.write_bytes(path.read_bytes()[:-30])

    assert "not a zip" in why_unusable(path)


def test_a_damaged_file_inside_is_refused(tmp_path: Path) -> None:
    path = a_bundle(tmp_path)
    content = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        at = archive.getinfo("users.csv").header_offset + 60
    content[at : at + 20] = b"\xff" * 20
    path.write_bytes(content)

    assert "users.csv is damaged" in why_unusable(path)


def test_a_zip_bomb_is_refused_by_its_ratio(tmp_path: Path) -> None:
    path = a_bundle(tmp_path, bundle_files() | {"users.csv": b"0" * 20_000_000})

    assert "more than 100 times its size" in why_unusable(path)


def test_a_zip_that_unpacks_to_too_much_is_refused(tmp_path: Path) -> None:
    path = a_bundle(tmp_path, bundle_files() | {f"{n}.csv": os.urandom(1000) for n in range(50)})

    assert "unpacks to more than" in why_unusable(path, Limits(unpacked=40_000))


def test_a_zip_with_too_many_files_is_refused(tmp_path: Path) -> None:
    path = a_bundle(tmp_path, bundle_files() | {f"{n}.txt": b"" for n in range(300)})

    assert "at most 200" in why_unusable(path)


def test_a_table_of_contents_of_millions_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = a_bundle(tmp_path, bundle_files() | {f"{n}.txt": b"" for n in range(6000)})

    assert "too many files" in why_unusable(path)


def test_a_file_over_the_limit_is_refused_before_it_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "roster.zip"
    with path.open("wb") as file:
        file.truncate(200_000_000)

    assert "larger than 100 MB" in why_unusable(path)


@pytest.mark.parametrize(
    "name", ["../users.csv", "/etc/users.csv", "a/../../users.csv", "..\\users.csv", "C:\\users.csv"]
)
def test_a_path_outside_of_the_folder_is_refused(tmp_path: Path, name: str) -> None:
    path = a_bundle(tmp_path, bundle_files() | {name: b"x"})

    assert "outside of its folder" in why_unusable(path)


def test_a_link_in_a_zip_is_refused(tmp_path: Path) -> None:
    path = a_bundle(tmp_path)
    link = zipfile.ZipInfo("classes.csv")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(link, "/etc/passwd")

    assert "a link instead of a file" in why_unusable(path)


def test_a_link_that_leads_out_of_a_folder_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "roster"
    folder.mkdir()
    for name, content in bundle_files().items():
        (folder / name).write_bytes(content)
    (folder / "classes.csv").symlink_to("/etc/passwd")

    assert "leads outside" in why_unusable(folder)


def test_a_zip_in_a_zip_says_to_send_the_inner_one(tmp_path: Path) -> None:
    inner = a_bundle(tmp_path).read_bytes()

    assert "Send the inner one" in why_unusable(write_zip(tmp_path / "outer.zip", {"roster.zip": inner}))


def test_two_rosters_in_one_zip_are_refused(tmp_path: Path) -> None:
    files = {f"{folder}/{name}": content for folder in ("a", "b") for name, content in bundle_files().items()}

    assert "several folders" in why_unusable(a_bundle(tmp_path, files))


def test_a_path_where_nothing_is_says_so(tmp_path: Path) -> None:
    assert "no file or folder" in why_unusable(tmp_path / "missing.zip")


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
