"""The date of a note: rule D2."""

import time
from datetime import date, datetime

import pytest

from notesearch.dates.daily import date_by_format
from notesearch.dates.note import date_of_property, note_date
from notesearch.index.records import DateSpan


def days(span: DateSpan | None) -> str:
    """A span as these tests write it: one day, or first and last."""
    if span is None:
        return ""
    return str(span.first) if span.first == span.last else f"{span.first} {span.last}"


def ns(when: datetime) -> int:
    return int(when.timestamp()) * 1_000_000_000


def date_of_note(
    path: str, *, properties: tuple[str, ...] = (), title: str = "", heading: str = "", daily_format: str | None = None
) -> DateSpan | None:
    return note_date(
        properties=properties,
        path=path,
        title=title,
        first_heading=heading,
        modified_ns=ns(datetime(2025, 8, 20, 12)),
        daily_format=daily_format,
    )


# D2: the date of a note


def test_d2_best_first() -> None:
    path = "2023/07-July/2022-01-02 plan.md"
    steps = [
        (
            date_of_note(path, properties=("soon", "2021-01-01"), title="1 May 2024", heading="1 June 2024"),
            "2021-01-01",
            "property",
        ),
        (
            date_of_note(path, properties=("2025-13-45",), title="1 May 2024", heading="1 June 2024"),
            "2022-01-02",
            "name",
        ),
        (date_of_note("2023/07-July/plan.md", title="1 May 2024", heading="1 June 2024"), "2024-05-01", "title"),
        (date_of_note("2023/07-July/plan.md", heading="1 June 2024"), "2024-06-01", "title"),
        (date_of_note("2023/07-July/plan.md"), "2023-07-01 2023-07-31", "folder"),
        (date_of_note("ideas/plan.md", title="plan", heading="plan"), "2025-08-20", "file time"),
    ]
    for span, expected, source in steps:
        assert span is not None
        assert (days(span), span.source) == (expected, source)
    certainties = [span.certainty for span, _, _ in steps if span]
    assert certainties[-1] == min(certainties)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2025-12-27", "2025-12-27"),
        ("2025-12-27 14:12", "2025-12-27"),
        ("2025-12-27T14:12:33.120+02:00", "2025-12-27"),
        ("2025-12-27T23:59:59-08:00", "2025-12-27"),
        ("2025-12-27T00:00Z", "2025-12-27"),
        ("[[2025-12-27|saturday]]", "2025-12-27"),
        ("Sat, 27 Dec 2025 14:12:00 +0100", "2025-12-27"),
        ("202512271412", "2025-12-27"),
        ("March 2025", "2025-03-01 2025-03-31"),
        ("2025.03", "2025-03-01 2025-03-31"),
        ("1660", "1660-01-01 1660-12-31"),
        ('<% tp.date.now("YYYY-MM-DD") %>', ""),
        ("{{date}}", ""),
        ("103分钟", ""),
        ("tomorrow", ""),
        ("7-25", ""),
        ("0000", ""),
        ("", ""),
    ],
)
def test_d2_values_of_properties(value: str, expected: str) -> None:
    assert days(date_of_property(value)) == expected


def test_d2_seconds_and_milliseconds_since_1970_are_days_where_the_user_is() -> None:
    noon = datetime(2025, 12, 27, 12)
    for value in (f"{ns(noon) // 10**6}", f" {ns(noon) // 10**9}"):
        assert days(date_of_property(value)) == "2025-12-27"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("'25 recruiting reflection.md", "2025-01-01 2025-12-31"),
        ("content/7-11-25 tom convo.md", "2025-07-11"),
        ("content/March 2025 Reflection.md", "2025-03-01 2025-03-31"),
        ("names/7-25 elsie chat.md", "2025-07-25"),
        ("names/13-11-25 sync.md", "2025-11-13"),
        ("names/60-70 hours, 1-1 with sam.md", "2025-08-20"),
        ("logseq/journals/2025_07_11.md", "2025-07-11"),
        ("community.events.office-hours.2021.08.md", "2021-08-01 2021-08-31"),
        ("dendron.scratch.2022.03.05-123456.md", "2022-03-05"),
        ("2020-12-12.md.md", "2020-12-12"),
        ("1984 revisited 2025-01-05.md", "2025-01-05"),
        ("2025/07/11.md", "2025-07-11"),
        ("2025/07-July/11-Friday.md", "2025-07-11"),
        ("2025/07/3 ideas.md", "2025-07-01 2025-07-31"),
        ("2025/july/plan.md", "2025-07-01 2025-07-31"),
        ("2025/13/plan.md", "2025-01-01 2025-12-31"),
        ("2025/2025-07/31.md", "2025-07-31"),
        ("2025/02/31.md", "2025-02-01 2025-02-28"),
        ("2022/7-25 elsie chat.md", "2022-07-25"),
        ("plan.sync-conflict-20250101-120000-ABCDEFG.md", "2025-08-20"),
        ("plan (Ana's conflicted copy 2025-01-01).md", "2025-08-20"),
        ("2024-05-06 (Conflicted copy MyMac 202411281430).md", "2024-05-06"),
    ],
)
def test_d2_names_and_folders(path: str, expected: str) -> None:
    assert days(date_of_note(path)) == expected


@pytest.mark.parametrize(
    ("stem", "daily_format", "expected"),
    [
        ("journal/2025/07-July/2025-07-11-Friday", "YYYY/MM-MMMM/YYYY-MM-DD-dddd", "2025-07-11"),
        ("2025/07-juillet/2025-07-11-vendredi", "YYYY/MM-MMMM/YYYY-MM-DD-dddd", "2025-07-11"),
        ("journal/11.07.25", "DD.MM.YY", "2025-07-11"),
        ("journal/07-11-25", "DD-MM-YY", "2025-11-07"),
        ("2025/July/11th", "YYYY/MMMM/Do", "2025-07-11"),
        ("day of 2025-07-11", "[day of] YYYY-MM-DD", "2025-07-11"),
        ("2025-W28", "gggg-[W]ww", "2025-07-07 2025-07-13"),
        ("2025-Q3", "YYYY-[Q]Q", "2025-07-01 2025-09-30"),
        ("2025-07", "YYYY-MM", "2025-07-01 2025-07-31"),
        ("2025", "YYYY", "2025-01-01 2025-12-31"),
        ("2025_07_11", "yyyy_MM_dd", "2025-07-11"),
        ("Fri, 11.07.2025", "EEE, dd.MM.yyyy", "2025-07-11"),
        ("2025-13-45", "YYYY-MM-DD", ""),
        ("2025-07-11 more", "YYYY-MM-DD", ""),
        ("x2025-07-11", "YYYY-MM-DD", ""),
        ("07-11", "MM-DD", ""),
        ("2025-07-11", "", ""),
        ("2025-07-11", "(((YYYY", ""),
    ],
)
def test_d2_the_vault_s_own_format(stem: str, daily_format: str, expected: str) -> None:
    assert days(date_by_format(stem, daily_format)) == expected


def test_d2_the_vault_s_own_format_comes_before_other_readings() -> None:
    span = date_of_note("journal/07-11-25.md", daily_format="DD-MM-YY", title="2020-01-01")
    assert span == DateSpan(date(2025, 11, 7), date(2025, 11, 7), "name")


def test_x7_a_hostile_format_costs_nothing() -> None:
    begun = time.perf_counter()
    for daily_format in ("D" * 199, "MMMMdddd" * 24, "Do" * 99, "[" * 200, "YYYY" * 10_000, "dddd" * 49):
        date_by_format("1" * 5_000 + "a" * 5_000, daily_format)
    assert time.perf_counter() - begun < 2


@pytest.mark.parametrize("modified_ns", [0, -1, 10**30])
def test_d2_a_file_time_that_is_none(modified_ns: int) -> None:
    assert note_date(properties=(), path="7-25 a.md", title="", first_heading="", modified_ns=modified_ns) is None
