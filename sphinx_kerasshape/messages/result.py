"""The answer to a request, with a fingerprint of what pages show of it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

from sphinx_kerasshape.messages.codec import fingerprint
from sphinx_kerasshape.messages.layers import layer_paths, remarks
from sphinx_kerasshape.messages.problems import Problem
from sphinx_kerasshape.messages.report import Answer, CodeWarning, Failure, Report, Versions


class Result:
    """An answer, and the fingerprint of what pages show of it.

    For a stored answer, ``answer`` is the function that reads it. The paths of its model's layers, the
    remarks on it and the warnings of its code are given beside it: a build needs these of all models, but
    few of the answers themselves.
    """

    def __init__(
        self,
        fingerprint: str,
        answer: Answer | Callable[[], Answer],
        layers: tuple[str, ...] | None = None,
        remarks: tuple[tuple[Problem, str], ...] | None = None,
        warnings: tuple[CodeWarning, ...] | None = None,
    ) -> None:
        self.fingerprint = fingerprint
        self._answer = answer
        self._layers = layers
        self._remarks = remarks
        self._warnings = warnings

    @cached_property
    def answer(self) -> Answer:
        """The answer itself."""
        return self._answer() if callable(self._answer) else self._answer

    @cached_property
    def layers(self) -> tuple[str, ...]:
        """The paths of the model's layers; none if there is no model."""
        if self._layers is not None:
            return self._layers
        return layer_paths(self.answer) if isinstance(self.answer, Report) else ()

    @cached_property
    def remarks(self) -> tuple[tuple[Problem, str], ...]:
        """What the author should know of the model, though it could be read."""
        if self._remarks is not None:
            return self._remarks
        return remarks(self.answer) if isinstance(self.answer, Report) else ()

    @property
    def warnings(self) -> tuple[CodeWarning, ...]:
        """The warnings that the code caused."""
        if self._warnings is not None:
            return self._warnings
        return self.answer.warnings

    @property
    def failure(self) -> Failure | None:
        """The answer, if it is a failure; ``None`` also for a stored answer that nobody has read yet."""
        answer = vars(self).get("answer", self._answer)
        return answer if isinstance(answer, Failure) else None

    @staticmethod
    def of(answer: Answer) -> Result:
        """Return the result of an answer."""
        return Result(fingerprint_of(answer), answer)


def fingerprint_of(answer: Answer) -> str:
    """Return the fingerprint of what pages show of an answer: all but its versions, sources and warnings."""
    if isinstance(answer, Report):
        answer = answer._replace(versions=Versions(), sources=())
    return fingerprint(answer._replace(warnings=()))
