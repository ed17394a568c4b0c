"""What has happened in the demo district when somebody first opens it: a dozen referrals, each somewhere else."""

from typing import NamedTuple

from services.referrals.rules import Verb
from shared.events.vocabulary import DeclineReason, Need, Outcome, Urgency


class Move(NamedTuple):
    """What somebody did, so many days after the referral was sent."""

    after: float
    verb: Verb
    reason: DeclineReason | None = None
    outcome: Outcome | None = None
    words: str = ""


class Story(NamedTuple):
    """One referral: who, what for, to which programs in which order, since when, and what came of it."""

    staff: str
    student: str
    need: Need
    programs: tuple[str, ...]
    days_ago: float
    words: str
    moves: tuple[Move, ...] = ()
    urgency: Urgency = Urgency.ROUTINE
    agreed: bool = True
    """Whether the family had agreed before; otherwise it is asked."""


COUNSELOR = "staff-006"
"""The member of staff whose pages have most to show."""
PARTNER = "Casa Abierta"
"""The partner whose inbox has most to show."""
FAMILY = "student-106"
"""The student whose family's pages have something to show."""

SEEN = Verb.ACKNOWLEDGE

STORIES = (
    Story(COUNSELOR, "student-106", Need.MENTORING, ("Mentores",), 9,
          "Adrián is new in sixth grade and asks for someone to talk to about school.",
          (Move(0.1, SEEN), Move(1.2, Verb.ACCEPT, words="Starts with don Rafael next week."))),
    Story(COUNSELOR, "student-122", Need.ENGLISH_LEARNING, ("Inglés en Familia",), 0.2,
          "His mother would like to come along."),
    Story(COUNSELOR, "student-139", Need.MENTORING, ("Mentores", "One to One"), 5,
          "Andrés wants to stay in the robotics team; a mentor who builds things would be best."),
    Story(COUNSELOR, "student-155", Need.AFTER_SCHOOL, ("Apre Lekòl",), 6,
          "Both parents work until six.",
          (Move(0.3, SEEN), Move(1, Verb.WAITLIST, words="A place becomes free in January."))),
    Story(COUNSELOR, "student-188", Need.ARTS, ("Batuku Drum and Dance", "Instrument Library"), 4,
          "Hélder drums on every table he meets.",
          (Move(0.5, Verb.DECLINE, DeclineReason.NOT_ELIGIBLE, words="We begin with third grade. Next year, gladly!"),
           Move(0.9, SEEN))),
    Story(COUNSELOR, "student-204", Need.ACADEMIC, ("Saturday School",), 30,
          "Reads well in Vietnamese, not yet in English.",
          (Move(0.2, SEEN), Move(1, Verb.ACCEPT), Move(14, Verb.COMPLETE, outcome=Outcome.ENROLLED))),
    Story(COUNSELOR, "student-221", Need.MENTAL_HEALTH, ("Counseling at School",), 3,
          "Has been sad and silent since the summer.",
          (Move(0.1, SEEN), Move(0.8, Verb.DECLINE, DeclineReason.NO_CAPACITY, words="Our next place is in March.")),
          urgency=Urgency.URGENT),
    Story(COUNSELOR, "student-237", Need.ACADEMIC, ("Saturday School", "Reading Partners"), 1.5,
          "Would do well in a small group.", agreed=False),
    Story(COUNSELOR, "student-270", Need.ATTENDANCE, ("School and Home",), 2,
          "Nine days missed in October; the bus line was changed.",
          (Move(0.6, Verb.GIVE_CONSENT), Move(1.1, SEEN)), agreed=False),
    Story(COUNSELOR, "student-172", Need.FOOD, ("Weekend Backpack",), 12,
          "Two backpacks, please: there is a little brother.",
          (Move(0.1, Verb.ACCEPT, words="From this Friday on."),)),
    Story(COUNSELOR, "student-253", Need.FAMILY_SUPPORT, ("Family Navigator",), 8,
          "Needs help with the forms for the new apartment.",
          (Move(0.2, SEEN), Move(2, Verb.WITHDRAW, words="The family has found help at its church."))),
    Story("staff-003", "student-282", Need.HEALTH, ("Teeth and Eyes",), 1,
          "Squints at the board.", (Move(0.2, SEEN),)),
    Story("staff-011", "student-293", Need.COLLEGE_CAREER, ("First in the Family", "Paid Internships"), 15,
          "Would be the first of the family at a university.", (Move(0.4, SEEN), Move(2, Verb.ACCEPT))),
    Story("staff-009", "student-094", Need.HOUSING, ("Stay at Home Fund", "Family Navigator"), 0.1,
          "The rent is two months behind; the landlord has written.", urgency=Urgency.URGENT),
)  # fmt: skip
