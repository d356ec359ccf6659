"""Names for models and sessions: from their variables, the headings above them and the file."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container, Iterable, Iterator, Sequence
from pathlib import PurePath

from sphinx_kerasshape.adopt.markup import Lines, Markup

_GENERIC = re.compile(r"(?:my_?|the_?|keras_?)?(?:model|net|network|nn|m|mdl|clf)?_?\d*|.", re.IGNORECASE)
_COUNTED = re.compile(r"(?:sequential|functional|model)(?:_\d+)?")
"""Names that Keras makes up."""
_ATX = re.compile(r"\s{0,3}#{1,6}\s+(.*?)\s*#*\s*")
_BOLD = re.compile(r"\s{0,3}(\*\*|__)(.+?)\1:?\s*")
_RULE = re.compile(r"\s{0,3}([=\-~^\"'`#*+.:_])\1{2,}\s*")
_RUBRIC = re.compile(r"\s*\.\. rubric::\s*(.+?)\s*")
_COUNT = re.compile(
    r"^\s*(?:(?:example|step|part|chapter|section|figure|listing|exercise|case|option|method|model)\s+)?"
    r"(?:\d+(?:\.\d+)*|[ivx]+|[a-z])\s*[.):–—-]+\s+",
    re.IGNORECASE,
)
_SMALL = frozenset(
    (
        *(
            "a",
            "an",
            "and",
            "as",
            "at",
            "by",
            "for",
            "from",
            "how",
            "in",
            "into",
            "is",
            "it",
            "its",
            "let",
            "of",
        ),
        *("on", "or", "our", "s", "simple", "that", "the", "this", "to", "us", "we", "with", "your", "using"),
        *("building", "build", "creating", "create", "defining", "define", "making", "make", "basic", "code"),
    )
)
_MAX_WORDS = 4
_NAMES = re.compile(
    r"(?:\{(?:keras:)?model\}[ \t]+|\.\.[ \t]+(?:keras:)?model::[ \t]+)(?P<name>[^\n\r`]+?)[ \t]*(?=[\n\r]|$)"
)
_SESSIONS = re.compile(r"^[\s>]*:?session:[ \t]*(.+?)[ \t]*\r?$", re.MULTILINE)


def names_in(text: str) -> Iterator[str]:
    """Yield the names of models that a document already has."""
    yield from (" ".join(found["name"].split()) for found in _NAMES.finditer(text))


def sessions_in(text: str) -> Iterator[str]:
    """Yield the names of sessions that a document already has."""
    yield from _SESSIONS.findall(text)


def name(
    expression: str, given: str, heading: str, path: str, taken: Iterable[str], own: Container[str]
) -> str:
    """Return a new name for a model.

    ``expression`` is what the code calls it, ``given`` the name that Keras knows. Of the names that are
    ``taken``, some are the page's ``own``.
    """
    taken = {one.lower() for one in taken}
    variable = expression.rpartition(".")[2] if "(" not in expression else ""
    choices = [
        ""
        if _GENERIC.fullmatch(variable)
        else _slug(re.sub(r"_?model$", "", variable, flags=re.I) or variable),
        "" if _COUNTED.fullmatch(given) else _slug(given),
        _of_words(heading),
        _slug(PurePath(path).stem),
    ]
    choices = [choice for choice in choices if choice and not choice.isdecimal()] or ["model"]
    combined = [f"{choices[-1]}-{choice}" for choice in choices[:-1] if choice != choices[-1]]
    if choices[0] in own:
        return unused(choices[0], taken)
    return next((one for one in (choices[0], *combined) if one not in taken), unused(choices[0], taken))


def unused(base: str, taken: Iterable[str]) -> str:
    """Return a name with a number, if it is taken."""
    taken, number, found = set(taken), 1, base
    while found in taken:
        number += 1
        found = f"{base}-{number}"
    return found


def session(path: str, taken: Iterable[str]) -> str:
    """Return a name for a session of a page."""
    return unused(_slug(PurePath(path).stem) or "page", taken)


def heading(lines: Lines, above: int, markups: Sequence[Markup]) -> str:
    """Return the last heading above a line; a paragraph that is all bold counts as one."""
    inside = {
        number for one in markups for number in range(one.opening, one.closing + 1) if one.first > one.opening
    }
    inside |= {number for one in markups for number in range(one.first, one.last + 1)}
    for number in range(above - 1, -1, -1):
        if number in inside:
            continue
        text = lines.line(number)
        found = _ATX.fullmatch(text) or _RUBRIC.fullmatch(text)
        if found:
            return found[1]
        bold = _BOLD.fullmatch(text)
        if bold and not lines.line(number - 1).strip() and not lines.line(number + 1).strip():
            return bold[2]
        if (
            _RULE.fullmatch(text)
            and lines.line(number - 1).strip()
            and not _RULE.fullmatch(lines.line(number - 1))
        ):
            is_underline = len(text.strip()) + 2 >= len(lines.line(number - 1).strip())
            if is_underline and number - 1 not in inside:
                return lines.line(number - 1).strip()
    return ""


def _of_words(heading: str) -> str:
    """Return the words of a heading that say what it is about."""
    heading = re.sub(r"\]\([^)]*\)|[`*\[\]]", "", heading)
    heading = _COUNT.sub("", heading)
    words = [word for word in _slug(heading).split("-") if word]
    telling = [word for word in words if word not in _SMALL] or words
    return "-".join(telling[:_MAX_WORDS])


def _slug(text: str) -> str:
    """Return a text as words of small ASCII letters and digits, with hyphens between."""
    text = re.sub(r"(?<=[a-z0-9])(?=[A-Z][a-z])", "-", text)
    plain = unicodedata.normalize("NFKD", text.replace("ß", "ss")).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60].strip("-")
