"""What stops a command and what a person can do about it."""


class Trouble(Exception):
    """One clear sentence that says what is wrong and what to do; the command line prints it and exits with 1."""
