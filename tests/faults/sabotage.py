"""Planted bugs, for checking that the scenarios notice them; only ever in the rig's own processes."""


def plant(name: str) -> None:
    """Break this process in the named way; an empty name breaks nothing."""
    if name:
        BUGS[name]()


BUGS: dict = {}
