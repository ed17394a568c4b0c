"""The words of one kind of message."""

from dataclasses import dataclass

from shared.translations import mark


@dataclass(frozen=True, slots=True)
class Text:
    """The words of one kind of message.

    Placeholders: `child` (first name), `student` (whole name), `school`, `program`, `programs`, `partner`, `next` (a
    program), `day`, `by` (day and hour), `reason`, `outcome`, `meeting` (its title), `where`.
    """

    subject: str
    """Of the e-mail; names nobody."""
    title: str
    """Above the message, in both forms; names nobody."""
    words: str
    """In the app."""
    button: str
    discreet: str = ""
    """In the e-mail; empty: the same as in the app."""

    @property
    def mail(self) -> str:
        """The words of the e-mail."""
        return self.discreet or self.words


UNKNOWN = {
    "child": mark("your child"),
    "student": mark("a student"),
    "program": mark("a program"),
    "partner": mark("a partner"),
    "school": mark("a school"),
    "next": mark("a program"),
    "meeting": mark("a meeting"),
    "where": mark("a place still to be named"),
}
"""Stands for what is not known, or not any more."""
