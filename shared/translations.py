"""Words in the reader's language: gettext catalogs and the command that keeps them up to date.

English is the source. `shared/locales/<language>/LC_MESSAGES/crosswalk.po` holds the rest. The flag `fuzzy`
marks every translation that no native speaker has approved (docs/decisions/translations.md); it is used all
the same, except where the English changed after it was made: then English is shown until somebody has looked.
"""

import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from io import BytesIO
from pathlib import Path

from babel import Locale
from babel.core import get_global
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from babel.support import Translations
from jinja2 import Environment

from shared.events.vocabulary import LANGUAGES, RIGHT_TO_LEFT

DOMAIN = "crosswalk"
SOURCE = "en"
LOCALES = Path(__file__).parent / "locales"
ROOT = LOCALES.parent.parent
FOLDERS = ("services", "shared")
CHANGED = "English was:"
"""Begins the comment of a translation that was made for other English words."""
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[^(\s]")

_MACROLANGUAGES = {"cmn": "zh-Hans", "yue": "zh-Hant", "arb": "ar"}
_BY_FOLDED = {code.lower(): code for code in LANGUAGES}


# Which language


@cache
def best_language(tag: str) -> str:
    """The language of ours that a BCP 47 tag gets: lookup as in RFC 4647 section 3.4, at the end English.

    A tag without a script gets its likely one (Unicode CLDR): `zh-TW` becomes `zh-Hant`, `zh` `zh-Hans`.
    """
    subtags = tag.strip().replace("_", "-").split("-")
    subtags[0] = subtags[0].lower()
    for candidate in (_MACROLANGUAGES.get(subtags[0]), "-".join(subtags), _with_script(subtags)):
        found = _lookup(candidate) if candidate else None
        if found:
            return found
    return SOURCE


def _lookup(tag: str) -> str | None:
    subtags = tag.lower().split("-")
    while subtags:
        if found := _BY_FOLDED.get("-".join(subtags)):
            return found
        subtags.pop()
    return None


def _with_script(subtags: list[str]) -> str | None:
    likely = get_global("likely_subtags")
    language, regions = subtags[0], [s.upper() for s in subtags[1:] if len(s) == 2]
    named = "_".join([language, *regions[:1]])
    found = likely.get(named) or likely.get(language)
    return str(found).replace("_", "-") if found else None


def direction(language: str) -> str:
    """`rtl` or `ltr`: how words in the best language for this tag run."""
    return "rtl" if best_language(language) in RIGHT_TO_LEFT else "ltr"


# The words


def po_path(language: str) -> Path:
    """Where the catalog of a language is kept."""
    return LOCALES / language / "LC_MESSAGES" / f"{DOMAIN}.po"


def read_catalog(language: str) -> Catalog:
    """The catalog of one of our languages as it is on disk; raises `PoFileError` where it cannot be read."""
    with po_path(language).open("rb") as file:
        return read_po(file, locale=Locale.parse(language, sep="-"), domain=DOMAIN, abort_invalid=True)


@cache
def catalog(language: str) -> Catalog:
    """The catalog of one of our languages, read once per process. English is empty: it is the source."""
    return Catalog(locale=SOURCE) if language == SOURCE else read_catalog(language)


@cache
def translations(tag: str) -> Translations:
    """The words of the best language for a BCP 47 tag; a word that is missing there comes out in English."""
    language = best_language(tag)
    if language != tag:
        return translations(language)
    usable = Catalog(locale=Locale.parse(language, sep="-"))
    usable.mime_headers = catalog(language).mime_headers
    for message in catalog(language):
        if message.id and state_of(message) in (State.APPROVED, State.WAITING):
            usable.add(message.id, message.string, context=message.context)
    compiled = BytesIO()
    write_mo(compiled, usable)
    compiled.seek(0)
    return Translations(compiled, domain=DOMAIN)


_speaking: ContextVar[str] = ContextVar("language", default=SOURCE)


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Inside, `gettext`, `ngettext` and templates speak this language."""
    token = _speaking.set(best_language(language))
    try:
        yield
    finally:
        _speaking.reset(token)


def spoken() -> str:
    """The language being spoken."""
    return _speaking.get()


def gettext(text: str) -> str:
    """Words in the language being spoken (see `speaking`); a literal text is extracted for translators."""
    return translations(_speaking.get()).gettext(text)


def ngettext(one: str, many: str, n: int) -> str:
    """The same for words that depend on a number."""
    return translations(_speaking.get()).ngettext(one, many, n)


def mark(text: str) -> str:
    """Give a literal text back as it is, but have it extracted: for constants, translated when used."""
    return text


def install(environment: Environment) -> None:
    """Templates speak: `{{ _("...") }}`, `{{ _("Hello %(name)s", name=x) }}`, `ngettext`, `{% trans %}`.

    A text that reaches `_` with variables is a format: a per cent sign is written `%%`.
    """
    environment.add_extension("jinja2.ext.i18n")
    environment.policies["ext.i18n.trimmed"] = True
    environment.install_gettext_callables(gettext, ngettext, newstyle=True)  # type: ignore[attr-defined]


# What is approved


class State(StrEnum):
    """How far a translation is. `changed`: made for other English, or a placeholder was lost; not used."""

    APPROVED = "approved"
    WAITING = "waiting"
    CHANGED = "changed"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Counts:
    """How many texts are approved, wait for a native speaker, or are missing (shown in English)."""

    approved: int
    waiting: int
    missing: int


def state_of(message: Message) -> State:
    """How far the translation of one text is."""
    if not all(forms(message.string)):
        return State.MISSING
    if not fits(message) or (message.fuzzy and any(c.startswith(CHANGED) for c in message.user_comments)):
        return State.CHANGED
    return State.WAITING if message.fuzzy else State.APPROVED


def fits(message: Message) -> bool:
    """Whether a translation has its source's placeholders; a form for one number may leave the number out."""
    source = {p for form in forms(message.id) for p in PLACEHOLDER.findall(form)}
    found = [set(PLACEHOLDER.findall(form)) for form in forms(message.string)]
    return all(form <= source for form in found) if message.pluralizable else found == [source]


def forms(text: str | Sequence[str] | None) -> Sequence[str]:
    """A text as a sequence: its one form, or its forms for numbers."""
    return (text or "",) if isinstance(text, str | None) else text


def counts(language: str) -> Counts:
    """The counts of one of our languages."""
    states = [state_of(message) for message in catalog(language) if message.id]
    missing = states.count(State.MISSING) + states.count(State.CHANGED)
    return Counts(states.count(State.APPROVED), states.count(State.WAITING), missing)


def is_approved(language: str, texts: Iterable[str]) -> bool:
    """Whether a native speaker approved the translation of each of these texts; English needs none."""
    if language == SOURCE:
        return True
    found = (catalog(language).get(text) for text in texts)
    return all(message is not None and state_of(message) == State.APPROVED for message in found)


# Keeping the catalogs up to date


def extract() -> Catalog:
    """Every text that is marked for translation in Python and in templates."""
    template = Catalog(project="Crosswalk", charset="utf-8", fuzzy=False)
    options = {"**/templates/**.html": {"newstyle_gettext": "true", "trimmed": "true", "silent": "false"}}
    methods = [("**.py", "python"), ("**/templates/**.html", "jinja2")]
    keywords = {"_": None, "gettext": None, "mark": None, "noted": None, "ngettext": (1, 2), "pgettext": ((1, "c"), 2)}
    for folder in FOLDERS:
        for name, _, text, comments, context in extract_from_dir(
            ROOT / folder, methods, options, keywords, comment_tags=("Translators:",), strip_comment_tags=True
        ):
            template.add(text, None, [(f"{folder}/{name}", 0)], auto_comments=comments, context=context)
    return template


def update(known: Catalog, template: Catalog) -> None:
    """Bring a catalog up to the texts of today; what was made for similar English stays as a proposal."""
    known.update(template, update_creation_date=False)
    known.obsolete.clear()
    for message in known:
        if message.previous_id:
            message.user_comments = [f"{CHANGED} {message.previous_id[0]!r}"]
        elif not message.fuzzy:
            message.user_comments = [c for c in message.user_comments if not c.startswith(CHANGED)]


def write_catalog(language: str, written: Catalog) -> None:
    """Put a catalog on disk: sorted and without line numbers, so that a change shows only what changed."""
    path = po_path(language)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(file, written, width=0, sort_by_file=True, include_lineno=False, ignore_obsolete=True)


def main(arguments: list[str]) -> int:
    """`python -m shared.translations extract`: bring every catalog up to date and say what is left to do."""
    if arguments != ["extract"]:
        print("Usage: python -m shared.translations extract", file=sys.stderr)
        return 2
    template = extract()
    for language in LANGUAGES:
        if language == SOURCE:
            continue
        known = read_catalog(language) if po_path(language).exists() else _new_catalog(language)
        update(known, template)
        write_catalog(language, known)
        states = [state_of(message) for message in known if message.id]
        words = ", ".join(f"{states.count(s)} {s}" for s in State)
        print(f"{language:8} {words}")
    return 0


def _new_catalog(language: str) -> Catalog:
    return Catalog(
        locale=Locale.parse(language, sep="-"),
        header_comment=f"# Crosswalk in {LANGUAGES[language]}. English is the source; `fuzzy` marks what no\n"
        "# native speaker has approved. To approve a text, take the word `fuzzy` away.",
        project="Crosswalk",
        version="1",
        msgid_bugs_address="none",
        last_translator="none",
        language_team="none",
        charset="utf-8",
        fuzzy=False,
    )


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
