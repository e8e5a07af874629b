"""The one object that library users hold: vaults, their index, and the three trips over them.

The trips are imported inside the calls: what they need loads while the encoder does, in another thread.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from threading import RLock
from types import TracebackType
from typing import TYPE_CHECKING, Self

from notesearch import config
from notesearch.config import DEFAULT_MODEL, Settings
from notesearch.disk import Disk
from notesearch.embed import Embedder, choice
from notesearch.embed.choice import Chosen
from notesearch.errors import IndexDamaged, ModelError, UsageError
from notesearch.index.records import Role, Where, role_of
from notesearch.index.store import Store
from notesearch.model import Model
from notesearch.read import attachments
from notesearch.remarks import Remarks
from notesearch.results import (
    Answer,
    Checkup,
    DoubtfulLink,
    Evaluation,
    Hit,
    Opening,
    Problem,
    Progress,
    Status,
    Turn,
    UpdateReport,
    VaultStatus,
    silent,
)
from notesearch.vaults import add, called, checked, forget, listed, move

if TYPE_CHECKING:
    from notesearch.embed.cross_encoder import CrossEncoder
    from notesearch.endpoint import Endpoint
    from notesearch.retrieve.candidates import Meaning
    from notesearch.retrieve.query import Query
    from notesearch.search import Ranking

_MENDINGS = 3
"""Rounds of mending and checking: what follows from unsound rows can be told only when they are sound."""
_TIMED = 32
"""Passages that tell how long a model takes."""


class Notebook:
    """An open index with its vaults. Safe to use from several threads.

    `remarks` collects, since the last call of `take_remarks`, what the user should know: a stale index, a missing part.
    """

    def __init__(self, store: Store, chosen: Chosen, settings: Settings, remarks: Remarks | None = None) -> None:
        self.store = store
        self.settings = settings
        self.ranking: Ranking | None = None  # other than the shipped one only to measure it
        self._remarks = remarks or Remarks(*settings.remarks)
        self._model = Model(chosen, settings, self._remarks)
        self._disk = Disk(settings, self._model, self._remarks)
        self._reranker = self._named_reranker(settings.reranker)
        self._lock = RLock()

    @classmethod
    def open(
        cls,
        index: str | Path | None = None,
        *,
        vaults: Iterable[str | Path] = (),
        model: str | None = None,
        settings: Settings | None = None,
        create: bool = True,
        repair: bool = False,
    ) -> Self:
        """Open the index in the folder `index` (default: what the settings say); it is made if missing.

        With `repair`, a database that cannot be opened is made anew with what can be read of it; `check` does the rest.
        `vaults` are remembered by the index. `model` is for an index that has none yet, or to change it at the next
        update. Raises VaultError for a vault that is no folder, IndexUnusable (IndexMissing without `create`),
        ModelError.
        """
        settings = settings or config.load()
        roots = [checked(Path(vault)) for vault in vaults]
        folder = Path(index).expanduser().absolute() if index else settings.index
        try:
            store = Store.open(folder, create=create)
        except IndexDamaged:
            if not repair:
                raise
            store, kept = Store.salvage(folder)
            settings = replace(settings, remarks=(*settings.remarks, _made_anew(store, kept)))
        try:
            with store.saying():
                added = [remark for root in roots for remark in add(store, root)]
                settings = replace(settings, remarks=(*settings.remarks, *added))
                recipe, roots_known = store.recipe(), [vault.root for vault in store.vaults()]
            remarks = Remarks(*settings.remarks)
            if refused := settings.named_by_a_vault("model", roots_known):
                remarks.add(*([] if model or recipe else [refused]))
                settings = replace(settings, model=DEFAULT_MODEL)
            name = model or (recipe.model.name if recipe else settings.model)
            chosen = choice.for_questions(
                *(name, settings.cache, recipe.model if recipe and recipe.model.name == name else None),
                anew=model is not None,
                named=name in (model, settings.model),
                timeout_s=settings.llm_timeout_s,
                remark=remarks.add,
            )
            notebook = cls(store, chosen, settings, remarks)
        except BaseException:
            store.close()
            raise
        if store.migrated_from:
            notebook._remarks.add(
                "The index was of an older format and was brought to today's; the next `notesearch index` ends that."
            )
        return notebook

    def close(self) -> None:
        """Let go of the index."""
        with self._lock:
            self.store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # -- the three trips -------------------------------------------------------------------------------------------

    def update(
        self,
        *,
        force: bool = False,
        verify: bool = False,
        retry: bool = False,
        wait_s: float = 10.0,
        progress: Progress = silent,
    ) -> UpdateReport:
        """Bring the index up to the vaults as they are now; only what changed is read, only new text is embedded.

        `force` allows most notes of a vault to vanish, `verify` hashes every file, `retry` tries failed ones again. A
        vault that cannot be read, or lost most of its notes, is left as it is and named in the report. Raises
        VaultError if that is said of all of them, IndexBusy after `wait_s` seconds, IndexUnusable, ModelError. A
        database that turns out to be damaged is made anew, with the vectors of it that are sound, and that is remarked.
        """
        with self._using(), self.store.writing(wait_s):
            if self.store.is_known_to_be_damaged():
                self._make_anew()
            try:
                with self.store.saying():
                    return self._update(force=force, verify=verify, retry=retry, progress=progress)
            except IndexDamaged:
                self._make_anew()
                return self._update(force=force, verify=verify, retry=retry, progress=progress)

    def _update(self, *, force: bool, verify: bool, retry: bool, progress: Progress) -> UpdateReport:
        from notesearch.update import update  # brings what reads notes, which a question seldom needs

        if not self.store.vaults():
            raise UsageError("The index has no vault yet. Name one: notesearch index VAULT")
        scans = self._disk.look(self.store, verify=verify, retry=retry)
        if scans and self._model.needed(self.store, scans) and self._model.take_recipe(self.store, progress):
            # By another recipe every note is read again.
            scans = self._disk.look(self.store, verify=verify, retry=retry)
        if not scans:
            raise next(iter(self._disk.unreachable.values()))
        damaged = self.store.is_damaged()
        report = update(self.store, self._model.embedder, self.settings, scans, force=force, progress=progress)
        if damaged:
            self._remarks.add("A file of the index was missing or damaged; it was made anew from the database.")
        self._disk.newer = frozenset()
        if attachments.waiting(self.settings.attachments):
            self._remarks.add(*attachments.kept(_roles(self.store), self.settings.attachments))
        unreachable = (Problem(name, "", str(error)) for name, error in self._disk.unreachable.items())
        report = replace(report, refused=(*report.refused, *unreachable))
        if not report.refused:
            self.store.drop_damaged()
        return report

    def _make_anew(self) -> None:
        self.store, kept = self.store.salvaged()
        self._remarks.add(_made_anew(self.store, kept))

    def search(
        self,
        query: str | Sequence[str],
        k: int = 10,
        *,
        where: Where | None = None,
        explain: bool = False,
        history: Sequence[Turn] = (),
    ) -> list[Hit]:
        """The best `k` passages, best first. `query` may be several phrasings of one question: what all of them find
        comes first.

        Every hit carries its signals; with `explain`, why it stands where it stands, too. `history` as for `ask`.
        Raises UsageError if a `query` is blank, there is none, `k` is below 1, or several are to be explained;
        ModelError if the settings name a reranker that cannot be had.
        """
        phrasings = [query] if isinstance(query, str) else list(query)
        if not phrasings:
            raise UsageError("There is nothing to search for. Give a question, or several phrasings of one.")
        if explain and len(phrasings) > 1:
            raise UsageError("Only the hits of one phrasing can be explained. Ask with one at a time.")
        with self._using():
            parsed = [self._parse(each, k, where, history, typing=each == each.rstrip()) for each in phrasings]
            first, *also = [(each, self._model.meaning(self.store, each)) for each in parsed]
            return self._search(*first, k, also=also, explain=explain)

    def ask(
        self,
        question: str,
        k: int = 5,
        *,
        where: Where | None = None,
        explain: bool = False,
        history: Sequence[Turn] = (),
        llm: str | None = None,
        tell: Callable[[str], None] | None = None,
    ) -> Answer:
        """An answer in the notes' own words, and the `k` passages it rests on. Raises as `search`.

        With `explain`, also what its confidence rests on, and why each passage stands where it stands. A question that
        leans on `history`, the `turn`s of earlier answers, oldest first, is understood with their words. A language
        model `llm` (NAME@PLACE; None: that of the settings; "": none) writes the answer if the notes seem to hold one;
        `tell` gets each of its sentences once it is checked. If it fails, that is a remark.
        """
        model = self._language_model(llm)
        answer, query = self._extracted(question, k, where, explain, history)
        if model is None:
            return answer
        from notesearch.ask import prompt_for, write

        prompt = prompt_for(answer, query, history, self.settings)
        if prompt is None:
            return answer
        answer, remarks = write(answer, prompt, model, self.settings.llm_timeout_s, self._similar, tell)
        with self._lock:
            self._remarks.add(*remarks)
        return answer

    def prompt(
        self, question: str, k: int = 5, *, where: Where | None = None, history: Sequence[Turn] = ()
    ) -> Sequence[Mapping[str, str]]:
        """The messages that a language model would be sent for a question, each with its role; none if the notes do
        not seem to hold an answer. Nothing is sent. Raises as `search`.
        """
        from notesearch.ask import prompt_for

        answer, query = self._extracted(question, k, where, False, history)
        prompt = prompt_for(answer, query, history, self.settings)
        return prompt.messages if prompt else ()

    # -- vaults ----------------------------------------------------------------------------------------------------

    def vaults(self) -> tuple[VaultStatus, ...]:
        """The vaults of this index, in the order they were added, as they are now."""
        with self._using():
            return listed(self.store)

    def vault(self, name: str) -> VaultStatus:
        """The vault of a name, or with a folder. Raises UsageError if there is none, or it could be either of two."""
        with self._using():
            wanted = called(self.store, name).name
            return next(vault for vault in listed(self.store) if vault.name == wanted)

    def add_vault(self, folder: str | Path, *, wait_s: float = 10.0) -> None:
        """Remember a vault; the next `update` reads it. One that lies in another takes over that folder's notes.

        Raises VaultError if it is no folder, IndexBusy after `wait_s` seconds.
        """
        with self._changing_vaults(wait_s):
            self._remarks.add(*add(self.store, Path(folder)))

    def forget_vault(self, vault: str, *, wait_s: float = 10.0) -> None:
        """Remove a vault, given by its name or folder, and its notes from the index; nothing of them stays in its
        files. The folder is not touched: adding and updating brings all back.

        Raises UsageError if there is no such vault, IndexBusy after `wait_s` seconds.
        """
        with self._changing_vaults(wait_s):
            self._remarks.add(*forget(self.store, called(self.store, vault)))

    def move_vault(self, vault: str, folder: str | Path, *, force: bool = False, wait_s: float = 10.0) -> None:
        """The folder of a vault, given by its name or former folder, is `folder` now: nothing is embedded again.

        Raises UsageError if there is no such vault; VaultError if `folder` is none, is another vault, or, without
        `force`, holds less than half of the notes that are known; IndexBusy after `wait_s` seconds.
        """
        with self._changing_vaults(wait_s):
            self._remarks.add(*move(self.store, called(self.store, vault), Path(folder), force=force))

    @contextmanager
    def _changing_vaults(self, wait_s: float) -> Iterator[None]:
        with self._using(), self.store.writing(wait_s):
            yield
            self._disk.forget()

    # -- around them -----------------------------------------------------------------------------------------------

    def related(self, note: str, k: int = 10) -> list[Hit]:
        """The best passage of each of the `k` notes closest to a note in meaning. Raises UsageError if there is no such
        note, or there are several: "VAULT/path" then says which.
        """
        from notesearch.open import note_called
        from notesearch.search import hits_near

        with self._using():
            self._disk.catch_up(self.store)
            return self._disk.as_files_are(
                self.store, lambda: hits_near(self.store, note_called(self.store, note), k, self.settings)
            )

    def remember_shown(self, hits: Sequence[Hit]) -> None:
        """Keep which hits were shown, for `place`: numbers only, in a file that only the index's owner can read."""
        from notesearch.open import remember

        with self._using():
            remember(self.store, hits)

    def place(self, which: str) -> Opening:
        """Where the hit of that rank stands, of those last given to `remember_shown`, or a note, as PATH or PATH:LINE;
        as the files are now. Raises UsageError if there is no such hit or note.
        """
        from notesearch.open import place

        with self._using():
            self._disk.catch_up(self.store)
            found, remark = place(self.store, self.settings, which)
            self._remarks.add(*([remark] if remark else []))
            return found

    def evaluate(
        self,
        *,
        questions: int = 300,
        seed: int = 0,
        model: str | None = None,
        against: str | Path | None = None,
        progress: Progress = silent,
    ) -> Evaluation:
        """How well the index finds what is known to be in its vaults: a sample of `questions` made from their titles,
        aliases, headings and links; the same `seed` draws the same. Nothing is measured if the vaults give none.

        With `model`, the same of a temporary index of the same vaults, made with that model and removed again; or of
        the index in the folder `against`. Raises UsageError if both are given or that index is of other vaults, and
        what `open` and `update` raise.
        """
        from notesearch.evaluate import evaluate
        from notesearch.retrieve.candidates import Arms
        from notesearch.search import Ranking

        if model and against:
            raise UsageError("An index is compared with one other: name a model or an index, not both.")
        with self._using(), ExitStack() as opened:
            self._disk.catch_up(self.store)
            compared = [self]
            if against:
                compared.append(opened.enter_context(self._another(Path(against))))
            elif model:
                compared.append(opened.enter_context(self._temporary(model, progress)))
            for each in compared:  # what links call a note is asked, so it must not be what finds it
                opened.callback(setattr, each, "ranking", each.ranking)
                each.ranking = Ranking(arms=Arms(links=False))
            indexes = [(each.store, each.search) for each in compared]
            evaluation = evaluate(indexes, self.settings, questions, seed, progress)
            self._remarks.add(*(remark for each in compared[1:] for remark in each.take_remarks()))
            return evaluation

    def status(self) -> Status:
        """The index at a glance; looks at the disk for notes that are newer."""
        with self._using():
            self._disk.catch_up(self.store)
            counts, recipe, rows = self.store.counts(), self.store.recipe(), self.store.vaults()
            names = {vault.id: vault.name for vault in rows}
            failed = [Problem(names[f.vault], f.path, f.reason) for f in self.store.failures()]
            unclean = [Problem(names[vault], path, remark) for vault, path, remark in self.store.remarks()]
            return Status(
                index=str(self.store.folder),
                vaults=listed(self.store),
                notes=counts.notes,
                passages=counts.passages,
                links=counts.links,
                pending=counts.pending,
                newer=len(self._disk.newer),
                model=recipe.model.name if recipe else "",
                dimension=recipe.model.dimension if recipe else 0,
                size_bytes=self.store.size_bytes(),
                failed=(*failed, *unclean, *self._disk.problems),
                unresolved_links=tuple(self.store.unresolved_links()),
                attachments=attachments.said(self._disk.roles, _roles(self.store), self.settings.attachments),
                remarks=self._state_remarks(),
            )

    def check(self, *, repair: bool = False, wait_s: float = 10.0, progress: Progress = silent) -> Checkup:
        """Verify everything in the index: the database, each passage against its file, full text, vectors, snapshots.

        With `repair` what is unsound, and only that, is made anew from what is sound, the vaults are read as `update`
        does, and all is verified again. Raises IndexBusy after `wait_s` seconds, and what `update` raises.
        """
        from notesearch.check import check, findings

        limit = self.settings.max_note_bytes
        with self._using(), self.store.writing(wait_s):
            unsound = check(self.store, limit, progress)
            found = findings(unsound)
            sound = all(finding.harmless for finding in found)
            counts = self.store.counts() if not any(each.part == "database" for each in unsound) else None
            result = Checkup(sound, found, counts.notes if counts else 0, counts.passages if counts else 0)
            if sound:
                self.store.forget_damage()
            if not (repair and unsound):
                return result
            embedded = 0
            for _ in range(_MENDINGS):
                if any(each.part == "database" for each in unsound):
                    self._make_anew()
                else:
                    self.store.mend(unsound)
                    self.store.forget_damage()
                embedded += self._update(force=False, verify=False, retry=False, progress=progress).embedded
                self.store.tidy()
                if not (unsound := check(self.store, limit, progress)):
                    break
            remains, counts = findings(unsound), self.store.counts()
        return Checkup(not remains, found, counts.notes, counts.passages, True, embedded, remains)

    def doubtful_links(self) -> list[DoubtfulLink]:
        """Links that lead nowhere, then those that several files would have fitted; by note and line."""
        with self._using():
            self._disk.catch_up(self.store)
            names = {vault.id: vault.name for vault in self.store.vaults()}
            return [
                DoubtfulLink(
                    vault=names[row.vault],
                    note=row.path,
                    line=row.line,
                    target=row.target,
                    part=row.part,
                    reason=row.how,
                    taken=row.to,
                    others=row.others,
                    partless=row.partless,
                )
                for row in self.store.doubtful_links()
            ]

    def take_remarks(self) -> list[str]:
        """What the user should know, each sentence once; they are forgotten here."""
        with self._lock:
            return self._remarks.take()

    @property
    def embedder(self) -> Embedder:
        """What makes the vectors."""
        return self._model.embedder

    # -- inside ----------------------------------------------------------------------------------------------------

    @contextmanager
    def _using(self) -> Iterator[None]:
        """One thread at a time; what SQLite refuses is said in words of ours."""
        with self._lock, self.store.saying():
            yield

    @contextmanager
    def _another(self, folder: Path) -> Iterator[Self]:
        """Another index of the same vaults."""
        with self.open(folder, settings=self.settings, create=False) as other:
            missing = {v.root for v in self.store.vaults()} - {v.root for v in other.store.vaults()}
            if missing:
                raise UsageError(
                    f"The index in {folder} cannot be compared with this one: it does not hold {min(missing)}. "
                    f"Add it with: notesearch index {min(missing)} --index {folder}"
                )
            yield other

    @contextmanager
    def _temporary(self, model: str, progress: Progress) -> Iterator[Self]:
        """An index of the same vaults with another model, removed at the end. Before it is made, a few of our passages
        are encoded, to say how long it will take.
        """
        from tempfile import TemporaryDirectory

        roots = [vault.root for vault in self.store.vaults()]
        ids = self.store.passage_ids().tolist()
        sample = self.store.passages(ids[:: len(ids) // _TIMED + 1]).values()
        with (
            TemporaryDirectory(prefix="notesearch-") as folder,
            self.open(folder, vaults=roots, model=model, settings=self.settings) as other,
        ):
            with other.store.writing():
                other._model.take_recipe(other.store, progress)
            seconds = _seconds_each(other.embedder, [passage.text for passage in sample]) * len(ids)
            stage = f"indexing for {model}: about {_duration(seconds)}"
            progress(stage, 0, 1)
            other.update(progress=progress)
            progress(stage, 1, 1)
            yield other

    @staticmethod
    def _named_reranker(name: str) -> CrossEncoder | None:
        if not name:
            return None
        from notesearch.embed.cross_encoder import CrossEncoder

        return CrossEncoder(name)

    def _extracted(
        self, question: str, k: int, where: Where | None, explain: bool, history: Sequence[Turn]
    ) -> tuple[Answer, Query]:
        """The answer in the notes' own words, and the question as it was understood."""
        with self._using():
            query = self._parse(question, k, where, history)
            meaning = self._model.meaning(self.store, query)
            from notesearch.ask import JUDGED, ask

            hits = self._search(query, meaning, max(k, JUDGED), explain=explain)
            embedder, newer = self._model.embedder, len(self._disk.newer)
            try:
                answer = ask(self.store, question, query, meaning, hits, k, embedder, newer=newer, explain=explain)
            except ModelError as error:
                self._remarks.add(f"{error} What answers is chosen by its words only.")
                answer = ask(self.store, question, query, None, hits, k, embedder, newer=newer, explain=explain)
            return answer, query

    def _language_model(self, named: str | None) -> Endpoint | None:
        """The model that was named here or in the settings, but not by a vault; NAME alone is one of Ollama's. Raises
        UsageError if it is no name.
        """
        if named is None:
            named = self.settings.llm
            if refused := self.settings.named_by_a_vault("llm", (vault.root for vault in self.store.vaults())):
                self._remarks.add(refused)
                return None
        if not named:
            return None
        from notesearch.endpoint import Endpoint

        return Endpoint.named(named if "@" in named else f"{named}@ollama")

    def _similar(self, sentence: str, others: Sequence[str]) -> Sequence[float]:
        with self._lock:
            return self._model.similar(sentence, others)

    def _parse(
        self, text: str, k: int, where: Where | None, history: Sequence[Turn] = (), *, typing: bool = False
    ) -> Query:
        """The question, taken apart; before that the index is brought to what the disk holds, while the encoder loads.

        `typing`: its last word may be half typed.
        """
        self._model.load_ahead()
        from notesearch.retrieve.query import parse
        from notesearch.retrieve.spelling import forgiven

        if k < 1:
            raise UsageError(f"-k {k} asks for no results. Ask for 1 or more.")
        latest_year = self.store.latest_year
        query = parse(text, where=where, property_keys=self.store.property_keys(), latest_year=latest_year)
        self._disk.catch_up(self.store)
        if history:
            from notesearch.retrieve.conversation import in_conversation

            query = in_conversation(query, history, latest_year)
        query = forgiven(self.store, query, typing=typing and not history)
        self._remarks.add(*query.remarks, *self._state_remarks())
        return query

    def _search(
        self,
        query: Query,
        meaning: Meaning | None,
        k: int,
        *,
        also: Sequence[tuple[Query, Meaning | None]] = (),
        explain: bool = False,
    ) -> list[Hit]:
        from notesearch.search import search

        query = replace(query, where=self._disk.within_reach(self.store, query.where))
        return self._disk.as_files_are(
            self.store,
            lambda: search(
                *(self.store, query, meaning, k, self.settings, self.ranking),
                also=[(replace(each, where=query.where), its) for each, its in also],
                reranker=self._reranker,
                explain=explain,
            ),
        )

    def _state_remarks(self) -> tuple[str, ...]:
        """What is not as good as it could be just now."""
        pending = self.store.waiting()
        remarks = [f"The vault {name!r} is left out. {error}" for name, error in self._disk.unreachable.items()]
        if self._disk.newer:
            remarks.append(
                f"{_counted(len(self._disk.newer), 'note')} changed since the last index. Run: notesearch index"
            )
        if pending:
            waiting = _counted(pending, "passage")
            remarks.append(f"{waiting} found by words only until embedded. Run: notesearch index")
        if self.store.is_damaged():
            remarks.append(
                "A file of the index is missing or damaged; searching the database instead. Run: notesearch index"
            )
        return tuple(remarks)


def _roles(store: Store) -> Counter[Role]:
    """How many notes of each kind of file are in the index."""
    return Counter(map(role_of, store.note_paths()))


def _made_anew(store: Store, vectors: int) -> str:
    known = ", ".join(repr(vault.name) for vault in store.vaults()) or "none"
    return (
        "The database of the index was damaged and is made anew from the notes; "
        f"{_counted(vectors, 'vector')} could be kept of it. Vaults it still knows: {known}."
    )


def _seconds_each(embedder: Embedder, texts: Sequence[str]) -> float:
    """How long a text takes, once the model is loaded."""
    embedder.embed_passages(texts[:1])
    started = time.perf_counter()
    embedder.embed_passages(texts)
    return (time.perf_counter() - started) / max(len(texts), 1)


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:,.0f} min"


def _counted(number: int, thing: str) -> str:
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"
