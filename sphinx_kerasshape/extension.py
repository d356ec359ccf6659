"""Everything that is registered with Sphinx.

=================  =============================================================================
domain             ``keras``: directives ``model``, ``code`` and ``summary``; roles ``model`` and
                   ``layer`` (links), ``shape``, ``params``, ``dtype``, ``bytes``, ``axes``, ``type``,
                   ``layers`` and ``connected`` (values), ``unchecked``
transform          records the errors of docutils about directives that it can't parse
post-transform     fills the placeholders
nodes              ``keras_part`` (a placeholder), ``keras_code``, ``keras_header_cell``,
                   ``keras_rows`` and ``keras_permalink`` (HTML)
builders           ``kerasshape-check``, ``kerasshape-lock``
settings           ``kerasshape_*``, of :class:`.settings.settings.Settings`
events             those that :class:`.build.Build` follows
files              the stylesheet, the translations
=================  =============================================================================
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx.config import ENUM

from sphinx_kerasshape import __version__
from sphinx_kerasshape.build import Build
from sphinx_kerasshape.check.builders import CheckBuilder, LockBuilder
from sphinx_kerasshape.collect.names import LazyDomain
from sphinx_kerasshape.collect.rejected import KeepErrors
from sphinx_kerasshape.pages import records
from sphinx_kerasshape.pages.placeholder import keras_part
from sphinx_kerasshape.render import translate
from sphinx_kerasshape.render.nodes import keras_code, keras_header_cell, keras_permalink, keras_rows
from sphinx_kerasshape.render.transform import FillPlaceholders
from sphinx_kerasshape.settings.settings import PREFIX, declarations

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.config import Config
    from sphinx.util.typing import ExtensionMetadata

    from sphinx_kerasshape.settings.checks import Rebuild

STATIC = Path(__file__).parent / "static"
STYLESHEET = "kerasshape.css"


def register(app: Sphinx) -> ExtensionMetadata:
    """Register everything; return the extension's metadata for Sphinx."""
    for registration in registrations():
        app.add_config_value(*registration)
    app.add_domain(LazyDomain)
    app.add_builder(CheckBuilder)
    app.add_builder(LockBuilder)
    app.add_node(keras_part)
    app.add_node(keras_header_cell, html=(_visit_header_cell, _depart_header_cell))
    app.add_node(keras_code, html=(_visit_code, None))
    app.add_node(keras_rows, html=(_visit_rows, None))
    app.add_node(keras_permalink, html=(_visit_permalink, None))
    app.add_transform(KeepErrors)
    app.add_post_transform(FillPlaceholders)
    app.add_css_file(STYLESHEET)
    app.add_message_catalog(translate.CATALOG, str(translate.FOLDER))
    _follow(app, Build())
    return {
        "version": __version__,
        "env_version": records.version(),
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }


def registrations() -> Iterator[tuple[str, Any, Rebuild, Any]]:
    """Yield the arguments of ``app.add_config_value`` for each setting."""
    for name, value, setting in declarations():
        default: Any = list(value) if isinstance(value, tuple) else value
        types: Any = [type(default)]
        if isinstance(value, tuple):
            types = [list, tuple]
        elif isinstance(value, bool):
            # If strings are allowed, Sphinx passes on a value of the command line as it is.
            types = [bool, str]
        elif value is None:
            types = [bool, str, type(None)]
        elif setting.choices:
            types = ENUM(*setting.choices)
        yield PREFIX + name, default, setting.rebuild, types


def _follow(app: Sphinx, build: Build) -> None:
    app.connect("config-inited", build.settle)
    app.connect("config-inited", _add_static_folder)
    app.connect("builder-inited", build.begin)
    app.connect("env-before-read-docs", build.expect)
    app.connect("doctree-read", build.read)
    app.connect("env-updated", build.run)
    app.connect("build-finished", build.end)


def _add_static_folder(app: Sphinx, config: Config) -> None:
    paths = config.html_static_path
    if isinstance(paths, str):
        paths = [paths]  # so that its letters don't become paths
    if isinstance(paths, (list, tuple, set)):  # Sphinx warns of anything else.
        config.html_static_path = [*paths, str(STATIC)]


def _visit_header_cell(translator: Any, node: keras_header_cell) -> None:
    translator.visit_entry(node)
    translator.body[-1] = translator.body[-1].replace("<th", f'<th scope="{node["scope"]}"', 1)


def _depart_header_cell(translator: Any, node: keras_header_cell) -> None:
    translator.depart_entry(node)


def _visit_code(translator: Any, node: keras_code) -> None:
    try:
        translator.visit_literal_block(node)
    except nodes.SkipNode:
        translator.body[-1] = _with_hints(translator.body[-1], node["hints"])
        raise


def _with_hints(html: str, hints: Iterable[str]) -> str:
    """Return highlighted code with a hint at the end of each line; a block before may number the lines."""
    before, start, code = html.rpartition("<pre>")
    code, end, after = code.partition("</pre>")
    lines = code.split("\n")
    for number, hint in enumerate(hints):
        if hint and number < len(lines):
            lines[number] += f'<span class="kerasshape-hint" data-hint="{escape(hint)}"></span>'
    return before + start + "\n".join(lines) + end + after


def _visit_rows(translator: Any, node: keras_rows) -> None:
    for row in node["rows"].made():
        row.parent = node.parent
        row.walkabout(translator)
    raise nodes.SkipNode


def _visit_permalink(translator: Any, node: keras_permalink) -> None:
    translator.add_permalink_ref(node, node["title"])
    raise nodes.SkipNode
