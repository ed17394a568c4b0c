"""What a referral needs before it can be sent: a student, open choices, words of bearable length."""

from collections.abc import Sequence
from uuid import UUID

from services.referrals.rules.fit import Offer, why_halted
from shared.events.vocabulary import DeclineReason
from shared.refusals import Kind, Refusal

LONGEST_WORDS = 4000
MOST_CHOICES = 5


def check_words(words: str) -> str:
    """Free text as it will be kept; refuses what is too long or holds control characters."""
    words = words.replace("\r\n", "\n").strip()
    if len(words) > LONGEST_WORDS:
        message = f"The words are too long: {len(words)} characters; {LONGEST_WORDS} fit."
        raise Refusal(Kind.INVALID, "words_too_long", message, fields={"words": message})
    if any(ord(sign) < 32 and sign not in "\n\t" for sign in words):
        message = "The words hold characters that cannot be read. Type them again."
        raise Refusal(Kind.INVALID, "words_unreadable", message, fields={"words": message})
    return words


def check_student(active: bool, grade: str | None, school_id: UUID | None) -> UUID:
    """The school of a student who can be referred."""
    if not active or school_id is None:
        message = "This student is not at a school any more and cannot be referred."
        raise Refusal(Kind.CONFLICT, "student_left", message, fields={"student_id": message})
    return school_id


def check_choices(choices: Sequence[UUID], offers: Sequence[Offer], *, again: frozenset[UUID] = frozenset()) -> None:
    """Refuse choices that cannot be sent: none, too many, twice, unknown, closed, no agreement, asked (`again`)."""
    known = {offer.program_id: offer for offer in offers}
    if not choices:
        raise _choice_refusal(Kind.INVALID, "no_program", "Choose at least one program.")
    if len(choices) > MOST_CHOICES:
        raise _choice_refusal(Kind.INVALID, "too_many_programs", f"Choose {MOST_CHOICES} programs at most.")
    if len(set(choices)) < len(choices):
        raise _choice_refusal(Kind.INVALID, "program_twice", "A program is chosen twice. Take it out once.")
    for choice in choices:
        if choice not in known:
            raise _choice_refusal(Kind.INVALID, "program_unknown", "A program is not in the directory. Choose again.")
        if choice in again:
            words = f"{known[choice].name} was asked already. Choose another program."
            raise _choice_refusal(Kind.CONFLICT, "program_asked", words)
        _check_open(known[choice])
        _check_agreement(known[choice])


def _check_open(offer: Offer) -> None:
    if offer.is_open:
        return
    kept = "Nothing was sent, and what you entered is kept: choose another program."
    program = f"{offer.name} of {offer.organization_name}"
    if offer.status == "open":
        words = f"{program} takes no new referrals: {why_halted(offer.halt)}. {kept}"
        raise _choice_refusal(Kind.CONFLICT, "program_halted", words)
    raise _choice_refusal(Kind.CONFLICT, "program_closed", f"{program} takes no referrals any more. {kept}")


def _check_agreement(offer: Offer) -> None:
    if offer.under_agreement:
        return
    words = (
        f"No agreement with {offer.organization_name} that is in force covers this school, so {offer.name} takes no "
        "referrals from it. Nothing was sent, and what you entered is kept: choose another program. "
        "Under Agreements you can start or renew one."
    )
    raise _choice_refusal(Kind.CONFLICT, "no_agreement", words)


def _choice_refusal(kind: Kind, code: str, words: str) -> Refusal:
    return Refusal(kind, code, words, fields={"program_ids": words})


def check_decline(reason: DeclineReason, words: str) -> str:
    """The words beside a reason; the reason `other` needs some."""
    words = check_words(words)
    if reason is DeclineReason.OTHER and not words:
        message = "Say in a few words why you cannot take this referral."
        raise Refusal(Kind.INVALID, "reason_missing", message, fields={"words": message})
    return words
