"""Reports: what TensorFlow says of a model, as plain values that cross processes and builds.

All are frozen, compare by value and travel as JSON. Its layout follows the annotations, which
:mod:`.codec` evaluates: so this module does not postpone them.
"""

import re
from collections.abc import Iterable
from math import prod
from typing import Annotated, NamedTuple

from sphinx_kerasshape.messages.codec import FilePath, Lines, Verbatim, Word
from sphinx_kerasshape.messages.problems import Problem

SCHEMA = 9
"""Version of the JSON layout; it is part of every cache key, so a change empties the cache."""

Shape = Annotated[tuple[int | None, ...], "shape"]
"""The size of each axis, the batch axis first; ``None`` for an open size."""


class TensorSpec(NamedTuple):
    """An input or output of a layer's call."""

    shape: Shape
    dtype: Word
    name: str = ""
    symbolic: tuple[str, ...] = ()
    """The size of each axis as an expression of named axes, such as ``time − 2``; empty without names."""


class Weight(NamedTuple):
    """One variable of a layer, such as a Dense layer's ``kernel`` of shape (50, 128)."""

    name: str
    path: str
    shape: Annotated[tuple[int, ...], "shape"]
    dtype: Word
    trainable: bool
    gates: int = 1
    """The gates of Keras' own recurrent cells that it is made of, side by side in its last axis."""

    @property
    def params(self) -> int:
        """The number of its parameters."""
        return prod(self.shape)

    @property
    def bytes(self) -> int:
        """The memory that these take."""
        return self.params * item_size(self.dtype)


class LayerCall(NamedTuple):
    """One call of a layer: its inputs, its outputs, and where the inputs come from.

    A source is the name of a layer. If that layer has several calls or outputs, it is
    ``name[call][output]`` as in Keras, both counted from 0.
    """

    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    sources: tuple[str, ...]


class LayerRow(NamedTuple):
    """A layer (or another operation) of a model, with every call of it there.

    Rows are in the order of the model; the layers of a nested model follow its own row,
    one ``depth`` deeper.
    """

    name: str
    type: str
    depth: int
    calls: tuple[LayerCall, ...]
    params: int
    trainable: int
    bytes: int
    weights: tuple[Weight, ...]
    """Its own weights; those of the rows inside it are there (see :func:`.layers.weights_of`)."""
    shared: int = 0
    """How many of its ``params`` an earlier row counts as well, since both have the weight."""
    flops: int | None = None
    """Floating-point operations of its calls, if the request asks for them and they are known."""
    note: str = ""
    """Why the layer has no calls: ``uncalled``, or ``training`` if only training calls it; ``unbuilt`` if
    Keras knows no shape of it yet; or ``untracked`` and the number of its parameters, if they don't count
    since the model does not know of them."""
    declared: str = ""
    """The outputs that Keras declares, if calls give others."""
    refused: str = ""
    """Why it refuses what the layers before it really give, if these declare something else."""

    @property
    def is_shared(self) -> bool:
        """Whether an earlier row counts all its parameters as well."""
        return 0 < self.shared == self.params


class Axis(NamedTuple):
    """A named axis of a model's inputs, and the sizes of it that the model takes."""

    name: str
    least: int
    """The smallest size."""
    unit: int
    """The step from one size that is taken to the next; 0 if there is no other."""
    refused: str
    """The layer that refuses the next smaller size; empty if none does."""
    most: int = 0
    """The largest size; 0 if there is no limit up to tens of thousands."""
    offsets: tuple[int, ...] = ()
    """Distances from each of these sizes to others, less than a step, that are taken too."""
    others: tuple[int, ...] = ()
    """Single sizes besides these, mostly taken because an axis of one is repeated (broadcasting)."""
    is_partial: bool = False
    """Whether the expressions don't hold for all of the ``others``."""
    tried: int | None = None
    """The largest size that was tried by calls, where layers may refuse larger ones; 0 if none was tried."""


class Model(NamedTuple):
    """A Keras model as TensorFlow knows it; shared weights count once."""

    name: str
    type: str
    chain: bool
    """Whether each layer's only input is the layer before it."""
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    layers: tuple[LayerRow, ...]
    params: int
    trainable: int
    non_trainable: int
    bytes: int
    axes: tuple[Axis, ...] = ()
    """The axes that the request names."""
    constructor: Lines = ""
    """Code that builds the same model, if the request asks for it."""
    source: Lines = ""
    """The source of the function or class that made the model, if the request asks for it."""
    flops: int | None = None
    """Floating-point operations of a call, if the request asks for them and they are known."""
    unfollowed: str = ""
    """Why the axes that the request names could not be followed."""
    trailing: bool = False
    """Whether operations without a row follow the last layer, so that the outputs differ from its own."""
    ingredients: tuple[str, ...] = ()
    """What each layer is made from, to compare the model with that of its ``constructor``; then left out."""
    uncounted: str = ""
    """Sizes that operations could be counted for, if they are asked for and open axes prevent that."""


class Error(NamedTuple):
    """An exception of the code; the message is that of plain TensorFlow, without terminal codes."""

    type: str
    message: Lines

    def __str__(self) -> str:
        return f"{self.type}: {self.message}" if self.message else self.type


class Frame(NamedTuple):
    """A line of the author's code that an exception passed through, or that caused a warning.

    An empty ``file`` is the code of the request, or of an earlier ``block`` of its session;
    the first line of that code is 1.
    """

    file: str
    line: int
    function: str
    text: str
    block: int = 0
    """Number, from 1, of the earlier block of the session that has the line; 0: the request's own code.
    If the request has pieces: the number, from 0, of the document's block."""


class CodeWarning(NamedTuple):
    """A warning of Python or of a library, and the innermost line of the author's code that caused it."""

    type: str
    message: Lines
    frame: Frame

    def __str__(self) -> str:
        return f"{self.type}: {self.message}"


class Versions(NamedTuple):
    """The versions that an answer depends on; that of a missing package is empty."""

    python: str = ""
    tensorflow: str = ""
    keras: str = ""
    backend: str = ""


class Source(NamedTuple):
    """A file or package that an answer depends on.

    ``kind`` is ``file`` (``key`` is its path, ``value`` its SHA-256), ``absent`` (there is no such file) or
    ``package`` (``key`` is the name of a distribution, ``value`` its version).
    """

    kind: str
    key: FilePath
    value: str


class Failure(NamedTuple):
    """The reason why there is no report.

    ``problem`` is ``None`` if models must not run, or if another message has the cause.
    """

    problem: Problem | None
    message: Lines
    frames: tuple[Frame, ...] = ()
    error: Error | None = None
    mend: str = ""
    """The end of the warning, such as ``: add 'import numpy as np'``; readers don't see it."""
    warnings: tuple[CodeWarning, ...] = ()
    """The warnings that the code caused before it failed."""


class PieceFailure(NamedTuple):
    """The reason why a piece of a document failed."""

    piece: int
    kind: Word
    """``syntax``, ``files`` or ``package`` (not here), ``refused`` (by the sandbox), ``name`` (not defined),
    ``follows`` or ``code``."""
    failure: Failure
    """Its message is one line, without the code; the exception is in ``error``."""
    cause: int
    """The number of the piece whose failure is the root cause; its own, unless its kind is ``follows``."""
    missing: Verbatim = ""
    """The package that is not here, or the name that nothing defines."""


class Observation(NamedTuple):
    """The value that an expression had once a piece of a document, or a line of a block, had run."""

    piece: int
    """Of a block's code: the number, from 0, of the request's look; it has one for each other value."""
    expression: Verbatim
    model: Model | None = None
    tensors: tuple[TensorSpec, ...] = ()
    """The tensors or arrays that the value is; a shape has no dtype."""
    number: int | None = None
    """The whole number that the value is, such as that of ``model.count_params()``."""
    failure: Failure | None = None
    """Why there is no value."""
    cause: int | None = None
    """The number of the piece whose failure is the root cause of that."""
    missing: Verbatim = ""
    """The name that nothing defines, if that is why."""
    optimizer: int | None = None
    """The parameters of the model's optimizer, which the total of a summary includes, if it has any yet."""
    unbuilt: Model | None = None
    """What Keras prints of a model whose shapes it doesn't know, or of some layers'; rows have the note
    ``unbuilt``."""
    stand_ins: tuple[str, ...] = ()
    """What was replaced up to here, such as ``data for mnist``, ``weights of ResNet50`` or ``training``."""
    sizes: tuple[Verbatim, ...] = ()
    """The open sizes between the inputs and the tensors, as expressions of the inputs' axes."""


class Report(NamedTuple):
    """What TensorFlow says: a model, or the error that the page expects."""

    model: Model | None = None
    error: Error | None = None
    output: Lines = ""
    """The standard output of the code."""
    versions: Versions = Versions()
    sources: tuple[Source, ...] = ()
    unread: Failure | None = None
    """Why there is no model, though the code has run to its end: later blocks of its session run."""
    observations: tuple[Observation, ...] = ()
    """The values that the pieces of a document, or the lines of a block, are to be observed for."""
    failed: tuple[PieceFailure, ...] = ()
    """The pieces of a document that failed."""
    warnings: tuple[CodeWarning, ...] = ()
    """The warnings that the code caused; pages don't show them, and the lock does not have them."""
    saved: Verbatim = ""
    """What Keras describes the model by that a document saves, as JSON, if the request wants it."""


Answer = Report | Failure


def item_size(dtype: str) -> int:
    """Return the bytes of one number of a dtype: 4 for ``float32``, 1 for ``bool``, 0 for ``string``."""
    if dtype == "bool":
        return 1
    bits = re.search(r"\d{1,4}", dtype)
    return (int(bits[0]) + 7) // 8 if bits else 0


def shape_text(shape: Iterable[object]) -> str:
    """Return a shape in the notation of Python: ``(None, 50)``, ``(batch, time − 2, 32)``, ``(32,)``."""
    sizes = [str(size) for size in shape]
    return f"({', '.join(sizes)}{',' if len(sizes) == 1 else ''})"
