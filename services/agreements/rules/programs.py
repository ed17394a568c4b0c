"""What makes a program valid, and how it opens and closes."""

import re
from collections.abc import Callable, Collection
from enum import StrEnum
from uuid import UUID

from babel.numbers import list_currencies
from pydantic import BaseModel, ConfigDict, Field

from services.agreements.rules.times import MOST_TIMES, read_times
from services.agreements.words import Phone, is_email, line, lines, phones_in, web_address
from shared.events.vocabulary import GRADES, LANGUAGES, Need
from shared.refusals import Kind, Refusal

MAX_LENGTH = {
    "name": 200,
    "description": 4000,
    "schedule": 500,
    "site": 300,
    "contact_name": 200,
    "neighborhood": 100,
    "cost_note": 200,
    "url": 500,
    "reason": 500,
}
"""Characters that a text may have."""
MAX_CAPACITY = 100_000
MAX_AGE = 120
CURRENCIES = frozenset(list_currencies())
"""ISO 4217, as CLDR knows them."""
MAX_COST = 1_000_000
"""In the currency's larger unit."""
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
    "neighborhood": "Neighborhood",
    "minimum_age": "Youngest age",
    "maximum_age": "Oldest age",
    "cost_cents": "Cost",
    "currency": "Currency",
    "cost_note": "About the cost",
    "times": "Weekly times",
    "open_places": "Open places",
    "url": "Web page",
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
    neighborhood: str = ""
    position: str | None = Field(default=None, description="Latitude and longitude; not given: as it was")
    minimum_age: int | str | None = Field(default=None, description="Years; empty: no lower limit")
    maximum_age: int | str | None = Field(default=None, description="Years; empty: no upper limit")
    cost: int | float | str | None = Field(default=None, description="0: free; empty: not known")
    currency: str | None = Field(default=None, description="ISO 4217; empty: the district's; not given: as it was")
    cost_note: str = Field(default="", description="For what the cost is, who pays less")
    times: str = Field(default="", description="Each week: `Mon-Thu 15:00-17:30`, one in each line")
    open_places: int | str | None = Field(default=None, description="Free now; 0: a waiting list; empty: not known")
    url: str = Field(default="", description="Its web page")


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
    neighborhood: str = ""
    minimum_age: int | None = None
    maximum_age: int | None = None
    cost_cents: int | None = None
    """Hundredths of the currency; 0: free."""
    currency: str = ""
    """ISO 4217; empty: the district's."""
    cost_note: str = ""
    times: tuple[str, ...] = ()
    """`MO 15:00-17:30`, in the order of the week."""
    open_places: int | None = None
    url: str = ""

    @property
    def has_contact(self) -> bool:
        """Whether there is somebody with a way to be reached."""
        return bool(self.contact_name and (self.contact_email or self.contact_phone))


def valid_program(entry: ProgramEntry, schools: Collection[UUID], country: str = "US") -> ProgramValues:
    """The entry, checked; refuses with what is wrong per field. `schools` are the ones that exist."""
    check = _Check(entry)
    phone = check.phone(country)
    latitude, longitude = check.position()
    values = ProgramValues(
        name=check.text("name", required="Enter the name of the program."),
        description=check.text("description", clean=lines),
        needs=tuple(map(Need, check.codes("needs", tuple(Need), "need"))),
        grades=check.codes("grades", GRADES, "grade"),
        school_ids=tuple(map(UUID, check.codes("school_ids", sorted(map(str, schools)), "school"))),
        languages=check.codes("languages", tuple(LANGUAGES), "language"),
        schedule=check.text("schedule"),
        capacity=check.number("capacity", 1, MAX_CAPACITY, "the number of places, such as 25"),
        contact_name=check.text("contact_name", required="Enter the name of the person to ask about this program."),
        contact_email=check.email(),
        contact_phone=phone.number if phone else None,
        contact_extension=phone.extension if phone else "",
        site=check.text("site"),
        latitude=latitude,
        longitude=longitude,
        neighborhood=check.text("neighborhood"),
        minimum_age=check.number("minimum_age", 0, MAX_AGE, "an age in years, such as 6"),
        maximum_age=check.number("maximum_age", 0, MAX_AGE, "an age in years, such as 14"),
        cost_cents=check.cost(),
        currency=check.currency(),
        cost_note=check.text("cost_note"),
        times=check.times(),
        open_places=check.number("open_places", 0, MAX_CAPACITY, "how many places are free, such as 3"),
        url=check.url(),
    )
    check.ages(values)
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

    def number(self, field: str, low: int, high: int, what: str) -> int | None:
        given = getattr(self.entry, field)
        text = "" if given is None else line(str(given))
        if not text:
            return None
        if text.isascii() and text.isdigit() and low <= int(text[:9]) <= high:
            return int(text)
        self.wrong[field] = f"Enter {what}, or leave it empty."
        return None

    def cost(self) -> int | None:
        text = "" if self.entry.cost is None else line(str(self.entry.cost)).removeprefix("$").strip()
        if not text:
            return None
        cents = cents_in(text)
        if cents is None:
            self.wrong["cost"] = "Enter a number such as 25 or 12.50, 0 where it is free, or leave it empty."
        return cents

    def currency(self) -> str:
        code = line(self.entry.currency or "").upper()
        if code and code not in CURRENCIES:
            self.wrong["currency"] = "Enter the code of a currency, such as CAD, or leave it empty."
        return code

    def times(self) -> tuple[str, ...]:
        try:
            times = read_times(self.entry.times)
        except ValueError as error:
            self.wrong["times"] = f"“{str(error)[:60]}” is not understood. Write it like Mon-Thu 3:00-5:30 pm."
            return ()
        if len(times) > MOST_TIMES:
            self.wrong["times"] = f"Enter at most {MOST_TIMES} times of a week."
        return times

    def position(self) -> tuple[float | None, float | None]:
        text = line(self.entry.position or "")
        if not text:
            return None, None
        found = position_in(text)
        if found is None:
            self.wrong["position"] = "Enter latitude and longitude with a comma between, such as 42.3601, -71.0589."
        return found or (None, None)

    def url(self) -> str:
        address = web_address(self.text("url"))
        if address is None:
            self.wrong["url"] = "Enter the address of a web page, such as https://example.org, or leave it empty."
        return address or ""

    def ages(self, values: ProgramValues) -> None:
        low, high = values.minimum_age, values.maximum_age
        if low is not None and high is not None and low > high:
            self.wrong["maximum_age"] = "The oldest age is below the youngest. Check both."

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


def cents_in(text: str) -> int | None:
    """An amount of money in its hundredth parts; None where it is no amount, or an absurd one."""
    if text.casefold() == "free":
        return 0
    match = re.fullmatch(r"(\d{1,7})(?:[.,](\d{1,2}))?", text)
    cents = int(match[1]) * 100 + int((match[2] or "0").ljust(2, "0")) if match else None
    return cents if cents is not None and cents <= MAX_COST * 100 else None


def amount(cents: int | None) -> str:
    """An amount of money as a form shows it and reads it again: "12.50"; empty for None."""
    return "" if cents is None else f"{cents / 100:.2f}".removesuffix(".00")


def position_in(text: str) -> tuple[float, float] | None:
    """Latitude and longitude in degrees; None where a text is no such pair."""
    match = re.fullmatch(r"(-?\d{1,2}(?:\.\d+)?)\s*[,; ]\s*(-?\d{1,3}(?:\.\d+)?)", text.strip())
    if match is None or abs(float(match[1])) > 90 or abs(float(match[2])) > 180:
        return None
    return float(match[1]), float(match[2])


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
