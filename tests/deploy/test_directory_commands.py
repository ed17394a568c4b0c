"""`crosswalk programs export` and `crosswalk mail take`, as a technician and a mail server use them."""

import asyncio
import json
import os
from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import select

from services.agreements.models import Invitee
from services.agreements.rules import Answer
from shared.clock import utc_now
from shared.db import Database
from tests.agreements.meeting_support import a_meeting, a_partnership
from tests.agreements.support import a_program_of, an_organization
from tests.agreements.test_replies import a_reply
from tests.deploy.test_cli import COMMAND


class Terminal:
    """The command line, led to the databases of the tests."""

    def __init__(self, url: str, data: Path) -> None:
        self.environment = {
            **os.environ,
            "CROSSWALK_DATABASE_URL": url,
            "CROSSWALK_DATA_DIR": str(data),
            "COLUMNS": "200",
        }

    async def run(self, *arguments: object, given: bytes = b"") -> tuple[int, str]:
        """Exit code, and what it said."""
        process = await asyncio.create_subprocess_exec(
            COMMAND, *map(str, arguments), env=self.environment,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        said, _ = await process.communicate(given)
        assert process.returncode is not None
        return process.returncode, said.decode()


@pytest.fixture
def terminal(db_agreements: Database, postgres: str, tmp_path: Path) -> Terminal:
    return Terminal(postgres.replace("{service}", "test_{service}"), tmp_path)


async def test_the_directory_is_written_to_a_file_that_the_import_reads_without_a_change(
    terminal: Terminal, db_agreements: Database, tmp_path: Path
) -> None:
    async with db_agreements.transaction() as session:
        organization = await an_organization(session)
        for name in ("Homework club", "Chess club"):
            await a_program_of(session, organization, name=name)
    tables, lines = tmp_path / "directory.zip", tmp_path / "directory.ndjson"

    wrote, said = await terminal.run("programs", "export", tables)
    await terminal.run("programs", "export", lines)
    again, report = await terminal.run("programs", "import", tables, "--mapping", "hsds")

    assert (wrote, said) == (0, f"✓ 2 programs in {tables}\n")
    assert {json.loads(one)["name"] for one in lines.read_text().splitlines()} == {"Homework club", "Chess club"}
    assert again == 0, report
    assert "0 programs new, 0 changed, 2 as before." in report


async def test_a_file_of_an_unknown_form_or_in_no_folder_is_refused_in_a_sentence(
    terminal: Terminal, tmp_path: Path
) -> None:
    unknown, which = await terminal.run("programs", "export", tmp_path / "directory.xlsx")
    nowhere, where = await terminal.run("programs", "export", tmp_path / "missing" / "directory.csv")

    assert (unknown, nowhere) == (1, 1)
    assert "Name a file that ends in one of .zip, .json, .ndjson, .csv." in which
    assert "cannot be written" in where
    assert "Traceback" not in which + where


async def test_an_answer_that_the_mail_server_pipes_in_counts(terminal: Terminal, db_agreements: Database) -> None:
    soon = (utc_now() + timedelta(days=20)).date().isoformat()
    async with db_agreements.transaction() as session:
        people = await a_partnership(session)
        meeting = await a_meeting(session, people, now=utc_now(), date=soon)

    code, said = await terminal.run("mail", "take", given=a_reply(meeting, people.rosa, "DECLINED"))

    async with db_agreements.transaction() as session:
        answers = await session.exec(select(Invitee.answer).where(Invitee.person_id == people.rosa.person_id))
        answer = answers.one()
    assert (code, said) == (0, "✓ 1 answer\n")
    assert answer is Answer.NO


@pytest.mark.parametrize(
    ("given", "words"),
    [(b"  \n", "No mail came in. Pipe one into this command"), (b"Subject: Hello\n\nHi", "holds no answer")],
)
async def test_what_is_no_answer_ends_with_1_and_says_so(terminal: Terminal, given: bytes, words: str) -> None:
    code, said = await terminal.run("mail", "take", given=given)

    assert code == 1
    assert words in said
    assert "Traceback" not in said
