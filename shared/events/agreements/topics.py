"""The topics of the agreements service."""

PROGRAMS = "agreements.programs.v1"
COVERAGE = "agreements.coverage.v1"
EVENTS = "agreements.events.v1"
MEETINGS = "agreements.meetings.v1"
