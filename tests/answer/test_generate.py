"""A language model's answer, from a real server on loopback that is good, slow, broken, or not what it seems."""

from __future__ import annotations

import builtins
import re
import socket
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from notesearch import Answer, Notebook
from notesearch.endpoint import KEY, PLACES, Endpoint
from notesearch.errors import UsageError
from tests.answer.server import Heard, Reply, serving

QUESTION = "flour water salt"
pytestmark = pytest.mark.local_server
OWN_WORDS = "flour, water, salt."


@pytest.fixture(autouse=True)
def _no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (KEY, "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)


def asked(notebook: Notebook, play: Callable[[Reply], None], **how: Any) -> tuple[Answer, Heard, list[str]]:
    """The answer, what the server heard, and what was remarked."""
    with serving(play) as heard:
        answer = notebook.ask(QUESTION, llm=heard.llm, **how)
    return answer, heard, notebook.take_remarks()


def test_an_answer_comes_sentence_by_sentence_each_checked(notebook: Notebook) -> None:
    told: list[str] = []
    text = "The dough is flour, water and salt [1]. It rises for 3 days [1].\n\nYou bake it on Mars. [9]"
    answer, heard, remarks = asked(notebook, lambda reply: reply.answer(text), tell=told.append)
    assert told == [
        "The dough is flour, water and salt [1].",
        " It rises for 3 days [1]. [not borne out]",
        "\n\nYou bake it on Mars [9]. [not borne out]",
    ]
    assert (answer.text, answer.generator, answer.answerable) == ("".join(told), "small", True)
    first = answer.hits[0].id
    assert [(c.passage, c.supported) for c in answer.citations] == [(first, True), (first, False), (0, False)]
    assert answer.quotes[0].text == OWN_WORDS
    assert remarks == []
    assert (heard.bodies[0]["model"], heard.bodies[0]["stream"]) == ("small", True)


def test_sentences_come_while_the_model_still_writes(notebook: Notebook) -> None:
    heard_at: list[float] = []

    def slow(reply: Reply) -> None:
        reply.begin()
        reply.say("It is flour, water and salt [1]. And")
        time.sleep(0.6)
        reply.say(" then you bake it hot [2].")
        reply.end()

    asked(notebook, slow, tell=lambda _: heard_at.append(time.monotonic()))
    assert heard_at[1] - heard_at[0] > 0.4


def test_an_answer_that_nothing_bears_out_gives_way_to_the_notes(notebook: Notebook) -> None:
    answer, _, remarks = asked(notebook, lambda reply: reply.answer("Penguins drink gin [1]. They dance."))
    assert (answer.text, answer.generator) == (OWN_WORDS, "extract")
    assert [citation.supported for citation in answer.citations] == [False, False]
    assert remarks == ["The passages bear out nothing that small said; the answer is in the notes' own words."]


def test_a_model_that_finds_no_answer_in_the_passages_is_believed(notebook: Notebook) -> None:
    answer, _, _ = asked(notebook, lambda reply: reply.answer("The notes do not say."))
    assert (answer.text, answer.answerable, answer.quotes, answer.generator) == (None, False, (), "small")
    assert answer.hits


def test_what_a_model_thinks_is_no_part_of_its_answer(notebook: Notebook) -> None:
    text = "<think>Bread? Surely bread.</think>\n\nIt is flour, water and salt [1]."
    answer, _, _ = asked(notebook, lambda reply: reply.answer(text))
    assert answer.text == "It is flour, water and salt [1]."


def test_where_the_notes_hold_no_answer_no_model_is_asked(notebook: Notebook) -> None:
    with serving(lambda reply: reply.answer("It is 42 [1].")) as heard:
        answer = notebook.ask("zygote quasar hegemony", llm=heard.llm)
    assert (answer.answerable, heard.bodies) == (False, [])
    assert notebook.prompt("zygote quasar hegemony") == ()


def test_what_is_shown_as_the_prompt_is_what_is_sent(notebook: Notebook) -> None:
    _, heard, _ = asked(notebook, lambda reply: reply.answer("Flour [1]."))
    assert heard.bodies[0]["messages"] == list(notebook.prompt(QUESTION))


def test_only_the_key_goes_along_and_only_from_the_environment(
    notebook: Notebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, heard, _ = asked(notebook, lambda reply: reply.answer("Flour [1]."))
    assert "authorization" not in heard.headers[0]
    for name in (KEY, "OPENAI_ORG_ID", "OPENAI_API_KEY"):
        monkeypatch.setenv(name, f"from-{name}")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Secret: from-custom")
    _, heard, _ = asked(notebook, lambda reply: reply.answer("Flour [1]."))
    assert heard.headers[0].pop("authorization") == f"Bearer from-{KEY}"
    assert not [value for value in heard.headers[0].values() if "from-" in value]
    assert not [name for name in heard.headers[0] if name.startswith("x-")]
    index = [file for file in notebook.store.folder.rglob("*") if file.is_file()]
    assert index and not [file for file in index if b"from-" in file.read_bytes()]


def test_no_proxy_of_the_environment_gets_a_question(notebook: Notebook, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(lambda reply: reply.status(502)) as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url.removesuffix("/v1"))
        monkeypatch.setenv("NO_PROXY", "")
        answer, _, _ = asked(notebook, lambda reply: reply.answer("It is flour, water and salt [1]."))
    assert (answer.generator, proxy.bodies) == ("small", [])


def test_no_redirect_is_followed(notebook: Notebook) -> None:
    with serving(lambda reply: reply.answer("Flour [1].")) as elsewhere:
        aim = f"{elsewhere.url}/chat/completions"
        answer, _, remarks = asked(notebook, lambda reply: reply.status(307, Location=aim))
    assert (answer.generator, elsewhere.bodies) == ("extract", [])
    assert "sends questions on to" in remarks[0] and "nothing was sent there" in remarks[0]


def _cut_off(reply: Reply) -> None:
    reply.begin()
    reply.say("It is flour, water and salt [1]. Then you")


def _silent(reply: Reply) -> None:
    time.sleep(1.5)


def _silent_in_between(reply: Reply) -> None:
    reply.begin()
    reply.say("It is flour")
    time.sleep(1.5)


def _endless(reply: Reply) -> None:
    reply.begin()
    try:
        while True:
            reply.say("flour and water and salt and " * 20)
    except OSError:
        return  # it was hung up on


def _sending(*data: bytes) -> Callable[[Reply], None]:
    def play(reply: Reply) -> None:
        reply.begin()
        for each in data:
            reply.raw(each)

    return play


FAULTS: dict[str, tuple[Callable[[Reply], None], str]] = {
    "silent": (_silent, r"small at \S+ was silent for 0\.5 s"),
    "silent in between": (_silent_in_between, r"was silent for 0\.5 s"),
    "cut off": (_cut_off, "broke off in the middle of its answer"),
    "endless": (_endless, "found no end and was stopped"),
    "a page": (lambda reply: reply.status(200, b"<html>hello</html>", Content_Type="text/html"), "no language model"),
    "JSON of another kind": (lambda reply: reply.status(200, b'{"ok": true}'), "is no language model's server"),
    "nothing": (lambda reply: reply.status(200), "is no language model's server"),
    "broken JSON": (_sending(b"data: {broken\n\n"), "did not answer as a model does"),
    "other JSON": (_sending(b'data: ["x"]\n\ndata: 7\n\ndata: null\n\n'), "is no language model's server"),
    "odd fields": (_sending(b'data: {"choices": [{"delta": {"content": {"a": 1}}}]}\n\n'), "no language model"),
    "bytes": (_sending(b"\xff\xfe\x00\n\n", b"data: \xff\xff\n\n"), "did not answer as|no language model"),
    "error in the stream": (_sending(b'data: {"error": {"message": "out of memory"}}\n\n'), "out of memory"),
    "wrong key": (lambda reply: reply.error(401, "bad key sk-123"), f"wants a key, which goes into {KEY}"),
    "no such model": (lambda reply: reply.error(404, "try pulling it"), r"knows no small \(status 404: try pulling it"),
    "too long": (lambda reply: reply.error(400, "context length exceeded: 9000 > 4096"), "are too much for small"),
    "busy": (lambda reply: reply.error(429, "slow down"), "takes no more questions just now"),
    "loading": (lambda reply: reply.error(503, "Loading model"), r"failed \(status 503: Loading model\)"),
    "failed with a page": (lambda reply: reply.status(500, b"\x1b[31m<h1>oops"), r"failed \(status 500: "),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_one_sentence_and_the_notes_own_words(notebook: Notebook, fault: str) -> None:
    play, sentence = FAULTS[fault]
    notebook.settings = replace(notebook.settings, llm_timeout_s=0.5)
    plain = notebook.ask(QUESTION)
    answer, _, remarks = asked(notebook, play)
    assert answer == plain
    assert (answer.text, answer.answerable) == (OWN_WORDS, True)
    assert len(remarks) == 1 and re.search(sentence, remarks[0]), remarks
    assert remarks[0].endswith("; the answer is in the notes' own words.") and "sk-123" not in remarks[0]


def test_a_server_that_is_not_there(notebook: Notebook) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, so that nothing else is there; not listening, so that it refuses
        answer = notebook.ask(QUESTION, llm=f"small@http://127.0.0.1:{taken.getsockname()[1]}/v1")
    assert answer.text == OWN_WORDS
    (remark,) = notebook.take_remarks()
    assert re.fullmatch(
        r"http://127.0.0.1:\d+/v1 cannot be reached \(.*refused\): see that the server of small runs there; "
        r"the answer is in the notes' own words\.",
        remark,
    )


def test_a_key_that_is_not_accepted_is_told_apart_from_none(
    notebook: Notebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEY, "wrong")
    _, _, remarks = asked(notebook, lambda reply: reply.error(403, "no"))
    assert f"does not accept the key in {KEY} (status 403)" in remarks[0]


def test_without_the_package_the_way_to_it_is_said(notebook: Notebook, monkeypatch: pytest.MonkeyPatch) -> None:
    there = builtins.__import__

    def absent(name: str, *words: Any) -> Any:
        if name == "openai":
            raise ModuleNotFoundError(name)
        return there(name, *words)

    monkeypatch.setattr(builtins, "__import__", absent)
    answer, heard, remarks = asked(notebook, lambda reply: reply.answer("Flour [1]."))
    assert (answer.text, heard.bodies) == (OWN_WORDS, [])
    assert "pip install 'notesearch[llm]'" in remarks[0]


def test_names_of_models_and_places(notebook: Notebook) -> None:
    assert notebook._language_model("llama3.2") == Endpoint("llama3.2", PLACES["ollama"])
    assert Endpoint.named("openai/gpt-oss-20b@lmstudio") == Endpoint("openai/gpt-oss-20b", PLACES["lmstudio"])
    assert Endpoint.named("a@b@http://[::1]:8/v1") == Endpoint("a@b", "http://[::1]:8/v1")
    here = ("m@http://[::1]:8/v1", "m@http://127.0.0.2/v1", "m@llama.cpp")
    assert all(Endpoint.named(name).is_here for name in here)
    assert not any(Endpoint.named(name).is_here for name in ("m@openai", "m@http://localhost.example.org/v1"))


@pytest.mark.parametrize("name", ["m@opneai", "@ollama", "m@http://", "m@http://u:key@host/v1", "m@http://h:99999/v1"])
def test_a_name_that_cannot_be_meant_is_wrong_use(notebook: Notebook, name: str) -> None:
    with pytest.raises(UsageError):
        notebook.ask(QUESTION, llm=name)


def test_openais_key_goes_to_openai_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "theirs")
    assert Endpoint.named("m@openai").key == "theirs"
    assert Endpoint.named("m@ollama").key is None
