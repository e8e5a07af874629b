"""Questions whose answer is known, made from the vaults themselves.

What a link shows is what its writer calls the note it leads to; a note is known by its title and aliases; a heading
tells what stands below it. Each such text is a question, and the note (or the section) its one right answer. A text
that could mean another note, too, is no question.

The invariant: nothing may be found by the link that the question was taken from. Notes that link with these words are
left out of the ranking, for they hold them. No part of the ranking reads links to a note; one that does must leave out
those of the notes in `asking` when it is measured here.
"""

from __future__ import annotations

import random
import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from unicodedata import normalize

from notesearch.index.catalog import NoteRow
from notesearch.index.records import Part, role_of
from notesearch.index.store import Store
from notesearch.language import STOP_WORDS, words_of

KINDS = ("title", "alias", "heading", "link")

_LINE_END = re.compile(r"\r\n|[\r\n]")

Whose = tuple[str, str]
"""The root of a note's vault, and its path: that names it in any index of the same vaults."""


@dataclass(frozen=True, slots=True)
class Question:
    """A question and its one right answer: the note `right`, or if `lines` (first, last) are given, a passage of it
    that touches them. `asking`: the notes that link to it with these words.
    """

    kind: str
    text: str
    right: Whose
    lines: tuple[int, int] | None = None
    asking: frozenset[Whose] = frozenset()


def questions_of(store: Store) -> dict[str, list[Question]]:
    """All questions that the vaults of an index give, by kind, in the order of `KINDS`, of vaults and of paths."""
    notes = {id_: row for id_, row in store.all_notes().items() if role_of(row.path) != "picture"}
    roots = {vault.id: vault.root for vault in store.vaults()}
    whose = {id_: (roots[row.vault], row.path) for id_, row in notes.items()}
    usable = {id_: row for id_, row in notes.items() if not row.conflict_copy}
    found = [*_called(usable, whose), *_sections(store, usable, whose), *_links(store, usable, whose)]
    meant = _meant(notes, whose, found)
    by_kind: dict[str, list[Question]] = {kind: [] for kind in KINDS}
    for same in _by_text(found).values():
        if len(meant[_folded(same[0].text)]) == 1 and (question := _merged(same)):
            by_kind[question.kind].append(question)
    return by_kind


def drawn(by_kind: Mapping[str, Sequence[Question]], count: int, seed: int) -> list[Question]:
    """`count` of the questions, as many of each kind as there are to have; the same for the same seed."""
    chance = random.Random(seed)
    chosen: list[Question] = []
    fewest_first = sorted(by_kind.values(), key=len)
    for kinds_left, questions in zip(range(len(by_kind), 0, -1), fewest_first, strict=True):
        share = (count - len(chosen)) // kinds_left
        chosen += chance.sample(questions, min(share, len(questions)))
    return chosen


def _called(notes: Mapping[int, NoteRow], whose: Mapping[int, Whose]) -> Iterator[Question]:
    for id_, row in notes.items():
        yield Question("title", row.title, whose[id_])
        yield from (Question("alias", alias, whose[id_]) for alias in row.aliases)


def _sections(store: Store, notes: Mapping[int, NoteRow], whose: Mapping[int, Whose]) -> Iterator[Question]:
    for id_, row in notes.items():
        parts = store.parts(row.vault, row.path) if role_of(row.path) == "note" else []
        sections = [(part.name, lines) for part in parts if part.level and (lines := section(parts, part.line))]
        written = _lines_with_text(store, id_) if sections else frozenset()
        for name, (first, last) in sections:
            if any(first < line <= last for line in written):
                yield Question("heading", name, whose[id_], (first, last))


def _links(store: Store, notes: Mapping[int, NoteRow], whose: Mapping[int, Whose]) -> Iterator[Question]:
    for link in store.named_links():
        if link.to in notes and link.note in whose:
            to = notes[link.to]
            lines = section(store.parts(to.vault, to.path), link.line) if link.line else None
            yield Question("link", link.shown, whose[link.to], lines, frozenset({whose[link.note]}))


def section(parts: Sequence[Part], line: int) -> tuple[int, int]:
    """First and last line of what a heading at `line` stands above: up to the next of its level or a higher one. What
    is no heading is a line alone.
    """
    level = next((part.level for part in parts if part.line == line and part.level), 0)
    following = (part.line - 1 for part in parts if part.line > line and 0 < part.level <= level)
    return (line, next(following, sys.maxsize)) if level else (line, line)


def _lines_with_text(store: Store, note: int) -> frozenset[int]:
    passages = store.passages_of(note)
    return frozenset(
        number
        for passage in passages
        for number, line in enumerate(_LINE_END.split(passage.text), start=passage.lines[0])
        if words_of(line)
    )


def _meant(
    notes: Mapping[int, NoteRow], whose: Mapping[int, Whose], found: Iterable[Question]
) -> Mapping[str, set[Whose]]:
    """Text → all notes that somebody may mean by it, names of files and first headings included."""
    meant: defaultdict[str, set[Whose]] = defaultdict(set)
    for id_, row in notes.items():
        for name in (row.title, row.name, row.heading, *row.aliases):
            meant[_folded(name)].add(whose[id_])
    for question in found:
        meant[_folded(question.text)].add(question.right)
    return meant


def _by_text(found: Iterable[Question]) -> dict[str, list[Question]]:
    """Texts that ask for something: more than a letter, and not only words that say nothing."""
    same: defaultdict[str, list[Question]] = defaultdict(list)
    for question in found:
        words = _folded(question.text).split()
        if len("".join(words)) > 1 and not STOP_WORDS.issuperset(words) and "://" not in question.text:
            same[_folded(question.text)].append(question)
    return dict(same)


def _merged(same: Sequence[Question]) -> Question | None:
    """One question of several with the same text and note: what is a name already is no heading's or link's own."""
    first = same[0]
    kin = [question for question in same if question.kind == first.kind]
    if first.kind == "heading" and len(kin) > 1:
        return None
    one_section = all(question.lines == first.lines for question in kin)
    asking = frozenset[Whose]().union(*(question.asking for question in kin))
    return replace(first, lines=first.lines if one_section else None, asking=asking)


def _folded(text: str) -> str:
    return " ".join(words_of(normalize("NFKC", text))).casefold()
