"""The catalogs: what language somebody gets, that nothing is missing, and what marks a draft."""

import re

import pytest
from babel.messages.catalog import Catalog
from jinja2 import Environment

from shared import translations as words
from shared.events.vocabulary import LANGUAGES
from shared.translations import State, best_language, direction, gettext, install, ngettext, speaking, translations

OTHERS = [code for code in LANGUAGES if code != "en"]


@pytest.mark.parametrize(
    ("tag", "language"),
    [
        ("en", "en"), ("en-GB", "en"), ("es-MX", "es"), ("pt-BR", "pt"), ("fr_CA", "fr"), ("AR-eg", "ar"),
        ("zh", "zh-Hans"), ("zh-CN", "zh-Hans"), ("zh-SG", "zh-Hans"), ("zh-Hans-TW", "zh-Hans"),
        ("zh-TW", "zh-Hant"), ("zh-HK", "zh-Hant"), ("zh_Hant", "zh-Hant"), ("yue", "zh-Hant"), ("cmn", "zh-Hans"),
        ("ht-HT", "ht"), ("kea-CV", "kea"), ("vi-VN", "vi"), ("so-SO", "so"),
        ("tl", "en"), ("he", "en"), ("i-klingon", "en"), ("x-home", "en"), ("", "en"), ("-", "en"), ("Spanish", "en"),
    ],
)  # fmt: skip
def test_every_tag_gets_the_best_of_our_languages_and_english_at_the_end(tag: str, language: str) -> None:
    assert best_language(tag) == language


def test_only_arabic_runs_from_right_to_left() -> None:
    assert [code for code in LANGUAGES if direction(code) == "rtl"] == ["ar"]
    assert direction("ar-EG") == "rtl"


@pytest.mark.parametrize("language", OTHERS)
def test_the_catalog_is_up_to_date_with_the_code(language: str) -> None:
    """Where this fails: `make messages`, then translate what is new."""
    known = {(message.id, message.context) for message in words.read_catalog(language) if message.id}

    assert known == {(message.id, message.context) for message in words.extract() if message.id}


@pytest.mark.parametrize("language", OTHERS)
def test_no_text_is_missing_and_every_placeholder_is_there(language: str) -> None:
    lacking = {
        str(message.id): words.state_of(message)
        for message in words.read_catalog(language)
        if message.id and words.state_of(message) not in (State.APPROVED, State.WAITING)
    }

    assert lacking == {}


@pytest.mark.parametrize("language", OTHERS)
def test_a_translation_is_a_translation(language: str) -> None:
    """Long texts differ from English, and no markup has slipped in."""
    for message in words.read_catalog(language):
        for form in words.forms(message.string) if message.id else ():
            assert not re.search(r"[<>]|&\w+;", form), form
            assert form == form.strip()
            assert form != message.id or len(form) < 15, form


@pytest.mark.parametrize("language", OTHERS)
def test_every_form_for_a_number_can_be_said(language: str) -> None:
    plurals = [m for m in words.read_catalog(language) if m.pluralizable]

    with speaking(language):
        for message in plurals:
            one, many = words.forms(message.id)
            for number in (0, 1, 2, 3, 11, 100):
                assert ngettext(one, many, number) % {"num": number, "count": number}


def test_words_come_in_the_language_spoken_and_english_outside_of_it() -> None:
    with speaking("es-MX"):
        spanish = gettext("Messages")
        with speaking("fr"):
            french = gettext("No messages yet")

    assert (spanish, french) == ("Mensajes", "Aucun message pour l’instant")
    assert gettext("Messages") == "Messages"


def test_a_text_that_no_catalog_knows_comes_out_in_english() -> None:
    assert translations("vi").gettext("Never written anywhere") == "Never written anywhere"


def test_templates_escape_what_is_put_into_a_text() -> None:
    environment = Environment(autoescape=True)
    install(environment)
    template = environment.from_string('{{ _("Hello %(name)s,", name=name) }}')

    with speaking("es"):
        assert template.render(name="<b>") == "Hola, &lt;b&gt;:"


def a_catalog(*texts: str) -> Catalog:
    """A template with these texts."""
    template = Catalog(locale="es", fuzzy=False)
    for text in texts:
        template.add(text, None, [("here.py", 0)])
    return template


def test_a_draft_stays_a_draft_and_an_approved_text_approved_when_the_catalog_is_updated() -> None:
    known = Catalog(locale="es", fuzzy=False)
    known.add("One", "Uno", flags=["fuzzy"])
    known.add("Two", "Dos")

    words.update(known, a_catalog("One", "Two", "Three"))

    states = {str(m.id): words.state_of(m) for m in known if m.id}
    assert states == {"One": State.WAITING, "Two": State.APPROVED, "Three": State.MISSING}


def test_changed_english_marks_an_approved_text_again_and_it_is_not_shown_until_somebody_has_looked() -> None:
    known = Catalog(locale="es", fuzzy=False)
    known.add("The program has a place for your child", "El programa tiene un lugar para su hijo")

    words.update(known, a_catalog("The program has no place for your child"))
    words.update(known, a_catalog("The program has no place for your child"))

    message = known.get("The program has no place for your child")
    assert message is not None
    assert words.state_of(message) is State.CHANGED
    assert message.string == "El programa tiene un lugar para su hijo"


def test_an_approval_takes_the_mark_of_changed_english_away() -> None:
    known = Catalog(locale="es", fuzzy=False)
    known.add("The program has a place for your child", "El programa tiene un lugar para su hijo")
    words.update(known, a_catalog("The program has no place for your child"))
    message = known.get("The program has no place for your child")
    assert message is not None

    message.flags.discard("fuzzy")
    words.update(known, a_catalog("The program has no place for your child"))

    approved = known.get("The program has no place for your child")
    assert approved is not None
    assert (words.state_of(approved), approved.user_comments) == (State.APPROVED, [])


def test_a_translation_that_lost_a_placeholder_is_not_used() -> None:
    known = Catalog(locale="es", fuzzy=False)
    known.add("Hello %(name)s", "Hola")
    known.add("Hello %(who)s", "Hola %(whom)s")

    assert {words.state_of(m) for m in known if m.id} == {State.CHANGED}


def test_every_draft_of_ours_is_marked_as_such() -> None:
    """Take a language out of here when a native speaker has begun to approve it."""
    for language in OTHERS:
        counted = words.counts(language)

        assert counted.approved == 0
        assert counted.waiting > 100


def test_the_command_wants_to_be_told_what_to_do() -> None:
    assert words.main([]) == 2
