"""What the columns of one kind of file mean: a TOML file, checked whole before it is used.

`services/agreements/mappings/README.md` explains each part with examples.
"""

import re
import tomllib
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator, model_validator

from services.agreements.programs_csv.grades import Unit
from services.agreements.words import folded, line
from shared.events.vocabulary import GRADES, LANGUAGES, Need
from shared.refusals import Kind, Refusal

_PLACEHOLDER = re.compile(r"\{(\w+)\}")
Template = str | list[str]
EveryOr = Literal["every"] | list[str]
V = TypeVar("V")


def _folded_keys(value: object) -> object:
    return {folded(text): meaning for text, meaning in value.items()} if isinstance(value, dict) else value


ByText = Annotated[dict[str, V], BeforeValidator(_folded_keys)]
"""A table whose texts are compared without case and extra blanks."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ProgramTemplates(_Part):
    """How each field of a program is put together; of several templates the first whose words are all there counts."""

    organization: Template
    name: Template
    description: Template = ""
    grades: Template = ""
    schools: Template = ""
    languages: Template = ""
    schedule: Template = ""
    capacity: Template = ""
    contact_name: Template = ""
    contact_email: Template = ""
    contact_phone: Template = ""
    site: Template = ""
    latitude: Template = ""
    longitude: Template = ""
    neighborhood: Template = ""
    minimum_age: Template = ""
    maximum_age: Template = ""
    cost: Template = ""
    currency: Template = ""
    cost_note: Template = ""
    times: Template = ""
    open_places: Template = ""
    url: Template = ""


class NeedRule(_Part):
    """Which needs the texts of one word stand for."""

    word: str
    separator: str = ""
    """Where one cell holds several texts."""
    values: ByText[list[Need]]
    others: Literal["report", "ignore"] = "report"
    """What to do with a text that is not in the table."""


class LeaveOut(_Part):
    """Rows that are left out on purpose: the texts of one word, each with the reason for the report."""

    word: str
    values: ByText[str]


class ColumnMapping(_Part):
    """How one kind of file is read; its name is part of every id made from it and so never changes."""

    name: str = Field(pattern=r"^[a-z0-9_]{1,40}$")
    title: str
    country: str = Field(default="US", pattern="^[A-Z]{2}$")
    """Where telephone numbers without country code are from (ISO 3166)."""
    bare_numbers: Unit = "grades"
    """What a number without a word beside it means in a text about grades."""
    list_separator: str = ";"
    """Between several languages or schools in one cell."""
    columns: dict[str, str]
    """A word of this mapping to the column of the file; blanks at the ends and case do not matter."""
    optional: list[str] = []
    """Words whose column may be missing."""
    split: dict[str, str] = {}
    """A word to a regular expression over its whole cell; each named group becomes a word."""
    replace: dict[str, ByText[str]] = {}
    """A word to the texts that stand for other texts: misspellings, abbreviations."""
    program: ProgramTemplates
    identity: list[Literal["name", "site"]] = ["name", "site"]
    """What, beside the organization, tells one program from another; rows that agree in it are one program."""
    grades: ByText[EveryOr] = {}
    """Texts about grades that the rules do not understand."""
    languages: ByText[str] = {}
    """Names of languages, beside the usual ones, to their tags."""
    needs: list[NeedRule] = Field(min_length=1)
    leave_out: list[LeaveOut] = []

    @field_validator("split")
    @classmethod
    def _patterns(cls, value: dict[str, str]) -> dict[str, str]:
        for word, pattern in value.items():
            try:
                re.compile(pattern)
            except re.error as error:
                raise ValueError(f"the pattern of {word!r} is no regular expression: {error}") from None
        return value

    @field_validator("grades")
    @classmethod
    def _known_grades(cls, value: dict[str, EveryOr]) -> dict[str, EveryOr]:
        unknown = {code for codes in value.values() if codes != "every" for code in codes} - set(GRADES)
        if unknown:
            raise ValueError(f"no grade codes: {', '.join(sorted(unknown))}")
        return value

    @field_validator("languages")
    @classmethod
    def _known_languages(cls, value: dict[str, str]) -> dict[str, str]:
        unknown = set(value.values()) - set(LANGUAGES)
        if unknown:
            raise ValueError(f"no languages of ours: {', '.join(sorted(unknown))}")
        return value

    @model_validator(mode="after")
    def _words_exist(self) -> "ColumnMapping":
        known = set(self.columns) | {g for p in self.split.values() for g in re.compile(p).groupindex}
        used = {word for _, template in self.program for word in words_of(template)}
        used |= {*self.split, *self.replace, *self.optional}
        used |= {rule.word for rule in self.needs} | {rule.word for rule in self.leave_out}
        if used - known:
            raise ValueError(f"no column or group is called {', '.join(sorted(used - known))}")
        return self

    @cached_property
    def split_patterns(self) -> dict[str, re.Pattern[str]]:
        """The compiled patterns of `split`."""
        return {word: re.compile(pattern) for word, pattern in self.split.items()}

    def missing_columns(self, columns: Mapping[str, str]) -> list[str]:
        """Columns that this mapping needs and a file (folded names) does not have."""
        return [c for word, c in self.columns.items() if word not in self.optional and folded(c) not in columns]


def read_mapping(text: str) -> ColumnMapping:
    """The mapping in a TOML text; refuses one with errors, naming the first."""
    try:
        return ColumnMapping.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise _wrong(str(error)) from None
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        given = f" (it says {first['input']!r})" if isinstance(first["input"], str | int) else ""
        raise _wrong(f"{'.'.join(map(str, first['loc']))}: {first['msg']}{given}".lstrip(": ")) from None


def _wrong(what: str) -> Refusal:
    return Refusal(Kind.INVALID, "mapping_invalid", f"The mapping file has an error. {what}")


def words_of(template: Template) -> list[str]:
    """The words that a template names, in order."""
    return [word for choice in _alternatives(template) for word in _PLACEHOLDER.findall(choice)]


def _alternatives(template: Template) -> list[str]:
    return [template] if isinstance(template, str) else template


def filled(template: Template, words: Mapping[str, str], tidy: Callable[[str], str] = line) -> str:
    """The first template whose words are all there, filled; else the last, without the parts that are missing."""
    alternatives = _alternatives(template)
    for choice in alternatives:
        if all(words.get(word) for word in words_of(choice)):
            return tidy(_fill(choice, words))
    return tidy(_without_gaps(_fill(alternatives[-1], words)))


def _fill(template: str, words: Mapping[str, str]) -> str:
    return _PLACEHOLDER.sub(lambda match: words.get(match[1], ""), template)


def _without_gaps(text: str) -> str:
    return ", ".join(filter(None, (part.strip() for part in text.split(","))))
