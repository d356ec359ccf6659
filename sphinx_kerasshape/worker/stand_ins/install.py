"""All stand-ins, put in the places of the real things for as long as the process lives."""

from __future__ import annotations

from sphinx_kerasshape.worker.stand_ins import data_sets
from sphinx_kerasshape.worker.stand_ins.downloads import Downloads
from sphinx_kerasshape.worker.stand_ins.modules import Finder
from sphinx_kerasshape.worker.stand_ins.saving import Saved
from sphinx_kerasshape.worker.stand_ins.training import Training
from sphinx_kerasshape.worker.stand_ins.used import Used


def install() -> Used:
    """Install all stand-ins; return the record of those that are used."""
    used, saved = Used(), Saved()
    data_sets.install(used)
    Downloads(used).install()
    saved.install()
    Training(used, saved).install()
    Finder(used).install()
    return used
