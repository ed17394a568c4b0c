"""Closed lists about what an agreement says."""

from enum import StrEnum


class AgreementKind(StrEnum):
    """What sort of agreement it is."""

    PAID_CONTRACT = "paid_contract"
    NO_COST_MOU = "no_cost_mou"
    SPACE_ALIGNMENT = "space_alignment"


class DataBasis(StrEnum):
    """On what ground the two share students' data."""

    NONE = "none"
    FAMILY_CONSENT = "family_consent"
    SCHOOL_OFFICIAL = "school_official"
    STUDIES = "studies"
    DIRECTORY_INFORMATION = "directory_information"
    OTHER = "other"


class EndReason(StrEnum):
    """Why an agreement was ended early."""

    BOTH_AGREED = "both_agreed"
    NOT_NEEDED = "not_needed"
    NOT_DELIVERED = "not_delivered"
    FUNDING = "funding"
    STAFFING = "staffing"
    REQUIREMENTS_NOT_MET = "requirements_not_met"
    OTHER = "other"


class DueKind(StrEnum):
    """What the calendar brings to an agreement."""

    TURN = "turn"
    """It begins, falls due for renewal, or expires."""
    RENEWAL = "renewal"
    """Its end comes near: people are reminded."""
    REVIEW = "review"
    """The day on which both sides said that they would look at it together."""


class Settled(StrEnum):
    """What became of something that was due."""

    DONE = "done"
    NOT_NEEDED = "not_needed"
    """The agreement had ended, moved its dates, or was renewed."""
    SUPERSEDED = "superseded"
    """A later one was due as well: nobody is reminded twice at once."""
