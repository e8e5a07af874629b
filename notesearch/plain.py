"""Text as it may be shown: all of what people see that needs no terminal's arts, which take long to import.

Text from notes, names or queries goes through `shown` first (rule X1), so that no note can move the cursor, hide
words, or write backwards.
"""

from __future__ import annotations

import json
import re
from typing import Any

from notesearch.results import UpdateReport

_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f\ud800-\udfff]"
)


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


def counts(report: UpdateReport) -> str:
    """What an update did, in one line."""
    counted = [f"{report.added} added", f"{report.changed} changed", f"{report.removed} removed"]
    if report.moved:
        counted.append(f"{report.moved} moved")
    counted.append(f"{report.unchanged} unchanged")
    passages = f"{report.passages:,} passages, {report.embedded:,} embedded"
    return f"{', '.join(counted)}; {passages}; {report.seconds:.1f} s"
