"""Which programs fit a student's need, best first, with reasons that a person can check."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from services.referrals.words import grade_name, language_name, phone
from shared.events.vocabulary import NEED_LABELS, Need

QUICK = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for: a need, and what is known of the student."""

    need: Need
    school_id: UUID
    grade: str | None = None
    languages: tuple[str, ...] = ()
    """What the family speaks, the first guardian's language first."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A program as it is judged."""

    program_id: UUID
    organization_id: UUID
    name: str
    organization_name: str
    status: str = "open"
    halt: str | None = None
    """Why it takes no new referrals although it is open: a code of agreements."""
    needs: frozenset[str] = frozenset()
    grades: frozenset[str] = frozenset()
    school_ids: frozenset[UUID] = frozenset()
    languages: tuple[str, ...] = ()
    capacity: int | None = None
    taken: int = 0
    """Places that accepted referrals hold."""
    answers_within: timedelta | None = None
    """How long the program took to answer lately; None where it was not asked."""
    schedule: str = ""
    site: str = ""
    answers_here: bool = True
    """Somebody there gets e-mail or can sign in; else the school calls and records what they say."""
    contact_phone: str | None = None
    under_agreement: bool = True
    """An agreement covers the student's school, or none is needed."""

    @property
    def is_open(self) -> bool:
        """Whether the program takes referrals."""
        return self.status == "open" and self.halt is None

    @property
    def places(self) -> int | None:
        """Free places; None where that is not known."""
        return None if self.capacity is None else max(self.capacity - self.taken, 0)


@dataclass(frozen=True, slots=True)
class Fit:
    """How one program fits: whether at all, how well, and why."""

    offer: Offer
    against: tuple[str, ...]
    reasons: tuple[str, ...]
    score: int

    @property
    def fits(self) -> bool:
        """Nothing speaks against it."""
        return not self.against


def fit(wanted: Wanted, offer: Offer) -> Fit:
    """Judge one program: what must be so, and what is a plus."""
    # A must that is not met scores nothing and its words speak against; a plus may score below nothing.
    musts = (_need(wanted, offer), _open(offer), _grade(wanted, offer), _school(wanted, offer), _agreement(offer))
    pluses = (_language(wanted, offer), _places(offer), _answers(offer), _here(offer))
    against = tuple(words for points, words in musts if not points)
    reasons = [words for points, words in musts if points and words] + [words for _, words in pluses if words]
    return Fit(offer, against, tuple(reasons), sum(points for points, _ in (*musts, *pluses)))


def rank(wanted: Wanted, offers: Iterable[Offer]) -> list[Fit]:
    """All programs, those that fit first, of these those that can answer here, best first; equals by name."""
    judged = [fit(wanted, offer) for offer in offers]
    return sorted(judged, key=_place)


def _place(judged: Fit) -> tuple[int, bool, int, str, str]:
    offer = judged.offer
    return len(judged.against), not offer.answers_here, -judged.score, offer.name, str(offer.program_id)


def _need(wanted: Wanted, offer: Offer) -> tuple[int, str]:
    if wanted.need in offer.needs:
        return 1, ""
    return 0, f"Does not offer: {NEED_LABELS[wanted.need]}"


HALTED = {
    "not_approved": "the district has not approved its partner yet",
    "suspended": "the district has suspended its partner",
    "insurance_expired": "the insurance of its partner has run out",
    "checks_expired": "the background checks of its partner have run out",
}


def why_halted(halt: str | None) -> str:
    """Why a program that is open takes no new referrals, in words; also for a code that is not known here yet."""
    return HALTED.get(halt or "", "its partner may take none at the moment")


def _open(offer: Offer) -> tuple[int, str]:
    if offer.is_open:
        return 1, ""
    if offer.status == "open":
        return 0, f"Takes no referrals: {why_halted(offer.halt)}"
    return 0, "Takes no referrals for now" if offer.status == "paused" else "Is closed"


def _grade(wanted: Wanted, offer: Offer) -> tuple[int, str]:
    if not offer.grades or wanted.grade is None:
        return 1, ""
    if wanted.grade in offer.grades:
        return 2, f"Takes {grade_name(wanted.grade)}"
    return 0, f"Does not take {grade_name(wanted.grade)}"


def _school(wanted: Wanted, offer: Offer) -> tuple[int, str]:
    if not offer.school_ids:
        return 1, ""
    if wanted.school_id in offer.school_ids:
        return 4, "Works with your school"
    return 0, "Does not work with your school"


def _agreement(offer: Offer) -> tuple[int, str]:
    return (1, "") if offer.under_agreement else (0, "No agreement in force covers this school")


def _language(wanted: Wanted, offer: Offer) -> tuple[int, str]:
    for language in wanted.languages:
        if language != "en" and any(_same_language(language, spoken) for spoken in offer.languages):
            return 3, f"Speaks {language_name(language)}, the family's language"
    return 0, ""


def _same_language(one: str, other: str) -> bool:
    """`pt-BR` and `pt` are; `zh-Hans` and `zh-Hant` too, because this is about speaking."""
    return one.split("-")[0].lower() == other.split("-")[0].lower()


def _places(offer: Offer) -> tuple[int, str]:
    if offer.places is None:
        return 0, ""
    if offer.places == 0:
        return -3, "No place free now; there may be a waiting list"
    return 2, "1 place free" if offer.places == 1 else f"{offer.places} places free"


def _answers(offer: Offer) -> tuple[int, str]:
    if offer.answers_within is not None and offer.answers_within <= QUICK:
        return 1, "Answers within a day"
    return 0, ""


def _here(offer: Offer) -> tuple[int, str]:
    if offer.answers_here:
        return 0, ""
    if offer.contact_phone is None:
        return 0, "Cannot answer here, and no telephone number is known"
    return 0, f"Cannot answer here; call {phone(offer.contact_phone)}"
