"""A small real server that speaks, or fails to speak, as OpenAI's chat and embeddings interfaces do; on loopback."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from notesearch.embed.hashed import HashedEmbedder


class Reply:
    """The answer to one request, in the hands of what plays the server. `texts`: those that it is to encode."""

    def __init__(self, handler: BaseHTTPRequestHandler, body: Any) -> None:
        self._handler = handler
        self.texts: list[str] = body.get("input", [])

    def status(self, status: int, body: bytes = b"", **headers: str) -> None:
        self._handler.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self._handler.send_header(name.replace("_", "-"), value)
        self._handler.end_headers()
        self._handler.wfile.write(body)

    def error(self, status: int, message: str) -> None:
        self.status(status, json.dumps({"error": {"message": message}}).encode(), Content_Type="application/json")

    def json(self, value: Any) -> None:
        self.status(200, json.dumps(value).encode(), Content_Type="application/json")

    def vectors(self, rows: Sequence[Sequence[float]]) -> None:
        """A vector for each text, told from the last to the first, as a server may."""
        data = [{"object": "embedding", "index": place, "embedding": list(row)} for place, row in enumerate(rows)]
        self.json({"object": "list", "model": "small", "data": data[::-1]})

    def toy(self) -> None:
        """The toy embedder's vectors, of another length, as a server may have them."""
        self.vectors((3 * HashedEmbedder().embed_passages(self.texts).vectors).tolist())

    def begin(self) -> None:
        """A stream, whose end is that of the connection."""
        self._handler.send_response(200)
        self._handler.send_header("Content-Type", "text/event-stream")
        self._handler.end_headers()

    def raw(self, data: bytes) -> None:
        self._handler.wfile.write(data)
        self._handler.wfile.flush()

    def say(self, text: str) -> None:
        choice = {"index": 0, "delta": {"content": text}, "finish_reason": None}
        self.raw(b"data: " + json.dumps({"choices": [choice]}).encode() + b"\n\n")

    def end(self) -> None:
        choice = {"index": 0, "delta": {}, "finish_reason": "stop"}
        self.raw(b"data: " + json.dumps({"choices": [choice]}).encode() + b"\n\ndata: [DONE]\n\n")

    def answer(self, text: str, pieces_of: int = 7) -> None:
        """All of a good answer, in pieces that respect no word."""
        self.begin()
        for at in range(0, len(text), pieces_of):
            self.say(text[at : at + pieces_of])
        self.end()


class Heard:
    """What came to the server: the address to name, the bodies, the headers."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}/v1"
        self.llm = f"small@{self.url}"
        self.paths: list[str] = []
        self.bodies: list[Any] = []
        self.headers: list[dict[str, str]] = []

    @property
    def texts(self) -> list[str]:
        """All that was to be encoded, but for the probes."""
        return [text for body in self.bodies for text in body["input"][1:]]

    @property
    def prompt(self) -> str:
        return "\n".join(message["content"] for message in self.bodies[-1]["messages"])


@contextmanager
def serving(play: Callable[[Reply], None]) -> Iterator[Heard]:
    """A server that answers every question by `play`, on a port of its own."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            heard.paths.append(self.path)
            heard.bodies.append(body)
            heard.headers.append({name.lower(): value for name, value in self.headers.items()})
            play(Reply(self, body))

        def log_message(self, format: str, *words: Any) -> None:
            """The test tells what went wrong."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    heard = Heard(server.server_address[1])
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield heard
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
