"""What the worker of people does by itself: sign-in mail, roster imports, forgetting."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from sqlmodel import col, select

from services.people import commands, jobs, uploads
from services.people.models import ImportState, Person, RosterImport, SignIn
from services.people.settings import Settings
from shared.clock import new_id, utc_now
from shared.db import Database
from shared.refusals import Refusal
from tests.notifications.mailbox import Mailbox, serving
from tests.people.bundles import USERS, a_bundle, a_user, bundle_files
from tests.people.persons import OFFICE, a_stored_person
from tests.people.test_sign_in import LIMITS
from tests.support.databases import settings_of


@pytest_asyncio.fixture(loop_scope="session")
async def mailbox() -> AsyncIterator[Mailbox]:
    async with serving() as box:
        yield box


def settings_for(postgres: str, folder: Path, **changes: Any) -> Settings:
    settings = settings_of("people", postgres, folder, **changes)
    assert isinstance(settings, Settings)
    return settings


async def ask(db: Database, email: str = "dana@example.org") -> str:
    async with db.transaction() as session:
        return await commands.ask_for_code(session, email=email, client="10.0.0.1", limits=LIMITS, now=utc_now())


async def requests(db: Database) -> list[SignIn]:
    async with db.transaction() as session:
        return list((await session.exec(select(SignIn).order_by(col(SignIn.asked_at)))).all())


# Sign-in mail


async def test_the_mail_that_arrives_signs_in(
    db_people: Database, postgres: str, tmp_path: Path, mailbox: Mailbox
) -> None:
    person = await a_stored_person(db_people)
    ticket = await ask(db_people)
    settings = settings_for(postgres, tmp_path, smtp_port=mailbox.port)

    assert await jobs.send_sign_in_mail(db_people, settings, utc_now()) == 1
    assert await jobs.send_sign_in_mail(db_people, settings, utc_now()) == 0

    (mail,) = mailbox.to("dana@example.org")
    body = mail.get_body(("plain",))
    assert body is not None
    code = next(line for line in body.get_content().splitlines() if line.isdigit())
    async with db_people.transaction() as session:
        outcome = await commands.redeem_code(
            session, ticket=ticket, code=code, device="Firefox", limits=LIMITS, now=utc_now()
        )
    assert isinstance(outcome, commands.SignedInAs)
    assert outcome.actor.person_id == person.id


async def test_an_address_that_nobody_has_gets_no_mail_and_is_settled(
    db_people: Database, postgres: str, tmp_path: Path, mailbox: Mailbox
) -> None:
    await ask(db_people, "nobody@example.org")

    await jobs.send_sign_in_mail(db_people, settings_for(postgres, tmp_path, smtp_port=mailbox.port), utc_now())

    assert mailbox.received == []
    assert [row.send_at for row in await requests(db_people)] == [None]


async def test_a_mail_server_that_is_away_is_tried_again(
    db_people: Database, postgres: str, tmp_path: Path, mailbox: Mailbox
) -> None:
    await a_stored_person(db_people)
    await ask(db_people)

    await jobs.send_sign_in_mail(db_people, settings_for(postgres, tmp_path, smtp_port=1), utc_now())
    (row,) = await requests(db_people)
    assert row.send_at is not None
    settings = settings_for(postgres, tmp_path, smtp_port=mailbox.port)
    await jobs.send_sign_in_mail(db_people, settings, row.send_at)

    assert len(mailbox.to("dana@example.org")) == 1
    assert [row.send_at for row in await requests(db_people)] == [None]


async def test_an_address_that_the_mail_server_refuses_is_given_up(
    db_people: Database, postgres: str, tmp_path: Path, mailbox: Mailbox
) -> None:
    await a_stored_person(db_people)
    await ask(db_people)
    mailbox.answers["dana@example.org"] = "550 5.1.1 no such mailbox"

    await jobs.send_sign_in_mail(db_people, settings_for(postgres, tmp_path, smtp_port=mailbox.port), utc_now())

    assert [row.send_at for row in await requests(db_people)] == [None]


# Roster imports


async def upload(db: Database, settings: Settings, users: Any = USERS) -> RosterImport:
    id = new_id()
    settings.uploads_dir.mkdir(parents=True, exist_ok=True)
    a_bundle(settings.uploads_dir, bundle_files(users)).rename(uploads.path_of(settings, id))
    async with db.transaction() as session:
        await commands.receive_import(session, id, file_name="fall.zip", actor=OFFICE, now=utc_now())
    return await reread(db, id)


async def reread(db: Database, id: Any) -> RosterImport:
    async with db.transaction() as session:
        row = await session.get(RosterImport, id)
        assert row is not None
        return row


async def approve(db: Database, id: Any) -> None:
    async with db.transaction() as session:
        await commands.approve_import(session, id, actor=OFFICE, now=utc_now())


async def count_persons(db: Database) -> int:
    async with db.transaction() as session:
        return len((await session.exec(select(Person.id))).all())


async def test_an_upload_is_checked_first_and_applied_when_somebody_says_so(
    db_people: Database, postgres: str, tmp_path: Path
) -> None:
    settings = settings_for(postgres, tmp_path)
    row = await upload(db_people, settings)

    assert await jobs.work_on_imports(db_people, settings, utc_now()) == 1
    checked = await reread(db_people, row.id)
    assert (checked.state, checked.added, checked.students) == (ImportState.CHECKED, 6, 2)
    assert await count_persons(db_people) == 0

    await approve(db_people, row.id)
    await approve(db_people, row.id)
    assert await jobs.work_on_imports(db_people, settings, utc_now()) == 1
    assert await jobs.work_on_imports(db_people, settings, utc_now()) == 0
    assert (await reread(db_people, row.id)).state is ImportState.APPLIED
    assert await count_persons(db_people) == 4
    assert not uploads.path_of(settings, row.id).exists()


async def test_an_upload_with_errors_is_refused_and_not_kept(
    db_people: Database, postgres: str, tmp_path: Path
) -> None:
    settings = settings_for(postgres, tmp_path)
    row = await upload(db_people, settings, [*USERS, a_user("kim", agentSourcedIds="nobody")])

    await jobs.work_on_imports(db_people, settings, utc_now())

    assert (await reread(db_people, row.id)).state is ImportState.REFUSED
    assert not uploads.path_of(settings, row.id).exists()


async def test_an_import_that_a_killed_worker_left_is_taken_up_again(
    db_people: Database, postgres: str, tmp_path: Path
) -> None:
    settings = settings_for(postgres, tmp_path)
    row = await upload(db_people, settings)
    async with db_people.transaction() as session:
        assert await commands.claim_import(session, now=utc_now()) is not None

    assert await jobs.work_on_imports(db_people, settings, utc_now()) == 0
    assert await jobs.work_on_imports(db_people, settings, utc_now() + timedelta(minutes=2)) == 1

    assert (await reread(db_people, row.id)).state is ImportState.CHECKED


async def test_an_import_that_breaks_three_times_is_given_up(db_people: Database) -> None:
    async with db_people.transaction() as session:
        await commands.receive_import(session, id := new_id(), file_name="x", actor=OFFICE, now=utc_now())
    now = utc_now()
    for _ in range(3):
        async with db_people.transaction() as session:
            claimed = await commands.claim_import(session, now=now)
        assert claimed is not None
        async with db_people.transaction() as session:
            await commands.fail_import(session, id, now=now)
        now += timedelta(minutes=1)

    async with db_people.transaction() as session:
        assert await commands.claim_import(session, now=now) is None

    assert (await reread(db_people, id)).state is ImportState.FAILED


async def test_progress_is_shown_while_an_import_waits_or_runs_but_not_after(db_people: Database) -> None:
    async with db_people.transaction() as session:
        await commands.receive_import(session, id := new_id(), file_name="x", actor=OFFICE, now=utc_now())

    async with db_people.transaction() as session:
        await commands.note_progress(session, id, done=3, total=9, what="Reading the bundle", now=utc_now())

    row = await reread(db_people, id)
    assert (row.done, row.total, row.what) == (3, 9, "Reading the bundle")


async def test_reports_are_forgotten_after_a_month_and_uploads_after_a_week(
    db_people: Database, postgres: str, tmp_path: Path
) -> None:
    settings = settings_for(postgres, tmp_path)
    row = await upload(db_people, settings)
    path = uploads.path_of(settings, row.id)
    week = utc_now() + timedelta(days=8)

    await jobs.forget_what_is_old(db_people, settings, utc_now())
    assert path.exists()
    await jobs.forget_what_is_old(db_people, settings, week)
    assert not path.exists()
    await jobs.forget_what_is_old(db_people, settings, utc_now() + timedelta(days=31))

    with pytest.raises(Refusal, match="no such import"):
        await approve(db_people, row.id)
