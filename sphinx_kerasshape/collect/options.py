"""The options of the directives, from text to values. Each message says how to mend an unusable option."""

import ast
import itertools
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from sphinx_kerasshape.messages.problems import Problem
from sphinx_kerasshape.settings.settings import COLUMNS
from sphinx_kerasshape.text import excerpt, hint, quoted

PARTS = ("code", "source", "constructor", "table", "totals", "weights", "output")
"""The parts that ``:show:`` can name."""
ALL = 1_000_000
"""A depth that no model reaches."""
_MAX_DIGITS = 9
_MAX_LENGTH = 10_000
MAX_NAME_LENGTH = 200
"""Characters of the name of a model, or of an exception."""
_MAX_AXIS_LENGTH = 40
"""Characters of the name of an axis, which expressions repeat."""


class Unusable(ValueError):
    """An option or argument that can't be used; the message says how to mend it."""

    def __init__(self, message: str, problem: Problem = Problem.OPTION) -> None:
        super().__init__(message)
        self.problem = problem


class AnyOption(dict[str, Any]):
    """Accepts every option as text, so that we can report wrong options in every build."""

    def __bool__(self) -> bool:
        return True

    def __contains__(self, key: object) -> bool:
        return True

    def __getitem__(self, key: str) -> Any:
        return lambda text: text


class Options(NamedTuple):
    """The options of one directive, as values."""

    show: tuple[str, ...] = ("code", "table", "totals")
    columns: tuple[str, ...] = ()
    depth: int = 1
    caption: str = ""
    name: str = ""
    classes: tuple[str, ...] = ()
    align: str = ""
    width: str = ""
    model: str = ""
    axes: str = ""
    input: str = ""
    flops_at: str = ""
    session: str = ""
    raises: str = ""
    source: str = ""
    """The ``:from:`` option: a call, ``package.module:callable(units=64)``."""
    file: str = ""
    custom_objects: str = ""
    expect_input: str = ""
    expect_output: str = ""
    expect_params: str = ""
    expect_axes: str = ""
    expect_type: str = ""
    expect_layers: str = ""
    linenos: bool = False
    lineno_start: int | None = None
    emphasize_lines: str = ""
    annotate: bool = False


def parse_options(
    texts: Mapping[str, str | None], directive: str = "keras:model"
) -> tuple[Options, list[str]]:
    """Return the values of a directive's options, and a message for each unusable one."""
    options = OPTIONS[directive]
    values: dict[str, Any] = {"show": ("code", "output")} if directive == "keras:code" else {}
    problems = []
    for option, text in texts.items():
        try:
            field, read = _setter(option, options, directive)
            values[field] = read(text or "")
        except Unusable as unusable:
            problems.append(f":{excerpt(option)}: {unusable}")
    if values.pop("hide_code", False):
        show = values.get("show", Options().show)
        values["show"] = tuple(part for part in show if part != "code")
    return Options(**values), problems


def in_range(lines: str, count: int) -> bool:
    """Whether lines such as ``1,3-5`` are all in a block of ``count`` lines."""
    for part in lines.split(","):
        first, dash, last = (piece.strip() for piece in part.partition("-"))
        numbers = [number for number in (first, last) if number]
        if not numbers or not all(
            number.isdecimal() and len(number) < 10 and 1 <= int(number) <= count for number in numbers
        ):
            return False
        if dash and len(numbers) == 2 and int(first) > int(last):
            return False
    return True


def _setter(option: str, options: "_Table", directive: str) -> tuple[str, Callable[[str], Any]]:
    if option not in options:
        raise Unusable(f"is not an option of {directive}{hint(option, tuple(options), ':{}:'.format)}")
    return options[option]


def _words(noun: str, known: tuple[str, ...]) -> Callable[[str], tuple[str, ...]]:
    def read(text: str) -> tuple[str, ...]:
        words = tuple(text.replace(",", " ").split())
        for word in words:
            _require_known(noun, word, known)
        if not words:
            raise Unusable(f"needs one or more of {', '.join(known)}")
        return tuple(dict.fromkeys(words))

    return read


def _choice(noun: str, *known: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        _require_known(noun, text.strip(), known)
        return text.strip()

    return read


def _require_known(noun: str, word: str, known: tuple[str, ...]) -> None:
    if word not in known:
        raise Unusable(f"unknown {noun} {quoted(word)}{hint(word, known)}")


def _depth(text: str) -> int:
    digits = text.strip()
    if digits == "all":
        return ALL
    if not digits.isdecimal() or len(digits) > 6 or int(digits) < 1:
        raise Unusable(f"must be a whole number from 1, or 'all', not {quoted(digits)}")
    return int(digits)


def _length(text: str) -> str:
    if not re.fullmatch(r"\d+(\.\d+)?\s*(%|px|r?em|ex|pt|pc|cm|mm|in)?", text.strip()):
        raise Unusable(f"must be a length, such as 50% or 12em, not {quoted(text.strip())}")
    return text.strip()


def _text(text: str) -> str:
    if not text.strip():
        raise Unusable("needs a value")
    if len(text) > _MAX_LENGTH:
        raise Unusable(f"has {len(text):,} characters; {_MAX_LENGTH:,} are allowed")
    return " ".join(text.split())


def _statement(text: str) -> str:
    """Return what an expectation states. A no-break space may separate thousands; it stays."""
    _text(text)
    return re.sub(r"[ \t\r\n]+", " ", text).strip(" ")


def _expression(text: str) -> str:
    expression = _text(text)
    try:
        ast.parse(expression, mode="eval")
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        raise Unusable(f"must be a Python expression, not {quoted(expression)}") from None
    return expression


def _axes(text: str) -> str:
    from sphinx_kerasshape.axes import notation  # slow to import, and few models name their axes

    try:
        axes = notation.axis_names(_text(text))
    except notation.Unreadable as unreadable:
        raise Unusable(str(unreadable)) from None
    for name in itertools.chain(*axes.values()):
        if len(name) > _MAX_AXIS_LENGTH:
            raise Unusable(
                f"{quoted(name)} is too long: the name of an axis can have {_MAX_AXIS_LENGTH} characters"
            )
    return _text(text)


def _input(text: str) -> str:
    from sphinx_kerasshape.messages import input_spec  # few models need it

    try:
        return input_spec.write(input_spec.parse(_text(text)))
    except input_spec.Unreadable as unreadable:
        raise Unusable(str(unreadable)) from None


def _sizes(text: str) -> str:
    from sphinx_kerasshape.messages import input_spec

    written = _input(text)
    if any(None in tensor.shape for tensor in input_spec.tensors(input_spec.parse(written))):
        raise Unusable(f"{excerpt(written)} has open axes: state every size, as in (1, 224, 224, 3)")
    return written


def _exception(text: str) -> str:
    name = _text(text)
    if not all(part.isidentifier() for part in name.split(".")):
        raise Unusable(f"must be the name of an exception, such as ValueError, not {quoted(name)}")
    if len(name) > MAX_NAME_LENGTH:
        raise Unusable(f"has {len(name):,} characters; {MAX_NAME_LENGTH} are allowed")
    return name


def _classes(text: str) -> tuple[str, ...]:
    return tuple(_text(text).split())


def _flag(text: str) -> bool:
    if text.strip():
        raise Unusable(f"takes no value, but has {quoted(text.strip())}")
    return True


def _import_paths(text: str) -> str:
    paths = [path.strip() for path in _text(text).split(",")]
    for path in paths:
        parts = path.rpartition("=")[2].strip().split(".")
        if len(parts) < 2 or not all(part.isidentifier() for part in parts):
            raise Unusable(f"must be an import path, such as package.module.Class, not {quoted(path)}")
    return ", ".join(paths)


def _no_output(text: str) -> tuple[str, ...]:
    _flag(text)
    return ("code",)


def _number(text: str) -> int:
    digits = _text(text)
    if not re.fullmatch(r"[+-]?[0-9]+", digits):
        raise Unusable(f"must be a whole number, not {quoted(digits)}")
    if len(digits) > _MAX_DIGITS:
        raise Unusable(f"can have at most {_MAX_DIGITS} digits, not {quoted(digits)}")
    return int(digits)


_Table = Mapping[str, tuple[str, Callable[[str], Any]]]
"""For each option, by name: the field of ``Options`` that it sets, and the function that reads it."""

_OF_BLOCKS: _Table = {
    "hide-code": ("hide_code", _flag),
    "linenos": ("linenos", _flag),
    "lineno-start": ("lineno_start", _number),
    "emphasize-lines": ("emphasize_lines", _text),
    "annotate": ("annotate", _flag),
}

_OPTIONS: _Table = {
    "show": ("show", _words("part", PARTS)),
    "columns": ("columns", _words("column", COLUMNS)),
    "depth": ("depth", _depth),
    "caption": ("caption", _text),
    "name": ("name", _text),
    "class": ("classes", _classes),
    "align": ("align", _choice("alignment", "left", "center", "right")),
    "width": ("width", _length),
    "model": ("model", _expression),
    "axes": ("axes", _axes),
    "input": ("input", _input),
    "flops-at": ("flops_at", _sizes),
    "session": ("session", _text),
    "raises": ("raises", _exception),
    "from": ("source", _text),
    "file": ("file", _text),
    "custom-objects": ("custom_objects", _import_paths),
    "expect-input": ("expect_input", _statement),
    "expect-output": ("expect_output", _statement),
    "expect-params": ("expect_params", _statement),
    "expect-axes": ("expect_axes", _statement),
    "expect-type": ("expect_type", _statement),
    "expect-layers": ("expect_layers", _statement),
    **_OF_BLOCKS,
}

_OF_CODE: _Table = {
    **{name: _OPTIONS[name] for name in ("session", "raises", "class")},
    "no-output": ("show", _no_output),
    **_OF_BLOCKS,
}

_OF_SUMMARIES: _Table = {
    name: _OPTIONS[name] for name in ("columns", "depth", "caption", "name", "class", "align", "width")
}

OPTIONS: Mapping[str, _Table] = {
    "keras:model": _OPTIONS,
    "keras:code": _OF_CODE,
    "keras:summary": _OF_SUMMARIES,
}
"""The options of each directive."""
