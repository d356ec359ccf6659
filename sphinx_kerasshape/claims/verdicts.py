"""Verdicts: what becomes of a page's claim when it is compared with the report of its model."""

from __future__ import annotations

import dataclasses
import functools
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sphinx_kerasshape.axes import notation
from sphinx_kerasshape.claims import (
    count_nouns,
    counts,
    dtypes,
    formula,
    named_sizes,
    needs,
    ranges,
    shapes,
    structure,
    targets,
)
from sphinx_kerasshape.claims.code_integers import code_integers
from sphinx_kerasshape.messages.layers import origin
from sphinx_kerasshape.messages.report import Axis, LayerRow, Model, Report, Shape, shape_text
from sphinx_kerasshape.messages.request import Request
from sphinx_kerasshape.pages.records import Claim
from sphinx_kerasshape.text import hint, quoted, truncated


@dataclass(frozen=True)
class _Compared:
    """What a verdict has from the values alone; its fields are those of the verdict."""

    actual: str
    restated: str
    holds: bool = True
    shape: Shape | None = None
    count: int | None = None
    noun: str = ""


ReportOf = Callable[[str], Report | None]
"""Returns the report of a model by its name, ``None`` if the model failed. Raises ``KeyError``."""
RequestOf = Callable[[str], Request]
"""Returns the request of a model by its name."""


@dataclass(frozen=True)
class Verdict:
    """The result of comparing a claim with a report."""

    claim: Claim
    holds: bool
    """Whether TensorFlow confirms the claim; a value that is only inserted holds if it is known."""
    actual: str = ""
    """The actual value; empty if it is not known."""
    restated: str = ""
    """The actual value in the notation of the claim."""
    shape: Shape | None = None
    """The actual value, if it is one shape."""
    count: int | None = None
    """The actual value, if it is a number."""
    noun: str = ""
    """What is counted, if a count is stated without a noun."""
    version: str = ""
    """The version of TensorFlow that gave the report."""
    problem: str = ""
    """Why there is no actual value; empty if the model failed, which has its own message."""
    unreadable: bool = False
    """Whether the problem is that the stated value can't be read."""
    reason: str = ""
    """What differs, where the actual value does not show that; or why a comment can't be checked."""

    @property
    def is_open(self) -> bool:
        """Whether it can't be checked, for a reason that is nobody's mistake."""
        return bool(self.reason) and not (self.holds or self.actual or self.problem)

    @property
    def said(self) -> str:
        """What TensorFlow says instead, as the end of a sentence."""
        return f"that {self.reason}" if self.reason else self.restated


def judge(
    claim: Claim,
    report_of: ReportOf,
    names: Sequence[str] = (),
    language: str = "en",
    request_of: RequestOf | None = None,
) -> Verdict:
    """Return the verdict on a claim; ``names`` are those of all models, ``language`` is that of the pages."""
    unreadable = False
    try:
        return _compared(claim, report_of, language, request_of)
    except KeyError:
        model = targets.parse(claim.target).model
        problem = (
            f"unknown model {quoted(model)}"
            f"{_swapped(claim, names) or _quoting_hint(claim, report_of, names) or hint(model, names)}"
        )
    except targets.Unresolved as error:
        problem = f"{error}{_swapped(claim, names) or _quoting_hint(claim, report_of, names)}"
    except counts.Unreadable as error:
        problem, unreadable = str(error), True
    except notation.Unreadable as error:
        # A shape of the report: one that the page states is unreadable above.
        advice = "name fewer axes with :axes:, or run the model again"
        problem = f"the shape of {claim.target} can't be read, since {truncated(str(error), 200)}; {advice}"
    return Verdict(claim, holds=False, problem=problem, unreadable=unreadable)


def _compared(claim: Claim, report_of: ReportOf, language: str, request_of: RequestOf | None) -> Verdict:
    """Return the verdict on a claim. Raises what :func:`judge` turns into problems."""
    target = targets.parse(claim.target)
    report = report_of(target.model)
    if report is None:
        return Verdict(claim, holds=False)
    if report.model is None:
        problem = f"the code of {quoted(target.model)} is meant to fail (:raises:), so it has no values"
        return Verdict(claim, holds=False, problem=problem)
    compared = _verdict(claim, target, report.model, language, request_of)
    return Verdict(claim, version=report.versions.tensorflow, **vars(compared))


def _swapped(claim: Claim, names: Sequence[str]) -> str:
    """Return the end of a message about a target that has the value in it, or is in its place."""
    inside = re.fullmatch(r"(.+?)\s*[\s<(]\s*([^\s<>()]+)\s*[>)]?", claim.target)
    first = re.fullmatch(r"<\s*([^<>]+?)\s*>\s*(.+)", claim.target)
    value, target = (claim.target, claim.stated) if claim.stated else inside.groups() if inside else ("", "")
    value, target = (first[2], first[1]) if first and not claim.stated else (value, target)
    try:
        is_target = targets.parse(target).model in names
    except targets.Unresolved:
        return ""
    how = "the value comes first" if claim.stated or first else "the target is in angle brackets"
    return f": {how}, `{value} <{target}>`" if is_target else ""


def _quoting_hint(claim: Claim, report_of: ReportOf, names: Sequence[str]) -> str:
    """Return the end of a message about a target with an existing name that needs quotes."""

    def layers(name: str) -> list[str]:
        report = report_of(name)
        return [row.name for row in report.model.layers] if report and report.model else []

    target = targets.with_quotes(claim.target, names, layers)
    return f"; put names with dots, slashes or brackets in quotes: {target}" if target else ""


def _verdict(
    claim: Claim, target: targets.Target, model: Model, language: str, request_of: RequestOf | None
) -> _Compared:
    stated = claim.stated
    match claim.kind:
        case "shape":
            integers = functools.partial(_integers, target.model, request_of)
            compared = _shapes(stated, targets.shapes(target, model), model.axes, language, integers)
        case "axes":
            compared = _axes(stated, targets.axes(target, model))
        case "dtype":
            compared = _dtypes(stated, targets.dtypes(target, model))
        case "params":
            compared = _params(claim, target, model, language)
        case "bytes":
            compared = _count(stated, targets.size(target, model), ranges.size, language, "")
        case "type":
            compared = _type(stated, targets.type_of(target, model))
        case "layers":
            compared = _layers(stated, targets.layers(target, model), language)
        case "connected":
            compared = _connected(stated, targets.sources(target, model), model)
        case kind:
            raise AssertionError(f"no verdict on {kind}")
    return compared


def _type(stated: str, actual: str) -> _Compared:
    """Return the verdict on the type of a layer or of a model."""
    if not stated:
        return _Compared(actual, actual)
    structure.require_class(stated)
    return _Compared(actual, structure.type_restated(stated, actual), structure.type_holds(stated, actual))


def _connected(stated: str, sources: Sequence[str], model: Model) -> _Compared:
    """Return the verdict on the connections of a layer."""
    names = [str(origin(source)) for source in sources]
    actual = ", ".join(names)
    if not stated:
        return _Compared(actual, actual)
    types = {row.name: row.type for row in model.layers}
    holds = structure.sources_hold(stated, sources, lambda name: types.get(name, ""))
    return _Compared(actual, structure.list_claim(stated).restated(names), holds)


def _layers(stated: str, rows: Sequence[LayerRow], language: str) -> _Compared:
    """Return the verdict on a list of layers, or on their number."""
    actual = structure.layers_text(rows)
    if not stated:
        return _Compared(actual, actual)
    number = structure.number_of_layers(stated, rows, language)
    if number is None:
        restated = structure.layers_restated(stated, rows)
        return _Compared(actual, restated, structure.layers_hold(stated, rows, language))
    count = len(structure.without_inputs(rows))
    noun = "" if number.noun else "layers"
    return _Compared(actual or "0", number.restated(count), number.holds(count), count=count, noun=noun)


def _integers(model: str, request_of: RequestOf | None) -> Mapping[str, int]:
    """Return the integers that a model's code gives names to."""
    return code_integers(request_of(model)) if request_of is not None else {}


def _shapes(
    stated: str,
    actual: tuple[named_sizes.Dims, ...],
    axes: tuple[Axis, ...],
    language: str,
    integers: Callable[[], Mapping[str, int]],
) -> _Compared:
    different = tuple(dict.fromkeys(actual))
    text = ", ".join(shape_text(shape) for shape in (different if len(different) == 1 else actual))
    shape: Shape | None = None
    if len(different) == 1:
        shape = tuple(size if isinstance(size, int) else None for size in different[0])
    if not stated:
        return _Compared(text, text, shape=shape)
    claim = shapes.shape_claim(stated, language)
    if unknown := claim.names - {axis.name for axis in axes}:
        known = integers()
        claim = claim.with_integers({name: known[name] for name in unknown & known.keys()})
    named_sizes.require_axes(stated, claim.names, axes)
    return _Compared(text, claim.restated(actual), claim.holds(actual), shape)


def _axes(stated: str, actual: tuple[Axis, ...]) -> _Compared:
    text = needs.needs(actual) or ", ".join(f"{axis.name} ≥ {axis.least}" for axis in actual)
    if not stated:
        return _Compared(text, text)
    claim = needs.needs_claim(stated)
    return _Compared(text, claim.restated(actual), claim.holds(actual))


def _count(
    stated: str,
    actual: int,
    read: Callable[[str, str], ranges.Counted],
    language: str,
    noun: str = "parameters",
) -> _Compared:
    text = f"{actual:,}"
    if not stated:
        return _Compared(text, text, count=actual)
    claim = read(stated, language)
    noun = "" if claim.noun else noun
    holds = claim.holds(actual)
    restated = stated if holds else claim.restated(actual)
    return _Compared(text, restated, holds, count=actual, noun=noun)


def _params(claim: Claim, target: targets.Target, model: Model, language: str) -> _Compared:
    stated = claim.stated
    if target.attribute == "formula":
        return _formula(stated, targets.breakdown(target, model, language), language)
    count = targets.params(target, model)
    if sized := counts.with_size(stated):
        return _count_with_size(sized, count, targets.size(target, model), language)
    _require_share(claim, target, model, language)
    return _count(stated, count, ranges.count, language)


def _require_share(claim: Claim, target: targets.Target, model: Model, language: str) -> None:
    """Raise :class:`.targets.Unresolved` if a claim of trainable parameters has the target of others."""
    share = count_nouns.share(count_nouns.without_noun(claim.stated, counts.PARAMS, language)[1])
    if share and not target.attribute:
        own = targets.params(dataclasses.replace(target, attribute=share), model)
        if own != targets.params(target, model):
            raise targets.Unresolved(
                f"{quoted(claim.stated)} is about {share.replace('_', '-')} parameters, "
                f"and its target about all: "
                f"make the target {claim.target}.{share}"
            )


def _count_with_size(
    stated: tuple[str, str, str, str], params: int, size_in_bytes: int, language: str
) -> _Compared:
    """Return the verdict on a count with its size in brackets, both of which have to be true."""
    number, opening, size, closing = stated
    count = _count(number, params, ranges.count, language)
    in_bytes = _count(size, size_in_bytes, ranges.size, language)
    restated = f"{count.restated}{opening}{in_bytes.restated}{closing}"
    actual = f"{count.actual}{opening}{in_bytes.actual} B{closing}"
    return _Compared(actual, restated, count.holds and in_bytes.holds)


def _formula(stated: str, actual: str, language: str) -> _Compared:
    if stated and len(actual) > formula.MAX_SUM_LENGTH:
        raise targets.Unresolved(
            f"{quoted(stated)} can't be checked, since the sum of all layers is too long: state the count"
        )
    holds = not stated or formula.value(stated, language) == formula.value(actual, language)
    return _Compared(actual, actual, holds)


def _dtypes(stated: str, actual: tuple[str, ...]) -> _Compared:
    text = ", ".join(actual)
    return _Compared(text, text, not stated or dtypes.dtypes(stated) == set(actual))
