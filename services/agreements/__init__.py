"""Agreements: partner organizations and their programs, the public directory; imports programs (CSV by a mapping).

Publishes the state of programs (`agreements.programs.v1`) and what happened (`agreements.events.v1`); listens to
schools, so that programs can say whom they serve.
"""
