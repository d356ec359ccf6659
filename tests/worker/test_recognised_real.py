"""Summaries that Keras prints, read back: each row, shape and total is that of the model."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from functools import cache
from typing import Any

import pytest

from sphinx_kerasshape.audit.document import Cell, Summary
from sphinx_kerasshape.audit.recognise import recognise

PRINTED = """
import json, sys
import keras
from keras import layers

image = keras.Input((32, 32, 3), name="image")
encoder = keras.Sequential(
    [keras.Input((32, 32, 16)), layers.Conv2D(8, 3), layers.BatchNormalization(), layers.MaxPooling2D()],
    name="encoder",
)
encoder.layers[0].trainable = False
first = layers.Conv2D(16, 3, padding="same", name="first")(image)
x = layers.BatchNormalization(name="a_normalization_of_batches_with_a_long_name")(first)
x = encoder(layers.Add(name="sum")([first, x]))
x = layers.Reshape((-1, 8), name="as_sequence")(x)
x, h, c = layers.LSTM(4, return_state=True, name="lstm")(x)
functional = keras.Model(image, layers.Dense(1000, name="logits")(x), name="functional")
functional.compile("adam", "mse")
functional.optimizer.build(functional.trainable_variables)
sequential = keras.Sequential(
    [keras.Input((28, 28, 1)), layers.Conv2D(32, 3), layers.Flatten(), layers.Dense(10)], name="sequential"
)
unbuilt = keras.Sequential([layers.Dense(3)], name="unbuilt")


def shape(layer):
    if not layer._inbound_nodes:
        return None
    outputs = layer.output
    return [list(one.shape) for one in outputs] if isinstance(outputs, list) else list(outputs.shape)


def rows(model, is_nested, depth=0):
    is_functional = isinstance(model, keras.models.Model) and not isinstance(model, keras.Sequential)
    for layer in model._operations if is_functional else model.layers:
        params = layer.count_params() if layer.built else 0
        yield [depth, layer.name, type(layer).__name__, shape(layer), params]
        if is_nested and hasattr(layer, "layers"):
            yield from rows(layer, True, depth + 1)


found = []
for model in (functional, sequential, unbuilt):
    for width in (60, 70, 88, 100, 120):
        for nested in (False, True):
            for trainable in (False, True):
                shown = []
                model.summary(line_length=width, expand_nested=nested, show_trainable=trainable,
                              print_fn=lambda text, line_break=False: shown.append(text))

                found.append({"width": width, "name": model.name, "text": "".join(shown),
                              "params": model.count_params() if model.built else 0,
                              "rows": list(rows(model, nested))})
print("FOUND" + json.dumps(found))
"""


@cache
def printed() -> list[dict[str, Any]]:
    """Return what Keras prints of some models in several widths, and what it knows of them."""
    environment = {**os.environ, "COLUMNS": "200", "KERAS_BACKEND": "tensorflow"}
    done = subprocess.run(
        [sys.executable, "-c", PRINTED], capture_output=True, text=True, check=True, env=environment
    )
    found: list[dict[str, Any]] = json.loads(done.stdout.partition("FOUND")[2])
    return found


def read(text: str) -> Summary:
    document = recognise("page.md", f"```\n{text}\n```\n".encode())
    (summary,) = document.statements
    assert isinstance(summary, Summary)
    return summary


def agrees(cell: Cell, text: str) -> bool:
    """Whether a cell has a text, or the beginning of it if the cell was cut off."""
    return text.startswith(cell.text.rstrip("…")) if cell.is_cut else cell.text == text


def shape(sizes: Any) -> str:
    if sizes is None:
        return "?"
    if sizes and isinstance(sizes[0], list):
        return f"[{', '.join(map(shape, sizes))}]"
    return f"({', '.join(map(str, sizes))})"


@pytest.mark.parametrize("number", range(60))
def test_a_printed_summary_is_read_back(number: int) -> None:
    one = printed()[number]
    summary = read(one["text"])
    assert summary.title.text == one["name"]
    assert len(summary.rows) == len(one["rows"])
    for row, (depth, name, type_, sizes, params) in zip(summary.rows, one["rows"], strict=True):
        assert row.depth == depth
        assert agrees(row.name, name)
        assert agrees(row.type, type_)
        assert agrees(row.output, shape(sizes))
        assert agrees(row.params, f"{params:,}") or agrees(row.params, f"{params} (unbuilt)")
    totals = {total.kind: int(total.count.text.replace(",", "")) for total in summary.totals}
    assert totals["trainable"] + totals["non_trainable"] == one["params"]
    assert totals["total"] == one["params"] + totals.get("optimizer", 0)
    assert ("optimizer" in totals) == (one["name"] == "functional")
    assert all(re.fullmatch(r"[\d.]+ [KM]?B", total.size.text) for total in summary.totals)


def test_wide_summaries_are_not_cut() -> None:
    for one in printed():
        if one["width"] == 120:
            cells = [cell for row in read(one["text"]).rows for cell in (row.output, row.params)]
            assert not any(cell.is_cut for cell in cells)
