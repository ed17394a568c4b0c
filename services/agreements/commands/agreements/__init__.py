"""What is done with agreements: one function per verb."""

from services.agreements.commands.agreements.attachments import attach_to_agreement, detach_from_agreement
from services.agreements.commands.agreements.calendar import settle_agreements
from services.agreements.commands.agreements.contacts import name_agreement_contact, replace_contact
from services.agreements.commands.agreements.draft import (
    change_agreement,
    comment_on_agreement,
    discard_draft,
    draft_agreement,
    start_amendment,
)
from services.agreements.commands.agreements.end import renew_agreement, terminate_agreement
from services.agreements.commands.agreements.goals import measure_goal, strike_measurement
from services.agreements.commands.agreements.sign import send_for_signature, sign_agreement, take_back_agreement

__all__ = [
    "attach_to_agreement",
    "change_agreement",
    "comment_on_agreement",
    "detach_from_agreement",
    "discard_draft",
    "draft_agreement",
    "measure_goal",
    "name_agreement_contact",
    "renew_agreement",
    "replace_contact",
    "send_for_signature",
    "settle_agreements",
    "sign_agreement",
    "start_amendment",
    "strike_measurement",
    "take_back_agreement",
    "terminate_agreement",
]
