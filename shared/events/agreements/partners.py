"""Facts about partner organizations."""

from uuid import UUID

from shared.events.agreements.topics import EVENTS
from shared.events.base import Fact, fact


@fact("organization.registered.v1", topic=EVENTS, key="organization_id")
class OrganizationRegistered(Fact):
    """A partner organization was entered or came with an import."""

    organization_id: UUID
    name: str


@fact("organization.renamed.v1", topic=EVENTS, key="organization_id")
class OrganizationRenamed(Fact):
    """A partner organization goes by another name."""

    organization_id: UUID
    name: str
