"""One row of a file of programs, read through a mapping; what cannot be read goes to the report."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import unescape
from typing import TypeVar
from uuid import UUID

from services.agreements.programs_csv.grades import EVERY, parse_grades
from services.agreements.programs_csv.languages import language_tag
from services.agreements.programs_csv.mapping import ColumnMapping, filled, words_of
from services.agreements.programs_csv.report import Became, Line
from services.agreements.programs_csv.table import Row
from services.agreements.rules import MAX_CAPACITY, MAX_LENGTH, cents_in
from services.agreements.rules.programs import CURRENCIES, MAX_AGE
from services.agreements.rules.times import MOST_TIMES, read_times
from services.agreements.words import folded, is_email, line, lines, phones_in, web_address
from shared.events.vocabulary import Need

LOST = "\ufffd"
"""What stands where a letter could not be kept by whoever made the file."""
_ENTITY = re.compile(r"&(#\d+|#x[0-9a-f]+|[a-z]+);", re.IGNORECASE)
"""Left by whoever took the words from a web page: `&amp;`."""
_LINES = ("name", "schedule", "contact_name", "site", "neighborhood", "cost_note")
_SHOWN = 200
_NUMBERS: dict[str, tuple[float, float, str]] = {
    "capacity": (1, MAX_CAPACITY, "Not a number of places"),
    "latitude": (-90, 90, "Not a latitude in degrees"),
    "longitude": (-180, 180, "Not a longitude in degrees"),
    "minimum_age": (0, MAX_AGE, "Not an age in years"),
    "maximum_age": (0, MAX_AGE, "Not an age in years"),
    "open_places": (0, MAX_CAPACITY, "Not a number of places"),
}
T = TypeVar("T")


@dataclass(slots=True)
class Draft:
    """A program as one row tells it."""

    row: int
    organization: str
    texts: dict[str, str]
    """Fields of one value each; empty where the row says nothing."""
    needs: set[Need]
    grades: frozenset[str]
    """Empty where the row says nothing."""
    school_ids: set[UUID]
    languages: set[str]


class RowReader:
    """Reads the rows of one file; `lines` collects what could not be read.

    `columns` are the file's own names by folded name, `schools` the ids by folded name.
    """

    def __init__(self, mapping: ColumnMapping, columns: Mapping[str, str], schools: Mapping[str, UUID]) -> None:
        self.mapping, self.columns, self.schools = mapping, columns, schools
        self.lines: list[Line] = []
        self._split_from = {g: word for word, p in mapping.split_patterns.items() for g in p.groupindex}

    def read(self, row: Row) -> Draft | None:
        """The program of a row; None where the row had to be left out, which the report then says."""
        words = self._words(row)
        if self._left_out_on_purpose(row, words):
            return None
        organization, name = self._field("organization", words), self._field("name", words)
        if not organization or not name:
            missing = "name" if organization else "organization"
            self._leave_out(row, self.column(missing), "", f"The {missing} is missing")
            return None
        needs = self._needs(row, words)
        if not needs:
            word = self.mapping.needs[0].word
            reason = "Nothing says which need of a student it serves"
            self._leave_out(row, self._column_of(word), words[word], reason)
            return None
        return Draft(
            row=row.number,
            organization=organization[: MAX_LENGTH["name"]],
            texts=self._texts(row, words),
            needs=needs,
            grades=self._grades(row, words),
            school_ids=self._listed(row, words, "schools", self._school, "No school of this name"),
            languages=self._listed(row, words, "languages", self._language, "Not one of our languages"),
        )

    def column(self, field: str) -> str:
        """The column of the file that a field of a program is read from."""
        return self._column_of(next(iter(words_of(getattr(self.mapping.program, field))), ""))

    def _column_of(self, word: str) -> str:
        name = self.mapping.columns.get(self._split_from.get(word, word), "")
        return self.columns.get(folded(name), name)

    def _words(self, row: Row) -> dict[str, str]:
        cells = {word: self._cell(row, column) for word, column in self.mapping.columns.items()}
        for word, pattern in self.mapping.split_patterns.items():
            match = pattern.fullmatch(cells[word])
            cells |= dict.fromkeys(pattern.groupindex, "")
            if match:
                cells |= match.groupdict(default="")
            elif cells[word]:
                self._left_out(row, self._column_of(word), cells[word], "The parts of this cell were not recognised")
        return {word: self._replaced(word, cell) for word, cell in cells.items()}

    def _cell(self, row: Row, column: str) -> str:
        cell = _ENTITY.sub(lambda match: unescape(match[0]), row.cells.get(folded(column), ""))
        if LOST in cell:
            name = self.columns.get(folded(column), column)
            self._say(Became.CHANGED, row, name, cell, f"A letter ({LOST}) was lost before this file was made")
        return lines(cell.replace(LOST, " "))

    def _replaced(self, word: str, text: str) -> str:
        return self.mapping.replace.get(word, {}).get(folded(text), text)

    def _left_out_on_purpose(self, row: Row, words: Mapping[str, str]) -> bool:
        for rule in self.mapping.leave_out:
            reason = rule.values.get(folded(words[rule.word]))
            if reason:
                self._leave_out(row, self._column_of(rule.word), words[rule.word], reason)
                return True
        return False

    def _field(self, field: str, words: Mapping[str, str], tidy: Callable[[str], str] = line) -> str:
        return filled(getattr(self.mapping.program, field), words, tidy)

    def _texts(self, row: Row, words: Mapping[str, str]) -> dict[str, str]:
        texts = {field: self._field(field, words) for field in _LINES}
        texts["description"] = self._field("description", words, lines)
        for field, text in texts.items():
            if len(text) > MAX_LENGTH[field]:
                self._say(Became.CHANGED, row, self.column(field), text, f"Cut to {MAX_LENGTH[field]} characters")
                texts[field] = text[: MAX_LENGTH[field]].rstrip()
        numbers = {field: self._number(row, words, field) for field in _NUMBERS}
        more = {"contact_email": self._email(row, words), "url": self._url(row, words)}
        more |= {
            "cost": self._cost(row, words),
            "times": self._times(row, words),
            "currency": self._currency(row, words),
        }
        return texts | numbers | self._phone(row, words) | more

    def _email(self, row: Row, words: Mapping[str, str]) -> str:
        text = self._field("contact_email", words)
        if text and not is_email(text):
            return self._left_out(row, self.column("contact_email"), text, "Not an e-mail address")
        return text

    def _url(self, row: Row, words: Mapping[str, str]) -> str:
        text = self._field("url", words)
        address = web_address(text)
        if address is None or len(address) > MAX_LENGTH["url"]:
            return self._left_out(row, self.column("url"), text, "Not the address of a web page")
        return address

    def _cost(self, row: Row, words: Mapping[str, str]) -> str:
        text = self._field("cost", words).removeprefix("$")
        cents = cents_in(text) if text else None
        if text and cents is None:
            return self._left_out(row, self.column("cost"), text, "Not an amount of money")
        return "" if cents is None else str(cents)

    def _currency(self, row: Row, words: Mapping[str, str]) -> str:
        code = self._field("currency", words).upper()
        if code and code not in CURRENCIES:
            return self._left_out(row, self.column("currency"), code, "Not the code of a currency")
        return code

    def _times(self, row: Row, words: Mapping[str, str]) -> str:
        text = self._field("times", words, lines)
        try:
            return "\n".join(read_times(text)[:MOST_TIMES])
        except ValueError as error:
            return self._left_out(row, self.column("times"), str(error), "Not understood as days and times")

    def _phone(self, row: Row, words: Mapping[str, str]) -> dict[str, str]:
        text, column = self._field("contact_phone", words), self.column("contact_phone")
        found = phones_in(text, self.mapping.country)
        if text and not found:
            self._left_out(row, column, text, "Not a telephone number")
        if len(found) > 1:
            self._say(Became.CHANGED, row, column, text, "More than one telephone number; the first was kept")
        if not found:
            return {"contact_phone": "", "contact_extension": ""}
        return {"contact_phone": found[0].number, "contact_extension": found[0].extension}

    def _number(self, row: Row, words: Mapping[str, str], field: str) -> str:
        low, high, reason = _NUMBERS[field]
        text = self._field(field, words)
        try:
            fits = not text or low <= (float(text) if field in ("latitude", "longitude") else int(text)) <= high
        except ValueError:
            fits = False
        return text if fits else self._left_out(row, self.column(field), text, reason)

    def _needs(self, row: Row, words: Mapping[str, str]) -> set[Need]:
        needs: set[Need] = set()
        for rule in self.mapping.needs:
            cell = words[rule.word]
            for text in filter(None, map(line, cell.split(rule.separator) if rule.separator else [cell])):
                known = rule.values.get(folded(text))
                needs |= set(known or ())
                if known is None and rule.others == "report":
                    reason = "The mapping does not say which need this is"
                    self._left_out(row, self._column_of(rule.word), text, reason)
        return needs

    def _grades(self, row: Row, words: Mapping[str, str]) -> frozenset[str]:
        text = self._field("grades", words)
        known = self.mapping.grades.get(folded(text))
        if known is not None:
            return EVERY if known == "every" else frozenset(known)
        codes = parse_grades(text, self.mapping.bare_numbers) if text else frozenset()
        if codes is None:
            reason = "Not understood as grades or ages; taken as every grade unless another row of the program says"
            self._left_out(row, self.column("grades"), text, reason)
        return codes or frozenset()

    def _language(self, text: str) -> str | None:
        return self.mapping.languages.get(folded(text)) or language_tag(text)

    def _school(self, text: str) -> UUID | None:
        return self.schools.get(folded(text))

    def _listed(
        self, row: Row, words: Mapping[str, str], field: str, find: Callable[[str], T | None], unknown: str
    ) -> set[T]:
        known: set[T] = set()
        for text in filter(None, map(line, self._field(field, words).split(self.mapping.list_separator))):
            found = find(text)
            if found is None:
                self._left_out(row, self.column(field), text, unknown)
            else:
                known.add(found)
        return known

    def _say(self, became: Became, row: Row, column: str, value: str, reason: str) -> None:
        shown = line(value)[:_SHOWN]
        self.lines.append(Line(became=became, row=row.number, column=column, value=shown, reason=reason))

    def _left_out(self, row: Row, column: str, value: str, reason: str) -> str:
        self._say(Became.VALUE_LEFT_OUT, row, column, value, reason)
        return ""

    def _leave_out(self, row: Row, column: str, value: str, reason: str) -> None:
        self._say(Became.ROW_LEFT_OUT, row, column, value, reason)
