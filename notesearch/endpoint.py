"""A model that a server has, and how it is asked: one that writes answers, or one that makes vectors.

Any server with OpenAI's interface will do. It is asked at exactly the address that was named: no proxy of the
environment, no redirect, no header that the request does not need (rule X5). What fails is one sentence.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from notesearch.errors import NotesearchError, UsageError

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
_CONNECT_S = 10.0
_NEEDED_HEADERS = {"host", "accept", "accept-encoding", "connection", "content-type", "content-length", "user-agent"}
_NAMED = re.compile(rf"(?P<name>.+?)@(?P<place>https?://.*|{'|'.join(map(re.escape, PLACES))})", re.S)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A model, and the address of the server that has it."""

    name: str
    url: str

    @classmethod
    def named(cls, text: str) -> Endpoint:
        """From NAME@PLACE. Raises UsageError if that cannot be meant, or the address has more in it than a place."""
        named = _NAMED.fullmatch(text)
        if named is None:
            raise UsageError(
                f"{text!r} names no model and place. Write NAME@PLACE, where PLACE is {', '.join(PLACES)} or an "
                "address such as http://localhost:8000/v1."
            )
        url = PLACES.get(named["place"], named["place"])
        _check_address(url)
        return cls(named["name"], url)

    @property
    def host(self) -> str:
        """The name or number of the machine that it runs on."""
        return urlsplit(self.url).hostname or ""

    @property
    def is_here(self) -> bool:
        """Whether that is this machine."""
        from ipaddress import ip_address

        try:
            return self.host == "localhost" or ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def key(self) -> str | None:
        """Its key, from the environment and from nowhere else."""
        openais = os.environ.get("OPENAI_API_KEY") if self.url == PLACES["openai"] else None
        return os.environ.get(KEY) or openais

    @contextmanager
    def asking(self, error: Callable[[str], NotesearchError], timeout_s: float, *, too_much: str) -> Iterator[OpenAI]:
        """A client for this server, which may be silent for `timeout_s` seconds.

        What goes wrong while it is used is raised as the `error` of one sentence without its full stop; `too_much` is
        the way out if the server finds what it was sent too long.
        """
        try:
            import openai
        except ImportError:
            raise error(
                f"{self.name} cannot be asked, since the package openai is missing: pip install 'notesearch[llm]'"
            ) from None
        try:
            with _client(openai, self, timeout_s) as client:
                yield client
        except openai.APITimeoutError:
            raise error(
                f"{self.name} at {self.url} was silent for {timeout_s:g} s (llm_timeout_s in the settings)"
            ) from None
        except openai.APIConnectionError as failed:
            seen = brief(str(failed.__cause__ or failed))
            raise error(
                f"{self.url} cannot be reached ({seen}): see that the server of {self.name} runs there"
            ) from None
        except openai.APIStatusError as failed:
            raise error(_refused(self, failed, too_much)) from None
        except (openai.APIError, ValueError) as failed:  # an error told in a stream, or what is no JSON
            raise error(f"{self.name} at {self.url} did not answer as a model does: {brief(str(failed))}") from None


def brief(text: str) -> str:
    """What a server said, on one line of no great length."""
    line = " ".join(text.split())
    return line if len(line) <= 150 else line[:150] + "…"


def _check_address(url: str) -> None:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise UsageError(f"The address {url!r} of the model cannot be read: {error}.") from None
    if parts.username or parts.password or parts.query or parts.fragment:
        raise UsageError(f"The address of the model holds more than an address. Put a key into {KEY}.")
    if not parts.hostname:
        raise UsageError(f"The address {url!r} of the model names no machine.")


def _client(module: Any, endpoint: Endpoint, timeout_s: float) -> OpenAI:
    """A client that goes straight to the address, once, and says no more than it must."""

    def plain(request: Any) -> None:
        for name in set(request.headers) - _NEEDED_HEADERS:
            del request.headers[name]
        if endpoint.key:
            request.headers["authorization"] = f"Bearer {endpoint.key}"

    http_client = module.DefaultHttpxClient(
        trust_env=False,
        follow_redirects=False,
        event_hooks={"request": [plain]},
        timeout=module.Timeout(timeout_s, connect=min(_CONNECT_S, timeout_s)),
    )
    client: OpenAI = module.OpenAI(base_url=endpoint.url, api_key="none", max_retries=0, http_client=http_client)
    return client


def _refused(endpoint: Endpoint, error: openai.APIStatusError, too_much: str) -> str:
    """A status that is an error, in words that lead on."""
    status, said, url = error.status_code, _message(error), endpoint.url
    if 300 <= status < 400:
        aim = error.response.headers.get("location", "elsewhere")
        return f"{url} sends questions on to {brief(aim)}, which you did not name, so nothing was sent there"
    if status in (401, 403):
        wrong = f"does not accept the key in {KEY}" if endpoint.key else f"wants a key, which goes into {KEY}"
        return f"{url} {wrong} (status {status})"
    if status == 404:
        return f"{url} knows no {endpoint.name} (status 404: {said}); such an address mostly ends in /v1"
    if status == 413 or (status == 400 and any(word in said.lower() for word in ("context", "too long", "exceed"))):
        return f"The passages are too much for {endpoint.name} at {url} (status {status}: {said}): {too_much}"
    if status == 429:
        return f"{url} takes no more questions just now (status 429: {said})"
    return f"{url} failed (status {status}: {said})"


def _message(error: openai.APIStatusError) -> str:
    body = error.body
    said = body.get("message") or body if isinstance(body, dict) else body
    return brief(said if isinstance(said, str) else json.dumps(said)) if said else "it does not say why"
