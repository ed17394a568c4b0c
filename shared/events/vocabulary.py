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


NEED_LABELS: dict[Need, str] = {
    Need.ACADEMIC: "Help with school work",
    Need.AFTER_SCHOOL: "A place after school",
    Need.ARTS: "Arts and music",
    Need.ATTENDANCE: "Coming to school",
    Need.COLLEGE_CAREER: "College and career",
    Need.ENGLISH_LEARNING: "Learning English",
    Need.FAMILY_SUPPORT: "Support for the family",
    Need.FOOD: "Food",
    Need.HEALTH: "Health",
    Need.HOUSING: "Housing",
    Need.MENTAL_HEALTH: "Mental health",
    Need.MENTORING: "A mentor",
    Need.SPORTS: "Sports and play",
    Need.SUMMER: "Summer programs",
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
    OTHER = "other"


class Outcome(StrEnum):
    """How an accepted referral ended."""

    ENROLLED = "enrolled"
    SERVED = "served"
    FAMILY_DECLINED = "family_declined"
    COULD_NOT_CONTACT = "could_not_contact"
    OTHER = "other"


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
