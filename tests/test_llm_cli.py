"""A language model and a conversation on the command line: real processes, a real server, a real terminal."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.answer.server import Reply, serving
from tests.conftest import write
from tests.test_cli import Session

pytestmark = pytest.mark.local_server
GOOD = "It is flour, water and salt [1]. It rises for 3 days [1]."


@pytest.fixture
def notesearch(tmp_path: Path, vault: Path) -> Session:
    write(tmp_path, "notesearch.toml", 'index = "idx"\nmodel = "hashed"\n')
    session = Session(tmp_path)
    session("index", "vault")
    return session


def test_an_answer_is_printed_with_its_marks_and_what_is_borne_out(notesearch: Session) -> None:
    with serving(lambda reply: reply.answer(GOOD)) as heard:
        done = notesearch("ask", "flour water salt", "--llm", heard.llm)
    assert done.stdout.startswith(
        "It is flour, water and salt [1]. It rises for 3 days [1]. [not borne out]\n"
        "small: 1 of 2 sentences are borne out by what they cite\n\n1. bread.md:1"
    )
    assert done.stderr == ""


def test_json_holds_the_citations_and_nothing_is_printed_before(notesearch: Session) -> None:
    with serving(lambda reply: reply.answer(GOOD)) as heard:
        answer = notesearch.json("ask", "flour water salt", "--llm", heard.llm)["answer"]
    assert (answer["generator"], [c["supported"] for c in answer["citations"]]) == ("small", [True, False])


def test_a_model_that_breaks_off_leaves_the_notes_own_words_and_one_sentence(notesearch: Session) -> None:
    def cut_off(reply: object) -> None:
        reply.begin()  # type: ignore[attr-defined]
        reply.say("It is flour, water and salt [1]. Then")  # type: ignore[attr-defined]

    with serving(cut_off) as heard:
        done = notesearch("ask", "flour water salt", "--llm", heard.llm)
    assert done.stdout.startswith("It is flour, water and salt [1].\n  “flour, water, salt.”  bread.md:3\n")
    assert done.stderr.count("\n") == 1 and "broke off in the middle" in done.stderr


def test_a_model_of_the_settings_is_used_and_can_be_left_out(notesearch: Session) -> None:
    with serving(lambda reply: reply.answer(GOOD)) as heard:
        settings = notesearch.folder / "notesearch.toml"
        settings.write_text(f'index = "idx"\nmodel = "hashed"\nllm = "{heard.llm}"\n', encoding="utf-8")
        assert notesearch.json("ask", "flour water salt")["answer"]["generator"] == "small"
        assert notesearch.json("ask", "flour water salt", "--llm", "")["answer"]["generator"] == "extract"
    assert len(heard.bodies) == 1


def test_a_vault_cannot_name_a_model(notesearch: Session) -> None:
    """Rule X7, also for a folder that looks like no vault but was indexed as one."""
    with serving(lambda reply: reply.answer(GOOD)) as heard:
        write(notesearch.folder / "vault", "notesearch.toml", f'llm = "{heard.llm}"\nindex = "../idx"\n')
        inside = Session(notesearch.folder / "vault")
        done = inside("ask", "flour water salt", "--index", "../idx")
    assert heard.bodies == []
    assert "flour, water, salt." in done.stdout
    assert "lies in a vault, where 'llm' may not be set" in done.stderr


def test_a_servers_embedding_model_feeds_the_index(notesearch: Session) -> None:
    with serving(Reply.toy) as heard:
        notesearch("index", "vault", "--index", "other", "--model", heard.llm)
        assert notesearch.json("status", "--index", "other")["model"] == heard.llm
        done = notesearch("search", "flour water salt", "--index", "other")
        assert (done.stdout.startswith("1. bread.md:1"), done.stderr) == (True, "")
    write(notesearch.folder / "vault", "new.md", "a lantern hangs in the shed\n")
    stopped = notesearch("index", "--index", "other", status=3).stderr
    assert "cannot be reached" in stopped and "What was read is found by its words" in stopped
    found = notesearch("search", "lantern shed", "--index", "other")
    assert found.stdout.startswith("1. new.md:1") and "Searching by words only." in found.stderr


def test_show_prompt_prints_what_would_be_sent_and_sends_nothing(notesearch: Session) -> None:
    with serving(lambda reply: reply.answer(GOOD)) as heard:
        done = notesearch("ask", "flour water salt", "--show-prompt", "--llm", heard.llm)
        messages = notesearch.json("ask", "flour water salt", "--show-prompt")["prompt"]
    assert heard.bodies == []
    assert [message["role"] for message in messages] == ["system", "user"]
    assert all(message["content"] in done.stdout for message in messages)
    nothing = notesearch("ask", "zygote quasar hegemony", "--show-prompt", status=1)
    assert (nothing.stdout, nothing.stderr.count("\n")) == ("", 1)


def test_without_a_question_and_a_terminal_the_way_out_is_said(notesearch: Session) -> None:
    done = notesearch("ask", status=2)
    assert done.stderr.startswith("notesearch: There is no question. Ask one: notesearch ask ")
    assert done.stderr.count("\n") == 1


def test_a_cold_question_does_not_load_what_only_a_language_model_needs(notesearch: Session) -> None:
    code = (
        "import sys; from notesearch.cli import app\n"
        "try: app(['ask', 'flour water salt'])\n"
        "except SystemExit: pass\n"
        "print([name for name in sys.modules if name in ('openai', 'httpx2', 'notesearch.answer.generate',"
        " 'notesearch.answer.prompt', 'notesearch.retrieve.conversation')])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=notesearch.folder, capture_output=True, encoding="utf-8")
    assert done.stdout.endswith("[]\n"), done.stdout + done.stderr


def test_a_conversation_at_a_terminal(notesearch: Session) -> None:
    """Follow-up questions see the earlier ones; an empty line ends it."""
    said = _typed(notesearch.folder, "who plans berths\n", "and where?\n", "new\n", "zygote quasar\n", "\n")
    assert "together with words from before: plans berths" in said
    assert said.count("ann plans berths.") >= 2
    assert "do not seem to say" in said
    assert "Traceback" not in said


def test_ctrl_c_at_a_question_ends_a_conversation(notesearch: Session) -> None:
    assert "Traceback" not in _typed(notesearch.folder, "who plans berths\n", "\x03")


def test_a_conversation_explains_too(notesearch: Session) -> None:
    said = _typed(notesearch.folder, "who plans berths\n", "\n", options=["--explain"])
    assert "an answer is given from" in said
    assert "Points order the passages" in said


def _typed(folder: Path, *lines: str, options: Sequence[str] = ()) -> str:
    """What a terminal shows of a conversation in which these lines are typed, each at a question; it ends well."""
    master, slave = pty.openpty()
    environment = {**os.environ, "COLUMNS": "100", "TERM": "xterm", "NO_COLOR": "1"}
    words = [sys.executable, "-m", "notesearch", "ask", *options]
    with subprocess.Popen(
        words, cwd=folder, env=environment, stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
        preexec_fn=_own_terminal,
    ) as process:  # fmt: skip
        os.close(slave)
        seen, waiting, until = "", list(lines), time.monotonic() + 100
        while time.monotonic() < until:
            if not select.select([master], [], [], 0.2)[0]:
                continue
            try:
                data = os.read(master, 65536)
            except OSError:  # the other end is closed
                break
            if not data:
                break
            seen += data.decode("utf-8", "replace")
            if waiting and seen.endswith("? "):
                time.sleep(0.3)  # what reads the line is there a moment after what asks for it
                os.write(master, waiting.pop(0).encode())
        os.close(master)
        assert process.wait(20) == 0, seen
    assert not waiting, seen
    return seen


def _own_terminal() -> None:
    """Make the pseudo-terminal the process's own, and its Ctrl-C heard, whatever the tests were started by."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
