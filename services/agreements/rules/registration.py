"""What a partner tells of itself: the vetting list, checked as it is saved, and whether it is complete when sent."""

from collections.abc import Collection, Mapping
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.agreements.rules.documents import DocumentKind
from services.agreements.rules.duplicates import tax_key, web_address
from services.agreements.rules.programs import MAX_CAPACITY
from services.agreements.words import Phone, is_email, line, lines, phones_in, shown_phone
from shared.events.vocabulary import LANGUAGES, Need
from shared.refusals import Kind, Refusal

MOST_OPEN = 3
"""Registrations that one person may have open."""

ONE_LINE = {"tax_id": 20, "address": 300, "website": 300, "legal_name": 200, "contact_name": 200, "contact_email": 254}
"""Characters that a field of one line may have."""
SEVERAL_LINES = {
    "about": 2000, "populations": 2000, "sites": 2000, "offers": 4000, "evidence": 4000, "references": 2000,
}  # fmt: skip
"""Characters that a field of several lines may have."""


class Identity(BaseModel):
    """By what an organization is told from others."""

    name: str = ""
    tax_id: str = ""
    address: str = ""
    website: str = ""


class RegistrationEntry(Identity):
    """What a partner tells, as it is entered; everything may be left for later until it is sent."""

    legal_name: str = Field(default="", description="As on the tax papers, where it differs from the name")
    contact_name: str = Field(default="", description="Whom the district may ask")
    contact_email: str = ""
    contact_phone: str = ""
    about: str = Field(default="", description="What the organization is for")
    populations: str = Field(default="", description="Whom it serves: ages, groups, neighbourhoods")
    needs: list[str] = Field(default=[], json_schema_extra={"items": {"type": "string", "enum": list(Need)}})
    languages: list[str] = Field(default=[], description="BCP 47 tags that its staff speak")
    sites: str = Field(default="", description="Where it works, a line each")
    capacity: int | str | None = Field(default=None, description="Students that it can serve at once")
    offers: str = Field(default="", description="Its programs")
    evidence: str = Field(default="", description="How it is known that they work")
    references: str = Field(default="", description="Two people who know its work, and how to reach them")


class RegistrationValues(BaseModel):
    """What a partner tells, checked and in one spelling."""

    model_config = ConfigDict(frozen=True)

    tax_id: str = ""
    address: str = ""
    website: str = ""
    legal_name: str = ""
    contact_name: str = ""
    contact_email: str = ""
    contact_phone: str = ""
    about: str = ""
    populations: str = ""
    needs: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    sites: str = ""
    capacity: int | None = None
    offers: str = ""
    evidence: str = ""
    references: str = ""


def valid_identity(entry: Identity) -> dict[str, str]:
    """Tax id, address and web address in one spelling; refuses what cannot be one."""
    values, wrong = _identity(entry)
    _refuse(wrong)
    return values


def valid_registration(entry: RegistrationEntry, country: str = "US") -> RegistrationValues:
    """The entry in one spelling; refuses what cannot be right, never what is only missing."""
    values, wrong = _identity(entry)
    texts = {name: line(getattr(entry, name)) for name in ("legal_name", "contact_name", "contact_email")}
    texts |= {name: lines(getattr(entry, name)) for name in SEVERAL_LINES}
    for name, text in texts.items():
        most = (ONE_LINE | SEVERAL_LINES)[name]
        if len(text) > most:
            wrong[name] = f"Shorten this to at most {most} characters."
    if texts["contact_email"] and not is_email(texts["contact_email"]):
        wrong["contact_email"] = "Enter an e-mail address such as name@example.org."
    phone = _phone(entry.contact_phone, country, wrong)
    capacity = _capacity(entry.capacity, wrong)
    needs = _codes("needs", entry.needs, [need.value for need in Need], wrong)
    languages = _codes("languages", entry.languages, list(LANGUAGES), wrong)
    _refuse({name: wrong[name] for name in RegistrationEntry.model_fields if name in wrong})
    return RegistrationValues(
        **values, **texts, contact_phone=phone, capacity=capacity, needs=needs, languages=languages
    )


def _identity(entry: Identity) -> tuple[dict[str, str], dict[str, str]]:
    wrong: dict[str, str] = {}
    tax, address, typed = line(entry.tax_id), line(entry.address), line(entry.website)
    if tax and not 5 <= len(tax_key(tax)) <= 15:
        wrong["tax_id"] = "Enter the tax id as it stands on your papers, such as 04-2103580."
    if len(address) > ONE_LINE["address"]:
        wrong["address"] = f"Shorten this to at most {ONE_LINE['address']} characters."
    website = web_address(typed)
    if typed and (not website or len(website) > ONE_LINE["website"]):
        wrong["website"] = "Enter an address of the web such as www.example.org, or leave this empty."
    return {"tax_id": tax, "address": address, "website": website}, wrong


def _phone(text: str, country: str, wrong: dict[str, str]) -> str:
    found: list[Phone] = phones_in(text, country)
    if line(text) and len(found) != 1:
        wrong["contact_phone"] = "Enter one telephone number such as (617) 555-0123."
        return ""
    return shown_phone(found[0].number, found[0].extension) if found else ""


def _capacity(given: int | str | None, wrong: dict[str, str]) -> int | None:
    text = "" if given is None else line(str(given))
    if not text:
        return None
    if text.isascii() and text.isdigit() and 0 < int(text[:9]) <= MAX_CAPACITY:
        return int(text)
    wrong["capacity"] = "Enter a number of students, such as 40, or leave it empty."
    return None


def _codes(field: str, given: Collection[str], known: Collection[str], wrong: dict[str, str]) -> tuple[str, ...]:
    if unknown := [code for code in given if code not in known]:
        wrong[field] = f"There is no choice “{line(unknown[0])[:60]}”. Choose from the list."
    return tuple(code for code in known if code in given)


def _refuse(wrong: Mapping[str, str]) -> None:
    if wrong:
        said = "Nothing was saved. Check what is marked below."
        raise Refusal(Kind.INVALID, "registration_invalid", said, fields=wrong)


REQUIRED: dict[str, str] = {
    "tax_id": "Enter the tax id.",
    "address": "Enter the address.",
    "contact_name": "Say whom the district may ask.",
    "contact_email": "Enter an e-mail address for questions.",
    "about": "Say what the organization is for.",
    "populations": "Say whom it serves.",
    "needs": "Choose at least one need.",
    "sites": "Say where it works.",
    "offers": "Describe its programs.",
    "evidence": "Say how you know that the programs work.",
    "references": "Name two people who know its work.",
}
"""What must be there before it is sent, with what is said where it is not."""
REQUIRED_DOCUMENTS: dict[DocumentKind, str] = {
    DocumentKind.INSURANCE: "Attach proof of insurance that has not run out.",
    DocumentKind.CHECKS: "Attach the signed background-check attestation that has not run out.",
}
"""Documents without which nothing is sent."""


def missing(values: RegistrationValues, valid: Collection[DocumentKind]) -> dict[str, str]:
    """What is still missing, by field or document; `valid`: kinds of which there is one that has not run out."""
    fields = {name: words for name, words in REQUIRED.items() if not getattr(values, name)}
    return fields | {kind.value: words for kind, words in REQUIRED_DOCUMENTS.items() if kind not in valid}


def check_complete(values: RegistrationValues, valid: Collection[DocumentKind]) -> None:
    """Refuse to send what is not complete, saying all that is missing."""
    if left := missing(values, valid):
        said = "It was not sent: something is still missing."
        raise Refusal(Kind.INVALID, "registration_incomplete", said, fields=left)


def check_few_open(mine: Collection[UUID]) -> None:
    """Refuse one more registration to somebody who has several open ones."""
    if len(mine) >= MOST_OPEN:
        said = f"You have {MOST_OPEN} registrations open. Finish one of them first, or ask the district office."
        raise Refusal(Kind.CONFLICT, "too_many_registrations", said)
