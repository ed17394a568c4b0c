"""Text as people type it, made comparable: blanks, control characters, spellings of one name, telephone numbers."""

import re
import unicodedata
from dataclasses import dataclass
from uuid import UUID

from phonenumbers import Leniency, PhoneNumberFormat, PhoneNumberMatcher, format_number, parse

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_LEGAL_FORMS = frozenset({"inc", "incorporated", "llc", "ltd"})
_WEB = re.compile(r"(?i)https?://[a-z0-9-]+(\.[a-z0-9-]+)+(:\d{1,5})?([/?#][!-~]*)?")
_EMAIL = re.compile(r"[^@\s,;<>\"]+@[^@\s,;<>\"]+\.[^@\s,;<>\".]+")


def line(text: str) -> str:
    """The text as one line: no control characters, single blanks, none at the ends."""
    return " ".join(_CONTROL.sub(" ", text).split())


def lines(text: str) -> str:
    """The text with its line breaks, but no other control characters and no blanks at the ends."""
    return _CONTROL.sub(" ", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


def id_in(text: str) -> UUID | None:
    """The id that stands there; None where none does."""
    try:
        return UUID(text)
    except ValueError:
        return None


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


_CJK = re.compile(r"([\u3400-\u9fff\uf900-\ufaff])")
_MARKS = re.compile(r"[\u0300-\u036f\u0610-\u061a\u064b-\u065f\u0670]")
_LETTERS = str.maketrans({"đ": "d", "ø": "o", "ł": "l", "ı": "i", "æ": "e", "œ": "o", "ß": "s"})


def plain(text: str) -> str:
    """The text as the directory searches it, in small letters without accents; every Chinese character is a word.

    The same as the SQL function `plain` of the directory's migration, so that words asked for meet words kept.
    """
    bare = _MARKS.sub("", unicodedata.normalize("NFKD", text.lower())).translate(_LETTERS)
    return _CJK.sub(r" \1 ", bare)


def web_address(text: str) -> str | None:
    """The address of a web page with its scheme (https where none is given); None where it is none, "" for nothing."""
    address = line(text)
    if not address:
        return ""
    if not re.match(r"(?i)[a-z][a-z0-9+.-]*:", address) or re.match(r"[^/:]+\.[^/:]+:\d", address):
        address = f"https://{address.removeprefix('//')}"
    return address if _WEB.fullmatch(address) else None


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
