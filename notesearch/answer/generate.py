"""An answer by a language model: where it is asked, and what it says, piece by piece.

Any server with OpenAI's chat interface will do. It is asked at exactly the address that was named: no proxy of the
environment, no redirect, no header that the question does not need (rule X5).
"""

from __future__ import annotations

import ipaddress
import json
import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from notesearch.errors import LanguageModelError, UsageError

if TYPE_CHECKING:
    import openai
    from openai import OpenAI

PLACES = {
    "ollama": "http://localhost:11434/v1",
    "llama.cpp": "http://localhost:8080/v1",
    "lmstudio": "http://localhost:1234/v1",
    "openai": "https://api.openai.com/v1",
}
"""Servers that need no address, where each listens unless told otherwise."""
KEY = "NOTESEARCH_LLM_KEY"
"""The environment variable with the key of the server, if it wants one; for openai, OPENAI_API_KEY does, too."""
ANSWER_TOKENS = 1024
"""An answer, and what a model thinks before it, may be this long."""
_CONNECT_S = 10.0
_MOST_CHARACTERS = 20 * ANSWER_TOKENS
"""A server that does not stop by itself is stopped."""
_NEEDED_HEADERS = {"host", "accept", "accept-encoding", "connection", "content-type", "content-length", "user-agent"}


@dataclass(frozen=True, slots=True)
class LanguageModel:
    """A model, and the address of the server that has it."""

    name: str
    url: str

    @classmethod
    def named(cls, text: str) -> LanguageModel:
        """From NAME@PLACE, where PLACE is one of `PLACES` or an address; NAME alone is Ollama's. Raises UsageError."""
        name, at, place = text.rpartition("@")
        if not at:
            name, place = place, "ollama"
        if not name or (place not in PLACES and not place.startswith(("http://", "https://"))):
            raise UsageError(
                f"--llm {text!r} names no model and place. Write NAME@PLACE, where PLACE is {', '.join(PLACES)} or an "
                "address such as http://localhost:8000/v1; NAME alone is a model of Ollama's."
            )
        url = PLACES.get(place, place)
        _check_address(url)
        return cls(name, url)

    @property
    def host(self) -> str:
        """The name or number of the machine that it runs on."""
        return urlsplit(self.url).hostname or ""

    @property
    def is_here(self) -> bool:
        """Whether that is this machine."""
        try:
            return self.host == "localhost" or ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def key(self) -> str | None:
        """Its key, from the environment and from nowhere else."""
        openais = os.environ.get("OPENAI_API_KEY") if self.url == PLACES["openai"] else None
        return os.environ.get(KEY) or openais


def _check_address(url: str) -> None:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise UsageError(f"The address {url!r} of the language model cannot be read: {error}.") from None
    if not parts.hostname:
        raise UsageError(f"The address {url!r} of the language model names no machine.")
    if parts.username or parts.password or parts.query:
        raise UsageError(f"The address of the language model holds more than an address. Put a key into {KEY}.")


def written(model: LanguageModel, messages: Sequence[Mapping[str, str]], *, timeout_s: float) -> Iterator[str]:
    """What the model says, as it comes. It may be silent for `timeout_s` seconds, and take ten times that in all.

    Raises LanguageModelError, whose message is one sentence for the user, also after pieces have come.
    """
    try:
        import openai
    except ImportError:
        raise LanguageModelError(
            f"{model.name} cannot be asked, since the package openai is missing: pip install 'notesearch[llm]'"
        ) from None
    began = time.monotonic()
    length = 0
    try:
        with _client(openai, model, timeout_s) as client, _stream(client, model, messages) as stream:
            for piece in _pieces(stream, model):
                length += len(piece)
                if time.monotonic() - began > 10 * timeout_s or length > _MOST_CHARACTERS:
                    raise LanguageModelError(f"{model.name} at {model.url} found no end and was stopped")
                yield piece
    except openai.APITimeoutError:
        raise LanguageModelError(
            f"{model.name} at {model.url} was silent for {timeout_s:g} s (llm_timeout_s in the settings)"
        ) from None
    except openai.APIConnectionError as error:
        raise LanguageModelError(_unreachable(model, error, cut_off=length > 0)) from None
    except openai.APIStatusError as error:
        raise LanguageModelError(_refused(model, error)) from None
    except (openai.APIError, ValueError) as error:  # an error told in the stream, or what is no JSON
        raise LanguageModelError(
            f"{model.name} at {model.url} did not answer as a language model does: {_brief(str(error))}"
        ) from None


def _client(module: Any, model: LanguageModel, timeout_s: float) -> OpenAI:
    """A client that goes straight to the address, once, and says no more than it must."""

    def plain(request: Any) -> None:
        for name in set(request.headers) - _NEEDED_HEADERS:
            del request.headers[name]
        if model.key:
            request.headers["authorization"] = f"Bearer {model.key}"

    http_client = module.DefaultHttpxClient(
        trust_env=False,
        follow_redirects=False,
        event_hooks={"request": [plain]},
        timeout=module.Timeout(timeout_s, connect=min(_CONNECT_S, timeout_s)),
    )
    client: OpenAI = module.OpenAI(base_url=model.url, api_key="none", max_retries=0, http_client=http_client)
    return client


def _stream(client: OpenAI, model: LanguageModel, messages: Sequence[Mapping[str, str]]) -> openai.Stream[Any]:
    openais = model.url == PLACES["openai"]  # its newer models take neither of the older settings
    limits = {"max_completion_tokens": ANSWER_TOKENS} if openais else {"max_tokens": ANSWER_TOKENS, "temperature": 0}
    call: Any = client.chat.completions.create
    stream: openai.Stream[Any] = call(model=model.name, messages=list(messages), stream=True, **limits)
    return stream


def _pieces(stream: Iterable[Any], model: LanguageModel) -> Iterator[str]:
    """The words of a stream. Raises LanguageModelError if it ends without saying that it is at its end."""
    ended = said = False
    for chunk in stream:
        for choice in (getattr(chunk, "choices", None) or ())[:1]:
            text = getattr(getattr(choice, "delta", None), "content", None)
            if isinstance(text, str) and text:
                said = True
                yield text
            ended = ended or bool(getattr(choice, "finish_reason", None))
    if not said:
        raise LanguageModelError(
            f"What answers at {model.url} is no language model's server, or {model.name} had nothing to say "
            "(such an address mostly ends in /v1)"
        )
    if not ended:
        raise LanguageModelError(_cut_off(model))


def _cut_off(model: LanguageModel) -> str:
    return f"{model.name} at {model.url} broke off in the middle of its answer"


def _unreachable(model: LanguageModel, error: Exception, *, cut_off: bool) -> str:
    if cut_off:
        return _cut_off(model)
    seen = _brief(str(error.__cause__ or error))
    return f"{model.url} cannot be reached ({seen}): is the server of {model.name} running there"


def _refused(model: LanguageModel, error: openai.APIStatusError) -> str:
    """A status that is an error, in words that lead on."""
    status, said = error.status_code, _message(error)
    if 300 <= status < 400:
        aim = error.response.headers.get("location", "elsewhere")
        return f"{model.url} sends questions on to {_brief(aim)}, which you did not name, so nothing was sent there"
    if status in (401, 403):
        wrong = f"does not accept the key in {KEY}" if model.key else f"wants a key, which goes into {KEY}"
        return f"{model.url} {wrong} (status {status})"
    if status == 404:
        return f"{model.url} knows no {model.name} (status 404: {said}); such an address mostly ends in /v1"
    if status == 413 or (status == 400 and any(word in said.lower() for word in ("context", "too long", "exceed"))):
        return (
            f"The passages are too much for {model.name} at {model.url} (status {status}: {said}): "
            "show it fewer with -k, or lower llm_context_tokens in the settings"
        )
    if status == 429:
        return f"{model.url} takes no more questions just now (status 429: {said})"
    return f"{model.url} failed (status {status}: {said})"


def _message(error: openai.APIStatusError) -> str:
    body = error.body
    said = body.get("message") or body if isinstance(body, dict) else body
    return _brief(said if isinstance(said, str) else json.dumps(said)) if said else "it does not say why"


def _brief(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 150 else line[:150] + "…"
