"""The command line: parse the words, call the notebook, print. Imports that take long happen inside the calls."""

from __future__ import annotations

import gc
import io
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from notesearch import __version__
from notesearch.errors import NotesearchError, UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from notesearch.index.records import Where
    from notesearch.notebook import Notebook
    from notesearch.results import Answer, Turn

_INTERRUPTED = 130
"""The status by which typer says that Ctrl-C was pressed."""
_WrongWords: Any = typer.BadParameter.__mro__[1]
"""The base of what typer says of words that it does not understand; it has no public name."""

app = typer.Typer(
    name="notesearch",
    help="Search and question your own Markdown notes, on your own machine.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # plain help: rich's takes twice as long to appear
    context_settings={"help_option_names": ["-h", "--help"]},
)

Index = Annotated[Path | None, typer.Option("--index", help="Folder of the index.", show_default=False)]
Count = Annotated[int, typer.Option("-k", help="How many passages to show.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
AsJsonl = Annotated[bool, typer.Option("--jsonl", help="Print one JSON object a hit, a line each.")]
Explain = Annotated[bool, typer.Option("--explain", help="Say why each passage stands where it stands.")]
From = Annotated[str | None, typer.Option("--from", help="Only notes dated then or later.", metavar="DATE")]
To = Annotated[str | None, typer.Option("--to", help="Only notes dated then or earlier.", metavar="DATE")]
Tag = Annotated[list[str] | None, typer.Option("--tag", help="Only notes with this tag; -TAG for those without.")]
InPath = Annotated[list[str] | None, typer.Option("--path", help="Only notes below this folder; -PATH for the others.")]
Property = Annotated[
    list[str] | None,
    typer.Option("--where", help="Only notes with this property; -KEY=VALUE for the others.", metavar="KEY=VALUE"),
]
Reranker = Annotated[
    str | None,
    typer.Option(
        "--reranker",
        help="A cross-encoder, name or folder, that reads the best passages again. Loads PyTorch: seconds more.",
        show_default=False,
    ),
]
Sort = Annotated[Literal["score", "date"], typer.Option("--sort", help="Order of the passages; date is newest first.")]
Wait = Annotated[float, typer.Option("--wait", help="Seconds to wait for another writer.", min=0)]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no remarks, only results and errors.")]


def main() -> None:
    """The `notesearch` command: run it, and turn errors of ours into one sentence and an exit status."""
    gc.set_threshold(50_000)  # imports make many objects and no garbage: looking for it costs a cold question 5 %
    status = _run()
    with suppress(BrokenPipeError):
        sys.stdout.flush()
        sys.stderr.flush()
    # Python would take apart what it has loaded, piece by piece, which takes a tenth of a cold command.
    os._exit(status)


def _run() -> int:
    """The exit status of the command, once it is done."""
    status = 0
    try:
        status = app(standalone_mode=False) or 0
    except NotesearchError as error:
        print(f"notesearch: {_safe(str(error))}", file=sys.stderr)
        status = error.exit_status
    except _WrongWords as error:
        said = io.StringIO()
        error.show(said)  # what it quotes of the words may be anything (rule X1)
        print(_safe(said.getvalue().rstrip("\n"), one_line=False), file=sys.stderr)
        status = error.exit_code
    except typer.Abort:
        status = _INTERRUPTED
    except BrokenPipeError:  # the reader of our output has had enough
        status = 0
    if status == _INTERRUPTED:
        print("notesearch: stopped. What was done is kept; `notesearch index` goes on from there.", file=sys.stderr)
    return status


@app.callback(invoke_without_command=True)
def _top(version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False) -> None:
    if version:
        print(f"notesearch {__version__}")
        raise typer.Exit


@app.command()
def index(
    vaults: Annotated[
        list[Path] | None, typer.Argument(help="Folders of notes; default: those of before.", show_default=False)
    ] = None,
    index: Index = None,
    model: Annotated[
        str | None,
        typer.Option(
            "--model",
            help="Embedding model: a name, a folder, or a server's as NAME@PLACE (ollama, llama.cpp, lmstudio, openai, "
            "or an address).",
            show_default=False,
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Accept that most notes of a vault are gone.")] = False,
    verify: Annotated[
        bool, typer.Option("--verify", help="Compare every note byte by byte, whatever its date says.")
    ] = False,
    retry: Annotated[bool, typer.Option("--retry", help="Try notes again that could not be read.")] = False,
    wait: Wait = 10.0,
    json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Make the index, or bring it up to date: only what changed is read, only new text is embedded."""
    from notesearch.plain import counts, to_json

    with (
        _notebook(index, vaults=vaults or (), model=model, quiet=quiet, repair=True) as notebook,
        _progress(quiet) as progress,
    ):
        report = notebook.update(force=force, verify=verify, retry=retry, wait_s=wait, progress=progress)
    if json:
        print(to_json(report.to_dict()))
    elif not quiet or report.refused:
        print(counts(report), file=sys.stderr)
        if report.failed or report.remarks or report.refused:
            from notesearch.render import print_problems

            print_problems(_console(stderr=True), report)
    if report.refused:
        raise typer.Exit(3)


@app.command()
def ask(
    question: Annotated[
        str | None, typer.Argument(help="What you want to know; without it, a conversation.", show_default=False)
    ] = None,
    index: Index = None,
    k: Count = 5,
    json: AsJson = False,
    jsonl: AsJsonl = False,
    explain: Explain = False,
    from_: From = None,
    to: To = None,
    tag: Tag = None,
    path: InPath = None,
    where: Property = None,
    sort: Sort = "score",
    llm: Annotated[
        str | None,
        typer.Option(
            "--llm",
            help="Let a language model write the answer: NAME of Ollama's, or NAME@PLACE (llama.cpp, lmstudio, openai, "
            'or an address); "" for none.',
            metavar="NAME[@PLACE]",
            show_default=False,
        ),
    ] = None,
    show_prompt: Annotated[
        bool, typer.Option("--show-prompt", help="Print what a language model would be sent, and send nothing.")
    ] = False,
    reranker: Reranker = None,
    quiet: Quiet = False,
) -> None:
    """Answer in the notes' own words, then show the passages the answer rests on."""
    from notesearch.render import Telling, print_answer

    wanted = _where(from_, to, tag, path, where)
    shows_json = json or jsonl
    if question is None:
        _check_that_somebody_talks(shows_json or show_prompt)
    with _notebook(index, quiet=quiet, create=False, reranker=reranker) as notebook:

        def answered(text: str, history: Sequence[Turn] = (), tell: Telling | None = None) -> Answer:
            answer = notebook.ask(text, k, where=wanted, explain=explain, history=history, llm=llm, tell=tell)
            notebook.remember_shown(answer.hits)
            return replace(answer, hits=_sorted(answer.hits, sort))

        if question is None:
            from notesearch.converse import converse

            converse(answered, notebook.take_remarks, _console(), _console(stderr=True), quiet=quiet)
            return
        if show_prompt:
            _show_prompt(notebook.prompt(question, k, where=wanted), json)
            return
        telling = Telling(_console())
        answer = answered(question, tell=None if shows_json else telling)
        telling.end_line()
    if shows_json:
        said = {key: value for key, value in answer.to_dict().items() if key not in ("question", "hits")}
        _print_json({"question": question, "answer": said}, answer.hits, jsonl)
    else:
        print_answer(_console(), answer, told=telling.told)
    if not answer.answerable:
        raise typer.Exit(1)


@app.command()
def search(
    query: Annotated[
        str, typer.Argument(help='Words, and filters: tag:work path:journal/ from:2025-03 "exact words" -without')
    ],
    index: Index = None,
    k: Count = 10,
    json: AsJson = False,
    jsonl: AsJsonl = False,
    explain: Explain = False,
    from_: From = None,
    to: To = None,
    tag: Tag = None,
    path: InPath = None,
    where: Property = None,
    sort: Sort = "score",
    also: Annotated[
        list[str] | None, typer.Option("--also", help="The same question in other words.", metavar="QUERY")
    ] = None,
    reranker: Reranker = None,
    quiet: Quiet = False,
) -> None:
    """Show the passages that fit best."""
    from notesearch.render import print_hits

    filters = _where(from_, to, tag, path, where)
    with _notebook(index, quiet=quiet, create=False, reranker=reranker) as notebook:
        hits = _sorted(notebook.search([query, *(also or ())], k, where=filters, explain=explain), sort)
        notebook.remember_shown(hits)
    if json or jsonl:
        _print_json({"query": query, **({"also": also} if also else {}), "answer": None}, hits, jsonl)
    elif hits:
        print_hits(_console(), hits)
    else:
        _console(stderr=True).print("Nothing was found.")
    if not hits:
        raise typer.Exit(1)


@app.command()
def related(
    note: Annotated[str, typer.Argument(help="Path of a note in its vault.")],
    index: Index = None,
    k: Count = 10,
    json: AsJson = False,
    jsonl: AsJsonl = False,
    quiet: Quiet = False,
) -> None:
    """Show the notes closest to a note."""
    from notesearch.render import print_hits

    with _notebook(index, quiet=quiet, create=False) as notebook:
        hits = notebook.related(note, k)
        notebook.remember_shown(hits)
    if json or jsonl:
        _print_json({"query": note, "answer": None}, hits, jsonl)
    else:
        print_hits(_console(), hits)
    if not hits:
        raise typer.Exit(1)


@app.command()
def open(
    which: Annotated[str, typer.Argument(help="Number of a hit of the last search, or a note: PATH or PATH:LINE.")],
    index: Index = None,
    way: Annotated[str, typer.Option("--with", help="obsidian, terminal, editor, file or web.")] = "",
    only_print: Annotated[bool, typer.Option("--print", help="Only print where it is: PATH:LINE.")] = False,
    json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Open a hit of the last search, or a note, in Obsidian or an editor."""
    from notesearch.launch import launch
    from notesearch.plain import shown, to_json

    with _notebook(index, quiet=quiet, create=False) as notebook:
        place = notebook.place(which)
    if json:
        print(to_json(place.to_dict()))
    elif only_print:
        print(f"{shown(place.path)}:{place.line}")
    else:
        launch(place, way, terminal=sys.stdin.isatty() and sys.stdout.isatty())


@app.command()
def status(
    index: Index = None,
    links: Annotated[bool, typer.Option("--links", help="List links that lead nowhere or to one of several.")] = False,
    check: Annotated[bool, typer.Option("--check", help="Verify everything in the index.")] = False,
    repair: Annotated[bool, typer.Option("--repair", help="Verify, and make anew what is not sound.")] = False,
    wait: Wait = 10.0,
    json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Show what is indexed, by which model, and what is waiting."""
    from notesearch.plain import to_json
    from notesearch.render import print_checkup, print_doubtful_links, print_status

    if check or repair:
        with _notebook(index, quiet=quiet, create=False, repair=repair) as notebook, _progress(quiet) as progress:
            checkup = notebook.check(repair=repair, wait_s=wait, progress=progress)
        if json:
            print(to_json(checkup.to_dict()))
        else:
            print_checkup(_console(), checkup)
        if not checkup.sound:
            raise typer.Exit(3)
        return
    with _notebook(index, quiet=quiet, create=False) as notebook:
        state = notebook.status()
        doubtful = notebook.doubtful_links() if links else []
    if json:
        listed = {"doubtful_links": [link.to_dict() for link in doubtful]} if links else {}
        print(to_json({**state.to_dict(), **listed}))
    elif links:
        print_doubtful_links(_console(), doubtful)
    else:
        print_status(_console(), state)


VaultName = Annotated[str, typer.Argument(help="Name or folder of a vault, as `notesearch vaults` lists them.")]

vaults_app = typer.Typer(help="List the vaults of the index; add, forget or move one.", no_args_is_help=False)
app.add_typer(vaults_app, name="vaults")


@vaults_app.callback(invoke_without_command=True)
def vaults(context: typer.Context, index: Index = None, json: AsJson = False, quiet: Quiet = False) -> None:
    """List the vaults of the index; add, forget or move one."""
    if context.invoked_subcommand is None:
        list_vaults(index, json, quiet)


@vaults_app.command("list")
def list_vaults(index: Index = None, json: AsJson = False, quiet: Quiet = False) -> None:
    """Show each vault: its folder, its notes, when it was last read, and whether it is there."""
    with _notebook(index, quiet=quiet, create=False) as notebook:
        _show_vaults(notebook, json, quiet=False)


@vaults_app.command("add")
def add_vault(
    folder: Annotated[Path, typer.Argument(help="A folder of notes.")],
    index: Index = None,
    wait: Wait = 10.0,
    json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Remember a folder of notes; the next `notesearch index` reads it."""
    with _notebook(index, quiet=quiet) as notebook:
        notebook.add_vault(folder, wait_s=wait)
        _show_vaults(notebook, json, quiet)


@vaults_app.command("forget")
def forget_vault(
    vault: VaultName,
    index: Index = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    wait: Wait = 10.0,
    json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Remove a vault and its notes from the index. The folder is not touched: `notesearch index VAULT` undoes this."""
    from notesearch.render import forgetting

    with _notebook(index, quiet=quiet, create=False) as notebook:
        if not yes:
            _confirm(forgetting(notebook.vault(vault)))
        notebook.forget_vault(vault, wait_s=wait)
        _show_vaults(notebook, json, quiet)


@vaults_app.command("move")
def move_vault(
    vault: VaultName,
    folder: Annotated[Path, typer.Argument(help="Where its folder is now.")],
    index: Index = None,
    force: Annotated[bool, typer.Option("--force", help="Even if it holds few of the known notes.")] = False,
    wait: Wait = 10.0,
    json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Say that a vault's folder has moved. Nothing is embedded again and nothing removed."""
    with _notebook(index, quiet=quiet, create=False) as notebook:
        notebook.move_vault(vault, folder, force=force, wait_s=wait)
        _show_vaults(notebook, json, quiet)


def _show_vaults(notebook: Notebook, json: bool, quiet: bool) -> None:
    from notesearch.plain import to_json
    from notesearch.render import print_vaults

    listed = notebook.vaults()
    if json:
        print(to_json({"vaults": [vault.to_dict() for vault in listed]}))
    elif not quiet:
        print_vaults(_console(), listed)


def _confirm(question: str) -> None:
    """Ask on a terminal. Raises UsageError where nobody can be asked."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageError(f"{question} Nobody can be asked here: say --yes. Nothing was changed.")
    if not typer.confirm(question, err=True):
        raise typer.Exit(1)


@app.command()
def eval(
    index: Index = None,
    questions: Annotated[int, typer.Option("--questions", help="How many questions to ask, at most.")] = 300,
    seed: Annotated[int, typer.Option("--seed", help="Another number draws other questions.")] = 0,
    model: Annotated[
        str | None,
        typer.Option(
            "--model", help="Compare with this model, in a temporary index of the same notes.", show_default=False
        ),
    ] = None,
    against: Annotated[
        Path | None, typer.Option("--against", help="Compare with this index of the same notes.", show_default=False)
    ] = None,
    json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Measure how well your own notes are found, by questions made from their titles, aliases, headings and links."""
    from notesearch.plain import to_json
    from notesearch.render import print_evaluation

    with _notebook(index, quiet=quiet, create=False) as notebook, _progress(quiet) as progress:
        found = notebook.evaluate(questions=questions, seed=seed, model=model, against=against, progress=progress)
    if json:
        print(to_json(found.to_dict()))
    else:
        print_evaluation(_console(), found)
    if not found.measured:
        raise typer.Exit(1)


def _check_that_somebody_talks(only_prints: bool) -> None:
    """Raises UsageError where a conversation cannot be held."""
    if only_prints or not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError(
            'There is no question. Ask one: notesearch ask "why did I move". Without one, a conversation begins, '
            "which needs a terminal."
        )


def _show_prompt(messages: Sequence[Mapping[str, str]], json: bool) -> None:
    from notesearch.plain import to_json
    from notesearch.render import print_prompt

    if json:
        print(to_json({"prompt": list(messages)}))
    else:
        print_prompt(_console(), messages)
    if not messages:
        print("notesearch: The notes do not seem to say, so a language model would not be asked.", file=sys.stderr)
        raise typer.Exit(1)


@contextmanager
def _notebook(
    folder: Path | None,
    *,
    vaults: Any = (),
    model: str | None = None,
    reranker: str | None = None,
    quiet: bool,
    create: bool = True,
    repair: bool = False,
) -> Iterator[Notebook]:
    """An open notebook; its remarks go to standard error at the end."""
    from notesearch import config
    from notesearch.notebook import Notebook

    settings = config.load(vaults=vaults)
    if reranker is not None:
        settings = replace(settings, reranker=reranker)
    if create and not vaults and folder is None:
        vaults = settings.vaults  # they belong to the index that the settings name, and to no other
    with Notebook.open(folder, vaults=vaults, model=model, settings=settings, create=create, repair=repair) as notebook:
        try:
            yield notebook
        finally:
            if not quiet and (remarks := notebook.take_remarks()):
                from notesearch.render import print_remarks

                print_remarks(_console(stderr=True), remarks)


@contextmanager
def _progress(quiet: bool) -> Iterator[Any]:
    """A bar with what is done, how fast, and how long it will take; only where somebody watches, and there is work."""
    from notesearch.results import silent

    with ExitStack() as opened:
        bars: list[Any] = []

        def show(stage: str, done: int, total: int) -> None:
            if total and not bars:
                bars.append(opened.enter_context(_bar()))
            for bar in bars:
                bar(stage, done, total)

        yield silent if quiet or not sys.stderr.isatty() else show


@contextmanager
def _bar() -> Iterator[Any]:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    units = {"reading": "notes", "embedding": "passages", "asking": "questions", "comparing": "notes"}
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
    )
    with Progress(*columns, TimeRemainingColumn(), console=_console(stderr=True), transient=True) as bar:
        tasks: dict[str, Any] = {}

        def show(stage: str, done: int, total: int) -> None:
            if total and stage not in tasks:
                tasks[stage] = bar.add_task(_safe(stage), total=total, rate="")
            if stage in tasks:
                speed = bar.tasks[tasks[stage]].speed
                rate = f"{speed:,.0f} {units[stage]}/s" if speed and stage in units else ""
                bar.update(tasks[stage], completed=done, rate=rate)

        yield show


def _console(*, stderr: bool = False) -> Console:
    from rich.console import Console

    return Console(stderr=stderr, highlight=False, emoji=False)  # `:smile:` in a note is what it is


def _where(
    first: str | None, last: str | None, tags: list[str] | None, paths: list[str] | None, properties: list[str] | None
) -> Where:
    """The filters of the options. Raises UsageError for one that cannot be meant."""
    from notesearch.index.records import Where
    from notesearch.retrieve.query import between

    tagged, untagged = _with_and_without(tags)
    below, elsewhere = _with_and_without(paths)
    having, lacking = (tuple(map(_pair, group)) for group in _with_and_without(properties))
    return between(first, last).and_also(
        Where(
            tags=tagged,
            not_tags=untagged,
            paths=below,
            not_paths=elsewhere,
            properties=having,
            not_properties=lacking,
        )
    )


def _with_and_without(values: list[str] | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    given = values or []
    return tuple(v for v in given if not v.startswith("-")), tuple(v[1:] for v in given if v.startswith("-"))


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not (key and equals):
        raise UsageError(f"--where {text!r} is not KEY=VALUE. Write it like --where status=open")
    return key, value


def _sorted(hits: Any, order: str) -> Any:
    if order == "score":
        return tuple(hits)
    return tuple(sorted(hits, key=lambda hit: hit.date.last.isoformat() if hit.date else "", reverse=True))


def _print_json(head: dict[str, Any], hits: Any, lines: bool) -> None:
    from notesearch.plain import to_json

    if lines:
        for hit in hits:
            print(to_json(hit.to_dict()))
    else:
        print(to_json({**head, "hits": [hit.to_dict() for hit in hits]}))


def _safe(message: str, *, one_line: bool = True) -> str:
    from notesearch.plain import shown

    return shown(message, one_line=one_line)
