"""Where schools are, and neighborhoods and postal codes: in the middle of the programs there."""

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

_FORGET = text("DELETE FROM place")
_SURVEY = text("""
    INSERT INTO place (kind, key, name, latitude, longitude, programs)
    SELECT kind, key, min(said.name), avg(latitude), avg(longitude), count(*)
    FROM program CROSS JOIN LATERAL (
        VALUES ('neighborhood', plain(neighborhood), neighborhood), ('postcode', postcode_of(site), postcode_of(site))
    ) AS said (kind, key, name)
    WHERE key <> '' AND status <> 'closed' AND latitude IS NOT NULL AND longitude IS NOT NULL
    GROUP BY kind, key
    UNION ALL (
        SELECT DISTINCT ON (plain(name)) 'school', plain(name), name, latitude, longitude, 0
        FROM school WHERE active AND latitude IS NOT NULL AND longitude IS NOT NULL ORDER BY plain(name), id
    )
""")
_LOCK = text("SELECT pg_try_advisory_xact_lock(hashtext('survey of places'))")


async def survey_places(session: AsyncSession) -> int:
    """Find anew where schools, neighborhoods and postal codes are; how many there are."""
    if not (await session.execute(_LOCK)).scalar_one():
        return 0
    await session.execute(_FORGET)
    return (await session.execute(_SURVEY)).rowcount  # type: ignore[attr-defined, no-any-return]
