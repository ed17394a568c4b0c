"""Messages in words: every kind in every language."""

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from services.notifications.letters import END_ISOLATE, ISOLATE, Envelope, Known, Letter, as_html, as_text, letter, note
from services.notifications.rules import Audience, Kind
from services.notifications.texts import TEXTS
from shared.events.vocabulary import LANGUAGES
from shared.translations import speaking

ZONE = ZoneInfo("America/New_York")
KNOWN = Known(
    students={"s": ("Jean-Zélie", "Josephson")},
    programs={"p": ("Night Housing Help", "Harbor Shelter"), "n": ("Family Rooms", "City Steps")},
)
PARAMS = {
    "student_id": "s", "program_id": "p", "next_program_id": "n", "program_ids": "p n",
    "answer_by": "2026-11-24T22:00:00Z", "reason": "no_capacity", "outcome": "could_not_contact", "urgency": "urgent",
}  # fmt: skip
NAMES = ("Jean", "Josephson", "Night", "Harbor", "Family Rooms", "City Steps", "Marie")
ENVELOPE = Envelope(
    name="Marie",
    link="https://crosswalk.example.org/referrals/by-link/token",
    link_until=datetime(2026, 12, 5, 12, tzinfo=UTC),
    reach_link="https://crosswalk.example.org/notifications/preferences",
    district="Example Public Schools",
    zone=ZONE,
)
EVERY = [(kind, language) for kind in Kind for language in LANGUAGES]


def written(kind: Kind, language: str, known: Known = KNOWN) -> Letter:
    """The e-mail of a kind in a language."""
    return letter(kind, PARAMS, known, language, ENVELOPE)


@pytest.mark.parametrize(("kind", "language"), EVERY)
def test_a_subject_names_nobody_and_nothing(kind: Kind, language: str) -> None:
    subject = written(kind, language).subject

    assert subject
    assert "%" not in TEXTS[kind].subject + TEXTS[kind].title + subject
    assert not any(name in subject for name in NAMES)


@pytest.mark.parametrize(("kind", "language"), EVERY)
def test_an_e_mail_never_names_a_child_together_with_a_program(kind: Kind, language: str) -> None:
    made = written(kind, language)
    for whole in (as_text(made), as_html(made)):
        child = "Jean" in whole
        program = any(name in whole for name in ("Night", "Harbor", "Family Rooms", "City Steps"))

        assert "Josephson" not in whole
        assert not (child and program)


@pytest.mark.parametrize(("kind", "language"), EVERY)
def test_every_message_is_whole_in_every_language(kind: Kind, language: str) -> None:
    made = written(kind, language)
    with speaking(language):
        shown = note(kind, PARAMS, KNOWN, ZONE)

    for text in (as_text(made), as_html(made), shown.title, shown.words, shown.button):
        assert "%(" not in text
        assert "None" not in text
    if language != "en":
        assert made.words != written(kind, "en").words
        assert shown.title != TEXTS[kind].title


@pytest.mark.parametrize("kind", list(Kind))
def test_arabic_mail_runs_from_right_to_left_with_names_kept_apart(kind: Kind) -> None:
    made = written(kind, "ar")
    html = as_html(made)

    assert '<html lang="ar" dir="rtl">' in html
    assert '<div lang="ar" dir="rtl"' in html
    assert "text-align:right" in html
    assert f"{ISOLATE}Marie{END_ISOLATE}" in made.greeting
    assert html.count(ISOLATE) == html.count(END_ISOLATE)


def test_a_draft_carries_the_english_below_it_and_english_does_not() -> None:
    draft, source = written(Kind.FAMILY_SENT, "so"), written(Kind.FAMILY_SENT, "en")

    assert draft.english is not None
    assert draft.english.words in as_text(draft)
    assert '<div lang="en" dir="ltr"' in as_html(draft)
    assert source.english is None


def test_a_mail_has_one_button_and_loads_nothing() -> None:
    for kind in Kind:
        html = as_html(written(kind, "en"))

        assert len(re.findall(r"<a [^>]*display:inline-block", html)) == 1
        assert not re.search(r"<(img|script|link|iframe)|url\(|@import", html)
        assert "font-size:18px" in html
        assert len(html.encode()) < 10_000


def test_names_are_escaped_in_html() -> None:
    known = Known(students={"s": ("<script>x</script>", "")})

    html = as_html(written(Kind.FAMILY_SENT, "en", known))

    assert "<script>" not in html
    assert "&lt;script&gt;" in html


@pytest.mark.parametrize(("kind", "language"), EVERY)
def test_what_is_not_known_any_more_is_called_by_a_general_word(kind: Kind, language: str) -> None:
    with speaking(language):
        shown = note(kind, {}, Known(), ZONE)

    assert "%(" not in shown.words
    assert shown.words.strip()


def test_a_name_with_a_per_cent_sign_breaks_nothing() -> None:
    known = Known(students={"s": ("100%s", "%(x)s")})

    assert "100%s" in written(Kind.FAMILY_SENT, "en", known).words


def test_only_families_are_shown_the_way_to_their_wishes() -> None:
    for kind in Kind:
        assert bool(written(kind, "en").reach_link) is (kind.audience is Audience.FAMILY)


def test_an_urgent_new_referral_says_so() -> None:
    with speaking("en"):
        assert note(Kind.PARTNER_NEW, PARAMS, KNOWN, ZONE).words.endswith("It is urgent.")
    assert written(Kind.PARTNER_NEW, "en").words.endswith("It is urgent.")


def test_deadlines_stand_in_the_districts_time() -> None:
    with speaking("en"):
        assert "November 24, 2026, 5:00 pm" in note(Kind.PARTNER_NEW, PARAMS, KNOWN, ZONE).words
        assert "November 24, 2026" in note(Kind.FAMILY_SENT, PARAMS, KNOWN, ZONE).words
