"""The model that an index is asked and fed with: loaded when it is needed, and never mixed with another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from notesearch.config import Settings
from notesearch.embed import Embedder, choice, recipe_of
from notesearch.embed.choice import Chosen
from notesearch.errors import ModelError
from notesearch.index.store import Store
from notesearch.remarks import Remarks
from notesearch.results import Progress, silent
from notesearch.scan import Scan

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

    from notesearch.retrieve.candidates import Meaning
    from notesearch.retrieve.query import Query


class Model:
    """An embedder, which may give way to another that makes the same vectors; that is said in `remarks`."""

    def __init__(self, chosen: Chosen, settings: Settings, remarks: Remarks) -> None:
        self.embedder: Embedder = chosen.embedder
        self._settings = settings
        self._remarks = remarks
        self._ahead: ThreadPoolExecutor | None = None
        remarks.add(*chosen.remarks)

    def load_ahead(self) -> None:
        """Load it in a thread of its own, once, while the question is read and the disk looked at.

        What fails there fails again where the embedder is used, and is said there.
        """
        if self._ahead is None:
            from concurrent.futures import ThreadPoolExecutor

            import numpy  # noqa: F401  # first: two threads that begin to import it at once find it half made

            self._ahead = ThreadPoolExecutor(1, "loading")
            self._ahead.submit(self.embedder.load)
            self._ahead.shutdown(wait=False)

    def usable(self, store: Store) -> Embedder | None:
        """The embedder, loaded, if its vectors are those of the index; else None, and a remark (rule I4)."""
        stored = store.recipe()
        try:
            if stored is None or stored.model.same_model(self.embedder.card):
                self._use(choice.loaded(self.embedder))
                return self.embedder
            changed = recipe_of(self.embedder, self._settings).differs_from(stored)
            self._remarks.add(
                f"The index was made by another model ({changed}); searching by words only. Run: notesearch index"
            )
        except ModelError as error:
            self._remarks.add(f"{error} Searching by words only.")
        return None

    def meaning(self, store: Store, query: Query) -> Meaning | None:
        """A question, encoded; None where only its words can be searched for, and then a remark."""
        from notesearch.search import meaning_of

        embedder = self.usable(store)
        try:
            meaning = meaning_of(query, embedder)
        except ModelError as error:
            self._remarks.add(f"{error} Searching by words only.")
            return None
        if meaning is None and embedder is not None and not embedder.reads(query.text):
            self._remarks.add(
                f"The model {embedder.card.name} was never taught the script of this question; searching by words "
                "only. To have another one read the notes: notesearch index --model NAME"
            )
        return meaning

    def similar(self, sentence: str, others: Sequence[str]) -> Sequence[float]:
        """The cosine of a sentence with each of the others; 0, and a remark, if the model fails."""
        if not others:
            return (0.0,)
        try:
            vectors = self.embedder.embed_passages([sentence, *others]).vectors
        except ModelError as error:
            self._remarks.add(f"{error} What the language model says is checked by its words only.")
            return [0.0] * len(others)
        cosines: list[float] = (vectors[1:] @ vectors[0]).tolist()
        return cosines

    def needed(self, store: Store, scans: Sequence[Scan]) -> bool:
        """Whether there may be anything to embed: most updates find that nothing changed, and need no model."""
        changed = any(scan_.changes or scan_.reread for scan_ in scans)
        settled = store.recipe() == recipe_of(self.embedder, self._settings)
        return changed or not settled or store.pending_count() > 0

    def take_recipe(self, store: Store, progress: Progress = silent) -> bool:
        """A new index takes the wanted recipe; an old one changes to it, and says so. The encoder is an old one's own,
        if it can be had. Returns whether the recipe is another now. Raises ModelError.
        """
        stored = store.recipe()
        encoder = stored.model.encoder if stored and stored.model.same_model(self.embedder.card) else None
        self._use(choice.for_passages(self.embedder, self._settings.cache, encoder, progress))
        wanted = recipe_of(self.embedder, self._settings)
        if stored != wanted:
            if stored is not None:
                self._remarks.add(
                    f"The recipe changed ({wanted.differs_from(stored)}); every note is read and embedded again."
                )
            store.set_recipe(wanted, self.embedder.basis())
        return stored != wanted

    def _use(self, chosen: Chosen) -> None:
        self.embedder = chosen.embedder
        self._remarks.add(*chosen.remarks)
