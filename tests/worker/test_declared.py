"""Keras' own layers that are taken at their word: what each declares is what a real call gives."""

from __future__ import annotations

from inspect import cleandoc

import pytest

from sphinx_kerasshape.messages.report import Report
from sphinx_kerasshape.run.worker_process import Worker
from sphinx_kerasshape.worker.code.exceptions import message
from sphinx_kerasshape.worker.read.declared import CAREFREE, KEPT
from tests.support.workers import answers, request

WINDOWS = ["2", "3, strides=2", "3, strides=2, padding='same'", "2, padding='same'", "1, strides=3"]
DATA = {"1D": "(9, 4)", "2D": "(9, 8, 4)", "3D": "(7, 8, 9, 2)"}
SIMPLE = ["", "dtype='float16'", "dtype='mixed_bfloat16'"]
RNN = [
    *("5", "5, return_sequences=True", "5, return_state=True", "5, go_backwards=True, return_sequences=True"),
    "5, return_sequences=True, return_state=True, unroll=True",
]


def of_ranks(kind: str, options: list[str]) -> dict[str, tuple[list[str], str]]:
    return {f"{kind}{rank}": (options, shape) for rank, shape in DATA.items()}


ALIKE = [
    *("ReLU", "LeakyReLU", "PReLU", "ELU", "Softmax", "BatchNormalization", "LayerNormalization"),
    *("UnitNormalization", "Masking", "Identity", "Flatten"),
]
CALLS: dict[str, tuple[list[str], str]] = {
    **dict.fromkeys(ALIKE, (SIMPLE, "(9, 4)")),
    "Dense": (["5", "5, use_bias=False", "5, activation='relu', dtype='float16'"], "(9, 4)"),
    "Embedding": (["12, 5", "12, 5, mask_zero=True"], "(9,) int32"),
    "Activation": (["'relu'", "'softmax'", "keras.activations.gelu"], "(9, 4)"),
    "GroupNormalization": (["2", "4"], "(9, 4)"),
    "Dropout": (["0.5", "0.5, noise_shape=(None, 1, 4)"], "(9, 4)"),
    "SpatialDropout1D": (["0.5"], "(9, 4)"),
    "SpatialDropout2D": (["0.5", "0.5, data_format='channels_first'"], "(9, 8, 4)"),
    **{name: (["0.5"], "(9, 4)") for name in ("GaussianNoise", "GaussianDropout", "AlphaDropout")},
    "RepeatVector": (["7"], "(4,)"),
    "Permute": (["(2, 1)", "(2, 1), dtype='float16'"], "(9, 4)"),
    "Rescaling": (["0.5", "1 / 255, offset=2"], "(9, 4)"),
    "LSTM": (RNN, "(9, 4)"),
    "GRU": ([*RNN, "5, reset_after=False"], "(9, 4)"),
    "SimpleRNN": (RNN, "(9, 4)"),
    **of_ranks("Conv", [f"6, {window}" for window in [*WINDOWS, "3, dilation_rate=2"]]),
    "Conv1D causal": (["6, 3, padding='causal'", "6, 3, groups=2"], "(9, 4)"),
    **of_ranks("MaxPooling", WINDOWS),
    **of_ranks("AveragePooling", WINDOWS),
    **of_ranks("GlobalMaxPooling", ["", "keepdims=True"]),
    **of_ranks("GlobalAveragePooling", ["", "keepdims=True"]),
    **of_ranks("AdaptiveAveragePooling", ["1", "2", "12"]),
    **of_ranks("ZeroPadding", ["1", "2"]),
    **of_ranks("Cropping", ["1", "2"]),
    **of_ranks("UpSampling", ["2", "3"]),
    "ZeroPadding2D uneven": (["((1, 2), (0, 3))"], "(9, 8, 4)"),
    "DepthwiseConv1D": (["3", "3, strides=2, depth_multiplier=2"], "(9, 4)"),
    "DepthwiseConv2D": (["3", "3, strides=2, padding='same', depth_multiplier=2"], "(9, 8, 4)"),
    "SeparableConv1D": (["6, 3", "6, 3, strides=2, padding='same'"], "(9, 4)"),
    "SeparableConv2D": (["6, 3", "6, 3, strides=2, padding='same'"], "(9, 8, 4)"),
    **of_ranks("Conv", [f"6, {window}" for window in WINDOWS]),
    **{
        f"Conv{rank}Transpose": ([f"6, {window}" for window in WINDOWS], shape)
        for rank, shape in DATA.items()
    },
    "Reshape": (["(4, 9)", "(-1,)", "(2, -1)"], "(9, 4)"),
    "InputLayer": ([], "(9, 4)"),
}
MERGES = ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate")
CODE = """
import numpy as np

def outputs(layer, shape, dtype, count):
    made = [keras.Input(shape, dtype=dtype) for _ in range(count)]
    real = [np.ones((2, *shape), dtype) for _ in range(count)]
    one = count == 1
    declared = layer(made[0] if one else made)
    return keras.tree.flatten(declared), keras.tree.flatten(layer(real[0] if one else real))

for call, shape, dtype, count in CALLS:
    if not hasattr(layers, call.split("(")[0]):
        continue  # This Keras has no such layer.
    layer = eval(f"layers.{call}")
    for said, made in zip(*outputs(layer, shape, dtype, count), strict=True):
        ours = ((2, *said.shape[1:]), keras.backend.standardize_dtype(said.dtype))
        real = (tuple(made.shape), keras.backend.standardize_dtype(made.dtype))
        if ours != real:
            print(call, ours, real)
print(len(CALLS), "calls")
"""


def calls() -> list[tuple[str, tuple[int, ...], str, int]]:
    found = []
    for name, (options, text) in CALLS.items():
        shape, _, dtype = text.partition(") ")
        for option in options:
            sizes = tuple(int(size) for size in shape.strip("()").split(",") if size.strip())
            found.append((f"{name.split()[0]}({option})", sizes, dtype or "float32", 1))
    return [*found, *((f"{name}()", (9, 4), "float32", 2) for name in MERGES)]


def test_each_class_is_tried() -> None:
    assert {name.split()[0] for name in CALLS} | set(MERGES) == KEPT | CAREFREE


@pytest.mark.parametrize("part", range(2))
def test_layers_give_what_they_declare(part: int, worker: Worker) -> None:
    tried = calls()[part::2]
    model = "model = keras.Sequential([keras.Input((1,)), layers.Dense(1)])"
    (answer,) = answers(worker, [request(f"CALLS = {tried!r}\n{cleandoc(CODE)}\n{model}")])
    assert isinstance(answer, Report), answer
    assert answer.output == f"{len(tried)} calls\n"


def test_messages_have_no_files_of_this_machine() -> None:
    """TensorFlow adds where a tensor was made, and the number of a graph, which differs in each run."""
    text = (
        "<tf.Tensor 'x:0'> is out of scope.\n\n<tf.Tensor 'x:0'> was defined here:\n"
        '    File "/srv/worker/__main__.py", line 61, in <module>\n    File "/srv/core.py", line 2, in run\n'
        "\nThe tensor was defined in FuncGraph(name=scratch_graph, id=140356193504064)."
    )
    first, *_, last = message(TypeError(text)).splitlines()
    assert first == "<tf.Tensor 'x:0'> is out of scope."
    assert last == "The tensor was defined in FuncGraph(name=scratch_graph, id=0x…)."
