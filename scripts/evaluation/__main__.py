"""The command: `scripts/evaluate FOLDER…`."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress as Bars
from rich.progress import TaskID

from notesearch.errors import NotesearchError
from notesearch.results import Progress
from scripts.evaluation import report
from scripts.evaluation.data import JudgedSet, SetError, load_set
from scripts.evaluation.results import ComparisonError, Run, SetResult, read_run
from scripts.evaluation.run import SYSTEMS, Plan, measure_set
from scripts.evaluation.switches import SwitchError, read_switches

_ROOT = Path(__file__).resolve().parents[2]
CACHE = _ROOT / "build" / "evaluate"
# Of what the product remarks on a set, so many are shown; all are in the JSON.
_REMARKS = 5
_remarks = Console(stderr=True)


def evaluate(
    folders: Annotated[list[Path], typer.Argument(metavar="FOLDER", help="Sets: vault/, queries.jsonl, qrels.jsonl.")],
    systems: Annotated[str, typer.Option(help="What to compare, the first with each other one.")] = ",".join(SYSTEMS),
    switch: Annotated[list[str] | None, typer.Option(metavar="NAME=VALUE", help="A search setting.")] = None,
    answers: Annotated[bool, typer.Option("--answers", help="Ask for answers, too: quotes and refusal.")] = False,
    llm: Annotated[
        str, typer.Option(metavar="NAME@PLACE", help="The language model that writes the answers; implies --answers.")
    ] = "",
    history: Annotated[bool, typer.Option("--history", help="What was said before a question is told, too.")] = False,
    scoped: Annotated[bool, typer.Option("--scoped", help="Only notes in a question's scope count as found.")] = False,
    sample: Annotated[
        int | None, typer.Option(min=1, help="That many questions of each set, for a quick look.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Which sample is drawn.")] = 0,
    json: Annotated[Path | None, typer.Option(help="Keep the run, question by question, in this file.")] = None,
    against: Annotated[Path | None, typer.Option(help="Compare with a run that --json kept.")] = None,
    cache: Annotated[Path, typer.Option(help="Where the indexes are kept.")] = CACHE,
    fresh: Annotated[bool, typer.Option("--fresh", help="Build the indexes anew.")] = False,
) -> None:
    """Measure notesearch on notes with judged questions, next to plain BM25, vectors alone, and their fusion."""
    plan = Plan(
        _known(systems), read_switches(switch or ()), answers or bool(llm), scoped, sample, seed, fresh, history, llm
    )
    earlier = read_run(against) if against else None
    run = Run(commit(), asdict(plan), ())
    for judged in [load_set(folder) for folder in folders]:
        with _shown(judged) as progress:
            result = measure_set(judged, cache / cache_name(judged), plan, progress)
        _say(result)
        run = replace(run, sets=(*run.sets, result))
        if json:
            run.write(json)
    _print_report(run, earlier)


def _known(systems: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(name.strip() for name in systems.split(",")))
    unknown = [name for name in names if name not in SYSTEMS]
    if unknown:
        raise typer.BadParameter(f"no system is called {', '.join(unknown)}; there are {', '.join(SYSTEMS)}")
    return names


def cache_name(judged: JudgedSet) -> str:
    """Two sets may have the same name, but not the same place."""
    return f"{judged.name}-{hashlib.sha256(bytes(judged.vault)).hexdigest()[:8]}"


@contextmanager
def _shown(judged: JudgedSet) -> Iterator[Progress]:
    """A bar for each stage on standard error, for people at a terminal."""
    with Bars(console=_remarks, transient=True, disable=not _remarks.is_terminal) as bars:
        tasks: dict[str, TaskID] = {}

        def progress(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(f"{judged.name}: {stage}")
            bars.update(tasks[stage], completed=done, total=total)

        yield progress


def _say(result: SetResult) -> None:
    for line in (report.set_line(result), *result.remarks[:_REMARKS]):
        _remarks.print(line, markup=False, highlight=False, soft_wrap=True)
    if len(result.remarks) > _REMARKS:
        _remarks.print(f"… and {len(result.remarks) - _REMARKS} more remarks.", highlight=False)


def commit() -> str:
    """The checkout's commit, marked if files differ from it; "unknown" outside a checkout."""
    words = ["git", "--no-optional-locks", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    try:
        return subprocess.run(words, cwd=_ROOT, capture_output=True, check=True, encoding="utf-8").stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def _print_report(run: Run, earlier: Run | None) -> None:
    print(f"Commit {run.commit}; ms: median time of a search.\n\n{report.means_table(run)}")
    rivals = report.rivals_table(run)
    if rivals:
        print(f"\nDifferences with p of a paired randomisation test:\n\n{rivals}")
    if earlier:
        print(f"\nAgainst the run of {earlier.commit}:\n\n{report.against_table(earlier, run) or 'nothing in common'}")


def main() -> None:
    """Run the command; what the caller can mend is said in a sentence, without a traceback."""
    try:
        typer.run(evaluate)
    except (SetError, SwitchError, ComparisonError, NotesearchError) as error:
        _remarks.print(str(error), style="red", markup=False, highlight=False, soft_wrap=True)
        sys.exit(error.exit_status if isinstance(error, NotesearchError) else 2)


if __name__ == "__main__":
    main()
