"""People: schools, persons, who is whose guardian, roles and sign-in; imports rosters (OneRoster CSV).

Publishes the state of schools and persons (`people.schools.v1`, `people.persons.v1`) and what happened
(`people.events.v1`); listens to programs, whose contacts become persons who may answer for the organization, and
to the languages that people choose.
"""
