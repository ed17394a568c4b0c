"""Facts about partner organizations."""

from datetime import date
from uuid import UUID

from shared.events.agreements.topics import EVENTS
from shared.events.base import Fact, fact


@fact("organization.registered.v1", topic=EVENTS, key="organization_id")
class OrganizationRegistered(Fact):
    """A partner organization was entered, came with an import, or began to register itself."""

    organization_id: UUID
    name: str


@fact("organization.renamed.v1", topic=EVENTS, key="organization_id")
class OrganizationRenamed(Fact):
    """A partner organization goes by another name."""

    organization_id: UUID
    name: str


@fact("registration.started.v1", topic=EVENTS, key="organization_id")
class RegistrationStarted(Fact):
    """A person with a proven e-mail address began to register an organization, and may act for it from now on."""

    organization_id: UUID
    person_id: UUID


@fact("registration.submitted.v1", topic=EVENTS, key="organization_id")
class RegistrationSubmitted(Fact):
    """A partner put its details before the district: to be approved, to be certified anew, or to be reinstated."""

    organization_id: UUID
    status: str
    """Where it stands meanwhile: `registering`, `approved`, `conditional` or `suspended`."""


@fact("registration.questioned.v1", topic=EVENTS, key="organization_id")
class RegistrationQuestioned(Fact):
    """The district asked a partner back; the questions stand with the partner."""

    organization_id: UUID


@fact("registration.rated.v1", topic=EVENTS, key="organization_id")
class RegistrationRated(Fact):
    """The district rated a partner by criteria of its rubric; the grades stand with the partner."""

    organization_id: UUID
    criteria: tuple[str, ...]
    """Codes of the criteria that were rated."""


@fact("organization.approved.v1", topic=EVENTS, key="organization_id")
class OrganizationApproved(Fact):
    """The district approved a partner, for a year."""

    organization_id: UUID
    conditional: bool
    """Whether it has conditions to meet; they stand with the partner."""
    on: date
    """The last day of the approval."""


@fact("organization.declined.v1", topic=EVENTS, key="organization_id")
class OrganizationDeclined(Fact):
    """The district declined a registration; the partner may mend it and send it again."""

    organization_id: UUID
    reasons: tuple[str, ...]
    """`documents_missing`, `evidence_weak`, `no_fit`, `safety`, `references`, `duplicate`, `other`."""


@fact("organization.suspended.v1", topic=EVENTS, key="organization_id")
class OrganizationSuspended(Fact):
    """The district suspended a partner."""

    organization_id: UUID


@fact("organization.reinstated.v1", topic=EVENTS, key="organization_id")
class OrganizationReinstated(Fact):
    """The district ended a partner's suspension."""

    organization_id: UUID


@fact("organization.halted.v1", topic=EVENTS, key="organization_id")
class OrganizationHalted(Fact):
    """A partner's programs take no new referrals from now on; open referrals stay where they are."""

    organization_id: UUID
    halt: str
    """`suspended`, `insurance_expired` or `checks_expired`."""


@fact("organization.resumed.v1", topic=EVENTS, key="organization_id")
class OrganizationResumed(Fact):
    """A partner's programs take new referrals again."""

    organization_id: UUID


@fact("organization.merged.v1", topic=EVENTS, key="organization_id")
class OrganizationMerged(Fact):
    """Two organizations were found to be one: what belonged to `organization_id` belongs to `into_id` from now on.

    Its programs are published anew under the other one; roles and open referrals follow.
    """

    organization_id: UUID
    into_id: UUID
    person_ids: tuple[UUID, ...] = ()
    """Who worked for the old one."""


@fact("document.added.v1", topic=EVENTS, key="organization_id")
class DocumentAdded(Fact):
    """A partner attached a document; the district has not looked at it yet."""

    organization_id: UUID
    document_id: UUID
    kind: str
    """`insurance`, `checks`, `identity`, `evidence` or `other`."""
    sha256: str
    """Of the file, in hexadecimal."""
    on: date | None = None
    """The last day on which it holds."""


@fact("document.accepted.v1", topic=EVENTS, key="organization_id")
class DocumentAccepted(Fact):
    """The district accepted a document of a partner: its last day counts from now on."""

    organization_id: UUID
    document_id: UUID
    kind: str
    on: date | None = None


@fact("document.removed.v1", topic=EVENTS, key="organization_id")
class DocumentRemoved(Fact):
    """A document of a partner was taken away before the district accepted it."""

    organization_id: UUID
    document_id: UUID


@fact("organization.expiring.v1", topic=EVENTS, key="organization_id")
class OrganizationExpiring(Fact):
    """Something that a partner needs runs out soon, and its people are reminded."""

    organization_id: UUID
    what: str
    """`insurance`, `checks` or `certification`."""
    on: date
    """The last day on which it holds."""
    days: int
    """Which reminder it is: 60, 30 or 7 days before."""


@fact("certification.lapsed.v1", topic=EVENTS, key="organization_id")
class CertificationLapsed(Fact):
    """A partner's yearly approval ran out without having been renewed; its programs go on taking referrals."""

    organization_id: UUID
    on: date
    """The last day of the approval."""


@fact("organization.detailed.v1", topic=EVENTS, key="organization_id")
class OrganizationDetailed(Fact):
    """What a partner tells of itself was changed."""

    organization_id: UUID
    fields: tuple[str, ...]
    """Names of the fields that became different."""
