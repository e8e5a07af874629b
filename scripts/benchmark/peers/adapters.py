"""Each peer as its own first tutorial uses it, over the same notes with the same model. Runs in the peer's own virtual
environment, so it imports nothing of notesearch.

    python adapters.py PEER index VAULT WORK MODEL       make the peer's index of a folder of notes
    python adapters.py PEER ask WORK MODEL QUESTIONS     print, as JSON, what it finds for each of a JSON list

MODEL is the folder of a sentence-transformers model; for qmd, which is no Python, that of its own programs.
Who wants pieces of text gets the notes cut at blank lines into pieces of at most a thousand characters.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

Ask = Callable[[str], list[str]]
"""A question → the notes of the ten best pieces, best first, as paths in the vault."""

_CHARACTERS = 1000
_FOUND = 10


def pieces(vault: Path) -> Iterator[tuple[str, str]]:
    """(path in the vault, text) of each piece."""
    for file in sorted(vault.rglob("*.md")):
        if any(part.startswith(".") for part in file.relative_to(vault).parts):
            continue
        piece = ""
        for block in [*file.read_text(encoding="utf-8", errors="replace").split("\n\n"), ""]:
            if piece and (not block or len(piece) + len(block) > _CHARACTERS):
                yield file.relative_to(vault).as_posix(), piece
                piece = ""
            piece = f"{piece}\n\n{block}".strip()


def _index_by_plain(vault: Path, work: Path, model: str) -> None:
    """A script of a dozen lines: sentence-transformers and a flat FAISS index."""
    import faiss
    from sentence_transformers import SentenceTransformer

    paths, texts = zip(*pieces(vault), strict=True)
    vectors = SentenceTransformer(model).encode(list(texts), normalize_embeddings=True)
    flat = faiss.IndexFlatIP(vectors.shape[1])
    flat.add(vectors)
    faiss.write_index(flat, str(work / "vectors.faiss"))
    (work / "paths.json").write_text(json.dumps(paths), encoding="utf-8")


def _opened_plain(work: Path, model: str) -> Ask:
    import faiss
    from sentence_transformers import SentenceTransformer

    encoder, flat = SentenceTransformer(model), faiss.read_index(str(work / "vectors.faiss"))
    paths = json.loads((work / "paths.json").read_text(encoding="utf-8"))

    def ask(question: str) -> list[str]:
        _, rows = flat.search(encoder.encode([question], normalize_embeddings=True), _FOUND)
        return [paths[row] for row in rows[0] if row >= 0]

    return ask


def _index_by_txtai(vault: Path, work: Path, model: str) -> None:
    """With its hybrid search, words and vectors together."""
    from txtai import Embeddings

    embeddings = Embeddings(path=model, content=True, hybrid=True)
    embeddings.index({"text": text, "note": path} for path, text in pieces(vault))
    embeddings.save(str(work / "index"))


def _opened_txtai(work: Path, model: str) -> Ask:
    from txtai import Embeddings

    embeddings = Embeddings()
    embeddings.load(str(work / "index"))

    def ask(question: str) -> list[str]:
        query = f"select note, score from txtai where similar(:question) limit {_FOUND}"
        return [row["note"] for row in embeddings.search(query, parameters={"question": question})]

    return ask


def _collection(work: Path, model: str) -> Any:
    import chromadb
    from chromadb.utils.embedding_functions import SentenceTransformerEmbeddingFunction

    client = chromadb.PersistentClient(str(work), chromadb.Settings(anonymized_telemetry=False))
    return client.get_or_create_collection("notes", embedding_function=SentenceTransformerEmbeddingFunction(model))


def _index_by_chroma(vault: Path, work: Path, model: str) -> None:
    """A collection that persists."""
    collection, rows = _collection(work, model), list(pieces(vault))
    for at in range(0, len(rows), 1000):
        batch = rows[at : at + 1000]
        collection.add(
            ids=[str(at + n) for n in range(len(batch))],
            documents=[text for _, text in batch],
            metadatas=[{"note": path} for path, _ in batch],
        )


def _opened_chroma(work: Path, model: str) -> Ask:
    collection = _collection(work, model)

    def ask(question: str) -> list[str]:
        found = collection.query(query_texts=[question], n_results=_FOUND)
        return [row["note"] for row in found["metadatas"][0]]

    return ask


def _embedding(model: str) -> Any:
    from llama_index.embeddings.huggingface import HuggingFaceEmbedding

    return HuggingFaceEmbedding(model_name=model)


def _index_by_llamaindex(vault: Path, work: Path, model: str) -> None:
    """Its own reader and its own splitters, Markdown first, then by length."""
    from llama_index.core import SimpleDirectoryReader, VectorStoreIndex
    from llama_index.core.node_parser import MarkdownNodeParser, SentenceSplitter

    documents = SimpleDirectoryReader(vault, recursive=True, required_exts=[".md"]).load_data()
    for document in documents:
        document.metadata = {"note": Path(document.metadata["file_path"]).relative_to(vault).as_posix()}
    index = VectorStoreIndex.from_documents(
        documents, transformations=[MarkdownNodeParser(), SentenceSplitter()], embed_model=_embedding(model)
    )
    index.storage_context.persist(str(work))


def _opened_llamaindex(work: Path, model: str) -> Ask:
    from llama_index.core import StorageContext, load_index_from_storage

    storage = StorageContext.from_defaults(persist_dir=str(work))
    index = load_index_from_storage(storage, embed_model=_embedding(model))
    retriever = index.as_retriever(similarity_top_k=_FOUND)
    return lambda question: [found.node.metadata["note"] for found in retriever.retrieve(question)]


def _index_by_leann(vault: Path, work: Path, model: str) -> None:
    """A graph whose vectors are computed anew when they are needed."""
    from leann import LeannBuilder

    builder = LeannBuilder(backend_name="hnsw", embedding_model=model, embedding_mode="sentence-transformers")
    for path, text in pieces(vault):
        builder.add_text(text, metadata={"note": path})
    builder.build_index(str(work / "notes.leann"))


def _opened_leann(work: Path, model: str) -> Ask:
    from leann import LeannSearcher

    searcher = LeannSearcher(str(work / "notes.leann"), use_daemon=False)  # no server outlives what is measured
    return lambda question: [found.metadata["note"] for found in searcher.search(question, top_k=_FOUND)]


def _qmd(work: Path, programs: str, *words: str) -> str:
    paths = os.pathsep.join((programs, os.environ["PATH"]))
    own = {"HOME": str(work), "XDG_CACHE_HOME": str(work), "XDG_CONFIG_HOME": str(work), "PATH": paths}
    words = (str(Path(programs) / "qmd"), *words)
    return subprocess.run(words, env={**os.environ, **own}, capture_output=True, encoding="utf-8", check=True).stdout


def _index_by_qmd(vault: Path, work: Path, programs: str) -> None:
    """Its search by words: the one by meaning fetches three language models, so it is left out."""
    _qmd(work, programs, "collection", "add", str(vault), "--name", "notes")


def _opened_qmd(work: Path, programs: str) -> Ask:
    def ask(question: str) -> list[str]:
        found = json.loads(_qmd(work, programs, "search", question, "--json", "-n", str(_FOUND)))
        return [hit["file"].removeprefix("qmd://notes/") for hit in found]

    return ask


PEERS = {
    "plain script": (_index_by_plain, _opened_plain),
    "txtai": (_index_by_txtai, _opened_txtai),
    "chroma": (_index_by_chroma, _opened_chroma),
    "llama-index": (_index_by_llamaindex, _opened_llamaindex),
    "LEANN": (_index_by_leann, _opened_leann),
    "qmd, words only": (_index_by_qmd, _opened_qmd),
}


def main() -> None:
    """See the top of this file."""
    peer, command, *words = sys.argv[1:]
    index, opened = PEERS[peer]
    if command == "index":
        vault, work, model = words
        index(Path(vault), Path(work), model)
        return
    work, model, questions = words
    ask = opened(Path(work), model)
    answers = []
    for question in json.loads(questions):
        started = time.perf_counter()
        notes = ask(question)
        answers.append({"seconds": time.perf_counter() - started, "notes": notes})
    print(json.dumps(answers))


if __name__ == "__main__":
    main()
