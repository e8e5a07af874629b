"""A conversation at a terminal: questions one after another, each of which may lean on those before it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress

from rich.console import Console

from notesearch.errors import NotesearchError
from notesearch.plain import shown
from notesearch.render import Telling, print_answer, print_remarks
from notesearch.results import Answer, Turn

_ENDS = {"exit", "quit", ":q"}
_NEW = "new"


Answering = Callable[[str, Sequence[Turn], Telling], Answer]
"""What answers a question that may lean on earlier turns, telling each sentence that a language model wrote."""


def converse(
    answered: Answering, take_remarks: Callable[[], list[str]], console: Console, remarks: Console, *, quiet: bool
) -> None:
    """Ask until the user has enough: an empty line, `exit`, or the end of input; `new` forgets what was asked.

    Ctrl-C stops an answer that is being written, at a question the conversation.
    """
    _with_editing()
    if not quiet:
        remarks.print(f"[dim]An empty line ends the conversation, “{_NEW}” begins another.[/dim]")
    history: list[Turn] = []
    while (question := _next_question()) and question.casefold() not in _ENDS:
        if question.casefold() == _NEW:
            history = []
            continue
        telling = Telling(console)
        try:
            answer = answered(question, history, telling)
        except NotesearchError as error:
            remarks.print(shown(str(error)), style="red", markup=False, soft_wrap=True)
            continue
        except KeyboardInterrupt:
            continue
        finally:
            telling.end_line()
            said = take_remarks()
            if not quiet:
                print_remarks(remarks, said)
        history.append(answer.turn)
        print_answer(console, answer, told=telling.told)


def _next_question() -> str:
    """A line typed; "" at the end of input, and at Ctrl-C."""
    try:
        return input("? ").strip()
    except (EOFError, KeyboardInterrupt):
        print()
        return ""


def _with_editing() -> None:
    """Arrow keys and earlier lines, where Python has them; nothing typed is kept on disk."""
    with suppress(ImportError):
        import readline  # noqa: F401
