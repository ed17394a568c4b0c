"""What waits in partnerships, in words, and where it is done."""

from services.referrals.queries import TodoLine
from shared.events.vocabulary import TodoAudience, TodoKind

WORDS: dict[TodoKind, tuple[str, str]] = {
    TodoKind.REGISTRATION_REVIEW: ("Review the registration of {other}", "partners"),
    TodoKind.REGISTRATION_QUESTIONS: ("Answer the district's questions about your registration", "partners"),
    TodoKind.DOCUMENT_RENEWAL: ("Renew a document of {partner} that runs out", "partners"),
    TodoKind.DOCUMENT_REVIEW: ("Look at a new document of {partner}", "partners"),
    TodoKind.RECERTIFICATION: ("Confirm the details of {partner} for another year", "partners"),
    TodoKind.PROGRAM_CONFIRM: ("Confirm that “{program}” is still right", "programs"),
    TodoKind.AGREEMENT_REVIEW: ("Read what changed in the agreement with {other}", "agreements"),
    TodoKind.AGREEMENT_SIGN: ("Sign the agreement with {other}", "agreements"),
    TodoKind.AGREEMENT_RENEWAL: ("Decide on the agreement with {other}: it ends soon", "agreements"),
    TodoKind.AGREEMENT_CONTACT: (
        "Name a new contact for the agreement with {other}",
        "agreements",
    ),
    TodoKind.MEETING_ANSWER: ("Say whether you come to the meeting with {other}", "meetings"),
    TodoKind.MEETING_MINUTES: ("Write down what the meeting with {other} agreed", "meetings"),
    TodoKind.TASK: ("Do what you took on in the meeting with {other}", "tasks"),
    TodoKind.RATING: ("Rate the partnership with {other}", "reviews"),
    TodoKind.YEAR_END_REVIEW: ("Decide how the partnership with {other} goes on", "reviews"),
}
"""What to do, and under which part of agreements it is done; `other` is the other side."""


def says(line: TodoLine) -> str:
    """What waits, in words."""
    words, _ = WORDS[line.kind]
    return words.format(
        other=_other(line), partner=line.partner or "your organization", program=line.program or "a program"
    )


def _other(line: TodoLine) -> str:
    """For a school its partner, for a partner the school, for everyone else both."""
    sides = {TodoAudience.SCHOOL: [line.partner], TodoAudience.ORGANIZATION: [line.school]}
    names = sides.get(line.audience, [line.partner, line.school])
    return " and ".join(filter(None, names)) or "the district office"


def href(line: TodoLine) -> str:
    """The page where it is done."""
    return f"/agreements/{WORDS[line.kind][1]}/{line.about_id}"
