"""Codes in words."""

import pytest

from services.agreements.labels import grades_in_words, languages_in_words, needs_in_words


@pytest.mark.parametrize(
    ("codes", "words"),
    [
        ([], "Every grade"),
        (["KG"], "Kindergarten"),
        (["03"], "Grade 3"),
        (["03", "02", "01"], "Grades 1 to 3"),
        (["KG", "01", "02", "09", "11", "12"], "Kindergarten to Grade 2, Grade 9, Grades 11 to 12"),
    ],
)
def test_grades_that_follow_each_other_are_drawn_together(codes: list[str], words: str) -> None:
    assert grades_in_words(codes) == words


def test_needs_and_languages_are_named() -> None:
    assert needs_in_words(["food", "arts"]) == "Food, Arts and music"
    assert languages_in_words(["ht", "es", "tlh"]) == "Kreyòl ayisyen, Español, tlh"
