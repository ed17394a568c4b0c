"""What messages about referrals say.

A message has two forms. In the app, behind the sign-in, it says everything. The e-mail travels in the open: a child's
first name at most, never together with the name of a program, because a program's name tells what a child needs.
"""

from services.notifications.rules import Kind
from services.notifications.texts.text import Text
from shared.events.vocabulary import DeclineReason, Outcome
from shared.translations import mark

NEWS = mark("News from your child's school")
QUESTION = mark("A question from your child's school")
STAFF_NEWS = mark("News about a referral")
STAFF_NEEDED = mark("A referral needs you")
PARTNER_NEWS = mark("News about a referral to your program")
PARTNER_NEEDED = mark("A new referral waits for your answer")
PARTNER_WAITED_FOR = mark("A school waits for your answer")

SEE_DETAILS = mark("See the details")
ANSWER = mark("Read and answer")
SEE_REFERRAL = mark("Open the referral")


TEXTS: dict[Kind, Text] = {
    Kind.FAMILY_CONSENT_ASKED: Text(
        QUESTION,
        mark("We need your answer"),
        mark(
            "We think this could help %(child)s: %(programs)s. We would like to tell the people there about your "
            "child. We share nothing before you say yes. Please answer yes or no."
        ),
        ANSWER,
        mark(
            "We found help that could be right for %(child)s. We would like to tell the people there about your "
            "child. We share nothing before you say yes. Please open the page and answer yes or no."
        ),
    ),
    Kind.FAMILY_CONSENT_WAITING: Text(
        QUESTION,
        mark("We still need your answer"),
        mark(
            "You have not answered our question about %(child)s yet: may we tell the people at %(programs)s about "
            "your child? We share nothing before you say yes. Please answer yes or no."
        ),
        ANSWER,
        mark(
            "You have not answered our question about help for %(child)s yet. We share nothing before you say yes. "
            "Please open the page and answer yes or no."
        ),
    ),
    Kind.FAMILY_SENT: Text(
        NEWS,
        mark("We asked for a place"),
        mark(
            "We asked %(program)s (%(partner)s) for a place for %(child)s. They should answer by %(day)s. "
            "We will write to you when they do. You do not need to do anything now."
        ),
        SEE_DETAILS,
        mark(
            "We asked for a place for %(child)s in a program. We will write to you when we have an answer. "
            "You do not need to do anything now."
        ),
    ),
    Kind.FAMILY_ACCEPTED: Text(
        NEWS,
        mark("Good news: there is a place"),
        mark(
            "%(program)s (%(partner)s) has a place for %(child)s. "
            "The people there will contact you and tell you how it begins."
        ),
        SEE_DETAILS,
        mark("There is a place for %(child)s. The people of the program will contact you and tell you how it begins."),
    ),
    Kind.FAMILY_WAITLISTED: Text(
        NEWS,
        mark("On the waiting list"),
        mark(
            "%(program)s (%(partner)s) has no free place right now. %(child)s is on the waiting list. "
            "We will write to you when something changes. You do not need to do anything now."
        ),
        SEE_DETAILS,
        mark(
            "There is no free place right now. %(child)s is on the waiting list. "
            "We will write to you when something changes. You do not need to do anything now."
        ),
    ),
    Kind.FAMILY_DECLINED_NEXT: Text(
        NEWS,
        mark("We are trying another program"),
        mark(
            "%(program)s (%(partner)s) cannot take %(child)s. We have now asked another program: %(next)s. "
            "We will write to you when they answer. You do not need to do anything now."
        ),
        SEE_DETAILS,
        mark(
            "The program that we asked cannot take %(child)s. We are now asking another one. "
            "We will write to you when we have an answer. You do not need to do anything now."
        ),
    ),
    Kind.FAMILY_RETURNED: Text(
        NEWS,
        mark("We are still looking"),
        mark(
            "No program that we asked can take %(child)s at this time. The school keeps looking for help. "
            "If you have questions, please call the school."
        ),
        SEE_DETAILS,
    ),
    Kind.FAMILY_CONSENT_REFUSED: Text(
        NEWS,
        mark("Your family did not agree"),
        mark(
            "We do not look for a place for %(child)s, and we share nothing about your child for this. "
            "If this is not what you want, please call the school."
        ),
        SEE_DETAILS,
    ),
    Kind.FAMILY_WITHDRAWN: Text(
        NEWS,
        mark("We have stopped"),
        mark(
            "We are no longer looking for a place for %(child)s. We share nothing more about your child for this. "
            "If you did not expect this message, please call the school."
        ),
        SEE_DETAILS,
    ),
    Kind.FAMILY_ENROLLED: Text(
        NEWS,
        mark("Your child is enrolled"),
        mark("%(program)s (%(partner)s) told us that %(child)s is enrolled. We wish you a good start."),
        SEE_DETAILS,
        mark("The program told us that %(child)s is enrolled. We wish you a good start."),
    ),
    Kind.FAMILY_PROGRAM_HALTED: Text(
        NEWS,
        mark("A program takes no new students for now"),
        mark(
            "%(program)s (%(partner)s) takes no new students for now. "
            "What was asked for or agreed for %(child)s stays. Your school knows about it. "
            "You do not need to do anything now."
        ),
        SEE_DETAILS,
        mark(
            "The program that we asked for %(child)s takes no new students for now. "
            "What was asked for or agreed stays. Your school knows about it. You do not need to do anything now."
        ),
    ),
    Kind.FAMILY_NOT_CONTACTED: Text(
        NEWS,
        mark("They could not reach you"),
        mark(
            "%(program)s (%(partner)s) tried to reach you about %(child)s and could not. "
            "If you still want help, please call the school. We will gladly try again."
        ),
        SEE_DETAILS,
        mark(
            "The program tried to reach you about %(child)s and could not. "
            "If you still want help, please call the school. We will gladly try again."
        ),
    ),
    Kind.FAMILY_COMPLETED: Text(
        NEWS,
        mark("This has come to its end"),
        mark(
            "%(program)s (%(partner)s) told us that the help for %(child)s has come to its end. "
            "If your child still needs help, please call the school."
        ),
        SEE_DETAILS,
        mark(
            "The program told us that the help for %(child)s has come to its end. "
            "If your child still needs help, please call the school."
        ),
    ),
    Kind.STAFF_CONSENT_GIVEN: Text(
        STAFF_NEWS,
        mark("The family agreed"),
        mark("The family of %(student)s agreed to the referral. It can go out now."),
        SEE_REFERRAL,
        mark("The family of %(child)s agreed to your referral. It can go out now."),
    ),
    Kind.STAFF_CONSENT_REFUSED: Text(
        STAFF_NEWS,
        mark("The family did not agree"),
        mark("The family of %(student)s did not agree. The referral has ended, and nothing was shared."),
        SEE_REFERRAL,
        mark("The family of %(child)s did not agree to your referral. It has ended, and nothing was shared."),
    ),
    Kind.STAFF_CONSENT_MISSING: Text(
        STAFF_NEEDED,
        mark("The family has not answered"),
        mark(
            "We asked the family of %(student)s for its consent and have no answer yet. "
            "Please call them, and record what they say."
        ),
        SEE_REFERRAL,
        mark(
            "We asked the family of %(child)s for its consent and have no answer yet. "
            "Please call them, and record what they say."
        ),
    ),
    Kind.STAFF_SENT: Text(
        STAFF_NEWS,
        mark("The referral was sent"),
        mark("The referral of %(student)s is with %(program)s (%(partner)s). An answer is due by %(by)s."),
        SEE_REFERRAL,
        mark("Your referral for %(child)s was sent to a partner."),
    ),
    Kind.STAFF_ACKNOWLEDGED: Text(
        STAFF_NEWS,
        mark("The partner has seen the referral"),
        mark("%(program)s (%(partner)s) has seen the referral of %(student)s and will answer."),
        SEE_REFERRAL,
        mark("The partner has seen your referral for %(child)s and will answer."),
    ),
    Kind.STAFF_ANSWER_MISSING: Text(
        STAFF_NEEDED,
        mark("The partner has not answered"),
        mark(
            "%(program)s (%(partner)s) has not answered the referral of %(student)s. The answer was due by %(by)s, "
            "and we reminded them. Please call them, or end the referral and choose another program."
        ),
        SEE_REFERRAL,
        mark(
            "The partner has not answered your referral for %(child)s. The answer was due by %(by)s, and we reminded "
            "them. Please open the referral and decide what to do next."
        ),
    ),
    Kind.STAFF_ACCEPTED: Text(
        STAFF_NEWS,
        mark("The referral was accepted"),
        mark("%(program)s (%(partner)s) has a place for %(student)s and will contact the family."),
        SEE_REFERRAL,
        mark("The partner has accepted your referral for %(child)s and will contact the family."),
    ),
    Kind.STAFF_WAITLISTED: Text(
        STAFF_NEWS,
        mark("The student is on a waiting list"),
        mark("%(program)s (%(partner)s) has no place now and keeps %(student)s on its waiting list."),
        SEE_REFERRAL,
        mark("The partner has no place now and keeps %(child)s on its waiting list."),
    ),
    Kind.STAFF_DECLINED_NEXT: Text(
        STAFF_NEWS,
        mark("Declined; the next program was asked"),
        mark(
            "%(program)s (%(partner)s) cannot take %(student)s: %(reason)s. "
            "The referral went to the next choice: %(next)s."
        ),
        SEE_REFERRAL,
        mark("The partner cannot take %(child)s. Your referral went to the next program that you chose."),
    ),
    Kind.STAFF_DECLINED_ASKED: Text(
        STAFF_NEWS,
        mark("Declined; the family is asked again"),
        mark(
            "%(program)s (%(partner)s) cannot take %(student)s: %(reason)s. The family's consent has run out, so we "
            "have asked the family again. The next program hears of it when the family agrees."
        ),
        SEE_REFERRAL,
        mark("The partner cannot take %(child)s. We have asked the family again before the next program hears of it."),
    ),
    Kind.STAFF_RETURNED: Text(
        STAFF_NEEDED,
        mark("No choice is left"),
        mark("No program that was chosen can take %(student)s. Choose another program, or end the referral."),
        mark("Choose what to do next"),
        mark("No program that you chose can take %(child)s. Please choose another program, or end the referral."),
    ),
    Kind.STAFF_WITHDRAWN_BY_FAMILY: Text(
        STAFF_NEWS,
        mark("The family ended the referral"),
        mark("The family of %(student)s no longer wants the referral. It has ended."),
        SEE_REFERRAL,
        mark("The family of %(child)s no longer wants your referral. It has ended."),
    ),
    Kind.STAFF_WITHDRAWN_BY_SCHOOL: Text(
        STAFF_NEWS,
        mark("The referral was ended"),
        mark("The school ended the referral of %(student)s."),
        SEE_REFERRAL,
        mark("The school ended your referral for %(child)s."),
    ),
    Kind.STAFF_COMPLETED: Text(
        STAFF_NEWS,
        mark("The partner says how it ended"),
        mark("%(program)s (%(partner)s) says how the referral of %(student)s ended: %(outcome)s."),
        SEE_REFERRAL,
        mark("The partner says how your referral for %(child)s ended."),
    ),
    Kind.STAFF_FAMILY_UNREACHABLE: Text(
        STAFF_NEEDED,
        mark("The family could not be reached by e-mail"),
        mark(
            "We could not reach the family of %(student)s by e-mail. "
            "Please call them, and have the address corrected at the school."
        ),
        SEE_REFERRAL,
        mark(
            "We could not reach the family of %(child)s by e-mail. "
            "Please call them, and have the address corrected at the school."
        ),
    ),
    Kind.STAFF_PARTNER_UNREACHABLE: Text(
        STAFF_NEEDED,
        mark("Nobody at the partner could be reached"),
        mark(
            "The referral of %(student)s waits at %(program)s (%(partner)s), "
            "but nobody there could be reached by e-mail. Please call them."
        ),
        SEE_REFERRAL,
        mark(
            "Your referral for %(child)s waits at a partner, but nobody there could be reached by e-mail. "
            "Please call them."
        ),
    ),
    Kind.STAFF_PROGRAM_HALTED: Text(
        STAFF_NEEDED,
        mark("A program takes no new referrals for now"),
        mark(
            "%(program)s (%(partner)s) takes no new referrals for now. The referral of %(student)s stays there. "
            "Ask the partner how it goes on, or withdraw the referral and choose another program."
        ),
        SEE_REFERRAL,
        mark(
            "The program that has your referral for %(child)s takes no new ones for now. The referral stays there. "
            "Ask the partner how it goes on, or withdraw the referral and choose another program."
        ),
    ),
    Kind.PARTNER_NEW: Text(
        PARTNER_NEEDED,
        mark("A new referral waits for you"),
        mark("A school refers a student to %(program)s. Please answer by %(by)s."),
        ANSWER,
    ),
    Kind.PARTNER_ANSWER_DUE: Text(
        PARTNER_WAITED_FOR,
        mark("An answer is due today"),
        mark("A referral of a student to %(program)s waits for your answer. It is due by %(by)s."),
        ANSWER,
    ),
    Kind.PARTNER_ANSWER_OVERDUE: Text(
        PARTNER_WAITED_FOR,
        mark("Your answer is overdue"),
        mark(
            "A referral of a student to %(program)s still waits for your answer. It was due by %(by)s. "
            "Please accept it, decline it, or put the student on your waiting list."
        ),
        ANSWER,
    ),
    Kind.PARTNER_WITHDRAWN: Text(
        PARTNER_NEWS,
        mark("A referral was withdrawn"),
        mark("A referral to %(program)s was withdrawn. You need not do anything more for it."),
        SEE_REFERRAL,
    ),
}

URGENT = mark("It is urgent.")
"""Follows the words of an urgent new referral."""

REASONS = {
    DeclineReason.NO_CAPACITY: mark("no place is free"),
    DeclineReason.NOT_ELIGIBLE: mark("the student does not qualify"),
    DeclineReason.SERVICE_NOT_PROVIDED: mark("this is not offered"),
    DeclineReason.OUT_OF_AREA: mark("it is outside the area"),
    DeclineReason.ALREADY_ENROLLED: mark("the student is there already"),
    DeclineReason.MISSING_INFORMATION: mark("information is missing"),
    DeclineReason.PROGRAM_CLOSED: mark("the program closed"),
    DeclineReason.OTHER: mark("another reason"),
}

OUTCOMES = {
    Outcome.ENROLLED: mark("the student is enrolled"),
    Outcome.SERVED: mark("the student got the help to its end"),
    Outcome.FAMILY_DECLINED: mark("the family said no"),
    Outcome.COULD_NOT_CONTACT: mark("the family could not be reached"),
    Outcome.OTHER: mark("another end"),
}
