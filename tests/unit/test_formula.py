"""Formulas of counts: written and read."""

from __future__ import annotations

import contextlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sphinx_kerasshape.claims.formula import MAX_TERMS, Unreadable, formula
from sphinx_kerasshape.claims.formula import value as value_of
from sphinx_kerasshape.messages.report import Weight


def value(text: str) -> int:
    return int(eval(text.replace("×", "*"))) if text else 0


SHAPES = st.lists(st.integers(0, 5), max_size=4).map(tuple)
WEIGHTS = st.tuples(st.sampled_from(["a/", "b/", ""]), SHAPES, st.integers(-1, 4))


@given(st.lists(WEIGHTS, max_size=2 * MAX_TERMS))
def test_it_sums_to_the_count(stated: list[tuple[str, tuple[int, ...], int]]) -> None:
    weights = tuple(
        Weight("w", f"{path}w{number}", shape, "float32", True, gates)
        for number, (path, shape, gates) in enumerate(stated)
    )
    text = formula(weights)
    if text:
        assert value(text) == sum(weight.params for weight in weights)
    else:
        assert not weights or len(set(stated)) > MAX_TERMS


def test_terms_in_parentheses_are_one() -> None:
    def weight(path: str, shape: tuple[int, ...], gates: int = 1) -> Weight:
        return Weight("w", path, shape, "float32", True, gates)

    cells = [weight(f"{size}/{part}", (size, 2 * part), 2) for size in (4, 6) for part in (3, 5)]
    assert formula(cells) == "2×(4×3 + 4×5) + 2×(6×3 + 6×5)"
    plain = [weight(f"{size}", (size,)) for size in range(2, MAX_TERMS + 2)]
    assert formula([*cells, *plain[2:]]) == "2×(4×3 + 4×5) + 2×(6×3 + 6×5) + 4 + 5 + 6 + 7 + 8 + 9"
    assert formula([*cells, *plain[1:]]) == ""


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("50×128 + 128", 6528),
        ("4×(50×64 + 64×64 + 64)", 29_440),
        ("4 * (50*64 + 64·64 + 64) = 29,440", 29_440),
        ("40+30+10+3=83", 83),
        ("6,528 + 1,290 = 7,818", 7818),
        ("7", 7),
    ],
)
def test_sums_that_people_write(text: str, count: int) -> None:
    assert value_of(text) == count


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("40+30+10+3=84", "the sides of '40+30+10+3=84' are not equal: 83 and 84"),
        ("", "'' is not a sum: write one such as 50×128 + 128"),
        ("units * 4", "is not a sum"),
        ("2 ** 9 ** 9", "is not a sum"),
        ("(" * 400 + "1" + ")" * 400, "is not a sum"),
        ("1 +", "is not a sum"),
        ("1(2)", "is not a sum"),
    ],
)
def test_what_is_no_sum(text: str, message: str) -> None:
    with pytest.raises(Unreadable, match=re.escape(message)):
        value_of(text)


@given(st.text("0123456789+*×() =,_", max_size=60))
def test_any_text_is_a_sum_or_unreadable(text: str) -> None:
    with contextlib.suppress(Unreadable):
        assert value_of(text) >= 0


@pytest.mark.parametrize(
    ("language", "text", "count"),
    [
        ("hi", "12,00,30,000", 120_030_000),
        ("en_IN", "12,00,00,000 + 30,000", 120_030_000),
        ("de", "6.528 + 1.290 = 7.818", 7818),
        ("fr", "6\u202f528 + 1 290 = 7\N{NO-BREAK SPACE}818", 7818),
        ("de_CH", "6'528 + 1’290", 7818),
        ("de", "6,528 + 1,290", 7818),
    ],
)
def test_sums_in_a_language(language: str, text: str, count: int) -> None:
    assert value_of(text, language) == count


def test_a_fraction_is_in_no_sum() -> None:
    with pytest.raises(Unreadable):
        value_of("6,5 + 1", "de")
