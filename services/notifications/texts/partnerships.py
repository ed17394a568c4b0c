"""What messages about partners, agreements and meetings say; they name no student."""

from services.notifications.rules import Kind
from services.notifications.texts.text import Text
from shared.translations import mark

NEWS = mark("News about a partnership")

SEE_PARTNER = mark("Open the page of the partner")
ANSWER_THERE = mark("Read and answer")
RENEW = mark("Attach the new document")
CONFIRM = mark("Please confirm your programs")
SEE_PROGRAM = mark("Open the program")
SEE_PROGRAMS = mark("Open our programs")
SEE_REVIEW = mark("Open the review")
SEE_AGREEMENT = mark("Open the agreement")
SIGN = mark("Read and sign")
AGREEMENT_NEEDED = mark("An agreement needs you")

INVITATION = mark("Invitation to a meeting")
MEETING_NEWS = mark("News about a meeting")
REMINDER = mark("Reminder of a meeting")
TASK = mark("Something that was agreed at a meeting")
SAY_WHETHER = mark("Say whether you come")
SEE_MEETING = mark("Open the meeting")
SEE_TASK = mark("Open the task")

TEXTS: dict[Kind, Text] = {
    Kind.WORK_REGISTRATION_SUBMITTED: Text(
        NEWS,
        mark("A partner waits for your review"),
        mark("%(partner)s sent its details and documents. Please review them."),
        SEE_PARTNER,
    ),
    Kind.WORK_REGISTRATION_QUESTIONS: Text(
        NEWS,
        mark("The district office asks you something"),
        mark(
            "The district office looked at the details of %(partner)s and has questions. Please answer and send again."
        ),
        ANSWER_THERE,
    ),
    Kind.WORK_PARTNER_APPROVED: Text(
        NEWS,
        mark("You are approved"),
        mark("The district office approved %(partner)s until %(day)s. Schools can refer students to your programs."),
        SEE_PARTNER,
    ),
    Kind.WORK_PARTNER_CONDITIONAL: Text(
        NEWS,
        mark("You are approved, with conditions"),
        mark(
            "The district office approved %(partner)s until %(day)s, with conditions. "
            "Please read them and say when they are met."
        ),
        SEE_PARTNER,
    ),
    Kind.WORK_PARTNER_DECLINED: Text(
        NEWS,
        mark("Your registration was declined"),
        mark(
            "The district office declined the registration of %(partner)s. "
            "The reasons stand on your page; you can mend it and send it again."
        ),
        SEE_PARTNER,
    ),
    Kind.WORK_PARTNER_SUSPENDED: Text(
        NEWS,
        mark("You are suspended"),
        mark(
            "The district office suspended %(partner)s: your programs take no new referrals. "
            "The reasons stand on your page."
        ),
        SEE_PARTNER,
    ),
    Kind.WORK_PARTNER_REINSTATED: Text(
        NEWS,
        mark("Your suspension is over"),
        mark("The district office ended the suspension of %(partner)s."),
        SEE_PARTNER,
    ),
    Kind.WORK_PARTNER_HALTED: Text(
        NEWS,
        mark("No new referrals for now"),
        mark(
            "The insurance or the background checks of %(partner)s have run out. Its programs take no new referrals "
            "until the district office has accepted a new document. Open referrals stay."
        ),
        SEE_PARTNER,
    ),
    Kind.WORK_PARTNER_RESUMED: Text(
        NEWS,
        mark("New referrals are possible again"),
        mark("The programs of %(partner)s take new referrals again."),
        SEE_PARTNER,
    ),
    Kind.WORK_INSURANCE_EXPIRING: Text(
        NEWS,
        mark("Your insurance runs out"),
        mark(
            "The proof of insurance of %(partner)s holds until %(day)s. Please attach a new one in time: "
            "after that day your programs take no new referrals."
        ),
        RENEW,
    ),
    Kind.WORK_CHECKS_EXPIRING: Text(
        NEWS,
        mark("Your background-check attestation runs out"),
        mark(
            "The background-check attestation of %(partner)s holds until %(day)s. Please attach a new one in time: "
            "after that day your programs take no new referrals."
        ),
        RENEW,
    ),
    Kind.WORK_CERTIFICATION_ENDING: Text(
        NEWS,
        mark("Your yearly approval ends"),
        mark(
            "The approval of %(partner)s holds until %(day)s. Please check your details and send them for another year."
        ),
        SEE_PARTNER,
    ),
    Kind.WORK_CERTIFICATION_LAPSED: Text(
        NEWS,
        mark("A yearly approval has ended"),
        mark(
            "The approval of %(partner)s ended on %(day)s and was not renewed yet. Its programs still take referrals."
        ),
        SEE_PARTNER,
    ),
    Kind.WORK_DOCUMENT_ACCEPTED: Text(
        NEWS,
        mark("A document was accepted"),
        mark("The district office accepted a document of %(partner)s."),
        SEE_PARTNER,
    ),
    Kind.WORK_PARTNER_MERGED: Text(
        NEWS,
        mark("Two partners are one now"),
        mark(
            "The district office found that your organization and %(partner)s are the same. Your programs, agreements "
            "and open referrals stand under %(partner)s from now on. Please sign in again."
        ),
        SEE_PARTNER,
    ),
    Kind.WORK_PROGRAM_CLOSED: Text(
        NEWS,
        mark("A program takes no more referrals"),
        mark("%(program)s (%(partner)s) takes no more referrals for now. Open it again when it can."),
        SEE_PROGRAM,
    ),
    Kind.WORK_PROGRAMS_TO_CONFIRM: Text(
        CONFIRM,
        mark("Is what families read about you still right?"),
        mark(
            "Programs of %(partner)s in the directory were last confirmed nearly half a year ago. Please look at them "
            "and confirm them by %(day)s."
        ),
        SEE_PROGRAMS,
    ),
    Kind.WORK_PROGRAMS_LAPSED: Text(
        CONFIRM,
        mark("Programs are shown as not confirmed"),
        mark(
            "Nobody has confirmed programs of %(partner)s for half a year. The directory says so, and shows them "
            "behind others, until you confirm them."
        ),
        SEE_PROGRAMS,
    ),
    Kind.WORK_AGREEMENT_DRAFTED: Text(
        NEWS,
        mark("An agreement was drafted"),
        mark(
            "There is a draft of an agreement between %(partner)s and %(school)s. Please read it, change what should "
            "be different, and comment on it."
        ),
        SEE_AGREEMENT,
    ),
    Kind.WORK_AGREEMENT_CHANGED: Text(
        NEWS,
        mark("The other side changed the draft"),
        mark("The draft of the agreement between %(partner)s and %(school)s was changed. The page shows what."),
        SEE_AGREEMENT,
    ),
    Kind.WORK_AGREEMENT_COMMENTED: Text(
        NEWS,
        mark("There is a comment on the agreement"),
        mark("Somebody commented on the agreement between %(partner)s and %(school)s."),
        SEE_AGREEMENT,
    ),
    Kind.WORK_AGREEMENT_AMENDMENT: Text(
        NEWS,
        mark("An amendment is being drafted"),
        mark(
            "The agreement between %(partner)s and %(school)s is to be amended. It goes on as it is until both sides "
            "have signed the new text."
        ),
        SEE_AGREEMENT,
    ),
    Kind.WORK_AGREEMENT_DISCARDED: Text(
        NEWS,
        mark("A draft was given up"),
        mark("A draft between %(partner)s and %(school)s was given up. What both sides have signed before goes on."),
        SEE_AGREEMENT,
    ),
    Kind.WORK_AGREEMENT_SENT: Text(
        AGREEMENT_NEEDED,
        mark("An agreement waits for your signature"),
        mark(
            "The agreement between %(partner)s and %(school)s is ready. Please read the text and sign it for your "
            "side, or take it back if something is not right."
        ),
        SIGN,
    ),
    Kind.WORK_AGREEMENT_SIGNED: Text(
        AGREEMENT_NEEDED,
        mark("The other side has signed"),
        mark(
            "The agreement between %(partner)s and %(school)s has one signature. It holds as soon as your side signs."
        ),
        SIGN,
    ),
    Kind.WORK_AGREEMENT_TAKEN_BACK: Text(
        NEWS,
        mark("The agreement is a draft again"),
        mark(
            "The other side took the agreement between %(partner)s and %(school)s back to the draft and says why. "
            "Signatures that were there do not count any more."
        ),
        SEE_AGREEMENT,
    ),
    Kind.WORK_AGREEMENT_CONCLUDED: Text(
        NEWS,
        mark("Both sides have signed"),
        mark("The agreement between %(partner)s and %(school)s is signed by both. Its last day is %(day)s."),
        SEE_AGREEMENT,
    ),
    Kind.WORK_AGREEMENT_ENDING: Text(
        AGREEMENT_NEEDED,
        mark("An agreement ends soon"),
        mark(
            "The agreement between %(partner)s and %(school)s ends on %(day)s. Please decide whether to renew it. "
            "Without an agreement in force the programs take no new referrals from the school."
        ),
        SEE_AGREEMENT,
    ),
    Kind.WORK_AGREEMENT_REVIEW_NEAR: Text(
        NEWS,
        mark("Look at the agreement together"),
        mark("%(partner)s and %(school)s said that they would look at their agreement together by %(day)s."),
        SEE_AGREEMENT,
    ),
    Kind.WORK_AGREEMENT_EXPIRED: Text(
        NEWS,
        mark("An agreement has expired"),
        mark(
            "The agreement between %(partner)s and %(school)s expired on %(day)s. Where no other agreement covers the "
            "school, the programs take no new referrals from it. You can still renew it."
        ),
        SEE_AGREEMENT,
    ),
    Kind.WORK_AGREEMENT_ENDED: Text(
        NEWS,
        mark("An agreement was ended early"),
        mark("The agreement between %(partner)s and %(school)s was ended on %(day)s. The page says why."),
        SEE_AGREEMENT,
    ),
    Kind.WORK_AGREEMENT_CONTACT: Text(
        NEWS,
        mark("You are the contact for an agreement"),
        mark(
            "From now on you are the contact for the agreement between %(partner)s and %(school)s. What waits for the "
            "contact waits for you."
        ),
        SEE_AGREEMENT,
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
    Kind.WORK_MEETING_INVITED: Text(
        INVITATION,
        mark("You are invited to a meeting"),
        mark("%(meeting)s, %(by)s. Where: %(where)s. Please say whether you come."),
        SAY_WHETHER,
    ),
    Kind.WORK_MEETING_MOVED: Text(
        MEETING_NEWS,
        mark("A meeting has another time"),
        mark("%(meeting)s is now %(by)s. Where: %(where)s. Please say whether you come at the new time."),
        SAY_WHETHER,
    ),
    Kind.WORK_MEETING_UPDATED: Text(
        MEETING_NEWS,
        mark("A meeting has another name or place"),
        mark("%(meeting)s, %(by)s. Where: %(where)s. The time stays as it was."),
        SEE_MEETING,
    ),
    Kind.WORK_MEETING_CANCELLED: Text(
        MEETING_NEWS,
        mark("A meeting was called off"),
        mark("%(meeting)s, %(by)s, does not take place."),
        SEE_MEETING,
    ),
    Kind.WORK_MEETING_DATE_CANCELLED: Text(
        MEETING_NEWS,
        mark("One date of a meeting was called off"),
        mark("%(meeting)s does not take place on %(day)s. Its other dates stay."),
        SEE_MEETING,
    ),
    Kind.WORK_MEETING_UNINVITED: Text(
        MEETING_NEWS,
        mark("You need not come to a meeting"),
        mark("You are no longer invited to %(meeting)s, %(by)s."),
        SEE_MEETING,
    ),
    Kind.WORK_MEETING_REMINDER: Text(
        REMINDER,
        mark("A meeting is coming up"),
        mark("%(meeting)s, %(by)s. Where: %(where)s."),
        SEE_MEETING,
    ),
    Kind.WORK_MEETING_MINUTES: Text(
        MEETING_NEWS,
        mark("The minutes of a meeting are there"),
        mark("What was said and agreed at %(meeting)s on %(day)s can be read now."),
        SEE_MEETING,
    ),
    Kind.WORK_MEETING_DECLINED: Text(
        MEETING_NEWS,
        mark("Somebody does not come to your meeting"),
        mark("Somebody whom you invited to %(meeting)s, %(by)s, does not come. The page says who."),
        SEE_MEETING,
    ),
    Kind.WORK_TASK_AGREED: Text(
        TASK,
        mark("You have taken on a task"),
        mark("It was agreed at a meeting that you do something by %(day)s: %(meeting)s."),
        SEE_TASK,
    ),
    Kind.WORK_TASK_DUE: Text(
        TASK,
        mark("A task of yours is due"),
        mark("What was agreed at %(meeting)s is to be done by %(day)s. If it is done, say so on its page."),
        SEE_TASK,
    ),
    Kind.WORK_TASK_OVERDUE: Text(
        TASK,
        mark("A task of yours is overdue"),
        mark(
            "What was agreed at %(meeting)s was to be done by %(day)s. Say so if it is done, or have the date changed."
        ),
        SEE_TASK,
    ),
}
