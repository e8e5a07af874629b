"""The command: `scripts/bench [VAULT]`."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from statistics import median
from typing import Annotated

import typer

from notesearch import Notebook
from notesearch.config import DEFAULT_MODEL, Settings
from notesearch.embed.packaged import default_folder
from scripts.benchmark import encoding, processes, warm
from scripts.benchmark import peers as other_tools
from scripts.benchmark import scale as scales
from scripts.benchmark.enlarged import enlarged
from scripts.benchmark.processes import ONE_QUERY
from scripts.evaluation.__main__ import commit

_ROOT = Path(__file__).resolve().parents[2]
_SAMPLE, _QUESTIONS = _ROOT / "tests" / "vault", _ROOT / "tests" / "questions.toml"
_ENVIRONMENTS = _ROOT / "build" / "peers"

Row = tuple[str, str, str, str]
"""What was measured, its figure, the figure it is compared with, and the ratio."""


def bench(
    vault: Annotated[Path, typer.Argument(help="A folder of notes.")] = _SAMPLE,
    question: Annotated[str, typer.Option(help="What is asked.")] = "why did I pass on scale",
    runs: Annotated[int, typer.Option(min=1, help="How often each process runs; the median counts.")] = 5,
    indexing: Annotated[int, typer.Option(min=0, help="How often the vault is indexed; 0 leaves it out.")] = 3,
    scale: Annotated[int, typer.Option(min=0, help="Instead, an index of so many passages made from these.")] = 0,
    notes: Annotated[int, typer.Option(min=1, help="With --scale: in so many notes.")] = 10_000,
    peers: Annotated[bool, typer.Option(help="Instead, other tools on the same notes; installs them.")] = False,
    questions: Annotated[
        Path | None,
        typer.Option(help="With --scale or --peers: a file with a question on each line, the right note behind a tab."),
    ] = None,
    work: Annotated[
        Path | None, typer.Option(help="With --scale or --peers: where indexes and environments are kept.")
    ] = None,
) -> None:
    """Print a table of times, memory and size, each next to what it is best compared with."""
    vault = vault.resolve()
    if scale:
        _scale(vault, work, scale, notes, questions.read_text("utf-8").splitlines() if questions else (), runs)
        return
    if peers:
        questions = questions or (_QUESTIONS if vault == _SAMPLE else None)
        asked = other_tools.from_file(questions) if questions else [other_tools.Asked(question)]
        _peers(vault, asked, work or _ENVIRONMENTS, runs)
        return
    with tempfile.TemporaryDirectory() as folder:
        index = Path(folder) / "index"
        with Notebook.open(index, vaults=[vault], model=DEFAULT_MODEL, settings=Settings()) as notebook:
            notebook.update()
            passages = notebook.status().passages
        print(f"Commit {commit()}; {vault.name}: {passages:,} passages.\n")
        _print(
            chain(
                _cold(index, question, runs),
                _warm(index, vault, question, runs),
                _indexing(vault, Path(folder), indexing),
            )
        )


def _scale(vault: Path, work: Path | None, passages: int, notes: int, questions: Sequence[str], runs: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        index = enlarged(vault, work or Path(folder), passages, min(notes, passages))
        print(f"Commit {commit()}; {passages:,} passages made from {vault.name}.\n")
        _print(scales.rows(index, questions, runs))


def _peers(vault: Path, asked: Sequence[other_tools.Asked], work: Path, runs: int) -> None:
    print(f"Commit {commit()}; {vault.name}, {len(asked)} questions.\n")
    print(f"| {' | '.join(other_tools.HEAD)} |\n|{' --- |' * len(other_tools.HEAD)}")
    for row in other_tools.rows(vault, asked, work, runs):
        print(f"| {' | '.join(row)} |", flush=True)


def _print(rows: Iterable[Row]) -> None:
    print("| | figure | against | ratio |\n| --- | ---: | ---: | ---: |")
    for row in rows:
        print(f"| {' | '.join(row)} |", flush=True)


def _cold(index: Path, question: str, runs: int) -> Iterator[Row]:
    ask, load, help_ = processes.in_turn(
        runs,
        ["-m", "notesearch", "ask", question, "--index", str(index)],
        ["-c", ONE_QUERY, str(default_folder()), question],
        ["-m", "notesearch", "--help"],
    )
    against = f"{load.seconds:.2f} s (import, load, encode by sentence-transformers)"
    yield "`ask`, cold", f"{ask.seconds:.2f} s", against, f"{ask.seconds / load.seconds:.3f}"
    yield "… time of all cores", f"{ask.cpu_seconds:.2f} s", f"{load.cpu_seconds:.2f} s", _ratio(ask, load)
    yield "… most memory", f"{ask.peak_mb:.0f} MB", f"{load.peak_mb:.0f} MB", f"{ask.peak_mb / load.peak_mb:.2f}"
    yield "`--help`", f"{help_.seconds:.2f} s", "", ""


def _ratio(one: processes.Took, other: processes.Took) -> str:
    return f"{one.cpu_seconds / other.cpu_seconds:.3f}"


def _warm(index: Path, vault: Path, question: str, runs: int) -> Iterator[Row]:
    with Notebook.open(index, settings=Settings()) as notebook:
        search, query = warm.search_and_query(notebook, question, runs * 10)
        update, walk = warm.update_and_walk(notebook, vault, runs)
        status = notebook.status()
    yield "search, warm", _ms(search), f"{_ms(query)} (its question encoded)", f"{search / query:.2f}"
    yield "update, nothing changed", _ms(update), f"{_ms(walk)} (scandir and stat)", f"{update / walk:.1f}"
    yield "size of the index", f"{status.size_bytes / status.passages:,.0f} bytes a passage", "", ""


def _indexing(vault: Path, folder: Path, runs: int) -> Iterator[Row]:
    if not runs:
        return
    from sentence_transformers import SentenceTransformer

    with Notebook.open(folder / "index", settings=Settings()) as notebook:
        embedder = notebook.embedder
    batches = encoding.batches_of(vault, embedder, Settings())
    model = SentenceTransformer(str(default_folder()), local_files_only=True)
    embedder.embed_passages(batches[0][:8])
    model.encode(batches[0][:8])
    whole, original, bare = [], [], []
    for run in range(runs):
        words = ["-m", "notesearch", "index", str(vault), "--index", str(folder / f"run {run}")]
        whole.append(processes.measured(words))
        original.append(encoding.original_seconds(model, batches))
        bare.append(encoding.encoder_seconds(embedder, batches))
    seconds = median(took.seconds for took in whole)
    yield (
        "`index`, whole process",
        f"{seconds:.1f} s",
        f"{median(original):.1f} s (`SentenceTransformer.encode`, fp32)",
        f"{median(took.seconds / other for took, other in zip(whole, original, strict=True)):.2f}",
    )
    ratio = median(took.seconds / other for took, other in zip(whole, bare, strict=True))
    yield "", f"{seconds:.1f} s", f"{median(bare):.1f} s (the encoder's bare calls)", f"{ratio:.2f}"
    yield "… most memory", f"{median(took.peak_mb for took in whole):.0f} MB", "", ""


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"


if __name__ == "__main__":
    typer.run(bench)
