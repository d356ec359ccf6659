"""Mends of what an author's code raises: the ends of messages, such as ``: add 'import numpy as np'``."""

from __future__ import annotations

import builtins
import inspect
import pkgutil
import re
import sys
import types
from collections.abc import Callable, Iterable
from typing import Any

from sphinx_kerasshape.text import excerpt, listed, quoted
from sphinx_kerasshape.worker.code import execute
from sphinx_kerasshape.worker.sandbox import confine

_ALIASES = {
    "np": "import numpy as np",
    "tf": "import tensorflow as tf",
    "plt": "import matplotlib.pyplot as plt",
    "pd": "import pandas as pd",
}
_PARTS = (
    *("", "layers", "callbacks", "optimizers", "losses", "metrics", "initializers", "regularizers"),
    *("activations", "applications", "datasets", "utils"),
)
"""The modules of Keras that a name may be missing from; the empty one is ``keras`` itself."""
_PROMPT = re.compile(r">>>|\.\.\.:?(\s|$)|(?:In|Out) ?\[\d*\]:")
_COMMAND = re.compile(
    r"[%!]|\?{1,2}[\w.]+$|[\w.]+\?{1,2}$|(?:\$ |> |# )?(?:python3? -m )?(?:pip|pip3|conda|uv|apt-get) |\$ "
)
_WRONG_ARGUMENT = re.compile(
    r"(?P<function>[\w.]+)\(\) got an unexpected keyword argument '(?P<name>\w+)'"
    r"|Unrecognized keyword arguments passed to (?P<layer>\w+): \{'(?P<key>\w+)'"
)
_INDENTED = {
    "unexpected indent": "indent the line like the one above it",
    "unindent does not match any outer indentation level": "indent the line like one above it",
    "inconsistent use of tabs and spaces in indentation": "indent all lines with spaces",
}
_CHARACTERS = {
    "“”„«»": 'write "',
    "‘’‚`´": "write '",
    "–—−‐‑": "write -",
    "×·": "write *",
    "≤": "write <=",
    "≥": "write >=",
    "…": "write the code that it stands for, or leave it out",
    "\u00a0\u202f\u2009\u3000\u200b": "write an ordinary space",
}
"""Characters that text has in place of those of code."""
_VALUES = (
    (r"Received: Ellipsis", "write the layers that ... stands for"),
    (r"Cannot convert '(\d+)' to a shape", r"write a tuple, such as (\1,)"),
    (r"File not found: filepath=([\w./-]*\w)", r"show a saved model with ':file: \1'"),
)
"""Messages of Keras, and how to mend what they are about."""
_FEW = 8
"""So many names are listed where none is similar."""


def of_error(error: BaseException) -> str:
    """Return how to mend an exception for a wrong name, or for what the sandbox refuses; empty if unknown."""
    try:
        return _MENDS.get(type(error), confine.mend)(error)
    except Exception:  # Objects of the author's code can do anything when asked for their names.
        return ""


def of_syntax(error: Any, code: str) -> str:
    """Return how to mend code that is not Python; empty if Python's message must do."""
    mend = _of_line(error, code) or _of_message(error, code)
    return f": {mend}" if mend else ""


def _of_line(error: Any, code: str) -> str:
    """Return how to mend a line that is no code, or the one before such a line."""
    text = (error.text or "").strip()
    lines = [text, *(line.strip() for line in code.split("\n")[error.lineno or 1 :][:1])]
    if ">>>" not in code and any(re.match(r"\.\.\.(?!\w)", line) for line in lines):
        return "write the code that ... stands for, or leave it out"
    if _PROMPT.match(text):
        return "remove the prompts (>>> and ...) and the output below them"
    if _COMMAND.match(text):
        where = "notebooks" if text[0] in "%!?" or text[-1] == "?" else "a terminal"
        return f"remove the line, which is a command of {where} and not Python"
    return ""


def _of_message(error: Any, code: str) -> str:
    """Return how to mend what Python's message is about."""
    before = code.split("\n")[: (error.lineno or 1) - 1]
    if error.msg == "unexpected indent" and not any(line.strip() for line in before):
        return "remove the spaces before its first line"
    if error.msg.startswith("expected an indented block"):
        return "indent the line"
    if error.msg.endswith("was never closed"):
        return "close it"
    return _INDENTED.get(error.msg, "") or _of_character(error.msg)


def _of_character(message: str) -> str:
    """Return what to write in place of a character that no code has."""
    wrong = re.search(r"^invalid (?:non-printable )?character .*\(?U\+([0-9A-F]{4,6})\)?$", message)
    sign = chr(int(wrong[1], 16)) if wrong else ""
    return next((mend for signs, mend in _CHARACTERS.items() if sign and sign in signs), "")


def _of_name(error: Any) -> str:
    name, names = error.name, _globals(error)
    if not isinstance(name, str):
        return ""
    is_page = names.get("__name__") == execute.MODULE
    if name in ("In", "Out"):
        return f": remove the prompts ({name} [1]:), and what the code printed"
    statement = _ALIASES.get(name, "")
    if not statement and (name in sys.stdlib_module_names or name in sys.modules):
        statement = f"import {name}"
    if statement:
        where = " to the code, or to kerasshape_prelude in conf.py" if is_page else ""
        return f": add '{statement}'{where}"
    for part in _PARTS:
        module = f"keras.{part}".rstrip(".")
        if name in _public(sys.modules.get(module)):
            return f": {_imported(module, part, name, names)}"
    if close := _close(name, [*names, *dir(builtins)]):
        return close
    session = ", or in an earlier block of the same ':session:'" if is_page else ""
    return f": define or import it in the code{session}"


def _imported(module: str, part: str, name: str, names: dict[str, Any]) -> str:
    """Return how to use a name of Keras, given the names that the code has."""
    statement = f"add 'from {module} import {name}'"
    if part and names.get(part) is sys.modules[module]:
        return f"write {part}.{name}, or {statement}"
    return f"write {module}.{name}, or {statement}" if "keras" in names else statement


def _of_module(error: Any) -> str:
    package, _, _ = error.name.partition(".")
    parent, _, word = error.name.rpartition(".")
    if package not in sys.modules:
        top = [*sys.stdlib_module_names, *(found.name for found in pkgutil.iter_modules())]
        if close := _close(package, top):
            return close
        folder = f"or add the folder that contains {quoted(package)} to sys.path in conf.py"
        return f": install it where the models run, {folder}"
    close = _close(word, _modules(sys.modules.get(parent)), f"{parent}.")
    return close or f": check the name, since {quoted(package)} itself is there"


def _of_attribute(error: Any) -> str:
    owner = error.obj if isinstance(error.obj, type | types.ModuleType) else type(error.obj)
    return _choice(error.name, _public(owner)) if isinstance(error.name, str) else ""


def _of_import(error: Any) -> str:
    wanted = re.match(r"cannot import name '(\w+)'", str(error))
    module = sys.modules.get(error.name or "")
    if not wanted or module is None:
        return ""
    return _choice(wanted[1], [name for name in _public(module) if callable(vars(module).get(name))])


def _globals(error: BaseException) -> dict[str, Any]:
    """Return the names of the module in which an exception was raised."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace.tb_frame.f_globals if trace is not None else {}


def _public(owner: object) -> list[str]:
    return [name for name in dir(owner) if not name.startswith("_")] if owner is not None else []


def _modules(package: types.ModuleType | None) -> list[str]:
    """Return the names that may be imported from a package, also those of modules that were not."""
    path = getattr(package, "__path__", None)
    return [*_public(package), *(found.name for found in pkgutil.iter_modules(path) if path)]


def _of_argument(error: Any) -> str:
    """Return which argument of a function or a layer was meant, or what a value has to be."""
    for pattern, mend in _VALUES:
        if found := re.search(pattern, str(error)):
            return f": {found.expand(mend)}"
    wrong = _WRONG_ARGUMENT.match(str(error))
    called: Any = None
    if wrong and wrong["layer"]:
        called = getattr(sys.modules.get("keras.layers"), wrong["layer"], None)
    for part in wrong["function"].split(".") if wrong and wrong["function"] else ():
        called = getattr(called, part, None) if called is not None else _globals(error).get(part)
    if wrong is None or not callable(called):
        return confine.mend(error)
    taken = [name for name in inspect.signature(called).parameters if name not in ("self", "args", "kwargs")]
    return _choice(wrong["name"] or wrong["key"], taken)


def _choice(word: str, names: list[str]) -> str:
    """Return the name that was meant, or all names if there are few."""
    few = f": choose from {listed(names)}" if 0 < len(names) <= _FEW else ""
    return _close(word, names) or few


def _close(word: str, names: Iterable[str], prefix: str = "") -> str:
    from difflib import get_close_matches  # slow to import, and rarely needed

    close = get_close_matches(word, [name for name in names if not name.startswith("_")], n=1, cutoff=0.75)
    return f"; did you mean {quoted(prefix + excerpt(close[0]))}?" if close else ""


_MENDS: dict[type, Callable[[Any], str]] = {
    NameError: _of_name,
    ModuleNotFoundError: _of_module,
    AttributeError: _of_attribute,
    ImportError: _of_import,
    TypeError: _of_argument,
    ValueError: _of_argument,
}
