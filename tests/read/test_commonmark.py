"""The line scanner against another reader of CommonMark, where that is right about notes (rules B2, B3, B5, B8)."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from notesearch.read.markdown import BlockKind, scan

Found = dict[str, list[tuple[object, ...]]]

ORACLE = MarkdownIt("commonmark").enable("table")
FENCE = re.compile(r"[ \t]*(```|~~~)")


def theirs(text: str) -> Found:
    """Headings, fences, items and tables outside of quotes, with their lines."""
    found: Found = {"heading": [], "fence": [], "item": [], "table": []}
    depth = quotes = 0
    tokens = ORACLE.parse(text)
    for token, content in zip(tokens, [*tokens[1:], tokens[:1]], strict=False):
        quotes += {"blockquote_open": 1, "blockquote_close": -1}.get(token.type, 0)
        depth += {"list_item_open": 1, "list_item_close": -1}.get(token.type, 0)
        if quotes or token.map is None:
            continue
        first, end = token.map[0] + 1, token.map[1]
        if token.type == "heading_open":
            found["heading"].append((first, int(token.tag[1]), getattr(content, "content", "")))
        elif token.type == "fence":
            found["fence"].append((first, end, token.info.strip().split(" ")[0]))
        elif token.type == "list_item_open":
            found["item"].append((first, depth))
        elif token.type == "table_open":
            found["table"].append((first, end))
    return found


def ours(text: str) -> Found:
    found: Found = {"heading": [], "fence": [], "item": [], "table": []}
    for block in scan(text):
        if block.kind is BlockKind.HEADING:
            found["heading"].append((block.first, block.level, block.title))
        elif block.kind is BlockKind.CODE and FENCE.match(text, block.start):
            found["fence"].append((block.first, block.last, block.label))
        elif block.kind is BlockKind.ITEM:
            found["item"].append((block.first, block.depth))
        elif block.kind is BlockKind.TABLE:
            found["table"].append((block.first, block.last))
    return found


SAMPLES = {
    "journal": """\
# Monday

slept *well*, see [[plan]].
ran 5 km

## Work ##
- call tom
    - about the offer
- [ ] write

  still the same item

### Notes
1. one
2. two
   * deeper

***
end
""",
    "code": """\
Intro
```sh
# not a heading
- not an item
```
text

~~~
```
~~~

- item
  ```py
  def f(): ...

  x = 1
  ```
  after

back

    indented code

# Real
````
```
````
## Next
```never closed
# swallowed
""",
    "headings": """\
Title
=====
text

Sub
---

#nospace
####### seven
#\tTab
  ### Three ###
#
## #
    # code

para
# interrupts
* * *
""",
    "lists": """\
- a
- b

  para in b

- c
  1. d
  2. e
     - f

       deep para
- g
lazy

* other list
+ and other

para
- interrupts

1986. starts a list

para
1986. does not

> quote
> - quoted item

- after

      code in item
""",
    "tables": """\
| a | b |
|---|:-:|
| 1 | 2 |
| 3 |

text
x | y
--|--
1 | 2
# end

| no |

|---|

- item

  | in | item |
  |----|------|
  | 1  | 2    |
""",
    "html": """\
<div>
# no
</div>

# yes

<!-- one
# no
-->

<pre>

# no
</pre>

<em>inline</em>
# yes

<br>
- no

- yes
""",
}


@pytest.mark.parametrize("name", SAMPLES)
def test_samples(name: str) -> None:
    assert ours(SAMPLES[name]) == theirs(SAMPLES[name])


TEXT = ["", "text", "more text", "# One", "### Two ##", "***"]
BLOCKS = ["```", "```py", "~~~", "> said\n", "| a | b |", "|---|---|", "\nOver\n===", "---"]
LISTS = ["- a", "- b", "  - c", "  in a", "  - d\n    - e", "> said"]


def notes(lines: list[str]) -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from(lines), max_size=25).map(lambda chosen: "\n".join([*chosen, ""]))


@settings(max_examples=300)
@given(notes(TEXT + BLOCKS))
def test_headings_fences_and_tables(text: str) -> None:
    found, expected = ours(text), theirs(text)
    assert found["fence"] == expected["fence"]
    assert found["table"] == expected["table"]
    # B2 takes one line over strokes for a heading, CommonMark takes any number of lines.
    several = {first for first, _, title in expected["heading"] if "\n" in str(title)}
    assert [it for it in found["heading"] if it[0] not in several] == [
        it for it in expected["heading"] if it[0] not in several
    ]


@settings(max_examples=300)
@given(notes(TEXT + LISTS))
def test_lists(text: str) -> None:
    assert ours("- a\n" + text)["item"] == theirs("- a\n" + text)["item"]
