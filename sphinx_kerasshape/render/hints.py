"""Hints: the shape that each line of code makes, behind the line, as readers see it.

In HTML a hint is generated content, so that it is neither selected nor copied; elsewhere it is an ordinary
comment.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from docutils import nodes

from sphinx_kerasshape import claims
from sphinx_kerasshape.messages.report import Observation, TensorSpec, shape_text
from sphinx_kerasshape.messages.request import Request
from sphinx_kerasshape.pages.shown_code import shown_lines
from sphinx_kerasshape.render.nodes import keras_code
from sphinx_kerasshape.render.style import Style


def add(
    node: nodes.literal_block, request: Request, observations: Iterable[Observation], style: Style
) -> None:
    """Put hints behind the lines of a block of code."""
    by_line = hints(request, observations)
    lines = shown_lines(request.code)
    found = {place: by_line[number] for place, (number, _) in enumerate(lines) if number in by_line}
    if not found:
        return
    if style.format == "html":
        code = keras_code(node.rawsource, "", *node.children, **node.attributes)
        code["hints"] = [found.get(place, "") for place in range(len(lines))]
        code.source, code.line = node.source, node.line
        node.replace_self(code)
        return
    text = "\n".join(line + found.get(place, "") for place, (_, line) in enumerate(lines))
    node.rawsource = text
    node.children = []
    node += nodes.Text(text)


def hints(request: Request, observations: Iterable[Observation]) -> Mapping[int, str]:
    """Return the hints by the numbers of their lines, such as ``  # (None, 64)``."""
    seen: dict[int, list[str]] = {}
    for observation in observations:
        line = request.looks[observation.piece].hint
        if line and observation.tensors:
            seen.setdefault(line, []).append(_shapes(observation.tensors))
    return {line: f"  # {text}" for line, texts in seen.items() if (text := _of_line(texts))}


def _of_line(texts: list[str]) -> str:
    """Return what stands for all that a line makes: one shape, or the first and the last if they differ."""
    if len(set(texts)) == 1:
        return texts[0]
    return f"{texts[0]} … {texts[-1]}" if texts[0] != texts[-1] else ""


def _shapes(tensors: tuple[TensorSpec, ...]) -> str:
    # As authors write comments: several side by side, and with the signs of a keyboard.
    text = ", ".join(shape_text(tensor.symbolic or tensor.shape) for tensor in tensors)
    return claims.named_sizes.ascii_text(text)
