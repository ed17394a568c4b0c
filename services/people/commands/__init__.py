"""One function per verb: it loads, asks a rule, writes, and puts the fact into the outbox; it never commits."""

from services.people.commands.accounts import part_account
from services.people.commands.contacts import keep_contact, keep_organization
from services.people.commands.erasure import erase_person
from services.people.commands.import_roster import Outcome, import_roster
from services.people.commands.imports import (
    approve_import,
    claim_import,
    clear_old_imports,
    discard_import,
    fail_import,
    note_progress,
    receive_import,
)
from services.people.commands.persons import add_person, grant_role, keep_wish, revoke_role
from services.people.commands.provider import CameBack, come_back, enter_by_provider, go_to_provider, signed_out_there
from services.people.commands.register import let_act_for, move_roles
from services.people.commands.sessions import (
    SignedInAs,
    forget_ways_out,
    renew_session,
    sign_out,
    sign_out_everywhere,
    way_out_of,
)
from services.people.commands.sign_in import (
    Choice,
    Limits,
    Registrant,
    ask_for_code,
    choose_person,
    clear_old_sign_ins,
    count_try,
    issue_setup_link,
    look_at_link,
    note_refused,
    people_to_choose,
    redeem_code,
    redeem_link,
)
from services.people.commands.sign_in_mail import Instead, Letter, claim_letters, settle_letter

__all__ = [
    "CameBack",
    "Choice",
    "Instead",
    "Letter",
    "Limits",
    "Outcome",
    "Registrant",
    "SignedInAs",
    "add_person",
    "approve_import",
    "ask_for_code",
    "choose_person",
    "claim_import",
    "claim_letters",
    "clear_old_imports",
    "clear_old_sign_ins",
    "come_back",
    "count_try",
    "discard_import",
    "enter_by_provider",
    "erase_person",
    "fail_import",
    "forget_ways_out",
    "go_to_provider",
    "grant_role",
    "import_roster",
    "issue_setup_link",
    "keep_contact",
    "keep_organization",
    "keep_wish",
    "let_act_for",
    "look_at_link",
    "move_roles",
    "note_progress",
    "note_refused",
    "part_account",
    "people_to_choose",
    "receive_import",
    "redeem_code",
    "redeem_link",
    "renew_session",
    "revoke_role",
    "settle_letter",
    "sign_out",
    "sign_out_everywhere",
    "signed_out_there",
    "way_out_of",
]
