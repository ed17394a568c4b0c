"""Importing programs: what a file changes, what it leaves alone, and that doing it twice changes nothing."""

import asyncio
import os
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements import commands
from services.agreements.commands import ImportOutcome
from services.agreements.jobs import forget_uploads
from services.agreements.models import Organization, Program, ProgramImport
from services.agreements.programs_csv import Became
from services.agreements.rules import ProgramStatus
from services.agreements.settings import Settings
from shared.clock import new_id
from shared.db import Database
from shared.events.agreements import (
    OrganizationRegistered,
    ProgramChanged,
    ProgramClosed,
    ProgramOpened,
    ProgramsImported,
)
from shared.refusals import Kind, Refusal
from tests.agreements.partners import a_registrant, begun
from tests.agreements.support import (
    CHESS,
    CLUB,
    NOW,
    a_known_school,
    a_program_of,
    an_entry,
    an_organization,
    csv_of,
    the_district,
)
from tests.support.events import outbox

LATER = NOW + timedelta(days=1)


async def imported(db: Database, folder: Path, *rows: str) -> ImportOutcome:
    """Import rows with Crosswalk's own columns from the command line."""
    path = folder / "programs.csv"
    path.write_bytes(csv_of(*rows))
    return await commands.import_programs(db, path, "crosswalk", lambda _done, _total: None, the_district(), NOW)


async def programs(db: Database) -> Sequence[Program]:
    async with db.transaction() as session:
        return (await session.exec(select(Program).order_by(Program.name_key))).all()


async def test_a_file_brings_its_partners_and_programs_and_says_so(db_agreements: Database, tmp_path: Path) -> None:
    outcome = await imported(db_agreements, tmp_path, CLUB, CHESS)

    chess, club = await programs(db_agreements)
    assert outcome.counts.model_dump() == {
        "rows": 2,
        "organizations": 1,
        "programs": 2,
        "new_organizations": 1,
        "new": 2,
        "changed": 0,
        "unchanged": 0,
        "paused": 0,
        "vanished": 0,
        "rows_refused": 0,
    }
    async with db_agreements.transaction() as session:
        facts = await outbox(session)
    assert [type(fact) for fact in facts] == [
        OrganizationRegistered,
        ProgramChanged,
        ProgramOpened,
        ProgramChanged,
        ProgramOpened,
        ProgramsImported,
    ]
    assert {fact.program_id for fact in facts if isinstance(fact, ProgramOpened)} == {chess.id, club.id}
    assert facts[-1] == ProgramsImported(
        import_id=outcome.import_id, mapping="crosswalk", organizations=1, programs=2, changed=2, rows_refused=0
    )


async def test_importing_twice_changes_nothing(db_agreements: Database, tmp_path: Path) -> None:
    await imported(db_agreements, tmp_path, CLUB, CHESS)
    before = [program.model_dump() for program in await programs(db_agreements)]

    outcome = await imported(db_agreements, tmp_path, CLUB, CHESS)

    assert [program.model_dump() for program in await programs(db_agreements)] == before
    assert (outcome.counts.unchanged, outcome.counts.new, outcome.counts.changed) == (2, 0, 0)
    async with db_agreements.transaction() as session:
        facts = await outbox(session)
    assert [type(fact) for fact in facts[6:]] == [ProgramsImported]


async def test_what_the_file_says_anew_is_taken_and_what_people_changed_elsewhere_stays(
    db_agreements: Database, tmp_path: Path
) -> None:
    await imported(db_agreements, tmp_path, CLUB)
    (club,) = await programs(db_agreements)
    entry = an_entry(grades=[], schedule="Mondays", capacity="25", contact_phone="617-555-0123", site="12 Main Street")
    async with db_agreements.transaction() as session:
        await commands.change_program(
            session, club.id, version=1, entry=entry, country="US", actor=the_district(), now=NOW
        )

    outcome = await imported(db_agreements, tmp_path, CLUB.replace(",25,", ",30,"))

    (club,) = await programs(db_agreements)
    assert (club.capacity, club.schedule, club.grades, club.version) == (30, "Mondays", [], 3)
    assert outcome.counts.changed == 1


async def test_a_row_that_vanished_is_reported_and_its_program_left_alone(
    db_agreements: Database, tmp_path: Path
) -> None:
    await imported(db_agreements, tmp_path, CLUB, CHESS)

    outcome = await imported(db_agreements, tmp_path, CLUB)

    (line,) = outcome.report.lines
    assert (line.became, line.value, line.row) == (Became.VANISHED, "Chess club", None)
    assert [program.status for program in await programs(db_agreements)] == [ProgramStatus.OPEN] * 2


async def test_a_program_without_contact_waits_paused_until_a_file_brings_one(
    db_agreements: Database, tmp_path: Path
) -> None:
    bare = CLUB.replace("rosa@example.org", "").replace("617-555-0123", "")

    outcome = await imported(db_agreements, tmp_path, bare)

    (club,) = await programs(db_agreements)
    assert (club.status, club.status_reason, outcome.counts.paused) == (ProgramStatus.PAUSED, "No contact", 1)
    async with db_agreements.transaction() as session:
        state = (await outbox(session))[1]
    assert isinstance(state, ProgramChanged)
    assert (state.status, state.contact) == ("paused", None)

    await imported(db_agreements, tmp_path, CLUB)

    (club,) = await programs(db_agreements)
    assert (club.status, club.status_reason) == (ProgramStatus.OPEN, "")


async def test_a_program_whose_contact_vanishes_from_the_file_is_paused(
    db_agreements: Database, tmp_path: Path
) -> None:
    await imported(db_agreements, tmp_path, CLUB)

    await imported(db_agreements, tmp_path, CLUB.replace("rosa@example.org", "").replace("617-555-0123", ""))

    (club,) = await programs(db_agreements)
    assert club.status is ProgramStatus.PAUSED
    async with db_agreements.transaction() as session:
        facts = await outbox(session)
    assert ProgramClosed(program_id=club.id, organization_id=club.organization_id, status="paused") in facts


async def test_a_program_that_its_people_paused_stays_paused(db_agreements: Database, tmp_path: Path) -> None:
    await imported(db_agreements, tmp_path, CLUB)
    (club,) = await programs(db_agreements)
    async with db_agreements.transaction() as session:
        await commands.pause_program(session, club.id, version=1, reason="Full", actor=the_district(), now=NOW)

    await imported(db_agreements, tmp_path, CLUB.replace(",25,", ",30,"))

    (club,) = await programs(db_agreements)
    assert (club.status, club.status_reason, club.capacity) == (ProgramStatus.PAUSED, "Full", 30)


async def test_a_partner_that_is_there_under_another_spelling_is_not_made_again(
    db_agreements: Database, tmp_path: Path
) -> None:
    async with db_agreements.transaction() as session:
        known = await an_organization(session, "City Year, Inc.")

    outcome = await imported(db_agreements, tmp_path, CLUB)

    (club,) = await programs(db_agreements)
    assert club.organization_id == known.id
    assert outcome.counts.new_organizations == 0


async def test_a_partner_renamed_by_hand_keeps_its_name(db_agreements: Database, tmp_path: Path) -> None:
    await imported(db_agreements, tmp_path, CLUB)
    (club,) = await programs(db_agreements)
    async with db_agreements.transaction() as session:
        await commands.rename_organization(
            session, club.organization_id, name="City Steps", version=1, actor=the_district(), now=NOW
        )

    await imported(db_agreements, tmp_path, CLUB, CHESS)

    async with db_agreements.transaction() as session:
        assert [one.name for one in await session.exec(select(Organization))] == ["City Steps"]
    assert {program.organization_id for program in await programs(db_agreements)} == {club.organization_id}


async def test_a_program_entered_by_hand_is_not_overwritten(db_agreements: Database, tmp_path: Path) -> None:
    async with db_agreements.transaction() as session:
        await a_program_of(session, await an_organization(session), site="12 Main Street")

    outcome = await imported(db_agreements, tmp_path, CLUB)

    (line,) = outcome.report.lines
    assert (line.became, line.value) == (Became.ROW_LEFT_OUT, "Homework club")
    assert len(await programs(db_agreements)) == 1


async def test_a_program_of_the_file_finds_the_schools_by_name(db_agreements: Database, tmp_path: Path) -> None:
    async with db_agreements.transaction() as session:
        school = await a_known_school(session, "Lincoln K-8")

    outcome = await imported(db_agreements, tmp_path, CLUB.replace("K-5,,", "K-5,lincoln  K-8; Nowhere,"))

    (club,) = await programs(db_agreements)
    assert club.school_ids == [school.id]
    assert [line.value for line in outcome.report.lines] == ["Nowhere"]


async def test_two_imports_at_once_make_everything_once(db_agreements: Database, tmp_path: Path) -> None:
    outcomes = await asyncio.gather(*(imported(db_agreements, tmp_path, CLUB, CHESS) for _ in range(2)))

    assert sorted(outcome.counts.new for outcome in outcomes) == [0, 2]
    assert len(await programs(db_agreements)) == 2


async def test_progress_tells_every_row(db_agreements: Database, tmp_path: Path) -> None:
    path = tmp_path / "programs.csv"
    path.write_bytes(csv_of(CLUB, CHESS))
    told: list[tuple[int, int]] = []

    await commands.import_programs(
        db_agreements, path, "crosswalk", lambda done, total: told.append((done, total)), the_district(), NOW
    )

    assert told == [(1, 2), (2, 2)]


@pytest.mark.parametrize(
    ("content", "mapping", "code"),
    [
        (None, "crosswalk", "file_unreadable"),
        (b"", "crosswalk", "file_empty"),
        (csv_of(CLUB), "nyc_dycd", "mapping_does_not_fit"),
        (csv_of(CLUB), "unheard_of", "mapping_unknown"),
        (csv_of(CLUB), "nowhere/mapping.toml", "mapping_unreadable"),
        (csv_of(CLUB, 'City Year,"not closed'), "crosswalk", "csv_malformed"),
    ],
)
async def test_a_file_that_is_refused_changes_nothing(
    db_agreements: Database, tmp_path: Path, content: bytes | None, mapping: str, code: str
) -> None:
    path = tmp_path / "programs.csv"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(Refusal) as refused:
        await commands.import_programs(db_agreements, path, mapping, lambda _d, _t: None, the_district(), NOW)

    assert (refused.value.kind, refused.value.code) == (Kind.INVALID, code)
    assert await programs(db_agreements) == []
    async with db_agreements.transaction() as session:
        assert await outbox(session) == []


async def checked(session: AsyncSession, **changes: object) -> ProgramImport:
    given = {"import_id": new_id(), "content": csv_of(CLUB), "file_name": "a.csv", "mapping": "crosswalk"} | changes
    return await commands.check_import(session, **given, actor=the_district(), now=NOW)  # type: ignore[arg-type]


async def test_a_checked_file_changes_nothing_before_it_is_applied(session_agreements: AsyncSession) -> None:
    kept = await checked(session_agreements)

    assert kept.outcome["new"] == 1
    assert (await session_agreements.exec(select(Program))).all() == []
    assert await outbox(session_agreements) == []


async def test_a_checked_file_is_applied_once_and_then_forgotten(session_agreements: AsyncSession) -> None:
    kept = await checked(session_agreements)

    for _ in range(2):
        await commands.apply_import(session_agreements, kept.id, actor=the_district(), now=LATER)

    assert (kept.content, kept.applied_at) == (None, LATER)
    imports = [fact for fact in await outbox(session_agreements) if isinstance(fact, ProgramsImported)]
    assert len(imports) == 1


async def test_an_upload_that_nobody_applies_is_deleted_after_a_day(db_agreements: Database) -> None:
    async with db_agreements.transaction() as session:
        old = await checked(session)
        applied = await checked(session)
        await commands.apply_import(session, applied.id, actor=the_district(), now=NOW)
        old_id, applied_id = old.id, applied.id

    assert await forget_uploads(db_agreements, Settings(), NOW + timedelta(hours=23)) == 0
    assert await forget_uploads(db_agreements, Settings(), NOW + timedelta(hours=25)) == 1

    async with db_agreements.transaction() as session:
        assert await session.get(ProgramImport, old_id) is None
        assert await session.get(ProgramImport, applied_id) is not None


async def test_the_file_of_new_york_imports_and_imports_again(db_agreements: Database) -> None:
    path = Path(os.environ.get("CROSSWALK_SAMPLE_DATA", "")) / "nyc_dycd_programs.csv"
    if not path.is_file():
        pytest.skip("no nyc_dycd_programs.csv in the folder CROSSWALK_SAMPLE_DATA")

    outcomes = [
        await commands.import_programs(db_agreements, path, "nyc_dycd", lambda _d, _t: None, the_district(), NOW)
        for _ in range(2)
    ]

    first, again = (outcome.counts for outcome in outcomes)
    assert (first.rows, first.new, first.new_organizations, first.rows_refused) == (1599, 1384, 531, 55)
    assert (again.new, again.changed, again.unchanged, again.vanished) == (0, 0, 1384, 0)
    paused = [program for program in await programs(db_agreements) if program.status is ProgramStatus.PAUSED]
    assert {program.status_reason for program in paused} == {"No contact"}
    assert len(paused) == first.paused == 4


async def test_a_file_brings_no_programs_to_an_organization_that_the_district_has_not_approved(
    db_agreements: Database, tmp_path: Path
) -> None:
    async with db_agreements.transaction() as session:
        await begun(session, a_registrant(), name="City Year", tax_id="")

    outcome = await imported(db_agreements, tmp_path, CLUB)

    assert await programs(db_agreements) == []
    assert [(line.value, line.reason) for line in outcome.report.lines] == [
        ("Homework club", "The district has not approved this organization")
    ]
