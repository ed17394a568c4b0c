"""Reading a CSV file of programs through a column mapping: bytes in, programs and a report out, no I/O."""

from services.agreements.programs_csv.grades import parse_grades
from services.agreements.programs_csv.mapping import ColumnMapping, read_mapping
from services.agreements.programs_csv.read import Progress, Reading, ReadOrganization, ReadProgram, read_programs
from services.agreements.programs_csv.report import BECAME_LABELS, Became, Line, Report

__all__ = [
    "BECAME_LABELS",
    "Became",
    "ColumnMapping",
    "Line",
    "Progress",
    "ReadOrganization",
    "ReadProgram",
    "Reading",
    "Report",
    "parse_grades",
    "read_mapping",
    "read_programs",
]
