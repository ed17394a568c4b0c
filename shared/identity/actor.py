"""Who acts: a person with roles, or a service by itself."""

from dataclasses import dataclass
from uuid import UUID

from shared.events.base import Role
from shared.events.vocabulary import RoleName


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody who does something. `str(actor)` is what events and the log say: `person:<uuid>`, `system:<service>`."""

    person_id: UUID | None
    name: str
    language: str = "en"
    roles: tuple[Role, ...] = ()
    session_id: UUID | None = None
    only: UUID | None = None
    """Set where somebody came by a message link: the one thing this link is good for."""
    service: str = ""

    def __str__(self) -> str:
        return f"person:{self.person_id}" if self.person_id else f"system:{self.service}"

    def has(self, *names: RoleName) -> bool:
        """Whether the person holds one of these roles."""
        return any(role.name in names for role in self.roles)

    def covers(self, name: RoleName) -> frozenset[UUID]:
        """The schools, organizations or students that a role of the person covers."""
        return frozenset(r.scope_id for r in self.roles if r.name == name and r.scope_id is not None)

    @property
    def is_staff(self) -> bool:
        """Whether the person works at a school, a partner or the district office; all others are families."""
        return self.has(RoleName.DISTRICT_OFFICE, RoleName.SCHOOL_STAFF, RoleName.PARTNER_STAFF)

    @property
    def is_district(self) -> bool:
        """Whether the person works for the district office."""
        return self.has(RoleName.DISTRICT_OFFICE)

    @property
    def school_ids(self) -> frozenset[UUID]:
        """Schools where the person works."""
        return self.covers(RoleName.SCHOOL_STAFF)

    @property
    def organization_ids(self) -> frozenset[UUID]:
        """Partner organizations for which the person works."""
        return self.covers(RoleName.PARTNER_STAFF)

    @property
    def student_ids(self) -> frozenset[UUID]:
        """Students whose guardian the person is."""
        return self.covers(RoleName.GUARDIAN)


def system(service: str) -> Actor:
    """A service acting by itself: a consumer or a job."""
    return Actor(person_id=None, name=service, service=service)
