"""One function per verb; each loads, asks a rule, writes, puts the fact into the outbox, and never commits."""

from services.agreements.commands.agreements import (
    attach_to_agreement,
    change_agreement,
    comment_on_agreement,
    detach_from_agreement,
    discard_draft,
    draft_agreement,
    measure_goal,
    name_agreement_contact,
    renew_agreement,
    replace_contact,
    send_for_signature,
    settle_agreements,
    sign_agreement,
    start_amendment,
    strike_measurement,
    take_back_agreement,
    terminate_agreement,
)
from services.agreements.commands.answers import answer_meeting, let_answers_go
from services.agreements.commands.calendars import (
    close_calendar,
    open_calendar,
)
from services.agreements.commands.confirmation import ask_to_confirm, confirm_program
from services.agreements.commands.documents import accept_document, add_document, remove_document, unclaimed_files
from services.agreements.commands.evidence import keep_referrals
from services.agreements.commands.expiry import look_at_expiries
from services.agreements.commands.imports import (
    ImportOutcome,
    apply_import,
    check_import,
    forget_unapplied_imports,
    import_programs,
)
from services.agreements.commands.meeting_reminders import (
    keep_wish,
    replan_wished,
    settle_meeting_reminders,
)
from services.agreements.commands.meetings import (
    cancel_meeting,
    change_meeting,
    move_date,
    schedule_meeting,
)
from services.agreements.commands.merge import merge_organizations
from services.agreements.commands.minutes import (
    ask_for_minutes,
    record_minutes,
)
from services.agreements.commands.organizations import duplicates_of, register_organization, rename_organization
from services.agreements.commands.persons import erase_person, keep_persons
from services.agreements.commands.places import survey_places
from services.agreements.commands.programs import (
    add_program,
    change_program,
    close_program,
    pause_program,
    reopen_program,
)
from services.agreements.commands.ratings import give_ratings, save_ratings, take_ratings_back
from services.agreements.commands.registration import save_registration, start_registration, submit_registration
from services.agreements.commands.replies import take_mail
from services.agreements.commands.reviews import start_review
from services.agreements.commands.rounds import ask_next, close_rounds, open_due_rounds, open_round
from services.agreements.commands.tasks import (
    agree_task,
    change_task,
    drop_task,
    finish_task,
    remind_of_tasks,
    reopen_task,
)
from services.agreements.commands.todos import (
    To,
    close_todos,
    for_district,
    for_organization,
    for_person,
    for_school,
    open_todo,
)
from services.agreements.commands.vetting import move_partner, rate_partner
from services.agreements.commands.year_ends import decide_year_end, reopen_year_end, save_year_end

__all__ = [
    "ImportOutcome",
    "To",
    "accept_document",
    "add_document",
    "add_program",
    "agree_task",
    "answer_meeting",
    "apply_import",
    "ask_for_minutes",
    "ask_next",
    "ask_to_confirm",
    "attach_to_agreement",
    "cancel_meeting",
    "change_agreement",
    "change_meeting",
    "change_program",
    "change_task",
    "check_import",
    "close_calendar",
    "close_program",
    "close_rounds",
    "close_todos",
    "comment_on_agreement",
    "confirm_program",
    "decide_year_end",
    "detach_from_agreement",
    "discard_draft",
    "draft_agreement",
    "drop_task",
    "duplicates_of",
    "erase_person",
    "finish_task",
    "for_district",
    "for_organization",
    "for_person",
    "for_school",
    "forget_unapplied_imports",
    "give_ratings",
    "import_programs",
    "keep_persons",
    "keep_referrals",
    "keep_wish",
    "let_answers_go",
    "look_at_expiries",
    "measure_goal",
    "merge_organizations",
    "move_date",
    "move_partner",
    "name_agreement_contact",
    "open_calendar",
    "open_due_rounds",
    "open_round",
    "open_todo",
    "pause_program",
    "rate_partner",
    "record_minutes",
    "register_organization",
    "remind_of_tasks",
    "remove_document",
    "rename_organization",
    "renew_agreement",
    "reopen_program",
    "reopen_task",
    "reopen_year_end",
    "replace_contact",
    "replan_wished",
    "save_ratings",
    "save_registration",
    "save_year_end",
    "schedule_meeting",
    "send_for_signature",
    "settle_agreements",
    "settle_meeting_reminders",
    "sign_agreement",
    "start_amendment",
    "start_registration",
    "start_review",
    "strike_measurement",
    "submit_registration",
    "survey_places",
    "take_back_agreement",
    "take_mail",
    "take_ratings_back",
    "terminate_agreement",
    "unclaimed_files",
]
