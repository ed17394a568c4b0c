"""Referrals: a student's need, the family's consent, and the attempts to find a program for the student.

Owns consents, referrals, their attempts and their words. Publishes `referrals.events.v1`. Listens to
schools and persons (people), programs (agreements) and what became of messages (notifications), and keeps
what it needs of them in projections of its own.
"""
