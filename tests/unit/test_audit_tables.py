"""Printed summaries against models: which layer each row is of, what differs, and how that is mended."""

from __future__ import annotations

import json
import re
from inspect import cleandoc

import pytest

from sphinx_kerasshape.audit.document import Document, Summary
from sphinx_kerasshape.audit.judging import comparison
from sphinx_kerasshape.audit.recognise import recognise
from sphinx_kerasshape.audit.rewriting import rewriting
from sphinx_kerasshape.audit.verdict import HOLDS
from sphinx_kerasshape.messages.report import LayerCall, LayerRow, Model, TensorSpec, Weight
from tests.support.recognised import notebook

N = None


def layer(
    name: str,
    shape: tuple[int | None, ...],
    params: int = 0,
    sources: tuple[str, ...] = (),
    *,
    type_: str = "",
    depth: int = 0,
    trainable: bool = True,
    weights: tuple[str, ...] = ("kernel",),
) -> LayerRow:
    call = LayerCall((), (TensorSpec(shape, "float32"),), sources)
    held = tuple(Weight(weight, weight, (params,), "float32", trainable=trainable) for weight in weights)
    kind = type_ or name.rstrip("_0123456789").capitalize()
    return LayerRow(
        name, kind, depth, (call,), params, params * trainable, 4 * params, held if params else ()
    )


def model(*layers: LayerRow) -> Model:
    params = sum(one.params for one in layers if not one.depth)
    trainable = sum(one.trainable for one in layers if not one.depth)
    return Model(
        "model", "Functional", False, (), (), layers, params, trainable, params - trainable, 4 * params
    )


def read(text: str) -> tuple[Document, Summary]:
    document = recognise("a.md", f"```text\n{cleandoc(text)}\n```\n".encode())
    (summary,) = document.statements
    assert isinstance(summary, Summary)
    return document, summary


def said(text: str, actual: Model) -> str:
    """Return what is said of each row and total that doesn't hold, and the text after all edits."""
    document, summary = read(text)
    verdicts = list(comparison.compared(summary, actual, None))
    edits = [edit for verdict in verdicts for edit in verdict.edits]
    remarks = [f"{one.stated.split()[0]}: {one.reason}" for one in verdicts if one.verdict != HOLDS]
    new = rewriting.mended(document, edits, document.texts[0].text.encode()).decode()
    rows = [line for line in new.split("\n")[2:-2] if line[:1] not in "┃┡├└_="]
    return "\n".join([*remarks, *rows] if edits else remarks)


NET = model(
    layer("dense", (N, 8), 24),
    layer("dropout", (N, 8)),
    layer("dense_1", (N, 4), 36),
    layer("dense_2", (N, 4), 20),
)
HEAD = """
    Layer (type)                 Output Shape              Param #
    =================================================================
"""


def drawn(row: str) -> str:
    name, size, params = row.split()
    kind = name.rstrip("_0123456789").capitalize()
    return f"{f'{name} ({kind})':<29}{f'(None, {size})':<26}{params}"


@pytest.mark.parametrize(
    ("rows", "remarks"),
    [
        ("dense 8 24, dropout 8 0, dense_1 4 36, dense_2 4 20", ""),
        ("dense_5 8 24, dropout_3 8 0, dense_6 4 36, dense_7 4 20", ""),
        ("dense 8 24, dense_1 4 36, dense_2 4 20", "dense_1: before it, the model has dropout (Dropout)"),
        ("dense 8 24, dropout 8 0, dense_2 4 20", "dense_2: before it, the model has dense_1 (Dense)"),
        ("dense_5 8 24, dropout_3 8 0, dense_7 4 20", "dense_7: before it, the model has dense_1 (Dense)"),
        ("dense 8 24, dropout 8 0, dense_1 4 36", "Total: above it, the model has dense_2 (Dense)"),
        (
            "dense 8 24, dropout 8 0, dropout_1 8 0, dense_1 4 36, dense_2 4 20",
            "dropout_1: the model has no such layer here",
        ),
        (
            "dropout 8 0, dense 8 24, dense_1 4 36, dense_2 4 20",
            "dense: the model has it first",
        ),
        (
            "dense 8 24, dense_1 4 36, dense_2 4 20, dropout 8 0",
            "dropout: the model has it behind dense (Dense)",
        ),
    ],
)
def test_rows_are_paired_by_all_their_cells(rows: str, remarks: str) -> None:
    lines = map(drawn, rows.split(", "))
    table = "\n".join([*cleandoc(HEAD).split("\n"), *lines, "=" * 65, "Total params: 80"])
    found = said(table, NET).split("\n")
    assert found[0] == remarks
    if remarks:  # rows are inserted, deleted and moved as they stand in the table
        whole = ["dense 8 24", "dropout 8 0", "dense_1 4 36", "dense_2 4 20"]
        if rows.startswith("dense_5"):
            whole = ["dense_5 8 24", "dropout_3 8 0", "dense_6 4 36", "dense_7 4 20"]
        assert found[1:] == [*map(drawn, whole), "Total params: 80"]


def test_cells_keep_their_columns() -> None:
    found = said(
        """
        ┏━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━┓
        ┃ Layer (type)        ┃ Output Shape      ┃    Param # ┃ Connected to      ┃
        ┡━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━┩
        │ big (Embedding)     │ (None, 4)         │         20 │ -                 │
        ├─────────────────────┼───────────────────┼────────────┼───────────────────┤
        │ conv (Convolution)  │ (None, 128, 128,  │ 99,123,456 │ big[0][0]         │
        │                     │ 7)                │            │                   │
        ├─────────────────────┼───────────────────┼────────────┼───────────────────┤
        │ last (Last)         │ (None, 1)         │          2 │ big[0][0]         │
        └─────────────────────┴───────────────────┴────────────┴───────────────────┘
        """,
        model(
            layer("big", (N, 400), 12345, type_="Dense"),
            layer("conv", (N, 128, 128, 64), 1, ("big",), type_="Conv"),
            layer("last", (N, 1), 2, ("conv",)),
        ),
    )
    assert found == cleandoc("""
        big: its type is Dense; its output is (None, 400); its number of params is 12,345
        conv: its type is Conv; its output is (None, 128, 128, 64); its number of params is 1
        last: what it is connected to is conv[0][0]
        │ big (Dense)         │ (None, 400)       │     12,345 │ -                 │
        │ conv (Conv)         │ (None, 128, 128,  │          1 │ big[0][0]         │
        │                     │ 64)               │            │                   │
        │ last (Last)         │ (None, 1)         │          2 │ conv[0][0]        │
    """)


def test_connections_of_older_versions() -> None:
    net = model(layer("a", (N, 4)), layer("b", (N, 4), 0, ("a",)), layer("c", (N, 8), 0, ("a", "b")))
    found = said(
        """
        Layer (type)                    Output Shape         Param #     Connected to
        ==================================================================================================
        a_1 (A)                         (None, 4)            0
        __________________________________________________________________________________________________
        b_1 (B)                         (None, 4)            0           ['c_1[0][0]']
        __________________________________________________________________________________________________
        c_1 (C)                         (None, 8)            0           a_1[0][0]
                                                                         b_1[0][0]
        ==================================================================================================
        """,
        net,
    )
    assert found == cleandoc("""
        b_1: what it is connected to is ['a_1[0][0]']
        a_1 (A)                         (None, 4)            0
        b_1 (B)                         (None, 4)            0           ['a_1[0][0]']
        c_1 (C)                         (None, 8)            0           a_1[0][0]
                                                                         b_1[0][0]
    """)


UNFOLDED = model(
    layer("inner", (N, 4), 20, type_="Functional"),
    layer("one", (N, 8), 12, depth=1),
    layer("two", (N, 4), 8, depth=1),
    layer("last", (N, 1), 5),
)


@pytest.mark.parametrize(
    "inner", ["", "one (One)     (None, 8)       12\n    two (Two)     (None, 4)       8\n"]
)
def test_nested_models_are_unfolded_without_a_sign(inner: str) -> None:
    text = f"""
    Layer (type)  Output Shape    Param #
    ====================================
    inner (Model) (None, 4)       20
    {inner}last (Last)   (None, 1)       5
    ====================================
    Total params: 25
    """
    assert said(text if not inner else text.replace("last (Last)", "    last (Last)"), UNFOLDED) == ""


@pytest.mark.parametrize(
    ("stated", "one", "remark"),
    [
        ("Y", layer("dense", (N, 4), 8), ""),
        ("N", layer("dense", (N, 4), 8, trainable=False), ""),
        ("Y", layer("dense", (N, 4), 8, trainable=False), "dense: whether it is trained is N"),
        ("N", layer("dense", (N, 4), 8), "dense: whether it is trained is Y"),
        ("Y", layer("dense", (N, 4), 8, trainable=False, weights=("mean",)), ""),
    ],
)
def test_what_is_trained(stated: str, one: LayerRow, remark: str) -> None:
    text = f"""
    Layer (type)                 Output Shape              Param #   Trainable
    ============================================================================
    dense (Dense)                (None, 4)                 8         {stated}
    ============================================================================
    """
    assert said(text, model(one)).split("\n")[0] == remark


def test_what_is_true_is_said_in_the_notation_of_the_table() -> None:
    text = """
    Layer (type)                 Output Shape              Param #   Trainable
    ============================================================================
    dense_7 (Dense)              (None, 4)                 12000     Y
    ============================================================================
    """
    one = model(layer("dense", (N, 4), 12345, trainable=False))
    (verdict,) = comparison.compared(read(text)[1], one, None)
    assert verdict.stated == "dense_7 (Dense)  (None, 4)  12000"
    assert verdict.actual == "dense (Dense)  (None, 4)  12345  N"


def in_colours(text: str, left: str, right: str) -> str:
    """Return a table with marks around its words, in the manner of rich."""
    return re.sub(r"\w+(?:,\d+)*", lambda word: f"{left}{word[0]}{right}", text)


@pytest.mark.parametrize("kinds", [("text/plain", "text/html"), ("text/plain",), ("text/html",)])
def test_outputs_as_text_and_as_html_stay_equal(kinds: tuple[str, ...]) -> None:
    """Keras prints through rich, which stores both."""

    def page(table: str) -> bytes:
        html = in_colours(table.replace("'", "&#x27;"), '<span style="color: #00af00">', "</span>")
        forms = {
            "text/plain": in_colours(table, "\x1b[38;5;34m", "\x1b[0m").splitlines(keepends=True),
            "text/html": f'<pre style="white-space:pre">{html}</pre>\n'.splitlines(keepends=True),
        }
        data = {kind: forms[kind] for kind in kinds}
        return notebook(("code", "m.summary()", [
            {"output_type": "display_data", "metadata": {}, "data": data}])).encode()  # fmt: skip

    old = cleandoc("""
        ┏━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━┓
        ┃ Layer (type)        ┃ Output Shape      ┃    Param # ┃
        ┡━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━┩
        │ dense (Dense)       │ (None, 80)        │         24 │
        │ dropout (Embedding) │ (None, 8)         │      1,000 │
        └─────────────────────┴───────────────────┴────────────┘
    """)
    document = recognise("a.ipynb", page(old))
    (summary,) = document.statements
    assert isinstance(summary, Summary)
    actual = model(layer("dense", (N, 8), 24), layer("dropout", (N, 8), 1234567))
    edits = [edit for one in comparison.compared(summary, actual, None) for edit in one.edits]
    new = old.replace("80) ", "8)  ").replace("(Embedding)", "(Dropout)  ").replace("    1,000", "1,234,567")
    assert rewriting.mended(document, edits, page(old)) == page(new)


def test_outputs_whose_forms_differ_are_both_checked() -> None:
    head = f"{cleandoc(HEAD)}\ndense (Dense)                (None, 8)                 "
    data = {"text/plain": f"{head}24\n", "text/html": f"<pre>{head}25\n</pre>"}
    page = notebook(("code", "m.summary()", [{"output_type": "display_data", "metadata": {}, "data": data}]))
    found = recognise("a.ipynb", page.encode()).statements
    assert [one.rows[0].params.text for one in found if isinstance(one, Summary)] == ["24", "25"]
    assert all(isinstance(one, Summary) and one.is_linked for one in found)


def test_the_last_rows_of_a_table_without_totals() -> None:
    """A table that ends with its rule claims to be whole; one that is cut off, or has dots, doesn't."""
    rows = [drawn("dense 8 24"), drawn("dropout 8 0")]
    head = cleandoc(HEAD)
    whole = "\n".join([head, *rows, "=" * 65])
    mended = "\n".join([*rows, drawn("dense_1 4 36"), drawn("dense_2 4 20")])
    lost = "dropout: behind it, the model has dense_1 (Dense), dense_2 (Dense)"
    assert said(whole, NET) == f"{lost}\n{mended}"
    assert said("\n".join([head, *rows]), NET) == ""
    assert said("\n".join([head, *rows, "...", "=" * 65]), NET) == ""


BOXED = """\
┏━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━┓
┃ Layer (type)        ┃ Output Shape      ┃    Param # ┃
┡━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━┩
│ dense (Dense)       │ (None, 8)         │         24 │
├─────────────────────┼───────────────────┼────────────┤
│ dropout (Dropout)   │ (None, 8)         │          0 │
├─────────────────────┼───────────────────┼────────────┤
│ dense_1 (Dense)     │ (None, 4)         │         36 │
├─────────────────────┼───────────────────┼────────────┤
│ dense_2 (Dense)     │ (None, 4)         │         20 │
└─────────────────────┴───────────────────┴────────────┘
"""
RULED = "\n" + "_" * 65 + "\n"
BLANK = "\n" + " " * 65 + "\n"
WHOLE = ["dense 8 24", "dropout 8 0", "dense_1 4 36", "dense_2 4 20"]
PLAIN = "\n".join([cleandoc(HEAD), *map(drawn, WHOLE), "=" * 65, "Total params: 80", ""])
STYLES = {"boxed": BOXED, "plain": PLAIN}
STYLES["ruled"] = STYLES["plain"].replace("\nd", f"{RULED}d").replace(f"={RULED}", "=\n")
STYLES["blank"] = (
    STYLES["plain"].replace("\nd", f"{BLANK}d").replace(f"={BLANK}", "=\n").replace("\n=", f"{BLANK}=", 2)
)


@pytest.mark.parametrize("row", range(4))
@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("page", ["```text\n{}```\n", "> ```text\n{}> ```\n", "notebook", "html", "comment"])
def test_rows_in_each_style(row: int, style: str, page: str) -> None:
    """A row that is missing is inserted, and one too many is deleted: all else stays as it is."""
    whole = STYLES[style].splitlines(keepends=True)
    numbers = [number for number, line in enumerate(whole) if re.match(r"(│ )?d", line)]
    start = numbers[row] if row < 3 else numbers[2] + 1
    end = numbers[row + 1] if row < 3 else numbers[3] + 1
    less = [*whole[:start], *whole[end:]]

    def written(lines: list[str]) -> tuple[str, bytes]:
        if page in ("notebook", "html"):
            data = {"text/plain": lines}
            if page == "html":
                data["text/html"] = ["<pre>" + lines[0], *lines[1:], "</pre>\n"]
            output = {"output_type": "display_data", "metadata": {}, "data": data}
            return "a.ipynb", notebook(("code", "m.summary()", [output])).encode()
        if page == "comment":
            return "a.py", f"m.summary()\n{''.join(f'# {line}' for line in lines)}".encode()
        mark = "> " if page.startswith(">") else ""
        return "a.md", page.format("".join(mark + line for line in lines)).encode()

    def text(data: bytes) -> str:
        if page not in ("notebook", "html"):
            return data.decode()
        (output,) = json.loads(data)["cells"][0]["outputs"]
        return "\n".join("".join(form) for form in output["data"].values())

    for old, new, layers in (
        (less, whole, NET.layers),
        (whole, less, [*NET.layers[:row], *NET.layers[row + 1 :]]),
    ):
        path, data = written(old)
        document = recognise(path, data)
        (summary,) = document.statements
        assert isinstance(summary, Summary)
        verdicts = list(comparison.compared(summary, model(*layers)._replace(params=80), None))
        edits = [edit for one in verdicts for edit in one.edits]
        assert rewriting.is_writable(document, edits)
        assert text(rewriting.mended(document, edits, data)) == text(written(new)[1])


def test_a_row_without_room_is_not_inserted() -> None:
    lines = STYLES["boxed"].splitlines()
    document, summary = read("\n".join([*lines[:5], *lines[7:]]))
    wide = layer("dropout_of_a_long_name", (N, 8), type_="Dropout")
    verdicts = comparison.compared(summary, model(NET.layers[0], wide, *NET.layers[2:]), None)
    (edits,) = [one.edits for one in verdicts if one.edits]
    assert not rewriting.is_writable(document, edits)
