"""Reasons to keep a doubt about prose to oneself: the sentence speaks of something else, or of what might be.

Audits look at each doubt again before they rewrite anything. Builds only warn (``kerasshape_lint``), so
that a false doubt costs more than a missing one.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence

from sphinx_kerasshape.messages.report import Model, Shape
from sphinx_kerasshape.pages.records import Mention

_OTHER = re.compile(
    r"\b(?:masks?|scores?|states?|one-hot|multi-hot|labels?|targets?|ground truth|classes|paper|original"
    r"|linear (?:model|regression)|logistic|baseline|discriminator|generator|critic|teacher|student|decoder"
    r"|encoder|variational|bidirectional|stacked|latent|noise|spectrograms?|rgb|colou?r|gr[ae]yscale|gr[ae]y"
    r"|pytorch|channels[- ]first|transposed|(?:replace|swap|chang|resiz|reshap|expand|concatenat|pad)\w*"
    r"|bottleneck|depthwise|separable|pointwise|dilated|dueling|auxiliary|embedding|had|ours before"
    r"|(?:last|previous|next|other|another|earlier) (?:chapter|section|page|example|model|network|one)"
    r"|tried|any size|quantiz\w*|prun\w*|training (?:set|data)|data ?sets?|vocabulary|maske|etikett\w*)\b",
    re.IGNORECASE,
)
"""Words for tensors and models that are not those of the page, unless a layer or model of it has the name."""
_NAME = re.compile(r"\b(?:[A-Z][a-z]+[A-Z]\w*|[A-Z]{2,}\w*|[A-Z][a-z]*-?\d\w*)(?:-\w+)*")
"""A name of a class or of a model: ``SimpleRNN``, ``BERT-base``, ``GPT-3``."""
_WOULD = re.compile(r"\W*(?:\w+\W+){0,4}(?:would|could|might|wären?|würden?|hätten?)\b", re.IGNORECASE)
"""What makes a value in front of it one that might be."""
_FRAME = re.compile(
    r"\W*(?:with|without|using|for|when|had|con|sin|para|avec|sans|pour|mit|ohne|bei|für)\b", re.IGNORECASE
)
"""The beginning of a sentence about another case: ``With 512 units, …``."""
_SUBJECT = re.compile(
    r"\b(?:inputs?|outputs?|layers?|kernels?|weights?|returns?|eingabe|ausgabe|schicht|entrée|sortie|entrada"
    r"|salida)\b",
    re.IGNORECASE,
)
"""What has a shape."""
_OF_SAMPLE = re.compile(
    r"\b(?:samples?|results?|pool\w*|convol\w*|flatten\w*|returns?|gives?|there are)\b", re.I
)
"""What has a shape without the batch."""
_OF_COUNT = re.compile(r"\b(?:model|network|net|layers?|modell|netz|modelo|réseau|modèle)\b", re.IGNORECASE)


def is_of_other(mention: Mention, models: Sequence[Model], names: Iterable[str] = ()) -> bool:
    """Whether the sentence speaks of another model or tensor, or of what might be.

    ``names`` are those that the page gives its models.
    """
    if _WOULD.match(mention.after) or _FRAME.match(mention.before):
        return True
    near = f"{mention.before} {' '.join(mention.after.split()[:3])}"
    known = " ".join([*_names(models), *names]).lower()
    words = (match[0].lower() for pattern in (_OTHER, _NAME) for match in pattern.finditer(near))
    return any(word not in known for word in words)


def is_far(mention: Mention, nearest: Shape, *, names_layer: bool) -> bool:
    """Whether a shape has little in common with the nearest, and nothing says what has it."""
    stated = re.findall(r"None|\d+", mention.text)
    if names_layer or _SUBJECT.search(mention.before):
        return False
    if "None" not in stated:
        return not _OF_SAMPLE.search(mention.before)
    pairs = list(zip(stated, nearest, strict=False))[1:]
    if all(one == "None" for one in stated):
        return True
    if len(stated) == len(nearest) and all(one in ("None", str(size)) for one, size in pairs):
        return True  # such as (None, None, None, 3), for any size
    if sorted(stated, key=str) == sorted(map(str, nearest)) or len(stated) != len(nearest):
        return False
    differ = [(int(one), size) for one, size in pairs if one != str(size) and one != "None"]
    return len(differ) * 2 > len(pairs) and not all(size and _is_slip(one, size) for one, size in differ)


def is_round(mention: Mention) -> bool:
    """Whether a count has one digit that is no zero, and nothing says what has it: ``5,000 parameters``."""
    digits = re.sub(r"\D", "", mention.text)
    return len(digits.rstrip("0")) == 1 < len(digits) and not _OF_COUNT.search(mention.before)


def is_rounding(stated: int, count: int) -> bool:
    """Whether a number is another one, rounded to where its zeros begin: ``29,500`` for 29,505."""
    step = 1
    while stated and stated % (step * 10) == 0:
        step *= 10
    return step > 1 and abs(stated - count) * 2 <= step


def _is_slip(one: int, size: int) -> bool:
    return one > 0 and abs(math.log(one / size)) < math.log(1.25)


def _names(models: Sequence[Model]) -> Iterator[str]:
    for model in models:
        yield from (model.name, model.type)
        for row in model.layers:
            yield from (row.name, row.type)
            yield from (weight.name for weight in row.weights)
