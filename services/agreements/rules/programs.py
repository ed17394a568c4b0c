"""What makes a program valid, and how it opens and closes."""

from collections.abc import Callable, Collection
from enum import StrEnum
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.agreements.words import Phone, is_email, line, lines, phones_in
from shared.events.vocabulary import GRADES, LANGUAGES, Need
from shared.refusals import Kind, Refusal

MAX_LENGTH = {
    "name": 200,
    "description": 4000,
    "schedule": 500,
    "site": 300,
    "contact_name": 200,
    "reason": 500,
}
"""Characters that a text may have."""
MAX_CAPACITY = 100_000
NO_CONTACT = "A program needs a contact, or nobody could answer. Enter an e-mail address or a telephone number."

FIELD_LABELS = {
    "name": "Name",
    "description": "What it is",
    "needs": "Needs",
    "grades": "Grades",
    "school_ids": "Schools",
    "languages": "Languages",
    "schedule": "Days and times",
    "capacity": "Places",
    "contact_name": "Contact",
    "contact_email": "Contact's e-mail",
    "contact_phone": "Contact's telephone",
    "contact_extension": "Extension",
    "site": "Place",
    "latitude": "Latitude",
    "longitude": "Longitude",
}
"""Words for the fields of a program."""


class ProgramStatus(StrEnum):
    """Only an open program takes referrals; a paused one comes back, a closed one is over."""

    OPEN = "open"
    PAUSED = "paused"
    CLOSED = "closed"


class Move(StrEnum):
    """What can be done to a program's status."""

    PAUSE = "pause"
    CLOSE = "close"
    REOPEN = "reopen"

    @property
    def leads_to(self) -> ProgramStatus:
        """The status after it."""
        return next(after for (_, move), after in MOVES.items() if move is self)


MOVES: dict[tuple[ProgramStatus, Move], ProgramStatus] = {
    (ProgramStatus.OPEN, Move.PAUSE): ProgramStatus.PAUSED,
    (ProgramStatus.OPEN, Move.CLOSE): ProgramStatus.CLOSED,
    (ProgramStatus.PAUSED, Move.CLOSE): ProgramStatus.CLOSED,
    (ProgramStatus.PAUSED, Move.REOPEN): ProgramStatus.OPEN,
    (ProgramStatus.CLOSED, Move.REOPEN): ProgramStatus.OPEN,
}
"""Every allowed move; what is not here is refused."""


class ProgramEntry(BaseModel):
    """A program as somebody enters it, not yet checked; the page's form and the API's body."""

    name: str = ""
    description: str = ""
    needs: list[str] = Field(default=[], json_schema_extra={"items": {"type": "string", "enum": list(Need)}})
    grades: list[str] = Field(default=[], description="CEDS codes; none: every grade")
    school_ids: list[str] = Field(default=[], description="Schools served; none: every school")
    languages: list[str] = Field(default=[], description="BCP 47 tags that staff of the program speak")
    schedule: str = Field(default="", description="Days and times in words")
    capacity: int | str | None = Field(default=None, description="Places; empty where it is not known")
    contact_name: str = ""
    contact_email: str = ""
    contact_phone: str = ""
    site: str = Field(default="", description="Where it takes place: one line of address")


class ProgramValues(BaseModel):
    """What a program says, checked and in one spelling; the same fields as its table and its event."""

    model_config = ConfigDict(frozen=True)

    name: str
    description: str = ""
    needs: tuple[Need, ...]
    grades: tuple[str, ...] = ()
    school_ids: tuple[UUID, ...] = ()
    languages: tuple[str, ...] = ()
    schedule: str = ""
    capacity: int | None = None
    contact_name: str = ""
    contact_email: str | None = None
    contact_phone: str | None = None
    contact_extension: str = ""
    site: str = ""
    latitude: float | None = None
    longitude: float | None = None

    @property
    def has_contact(self) -> bool:
        """Whether there is somebody with a way to be reached."""
        return bool(self.contact_name and (self.contact_email or self.contact_phone))


def valid_program(entry: ProgramEntry, schools: Collection[UUID], country: str = "US") -> ProgramValues:
    """The entry, checked; refuses with what is wrong per field. `schools` are the ones that exist."""
    check = _Check(entry)
    phone = check.phone(country)
    values = ProgramValues(
        name=check.text("name", required="Enter the name of the program."),
        description=check.text("description", clean=lines),
        needs=tuple(map(Need, check.codes("needs", tuple(Need), "need"))),
        grades=check.codes("grades", GRADES, "grade"),
        school_ids=tuple(map(UUID, check.codes("school_ids", sorted(map(str, schools)), "school"))),
        languages=check.codes("languages", tuple(LANGUAGES), "language"),
        schedule=check.text("schedule"),
        capacity=check.capacity(),
        contact_name=check.text("contact_name", required="Enter the name of the person to ask about this program."),
        contact_email=check.email(),
        contact_phone=phone.number if phone else None,
        contact_extension=phone.extension if phone else "",
        site=check.text("site"),
    )
    if check.wrong:
        said = "The program was not saved. Check what is marked below."
        fields = {field: check.wrong[field] for field in ProgramEntry.model_fields if field in check.wrong}
        raise Refusal(Kind.INVALID, "program_invalid", said, fields=fields)
    return values


class _Check:
    """Reads one entry field by field and remembers what is wrong."""

    def __init__(self, entry: ProgramEntry) -> None:
        self.entry = entry
        self.wrong: dict[str, str] = {}

    def text(self, field: str, clean: Callable[[str], str] = line, required: str = "") -> str:
        value = clean(getattr(self.entry, field))
        if required and not value:
            self.wrong[field] = required
        if len(value) > MAX_LENGTH[field]:
            self.wrong[field] = f"Shorten this to at most {MAX_LENGTH[field]} characters."
        return value

    def codes(self, field: str, known: Collection[str], noun: str) -> tuple[str, ...]:
        given = [line(code) for code in getattr(self.entry, field)]
        unknown = [code for code in given if code not in known]
        if unknown:
            self.wrong[field] = f"There is no {noun} “{unknown[0][:60]}”. Choose from the list."
        elif field == "needs" and not given:
            self.wrong[field] = "Choose at least one need that the program serves."
        return tuple(code for code in known if code in given)

    def capacity(self) -> int | None:
        text = "" if self.entry.capacity is None else line(str(self.entry.capacity))
        if not text:
            return None
        if text.isascii() and text.isdigit() and 0 < int(text[:9]) <= MAX_CAPACITY:
            return int(text)
        self.wrong["capacity"] = "Enter the number of places, such as 25, or leave it empty."
        return None

    def email(self) -> str | None:
        text = line(self.entry.contact_email)
        if text and not is_email(text):
            self.wrong["contact_email"] = "Enter an e-mail address such as name@example.org."
        if not text and not line(self.entry.contact_phone):
            self.wrong["contact_email"] = NO_CONTACT
        return text or None

    def phone(self, country: str) -> Phone | None:
        text = line(self.entry.contact_phone)
        found = phones_in(text, country)
        if text and len(found) != 1:
            self.wrong["contact_phone"] = "Enter one telephone number such as (617) 555-0123."
        return found[0] if found else None


def moved(status: ProgramStatus, move: Move, *, has_contact: bool) -> ProgramStatus:
    """The status after a move; refuses a move that does not exist, and to open what nobody could answer for."""
    after = MOVES.get((status, move))
    if after is None:
        said = f"This program is {status} and cannot be {_DONE[move]} now. Look at it again."
        raise Refusal(Kind.CONFLICT, "move_not_possible", said)
    if after is ProgramStatus.OPEN and not has_contact:
        said = "Nobody could answer referrals to this program. Add a contact with an e-mail or telephone first."
        raise Refusal(Kind.CONFLICT, "program_without_contact", said)
    return after


_DONE = {Move.PAUSE: "paused", Move.CLOSE: "closed", Move.REOPEN: "opened"}
