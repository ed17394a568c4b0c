"""Reads a OneRoster 1.1 or 1.2 CSV bundle (zip or folder): people who can be stored, or every line that is wrong.

Source: 1EdTech OneRoster 1.1 CSV tables and OneRoster 1.2 CSV binding. Reads the given file and nothing else.
"""

from services.people.roster.bundle import Bundle, Limits, Unusable, open_bundle
from services.people.roster.manifest import Manifest, Mode
from services.people.roster.problems import Problem, Report, Severity
from services.people.roster.read import Known, Reading, read_roster
from services.people.roster.records import Kind, PersonRow, RoleRow, SchoolRow, person_id, school_id

__all__ = [
    "Bundle",
    "Kind",
    "Known",
    "Limits",
    "Manifest",
    "Mode",
    "PersonRow",
    "Problem",
    "Reading",
    "Report",
    "RoleRow",
    "SchoolRow",
    "Severity",
    "Unusable",
    "open_bundle",
    "person_id",
    "read_roster",
    "school_id",
]
