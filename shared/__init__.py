"""Contracts and plumbing that every service uses; no business rule and no service's table lives here."""
