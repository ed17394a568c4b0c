"""Grades and ages as people write them, read as CEDS codes."""

import pytest

from services.agreements.programs_csv.grades import EVERY, in_order, parse_grades

K_TO_5 = "KG 01 02 03 04 05"
MIDDLE = "06 07 08"
HIGH = "09 10 11 12"


def codes(text: str, bare: str = "grades") -> str:
    read = parse_grades(text, "ages" if bare == "ages" else "grades")
    return "not understood" if read is None else "every" if read == EVERY else " ".join(in_order(read))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("K-5", K_TO_5),
        ("Grades K-5", K_TO_5),
        ("grades K – 5", K_TO_5),
        ("Kindergarten through 5th grade", K_TO_5),
        ("Pre-K to 2", "PK TK KG 01 02"),
        ("PreK-K", "PK TK KG"),
        ("pre-kindergarten", "PK"),
        ("grades 6 to 8", MIDDLE),
        ("Gr. 6-8", MIDDLE),
        ("6th, 7th and 8th grade", MIDDLE),
        ("9-12", HIGH),
        ("9+", HIGH),
        ("9th grade and up", HIGH),
        ("12", "12"),
        ("13", "13"),
        ("Elementary", K_TO_5),
        (" High School", HIGH),
        ("Middle School", MIDDLE),
        ("Elem/MS/HS", f"{K_TO_5} {MIDDLE} {HIGH}"),
        ("MS/HS", f"{MIDDLE} {HIGH}"),
        ("3; 5", "03 05"),
        ("All Ages", "every"),
        ("all grades", "every"),
        ("Any", "every"),
    ],
)
def test_grades_in_words(text: str, expected: str) -> None:
    assert codes(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("6 and up", f"{K_TO_5} {MIDDLE} {HIGH}"),
        ("14 to 24", f"08 {HIGH}"),
        ("16+", "10 11 12"),
        ("18+", "12"),
        ("13 to 21", f"07 08 {HIGH}"),
        ("11-14", "05 06 07 08 09"),
        ("5-20", f"PK TK {K_TO_5} {MIDDLE} {HIGH}"),
    ],
)
def test_bare_numbers_are_ages_where_the_mapping_says_so(text: str, expected: str) -> None:
    assert codes(text, "ages") == expected


def test_a_word_beside_the_numbers_says_what_they_are() -> None:
    assert codes("ages 11-14") == codes("11 to 14 years old") == "05 06 07 08 09"
    assert codes("grades 6 to 8", "ages") == MIDDLE


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        ("", "grades"),
        ("OST", "grades"),
        ("ESOL/Civics", "grades"),
        ("8-6", "grades"),
        ("14 to 24", "grades"),
        ("K-40", "grades"),
        ("30+", "ages"),
        ("24 to 14", "ages"),
        ("K to 14", "ages"),
        ("A parent 16 Years Old or Older ", "grades"),
        ("5, 6, and friends", "grades"),
        ("-", "grades"),
    ],
)
def test_what_is_not_understood_is_never_guessed(text: str, bare: str) -> None:
    assert codes(text, bare) == "not understood"
