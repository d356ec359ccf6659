"""The ledger of a build: the outcome of every model and claim, as text and as JSON."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sphinx_kerasshape.files import relative
from sphinx_kerasshape.messages.codec import encode
from sphinx_kerasshape.messages.layers import layer_paths, weights_of
from sphinx_kerasshape.messages.report import Answer, Failure, Report, TensorSpec, Versions
from sphinx_kerasshape.pages.records import Block, Finding, Statement
from sphinx_kerasshape.text import counted, excerpt, truncated

SCHEMA = 1
"""Version of the layout of ``report.json``."""

if TYPE_CHECKING:
    from sphinx_kerasshape.claims.verdicts import Verdict


@dataclass(frozen=True)
class Ledger:
    """The outcome of a build."""

    models: tuple[tuple[Block, Answer], ...]
    verdicts: tuple[Verdict, ...]
    """The verdicts on claims, without those on values that are merely inserted."""
    failures: tuple[tuple[str, Finding], ...]
    """Each problem with the name of the model that failed; the name is empty for other problems."""
    versions: Versions
    source: Path
    """The source folder, to which locations are relative."""
    how: str = "ran"
    """The verb of the summary: how the models came to their answers."""
    statements: tuple[Statement, ...] = ()
    """What stands beside plain code, with what TensorFlow says of it."""

    @property
    def is_fine(self) -> bool:
        """Whether every model has its answer, every claim holds, and no other statement is wrong."""
        is_drifted = any(statement.is_drifted for statement in self.statements)
        return not (self.failures or is_drifted) and all(one.holds or one.is_open for one in self.verdicts)

    def reports(self) -> dict[str, tuple[Block, Report]]:
        """Return blocks with their reports, by name; of blocks with the same name, the first."""
        reports: dict[str, tuple[Block, Report]] = {}
        for block, answer in self.models:
            if isinstance(answer, Report):
                reports.setdefault(block.name, (block, answer))
        return dict(sorted(reports.items()))

    def lines(self) -> Iterator[str]:
        """Yield a line for each claim and each failure, then the summary."""
        for verdict in self.verdicts:
            claim = verdict.claim
            location = self._relative(claim.location)
            target = excerpt(_unquoted(claim.target))
            yield f"{location}: {excerpt(claim.stated)} <{target}> {_outcome(verdict)}"
        for statement in self.statements:
            location = self._relative(statement.location)
            yield f"{location}: {excerpt(statement.stated)} {self._statement_outcome(statement)}"
        for _, finding in self.failures:
            first, *more = finding.message.splitlines()
            yield "\n".join([f"{self._relative(finding.location)}: {first}", *more])
        yield self.summary()

    def summary(self) -> str:
        """Return the last line: ``12 models ran, 41 claims: 40 hold, 1 drifted``; and of plain code."""
        return "; ".join([self._claims_summary(), *self._statements_summary()])

    def _claims_summary(self) -> str:
        answers = [answer for block, answer in self.models if not block.is_code]
        models = f"{counted(len(answers), 'model')} {self.how}"
        failed = sum(isinstance(answer, Failure) for answer in answers)
        if failed:
            models += f", {failed} failed"
        if not self.verdicts:
            return f"{models}, no claims"
        held = sum(verdict.holds for verdict in self.verdicts)
        drifted = sum(_is_drifted(verdict) for verdict in self.verdicts)
        outcomes = _outcomes(len(self.verdicts), held, drifted)
        return f"{models}, {counted(len(self.verdicts), 'claim')}: {outcomes}"

    def _statements_summary(self) -> Iterator[str]:
        if self.statements:
            held = sum(statement.holds for statement in self.statements)
            drifted = sum(statement.is_drifted for statement in self.statements)
            outcomes = _outcomes(len(self.statements), held, drifted)
            yield f"{counted(len(self.statements), 'statement')} beside plain code: {outcomes}"

    def data(self) -> dict[str, Any]:
        """Return the content of ``report.json``."""
        return {
            "schema": SCHEMA,
            "versions": encode(self.versions),
            "models": {
                name: {**_model(answer), "location": self._relative(block.location)}
                for name, (block, answer) in self.reports().items()
                if not block.is_code
            },
            "claims": [self._claim(verdict) for verdict in self.verdicts],
            "statements": [self._statement(statement) for statement in self.statements],
            "failures": [
                {
                    "model": model or None,
                    "problem": str(finding.problem),
                    "message": finding.message,
                    "location": self._relative(finding.location),
                }
                for model, finding in self.failures
            ],
        }

    def _claim(self, verdict: Verdict) -> dict[str, Any]:
        is_known = verdict.holds or _is_drifted(verdict)
        return {
            "kind": verdict.claim.kind,
            "target": _unquoted(verdict.claim.target),
            "stated": verdict.claim.stated,
            "actual": verdict.actual or None,
            "holds": verdict.holds if is_known else None,
            "reason": verdict.reason,
            "location": self._relative(verdict.claim.location),
        }

    def _statement(self, statement: Statement) -> dict[str, Any]:
        return {
            "kind": statement.kind,
            "stated": statement.stated,
            "actual": statement.actual or None,
            "holds": statement.holds if statement.holds or statement.is_drifted else None,
            "reason": statement.reason,
            "stand_ins": list(statement.stand_ins),
            "location": self._relative(statement.location),
        }

    def _statement_outcome(self, statement: Statement) -> str:
        if statement.holds:
            return "holds"
        if statement.is_drifted:
            return f"drifted: {statement.said(self.versions.tensorflow)}"
        return f"not checked: {truncated(statement.reason, 200)}"

    def _relative(self, location: str) -> str:
        """Return a location with its file relative to the source folder."""
        is_absolute = Path(location).is_absolute()
        return Path(relative(location, self.source)).as_posix() if is_absolute else location


def _is_drifted(verdict: Verdict) -> bool:
    return bool(verdict.actual) and not verdict.holds and not verdict.problem


def _outcome(verdict: Verdict) -> str:
    if verdict.holds:
        return "holds"
    if _is_drifted(verdict):
        return f"drifted: TensorFlow {verdict.version} says {verdict.said}"
    return f"not checked: {truncated(verdict.reason, 200)}" if verdict.is_open else "not checked"


def _outcomes(number: int, held: int, drifted: int) -> str:
    outcomes = [f"{held} hold{'s' if held == 1 else ''}"]
    outcomes += [f"{drifted} drifted"] if drifted else []
    unknown = number - held - drifted
    outcomes += [f"{unknown} not checked"] if unknown else []
    return ", ".join(outcomes)


def _unquoted(target: str) -> str:
    """Return a target without quotes that it does not need."""
    return re.sub(r"^\"([\w -]+)\"(?=\.|$)", r"\1", target)


def _model(report: Report) -> dict[str, Any]:
    model = report.model
    return {
        "input": _shape_or_shapes(model.inputs) if model else None,
        "output": _shape_or_shapes(model.outputs) if model else None,
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


def _shape_or_shapes(tensors: tuple[TensorSpec, ...]) -> Any:
    shapes = _shapes(tensors)
    return shapes[0] if len(shapes) == 1 else shapes
