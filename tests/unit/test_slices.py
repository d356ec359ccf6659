"""Slices of documents: cells in, what a model depends on out."""

import time
from textwrap import dedent

import pytest

from sphinx_kerasshape.audit.document import Subject
from sphinx_kerasshape.audit.slicing.backward import Backward
from sphinx_kerasshape.audit.slicing.slices import Missing, Unparsed, runs, slice_of


def _cells(document):
    return [cell.strip("\n") for cell in dedent(document).split("# %%\n")]


def _slice(document, expression="model", at=None, defined=()):
    """The slice of a document for the value behind its last line, or at a block and a line."""
    cells = _cells(document)
    place = at or (len(cells) - 1, len(cells[-1].split("\n")))
    return slice_of(cells, Subject(*place, expression), defined)


def _kept(document, expression="model", at=None):
    """The code of a slice; behind it the role of what isn't needed in any case."""
    found = _slice(document, expression, at)
    marks = {"needed": "", "builds": "  # builds", "feeds": "  # feeds"}
    return "\n".join(piece.code + marks[piece.role] for piece in found.pieces) + "\n"


def _check(document, expected, expression="model", at=None):
    assert _kept(document, expression, at) == dedent(expected).lstrip("\n")


# What is kept


def test_definitions_imports_and_constants():
    _check(
        """
        import os, sys
        from keras import layers, Input, Model
        UNITS = 4
        OTHER = 5
        x = Input((UNITS,))
        # %%
        y = layers.Dense(UNITS * 2)(x)
        z = layers.Dense(OTHER)(x)
        model = Model(x, y)
        model.summary()
        """,
        """
        from keras import layers, Input, Model
        UNITS = 4
        x = Input((UNITS,))
        y = layers.Dense(UNITS * 2)(x)
        model = Model(x, y)
        """,
    )


def test_functions_with_what_they_use_when_they_are_called():
    _check(
        """
        from keras import layers
        UNITS = 3
        def head(x: Tensor = DEFAULT) -> Result:
            return layers.Dense(UNITS)(neck(x))
        def neck(x):
            return layers.Dense(SIZE)(x)
        def unused():
            return head(1)
        Tensor = Result = DEFAULT = None
        UNITS = 4
        SIZE = 5
        out = head(1)
        UNITS = 6
        """,
        """
        from keras import layers
        def head(x: Tensor = DEFAULT) -> Result:
            return layers.Dense(UNITS)(neck(x))
        def neck(x):
            return layers.Dense(SIZE)(x)
        UNITS = 4
        SIZE = 5
        out = head(1)
        """,
        "out",
    )


def test_classes_with_decorators_and_bases():
    _check(
        """
        import keras
        from register import registered
        UNITS = 3
        class Base(keras.Model):
            pass
        @registered("x")
        class Net(Base):
            units: Annotation = UNITS
            def build(self, shape):
                self.dense = made(self.units)
        def made(units):
            return keras.layers.Dense(units)
        Annotation = int
        net = Net()
        """,
        """
        import keras
        from register import registered
        UNITS = 3
        class Base(keras.Model):
            pass
        @registered("x")
        class Net(Base):
            units: Annotation = UNITS
            def build(self, shape):
                self.dense = made(self.units)
        def made(units):
            return keras.layers.Dense(units)
        net = Net()
        """,
        "net",
    )


def test_the_binding_that_holds_at_the_line_wins():
    document = """
        import keras
        model = keras.Sequential([keras.Input((1,))])
        model.add(keras.layers.Dense(1))
        # %%
        model = keras.Sequential([keras.Input((2,))])
        model.add(keras.layers.Dense(2))
        model.summary()
        # %%
        model = keras.Sequential([keras.Input((3,))])
        model.add(keras.layers.Dense(3))
        """
    for block, size in ((0, 1), (1, 2), (2, 3)):
        assert _kept(document, at=(block, 3)) == (
            "import keras\n"
            f"model = keras.Sequential([keras.Input(({size},))])\n"
            f"model.add(keras.layers.Dense({size}))\n"
        )


def test_a_conditional_binding_leaves_the_earlier_one():
    _check(
        """
        import keras
        units = 3
        units = 4
        if keras.backend.backend() == "jax":
            units = 5
        units = units + 1
        """,
        """
        import keras
        units = 4
        if keras.backend.backend() == "jax":
            units = 5
        units = units + 1
        """,
        "units",
    )


def test_loops_over_layers_count_up_to_the_line():
    _check(
        """
        import keras
        base = keras.applications.VGG16(weights="imagenet", include_top=False, input_shape=(32, 32, 3))
        model = keras.Sequential([base, keras.layers.Dense(1)])
        for number, layer in enumerate(base.layers[:-4]):
            print(number, layer.name)
            layer.trainable = False
        model.summary()
        base.trainable = True
        """,
        """
        import keras
        base = keras.applications.VGG16(weights="imagenet", include_top=False, input_shape=(32, 32, 3))
        model = keras.Sequential([base, keras.layers.Dense(1)])
        for number, layer in enumerate(base.layers[:-4]):

            layer.trainable = False
        """,
        at=(0, 7),
    )


def test_other_names_for_parts_of_a_model():
    _check(
        """
        from models import made
        model = made()
        encoder = model.encoder
        parts = model.layers
        other = made()
        encoder.trainable = False
        parts[0].trainable = True
        other.trainable = False
        """,
        """
        from models import made
        model = made()
        encoder = model.encoder
        parts = model.layers
        encoder.trainable = False
        parts[0].trainable = True
        """,
    )


def test_functions_that_change_their_argument_and_those_that_only_look():
    _check(
        """
        from models import made
        model = made()
        def freeze(net, upto=3):
            for layer in net.layers[:upto]:
                layer.trainable = False
        def described(net):
            print(net.count_params())
        freeze(model)
        described(model)
        """,
        """
        from models import made
        model = made()
        def freeze(net, upto=3):
            for layer in net.layers[:upto]:
                layer.trainable = False
        freeze(model)
        """,
    )


def test_imported_functions_called_as_statements_may_change_their_argument():
    _check(
        """
        from models import made, freeze
        from tools import report
        model = made()
        freeze(model)
        """,
        """
        from models import made, freeze
        model = made()
        freeze(model)
        """,
    )


@pytest.mark.parametrize(
    "statement",
    [
        "value.append(other)",
        "value[0] = other",
        "value.part = other",
        "value.part.inner = other",
        "value += [other]",
        "value.part += other",
        "del value[0]",
        "value.build((None, 3))",
        "value.compile('adam')",
        "value.layers[0].set_weights(other)",
        "removed = value.pop()",
        "(value := value + other)",
        "[part.append(other) for part in value]",
        "list(map(value.append, other))",
        "setattr(value, 'part', other)",
        "done = other(value.append)",
        "value, other = other, value",
        "first, *value = other",
        "for value in other: pass",
        "while value.pop(): pass",
        "with value as value: pass",
        "with other: value.append(1)",
    ],
)
def test_statements_that_bind_or_change(statement):
    document = f"from data import value, other\n{statement}\nunused = value"
    assert statement in _kept(document, "value")


@pytest.mark.parametrize(
    "statement",
    [
        "print(value)",
        "value.summary()",
        "value",
        "copy = value.copy()",
        "len(value)",
        "plt.plot(value); plt.show()",
        "sns.heatmap(value)",
        "keras.utils.plot_model(value, 'x.png')",
        "value.save_weights('x')",
        "value.load_weights('x')",
        "value.save('x')",
        "unused = value.predict(other)",
        "history = value.fit(other)",
        "for part in value: print(part)",
        "if value: print(value)",
        "with open('x', 'w') as f: f.write(value.to_json())",
        "start = time.time()",
        "assert value.shape == (1, 2)",
        "def f(): value.append(1)",
        "other.append(1)",
    ],
)
def test_statements_that_nothing_depends_on(statement):
    document = f"import keras, time\nfrom data import made, other\nvalue = made()\n{statement}"
    assert _kept(document, "value") == "from data import made, other\nvalue = made()\n"


def test_star_imports_are_kept_if_they_may_bind_a_name():
    document = """
        from keras.layers import *
        from numpy import *
        units = 3
        layer = Dense(units)
        """
    found = _slice(document, "layer")
    assert [piece.first for piece in found.pieces] == [1, 2, 3, 4]
    assert found.missing == (Missing("Dense", 0, 4, is_certain=False),)
    assert _kept(document, "units") == "units = 3\n"


def test_settings_of_keras_count_for_all_that_follows():
    _check(
        """
        import os
        os.environ["TF_USE_LEGACY_KERAS"] = "1"
        os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
        import sys
        sys.path.append("..")
        from keras import backend as K
        K.set_image_data_format("channels_first")
        import numpy as np
        np.random.seed(1)
        units = 3
        """,
        """
        import os
        os.environ["TF_USE_LEGACY_KERAS"] = "1"
        import sys
        sys.path.append("..")
        from keras import backend as K
        K.set_image_data_format("channels_first")
        units = 3
        """,
        "units",
    )


def test_an_import_that_may_fail_is_kept_as_a_whole():
    _check(
        """
        try:
            import tensorflow_addons as tfa
            HAS_ADDONS = True
        except ImportError:
            print("not there")
            HAS_ADDONS = False
        units = 3 if HAS_ADDONS else 4
        """,
        """
        try:
            import tensorflow_addons as tfa
            HAS_ADDONS = True
        except ImportError:

            HAS_ADDONS = False
        units = 3 if HAS_ADDONS else 4
        """,
        "units",
    )


def test_a_script_under_its_main_guard():
    _check(
        '''
        import keras
        if __name__ == "__main__":
            text = """
          as it stands
        """
            model = keras.Sequential(
                [keras.Input((3,), name=text)]
            )
            print(model)
            model.summary()
        ''',
        '''
        import keras
        text = """
          as it stands
        """
        model = keras.Sequential(
            [keras.Input((3,), name=text)]
        )
        ''',
    )


def test_save_and_load_of_the_same_path_are_one_definition():
    document = """
        import keras
        PATH = "m.keras"
        first = keras.Sequential([keras.Input((3,))])
        first.save(PATH)
        first.save("other.keras")
        # %%
        model = keras.models.load_model("./m.keras")
        """
    _check(
        document,
        """
        import keras
        PATH = "m.keras"
        first = keras.Sequential([keras.Input((3,))])
        first.save(PATH)
        model = keras.models.load_model("./m.keras")
        """,
    )


def test_a_file_that_is_written_and_read():
    _check(
        """
        import keras
        first = keras.Sequential([keras.Input((3,))])
        with open("model.json", "w") as f:
            print("writing")
            f.write(first.to_json())
        del first
        with open("model.json") as f:
            text = f.read()
        model = keras.models.model_from_json(text)
        model.load_weights("w.h5")
        """,
        """
        import keras
        first = keras.Sequential([keras.Input((3,))])
        with open("model.json", "w") as f:

            f.write(first.to_json())
        with open("model.json") as f:
            text = f.read()
        model = keras.models.model_from_json(text)
        """,
    )


# What is cut inside


def test_training_and_plots_are_cut_inside_functions():
    _check(
        '''
        import keras
        import matplotlib.pyplot as plt
        def trained(units):
            """Return a model."""
            model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(units)])
            history = model.fit(x_train, y_train)
            figure, axes = plt.subplots()
            axes.plot(history.history["loss"])
            plt.show()
            if units > 3:
                print("many")
            elif units > 2:
                units = 2
            else:
                print("few"); plt.show()
            for layer in model.layers: print(layer.name)
            return model
        def shown(model):
            print(model)
        model = trained(4)
        shown(model)
        ''',
        '''
        import keras
        def trained(units):
            """Return a model."""
            model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(units)])











            return model
        model = trained(4)
        ''',
    )


def test_bodies_of_which_nothing_is_left():
    _check(
        """
        from data import things, made
        def show(thing):
            plt.imshow(
                thing,
            )
            plt.show()
        for thing in things:
            if thing:
                print(thing)
            elif made:
                model = made(thing, show); print("ü"); model.trainable = False
            else:
                print("none")
        """,
        """
        from data import things, made
        def show(thing):
            pass
        for thing in things:
            if thing:
                pass
            elif made:
                model = made(thing, show); pass; model.trainable = False
            else:
                pass
        """,
    )


def test_conditions_of_which_only_one_branch_matters():
    _check(
        """
        from data import a, b, c
        model = 1
        if a:
            model = 2
        elif b:
            print("b")
        elif c:
            plt.show()
        """,
        """
        from data import a, b, c
        model = 1
        if a:
            model = 2
        elif b:
            pass
        elif c:
            pass
        """,
    )


def test_texts_over_several_lines_keep_their_indentation():
    _check(
        '''
        if __name__ == "__main__":
            size = 3
            text = (f"""
              {size}
            """
                + "x")
        ''',
        '''
        size = 3
        text = (f"""
              {size}
            """
            + "x")
        ''',
        "text",
    )


def test_training_is_cut_inside_other_statements():
    _check(
        """
        import tensorflow as tf
        strategy = tf.distribute.MirroredStrategy()
        with strategy.scope():
            x = tf.keras.Input((3,))
            y = tf.keras.layers.Dense(3)(x)
            model = tf.keras.Model(x, y)
            history = model.fit(data)
            plt.plot(history.history["loss"])
        model.summary()
        """,
        """
        import tensorflow as tf
        strategy = tf.distribute.MirroredStrategy()
        with strategy.scope():
            x = tf.keras.Input((3,))
            y = tf.keras.layers.Dense(3)(x)
            model = tf.keras.Model(x, y)
        """,
    )


def test_a_needed_result_of_training_is_kept():
    _check(
        """
        from models import model, x, y
        history = model.fit(x, y)
        other = model.fit(x, y)
        epochs = len(history.history["loss"])
        """,
        """
        from models import model, x, y
        history = model.fit(x, y)
        epochs = len(history.history["loss"])
        """,
        "epochs",
    )


# What builds


UNBUILT = """
    from keras import Sequential, layers
    from data import load
    model = Sequential([layers.Dense(4)])
    model.compile("adam")
    x, y = load()
    x = x / 255
"""


@pytest.mark.parametrize(
    "statement",
    [
        "model.fit(x, y)",
        "p = model.predict(x)",
        "model.evaluate(x, y)",
        "p = model(x)",
        "print(model(x).shape)",
    ],
)
def test_the_first_call_builds_an_unbuilt_model(statement):
    document = f"{UNBUILT}    {statement}\n    model.fit(x, y)\n    model.summary()\n"
    assert _kept(document) == (
        "from keras import Sequential, layers\n"
        "from data import load  # feeds\n"
        "model = Sequential([layers.Dense(4)])\n"
        'model.compile("adam")\n'
        "x, y = load()  # feeds\n"
        "x = x / 255  # feeds\n"
        f"{statement}  # builds\n"
    )


@pytest.mark.parametrize(
    "model",
    [
        "Sequential([Input((3,)), layers.Dense(4)])",
        "Sequential([layers.InputLayer((3,)), layers.Dense(4)])",
        "Sequential([layers.Dense(4, input_shape=(3,))])",
        "Sequential([layers.Dense(4, input_dim=3)])",
        "Sequential([layers.Dense(4, batch_input_shape=(1, 3))])",
        "Model(inputs=i, outputs=i)",
        "applications.VGG16()",
        "Sequential([applications.VGG16(), layers.Dense(1)])",
    ],
)
def test_an_obviously_built_model_needs_no_data(model):
    names = "layers, Sequential, Model, applications, Input"
    start = f"from keras import {names}\ni = Input((3,))\nmodel = {model}"
    document = f"{start}\nmodel.fit(x, y)\nz = model(x)"
    assert "fit" not in _kept(document)
    assert "z" not in _kept(document)


def test_build_and_add_build_too():
    for line in ("model.build((None, 3))", "model.add(layers.Dense(2, input_shape=(3,)))"):
        document = f"from keras import layers, Sequential\nmodel = Sequential()\n{line}\nmodel.fit(x, y)"
        assert _kept(document).endswith(f"{line}\n")


def test_layers_that_are_called_on_symbolic_tensors_need_no_data():
    _check(
        """
        import tensorflow as tf
        base = tf.keras.applications.MobileNetV2(input_shape=(160, 160, 3), include_top=False)
        images, labels = next(iter(train_ds))
        features = base(images)
        head = tf.keras.layers.Dense(1)
        print(head(features).shape)
        inputs = tf.keras.Input(shape=(160, 160, 3))
        x = base(inputs, training=False)
        outputs = head(x)
        model = tf.keras.Model(inputs, outputs)
        """,
        """
        import tensorflow as tf
        base = tf.keras.applications.MobileNetV2(input_shape=(160, 160, 3), include_top=False)
        head = tf.keras.layers.Dense(1)
        inputs = tf.keras.Input(shape=(160, 160, 3))
        x = base(inputs, training=False)
        outputs = head(x)
        model = tf.keras.Model(inputs, outputs)
        """,
    )


def test_a_function_that_trains_an_unbuilt_model_is_kept_with_its_training():
    document = """
        import keras
        def compile_and_fit(net, window, patience=2):
            stopping = keras.callbacks.EarlyStopping(patience=patience)
            net.compile("adam")
            history = net.fit(window, callbacks=[stopping])
            plt.plot(history.history)
            return history
        model = keras.Sequential([keras.layers.Dense(1)])
        history = compile_and_fit(model, window)
        """
    _check(
        document,
        """
        import keras
        def compile_and_fit(net, window, patience=2):
            stopping = keras.callbacks.EarlyStopping(patience=patience)
            net.compile("adam")
            history = net.fit(window, callbacks=[stopping])

            return history
        model = keras.Sequential([keras.layers.Dense(1)])
        history = compile_and_fit(model, window)
        """,
    )
    returning_nothing = document.replace("return history", "print(history)").replace("history = c", "c")
    assert "history = net.fit(window, callbacks=[stopping])" in _kept(returning_nothing)
    built = document.replace("Dense(1)", "Dense(1, input_dim=3)").replace("return history", "pass")
    assert "stopping" not in _kept(built)


# What is missing


def test_names_that_nothing_binds():
    document = """
        import keras
        model = keras.Sequential([keras.Input((LENGTH,))])
        # %%
        plt.plot(UNUSED)
        model.add(keras.layers.Embedding(vocab_size, abs(DIM)))
        def unused():
            return nothing
        """
    assert _slice(document).missing == (
        Missing("LENGTH", 0, 2),
        Missing("DIM", 1, 2),
        Missing("vocab_size", 1, 2),
    )
    assert _slice(document, defined=["DIM", "vocab_size"]).missing == (Missing("LENGTH", 0, 2),)


def test_names_that_only_functions_use_may_be_missing():
    document = """
        def made():
            if SWITCH:
                return later()
        def later():
            return 3
        value = made()
        """
    assert _slice(document, "value").missing == (Missing("SWITCH", 0, 6, is_certain=False),)


def test_a_name_bound_later_or_in_a_loop():
    assert _slice("x = y\ny = 3", "x").missing == (Missing("y", 0, 1),)
    assert _slice("for y in [1]:\n    x = y\nz = x", "z").missing == ()
    assert _slice("def f():\n    global y\n    y = 1\nf()\nx = y", "x").missing == ()


def test_a_subject_that_nothing_binds():
    assert _slice("x = 3", "model").missing == (Missing("model", -1, 1),)
    assert slice_of([], Subject(0, 1, "model")).missing == (Missing("model", -1, 1),)


def test_a_block_that_is_no_python():
    document = """
        import keras
        units = 4
        # %%
        model = keras.Sequential([keras.Input((3,))]
        other = 3
        # %%
        model.add(keras.layers.Dense(units))
        """
    found = _slice(document)
    assert found.unparsed == (Unparsed(1, 1, "'(' was never closed", ("model",)),)
    assert [piece.code for piece in found.pieces] == [
        "import keras",
        "units = 4",
        "model.add(keras.layers.Dense(units))",
    ]
    assert found.missing == ()
    assert _slice(document, "units").unparsed == ()


@pytest.mark.parametrize(
    "code",
    [
        "model = " + "(" * 5000 + ")" * 5000,
        "model = " + "-" * 50_000 + "1",
        "model = " + "+".join("1" * 5000),
        "model = " + "[" * 150 + "]" * 150,
        "model = x" + ".y" * 5000,
        "model = " + "+".join("1" * 250),
        "model = " + "+".join("1" * 600),
        "model = x" + ".y()" * 400,
        "model = \0",
        "model = '\ud800",
        "".join(" " * depth + f"if x{depth}:\n" for depth in range(99)) + " " * 99 + "model = 1",
        "".join(" " * depth + f"if x{depth}:\n" for depth in range(150)) + " " * 150 + "model = 1",
        "if x:\n    model = 1\n" + "elif x:\n    model = 2\n" * 3000,
        "model = 1\n" + "\n".join(f"def f{n}(): return f{n + 1}()" for n in range(2000)) + "\nmodel = f0()",
        pytest.param("model = lambda: (" + "lambda: (" * 150 + "1" + ")" * 151, marks=pytest.mark.slow),
    ],
)
def test_hostile_syntax_raises_nothing(code):
    found = slice_of(["x = 1", code, "y = 2"], Subject(2, 1, "model"))
    assert len(found.pieces) + len(found.unparsed) >= 1


# Where a subject is


def test_a_line_inside_a_function_is_run_by_the_first_call():
    document = """
        import keras
        def build(units):
            model = keras.Sequential([keras.Input((units,))])
            model.add(keras.layers.Dense(2))
            model.summary()
            return model
        units = 4
        def main():
            built = build(units)
            built.fit(x, y)
        main()
        units = 5
        main()
        """
    _check(
        document,
        """
        import keras
        def build(units):
            model = keras.Sequential([keras.Input((units,))])
            model.add(keras.layers.Dense(2))
            model.summary()
            return model
        units = 4
        def main():
            built = build(units)
        main()
        """,
        at=(0, 5),
    )
    assert _slice(document, at=(0, 5)).is_run
    assert not _slice(document.replace("        main()\n", ""), at=(0, 5)).is_run


def test_a_line_inside_a_loop():
    _check(
        """
        import keras
        for units in (1, 2):
            model = keras.Sequential([keras.Input((units,))])
            model.add(keras.layers.Dense(2))
            plt.show()
            model.summary()
            model.fit(x, y)
        """,
        """
        import keras
        for units in (1, 2):
            model = keras.Sequential([keras.Input((units,))])
            model.add(keras.layers.Dense(2))

            model.summary()
        """,
        at=(0, 6),
    )


def test_the_value_of_the_statement_itself():
    document = """
        from models import model, x
        unused = 3
        model(x).shape
        """
    assert _kept(document, "") == "from models import model, x\nmodel(x).shape\n"


def test_lines_of_pieces():
    code = "\n\n@d\ndef f(\n    x,\n):\n    print(x)\n    return x"
    (piece,) = slice_of([code], Subject(0, 8, "f"), defined="d").pieces
    assert (piece.block, piece.first, piece.last, piece.defines) == (0, 3, 8, ("f",))
    assert piece.code == "@d\ndef f(\n    x,\n):\n\n    return x"


def test_what_fails_takes_all_names_that_it_changes():
    found = _slice("from m import made\na = made()\nb = [a]\na.trainable = False", "b")
    assert [piece.defines for piece in found.pieces] == [("made",), ("a",), ("b",), ("a", "b")]


# Long documents


def test_a_notebook_about_digits():
    _check(
        """
        import numpy as np
        import matplotlib.pyplot as plt
        from tensorflow import keras
        from tensorflow.keras import layers
        # %%
        num_classes = 10
        input_shape = (28, 28, 1)
        (x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
        x_train = x_train.astype("float32") / 255
        x_train = np.expand_dims(x_train, -1)
        print("x_train shape:", x_train.shape)
        y_train = keras.utils.to_categorical(y_train, num_classes)
        # %%
        model = keras.Sequential(
            [
                keras.Input(shape=input_shape),
                layers.Conv2D(32, kernel_size=(3, 3), activation="relu"),
                layers.Flatten(),
                layers.Dense(num_classes, activation="softmax"),
            ]
        )
        # %%
        model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
        history = model.fit(x_train, y_train, batch_size=128, epochs=15, validation_split=0.1)
        # %%
        plt.plot(history.history["loss"]); plt.show()
        score = model.evaluate(x_test, y_test, verbose=0)
        print("Test loss:", score[0])
        model.summary()
        """,
        """
        from tensorflow import keras
        from tensorflow.keras import layers
        num_classes = 10
        input_shape = (28, 28, 1)
        model = keras.Sequential(
            [
                keras.Input(shape=input_shape),
                layers.Conv2D(32, kernel_size=(3, 3), activation="relu"),
                layers.Flatten(),
                layers.Dense(num_classes, activation="softmax"),
            ]
        )
        model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
        """,
    )


def test_a_notebook_about_texts():
    _check(
        """
        import numpy as np
        from keras.preprocessing.text import Tokenizer
        from keras import layers, models
        texts, labels = [], []
        for line in open("data.txt"):
            texts.append(line)
            labels.append(0)
        tokenizer = Tokenizer(num_words=10000)
        tokenizer.fit_on_texts(texts)
        sequences = tokenizer.texts_to_sequences(texts)
        word_index = tokenizer.word_index
        print("Found %s unique tokens." % len(word_index))
        # %%
        max_len = max(len(s) for s in sequences)
        vocab_size = len(word_index) + 1
        embeddings_index = {}
        for line in open("glove.txt"):
            values = line.split()
            embeddings_index[values[0]] = np.asarray(values[1:])
        # %%
        model = models.Sequential()
        model.add(layers.Embedding(vocab_size, 100, input_length=max_len))
        model.add(layers.LSTM(32))
        model.summary()
        """,
        """
        from keras.preprocessing.text import Tokenizer
        from keras import layers, models
        texts, labels = [], []
        for line in open("data.txt"):
            texts.append(line)
        tokenizer = Tokenizer(num_words=10000)
        tokenizer.fit_on_texts(texts)
        sequences = tokenizer.texts_to_sequences(texts)
        word_index = tokenizer.word_index
        max_len = max(len(s) for s in sequences)
        vocab_size = len(word_index) + 1
        model = models.Sequential()
        model.add(layers.Embedding(vocab_size, 100, input_length=max_len))
        model.add(layers.LSTM(32))
        """,
    )


def test_a_notebook_about_adversaries():
    _check(
        """
        import tensorflow as tf
        from tensorflow.keras import layers
        def make_generator():
            model = tf.keras.Sequential()
            model.add(layers.Dense(256, use_bias=False, input_shape=(100,)))
            assert model.output_shape == (None, 256)
            return model
        generator = make_generator()
        noise = tf.random.normal([1, 100])
        image = generator(noise, training=False)
        plt.imshow(image[0, :, :, 0])
        def make_discriminator():
            model = tf.keras.Sequential([layers.Dense(3)])
            return model
        discriminator = make_discriminator()
        decision = discriminator(image)
        print(decision)
        # %%
        optimizer = tf.keras.optimizers.Adam(1e-4)
        @tf.function
        def train_step(images):
            with tf.GradientTape() as tape:
                fakes = generator(noise, training=True)
                loss = discriminator_loss(discriminator(images), discriminator(fakes))
            optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables))
        for epoch in range(EPOCHS):
            for batch in dataset:
                train_step(batch)
        discriminator.summary()
        """,
        """
        import tensorflow as tf
        from tensorflow.keras import layers
        def make_generator():
            model = tf.keras.Sequential()
            model.add(layers.Dense(256, use_bias=False, input_shape=(100,)))
            assert model.output_shape == (None, 256)
            return model  # feeds
        generator = make_generator()  # feeds
        noise = tf.random.normal([1, 100])  # feeds
        image = generator(noise, training=False)  # feeds
        def make_discriminator():
            model = tf.keras.Sequential([layers.Dense(3)])
            return model
        discriminator = make_discriminator()
        decision = discriminator(image)  # builds
        """,
        "discriminator",
    )


def test_a_notebook_about_subclasses():
    _check(
        """
        import tensorflow as tf
        from tensorflow.keras import layers
        class Block(layers.Layer):
            def __init__(self, filters):
                super().__init__()
                self.conv = layers.Conv2D(filters, KERNEL)
                print("made")
            def call(self, x):
                plt.imshow(x)
                return self.conv(x)
        class Net(tf.keras.Model):
            def __init__(self, n):
                super(Net, self).__init__()
                self.blocks = [Block(n) for _ in range(2)]
            def call(self, x):
                for block in self.blocks:
                    x = block(x)
                return scaled(x)
        # %%
        KERNEL = 3
        def scaled(x):
            return x / SCALE
        SCALE = 2.0
        net = Net(8)
        # %%
        import numpy as np
        images = np.zeros((1, 28, 28, 1), "float32")
        y = net(images)
        print(y.shape)
        net(images)
        net.fit(images, y)
        net.summary()
        """,
        """
        import tensorflow as tf
        from tensorflow.keras import layers
        class Block(layers.Layer):
            def __init__(self, filters):
                super().__init__()
                self.conv = layers.Conv2D(filters, KERNEL)

            def call(self, x):

                return self.conv(x)
        class Net(tf.keras.Model):
            def __init__(self, n):
                super(Net, self).__init__()
                self.blocks = [Block(n) for _ in range(2)]
            def call(self, x):
                for block in self.blocks:
                    x = block(x)
                return scaled(x)
        KERNEL = 3
        def scaled(x):
            return x / SCALE
        SCALE = 2.0
        net = Net(8)
        import numpy as np  # feeds
        images = np.zeros((1, 28, 28, 1), "float32")  # feeds
        y = net(images)  # builds
        """,
        "net",
    )


def test_a_notebook_about_weather():
    _check(
        """
        import pandas as pd
        import tensorflow as tf
        df = pd.read_csv("weather.csv")
        date_time = pd.to_datetime(df.pop("Date"), format="%d.%m.%Y")
        df.head()
        df["day"] = 3
        plot_features = df[["T", "p"]]
        plot_features.plot(subplots=True)
        n = len(df)
        train_df = df[0:int(n * 0.7)]
        num_features = train_df.shape[1]
        OUT_STEPS = 24
        # %%
        model = tf.keras.Sequential([
            tf.keras.Input((24, num_features)),
            tf.keras.layers.Dense(OUT_STEPS * num_features),
            tf.keras.layers.Reshape([OUT_STEPS, num_features])
        ])
        """,
        """
        import pandas as pd
        import tensorflow as tf
        df = pd.read_csv("weather.csv")
        date_time = pd.to_datetime(df.pop("Date"), format="%d.%m.%Y")
        df["day"] = 3
        n = len(df)
        train_df = df[0:int(n * 0.7)]
        num_features = train_df.shape[1]
        OUT_STEPS = 24
        model = tf.keras.Sequential([
            tf.keras.Input((24, num_features)),
            tf.keras.layers.Dense(OUT_STEPS * num_features),
            tf.keras.layers.Reshape([OUT_STEPS, num_features])
        ])
        """,
    )


def test_a_page_about_two_inputs():
    _check(
        """
        from keras import layers, Input, Model
        a = Input((3,))
        b = Input((4,))
        x = layers.Dense(4)(a)
        x = layers.Dense(4)(x)
        z = layers.Dense(5)(b)
        both = layers.concatenate([x, z])
        unused = layers.Dense(2)(both)
        model = Model([a, b], both)
        half = Model(a, x)
        half.trainable = False
        other = Model(b, z)
        """,
        """
        from keras import layers, Input, Model
        a = Input((3,))
        b = Input((4,))
        x = layers.Dense(4)(a)
        x = layers.Dense(4)(x)
        z = layers.Dense(5)(b)
        both = layers.concatenate([x, z])
        model = Model([a, b], both)
        half = Model(a, x)
        half.trainable = False
        """,
    )


# Runs


def test_one_run_serves_all_lines_of_a_model():
    cells = _cells(
        """
        from keras import layers, Input, Model
        x = inputs = Input((3,))
        x = layers.Dense(4)(x)
        x = layers.Dense(5)(x)
        plt.show()
        x = layers.Dense(6)(x)
        model = Model(inputs, x)
        # %%
        y = inputs = Input((7,))
        """
    )
    subjects = [Subject(0, line, "x") for line in (2, 3, 4, 6)] + [Subject(0, 7, "model"), Subject(1, 1, "y")]
    first, second = runs(cells, subjects)
    assert [piece.first for piece in first.pieces] == [1, 2, 3, 4, 6, 7]
    assert [(seen.subject.line, seen.after) for seen in first.observations] == [
        (2, 1), (3, 2), (4, 3), (6, 4), (7, 5),
    ]  # fmt: skip
    assert [piece.code for piece in second.pieces] == [
        "from keras import layers, Input, Model",
        "y = inputs = Input((7,))",
    ]
    assert [seen.subject for seen in second.observations] == [subjects[-1]]


def test_a_model_is_looked_at_before_and_after_a_change():
    cells = _cells(
        """
        from models import base
        base.summary()
        base.trainable = False
        base.summary()
        """
    )
    (run,) = runs(cells, [Subject(0, 2, "base"), Subject(0, 4, "base")])
    assert [(seen.after, len(seen.slice.pieces)) for seen in run.observations] == [(0, 1), (1, 2)]


def test_long_documents_cost_little():
    def seconds(size):
        cells = ["from keras import layers, Sequential, Input\nn = 3"] + [
            f"x{number} = Input((n,))\nx = layers.Dense({number})(x{number})\n"
            "for i in range(n):\n    print(i)\n"
            "model = Sequential([x])\nmodel.fit(x, n)\nif n > 3:\n    n = 4\n"
            for number in range(size)
        ]
        subjects = [Subject(number, 5, "model") for number in range(size - 20, size)]
        start = time.process_time()
        runs(cells, subjects)
        return time.process_time() - start

    seconds(20)
    assert any(seconds(400) < 40 * seconds(40) + 0.1 for _ in range(4))


@pytest.mark.parametrize("form", ["x = layers.Dense(8)(x)", "x{next} = layers.Dense(8)(x{number})"])
def test_walks_of_many_subjects_share_their_way(form, monkeypatch):
    """A comment behind each line costs no more steps than there are lines, or a few times as many."""
    steps = []
    statement = Backward.statement
    monkeypatch.setattr(
        Backward, "statement", lambda walk, node, live: steps.append(node) or statement(walk, node, live)
    )
    lines = [form.format(number=number, next=number + 1) for number in range(200)]
    code = "\n".join(["from keras import Input, layers", "x = x0 = Input((8,))", *lines])
    subjects = [Subject(0, number + 3, line.split()[0]) for number, line in enumerate(lines)]
    (run,) = runs([code], subjects)
    assert len(run.observations) == 200
    assert len(steps) < 1000


def test_an_attribute_that_the_code_gives_to_a_module():
    _check(
        """
        import tensorflow as tf
        from data import rows
        tf.net = tf.keras.Sequential()
        tf.net.add(tf.keras.layers.Dense(3, input_dim=rows.width))
        tf.net.fit(rows)
        tf.net.summary()
        """,
        """
        import tensorflow as tf
        from data import rows
        tf.net = tf.keras.Sequential()
        tf.net.add(tf.keras.layers.Dense(3, input_dim=rows.width))
        """,
        "tf.net",
    )
