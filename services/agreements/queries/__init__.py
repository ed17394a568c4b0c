"""What pages and the API ask; one module per noun."""

from services.agreements.queries.common import Blank
from services.agreements.queries.partners import (
    OrganizationView,
    SchoolView,
    find_organizations,
    organization_view,
    school_names,
    schools,
)
from services.agreements.queries.people import people_of, person_names
from services.agreements.queries.programs import (
    ProgramSearch,
    ProgramView,
    find_programs,
    history,
    program_import,
    program_view,
    recent_imports,
)

__all__ = [
    "Blank",
    "OrganizationView",
    "ProgramSearch",
    "ProgramView",
    "SchoolView",
    "find_organizations",
    "find_programs",
    "history",
    "organization_view",
    "people_of",
    "person_names",
    "program_import",
    "program_view",
    "recent_imports",
    "school_names",
    "schools",
]
