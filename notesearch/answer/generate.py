"""What a language model says, piece by piece."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from notesearch.endpoint import PLACES, Endpoint
from notesearch.errors import LanguageModelError

if TYPE_CHECKING:
    from openai import OpenAI, Stream

ANSWER_TOKENS = 1024
"""An answer, and what a model thinks before it, may be this long."""
_MOST_CHARACTERS = 20 * ANSWER_TOKENS
"""A server that does not stop by itself is stopped."""
_TOO_MUCH = "show it fewer with -k, or lower llm_context_tokens in the settings"


def written(model: Endpoint, messages: Sequence[Mapping[str, str]], *, timeout_s: float) -> Iterator[str]:
    """What the model says, as it comes. It may be silent for `timeout_s` seconds, and take ten times that in all.

    Raises LanguageModelError, whose message is one sentence for the user, also after pieces have come.
    """
    began = time.monotonic()
    length = 0
    with (
        model.asking(LanguageModelError, timeout_s, too_much=_TOO_MUCH) as client,
        _stream(client, model, messages) as stream,
    ):
        for piece in _pieces(stream, model):
            length += len(piece)
            if time.monotonic() - began > 10 * timeout_s or length > _MOST_CHARACTERS:
                raise LanguageModelError(f"{model.name} at {model.url} found no end and was stopped")
            yield piece


def _stream(client: OpenAI, model: Endpoint, messages: Sequence[Mapping[str, str]]) -> Stream[Any]:
    openais = model.url == PLACES["openai"]  # its newer models take neither of the older settings
    limits = {"max_completion_tokens": ANSWER_TOKENS} if openais else {"max_tokens": ANSWER_TOKENS, "temperature": 0}
    call: Any = client.chat.completions.create
    stream: Stream[Any] = call(model=model.name, messages=list(messages), stream=True, **limits)
    return stream


def _pieces(stream: Iterable[Any], model: Endpoint) -> Iterator[str]:
    """The words of a stream. Raises LanguageModelError if it ends without saying that it is at its end."""
    import openai

    ended = said = False
    try:
        for chunk in stream:
            for choice in (getattr(chunk, "choices", None) or ())[:1]:
                text = getattr(getattr(choice, "delta", None), "content", None)
                if isinstance(text, str) and text:
                    said = True
                    yield text
                ended = ended or bool(getattr(choice, "finish_reason", None))
    except openai.APIConnectionError as error:
        if not said or isinstance(error, openai.APITimeoutError):
            raise
        ended = False
    if not said:
        raise LanguageModelError(
            f"What answers at {model.url} is no language model's server, or {model.name} had nothing to say "
            "(such an address mostly ends in /v1)"
        )
    if not ended:
        raise LanguageModelError(f"{model.name} at {model.url} broke off in the middle of its answer")
