"""The warnings that the author's code causes, as plain values.

They are recorded where Python shows them. So filters come first, and so does whatever else the code makes
of its warnings: that works as in plain Python.
"""

from __future__ import annotations

import contextlib
import inspect
import re
import traceback
import warnings
from collections.abc import Iterator
from itertools import chain
from typing import Any

from sphinx_kerasshape.messages.report import CodeWarning
from sphinx_kerasshape.messages.request import Request
from sphinx_kerasshape.worker.code import exceptions, execute

_MOST = 100
"""How many warnings of a request are kept."""
_MOST_REPEATS = 1000
"""How often a request has a warning shown again that Python has shown before, which takes time."""
_MAX_NAME_LENGTH = 200
_GENERATED = "__autograph_generated_file"
"""How the names of files begin that TensorFlow makes of functions."""
_SHOWN = "shown"
_open: list[_Record] = []
"""The record that is being filled, if any."""

Place = tuple[str, int]
"""A file name as in tracebacks, and a line."""


class _Record:
    """The warnings of one request so far."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self.warnings: dict[CodeWarning, None] = {}
        self.repeats = 0
        self._own: dict[str, bool] = {}

    def is_own(self, place: Place) -> bool:
        """Whether a place is in the author's own code."""
        name = place[0]
        if name not in self._own:
            is_own = bool(exceptions.own_frames([(*place, "")], self.request))
            self._own[name] = is_own and _GENERATED not in name
        return self._own[name]

    def add(self, message: Warning, place: Place) -> None:
        """Record a warning at a place of the author's own code, once."""
        if len(self.warnings) < _MOST:
            (frame,) = exceptions.own_frames([(*place, "")], self.request)
            name = exceptions.name(message)[:_MAX_NAME_LENGTH]
            self.warnings[CodeWarning(name, exceptions.message(message), frame)] = None


def watch() -> None:
    """Have Python show warnings to this module first, and treat the code of a page as that of a script."""
    filters: Any = warnings.filters
    filters[:] = [entry for original in filters for entry in (*_for_page(original), original)]
    plain = warnings.showwarning

    def show(
        message: Any, category: Any, filename: str, lineno: int, file: Any = None, line: str | None = None
    ) -> None:
        is_repeated = False
        with contextlib.suppress(Exception):  # The author's own classes can do anything.
            is_repeated = bool(_open) and _record(_open[-1], message, (filename, lineno))
        if not is_repeated:
            plain(message, category, filename, lineno, file, line)

    warnings.showwarning = show


class recorded:  # noqa: N801
    """Puts the warnings that a request's code causes meanwhile into a list.

    A context manager of :mod:`contextlib` would set the traceback of the code's exceptions, which may refuse.
    """

    def __init__(self, request: Request, into: list[CodeWarning]) -> None:
        self._record = _Record(request)
        self._into = into

    def __enter__(self) -> None:
        _open.append(self._record)

    def __exit__(self, *_: object) -> None:
        _open.remove(self._record)
        self._into += self._record.warnings


@contextlib.contextmanager
def noticed() -> Iterator[list[Any]]:
    """Return the list of all warnings that Python would show meanwhile."""
    shown: list[Any] = []
    plain = warnings.showwarning
    notice = warnings.showwarning = lambda *warning: shown.append(warning)
    yield shown
    if warnings.showwarning is notice:
        warnings.showwarning = plain


def _for_page(entry: Any) -> Iterator[Any]:
    """Yield, for a filter of Python for the module ``__main__``, the same filter for the code of a page."""
    action, text, category, module, line = entry
    if module == "__main__":
        yield action, text, category, re.compile(rf"{execute.MODULE}\Z"), line


def _record(record: _Record, message: Warning, shown_at: Place) -> bool:
    """Record a warning at the innermost line of the author's code that led to it, if there is one.

    Returns whether Python would not have shown it, left alone, because it has shown it before.
    """
    frames = list(traceback.walk_stack(inspect.currentframe()))
    places = [(frame.f_code.co_filename, line) for frame, line in frames]
    # An author who gives a stack level has said which line is to blame.
    own = next(filter(record.is_own, chain([shown_at], places)), None)
    if own is None:
        return False
    record.add(message, own)
    if shown_at not in places or record.repeats >= _MOST_REPEATS:
        return False
    names = frames[places.index(shown_at)][0].f_globals
    is_repeated = _is_repeated(
        names.get("__warningregistry__", {}), (str(message), type(message), shown_at[1])
    )
    record.repeats += is_repeated
    return is_repeated


def _is_repeated(registry: dict[Any, Any], key: tuple[Any, ...]) -> bool:
    """Return whether Python has shown a warning before, and have it call us again all the same.

    It shows a warning once for each line that warns: once for all layers that are given ``input_shape``.
    It remembers that in the module's registry, which it empties when filters change.
    """
    if registry.pop(key, None) is None:
        return False  # The filter is "always".
    is_repeated = (_SHOWN, *key) in registry
    registry[(_SHOWN, *key)] = True
    return is_repeated
