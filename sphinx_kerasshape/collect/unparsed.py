"""Directives and roles of ours that a parser takes for text or for a comment, and so doesn't report."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from docutils import nodes
from sphinx.addnodes import pending_xref

from sphinx_kerasshape.messages.problems import Problem
from sphinx_kerasshape.pages.placeholder import above
from sphinx_kerasshape.pages.records import LINKS, VALUES, Finding, absolute
from sphinx_kerasshape.text import quoted

_NAMES = "|".join((*LINKS, *VALUES, "unchecked"))
_MYST_ROLE = re.compile(rf"\{{(keras:(?:{_NAMES}))\}}(`[^`]+`)")
_MYST_ROLE_BEFORE = re.compile(rf"\{{(keras:(?:{_NAMES}))\}}\s$")
_RST_ROLE_BEFORE = re.compile(rf":(keras:(?:{_NAMES})):\s?$")
_RST_ROLE_BEHIND = re.compile(rf"\s?:(keras:(?:{_NAMES})):")
_DIRECTIVE = r"(keras:(?:model|code|summary))"
_RST_DIRECTIVE = re.compile(rf"(\.{{1,3}}|…)( ?){_DIRECTIVE}::?(?![:\w])[ \t]*(.*)")
_FENCE = re.compile(
    rf"(`{{3,}}|~{{3,}}|:{{3,}})[ \t]*(?:\{{{_DIRECTIVE}\}}|{_DIRECTIVE})(?!\S)[ \t]*([^`\n]*)(?:\n|\Z)"
)
_BARE_ROLE_BEFORE = re.compile(rf"(?:(?<![\w`:}}])|(?<=\s)):?keras:({_NAMES}):?$")
"""A role without one of its signs, directly before what is in backticks."""
_WITHOUT_TICKS = re.compile(
    rf"(?P<role>:(?:keras:(?:{_NAMES})):|\{{keras:(?:{_NAMES})\}})['\"‘“]?"
    r"(?P<content>\w[\w./\[\]-]*)['\"’”]?"
)
"""A role with quotes, or nothing, in place of its backticks."""
_FENCE_OF_ANY = re.compile(r"(`{3,})\{[\w:.-]+\}")
_COLONS = re.compile(r"(keras) ?::? ?(model|code|summary)(?:::?(?!:)[ \t]*(.*)|[ \t]*(\S*))")
"""A directive with a colon too few or too many; without the last ones, only a name may be behind it."""
_LABEL = re.compile(rf"(?P<before>.*?){_DIRECTIVE}(?P<behind>.*)")
"""The first line of a code block, with the directive that it is labelled with."""
_ELSEWHERE = (nodes.literal, nodes.comment, nodes.FixedTextElement, nodes.reference, pending_xref)
"""Nodes whose text is shown as it is, or not at all, or is a copy of a title's source."""
_IS_TEXT = "is text, so nothing is run or shown"
_IS_VALUE_AS_TEXT = "is text, so nothing is checked or shown"
_HAS_SPACE = "is text, since there is a space in it"


def unparsed(document: nodes.document, path: str) -> Iterator[Finding]:
    """Yield what a page, at ``path``, has of the other markup, or with a sign too many or too few."""
    yield from _comments(document, path)
    yield from _fences_with_roles(document, path)
    yield from _labels(document, path)
    for field in document.findall(nodes.field):
        if name := re.fullmatch(_DIRECTIVE, field[0].astext()):
            argument = field[1].astext().partition("\n")[0]
            written = quoted(f":{name[1]}: {argument}".rstrip())
            mend = quoted(f".. {name[1]}:: {argument}".rstrip())
            message = f"{written} is a field of a list, so nothing is run or shown: write {mend}"
            yield Finding(Problem.OPTION, message, absolute(f"{field.source or ''}:{field.line or 1}", path))
    paragraph = None
    for text in document.findall(nodes.Text):
        if "keras:" not in text:
            continue
        before, paragraph = paragraph, next((p for p in above(text) if isinstance(p, nodes.paragraph)), None)
        fence = _FENCE.match(paragraph.rawsource) if paragraph is not None else None
        if fence and paragraph is not before:
            yield Finding(Problem.OPTION, _of_fence(fence), _location(text, 0, path))
        elif not fence and not any(isinstance(node, _ELSEWHERE) for node in above(text)):
            for offset, problem, message in _of_text(text):
                yield Finding(problem, message, _location(text, offset, path))


def _fences_with_roles(document: nodes.document, path: str) -> Iterator[Finding]:
    """Yield the fences of Markdown that are text, since a role in their first line has backticks."""
    for paragraph in document.findall(nodes.paragraph):
        first = paragraph[0] if len(paragraph) > 1 else None
        if not isinstance(first, nodes.Text) or not (fence := _FENCE_OF_ANY.match(first)):
            continue
        line = _text_of_line(paragraph.source or path, paragraph.line or 1).strip()
        if line.startswith(fence[0]) and _MYST_ROLE.search(line):
            tildes = quoted(line.replace(fence[1], "~" * len(fence[1]), 1))
            message = f"{quoted(line)} begins no fence, since it has more backticks: write {tildes}"
            end = f"and {quoted('~' * len(fence[1]))} at its end"
            yield Finding(
                Problem.OPTION, f"{message}, {end}", absolute(f"{paragraph.source}:{paragraph.line}", path)
            )


def _of_fence(fence: re.Match[str]) -> str:
    """Return the message about a fence of Markdown that is text: in reST, or without MyST's colon fences."""
    written = quoted(fence[0].strip())
    mend = f"write {quoted(f'.. {fence[2] or fence[3]}:: {fence[4]}'.rstrip())}"
    if fence[1][0] == ":":
        return f"{written} {_IS_TEXT}: {mend}, or in Markdown add 'colon_fence' to myst_enable_extensions"
    return f"{written} is Markdown in a reST text: {mend}"


def _of_text(text: nodes.Text) -> Iterator[tuple[int, Problem, str]]:
    """Yield the offset of each piece of the other markup in a text, with the message about it."""
    for role in _MYST_ROLE.finditer(text):
        message = f"{quoted(role[0])} is Markdown in a reST text: write {quoted(f':{role[1]}:{role[2]}')}"
        yield role.start(), Problem.REF, message
    if found := _of_role(text):
        yield found[0], Problem.REF, found[1]
    for role in _WITHOUT_TICKS.finditer(text):
        mend = quoted(f"{role['role']}`{role['content']}`")
        message = f"{quoted(role[0])} is text, since it has no backticks: write {mend}"
        yield role.start(), Problem.REF, message
    if directive := _RST_DIRECTIVE.match(text):
        written = quoted(directive[0].rstrip())
        _, space, name, argument = directive.groups()
        myst = quoted(f"```{{{name}}} {argument}".rstrip())
        message = f"{written} is reST in a Markdown text: write {myst}"
        if directive[1] != ".." or not space:
            rest = quoted(f".. {name}:: {argument}".rstrip())
            message = f"{written} {_IS_TEXT}: write {rest}, or in Markdown {myst}"
        yield 0, Problem.OPTION, message


def _of_role(text: nodes.Text) -> tuple[int, str] | None:
    """Return offset and message of a role that is apart from what is in its backticks, or is of reST."""
    following = text.next_node(descend=False, siblings=True)
    content = _in_backticks(following)
    if content and (role := _MYST_ROLE_BEFORE.search(text)):
        written, myst = quoted(role[0] + content), quoted(f"{{{role[1]}}}{content}")
        return role.start(), f"{written} {_HAS_SPACE}: write {myst}"
    if content and (role := _RST_ROLE_BEFORE.search(text)):
        return role.start(), _of_rest(role[0] + content, role[1], content)
    raw = following.rawsource if isinstance(following, nodes.literal) else ""
    if raw.startswith("``") and (role := _RST_ROLE_BEFORE.search(text)) and role[0][-1] == ":":
        mend = f":{role[1]}:`{raw.strip('`')}`"
        return role.start(), f"{quoted(role[0] + raw)} {_IS_VALUE_AS_TEXT}: write {quoted(mend)}"
    if content and (role := _BARE_ROLE_BEFORE.search(text)):
        is_rest = isinstance(following, nodes.title_reference)
        mend = f":keras:{role[1]}:{content}" if is_rest else f"{{keras:{role[1]}}}{content}"
        return role.start(), f"{quoted(role[0] + content)} {_IS_VALUE_AS_TEXT}: write {quoted(mend)}"
    role = _RST_ROLE_BEHIND.match(text)
    if role and (content := _in_backticks(_node_before(text))):
        return 0, _of_rest(content + role[0], role[1], content)
    return None


def _node_before(node: nodes.Node) -> nodes.Node | None:
    pairs = zip(node.parent.children, node.parent.children[1:], strict=False)
    return next((before for before, after in pairs if after is node), None)


def _in_backticks(node: nodes.Node | None) -> str:
    """Return what a node was written as, if that is a text in single backticks."""
    is_one = isinstance(node, nodes.literal | nodes.title_reference) and not node.rawsource.startswith("``")
    # In reST, a text with two backticks is a literal, too.
    return f"`{node.astext()}`" if is_one and node is not None else ""


def _of_rest(written: str, role: str, content: str) -> str:
    """Return the message about a role of reST that is text: in Markdown, or since there is a space in it."""
    myst = quoted(f"{{{role}}}{content}")
    if not re.search(r"\s", written.replace(content, "")):
        return f"{quoted(written)} is reST in a Markdown text: write {myst}"
    rest = quoted(f":{role}:{content}")
    return f"{quoted(written)} {_HAS_SPACE}: write {rest}, or in Markdown {myst}"


def _location(text: nodes.Text, offset: int, path: str) -> str:
    """Return the line of a text; docutils knows that of its paragraph, to which each line break adds one."""
    element = text.parent
    while element.line is None and element.parent is not None:
        element = element.parent
    before = ""
    for other in element.findall(nodes.Text):
        if other is text:
            break
        before += str(other)
    breaks = f"{before}{text[:offset]}".count("\n")
    return absolute(f"{element.source or ''}:{(element.line or 1) + breaks}", path)


def _comments(document: nodes.document, path: str) -> Iterator[Finding]:
    seen: Counter[str] = Counter()
    for comment in document.findall(nodes.comment):
        first = comment.astext().partition("\n")[0].rstrip()
        directive = _COLONS.match(first)
        has_colons = directive is not None and directive[3] is not None
        has_body = directive is not None and directive.end() == len(first) and "\n\n" in comment.astext()
        if directive and (has_colons or has_body):
            seen[first] += 1
            argument = directive[3] if has_colons else directive[4]
            mend = quoted(f".. {directive[1]}:{directive[2]}:: {argument}".rstrip())
            message = f"{quoted(f'.. {first}')} is a comment, so nothing is run or shown: write {mend}"
            line = _line(path, f".. {first}", seen[first]) or comment.line or 1
            yield Finding(Problem.OPTION, message, absolute(f"{path}:{line}", path))


def _labels(document: nodes.document, path: str) -> Iterator[Finding]:
    """Yield the code blocks that are labelled with a directive, and let Sphinx look for no such language."""
    for node in document.findall(nodes.Element):
        is_div = isinstance(node, nodes.container) and "is_div" in node
        language = node.get("language", "") if isinstance(node, nodes.literal_block) else ""
        label = " ".join(node["classes"]) if is_div else language
        if not (re.search(_DIRECTIVE, label) or label in ("{", "(", "[")):
            continue
        source, line = node.source or path, node.line or 1
        found = _LABEL.fullmatch(_text_of_line(source, line).lstrip("> \t").rstrip())
        if found is None and not (found := _LABEL.fullmatch(f"```{label}")):
            continue
        argument = re.sub(r"^\s*[\]})]\s*|\s*[\]})]$", "", found["behind"]).strip()
        is_rest = found["before"].startswith("..")
        fence = ":::" if is_div else "```"
        mend = f".. {found[2]}:: {argument}" if is_rest else f"{fence}{{{found[2]}}} {argument}"
        message = f"{quoted(found[0])} is {'text' if is_div else 'a code block'}, so nothing is run or shown"
        message += f": write {quoted(mend.rstrip())}"
        yield Finding(Problem.OPTION, message, absolute(f"{source}:{line}", path))
        if not is_div:
            node["language"] = "none"


def _text_of_line(path: str, line: int) -> str:
    """Return a line of a file; empty if it has no such line."""
    of_file = lines(path)
    return of_file[line - 1] if 0 < line <= len(of_file) else ""


def _line(path: str, text: str, times: int) -> int:
    """Return the line that has a text the given time; 0 if none. Docutils knows at best where it ends."""
    found = [number for number, line in enumerate(lines(path), 1) if line.strip() == text]
    return found[times - 1] if len(found) >= times else 0


def lines(path: str) -> list[str]:
    """Return the lines of a file; none if it can't be read."""
    try:
        return Path(path).read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError):
        return []
