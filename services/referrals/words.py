"""What codes are called in English, on the pages of staff, partners and the district."""

from shared.events.vocabulary import DeclineReason, Outcome, Urgency

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

REASON_LABELS = {
    DeclineReason.NO_CAPACITY: "No place free",
    DeclineReason.NOT_ELIGIBLE: "The student does not qualify",
    DeclineReason.SERVICE_NOT_PROVIDED: "We do not offer this",
    DeclineReason.OUT_OF_AREA: "Outside our area",
    DeclineReason.ALREADY_ENROLLED: "Already with us",
    DeclineReason.MISSING_INFORMATION: "Information is missing",
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
