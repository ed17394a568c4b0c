"""A file of programs is checked, read about and applied on pages."""

import re

import httpx
import pytest

from shared.clock import new_id
from shared.db import Database
from tests.agreements.support import (
    CHESS,
    CLUB,
    csv_of,
    the_district,
)
from tests.support.clients import Client


def heading(answer: httpx.Response) -> str:
    (found,) = re.findall(r"<h1>(.*?)</h1>", answer.text)
    return re.sub("<.*?>", "", found)


async def upload(client: httpx.AsyncClient, content: bytes, mapping: str = "crosswalk") -> httpx.Response:
    return await client.post(
        "/agreements/import",
        data={"id": str(new_id()), "mapping": mapping},
        files={"file": ("programs.csv", content, "text/csv")},
    )


async def test_the_district_checks_a_file_reads_the_report_and_applies_it(
    db_agreements: Database, client_agreements: Client
) -> None:
    client = client_agreements(the_district())

    chosen = await client.get("/agreements/import")
    checked = await upload(client, csv_of(CLUB.replace("K-5", "whoever"), CHESS))
    path = checked.headers["location"]
    report = await client.get(path)
    applied = await client.post(f"{path}/apply")
    done = await client.get(applied.headers["location"])

    assert "New York City youth programs" in chosen.text
    assert heading(report) == "Check before importing"
    assert "whoever" in report.text
    assert "Import 2 programs" in report.text
    assert heading(done) == "Imported programs"
    assert (await client.get(f"{path}/report.csv")).text.count("whoever") == 1
    assert f'href="{path}"' in (await client.get("/agreements/import")).text


async def test_the_report_is_narrowed_by_what_became_of_it(db_agreements: Database, client_agreements: Client) -> None:
    client = client_agreements(the_district())
    checked = await upload(client, csv_of(CLUB.replace("K-5", "whoever"), "too,short"))

    answer = await client.get(checked.headers["location"], params={"became": "row_left_out"})
    blank = await client.get(checked.headers["location"], params={"became": ""})

    assert "whoever" not in answer.text
    assert "too | short" in answer.text
    assert "whoever" in blank.text


@pytest.mark.parametrize(
    ("content", "mapping", "status", "said"),
    [
        (b"", "crosswalk", 422, "The file is empty"),
        (csv_of(CLUB), "nyc_dycd", 422, "is not for this file"),
        (csv_of(CLUB), "unheard_of", 422, "There is no mapping"),
        (b"x" * 6_000_000, "crosswalk", 413, "too large"),
    ],
)
async def test_a_file_that_is_refused_leads_back_to_the_form(
    db_agreements: Database, client_agreements: Client, content: bytes, mapping: str, status: int, said: str
) -> None:
    answer = await upload(client_agreements(the_district()), content, mapping)

    assert answer.status_code == status
    assert heading(answer) == "Import programs"
    assert said in answer.text
