"""Every message that is written, and to whom each speaks."""

from enum import StrEnum


class Audience(StrEnum):
    """To whom a message speaks."""

    FAMILY = "family"
    REFERRER = "referrer"
    PARTNER = "partner"
    COLLEAGUE = "colleague"
    """Whoever works on a partnership: at the school, the partner or the district."""


class Kind(StrEnum):
    """Which message."""

    FAMILY_CONSENT_ASKED = "family_consent_asked"
    FAMILY_CONSENT_REFUSED = "family_consent_refused"
    FAMILY_CONSENT_WAITING = "family_consent_waiting"
    FAMILY_SENT = "family_sent"
    FAMILY_ACCEPTED = "family_accepted"
    FAMILY_WAITLISTED = "family_waitlisted"
    FAMILY_DECLINED_NEXT = "family_declined_next"
    FAMILY_RETURNED = "family_returned"
    FAMILY_WITHDRAWN = "family_withdrawn"
    FAMILY_ENROLLED = "family_enrolled"
    FAMILY_NOT_CONTACTED = "family_not_contacted"
    FAMILY_COMPLETED = "family_completed"
    FAMILY_PROGRAM_HALTED = "family_program_halted"
    STAFF_CONSENT_GIVEN = "staff_consent_given"
    STAFF_CONSENT_REFUSED = "staff_consent_refused"
    STAFF_CONSENT_MISSING = "staff_consent_missing"
    STAFF_SENT = "staff_sent"
    STAFF_ACKNOWLEDGED = "staff_acknowledged"
    STAFF_ANSWER_MISSING = "staff_answer_missing"
    STAFF_ACCEPTED = "staff_accepted"
    STAFF_WAITLISTED = "staff_waitlisted"
    STAFF_DECLINED_NEXT = "staff_declined_next"
    STAFF_DECLINED_ASKED = "staff_declined_asked"
    STAFF_RETURNED = "staff_returned"
    STAFF_WITHDRAWN_BY_FAMILY = "staff_withdrawn_by_family"
    STAFF_WITHDRAWN_BY_SCHOOL = "staff_withdrawn_by_school"
    STAFF_COMPLETED = "staff_completed"
    STAFF_PROGRAM_HALTED = "staff_program_halted"
    STAFF_FAMILY_UNREACHABLE = "staff_family_unreachable"
    STAFF_PARTNER_UNREACHABLE = "staff_partner_unreachable"
    PARTNER_NEW = "partner_new"
    PARTNER_ANSWER_DUE = "partner_answer_due"
    PARTNER_ANSWER_OVERDUE = "partner_answer_overdue"
    PARTNER_WITHDRAWN = "partner_withdrawn"
    WORK_REGISTRATION_SUBMITTED = "work_registration_submitted"
    WORK_REGISTRATION_QUESTIONS = "work_registration_questions"
    WORK_PARTNER_APPROVED = "work_partner_approved"
    WORK_PARTNER_CONDITIONAL = "work_partner_conditional"
    WORK_PARTNER_DECLINED = "work_partner_declined"
    WORK_PARTNER_SUSPENDED = "work_partner_suspended"
    WORK_PARTNER_REINSTATED = "work_partner_reinstated"
    WORK_PARTNER_HALTED = "work_partner_halted"
    WORK_PARTNER_RESUMED = "work_partner_resumed"
    WORK_INSURANCE_EXPIRING = "work_insurance_expiring"
    WORK_CHECKS_EXPIRING = "work_checks_expiring"
    WORK_CERTIFICATION_ENDING = "work_certification_ending"
    WORK_CERTIFICATION_LAPSED = "work_certification_lapsed"
    WORK_DOCUMENT_ACCEPTED = "work_document_accepted"
    WORK_PARTNER_MERGED = "work_partner_merged"
    WORK_PROGRAM_CLOSED = "work_program_closed"
    WORK_PROGRAMS_TO_CONFIRM = "work_programs_to_confirm"
    WORK_PROGRAMS_LAPSED = "work_programs_lapsed"
    WORK_AGREEMENT_DRAFTED = "work_agreement_drafted"
    WORK_AGREEMENT_CHANGED = "work_agreement_changed"
    WORK_AGREEMENT_COMMENTED = "work_agreement_commented"
    WORK_AGREEMENT_SENT = "work_agreement_sent"
    WORK_AGREEMENT_TAKEN_BACK = "work_agreement_taken_back"
    WORK_AGREEMENT_SIGNED = "work_agreement_signed"
    WORK_AGREEMENT_CONCLUDED = "work_agreement_concluded"
    WORK_AGREEMENT_DISCARDED = "work_agreement_discarded"
    WORK_AGREEMENT_AMENDMENT = "work_agreement_amendment"
    WORK_AGREEMENT_ENDING = "work_agreement_ending"
    WORK_AGREEMENT_REVIEW_NEAR = "work_agreement_review_near"
    WORK_AGREEMENT_EXPIRED = "work_agreement_expired"
    WORK_AGREEMENT_ENDED = "work_agreement_ended"
    WORK_AGREEMENT_CONTACT = "work_agreement_contact"
    WORK_RATINGS_ASKED = "work_ratings_asked"
    WORK_RATINGS_GIVEN = "work_ratings_given"
    WORK_YEAR_END_ASKED = "work_year_end_asked"
    WORK_YEAR_END_DECIDED = "work_year_end_decided"
    WORK_YEAR_END_DECIDED_PROGRAM = "work_year_end_decided_program"
    WORK_YEAR_END_REOPENED = "work_year_end_reopened"
    WORK_MEETING_INVITED = "work_meeting_invited"
    WORK_MEETING_MOVED = "work_meeting_moved"
    WORK_MEETING_UPDATED = "work_meeting_updated"
    WORK_MEETING_CANCELLED = "work_meeting_cancelled"
    WORK_MEETING_DATE_CANCELLED = "work_meeting_date_cancelled"
    WORK_MEETING_UNINVITED = "work_meeting_uninvited"
    WORK_MEETING_REMINDER = "work_meeting_reminder"
    WORK_MEETING_MINUTES = "work_meeting_minutes"
    WORK_MEETING_DECLINED = "work_meeting_declined"
    WORK_TASK_AGREED = "work_task_agreed"
    WORK_TASK_DUE = "work_task_due"
    WORK_TASK_OVERDUE = "work_task_overdue"

    @property
    def audience(self) -> Audience:
        """To whom this message speaks."""
        group = self.value.partition("_")[0]
        return _AUDIENCES[group]


_AUDIENCES = {
    "family": Audience.FAMILY,
    "staff": Audience.REFERRER,
    "partner": Audience.PARTNER,
    "work": Audience.COLLEAGUE,
}
