"""Weightless runs: what they say is what real weights say, and they say nothing about values."""

from __future__ import annotations

from collections.abc import Iterable
from inspect import cleandoc

import pytest

from sphinx_kerasshape.messages.protocol import Answered, NeedsWeights
from sphinx_kerasshape.messages.report import Report
from sphinx_kerasshape.run.worker_process import Outcome, Run, Worker
from tests.support import models
from tests.support.projects import DEADLINE
from tests.support.tiers import asked, tiered
from tests.support.workers import answers, request

BOTH = {
    **{name: models.ALL[name] for name in models.QUICK},
    "application": "keras.applications.ResNet50(weights=None)",
    "zoo": models.zoo(),
    "compiled": models.compiled(),
    "compiled_mixed": models.compiled("mixed_float16"),
}
"""Codes that run both ways; the test bed has all other models."""

LOOKING = {"tied"}
"""Those of them that look at weights."""


def run(worker: Worker, codes: Iterable[str], *, real: bool) -> list[Outcome]:
    """Run codes in just one way; return what became of each."""
    runs = [Run(number, (request(cleandoc(code)),), real, DEADLINE) for number, code in enumerate(codes)]
    found = {outcome.run: outcome for outcome in worker.run(runs)}
    return [found[one.id] for one in runs]


def report(outcome: Outcome) -> Report:
    assert isinstance(outcome, Answered), outcome
    (found,) = outcome.reports
    return found


Ways = dict[str, tuple[Outcome, Outcome]]


def both_ways(worker: Worker, codes: dict[str, str]) -> Ways:
    ways = (run(worker, codes.values(), real=real) for real in (False, True))
    return dict(zip(codes, zip(*ways, strict=True), strict=True))


@pytest.fixture(scope="module")
def models_both_ways(worker: Worker, request: pytest.FixtureRequest) -> Ways:
    names = [*asked(request, "name"), *asked(request, "compiled")]
    return both_ways(worker, {name: BOTH[name] for name in names if name in BOTH})


@pytest.mark.parametrize("name", tiered(BOTH, quick=models.QUICK))
def test_equal_reports(name: str, models_both_ways: Ways) -> None:
    weightless, real = models_both_ways[name]
    if name in LOOKING:
        assert isinstance(weightless, NeedsWeights)
        report(real)
    else:
        assert report(weightless) == report(real)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("compiled", "last"), [("compiled", "Adam"), ("compiled_mixed", "LossScaleOptimizer")]
)
def test_enough_optimizers_and_losses_were_compiled(compiled: str, last: str, models_both_ways: Ways) -> None:
    optimizers, losses, kind = report(models_both_ways[compiled][0]).output.split()
    assert int(optimizers) >= 10
    assert int(losses) >= 15
    assert kind == last


LOOKS = [
    # a variable
    *("print(w.value)", "print(w.numpy())", "print(w._value)", "print(w.handle)", "print(w)", "print([w])"),
    *("print(np.asarray(w))", "print(np.array(w)[0])", "print(keras.ops.convert_to_numpy(w))"),
    *("print(keras.ops.convert_to_tensor(w))", "print(tf.convert_to_tensor(w))", "print(tf.identity(w))"),
    *("print(w + 1)", "print(1 - w)", "print(w @ w)", "print(-w)", "print(abs(w))", "print(w[0])"),
    *("print(w == w)", "print(w > 0)", "print(float(w[0][0]))", "print(round(w))"),
    *("print(tf.reduce_sum(w))", "print(keras.ops.mean(w))", "print(tf.shape(w))", "print(tf.nn.relu(w))"),
    *("w.assign_add(w)", "w.assign(w * 2)", "w.value.assign(w * 0)", "w.assign_sub(tf.ones((2, 2)))"),
    *("print(keras.ops.zeros((2, 2)) + w)", "print(tf.function(lambda: w + 1)())", "print(w._shared_name)"),
    "print(tf.py_function(lambda: w.numpy(), [], tf.float32))",
    "print(keras.Variable(w))",
    "print(next(iter(tf.data.Dataset.from_tensors(tf.ones((1, 2))).map(model))))",
    "with keras.StatelessScope():\n    print(w.numpy())",
    "with keras.StatelessScope([(w, tf.ones((2, 2)))]) as scope:\n    print(model.layers[1].kernel.numpy())",
    "with tf.GradientTape() as tape:\n    y = tf.reduce_sum(w * w)\nprint(tape.gradient(y, w.value))",
    # a layer, a model
    *("print(model.get_weights())", "print(model.layers[0].get_weights())", "print(model.weights)"),
    *("print(model(x))", "print(model.layers[0](x))", "print(model.predict(x, verbose=0))"),
    *("print(model.predict_on_batch(x))", "print(model.losses)", "print(model.layers[0].losses)"),
    *("model.save('m.keras')", "model.save_weights('m.weights.h5')", "model.export('m', verbose=False)"),
    *("tf.saved_model.save(model, 'm')", "tf.train.Checkpoint(model=model).save('m')"),
    "print(model.stateless_call(model.trainable_variables, model.non_trainable_variables, x)[0])",
    "import copy\nprint(copy.deepcopy(model).get_weights())",
    "print(keras.models.clone_model(model).get_weights())",
    "model.save('m.keras')\nprint(keras.saving.load_model('m.keras').get_weights())",
    # training
    "model.compile('sgd', 'mse')\nprint(model.fit(x, x, verbose=0).history['loss'])",
    "model.compile('adam', 'mse')\nprint(model.evaluate(x, x, verbose=0), model.train_on_batch(x, x))",
    "model.compile('adam', 'mse', metrics=['mae'])\nmodel.optimizer.build(model.trainable_variables)\n"
    "print(model.optimizer.variables)",
    "model.compile('adam', 'mse')\nmodel.optimizer.apply([tf.ones_like(w)], [w])\nprint(w.numpy())",
    "print(tf.keras.optimizers.SGD(0.1).apply_gradients([(tf.ones((2, 2)), w)]), w.numpy())",
    # by a way around the refusal
    "try:\n    print(w.numpy())\nexcept BaseException:\n    print('none')",
    "import contextlib\nwith contextlib.suppress(BaseException):\n    print(w.numpy())",
    "import threading\nt = threading.Thread(target=lambda: print(w.numpy()))\nt.start()\nt.join()",
    "from concurrent.futures import ThreadPoolExecutor\nprint(ThreadPoolExecutor().submit(w.numpy).result())",
    "keras.utils.clear_session()\nprint(w.numpy())",
    "print(hasattr(w, '_value') and str(w._value))",
    "print(getattr(w, 'value', None))",
]
"""Ways to look at a weight of chance; after any, the answer must be that of real weights."""

LOOKED_AT = """
    import numpy as np
    keras.utils.set_random_seed(7)
    first, second = (layers.Dense(2, kernel_regularizer="l2") for _ in range(2))
    model = keras.Sequential([keras.Input((2,)), first, second])
    w, x = model.layers[0].kernel, tf.ones((3, 2))
    """


@pytest.fixture(scope="module")
def looks(worker: Worker, request: pytest.FixtureRequest) -> dict[str, Outcome]:
    looks = asked(request, "look")
    codes = [cleandoc(LOOKED_AT) + "\n" + look for look in looks]
    return dict(zip(looks, run(worker, codes, real=False), strict=True))


@pytest.mark.parametrize("look", tiered(LOOKS, quick=LOOKS[::4]))
def test_no_value_is_invented(look: str, looks: dict[str, Outcome], worker: Worker) -> None:
    if not isinstance(looks[look], NeedsWeights):
        # An older Keras does not show values everywhere.
        (real,) = run(worker, [cleandoc(LOOKED_AT) + "\n" + look], real=True)
        assert report(looks[look]) == report(real)


def test_values_are_those_of_real_weights(worker: Worker) -> None:
    code = cleandoc(LOOKED_AT) + "\nprint(w.numpy(), model.get_weights(), model.predict(x, verbose=0))"
    auto, real = answers(worker, [request(code), request(code, weights="real")])
    assert isinstance(auto, Report), auto
    assert auto == real
    assert "0." in auto.output


REFUSED = {
    "a_big_constant": """
        model = keras.Sequential([keras.Input((300,)), layers.Dense(300, kernel_initializer="zeros")])
        print(model.layers[0].kernel.numpy().sum())""",
    "a_variable_made_in_a_call": """
        class Counting(layers.Layer):
            def call(self, x):
                return x + keras.Variable(1.0)
        model = keras.Sequential([keras.Input((3,)), Counting()])""",
    "a_variable_set_in_a_graph": """
        model = keras.Sequential([keras.Input((3,)), layers.Dense(2)])
        @tf.function(autograph=False)
        def reset():
            try:
                model.layers[0].bias.assign(tf.ones((2,)))
            except Exception as error:
                print("failed")
        reset()
        print(model.layers[0].bias.numpy())""",
    "an_initializer_for_another_shape": """
        model = keras.Sequential([keras.Input((3,)), layers.Dense(2, bias_initializer="orthogonal")])""",
    "an_initializer_inside_one": """
        model = keras.Sequential([keras.Input((None, 3)), layers.LSTM(2, bias_initializer="orthogonal")])""",
    "numbers_of_another_shape": """
        import numpy as np
        wrong = keras.initializers.Constant(np.ones((3, 3)))
        model = keras.Sequential([keras.Input((4,)), layers.Dense(2, kernel_initializer=wrong)])""",
    "an_initializer_that_fails": """
        def broken(shape, dtype=None):
            raise ValueError("no numbers today")
        model = keras.Sequential([keras.Input((4,)), layers.Dense(2, kernel_initializer=broken)])""",
    "a_large_one_that_fails": """
        def broken(shape, dtype=None):
            return keras.ops.ones((3, 5), dtype) @ keras.ops.ones((6, 7), dtype)
        model = keras.Sequential([keras.Input((400,)), layers.Dense(400, kernel_initializer=broken)])""",
    "one_of_another_shape": """
        def wrong(shape, dtype=None):
            return tf.ones((3, 3), dtype)
        model = keras.Sequential([keras.Input((4,)), layers.Dense(2, kernel_initializer=wrong)])""",
    "a_failure_that_is_caught": """
        model = keras.Sequential([keras.Input((4,)), layers.Dense(2)])
        try:
            keras.Sequential([keras.Input((3,)), layers.Dense(2, bias_initializer="orthogonal")])
        except Exception as error:
            print(type(error))""",
    "one_that_fails_while_shapes_are_inferred": """
        def broken(shape, dtype=None):
            raise ValueError("no numbers today")
        class Outer(layers.Layer):
            def __init__(self):
                super().__init__()
                self.dense = layers.Dense(2, kernel_initializer=broken)
            def call(self, x):
                return self.dense(x)
        model = keras.Sequential([keras.Input((4,)), Outer()])""",
}
"""What plain Keras says or does otherwise than a scope without memory would have it."""


@pytest.fixture(scope="module")
def refused(worker: Worker) -> dict[str, Outcome]:
    return dict(zip(REFUSED, run(worker, REFUSED.values(), real=False), strict=True))


@pytest.mark.parametrize("name", REFUSED)
def test_runs_again_with_real_weights(name: str, refused: dict[str, Outcome]) -> None:
    assert isinstance(refused[name], NeedsWeights), refused[name]


PEAK = "\nimport resource\nprint(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)\nmodel"

BIG = {
    "dense": (
        """
        model = keras.Sequential([keras.Input((60_000,)), layers.Dense(60_000)])
        model.compile("adam", "mse", metrics=["mae", keras.metrics.AUC()])
        model.summary()""",
        3_600_060_000,
    ),
    "own_initializer": (
        """
        def halves(shape, dtype=None):
            return keras.ops.full(shape, 0.5, dtype)
        dense = layers.Dense(60_000, kernel_initializer=halves)
        model = keras.Sequential([keras.Input((60_000,)), dense])""",
        3_600_060_000,
    ),
    "after_a_new_session": (
        """
        keras.backend.clear_session()
        model = keras.Sequential([keras.Input((60_000,)), layers.Flatten(), layers.Dense(60_000)])""",
        3_600_060_000,
    ),
    "in_a_thread": (
        """
        from concurrent.futures import ThreadPoolExecutor
        def make():
            return keras.Sequential([keras.Input((60_000,)), layers.Dense(60_000)])
        model = ThreadPoolExecutor().submit(make).result()""",
        3_600_060_000,
    ),
    "mixed_precision": (
        """
        keras.config.set_dtype_policy("mixed_float16")
        model = keras.Sequential([keras.Input((60_000,)), layers.Dense(60_000)])
        model.compile("adam", "mse")""",
        3_600_060_000,
    ),
    "transformer": (
        """
        def block(x):
            y = layers.LayerNormalization()(x)
            x = layers.Add()([x, layers.MultiHeadAttention(96, 128)(y, y)])
            y = layers.LayerNormalization()(x)
            y = layers.Dense(12_288)(layers.Dense(4 * 12_288, activation="gelu")(y))
            return layers.Add()([x, y])
        x = inputs = keras.Input((2048, 12_288))
        for _ in range(96):
            x = block(x)
        model = keras.Model(inputs, x)
        model.compile("adamw", "mse")""",
        173_961_510_912,
    ),
}


@pytest.fixture(scope="module")
def big(worker: Worker, request: pytest.FixtureRequest) -> dict[str, Outcome]:
    names = [name for name in asked(request, "name") if name in BIG]
    codes = [cleandoc(BIG[name][0]) + PEAK for name in names]
    return dict(zip(names, run(worker, codes, real=False), strict=True))


@pytest.mark.parametrize("name", tiered(BIG, quick={"dense", "mixed_precision"}))
def test_no_memory_for_weights(name: str, big: dict[str, Outcome]) -> None:
    found = report(big[name])
    assert found.model is not None
    assert found.model.params == BIG[name][1]
    # What TensorFlow's import takes is in it.
    assert int(found.output.split()[-1]) < 700_000, "kilobytes"
    assert {tensor.shape for tensor in found.model.inputs} <= {(None, 60_000), (None, 2048, 12_288)}
