"""Everything that is registered with Sphinx.

=================  ==========================================================
domain             ``keras``: directive ``model``; roles ``model``, ``layer``
post-transform     fills the placeholders
nodes              ``keras_part`` (a placeholder), ``keras_header_cell`` (HTML)
builders           ``kerasshape-check``, ``kerasshape-lock``
options            ``kerasshape_*``, of :class:`.config.Settings`
events             those that :class:`.build.Build` follows
files              the stylesheet, the translations
=================  ==========================================================
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from sphinx_kerasshape import __version__, translate
from sphinx_kerasshape.blocks import keras_part
from sphinx_kerasshape.build import Build
from sphinx_kerasshape.builders import CheckBuilder, LockBuilder
from sphinx_kerasshape.config import options
from sphinx_kerasshape.domain import KerasDomain
from sphinx_kerasshape.records import layout
from sphinx_kerasshape.render.style import keras_header_cell
from sphinx_kerasshape.transform import FillPlaceholders
from sphinx_kerasshape.unread import KeepErrors

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.config import Config
    from sphinx.util.typing import ExtensionMetadata

STATIC = Path(__file__).parent / "static"
STYLESHEET = "kerasshape.css"


def register(app: Sphinx) -> ExtensionMetadata:
    """Register it all, and say what Sphinx may do with the extension."""
    for name, default, rebuild, types in options():
        app.add_config_value(name, default, rebuild, types)
    app.add_domain(KerasDomain)
    app.add_builder(CheckBuilder)
    app.add_builder(LockBuilder)
    app.add_node(keras_part)
    app.add_node(keras_header_cell, html=(_visit_header_cell, _depart_header_cell))
    app.add_transform(KeepErrors)
    app.add_post_transform(FillPlaceholders)
    app.add_css_file(STYLESHEET)
    app.add_message_catalog(translate.CATALOG, str(translate.FOLDER))
    _follow(app, Build())
    return {
        "version": __version__,
        "env_version": layout(),
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }


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
        paths = [paths]  # Not its letters.
    if isinstance(paths, (list, tuple, set)):  # Sphinx has something to say of anything else.
        config.html_static_path = [*paths, str(STATIC)]


def _visit_header_cell(translator: Any, node: keras_header_cell) -> None:
    translator.visit_entry(node)
    translator.body[-1] = translator.body[-1].replace("<th", f'<th scope="{node["scope"]}"', 1)


def _depart_header_cell(translator: Any, node: keras_header_cell) -> None:
    translator.depart_entry(node)
