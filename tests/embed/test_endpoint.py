"""Vectors from a real server on loopback that is good, slow, broken, another one than before, or not what it seems."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from notesearch import Notebook, config
from notesearch.config import Settings
from notesearch.embed import choice, sample_texts
from notesearch.embed.endpoint import BATCH, PROBE, EndpointEmbedder
from notesearch.embed.hashed import HashedEmbedder
from notesearch.embed.sentence_transformers import SentenceTransformersEmbedder
from notesearch.endpoint import KEY
from notesearch.errors import ModelError, UsageError
from notesearch.keys import MASK
from notesearch.maxsim import best_matches, maxsim, pack
from tests.answer.server import Heard, Reply, serving
from tests.conftest import write

pytestmark = pytest.mark.local_server


@pytest.fixture(autouse=True)
def _no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (KEY, "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def server() -> Iterator[Heard]:
    """A server of the toy's vectors."""
    with serving(Reply.toy) as heard:
        yield heard


def embedder(name: str, remark: Callable[[str], None] = print, **how: Any) -> EndpointEmbedder:
    timeout_s = how.get("timeout_s", 5.0)
    return EndpointEmbedder(name, how.get("known"), anew=False, named=True, timeout_s=timeout_s, remark=remark)


def opened(tmp_path: Path, model: str | None = None, **how: Any) -> Notebook:
    return Notebook.open(tmp_path / "index", model=model, settings=Settings(llm_timeout_s=5.0), **how)


def other_model(reply: Reply) -> None:
    """As long as the toy's, and otherwise unlike them."""
    reply.vectors(np.roll(HashedEmbedder().embed_passages(reply.texts).vectors, 1, axis=1).tolist())


# -- used as any other model ---------------------------------------------------------------------------------------


def test_vectors_are_the_servers_in_order_and_of_unit_length(server: Heard) -> None:
    texts = [f"boat number {n}" for n in range(2 * BATCH + 1)]
    encoded = embedder(server.llm).embed_passages(texts)
    assert np.allclose(encoded.vectors, HashedEmbedder().embed_passages(texts).vectors, atol=1e-6)
    assert encoded.vectors.dtype == np.float32
    assert [rows.shape for rows in encoded.tokens] == [(1, 128)] * len(texts)
    assert set(server.paths) == {"/v1/embeddings"} and server.texts == texts
    assert [len(body["input"]) for body in server.bodies] == [1, BATCH + 1, BATCH + 1, 2]
    assert all(body["input"][0] == PROBE for body in server.bodies)
    assert embedder(server.llm).embed_passages([]).vectors.shape == (0, 128)


def test_an_index_is_made_and_asked_and_made_anew_by_name(tmp_path: Path, vault: Path, server: Heard) -> None:
    with opened(tmp_path, server.llm, vaults=[vault]) as notebook:
        report = notebook.update()
        assert report.embedded == report.passages > 0
        plain = notebook.store.recipe()
    del server.bodies[:]
    with opened(tmp_path) as notebook:
        assert notebook.update().embedded == 0 and server.bodies == []  # nothing changed: nobody is asked
        assert notebook.search("crane operators berths")[0].note == "harbour.md"
        answer = notebook.ask("flour water salt")
        assert answer.text == "flour, water, salt."
        assert notebook.related("harbour.md")
        assert notebook.check().sound
        write(vault, "new.md", "a lantern hangs in the shed\n")
        report = notebook.update()
        assert (report.added, report.embedded) == (1, 1)
        assert notebook.take_remarks() == []
    with opened(tmp_path, server.llm) as notebook:  # named again: the same model is not embedded again
        assert notebook.update().embedded == 0
        assert notebook.store.recipe() == plain


def test_a_question_and_its_sentences_are_two_requests(tmp_path: Path, vault: Path, server: Heard) -> None:
    with opened(tmp_path, server.llm, vaults=[vault]) as notebook:
        notebook.update()
        del server.bodies[:]
        notebook.ask("flour water salt")
    question, sentences = server.bodies
    assert question["input"] == [PROBE, "flour water salt"]
    assert "flour, water, salt." in sentences["input"]


def test_only_so_many_sentences_are_encoded(tmp_path: Path, server: Heard) -> None:
    root = tmp_path / "vault"
    root.mkdir()
    words = [f"{first}{second}" for first in "bdfgklmnprst" for second in ("abo", "eru", "ilan", "osk", "umek")]
    for n in range(12):
        said = (f"The {words[(7 * n + m) % 60]} of {words[(11 * n + 5 * m) % 60]} is {words[n]}." for m in range(14))
        write(root, f"{words[-n]}.md", f"berth {' '.join(said)}\n")
    with opened(tmp_path, server.llm, vaults=[root]) as notebook:
        notebook.update()
        del server.bodies[:]
        answer = notebook.ask("what is the berth of babo")
    assert len(server.bodies) == 2 and len(server.bodies[1]["input"]) == BATCH + 1
    assert answer.quotes


def test_prefixes_that_the_family_asks_for(tmp_path: Path) -> None:
    with serving(Reply.toy) as heard:
        made = embedder(heard.llm.replace("small", "nomic-embed-text:v1.5"))
        made.embed_passages(["boats"])
        made.embed_query("rope")
    assert heard.texts == ["search_document: boats", "search_query: rope"]
    assert (made.card.query_prefix, made.card.passage_prefix) == ("search_query: ", "search_document: ")


@pytest.mark.parametrize(
    ("name", "query", "passage"),
    [
        ("intfloat/multilingual-e5-base", "query: ", "passage: "),
        ("multilingual-e5-large-instruct", "", ""),
        ("bge-large", "Represent this sentence for searching relevant passages: ", ""),
        ("bge-m3", "", ""),
        ("snowflake-arctic-embed2", "query: ", ""),
        ("text-embedding-3-small", "", ""),
    ],
)
def test_families(server: Heard, name: str, query: str, passage: str) -> None:
    card = embedder(server.llm.replace("small", name)).card
    assert (card.query_prefix, card.passage_prefix) == (query, passage)


def test_tokens_are_estimated_and_unknown_words_count_by_character(server: Heard) -> None:
    made = embedder(server.llm)
    assert list(made.token_starts("one boat")) == [0, 4]
    assert len(made.token_starts("ก" * 120)) == 120
    made.embed_passages(["rope " * 600])
    assert server.texts[-1].count("rope") == made.card.max_tokens


def test_maxsim_is_about_the_cosine(server: Heard) -> None:
    basis = embedder(server.llm).basis()
    vectors = HashedEmbedder().embed_passages(sample_texts()).vectors
    told = maxsim(best_matches(vectors[:1], basis, [pack(row[None], basis) for row in vectors]))
    assert np.abs(told - vectors @ vectors[0]).max() < 0.2
    assert np.abs(told - vectors @ vectors[0]).mean() < 0.05


def test_what_cannot_be_sent_is_replaced(server: Heard) -> None:
    embedder(server.llm).embed_passages(["half \ud800 a pair"])
    assert server.texts == ["half ? a pair"]


# -- which names are an endpoint's ---------------------------------------------------------------------------------


def test_a_folder_of_that_name_stays_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert isinstance(choice.for_questions("nomic@ollama", tmp_path).embedder, EndpointEmbedder)
    assert isinstance(choice.for_questions("me@home/nomic", tmp_path).embedder, SentenceTransformersEmbedder)
    with pytest.raises(UsageError, match="'nomic@olama' names no model and place"):
        choice.for_questions("nomic@olama", tmp_path)
    (tmp_path / "nomic@ollama").mkdir()
    assert isinstance(choice.for_questions("nomic@ollama", tmp_path).embedder, SentenceTransformersEmbedder)


@pytest.mark.parametrize("address", ["http://u:secret@host/v1", "http://host/v1?key=secret", "http://host/v1#secret"])
def test_an_address_with_a_key_in_it_is_refused_and_not_repeated(tmp_path: Path, vault: Path, address: str) -> None:
    with pytest.raises(UsageError, match=KEY) as refused:
        opened(tmp_path, f"small@{address}", vaults=[vault])
    assert "secret" not in str(refused.value)


# -- never mixed (rule I4) -----------------------------------------------------------------------------------------


def test_another_model_at_the_same_place_is_noticed_and_the_way_out_works(tmp_path: Path, vault: Path) -> None:
    play: list[Callable[[Reply], None]] = [Reply.toy]
    with serving(lambda reply: play[0](reply)) as heard:
        with opened(tmp_path, heard.llm, vaults=[vault]) as notebook:
            before = notebook.update().embedded
        play[0] = other_model
        with opened(tmp_path) as notebook:
            assert notebook.search("flour water salt")[0].note == "bread.md"
            (remark,) = notebook.take_remarks()
            assert "encodes with another small than when the index was made" in remark
            assert remark.endswith(f"`notesearch index --model {heard.llm}` embeds all anew. Searching by words only.")
        write(vault, "new.md", "a lantern hangs in the shed\n")
        with opened(tmp_path) as notebook:
            with pytest.raises(ModelError, match="must not be mixed"):
                notebook.update()
            assert notebook.status().pending == 1
        with opened(tmp_path, heard.llm) as notebook:
            assert notebook.update().embedded == before + 1
            assert "every note is read and embedded again" in notebook.take_remarks()[0]
            assert notebook.search("lantern shed")[0].signals.dense == pytest.approx(0.53, abs=0.01)
            assert notebook.take_remarks() == []


def test_a_probe_that_differs_by_rounding_is_the_same_model(server: Heard) -> None:
    known = embedder(server.llm).card
    rng = np.random.default_rng(1)

    def rounded(reply: Reply) -> None:
        vectors = HashedEmbedder().embed_passages(reply.texts).vectors
        reply.vectors((vectors + rng.normal(0, 0.002, vectors.shape)).tolist())

    with serving(rounded) as heard:
        assert len(embedder(heard.llm, known=known).embed_query("rope").vectors) == 1


def test_another_dimension_is_another_model(server: Heard) -> None:
    known = embedder(server.llm).card
    shorter = serving(lambda reply: reply.vectors([[1.0] * 64] * len(reply.texts)))
    with shorter as heard, pytest.raises(ModelError, match="must not be mixed"):
        embedder(heard.llm, known=known).embed_query("rope")


# -- faults --------------------------------------------------------------------------------------------------------


def _rows(*rows: list[float]) -> Callable[[Reply], None]:
    return lambda reply: reply.vectors(rows or [[]])


def _literal(number: str) -> Callable[[Reply], None]:
    numbers = ", ".join([number] * 128)
    body = f'{{"data": [{{"index": 0, "embedding": [{numbers}]}}]}}'
    return lambda reply: reply.status(200, body.encode(), Content_Type="application/json")


FAULTS: dict[str, tuple[Callable[[Reply], None], str]] = {
    "silent": (lambda reply: time.sleep(1.5), r"small at \S+ was silent for 0\.5 s"),
    "hung up": (lambda reply: None, "cannot be reached"),
    "a page": (lambda reply: reply.status(200, b"<html>", Content_Type="text/html"), "gave no vectors"),
    "nothing": (lambda reply: reply.status(200), "gave no vectors|did not answer as a model"),
    "broken JSON": (lambda reply: reply.status(200, b"{", Content_Type="application/json"), "did not answer as a"),
    "other JSON": (lambda reply: reply.json({"ok": True}), "gave no vectors"),
    "a list": (lambda reply: reply.json(["x"]), "gave no vectors"),
    "texts": (lambda reply: reply.json({"data": [{"index": 0, "embedding": "AAAA"}]}), "gave no vectors"),
    "numbers": (lambda reply: reply.json({"data": [{"index": 0, "embedding": 7}]}), "gave no vectors"),
    "a huge number": (_literal("1" + "0" * 400), "gave no vectors"),
    "none": (lambda reply: reply.json({"data": []}), "gave 0 vectors for 1 texts"),
    "one too many": (_rows([1.0] * 128, [1.0] * 128), "gave 2 vectors for 1 texts"),
    "a wrong place": (lambda reply: reply.json({"data": [{"index": 5, "embedding": [1.0]}]}), "gave 1 vectors for 1"),
    "zeros": (_rows([0.0] * 128), "point nowhere"),
    "NaN": (_literal("NaN"), "point nowhere"),
    "beyond all numbers": (_literal("1e300"), "point nowhere"),
    "no dimension": (_rows(), "point nowhere"),
    "wrong key": (lambda reply: reply.error(401, "bad key sk-123"), f"wants a key, which goes into {KEY}"),
    "no such model": (lambda reply: reply.error(404, "try pulling it"), r"knows no small \(status 404: try pulling it"),
    "too long": (lambda reply: reply.error(413, "too large"), "lower passage_tokens in the settings"),
    "redirect": (lambda reply: reply.status(307, Location="http://127.0.0.1:9/"), "nothing was sent there"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_said_in_a_sentence(fault: str) -> None:
    play, sentence = FAULTS[fault]
    with serving(play) as heard, pytest.raises(ModelError, match=sentence) as raised:
        _ = embedder(heard.llm, timeout_s=0.5).card
    assert "sk-123" not in str(raised.value)


def test_a_question_to_a_server_that_is_gone_is_answered_by_words(tmp_path: Path, vault: Path) -> None:
    with serving(Reply.toy) as heard, opened(tmp_path, heard.llm, vaults=[vault]) as notebook:
        notebook.update()
    with opened(tmp_path) as notebook:
        assert notebook.ask("flour water salt").text == "flour, water, salt."
        (remark,) = notebook.take_remarks()
        assert re.fullmatch(
            r"http\S+ cannot be reached \(.*\): see that .* runs there\. Searching by words only\.", remark
        )
        write(vault, "new.md", "a lantern hangs in the shed\n")
        notebook._disk.forget()
        assert notebook.search("lantern shed")[0].note == "new.md"
        assert notebook.status().pending == 1


def test_a_server_that_goes_in_the_middle_of_an_answer(tmp_path: Path, vault: Path) -> None:
    def play(reply: Reply) -> None:
        sentences = index_made and "flour, water, salt." in reply.texts
        reply.error(503, "going down") if sentences else reply.toy()

    index_made = False
    with serving(play) as heard, opened(tmp_path, heard.llm, vaults=[vault]) as notebook:
        notebook.update()
        index_made = True
        answer = notebook.ask("flour water salt")
        (remark,) = notebook.take_remarks()
    assert answer.text == "flour, water, salt."
    assert remark.endswith("(status 503: going down). What answers is chosen by its words only.")


def test_a_server_that_goes_while_a_language_model_writes(tmp_path: Path, vault: Path) -> None:
    chat = 0

    def play(reply: Reply) -> None:
        nonlocal chat
        if reply.texts:
            reply.error(503, "going down") if chat else reply.toy()
        else:
            chat += 1
            reply.answer("Flour, water, salt, gin, rum [1].")

    with serving(play) as heard, opened(tmp_path, heard.llm, vaults=[vault]) as notebook:
        notebook.update()
        answer = notebook.ask("flour water salt", llm=heard.llm)
        remarks = notebook.take_remarks()
    assert (chat, len(answer.citations)) == (1, 1)
    assert "(status 503: going down). What the language model says is checked by its words only." in remarks[0]


def test_a_server_that_goes_while_notes_are_read_costs_no_words(tmp_path: Path, vault: Path) -> None:
    def play(reply: Reply) -> None:
        reply.toy() if here or len(reply.texts) == 1 else reply.error(500, "out of memory")

    here = False
    with serving(play) as heard:
        with opened(tmp_path, heard.llm, vaults=[vault]) as notebook:
            with pytest.raises(ModelError, match="found by its words; the rest goes on with the next run"):
                notebook.update()
            assert notebook.status().pending == notebook.status().passages > 0
            assert notebook.search("flour salt")[0].note == "bread.md"
        here = True
        with opened(tmp_path) as notebook:
            report = notebook.update()
            assert report.embedded == report.passages
            assert notebook.check().sound


def test_a_server_that_failed_is_left_alone_for_a_while() -> None:
    with serving(lambda reply: reply.error(503, "busy")) as heard:
        made = embedder(heard.llm)
        for _ in range(3):
            with pytest.raises(ModelError, match="status 503"):
                made.load()
    assert len(heard.bodies) == 1


# -- what leaves the machine (rules X5, X7) ------------------------------------------------------------------------


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """This machine is taken for another one."""
    monkeypatch.setattr("notesearch.endpoint.Endpoint.is_here", False)


@pytest.mark.usefixtures("elsewhere")
def test_what_looks_like_a_key_is_kept_and_the_host_is_said_once(tmp_path: Path, vault: Path, server: Heard) -> None:
    write(vault, "keys.md", "# keys\n\nthe router\n\npassword: correct-horse\n\nis upstairs\n")
    with opened(tmp_path, server.llm, vaults=[vault]) as notebook:
        notebook.update()
        assert sorted(notebook.take_remarks()) == [
            "Lines that look like keys were kept from 127.0.0.1.",
            "Texts to be encoded go to 127.0.0.1, which is not this machine.",
        ]
        assert "correct-horse" not in str(server.bodies) and MASK in str(server.bodies)
        assert notebook.search("router password upstairs")[0].note == "keys.md"
        assert notebook.take_remarks() == ["Texts to be encoded go to 127.0.0.1, which is not this machine."]


@pytest.mark.usefixtures("elsewhere")
def test_an_index_alone_sends_nothing_to_another_machine(tmp_path: Path, vault: Path, server: Heard) -> None:
    """Whoever gives an index away could else learn what is asked of it."""
    with opened(tmp_path, server.llm, vaults=[vault]) as notebook:
        notebook.update()
    asked = len(server.bodies)
    with opened(tmp_path, None) as notebook:
        assert notebook.search("flour water salt")[0].note == "bread.md"
        assert "nothing is sent there" in notebook.take_remarks()[0]
    assert len(server.bodies) == asked
    named = Settings(model=server.llm)
    with Notebook.open(tmp_path / "index", settings=named) as notebook:
        notebook.search("flour water salt")
    assert len(server.bodies) == asked + 1


def test_on_this_machine_nothing_is_masked_or_said(tmp_path: Path, vault: Path, server: Heard) -> None:
    write(vault, "keys.md", "password: correct-horse\n")
    with opened(tmp_path, server.llm, vaults=[vault]) as notebook:
        notebook.update()
        assert notebook.take_remarks() == []
    assert "correct-horse" in str(server.bodies)


def test_the_key_goes_along_and_nowhere_else(
    tmp_path: Path, vault: Path, server: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEY, "from-the-environment")
    with opened(tmp_path, server.llm, vaults=[vault]) as notebook:
        notebook.update()
    assert {headers["authorization"] for headers in server.headers} == {"Bearer from-the-environment"}
    files = [file for file in (tmp_path / "index").rglob("*") if file.is_file()]
    assert files and not [file for file in files if b"from-the-environment" in file.read_bytes()]


def test_a_model_that_a_vaults_settings_name_is_not_used(tmp_path: Path, vault: Path, server: Heard) -> None:
    """Rule X7, also for a folder that looks like no vault but was indexed as one."""
    write(vault, "notesearch.toml", f'model = "{server.llm}"\n')
    settings = config.load(vault)
    assert settings.model == server.llm
    with Notebook.open(tmp_path / "index", vaults=[vault], settings=settings) as notebook:
        assert not isinstance(notebook.embedder, EndpointEmbedder)
        assert "lies in a vault, where 'model' may not be set" in notebook.take_remarks()[0]
    (vault / "notesearch.toml").rename(tmp_path / "notesearch.toml")
    with Notebook.open(tmp_path / "index", settings=config.load(vault)) as notebook:
        assert isinstance(notebook.embedder, EndpointEmbedder)
        notebook.update()
    assert server.texts
