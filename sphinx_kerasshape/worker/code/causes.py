"""The causes of what fails in a document: what is not here, and what the code itself gets wrong."""

from __future__ import annotations

import re
import sys
import types
from typing import NamedTuple

from sphinx_kerasshape.messages.report import Error
from sphinx_kerasshape.worker.code import exceptions
from sphinx_kerasshape.worker.sandbox import confine

_OPTIONAL = re.compile(r"(?:requires|install|dependency):? (?:the )?['`\"]?([A-Za-z][\w-]*)")
"""The package that a library says it needs."""
_NO_FILE = re.compile(r"No such file|[Ff]ile not found|not find directory|No files matched|does not exist")
_NO_DOWNLOAD = "URL fetch failure"
_UNKNOWN_ARGUMENT = re.compile(
    r"unexpected keyword argument|Unrecognized keyword argument|Argument\(s\) not recognized"
)
_DISTRIBUTIONS = {
    "PIL": "pillow",
    "bs4": "beautifulsoup4",
    "cv2": "opencv-python",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "yaml": "pyyaml",
}
"""The distributions of packages that have another name."""
_OF_NOTHING = (LookupError, ValueError, ArithmeticError, StopIteration)
"""Exceptions of code that gets nothing where it looks for files."""
_RENAMED = "cannot import name"


class Cause(NamedTuple):
    """The kind of a cause, as :class:`PieceFailure` has it, and what readers are told."""

    kind: str
    text: str
    missing: str = ""


def cause_of(error: BaseException, *, found_no_files: bool = False) -> Cause:
    """Return the cause that an exception shows; if the code found no files, emptiness follows from that."""
    kind = type(error)
    name = getattr(error, "name", None)
    if issubclass(kind, ImportError) and (package := _missing_package(error, name)) is not None:
        what = f"the package {package} is" if package else "a package is"
        return Cause("package", f"{what} not here", package)
    if kind is NameError and isinstance(name, str):
        return Cause("name", f"{name} is not defined in this document", name)
    if refusal := confine.mend(error):
        return Cause("refused", f"{plain(error).text}{refusal}")
    if kind is EOFError:
        return Cause("files", "nobody is here to answer input()")
    follows = found_no_files and issubclass(kind, _OF_NOTHING) and not is_certain(error)
    if follows or _is_missing_file(error):
        return Cause("files", getattr(error, "text", "") or "files are not here")
    return plain(error)


def plain(error: BaseException) -> Cause:
    """Return the cause that is the code itself."""
    error_ = Error(exceptions.name(error), exceptions.message(error))
    return Cause("code", str(error_).partition("\n")[0])


def distribution(package: str) -> str:
    """Return the name of the distribution that a package, such as ``sklearn``, comes in."""
    return _DISTRIBUTIONS.get(package, package)


def is_certain(error: BaseException) -> bool:
    """Whether an exception would be raised whatever the weights are: a name or an argument is wrong."""
    if isinstance(error, (ImportError, SyntaxError, NameError)):
        return True
    if isinstance(error, AttributeError):
        return isinstance(error.obj, types.ModuleType)
    return bool(_UNKNOWN_ARGUMENT.search(exceptions.message(error)))


def _missing_package(error: BaseException, name: object) -> str | None:
    """Return the package that an import needs and that is not here; ``None`` if another thing is wrong."""
    if isinstance(error, ModuleNotFoundError) and isinstance(name, str):
        package = name.partition(".")[0]
        is_here = package in sys.modules and not hasattr(sys.modules[package], "is_stand_in")
        return None if is_here else package
    text = exceptions.message(error)
    if _RENAMED in text:
        return None
    needed = _OPTIONAL.search(text)
    return needed[1] if needed else ""


def _is_missing_file(error: BaseException) -> bool:
    """Whether an exception says that a file, or what the network would give, is not here."""
    import tensorflow as tf

    kind = type(error)
    if issubclass(kind, (OSError, tf.errors.NotFoundError, tf.errors.UnavailableError)):
        return True
    if _NO_DOWNLOAD in exceptions.message(error):  # Keras raises no class of its own
        return True
    is_plain = issubclass(kind, (ValueError, RuntimeError, tf.errors.InvalidArgumentError))
    return is_plain and bool(_NO_FILE.search(exceptions.message(error)))
