"""Tables of a run in Markdown, to read in a terminal and to paste into a page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from scripts.evaluation import measures, results
from scripts.evaluation.results import Run, SetResult, SystemResult, restricted
from scripts.evaluation.significance import Difference, paired_difference

_COLUMNS = (
    measures.NDCG,
    measures.RECALL,
    measures.MRR,
    measures.LINE,
    measures.EVIDENCE,
    measures.QUOTE_HIT,
    measures.ANSWER_STRING,
    measures.CITATION_PRECISION,
    measures.CITATION_RECALL,
    measures.BORNE_OUT,
    results.REFUSAL,
    results.REFUSED_RIGHTLY,
    results.REFUSED_WRONGLY,
    results.AUC_OF_SCORE,
    results.CALIBRATION_ERROR,
    results.BRIER_SKILL,
)
_NOTHING = "–"


def means_table(run: Run) -> str:
    """One row for each set and system, one column for each measure that any of them has."""
    rows = [(one.name, name, system) for one in run.sets for name, system in one.systems.items()]
    columns = [column for column in _COLUMNS if any(column in system.means for _, _, system in rows)]
    cells = [[name, system_name, *_figures(system, columns)] for name, system_name, system in rows]
    return table(["set", "system", *columns, "ms"], cells)


def _figures(system: SystemResult, columns: Iterable[str]) -> list[str]:
    means = [f"{system.means[column]:.3f}" if column in system.means else _NOTHING for column in columns]
    return [*means, _NOTHING if system.milliseconds is None else f"{system.milliseconds:.1f}"]


def rivals_table(run: Run) -> str:
    """The first system against each of the others on the same questions; empty with one system."""
    rows: list[list[str]] = []
    for one in run.sets:
        first, *others = one.systems
        for other in others:
            rows.append([one.name, f"{first} - {other}", *_differences(one.systems[other], one.systems[first])])
    return _difference_table(rows)


def against_table(then: Run, now: Run) -> str:
    """The run against an earlier one, for each set and system that both have."""
    earlier = {one.name: one for one in then.sets}
    rows = [
        [one.name, name, *_differences(earlier[one.name].systems[name], one.systems[name])]
        for one in now.sets
        if one.name in earlier
        for name in one.systems
        if name in earlier[one.name].systems
    ]
    return _difference_table(rows)


def _difference_table(rows: Sequence[list[str]]) -> str:
    """The differences, without the measures that no row has and the rows that have none."""
    rows = [row for row in rows if any(cell != _NOTHING for cell in row[2:])]
    filled = [at for at in range(2, 2 + len(_COLUMNS)) if any(row[at] != _NOTHING for row in rows)]
    kept = [0, 1, *filled]
    header = ["set", "system", *_COLUMNS]
    return table([header[at] for at in kept], [[row[at] for at in kept] for row in rows]) if filled else ""


def _differences(old: SystemResult, new: SystemResult) -> Iterator[str]:
    """Over the questions of both; measures of a whole set have no test."""
    old, new = restricted(old, new.questions), restricted(new, old.questions)
    for column in _COLUMNS:
        paired = paired_difference(_by_question(old, column), _by_question(new, column))
        if paired:
            yield _tested(paired)
        elif column in old.means and column in new.means:
            yield f"{new.means[column] - old.means[column]:+.3f}"
        else:
            yield _NOTHING


def _by_question(system: SystemResult, measure: str) -> Mapping[str, float]:
    return {
        question: outcome.values[measure] for question, outcome in system.questions.items() if measure in outcome.values
    }


def _tested(difference: Difference) -> str:
    p_value = "p<0.001" if difference.p_value < 0.001 else f"p={difference.p_value:.3f}"
    return f"{difference.mean:+.3f} ({p_value})"


def set_line(one: SetResult) -> str:
    """What was measured, in a line."""
    encoding = one.encoding_milliseconds
    suffix = "" if encoding is None else f"; {encoding:.1f} ms to encode a question"
    return (
        f"{one.name}: {one.passages:,} passages, {one.judged:,} judged questions, "
        f"{one.unanswerable:,} unanswerable{suffix}"
    )


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """An aligned Markdown table: words to the left, figures (from the third column on) to the right."""
    widths = [max(len(row[at]) for row in (header, *rows)) for at in range(len(header))]
    rules = ["-" * width if at < 2 else "-" * (width - 1) + ":" for at, width in enumerate(widths)]
    lines = [_aligned(header, widths), f"| {' | '.join(rules)} |"]
    return "\n".join(lines + [_aligned(row, widths) for row in rows])


def _aligned(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = [
        cell.ljust(width) if at < 2 else cell.rjust(width)
        for at, (cell, width) in enumerate(zip(cells, widths, strict=True))
    ]
    return f"| {' | '.join(padded)} |"
