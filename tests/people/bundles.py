"""Small OneRoster bundles to test with."""

import csv
import io
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from services.people.roster import Known, Reading, open_bundle, read_roster

Row = Mapping[str, str]

ORG = ("sourcedId", "status", "dateLastModified", "name", "type", "identifier", "parentSourcedId")
USER_11 = (
    "sourcedId", "status", "dateLastModified", "enabledUser", "orgSourcedIds", "role", "username", "userIds",
    "givenName", "familyName", "middleName", "identifier", "email", "sms", "phone", "agentSourcedIds", "grades",
    "password", "metadata.homeLanguage",
)  # fmt: skip
USER_12 = (
    "sourcedId", "status", "dateLastModified", "enabledUser", "username", "userIds", "givenName", "familyName",
    "middleName", "identifier", "email", "sms", "phone", "agentSourcedIds", "grades", "password",
    "userMasterIdentifier", "preferredGivenName", "preferredMiddleName", "preferredFamilyName", "primaryOrgSourcedId",
    "pronouns", "metadata.homeLanguage",
)  # fmt: skip
ROLE = (
    "sourcedId", "status", "dateLastModified", "userSourcedId", "roleType", "role", "beginDate", "endDate",
    "orgSourcedId", "userProfileSourcedId",
)  # fmt: skip

ORGS: tuple[Row, ...] = (
    {"sourcedId": "district", "name": "Harbor Public Schools", "type": "district"},
    {"sourcedId": "north", "name": "North Elementary", "type": "school", "parentSourcedId": "district"},
    {"sourcedId": "south", "name": "South Elementary", "type": "school", "parentSourcedId": "district"},
)


def a_user(sourced_id: str, role: str = "student", **changes: str) -> dict[str, str]:
    """A user of 1.1; further columns by name (`homeLanguage` stands for the extension column)."""
    row = {
        "sourcedId": sourced_id,
        "enabledUser": "true",
        "orgSourcedIds": "north",
        "role": role,
        "username": f"{sourced_id}.name",
        "givenName": sourced_id.title(),
        "familyName": "Baptiste",
    }
    if role != "student":
        row["email"] = f"{sourced_id}@example.org"
    if role == "student":
        row |= {"agentSourcedIds": "mother", "grades": "04"}
    language = changes.pop("homeLanguage", None)
    return row | ({"metadata.homeLanguage": language} if language is not None else {}) | changes


MOTHER = a_user("mother", "parent", sms="(617) 555-0123", homeLanguage="ht")
USERS: tuple[Row, ...] = (a_user("jean"), a_user("lea", grades="02"), MOTHER, a_user("ms-lee", "teacher"))
"""A mother with two children at North Elementary, and a teacher there."""


def as_csv(columns: Sequence[str], rows: Sequence[Row]) -> bytes:
    """Rows as a CSV file."""
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def manifest(version: str = "1.1", **modes: str) -> bytes:
    """A manifest that announces files in modes."""
    rows = [("manifest.version", "1.0"), ("oneroster.version", version)]
    rows += [(f"file.{file}", mode) for file, mode in modes.items()]
    return as_csv(("propertyName", "value"), [{"propertyName": name, "value": value} for name, value in rows])


def bundle_files(
    users: Sequence[Row] = USERS,
    orgs: Sequence[Row] = ORGS,
    roles: Sequence[Row] | None = None,
    *,
    mode: str = "bulk",
) -> dict[str, bytes]:
    """The files of a bundle: 1.2 where roles are given, else 1.1."""
    version = "1.1" if roles is None else "1.2"
    modes = {"orgs": mode if orgs else "absent", "users": mode if users else "absent"}
    files = {}
    if orgs:
        files["orgs.csv"] = as_csv(ORG, orgs)
    if users:
        files["users.csv"] = as_csv(USER_11 if roles is None else USER_12, users)
    if roles is not None:
        modes["roles"] = mode if roles else "absent"
        if roles:
            files["roles.csv"] = as_csv(ROLE, roles)
    return {"manifest.csv": manifest(version, **modes)} | files


def write_zip(path: Path, files: Mapping[str, bytes]) -> Path:
    """A zip of files at `path`."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def a_bundle(folder: Path, files: Mapping[str, bytes] | None = None) -> Path:
    """A bundle as a zip in a folder."""
    return write_zip(folder / "roster.zip", files or bundle_files())


def read_whole(path: Path, known: Known | None = None) -> tuple[Reading, list[str]]:
    """A bundle read to its end, and the sourcedIds of the persons in it."""
    with open_bundle(path) as bundle:
        reading = read_roster(bundle, known)
        persons = [person.source_id for person in reading.persons()]
    return reading, persons
