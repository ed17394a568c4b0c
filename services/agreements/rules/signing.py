"""The exact words that are signed, their digest, and what makes a signature valid."""

import hashlib
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from babel.dates import format_date

from services.agreements.rules.agreements import Side
from services.agreements.rules.attachments import AttachmentTerms
from services.agreements.rules.goals import GoalTerms
from services.agreements.rules.terms import FIELD_LABELS, TEXTS, AgreementKind, DataBasis, Terms
from services.agreements.words import line
from shared.refusals import Kind, Refusal

CONSENT = (
    "I agree to do this electronically. The name that I type is my signature, and it binds the side for which I sign "
    "as one on paper would. I have read the text above and can keep a copy of it."
)
"""What a signer agrees to (the consent that 15 U.S.C. 7001 asks for); kept with each signature as it was read."""
LONGEST_NAME = 200

KIND_LABELS = {
    AgreementKind.PAID_CONTRACT: "Paid contract",
    AgreementKind.NO_COST_MOU: "No-cost memorandum of understanding",
    AgreementKind.SPACE_ALIGNMENT: "Space and alignment agreement",
}
BASIS_LABELS = {
    DataBasis.NONE: "No data about students is shared",
    DataBasis.FAMILY_CONSENT: "The family's consent (34 CFR 99.30)",
    DataBasis.SCHOOL_OFFICIAL: "School official with a legitimate educational interest (34 CFR 99.31(a)(1))",
    DataBasis.STUDIES: "Studies for the school (34 CFR 99.31(a)(6))",
    DataBasis.DIRECTORY_INFORMATION: "Directory information (34 CFR 99.31(a)(11))",
    DataBasis.OTHER: "Another basis, named in the text",
}


@dataclass(frozen=True, slots=True)
class Parties:
    """Who agrees, by name, as it stood when the text was sent for signature."""

    school: str
    """The school, or the district office."""
    partner: str
    schools: tuple[str, ...]
    """Schools covered; none: every school."""
    school_contact: str
    partner_contact: str


def text_of(agreement_id: UUID, number: int, terms: Terms, parties: Parties, currency: str) -> str:
    """The exact words of one text of an agreement: the same for the same arguments, for ever.

    Lines end with one line feed, characters are composed (Unicode NFC).
    """
    schools = ", ".join(parties.schools) or "Every school of the district"
    head = [
        f"{KIND_LABELS[terms.kind]}: {terms.title}",
        f"Agreement {agreement_id}, text {number}" + (", an amendment of the text before it" if number > 1 else ""),
        _part("Between", f"{parties.school} (the school's side)\n{parties.partner} (the partner)"),
        _part("Schools", schools),
        _part("Contacts", f"For the school: {parties.school_contact}\nFor the partner: {parties.partner_contact}\n"
              "A contact can be replaced without an amendment."),
        _part("Term", _term(terms)),
    ]  # fmt: skip
    body = [_part(FIELD_LABELS[name], words) for name, words in _body(terms, currency) if words]
    return unicodedata.normalize("NFC", "\n\n".join([*head, *body])) + "\n"


def _part(title: str, words: str) -> str:
    return f"{title.upper()}\n{words}"


def _term(terms: Terms) -> str:
    said = f"From {_day(terms.starts_on)} to {_day(terms.ends_on)}, both included."
    said += f"\nWhether it is renewed is decided {terms.notice_days} days before the end."
    return said + (f"\nBoth sides review it by {_day(terms.review_on)}." if terms.review_on else "")


def _day(day: date) -> str:
    return f"{format_date(day, 'long', locale='en')} ({day.isoformat()})"


def _body(terms: Terms, currency: str) -> list[tuple[str, str]]:
    said = {name: getattr(terms, name) for name in TEXTS}
    said["goals"] = "\n".join(_goal(place, goal) for place, goal in enumerate(terms.goals, start=1))
    said["amount"] = _money(terms.amount, currency) if terms.amount is not None else ""
    said["data_basis"] = BASIS_LABELS[terms.data_basis]
    said["attachments"] = "\n".join(_attachment(place, one) for place, one in enumerate(terms.attachments, start=1))
    return [(name, said[name]) for name in FIELD_LABELS if name in said]


def _money(amount: Decimal, currency: str) -> str:
    return f"{currency} {amount:,.2f}"


def _goal(place: int, goal: GoalTerms) -> str:
    unit = f" {goal.unit}" if goal.unit else ""
    baseline = f"from {goal.baseline:g}{unit} " if goal.baseline is not None else ""
    by = f" by {_day(goal.due_on)}" if goal.due_on else ""
    return f"{place}. {goal.title}. Measure: {goal.measure}. Target: {baseline}to {goal.target:g}{unit}{by}."


def _attachment(place: int, one: AttachmentTerms) -> str:
    return f"{place}. {one.title} ({one.name}, {one.size:,} bytes). SHA-256 of the file: {one.sha256}"


def digest_of(text: str) -> str:
    """SHA-256 of a text in UTF-8 (FIPS 180-4), in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Signed:
    """A signature that is there already."""

    side: Side
    person_id: UUID


def check_signature(
    *,
    side: Side,
    person_id: UUID,
    name: str,
    consents: bool,
    digest: str,
    expected: str,
    there: Collection[Signed],
) -> str:
    """The name as it will stand there; refuses what would be no signature."""
    wrong = {}
    name = unicodedata.normalize("NFC", line(name))
    if not 2 <= len(name) <= LONGEST_NAME:
        wrong["name"] = "Type your full name: it is your signature."
    if not consents:
        wrong["consents"] = "Tick this: without it nothing can be signed electronically."
    if wrong:
        raise Refusal(Kind.INVALID, "signature_incomplete", "It is not signed yet.", fields=wrong)
    if digest != expected:
        said = "The text is not the one that you were shown. Read it again, then sign."
        raise Refusal(Kind.CONFLICT, "text_changed", said)
    _refuse_second(side, person_id, there)
    return name


def _refuse_second(side: Side, person_id: UUID, there: Collection[Signed]) -> None:
    if any(one.side is side for one in there):
        raise Refusal(Kind.CONFLICT, "signed_already", "Your side has signed this text. It waits for the other side.")
    if any(one.person_id == person_id for one in there):
        said = "You signed for the other side. Somebody else must sign for this one."
        raise Refusal(Kind.CONFLICT, "signs_for_both", said)


def both_signed(there: Sequence[Signed]) -> bool:
    """Whether both sides have signed."""
    return {one.side for one in there} == set(Side)
