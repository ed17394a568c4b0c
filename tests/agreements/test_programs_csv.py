"""A CSV file of programs, read through a mapping: what becomes a program, and what the report says of the rest."""

import csv
import io
import os
from collections import Counter
from pathlib import Path
from uuid import UUID

import pytest

from services.agreements.mappings import FOLDER, all_mappings, kind_at, mapping_named
from services.agreements.programs_csv import (
    Became,
    ColumnMapping,
    Line,
    Reading,
    Report,
    parse_grades,
    read_mapping,
    read_programs,
)
from services.agreements.words import folded
from shared.events.vocabulary import Need
from shared.refusals import Kind, Refusal

LINCOLN = UUID("11111111-1111-4111-8111-111111111111")
OWN = mapping_named("crosswalk")
HEADER = "organization,name,needs,grades,schools,languages,capacity,contact name,contact email,contact phone"
CLUB = "City Year,Homework club,academic,K-5,Lincoln,Spanish; French,25,Rosa Lima,rosa@example.org,617-555-0123"


def read(*rows: str, header: str = HEADER, mapping: ColumnMapping = OWN, encoding: str = "utf-8") -> Reading:
    content = "\n".join([header, *rows]).encode(encoding)
    return read_programs(content, mapping, {"lincoln": LINCOLN})


def refusal(content: bytes, mapping: ColumnMapping = OWN) -> Refusal:
    with pytest.raises(Refusal) as refused:
        read_programs(content, mapping, {})
    return refused.value


def only_line(reading: Reading) -> Line:
    (line,) = reading.report.lines
    return line


def test_a_row_becomes_an_organization_and_a_program() -> None:
    reading = read(CLUB)

    (organization,) = reading.organizations
    (program,) = reading.programs
    assert organization.name == "City Year"
    assert program.organization_id == organization.id
    assert program.values.name == "Homework club"
    assert program.values.needs == (Need.ACADEMIC,)
    assert program.values.grades == ("KG", "01", "02", "03", "04", "05")
    assert program.values.school_ids == (LINCOLN,)
    assert program.values.languages == ("es", "fr")
    assert program.values.capacity == 25
    assert program.values.contact_phone == "+16175550123"
    assert reading.report == Report(rows=1)


def test_reading_twice_gives_the_same_ids() -> None:
    assert read(CLUB).programs == read(CLUB).programs


def test_ids_do_not_depend_on_case_blanks_or_the_spelling_of_the_agency() -> None:
    other = CLUB.replace("City Year", "the CITY  YEAR Inc.").replace("Homework club", "homework  Club ")

    assert read(other).programs[0].id == read(CLUB).programs[0].id


def test_rows_of_one_agency_are_one_organization_and_another_spelling_is_reported() -> None:
    chess, dance = CLUB.replace("Homework", "Chess"), CLUB.replace("Homework", "Dance")

    reading = read(CLUB, chess, dance.replace("City Year", "City Year Inc"))

    assert [organization.name for organization in reading.organizations] == ["City Year"]
    assert len(reading.programs) == 3
    assert only_line(reading).became is Became.JOINED
    assert "City Year" in only_line(reading).reason


def test_rows_of_one_program_are_joined_and_the_report_says_so() -> None:
    reading = read(CLUB, CLUB.replace("academic", "summer").replace("K-5", "6-8").replace("0123", "0199"))

    (program,) = reading.programs
    assert program.values.needs == (Need.ACADEMIC, Need.SUMMER)
    assert program.values.grades[-1] == "08"
    assert program.values.contact_phone == "+16175550123"
    assert [(line.became, line.row) for line in reading.report.lines] == [
        (Became.JOINED, 3),
        (Became.VALUE_LEFT_OUT, 3),
    ]


def test_a_joined_row_fills_what_the_first_one_left_empty() -> None:
    reading = read(CLUB.replace("617-555-0123", "").replace("25", ""), CLUB)

    assert reading.programs[0].values.contact_phone == "+16175550123"
    assert reading.programs[0].values.capacity == 25


@pytest.mark.parametrize(
    ("old", "new", "column"),
    [
        ("K-5", "whoever comes", "grades"),
        ("Lincoln", "Atlantis High", "schools"),
        ("Spanish", "Klingon", "languages"),
        (",25,", ",lots,", "capacity"),
        ("rosa@example.org", "rosa(at)example", "contact email"),
        ("617-555-0123", "12", "contact phone"),
        (",academic,", ",academic; magic,", "needs"),
    ],
)
def test_a_value_that_cannot_be_read_is_reported_and_the_program_kept(old: str, new: str, column: str) -> None:
    reading = read(CLUB.replace(old, new))

    line = only_line(reading)
    assert (line.became, line.row, line.column) == (Became.VALUE_LEFT_OUT, 2, column)
    assert line.value in new
    assert len(reading.programs) == 1


@pytest.mark.parametrize(
    ("row", "column"),
    [
        (CLUB.replace("City Year", " "), "organization"),
        (CLUB.replace("Homework club", ""), "name"),
        (CLUB.replace("academic", ""), "needs"),
    ],
)
def test_a_row_without_organization_name_or_need_is_left_out(row: str, column: str) -> None:
    reading = read(row)

    assert reading.programs == ()
    assert (only_line(reading).became, only_line(reading).column) == (Became.ROW_LEFT_OUT, column)
    assert reading.report.rows_refused == 1


def test_a_program_that_nobody_could_answer_for_is_imported_as_paused() -> None:
    reading = read(CLUB.replace("rosa@example.org", "").replace("617-555-0123", ""))

    assert only_line(reading).became is Became.PAUSED
    assert not reading.programs[0].values.has_contact


def test_a_row_of_the_wrong_width_is_left_out_and_the_others_are_read() -> None:
    reading = read("City Year,too short", CLUB)

    assert len(reading.programs) == 1
    assert (only_line(reading).row, only_line(reading).became) == (2, Became.ROW_LEFT_OUT)


def test_rows_are_counted_as_a_spreadsheet_counts_them() -> None:
    two_lines = CLUB.replace("Rosa Lima", '"Rosa\nLima"')

    reading = read(two_lines, "", CLUB.replace("City Year", ""))

    assert only_line(reading).row == 4


def test_a_byte_order_mark_is_no_part_of_the_first_column() -> None:
    assert len(read(CLUB, encoding="utf-8-sig").programs) == 1
    assert len(read(CLUB, encoding="utf-16").programs) == 1


def test_text_in_latin_1_is_read_with_a_word_in_the_report() -> None:
    reading = read(CLUB.replace("Rosa Lima", "Rosa Peña"), encoding="latin-1")

    assert reading.programs[0].values.contact_name == "Rosa Peña"
    assert "not in UTF-8" in only_line(reading).reason


def test_a_letter_that_was_lost_before_is_reported() -> None:
    reading = read(CLUB.replace("Homework club", "Homework \ufffd club"))

    assert reading.programs[0].values.name == "Homework club"
    assert only_line(reading).became is Became.CHANGED


def test_what_a_web_page_left_behind_is_read_as_the_letter_it_stands_for() -> None:
    reading = read(CLUB.replace("Homework club", "Arts &amp; Sports&#65533; AT&T; R&D"))

    assert reading.programs[0].values.name == "Arts & Sports AT&T; R&D"
    assert only_line(reading).became is Became.CHANGED


def test_semicolons_and_tabs_are_delimiters_too() -> None:
    header, row = (text.replace("; French", "").replace(",", "\t") for text in (HEADER, CLUB))

    assert read(row, header=header).programs[0].values.contact_name == "Rosa Lima"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "file_empty"),
        (b"\n\n", "file_empty"),
        (HEADER.encode(), "file_empty"),
        (b"PK\x03\x04\x00\x00\x00", "file_not_text"),
        (b"\x81\x8d\xff", "file_not_text"),
        (f'{HEADER}\nCity Year,"not closed'.encode(), "csv_malformed"),
        (f'{HEADER}\nCity Year,"a"b,c'.encode(), "csv_malformed"),
        (f"{HEADER}\n{'x' * 200_000},b".encode(), "csv_malformed"),
        (b"name,name\na,b", "column_twice"),
        (b"who,what\na,b", "mapping_does_not_fit"),
    ],
)
def test_a_file_that_is_no_csv_or_not_for_this_mapping_is_refused_whole(content: bytes, code: str) -> None:
    refused = refusal(content)

    assert (refused.code, refused.kind) == (code, Kind.INVALID)


def test_the_refusal_of_a_wrong_mapping_names_the_column_that_is_missing_and_those_that_are_there() -> None:
    refused = refusal(f"{HEADER}\n{CLUB}".encode(), mapping_named("nyc_dycd"))

    assert "“PROGRAM TYPE”" in refused.message
    assert "“organization”" in refused.message


def test_the_report_as_csv_holds_no_formula() -> None:
    report = read(CLUB.replace("K-5", "=HYPERLINK(1)")).report

    rows = list(csv.reader(io.StringIO(report.to_csv())))

    assert rows[1][:3] == ["2", "grades", "'=HYPERLINK(1)"]
    assert rows[1][4] == "Value left out"


@pytest.mark.parametrize("start", ["=", "+", "-", "@", " =", "\t="])
def test_no_cell_of_a_report_starts_as_a_formula_does(start: str) -> None:
    line = Line(became=Became.CHANGED, reason="", value=f"{start}1+1")

    cells = list(csv.reader(io.StringIO(Report(rows=1, lines=(line,)).to_csv())))[1]

    assert cells[2].startswith("'")


@pytest.mark.parametrize("name", list(all_mappings()))
def test_every_mapping_of_the_project_is_in_order_and_named_as_its_file(name: str) -> None:
    assert mapping_named(name).name == name


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('name = "crosswalk"', "name = crosswalk", "Invalid value"),
        ('name = "crosswalk"', 'name = "Über"', "name"),
        ('"academic" = ["academic"]', '"academic" = ["magic"]', "magic"),
        ('name = "{name}"', 'name = "{nam}"', "no column or group is called nam"),
        ("[program]", '[program]\ncolour = "red"', "colour"),
        ("[columns]", "[split]\nname = '('\n[columns]", "no regular expression"),
        ("[columns]", "[grades]\nAdults = ['99']\n[columns]", "no grade codes: 99"),
        ("[columns]", "[languages]\nElvish = 'sjn'\n[columns]", "no languages of ours: sjn"),
    ],
)
def test_a_mapping_with_an_error_is_refused_by_name(old: str, new: str, said: str) -> None:
    text = (FOLDER / "crosswalk.toml").read_text("utf-8")
    assert old in text

    with pytest.raises(Refusal) as refused:
        read_mapping(text.replace(old, new, 1))

    assert refused.value.code == "mapping_invalid"
    assert said in refused.value.message


def test_a_mapping_is_found_by_name_or_by_path(tmp_path: Path) -> None:
    own = tmp_path / "mine.toml"
    own.write_text(
        'name = "mine"\ntitle = "Mine"\ncolumns = {o = "Org", n = "Need"}\n'
        'program = {organization = "{o}", name = "Club of {o}"}\n'
        'needs = [{word = "n", values = {"A" = ["arts"]}}]\n',
        "utf-8",
    )

    assert kind_at(str(own)).name == "mine"
    assert kind_at("nyc_dycd") is mapping_named("nyc_dycd")

    for missing in ("unheard_of", str(tmp_path / "none.toml")):
        with pytest.raises(Refusal) as refused:
            kind_at(missing)
        assert refused.value.kind is Kind.INVALID


NYC_HEADER = (
    "PROGRAM TYPE,PROGRAM,SITE NAME,BOROUGH / COMMUNITY,AGENCY,Contact Number,Grade Level / Age Group ,Location 1"
)


def test_one_cell_is_split_into_the_parts_of_an_address() -> None:
    address = '"1125 Grand\nConcourse 10452\n(40.8, -73.9)"'
    row = f"After-School Programs,Beacon,PS 11,Bronx ,Alianza,718.590.0101 ext. 12,6 and up,{address}"

    values = read(row, header=NYC_HEADER, mapping=mapping_named("nyc_dycd")).programs[0].values

    assert values.name == "Beacon community center at PS 11"
    assert values.site == "1125 Grand Concourse, Bronx 10452"
    assert (values.latitude, values.longitude) == (40.8, -73.9)
    assert (values.contact_phone, values.contact_extension) == ("+17185900101", "12")


def test_a_cell_that_cannot_be_split_is_reported() -> None:
    row = "Family Support,Healthy Families,PS 11,Bronx,Alianza,718.590.0101,,somewhere in the Bronx"

    reading = read(row, header=NYC_HEADER, mapping=mapping_named("nyc_dycd"))

    assert reading.programs[0].values.site == "Bronx"
    assert (only_line(reading).column, only_line(reading).value) == ("Location 1", "somewhere in the Bronx")


@pytest.fixture(scope="module")
def nyc() -> bytes:
    """The real file, where there is one."""
    path = Path(os.environ.get("CROSSWALK_SAMPLE_DATA", "")) / "nyc_dycd_programs.csv"
    if not path.is_file():
        pytest.skip("no nyc_dycd_programs.csv in the folder CROSSWALK_SAMPLE_DATA")
    return path.read_bytes()


def test_the_file_of_new_york_is_read_whole(nyc: bytes) -> None:
    reading = read_programs(nyc, mapping_named("nyc_dycd"), {})

    report = reading.report
    joined = sum(1 for line in report.lines if line.became is Became.JOINED and line.column == "PROGRAM")
    assert report.rows == 1599
    assert len(reading.programs) + joined + report.rows_refused == 1599
    assert len(reading.programs) == 1384
    assert len(reading.organizations) == 531
    assert report.counts[Became.PAUSED] == 4
    assert len({program.id for program in reading.programs}) == 1384


def test_every_type_and_every_grade_of_new_york_is_read_or_reported(nyc: bytes) -> None:
    mapping = mapping_named("nyc_dycd")
    rows = list(csv.DictReader(io.StringIO(nyc.decode("utf-8"), newline="")))
    reported = Counter((line.column, line.value) for line in read_programs(nyc, mapping, {}).report.lines)

    for row in (row for row in rows if row["PROGRAM"] != "Seniors"):
        assert {text for text in row["PROGRAM TYPE"].split(",") if folded(text) not in mapping.needs[0].values} == set()
        text = row["Grade Level / Age Group "].strip()
        understood = not text or folded(text) in mapping.grades or parse_grades(text, "ages")
        assert understood or reported["Grade Level / Age Group", text]
