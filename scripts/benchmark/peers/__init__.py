"""Other tools over the same notes, with the same model and questions, each in a virtual environment of its own.

Times of whole processes are medians of runs in turn, so that all tools meet the same weather. What a peer finds is
judged by notes, since each cuts them differently.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from tempfile import TemporaryFile

from notesearch.embed.packaged import default_folder
from scripts.benchmark import processes

_ADAPTERS = Path(__file__).with_name("adapters.py")
_TORCH = "torch==2.13.0"
_REQUIRED = {
    "plain script": (_TORCH, "sentence-transformers", "faiss-cpu"),
    "txtai": (_TORCH, "txtai"),
    "chroma": (_TORCH, "sentence-transformers", "chromadb"),
    "llama-index": (_TORCH, "llama-index-core", "llama-index-embeddings-huggingface"),
    "LEANN": (_TORCH, "leann"),
}
_QMD = "qmd, words only"
_QMD_REQUIRED = ("node@22", "@tobilu/qmd@2")
_OURS = "notesearch"
_OFFLINE = {"HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}
"""The model lies in a folder: no tool has to ask a hub."""
_ASK = """
import json, sys, time
from notesearch import Notebook
with Notebook.open(sys.argv[1]) as notebook:
    answers = []
    for question in json.loads(sys.argv[2]):
        started = time.perf_counter()
        hits = notebook.search(question)
        answers.append({"seconds": time.perf_counter() - started, "notes": [hit.note for hit in hits]})
print(json.dumps(answers))
"""

HEAD = (
    *("tool", "index", "first answer, whole process", "most memory then", "next answers", "on disk"),
    *("right note first", "in five"),
)


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, and the notes of which any is right; none where only time is measured."""

    text: str
    notes: frozenset[str] = frozenset()


@dataclass(slots=True)
class _Tool:
    """How a tool is called, and what has been measured of it. `index`, `ask`: the words for its Python."""

    name: str
    python: str
    index: Sequence[str]
    ask: Sequence[str]
    work: Path
    seconds: float = 0.0
    cold: list[processes.Took] = field(default_factory=list)

    def measured(self, words: Sequence[str]) -> processes.Took:
        """What one of its commands takes."""
        return processes.measured(words, python=self.python, fine=(0,), **_OFFLINE)


def from_file(file: Path) -> list[Asked]:
    """Questions from a TOML file like that of the tests, or one on each line, the right note behind a tab.

    Those that the notes do not answer are left out.
    """
    text = file.read_text(encoding="utf-8")
    if file.suffix == ".toml":
        asked = [Asked(q["ask"], frozenset(p["note"] for p in q["expect"])) for q in tomllib.loads(text)["question"]]
        return [each for each in asked if each.notes]
    lines = (line.partition("\t") for line in text.splitlines() if line.strip())
    return [Asked(question, frozenset([note] if note else [])) for question, _, note in lines]


def rows(vault: Path, asked: Sequence[Asked], folder: Path, runs: int) -> Iterator[Sequence[str]]:
    """A row for each tool, in the order of `HEAD`; one that cannot be installed or fails says so in its row.

    The environments stay in `folder`, to be used again.
    """
    tools: list[_Tool] = []
    for name in (_OURS, *_REQUIRED, _QMD):
        try:
            tool = _ours(vault, folder) if name == _OURS else _peer(name, vault, folder)
            tool.seconds = tool.measured(tool.index).seconds
            tools.append(tool)
        except (RuntimeError, OSError) as error:
            yield name, f"failed: {' '.join(str(error).split())[:200]}", *[""] * (len(HEAD) - 2)
    first = json.dumps([asked[0].text])
    for _ in range(runs):
        for tool in tools:
            tool.cold.append(tool.measured([*tool.ask, first]))
    for tool in tools:
        yield _row(tool, asked)


def _row(tool: _Tool, asked: Sequence[Asked]) -> Sequence[str]:
    questions = json.dumps([each.text for each in asked])
    said = _run([tool.python, *tool.ask, questions])
    answers = json.loads(said.splitlines()[-1])
    found = [list(dict.fromkeys(answer["notes"])) for answer in answers]
    judged = [(notes, each.notes) for notes, each in zip(found, asked, strict=True) if each.notes]
    return (
        tool.name,
        f"{tool.seconds:.1f} s",
        f"{median(took.seconds for took in tool.cold):.2f} s",
        f"{median(took.peak_mb for took in tool.cold):.0f} MB",
        f"{median(answer['seconds'] for answer in answers[1:] or answers) * 1000:.1f} ms",
        f"{sum(file.stat().st_size for file in tool.work.rglob('*') if file.is_file()) / 1e6:.1f} MB",
        f"{sum(bool(right & set(notes[:1])) for notes, right in judged)} of {len(judged)}" if judged else "",
        f"{sum(bool(right & set(notes[:5])) for notes, right in judged)} of {len(judged)}" if judged else "",
    )


def _ours(vault: Path, folder: Path) -> _Tool:
    work = _emptied(folder / _OURS)
    index = ["-m", "notesearch", "index", str(vault), "--index", str(work)]
    return _Tool(_OURS, sys.executable, index, ["-c", _ASK, str(work)], work)


def _peer(name: str, vault: Path, folder: Path) -> _Tool:
    environment = folder / f"environment of {name}"
    if not (environment / "complete").exists():
        _install(name, _emptied(environment))
        (environment / "complete").touch()
    python, model = _python(environment), str(default_folder())
    if name == _QMD:
        python, model = sys.executable, str(environment / "node_modules" / ".bin")
    work, adapter = _emptied(folder / name), ["-P", str(_ADAPTERS), name]
    index = [*adapter, "index", str(vault), str(work), model]
    return _Tool(name, python, index, [*adapter, "ask", str(work), model], work)


def _install(name: str, environment: Path) -> None:
    if name == _QMD:
        _run(["npm", "install", "--prefix", str(environment), *_QMD_REQUIRED])
        return
    _run([sys.executable, "-m", "venv", str(environment)])
    pip = [_python(environment), "-m", "pip", "--disable-pip-version-check"]
    _run([*pip, "install", "--quiet", *_REQUIRED[name]])


def _python(environment: Path) -> str:
    return str(environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python"))


def _emptied(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def _run(words: Sequence[str]) -> str:
    """What a program says on standard output, kept in files as `processes` does. Raises RuntimeError if it fails."""
    with TemporaryFile("w+", encoding="utf-8") as said, TemporaryFile("w+", encoding="utf-8") as complained:
        done = subprocess.run(words, stdout=said, stderr=complained, env={**os.environ, **_OFFLINE})
        said.seek(0)
        complained.seek(0)
        if done.returncode:
            why = complained.read()[-300:]
            raise RuntimeError(f"{' '.join(words[:4])} … ended with status {done.returncode}: {why}")
        return said.read()
