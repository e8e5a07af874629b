"""The one door to notesearch: all that the harness asks of the product stands here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from notesearch import Notebook
from notesearch.answer.asked import Asked
from notesearch.answer.extract import Sentence
from notesearch.ask import best_sentences, wanted_of
from notesearch.config import Settings
from notesearch.index.catalog import NoteRow, PassageRow
from notesearch.results import Answer, Hit, Progress, Turn
from notesearch.retrieve.query import parse
from notesearch.search import Ranking, meaning_of
from scripts.evaluation.baselines import IndexedPassage, Vectors
from scripts.evaluation.said import Cited, Found, QuotedText, Reply
from scripts.evaluation.switches import shared_out, switched

# As many hits as `ask` looks at.
_HITS_OF_AN_ANSWER = 10


@dataclass(frozen=True, slots=True)
class Weighed:
    """What the answer to a question rests on: the hits that are looked at, and their sentences."""

    wanted: Asked
    hits: Sequence[Hit]
    sentences: Sequence[Sentence]


class Product:
    """notesearch with its shipped settings, or with those that were switched."""

    def __init__(self, notebook: Notebook, remarks: Sequence[str] = (), llm: str = "") -> None:
        self._notebook = notebook
        self._remarks = tuple(remarks)
        self._llm = llm

    def remarks(self) -> tuple[str, ...]:
        """What makes the figures worth less than they look: notes that were not read, an arm that was silent."""
        return (*self._remarks, *self._notebook.take_remarks())

    def rank(self, question: str, depth: int, history: Sequence[Turn] = ()) -> list[Found]:
        """Its search, at most as deep as it compares token by token: asked for more, it would compare more."""
        ranking = self._notebook.ranking or Ranking()
        return list(map(_found, self._notebook.search(question, k=min(depth, ranking.reranked), history=history)))

    def answer(self, question: str, history: Sequence[Turn] = ()) -> Answer:
        """Its answer, as it is."""
        return self._notebook.ask(question, k=_HITS_OF_AN_ANSWER, history=history, llm=self._llm)

    def weighed(self, question: str) -> Weighed:
        """What its answer rests on."""
        store, embedder = self._notebook.store, self._notebook.embedder
        hits = self._notebook.search(question, k=_HITS_OF_AN_ANSWER)
        query = parse(question, property_keys=store.property_keys(), latest_year=store.latest_year)
        wanted = wanted_of(store, query)
        best = best_sentences(store, wanted, meaning_of(query, embedder), hits, embedder)
        return Weighed(wanted, hits, best)

    def reply(self, question: str, history: Sequence[Turn] = ()) -> Reply:
        """What matters of its answer."""
        answer = self.answer(question, history)
        quotes = tuple(QuotedText(quote.text, quote.note, quote.lines) for quote in answer.quotes)
        passages = {hit.id: _found(hit) for hit in answer.hits}
        cited = tuple(Cited(c.sentence, passages.get(c.passage), c.supported) for c in answer.citations)
        return Reply(quotes, answer.answerable, float(answer.confidence), cited)

    def embed(self, question: str) -> Vectors:
        """The question's vector: float32 (d,) of unit length."""
        vector: Vectors = self._notebook.embedder.embed_query(question).vectors[0]
        return vector

    def passages(self) -> tuple[list[IndexedPassage], Vectors]:
        """All passages of the index that have a vector, and the vectors: float32 (n, d) of unit length, row by row."""
        store = self._notebook.store
        ids, vectors = store.vectors()
        stored, notes = store.passages(ids.tolist()), store.all_notes()
        return [_indexed(stored[passage], notes) for passage in ids.tolist()], vectors


def _found(hit: Hit) -> Found:
    return Found(hit.note, hit.span[0], hit.span[1], float(hit.score))


def _indexed(passage: PassageRow, notes: Mapping[int, NoteRow]) -> IndexedPassage:
    note = notes[passage.note]
    return IndexedPassage(note.path, note.title, passage.headings, passage.start, passage.end, passage.text)


@contextmanager
def opened(
    cache: Path, vault: Path, switches: Mapping[str, str], progress: Progress, llm: str = ""
) -> Iterator[Product]:
    """Open the product over a vault with the shipped settings but for the switches; its index in `cache` is refreshed.

    `llm` names a language model to write the answers. Nobody's settings files are read. A switch of a setting can
    change the index, so it gets an index of its own.
    Raises SwitchError and what `Notebook` raises.
    """
    settings, ranking = Settings(), Ranking()
    of_ranking, of_settings = shared_out(switches, ranking, settings)
    settings = switched(settings, of_settings)
    index = cache / "-".join(
        ("index", *(f"{name}={quote(value, safe='')}" for name, value in sorted(of_settings.items())))
    )
    with Notebook.open(index, vaults=[vault], model=settings.model, settings=settings) as notebook:
        notebook.ranking = switched(ranking, of_ranking)
        report = notebook.update(progress=progress)
        yield Product(notebook, [f"{problem.path}: {problem.reason}" for problem in report.failed], llm)
