"""CSV for people who will open it in a spreadsheet."""

_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def harmless(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula: one that starts as a formula does gets an apostrophe before it.

    After OWASP, CSV injection.
    """
    return f"'{cell}" if cell.lstrip(" ").startswith(_STARTS) else cell
