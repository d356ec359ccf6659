"""Expressions of named axes: written and read, simplified, compared, and found from values."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sphinx_kerasshape.axes import expression, notation
from sphinx_kerasshape.axes.expression import Depends, Expr
from sphinx_kerasshape.claims import named_sizes, needs, shapes
from sphinx_kerasshape.messages.report import Axis
from sphinx_kerasshape.worker.axes import fitting
from tests.support import work

SMALL = st.integers(-9, 9)
POSITIVE = st.integers(1, 9)
EXPRESSIONS = st.recursive(
    st.sampled_from(["time", "words"]).map(expression.axis) | SMALL.map(expression.constant),
    lambda inner: st.one_of(
        st.builds(expression.add, inner, inner),
        st.builds(expression.multiply, inner, inner),
        st.builds(expression.divide, inner, POSITIVE),
        st.builds(expression.ceiling, inner, POSITIVE),
    ),
    max_leaves=6,
)
SIZES = st.fixed_dictionaries({"time": st.integers(1, 300), "words": st.integers(1, 300)})
TIME = (Axis("batch", 1, 1, ""), Axis("time", 3, 1, "conv"))


@given(EXPRESSIONS, SIZES)
def test_what_is_written_can_be_read(expr: Expr, sizes: dict[str, int]) -> None:
    for text in (str(expr), named_sizes.ascii_text(str(expr))):
        if len(text) <= 200:
            found = notation.parse(text)
            assert isinstance(found, Expr)
            assert expression.evaluate(found, sizes) == expression.evaluate(expr, sizes)


@given(EXPRESSIONS, EXPRESSIONS, POSITIVE, SIZES)
def test_operations_are_those_of_numbers(one: Expr, two: Expr, number: int, sizes: dict[str, int]) -> None:
    first, second = expression.evaluate(one, sizes), expression.evaluate(two, sizes)
    assert expression.evaluate(expression.add(one, two), sizes) == first + second
    assert expression.evaluate(expression.multiply(one, two), sizes) == first * second
    assert expression.evaluate(expression.divide(one, number), sizes) == first // number
    assert expression.evaluate(expression.ceiling(one, number), sizes) == -(-first // number)
    put = expression.substitute(one, {"time": two})
    assert expression.evaluate(put, sizes) == expression.evaluate(one, {**sizes, "time": second})


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("time", "time"),
        ("time-2", "time − 2"),
        ("-2 + time", "time − 2"),
        ("time − 2", "time − 2"),
        ("5 - time", "5 − time"),
        ("-time", "−time"),
        ("4*time", "4·time"),
        ("time·4", "4·time"),
        ("time*time", "time²"),
        ("time**3 * words", "time³·words"),
        ("(time + 1)*words", "(time + 1)·words"),
        ("(time + 1)*2", "2·time + 2"),
        ("time + words + time", "2·time + words"),
        ("time // 2", "⌊time / 2⌋"),
        ("floor(time / 2)", "⌊time / 2⌋"),
        ("ceil(time / 2)", "⌈time / 2⌉"),
        ("(time + 1) // 2", "⌈time / 2⌉"),
        ("(time - 3) // 2 + 1", "⌊(time − 3) / 2⌋ + 1"),
        ("(time - 1) // 2", "⌊(time − 3) / 2⌋ + 1"),
        ("(time - 2) // 2", "⌊time / 2⌋ − 1"),
        ("(time + 5) // 4", "⌊(time + 1) / 4⌋ + 1"),
        ("(time // 2) // 3", "⌊time / 6⌋"),
        ("((time - 3)//2 + 1 - 3)//2 + 1", "⌊(time − 7) / 4⌋ + 1"),
        ("2*(time//2)", "2·⌊time / 2⌋"),
        ("4*((time - 3)//2 + 1)", "4·(⌊(time − 3) / 2⌋ + 1)"),
        ("4*(time//2) + 2", "4·⌊time / 2⌋ + 2"),
        ("(4*time + 2) // 2", "2·time + 1"),
        ("(4*time + 3) // 6", "⌊(2·time + 1) / 3⌋"),
        ("time / 2 + time / 2", "time"),
        ("7 // 2", "3"),
        ("time - time", "0"),
        ("depends on  batch and time", "depends on batch and time"),
    ],
)
def test_notation(written: str, shown: str) -> None:
    assert str(notation.parse(written)) == shown
    assert notation.parse(shown) == notation.parse(written)


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "time time", "2time", "time +", "(time", "time)", "⌊time", "⌊time)", "time / 0"),
        *("4 / time", "time // (0-2)", "time ** 99", "time ** words", "a.b", "time!", "+time"),
        *("1" * 13, "t+" * 150 + "t"),
    ],
)
def test_no_expression(text: str) -> None:
    with pytest.raises(notation.Unreadable, match="is not a size: write 50, time, time − 2"):
        notation.parse(text)


def test_a_part_may_be_no_whole_number() -> None:
    with pytest.raises(notation.Unreadable, match=r"'time / 2' is not always a whole number: write a // b"):
        notation.parse("time / 2")


@given(st.text() | st.text("time 29+-*/()⌊⌋⌈⌉²,", max_size=30))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        size = notation.parse(text)
    except notation.Unreadable:
        return
    assert notation.parse(str(size)) == size or isinstance(size, Depends) or len(str(size)) > 200


LINEAR = st.tuples(st.integers(1, 8), st.integers(-9, 9), st.integers(1, 16))
VALUES = st.lists(st.integers(64, 2048), min_size=12, max_size=20, unique=True)


@given(LINEAR, VALUES)
def test_a_fit_meets_all_values(numbers: tuple[int, int, int], values: list[int]) -> None:
    factor, offset, divisor = numbers
    output = tuple((factor * value + offset) // divisor for value in values)
    step = fitting.fit([tuple(values)], output)
    assert step is not None
    for expr in filter(None, (step.expr, step.other)):
        assert tuple(expression.evaluate(expr, {"0": value}) for value in values) == output


@given(LINEAR)
def test_a_fit_of_many_values_is_the_function_itself(numbers: tuple[int, int, int]) -> None:
    factor, offset, divisor = numbers

    def true(value: int) -> int:
        return (factor * value + offset) // divisor

    values = (*range(100, 140), 1111, 2048)
    step = fitting.fit([values], tuple(map(true, values)))
    assert step is not None
    assert all(expression.evaluate(step.expr, {"0": value}) == true(value) for value in range(1, 3000, 7))


@pytest.mark.parametrize(
    ("function", "shown"),
    [
        (lambda a, b: 7, "7"),
        (lambda a, b: a, "0"),
        (lambda a, b: b, "1"),
        (lambda a, b: b - 2, "1 − 2"),
        (lambda a, b: -(-b // 2), "⌈1 / 2⌉"),
        (lambda a, b: 3 - a, "3 − 0"),
        (lambda a, b: a + b, "0 + 1"),
        (lambda a, b: 2 * a + b - 5, "2·0 + 1 − 5"),
        (lambda a, b: a * b, "0·1"),
        (lambda a, b: 4 * a * b, "4·0·1"),
        (lambda a, b: a * a, "0²"),
    ],
)
def test_functions_of_two_sizes(function: Callable[[int, int], int], shown: str) -> None:
    first, second = (101, 207, 88, 431, 512, 77, 300, 199), (50, 81, 1000, 7, 333, 612, 90, 91)
    step = fitting.fit([first, second, first], tuple(map(function, first, second)))
    assert step is not None
    assert (str(step.expr), step.other) == (shown, None)


@pytest.mark.parametrize("function", [lambda a: a % 7, lambda a: a**3 % 1000, lambda a: min(a, 200)])
def test_what_is_no_such_function_is_not_fitted(function: Callable[[int], int]) -> None:
    values = (101, 207, 88, 431, 512, 77, 300, 199, 1000)
    assert fitting.fit([values], tuple(map(function, values))) is None


def test_too_few_values_say_nothing() -> None:
    assert fitting.fit([(1, 2, 3)], (1, 2, 3)) is None


@pytest.mark.parametrize(
    ("option", "names"),
    [
        ("batch, time", {"": ("batch", "time")}),
        ("(batch, time)", {"": ("batch", "time")}),
        ("batch", {"": ("batch",)}),
        ("a: batch, time | b: batch", {"a": ("batch", "time"), "b": ("batch",)}),
    ],
)
def test_option(option: str, names: dict[str, tuple[str, ...]]) -> None:
    assert notation.axis_names(option) == names


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("batch, 3", "'3' can't name an axis: write a name such as batch or time"),
        ("batch,", "'' can't name an axis"),
        (
            "batch, x",
            "'x' can't name an axis, since it has another meaning in shapes: choose another name",
        ),
        ("None, time", "'None' can't name an axis, since it has another meaning"),
        ("a: batch | batch", "'batch' needs the name of its input: write a: batch, time | b: batch, words"),
        ("a: batch | a: time", "the input 'a' is named twice: list all its axes once"),
    ],
)
def test_option_refused(option: str, message: str) -> None:
    with pytest.raises(notation.Unreadable) as refused:
        notation.axis_names(option)
    assert message in str(refused.value)


def known(*texts: str | int) -> named_sizes.Dims:
    return tuple(
        text if isinstance(text, int) else named_sizes.SymbolicSize(notation.parse(text), TIME)
        for text in texts
    )


CONV = known("batch", "time − 2", 32)
STRIDED = known("batch", "⌊(time − 3) / 2⌋ + 1", 32)


@pytest.mark.parametrize(
    ("text", "actual"),
    [
        ("(batch, time-2, 32)", CONV),
        ("(batch, time − 2, 32)", CONV),
        ("(batch, -2 + time, 32)", CONV),
        ("[batch, (time-2), 32]", CONV),
        ("batch × (time − 2) × 32", CONV),
        ("(time − 2, 32)", CONV),
        ("(None, None, 32)", CONV),
        ("(batch, ?, 32)", CONV),
        ("(…, 32)", CONV),
        ("(batch, floor((time-3)/2)+1, 32)", STRIDED),
        ("(batch, ⌊(time − 3)/2⌋ + 1, 32)", STRIDED),
        ("(batch, (time - 1)//2, 32)", STRIDED),
        ("(batch, time - time//2 - 1, 32)", STRIDED),
        ("batch, floor((time-3)/2)+1, 32", STRIDED),
        ("(batch, depends on time)", known("batch", "depends on time")),
        ("(batch, 4)", known("batch", "4")),
    ],
)
def test_claims_that_hold(text: str, actual: named_sizes.Dims) -> None:
    claim = shapes.shape_claim(text)
    assert claim.holds((actual,))
    assert claim.restated((actual,)) == text


@pytest.mark.parametrize(
    ("text", "actual", "restated"),
    [
        ("(batch, time-3, 32)", CONV, "(batch, time - 2, 32)"),
        ("(batch, time − 3, 32)", CONV, "(batch, time − 2, 32)"),
        ("(batch, time, 32)", CONV, "(batch, time − 2, 32)"),
        ("(time, batch-2, 32)", CONV, "(batch, time - 2, 32)"),
        ("(batch, -2+time, 33)", CONV, "(batch, -2+time, 32)"),
        ("batch × time × 32", CONV, "batch × time − 2 × 32"),
        ("(batch, time//2, 32)", STRIDED, "(batch, floor((time - 3) / 2) + 1, 32)"),
        ("(batch, 18, 32)", CONV, "(batch, time − 2, 32)"),
        ("(None, 32)", CONV, "(batch, time − 2, 32)"),
        ("(batch, time)", known("batch", "depends on time"), "(batch, depends on time)"),
    ],
)
def test_claims_that_do_not_hold(text: str, actual: named_sizes.Dims, restated: str) -> None:
    claim = shapes.shape_claim(text)
    assert not claim.holds((actual,))
    assert claim.restated((actual,)) == restated


def test_expressions_are_compared_for_sizes_that_the_model_takes() -> None:
    even = (Axis("time", 2, 2, "add"),)
    size = named_sizes.SymbolicSize(notation.parse("time"), even)
    assert size.is_same(notation.parse("2 * (time // 2)"))
    assert not named_sizes.SymbolicSize(notation.parse("time"), TIME).is_same(
        notation.parse("2 * (time // 2)")
    )
    assert not size.is_same(notation.parse("words"))


def test_expressions_are_not_compared_beyond_the_largest_size() -> None:
    few = (Axis("time", 1, 1, "", 4),)
    size = named_sizes.SymbolicSize(notation.parse("1"), few)
    assert size.is_same(notation.parse("ceil(time / 4)"))
    assert not size.is_same(notation.parse("ceil(time / 3)"))


BOMBS = [
    "((((9^9)^9)^9)^9)",
    "(((((((((a^9)^9)^9)^9)^9)^9)^9)^9)^9",
    "(" * 28 + "a+1" + ")^9+1" * 28,
    "(" * 65 + "a" + ")^2" * 45,
    "(" * 99 + "a" + ")" * 99,
    "⌊" * 49 + "a" + "/2⌋" * 49,
    "*".join(["999999999999"] * 14),
    "a" + "/999999999999" * 14,
    "(a+b+c+d+e+f)^9*(a+b+c+d+e+f+1)^9*(a+b+c+d+e+f+2)^9",
]


@pytest.mark.parametrize("text", BOMBS)
def test_what_is_too_large_to_compute_with_is_refused_at_once(text: str) -> None:
    def refused() -> None:
        with pytest.raises(notation.Unreadable):
            notation.parse(text)
        for shape in (f"({text}, 3)", f"(None, {text})", text):
            with pytest.raises(shapes.Unreadable):
                shapes.shape_claim(shape)

    assert not work.exceeds(refused, 100)


@pytest.mark.parametrize("count", [12, 3000])
def test_one_size_in_groups_of_any_number_is_a_claim_or_none(count: int) -> None:
    text = "1" + ",000" * count
    assert not shapes.shape_claim(text).holds(((1000**count,),))
    assert not shapes.shape_claim(f"({text})").holds(((1000**count,),))


def test_many_axes_are_compared_in_little_time() -> None:
    many = tuple(Axis(f"a{number}", 1, 1, "") for number in range(100))
    heavy = notation.parse("+".join(f"(a{number}+1)^9" for number in range(4)))

    def compare() -> None:
        assert not named_sizes.SymbolicSize(heavy, many).is_same(notation.parse("(a0+1)^9"))
        assert named_sizes.SymbolicSize(heavy, many).is_same(notation.parse(f"0*a99 + {heavy}"))

    assert not work.exceeds(compare, 400)


def test_functions_that_rarely_differ_are_told_apart() -> None:
    size = named_sizes.SymbolicSize(notation.parse("time // 128"), TIME)
    assert not size.is_same(notation.parse("(time + 1) // 128"))


@pytest.mark.parametrize(
    ("known", "text"),
    [
        (TIME, "time ≥ 3"),
        ((Axis("batch", 1, 1, ""),), ""),
        ((Axis("height", 65, 1, "a"), Axis("width", 32, 16, "b")), "height ≥ 65, width = 32, 48, 64, …"),
        ((Axis("time", 2, 2, ""),), "time = 2, 4, 6, …"),
        ((Axis("time", 8, 8, "", 16),), "time = 8, 16"),
        ((Axis("time", 2, 2, "", others=(1,)),), "time = 1, 2, 4, 6, …"),
        ((Axis("time", 2, 2, "", 96, others=(1,)),), "time = 1, 2, 4, 6, …, 96"),
        ((Axis("time", 10, 1, "a", others=(1,)),), "time = 1, 10, 11, 12, …"),
        ((Axis("time", 37, 0, "a", others=(1,)),), "time = 1, 37"),
        ((Axis("time", 32, 1, "a", 35, others=(4, 5, 6, 7)),), "time = 4–7, 32–35"),
        ((Axis("time", 3, 4, "", offsets=(1,)),), "time = 3, 4, 7, 8, 11, 12, …"),
        (
            (Axis("time", 17, 32, "", offsets=tuple(range(1, 16)), others=tuple(range(1, 17))),),
            "time = 1–32, 49–64, 81–96, …",
        ),
    ],
)
def test_needs(known: tuple[Axis, ...], text: str) -> None:
    assert needs.needs(known) == text
    if text:
        claim = needs.needs_claim(f"needs {text}")
        assert claim.holds(known)
        assert claim.restated(known) == f"needs {text}"


@pytest.mark.parametrize(
    ("text", "holds", "restated"),
    [
        ("time >= 3", True, "time >= 3"),
        ("time > 2", True, "time > 2"),
        ("time > 3", False, "time > 2"),
        ("time≥4", False, "time ≥ 3"),
        ("batch ≥ 1 and time ≥ 5", False, "batch ≥ 1 and time ≥ 3"),
        ("time = 4, 8, 12, …", False, "time ≥ 3"),
    ],
)
def test_claims_of_needs(text: str, holds: bool, restated: str) -> None:
    claim = needs.needs_claim(text)
    assert claim.holds(TIME) == holds
    assert claim.restated(TIME) == restated


@pytest.mark.parametrize(
    ("known", "text"),
    [
        (Axis("time", 2, 2, "", others=(1,)), "time = 2, 4, 6, …"),
        (Axis("time", 10, 1, "a", others=(1,)), "time ≥ 10"),
        (Axis("time", 37, 0, "a", others=(1,)), "time = 37"),
        (Axis("time", 32, 1, "a", 35, others=(4, 5, 6, 7)), "time ≥ 32"),
        (Axis("time", 3, 4, "", offsets=(1,)), "time = 3, 7, 11, …"),
        (Axis("time", 3, 4, "", offsets=(1,)), "time = 3, 4, …"),
        (Axis("time", 8, 8, ""), "time = 8, 16, 99, …"),
        (Axis("time", 8, 8, ""), "time = 8, 16"),
        (Axis("time", 8, 8, ""), "time = 1–999999999, …"),
    ],
)
def test_lists_that_leave_out_sizes_do_not_hold(known: Axis, text: str) -> None:
    claim = needs.needs_claim(text)
    assert not claim.holds((known,))
    assert claim.restated((known,)) == needs.needs((known,))


def test_a_list_may_end_after_the_first_step() -> None:
    axis = Axis("time", 3, 4, "", offsets=(1,), others=(1,))
    assert needs.needs_claim("time = 1, 3, 4, 7, …").holds((axis,))


def test_expressions_are_compared_for_the_sizes_that_they_hold_for() -> None:
    doubled, time = notation.parse("2 * (time // 2)"), notation.parse("time")
    partial = Axis("time", 2, 2, "", others=(1,), is_partial=True)
    assert named_sizes.SymbolicSize(time, (partial,)).is_same(doubled)
    for axis in (partial._replace(is_partial=False), Axis("time", 2, 2, "", offsets=(1,))):
        assert not named_sizes.SymbolicSize(time, (axis,)).is_same(doubled)


LIMITED = (Axis("time", 3, 1, "conv", 100), Axis("width", 8, 8, "add", 96))


@pytest.mark.parametrize(
    ("text", "restated"),
    [
        ("time ≥ 3, time ≤ 100, width = 8, 16, 24, …, 96", None),
        ("time < 101", None),
        ("width ≤ 96", None),
        ("time <= 99", "time <= 100"),
        ("time < 100", "time < 101"),
        ("width = 8, 16, 24, …, 88", "width = 8, 16, 24, …, 96"),
    ],
)
def test_largest_sizes(text: str, restated: str | None) -> None:
    claim = needs.needs_claim(text)
    assert claim.holds(LIMITED) == (restated is None)
    assert claim.restated(LIMITED) == (restated or text)


def test_largest_sizes_as_text() -> None:
    assert needs.needs(LIMITED) == "time ≥ 3, time ≤ 100, width = 8, 16, 24, …, 96"


def test_a_limit_that_is_none_is_restated_as_the_smallest_size() -> None:
    assert needs.needs_claim("time ≤ 5").restated((Axis("time", 3, 1, ""),)) == "time ≥ 3"


@pytest.mark.parametrize("text", ["time", "time ≠ 3", "at least 3", "time ≥ three", "≥ 3"])
def test_no_claim_of_needs(text: str) -> None:
    with pytest.raises(shapes.Unreadable, match="doesn't say which sizes an axis may have: write"):
        needs.needs_claim(text)
