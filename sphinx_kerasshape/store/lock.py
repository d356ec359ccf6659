"""The lock: what TensorFlow said of every model, in a file that is committed and reviewed.

The file is JSON, ``{"schema", "versions", "models": {NAME: {"code", "files", "report"}}}``:
models by name, one tensor or weight a line. ``code`` is the digest of the request and
``files`` those of the project's files that the code imported: from them a build without
TensorFlow knows whether the report still speaks of the code in the page. No installed
version and no absolute path is part of them.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sphinx_kerasshape import files
from sphinx_kerasshape.messages.codec import FilePath, decode, encode, fingerprint, json_line, loads
from sphinx_kerasshape.messages.compact import compact, complete, pretty
from sphinx_kerasshape.messages.reading import report_of
from sphinx_kerasshape.messages.report import Report, Source, Versions
from sphinx_kerasshape.messages.request import Request
from sphinx_kerasshape.text import truncated

SCHEMA = 1
"""Number of the file's layout."""

_MARKERS = ("<<<<<<< ", "=======", ">>>>>>> ")


_MOST_FILES = 10_000
"""Imported files of one model."""


class BadLock(Exception):
    """A lock that can't be used; the message says why, ``line`` where."""

    def __init__(self, message: str, line: int = 1) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True)
class Locked:
    """A model as the lock has it."""

    code: str
    files: tuple[tuple[str, str], ...]
    """Path, relative to the source folder, and digest of each imported file."""
    report: Report
    line: int
    """The line of the lock that it starts at."""

    def is_of(self, request: Request, root: Path) -> bool:
        """Whether the report is of this request, and of the files as they are now."""
        return self.code == code_digest(request, root) and not self.changed_files(root)

    def changed_files(self, root: Path) -> list[str]:
        """Return the imported files that are other ones now."""
        # A file that could not be read has no digest, neither then nor now: that is no match.
        return [name for name, digest in self.files if not digest or files.text_digest(root / name) != digest]


@dataclass(frozen=True)
class Lock:
    """The whole file."""

    versions: Versions
    models: Mapping[str, Locked]


def read(path: Path) -> Lock | None:
    """Read a lock; ``None`` where there is none. Raises :class:`BadLock`."""
    try:
        text = files.text(path)
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise BadLock(f"{path.name} can't be read: {error}") from None
    try:
        data = loads(text.encode())
    except ValueError as error:
        raise _not_json(path, text, error) from None
    except RecursionError:
        raise BadLock(f"{path.name} is nested too deeply to be a lock") from None
    _check_schema(path, data)
    return _lock(path, text, data)


def write(models: Mapping[str, tuple[Request, Report]], versions: Versions, root: Path) -> bytes:
    """Return the content of the lock of these models, the same bytes for the same answers."""
    entries = {
        name: {
            "code": code_digest(request, root),
            "files": {
                _relative(source.key, root): _digest_as_read(source, root)
                for source in sorted(report.sources, key=lambda source: _relative(source.key, root))
                if source.kind == "file"
            },
            "report": compact(report._replace(versions=Versions(), sources=())),
        }
        for name, (request, report) in sorted(models.items())
    }
    data = {"schema": SCHEMA, "versions": encode(versions), "models": entries}
    return (pretty(data) + "\n").encode()


def answers(lock: Lock, requests: Iterable[tuple[str, Request]], root: Path) -> dict[Request, Report]:
    """Return what the lock knows of named requests; those with other code are left out."""
    found = {}
    for name, request in requests:
        locked = lock.models.get(name)
        if request not in found and locked is not None and locked.is_of(request, root):
            found[request] = locked.report
    return found


def code_digest(request: Request, root: Path) -> str:
    """Return the digest of a request, the same in every checkout of a project.

    Fields that have their default don't count, so that a later version may add some.
    """
    given = {}
    for name, value in request._asdict().items():
        if value != request._field_defaults.get(name):
            given[name] = _relative(value, root) if name in ("origin", "file") else value
    if request.earlier:
        given["earlier"] = [
            step._replace(
                origin=_relative(step.origin, root) if step.origin else "",
                file=_relative(step.file, root) if step.file else "",
            )
            for step in request.earlier
        ]
    return fingerprint(dict(sorted(given.items())))


def _relative(path: str, root: Path) -> str:
    try:
        return Path(os.path.relpath(path, root)).as_posix()
    except ValueError:  # another drive
        return Path(path).as_posix()


def _digest_as_read(source: Source, root: Path) -> str:
    """Return the digest of a file; empty where it is another one by now than the code read."""
    path = root / source.key
    return files.text_digest(path) if files.digest(path) == source.value else ""


def _not_json(path: Path, text: str, error: ValueError) -> BadLock:
    for number, line in enumerate(text.split("\n"), 1):
        if line.startswith(_MARKERS):
            return BadLock(f"{path.name} has the marks of a merge conflict", number)
    number = error.lineno if isinstance(error, json.JSONDecodeError) else 1
    return BadLock(f"{path.name} is not JSON: {error}", number)


def _check_schema(path: Path, data: Any) -> None:
    schema = data.get("schema") if isinstance(data, dict) else None
    if type(schema) is not int:
        raise BadLock(f"{path.name} is no lock of sphinx-kerasshape")
    if schema > SCHEMA:
        newer = f"schema {truncated(str(schema))}, which is newer than this sphinx-kerasshape: update that"
        raise BadLock(f"{path.name} has {newer}")


def _lock(path: Path, text: str, data: Any) -> Lock:
    places = {line: number for number, line in enumerate(text.split("\n"), 1) if line.endswith(": {")}
    name, line = "", 1
    try:
        versions = decode(Versions, data["versions"])
        models = {}
        for name, entry in data["models"].items():
            # As the lock builder writes it; elsewhere in a file that was laid out by others.
            line = places.get(f"    {json_line(name)}: {{", 1)
            models[name] = _locked(entry, versions, line)
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        where = f", in the model {truncated(name)!r}" if name else ""
        message = f"{path.name} is not laid out as a lock of this sphinx-kerasshape{where} ({error})"
        raise BadLock(message, line) from None
    return Lock(versions, models)


def _locked(entry: Any, versions: Versions, line: int) -> Locked:
    report = report_of(complete(Report, entry["report"] | {"versions": encode(versions)}))
    if len(entry["files"]) > _MOST_FILES:
        raise ValueError(f"{len(entry['files']):,} files")
    read = tuple((decode(FilePath, file), decode(str, digest)) for file, digest in entry["files"].items())
    return Locked(decode(str, entry["code"]), read, report, line)
