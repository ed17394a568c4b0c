"""The whole directory as a file: Crosswalk's own CSV, or HSDS as JSON, lines of JSON, or tables in a zip."""

import json
from pathlib import Path

from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements import queries
from services.agreements.directory_csv import programs_as_csv
from services.agreements.hsds.tables import zipped
from services.agreements.hsds.write import Json, Partner, Writer
from services.agreements.queries import ProgramSearch, hsds
from services.agreements.settings import Settings
from shared.refusals import Kind, Refusal

FORMS = (".zip", ".json", ".ndjson", ".csv")


async def directory_as(session: AsyncSession, form: str, settings: Settings) -> tuple[bytes, int]:
    """The bytes of the whole directory in one of `FORMS`, and how many programs are in it."""
    if form not in FORMS:
        raise Refusal(Kind.INVALID, "form_unknown", f"Name a file that ends in one of {', '.join(FORMS)}.")
    if form == ".csv":
        found = await queries.find_programs(session, ProgramSearch(status="any"))
        names = {school.id: school.name for school in await queries.schools(session)}
        return programs_as_csv(found.programs, names).encode("utf-8-sig"), len(found.programs)
    services = await _services(session, settings)
    if form == ".zip":
        return zipped(services), len(services)
    if form == ".json":
        return json.dumps(services, ensure_ascii=False, indent=1).encode(), len(services)
    return b"".join(json.dumps(one, ensure_ascii=False).encode() + b"\n" for one in services), len(services)


async def _services(session: AsyncSession, settings: Settings) -> list[Json]:
    names = {school.id: school.name for school in await queries.schools(session)}
    write = Writer(settings.district_name, settings.currency, settings.phone_region, names)
    said: list[Json] = []
    async for programs in hsds.every(session, await hsds.fitting(session, hsds.Filters()) or []):
        homes = await hsds.partners(session, (program.organization_id for program in programs))
        rows = ((program, homes[program.organization_id]) for program in programs)
        said += [write.full_service(one, Partner(home.id, home.name, home.website)) for one, home in rows]
    return said


def write_file(path: Path, content: bytes) -> None:
    """Write a file. Refuses where that cannot be done."""
    try:
        path.write_bytes(content)
    except OSError as error:
        said = f"{path} cannot be written: {error.strerror or error}."
        raise Refusal(Kind.INVALID, "file_unwritable", said) from None
