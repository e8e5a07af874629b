"""What people see: hits, answers, reports, in a terminal or a pipe. All faces share it.

Text from notes, names or queries goes through `shown` first (rule X1), so that no note can move the cursor, hide
words, or write backwards. Links are clickable (OSC 8) only where the output is a terminal with colours on (rule U3).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from notesearch.index.records import role_of
from notesearch.results import Answer, DoubtfulLink, Hit, Problem, Status, UpdateReport

_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f\ud800-\udfff]"
)
_MOST_LINES = 12
_MOST_NOTES = 3


def shown(text: str, *, one_line: bool = True) -> str:
    """`text` with control, bidi, zero-width and tag characters as visible marks; newlines and tabs stay only in
    quotes.
    """
    safe = _UNSAFE.sub(_mark, text)
    return safe if not one_line else safe.replace("\n", "␤").replace("\t", " ")


def _mark(match: re.Match[str]) -> str:
    code = ord(match[0])
    if match[0] == "\r":
        return ""
    if code < 0x20:
        return chr(0x2400 + code)
    if 0xDC80 <= code <= 0xDCFF:  # a byte of a file name that is not UTF-8
        return f"\\x{code - 0xDC00:02x}"
    return f"<U+{code:04X}>"


def to_json(value: dict[str, Any]) -> str:
    """One record on one line; what a terminal could act on is escaped."""
    return _UNSAFE.sub(lambda unsafe: json.dumps(unsafe[0])[1:-1], json.dumps(value, ensure_ascii=False))


def place(hit: Hit) -> str:
    """`path:line`, which editors and terminals understand."""
    return f"{shown(hit.note)}:{hit.lines[0]}"


def print_answer(console: Console, answer: Answer, *, explain: bool = False) -> None:
    """The answer, then the passages it rests on."""
    if answer.text is None:
        nearest = "The nearest passages:" if answer.hits else "Nothing comes near, either."
        console.print(f"[bold]The notes do not seem to say.[/bold] {nearest}")
    for quote in answer.quotes:
        line = Text("“" + shown(quote.text, one_line=False) + "”", style="bold")
        first, last = quote.lines
        where = f"{quote.note}:{first}" + (f"-{last}" if last > first else "")
        line.append("  ")
        line.append(shown(where), style=f"cyan link {quote.url}" if _clickable(console) else "cyan")
        _print_indented(console, line, 2)
    console.print()
    print_hits(console, answer.hits, explain=explain)


def print_hits(console: Console, hits: Sequence[Hit], *, explain: bool = False) -> None:
    """Hits, best first: place and heading path, then the words, with those of the question marked."""
    for hit in hits:
        console.print(_headline(console, hit), soft_wrap=True)
        if hit.text:
            _print_indented(console, _body(hit), 3)
        if hit.backlinks and role_of(hit.note) in ("pdf", "picture"):
            _print_indented(console, _embedded_in(hit), 3)
        if explain:
            _print_indented(console, _signals(hit), 3)
        console.print()


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
        days = hit.date.first.isoformat() if hit.date.first == hit.date.last else f"{hit.date.first} – {hit.date.last}"
        line.append(f"  {days}", style="green")
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


def _signals(hit: Hit) -> Text:
    said = asdict(hit.signals)
    return Text("  ".join(f"{name} {value:.3f}" for name, value in said.items() if value is not None), style="dim")


def print_report(console: Console, report: UpdateReport) -> None:
    """One line of counts, one for each file that was not read cleanly."""
    counts = [f"{report.added} added", f"{report.changed} changed", f"{report.removed} removed"]
    if report.moved:
        counts.append(f"{report.moved} moved")
    counts.append(f"{report.unchanged} unchanged")
    console.print(
        f"{', '.join(counts)}; {report.passages:,} passages, {report.embedded:,} embedded; {report.seconds:.1f} s",
        highlight=False,
    )
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
        gone = "" if vault.reachable else " [red](cannot be reached now)[/red]"
        table.add_row("vault", f"{escape(shown(vault.name))} ({vault.kind}): {escape(shown(vault.root))}{gone}")
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


def print_remarks(console: Console, remarks: Iterable[str]) -> None:
    """Sentences the user should know, on standard error."""
    for remark in remarks:
        console.print(Text(f"notesearch: {shown(remark)}", style="yellow"), soft_wrap=True)


def _clickable(console: Console) -> bool:
    return console.is_terminal and console.color_system is not None
