"""Things to test with; every argument has a sensible default."""

from typing import Any
from uuid import UUID

from shared.clock import new_id
from shared.events import Role, agreements, people
from shared.events.vocabulary import Need, RoleName
from shared.identity.actor import Actor


def an_actor(role: RoleName = RoleName.SCHOOL_STAFF, scope_id: UUID | None = None, **changes: Any) -> Actor:
    """A signed-in person with one role."""
    values: dict[str, Any] = {
        "person_id": new_id(),
        "name": "Dana Okafor",
        "roles": (Role(name=role, scope_id=scope_id),),
        "session_id": new_id(),
    }
    return Actor(**(values | changes))


def a_school(**changes: Any) -> people.SchoolChanged:
    """A school's state."""
    values: dict[str, Any] = {"school_id": new_id(), "name": "Harbor View Elementary"}
    return people.SchoolChanged(**(values | changes))


def a_person(role: RoleName = RoleName.GUARDIAN, scope_id: UUID | None = None, **changes: Any) -> people.PersonChanged:
    """A person's state."""
    person_id = new_id()
    values: dict[str, Any] = {
        "person_id": person_id,
        "given_name": "Marie",
        "family_name": "Joseph",
        "email": f"{person_id.hex[-12:]}@example.org",
        "phone": "+16175550123",
        "language": "en",
        "roles": (Role(name=role, scope_id=scope_id),),
    }
    return people.PersonChanged(**(values | changes))


def a_student(school_id: UUID | None = None, **changes: Any) -> people.PersonChanged:
    """A student's state."""
    values: dict[str, Any] = {
        "given_name": "Jean",
        "email": None,
        "phone": None,
        "school_id": school_id or new_id(),
        "grade": "04",
    }
    return a_person(RoleName.STUDENT, **(values | changes))


def a_program(**changes: Any) -> agreements.ProgramChanged:
    """A program's state."""
    values: dict[str, Any] = {
        "program_id": new_id(),
        "organization_id": new_id(),
        "organization_name": "City Steps",
        "name": "Homework Club",
        "description": "Help with homework every afternoon.",
        "needs": (Need.ACADEMIC,),
        "grades": ("03", "04", "05"),
        "languages": ("en", "ht"),
        "schedule": "Monday to Thursday, 3 to 5 pm",
        "capacity": 20,
        "contact": agreements.Contact(name="Ana Reis", email="ana@citysteps.example.org", phone="+16175550188"),
    }
    return agreements.ProgramChanged(**(values | changes))
