"""When Python looks for garbage: seldom, because each look holds up a request by two or three milliseconds."""

import gc

NEW_OBJECTS = 20_000
"""New objects between two looks (Python's default: 700)."""


def look_seldom() -> None:
    """From now on, for this process; what is there already, such as all that was imported, is never looked at again."""
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS, 20, 20)
    gc.enable()
