"""A fixed number of tokens to show: what fits of a ranking, counted by the default model's own tokenizer.

Passages of any length compete for the same room, so that long ones do not win by their length. The passage on the
border is cut at the last token that fits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from tokenizers import Tokenizer

from notesearch.embed.packaged import default_folder
from scripts.evaluation.said import Found
from scripts.evaluation.spans import Span, merged_by_note


class TokenRuler:
    """Counts the tokens of passages; each passage is cut into tokens once."""

    def __init__(self, ends_of_tokens: Callable[[str], list[int]], text_of: Callable[[Found], str]) -> None:
        """`ends_of_tokens` gives the end of each token of a text, in characters; `text_of` the text of a passage."""
        self._ends_of_tokens = ends_of_tokens
        self._text_of = text_of
        self._known: dict[tuple[str, int, int], list[int]] = {}

    def ends(self, found: Found) -> list[int]:
        """The end of each token of the passage, counted from the passage's start."""
        place = (found.note, found.start, found.end)
        if place not in self._known:
            self._known[place] = self._ends_of_tokens(self._text_of(found))
        return self._known[place]


def within_budget(ranking: Iterable[Found], budget_tokens: int, ruler: TokenRuler) -> dict[str, list[Span]]:
    """What the first `budget_tokens` tokens of a ranking show of each note."""
    shown: list[Found] = []
    left = budget_tokens
    for found in ranking:
        ends = ruler.ends(found)
        if len(ends) >= left:
            shown.append(Found(found.note, found.start, found.start + ends[left - 1], found.score))
            break
        shown.append(found)
        left -= len(ends)
    return merged_by_note(shown)


def default_tokens() -> Callable[[str], list[int]]:
    """The default model's tokenizer, without its marks and limits, as a function: text → the end of each token."""
    tokenizer: Tokenizer = Tokenizer.from_file(str(default_folder() / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return lambda text: [end for _, end in tokenizer.encode(text, add_special_tokens=False).offsets]
