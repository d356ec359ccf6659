"""Mends of failed code that only the page or the settings tell: a session, a network."""

from __future__ import annotations

import re
from collections.abc import Iterable

from sphinx_kerasshape.messages.report import Failure
from sphinx_kerasshape.pages.context import BuildContext
from sphinx_kerasshape.pages.records import Block
from sphinx_kerasshape.text import quoted

_UNDEFINED = re.compile(r"name '(\w+)' is not defined")
_NO_FILE = re.compile(r"URL fetch failure on|urlopen error|Failed to resolve|Network is unreachable")
_WEIGHTS = re.compile(r"keras-applications|weights", re.IGNORECASE)


def mend(context: BuildContext, docname: str, block: Block, failure: Failure) -> str:
    """Return how to mend a failure, as the end of a message; empty if unknown."""
    if failure.error is None:
        return failure.mend
    undefined = _UNDEFINED.fullmatch(failure.error.message)
    if undefined and failure.error.type == "NameError" and failure.frames and not failure.frames[-1].file:
        return _of_session(undefined[1], block, _before(context, docname, block)) or failure.mend
    if _NO_FILE.search(failure.error.message):
        return _of_network(failure.error.message, is_taken=not context.settings.has_network)
    return failure.mend


def _of_network(message: str, *, is_taken: bool) -> str:
    if _WEIGHTS.search(message):
        return ": shapes need no trained weights: write weights=None"
    where = "set kerasshape_network to True in conf.py" if is_taken else "build where there is a network"
    return f": shapes need no real data: use zeros of the same shape, or {where}"


def _before(context: BuildContext, docname: str, block: Block) -> list[Block]:
    """Return the blocks before one on its page."""
    blocks = list(context.pages[docname].blocks.values())
    return blocks[: blocks.index(block)]


def _of_session(name: str, block: Block, before: Iterable[Block]) -> str:
    """Return which earlier block, of another session or of none, defines a name."""
    from difflib import get_close_matches  # slow to import, and rarely needed

    owners = [one for one in before if one.session != block.session or not one.session if _defines(one, name)]
    sessions = list(dict.fromkeys(one.session for one in owners if one.session))
    if sessions:
        session = (get_close_matches(block.session, sessions, n=1) or sessions[-1:])[0]
        option = quoted(f":session: {session}")
        if block.session:
            return f": it is defined in session {quoted(session)}; did you mean {option}?"
        return f": add {option}, the session in which it is defined"
    if owners and not block.session and not _defines(owners[-1], name, imported=True):
        owner = "a keras:code" if owners[-1].is_code else owners[-1].title
        return f": it is defined in {owner}: blocks share names if each has the same ':session:'"
    return ""


def _defines(block: Block, name: str, *, imported: bool = False) -> bool:
    """Whether the code of a block gives a name a value, or imports it."""
    from symtable import symtable  # only a failed page needs it

    try:
        symbol = symtable(block.request.code, "", "exec").lookup(name)
    except (KeyError, SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return symbol.is_imported() or (symbol.is_assigned() and not imported)
