"""What pages state of shapes, counts and sizes: read, held against the truth, restated, and reported."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sphinx_kerasshape.check.warnings import claim_finding
from sphinx_kerasshape.claims import targets
from sphinx_kerasshape.claims.shapes import Unreadable, count_claim, dtype_holds, shape_claim, size_claim
from sphinx_kerasshape.claims.targets import Unresolved, parse
from sphinx_kerasshape.claims.verdicts import Verdict, judge
from sphinx_kerasshape.messages.report import (
    Axis,
    LayerCall,
    LayerRow,
    Model,
    Report,
    TensorSpec,
    Versions,
    Weight,
)
from sphinx_kerasshape.pages.records import Claim
from sphinx_kerasshape.text import quoted
from tests.support.projects import OLD_SPHINX, Built, Project

N = None
SHAPES = [
    # stated, the truth, whether it holds, the truth in the same notation
    ("(None, 50)", [(N, 50)], True, "(None, 50)"),
    ("(None, 50)", [(N, 51)], False, "(None, 51)"),
    ("(None, 50)", [(N, N, 50)], False, "(None, None, 50)"),
    ("(50, None)", [(N, 50)], False, "(None, 50)"),
    ("(None,50)", [(N, 51)], False, "(None,51)"),
    ("( None , 50 )", [(N, 51)], False, "(None , 51)"),
    ("[None, 50]", [(N, 51)], False, "[None, 51]"),
    ("None, 50", [(N, 51)], False, "None, 51"),
    ("None × 50", [(N, 7, 51)], False, "None × 7 × 51"),
    ("None x 50", [(N, 51)], False, "None x 51"),
    ("28x28x3", [(N, 28, 27, 3)], False, "28x27x3"),
    ("28 x 28 × 3", [(N, 28, 27, 3)], False, "28 x 27 × 3"),
    ("(128,)", [(128,)], True, "(128,)"),
    ("(128,)", [(64,)], False, "(64,)"),
    ("[128]", [(64,)], False, "[64]"),
    ("()", [()], True, "()"),
    ("7", [()], False, "()"),
    ("(2_048, 12_288)", [(N, 2048, 12289)], False, "(2_048, 12_289)"),
    # wildcards
    ("(?, 50)", [(N, 50)], True, "(?, 50)"),
    ("(?, 50)", [(32, 51)], False, "(?, 51)"),
    ("?×24×3", [(N, 24, 4)], False, "?×24×4"),
    ("(…, 64)", [(N, N, 64)], True, "(…, 64)"),
    ("(…, 64)", [(64,)], True, "(…, 64)"),
    ("(..., 64)", [(N, N, 65)], False, "(..., 65)"),
    ("(?, …, 128)", [(N, 7, 20, 64)], False, "(?, …, 64)"),
    ("(3, …)", [(4, 5)], False, "(4, …)"),
    ("(3, …, 5, 6)", [(4, 5)], False, "(4, 5)"),
    # of a sample: the batch axis left out
    ("(50,)", [(N, 50)], True, "(50,)"),
    ("(4, 4, 64)", [(N, 4, 4, 64)], True, "(4, 4, 64)"),
    ("(3, 3, 64)", [(N, 4, 4, 64)], False, "(4, 4, 64)"),
    ("(20, 50)", [(N, N, 50)], False, "(None, None, 50)"),
    ("(32, 50)", [(16, 32, 50)], False, "(16, 32, 50)"),
    ("(4, None, 64)", [(N, 4, 4, 64)], False, "(4, 4, 64)"),
    ("(None, 4, 64)", [(N, 4, 4, 64)], False, "(None, 4, 4, 64)"),
    ("(4, ?, 64)", [(N, 4, 4, 64)], False, "(None, 4, 4, 64)"),
    ("576", [(N, 1024)], False, "1,024"),
    ("1,024", [(N, 1024)], True, "1,024"),
    ("2640", [(N, 2641)], False, "2641"),
    # several tensors
    ("(None, 10, 4), (None, 20, 4)", [(N, 10, 4), (N, 20, 4)], True, "(None, 10, 4), (None, 20, 4)"),
    ("(None, 20, 4), (None, 10, 4)", [(N, 10, 4), (N, 20, 4)], False, "(None, 10, 4), (None, 20, 4)"),
    ("(10, 4) and (20, 5)", [(N, 10, 4), (N, 20, 4)], False, "(10, 4) and (20, 4)"),
    ("[(4,), (5,)]", [(N, 4), (N, 6)], False, "[(4,), (6,)]"),
    ("[(None, 4)]", [(N, 5)], False, "[(None, 5)]"),
    ("(None, 4)", [(N, 4), (N, 4)], True, "(None, 4)"),
    ("(None, 4)", [(N, 5), (N, 5)], False, "(None, 5)"),
    ("(None, 4)", [(N, 4), (N, 5), (N, 4)], False, "(None, 4), (None, 5), (None, 4)"),
    ("(4,), (5,)", [(N, 7)], False, "(7,)"),
]
COUNTS = [
    ("29,505", 29505, True, "29,505"),
    ("29,506", 29505, False, "29,505"),
    ("29506", 29505, False, "29505"),
    ("29_506", 29505, False, "29_505"),
    ("29 506", 29505, False, "29 505"),
    ("29\u00a0506", 29505, False, "29\u00a0505"),
    ("29'506", 29505, False, "29'505"),
    ("29.5k", 29505, True, "29.5k"),
    ("29.4k", 29505, False, "29.5k"),
    ("29.40 k", 29505, False, "29.51 k"),
    ("29k", 29505, False, "30k"),
    ("~30 K", 29505, True, "~30 K"),
    ("≈31k", 29505, False, "≈30k"),
    ("~30,000", 29505, True, "~30,000"),
    ("~40,000", 29505, False, "~30,000"),
    ("30,000", 29505, False, "29,505"),
    ("174B", 173_961_510_912, True, "174B"),
    ("173B", 173_961_510_912, False, "174B"),
    ("0.17T", 173_961_510_912, True, "0.17T"),
    ("1.81G", 1_812_099_072, True, "1.81G"),
    ("0", 0, True, "0"),
    ("0", 7, False, "7"),
    ("65", 29505, False, "29,505"),
    ("29M", 29505, False, "29,505"),
    ("~30,000", 0, False, "~0"),
]
SIZES = [
    ("118,020 B", 118020, True, "118,020 B"),
    ("118,021 bytes", 118020, False, "118,020 bytes"),
    ("118,020", 118020, True, "118,020"),
    ("115.3 KiB", 118020, True, "115.3 KiB"),
    ("118 KB", 118020, True, "118 KB"),
    ("115 KB", 118020, True, "115 KB"),
    ("119 KB", 118020, False, "118 KB"),
    ("114 KB", 118020, False, "115 KB"),
    ("696 GB", 695_846_043_648, True, "696 GB"),
    ("697 GB", 695_846_043_648, False, "696 GB"),
    ("649 GiB", 695_846_043_648, False, "648 GiB"),
    ("~120,000 B", 118020, True, "~120,000 B"),
]


@pytest.mark.parametrize(("stated", "actual", "holds", "restated"), SHAPES)
def test_shape(stated: str, actual: list, holds: bool, restated: str) -> None:
    claim = shape_claim(stated)
    assert claim.holds(tuple(actual)) is holds
    assert claim.restated(tuple(actual)) == restated
    assert shape_claim(restated).holds(tuple(actual))


@pytest.mark.parametrize(
    ("read", "stated", "actual", "holds", "restated"),
    [*((count_claim, *row) for row in COUNTS), *((size_claim, *row) for row in SIZES)],
)
def test_number(read: Callable, stated: str, actual: int, holds: bool, restated: str) -> None:
    assert read(stated).holds(actual) is holds
    assert read(stated).restated(actual) == restated
    assert read(restated).holds(actual)


def test_dtypes() -> None:
    assert dtype_holds("float32", ("float32",))
    assert dtype_holds("int32, float32", ("float32", "int32"))
    assert not dtype_holds("float16", ("float32",))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "  ",
        "(None, fifty!)",
        "(None 50)",
        "(1, (2, 3))",
        "((1, 2)",
        "(…, 5, …)",
        "(5",
        "1.5",
        "(5,,5)",
        "(" + "9" * 5000 + ",)",
        "(5,) or (6,)",
    ],
)
def test_unreadable_shape(text: str) -> None:
    with pytest.raises(Unreadable) as raised:
        shape_claim(text)
    assert str(raised.value).startswith(f"{quoted(text)} ")


@pytest.mark.parametrize(
    "text", ["", "many", "29,50", "29.505.1", "5 KiB", "5 bytes", "-3", "9" * 5000, "5 KB"]
)
def test_unreadable_count(text: str) -> None:
    with pytest.raises(Unreadable) as raised:
        count_claim(text)
    assert str(raised.value).startswith(f"{quoted(text)} ")


pieces = st.sampled_from(
    [*"0123456789()[],.×x?…_~ \n", "None", "None, ", "50", "and", "k", "KiB", "time", "−"]
)
texts = st.one_of(st.text(max_size=40), st.lists(pieces, max_size=20).map("".join))
dims = st.one_of(st.none(), st.integers(0, 100_000))
shapes = st.lists(dims, max_size=5).map(tuple)


@given(texts, st.lists(shapes, min_size=1, max_size=3).map(tuple))
@settings(max_examples=600, deadline=None)
def test_any_shape_is_unreadable_or_can_be_restated(text: str, actual: tuple) -> None:
    try:
        claim = shape_claim(text)
    except Unreadable:
        return
    assert shape_claim(claim.restated(actual)).holds(actual)


@given(shapes, st.lists(shapes, min_size=1, max_size=3).map(tuple), st.sampled_from(["({})", "[{}]", "{}"]))
@settings(max_examples=600, deadline=None)
def test_restated_shapes_hold(stated: tuple, actual: tuple, brackets: str) -> None:
    text = brackets.format(", ".join(map(str, stated)))
    if text:
        claim = shape_claim(text)
        assert shape_claim(claim.restated(actual)).holds(actual)
        if claim.holds(actual) and brackets == "({})" and len(stated) > 1:
            assert claim.restated(actual) == text


numbers = st.builds(
    "{}{}{}{}".format,
    st.sampled_from(["", "~", "≈ "]),
    st.one_of(
        st.integers(0, 10**13).map(str),
        st.integers(0, 10**13).map("{:,}".format),
        st.integers(0, 10**7).map(lambda number: f"{number / 1000:.{number % 4}f}"),
    ),
    st.sampled_from(["", " ", "\u00a0"]),
    st.sampled_from(["", "k", "K", "M", "B", "T", "KiB", "GB", "bytes"]),
)


@given(st.one_of(texts, numbers), st.integers(0, 10**15), st.sampled_from([count_claim, size_claim]))
@settings(max_examples=600, deadline=None)
def test_any_number_is_unreadable_or_can_be_restated(text: str, actual: int, read: Callable) -> None:
    try:
        claim = read(text)
    except Unreadable:
        return
    assert read(claim.restated(actual)).holds(actual)


@pytest.mark.parametrize(
    "text", ["5" + " " * 100_000 + "5", "(" * 100_000, "[(" + ") " * 50_000, "5," * 50_000, "1,234" * 40_000]
)
def test_reading_takes_linear_time(text: str) -> None:
    started = time.perf_counter()
    for read in (shape_claim, count_claim, size_claim, parse):
        try:
            read(text)
        except (Unreadable, Unresolved):
            continue
    assert time.perf_counter() - started < 2


# --- targets -----------------------------------------------------------------


def weight(name: str, *shape: int, path: str = "", dtype: str = "float32") -> Weight:
    return Weight(name, path or name, shape, dtype, trainable=True)


def row(name: str, kind: str, depth: int = 0, outputs: tuple = (), weights: tuple = ()) -> LayerRow:
    tensors = tuple(TensorSpec(shape, "float32") for shape in outputs)
    params = sum(weight.params for weight in weights)
    calls = (LayerCall(tensors, tensors, ()),) if tensors else ()
    return LayerRow(name, kind, depth, calls, params, params // 2, 4 * params, weights)


ROWS = (
    row("a", "Dense", 0, ((N, 5),), (weight("kernel", 3, 5), weight("bias", 5))),
    row("b", "Dense", 0, ((N, 6),), (weight("kernel", 5, 6, path="b/kernel"),)),
    row("inner", "Sequential", 0, ((N, 7),)),
    row("a", "Dense", 1, ((N, 8),)),
    row("mean", "Pool", 1, ((N, 9),)),
    row("v1.2/x", "Odd", 0, ((N, 10), (N, 11))),
    row("[0]", "Bracket", 0, ((N, 12),)),
    row("unknown", "Lambda"),
)
INPUTS = (TensorSpec((N, 3), "float32", "first"), TensorSpec((N, 4), "int32", "second"))
MODEL = Model("model", "Functional", False, INPUTS, INPUTS[:1], ROWS, 80, 60, 20, 320)
FOUND = {
    "m.input[0]": ((N, 3),),
    "m.input[-1]": ((N, 4),),
    "m.input[second]": ((N, 4),),
    "m.input": ((N, 3), (N, 4)),
    "m.output": ((N, 3),),
    "m/a.output": ((N, 5),),
    "m/[1].output": ((N, 6),),
    "m/[-1].output": None,
    "m/inner/a.output": ((N, 8),),
    "m/inner/[1].output": ((N, 9),),
    "m/Sequential/Pool.output": ((N, 9),),
    'm/"v1.2/x".output': ((N, 10), (N, 11)),
    "m/'v1.2/x'.output[1]": ((N, 11),),
    'm/"[0]".output': ((N, 12),),
    "m/a.kernel": ((3, 5),),
    "m.kernel[1]": ((5, 6),),
    "m.kernel[-1]": ((5, 6),),
    "m.bias[0]": ((5,),),
    ' "m"/ a.bias ': ((5,),),
}
UNRESOLVED = {
    "": "is no target",
    "m/": "is no target",
    "m//a": "is no target",
    "m.input.shape": "is no target",
    "m/[99999999999].output": "is no target",
    "m/[x].output": "is no target",
    "m/a": "which shape of 'm/a'? add .input, .output or a weight's name",
    "m": "which shape of 'm'?",
    "m/Dense.output": "'m' has several layers 'Dense': name one of a, b",
    "m/c.output": "'m' has no layer 'c'; its layers are a, b, inner",
    "m/a/b.output": "'m/a' has no layer 'b'; its layers are none",
    "m/[8].output": "'m' has 6 layers, so there is no [8]",
    "m/unknown.output": "Keras does not know the output of 'm/unknown'",
    "m.kernel": "'m' has 2 weights 'kernel': name the layer, or add an index from [0] to [1]",
    "m.kernel[2]": "'m' has 2 weights 'kernel', counted from 0",
    "m.kernel[--5]": "'m' has 2 weights 'kernel'",
    "m/a.gamma": "'m/a' has no 'gamma'; known are input, output, kernel, bias",
    "m.input[5]": "'m' has 2 inputs, none of them [5]",
    "m.input[--5]": "none of them [--5]",
    "m.input[²]": "none of them [²]",
}


@pytest.mark.parametrize("text", [text for text, shapes in FOUND.items() if shapes])
def test_target(text: str) -> None:
    assert targets.shapes(parse(text), MODEL) == FOUND[text]


@pytest.mark.parametrize("text", UNRESOLVED)
def test_unresolved_target(text: str) -> None:
    with pytest.raises(Unresolved, match=re.escape(UNRESOLVED[text])):
        targets.shapes(parse(text), MODEL)


def test_counts_and_sizes_of_targets() -> None:
    count = {text: targets.params(parse(text), MODEL) for text in ("m", "m.trainable", "m.non_trainable")}
    assert count == {"m": 80, "m.trainable": 60, "m.non_trainable": 20}
    assert targets.params(parse("m/a"), MODEL) == 20
    assert targets.params(parse("m/a.kernel"), MODEL) == 15
    assert targets.size(parse("m"), MODEL) == 320
    assert targets.size(parse("m/a.kernel"), MODEL) == 60
    assert targets.dtypes(parse("m.input"), MODEL) == ("float32", "int32")
    assert targets.dtypes(parse("m"), MODEL) == ("float32",)
    assert targets.dtypes(parse("m/a.bias"), MODEL) == ("float32",)
    for read in (targets.params, targets.size):
        with pytest.raises(Unresolved, match="only weights have"):
            read(parse("m.input"), MODEL)


@given(
    st.one_of(st.text(max_size=30), st.lists(st.sampled_from([*"m/[].'\"0-", "a", "kernel"])).map("".join))
)
@settings(max_examples=600, deadline=None)
def test_any_target_is_found_or_unresolved(text: str) -> None:
    for read in (targets.shapes, targets.params, targets.size, targets.dtypes):
        try:
            found = read(parse(text), MODEL)
        except Unresolved:
            continue
        assert isinstance(found, (tuple, int))


# --- verdicts ----------------------------------------------------------------


FORM = "write MODEL, MODEL/LAYER or MODEL/LAYER.ATTRIBUTE"
DOTS = "a name with dots, slashes or brackets is quoted"


def verdict(kind: str, target: str, stated: str = "") -> Verdict:
    def find(name: str) -> Report | None:
        dotted = Model(
            "", "", False, (), (), (row("a.b c", "A"), row("d", "D", 1), row("e.f", "E", 1)), 0, 0, 0, 0
        )
        known = {
            "v1.2": Report(dotted),
            "m": Report(MODEL, versions=Versions(tensorflow="2.21")),
            "failed": None,
            "raises": Report(),
        }
        return known[name]

    return judge(Claim(kind, target, stated, "page:1"), find, ("m", "failed", "raises", "v1.2", "v1.2/b"))


def test_verdicts() -> None:
    drifted = verdict("shape", "m/a.output", "None × 6")
    assert not drifted.holds
    assert (drifted.actual, drifted.restated, drifted.version) == ("(None, 5)", "None × 5", "2.21")
    inserted = verdict("shape", "m/a.output")
    assert (inserted.holds, inserted.actual, inserted.shape) == (True, "(None, 5)", (N, 5))
    assert verdict("shape", "m.input").shape is None
    assert verdict("params", "m", "80").holds
    assert (verdict("bytes", "m", "~0.4 KiB").restated, verdict("bytes", "m").count) == ("~0.3 KiB", 320)
    assert verdict("dtype", "m/a.output", "float16").restated == "float32"


@pytest.mark.parametrize("text", ["<script>", "((((9^9)^9)^9)^9)", "(((((a^9)^9)^9)^9)^9)^9", "", "9" * 999])
@pytest.mark.parametrize("stated", ["", "(None, 3)", "(batch, time)"])
def test_sizes_of_a_report_that_cannot_be_read(text: str, stated: str) -> None:
    """As somebody may have written them into a lock."""
    output = TensorSpec((None, None), "float32", "", ("batch", text))
    model = MODEL._replace(outputs=(output,), axes=(Axis("batch", 1, 1, ""), Axis("time", 1, 1, "")))
    found = judge(Claim("shape", "m.output", stated, "page:1"), lambda _: Report(model))
    assert not found.holds
    begin = f"the shape of m.output can't be read, since {text!r} is "
    assert found.problem.startswith(begin[:120])
    assert len(found.problem) < 400
    assert found.problem.endswith("; name fewer axes (:axes:), or have the model run anew")


@pytest.mark.parametrize(
    ("target", "stated", "problem"),
    [
        ("n.output", "(5,)", "there is no model 'n'"),
        ("nothing", "(5,)", "there is no model 'nothing'; there are 'm', 'failed', 'raises', 'v1.2'"),
        ("fail.output", "(5,)", "there is no model 'fail'; did you mean 'failed'?"),
        ("v1.2", "(5,)", f"there is no model 'v1'; {DOTS}: \"v1.2\""),
        ("v1.2.output[0]", "(5,)", f"'v1.2.output[0]' is no target: {FORM}; {DOTS}: \"v1.2\".output[0]"),
        ("v1.2/a.b c", "(5,)", f'\'v1.2/a.b c\' is no target: {FORM}; {DOTS}: "v1.2"/"a.b c"'),
        ('"v1.2"/a.b c.output', "(5,)", f"""'"v1.2"/a.b c.output' is no target: {FORM}; {DOTS}: """),
        ('"v1.2"/"a.b c"/e.f', "(5,)", f"""'v1.2/a.b c' has no layer 'e'; its layers are d, e.f; {DOTS}: """),
        ("m/[", "(5,)", "'m/[' is no target"),
        ("m.output", "(a b)", "'(a b)' is no shape"),
        ("raises.output", "(5,)", "model 'raises' is meant to fail, so it has no values"),
        ("m.output", "x" * 5000, f"'{'x' * 100}…' is no shape"),
        ("m.output", "\x1b\u202e", r"'\x1b\u202e' is no shape"),
        ("x" * 5000, "(5,)", f"there is no model '{'x' * 100}…'; there are "),
        ("m/a." + "x" * 5000, "(5,)", f"'m/a' has no '{'x' * 100}…'; known are "),
        ("failed.output", "(5,)", ""),
    ],
)
def test_nothing_can_be_said(target: str, stated: str, problem: str) -> None:
    found = verdict("shape", target, stated)
    assert not found.holds
    assert not found.actual
    assert found.problem.startswith(problem)
    assert bool(found.problem) == bool(problem)


@pytest.mark.parametrize(
    ("target", "stated", "problem"),
    [("", "", "ref"), ("'a b'", "a b", "ref"), ("m/a.output", "a b", "claim"), ("m/a.output", "6", "claim")],
)
def test_what_is_wrong_is_either_the_target_or_the_statement(target: str, stated: str, problem: str) -> None:
    """Also of ``{keras:shape}` ` ``, which Sphinx takes for a target without a character."""
    trouble = claim_finding(verdict("shape", target, stated))
    assert trouble is not None
    assert trouble.problem == problem


# --- pages -------------------------------------------------------------------

CONF = """
import sys
from pathlib import Path
sys.path.insert(0, str(Path(__file__).parent))
extensions.append("sphinx.ext.autodoc")
exclude_patterns = ["parts"]
"""
SMALL = "keras.Sequential([keras.Input((3,)), layers.Dense(5)])"
DEFINES = {
    "small.rst": f"Small\n=====\n\n.. keras:model:: small\n\n   {SMALL}\n",
    "failed.rst": "Failed\n======\n\n.. keras:model:: failed\n\n   1 / 0\n",
}
# In each markup every statement is wrong, and has a line of its own.
RST = """\
Page
====

A paragraph
says :keras:params:`21 <small>` and
:keras:shape:`(None, 6) <small/dense.output>`, twice
:keras:params:`21 <small>`, and true :keras:params:`20 <small>`.

* A list

  1. inside
     :keras:params:`22 <small>` and :keras:shape:`(None,
     7) <small.output>`

.. list-table:: A caption of :keras:params:`23 <small>`

   * - One
     - :keras:params:`24 <small>`

+------+-----------------------------+
| One  | :keras:params:`25 <small>`  |
+------+-----------------------------+

=====  ===========================
One    Two
=====  ===========================
x      :keras:params:`26 <small>`
=====  ===========================

.. keras:model:: page-rst
   :caption: Output :keras:shape:`(None, 8) <page-rst.output>`
   :expect-output: (None, 9)
   :expect-params: 27

   SMALL

A title: :keras:params:`28 <small>`
-----------------------------------

.. note::

   A note
   says :keras:dtype:`float16 <small.output>`
   and :keras:bytes:`81 B <small>`.

.. include:: parts/part.txt
"""
MD = """\
# Page

A paragraph
says {keras:params}`21 <small>` and
{keras:shape}`(None, 6) <small/dense.output>`, twice
{keras:params}`21 <small>`, and true {keras:params}`20 <small>`.

- A list

  1. inside
     {keras:params}`22 <small>` and {keras:shape}`(None,
     7) <small.output>`

~~~{list-table} A caption of {keras:params}`23 <small>`
* - One
  - {keras:params}`24 <small>`
~~~

| One | Two |
| --- | --- |
| x | {keras:params}`25 <small>` |
| y | {keras:params}`26 <small>` |

```{keras:model} page-md
:caption: Output {keras:shape}`(None, 8) <page-md.output>`
:expect-output: (None, 9)
:expect-params: 27

SMALL
```

## A title: {keras:params}`28 <small>`

````{note}
A note
says {keras:dtype}`float16 <small.output>`
and {keras:bytes}`81 B <small>`.
````

```{include} parts/part.md
```
"""
PARTS = {
    "parts/part.txt": "Included\ntext: :keras:params:`29 <small>`.\n",
    "parts/part.md": "Included\ntext: {keras:params}`29 <small>`.\n",
}
PAGES = {"page-rst.rst": RST.replace("SMALL", SMALL), "page-md.md": MD.replace("SMALL", SMALL)}
MODULE = '''\
"""A module.

It says
:keras:params:`21 <small>`.
"""


def tower():
    """Build a tower.

    It says
    :keras:params:`22 <small>`.
    """
'''
TROUBLES = {
    "(5,) <small/[>": "'small/[' is no target: write MODEL, MODEL/LAYER or MODEL/LAYER.ATTRIBUTE",
    "(5,) <deep/Dense.output>": "'deep' has several layers 'Dense': name one of dense, dense_1",
    "(5,) <nowhere.output>": "there is no model 'nowhere'; there are 'failed', 'page-md', 'page-rst', "
    "'small', 'deep'",
    "(5,) <small>": "which shape of 'small'? add .input, .output or a weight's name",
    "(None, five) <small.output>": "'(None, five)' is no shape: write (None, 50), ",
    "(5,) <failed.output>": "",
}
DEEP = SMALL.replace("layers.Dense(5)", "layers.Dense(5), layers.Dense(6)")
TROUBLED = {
    "troubled.rst": f"Page\n====\n\n.. keras:model:: deep\n\n   {DEEP}\n\n"
    + "".join(f":keras:shape:`{text}`\n\n" for text in TROUBLES),
    "troubled-md.md": "# Page\n\n" + "".join(f"{{keras:shape}}`{text}`\n\n" for text in TROUBLES),
}
STATED = re.compile(r"`([^`<]+?)\s*<[^`]*`|expect-\w+: (.*)")


def statements(name: str, text: str) -> Iterator[tuple[str, str]]:
    """Give place and text of each statement of a source that is not true."""
    for found in STATED.finditer(text):
        stated = " ".join((found[1] or found[2]).split())
        if stated != "20":
            yield f"{name}:{text.count(chr(10), 0, found.start()) + 1}", stated


@pytest.fixture(scope="module")
def built(make_project: Callable[..., Project]) -> Built:
    documented = {"documented.rst": "Module\n======\n\n.. automodule:: towers\n   :members:\n"}
    project = make_project(DEFINES | PAGES | TROUBLED | documented, CONF)
    for name, text in PARTS.items():
        project.write(name, text)
    project.write("towers.py", MODULE)
    return project.build("text", "--keep-going")


def reported(built: Built, name: str) -> list[tuple[str, str]]:
    """Return place and stated text of each drift that is reported for a file."""
    # For docutils, the path of an included file starts in the working directory.
    warnings = [re.sub(r"^\S*/source/", "", text) for text in built.warnings]
    drift = re.compile(
        r"(\S+:\d+): WARNING: the page states (?:params |dtype |bytes )?(.+) for \S+, but TensorFlow "
    )
    found = [drift.match(text) for text in warnings if text.startswith(f"{name}:")]
    return [(one[1], one[2]) for one in found if one]


@pytest.mark.parametrize("name", [*PAGES, *PARTS])
def test_each_statement_is_reported_at_its_own_line(name: str, built: Built) -> None:
    wanted = sorted(statements(name, (PAGES | PARTS)[name]))
    assert len(wanted) == (15 if name in PAGES else 1)
    assert sorted(reported(built, name)) == wanted


def test_docstrings(built: Built) -> None:
    found = sorted(text for text in built.warnings if "towers.py" in text)
    says = "for small, but TensorFlow "
    assert [text.partition(says)[0] for text in found] == [
        "towers.py:docstring of towers.tower:4: WARNING: the page states params 22 ",
        "towers.py:docstring of towers:4: WARNING: the page states params 21 ",
    ]


@pytest.mark.parametrize("name", TROUBLED)
def test_claims_that_can_not_be_checked(name: str, built: Built) -> None:
    text = TROUBLED[name]
    wanted = []
    for stated, problem in TROUBLES.items():
        line = text.count("\n", 0, text.index(stated)) + 1
        subtype = "claim" if "is no shape" in problem else "ref"
        if problem:
            wanted.append(f"{name}:{line}: WARNING: {problem} [kerasshape.{subtype}]")
    found = [text for text in built.warnings if text.startswith(f"{name}:")]
    assert [re.sub(r"(write \(None, 50\), ).* \[", r"\1 [", text) for text in found] == wanted


def test_a_failed_model_has_one_warning(built: Built) -> None:
    found = [text for text in built.warnings if "failed" in text and "there are 'failed'" not in text]
    assert len(found) == 1
    assert found[0].startswith("failed.rst:6: WARNING: model 'failed': ZeroDivisionError")


def test_pages_show_what_they_state(built: Built) -> None:
    for name, text in PAGES.items():
        page = built.page(name.rpartition(".")[0] + ".txt")
        expected = [stated for _, stated in statements(name, text) if stated not in ("(None, 9)", "27")]
        assert [stated for stated in expected if stated not in page] == []


def test_all_kinds_of_messages(built: Built) -> None:
    says = {text.partition("the page states ")[2] for text in built.warnings if text.startswith("page-rst")}
    version = re.search(r"TensorFlow (\S+)", str(says))
    assert version
    wanted = {
        "(None, 6) for small/dense.output, but TensorFlow V says (None, 5) [kerasshape.claim]",
        "(None, 7) for small.output, but TensorFlow V says (None, 5) [kerasshape.claim]",
        "params 21 for small, but TensorFlow V says 20 [kerasshape.claim]",
        "dtype float16 for small.output, but TensorFlow V says float32 [kerasshape.claim]",
        "bytes 81 B for small, but TensorFlow V says 80 B (80) [kerasshape.claim]",
    }
    assert {text.replace("V", version[1]) for text in wanted} <= says


def test_a_page_follows_the_model_of_another_page(make_project: Callable[..., Project]) -> None:
    inserted = "# Refers\n\n{keras:shape}`small.output`, {keras:params}`20 <small>`.\n"
    project = make_project({"small.rst": DEFINES["small.rst"], "refers.md": inserted})
    first = project.build("text", "-W", "--keep-going")
    assert (first.warnings, first.status) == ([], 0)
    assert "(None, 5)" in first.page("refers.txt")
    project.write("small.rst", DEFINES["small.rst"].replace("Dense(5)", "Dense(6)"))
    second = project.build("text")
    assert "(None, 6)" in second.page("refers.txt")
    assert [text.partition(", but")[0] for text in second.warnings] == [
        "refers.md:3: WARNING: the page states params 20 for small"
    ]
    # Not one word of it is lost when nothing is read again.
    third = project.build("text", "-W", "--keep-going")
    assert (third.warnings, third.status) == (second.warnings, 1)


CNN = """\
layers.Input((32, 32, 3)),
layers.Conv2D(32, (3, 3), activation="relu"),
layers.MaxPooling2D((2, 2)),
layers.Conv2D(64, (3, 3), activation="relu"),
layers.MaxPooling2D((2, 2)),
layers.Conv2D(64, (3, 3), activation="relu", name="last"),
layers.Flatten(name="flat"),
layers.Dense(64, activation="relu"),
layers.Dense(10),
"""
TUTORIAL = f"""
# CNN

```{{keras:model}} cnn
keras.Sequential([
{CNN}])
```

The output of the convolutions, {{keras:shape}}`(3, 3, 64) <cnn/last.output>`, was
flattened into {{keras:shape}}`576 <cnn/flat.output>` numbers before it goes through two Dense layers.
"""


def test_the_old_tutorial_on_convolutions(make_project: Callable[..., Project]) -> None:
    built = make_project({"cnn.md": TUTORIAL}).build("text", "-W", "--keep-going")
    version = re.search(r"TensorFlow (\S+)", str(built.warnings))
    assert version
    assert built.status == 1
    says = f"but TensorFlow {version[1]} says"
    assert built.warnings == [
        f"cnn.md:18: WARNING: the page states (3, 3, 64) for cnn/last.output, {says} "
        "(4, 4, 64) ((None, 4, 4, 64)) [kerasshape.claim]",
        f"cnn.md:19: WARNING: the page states 576 for cnn/flat.output, {says} "
        "1,024 ((None, 1024)) [kerasshape.claim]",
    ]


def test_example_project_states_enough() -> None:
    from tests.support.projects import REPOSITORY

    files = [*(REPOSITORY / "example_project").glob("*.md"), *(REPOSITORY / "example_project").glob("*.rst")]
    count = sum(len(STATED.findall(path.read_text(encoding="utf-8"))) for path in files)
    assert count >= 60


CAPTIONS = {
    "caption.rst": f"""\
Page
====

.. keras:model:: caption-rst
   :caption: Gives :keras:shape:`caption-rst.output` in :keras:dtype:`caption-rst/out.output`,
             see :keras:layer:`the last <caption-rst/out>`

   {SMALL.replace("5", "5, name='out'")}
""",
    "caption-md.md": f"""\
# Page

```{{keras:model}} caption-md
---
caption: >-
  Gives {{keras:shape}}`caption-md.output` in {{keras:dtype}}`caption-md/out.output`,
  see {{keras:layer}}`the last <caption-md/out>`
---
{SMALL.replace("5", "5, name='out'")}
```
""",
}


@pytest.fixture(scope="module")
def captioned(make_project: Callable[..., Project]) -> Project:
    return make_project(CAPTIONS)


@pytest.mark.parametrize("builder", ["html", "text", "latex"])
def test_values_in_captions(builder: str, captioned: Project) -> None:
    """Also of the model whose caption it is, which is not known when the caption is read."""
    if OLD_SPHINX and builder == "latex":
        pytest.skip("Sphinx 7 writes anchors otherwise in LaTeX")
    built = captioned.build(builder)
    assert built.warnings == []
    for name in ("caption-rst", "caption-md"):
        anchor = f"keras-model-{name}--out"
        if builder == "html":
            text = re.sub(r"</?(?:span|code)[^>]*>", "", built.page(f"{name.removesuffix('-rst')}.html"))
            link = f'<a class="reference internal" href="#{anchor}" title="{name}/out">the last</a>'
            assert f"Gives (None, 5) in float32, see {link}" in text.replace("\N{NO-BREAK SPACE}", " ")
            assert f'id="{anchor}"' in built.page(f"{name.removesuffix('-rst')}.html")
        elif builder == "text":
            text = " ".join(built.page(f"{name.removesuffix('-rst')}.txt").split())
            assert re.search(r"Gives \W*\(None, 5\)\W* in \W*float32\W*, see \W*the last", text), text
        else:
            (document,) = built.out.glob("*.tex")
            text = document.read_text(encoding="utf-8").replace("\N{NO-BREAK SPACE}", " ")
            (caption,) = [line for line in text.splitlines() if r"{Gives " in line and f":{anchor}" in line]
            assert "{Gives (None, 5) in " in caption
            assert "{float32}" in caption
            assert "{the last}" in caption
