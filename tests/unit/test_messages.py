"""What crosses borders as JSON comes back as it was; anything else is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from sphinx_kerasshape.messages import codec, layers, report, request
from sphinx_kerasshape.messages.problems import HELP, Problem
from sphinx_kerasshape.messages.reading import report_of
from sphinx_kerasshape.messages.report import (
    Error,
    LayerCall,
    LayerRow,
    Model,
    Report,
    Source,
    TensorSpec,
    Versions,
    Weight,
)
from sphinx_kerasshape.messages.result import fingerprint_of
from tests.support import work

KINDS = [kind for module in (report, request) for kind in vars(module).values() if codec.is_record(kind)]
WEIGHT = codec.encode(Weight("kernel", "dense/kernel", (4, 1), "float32", trainable=True))
REPORT = codec.encode(Report())
PLAIN = {Weight: WEIGHT, Report: REPORT, TensorSpec: codec.encode(TensorSpec((None, 3), "float32"))}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.one_of(map(st.from_type, KINDS)))
def test_round_trip(value: Any) -> None:
    data = json.loads(codec.dumps(value))
    assert data == codec.encode(value)
    try:
        again = codec.decode(type(value), data)
    except ValueError:
        return  # beyond a bound
    assert codec.decode(type(value), codec.encode(again)) == again
    if all(text.isprintable() for text in _texts(data)):
        assert again == value


def _texts(data: Any) -> Iterator[str]:
    if isinstance(data, str):
        yield data
    elif isinstance(data, (list, dict)):
        for item in data.values() if isinstance(data, dict) else data:
            yield from _texts(item)


@given(st.sampled_from(KINDS), JSON)
def test_other_data_is_refused(kind: type, data: Any) -> None:
    assume(data != {})  # All fields of some records have defaults.
    with pytest.raises(ValueError, match="expected the fields of"):
        codec.decode(kind, data)


@given(st.one_of(map(st.from_type, KINDS)), st.data())
def test_changed_data_is_refused_or_fits(value: Any, data: st.DataObject) -> None:
    changed = _changed(codec.encode(value), data)
    try:
        again = codec.decode(type(value), changed)
    except ValueError:
        return
    if all(text.isprintable() for text in _texts(changed)):
        assert _has(codec.encode(again), changed)


def _has(whole: Any, part: Any) -> bool:
    """Whether plain data has all that other data says; fields that are not given are defaults."""
    if isinstance(part, dict):
        return part.keys() <= whole.keys() and all(_has(whole[name], part[name]) for name in part)
    if isinstance(part, list):
        return len(whole) == len(part) and all(map(_has, whole, part))
    return type(whole) is type(part) and bool(whole == part)


def _changed(item: Any, data: st.DataObject) -> Any:
    """Return plain data in which something, somewhere, is something else."""
    if not item or not isinstance(item, (dict, list)) or data.draw(st.integers(0, 4)) == 0:
        return data.draw(JSON)
    copy = item.copy()
    place = data.draw(st.sampled_from(list(item) if isinstance(item, dict) else range(len(item))))
    if data.draw(st.integers(0, 4)) == 0:
        del copy[place]
    else:
        copy[place] = _changed(item[place], data)
    return copy


@pytest.mark.parametrize(
    ("kind", "data", "message"),
    [
        (Error, {"type": "ValueError"}, "expected the fields of Error"),
        (Error, {"type": "ValueError", "message": "", "more": ""}, "expected the fields of Error"),
        (Error, {"type": "ValueError", "message": None}, "expected str, got NoneType"),
        (Error, [], "expected the fields of Error"),
        (Weight, WEIGHT | {"shape": [1.0]}, "expected int, got float"),
        (Weight, WEIGHT | {"shape": [True]}, "expected int, got bool"),
        (Weight, WEIGHT | {"shape": None}, "expected a list, got NoneType"),
        (Weight, WEIGHT | {"shape": "12"}, "expected a list, got str"),
        (Report, REPORT | {"model": {}}, "expected the fields of Model"),
        (Report, REPORT | {"model": 0}, "expected the fields of Model"),
        (Report, REPORT | {"sources": {}}, "expected a list, got dict"),
    ],
)
def test_refusals(kind: type, data: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        codec.decode(kind, data)


def test_open_and_unknown_sizes() -> None:
    assert codec.encode(TensorSpec((None, 0, 50), "float32"))["shape"] == [None, 0, 50]


@pytest.mark.parametrize(
    ("text", "one_line", "lines"),
    [
        ("dense", "dense", "dense"),
        ("Schicht − 層 🦊 é", "Schicht − 層 🦊 é", "Schicht − 層 🦊 é"),
        ("no file '\udcff'", r"no file '\udcff'", r"no file '\udcff'"),
        ("\x1b[31mred\x07", r"\x1b[31mred\x07", r"\x1b[31mred\x07"),
        ("a\nb\tc", r"a\nb\tc", "a\nb\tc"),
        ("a\r\nb\0", r"a\r\nb\x00", "a\\r\nb\\x00"),
        ("admin\u202enimda\u2066", r"admin\u202enimda\u2066", r"admin\u202enimda\u2066"),
        ("\x85\u2028\ufeff\U000e0041", r"\x85\u2028\ufeff\U000e0041", r"\x85\u2028\ufeff\U000e0041"),
    ],
)
def test_characters_that_act_are_shown(text: str, one_line: str, lines: str) -> None:
    error = Error(text, text)
    assert codec.decode(Error, json.loads(codec.dumps(error))) == Error(one_line, lines)


def test_paths_stay_exact() -> None:
    path = "/a\tb\u200b\u202e\u2028\x1b\udcff/c.py"
    data = {"kind": "file", "key": path, "value": "a\x1bb"}
    assert codec.decode(Source, data) == Source("file", path, r"a\x1bb")


@pytest.mark.parametrize(
    ("kind", "field", "value", "message"),
    [
        (Weight, "name", "x" * 1001, "a text of 1,001 characters, which begins 'xxx"),
        (Weight, "dtype", "f` <img src=x> `x", "expected one word, got 'f` <img src=x> `x'"),
        (Weight, "shape", [10**30], "a number of more than 30 digits"),
        (Weight, "shape", [-(10**30)], "a number of more than 30 digits"),
        (Weight, "shape", [10**29] * 12, "a shape whose sizes multiply to more than 30 digits"),
        (Weight, "shape", [-(10**15), 10**15], "a shape whose sizes multiply to more than 30 digits"),
    ],
)
def test_what_is_too_large_for_any_page(kind: type, field: str, value: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        codec.decode(kind, PLAIN[kind] | {field: value})


def of_rows(*rows: LayerRow, **more: Any) -> Report:
    return Report(Model("m", "Functional", True, (), (), rows, 0, 0, 0, 0)._replace(**more))


def one_row(name: str = "a", depth: int = 0, calls: int = 1, weights: int = 0) -> LayerRow:
    held = tuple(Weight("kernel", f"{name}/{number}", (1,), "float32", True) for number in range(weights))
    return LayerRow(name, "Dense", depth, (LayerCall((), (), ()),) * calls, 0, 0, 0, held)


DEEP = [one_row(f"functional_{depth}", depth, weights=2) for depth in range(1000)]
LARGE = codec.encode(of_rows(*[one_row(f"a{number}", weights=2) for number in range(9_999)]))
ABSURD = {
    "negative": [one_row(depth=-1)],
    "begins inside": [one_row(depth=1)],
    "skips": [one_row(), one_row(depth=2)],
}


@pytest.mark.parametrize("name", ABSURD)
def test_layers_whose_depths_do_not_fit_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="a layer of depth"):
        report_of(codec.encode(of_rows(*ABSURD[name])))


@pytest.mark.parametrize("data", [codec.encode(of_rows(*DEEP)), LARGE], ids=["deep", "large"])
def test_large_models_are_taken(data: dict[str, Any]) -> None:
    assert codec.encode(report_of(data)) == data


def test_equal_names_are_counted_in_linear_time() -> None:
    def paths(count: int) -> tuple[str, ...]:
        return layers.layer_paths(of_rows(one_row("a (2)"), *[one_row("a")] * count))

    assert paths(20_000)[:4] == ("a (2)", "a", "a (3)", "a (4)")
    assert len(set(paths(20_000))) == 20_001
    assert work.growth(paths, 1000) < work.LINEAR


@pytest.mark.parametrize("names", [("a",), ("a", "b", "c")])
def test_names_that_do_not_fit_their_shape(names: tuple[str, ...]) -> None:
    tensor = TensorSpec((None, 3), "float32", "", names)
    with pytest.raises(ValueError, match="names for a shape of 2 sizes"):
        report_of(codec.encode(of_rows(inputs=(tensor,))))


@given(
    st.builds(
        Report,
        model=st.sampled_from([None, of_rows(one_row()).model]),
        error=st.from_type(Error),
        output=st.text(),
    )
)
def test_a_fingerprint_is_of_what_is_shown(report: Report) -> None:
    made_with = report._replace(versions=Versions("9"), sources=(Source("file", "a", "b"),))
    assert fingerprint_of(made_with) == fingerprint_of(report)
    assert fingerprint_of(report._replace(output=report.output + "!")) != fingerprint_of(report)
    assert fingerprint_of(report._replace(error=Error("E", ""), model=None)) != fingerprint_of(
        report._replace(error=Error("F", ""), model=None)
    )


def test_layer_paths() -> None:
    def row(name: str, depth: int) -> LayerRow:
        return LayerRow(name, "Dense", depth, (), 0, 0, 0, ())

    names = [("a", 0), ("b", 1), ("c", 2), ("d", 2), ("e", 1), ("f", 0)]
    rows = tuple(row(name, depth) for name, depth in names)
    model = Model("m", "Functional", True, (), (), rows, 0, 0, 0, 0)
    assert layers.layer_paths(Report(model)) == ("a", "a/b", "a/b/c", "a/b/d", "a/e", "f")
    assert layers.layer_paths(Report(error=Error("E", ""))) == ()


def test_error_text() -> None:
    assert str(Error("KeyError", "'units'")) == "KeyError: 'units'"
    assert str(Error("KeyboardInterrupt", "")) == "KeyboardInterrupt"


def test_every_problem_is_documented() -> None:
    assert set(HELP) == set(Problem)
    assert all(text.endswith(".") for text in HELP.values())
