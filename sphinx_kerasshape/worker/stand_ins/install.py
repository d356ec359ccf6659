"""All stand-ins, put in the places of the real things for as long as the process lives."""

from __future__ import annotations

import contextlib
from typing import Any

import numpy

from sphinx_kerasshape.messages.request import Request
from sphinx_kerasshape.worker.stand_ins import adapting, beside, data_sets, files, folders, growing, modules
from sphinx_kerasshape.worker.stand_ins.downloads import Downloads
from sphinx_kerasshape.worker.stand_ins.saving import Saved
from sphinx_kerasshape.worker.stand_ins.training import Training
from sphinx_kerasshape.worker.stand_ins.used import Used


def install(request: Request) -> tuple[Used, Saved]:
    """Install all stand-ins for the run of a document; return the records of what is used and saved."""
    used = Used()
    saved = Saved(used, request.saved)
    _have_small_pages()
    data_sets.install(used)
    downloads = Downloads(used)
    downloads.install()
    saved.install()
    Training(used, saved).install()
    modules.install(used)
    files.install(used)
    folders.install(used, downloads.folders)
    beside.install(request)
    adapting.install(used)
    growing.install()
    if request.is_old:
        from sphinx_kerasshape.worker.stand_ins.old_spellings import OldSpellings  # few runs need it

        OldSpellings(used).install()
    return used, saved


def _have_small_pages() -> None:
    """Let arrays of zeros of which code fills a little, such as one-hot vectors, take little memory."""
    core: Any = getattr(numpy, "_core", None)
    with contextlib.suppress(AttributeError):
        core.multiarray._set_madvise_hugepage(False)
