"""Semantic search and question answering over a person's own Markdown notes, on their own machine.

from notesearch import Notebook

with Notebook.open("index", vaults=["~/notes"]) as notebook:
    notebook.update()
    print(notebook.ask("why did I pass on scale").text)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from notesearch.errors import NotesearchError as NotesearchError
    from notesearch.index.records import Where as Where
    from notesearch.notebook import Notebook as Notebook
    from notesearch.results import Answer as Answer
    from notesearch.results import Hit as Hit
    from notesearch.results import Quote as Quote
    from notesearch.results import Status as Status
    from notesearch.results import Turn as Turn
    from notesearch.results import UpdateReport as UpdateReport

_HOMES = {
    "NotesearchError": "notesearch.errors",
    "Where": "notesearch.index.records",
    "Notebook": "notesearch.notebook",
    "Answer": "notesearch.results",
    "Hit": "notesearch.results",
    "Quote": "notesearch.results",
    "Status": "notesearch.results",
    "Turn": "notesearch.results",
    "UpdateReport": "notesearch.results",
}

__all__ = [
    "Answer",
    "Hit",
    "Notebook",
    "NotesearchError",
    "Quote",
    "Status",
    "Turn",
    "UpdateReport",
    "Where",
    "__version__",
]


def __getattr__(name: str) -> Any:
    """Public names are imported when first used, so that `notesearch --help` need not wait for numpy."""
    from importlib import import_module

    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
