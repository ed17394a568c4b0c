"""Tells families, staff and partners what became of referrals, in their language, in the app and by e-mail.

Publishes `notifications.events.v1`; listens to persons, schools, programs and the facts of referrals.
"""
