"""Ten real changes of Keras that made printed tables stale, each met by a lock from before it.

The older Keras can't be run here; what it said is written into the lock.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from sphinx_kerasshape.messages.problems import REMEDY
from sphinx_kerasshape.store import lock
from tests.support.projects import OLD_KERAS, Built, Project
from tests.support.workers import request

pytestmark = OLD_KERAS

Edit = Callable[[dict[str, Any]], None]


def layer(model: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(row for row in model["layers"] if row["name"] == name)
    return found


def less(params: int, *counted: dict[str, Any]) -> None:
    """Take trainable numbers of four bytes from the counts of layers and models."""
    for one in counted:
        one["bytes"] -= 4 * params
        one["params"] -= params
        one["trainable"] -= params


def unbuilt(model: dict[str, Any]) -> None:
    """Change nothing: the page's model has lost what built it, as with ``input_length``."""


def reset_after(model: dict[str, Any]) -> None:
    gru = layer(model, "gru")
    next(one for one in gru["weights"] if one["name"] == "bias")["shape"] = [96]
    less(96, gru, model)


def alphas(model: dict[str, Any]) -> None:
    """Leave the alphas out, as a summary of Keras 3 does until the model is called."""
    dense = layer(model, "dense")
    dense["weights"] = [weight for name in ("kernel", "bias") for weight in layer(model, name)["weights"]]
    model["layers"] = [dense]
    less(3, dense, model)


def popped(model: dict[str, Any]) -> None:
    last = model["layers"].pop()
    model["outputs"] = [{**last["calls"][0]["inputs"][0], "name": "first"}]
    less(last["params"], model)


def masked(model: dict[str, Any]) -> None:
    model["layers"] = [row for row in model["layers"] if row["type"] != "NotEqual"]
    call = layer(model, "lstm")["calls"][0]
    call["inputs"], call["sources"] = call["inputs"][:1], call["sources"][:1]
    model["chain"] = True


def concrete(model: dict[str, Any]) -> None:
    for tensor in (
        layer(model, "backbone")["calls"][0]["outputs"][0],
        layer(model, "pool")["calls"][0]["inputs"][0],
    ):
        tensor["shape"] = [None, None, None, 8]


def renamed(model: dict[str, Any]) -> None:
    layer(model, "add")["type"] = "TFOpLambda"


def swapped(model: dict[str, Any]) -> None:
    first, second = layer(model, "norm"), layer(model, "dense")
    one, other = (model["layers"].index(row) for row in (first, second))
    model["layers"][one], model["layers"][other] = second, first
    first["calls"][0]["sources"], second["calls"][0]["sources"] = ["dense"], ["in"]
    layer(model, "sum")["calls"][0]["sources"] = ["in", "norm"]


def dropped(model: dict[str, Any]) -> None:
    dense = layer(model, "two")
    call = {**dense["calls"][0], "outputs": dense["calls"][0]["inputs"]}
    drop = {"name": "drop", "type": "Dropout", "depth": 0, "calls": [call]}
    drop |= {"params": 0, "trainable": 0, "bytes": 0, "weights": []}
    model["layers"].insert(model["layers"].index(dense), drop)
    dense["calls"][0] = {**call, "sources": ["drop"], "outputs": dense["calls"][0]["outputs"]}


def collided(model: dict[str, Any]) -> None:
    row = layer(model, "dense")
    row["name"] = "dense_1"
    model["outputs"][0]["name"] = "dense_1"


CASES: dict[str, tuple[str, Edit, list[str]]] = {
    "unbuilt": (
        "keras.Sequential([layers.Embedding(9, 4), layers.Dense(2)], name='net')",
        unbuilt,
        [
            "the Sequential model 'net' has no input shape, so its layers have no shapes or weights yet: "
            "add it to the directive, with the batch axis first, such as ':input: (None, None)', or "
            "add a keras.Input before its layers",
        ],
    ),
    "reset-after": (
        "keras.Sequential([keras.Input((None,)), layers.Embedding(232, 32), layers.GRU(32, name='gru'), "
        "layers.Dense(1)])",
        reset_after,
        [
            "params 13,697 in the lock, 13,793 now",
            "layer 'gru' params 6,240 in the lock, 6,336 now",
            "layer 'gru' weight 'bias' (96,) in the lock, (2, 96) now",
        ],
    ),
    "alphas": (
        "act = layers.PReLU(name='act')\n"
        "keras.Sequential([keras.Input((4,)), layers.Dense(3, activation=act, name='dense')])",
        alphas,
        [
            "params 15 in the lock, 18 now",
            "layer 'dense/act' is in the model, but not in the lock",
            "layer 'dense' params 15 in the lock, 18 now",
            "layer 'dense' weights kernel, bias in the lock, kernel, bias, alpha now",
        ],
    ),
    "popped": (
        "first, last = layers.Dense(3, name='first'), layers.Dense(2, name='last')\n"
        "model = keras.Sequential([keras.Input((4,)), first, last])\n"
        "model.layers.pop()",
        popped,
        [
            "output (None, 3) in the lock, (None, 2) now",
            "params 15 in the lock, 23 now",
            "layer 'last' is in the model, but not in the lock",
        ],
    ),
    "masked": (
        "inputs = keras.Input((None,), name='in')\n"
        "x = layers.Embedding(9, 4, mask_zero=True, name='embed')(inputs)\n"
        "model = keras.Model(inputs, layers.LSTM(3, name='lstm')(x))",
        masked,
        [
            "layer 'not_equal' is in the model, but not in the lock",
            "layer 'lstm' input (None, None, 4) in the lock, (None, None, 4), (None, None) now",
            "layer 'lstm' input dtype float32 in the lock, float32, bool now",
            "layer 'lstm' connected to embed in the lock, embed, not_equal now",
        ],
    ),
    "concrete": (
        "inner = keras.Input((None, None, 3))\n"
        "backbone = keras.Model(inner, layers.Conv2D(8, 3, name='conv')(inner), name='backbone')\n"
        "inputs = keras.Input((32, 32, 3), name='in')\n"
        "model = keras.Model(inputs, layers.GlobalMaxPooling2D(name='pool')(backbone(inputs)))",
        concrete,
        [
            "layer 'backbone' output (None, None, None, 8) in the lock, (None, 30, 30, 8) now",
            "layer 'pool' input (None, None, None, 8) in the lock, (None, 30, 30, 8) now",
        ],
    ),
    "renamed": (
        "inputs = keras.Input((4,), name='in')\nmodel = keras.Model(inputs, keras.ops.add(inputs, inputs))",
        renamed,
        ["layer 'add' type TFOpLambda in the lock, Add now"],
    ),
    "swapped": (
        "inputs = keras.Input((4,), name='in')\n"
        "x = layers.Dense(4, name='dense')(layers.LayerNormalization(name='norm')(inputs))\n"
        "model = keras.Model(inputs, layers.Add(name='sum')([inputs, x]))",
        swapped,
        [
            "the order of layers is in, dense, norm, sum in the lock; in, norm, dense, sum now",
            "layer 'dense' connected to in in the lock, norm now",
            "layer 'norm' connected to dense in the lock, in now",
            "layer 'sum' connected to in, norm in the lock, in, dense now",
        ],
    ),
    "dropped": (
        "keras.Sequential([keras.Input((4,)), layers.Dense(3, name='one'), layers.Dense(2, name='two')])",
        dropped,
        [
            "layer 'drop' is in the lock, but no longer in the model",
            "layer 'two' connected to drop in the lock, one now",
        ],
    ),
    "collided": (
        "keras.Sequential([keras.Input((4,)), layers.Dense(3)])",
        collided,
        ["layer 'dense_1' of the lock is 'dense' now"],
    ),
}


DIFFERS = f"TensorFlow gives other values than kerasshape.lock.json has: check them, then {REMEDY}"
BLOCKS = [f"```{{keras:model}} {name}\n{code}\n```\n" for name, (code, *_) in CASES.items()]
PAGE = "# Changes\n\n" + "\n".join(BLOCKS)
GIVEN = PAGE.replace("{keras:model} unbuilt\n", "{keras:model} unbuilt\n:input: (None, None)\n")


@pytest.fixture(scope="module")
def project(make_project: Callable[..., Project]) -> Project:
    """Lock all models, put the older values into the lock, and take from the page what older Keras had."""
    project = make_project({"index.md": GIVEN})
    assert project.build("kerasshape-lock").warnings == []
    path = project.folder / "source" / "kerasshape.lock.json"
    data = json.loads(path.read_text())
    for name, (code, edit, _) in CASES.items():
        entry = data["models"][name]
        edit(entry["report"]["model"])
        # As if it had been locked without :input:, so that the lock has an answer for the page.
        entry["code"] = lock.code_digest(request(code), path.parent)
    path.write_text(json.dumps(data))
    project.write("index.md", PAGE)
    return project


@pytest.fixture(scope="module")
def built(project: Project) -> Built:
    return project.build("text")


@pytest.mark.parametrize("name", CASES)
def test_change(name: str, built: Built) -> None:
    line = PAGE.splitlines().index(f"```{{keras:model}} {name}") + 1
    kind = "unbuilt" if name == "unbuilt" else "lock"
    lines = CASES[name][2] if name == "unbuilt" else [DIFFERS, *CASES[name][2]]
    assert [warning for warning in built.warnings if warning.startswith(f"index.md:{line}: ")] == [
        f"index.md:{line}: WARNING: model {name!r}: " + "\n  ".join(lines) + f" [kerasshape.{kind}]"
    ]


def test_nothing_else_is_said(built: Built) -> None:
    assert len(built.warnings) == len(CASES)


def test_the_older_answers_are_whole_and_not_shown(project: Project, built: Built) -> None:
    """Without a run there is an answer for each model of the page; with one no old value is left."""
    now = built.page("index.txt")  # The other build writes over it.
    older = project.build("text", "-D", "kerasshape_execution=locked")
    assert older.warnings == []
    for total in ("13,697", "46"):
        assert total in older.page("index.txt")
        assert total not in now
