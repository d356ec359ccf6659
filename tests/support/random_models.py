"""Random Keras programs, as text.

``programs()`` draws programs whose shapes fit as far as it can tell; a few are meant not to.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from hypothesis import strategies as st

OWN = """
class Taken(layers.Layer):
    def __init__(self, last, **more):
        super().__init__(**more)
        self.last = last

    def call(self, x):
        return keras.ops.take(x, [0, self.last], axis=1)


class Positioned(layers.Layer):
    def __init__(self, rows, size, **more):
        super().__init__(**more)
        self.table = layers.Embedding(rows, size)

    def call(self, x, mask=None):
        return x + self.table(keras.ops.arange(keras.ops.shape(x)[1]))


class Doubled(layers.Layer):
    def call(self, x, training=False):
        return keras.ops.concatenate([x, x], axis=-1)

    def compute_output_shape(self, shape):
        return (*shape[:-1], 2 * shape[-1])


class Halved(layers.Layer):
    def call(self, x):
        return x[:, ::2]
"""
"""Layers of an author's own: some refuse sizes only when they compute."""


class Open(NamedTuple):
    """A size that is open: equal values are equal sizes."""

    base: str
    more: int = 0


Dim = int | Open
Dims = tuple[Dim, ...]


class Program(NamedTuple):
    """The code of a model; the dimensions of its inputs, which are sizes or names of axes."""

    code: str
    inputs: tuple[tuple[str, tuple[int | str, ...], str], ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The named axes."""
        return tuple(dict.fromkeys(dim for _, dims, _ in self.inputs for dim in dims if isinstance(dim, str)))

    @property
    def axes(self) -> str:
        """The ``:axes:`` option."""
        lists = {
            name: ", ".join(dim for dim in dims if isinstance(dim, str)) for name, dims, _ in self.inputs
        }
        if len(lists) == 1:
            return next(iter(lists.values()))
        return " | ".join(f"{name}: {names}" for name, names in lists.items() if names)


class Unfit(Exception):
    """That a layer does not take a tensor of such dimensions."""


class TensorSpec(NamedTuple):
    """A variable of the program that holds a tensor."""

    name: str
    dims: Dims
    kind: str = "float32"


class Made(NamedTuple):
    """A layer: its class, its arguments, and what it does with dimensions."""

    type: str
    arguments: tuple[str, ...]
    shape: Callable[[Dims], Dims]

    def code(self, *more: str) -> str:
        return f"layers.{self.type}({', '.join((*self.arguments, *more))})"


Draw = Callable[[st.SearchStrategy[Any]], Any]
Maker = Callable[[Draw, Dims], Made]


def number(draw: Draw, most: int, least: int = 1) -> int:
    return draw(st.integers(least, most))


def chance(draw: Draw, one_in: int) -> bool:
    return draw(st.integers(1, one_in)) == one_in


# What becomes of a size.


def shifted(dim: Dim, more: int) -> Dim:
    if isinstance(dim, Open):
        return Open(dim.base, dim.more + more)
    if dim + more < 1:
        raise Unfit
    return dim + more


def times(dim: Dim, count: int) -> Dim:
    if isinstance(dim, Open):
        return dim if count == 1 else Open(f"{count}*({dim.base}{dim.more:+d})")
    return dim * count


def window(dim: Dim, size: int, stride: int, padding: str) -> Dim:
    if padding != "valid":
        dim = shifted(dim, size - 1)
    if stride == 1:
        return shifted(dim, 1 - size)
    if isinstance(dim, Open):
        return Open(f"({dim.base}{dim.more - size:+d})//{stride}", 1)
    if dim < size:
        raise Unfit
    return (dim - size) // stride + 1


def product(dims: Dims) -> Dim:
    opened = [dim for dim in dims if isinstance(dim, Open)]
    fixed = math.prod(dim for dim in dims if isinstance(dim, int))
    if len(opened) > 1:
        return Open(f"{fixed}*{'*'.join(sorted(f'({dim.base}{dim.more:+d})' for dim in opened))}")
    return times(opened[0], fixed) if opened else fixed


def known(dim: Dim) -> int:
    if isinstance(dim, Open):
        raise Unfit
    return dim


# Layers of one input.


def last(count: int) -> Callable[[Dims], Dims]:
    return lambda dims: (*dims[:-1], count)


def same(dims: Dims) -> Dims:
    return dims


def dense(draw: Draw, dims: Dims) -> Made:
    count = number(draw, 6)
    activation = draw(st.sampled_from(["", "activation='relu'", "use_bias=False"]))
    return Made("Dense", (str(count), activation)[: 1 + bool(activation)], last(count))


def plain(draw: Draw, dims: Dims) -> Made:
    kind = draw(
        st.sampled_from(
            ["Dropout(0.5", "GaussianNoise(0.1", "ReLU(", "LeakyReLU(", "Activation('tanh'", "Identity("]
        )
    )
    name, _, argument = kind.partition("(")
    return Made(name, (argument,) if argument else (), same)


def normalization(draw: Draw, dims: Dims) -> Made:
    kind = draw(
        st.sampled_from(["LayerNormalization", "BatchNormalization", "BatchNormalization(scale=False"])
    )
    name, _, argument = kind.partition("(")
    return Made(name, (argument,) if argument else (), same)


def flatten(draw: Draw, dims: Dims) -> Made:
    return Made("Flatten", (), lambda dims: (dims[0], product(dims[1:])))


def reshape(draw: Draw, dims: Dims) -> Made:
    """Split what is fixed into two factors; what is open goes into the first of them."""
    fixed = math.prod(dim for dim in dims[1:] if isinstance(dim, int))
    second = draw(st.sampled_from([count for count in range(1, fixed + 1) if fixed % count == 0][:12]))
    if chance(draw, 12):
        second += 1

    def shape(dims: Dims) -> Dims:
        size = product(dims[1:])
        if isinstance(size, Open):
            fixed = math.prod(dim for dim in dims[1:] if isinstance(dim, int))
            opened = [dim for dim in dims[1:] if isinstance(dim, Open)]
            if len(opened) == 1 and fixed % second == 0:
                return dims[0], times(opened[0], fixed // second), second
            return dims[0], Open(f"({size.base}{size.more:+d})/{second}"), second
        if size % second:
            raise Unfit
        return dims[0], size // second, second

    return Made("Reshape", (f"(-1, {second})",), shape)


def permute(draw: Draw, dims: Dims) -> Made:
    order = draw(st.permutations(range(1, len(dims))))
    return Made("Permute", (f"{tuple(order)}",), lambda dims: (dims[0], *(dims[axis] for axis in order)))


def repeat(draw: Draw, dims: Dims) -> Made:
    count = number(draw, 4)
    return Made("RepeatVector", (str(count),), lambda dims: (dims[0], count, dims[1]))


def recurrent(draw: Draw, dims: Dims) -> Made:
    kind = draw(st.sampled_from(["LSTM", "GRU", "SimpleRNN"]))
    count, sequences = number(draw, 4), draw(st.booleans())
    arguments = (str(count), *(["return_sequences=True"] if sequences else []))
    return Made(kind, arguments, lambda dims: (dims[0], dims[1], count) if sequences else (dims[0], count))


def bidirectional(draw: Draw, dims: Dims) -> Made:
    inner = recurrent(draw, dims)
    mode = draw(st.sampled_from(["concat", "sum", "ave"]))

    def shape(dims: Dims) -> Dims:
        made = inner.shape(dims)
        return (*made[:-1], times(made[-1], 2)) if mode == "concat" else made

    return Made("Bidirectional", (inner.code(), f"merge_mode={mode!r}"), shape)


def distributed(draw: Draw, dims: Dims) -> Made:
    inner = layer(draw, (dims[0], *dims[2:]))

    def shape(dims: Dims) -> Dims:
        first, *others = inner.shape((dims[0], *dims[2:]))
        return (first, dims[1], *others)

    return Made("TimeDistributed", (inner.code(),), shape)


def convolution(draw: Draw, dims: Dims) -> Made:
    rank = len(dims) - 2
    known(dims[-1])
    kind = draw(st.sampled_from(["Conv", "Conv", "SeparableConv", "DepthwiseConv"]))
    sizes = [number(draw, 3) for _ in range(rank)]
    stride = draw(st.sampled_from([1, 1, 2, 3]))
    dilation = draw(st.sampled_from([1, 1, 2])) if stride == 1 else 1
    padding = draw(st.sampled_from(["valid", "same", "causal"][: 3 if rank == 1 and kind == "Conv" else 2]))
    count = number(draw, 5)
    arguments = [] if kind == "DepthwiseConv" else [str(count)]
    arguments += [str(sizes[0] if rank == 1 else tuple(sizes))]
    arguments += [f"strides={stride}"] if stride > 1 else []
    arguments += [f"dilation_rate={dilation}"] if dilation > 1 else []
    arguments += [f"padding={padding!r}"] if padding != "valid" else []

    def shape(dims: Dims) -> Dims:
        spans = [(size - 1) * dilation + 1 for size in sizes]
        windows = [window(dim, span, stride, padding) for dim, span in zip(dims[1:-1], spans, strict=True)]
        return (dims[0], *windows, dims[-1] if kind == "DepthwiseConv" else count)

    return Made(f"{kind}{rank}D", tuple(arguments), shape)


def transposed(draw: Draw, dims: Dims) -> Made:
    rank = len(dims) - 2
    known(dims[-1])
    size, stride, count = number(draw, 3), number(draw, 2), number(draw, 4)
    padding = draw(st.sampled_from(["valid", "same"]))

    def shape(dims: Dims) -> Dims:
        more = max(size - stride, 0) if padding == "valid" else 0
        return (dims[0], *(shifted(times(dim, stride), more) for dim in dims[1:-1]), count)

    arguments = (str(count), str(size), f"strides={stride}", f"padding={padding!r}")
    return Made(f"Conv{rank}DTranspose", arguments, shape)


def pooling(draw: Draw, dims: Dims) -> Made:
    rank = len(dims) - 2
    kind = draw(st.sampled_from(["MaxPooling", "AveragePooling"]))
    size = number(draw, 3)
    stride = draw(st.sampled_from([size, size, 1, 2]))
    padding = draw(st.sampled_from(["valid", "valid", "same"]))
    arguments = [str(size)]
    arguments += [f"strides={stride}"] if stride != size else []
    arguments += [f"padding={padding!r}"] if padding != "valid" else []

    def shape(dims: Dims) -> Dims:
        return (dims[0], *(window(dim, size, stride, padding) for dim in dims[1:-1]), dims[-1])

    return Made(f"{kind}{rank}D", tuple(arguments), shape)


def global_pooling(draw: Draw, dims: Dims) -> Made:
    rank = len(dims) - 2
    kind = draw(st.sampled_from(["GlobalMaxPooling", "GlobalAveragePooling"]))
    keep = chance(draw, 3)

    def shape(dims: Dims) -> Dims:
        return (dims[0], *([1] * rank if keep else []), dims[-1])

    return Made(f"{kind}{rank}D", ("keepdims=True",) if keep else (), shape)


def resampling(draw: Draw, dims: Dims) -> Made:
    rank = len(dims) - 2
    kind = draw(st.sampled_from(["UpSampling", "ZeroPadding", "Cropping"]))
    count = number(draw, 2)

    def shape(dims: Dims) -> Dims:
        sizes = {
            "UpSampling": lambda dim: times(dim, count),
            "ZeroPadding": lambda dim: shifted(dim, 2 * count),
            "Cropping": lambda dim: shifted(dim, -2 * count),
        }[kind]
        return (dims[0], *map(sizes, dims[1:-1]), dims[-1])

    return Made(f"{kind}{rank}D", (str(count),), shape)


def makers(dims: Dims) -> list[Maker]:
    """Return what may take a tensor of such dimensions."""
    found: list[Maker] = [plain, flatten, reshape, permute]
    if isinstance(dims[-1], int):
        found += [dense, dense, normalization]
    if len(dims) == 2:
        return [*found, repeat]
    if len(dims) == 3 and isinstance(dims[-1], int):
        found += [recurrent, recurrent, bidirectional]
    found += [distributed, pooling, global_pooling, resampling]
    return [*found, convolution, convolution, transposed] if isinstance(dims[-1], int) else found


def layer(draw: Draw, dims: Dims) -> Made:
    """Draw a layer that takes a tensor of such dimensions."""
    made = draw(st.sampled_from(makers(dims)))(draw, dims)
    try:
        made.shape(dims)
    except Unfit:
        return dense(draw, dims) if isinstance(dims[-1], int) else Made("Identity", (), same)
    return made


class Graph:
    """The lines of a program that make one functional model."""

    def __init__(self, draw: Draw, lines: list[str], names: Iterator[int], depth: int) -> None:
        self.draw = draw
        self.lines = lines
        self.names = names
        self.depth = depth
        self.tensors: list[TensorSpec] = []
        self.layers: list[tuple[str, Made, Dims]] = []
        self.models: list[tuple[str, tuple[Dims, ...], tuple[Dims, ...], str]] = []

    def name(self, prefix: str) -> str:
        return f"{prefix}{next(self.names)}"

    def set(self, name: str, code: str) -> None:
        self.lines.append(f"{name} = {code}")

    def add(self, code: str, dims: Dims, kind: str = "float32") -> None:
        name = self.name("x")
        self.set(name, code)
        self.tensors.append(TensorSpec(name, dims, kind))

    def pick(self, fits: Callable[[TensorSpec], bool] = lambda _: True) -> TensorSpec:
        """Draw a tensor, late ones first."""
        found = [one for one in reversed(self.tensors) if fits(one)]
        if not found:
            raise Unfit
        return self.draw(st.sampled_from(found[:4]))

    def float(self) -> TensorSpec:
        return self.pick(lambda one: one.kind == "float32" and len(one.dims) > 1)

    def code(self, made: Made) -> str:
        """Write a layer, with some arguments that all layers take."""
        found = []
        if chance(self.draw, 10):
            found.append("trainable=False")
        # Keras says another dtype for a wrapper than the layer inside gives.
        if made.type not in ("TimeDistributed", "Bidirectional") and chance(self.draw, 12):
            found.append(f"dtype={self.draw(st.sampled_from(['mixed_float16', 'float64', 'bfloat16']))!r}")
        if chance(self.draw, 6):
            found.append(f"name='{self.name('layer')}'")
        return made.code(*found)

    def input(self, name: str, batch: Dim) -> None:
        """Add an input of the whole program."""
        whole = chance(self.draw, 5)
        dims = (batch, *sizes(self.draw, number(self.draw, 2 if whole else 3)))
        kind = "int32" if whole else "float32"
        if whole and self.draw(st.booleans()):
            dims = (batch, Open("a"))
        shape = f"batch_shape={written(dims)}" if isinstance(batch, int) else written(dims[1:])
        dtype = ", dtype='int32'" if whole else ""
        self.set(name, f"keras.Input({shape}{dtype}, name={name!r})")
        self.tensors.append(TensorSpec(name, dims, kind))

    def step(self) -> None:
        """Add some lines."""
        actions = [
            *[self.unary] * 6,
            *[self.kept] * 2,
            *[self.again] * 2,
            *[self.merge] * 3,
            *[self.concatenate] * 2,
            *[self.operation] * 3,
            *[self.own] * 2,
            self.attention,
            self.dot,
            self.embedding,
        ]
        if self.depth < 2:
            actions += [self.sequential, self.nested, self.nested, self.part]
        actions += [self.nested_again] * (2 if self.models else 0)
        with contextlib.suppress(Unfit):
            self.draw(st.sampled_from(actions))()

    def unary(self) -> None:
        x = self.float()
        made = layer(self.draw, x.dims)
        self.add(f"{self.code(made)}({x.name})", made.shape(x.dims))

    def kept(self) -> None:
        """Make a layer that has a name, and may be called again."""
        x = self.float()
        made = layer(self.draw, x.dims)
        name = self.name("layer")
        self.set(name, self.code(made))
        self.layers.append((name, made, x.dims))
        self.add(f"{name}({x.name})", made.shape(x.dims))
        if chance(self.draw, 8):
            self.lines.append(f"{name}.trainable = False")

    def again(self) -> None:
        if not self.layers:
            return
        name, made, dims = self.draw(st.sampled_from(self.layers))
        x = self.pick(lambda one: len(one.dims) == len(dims) and one.dims[-1] == dims[-1])
        self.add(f"{name}({x.name})", made.shape(x.dims))

    def merge(self) -> None:
        x = self.float()
        wild = chance(self.draw, 8)
        y = self.pick(lambda one: one.dims == x.dims or (wild and len(one.dims) == len(x.dims)))
        if y.dims != x.dims and not all(
            one == other or (isinstance(one, Open) and isinstance(other, Open))
            for one, other in zip(x.dims, y.dims, strict=True)
        ):
            return
        kind = self.draw(
            st.sampled_from(["Add()", "Multiply()", "Subtract()", "Maximum()", "Average()", "+", "*"])
        )
        if kind in "+*":
            self.add(f"{x.name} {kind} {y.name}", x.dims)
        else:
            self.add(f"layers.{kind}([{x.name}, {y.name}])", x.dims)

    def concatenate(self) -> None:
        x = self.float()
        axis = number(self.draw, len(x.dims) - 1)

        def others(dims: Dims) -> Dims:
            return (*dims[:axis], *dims[axis + 1 :])

        y = self.pick(lambda one: len(one.dims) == len(x.dims) and others(one.dims) == others(x.dims))
        sizes = (x.dims[axis], y.dims[axis])
        if all(isinstance(size, int) for size in sizes):
            joined: Dim = sum(map(known, sizes))
        else:
            joined = Open(f"({sizes[0]})+({sizes[1]})")
        code = self.draw(
            st.sampled_from(["layers.Concatenate(axis={})([{}])", "keras.ops.concatenate([{1}], {0})"])
        )
        dims = (*x.dims[:axis], joined, *x.dims[axis + 1 :])
        self.add(code.format(axis, f"{x.name}, {y.name}"), dims)

    def operation(self) -> None:
        """Add an operation that is no layer."""
        x = self.float()
        axis = number(self.draw, len(x.dims) - 1)
        before, dim, after = x.dims[:axis], x.dims[axis], x.dims[axis + 1 :]
        colons = ":, " * axis
        found: list[tuple[str, Dims]] = [
            ("{0} * 2.0", x.dims),
            ("keras.ops.relu({0})", x.dims),
            ("keras.ops.softmax({0}, axis={1})", x.dims),
            ("keras.ops.mean({0}, axis={1}, keepdims=True)", (*before, 1, *after)),
            ("keras.ops.expand_dims({0}, {1})", (*before, 1, dim, *after)),
            (
                "keras.ops.swapaxes({0}, {1}, -1)",
                (*before, *([after[-1], *after[:-1], dim] if after else [dim])),
            ),
            ("keras.ops.repeat({0}, 2, axis={1})", (*before, times(dim, 2), *after)),
            (f"{{0}}[{colons}::2]", (*before, window(dim, 1, 2, "valid"), *after)),
            ("keras.ops.flip({0}, axis={1})", x.dims),
            ("keras.ops.stack([{0}, {0}], axis={1})", (*before, 2, dim, *after)),
        ]
        if len(x.dims) > 2:
            found += [
                ("keras.ops.max({0}, axis={1})", (*before, *after)),
                (f"{{0}}[{colons}-1]", (*before, *after)),
            ]
        if not isinstance(dim, int) or dim > 1:
            found.append((f"{{0}}[{colons}1:]", (*before, shifted(dim, -1), *after)))
        code, dims = self.draw(st.sampled_from(found))
        if len(dims) > 4 or (code.startswith("keras.ops.swapaxes") and len(x.dims) - axis > 2):
            raise Unfit
        if isinstance(dim, int) and dim % 2 == 0 and chance(self.draw, 5):
            name = self.name("parts")
            self.set(name, f"keras.ops.split({x.name}, 2, axis={axis})")
            for number_ in range(2):
                self.tensors.append(TensorSpec(f"{name}[{number_}]", (*before, dim // 2, *after)))
            return
        self.add(code.format(x.name, axis), dims)

    def attention(self) -> None:
        def fits(one: TensorSpec) -> bool:
            return len(one.dims) == 3 and isinstance(one.dims[2], int) and one.kind == "float32"

        x, y = self.pick(fits), self.pick(fits)
        code = f"layers.MultiHeadAttention({number(self.draw, 2)}, {number(self.draw, 3)})"
        self.add(f"{code}({x.name}, {y.name})", x.dims)

    def own(self) -> None:
        """Call a layer of the author's own, or a group of layers that takes some sizes only."""
        x = self.pick(
            lambda one: len(one.dims) == 3 and isinstance(one.dims[2], int) and one.kind == "float32"
        )
        batch, dim, size = x.dims
        count = number(self.draw, 5, 2)
        rows = number(self.draw, 90, 8)
        name = x.name
        pooled = f"layers.UpSampling1D({count})(layers.MaxPooling1D({count}, padding='same')({name}))"
        found: list[tuple[str, Dims, int, int]] = [
            # code, what it gives, the least and the largest size
            (f"Taken({count})({name})", (batch, 2, size), count + 1, 1000),
            (f"Positioned({rows}, {size})({name})", x.dims, 1, rows),
            (f"Doubled()({name})", (batch, dim, 2 * known(size)), 1, 1000),
            (f"Halved()({name})", (batch, window(dim, 1, 2, "valid"), size), 1, 1000),
            (
                f"layers.Lambda(lambda t: t[:, {count}:])({name})",
                (batch, shifted(dim, -count), size),
                count + 1,
                1000,
            ),
            (f"keras.ops.take({name}, [{count}], axis=1)", (batch, 1, size), count + 1, 1000),
            (f"layers.Concatenate()([{name}, {pooled}])", (batch, dim, 2 * known(size)), 1, 1000),
        ]
        code, dims, least, most = self.draw(st.sampled_from(found))
        if isinstance(dim, int) and (not least <= dim <= most or ("Pooling" in code and dim % count)):
            raise Unfit
        self.add(code, dims)

    def dot(self) -> None:
        x = self.pick(lambda one: one.kind == "float32" and len(one.dims) == 3)
        y = self.pick(lambda one: one.kind == "float32" and len(one.dims) == 3 and one.dims[2] == x.dims[2])
        self.add(f"layers.Dot(axes=2)([{x.name}, {y.name}])", (x.dims[0], x.dims[1], y.dims[1]))

    def embedding(self) -> None:
        x = self.pick(lambda one: one.kind == "int32" and len(one.dims) < 4)
        count, mask = number(self.draw, 4), ", mask_zero=True" if chance(self.draw, 3) else ""
        self.add(f"layers.Embedding(10, {count}{mask})({x.name})", (*x.dims, count))

    def sequential(self) -> None:
        x = self.float()
        first, made, dims = [], [], x.dims
        if self.draw(st.booleans()):
            first.append(f"keras.Input({written(x.dims[1:])})")
        for _ in range(number(self.draw, 3)):
            one = layer(self.draw, dims)
            made.append(self.code(one))
            dims = one.shape(dims)
        name = self.name("inner")
        self.set(name, f"keras.Sequential([{', '.join((*first, *made))}])")
        self.add(f"{name}({x.name})", dims)
        self.models.append((name, (x.dims,), (dims,), "one"))
        self.freeze(name)

    def nested(self) -> None:
        """Make a model of its own, some of whose inputs' sizes may be open, and call it."""
        given = [self.float() for _ in range(draw_count(self.draw))]
        inner = Graph(self.draw, self.lines, self.names, self.depth + 1)
        inner.layers += self.layers
        ends = []
        for x in given:
            dims = tuple(
                Open(f"{dim}")
                if axis < len(x.dims) - 1 and isinstance(dim, int) and chance(self.draw, 3)
                else dim
                for axis, dim in enumerate(x.dims)
            )
            name = self.name("x")
            self.set(name, f"keras.Input({written(dims[1:])})")
            inner.tensors.append(TensorSpec(name, dims))
            ends.append(name)
        for _ in range(number(self.draw, 3)):
            inner.step()
        # Keras names an input anew that is also an output.
        made = [x for x in inner.outputs() if x.name not in ends]
        if not made:
            raise Unfit
        structure = self.draw(st.sampled_from(["list", "dict"])) if len(made) > 1 else "one"
        name = self.name("inner")
        inputs = ends[0] if len(ends) == 1 else f"[{', '.join(ends)}]"
        self.set(name, f"keras.Model({inputs}, {structured(made, structure)})")
        self.models.append((name, tuple(x.dims for x in given), tuple(x.dims for x in made), structure))
        self.call(self.models[-1], given)
        self.freeze(name)

    def nested_again(self) -> None:
        model = self.draw(st.sampled_from(self.models))
        self.call(model, [self.pick(lambda one, dims=dims: one.dims == dims) for dims in model[1]])

    def call(
        self, model: tuple[str, tuple[Dims, ...], tuple[Dims, ...], str], given: list[TensorSpec]
    ) -> None:
        if len(given) > len(set(given)):
            raise Unfit  # Keras would give a model's input another name from then on.
        name, _, made, structure = model
        called = (
            f"{name}({given[0].name})" if len(given) == 1 else f"{name}([{', '.join(x.name for x in given)}])"
        )
        if structure == "one":
            self.add(called, made[0])
            return
        variable = self.name("x")
        self.set(variable, called)
        for count, dims in enumerate(made):
            key = repr(f"k{count}") if structure == "dict" else str(count)
            self.tensors.append(TensorSpec(f"{variable}[{key}]", dims))

    def part(self) -> None:
        """Make a model of a part of this one; it has the same layers."""
        x = self.tensors[0]
        if x.kind != "float32":
            return
        y = self.tensors[-1]
        others = [one.name for one in self.inputs()]
        if len(others) > 1:
            return
        name = self.name("inner")
        self.set(name, f"keras.Model({x.name}, {y.name})")
        self.models.append((name, (x.dims,), (y.dims,), "one"))
        self.call(self.models[-1], [x])

    def inputs(self) -> list[TensorSpec]:
        made = {line.partition(" = ")[0] for line in self.lines if " = keras.Input(" in line}
        return [one for one in self.tensors if one.name in made]

    def freeze(self, name: str) -> None:
        if chance(self.draw, 5):
            self.lines.append(f"{name}.trainable = False")
            if chance(self.draw, 3):
                self.lines.append(f"{name}.layers[-1].trainable = True")

    def outputs(self) -> list[TensorSpec]:
        """Draw the outputs of the model; the newest tensor is one of them."""
        more = [self.pick() for _ in range(number(self.draw, 3) - 1)]
        return list(dict.fromkeys([self.tensors[-1], *more]))


def draw_count(draw: Draw) -> int:
    return 2 if chance(draw, 4) else 1


def written(dims: Dims) -> str:
    return str(tuple(None if isinstance(dim, Open) else dim for dim in dims))


def structured(tensors: list[TensorSpec], structure: str) -> str:
    if structure == "dict":
        pairs = (f"'k{count}': {one.name}" for count, one in enumerate(tensors))
        return f"{{{', '.join(pairs)}}}"
    names = ", ".join(one.name for one in tensors)
    return names if structure == "one" else f"[{names}]"


@st.composite
def programs(draw: Draw) -> Program:
    """Draw a program that makes ``model``."""
    lines: list[str] = []
    policy = draw(st.sampled_from([""] * 9 + ["mixed_float16", "mixed_bfloat16", "float64"]))
    if policy:
        lines.append(f"keras.config.set_dtype_policy({policy!r})")
    batch: Dim = 2 if chance(draw, 8) else Open("batch")
    if chance(draw, 7):
        return chain(draw, lines, batch)
    graph = Graph(draw, lines, iter(range(1, 1000)), 0)
    for count in range(draw(st.sampled_from([1, 1, 1, 2, 2, 3]))):
        graph.input(f"in{count}", batch)
    for _ in range(number(draw, 9)):
        graph.step()
    if chance(draw, 12):
        wild(graph)
    made = graph.outputs()
    structure = draw(st.sampled_from(["list", "dict"])) if len(made) > 1 else "one"
    ends = graph.inputs()
    inputs = ends[0].name if len(ends) == 1 else f"[{', '.join(one.name for one in ends)}]"
    if len(ends) > 1 and chance(draw, 4):
        inputs = f"{{{', '.join(f'{one.name!r}: {one.name}' for one in ends)}}}"
    graph.set("model", f"keras.Model({inputs}, {structured(made, structure)})")
    graph.freeze("model")
    if any(f"{name}(" in line for line in lines for name in ("Taken", "Positioned", "Doubled", "Halved")):
        lines.insert(0, OWN)
    return Program("\n".join(lines), tuple((one.name, named(one.dims), one.kind) for one in ends))


def chain(draw: Draw, lines: list[str], batch: Dim) -> Program:
    """Draw a Sequential model; it has an input, or is built from a shape."""
    dims = (batch, *sizes(draw, number(draw, 3)))
    shape = written(dims)
    made: list[str] = []
    with_input = draw(st.booleans())
    if with_input:
        made.append(f"keras.Input(batch_shape={shape}, name='in0')")
    start = dims
    graph = Graph(draw, lines, iter(range(1, 1000)), 0)
    for _ in range(number(draw, 6)):
        one = layer(draw, dims)
        code = graph.code(one)
        if chance(draw, 6):
            code = f"keras.Sequential([{code}])"
        made.append(code)
        dims = one.shape(dims)
    lines.append(f"model = keras.Sequential([{', '.join(made)}])")
    if not with_input:
        lines.append(f"model.build({shape})")
    graph.freeze("model")
    return Program("\n".join(lines), (("in0", named(start), "float32"),))


def wild(graph: Graph) -> None:
    """Call a layer on what it may not take."""
    one = graph.draw(st.sampled_from([one for one in graph.tensors if one.kind == "float32"] or [None]))
    if one is None:
        return
    dims = sizes(graph.draw, number(graph.draw, 3))
    made = layer(graph.draw, (Open("batch"), *dims))
    graph.add(f"{graph.code(made)}({one.name})", (Open("batch"),))


def sizes(draw: Draw, count: int, names: str = "abc") -> Dims:
    """Draw some sizes, the last of which is known."""
    opened = [Open(name) for name in names]
    first = [
        draw(st.sampled_from(opened)) if draw(st.booleans()) else number(draw, 8, 2) for _ in range(count - 1)
    ]
    return (*first, number(draw, 8, 2))


def named(dims: Dims) -> tuple[int | str, ...]:
    return tuple(dim.base if isinstance(dim, Open) else dim for dim in dims)
