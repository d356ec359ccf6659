"""Pieces of a notebook: its cells, with what they printed."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import Any

from sphinx_kerasshape.audit.document import Text
from sphinx_kerasshape.audit.formats import markdown
from sphinx_kerasshape.audit.formats.faults import fault
from sphinx_kerasshape.audit.lines import differs, lines_of, shown
from sphinx_kerasshape.audit.pieces import Code, Piece, Printed, not_run

_LANGUAGES = ("python", "python2", "python3", "ipython")


class Broken(ValueError):
    """A notebook that can't be read; the message says why."""


def pieces(text: str, add: Callable[[Text], int]) -> Iterator[Piece]:
    """Yield the pieces of a notebook. ``add`` takes each of its texts, and returns its number.

    Raises :class:`Broken`.
    """
    notebook = _notebook(text)
    if _language(notebook) not in _LANGUAGES:
        return
    cells = list(notebook.get("cells", ()))
    has_code = any(cell.get("cell_type") == "code" for cell in cells)
    for number, cell in enumerate(cells, 1):
        source = _text(cell.get("source", ""))
        kind = cell.get("cell_type")
        if kind == "code":
            yield _cell(number, source, cell, add)
        elif kind == "markdown":
            lines = lines_of(source, add(Text(source, number)))
            yield from (not_run(piece) if has_code else piece for piece in markdown.pieces(lines))


def _notebook(text: str) -> Any:
    """Return a notebook of any version as one of version 4."""
    import nbformat

    if text.startswith("\ufeff"):
        raise Broken("a broken notebook: it begins with a byte order mark: save it as UTF-8 without one")
    if problem := fault(text):
        raise Broken(f"a broken notebook: {problem}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            notebook = nbformat.reader.reads(text)
            return nbformat.convert(notebook, 4) if notebook.get("nbformat") != 4 else notebook
    except nbformat.reader.NotJSONError:
        raise Broken("not a notebook: it is no JSON") from None
    except nbformat.NBFormatError as error:
        raise Broken(f"a notebook of an unknown format: {error}") from None
    except RecursionError:
        raise Broken("a notebook that is nested too deep") from None
    except (ValueError, KeyError, TypeError, AttributeError, nbformat.ValidationError) as error:
        raise Broken(f"a broken notebook: {type(error).__name__}: {str(error)[:80]}") from None


def _language(notebook: Any) -> str:
    metadata = notebook.get("metadata", {})
    for part, key in (("language_info", "name"), ("kernelspec", "language")):
        named = metadata.get(part, {})
        if isinstance(named, dict) and isinstance(named.get(key), str):
            return str(named[key]).lower()
    return "python"


def _text(source: object) -> str:
    """Return the text of a cell or an output, which may be a list of lines."""
    if isinstance(source, (list, tuple)):
        return "".join(part for part in source if isinstance(part, str))
    return source if isinstance(source, str) else ""


def _cell(number: int, source: str, cell: Any, add: Callable[[Text], int]) -> Code:
    lines = tuple(lines_of(source, add(Text(source, number))))
    printed, as_html = list[Printed](), list[Printed]()
    for index, output in enumerate(cell.get("outputs") or ()):
        kind, text, html = output.get("output_type"), "", ""
        if kind == "stream" and output.get("name", "stdout") == "stdout":
            text = _text(output.get("text", ""))
        elif kind in ("execute_result", "display_data"):
            data = output.get("data") or {}
            text, html = _text(data.get("text/plain", "")), _text(data.get("text/html", ""))
        plain = _printed(Text(text, number, index), kind, add)
        formatted = _printed(Text(html, number, index, is_html=True), kind, add) if "<pre" in html else plain
        if text or formatted.lines:
            printed.append(plain if text else formatted)
            as_html.append(formatted if differs(plain.lines, formatted.lines) else printed[-1])
    same = printed == as_html
    return Code(lines, "python", tuple(printed), () if same else tuple(as_html), is_run=True)


def _printed(text: Text, kind: str, add: Callable[[Text], int]) -> Printed:
    lines = tuple(shown(text, add(text))) if text.text else ()
    return Printed(lines, kind == "execute_result")
