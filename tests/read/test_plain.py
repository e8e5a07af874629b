"""Text without its marks (rules R7, B15)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notesearch.read.plain import plain


@pytest.mark.parametrize(
    ("marked", "expected"),
    [
        ("no marks  at\tall ", "no marks at all"),
        ("# Head #1", "Head #1"),
        ("*a* **b** ***c*** _d_ __e__ ~~f~~ ==g==", "a b c d e f g"),
        ("**a *b* c** *d **e** f*", "a b c d e f"),
        ("snake_case_name 2 * 3 * 4 a ~ b = c", "snake_case_name 2 * 3 * 4 a ~ b = c"),
        ("**open and *open", "**open and *open"),
        ("[[a]] [[a|b]] [[a#b]] [[#b]] ![[c.png]]", "a b a > b b c.png"),
        ("[text](url) [text](<a b> 't') ![alt](x(y)) [ref][r]", "text text alt ref"),
        ("**[[a|b c]]**", "b c"),
        ("[[[[a|pass on it]]", "[[pass on it"),
        ("`code` ``a ` b`` $x_1$", "code a ` b $x_1$"),
        ("`*a*` *b*", "*a* b"),
        ("text[^1] and^[inline]", "text andinline"),
        ("a <!-- b --> c %%d%% e", "a c e"),
        ("<b>bold</b> <https://a.example> 1 < 2 > 0", "bold https://a.example 1 < 2 > 0"),
        ("\\*a\\* \\# b", "*a* # b"),
        ("head ^an-id", "head"),
        ("2^10", "2^10"),
        ("#tag 'quoted' — dash", "#tag 'quoted' — dash"),
        ("a\nb\r\nc", "a b c"),
        ("", ""),
    ],
)
def test_plain(marked: str, expected: str) -> None:
    assert plain(marked) == expected


@given(st.text(alphabet="ab *_~=`[]()|#!\\$%<>^\0\n"))
def test_nothing_is_added(text: str) -> None:
    allowed = set(text) | {" ", ">"}  # `[[a#b]]` reads `a > b`
    assert set(plain(text)) <= allowed
