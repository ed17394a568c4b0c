"""Text as people type it, made comparable: blanks, control characters, spellings of one name, telephone numbers."""

import re
import unicodedata
from dataclasses import dataclass

from phonenumbers import Leniency, PhoneNumberFormat, PhoneNumberMatcher, format_number, parse

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_LEGAL_FORMS = frozenset({"inc", "incorporated", "llc", "ltd"})
_EMAIL = re.compile(r"[^@\s,;<>\"]+@[^@\s,;<>\"]+\.[^@\s,;<>\".]+")


def line(text: str) -> str:
    """The text as one line: no control characters, single blanks, none at the ends."""
    return " ".join(_CONTROL.sub(" ", text).split())


def lines(text: str) -> str:
    """The text with its line breaks, but no other control characters and no blanks at the ends."""
    return _CONTROL.sub(" ", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


def folded(text: str) -> str:
    """The text as it is compared: one line, without upper and lower case."""
    return unicodedata.normalize("NFKC", line(text)).casefold()


def name_key(name: str) -> str:
    """What the spellings of one organization's name have in common.

    `The Children's Aid Society` and `Childrens Aid Society, Inc.` have the same key.
    """
    bare = re.sub(r"['’`.]", "", folded(name)).replace("&", " and ")
    words = re.sub(r"[\W_]+", " ", bare).split()
    while len(words) > 1 and words[-1] in _LEGAL_FORMS:
        words.pop()
    if len(words) > 1 and words[0] == "the":
        words = words[1:]
    return " ".join(words)


def is_email(text: str) -> bool:
    """Whether the text has the form of one e-mail address."""
    return len(text) <= 254 and _EMAIL.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class Phone:
    """A telephone number as E.164, with the extension behind it, if one was given."""

    number: str
    extension: str = ""


def phones_in(text: str, country: str = "US") -> list[Phone]:
    """Every telephone number in a text; a number without country code is one of this country (ISO 3166)."""
    found = (match.number for match in PhoneNumberMatcher(line(text), country, Leniency.VALID))
    return [Phone(format_number(n, PhoneNumberFormat.E164), n.extension or "") for n in found]


def shown_phone(number: str | None, extension: str = "") -> str:
    """An E.164 number as people read it, `+1 617-555-0123 ext. 45`; empty for None."""
    if number is None:
        return ""
    shown = format_number(parse(number), PhoneNumberFormat.INTERNATIONAL)
    return f"{shown} ext. {extension}" if extension else shown
