"""`Where` as SQL: which notes may be searched at all."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator

from notesearch.index.records import Where

_TAG = "EXISTS (SELECT 1 FROM tag WHERE tag.note = note.id AND tag.tag = ?)"
_PROPERTY = (
    "EXISTS (SELECT 1 FROM property WHERE property.note = note.id AND lower(property.key) = lower(?) "
    "AND lower(property.value) = lower(?))"
)
_PATH = "(path LIKE ? ESCAPE '\\' OR path LIKE ? ESCAPE '\\')"
_BETWEEN = "(date_first <= ? AND date_last >= ?)"

Condition = tuple[str, tuple[str, ...]]


def select_notes(connection: sqlite3.Connection, where: Where) -> list[int] | None:
    """Ids of the notes that fit, ascending; None if every note does."""
    conditions = list(_conditions(where))
    if not conditions:
        return None
    clause = " AND ".join(condition for condition, _ in conditions)
    values = [value for _, group in conditions for value in group]
    return [row[0] for row in connection.execute(f"SELECT id FROM note WHERE {clause} ORDER BY id", values)]


def _conditions(where: Where) -> Iterator[Condition]:
    """Several tags narrow the choice; several paths or vaults widen it, since a note has only one."""
    for tag in where.tags:
        yield _tag(tag)
    for pair in where.properties:
        yield _PROPERTY, pair
    if where.paths:
        yield _either(_path, where.paths)
    if where.vaults:
        yield f"vault IN (SELECT id FROM vault WHERE name IN ({_marks(where.vaults)}))", where.vaults
    if where.first:
        yield "date_last >= ?", (where.first.isoformat(),)
    if where.last:
        yield "date_first <= ?", (where.last.isoformat(),)
    yield from _exclusions(where)


def _exclusions(where: Where) -> Iterator[Condition]:
    for tag in where.not_tags:
        yield _not(_tag(tag))
    for pair in where.not_properties:
        yield _not((_PROPERTY, pair))
    for path in where.not_paths:
        yield _not(_path(path))
    for first, last in where.not_between:
        yield _not((f"(date_first IS NOT NULL AND {_BETWEEN})", (last.isoformat(), first.isoformat())))


def _tag(tag: str) -> Condition:
    return _TAG, (tag.lstrip("#").casefold().rstrip("/"),)


def _path(path: str) -> Condition:
    escaped = path.removeprefix("./").replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return _PATH, (f"{escaped}%", f"%/{escaped}%")


def _either(condition: Callable[[str], Condition], words: tuple[str, ...]) -> Condition:
    parts = [condition(word) for word in words]
    return f"({' OR '.join(part for part, _ in parts)})", tuple(value for _, values in parts for value in values)


def _not(condition: Condition) -> Condition:
    return f"NOT {condition[0]}", condition[1]


def _marks(values: tuple[str, ...]) -> str:
    return ", ".join("?" * len(values))
