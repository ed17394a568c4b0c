"""Two sides edit one draft: what each changed, field by field, and how changes made at once are joined."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from services.agreements.rules.terms import FIELD_LABELS, Terms
from shared.refusals import Kind, Refusal


class FieldChange(NamedTuple):
    """One field became different; values as JSON has them."""

    field: str
    before: Any
    after: Any


def changes_between(before: Terms, after: Terms) -> list[FieldChange]:
    """The fields in which two texts differ, in their order."""
    old, new = (terms.model_dump(mode="json") for terms in (before, after))
    return [FieldChange(field, old[field], new[field]) for field in FIELD_LABELS if old[field] != new[field]]


def undone(terms: Terms, changes: Iterable[FieldChange]) -> Terms:
    """The text as it was before these changes, which were made in this order."""
    fields = terms.model_dump(mode="json")
    for change in reversed(list(changes)):
        fields[change.field] = change.before
    return Terms.model_validate(fields)


def joined(current: Terms, since: Sequence[FieldChange], mine: Terms) -> Terms:
    """My text with what others changed (`since`) after it was shown to me; refuses where both changed one field."""
    shown = undone(current, since)
    my_changes = changes_between(shown, mine)
    theirs = {change.field for change in since}
    both = [change.field for change in my_changes if change.field in theirs and not _is(current, change)]
    if both:
        names = ", ".join(FIELD_LABELS[field].lower() for field in both)
        said = f"Somebody else changed this after you opened the form: {names}. Nothing of yours was saved yet."
        fields = dict.fromkeys(both, "Somebody else changed this meanwhile. Save again to put yours in its place.")
        raise Refusal(Kind.CONFLICT, "stale_version", said, fields=fields)
    fields = current.model_dump(mode="json") | {change.field: change.after for change in my_changes}
    return Terms.model_validate(fields)


def _is(terms: Terms, change: FieldChange) -> bool:
    """Whether a text says already what a change brings."""
    return bool(terms.model_dump(mode="json")[change.field] == change.after)
