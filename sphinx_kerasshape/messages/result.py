"""An answer of a build, with the fingerprint of what it shows."""

from dataclasses import dataclass
from functools import cached_property

from sphinx_kerasshape.messages.codec import fingerprint
from sphinx_kerasshape.messages.layers import layer_paths
from sphinx_kerasshape.messages.report import Answer, Failure, Report, Versions


@dataclass(frozen=True)
class Result:
    """An answer, and the fingerprint of what it shows."""

    fingerprint: str
    answer: Answer

    @cached_property
    def layers(self) -> tuple[str, ...]:
        """The paths of the model's layers; none if there is no model."""
        return layer_paths(self.answer) if isinstance(self.answer, Report) else ()

    @property
    def failure(self) -> Failure | None:
        """The answer, if it is a failure; failures are never stored."""
        return self.answer if isinstance(self.answer, Failure) else None

    @staticmethod
    def of(answer: Answer) -> "Result":
        """Return the result of an answer."""
        return Result(fingerprint_of(answer), answer)


def fingerprint_of(answer: Answer) -> str:
    """Return the fingerprint of what pages show of an answer: all but its versions and sources."""
    if isinstance(answer, Report):
        answer = answer._replace(versions=Versions(), sources=())
    return fingerprint(answer)
