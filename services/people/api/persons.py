"""Persons and roles for the district office; schools and students for their staff."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from services.people import commands, queries
from services.people.queries import PersonOut, SchoolOut, StudentOut
from shared.clock import new_id, utc_now
from shared.events.base import Role
from shared.events.vocabulary import RoleName
from shared.identity import District, SchoolStaff
from shared.web import Page, Transaction

router = APIRouter()

Words = Annotated[str, Query(max_length=200, description="Words of a name or an address")]


class PersonsOut(BaseModel):
    """A page of persons."""

    total: int
    items: list[PersonOut]


class StudentsOut(BaseModel):
    """A page of students."""

    total: int
    items: list[StudentOut]


class SchoolsOut(BaseModel):
    """A page of schools."""

    total: int
    items: list[SchoolOut]


class PersonIn(BaseModel):
    """A person to enter by hand, with a first role."""

    id: UUID | None = None
    """Chosen by the caller, so that a request sent twice enters one person."""
    given_name: str = Field(max_length=200)
    family_name: str = Field(max_length=200)
    email: str = Field(max_length=254)
    phone: str = Field(default="", max_length=40)
    language: str = Field(default="en", max_length=35)
    role: Role


@router.get("/persons")
async def persons(
    actor: District,
    session: Transaction,
    paging: Page,
    q: Words = "",
    role: RoleName | None = None,
    active: bool = True,
) -> PersonsOut:
    """Persons by name or address, and by role."""
    total, items = await queries.find_persons(
        session, q=q, role=role, active=active, offset=paging.offset, limit=paging.limit
    )
    return PersonsOut(total=total, items=items)


@router.post("/persons", status_code=201)
async def add_person(actor: District, session: Transaction, given: PersonIn) -> PersonOut:
    """Enter a person."""
    id = given.id or new_id()
    await commands.add_person(
        session,
        id=id,
        given_name=given.given_name,
        family_name=given.family_name,
        email=given.email,
        phone=given.phone,
        language=given.language,
        role=given.role,
        actor=actor,
        now=utc_now(),
    )
    return await queries.person(session, id)


@router.get("/persons/{id}")
async def person(actor: District, session: Transaction, id: UUID) -> PersonOut:
    """One person."""
    return await queries.person(session, id)


@router.delete("/persons/{id}", status_code=204)
async def erase_person(actor: District, session: Transaction, id: UUID) -> None:
    """Erase a person for good, here and in every service."""
    await commands.erase_person(session, id, actor=actor, now=utc_now())


@router.post("/persons/{id}/roles")
async def grant_role(actor: District, session: Transaction, id: UUID, role: Role) -> PersonOut:
    """Give a person a role."""
    await commands.grant_role(session, id, role, actor=actor, now=utc_now())
    return await queries.person(session, id)


@router.delete("/persons/{id}/roles/{name}")
async def revoke_role(
    actor: District, session: Transaction, id: UUID, name: RoleName, scope_id: UUID | None = None
) -> PersonOut:
    """Take away a role that was given by hand."""
    await commands.revoke_role(session, id, Role(name=name, scope_id=scope_id), actor=actor, now=utc_now())
    return await queries.person(session, id)


@router.delete("/persons/{id}/account", status_code=204)
async def part_account(actor: District, session: Transaction, id: UUID) -> None:
    """Let another account of the district's own sign-in join this person; ends the person's sessions."""
    await commands.part_account(session, id, actor=actor, now=utc_now())


@router.get("/schools")
async def schools(actor: District, session: Transaction, paging: Page, q: Words = "") -> SchoolsOut:
    """Schools by name."""
    total, items = await queries.find_schools(session, q=q, offset=paging.offset, limit=paging.limit)
    return SchoolsOut(total=total, items=items)


@router.get("/students")
async def students(
    actor: SchoolStaff,
    session: Transaction,
    paging: Page,
    q: Words = "",
    school_id: UUID | None = None,
    grade: Annotated[str, Query(max_length=10)] = "",
) -> StudentsOut:
    """Students of the caller's schools."""
    total, items = await queries.find_students(
        session,
        q=q,
        school_ids=queries.visible_schools(actor, school_id),
        grade=grade,
        offset=paging.offset,
        limit=paging.limit,
    )
    return StudentsOut(total=total, items=items)
