"""Reading a set: a folder with `vault/`, `queries.jsonl` and `qrels.jsonl`.

What is read here is what the files say; where the evidence stands in a note is worked out in `evidence`. Questions
marked as disputed are left out at once, so that nothing behind this file can count them.
"""

from __future__ import annotations

import json
import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from pathlib import Path
from typing import Any

from notesearch.results import Turn


class SetError(Exception):
    """A set cannot be read; the message names the file and what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Mark:
    """One piece of evidence as the judgment gives it: its words, or its lines (from 1, inclusive), or both.

    `offset` counts characters from the top of the note. A mark that names only a heading has neither words nor lines.
    """

    text: str = ""
    lines: tuple[int, int] | None = None
    offset: int | None = None


@dataclass(frozen=True, slots=True)
class Judgment:
    """A note that was judged, how relevant it is (0: not at all), and where in it the evidence stands."""

    note: str
    relevance: int
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True, slots=True)
class Question:
    """A question with its judgments.

    `sources` are notes that hold the question word for word; `scope` are the notes its asker had in view (empty:
    all). `history` is what was said before it, oldest first.
    """

    id: str
    text: str
    answerable: bool
    answers: tuple[str, ...] = ()
    sources: frozenset[str] = frozenset()
    scope: frozenset[str] = frozenset()
    judgments: tuple[Judgment, ...] = ()
    history: tuple[Turn, ...] = ()

    @property
    def judged(self) -> bool:
        """Whether it counts in the measures of ranking: unanswerable questions count in refusal alone."""
        return self.answerable and any(judgment.relevance > 0 for judgment in self.judgments)


@dataclass(frozen=True, slots=True)
class JudgedSet:
    """A vault and the questions to ask about it, the disputed ones left out."""

    name: str
    vault: Path
    questions: tuple[Question, ...]

    def sample(self, size: int, seed: int) -> JudgedSet:
        """The set with `size` of its questions, in their order; the same seed draws the same questions."""
        if size >= len(self.questions):
            return self
        drawn = sorted(random.Random(seed).sample(range(len(self.questions)), size))
        return replace(self, questions=tuple(self.questions[number] for number in drawn))


def load_set(folder: Path) -> JudgedSet:
    """Read the set in `folder`. Raises SetError."""
    vault = folder / "vault"
    if not vault.is_dir():
        raise SetError(f"{folder} is no set of judged notes: it has no folder `vault`. Name a folder that has one.")
    judgments: defaultdict[str, list[Judgment]] = defaultdict(list)
    for record in _records(folder / "qrels.jsonl", needs=("query_id", "note", "relevance")):
        judgments[record["query_id"]].append(_judgment(record))
    questions = tuple(
        _question(record, judgments[record["id"]])
        for record in _records(folder / "queries.jsonl", needs=("id", "text", "answerable"))
        if not record.get("disputed")
    )
    return JudgedSet(folder.resolve().name, vault.resolve(), questions)


def _records(path: Path, needs: Sequence[str]) -> Iterator[dict[str, Any]]:
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise SetError(f"{path} cannot be read: {error}") from error
    for number, line in enumerate(lines, start=1):
        if line.strip():
            yield _record(line, f"{path}:{number}", needs)


def _record(line: str, place: str, needs: Sequence[str]) -> dict[str, Any]:
    try:
        record = json.loads(line)
    except ValueError as error:
        raise SetError(f"{place} is not JSON: {error}") from error
    missing = [key for key in needs if not isinstance(record, dict) or key not in record]
    if missing:
        raise SetError(f"{place} lacks {', '.join(missing)}.")
    return dict(record)


def _question(record: dict[str, Any], judgments: Sequence[Judgment]) -> Question:
    return Question(
        id=record["id"],
        text=record["text"],
        answerable=record["answerable"],
        answers=tuple(record.get("answers") or ()),
        sources=frozenset(record.get("sources") or ()),
        scope=frozenset(record.get("scope") or ()),
        judgments=tuple(judgments),
        history=tuple(_turns(record.get("history") or ())),
    )


def _turns(said: Sequence[dict[str, str]]) -> Iterator[Turn]:
    """Each question of the user with what was said to it."""
    for at, utterance in enumerate(said):
        if utterance["speaker"] == "user":
            answers = takewhile(lambda each: each["speaker"] != "user", said[at + 1 :])
            yield Turn(utterance["text"], " ".join(answer["text"] for answer in answers))


def _judgment(record: dict[str, Any]) -> Judgment:
    return Judgment(
        note=record["note"],
        relevance=record["relevance"],
        marks=tuple(_mark(evidence) for evidence in record.get("evidence") or ()),
    )


def _mark(evidence: dict[str, Any]) -> Mark:
    lines = evidence.get("lines")
    return Mark(evidence.get("text") or "", (lines[0], lines[1]) if lines else None, evidence.get("offset"))
