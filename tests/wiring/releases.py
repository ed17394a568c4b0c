"""The releases on record (releases.toml), and what a migration takes away from the one before."""

import ast
import re
import tomllib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]

TAKES_AWAY = {"drop_table", "drop_column", "rename_table"}
TIGHTENS = {"create_unique_constraint", "create_foreign_key", "create_check_constraint", "create_primary_key"}
BY_HAND = re.compile(
    r"DROP\s+(TABLE|COLUMN)|RENAME|SET\s+NOT\s+NULL|ADD\s+CONSTRAINT|ALTER\s+COLUMN\s+\S+\s+(SET\s+DATA\s+)?TYPE", re.I
)


@dataclass(frozen=True, slots=True)
class Release:
    """A release: the commit that it was made of, and the newest revision of each service's tables."""

    version: str
    commit: str
    revisions: dict[str, str]


def releases() -> list[Release]:
    """All of them, newest last."""
    return [Release(**one) for one in tomllib.loads((ROOT / "releases.toml").read_text())["release"]]


def new_revisions(service: str, release: Release) -> list[Path]:
    """The migrations that came after a release."""
    folder = ROOT / "services" / service / "migrations" / "versions"
    return sorted(p for p in folder.glob("[0-9]*.py") if p.name[:4] > release.revisions[service])


def contracts(source: str) -> str | None:
    """The release by which nothing used any more what this migration takes away, as it says itself."""
    found = re.search(r'^contracts = "([^"]+)"$', source, re.M)
    return found.group(1) if found else None


def new_tables(source: str) -> set[str]:
    """Tables that the migration makes: no older code knows them."""
    return {str(_literal(call.args[0])) for call in _operations(source) if _name(call) == "create_table"}


def breaks(source: str, fresh: Collection[str]) -> list[str]:
    """What of a migration the release before would stumble over; `fresh`: tables that are newer than it."""
    return [ast.unparse(call)[:100] for call in _operations(source) if _breaks(call, fresh)]


def _operations(source: str) -> Iterator[ast.Call]:
    for function in ast.parse(source).body:
        if isinstance(function, ast.FunctionDef) and function.name == "upgrade":
            yield from (node for node in ast.walk(function) if isinstance(node, ast.Call) and _name(node))


def _name(call: ast.Call) -> str:
    """`add_column` of `op.add_column(...)`."""
    match call.func:
        case ast.Attribute(value=ast.Name(id="op"), attr=name):
            return name
    return ""


def _breaks(call: ast.Call, fresh: Collection[str]) -> bool:
    name, given = _name(call), {k.arg: k.value for k in call.keywords if k.arg}
    if name == "execute":
        return bool(BY_HAND.search(" ".join(_strings(call))))
    # The table stands first, but for indexes and constraints after the name.
    place = 1 if name.startswith("create_") and name != "create_table" else 0
    if call.args and _literal(call.args[place]) in fresh:
        return False
    if name == "add_column":
        return _is_demanding(call.args[1])
    if name == "alter_column":
        strict = _literal(given.get("nullable")) is False or "new_column_name" in given or "type_" in given
        return strict or ("server_default" in given and _literal(given["server_default"]) is None)
    if name == "create_index":
        return _literal(given.get("unique")) is True
    return name in TAKES_AWAY | TIGHTENS


def _is_demanding(column: ast.expr) -> bool:
    """A column that old code does not fill, and that must be filled."""
    assert isinstance(column, ast.Call)
    given = {k.arg: k.value for k in column.keywords}
    made = any(word in ast.unparse(column) for word in ("sa.Identity", "sa.Computed"))
    return _literal(given.get("nullable")) is False and "server_default" not in given and not made


def _literal(node: ast.expr | None) -> object:
    return node.value if isinstance(node, ast.Constant) else None if node is None else ast.unparse(node)


def _strings(call: ast.Call) -> list[str]:
    return [str(n.value) for n in ast.walk(call) if isinstance(n, ast.Constant) and isinstance(n.value, str)]
