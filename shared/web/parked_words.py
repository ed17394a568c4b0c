"""Parked events in words, for pages and the command line."""

from collections.abc import Mapping, Sequence

from shared.events.operations import WhyDiscard, WhyReplay
from shared.messaging.park import BEHIND, NOT_YET, UNREADABLE
from shared.messaging.parked_list import Standing
from shared.observability.figures import Figure

SERVICES = ("people", "agreements", "referrals", "notifications", "audit")

STANDINGS = {
    Standing.PERSON: ("waiting", "Waits for a person"),
    Standing.TURN: ("paused", "Waits for its turn"),
    Standing.BY_ITSELF: ("seen", "Tried again by itself"),
    Standing.ASKED: ("sent", "Being tried again"),
    Standing.SETTLED: ("ended", "Settled"),
}
"""State and words of each standing."""

WHY_REPLAY = {
    WhyReplay.MENDED: "The cause is mended",
    WhyReplay.ANOTHER_TRY: "To see if it works now",
}
WHY_DISCARD = {
    WhyDiscard.NOT_OURS: "It is no event of ours",
    WhyDiscard.DONE_BY_HAND: "What it asks for was done by hand",
    WhyDiscard.OUTDATED: "Something newer says otherwise",
}
HOW = {"replayed": "Took effect", "discarded": "Given up", "erased": "Over: the person was erased"}

_REASONS = {
    BEHIND: "It waits behind an earlier event about the same thing.",
    NOT_YET: "Something it builds on has not arrived yet.",
    UNREADABLE: "It cannot be read as an event that we know.",
}


def choices(counts: Mapping[Standing, int]) -> list[tuple[str, str]]:
    """Standings to choose from, with how many there are of each."""
    return [
        (standing.value, words if standing is Standing.SETTLED else f"{words} ({counts.get(standing, 0):,})")
        for standing, (_, words) in STANDINGS.items()
    ]


def pairs(figures: Sequence[Figure]) -> list[tuple[str, str]]:
    """Figures as a summary shows them."""
    return [(figure.title, figure.words) for figure in figures]


def reason(code: str) -> str:
    """Why something is parked, in a sentence."""
    return _REASONS.get(code, f"It failed each time it was tried ({code}).")


def to_do(standing: Standing, code: str) -> str:
    """What a person does about it."""
    match standing:
        case Standing.TURN:
            return "Nothing: it follows by itself once the earlier one is replayed or discarded."
        case Standing.BY_ITSELF:
            return "Nothing now: it is tried again by itself."
        case Standing.ASKED:
            return "Nothing: the service tries it within seconds, as soon as its worker runs."
        case Standing.SETTLED:
            return "Nothing."
        case Standing.PERSON if code == UNREADABLE:
            return (
                "Ask who sent it. If it is no event of ours, discard it; if a newer release can read it, try it again."
            )
        case Standing.PERSON:
            return "Find out what hinders it (the service's log names this event), mend that, then try it again."


def why(code: str | None) -> str:
    """Why a person decided so."""
    words = {**{k.value: v for k, v in WHY_REPLAY.items()}, **{k.value: v for k, v in WHY_DISCARD.items()}}
    return words.get(code or "", code or "")


def who(actor: str | None) -> str:
    """Who decided, in words."""
    kind, _, name = (actor or "").partition(":")
    return f"Person …{name[-6:]}" if kind == "person" else f"The {name} service by itself" if name else ""


def title(type: str | None) -> str:
    """`referral.consent_given.v1` -> "Referral consent given"."""
    if type is None:
        return "A record that is no event"
    return (type.rpartition(".v")[0] or type).replace(".", " ").replace("_", " ").capitalize()
