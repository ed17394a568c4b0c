"""Kills, pauses and broken lines under load; a ledger outside the system says what became of every event."""
