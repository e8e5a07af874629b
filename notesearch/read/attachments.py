"""Which attachments can be read here: each kind needs an extra, which may be missing or switched off.

Nothing is imported to find that out, so that a vault full of pictures costs a cold start nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec

from notesearch.index.records import Role


@dataclass(frozen=True, slots=True)
class Ability:
    """What reads files of a role. `extra` names it in the settings and in `pip install`; it stands on `modules`."""

    extra: str
    role: Role
    kind: str
    modules: tuple[str, ...]


PDF = Ability("pdf", "pdf", "PDF", ("pypdfium2",))
OCR = Ability("ocr", "picture", "picture", ("rapidocr", "onnxruntime", "PIL"))
ABILITIES = (PDF, OCR)


@cache
def is_installed(ability: Ability) -> bool:
    """Whether its modules are there."""
    return all(find_spec(module) is not None for module in ability.modules)


def readable(wanted: Collection[str]) -> frozenset[Role]:
    """The roles of files that are read as notes; `wanted` are the extras that the settings ask for."""
    able = (ability.role for ability in ABILITIES if ability.extra in wanted and is_installed(ability))
    return frozenset[Role](("note", "canvas", *able))


def waiting(wanted: Collection[str]) -> frozenset[Role]:
    """The roles of files that would be read, were their extra installed."""
    return frozenset(ability.role for ability in ABILITIES if ability.extra in wanted and not is_installed(ability))


def said(present: Mapping[Role, int], known: Mapping[Role, int], wanted: Collection[str]) -> tuple[str, ...]:
    """What is read of the files that are `present`, and what it takes to read the rest; `known` are in the index."""
    read = [_counted(present[a.role], a.kind) for a in ABILITIES if a.role in readable(wanted) and present[a.role]]
    sentences = [f"text of {' and '.join(read)} is read"] if read else []
    for ability in ABILITIES:
        left = present[ability.role] - known[ability.role]
        if ability.role in readable(wanted) or left <= 0:
            continue
        are, their = ("is", "its") if left == 1 else ("are", "their")
        way_out = (
            f"{their} text is read with: {_install(ability)}"
            if ability.extra in wanted
            else f"{ability.extra!r} is not among the `attachments` of the settings"
        )
        sentences.append(f"{_counted(left, ability.kind)} {are} known by name only; {way_out}")
    return (*sentences, *kept(known, wanted))


def kept(known: Mapping[Role, int], wanted: Collection[str]) -> tuple[str, ...]:
    """What was read by an extra that is gone."""
    return tuple(
        f"text of {_counted(known[ability.role], ability.kind)} is kept as it was read, until the file changes; "
        f"it is read again with: {_install(ability)}"
        for ability in ABILITIES
        if ability.role in waiting(wanted) and known[ability.role]
    )


def _install(ability: Ability) -> str:
    return f"pip install 'notesearch[{ability.extra}]'"


def _counted(number: int, kind: str) -> str:
    return f"{number:,} {kind}{'s' * (number != 1)}"
