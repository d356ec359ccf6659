"""What is to be run, as plain values: the whole input of one answer, apart from the installed versions."""

from typing import NamedTuple

from sphinx_kerasshape.messages.codec import Verbatim


class Step(NamedTuple):
    """An earlier block of a session, as a request that comes after it has it run; see there."""

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


class Request(NamedTuple):
    """What is to be run: the whole input of one answer, apart from the installed versions."""

    code: Verbatim
    prelude: Verbatim = ""
    origin: Verbatim = ""
    """The file that the code is from, for frames; empty for a block in a page."""
    model: Verbatim = ""
    """Expression that gives the model; empty: the rules of :mod:`.worker.find`."""
    raises: Verbatim = ""
    """Name of the exception that the code must fail with; empty: it must not fail."""
    weights: Verbatim = "auto"
    """``auto``: weightless where that works; ``real``: always with real weights."""
    axes: Verbatim = ""
    """Names for the open dimensions of the inputs: ``batch, time``; empty: none are followed."""
    input: Verbatim = ""
    """The input, batch axis first, to call a model with that has none, as :mod:`.given` writes it."""
    kind: Verbatim = "model"
    """``model``; or ``code``, whose answer is just what it prints."""
    file: Verbatim = ""
    """A saved model, which is loaded in place of running code."""
    custom_objects: Verbatim = ""
    """Import paths of what a saved model has that Keras does not know."""
    constructor: bool = False
    """Whether the code that would build the model is asked for."""
    flops: Verbatim = ""
    """The input, of full shapes, to count operations for; ``batch``: one sample of the model's own."""
    source: Verbatim = ""
    """The name of a function or class of the code whose source is asked for: ``Zoo.small``."""
    earlier: tuple[Step, ...] = ()
    """The blocks of its session before it, which are run first, in the same namespace."""

    def step(self) -> Step:
        """Return what the blocks after this one have of it."""
        return Step(*(getattr(self, name) for name in Step._fields))

    def session(self) -> tuple["Request", ...]:
        """Return the whole session up to here, this request last."""
        before = (
            self._replace(**step._asdict(), earlier=self.earlier[:number])
            for number, step in enumerate(self.earlier)
        )
        return (*before, self)
