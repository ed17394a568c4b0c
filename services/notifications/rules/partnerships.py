"""Who is told what at which fact about partners, agreements and meetings.

Who that is stands in the fact itself, under the names of `Who`; a message leads to the thing that the fact's key names.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from services.notifications.rules.kinds import Kind
from services.notifications.rules.planned import Email, Planned, Reach
from shared.events import agreements
from shared.events.base import Fact


class Who(StrEnum):
    """Whom a fact concerns, by the field of the fact that says so."""

    SCHOOL_CONTACT = "school_contact_id"
    """Where nobody is named, or no longer there: the district office."""
    PARTNER_CONTACT = "partner_contact_id"
    """Where nobody is named, or no longer there: everybody of the partner."""
    PARTNER = "organization_id"
    """Everybody who works for the partner."""
    SCHOOL = "school_id"
    """Everybody who works at the school."""
    PERSON = "person_id"
    PEOPLE = "person_ids"
    ORGANIZER = "organizer_id"
    """Who called the meeting."""
    DISTRICT = "district"
    """The district office; no field is needed."""


@dataclass(frozen=True, slots=True)
class Told:
    """One line of the table: this message to these, if `when`, and whether it is worth an e-mail."""

    kind: Kind
    who: tuple[Who, ...]
    email: bool = True
    when: Callable[[Any], bool] = lambda fact: True


BOTH = (Who.SCHOOL_CONTACT, Who.PARTNER_CONTACT)
"""The contacts of the two who agree; whoever did it knows already."""


def _by(side: str) -> Callable[[Any], bool]:
    return lambda fact: fact.side == side


def _other_side(kind: Kind, *, email: bool = True) -> tuple[Told, ...]:
    """What one side did is told to the other."""
    return (
        Told(kind, (Who.PARTNER_CONTACT,), email, _by("school")),
        Told(kind, (Who.SCHOOL_CONTACT,), email, _by("partner")),
    )


def _waits_for_other(side: str) -> Callable[[Any], bool]:
    return lambda fact: not fact.last and fact.side == side


def _expiring(what: str) -> Callable[[Any], bool]:
    return lambda fact: fact.what == what


TOLD: dict[type[Fact], tuple[Told, ...]] = {
    agreements.RegistrationSubmitted: (Told(Kind.WORK_REGISTRATION_SUBMITTED, (Who.DISTRICT,)),),
    agreements.RegistrationQuestioned: (Told(Kind.WORK_REGISTRATION_QUESTIONS, (Who.PARTNER,)),),
    agreements.OrganizationApproved: (
        Told(Kind.WORK_PARTNER_APPROVED, (Who.PARTNER,), when=lambda fact: not fact.conditional),
        Told(Kind.WORK_PARTNER_CONDITIONAL, (Who.PARTNER,), when=lambda fact: fact.conditional),
    ),
    agreements.OrganizationDeclined: (Told(Kind.WORK_PARTNER_DECLINED, (Who.PARTNER,)),),
    agreements.OrganizationSuspended: (Told(Kind.WORK_PARTNER_SUSPENDED, (Who.PARTNER,)),),
    # That its programs take referrals again is a message of its own; two mails would be one too many.
    agreements.OrganizationReinstated: (Told(Kind.WORK_PARTNER_REINSTATED, (Who.PARTNER,), email=False),),
    agreements.OrganizationHalted: (
        Told(Kind.WORK_PARTNER_HALTED, (Who.PARTNER, Who.DISTRICT), when=lambda fact: fact.halt != "suspended"),
    ),
    agreements.OrganizationResumed: (Told(Kind.WORK_PARTNER_RESUMED, (Who.PARTNER,)),),
    agreements.OrganizationExpiring: (
        Told(Kind.WORK_INSURANCE_EXPIRING, (Who.PARTNER,), when=_expiring("insurance")),
        Told(Kind.WORK_CHECKS_EXPIRING, (Who.PARTNER,), when=_expiring("checks")),
        Told(Kind.WORK_CERTIFICATION_ENDING, (Who.PARTNER,), when=_expiring("certification")),
    ),
    agreements.CertificationLapsed: (Told(Kind.WORK_CERTIFICATION_LAPSED, (Who.PARTNER, Who.DISTRICT)),),
    agreements.DocumentAccepted: (Told(Kind.WORK_DOCUMENT_ACCEPTED, (Who.PARTNER,), email=False),),
    agreements.OrganizationMerged: (Told(Kind.WORK_PARTNER_MERGED, (Who.PEOPLE,)),),
    agreements.ProgramClosed: (Told(Kind.WORK_PROGRAM_CLOSED, (Who.PARTNER,), email=False),),
    agreements.ProgramsConfirmationDue: (
        Told(Kind.WORK_PROGRAMS_TO_CONFIRM, (Who.PARTNER,), when=lambda fact: not fact.lapsed),
        Told(Kind.WORK_PROGRAMS_LAPSED, (Who.PARTNER,), when=lambda fact: fact.lapsed),
    ),
    agreements.AgreementDrafted: (Told(Kind.WORK_AGREEMENT_DRAFTED, BOTH),),
    agreements.AgreementChanged: _other_side(Kind.WORK_AGREEMENT_CHANGED, email=False),
    agreements.AgreementCommented: _other_side(Kind.WORK_AGREEMENT_COMMENTED, email=False),
    agreements.AmendmentStarted: _other_side(Kind.WORK_AGREEMENT_AMENDMENT),
    agreements.AgreementDiscarded: _other_side(Kind.WORK_AGREEMENT_DISCARDED, email=False),
    agreements.AgreementSent: (Told(Kind.WORK_AGREEMENT_SENT, BOTH),),
    agreements.AgreementTakenBack: _other_side(Kind.WORK_AGREEMENT_TAKEN_BACK),
    agreements.AgreementSigned: (
        Told(Kind.WORK_AGREEMENT_SIGNED, (Who.PARTNER_CONTACT,), when=_waits_for_other("school")),
        Told(Kind.WORK_AGREEMENT_SIGNED, (Who.SCHOOL_CONTACT,), when=_waits_for_other("partner")),
    ),
    agreements.AgreementConcluded: (
        Told(Kind.WORK_AGREEMENT_CONCLUDED, BOTH),
        Told(Kind.WORK_AGREEMENT_CONCLUDED, (Who.DISTRICT,), email=False),
    ),
    agreements.AgreementReminded: (Told(Kind.WORK_AGREEMENT_ENDING, (*BOTH, Who.DISTRICT)),),
    agreements.AgreementReviewNeared: (Told(Kind.WORK_AGREEMENT_REVIEW_NEAR, BOTH),),
    agreements.AgreementExpired: (Told(Kind.WORK_AGREEMENT_EXPIRED, (*BOTH, Who.DISTRICT)),),
    agreements.AgreementTerminated: (Told(Kind.WORK_AGREEMENT_ENDED, (*BOTH, Who.DISTRICT)),),
    agreements.AgreementContactChanged: (Told(Kind.WORK_AGREEMENT_CONTACT, (Who.PERSON,)),),
    agreements.RatingsAsked: (Told(Kind.WORK_RATINGS_ASKED, (Who.SCHOOL_CONTACT, Who.PARTNER_CONTACT)),),
    agreements.RatingsGiven: (
        Told(Kind.WORK_RATINGS_GIVEN, (Who.PARTNER_CONTACT,), email=False, when=lambda given: given.side == "school"),
        Told(Kind.WORK_RATINGS_GIVEN, (Who.SCHOOL_CONTACT,), email=False, when=lambda given: given.side == "partner"),
    ),
    agreements.YearEndAsked: (Told(Kind.WORK_YEAR_END_ASKED, (Who.SCHOOL_CONTACT, Who.PARTNER_CONTACT)),),
    agreements.YearEndDecided: (
        Told(Kind.WORK_YEAR_END_DECIDED, (Who.PARTNER_CONTACT,), when=lambda decided: decided.program_id is None),
        Told(
            Kind.WORK_YEAR_END_DECIDED_PROGRAM,
            (Who.PARTNER_CONTACT,),
            when=lambda decided: decided.program_id is not None,
        ),
    ),
    agreements.YearEndReopened: (Told(Kind.WORK_YEAR_END_REOPENED, (Who.PARTNER_CONTACT,), email=False),),
    agreements.MeetingInvited: (Told(Kind.WORK_MEETING_INVITED, (Who.PEOPLE,)),),
    agreements.MeetingMoved: (Told(Kind.WORK_MEETING_MOVED, (Who.PEOPLE,)),),
    agreements.MeetingUpdated: (Told(Kind.WORK_MEETING_UPDATED, (Who.PEOPLE,)),),
    agreements.MeetingCancelled: (
        Told(Kind.WORK_MEETING_CANCELLED, (Who.PEOPLE,), when=lambda fact: fact.occurrence_id is None),
        Told(Kind.WORK_MEETING_DATE_CANCELLED, (Who.PEOPLE,), when=lambda fact: fact.occurrence_id is not None),
    ),
    agreements.MeetingUninvited: (Told(Kind.WORK_MEETING_UNINVITED, (Who.PEOPLE,)),),
    agreements.MeetingReminderDue: (Told(Kind.WORK_MEETING_REMINDER, (Who.PERSON,)),),
    agreements.MeetingHeld: (Told(Kind.WORK_MEETING_MINUTES, (Who.PEOPLE,), when=lambda fact: not fact.again),),
    # Each answer as a mail would be too many: it stands in the app.
    agreements.MeetingAnswered: (
        Told(Kind.WORK_MEETING_DECLINED, (Who.ORGANIZER,), email=False, when=lambda fact: fact.answer == "no"),
    ),
    agreements.TaskAgreed: (Told(Kind.WORK_TASK_AGREED, (Who.PERSON,)),),
    agreements.TaskReminderDue: (
        Told(Kind.WORK_TASK_DUE, (Who.PERSON,), when=lambda fact: not fact.overdue),
        Told(Kind.WORK_TASK_OVERDUE, (Who.PERSON,), when=lambda fact: fact.overdue),
    ),
}

PLACES = {
    "agreement_id": "agreements",
    "meeting_id": "meetings",
    "organization_id": "partners",
    "program_id": "programs",
    "review_id": "reviews",
    "school_id": "schools",
    "task_id": "tasks",
}
"""Under which part of agreements a thing is shown, by the key of its facts."""


def plan_work(fact: Fact, people: Mapping[Who, Sequence[Reach]], actor: str) -> list[Planned]:
    """Who is told what because of this fact, each person once; whoever did it knows already."""
    planned: dict[tuple[Kind, object], Planned] = {}
    params = _parameters(fact)
    for told in TOLD[type(fact)]:
        if told.when(fact):
            for reach in (one for who in told.who for one in people.get(who, ())):
                if actor != f"person:{reach.person_id}":
                    planned[told.kind, reach.person_id] = Planned(reach, told.kind, _email(reach, told), params)
    return list(planned.values())


PARAMETERS = ("school_id", "organization_id", "program_id", "meeting_id", "occurrence_id", "version", "on", "at")


def _parameters(fact: Fact) -> dict[str, str]:
    """What a message needs of a fact to be written: ids, a date or a moment, and where it leads."""
    data = fact.data()
    params = {"place": PLACES[fact.key]} | {n: str(data[n]) for n in PARAMETERS if data.get(n) is not None}
    # Of two that became one, the one that goes on has a name to tell.
    return params | ({"organization_id": str(data["into_id"])} if "into_id" in data else {})


def _email(to: Reach, told: Told) -> Email:
    if not told.email or not to.wants_email:
        return Email.NOT_WANTED
    return Email.SEND if to.has_address else Email.NO_ADDRESS


def concerned(fact: Fact) -> frozenset[Who]:
    """Whom the messages about this fact are for."""
    return frozenset(who for told in TOLD[type(fact)] if told.when(fact) for who in told.who)
