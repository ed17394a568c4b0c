"""Imports a roster bundle: all of it in one transaction, or nothing but a report."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.people import rules
from services.people.commands import staging
from services.people.commands.publish import SLOW, batches, publish_persons, publish_schools
from services.people.commands.sessions import end_stale_sessions
from services.people.commands.staging import Difference, Progress
from services.people.models import ImportState, Person, RosterImport, School
from services.people.roster import (
    Bundle,
    Kind,
    Known,
    Limits,
    Mode,
    Problem,
    Reading,
    Report,
    Severity,
    Unusable,
    open_bundle,
    read_roster,
)
from shared.clock import new_id
from shared.db import Database, raw_connection
from shared.events.people import RosterImported
from shared.identity import Actor
from shared.messaging import emit
from shared.refusals import Kind as RefusalKind
from shared.refusals import Refusal

LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('roster import', 0))"
PUBLISHED_AT_ONCE = 5000


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a bundle. `problems` is the whole report, errors first."""

    import_id: UUID
    state: ImportState
    mode: str
    schools: int
    students: int
    guardians: int
    staff: int
    difference: Difference
    problems: Sequence[Problem]
    too_large: bool = False

    @property
    def many_leave(self) -> bool:
        """Whether so many leave that somebody must say that they may."""
        return rules.many_leave(self.difference.leaving, self.difference.listed)

    @property
    def errors(self) -> int:
        """Problems that refused the bundle."""
        return sum(p.severity is Severity.ERROR for p in self.problems)

    @property
    def warnings(self) -> int:
        """Problems that were waved through."""
        return len(self.problems) - self.errors


def no_progress(done: int, total: int, what: str) -> None:
    """Tells nobody."""


async def import_roster(
    db: Database,
    path: Path,
    *,
    actor: Actor,
    now: datetime,
    progress: Progress = no_progress,
    apply: bool = True,
    many_may_leave: bool = False,
    import_id: UUID | None = None,
    limits: Limits | None = None,
    region: str = "US",
) -> Outcome:
    """Check a bundle and, where it has no error and `apply` is set, apply it, whole.

    What became of it is kept as a `RosterImport` with its report (`import_id`: one that is there already). Never
    raises for what is wrong with the bundle: that is an outcome. Importing the same bundle again changes nothing.
    Where many would leave (`rules.many_leave`) it stays checked and is not applied, unless `many_may_leave`.
    """
    id = import_id or await _begin(db, path, actor, now)
    async with db.transaction() as session:
        connection = await raw_connection(session)
        await connection.execute(LOCK, timeout=SLOW)
        try:
            with open_bundle(path, limits) as bundle:
                reading, outcome = await _read(session, bundle, id, progress, region)
                if apply and outcome.state is ImportState.CHECKED and (many_may_leave or not outcome.many_leave):
                    await _apply(session, reading, outcome, progress, actor, now)
                    outcome = replace(outcome, state=ImportState.APPLIED)
        except Unusable as error:
            outcome = replace(_nothing(id), problems=[error.problem], too_large=error.too_large)
        await _settle(session, outcome, now)
    progress(1, 1, "Done")
    return outcome


async def _begin(db: Database, path: Path, actor: Actor, now: datetime) -> UUID:
    id = new_id()
    async with db.transaction() as session:
        row = RosterImport(id=id, file_name=path.name, actor=str(actor), state=ImportState.UPLOADED, created_at=now)
        # Nobody but the caller works on it: the worker must not take it up.
        row.lease_until = datetime.max.replace(tzinfo=now.tzinfo)
        session.add(row)
    return id


async def _read(
    session: AsyncSession, bundle: Bundle, id: UUID, progress: Progress, region: str
) -> tuple[Reading, Outcome]:
    connection = await raw_connection(session)
    reading = read_roster(bundle, await _known(session, bundle), region=region)
    await staging.stage(connection, reading, progress)
    outcome = _outcome(id, reading)
    if reading.report.errors:
        return reading, outcome
    progress(0, 1, "Comparing with what is stored")
    outcome = replace(outcome, difference=await staging.compare(connection, reading), state=ImportState.CHECKED)
    return reading, replace(outcome, problems=[*_many_leave(outcome), *outcome.problems])


def _many_leave(outcome: Outcome) -> list[Problem]:
    """The first line of the report, where many leave."""
    if not outcome.many_leave:
        return []
    words = rules.words_for_many(outcome.difference.leaving, outcome.difference.listed)
    return [Problem("users.csv", 0, "", "", words, Severity.WARNING)]


async def _known(session: AsyncSession, bundle: Bundle) -> Known:
    """What a delta may refer to; a bulk bundle stands for itself and costs nothing here."""
    from services.people.roster.manifest import read_manifest

    manifest = read_manifest(bundle, Report())
    if manifest is None or manifest.mode is Mode.BULK:
        return Known()
    schools = await session.exec(select(School.source_id).where(col(School.source_id).is_not(None), School.active))
    persons = await session.exec(select(Person.source_id, Person.kind).where(Person.listed))
    return Known(
        frozenset(s for s in schools.all() if s is not None),
        {source_id: Kind(kind) if kind else None for source_id, kind in persons.all() if source_id is not None},
    )


async def _apply(
    session: AsyncSession, reading: Reading, outcome: Outcome, progress: Progress, actor: Actor, now: datetime
) -> None:
    connection = await raw_connection(session)
    progress(0, 1, "Writing what changed")
    schools, persons = await staging.write(connection, reading)
    if len(persons) > PUBLISHED_AT_ONCE:
        # A plan that this connection made while the tables were small would read all of them for every person.
        await connection.execute("ANALYZE person, role", timeout=SLOW)
    await publish_schools(session, schools, actor=actor, now=now)
    done = 0
    for batch in batches(persons, PUBLISHED_AT_ONCE):
        progress(done, len(persons), "Telling the other services")
        await publish_persons(session, batch, actor=actor, now=now)
        done += len(batch)
    live = await connection.fetch("SELECT DISTINCT person_id FROM session JOIN touched t ON t.id = person_id")
    await end_stale_sessions(session, [row["person_id"] for row in live], actor=actor, now=now)
    fact = RosterImported(
        import_id=outcome.import_id,
        mode=outcome.mode,
        schools=outcome.schools,
        students=outcome.students,
        guardians=outcome.guardians,
        staff=outcome.staff,
        changed=len(schools) + len(persons),
        warnings=outcome.warnings,
    )
    await emit(session, fact, actor=actor, now=now)


def _nothing(id: UUID) -> Outcome:
    return Outcome(id, ImportState.REFUSED, "", 0, 0, 0, 0, Difference(0, 0, 0), ())


def _outcome(id: UUID, reading: Reading) -> Outcome:
    return Outcome(
        import_id=id,
        state=ImportState.REFUSED,
        mode=reading.manifest.mode if reading.manifest else "",
        schools=sum(not school.gone for school in reading.schools),
        students=reading.counts[Kind.STUDENT],
        guardians=reading.counts[Kind.GUARDIAN],
        staff=reading.counts[Kind.STAFF],
        difference=Difference(0, 0, 0),
        problems=reading.report.in_order(),
    )


async def _settle(session: AsyncSession, outcome: Outcome, now: datetime) -> None:
    row = await session.get(RosterImport, outcome.import_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise Refusal(RefusalKind.NOT_FOUND, "import_unknown", "This import was deleted meanwhile.")
    row.state, row.mode, row.lease_until, row.what = outcome.state, outcome.mode, None, ""
    row.schools, row.students = outcome.schools, outcome.students
    row.guardians, row.staff = outcome.guardians, outcome.staff
    difference = outcome.difference
    row.added, row.changed, row.gone = difference.added, difference.changed, difference.gone
    row.listed, row.leaving = difference.listed, difference.leaving
    row.errors, row.warnings = outcome.errors, outcome.warnings
    row.settled_at = now
    connection = await raw_connection(session)
    await connection.execute("DELETE FROM import_problem WHERE import_id = $1", outcome.import_id)
    await connection.copy_records_to_table(
        "import_problem",
        records=[(outcome.import_id, *problem) for problem in outcome.problems],
        columns=("import_id", *Problem._fields),
        timeout=SLOW,
    )
