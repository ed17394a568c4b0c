"""The topics of the agreements service."""

PROGRAMS = "agreements.programs.v1"
EVENTS = "agreements.events.v1"
