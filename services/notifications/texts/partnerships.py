"""What messages about partners, agreements and meetings say; they name no student."""

from services.notifications.rules import Kind
from services.notifications.texts.text import Text
from shared.translations import mark

NEWS = mark("News about a partnership")

SEE_PROGRAM = mark("Open the program")
SEE_REVIEW = mark("Open the review")

TEXTS: dict[Kind, Text] = {
    Kind.WORK_PROGRAM_CLOSED: Text(
        NEWS,
        mark("A program takes no more referrals"),
        mark("%(program)s (%(partner)s) takes no more referrals for now. Open it again when it can."),
        SEE_PROGRAM,
    ),
    Kind.WORK_RATINGS_ASKED: Text(
        mark("How strong is the partnership?"),
        mark("Please rate the partnership"),
        mark(
            "Once a year %(school)s and %(partner)s rate their work together, each for itself. Please rate it by "
            "%(day)s. You can stop and go on later; each sees the other's ratings when both are given."
        ),
        mark("Rate the partnership"),
    ),
    Kind.WORK_RATINGS_GIVEN: Text(
        NEWS,
        mark("The other side has rated the partnership"),
        mark("The ratings of %(school)s and %(partner)s stand side by side as soon as both are given."),
        SEE_REVIEW,
    ),
    Kind.WORK_YEAR_END_ASKED: Text(
        mark("How does the partnership go on?"),
        mark("Please look back on the year"),
        mark(
            "Please write down what %(school)s and %(partner)s saw and learnt this school year. The school decides by "
            "%(day)s whether to stop, to continue or to look for something new."
        ),
        mark("Look back on the year"),
    ),
    Kind.WORK_YEAR_END_DECIDED: Text(
        NEWS,
        mark("The school has decided how the partnership goes on"),
        mark("%(school)s has decided how its work with %(partner)s goes on, and says why."),
        SEE_REVIEW,
    ),
    Kind.WORK_YEAR_END_DECIDED_PROGRAM: Text(
        NEWS,
        mark("The school has decided how a program goes on"),
        mark("%(school)s has decided how %(program)s (%(partner)s) goes on, and says why."),
        SEE_REVIEW,
    ),
    Kind.WORK_YEAR_END_REOPENED: Text(
        NEWS,
        mark("A decision is thought over again"),
        mark("%(school)s is thinking over again how its work with %(partner)s goes on. You can write what you think."),
        SEE_REVIEW,
    ),
}
