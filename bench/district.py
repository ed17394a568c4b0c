"""A made-up roster as large as Boston's public schools, for where no sample data are at hand."""

import csv
import io
import os
import random
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

SCHOOLS, STUDENTS, STAFF = 137, 22_420, 1_259
"""As in the real one; about 1.2 guardians for every student come out, nearly 27 thousand."""

MANIFEST = {"manifest.version": "1.0", "oneroster.version": "1.1", "file.orgs": "bulk", "file.users": "bulk"} | {
    f"file.{name}": "absent"
    for name in (
        "academicSessions", "categories", "classes", "classResources", "courses", "courseResources", "demographics",
        "enrollments", "lineItems", "resources", "results",
    )
}  # fmt: skip
ORGS = ("sourcedId", "status", "dateLastModified", "name", "type", "identifier", "parentSourcedId")
USERS = (
    "sourcedId", "status", "dateLastModified", "enabledUser", "orgSourcedIds", "role", "username", "userIds",
    "givenName", "familyName", "middleName", "identifier", "email", "sms", "phone", "agentSourcedIds", "grades",
    "password", "metadata.homeLanguage",
)  # fmt: skip
GIVEN = ("Ana", "Bao", "Carlos", "Djeneba", "Elif", "Fatuma", "Guerda", "Hoa", "Inês", "Jean", "Khadija", "Luis")
FAMILY = ("Alves", "Baptiste", "Chen", "Diallo", "Egal", "Fernandes", "Garcia", "Hassan", "Joseph", "Lopes", "Nguyen")
LANGUAGES = ("en", "en", "en", "es", "es", "ht", "kea", "vi", "zh-Hans", "pt", "so", "ar", "fr")
PHONES: tuple[Callable[[int], str], ...] = (
    lambda n: f"(617) 555-{n:04d}",
    lambda n: f"617-555-{n:04d}",
    lambda n: f"+1617555{n:04d}",
    lambda n: f"617 555 {n:04d}",
)


def roster(folder: Path) -> Path:
    """Boston's, where `CROSSWALK_SAMPLE_DATA` names a folder that has it; else one made up and written to `folder`."""
    sample = Path(os.environ.get("CROSSWALK_SAMPLE_DATA", folder)) / "boston_roster.zip"
    if sample.exists():
        return sample
    path = folder / "roster.zip"
    with ZipFile(path, "w", ZIP_DEFLATED) as bundle:
        bundle.writestr("manifest.csv", _csv(("propertyName", "value"), MANIFEST.items()))
        bundle.writestr("orgs.csv", _csv(ORGS, _orgs()))
        bundle.writestr("users.csv", _csv(USERS, (_row(user) for user in _users(random.Random(1)))))  # noqa: S311
    return path


def _csv(head: tuple[str, ...], rows: object) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(rows)  # type: ignore[arg-type]
    return text.getvalue()


def _orgs() -> Iterator[tuple[str, ...]]:
    yield "district", "", "", "A district of the bench", "district", "0001", ""
    for n in range(SCHOOLS):
        yield f"org-{n}", "", "", f"School {n}", "school", f"{n:04d}", "district"


def _row(user: dict[str, str]) -> list[str]:
    return [user.get(name, "") for name in USERS]


def _users(chance: random.Random) -> Iterator[dict[str, str]]:
    """Staff, then families: one or two guardians with one to three students."""
    for n in range(STAFF):
        yield _person(chance, f"stf-{n}", "teacher" if n % 9 else "administrator", f"org-{n % SCHOOLS}", email=1.0)
    students, guardians = count(), count()
    left = STUDENTS
    while left:
        children = min(left, chance.choice((1, 1, 1, 2, 2, 3)))
        left -= children
        school = f"org-{chance.randrange(SCHOOLS)}"
        language = chance.choice(LANGUAGES)
        agents = [f"grd-{next(guardians)}" for _ in range(chance.choice((1, 2, 2, 2, 2, 2, 3)))]
        for agent in agents:
            yield _person(chance, agent, "guardian", school, email=0.8, phone=0.9, language=language)
        for _ in range(children):
            student = _person(chance, f"stu-{next(students)}", "student", school, language=language)
            grade = f"{chance.randrange(1, 13):02d}"
            yield student | {"agentSourcedIds": ",".join(agents), "grades": grade}


def _person(
    chance: random.Random, id: str, role: str, org: str, *, email: float = 0, phone: float = 0, language: str = ""
) -> dict[str, str]:
    given, family = chance.choice(GIVEN), chance.choice(FAMILY)
    has_phone = chance.random() < phone
    return {
        "sourcedId": id,
        "enabledUser": "true",
        "orgSourcedIds": org,
        "role": role,
        "username": f"{given}.{family}.{id}".lower(),
        "givenName": given,
        "familyName": family,
        "identifier": id,
        "email": f"{id}@families.example.org" if chance.random() < email else "",
        "phone": chance.choice(PHONES)(chance.randrange(10_000)) if has_phone else "",
        "metadata.homeLanguage": language,
    }
