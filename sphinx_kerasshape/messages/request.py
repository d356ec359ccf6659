"""Requests: what is to be run, as plain values."""

from typing import NamedTuple

from sphinx_kerasshape.messages.codec import Verbatim


class Look(NamedTuple):
    """A value in the code of a block that is wanted whenever its line runs."""

    line: int
    """The last line of the expression if it is a part of the code, else of the statement it follows."""
    expression: Verbatim
    kind: Verbatim = "tensor"
    """``tensor``: a part of the code, if it gives tensors; ``layer``: likewise, a layer of a list;
    ``target``: what a statement assigns, if tensors; ``value``: what a comment speaks of, whatever it is;
    ``named``: likewise, with its open sizes as expressions."""
    hint: int = 0
    """The line behind which readers see the shape; 0 if none does."""


class Step(NamedTuple):
    """An earlier block of a session, as a later request has it run; the fields are those of a request."""

    code: Verbatim
    origin: Verbatim = ""
    model: Verbatim = ""
    raises: Verbatim = ""
    axes: Verbatim = ""
    input: Verbatim = ""
    kind: Verbatim = "model"
    weights: Verbatim = "auto"
    file: Verbatim = ""
    custom_objects: Verbatim = ""
    looks: tuple[Look, ...] = ()


class Inside(NamedTuple):
    """A value inside a statement of a document, such as that of a name in a function."""

    line: int
    """The last line, in the block, of the inner statement that has to run first."""
    expression: Verbatim
    """Without calls, unless it is the value of that statement itself; empty: that value."""
    visit: int = 0
    """How often the line has run when the value is looked at; 0: at the first value that can be read."""


class Piece(NamedTuple):
    """Some statements of a document, which run or fail together."""

    code: Verbatim
    line: int = 1
    """The line of its first line in the block."""
    block: int = 0
    """The number of the document's block that it is from."""
    defines: tuple[Verbatim, ...] = ()
    """The names that it binds, or whose values it changes; they are gone if it fails."""
    observe: tuple[Verbatim, ...] = ()
    """Expressions whose values are wanted once it has run; an empty one: that of its last statement."""
    inside: tuple[Inside, ...] = ()
    """Values that are wanted when lines inside it run, by then or later."""
    echoes: tuple[tuple[Verbatim, Verbatim], ...] = ()
    """Expressions of names that it defines, and the values that the document shows of them."""


class Saved(NamedTuple):
    """A model that another document saves."""

    file: Verbatim
    document: str
    """The name of that document."""
    config: Verbatim
    """What Keras describes the model by, as JSON."""


class Request(NamedTuple):
    """What is to be run: all that an answer depends on, apart from imported files and installed versions."""

    code: Verbatim
    prelude: Verbatim = ""
    origin: Verbatim = ""
    """The file that the code is from; empty for code in a page."""
    model: Verbatim = ""
    """Expression that gives the model; if empty, :mod:`.worker.code.find_model` looks for it."""
    raises: Verbatim = ""
    """Name of the exception that the code must raise; if empty, it must raise none."""
    weights: Verbatim = "auto"
    """``auto``: without weights if that works; ``real``: always with them."""
    axes: Verbatim = ""
    """Names of the inputs' axes, ``batch, time``, whose sizes are followed through the model."""
    input: Verbatim = ""
    """The input to call a model with that has none of its own, as :mod:`.input_spec` writes it."""
    kind: Verbatim = "model"
    """``model``; ``code`` if only its output is wanted; ``document`` for the pieces of a document."""
    file: Verbatim = ""
    """The file of a saved model, which is loaded instead of running code."""
    custom_objects: Verbatim = ""
    """Import paths of classes and functions in a saved model that Keras does not know."""
    constructor: bool = False
    """Whether the answer has code that builds the model."""
    flops: Verbatim = ""
    """The input, without open sizes, to count operations for; ``batch``: the model's own with one sample."""
    source: Verbatim = ""
    """Name of a function or class of the code whose source the answer has, such as ``Zoo.small``."""
    earlier: tuple[Step, ...] = ()
    """The earlier blocks of its session, which run first, in the same namespace."""
    pieces: tuple[Piece, ...] = ()
    """The pieces of a document, which run in place of the code, after the prelude."""
    folder: Verbatim = ""
    """The folder of a document: its code imports the modules there, and reads the files."""
    is_old: bool = False
    """Whether old spellings of Keras and TensorFlow have their present meaning."""
    looks: tuple[Look, ...] = ()
    """The values of lines that are wanted: for hints, and to check comments."""
    saves: Verbatim = ""
    """The file that a document saves a model to, whose description is wanted."""
    saved: tuple[Saved, ...] = ()
    """Models that other documents save."""

    def step(self) -> Step:
        """Return this request as later blocks of its session have it run."""
        return Step(*(getattr(self, name) for name in Step._fields))

    def session(self) -> tuple["Request", ...]:
        """Return the requests of its session up to this one."""
        before = (
            self._replace(**step._asdict(), earlier=self.earlier[:number])
            for number, step in enumerate(self.earlier)
        )
        return (*before, self)
