"""Facts about programs, and their newest state."""

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from shared.events.agreements.topics import EVENTS, PROGRAMS
from shared.events.base import Fact, fact
from shared.events.vocabulary import Need


class Contact(BaseModel):
    """Whom to ask about a program; becomes a person with the role `partner_staff` when there is an e-mail."""

    model_config = ConfigDict(frozen=True)

    name: str
    email: str | None = None
    phone: str | None = None
    """E.164."""
    extension: str = ""
    """To dial after the number is answered."""


@fact("program.changed.v1", topic=PROGRAMS, key="program_id")
class ProgramChanged(Fact):
    """The newest state of a program of a partner organization."""

    program_id: UUID
    organization_id: UUID
    organization_name: str
    name: str
    description: str = ""
    needs: tuple[Need, ...] = ()
    grades: tuple[str, ...] = ()
    """CEDS codes; empty: every grade."""
    school_ids: tuple[UUID, ...] = ()
    """Schools served; empty: every school."""
    languages: tuple[str, ...] = ()
    """BCP 47 tags that staff of the program speak."""
    schedule: str = ""
    """Days and times in words."""
    capacity: int | None = None
    """Places; None where it is not known."""
    contact: Contact | None = None
    site: str = ""
    """Where it takes place: one line of address."""
    status: str = "open"
    """`open`, `paused` or `closed`; only an open program takes referrals."""
    halt: str | None = None
    """Why it takes no new referrals although it is open: its partner is `not_approved` or `suspended`, or what the
    partner needs ran out (`insurance_expired`, `checks_expired`); None: it takes them."""
    neighborhood: str = ""
    latitude: float | None = None
    """Degrees north."""
    longitude: float | None = None
    """Degrees east."""
    minimum_age: int | None = None
    """In years; None: no lower limit."""
    maximum_age: int | None = None
    """In years; None: no upper limit."""
    cost_cents: int | None = None
    """Hundredths of a dollar; 0: free; None: not known."""
    cost_note: str = ""
    """For what the cost is, who pays less."""
    times: tuple[str, ...] = ()
    """When it takes place each week, in local time: `MO 15:00-17:30`."""
    open_places: int | None = None
    """Places that are free; 0: there is a waiting list; None: not known."""
    url: str = ""
    """Its web page."""
    confirmed_at: datetime | None = None
    """When somebody last said that all of this is right."""


@fact("program.opened.v1", topic=EVENTS, key="program_id")
class ProgramOpened(Fact):
    """A program takes referrals from now on."""

    program_id: UUID
    organization_id: UUID


@fact("program.closed.v1", topic=EVENTS, key="program_id")
class ProgramClosed(Fact):
    """A program takes no more referrals (`paused`: for a while; `closed`: for good)."""

    program_id: UUID
    organization_id: UUID
    status: str


@fact("program.confirmed.v1", topic=EVENTS, key="program_id")
class ProgramConfirmed(Fact):
    """Its partner, or the district for it, said that what the directory says of a program is still right."""

    program_id: UUID
    organization_id: UUID


@fact("programs.confirmation_due.v1", topic=EVENTS, key="organization_id")
class ProgramsConfirmationDue(Fact):
    """A partner is asked to confirm programs that nobody confirmed for nearly half a year, or for longer."""

    organization_id: UUID
    program_ids: tuple[UUID, ...]
    on: date
    """After this day they are shown as not confirmed."""
    lapsed: bool
    """Whether this day is over."""


@fact("programs.imported.v1", topic=EVENTS, key="import_id")
class ProgramsImported(Fact):
    """A file of programs was read; rows that could not be read are in the report that the importer keeps."""

    import_id: UUID
    mapping: str
    organizations: int
    programs: int
    changed: int
    rows_refused: int
