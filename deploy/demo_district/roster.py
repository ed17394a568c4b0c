"""The roster of the demo district as a OneRoster 1.1 bulk bundle: schools, staff, families, students."""

import csv
import unicodedata
from collections.abc import Iterable, Iterator
from itertools import count
from pathlib import Path
from typing import NamedTuple

from deploy.demo_district.names import NAMES, SHARES, STAFF

DISTRICT = "org-district"
DISTRICT_NAME = "Millbrook Public Schools"
AREA_CODES = ("617", "857", "781", "339", "508", "774", "978", "351", "413")
"""Each has a hundred numbers for fiction."""

USER_COLUMNS = (
    "sourcedId", "status", "dateLastModified", "enabledUser", "orgSourcedIds", "role", "username", "userIds",
    "givenName", "familyName", "middleName", "identifier", "email", "sms", "phone", "agentSourcedIds", "grades",
    "password", "metadata.homeLanguage",
)  # fmt: skip
ORG_COLUMNS = (
    "sourcedId", "status", "dateLastModified", "name", "type", "identifier", "parentSourcedId", "metadata.latitude",
    "metadata.longitude",
)  # fmt: skip
MANIFEST = {
    "manifest.version": "1.0", "oneroster.version": "1.1", "file.academicSessions": "absent",
    "file.categories": "absent", "file.classes": "absent", "file.classResources": "absent", "file.courses": "absent",
    "file.courseResources": "absent", "file.demographics": "absent", "file.enrollments": "absent",
    "file.lineItems": "absent", "file.orgs": "bulk", "file.resources": "absent", "file.results": "absent",
    "file.users": "bulk", "source.systemName": "Crosswalk demo district", "source.systemCode": "demo",
}  # fmt: skip


class School(NamedTuple):
    """A school and its grades (CEDS codes)."""

    id: str
    name: str
    grades: tuple[str, ...]


ELEMENTARY = ("KG", "01", "02", "03", "04", "05")
MIDDLE = ("06", "07", "08")
HIGH = ("09", "10", "11", "12")

SCHOOLS = tuple(
    School(f"school-{number:02}", name, grades)
    for number, (name, grades) in enumerate(
        (
            ("Alder Street Elementary School", ELEMENTARY),
            ("Bayview Elementary School", ELEMENTARY),
            ("Canal Street Elementary School", ELEMENTARY),
            ("Dry Dock Elementary School", ELEMENTARY),
            ("Elm Park Elementary School", ELEMENTARY),
            ("Foundry Hill K-8 School", ELEMENTARY + MIDDLE),
            ("Gardner Pond K-8 School", ELEMENTARY + MIDDLE),
            ("Harriet Quimby Middle School", MIDDLE),
            ("Ironworks Middle School", MIDDLE),
            ("Juniper Middle School", MIDDLE),
            ("Kingfisher High School", HIGH),
            ("Lighthouse Technical High School", HIGH),
        ),
        start=1,
    )
)

PLACES = {
    school.id: (latitude, longitude)
    for school, latitude, longitude in zip(
        SCHOOLS,
        ("42.2921", "42.3031", "42.2893", "42.3007", "42.2856", "42.2783", "42.2668", "42.3062", "42.2799", "42.2702",
         "42.2950", "42.3050"),
        ("-71.0398", "-71.0182", "-71.0461", "-71.0129", "-71.0377", "-71.0598", "-71.0334", "-71.0637", "-71.0652",
         "-71.0271", "-71.0240", "-71.0110"),
        strict=True,
    )
}  # fmt: skip
"""Where the schools are: latitude and longitude, in a town that is made up."""

User = dict[str, str]


class Family(NamedTuple):
    """Guardians and children of one household."""

    language: str
    guardians: tuple[User, ...]
    children: tuple[User, ...]


def plain(name: str) -> str:
    """A name as it stands in an e-mail address: `Thị Hương` becomes `thi-huong`."""
    letters = unicodedata.normalize("NFKD", name.replace("Đ", "D").replace("đ", "d"))
    kept = "".join(c for c in letters.lower() if c.isascii() and (c.isalnum() or c in " -"))
    return kept.replace(" ", "-")


def phone(number: int) -> str:
    """The n-th telephone number for fiction, as a school office writes it."""
    return f"({AREA_CODES[number // 100 % len(AREA_CODES)]}) 555-01{number % 100:02}"


def staff() -> list[User]:
    """Three people at each school."""
    people = []
    for number, name in enumerate(STAFF):
        school = SCHOOLS[number % len(SCHOOLS)]
        role = ("administrator", "aide", "teacher")[number // len(SCHOOLS)]
        email = f"{plain(name).replace('-', '.')}@schools.example.org"
        people.append(_user(f"staff-{number + 1:03}", role, school.id, name.split()[0], name.split()[-1], email=email))
    return people


def families() -> list[Family]:
    """Everyone of the 220 families; every third has two children at school here, and about 300 are children in all."""
    made: list[Family] = []
    children, phones = count(), count(1)
    for language, share in SHARES.items():
        for number in range(share):
            made.append(_family(language, number, len(made), children, phones))
    return made


def _family(language: str, number: int, nth: int, children: "count[int]", phones: "count[int]") -> Family:
    names = NAMES[language]
    round_, place = divmod(number, len(names.family))
    surname = names.family[place]
    guardians = [
        _guardian(language, _pick(names.parents, place + 2 * round_ + 5 * one), surname, nth, one, phones)
        for one in range(2 if number % 3 else 1)
    ]
    ids = ",".join(guardian["sourcedId"] for guardian in guardians)
    school = SCHOOLS[nth % len(SCHOOLS)]
    kids = []
    for one in range(2 if nth % 11 in (1, 4, 6, 9) else 1):
        grade = _pick(school.grades, nth // len(SCHOOLS) + 2 * one)
        given = _pick(names.children, place + 2 * round_ + one)
        kids.append(
            _user(f"student-{next(children) + 1:03}", "student", school.id, given, surname, agents=ids, grade=grade)
        )
    for guardian in guardians:
        guardian["orgSourcedIds"] = school.id
    return Family(language, tuple(guardians), tuple(kids))


def _pick(words: tuple[str, ...], n: int) -> str:
    return words[n % len(words)]


def _guardian(language: str, given: str, surname: str, nth: int, one: int, phones: "count[int]") -> User:
    """Most have both e-mail and telephone, some one of them, and a few nothing, as in life."""
    number = nth * 2 + one
    email = f"{plain(given)}.{plain(surname)}.{nth + 1}@families.example.org"
    reached = "nothing" if number % 97 == 68 else ("sms" if number % 7 == 5 else "both" if number % 5 else "email")
    return _user(
        f"guardian-{nth + 1:03}-{one + 1}", "parent" if one == 0 else "guardian", "", given, surname,
        email=email if reached in ("both", "email") else "",
        sms=phone(next(phones)) if reached in ("both", "sms") else "",
        language=language,
    )  # fmt: skip


def _user(
    id: str, role: str, school: str, given: str, family: str,
    *, email: str = "", sms: str = "", agents: str = "", grade: str = "", language: str = "",
) -> User:  # fmt: skip
    values = {
        "sourcedId": id, "enabledUser": "true", "orgSourcedIds": school, "role": role, "username": id,
        "givenName": given, "familyName": family, "email": email, "sms": sms, "agentSourcedIds": agents,
        "grades": grade, "metadata.homeLanguage": language,
    }  # fmt: skip
    return {column: values.get(column, "") for column in USER_COLUMNS}


def write(folder: Path) -> Path:
    """The bundle as a folder of CSV files."""
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / "manifest.csv", ("propertyName", "value"), MANIFEST.items())
    _write(folder / "orgs.csv", ORG_COLUMNS, _orgs())
    _write(folder / "users.csv", USER_COLUMNS, (tuple(user.values()) for user in _users()))
    return folder


def _orgs() -> Iterator[tuple[str, ...]]:
    yield DISTRICT, "", "", DISTRICT_NAME, "district", "", "", "", ""
    for school in SCHOOLS:
        yield school.id, "", "", school.name, "school", school.id, DISTRICT, *PLACES[school.id]


def _users() -> Iterator[User]:
    yield from staff()
    for family in families():
        yield from family.guardians
        yield from family.children


def _write(path: Path, header: tuple[str, ...], rows: Iterable[Iterable[str]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)
