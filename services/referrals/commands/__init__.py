"""What can be done with referrals, one function per verb. None commits; who and when are keyword-only."""

from services.referrals.commands.answer import Answer, acknowledge, answer_many, complete, give_answer
from services.referrals.commands.choose import add_choices
from services.referrals.commands.consent import StatedConsent, give_consent, refuse_consent
from services.referrals.commands.erase import erase_person
from services.referrals.commands.halt import tell_programs_halted
from services.referrals.commands.leave import leave_closed
from services.referrals.commands.make import ConsentBody, Making, Move, as_answer, make_move
from services.referrals.commands.remind import plan_missing, settle_due
from services.referrals.commands.submit import Submission, submit
from services.referrals.commands.withdraw import withdraw

__all__ = [
    "Answer",
    "ConsentBody",
    "Making",
    "Move",
    "StatedConsent",
    "Submission",
    "acknowledge",
    "add_choices",
    "answer_many",
    "as_answer",
    "complete",
    "erase_person",
    "give_answer",
    "give_consent",
    "leave_closed",
    "make_move",
    "plan_missing",
    "refuse_consent",
    "settle_due",
    "submit",
    "tell_programs_halted",
    "withdraw",
]
