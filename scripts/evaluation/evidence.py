"""What a question's ranking is scored by, and where in the notes its evidence stands.

Evidence is compared as characters, never as line numbers: a line can be longer than a passage, and a passage can hold
half a line. Where the judgment gives the words, the words are the evidence; where it gives only lines, those lines
are; where it names only a heading, the place is not known and the measures of places leave the question out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from notesearch.read.decode import decode
from scripts.evaluation.data import Mark, Question, SetError
from scripts.evaluation.said import Found
from scripts.evaluation.spans import Span, overlap

_LINE_END = re.compile(r"\r\n|\n|\r")


@dataclass(frozen=True, slots=True)
class Evidence:
    """A piece of evidence in its note, and the same piece cut into its lines, without the blanks at their ends."""

    note: str
    span: Span
    lines: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Gold:
    """The relevance of each note, where the evidence stands, and the relevant notes in which no place is known."""

    relevance: Mapping[str, int]
    evidence: tuple[Evidence, ...] = ()
    whole_notes: frozenset[str] = frozenset()

    def is_relevant(self, found: Found) -> bool:
        """Whether the passage overlaps the evidence, where its place is known; else whether its note is relevant."""
        place = (found.start, found.end)
        return found.note in self.whole_notes or any(
            piece.note == found.note and overlap(piece.span, place) for piece in self.evidence
        )


class NoteText:
    """A note's decoded text with the places of its lines, which end as rule T3 says."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._starts = [0, *(end.end() for end in _LINE_END.finditer(text))]

    def span_of_lines(self, first: int, last: int) -> Span:
        """The span of these lines (from 1, inclusive), as far as the note has them."""
        count = len(self._starts)
        start = self._starts[first - 1] if first <= count else len(self.text)
        return start, self._starts[last] if last < count else len(self.text)

    def find(self, wanted: str, near: Span) -> Span | None:
        """Where `wanted` stands: its first place in `near`, else the place closest to it, any blanks taken as equal."""
        if not wanted.strip():
            return None
        start = self.text.find(wanted, *near)
        if start >= 0:
            return start, start + len(wanted)
        pattern = r"\s+".join(map(re.escape, wanted.split()))
        places = (match.span() for match in re.finditer(pattern, self.text))
        return min(places, key=lambda place: abs(place[0] - near[0]), default=None)

    def trimmed(self, span: Span) -> Span:
        """The span without the blanks at its ends."""
        text = self.text[slice(*span)]
        start = span[0] + len(text) - len(text.lstrip())
        return start, max(start, span[0] + len(text.rstrip()))

    def lines_of(self, span: Span) -> tuple[Span, ...]:
        """The span cut at line ends: its lines that are not blank, trimmed."""
        borders = [span[0]]
        borders += [border for end in _LINE_END.finditer(self.text, *span) for border in end.span()]
        borders.append(span[1])
        lines = (self.trimmed(line) for line in zip(borders[::2], borders[1::2], strict=True))
        return tuple(line for line in lines if line[0] < line[1])


class NoteTexts:
    """The notes of a vault by their paths, each read once. Raises SetError for a note that cannot be read."""

    def __init__(self, vault: Path) -> None:
        self._vault = vault
        self._read: dict[str, NoteText] = {}

    def __getitem__(self, path: str) -> NoteText:
        if path not in self._read:
            try:
                data = (self._vault / path).read_bytes()
            except OSError as error:
                raise SetError(f"{self._vault / path} cannot be read: {error}") from error
            self._read[path] = NoteText(decode(data).text)
        return self._read[path]


def gold_of(question: Question, notes: NoteTexts) -> Gold:
    """Locate the evidence in a question's relevant notes."""
    relevance: dict[str, int] = {}
    evidence: list[Evidence] = []
    for judgment in question.judgments:
        relevance[judgment.note] = max(judgment.relevance, relevance.get(judgment.note, 0))
        if judgment.relevance > 0 and judgment.marks:
            pieces = (locate(judgment.note, mark, notes[judgment.note]) for mark in judgment.marks)
            evidence += [piece for piece in pieces if piece is not None]
    relevant = {note for note, grade in relevance.items() if grade > 0}
    return Gold(relevance, tuple(evidence), frozenset(relevant - {piece.note for piece in evidence}))


def locate(path: str, mark: Mark, note: NoteText) -> Evidence | None:
    """Where a mark stands in its note; None if it names no place, or one that is blank."""
    span = _span_of(mark, note)
    lines = note.lines_of(span) if span else ()
    return Evidence(path, note.trimmed(span), lines) if span and lines else None


def _span_of(mark: Mark, note: NoteText) -> Span | None:
    lines = note.span_of_lines(*mark.lines) if mark.lines else None
    if not mark.text:
        return lines
    if mark.offset is not None and note.text.startswith(mark.text, mark.offset):
        return mark.offset, mark.offset + len(mark.text)
    return note.find(mark.text, lines or (0, len(note.text))) or lines
