"""The ledger of a build: what became of every model and claim, as text and as JSON. Pure."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sphinx_kerasshape.messages.codec import encode
from sphinx_kerasshape.messages.layers import layer_paths, weights_of
from sphinx_kerasshape.messages.report import Answer, Failure, Report, TensorSpec, Versions
from sphinx_kerasshape.pages.records import Block, Finding
from sphinx_kerasshape.text import excerpt

SCHEMA = 1
"""Number of the layout of ``report.json``."""

if TYPE_CHECKING:
    from sphinx_kerasshape.claims.verdicts import Verdict


@dataclass(frozen=True)
class Ledger:
    """All that a build found out."""

    models: tuple[tuple[Block, Answer], ...]
    verdicts: tuple[Verdict, ...]
    """Of the claims, without the values that are merely inserted."""
    failures: tuple[tuple[str, Finding], ...]
    """What is wrong, each with the model that failed; no model, where it is something else."""
    versions: Versions
    source: Path
    """Locations are told relative to it."""
    how: str = "ran"
    """How the models came to their answers, for the summary."""

    @property
    def is_fine(self) -> bool:
        """Whether every model has its answer, and every claim holds."""
        return not self.failures and all(verdict.holds for verdict in self.verdicts)

    def reports(self) -> dict[str, tuple[Block, Report]]:
        """Return the models that were answered, by name; of several of a name, the first."""
        found: dict[str, tuple[Block, Report]] = {}
        for block, answer in self.models:
            if isinstance(answer, Report):
                found.setdefault(block.name, (block, answer))
        return dict(sorted(found.items()))

    def lines(self) -> Iterator[str]:
        """Give a line for each claim and each failure, and a summary."""
        for verdict in self.verdicts:
            claim = verdict.claim
            where = self._place(claim.location)
            yield f"{where}: {excerpt(claim.stated)} <{excerpt(_target(claim.target))}> {_outcome(verdict)}"
        for _, finding in self.failures:
            first, *more = finding.message.splitlines()
            yield "\n".join([f"{self._place(finding.location)}: {first}", *more])
        yield self.summary()

    def summary(self) -> str:
        """Return the last line: ``12 models ran, 41 claims: 40 hold, 1 drifted``."""
        answers = [answer for block, answer in self.models if not block.is_code]
        models = f"{_count(len(answers), 'model')} {self.how}"
        failed = sum(isinstance(answer, Failure) for answer in answers)
        if failed:
            models += f", {failed} failed"
        if not self.verdicts:
            return f"{models}, no claims"
        held = sum(verdict.holds for verdict in self.verdicts)
        drifted = sum(_is_drifted(verdict) for verdict in self.verdicts)
        unknown = len(self.verdicts) - held - drifted
        outcomes = [f"{held} hold{'s' if held == 1 else ''}"]
        outcomes += [f"{drifted} drifted"] if drifted else []
        outcomes += [f"{unknown} not checked"] if unknown else []
        return f"{models}, {_count(len(self.verdicts), 'claim')}: {', '.join(outcomes)}"

    def data(self) -> dict[str, Any]:
        """Return the content of ``report.json``."""
        return {
            "schema": SCHEMA,
            "versions": encode(self.versions),
            "models": {
                name: {**_model(answer), "location": self._place(block.location)}
                for name, (block, answer) in self.reports().items()
                if not block.is_code
            },
            "claims": [self._claim(verdict) for verdict in self.verdicts],
            "failures": [
                {
                    "model": model or None,
                    "problem": str(finding.problem),
                    "message": finding.message,
                    "location": self._place(finding.location),
                }
                for model, finding in self.failures
            ],
        }

    def _claim(self, verdict: Verdict) -> dict[str, Any]:
        known = verdict.holds or _is_drifted(verdict)
        return {
            "kind": verdict.claim.kind,
            "target": _target(verdict.claim.target),
            "stated": verdict.claim.stated,
            "actual": verdict.actual or None,
            "holds": verdict.holds if known else None,
            "location": self._place(verdict.claim.location),
        }

    def _place(self, location: str) -> str:
        """Return ``file:line`` with the file relative to the source folder."""
        if not Path(location).is_absolute():
            return location
        try:
            return Path(os.path.relpath(location, self.source)).as_posix()
        except ValueError:  # another drive
            return location


def _is_drifted(verdict: Verdict) -> bool:
    return bool(verdict.actual) and not verdict.holds and not verdict.problem


def _outcome(verdict: Verdict) -> str:
    if verdict.holds:
        return "holds"
    if _is_drifted(verdict):
        return f"drifted: TensorFlow {verdict.version} says {verdict.restated}"
    return "not checked"


def _target(text: str) -> str:
    """Return a target without quotes that it does not need."""
    return re.sub(r"^\"([\w -]+)\"(?=\.|$)", r"\1", text)


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _model(report: Report) -> dict[str, Any]:
    model = report.model
    return {
        "input": _one_or_several(model.inputs) if model else None,
        "output": _one_or_several(model.outputs) if model else None,
        "params": {
            "total": model.params,
            "trainable": model.trainable,
            "non_trainable": model.non_trainable,
        }
        if model
        else None,
        "layers": _layers(report),
        "error": str(report.error) if report.error else None,
    }


def _layers(report: Report) -> list[dict[str, Any]]:
    rows = report.model.layers if report.model else ()
    return [
        {
            "name": row.name,
            "type": row.type,
            "path": path,
            "inputs": _shapes(tensor for call in row.calls for tensor in call.inputs),
            "outputs": _shapes(tensor for call in row.calls for tensor in call.outputs),
            "params": row.params,
            "weights": [
                {"name": weight.name, "shape": list(weight.shape), "dtype": weight.dtype}
                for weight in weights_of(rows, number)
            ],
        }
        for number, (row, path) in enumerate(zip(rows, layer_paths(report), strict=True))
    ]


def _shapes(tensors: Iterable[TensorSpec]) -> list[list[int | None]]:
    return [list(tensor.shape) for tensor in tensors]


def _one_or_several(tensors: tuple[TensorSpec, ...]) -> Any:
    shapes = _shapes(tensors)
    return shapes[0] if len(shapes) == 1 else shapes
