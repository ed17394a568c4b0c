"""Who may keep what of a partner organization, and how it is named."""

from uuid import UUID

from services.agreements.words import line
from shared.events.vocabulary import RoleName
from shared.identity.actor import Actor
from shared.refusals import Kind, Refusal

MAX_NAME = 200
"""Characters that the name of an organization may have."""


def who(actor: Actor, organization_name: str) -> str:
    """Who did something, as others may know it: no person's name."""
    if actor.is_district:
        return "The district office"
    return organization_name if actor.person_id else "The system"


def organization_name(text: str) -> str:
    """The name of an organization, checked."""
    name = line(text)
    if not name:
        said = "Enter the name of the organization."
        raise Refusal(Kind.INVALID, "organization_invalid", said, fields={"name": said})
    if len(name) > MAX_NAME:
        said = f"Shorten the name to at most {MAX_NAME} characters."
        raise Refusal(Kind.INVALID, "organization_invalid", said, fields={"name": said})
    return name


def not_found(what: str) -> Refusal:
    """The refusal for a thing that is not there, or that the actor must not know of."""
    return Refusal(Kind.NOT_FOUND, f"{what}_not_found", f"There is no such {what}. Look for it in the list.")


def keeps(actor: Actor | None, organization_id: UUID) -> bool:
    """Whether somebody may change an organization's programs: the district office, and its own people."""
    return actor is not None and (actor.is_district or organization_id in actor.organization_ids)


def hears_why(actor: Actor | None, organization_id: UUID) -> bool:
    """Whether somebody may read why a partner takes nobody: schools, the district, and the partner itself."""
    return keeps(actor, organization_id) or (actor is not None and actor.has(RoleName.SCHOOL_STAFF))


def tends(actor: Actor | None, organization_id: UUID, registrant_id: UUID | None) -> bool:
    """Whether somebody may see and write a partner's registration: who keeps it, and who is just registering it."""
    if keeps(actor, organization_id):
        return True
    return actor is not None and actor.only is None and actor.person_id == registrant_id is not None
