"""What an agreement says: its fields, what makes them valid, and what must be there before anybody signs."""

from collections.abc import Collection, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.agreements.rules.attachments import AttachmentTerms
from services.agreements.rules.goals import GoalEntry, GoalTerms, valid_goals
from services.agreements.words import line, lines
from shared.refusals import Kind, Refusal

LONGEST_TITLE = 200
LONGEST_TEXT = 8000
LONGEST_YEARS = 10
MOST_NOTICE = 365
MOST_MONEY = Decimal(1_000_000_000)


class AgreementKind(StrEnum):
    """What sort of agreement it is."""

    PAID_CONTRACT = "paid_contract"
    NO_COST_MOU = "no_cost_mou"
    SPACE_ALIGNMENT = "space_alignment"


class DataBasis(StrEnum):
    """On what ground the two share students' data (FERPA, 20 U.S.C. 1232g; 34 CFR 99.30 and 99.31)."""

    NONE = "none"
    FAMILY_CONSENT = "family_consent"
    SCHOOL_OFFICIAL = "school_official"
    STUDIES = "studies"
    DIRECTORY_INFORMATION = "directory_information"
    OTHER = "other"


class EndReason(StrEnum):
    """Why an agreement was ended early."""

    BOTH_AGREED = "both_agreed"
    NOT_NEEDED = "not_needed"
    NOT_DELIVERED = "not_delivered"
    FUNDING = "funding"
    STAFFING = "staffing"
    REQUIREMENTS_NOT_MET = "requirements_not_met"
    OTHER = "other"


TEXTS = (
    "scope", "school_duties", "partner_duties", "students", "sites", "schedule", "resources", "costs", "data_sharing",
    "insurance", "other_terms",
)  # fmt: skip
"""Fields that hold several lines of words."""

FIELD_LABELS = {
    "title": "Title",
    "kind": "Kind",
    "school_ids": "Schools",
    "scope": "Scope of service",
    "school_duties": "What the school does",
    "partner_duties": "What the partner does",
    "students": "Students served",
    "sites": "Where it takes place",
    "schedule": "Schedule",
    "goals": "Goals",
    "resources": "Resources that each side brings",
    "amount": "Amount to be paid",
    "costs": "Costs and how they are paid",
    "data_sharing": "Data that is shared",
    "data_basis": "Legal basis of sharing",
    "insurance": "Insurance",
    "other_terms": "What else is agreed",
    "starts_on": "First day",
    "ends_on": "Last day",
    "notice_days": "Days of notice before the end",
    "review_on": "Day of review",
    "attachments": "Attachments",
}
"""Words for the fields, in the order of the text."""


class TermsEntry(BaseModel):
    """An agreement's fields as somebody enters them, not yet checked; the page's form and the API's body."""

    title: str = ""
    kind: str = Field(default="", json_schema_extra={"enum": list(AgreementKind)})
    school_ids: list[str] = Field(default=[], description="Schools covered; none: every school. Of the district only")
    scope: str = ""
    school_duties: str = ""
    partner_duties: str = ""
    students: str = ""
    sites: str = ""
    schedule: str = ""
    goals: list[GoalEntry] = []
    resources: str = ""
    amount: str = Field(default="", description="Money, such as 12500.00; empty where nothing is paid")
    costs: str = ""
    data_sharing: str = ""
    data_basis: str = Field(default=DataBasis.NONE, json_schema_extra={"enum": list(DataBasis)})
    insurance: str = ""
    other_terms: str = ""
    starts_on: str = Field(default="", description="ISO 8601 date")
    ends_on: str = Field(default="", description="ISO 8601 date; the last day on which it holds")
    notice_days: str = "60"
    review_on: str = Field(default="", description="ISO 8601 date; empty for none")


class Terms(BaseModel):
    """What an agreement says, checked and in one spelling."""

    model_config = ConfigDict(frozen=True)

    title: str
    kind: AgreementKind
    school_ids: tuple[UUID, ...] = ()
    """Schools covered; empty: every school of the district."""
    scope: str = ""
    school_duties: str = ""
    partner_duties: str = ""
    students: str = ""
    sites: str = ""
    schedule: str = ""
    goals: tuple[GoalTerms, ...] = ()
    resources: str = ""
    amount: Decimal | None = None
    """In the district's currency."""
    costs: str = ""
    data_sharing: str = ""
    data_basis: DataBasis = DataBasis.NONE
    insurance: str = ""
    other_terms: str = ""
    starts_on: date
    ends_on: date
    """The last day on which it holds."""
    notice_days: int = 60
    """How many days before the end renewal is due."""
    review_on: date | None = None
    attachments: tuple[AttachmentTerms, ...] = ()


def valid_terms(
    entry: TermsEntry,
    *,
    agreement_id: UUID,
    schools: Collection[UUID],
    goals: Collection[UUID] = (),
    attachments: tuple[AttachmentTerms, ...] = (),
) -> Terms:
    """The entry, checked; refuses with what is wrong per field.

    `schools` are those that may be covered, `goals` and `attachments` those that the agreement has already.
    """
    check = _Check(entry)
    starts_on = check.day("starts_on", required="Enter the first day, such as 2026-09-01.")
    ends_on = check.day("ends_on", required="Enter the last day, such as 2027-06-30.")
    review_on = check.day("review_on")
    check.term(starts_on, ends_on, review_on)
    aims, wrong = valid_goals(entry.goals, agreement_id, goals)
    check.wrong |= wrong
    fields = {
        "title": check.title(),
        "kind": check.code("kind", AgreementKind, "Choose what kind of agreement it is."),
        "school_ids": check.schools(schools),
        "goals": aims,
        "amount": check.money(),
        "data_basis": check.code("data_basis", DataBasis, "Choose the legal basis."),
        "notice_days": check.notice(),
        "review_on": review_on,
        "attachments": attachments,
    } | {name: check.text(name) for name in TEXTS}
    if check.wrong or starts_on is None or ends_on is None:
        raise _refused("The agreement was not saved. Check what is marked below.", "terms_invalid", check.wrong)
    return Terms(starts_on=starts_on, ends_on=ends_on, **fields)


def _refused(said: str, code: str, wrong: Mapping[str, str]) -> Refusal:
    return Refusal(
        Kind.INVALID, code, said, fields={name: wrong[name] for name in TermsEntry.model_fields if name in wrong}
    )


class _Check:
    """Reads one entry field by field and remembers what is wrong."""

    def __init__(self, entry: TermsEntry) -> None:
        self.entry = entry
        self.wrong: dict[str, str] = {}

    def title(self) -> str:
        text = line(self.entry.title)
        if not text:
            self.wrong["title"] = "Enter a title by which both of you will know it."
        elif len(text) > LONGEST_TITLE:
            self.wrong["title"] = f"Shorten the title to at most {LONGEST_TITLE} characters."
        return text

    def text(self, field: str) -> str:
        text = lines(getattr(self.entry, field))
        if len(text) > LONGEST_TEXT:
            self.wrong[field] = f"Shorten this to at most {LONGEST_TEXT:,} characters; it has {len(text):,}."
        return text

    def code(self, field: str, words: type[StrEnum], said: str) -> StrEnum | None:
        try:
            return words(getattr(self.entry, field))
        except ValueError:
            self.wrong[field] = said
            return None

    def schools(self, known: Collection[UUID]) -> tuple[UUID, ...]:
        ids = {str(school): school for school in known}
        given = dict.fromkeys(map(line, self.entry.school_ids))
        if unknown := [one for one in given if one not in ids]:
            self.wrong["school_ids"] = f"There is no school “{unknown[0][:60]}” to cover. Choose from the list."
        return tuple(sorted(ids[one] for one in given if one in ids))

    def day(self, field: str, required: str = "") -> date | None:
        text = line(getattr(self.entry, field))
        if not text:
            if required:
                self.wrong[field] = required
            return None
        try:
            day = date.fromisoformat(text)
        except ValueError:
            day = date.min
        if 2000 <= day.year <= 2200:
            return day
        self.wrong[field] = "Enter a date of this century as year, month, day, such as 2026-09-01."
        return None

    def term(self, starts_on: date | None, ends_on: date | None, review_on: date | None) -> None:
        if starts_on is None or ends_on is None:
            return
        if ends_on < starts_on:
            self.wrong["ends_on"] = "The last day lies before the first. Change one of them."
        elif ends_on.year - starts_on.year > LONGEST_YEARS:
            self.wrong["ends_on"] = f"An agreement runs for {LONGEST_YEARS} years at most. Choose an earlier last day."
        elif review_on is not None and not starts_on <= review_on <= ends_on:
            self.wrong["review_on"] = "Choose a day of review between the first and the last day."

    def notice(self) -> int:
        text = line(self.entry.notice_days)
        if text.isascii() and text.isdigit() and int(text[:9]) <= MOST_NOTICE:
            return int(text)
        self.wrong["notice_days"] = f"Enter a number of days from 0 to {MOST_NOTICE}, such as 60."
        return 0

    def money(self) -> Decimal | None:
        text = line(self.entry.amount).replace(",", "").removeprefix("$").strip()
        if not text:
            return None
        try:
            amount = Decimal(text)
        except InvalidOperation:
            amount = Decimal(-1)
        if not amount.is_finite() or not 0 <= amount <= MOST_MONEY or amount != round(amount, 2):
            self.wrong["amount"] = "Enter an amount such as 12500 or 12,500.00, or leave it empty."
            return None
        return amount.quantize(Decimal("0.01"))


_NEEDED = {
    "scope": "Say what the partner offers: the scope of service.",
    "school_duties": "Say what the school does.",
    "partner_duties": "Say what the partner does.",
    "students": "Say which students are served.",
}


def refuse_unfinished(terms: Terms, *, has_school_contact: bool, has_partner_contact: bool, today: date) -> None:
    """Refuse to send for signature what lacks a part that every agreement has, or whose term is over."""
    wrong = {field: said for field, said in _NEEDED.items() if not getattr(terms, field)}
    if terms.kind is AgreementKind.PAID_CONTRACT and terms.amount is None:
        wrong["amount"] = "A paid contract names the amount."
    if terms.data_sharing and terms.data_basis is DataBasis.NONE:
        wrong["data_basis"] = "Say on what legal basis data is shared."
    if terms.ends_on < today:
        wrong["ends_on"] = "The last day has passed. Choose a later one."
    if wrong:
        raise _refused("It cannot be signed yet. " + " ".join(wrong.values()), "terms_unfinished", wrong)
    if not has_school_contact:
        raise Refusal(Kind.INVALID, "contact_missing", "It cannot be signed yet. Name the school's contact first.")
    if not has_partner_contact:
        raise Refusal(Kind.INVALID, "contact_missing", "It cannot be signed yet. Name the partner's contact first.")
