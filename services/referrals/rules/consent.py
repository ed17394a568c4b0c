"""A family's consent: who agreed, how, when, to what, until when."""

from dataclasses import dataclass
from datetime import MAXYEAR, date, timedelta
from enum import StrEnum
from uuid import UUID

from shared.events.vocabulary import Need
from shared.refusals import Kind, Refusal

LONGEST = timedelta(days=366)


class ConsentMethod(StrEnum):
    """How the family agreed."""

    IN_PERSON = "in_person"
    PHONE = "phone"
    PAPER = "paper"
    ONLINE = "online"


@dataclass(frozen=True, slots=True)
class GivenConsent:
    """A consent as somebody states it."""

    student_id: UUID
    purpose: Need
    method: ConsentMethod
    given_on: date
    valid_until: date
    guardian_id: UUID | None = None
    guardian_name: str = ""
    """Who agreed, where the roster does not know the person."""
    ended: bool = False


def default_until(given_on: date) -> date:
    """The end of the school year in which a consent is given: the next June 30."""
    this_year = date(given_on.year, 6, 30)
    return this_year if given_on <= this_year else date(min(given_on.year + 1, MAXYEAR), 6, 30)


def covers(consent: GivenConsent, student_id: UUID, purpose: Need, on: date) -> bool:
    """Whether a consent allows that this student's need be shared on a day."""
    same = consent.student_id == student_id and consent.purpose is purpose
    return same and not consent.ended and consent.given_on <= on <= consent.valid_until


def check_consent(
    consent: GivenConsent, guardian_ids: tuple[UUID, ...], today: date, *, recorded_by: UUID | None
) -> GivenConsent:
    """The consent, if it can stand on record; refuses with what is wrong, field by field."""
    wrong = _who_is_wrong(consent, guardian_ids) | _when_is_wrong(consent, today)
    if consent.method is ConsentMethod.ONLINE and consent.guardian_id != recorded_by:
        wrong["method"] = "Only guardians themselves agree online. Choose how the family told you."
    if wrong:
        raise Refusal(Kind.INVALID, "consent_incomplete", "The consent cannot stand like this.", fields=wrong)
    return consent


def _who_is_wrong(consent: GivenConsent, guardian_ids: tuple[UUID, ...]) -> dict[str, str]:
    if consent.guardian_id is None and not consent.guardian_name.strip():
        return {"guardian_name": "Write the name of the person who agreed."}
    if consent.guardian_id is not None and consent.guardian_id not in guardian_ids:
        return {"guardian": "This person is no guardian of the student on the roster. Choose another."}
    return {}


def _when_is_wrong(consent: GivenConsent, today: date) -> dict[str, str]:
    wrong = {}
    if consent.given_on > today:
        wrong["given_on"] = "The day of the consent lies ahead. Enter the day on which the family agreed."
    if consent.valid_until < max(consent.given_on, today):
        wrong["valid_until"] = "This consent is over already. Ask the family again."
    elif consent.valid_until - consent.given_on > LONGEST:
        wrong["valid_until"] = "A consent holds for a year at most. Choose an earlier day."
    return wrong
