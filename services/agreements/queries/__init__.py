"""What pages and the API ask; one module per noun."""

from services.agreements.queries.common import Blank
from services.agreements.queries.duplicates import Duplicate, possible_duplicates
from services.agreements.queries.partners import (
    OrganizationView,
    PartnerFilter,
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
from services.agreements.queries.vetting import (
    DocumentView,
    PartnerChangeView,
    PartnerView,
    RatingView,
    document_view,
    partner_history,
    partner_view,
    registrations_of,
    rubric,
    tended_organization,
)

__all__ = [
    "Blank",
    "DocumentView",
    "Duplicate",
    "OrganizationView",
    "PartnerChangeView",
    "PartnerFilter",
    "PartnerView",
    "ProgramSearch",
    "ProgramView",
    "RatingView",
    "SchoolView",
    "document_view",
    "find_organizations",
    "find_programs",
    "history",
    "organization_view",
    "partner_history",
    "partner_view",
    "people_of",
    "person_names",
    "possible_duplicates",
    "program_import",
    "program_view",
    "recent_imports",
    "registrations_of",
    "rubric",
    "school_names",
    "schools",
    "tended_organization",
]
