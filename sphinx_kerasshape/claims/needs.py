"""The sizes of named axes that a model needs: as text, and as claims such as ``time ≥ 3``, ``time ≤ 100``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sphinx_kerasshape.claims.counts import Unreadable
from sphinx_kerasshape.claims.named_sizes import require_axes
from sphinx_kerasshape.messages.report import Axis
from sphinx_kerasshape.text import quoted

_SIZE = r"\d{1,9}(?: ?[–-] ?\d{1,9})?"
_NEED = re.compile(
    r"\b(?P<name>[^\W\d]\w*+) ?(?:(?P<sign>≥|>=|>|≤|<=|<) ?(?P<least>\d{1,9})"
    rf"|= ?(?P<sizes>{_SIZE}(?:, ?{_SIZE})*)(?P<more>,? ?(?:…|\.\.\.)(?:, ?(?P<last>\d{{1,9}}))?)?)"
)

_MOST = {"≤", "<=", "<"}
_STEPS = 3
"""The steps of an axis that are listed."""
_RUN = 4
"""So many sizes in a row are written as their first and last."""
_MAX_RUN = 1000


def needs(axes: Iterable[Axis]) -> str:
    """Return the sizes that a model needs; empty if it takes any.

    ``time ≥ 3``, ``time ≤ 100``, ``width = 8, 16, 24, …``, or ``width = 8`` where it takes no other.
    """
    return ", ".join(need for axis in axes for need in _needs(axis))


def shown(axes: Iterable[Axis]) -> str:
    """Return the sizes that the shapes hold for, of each axis of which they don't for all."""
    partial = (axis._replace(others=()) for axis in axes if axis.is_partial)
    return ", ".join(
        _need(axis, sign) for axis in partial for sign in ("≥", "≤") if sign == "≥" or _has_limit(axis)
    )


def tried(axes: Iterable[Axis]) -> str:
    """Return the largest size of each axis that was tried by calls, if larger ones were not."""
    return ", ".join(f"{axis.name} = {axis.tried}" for axis in axes if axis.tried)


def untried(axes: Iterable[Axis]) -> str:
    """Return the names of the axes of which no size was tried by calls."""
    return ", ".join(axis.name for axis in axes if axis.tried == 0)


def _needs(axis: Axis) -> Iterator[str]:
    if (axis.least, axis.unit) != (1, 1):
        yield _need(axis, "≥")
    if _has_limit(axis):
        yield _need(axis, "≤")


def _has_limit(axis: Axis) -> bool:
    return _is_range(axis) and axis.most > 0


def _is_range(axis: Axis) -> bool:
    """Whether all sizes are taken from the smallest one to the largest."""
    return axis.unit == 1 and not axis.others


def _need(axis: Axis, sign: str) -> str:
    if axis.most and sign in _MOST:
        return f"{axis.name} {sign} {axis.most + (sign == '<')}"
    if _is_range(axis):
        sign = {"<": ">", "<=": ">="}.get(sign, "≥") if sign in _MOST else sign
        least = axis.least - 1 if sign == ">" else axis.least
        return f"{axis.name} {sign} {least}"
    is_run = axis.unit == 1 and axis.most
    sizes = _sizes(axis, axis.most - axis.least + 1 if is_run else _STEPS)
    dots = ", …" if axis.unit and sizes[-1] != axis.most else ""
    return f"{axis.name} = {_listed(sizes)}{dots}" + (f", {axis.most}" if dots and axis.most else "")


def _sizes(axis: Axis, steps: int) -> list[int]:
    """Return the first sizes of an axis, up to some steps of its unit."""
    starts = range(axis.least, axis.least + steps * axis.unit, axis.unit) if axis.unit else [axis.least]
    sizes = {start + offset for start in starts for offset in (0, *axis.offsets)}
    return sorted({*axis.others, *(size for size in sizes if not axis.most or size <= axis.most)})


def _listed(sizes: list[int]) -> str:
    """List sizes, those in a row as ``1–16``."""
    runs: list[list[int]] = []
    for size in sizes:
        if runs and size == runs[-1][-1] + 1:
            runs[-1].append(size)
        else:
            runs.append([size])
    texts = (f"{run[0]}–{run[-1]}" if len(run) >= _RUN else ", ".join(map(str, run)) for run in runs)
    return ", ".join(texts)


@dataclass(frozen=True)
class NeedsClaim:
    """Stated smallest or largest sizes of axes: ``time ≥ 3``, ``time ≤ 100``."""

    text: str

    def holds(self, axes: tuple[Axis, ...]) -> bool:
        """Whether all stated sizes are those that the model needs."""
        return all(_is_true(need, _axis(need, axes, self.text)) for need in _NEED.finditer(self.text))

    def restated(self, axes: tuple[Axis, ...]) -> str:
        """Return the actual sizes in the notation of the claim."""

        def actual(need: re.Match[str]) -> str:
            axis = _axis(need, axes, self.text)
            return need[0] if _is_true(need, axis) else _need(axis, need["sign"] or "≥")

        return _NEED.sub(actual, self.text)


def needs_claim(text: str) -> NeedsClaim:
    """Return the claim that a text states. Raises :class:`Unreadable`."""
    rest = re.sub(r"\bneeds\b|\band\b|,", "", _NEED.sub("", text))
    if rest.strip() or not _NEED.search(text):
        raise Unreadable(
            f"{quoted(text)} doesn't say which sizes an axis may have: "
            "write, for instance, 'time ≥ 3' or 'time = 8, 16, 24, …'"
        )
    return NeedsClaim(text)


def _axis(need: re.Match[str], axes: tuple[Axis, ...], text: str) -> Axis:
    require_axes(text, [need["name"]], axes)
    return next(axis for axis in axes if axis.name == need["name"])


def _is_true(need: re.Match[str], axis: Axis) -> bool:
    if need["sign"]:
        if need["sign"] in _MOST:
            return axis.most == int(need["least"]) - (need["sign"] == "<")
        least = int(need["least"]) + (need["sign"] == ">")
        return _is_range(axis) and axis.least == least
    stated = list(_stated(need["sizes"]))
    if need["more"] is None:
        return stated == _sizes(axis, len(stated) + 1)
    is_limit = need["last"] is None or int(need["last"]) == axis.most
    actual = _sizes(axis, len(stated) + 1)
    is_enough = axis.unit > 0 and stated[-1] >= axis.least + axis.unit and len(stated) < len(actual)
    return is_limit and is_enough and stated == actual[: len(stated)]


def _stated(text: str) -> Iterator[int]:
    """Give the sizes that a list states; the first ones of a long row."""
    for part in text.split(","):
        first, _, last = part.replace("–", "-").partition("-")
        yield from range(int(first), min(int(last or first), int(first) + _MAX_RUN) + 1)
