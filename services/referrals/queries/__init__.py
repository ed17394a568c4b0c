"""What pages and the API ask; everything comes back as read models (`shapes`)."""

from services.referrals.queries.detail import referral_detail
from services.referrals.queries.family import family_referrals, guardian_of, partner_of
from services.referrals.queries.lines import Filters, Sort, export_lines, list_referrals
from services.referrals.queries.overview import Overview, overview
from services.referrals.queries.places import all_schools, place_of
from services.referrals.queries.programs import fit_shape, fitting, offers_by_id
from services.referrals.queries.shapes import (
    AttemptShape,
    ConsentShape,
    FamilyReferral,
    FitShape,
    GuardianShape,
    Listed,
    MoveShape,
    ReferralDetail,
    ReferralLine,
    StudentDetail,
    StudentLine,
    TimelineItem,
    TodayLine,
    Told,
)
from services.referrals.queries.students import (
    Duplicates,
    duplicates,
    find_students,
    known_consent,
    student_detail,
    student_line,
)
from services.referrals.queries.todos import TodoLine, todo_lines
from services.referrals.queries.told import told_people
from services.referrals.queries.waiting import inbox_lines, today_lines

__all__ = [
    "AttemptShape",
    "ConsentShape",
    "Duplicates",
    "FamilyReferral",
    "Filters",
    "FitShape",
    "GuardianShape",
    "Listed",
    "MoveShape",
    "Overview",
    "ReferralDetail",
    "ReferralLine",
    "Sort",
    "StudentDetail",
    "StudentLine",
    "TimelineItem",
    "TodayLine",
    "TodoLine",
    "Told",
    "all_schools",
    "duplicates",
    "export_lines",
    "family_referrals",
    "find_students",
    "fit_shape",
    "fitting",
    "guardian_of",
    "inbox_lines",
    "known_consent",
    "list_referrals",
    "offers_by_id",
    "overview",
    "partner_of",
    "place_of",
    "referral_detail",
    "student_detail",
    "student_line",
    "today_lines",
    "todo_lines",
    "told_people",
]
