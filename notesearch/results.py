"""What the trips give back: hits, answers, reports. Frozen values that print, compare and turn into JSON."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from pathlib import Path
from typing import Any

from notesearch.index.records import DateSpan

_IF_ASKED = "explanation"
"""This field is left out of what JSON gets unless it was asked for."""


def plain(value: Any) -> Any:
    """`value` as dicts, lists, texts and numbers: what JSON can hold."""
    if is_dataclass(value) and not isinstance(value, type):
        named = {f.name: getattr(value, f.name) for f in fields(value)}
        return {name: plain(item) for name, item in named.items() if name != _IF_ASKED or item is not None}
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    return str(value) if isinstance(value, Path) else value


class _Record:
    """What the four values share that a caller may want as JSON."""

    __slots__ = ()

    def to_dict(self) -> dict[str, Any]:
        """As JSON has it. On the command line an answer's `question` and `hits` stand beside it, not in it."""
        result: dict[str, Any] = plain(self)
        return result


@dataclass(frozen=True, slots=True)
class Signals:
    """What each arm said of a hit; None: it said nothing. Higher is better everywhere.

    `dense`: cosine, -1..1. `lexical`: share of the question's words, weighted by rarity, 0..1. `title`: how well the
    note's name or alias fits, 0..1; `links`: how well what links from other notes call it does; `heading`: whether a
    section begins there whose heading was asked for, 0..1. `time`: how far it lies in the days asked for, 0..1.
    `rerank`: MaxSim, about 0..1. `note_rerank`: the same for the note's found passages taken together. `cross`: what a
    cross-encoder says, 0..1; None where none was asked. `total`: the weighted sum of these and of the neighbouring
    passages', by which hits are ordered.
    """

    dense: float | None = None
    lexical: float | None = None
    title: float | None = None
    links: float | None = None
    heading: float | None = None
    time: float | None = None
    rerank: float | None = None
    note_rerank: float | None = None
    cross: float | None = None
    total: float | None = None


@dataclass(frozen=True, slots=True)
class Urls:
    """Ways to open a hit; None where one does not apply."""

    file: str
    editor: str
    obsidian: str | None = None
    web: str | None = None

    @property
    def preferred(self) -> str:
        """What a click opens: Obsidian if the note lies in a vault of it, else the file."""
        return self.obsidian if self.obsidian and "?vault=" in self.obsidian else self.file


@dataclass(frozen=True, slots=True)
class Opening(_Record):
    """A place to be opened: a `note`, the `path` of its file, a `line` of it from 1, and the links that lead there."""

    note: str
    path: str
    line: int
    urls: Urls


@dataclass(frozen=True, slots=True)
class LinkedNote:
    """A note at the other end of a link: what it is called, and what the link called it.

    `line`: where the part stands that a link leads to (None: to the whole note); where a backlink is written.
    """

    note: str
    title: str
    shown: str
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Contribution:
    """One part of a hit's total: `counted` is `weight` times the `value` that this part of the ranking found.

    `part`: "dense", "lexical", "only_one", "title", "exact_name", "links", "exact_heading", "time", "rerank",
    "note_rerank", "cross" (as `Signals` and `Weights` have them), "neighbours" (the mean total of the passages beside
    it) or "conflict_copy" (what lifted it above its copy). `assumed`: nothing is known of this passage, so the mean of
    the others stands in.
    """

    part: str
    value: float
    weight: float
    counted: float
    assumed: bool = False


@dataclass(frozen=True, slots=True)
class Explanation(_Record):
    """Why a hit stands where it stands: `parts`, whose `counted` add up to the total of its signals.

    `holds` and `lacks` are the question's telling words that the passage, its headings, its tags or the names of its
    note have, in any form, or do not have. `dates`: the days that were read from the question. `dated`: how they fit
    the note's date, "inside", "partly inside", "outside"; "undated" if it has none, "file time" if only its file has;
    "" if the question speaks of no days.
    """

    parts: tuple[Contribution, ...]
    holds: tuple[str, ...]
    lacks: tuple[str, ...]
    dates: tuple[DateSpan, ...] = ()
    dated: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where to look: a note, the line from which on, and a link that opens it."""

    vault: str
    note: str
    line: int
    title: str
    url: str


@dataclass(frozen=True, slots=True)
class Hit(_Record):
    """A passage that was found.

    `text` is the exact slice `span` (characters; end exclusive) of the note, `lines` its first and last line (from 1,
    inclusive; of a PDF its page). `score` is the probability, 0..1, that the hit is relevant (of `related`: the
    cosine). `marks` are spans in `text` to highlight. `remarks` say what a reader should know of it: "conflict copy",
    "archived", "comment". `alike`: where other passages stand that were found and say the same. `id` is the passage's,
    or the negated `note_id` of a note that was found by its name and has no text. `explanation` is there if it was
    asked for.
    """

    id: int
    rank: int
    score: float
    note_id: int
    note: str
    vault: str
    title: str
    headings: tuple[str, ...]
    lines: tuple[int, int]
    span: tuple[int, int]
    text: str
    date: DateSpan | None
    tags: tuple[str, ...]
    signals: Signals
    marks: tuple[tuple[int, int], ...]
    links: tuple[LinkedNote, ...]
    backlinks: tuple[LinkedNote, ...]
    urls: Urls
    remarks: tuple[str, ...] = ()
    alike: tuple[Place, ...] = ()
    explanation: Explanation | None = None


@dataclass(frozen=True, slots=True)
class Quote:
    """Words of a note, verbatim, with their place. `date`: the note's, and where it was read, if the question asks when
    and the words do not tell the year.
    """

    text: str
    note: str
    lines: tuple[int, int]
    url: str
    date: DateSpan | None = None


NOT_BORNE_OUT = "[not borne out]"
"""Stands in a generated answer behind a sentence whose passages do not say so."""


@dataclass(frozen=True, slots=True)
class Citation:
    """A sentence of a generated answer, the `passage` it names (the id of a hit; 0: none that was shown to the model),
    and whether that passage bears it out.
    """

    sentence: str
    passage: int
    supported: bool


@dataclass(frozen=True, slots=True)
class Grounds(_Record):
    """What the confidence of an answer rests on. `enough`: from this confidence on an answer is given.

    `dense` and `note_rerank`: the best that these arms said of any hit looked at. `line`: how much of what the
    question's telling words say stands in the line of the best sentence, 0..1; `words`: the same of the first hit.
    `names`: the share of the question's names in that line, less that in the first hit, -1..1. Asked by words
    alone, it rests on `words`, and the others are None.
    """

    enough: float
    dense: float | None
    note_rerank: float | None
    line: float | None
    names: float | None
    words: float


@dataclass(frozen=True, slots=True)
class Turn:
    """An earlier question of a conversation, and what was answered; "" if nothing was."""

    question: str
    answer: str = ""


@dataclass(frozen=True, slots=True)
class Answer(_Record):
    """What the notes say to a question.

    `text` is None when they do not say. `generator` wrote it: "extract" takes it from the notes word for word, a
    language model goes by its name; then `citations` tell sentence by sentence what it rests on, also if nothing was
    borne out and the extract took the answer's place. `quotes` are verbatim in any case. `confidence` is the
    probability, 0..1, that the notes hold an answer; they are said to (`answerable`) from a threshold on, unless a
    language model found none in the passages. `newer`: notes that changed and are not in the index yet. `explanation`
    is there if it was asked for.
    """

    question: str
    text: str | None
    quotes: tuple[Quote, ...]
    citations: tuple[Citation, ...]
    dates: tuple[DateSpan, ...]
    newer: int
    answerable: bool
    confidence: float
    generator: str
    hits: tuple[Hit, ...]
    explanation: Grounds | None = None

    @property
    def turn(self) -> Turn:
        """What a later question of the same conversation may lean on."""
        return Turn(self.question, self.text or "")


@dataclass(frozen=True, slots=True)
class Problem:
    """A file that could not be read as it should, and why; with the path "" it is said of the vault as a whole."""

    vault: str
    path: str
    reason: str


Progress = Callable[[str, int, int], None]
"""Called with what is being done ("reading", "embedding", …), how many are done, and of how many."""


def silent(stage: str, done: int, total: int) -> None:
    """No progress shown."""


@dataclass(frozen=True, slots=True)
class UpdateReport(_Record):
    """What an update did. Notes are counted; `embedded` counts texts that went through the encoder; `seconds` is wall
    time.

    `failed`: not read. `remarks`: read, but not clean (bad bytes, say), or things the user should know. `refused`:
    vaults that were left as they are in the index, since their folder cannot be read or has lost most of its notes.
    """

    added: int = 0
    changed: int = 0
    removed: int = 0
    moved: int = 0
    unchanged: int = 0
    passages: int = 0
    embedded: int = 0
    failed: tuple[Problem, ...] = ()
    remarks: tuple[Problem, ...] = ()
    refused: tuple[Problem, ...] = ()
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class VaultStatus(_Record):
    """A vault of the index. `reachable` is whether its folder can be listed now; `state`: "here", "gone" (there is no
    such folder), "unreadable", or "empty" (which a drive's place is, too, while it is not mounted). `notes`: how many
    the index has of it; `last_read`: when it was last compared with the index as a whole, None before the first time.
    """

    name: str
    root: str
    kind: str
    reachable: bool
    state: str
    notes: int
    last_read: datetime | None


@dataclass(frozen=True, slots=True)
class DoubtfulLink(_Record):
    """A link as written, `[[target#part]]`, that leads nowhere or could have meant several files.

    `reason` is why it leads nowhere, or how the file `taken` was chosen; `others` is how many would have fitted too.
    `partless`: the note that was taken has no such part.
    """

    vault: str
    note: str
    line: int
    target: str
    part: str
    reason: str
    taken: str | None
    others: int
    partless: bool


@dataclass(frozen=True, slots=True)
class Status(_Record):
    """The index at a glance. `pending`: passages without a vector yet; `newer`: notes changed since then;
    `attachments`: what is read of PDFs and pictures, and what it takes to read more, a sentence each.
    """

    index: str
    vaults: tuple[VaultStatus, ...]
    notes: int
    passages: int
    links: int
    pending: int
    newer: int
    model: str
    dimension: int
    size_bytes: int
    failed: tuple[Problem, ...]
    unresolved_links: tuple[tuple[str, int], ...]
    attachments: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """Something in the index that is not as it must be: of what `part`, what was `seen`, and how it is mended. What is
    `harmless` costs nothing but its space.
    """

    part: str
    seen: str
    mend: str
    harmless: bool = False


@dataclass(frozen=True, slots=True)
class Checkup(_Record):
    """Whether the index is `sound`, and if it was mended, whether it is now. `findings`: what was found before that.

    `notes` and `passages` were looked at; `embedded`: texts that went through the encoder again to mend it; `remains`:
    what is still unsound.
    """

    sound: bool
    findings: tuple[Finding, ...]
    notes: int
    passages: int
    mended: bool = False
    embedded: int = 0
    remains: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Missed:
    """A question whose right place did not come first. `rank`: where it came, None: not among the first ten; `first`:
    what came first instead, None: nothing did.
    """

    kind: str
    question: str
    rank: int | None
    right: Place
    first: Place | None


@dataclass(frozen=True, slots=True)
class Quality:
    """How well the questions of a kind were answered; the kind "together" is all of them.

    `recall_5`, `ndcg_10`, `mrr_10`: means over the questions, 0..1 (1: the right place was always first). `median_ms`
    and `p95_ms`: how long a search took, 95 of 100 no longer than the latter.
    """

    kind: str
    questions: int
    recall_5: float
    ndcg_10: float
    mrr_10: float
    median_ms: float
    p95_ms: float


@dataclass(frozen=True, slots=True)
class Measured:
    """One index, measured: the kinds of questions, "together" last, and the worst questions, worst first."""

    index: str
    model: str
    kinds: tuple[Quality, ...]
    worst: tuple[Missed, ...]


@dataclass(frozen=True, slots=True)
class Versus:
    """The second index against the first, question by question: for how many it ranks the right place higher or lower,
    and how likely so uneven a split is by `chance` alone, 0..1 (sign test, two-sided).
    """

    better: int
    worse: int
    chance: float


@dataclass(frozen=True, slots=True)
class Evaluation(_Record):
    """How well an index finds what is known to be in its vaults, and the same of another, if one was named.

    `available`: how many questions of each kind the vaults give; `seconds`: how long asking took.
    """

    available: dict[str, int]
    measured: tuple[Measured, ...]
    versus: Versus | None
    seconds: float
