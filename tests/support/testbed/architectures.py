"""Subclassed models of the kinds that people write, each with the input that it takes."""

from __future__ import annotations

_BLOCK = """
class Block(layers.Layer):
    def __init__(self, width, heads, **more):
        super().__init__(**more)
        self.attend = layers.MultiHeadAttention(heads, width // heads)
        self.norms = [layers.LayerNormalization(), layers.LayerNormalization()]
        self.inner, self.outer = layers.Dense(2 * width, activation="gelu"), layers.Dense(width)
        self.drop = layers.Dropout(0.1)

    def call(self, x, training=False):
        x = self.norms[0](x + self.drop(self.attend(x, x), training=training))
        return self.norms[1](x + self.outer(self.inner(x)))
"""

ARCHITECTURES = {
    "vae": (
        """
class Sampling(layers.Layer):
    def call(self, inputs):
        mean, spread = inputs
        return mean + tf.exp(spread / 2) * tf.random.normal(tf.shape(mean))

class VAE(keras.Model):
    def __init__(self):
        super().__init__()
        self.hidden, self.mean, self.spread = layers.Dense(16), layers.Dense(2), layers.Dense(2)
        self.sample = Sampling()
        self.decoder = keras.Sequential([layers.Dense(16, activation="relu"), layers.Dense(12)])

    def call(self, x):
        hidden = self.hidden(x)
        mean, spread = self.mean(hidden), self.spread(hidden)
        return self.decoder(self.sample([mean, spread])), mean, spread

model = VAE()""",
        "(None, 12)",
    ),
    "gan": (
        """
class GAN(keras.Model):
    def __init__(self):
        super().__init__()
        self.generator = keras.Sequential([layers.Dense(7 * 7 * 4), layers.Reshape((7, 7, 4)),
            layers.Conv2DTranspose(1, 4, strides=2, padding="same")])
        self.discriminator = keras.Sequential([layers.Conv2D(4, 3), layers.Flatten(), layers.Dense(1)])

    def call(self, noise):
        return self.discriminator(self.generator(noise))

model = GAN()""",
        "(None, 8)",
    ),
    "encoder_decoder": (
        """
class Translator(keras.Model):
    def __init__(self):
        super().__init__()
        self.embed_in, self.embed_out = layers.Embedding(50, 8), layers.Embedding(60, 8)
        self.encoder = layers.Bidirectional(layers.LSTM(4, return_sequences=True))
        self.decoder = layers.GRU(8, return_sequences=True)
        self.attend = layers.Attention()
        self.out = layers.Dense(60)

    def call(self, source, target):
        memory = self.encoder(self.embed_in(source))
        state = self.decoder(self.embed_out(target))
        return self.out(tf.concat([state, self.attend([state, memory])], -1))

model = Translator()""",
        "[(None, None) int32, (None, None) int32]",
    ),
    "siamese": (
        """
class Siamese(keras.Model):
    def __init__(self):
        super().__init__()
        self.tower = keras.Sequential([layers.Dense(8, activation="relu"), layers.Dense(4)])
        self.distance = layers.Lambda(lambda pair: tf.abs(pair[0] - pair[1]))
        self.same = layers.Dense(1, activation="sigmoid")

    def call(self, inputs):
        left, right = inputs
        return self.same(self.distance([self.tower(left), self.tower(right)]))

model = Siamese()""",
        "[(None, 10), (None, 10)]",
    ),
    "u_net": (
        """
class Twice(layers.Layer):
    def __init__(self, filters, **more):
        super().__init__(**more)
        self.steps = [layers.Conv2D(filters, 3, padding="same", activation="relu") for _ in range(2)]
        self.norm = layers.BatchNormalization()

    def call(self, x):
        for step in self.steps:
            x = step(x)
        return self.norm(x)

class UNet(keras.Model):
    def __init__(self):
        super().__init__()
        self.down = [Twice(4, name="down_4"), Twice(8, name="down_8")]
        self.pool, self.middle = layers.MaxPooling2D(2), Twice(16, name="middle")
        self.up = [layers.Conv2DTranspose(8, 2, strides=2), layers.Conv2DTranspose(4, 2, strides=2)]
        self.merge = [Twice(8, name="up_8"), Twice(4, name="up_4")]
        self.out = layers.Conv2D(2, 1)

    def call(self, x):
        skips = []
        for block in self.down:
            x = block(x)
            skips.append(x)
            x = self.pool(x)
        x = self.middle(x)
        for up, merge in zip(self.up, self.merge):
            x = merge(tf.concat([up(x), skips.pop()], -1))
        return self.out(x)

model = UNet()""",
        "(None, 32, 32, 3)",
    ),
    "transformer": (
        _BLOCK
        + """
class Transformer(keras.Model):
    def __init__(self):
        super().__init__()
        self.words, self.places = layers.Embedding(40, 8), layers.Embedding(300, 8)
        self.blocks = [Block(8, 2) for _ in range(3)]
        self.out = layers.Dense(40)

    def call(self, tokens, training=False):
        x = self.words(tokens) + self.places(tf.range(tf.shape(tokens)[1]))
        for block in self.blocks:
            x = block(x, training=training)
        return self.out(x)

model = Transformer()""",
        "(None, None) int32",
    ),
    "vit": (
        _BLOCK
        + """
class ViT(keras.Model):
    def __init__(self):
        super().__init__()
        self.patches = layers.Conv2D(8, 8, strides=8)
        self.flat = layers.Reshape((-1, 8))
        self.cls_token = self.add_weight(shape=(1, 1, 8), name="cls_token")
        self.positions = self.add_weight(shape=(1, 17, 8), name="positions")
        self.blocks = [Block(8, 2, name=f"block_{n}") for n in range(2)]
        self.head = layers.Dense(5)

    def call(self, images):
        x = self.flat(self.patches(images))
        token = tf.repeat(keras.ops.convert_to_tensor(self.cls_token), tf.shape(x)[0], axis=0)
        x = tf.concat([token, x], 1) + self.positions
        for block in self.blocks:
            x = block(x)
        return self.head(x[:, 0])

model = ViT()""",
        "(None, 32, 32, 3)",
    ),
    "training_flag": (
        """
class WithHead(keras.Model):
    def __init__(self):
        super().__init__()
        self.body, self.out = layers.Dense(8), layers.Dense(2)
        self.drop, self.extra = layers.Dropout(0.5), layers.Dense(3)

    def call(self, x, training=False):
        x = self.drop(self.body(x), training=training)
        if training:
            self.extra(x)
        return self.out(x)

model = WithHead()""",
        "(None, 6)",
    ),
    "dicts": (
        """
class Multi(keras.Model):
    def __init__(self):
        super().__init__()
        self.embed, self.number = layers.Embedding(20, 4), layers.Dense(4)
        self.heads = {"score": layers.Dense(1), "group": layers.Dense(5)}
        self.pool = layers.GlobalAveragePooling1D()

    def call(self, inputs):
        words = self.pool(self.embed(inputs["words"]))
        x = words + self.number(inputs["numbers"])
        return {name: head(x) for name, head in self.heads.items()}

model = Multi()""",
        '{"words": (None, None) int32, "numbers": (None, 3)}',
    ),
    "shared": (
        """
class Branch(layers.Layer):
    def __init__(self, common, **more):
        super().__init__(**more)
        self.common, self.own = common, layers.Dense(4)

    def call(self, x):
        return self.own(self.common(x))

class Shared(keras.Model):
    def __init__(self):
        super().__init__()
        common = layers.Dense(6)
        self.left, self.right = Branch(common, name="left"), Branch(common, name="right")
        self.words = layers.Embedding(12, 4)

    def call(self, x):
        x = self.left(x) + self.right(x)
        return tf.matmul(x, keras.ops.convert_to_tensor(self.words(tf.range(12))), transpose_b=True)

model = Shared()""",
        "(None, 5)",
    ),
    "resnet": (
        """
class Residual(layers.Layer):
    def __init__(self, filters, strides=1, **more):
        super().__init__(**more)
        self.first = layers.Conv2D(filters, 3, strides=strides, padding="same", use_bias=False)
        self.second = layers.Conv2D(filters, 3, padding="same", use_bias=False)
        self.norms = [layers.BatchNormalization() for _ in range(2)]
        self.short = layers.Conv2D(filters, 1, strides=strides) if strides > 1 else layers.Identity()

    def call(self, x, training=False):
        y = tf.nn.relu(self.norms[0](self.first(x), training=training))
        return tf.nn.relu(self.norms[1](self.second(y), training=training) + self.short(x))

class ResNet(keras.Model):
    def __init__(self):
        super().__init__()
        self.stem = layers.Conv2D(4, 3, padding="same")
        self.stages = [Residual(4), Residual(8, 2), Residual(8), Residual(16, 2)]
        self.pool, self.head = layers.GlobalAveragePooling2D(), layers.Dense(10)

    def call(self, x, training=False):
        x = self.stem(x)
        for stage in self.stages:
            x = stage(x, training=training)
        return self.head(self.pool(x))

model = ResNet()""",
        "(None, None, None, 3)",
    ),
    "with_a_functional": (
        """
class Net(keras.Model):
    def __init__(self):
        super().__init__()
        inputs = keras.Input((None, None, 3))
        x = layers.Conv2D(4, 3, name="conv")(inputs)
        self.backbone = keras.Model(inputs, layers.GlobalMaxPooling2D()(x), name="backbone")
        self.head = layers.Dense(2)

    def call(self, images):
        return self.head(self.backbone(images))

model = Net()""",
        "(None, 16, 16, 3)",
    ),
    "wrappers": (
        """
class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.both = layers.Bidirectional(layers.GRU(3, return_sequences=True))
        self.each = layers.TimeDistributed(layers.Dense(4))
        self.rnn = layers.RNN([layers.LSTMCell(3), layers.GRUCell(2)])

    def call(self, x):
        return self.rnn(self.each(self.both(x)))

model = Net()""",
        "(None, None, 5)",
    ),
    "raw_operations": (
        """
class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.first, self.second = layers.Dense(8), layers.Dense(3)

    def call(self, x):
        x = tf.nn.relu(self.first(x))
        x = keras.ops.concatenate([x, tf.square(x)], axis=-1)
        return keras.ops.softmax(self.second(tf.reduce_mean(x, axis=1)))

model = Net()""",
        "(None, None, 4)",
    ),
    "uncalled": (
        """
class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.used, self.spare = layers.Dense(4), layers.Dense(5)

    def call(self, x):
        return self.used(x)

model = Net()""",
        "(None, 3)",
    ),
    "colliding_names": (
        """
class Inner(layers.Layer):
    def __init__(self, units, **more):
        super().__init__(**more)
        self.dense = layers.Dense(units, name="dense")

    def call(self, x):
        return self.dense(x)

class Middle(layers.Layer):
    def __init__(self, **more):
        super().__init__(**more)
        self.parts = [Inner(3, name="block"), Inner(4, name="block")]

    def call(self, x):
        for part in self.parts:
            x = part(x)
        return x

class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.parts = [Middle(name="block"), Middle(name="block")]

    def call(self, x):
        for part in self.parts:
            x = part(x)
        return x

model = Net()""",
        "(None, 5)",
    ),
    "frozen": (
        """
class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.body = keras.Sequential([layers.Dense(4), layers.BatchNormalization()])
        self.body.trainable = False
        self.head = layers.Dense(2)

    def call(self, x):
        return self.head(self.body(x))

model = Net()""",
        "(None, 3)",
    ),
    "autoencoder_of_sequences": (
        """
class Auto(keras.Model):
    def __init__(self):
        super().__init__()
        self.encoder = layers.LSTM(6, return_state=True)
        self.repeat = layers.RepeatVector(9)
        self.decoder = layers.LSTM(6, return_sequences=True)
        self.out = layers.TimeDistributed(layers.Dense(2))

    def call(self, x):
        code, *state = self.encoder(x)
        return self.out(self.decoder(self.repeat(code), initial_state=state))

model = Auto()""",
        "(None, 9, 2)",
    ),
    "mixture_of_experts": (
        """
class Mixture(keras.Model):
    def __init__(self):
        super().__init__()
        self.gate = layers.Dense(3, activation="softmax")
        self.experts = [layers.Dense(4, name=f"expert_{n}") for n in range(3)]

    def call(self, x):
        weights = self.gate(x)
        made = tf.stack([expert(x) for expert in self.experts], axis=1)
        return tf.einsum("be,bef->bf", weights, made)

model = Mixture()""",
        "(None, 6)",
    ),
}

VALUES = {
    "a_branch_on_values": (
        """
class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.small, self.large = layers.Dense(4), layers.Dense(4)

    def call(self, x):
        return self.large(x) if tf.reduce_sum(x) > 0 else self.small(x)

model = Net()""",
        "(None, 3)",
    ),
    "numpy": (
        """
import numpy as np

class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.out = layers.Dense(2)

    def call(self, x):
        return self.out(np.sort(x.numpy(), axis=1))

model = Net()""",
        "(None, None, 4)",
    ),
    "half_of_the_steps": (
        """
class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.out = layers.Dense(2)

    def call(self, x):
        return self.out(x[:, : x.shape[1] // 2])

model = Net()""",
        "(None, None, 4)",
    ),
}
"""Models whose call needs values, or sizes."""
