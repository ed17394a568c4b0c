"""The tables of the people service."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, Double, ForeignKey, Identity, Index, UniqueConstraint, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from shared.db import service_registry
from shared.events.vocabulary import RoleName


class Table(SQLModel, registry=service_registry()):
    """This service's tables."""


class School(Table, table=True):
    """A school; one of the roster carries its OneRoster sourcedId."""

    id: UUID = Field(primary_key=True)
    source_id: str | None = Field(default=None, unique=True)
    name: str
    active: bool = True
    latitude: float | None = Field(default=None, sa_type=Double)
    longitude: float | None = Field(default=None, sa_type=Double)


class Person(Table, table=True):
    """A student, a guardian, a member of staff of a school, a partner or the district."""

    id: UUID = Field(primary_key=True)
    """UUIDv5 of the sourcedId, where there is one, so that this needs no unique index of its own."""
    source_id: str | None = None
    """OneRoster sourcedId; None: entered by hand, or the contact of a program."""
    kind: str = ""
    """What the roster says somebody is first of all: `student`, `guardian`, `staff`, or nothing."""
    given_name: str
    family_name: str
    email: str | None = None
    phone: str | None = None
    """E.164."""
    language: str = "en"
    """BCP 47, or what the roster said."""
    wished_language: str | None = None
    """BCP 47: the person's own choice, which goes before the roster; None: nothing was chosen."""
    grade: str | None = None
    """Of a student: CEDS."""
    listed: bool = False
    """Whether the newest roster names the person."""
    disabled_by_roster: bool = Field(default=False, sa_column_kwargs={"server_default": "false"})
    """Whether the newest roster that names the person disables them (`enabledUser`); a role from elsewhere may still
    keep them active, for that role alone."""
    active: bool = True
    search: str
    """Names and address as they are searched: lower case, without accents."""

    __table_args__ = (
        Index("ix_person_email", text("lower(email)")),
        Index("ix_person_names", "family_name", "given_name", "id"),
    )

    @property
    def reads(self) -> str:
        """BCP 47: in which language to speak to the person."""
        return self.wished_language or self.language


class Origin(StrEnum):
    """Where a role comes from; each source only ever takes away what it gave."""

    ROSTER = "roster"
    GRANTED = "granted"
    PROGRAM = "program"
    PROVIDER = "provider"


class RoleHeld(Table, table=True):
    """A role of a person. A guardianship is the role `guardian` whose scope is the student."""

    __tablename__ = "role"

    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True))
    person_id: UUID
    """No foreign key: checking it for a whole city would be a tenth of an import. Roles go when a person is erased."""
    name: RoleName
    scope_id: UUID | None = None
    place: int = 0
    """Order among roles of one name: the first school is attended, the first guardian is asked first."""
    origin: Origin
    source_id: str = ""
    """The line of roles.csv (OneRoster 1.2), or the program whose contact the person is."""

    __table_args__ = (
        UniqueConstraint("person_id", "name", "scope_id", "origin", "source_id", postgresql_nulls_not_distinct=True),
        Index("ix_role_scope", "scope_id"),
    )


class Organization(Table, table=True):
    """A partner organization, as the agreements service tells of it."""

    id: UUID = Field(primary_key=True)
    name: str


class ErasedPerson(Table, table=True):
    """An id that must not come back with the next roster."""

    __tablename__ = "erased_person"

    id: UUID = Field(primary_key=True)
    erased_at: datetime


class SignIn(Table, table=True):
    """A way in that was asked for: by e-mail (a code and a link in one mail), by the district's provider, or a link
    made at set-up.

    Only digests are kept. Whether anybody has the address is looked up when the mail is written, not before.
    """

    __tablename__ = "sign_in"

    id: UUID = Field(primary_key=True)
    email: str | None = None
    """Lower case; None for a link made at set-up, and for the provider's."""
    person_id: UUID | None = Field(
        default=None, sa_column=Column(Uuid, ForeignKey("person.id", ondelete="CASCADE"), nullable=True)
    )
    """For whom a link was made at set-up."""
    ticket_hash: bytes | None = None
    """SHA-256 of the secret of the browser that asked; code and provider's answer work there only."""
    code_hash: bytes | None = None
    """scrypt of the code, salted with the id."""
    link_hash: bytes | None = Field(default=None, unique=True)
    """SHA-256 of the link's secret."""
    client: str = ""
    """IP address of who asked, for the rate limit."""
    tries: int = 0
    """Codes that were tried."""
    sends: int = 0
    given_name: str = Field(default="", sa_column_kwargs={"server_default": ""})
    family_name: str = Field(default="", sa_column_kwargs={"server_default": ""})
    """Of somebody who wants to register an organization; then the address need not be known yet."""
    language: str = Field(default="en", sa_column_kwargs={"server_default": "en"})
    """What such a person read when asking."""
    asked_at: datetime
    expires_at: datetime
    send_at: datetime | None = None
    """When the mail is to be sent (again); None: it is settled."""
    opened_by: str | None = None
    """How it was opened: `code`, `link`, `provider` or `setup`."""
    used_at: datetime | None = None
    issuer: str | None = None
    """The provider that the browser was sent to."""
    way_on: str = Field(default="/", sa_column_kwargs={"server_default": "/"})
    """Where somebody goes who comes back from there, or opens the link."""
    account: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB(none_as_null=True), nullable=True))
    """What the provider said (subject, sid, way_out, roles), while one of several people (`person_ids`) is chosen."""

    __table_args__ = (
        Index("ix_sign_in_email", "email", "asked_at"),
        Index("ix_sign_in_client", "client", "asked_at"),
        Index("ix_sign_in_due", "send_at", postgresql_where=text("send_at IS NOT NULL")),
    )


class Session(Table, table=True):
    """Somebody signed in on some device."""

    id: UUID = Field(primary_key=True)
    person_id: UUID = Field(
        sa_column=Column(Uuid, ForeignKey("person.id", ondelete="CASCADE"), nullable=False, index=True)
    )
    method: str
    """`code`, `link`, `provider` or `setup`."""
    roles: list[Any] = Field(sa_column=Column(JSONB, nullable=False))
    """The roles that its token carries, as [name, scope] pairs."""
    device: str = ""
    """The browser, in a few words."""
    started_at: datetime
    expires_at: datetime
    ended_at: datetime | None = None
    provider_sid: str | None = None
    """The provider's name of its own session, by which it says that this one is over."""
    way_out: str | None = None
    """Where the browser goes at sign-out to end the provider's session too. Holds the ID token: deleted when over."""

    __table_args__ = (
        Index("ix_session_provider_sid", "provider_sid", postgresql_where=text("provider_sid IS NOT NULL")),
        Index("ix_session_way_out", "id", postgresql_where=text("way_out IS NOT NULL")),
    )


class ProviderAccount(Table, table=True):
    """An account at the district's provider, and the person that it was found to be."""

    __tablename__ = "provider_account"

    issuer: str = Field(primary_key=True)
    subject: str = Field(primary_key=True)
    person_id: UUID = Field(sa_column=Column(Uuid, ForeignKey("person.id", ondelete="CASCADE"), nullable=False))
    joined_at: datetime

    __table_args__ = (UniqueConstraint("person_id", "issuer"),)


class ImportState(StrEnum):
    """The life of a roster import."""

    UPLOADED = "uploaded"
    CHECKED = "checked"
    APPROVED = "approved"
    APPLIED = "applied"
    REFUSED = "refused"
    DISCARDED = "discarded"
    FAILED = "failed"


class RosterImport(Table, table=True):
    """A bundle that was uploaded or given on the command line, and what became of it."""

    __tablename__ = "roster_import"

    id: UUID = Field(primary_key=True)
    file_name: str
    actor: str
    """Who brought it: `person:<uuid>` or `system:people`."""
    state: ImportState
    created_at: datetime
    settled_at: datetime | None = None
    lease_until: datetime | None = None
    """Until when a worker is on it; one that was killed lets go by itself."""
    attempts: int = 0
    what: str = ""
    """What is being done just now, in words."""
    done: int = 0
    total: int = 0
    mode: str = ""
    schools: int = 0
    students: int = 0
    guardians: int = 0
    staff: int = 0
    added: int = 0
    changed: int = 0
    gone: int = 0
    """Persons and schools that are new, differ, and are no longer there."""
    listed: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    leaving: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    """Persons that the roster on record names, and how many of them this bundle no longer names."""
    many_may_leave: bool = Field(default=False, sa_column_kwargs={"server_default": "false"})
    """Whether somebody said that it may be applied although many leave."""
    errors: int = 0
    warnings: int = 0

    __table_args__ = (Index("ix_roster_import_created_at", "created_at"),)


class ImportProblem(Table, table=True):
    """One line of an import's report."""

    __tablename__ = "import_problem"

    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True))
    import_id: UUID = Field(
        sa_column=Column(Uuid, ForeignKey("roster_import.id", ondelete="CASCADE"), nullable=False, index=True)
    )
    file: str
    line: int
    column: str
    value: str
    reason: str
    severity: str
