"""The lock: the report of every model, in a file that is committed and reviewed.

The file is JSON, ``{"schema", "versions", "models": {NAME: {"code", "files", "report"}}}``:
models sorted by name, one tensor or weight a line. ``code`` is the digest of the request, and
``files`` has the digests of the project's files that the code imported: they tell a build
without TensorFlow whether the report is still about the code in the page. ``prelude`` is the
digest of one that is not the default. Installed versions and absolute paths are no part of
these digests.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sphinx_kerasshape import files
from sphinx_kerasshape.messages.codec import FilePath, compact, decode, encode, fingerprint, json_line
from sphinx_kerasshape.messages.pretty import pretty
from sphinx_kerasshape.messages.reading import report_of
from sphinx_kerasshape.messages.report import Report, Source, Versions
from sphinx_kerasshape.messages.request import Request, Step
from sphinx_kerasshape.text import truncated

SCHEMA = 1
"""Version of the file's layout."""
_CONFLICT_MARKERS = ("<<<<<<< ", "=======", ">>>>>>> ")


class BadLock(Exception):
    """A lock that can't be used; the message says why, and ``line`` is the line to look at."""

    def __init__(self, message: str, line: int = 1) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True)
class LockedModel:
    """A model in the lock."""

    code: str
    files: tuple[tuple[str, str], ...]
    """Path, relative to the source folder, and digest of each imported file."""
    report: Report
    line: int
    """The line of the lock on which the model begins."""

    def answers(self, request: Request, root: Path) -> bool:
        """Whether the report answers this request, with the files as they are now."""
        return self.code == code_digest(request, root) and not self.changed_files(root)

    def changed_files(self, root: Path) -> list[str]:
        """Return the imported files that have changed since."""
        # Empty digests, of a file that could be read neither then nor now, do not match.
        return [name for name, digest in self.files if not digest or files.text_digest(root / name) != digest]


@dataclass(frozen=True)
class Lock:
    """The content of a lock."""

    versions: Versions
    models: Mapping[str, LockedModel]
    prelude: str = ""
    """The digest of the prelude that all models began with; empty for the default."""


def read(path: Path) -> Lock | None:
    """Return the lock in a file; ``None`` if there is no file. Raises :class:`BadLock`."""
    try:
        text = files.read_text(path)
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise BadLock(f"{path.name} can't be read: {error}") from None
    try:
        data = json.loads(text)
    except ValueError as error:
        raise _not_json(path, text, error) from None
    except RecursionError:
        raise BadLock(f"{path.name} is nested too deeply to be a lock") from None
    _check_schema(path, data)
    return _lock(path, text, data)


def to_bytes(
    models: Mapping[str, tuple[Request, Report]], versions: Versions, root: Path, prelude: str = ""
) -> bytes:
    """Return the file of a lock; the same reports give the same bytes.

    ``prelude`` is the digest of one that is not the default.
    """
    entries = {
        name: {
            "code": code_digest(request, root),
            "files": {
                _relative(source.key, root): _digest_as_read(source, root)
                for source in sorted(report.sources, key=lambda source: _relative(source.key, root))
                if source.kind == "file"
            },
            "report": compact(report._replace(versions=Versions(), sources=(), warnings=())),
        }
        for name, (request, report) in sorted(models.items())
    }
    data: dict[str, object] = {"schema": SCHEMA, "versions": encode(versions)}
    if prelude:
        data["prelude"] = prelude
    data["models"] = entries
    return (pretty(data) + "\n").encode()


def answers(lock: Lock, requests: Iterable[tuple[str, Request]], root: Path) -> dict[Request, Report]:
    """Return the reports of a lock that answer named requests; of other code there is none."""
    reports: dict[Request, Report] = {}
    for name, request in requests:
        locked = lock.models.get(name)
        if request not in reports and locked is not None and locked.answers(request, root):
            reports[request] = locked.report
    return reports


def code_digest(request: Request, root: Path) -> str:
    """Return the digest of a request; it is the same in every checkout of a project.

    Fields with their default don't count, so that later versions may add fields.
    """
    fields = {}
    for name, value in request._asdict().items():
        if value != request._field_defaults.get(name):
            fields[name] = _relative(value, root) if name in ("origin", "file", "folder") else value
    if request.earlier:
        fields["earlier"] = [_step_fields(step, root) for step in request.earlier]
    return fingerprint(dict(sorted(fields.items())))


def _step_fields(step: Step, root: Path) -> dict[str, object]:
    fields = step._asdict()
    for name in ("origin", "file"):
        fields[name] = _relative(fields[name], root) if fields[name] else ""
    if not step.looks:  # locks of earlier versions have none
        del fields["looks"]
    return fields


def _relative(path: str, root: Path) -> str:
    return Path(files.relative(path, root)).as_posix()


def _digest_as_read(source: Source, root: Path) -> str:
    """Return the digest of an imported file; empty if the file has changed since its import."""
    path = root / source.key
    return files.text_digest(path) if files.digest(path) == source.value else ""


def _not_json(path: Path, text: str, error: ValueError) -> BadLock:
    for number, line in enumerate(text.split("\n"), 1):
        if line.startswith(_CONFLICT_MARKERS):
            return BadLock(f"{path.name} has the markers of a merge conflict: resolve it", number)
    number = error.lineno if isinstance(error, json.JSONDecodeError) else 1
    return BadLock(f"{path.name} is not JSON: {error}", number)


def _check_schema(path: Path, data: Any) -> None:
    schema = data.get("schema") if isinstance(data, dict) else None
    if type(schema) is not int:
        raise BadLock(f"{path.name} is not a lock of sphinx-kerasshape")
    if schema > SCHEMA:
        newer = f"was written by a newer sphinx-kerasshape (schema {truncated(str(schema))}): update yours"
        raise BadLock(f"{path.name} {newer}")


def _lock(path: Path, text: str, data: Any) -> Lock:
    line_numbers = {line: number for number, line in enumerate(text.split("\n"), 1) if line.endswith(": {")}
    name, number = "", 1
    try:
        versions = decode(Versions, data["versions"])
        prelude = decode(str, data.get("prelude", ""))
        models = {}
        for name, entry in data["models"].items():
            # A model begins with this line, unless somebody else has formatted the file.
            number = line_numbers.get(f"    {json_line(name)}: {{", 1)
            models[name] = _locked_model(entry, versions, number)
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        place = f" in the model {truncated(name)!r}" if name else ""
        message = f"{path.name} is not a lock of this sphinx-kerasshape: wrong layout{place} ({error})"
        raise BadLock(message, number) from None
    return Lock(versions, models, prelude)


def _locked_model(entry: Any, versions: Versions, line: int) -> LockedModel:
    report = report_of(entry["report"] | {"versions": encode(versions)})
    digests = tuple((decode(FilePath, path), decode(str, digest)) for path, digest in entry["files"].items())
    return LockedModel(decode(str, entry["code"]), digests, report, line)
