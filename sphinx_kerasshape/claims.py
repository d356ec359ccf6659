"""Claims: what a page states about a shape, a count or a size, against what is true.

Each kind of claim is read into a value that knows how precisely it was written: it can
say whether it holds, and restate the truth in its own notation. Pure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from itertools import chain

from sphinx_kerasshape.messages import Shape

Dim = int | str | None
"""A stated dimension: a number, ``None``, a wildcard (``?``, ``…``), or the name of an axis."""

_SHAPE = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")
_SEPARATOR = re.compile(r"\s*[,×]\s*|\s+x\s+|(?<=[\d?])x(?=[\d?])|(?<=None)x|x(?=None)")
_COUNT = re.compile(
    r"(?P<about>[~≈]\s*)?(?P<number>\d+(?:(?P<group>[,_'\u2019\u00a0\u202f ])\d{3}(?:(?P=group)\d{3})*)?"
    r"(?:\.(?P<decimals>\d+))?)(?P<space>\s*)(?P<suffix>[kKMGBTmgt](?:i?B)?|B|bytes?)?"
)
_THOUSANDS = {"k": 1, "m": 2, "b": 3, "g": 3, "t": 4}


class Unreadable(ValueError):
    """A claim that can't be read; the message says how to write one."""


@dataclass(frozen=True)
class ShapeClaim:
    """One or several shapes, as stated."""

    text: str
    shapes: tuple[tuple[Dim, ...], ...]

    def holds(self, actual: tuple[Shape, ...]) -> bool:
        """Whether it is true: one shape of all tensors, several of each in its turn."""
        if len(self.shapes) == 1:
            return bool(actual) and all(_matches(self.shapes[0], shape) for shape in actual)
        return len(self.shapes) == len(actual) and all(map(_matches, self.shapes, actual))

    def restated(self, actual: tuple[Shape, ...]) -> str:
        """Write the truth in the notation of the claim."""
        if len(self.shapes) == len(actual):
            pairs = zip(self.shapes, actual, strict=True)
            truths = [_as_stated(stated, shape) for stated, shape in pairs]
        else:
            truths = [_as_stated(self.shapes[0], shape) for shape in dict.fromkeys(actual)]
        pieces = list(_SHAPE.finditer(self.text))
        if len(pieces) == len(truths) and (len(pieces) > 1 or pieces[0][0] == self.text.strip()):
            text, end = "", 0
            for piece, truth in zip(pieces, truths, strict=True):
                text += self.text[end : piece.start()] + _in_notation(piece[0], truth)
                end = piece.end()
            return text + self.text[end:]
        if len(truths) == 1:
            return _in_notation(self.text, truths[0])
        return ", ".join(_in_notation("()", truth) for truth in truths)


@dataclass(frozen=True)
class CountClaim:
    """A count or a size, as stated: a number of ``digits`` behind the point, times a unit."""

    text: str
    number: Decimal
    step: Decimal
    """The unit of the last digit that counts: half of it is the claim's precision."""
    units: tuple[int, ...]
    """What the suffix may multiply with; ``KB`` is 1,000 or 1,024 bytes."""

    def holds(self, actual: int) -> bool:
        """Whether the truth, rounded as the claim is, is what the claim says."""
        return any(abs(actual - self.number * unit) * 2 <= self._precision(unit) for unit in self.units)

    def restated(self, actual: int) -> str:
        """Write the truth with the separators, digits and unit of the claim."""
        found = _COUNT.fullmatch(self.text.strip())
        assert found is not None
        unit, step = self.units[0], self.step
        while step > 1 and Decimal(actual) < step * unit:
            step /= 10
        value = (Decimal(actual) / unit / step).quantize(Decimal(1), ROUND_HALF_UP) * step
        whole, _, decimals = f"{value:f}".partition(".")
        if found["group"] or (len(whole) > 3 and "," in self.text):
            whole = f"{int(whole):,}".replace(",", found["group"] or ",")
        number = f"{whole}.{decimals[: len(found['decimals'])]}" if found["decimals"] else whole
        return f"{found['about'] or ''}{number}{found['space']}{found['suffix'] or ''}"

    def _precision(self, unit: int) -> Decimal:
        step = self.step * unit
        return Decimal(0) if step == 1 else step


def shape_claim(text: str) -> ShapeClaim:
    """Read shapes: ``(None, 50)``, ``None × 50``, ``28x28x3``, ``(?, …, 64)``, ``(4,), (5,)``."""
    stripped = text.strip()
    inner = stripped[1:-1] if re.fullmatch(r"\[\s*[(\[].*[)\]]\s*\]", stripped) else stripped
    pieces = _SHAPE.findall(inner)
    rest = _SHAPE.sub("", inner)
    if pieces and not rest.replace(",", "").replace("and", "").strip():
        return ShapeClaim(text, tuple(_dims(piece[1:-1]) for piece in pieces))
    if pieces or not stripped:
        raise Unreadable(_how_to(text))
    return ShapeClaim(text, (_dims(stripped),))


def count_claim(text: str) -> CountClaim:
    """Read a count: ``29,505``, ``29505``, ``29.5k``, ``~30 K``, ``174B``; or a size, ``115 KiB``."""
    found = _COUNT.fullmatch(text.strip())
    if found is None:
        raise Unreadable(f"{text!r} is no number: write 29,505, 29.5k, ~30k or, for bytes, 115.3 KiB")
    digits = re.sub(r"[^\d.]", "", found["number"])
    step = Decimal(1).scaleb(-len(found["decimals"] or ""))
    if found["about"] and not found["suffix"] and not found["decimals"]:
        # "~30,000" means its leading digits.
        step = Decimal(1).scaleb(len(digits) - len(digits.rstrip("0")))
    return CountClaim(text, Decimal(digits), step, _units(found["suffix"] or ""))


def size_claim(text: str) -> CountClaim:
    """Read a size in bytes: ``118,020 B``, ``115.3 KiB``, ``0.5 GB``."""
    found = _COUNT.fullmatch(text.strip())
    if found and (found["suffix"] or "").lower() in ("b", "byte", "bytes"):
        claim = count_claim(text.strip()[: found.start("suffix")].rstrip())
        return CountClaim(text, claim.number, claim.step, (1,))
    return count_claim(text)


def dtype_holds(stated: str, actual: tuple[str, ...]) -> bool:
    """Whether a stated dtype is the one of all tensors; several are separated by commas."""
    return {part.strip() for part in stated.split(",")} == set(actual)


def _units(suffix: str) -> tuple[int, ...]:
    if not suffix or suffix.startswith("byte"):
        return (1,)
    power = _THOUSANDS[suffix[0].lower()]
    if "i" in suffix:
        return (1024**power,)
    return (1024**power, 1000**power) if suffix[1:] == "B" else (1000**power,)


def _dims(text: str) -> tuple[Dim, ...]:
    text = text.strip()
    text = text.removesuffix(",").strip()
    if not text:
        return ()
    return tuple(_dim(part.strip(), text) for part in _SEPARATOR.split(text))


def _dim(text: str, whole: str) -> Dim:
    if text in ("None", "?"):
        return None if text == "None" else "?"
    if text in ("…", "..."):
        return "…"
    if re.fullmatch(r"\d+(?:_\d+)*", text):
        return int(text)
    raise Unreadable(_how_to(whole))


def _how_to(text: str) -> str:
    return f"{text!r} is no shape: write (None, 50), with ? for any size and … for any axes"


def _matches(stated: tuple[Dim, ...], actual: Shape) -> bool:
    if _is_of_a_sample(stated, actual):
        actual = actual[1:]
    if "…" in stated:
        place = stated.index("…")
        head, tail = stated[:place], stated[place + 1 :]
        if len(head) + len(tail) > len(actual):
            return False
        last = len(actual) - len(tail)
        return _matches_each(head, actual[:place]) and _matches_each(tail, actual[last:])
    return _matches_each(stated, actual)


def _matches_each(stated: tuple[Dim, ...], actual: Shape) -> bool:
    return len(stated) == len(actual) and all(
        dim in ("?", size) for dim, size in zip(stated, actual, strict=True)
    )


def _is_of_a_sample(stated: tuple[Dim, ...], actual: Shape) -> bool:
    """Whether a claim leaves out the batch axis: all its sizes are numbers, and one is missing.

    With a ``None`` it would be taken for the shape of a batch: this very mistake is to be found.
    """
    numbers = all(isinstance(dim, int) for dim in stated)
    return numbers and len(stated) + 1 == len(actual) and actual[0] is None


def _as_stated(stated: tuple[Dim, ...], actual: Shape) -> tuple[Dim, ...]:
    """Return the truth, with the wildcards of the claim where these are right."""
    if _is_of_a_sample(stated, actual):
        actual = actual[1:]
    if "…" in stated:
        place = stated.index("…")
        tail = len(stated) - place - 1
        if len(stated) - 1 > len(actual):
            return actual
        middle: tuple[Dim, ...] = ("…",)
        last = actual[len(actual) - tail :]
        return tuple(chain(_keep(stated[:place], actual[:place]), middle, _keep(stated[place + 1 :], last)))
    return _keep(stated, actual) if len(stated) == len(actual) else actual


def _keep(stated: tuple[Dim, ...], actual: Shape) -> tuple[Dim, ...]:
    return tuple("?" if dim == "?" else size for dim, size in zip(stated, actual, strict=True))


def _in_notation(text: str, dims: tuple[Dim, ...]) -> str:
    """Write dimensions with the brackets and separators of another shape."""
    stripped = text.strip()
    opening = stripped[0] if stripped[:1] in ("(", "[") else ""
    closing = {"(": ")", "[": "]", "": ""}[opening]
    inner = stripped[len(opening) : len(stripped) - len(closing)]
    separator = _SEPARATOR.search(inner.strip().removesuffix(","))
    between = separator[0] if separator else ", "
    body = between.join("None" if dim is None else str(dim) for dim in dims)
    comma = "," if opening == "(" and len(dims) == 1 else ""
    return f"{opening}{body}{comma}{closing}"
