"""Verdicts: a claim of a page held against the report of its model. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sphinx_kerasshape.axes import notation
from sphinx_kerasshape.claims import formula, named_sizes, needs, shapes, targets
from sphinx_kerasshape.messages.report import Axis, Model, Report, Shape, shape_text
from sphinx_kerasshape.pages.records import Claim
from sphinx_kerasshape.text import hint, quoted, truncated

Find = Callable[[str], Report | None]
"""Returns a model's report by name, or ``None`` for a model that failed; raises ``KeyError``."""


@dataclass(frozen=True)
class Verdict:
    """What became of a claim."""

    claim: Claim
    holds: bool
    """Whether TensorFlow confirms it; an insertion without a problem holds."""
    actual: str = ""
    """The truth as TensorFlow says it; empty where it is not known."""
    restated: str = ""
    """The truth in the notation of the claim."""
    shape: Shape | None = None
    """The truth, where it is one shape."""
    count: int | None = None
    """The truth, where it is a number."""
    version: str = ""
    """The version of TensorFlow that says so."""
    problem: str = ""
    """Why nothing can be said; empty also where the model's own failure says it."""
    unreadable: bool = False
    """Whether that is because of what is stated, which can't be read."""


def judge(claim: Claim, find: Find, names: Sequence[str] = ()) -> Verdict:
    """Hold a claim against the report of the model that it is about; ``names`` are those of all models."""
    unreadable = False
    try:
        return _held(claim, find)
    except KeyError:
        model = targets.parse(claim.target).model
        problem = f"there is no model {quoted(model)}{_unquoted(claim, find, names) or hint(model, names)}"
    except targets.Unresolved as error:
        problem = f"{error}{_unquoted(claim, find, names)}"
    except (shapes.Unreadable, formula.Unreadable) as error:
        problem, unreadable = str(error), True
    except notation.Unreadable as error:
        # Of a shape in the report: what the page states has its refusal above.
        anew = "name fewer axes (:axes:), or have the model run anew"
        problem = f"the shape of {claim.target} can't be read, since {truncated(str(error), 200)}; {anew}"
    return Verdict(claim, holds=False, problem=problem, unreadable=unreadable)


def _held(claim: Claim, find: Find) -> Verdict:
    """Hold a claim against a report that is there. Raises what :func:`judge` makes a problem of."""
    target = targets.parse(claim.target)
    report = find(target.model)
    if report is None:
        return Verdict(claim, holds=False)
    if report.model is None:
        problem = f"model {quoted(target.model)} is meant to fail, so it has no values"
        return Verdict(claim, holds=False, problem=problem)
    verdict = _judged(claim, target, report.model)
    return Verdict(**{**verdict, "claim": claim, "version": report.versions.tensorflow})  # type: ignore[arg-type]


def _unquoted(claim: Claim, find: Find, names: Sequence[str]) -> str:
    """Say how to write a target with a name that is there, but can't be read without quotes."""

    def layers(name: str) -> list[str]:
        report = find(name)
        return [row.name for row in report.model.layers] if report and report.model else []

    quoted = targets.with_quotes(claim.target, names, layers)
    return f"; a name with dots, slashes or brackets is quoted: {quoted}" if quoted else ""


def _judged(claim: Claim, target: targets.Target, model: Model) -> dict[str, object]:
    if claim.kind == "shape":
        return _shapes(claim.stated, targets.shapes(target, model), model.axes)
    if claim.kind == "axes":
        return _needs(claim.stated, targets.axes(target, model))
    if claim.kind == "dtype":
        return _dtypes(claim.stated, targets.dtypes(target, model))
    if claim.kind == "params" and target.attribute == "formula":
        return _formula(claim.stated, targets.breakdown(target, model))
    if claim.kind == "params":
        return _count(claim.stated, targets.params(target, model), shapes.count_claim)
    return _count(claim.stated, targets.size(target, model), shapes.size_claim)


def _shapes(stated: str, actual: tuple[named_sizes.Dims, ...], axes: tuple[Axis, ...]) -> dict[str, object]:
    different = tuple(dict.fromkeys(actual))
    text = ", ".join(shape_text(shape) for shape in (different if len(different) == 1 else actual))
    sizes = different[0] if len(different) == 1 else None
    only = tuple(size if isinstance(size, int) else None for size in sizes) if sizes is not None else None
    found = {"holds": True, "actual": text, "restated": text, "shape": only}
    if stated:
        claim = shapes.shape_claim(stated)
        named_sizes.unknown_names(stated, claim.names, axes)
        found |= {"holds": claim.holds(actual), "restated": claim.restated(actual)}
    return found


def _needs(stated: str, actual: tuple[Axis, ...]) -> dict[str, object]:
    text = needs.needs(actual) or ", ".join(f"{axis.name} ≥ {axis.least}" for axis in actual)
    found: dict[str, object] = {"holds": True, "actual": text, "restated": text}
    if stated:
        claim = needs.needs_claim(stated)
        found |= {"holds": claim.holds(actual), "restated": claim.restated(actual)}
    return found


def _count(stated: str, actual: int, read: Callable[[str], shapes.CountClaim]) -> dict[str, object]:
    found = {"holds": True, "actual": f"{actual:,}", "restated": f"{actual:,}", "count": actual}
    if stated:
        claim = read(stated)
        found |= {"holds": claim.holds(actual), "restated": claim.restated(actual)}
    return found


def _formula(stated: str, actual: str) -> dict[str, object]:
    if stated and len(actual) > formula.LONGEST:
        raise targets.Unresolved(f"{stated!r} can't be checked: too many layers for a sum; state the count")
    holds = not stated or formula.value(stated) == formula.value(actual)
    return {"holds": holds, "actual": actual, "restated": actual}


def _dtypes(stated: str, actual: tuple[str, ...]) -> dict[str, object]:
    text = ", ".join(actual)
    return {"holds": not stated or shapes.dtype_holds(stated, actual), "actual": text, "restated": text}
