"""What people see: hits, answers, reports, in a terminal or a pipe. All faces share it.

Text from notes, names or queries goes through `shown` first. Links are clickable (OSC 8) only where the output is a
terminal with colours on (rule U3).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from notesearch.index.records import DateSpan, role_of
from notesearch.plain import shown
from notesearch.results import (
    NOT_BORNE_OUT,
    Answer,
    Checkup,
    Contribution,
    DoubtfulLink,
    Evaluation,
    Explanation,
    Grounds,
    Hit,
    Measured,
    Missed,
    Place,
    Problem,
    Quote,
    Status,
    UpdateReport,
    VaultStatus,
    Versus,
)

_MOST_LINES = 12
_MOST_NOTES = 3


def place(hit: Hit) -> str:
    """`path:line`, which editors and terminals understand."""
    return f"{shown(hit.note)}:{hit.lines[0]}"


class Telling:
    """Prints the sentences of an answer while they are written; `told` is whether there were any."""

    def __init__(self, console: Console) -> None:
        self.told = False
        self._console = console
        self._in_line = False

    def __call__(self, sentence: str) -> None:
        """Print one behind those before it."""
        self.told = self._in_line = True
        self._console.print(_generated(sentence), end="", soft_wrap=True)

    def end_line(self) -> None:
        """What is printed next starts on a line of its own."""
        if self._in_line:
            self._console.print()
        self._in_line = False


def _generated(text: str) -> Text:
    said = Text(shown(text, one_line=False))
    said.highlight_words([NOT_BORNE_OUT], style="yellow")
    return said


def print_answer(console: Console, answer: Answer, *, told: bool = False) -> None:
    """The answer, then the passages it rests on; what its confidence rests on, if that was asked for. `told`: what a
    model wrote was printed while it wrote.
    """
    if answer.text is None:
        nearest = "The nearest passages:" if answer.hits else "Nothing comes near, either."
        console.print(f"[bold]The notes do not seem to say.[/bold] {nearest}")
    elif answer.generator != "extract":
        _print_generated(console, answer, told=told)
    else:
        _print_quotes(console, answer.quotes)
    if answer.explanation is not None:
        _print_indented(console, _grounds(answer.confidence, answer.explanation), 2)
    console.print()
    print_hits(console, answer.hits)


def _print_generated(console: Console, answer: Answer, *, told: bool) -> None:
    if not told:
        console.print(_generated(answer.text or ""), soft_wrap=True)
    sentences: dict[str, bool] = {}
    for citation in answer.citations:
        sentences[citation.sentence] = sentences.get(citation.sentence, False) or citation.supported
    by = f"{answer.generator}: {sum(sentences.values())} of {len(sentences)} sentences are borne out by what they cite"
    console.print(Text(shown(by), style="dim"), soft_wrap=True)


def _print_quotes(console: Console, quotes: Sequence[Quote]) -> None:
    for quote in quotes:
        line = Text("“" + shown(quote.text, one_line=False) + "”", style="bold")
        first, last = quote.lines
        where = f"{quote.note}:{first}" + (f"-{last}" if last > first else "")
        line.append("  ")
        line.append(shown(where), style=f"cyan link {quote.url}" if _clickable(console) else "cyan")
        if quote.date is not None:
            line.append(f"  {_days(quote.date)} (from its {quote.date.source})", style="green")
        _print_indented(console, line, 2)


def print_prompt(console: Console, messages: Sequence[Mapping[str, str]]) -> None:
    """What a language model would be sent, word for word."""
    for message in messages:
        console.print(Text(f"[{message['role']}]", style="bold cyan"))
        console.print(Text(message["content"]), soft_wrap=True)
        console.print()


def print_hits(console: Console, hits: Sequence[Hit]) -> None:
    """Hits: place and heading path, then the words, with those of the question marked; then why they stand where they
    stand, if that was asked for.
    """
    by_rank = {hit.rank: hit for hit in hits}
    for hit in hits:
        console.print(_headline(console, hit), soft_wrap=True)
        if hit.text:
            _print_indented(console, _body(hit), 3)
        if hit.backlinks and role_of(hit.note) in ("pdf", "picture"):
            _print_indented(console, _embedded_in(hit), 3)
        if hit.alike:
            _print_indented(console, _alike(hit), 3)
        if hit.explanation is not None:
            _print_indented(console, _why(hit, hit.explanation, by_rank.get(hit.rank - 1)), 3)
        console.print()
    if any(hit.explanation for hit in hits):
        console.print(Text(_POINTS, style="dim"), soft_wrap=not console.is_terminal)


def _print_indented(console: Console, text: Text, columns: int) -> None:
    """Wrapped to a terminal's width; into a pipe as it is, a line a line, for other programs to wrap or search."""
    lines = text.wrap(console, console.width - columns) if console.is_terminal else text.split("\n", allow_blank=True)
    for line in lines:
        line.rstrip()
        console.print(Text(" " * columns if line else "") + line, soft_wrap=True)


def _headline(console: Console, hit: Hit) -> Text:
    url = hit.urls.preferred
    line = Text(f"{hit.rank}. ", style="bold")
    line.append(place(hit), style=f"cyan link {url}" if _clickable(console) else "cyan")
    above = " › ".join(shown(part) for part in (hit.title, *(h for h in hit.headings if h != hit.title)))
    line.append(f"  {above}", style="bold")
    if hit.date is not None and hit.date.source != "file time":
        line.append(f"  {_days(hit.date)}", style="green")
    line.append(f"  {hit.score:.2f}", style="dim")
    if hit.remarks:
        line.append(f"  ({', '.join(hit.remarks)})", style="yellow")
    return line


def _body(hit: Hit) -> Text:
    text = Text()
    at = 0
    for start, end in hit.marks:
        text.append(shown(hit.text[at:start], one_line=False))
        text.append(shown(hit.text[start:end], one_line=False), style="bold yellow")
        at = end
    text.append(shown(hit.text[at:], one_line=False))
    lines = text.split("\n")
    if len(lines) > _MOST_LINES:
        more = Text(f"… {len(lines) - _MOST_LINES} more lines", style="dim")
        return Text("\n").join([*lines[:_MOST_LINES], more])
    return Text("\n").join(lines)


def _embedded_in(hit: Hit) -> Text:
    """The notes in which an attachment is seen: where its words belong."""
    names = [shown(note.note) for note in hit.backlinks]
    more = f" and {len(names) - _MOST_NOTES} more" if len(names) > _MOST_NOTES else ""
    return Text(f"in: {', '.join(names[:_MOST_NOTES])}{more}", style="cyan")


def _alike(hit: Hit) -> Text:
    """How many passages say the same, and where the first of them are."""
    places = [f"{shown(place.note)}:{place.line}" for place in hit.alike]
    more = f" and {len(places) - _MOST_NOTES} more" if len(places) > _MOST_NOTES else ""
    return Text(f"the same in {', '.join(places[:_MOST_NOTES])}{more}", style="dim")


_POINTS = (
    "Points order the passages. The number at the end of a headline is the probability that the passage is what you "
    "look for: it comes from its points, its place, and the share of the question's words it holds."
)
_SHOWN = 0.005
"""Points below this would be written as 0.00."""
_PART_NAMES = {
    "dense": "meaning as a whole",
    "lexical": "words in common",
    "only_one": "alone has all the words",
    "title": "likeness to the note's name",
    "exact_name": "the note's very name",
    "links": "what links call it",
    "exact_heading": "the section's very heading",
    "time": "date",
    "rerank": "meaning word by word",
    "note_rerank": "meaning word by word in the whole note",
    "cross": "the reranker",
    "neighbours": "passages beside it",
    "conflict_copy": "lifted above its conflict copy",
}
"""What counts for a hit, in words for people."""


def _why(hit: Hit, why: Explanation, above: Hit | None) -> Text:
    """Sentences, a line each: what counted how much, the words, the dates, and what puts the hit above before it."""
    parts = sorted(why.parts, key=lambda part: -part.counted)
    said = [f"{_points(why):.2f} points: {', '.join(_counted(part) for part in parts if abs(part.counted) >= _SHOWN)}"]
    for verb, words in (("has", why.holds), ("lacks", why.lacks)):
        if words:
            said.append(f"{verb} {', '.join(f'“{shown(word)}”' for word in words)}")
    if why.dated:
        said.append(_dates(hit, why))
    if above is not None and above.explanation is not None and _points(above.explanation) - _points(why) >= _SHOWN:
        said.append(_behind(why, above.explanation))
    return Text("\n".join(said), style="dim")


def _points(why: Explanation) -> float:
    return sum(part.counted for part in why.parts)


def _counted(part: Contribution) -> str:
    assumed = " (not known: as usual)" if part.assumed else ""
    return f"{part.counted:+.2f} {_PART_NAMES[part.part]}{assumed}"


def _dates(hit: Hit, why: Explanation) -> str:
    asked = " or ".join(map(_days, why.dates))
    if hit.date is None or why.dated in ("undated", "file time"):
        return f"asked for {asked}; the note has no date"
    counted = any(part.part == "time" and part.counted for part in why.parts)
    but = "" if counted or why.dated == "outside" else ", but only the newest notes of those days are lifted"
    return f"asked for {asked}; the note's date, {_days(hit.date)} (from its {hit.date.source}), is {why.dated}{but}"


def _behind(why: Explanation, above: Explanation) -> str:
    """How far behind the hit above, and the part that it is most behind in."""
    ours, theirs = ({part.part: part.counted for part in each.parts} for each in (why, above))
    lost = {name: theirs.get(name, 0.0) - ours.get(name, 0.0) for name in _PART_NAMES}
    most = max(lost, key=lambda name: lost[name])
    return f"{sum(lost.values()):.2f} behind the one above; it loses most by: {_PART_NAMES[most]}"


def _grounds(confidence: float, grounds: Grounds) -> Text:
    said = [f"confidence {confidence:.2f}, and an answer is given from {grounds.enough:.2f} on"]
    if grounds.dense is not None and grounds.note_rerank is not None:
        said.append(
            f"the nearest in meaning: {grounds.note_rerank:.2f} of 1 a note word by word, "
            f"{grounds.dense:.2f} a passage as a whole"
        )
    said.append(f"{grounds.words:.0%} of what the question's words say stands in the first passage")
    if grounds.line is not None:
        said[-1] += f", {grounds.line:.0%} where the best sentence stands"
    if grounds.names:
        said.append(
            f"its names stand {'less' if grounds.names < 0 else 'more'} beside that sentence than in the passage"
        )
    return Text("\n".join(said), style="dim")


def _days(span: DateSpan) -> str:
    return span.first.isoformat() if span.first == span.last else f"{span.first} – {span.last}"


def print_problems(console: Console, report: UpdateReport) -> None:
    """A line for each vault that was left alone, and each file that was not read cleanly."""
    for problem in report.refused:
        console.print(f"[red]left as it was:[/red] {_said_of(problem)}")
    for problem in report.failed:
        console.print(f"[yellow]not read:[/yellow] {_said_of(problem)}")
    for problem in report.remarks:
        console.print(f"[yellow]note:[/yellow] {_said_of(problem)}")


def _said_of(problem: Problem) -> str:
    return f"{escape(shown(problem.path or problem.vault))}: {escape(shown(problem.reason))}"


def print_status(console: Console, status: Status) -> None:
    """The index at a glance."""
    table = Table.grid(padding=(0, 2))
    table.add_row("index", escape(shown(status.index)))
    for vault in status.vaults:
        state = "" if vault.state == "here" else f" ({_STATES[vault.state]})"
        table.add_row("vault", f"{escape(shown(vault.name))} ({vault.kind}): {escape(shown(vault.root))}{state}")
    table.add_row("notes", f"{status.notes:,} in {status.passages:,} passages, {status.links:,} links")
    table.add_row(
        "model", f"{escape(shown(status.model))}, {status.dimension} dimensions" if status.model else "none yet"
    )
    table.add_row("size", f"{status.size_bytes / 1e6:.1f} MB")
    table.add_row("waiting", f"{status.newer} notes changed, {status.pending} passages to embed")
    for sentence in status.attachments:
        table.add_row("attachments", escape(shown(sentence)))
    if status.unresolved_links:
        table.add_row("dead links", ", ".join(f"{count:,} {reason}" for reason, count in status.unresolved_links))
    console.print(table, highlight=False)
    for problem in status.failed:
        console.print(_said_of(problem))


_STATES = {
    "here": "here",
    "empty": "[red]empty: is a drive not mounted?[/red]",
    "gone": "[red]gone; if it moved: notesearch vaults move OLD NEW[/red]",
    "unreadable": "[red]cannot be listed[/red]",
}


def print_vaults(console: Console, vaults: Sequence[VaultStatus]) -> None:
    """A table: name, notes, when last read, whether it is there, and where."""
    if not vaults:
        console.print("The index has no vault yet. Name one: notesearch index VAULT")
        return
    table = Table(box=None, padding=(0, 2, 0, 0))
    for heading in ("vault", "notes", "last read", "state", "folder"):
        table.add_column(heading, justify="right" if heading == "notes" else "left", overflow="fold")
    for vault in vaults:
        read = f"{vault.last_read.astimezone():%Y-%m-%d %H:%M}" if vault.last_read else "never"
        table.add_row(
            escape(shown(vault.name)), f"{vault.notes:,}", read, _STATES[vault.state], escape(shown(vault.root))
        )
    if not console.is_terminal:  # each row on one line, for other programs to read
        console = Console(file=console.file, width=10_000, highlight=False, emoji=False)
    console.print(table)


def print_checkup(console: Console, checkup: Checkup) -> None:
    """What was found, how it is mended, and whether the index is sound."""
    for finding in checkup.findings:
        mend = "" if checkup.mended else f" To mend it: notesearch status --repair ({finding.mend})."
        colour = "yellow" if finding.harmless or checkup.mended else "red"
        console.print(Text(f"{finding.part}: {shown(finding.seen)}.{mend}", style=colour), soft_wrap=True)
    for finding in checkup.remains:
        console.print(Text(f"still unsound: {finding.part}: {shown(finding.seen)}.", style="red"), soft_wrap=True)
    verdict = "sound" if checkup.sound else "not sound"
    mended = f" It was mended; {checkup.embedded:,} texts were embedded again." if checkup.mended else ""
    looked_at = f"{checkup.notes:,} notes and {checkup.passages:,} passages were looked at."
    console.print(f"The index is {verdict}. {looked_at}{mended}", soft_wrap=True)


def forgetting(vault: VaultStatus) -> str:
    """What is asked before a vault is forgotten."""
    return (
        f"Remove the {vault.notes:,} notes of the vault “{shown(vault.name)}” ({shown(vault.root)}) from the index? "
        "The folder is not touched."
    )


def print_doubtful_links(console: Console, links: Sequence[DoubtfulLink]) -> None:
    """A line a link, under the reason why it leads nowhere; then those that could have led elsewhere."""
    if not links:
        console.print("Every link leads to one file.")
    dead = [link for link in links if link.taken is None]
    for reason in sorted({link.reason for link in dead}):
        group = [link for link in dead if link.reason == reason]
        console.print(f"[bold]{escape(reason)}[/bold] ({len(group):,})")
        for link in group:
            console.print(Text(f"  {_written_at(link)}"), soft_wrap=True)
    partless = [link for link in links if link.partless]
    if partless:
        console.print(f"[bold]no such part in the note[/bold] ({len(partless):,})")
    for link in partless:
        console.print(Text(f"  {_written_at(link)} → {shown(link.taken or '')}"), soft_wrap=True)
    several = [link for link in links if link.others and link.taken is not None]
    if several:
        console.print(f"[bold]several files fit[/bold] ({len(several):,})")
    for link in several:
        taken = f"→ {shown(link.taken or '')} ({link.reason}), {link.others} more"
        console.print(Text(f"  {_written_at(link)} {taken}"), soft_wrap=True)


def _written_at(link: DoubtfulLink) -> str:
    part = f"#{link.part}" if link.part else ""
    return f"{shown(link.note)}:{link.line}  {shown(link.target + part)}"


_KIND_NAMES = {
    "title": "titles",
    "alias": "aliases",
    "heading": "headings",
    "link": "link texts",
    "together": "together",
}
_MEASURES = (
    "recall@5: how often the right note (of a heading: its section) is among the first five. nDCG@10 and MRR@10: how "
    "far up it is in the first ten; 1 is always first. Times are of a search for fifty passages in an open notebook; "
    "95 of 100 take no longer than the last column says."
)


def print_evaluation(console: Console, evaluation: Evaluation) -> None:
    """A table for each index that was measured, how the second differs from the first, and the worst of the first."""
    if not evaluation.measured:
        console.print(
            "There is nothing to ask: no note has a title, an alias, a heading or a link that means it alone."
        )
        return
    for measured in evaluation.measured:
        _print_measured(console, measured, evaluation.available)
    for kind, count in evaluation.available.items():
        if not count:
            console.print(f"No questions from {_KIND_NAMES[kind]}: these notes have none that mean one note alone.")
    console.print(Text(_MEASURES, style="dim"), soft_wrap=not console.is_terminal)
    if evaluation.versus is not None:
        console.print(_versus(evaluation.versus), soft_wrap=not console.is_terminal)
    worst = evaluation.measured[0].worst
    console.print(f"\n[bold]The worst {len(worst)} questions[/bold]" if worst else "\nEvery right place came first.")
    for missed in worst:
        _print_missed(console, missed)


def _print_measured(console: Console, measured: Measured, available: dict[str, int]) -> None:
    console.print(Text(f"{shown(measured.model)}  {shown(measured.index)}", style="bold"), soft_wrap=True)
    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column("questions from")
    for heading in ("asked", "of", "recall@5", "nDCG@10", "MRR@10", "median", "95 %"):
        table.add_column(heading, justify="right")
    for kind in measured.kinds:
        figures = (f"{value:.3f}" for value in (kind.recall_5, kind.ndcg_10, kind.mrr_10))
        of = available.get(kind.kind, sum(available.values()))
        times = (f"{kind.median_ms:.0f} ms", f"{kind.p95_ms:.0f} ms")
        table.add_row(_KIND_NAMES[kind.kind], f"{kind.questions:,}", f"{of:,}", *figures, *times)
    console.print(table)
    console.print()


def _versus(versus: Versus) -> str:
    return (
        f"The second finds the right place earlier for {versus.better} questions, later for {versus.worse}; "
        f"chance alone is so uneven with a probability of {versus.chance:.2g}."
    )


def _print_missed(console: Console, missed: Missed) -> None:
    rank = f"came {missed.rank}." if missed.rank else "not in the first ten"
    console.print(Text(f"{missed.kind}  “{shown(missed.question)}”  {rank}"), soft_wrap=True)
    console.print(_found_at(console, "right", missed.right), soft_wrap=True)
    if missed.first is not None:
        console.print(_found_at(console, "instead", missed.first), soft_wrap=True)


def _found_at(console: Console, label: str, place: Place) -> Text:
    line = Text(f"   {label:>7}: ", style="dim")
    where = f"{shown(place.note)}:{place.line}"
    line.append(where, style=f"cyan link {place.url}" if _clickable(console) else "cyan")
    return line.append(f"  {shown(place.title)}")


def print_remarks(console: Console, remarks: Iterable[str]) -> None:
    """Sentences the user should know, on standard error."""
    for remark in remarks:
        console.print(Text(f"notesearch: {shown(remark)}", style="yellow"), soft_wrap=True)


def _clickable(console: Console) -> bool:
    return console.is_terminal and console.color_system is not None
