"""Whatever is written where a grammar is read: a value or its own refusal, in linear time."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from sphinx_kerasshape import prose
from sphinx_kerasshape.axes import expression, notation
from sphinx_kerasshape.claims import counts, formula, needs, shapes, targets
from sphinx_kerasshape.collect import from_option, options
from sphinx_kerasshape.messages import codec
from sphinx_kerasshape.messages import input_spec as given_shapes
from sphinx_kerasshape.messages.input_spec import InputSpec
from sphinx_kerasshape.worker.code import exceptions
from tests.support import work
from tests.support.tiers import slow


@dataclass(frozen=True)
class Grammar:
    """What reads a text, how it refuses one, and texts that it takes."""

    read: Callable[[str], object]
    refusal: type[Exception]
    good: tuple[str, ...]


def options_of(text: str) -> object:
    names = (
        "show",
        "columns",
        "depth",
        "input",
        "axes",
        "raises",
        "expect-output",
        "from",
        "flops-at",
        "width",
    )
    return [options.parse_options({name: text}) for name in (*names, text)]


def holds(claim: shapes.ShapeClaim) -> object:
    return claim.holds(((None, 3), (4, 5))), claim.restated(((None, 3),))


GRAMMARS = {
    "target": Grammar(targets.parse, targets.Unresolved, ("m", "m/dense.kernel", '"a.b"/[0].output[1]')),
    "input": Grammar(
        given_shapes.parse,
        given_shapes.Unreadable,
        ("(None, 50)", "[(None, 3), (2,) int32]", "{'a': (None, 4), 'b': [(1,)]}"),
    ),
    "axis": Grammar(
        notation.parse, notation.Unreadable, ("2*time - 3", "ceil(time / 2)", "depends on a and b")
    ),
    "axes": Grammar(
        notation.axis_names, notation.Unreadable, ("batch, time", "a: batch, time | b: batch, rows")
    ),
    "count": Grammar(counts.count_claim, counts.Unreadable, ("29,505", "~29.5k", "174B")),
    "size": Grammar(counts.size_claim, counts.Unreadable, ("118,020 B", "115.3 KiB")),
    "sum": Grammar(formula.value, formula.Unreadable, ("4×(50×64 + 64) = 13,056", "1+2+3")),
    "shape": Grammar(
        lambda text: holds(shapes.shape_claim(text)),
        shapes.Unreadable,
        ("(None, 50)", "28x28x3", "(batch, time − 2, …)", "[(4,), (5,)]"),
    ),
    "needs": Grammar(needs.needs_claim, counts.Unreadable, ("time ≥ 3", "needs time = 8, 16, 24, …")),
    "call": Grammar(
        from_option.imported_code, options.Unusable, ("a.b:c(d=4)", "zoo:Zoo(size=[1, 2]).build()")
    ),
    "options": Grammar(options_of, options.Unusable, ("layer, output", "all", "batch, time", "(None, 3)")),
    "lines": Grammar(lambda text: options.in_range(text, 10), options.Unusable, ("1,3-5", "-2", "4-")),
    "message": Grammar(exceptions.clean, AssertionError, ("\x1b[31mred", "at 0x7f1234567890")),
    "inert": Grammar(codec.escape_controls, AssertionError, ("plain", "\x1b\u202e")),
    "prose": Grammar(
        lambda text: [*prose.counts(text, "en"), *prose.shapes(text), prose.is_shape(text)],
        AssertionError,
        ("3k params", "(None, 3)"),
    ),
}
PIECES = [
    *"()[]{}\"'`,.:;/\\|*+-−×x=<>≥~^%?…_ \n\t0123456789²",
    "None",
    "time",
    "1e999",
    "and",
    "//",
    "ceil(",
    "\0",
    "\ud800",
    "٣",
    "𝟛",
]


def near(good: tuple[str, ...]) -> st.SearchStrategy[str]:
    """Return texts that are cut, doubled and mixed from good ones."""
    part = st.one_of(st.sampled_from(PIECES), st.sampled_from(good), st.sampled_from(good).flatmap(cut))
    return st.lists(part, max_size=8).map("".join)


def cut(text: str) -> st.SearchStrategy[str]:
    return st.tuples(*[st.integers(0, len(text))] * 2).map(lambda ends: text[min(ends) : max(ends)])


@pytest.mark.parametrize("name", GRAMMARS)
def test_any_text_is_read_or_refused(name: str) -> None:
    grammar = GRAMMARS[name]

    @given(st.one_of(st.text(), near(grammar.good)))
    @example("9" * 5000)
    @example("(" * 5000)
    @example("-" * 5000 + "1")
    @example("1" + "+1" * 5000)
    @example("(None, " + "9" * 5000 + ")")
    @example("time >= " + "9" * 5000)
    @example("m/[" + "9" * 5000 + "]")
    @example("0x" + "f" * 5000)
    @example("((((9^9)^9)^9)^9)")
    @example("(" * 9 + "a" + "^9)" * 9)
    @example("(" + "(" * 9 + "a" + "^9)" * 9 + ", 3)")
    @example("9**9**9**9")
    @example("(" * 99 + "a" + ")" * 99)
    @example("1" + ",000" * 3000)
    @example("(1" + ",000" * 3000 + ")")
    @example("1" + "*999999999999" * 14)
    @example("a" + "//999999999999" * 13)
    def check(text: str) -> None:
        try:
            grammar.read(text)
        except grammar.refusal as refusal:
            assert str(refusal)  # noqa: PT017 - a good text raises nothing

    check()


@pytest.mark.parametrize("name", GRAMMARS)
def test_good_texts_are_taken(name: str) -> None:
    for text in GRAMMARS[name].good:
        GRAMMARS[name].read(text)


REPEATED = [
    *"([{<,./-+*x×\"'` \t\n19_:|~aé²⌊^",
    "^9",
    ",000",
    "*9",
    "//9",
    "a^9*",
    "(a+1)^9+",
    "()",
    "a/",
    "a.",
    "1,",
    "(None, ",
    "1+",
    "time-",
    "a: b | ",
    "\x1b",
    "\x1b[",
    "\x1b]",
    "0x",
    "**",
    "- ",
    "[0]",
    "None",
    "≥ 1, ",
    "1.",
    "1 ",
]


@pytest.mark.parametrize("begins", [("", "1"), slow(("(", "(None", "m/", "~1"))], ids=["simple", "more"])
@pytest.mark.parametrize("name", GRAMMARS)
def test_no_text_takes_long(name: str, begins: tuple[str, ...]) -> None:
    read, refusal = GRAMMARS[name].read, GRAMMARS[name].refusal

    def reading(text: str) -> Callable[[], None]:
        def read_or_refuse() -> None:
            with contextlib.suppress(refusal):
                read(text)

        return read_or_refuse

    # As long as any, and as long as those that are computed with.
    ends = ((20_000, "!"), (150, "1"), (60, ")"))
    texts = (
        (before + piece * length)[:length] + end
        for piece, before, (length, end) in itertools.product(REPEATED, begins, ends)
    )
    assert [text[:20] for text in texts if work.exceeds(reading(text), 30)] == []


# Round trips.

SIZES = st.integers(1, 10**6)
SHAPES = st.lists(st.none() | SIZES, min_size=1, max_size=5).map(tuple)
STRUCTURES = st.recursive(
    st.builds(InputSpec, SHAPES, st.sampled_from(["", "int32", "float16", "string"])),
    lambda inner: (
        st.lists(inner, min_size=1, max_size=3)
        | st.dictionaries(st.text(max_size=8), inner, min_size=1, max_size=3)
    ),
    max_leaves=6,
)


@given(STRUCTURES)
@example({"]A": InputSpec((None,)), "'\")b": InputSpec((3,), "int32")})
def test_an_input_is_read_as_it_is_written(structure: Any) -> None:
    assert given_shapes.parse(given_shapes.write(structure)) == structure


EXPRS = st.recursive(
    st.sampled_from([expression.axis("time"), expression.axis("rows")])
    | st.integers(0, 50).map(expression.constant),
    lambda inner: (
        st.builds(expression.add, inner, inner)
        | st.builds(expression.multiply, inner, inner)
        | st.builds(expression.divide, inner, st.integers(2, 7))
        | st.builds(expression.ceiling, inner, st.integers(2, 7))
    ),
    max_leaves=4,
)


@given(EXPRS)
def test_an_expression_is_read_as_it_is_written(expr: expression.Expr) -> None:
    text = expression.text(expr)
    assume(len(text) < 150)
    again = notation.parse(text)
    assert isinstance(again, expression.Expr)
    for sizes in ({"time": 7, "rows": 12}, {"time": 30, "rows": 5}, {"time": 101, "rows": 64}):
        assert expression.evaluate(again, sizes) == expression.evaluate(expr, sizes)


@given(SHAPES)
def test_a_true_shape_holds_in_each_notation_and_another_does_not(shape: tuple[int | None, ...]) -> None:
    texts = [
        str(shape),
        str(list(shape)),
        str(shape).replace("None", "?"),
        "  " + str(shape).replace(",", " ,"),
    ]
    if len(shape) > 1:
        texts += [" × ".join(map(str, shape)), " x ".join(map(str, shape))]
    for text in texts:
        claim = shapes.shape_claim(text)
        assert claim.holds((shape,)), text
        assert not claim.holds(((*shape[:-1], (shape[-1] or 0) + 1),)) or "?" in text or None in shape, text
        assert not claim.holds(((*shape, 3),))


@given(st.integers(0, 10**12), st.sampled_from(["{:,}", "{}", "{:_}"]))
def test_an_exact_count_holds_for_itself_only(count: int, notation_of: str) -> None:
    text = notation_of.format(count)
    assume(counts_readable(text))
    claim = counts.count_claim(text)
    assert claim.holds(count)
    assert not claim.holds(count + 1)


def counts_readable(text: str) -> bool:
    try:
        counts.count_claim(text)
    except counts.Unreadable:
        return False
    return True


@given(st.lists(st.lists(st.integers(1, 999), min_size=1, max_size=3), min_size=1, max_size=4))
def test_a_sum_has_its_value(parts: list[list[int]]) -> None:
    text = " + ".join("×".join(f"{factor:,}" for factor in part) for part in parts)
    assert formula.value(text) == eval(text.replace("×", "*").replace(",", ""))


NAMES = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters='"\\'), min_size=1, max_size=12
)


@given(NAMES, st.lists(NAMES, max_size=2))
def test_a_quoted_target_names_what_is_quoted(model: str, layers: list[str]) -> None:
    assume(model == model.strip() and all(one == one.strip() for one in layers))
    target = targets.parse("/".join(f'"{name}"' for name in (model, *layers)))
    assert (target.model, *target.layers) == (model, *layers)
