"""Runs in each Python that confined code starts: it shares memory as the process that has started it does.

Then comes the ``sitecustomize`` that Python would find without this one.
"""

import contextlib
import os
import sys
from importlib.machinery import SourceFileLoader
from types import ModuleType

_HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:] = [folder for folder in sys.path if os.path.abspath(folder) != _HERE]
with contextlib.suppress(Exception):  # This may be any version of Python, with any of its parts missing.
    _pools = ModuleType("kerasshape_pools")
    _pools.__file__ = os.path.join(os.path.dirname(_HERE), "pools.py")
    SourceFileLoader(_pools.__name__, _pools.__file__).exec_module(_pools)
    _pools.replace()
try:
    open("/proc/self/statm").close()
except OSError:
    # Packages do without psutil, but not if it is refused what it reads: no rule can name a coming process.
    sys.modules["psutil"] = None  # type: ignore[assignment]
_this = sys.modules.pop("sitecustomize")
try:
    import sitecustomize  # type: ignore[import-not-found]  # noqa: F401
except ModuleNotFoundError:
    sys.modules["sitecustomize"] = _this
