"""One service of HSDS, read field by field as a program."""

import re
from collections.abc import Iterator, Mapping
from html import unescape
from typing import Any
from uuid import UUID

from babel.numbers import get_territory_currencies

from services.agreements.hsds.address import one_line
from services.agreements.hsds.needs import needs_in
from services.agreements.hsds.terms import GRADES, SCHOOLS, made
from services.agreements.programs_csv import Became, Line, parse_grades
from services.agreements.programs_csv.grades import in_order
from services.agreements.programs_csv.languages import language_tag
from services.agreements.rules import MAX_CAPACITY, MAX_LENGTH, ProgramValues
from services.agreements.rules.programs import CURRENCIES, MAX_AGE, cents_in
from services.agreements.rules.times import DAYS, MOST_TIMES, in_week_order, read_times
from services.agreements.words import Phone, folded, is_email, line, lines, phones_in, web_address
from shared.events import vocabulary
from shared.events.vocabulary import LANGUAGES, Need

Json = dict[str, Any]
_TAG = re.compile(r"<[^>]{1,500}>")
_WEEKDAYS = {str(number): day for number, day in enumerate(DAYS, start=1)}
"""In HSDS 1.1 a weekday is a number, Monday 1; some write its name."""
_SHOWN = 200


NO_PLACE = (
    "alternate_name", "accreditations", "alert", "application_process", "interpretation_services", "licenses",
    "required_documents", "service_areas", "wait_time",
)  # fmt: skip
"""What HSDS says of a service and no program does."""


class ServiceReader:
    """Reads one service; `said` collects what was changed or left out."""

    def __init__(self, row: int, service: Json, country: str, schools: Mapping[str, UUID], said: list[Line]) -> None:
        self.row, self.service, self.country, self.schools, self.said = row, service, country, schools, said
        self.name = self._cut("name", line(_text(service.get("name"))))

    def values(self, organization: str) -> ProgramValues:
        """What the service says, at no place yet."""
        phone, email = self._phone(), self._email()
        contact = next((line(_text(one.get("name"))) for one in self._all("contacts") if one.get("name")), "")
        cents, note = self._cost()
        currency = self._currency() if cents else ""
        low, high = self._ages()
        room = next(iter(self._all("capacities")), {})
        self._say_what_has_no_place()
        return ProgramValues(
            name=self.name,
            description=self._cut("description", lines(_bare(_text(self.service.get("description"))))),
            needs=self._needs(),
            grades=self._grades(),
            school_ids=self._schools(),
            languages=self._languages(),
            schedule=self._cut("schedule", "; ".join(self._spoken())),
            capacity=self._places_in(room, "maximum", 1),
            open_places=self._places_in(room, "available", 0),
            contact_name=self._cut("contact_name", contact or organization),
            contact_email=email,
            contact_phone=phone.number if phone else None,
            contact_extension=phone.extension if phone else "",
            minimum_age=low,
            maximum_age=high,
            cost_cents=cents,
            currency=currency,
            cost_note=self._cut("cost_note", note),
            times=self._times(),
            url=self._url(),
        )

    def places(self) -> list[Json]:
        """The different places: one line of address, the neighborhood, the coordinates."""
        found: dict[str, Json] = {}
        for link in _list(self.service.get("service_at_locations")):
            said = link.get("location")
            place: Json = said if isinstance(said, dict) else {}
            addresses = sorted(_list(place.get("addresses")), key=lambda one: one.get("address_type") == "postal")
            site = one_line({key: _text(value) for key, value in addresses[0].items()}) if addresses else ""
            site = self._cut("site", site or line(_text(place.get("name"))))
            near = line(_text(addresses[0].get("region"))) if addresses else ""
            at = {"site": site, "neighborhood": self._cut("neighborhood", near)}
            found.setdefault(folded(site), at | self._position(place))
        return list(found.values())

    def _position(self, place: Json) -> Json:
        said = [_text(place.get(name)) for name in ("latitude", "longitude")]
        try:
            latitude, longitude = map(float, said)
        except ValueError:
            if any(said):
                self._left_out("latitude", ", ".join(said), "Not latitude and longitude in degrees")
            return {}
        if abs(latitude) > 90 or abs(longitude) > 180 or (latitude, longitude) == (0, 0):
            self._left_out("latitude", ", ".join(said), "No place on earth, or none that anybody could mean")
            return {}
        return {"latitude": latitude, "longitude": longitude}

    def _needs(self) -> tuple[Need, ...]:
        terms = [term for term in self._terms() if term.get("taxonomy_id") not in _OTHER_TAXONOMIES]
        texts = [line(_text(term.get(key))) for term in terms for key in ("code", "name") if term.get(key)]
        found = needs_in(texts)
        if not found:
            found = needs_in([self.name, _bare(_text(self.service.get("description")))])
            words = ", ".join(sorted(found)) or "none; choose them on its page, or schools find it only by words"
            self._say(
                Became.CHANGED, "taxonomy", "; ".join(texts), f"No term is a need of ours; by its words it is {words}"
            )
        return tuple(need for need in Need if need in found)

    def _grades(self) -> tuple[str, ...]:
        ours = {
            _text(term.get("code")) for term in self._terms() if term.get("taxonomy_id") == made("taxonomy", GRADES)
        }
        if ours:
            return tuple(code for code in vocabulary.GRADES if code in ours)
        text = line(_text(self.service.get("eligibility_description")))
        codes = parse_grades(text) if text and text != "Every grade" else frozenset[str]()
        if codes is None:
            self._left_out("eligibility_description", text, "Not understood as grades; ages count, or else every grade")
        return in_order(codes or frozenset())

    def _schools(self) -> tuple[UUID, ...]:
        terms = [term for term in self._terms() if term.get("taxonomy_id") == made("taxonomy", SCHOOLS)]
        known = {str(id): id for id in self.schools.values()}
        found = {known.get(_text(t.get("code"))) or self.schools.get(folded(_text(t.get("name")))) for t in terms}
        if None in found:
            self._left_out("school", "; ".join(_text(t.get("name")) for t in terms), "A school that is not here")
        return tuple(sorted(id for id in found if id))

    def _terms(self) -> list[Json]:
        terms = [one.get("taxonomy_term") for one in self._all("attributes")]
        return [term for term in terms if isinstance(term, dict) and term]

    def _languages(self) -> tuple[str, ...]:
        found = set()
        for one in self._all("languages"):
            said = [_text(one.get(key)) for key in ("code", "name", "language") if one.get(key)]
            for text in filter(None, (line(part) for each in said[:1] or [""] for part in re.split("[,;/]", each))):
                tag = language_tag(text) or (language_tag(said[-1]) if len(said) > 1 else None)
                if tag is None:
                    self._left_out("language", " ".join(said), "Not one of our languages")
                else:
                    found.add(tag)
        return tuple(tag for tag in LANGUAGES if tag in found)

    def _schedules(self) -> Iterator[Json]:
        yield from self._all("schedules")
        for link in _list(self.service.get("service_at_locations")):
            yield from _list(link.get("schedules"))

    def _spoken(self) -> list[str]:
        return list(
            dict.fromkeys(line(_text(one.get("description"))) for one in self._schedules() if one.get("description"))
        )

    def _times(self) -> tuple[str, ...]:
        found: set[str] = set()
        for one in self._schedules():
            opens, closes = (_text(one.get(key)).strip()[:8] for key in ("opens_at", "closes_at"))
            days = _text(one.get("byday")) or _text(one.get("weekday"))
            if not (opens and closes and days):
                continue
            named = ", ".join(_WEEKDAYS.get(day.strip(), day.strip()) for day in days.split(","))
            try:
                found |= set(read_times(f"{named} {opens}-{closes}"))
            except ValueError:
                self._left_out("schedule", f"{days} {opens}-{closes}", "Not understood as days and hours")
        return in_week_order(found)[:MOST_TIMES]

    def _cost(self) -> tuple[int | None, str]:
        options = self._all("cost_options")
        note = _text(self.service.get("fees_description")) or _text(self.service.get("fees"))
        amounts = [_text(one.get("amount")) for one in options if one.get("amount") is not None]
        cents = cents_in(_amount(amounts[0])) if amounts else None
        if amounts and cents is None:
            self._left_out("amount", amounts[0], "Not an amount of money")
        if len(amounts) > 1:
            self._left_out("amount", "; ".join(amounts[1:]), "A program says one amount: the first")
        said = next((_text(one.get("amount_description")) for one in options if one.get("amount_description")), note)
        if cents is None and folded(note).strip(" .") in ("free", "none", "no fee", "no cost", "gratis"):
            return 0, ""
        return cents, "" if folded(said) == "free" else line(said)

    def _currency(self) -> str:
        """Of the amount; empty where it is the country's own, in which a district usually counts."""
        given = next((one.get("currency") for one in self._all("cost_options") if one.get("amount") is not None), None)
        code = line(_text(given)).upper()
        if not code or code in get_territory_currencies(self.country):
            return ""
        if code not in CURRENCIES:
            self._left_out("currency", code, "Not the code of a currency")
            return ""
        return code

    def _email(self) -> str | None:
        home = self.service.get("organization") or {}
        given = [one.get("email") for one in self._all("contacts")] + [self.service.get("email"), home.get("email")]
        for text in filter(None, (line(_text(one)) for one in given)):
            if is_email(text):
                return text
            self._left_out("email", text, "Not an e-mail address")
        return None

    def _phone(self) -> Phone | None:
        home = self.service.get("organization") or {}
        given = [phone for one in self._all("contacts") for phone in _list(one.get("phones"))]
        for one in [*given, *self._all("phones"), *_list(home.get("phones"))]:
            text = line(_text(one.get("number")).strip('"'))
            found = phones_in(text, self.country)
            if found:
                extension = _text(one.get("extension"))
                return Phone(found[0].number, found[0].extension or (extension if extension.isdigit() else ""))
            if text:
                self._left_out("number", text, "Not a telephone number")
        return None

    def _url(self) -> str:
        text = line(_text(self.service.get("url")))
        address = web_address(text)
        if address is None or len(address) > MAX_LENGTH["url"]:
            self._left_out("url", text, "Not the address of a web page")
            return ""
        if address != text:
            self._say(Became.CHANGED, "url", text, f"Read as {address}")
        return address

    def _ages(self) -> tuple[int | None, int | None]:
        low, high = self._number("minimum_age", MAX_AGE), self._number("maximum_age", MAX_AGE)
        if low is not None and high is not None and low > high:
            self._left_out("minimum_age", f"{low} to {high}", "The minimum is above the maximum; both were left out")
            return None, None
        return low, high

    def _places_in(self, room: Json, key: str, least: int) -> int | None:
        text = line(_text(room.get(key)))
        number = _whole(text, least, MAX_CAPACITY)
        if text and number is None:
            self._left_out("capacity", text, "Not a number of places")
        return number

    def _say_what_has_no_place(self) -> None:
        """Say what the file tells and a program has no place for."""
        for key in NO_PLACE:
            said = self.service.get(key)
            words = "; ".join(map(_words, said)) if isinstance(said, list) else _text(said)
            if line(words):
                self._left_out(key, words, "A program has no place for it here")
        for key in ("contacts", "capacities"):
            for one in self._all(key)[1:]:
                self._left_out(key, _words(one), "A program says one: the first")

    def _number(self, field: str, most: int) -> int | None:
        text = line(_text(self.service.get(field)))
        number = _whole(text, 0, most)
        if text and number is None:
            self._left_out(field, text, "Not an age in years")
        return number

    def _all(self, key: str) -> list[Json]:
        return _list(self.service.get(key))

    def _cut(self, field: str, text: str) -> str:
        if len(text) <= MAX_LENGTH[field]:
            return text
        self._say(Became.CHANGED, field, text, f"Cut to {MAX_LENGTH[field]} characters")
        return text[: MAX_LENGTH[field]].rstrip()

    def _left_out(self, column: str, value: str, reason: str) -> None:
        self._say(Became.VALUE_LEFT_OUT, column, value, reason)

    def _say(self, became: Became, column: str, value: str, reason: str) -> None:
        self.said.append(Line(became=became, row=self.row, column=column, value=line(value)[:_SHOWN], reason=reason))


_OTHER_TAXONOMIES = (made("taxonomy", GRADES), made("taxonomy", SCHOOLS))


def _text(value: object) -> str:
    return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""


def _words(value: object) -> str:
    """What a thing of HSDS says, without ids: enough to find it in its file."""
    if not isinstance(value, dict):
        return _text(value)
    return ", ".join(text for key, one in value.items() if not key.endswith(("id", "#")) and (text := _text(one)))


def _list(value: object) -> list[Json]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _bare(text: str) -> str:
    """Without the markup that descriptions may have."""
    return unescape(_TAG.sub(" ", text))


def _amount(value: object) -> str:
    try:
        return f"{float(_text(value)):.2f}"
    except ValueError:
        return ""


def _whole(value: object, low: int, high: int) -> int | None:
    try:
        number = int(float(_text(value)))
    except (ValueError, OverflowError):
        return None
    return number if low <= number <= high else None
