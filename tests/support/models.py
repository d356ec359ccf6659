"""Codes of models, of every kind that Keras has; each is what an author might put on a page."""

from __future__ import annotations

CHAINS = {
    "dense_on_a_sequence": """
        model = keras.Sequential([layers.Input((None, 50)), layers.Dense(128), layers.Dense(10)])""",
    "dense": """
        model = keras.Sequential([layers.Input((50,)), layers.Dense(128), layers.Dense(10)])""",
    "lstm": """
        model = keras.Sequential([layers.Input((None, 50)), layers.LSTM(64), layers.Dense(1)])""",
    "lstm_sequences": """
        model = keras.Sequential([
            layers.Input((None, 50)), layers.LSTM(64, return_sequences=True), layers.Dense(1)])""",
    "conv_flatten": """
        model = keras.Sequential([
            layers.Input((20, 50)), layers.Conv1D(32, 3), layers.Flatten(), layers.Dense(1)])""",
    "conv_pool": """
        model = keras.Sequential([
            layers.Input((None, 50)), layers.Conv1D(32, 3), layers.GlobalMaxPooling1D(), layers.Dense(1)])""",
    "fixed_batch": """
        model = keras.Sequential([layers.Input(batch_shape=(32, 50)), layers.Dense(4)])""",
}
"""The first table of the reference values, in its order."""

FAILING = """
    model = keras.Sequential([
        layers.Input((None, 50)), layers.Conv1D(32, 3), layers.Flatten(), layers.Dense(1)])"""

GRAPHS = {
    "shared": """
        a, b = keras.Input((10, 8), name="a"), keras.Input((20, 8), name="b")
        dense = layers.Dense(4, name="dense")
        model = keras.Model([a, b], [dense(a), dense(b)])""",
    "shared_in_a_row": """
        x = inputs = keras.Input((None, 8), name="in")
        dense = layers.Dense(8, name="dense")
        for _ in range(3):
            x = dense(x)
        model = keras.Model(inputs, layers.Add(name="sum")([inputs, x]))""",
    "branches": """
        inputs = keras.Input((32, 32, 3), name="image")
        a = layers.Conv2D(8, 3, padding="same", name="a")(inputs)
        b = layers.Conv2D(8, 5, padding="same", name="b")(inputs)
        model = keras.Model(inputs, layers.Concatenate(name="both")([a, b]))""",
    "dicts": """
        inputs = {"year": keras.Input((1,), name="year"), "name": keras.Input((None, 4), name="name")}
        name = layers.GRU(3, name="gru")(inputs["name"])
        both = layers.Concatenate(name="both")([inputs["year"], name])
        score, group = layers.Dense(1, name="to_score")(both), layers.Dense(5, name="to_group")(both)
        model = keras.Model(inputs, {"score": score, "group": group})""",
    "states": """
        inputs = keras.Input((None, 5), name="in")
        out, h, c = layers.LSTM(3, return_state=True, name="encode")(inputs)
        again = layers.LSTM(3, name="decode")(inputs, initial_state=[h, c])
        model = keras.Model(inputs, [out, again])""",
    "keywords": """
        q, v = keras.Input((4, 16), name="q"), keras.Input((4, 16), name="v")
        mask = keras.Input((4, 4), dtype="bool", name="mask")
        out, scores = layers.MultiHeadAttention(2, 8, name="attend")(
            q, v, attention_mask=mask, return_attention_scores=True)
        model = keras.Model([q, v, mask], [out, scores])""",
    "operations": """
        inputs = keras.Input((None, 8), name="in")
        x = keras.ops.mean(inputs, axis=1)
        a, b = keras.ops.split(layers.Dense(6, name="dense")(x), 2, axis=-1)
        model = keras.Model(inputs, keras.ops.concatenate([a * 2.0, -b[:, :1]], axis=-1))""",
    "intermediate": """
        inputs = keras.Input((32, 32, 3), name="image")
        crop = layers.Rescaling(2.0, name="scale")(inputs)
        conv = layers.Conv2D(2, 3, name="conv")(crop)
        whole = keras.Model(inputs, layers.GlobalAveragePooling2D()(conv))
        model = keras.Model(crop, conv)""",
    "input_is_output": """
        inputs = keras.Input((3,), name="in")
        model = keras.Model(inputs, [inputs, layers.Dense(2, name="dense")(inputs)])""",
    "numpy_sizes": """
        import numpy as np
        model = keras.Sequential([layers.Input((np.int64(5),)), layers.Reshape((np.int64(1), -1))])""",
    "transformer": """
        inputs = keras.Input((None,), dtype="int32", name="tokens")
        x = layers.Embedding(1000, 32, mask_zero=True)(inputs)
        for _ in range(2):
            x = layers.LayerNormalization()(x + layers.MultiHeadAttention(4, 8, dropout=0.1)(x, x))
            x = layers.LayerNormalization()(x + layers.Dense(32)(layers.Dense(64, activation="gelu")(x)))
        model = keras.Model(inputs, layers.Dense(1000)(x))""",
    "u_net": """
        x = inputs = keras.Input((None, None, 3))
        skips = []
        for filters in (4, 8):
            x = layers.BatchNormalization()(layers.Conv2D(filters, 3, padding="same")(x))
            skips.append(x)
            x = layers.MaxPooling2D()(x)
        for skip in reversed(skips):
            x = layers.Conv2DTranspose(skip.shape[-1], 2, 2)(x)
            x = layers.Conv2D(4, 3, padding="same")(layers.Concatenate()([x, skip]))
        model = keras.Model(inputs, x)""",
}

NESTED = {
    "nested": """
        inner = keras.Sequential([keras.Input((5,)), layers.Dense(4, name="one")], name="inner")
        model = keras.Sequential([keras.Input((5,)), inner, layers.Dense(3, name="two")], name="outer")""",
    "nested_twice": """
        inner = keras.Sequential([keras.Input((None, 5)), layers.Dense(4, name="one")], name="inner")
        a, b = keras.Input((7, 5), name="a"), keras.Input((9, 5), name="b")
        model = keras.Model([a, b], [inner(a), inner(b)])""",
    "model_in_a_layer": """
        class Twice(layers.Layer):
            def __init__(self, inner):
                super().__init__(name="twice")
                self.inner = inner
            def call(self, x):
                return self.inner(x) * 2.0
        inputs = keras.Input((None, 5), name="in")
        inner = keras.Model(inputs, layers.LSTM(4, name="lstm")(inputs), name="inner")
        model = keras.Model(inputs, Twice(inner)(inputs))""",
    "deeper": """
        model = keras.Sequential([keras.Input((2,)), layers.Dense(2)], name="level0")
        for level in range(1, 4):
            inputs = keras.Input((2,))
            model = keras.Model(inputs, layers.Dense(2)(model(inputs)), name=f"level{level}")""",
    "siamese": """
        class Distance(layers.Layer):
            def call(self, a, b):
                return keras.ops.sum(keras.ops.square(a - b), axis=-1, keepdims=True)
        tower = keras.Sequential([keras.Input((28, 28, 1)), layers.Conv2D(4, 3), layers.Flatten(),
                                  layers.Dense(8)], name="tower")
        a, b = keras.Input((28, 28, 1)), keras.Input((28, 28, 1))
        model = keras.Model([a, b], Distance()(tower(a), tower(b)))""",
    "frozen_nested": """
        base = keras.Sequential([keras.Input((5,)), layers.Dense(4), layers.BatchNormalization()])
        base.trainable = False
        model = keras.Sequential([keras.Input((5,)), base, layers.Dense(3)])""",
    "subclassed_inside": """
        class Block(keras.Model):
            def __init__(self):
                super().__init__()
                self.dense, self.norm = layers.Dense(8), layers.LayerNormalization()
            def call(self, x):
                return self.norm(self.dense(x))
        inputs = keras.Input((None, 50))
        model = keras.Model(inputs, layers.Dense(2)(Block()(inputs)))""",
    "subclass_of_functional": """
        class Net(keras.Model):
            def __init__(self, units):
                inputs = keras.Input((5,))
                super().__init__(inputs, layers.Dense(units)(inputs))
        model = Net(3)""",
    "composite": """
        model = keras.Sequential([
            keras.Input((None, 8)),
            layers.Bidirectional(layers.LSTM(4, return_sequences=True)),
            layers.RNN([layers.LSTMCell(3), layers.GRUCell(2)], return_sequences=True),
            layers.TimeDistributed(layers.Dense(5)),
            layers.SpectralNormalization(layers.Dense(2))])""",
}

WEIGHTS = {
    "batch_norm": """
        model = keras.Sequential([
            keras.Input((8, 8, 3)), layers.Conv2D(4, 3, use_bias=False), layers.BatchNormalization()])""",
    "frozen_layer": """
        model = keras.Sequential([keras.Input((5,)), layers.Dense(4), layers.Dense(3)])
        model.layers[0].trainable = False""",
    "frozen_variable": """
        model = keras.Sequential([keras.Input((5,)), layers.Dense(4)])
        model.layers[0].bias.trainable = False""",
    "tied": """
        embed = layers.Embedding(100, 8, name="embed")
        inputs = keras.Input((None,), dtype="int32")
        model = keras.Model(inputs, keras.ops.matmul(embed(inputs), keras.ops.transpose(embed.embeddings)))
        """,
    "seeds": """
        model = keras.Sequential([
            keras.Input((8, 8, 3)), layers.RandomFlip(), layers.RandomRotation(0.1),
            layers.Dropout(0.5), layers.GaussianNoise(0.1), layers.Flatten(), layers.Dense(1)])""",
    "mixed_precision": """
        keras.config.set_dtype_policy("mixed_float16")
        last = layers.Activation("relu", dtype="float32")
        model = keras.Sequential([keras.Input((8,)), layers.Dense(4), layers.Dense(2), last])""",
    "float64": """
        keras.config.set_floatx("float64")
        model = keras.Sequential([keras.Input((8,)), layers.Dense(4)])""",
    "bfloat16": """
        model = keras.Sequential([keras.Input((8,)), layers.Dense(4, dtype="bfloat16")])""",
    "own_layer": """
        class Scale(layers.Layer):
            def build(self, shape):
                self.scale = self.add_weight(shape=(shape[-1],), initializer="ones", name="scale")
                self.steps = self.add_weight(shape=(), dtype="int32", initializer="zeros", trainable=False)
                self.flag = self.add_weight(shape=(), dtype="bool", initializer="zeros", trainable=False)
                self.dice = self.add_weight(shape=(2,), dtype="int32", initializer="glorot_uniform")
            def call(self, x):
                return x * self.scale
        model = keras.Sequential([keras.Input((8,)), Scale(), layers.Dense(4)])""",
    "variable_in_layer": """
        class Shift(layers.Layer):
            def __init__(self):
                super().__init__()
                self.by = keras.Variable(3.0, name="by")
                self.table = keras.Variable(tf.ones((2, 3)), name="table", trainable=False)
            def call(self, x):
                return x + self.by
        model = keras.Sequential([keras.Input((8,)), Shift()])""",
    "stateful": """
        model = keras.Sequential([
            keras.Input(batch_shape=(4, None, 5)), layers.GRU(3, stateful=True), layers.Dense(2)])""",
    "lora": """
        model = keras.Sequential([keras.Input((8,)), layers.Dense(16)])
        model.layers[0].enable_lora(2)""",
    "regularized": """
        model = keras.Sequential([
            keras.Input((8,)), layers.Dense(4, kernel_regularizer="l2", kernel_constraint="max_norm")])""",
    "initializers": """
        class Own(keras.initializers.Initializer):
            def __call__(self, shape, dtype=None):
                print("filled", shape)
                return tf.fill(shape, tf.cast(0.5, dtype))
        def nothing(shape, dtype=None):
            return tf.zeros(shape, dtype)
        kinds = ["zeros", "ones", "glorot_uniform", "he_normal", "orthogonal", "truncated_normal",
                 keras.initializers.IdentityInitializer(), keras.initializers.Constant(2.0), Own(), nothing]
        model = keras.Sequential([keras.Input((4,))])
        for kind in kinds:
            model.add(layers.Dense(4, kernel_initializer=kind))""",
    "pretrained_embedding": """
        import numpy as np
        matrix = np.arange(60.0).reshape(20, 3)
        model = keras.Sequential([
            keras.Input((None,)), layers.Embedding(
                20, 3, embeddings_initializer=keras.initializers.Constant(matrix), trainable=False)])""",
    "given_weights": """
        import numpy as np
        model = keras.Sequential([keras.Input((3,)), layers.Dense(2)])
        model.set_weights([np.ones((3, 2)), np.zeros(2)])
        model.layers[0].bias.assign([1.0, 2.0])
        print(model.get_weights())
        print(model.weights[1], model.weights[1].value)""",
}

PREPROCESSING = {
    "text": """
        text = layers.TextVectorization(vocabulary=["a", "b"], output_sequence_length=7)
        model = keras.Sequential([
            keras.Input((1,), dtype="string"), text, layers.Embedding(text.vocabulary_size(), 4)])""",
    "lookups": """
        inputs = {"word": keras.Input((1,), dtype="string", name="word"),
                  "number": keras.Input((1,), dtype="int64", name="number"),
                  "age": keras.Input((1,), name="age")}
        parts = [layers.StringLookup(vocabulary=["a", "b"], output_mode="one_hot")(inputs["word"]),
                 layers.IntegerLookup(vocabulary=[4, 5], output_mode="multi_hot")(inputs["number"]),
                 layers.Normalization(mean=3.0, variance=2.0)(inputs["age"]),
                 layers.Discretization([1.0, 2.0, 3.0, 4.0, 5.0])(inputs["age"])]
        parts.append(layers.CategoryEncoding(6, "one_hot")(parts[-1]))
        model = keras.Model(inputs, parts)""",
    "adapted": """
        scale = layers.Normalization()
        scale.adapt(tf.reshape(tf.range(12.0), (4, 3)))
        model = keras.Sequential([keras.Input((3,)), scale, layers.Dense(2)])""",
    "lambda": """
        model = keras.Sequential([
            keras.Input((None, 8)), layers.Lambda(lambda x: tf.reduce_sum(x, axis=1)), layers.Dense(3)])""",
    "images": """
        model = keras.Sequential([
            keras.Input((None, None, 3)), layers.Resizing(32, 32), layers.Rescaling(1 / 255),
            layers.CenterCrop(24, 24), layers.RandomFlip("horizontal"), layers.RandomZoom(0.2),
            layers.RandomContrast(0.2), layers.RandomTranslation(0.1, 0.1)])""",
}

ACTIONS = {
    "reused_session": """
        keras.utils.clear_session()
        model = keras.Sequential([keras.Input((3,)), layers.Flatten(), layers.Dense(2)])""",
    "in_a_thread": """
        import threading
        made = []
        def make():
            made.append(keras.Sequential([keras.Input((3,)), layers.Dropout(0.5), layers.Dense(2)]))
        thread = threading.Thread(target=make)
        thread.start()
        thread.join()
        model = made[0]""",
    "printed": """
        model = keras.Sequential([keras.Input((3,)), layers.Dense(2)])
        model.compile("adam", "mse")
        model.summary()
        print(model.count_params(), [w.shape for w in model.weights], model.layers[0].kernel.dtype)
        print(model.optimizer.learning_rate.value, model.optimizer.iterations.numpy(), model.losses)""",
    "cloned": """
        first = keras.Sequential([keras.Input((3,)), layers.Dense(2)])
        model = keras.models.clone_model(first)""",
    "from_config": """
        first = keras.Sequential([keras.Input((3,)), layers.LSTM(2) if False else layers.Dense(2)])
        model = keras.Sequential.from_config(first.get_config())""",
    "own_variables": """
        import numpy as np
        a = np.ones(3)
        one, array, whole = keras.Variable(3.0), keras.Variable(a), keras.Variable(2, dtype="int32")
        keras.config.set_floatx("float64")
        print(keras.Variable(7), keras.Variable(7.5), keras.Variable(True), keras.Variable([1, 2]))
        a[0] = 9
        one.assign(one + 1)
        whole.assign_add(5)
        print(one, one.numpy(), float(one * 2), array.numpy(), array.dtype, whole, whole.value)
        model = keras.Sequential([keras.Input((3,)), layers.Dense(2)])""",
    "learning_rate": """
        model = keras.Sequential([keras.Input((3,)), layers.Dense(2)])
        model.compile(keras.optimizers.SGD(0.5), "mse")
        model.optimizer.learning_rate = 0.25
        print(model.optimizer.learning_rate.numpy(), model.optimizer.learning_rate)""",
    "called_again": """
        model = keras.Sequential([keras.Input((None, 3)), layers.Dense(2)])
        print(model(keras.Input((7, 3))).shape, model(keras.Input((None, 3))).shape)""",
    "extended": """
        model = keras.Sequential([keras.Input((3,)), layers.Dense(2)])
        model.add(layers.Dense(4))
        model.pop()
        model.add(layers.Dense(5))""",
    "known_values": """
        norm = layers.BatchNormalization()
        model = keras.Sequential([keras.Input((3,)), layers.Dense(2), norm, layers.Dropout(0.5, seed=1)])
        print(model.layers[0].bias.numpy(), norm.gamma, norm.moving_variance.value, norm.get_weights())
        mean = keras.metrics.Mean()
        mean.update_state([1.0, 3.0])
        mean.update_state([5.0])
        print(float(mean.result()), mean.variables)
        seed = keras.random.SeedGenerator(3)
        print(keras.random.normal((2,), seed=seed), keras.random.normal((2,), seed=seed), seed.state)
        print(layers.RandomFlip(seed=4)(tf.ones((1, 2, 2, 3))).shape)""",
    "regularized_and_given": """
        dense = layers.Dense(2, kernel_regularizer="l2", use_bias=False)
        model = keras.Sequential([keras.Input((3,)), dense])
        model.set_weights([tf.ones((3, 2))])
        print(model.losses)""",
    "talking_initializer": """
        def fill(shape, dtype=None):
            print("fills", shape)
            return tf.ones(shape, dtype)
        class Scale(layers.Layer):
            def build(self, shape):
                self.scale = self.add_weight(shape=(shape[-1],), initializer=fill)
            def call(self, x):
                return x * self.scale
        model = keras.Sequential([keras.Input((8,)), Scale(), layers.Dense(4)])""",
    "added_losses": """
        model = keras.Sequential([keras.Input((3,)), layers.Dense(2)])
        layer = layers.ActivityRegularization(l2=0.5)
        layer(tf.ones((2, 3)))
        print(layer.losses, model.losses)
        layer(tf.ones((4, 3)))
        print(layer.losses)""",
    "many_given": """
        import numpy as np
        for number in range(5):
            model = keras.Sequential([keras.Input((3,)), layers.Dense(2, use_bias=False)])
            model.set_weights([np.full((3, 2), number)])
            print(model.layers[0].kernel.numpy())""",
    "tensors": """
        print(tf.reduce_sum(tf.ones((2, 3))), keras.ops.ones((2,)), tf.Variable(2.0))
        model = keras.Sequential([keras.Input((3,)), layers.Dense(2)])""",
}

APPLICATIONS = {
    "VGG16": 138_357_544,
    "MobileNetV2": 3_538_984,
}

LAYERS = {
    (8,): (
        "Activation('relu') ActivityRegularization(0.1) AlphaDropout(0.1) BatchNormalization() Dense(3) "
        "Dropout(0.1) ELU() EinsumDense('ab,bc->ac',4) Flatten() GaussianDropout(0.1) Identity() "
        "LayerNormalization() LeakyReLU() Masking() Normalization() PReLU() RepeatVector(3) "
        "Reshape((2,-1)) ReLU() Softmax() UnitNormalization()"
    ),
    (6, 8): (
        "AveragePooling1D(2) Bidirectional(layers.GRU(3)) Conv1D(4,3,2,'causal') Conv1DTranspose(4,3) "
        "Cropping1D() DepthwiseConv1D(3,depth_multiplier=2) GlobalAveragePooling1D() GlobalMaxPooling1D() "
        "GroupNormalization(2) GRU(3,reset_after=False) LSTM(3,unit_forget_bias=False) MaxPooling1D() "
        "Permute((2,1)) SeparableConv1D(4,3) SimpleRNN(3) SpatialDropout1D(0.1) UpSampling1D() "
        "ZeroPadding1D()"
    ),
    (8, 8, 4): (
        "AveragePooling2D(2) Conv2D(6,3,groups=2) Conv2DTranspose(6,3,2) ConvLSTM1D(2,3) Cropping2D() "
        "DepthwiseConv2D(3) GlobalAveragePooling2D(keepdims=True) GlobalMaxPooling2D() MaxPooling2D() "
        "SeparableConv2D(6,3) SpatialDropout2D(0.1) UpSampling2D() ZeroPadding2D() RandomCrop(4,4) "
        "TimeDistributed(layers.LSTM(2))"
    ),
    (4, 6, 6, 2): (
        "AveragePooling3D(2) Conv3D(3,2) Conv3DTranspose(3,2) ConvLSTM2D(2,3,return_sequences=True) "
        "Cropping3D() GlobalAveragePooling3D() GlobalMaxPooling3D() MaxPooling3D() SpatialDropout3D(0.1) "
        "UpSampling3D() ZeroPadding3D()"
    ),
    (4, 5, 6, 6, 2): "ConvLSTM3D(2,3)",
}


def zoo() -> str:
    """Return the code of one model with a branch for each layer of ``LAYERS``."""
    lines = ["inputs, outputs = [], []"]
    for shape, calls in LAYERS.items():
        made = ", ".join(f"layers.{call}" for call in calls.split())
        lines += [
            f"inputs.append(keras.Input({shape}))",
            f"outputs += [layer(inputs[-1]) for layer in [{made}]]",
        ]
    return "\n".join([*lines, "model = keras.Model(inputs, outputs)"])


def compiled(policy: str = "float32") -> str:
    """Return the code of a model that is compiled with all optimizers and losses, and much else."""
    return f'''
        def public(module, but):
            return [kind for name, kind in vars(module).items() if isinstance(kind, type) and name not in but]
        keras.config.set_dtype_policy("{policy}")
        rates = keras.optimizers.schedules
        rates = [0.1, rates.ExponentialDecay(0.1, 10, 0.9), rates.CosineDecay(0.1, 10),
                 rates.PiecewiseConstantDecay([5], [0.1, 0.01]), lambda: 0.1]
        wrappers = ("Optimizer", "LossScaleOptimizer", "OptimizerMap", "MultiOptimizer")
        optimizers = public(keras.optimizers, wrappers)
        losses = public(keras.losses, ("Loss",))
        kinds = keras.metrics
        metrics = ["mae", "accuracy", kinds.AUC(), kinds.Precision(), kinds.MeanIoU(2), kinds.F1Score(),
                   kinds.R2Score(), kinds.TopKCategoricalAccuracy(3)]
        model = keras.Sequential([keras.Input((3,)), layers.Dense(2)])
        for kind in optimizers:
            for rate in rates[:1] if kind.__name__ == "ScheduleFreeAdamW" else rates:
                model.compile(kind(learning_rate=rate), "mse", metrics=metrics)
            model.compile(kind(clipnorm=1.0, use_ema=True), "mae")
            model.compile(keras.optimizers.LossScaleOptimizer(kind()), losses[0]())
        for loss in losses:
            model.compile("adam", loss(), weighted_metrics=["mse"])
        print(len(optimizers), len(losses), type(model.optimizer).__name__)'''


ALL = {**CHAINS, **GRAPHS, **NESTED, **WEIGHTS, **PREPROCESSING, **ACTIONS}
QUICK = [
    *("lstm", "conv_flatten", "shared", "dicts", "states", "operations", "nested_twice", "model_in_a_layer"),
    *("subclassed_inside", "batch_norm", "tied", "mixed_precision", "lora", "lookups", "adapted", "printed"),
    *("own_variables", "many_given"),
]
"""Some of each kind."""
