"""What an import would do to the programs that are there: decided on plain values, before anything is written."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from services.agreements.programs_csv.read import Reading, ReadOrganization, ReadProgram
from services.agreements.programs_csv.report import Became, Line, Report
from services.agreements.rules import ProgramStatus, ProgramValues
from services.agreements.words import folded, name_key

NO_CONTACT = "No contact"
"""Why a program without a contact is paused; it opens by itself when a later file brings one."""


@dataclass(frozen=True, slots=True)
class KnownProgram:
    """A program as it stands. `told` is what this mapping's last file said of it; None where it is not from there."""

    id: UUID
    organization_id: UUID
    organization_name: str
    values: ProgramValues
    status: ProgramStatus
    status_reason: str
    told: ProgramValues | None


@dataclass(frozen=True, slots=True)
class Decision:
    """What a program becomes; `before` is None for a new one."""

    id: UUID
    organization_id: UUID
    before: KnownProgram | None
    told: ProgramValues
    values: ProgramValues
    status: ProgramStatus
    status_reason: str
    assured: date | None = None
    """When a new one was confirmed, where the file says so."""

    @property
    def is_change(self) -> bool:
        """Whether anybody but the next import can tell the difference."""
        before = self.before
        return before is None or (before.values, before.status) != (self.values, self.status)


class Counts(BaseModel):
    """An import in numbers."""

    model_config = ConfigDict(frozen=True)

    rows: int
    organizations: int
    programs: int
    new_organizations: int
    new: int
    changed: int
    unchanged: int
    paused: int
    """Programs that the file gives no contact for."""
    vanished: int
    rows_refused: int


@dataclass(frozen=True, slots=True)
class Plan:
    """The organizations that are new, what becomes of each program that differs, and the whole report."""

    organizations: tuple[ReadOrganization, ...]
    decisions: tuple[Decision, ...]
    report: Report
    counts: Counts


def plan_import(
    reading: Reading,
    organizations: Mapping[str, UUID],
    programs: Mapping[UUID, KnownProgram],
    barred: Collection[UUID] = (),
) -> Plan:
    """Compare a file with what is there: organizations' ids by key of name, programs by id.

    `barred` are organizations that the district has not approved: they get no new programs.
    What a person changed after the last import stays, unless the file itself says something new there.
    """
    homes = {o.id: organizations.get(name_key(o.name), o.id) for o in reading.organizations}
    new = tuple(o for o in reading.organizations if homes[o.id] == o.id and o.id not in organizations.values())
    taken = {_place(p.organization_id, p.values): p.id for p in programs.values()}
    decisions: list[Decision] = []
    lines: list[Line] = []
    for program in reading.programs:
        decision = _decided(program, homes[program.organization_id], programs.get(program.id))
        if decision.before is None and decision.organization_id in barred:
            lines.append(_left_out(program, "The district has not approved this organization"))
        elif taken.setdefault(_place(decision.organization_id, decision.values), program.id) != program.id:
            lines.append(_left_out(program, _BY_HAND))
        else:
            decisions.append(decision)
    lines += _vanished({program.id for program in reading.programs}, programs)
    report = reading.report.with_lines(lines)
    return Plan(new, tuple(d for d in decisions if _differs(d)), report, _counts(reading, new, decisions, report))


def _place(organization_id: UUID, values: ProgramValues) -> tuple[UUID, str, str]:
    return organization_id, folded(values.name), folded(values.site)


def _decided(program: ReadProgram, organization_id: UUID, before: KnownProgram | None) -> Decision:
    if before is None:
        values, status, reason = program.values, program.status, ""
    else:
        values, status, reason = _merged(before, program.values), before.status, before.status_reason
        organization_id = before.organization_id
    if status is ProgramStatus.OPEN and not values.has_contact:
        status, reason = ProgramStatus.PAUSED, NO_CONTACT
    elif status is ProgramStatus.PAUSED and reason == NO_CONTACT and values.has_contact:
        status, reason = ProgramStatus.OPEN, ""
    return Decision(program.id, organization_id, before, program.values, values, status, reason, program.assured)


def _merged(before: KnownProgram, told: ProgramValues) -> ProgramValues:
    last = before.told
    fields = [name for name in ProgramValues.model_fields if last is None or getattr(last, name) != getattr(told, name)]
    return before.values.model_copy(update={name: getattr(told, name) for name in fields})


def _differs(decision: Decision) -> bool:
    return decision.is_change or decision.before is None or decision.before.told != decision.told


_BY_HAND = "The organization has a program of this name at this place that did not come with this kind of file"


def _left_out(program: ReadProgram, reason: str) -> Line:
    return Line(became=Became.ROW_LEFT_OUT, row=program.row, value=program.values.name, reason=reason)


def _vanished(ids: set[UUID], programs: Mapping[UUID, KnownProgram]) -> Iterator[Line]:
    for known in sorted(programs.values(), key=lambda known: (known.organization_name, known.values.name)):
        if known.told is not None and known.id not in ids and known.status is not ProgramStatus.CLOSED:
            reason = f"Of {known.organization_name}. It was left as it is; close it if it is over"
            yield Line(became=Became.VANISHED, value=known.values.name, reason=reason)


def _counts(reading: Reading, new: tuple[ReadOrganization, ...], decisions: list[Decision], report: Report) -> Counts:
    changed = [decision for decision in decisions if decision.is_change]
    added = sum(1 for decision in changed if decision.before is None)
    return Counts(
        rows=report.rows,
        organizations=len(reading.organizations),
        programs=len(decisions),
        new_organizations=len(new),
        new=added,
        changed=len(changed) - added,
        unchanged=len(decisions) - len(changed),
        paused=report.counts[Became.PAUSED],
        vanished=report.counts[Became.VANISHED],
        rows_refused=report.rows_refused,
    )
