"""What codes are called on the pages of the district office, and what to do about a delivery that failed."""

from services.notifications.models import Status
from services.notifications.rules import Audience

AUDIENCES = {
    Audience.FAMILY: "Guardians",
    Audience.REFERRER: "Referring staff",
    Audience.PARTNER: "The partner",
    Audience.COLLEAGUE: "Those who work on it",
}

STATES: dict[Status, tuple[str, str]] = {
    Status.QUEUED: ("waiting", "Waits"),
    Status.SENDING: ("sent", "On its way"),
    Status.SENT: ("good", "Sent"),
    Status.UNCERTAIN: ("paused", "Uncertain"),
    Status.FAILED: ("bad", "Failed"),
}
"""Of a delivery: the look of the state, and its word."""

_ADVICE = {
    "superseded": "The meeting was moved or called off before this was sent; a newer message tells it. Nothing to do.",
    "no_address": "No e-mail address is known. Ask the school to enter one, then send it again.",
    "erased": "The person was erased. There is nothing to do.",
    "unsafe_header": "The address or the name cannot stand in an e-mail. Have it corrected, then send it again.",
    "address_not_ascii": "The address has letters that e-mail does not know. Have it corrected, then send it again.",
    "lease_over": "The sender stopped in the middle. It is sent again by itself; receivers see that it is the same.",
}


def advice(status: Status, last_error: str | None, maybe_twice: bool) -> str:
    """What stands in the way of a delivery, and what to do; empty where nothing does."""
    if status is Status.SENT:
        return "It may have arrived twice, with the same Message-ID." if maybe_twice else ""
    if not last_error:
        return ""
    if last_error in _ADVICE:
        return _ADVICE[last_error]
    if status is not Status.FAILED:
        return f"The mail server did not take it ({last_error}). It is tried again by itself."
    if last_error[0] == "5":
        return f"The mail server refuses this address ({last_error}). Have it corrected, then send it again."
    return f"It was tried for three days ({last_error}). See whether the mail server works, then send it again."
