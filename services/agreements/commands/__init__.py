"""One function per verb; each loads, asks a rule, writes, puts the fact into the outbox, and never commits."""

from services.agreements.commands.imports import (
    ImportOutcome,
    apply_import,
    check_import,
    forget_unapplied_imports,
    import_programs,
)
from services.agreements.commands.organizations import register_organization, rename_organization
from services.agreements.commands.programs import (
    add_program,
    change_program,
    close_program,
    pause_program,
    reopen_program,
)

__all__ = [
    "ImportOutcome",
    "add_program",
    "apply_import",
    "change_program",
    "check_import",
    "close_program",
    "forget_unapplied_imports",
    "import_programs",
    "pause_program",
    "register_organization",
    "rename_organization",
    "reopen_program",
]
