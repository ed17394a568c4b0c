"""Forms as browsers send them, read leniently: what is wrong comes back beside its field, with all that was entered."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, Field

from services.referrals.commands import ConsentBody, Making, Move, StatedConsent
from services.referrals.rules import ConsentMethod
from shared.clock import new_id
from shared.events.vocabulary import DeclineReason, Need, Outcome, Urgency
from shared.refusals import Kind, Refusal

Blank = BeforeValidator(lambda value: value or None)
OTHER = "other"
"""Somebody whom the roster does not know."""


class ConsentForm(BaseModel):
    """A consent as it is entered."""

    guardian: str = ""
    """A guardian's id, or `other`."""
    guardian_name: str = ""
    method: str = ""
    given_on: str = ""
    valid_until: str = ""

    def stated(self) -> StatedConsent:
        """The consent; refuses what is missing or unreadable, field by field. Rules say whether it may stand."""
        wrong = {}
        if not self.guardian:
            wrong["guardian"] = "Choose who agreed."
        elif self.guardian == OTHER and not self.guardian_name.strip():
            wrong["guardian_name"] = "Write the name of the person who agreed."
        if self.method not in set(ConsentMethod):
            wrong["method"] = "Choose how the family agreed."
        if _date(self.given_on) is None:
            wrong["given_on"] = "Enter the day on which the family agreed."
        if self.valid_until and _date(self.valid_until) is None:
            wrong["valid_until"] = "Enter a day, or leave it empty for the end of the school year."
        if wrong:
            raise Refusal(Kind.INVALID, "consent_incomplete", "The consent is not complete.", fields=wrong)
        return self._stated()

    def _stated(self) -> StatedConsent:
        given_on = _date(self.given_on)
        assert given_on is not None
        other = self.guardian == OTHER
        return StatedConsent(
            method=ConsentMethod(self.method),
            given_on=given_on,
            guardian_id=None if other else _uuid("guardian", self.guardian),
            guardian_name=self.guardian_name.strip() if other else "",
            valid_until=_date(self.valid_until),
        )


class ReferForm(ConsentForm):
    """Refer a student, whichever step is shown: every step carries all that was entered."""

    id: UUID = Field(default_factory=new_id)
    q: str = ""
    student_id: Annotated[UUID | None, Blank] = None
    need: Annotated[Need | None, Blank] = None
    urgency: Urgency = Urgency.ROUTINE
    words: str = ""
    consent: str = ""
    """`existing`, `record` or `ask`."""
    program_ids: list[UUID] = Field(default_factory=list)
    even_though_duplicate: bool = False
    step: str = "student"
    go: str = "next"
    """The button: `next`, `to:<step>`, `search`, `pick:<id>`, `add:<id>`, `drop:<id>`, `up:<id>`, `more`, `send`."""


class ChooseForm(BaseModel):
    """Further programs for a referral that came back."""

    version: int
    program_ids: list[UUID] = Field(default_factory=list)
    go: str = ""


class MoveForm(ConsentForm):
    """A move from a referral's page."""

    verb: Making
    version: Annotated[int | None, Blank] = None
    words: str = ""
    reason: Annotated[DeclineReason | None, Blank] = None
    outcome: Annotated[Outcome | None, Blank] = None

    def move(self) -> Move:
        """As commands take it."""
        asks_consent = self.verb is Making.GIVE_CONSENT and (self.guardian or self.method or self.given_on)
        body = ConsentBody(**_fields(self.stated())) if asks_consent else None
        return Move(
            verb=self.verb,
            version=self.version,
            words=self.words,
            reason=self.reason,
            outcome=self.outcome,
            consent=body,
        )


class InboxForm(BaseModel):
    """One answer for one or several rows of the inbox; `referral` holds `<id>:<version>`."""

    referral: list[str] = Field(default_factory=list)
    verb: Making
    reason: Annotated[DeclineReason | None, Blank] = None
    words: str = ""

    def chosen(self) -> list[tuple[UUID, int | None]]:
        """The rows that are meant."""
        if not self.referral:
            raise Refusal(Kind.INVALID, "nothing_chosen", "Choose at least one referral.")
        found = []
        for one in self.referral:
            id, _, version = one.partition(":")
            found.append((_uuid("referral", id), int(version) if version.isdigit() else None))
        return found


def rearranged(chosen: list[UUID], go: str) -> list[UUID]:
    """The chosen programs after a button: `add:<id>`, `drop:<id>` or `up:<id>`."""
    what, _, which = go.partition(":")
    if what not in {"add", "drop", "up"}:
        return chosen
    id = _uuid("program_ids", which)
    others = [one for one in chosen if one != id]
    if what == "drop":
        return others
    place = len(others) if what == "add" else max(chosen.index(id) - 1, 0) if id in chosen else len(others)
    return [*others[:place], id, *others[place:]]


def _fields(stated: StatedConsent) -> dict[str, object]:
    return {
        "method": stated.method,
        "given_on": stated.given_on,
        "guardian_id": stated.guardian_id,
        "guardian_name": stated.guardian_name,
        "valid_until": stated.valid_until,
    }


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        return None


def _uuid(field: str, text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        message = "This choice is not known. Choose again."
        raise Refusal(Kind.INVALID, "unknown_choice", message, fields={field: message}) from None
