"""Which object is the model, and what the message says where that is not clear."""

from __future__ import annotations

import pytest

from sphinx_kerasshape.messages.report import Answer, Failure, Report
from sphinx_kerasshape.messages.request import Request
from sphinx_kerasshape.run.worker_process import Worker
from tests.support.workers import answers, request

MAKE = """
def make(units):
    return keras.Sequential([keras.Input((units,)), layers.Dense(1)], name=f"units{units}")

"""

FOUND = {
    # what is tested: code, :model:, the found model's units
    "expression": ("a, model = make(1), make(2)\nmake(3)", "a", 1),
    "expression_of_a_call": ("a = make(1)", "make(4)", 4),
    "expression_of_an_attribute": ("class Pair:\n    left = make(1)\npair = Pair()", "pair.left", 1),
    "expression_of_a_private_name": ("_a, b = make(1), make(2)", "_a", 1),
    "expression_with_spaces": ("a, b = make(1), make(2)", "(a if True\n else b)", 1),
    "last_value": ("a, model = make(1), make(2)\nmake(3)", "", 3),
    "last_value_of_a_name": ("a, model = make(1), make(2)\na", "", 1),
    "variable_model": ("a, model = make(1), make(2)", "", 2),
    "variable_model_before_no_model": ("a, model = make(1), make(2)\nmodel.count_params()", "", 2),
    "variable_model_before_a_list": ("a, model = make(1), make(2)\n[a]", "", 2),
    "only_one": ("net = make(1)", "", 1),
    "only_one_by_two_names": ("net = make(1)\nsame = net", "", 1),
    "only_one_before_no_model": ("net = make(1)\nnet.summary()", "", 1),
    "only_one_besides_a_private_one": ("_helper = make(1)\nnet = make(2)", "", 2),
    "only_one_where_model_is_something_else": ("model = 'small'\nnet = make(2)", "", 2),
    "only_one_in_a_list": ("nets = [make(1)]", "", 1),
    "only_one_in_a_dict": ("nets = {'small': make(1), 'units': 3}", "", 1),
    "only_one_in_a_tuple": ("nets = make(1), 3", "", 1),
    "only_one_with_a_list_of_it": ("net = make(1)\nnets = (net, net)", "", 1),
    "only_one_that_is_imported": ("from keras import Model\nnet = make(1)", "", 1),
    "summary": ("model, model2 = make(1), make(2)\nmodel2.summary()", "", 2),
    "summary_with_arguments": ("model, b = make(1), make(2)\nb.summary(line_length=80)", "", 2),
    "summary_of_a_call": ("model = make(1)\nmake(3).summary()", "", 3),
    "summary_of_an_item": ("model = make(1)\nnets = [make(2)]\nnets[0].summary()", "", 2),
    "summary_of_an_attribute": (
        "class Net:\n    def __init__(self):\n        self.encoder = make(2)\nmodel = make(1)\nnet = Net()\n"
        "net.encoder.summary()",
        "",
        2,
    ),
    "printed_summary": ("model, b = make(1), make(2)\nprint(b.summary())", "", 2),
    "summary_in_with": (
        "import contextlib\nmodel, b = make(1), make(2)\nwith contextlib.nullcontext():\n    b.summary()",
        "",
        2,
    ),
    "summary_in_a_loop": ("model = make(3)\nfor b in (make(1), make(2)):\n    b.summary()", "", 2),
    "summary_in_branches": (
        "model = make(1)\ntry:\n    if model:\n        make(2).summary()\n    else:\n"
        "        model.summary()\nfinally:\n    pass",
        "",
        2,
    ),
    "summary_before_other_code": ("model, b = make(1), make(2)\nb.summary()\nx = 3", "", 1),
    "summary_of_something_else": (
        "class Text:\n    def summary(self):\n        return 'short'\nmodel = make(1)\nText().summary()",
        "",
        1,
    ),
    "plot": (
        "def plot_model(model, to_file='model.png'):\n    pass\nmodel, b = make(1), make(2)\nplot_model(b)",
        "",
        2,
    ),
    "plot_by_keyword": (
        "def plot_model(model, to_file='model.png'):\n    pass\nmodel, b = make(1), make(2)\n"
        "plot_model(to_file='x.png', model=b)",
        "",
        2,
    ),
    "plot_of_a_module": (
        "import types\nutils = types.SimpleNamespace(plot_model=lambda model, **options: None)\n"
        "model, b = make(1), make(2)\nutils.plot_model(b, show_shapes=True)",
        "",
        2,
    ),
    "only_one_in_an_object": (
        "class Net:\n    def __init__(self):\n        self.encoder = make(1)\nnet = Net()",
        "",
        1,
    ),
    "last_value_inside_a_block": ("if True:\n    net = make(1)\n    net", "", 1),
}

SEVERAL = (
    "the code makes several Keras models ({}): name one with ':model: {}', call it 'model', "
    "or end the code with it"
)
NONE = "the code makes no Keras model: assign one to 'model', end the code with it, or name it with ':model:'"
NOT_FOUND = {
    "several": ("a, b, c = make(1), make(2), 3", "", SEVERAL.format("a, b", "b")),
    "several_of_them_nested": (
        "encoder = make(1)\nnet = keras.Sequential([encoder, layers.Dense(2)])",
        "",
        SEVERAL.format("encoder, net", "net"),
    ),
    "several_in_containers": (
        "nets = {'small': make(1)}\nmore = [make(2), 5]",
        "",
        SEVERAL.format("nets['small'], more[0]", "more[0]"),
    ),
    "none": ("x = 3", "", NONE + "; make() may make one"),
    "none_but_layers": (
        "del make\na, b = layers.Dense(1), layers.Dense(2)",
        "",
        NONE + "; to show a layer (a, b), wrap it in a keras.Sequential",
    ),
    "none_but_a_class": (
        "del make\nclass Net(keras.Model):\n    pass\nfrom os.path import join",
        "",
        NONE + "; Net() may make one",
    ),
    "only_a_private_one": ("_net = make(1)", "", NONE + "; make() may make one"),
    "empty": ("del make", "", NONE),
    "expression_of_no_model": (
        "a, size = make(1), 3",
        "size",
        ":model: size is not a Keras model but a value of type int; the models are a",
    ),
    "expression_of_a_layer": (
        "del make\ndense = layers.Dense(1)",
        "dense",
        ":model: dense is not a Keras model but a value of type Dense",
    ),
    "expression_of_no_name": (
        "a, b = make(1), make(2)",
        "net",
        ":model: net gives no model: NameError: name 'net' is not defined; the models are a, b",
    ),
    "expression_of_no_item": (
        "nets = {'small': make(1)}",
        "nets['large']",
        ":model: nets['large'] gives no model: KeyError: 'large'; the models are nets['small']",
    ),
    "expression_that_is_none": ("a = make(1)", "a =", ":model: a = is not a Python expression"),
    "expression_that_is_a_statement": ("a = make(1)", "b = a", ":model: b = a is not a Python expression"),
}


def run(worker: Worker, cases: dict[str, tuple[str, str, object]]) -> dict[str, Answer]:
    requests = [request(MAKE + code, model=expression) for code, expression, _ in cases.values()]
    return dict(zip(cases, answers(worker, requests), strict=True))


@pytest.fixture(scope="module")
def found(worker: Worker) -> dict[str, Answer]:
    return run(worker, FOUND)


@pytest.fixture(scope="module")
def not_found(worker: Worker) -> dict[str, Answer]:
    return run(worker, NOT_FOUND)


@pytest.mark.parametrize("name", FOUND)
def test_found(name: str, found: dict[str, Answer]) -> None:
    report = found[name]
    assert isinstance(report, Report), report
    assert report.model is not None
    assert report.model.name == f"units{FOUND[name][2]}"


@pytest.mark.parametrize("name", NOT_FOUND)
def test_not_found(name: str, not_found: dict[str, Answer]) -> None:
    assert not_found[name] == Failure("model", NOT_FOUND[name][2])


def test_an_error_below_the_expression_has_the_authors_frames(worker: Worker) -> None:
    code = "def make(units):\n    raise ValueError(f'{units} units')\n"
    (failure,) = answers(worker, [request(code, model="make(-1)")])
    assert isinstance(failure, Failure)
    assert (failure.problem, failure.message) == ("code", "ValueError: -1 units")
    assert [(frame.line, frame.function) for frame in failure.frames] == [(2, "make")]


def test_the_expression_may_look_at_weights(worker: Worker) -> None:
    code = MAKE + "nets = [make(1), make(2)]"
    (report,) = answers(
        worker, [request(code, model="max(nets, key=lambda net: net.weights[0].numpy().size)")]
    )
    assert isinstance(report, Report), report
    assert report.model is not None
    assert report.model.name == "units2"


@pytest.mark.parametrize(
    ("prelude", "problem", "message", "place"),
    [
        ("import keras\nimport nowhere\n", "code", "ModuleNotFoundError: No module named 'nowhere'", 2),
        ("import keras\nimport (\n", "syntax", "kerasshape_prelude has a syntax error: ", 2),
    ],
)
def test_prelude(prelude: str, problem: str, message: str, place: int, worker: Worker) -> None:
    (failure,) = answers(worker, [Request("keras.Sequential()", prelude=prelude)])
    assert isinstance(failure, Failure)
    assert failure.problem == problem
    assert failure.message.startswith(message)
    assert [(frame.file, frame.line) for frame in failure.frames] == [("<kerasshape_prelude>", place)]
