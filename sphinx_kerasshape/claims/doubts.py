"""Doubts about prose that states a shape or a count without a role, if no model on the page has it.

:mod:`.collect.mentions` finds such prose while a page is read. Prose also speaks of kernels, pools,
pictures and other models. So a doubt needs a reason: a value of the page is near, or the sentence says
what has the value.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple, TypeVar

from sphinx_kerasshape.claims import reasons
from sphinx_kerasshape.claims.counts import CountClaim, Unreadable, count_claim
from sphinx_kerasshape.claims.shapes import shape_claim
from sphinx_kerasshape.messages.report import LayerRow, Model, Shape, shape_text
from sphinx_kerasshape.numerals import numerals
from sphinx_kerasshape.pages.records import Mention
from sphinx_kerasshape.text import excerpt, quoted

_Value = TypeVar("_Value")

_HYPOTHETICAL = re.compile(
    r"\b(?:not|never|no longer|isn't|wrong|mistake|instead of|rather than|unlike|would|could|might|if|suppose"
    r"|imagine|say|e\.g|for example|such as|nicht|kein\w*|falsch|würde|ne|pas|faux|nunca|sino)\b",
    re.IGNORECASE,
)
"""Words for what a model does not have."""
_COMPARED = re.compile(
    r"\b(?:more|less|fewer|than|over|under|up to|at least|at most|between|nearly|almost|below|above"
    r"|saves?|saved|extra|additional|another|first|last|only the|per|mehr|weniger|als|fast|plus|moins"
    r"|más|menos)\s*$",
    re.IGNORECASE,
)
"""Words before a number that make it another than that of a model."""
_RANGE = re.compile(
    r"\b(?:between|from|zwischen|von|entre|de)\b.*\d\D*\b(?:and|to|und|bis|et|à|y|a) $", re.IGNORECASE
)
_OF_CALLS = re.compile(
    r"\b(?:tak|accept|expect|requir|need|receiv|set|tun|pass|adjust|choos|configur|argument)\w*\b",
    re.IGNORECASE,
)
"""Words for the parameters of functions, of which none has a hundred."""
_OF_WEIGHTS = re.compile(
    r"\b(?:kernels?|weights?|bias|biases|matrix|matrices|gamma|beta|gewichte?\w*|poids|pesos)\b",
    re.IGNORECASE,
)
_OF_SETTINGS = re.compile(
    r"\b(?:\w*pool\w*|strid\w*|dilat\w*|images?|pictures?|photos?|pixels?|windows?|patch\w*|crop\w*|resiz\w*"
    r"|filters?|grids?|sizes?|padding|bild\w*|fotos?|imágen\w*)\b",
    re.IGNORECASE,
)
"""Words for shapes that are no tensors': pools, strides, pictures."""
_IS_SHAPE_OF_TENSOR = re.compile(r"\b(?:input|output)s? (?:has|have) (?:the |a )?shapes?:? $")
_OF_TENSOR = re.compile(
    r"\W*(?:(?:input|output)s? (?:shape|tensor)"
    r"|(?:tuple|shape)?\s*\w+(?: \w+)? the shape of (?:the |an? )?(?:\w+ )?(?:input|output)s?\b)"
)
"""Words behind a shape that make it that of a tensor."""
_OF_NAME = re.compile(
    r"\b(?P<name>[A-Z][a-z]+[A-Z]\w*(?:-\w+)*|[A-Z]+[\w-]*\d\w*)(?:'s)?,? (?:(?:itself|alone) )?"
    r"(?:has|had|needs|needed|with|contains|counts|uses) (?:(?:only|just|about|some|around|roughly) )?$"
)
"""A model's name, of which a number is said: ``LeNet has``, ``VGG16 with about``."""
_OF_MODEL = re.compile(
    r"\b(input|output)s?\b(?:\W+(?:shapes?|sizes?|tensors?|batch(?:es)?|of|the|this|that|our|its|a|an|model|network|net|is"
    r"|are|was|were|has|have|had|be|will|would|with|as|now|then|therefore|\w+ly))*\W*$",
    re.IGNORECASE,
)
"""The last word before a shape that says of which end of a model it is."""
_OF_PARTS = re.compile(r"together$|does not train|^that of the .* of ")
"""What has a count that few texts mean: weights, neighbouring layers."""
_SLIP = math.log(1.25)
"""Sizes that differ by less, on a logarithmic scale, may be a slip."""
_LEAST_COUNT = 100
"""A smaller number of parameters may be that of a function."""
_RATIO = 1.25
"""Counts within this ratio are near."""


class Opinion(NamedTuple):
    """What models say of a mention."""

    holds: bool = False
    """Whether a model has the value itself; otherwise it may speak of anything."""
    doubt: str = ""
    """The message about a value that no model has, if there is a reason to doubt it."""
    nearest: str = ""
    """The nearest value, in the notation of the mention."""
    is_sure: bool = True
    """Whether the nearest value is surely the one that is meant, and not a guess."""
    shape: Shape | None = None
    """The nearest shape."""


def doubt(mention: Mention, models: Iterable[Model], language: str = "en", names: Iterable[str] = ()) -> str:
    """Return the message about a mention that no model confirms; empty if one does, or without a reason.

    ``names`` are those that the page gives its models.
    """
    models = list(models)
    found = opinion(mention, models, language)
    if not found.doubt or reasons.is_of_other(mention, models, names):
        return ""
    if found.shape is not None:
        is_kept = reasons.is_far(mention, found.shape, names_layer=_names_layer(mention, models))
    else:
        is_kept = not found.is_sure or reasons.is_round(mention)
    return "" if is_kept else found.doubt


def opinion(mention: Mention, models: Iterable[Model], language: str = "en") -> Opinion:
    """Return what models say of a mention."""
    models = list(models)
    is_definite = mention.before.endswith("the ") and _OF_TENSOR.match(mention.after)
    if _HYPOTHETICAL.search(mention.before) and not is_definite:
        return Opinion()
    try:
        if mention.kind == "shape":
            return _on_shape(mention, models)
        return _on_count(mention, models, language)
    except Unreadable:
        return Opinion()


def _on_shape(mention: Mention, models: list[Model]) -> Opinion:
    claim = shape_claim(mention.text)
    stated: Shape = tuple(size if isinstance(size, int) else None for size in claim.shapes[0])
    tensors = _owners(pair for model in models for pair in _tensors(model))
    rows = [row for model in models for row in model.layers]
    weights = _owners((w.shape, f"the {w.name} of {quoted(row.name)}") for row in rows for w in row.weights)
    known = [*tensors, *weights]
    if any(claim.holds((shape,)) for shape in known):
        return Opinion(holds=True)
    if any(_is_part(stated, shape) for shape in known):
        return Opinion()
    if any(_is_example(mention, stated, shape) for shape in tensors) or _is_setting(mention, stated):
        return Opinion()
    names_layer = _names_layer(mention, models)
    fits = [shape for shape in tensors if _fits_tensor(stated, shape)]
    if None not in stated:
        is_meant = names_layer or bool(_OF_WEIGHTS.search(mention.before + mention.after))
        fits = [shape for shape in [*fits, *weights] if _is_near(stated, shape, is_meant=is_meant)]
    if not fits:
        return Opinion()
    owned = _of_whom(mention, fits, tensors) if None in stated and not names_layer else []
    nearest = min(owned or fits, key=lambda shape: _distance(stated, shape))
    is_sure = _is_sure([_distance(stated, shape) for shape in {*(owned or fits)}])
    message = (
        f"no model on this page has the shape {excerpt(mention.text)}; "
        f"the nearest is {shape_text(nearest)}, {(weights | tensors)[nearest]}"
    )
    omits = None not in stated and nearest[:1] == (None,) and len(stated) + 1 == len(nearest)
    restated = claim.restated((nearest[1:] if omits else nearest,))
    return Opinion(doubt=message, nearest=restated, is_sure=is_sure, shape=nearest)


def _is_sure(distances: Collection[tuple[bool, int, float]]) -> bool:
    """Whether the nearest of some shapes is surely the one that is meant, by how far they are."""
    (differs, rank, ratio), *others = sorted(distances)
    is_far = not others or others[0][:2] > (differs, rank) or others[0][2] > 2 * ratio
    return not (others and differs) or (ratio < _SLIP and is_far)


def _of_whom(mention: Mention, fits: Sequence[Shape], owners: Mapping[Shape, str]) -> list[Shape]:
    """Return those of some shapes that are a model's input or output, if the sentence says which."""
    said = _OF_MODEL.search(mention.before[-60:])
    owner = f"the {said[1].lower()} of the model" if said else ""
    return [shape for shape in fits if owners.get(shape) == owner]


def _owners(pairs: Iterable[tuple[_Value, str]]) -> dict[_Value, str]:
    """Return what has each value first."""
    owners: dict[_Value, str] = {}
    for value, owner in pairs:
        owners.setdefault(value, owner)
    return owners


def _tensors(model: Model) -> Iterator[tuple[Shape, str]]:
    yield from ((tensor.shape, "the output of the model") for tensor in model.outputs)
    yield from ((tensor.shape, "the input of the model") for tensor in model.inputs)
    for name in ("outputs", "inputs"):
        for row in model.layers:
            owner = f"the {name[:-1]} of {quoted(row.name)}"
            yield from ((tensor.shape, owner) for call in row.calls for tensor in getattr(call, name))


def _is_part(stated: Shape, shape: Shape) -> bool:
    """Whether neighbouring sizes of a known shape are stated: ``(3, 3)`` of a kernel ``(3, 3, 1, 32)``."""
    places = range(len(shape) - len(stated) + 1)
    return None not in stated and any(shape[place : place + len(stated)] == stated for place in places)


def _is_example(mention: Mention, stated: Shape, shape: Shape) -> bool:
    """Whether a known shape is stated with numbers for its open sizes, perhaps without that of the batch.

    Anything would be an example of a shape that is all open; but weights aren't.
    """
    shape = _of_sample(stated, shape)
    if set(shape) == {None} and _OF_WEIGHTS.search(f"{mention.before[-40:]} {mention.after[:40]}"):
        return False
    pairs = zip(stated, shape, strict=False)
    return len(stated) == len(shape) and all(size in (one, None) for one, size in pairs)


def _of_sample(stated: Shape, shape: Shape) -> Shape:
    """Return a shape without the batch axis, if it is stated so."""
    omits = None not in stated and len(stated) + 1 == len(shape) and shape[0] is None
    return shape[1:] if omits else shape


def _is_setting(mention: Mention, stated: Shape) -> bool:
    """Whether it is a shape that the code or a layer's configuration has, or a square, as pictures are."""
    if mention.in_code:
        is_of_tensor = _IS_SHAPE_OF_TENSOR.search(mention.before) or _OF_TENSOR.match(mention.after)
        return not (None in stated and is_of_tensor)
    if None in stated:
        return False
    is_square = len(set(stated)) == 1 and len(stated) > 1
    near = f"{mention.before[-40:]} {mention.after[:40]}"
    return is_square or (len(stated) < 3 and bool(_OF_SETTINGS.search(near)))


def _fits_tensor(stated: Shape, shape: Shape) -> bool:
    """Whether a shape may be meant for that of a tensor: only open axes and ones differ, or the sizes."""
    if None not in stated:
        return len(stated) + 1 == len(shape)
    if len(stated) == len(shape):
        return stated[0] is None or any(one == size for one, size in zip(stated, shape, strict=True))
    sizes = [[size for size in one if size not in (None, 1)] for one in (stated, shape)]
    return bool(sizes[0]) and sizes[0] == sizes[1]


def _is_near(stated: Shape, shape: Shape, *, is_meant: bool) -> bool:
    """Whether the sizes of a sample or a weight are almost those that are stated.

    ``is_meant`` says that the sentence names weights or a layer.
    """
    shape = _of_sample(stated, shape)
    if len(shape) != len(stated) or (len(stated) < 3 and not is_meant):
        return False
    pairs = [(one, size) for one, size in zip(stated, shape, strict=True) if one is not None]
    same = sum(one == size for one, size in pairs)
    if sorted(map(str, stated)) == sorted(map(str, shape)):
        return True
    close = all(size is None or abs(one - size) <= max(2, size // 10) for one, size in pairs)
    return (same > 0 and (close or same * 2 >= len(stated))) or (close and is_meant)


def _distance(stated: Shape, shape: Shape) -> tuple[bool, int, float]:
    """Return how much shapes differ: whether they have other sizes, in their rank, and in their sizes.

    An open axis more or less, or swapped sizes, are commoner mistakes than wrong sizes.
    """
    shape = _of_sample(stated, shape)
    sizes = [sorted(size for size in one if size not in (None, 1)) for one in (stated, shape)]
    ratios = (math.log((one or 1) / (size or 1)) for one, size in zip(stated, shape, strict=False))
    return sizes[0] != sizes[1], abs(len(stated) - len(shape)), sum(map(abs, ratios))


def _on_count(mention: Mention, models: list[Model], language: str) -> Opinion:
    claims = list(_readings(mention.text, language))
    counts = _owners(pair for model in models for pair in _counts(model))
    if any(claim.holds(count) for claim in claims for count in counts):
        return Opinion(holds=True)
    if _COMPARED.search(mention.before) or _RANGE.search(mention.before):
        return Opinion()
    named = _OF_NAME.search(mention.before)
    if named and not _is_of_page(named["name"], models):
        return Opinion()
    stated = claims[0].number * claims[0].units[0]
    is_of_call = _OF_CALLS.search(mention.before[-30:]) or not _names_layer(mention, models)
    if stated < _LEAST_COUNT and is_of_call:
        return Opinion()
    near = [count for count in counts if count and _is_near_count(claims[0], int(stated), count)]
    if not near:
        return Opinion()
    nearest = min(near, key=lambda count: (not _is_typo(int(stated), count), abs(math.log(count / stated))))
    message = (
        f"nothing on this page has {excerpt(mention.text)} params; "
        f"the nearest count is {numerals(language).written(nearest)}, {counts[nearest]}"
    )
    is_own = not _OF_PARTS.search(counts[nearest])
    is_sure = is_own or _is_typo(int(stated), nearest)
    is_sure = is_sure and not reasons.is_rounding(int(stated), nearest)
    return Opinion(doubt=message, nearest=claims[0].restated(nearest), is_sure=is_sure)


def _is_of_page(name: str, models: Iterable[Model]) -> bool:
    """Whether a name is that of a model or layer of the page, or a type of theirs."""
    names = {word for model in models for word in (model.name, model.type)}
    names |= {word for model in models for row in model.layers for word in (row.name, row.type)}
    return name.casefold() in {word.casefold() for word in names}


def _readings(text: str, language: str) -> Iterator[CountClaim]:
    """Yield what a number may mean: ``3 128`` may be a number behind another one."""
    yield count_claim(text, language)
    head, space, last = text.rpartition(" ")
    if space and head[-1:].isdecimal() and last.isdecimal():
        yield count_claim(last, language)


def _is_near_count(claim: CountClaim, stated: int, count: int) -> bool:
    is_exact = claim.units == (1,) and claim.step == 1
    return max(stated, count) <= _RATIO * min(stated, count) or (is_exact and _is_typo(stated, count))


def _is_typo(stated: int, count: int) -> bool:
    """Whether two numbers of four or more digits differ in one digit, or in the order of two."""
    one, other = str(stated), str(count)
    if min(len(one), len(other)) < 4 or abs(len(one) - len(other)) > 1:
        return False
    if len(one) == len(other):
        places = [place for place in range(len(one)) if one[place] != other[place]]
        return len(places) == 1 or (len(places) == 2 and sorted(one) == sorted(other))
    longer, shorter = (one, other) if len(one) > len(other) else (other, one)
    return any(longer[:place] + longer[place + 1 :] == shorter for place in range(len(longer)))


def _counts(model: Model) -> Iterator[tuple[int, str]]:
    yield from _split("the model", model.params, model.trainable)
    for row in model.layers:
        yield from _split(quoted(row.name), row.params, row.trainable)
        yield from ((w.params, f"that of the {w.name} of {quoted(row.name)}") for w in row.weights)
    yield from _sums([row for row in model.layers if row.depth == 0])


def _split(owner: str, params: int, trainable: int) -> Iterator[tuple[int, str]]:
    yield params, f"that of {owner}"
    yield trainable, f"that of what trains in {owner}"
    yield params - trainable, f"that of what does not train in {owner}"


def _sums(rows: Sequence[LayerRow]) -> Iterator[tuple[int, str]]:
    """Yield the counts of neighbouring layers together, and those of all layers of a type."""
    counted = [row for row in rows if row.params][:60]
    for start, end in combinations(range(len(counted) + 1), 2):
        names = f"that from {quoted(counted[start].name)} to {quoted(counted[end - 1].name)} together"
        yield sum(row.params for row in counted[start:end]), names
    for kind in dict.fromkeys(row.type for row in rows):
        yield sum(row.params for row in rows if row.type == kind), f"that of all {kind} layers together"


def _names_layer(mention: Mention, models: Iterable[Model]) -> bool:
    """Whether the sentence names a layer of the page's models, or its type."""
    words = {word.lower() for word in re.findall(r"\w+", f"{mention.before} {mention.after}")}
    names = {name.lower() for model in models for row in model.layers for name in (row.name, row.type)}
    if any(word.startswith("convolution") for word in words):
        words |= {name for name in names if name.startswith("conv")}
    return bool(words & names)
