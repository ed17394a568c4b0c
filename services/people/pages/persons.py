"""People and roles, for the district office."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import BaseModel

from services.people import commands, queries, rules, words
from shared.clock import new_id, utc_now
from shared.events.base import Role
from shared.events.vocabulary import LANGUAGES, RoleName
from shared.identity import District
from shared.refusals import Kind, Refusal
from shared.web import Page, Transaction, page, see_other

router = APIRouter(prefix="/persons")


class RoleForm(BaseModel):
    """The role fields of a form; which scope counts depends on the role."""

    role: str = ""
    school_id: str = ""
    organization_id: str = ""

    def chosen(self) -> Role:
        """The role that was chosen; refuses a form without one."""
        if self.role not in rules.GRANTABLE:
            raise Refusal(Kind.INVALID, "role_missing", "", fields={"role": "Choose a role."})
        field = {RoleName.SCHOOL_STAFF: "school_id", RoleName.PARTNER_STAFF: "organization_id"}.get(RoleName(self.role))
        if field is None:
            return Role(name=self.role)
        try:
            return Role(name=self.role, scope_id=UUID(getattr(self, field)))
        except ValueError:
            what = "school" if field == "school_id" else "organization"
            raise Refusal(
                Kind.INVALID, "scope_missing", "", fields={field: f"Choose the {what} that the role is for."}
            ) from None


class PersonForm(RoleForm):
    """The form of a new person."""

    id: UUID
    given_name: str = ""
    family_name: str = ""
    email: str = ""
    phone: str = ""
    language: str = "en"


@router.get("")
async def persons(
    request: Request,
    actor: District,
    session: Transaction,
    paging: Page,
    q: Annotated[str, Query(max_length=200)] = "",
    role: str = "",
    active: str = "yes",
) -> HTMLResponse:
    """Everybody, by name or address, and by role."""
    wanted = RoleName(role) if role in set(RoleName) else None
    total, found = await queries.find_persons(
        session, q=q, role=wanted, active=active != "no", offset=paging.offset, limit=paging.limit
    )
    return page(
        request, actor, "persons.html", q=q, role=role, active=active, total=total, persons=found, paging=paging,
        words=words,
    )  # fmt: skip


@router.get("/new")
async def new_person(request: Request, actor: District, session: Transaction) -> HTMLResponse:
    """The form of a new person."""
    return await _new_page(request, actor, session, PersonForm(id=new_id()))


async def _new_page(
    request: Request, actor: District, session: Transaction, form: PersonForm, refusal: Refusal | None = None
) -> HTMLResponse:
    status = int(refusal.kind) if refusal else 200
    return page(
        request, actor, "person_new.html", status=status, form=form, refusal=refusal, languages_to_choose=LANGUAGES,
        words=words, **await _scopes(session),
    )  # fmt: skip


@router.post("/new")
async def add_person(
    request: Request, actor: District, session: Transaction, form: Annotated[PersonForm, Form()]
) -> Response:
    """Enters the person; the same form again leads to the same person."""
    try:
        await commands.add_person(
            session, id=form.id, given_name=form.given_name, family_name=form.family_name, email=form.email,
            phone=form.phone, language=form.language, role=form.chosen(), actor=actor, now=utc_now(),
        )  # fmt: skip
    except Refusal as refusal:
        return await _new_page(request, actor, session, form, refusal)
    return see_other(f"/people/persons/{form.id}")


@router.get("/{id}")
async def person(request: Request, actor: District, session: Transaction, id: UUID) -> HTMLResponse:
    """A person and their roles."""
    return await _person_page(request, actor, session, id, RoleForm())


async def _person_page(
    request: Request, actor: District, session: Transaction, id: UUID, form: RoleForm, refusal: Refusal | None = None
) -> HTMLResponse:
    status = int(refusal.kind) if refusal else 200
    return page(
        request, actor, "person.html", status=status, person=await queries.person(session, id), form=form,
        refusal=refusal, words=words, joined_at=await queries.joined_at(session, id), **await _scopes(session),
    )  # fmt: skip


@router.post("/{id}/roles")
async def grant_role(
    request: Request, actor: District, session: Transaction, id: UUID, form: Annotated[RoleForm, Form()]
) -> Response:
    """Gives a role."""
    try:
        await commands.grant_role(session, id, form.chosen(), actor=actor, now=utc_now())
    except Refusal as refusal:
        if not refusal.fields:
            raise
        return await _person_page(request, actor, session, id, form, refusal)
    return see_other(f"/people/persons/{id}")


@router.post("/{id}/roles/revoke")
async def revoke_role(
    actor: District,
    session: Transaction,
    id: UUID,
    role: Annotated[RoleName, Form()],
    scope_id: Annotated[UUID | None, Form()] = None,
) -> Response:
    """Takes a role away."""
    await commands.revoke_role(session, id, Role(name=role, scope_id=scope_id), actor=actor, now=utc_now())
    return see_other(f"/people/persons/{id}")


@router.post("/{id}/part-account")
async def part_account(actor: District, session: Transaction, id: UUID) -> Response:
    """Lets another account of the district's sign-in join this person; signs the person out."""
    await commands.part_account(session, id, actor=actor, now=utc_now())
    return see_other(f"/people/persons/{id}")


@router.get("/{id}/erase")
async def erase_page(request: Request, actor: District, session: Transaction, id: UUID) -> HTMLResponse:
    """Says what erasing means, and asks once more."""
    return page(request, actor, "person_erase.html", person=await queries.person(session, id))


@router.post("/{id}/erase")
async def erase_person(actor: District, session: Transaction, id: UUID) -> Response:
    """Erases the person for good."""
    await commands.erase_person(session, id, actor=actor, now=utc_now())
    return see_other("/people/persons")


async def _scopes(session: Transaction) -> dict[str, Any]:
    """What roles can be granted for."""
    return {
        "schools": [(str(school.id), school.name) for school in await queries.schools(session)],
        "organizations": [(str(o.id), o.name) for o in await queries.organizations(session)],
    }
