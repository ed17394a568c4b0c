"""Closed lists of words that several services speak. Codes are data and never change; labels are for people."""

from enum import StrEnum


class RoleName(StrEnum):
    """Who somebody is to the system."""

    DISTRICT_OFFICE = "district_office"
    SCHOOL_STAFF = "school_staff"
    PARTNER_STAFF = "partner_staff"
    GUARDIAN = "guardian"
    STUDENT = "student"


class Need(StrEnum):
    """What a student needs help with; a program says which of these it serves."""

    ACADEMIC = "academic"
    AFTER_SCHOOL = "after_school"
    ARTS = "arts"
    ATTENDANCE = "attendance"
    COLLEGE_CAREER = "college_career"
    ENGLISH_LEARNING = "english_learning"
    FAMILY_SUPPORT = "family_support"
    FOOD = "food"
    HEALTH = "health"
    HOUSING = "housing"
    MENTAL_HEALTH = "mental_health"
    MENTORING = "mentoring"
    SPORTS = "sports"
    SUMMER = "summer"


def mark(text: str) -> str:
    """Have a text extracted for translators (as `shared.translations.mark` does, which builds on this module)."""
    return text


NEED_LABELS: dict[Need, str] = {
    Need.ACADEMIC: mark("Help with school work"),
    Need.AFTER_SCHOOL: mark("A place after school"),
    Need.ARTS: mark("Arts and music"),
    Need.ATTENDANCE: mark("Coming to school"),
    Need.COLLEGE_CAREER: mark("College and career"),
    Need.ENGLISH_LEARNING: mark("Learning English"),
    Need.FAMILY_SUPPORT: mark("Support for the family"),
    Need.FOOD: mark("Food"),
    Need.HEALTH: mark("Health"),
    Need.HOUSING: mark("Housing"),
    Need.MENTAL_HEALTH: mark("Mental health"),
    Need.MENTORING: mark("A mentor"),
    Need.SPORTS: mark("Sports and play"),
    Need.SUMMER: mark("Summer programs"),
}


class Urgency(StrEnum):
    """How soon an answer is needed."""

    ROUTINE = "routine"
    URGENT = "urgent"


class DeclineReason(StrEnum):
    """Why a partner cannot take a referral (short closed list, as IRIS and others keep it)."""

    NO_CAPACITY = "no_capacity"
    NOT_ELIGIBLE = "not_eligible"
    SERVICE_NOT_PROVIDED = "service_not_provided"
    OUT_OF_AREA = "out_of_area"
    ALREADY_ENROLLED = "already_enrolled"
    MISSING_INFORMATION = "missing_information"
    PROGRAM_CLOSED = "program_closed"
    """Also said by the system, where a program closed before it answered."""
    OTHER = "other"


class Outcome(StrEnum):
    """How an accepted referral ended."""

    ENROLLED = "enrolled"
    SERVED = "served"
    FAMILY_DECLINED = "family_declined"
    COULD_NOT_CONTACT = "could_not_contact"
    OTHER = "other"


class TodoKind(StrEnum):
    """What waits for somebody in a partnership."""

    REGISTRATION_REVIEW = "registration_review"
    REGISTRATION_QUESTIONS = "registration_questions"
    DOCUMENT_RENEWAL = "document_renewal"
    DOCUMENT_REVIEW = "document_review"
    """The partner attached a newer document."""
    RECERTIFICATION = "recertification"
    PROGRAM_CONFIRM = "program_confirm"
    AGREEMENT_REVIEW = "agreement_review"
    """The other side changed the draft."""
    AGREEMENT_SIGN = "agreement_sign"
    AGREEMENT_RENEWAL = "agreement_renewal"
    AGREEMENT_CONTACT = "agreement_contact"
    """The contact left: another one is to be named."""
    MEETING_ANSWER = "meeting_answer"
    MEETING_MINUTES = "meeting_minutes"
    TASK = "task"
    RATING = "rating"
    YEAR_END_REVIEW = "year_end_review"


class TodoAudience(StrEnum):
    """For whom it waits: whoever works at a school or a partner, the district office, or one person."""

    SCHOOL = "school"
    ORGANIZATION = "organization"
    DISTRICT = "district"
    PERSON = "person"


GRADES: tuple[str, ...] = (
    "IT", "PR", "PK", "TK", "KG", "01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11", "12", "13",
    "PS", "UG", "Other",
)  # fmt: skip
"""Grade codes (CEDS, as OneRoster uses them), youngest first."""

LANGUAGES: dict[str, str] = {
    "en": "English",
    "es": "Español",
    "ht": "Kreyòl ayisyen",
    "kea": "Kriolu",
    "vi": "Tiếng Việt",
    "zh-Hans": "简体中文",
    "zh-Hant": "繁體中文",
    "pt": "Português",
    "so": "Soomaali",
    "ar": "العربية",
    "fr": "Français",
}
"""Languages that families are written to in (BCP 47), each named in itself."""

RIGHT_TO_LEFT: frozenset[str] = frozenset({"ar"})

REMIND_BEFORE: dict[int, str] = {
    10080: mark("A week before"),
    4320: mark("Three days before"),
    2880: mark("Two days before"),
    1440: mark("A day before"),
    240: mark("Four hours before"),
    120: mark("Two hours before"),
    60: mark("An hour before"),
    30: mark("Half an hour before"),
    15: mark("A quarter of an hour before"),
}
"""Minutes before a meeting at which somebody may be reminded; whole days follow the clock on the wall."""

REMIND_BEFORE_UNSAID: tuple[int, ...] = (10080, 1440, 120)
"""What holds for who has not chosen."""
