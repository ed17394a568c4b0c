"""Single values: what a cell says, in the form that is kept; None where it cannot be read."""

import re
from functools import cache, lru_cache

import phonenumbers
from babel import Locale
from babel.core import get_global

from shared.events.vocabulary import GRADES

EMAIL = re.compile(r"[^\s@,;:<>()\[\]\\\"]+@[^\s@,;:<>()\[\]\\\"]+\.[^\s@,;:<>()\[\]\\\".]{2,}")
TAG = re.compile(r"([a-z]{2,3}|[a-z]{5,8})(?:-([a-z]{4}))?(?:-([a-z]{2}|\d{3}))?((?:-[a-z0-9]{4,8})*)", re.IGNORECASE)
NORTH_AMERICAN = re.compile(r"(?:\+?1[ .-]?)?\(?([2-46-9][0-9]{2})\)?[ .-]?([2-9][0-9]{2})[ .-]?([0-9]{4})")
"""How people write these numbers; area codes that begin with 5 (personal numbers) are left to the library."""

SPREADSHEET_ERROR = re.compile(r"#(?:N/A|REF!|VALUE!|NAME\?|DIV/0!|NULL!|NUM!)")
"""What a spreadsheet writes where it found nothing: never part of a real id."""

KINDERGARTEN = {"K": "KG", "0K": "KG", "KF": "KG", "KH": "KG", "K2": "KG", "K1": "PK", "K0": "PK", "PREK": "PK"}
"""Ways of writing that exports use beside the CEDS codes (K0, K1 and K2 are Boston's)."""


def phone(raw: str, region: str = "US") -> str | None:
    """A number as E.164; numbers without a country code are of `region`."""
    match = NORTH_AMERICAN.fullmatch(raw) if region == "US" else None
    if match is None:
        return _dialled(raw, region)
    area, exchange, line = match.groups()
    return f"+1{area}{exchange}{line}" if _is_exchange(area, exchange) else None


@lru_cache(maxsize=8192)
def _dialled(raw: str, region: str) -> str | None:
    try:
        number = phonenumbers.parse(raw, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


@lru_cache(maxsize=65_536)
def _is_exchange(area: str, exchange: str) -> bool:
    """Whether the library knows numbers of this exchange; in North America all of its lines are valid, or none."""
    return _dialled(f"+1{area}{exchange}0123", "US") is not None


def email(raw: str) -> str | None:
    """An address that looks like one (something@host.domain, at most 254 characters)."""
    return raw if len(raw) <= 254 and raw.isprintable() and EMAIL.fullmatch(raw) else None


@cache
def _languages() -> frozenset[str]:
    return frozenset(Locale("en").languages)


@lru_cache(maxsize=1024)
def language(raw: str) -> tuple[str, bool]:
    """A language as a BCP 47 tag in its usual form, and whether the language is known; an unknown one as it came."""
    match = TAG.fullmatch(raw.replace("_", "-"))
    if match is None:
        return raw, False
    first, script, region, variants = match.groups()
    code = get_global("language_aliases").get(first.lower(), first.lower())
    if code not in _languages():
        return raw, False
    parts = [code, script and script.title(), region and region.upper(), variants.lower().lstrip("-")]
    return "-".join(part for part in parts if part), True


@lru_cache(maxsize=1024)
def grade(raw: str) -> str | None:
    """A CEDS grade code; of several the first."""
    code = raw.split(",")[0].strip().upper().replace("-", "")
    code = KINDERGARTEN.get(code, code.zfill(2) if code.isdigit() else code)
    return next((known for known in GRADES if known.upper() == code), None)


def id_list(raw: str) -> list[str]:
    """The ids of a list in one cell, each once, in order."""
    if "," not in raw:
        return [raw] if raw else []
    return list(dict.fromkeys(part for piece in raw.split(",") if (part := piece.strip())))
