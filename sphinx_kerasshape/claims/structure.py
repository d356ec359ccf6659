"""Claims of what a model is made of: types, its layers, and what a layer is connected to.

``LSTM``, ``3``, ``three layers``, ``LSTM, Dense``, ``embedding → lstm → dense``, ``dense, lstm``.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest

from sphinx_kerasshape.claims import number_words
from sphinx_kerasshape.claims.counts import LAYERS, Unreadable
from sphinx_kerasshape.claims.ranges import Counted, count
from sphinx_kerasshape.messages.layers import origin
from sphinx_kerasshape.messages.report import LayerRow
from sphinx_kerasshape.text import quoted

_BETWEEN = re.compile(r",? (?:and|und|et|y|e|then) |\s*(?:->|–>|=>|[,;、，→⟶⇒➔>–—])\s*|\s+[-/+|·]\s+")
_TIMES = re.compile(
    r"(?:and |und |et |y )?(?P<before>\d{1,3})\s*[×x]?\s+(?P<name>\w+?)(?:s|\s+layers?|-Schichten)?"
    r"|(?P<item>\w+)\s*[×x*]\s*(?P<behind>\d{1,3})"
)
"""Several equal layers: ``2 Dense``, ``2× Dense``, ``Dense × 2``."""
_ARTICLE = re.compile(r"(?i:an?|the|eine?r?|eine[mn]|une?|una)\s+(?=\S)")
_AROUND = re.compile(
    r"(?P<before>(?:(?i:an?|the|eine?|une?|una)\s+)?(?:(?:couche|capa)\s+)?`?)(?P<rest>.*?)(?P<tick>`?)"
)
_MODULE = re.compile(r"(?:\w+\.)+(?=\w+$)")
_NOUN = re.compile(r"(?i:(?<=\w)(?:\s+layers?|-(?:Schicht|Layer)(?:en)?))$")
"""What may be behind a class: ``LSTM layer``, ``LSTM-Schicht``."""
_ELLIPSIS = ("…", "...")
_CLASS = re.compile(r"(?:\w+\.)*[^\W\d]\w*")
_ITEM = re.compile(r"\S+(?: \((?:call|output) \d+\))*(?: layers?)?")
"""What may be the name of a layer that the model does not have: renamed ones are drift."""


@dataclass(frozen=True)
class ListClaim:
    """A stated list, with the text between its items."""

    items: tuple[str, ...]
    between: tuple[str, ...]

    def restated(self, items: Sequence[str]) -> str:
        """Return other items, separated like those of the claim."""
        between = self.between
        if len(between) != len(items) - 1:
            between = (*(self.between[:1] or (", ",)),) * (len(items) - 1)
        return "".join(chain.from_iterable(zip_longest(items, between, fillvalue="")))


def list_claim(text: str) -> ListClaim:
    """Return the list that a claim states. Raises :class:`Unreadable`."""
    text = text.strip()
    if text[:1] + text[-1:] in ("[]", "()"):
        text = text[1:-1]
    items = tuple(item.strip().strip("`") for item in _BETWEEN.split(text))
    if not all(items):
        raise Unreadable(f"{quoted(text)} is not a list: write one such as LSTM, Dense")
    return ListClaim(items, tuple(_BETWEEN.findall(text.strip())))


def _require_items(stated: str, items: Sequence[str]) -> None:
    """Raise :class:`Unreadable` if items can't be layers, such as ``a stack of LSTMs``."""
    if not all(_ITEM.fullmatch(item) for item in items):
        raise Unreadable(
            f"{quoted(stated)} is not a list of layers: write one such as LSTM, Dense, "
            "or their number, such as 3 layers"
        )


def type_holds(stated: str, actual: str) -> bool:
    """Whether a class is stated, perhaps with the module that it is from: ``layers.LSTM``."""
    return _MODULE.sub("", _NOUN.sub("", _bare(stated)[1])) == actual


def require_class(stated: str) -> None:
    """Raise :class:`Unreadable` if a text is no class, such as ``two LSTMs``."""
    if not _CLASS.fullmatch(_NOUN.sub("", _bare(stated)[1])):
        raise Unreadable(f"{quoted(stated)} is not a class: write one such as LSTM, or LSTM layer")


def type_restated(stated: str, actual: str) -> str:
    """Return a class with the module that the claim has."""
    before, name, tick = _bare(stated)
    module, noun = _MODULE.match(_NOUN.sub("", name)), _NOUN.search(name)
    return before + (module[0] if module else "") + actual + (noun[0] if noun else "") + tick


def _bare(stated: str) -> tuple[str, str, str]:
    """Return a class between what may stand around it: an article, a noun, backticks."""
    around = _AROUND.fullmatch(stated.strip())
    return (around["before"], around["rest"], around["tick"]) if around else ("", stated.strip(), "")


def number_claim(text: str, language: str) -> Counted | None:
    """Return the claim of a number of layers; ``None`` if the text is a list of them."""
    try:
        return count(text, language, LAYERS)
    except Unreadable:
        return None


def number_of_layers(stated: str, rows: Sequence[LayerRow], language: str) -> Counted | None:
    """Return the claim of how many layers the rows are; ``None`` if a list of them is stated.

    A layer may be called ``one``.
    """
    return None if any(_is_row(stated, row) for row in rows) else number_claim(stated, language)


def layers_hold(stated: str, rows: Sequence[LayerRow], language: str = "en") -> bool:
    """Whether a list of names or types of layers is that of the rows, in their order."""
    items = _repeated(list_claim(stated).items, rows, language)
    _require_items(stated, [item for item in items if not any(_is_row(item, row) for row in rows)])
    names_inputs = any(_is_row(items[0], row) for row in rows if row.type == "InputLayer")
    rows = rows if names_inputs else without_inputs(rows)
    gaps = [number for number, item in enumerate(items) if item in _ELLIPSIS]
    if len(gaps) > 1:
        raise Unreadable(f"{quoted(stated)} has … twice: use it once, for any layers")
    if not gaps:
        return len(items) == len(rows) and all(map(_is_row, items, rows))
    head, tail = items[: gaps[0]], items[gaps[0] + 1 :]
    begin = list(zip(head, rows, strict=False))
    end = list(zip(reversed(tail), reversed(rows), strict=False))
    return len(head) + len(tail) <= len(rows) and all(_is_row(item, row) for item, row in begin + end)


def _repeated(items: Sequence[str], rows: Sequence[LayerRow], language: str) -> list[str]:
    """Return items, with those that stand for several layers as often as these."""
    repeated: list[str] = []
    for item in items:
        is_known = any(_is_row(item, row) for row in rows)
        single = _NOUN.sub("", _ARTICLE.sub("", item)) if _ARTICLE.match(item) else item
        several = None if is_known else _TIMES.fullmatch(number_words.in_digits(single, language)[0])
        name = item if is_known else (several["name"] or several["item"]) if several else single
        repeated += [name] * (int(several["before"] or several["behind"]) if several else 1)
    return repeated


def layers_restated(stated: str, rows: Sequence[LayerRow]) -> str:
    """Return the names or types of layers, as the claim lists them."""
    claim = list_claim(stated)
    named = sum(any(item == row.name for row in rows) for item in claim.items)
    typed = sum(any(type_holds(item, row.type) for row in rows) for item in claim.items)
    return claim.restated([row.name if named > typed else row.type for row in without_inputs(rows)])


def layers_text(rows: Sequence[LayerRow]) -> str:
    """Return the types of layers, without those of inputs."""
    return ", ".join(row.type for row in without_inputs(rows))


def sources_hold(stated: str, sources: Sequence[str], type_of: Callable[[str], str]) -> bool:
    """Whether the layers that a claim names are those that others are connected to, in any order.

    ``type_of`` returns the type of a layer, by which a claim may call it.
    """
    left = Counter(sources)
    for item in list_claim(stated).items:
        forms = (source for source in left if item in _forms(source, type_of))
        found = next((source for source in forms if left[source]), None)
        if found is None:
            _require_items(stated, [item])
            return False
        left[found] -= 1
    return not +left


def _forms(source: str, type_of: Callable[[str], str]) -> tuple[str, ...]:
    """Return what a claim may call a source: as Keras does, as pages do, its layer, or that one's type."""
    place = origin(source)
    return source, str(place), place.layer, type_of(place.layer)


def without_inputs(rows: Sequence[LayerRow]) -> list[LayerRow]:
    """Return the rows of layers that are no inputs."""
    return [row for row in rows if row.type != "InputLayer"]


def _is_row(item: str, row: LayerRow) -> bool:
    is_input = item == "Input" and row.type == "InputLayer"
    return item == row.name or type_holds(item, row.type) or is_input
