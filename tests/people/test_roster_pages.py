"""A roster is brought, checked and applied on pages."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx

from services.people import jobs
from services.people.commands import import_roster
from shared.clock import new_id, utc_now
from shared.db import Database
from shared.identity import system
from tests.people.bundles import USERS, a_bundle, a_user, bundle_files
from tests.people.persons import NOW, OFFICE
from tests.people.test_jobs import settings_for
from tests.people.test_pages import browser
from tests.support.clients import Client


async def send(client: httpx.AsyncClient, body: bytes) -> httpx.Response:
    form = await client.get("/people/roster")
    action = re.findall(r'action="(/people/roster\?id=[^"]+)"', form.text)[0]
    return await client.post(action, files={"file": ("fall.zip", body, "application/zip")})


FORM = {"content-type": "multipart/form-data; boundary=cut"}


def a_form(content: bytes) -> bytes:
    """The body of a form with one file."""
    head = b'--cut\r\ncontent-disposition: form-data; name="file"; filename="fall.zip"\r\n\r\n'
    return head + content + b"\r\n--cut--\r\n"


async def test_a_roster_is_uploaded_checked_and_applied_on_pages(
    db_people: Database, client_people: Client, postgres: str, data_dir: Path, tmp_path: Path
) -> None:
    client, settings = browser(client_people(OFFICE)), settings_for(postgres, data_dir)

    sent = await send(client, a_bundle(tmp_path).read_bytes())
    page = sent.headers["location"]
    waiting = await client.get(page)
    await jobs.work_on_imports(db_people, settings, utc_now())
    checked = await client.get(page)
    await client.post(f"{page}/apply")
    await jobs.work_on_imports(db_people, settings, utc_now())
    applied = await client.get(page)

    assert "<progress" in waiting.text
    assert 'data-live id="import"' in waiting.text
    assert "adds <strong>6</strong>" in checked.text
    assert "Apply this roster" in checked.text
    assert "Applied: 6 new" in applied.text
    assert "fall.zip" in (await client.get("/people/roster")).text


async def test_a_roster_with_errors_shows_the_report(
    db_people: Database, client_people: Client, postgres: str, data_dir: Path, tmp_path: Path
) -> None:
    users = [*USERS, a_user("kim", agentSourcedIds="<nobody>")]
    client = browser(client_people(OFFICE))
    sent = await send(client, a_bundle(tmp_path, bundle_files(users)).read_bytes())
    await jobs.work_on_imports(db_people, settings_for(postgres, data_dir), utc_now())

    page = await client.get(sent.headers["location"])

    assert "Nothing was changed." in page.text
    assert "users.csv, line&nbsp;6" in page.text
    assert "&lt;nobody&gt;" in page.text
    assert "problems.csv" in page.text


async def test_a_form_sent_twice_at_once_is_one_import(
    db_people: Database, client_people: Client, postgres: str, data_dir: Path, tmp_path: Path
) -> None:
    client, settings = browser(client_people(OFFICE)), settings_for(postgres, data_dir)
    path, form = f"/people/roster?id={new_id()}", a_form(a_bundle(tmp_path).read_bytes())
    first_is_there = asyncio.Event()

    async def slowly(mine: asyncio.Event | None, others: asyncio.Event | None) -> AsyncIterator[bytes]:
        yield form[:300]
        if mine:
            mine.set()
        if others:
            await others.wait()
        yield form[300:]

    answers = await asyncio.gather(
        *(client.post(path, content=slowly(*events), headers=FORM)
          for events in ((None, first_is_there), (first_is_there, None))),
    )  # fmt: skip
    await jobs.work_on_imports(db_people, settings, utc_now())

    assert [(answer.status_code, answer.headers.get("location")) for answer in answers] == [
        (303, path.replace("?id=", "/"))
    ] * 2
    assert "adds <strong>6</strong>" in (await client.get(answers[0].headers["location"])).text
    await client.post(f"{answers[0].headers['location']}/discard")
    assert list(settings.uploads_dir.glob("*")) == []


async def test_a_form_without_a_file_comes_back(db_people: Database, client_people: Client) -> None:
    client = browser(client_people(OFFICE))

    empty = await send(client, b"")
    no_form = await client.post(f"/people/roster?id={new_id()}", content=b"x")

    for answer in (empty, no_form):
        assert (answer.status_code, "Choose the zip file" in answer.text) == (422, True)


async def test_a_form_with_200_mb_comes_back_with_what_to_do(
    db_people: Database, client_people: Client, postgres: str, data_dir: Path
) -> None:
    answer = await send(browser(client_people(OFFICE)), b"\0" * 200_000_000)

    assert (answer.status_code, "larger than 100 MB" in answer.text) == (413, True)
    assert list(settings_for(postgres, data_dir).uploads_dir.glob("*")) == []


async def test_a_roster_that_was_checked_on_the_command_line_is_applied_there(
    db_people: Database, client_people: Client, tmp_path: Path
) -> None:
    await import_roster(db_people, a_bundle(tmp_path), actor=system("people"), now=NOW, apply=False)
    client = browser(client_people(OFFICE))

    found = (await client.get("/people/api/v1/roster-imports")).json()
    shown = await client.get(f"/people/roster/{found['items'][0]['id']}")

    assert "crosswalk roster import" in shown.text
    assert "Apply this roster" not in shown.text
