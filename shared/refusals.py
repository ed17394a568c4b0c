"""What cannot be done, said so that a person knows what to do next. Typed inside, rendered once at the edge."""

from collections.abc import Mapping
from enum import IntEnum


class Kind(IntEnum):
    """Why something is refused; the value is the HTTP status at the edge."""

    MALFORMED = 400
    NOT_SIGNED_IN = 401
    FORBIDDEN = 403
    NOT_FOUND = 404
    CONFLICT = 409
    GONE = 410
    TOO_LARGE = 413
    INVALID = 422
    TOO_MANY = 429
    UNAVAILABLE = 503


class Refusal(Exception):
    """A refusal: `kind` decides the status, `code` is stable for programs, the message is for people.

    `fields` maps a form field to what is wrong with it; `retry_after` is in seconds.
    """

    def __init__(
        self,
        kind: Kind,
        code: str,
        message: str,
        *,
        fields: Mapping[str, str] | None = None,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(message)
        self.kind, self.code, self.message = kind, code, message
        self.fields, self.retry_after = dict(fields or {}), retry_after
