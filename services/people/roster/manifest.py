"""The manifest of a bundle: which version it is, and which files it holds in which mode."""

from dataclasses import dataclass
from enum import StrEnum

from services.people.roster.bundle import Bundle
from services.people.roster.lines import Table
from services.people.roster.problems import Report

MANIFEST = "manifest.csv"
NEEDED = ("orgs", "users")


class Mode(StrEnum):
    """Bulk: the whole truth; who is not in it is gone. Delta: only what changed."""

    BULK = "bulk"
    DELTA = "delta"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What the manifest says of the files that matter here; None: the file is absent."""

    version: str
    """`1.1` or `1.2`."""
    orgs: Mode | None
    users: Mode | None
    roles: Mode | None

    @property
    def mode(self) -> Mode:
        """Of the bundle as a whole."""
        return Mode.DELTA if Mode.DELTA in (self.orgs, self.users, self.roles) else Mode.BULK


def read_manifest(bundle: Bundle, report: Report) -> Manifest | None:
    """The manifest; None where it cannot be used (the report says why)."""
    table = Table(bundle, MANIFEST, report)
    if not table.has("propertyName", "value"):
        return None
    said = {name: (line, value) for line, (name, value) in table.rows(("propertyName", "value"))}
    version = _version(said, report)
    files = ("orgs", "users", "roles") if version == "1.2" else NEEDED
    modes = {file: _mode(file, said, bundle, report) for file in files}
    if report.errors or version is None:
        return None
    manifest = Manifest(version, modes["orgs"], modes["users"], modes.get("roles"))
    return manifest if _is_whole(manifest, report) else None


def _version(said: dict[str, tuple[int, str]], report: Report) -> str | None:
    line, value = said.get("oneroster.version", (0, ""))
    version = ".".join(value.split(".")[:2])
    if version in ("1.1", "1.2"):
        return version
    report.error(MANIFEST, line, "oneroster.version", value, "The manifest must name OneRoster version 1.1 or 1.2.")
    return None


def _mode(file: str, said: dict[str, tuple[int, str]], bundle: Bundle, report: Report) -> Mode | None:
    line, value = said.get(f"file.{file}", (0, "absent"))
    if value.lower() not in (*Mode, "absent"):
        report.error(MANIFEST, line, f"file.{file}", value, "The mode must be bulk, delta or absent.")
        return None
    present = f"{file}.csv" in bundle
    if value.lower() == "absent":
        if present:
            report.warn(MANIFEST, line, f"file.{file}", value, f"{file}.csv was not read: the manifest says absent.")
        return None
    if not present:
        report.error(MANIFEST, line, f"file.{file}", value, f"The manifest announces {file}.csv, but it is not there.")
        return None
    return Mode(value.lower())


def _is_whole(manifest: Manifest, report: Report) -> bool:
    """In bulk everything is needed; in delta anything may be absent, but not all of it."""
    before = report.errors
    given = {"orgs": manifest.orgs, "users": manifest.users}
    if manifest.version == "1.2":
        given["roles"] = manifest.roles
    if not any(given.values()):
        report.error(MANIFEST, 0, "", "", "The manifest announces nothing that could be read: no orgs, users or roles.")
    if manifest.version == "1.2" and manifest.users and manifest.roles and manifest.users != manifest.roles:
        report.error(MANIFEST, 0, "file.roles", manifest.roles, "users and roles must both be bulk or both be delta.")
    if manifest.users is Mode.BULK or manifest.roles is Mode.BULK:
        for file in (file for file, mode in given.items() if mode is None):
            report.error(MANIFEST, 0, f"file.{file}", "absent", f"A bulk bundle of people needs {file}.csv as well.")
    return report.errors == before
