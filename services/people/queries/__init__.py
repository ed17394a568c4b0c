"""What pages and the API ask; the answers are read models."""

from services.people.queries.imports import (
    ImportOut,
    ProblemOut,
    all_problems,
    find_imports,
    problems,
    roster_import,
)
from services.people.queries.persons import (
    GuardianOut,
    PersonOut,
    RoleOut,
    StudentOut,
    find_persons,
    find_students,
    organizations,
    person,
    visible_schools,
)
from services.people.queries.schools import SchoolOut, find_schools, schools
from services.people.queries.sessions import SessionOut, joined_at, live_sessions

__all__ = [
    "GuardianOut",
    "ImportOut",
    "PersonOut",
    "ProblemOut",
    "RoleOut",
    "SchoolOut",
    "SessionOut",
    "StudentOut",
    "all_problems",
    "find_imports",
    "find_persons",
    "find_schools",
    "find_students",
    "joined_at",
    "live_sessions",
    "organizations",
    "person",
    "problems",
    "roster_import",
    "schools",
    "visible_schools",
]
