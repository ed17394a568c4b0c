"""A file of programs comes by the API: checked, applied once, refused whole."""

from collections.abc import AsyncIterator

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

API = "/agreements/api/v1"


async def upload(client: httpx.AsyncClient, content: bytes, **fields: str) -> httpx.Response:
    data = {"mapping": "crosswalk"} | fields
    return await client.post(f"{API}/imports", data=data, files={"file": ("programs.csv", content, "text/csv")})


async def test_a_file_is_checked_and_then_applied(db_agreements: Database, client_agreements: Client) -> None:
    client = client_agreements(the_district())

    checked = await upload(client, csv_of(CLUB, CHESS.replace("6-8", "=1+1")))
    path = f"{API}/imports/{checked.json()['id']}"
    before = (await client.get(f"{API}/programs")).json()["total"]
    applied = await client.post(f"{path}/apply")
    report = await client.get(f"{path}/report.csv")

    assert checked.status_code == 201
    assert (checked.json()["applied"], checked.json()["counts"]["new"], before) == (False, 2, 0)
    assert checked.json()["report"]["lines"][0]["value"] == "=1+1"
    assert applied.json()["applied"] is True
    assert (await client.get(f"{API}/programs")).json()["total"] == 2
    assert (await client.get(path)).json() == applied.json()
    assert (await client.get(f"{API}/imports")).json() == [applied.json()]
    assert "attachment" in report.headers["content-disposition"]
    assert "'=1+1" in report.text


async def test_the_same_upload_sent_twice_is_one(db_agreements: Database, client_agreements: Client) -> None:
    client = client_agreements(the_district())
    id_ = str(new_id())

    first, again = [await upload(client, csv_of(CLUB), id=id_) for _ in range(2)]

    assert first.json()["id"] == again.json()["id"] == id_


@pytest.mark.parametrize(
    ("content", "mapping", "code"),
    [
        (b"", "crosswalk", "file_empty"),
        (csv_of(CLUB), "nyc_dycd", "mapping_does_not_fit"),
        (csv_of(CLUB), "unheard_of", "mapping_unknown"),
        (csv_of(CLUB), "../settings", "mapping_unknown"),
        (csv_of('City Year,"open'), "crosswalk", "csv_malformed"),
        (b"PK\x03\x04\x00\x00", "crosswalk", "file_not_text"),
    ],
)
async def test_a_file_that_cannot_be_read_is_refused_whole(
    db_agreements: Database, client_agreements: Client, content: bytes, mapping: str, code: str
) -> None:
    answer = await upload(client_agreements(the_district()), content, mapping=mapping)

    assert (answer.status_code, answer.json()["code"]) == (422, code)


async def test_text_in_latin_1_and_a_byte_order_mark_are_read(
    db_agreements: Database, client_agreements: Client
) -> None:
    client = client_agreements(the_district())
    text = csv_of(CLUB.replace("Rosa Lima", "Rosa Peña")).decode()

    latin, marked = await upload(client, text.encode("latin-1")), await upload(client, text.encode("utf-8-sig"))

    assert (latin.json()["counts"]["new"], marked.json()["counts"]["new"]) == (1, 1)
    assert "not in UTF-8" in latin.json()["report"]["lines"][0]["reason"]
    assert marked.json()["report"]["lines"] == []


@pytest.mark.parametrize("announced", [True, False])
async def test_an_upload_of_200_megabytes_is_refused_without_being_kept(
    db_agreements: Database, client_agreements: Client, announced: bool
) -> None:
    piece = b"x" * 1_000_000

    async def large() -> AsyncIterator[bytes]:
        yield b'--edge\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'
        for _ in range(200):
            yield piece
        yield b"\r\n--edge--\r\n"

    headers = {"content-type": "multipart/form-data; boundary=edge"}
    if announced:
        headers["content-length"] = "200000100"

    answer = await client_agreements(the_district()).post(f"{API}/imports", content=large(), headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (413, "upload_too_large")
    assert "5 MB" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("headers", "content"),
    [
        ({"content-type": "application/json"}, b"{}"),
        ({"content-type": "multipart/form-data"}, b"no edge"),
        ({"content-type": "multipart/form-data; boundary=edge"}, b"not what it says"),
    ],
)
async def test_a_body_that_is_no_form_is_refused(
    db_agreements: Database, client_agreements: Client, headers: dict[str, str], content: bytes
) -> None:
    answer = await client_agreements(the_district()).post(f"{API}/imports", content=content, headers=headers)

    assert answer.status_code in {400, 422}


async def test_a_form_without_a_file_says_so(db_agreements: Database, client_agreements: Client) -> None:
    answer = await client_agreements(the_district()).post(
        f"{API}/imports", data={"mapping": "crosswalk"}, files={"other": ("", b"")}
    )

    assert (answer.status_code, answer.json()["code"]) == (422, "file_missing")
