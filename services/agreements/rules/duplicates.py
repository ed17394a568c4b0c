"""Which organizations may be one: the same tax id, address or web domain, or nearly the same name."""

import re
from difflib import SequenceMatcher
from typing import NamedTuple
from urllib.parse import urlsplit

from services.agreements.words import folded, line

SHARED_HOSTS = ("facebook.com", "instagram.com", "linktr.ee", "sites.google.com", "google.com", "wordpress.com",
                "wixsite.com", "weebly.com", "blogspot.com", "github.io", "youtube.com", "x.com")  # fmt: skip
"""Hosts on which many organizations have a page: the same one says nothing."""
ALIKE = 0.86
"""Names whose letters agree to this share are shown as possibly one."""

_STREETS = {
    "street": "st", "avenue": "ave", "av": "ave", "road": "rd", "boulevard": "blvd", "square": "sq", "place": "pl",
    "drive": "dr", "lane": "ln", "court": "ct", "suite": "ste", "floor": "fl", "north": "n", "south": "s", "east": "e",
    "west": "w", "apartment": "apt", "massachusetts": "ma",
}  # fmt: skip
_DULL = frozenset({"of", "the", "and", "for", "in", "at", "a"})


class Traits(NamedTuple):
    """What an organization is compared by; empty where it is not known."""

    name_key: str
    tax_key: str = ""
    address_key: str = ""
    domain: str = ""


def tax_key(text: str) -> str:
    """A tax id without punctuation: `04-2103580` and `042103580` are one."""
    return re.sub(r"[\W_]+", "", text).upper()


def address_key(text: str) -> str:
    """What the spellings of one address have in common: `12 Main Street, Ste 4` and `12 main st. suite 4`."""
    words = re.sub(r"[\W_]+", " ", folded(text)).split()
    return " ".join(_STREETS.get(word, word) for word in words)


def web_address(text: str) -> str:
    """An address of the web with its scheme; empty where the text is none."""
    typed = line(text)
    full = typed if "://" in typed else f"https://{typed}"
    try:
        parts = urlsplit(full)
        host = parts.hostname or ""
    except ValueError:
        return ""
    good = parts.scheme in ("http", "https") and re.fullmatch(r"([\w-]+\.)+[a-z]{2,}", host)
    return full if typed and good and " " not in typed else ""


def domain(website: str) -> str:
    """The host by which a web address tells organizations apart; empty on hosts that many share."""
    try:
        host = (urlsplit(website).hostname or "").removeprefix("www.")
    except ValueError:
        return ""
    shared = any(host == one or host.endswith(f".{one}") for one in SHARED_HOSTS)
    return "" if shared else host


def telling_words(name_key: str) -> list[str]:
    """The words of a name that tell it from others, to look for candidates by."""
    return [word for word in name_key.split() if len(word) > 3 and word not in _DULL]


def agreements_of(one: Traits, other: Traits) -> list[str]:
    """In what two organizations agree: `tax id`, `address`, `web address`, `name`; empty: they are two."""
    same = [
        ("tax id", one.tax_key == other.tax_key != ""),
        ("address", one.address_key == other.address_key != ""),
        ("web address", one.domain == other.domain != ""),
        ("name", _alike(one.name_key, other.name_key)),
    ]
    return [what for what, is_same in same if is_same]


def _alike(one: str, other: str) -> bool:
    words, others = set(one.split()) - _DULL, set(other.split()) - _DULL
    if words == others:
        return bool(words)
    matcher = SequenceMatcher(None, one, other, autojunk=False)
    return matcher.real_quick_ratio() >= ALIKE and matcher.quick_ratio() >= ALIKE and matcher.ratio() >= ALIKE
