"""Tables of the agreements service, on its own metadata; one module per noun."""

from services.agreements.models.base import Table
from services.agreements.models.partners import Organization, School
from services.agreements.models.programs import Change, Program, ProgramImport

__all__ = ["Change", "Organization", "Program", "ProgramImport", "School", "Table"]
