"""What codes are called in English, on the pages of staff, partners and the district."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from enum import StrEnum

import phonenumbers

from shared.events.vocabulary import NEED_LABELS, DeclineReason, Need, Outcome, Urgency

HOME_COUNTRY = 1
"""The North American numbering plan."""

GRADE_NAMES = {
    "IT": "infant and toddler",
    "PR": "preschool",
    "PK": "pre-kindergarten",
    "TK": "transitional kindergarten",
    "KG": "kindergarten",
    "PS": "after grade 12",
    "UG": "no grade",
    "Other": "another grade",
}

LANGUAGE_NAMES = {
    "en": "English",
    "es": "Spanish",
    "ht": "Haitian Creole",
    "kea": "Cape Verdean Creole",
    "vi": "Vietnamese",
    "zh-Hans": "Chinese (simplified)",
    "zh-Hant": "Chinese (traditional)",
    "zh": "Chinese",
    "pt": "Portuguese",
    "so": "Somali",
    "ar": "Arabic",
    "fr": "French",
}

URGENCY_LABELS = {Urgency.ROUTINE: "Routine", Urgency.URGENT: "Urgent"}

METHOD_LABELS: Mapping[str, str] = {
    "in_person": "in person",
    "phone": "by phone",
    "paper": "on paper",
    "online": "online",
}

STATE_LABELS: Mapping[str, str] = {
    "awaiting_consent": "Waits for the family",
    "open": "Waits for an answer",
    "waitlisted": "On the waiting list",
    "accepted": "Accepted",
    "returned": "Came back",
    "consent_refused": "Family did not agree",
    "withdrawn": "Withdrawn",
    "completed": "Completed",
}
"""Of a referral."""

ATTEMPT_LABELS: Mapping[str, str] = {
    "queued": "Next in line",
    "sent": "New",
    "acknowledged": "Seen",
    "waitlisted": "On the waiting list",
    "accepted": "Accepted",
    "declined": "Declined",
    "skipped": "Passed over",
    "withdrawn": "Withdrawn",
    "completed": "Completed",
}
"""Of an attempt."""

STATE_CODES: Mapping[str, str] = {
    "awaiting_consent": "waiting",
    "queued": "waiting",
    "open": "sent",
    "sent": "sent",
    "acknowledged": "seen",
    "waitlisted": "paused",
    "accepted": "good",
    "returned": "urgent",
    "declined": "bad",
    "skipped": "ended",
    "consent_refused": "ended",
    "withdrawn": "ended",
    "completed": "ended",
}
"""The design system's code of a state."""

VERB_LABELS: Mapping[str, str] = {
    "give_consent": "Record the consent",
    "refuse_consent": "Record that the family does not agree",
    "acknowledge": "Acknowledge",
    "accept": "Accept",
    "waitlist": "Put on the waiting list",
    "decline": "Decline",
    "add_choices": "Choose other programs",
    "withdraw": "Withdraw",
    "complete": "Record the outcome",
}

REASON_LABELS = {
    DeclineReason.NO_CAPACITY: "No place free",
    DeclineReason.NOT_ELIGIBLE: "The student does not qualify",
    DeclineReason.SERVICE_NOT_PROVIDED: "We do not offer this",
    DeclineReason.OUT_OF_AREA: "Outside our area",
    DeclineReason.ALREADY_ENROLLED: "Already with us",
    DeclineReason.MISSING_INFORMATION: "Information is missing",
    DeclineReason.PROGRAM_CLOSED: "The program closed",
    DeclineReason.OTHER: "Another reason",
}

OUTCOME_LABELS = {
    Outcome.ENROLLED: "Enrolled",
    Outcome.SERVED: "Served to the end",
    Outcome.FAMILY_DECLINED: "The family said no",
    Outcome.COULD_NOT_CONTACT: "We could not reach the family",
    Outcome.OTHER: "Another end",
}


def grade_name(code: str | None) -> str:
    """`04` -> "grade 4"; a CEDS code in words."""
    if not code:
        return "grade not known"
    return GRADE_NAMES.get(code) or (f"grade {int(code)}" if code.isdigit() else code)


def language_name(tag: str) -> str:
    """A BCP 47 tag in English words; the tag itself where its name is not known."""
    return LANGUAGE_NAMES.get(tag) or LANGUAGE_NAMES.get(tag.split("-")[0]) or tag


def language_names(tags: Iterable[str]) -> str:
    """Several languages in a row."""
    return ", ".join(language_name(tag) for tag in tags)


def need_name(need: Need) -> str:
    """A need in words."""
    return NEED_LABELS[need]


def phone(number: str) -> str:
    """An E.164 number as people of the district write it; a number abroad keeps its country."""
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return number
    at_home = parsed.country_code == HOME_COUNTRY
    kind = phonenumbers.PhoneNumberFormat
    return phonenumbers.format_number(parsed, kind.NATIONAL if at_home else kind.INTERNATIONAL)


def span(length: timedelta) -> str:
    """A length of time as people say it: "40 minutes", "3 hours", "2 days"."""
    minutes = int(length.total_seconds() // 60)
    for size, one in ((1440, "day"), (60, "hour"), (1, "minute")):
        if minutes >= size:
            count = round(minutes / size)
            return f"{count} {one}" if count == 1 else f"{count} {one}s"
    return "a minute"


def labelled(counts: Mapping[StrEnum, int], labels: Mapping[str, str]) -> list[tuple[str, int]]:
    """Counts by their labels, the greatest first."""
    return sorted(((labels[code], count) for code, count in counts.items()), key=lambda one: (-one[1], one[0]))
