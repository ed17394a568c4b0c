"""A roster with which many people leave is never applied without somebody saying that they may."""

import asyncio
import csv
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from sqlalchemy import func
from sqlmodel import select

from services.people import jobs, rules
from services.people.commands import import_roster
from services.people.models import Person
from shared.clock import utc_now
from shared.db import Database
from tests.people.bundles import MOTHER, Row, a_bundle, a_user, bundle_files
from tests.people.persons import NOW, OFFICE
from tests.people.test_jobs import settings_for
from tests.people.test_pages import browser
from tests.people.test_roster_pages import send
from tests.support.clients import Client

API = "/people/api/v1"
COMMAND = Path(sys.executable).with_name("crosswalk")
EVERYBODY: tuple[Row, ...] = (MOTHER, *(a_user(f"child-{n}") for n in range(29)))
FEW = EVERYBODY[:3]
"""27 of 30 leave."""


@pytest.mark.parametrize(
    ("leaving", "listed", "many"),
    [(10, 10, False), (11, 11, True), (11, 109, True), (11, 110, False), (5_001, 50_000, True), (0, 0, False)],
)
def test_many_is_more_than_ten_and_more_than_a_tenth(leaving: int, listed: int, many: bool) -> None:
    assert rules.many_leave(leaving, listed) is many


async def stored(db: Database, folder: Path) -> None:
    await import_roster(db, a_bundle(folder, bundle_files(EVERYBODY)), actor=OFFICE, now=NOW)


async def listed(db: Database) -> int:
    async with db.transaction() as session:
        return (await session.exec(select(func.count()).select_from(Person).where(Person.listed, Person.active))).one()


async def roster_import(postgres: str, path: Path, folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    arguments: Sequence[str] = [str(COMMAND), "roster", "import", str(path), "--data", str(folder), *options]
    environment = {"CROSSWALK_DATABASE_URL": postgres.replace("{service}", "test_{service}"), "COLUMNS": "200"}
    return await asyncio.to_thread(
        subprocess.run, arguments, capture_output=True, text=True, check=False, env=environment
    )


@pytest.mark.parametrize("options", [(), ("--check",)])
async def test_the_command_line_refuses_and_says_what_to_do(
    db_people: Database, postgres: str, tmp_path: Path, options: tuple[str, ...]
) -> None:
    await stored(db_people, tmp_path)
    path = a_bundle(tmp_path, bundle_files(FEW))

    done = await roster_import(postgres, path, tmp_path, *options, "--report", str(tmp_path / "report.csv"))

    assert done.returncode == 1, done.stdout + done.stderr
    assert "Nothing was changed: 27 of the 30 people" in done.stdout
    assert "--even-though-many-leave" in done.stdout
    assert "✓" not in done.stdout
    assert await listed(db_people) == 30
    with (tmp_path / "report.csv").open(encoding="utf-8-sig") as file:
        (line,) = csv.DictReader(file)
    assert (line["kind"], line["file"]) == ("warning", "users.csv")
    assert "27 of the 30 people" in line["reason"]


async def test_the_command_line_applies_it_when_told_that_many_leave(
    db_people: Database, postgres: str, tmp_path: Path
) -> None:
    await stored(db_people, tmp_path)
    path = a_bundle(tmp_path, bundle_files(FEW))

    done = await roster_import(postgres, path, tmp_path, "--even-though-many-leave")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "27 no longer there" in done.stdout
    assert "; 1 warning." in done.stdout
    assert await listed(db_people) == 3


async def test_a_single_error_is_called_one_error(db_people: Database, postgres: str, tmp_path: Path) -> None:
    path = a_bundle(tmp_path, bundle_files([*FEW, a_user("kim", agentSourcedIds="nobody")]))

    done = await roster_import(postgres, path, tmp_path)

    assert "1 error, 0 warnings." in done.stdout


async def test_the_api_asks_for_the_word_before_it_applies(
    db_people: Database, client_people: Client, postgres: str, data_dir: Path, tmp_path: Path
) -> None:
    await stored(db_people, tmp_path)
    client, settings = client_people(OFFICE), settings_for(postgres, data_dir)
    body = a_bundle(tmp_path, bundle_files(FEW)).read_bytes()
    path = f"{API}/roster-imports/{(await client.post(f'{API}/roster-imports', content=body)).json()['id']}"
    await jobs.work_on_imports(db_people, settings, utc_now())

    checked = (await client.get(path)).json()
    report = (await client.get(f"{path}/problems")).json()["items"]
    without = await client.post(f"{path}/apply")
    given = await client.post(f"{path}/apply", params={"even_though_many_leave": True})
    await jobs.work_on_imports(db_people, settings, utc_now())

    assert (checked["many_leave"], checked["leaving"], checked["listed"]) == (True, 27, 30)
    assert [(line["severity"], line["file"]) for line in report] == [("warning", "users.csv")]
    assert (without.status_code, without.json()["code"]) == (409, "many_leave")
    assert (given.status_code, (await client.get(path)).json()["state"]) == (202, "applied")
    assert await listed(db_people) == 3


async def test_the_page_asks_before_it_applies(
    db_people: Database, client_people: Client, postgres: str, data_dir: Path, tmp_path: Path
) -> None:
    await stored(db_people, tmp_path)
    client, settings = browser(client_people(OFFICE)), settings_for(postgres, data_dir)
    sent = await send(client, a_bundle(tmp_path, bundle_files(FEW)).read_bytes())
    address = sent.headers["location"]
    await jobs.work_on_imports(db_people, settings, utc_now())

    checked = await client.get(address)
    without = await client.post(f"{address}/apply")
    given = await client.post(f"{address}/apply", data={"even_though_many_leave": "true"})
    await jobs.work_on_imports(db_people, settings, utc_now())

    assert "Many people are not in this file any more: 27 of 30." in checked.text
    assert 'name="even_though_many_leave"' in checked.text
    assert (without.status_code, "Say that these people leave" in without.text) == (409, True)
    assert given.status_code == 303
    assert "Applied: 0 new, 0 changed, 27 no longer there." in (await client.get(address)).text


async def test_what_was_approved_before_many_left_is_asked_again(
    db_people: Database, client_people: Client, postgres: str, data_dir: Path, tmp_path: Path
) -> None:
    client, settings = client_people(OFFICE), settings_for(postgres, data_dir)
    body = a_bundle(tmp_path, bundle_files(FEW)).read_bytes()
    path = f"{API}/roster-imports/{(await client.post(f'{API}/roster-imports', content=body)).json()['id']}"
    await jobs.work_on_imports(db_people, settings, utc_now())
    await client.post(f"{path}/apply")
    await stored(db_people, tmp_path)

    await jobs.work_on_imports(db_people, settings, utc_now())

    assert (await client.get(path)).json()["state"] == "checked"
    assert (await client.post(f"{path}/discard")).status_code == 200
    assert await listed(db_people) == 30
