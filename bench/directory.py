"""Searches of a directory of 100,000 programs, by page and by API, against their own SQL asked bare."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http.client import HTTPConnection
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from urllib.parse import urlencode, urlsplit

import asyncpg
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

from bench.figures import Figure, p99, spread
from bench.running import CROSSWALK, Running, started
from services.agreements.queries import ProgramSearch, find_programs
from shared.db import Database

PROGRAMS, PARTNERS, ROUNDS, WARM = 100_000, 2_500, 25, 2
TIMES, MILLISECONDS = 2.0, 50.0
WORDS = (
    "homework", "club", "youth", "reading", "math", "science", "soccer", "dance", "music", "robotics", "mentor",
    "tutor",
    "garden", "kitchen", "harbor", "river", "bridge", "north", "south", "community", "center", "family", "evening",
    "morning", "summer", "help", "group", "lessons", "children", "teens", "language", "english", "spanish", "college",
    "career", "health", "clinic", "food", "pantry", "counseling",
)  # fmt: skip
NEEDS = (
    "academic", "after_school", "arts", "food", "health", "housing", "mental_health", "mentoring", "sports", "summer",
)  # fmt: skip
SEARCHES: tuple[dict[str, str], ...] = (
    {},
    {"q": "homework"},
    {"q": "robotics club"},
    {"q": "tutoring reading", "language": "es"},
    {"need": "food"},
    {"need": "mentoring", "grade": "05", "free": "yes"},
    {"grade": "07", "day": "MO", "time": "afternoon"},
    {"age": "9", "room": "yes", "need": "arts"},
    {"near": "42.3, -71.1", "within": "2000"},
    {"near": "Quarter 7", "need": "sports"},
    {"q": "counseling family", "near": "Quarter 3"},
)
"""What people look for: by a word, by a choice, by several, near a place."""


async def run() -> list[Figure]:
    """Each search many times in turn: the page, the API, and the statements that it asks the database, bare."""
    with TemporaryDirectory() as root:
        command = (*CROSSWALK, "up", "--port", "{port}", "--data", "{folder}", "--empty")
        async with started(Path(root) / "data", command) as running:
            await _fill(running)
            async with _connected(running) as connection:
                statements = [await _statements(running, search) for search in SEARCHES]
                return await _measure(running, connection, statements)


async def _measure(
    running: Running, connection: asyncpg.Connection, statements: list[list[tuple[str, tuple[object, ...]]]]
) -> list[Figure]:
    times: dict[str, list[float]] = {"bare": [], "page": [], "api": []}
    http = HTTPConnection(urlsplit(running.url).netloc, timeout=60)
    for turn in range(WARM + ROUNDS):
        for search, asked in zip(SEARCHES, statements, strict=True):
            query = urlencode(search)
            taken = {
                "bare": await _bare(connection, asked),
                "page": await asyncio.to_thread(_get, http, f"/agreements/programs?{query}"),
                "api": await asyncio.to_thread(_get, http, f"/agreements/api/v1/programs?{query}"),
            }
            for name, value in taken.items():
                if turn >= WARM:
                    times[name].append(value)
    for name, values in times.items():
        print(spread(f"directory {name}", values), "ms", flush=True)
    floor = p99(times["bare"])
    return [
        Figure("directory p99", p99(times["page"]), "ms", floor, MILLISECONDS),
        Figure("directory p99 ratio", p99(times["page"]), "ms", floor, TIMES, by_ratio=True),
        Figure("directory API p99", p99(times["api"]), "ms", floor, TIMES, by_ratio=True),
    ]


async def _bare(connection: asyncpg.Connection, asked: list[tuple[str, tuple[object, ...]]]) -> float:
    began = perf_counter()
    for statement, values in asked:
        await connection.fetch(statement, *values)
    return (perf_counter() - began) * 1000


def _get(http: HTTPConnection, path: str) -> float:
    began = perf_counter()
    http.request("GET", path, headers={"Accept": "text/html"})
    answer = http.getresponse()
    content = answer.read()
    if answer.status != 200:
        raise RuntimeError(f"GET {path} answered {answer.status}: {content[:300]!r}")
    return (perf_counter() - began) * 1000


async def _statements(running: Running, search: dict[str, str]) -> list[tuple[str, tuple[object, ...]]]:
    """What a search asks the database, as it is sent."""
    db = Database(running.dsn("agreements"))
    heard: list[tuple[str, tuple[object, ...]]] = []
    _listen(db.engine, heard)
    async with db.transaction() as session:
        await find_programs(session, ProgramSearch(**search), limit=25)
    await db.close()
    return heard


def _listen(engine: AsyncEngine, heard: list[tuple[str, tuple[object, ...]]]) -> None:
    @event.listens_for(engine.sync_engine, "before_cursor_execute")
    def hear(_c: object, _cursor: object, statement: str, values: tuple[object, ...], *_rest: object) -> None:
        heard.append((statement, tuple(values)))


@asynccontextmanager
async def _connected(running: Running) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(running.dsn("agreements"))
    try:
        yield connection
    finally:
        await connection.close()


async def _fill(running: Running) -> None:
    """Programs straight into the table, the same at every run; its triggers list them."""
    async with _connected(running) as connection:
        await connection.execute("SELECT setseed(0.5)")
        await connection.execute(_PARTNERS, PARTNERS)
        for start in range(0, PROGRAMS, BATCH):
            await connection.execute(_SOME, start, BATCH, list(WORDS), list(NEEDS), timeout=300)
        await connection.execute(_PLACES)
        await connection.execute("VACUUM ANALYZE", timeout=300)


BATCH = 5_000
_PARTNERS = """
    INSERT INTO organization (id, name, name_key, registered_at, changed_at, changed_by, changed_by_label, version)
    SELECT gen_random_uuid(), 'Partner ' || n, 'partner ' || n, now(), now(), 'bench', 'Bench', 1
    FROM generate_series(1, $1) n
"""
_SOME = """
    WITH home AS (SELECT array_agg(id ORDER BY name) AS ids FROM organization), made AS (
        SELECT n,
            (SELECT string_agg(($3::text[])[1 + (random() * 39)::int], ' ') FROM generate_series(1, 3) WHERE n > 0)
                AS name,
            (SELECT string_agg(($3::text[])[1 + (random() * 39)::int], ' ') FROM generate_series(1, 30) WHERE n > 0)
                AS words,
            random() AS a, random() AS b, random() AS c, random() AS d
        FROM generate_series($1::int + 1, $1::int + $2::int) n
    )
    INSERT INTO program (
        id, organization_id, name, name_key, description, needs, grades, school_ids, languages, schedule, contact_name,
        contact_extension, site, site_key, latitude, longitude, neighborhood, minimum_age, maximum_age,
        cost_cents, times, open_places, status, status_reason, version, changed_at, changed_by, changed_by_label,
        confirmed_at, freshness
    )
    SELECT gen_random_uuid(), ids[1 + n % cardinality(ids)], name || ' ' || n, name || ' ' || n, words,
        ARRAY[($4::text[])[1 + (a * 9)::int]],
        CASE (b * 3)::int WHEN 0 THEN '{}' WHEN 1 THEN '{KG,01,02,03,04,05}' WHEN 2 THEN '{06,07,08}'
            ELSE '{09,10,11,12}' END::text[],
        '{}', CASE WHEN c < 0.4 THEN '{es}' WHEN c < 0.6 THEN '{ht,fr}' ELSE '{}' END::text[], '', 'Bench', '',
        n || ' Main Street, Boston, MA 021' || 10 + n % 40, n || ' main street', 42.2 + a * 0.2, -71.2 + d * 0.2,
        'Quarter ' || 1 + n % 20, CASE WHEN d < 0.5 THEN 5 END, CASE WHEN d < 0.5 THEN 14 END,
        CASE WHEN d < 0.4 THEN 0 END, CASE WHEN a < 0.6 THEN '{MO 15:00-17:30,WE 15:00-17:30}' ELSE '{}' END::text[],
        CASE WHEN c < 0.5 THEN (c * 10)::int END, 'open', '', 1, now(), 'bench', 'Bench', now(),
        CASE WHEN b < 0.2 THEN 'stale' ELSE 'fresh' END
    FROM made, home
"""
_PLACES = """
    INSERT INTO place (kind, key, name, latitude, longitude, programs)
    SELECT 'neighborhood', lower(neighborhood), neighborhood, avg(latitude), avg(longitude), count(*)
    FROM program GROUP BY neighborhood ON CONFLICT DO NOTHING
"""
