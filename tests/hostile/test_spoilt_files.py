"""Files that somebody else has written or damaged: they are bad, or what they say can be shown at once."""

from __future__ import annotations

import copy
import json
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from docutils import nodes
from hypothesis import given
from hypothesis import strategies as st

from sphinx_kerasshape.check import ledger, warnings
from sphinx_kerasshape.claims import doubts
from sphinx_kerasshape.claims.verdicts import judge
from sphinx_kerasshape.messages import codec
from sphinx_kerasshape.messages.layers import layer_paths
from sphinx_kerasshape.messages.report import (
    Axis,
    LayerCall,
    LayerRow,
    Model,
    Report,
    Source,
    TensorSpec,
    Versions,
    Weight,
)
from sphinx_kerasshape.messages.request import Request
from sphinx_kerasshape.pages.domain import layer_anchors
from sphinx_kerasshape.pages.records import Block, Claim, Mention
from sphinx_kerasshape.render import parts, table, values
from sphinx_kerasshape.render.columns import COLUMNS
from sphinx_kerasshape.render.style import Style
from sphinx_kerasshape.store import lock, lock_diff
from sphinx_kerasshape.store.cache import Cache, RunEnvironment
from sphinx_kerasshape.store.lock import BadLock
from sphinx_kerasshape.store.page_fingerprints import PageFingerprints
from tests.support import work
from tests.support.tiers import tiered

ENTRY = Block("m", "m", "m", Request("code"), "page:1", "", 1, 3)
IN = TensorSpec((None, None, 8), "float32", "x", ("batch", "time", "8"))
OUT = TensorSpec((None, None, 4), "float32", "y", ("batch", "⌊(time − 3) / 2⌋ + 1", "4"))
KERNEL = Weight("kernel", "inner/conv/kernel", (3, 8, 4), "float32", trainable=True)
ROWS = (
    LayerRow("inner", "Functional", 0, (LayerCall((IN,), (OUT,), ("x",)),), 96, 96, 384, (), flops=7),
    LayerRow("conv", "LSTM", 1, (LayerCall((IN,), (OUT,), ()),), 96, 96, 384, (KERNEL,)),
    LayerRow("more", "Dense", 0, (), 96, 0, 384, (), shared=96, note="uncalled"),
)
AXES = (Axis("batch", 1, 1, ""), Axis("time", 3, 2, "conv"))
GOOD = Report(
    Model("net", "Functional", True, (IN,), (OUT,), ROWS, 96, 96, 0, 384, AXES, "code\n", "more\n", 9),
    output="said\n",
)
HOSTILE: tuple[Any, ...] = (
    *(None, True, 0, -1, 2, 10**29, 10**30, -(10**29), 10**400, 1.5, float("nan"), float("inf")),
    *("", "x", "<script>", "\x1b[2J\u202e\ud800", "a" * 1000, "a" * 1001, "a/" * 500, "\n" * 999, "9" * 60),
    *("((((9^9)^9)^9)^9)", "(((((((((a^9)^9)^9)^9)^9)^9)^9)^9)^9", "(" * 199, "float" + "9" * 40, "time"),
    *([], {}, [[]], [None], ["x"] * 3000, [None] * 3000, [10**29] * 64, [-1], [0, 10**29], {"x": 1}),
    json.loads("[" * 500 + "]" * 500),
)
SAID = {
    "shape": ("m.output", "m.input", "m/inner.output", "m/inner/conv.kernel", "m/[0]/[0].output[0]"),
    "params": ("m", "m/inner", "m.formula", "m/inner.formula", "m.kernel", "m.non_trainable"),
    "bytes": ("m", "m/inner/conv", "m.kernel"),
    "dtype": ("m.output", "m/inner/conv.kernel"),
    "axes": ("m",),
}
STATED = {
    "shape": ("", "(batch, (time − 1) // 2, 4)", "(None, …)", "(3, 8, 5)"),
    "params": ("", "97", "~1k", "3×8×4"),
    "bytes": ("", "1 KiB"),
    "dtype": ("", "float16"),
    "axes": ("", "time ≥ 4", "time = 3, 5, 7, …"),
}


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Give the place of each leaf and container."""
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from places(item, (*path, key))


def replaced(data: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    changed = copy.copy(data)
    changed[path[0]] = replaced(data[path[0]], path[1:], value)
    return changed


def at(data: Any, path: tuple[Any, ...]) -> Any:
    return at(data[path[0]], path[1:]) if path else data


def show(found: Report) -> None:
    """Do all that a build does with a report."""
    model, style = found.model, Style("html", "de", "si")
    paths = layer_paths(found)
    anchors = tuple(layer_anchors(ENTRY.anchor, paths).values())
    assert len(set(anchors)) == len(paths)
    for kind, targets in SAID.items():
        for target in targets:
            for stated in STATED[kind]:
                verdict = judge(Claim(kind, target, stated, "page:1"), {"m": found}.__getitem__)
                values.value(verdict, style)
                trouble = warnings.claim_finding(verdict)
                assert trouble is None or len(trouble.message) < 3000
    parts.output(found)
    if model is None:
        return
    section = nodes.section("", nodes.table("", nodes.tgroup("", nodes.tbody())))
    rows = table.Rows(model, tuple(COLUMNS), 3, True, anchors, style)
    table.fill(section[0], rows)  # type: ignore[arg-type]
    assert list(rows.made())
    section += [*parts.totals(model, style), *parts.weights(model, style), *parts.needs(model, style)]
    assert "\x1b" not in section.astext()
    for mention in (Mention("shape", "(None, 3)", "page:1"), Mention("params", "97", "page:1")):
        doubts.doubt(mention, [model])
    json.dumps(ledger._model(found))
    for one, other in ((GOOD, found), (found, GOOD)):
        assert all(len(line) < 3000 for line in lock_diff.differences(one, other))


def hostile(old: Any, draw: random.Random, sampled: int) -> list[Any]:
    """Return what to put in the place of a value, with so many hostile values of any type."""
    # What there is, too often, is of the right type; most others are not.
    same = [old * 300, old + old] if isinstance(old, list) else []
    same += [old * 3, old + "\x1b"] if isinstance(old, str) else []
    likely = [one for one in HOSTILE if type(one) is type(old)]
    return [*same, *draw.sample(likely, min(len(likely), 2 * sampled)), *draw.sample(HOSTILE, sampled)]


def read(path: Path) -> lock.Lock | None:
    """Read a lock; nothing where it is bad."""
    bad = ""
    try:
        return lock.read(path)
    except BadLock as error:
        bad = str(error)
    assert len(bad) < 500
    return None


@pytest.mark.parametrize("sampled", tiered([1, 3], quick={1}))
def test_one_hostile_value_in_a_lock(sampled: int, tmp_path: Path, record_property: Any) -> None:
    """It is bad, or all that it says can be shown, and soon."""
    (tmp_path / "zoo.py").write_text("code")
    data = json.loads(lock.to_bytes({"m": (Request("code"), GOOD)}, Versions("3", "2", "3", "t"), tmp_path))
    data["models"]["m"]["files"] = {"zoo.py": "0" * 64}
    draw = random.Random(0)
    path, accepted, cases = tmp_path / "lock", 0, 0
    slow = []

    def read_and_show() -> None:
        known = read(path)
        for one in known.models.values() if known else ():
            one.changed_files(tmp_path)
            show(one.report)
            shown.append(one)

    for place in places(data):
        for value in hostile(at(data, place), draw, sampled):
            path.write_text(json.dumps(replaced(data, place, value)))
            shown: list[lock.LockedModel] = []
            if work.exceeds(read_and_show, 1500):
                slow.append((place, str(value)[:60]))
            accepted += bool(shown)
            cases += 1
    record_property("figure", f"hostile values in a lock: {cases}, of which {accepted} are shown")
    assert slow == []
    assert accepted > 100


def test_a_claim_of_a_sum_of_many_layers() -> None:
    """Found so: the sum was too long to be read, and the warning had all of it."""
    assert GOOD.model is not None
    many = Report(GOOD.model._replace(layers=ROWS[:1] * 2000))
    found = judge(Claim("params", "m.formula", "96 + 96", "page:1"), {"m": many}.__getitem__)
    assert (
        found.problem
        == "'96 + 96' can't be checked, since the sum of all layers is too long: state the count"
    )
    assert judge(Claim("params", "m.formula", "", "page:1"), {"m": many}.__getitem__).holds


def test_numbers_of_thirty_digits_in_each_language() -> None:
    """Found so: Babel can't round them."""
    for language in ("en", "de", "fr", "xx"):
        assert Style("html", language).number(10**30 - 1).count("9") == 30


# Files and data with damage of any kind.

REQUEST = Request("keras.Sequential()")
REPORT = Report(output="what it printed\n")


def spoilt(data: bytes) -> st.SearchStrategy[bytes]:
    """Return damaged forms of a file."""
    places = st.integers(0, len(data) - 1)
    return st.one_of(
        st.binary(max_size=200),
        places.map(lambda place: data[:place]),
        st.tuples(places, st.integers(0, 255)).map(
            lambda change: data[: change[0]] + bytes([change[1]]) + data[change[0] + 1 :]
        ),
        st.tuples(places, places).map(lambda ends: data[: min(ends)] + data[max(ends) :]),
        st.tuples(places, st.binary(max_size=9)).map(
            lambda more: data[: more[0]] + more[1] + data[more[0] :]
        ),
        st.sampled_from(
            [b"[" * 100_000, b'{"a":' * 50_000, b"9" * 10_000, b"NaN", b"\xef\xbb\xbf" + data, b"\n" + data]
        ),
        st.just(data.replace(b"\n", b"\r\n")),
    )


@given(st.data())
def test_a_cache_has_the_report_or_none(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.getbasetemp() / "fuzzed-cache"
    around = RunEnvironment(Versions("3", "2", "3", "tensorflow"))
    Cache(folder, around, folder).store(REQUEST, REPORT)
    (path,) = folder.glob("??/*.json")
    path.write_bytes(data.draw(spoilt(path.read_bytes())))
    found = Cache(folder, around, folder).find(REQUEST)
    assert found is None or found.answer == REPORT
    (folder / PageFingerprints(folder, "html")._path.name).write_bytes(
        data.draw(spoilt(b'{"index":"abc","other":"def"}'))
    )
    assert set(PageFingerprints(folder, "html").changed({"index": "abc"})) <= {"index"}


@given(st.data())
def test_a_lock_says_what_was_locked_or_why_it_is_bad(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.getbasetemp()
    written = lock.to_bytes({"model": (REQUEST, REPORT)}, Versions("3", "2"), folder)
    path = folder / "fuzzed.lock.json"
    path.write_bytes(data.draw(spoilt(written)))
    try:
        found = lock.read(path)
    except lock.BadLock as error:
        bad = error
    else:
        assert found is not None
        assert all(isinstance(one.report, Report) for one in found.models.values())
        return
    assert bad.line >= 1
    assert path.name in str(bad)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from([*Report._fields, *TensorSpec._fields, *Source._fields, "x"]),
                inner,
                max_size=8,
            )
        ),
        max_leaves=12,
    )
)
def test_any_json_is_a_record_or_a_value_error(value: Any) -> None:
    for kind in (Report, TensorSpec, Source, Request):
        try:
            built = codec.decode(kind, json.loads(json.dumps(value)))
        except ValueError:
            continue
        text = codec.dumps(_without_paths(built))
        assert not re.search(r"\\u(00[0189]|202|d[89a-f])", text.replace(r"\\u", ""))


def _without_paths(value: Any) -> Any:
    """Return a record without what stays exact."""
    if isinstance(value, Source):
        return value._replace(key="")
    if isinstance(value, Report):
        return value._replace(sources=tuple(map(_without_paths, value.sources)))
    return value


@given(st.text())
def test_inert_text_stays_as_it_is(text: str) -> None:
    once = codec.escape_controls(text)
    assert codec.escape_controls(once) == once
    once.encode()
    assert text.isprintable() <= (once == text)
    assert "\x1b" not in once
