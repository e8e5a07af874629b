"""What the user should know though nothing failed: a stale index, a missing part. Collected here, said by the faces."""

from __future__ import annotations


class Remarks:
    """Sentences, each once, in the order in which they were first added."""

    def __init__(self, *sentences: str) -> None:
        self._sentences = dict.fromkeys(sentences)

    def add(self, *sentences: str) -> None:
        """Remember them until they are taken."""
        self._sentences.update(dict.fromkeys(sentences))

    def take(self) -> list[str]:
        """All of them; they are forgotten here."""
        taken, self._sentences = list(self._sentences), {}
        return taken
