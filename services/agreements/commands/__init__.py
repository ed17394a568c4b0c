"""One function per verb; each loads, asks a rule, writes, puts the fact into the outbox, and never commits."""

from services.agreements.commands.imports import (
    ImportOutcome,
    apply_import,
    check_import,
    forget_unapplied_imports,
    import_programs,
)
from services.agreements.commands.organizations import register_organization, rename_organization
from services.agreements.commands.persons import erase_person, keep_persons
from services.agreements.commands.programs import (
    add_program,
    change_program,
    close_program,
    pause_program,
    reopen_program,
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

__all__ = [
    "ImportOutcome",
    "To",
    "add_program",
    "apply_import",
    "change_program",
    "check_import",
    "close_program",
    "close_todos",
    "erase_person",
    "for_district",
    "for_organization",
    "for_person",
    "for_school",
    "forget_unapplied_imports",
    "import_programs",
    "keep_persons",
    "open_todo",
    "pause_program",
    "register_organization",
    "rename_organization",
    "reopen_program",
]
