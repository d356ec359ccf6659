"""Options as text in, values and helpful messages out."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sphinx.directives import code

from sphinx_kerasshape.collect import options
from sphinx_kerasshape.collect.from_option import imported_code
from sphinx_kerasshape.collect.options import ALL, PARTS, Options, Unusable, in_range, parse_options
from sphinx_kerasshape.settings.settings import COLUMNS
from sphinx_kerasshape.text import excerpt

parselinenos = getattr(code, "parse_line_num_spec", None) or code.parselinenos  # Sphinx 9, 8
KNOWN = {*options._OPTIONS}
WORDS = st.sampled_from([*PARTS, *COLUMNS, "all", "1", "left", "model", "x.y", ","])
TEXT = st.none() | st.text() | st.lists(WORDS, max_size=4).map(" ".join)


def test_no_options() -> None:
    assert parse_options({}) == (Options(), [])


@pytest.mark.parametrize(
    ("option", "text", "field", "value"),
    [
        ("show", "table, code", "show", ("table", "code")),
        ("show", "code code\ntotals", "show", ("code", "totals")),
        ("columns", "layer,output", "columns", ("layer", "output")),
        ("depth", "2", "depth", 2),
        ("input", "(None, 50)", "input", "(None, 50)"),
        ("input", "[None,\n50 ]", "input", "(None, 50)"),
        ("input", "None,", "input", "(None,)"),
        ("depth", "all", "depth", ALL),
        ("caption", "A  long\ncaption", "caption", "A long caption"),
        ("class", "wide plain", "classes", ("wide", "plain")),
        ("align", "left", "align", "left"),
        ("width", "50%", "width", "50%"),
        ("model", "parts['encoder']", "model", "parts['encoder']"),
        ("raises", "tf.errors.OpError", "raises", "tf.errors.OpError"),
        ("from", "zoo:model()", "source", "zoo:model()"),
        ("file", "/model.py", "file", "/model.py"),
        ("hide-code", None, "show", ("table", "totals")),
        ("linenos", None, "linenos", True),
        ("lineno-start", "-5", "lineno_start", -5),
        ("lineno-start", "+0", "lineno_start", 0),
    ],
)
def test_good(option: str, text: str | None, field: str, value: object) -> None:
    values, problems = parse_options({option: text})
    assert problems == []
    assert getattr(values, field) == value


@pytest.mark.parametrize(
    ("option", "text", "problem"),
    [
        ("colums", "layer", ":colums: is not an option of keras:model; did you mean :columns:?"),
        ("zzz", "", ":zzz: is not an option of keras:model: choose from :show:, :columns:, :depth:, "),
        ("show", "", ":show: needs one or more of code, source, constructor, table, totals, weights, output"),
        ("show", "Table", "; did you mean 'table'?"),
        ("columns", "parameters", "; did you mean 'params'?"),
        ("columns", "zzz", ":columns: unknown column 'zzz': choose from layer, type, input, "),
        ("input", "50", ":input: '50' is not a shape: write a whole shape with the batch axis first"),
        ("input", "()", ":input: '()' has no batch axis: write"),
        ("input", "(None, time)", ":input: '(None, time)' is not a shape: write"),
        ("input", "(None, 0)", ":input: 0 is not a size of an axis: write"),
        ("input", "(None, 5.0)", ":input: 5.0 is not a size of an axis: write"),
        ("input", "(None, True)", ":input: True is not a size of an axis: write"),
        ("input", "(" * 5000, ":input: '((("),
        ("depth", "-1", ":depth: must be a whole number from 1, or 'all', not '-1'"),
        ("depth", "1.5", ":depth: must be a whole number from 1, or 'all', not '1.5'"),
        ("depth", "9" * 5000, "must be a whole number from 1, or 'all', not '999"),
        ("depth", None, ":depth: must be a whole number from 1, or 'all', not ''"),
        ("caption", " ", ":caption: needs a value"),
        ("model", None, ":model: needs a value"),
        ("model", "x = 3", ":model: must be a Python expression, not 'x = 3'"),
        (
            "raises",
            "Value Error",
            ":raises: must be the name of an exception, such as ValueError, not 'Value Error'",
        ),
        ("align", "middle", ":align: unknown alignment 'middle': choose from left, center, right"),
        ("linenos", "3", ":linenos: takes no value, but has '3'"),
        ("lineno-start", "a", ":lineno-start: must be a whole number, not 'a'"),
        ("lineno-start", None, ":lineno-start: needs a value"),
        ("lineno-start", " ", ":lineno-start: needs a value"),
        ("lineno-start", "--5", ":lineno-start: must be a whole number, not '--5'"),
        (
            "lineno-start",
            "1_000",
            ":lineno-start: must be a whole number, not '1_000'",
        ),
        ("lineno-start", "1" * 4301, "'"),
        ("hide-code", "no", ":hide-code: takes no value, but has 'no'"),
        ("emphasize-lines", None, ":emphasize-lines: needs a value"),
    ],
)
def test_bad(option: str, text: str | None, problem: str) -> None:
    values, problems = parse_options({option: text})
    assert values == Options()
    (message,) = problems
    assert message.startswith(f":{option}: ")
    assert problem in message


def test_each_bad_option_is_named_and_the_good_ones_hold() -> None:
    values, problems = parse_options({"depth": "0", "caption": "Good", "align": "up", "model": "m"})
    assert values == Options(caption="Good", model="m")
    assert [message.split()[0] for message in problems] == [":depth:", ":align:"]


def test_a_flag_of_code_with_a_value_is_as_if_it_were_not_there() -> None:
    values, problems = parse_options({"hide-code": "no", "no-output": "yes", "linenos": "1"}, "keras:code")
    assert values == Options(show=("code", "output"))
    assert len(problems) == 3


@given(st.dictionaries(st.sampled_from(sorted(KNOWN)) | st.text(), TEXT))
def test_any_text(given: dict[str, str | None]) -> None:
    values, problems = parse_options(given)
    assert len(problems) <= len(given)
    assert set(values.show) <= set(PARTS)
    assert set(values.columns) <= set(COLUMNS)
    assert values.depth >= 1
    assert values.align in ("", "left", "center", "right")
    for option in given.keys() - KNOWN:
        assert any(message.startswith(f":{excerpt(option)}: is not an option") for message in problems)


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("zoo:model()", "from zoo import model\n\nmodel = model()"),
        ("zoo.text:build(64, *[1])", None),
        (
            "zoo.text:build(units=-64, name='a b')",
            "from zoo.text import build\n\nmodel = build(units=-64, name='a b')",
        ),
        ("zoo : Zoo.dense((1, None))", "from zoo import Zoo\n\nmodel = Zoo.dense((1, None))"),
        ("zoo:build(**{'units': 3})", "from zoo import build\n\nmodel = build(**{'units': 3})"),
        (
            "zoo:build({'a': [1.5, True, None]})",
            "from zoo import build\n\nmodel = build({'a': [1.5, True, None]})",
        ),
    ],
)
def test_from(source: str, code: str | None) -> None:
    if code is None:
        with pytest.raises(Unusable, match="the argument"):
            imported_code(source)
    else:
        assert imported_code(source)[0] == code


CALL = "write package.module:callable(units=64)"
NO_NAME = f"does not begin with the name of a callable: {CALL}"


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("", f"'' does not name a module and a callable: {CALL}"),
        ("zoo", f"'zoo' does not name a module and a callable: {CALL}"),
        ("zoo.model()", "'zoo.model()' does not name a module and a callable; did you mean 'zoo:model()'?"),
        (":model()", f"':model()' does not name a module and a callable: {CALL}"),
        (".zoo:model()", f"'.zoo:model()' does not name a module and a callable: {CALL}"),
        ("zoo/text.py:model(3)", "does not name a module and a callable; did you mean 'zoo.text:model(3)'?"),
        ("zoo:", f"'' is not Python: {CALL}"),
        ("zoo:model(", f"'model(' is not Python: {CALL}"),
        ("zoo:model(\0)", "is not Python"),
        ("zoo:model(); evil()", f"'model(); evil()' is not Python: {CALL}"),
        ("zoo:model", "'model' is not a call; did you mean 'zoo:model()'?"),
        ("zoo:model() + 1", f"'model() + 1' is not a call: {CALL}"),
        ("zoo:models[0]()", f"'models[0]()' {NO_NAME}"),
        ("zoo:(build or build)()", f"'(build or build)()' {NO_NAME}"),
        ("zoo:(lambda: 1)()", f"'(lambda: 1)()' {NO_NAME}"),
        ("zoo:model(2 ** 6)", "the argument 2 ** 6 is not a literal: write the code in the body instead"),
        ("zoo:model(units=units)", "the argument units is not a literal: write the code in the body instead"),
        ("zoo:model(*sizes)", "the argument *sizes is not a literal: write the code in the body instead"),
        ("zoo:model(f'{1}')", "the argument f'{1}' is not a literal: write the code in the body instead"),
        ("zoo:model({[]: 1})", "the argument {[]: 1} is not a literal: write the code in the body instead"),
    ],
)
def test_from_refused(source: str, message: str) -> None:
    with pytest.raises(Unusable) as refused:
        imported_code(source)
    assert message in str(refused.value)


@given(st.text() | st.text().map("zoo:model({})".format))
def test_from_any_text(source: str) -> None:
    try:
        code, _ = imported_code(source)
    except Unusable:
        return
    first, last = ast.parse(code).body
    assert isinstance(first, ast.ImportFrom)
    assert isinstance(last, ast.Assign)
    assert isinstance(last.value, ast.Call)


@pytest.mark.parametrize("lines", ["1", "5", "1,3", " 2 - 4 , 5", "-3", "2-", "1-5"])
def test_lines_of_five(lines: str) -> None:
    assert in_range(lines, 5)


@pytest.mark.parametrize(
    "lines", ["", "0", "6", "1,6", "3-6", "4-2", "-", "1,,2", "a", "1-2-3", "+1", "\u00b2"]
)
def test_no_lines_of_five(lines: str) -> None:
    assert not in_range(lines, 5)


@given(st.text() | st.text("0123456789-, ", max_size=6), st.integers(0, 9))
def test_lines_of_any_text(lines: str, count: int) -> None:
    """What is let through, Sphinx can read."""
    if in_range(lines, count):
        assert all(0 <= line < count for line in parselinenos(lines, count))
