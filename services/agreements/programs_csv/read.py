"""A whole file of programs: rows of the same agency become one organization, rows of the same program one program."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import chain
from uuid import UUID, uuid5

from services.agreements.programs_csv.grades import in_order
from services.agreements.programs_csv.mapping import ColumnMapping
from services.agreements.programs_csv.report import Became, Line, Report
from services.agreements.programs_csv.row import Draft, RowReader
from services.agreements.programs_csv.table import CsvTable, read_table
from services.agreements.rules import ProgramStatus, ProgramValues
from services.agreements.words import folded, name_key
from shared.events.vocabulary import LANGUAGES, Need
from shared.refusals import Kind, Refusal

NAMESPACE = UUID("6f0f3f0a-4a1e-5c1b-9d83-2f1f5d1c7b11")
"""Every id made by an import is a UUIDv5 in this namespace; it never changes."""


@dataclass(frozen=True, slots=True)
class ReadOrganization:
    """An organization of the file."""

    id: UUID
    name: str


@dataclass(frozen=True, slots=True)
class ReadProgram:
    """A program of the file; `row` is the first one that tells of it."""

    id: UUID
    organization_id: UUID
    row: int
    values: ProgramValues
    status: ProgramStatus = ProgramStatus.OPEN
    """What a program that is new begins with."""
    assured: date | None = None
    """When somebody confirmed it last, where the file says so."""


@dataclass(frozen=True, slots=True)
class Reading:
    """All that a file says, and what could not be read."""

    organizations: tuple[ReadOrganization, ...]
    programs: tuple[ReadProgram, ...]
    report: Report


@dataclass(slots=True)
class _Organization:
    spellings: Counter[str] = field(default_factory=Counter)
    first_rows: dict[str, int] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.spellings.most_common(1)[0][0]


Progress = Callable[[int, int], None]
"""Told the rows that are done and the rows in all."""


def read_programs(
    content: bytes, mapping: ColumnMapping, schools: Mapping[str, UUID], progress: Progress | None = None
) -> Reading:
    """Read the bytes of a CSV file; `schools` are ids by folded name.

    Refuses a file that is no CSV, or that this mapping is not for. A bad row or value only goes to the report.
    """
    table = read_table(content)
    _check_fits(table, mapping)
    reader = RowReader(mapping, table.columns, schools)
    drafts = list(_drafts(table, reader, progress or (lambda _done, _total: None)))
    organizations = _organizations(drafts)
    joined, lines = _joined(drafts, mapping, reader.column)
    lines += _other_spellings(organizations, reader.column("organization"))
    lines += (_without_contact(draft, reader.column) for draft in joined.values() if not _values(draft).has_contact)
    return Reading(
        tuple(ReadOrganization(_id(mapping, key), known.name) for key, known in organizations.items()),
        tuple(_program(id_, draft, mapping) for id_, draft in joined.items()),
        Report(rows=table.total, lines=_by_row(table.lines, reader.lines, lines)),
    )


def _drafts(table: CsvTable, reader: RowReader, progress: Progress) -> Iterator[Draft]:
    for done, row in enumerate(table.rows, start=1):
        if draft := reader.read(row):
            yield draft
        progress(done, len(table.rows))


def _by_row(*parts: Iterable[Line]) -> tuple[Line, ...]:
    return tuple(sorted(chain(*parts), key=lambda line: line.row or 0))


def _check_fits(table: CsvTable, mapping: ColumnMapping) -> None:
    missing = mapping.missing_columns(table.columns)
    if missing:
        raise Refusal(
            Kind.INVALID,
            "mapping_does_not_fit",
            f"The mapping “{mapping.title}” is not for this file: it looks for the column “{missing[0]}”, "
            f"and the file has {_some(table.columns.values())}. Choose another mapping, or rename the columns.",
        )
    if not table.total:
        raise Refusal(Kind.INVALID, "file_empty", "The file has a header, but no rows. Choose a file with programs.")


def _some(names: Iterable[str]) -> str:
    shown = [f"“{name[:40]}”" for name in names]
    return ", ".join(shown[:6]) + (f" and {len(shown) - 6} more" if len(shown) > 6 else "")


def _id(mapping: ColumnMapping, *parts: str) -> UUID:
    return uuid5(NAMESPACE, "\n".join([mapping.name, *parts]))


def _organizations(drafts: list[Draft]) -> dict[str, _Organization]:
    found: dict[str, _Organization] = {}
    for draft in drafts:
        known = found.setdefault(name_key(draft.organization), _Organization())
        known.spellings[draft.organization] += 1
        known.first_rows.setdefault(draft.organization, draft.row)
    return found


def _other_spellings(organizations: Mapping[str, _Organization], column: str) -> Iterator[Line]:
    for known in organizations.values():
        for spelling, row in known.first_rows.items():
            if spelling != known.name:
                reason = f"Taken as another spelling of “{known.name}”"
                yield Line(became=Became.JOINED, row=row, column=column, value=spelling, reason=reason)


def _joined(
    drafts: list[Draft], mapping: ColumnMapping, column: Callable[[str], str]
) -> tuple[dict[UUID, Draft], list[Line]]:
    first: dict[UUID, Draft] = {}
    lines: list[Line] = []
    for draft in drafts:
        identity = (folded(draft.texts[part]) for part in mapping.identity)
        known = first.setdefault(_id(mapping, name_key(draft.organization), *identity), draft)
        if known is not draft:
            lines += _join(known, draft, column)
    return first, lines


def _join(known: Draft, other: Draft, column: Callable[[str], str]) -> Iterator[Line]:
    """Add what a further row of the same program says; of single values the first row's counts."""
    known.needs |= other.needs
    known.grades |= other.grades
    known.school_ids |= other.school_ids
    known.languages |= other.languages
    same = f"The same program as row {known.row}"
    yield Line(became=Became.JOINED, row=other.row, column=column("name"), value=other.texts["name"], reason=same)
    for name, text in other.texts.items():
        kept = known.texts[name]
        if not kept:
            known.texts[name] = text
        elif text and folded(text) != folded(kept):
            reason = f"{same}, which says “{kept}”; that was kept"
            yield Line(became=Became.VALUE_LEFT_OUT, row=other.row, column=column(name), value=text, reason=reason)


def _without_contact(draft: Draft, column: Callable[[str], str]) -> Line:
    reason = "No contact, so nobody could answer a referral. Add one, then open the program"
    where = column("contact_phone") or column("contact_email")
    return Line(became=Became.PAUSED, row=draft.row, column=where, value=draft.texts["name"], reason=reason)


def _program(id_: UUID, draft: Draft, mapping: ColumnMapping) -> ReadProgram:
    return ReadProgram(id_, _id(mapping, name_key(draft.organization)), draft.row, _values(draft))


def _values(draft: Draft) -> ProgramValues:
    texts = draft.texts
    return ProgramValues(
        name=texts["name"],
        description=texts["description"],
        needs=tuple(need for need in Need if need in draft.needs),
        grades=in_order(draft.grades),
        school_ids=tuple(sorted(draft.school_ids)),
        languages=tuple(tag for tag in LANGUAGES if tag in draft.languages),
        schedule=texts["schedule"],
        capacity=int(texts["capacity"]) if texts["capacity"] else None,
        contact_name=texts["contact_name"],
        contact_email=texts["contact_email"] or None,
        contact_phone=texts["contact_phone"] or None,
        contact_extension=texts["contact_extension"],
        site=texts["site"],
        latitude=float(texts["latitude"]) if texts["latitude"] else None,
        longitude=float(texts["longitude"]) if texts["longitude"] else None,
        neighborhood=texts["neighborhood"],
        minimum_age=int(texts["minimum_age"]) if texts["minimum_age"] else None,
        maximum_age=int(texts["maximum_age"]) if texts["maximum_age"] else None,
        cost_cents=int(texts["cost"]) if texts["cost"] else None,
        currency=texts["currency"],
        cost_note=texts["cost_note"],
        times=tuple(texts["times"].splitlines()),
        open_places=int(texts["open_places"]) if texts["open_places"] else None,
        url=texts["url"],
    )
