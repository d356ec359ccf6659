"""What crosses borders as JSON comes back as it was; anything else is refused."""

from __future__ import annotations

import ast
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sphinx_kerasshape.messages import codec, report, request
from sphinx_kerasshape.messages.problems import HELP, Problem
from sphinx_kerasshape.messages.report import (
    Axis,
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
from tests.support.projects import REPOSITORY

KINDS = [kind for module in (report, request) for kind in vars(module).values() if codec.is_record(kind)]
WEIGHT = codec.encode(Weight("kernel", "dense/kernel", (4, 1), "float32", trainable=True))
REPORT = codec.encode(Report())
PLAIN = {Weight: WEIGHT, Report: REPORT, TensorSpec: codec.encode(TensorSpec((None, 3), "float32"))}
PATIENT = settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@PATIENT
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


@PATIENT
@given(st.sampled_from(KINDS), JSON)
def test_other_data_is_refused(kind: type, data: Any) -> None:
    with pytest.raises(ValueError, match="not the fields of"):
        codec.decode(kind, data)


@PATIENT
@given(st.one_of(map(st.from_type, KINDS)), st.data())
def test_changed_data_is_refused_or_fits(value: Any, data: st.DataObject) -> None:
    changed = _changed(codec.encode(value), data)
    try:
        again = codec.decode(type(value), changed)
    except ValueError:
        return
    assert json.dumps(codec.encode(again)) == json.dumps(changed)


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
        (Error, {"type": "ValueError"}, "not the fields of Error"),
        (Error, {"type": "ValueError", "message": "", "more": ""}, "not the fields of Error"),
        (Error, {"type": "ValueError", "message": None}, "expected str, got NoneType"),
        (Error, [], "not the fields of Error"),
        (Weight, WEIGHT | {"shape": [1.0]}, "expected int, got float"),
        (Weight, WEIGHT | {"shape": [True]}, "expected int, got bool"),
        (Weight, WEIGHT | {"shape": None}, "expected a list, got NoneType"),
        (Weight, WEIGHT | {"shape": "12"}, "expected a list, got str"),
        (Report, REPORT | {"model": {}}, "not the fields of Model"),
        (Report, REPORT | {"model": 0}, "not the fields of Model"),
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
    assert codec.decode(Error, json.loads(codec.dumps(error))) == error


def test_paths_stay_exact() -> None:
    path = "/a\tb\u200b\u202e\u2028\x1b\udcff/c.py"
    data = {"kind": "file", "key": path, "value": "a\x1bb"}
    assert codec.decode(Source, data) == Source("file", path, r"a\x1bb")
    with pytest.raises(ValueError, match="a text of 40,000 characters"):
        codec.decode(Source, data | {"key": "x" * 40_000})


@pytest.mark.parametrize(
    ("kind", "field", "value", "message"),
    [
        (Weight, "name", "x" * 1001, "a text of 1,001 characters, which begins 'xxx"),
        (Report, "output", "x" * (2**20 + 1), "a text of 1,048,577 characters, which begins 'xxx"),
        (Weight, "dtype", "f` <img src=x> `x", "no word but"),
        (Weight, "dtype", "float" + "9" * 60, "a text of 65 characters"),
        (Weight, "shape", [10**30], "a number of more than 30 digits"),
        (Weight, "shape", [-(10**30)], "a number of more than 30 digits"),
        (Weight, "shape", [10**29] * 12, "a shape of more than 30 digits of numbers"),
        (Weight, "shape", [-(10**15), 10**15], "a shape of more than 30 digits of numbers"),
        (Weight, "shape", [1] * 65, "a shape of 65 axes"),
        (TensorSpec, "shape", [None] * 100_000, "a shape of 100,000 axes"),
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
ABSURD = {
    "long paths": [one_row("x" * 1000, depth) for depth in range(2000)],
    "deep": [one_row(f"a{depth}", depth) for depth in range(6000)],
    "negative": [one_row(depth=-1)],
    "begins inside": [one_row(depth=1)],
    "skips": [one_row(), one_row(depth=2)],
    "many weights of nested layers": [one_row(f"a{depth}", depth, weights=20) for depth in range(1000)],
    "many layers": [one_row(f"a{number}") for number in range(10_001)],
    "many calls": [one_row(calls=50_000)],
    "many calls of a long path": [one_row("x" * 1000), one_row("x" * 1000, 1, calls=19_000)],
    "many weights": [one_row(weights=50_001)],
}


@pytest.mark.parametrize("name", ABSURD)
def test_a_model_larger_than_any_is_refused_at_once(name: str) -> None:
    data = codec.encode(of_rows(*ABSURD[name]))
    started = time.process_time()
    with pytest.raises(ValueError, match=r"a model of |a layer of depth"):
        codec.decode(Report, data)
    assert time.process_time() - started < 2


def test_a_model_of_too_many_axes_is_refused() -> None:
    axes = tuple(Axis(f"a{number}", 1, 1, "") for number in range(101))
    with pytest.raises(ValueError, match="a model of 101 axes, 100 at most"):
        codec.decode(Report, codec.encode(of_rows(axes=axes)))


@pytest.mark.parametrize("rows", [DEEP, [one_row(f"a{number}", weights=2) for number in range(9_999)]])
def test_large_models_are_taken(rows: list[LayerRow]) -> None:
    found = codec.decode(Report, codec.encode(of_rows(*rows)))
    assert found.model is not None
    assert found.model.layers == tuple(rows)


def test_equal_names_are_counted_in_linear_time() -> None:
    rows = [one_row("a (2)"), *[one_row("a")] * 20_000]
    started = time.process_time()
    paths = report.layer_paths(of_rows(*rows))
    assert time.process_time() - started < 2
    assert paths[:4] == ("a (2)", "a", "a (3)", "a (4)")
    assert len(set(paths)) == len(rows)


@pytest.mark.parametrize("names", [("a",), ("a", "b", "c")])
def test_names_that_do_not_fit_their_shape(names: tuple[str, ...]) -> None:
    tensor = codec.encode(TensorSpec((None, 3), "float32", "", names))
    with pytest.raises(ValueError, match="names for a shape of 2 sizes"):
        codec.decode(TensorSpec, tensor)


@PATIENT
@given(st.builds(Report, error=st.from_type(Error), output=st.text()))
def test_content_is_what_is_shown(report: Report) -> None:
    made_with = report._replace(versions=Versions("9"), sources=(Source("file", "a", "b"),))
    assert report.content(made_with) == report.content(report)
    assert report.content(report._replace(output=report.output + "!")) != report.content(report)
    assert report.content(report._replace(error=Error("E", ""), model=None)) != report.content(
        report._replace(error=Error("F", ""), model=None)
    )


def test_layer_paths() -> None:
    def row(name: str, depth: int) -> LayerRow:
        return LayerRow(name, "Dense", depth, (), 0, 0, 0, ())

    names = [("a", 0), ("b", 1), ("c", 2), ("d", 2), ("e", 1), ("f", 0)]
    rows = tuple(row(name, depth) for name, depth in names)
    model = Model("m", "Functional", True, (), (), rows, 0, 0, 0, 0)
    assert report.layer_paths(Report(model)) == ("a", "a/b", "a/b/c", "a/b/d", "a/e", "f")
    assert report.layer_paths(Report(error=Error("E", ""))) == ()


def test_error_text() -> None:
    assert str(Error("KeyError", "'units'")) == "KeyError: 'units'"
    assert str(Error("KeyboardInterrupt", "")) == "KeyboardInterrupt"


def test_every_problem_of_a_failure_is_documented() -> None:
    used = set()
    for path in (REPOSITORY / "sphinx_kerasshape").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            used |= _problems(node, worker="worker" in path.parts)
    assert {"code", "crash", "model", "raises", "syntax", "timeout", "worker"} <= used
    assert used - {""} <= set(Problem)
    assert set(HELP) == set(Problem)
    assert all(text.endswith(".") for text in HELP.values())


def _problems(node: ast.AST, *, worker: bool) -> set[str]:
    """Return the problems that code names: ``Failure("code", …)``, in the worker ``problem = "code"``."""
    found: list[ast.expr] = []
    if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("Failure", "_failure"):
        found = node.args[:1]
    elif worker and isinstance(node, ast.Assign):
        for target in node.targets:
            pairs = [(target, node.value)]
            if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                pairs = list(zip(target.elts, node.value.elts, strict=True))
            found += [value for name, value in pairs if getattr(name, "id", "") == "problem"]
    return {item.value for item in found if isinstance(item, ast.Constant) and isinstance(item.value, str)}
