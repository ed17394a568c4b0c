"""What pages and the API ask; one module per noun."""

from services.agreements.queries.agreements import (
    AgreementLine,
    AgreementSearch,
    AgreementView,
    TextView,
    agreement_history,
    agreement_view,
    attachment,
    find_agreements,
    is_first_in_force,
    text_with_signatures,
)
from services.agreements.queries.calendars import (
    calendar_entries,
    calendar_secret,
    one_calendar_entry,
)
from services.agreements.queries.common import Blank
from services.agreements.queries.directory import Found, find_programs
from services.agreements.queries.duplicates import Duplicate, possible_duplicates
from services.agreements.queries.evidence import Evidence, evidence
from services.agreements.queries.goals import GoalView, goals_of
from services.agreements.queries.meeting_people import (
    PersonView,
    find_people,
)
from services.agreements.queries.meetings import (
    DateRow,
    DateView,
    GuestView,
    MeetingSearch,
    MeetingView,
    MomentView,
    find_dates,
    meeting_view,
)
from services.agreements.queries.partners import (
    OrganizationView,
    PartnerFilter,
    SchoolView,
    find_organizations,
    organization_view,
    schools,
    schools_named,
    statuses_of,
)
from services.agreements.queries.people import people_of, person_names
from services.agreements.queries.places import PlaceView, neighborhoods, schools_on_the_map
from services.agreements.queries.programs import (
    ProgramView,
    history,
    program_import,
    program_view,
    recent_imports,
)
from services.agreements.queries.reports import Report, may_read, school_report
from services.agreements.queries.reviews import (
    ReviewLine,
    ReviewSearch,
    ReviewView,
    YearEndView,
    find_reviews,
    review_view,
    reviewable_programs,
    rounds,
)
from services.agreements.queries.school_partners import SchoolWithPartners, school_with_partners
from services.agreements.queries.search import ProgramSearch
from services.agreements.queries.tasks import (
    TaskView,
    find_tasks,
    task_view,
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
    "AgreementLine",
    "AgreementSearch",
    "AgreementView",
    "Blank",
    "DateRow",
    "DateView",
    "DocumentView",
    "Duplicate",
    "Evidence",
    "Found",
    "GoalView",
    "GuestView",
    "MeetingSearch",
    "MeetingView",
    "MomentView",
    "OrganizationView",
    "PartnerChangeView",
    "PartnerFilter",
    "PartnerView",
    "PersonView",
    "PlaceView",
    "ProgramSearch",
    "ProgramView",
    "RatingView",
    "Report",
    "ReviewLine",
    "ReviewSearch",
    "ReviewView",
    "SchoolView",
    "SchoolWithPartners",
    "TaskView",
    "TextView",
    "YearEndView",
    "agreement_history",
    "agreement_view",
    "attachment",
    "calendar_entries",
    "calendar_secret",
    "document_view",
    "evidence",
    "find_agreements",
    "find_dates",
    "find_organizations",
    "find_people",
    "find_programs",
    "find_reviews",
    "find_tasks",
    "goals_of",
    "history",
    "is_first_in_force",
    "may_read",
    "meeting_view",
    "neighborhoods",
    "one_calendar_entry",
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
    "review_view",
    "reviewable_programs",
    "rounds",
    "rubric",
    "school_names",
    "school_report",
    "school_with_partners",
    "schools",
    "schools_named",
    "schools_on_the_map",
    "statuses_of",
    "task_view",
    "tended_organization",
    "text_with_signatures",
]
