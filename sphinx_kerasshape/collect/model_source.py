"""The source of a ``keras:model``: the code of its body, a call that ``:from:`` names, or a ``:file:``."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

from sphinx_kerasshape import files
from sphinx_kerasshape.collect.from_option import imported_code
from sphinx_kerasshape.collect.options import Options, Unusable
from sphinx_kerasshape.messages.problems import Problem
from sphinx_kerasshape.text import excerpt, quoted

if TYPE_CHECKING:
    from sphinx.environment import BuildEnvironment

SAVED = (".keras", ".h5", ".hdf5", ".tflite")
"""Suffixes of saved models; a SavedModel is a folder."""


class ModelSource(NamedTuple):
    """Code, or the file of a saved model."""

    code: str = ""
    callee: str = ""
    """The function or class that ``:from:`` calls."""
    origin: str = ""
    """The file that the code is from."""
    saved: str = ""
    """The file of a saved model."""


def model_source(options: Options, body: str, env: BuildEnvironment, folders: Sequence[Path]) -> ModelSource:
    """Return the source of a model. Raises :class:`Unusable`.

    A file must be inside one of ``folders``.
    """
    sources = {"a body": bool(body.strip()), ":from:": options.source, ":file:": options.file}
    present = [name for name, value in sources.items() if value]
    if not present:
        raise Unusable("the model has no code: give it a body, :from: or :file:")
    if len(present) > 1:
        raise Unusable(f"the model has {' and '.join(present)}; keep one of them")
    if "source" in options.show and not options.source:
        raise Unusable(":show: source needs :from:; for other models, write 'code'")
    if options.custom_objects and not options.file:
        raise Unusable(":custom-objects: needs a saved model: name its file with :file:")
    if options.source:
        try:
            return ModelSource(*imported_code(options.source))
        except Unusable as unusable:
            raise Unusable(f":from: {unusable}") from None
    return _file(options.file, env, folders) if options.file else ModelSource(body)


def _file(name: str, env: BuildEnvironment, folders: Sequence[Path]) -> ModelSource:
    """Return the source that ``:file:`` names. Raises :class:`Unusable`."""
    option = f":file: {excerpt(name)}"
    try:
        return _read(name, option, env, folders)
    except FileNotFoundError:
        raise Unusable(f"{option} does not exist{_meant(name, env)}", Problem.FILE) from None
    except UnicodeDecodeError:
        raise Unusable(f"{option} can't be read: save it as UTF-8", Problem.FILE) from None
    except (OSError, RuntimeError) as error:
        # Up to Python 3.12, a link that leads to itself raises RuntimeError.
        why = getattr(error, "strerror", None) or str(error).partition(" from ")[0]
        raise Unusable(f"{option} can't be read: {why}", Problem.FILE) from None


def _meant(name: str, env: BuildEnvironment) -> str:
    """Return the end of a message about a file that is not there."""
    from difflib import get_close_matches  # slow to import, and rarely needed

    path = Path(env.relfn2path(name)[1])
    files_there = path.parent.iterdir() if path.parent.is_dir() else ()
    stems = {file.stem: file.name for file in files_there if file.suffix in (".py", *SAVED)}
    if close := get_close_matches(path.stem, stems, n=1):
        return f"; did you mean {quoted(str(PurePosixPath(name).with_name(stems[close[0]])))}?"
    return "; the path is relative to this page, or to the documentation's folder if it starts with '/'"


def _read(name: str, option: str, env: BuildEnvironment, folders: Sequence[Path]) -> ModelSource:
    relative, absolute = env.relfn2path(name)
    path = Path(absolute)
    real = Path(os.path.realpath(path))
    if not any(real.is_relative_to(os.path.realpath(folder)) for folder in folders):
        mend = "or add its folder to kerasshape_file_folders in conf.py"
        if ".." not in Path(name).parts:
            message = (
                f"{option} is a link to a place outside of the documentation's folder: copy the file, {mend}"
            )
        else:
            message = f"{option} is outside of the documentation's folder: move it there, {mend}"
        raise Unusable(message, Problem.FILE)
    if path.suffix not in (".py", *SAVED) and not path.is_dir():
        suffixes = ", ".join(SAVED)
        message = f"{option} is neither Python (.py) nor a saved model ({suffixes}, or a folder)"
        raise Unusable(message, Problem.FILE)
    env.note_dependency(f"{relative}/saved_model.pb" if path.is_dir() else relative)
    if path.suffix == ".py":
        return ModelSource(files.read_text(path).rstrip("\n"), origin=str(absolute))
    if path.is_dir() and not (path / "saved_model.pb").is_file():
        raise Unusable(f"{option} is not a SavedModel: the folder has no saved_model.pb", Problem.FILE)
    if not path.is_dir():
        files.open_regular(path).close()
    return ModelSource(saved=str(absolute))
