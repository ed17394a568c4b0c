"""Weekly times as people write them."""

import pytest

from services.agreements.rules.times import read_times, written


@pytest.mark.parametrize(
    ("text", "times"),
    [
        ("Mon 15:00-17:30", ("MO 15:00-17:30",)),
        ("Mon-Wed 3-5:30 pm", ("MO 15:00-17:30", "TU 15:00-17:30", "WE 15:00-17:30")),
        ("Monday to Tuesday, 9 am to noon", ("MO 09:00-12:00", "TU 09:00-12:00")),
        ("Sa, Su 9-1 pm", ("SA 09:00-13:00", "SU 09:00-13:00")),
        ("Sat/Sun 10 a.m. – 2 p.m.", ("SA 10:00-14:00", "SU 10:00-14:00")),
        ("weekends 8:00-24:00", ("SA 08:00-24:00", "SU 08:00-24:00")),
        ("Fri-Mon 12-1 pm", ("MO 12:00-13:00", "FR 12:00-13:00", "SA 12:00-13:00", "SU 12:00-13:00")),
        ("thursdays 11-1pm; tue 15:00-16:00", ("TU 15:00-16:00", "TH 11:00-13:00")),
        ("MO 15:00:00-17:30:00\nMO 15:00-17:30", ("MO 15:00-17:30",)),
        ("", ()),
    ],
)
def test_times_are_read_as_people_write_them_and_shown_so_that_they_are_read_again(
    text: str, times: tuple[str, ...]
) -> None:
    assert read_times(text) == times
    assert read_times(written(times)) == times


@pytest.mark.parametrize(
    "text",
    [
        "after school",
        "Mon",
        "Mon 5-3",
        "T 3-5 pm",
        "Mon 25:00-26:00",
        "Mon 3:75-5 pm",
        "3-5 pm",
        "Someday 3-5 pm",
        "Mon-Tue-Wed 3-5",
    ],
)  # fmt: skip
def test_what_is_not_understood_is_never_guessed(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        read_times(text)
